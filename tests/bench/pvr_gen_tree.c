/*
 * pvr_gen_tree.c - building the oct tree level by level, its Hilbert order, domains and sums.
 *
 * The Hilbert curve is the one that RAMSES uses. It is derived here from one octant order and, for
 * each octant, the signed permutation of the axes that carries the curve inside it onto the whole.
 */
#include "pvr_gen_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STATES = 12, CHUNK = 4096 };

/* For each orientation of the curve: cell <-> place along the curve, orientation inside. */
static uint8_t curve_cell[STATES][8];   /* the cell at a place */
static uint8_t curve_place[STATES][8];  /* the place of a cell */
static uint8_t curve_next[STATES][8];   /* the orientation inside a cell */
static uint8_t curve_before[STATES][8]; /* bits of the cells that come before a cell */

/* out bit i = in bit axis[i], flipped where bit i of flip is set */
typedef struct {
    uint8_t axis[3], flip;
} orientation;

static int turn(const orientation *o, int cell) {
    int out = 0;
    for (int i = 0; i < 3; i++)
        out |= ((cell >> o->axis[i] & 1) ^ (o->flip >> i & 1)) << i;
    return out;
}

void gen_curve_prepare(void) {
    /* Cells as x + 2 y + 4 z, in the order of the curve, with the orientation inside each. */
    static const uint8_t base_cell[8] = {0, 4, 6, 2, 3, 7, 5, 1};
    static const orientation base_inside[8] = {
        {{2, 0, 1}, 0}, {{1, 2, 0}, 0}, {{1, 2, 0}, 0}, {{0, 1, 2}, 6},
        {{0, 1, 2}, 6}, {{1, 2, 0}, 5}, {{1, 2, 0}, 5}, {{2, 0, 1}, 3},
    };
    orientation found[STATES] = {{{0, 1, 2}, 0}};
    int count = 1;
    for (int s = 0; s < count; s++) {
        uint8_t before = 0;
        for (int place = 0; place < 8; place++) {
            int cell = 0;
            while (turn(&found[s], cell) != base_cell[place])
                cell++;
            curve_cell[s][place] = (uint8_t)cell;
            curve_place[s][cell] = (uint8_t)place;
            curve_before[s][cell] = before;
            before |= (uint8_t)(1 << cell);
            /* First into the frame of the base curve, then into that of the octant. */
            const orientation *inner = &base_inside[place];
            orientation both = {{0, 0, 0}, 0};
            for (int i = 0; i < 3; i++) {
                both.axis[i] = found[s].axis[inner->axis[i]];
                int flip = (found[s].flip >> inner->axis[i] ^ inner->flip >> i) & 1;
                both.flip |= (uint8_t)(flip << i);
            }
            int next = 0;
            while (next < count && memcmp(&found[next], &both, sizeof both) != 0)
                next++;
            if (next == count && count < STATES)
                found[count++] = both;
            curve_next[s][cell] = (uint8_t)next;
        }
    }
}

int gen_curve_cell(int state, int place) {
    return curve_cell[state][place];
}

int gen_curve_inside(int state, int cell) {
    return curve_next[state][cell];
}

uint64_t gen_tree_key(const gen_tree *tree, int level, const uint32_t x[3], int of_center) {
    int bits = tree->level_max + 1;
    uint64_t point[3];
    for (int d = 0; d < 3; d++)
        point[d] = ((uint64_t)(2 * x[d] + (of_center ? 1 : 0))) << (bits - level - 1);
    uint64_t key = 0;
    int state = 0;
    for (int i = bits - 1; i >= 0; i--) {
        if (!of_center && i < bits - level) /* the smallest key inside */
            return key << 3 * (i + 1);
        int cell = (int)((point[0] >> i & 1) | (point[1] >> i & 1) << 1 | (point[2] >> i & 1) << 2);
        key = key << 3 | curve_place[state][cell];
        state = curve_next[state][cell];
    }
    return key;
}

uint32_t gen_tree_child(const gen_tree *tree, int level, uint32_t oct, int cell) {
    const gen_level *lev = &tree->level[level];
    unsigned refined = lev->refined[oct];
    if (!(refined >> cell & 1))
        return GEN_NONE;
    unsigned before = refined & curve_before[lev->state[oct]][cell];
    return lev->first_child[oct] + (uint32_t)__builtin_popcount(before);
}

