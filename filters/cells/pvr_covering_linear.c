/* pvr_covering_linear.c - covering grids that are interpolated from level to level.
 *
 * First every refined cell gets the mean of the leaves in it. Then a tile is made on the grid of
 * each level, from the trees' roots down: a place that has a cell of that level gets its value, any
 * other one is interpolated between the centres of the coarser grid's cells (3/4 of the cell that
 * it lies in and 1/4 of its neighbour, along each axis). A tile of a coarser level is larger by a
 * cell on each side, so that tiles fit together. Nothing is interpolated into what is outside, nor
 * from it.
 */
#include "pvr_covering_private.h"

#include <math.h>
#include <string.h>

/* ---- the means of refined cells */

struct restricting {
    struct pvr_covering *covering;
    double *share; /* by cell: the part of it that is not outside, times its mean weight */
};

/* Means of the cells of a tree on `level`, those below being known. */
static void restrict_level(const struct restricting *restricting, uint64_t tree, int level) {
    struct pvr_covering *covering = restricting->covering;
    const struct pvr_octree *octree = covering->octree;
    const struct pvr_octree_level *here = &octree->level[level];
    const bool roots = level == octree->root_level;
    const uint64_t ncells = roots ? 1 : (uint64_t)octree->cells_per_oct;
    const int n = covering->source->ncomponents;
    uint64_t first = roots ? tree : here->tree_first[tree];
    uint64_t last = roots ? tree + 1 : here->tree_first[tree + 1];
    uint64_t index = here->tree_cell[tree];
    for (uint64_t oct = first; oct < last; oct++) {
        for (unsigned c = 0; c < ncells; c++, index++) {
            uint64_t byte = roots ? oct >> 3 : oct;
            unsigned bit = roots ? (unsigned)(oct & 7) : c;
            double *mean = covering->restricted + index * (uint64_t)n;
            if (!pvr_is_refined(here, byte, bit)) {
                bool outside = pvr_is_outside(here, byte, bit);
                double weight =
                    covering->weight != NULL ? pvr_value(covering->weight, index, 0) : 1;
                restricting->share[index] = outside ? 0 : weight;
                for (int i = 0; i < n; i++) {
                    mean[i] = outside ? (double)NAN : pvr_value(covering->source, index, i);
                }
                continue;
            }
            uint64_t child = pvr_first_cell(octree, level + 1, tree, pvr_rank(here, byte, bit));
            double share = 0;
            for (int i = 0; i < n; i++) {
                mean[i] = 0;
            }
            for (uint64_t k = child; k < child + (uint64_t)octree->cells_per_oct; k++) {
                share += restricting->share[k];
                for (int i = 0; restricting->share[k] != 0 && i < n; i++) {
                    mean[i] +=
                        restricting->share[k] * covering->restricted[k * (uint64_t)n + (uint64_t)i];
                }
            }
            for (int i = 0; i < n; i++) {
                mean[i] = share != 0 ? mean[i] / share : (double)NAN;
            }
            restricting->share[index] = share / octree->cells_per_oct;
        }
    }
}

static enum pvr_status restrict_tree(void *context, size_t tree, struct pvr_worker *worker,
                                     struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct restricting *restricting = context;
    const struct pvr_octree *octree = restricting->covering->octree;
    for (int l = octree->max_level; l >= octree->root_level; l--) {
        restrict_level(restricting, tree, l);
    }
    return PVR_OK;
}

enum pvr_status pvr_covering_restrict(struct pvr_covering *covering, struct pvr_job *job,
                                      struct pvr_error *error) {
    const struct pvr_octree *octree = covering->octree;
    uint64_t bytes = octree->ncells * sizeof(double);
    struct restricting restricting = {covering, pvr_large_alloc(bytes)};
    if (restricting.share == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the means of %llu cells",
                        (unsigned long long)octree->ncells);
    }
    enum pvr_status status =
        pvr_job_run(job, (size_t)octree->ntrees, NULL, restrict_tree, NULL, &restricting, error);
    pvr_large_free(restricting.share, bytes);
    return status;
}

