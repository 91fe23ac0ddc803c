/* pvr_project_oblique.c - projecting octs in any direction: pvr_chord.h says what pixels get of a
 * cell. Cells of a level are all alike but for their places. */
#include "pvr_chord.h"
#include "pvr_project_private.h"

#include <stdlib.h>
#include <string.h>

/* What of a cell is less than this beyond a border, in pixels or cells, or than the second part of
 * the window, is within it. */
static const double same_border[2] = {1e-9, 5e-13};

/* Digits of a place that are rounding. */
static const double rounding = 4e-16;

struct filling {
    const struct pvr_projecting *projecting;
    struct pvr_project_block *block;
    struct pvr_project_scratch *scratch;
    const struct pvr_footprint *footprint;
    /* In image coordinates: along the axes of the box, by one cell, and its corner; `fine` is for
     * cells that are much larger than what is seen of them. */
    long double step[3][3], corner[3];
    struct pvr_twofold fine_step[3][3], fine_corner[3];
    double offset[8][3]; /* of an oct's cells from its middle */
    double reach[3];     /* of an oct, from its middle */
    struct pvr_window window;
    double volume;
    int count;
    uint32_t chosen[PVR_RUN_OCTS];
    uint8_t omit[PVR_RUN_OCTS];
    double middle[PVR_RUN_OCTS][3];
};

static void begin_filling(struct filling *filling) {
    const struct pvr_projecting *projecting = filling->projecting;
    const struct pvr_view *view = &projecting->map->request.view;
    const double cell = pvr_project_cell(projecting, filling->block->level);
    const double *axes[3] = {view->right, view->up, view->along};
    pvr_project_fine(view, projecting->low, filling->fine_corner);
    for (int i = 0; i < 3; i++) {
        const struct pvr_twofold *corner = &filling->fine_corner[i];
        filling->corner[i] = (long double)corner->value + corner->rest;
        for (int a = 0; a < 3; a++) {
            struct pvr_twofold *step = &filling->fine_step[i][a];
            *step = pvr_twofold_over(pvr_twofold_product(axes[i][a], cell), view->pixel);
            filling->step[a][i] = (long double)step->value + step->rest;
        }
        filling->reach[i] = 2 * filling->footprint->half[i];
        for (int c = 0; c < 8; c++) {
            long double offset = 0;
            for (int a = 0; a < 3; a++) {
                offset += (c >> a & 1 ? 0.5L : -0.5L) * filling->step[a][i];
            }
            filling->offset[c][i] = (double)offset;
        }
    }
    filling->window = pvr_project_window(view);
    filling->volume = pvr_project_volume(projecting, filling->block->level);
}

void pvr_project_fine(const struct pvr_view *view, const double place[3],
                      struct pvr_twofold image[3]) {
    const double *axes[3] = {view->right, view->up, view->along};
    struct pvr_twofold from_centre[3];
    for (int a = 0; a < 3; a++) {
        from_centre[a] = pvr_twofold_sum(place[a], -view->centre[a]);
    }
    for (int k = 0; k < 3; k++) {
        const struct pvr_twofold low = {k < 2 ? -view->low[k] : 0, 0};
        image[k] = pvr_twofold_add(pvr_twofold_dot(from_centre, axes[k]), low);
        image[k] = pvr_twofold_over(image[k], view->pixel);
    }
}

bool pvr_project_needs_rest(const struct pvr_footprint *footprint, const struct pvr_item *item) {
    return footprint->kind == PVR_FOOTPRINT_CUT || item->number == PVR_ITEM_CUT;
}

struct pvr_window pvr_project_window(const struct pvr_view *view) {
    struct pvr_window window = {{0, 0, view->depth[0] / view->pixel},
                                {view->pixels[0], view->pixels[1], view->depth[1] / view->pixel},
                                {0, 0, 0}};
    for (int i = 0; i < 3; i++) {
        window.same[i] = fmin(same_border[0], same_border[1] * (window.high[i] - window.low[i]));
    }
    return window;
}

