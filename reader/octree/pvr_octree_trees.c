/* pvr_octree_trees.c - an octree from trees that know the children of their vertices.
 *
 * Two runs over the trees: the first counts the octs of each tree on each level, which gives their
 * places; the second sets the bits there. A tree that is breadth first, with nothing hidden, is
 * read from front to back; another one level by level, with the list of a level's vertices.
 */
#include "pvr_octree_trees.h"

#include "pvr_memory.h"
#include "pvr_octree_build.h"
#include "pvr_octree_rank.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* Flags of a tree, found by the first run. */
enum { ROOT_REFINED = 1, ROOT_OUTSIDE = 2, NOT_IN_ORDER = 4 };

struct making {
    const struct pvr_trees *trees;
    struct pvr_octree *octree;
    int nlevels;       /* most of a tree, the roots' included */
    int limit;         /* as many are taken at most */
    uint32_t **noct;   /* [depth][tree], depth 1 .. nlevels - 1 */
    uint8_t *flags;    /* [tree] */
    uint64_t *outside; /* [tree] leaves that are outside */
    uint64_t ncells;   /* of all trees */
    uint32_t *order;   /* null: all trees are in order */
    uint64_t *first;   /* [tree] cells of the trees before */
};

/* A level's vertices, and what is hidden of them from above. */
struct list {
    uint32_t *vertex;
    uint8_t *hidden;
    uint64_t count, room;
};

static inline uint32_t child_of(const struct pvr_tree *tree, uint64_t vertex) {
    return vertex < tree->nchild ? tree->child[vertex] : PVR_NO_CHILD;
}

static enum pvr_status fail_tree(uint64_t tree, const char *problem, struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_FORMAT, "tree %llu %s", (ull)tree, problem);
}

static bool list_reserve(struct list *list, uint64_t count) {
    if (count <= list->room) {
        return true;
    }
    uint64_t room = count + count / 2;
    uint32_t *vertex = realloc(list->vertex, room * sizeof *vertex);
    if (vertex != NULL) {
        list->vertex = vertex;
    }
    uint8_t *hidden = realloc(list->hidden, room);
    if (hidden != NULL) {
        list->hidden = hidden;
    }
    list->room = vertex != NULL && hidden != NULL ? room : list->room;
    return vertex != NULL && hidden != NULL;
}

static void list_free(struct list *list) {
    free(list->vertex);
    free(list->hidden);
}

/* Are the vertices breadth first? Then the n-th refined one has the n-th group of children. Returns
 * the number of vertices, or 0. */
static uint64_t in_order(const struct pvr_tree *tree, uint32_t ncells) {
    uint64_t next = 1;
    for (uint64_t v = 0; v < tree->nchild && v < next; v++) {
        if (tree->child[v] != PVR_NO_CHILD) {
            if (tree->child[v] != next) {
                return 0;
            }
            next += ncells;
        }
    }
    return next;
}

/* Counts the octs of a tree that is in order and has nothing hidden. */
static enum pvr_status count_in_order(struct making *making, uint64_t t, struct pvr_error *error) {
    const struct pvr_tree *tree = &making->trees->tree[t];
    uint64_t begin = 0, end = 1;
    for (int depth = 1; begin < end && depth < making->limit; depth++) {
        uint64_t last = end < tree->nchild ? end : tree->nchild, octs = 0;
        for (uint64_t v = begin; v < last; v++) {
            octs += tree->child[v] != PVR_NO_CHILD;
        }
        if (octs > 0 && depth >= making->nlevels) {
            return fail_tree(t, "is deeper than it says", error);
        }
        if (octs > 0) {
            making->noct[depth][t] = (uint32_t)octs;
        }
        begin = end;
        end += octs * (uint64_t)making->octree->cells_per_oct;
    }
    return PVR_OK;
}

