/* pvr_leaf_walk.c - the corner points of cells, numbered oct by oct. */
#include "pvr_leaf_walk.h"

#include "pvr_octree_rank.h"
#include "pvr_octree_select.h"
#include "pvr_positions.h"

#include <string.h>

static unsigned place(const int at[3]) {
    return (unsigned)(at[0] + 3 * at[1] + 9 * at[2]);
}

/* Places in 3 x 3 x 3 that an octree of fewer axes has: the middle along those that it lacks. For
 * lattices the middle is 1 too, so that one numbering serves both. */
static bool next_place(int at[3], int ndim) {
    for (int axis = 0; axis < ndim; axis++) {
        if (++at[axis] < 3) {
            return true;
        }
        at[axis] = 0;
    }
    return false;
}

static void first_place(int at[3], int ndim) {
    for (int axis = 0; axis < 3; axis++) {
        at[axis] = axis < ndim ? 0 : 1;
    }
}

static void set_steps(struct pvr_lattice_tables *tables, int ndim) {
    int at[3];
    first_place(at, ndim);
    do {
        int along = 0;
        for (int axis = 0; axis < ndim; axis++) {
            along += at[axis] != 1;
        }
        /* Across a corner of the oct nothing is shared that is born here. */
        if (along > 0 && along < ndim) {
            tables->around[tables->naround++] = (uint8_t)place(at);
        }
        for (int cell = 0; cell < 1 << ndim; cell++) {
            int oct[3] = {1, 1, 1}, to = 0;
            for (int axis = 0; axis < ndim; axis++) {
                int x = (cell >> axis & 1) + at[axis] - 1; /* -1 .. 2 */
                oct[axis] = x < 0 ? 0 : x > 1 ? 2 : 1;
                to |= (x & 1) << axis;
            }
            tables->step[cell][place(at)].oct = (uint8_t)place(oct);
            tables->step[cell][place(at)].cell = (uint8_t)to;
        }
    } while (next_place(at, ndim));
}

static void set_born(struct pvr_lattice_tables *tables, int ndim) {
    int at[3];
    first_place(at, ndim);
    do {
        int middle = 0;
        for (int axis = 0; axis < ndim; axis++) {
            middle += at[axis] == 1;
        }
        if (middle == 0) {
            continue; /* a corner */
        }
        int n = tables->nborn++, other[3];
        tables->born[n].point = (uint8_t)place(at);
        first_place(other, ndim);
        do { /* in z, y, x: an oct at `other` has the point if that lies in its lattice */
            int there[3] = {1, 1, 1};
            bool has = true;
            for (int axis = 0; axis < ndim; axis++) {
                there[axis] = at[axis] - 2 * (other[axis] - 1);
                has = has && there[axis] >= 0 && there[axis] <= 2;
            }
            if (has) {
                int s = tables->born[n].nsharers++;
                tables->born[n].sharer[s].oct = (uint8_t)place(other);
                tables->born[n].sharer[s].point = (uint8_t)place(there);
            }
        } while (next_place(other, ndim));
    } while (next_place(at, ndim));
}

static void set_corners(struct pvr_lattice_tables *tables, int ndim) {
    for (int corner = 0; corner < 1 << ndim; corner++) {
        int own[3] = {1, 1, 1};
        for (int axis = 0; axis < ndim; axis++) {
            own[axis] = 2 * (corner >> axis & 1);
        }
        tables->corners[corner] = (uint8_t)place(own);
        for (int cell = 0; cell < 1 << ndim; cell++) {
            int at[3] = {1, 1, 1};
            for (int axis = 0; axis < ndim; axis++) {
                at[axis] = (cell >> axis & 1) + (corner >> axis & 1);
            }
            tables->corner[cell][corner] = (uint8_t)place(at);
        }
    }
}

void pvr_lattice_begin(struct pvr_lattice *lattice, const struct pvr_octree *octree) {
    memset(lattice, 0, sizeof *lattice);
    lattice->octree = octree;
    set_steps(&lattice->tables, octree->ndim);
    set_born(&lattice->tables, octree->ndim);
    set_corners(&lattice->tables, octree->ndim);
    lattice->root_points = 1;
    for (int axis = 0; axis < octree->ndim; axis++) {
        lattice->root_points *= (uint64_t)octree->root_dims[axis] + 1;
    }
}

uint64_t pvr_lattice_root_point(const struct pvr_lattice *lattice, const uint32_t tree_at[3],
                                unsigned corner) {
    const struct pvr_octree *octree = lattice->octree;
    uint64_t number = 0;
    for (int axis = octree->ndim - 1; axis >= 0; axis--) {
        number =
            number * ((uint64_t)octree->root_dims[axis] + 1) + tree_at[axis] + (corner >> axis & 1);
    }
    return number;
}

void pvr_leaf_walk_begin(struct pvr_leaf_walk *walk, const struct pvr_lattice *lattice) {
    walk->lattice = lattice;
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        walk->level[l].oct = UINT64_MAX;
        walk->level[l].word = 0;
        walk->level[l].bits = 0;
    }
}

