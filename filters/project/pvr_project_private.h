/* pvr_project_private.h - the engine of projections: blocks, items, tiles (internal).
 *
 * A *block* is a few thousand octs (or cells, or points). Filling one makes *items* of it: what is
 * to be added to the image, with its place and its state (pvr_map_state.h), sorted by the tiles of
 * the image that it touches. All threads fill the blocks of a batch, then all threads take tiles:
 * a tile takes its items of the batch, block after block. So every pixel gets its items in one
 * order, whatever the threads and the size of the batch.
 *
 * Items go to a *grid*: to the pixels, or, along an axis, to the columns of cells of their level
 * where these are larger than pixels; the columns become pixels in the end (pvr_project_columns.c).
 */
#ifndef PVR_PROJECT_PRIVATE_H
#define PVR_PROJECT_PRIVATE_H

#include "pvr_chord.h"
#include "pvr_map_state.h"
#include "pvr_projection.h"

enum {
    PVR_TILES = 32, /* at most, along a side of a grid */
    PVR_TILE_COUNT = PVR_TILES * PVR_TILES,
    PVR_BLOCK_OCTS = 1 << 11, /* of an octree */
    PVR_RUN_OCTS = 32         /* whose values are fetched at once */
};

/* Pixels, or the columns of cells of a level: number first + i along each axis of the image. */
struct pvr_grid {
    int64_t first[2];
    uint32_t count[2]; /* 0: there is no such grid */
    uint32_t tile[2];  /* sides of a tile */
    double *plane;     /* nplanes images of states */
    uint64_t bytes;    /* to be freed; 0 for the pixels, which are the map's */
};

struct pvr_item {
    double at[3];    /* where: as the block's `add` wants it */
    uint32_t number; /* of its kind, or in its block */
    uint8_t tile[4]; /* first and last tile in x, first and last in y */
};

/* A column of values: that of cell c of oct o is data[index * oct_stride + c * cell_stride]. */
struct pvr_column {
    const void *data;
    enum pvr_type type;
    uint64_t oct_stride, cell_stride;
    double coefficient;
};

struct pvr_block_value {
    int nterms;
    struct pvr_column term[PVR_MAP_MAX_TERMS];
    bool of_cells;
};

struct pvr_project_block {
    /* What it is made of; needed while it is filled. */
    int level;
    uint32_t noct;
    const uint32_t (*coordinate)[3]; /* on the grid of level - 1 */
    const uint8_t *no_leaves;        /* bits of the cells that are not to be taken */
    const uint64_t *index;           /* null: o */
    struct pvr_block_value *value;   /* the map's values, then the weight */
    /* What was made. */
    const struct pvr_grid *grid; /* that the items go to; its plane is written by tiles */
    bool alone;                  /* or by this block alone: sums need not become items */
    uint32_t nitems, most_items;
    struct pvr_item *item;
    double *state; /* state_size for each item */
    double *extra; /* of boxes: PVR_BOX_REST, and of such that are no octs' PVR_BOX_SIDES for each
                      item; of points: a length; else null */
    uint32_t *order;
    size_t most_order;
    uint32_t start[PVR_TILE_COUNT + 1]; /* places in `order` of each tile's items */
    uint64_t cells;
    uint64_t weights_not_finite, weights_negative;
    uint64_t not_finite[PVR_MAP_MAX_VALUES];
};

/* Scratch memory of a thread. */
struct pvr_project_scratch {
    uint32_t (*coordinate)[3];
    uint8_t *no_leaves;
    uint64_t *index;
    double *value;   /* [value][PVR_RUN_OCTS * 8], the weight last */
    double *stencil; /* a patch of the image (pvr_chord.h) */
};

