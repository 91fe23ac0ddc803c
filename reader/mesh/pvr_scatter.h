/* pvr_scatter.h - from records of the files to places of the octree (internal). */
#ifndef PVR_SCATTER_H
#define PVR_SCATTER_H

#include "pvr_memory.h"

#define PVR_NOWHERE UINT64_MAX /* an index of a cell that is not wanted */

/* Writes count octs of 2^ndim cells: value of oct i, cell c, component v goes to
 * array[(index[i * stride + (stride > 1 ? c : 0)] + (stride > 1 ? 0 : c))] component[v], times
 * `factor`. With stride 1, index[i] is the array's index of the oct's first cell, the others
 * follow; with stride 2^ndim every cell has its own index,
 * which may be PVR_NOWHERE.
 * data[(v << ndim) + c] points at count values of value_bytes, not aligned: reals for an array of
 * PVR_FLOAT32 or PVR_FLOAT64, 4-byte integers for one of PVR_INT32 (factor is then not used). */
void pvr_scatter(struct pvr_array *array, int ndim, const uint64_t *index, int stride,
                 uint64_t count, const char *const *data, uint32_t value_bytes, int ncomponents,
                 const int *component, double factor);

/* Puts the mean of `count` reals of value_bytes and their partners in the place of the first. */
void pvr_mean(char *first, const char *partner, uint64_t count, uint32_t value_bytes);

/* Writes the same value to all cells of the octs; `array` is PVR_UINT8 or PVR_INT32. */
void pvr_scatter_constant(struct pvr_array *array, int ndim, const uint64_t *index, int stride,
                          uint64_t count, int value);

#endif
