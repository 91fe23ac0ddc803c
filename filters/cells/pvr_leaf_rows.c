/* pvr_leaf_rows.c - the leaf cells of an octree as rows, sorted by level, x, y and z. */
#include "pvr_leaf_rows.h"

#include "pvr_memory.h"
#include "pvr_positions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_OCTS = 1 << 14, /* octs, or trees, of a task */
    BATCH_OCTS = 256,
    BUCKET_BITS = 12,
    BUCKETS = 1 << BUCKET_BITS,
    SLICE_ROWS = 1 << 20, /* rows of a task that puts them into buckets */
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS,
    FEW = 48 /* rows that are sorted by insertion */
};

/* Octs first .. first + count - 1 of a level (trees, on the root level). */
struct chunk {
    int level;
    uint64_t first, count;
    uint64_t leaves, row;    /* how many; the first one's row */
    int64_t low[3], high[3]; /* of their coordinates */
};

struct making {
    const struct pvr_octree *octree;
    const uint32_t *ncoarse;
    struct pvr_leaf_rows *rows;
    struct chunk *chunk;
    size_t nchunks;
    bool counting;
    /* the level that is sorted */
    struct pvr_leaf_row *from, *to;
    uint64_t nrows, nslices;
    uint64_t (*histogram)[BUCKETS]; /* of each slice; then where its rows go */
    uint64_t bucket[BUCKETS + 1];
    int key_bits;
};

/* ---- finding the leaves -----------------------------------------------------------------------
 */

/* Coordinate of the octree's own corner on a level's grid. */
static void corner_of(const struct pvr_octree *octree, int level, int64_t corner[3]) {
    const double size = pvr_octree_cell_size(octree, level);
    for (int axis = 0; axis < 3; axis++) {
        corner[axis] = size > 0 ? llround(octree->origin[axis] / size) : 0;
    }
}

/* Cells of a level along each axis of the box. */
static void cells_of(const struct making *making, int level, int64_t cells[3]) {
    for (int axis = 0; axis < 3; axis++) {
        cells[axis] = (int64_t)making->ncoarse[axis] << (axis < making->octree->ndim ? level : 0);
    }
}

/* Beyond the border is at the other side. */
static int64_t folded(int64_t at, int64_t cells) {
    const int64_t rest = at % cells;
    return rest < 0 ? rest + cells : rest;
}

static void take(struct making *making, struct chunk *chunk, uint64_t *row, const int64_t cells[3],
                 int64_t at[3], uint64_t cell) {
    for (int axis = 0; axis < 3; axis++) {
        if (at[axis] < 0 || at[axis] >= cells[axis]) {
            at[axis] = folded(at[axis], cells[axis]);
        }
    }
    if (making->counting) {
        for (int axis = 0; axis < 3; axis++) {
            chunk->low[axis] = at[axis] < chunk->low[axis] ? at[axis] : chunk->low[axis];
            chunk->high[axis] = at[axis] > chunk->high[axis] ? at[axis] : chunk->high[axis];
        }
        chunk->leaves++;
        return;
    }
    const struct pvr_leaf_grid *grid = &making->rows->grid[chunk->level];
    uint64_t key = 0;
    for (int axis = 0; axis < 3; axis++) {
        key |= (uint64_t)(at[axis] - grid->low[axis]) << grid->shift[axis];
    }
    making->rows->row[(*row)++] = (struct pvr_leaf_row){key, cell};
}

static void take_trees(struct making *making, struct chunk *chunk) {
    const struct pvr_octree *octree = making->octree;
    const struct pvr_octree_level *level = &octree->level[octree->root_level];
    uint64_t row = chunk->row;
    int64_t corner[3], whole[3];
    corner_of(octree, octree->root_level, corner);
    cells_of(making, octree->root_level, whole);
    for (uint64_t tree = chunk->first; tree < chunk->first + chunk->count; tree++) {
        const bool refined = level->refined[tree >> 3] >> (tree & 7) & 1;
        const bool outside =
            level->outside != NULL && (level->outside[tree >> 3] >> (tree & 7) & 1);
        if (!refined && !outside) {
            uint32_t coordinate[3];
            pvr_tree_coordinate(octree, tree, coordinate);
            int64_t at[3] = {corner[0] + coordinate[0], corner[1] + coordinate[1],
                             corner[2] + coordinate[2]};
            take(making, chunk, &row, whole, at, level->tree_cell[tree]);
        }
    }
}

