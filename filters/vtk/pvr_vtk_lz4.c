/* pvr_vtk_lz4.c - LZ4 blocks of arrays of which it is known where they repeat themselves. */
#include "pvr_vtk_lz4.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    LEAST_MATCH = 4,   /* LZ4's */
    WORTH = 6,         /* a sequence takes 3 bytes and more */
    FEW_LITERALS = 15, /* of a token alone */
    FEW_MATCHED = 15,
    WIDE = 32, /* bytes that are copied at once */
    VOXEL = 8 * 4,
    POINT = 3 * 8,
    LEAST_BYTES = 4 * VOXEL
};
static const size_t most_bytes = (size_t)1 << 30;

/* What is written, and the literals that are not written yet. */
struct writer {
    uint8_t *to;
    const uint8_t *from, *end; /* of the input: from is the first byte that is not in `to` */
};

static inline uint64_t word(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint8_t *put_length(uint8_t *to, size_t length) {
    for (; length >= 255; length -= 255) {
        *to++ = 255;
    }
    *to++ = (uint8_t)length;
    return to;
}

static inline uint8_t *put_literals(uint8_t *to, const uint8_t *from, size_t count,
                                    const uint8_t *end) {
    if (count <= WIDE && (size_t)(end - from) >= WIDE) {
        memcpy(to, from, WIDE); /* what is too much is written over */
    } else {
        memcpy(to, from, count);
    }
    return to + count;
}

/* Ends a sequence: what stands before `match` as it is, then `length` bytes as `distance` before.
 */
static inline void put_match(struct writer *writer, const uint8_t *match, size_t length,
                             size_t distance) {
    const size_t literals = (size_t)(match - writer->from);
    const size_t more = length - LEAST_MATCH;
    uint8_t *token = writer->to++;
    *token = (uint8_t)((literals < FEW_LITERALS ? literals : FEW_LITERALS) << 4 |
                       (more < FEW_MATCHED ? more : FEW_MATCHED));
    if (literals >= FEW_LITERALS) {
        writer->to = put_length(writer->to, literals - FEW_LITERALS);
    }
    writer->to = put_literals(writer->to, writer->from, literals, writer->end);
    *writer->to++ = (uint8_t)(distance & 255);
    *writer->to++ = (uint8_t)(distance >> 8);
    if (more >= FEW_MATCHED) {
        writer->to = put_length(writer->to, more - FEW_MATCHED);
    }
    writer->from = match + length;
}

/* The last sequence has literals alone: LZ4 wants five at least, and no match in the last twelve
 * bytes. */
static size_t finish(struct writer *writer, const void *out) {
    const size_t literals = (size_t)(writer->end - writer->from);
    *writer->to++ = (uint8_t)((literals < FEW_LITERALS ? literals : FEW_LITERALS) << 4);
    if (literals >= FEW_LITERALS) {
        writer->to = put_length(writer->to, literals - FEW_LITERALS);
    }
    memcpy(writer->to, writer->from, literals);
    return (size_t)(writer->to - (const uint8_t *)out) + literals;
}

/* Corners 2 i and 2 i + 1 of a cell and, before it, of the cells that may lie below and in front:
 * these are at most four and two cells before it, less where cells are refined. */
static inline bool put_below(struct writer *writer, const uint8_t *cell, const uint8_t *begin) {
    const uint64_t low = word(cell), high = word(cell + 8);
    for (size_t back = 4; back > 0; back--) {
        const uint8_t *other = cell - back * VOXEL;
        if (other >= begin && word(other + 16) == low && word(other + 24) == high) {
            put_match(writer, cell, 16, back * VOXEL - 16);
            return true;
        }
    }
    return false;
}

static inline void put_in_front(struct writer *writer, const uint8_t *pair, const uint8_t *begin) {
    const uint64_t both = word(pair);
    for (size_t back = 2; back > 0; back--) {
        const uint8_t *other = pair - back * VOXEL + 8;
        if (other >= begin && word(other) == both) {
            put_match(writer, pair, 8, back * VOXEL - 8);
            return;
        }
    }
}

size_t pvr_vtk_lz4_voxels(const void *data, size_t bytes, void *out) {
    const uint8_t *begin = data;
    struct writer writer = {.to = out, .from = begin, .end = begin + bytes};
    if (bytes < LEAST_BYTES || bytes > most_bytes || bytes % VOXEL != 0) {
        return 0;
    }
    for (const uint8_t *cell = begin + VOXEL; cell + VOXEL < writer.end; cell += VOXEL) {
        if (!put_below(&writer, cell, begin)) {
            put_in_front(&writer, cell, begin);
        }
        put_in_front(&writer, cell + 16, begin);
    }
    return finish(&writer, out);
}

/* Bytes in which two words agree from the first and from the last; `differ` is not 0. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AGREE_FIRST(differ) ((size_t)__builtin_clzll(differ) / 8)
#define AGREE_LAST(differ) ((size_t)__builtin_ctzll(differ) / 8)
#else
#define AGREE_FIRST(differ) ((size_t)__builtin_ctzll(differ) / 8)
#define AGREE_LAST(differ) ((size_t)__builtin_clzll(differ) / 8)
#endif

size_t pvr_vtk_lz4_points(const void *data, size_t bytes, void *out) {
    const uint8_t *begin = data;
    struct writer writer = {.to = out, .from = begin, .end = begin + bytes};
    if (bytes < LEAST_BYTES || bytes > most_bytes || bytes % POINT != 0) {
        return 0;
    }
    const uint8_t *stop = writer.end - POINT; /* no matches behind */
    const uint8_t *same = begin + POINT;      /* from here on it is as 24 bytes before */
    for (const uint8_t *at = same; at < stop; at += 8) {
        const uint64_t differ = word(at) ^ word(at - POINT);
        if (differ != 0) {
            const uint8_t *until = at + AGREE_FIRST(differ);
            if (until >= same + WORTH) {
                put_match(&writer, same, (size_t)(until - same), POINT);
            }
            same = at + 8 - AGREE_LAST(differ);
        }
    }
    if (stop >= same + WORTH) {
        put_match(&writer, same, (size_t)(stop - same), POINT);
    }
    return finish(&writer, out);
}
