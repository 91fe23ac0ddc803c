/* pvr_covering_private.h - what the ways of filling a covering grid share (internal). */
#ifndef PVR_COVERING_PRIVATE_H
#define PVR_COVERING_PRIVATE_H

#include "pvr_array_values.h"
#include "pvr_covering_grid.h"
#include "pvr_octree_rank.h"

/* Cells of the grid, lo .. hi - 1 along each axis, that one thread fills. */
struct pvr_tile {
    int64_t lo[3], hi[3];
};

/* One array that is being filled. */
struct pvr_covering {
    const struct pvr_octree *octree;
    const struct pvr_covering_grid *grid;
    const struct pvr_array *source;
    const struct pvr_array *weight; /* null: by volume */
    struct pvr_array *result;
    double *share;      /* of each cell of the grid what the mesh has in it: volume, in cells of the
                           grid, and weight times that; null: not wanted */
    bool aligned;       /* the grid's cells are those of a level of the trees */
    double *restricted; /* for linear sampling: means of all cells, refined ones too;
                           by component */
    int level;          /* for linear sampling: of the grid that is sampled */
};

/* Index of the first cell of an oct in field arrays. */
static inline uint64_t pvr_first_cell(const struct pvr_octree *octree, int level, uint64_t tree,
                                      uint64_t oct) {
    const struct pvr_octree_level *at = &octree->level[level];
    return at->tree_cell[tree] + (oct - at->tree_first[tree]) * (uint64_t)octree->cells_per_oct;
}

/* Number of a cell of the grid. */
static inline uint64_t pvr_grid_place(const struct pvr_covering_grid *grid, int64_t x, int64_t y,
                                      int64_t z) {
    return (uint64_t)x + grid->dims[0] * ((uint64_t)y + grid->dims[1] * (uint64_t)z);
}

/* Calls `take` for the trees whose root cells lie in low .. high (on the grid of root_level, both
 * included). */
typedef void (*pvr_tree_fn)(void *context, uint64_t tree, const uint32_t at[3]);
static inline void pvr_each_tree(const struct pvr_octree *octree, const int64_t low[3],
                                 const int64_t high[3], pvr_tree_fn take, void *context) {
    uint32_t from[3] = {0, 0, 0}, to[3] = {0, 0, 0};
    for (int axis = 0; axis < octree->ndim; axis++) {
        int64_t last = (int64_t)octree->root_dims[axis] - 1;
        from[axis] = (uint32_t)(low[axis] < 0 ? 0 : low[axis] > last ? last : low[axis]);
        to[axis] = (uint32_t)(high[axis] < 0 ? 0 : high[axis] > last ? last : high[axis]);
    }
    for (uint32_t k = from[2]; k <= to[2]; k++) {
        for (uint32_t j = from[1]; j <= to[1]; j++) {
            for (uint32_t i = from[0]; i <= to[0]; i++) {
                const uint32_t at[3] = {i, j, k};
                take(context, i + octree->root_dims[0] * (j + (uint64_t)octree->root_dims[1] * k),
                     at);
            }
        }
    }
}

/* The trees that a tile touches. */
void pvr_tile_trees(const struct pvr_covering *covering, const struct pvr_tile *tile,
                    int64_t low[3], int64_t high[3]);

/* Puts the mean of the leaves below an oct of `level` in cell `at` of the result. How much that is
 * becomes `share` (see struct pvr_covering). */
void pvr_covering_mean(const struct pvr_covering *covering, uint64_t tree, int level, uint64_t oct,
                       uint64_t at, double share[2]);

/* Can the grid be filled by layers: by tiles of PVR_PLATE cells along x and y and PVR_PLANES along
 * z, of borders that are multiples of these in the whole mesh? */
enum { PVR_PLATE = 512, PVR_PLANES = 4 };
bool pvr_covering_has_layers(const struct pvr_covering *covering);

/* The ways to fill a tile. */
enum pvr_status pvr_covering_layers(const struct pvr_covering *covering,
                                    const struct pvr_tile *tile, struct pvr_worker *worker,
                                    struct pvr_error *error);
void pvr_covering_paint(const struct pvr_covering *covering, const struct pvr_tile *tile,
                        bool nearest);
enum pvr_status pvr_covering_overlap(const struct pvr_covering *covering,
                                     const struct pvr_tile *tile, struct pvr_worker *worker,
                                     struct pvr_error *error);
enum pvr_status pvr_covering_interpolate(const struct pvr_covering *covering,
                                         const struct pvr_tile *tile, struct pvr_worker *worker,
                                         struct pvr_error *error);
/* Fills covering->restricted. */
enum pvr_status pvr_covering_restrict(struct pvr_covering *covering, struct pvr_job *job,
                                      struct pvr_error *error);
/* Is a grid sampled linearly: are cells of it smaller than the trees? */
bool pvr_covering_is_linear(const struct pvr_octree *octree, const struct pvr_covering_grid *grid);
/* Level whose grid linear sampling works on. */
int pvr_covering_linear_level(const struct pvr_octree *octree,
                              const struct pvr_covering_grid *grid);

#endif
