/* pvr_mesh_ranges.c - the extrema of a mesh's arrays, at the speed of memory. */
#include "pvr_mesh_plan.h"

#include <math.h>
#include <stdlib.h>

enum { CHUNK = 1 << 16 /* tuples of a task */, LANES = 12 /* divided by 1 and by 3 */ };

/* Extrema of a run of tuples. */
struct extrema {
    double low[3], high[3], norm_low, norm_high;
};

static const struct extrema nothing = {
    {INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}, INFINITY, -INFINITY};

/* Independent lanes let the compiler use vector instructions: lane j holds component j % width.
 * NaN is neither lower nor higher than anything, so it is left out. */
#define DEFINE_EXTREMA(NAME, TYPE)                                                                 \
    static struct extrema NAME(const TYPE *value, uint64_t ntuples, int width) {                   \
        struct extrema found = nothing;                                                            \
        TYPE low[LANES], high[LANES];                                                              \
        for (int j = 0; j < LANES; j++) {                                                          \
            low[j] = (TYPE)INFINITY;                                                               \
            high[j] = -(TYPE)INFINITY;                                                             \
        }                                                                                          \
        uint64_t count = ntuples * (uint64_t)width, i = 0;                                         \
        for (; i + LANES <= count; i += LANES) {                                                   \
            for (int j = 0; j < LANES; j++) {                                                      \
                TYPE v = value[i + (uint64_t)j];                                                   \
                low[j] = v < low[j] ? v : low[j];                                                  \
                high[j] = v > high[j] ? v : high[j];                                               \
            }                                                                                      \
        }                                                                                          \
        for (int j = 0; i < count; i++, j++) {                                                     \
            TYPE v = value[i];                                                                     \
            low[j] = v < low[j] ? v : low[j];                                                      \
            high[j] = v > high[j] ? v : high[j];                                                   \
        }                                                                                          \
        for (int j = 0; j < LANES; j++) {                                                          \
            int c = j % width;                                                                     \
            found.low[c] = fmin(found.low[c], (double)low[j]);                                     \
            found.high[c] = fmax(found.high[c], (double)high[j]);                                  \
        }                                                                                          \
        for (uint64_t t = 0; width == 3 && t < ntuples; t++) {                                     \
            double x = (double)value[3 * t], y = (double)value[3 * t + 1];                         \
            double z = (double)value[3 * t + 2], square = x * x + y * y + z * z;                   \
            found.norm_low = square < found.norm_low ? square : found.norm_low;                    \
            found.norm_high = square > found.norm_high ? square : found.norm_high;                 \
        }                                                                                          \
        return found;                                                                              \
    }

DEFINE_EXTREMA(extrema_of_floats, float)
DEFINE_EXTREMA(extrema_of_doubles, double)

struct finding {
    const struct pvr_mesh_array *arrays;
    size_t nchunks;         /* of an array */
    struct extrema *result; /* [array][chunk] */
};

static bool is_real(const struct pvr_array *array) {
    return array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64;
}

static enum pvr_status find_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct finding *finding = context;
    const struct pvr_array *array = finding->arrays[task / finding->nchunks].array;
    finding->result[task] = nothing;
    if (!is_real(array)) {
        return PVR_OK;
    }
    uint64_t first = task % finding->nchunks * CHUNK;
    uint64_t count = array->ntuples - first < CHUNK ? array->ntuples - first : CHUNK;
    uint64_t at = first * (uint64_t)array->ncomponents;
    finding->result[task] =
        array->type == PVR_FLOAT32
            ? extrema_of_floats((const float *)array->data + at, count, array->ncomponents)
            : extrema_of_doubles((const double *)array->data + at, count, array->ncomponents);
    return PVR_OK;
}

static void note_ranges(struct pvr_mesh_array *array, const struct extrema *result,
                        size_t nchunks) {
    struct extrema all = nothing;
    for (size_t i = 0; i < nchunks; i++) {
        for (int c = 0; c < 3; c++) {
            all.low[c] = fmin(all.low[c], result[i].low[c]);
            all.high[c] = fmax(all.high[c], result[i].high[c]);
        }
        all.norm_low = fmin(all.norm_low, result[i].norm_low);
        all.norm_high = fmax(all.norm_high, result[i].norm_high);
    }
    array->has_ranges = true;
    for (int c = 0; c < array->array->ncomponents; c++) {
        array->has_ranges &= isfinite(all.low[c]) && isfinite(all.high[c]);
    }
    for (int c = 0; c < 3; c++) {
        array->range[c][0] = all.low[c];
        array->range[c][1] = all.high[c];
    }
    bool vector = array->array->ncomponents == 3;
    array->has_ranges &= !vector || isfinite(all.norm_high);
    array->norm[0] = vector ? sqrt(all.norm_low) : all.low[0];
    array->norm[1] = vector ? sqrt(all.norm_high) : all.high[0];
}

enum pvr_status pvr_mesh_find_ranges_in(struct pvr_mesh_array *arrays, int narrays,
                                        struct pvr_job *job, struct pvr_error *error) {
    if (narrays <= 0) {
        return PVR_OK;
    }
    struct finding finding = {.arrays = arrays};
    finding.nchunks = (size_t)((arrays[0].array->ntuples + CHUNK - 1) / CHUNK);
    size_t ntasks = finding.nchunks * (size_t)narrays;
    finding.result = malloc((ntasks + 1) * sizeof *finding.result);
    enum pvr_status status =
        finding.result != NULL
            ? pvr_job_run(job, ntasks, NULL, find_task, NULL, &finding, error)
            : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the arrays' ranges");
    for (int i = 0; status == PVR_OK && i < narrays; i++) {
        if (is_real(arrays[i].array)) {
            note_ranges(&arrays[i], finding.result + (size_t)i * finding.nchunks, finding.nchunks);
        }
    }
    free(finding.result);
    return status;
}

enum pvr_status pvr_mesh_find_ranges(struct pvr_mesh_array *arrays, int narrays,
                                     const struct pvr_threads *threads, struct pvr_error *error) {
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status == PVR_OK) {
        status = pvr_mesh_find_ranges_in(arrays, narrays, &job, error);
        pvr_job_end(&job, NULL);
    }
    return status;
}
