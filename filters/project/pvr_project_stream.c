/* pvr_project_stream.c - projecting a snapshot straight from its files. */
#include "pvr_project_private.h"
#include "pvr_stream.h"

#include <stdlib.h>
#include <string.h>

struct stream_source {
    struct pvr_projecting projecting;
    const struct pvr_map_value *values, *weight;
    const struct pvr_region *region; /* null: none */
    int nvariables;
    int variable[(PVR_MAP_MAX_VALUES + 1) * PVR_MAP_MAX_TERMS]; /* each once */
    size_t first;                                               /* block of the batch */
};

static int place_of(const struct stream_source *source, int variable) {
    int place = 0;
    while (place < source->nvariables && source->variable[place] != variable) {
        place++;
    }
    return place;
}

static void add_variables(struct stream_source *source, const struct pvr_map_value *value) {
    for (int t = 0; t < value->nterms; t++) {
        int place = place_of(source, value->term[t].variable);
        source->variable[place] = value->term[t].variable;
        source->nvariables += place == source->nvariables;
    }
}

static void set_value(const struct stream_source *source, const struct pvr_block *from,
                      const struct pvr_map_value *value, struct pvr_block_value *to) {
    to->nterms = value->nterms;
    to->of_cells = value->of_cells;
    for (int t = 0; t < value->nterms; t++) {
        to->term[t] = (struct pvr_column){
            .data = from->values[place_of(source, value->term[t].variable)],
            .type = PVR_FLOAT64,
            .oct_stride = 1,
            .cell_stride = from->noct,
            .coefficient = value->term[t].coefficient,
        };
    }
}

static enum pvr_status on_block(void *context, const struct pvr_block *from,
                                struct pvr_error *error) {
    const struct stream_source *source = context;
    const struct pvr_projecting *projecting = &source->projecting;
    struct pvr_project_block *block = &projecting->block[from->number - source->first];
    block->level = from->level;
    block->noct = (uint32_t)from->noct;
    block->coordinate = from->coordinate;
    block->no_leaves = from->refined;
    struct pvr_project_scratch *scratch = &projecting->scratch[from->thread];
    if (from->outside != NULL && source->region != NULL) { /* of the window's box, all counts */
        for (uint64_t o = 0; o < from->noct; o++) {
            scratch->no_leaves[o] = from->refined[o] | from->outside[o];
        }
        block->no_leaves = scratch->no_leaves;
    }
    block->index = NULL;
    for (int v = 0; v < projecting->nvalues; v++) {
        set_value(source, from, &source->values[v], &block->value[v]);
    }
    if (projecting->weighted) {
        set_value(source, from, source->weight, &block->value[projecting->nvalues]);
    }
    return pvr_project_fill(projecting, block, scratch, error);
}

/* The levels are counted from that of the coarse cells, 0. */
static enum pvr_status begin(struct stream_source *source, const struct pvr_snapshot *snapshot,
                             int max_level, struct pvr_job *job, struct pvr_error *error) {
    struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_map *map = projecting->map;
    double size[3];
    projecting->ndim = pvr_snapshot_info(snapshot)->ndim;
    projecting->ncells = 1 << projecting->ndim;
    projecting->root_level = 0;
    pvr_snapshot_box(snapshot, size, projecting->root_dims);
    projecting->root_cell = size[0] / projecting->root_dims[0];
    uint32_t most = pvr_stream_most_octs();
    enum pvr_status status = pvr_projecting_begin(projecting, job, pvr_project_state_size(map),
                                                  pvr_project_most_items(map, most), most, error);
    if (status == PVR_OK) {
        status = pvr_project_plan(projecting, max_level, error);
    }
    return status == PVR_OK ? pvr_project_make_columns(projecting, (const int[2]){0, 0}, error)
                            : status;
}

/* A box around all that the map can show; none where that is most of the box, nor where it also
 * shows what is beside the window: a cell that is folded in a view that is not along an axis counts
 * if the box around its shadow touches the window. */