/* The tree that an oct of a level belongs to. */
static uint64_t tree_of(const struct pvr_octree *octree, int level, uint64_t oct) {
    const uint64_t *first = octree->level[level].tree_first;
    uint64_t low = 0, high = octree->ntrees; /* first[low] <= oct < first[high] */
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;
        if (first[middle] <= oct) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void take_octs(struct making *making, struct chunk *chunk) {
    const struct pvr_octree *octree = making->octree;
    const struct pvr_octree_level *level = &octree->level[chunk->level];
    const unsigned cells = (unsigned)octree->cells_per_oct;
    const uint64_t end = chunk->first + chunk->count;
    uint64_t row = chunk->row, tree = tree_of(octree, chunk->level, chunk->first);
    uint32_t coordinate[BATCH_OCTS][3];
    int64_t corner[3], whole[3];
    struct pvr_walk walk;
    pvr_walk_begin(&walk, octree);
    corner_of(octree, chunk->level, corner);
    cells_of(making, chunk->level, whole);
    for (uint64_t first = chunk->first; first < end; first += BATCH_OCTS) {
        const uint64_t count = end - first < BATCH_OCTS ? end - first : BATCH_OCTS;
        pvr_walk_octs(&walk, chunk->level, first, count, coordinate);
        for (uint64_t o = 0; o < count; o++) {
            const uint64_t oct = first + o;
            while (oct >= level->tree_first[tree + 1]) {
                tree++;
            }
            const unsigned gone =
                level->refined[oct] | (level->outside != NULL ? level->outside[oct] : 0u);
            const uint64_t cell = level->tree_cell[tree] + (oct - level->tree_first[tree]) * cells;
            for (unsigned c = 0; c < cells; c++) {
                if (gone >> c & 1) {
                    continue;
                }
                int64_t at[3] = {corner[0] + 2 * (int64_t)coordinate[o][0] + (c & 1),
                                 corner[1] + 2 * (int64_t)coordinate[o][1] + (c >> 1 & 1),
                                 corner[2] + 2 * (int64_t)coordinate[o][2] + (c >> 2 & 1)};
                take(making, chunk, &row, whole, at, cell + c);
            }
        }
    }
}

static enum pvr_status take_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct making *making = context;
    struct chunk *chunk = &making->chunk[task];
    (void)worker, (void)error;
    (chunk->level == making->octree->root_level ? take_trees : take_octs)(making, chunk);
    return PVR_OK;
}

static enum pvr_status make_chunks(struct making *making, struct pvr_error *error) {
    const struct pvr_octree *octree = making->octree;
    for (int pass = 0; pass < 2; pass++) {
        making->nchunks = 0;
        for (int l = octree->root_level; l <= octree->max_level; l++) {
            const uint64_t n = l == octree->root_level ? octree->ntrees : octree->level[l].noct;
            for (uint64_t first = 0; first < n; first += CHUNK_OCTS) {
                const uint64_t count = n - first < CHUNK_OCTS ? n - first : CHUNK_OCTS;
                if (pass == 1) {
                    making->chunk[making->nchunks] =
                        (struct chunk){.level = l,
                                       .first = first,
                                       .count = count,
                                       .low = {INT64_MAX, INT64_MAX, INT64_MAX},
                                       .high = {INT64_MIN, INT64_MIN, INT64_MIN}};
                }
                making->nchunks++;
            }
        }
        if (pass == 0) {
            making->chunk = calloc(making->nchunks + 1, sizeof *making->chunk);
            if (making->chunk == NULL) {
                return pvr_fail(error, PVR_ERROR_MEMORY, "no memory to list leaf cells");
            }
        }
    }
    return PVR_OK;
}

