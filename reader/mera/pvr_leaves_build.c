/* pvr_leaves_build.c - the octree of sorted leaves. */
#include "pvr_leaves.h"

#include "pvr_memory.h"
#include "pvr_octree_build.h"
#include "pvr_octree_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

enum {
    SEGMENT = 1 << 16,   /* leaves of a task */
    BYTES = 1 << 18,     /* octs of a task that looks for holes */
    MOST_TREES = 1 << 16 /* each costs some 450 bytes and 7 microseconds in VTK */
};

/* A run of sorted leaves of one tree. */
struct segment {
    uint64_t begin, end;
    uint64_t tree;
    bool first; /* of its tree */
};

struct building {
    const struct pvr_leaves *leaves;
    struct pvr_octree *octree;
    struct pvr_leaf_map *map;
    int root, last;       /* levels */
    uint32_t low_tree[3]; /* the grid's first tree on the grid of the whole box */
    size_t nsegments;
    struct segment *segment;
    size_t ntasks;
    size_t *task;       /* first segment of each, and the end */
    uint64_t *octs;     /* [segment][level - root]: that begin there; then the first one's place */
    uint64_t *outside;  /* [task of find_outside] */
    size_t *level_task; /* [level - root]: first task of find_outside */
};

static int bits_below(const struct pvr_leaves *leaves, int level) {
    return PVR_KEY_LEVEL_BITS + leaves->ndim * (leaves->high - level);
}

static int level_of(uint64_t key) {
    return (int)(key & ((1 << PVR_KEY_LEVEL_BITS) - 1));
}

/* ---- trees ------------------------------------------------------------------------------------
 */

/* Trees per side: as few as are cheap to draw, more for large meshes; of a small part of the box as
 * many as the whole box would have. */
static int choose_root(const struct pvr_leaves *leaves, int last) {
    static const int small[] = {0, 6, 5, 3};
    int wanted = small[leaves->ndim] + (leaves->count > 28000000 ? 1 : 0);
    uint64_t widest = 1;
    for (int axis = 0; axis < leaves->ndim; axis++) {
        uint64_t wide = (uint64_t)leaves->last[axis] - leaves->first[axis] + 1;
        widest = wide > widest ? wide : widest;
    }
    while (widest << 1 <= (uint64_t)1 << leaves->high) {
        widest <<= 1;
        wanted++;
    }
    int most = leaves->low < last ? leaves->low : last;
    int root = wanted < most ? wanted : most;
    for (;; root--) {
        uint64_t trees = 1;
        for (int axis = 0; axis < leaves->ndim; axis++) {
            int shift = leaves->high - root;
            trees *= (leaves->last[axis] >> shift) - (leaves->first[axis] >> shift) + 1;
        }
        if (trees <= MOST_TREES || root == 1) {
            return root;
        }
    }
}

static enum pvr_status make_octree(struct building *building, double boxlen,
                                   struct pvr_error *error) {
    const struct pvr_leaves *leaves = building->leaves;
    struct pvr_octree *octree = calloc(1, sizeof *octree);
    building->octree = octree;
    if (octree == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an octree");
    }
    octree->references = 1;
    octree->bytes = sizeof *octree;
    octree->ndim = leaves->ndim;
    octree->cells_per_oct = 1 << leaves->ndim;
    octree->root_level = building->root;
    octree->max_level = building->last;
    octree->ntrees = 1;
    double side = ldexp(boxlen, -building->root);
    for (int axis = 0; axis < 3; axis++) {
        int shift = leaves->high - building->root;
        bool used = axis < leaves->ndim;
        building->low_tree[axis] = used ? leaves->first[axis] >> shift : 0;
        octree->root_dims[axis] =
            used ? (leaves->last[axis] >> shift) - building->low_tree[axis] + 1 : 1;
        octree->origin[axis] = building->low_tree[axis] * side + leaves->boxes[axis] * boxlen -
                               (leaves->turned[axis] != 0 ? 0.5 * boxlen : 0);
        octree->size[axis] = used ? octree->root_dims[axis] * side : boxlen;
        octree->ntrees *= octree->root_dims[axis];
    }
    return pvr_octree_allocate_level(octree, building->root, octree->ntrees,
                                     (octree->ntrees + 7) / 8, error);
}