static struct pvr_region window_box(const struct pvr_map_request *request,
                                    const struct pvr_snapshot *snapshot) {
    const struct pvr_view *view = &request->view;
    struct pvr_region region = {.type = PVR_REGION_NONE};
    double size[3], volume = 1, share = 1, middle[3], half[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    if (pvr_snapshot_info(snapshot)->ndim != 3 ||
        (request->edge == PVR_EDGE_FOLD && view->axis[0] < 0)) {
        return region;
    }
    for (int i = 0; i < 3; i++) {
        double low = i == 2 ? view->depth[0] : view->low[i];
        double high = i == 2 ? view->depth[1] : low + view->pixels[i] * view->pixel;
        middle[i] = (low + high) / 2;
        half[i] = (high - low) / 2 * (1 + 1e-9);
    }
    for (int a = 0; a < 3; a++) {
        region.centre[a] = view->centre[a] + middle[0] * view->right[a] + middle[1] * view->up[a] +
                           middle[2] * view->along[a];
        region.size[a] = 2 * (half[0] * fabs(view->right[a]) + half[1] * fabs(view->up[a]) +
                              half[2] * fabs(view->along[a]) +
                              1e-14 * (size[a] + fabs(view->centre[a]))); /* that is rounding */
        double low = fmax(region.centre[a] - region.size[a] / 2, 0);
        double high = fmin(region.centre[a] + region.size[a] / 2, size[a]);
        share *= fmax(high - low, 0);
        volume *= size[a];
        /* what sticks out must not go on at the other end */
        region.centre[a] = high > low ? (low + high) / 2 : region.centre[a];
        region.size[a] = high > low ? high - low : region.size[a];
    }
    region.type = share < 0.5 * volume ? PVR_REGION_BOX : PVR_REGION_NONE;
    return region;
}

static enum pvr_status run(struct stream_source *source, struct pvr_snapshot *snapshot,
                           int max_level, struct pvr_job *job, struct pvr_error *error) {
    struct pvr_projecting *projecting = &source->projecting;
    struct pvr_level_count levels[64];
    int deepest;
    struct pvr_stream *stream = NULL;
    const struct pvr_region window = window_box(&projecting->map->request, snapshot);
    const struct pvr_stream_request request = {.max_level = max_level,
                                               .variables = source->variable,
                                               .nvariables = source->nvariables,
                                               .region = source->region != NULL ? source->region
                                                                                : &window};
    enum pvr_status status = pvr_stream_open(snapshot, &request, job, &stream, error);
    if (status == PVR_OK) { /* known already: the stream's plan has read the tables */
        status = pvr_snapshot_levels(snapshot, &job->settings, levels, &deepest, error);
    }
    if (status == PVR_OK) {
        deepest = max_level > 0 && max_level < deepest ? max_level : deepest;
        status = begin(source, snapshot, deepest, job, error);
    }
    size_t nblocks = status == PVR_OK ? pvr_stream_blocks(stream) : 0;
    for (source->first = 0; status == PVR_OK && source->first < nblocks;
         source->first += projecting->nblocks) {
        size_t left = nblocks - source->first;
        size_t count = left < projecting->nblocks ? left : projecting->nblocks;
        pvr_project_empty_blocks(projecting); /* not every block comes */
        status = pvr_stream_deliver(stream, source->first, count, on_block, source, error);
        if (status == PVR_OK) {
            status = pvr_project_add_blocks(projecting, count, job, error);
        }
    }
    if (status == PVR_OK) {
        status = pvr_project_add_columns(projecting, 0, PVR_MAX_LEVELS + 1, job, error);
    }
    pvr_projecting_end(projecting);
    pvr_stream_close(stream);
    return status;
}

enum pvr_status pvr_project_stream(struct pvr_map *map, struct pvr_snapshot *snapshot,
                                   int max_level, const struct pvr_region *region,
                                   const struct pvr_map_value *values,
                                   const struct pvr_map_value *weight,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_report *report,
                                   struct pvr_error *error) {
    if (report != NULL) {
        memset(report, 0, sizeof *report);
    }
    enum pvr_status status = pvr_project_check_weight(map, weight, error);
    if (status == PVR_OK && !map->own_weights && pvr_map_kind(map->request.mode) == PVR_KIND_ADD) {
        status = pvr_map_clear(map, true, error);
    }
    struct stream_source *source = status == PVR_OK ? calloc(1, sizeof *source) : NULL;
    if (status == PVR_OK && source == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a projection");
    }
    struct pvr_job job;
    if (status != PVR_OK ||
        (status = pvr_job_begin(&job, threads, progress, progress_context, error)) != PVR_OK) {
        free(source);
        return status;
    }
    source->values = values;
    source->weight = weight;
    source->region = region != NULL && region->type != PVR_REGION_NONE ? region : NULL;
    source->projecting.map = map;
    source->projecting.weighted = weight != NULL;
    for (int v = 0; v < map->request.nvalues; v++) {
        add_variables(source, &values[v]);
    }
    if (weight != NULL) {
        add_variables(source, weight);
    }
    status = run(source, snapshot, max_level, &job, error);
    pvr_job_end(&job, status == PVR_OK ? report : NULL);
    free(source);
    return status;
}
