/* pvr_vtk_lz4.h - LZ4 blocks of arrays of which it is known where they repeat themselves
 * (internal).
 *
 * The corners of a cell stand in the cells beside it, and a point has most of its bytes from the
 * one before. To compare just there takes a fraction of the time of liblz4's search, with blocks of
 * about the same size. They are LZ4 blocks as any others.
 */
#ifndef PVR_VTK_LZ4_H
#define PVR_VTK_LZ4_H

#include <stddef.h>

/* Of the corners of voxels, 8 int32 a cell. `out` has LZ4_COMPRESSBOUND(bytes) of room. Returns the
 * bytes of the block; 0 if it is none for this: too small, or too large. */
size_t pvr_vtk_lz4_voxels(const void *data, size_t bytes, void *out);
/* The same of points, 3 doubles each. */
size_t pvr_vtk_lz4_points(const void *data, size_t bytes, void *out);

#endif
