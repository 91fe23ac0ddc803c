/* pvr_particle_ranges.c - extrema and sums of the arrays of particles. */
#include "pvr_particles.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { CHUNK = 1 << 16 /* tuples of a task */, LANES = 12 /* divided by 1 and by 3 */ };

/* Of a run of tuples. `rest` is what rounding left out of the sums; `odd` counts NaN and
 * infinities, which are left out of all others. */
struct extrema {
    double low[3], high[3], sum[3], rest[3], norm_low, norm_high;
    uint64_t odd[3];
};

static const struct extrema nothing = {.low = {INFINITY, INFINITY, INFINITY},
                                       .high = {-INFINITY, -INFINITY, -INFINITY},
                                       .norm_low = INFINITY,
                                       .norm_high = -INFINITY};

/* Adds `value` with what is lost in *rest: six operations and no branch (Knuth). */
static inline void add_to(double *sum, double *rest, double value) {
    double next = *sum + value, back = next - *sum;
    *rest += (*sum - (next - back)) + (value - back);
    *sum = next;
}

/* Independent lanes let the compiler use vector instructions: lane j holds component j % width. A
 * value that is no number takes the place of nothing: the lane's extremum, 0 in sums. */
#define DEFINE_EXTREMA(NAME, TYPE)                                                                 \
    static struct extrema NAME(const TYPE *value, uint64_t ntuples, int width) {                   \
        struct extrema found = nothing;                                                            \
        double low[LANES], high[LANES], sum[LANES], rest[LANES];                                   \
        uint64_t odd[LANES] = {0};                                                                 \
        for (int j = 0; j < LANES; j++) {                                                          \
            low[j] = (double)INFINITY;                                                             \
            high[j] = -(double)INFINITY;                                                           \
            sum[j] = rest[j] = 0;                                                                  \
        }                                                                                          \
        uint64_t count = ntuples * (uint64_t)width;                                                \
        for (uint64_t i = 0; i < count; i += LANES) {                                              \
            int lanes = count - i < LANES ? (int)(count - i) : LANES;                              \
            for (int j = 0; j < lanes; j++) {                                                      \
                double v = (double)value[i + (uint64_t)j];                                         \
                bool number = v - v == 0;                                                          \
                low[j] = number && v < low[j] ? v : low[j];                                        \
                high[j] = number && v > high[j] ? v : high[j];                                     \
                odd[j] += !number;                                                                 \
                add_to(&sum[j], &rest[j], number ? v : 0);                                         \
            }                                                                                      \
        }                                                                                          \
        for (int j = 0; j < LANES; j++) {                                                          \
            int c = j % width;                                                                     \
            found.low[c] = fmin(found.low[c], low[j]);                                             \
            found.high[c] = fmax(found.high[c], high[j]);                                          \
            add_to(&found.sum[c], &found.rest[c], sum[j]);                                         \
            found.rest[c] += rest[j];                                                              \
            found.odd[c] += odd[j];                                                                \
        }                                                                                          \
        for (uint64_t t = 0; width == 3 && t < ntuples; t++) {                                     \
            double x = (double)value[3 * t], y = (double)value[3 * t + 1];                         \
            double z = (double)value[3 * t + 2], square = x * x + y * y + z * z;                   \
            found.norm_low = square < found.norm_low ? square : found.norm_low;                    \
            bool larger = square > found.norm_high && square <= DBL_MAX;                           \
            found.norm_high = larger ? square : found.norm_high;                                   \
        }                                                                                          \
        return found;                                                                              \
    }

DEFINE_EXTREMA(extrema_of_floats, float)
DEFINE_EXTREMA(extrema_of_doubles, double)
DEFINE_EXTREMA(extrema_of_int32, int32_t)
DEFINE_EXTREMA(extrema_of_int64, int64_t)

struct finding {
    struct pvr_particles *particles;
    size_t nchunks;         /* of an array */
    struct extrema *result; /* [array][chunk]; the position is the first array */
};

static struct pvr_particle_array *array_at(struct pvr_particles *particles, size_t i) {
    return i == 0 ? &particles->position : &particles->arrays[i - 1];
}

static enum pvr_status find_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct finding *finding = context;
    const struct pvr_array *array = array_at(finding->particles, task / finding->nchunks)->array;
    uint64_t first = task % finding->nchunks * CHUNK;
    uint64_t count = array->ntuples - first < CHUNK ? array->ntuples - first : CHUNK;
    uint64_t at = first * (uint64_t)array->ncomponents;
    int width = array->ncomponents;
    struct extrema *result = &finding->result[task];
    switch (array->type) {
    case PVR_FLOAT32:
        *result = extrema_of_floats((const float *)array->data + at, count, width);
        break;
    case PVR_FLOAT64:
        *result = extrema_of_doubles((const double *)array->data + at, count, width);
        break;
    case PVR_INT32:
        *result = extrema_of_int32((const int32_t *)array->data + at, count, width);
        break;
    case PVR_INT64:
        *result = extrema_of_int64((const int64_t *)array->data + at, count, width);
        break;
    case PVR_UINT8:
        *result = nothing;
        break;
    }
    return PVR_OK;
}

static void note_ranges(struct pvr_particle_array *array, const struct extrema *result,
                        size_t nchunks) {
    struct extrema all = nothing;
    for (size_t i = 0; i < nchunks; i++) {
        for (int c = 0; c < 3; c++) {
            all.low[c] = fmin(all.low[c], result[i].low[c]);
            all.high[c] = fmax(all.high[c], result[i].high[c]);
            add_to(&all.sum[c], &all.rest[c], result[i].sum[c]);
            all.rest[c] += result[i].rest[c];
            all.odd[c] += result[i].odd[c];
        }
        all.norm_low = fmin(all.norm_low, result[i].norm_low);
        all.norm_high = fmax(all.norm_high, result[i].norm_high);
    }
    bool vector = array->array->ncomponents == 3;
    array->has_ranges = true;
    for (int c = 0; c < array->array->ncomponents; c++) {
        array->has_ranges = array->has_ranges && all.low[c] <= all.high[c];
        array->range[c][0] = all.low[c];
        array->range[c][1] = all.high[c];
        array->sum[c] = all.sum[c] + all.rest[c];
        array->not_finite[c] = all.odd[c];
    }
    array->norm[0] = vector ? sqrt(all.norm_low) : all.low[0];
    array->norm[1] = vector ? sqrt(all.norm_high) : all.high[0];
}

enum pvr_status pvr_particles_find_ranges(struct pvr_particles *particles,
                                          const struct pvr_threads *threads,
                                          struct pvr_error *error) {
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    struct finding finding = {.particles = particles};
    finding.nchunks = (size_t)((particles->count + CHUNK - 1) / CHUNK);
    size_t narrays = (size_t)particles->narrays + 1, ntasks = finding.nchunks * narrays;
    finding.result = malloc((ntasks + 1) * sizeof *finding.result);
    status = finding.result != NULL
                 ? pvr_job_run(&job, ntasks, NULL, find_task, NULL, &finding, error)
                 : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the arrays' ranges");
    for (size_t i = 0; status == PVR_OK && i < narrays; i++) {
        note_ranges(array_at(particles, i), finding.result + i * finding.nchunks, finding.nchunks);
    }
    free(finding.result);
    pvr_job_end(&job, NULL);
    return status;
}
