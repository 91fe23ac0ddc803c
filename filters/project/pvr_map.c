/* pvr_map.c - maps: sums per pixel, and the images that follow from them. */
#include "pvr_map.h"

#include "pvr_available.h"
#include "pvr_lanes.h"
#include "pvr_map_state.h"
#include "pvr_sum.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 1 << 28 }; /* bytes that need no look at the memory */

static const char *const mode_names[PVR_MAP_MODES] = {
    [PVR_MAP_MEAN] = "mean",
    [PVR_MAP_SUM] = "sum",
    [PVR_MAP_INTEGRAL] = "integral",
    [PVR_MAP_SURFACE_DENSITY] = "surface-density",
    [PVR_MAP_MIN] = "min",
    [PVR_MAP_MAX] = "max",
    [PVR_MAP_DISPERSION] = "dispersion",
    [PVR_MAP_FIRST_MOMENT] = "first-moment",
};

const char *pvr_map_mode_name(enum pvr_map_mode mode) {
    return (unsigned)mode < PVR_MAP_MODES ? mode_names[mode] : "";
}

enum pvr_map_mode pvr_map_mode_find(const char *name) {
    int mode = 0;
    while (mode < PVR_MAP_MODES && strcmp(mode_names[mode], name) != 0) {
        mode++;
    }
    return (enum pvr_map_mode)mode;
}

enum pvr_status pvr_map_clear(struct pvr_map *map, bool own_weights, struct pvr_error *error) {
    enum pvr_map_kind kind = pvr_map_kind(map->request.mode);
    int nplanes = pvr_map_count_planes(kind, map->request.nvalues, own_weights);
    if (map->plane == NULL || nplanes != map->nplanes) {
        pvr_large_free(map->plane, map->bytes);
        map->bytes = map->npixels * (uint64_t)nplanes * sizeof(double);
        /* the system may promise more than there is */
        bool fits = map->bytes < ENOUGH || map->bytes < pvr_memory_available();
        map->plane = fits ? pvr_large_alloc(map->bytes) : NULL;
        if (map->plane == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY,
                            "no memory for a map of %u x %u pixels and %d sums (%.3g GB)",
                            map->request.view.pixels[0], map->request.view.pixels[1], nplanes,
                            (double)map->bytes / 1e9);
        }
    } else {
        memset(map->plane, 0, map->bytes);
    }
    map->nplanes = nplanes;
    map->own_weights = own_weights;
    map->cells = map->weights_not_finite = 0;
    memset(map->not_finite, 0, sizeof map->not_finite);
    double nothing = pvr_map_nothing(kind);
    for (uint64_t i = 0; nothing != 0 && i < map->npixels * (uint64_t)nplanes; i++) {
        map->plane[i] = nothing;
    }
    return PVR_OK;
}

enum pvr_status pvr_map_new(const struct pvr_map_request *request, struct pvr_map **map,
                            struct pvr_error *error) {
    *map = NULL;
    const struct pvr_view *view = &request->view;
    if (request->nvalues < 1 || request->nvalues > PVR_MAP_MAX_VALUES) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "a projection of %d values: 1 to %d can be made",
                        request->nvalues, (int)PVR_MAP_MAX_VALUES);
    }
    if ((unsigned)request->mode >= PVR_MAP_MODES) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "there is no mode number %d of a projection",
                        (int)request->mode);
    }
    if (view->pixels[0] < 1 || view->pixels[1] < 1 || view->pixels[0] > PVR_MAP_MAX_PIXELS ||
        view->pixels[1] > PVR_MAP_MAX_PIXELS || !(view->pixel > 0) ||
        !(view->depth[1] > view->depth[0])) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "the view of a map is empty");
    }
    struct pvr_map *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a map");
    }
    made->request = *request;
    made->npixels = (uint64_t)view->pixels[0] * view->pixels[1];
    enum pvr_status status = pvr_map_clear(made, request->own_weights, error);
    if (status != PVR_OK) {
        pvr_map_free(made);
        return status;
    }
    *map = made;
    return PVR_OK;
}

void pvr_map_free(struct pvr_map *map) {
    if (map != NULL) {
        pvr_large_free(map->plane, map->bytes);
        free(map);
    }
}

