/* pvr_project_octs.c - projecting octs along an axis of the box.
 *
 * An oct has four columns along the line of sight; the state of each is made of its two cells and
 * their parts within the depth. Where the cells of the level are larger than pixels, the columns go
 * to the level's own grid, where they meet the columns before and behind; else to the pixels, by
 * the overlap of squares. An oct that lies within one pixel is one item of one state.
 */
#include "pvr_project_octs.h"

#include <string.h>

/* A cell that differs by less than this part of it is a pixel. */
static const double same_pixel = 1e-9;

/* Number of the first of an oct's two cells along the axis. */
static inline int64_t first_cell(const struct pvr_axis *axis, const uint32_t coordinate[3]) {
    int64_t at = 2 * (int64_t)coordinate[axis->box];
    return axis->against ? axis->cells - 2 - at : at;
}

/* What of the cell number `cell` lies within the depth, 0 to 1. */
static double part_in_depth(const struct pvr_axis *axis, int64_t cell, enum pvr_map_edge edge) {
    const double low = pvr_axis_border(axis, cell), high = pvr_axis_border(axis, cell + 1);
    const bool begins = low >= -axis->same, ends = high <= axis->seen + axis->same;
    const double length = (ends ? high : axis->seen) - (begins ? low : 0);
    return !(length > axis->same)                      ? 0
           : edge == PVR_EDGE_FOLD || (begins && ends) ? 1
                                                       : length / axis->cell;
}

struct filling {
    const struct pvr_projecting *projecting;
    struct pvr_project_block *block;
    struct pvr_project_scratch *scratch;
    struct pvr_axis axis[3], pixels[2]; /* these are for borders in pixels */
    double volume;
    int64_t low[2], high[2]; /* cells that lie in the window */
};

/* Is the oct in the map? Then sets what is to be omitted of it, and how deep its cells are. */
static bool choose(const struct filling *filling, uint32_t oct, struct pvr_oct_run *run) {
    const uint32_t *coordinate = filling->block->coordinate[oct];
    const struct pvr_map_request *request = &filling->projecting->map->request;
    int64_t cell[2];
    unsigned omit = filling->block->no_leaves[oct];
    for (int i = 0; i < 2; i++) {
        cell[i] = first_cell(&filling->axis[i], coordinate);
        if (cell[i] + 2 <= filling->low[i] || cell[i] >= filling->high[i]) {
            return false;
        }
    }
    double part[2] = {1, 0};
    const struct pvr_axis *depth = &filling->axis[2];
    if (depth->box >= 0) {
        int64_t first = first_cell(depth, coordinate);
        part[0] = part_in_depth(depth, first, request->edge);
        part[1] = part_in_depth(depth, first + 1, request->edge);
    }
    const int(*columns)[2] = filling->projecting->columns;
    for (int k = 0; k < 4; k++) {
        int64_t x = cell[0] + (k & 1), y = cell[1] + (k >> 1);
        bool in = x >= filling->low[0] && x < filling->high[0] && y >= filling->low[1] &&
                  y < filling->high[1];
        for (int z = 0; z < (depth->box >= 0 ? 2 : 1); z++) {
            omit |= !in || part[z] == 0 ? 1u << columns[k][z] : 0u;
        }
    }
    omit |= filling->projecting->ncells == 8 ? 0u : 0xf0u;
    if (omit == 0xff) {
        return false;
    }
    int n = run->count++;
    run->chosen[n] = oct;
    run->omit[n] = (uint8_t)omit;
    memcpy(run->cell[n], cell, sizeof cell);
    run->part[n][0] = part[0] * filling->volume;
    run->part[n][1] = part[1] * filling->volume;
    return true;
}