static uint64_t tree_of(const struct building *building, uint64_t key) {
    const struct pvr_octree *octree = building->octree;
    uint64_t code = key >> bits_below(building->leaves, building->root);
    uint32_t at[3] = {0, 0, 0};
    for (int bit = 0; bit < building->root; bit++) {
        for (int axis = 0; axis < octree->ndim; axis++) {
            at[axis] |= (uint32_t)(code >> (bit * octree->ndim + axis) & 1) << bit;
        }
    }
    uint64_t tree = 0;
    for (int axis = 2; axis >= 0; axis--) {
        tree = tree * octree->root_dims[axis] + (at[axis] - building->low_tree[axis]);
    }
    return tree;
}

/* First leaf from `begin` on that is not in the tree of leaf `begin`. */
static uint64_t end_of_tree(const struct building *building, uint64_t begin) {
    const uint64_t *key = building->leaves->key;
    int shift = bits_below(building->leaves, building->root);
    uint64_t code = key[begin] >> shift, low = begin, high = building->leaves->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (key[middle] >> shift == code) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static enum pvr_status cut_segments(struct building *building, struct pvr_error *error) {
    uint64_t count = building->leaves->count;
    uint64_t most = building->octree->ntrees + count / SEGMENT + 1;
    size_t nlevels = (size_t)(building->last - building->root + 1);
    building->segment = malloc(most * sizeof *building->segment);
    building->octs = calloc(most * nlevels, sizeof *building->octs);
    building->task = malloc((most + 1) * sizeof *building->task);
    if (building->segment == NULL || building->octs == NULL || building->task == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu runs of leaves", (ull)most);
    }
    for (uint64_t begin = 0, end; begin < count; begin = end) {
        end = end_of_tree(building, begin);
        uint64_t tree = tree_of(building, building->leaves->key[begin]);
        for (uint64_t at = begin; at < end; at += SEGMENT) {
            uint64_t to = end - at < SEGMENT ? end : at + SEGMENT;
            building->segment[building->nsegments++] = (struct segment){at, to, tree, at == begin};
        }
    }
    uint64_t leaves = SEGMENT; /* of the task so far: small trees share one */
    for (size_t i = 0; i < building->nsegments; i++) {
        if (leaves >= SEGMENT) {
            building->task[building->ntasks++] = i;
            leaves = 0;
        }
        leaves += building->segment[i].end - building->segment[i].begin;
    }
    building->task[building->ntasks] = building->nsegments;
    return PVR_OK;
}

/* ---- counting and placing ---------------------------------------------------------------------
 */

/* The level on which two leaves that follow each other are in different cells, though in one cell
 * of the level above. */
static inline int parting(const struct pvr_leaves *leaves, uint64_t i, int ndim) {
    uint64_t differ = (leaves->key[i] ^ leaves->key[i - 1]) >> PVR_KEY_LEVEL_BITS;
    return leaves->high - (63 - __builtin_clzll(differ)) / ndim;
}

static inline void count_of(const struct building *building, const struct segment *segment,
                            uint64_t *octs, int ndim) {
    const struct pvr_leaves *leaves = building->leaves;
    for (uint64_t i = segment->begin; i < segment->end; i++) {
        bool first = segment->first && i == segment->begin;
        int level = level_of(leaves->key[i]);
        int from = first ? building->root : parting(leaves, i, ndim);
        level = level < building->last ? level : building->last;
        for (int l = from + 1; l <= level; l++) {
            octs[l - building->root]++;
        }
    }
}

static enum pvr_status count_octs(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct building *building = context;
    size_t nlevels = (size_t)(building->last - building->root + 1);
    for (size_t s = building->task[task]; s < building->task[task + 1]; s++) {
        const struct segment *segment = &building->segment[s];
        uint64_t *octs = building->octs + s * nlevels;
        switch (building->leaves->ndim) {
        case 3:
            count_of(building, segment, octs, 3);
            break;
        case 2:
            count_of(building, segment, octs, 2);
            break;
        default:
            count_of(building, segment, octs, 1);
        }
    }
    return PVR_OK;
}

/* The segments stand in Morton order of their trees, the octree's trees x fastest: counts become
 * places, and the levels get their memory. */
static enum pvr_status make_levels(struct building *building, struct pvr_error *error) {
    struct pvr_octree *octree = building->octree;
    size_t nlevels = (size_t)(building->last - building->root + 1);
    size_t *first = malloc((octree->ntrees + 1) * sizeof *first); /* segment of a tree */
    if (first == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the grid of trees");
    }
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        first[t] = SIZE_MAX;
    }
    for (size_t s = building->nsegments; s > 0; s--) {
        first[building->segment[s - 1].tree] = s - 1;
    }
    uint64_t *at = building->octs;
    enum pvr_status status = PVR_OK;
    for (int l = building->root + 1; status == PVR_OK && l <= building->last; l++) {
        size_t place = (size_t)(l - building->root);
        uint64_t noct = 0;
        for (size_t s = 0; s < building->nsegments; s++) {
            noct += at[s * nlevels + place];
        }
        if (noct >= UINT32_MAX) {
            status = pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                              "level %d has %llu octs; one process can hold %llu", l, (ull)noct,
                              (ull)UINT32_MAX - 1);
            break;
        }
        status = pvr_octree_allocate_level(octree, l, noct, noct, error);
        struct pvr_octree_level *level = &octree->level[l];
        level->outside = status == PVR_OK ? pvr_large_alloc((noct + 7) / 8 * 8 + 8) : NULL;
        if (status == PVR_OK && level->outside == NULL) {
            status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the octs of level %d", l);
        }
        uint64_t next = 0;
        for (uint64_t t = 0; status == PVR_OK && t <= octree->ntrees; t++) {
            level->tree_first[t] = next;
            for (size_t s = t < octree->ntrees ? first[t] : SIZE_MAX;
                 s < building->nsegments && building->segment[s].tree == t; s++) {
                uint64_t count = at[s * nlevels + place];
                at[s * nlevels + place] = next;
                next += count;
            }
        }
    }
    uint64_t cell = 0;
    for (uint64_t t = 0; status == PVR_OK && t < octree->ntrees; t++) {
        octree->level[building->root].tree_cell[t] = cell++;
        for (int l = building->root + 1; l <= building->last; l++) {
            struct pvr_octree_level *level = &octree->level[l];
            level->tree_cell[t] = cell;
            cell += (level->tree_first[t + 1] - level->tree_first[t]) << octree->ndim;
        }
    }
    octree->ncells = cell;
    free(first);
    return status;
}

