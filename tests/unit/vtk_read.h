/* vtk_read.h - a small reader of VTK's appended data for tests, written from VTK's description of
 * the format: it shares nothing with the writer. */
#ifndef PVR_TEST_VTK_READ_H
#define PVR_TEST_VTK_READ_H

#include <stddef.h>
#include <stdint.h>

struct vtk_read {
    char *file; /* all bytes, with a zero behind them */
    size_t size;
    const char *data; /* behind the `_` of the appended data */
};

/* Reads the file and checks what is around the appended data. */
struct vtk_read vtk_read_open(const char *path);
void vtk_read_close(struct vtk_read *file);

/* The tag of the n-th (from 0) array whose Name, as it stands in the file, is `name`. */
const char *vtk_read_tag(const struct vtk_read *file, const char *name, int n);
/* The value of an attribute of a tag, a new string; null if it has none. */
char *vtk_read_attribute(const char *tag, const char *attribute);
/* The bytes of an array, expanded, to be freed; fails the test if they are not as the header says.
 */
void *vtk_read_array(const struct vtk_read *file, const char *tag, uint64_t *bytes);
/* Block `block` of an array alone: for those that are too large; *blocks is their number. */
void *vtk_read_block(const struct vtk_read *file, const char *tag, uint64_t block, uint64_t *bytes,
                     uint64_t *blocks);

#endif
