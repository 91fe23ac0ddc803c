/* pvr_project_tiles.c - projecting an octree along an axis by tiles of trees. */
#include "pvr_project_trees.h"

#include "pvr_octree_rank.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_DEPTH = 6,     /* levels from the cell of a tile to its finest columns */
    LEAST_ACROSS = 8,   /* tiles along the shorter side of the image, if these have some depth */
    LEAST_TILES = 16,   /* that there would be if all were as large as the largest */
    FEW_TOPS = 1 << 14, /* octs to find the tiles of, that cost nothing */
    OCTS_OF_A_TOP = 16, /* at least, on the average, if they are more */
    AHEAD = 8,          /* rows of the image that are asked for ahead of time */
    TILE_OCTS = 256     /* whose states stay in the cache */
};

/* An oct whose parent is the cell of a tile, or one behind it. */
struct top {
    uint32_t oct, tree;
};

struct pvr_tree_tiles {
    const struct pvr_tree_source *source;
    int level; /* of the cells that are behind each other in a tile */
    int finest;
    uint32_t side;    /* such cells along each side of a tile */
    uint32_t columns; /* of the finest level, likewise */
    size_t across, count;
    size_t *start; /* places in `top` of each tile's octs */
    struct top *top;
    size_t most_tops; /* of a tile */
    bool empty;       /* the finest level's grid, but for what tiles bring */
    uint64_t *cost;   /* octs of each tile */
    struct memory {
        double *columns;
        uint32_t (*range)[2];
    } * memory; /* of each thread */
};

/* The columns of a level that a tile has. False if none are in the window. */
static bool find_grid(const struct pvr_tree_tiles *tiles, size_t tile, int level,
                      struct pvr_grid *grid) {
    const struct pvr_projecting *projecting = &tiles->source->projecting;
    const struct pvr_grid *cells = &projecting->level[tiles->level];
    const struct pvr_grid *all = &projecting->level[level];
    const int shift = level - tiles->level;
    const size_t at[2] = {tile % tiles->across, tile / tiles->across};
    *grid = (struct pvr_grid){.plane = NULL};
    for (int i = 0; i < 2; i++) {
        int64_t low = (cells->first[i] + (int64_t)(at[i] * tiles->side)) * ((int64_t)1 << shift);
        int64_t high = low + ((int64_t)tiles->side << shift);
        const int64_t end = all->first[i] + all->count[i];
        grid->first[i] = low > all->first[i] ? low : all->first[i];
        high = high < end ? high : end;
        if (grid->first[i] >= high) {
            return false;
        }
        grid->count[i] = grid->tile[i] = (uint32_t)(high - grid->first[i]);
    }
    return true;
}

/* The tile of an oct whose parent has this coordinate; `count` if it is not in the map. */
static size_t find_tile(const struct pvr_tree_tiles *tiles, const uint32_t coordinate[3]) {
    const struct pvr_projecting *projecting = &tiles->source->projecting;
    const struct pvr_view *view = &projecting->map->request.view;
    const struct pvr_grid *cells = &projecting->level[tiles->level];
    size_t at[2];
    for (int i = 0; i < 2; i++) {
        const int axis = view->axis[i];
        const int64_t last = pvr_project_cells(projecting, tiles->level, axis) - 1;
        const int64_t cell = view->against[i] ? last - coordinate[axis] : coordinate[axis];
        if (cell < cells->first[i] || cell >= cells->first[i] + cells->count[i]) {
            return tiles->count;
        }
        at[i] = (size_t)(cell - cells->first[i]) / tiles->side;
    }
    const int axis = view->axis[2];
    if (axis < projecting->ndim) {
        const double size = pvr_project_cell(projecting, tiles->level);
        double low = projecting->low[axis] + coordinate[axis] * size - view->centre[axis];
        low = view->against[2] ? -(low + size) : low;
        const double slack = 1e-15 * (fabs(projecting->low[axis]) + fabs(view->centre[axis]) +
                                      coordinate[axis] * size);
        if (low - slack > view->depth[1] || low + size + slack < view->depth[0]) {
            return tiles->count;
        }
    }
    return at[1] * tiles->across + at[0];
}