bool pvr_project_overlaps(const struct pvr_window *window, const double place[3],
                          const double reach[3]) {
    bool inside = true;
    for (int i = 0; i < 3; i++) {
        const double same = window->same[i] - rounding * (fabs(place[i]) + reach[i]);
        inside = inside && place[i] + reach[i] > window->low[i] + same &&
                 place[i] - reach[i] < window->high[i] - same;
    }
    return inside;
}

static void choose(struct filling *filling, uint32_t oct) {
    const uint32_t *coordinate = filling->block->coordinate[oct];
    double *middle = filling->middle[filling->count];
    unsigned omit = filling->block->no_leaves[oct];
    if (omit == 0xff) {
        return;
    }
    bool inside = true;
    for (int i = 0; i < 3; i++) {
        long double place = filling->corner[i];
        for (int a = 0; a < 3; a++) {
            place += (long double)(2 * (int64_t)coordinate[a] + 1) * filling->step[a][i];
        }
        middle[i] = (double)place;
        inside = inside && middle[i] - filling->reach[i] >= filling->window.low[i] &&
                 middle[i] + filling->reach[i] <= filling->window.high[i];
    }
    if (!inside && !pvr_project_overlaps(&filling->window, middle, filling->reach)) {
        return;
    }
    for (int c = 0; !inside && c < 8; c++) {
        double place[3];
        for (int i = 0; i < 3; i++) {
            place[i] = middle[i] + filling->offset[c][i];
        }
        omit |=
            pvr_project_overlaps(&filling->window, place, filling->footprint->half) ? 0u : 1u << c;
    }
    if (omit != 0xff) {
        filling->chosen[filling->count] = oct;
        filling->omit[filling->count++] = (uint8_t)omit;
    }
}

void pvr_project_place(const struct pvr_projecting *projecting,
                       const struct pvr_footprint *footprint, struct pvr_item *item) {
    const struct pvr_map_request *request = &projecting->map->request;
    const struct pvr_view *view = &request->view;
    const struct pvr_grid *grid = &projecting->pixels;
    const double *half = footprint->half,
                 depth[2] = {view->depth[0] / view->pixel, view->depth[1] / view->pixel};
    const double same = fmin(same_border[0] * half[2], same_border[1] * (depth[1] - depth[0]));
    bool cut = item->at[2] - half[2] < depth[0] - same || item->at[2] + half[2] > depth[1] + same;
    item->number = cut && request->edge == PVR_EDGE_CLIP ? PVR_ITEM_CUT : PVR_ITEM_WHOLE;
    for (int i = 0; i < 2; i++) {
        const double slack = rounding * (fabs(item->at[i]) + half[i]);
        double low = floor(item->at[i] - half[i] - slack);
        double high = ceil(item->at[i] + half[i] + slack) - 1;
        double last = (double)grid->count[i] - 1;
        low = low > 0 ? low : 0;
        high = high < last ? high : last;
        item->tile[2 * i] = (uint8_t)((uint32_t)low / grid->tile[i]);
        item->tile[2 * i + 1] = (uint8_t)((uint32_t)(high > low ? high : low) / grid->tile[i]);
    }
}

/* What an item's place lacks. */
static void find_rest(const struct filling *filling, uint32_t oct, unsigned cell,
                      const struct pvr_item *item, double rest[3]) {
    const uint32_t *coordinate = filling->block->coordinate[oct];
    double middle[3];
    for (int a = 0; a < 3; a++) {
        middle[a] = 2.0 * coordinate[a] + (cell >> a & 1) + 0.5;
    }
    for (int i = 0; i < 3; i++) {
        const struct pvr_twofold place = pvr_twofold_add(
            filling->fine_corner[i], pvr_twofold_dot(filling->fine_step[i], middle));
        rest[i] = (place.value - item->at[i]) + place.rest;
    }
}

