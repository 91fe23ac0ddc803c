/* pvr_scatter.h - from records of the files to places of the octree (internal). */
#ifndef PVR_SCATTER_H
#define PVR_SCATTER_H

#include "pvr_memory.h"

/* Writes count octs of 2^ndim cells: value of oct i, cell c, component v goes to
 * array[(index[i * stride + (stride > 1 ? c : 0)] + (stride > 1 ? 0 : c))] component[v], times
 * `factor`. With stride 1, index[i] is the array's index of the oct's first cell, the others
 * follow; with stride 2^ndim every cell has its own index.
 * data[(v << ndim) + c] points at count reals of real_bytes, not aligned. The array is of
 * PVR_FLOAT32 or PVR_FLOAT64. */
void pvr_scatter(struct pvr_array *array, int ndim, const uint64_t *index, int stride,
                 uint64_t count, const char *const *data, uint32_t real_bytes, int ncomponents,
                 const int *component, double factor);

/* Writes the same value to all cells of the octs; `array` is PVR_UINT8 or PVR_INT32. */
void pvr_scatter_constant(struct pvr_array *array, int ndim, const uint64_t *index, int stride,
                          uint64_t count, int value);

#endif
