/* pvr_octree.c - the mesh in memory: ownership and queries. */
#include "pvr_octree.h"

#include "pvr_memory.h"
#include "pvr_octree_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pvr_octree *pvr_octree_retain(struct pvr_octree *octree) {
    __atomic_fetch_add(&octree->references, 1, __ATOMIC_RELAXED);
    return octree;
}

void pvr_octree_release(struct pvr_octree *octree) {
    if (octree == NULL || __atomic_sub_fetch(&octree->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        struct pvr_octree_level *level = &octree->level[l];
        uint64_t nbytes = l > octree->root_level ? level->noct : (level->noct + 7) / 8;
        uint64_t nwords = (nbytes + 7) / 8 + 1;
        pvr_large_free(level->refined, nwords * 8);
        pvr_large_free(level->outside, nwords * 8);
        pvr_large_free(level->rank, nwords * sizeof *level->rank);
        free(level->tree_first);
        free(level->tree_cell);
    }
    free(octree);
}

double pvr_octree_cell_volume(const struct pvr_octree *octree, int level) {
    double volume = octree->ntrees > 0 ? 1 : 0;
    for (int axis = 0; axis < octree->ndim && octree->ntrees > 0; axis++) {
        volume *= ldexp(octree->size[axis] / octree->root_dims[axis], octree->root_level - level);
    }
    return volume;
}

/* Fills what follows from level, oct and the cell's number in it. */
static void set_cell(const struct pvr_octree *octree, int level, uint64_t tree, uint64_t oct,
                     unsigned number, struct pvr_cell *cell) {
    const struct pvr_octree_level *at = &octree->level[level];
    cell->level = level;
    cell->oct = oct;
    cell->refined = pvr_is_refined(at, oct, number);
    cell->outside = pvr_is_outside(at, oct, number);
    cell->index = at->tree_cell[tree] +
                  (oct - at->tree_first[tree]) * (uint64_t)octree->cells_per_oct + number;
}

bool pvr_octree_cell(const struct pvr_octree *octree, int level, const uint32_t coordinate[3],
                     struct pvr_cell *cell) {
    int root = octree->root_level;
    if (level < root || level > PVR_MAX_LEVELS) {
        return false;
    }
    int depth = level - root;
    uint64_t tree = 0;
    for (int axis = 2; axis >= 0; axis--) {
        uint32_t at = axis < octree->ndim ? coordinate[axis] >> depth : 0;
        if (at >= octree->root_dims[axis]) {
            return false;
        }
        tree = tree * octree->root_dims[axis] + at;
    }
    const struct pvr_octree_level *roots = &octree->level[root];
    cell->level = root;
    cell->oct = tree;
    cell->refined = pvr_is_refined(roots, tree >> 3, tree & 7);
    cell->outside = pvr_is_outside(roots, tree >> 3, tree & 7);
    cell->index = roots->tree_cell[tree];
    uint64_t child = cell->refined ? pvr_rank(roots, tree >> 3, tree & 7) : 0;
    while (cell->refined && cell->level < level) {
        int bit = level - cell->level - 1;
        unsigned number = 0;
        for (int axis = 0; axis < octree->ndim; axis++) {
            number |= (coordinate[axis] >> bit & 1) << axis;
        }
        set_cell(octree, cell->level + 1, tree, child, number, cell);
        child = cell->refined ? pvr_rank(&octree->level[cell->level], child, number) : 0;
    }
    for (int axis = 0; axis < 3; axis++) {
        cell->coordinate[axis] =
            axis < octree->ndim ? coordinate[axis] >> (level - cell->level) : 0;
    }
    return true;
}

bool pvr_octree_find_leaf(const struct pvr_octree *octree, const double position[3],
                          struct pvr_cell *leaf) {
    uint32_t coordinate[3] = {0, 0, 0};
    for (int axis = 0; axis < octree->ndim; axis++) {
        double cells = ldexp(octree->root_dims[axis], octree->max_level - octree->root_level);
        double at = (position[axis] - octree->origin[axis]) / octree->size[axis] * cells;
        if (!(at >= 0 && at < cells)) {
            return false;
        }
        coordinate[axis] = (uint32_t)at;
    }
    return pvr_octree_cell(octree, octree->max_level, coordinate, leaf);
}

bool pvr_octree_neighbour(const struct pvr_octree *octree, const struct pvr_cell *cell, int face,
                          bool periodic, struct pvr_cell *neighbour) {
    int axis = face / 2;
    if (face < 0 || axis >= octree->ndim) {
        return false;
    }
    uint32_t coordinate[3];
    memcpy(coordinate, cell->coordinate, sizeof coordinate);
    uint32_t last = (octree->root_dims[axis] << (cell->level - octree->root_level)) - 1;
    uint32_t border = face % 2 == 0 ? 0 : last;
    if (coordinate[axis] == border) {
        if (!periodic) {
            return false;
        }
        coordinate[axis] = last - border;
    } else {
        coordinate[axis] += face % 2 == 0 ? UINT32_MAX : 1;
    }
    return pvr_octree_cell(octree, cell->level, coordinate, neighbour);
}

int pvr_octree_children(const struct pvr_octree *octree, const struct pvr_cell *cell,
                        struct pvr_cell children[8]) {
    if (!cell->refined) {
        return 0;
    }
    for (int number = 0; number < octree->cells_per_oct; number++) {
        uint32_t coordinate[3] = {0, 0, 0};
        for (int axis = 0; axis < octree->ndim; axis++) {
            coordinate[axis] = 2 * cell->coordinate[axis] + (uint32_t)(number >> axis & 1);
        }
        pvr_octree_cell(octree, cell->level + 1, coordinate, &children[number]);
    }
    return octree->cells_per_oct;
}

int pvr_octree_face_children(const struct pvr_octree *octree, const struct pvr_cell *cell, int face,
                             struct pvr_cell children[4]) {
    struct pvr_cell all[8];
    int axis = face / 2, count = 0;
    if (face < 0 || axis >= octree->ndim || pvr_octree_children(octree, cell, all) == 0) {
        return 0;
    }
    for (int number = 0; number < octree->cells_per_oct; number++) {
        if ((number >> axis & 1) == face % 2) {
            children[count++] = all[number];
        }
    }
    return count;
}
