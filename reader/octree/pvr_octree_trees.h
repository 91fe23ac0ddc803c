/* pvr_octree_trees.h - an octree from trees that know the children of their vertices.
 *
 * This is how other programs hold a tree in memory (VTK's hyper trees among them): each vertex has
 * the number of its first child, and siblings stand one after another. The vertices may stand in
 * any order, breadth first or depth first; the octree's cells are always breadth first.
 */
#ifndef PVR_OCTREE_TREES_H
#define PVR_OCTREE_TREES_H

#include "pvr_octree.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PVR_NO_CHILD UINT32_MAX

struct pvr_tree {
    const uint32_t *child; /* by vertex: the first of its 2^ndim children, or PVR_NO_CHILD */
    uint64_t nchild;       /* entries of `child`; vertices from there on are leaves */
    uint64_t nvertices;    /* of the tree, vertex 0 being the root; 0: there is no such tree, its
                              place is a root cell that is outside */
    int nlevels;           /* no more levels than these, the root's included */
};

/* What is hidden at a vertex. Hidden leaves are outside of the octree. */
enum pvr_hidden {
    PVR_SHOWN = 0,
    PVR_HIDDEN_CELL = 1, /* the cell, if it is a leaf */
    PVR_HIDDEN_TREE = 2  /* the cell and all beneath it */
};

struct pvr_trees {
    int ndim;
    int root_level; /* >= 1 */
    int max_levels; /* of a tree, the root's included: what is deeper is left out; 0: all */
    uint32_t root_dims[3];
    double origin[3], size[3];   /* of the grid of trees */
    const struct pvr_tree *tree; /* x fastest */
    /* May be null: nothing is hidden. Called by several threads, for any vertex. */
    enum pvr_hidden (*hidden)(const void *context, uint64_t tree, uint32_t vertex);
    const void *hidden_context;
};

/* Builds the octree. Fails with PVR_ERROR_FORMAT if a tree's children are not a tree, with
 * PVR_ERROR_UNSUPPORTED if there are more levels or cells than an octree can have.
 *
 * *order is null if all trees are breadth first already: then the cells of a tree are its vertices
 * 0, 1, 2, ... in order. Else it has the vertex of each cell in its tree, octree->ncells entries
 * (0 for a tree that is not there), to be freed by pvr_large_free(order, ncells * sizeof *order).
 * Results are the same for any number of threads. `threads` may be null. */
enum pvr_status pvr_octree_from_trees(const struct pvr_trees *trees,
                                      const struct pvr_threads *threads, struct pvr_octree **octree,
                                      uint32_t **order, struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
