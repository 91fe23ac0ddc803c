/* pvr_particle_convert.h - from columns of the files to arrays (internal). */
#ifndef PVR_PARTICLE_CONVERT_H
#define PVR_PARTICLE_CONVERT_H

#include "pvr_memory.h"

#include <stdbool.h>

/* A run of values in memory: count of them, or of those at index[i] - shift where index is not
 * null. */
struct pvr_run {
    const uint32_t *index;
    uint32_t shift;
    uint64_t count;
};

/* Writes the run to tuples first, first + 1, ... of `array`, which is of reals if `real`, else of
 * PVR_INT32 or PVR_INT64. from[v] are ncolumns columns of `width` bytes a value, aligned to it;
 * column v goes to component[v]. `factor` is for reals. */
void pvr_particle_convert(struct pvr_array *array, uint64_t first, const void *const *from,
                          bool real, uint32_t width, int ncolumns, const int *component,
                          const struct pvr_run *run, double factor);

/* `count` values of a column of reals, or of whole numbers. */
void pvr_particle_reals(const void *from, uint32_t width, uint64_t count, double *to);
void pvr_particle_whole(const void *from, uint32_t width, uint64_t count, int64_t *to);

#endif