bool pvr_covering_is_linear(const struct pvr_octree *octree, const struct pvr_covering_grid *grid) {
    bool smaller = false;
    for (int axis = 0; axis < octree->ndim; axis++) {
        const double side = octree->size[axis] / octree->root_dims[axis];
        smaller = smaller || grid->spacing[axis] < side * (1 - 1e-9);
    }
    return grid->sampling == PVR_SAMPLE_LINEAR && (smaller || grid->level >= octree->root_level);
}

int pvr_covering_linear_level(const struct pvr_octree *octree,
                              const struct pvr_covering_grid *grid) {
    if (grid->level >= octree->root_level) {
        return grid->level;
    }
    int level = octree->root_level;
    for (int axis = 0; axis < octree->ndim; axis++) {
        double side = octree->size[axis] / octree->root_dims[axis];
        while (level < octree->max_level &&
               ldexp(side, octree->root_level - level) > grid->spacing[axis] * (1 + 1e-9)) {
            level++;
        }
    }
    return level;
}

/* ---- a tile, from level to level */

/* Values on a part of a level's grid, one component after the other in a tuple. */
struct part {
    int64_t lo[3], hi[3];
    double *value;
};

struct interpolating {
    const struct pvr_covering *covering;
    struct part *part;
    int level;
    uint64_t tree;
};

static uint64_t cells_of(const struct part *part) {
    return (uint64_t)(part->hi[0] - part->lo[0]) * (uint64_t)(part->hi[1] - part->lo[1]) *
           (uint64_t)(part->hi[2] - part->lo[2]);
}

static inline uint64_t place(const struct part *part, int64_t x, int64_t y, int64_t z) {
    return (uint64_t)(x - part->lo[0]) +
           (uint64_t)(part->hi[0] - part->lo[0]) *
               ((uint64_t)(y - part->lo[1]) +
                (uint64_t)(part->hi[1] - part->lo[1]) * (uint64_t)(z - part->lo[2]));
}

static int64_t cells_along(const struct pvr_octree *octree, int axis, int level) {
    return axis < octree->ndim ? (int64_t)octree->root_dims[axis] << (level - octree->root_level)
                               : 1;
}

/* Does a cell of `level` touch the part on interpolating->level? */
static bool touches(const struct interpolating *interpolating, int level, const uint32_t at[3]) {
    int shift = interpolating->level - level;
    for (int axis = 0; axis < interpolating->covering->octree->ndim; axis++) {
        int64_t lo = (int64_t)at[axis] << shift, hi = ((int64_t)at[axis] + 1) << shift;
        if (lo >= interpolating->part->hi[axis] || hi <= interpolating->part->lo[axis]) {
            return false;
        }
    }
    return true;
}

static void set_cell(const struct interpolating *interpolating, const uint32_t at[3],
                     uint64_t index) {
    const int n = interpolating->covering->source->ncomponents;
    uint64_t to = place(interpolating->part, at[0], at[1], at[2]);
    memcpy(interpolating->part->value + to * (uint64_t)n,
           interpolating->covering->restricted + index * (uint64_t)n, (size_t)n * sizeof(double));
}

/* Sets the cells that the mesh has on interpolating->level. */
static void set_cells(const struct interpolating *interpolating, int level, uint64_t oct,
                      const uint32_t oct_at[3]) {
    const struct pvr_octree *octree = interpolating->covering->octree;
    const struct pvr_octree_level *here = &octree->level[level];
    uint64_t index = pvr_first_cell(octree, level, interpolating->tree, oct);
    uint64_t child = here->refined[oct] != 0 ? pvr_rank(here, oct, 0) : 0;
    for (unsigned c = 0; c < (unsigned)octree->cells_per_oct; c++) {
        const uint32_t at[3] = {2 * oct_at[0] + (c & 1), 2 * oct_at[1] + (c >> 1 & 1),
                                2 * oct_at[2] + (c >> 2 & 1)};
        bool refined = pvr_is_refined(here, oct, c);
        if (touches(interpolating, level, at)) {
            if (level == interpolating->level) {
                set_cell(interpolating, at, index + c);
            } else if (refined) {
                set_cells(interpolating, level + 1, child, at);
            }
        }
        child += refined;
    }
}

