/* pvr_octree_build.c - from octs in any order to the octree in memory. */
#include "pvr_octree_build.h"

#include "pvr_memory.h"
#include "pvr_octree_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

enum { CHUNK = 1 << 15 /* octs of a task */ };

struct build {
    const struct pvr_octree_plan *plan;
    struct pvr_octree *octree;
    struct pvr_tree_grid trees;
    int level;     /* being placed */
    uint8_t *seen; /* a byte per oct of the level */
};

static enum pvr_status fail_oct(const struct build *build, uint64_t index, const char *problem,
                                struct pvr_error *error) {
    char name[1024];
    build->plan->name(build->plan->name_context, build->level, index, name, sizeof name);
    return pvr_fail(error, PVR_ERROR_FORMAT, "%s %s", name, problem);
}

/* Number of the tree at `at` of the grid of trees. */
static uint64_t tree_number(const struct pvr_octree *octree, const uint32_t at[3]) {
    return at[0] + octree->root_dims[0] * (at[1] + (uint64_t)octree->root_dims[1] * at[2]);
}

/* The tree whose root is cell `cell` of oct `i` of root_level; false: not among the trees. */
static bool find_tree(const struct build *build, uint64_t i, int cell, uint64_t *tree) {
    const struct pvr_octree *octree = build->octree;
    const uint32_t *oct = build->plan->octs[octree->root_level].coordinate[i];
    uint32_t at[3] = {0, 0, 0}, place[3];
    for (int axis = 0; axis < octree->ndim; axis++) {
        at[axis] = 2 * oct[axis] + (uint32_t)(cell >> axis & 1);
    }
    if (!pvr_tree_grid_place(&build->trees, octree->root_level, at, place)) {
        return false;
    }
    *tree = tree_number(octree, place);
    return true;
}

/* Sets the bits of the trees' root cells from the octs of root_level. */
static enum pvr_status place_roots(struct build *build, struct pvr_error *error) {
    const struct pvr_octree *octree = build->octree;
    const struct pvr_octs *octs = &build->plan->octs[octree->root_level];
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    for (uint64_t i = 0; i < octs->noct; i++) {
        for (int axis = 0; axis < octree->ndim; axis++) {
            if (2 * (uint64_t)octs->coordinate[i][axis] + 1 >= build->trees.whole[axis]) {
                return fail_oct(build, i, "lies outside of the box", error);
            }
        }
        for (int cell = 0; cell < octree->cells_per_oct; cell++) {
            uint64_t tree;
            if (!find_tree(build, i, cell, &tree)) {
                continue;
            }
            if (build->seen[tree]++ != 0) {
                return fail_oct(build, i, "lies in the place of another oct", error);
            }
            uint8_t bit = (uint8_t)(1 << (tree & 7));
            if (octs->refined != NULL && octs->refined[i] >> cell & 1) {
                roots->refined[tree >> 3] |= bit;
            }
            if (octs->outside != NULL && octs->outside[i] >> cell & 1) {
                roots->outside[tree >> 3] |= bit;
            }
        }
    }
    /* Of a whole box all are there: as many cells as trees (checked before), none twice. */
    for (uint64_t tree = 0; build->plan->trees != NULL && tree < octree->ntrees; tree++) {
        if (build->seen[tree] == 0) {
            roots->outside[tree >> 3] |= (uint8_t)(1 << (tree & 7));
        }
    }
    return PVR_OK;
}

/* A descent that remembers its way: octs that follow each other in a file are mostly near. */
struct descent {
    uint32_t at[3];                    /* of the last oct */
    uint64_t slot[PVR_MAX_LEVELS + 1]; /* its ancestors' places, itself included */
    int from;                          /* 0 before the first */
};