/* Octs of the levels that tiles take below the octs first .. end - 1, themselves included. */
static uint64_t count_below(const struct pvr_tree_tiles *tiles, uint64_t first, uint64_t end) {
    const struct pvr_octree *octree = tiles->source->octree;
    uint64_t octs = end - first;
    for (int l = tiles->level + 1; l < tiles->finest && first < end; l++) {
        first = pvr_rank(&octree->level[l], first, 0);
        end = pvr_rank(&octree->level[l], end, 0);
        octs += end - first;
    }
    return octs;
}

/* Lists the octs of each tile, in their order, and counts what is below. */
static enum pvr_status list_tops(struct pvr_tree_tiles *tiles, struct pvr_error *error) {
    const struct pvr_octree *octree = tiles->source->octree;
    const struct pvr_octree_level *level = &octree->level[tiles->level + 1];
    uint32_t(*coordinate)[3] = malloc((level->noct + 1) * sizeof *coordinate);
    uint32_t *tile = malloc((level->noct + 1) * sizeof *tile);
    tiles->top = malloc((level->noct + 1) * sizeof *tiles->top);
    tiles->start = calloc(tiles->count + 2, sizeof *tiles->start);
    tiles->cost = calloc(tiles->count + 1, sizeof *tiles->cost);
    enum pvr_status status = PVR_OK;
    if (coordinate == NULL || tile == NULL || tiles->top == NULL || tiles->start == NULL ||
        tiles->cost == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tiles of a projection");
    } else {
        struct pvr_walk walk;
        pvr_walk_begin(&walk, octree);
        pvr_walk_octs(&walk, tiles->level + 1, 0, level->noct, coordinate);
        for (uint64_t o = 0; o < level->noct; o++) {
            tile[o] = (uint32_t)find_tile(tiles, coordinate[o]);
            tiles->start[tile[o] + 1]++;
            tiles->cost[tile[o]] += count_below(tiles, o, o + 1);
        }
        for (size_t t = 0; t < tiles->count; t++) {
            const size_t tops = tiles->start[t + 1];
            tiles->most_tops = tops > tiles->most_tops ? tops : tiles->most_tops;
            tiles->start[t + 1] += tiles->start[t];
        }
        uint64_t tree = 0;
        for (uint64_t o = 0; o < level->noct; o++) {
            while (o >= level->tree_first[tree + 1]) {
                tree++;
            }
            if (tile[o] < tiles->count) {
                tiles->top[tiles->start[tile[o]]++] = (struct top){(uint32_t)o, (uint32_t)tree};
            }
        }
        memmove(tiles->start + 1, tiles->start, tiles->count * sizeof *tiles->start);
        tiles->start[0] = 0;
    }
    free(coordinate);
    free(tile);
    return status;
}

/* Would tiles be too few for many threads, or finding them as much work as the octs? */
static bool are_worth_it(const struct pvr_tree_tiles *tiles, uint64_t *octs) {
    uint64_t all = 0, largest = 0;
    for (size_t t = 0; t < tiles->count; t++) {
        all += tiles->cost[t];
        largest = tiles->cost[t] > largest ? tiles->cost[t] : largest;
    }
    *octs = all;
    return all > 0 && largest <= all / LEAST_TILES;
}

