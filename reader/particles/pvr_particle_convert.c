/* pvr_particle_convert.c - from columns of the files to arrays. */
#include "pvr_particle_convert.h"

/* Three whole columns to the three components are the case that counts: one pass over the array. */
#define DEFINE_REALS(NAME, FROM, TO)                                                               \
    static void NAME(TO *to, int stride, const void *const *from, int ncolumns,                    \
                     const int *component, const struct pvr_run *run, double factor) {             \
        if (ncolumns == 3 && stride == 3) {                                                        \
            TO *const x = to + component[0], *const y = to + component[1],                         \
                      *const z = to + component[2];                                                \
            const FROM *const a = from[0], *const b = from[1], *const c = from[2];                 \
            for (uint64_t i = 0; run->index == NULL && i < run->count; i++) {                      \
                x[3 * i] = (TO)((double)a[i] * factor);                                            \
                y[3 * i] = (TO)((double)b[i] * factor);                                            \
                z[3 * i] = (TO)((double)c[i] * factor);                                            \
            }                                                                                      \
            for (uint64_t i = 0; run->index != NULL && i < run->count; i++) {                      \
                uint32_t at = run->index[i] - run->shift;                                          \
                x[3 * i] = (TO)((double)a[at] * factor);                                           \
                y[3 * i] = (TO)((double)b[at] * factor);                                           \
                z[3 * i] = (TO)((double)c[at] * factor);                                           \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (int v = 0; v < ncolumns; v++) {                                                       \
            TO *const out = to + component[v];                                                     \
            const FROM *const in = from[v];                                                        \
            for (uint64_t i = 0; run->index == NULL && i < run->count; i++) {                      \
                out[i * (uint64_t)stride] = (TO)((double)in[i] * factor);                          \
            }                                                                                      \
            for (uint64_t i = 0; run->index != NULL && i < run->count; i++) {                      \
                out[i * (uint64_t)stride] = (TO)((double)in[run->index[i] - run->shift] * factor); \
            }                                                                                      \
        }                                                                                          \
    }

#define DEFINE_WHOLE(NAME, FROM, TO)                                                               \
    static void NAME(TO *to, int stride, const void *const *from, int ncolumns,                    \
                     const int *component, const struct pvr_run *run, double factor) {             \
        (void)factor;                                                                              \
        for (int v = 0; v < ncolumns; v++) {                                                       \
            TO *const out = to + component[v];                                                     \
            const FROM *const in = from[v];                                                        \
            for (uint64_t i = 0; run->index == NULL && i < run->count; i++) {                      \
                out[i * (uint64_t)stride] = (TO)in[i];                                             \
            }                                                                                      \
            for (uint64_t i = 0; run->index != NULL && i < run->count; i++) {                      \
                out[i * (uint64_t)stride] = (TO)in[run->index[i] - run->shift];                    \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_REALS(doubles_to_doubles, double, double)
DEFINE_REALS(doubles_to_floats, double, float)
DEFINE_REALS(floats_to_doubles, float, double)
DEFINE_REALS(floats_to_floats, float, float)
DEFINE_WHOLE(int8_to_int32, int8_t, int32_t)
DEFINE_WHOLE(int16_to_int32, int16_t, int32_t)
DEFINE_WHOLE(int32_to_int32, int32_t, int32_t)
DEFINE_WHOLE(int8_to_int64, int8_t, int64_t)
DEFINE_WHOLE(int16_to_int64, int16_t, int64_t)
DEFINE_WHOLE(int32_to_int64, int32_t, int64_t)
DEFINE_WHOLE(int64_to_int64, int64_t, int64_t)

#define CALL(NAME, TYPE)                                                                           \
    NAME((TYPE *)array->data + at, array->ncomponents, from, ncolumns, component, run, factor)

void pvr_particle_convert(struct pvr_array *array, uint64_t first, const void *const *from,
                          bool real, uint32_t width, int ncolumns, const int *component,
                          const struct pvr_run *run, double factor) {
    uint64_t at = first * (uint64_t)array->ncomponents;
    if (real && array->type == PVR_FLOAT64) {
        width == 8 ? CALL(doubles_to_doubles, double) : CALL(floats_to_doubles, double);
    } else if (real) {
        width == 8 ? CALL(doubles_to_floats, float) : CALL(floats_to_floats, float);
    } else if (array->type == PVR_INT32) { /* never from 8 bytes */
        width == 1   ? CALL(int8_to_int32, int32_t)
        : width == 2 ? CALL(int16_to_int32, int32_t)
                     : CALL(int32_to_int32, int32_t);
    } else {
        width == 1   ? CALL(int8_to_int64, int64_t)
        : width == 2 ? CALL(int16_to_int64, int64_t)
        : width == 4 ? CALL(int32_to_int64, int64_t)
                     : CALL(int64_to_int64, int64_t);
    }
}

void pvr_particle_reals(const void *from, uint32_t width, uint64_t count, double *to) {
    struct pvr_array array = {.type = PVR_FLOAT64, .ncomponents = 1, .data = to};
    const struct pvr_run run = {NULL, 0, count};
    const int component = 0;
    pvr_particle_convert(&array, 0, &from, true, width, 1, &component, &run, 1);
}

void pvr_particle_whole(const void *from, uint32_t width, uint64_t count, int64_t *to) {
    struct pvr_array array = {.type = PVR_INT64, .ncomponents = 1, .data = to};
    const struct pvr_run run = {NULL, 0, count};
    const int component = 0;
    pvr_particle_convert(&array, 0, &from, false, width, 1, &component, &run, 1);
}
