/* pvr_project_columns.c - from columns of cells to pixels.
 *
 * Columns are uniform across the line of sight. So those of a level are the same as four times as
 * many of the next, each with a quarter: the columns of all levels are put into those of the finest
 * level whose cells are larger than pixels, and these into the pixels by the overlap of squares.
 * Where cells at the edge are folded, each level is put into the pixels by itself: how much of a
 * cell is outside depends on its size.
 */
#include "pvr_project_private.h"

#include <stdlib.h>

/* The columns that a pixel touches along an axis: two at most. */
struct touch {
    uint32_t column[2];
    double share[2]; /* of the column that the pixel has; 0: none */
};

enum { TASK_PLACES = 1 << 14 };

struct putting {
    struct pvr_projecting *projecting;
    uint32_t rows, all_rows; /* of a task, of all */
    const struct pvr_grid *from;
    struct pvr_grid *to;
    struct touch *touch[2]; /* of pixels */
};

/* Runs `task` for all rows, some of them at once. */
static enum pvr_status run_rows(struct putting *putting, uint32_t rows, uint32_t width,
                                pvr_task_fn task, struct pvr_job *job, struct pvr_error *error) {
    putting->all_rows = rows;
    putting->rows = TASK_PLACES / (width > 0 ? width : 1) + 1;
    return pvr_job_run(job, (rows + putting->rows - 1) / putting->rows, NULL, task, NULL, putting,
                       error);
}

static uint32_t last_row(const struct putting *putting, size_t task) {
    uint32_t end = ((uint32_t)task + 1) * putting->rows;
    return end < putting->all_rows ? end : putting->all_rows;
}

/* Adds quarters of a row's columns to `count` finer ones, of which the first is number `skip` (0 or
 * 1) of the two in the first column's place. */
static void refine_row(const double *from, double *to, size_t count, size_t skip) {
    if (skip == 1 && count > 0) {
        to[0] += 0.25 * from[0];
        from++;
        to++;
        count--;
    }
    for (size_t x = 0; x < count / 2; x++) {
        const double quarter = 0.25 * from[x];
        to[2 * x] += quarter;
        to[2 * x + 1] += quarter;
    }
    if (count % 2 == 1) {
        to[count - 1] += 0.25 * from[count / 2];
    }
}

/* The same for finer ones that hold nothing yet, all of which are in the columns' places. */
static void refine_fresh_row(const double *from, double *to, size_t count, size_t skip) {
    if (skip == 1 && count > 0) {
        *to++ = 0.25 * *from++;
        count--;
    }
    for (size_t x = 0; x < count / 2; x++) {
        to[2 * x] = to[2 * x + 1] = 0.25 * from[x];
    }
    if (count % 2 == 1) {
        to[count - 1] = 0.25 * from[count / 2];
    }
}

void pvr_project_refine(const struct pvr_projecting *projecting, const struct pvr_grid *from,
                        const struct pvr_grid *to, bool fresh, uint32_t first_row,
                        uint32_t end_row) {
    const size_t from_size = (size_t)from->count[0] * from->count[1];
    const size_t to_size = (size_t)to->count[0] * to->count[1];
    /* places of the coarser grid, counted in finer columns */
    const int64_t first = to->first[0] - 2 * from->first[0], most = 2 * (int64_t)from->count[0];
    const int64_t low = first > 0 ? first : 0;
    const int64_t high = first + to->count[0] < most ? first + to->count[0] : most;
    const bool add = projecting->kind == PVR_KIND_ADD, whole = high - low == to->count[0];
    const double nothing = pvr_map_nothing(projecting->kind);
    for (uint32_t row = first_row; row < end_row; row++) {
        const int64_t y = row + to->first[1] - 2 * from->first[1];
        const bool covered = y >= 0 && y < 2 * (int64_t)from->count[1] && low < high;
        double *target = to->plane + (size_t)row * to->count[0];
        const bool write = fresh && covered && whole && add;
        for (int p = 0; fresh && !write && p < projecting->nplanes; p++) {
            for (uint32_t x = 0; x < to->count[0]; x++) {
                target[(size_t)p * to_size + x] = nothing;
            }
        }
        if (!covered) {
            continue;
        }
        const double *source = from->plane + (size_t)(y / 2) * from->count[0] + low / 2;
        target += low - first;
        if (add) {
            for (int p = 0; p < projecting->nplanes; p++) {
                (write ? refine_fresh_row : refine_row)(source + (size_t)p * from_size,
                                                        target + (size_t)p * to_size,
                                                        (size_t)(high - low), (size_t)low % 2);
            }
            continue;
        }
        for (int64_t x = low; x < high; x++) {
            pvr_map_put(projecting->kind, projecting->nplanes, target + (x - low), to_size,
                        source + (x / 2 - low / 2), from_size, 0.25);
        }
    }
}

static enum pvr_status refine_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct putting *putting = context;
    pvr_project_refine(putting->projecting, putting->from, putting->to, false,
                       (uint32_t)task * putting->rows, last_row(putting, task));
    return PVR_OK;
}