/* States of the other kinds, cell by cell. */
static void put_run(const struct filling *filling, const struct pvr_oct_run *run, double *state) {
    const struct pvr_projecting *projecting = filling->projecting;
    const int nvalues = projecting->nvalues;
    const bool squares = projecting->kind == PVR_KIND_SQUARES;
    const struct pvr_chosen chosen = {run->count, run->chosen, run->omit};
    double *weight = filling->scratch->value + (size_t)nvalues * PVR_RUN_OCTS * 8;
    const double nothing = pvr_map_nothing(projecting->kind);
    for (size_t i = 0; i < (size_t)run->count * projecting->state_size; i++) {
        state[i] = nothing;
    }
    pvr_project_weights(projecting, filling->block, &chosen, weight);
    for (int v = 0; v < nvalues; v++) {
        double *value = filling->scratch->value + (size_t)v * PVR_RUN_OCTS * 8;
        double own[PVR_RUN_OCTS * 8];
        const double *w =
            pvr_project_values(projecting, filling->block, v, &chosen, weight, own, value);
        for (int i = 0; i < run->count; i++) {
            double *oct = state + (size_t)i * projecting->state_size + (squares ? 12 : 4) * v;
            for (int k = 0; k < 8; k++) {
                int at = 8 * i + projecting->columns[k >> 1][k & 1];
                double part = w[at] * run->part[i][k & 1];
                if (part > 0) {
                    const double one[3] = {squares ? part : value[at], value[at], 0};
                    pvr_map_put(projecting->kind, squares ? 3 : 1, oct + (k >> 1), 4, one, 1, 1);
                }
            }
        }
    }
}

/* One state of the four columns of an oct. */
static void join_columns(const struct pvr_projecting *projecting, double *state) {
    for (int k = 1; k < 4; k++) {
        pvr_map_put(projecting->kind, projecting->nplanes, state, 4, state + k, 4, 1);
    }
}

static uint8_t tile_of(const struct pvr_grid *grid, int i, int64_t at) {
    int64_t last = (int64_t)grid->count[i] - 1;
    at = at < 0 ? 0 : at > last ? last : at;
    return (uint8_t)(at / grid->tile[i]);
}

static void place_item(const struct filling *filling, const int64_t cell[2], struct pvr_item *item,
                       double *state) {
    const struct pvr_projecting *projecting = filling->projecting;
    const struct pvr_grid *grid = filling->block->grid;
    item->number = PVR_ITEM_FOUR_COLUMNS;
    for (int i = 0; i < 2; i++) {
        item->at[i] = (double)(cell[i] - grid->first[i]);
    }
    if (grid != &projecting->pixels) {
        for (int i = 0; i < 2; i++) {
            item->tile[2 * i] = item->tile[2 * i + 1] = tile_of(grid, i, cell[i] - grid->first[i]);
        }
        return;
    }
    double pixel[2];
    bool one = true;
    for (int i = 0; i < 2; i++) {
        double low = pvr_border_in_pixels(&filling->pixels[i], cell[i]);
        double high = pvr_border_in_pixels(&filling->pixels[i], cell[i] + 2);
        pixel[i] = floor(low);
        double last = fmax(pixel[i], ceil(high) - 1);
        one = one && last == pixel[i] && pixel[i] >= 0 && pixel[i] < grid->count[i];
        item->tile[2 * i] = tile_of(grid, i, (int64_t)pixel[i]);
        item->tile[2 * i + 1] = tile_of(grid, i, (int64_t)last);
    }
    if (one) {
        join_columns(projecting, state);
        item->number = PVR_ITEM_ONE_PIXEL;
        memcpy(item->at, pixel, sizeof pixel);
    }
}

