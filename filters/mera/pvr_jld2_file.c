/* pvr_jld2_file.c - the bytes of a JLD2 file while it is written.
 *
 * Formats: HDF5 File Format Specification 3.0, II.A (superblock), III.E (global heap); how JLD2
 * fills heaps is its own choice (src/global_heaps.jl of JLD2 0.6), which is followed here so that
 * files agree with its own to the byte.
 */
#include "pvr_jld2_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the file without gaps that are kept in memory. */
struct pvr_jld2_piece {
    uint64_t place;
    size_t used, room;
    unsigned char *memory;
};

enum { SUPERBLOCK_BYTES = 48, HEAP_HEADER = 16, HEAP_OBJECT_HEADER = 16, HEAP_LEAST = 4096 };

static void out_of_memory(struct pvr_jld2_file *file) {
    pvr_fail(&file->error, PVR_ERROR_MEMORY, "%s: no memory to build the file's headers",
             file->path);
}

void pvr_jld2_file_begin(struct pvr_jld2_file *file, int descriptor, const char *path) {
    pvr_jld2_file_continue(file, descriptor, path, 0);
    pvr_jld2_reserve(file, PVR_JLD2_BASE + SUPERBLOCK_BYTES);
}

void pvr_jld2_file_continue(struct pvr_jld2_file *file, int descriptor, const char *path,
                            uint64_t end) {
    memset(file, 0, sizeof *file);
    file->descriptor = descriptor;
    file->path = path;
    file->end = end;
    pvr_error_clear(&file->error);
}

void pvr_jld2_file_free(struct pvr_jld2_file *file) {
    for (size_t p = 0; p < file->npieces; p++) {
        free(file->piece[p].memory);
    }
    free(file->piece);
    memset(file, 0, sizeof *file);
}

static bool grow(struct pvr_jld2_piece *piece, size_t bytes) {
    if (piece->room - piece->used < bytes) {
        const size_t room = (piece->used + bytes) + (piece->used + bytes) / 2 + 1024;
        unsigned char *memory = realloc(piece->memory, room);
        if (memory == NULL) {
            return false;
        }
        piece->memory = memory;
        piece->room = room;
    }
    memset(piece->memory + piece->used, 0, bytes);
    piece->used += bytes;
    return true;
}

static struct pvr_jld2_piece *add_piece(struct pvr_jld2_file *file, uint64_t place) {
    struct pvr_jld2_piece *piece = realloc(file->piece, (file->npieces + 1) * sizeof *piece);
    if (piece == NULL) {
        return NULL;
    }
    file->piece = piece;
    piece += file->npieces++;
    *piece = (struct pvr_jld2_piece){.place = place};
    return piece;
}

uint64_t pvr_jld2_reserve(struct pvr_jld2_file *file, uint64_t bytes) {
    const uint64_t place = file->end;
    if (pvr_jld2_failed(file)) {
        return place;
    }
    struct pvr_jld2_piece *last = file->npieces > 0 ? &file->piece[file->npieces - 1] : NULL;
    if (last == NULL || last->place + last->used != place) {
        last = add_piece(file, place);
    }
    if (last == NULL || !grow(last, (size_t)bytes)) {
        out_of_memory(file);
        return place;
    }
    file->end += bytes;
    return place;
}

void pvr_jld2_align(struct pvr_jld2_file *file) {
    pvr_jld2_reserve(file, (8 - file->end % 8) % 8);
}

uint64_t pvr_jld2_data_reserve(struct pvr_jld2_file *file, uint64_t bytes) {
    const uint64_t place = file->end;
    file->end += bytes;
    return place;
}

enum pvr_status pvr_jld2_data_write(const struct pvr_jld2_file *file, uint64_t place,
                                    const void *bytes, size_t n, struct pvr_error *error) {
    const unsigned char *at = bytes;
    while (n > 0) {
        const ssize_t written = pwrite(file->descriptor, at, n, (off_t)place);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return pvr_fail(error, PVR_ERROR_IO, "%s: cannot write %zu bytes at %llu: %s",
                            file->path, n, (unsigned long long)place,
                            written < 0 ? strerror(errno) : "no room");
        }
        at += written;
        n -= (size_t)written;
        place += (uint64_t)written;
    }
    return PVR_OK;
}

enum pvr_status pvr_jld2_data_read(const struct pvr_jld2_file *file, uint64_t place, void *bytes,
                                   size_t n, struct pvr_error *error) {
    unsigned char *at = bytes;
    while (n > 0) {
        const ssize_t got = pread(file->descriptor, at, n, (off_t)place);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return pvr_fail(error, PVR_ERROR_IO, "%s: cannot read back %zu bytes at %llu: %s",
                            file->path, n, (unsigned long long)place,
                            got < 0 ? strerror(errno) : "the file ends there");
        }
        at += got;
        n -= (size_t)got;
        place += (uint64_t)got;
    }
    return PVR_OK;
}

