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

/* The octs of levels root_level .. max_level as they were read. */
struct pvr_octs {
    uint64_t noct;
    uint32_t (*coordinate)[3]; /* on the grid of level - 1; freed by the build when used up */
    uint8_t *refined;          /* bit c: cell c is refined; likewise; all 0 or null at max_level */
    uint32_t *slot;            /* out: the oct's place in the octree's level (not root_level) */
};

struct pvr_octree_plan {
    int ndim, root_level, max_level;
    uint32_t ncoarse[3];   /* coarse cells of the box on each axis, 1 beyond ndim */
    double size[3];        /* of the box, code length */
    struct pvr_octs *octs; /* [level], root_level .. max_level */
    /* Names the oct `index` of `level` for a message: "amr_00002.out00001: oct 5 of level 7". */
    void (*name)(void *context, int level, uint64_t index, char *text, size_t size);
    void *name_context;
};

/* Builds the octree. Fails if an oct has no refined cell above it, if two octs are in one place or
 * if a refined cell has no oct (unless at max_level). Frees coordinate and refined of each level
 * with pvr_large_free when they are used up; slot stays the caller's. */
enum pvr_status pvr_octree_build(const struct pvr_octree_plan *plan, struct pvr_job *job,
                                 struct pvr_octree **octree, struct pvr_error *error);

#endif