/* Sets the bits of a tree that is in order and has nothing hidden. */
static void fill_in_order(const struct making *making, uint64_t t) {
    const struct pvr_octree *octree = making->octree;
    const struct pvr_tree *tree = &making->trees->tree[t];
    const int ncells = octree->cells_per_oct;
    uint64_t vertex = 1;
    for (int l = octree->root_level + 1; l < octree->max_level; l++) { /* the last has leaves */
        const struct pvr_octree_level *level = &octree->level[l];
        for (uint64_t oct = level->tree_first[t]; oct < level->tree_first[t + 1]; oct++) {
            unsigned refined = 0;
            for (int c = 0; c < ncells; c++, vertex++) {
                refined |= (unsigned)(child_of(tree, vertex) != PVR_NO_CHILD) << c;
            }
            level->refined[oct] = (uint8_t)refined;
        }
    }
}

/* Goes through any tree level by level. Counts; or, with `fill`, sets bits and the order. */
static enum pvr_status walk_tree(struct making *making, uint64_t t, bool fill,
                                 struct pvr_error *error) {
    const struct pvr_trees *trees = making->trees;
    const struct pvr_tree *tree = &trees->tree[t];
    struct pvr_octree *octree = making->octree;
    const uint32_t ncells = (uint32_t)octree->cells_per_oct;
    struct list now = {NULL, NULL, 0, 0}, below = {NULL, NULL, 0, 0};
    enum pvr_status status = PVR_OK;
    uint64_t seen = 0;
    if (!list_reserve(&now, 1)) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    } else {
        now.vertex[0] = 0;
        now.hidden[0] = PVR_SHOWN;
        now.count = 1;
    }
    for (int depth = 0; status == PVR_OK && now.count > 0; depth++) {
        struct pvr_octree_level *level = &octree->level[octree->root_level + depth];
        uint64_t first = fill && depth > 0 ? level->tree_first[t] : 0;
        below.count = 0;
        for (uint64_t i = 0; i < now.count; i++, seen++) {
            uint32_t vertex = now.vertex[i];
            uint32_t child = depth + 1 < making->limit ? child_of(tree, vertex) : PVR_NO_CHILD;
            unsigned hidden = now.hidden[i];
            if (trees->hidden != NULL && hidden == PVR_SHOWN) {
                hidden = (unsigned)trees->hidden(trees->hidden_context, t, vertex);
            }
            bool refined = child != PVR_NO_CHILD, outside = !refined && hidden != PVR_SHOWN;
            if (fill && depth > 0) {
                level->refined[first + i / ncells] |= (uint8_t)((unsigned)refined << i % ncells);
                if (level->outside != NULL) {
                    level->outside[first + i / ncells] |=
                        (uint8_t)((unsigned)outside << i % ncells);
                }
            } else if (!fill) {
                making->outside[t] += outside;
                making->flags[t] |= vertex != seen ? NOT_IN_ORDER : 0;
                making->flags[t] |= depth == 0 && refined ? ROOT_REFINED : 0;
                making->flags[t] |= depth == 0 && outside ? ROOT_OUTSIDE : 0;
            }
            if (fill && making->order != NULL) {
                making->order[making->first[t] + seen] = vertex;
            }
            if (!refined) {
                continue;
            }
            if ((uint64_t)child + ncells > tree->nvertices ||
                seen + below.count >= tree->nvertices) {
                status = fail_tree(t, "has children that it does not have room for", error);
                break;
            }
            if (!list_reserve(&below, below.count + ncells)) {
                status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
                break;
            }
            for (uint32_t c = 0; c < ncells; c++, below.count++) {
                below.vertex[below.count] = child + c;
                below.hidden[below.count] = hidden == PVR_HIDDEN_TREE ? PVR_HIDDEN_TREE : PVR_SHOWN;
            }
        }
        if (status == PVR_OK && !fill && below.count > 0) {
            if (depth + 1 >= making->nlevels) {
                status = fail_tree(t, "is deeper than it says", error);
            } else {
                making->noct[depth + 1][t] = (uint32_t)(below.count / ncells);
            }
        }
        struct list swap = now;
        now = below;
        below = swap;
    }
    list_free(&now);
    list_free(&below);
    return status;
}