enum pvr_status pvr_project_plan_tiles(struct pvr_tree_source *source,
                                       struct pvr_tree_tiles **tiles, struct pvr_error *error) {
    const struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_octree *octree = source->octree;
    const int root = projecting->root_level;
    *tiles = NULL;
    source->tiled[0] = source->tiled[1] = 0;
    int last = root - 1;
    while (last < octree->max_level && projecting->level[last + 1].count[0] > 0) {
        last++;
    }
    if (last <= root) {
        return PVR_OK;
    }
    const uint32_t *columns = projecting->level[last].count;
    int depth = 1;
    while (depth < MOST_DEPTH && columns[columns[1] < columns[0]] >> (depth + 1) >= LEAST_ACROSS) {
        depth++;
    }
    const int level = last - depth > root ? last - depth : root;
    const uint64_t tops = octree->level[level + 1].noct;
    /* where cells at the edge are folded, levels do not go into each other */
    if (projecting->map->request.edge == PVR_EDGE_FOLD || octree->ntrees > UINT32_MAX ||
        (tops > FEW_TOPS &&
         tops > octree->ncells / (uint64_t)octree->cells_per_oct / OCTS_OF_A_TOP)) {
        return PVR_OK;
    }
    struct pvr_tree_tiles *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tiles of a projection");
    }
    made->source = source;
    made->level = level;
    made->finest = last;
    made->side = 1u << (depth - (last - level));
    made->columns = 1u << depth;
    const uint32_t *cells = projecting->level[level].count;
    made->across = (cells[0] + made->side - 1) / made->side;
    made->count = made->across * ((cells[1] + made->side - 1) / made->side);
    enum pvr_status status = list_tops(made, error);
    if (status == PVR_OK && are_worth_it(made, &source->tiled_octs)) {
        *tiles = made;
        source->tiled[0] = level + 1;
        source->tiled[1] = last + 1;
    } else {
        pvr_project_free_tiles(made);
    }
    return status;
}

void pvr_project_free_tiles(struct pvr_tree_tiles *tiles) {
    if (tiles != NULL) {
        for (int t = 0; tiles->memory != NULL && t < tiles->source->projecting.nthreads; t++) {
            free(tiles->memory[t].columns);
            free(tiles->memory[t].range);
        }
        free(tiles->memory);
        free(tiles->start);
        free(tiles->top);
        free(tiles->cost);
        free(tiles);
    }
}

/* A tile whose octs are added to its columns, level by level. */
struct adding {
    const struct pvr_tree_tiles *tiles;
    struct pvr_project_block *block;
    struct pvr_project_scratch *scratch;
    struct pvr_walk walk;
    int level;
    uint32_t count; /* of octs that wait in the scratch memory */
    uint32_t order[TILE_OCTS];
    uint64_t done;
    enum pvr_status status;
    struct pvr_error *error;
};

static void add_waiting(struct adding *adding) {
    const struct pvr_projecting *projecting = &adding->tiles->source->projecting;
    struct pvr_project_block *block = adding->block;
    if (adding->status != PVR_OK || adding->count == 0) {
        return;
    }
    pvr_project_set_block(adding->tiles->source, adding->level, adding->count, adding->scratch,
                          block);
    block->nitems = 0;
    adding->status = projecting->fill(projecting, block, adding->scratch, adding->error);
    if (adding->status == PVR_OK) {
        const uint32_t all[2] = {block->grid->count[0], block->grid->count[1]};
        projecting->add(projecting, block, adding->order, block->nitems, (uint32_t[2]){0, 0}, all,
                        adding->scratch);
    }
    adding->done += adding->count;
    adding->count = 0;
}

static void add_range(struct adding *adding, uint64_t tree, uint64_t first, uint64_t end) {
    while (first < end) {
        const uint64_t left = end - first;
        const uint32_t room = TILE_OCTS - adding->count;
        const struct pvr_tree_part part = {adding->level, left < room ? (uint32_t)left : room,
                                           first};
        pvr_project_take(adding->tiles->source, &part, &adding->walk, tree, adding->count,
                         adding->scratch);
        first += part.count;
        adding->count += part.count;
        if (adding->count == TILE_OCTS) {
            add_waiting(adding);
        }
    }
}

/* Adds a tile's finest columns to their place in the level's grid; writes them there if that is
 * empty. */
static void put_columns(const struct pvr_projecting *projecting, const struct pvr_grid *from,
                        const struct pvr_grid *to, bool empty) {
    const size_t from_size = (size_t)from->count[0] * from->count[1];
    const size_t to_size = (size_t)to->count[0] * to->count[1];
    const size_t row = to->count[0];
    double *corner = to->plane + (size_t)(from->first[1] - to->first[1]) * row +
                     (size_t)(from->first[0] - to->first[0]);
    if (projecting->kind != PVR_KIND_ADD) {
        for (size_t i = 0; i < from_size; i++) {
            pvr_map_put(projecting->kind, projecting->nplanes,
                        corner + i / from->count[0] * row + i % from->count[0], to_size,
                        from->plane + i, from_size, 1);
        }
        return;
    }
    for (int p = 0; p < projecting->nplanes; p++) {
        for (uint32_t y = 0; y < from->count[1]; y++) {
            const double *source = from->plane + (size_t)p * from_size + (size_t)y * from->count[0];
            double *target = corner + (size_t)p * to_size + y * row;
            if (empty) {
                memcpy(target, source, from->count[0] * sizeof *target);
                continue;
            }
            if (y + AHEAD < from->count[1]) {
                for (uint32_t x = 0; x < from->count[0]; x += 8) {
                    __builtin_prefetch(target + AHEAD * row + x, 1);
                }
            }
            for (uint32_t x = 0; x < from->count[0]; x++) {
                target[x] += source[x];
            }
        }
    }
}

