/* pvr_project_engine.c - blocks of items, sorted into tiles, and the tiles' work. */
#include "pvr_project_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCKS_PER_THREAD = 2,
    LEAST_OCTS = 1 << 17, /* of all blocks */
    LEAST_ITEMS = 1 << 12 /* that are worth a task */
};

static enum pvr_status make_block(struct pvr_project_block *block, const struct pvr_map *map,
                                  double *state, uint32_t most_items, struct pvr_error *error) {
    block->most_items = most_items;
    block->item = malloc(most_items * sizeof *block->item);
    block->state = state;
    block->value = calloc((size_t)map->request.nvalues + 1, sizeof *block->value);
    if (block->item == NULL || block->value == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a block of a projection");
    }
    return PVR_OK;
}

static enum pvr_status make_scratch(struct pvr_project_scratch *scratch, const struct pvr_map *map,
                                    uint32_t most_octs, struct pvr_error *error) {
    size_t nvalues = (size_t)map->request.nvalues + 1;
    scratch->coordinate = malloc((most_octs + 1) * sizeof *scratch->coordinate);
    scratch->no_leaves = malloc(most_octs + 1);
    scratch->index = malloc((most_octs + 1) * sizeof *scratch->index);
    scratch->value = calloc(nvalues * PVR_RUN_OCTS * 8, sizeof *scratch->value);
    if (scratch->coordinate == NULL || scratch->no_leaves == NULL || scratch->index == NULL ||
        scratch->value == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a thread of a projection");
    }
    return PVR_OK;
}

enum pvr_status pvr_projecting_begin(struct pvr_projecting *projecting, struct pvr_job *job,
                                     size_t state_size, uint32_t most_items, uint32_t most_octs,
                                     struct pvr_error *error) {
    struct pvr_map *map = projecting->map;
    const struct pvr_view *view = &map->request.view;
    projecting->kind = pvr_map_kind(map->request.mode);
    projecting->nplanes = map->nplanes;
    projecting->nvalues = map->request.nvalues;
    projecting->state_size = state_size;
    projecting->pixels = (struct pvr_grid){.plane = map->plane};
    for (int i = 0; i < 2; i++) {
        projecting->pixels.count[i] = view->pixels[i];
        projecting->pixels.tile[i] = pvr_project_tile(view->pixels[i]);
    }
    projecting->nthreads = job->threads;
    projecting->nblocks = (size_t)job->threads * BLOCKS_PER_THREAD;
    size_t least = most_octs < LEAST_OCTS ? LEAST_OCTS / most_octs : 1;
    projecting->nblocks = projecting->nblocks > least ? projecting->nblocks : least;
    projecting->scratch = calloc((size_t)job->threads, sizeof *projecting->scratch);
    projecting->block = calloc(projecting->nblocks, sizeof *projecting->block);
    /* all at once: large memory costs nothing before it is written, and few blocks may be needed */
    const size_t states = most_items * state_size;
    projecting->state_bytes = projecting->nblocks * states * sizeof *projecting->state;
    projecting->state = pvr_large_alloc(projecting->state_bytes);
    if (projecting->scratch == NULL || projecting->block == NULL || projecting->state == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the blocks of a projection");
    }
    enum pvr_status status = PVR_OK;
    for (int t = 0; status == PVR_OK && t < job->threads; t++) {
        status = make_scratch(&projecting->scratch[t], map, most_octs, error);
    }
    for (size_t b = 0; status == PVR_OK && b < projecting->nblocks; b++) {
        status = make_block(&projecting->block[b], map, projecting->state + b * states, most_items,
                            error);
    }
    return status;
}

void pvr_projecting_end(struct pvr_projecting *projecting) {
    for (size_t b = 0; projecting->block != NULL && b < projecting->nblocks; b++) {
        struct pvr_project_block *block = &projecting->block[b];
        free(block->item);
        free(block->value);
        free(block->extra);
        free(block->order);
    }
    for (int t = 0; projecting->scratch != NULL && t < projecting->nthreads; t++) {
        struct pvr_project_scratch *scratch = &projecting->scratch[t];
        free(scratch->coordinate);
        free(scratch->no_leaves);
        free(scratch->index);
        free(scratch->value);
        free(scratch->stencil);
    }
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        if (projecting->level[l].bytes > 0) {
            pvr_large_free(projecting->level[l].plane, projecting->level[l].bytes);
        }
    }
    pvr_large_free(projecting->state, projecting->state_bytes);
    free(projecting->block);
    free(projecting->scratch);
    free(projecting->footprint);
}

