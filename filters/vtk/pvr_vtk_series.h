/* pvr_vtk_series.h - files that list other files: time series (.pvd). */
#ifndef PVR_VTK_SERIES_H
#define PVR_VTK_SERIES_H

#include "pvr_error.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_vtk_step {
    double time;
    const char *path; /* of the file; told relative to the list's folder where it lies there */
};

/* Writes a ParaView collection (.pvd) of one file per time step; replaces the file at the end, as
 * pvr_output_file.h. */
enum pvr_status pvr_vtk_series_write(const char *path, const struct pvr_vtk_step *steps,
                                     size_t count, struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