static void fill_run(const struct filling *filling, const struct pvr_oct_run *run) {
    const struct pvr_projecting *projecting = filling->projecting;
    struct pvr_project_block *block = filling->block;
    double *state = block->state + (size_t)block->nitems * projecting->state_size;
    const bool add = projecting->kind == PVR_KIND_ADD, items = !add || !block->alone;
    if (add && items) {
        pvr_project_sum_run(projecting, block, filling->scratch, run, state);
    } else if (add) {
        pvr_project_add_run(projecting, block, filling->scratch, run);
    } else {
        put_run(filling, run, state);
    }
    for (int i = 0; i < run->count; i++) {
        if (items) {
            place_item(filling, run->cell[i], &block->item[block->nitems],
                       state + (size_t)i * projecting->state_size);
            block->nitems++;
        }
        block->cells += (uint64_t)(8 - __builtin_popcount(run->omit[i]));
    }
}

/* What octs' values stand in: each array once, whatever the number of its components. */
struct streams {
    int count;
    struct stream {
        const char *data;
        uint64_t oct_bytes;
        uint32_t lines;
    } stream[PVR_MAP_MAX_VALUES + 1];
};

enum { CACHE_LINE = 64, OCTS_AHEAD = PVR_RUN_OCTS };

static void find_streams(const struct pvr_projecting *projecting,
                         const struct pvr_project_block *block, struct streams *streams) {
    streams->count = 0;
    for (int v = 0; v < projecting->nvalues + (projecting->weighted ? 1 : 0); v++) {
        for (int t = 0; t < block->value[v].nterms; t++) {
            const struct pvr_column *column = &block->value[v].term[t];
            const uint64_t bytes = pvr_type_bytes(column->type);
            const char *data = column->data;
            int s = 0;
            while (s < streams->count && (data < streams->stream[s].data ||
                                          data >= streams->stream[s].data + CACHE_LINE)) {
                s++;
            }
            if (s == streams->count && s <= PVR_MAP_MAX_VALUES) {
                const uint64_t all = bytes * column->cell_stride * 8;
                streams->stream[streams->count++] =
                    (struct stream){data, bytes * column->oct_stride,
                                    (uint32_t)((all + CACHE_LINE - 1) / CACHE_LINE)};
            }
        }
    }
}

/* Asks for the values of an oct that is soon to be taken. */
static inline void ask_for(const struct streams *streams, uint64_t oct) {
    for (int s = 0; s < streams->count; s++) {
        const char *data = streams->stream[s].data + oct * streams->stream[s].oct_bytes;
        for (uint32_t l = 0; l < streams->stream[s].lines; l++) {
            __builtin_prefetch(data + l * CACHE_LINE);
        }
    }
}

static enum pvr_status fill_octs(const struct pvr_projecting *projecting,
                                 struct pvr_project_block *block,
                                 struct pvr_project_scratch *scratch, struct pvr_error *error) {
    (void)error;
    const struct pvr_view *view = &projecting->map->request.view;
    struct filling filling = {.projecting = projecting, .block = block, .scratch = scratch};
    filling.volume = pvr_project_volume(projecting, block->level);
    for (int i = 0; i < 3; i++) {
        filling.axis[i] = pvr_axis_make(projecting, block->level, i);
    }
    for (int i = 0; i < 2; i++) {
        filling.pixels[i] = pvr_axis_in_pixels(&filling.axis[i], view->pixel);
        pvr_axis_cells_in_window(&filling.axis[i], &filling.low[i], &filling.high[i]);
    }
    struct streams streams;
    find_streams(projecting, block, &streams);
    struct pvr_oct_run run = {.count = 0};
    for (uint32_t o = 0; o < block->noct; o++) {
        if (block->index != NULL && o + OCTS_AHEAD < block->noct) {
            ask_for(&streams, block->index[o + OCTS_AHEAD]);
        }
        choose(&filling, o, &run);
        if (run.count == PVR_RUN_OCTS) {
            fill_run(&filling, &run);
            run.count = 0;
        }
    }
    fill_run(&filling, &run);
    return PVR_OK;
}

/* Which cells of an oct lie behind each other: bits of a cell's number are its places along the
 * axes of the box. */
