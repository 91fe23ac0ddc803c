/* pvr_leaf_parts.c - the leaf cells of a mesh: parts of the cells, their points and values. */
#include "pvr_leaf_cells_private.h"

#include <math.h>
#include <string.h>

/* What is done with the leaves of an oct: `cell` is the index of its first cell, `leaves` the bits
 * of those to take, `at` the number of the first of them. */
typedef void (*leaves_fn)(void *context, const struct pvr_part *part, uint64_t oct, uint64_t cell,
                          unsigned leaves, uint64_t at);

/* Goes through leaves first .. first + count - 1. */
static void each_leaf(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                      leaves_fn take, void *context) {
    const struct pvr_octree *octree = cells->octree;
    if (count == 0) {
        return;
    }
    uint64_t low = 0, high = cells->nchunks; /* first_cell[low] <= first < first_cell[high] */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (cells->first_cell[middle] <= first) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint64_t at = cells->first_cell[low], begin = low * PVR_LEAF_CHUNK;
    struct pvr_part part = {.run = pvr_run_at(octree, begin)};
    do {
        pvr_cut_part(octree, begin, octree->ncells, &part);
        uint64_t per = part.run.level == octree->root_level ? 1 : (uint64_t)octree->cells_per_oct;
        uint64_t cell = part.cell;
        for (uint64_t oct = part.oct; oct < part.oct + part.noct; oct++, cell += per) {
            unsigned leaves = pvr_shown(octree, &part, oct);
            uint64_t n = pvr_popcount(leaves);
            if (at + n <= first) {
                at += n;
                continue;
            }
            for (; at < first; at++) {
                leaves &= leaves - 1;
                n--;
            }
            for (; at + n > first + count; n--) {
                leaves &= ~(1u << (31 - __builtin_clz(leaves)));
            }
            if (n > 0) {
                take(context, &part, oct, cell, leaves, at - first);
            }
            at += n;
            if (at == first + count) {
                return;
            }
        }
    } while (pvr_run_next(octree, &part.run));
}

struct pointing {
    const struct pvr_leaf_cells *cells;
    struct pvr_leaf_walk walk;
    enum pvr_type type;
    void *points;    /* null: mark them as taken */
    uint64_t *taken; /* then */
};

/* The place of a point in the numbering of those that are taken. */
static inline uint64_t renumber(const struct pvr_leaf_cells *cells, uint64_t point) {
    if (cells->taken_before == NULL) {
        return point;
    }
    uint64_t below = cells->taken[point / 64] & (((uint64_t)1 << point % 64) - 1);
    return cells->taken_before[point / 64] + pvr_popcount(below);
}

/* Corners of the cells of an oct. */
static void take_corners(void *context, const struct pvr_part *part, uint64_t oct, uint64_t cell,
                         unsigned leaves, uint64_t at) {
    (void)cell;
    struct pointing *pointing = context;
    const struct pvr_leaf_cells *cells = pointing->cells;
    const struct pvr_lattice_tables *tables = &cells->lattice.tables;
    const int ncorners = cells->octree->cells_per_oct;
    uint64_t point[PVR_LATTICE];
    const uint64_t *lattice = point;
    if (part->run.level == cells->octree->root_level) { /* as cell 0 of an oct */
        uint32_t tree_at[3];
        pvr_tree_coordinate(cells->octree, oct, tree_at);
        for (int c = 0; c < ncorners; c++) {
            point[tables->corner[0][c]] =
                pvr_lattice_root_point(&cells->lattice, tree_at, (unsigned)c);
        }
    } else {
        pvr_leaf_walk_to(&pointing->walk, part->run.level, oct);
        lattice = pvr_leaf_walk_points(&pointing->walk, part->run.level);
    }
    for (; leaves != 0; leaves &= leaves - 1, at++) {
        const uint8_t *corner = tables->corner[__builtin_ctz(leaves)];
        if (pointing->points == NULL) {
            for (int c = 0; c < ncorners; c++) {
                uint64_t number = lattice[corner[c]], bit = (uint64_t)1 << number % 64;
                if ((__atomic_load_n(&pointing->taken[number / 64], __ATOMIC_RELAXED) & bit) == 0) {
                    __atomic_fetch_or(&pointing->taken[number / 64], bit, __ATOMIC_RELAXED);
                }
            }
        } else if (pointing->type == PVR_INT32) {
            int32_t *to = (int32_t *)pointing->points + at * (uint64_t)ncorners;
            for (int c = 0; c < ncorners; c++) {
                to[c] = (int32_t)renumber(cells, lattice[corner[c]]);
            }
        } else {
            int64_t *to = (int64_t *)pointing->points + at * (uint64_t)ncorners;
            for (int c = 0; c < ncorners; c++) {
                to[c] = (int64_t)renumber(cells, lattice[corner[c]]);
            }
        }
    }
}

