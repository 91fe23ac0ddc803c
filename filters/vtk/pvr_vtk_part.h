/* pvr_vtk_part.h - runs of fields as arrays of a file (internal). */
#ifndef PVR_VTK_PART_H
#define PVR_VTK_PART_H

#include "pvr_vtk_field.h"

/* Fails unless every field has `ntuples` tuples and logarithms are asked of reals alone. */
enum pvr_status pvr_vtk_check_fields(const char *path, const struct pvr_vtk_field *fields,
                                     int nfields, uint64_t ntuples, struct pvr_error *error);

/* A run of a field's tuples. */
struct pvr_vtk_part {
    const struct pvr_vtk_field *field;
    uint64_t first;
};
/* Adds tuples first .. first + count - 1 as an array; `part` is filled and must live until the file
 * is written. The unit is told if `unit` is true. */
void pvr_vtk_add_part(struct pvr_vtk_file *file, const struct pvr_vtk_field *field, uint64_t first,
                      uint64_t count, bool unit, struct pvr_vtk_part *part);

#endif