static enum pvr_status tile_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct pvr_tree_tiles *tiles = context;
    const struct pvr_projecting *projecting = &tiles->source->projecting;
    const struct memory *memory = &tiles->memory[worker->thread];
    const struct top *top = tiles->top + tiles->start[task];
    const size_t ntops = tiles->start[task + 1] - tiles->start[task];
    struct adding adding = {.tiles = tiles,
                            .block = &projecting->block[worker->thread],
                            .scratch = &projecting->scratch[worker->thread],
                            .status = PVR_OK,
                            .error = error};
    struct pvr_grid grid = projecting->level[tiles->level], coarser;
    double *room = memory->columns;
    pvr_walk_begin(&adding.walk, tiles->source->octree);
    for (uint32_t i = 0; i < TILE_OCTS; i++) {
        adding.order[i] = i;
    }
    for (size_t i = 0; i < ntops; i++) {
        memory->range[i][0] = top[i].oct;
        memory->range[i][1] = top[i].oct + 1;
    }
    for (int l = tiles->level + 1; l <= tiles->finest && adding.status == PVR_OK; l++) {
        const struct pvr_octree_level *level = &tiles->source->octree->level[l];
        coarser = grid;
        if (!find_grid(tiles, task, l, &grid)) {
            return PVR_OK;
        }
        const size_t size = (size_t)grid.count[0] * grid.count[1] * (size_t)projecting->nplanes;
        grid.plane = room;
        room += size;
        pvr_project_refine(projecting, &coarser, &grid, true, 0, grid.count[1]);
        adding.level = l;
        adding.block->grid = &grid;
        adding.block->alone = true;
        for (size_t i = 0; i < ntops; i++) {
            uint32_t *range = memory->range[i];
            add_range(&adding, top[i].tree, range[0], range[1]);
            range[0] = (uint32_t)pvr_rank(level, range[0], 0);
            range[1] = (uint32_t)pvr_rank(level, range[1], 0);
        }
        add_waiting(&adding);
    }
    if (adding.status == PVR_OK) {
        put_columns(projecting, &grid, &projecting->level[tiles->finest], tiles->empty);
    }
    pvr_job_add_done(worker, adding.done);
    return adding.status;
}

enum pvr_status pvr_project_add_tiles(struct pvr_tree_tiles *tiles, struct pvr_job *job,
                                      struct pvr_error *error) {
    const struct pvr_projecting *projecting = &tiles->source->projecting;
    const size_t nthreads = (size_t)projecting->nthreads;
    const bool pixels = projecting->level[tiles->finest].plane == projecting->pixels.plane;
    tiles->empty =
        !pixels || (tiles->source->was_empty && tiles->finest >= tiles->source->octree->max_level);
    const size_t columns = 2 * (size_t)tiles->columns * tiles->columns; /* 4/3 of it are used */
    bool made = (tiles->memory = calloc(nthreads, sizeof *tiles->memory)) != NULL;
    for (size_t t = 0; made && t < nthreads; t++) {
        struct memory *memory = &tiles->memory[t];
        memory->columns = malloc(columns * (size_t)projecting->nplanes * sizeof(double));
        memory->range = malloc((tiles->most_tops + 1) * sizeof *memory->range);
        made = memory->columns != NULL && memory->range != NULL;
    }
    return made ? pvr_job_run(job, tiles->count, tiles->cost, tile_task, NULL, tiles, error)
                : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the columns of a projection");
}
