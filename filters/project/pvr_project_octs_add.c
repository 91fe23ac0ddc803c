/* pvr_project_octs_add.c - adding octs to the columns of their level, or to pixels. */
#include "pvr_project_octs.h"

/* Adds octs to the columns of their level: two rows of two. */
static void add_to_columns(const struct pvr_projecting *projecting,
                           const struct pvr_project_block *block, const uint32_t *order,
                           uint32_t count) {
    const struct pvr_grid *grid = block->grid;
    const size_t row = grid->count[0], size = row * grid->count[1];
    const int nplanes = projecting->nplanes;
    for (uint32_t n = 0; n < count; n++) {
        const struct pvr_item *item = &block->item[order[n]];
        const double *state = block->state + (size_t)order[n] * projecting->state_size;
        double *to = grid->plane + (size_t)item->at[1] * row + (size_t)item->at[0];
        if (projecting->kind == PVR_KIND_ADD) {
            for (int p = 0; p < nplanes; p++, to += size, state += 4) {
                to[0] += state[0];
                to[1] += state[1];
                to[row] += state[2];
                to[row + 1] += state[3];
            }
        } else {
            for (size_t k = 0; k < 4; k++) {
                pvr_map_put(projecting->kind, nplanes, to + (k >> 1) * row + (k & 1), size,
                            state + k, 4, 1);
            }
        }
    }
}

/* Shares of the pixels from `low` to `high` in the column from `from` to `to` (in pixels). Returns
 * how many; the first is *first. All of the column counts, or what is in the window. */
static int shares(double from, double to, double window, enum pvr_map_edge edge, uint32_t low,
                  uint32_t high, uint32_t *first, double share[2]) {
    double first_pixel = floor(from), size = to - from;
    if (edge == PVR_EDGE_FOLD) {
        size = fmin(to, window) - fmax(from, 0);
    }
    int count = 0;
    for (double pixel = first_pixel; pixel < to && count < 2; pixel += 1) {
        double part = fmin(to, pixel + 1) - fmax(from, pixel);
        if (part > 0 && pixel >= low && pixel < high) {
            *first = count == 0 ? (uint32_t)pixel : *first;
            share[count++] = part / size;
        }
    }
    return count;
}

/* Adds octs to pixels: cells smaller than these touch at most two along each axis. */
static void add_to_pixels(const struct pvr_projecting *projecting,
                          const struct pvr_project_block *block, const uint32_t *order,
                          uint32_t count, const uint32_t low[2], const uint32_t high[2]) {
    const struct pvr_map_request *request = &projecting->map->request;
    const struct pvr_view *view = &request->view;
    const struct pvr_grid *grid = block->grid;
    const size_t row = grid->count[0], size = row * grid->count[1];
    struct pvr_axis in_pixels[2];
    for (int i = 0; i < 2; i++) {
        const struct pvr_axis axis = pvr_axis_make(projecting, block->level, i);
        in_pixels[i] = pvr_axis_in_pixels(&axis, view->pixel);
    }
    for (uint32_t n = 0; n < count; n++) {
        const struct pvr_item *item = &block->item[order[n]];
        const double *state = block->state + (size_t)order[n] * projecting->state_size;
        if (item->number == PVR_ITEM_ONE_PIXEL) {
            double *to = grid->plane + (size_t)item->at[1] * row + (size_t)item->at[0];
            pvr_map_put(projecting->kind, projecting->nplanes, to, size, state, 4, 1);
            continue;
        }
        uint32_t first[2][2];
        double share[2][2][2]; /* axis, column, pixel */
        int pixels[2][2];
        for (int i = 0; i < 2; i++) {
            double border[3];
            for (int b = 0; b < 3; b++) {
                border[b] = pvr_border_in_pixels(&in_pixels[i], (int64_t)item->at[i] + b);
            }
            for (int c = 0; c < 2; c++) {
                pixels[i][c] = shares(border[c], border[c + 1], view->pixels[i], request->edge,
                                      low[i], high[i], &first[i][c], share[i][c]);
            }
        }
        for (int k = 0; k < 4; k++) {
            int cx = k & 1, cy = k >> 1;
            for (int y = 0; y < pixels[1][cy]; y++) {
                for (int x = 0; x < pixels[0][cx]; x++) {
                    double *to = grid->plane + (first[1][cy] + (size_t)y) * row + first[0][cx] + x;
                    pvr_map_put(projecting->kind, projecting->nplanes, to, size, state + k, 4,
                                share[0][cx][x] * share[1][cy][y]);
                }
            }
        }
    }
}

void pvr_project_add_octs(const struct pvr_projecting *projecting,
                          const struct pvr_project_block *block, const uint32_t *order,
                          uint32_t count, const uint32_t low[2], const uint32_t high[2],
                          struct pvr_project_scratch *scratch) {
    (void)scratch;
    if (block->grid == &projecting->pixels) {
        add_to_pixels(projecting, block, order, count, low, high);
    } else {
        add_to_columns(projecting, block, order, count);
    }
}