/* States of a value, in the places of the items that were made of the octs. */
static void set_states(const struct filling *filling, int value, const double *q, const double *w,
                       double *state) {
    const struct pvr_projecting *projecting = filling->projecting;
    const int nvalues = projecting->nvalues;
    const bool own = projecting->map->own_weights;
    for (int i = 0; i < 8 * filling->count; i++) {
        if (filling->omit[i / 8] >> i % 8 & 1) {
            continue;
        }
        double part = w[i] * filling->volume;
        switch (projecting->kind) {
        case PVR_KIND_ADD:
            state[value] = q[i] * part;
            state[own ? nvalues + value : nvalues] = part; /* without own ones, all are alike */
            break;
        case PVR_KIND_SQUARES:
            state[3 * value] = part;
            state[3 * value + 1] = q[i];
            state[3 * value + 2] = 0;
            break;
        default:
            state[value] = part > 0 ? q[i] : pvr_map_nothing(projecting->kind);
        }
        state += projecting->state_size;
    }
}

static void fill_run(struct filling *filling) {
    const struct pvr_projecting *projecting = filling->projecting;
    struct pvr_project_block *block = filling->block;
    const int nvalues = projecting->nvalues;
    const struct pvr_chosen octs = {filling->count, filling->chosen, filling->omit};
    double *weight = filling->scratch->value + (size_t)nvalues * PVR_RUN_OCTS * 8;
    double *state = block->state + (size_t)block->nitems * projecting->state_size;
    pvr_project_weights(projecting, block, &octs, weight);
    for (int v = 0; v < nvalues; v++) {
        double own[PVR_RUN_OCTS * 8], *value = filling->scratch->value;
        const double *w = pvr_project_values(projecting, block, v, &octs, weight, own, value);
        set_states(filling, v, value, w, state);
    }
    for (int i = 0; i < 8 * filling->count; i++) {
        if ((filling->omit[i / 8] >> i % 8 & 1) == 0) {
            struct pvr_item *item = &block->item[block->nitems];
            for (int k = 0; k < 3; k++) {
                item->at[k] = filling->middle[i / 8][k] + filling->offset[i % 8][k];
            }
            pvr_project_place(projecting, filling->footprint, item);
            if (pvr_project_needs_rest(filling->footprint, item)) {
                find_rest(filling, filling->chosen[i / 8], (unsigned)i % 8, item,
                          block->extra + PVR_BOX_REST * (size_t)block->nitems);
            }
            block->nitems++;
            block->cells++;
        }
    }
    filling->count = 0;
}

static enum pvr_status fill_oblique(const struct pvr_projecting *projecting,
                                    struct pvr_project_block *block,
                                    struct pvr_project_scratch *scratch, struct pvr_error *error) {
    (void)error;
    struct filling filling = {.projecting = projecting,
                              .block = block,
                              .scratch = scratch,
                              .footprint = &projecting->footprint[block->level]};
    begin_filling(&filling);
    for (uint32_t o = 0; o < block->noct; o++) {
        choose(&filling, o);
        if (filling.count == PVR_RUN_OCTS) {
            fill_run(&filling);
        }
    }
    fill_run(&filling);
    return PVR_OK;
}

/* Adds a whole item, or what of it lies in the depth, to a patch. */
static void add_to_patch(const struct pvr_projecting *projecting,
                         const struct pvr_footprint *footprint, const struct pvr_item *item,
                         const double *rest, const struct pvr_patch *patch, const double *value) {
    const struct pvr_view *view = &projecting->map->request.view;
    const double depth[2] = {view->depth[0] / view->pixel, view->depth[1] / view->pixel};
    pvr_footprint_add(footprint, item->at, rest, item->number == PVR_ITEM_CUT ? depth : NULL, patch,
                      value);
}

/* The shares of an item in a patch, of one plane. */
static void find_shares(const struct pvr_projecting *projecting,
                        const struct pvr_footprint *footprint, const struct pvr_item *item,
                        const double *rest, const struct pvr_patch *patch) {
    const double one = 1;
    const size_t pixels = (size_t)(patch->high[1] - patch->low[1]) * PVR_PATCH_ROW;
    memset(pvr_patch_row(patch, 0, 0), 0, pixels * sizeof *patch->plane);
    add_to_patch(projecting, footprint, item, rest, patch, &one);
}