/* Pieces stand in the order in which they were begun: those of what was there already, in front,
 * have no order. */
static unsigned char *find(struct pvr_jld2_file *file, uint64_t place, size_t n) {
    for (size_t p = file->npieces; p-- > 0;) {
        struct pvr_jld2_piece *piece = &file->piece[p];
        if (place >= piece->place && place - piece->place + n <= piece->used) {
            return piece->memory + (place - piece->place);
        }
    }
    return NULL;
}

void pvr_jld2_file_overlay(struct pvr_jld2_file *file, uint64_t place, const void *bytes,
                           size_t n) {
    if (pvr_jld2_failed(file) || find(file, place, n) != NULL) {
        return;
    }
    struct pvr_jld2_piece *piece = add_piece(file, place);
    if (piece == NULL || !grow(piece, n)) {
        out_of_memory(file);
        return;
    }
    memcpy(piece->memory, bytes, n);
}

void pvr_jld2_put(struct pvr_jld2_file *file, uint64_t *place, const void *bytes, size_t n) {
    if (pvr_jld2_failed(file) || n == 0) {
        return;
    }
    unsigned char *to = find(file, *place, n);
    if (to == NULL) {
        pvr_fail(&file->error, PVR_ERROR_ARGUMENT, "%s: %zu bytes at %llu were not reserved",
                 file->path, n, (unsigned long long)*place);
        return;
    }
    memcpy(to, bytes, n);
    *place += n;
}

void pvr_jld2_put_number(struct pvr_jld2_file *file, uint64_t *place, uint64_t number, int bytes) {
    unsigned char little[8];
    for (int i = 0; i < bytes; i++) {
        little[i] = (unsigned char)(number >> (8 * i));
    }
    pvr_jld2_put(file, place, little, (size_t)bytes);
}

void pvr_jld2_put_checksum(struct pvr_jld2_file *file, uint64_t from, uint64_t bytes) {
    const unsigned char *header = pvr_jld2_failed(file) ? NULL : find(file, from, (size_t)bytes);
    if (header != NULL) {
        uint64_t place = from + bytes;
        pvr_jld2_put_number(file, &place, pvr_jld2_checksum(header, (size_t)bytes), 4);
    }
}

/* ---- heap -------------------------------------------------------------------------------------
 */

void pvr_jld2_heap_add(struct pvr_jld2_file *file, const void *bytes, size_t n, uint64_t *heap,
                       uint32_t *object) {
    *heap = 0;
    *object = 0;
    if (pvr_jld2_failed(file)) {
        return;
    }
    const uint64_t room = HEAP_OBJECT_HEADER + (n + 7) / 8 * 8;
    const bool full = file->heap_objects >= UINT16_MAX;
    const bool at_end =
        file->heap_place != 0 && file->end == file->heap_place + HEAP_HEADER + file->heap_length;
    if (full || room + HEAP_OBJECT_HEADER >= file->heap_free) {
        if (at_end && !full) {
            const uint64_t more = room - file->heap_free + HEAP_OBJECT_HEADER;
            file->heap_free += more;
            file->heap_length += more;
            uint64_t place = file->heap_place + 8;
            pvr_jld2_put_number(file, &place, file->heap_length, 8);
            pvr_jld2_reserve(file, more);
        } else {
            pvr_jld2_align(file);
            file->heap_length = room > HEAP_LEAST ? room : HEAP_LEAST;
            file->heap_free = file->heap_length;
            file->heap_objects = 0;
            file->heap_place = pvr_jld2_reserve(file, HEAP_HEADER + file->heap_length);
            uint64_t place = file->heap_place;
            pvr_jld2_put(file, &place, "GCOL", 4);
            pvr_jld2_put_number(file, &place, 1, 4); /* version */
            pvr_jld2_put_number(file, &place, file->heap_length, 8);
        }
    }
    file->heap_objects++;
    const uint64_t begin = file->heap_place + HEAP_HEADER + file->heap_length - file->heap_free;
    uint64_t place = begin;
    pvr_jld2_put_number(file, &place, file->heap_objects, 2);
    pvr_jld2_put_number(file, &place, 1, 2); /* references */
    pvr_jld2_put_number(file, &place, 0, 4);
    pvr_jld2_put_number(file, &place, n, 8);
    pvr_jld2_put(file, &place, bytes, n);
    file->heap_free -= room;
    if (file->heap_free >= HEAP_OBJECT_HEADER) {
        place = begin + room;
        pvr_jld2_put_number(file, &place, 0, 8);
        pvr_jld2_put_number(file, &place, file->heap_free - HEAP_OBJECT_HEADER, 8);
    }
    *heap = file->heap_place - PVR_JLD2_BASE;
    *object = file->heap_objects;
}

