/* pvr_project_trees.h - an octree in memory as the source of a projection (internal).
 *
 * Octs are taken in parts: in blocks of the engine, or by *tiles*, along an axis of the box. A tile
 * is a square of the image, and the octs of its levels are those below the cells of a coarser level
 * that lie behind it: a few ranges of octs on each level, for in a tree octs stand in Morton order.
 * One thread adds up all octs of a tile in columns of its own, which stay in the cache, puts each
 * level into the next, and in the end the finest into the place in the map, or in the finest
 * level's grid, that belongs to this tile alone. So no items are kept and sorted, there are no
 * grids of the levels between, and the image is written once, whatever the number of values. Levels
 * whose cells are smaller than pixels, and the few octs of the coarsest levels, are the engine's.
 */
#ifndef PVR_PROJECT_TREES_H
#define PVR_PROJECT_TREES_H

#include "pvr_octree.h"
#include "pvr_positions.h"
#include "pvr_project_private.h"

/* Octs of one level; at the root level, trees. */
struct pvr_tree_part {
    int level;
    uint32_t count;
    uint64_t first;
};

struct pvr_tree_source {
    struct pvr_projecting projecting;
    const struct pvr_octree *octree;
    const struct pvr_map_value *values, *weight;
    bool was_empty; /* the map, before this */
    int tiled[2];   /* levels whose octs tiles take: from, up to */
    uint64_t tiled_octs;
    size_t nparts; /* of the other levels */
    struct pvr_tree_part *part;
    uint64_t first; /* part of the batch */
};

/* Writes the part's octs into the scratch memory, from number `at` on. `tree`: a tree that is not
 * behind the part's first oct. */
void pvr_project_take(const struct pvr_tree_source *source, const struct pvr_tree_part *part,
                      struct pvr_walk *walk, uint64_t tree, uint32_t at,
                      struct pvr_project_scratch *scratch);
/* Makes `count` octs of a level, in the scratch memory, the block's. */
void pvr_project_set_block(const struct pvr_tree_source *source, int level, uint32_t count,
                           const struct pvr_project_scratch *scratch,
                           struct pvr_project_block *block);

/* Plans tiles of a projection that is planned; null where the engine should take all levels: the
 * same for any number of threads. Sets `tiled` and `tiled_octs` of the source. */
struct pvr_tree_tiles;
enum pvr_status pvr_project_plan_tiles(struct pvr_tree_source *source,
                                       struct pvr_tree_tiles **tiles, struct pvr_error *error);
/* Adds them to the columns of the last of these levels, and to these what the level before the
 * first holds. */
enum pvr_status pvr_project_add_tiles(struct pvr_tree_tiles *tiles, struct pvr_job *job,
                                      struct pvr_error *error);
void pvr_project_free_tiles(struct pvr_tree_tiles *tiles);

#endif
