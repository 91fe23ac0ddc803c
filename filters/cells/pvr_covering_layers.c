/* pvr_covering_layers.c - covering grids whose cells are those of a level.
 *
 * Most of such a grid are copies of coarse cells. They are painted on two layers of cells of the
 * next coarser level, which stay in the cache, and from there each row of the grid is written once,
 * to four rows of two planes, in the order of memory. What the mesh has of the grid's own level,
 * and the means of what is finer, follows.
 */
#include "pvr_covering_private.h"

#include <math.h>
#include <string.h>

enum {
    BAND = 64, /* rows that are filled at once */
    MOST_CELLS = 2 * (PVR_PLATE / 2) * (BAND / 2)
};

/* An oct of the grid's level. */
struct listed {
    uint64_t oct, tree;
    uint32_t x, y, z; /* of its place in the layers */
};

/* Some rows of two layers of cells of the next coarser level. */
struct layers {
    const struct pvr_covering *covering;
    const struct pvr_tile *tile; /* cells of the grid */
    size_t tuple;                /* bytes */
    int level;                   /* of the layers' cells */
    int64_t low[3], high[3];     /* of them, in the whole mesh */
    size_t row, plane;
    void *cell;
    struct listed *list;
    size_t nlisted;
    uint64_t tree;
    const void *nothing; /* the tuple of what is outside */
};

/* A value, or a vector, of each size that is made ready for: `code` with that `type`. */
struct three_words {
    uint32_t word[3];
};
struct three_twice {
    uint64_t twice[3];
};
#define FOR_TUPLE(bytes, code)                                                                     \
    switch (bytes) {                                                                               \
    case sizeof(uint8_t):                                                                          \
        code(uint8_t);                                                                             \
        break;                                                                                     \
    case sizeof(uint32_t):                                                                         \
        code(uint32_t);                                                                            \
        break;                                                                                     \
    case sizeof(uint64_t):                                                                         \
        code(uint64_t);                                                                            \
        break;                                                                                     \
    case sizeof(struct three_words):                                                               \
        code(struct three_words);                                                                  \
        break;                                                                                     \
    case sizeof(struct three_twice):                                                               \
        code(struct three_twice);                                                                  \
        break;                                                                                     \
    }
enum { MOST_TUPLE = sizeof(struct three_twice) };

static bool is_ready_for(size_t tuple) {
    bool ready = false;
#define NOTE(type) ready = true
    FOR_TUPLE(tuple, NOTE)
#undef NOTE
    return ready;
}

#define SET_ROW(type)                                                                              \
    do {                                                                                           \
        type *to = (type *)row + first;                                                            \
        for (size_t i = 0; i < count; i++) {                                                       \
            to[i] = *(const type *)value;                                                          \
        }                                                                                          \
    } while (0)

static void set_row(size_t tuple, void *row, size_t first, size_t count, const void *value) {
    FOR_TUPLE(tuple, SET_ROW)
}

static void list_oct(struct layers *layers, uint64_t oct, int64_t x, int64_t y, int64_t z) {
    layers->list[layers->nlisted++] = (struct listed){.oct = oct,
                                                      .tree = layers->tree,
                                                      .x = (uint32_t)(x - layers->low[0]),
                                                      .y = (uint32_t)(y - layers->low[1]),
                                                      .z = (uint32_t)(z - layers->low[2])};
}

static size_t place_in(const struct layers *layers, int64_t x, int64_t y, int64_t z) {
    return (size_t)(x - layers->low[0]) + layers->row * (size_t)(y - layers->low[1]) +
           layers->plane * (size_t)(z - layers->low[2]);
}

static void paint_oct(struct layers *layers, int level, uint64_t oct, const uint32_t oct_at[3]);

/* Paints a cell; `child`: its oct if it is refined. */
static void paint_cell(struct layers *layers, int level, const uint32_t at[3], uint64_t index,
                       bool refined, bool outside, uint64_t child) {
    const int shift = layers->level - level;
    int64_t low[3], high[3];
    for (int axis = 0; axis < 3; axis++) {
        low[axis] = (int64_t)at[axis] << shift;
        high[axis] = low[axis] + ((int64_t)1 << shift);
        low[axis] = low[axis] > layers->low[axis] ? low[axis] : layers->low[axis];
        high[axis] = high[axis] < layers->high[axis] ? high[axis] : layers->high[axis];
        if (low[axis] >= high[axis]) {
            return;
        }
    }
    if (refined && shift == 0) {
        list_oct(layers, child, low[0], low[1], low[2]);
        return;
    }
    if (refined) {
        paint_oct(layers, level + 1, child, at);
        return;
    }
    const void *value = (const uint8_t *)layers->covering->source->data + index * layers->tuple;
    for (int64_t z = low[2]; z < high[2]; z++) {
        for (int64_t y = low[1]; y < high[1]; y++) {
            set_row(layers->tuple, layers->cell, place_in(layers, low[0], y, z),
                    (size_t)(high[0] - low[0]), outside ? layers->nothing : value);
        }
    }
}