/* The next patch of a part of the image, all zero at first; false after the last. */
static bool next_patch(const int first[2], const int end[2], struct pvr_patch *patch) {
    if (patch->high[1] == 0) {
        memcpy(patch->low, first, sizeof patch->low);
    } else if (patch->high[0] < end[0]) {
        patch->low[0] = patch->high[0];
    } else {
        patch->low[0] = first[0];
        patch->low[1] = patch->high[1];
    }
    for (int i = 0; i < 2; i++) {
        patch->high[i] = patch->low[i] + PVR_PATCH < end[i] ? patch->low[i] + PVR_PATCH : end[i];
    }
    return patch->low[0] < end[0] && patch->low[1] < end[1];
}

/* The sum of an item's shares from `first` up to `end`. */
static double sum_shares(const struct pvr_projecting *projecting,
                         const struct pvr_footprint *footprint, const struct pvr_item *item,
                         const double *rest, const int first[2], const int end[2], double *plane) {
    struct pvr_patch patch = {.plane = plane, .nplanes = 1};
    double sum = 0;
    while (next_patch(first, end, &patch)) {
        find_shares(projecting, footprint, item, rest, &patch);
        for (int y = 0; y < patch.high[1] - patch.low[1]; y++) {
            const double *share = pvr_patch_row(&patch, 0, y);
            for (int x = 0; x < patch.high[0] - patch.low[0]; x++) {
                sum += share[x];
            }
        }
    }
    return sum;
}

/* Adds an item to the pixels of a part of the map, whichever the kind of the map. Where all of it
 * is to be folded into the window, shares are parts of what of it lies there: nothing, if only the
 * box around its shadow does. They are found in the same patches then, hence with the same
 * rounding. */
static void add_item(const struct pvr_projecting *projecting, const struct pvr_footprint *footprint,
                     const struct pvr_item *item, const double *rest, const double *state,
                     const struct pvr_patch *part, struct pvr_project_scratch *scratch) {
    const uint32_t *count = projecting->pixels.count;
    const size_t row_size = count[0], size = row_size * count[1];
    const int zero[2] = {0, 0}, all[2] = {(int)count[0], (int)count[1]};
    int first[2], end[2];
    double whole = 1;
    if (pvr_footprint_part(footprint, item->at, zero, all, first, end) ||
        projecting->map->request.edge == PVR_EDGE_CLIP) {
        pvr_footprint_part(footprint, item->at, part->low, part->high, first, end);
    } else {
        whole = sum_shares(projecting, footprint, item, rest, first, end, scratch->stencil);
    }
    struct pvr_patch patch = {.plane = scratch->stencil, .nplanes = 1};
    while (whole > 0 && next_patch(first, end, &patch)) {
        find_shares(projecting, footprint, item, rest, &patch);
        int low[2], high[2];
        for (int i = 0; i < 2; i++) {
            low[i] = patch.low[i] > part->low[i] ? patch.low[i] : part->low[i];
            high[i] = patch.high[i] < part->high[i] ? patch.high[i] : part->high[i];
        }
        for (int y = low[1]; y < high[1]; y++) {
            const double *share = pvr_patch_row(&patch, 0, y - patch.low[1]) - patch.low[0];
            double *to = projecting->pixels.plane + (size_t)y * row_size;
            for (int x = low[0]; x < high[0]; x++) {
                if (share[x] > 0) {
                    pvr_map_put(projecting->kind, projecting->nplanes, to + x, size, state, 1,
                                share[x] / whole);
                }
            }
        }
    }
}

/* Between the patch and the map. */
static void copy_patch(const struct pvr_projecting *projecting, const struct pvr_patch *patch,
                       bool to_map) {
    const size_t row_size = projecting->pixels.count[0];
    const size_t size = row_size * projecting->pixels.count[1];
    const size_t bytes = (size_t)(patch->high[0] - patch->low[0]) * sizeof(double);
    for (int p = 0; p < patch->nplanes; p++) {
        for (int y = patch->low[1]; y < patch->high[1]; y++) {
            double *in_patch = pvr_patch_row(patch, p, y - patch->low[1]);
            double *in_map = projecting->pixels.plane + (size_t)p * size + (size_t)y * row_size +
                             (size_t)patch->low[0];
            memcpy(to_map ? in_map : in_patch, to_map ? in_patch : in_map, bytes);
        }
    }
}