/* A counting sort: an item stands once in each tile that it touches, in the order of items. */
enum pvr_status pvr_project_sort(struct pvr_project_block *block, struct pvr_error *error) {
    uint32_t *start = block->start;
    memset(start, 0, sizeof block->start);
    for (uint32_t i = 0; i < block->nitems; i++) {
        const uint8_t *tile = block->item[i].tile;
        for (int y = tile[2]; y <= tile[3]; y++) {
            for (int x = tile[0]; x <= tile[1]; x++) {
                start[y * PVR_TILES + x + 1]++;
            }
        }
    }
    uint64_t total = 0;
    for (int t = 1; t <= PVR_TILE_COUNT; t++) {
        total += start[t];
        start[t] = (uint32_t)total;
    }
    if (total > UINT32_MAX) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "a block of a projection has too many items");
    }
    if (total > block->most_order) {
        free(block->order);
        block->most_order = (size_t)total + (size_t)total / 4;
        block->order = malloc(block->most_order * sizeof *block->order);
        if (block->order == NULL) {
            block->most_order = 0;
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory to sort a block of a projection");
        }
    }
    for (uint32_t i = 0; i < block->nitems; i++) {
        const uint8_t *tile = block->item[i].tile;
        for (int y = tile[2]; y <= tile[3]; y++) {
            for (int x = tile[0]; x <= tile[1]; x++) {
                block->order[start[y * PVR_TILES + x]++] = i;
            }
        }
    }
    memmove(start + 1, start, PVR_TILE_COUNT * sizeof *start); /* each was moved to its end */
    start[0] = 0;
    return PVR_OK;
}

struct tiling {
    struct pvr_projecting *projecting;
    size_t first[PVR_TILE_COUNT + 1]; /* place in `tile` of each task's first tile */
    uint32_t tile[PVR_TILE_COUNT];    /* that have items */
};

static void add_tile(const struct pvr_projecting *projecting, uint32_t tile, int thread) {
    for (size_t b = 0; b < projecting->batch; b++) {
        const struct pvr_project_block *block = &projecting->block[b];
        uint32_t count = block->start[tile + 1] - block->start[tile];
        if (count == 0) {
            continue;
        }
        uint32_t low[2], high[2];
        for (int i = 0; i < 2; i++) {
            uint32_t at = i == 0 ? tile % PVR_TILES : tile / PVR_TILES;
            uint32_t side = block->grid->tile[i], most = block->grid->count[i];
            low[i] = at * side;
            high[i] = low[i] + side < most ? low[i] + side : most;
        }
        projecting->add(projecting, block, block->order + block->start[tile], count, low, high,
                        &projecting->scratch[thread]);
    }
}

static enum pvr_status add_task(void *context, size_t task, struct pvr_worker *worker,
                                struct pvr_error *error) {
    (void)error;
    const struct tiling *tiling = context;
    for (size_t i = tiling->first[task]; i < tiling->first[task + 1]; i++) {
        add_tile(tiling->projecting, tiling->tile[i], worker->thread);
    }
    return PVR_OK;
}

/* Lists the tiles that have items, and puts small ones together to tasks. Returns how many. */
static size_t make_tasks(const struct pvr_projecting *projecting, struct tiling *tiling,
                         uint64_t *cost) {
    size_t ntiles = 0, ntasks = 0;
    for (uint32_t t = 0; t < PVR_TILE_COUNT; t++) {
        uint64_t items = 0;
        for (size_t b = 0; b < projecting->batch; b++) {
            const uint32_t *start = projecting->block[b].start;
            items += start[t + 1] - start[t];
        }
        if (items == 0) {
            continue;
        }
        if (ntasks == 0 || cost[ntasks - 1] >= LEAST_ITEMS) {
            cost[ntasks] = 0;
            tiling->first[ntasks++] = ntiles;
        }
        cost[ntasks - 1] += items;
        tiling->tile[ntiles++] = t;
    }
    tiling->first[ntasks] = ntiles;
    return ntasks;
}

static void count_block(struct pvr_map *map, const struct pvr_project_block *block) {
    map->cells += block->cells;
    map->weights_not_finite += block->weights_not_finite;
    for (int v = 0; v < map->request.nvalues; v++) {
        map->not_finite[v] += block->not_finite[v];
    }
}