static enum pvr_status count_task(void *context, size_t t, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    struct making *making = context;
    const struct pvr_tree *tree = &making->trees->tree[t];
    const uint32_t ncells = (uint32_t)making->octree->cells_per_oct;
    if (tree->nvertices == 0) {
        making->flags[t] = ROOT_OUTSIDE;
        making->outside[t] = 1;
        return PVR_OK;
    }
    if (tree->nvertices > UINT32_MAX || (tree->nvertices - 1) % ncells != 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "tree %llu cannot have %llu vertices", (ull)t,
                        (ull)tree->nvertices);
    }
    if (making->trees->hidden != NULL) {
        return walk_tree(making, t, false, error);
    }
    uint64_t vertices = in_order(tree, ncells);
    if (vertices == 0 || vertices > tree->nvertices) {
        return walk_tree(making, t, false, error);
    }
    making->flags[t] = making->limit > 1 && child_of(tree, 0) != PVR_NO_CHILD ? ROOT_REFINED : 0;
    return count_in_order(making, t, error);
}

static enum pvr_status fill_task(void *context, size_t t, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    struct making *making = context;
    if (making->trees->tree[t].nvertices == 0) {
        return PVR_OK;
    }
    if (making->trees->hidden == NULL && making->order == NULL) {
        fill_in_order(making, t);
        return PVR_OK;
    }
    return walk_tree(making, t, true, error);
}

/* Memory for the leaves of a level that are outside, none yet. */
static enum pvr_status allocate_outside(struct pvr_octree *octree, int l, uint64_t nbytes,
                                        struct pvr_error *error) {
    uint64_t bytes = ((nbytes + 7) / 8 + 1) * 8;
    octree->level[l].outside = pvr_large_alloc(bytes);
    octree->bytes += bytes;
    return octree->level[l].outside != NULL
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the cells of level %d", l);
}

/* Allocates the levels; sets the first octs and cells of the trees and the roots' bits. */
static enum pvr_status place_trees(struct making *making, struct pvr_error *error) {
    struct pvr_octree *octree = making->octree;
    const int root = octree->root_level;
    uint64_t total[PVR_MAX_LEVELS + 1] = {0};
    for (int depth = 1; depth < making->nlevels; depth++) {
        for (uint64_t t = 0; t < octree->ntrees; t++) {
            total[depth] += making->noct[depth][t];
        }
        if (total[depth] >= UINT32_MAX) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "level %d has %llu octs; one process can hold %llu", root + depth,
                            (ull)total[depth], (ull)UINT32_MAX - 1);
        }
        octree->max_level = total[depth] > 0 ? root + depth : octree->max_level;
    }
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        octree->noutside += making->outside[t];
        making->first[t] = making->ncells++;
        for (int depth = 1; depth < making->nlevels; depth++) {
            making->ncells += making->noct[depth][t] * (uint64_t)octree->cells_per_oct;
        }
    }
    for (int l = root; l <= octree->max_level; l++) {
        uint64_t noct = l > root ? total[l - root] : octree->ntrees;
        uint64_t nbytes = l > root ? noct : (noct + 7) / 8;
        enum pvr_status status = pvr_octree_allocate_level(octree, l, noct, nbytes, error);
        if (status == PVR_OK && octree->noutside > 0) {
            status = allocate_outside(octree, l, nbytes, error);
        }
        if (status != PVR_OK) {
            return status;
        }
        struct pvr_octree_level *level = &octree->level[l];
        for (uint64_t t = 0; l > root && t < octree->ntrees; t++) {
            level->tree_first[t + 1] = level->tree_first[t] + making->noct[l - root][t];
        }
    }
    struct pvr_octree_level *roots = &octree->level[root];
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        roots->refined[t >> 3] |= (uint8_t)(((making->flags[t] & ROOT_REFINED) != 0) << (t & 7));
        if (roots->outside != NULL) {
            roots->outside[t >> 3] |=
                (uint8_t)(((making->flags[t] & ROOT_OUTSIDE) != 0) << (t & 7));
        }
    }
    return PVR_OK;
}