/* Rows of each level and chunk, and how a level's keys are put together. */
static enum pvr_status lay_out(struct making *making, struct pvr_error *error) {
    struct pvr_leaf_rows *rows = making->rows;
    size_t next = 0;
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        struct pvr_leaf_grid *grid = &rows->grid[l];
        int64_t high[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
        rows->first[l] = rows->count;
        for (int axis = 0; axis < 3; axis++) {
            grid->low[axis] = INT64_MAX;
        }
        for (; next < making->nchunks && making->chunk[next].level == l; next++) {
            struct chunk *chunk = &making->chunk[next];
            chunk->row = rows->count;
            rows->count += chunk->leaves;
            for (int axis = 0; axis < 3; axis++) {
                grid->low[axis] =
                    chunk->low[axis] < grid->low[axis] ? chunk->low[axis] : grid->low[axis];
                high[axis] = chunk->high[axis] > high[axis] ? chunk->high[axis] : high[axis];
            }
        }
        int total = 0;
        for (int axis = 2; axis >= 0 && rows->count > rows->first[l]; axis--) {
            const uint64_t range = (uint64_t)(high[axis] - grid->low[axis]);
            while (range >> grid->bits[axis] != 0) {
                grid->bits[axis]++;
            }
            grid->shift[axis] = total;
            total += grid->bits[axis];
        }
        if (total > 63) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "cells of level %d are spread too far to be sorted: their places need "
                            "%d bits",
                            l, total);
        }
    }
    rows->first[PVR_MAX_LEVELS + 1] = rows->count;
    rows->row = pvr_large_alloc(rows->count * sizeof *rows->row);
    return rows->row != NULL || rows->count == 0
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %llu leaf cells",
                          (unsigned long long)rows->count);
}

/* ---- sorting ----------------------------------------------------------------------------------
 */

static inline unsigned bucket_of(const struct making *making, uint64_t key) {
    return making->key_bits > BUCKET_BITS ? (unsigned)(key >> (making->key_bits - BUCKET_BITS))
                                          : (unsigned)key;
}

static enum pvr_status count_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    struct making *making = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS;
    const uint64_t end = making->nrows - begin < SLICE_ROWS ? making->nrows : begin + SLICE_ROWS;
    (void)worker, (void)error;
    for (uint64_t i = begin; i < end; i++) {
        making->histogram[task][bucket_of(making, making->from[i].key)]++;
    }
    return PVR_OK;
}

static enum pvr_status spread_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct making *making = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS;
    const uint64_t end = making->nrows - begin < SLICE_ROWS ? making->nrows : begin + SLICE_ROWS;
    uint64_t *to = making->histogram[task];
    (void)worker, (void)error;
    for (uint64_t i = begin; i < end; i++) {
        making->to[to[bucket_of(making, making->from[i].key)]++] = making->from[i];
    }
    return PVR_OK;
}

static void insert(struct pvr_leaf_row *row, uint64_t n) {
    for (uint64_t i = 1; i < n; i++) {
        const struct pvr_leaf_row one = row[i];
        uint64_t j = i;
        for (; j > 0 && row[j - 1].key > one.key; j--) {
            row[j] = row[j - 1];
        }
        row[j] = one;
    }
}

/* Digit by digit from the lowest, between `row` and `other`; ends in `row`. */
static void sort_digits(struct pvr_leaf_row *row, struct pvr_leaf_row *other, uint64_t n,
                        int bits) {
    struct pvr_leaf_row *const home = row;
    for (int shift = 0; shift < bits; shift += DIGIT_BITS) {
        uint64_t place[DIGITS] = {0}, sum = 0;
        for (uint64_t i = 0; i < n; i++) {
            place[row[i].key >> shift & (DIGITS - 1)]++;
        }
        for (int d = 0; d < DIGITS; d++) {
            const uint64_t count = place[d];
            place[d] = sum;
            sum += count;
        }
        for (uint64_t i = 0; i < n; i++) {
            other[place[row[i].key >> shift & (DIGITS - 1)]++] = row[i];
        }
        struct pvr_leaf_row *const sorted = other;
        other = row;
        row = sorted;
    }
    if (row != home) {
        memcpy(home, row, n * sizeof *row);
    }
}