static int allocate_level(gen_level *lev, uint32_t count) {
    size_t n = count ? count : 1;
    lev->count = count;
    lev->position = malloc(3 * n * sizeof *lev->position);
    lev->parent = malloc(n * sizeof *lev->parent);
    lev->first_child = malloc(n * sizeof *lev->first_child);
    lev->refined = malloc(n);
    lev->state = malloc(n);
    lev->neighbour = malloc(6 * n * sizeof *lev->neighbour);
    return lev->position && lev->parent && lev->first_child && lev->refined && lev->state &&
                   lev->neighbour
               ? 0
               : -1;
}

static int cell_bit(const uint32_t position[3]) {
    return (int)((position[0] & 1) | (position[1] & 1) << 1 | (position[2] & 1) << 2);
}

/* Fills the neighbours of level l from those of level l - 1. */
static void find_neighbours(gen_tree *tree, int level) {
    gen_level *lev = &tree->level[level];
#pragma omp parallel for schedule(static)
    for (uint32_t oct = 0; oct < lev->count; oct++) {
        int cell = cell_bit(lev->position + 3 * (size_t)oct);
        uint32_t parent = lev->parent[oct];
        for (int direction = 0; direction < 6; direction++) {
            int axis = direction / 2, side = direction & 1;
            uint32_t beside = parent;
            if ((cell >> axis & 1) == side)
                beside = tree->level[level - 1].neighbour[6 * (size_t)parent + (size_t)direction];
            lev->neighbour[6 * (size_t)oct + (size_t)direction] =
                beside == GEN_NONE ? GEN_NONE
                                   : gen_tree_child(tree, level - 1, beside, cell ^ 1 << axis);
        }
    }
}

/* Sets the refined bits of a level; near[8 * oct + cell] are the clumps to try below. */
static uint64_t refine_level(gen_tree *tree, const gen_model *model, int level,
                             const uint32_t *candidates, uint32_t *near) {
    gen_level *lev = &tree->level[level];
    uint64_t refined_cells = 0;
    double cell_size = exp2(-level);
#pragma omp parallel for schedule(dynamic, CHUNK) reduction(+ : refined_cells)
    for (uint32_t oct = 0; oct < lev->count; oct++) {
        const uint32_t *position = lev->position + 3 * (size_t)oct;
        unsigned refined = 0;
        for (int cell = 0; cell < 8; cell++) {
            double center[3];
            for (int d = 0; d < 3; d++)
                center[d] = (2.0 * position[d] + (cell >> d & 1) + 0.5) * cell_size;
            uint32_t *below = near + 8 * (size_t)oct + cell;
            if (gen_model_refines(model, level, center, candidates[oct], below))
                refined |= 1U << cell;
        }
        lev->refined[oct] = (uint8_t)refined;
        refined_cells += (uint64_t)__builtin_popcount(refined);
    }
    return refined_cells;
}

/* Makes the octs in the refined cells of `level`. */
static void make_children(gen_tree *tree, int level, const uint32_t *near, uint32_t *candidates) {
    gen_level *lev = &tree->level[level], *finer = &tree->level[level + 1];
    uint32_t next = 0;
    for (uint32_t oct = 0; oct < lev->count; oct++) {
        lev->first_child[oct] = next;
        next += (uint32_t)__builtin_popcount(lev->refined[oct]);
    }
#pragma omp parallel for schedule(static)
    for (uint32_t oct = 0; oct < lev->count; oct++) {
        uint32_t child = lev->first_child[oct];
        for (int place = 0; place < 8; place++) {
            int cell = curve_cell[lev->state[oct]][place];
            if (!(lev->refined[oct] >> cell & 1))
                continue;
            for (int d = 0; d < 3; d++)
                finer->position[3 * (size_t)child + (size_t)d] =
                    2 * lev->position[3 * (size_t)oct + (size_t)d] + (uint32_t)(cell >> d & 1);
            finer->parent[child] = oct;
            finer->first_child[child] = 0;
            finer->state[child] = curve_next[lev->state[oct]][cell];
            candidates[child] = near[8 * (size_t)oct + (size_t)cell];
            child++;
        }
    }
}

typedef struct {
    gen_tree *tree;
    uint64_t seen;  /* leaf cells met so far along the curve */
    int next;       /* the bound to be set next */
    uint64_t grain; /* bits of the keys that a double cannot hold */
} cutter;

