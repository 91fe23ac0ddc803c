/* pvr_jld2_write.h - writing Julia values to a JLD2 file as JLD2.jl 0.6 does (internal).
 *
 *     pvr_jld2_writer_begin(&writer, descriptor, path, &settings);
 *     pvr_jld2_write(&writer, "hydro/information/comments", pvr_jl_text(&arena, "..."));
 *     ...
 *     status = pvr_jld2_writer_finish(&writer, &error);
 *     pvr_jld2_writer_free(&writer);
 *
 * Values are written in the order of the calls, each with the types and values that it needs, just
 * as JLD2.jl does: given the same values in the same order the files agree to the byte, but for
 * how columns longer than a block are compressed. Columns are made, compressed and written by all
 * threads; the file is the same for any number of them.
 *
 * How JLD2 lays out what: src/datasets.jl, data/ and groups.jl of JLD2 0.6.5.
 */
#ifndef PVR_JLD2_WRITE_H
#define PVR_JLD2_WRITE_H

#include "pvr_jld2_file.h"
#include "pvr_julia.h"
#include "pvr_threads.h"

enum pvr_jld2_compressor { PVR_JLD2_LZ4 = 0, PVR_JLD2_ZLIB, PVR_JLD2_NONE };
enum { PVR_JLD2_ZLIB_LEVEL = 5 }; /* JLD2's default */
/* What JLD2Lz4 notes as its block size. It reads the real one from the data. */
#define PVR_JLD2_LZ4_NOTED_BLOCK (1u << 30)

/* A type as HDF5 says it. */
struct pvr_jld2_datatype {
    const unsigned char *bytes; /* of the message */
    size_t nbytes;
    uint32_t size;    /* of a value in the file */
    uint64_t address; /* of a committed one, else 0 */
};

/* What was written already, so that it is referred to when it comes again. */
struct pvr_jld2_session {
    struct pvr_jld2_seen *seen;
    size_t count, room;
};

struct pvr_jld2_link {
    const char *name;
    uint64_t address;
};

struct pvr_jld2_group {
    const char *name;
    struct pvr_jld2_link *link; /* not in the file yet */
    size_t nlinks;
    struct pvr_jld2_group **child; /* begun by this writer */
    size_t nchildren;
    /* Of a group that is in the file already (pvr_jld2_append.c): */
    struct pvr_jld2_link *old;
    size_t nold;
    uint64_t place;    /* of the last part of its header; 0: it is new */
    uint64_t checksum; /* place of that part's checksum */
    uint64_t next;     /* place for the next link */
};

/* A column that was written: where its blocks are. */
struct pvr_jld2_block {
    uint64_t place;
    size_t bytes;
};

struct pvr_jld2_kept {
    const struct pvr_jl_value *array;
    uint64_t nblocks;
    struct pvr_jld2_block *block;
};

struct pvr_jld2_writer {
    struct pvr_jld2_file file;
    struct pvr_jl_arena arena;
    struct pvr_jld2_committed *committed;
    size_t ncommitted, ntypes_before;  /* by this writer; in the file it adds to */
    struct pvr_jld2_session datatypes; /* types and what belongs to them, of the whole file */
    struct pvr_jld2_group root, types;
    uint64_t root_address;
    enum pvr_jld2_compressor compressor;
    struct pvr_job *job; /* for the columns */
    struct pvr_jld2_kept *kept;
    size_t nkept;
};

/* Begins a file. `job` is running and outlives the writer's last call. */
void pvr_jld2_writer_begin(struct pvr_jld2_writer *writer, int descriptor, const char *path,
                           enum pvr_jld2_compressor compressor, struct pvr_job *job);
/* Begins to add to a JLD2 file (0.5 or later), of which `descriptor` has a copy. The writer is to
 * be freed also after a failure. */
enum pvr_status pvr_jld2_writer_continue(struct pvr_jld2_writer *writer, int descriptor,
                                         const char *path, enum pvr_jld2_compressor compressor,
                                         struct pvr_job *job, struct pvr_error *error);
/* Has the file that is added to a group or value of this name at its root? */
bool pvr_jld2_writer_has(const struct pvr_jld2_writer *writer, const char *name);
/* Writes a value and links it as `path` (group/group/name). */
void pvr_jld2_write(struct pvr_jld2_writer *writer, const char *path,
                    const struct pvr_jl_value *value);
