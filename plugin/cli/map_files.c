/* map_files.c - maps as files: .vti, .npy, .raw. */
#include "map_files.h"

#include "pvr_output_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A header, which may be empty, and the image behind it. */
static enum pvr_status write_file(const char *path, const char *header, size_t header_bytes,
                                  const double *image, const uint32_t pixels[2],
                                  struct pvr_error *error) {
    struct pvr_output_file file;
    size_t bytes = (size_t)pixels[0] * pixels[1] * sizeof *image;
    enum pvr_status status = pvr_output_begin(&file, path, error);
    if (status == PVR_OK) {
        status = pvr_output_write(&file, 0, header, header_bytes, error);
    }
    if (status == PVR_OK) {
        status = pvr_output_write(&file, header_bytes, image, bytes, error);
    }
    status = status == PVR_OK ? pvr_output_commit(&file, error) : status;
    pvr_output_end(&file);
    return status;
}

enum pvr_status map_write_npy(const char *path, const double *image, const uint32_t pixels[2],
                              struct pvr_error *error) {
    enum { SIZE = 128 }; /* format 1.0: magic, two bytes of length, a Python dict, a line break */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    const char order = '>';
#else
    const char order = '<';
#endif
    char header[SIZE + 1];
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10); /* 118 bytes follow */
    int used = snprintf(header + 10, SIZE - 10,
                        "{'descr': '%cf8', 'fortran_order': False, 'shape': (%u, %u), }", order,
                        pixels[1], pixels[0]);
    memset(header + 10 + used, ' ', (size_t)(SIZE - 11 - used));
    header[SIZE - 1] = '\n';
    return write_file(path, header, SIZE, image, pixels, error);
}

enum pvr_status map_write_raw(const char *path, const double *image, const uint32_t pixels[2],
                              struct pvr_error *error) {
    return write_file(path, "", 0, image, pixels, error);
}

/* Where the image lies: the axes of VTK's image are those of the box where they can be. */
static void place_image(const struct pvr_view *view, struct pvr_vtk_image *image) {
    double corner[3];
    const double *axes[3] = {view->right, view->up, view->along};
    for (int a = 0; a < 3; a++) {
        corner[a] = view->centre[a] + view->low[0] * view->right[a] + view->low[1] * view->up[a];
    }
    memcpy(image->origin, corner, sizeof corner);
    bool straight = view->axis[0] >= 0 && view->axis[0] < view->axis[1] && !view->against[0] &&
                    !view->against[1];
    for (int i = 0; i < 3; i++) {
        int axis = straight ? view->axis[i] : i;
        image->cells[axis] = i < 2 ? view->pixels[i] : 0;
        image->spacing[axis] = view->pixel;
        for (int a = 0; a < 3 && !straight; a++) {
            image->direction[3 * a + i] = axes[i][a];
        }
    }
    if (straight) {
        return;
    }
    /* a turn: right, up and what is at right angles to both */
    for (int a = 0; a < 3; a++) {
        int b = (a + 1) % 3, c = (a + 2) % 3;
        image->direction[3 * a + 2] = view->right[b] * view->up[c] - view->right[c] * view->up[b];
    }
}

enum pvr_status map_write_vti(const char *path, const struct pvr_view *view,
                              const struct map_image *images, int nimages,
                              const struct pvr_vtk_facts *facts, const struct pvr_threads *threads,
                              struct pvr_error *error) {
    struct pvr_vtk_array *arrays = calloc((size_t)nimages + 1, sizeof *arrays);
    if (arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int i = 0; i < nimages; i++) {
        arrays[i] = (struct pvr_vtk_array){.name = images[i].name,
                                           .unit = images[i].unit,
                                           .type = PVR_VTK_FLOAT64,
                                           .ncomponents = 1,
                                           .ntuples = (uint64_t)view->pixels[0] * view->pixels[1],
                                           .data = images[i].image};
    }
    struct pvr_vtk_image image = {.narrays = nimages, .arrays = arrays, .facts = facts};
    place_image(view, &image);
    if (facts->info->ndim < 3) {
        image.origin[2] = 0; /* where meshes in 2-D lie */
    }
    enum pvr_status status =
        pvr_vtk_image_write(path, &image, NULL, threads, NULL, NULL, NULL, error);
    free(arrays);
    return status;
}