static void put_row(const struct putting *putting, size_t row_number) {
    const struct pvr_grid *from = putting->from, *to = putting->to;
    const enum pvr_map_kind kind = putting->projecting->kind;
    const size_t from_size = (size_t)from->count[0] * from->count[1];
    const size_t to_size = (size_t)to->count[0] * to->count[1];
    const int nplanes = putting->projecting->nplanes;
    const struct touch *row = &putting->touch[1][row_number];
    double *pixel = to->plane + row_number * to->count[0];
    for (int r = 0; r < 2; r++) {
        const double *columns = from->plane + (size_t)row->column[r] * from->count[0];
        if (row->share[r] == 0) {
            continue;
        }
        if (kind != PVR_KIND_ADD) {
            for (uint32_t x = 0; x < to->count[0]; x++) {
                const struct touch *touch = &putting->touch[0][x];
                for (int c = 0; c < 2; c++) {
                    pvr_map_put(kind, nplanes, pixel + x, to_size, columns + touch->column[c],
                                from_size, row->share[r] * touch->share[c]);
                }
            }
            continue;
        }
        for (int p = 0; p < nplanes; p++) {
            const double *plane = columns + (size_t)p * from_size;
            double *sum = pixel + (size_t)p * to_size;
            for (uint32_t x = 0; x < to->count[0]; x++) {
                const struct touch *touch = &putting->touch[0][x];
                sum[x] += row->share[r] * (touch->share[0] * plane[touch->column[0]] +
                                           touch->share[1] * plane[touch->column[1]]);
            }
        }
    }
}

static enum pvr_status pixel_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct putting *putting = context;
    for (uint32_t row = (uint32_t)task * putting->rows; row < last_row(putting, task); row++) {
        put_row(putting, row);
    }
    return PVR_OK;
}

/* A border of a column in pixels. */
static double border_in_pixels(const struct pvr_axis *axis, double pixel, int64_t number) {
    const double at = pvr_axis_border(axis, number) / pixel, whole = rint(at);
    return fabs(at - whole) * pixel < axis->same ? whole : at;
}

/* Which columns of a level the pixels of axis i touch. */
static struct touch *find_touches(const struct pvr_projecting *projecting, int level, int i) {
    const struct pvr_view *view = &projecting->map->request.view;
    const struct pvr_grid *grid = &projecting->level[level];
    const struct pvr_axis axis = pvr_axis_make(projecting, level, i);
    const double pixel = view->pixel, window = view->pixels[i];
    struct touch *touch = calloc(view->pixels[i], sizeof *touch);
    int64_t first = axis.first - 1;
    for (uint32_t p = 0; touch != NULL && p < view->pixels[i]; p++) {
        while (first <= axis.cells && border_in_pixels(&axis, pixel, first + 1) <= p) {
            first++;
        }
        for (int c = 0; c < 2; c++) {
            const double low = border_in_pixels(&axis, pixel, first + c);
            const double high = border_in_pixels(&axis, pixel, first + c + 1);
            const double part = fmin(high, p + 1.0) - fmax(low, p);
            const int64_t number = first + c - grid->first[i];
            if (number < 0 || number >= grid->count[i] || !(part > 0)) {
                continue;
            }
            touch[p].column[c] = (uint32_t)number;
            touch[p].share[c] = projecting->map->request.edge == PVR_EDGE_FOLD
                                    ? part / (fmin(window, high) - fmax(low, 0))
                                    : part * pixel / axis.cell;
        }
    }
    return touch;
}

static enum pvr_status put_into_pixels(struct pvr_projecting *projecting, int level,
                                       struct pvr_job *job, struct pvr_error *error) {
    struct putting putting = {
        .projecting = projecting,
        .from = &projecting->level[level],
        .to = &projecting->pixels,
        .touch = {find_touches(projecting, level, 0), find_touches(projecting, level, 1)}};
    enum pvr_status status = PVR_OK;
    if (putting.touch[0] == NULL || putting.touch[1] == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the borders of a map's pixels");
    } else {
        status =
            run_rows(&putting, putting.to->count[1], putting.to->count[0], pixel_task, job, error);
    }
    free(putting.touch[0]);
    free(putting.touch[1]);
    return status;
}

enum pvr_status pvr_project_add_columns(struct pvr_projecting *projecting, int first_level,
                                        int end_level, struct pvr_job *job,
                                        struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    const bool fold = projecting->map->request.edge == PVR_EDGE_FOLD;
    for (int l = first_level; status == PVR_OK && l < end_level; l++) {
        struct pvr_grid *grid = &projecting->level[l];
        bool last = l == PVR_MAX_LEVELS || projecting->level[l + 1].count[0] == 0;
        if (grid->count[0] == 0) {
            continue;
        }
        if (grid->plane == projecting->pixels.plane) {
            continue; /* each column is a pixel */
        }
        if (last || fold) {
            status = put_into_pixels(projecting, l, job, error);
        } else {
            struct pvr_grid *next = &projecting->level[l + 1];
            struct putting putting = {.projecting = projecting, .from = grid, .to = next};
            status = run_rows(&putting, next->count[1], next->count[0], refine_task, job, error);
        }
    }
    return status;
}
