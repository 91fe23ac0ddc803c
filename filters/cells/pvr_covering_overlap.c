/* pvr_covering_overlap.c - covering grids whose cells share parts of leaves: means by the exact
 * volume that a leaf and a cell of the grid have in common. */
#include "pvr_covering_private.h"

#include <math.h>
#include <string.h>

struct overlapping {
    const struct pvr_covering *covering;
    const struct pvr_tile *tile;
    uint64_t tree;
    /* Of a cell of the tile: volume, mass, then the sums of the components by volume and by mass.
     */
    double *sums;
    size_t nsums;
};

/* Cells of the tile that a cell of `level` overlaps along an axis, and the borders of the cell in
 * cells of the grid. */
struct span {
    int64_t lo, hi;
    double from, to;
};

/* A border in cells of the grid; one that is theirs but for rounding is that, so that what begins
 * beyond it gets nothing. */
static inline double border(double place) {
    const double whole = rint(place);
    return fabs(place - whole) < 1e-10 ? whole : place;
}

static bool find_spans(const struct overlapping *overlapping, int level, const uint32_t at[3],
                       struct span span[3]) {
    const struct pvr_octree *octree = overlapping->covering->octree;
    const struct pvr_covering_grid *grid = overlapping->covering->grid;
    for (int axis = 0; axis < 3; axis++) {
        if (axis >= octree->ndim) {
            span[axis] = (struct span){0, 1, 0, 1};
            continue;
        }
        double n = ldexp(octree->root_dims[axis], level - octree->root_level);
        double low = octree->origin[axis] + octree->size[axis] * at[axis] / n;
        double high = octree->origin[axis] + octree->size[axis] * (at[axis] + 1.0) / n;
        struct span *here = &span[axis];
        here->from = fmax(border((low - grid->origin[axis]) / grid->spacing[axis]),
                          (double)overlapping->tile->lo[axis]);
        here->to = fmin(border((high - grid->origin[axis]) / grid->spacing[axis]),
                        (double)overlapping->tile->hi[axis]);
        if (!(here->from < here->to)) {
            return false;
        }
        here->lo = (int64_t)floor(here->from);
        here->hi = (int64_t)ceil(here->to);
    }
    return true;
}

/* The part of cell `i` of the grid that lies in the span. */
static inline double part_of(const struct span *span, int64_t i) {
    return fmin(span->to, (double)(i + 1)) - fmax(span->from, (double)i);
}

static void add_leaf(const struct overlapping *overlapping, const struct span span[3],
                     uint64_t index) {
    const struct pvr_covering *covering = overlapping->covering;
    const struct pvr_tile *tile = overlapping->tile;
    const int n = covering->source->ncomponents;
    double value[PVR_COVERING_COMPONENTS];
    double weight = covering->weight != NULL ? pvr_value(covering->weight, index, 0) : 0;
    for (int c = 0; c < n; c++) {
        value[c] = pvr_value(covering->source, index, c);
    }
    const uint64_t nx = (uint64_t)(tile->hi[0] - tile->lo[0]);
    const uint64_t ny = (uint64_t)(tile->hi[1] - tile->lo[1]);
    for (int64_t z = span[2].lo; z < span[2].hi; z++) {
        double of_z = part_of(&span[2], z);
        for (int64_t y = span[1].lo; y < span[1].hi; y++) {
            double of_y = of_z * part_of(&span[1], y);
            for (int64_t x = span[0].lo; x < span[0].hi; x++) {
                double volume = of_y * part_of(&span[0], x), mass = volume * weight;
                uint64_t at = (uint64_t)(x - tile->lo[0]) +
                              nx * ((uint64_t)(y - tile->lo[1]) + ny * (uint64_t)(z - tile->lo[2]));
                double *sums = overlapping->sums + at * overlapping->nsums;
                sums[0] += volume;
                sums[1] += mass;
                for (int c = 0; c < n; c++) {
                    sums[2 + c] += volume * value[c];
                    sums[2 + n + c] += mass != 0 ? mass * value[c] : 0;
                }
            }
        }
    }
}

static void add_oct(const struct overlapping *overlapping, int level, uint64_t oct,
                    const uint32_t oct_at[3]) {
    const struct pvr_octree *octree = overlapping->covering->octree;
    const struct pvr_octree_level *here = &octree->level[level];
    uint64_t index = pvr_first_cell(octree, level, overlapping->tree, oct);
    uint64_t child = here->refined[oct] != 0 ? pvr_rank(here, oct, 0) : 0;
    for (unsigned c = 0; c < (unsigned)octree->cells_per_oct; c++) {
        const uint32_t at[3] = {2 * oct_at[0] + (c & 1), 2 * oct_at[1] + (c >> 1 & 1),
                                2 * oct_at[2] + (c >> 2 & 1)};
        bool refined = pvr_is_refined(here, oct, c);
        struct span span[3];
        if (!pvr_is_outside(here, oct, c) && find_spans(overlapping, level, at, span)) {
            if (refined) {
                add_oct(overlapping, level + 1, child, at);
            } else {
                add_leaf(overlapping, span, index + c);
            }
        }
        child += refined;
    }
}

static void add_tree(void *context, uint64_t tree, const uint32_t at[3]) {
    struct overlapping *overlapping = context;
    const struct pvr_octree *octree = overlapping->covering->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    struct span span[3];
    overlapping->tree = tree;
    if (pvr_is_outside(roots, tree >> 3, tree & 7) ||
        !find_spans(overlapping, octree->root_level, at, span)) {
        return;
    }
    if (pvr_is_refined(roots, tree >> 3, tree & 7)) {
        add_oct(overlapping, octree->root_level + 1, pvr_rank(roots, tree >> 3, tree & 7), at);
    } else {
        add_leaf(overlapping, span, roots->tree_cell[tree]);
    }
}

enum pvr_status pvr_covering_overlap(const struct pvr_covering *covering,
                                     const struct pvr_tile *tile, struct pvr_worker *worker,
                                     struct pvr_error *error) {
    const int n = covering->source->ncomponents;
    struct overlapping overlapping = {
        .covering = covering, .tile = tile, .nsums = 2 + 2 * (size_t)n};
    uint64_t ncells = 1;
    for (int axis = 0; axis < 3; axis++) {
        ncells *= (uint64_t)(tile->hi[axis] - tile->lo[axis]);
    }
    size_t bytes = (size_t)ncells * overlapping.nsums * sizeof(double);
    overlapping.sums = pvr_worker_buffer(worker, bytes);
    if (overlapping.sums == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a tile of the grid");
    }
    memset(overlapping.sums, 0, bytes);
    int64_t low[3], high[3];
    pvr_tile_trees(covering, tile, low, high);
    pvr_each_tree(covering->octree, low, high, add_tree, &overlapping);
    const double *sums = overlapping.sums;
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z++) {
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y++) {
            for (int64_t x = tile->lo[0]; x < tile->hi[0]; x++, sums += overlapping.nsums) {
                uint64_t at =
                    (uint64_t)x +
                    covering->grid->dims[0] * ((uint64_t)y + covering->grid->dims[1] * (uint64_t)z);
                if (covering->share != NULL) {
                    memcpy(covering->share + 2 * at, sums, 2 * sizeof *sums);
                }
                for (int c = 0; c < n; c++) {
                    double mean = sums[0] > 0 ? sums[2 + c] / sums[0] : (double)NAN;
                    pvr_put_real(covering->result, at, c,
                                 sums[1] != 0 ? sums[2 + n + c] / sums[1] : mean);
                }
            }
        }
    }
    return PVR_OK;
}
