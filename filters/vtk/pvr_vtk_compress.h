/* pvr_vtk_compress.h - one block of VTK's appended data (internal). */
#ifndef PVR_VTK_COMPRESS_H
#define PVR_VTK_COMPRESS_H

#include "pvr_vtk_file.h"

/* The class of VTK that expands what a compressor made, or null for PVR_VTK_NONE. */
const char *pvr_vtk_compressor_class(enum pvr_vtk_compressor compressor);

/* Room that a block of `bytes` may need. */
size_t pvr_vtk_compress_bound(enum pvr_vtk_compressor compressor, size_t bytes);

/* Compresses `bytes` (at most 1 GiB) into `out`, which has pvr_vtk_compress_bound() of room; *size
 * is what was needed. The same bytes for the same input. Thread-safe. */
enum pvr_status pvr_vtk_compress(enum pvr_vtk_compressor compressor, int level,
                                 enum pvr_vtk_pattern pattern, const void *data, size_t bytes,
                                 void *out, size_t *size, struct pvr_error *error);

#endif
