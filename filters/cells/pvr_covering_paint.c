/* pvr_covering_paint.c - covering grids on which each leaf paints whole cells. */
#include "pvr_covering_private.h"

#include <math.h>
#include <string.h>

struct painting {
    const struct pvr_covering *covering;
    const struct pvr_tile *tile;
    bool nearest;
    size_t tuple; /* bytes */
    uint64_t tree;
};

/* Cells of the grid whose centres lie below the lower border of cell `at` of `level`. The same
 * border gives the same number on any level. */
static int64_t centres_below(const struct painting *painting, int axis, int level, int64_t at) {
    const struct pvr_octree *octree = painting->covering->octree;
    const struct pvr_covering_grid *grid = painting->covering->grid;
    double n = ldexp(octree->root_dims[axis], level - octree->root_level);
    double border = octree->origin[axis] + octree->size[axis] * (double)at / n;
    double below = ceil((border - grid->origin[axis]) / grid->spacing[axis] - 0.5);
    return (int64_t)fmin(fmax(below, 0), grid->dims[axis]);
}

/* The cells of the tile that a cell of `level` covers; false if there are none. */
static bool find_box(const struct painting *painting, int level, const uint32_t at[3],
                     struct pvr_tile *box) {
    const struct pvr_covering *covering = painting->covering;
    const struct pvr_tile *tile = painting->tile;
    int shift = covering->grid->level - level;
    for (int axis = 0; axis < 3; axis++) {
        int64_t lo = 0, hi = 1;
        if (axis >= covering->octree->ndim) {
        } else if (painting->nearest) {
            lo = centres_below(painting, axis, level, at[axis]);
            hi = centres_below(painting, axis, level, (int64_t)at[axis] + 1);
        } else {
            lo = ((int64_t)at[axis] << shift) - covering->grid->first[axis];
            hi = lo + ((int64_t)1 << shift);
        }
        box->lo[axis] = lo > tile->lo[axis] ? lo : tile->lo[axis];
        box->hi[axis] = hi < tile->hi[axis] ? hi : tile->hi[axis];
        if (box->lo[axis] >= box->hi[axis]) {
            return false;
        }
    }
    return true;
}

