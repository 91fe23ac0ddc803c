/* pvr_project_axis.c - where the borders of a level's cells lie, along an axis of the box that is
 * one of the image. */
#include "pvr_project_private.h"

/* Borders that are nearer than this part of the smaller of cell and pixel, or than the second part
 * of what is seen, are the same. */
static const double same_border[2] = {1e-9, 5e-13};

struct pvr_axis pvr_axis_make(const struct pvr_projecting *projecting, int level, int i) {
    const struct pvr_view *view = &projecting->map->request.view;
    const int box = view->axis[i];
    const double begin = i == 2 ? view->depth[0] : view->low[i];
    struct pvr_axis axis = {.against = view->against[i]};
    axis.cell = pvr_project_cell(projecting, level);
    axis.cells = pvr_project_cells(projecting, level, box);
    axis.seen = i == 2 ? view->depth[1] - view->depth[0] : view->pixels[i] * view->pixel;
    axis.same = fmin(same_border[0] * (i == 2 ? axis.cell : fmin(axis.cell, view->pixel)),
                     same_border[1] * axis.seen);
    /* border 0, from where what is seen begins */
    struct pvr_twofold corner = pvr_twofold_sum(projecting->low[box], -view->centre[box]);
    if (axis.against) {
        corner = pvr_twofold_add(corner, pvr_twofold_product(axis.cell, (double)axis.cells));
        corner = (struct pvr_twofold){-corner.value, -corner.rest};
    }
    corner = pvr_twofold_add(corner, (struct pvr_twofold){-begin, 0});
    const double before = floor(-corner.value / axis.cell), last = (double)axis.cells + 1;
    axis.first = (int64_t)(before > -1 ? before < last ? before : last : -1);
    axis.corner = pvr_twofold_add(corner, pvr_twofold_product(axis.cell, (double)axis.first));
    axis.box = box < projecting->ndim ? box : -1;
    return axis;
}

struct pvr_axis pvr_axis_in_pixels(const struct pvr_axis *axis, double pixel) {
    struct pvr_axis scaled = *axis;
    scaled.cell /= pixel;
    scaled.seen /= pixel;
    scaled.same /= pixel;
    scaled.corner = pvr_twofold_over(axis->corner, pixel);
    return scaled;
}

void pvr_axis_cells_in_window(const struct pvr_axis *axis, int64_t *low, int64_t *high) {
    const double cells = (double)axis->cells;
    int64_t first = axis->first - 1;
    while (first < axis->cells && pvr_axis_border(axis, first + 1) <= axis->same) {
        first++;
    }
    const double after = fmax(ceil((axis->seen - axis->corner.value) / axis->cell) - 2, -2);
    int64_t end = after < cells - (double)axis->first ? axis->first + (int64_t)after : axis->cells;
    while (end < axis->cells && pvr_axis_border(axis, end) < axis->seen - axis->same) {
        end++;
    }
    *low = first > 0 ? first : 0;
    *high = end < axis->cells ? end > 0 ? end : 0 : axis->cells;
}
