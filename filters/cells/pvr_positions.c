/* pvr_positions.c - where the cells of an octree lie, in the order of the field arrays. */
#include "pvr_positions.h"

#include "pvr_octree_rank.h"
#include "pvr_octree_select.h"

#include <math.h>

double pvr_octree_cell_size(const struct pvr_octree *octree, int level) {
    return ldexp(octree->size[0] / octree->root_dims[0], octree->root_level - level);
}

void pvr_tree_coordinate(const struct pvr_octree *octree, uint64_t tree, uint32_t coordinate[3]) {
    for (int axis = 0; axis < 3; axis++) {
        coordinate[axis] = (uint32_t)(tree % octree->root_dims[axis]);
        tree /= octree->root_dims[axis];
    }
}

static struct pvr_run root_run(const struct pvr_octree *octree, uint64_t tree) {
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    return (struct pvr_run){octree->root_level, tree, roots->tree_cell[tree], 1, tree};
}

bool pvr_run_next(const struct pvr_octree *octree, struct pvr_run *run) {
    if (run->level < octree->max_level) {
        const struct pvr_octree_level *below = &octree->level[run->level + 1];
        uint64_t first = below->tree_first[run->tree];
        uint64_t noct = below->tree_first[run->tree + 1] - first;
        if (noct > 0) { /* else the tree ends: nothing is deeper either */
            *run = (struct pvr_run){run->level + 1, run->tree, below->tree_cell[run->tree],
                                    noct * (uint64_t)octree->cells_per_oct, first};
            return true;
        }
    }
    if (run->tree + 1 == octree->ntrees) {
        return false;
    }
    *run = root_run(octree, run->tree + 1);
    return true;
}

struct pvr_run pvr_run_at(const struct pvr_octree *octree, uint64_t index) {
    const uint64_t *first = octree->level[octree->root_level].tree_cell;
    uint64_t low = 0, high = octree->ntrees; /* first[low] <= index < first[high] */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (first[middle] <= index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    struct pvr_run run = root_run(octree, low);
    while (index >= run.cell + run.ncells && pvr_run_next(octree, &run)) {
    }
    return run;
}

void pvr_walk_begin(struct pvr_walk *walk, const struct pvr_octree *octree) {
    walk->octree = octree;
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        walk->level[l] = (struct pvr_walk_level){UINT64_MAX, 0, {0, 0, 0}};
    }
}

static void locate(struct pvr_walk *walk, int level, uint64_t oct);

/* Coordinate of the cell of `level` whose bit is number `bit` of word `word`. */
static inline void cell_coordinate(struct pvr_walk *walk, int level, uint64_t word, unsigned bit,
                                   uint32_t at[3]) {
    if (level == walk->octree->root_level) {
        pvr_tree_coordinate(walk->octree, 64 * word + bit, at);
        return;
    }
    locate(walk, level, 8 * word + bit / 8);
    for (int axis = 0; axis < 3; axis++) {
        at[axis] = 2 * walk->level[level].at[axis] + (bit >> axis & 1);
    }
    /* bit / 8 counts octs: only the lowest three bits of `bit` number the cell */
}

/* Makes the walk know the coordinate of an oct of `level`. */
static void locate(struct pvr_walk *walk, int level, uint64_t oct) {
    struct pvr_walk_level *here = &walk->level[level];
    if (here->oct == oct) {
        return;
    }
    const struct pvr_octree_level *above = &walk->octree->level[level - 1];
    here->word = pvr_find_word(walk->octree, level - 1, here->word, oct);
    uint64_t bits = pvr_bits(above->refined + 8 * here->word);
    for (uint64_t before = above->rank[here->word]; before < oct; before++) {
        bits &= bits - 1;
    }
    cell_coordinate(walk, level - 1, here->word, (unsigned)__builtin_ctzll(bits), here->at);
    here->oct = oct;
}

void pvr_walk_octs(struct pvr_walk *walk, int level, uint64_t first, uint64_t count,
                   uint32_t (*coordinate)[3]) {
    const struct pvr_octree_level *above = &walk->octree->level[level - 1];
    struct pvr_walk_level *here = &walk->level[level];
    uint64_t bits = 0; /* of the parent cells that are still to come, in word here->word */
    for (uint64_t i = 0; i < count; i++) {
        if (bits == 0) {
            uint64_t oct = first + i;
            here->word = pvr_find_word(walk->octree, level - 1, here->word, oct);
            bits = pvr_bits(above->refined + 8 * here->word);
            for (uint64_t before = above->rank[here->word]; before < oct; before++) {
                bits &= bits - 1;
            }
        }
        cell_coordinate(walk, level - 1, here->word, (unsigned)__builtin_ctzll(bits),
                        coordinate[i]);
        bits &= bits - 1;
    }
    if (count > 0) {
        here->oct = first + count - 1;
        for (int axis = 0; axis < 3; axis++) {
            here->at[axis] = coordinate[count - 1][axis];
        }
    }
}
