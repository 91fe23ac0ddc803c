/* pvr_bounds.c - which domains own the octs of a part of the box. */
#include "pvr_bounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The Hilbert curve as a table: [orientation][cell] = orientation inside the cell, and the cell's
 * place along the curve. Cells count z fastest (x is the highest bit): RAMSES, amr/hilbert.f90. */
static const uint8_t next_2d[4][4] = {{1, 0, 2, 0}, {0, 3, 1, 1}, {2, 2, 0, 3}, {3, 1, 3, 2}};
static const uint8_t place_2d[4][4] = {{0, 1, 3, 2}, {0, 3, 1, 2}, {2, 1, 3, 0}, {2, 3, 1, 0}};
static const uint8_t next_3d[12][8] = {
    {1, 2, 3, 2, 4, 5, 3, 5},   {2, 6, 0, 7, 8, 8, 0, 7},   {0, 9, 10, 9, 1, 1, 11, 11},
    {6, 0, 6, 11, 9, 0, 9, 8},  {11, 11, 0, 7, 5, 9, 0, 7}, {4, 4, 8, 8, 0, 6, 10, 6},
    {5, 7, 5, 3, 1, 1, 11, 11}, {6, 1, 6, 10, 9, 4, 9, 10}, {10, 3, 1, 1, 10, 3, 5, 9},
    {4, 4, 8, 8, 2, 7, 2, 3},   {7, 2, 11, 2, 7, 5, 8, 5},  {10, 3, 2, 6, 10, 3, 4, 4}};
static const uint8_t place_3d[12][8] = {
    {0, 1, 3, 2, 7, 6, 4, 5}, {0, 7, 1, 6, 3, 4, 2, 5}, {0, 3, 7, 4, 1, 2, 6, 5},
    {2, 3, 1, 0, 5, 4, 6, 7}, {4, 3, 5, 2, 7, 0, 6, 1}, {6, 5, 1, 2, 7, 4, 0, 3},
    {4, 7, 3, 0, 5, 6, 2, 1}, {6, 7, 5, 4, 1, 0, 2, 3}, {2, 5, 3, 4, 1, 6, 0, 7},
    {2, 1, 5, 6, 3, 0, 4, 7}, {4, 5, 7, 6, 3, 2, 0, 1}, {6, 1, 7, 0, 5, 2, 4, 3}};

/* A cube that the curve fills without leaving it in between: its keys are `first` cubes of its own
 * size from the beginning. Exact up to 2^53. */
struct stretch {
    double first;
    int orientation;
};

