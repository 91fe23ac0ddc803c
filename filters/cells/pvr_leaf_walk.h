/* pvr_leaf_walk.h - the corner points of cells, numbered oct by oct (internal; see
 * pvr_leaf_cells.h).
 *
 * An oct has a lattice of 3^ndim points: the corners of its 2^ndim cells. Its 2^ndim corner points
 * are corners of the parent cell, so they belong to a lattice of a coarser level (in the end to
 * that of the trees' corners); the others are *born* here. A point that is born on a face or an
 * edge of an oct is born in each oct of the same level that has it there, and in no other level. Of
 * these the first one (the lowest in z, then y, then x) owns it. So every corner of every cell has
 * one owner, which follows from the octs around alone, and its number is that of the owner's first
 * point plus the owner's points before it.
 *
 * The octs around an oct are the children of cells around its parent cell, which belong to the octs
 * around its parent. A walk in the octs' order keeps this for the ancestors: some nanoseconds for a
 * point.
 */
#ifndef PVR_LEAF_WALK_H
#define PVR_LEAF_WALK_H

#include "pvr_octree.h"

enum {
    PVR_LATTICE = 27,        /* points of an oct's lattice, and octs around and with an oct */
    PVR_LATTICE_SELF = 13,   /* of the octs around: itself */
    PVR_LATTICE_BORN = 19,   /* points that are born in an oct, at most */
    PVR_LATTICE_SHARERS = 4, /* octs that have a born point, at most */
    PVR_LATTICE_GROUP = 4096 /* octs whose points are numbered from one base */
};

/* What is the same for all octs; places in 3 x 3 x 3 are x + 3 y + 9 z. */
struct pvr_lattice_tables {
    int naround;        /* octs around whose cells can share born points: 18, 4, 0 */
    uint8_t around[18]; /* their places: first those that come before it, then the others */
    struct {
        uint8_t oct;        /* place of an oct around the parent oct */
        uint8_t cell;       /* its cell that is around the parent cell */
    } step[8][PVR_LATTICE]; /* [parent cell][place around] */
    int nborn;
    struct {
        uint8_t point; /* of the lattice */
        uint8_t nsharers;
        struct {
            uint8_t oct;               /* place around */
            uint8_t point;             /* the same point in that oct's lattice */
        } sharer[PVR_LATTICE_SHARERS]; /* the owner is the first that is there */
    } born[PVR_LATTICE_BORN];
    uint8_t corner[8][8]; /* [cell][corner]: point of the lattice */
    uint8_t corners[8];   /* the lattice's own corners */
};

/* The points that an oct owns. */
struct pvr_lattice_oct {
    uint32_t owned; /* bit p: point p of the lattice */
    uint32_t base;  /* points of octs before it in its group */
};

struct pvr_lattice {
    const struct pvr_octree *octree;
    struct pvr_lattice_tables tables;
    uint64_t root_points; /* corners of the trees: numbers 0 .. root_points - 1, x fastest */
    uint64_t npoints;
    struct pvr_lattice_oct *oct[PVR_MAX_LEVELS + 1]; /* [level][oct], level > root_level */
    uint64_t *group[PVR_MAX_LEVELS + 1]; /* [level][oct / PVR_LATTICE_GROUP]: the first number */
};

/* Of one thread. */
struct pvr_leaf_walk {
    const struct pvr_lattice *lattice;
    struct pvr_leaf_walk_level {
        uint64_t oct;                 /* UINT64_MAX: none yet */
        uint64_t word;                /* of the level above, that holds the parent cell's bit */
        uint64_t bits;                /* refined cells after the parent cell in that word */
        unsigned parent;              /* parent cell in its oct */
        uint32_t at[3];               /* coordinate of the oct on the grid of the level above */
        int naround;                  /* of the places around, those that were looked at */
        bool has_points;              /* looked for when they are needed */
        uint32_t around[PVR_LATTICE]; /* octs of the level, PVR_NO_OCT: none */
        uint64_t point[PVR_LATTICE];  /* numbers */
    } level[PVR_MAX_LEVELS + 1];
};

#define PVR_NO_OCT UINT32_MAX

/* Sets the tables and root_points; the rest is zero. */
void pvr_lattice_begin(struct pvr_lattice *lattice, const struct pvr_octree *octree);

void pvr_leaf_walk_begin(struct pvr_leaf_walk *walk, const struct pvr_lattice *lattice);
/* Goes to an oct of `level` > root_level; fast if it is the next one. */
const struct pvr_leaf_walk_level *pvr_leaf_walk_to(struct pvr_leaf_walk *walk, int level,
                                                   uint64_t oct);
/* The points of the lattice that the oct, to which the walk has gone, owns. */
uint32_t pvr_leaf_walk_owned(struct pvr_leaf_walk *walk, int level);
/* The numbers of the lattice of the oct to which the walk has gone; needs all of `lattice`. */
const uint64_t *pvr_leaf_walk_points(struct pvr_leaf_walk *walk, int level);
/* Number of corner `corner` (bit 0: x ...) of the root cell of a tree. */
uint64_t pvr_lattice_root_point(const struct pvr_lattice *lattice, const uint32_t tree_at[3],
                                unsigned corner);

#endif
