/* pvr_jld2.h - the container of Mera files: the objects of a JLD2 file.
 *
 * JLD2 is a dialect of HDF5: a text of 512 bytes, then a superblock of version 2, object headers of
 * version 2 with checksums, and most objects without a name, reached by object references. What
 * JLD2 writes is read here, not by libhdf5: that one cannot open columns of 4 GiB and more, which
 * JLD2 writes in one chunk, and ends the process over headers that are spoilt under a right
 * checksum. It is asked, on the calling thread, where other programs may have written something
 * else: datasets of several chunks, groups of many links. Whatever does not fit is an error;
 * nothing is allocated by a number of the file that is larger than the file.
 *
 * An open file is for one thread, and to be closed soon (it may hold the lock of pvr_hdf5.h).
 * Objects and values that were got from it live on.
 *
 * Addresses of objects are as references have them: relative to the end of the text.
 */
#ifndef PVR_JLD2_H
#define PVR_JLD2_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- types ------------------------------------------------------------------------------------
 */

enum pvr_jld2_class {
    PVR_JLD2_INTEGER,
    PVR_JLD2_FLOAT,
    PVR_JLD2_BITFIELD,  /* Bool */
    PVR_JLD2_STRING,    /* of `size` bytes */
    PVR_JLD2_TEXT,      /* a string of any length, in a global heap */
    PVR_JLD2_REFERENCE, /* address of an object; 0: none */
    PVR_JLD2_COMPOUND,
    PVR_JLD2_OTHER /* passed over */
};

struct pvr_jld2_type {
    enum pvr_jld2_class kind;
    uint32_t size; /* of a value in the file */
    bool is_signed, big_endian;
    int nmembers;
    struct pvr_jld2_member {
        char *name;
        uint32_t offset; /* in the file */
        struct pvr_jld2_type *type;
    } * member;
};

/* ---- objects ----------------------------------------------------------------------------------
 */

enum { PVR_JLD2_MOST_FILTERS = 8 };

struct pvr_jld2_filter {
    int id;
    char name[32];       /* as the file calls it */
    uint32_t parameters; /* how many */
    uint32_t parameter;  /* the first */
};

struct pvr_jld2_chunk {
    uint64_t offset;  /* from the beginning of the file */
    uint64_t bytes;   /* there */
    uint32_t skipped; /* bit i: filter i was not applied */
};

/* A dataset: what it holds and where. */
struct pvr_jld2_object {
    uint64_t address;
    struct pvr_jld2_type *type;
    bool scalar;
    uint64_t count; /* of values; 0 for a null dataspace */
    enum { PVR_JLD2_COMPACT, PVR_JLD2_CONTIGUOUS, PVR_JLD2_CHUNKED } layout;
    uint64_t offset;     /* of compact and contiguous bytes, from the beginning of the file */
    uint64_t chunk_rows; /* values of a chunk; the last one is stored whole too */
    uint64_t nchunks;
    struct pvr_jld2_chunk *chunk; /* in order */
    int nfilters;                 /* in the order in which they were applied */
    struct pvr_jld2_filter filter[PVR_JLD2_MOST_FILTERS];
};

/* Which file it is: tells whether it changed. */
struct pvr_jld2_identity {
    uint64_t device, inode, size;
    struct timespec changed;
};

struct pvr_jld2; /* an open file */

/* Opens `path`. Fails, with a message that says which, for what is not HDF5, and for HDF5 that is
 * not JLD2. */
enum pvr_status pvr_jld2_open(const char *path, struct pvr_jld2 **file, struct pvr_error *error);
void pvr_jld2_close(struct pvr_jld2 *file);
/* True if the file begins as JLD2 files do. Quick and silent; without libhdf5. */
bool pvr_jld2_recognized(const char *path);

const char *pvr_jld2_path(const struct pvr_jld2 *file);
struct pvr_jld2_identity pvr_jld2_identity(const struct pvr_jld2 *file);
/* First line of the file: "HDF5-based Julia Data Format, version 0.2.0 (Julia 1.10.8 64-bit LE)".
 */
const char *pvr_jld2_title(const struct pvr_jld2 *file);

/* Is there a group or dataset at this path of links ("/hydro/data")? */
bool pvr_jld2_exists(struct pvr_jld2 *file, const char *name);
/* Calls `each` with the name of each link of a group, by name; stops when it returns false. */
enum pvr_status pvr_jld2_list(struct pvr_jld2 *file, const char *group,
                              bool (*each)(void *context, const char *name), void *context,
                              struct pvr_error *error);
/* The dataset at a path of links, or at an address; `what` names it in messages. To be freed with
 * pvr_jld2_object_free, also after a failure. */
enum pvr_status pvr_jld2_find(struct pvr_jld2 *file, const char *name,
                              struct pvr_jld2_object *object, struct pvr_error *error);
enum pvr_status pvr_jld2_follow(struct pvr_jld2 *file, uint64_t address, const char *what,
                                struct pvr_jld2_object *object, struct pvr_error *error);
void pvr_jld2_object_free(struct pvr_jld2_object *object);

/* What a person calls the object's compression: "LZ4", "zlib", "bzip2", "zstd", "none". Static. */
const char *pvr_jld2_compression(const struct pvr_jld2_object *object);
/* Bytes of all values as they are after expanding. */
uint64_t pvr_jld2_bytes(const struct pvr_jld2_object *object);

/* ---- values -----------------------------------------------------------------------------------
 */

/* A value somewhere in the bytes of an object. */
struct pvr_jld2_value {
    const struct pvr_jld2_type *type;
    const uint8_t *data;
};

/* The bytes of a small object of at most `limit` bytes, expanded; to be freed. Null and PVR_OK for
 * none. */
enum pvr_status pvr_jld2_read(struct pvr_jld2 *file, const struct pvr_jld2_object *object,
                              uint64_t limit, const char *what, uint8_t **data,
                              struct pvr_error *error);
/* The member of a compound by its name, or by several names with dots between them
 * ("columns.fieldarrays"); false if there is none. */
bool pvr_jld2_member(struct pvr_jld2_value compound, const char *name,
                     struct pvr_jld2_value *member);
/* Numbers: integers, reals and Bools; false (and *number untouched) for all others. */
bool pvr_jld2_real(struct pvr_jld2_value value, double *number);
bool pvr_jld2_whole(struct pvr_jld2_value value, int64_t *number);
/* A reference; 0 for none and for what is no reference. */
uint64_t pvr_jld2_reference(struct pvr_jld2_value value);
/* A string of either kind, to be freed: null if it is none or its place in the file is wrong. Bytes
 * that are no text are replaced by blanks. */
char *pvr_jld2_text(struct pvr_jld2 *file, struct pvr_jld2_value value);

#ifdef __cplusplus
}
#endif
#endif