/* `cell` has bit a set where it lies in the upper half of axis a. */
static struct stretch step(int ndim, struct stretch stretch, unsigned cell) {
    if (ndim == 1) {
        return (struct stretch){2 * stretch.first + cell, 0};
    }
    if (ndim == 2) {
        unsigned at = (cell & 1) << 1 | cell >> 1;
        return (struct stretch){4 * stretch.first + place_2d[stretch.orientation][at],
                                next_2d[stretch.orientation][at]};
    }
    unsigned at = (cell & 1) << 2 | (cell & 2) | cell >> 2;
    return (struct stretch){8 * stretch.first + place_3d[stretch.orientation][at],
                            next_3d[stretch.orientation][at]};
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool make_sense(const struct pvr_bounds *bounds) {
    bool sense = bounds->nlevelmax < 31; /* RAMSES holds 2^(nlevelmax + 1) in an integer */
    for (int i = 0; i <= bounds->nparts; i++) {
        sense = sense && isfinite(bounds->bound[i]) && bounds->bound[i] >= 0 &&
                (i == 0 || bounds->bound[i] >= bounds->bound[i - 1]);
    }
    return sense;
}

enum pvr_status pvr_bounds_read(const struct pvr_file *file, const struct pvr_amr_header *header,
                                const struct pvr_coarse_box *box, struct pvr_bounds *bounds,
                                struct pvr_error *error) {
    memset(bounds, 0, sizeof *bounds);
    char ordering[PVR_ORDERING_LENGTH + 1];
    uint64_t nkeys;
    enum pvr_status status =
        pvr_amr_read_cuts(file, header, bounds->total, ordering, &bounds->bound, &nkeys, error);
    if (status != PVR_OK) {
        return status;
    }
    bounds->ndomains = header->ncpu;
    bounds->ndim = header->ndim;
    bounds->nlevelmax = header->nlevelmax;
    memcpy(bounds->ncoarse, box->count, sizeof bounds->ncoarse);
    int half;
    bounds->exact =
        header->real_bytes == 8 && frexp(header->boxlen / (double)box->count[0], &half) == 0.5;
    uint64_t ndomains = (uint64_t)header->ncpu;
    if (strncmp(ordering, "hilbert ", 8) == 0 && nkeys > ndomains && nkeys - 1 < INT32_MAX &&
        (nkeys - 1) % ndomains == 0) {
        bounds->nparts = (int)(nkeys - 1);
        bounds->known = make_sense(bounds);
    }
    return PVR_OK;
}

void pvr_bounds_free(struct pvr_bounds *bounds) {
    free(bounds->bound);
    memset(bounds, 0, sizeof *bounds);
}

/* ---- choosing ---------------------------------------------------------------------------------
 */

struct choosing {
    const struct pvr_bounds *bounds;
    pvr_matters_fn matters;
    const void *context;
    uint64_t *levels;
    double blur; /* relative error that RAMSES' keys may have: a real has 53 bits */
};

/* The part that has `key`: the last one whose bound is not above it; -1 below all. */
static int part_of(const struct pvr_bounds *bounds, double key) {
    int low = -1, high = bounds->nparts + 1; /* bound[low] <= key < bound[high] */
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (bounds->bound[middle] <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Marks the domains of the keys from `from` up to, but without, `to`. True if it is one alone. */
static bool mark(struct choosing *choosing, double from, double to, uint64_t levels) {
    const struct pvr_bounds *bounds = choosing->bounds;
    from -= choosing->blur * from;
    to += choosing->blur * to;
    int first = part_of(bounds, from), last = part_of(bounds, to);
    /* `to` itself does not count */
    while (last > first && bounds->bound[last] >= to) {
        last--;
    }
    int domain = -1;
    bool one = true;
    for (int part = first; part <= last; part++) {
        /* keys beyond the bounds are the last part's (cmp_cpumap's default) */
        bool beyond = part < 0 || part >= bounds->nparts;
        if (!beyond && bounds->bound[part] == bounds->bound[part + 1]) {
            continue;
        }
        int of = (beyond ? bounds->nparts - 1 : part) % bounds->ndomains;
        one = one && (domain < 0 || of == domain);
        domain = of;
        if (levels != 0) {
            choosing->levels[of] |= levels;
        }
    }
    return one;
}

/* Marks the domain of the centre of a cell, for the oct of the next level that fills it. */
static void mark_centre(struct choosing *choosing, int level, struct stretch stretch) {
    const struct pvr_bounds *bounds = choosing->bounds;
    int ndim = bounds->ndim;
    unsigned ncells = 1u << ndim;
    for (unsigned cell = bounds->exact ? ncells - 1 : 0; cell < ncells; cell++) {
        struct stretch at = step(ndim, stretch, cell); /* then always towards the centre */
        for (int l = level + 1; l <= bounds->nlevelmax; l++) {
            at = step(ndim, at, ~cell & (ncells - 1));
        }
        mark(choosing, at.first, at.first + 1, (uint64_t)1 << (level + 1));
    }
}

static void visit(struct choosing *choosing, int level, const uint32_t at[3],
                  struct stretch stretch) {
    const struct pvr_bounds *bounds = choosing->bounds;
    if (!choosing->matters(choosing->context, level, at)) {
        return;
    }
    double size = ldexp(1, bounds->ndim * (bounds->nlevelmax + 1 - level));
    double from = stretch.first * size, to = from + size;
    if (mark(choosing, from, to, 0)) {
        uint64_t all = ((uint64_t)2 << bounds->nlevelmax) - 1;
        mark(choosing, from, to, all & ~(((uint64_t)2 << level) - 1));
        return;
    }
    mark_centre(choosing, level, stretch);
    for (unsigned cell = 0; level + 1 < bounds->nlevelmax && cell < 1u << bounds->ndim; cell++) {
        uint32_t inside[3] = {0, 0, 0};
        for (int axis = 0; axis < bounds->ndim; axis++) {
            inside[axis] = 2 * at[axis] + (cell >> axis & 1);
        }
        visit(choosing, level + 1, inside, step(bounds->ndim, stretch, cell));
    }
}

/* Where the curve enters a coarse cell. */
static struct stretch coarse_stretch(const struct pvr_bounds *bounds, const uint32_t at[3]) {
    struct stretch stretch = {0, 0};
    int bits = 31 - __builtin_clz(bounds->ncoarse[0]);
    if (bounds->ndim == 1) { /* the key is the coordinate, without a number of bits */
        return (struct stretch){at[0], 0};
    }
    for (int bit = bits - 1; bit >= 0; bit--) {
        unsigned cell = 0;
        for (int axis = 0; axis < bounds->ndim; axis++) {
            cell |= (at[axis] >> bit & 1) << axis;
        }
        stretch = step(bounds->ndim, stretch, cell);
    }
    return stretch;
}

/* Does `visit_coarse` for each coarse cell. */
static void for_coarse_cells(const struct pvr_bounds *bounds,
                             void (*visit_coarse)(void *context, const uint32_t at[3],
                                                  struct stretch stretch),
                             void *context) {
    uint32_t n[3];
    for (int axis = 0; axis < 3; axis++) {
        n[axis] = axis < bounds->ndim ? bounds->ncoarse[axis] : 1;
    }
    for (uint32_t k = 0; k < n[2]; k++) {
        for (uint32_t j = 0; j < n[1]; j++) {
            for (uint32_t i = 0; i < n[0]; i++) {
                const uint32_t at[3] = {i, j, k};
                visit_coarse(context, at, coarse_stretch(bounds, at));
            }
        }
    }
}

static void choose_coarse(void *context, const uint32_t at[3], struct stretch stretch) {
    visit(context, 0, at, stretch);
}

void pvr_bounds_choose(const struct pvr_bounds *bounds, pvr_matters_fn matters, const void *context,
                       uint64_t *levels) {
    memset(levels, 0, (size_t)bounds->ndomains * sizeof *levels);
    if (!bounds->known) {
        for (int domain = 0; domain < bounds->ndomains; domain++) {
            levels[domain] = UINT64_MAX;
        }
        return;
    }
    int bits = bounds->ndim * (bounds->nlevelmax + 1 + 31 - __builtin_clz(bounds->ncoarse[0]));
    struct choosing choosing = {bounds, matters, context, levels, bits > 52 ? 0x1p-46 : 0};
    for_coarse_cells(bounds, choose_coarse, &choosing);
}

/* ---- walking ----------------------------------------------------------------------------------
 */

struct walking {
    const struct pvr_bounds *bounds;
    int level;
    pvr_cell_keys_fn visit;
    void *context;
};

static void walk(const struct walking *walking, int level, const uint32_t at[3],
                 struct stretch stretch) {
    const struct pvr_bounds *bounds = walking->bounds;
    int ndim = bounds->ndim;
    if (level == walking->level) {
        double size = ldexp(1, ndim * (bounds->nlevelmax + 1 - level));
        walking->visit(walking->context, at, stretch.first * size, (stretch.first + 1) * size);
        return;
    }
    struct stretch inside[8];
    unsigned ncells = 1u << ndim, cell_at[8] = {0};
    for (unsigned cell = 0; cell < ncells; cell++) {
        struct stretch next = step(ndim, stretch, cell);
        unsigned place = (unsigned)(next.first - ncells * stretch.first);
        inside[place] = next;
        cell_at[place] = cell;
    }
    for (unsigned place = 0; place < ncells; place++) {
        uint32_t next[3] = {0, 0, 0};
        for (int axis = 0; axis < ndim; axis++) {
            next[axis] = 2 * at[axis] + (cell_at[place] >> axis & 1);
        }
        walk(walking, level + 1, next, inside[place]);
    }
}

static void walk_coarse(void *context, const uint32_t at[3], struct stretch stretch) {
    walk(context, 0, at, stretch);
}

void pvr_bounds_walk(const struct pvr_bounds *bounds, int level, pvr_cell_keys_fn visit,
                     void *context) {
    struct walking walking = {bounds, level, visit, context};
    for_coarse_cells(bounds, walk_coarse, &walking);
}