/* Follows the curve through an oct whose keys start at `key` and sets bounds where they fall. */
static void cut_oct(cutter *cut, int level, uint32_t oct, uint64_t key) {
    gen_tree *tree = cut->tree;
    const gen_level *lev = &tree->level[level];
    uint64_t step = UINT64_C(1) << 3 * (tree->level_max + 1 - level);
    for (int place = 0; place < 8; place++, key += step) {
        int cell = curve_cell[lev->state[oct]][place];
        uint32_t child = gen_tree_child(tree, level, oct, cell);
        if (child != GEN_NONE) {
            cut_oct(cut, level + 1, child, key);
            continue;
        }
        while (cut->next < tree->ncpu &&
               cut->seen >= (uint64_t)((double)tree->leaf_cells / tree->ncpu * cut->next))
            tree->bound[cut->next++] = key & ~cut->grain;
        cut->seen++;
    }
}

static int cut_domains(gen_tree *tree) {
    int ncpu = tree->ncpu, bits = 3 * (tree->level_max + 1);
    tree->bound = calloc((size_t)ncpu + 1, sizeof *tree->bound);
    if (!tree->bound)
        return -1;
    /* Bounds are doubles in the files: drop whole levels of the key that do not fit in one. */
    int dropped = bits > 52 ? (bits - 52 + 2) / 3 * 3 : 0;
    cutter cut = {tree, 0, 1, (UINT64_C(1) << dropped) - 1};
    cut_oct(&cut, 1, 0, 0);
    while (cut.next <= ncpu)
        tree->bound[cut.next++] = UINT64_C(1) << bits;
    for (int level = 1; level <= tree->level_max; level++) {
        gen_level *lev = &tree->level[level];
        lev->first = malloc(((size_t)ncpu + 1) * sizeof *lev->first);
        if (!lev->first)
            return -1;
        lev->first[0] = 0;
        for (int cpu = 1; cpu <= ncpu; cpu++) {
            uint32_t low = lev->first[cpu - 1], high = lev->count;
            while (low < high) { /* the first oct whose key is not below the bound */
                uint32_t middle = low + (high - low) / 2;
                const uint32_t *position = lev->position + 3 * (size_t)middle;
                if (gen_tree_key(tree, level - 1, position, 1) < tree->bound[cpu])
                    low = middle + 1;
                else
                    high = middle;
            }
            lev->first[cpu] = low;
        }
        lev->first[ncpu] = lev->count;
    }
    return 0;
}

int gen_tree_build(gen_tree *tree, const gen_model *model, int ncpu, int nvar) {
    memset(tree, 0, sizeof *tree);
    tree->level_max = model->level_max;
    tree->ncpu = ncpu;
    tree->nvar = nvar;
    gen_curve_prepare();
    uint32_t *candidates = malloc(sizeof *candidates);
    if (!candidates || allocate_level(&tree->level[1], 1) != 0) {
        free(candidates);
        return -1;
    }
    gen_level *root = &tree->level[1];
    memset(root->position, 0, 3 * sizeof *root->position);
    memset(root->neighbour, 0, 6 * sizeof *root->neighbour); /* the box is periodic */
    root->parent[0] = root->first_child[0] = 0;
    root->state[0] = 0;
    candidates[0] = gen_model_all(model);
    int status = 0;
    for (int level = 1; level <= tree->level_max && status == 0; level++) {
        gen_level *lev = &tree->level[level];
        if (level > 1)
            find_neighbours(tree, level);
        uint32_t *near = malloc((8 * (size_t)lev->count + 1) * sizeof *near);
        status = near ? 0 : -1;
        uint64_t refined = near ? refine_level(tree, model, level, candidates, near) : 0;
        tree->octs += lev->count;
        tree->leaves[level] = 8 * (uint64_t)lev->count - refined;
        tree->leaf_cells += tree->leaves[level];
        free(candidates);
        candidates = NULL;
        if (level < tree->level_max && status == 0) {
            candidates = malloc((refined + 1) * sizeof *candidates);
            if (!candidates || refined >= GEN_NONE ||
                allocate_level(&tree->level[level + 1], (uint32_t)refined) != 0)
                status = -1;
            else
                make_children(tree, level, near, candidates);
        }
        free(near);
    }
    free(candidates);
    return status == 0 ? cut_domains(tree) : -1;
}

