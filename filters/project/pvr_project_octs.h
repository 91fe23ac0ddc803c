/* pvr_project_octs.h - what the parts of projecting octs along an axis share (internal). */
#ifndef PVR_PROJECT_OCTS_H
#define PVR_PROJECT_OCTS_H

#include "pvr_project_private.h"

/* Borders that are nearer than this part of the smaller of cell and pixel are the same. */
static const double pvr_same_border = 1e-9;

/* What an item is. */
enum { PVR_ITEM_FOUR_COLUMNS = 0, PVR_ITEM_ONE_PIXEL = 1 };

/* Cells of a block along one axis of the image, or the depth. */
struct pvr_oct_axis {
    int box; /* axis of the box, -1: the axis that a 2-D mesh lacks */
    bool against;
    int64_t cells; /* of the block's level, along it */
    double corner; /* border 0, from the view's centre */
    double cell;
};
struct pvr_oct_axis pvr_oct_axis(const struct pvr_projecting *projecting, int level, int i);

/* A border of a cell in pixels. */
static inline double pvr_border_in_pixels(double corner, double cell, int64_t number) {
    double at = corner + cell * (double)number, whole = rint(at);
    return fabs(at - whole) < pvr_same_border * fmin(1, cell) ? whole : at;
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
