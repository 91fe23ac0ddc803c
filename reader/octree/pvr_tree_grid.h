/* pvr_tree_grid.h - the trees that an octree has: a box of them among those of the whole box
 * (internal).
 */
#ifndef PVR_TREE_GRID_H
#define PVR_TREE_GRID_H

#include <stdbool.h>
#include <stdint.h>

struct pvr_tree_grid {
    int ndim, root_level;
    int64_t low[3];    /* its corner on the grid of root_level; may be below 0 */
    uint32_t dims[3];  /* trees on each axis, 1 on those that the output has not; 0: no tree */
    uint32_t whole[3]; /* of the whole box */
};
/* All trees of a box. */
static inline struct pvr_tree_grid pvr_tree_grid_whole(int ndim, const uint32_t ncoarse[3],
                                                       int root_level) {
    struct pvr_tree_grid trees = {.ndim = ndim, .root_level = root_level};
    for (int axis = 0; axis < 3; axis++) {
        trees.whole[axis] = axis < ndim ? ncoarse[axis] << root_level : 1;
        trees.dims[axis] = trees.whole[axis];
    }
    return trees;
}
static inline uint64_t pvr_tree_grid_count(const struct pvr_tree_grid *trees) {
    return (uint64_t)trees->dims[0] * trees->dims[1] * trees->dims[2];
}

/* Where a cell of `level` >= root_level of the box lies on the trees' own grid of that level.
 * False: not in it. */
static inline bool pvr_tree_grid_place(const struct pvr_tree_grid *trees, int level,
                                       const uint32_t coordinate[3], uint32_t place[3]) {
    int shift = level - trees->root_level;
    for (int axis = 0; axis < 3; axis++) {
        place[axis] = 0;
        if (axis < trees->ndim) {
            int64_t at = (int64_t)coordinate[axis] - trees->low[axis] * ((int64_t)1 << shift);
            int64_t whole = (int64_t)trees->whole[axis] << shift;
            at += at < 0 ? whole : at >= whole ? -whole : 0;
            if (at < 0 || at >= (int64_t)trees->dims[axis] << shift) {
                return false;
            }
            place[axis] = (uint32_t)at;
        }
    }
    return true;
}

#endif