struct pvr_projecting {
    struct pvr_map *map;
    enum pvr_map_kind kind;
    int nplanes, nvalues;
    size_t state_size; /* doubles of an item */
    bool weighted;     /* by value number nvalues of the blocks */
    /* The mesh; dims beyond ndim are 1. */
    int ndim, ncells; /* of an oct */
    int root_level;
    double low[3];
    uint32_t root_dims[3]; /* cells of root_level */
    double root_cell;      /* their size */
    /* Along an axis: cell columns[k][z] of an oct is the z-th along the line of sight in column k
     * of its four, x fastest. */
    int columns[4][2];
    struct pvr_grid pixels;
    struct pvr_grid level[PVR_MAX_LEVELS + 1];
    int nthreads;
    struct pvr_project_scratch *scratch;
    size_t nblocks;
    struct pvr_project_block *block;
    double *state; /* of all blocks */
    uint64_t state_bytes;
    size_t batch;                    /* blocks in use */
    struct pvr_footprint *footprint; /* of each level, oblique */
    enum pvr_status (*fill)(const struct pvr_projecting *projecting,
                            struct pvr_project_block *block, struct pvr_project_scratch *scratch,
                            struct pvr_error *error);
    /* Adds items of a block to the part of its grid from `low` up to `high`. */
    void (*add)(const struct pvr_projecting *projecting, const struct pvr_project_block *block,
                const uint32_t *order, uint32_t count, const uint32_t low[2],
                const uint32_t high[2], struct pvr_project_scratch *scratch);
};

/* Makes ready what does not depend on the source; `map` and `weighted` are set. `most_items` is
 * what a block can hold. */
enum pvr_status pvr_projecting_begin(struct pvr_projecting *projecting, struct pvr_job *job,
                                     size_t state_size, uint32_t most_items, uint32_t most_octs,
                                     struct pvr_error *error);
void pvr_projecting_end(struct pvr_projecting *projecting);

/* For a mesh whose geometry is set: the levels' grids, and how blocks of octs are filled and added
 * along an axis; in other directions. */
enum pvr_status pvr_project_plan_octs(struct pvr_projecting *projecting, int max_level,
                                      struct pvr_error *error);
enum pvr_status pvr_project_plan_oblique(struct pvr_projecting *projecting, int max_level,
                                         struct pvr_error *error);
/* Plans one of these. */
enum pvr_status pvr_project_plan(struct pvr_projecting *projecting, int max_level,
                                 struct pvr_error *error);
/* Makes the planned grids of the levels, but of those from skip[0] up to skip[1]. */
enum pvr_status pvr_project_make_columns(struct pvr_projecting *projecting, const int skip[2],
                                         struct pvr_error *error);
/* Makes the items of a block whose octs and values are set, and sorts them. */
enum pvr_status pvr_project_fill(const struct pvr_projecting *projecting,
                                 struct pvr_project_block *block,
                                 struct pvr_project_scratch *scratch, struct pvr_error *error);
/* Takes all items out of all blocks. */
void pvr_project_empty_blocks(struct pvr_projecting *projecting);
/* Is there a weight just where the map wants one? */
enum pvr_status pvr_project_check_weight(const struct pvr_map *map,
                                         const struct pvr_map_value *weight,
                                         struct pvr_error *error);
/* Would values that are no finite numbers disturb the means of others? */
bool pvr_project_wants_own_weights(const struct pvr_map *map);
/* Doubles of an item, and items of so many octs. */
size_t pvr_project_state_size(const struct pvr_map *map);
uint32_t pvr_project_most_items(const struct pvr_map *map, uint32_t octs);

/* Sorts the items of a filled block by tiles, for which item->tile is set. */
enum pvr_status pvr_project_sort(struct pvr_project_block *block, struct pvr_error *error);
/* Adds the items of the first `nblocks` blocks to their grids, and their counts to the map. */
enum pvr_status pvr_project_add_blocks(struct pvr_projecting *projecting, size_t nblocks,
                                       struct pvr_job *job, struct pvr_error *error);
/* Adds the counts of these blocks to the map. */
enum pvr_status pvr_project_count(struct pvr_projecting *projecting, size_t nblocks,
                                  struct pvr_error *error);
/* Runs `fill` for `count` places, `size` of them in a block, and adds what it makes: as many blocks
 * at a time as there are, of places from *first on. */
