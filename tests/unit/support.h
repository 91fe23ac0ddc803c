/* support.h - what the unit tests share: cmocka, temporary folders, files, loading a mesh.
 *
 * Everything here is for the test's own thread: it fails by cmocka's assertions.
 */
#ifndef PVR_TEST_SUPPORT_H
#define PVR_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pvr_mesh.h"

/* A path made printf-like. It stands in one of a ring of buffers: good for a few calls more. */
const char *unit_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes an empty folder; unit_remove removes it and all in it, or a file. */
char *unit_temp_folder(void);
void unit_remove(const char *path);
/* unit_remove and free. */
void unit_drop_folder(char *folder);
/* An empty folder for a group of tests, or for each: cmocka's functions before and after. */
extern char *unit_folder;
int unit_folder_begin(void **state);
int unit_folder_end(void **state);

void unit_make_folder(const char *path);
/* Copies a file, or a folder with all in it. */
void unit_copy(const char *from, const char *to);

/* The bytes of a file, with a zero behind them, to be freed. */
char *unit_read_file(const char *path, size_t *size);
void unit_write_file(const char *path, const void *data, size_t size);
void unit_write_text(const char *path, const char *text);
/* Replaces the one `from` in a text file. */
void unit_edit_text(const char *path, const char *from, const char *to);

/* Fails the test with the message of `error` unless `status` is PVR_OK. */
void unit_ok(enum pvr_status status, const struct pvr_error *error);
/* Checks that `status` is a failure that `error` says too, in one line that holds `part`. */
void unit_failed(enum pvr_status status, const struct pvr_error *error, const char *part);

/* Opens and loads; `fields` are separated by blanks. */
struct pvr_mesh *unit_load(const char *path, const char *fields, enum pvr_type precision,
                           int max_level, int threads);
/* Bytes of the octree and the arrays are the same. */
void unit_same_octree(const struct pvr_octree *a, const struct pvr_octree *b);
void unit_same_mesh(const struct pvr_mesh *a, const struct pvr_mesh *b);
const struct pvr_mesh_array *unit_array(const struct pvr_mesh *mesh, const char *name);
double unit_value(const struct pvr_array *array, uint64_t index, int component);

/* A generator of random numbers that is the same everywhere. */
uint64_t unit_random(uint64_t *state);

/* Seconds a test may take are few under a sanitizer: true if built with one. */
bool unit_sanitized(void);

#endif
