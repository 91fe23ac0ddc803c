/* fuzz_leaves.c - any list of leaf cells: it becomes an octree that has them, or is refused.
 *
 * The first byte: dimensions, the last level, and how the list is made: of rows of level and place,
 * mostly wrong, or by refining cells and leaving some out, so that it is right but for its order.
 */
#include "pvr_leaves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ROWS = 4096, DEEPEST = 12 };

struct rows {
    int ndim;
    uint64_t count;
    int64_t level[MOST_ROWS], at[3][MOST_ROWS];
};

struct bytes {
    const uint8_t *at, *end;
};

static unsigned take(struct bytes *bytes) {
    return bytes->at < bytes->end ? *bytes->at++ : 0;
}

static void take_rows(struct bytes *bytes, struct rows *rows) {
    while (bytes->at < bytes->end && rows->count < MOST_ROWS) {
        unsigned byte = take(bytes);
        int64_t level = byte & 0x3f;
        rows->level[rows->count] = level > 40 ? level - 50 : level;
        for (int axis = 0; axis < rows->ndim; axis++) {
            int64_t at = take(bytes) | (int64_t)take(bytes) << 8;
            at = byte & 0x40 && level < 32 ? at & (((int64_t)1 << level) - 1) : at;
            rows->at[axis][rows->count] = byte & 0x80 ? at + 1 : -at;
        }
        rows->count++;
    }
}

/* A byte of each cell: refined, left out, or a leaf. */
static void refine(struct bytes *bytes, struct rows *rows, int level, const int64_t at[3]) {
    unsigned byte = take(bytes);
    if (byte % 4 >= 2 && level < DEEPEST) {
        for (int child = 0; child < 1 << rows->ndim; child++) {
            const int64_t below[3] = {2 * at[0] + (child & 1), 2 * at[1] + (child >> 1 & 1),
                                      2 * at[2] + (child >> 2)};
            refine(bytes, rows, level + 1, below);
        }
    } else if (byte % 4 == 0 && level > 0 && rows->count < MOST_ROWS && bytes->at < bytes->end) {
        /* they come in any order: the row may take the place of another one, which goes last */
        uint64_t last = rows->count++, place = byte & 0x80 ? byte % rows->count : last;
        rows->level[last] = rows->level[place];
        rows->level[place] = level;
        for (int axis = 0; axis < rows->ndim; axis++) {
            rows->at[axis][last] = rows->at[axis][place];
            rows->at[axis][place] = at[axis] + 1;
        }
    }
}

static bool every_other(const void *context, int level, const uint32_t at[3]) {
    (void)context;
    return (at[0] ^ at[1] ^ at[2] ^ (uint32_t)level) % 3 != 0;
}

static void must_at(bool right, int line) {
    if (!right) {
        fprintf(stderr, "fuzz_leaves.c:%d: not so\n", line);
        abort();
    }
}
#define must(right) must_at(right, __LINE__)

/* Every row's cell is a leaf, or above it where the octree ends, and has the row's value. */
static void check(const struct rows *rows, const struct pvr_leaves *leaves,
                  const struct pvr_octree *octree, const struct pvr_leaf_map *map, bool selected) {
    uint64_t found = 0, filled = 0, wanted = 0;
    for (uint64_t i = 0; i < map->ncells; i++) {
        filled += map->source[i] != PVR_NO_ROW;
    }
    must(map->ncells == octree->ncells && filled == octree->nleaves);
    for (uint64_t row = 0; row < rows->count; row++) {
        int level = (int)rows->level[row];
        int shown = level < octree->max_level ? level : octree->max_level;
        uint32_t place[3] = {0, 0, 0}, at[3] = {0, 0, 0};
        for (int axis = 0; axis < rows->ndim; axis++) {
            double side = octree->size[axis] / octree->root_dims[axis];
            double origin = octree->origin[axis] + (leaves->turned[axis] != 0 ? 0.5 : 0);
            double first = ldexp(origin / side, shown - octree->root_level);
            place[axis] = (uint32_t)((rows->at[axis][row] - 1) >> (level - shown));
            at[axis] = place[axis] ^ (leaves->turned[axis] >> (leaves->high - shown));
            at[axis] -= (uint32_t)first;
        }
        if (selected && !every_other(NULL, shown, place)) {
            continue;
        }
        struct pvr_cell cell;
        must(pvr_octree_cell(octree, shown, at, &cell));
        must(cell.level == shown && !cell.refined && !cell.outside);
        wanted++;
        uint32_t source = map->source[cell.index];
        must(source != PVR_NO_ROW);
        if (map->merged) {
            do {
                found += map->row[source] == row;
                source++;
            } while (source < map->nrows && map->more[source]);
        } else {
            must(source == row);
            found++;
        }
    }
    must(found == wanted && map->nrows == wanted && (selected || wanted == rows->count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct rows rows;
    struct bytes bytes = {data, data + size};
    unsigned first = take(&bytes), second = take(&bytes);
    int max_level = second % 16;
    bool select = second & 0x80;
    rows.ndim = 1 + (int)(first % 3);
    rows.count = 0;
    const int64_t root[3] = {0, 0, 0};
    if (first & 0x80) {
        take_rows(&bytes, &rows);
    } else {
        refine(&bytes, &rows, 0, root);
    }
    struct pvr_leaves leaves = {.count = 0};
    struct pvr_octree *octree = NULL;
    struct pvr_leaf_map map;
    struct pvr_job job;
    struct pvr_error error;
    const struct pvr_threads threads = {.max = 1};
    const struct pvr_whole_column level = {rows.level, 8};
    struct pvr_whole_column place[3];
    for (int axis = 0; axis < 3; axis++) {
        place[axis] = (struct pvr_whole_column){axis < rows.ndim ? rows.at[axis] : NULL, 8};
    }
    must(pvr_job_begin(&job, &threads, NULL, NULL, &error) == PVR_OK);
    bool right = pvr_leaves_begin(&leaves, rows.ndim, rows.count, 8 * rows.count, "fuzz", &error) ==
                     PVR_OK &&
                 pvr_leaves_take_first(&leaves, level, place[0], &job, &error) == PVR_OK &&
                 pvr_leaves_take_rest(&leaves, place[1], place[2], &job, &error) == PVR_OK;
    for (int axis = 0; axis < 3; axis++) {
        leaves.turn[axis] = second >> (4 + axis) & 1;
    }
    if (right && select) {
        right = pvr_leaves_select(&leaves, max_level, every_other, NULL, &job, &error) == PVR_OK;
    }
    right = right && pvr_leaves_sort(&leaves, &job, &error) == PVR_OK;
    if (right && pvr_leaves_build(&leaves, 1.0, max_level, &job, &octree, &map, &error) == PVR_OK) {
        if (leaves.count > 0) {
            check(&rows, &leaves, octree, &map, select);
        }
        pvr_leaf_map_free(&map);
        pvr_octree_release(octree);
    } else {
        must(error.message[0] != '\0');
        must(first & 0x80 || rows.count == 0); /* a right list */
    }
    pvr_leaves_free(&leaves);
    pvr_job_end(&job, NULL);
    return 0;
}