enum pvr_status pvr_project_count(struct pvr_projecting *projecting, size_t nblocks,
                                  struct pvr_error *error) {
    for (size_t b = 0; b < nblocks; b++) {
        count_block(projecting->map, &projecting->block[b]);
        if (projecting->block[b].weights_negative > 0) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "weights of a projection must not be negative");
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_project_add_blocks(struct pvr_projecting *projecting, size_t nblocks,
                                       struct pvr_job *job, struct pvr_error *error) {
    projecting->batch = nblocks;
    enum pvr_status status = pvr_project_count(projecting, nblocks, error);
    if (status != PVR_OK) {
        return status;
    }
    struct tiling *tiling = malloc(sizeof *tiling);
    uint64_t *cost = malloc(PVR_TILE_COUNT * sizeof *cost);
    if (tiling == NULL || cost == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tiles of a projection");
    } else {
        tiling->projecting = projecting;
        size_t ntasks = make_tasks(projecting, tiling, cost);
        status = pvr_job_run(job, ntasks, cost, add_task, NULL, tiling, error);
    }
    free(cost);
    free(tiling);
    return status;
}

enum pvr_status pvr_project_batches(struct pvr_projecting *projecting, uint64_t count,
                                    uint32_t size, pvr_task_fn fill, void *context, uint64_t *first,
                                    struct pvr_job *job, struct pvr_error *error) {
    const uint64_t batch = (uint64_t)projecting->nblocks * size;
    enum pvr_status status = PVR_OK;
    for (*first = 0; status == PVR_OK && *first < count; *first += batch) {
        const uint64_t left = count - *first;
        const size_t nblocks = (size_t)(((left < batch ? left : batch) + size - 1) / size);
        pvr_project_empty_blocks(projecting);
        status = pvr_job_run(job, nblocks, NULL, fill, NULL, context, error);
        if (status == PVR_OK) {
            status = pvr_project_add_blocks(projecting, nblocks, job, error);
        }
    }
    return status;
}

enum pvr_status pvr_project_check_weight(const struct pvr_map *map,
                                         const struct pvr_map_value *weight,
                                         struct pvr_error *error) {
    bool wanted = map->request.weighting == PVR_WEIGHT_ARRAY;
    if (wanted != (weight != NULL)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "a projection weighted by an array needs one, "
                        "and no other has one");
    }
    return PVR_OK;
}

bool pvr_project_wants_own_weights(const struct pvr_map *map) {
    bool wrong = false;
    for (int v = 0; v < map->request.nvalues; v++) {
        wrong = wrong || map->not_finite[v] > 0;
    }
    return wrong && !map->own_weights && pvr_map_kind(map->request.mode) == PVR_KIND_ADD;
}

size_t pvr_project_state_size(const struct pvr_map *map) {
    return (size_t)map->nplanes * (map->request.view.axis[0] >= 0 ? 4 : 1);
}

uint32_t pvr_project_most_items(const struct pvr_map *map, uint32_t octs) {
    return octs * (map->request.view.axis[0] >= 0 ? 1 : 8);
}

enum pvr_status pvr_project_plan(struct pvr_projecting *projecting, int max_level,
                                 struct pvr_error *error) {
    return projecting->map->request.view.axis[0] >= 0
               ? pvr_project_plan_octs(projecting, max_level, error)
               : pvr_project_plan_oblique(projecting, max_level, error);
}

static void empty_block(struct pvr_project_block *block) {
    block->nitems = 0;
    block->cells = block->weights_not_finite = block->weights_negative = 0;
    memset(block->not_finite, 0, sizeof block->not_finite);
}

void pvr_project_empty_blocks(struct pvr_projecting *projecting) {
    for (size_t b = 0; b < projecting->nblocks; b++) {
        empty_block(&projecting->block[b]);
        memset(projecting->block[b].start, 0, sizeof projecting->block[b].start);
    }
}

enum pvr_status pvr_project_fill(const struct pvr_projecting *projecting,
                                 struct pvr_project_block *block,
                                 struct pvr_project_scratch *scratch, struct pvr_error *error) {
    block->grid = projecting->level[block->level].count[0] > 0 ? &projecting->level[block->level]
                                                               : &projecting->pixels;
    block->alone = false;
    empty_block(block);
    enum pvr_status status = projecting->fill(projecting, block, scratch, error);
    return status == PVR_OK ? pvr_project_sort(block, error) : status;
}

enum pvr_status pvr_project_make_extra(struct pvr_projecting *projecting, size_t count,
                                       struct pvr_error *error) {
    for (size_t b = 0; b < projecting->nblocks; b++) {
        struct pvr_project_block *block = &projecting->block[b];
        block->extra = malloc(block->most_items * count * sizeof *block->extra);
        if (block->extra == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a block of a projection");
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_project_all(struct pvr_map *map, pvr_project_run_fn run, void *context,
                                const struct pvr_threads *threads, pvr_progress_fn progress,
                                void *progress_context, struct pvr_report *report,
                                struct pvr_error *error) {
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    for (bool again = true; again && status == PVR_OK;) {
        bool empty = map->cells == 0;
        status = run(map, context, &job, error);
        again = status == PVR_OK && empty && pvr_project_wants_own_weights(map);
        if (again) {
            status = pvr_map_clear(map, true, error);
        }
    }
    pvr_job_end(&job, status == PVR_OK ? report : NULL);
    return status;
}
