/* pvr_project_octs.c - projecting octs along an axis of the box.
 *
 * An oct has four columns along the line of sight; the state of each is made of its two cells and
 * their parts within the depth. Where the cells of the level are larger than pixels, the columns go
 * to the level's own grid, where they meet the columns before and behind; else to the pixels, by
 * the overlap of squares. An oct that lies within one pixel is one item of one state.
 */
#include "pvr_project_private.h"

#include <string.h>

/* Borders that are nearer than this part of the smaller of cell and pixel are the same. */
static const double same_border = 1e-9;

enum { FOUR_COLUMNS = 0, ONE_PIXEL = 1 };

/* Cells of a block along one axis of the image, or the depth. */
struct axis {
    int box; /* axis of the box, -1: the axis that a 2-D mesh lacks */
    bool against;
    int64_t cells; /* of the block's level, along it */
    double corner; /* border 0, from the view's centre */
    double cell;
};

static struct axis make_axis(const struct pvr_projecting *projecting, int level, int i) {
    const struct pvr_view *view = &projecting->map->request.view;
    struct axis axis = {.box = view->axis[i], .against = view->against[i]};
    axis.cell = pvr_project_cell(projecting, level);
    axis.cells = pvr_project_cells(projecting, level, axis.box);
    axis.corner = projecting->low[axis.box] - view->centre[axis.box];
    if (axis.against) {
        axis.corner = -(axis.corner + (double)axis.cells * axis.cell);
    }
    axis.box = axis.box < projecting->ndim ? axis.box : -1;
    return axis;
}

/* Number of the first of an oct's two cells along the axis. */
static inline int64_t first_cell(const struct axis *axis, const uint32_t coordinate[3]) {
    int64_t at = 2 * (int64_t)coordinate[axis->box];
    return axis->against ? axis->cells - 2 - at : at;
}

/* What of the cell number `cell` lies within the depth, 0 to 1. */
static double part_in_depth(const struct axis *axis, int64_t cell, const double depth[2],
                            enum pvr_map_edge edge) {
    double low = (depth[0] - axis->corner) / axis->cell - (double)cell;
    double high = (depth[1] - axis->corner) / axis->cell - (double)cell;
    low = low > same_border ? low : 0;
    high = high < 1 - same_border ? high : 1;
    double part = high - low;
    return !(part > same_border) ? 0 : edge == PVR_EDGE_FOLD ? 1 : part;
}

/* What octs of a run come to. */
struct run {
    int count;
    uint32_t chosen[PVR_RUN_OCTS];
    int64_t cell[PVR_RUN_OCTS][2]; /* first along the axes of the image */
    uint8_t omit[PVR_RUN_OCTS];
    double part[PVR_RUN_OCTS][2]; /* volume of the two cells along the line of sight */
};

struct filling {
    const struct pvr_projecting *projecting;
    struct pvr_project_block *block;
    struct pvr_project_scratch *scratch;
    struct axis axis[3];
    double volume;
    double pixel_corner[2], pixel_cell; /* border k is at corner + k * cell, in pixels */
    int64_t low[2], high[2];            /* cells that lie in the window */
};

/* The cells of a level that touch the window along axis i of the image. */
static void cells_in_window(const struct pvr_projecting *projecting, const struct axis *axis, int i,
                            int64_t *low, int64_t *high) {
    const struct pvr_view *view = &projecting->map->request.view;
    double size = view->pixels[i] * view->pixel;
    double border = same_border * fmin(1, view->pixel / axis->cell);
    double first = floor((view->low[i] - axis->corner) / axis->cell + border);
    double end = ceil((view->low[i] + size - axis->corner) / axis->cell - border);
    *low = first > 0 ? first < (double)axis->cells ? (int64_t)first : axis->cells : 0;
    *high = end < (double)axis->cells ? end > 0 ? (int64_t)end : 0 : axis->cells;
}

