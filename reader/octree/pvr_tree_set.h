/* pvr_tree_set.h - some of the trees of a box: those of a rank (internal). */
#ifndef PVR_TREE_SET_H
#define PVR_TREE_SET_H

#include "pvr_split.h"

struct pvr_tree_set {
    int ndim, root_level;
    uint32_t dims[3]; /* trees of the whole box */
    uint8_t *has[32]; /* [level 0 .. root_level]: a byte for each cell, 1 if it holds a tree of the
                         set; all in one piece of memory, has[0] */
};

/* The trees of a rank of a split by trees. To be freed on failure too. */
enum pvr_status pvr_tree_set_make(const struct pvr_split *split, int ndim, int rank,
                                  struct pvr_tree_set *set, struct pvr_error *error);
void pvr_tree_set_free(struct pvr_tree_set *set);

/* Does the cell of `level` (0: coarse cells) at `coordinate` hold, or lie in, a tree of the set? */
static inline bool pvr_tree_set_has(const struct pvr_tree_set *set, int level,
                                    const uint32_t coordinate[3]) {
    uint64_t place = 0;
    int up = level > set->root_level ? level - set->root_level : 0;
    int down = level < set->root_level ? set->root_level - level : 0;
    for (int axis = set->ndim - 1; axis >= 0; axis--) {
        place = place * (set->dims[axis] >> down) + (coordinate[axis] >> up);
    }
    return set->has[level - up][place] != 0;
}

#endif
