/* pvr_leaf_cells_private.h - what a numbering of leaf cells holds (internal). */
#ifndef PVR_LEAF_CELLS_PRIVATE_H
#define PVR_LEAF_CELLS_PRIVATE_H

#include "pvr_leaf_cells.h"
#include "pvr_leaf_walk.h"
#include "pvr_octree_rank.h"
#include "pvr_positions.h"

/* Cells of the octree whose leaves are counted together; an oct belongs to the chunk of its first
 * cell. */
enum { PVR_LEAF_CHUNK = 1 << 14 };

struct pvr_leaf_cells {
    struct pvr_octree *octree;
    struct pvr_leaf_place place;
    struct pvr_lattice lattice;
    uint64_t ncells, npoints;
    uint64_t nchunks;
    uint64_t *first_cell; /* [chunk] leaves before it; nchunks + 1 entries */
    /* Points of which all cells are outside are left out: a bit for each, and how many there are
     * before each word. Null where nothing is outside: all are taken. */
    uint64_t *taken, *taken_before;
    uint64_t bytes;
};

/* A run of octs (or a tree's root cell) that begin in a chunk. */
struct pvr_part {
    struct pvr_run run;
    uint64_t oct, noct; /* of the run's level; 1 tree at root_level */
    uint64_t cell;      /* index of the first one's first cell */
};

/* The octs of run `part->run` whose first cells lie in begin .. end - 1; false if the run begins
 * beyond. */
static inline bool pvr_cut_part(const struct pvr_octree *octree, uint64_t begin, uint64_t end,
                                struct pvr_part *part) {
    const struct pvr_run *run = &part->run;
    uint64_t per = run->level == octree->root_level ? 1 : (uint64_t)octree->cells_per_oct;
    uint64_t noct = run->ncells / per;
    uint64_t skip = begin > run->cell ? (begin - run->cell + per - 1) / per : 0;
    uint64_t stop = end > run->cell ? (end - run->cell + per - 1) / per : 0;
    skip = skip < noct ? skip : noct;
    stop = stop < noct ? stop : noct;
    part->oct = run->oct + skip;
    part->noct = stop - skip;
    part->cell = run->cell + skip * per;
    return run->cell < end;
}

/* Bits of the cells of an oct, or of a tree's root cell, that are leaves of the mesh. */
static inline unsigned pvr_shown(const struct pvr_octree *octree, const struct pvr_part *part,
                                 uint64_t oct) {
    const struct pvr_octree_level *level = &octree->level[part->run.level];
    if (part->run.level == octree->root_level) {
        return ~(pvr_no_leaves(level, oct >> 3) >> (oct & 7)) & 1u;
    }
    return ~pvr_no_leaves(level, oct) & ((1u << octree->cells_per_oct) - 1);
}

/* Cells without numbers; null for want of memory. */
struct pvr_leaf_cells *pvr_leaf_cells_begin(struct pvr_octree *octree,
                                            const struct pvr_leaf_place *place);
/* Numbers them as a part of a job. */
enum pvr_status pvr_leaf_cells_number(struct pvr_leaf_cells *cells, struct pvr_job *job,
                                      struct pvr_error *error);
/* Marks the points of leaves first .. first + count - 1 in `taken`, a bit for each candidate; any
 * number of threads at the same time. */
void pvr_leaf_mark_points(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                          uint64_t *taken);

#endif
