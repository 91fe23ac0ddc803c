/* pvr_output_file.h - a new file that appears whole or not at all.
 *
 * What is written goes to a file without a name (O_TMPFILE) in the folder of the wanted path, or,
 * on file systems that have no such files, to one with a name of its own beside it. Committing
 * brings it to the disk and gives it its name: a file that stood there before is replaced at that
 * moment, and left alone if anything fails before. A file without a name leaves nothing behind,
 * even when the process is killed.
 *
 *     struct pvr_output_file out;
 *     status = pvr_output_begin(&out, path, error);
 *     ... pvr_output_write(&out, offset, data, bytes, error) ...
 *     status = status == PVR_OK ? pvr_output_commit(&out, error) : status;
 *     pvr_output_end(&out);
 */
#ifndef PVR_OUTPUT_FILE_H
#define PVR_OUTPUT_FILE_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_output_file {
    int fd;          /* open for reading and writing; -1: not open */
    char *path;      /* where it will be; links are followed */
    char *folder;    /* of path */
    char *temporary; /* its name while it is written, or null: it has none */
    uint64_t spread; /* bytes that pvr_output_write_beside may reach; 0: none */
};

/* Opens a new, empty file for `path`, whose folder must exist. Fails if `path` names something that
 * is no regular file. pvr_output_end must be called afterwards, whatever is returned. */
enum pvr_status pvr_output_begin(struct pvr_output_file *file, const char *path,
                                 struct pvr_error *error);
/* Writes all of `bytes` at `offset`. Thread-safe. */
enum pvr_status pvr_output_write(const struct pvr_output_file *file, uint64_t offset,
                                 const void *data, size_t bytes, struct pvr_error *error);
/* File systems let in one writer of a file at a time. Where files live in memory (tmpfs) most of
 * its time goes into finding pages, which others can do at the same time by mapping the file:
 * spreads the file over `most` bytes, with nothing in them, where that is so. Then
 * pvr_output_write_beside writes like pvr_output_write, below `most`, while another thread does so
 * too; false if it cannot (and nothing is said: pvr_output_write tells why). At the end
 * pvr_output_cut takes what is too much; it fails only if the file was spread. */
void pvr_output_spread(struct pvr_output_file *file, uint64_t most);
bool pvr_output_write_beside(const struct pvr_output_file *file, uint64_t offset, const void *data,
                             size_t bytes);
enum pvr_status pvr_output_cut(struct pvr_output_file *file, uint64_t bytes,
                               struct pvr_error *error);
/* Brings the file to the disk and puts it in its place. Its permissions are those that any new
 * file gets. */
enum pvr_status pvr_output_commit(struct pvr_output_file *file, struct pvr_error *error);
/* Closes, and removes what was not committed. */
void pvr_output_end(struct pvr_output_file *file);

/* All of the above for a small file that is in memory already. */
enum pvr_status pvr_output_write_whole(const char *path, const void *data, size_t bytes,
                                       struct pvr_error *error);

/* Bytes that this process may still write on the file's file system; UINT64_MAX when the system
 * does not say. */
uint64_t pvr_output_free_bytes(const struct pvr_output_file *file);

#ifdef __cplusplus
}
#endif
#endif
