/* pvr_project_boxes.c - projecting cells that are no octree. */
#include "pvr_chord.h"
#include "pvr_project_private.h"

#include <string.h>

enum { BLOCK_BOXES = 1 << 12, EXTRA = PVR_BOX_REST + PVR_BOX_SIDES };

struct boxes_source {
    struct pvr_projecting projecting;
    const struct pvr_boxes *boxes;
    const struct pvr_map_value *values, *weight;
    uint64_t first; /* box of the batch */
};

static enum pvr_status fill_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct boxes_source *source = context;
    const struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_view *view = &projecting->map->request.view;
    struct pvr_project_block *block = &projecting->block[task];
    const uint64_t first = source->first + task * BLOCK_BOXES, left = source->boxes->count - first;
    const uint32_t count = left < BLOCK_BOXES ? (uint32_t)left : BLOCK_BOXES;
    double(*centre)[3] = pvr_worker_buffer(worker, 2 * BLOCK_BOXES * sizeof *centre);
    if (centre == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the places of some cells");
    }
    double(*side)[3] = centre + BLOCK_BOXES;
    const struct pvr_window window = pvr_project_window(view);
    struct pvr_kept_footprint kept = {.side = {0, 0, 0}};
    source->boxes->place(source->boxes->context, first, count, centre, side);
    block->grid = &projecting->pixels;
    for (uint32_t i = 0; i < count; i++) {
        if (!(side[i][0] > 0 && side[i][1] > 0 && side[i][2] > 0)) {
            continue;
        }
        const struct pvr_footprint *footprint = pvr_project_footprint(&kept, view, side[i]);
        struct pvr_item *item = &block->item[block->nitems];
        pvr_view_place(view, centre[i], item->at);
        for (int k = 0; k < 3; k++) {
            item->at[k] = (item->at[k] - (k < 2 ? view->low[k] : 0)) / view->pixel;
        }
        if (!pvr_project_overlaps(&window, item->at, footprint->half)) {
            continue;
        }
        pvr_project_place(projecting, footprint, item);
        double *rest = block->extra + EXTRA * (size_t)block->nitems;
        memcpy(rest + PVR_BOX_REST, side[i], sizeof side[i]);
        if (pvr_project_needs_rest(footprint, item)) {
            struct pvr_twofold place[3];
            pvr_project_fine(view, centre[i], place);
            for (int k = 0; k < 3; k++) {
                rest[k] = (place[k].value - item->at[k]) + place[k].rest;
            }
        }
        pvr_project_scattered(projecting, block, source->values, source->weight, first + i,
                              side[i][0] * side[i][1] * side[i][2],
                              block->state + (size_t)block->nitems * projecting->state_size);
        block->nitems++;
    }
    pvr_job_add_done(worker, count);
    return pvr_project_sort(block, error);
}

static enum pvr_status run(struct pvr_map *map, void *context, struct pvr_job *job,
                           struct pvr_error *error) {
    struct boxes_source *source = context;
    struct pvr_projecting *projecting = &source->projecting;
    const uint64_t count = source->boxes->count;
    memset(projecting, 0, sizeof *projecting);
    projecting->map = map;
    projecting->weighted = source->weight != NULL;
    projecting->add = pvr_project_add_items;
    enum pvr_status status = pvr_projecting_begin(projecting, job, (size_t)map->nplanes,
                                                  BLOCK_BOXES, BLOCK_BOXES, error);
    if (status == PVR_OK) {
        status = pvr_project_make_extra(projecting, EXTRA, error);
    }
    if (status == PVR_OK) {
        status = pvr_project_make_stencils(projecting, error);
    }
    pvr_job_expect(job, count);
    if (status == PVR_OK) {
        status = pvr_project_batches(projecting, count, BLOCK_BOXES, fill_task, source,
                                     &source->first, job, error);
    }
    pvr_projecting_end(projecting);
    return status;
}

enum pvr_status pvr_project_boxes(struct pvr_map *map, const struct pvr_boxes *boxes,
                                  const struct pvr_map_value *values,
                                  const struct pvr_map_value *weight,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_report *report,
                                  struct pvr_error *error) {
    if (report != NULL) {
        memset(report, 0, sizeof *report);
    }
    enum pvr_status status = pvr_project_check_weight(map, weight, error);
    if (status == PVR_OK) {
        status = pvr_project_check_arrays(map, values, weight, boxes->count, error);
    }
    struct boxes_source source = {.boxes = boxes, .values = values, .weight = weight};
    return status == PVR_OK ? pvr_project_all(map, run, &source, threads, progress,
                                              progress_context, report, error)
                            : status;
}
