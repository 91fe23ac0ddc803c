/* pvr_vtk_part.c - runs of fields as arrays of a file. */
#include "pvr_vtk_part.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum pvr_status pvr_vtk_check_fields(const char *path, const struct pvr_vtk_field *fields,
                                     int nfields, uint64_t ntuples, struct pvr_error *error) {
    for (int f = 0; f < nfields; f++) {
        const struct pvr_array *array = fields[f].array;
        if (array->ntuples != ntuples) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "%s: field '%s' has %" PRIu64 " values for %" PRIu64 " places", path,
                            fields[f].name, array->ntuples, ntuples);
        }
        if (fields[f].log10 && array->type != PVR_FLOAT32 && array->type != PVR_FLOAT64) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "%s: '%s' holds whole numbers: no logarithm is taken of these", path,
                            fields[f].name);
        }
    }
    return PVR_OK;
}

void pvr_vtk_log10(enum pvr_type type, void *values, uint64_t count) {
    if (type == PVR_FLOAT32) {
        float *value = values;
        for (uint64_t i = 0; i < count; i++) {
            value[i] = value[i] > 0 ? (float)log10((double)value[i]) : NAN;
        }
    } else {
        double *value = values;
        for (uint64_t i = 0; i < count; i++) {
            value[i] = value[i] > 0 ? log10(value[i]) : NAN;
        }
    }
}

static enum pvr_status fill_log10(void *context, uint64_t first, uint64_t count, void *values,
                                  struct pvr_error *error) {
    (void)error;
    const struct pvr_vtk_part *part = context;
    const struct pvr_array *array = part->field->array;
    const size_t tuple = pvr_type_bytes(array->type) * (size_t)array->ncomponents;
    memcpy(values, (const char *)array->data + (part->first + first) * tuple, count * tuple);
    pvr_vtk_log10(array->type, values, count * (uint64_t)array->ncomponents);
    return PVR_OK;
}

void pvr_vtk_add_part(struct pvr_vtk_file *file, const struct pvr_vtk_field *field, uint64_t first,
                      uint64_t count, bool unit, struct pvr_vtk_part *part) {
    const struct pvr_array *array = field->array;
    const size_t tuple = pvr_type_bytes(array->type) * (size_t)array->ncomponents;
    *part = (struct pvr_vtk_part){field, first};
    const struct pvr_vtk_array added = {
        .name = field->name,
        .unit = unit ? field->unit : NULL,
        .type = pvr_vtk_type_of(array->type),
        .ncomponents = array->ncomponents,
        .ntuples = count,
        .data = field->log10 ? NULL : (const char *)array->data + first * tuple,
        .fill = field->log10 ? fill_log10 : NULL,
        .context = part,
    };
    pvr_vtk_add_array(file, &added);
}
