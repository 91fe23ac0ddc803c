/* pvr_project_points.c - projecting points: to the nearest pixel, as clouds, as splines. */
#include "pvr_points.h"
#include "pvr_project_private.h"

#include <string.h>

enum { BLOCK_POINTS = 1 << 13, COLUMN_STEPS = 256, COLUMN_SAMPLES = 200 };

/* Of an item: how far it reaches, in pixels; the sum of the weights of its pixels. */
enum { EXTRAS = 2 };

/* A ball of this radius in pixels, or a smaller one, is spread as a cloud. */
static const double smallest_ball = 1;

struct points_source {
    struct pvr_projecting projecting;
    const struct pvr_points *points;
    const struct pvr_array *length;
    double length_factor;
    const struct pvr_map_value *values, *weight;
    uint64_t first;                  /* point of the batch */
    double column[COLUMN_STEPS + 2]; /* of the spline, at distances of 0 to 2 h */
};

/* The cubic spline in units of h, but for its norm. */
static double spline(double q) {
    return q >= 2 ? 0 : q >= 1 ? pow(2 - q, 3) / 4 : 1 - 1.5 * q * q + 0.75 * q * q * q;
}

/* What lies behind each other in the ball, at a distance from its middle. */
static void make_columns(double *column) {
    for (int s = 0; s <= COLUMN_STEPS + 1; s++) {
        double r = 2.0 * s / COLUMN_STEPS, half = r < 2 ? sqrt(4 - r * r) : 0;
        column[s] = 0;
        for (int i = 0; i < COLUMN_SAMPLES; i++) {
            double z = (i + 0.5) / COLUMN_SAMPLES * half;
            column[s] += spline(sqrt(r * r + z * z)) * half / COLUMN_SAMPLES;
        }
    }
}

static double column_at(const double *column, double squared) {
    double at = sqrt(squared) * COLUMN_STEPS / 2;
    if (at >= COLUMN_STEPS) {
        return 0;
    }
    int step = (int)at;
    return column[step] + (at - step) * (column[step + 1] - column[step]);
}

/* Sets the tiles of an item that reaches so far; false if it does not touch the window. */
static bool place(const struct pvr_projecting *projecting, double reach, bool nearest,
                  struct pvr_item *item) {
    for (int i = 0; i < 2; i++) {
        double low = floor(item->at[i] - reach), last = projecting->pixels.count[i] - 1.0;
        double high = nearest ? low : ceil(item->at[i] + reach) - 1;
        if (!(high >= 0 && low <= last)) {
            return false;
        }
        low = low > 0 ? low : 0;
        high = high < last ? high : last;
        item->tile[2 * i] = (uint8_t)((uint32_t)low / projecting->pixels.tile[i]);
        item->tile[2 * i + 1] =
            (uint8_t)((uint32_t)(high > low ? high : low) / projecting->pixels.tile[i]);
    }
    return true;
}

/* Weight of pixel (x, y) of the image for an item, before all are brought to a sum of 1. */
static double weight_at(const struct points_source *source, const struct pvr_item *item,
                        double reach, double x, double y) {
    double dx = fabs(x + 0.5 - item->at[0]), dy = fabs(y + 0.5 - item->at[1]);
    if (reach == 0) { /* the nearest pixel */
        return x == floor(item->at[0]) && y == floor(item->at[1]) ? 1 : 0;
    }
    if (reach == 0.5) {
        return dx < 1 && dy < 1 ? (1 - dx) * (1 - dy) : 0;
    }
    return column_at(source->column, 4 * (dx * dx + dy * dy) / (reach * reach));
}

/* The pixels that an item reaches for; when folded, those of the window. */
static void find_pixels(const struct pvr_projecting *projecting, const struct pvr_item *item,
                        double reach, double first[2], double end[2]) {
    for (int i = 0; i < 2; i++) {
        first[i] = floor(item->at[i] - reach);
        end[i] = reach == 0 ? first[i] + 1 : ceil(item->at[i] + reach);
        if (projecting->map->request.edge == PVR_EDGE_FOLD) {
            first[i] = fmax(first[i], 0);
            end[i] = fmin(end[i], projecting->pixels.count[i]);
        }
    }
}

/* Leaves out of row y what is outside a ball. */
static void cut_row(const struct pvr_item *item, double reach, double y, double *first,
                    double *end) {
    if (reach > smallest_ball) {
        double dy = y + 0.5 - item->at[1], half = sqrt(fmax(reach * reach - dy * dy, 0));
        *first = fmax(*first, floor(item->at[0] - half - 0.5));
        *end = fmin(*end, ceil(item->at[0] + half + 0.5));
    }
}

/* Of the weights of all pixels of an item; 0 for one that is folded, but only reaches for the
 * window with what is nothing. */
static double sum_weights(const struct points_source *source, const struct pvr_item *item,
                          double reach) {
    double first[2], end[2], sum = 0;
    find_pixels(&source->projecting, item, reach, first, end);
    for (double y = first[1]; y < end[1]; y++) {
        double x = first[0], last = end[0];
        for (cut_row(item, reach, y, &x, &last); x < last; x++) {
            sum += weight_at(source, item, reach, x, y);
        }
    }
    return sum;
}

