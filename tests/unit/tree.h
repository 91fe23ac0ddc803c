/* tree.h - random refined boxes, held so simply that what is asked of an octree can be looked up.
 */
#ifndef PVR_TEST_TREE_H
#define PVR_TEST_TREE_H

#include "pvr_octree_build.h"

#include <stdbool.h>
#include <stdint.h>

struct tree_oct {
    uint32_t at[3]; /* on the grid of the level above */
    uint8_t refined;
};

struct tree {
    int ndim, root_level, max_level;
    uint32_t ncoarse[3];
    double size[3];
    uint64_t noct[PVR_MAX_LEVELS + 2];
    struct tree_oct *oct[PVR_MAX_LEVELS + 2]; /* sorted by z, y, x */
};

/* Octs fill root_level; about `percent` of the cells of each level are refined, at least one above
 * max_level, and at most `most` octs stand on a level. */
struct tree tree_random(int ndim, const uint32_t ncoarse[3], int root_level, int max_level,
                        int percent, uint64_t most, uint64_t seed);
void tree_free(struct tree *tree);

/* Is there a cell of `level` at `at`? Is it refined? */
bool tree_has(const struct tree *tree, int level, const uint32_t at[3], bool *refined);
/* Cells of the box on `level` along an axis. */
uint64_t tree_cells(const struct tree *tree, int level, int axis);

/* Builds the octree from the octs in a random order. The slots are given in the tree's order in
 * slot[level] if that is not null (to be freed), for levels above root_level. */
enum pvr_status tree_build(const struct tree *tree, uint64_t seed, int threads,
                           struct pvr_octree **octree, uint32_t *slot[PVR_MAX_LEVELS + 2],
                           struct pvr_error *error);

#endif
