/* pvr_outside.h - what stands for the cells that are outside: in arrays, and as a mask (internal).
 */
#ifndef PVR_OUTSIDE_H
#define PVR_OUTSIDE_H

#include "pvr_memory.h"
#include "pvr_octree.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes NaN to a cell of an array; to one of whole numbers `value`. */
void pvr_blank_cell(struct pvr_array *array, uint64_t cell, int value);

/* Writes NaN (0 in arrays of whole numbers) to the octree's cells that are outside, on levels `low`
 * and deeper, in each of `narrays` arrays with a tuple per cell; in those with is_level[i] the
 * cell's level. */
enum pvr_status pvr_blank_outside(const struct pvr_octree *octree, int low,
                                  struct pvr_array *const *array, const bool *is_level, int narrays,
                                  struct pvr_job *job, struct pvr_error *error);

/* Sets bit 7 - (i & 7) of bits[i >> 3] for each cell i that is outside; `bits` has room for all
 * cells and is zeroed by the caller. `threads` may be null. */
enum pvr_status pvr_outside_bits(const struct pvr_octree *octree, uint8_t *bits,
                                 const struct pvr_threads *threads, struct pvr_error *error);

/* The same for the cells that are outside or have such a cell somewhere beneath them. */
enum pvr_status pvr_outside_within_bits(const struct pvr_octree *octree, uint8_t *bits,
                                        const struct pvr_threads *threads, struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