/* Is the oct in the map? Then sets what is to be omitted of it, and how deep its cells are. */
static bool choose(const struct filling *filling, uint32_t oct, struct run *run) {
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
    const struct axis *depth = &filling->axis[2];
    if (depth->box >= 0) {
        int64_t first = first_cell(depth, coordinate);
        part[0] = part_in_depth(depth, first, request->view.depth, request->edge);
        part[1] = part_in_depth(depth, first + 1, request->view.depth, request->edge);
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

/* Adds the cells of an oct to its columns. Three ways of lying, which the compiler makes into
 * additions of vectors, and all others. */
static inline void add_columns(const int columns[4][2], const double *cell, const double part[2],
                               double *state) {
    for (int k = 0; k < 4; k++) {
        state[k] += cell[columns[k][0]] * part[0] + cell[columns[k][1]] * part[1];
    }
}

static const int along_z[4][2] = {{0, 4}, {1, 5}, {2, 6}, {3, 7}};
static const int along_y[4][2] = {{0, 2}, {1, 3}, {4, 6}, {5, 7}};
static const int along_x[4][2] = {{0, 1}, {2, 3}, {4, 5}, {6, 7}};

static void add_run(const struct filling *filling, const struct run *run, const double *cell,
                    double *state) {
    const int(*columns)[2] = filling->projecting->columns;
    size_t stride = filling->projecting->state_size;
    if (memcmp(columns, along_z, sizeof along_z) == 0) {
        for (int i = 0; i < run->count; i++) {
            add_columns(along_z, cell + 8 * i, run->part[i], state + (size_t)i * stride);
        }
    } else if (memcmp(columns, along_y, sizeof along_y) == 0) {
        for (int i = 0; i < run->count; i++) {
            add_columns(along_y, cell + 8 * i, run->part[i], state + (size_t)i * stride);
        }
    } else if (memcmp(columns, along_x, sizeof along_x) == 0) {
        for (int i = 0; i < run->count; i++) {
            add_columns(along_x, cell + 8 * i, run->part[i], state + (size_t)i * stride);
        }
    } else {
        for (int i = 0; i < run->count; i++) {
            add_columns(columns, cell + 8 * i, run->part[i], state + (size_t)i * stride);
        }
    }
}

/* States of PVR_KIND_ADD: for each value, then for the weights, four columns. */
static void sum_run(const struct filling *filling, const struct run *run, double *state) {
    const struct pvr_projecting *projecting = filling->projecting;
    const int nvalues = projecting->nvalues;
    const struct pvr_chosen chosen = {run->count, run->chosen, run->omit};
    double *weight = filling->scratch->value + (size_t)nvalues * PVR_RUN_OCTS * 8;
    memset(state, 0, (size_t)run->count * projecting->state_size * sizeof *state);
    pvr_project_weights(projecting, filling->block, &chosen, weight);
    for (int v = 0; v < nvalues; v++) {
        double *value = filling->scratch->value + (size_t)v * PVR_RUN_OCTS * 8;
        double own[PVR_RUN_OCTS * 8];
        const double *w =
            pvr_project_values(projecting, filling->block, v, &chosen, weight, own, value);
        if (projecting->map->own_weights) {
            add_run(filling, run, w, state + 4 * (nvalues + v));
        }
        if (projecting->weighted) {
            for (int i = 0; i < 8 * run->count; i++) {
                value[i] *= w[i];
            }
        }
        add_run(filling, run, value, state + 4 * v);
    }
    if (!projecting->map->own_weights) {
        add_run(filling, run, weight, state + 4 * nvalues);
    }
}

/* States of the other kinds, cell by cell. */
static void put_run(const struct filling *filling, const struct run *run, double *state) {
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

/* A border of a cell in pixels. */
static inline double border_in_pixels(double corner, double cell, int64_t number) {
    double at = corner + cell * (double)number, whole = rint(at);
    return fabs(at - whole) < same_border * fmin(1, cell) ? whole : at;
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
    item->number = FOUR_COLUMNS;
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
        double low = border_in_pixels(filling->pixel_corner[i], filling->pixel_cell, cell[i]);
        double high = border_in_pixels(filling->pixel_corner[i], filling->pixel_cell, cell[i] + 2);
        pixel[i] = floor(low);
        double last = fmax(pixel[i], ceil(high) - 1);
        one = one && last == pixel[i] && pixel[i] >= 0 && pixel[i] < grid->count[i];
        item->tile[2 * i] = tile_of(grid, i, (int64_t)pixel[i]);
        item->tile[2 * i + 1] = tile_of(grid, i, (int64_t)last);
    }
    if (one) {
        join_columns(projecting, state);
        item->number = ONE_PIXEL;
        memcpy(item->at, pixel, sizeof pixel);
    }
}

static void fill_run(const struct filling *filling, const struct run *run) {
    struct pvr_project_block *block = filling->block;
    double *state = block->state + (size_t)block->nitems * filling->projecting->state_size;
    if (filling->projecting->kind == PVR_KIND_ADD) {
        sum_run(filling, run, state);
    } else {
        put_run(filling, run, state);
    }
    for (int i = 0; i < run->count; i++) {
        place_item(filling, run->cell[i], &block->item[block->nitems],
                   state + (size_t)i * filling->projecting->state_size);
        block->nitems++;
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
        filling.axis[i] = make_axis(projecting, block->level, i);
    }
    filling.pixel_cell = filling.axis[0].cell / view->pixel;
    for (int i = 0; i < 2; i++) {
        filling.pixel_corner[i] = (filling.axis[i].corner - view->low[i]) / view->pixel;
        cells_in_window(projecting, &filling.axis[i], i, &filling.low[i], &filling.high[i]);
    }
    struct streams streams;
    find_streams(projecting, block, &streams);
    struct run run = {.count = 0};
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

/* Adds octs to the columns of their level: two rows of two. */
static void add_to_columns(const struct pvr_projecting *projecting,
                           const struct pvr_project_block *block, const uint32_t *order,
                           uint32_t count) {
    const struct pvr_grid *grid = block->grid;
    const size_t row = grid->count[0], size = row * grid->count[1];
    const int nplanes = projecting->nplanes;
    for (uint32_t n = 0; n < count; n++) {
        const struct pvr_item *item = &block->item[order[n]];
        const double *state = block->state + (size_t)order[n] * projecting->state_size;
        double *to = grid->plane + (size_t)item->at[1] * row + (size_t)item->at[0];
        if (projecting->kind == PVR_KIND_ADD) {
            for (int p = 0; p < nplanes; p++, to += size, state += 4) {
                to[0] += state[0];
                to[1] += state[1];
                to[row] += state[2];
                to[row + 1] += state[3];
            }
        } else {
            for (size_t k = 0; k < 4; k++) {
                pvr_map_put(projecting->kind, nplanes, to + (k >> 1) * row + (k & 1), size,
                            state + k, 4, 1);
            }
        }
    }
}

/* Shares of the pixels from `low` to `high` in the column from `from` to `to` (in pixels). Returns
 * how many; the first is *first. All of the column counts, or what is in the window. */
static int shares(double from, double to, double window, enum pvr_map_edge edge, uint32_t low,
                  uint32_t high, uint32_t *first, double share[2]) {
    double first_pixel = floor(from), size = to - from;
    if (edge == PVR_EDGE_FOLD) {
        size = fmin(to, window) - fmax(from, 0);
    }
    int count = 0;
    for (double pixel = first_pixel; pixel < to && count < 2; pixel += 1) {
        double part = fmin(to, pixel + 1) - fmax(from, pixel);
        if (part > 0 && pixel >= low && pixel < high) {
            *first = count == 0 ? (uint32_t)pixel : *first;
            share[count++] = part / size;
        }
    }
    return count;
}

/* Adds octs to pixels: cells smaller than these touch at most two along each axis. */
static void add_to_pixels(const struct pvr_projecting *projecting,
                          const struct pvr_project_block *block, const uint32_t *order,
                          uint32_t count, const uint32_t low[2], const uint32_t high[2]) {
    const struct pvr_map_request *request = &projecting->map->request;
    const struct pvr_view *view = &request->view;
    const struct pvr_grid *grid = block->grid;
    const size_t row = grid->count[0], size = row * grid->count[1];
    double corner[2], cell = 0;
    for (int i = 0; i < 2; i++) {
        struct axis axis = make_axis(projecting, block->level, i);
        corner[i] = (axis.corner - view->low[i]) / view->pixel;
        cell = axis.cell / view->pixel;
    }
    for (uint32_t n = 0; n < count; n++) {
        const struct pvr_item *item = &block->item[order[n]];
        const double *state = block->state + (size_t)order[n] * projecting->state_size;
        if (item->number == ONE_PIXEL) {
            double *to = grid->plane + (size_t)item->at[1] * row + (size_t)item->at[0];
            pvr_map_put(projecting->kind, projecting->nplanes, to, size, state, 4, 1);
            continue;
        }
        uint32_t first[2][2];
        double share[2][2][2]; /* axis, column, pixel */
        int pixels[2][2];
        for (int i = 0; i < 2; i++) {
            double border[3];
            for (int b = 0; b < 3; b++) {
                border[b] = border_in_pixels(corner[i], cell, (int64_t)item->at[i] + b);
            }
            for (int c = 0; c < 2; c++) {
                pixels[i][c] = shares(border[c], border[c + 1], view->pixels[i], request->edge,
                                      low[i], high[i], &first[i][c], share[i][c]);
            }
        }
        for (int k = 0; k < 4; k++) {
            int cx = k & 1, cy = k >> 1;
            for (int y = 0; y < pixels[1][cy]; y++) {
                for (int x = 0; x < pixels[0][cx]; x++) {
                    double *to = grid->plane + (first[1][cy] + (size_t)y) * row + first[0][cx] + x;
                    pvr_map_put(projecting->kind, projecting->nplanes, to, size, state + k, 4,
                                share[0][cx][x] * share[1][cy][y]);
                }
            }
        }
    }
}

static void add_octs(const struct pvr_projecting *projecting, const struct pvr_project_block *block,
                     const uint32_t *order, uint32_t count, const uint32_t low[2],
                     const uint32_t high[2], struct pvr_project_scratch *scratch) {
    (void)scratch;
    if (block->grid == &projecting->pixels) {
        add_to_pixels(projecting, block, order, count, low, high);
    } else {
        add_to_columns(projecting, block, order, count);
    }
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
    bool same = fabs(cell / view->pixel - 1) * PVR_MAP_MAX_PIXELS < same_border;
    for (int i = 0; i < 2; i++) {
        struct axis axis = make_axis(projecting, level, i);
        double corner = axis.corner + (double)columns->first[i] * cell;
        same = same && columns->count[i] == view->pixels[i] &&
               fabs(corner - view->low[i]) < same_border * cell;
    }
    return same;
}

/* The columns of a level that touch the window, if these are larger than pixels. */
static void plan_level(struct pvr_projecting *projecting, int level) {
    const struct pvr_view *view = &projecting->map->request.view;
    struct pvr_grid *grid = &projecting->level[level];
    struct pvr_grid planned = {.plane = NULL};
    if (pvr_project_cell(projecting, level) < view->pixel * (1 - same_border)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct axis axis = make_axis(projecting, level, i);
        int64_t low, high;
        cells_in_window(projecting, &axis, i, &low, &high);
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
    projecting->add = add_octs;
    return PVR_OK;
}
