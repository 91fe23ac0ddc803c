/* pvr_array_values.h - single values of arrays of any type (internal). */
#ifndef PVR_ARRAY_VALUES_H
#define PVR_ARRAY_VALUES_H

#include "pvr_memory.h"

#include <stdbool.h>

static inline bool pvr_is_real(const struct pvr_array *array) {
    return array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64;
}

static inline double pvr_value(const struct pvr_array *array, uint64_t index, int component) {
    uint64_t at = index * (uint64_t)array->ncomponents + (uint64_t)component;
    switch (array->type) {
    case PVR_FLOAT32:
        return (double)((const float *)array->data)[at];
    case PVR_FLOAT64:
        return ((const double *)array->data)[at];
    case PVR_UINT8:
        return ((const uint8_t *)array->data)[at];
    case PVR_INT32:
        return ((const int32_t *)array->data)[at];
    case PVR_INT64:
        return (double)((const int64_t *)array->data)[at];
    }
    return 0;
}

static inline void pvr_put_real(struct pvr_array *array, uint64_t index, int component,
                                double value) {
    uint64_t at = index * (uint64_t)array->ncomponents + (uint64_t)component;
    if (array->type == PVR_FLOAT32) {
        ((float *)array->data)[at] = (float)value;
    } else {
        ((double *)array->data)[at] = value;
    }
}

#endif
