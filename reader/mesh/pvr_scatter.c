/* pvr_scatter.c - from records of the files to places of the octree. */
#include "pvr_scatter.h"

#include <string.h>

/* The inner loops, once for each pair of types. The usual case, one component and octs whose cells
 * follow each other, writes whole cache lines: the loop over the cells is inside. */
#define DEFINE_SCATTER(NAME, FROM, TO)                                                             \
    static void NAME(TO *to, int ndim, const uint64_t *index, int stride, uint64_t count,          \
                     const char *const *data, int ncomponents, const int *component, int width,    \
                     double factor) {                                                              \
        int ncells = 1 << ndim;                                                                    \
        if (ncells == 8 && stride == 1 && width == 1) {                                            \
            for (uint64_t i = 0; i < count; i++) {                                                 \
                TO *cell = to + index[i];                                                          \
                for (int c = 0; c < 8; c++) {                                                      \
                    FROM value;                                                                    \
                    memcpy(&value, data[c] + i * sizeof value, sizeof value);                      \
                    cell[c] = (TO)((double)value * factor);                                        \
                }                                                                                  \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (uint64_t i = 0; i < count; i++) {                                                     \
            for (int c = 0; c < ncells; c++) {                                                     \
                uint64_t place = stride == 1 ? index[i] + (uint64_t)c                              \
                                             : index[i * (uint64_t)stride + (uint64_t)c];          \
                if (place == PVR_NOWHERE) {                                                        \
                    continue;                                                                      \
                }                                                                                  \
                TO *cell = to + place * (uint64_t)width;                                           \
                for (int v = 0; v < ncomponents; v++) {                                            \
                    FROM value;                                                                    \
                    memcpy(&value, data[(v << ndim) + c] + i * sizeof value, sizeof value);        \
                    cell[component[v]] = (TO)((double)value * factor);                             \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_SCATTER(scatter_double_to_double, double, double)
DEFINE_SCATTER(scatter_double_to_float, double, float)
DEFINE_SCATTER(scatter_float_to_double, float, double)
DEFINE_SCATTER(scatter_float_to_float, float, float)
DEFINE_SCATTER(scatter_integers, int32_t, int32_t)

void pvr_scatter(struct pvr_array *array, int ndim, const uint64_t *index, int stride,
                 uint64_t count, const char *const *data, uint32_t value_bytes, int ncomponents,
                 const int *component, double factor) {
    int width = array->ncomponents;
    if (array->type == PVR_INT32) { /* every 32-bit integer is a double */
        scatter_integers(array->data, ndim, index, stride, count, data, ncomponents, component,
                         width, 1.0);
        return;
    }
    if (array->type == PVR_FLOAT64) {
        (value_bytes == 8 ? scatter_double_to_double : scatter_float_to_double)(
            array->data, ndim, index, stride, count, data, ncomponents, component, width, factor);
    } else {
        (value_bytes == 8 ? scatter_double_to_float : scatter_float_to_float)(
            array->data, ndim, index, stride, count, data, ncomponents, component, width, factor);
    }
}

#define DEFINE_MEAN(NAME, TYPE)                                                                    \
    static void NAME(char *first, const char *partner, uint64_t count) {                           \
        for (uint64_t i = 0; i < count; i++) {                                                     \
            TYPE a, b;                                                                             \
            memcpy(&a, first + i * sizeof a, sizeof a);                                            \
            memcpy(&b, partner + i * sizeof b, sizeof b);                                          \
            a = (TYPE)0.5 * (a + b);                                                               \
            memcpy(first + i * sizeof a, &a, sizeof a);                                            \
        }                                                                                          \
    }

DEFINE_MEAN(mean_of_doubles, double)
DEFINE_MEAN(mean_of_floats, float)

void pvr_mean(char *first, const char *partner, uint64_t count, uint32_t value_bytes) {
    (value_bytes == 8 ? mean_of_doubles : mean_of_floats)(first, partner, count);
}

void pvr_scatter_constant(struct pvr_array *array, int ndim, const uint64_t *index, int stride,
                          uint64_t count, int value) {
    for (uint64_t i = 0; i < count; i++) {
        for (int c = 0; c < 1 << ndim; c++) {
            uint64_t place =
                stride == 1 ? index[i] + (uint64_t)c : index[i * (uint64_t)stride + (uint64_t)c];
            if (place == PVR_NOWHERE) {
                continue;
            }
            if (array->type == PVR_UINT8) {
                ((uint8_t *)array->data)[place] = (uint8_t)value;
            } else {
                ((int32_t *)array->data)[place] = value;
            }
        }
    }
}