void pvr_map_add_pixels(struct pvr_map *map, uint64_t first, uint64_t count, const double *sums,
                        uint64_t stride) {
    const enum pvr_map_kind kind = pvr_map_kind(map->request.mode);
    double *to = map->plane + first;
    for (int p = 0; kind == PVR_KIND_ADD && p < map->nplanes; p++) {
        double *restrict plane = to + (uint64_t)p * map->npixels;
        const double *restrict from = sums + (uint64_t)p * stride;
        for (uint64_t i = 0; i < count; i++) {
            plane[i] += from[i];
        }
    }
    for (uint64_t i = 0; kind != PVR_KIND_ADD && i < count; i++) {
        pvr_map_put(kind, map->nplanes, to + i, map->npixels, sums + i, stride, 1);
    }
}

double *pvr_map_plane(struct pvr_map *map, int value) {
    bool squares = pvr_map_kind(map->request.mode) == PVR_KIND_SQUARES;
    return map->plane + (uint64_t)value * (squares ? 3 : 1) * map->npixels;
}

/* Images are finished, and added up, in runs of pixels. */
enum { RUN_PIXELS = 1 << 15 };

struct run_totals {
    uint64_t pixels;
    double min, max;
    struct pvr_sum sum;
};

struct finishing {
    const struct pvr_map *map;
    const double *unit;
    double empty;
    double *const *image;
    size_t nruns;
    struct run_totals *totals; /* [value][run] */
};

/* The values of `count` pixels from number `first` on, NaN where nothing is. */
INLINE void find_values(const struct pvr_map *map, int value, double by, double unit,
                        uint64_t first, size_t count, double *restrict out) {
    const uint64_t n = map->npixels;
    const enum pvr_map_kind kind = pvr_map_kind(map->request.mode);
    const double *from =
        map->plane + first + (uint64_t)value * (kind == PVR_KIND_SQUARES ? 3 : 1) * n;
    if (kind == PVR_KIND_ADD) {
        const int nvalues = map->request.nvalues;
        const double *weight =
            map->plane + first + (uint64_t)(nvalues + (map->own_weights ? value : 0)) * n;
        for (size_t i = 0; i < count; i++) {
            const double mean = from[i] / (by > 0 ? by : weight[i]);
            out[i] = weight[i] > 0 ? unit * mean : (double)NAN;
        }
    } else if (kind == PVR_KIND_SQUARES) {
        for (size_t i = 0; i < count; i++) {
            out[i] = from[i] > 0 ? unit * sqrt(from[2 * n + i] / from[i]) : (double)NAN;
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            out[i] = isinf(from[i]) ? (double)NAN : unit * from[i];
        }
    }
}

enum {
    PIECE = 512, /* pixels whose values are found, counted and written while they are at hand */
    SUMS = 64    /* beside each other: vectors for the compiler; divides PIECE */
};

struct sums {
    double pixels[SUMS], min[SUMS], max[SUMS];
    double sum[SUMS], lost[SUMS]; /* as struct pvr_sum, by the additions of Knuth's two-sum */
};

/* Takes PIECE values, of which NaNs do not count. */
INLINE void count_values(struct sums *restrict sums, const double *restrict value) {
    for (size_t i = 0; i < PIECE; i += SUMS) {
        for (size_t k = 0; k < SUMS; k++) {
            const double one = value[i + k];
            const double term = isnan(one) ? 0 : one;
            const double before = sums->sum[k], total = before + term, added = total - before;
            sums->sum[k] = total;
            sums->lost[k] += (before - (total - added)) + (term - added);
            sums->pixels[k] += isnan(one) ? 0 : 1;
            sums->min[k] = one < sums->min[k] ? one : sums->min[k];
            sums->max[k] = one > sums->max[k] ? one : sums->max[k];
        }
    }
}

INLINE struct run_totals join_sums(const struct sums *sums) {
    struct run_totals totals = {0, (double)INFINITY, -(double)INFINITY, {0, 0}};
    for (size_t k = 0; k < SUMS; k++) {
        const struct pvr_sum sum = {sums->sum[k], sums->lost[k]};
        totals.pixels += (uint64_t)sums->pixels[k];
        totals.min = sums->min[k] < totals.min ? sums->min[k] : totals.min;
        totals.max = sums->max[k] > totals.max ? sums->max[k] : totals.max;
        pvr_sum_join(&totals.sum, &sum);
    }
    return totals;
}