/* An oct that is being filled. */
struct open_oct {
    uint64_t place;
    uint8_t refined, taken;
    bool shared; /* leaves of other segments lie in it too, or may */
};

/* Bits of `outside` are those of cells that are taken, until find_outside turns them around. */
static void put(struct pvr_octree_level *level, const struct open_oct *oct) {
    if (oct->shared) {
        __atomic_fetch_or(&level->refined[oct->place], oct->refined, __ATOMIC_RELAXED);
        __atomic_fetch_or(&level->outside[oct->place], oct->taken, __ATOMIC_RELAXED);
    } else {
        level->refined[oct->place] = oct->refined;
        level->outside[oct->place] = oct->taken;
    }
}

static inline void place_of(const struct building *building, const struct segment *segment,
                            const uint64_t *base, int ndim) {
    const struct pvr_leaves *leaves = building->leaves;
    struct pvr_octree *octree = building->octree;
    struct pvr_leaf_map *map = building->map;
    int root = building->root, last = building->last;
    unsigned mask = (1u << ndim) - 1;
    struct open_oct open[PVR_MAX_LEVELS + 1];
    uint64_t next[PVR_MAX_LEVELS + 1];
    for (int l = root + 1; l <= last; l++) {
        next[l] = base[l - root];
        open[l] = (struct open_oct){next[l] - 1, 0, 0, true}; /* where the segment before ended */
    }
    for (uint64_t i = segment->begin; i < segment->end; i++) {
        bool first = segment->first && i == segment->begin;
        uint64_t key = leaves->key[i];
        int level = level_of(key), from = first ? root : parting(leaves, i, ndim);
        if (map->merged) {
            map->level[i] = (uint8_t)level;
            map->more[i] = from > last;
        }
        level = level < last ? level : last;
        if (from > last) {
            continue;
        }
        for (int l = from + 1; l <= level; l++) {
            if (open[l].taken != 0) {
                put(&octree->level[l], &open[l]);
            }
            open[l] = (struct open_oct){next[l]++, 0, 0, false};
            if (l - 1 > root) {
                unsigned cell = (unsigned)(key >> bits_below(leaves, l - 1)) & mask;
                open[l - 1].refined |= (uint8_t)(1u << cell);
                open[l - 1].taken |= (uint8_t)(1u << cell);
            }
        }
        uint64_t index = octree->level[level].tree_cell[segment->tree];
        if (level > root) {
            unsigned cell = (unsigned)(key >> bits_below(leaves, level)) & mask;
            open[level].taken |= (uint8_t)(1u << cell);
            uint64_t oct = open[level].place - octree->level[level].tree_first[segment->tree];
            index += (oct << ndim) + cell;
        }
        map->source[index] = map->merged ? (uint32_t)i : leaves->row[i];
    }
    for (int l = root + 1; l <= last; l++) {
        open[l].shared = true; /* the next segment may go on */
        if (open[l].taken != 0) {
            put(&octree->level[l], &open[l]);
        }
    }
}

