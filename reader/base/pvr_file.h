/* pvr_file.h - Fortran unformatted sequential files, read at computed offsets (internal).
 *
 * A record is: length marker, data, the same length marker. Markers are 4 bytes, or 8 in some
 * archives, and files may have the other byte order: both are told from the first marker, given
 * the length that the first record must have.
 *
 * Offsets, lengths and counts are of bytes. All functions may be used by several threads on one
 * open file (pread); all messages name the file and the record.
 */
#ifndef PVR_FILE_H
#define PVR_FILE_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the records of an output are written. */
struct pvr_encoding {
    bool swap;       /* the other byte order than this machine's */
    uint32_t marker; /* bytes of a length marker: 4 or 8 */
};

/* A part of a file kept in memory, so that a run of small records costs one request. */
struct pvr_window {
    uint64_t offset;
    size_t bytes; /* 0: nothing yet */
    char data[4096];
};

struct pvr_file {
    int fd;
    uint64_t size;
    uint64_t stamp;   /* of what the system says of the file: another one when it is written anew */
    const char *path; /* borrowed from the caller */
    struct pvr_encoding encoding;
    struct pvr_window *window; /* the caller's, for small reads; null: none. With a window, the
                                  file is for one thread alone */
};

/* A number that follows from two, and from no other two as far as chance goes. */
static inline uint64_t pvr_mix(uint64_t a, uint64_t b) {
    uint64_t x = (a ^ (a >> 31)) * 0xbf58476d1ce4e5b9u + b + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u; /* the finalizer of splitmix64 */
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Opens a regular file for reading; encoding and window are left for the caller to set. */
enum pvr_status pvr_file_open(struct pvr_file *file, const char *path, struct pvr_error *error);
void pvr_file_close(struct pvr_file *file);

/* Tells the encoding from the file's first record, which must have `length` bytes. */
enum pvr_status pvr_file_detect(struct pvr_file *file, uint64_t length, const char *what,
                                struct pvr_error *error);

/* Reads exactly `bytes` at `offset`; `what` says what stands there. */
enum pvr_status pvr_file_read(const struct pvr_file *file, uint64_t offset, void *data,
                              size_t bytes, const char *what, struct pvr_error *error);

/* The value of a length marker in memory. */
uint64_t pvr_marker_value(const struct pvr_encoding *encoding, const void *marker);

/* Checks the leading and trailing marker of the record at `offset` and gives its length and the
 * offset behind it. */
enum pvr_status pvr_record_next(const struct pvr_file *file, uint64_t offset, uint64_t *length,
                                uint64_t *next, const char *what, struct pvr_error *error);

/* Reads the record at *offset, which must have `count` items of `item` bytes, into `data` in this
 * machine's byte order, and moves *offset behind it. */
enum pvr_status pvr_record_read(const struct pvr_file *file, uint64_t *offset, void *data,
                                size_t item, size_t count, const char *what,
                                struct pvr_error *error);

/* Reverses the byte order of `count` items of `item` bytes (4 or 8), in place. */
void pvr_swap(void *data, size_t item, size_t count);

/* Asks the system to read a range ahead of time. */
void pvr_file_prefetch(const struct pvr_file *file, uint64_t offset, uint64_t bytes);

#endif