/* Makes a run of pixels of all images. Inlined, so that it can be made with wider vectors too. */
INLINE void finish_run(const struct finishing *finishing, size_t run) {
    const struct pvr_map *map = finishing->map;
    const enum pvr_map_mode mode = map->request.mode;
    const double pixel = map->request.view.pixel, empty = finishing->empty;
    bool mean = mode == PVR_MAP_MEAN || mode == PVR_MAP_FIRST_MOMENT;
    double by = mean ? 0 : mode == PVR_MAP_SUM ? 1 : pixel * pixel;
    uint64_t first = (uint64_t)run * RUN_PIXELS, end = first + RUN_PIXELS;
    end = end < map->npixels ? end : map->npixels;
    for (int v = 0; v < map->request.nvalues; v++) {
        const double unit = finishing->unit != NULL ? finishing->unit[v] : 1;
        struct sums sums = {.pixels = {0}};
        for (size_t k = 0; k < SUMS; k++) {
            sums.min[k] = (double)INFINITY;
            sums.max[k] = -(double)INFINITY;
        }
        for (uint64_t at = first; at < end; at += PIECE) {
            double value[PIECE];
            const size_t count = end - at < PIECE ? (size_t)(end - at) : PIECE;
            find_values(map, v, by, unit, at, count, value);
            for (size_t i = count; i < PIECE; i++) {
                value[i] = (double)NAN;
            }
            count_values(&sums, value);
            double *image = finishing->image[v] + at;
            for (size_t i = 0; i < count; i++) {
                image[i] = isnan(value[i]) ? empty : value[i];
            }
        }
        finishing->totals[(size_t)v * finishing->nruns + run] = join_sums(&sums);
    }
}

#ifdef PVR_HAVE_AVX2
TARGET_AVX2 static void finish_run_wide(const struct finishing *finishing, size_t run) {
    finish_run(finishing, run);
}
#endif

static enum pvr_status finish_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)worker;
    (void)error;
#ifdef PVR_HAVE_AVX2
    if (HAS_AVX2()) {
        finish_run_wide(context, task);
        return PVR_OK;
    }
#endif
    finish_run(context, task);
    return PVR_OK;
}

/* Adds the runs of a value in their order. */
static struct pvr_map_totals add_runs(const struct finishing *finishing, int value) {
    struct run_totals all = {0, (double)INFINITY, -(double)INFINITY, {0, 0}};
    for (size_t r = 0; r < finishing->nruns; r++) {
        const struct run_totals *run = &finishing->totals[(size_t)value * finishing->nruns + r];
        all.pixels += run->pixels;
        all.min = run->min < all.min ? run->min : all.min;
        all.max = run->max > all.max ? run->max : all.max;
        pvr_sum_join(&all.sum, &run->sum);
    }
    double pixel = finishing->map->request.view.pixel, sum = pvr_sum_total(&all.sum);
    bool none = all.pixels == 0;
    return (struct pvr_map_totals){.pixels = all.pixels,
                                   .min = none ? (double)NAN : all.min,
                                   .max = none ? (double)NAN : all.max,
                                   .sum = sum,
                                   .integral = sum * pixel * pixel};
}

enum pvr_status pvr_map_finish(const struct pvr_map *map, const double *unit, double empty,
                               double *const *image, struct pvr_map_totals *totals,
                               const struct pvr_threads *threads, struct pvr_error *error) {
    size_t nruns = (size_t)((map->npixels + RUN_PIXELS - 1) / RUN_PIXELS);
    size_t nvalues = (size_t)map->request.nvalues;
    struct finishing finishing = {.map = map,
                                  .unit = unit,
                                  .empty = empty,
                                  .image = image,
                                  .nruns = nruns,
                                  .totals = calloc(nruns * nvalues, sizeof *finishing.totals)};
    if (finishing.totals == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory to finish a map");
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status == PVR_OK) {
        status = pvr_job_run(&job, nruns, NULL, finish_task, NULL, &finishing, error);
        pvr_job_end(&job, NULL);
    }
    for (int v = 0; status == PVR_OK && totals != NULL && v < (int)nvalues; v++) {
        totals[v] = add_runs(&finishing, v);
    }
    free(finishing.totals);
    return status;
}