void pvr_leaf_mark_points(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                          uint64_t *taken) {
    struct pointing pointing = {.cells = cells, .taken = taken};
    pvr_leaf_walk_begin(&pointing.walk, &cells->lattice);
    each_leaf(cells, first, count, take_corners, &pointing);
}

void pvr_leaf_cells_connectivity(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                                 enum pvr_type type, void *points) {
    struct pointing pointing = {.cells = cells, .type = type, .points = points};
    pvr_leaf_walk_begin(&pointing.walk, &cells->lattice);
    each_leaf(cells, first, count, take_corners, &pointing);
}

struct copying {
    const uint8_t *from;
    uint8_t *to;
    uint64_t bytes; /* of a tuple */
};

static void take_values(void *context, const struct pvr_part *part, uint64_t oct, uint64_t cell,
                        unsigned leaves, uint64_t at) {
    (void)part;
    (void)oct;
    const struct copying *copying = context;
    const uint64_t bytes = copying->bytes;
    for (; leaves != 0; leaves &= leaves - 1, at++) {
        const uint8_t *from = copying->from + (cell + (uint64_t)__builtin_ctz(leaves)) * bytes;
        switch (bytes) {
        case 4:
            memcpy(copying->to + at * 4, from, 4);
            break;
        case 8:
            memcpy(copying->to + at * 8, from, 8);
            break;
        default:
            memcpy(copying->to + at * bytes, from, bytes);
        }
    }
}

void pvr_leaf_cells_values(const struct pvr_leaf_cells *cells, const struct pvr_array *array,
                           uint64_t first, uint64_t count, void *values) {
    struct copying copying = {array->data, values,
                              pvr_type_bytes(array->type) * (uint64_t)array->ncomponents};
    each_leaf(cells, first, count, take_values, &copying);
}

static void take_level(void *context, const struct pvr_part *part, uint64_t oct, uint64_t cell,
                       unsigned leaves, uint64_t at) {
    (void)oct;
    (void)cell;
    memset((uint8_t *)context + at, part->run.level, pvr_popcount(leaves));
}

void pvr_leaf_cells_levels(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                           uint8_t *levels) {
    each_leaf(cells, first, count, take_level, levels);
}

/* How the points of a level are put into an array. */
struct putting {
    enum pvr_type type;
    void *xyz;
    double world[3]; /* of the last one; on the axes that the octree lacks, of all */
    double origin[3], size[3], ncells[3];
};

static struct putting put_on_level(const struct pvr_leaf_cells *cells, int level,
                                   enum pvr_type type, void *xyz) {
    const struct pvr_octree *octree = cells->octree;
    struct putting putting = {.type = type, .xyz = xyz};
    memcpy(putting.world, cells->place.plane, sizeof putting.world);
    for (int axis = 0; axis < octree->ndim; axis++) {
        putting.origin[axis] = octree->origin[axis] * cells->place.factor;
        putting.size[axis] = octree->size[axis] * cells->place.factor;
        putting.ncells[axis] = ldexp(octree->root_dims[axis], level - octree->root_level);
    }
    return putting;
}

/* A coordinate of a place on the grid of corners of the level. The same bits for the same place on
 * any level, and those of the trees' own corners. */
static inline double coordinate(const struct putting *putting, int axis, uint32_t at) {
    return putting->origin[axis] + putting->size[axis] * at / putting->ncells[axis];
}

static inline void put_point(const struct pvr_leaf_cells *cells, struct putting *putting,
                             const double at[3], uint64_t number) {
    for (int axis = 0; axis < cells->octree->ndim; axis++) {
        putting->world[cells->place.axis[axis]] = at[axis];
    }
    for (int axis = 0; axis < 3; axis++) {
        if (putting->type == PVR_FLOAT32) {
            ((float *)putting->xyz)[3 * number + (uint64_t)axis] = (float)putting->world[axis];
        } else {
            ((double *)putting->xyz)[3 * number + (uint64_t)axis] = putting->world[axis];
        }
    }
}