int gen_tree_domain(const gen_tree *tree, uint64_t key) {
    int low = 0, high = tree->ncpu;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (tree->bound[middle] <= key)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int gen_tree_owner(const gen_tree *tree, int level, uint32_t oct) {
    const uint32_t *first = tree->level[level].first;
    int low = 0, high = tree->ncpu;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (first[middle] <= oct)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void gen_tree_values(const gen_tree *tree, const gen_model *model, int level, uint32_t oct,
                     double *values) {
    const gen_level *lev = &tree->level[level];
    if (lev->refined[oct] != 255) {
        double center[3];
        for (int d = 0; d < 3; d++)
            center[d] = (lev->position[3 * (size_t)oct + (size_t)d] + 0.5) * exp2(1 - level);
        gen_model_fields(model, center, exp2(-level), tree->nvar, values);
    }
    if (!lev->refined[oct] || !tree->level[level + 1].mean)
        return;
    for (int cell = 0; cell < 8; cell++) {
        uint32_t child = gen_tree_child(tree, level, oct, cell);
        if (child == GEN_NONE)
            continue;
        const double *mean = tree->level[level + 1].mean + (size_t)child * (size_t)tree->nvar;
        for (int v = 0; v < tree->nvar; v++)
            values[8 * v + cell] = mean[v];
    }
}

typedef struct {
    double sum, lost, low, high;
} part_sum;

/* Neumaier's sum: `lost` gathers what rounding drops. */
static void add(part_sum *part, double value) {
    double sum = part->sum + value;
    part->lost +=
        fabs(part->sum) >= fabs(value) ? part->sum - sum + value : value - sum + part->sum;
    part->sum = sum;
}

static void sum_chunk(gen_tree *tree, const gen_model *model, int level, uint32_t begin,
                      uint32_t end, part_sum *part) {
    gen_level *lev = &tree->level[level];
    double values[8 * GEN_MAX_NVAR], volume = exp2(-3.0 * level);
    for (uint32_t oct = begin; oct < end; oct++) {
        if (!lev->mean && lev->refined[oct] == 255)
            continue;
        gen_tree_values(tree, model, level, oct, values);
        for (int cell = 0; cell < 8; cell++) {
            if (lev->refined[oct] >> cell & 1)
                continue;
            add(part, values[cell] * volume);
            if (values[cell] < part->low)
                part->low = values[cell];
            if (values[cell] > part->high)
                part->high = values[cell];
        }
        for (int v = 0; lev->mean && v < tree->nvar; v++) {
            double sum = 0;
            for (int cell = 0; cell < 8; cell++)
                sum += values[8 * v + cell];
            lev->mean[(size_t)oct * (size_t)tree->nvar + (size_t)v] = sum / 8;
        }
    }
}

int gen_tree_fields(gen_tree *tree, const gen_model *model, int keep_means) {
    part_sum total = {0, 0, INFINITY, -INFINITY};
    for (int level = tree->level_max; level >= 1; level--) {
        gen_level *lev = &tree->level[level];
        uint32_t chunks = lev->count / CHUNK + 1;
        part_sum *part = malloc(chunks * sizeof *part);
        if (keep_means)
            lev->mean = malloc(((size_t)lev->count * (size_t)tree->nvar + 1) * sizeof *lev->mean);
        if (!part || (keep_means && !lev->mean)) {
            free(part);
            return -1;
        }
#pragma omp parallel for schedule(dynamic, 1)
        for (uint32_t chunk = 0; chunk < chunks; chunk++) {
            uint32_t begin = chunk * CHUNK;
            uint32_t end = chunk + 1 < chunks ? begin + CHUNK : lev->count;
            part[chunk] = (part_sum){0, 0, INFINITY, -INFINITY};
            sum_chunk(tree, model, level, begin, end, &part[chunk]);
        }
        for (uint32_t chunk = 0; chunk < chunks; chunk++) {
            add(&total, part[chunk].sum);
            add(&total, part[chunk].lost);
            total.low = part[chunk].low < total.low ? part[chunk].low : total.low;
            total.high = part[chunk].high > total.high ? part[chunk].high : total.high;
        }
        free(part);
    }
    tree->total_mass = total.sum + total.lost;
    tree->min_density = total.low;
    tree->max_density = total.high;
    return 0;
}

void gen_tree_free(gen_tree *tree) {
    for (int level = 1; level <= GEN_MAX_LEVEL; level++) {
        gen_level *lev = &tree->level[level];
        free(lev->position);
        free(lev->parent);
        free(lev->first_child);
        free(lev->refined);
        free(lev->state);
        free(lev->neighbour);
        free(lev->mean);
        free(lev->first);
    }
    free(tree->bound);
}