/* Place of the oct at `at` in level `level`, or -1 if a cell above it is not refined. */
static inline int64_t descend(const struct pvr_octree *octree, int level, const uint32_t at[3],
                              struct descent *way) {
    int root = octree->root_level, shift = level - 1 - root;
    uint32_t differ = (at[0] ^ way->at[0]) | (at[1] ^ way->at[1]) | (at[2] ^ way->at[2]);
    int known = root; /* deepest level whose place is still right */
    if (way->from != 0) {
        int highest = differ != 0 ? 31 - __builtin_clz(differ) : -1;
        known = highest >= shift ? root : level - 1 - highest;
    }
    if (known == root) {
        const uint32_t tree_at[3] = {at[0] >> shift, at[1] >> shift, at[2] >> shift};
        for (int axis = 0; axis < 3; axis++) {
            if (tree_at[axis] >= octree->root_dims[axis]) {
                return -1;
            }
        }
        uint64_t tree = tree_number(octree, tree_at);
        const struct pvr_octree_level *roots = &octree->level[root];
        if (!pvr_is_refined(roots, tree >> 3, tree & 7)) {
            return -1;
        }
        way->slot[root + 1] = pvr_rank(roots, tree >> 3, tree & 7);
        known = root + 1;
    }
    uint64_t slot = way->slot[known];
    for (int l = known; l < level; l++) {
        int bit = level - 1 - l;
        unsigned cell = (at[0] >> bit & 1) | (at[1] >> bit & 1) << 1 | (at[2] >> bit & 1) << 2;
        if (!pvr_is_refined(&octree->level[l], slot, cell)) {
            way->from = 0;
            return -1;
        }
        slot = pvr_rank(&octree->level[l], slot, cell);
        way->slot[l + 1] = slot;
    }
    way->at[0] = at[0];
    way->at[1] = at[1];
    way->at[2] = at[2];
    way->from = 1;
    return (int64_t)slot;
}

static enum pvr_status place_chunk(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)worker;
    struct build *build = context;
    struct pvr_octree *octree = build->octree;
    struct pvr_octree_level *level = &octree->level[build->level];
    const struct pvr_octs *octs = &build->plan->octs[build->level];
    bool deepest = build->level == octree->max_level;
    uint64_t begin = (uint64_t)task * CHUNK;
    uint64_t end = begin + CHUNK < octs->noct ? begin + CHUNK : octs->noct;
    struct descent way = {.from = 0};
    for (uint64_t i = begin; i < end; i++) {
        int64_t slot = descend(octree, build->level, octs->coordinate[i], &way);
        if (slot < 0) {
            return fail_oct(build, i, "has no refined cell above it", error);
        }
        octs->slot[i] = (uint32_t)slot;
        __atomic_store_n(&build->seen[slot], 1, __ATOMIC_RELAXED);
        if (octs->refined != NULL) {
            if (deepest && octs->refined[i] != 0) {
                return fail_oct(build, i, "has a refined cell, but no level is below it", error);
            }
            __atomic_store_n(&level->refined[slot], octs->refined[i], __ATOMIC_RELAXED);
        }
        if (octs->outside != NULL) {
            __atomic_store_n(&level->outside[slot], octs->outside[i], __ATOMIC_RELAXED);
        }
    }
    return PVR_OK;
}

/* Index in the list of level `l` of the oct that has the refined cell number `child`. */
static uint64_t parent_of(const struct build *build, int l, uint64_t child) {
    const struct pvr_octree *octree = build->octree;
    const struct pvr_octree_level *level = &octree->level[l];
    const struct pvr_octs *octs = &build->plan->octs[l];
    bool roots = l == octree->root_level;
    uint64_t place = 0; /* of the oct; at the root level a byte is eight trees */
    while (pvr_rank(level, place + 1, 0) <= child) {
        place++;
    }
    uint64_t tree = 8 * place;
    while (roots && pvr_rank(level, (tree + 1) >> 3, (tree + 1) & 7) <= child) {
        tree++;
    }
    for (uint64_t i = 0; i < octs->noct; i++) {
        for (int cell = 0; roots && cell < octree->cells_per_oct; cell++) {
            uint64_t of;
            if (find_tree(build, i, cell, &of) && of == tree) {
                return i;
            }
        }
        if (!roots && octs->slot[i] == place) {
            return i;
        }
    }
    return UINT64_MAX;
}

