/* pvr_jld2_columns.h - reading whole columns of a JLD2 file with all threads (internal).
 *
 * A column in one chunk is one task, or several where its LZ4 consists of blocks that can be
 * expanded by themselves; columns that are not compressed are read in pieces. A thread holds the
 * compressed bytes of one task at a time: at the end of the column's own memory, where they are
 * expanded from the front, if it is LZ4 in one block and there is room; else in a buffer. libhdf5
 * has no part in it.
 */
#ifndef PVR_JLD2_COLUMNS_H
#define PVR_JLD2_COLUMNS_H

#include "pvr_jld2.h"
#include "pvr_threads.h"

struct pvr_jld2_column {
    const struct pvr_jld2_object *object;
    const char *name; /* for messages */
    void *out;        /* room for pvr_jld2_bytes(object), as they stand in the file */
};

/* A file to read columns from: opened again, and refused if it is no longer the same. */
struct pvr_jld2_source {
    int fd;
    const char *path; /* borrowed */
    struct pvr_jld2_identity identity;
};
enum pvr_status pvr_jld2_source_open(const char *path, const struct pvr_jld2_identity *identity,
                                     struct pvr_jld2_source *source, struct pvr_error *error);
/* Fails if the file was changed since it was opened. */
enum pvr_status pvr_jld2_source_check(const struct pvr_jld2_source *source,
                                      struct pvr_error *error);
void pvr_jld2_source_close(struct pvr_jld2_source *source);

/* Bytes that reading the column takes from the file. */
uint64_t pvr_jld2_column_stored(const struct pvr_jld2_object *object);

/* Reads all columns. Every one of them is checked first (pvr_expand_check). */
enum pvr_status pvr_jld2_columns_read(const struct pvr_jld2_source *source,
                                      const struct pvr_jld2_column *columns, int count,
                                      struct pvr_job *job, struct pvr_error *error);
/* The same where `room` bytes may be used at each column's `out`, at least those that it has. With
 * pvr_jld2_column_room(), most need no memory of a thread. */
enum pvr_status pvr_jld2_columns_read_in(const struct pvr_jld2_source *source,
                                         const struct pvr_jld2_column *columns, int count,
                                         uint64_t room, struct pvr_job *job,
                                         struct pvr_error *error);
/* Bytes of a thread's own that reading a part of the column takes at most (without such room). */
uint64_t pvr_jld2_column_buffer(const struct pvr_jld2_object *object);
/* Room for a column of `bytes` that is expanded where it stands. */
uint64_t pvr_jld2_column_room(uint64_t bytes);

#endif