/* Writes groups, types and the superblock. Returns the first error of all calls. */
enum pvr_status pvr_jld2_writer_finish(struct pvr_jld2_writer *writer, struct pvr_error *error);
/* The first error of the calls so far. */
enum pvr_status pvr_jld2_writer_status(struct pvr_jld2_writer *writer, struct pvr_error *error);
/* Reads all columns back, expands them and compares them with what they were made from. */
enum pvr_status pvr_jld2_writer_compare(struct pvr_jld2_writer *writer, struct pvr_error *error);
/* Forgets the columns that were written: their values may go. */
void pvr_jld2_writer_forget(struct pvr_jld2_writer *writer);
/* The descriptor stays open. */
void pvr_jld2_writer_free(struct pvr_jld2_writer *writer);

/* ---- parts ------------------------------------------------------------------------------------
 */

/* pvr_jld2_types.c: how a field of this type, and a value, is told to HDF5. Types that have a name
 * to Julia are committed when they are first asked for. */
struct pvr_jld2_datatype pvr_jld2_field_datatype(struct pvr_jld2_writer *writer,
                                                 const struct pvr_jl_type *type, bool initialized,
                                                 bool *nothing);
struct pvr_jld2_datatype pvr_jld2_value_datatype(struct pvr_jld2_writer *writer,
                                                 const struct pvr_jl_value *value);
/* Puts a committed type's name and parameters: what a DataType's value is. */
void pvr_jld2_put_type(struct pvr_jld2_writer *writer, uint64_t *place,
                       const struct pvr_jl_type *type, struct pvr_jld2_session *session);
/* Puts the message of a type in a dataset or attribute. */
void pvr_jld2_put_datatype(struct pvr_jld2_writer *writer, uint64_t *place,
                           const struct pvr_jld2_datatype *datatype);
size_t pvr_jld2_datatype_bytes(const struct pvr_jld2_datatype *datatype);
struct pvr_jld2_datatype pvr_jld2_reference_datatype(void);
struct pvr_jld2_datatype pvr_jld2_text_datatype(void);

/* pvr_jld2_write.c */
uint64_t pvr_jld2_write_value(struct pvr_jld2_writer *writer, const struct pvr_jl_value *value,
                              struct pvr_jld2_session *session);
/* Bytes of a field, or of an element of an array (not initialized), in the file. */
size_t pvr_jld2_field_bytes(const struct pvr_jl_type *type, bool initialized);
/* True if a field of this immutable struct type stands in the struct that has it. */
bool pvr_jld2_is_inline(const struct pvr_jl_type *type, bool initialized);
void pvr_jld2_put_text(struct pvr_jld2_writer *writer, uint64_t *place, const void *bytes,
                       size_t n);
void pvr_jld2_session_free(struct pvr_jld2_session *session);
uint64_t pvr_jld2_header_begin(struct pvr_jld2_writer *writer, uint64_t messages, uint64_t *place);
void pvr_jld2_put_message(struct pvr_jld2_file *file, uint64_t *place, unsigned kind, size_t bytes,
                          unsigned flags);
/* A dataspace of one dimension, or (count < 0) a scalar. */
void pvr_jld2_put_dataspace(struct pvr_jld2_file *file, uint64_t *place, int64_t count);

/* pvr_jld2_groups.c */
void pvr_jld2_link_add(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group,
                       const char *name, uint64_t address);
void pvr_jld2_link_path(struct pvr_jld2_writer *writer, const char *path, uint64_t address);
void pvr_jld2_groups_save(struct pvr_jld2_writer *writer);
void pvr_jld2_group_free(struct pvr_jld2_group *group);

/* pvr_jld2_column.c: writes a column behind what was reserved; returns its place and its bytes in
 * the file. */
uint64_t pvr_jld2_write_column(struct pvr_jld2_writer *writer, const struct pvr_jl_value *array,
                               uint64_t *bytes);
/* The message of the filters, or 0 bytes where there are none. */
size_t pvr_jld2_filter_bytes(enum pvr_jld2_compressor compressor);
void pvr_jld2_put_filter(struct pvr_jld2_writer *writer, uint64_t *place);

enum {
    PVR_JLD2_FILL = 5,
    PVR_JLD2_DATASPACE = 1,
    PVR_JLD2_LINK_INFO = 2,
    PVR_JLD2_DATATYPE = 3,
    PVR_JLD2_LINK = 6,
    PVR_JLD2_LAYOUT = 8,
    PVR_JLD2_GROUP_INFO = 10,
    PVR_JLD2_FILTER = 11,
    PVR_JLD2_ATTRIBUTE = 12,
    PVR_JLD2_CONTINUATION = 16,
    PVR_JLD2_NIL = 0,
    PVR_JLD2_MESSAGE_HEADER = 4,
    PVR_JLD2_SPARE = 20 /* room for a continuation, at the end of every header */
};

#endif