const struct pvr_leaf_walk_level *pvr_leaf_walk_to(struct pvr_leaf_walk *walk, int level,
                                                   uint64_t oct) {
    struct pvr_leaf_walk_level *here = &walk->level[level];
    if (here->oct == oct) {
        return here;
    }
    const struct pvr_octree *octree = walk->lattice->octree;
    if (here->oct + 1 != oct || here->bits == 0) {
        const struct pvr_octree_level *above = &octree->level[level - 1];
        here->word = pvr_find_word(octree, level - 1, here->word, oct);
        here->bits = pvr_bits(above->refined + 8 * here->word);
        for (uint64_t before = above->rank[here->word]; before < oct; before++) {
            here->bits &= here->bits - 1;
        }
    }
    unsigned bit = (unsigned)__builtin_ctzll(here->bits);
    here->bits &= here->bits - 1;
    here->oct = oct;
    here->naround = 0;
    here->has_points = false;
    here->parent = bit % 8;
    if (level - 1 == octree->root_level) {
        pvr_tree_coordinate(octree, 64 * here->word + bit, here->at);
        return here;
    }
    const struct pvr_leaf_walk_level *up =
        pvr_leaf_walk_to(walk, level - 1, 8 * here->word + bit / 8);
    for (int axis = 0; axis < 3; axis++) {
        here->at[axis] = 2 * up->at[axis] + (here->parent >> axis & 1);
    }
    return here;
}

/* The octs around one that is right below a tree's root cell, up to `count` of them. */
static void look_around_root(const struct pvr_lattice *lattice, struct pvr_leaf_walk_level *here,
                             int count) {
    const struct pvr_octree *octree = lattice->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    for (int i = here->naround; i < count; i++) {
        unsigned p = lattice->tables.around[i];
        const int by[3] = {(int)(p % 3) - 1, (int)(p / 3 % 3) - 1, (int)(p / 9) - 1};
        uint64_t other = 0;
        bool inside = true;
        for (int axis = 2; axis >= 0; axis--) {
            int64_t at = (int64_t)here->at[axis] + by[axis];
            inside = inside && at >= 0 && at < (int64_t)octree->root_dims[axis];
            other = other * octree->root_dims[axis] + (uint64_t)at;
        }
        here->around[p] = inside && pvr_is_refined(roots, other >> 3, other & 7)
                              ? (uint32_t)pvr_rank(roots, other >> 3, other & 7)
                              : PVR_NO_OCT;
    }
}

/* Makes the walk know the octs around the one that it has gone to: all for what its children ask,
 * for itself just those before it, one of which owns what it does not own itself. */
static void look_around(struct pvr_leaf_walk *walk, int level, bool all) {
    struct pvr_leaf_walk_level *here = &walk->level[level];
    const struct pvr_lattice *lattice = walk->lattice;
    const int count = all ? lattice->tables.naround : lattice->tables.naround / 2;
    here->around[PVR_LATTICE_SELF] = (uint32_t)here->oct;
    if (here->naround >= count) {
        return;
    }
    if (level - 1 == lattice->octree->root_level) {
        look_around_root(lattice, here, count);
        here->naround = count;
        return;
    }
    look_around(walk, level - 1, true);
    const struct pvr_octree_level *above = &lattice->octree->level[level - 1];
    const struct pvr_leaf_walk_level *up = &walk->level[level - 1];
    for (int i = here->naround; i < count; i++) {
        unsigned p = lattice->tables.around[i];
        uint32_t parent = up->around[lattice->tables.step[here->parent][p].oct];
        unsigned cell = lattice->tables.step[here->parent][p].cell;
        here->around[p] = parent != PVR_NO_OCT && pvr_is_refined(above, parent, cell)
                              ? (uint32_t)pvr_rank(above, parent, cell)
                              : PVR_NO_OCT;
    }
    here->naround = count;
}

uint32_t pvr_leaf_walk_owned(struct pvr_leaf_walk *walk, int level) {
    const struct pvr_lattice_tables *tables = &walk->lattice->tables;
    const struct pvr_leaf_walk_level *here = &walk->level[level];
    uint32_t owned = 0;
    look_around(walk, level, false);
    for (int n = 0; n < tables->nborn; n++) {
        int s = 0;
        while (here->around[tables->born[n].sharer[s].oct] == PVR_NO_OCT) {
            s++; /* itself is one of them */
        }
        owned |= (uint32_t)(tables->born[n].sharer[s].oct == PVR_LATTICE_SELF)
                 << tables->born[n].point;
    }
    return owned;
}

const uint64_t *pvr_leaf_walk_points(struct pvr_leaf_walk *walk, int level) {
    struct pvr_leaf_walk_level *here = &walk->level[level];
    if (here->has_points) {
        return here->point;
    }
    const struct pvr_lattice *lattice = walk->lattice;
    const struct pvr_lattice_tables *tables = &lattice->tables;
    const int ncorners = lattice->octree->cells_per_oct;
    look_around(walk, level, false);
    if (level - 1 == lattice->octree->root_level) {
        for (int c = 0; c < ncorners; c++) {
            here->point[tables->corners[c]] =
                pvr_lattice_root_point(lattice, here->at, (unsigned)c);
        }
    } else {
        const uint64_t *up = pvr_leaf_walk_points(walk, level - 1);
        for (int c = 0; c < ncorners; c++) {
            here->point[tables->corners[c]] = up[tables->corner[here->parent][c]];
        }
    }
    const struct pvr_lattice_oct *octs = lattice->oct[level];
    const uint64_t *group = lattice->group[level];
    for (int n = 0; n < tables->nborn; n++) {
        int s = 0;
        uint32_t owner;
        while ((owner = here->around[tables->born[n].sharer[s].oct]) == PVR_NO_OCT) {
            s++;
        }
        uint32_t before =
            octs[owner].owned & (((uint32_t)1 << tables->born[n].sharer[s].point) - 1);
        here->point[tables->born[n].point] =
            group[owner / PVR_LATTICE_GROUP] + octs[owner].base + pvr_popcount(before);
    }
    here->has_points = true;
    return here->point;
}
