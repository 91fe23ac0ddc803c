/* pvr_vtk_field.h - fields as they are written to files: chosen, renamed, as logarithms. */
#ifndef PVR_VTK_FIELD_H
#define PVR_VTK_FIELD_H

#include "pvr_vtk_file.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_vtk_field {
    const char *name; /* in the file */
    const char *unit; /* label, or null */
    const struct pvr_array *array;
    bool log10; /* of each value, in the array's type; NaN for what is not above 0. Of real scalars
                   and of vectors component by component; not of integers */
};

/* Replaces `count` values of `type` (a real one) by their logarithms, as above. */
void pvr_vtk_log10(enum pvr_type type, void *values, uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