/* ---- end --------------------------------------------------------------------------------------
 */

/* Are the pieces in the file as they are in memory? */
static enum pvr_status compare_pieces(const struct pvr_jld2_file *file, struct pvr_error *error) {
    for (size_t p = 0; p < file->npieces; p++) {
        const struct pvr_jld2_piece *piece = &file->piece[p];
        unsigned char *back = malloc(piece->used + 1);
        if (back == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory to read it back", file->path);
        }
        enum pvr_status status = pvr_jld2_data_read(file, piece->place, back, piece->used, error);
        if (status == PVR_OK && memcmp(back, piece->memory, piece->used) != 0) {
            status = pvr_fail(error, PVR_ERROR_IO, "%s: its headers are not read back as written",
                              file->path);
        }
        free(back);
        if (status != PVR_OK) {
            return status;
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_jld2_file_finish(struct pvr_jld2_file *file, uint64_t root,
                                     struct pvr_error *error) {
    /* The text names the Julia whose layout this is; only up to the first zero is ever looked at.
     */
    static const char text[] =
        "HDF5-based Julia Data Format, version 0.2.0\0 (Julia 1.10.8 64-bit LE)";
    static const unsigned char signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a,
                                              '\n', 2,   8,   8,   0}; /* version, sizes, flags */
    unsigned char front[PVR_JLD2_BASE + SUPERBLOCK_BYTES] = {0};
    pvr_jld2_file_overlay(file, 0, front, sizeof front);
    uint64_t place = 0;
    pvr_jld2_put(file, &place, text, sizeof text);
    place = PVR_JLD2_BASE;
    pvr_jld2_put(file, &place, signature, sizeof signature);
    pvr_jld2_put_number(file, &place, PVR_JLD2_BASE, 8);
    pvr_jld2_put_number(file, &place, PVR_JLD2_NO_ADDRESS, 8); /* no extension */
    pvr_jld2_put_number(file, &place, file->end, 8);
    pvr_jld2_put_number(file, &place, root, 8);
    pvr_jld2_put_checksum(file, PVR_JLD2_BASE, SUPERBLOCK_BYTES - 4);
    for (size_t p = 0; p < file->npieces && !pvr_jld2_failed(file); p++) {
        const struct pvr_jld2_piece *piece = &file->piece[p];
        pvr_jld2_data_write(file, piece->place, piece->memory, piece->used, &file->error);
    }
    if (pvr_jld2_failed(file)) {
        return pvr_fail(error, file->error.status, "%s", file->error.message);
    }
    return compare_pieces(file, error);
}

/* ---- checksum ---------------------------------------------------------------------------------
 */

static inline uint32_t rotate(uint32_t x, int by) {
    return x << by | x >> (32 - by);
}

static inline uint32_t little(const unsigned char *at, size_t n) {
    uint32_t word = 0;
    for (size_t i = 0; i < n && i < 4; i++) {
        word |= (uint32_t)at[i] << (8 * i);
    }
    return word;
}

uint32_t pvr_jld2_checksum(const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    uint32_t a = 0xdeadbeef + (uint32_t)n, b = a, c = a;
    for (; n > 12; n -= 12, at += 12) {
        a += little(at, 4);
        b += little(at + 4, 4);
        c += little(at + 8, 4);
        a = (a - c) ^ rotate(c, 4), c += b;
        b = (b - a) ^ rotate(a, 6), a += c;
        c = (c - b) ^ rotate(b, 8), b += a;
        a = (a - c) ^ rotate(c, 16), c += b;
        b = (b - a) ^ rotate(a, 19), a += c;
        c = (c - b) ^ rotate(b, 4), b += a;
    }
    if (n == 0) {
        return c;
    }
    a += little(at, n);
    b += n > 4 ? little(at + 4, n - 4) : 0;
    c += n > 8 ? little(at + 8, n - 8) : 0;
    c = (c ^ b) - rotate(b, 14);
    a = (a ^ c) - rotate(c, 11);
    b = (b ^ a) - rotate(a, 25);
    c = (c ^ b) - rotate(b, 16);
    a = (a ^ c) - rotate(c, 4);
    b = (b ^ a) - rotate(a, 14);
    c = (c ^ b) - rotate(b, 24);
    return c;
}
