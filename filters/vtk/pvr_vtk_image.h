/* pvr_vtk_image.h - maps and covering grids as VTK image files (.vti). */
#ifndef PVR_VTK_IMAGE_H
#define PVR_VTK_IMAGE_H

#include "pvr_vtk_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A regular grid. A map has cells[2] = 0: it is flat, at origin[2]. */
struct pvr_vtk_image {
    uint64_t cells[3];   /* along each axis; 0: flat there */
    double origin[3];    /* corner of the first cell */
    double spacing[3];   /* sides of a cell; where flat: any but 0 */
    double direction[9]; /* unit vectors of the image's axes in columns; all zero: the axes of the
                            box */
    int narrays;
    const struct pvr_vtk_array *arrays; /* a tuple for each cell, x fastest (flat axes count 1) */
    const struct pvr_vtk_facts *facts;  /* may be null */
};

/* Writes the arrays as cell data; see pvr_vtk_file_write. Fails if an array has another number of
 * tuples than there are cells, or the grid more than 2^31 - 1 cells along an axis. */
enum pvr_status pvr_vtk_image_write(const char *path, const struct pvr_vtk_image *image,
                                    const struct pvr_vtk_options *options,
                                    const struct pvr_threads *threads, pvr_progress_fn progress,
                                    void *progress_context, struct pvr_vtk_statistics *statistics,
                                    struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