/* Rows of a box are mostly one, two or four cells long: for these the loop is written out. */
#define FILL_ROW(type, to, word, count)                                                            \
    do {                                                                                           \
        type *row = (type *)(void *)(to);                                                          \
        if ((count) == 1) {                                                                        \
            row[0] = (word);                                                                       \
        } else if ((count) == 2) {                                                                 \
            row[0] = row[1] = (word);                                                              \
        } else if ((count) == 4) {                                                                 \
            row[0] = row[1] = row[2] = row[3] = (word);                                            \
        } else {                                                                                   \
            for (int64_t x = 0; x < (count); x++) {                                                \
                row[x] = (word);                                                                   \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* Fills a box with one tuple. */
static void fill_box(const struct painting *painting, const struct pvr_tile *box,
                     const void *value) {
    const struct pvr_covering_grid *grid = painting->covering->grid;
    const size_t tuple = painting->tuple;
    const int64_t count = box->hi[0] - box->lo[0];
    const size_t row_bytes = grid->dims[0] * tuple;
    uint8_t *data = painting->covering->result->data;
    uint32_t word = 0;
    uint64_t twice = 0;
    memcpy(&word, value, tuple == 4 ? 4 : 0);
    memcpy(&twice, value, tuple == 8 ? 8 : 0);
    for (int64_t z = box->lo[2]; z < box->hi[2]; z++) {
        uint8_t *to = data + pvr_grid_place(grid, box->lo[0], box->lo[1], z) * tuple;
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++, to += row_bytes) {
            if (tuple == 4) {
                FILL_ROW(uint32_t, to, word, count);
            } else if (tuple == 8) {
                FILL_ROW(uint64_t, to, twice, count);
            } else {
                for (int64_t x = 0; x < count; x++) {
                    memcpy(to + (size_t)x * tuple, value, tuple);
                }
            }
        }
    }
}

/* Notes what the mesh has in the cells of a box, if that is wanted. */
static void note_share(const struct painting *painting, const struct pvr_tile *box, double volume,
                       double mass) {
    const struct pvr_covering_grid *grid = painting->covering->grid;
    double *share = painting->covering->share;
    for (int64_t z = box->lo[2]; share != NULL && z < box->hi[2]; z++) {
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++) {
            double *to = share + 2 * pvr_grid_place(grid, box->lo[0], y, z);
            for (int64_t x = box->lo[0]; x < box->hi[0]; x++, to += 2) {
                to[0] = volume;
                to[1] = mass;
            }
        }
    }
}

/* Fills a box with nothing. */
static void fill_nothing(const struct painting *painting, const struct pvr_tile *box) {
    const struct pvr_array *result = painting->covering->result;
    union {
        float single[PVR_COVERING_COMPONENTS];
        double twice[PVR_COVERING_COMPONENTS];
    } nothing;
    memset(&nothing, 0, sizeof nothing);
    for (int c = 0; c < result->ncomponents; c++) {
        if (result->type == PVR_FLOAT32) {
            nothing.single[c] = NAN;
        } else if (result->type == PVR_FLOAT64) {
            nothing.twice[c] = NAN;
        }
    }
    fill_box(painting, box, &nothing);
    note_share(painting, box, 0, 0);
}

static void paint_oct(const struct painting *painting, int level, uint64_t oct,
                      const uint32_t oct_at[3]);

/* Paints a cell; `child`: its oct if it is refined. */
static void paint_cell(const struct painting *painting, int level, const uint32_t at[3],
                       uint64_t index, bool refined, bool outside, uint64_t child) {
    const struct pvr_covering *covering = painting->covering;
    const void *value = (const uint8_t *)covering->source->data + index * painting->tuple;
    struct pvr_tile box;
    if (!find_box(painting, level, at, &box)) {
        return;
    }
    bool deepest = !painting->nearest && level == covering->grid->level;
    if (refined && !deepest) {
        paint_oct(painting, level + 1, child, at);
    } else if (refined && pvr_is_real(covering->source)) {
        const uint64_t place_at = pvr_grid_place(covering->grid, box.lo[0], box.lo[1], box.lo[2]);
        double share[2];
        pvr_covering_mean(covering, painting->tree, level + 1, child, place_at, share);
        note_share(painting, &box, share[0], share[1]);
    } else if (outside) {
        fill_nothing(painting, &box);
    } else {
        fill_box(painting, &box, value);
        note_share(painting, &box, 1,
                   covering->weight != NULL ? pvr_value(covering->weight, index, 0) : 0);
    }
}

static void paint_oct(const struct painting *painting, int level, uint64_t oct,
                      const uint32_t oct_at[3]) {
    const struct pvr_octree *octree = painting->covering->octree;
    const struct pvr_octree_level *here = &octree->level[level];
    uint64_t index = pvr_first_cell(octree, level, painting->tree, oct);
    uint64_t child = here->refined[oct] != 0 ? pvr_rank(here, oct, 0) : 0;
    for (unsigned c = 0; c < (unsigned)octree->cells_per_oct; c++) {
        const uint32_t at[3] = {2 * oct_at[0] + (c & 1), 2 * oct_at[1] + (c >> 1 & 1),
                                2 * oct_at[2] + (c >> 2 & 1)};
        bool refined = pvr_is_refined(here, oct, c);
        paint_cell(painting, level, at, index + c, refined, pvr_is_outside(here, oct, c), child);
        child += refined;
    }
}

static void paint_tree(void *context, uint64_t tree, const uint32_t at[3]) {
    struct painting *painting = context;
    const struct pvr_octree *octree = painting->covering->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    bool refined = pvr_is_refined(roots, tree >> 3, tree & 7);
    painting->tree = tree;
    paint_cell(painting, octree->root_level, at, roots->tree_cell[tree], refined,
               pvr_is_outside(roots, tree >> 3, tree & 7),
               refined ? pvr_rank(roots, tree >> 3, tree & 7) : 0);
}

void pvr_covering_paint(const struct pvr_covering *covering, const struct pvr_tile *tile,
                        bool nearest) {
    struct painting painting = {.covering = covering,
                                .tile = tile,
                                .nearest = nearest,
                                .tuple = (size_t)covering->source->ncomponents *
                                         pvr_type_bytes(covering->source->type)};
    int64_t low[3], high[3];
    pvr_tile_trees(covering, tile, low, high);
    pvr_each_tree(covering->octree, low, high, paint_tree, &painting);
}