/* Says which oct is wrong where the octs of `l + 1` are not one for each refined cell of `l`. */
static enum pvr_status fail_children(struct build *build, int l, uint64_t refined, uint8_t *seen,
                                     struct pvr_error *error) {
    const struct pvr_octs *below = &build->plan->octs[l + 1];
    uint64_t children = l < build->octree->max_level ? below->noct : 0, missing = 0;
    struct descent way = {.from = 0};
    build->level = l + 1;
    for (uint64_t i = 0; i < children; i++) {
        int64_t slot = descend(build->octree, l + 1, below->coordinate[i], &way);
        if (slot < 0) {
            return fail_oct(build, i, "has no refined cell above it", error);
        }
        if (seen[slot]++ != 0) {
            return fail_oct(build, i, "lies in the place of another oct", error);
        }
    }
    while (missing < refined && seen[missing] != 0) {
        missing++;
    }
    build->level = l;
    return fail_oct(build, parent_of(build, l, missing),
                    "has a refined cell without an oct of the next level", error);
}

/* Checks that the octs of `l + 1` are as many as the refined cells of `l`. */
static enum pvr_status check_children(struct build *build, int l, uint64_t refined,
                                      struct pvr_error *error) {
    uint64_t children = l < build->octree->max_level ? build->plan->octs[l + 1].noct : 0;
    if (refined == children) {
        return PVR_OK;
    }
    uint8_t *seen = pvr_large_alloc(refined);
    if (seen == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the octs of level %d", l + 1);
    }
    enum pvr_status status = fail_children(build, l, refined, seen, error);
    pvr_large_free(seen, refined);
    return status;
}

static enum pvr_status place_level(struct build *build, struct pvr_job *job,
                                   struct pvr_error *error) {
    struct pvr_octree *octree = build->octree;
    const struct pvr_octs *octs = &build->plan->octs[build->level];
    enum pvr_status status =
        pvr_octree_allocate_level(octree, build->level, octs->noct, octs->noct, error);
    if (status != PVR_OK) {
        return status;
    }
    if (octs->outside != NULL) {
        status = pvr_octree_allocate_outside(octree, build->level, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    build->seen = pvr_large_alloc(octs->noct);
    if (build->seen == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the octs of level %d",
                        build->level);
    }
    status = pvr_job_run(job, (size_t)((octs->noct + CHUNK - 1) / CHUNK), NULL, place_chunk, NULL,
                         build, error);
    /* As many octs as places (checked on the level above): if all places are taken, none is taken
     * twice. */
    const uint8_t *empty = status == PVR_OK ? memchr(build->seen, 0, (size_t)octs->noct) : NULL;
    if (empty != NULL) {
        uint64_t second = 0; /* the second one in some place */
        memset(build->seen, 0, (size_t)octs->noct);
        while (build->seen[octs->slot[second]]++ == 0) {
            second++;
        }
        status = fail_oct(build, second, "lies in the place of another oct", error);
    }
    pvr_large_free(build->seen, octs->noct);
    build->seen = NULL;
    return status;
}

void pvr_octs_free(struct pvr_octs *octs) {
    pvr_large_free(octs->coordinate, octs->noct * sizeof *octs->coordinate);
    pvr_large_free(octs->refined, octs->noct);
    pvr_large_free(octs->outside, octs->noct);
    octs->coordinate = NULL;
    octs->refined = NULL;
    octs->outside = NULL;
}

static enum pvr_status make_octree(const struct pvr_octree_plan *plan,
                                   const struct pvr_tree_grid *trees, struct pvr_octree **result,
                                   struct pvr_error *error) {
    struct pvr_octree *octree = calloc(1, sizeof *octree);
    *result = octree;
    if (octree == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an octree");
    }
    octree->references = 1;
    octree->bytes = sizeof *octree;
    octree->ndim = plan->ndim;
    octree->cells_per_oct = 1 << plan->ndim;
    octree->root_level = plan->root_level;
    octree->max_level = plan->max_level;
    octree->ntrees = 1;
    for (int axis = 0; axis < 3; axis++) {
        double tree_size = plan->size[axis] / trees->whole[axis];
        octree->root_dims[axis] = trees->dims[axis];
        octree->ntrees *= trees->dims[axis];
        octree->origin[axis] = (double)trees->low[axis] * tree_size;
        octree->size[axis] = trees->dims[axis] == trees->whole[axis]
                                 ? plan->size[axis]
                                 : trees->dims[axis] * tree_size;
    }
    for (int l = plan->root_level; l <= plan->max_level; l++) {
        if (plan->octs[l].noct >= UINT32_MAX) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "level %d has %llu octs; one process can hold %llu", l,
                            (ull)plan->octs[l].noct, (ull)UINT32_MAX - 1);
        }
    }
    uint64_t root_cells = plan->octs[plan->root_level].noct * (uint64_t)octree->cells_per_oct;
    if (plan->trees == NULL && root_cells != octree->ntrees) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "level %d has %llu cells where %llu fill the box",
                        plan->root_level, (ull)root_cells, (ull)octree->ntrees);
    }
    return pvr_octree_allocate_level(octree, plan->root_level, octree->ntrees,
                                     (octree->ntrees + 7) / 8, error);
}