static void set_tree(void *context, uint64_t tree, const uint32_t at[3]) {
    struct interpolating *interpolating = context;
    const struct pvr_octree *octree = interpolating->covering->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    interpolating->tree = tree;
    if (!touches(interpolating, octree->root_level, at)) {
        return;
    }
    if (interpolating->level == octree->root_level) {
        set_cell(interpolating, at, roots->tree_cell[tree]);
    } else if (pvr_is_refined(roots, tree >> 3, tree & 7)) {
        set_cells(interpolating, octree->root_level + 1, pvr_rank(roots, tree >> 3, tree & 7), at);
    }
}

/* Weighs up to 8 cells around a place; what is outside does not count, and the first must not be.
 */
static double weigh(const struct part *part, int n, int component, const int64_t near[2][3],
                    const double weight[2][3], int ndim) {
    double sum = 0, total = 0;
    for (int corner = 0; corner < 1 << ndim; corner++) {
        double of_corner = 1;
        int64_t at[3] = {near[0][0], near[0][1], near[0][2]};
        for (int axis = 0; axis < ndim; axis++) {
            at[axis] = near[corner >> axis & 1][axis];
            of_corner *= weight[corner >> axis & 1][axis];
        }
        double value =
            part->value[place(part, at[0], at[1], at[2]) * (uint64_t)n + (uint64_t)component];
        if (isnan(value)) {
            if (corner == 0) {
                return (double)NAN;
            }
        } else {
            sum += of_corner * value;
            total += of_corner;
        }
    }
    return sum / total;
}

static int64_t clamp(int64_t value, int64_t last) {
    return value < 0 ? 0 : value > last ? last : value;
}

/* Interpolates all of `fine`, on the level below that of `coarse`. */
static void refine(const struct pvr_octree *octree, const struct part *coarse, int coarse_level,
                   int n, struct part *fine) {
    double *to = fine->value;
    for (int64_t z = fine->lo[2]; z < fine->hi[2]; z++) {
        for (int64_t y = fine->lo[1]; y < fine->hi[1]; y++) {
            for (int64_t x = fine->lo[0]; x < fine->hi[0]; x++) {
                const int64_t at[3] = {x, y, z};
                int64_t near[2][3] = {{0, 0, 0}, {0, 0, 0}};
                double weight[2][3];
                for (int axis = 0; axis < octree->ndim; axis++) {
                    int64_t last = cells_along(octree, axis, coarse_level) - 1;
                    near[0][axis] = at[axis] >> 1;
                    near[1][axis] = clamp(near[0][axis] + (at[axis] & 1 ? 1 : -1), last);
                    weight[0][axis] = 0.75;
                    weight[1][axis] = 0.25;
                }
                for (int c = 0; c < n; c++) {
                    *to++ = weigh(coarse, n, c, (const int64_t(*)[3])near,
                                  (const double(*)[3])weight, octree->ndim);
                }
            }
        }
    }
}

/* The part of the level's grid that the tile needs: its own cells, or those around the centres of
 * its cells. */
static struct part needed(const struct pvr_covering *covering, const struct pvr_tile *tile) {
    const struct pvr_octree *octree = covering->octree;
    const struct pvr_covering_grid *grid = covering->grid;
    struct part part = {{0, 0, 0}, {1, 1, 1}, NULL};
    for (int axis = 0; axis < octree->ndim; axis++) {
        int64_t end = cells_along(octree, axis, covering->level);
        if (covering->aligned) {
            part.lo[axis] = grid->first[axis] + tile->lo[axis];
            part.hi[axis] = grid->first[axis] + tile->hi[axis];
        } else {
            double step = octree->size[axis] / (double)end;
            double from = grid->origin[axis] - octree->origin[axis];
            part.lo[axis] = clamp(
                (int64_t)floor((from + grid->spacing[axis] * (double)tile->lo[axis]) / step) - 1,
                end - 1);
            part.hi[axis] = clamp(
                (int64_t)ceil((from + grid->spacing[axis] * (double)tile->hi[axis]) / step) + 1,
                end);
        }
    }
    return part;
}