/* Fills a square of the layers; most are small. */
#define FILL_SQUARE(type, corner, word)                                                            \
    do {                                                                                           \
        type *to = (corner);                                                                       \
        if (size == 1) {                                                                           \
            to[0] = (word);                                                                        \
        } else if (size == 2) {                                                                    \
            to[0] = to[1] = to[row] = to[row + 1] = (word);                                        \
        } else {                                                                                   \
            for (size_t y_ = 0; y_ < size; y_++, to += row) {                                      \
                for (size_t x_ = 0; x_ < size; x_ += 4) {                                          \
                    to[x_] = to[x_ + 1] = to[x_ + 2] = to[x_ + 3] = (word);                        \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* Cells `first` to `end` of an oct, `size` cells of the layers wide: in both layers where this is
 * 1, and the half that the layers cut, where it is more. */
#define PAINT_LEAVES(type)                                                                         \
    do {                                                                                           \
        const type *value = (const type *)layers->covering->source->data + index;                  \
        type *corner = (type *)layers->cell + place;                                               \
        for (unsigned c = first; c < end; c++) {                                                   \
            if ((omit >> c & 1) == 0) {                                                            \
                type *square = corner + ((c & 1) + (c >> 1 & 1) * row) * size;                     \
                if (size == 1) {                                                                   \
                    square[c >> 2 == 1 ? layers->plane : 0] = value[c];                            \
                } else {                                                                           \
                    FILL_SQUARE(type, square, value[c]);                                           \
                    FILL_SQUARE(type, square + layers->plane, value[c]);                           \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* Paints the leaves of an oct without looking at each of them, if it lies in the layers, or goes
 * through both. */
static bool paint_leaves(struct layers *layers, const int64_t low[3], size_t size, unsigned first,
                         unsigned end, uint64_t index, unsigned omit) {
    const size_t row = layers->row;
    const int64_t side = 2 * (int64_t)size;
    if (low[0] < layers->low[0] || low[0] + side > layers->high[0] || low[1] < layers->low[1] ||
        low[1] + side > layers->high[1] || layers->high[2] - layers->low[2] != 2) {
        return false;
    }
    const size_t place = place_in(layers, low[0], low[1], layers->low[2]);
    FOR_TUPLE(layers->tuple, PAINT_LEAVES)
    return true;
}

static void paint_oct(struct layers *layers, int level, uint64_t oct, const uint32_t oct_at[3]) {
    const struct pvr_octree *octree = layers->covering->octree;
    const struct pvr_octree_level *here = &octree->level[level];
    const int shift = layers->level - level;
    const uint64_t index = pvr_first_cell(octree, level, layers->tree, oct);
    const unsigned omit = pvr_no_leaves(here, oct);
    /* layers begin at an even one: of larger cells, they go through one half of the oct */
    const unsigned half = shift > 0 ? (unsigned)(layers->low[2] >> shift) & 1 : 0;
    const unsigned first = 4 * half, end = shift > 0 ? first + 4 : 8;
    const int64_t low[3] = {(int64_t)oct_at[0] << (shift + 1), (int64_t)oct_at[1] << (shift + 1)};
    const bool done = paint_leaves(layers, low, (size_t)1 << shift, first, end, index, omit);
    if (done && (omit >> first & (end - first == 8 ? 255 : 15)) == 0) {
        return;
    }
    uint64_t child = here->refined[oct] != 0 ? pvr_rank(here, oct, first) : 0;
    for (unsigned c = first; c < end; c++) {
        const bool refined = pvr_is_refined(here, oct, c);
        if (!done || (omit >> c & 1) != 0) {
            const uint32_t at[3] = {2 * oct_at[0] + (c & 1), 2 * oct_at[1] + (c >> 1 & 1),
                                    2 * oct_at[2] + (c >> 2)};
            if (refined && done && shift == 0) {
                list_oct(layers, child, at[0], at[1], at[2]);
            } else if (refined && done) {
                paint_oct(layers, level + 1, child, at);
            } else {
                paint_cell(layers, level, at, index + c, refined, pvr_is_outside(here, oct, c),
                           child);
            }
        }
        child += refined;
    }
}

static void paint_tree(void *context, uint64_t tree, const uint32_t at[3]) {
    struct layers *layers = context;
    const struct pvr_octree *octree = layers->covering->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    const bool refined = pvr_is_refined(roots, tree >> 3, tree & 7);
    layers->tree = tree;
    paint_cell(layers, octree->root_level, at, roots->tree_cell[tree], refined,
               pvr_is_outside(roots, tree >> 3, tree & 7),
               refined ? pvr_rank(roots, tree >> 3, tree & 7) : 0);
}

/* Writes each cell of a row twice; `skip` 1: the first of them once. */
#define SPREAD_ROW(type)                                                                           \
    do {                                                                                           \
        const type *restrict from = (const type *)row;                                             \
        type *restrict out = (type *)to;                                                           \
        if (skip == 1 && count > 0) {                                                              \
            *out++ = *from++;                                                                      \
            count--;                                                                               \
        }                                                                                          \
        for (size_t i = 0; i < count / 2; i++) {                                                   \
            out[2 * i] = out[2 * i + 1] = from[i];                                                 \
        }                                                                                          \
        if (count % 2 == 1) {                                                                      \
            out[count - 1] = from[count / 2];                                                      \
        }                                                                                          \
    } while (0)

static void spread_row(size_t tuple, const void *row, void *to, size_t count, size_t skip) {
    FOR_TUPLE(tuple, SPREAD_ROW)
}

/* Copies a row of the layers to the rows from y to end_y, of the planes from z to end_z. */
static void spread_to(const struct layers *layers, const void *row, int64_t y, int64_t end_y,
                      int64_t z, int64_t end_z) {
    const struct pvr_covering_grid *grid = layers->covering->grid;
    const struct pvr_tile *tile = layers->tile;
    const size_t tuple = layers->tuple, count = (size_t)(tile->hi[0] - tile->lo[0]);
    uint8_t *data = layers->covering->result->data;
    uint8_t *first = data + pvr_grid_place(grid, tile->lo[0], y, z) * tuple;
    spread_row(tuple, row, first, count, (size_t)(grid->first[0] + tile->lo[0]) & 1);
    for (int64_t k = z; k < end_z; k++) {
        for (int64_t j = y; j < end_y; j++) {
            if (j > y || k > z) {
                memcpy(data + pvr_grid_place(grid, tile->lo[0], j, k) * tuple, first,
                       count * tuple);
            }
        }
    }
}

/* Copies the layers to the grid. */
static void spread(const struct layers *layers) {
    const int64_t *first = layers->covering->grid->first;
    const struct pvr_tile *tile = layers->tile;
    int64_t end[3];
    for (int64_t z = tile->lo[2]; z < tile->hi[2]; z = end[2]) {
        end[2] = (((first[2] + z) | 1) + 1) - first[2];
        end[2] = end[2] < tile->hi[2] ? end[2] : tile->hi[2];
        for (int64_t y = tile->lo[1]; y < tile->hi[1]; y = end[1]) {
            end[1] = (((first[1] + y) | 1) + 1) - first[1];
            end[1] = end[1] < tile->hi[1] ? end[1] : tile->hi[1];
            const size_t from =
                place_in(layers, layers->low[0], (first[1] + y) >> 1, (first[2] + z) >> 1);
            spread_to(layers, (const uint8_t *)layers->cell + from * layers->tuple, y, end[1], z,
                      end[2]);
        }
    }
}

/* A cell of the grid's own level. */
static void put_cell(const struct layers *layers, const struct listed *listed, unsigned cell,
                     int64_t x, int64_t y, int64_t z, uint64_t child) {
    const struct pvr_covering *covering = layers->covering;
    const int level = layers->level + 1;
    const struct pvr_octree_level *here = &covering->octree->level[level];
    const uint64_t at = pvr_grid_place(covering->grid, x, y, z);
    const uint64_t index = pvr_first_cell(covering->octree, level, listed->tree, listed->oct);
    uint8_t *to = (uint8_t *)covering->result->data + at * layers->tuple;
    if (pvr_is_outside(here, listed->oct, cell)) {
        memcpy(to, layers->nothing, layers->tuple);
    } else if (pvr_is_refined(here, listed->oct, cell) && pvr_is_real(covering->source)) {
        double share[2];
        pvr_covering_mean(covering, listed->tree, level + 1, child, at, share);
    } else {
        const uint8_t *data = covering->source->data;
        memcpy(to, data + (index + cell) * layers->tuple, layers->tuple);
    }
}

/* Puts the cells of an oct of the grid's level in their places. */
static void put_oct(const struct layers *layers, const struct listed *listed) {
    const struct pvr_covering *covering = layers->covering;
    const struct pvr_tile *tile = layers->tile;
    const struct pvr_octree_level *here = &covering->octree->level[layers->level + 1];
    const int64_t corner[3] = {layers->low[0] + listed->x, layers->low[1] + listed->y,
                               layers->low[2] + listed->z};
    uint64_t child = here->refined[listed->oct] != 0 ? pvr_rank(here, listed->oct, 0) : 0;
    for (unsigned c = 0; c < 8; c++) {
        int64_t at[3];
        bool in = true;
        for (int axis = 0; axis < 3; axis++) {
            at[axis] = 2 * corner[axis] + (c >> axis & 1) - covering->grid->first[axis];
            in = in && at[axis] >= tile->lo[axis] && at[axis] < tile->hi[axis];
        }
        if (in) {
            put_cell(layers, listed, c, at[0], at[1], at[2], child);
        }
        child += pvr_is_refined(here, listed->oct, c);
    }
}

/* Fills some rows of four planes. */
static void fill_band(struct layers *layers) {
    const struct pvr_covering_grid *grid = layers->covering->grid;
    for (int axis = 0; axis < 3; axis++) {
        layers->low[axis] = (grid->first[axis] + layers->tile->lo[axis]) >> 1;
        layers->high[axis] = ((grid->first[axis] + layers->tile->hi[axis] - 1) >> 1) + 1;
    }
    layers->row = (size_t)(layers->high[0] - layers->low[0]);
    layers->plane = layers->row * (size_t)(layers->high[1] - layers->low[1]);
    layers->nlisted = 0;
    int64_t low[3], high[3];
    pvr_tile_trees(layers->covering, layers->tile, low, high);
    pvr_each_tree(layers->covering->octree, low, high, paint_tree, layers);
    spread(layers);
    for (size_t i = 0; i < layers->nlisted; i++) {
        put_oct(layers, &layers->list[i]);
    }
}

bool pvr_covering_has_layers(const struct pvr_covering *covering) {
    const size_t tuple =
        (size_t)covering->source->ncomponents * pvr_type_bytes(covering->source->type);
    return covering->aligned && covering->grid->sampling != PVR_SAMPLE_NEAREST &&
           (covering->grid->sampling == PVR_SAMPLE_MEAN || !pvr_is_real(covering->source)) &&
           covering->grid->level > covering->octree->root_level && covering->octree->ndim == 3 &&
           covering->share == NULL && is_ready_for(tuple);
}

enum pvr_status pvr_covering_layers(const struct pvr_covering *covering,
                                    const struct pvr_tile *tile, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    char *memory = pvr_worker_buffer(worker, MOST_CELLS * (MOST_TUPLE + sizeof(struct listed)));
    if (memory == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the layers of a grid");
    }
    static const float no_words[] = {NAN, NAN, NAN, NAN, NAN, NAN}; /* MOST_TUPLE bytes */
    static const double no_twice[] = {NAN, NAN, NAN};
    static const uint64_t zeros[MOST_TUPLE / sizeof(uint64_t)] = {0};
    const enum pvr_type type = covering->source->type;
    struct pvr_tile band = *tile;
    struct layers layers = {
        .covering = covering,
        .tile = &band,
        .tuple = (size_t)covering->source->ncomponents * pvr_type_bytes(covering->source->type),
        .level = covering->grid->level - 1,
        .nothing = type == PVR_FLOAT32   ? (const void *)no_words
                   : type == PVR_FLOAT64 ? (const void *)no_twice
                                         : (const void *)zeros,
        .cell = memory,
        .list = (struct listed *)(void *)(memory + (size_t)MOST_CELLS * MOST_TUPLE)};
    for (int64_t y = tile->lo[1]; y < tile->hi[1]; y = band.hi[1]) {
        const int64_t end = y + BAND - ((covering->grid->first[1] + y) & 1);
        band.lo[1] = y;
        band.hi[1] = end < tile->hi[1] ? end : tile->hi[1];
        fill_band(&layers);
    }
    return PVR_OK;
}