static void set_columns(struct pvr_projecting *projecting) {
    const struct pvr_view *view = &projecting->map->request.view;
    for (int k = 0; k < 4; k++) {
        for (int z = 0; z < 2; z++) {
            const int place[3] = {k & 1, k >> 1, z};
            int cell = 0;
            for (int i = 0; i < 3; i++) {
                cell |= (place[i] ^ (int)view->against[i]) << view->axis[i];
            }
            projecting->columns[k][z] = cell & (projecting->ncells - 1);
        }
    }
}

/* Is there a pixel for each of these columns, in the same place? */
static bool are_pixels(const struct pvr_projecting *projecting, int level,
                       const struct pvr_grid *columns) {
    const struct pvr_view *view = &projecting->map->request.view;
    const double cell = pvr_project_cell(projecting, level);
    bool same = fabs(cell / view->pixel - 1) * PVR_MAP_MAX_PIXELS < same_pixel;
    for (int i = 0; i < 2; i++) {
        const struct pvr_axis axis = pvr_axis_make(projecting, level, i);
        same = same && columns->count[i] == view->pixels[i] &&
               fabs(pvr_axis_border(&axis, columns->first[i])) < same_pixel * cell;
    }
    return same;
}

/* The columns of a level that touch the window, if these are larger than pixels. */
static void plan_level(struct pvr_projecting *projecting, int level) {
    const struct pvr_view *view = &projecting->map->request.view;
    struct pvr_grid *grid = &projecting->level[level];
    struct pvr_grid planned = {.plane = NULL};
    if (pvr_project_cell(projecting, level) < view->pixel * (1 - same_pixel)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        const struct pvr_axis axis = pvr_axis_make(projecting, level, i);
        int64_t low, high;
        pvr_axis_cells_in_window(&axis, &low, &high);
        if (low >= high) {
            return;
        }
        /* octs begin at even cells, counted from the end of the box where the axis points back */
        planned.first[i] = low - ((low ^ (axis.against ? axis.cells : 0)) & 1);
        planned.count[i] = (uint32_t)(high - planned.first[i] + 1) & ~1u;
        planned.tile[i] = pvr_project_tile(planned.count[i]);
    }
    if (are_pixels(projecting, level, &planned)) {
        *grid = projecting->pixels; /* of one plane, and of one owner of each place */
        memcpy(grid->first, planned.first, sizeof grid->first);
        return;
    }
    *grid = planned;
}

enum pvr_status pvr_project_make_columns(struct pvr_projecting *projecting, const int skip[2],
                                         struct pvr_error *error) {
    const double nothing = pvr_map_nothing(projecting->kind);
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        struct pvr_grid *grid = &projecting->level[l];
        const uint64_t places =
            (uint64_t)grid->count[0] * grid->count[1] * (uint64_t)projecting->nplanes;
        if (places == 0 || grid->plane != NULL || (l >= skip[0] && l < skip[1])) {
            continue;
        }
        grid->plane = pvr_large_alloc(places * sizeof *grid->plane);
        if (grid->plane == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the columns of level %d", l);
        }
        grid->bytes = places * sizeof *grid->plane;
        for (uint64_t i = 0; nothing != 0 && i < places; i++) {
            grid->plane[i] = nothing;
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_project_plan_octs(struct pvr_projecting *projecting, int max_level,
                                      struct pvr_error *error) {
    const struct pvr_view *view = &projecting->map->request.view;
    if (projecting->ndim < 2 || (projecting->ndim == 2 && view->axis[2] != 2)) {
        return pvr_fail(
            error, PVR_ERROR_UNSUPPORTED,
            "a mesh in %d-D cannot be projected in this direction: only in 2-D, along z",
            projecting->ndim);
    }
    set_columns(projecting);
    for (int l = projecting->root_level; l <= max_level; l++) {
        plan_level(projecting, l);
    }
    projecting->fill = fill_octs;
    projecting->add = pvr_project_add_octs;
    return PVR_OK;
}