/* Puts the values of the level's grid in the tile. */
static void put_tile(const struct pvr_covering *covering, const struct pvr_tile *tile,
                     const struct part *part) {
    const struct pvr_octree *octree = covering->octree;
    const struct pvr_covering_grid *grid = covering->grid;
    const int n = covering->source->ncomponents;
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++) {
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++) {
            for (int64_t x = tile->lo[0]; x < tile->hi[0]; x++) {
                const int64_t at[3] = {x, y, z};
                int64_t near[2][3] = {{0, 0, 0}, {0, 0, 0}};
                double weight[2][3] = {{1, 1, 1}, {0, 0, 0}};
                for (int axis = 0; axis < octree->ndim; axis++) {
                    if (covering->aligned) {
                        near[0][axis] = near[1][axis] = grid->first[axis] + at[axis];
                        continue;
                    }
                    int64_t end = cells_along(octree, axis, covering->level);
                    double place = (grid->origin[axis] - octree->origin[axis] +
                                    grid->spacing[axis] * ((double)at[axis] + 0.5)) /
                                   octree->size[axis] * (double)end;
                    near[0][axis] = clamp((int64_t)floor(place), end - 1);
                    double beyond = place - ((double)near[0][axis] + 0.5); /* -1/2 .. 1/2 */
                    near[1][axis] = clamp(near[0][axis] + (beyond > 0 ? 1 : -1), end - 1);
                    weight[1][axis] = fabs(beyond);
                    weight[0][axis] = 1 - fabs(beyond);
                }
                uint64_t to =
                    (uint64_t)x + grid->dims[0] * ((uint64_t)y + grid->dims[1] * (uint64_t)z);
                for (int c = 0; c < n; c++) {
                    pvr_put_real(covering->result, to, c,
                                 weigh(part, n, c, (const int64_t(*)[3])near,
                                       (const double(*)[3])weight, octree->ndim));
                }
            }
        }
    }
}

enum pvr_status pvr_covering_interpolate(const struct pvr_covering *covering,
                                         const struct pvr_tile *tile, struct pvr_worker *worker,
                                         struct pvr_error *error) {
    const struct pvr_octree *octree = covering->octree;
    const int n = covering->source->ncomponents, root = octree->root_level;
    struct part part[2 * PVR_MAX_LEVELS];
    const int levels = covering->level - root + 1;
    uint64_t cells = 0;
    part[levels - 1] = needed(covering, tile);
    for (int i = levels - 1; i >= 0; i--) {
        for (int axis = 0; i < levels - 1 && axis < 3; axis++) {
            int64_t end = cells_along(octree, axis, root + i);
            bool has = axis < octree->ndim;
            part[i].lo[axis] = has ? clamp((part[i + 1].lo[axis] >> 1) - 1, end - 1) : 0;
            part[i].hi[axis] = has ? clamp(((part[i + 1].hi[axis] - 1) >> 1) + 2, end) : 1;
        }
        cells += cells_of(&part[i]);
    }
    double *buffer = pvr_worker_buffer(worker, (size_t)cells * (size_t)n * sizeof *buffer);
    if (buffer == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a tile of the grid");
    }
    for (int i = 0; i < levels; i++) {
        part[i].value = buffer;
        buffer += cells_of(&part[i]) * (uint64_t)n;
        if (i > 0) {
            refine(octree, &part[i - 1], root + i - 1, n, &part[i]);
        }
        struct interpolating interpolating = {covering, &part[i], root + i, 0};
        int64_t low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
        for (int axis = 0; axis < octree->ndim; axis++) {
            low[axis] = part[i].lo[axis] >> i;
            high[axis] = (part[i].hi[axis] - 1) >> i;
        }
        pvr_each_tree(octree, low, high, set_tree, &interpolating);
    }
    put_tile(covering, tile, &part[levels - 1]);
    return PVR_OK;
}
