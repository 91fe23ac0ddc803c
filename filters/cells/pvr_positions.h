/* pvr_positions.h - where the cells of an octree lie, in the order of the field arrays.
 *
 * A cell's position is implied by its place (pvr_octree.h). What works on whole arrays takes the
 * cells run by run: a *run* is the cells of one level in one tree, which have consecutive indices
 * and belong to consecutive octs. A *walk* gives the octs' coordinates, from any oct on and without
 * touching what comes before it: the n-th refined cell of a level is found by the level's counts,
 * its own oct's coordinate in the same way on the level above. Going forward, ancestors are
 * looked for only where they change: some nanoseconds per oct.
 */
#ifndef PVR_POSITIONS_H
#define PVR_POSITIONS_H

#include "pvr_octree.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_run {
    int level;
    uint64_t tree;
    uint64_t cell, ncells; /* indices of field arrays: cell .. cell + ncells - 1 */
    uint64_t oct;          /* of the first cell, on `level`; the tree at root_level */
};

/* The run that holds the cell with this index (0 .. ncells - 1). */
struct pvr_run pvr_run_at(const struct pvr_octree *octree, uint64_t index);
/* The run whose cells follow; false after the last. */
bool pvr_run_next(const struct pvr_octree *octree, struct pvr_run *run);

/* Of one thread. `octree` must outlive it. */
struct pvr_walk {
    const struct pvr_octree *octree;
    struct pvr_walk_level {
        uint64_t oct;   /* on this level, that `at` belongs to; UINT64_MAX: none yet */
        uint64_t word;  /* of the level above, that holds its parent cell's bit */
        uint32_t at[3]; /* coordinate of the oct on the grid of the level above */
    } level[PVR_MAX_LEVELS + 1];
};

void pvr_walk_begin(struct pvr_walk *walk, const struct pvr_octree *octree);
/* Coordinates of octs first .. first + count - 1 of `level` (> root_level) on the grid of
 * level - 1: cell c of an oct lies at 2 * coordinate[axis] + (c >> axis & 1) on the grid of
 * `level`, its centre at (that + 0.5) * pvr_octree_cell_size(). Trees may change on the way. */
void pvr_walk_octs(struct pvr_walk *walk, int level, uint64_t first, uint64_t count,
                   uint32_t (*coordinate)[3]);
/* Coordinate of a tree's root cell on the grid of root_level. */
void pvr_tree_coordinate(const struct pvr_octree *octree, uint64_t tree, uint32_t coordinate[3]);
/* Side of a cell of `level`, code length. */
double pvr_octree_cell_size(const struct pvr_octree *octree, int level);

#ifdef __cplusplus
}
#endif
#endif
