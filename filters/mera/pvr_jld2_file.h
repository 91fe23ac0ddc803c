/* pvr_jld2_file.h - the bytes of a JLD2 file while it is written (internal).
 *
 * JLD2 is a dialect of HDF5: a text of 512 bytes, a superblock, and from there on object headers,
 * heaps of short texts and the data of arrays, in the order in which a program wrote them. What is
 * small is kept in memory until the end, for it refers to what comes later; the data of arrays
 * goes to the file at once. Places are counted from the file's first byte; addresses, which are
 * what the file itself uses, from the superblock.
 *
 * An error is kept: what follows does nothing, and pvr_jld2_file_finish() returns it.
 */
#ifndef PVR_JLD2_FILE_H
#define PVR_JLD2_FILE_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PVR_JLD2_BASE = 512 }; /* place of the superblock */
#define PVR_JLD2_NO_ADDRESS UINT64_MAX

struct pvr_jld2_piece;

struct pvr_jld2_file {
    int descriptor;
    const char *path; /* for messages; must outlive this */
    uint64_t end;     /* where the next object goes */
    struct pvr_jld2_piece *piece;
    size_t npieces;
    /* the heap that takes the next text */
    uint64_t heap_place, heap_length, heap_free;
    unsigned heap_objects;
    struct pvr_error error;
};

/* Begins an empty file of an open, writable descriptor. */
void pvr_jld2_file_begin(struct pvr_jld2_file *file, int descriptor, const char *path);
/* Begins to add to a file that ends at `end`. What is there may be changed by pvr_jld2_put after
 * pvr_jld2_file_overlay. */
void pvr_jld2_file_continue(struct pvr_jld2_file *file, int descriptor, const char *path,
                            uint64_t end);
void pvr_jld2_file_free(struct pvr_jld2_file *file);

static inline bool pvr_jld2_failed(const struct pvr_jld2_file *file) {
    return file->error.status != PVR_OK;
}

/* `bytes` of zeros at the end; their place. */
uint64_t pvr_jld2_reserve(struct pvr_jld2_file *file, uint64_t bytes);
/* Skips to a place that 8 divides. */
void pvr_jld2_align(struct pvr_jld2_file *file);
/* Data of an array, written to the file at the place `place`, which pvr_jld2_data_reserve gave.
 * Several threads may write at once. */
enum pvr_status pvr_jld2_data_write(const struct pvr_jld2_file *file, uint64_t place,
                                    const void *bytes, size_t n, struct pvr_error *error);
enum pvr_status pvr_jld2_data_read(const struct pvr_jld2_file *file, uint64_t place, void *bytes,
                                   size_t n, struct pvr_error *error);
/* Takes `bytes` at the end for data; their place. */
uint64_t pvr_jld2_data_reserve(struct pvr_jld2_file *file, uint64_t bytes);
/* Takes bytes of the file that are there already, to change them. */
void pvr_jld2_file_overlay(struct pvr_jld2_file *file, uint64_t place, const void *bytes, size_t n);

/* Writing into what was reserved, little-endian; `*place` moves on. */
void pvr_jld2_put(struct pvr_jld2_file *file, uint64_t *place, const void *bytes, size_t n);
void pvr_jld2_put_number(struct pvr_jld2_file *file, uint64_t *place, uint64_t number, int bytes);
/* The checksum of `bytes` from `from` on, put behind them. */
void pvr_jld2_put_checksum(struct pvr_jld2_file *file, uint64_t from, uint64_t bytes);

/* Puts bytes on a heap; returns the address of the heap and the number of the object. */
void pvr_jld2_heap_add(struct pvr_jld2_file *file, const void *bytes, size_t n, uint64_t *heap,
                       uint32_t *object);

/* Writes the text before the superblock, the superblock and all pieces, and reads these back.
 * `root`: address of the
 * root group. */
enum pvr_status pvr_jld2_file_finish(struct pvr_jld2_file *file, uint64_t root,
                                     struct pvr_error *error);

/* Bob Jenkins' lookup3 as HDF5 uses it. */
uint32_t pvr_jld2_checksum(const void *bytes, size_t n);

#endif
