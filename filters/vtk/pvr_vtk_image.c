/* pvr_vtk_image.c - maps and covering grids as VTK image files (.vti). */
#include "pvr_vtk_image.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static enum pvr_status check(const char *path, const struct pvr_vtk_image *image,
                             struct pvr_error *error) {
    uint64_t ncells = 1;
    for (int axis = 0; axis < 3; axis++) {
        if (image->cells[axis] >= INT_MAX) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "%s: an image of %" PRIu64 " cells along an axis cannot be written",
                            path, image->cells[axis]);
        }
        if (image->cells[axis] > 0 && ncells > (uint64_t)INT64_MAX / image->cells[axis]) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: the image has too many cells", path);
        }
        ncells *= image->cells[axis] > 0 ? image->cells[axis] : 1;
    }
    for (int a = 0; a < image->narrays; a++) {
        if (image->arrays[a].ntuples != ncells) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "%s: array '%s' has %" PRIu64 " tuples for %" PRIu64 " cells", path,
                            image->arrays[a].name, image->arrays[a].ntuples, ncells);
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_vtk_image_write(const char *path, const struct pvr_vtk_image *image,
                                    const struct pvr_vtk_options *options,
                                    const struct pvr_threads *threads, pvr_progress_fn progress,
                                    void *progress_context, struct pvr_vtk_statistics *statistics,
                                    struct pvr_error *error) {
    enum pvr_status status = check(path, image, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_vtk_file *file = pvr_vtk_file_new("ImageData", "1.0");
    if (file == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", path);
    }
    char extent[128];
    snprintf(extent, sizeof extent, "0 %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64, image->cells[0],
             image->cells[1], image->cells[2]);
    char real[6][PVR_VTK_REAL_SIZE], direction[9 * PVR_VTK_REAL_SIZE + 16] = "";
    bool turned = false;
    for (int i = 0; i < 9; i++) {
        turned = turned || image->direction[i] != 0;
    }
    for (int i = 0; turned && i < 9; i++) {
        size_t used = strlen(direction);
        snprintf(direction + used, sizeof direction - used, i == 0 ? " Direction=\"%s" : " %s",
                 pvr_vtk_real(real[0], image->direction[i]));
    }
    for (int axis = 0; axis < 3; axis++) {
        pvr_vtk_real(real[axis], image->origin[axis]);
        pvr_vtk_real(real[3 + axis], image->spacing[axis]);
    }
    pvr_vtk_open_with(file, "ImageData",
                      "WholeExtent=\"%s\" Origin=\"%s %s %s\" Spacing=\"%s %s %s\"%s%s", extent,
                      real[0], real[1], real[2], real[3], real[4], real[5], direction,
                      turned ? "\"" : "");
    pvr_vtk_add_facts(file, image->facts);
    pvr_vtk_open_with(file, "Piece", "Extent=\"%s\"", extent);
    pvr_vtk_open(file, "CellData");
    for (int a = 0; a < image->narrays; a++) {
        pvr_vtk_add_array(file, &image->arrays[a]);
    }
    status = pvr_vtk_file_write(file, path, options, threads, progress, progress_context,
                                statistics, error);
    pvr_vtk_file_free(file);
    return status;
}
