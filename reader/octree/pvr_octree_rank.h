/* pvr_octree_rank.h - counting refined cells (internal). */
#ifndef PVR_OCTREE_RANK_H
#define PVR_OCTREE_RANK_H

#include "pvr_octree.h"

#include <string.h>

static inline unsigned pvr_popcount(uint64_t bits) {
#ifdef __POPCNT__
    return (unsigned)__builtin_popcountll(bits);
#else
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(bits * 0x0101010101010101u >> 56);
#endif
}

/* Eight bytes as a number whose bit 8 i + c is bit c of byte i. */
static inline uint64_t pvr_bits(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Refined cells before cell `cell` of oct `oct` of the level: the place of its child's oct. */
static inline uint64_t pvr_rank(const struct pvr_octree_level *level, uint64_t oct, unsigned cell) {
    uint64_t before = pvr_bits(level->refined + (oct & ~(uint64_t)7));
    before &= ((uint64_t)1 << ((oct & 7) * 8 + cell)) - 1;
    return level->rank[oct >> 3] + pvr_popcount(before);
}

static inline bool pvr_is_refined(const struct pvr_octree_level *level, uint64_t oct,
                                  unsigned cell) {
    return level->refined[oct] >> cell & 1;
}

static inline bool pvr_is_outside(const struct pvr_octree_level *level, uint64_t oct,
                                  unsigned cell) {
    return level->outside != NULL && (level->outside[oct] >> cell & 1);
}

/* Bits of the cells of an oct (of eight trees, at the root level) that are no leaves of the mesh:
 * refined or outside. */
static inline unsigned pvr_no_leaves(const struct pvr_octree_level *level, uint64_t oct) {
    return (unsigned)level->refined[oct] | (level->outside != NULL ? level->outside[oct] : 0u);
}

#endif
