/* map_files.h - maps as files: .vti, .npy, .raw. All appear whole or not at all. */
#ifndef PVRAMSES_MAP_FILES_H
#define PVRAMSES_MAP_FILES_H

#include "pvr_map.h"
#include "pvr_vtk_image.h"

/* One image: double, C order, row after row from the lower edge. */
enum pvr_status map_write_npy(const char *path, const double *image, const uint32_t pixels[2],
                              struct pvr_error *error);
/* The same without a header, in this machine's byte order. */
enum pvr_status map_write_raw(const char *path, const double *image, const uint32_t pixels[2],
                              struct pvr_error *error);

struct map_image {
    const char *name, *unit;
    const double *image;
};
/* All images as cell data of an image file. It lies in the box where the map's centre is, across
 * the line of sight. */
enum pvr_status map_write_vti(const char *path, const struct pvr_view *view,
                              const struct map_image *images, int nimages,
                              const struct pvr_vtk_facts *facts, const struct pvr_threads *threads,
                              struct pvr_error *error);

#endif