static enum pvr_status prepare(struct making *making, struct pvr_error *error) {
    const struct pvr_trees *trees = making->trees;
    struct pvr_octree *octree = calloc(1, sizeof *octree);
    making->octree = octree;
    if (octree == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an octree");
    }
    octree->references = 1;
    octree->bytes = sizeof *octree;
    octree->ndim = trees->ndim;
    octree->cells_per_oct = 1 << trees->ndim;
    octree->root_level = octree->max_level = trees->root_level;
    octree->ntrees = 1;
    for (int axis = 0; axis < 3; axis++) {
        octree->root_dims[axis] = axis < trees->ndim ? trees->root_dims[axis] : 1;
        octree->ntrees *= octree->root_dims[axis];
        octree->origin[axis] = trees->origin[axis];
        octree->size[axis] = trees->size[axis];
    }
    making->nlevels = 1;
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        making->nlevels =
            trees->tree[t].nlevels > making->nlevels ? trees->tree[t].nlevels : making->nlevels;
    }
    making->limit = trees->max_levels > 0 ? trees->max_levels : INT_MAX;
    making->nlevels = making->nlevels < making->limit ? making->nlevels : making->limit;
    int deepest = trees->root_level + making->nlevels - 1;
    for (int axis = 0; axis < 3; axis++) {
        if (deepest > PVR_MAX_LEVELS ||
            (uint64_t)octree->root_dims[axis] << (making->nlevels - 1) > UINT32_MAX) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "%d levels of cells below %u trees are too many", making->nlevels,
                            octree->root_dims[axis]);
        }
    }
    making->noct = calloc((size_t)making->nlevels, sizeof *making->noct);
    making->flags = calloc(octree->ntrees, 1);
    making->outside = calloc(octree->ntrees, sizeof *making->outside);
    making->first = calloc(octree->ntrees, sizeof *making->first);
    bool all = making->noct != NULL && making->flags != NULL && making->outside != NULL &&
               making->first != NULL;
    for (int depth = 1; all && depth < making->nlevels; depth++) {
        making->noct[depth] = calloc(octree->ntrees, sizeof *making->noct[depth]);
        all = making->noct[depth] != NULL;
    }
    return all ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu trees", (ull)octree->ntrees);
}

/* Makes the list of vertices if a tree is not in order. */
static enum pvr_status prepare_order(struct making *making, struct pvr_error *error) {
    unsigned flags = 0;
    for (uint64_t t = 0; t < making->octree->ntrees; t++) {
        flags |= making->flags[t];
    }
    if ((flags & NOT_IN_ORDER) == 0) {
        return PVR_OK;
    }
    making->order = pvr_large_alloc(making->ncells * sizeof *making->order);
    return making->order != NULL
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the order of %llu cells",
                          (ull)making->ncells);
}

static void number(struct pvr_octree *octree) {
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        struct pvr_octree_level *level = &octree->level[l];
        pvr_octree_count_refined(level,
                                 l > octree->root_level ? level->noct : (octree->ntrees + 7) / 8);
    }
    pvr_octree_number_cells(octree);
}

enum pvr_status pvr_octree_from_trees(const struct pvr_trees *trees,
                                      const struct pvr_threads *threads, struct pvr_octree **result,
                                      uint32_t **order, struct pvr_error *error) {
    *result = NULL;
    *order = NULL;
    struct making making = {.trees = trees};
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    status = prepare(&making, error);
    struct pvr_octree *octree = making.octree;
    if (status == PVR_OK) {
        status = pvr_job_run(&job, (size_t)octree->ntrees, NULL, count_task, NULL, &making, error);
    }
    if (status == PVR_OK) {
        status = place_trees(&making, error);
    }
    if (status == PVR_OK) {
        status = prepare_order(&making, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(&job, (size_t)octree->ntrees, NULL, fill_task, NULL, &making, error);
    }
    if (status == PVR_OK) {
        number(octree);
        *result = octree;
        *order = making.order;
    } else {
        pvr_large_free(making.order, making.ncells * sizeof *making.order);
        pvr_octree_release(octree);
    }
    for (int depth = 1; making.noct != NULL && depth < making.nlevels; depth++) {
        free(making.noct[depth]);
    }
    free(making.noct);
    free(making.flags);
    free(making.outside);
    free(making.first);
    pvr_job_end(&job, NULL);
    return status;
}