const struct pvr_footprint *pvr_project_footprint(struct pvr_kept_footprint *kept,
                                                  const struct pvr_view *view,
                                                  const double side[3]) {
    if (memcmp(kept->side, side, sizeof kept->side) != 0) {
        pvr_footprint_make(&kept->footprint, view, side, view->pixel);
        memcpy(kept->side, side, sizeof kept->side);
    }
    return &kept->footprint;
}

void pvr_project_add_items(const struct pvr_projecting *projecting,
                           const struct pvr_project_block *block, const uint32_t *order,
                           uint32_t count, const uint32_t low[2], const uint32_t high[2],
                           struct pvr_project_scratch *scratch) {
    const bool sums =
        projecting->kind == PVR_KIND_ADD && projecting->map->request.edge == PVR_EDGE_CLIP;
    const int first[2] = {(int)low[0], (int)low[1]}, end[2] = {(int)high[0], (int)high[1]};
    struct pvr_patch patch = {.plane = scratch->stencil, .nplanes = projecting->nplanes};
    struct pvr_kept_footprint kept = {.side = {0, 0, 0}};
    while (next_patch(first, end, &patch)) {
        if (sums) {
            copy_patch(projecting, &patch, false);
        }
        for (uint32_t n = 0; n < count; n++) {
            const struct pvr_item *item = &block->item[order[n]];
            const double *state = block->state + (size_t)order[n] * projecting->state_size;
            const bool octs = projecting->footprint != NULL;
            const double *extra =
                block->extra +
                (octs ? PVR_BOX_REST : PVR_BOX_REST + PVR_BOX_SIDES) * (size_t)order[n];
            const struct pvr_footprint *footprint =
                octs ? &projecting->footprint[block->level]
                     : pvr_project_footprint(&kept, &projecting->map->request.view,
                                             extra + PVR_BOX_REST);
            const double *rest = pvr_project_needs_rest(footprint, item) ? extra : NULL;
            if (sums) {
                add_to_patch(projecting, footprint, item, rest, &patch, state);
            } else {
                add_item(projecting, footprint, item, rest, state, &patch, scratch);
            }
        }
        if (sums) {
            copy_patch(projecting, &patch, true);
        }
    }
}

enum pvr_status pvr_project_make_stencils(struct pvr_projecting *projecting,
                                          struct pvr_error *error) {
    size_t count = pvr_patch_doubles(projecting->nplanes);
    for (int t = 0; t < projecting->nthreads; t++) {
        struct pvr_project_scratch *scratch = &projecting->scratch[t];
        scratch->stencil = calloc(count, sizeof *scratch->stencil);
        if (scratch->stencil == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the footprints of cells");
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_project_plan_oblique(struct pvr_projecting *projecting, int max_level,
                                         struct pvr_error *error) {
    const struct pvr_view *view = &projecting->map->request.view;
    if (projecting->ndim != 3) {
        return pvr_fail(
            error, PVR_ERROR_UNSUPPORTED,
            "a mesh in %d-D cannot be projected in this direction: only in 2-D, along z",
            projecting->ndim);
    }
    projecting->footprint = calloc(PVR_MAX_LEVELS + 1, sizeof *projecting->footprint);
    if (projecting->footprint == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the footprints of cells");
    }
    enum pvr_status status = pvr_project_make_stencils(projecting, error);
    status = status == PVR_OK ? pvr_project_make_extra(projecting, PVR_BOX_REST, error) : status;
    if (status != PVR_OK) {
        return status;
    }
    for (int l = projecting->root_level; l <= max_level; l++) {
        double cell = pvr_project_cell(projecting, l);
        const double sides[3] = {cell, cell, cell};
        pvr_footprint_make(&projecting->footprint[l], view, sides, view->pixel);
    }
    projecting->fill = fill_oblique;
    projecting->add = pvr_project_add_items;
    return PVR_OK;
}
