/* pvr_leaf_rows.h - the leaf cells of an octree as rows, sorted by level, x, y and z (internal).
 *
 * The order in which Mera.jl keeps its tables of cells. 16 bytes a row, as much again while they
 * are sorted: buckets by the first digits of the place, then each bucket by itself, so that all
 * threads work and the order does not depend on them.
 */
#ifndef PVR_LEAF_ROWS_H
#define PVR_LEAF_ROWS_H

#include "pvr_octree.h"
#include "pvr_threads.h"

struct pvr_leaf_row {
    uint64_t key;  /* where it lies: x, y, z in so many bits, from the lowest of its level */
    uint64_t cell; /* index into field arrays */
};

struct pvr_leaf_rows {
    uint64_t count;
    struct pvr_leaf_row *row;
    /* Rows of level l: first[l] .. first[l + 1] - 1. */
    uint64_t first[PVR_MAX_LEVELS + 2];
    struct pvr_leaf_grid {
        int64_t low[3]; /* lowest coordinates on the level's grid, counted from the box's corner */
        int shift[3];   /* of the coordinates in the key */
        int bits[3];
    } grid[PVR_MAX_LEVELS + 1];
};

/* Leaves that are outside are none. Where a region goes on beyond a periodic border of the box (of
 * `ncoarse` coarse cells), its leaves get their places in the box. Free the rows, also after a
 * failure.
 */
enum pvr_status pvr_leaf_rows_make(const struct pvr_octree *octree, const uint32_t ncoarse[3],
                                   struct pvr_job *job, struct pvr_leaf_rows *rows,
                                   struct pvr_error *error);
void pvr_leaf_rows_free(struct pvr_leaf_rows *rows);

/* The level of a row. */
int pvr_leaf_row_level(const struct pvr_leaf_rows *rows, uint64_t row);
/* A row's coordinate (0 for the cell at the box's corner) on the grid of its level. */
static inline int64_t pvr_leaf_row_coordinate(const struct pvr_leaf_grid *grid, uint64_t key,
                                              int axis) {
    return grid->low[axis] +
           (int64_t)(key >> grid->shift[axis] & (((uint64_t)1 << grid->bits[axis]) - 1));
}

#endif
