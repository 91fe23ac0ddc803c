/* pvr_octree_build.h - from octs in any order to the octree in memory (internal).
 *
 * The octs of a level come in the order of the files. Their place in the octree follows from their
 * position alone: descend from the tree's root, and at each refined cell count the refined cells
 * before it (a popcount). Every level is done by all threads.
 */
#ifndef PVR_OCTREE_BUILD_H
#define PVR_OCTREE_BUILD_H

#include "pvr_octree.h"
#include "pvr_threads.h"
#include "pvr_tree_grid.h"

/* The octs of levels root_level .. max_level as they were read. */
struct pvr_octs {
    uint64_t noct;
    uint32_t (*coordinate)[3]; /* on the grid of level - 1; freed by the build when used up */
    uint8_t *refined;          /* bit c: cell c is refined; likewise; all 0 or null at max_level */
    uint32_t *slot;            /* out: the oct's place in the octree's level (not root_level) */
    uint8_t *outside;          /* bit c: leaf c is outside; null: none is; freed likewise */
};
void pvr_octs_free(struct pvr_octs *octs); /* all but `slot` */

struct pvr_octree_plan {
    int ndim, root_level, max_level;
    uint32_t ncoarse[3];   /* coarse cells of the box on each axis, 1 beyond ndim */
    double size[3];        /* of the box, code length */
    struct pvr_octs *octs; /* [level], root_level .. max_level */
    /* Null: the octs fill the box, and their coordinates are of it. Else the octree has these trees
     * alone. Octs of the root level have coordinates of the box still, and trees that none of them
     * covers are outside; the others have coordinates among the trees. */
    const struct pvr_tree_grid *trees;
    /* Null, or the same octree less deep: its levels are taken over. Of those above its last one
     * only octs[].noct is looked at, of its last one `refined` and `slot` (as they came from the
     * build of the base; at root_level: `coordinate` and `outside`). */
    const struct pvr_octree *base;
    /* Names the oct `index` of `level` for a message: "amr_00002.out00001: oct 5 of level 7". */
    void (*name)(void *context, int level, uint64_t index, char *text, size_t size);
    void *name_context;
};

/* Builds the octree. Fails if an oct has no refined cell above it, if two octs are in one place or
 * if a refined cell has no oct (unless at max_level). Frees coordinate and refined of each level
 * with pvr_large_free when they are used up; slot stays the caller's. */
enum pvr_status pvr_octree_build(const struct pvr_octree_plan *plan, struct pvr_job *job,
                                 struct pvr_octree **octree, struct pvr_error *error);

/* A copy of the octree with `max_level` for its deepest level, whose cells are all leaves then:
 * root_level <= max_level <= octree->max_level. */
enum pvr_status pvr_octree_cut(const struct pvr_octree *octree, int max_level,
                               struct pvr_octree **result, struct pvr_error *error);

/* Memory of a level of `nbytes` bytes of refined cells; a failed octree is released as usual. */
enum pvr_status pvr_octree_allocate_level(struct pvr_octree *octree, int l, uint64_t noct,
                                          uint64_t nbytes, struct pvr_error *error);
/* Takes a level over from another octree, cells outside included. */
enum pvr_status pvr_octree_copy_level(struct pvr_octree *octree, const struct pvr_octree *from,
                                      int l, struct pvr_error *error);
/* Memory to mark leaves of a level that is there as outside; none is yet. Once they are marked,
 * adds them to octree->noutside; if there are none the memory goes. */
enum pvr_status pvr_octree_allocate_outside(struct pvr_octree *octree, int l,
                                            struct pvr_error *error);
void pvr_octree_count_outside(struct pvr_octree *octree, int l);
/* Fills level->rank; returns the number of refined cells. */
uint64_t pvr_octree_count_refined(struct pvr_octree_level *level, uint64_t nbytes);
/* First octs and cells of each tree on each level, and the totals. */
void pvr_octree_number_cells(struct pvr_octree *octree);

#endif