static enum pvr_status fill_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct points_source *source = context;
    const struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_view *view = &projecting->map->request.view;
    const struct pvr_points *points = source->points;
    struct pvr_project_block *block = &projecting->block[task];
    const uint64_t first = source->first + task * BLOCK_POINTS, left = points->count - first;
    const uint32_t count = left < BLOCK_POINTS ? (uint32_t)left : BLOCK_POINTS;
    block->grid = &projecting->pixels;
    for (uint32_t i = 0; i < count; i++) {
        struct pvr_item *item = &block->item[block->nitems];
        double where[3], reach = points->kernel == PVR_KERNEL_NEAREST ? 0 : 0.5;
        for (int a = 0; a < 3; a++) {
            where[a] = pvr_point_place(points->position, first + i, a);
        }
        pvr_view_place(view, where, item->at);
        if (!(item->at[2] >= view->depth[0] && item->at[2] <= view->depth[1])) {
            continue;
        }
        for (int k = 0; k < 2; k++) {
            item->at[k] = (item->at[k] - view->low[k]) / view->pixel;
        }
        if (points->kernel == PVR_KERNEL_SPLINE) {
            double h = source->length->type == PVR_FLOAT32
                           ? (double)((const float *)source->length->data)[first + i]
                           : ((const double *)source->length->data)[first + i];
            double ball = 2 * h * source->length_factor / view->pixel;
            reach = ball > smallest_ball ? ball : reach;
        }
        if (!place(projecting, reach, points->kernel == PVR_KERNEL_NEAREST, item)) {
            continue;
        }
        double *extra = block->extra + EXTRAS * (size_t)block->nitems;
        extra[0] = reach;
        extra[1] = sum_weights(source, item, reach); /* here, for the item may be in many tiles */
        if (!(extra[1] > 0)) {
            continue;
        }
        pvr_project_scattered(projecting, block, source->values, source->weight, first + i, 1,
                              block->state + (size_t)block->nitems * projecting->state_size);
        block->nitems++;
    }
    pvr_job_add_done(worker, count);
    return pvr_project_sort(block, error);
}

static void add_point(const struct points_source *source, const struct pvr_item *item,
                      const double *extra, const double *state, const uint32_t low[2],
                      const uint32_t high[2]) {
    const struct pvr_projecting *projecting = &source->projecting;
    const size_t row = projecting->pixels.count[0], size = row * projecting->pixels.count[1];
    const double reach = extra[0], sum = extra[1];
    double first[2], end[2];
    find_pixels(projecting, item, reach, first, end);
    for (double y = fmax(first[1], low[1]); y < fmin(end[1], high[1]); y++) {
        double x = fmax(first[0], low[0]), last = fmin(end[0], high[0]);
        for (cut_row(item, reach, y, &x, &last); x < last; x++) {
            double share = weight_at(source, item, reach, x, y) / sum;
            if (share > 0) {
                pvr_map_put(projecting->kind, projecting->nplanes,
                            projecting->pixels.plane + (size_t)y * row + (size_t)x, size, state, 1,
                            share);
            }
        }
    }
}

static void add_points(const struct pvr_projecting *projecting,
                       const struct pvr_project_block *block, const uint32_t *order, uint32_t count,
                       const uint32_t low[2], const uint32_t high[2],
                       struct pvr_project_scratch *scratch) {
    (void)scratch;
    /* the engine's struct is the first member of the source */
    const struct points_source *source = (const struct points_source *)projecting;
    for (uint32_t n = 0; n < count; n++) {
        add_point(source, &block->item[order[n]], block->extra + EXTRAS * (size_t)order[n],
                  block->state + (size_t)order[n] * projecting->state_size, low, high);
    }
}

static enum pvr_status run(struct pvr_map *map, void *context, struct pvr_job *job,
                           struct pvr_error *error) {
    struct points_source *source = context;
    struct pvr_projecting *projecting = &source->projecting;
    const uint64_t count = source->points->count;
    memset(projecting, 0, sizeof *projecting);
    projecting->map = map;
    projecting->weighted = source->weight != NULL;
    projecting->add = add_points;
    enum pvr_status status = pvr_projecting_begin(projecting, job, (size_t)map->nplanes,
                                                  BLOCK_POINTS, BLOCK_POINTS, error);
    if (status == PVR_OK) {
        status = pvr_project_make_extra(projecting, EXTRAS, error);
    }
    pvr_job_expect(job, count);
    if (status == PVR_OK) {
        status = pvr_project_batches(projecting, count, BLOCK_POINTS, fill_task, source,
                                     &source->first, job, error);
    }
    pvr_projecting_end(projecting);
    return status;
}

static bool is_real(const struct pvr_array *array, uint64_t count, int ncomponents) {
    return array != NULL && array->ntuples == count && array->ncomponents == ncomponents &&
           (array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64);
}

enum pvr_status pvr_project_points(struct pvr_map *map, const struct pvr_points *points,
                                   const struct pvr_map_value *values,
                                   const struct pvr_map_value *weight,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_report *report,
                                   struct pvr_error *error) {
    if (report != NULL) {
        memset(report, 0, sizeof *report);
    }
    enum pvr_status status = pvr_project_check_weight(map, weight, error);
    if (status == PVR_OK) {
        status = pvr_project_check_arrays(map, values, weight, points->count, error);
    }
    if (status == PVR_OK &&
        (!is_real(points->position, points->count, 3) ||
         (points->length != NULL && !is_real(points->length, points->count, 1)))) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT,
                          "positions or lengths of points are no real arrays of their number");
    }
    struct points_source source = {.points = points,
                                   .length = points->length,
                                   .length_factor =
                                       points->length_factor > 0 ? points->length_factor : 1,
                                   .values = values,
                                   .weight = weight};
    struct pvr_array *made = NULL;
    if (status == PVR_OK && points->kernel == PVR_KERNEL_SPLINE) {
        make_columns(source.column);
        if (points->length == NULL) {
            status = pvr_points_lengths(
                points->position, points->all != NULL ? points->all : points->position,
                points->neighbours > 0 ? points->neighbours : 32, &made, error);
            source.length = made;
        }
    }
    if (status == PVR_OK) {
        status =
            pvr_project_all(map, run, &source, threads, progress, progress_context, report, error);
    }
    pvr_array_release(made);
    return status;
}
