/* pvr_amounts.c - amounts of whole cells (masses, volumes) for covering grids. */
#include "pvr_amounts.h"

static void scale(struct pvr_array *array, uint64_t first, uint64_t count, double factor) {
    const uint64_t n = (uint64_t)array->ncomponents;
    if (array->type == PVR_FLOAT32) {
        float *value = (float *)array->data + first * n;
        for (uint64_t i = 0; i < count * n; i++) {
            value[i] = (float)(value[i] * factor);
        }
    } else if (array->type == PVR_FLOAT64) {
        double *value = (double *)array->data + first * n;
        for (uint64_t i = 0; i < count * n; i++) {
            value[i] *= factor;
        }
    }
}

void pvr_amounts_spread(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                        struct pvr_array *amounts) {
    double volume = 1;
    for (int axis = 0; axis < octree->ndim; axis++) {
        volume *= grid->spacing[axis];
    }
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        const struct pvr_octree_level *at = &octree->level[l];
        const double factor = volume / pvr_octree_cell_volume(octree, l);
        for (uint64_t tree = 0; tree < octree->ntrees; tree++) {
            const uint64_t count = l == octree->root_level
                                       ? 1
                                       : (at->tree_first[tree + 1] - at->tree_first[tree]) *
                                             (uint64_t)octree->cells_per_oct;
            scale(amounts, at->tree_cell[tree], count, factor);
        }
    }
}