enum pvr_status pvr_project_batches(struct pvr_projecting *projecting, uint64_t count,
                                    uint32_t size, pvr_task_fn fill, void *context, uint64_t *first,
                                    struct pvr_job *job, struct pvr_error *error);
/* Puts a level's columns into some rows of the next one's, which, if they are `fresh`, were not
 * made empty. */
void pvr_project_refine(const struct pvr_projecting *projecting, const struct pvr_grid *from,
                        const struct pvr_grid *to, bool fresh, uint32_t first_row,
                        uint32_t end_row);
/* Puts the columns of the levels from `first_level` up to `end_level`, one after the other, into
 * those of the next level; of the finest into the pixels. */
enum pvr_status pvr_project_add_columns(struct pvr_projecting *projecting, int first_level,
                                        int end_level, struct pvr_job *job,
                                        struct pvr_error *error);

/* Room for `count` doubles more for each item. */
enum pvr_status pvr_project_make_extra(struct pvr_projecting *projecting, size_t count,
                                       struct pvr_error *error);
/* Projects a source into the map, which may take a second time: with own weights, if the map was
 * empty and some values are no finite numbers. */
typedef enum pvr_status (*pvr_project_run_fn)(struct pvr_map *map, void *context,
                                              struct pvr_job *job, struct pvr_error *error);
enum pvr_status pvr_project_all(struct pvr_map *map, pvr_project_run_fn run, void *context,
                                const struct pvr_threads *threads, pvr_progress_fn progress,
                                void *progress_context, struct pvr_report *report,
                                struct pvr_error *error);

/* ---- cells along an axis of the box ---- */

/* The borders of a level's cells along an axis of the image, or the depth, which is one of the
 * box's. A window may be a billionth of the box: places count from where it begins, and are made
 * from the border next to that. */
struct pvr_axis {
    int box; /* axis of the box, -1: the axis that a 2-D mesh lacks */
    bool against;
    int64_t cells; /* of the level, along it */
    double cell;
    double seen; /* length of the window, or the depth */
    double same; /* borders that are nearer to each other are the same */
    int64_t first;
    struct pvr_twofold corner; /* border `first`, which is less than a cell before it, or about */
};

struct pvr_axis pvr_axis_make(const struct pvr_projecting *projecting, int level, int i);
/* The same in pixels, for cells that are not much larger. */
struct pvr_axis pvr_axis_in_pixels(const struct pvr_axis *axis, double pixel);
/* The cells that touch the window. */
void pvr_axis_cells_in_window(const struct pvr_axis *axis, int64_t *low, int64_t *high);

/* Where border number `number` is. */
static inline double pvr_axis_border(const struct pvr_axis *axis, int64_t number) {
    const double apart = (double)(number - axis->first) * axis->cell;
    return (apart + axis->corner.value) + axis->corner.rest;
}

/* ---- items that are boxes: cells in any direction (pvr_chord.h) ---- */

enum { PVR_ITEM_WHOLE = 0, PVR_ITEM_CUT = 1 }; /* number of an item: by the depth */
enum { PVR_BOX_REST = 3, PVR_BOX_SIDES = 3 };

/* A footprint that is made anew only for another size. */
struct pvr_kept_footprint {
    struct pvr_footprint footprint;
    double side[PVR_BOX_SIDES]; /* 0: there is none */
};
const struct pvr_footprint *pvr_project_footprint(struct pvr_kept_footprint *kept,
                                                  const struct pvr_view *view,
                                                  const double side[PVR_BOX_SIDES]);

/* The window and the depth, from and to, in pixels. */
struct pvr_window {
    double low[3], high[3];
    double same[3]; /* what overlaps less does not */
};
struct pvr_window pvr_project_window(const struct pvr_view *view);
/* Does something with this reach overlap both, by more than rounding? */
bool pvr_project_overlaps(const struct pvr_window *window, const double place[3],
                          const double reach[3]);

/* A place in the image's coordinates, in pixels from the window's corner. */
void pvr_project_fine(const struct pvr_view *view, const double place[3],
                      struct pvr_twofold image[3]);
