/* pvr_vtk_points.h - particles, sinks and clumps as VTK files of points (.vtp). */
#ifndef PVR_VTK_POINTS_H
#define PVR_VTK_POINTS_H

#include "pvr_vtk_field.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_vtk_points {
    uint64_t count;
    const struct pvr_array *position; /* real, 3 components; null only if count is 0 */
    double length_factor;             /* multiplies positions; 0 means 1 */
    int nfields;
    const struct pvr_vtk_field *fields;
    const struct pvr_vtk_facts *facts; /* may be null */
};

/* Writes the points, each with a vertex, and the fields as point data; see pvr_vtk_file_write. */
enum pvr_status pvr_vtk_points_write(const char *path, const struct pvr_vtk_points *points,
                                     const struct pvr_vtk_options *options,
                                     const struct pvr_threads *threads, pvr_progress_fn progress,
                                     void *progress_context, struct pvr_vtk_statistics *statistics,
                                     struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