static enum pvr_status place_leaves(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct building *building = context;
    size_t nlevels = (size_t)(building->last - building->root + 1);
    for (size_t s = building->task[task]; s < building->task[task + 1]; s++) {
        const struct segment *segment = &building->segment[s];
        const uint64_t *base = building->octs + s * nlevels;
        switch (building->leaves->ndim) {
        case 3:
            place_of(building, segment, base, 3);
            break;
        case 2:
            place_of(building, segment, base, 2);
            break;
        default:
            place_of(building, segment, base, 1);
        }
    }
    return PVR_OK;
}

static enum pvr_status clear_sources(void *context, size_t task, struct pvr_worker *worker,
                                     struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct building *building = context;
    struct pvr_leaf_map *map = building->map;
    uint64_t begin = (uint64_t)task * BYTES, rest = map->ncells - begin;
    memset(map->source + begin, 0xff, (rest < BYTES ? rest : BYTES) * sizeof *map->source);
    return PVR_OK; /* PVR_NO_ROW */
}

/* ---- holes ------------------------------------------------------------------------------------
 */

static enum pvr_status find_outside(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct building *building = context;
    int l = building->root + 1;
    while (l < building->last && building->level_task[l + 1 - building->root] <= task) {
        l++;
    }
    struct pvr_octree_level *level = &building->octree->level[l];
    uint64_t begin = (uint64_t)(task - building->level_task[l - building->root]) * BYTES;
    uint64_t end = level->noct - begin < BYTES ? level->noct : begin + BYTES, count = 0;
    unsigned all = (1u << building->octree->cells_per_oct) - 1;
    for (uint64_t i = begin; i < end; i++) {
        level->outside[i] = (uint8_t)(~level->outside[i] & all);
        count += (uint64_t)__builtin_popcount(level->outside[i]);
    }
    building->outside[task] = count;
    return PVR_OK;
}

static void finish_roots(struct building *building, struct pvr_error *error,
                         enum pvr_status *status) {
    struct pvr_octree *octree = building->octree;
    struct pvr_octree_level *roots = &octree->level[building->root];
    uint64_t bytes = (octree->ntrees + 7) / 8, empty = octree->ntrees;
    uint8_t *outside = pvr_large_alloc(bytes + 8);
    if (outside == NULL) {
        *status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the grid of trees");
        return;
    }
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        outside[t >> 3] |= (uint8_t)(1 << (t & 7));
        if (building->last > building->root) {
            const uint64_t *first = octree->level[building->root + 1].tree_first;
            roots->refined[t >> 3] |= (uint8_t)((first[t + 1] > first[t]) << (t & 7));
        }
    }
    for (size_t s = 0; s < building->nsegments; s++) {
        if (building->segment[s].first) {
            uint64_t t = building->segment[s].tree;
            outside[t >> 3] &= (uint8_t) ~(1 << (t & 7));
            empty--;
        }
    }
    octree->noutside += empty;
    if (empty == 0) {
        pvr_large_free(outside, bytes + 8);
    } else {
        roots->outside = outside;
    }
}