/* Is an item of a box, which may be much larger than what is seen of it, made with its rest: what
 * its place lacks, in block->extra? */
bool pvr_project_needs_rest(const struct pvr_footprint *footprint, const struct pvr_item *item);

/* A patch of the image for all threads. */
enum pvr_status pvr_project_make_stencils(struct pvr_projecting *projecting,
                                          struct pvr_error *error);
/* Sets number and tiles of an item whose place is set, and touches the window. */
void pvr_project_place(const struct pvr_projecting *projecting,
                       const struct pvr_footprint *footprint, struct pvr_item *item);
/* Adds items to the pixels from `low` up to `high`: of the footprint of their level, or, where
 * there are none of levels, of the sides in block->extra, behind the rest. */
void pvr_project_add_items(const struct pvr_projecting *projecting,
                           const struct pvr_project_block *block, const uint32_t *order,
                           uint32_t count, const uint32_t low[2], const uint32_t high[2],
                           struct pvr_project_scratch *scratch);

/* ---- values of cells and points that stand by themselves ---- */

/* The state of number `index`; its volume is 1 for a point. Counts what is wrong. */
void pvr_project_scattered(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                           const struct pvr_map_value *values, const struct pvr_map_value *weight,
                           uint64_t index, double volume, double *state);
/* Do all arrays have `count` tuples? */
enum pvr_status pvr_project_check_arrays(const struct pvr_map *map,
                                         const struct pvr_map_value *values,
                                         const struct pvr_map_value *weight, uint64_t count,
                                         struct pvr_error *error);

/* ---- values of octs ---- */

/* Some octs of a block, and the bits of their cells that are not wanted. */
struct pvr_chosen {
    int count; /* at most PVR_RUN_OCTS */
    const uint32_t *oct;
    const uint8_t *omit;
};

/* What a value (or the weight) of a block is to be multiplied by, beside its coefficients. */
double pvr_project_factor(const struct pvr_projecting *projecting,
                          const struct pvr_project_block *block, int value);
/* The weights of their cells, 8 for each oct, 0 where a cell is omitted or its weight no finite
 * number. Counts these, and negative ones. */
void pvr_project_weights(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                         const struct pvr_chosen *octs, double *weight);
/* The values of their cells, likewise. Returns the weights that go with them: `weight`, or where a
 * value is no finite number, `own`, which is 0 there (8 PVR_RUN_OCTS of both). */
const double *pvr_project_values(const struct pvr_projecting *projecting,
                                 struct pvr_project_block *block, int value,
                                 const struct pvr_chosen *octs, const double *weight, double *own,
                                 double *out);

/* Side of a tile, even: an oct's columns are in one. */
static inline uint32_t pvr_project_tile(uint32_t count) {
    uint32_t side = (count + PVR_TILES - 1) / PVR_TILES;
    return side + (side & 1);
}

static inline double pvr_project_cell(const struct pvr_projecting *projecting, int level) {
    return ldexp(projecting->root_cell, projecting->root_level - level);
}

/* Cells of a level along an axis of the box. */
static inline int64_t pvr_project_cells(const struct pvr_projecting *projecting, int level,
                                        int axis) {
    return level >= projecting->root_level
               ? (int64_t)projecting->root_dims[axis] << (level - projecting->root_level)
               : (int64_t)projecting->root_dims[axis] >> (projecting->root_level - level);
}

/* Weight of a cell's volume: 1 where each cell is to count once. */
static inline double pvr_project_volume(const struct pvr_projecting *projecting, int level) {
    enum pvr_map_mode mode = projecting->map->request.mode;
    bool once = projecting->map->request.weighting == PVR_WEIGHT_NONE && mode != PVR_MAP_INTEGRAL &&
                mode != PVR_MAP_SURFACE_DENSITY;
    double cell = pvr_project_cell(projecting, level);
    return once ? 1 : cell * cell * (projecting->ndim == 3 ? cell : 1);
}

#endif
