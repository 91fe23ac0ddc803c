/* pvr_octree_select.h - finding refined cells by their number (internal). */
#ifndef PVR_OCTREE_SELECT_H
#define PVR_OCTREE_SELECT_H

#include "pvr_octree.h"

/* The word of `level` that holds the bit of refined cell `number`: rank[word] <= number <
 * rank[word + 1]. Looked for from `from` on in growing steps: mostly it is near. */
static inline uint64_t pvr_find_word(const struct pvr_octree *octree, int level, uint64_t from,
                                     uint64_t number) {
    const struct pvr_octree_level *at = &octree->level[level];
    uint64_t nbytes = level > octree->root_level ? at->noct : (octree->ntrees + 7) / 8;
    uint64_t nwords = (nbytes + 7) / 8, low = from, step = 1;
    if (at->rank[low] > number) {
        low = 0;
    }
    uint64_t high = low + 1;
    while (high < nwords && at->rank[high] <= number) {
        low = high;
        high += step;
        step *= 2;
    }
    high = high < nwords ? high : nwords;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (at->rank[middle] <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

#endif