/* What is left: the cells that no leaf covers, and the counts. */
static enum pvr_status finish(struct building *building, struct pvr_job *job,
                              struct pvr_error *error) {
    struct pvr_octree *octree = building->octree;
    size_t nlevels = (size_t)(building->last - building->root + 1), ntasks = 0;
    building->level_task = calloc(nlevels + 1, sizeof *building->level_task);
    for (int l = building->root + 1; building->level_task != NULL && l <= building->last; l++) {
        building->level_task[l - building->root] = ntasks;
        ntasks += (size_t)((octree->level[l].noct + BYTES - 1) / BYTES);
    }
    building->outside = calloc(ntasks + 1, sizeof *building->outside);
    if (building->level_task == NULL || building->outside == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the levels of an octree");
    }
    enum pvr_status status = pvr_job_run(job, ntasks, NULL, find_outside, NULL, building, error);
    if (status == PVR_OK) {
        finish_roots(building, error, &status);
    }
    size_t task = 0;
    for (int l = building->root; status == PVR_OK && l <= building->last; l++) {
        struct pvr_octree_level *level = &octree->level[l];
        bool root = l == building->root;
        uint64_t nbytes = root ? (octree->ntrees + 7) / 8 : level->noct, outside = 0;
        pvr_octree_count_refined(level, nbytes);
        if (!root) {
            size_t end = l < building->last ? building->level_task[l + 1 - building->root] : ntasks;
            for (; task < end; task++) {
                outside += building->outside[task];
            }
            octree->noutside += outside;
        }
        if (!root && outside == 0) {
            pvr_large_free(level->outside, (level->noct + 7) / 8 * 8 + 8);
            level->outside = NULL;
        }
        octree->bytes += level->outside != NULL ? (nbytes + 7) / 8 * 8 + 8 : 0;
    }
    if (status == PVR_OK) {
        pvr_octree_number_cells(octree);
    }
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static enum pvr_status make_map(struct building *building, struct pvr_job *job,
                                struct pvr_error *error) {
    const struct pvr_leaves *leaves = building->leaves;
    struct pvr_leaf_map *map = building->map;
    map->ncells = building->octree->ncells;
    map->merged = building->last < leaves->high;
    map->nrows = leaves->count > 0 ? leaves->count : 1;
    map->source = pvr_large_alloc(map->ncells * sizeof *map->source);
    if (map->merged) {
        map->row = pvr_large_alloc(map->nrows * sizeof *map->row);
        map->level = pvr_large_alloc(map->nrows);
        map->more = pvr_large_alloc(map->nrows);
    }
    if (map->source == NULL ||
        (map->merged && (map->row == NULL || map->level == NULL || map->more == NULL))) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the places of %llu cells",
                        (ull)map->ncells);
    }
    if (map->merged) {
        memcpy(map->row, leaves->row, leaves->count * sizeof *map->row);
    }
    return pvr_job_run(job, (size_t)((map->ncells + BYTES - 1) / BYTES), NULL, clear_sources, NULL,
                       building, error);
}

static enum pvr_status make_empty(int ndim, struct pvr_octree **octree, struct pvr_error *error) {
    *octree = calloc(1, sizeof **octree);
    if (*octree == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an octree");
    }
    (*octree)->references = 1;
    (*octree)->ndim = ndim;
    (*octree)->cells_per_oct = 1 << ndim;
    (*octree)->root_level = (*octree)->max_level = 1;
    enum pvr_status status = pvr_octree_allocate_level(*octree, 1, 0, 0, error);
    if (status != PVR_OK) {
        pvr_octree_release(*octree);
        *octree = NULL;
    }
    return status;
}

enum pvr_status pvr_leaves_build(const struct pvr_leaves *leaves, double boxlen, int max_level,
                                 struct pvr_job *job, struct pvr_octree **octree,
                                 struct pvr_leaf_map *map, struct pvr_error *error) {
    memset(map, 0, sizeof *map);
    *octree = NULL;
    struct building building = {.leaves = leaves, .map = map};
    building.last = max_level > 0 && max_level < leaves->high ? max_level : leaves->high;
    if (leaves->count == 0 && leaves->root == 0) { /* of a region: not a tree */
        return make_empty(leaves->ndim, octree, error);
    }
    building.root = leaves->root > 0 ? leaves->root : choose_root(leaves, building.last);
    enum pvr_status status = make_octree(&building, boxlen, error);
    if (status == PVR_OK) {
        status = cut_segments(&building, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, building.ntasks, NULL, count_octs, NULL, &building, error);
    }
    if (status == PVR_OK) {
        status = make_levels(&building, error);
    }
    if (status == PVR_OK) {
        status = make_map(&building, job, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, building.ntasks, NULL, place_leaves, NULL, &building, error);
    }
    if (status == PVR_OK) {
        status = finish(&building, job, error);
    }
    free(building.segment);
    free(building.octs);
    free(building.task);
    free(building.outside);
    free(building.level_task);
    if (status != PVR_OK) {
        pvr_octree_release(building.octree);
        pvr_leaf_map_free(map);
        return status;
    }
    *octree = building.octree;
    return PVR_OK;
}

void pvr_leaf_map_free(struct pvr_leaf_map *map) {
    pvr_large_free(map->source, map->ncells * sizeof *map->source);
    pvr_large_free(map->row, map->nrows * sizeof *map->row);
    pvr_large_free(map->level, map->nrows);
    pvr_large_free(map->more, map->nrows);
    memset(map, 0, sizeof *map);
}