/* The last level of the plan's base, with its sons, which were not known there. */
static enum pvr_status refine_level(struct build *build, struct pvr_error *error) {
    const struct pvr_octs *octs = &build->plan->octs[build->level];
    struct pvr_octree_level *level = &build->octree->level[build->level];
    const uint8_t *outside = build->plan->base->level[build->level].outside;
    enum pvr_status status =
        pvr_octree_allocate_level(build->octree, build->level, octs->noct, octs->noct, error);
    if (status == PVR_OK && outside != NULL) {
        status = pvr_octree_allocate_outside(build->octree, build->level, error);
    }
    if (status == PVR_OK && outside != NULL) {
        memcpy(level->outside, outside, (size_t)octs->noct);
    }
    for (uint64_t i = 0; status == PVR_OK && i < octs->noct; i++) {
        level->refined[octs->slot[i]] = octs->refined[i];
    }
    return status;
}

/* Makes one level; those above are there. */
static enum pvr_status build_level(struct build *build, struct pvr_job *job,
                                   struct pvr_error *error) {
    const struct pvr_octree *base = build->plan->base;
    struct pvr_octree *octree = build->octree;
    struct pvr_octree_level *level = &octree->level[build->level];
    if (base != NULL && build->level < base->max_level) {
        return pvr_octree_copy_level(octree, base, build->level, error);
    }
    enum pvr_status status = PVR_OK;
    if (build->level == octree->root_level) {
        if (build->plan->trees != NULL) {
            status = pvr_octree_allocate_outside(octree, build->level, error);
        }
        build->seen = status == PVR_OK ? calloc(octree->ntrees + 1, 1) : NULL;
        if (status == PVR_OK) {
            status = build->seen != NULL
                         ? place_roots(build, error)
                         : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the grid of trees");
        }
        free(build->seen);
        build->seen = NULL;
    } else if (base != NULL && build->level == base->max_level) {
        status = refine_level(build, error);
    } else {
        status = place_level(build, job, error);
    }
    if (status == PVR_OK && level->outside != NULL) {
        pvr_octree_count_outside(octree, build->level);
    }
    if (status == PVR_OK) {
        bool roots = build->level == octree->root_level;
        uint64_t nbytes = roots ? (octree->ntrees + 7) / 8 : level->noct;
        status =
            check_children(build, build->level, pvr_octree_count_refined(level, nbytes), error);
    }
    return status;
}

enum pvr_status pvr_octree_build(const struct pvr_octree_plan *plan, struct pvr_job *job,
                                 struct pvr_octree **result, struct pvr_error *error) {
    *result = NULL;
    struct pvr_octree *octree;
    struct pvr_tree_grid trees =
        plan->trees != NULL ? *plan->trees
                            : pvr_tree_grid_whole(plan->ndim, plan->ncoarse, plan->root_level);
    enum pvr_status status = make_octree(plan, &trees, &octree, error);
    struct build build = {.plan = plan, .octree = octree, .trees = trees};
    for (int l = plan->root_level; status == PVR_OK && l <= plan->max_level; l++) {
        build.level = l;
        status = build_level(&build, job, error);
        pvr_octs_free(&plan->octs[l]);
    }
    if (status != PVR_OK) {
        pvr_octree_release(octree);
        return status;
    }
    pvr_octree_number_cells(octree);
    *result = octree;
    return PVR_OK;
}