/* The first candidate number whose point is number `number`. */
static uint64_t candidate_of(const struct pvr_leaf_cells *cells, uint64_t number) {
    if (cells->taken_before == NULL) {
        return number;
    }
    uint64_t low = 0, high = cells->lattice.npoints / 64 + 1;
    while (high - low > 1) { /* taken_before[low] <= number */
        uint64_t middle = low + (high - low) / 2;
        if (cells->taken_before[middle] <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint64_t bits = cells->taken[low];
    for (uint64_t before = cells->taken_before[low]; before < number; before++) {
        bits &= bits - 1;
    }
    return 64 * low + (uint64_t)__builtin_ctzll(bits);
}

static inline bool is_taken(const struct pvr_leaf_cells *cells, uint64_t candidate) {
    return cells->taken == NULL || cells->taken[candidate / 64] >> candidate % 64 & 1;
}

/* Points that octs of `level` own, from candidate `next` on; returns the number of points put. */
static uint64_t put_level(const struct pvr_leaf_cells *cells, struct pvr_leaf_walk *walk, int level,
                          uint64_t next, uint64_t count, enum pvr_type type, void *xyz,
                          uint64_t done) {
    const struct pvr_lattice *lattice = &cells->lattice;
    const uint64_t noct = cells->octree->level[level].noct;
    struct putting putting = put_on_level(cells, level, type, xyz);
    uint64_t low = 0, high = (noct + PVR_LATTICE_GROUP - 1) / PVR_LATTICE_GROUP;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (lattice->group[level][middle] <= next) {
            low = middle;
        } else {
            high = middle;
        }
    }
    for (uint64_t oct = low * PVR_LATTICE_GROUP; oct < noct && done < count; oct++) {
        const struct pvr_lattice_oct *own = &lattice->oct[level][oct];
        uint64_t candidate = lattice->group[level][oct / PVR_LATTICE_GROUP] + own->base;
        if (candidate + pvr_popcount(own->owned) <= next) {
            continue;
        }
        const struct pvr_leaf_walk_level *here = pvr_leaf_walk_to(walk, level, oct);
        double line[3][3] = {{0}}; /* by axis and place */
        for (int axis = 0; axis < cells->octree->ndim; axis++) {
            for (uint32_t i = 0; i < 3; i++) {
                line[axis][i] = coordinate(&putting, axis, 2 * here->at[axis] + i);
            }
        }
        for (uint32_t points = own->owned; points != 0 && done < count;
             points &= points - 1, candidate++) {
            if (candidate >= next && is_taken(cells, candidate)) {
                unsigned p = (unsigned)__builtin_ctz(points);
                const double at[3] = {line[0][p % 3], line[1][p / 3 % 3], line[2][p / 9]};
                put_point(cells, &putting, at, done++);
            }
        }
    }
    return done;
}

void pvr_leaf_cells_points(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                           enum pvr_type type, void *xyz) {
    const struct pvr_octree *octree = cells->octree;
    const struct pvr_lattice *lattice = &cells->lattice;
    if (count == 0) {
        return;
    }
    uint64_t next = candidate_of(cells, first), done = 0;
    struct putting putting = put_on_level(cells, octree->root_level, type, xyz);
    for (; next < lattice->root_points && done < count; next++) {
        if (is_taken(cells, next)) {
            uint64_t nx = (uint64_t)octree->root_dims[0] + 1;
            uint64_t ny = octree->ndim > 1 ? (uint64_t)octree->root_dims[1] + 1 : 1;
            const uint32_t place[3] = {(uint32_t)(next % nx), (uint32_t)(next / nx % ny),
                                       (uint32_t)(next / nx / ny)};
            double at[3] = {0, 0, 0};
            for (int axis = 0; axis < octree->ndim; axis++) {
                at[axis] = coordinate(&putting, axis, place[axis]);
            }
            put_point(cells, &putting, at, done++);
        }
    }
    struct pvr_leaf_walk walk;
    pvr_leaf_walk_begin(&walk, lattice);
    for (int l = octree->root_level + 1; l <= octree->max_level && done < count; l++) {
        uint64_t ngroups = (octree->level[l].noct + PVR_LATTICE_GROUP - 1) / PVR_LATTICE_GROUP;
        if (next < lattice->group[l][ngroups]) {
            done = put_level(cells, &walk, l, next, count, type, xyz, done);
        }
    }
}