/* A bucket: from the second array back to its place in the first. */
static enum pvr_status sort_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct making *making = context;
    const uint64_t begin = making->bucket[task], n = making->bucket[task + 1] - begin;
    const int bits = making->key_bits > BUCKET_BITS ? making->key_bits - BUCKET_BITS : 0;
    (void)worker, (void)error;
    if (n <= FEW) {
        insert(making->to + begin, n);
    } else {
        sort_digits(making->to + begin, making->from + begin, n, bits);
    }
    memcpy(making->from + begin, making->to + begin, n * sizeof *making->to);
    return PVR_OK;
}

static enum pvr_status sort_level(struct making *making, int level, struct pvr_leaf_row *scratch,
                                  struct pvr_job *job, struct pvr_error *error) {
    struct pvr_leaf_rows *rows = making->rows;
    const struct pvr_leaf_grid *grid = &rows->grid[level];
    making->from = rows->row + rows->first[level];
    making->to = scratch;
    making->nrows = rows->first[level + 1] - rows->first[level];
    making->key_bits = grid->bits[0] + grid->bits[1] + grid->bits[2];
    making->nslices = (making->nrows + SLICE_ROWS - 1) / SLICE_ROWS;
    if (making->nrows <= FEW) {
        insert(making->from, making->nrows);
        return PVR_OK;
    }
    making->histogram = calloc(making->nslices, sizeof *making->histogram);
    if (making->histogram == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory to sort leaf cells");
    }
    enum pvr_status status =
        pvr_job_run(job, making->nslices, NULL, count_task, NULL, making, error);
    uint64_t cost[BUCKETS], sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
        making->bucket[b] = sum;
        for (uint64_t s = 0; s < making->nslices; s++) {
            const uint64_t count = making->histogram[s][b];
            making->histogram[s][b] = sum;
            sum += count;
        }
        cost[b] = sum - making->bucket[b];
    }
    making->bucket[BUCKETS] = sum;
    if (status == PVR_OK) {
        status = pvr_job_run(job, making->nslices, NULL, spread_task, NULL, making, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, BUCKETS, cost, sort_task, NULL, making, error);
    }
    free(making->histogram);
    return status;
}

/* ---- together ---------------------------------------------------------------------------------
 */

enum pvr_status pvr_leaf_rows_make(const struct pvr_octree *octree, const uint32_t ncoarse[3],
                                   struct pvr_job *job, struct pvr_leaf_rows *rows,
                                   struct pvr_error *error) {
    struct making making = {.octree = octree, .ncoarse = ncoarse, .rows = rows, .counting = true};
    memset(rows, 0, sizeof *rows);
    enum pvr_status status = make_chunks(&making, error);
    if (status == PVR_OK) {
        status = pvr_job_run(job, making.nchunks, NULL, take_task, NULL, &making, error);
    }
    if (status == PVR_OK) {
        status = lay_out(&making, error);
    }
    if (status == PVR_OK) {
        making.counting = false;
        status = pvr_job_run(job, making.nchunks, NULL, take_task, NULL, &making, error);
    }
    free(making.chunk);
    uint64_t most = 0;
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        const uint64_t n = rows->first[l + 1] - rows->first[l];
        most = n > most ? n : most;
    }
    struct pvr_leaf_row *scratch =
        status == PVR_OK && most > 0 ? pvr_large_alloc(most * sizeof *scratch) : NULL;
    if (status == PVR_OK && most > 0 && scratch == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory to sort %llu leaf cells",
                          (unsigned long long)most);
    }
    for (int l = 0; l <= PVR_MAX_LEVELS && status == PVR_OK; l++) {
        if (rows->first[l + 1] > rows->first[l]) {
            status = sort_level(&making, l, scratch, job, error);
        }
    }
    pvr_large_free(scratch, most * sizeof *scratch);
    return status;
}

void pvr_leaf_rows_free(struct pvr_leaf_rows *rows) {
    pvr_large_free(rows->row, rows->count * sizeof *rows->row);
    memset(rows, 0, sizeof *rows);
}

int pvr_leaf_row_level(const struct pvr_leaf_rows *rows, uint64_t row) {
    int level = 0;
    while (row >= rows->first[level + 1]) {
        level++;
    }
    return level;
}
