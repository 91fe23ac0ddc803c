/* pvr_tree_set.c - some of the trees of a box. */
#include "pvr_tree_set.h"

#include <stdlib.h>
#include <string.h>

static uint64_t cells_of(const struct pvr_tree_set *set, int level) {
    uint64_t cells = 1;
    for (int axis = 0; axis < set->ndim; axis++) {
        cells *= set->dims[axis] >> (set->root_level - level);
    }
    return cells;
}

enum pvr_status pvr_tree_set_make(const struct pvr_split *split, int ndim, int rank,
                                  struct pvr_tree_set *set, struct pvr_error *error) {
    memset(set, 0, sizeof *set);
    set->ndim = ndim;
    set->root_level = split->root_level;
    memcpy(set->dims, split->root_dims, sizeof set->dims);
    uint64_t all = 0;
    for (int level = 0; level <= set->root_level; level++) {
        all += cells_of(set, level);
    }
    uint8_t *memory = calloc((size_t)all, 1);
    if (memory == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of trees");
    }
    for (int level = 0; level <= set->root_level; level++) {
        set->has[level] = memory;
        memory += cells_of(set, level);
    }
    uint64_t ntrees = cells_of(set, set->root_level);
    for (uint64_t tree = 0; tree < ntrees; tree++) {
        if (split->tree_rank[tree] != rank) {
            continue;
        }
        uint64_t rest = tree;
        uint32_t at[3] = {0, 0, 0};
        for (int axis = 0; axis < ndim; axis++) {
            at[axis] = (uint32_t)(rest % set->dims[axis]);
            rest /= set->dims[axis];
        }
        for (int level = set->root_level; level >= 0; level--) {
            uint64_t place = 0;
            for (int axis = ndim - 1; axis >= 0; axis--) {
                place = place * (set->dims[axis] >> (set->root_level - level)) + at[axis];
                at[axis] >>= 1;
            }
            set->has[level][place] = 1;
        }
    }
    return PVR_OK;
}

void pvr_tree_set_free(struct pvr_tree_set *set) {
    free(set->has[0]);
    memset(set, 0, sizeof *set);
}
