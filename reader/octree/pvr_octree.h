/* pvr_octree.h - the mesh in memory: trees of breadth-first levels in Morton order.
 *
 * The box is a grid of trees, `root_dims` per axis, each one cell of level `root_level`, numbered
 * x fastest. Level l (root_level < l <= max_level) is an array of octs: tree after tree, and in a
 * tree in Morton order; an oct has 2^ndim cells of level l, x fastest, each with one bit: refined
 * or leaf. The octs of level l+1 are the children of the refined cells of level l, in order: the
 * n-th refined cell has the n-th oct. So a position is implied by a place, and the structure costs
 * about a bit per cell.
 *
 * Cell *indices* (of field arrays) are tree-major, as vtkHyperTreeGrid wants them: a tree's root
 * cell, then its cells of level root_level + 1, root_level + 2, ... Coarse (refined) cells have an
 * index and values too.
 *
 * An octree may hold a part of a box (a region, a file that was cut out of a run): the grid of
 * trees then begins at `origin`, and the leaves that are not part of it are marked as *outside*.
 * They have indices, and NaN in field arrays, but are cells to nobody: not counted, summed or
 * drawn.
 *
 * A level has at most 2^32 - 1 octs. An octree never changes once built; any number of threads may
 * use it.
 */
#ifndef PVR_OCTREE_H
#define PVR_OCTREE_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MAX_LEVELS = 32 };

struct pvr_octree_level {
    uint64_t noct;
    uint8_t *refined; /* a byte per oct, bit c: cell c is refined; padded with zeros to whole
                         words of 8 */
    uint8_t *outside; /* as `refined`: bit c: leaf c is outside; null: no cell of the level is */
    uint32_t *rank;   /* rank[w]: refined cells in the first 8 w bytes */
    uint64_t *tree_first; /* first oct of each tree, ntrees + 1 entries */
    uint64_t *tree_cell;  /* index of the first cell of this level in each tree, ntrees entries */
};

struct pvr_octree {
    int ndim;
    int cells_per_oct; /* 2^ndim */
    int root_level;    /* level of the trees' root cells, >= 1 */
    int max_level;     /* deepest level with cells */
    uint32_t root_dims[3];
    double origin[3]; /* lower corner of the grid of trees, code length; 0 for a whole box */
    double size[3];   /* of the whole grid of trees, code length */
    uint64_t ntrees;
    uint64_t ncells;   /* all cells of all trees, coarse ones and those outside included */
    uint64_t nleaves;  /* without those outside */
    uint64_t noutside; /* leaves that are outside; 0: no level has an `outside` */
    /* level[root_level]: the root cells, bit t & 7 of byte t >> 3 for tree t, tree_cell alone;
     * level[l]: octs. */
    struct pvr_octree_level level[PVR_MAX_LEVELS + 1];
    uint64_t bytes; /* memory of the structure */
    int references; /* atomic; do not touch */
};

struct pvr_octree *pvr_octree_retain(struct pvr_octree *octree);
void pvr_octree_release(struct pvr_octree *octree);

/* A cell by its place: integer coordinates on its level's grid (0 .. root_dims * 2^(level -
 * root_level) - 1). */
struct pvr_cell {
    int level;
    uint32_t coordinate[3];
    uint64_t index; /* into field arrays */
    bool refined;
    bool outside;
    uint64_t oct; /* place of its oct in level `level` (the tree, at root_level) */
};

/* The cell of level `level` at `coordinate`, or, where the tree ends before, the leaf that covers
 * that place. False if outside of the box or level < root_level. */
bool pvr_octree_cell(const struct pvr_octree *octree, int level, const uint32_t coordinate[3],
                     struct pvr_cell *cell);
/* The leaf that holds `position` (code length, 0 <= position - origin < size; unused axes ignored).
 * It may be outside. */
bool pvr_octree_find_leaf(const struct pvr_octree *octree, const double position[3],
                          struct pvr_cell *leaf);
/* The neighbour of `cell` across `face` (0: -x, 1: +x, 2: -y, ... 5: +z): of its own level where
 * there is one (it may be refined: see pvr_octree_face_children), else the coarser leaf. False at
 * a border of the box unless `periodic`. */
bool pvr_octree_neighbour(const struct pvr_octree *octree, const struct pvr_cell *cell, int face,
                          bool periodic, struct pvr_cell *neighbour);
/* The 2^ndim children of a refined cell, x fastest; returns 2^ndim, or 0 for a leaf. */
int pvr_octree_children(const struct pvr_octree *octree, const struct pvr_cell *cell,
                        struct pvr_cell children[8]);
/* The children of refined `cell` that touch its `face`: the finer neighbours of the cell beyond.
 * Returns 2^(ndim-1), or 0 for a leaf. */
int pvr_octree_face_children(const struct pvr_octree *octree, const struct pvr_cell *cell, int face,
                             struct pvr_cell children[4]);
/* Volume (area, length) of a cell of `level` in code length^ndim. */
double pvr_octree_cell_volume(const struct pvr_octree *octree, int level);

#ifdef __cplusplus
}
#endif
#endif
