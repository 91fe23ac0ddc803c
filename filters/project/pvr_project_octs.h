/* pvr_project_octs.h - what the parts of projecting octs along an axis share (internal). */
#ifndef PVR_PROJECT_OCTS_H
#define PVR_PROJECT_OCTS_H

#include "pvr_project_private.h"

/* What an item is. */
enum { PVR_ITEM_FOUR_COLUMNS = 0, PVR_ITEM_ONE_PIXEL = 1 };

/* A border of a cell in pixels. */
static inline double pvr_border_in_pixels(const struct pvr_axis *axis, int64_t number) {
    const double at = pvr_axis_border(axis, number), whole = rint(at);
    return fabs(at - whole) < axis->same ? whole : at;
}

/* Octs of a block that lie in the map, and what they come to. */
struct pvr_oct_run {
    int count;
    uint32_t chosen[PVR_RUN_OCTS];
    int64_t cell[PVR_RUN_OCTS][2]; /* first along the axes of the image */
    uint8_t omit[PVR_RUN_OCTS];
    double part[PVR_RUN_OCTS][2]; /* volume of the two cells along the line of sight */
};

/* The states of a run, of PVR_KIND_ADD: for each value, then for the weights, four columns. */
void pvr_project_sum_run(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                         const struct pvr_project_scratch *scratch, const struct pvr_oct_run *run,
                         double *state);
/* Adds them to the columns of the block's grid, which nobody else writes to. */
void pvr_project_add_run(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                         const struct pvr_project_scratch *scratch, const struct pvr_oct_run *run);

/* Adds items of octs to the block's grid (see `add` of struct pvr_projecting). */
void pvr_project_add_octs(const struct pvr_projecting *projecting,
                          const struct pvr_project_block *block, const uint32_t *order,
                          uint32_t count, const uint32_t low[2], const uint32_t high[2],
                          struct pvr_project_scratch *scratch);

#endif
