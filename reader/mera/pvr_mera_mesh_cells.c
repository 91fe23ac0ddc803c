/* pvr_mera_mesh_cells.c - the cells that a Mera file lists, as an octree. */
#include "pvr_mera_loading.h"
#include "pvr_tree_set.h"

#include <math.h>
#include <string.h>

size_t pvr_mera_column_room(const struct pvr_mera_table *table) {
    return (size_t)pvr_jld2_column_room(table->nrows * sizeof(double));
}

struct pvr_jld2_column pvr_mera_column_of(const struct pvr_mera_table *table, int column,
                                          void *out) {
    return (struct pvr_jld2_column){&table->column[column].object, table->column[column].name, out};
}

void *pvr_mera_take_memory(struct pvr_mera_loading *loading, size_t bytes) {
    for (int i = loading->nkept; i > 0; i--) {
        struct pvr_mera_kept *kept = &loading->kept[i - 1];
        if (kept->bytes == bytes) {
            void *memory = kept->memory;
            *kept = loading->kept[--loading->nkept];
            return memory;
        }
    }
    return pvr_large_alloc(bytes);
}

void pvr_mera_keep_memory(struct pvr_mera_loading *loading, void *memory, size_t bytes) {
    if (memory == NULL || loading->nkept == PVR_MERA_MOST_KEPT) {
        pvr_large_free(memory, bytes);
    } else {
        loading->kept[loading->nkept++] = (struct pvr_mera_kept){memory, bytes};
    }
}

void pvr_mera_drop_memory(struct pvr_mera_loading *loading, int count) {
    while (loading->nkept > count) {
        struct pvr_mera_kept *kept = &loading->kept[--loading->nkept];
        pvr_large_free(kept->memory, kept->bytes);
    }
}

/* Keeps the memory of a list of leaves. */
static void keep_leaves(struct pvr_mera_loading *loading, struct pvr_leaves *leaves) {
    pvr_mera_keep_memory(loading, leaves->key, leaves->buffer);
    pvr_mera_keep_memory(loading, leaves->spare[0], leaves->buffer);
    pvr_mera_keep_memory(loading, leaves->spare[1], leaves->buffer);
    leaves->key = leaves->spare[0] = leaves->spare[1] = NULL;
}

static struct pvr_whole_column whole_of(const struct pvr_jld2_column *column) {
    return (struct pvr_whole_column){column->out, (int)column->object->type->size};
}

static void fill_level(uint64_t *out, uint64_t count, int level) {
    for (uint64_t i = 0; i < count; i++) {
        out[i] = (uint64_t)level;
    }
}

enum pvr_status pvr_mera_read_places(struct pvr_mera_loading *loading, enum pvr_mera_kind kind,
                                     struct pvr_leaves *leaves, struct pvr_error *error) {
    static const char *const names[] = {"level", "cx", "cy", "cz"};
    const struct pvr_mera_table *table = &loading->mera->table[kind];
    int ndim = loading->mera->info.ndim;
    enum pvr_status status = pvr_leaves_begin(
        leaves, ndim, table->nrows, pvr_mera_column_room(table), loading->mera->path, error);
    for (int pair = 0; status == PVR_OK && pair <= (ndim > 1); pair++) {
        struct pvr_jld2_column columns[2];
        struct pvr_whole_column whole[2] = {{NULL, 8}, {NULL, 8}};
        int count = 0;
        for (int i = 0; i < (pair == 0 || ndim == 3 ? 2 : 1); i++) {
            int column = pvr_mera_column_find(table, names[2 * pair + i]);
            if (column < 0) { /* of a uniform grid */
                fill_level(leaves->spare[i], table->nrows, table->uniform);
                whole[i].data = leaves->spare[i];
            } else {
                columns[count] = pvr_mera_column_of(table, column, leaves->spare[i]);
                whole[i] = whole_of(&columns[count++]);
            }
        }
        status = pvr_jld2_columns_read_in(&loading->source, columns, count, leaves->buffer,
                                          loading->job, error);
        if (status == PVR_OK && pair == 0) {
            status = pvr_leaves_take_first(leaves, whole[0], whole[1], loading->job, error);
        } else if (status == PVR_OK) {
            status = pvr_leaves_take_rest(leaves, whole[0], whole[1], loading->job, error);
        }
    }
    if (status == PVR_OK && ndim == 1) {
        struct pvr_whole_column none = {NULL, 8};
        status = pvr_leaves_take_rest(leaves, none, none, loading->job, error);
    }
    return status;
}

static bool is_in_trees(const void *context, int level, const uint32_t at[3]) {
    return pvr_tree_set_has(context, level, at);
}

/* Keeps the cells of the rank's trees. The grid of trees is that of all ranks. */
static enum pvr_status keep_trees(struct pvr_mera_loading *loading, struct pvr_leaves *leaves,
                                  struct pvr_error *error) {
    const struct pvr_mesh_request *request = loading->request;
    struct pvr_tree_set trees;
    uint32_t first[3], last[3];
    memcpy(first, leaves->first, sizeof first);
    memcpy(last, leaves->last, sizeof last);
    enum pvr_status status =
        pvr_tree_set_make(request->split, leaves->ndim, request->rank, &trees, error);
    if (status == PVR_OK) {
        status =
            pvr_leaves_select(leaves, request->max_level, is_in_trees, &trees, loading->job, error);
    }
    pvr_tree_set_free(&trees);
    memcpy(leaves->first, first, sizeof first);
    memcpy(leaves->last, last, sizeof last);
    leaves->root = request->split->root_level;
    return status;
}

static bool is_wanted(const void *context, int level, const uint32_t at[3]) {
    return pvr_selection_has_leaf(context, level, at);
}

/* Across a periodic border the region is shown in one piece, where its middle is. */
static void turn_leaves(const struct pvr_selection *selection, double boxlen,
                        struct pvr_leaves *leaves) {
    for (int axis = 0; axis < leaves->ndim; axis++) {
        double middle = selection->middle[axis] / boxlen, in_box = middle - floor(middle);
        if (selection->joined[axis]) { /* at most half of the axis */
            leaves->turn[axis] = in_box < 0.25 || in_box > 0.75;
            leaves->boxes[axis] = (int)floor(leaves->turn[axis] ? middle + 0.5 : middle);
        }
    }
}

/* Keeps the cells of the region and of the rank, sorts, builds. */
static enum pvr_status build(struct pvr_mera_loading *loading, struct pvr_leaves *leaves,
                             struct pvr_octree **octree, struct pvr_leaf_map *map,
                             struct pvr_error *error) {
    int max_level = loading->request->max_level;
    enum pvr_status status = PVR_OK;
    if (pvr_mesh_wants_region(loading->request)) {
        turn_leaves(&loading->selection, loading->mera->info.boxlen, leaves);
        status = pvr_leaves_select(leaves, max_level, is_wanted, &loading->selection, loading->job,
                                   error);
    }
    if (status == PVR_OK && leaves->count > 0 && loading->request->split != NULL &&
        loading->request->split->nranks > 1) {
        status = keep_trees(loading, leaves, error);
    }
    if (status == PVR_OK) {
        status = pvr_leaves_sort(leaves, loading->job, error);
    }
    return status != PVR_OK ? status
                            : pvr_leaves_build(leaves, loading->mera->info.boxlen, max_level,
                                               loading->job, octree, map, error);
}

enum pvr_status pvr_mera_load_structure(struct pvr_mera_loading *loading, struct pvr_error *error) {
    struct pvr_leaves leaves = {.count = 0};
    struct pvr_mera_cells *cells = &loading->cells[loading->kind];
    enum pvr_status status = pvr_mera_read_places(loading, loading->kind, &leaves, error);
    loading->hash = leaves.hash;
    if (status == PVR_OK) {
        status = build(loading, &leaves, &loading->mesh->octree, &cells->map, error);
    }
    keep_leaves(loading, &leaves);
    cells->known = status == PVR_OK;
    cells->use = &cells->map;
    return status;
}

static bool same_octree(const struct pvr_octree *a, const struct pvr_octree *b) {
    bool same = a->root_level == b->root_level && a->max_level == b->max_level &&
                a->ncells == b->ncells && a->noutside == b->noutside &&
                memcmp(a->root_dims, b->root_dims, sizeof a->root_dims) == 0 &&
                memcmp(a->origin, b->origin, sizeof a->origin) == 0;
    for (int l = a->root_level; same && l <= a->max_level; l++) {
        const struct pvr_octree_level *x = &a->level[l], *y = &b->level[l];
        uint64_t bytes = l > a->root_level ? x->noct : (a->ntrees + 7) / 8;
        same = x->noct == y->noct && memcmp(x->refined, y->refined, bytes) == 0 &&
               (x->outside == NULL) == (y->outside == NULL) &&
               (x->outside == NULL || memcmp(x->outside, y->outside, bytes) == 0);
    }
    return same;
}

enum pvr_status pvr_mera_know_cells(struct pvr_mera_loading *loading, enum pvr_mera_kind kind,
                                    struct pvr_error *error) {
    struct pvr_mera_cells *cells = &loading->cells[kind];
    if (cells->known) {
        return PVR_OK;
    }
    struct pvr_leaves leaves = {.count = 0};
    struct pvr_octree *octree = NULL;
    const struct pvr_leaf_map *mesh_map = &loading->cells[loading->kind].map;
    enum pvr_status status = pvr_mera_read_places(loading, kind, &leaves, error);
    if (status == PVR_OK && leaves.hash == loading->hash &&
        leaves.room == loading->mera->table[loading->kind].nrows) {
        cells->use = mesh_map;
    } else if (status == PVR_OK) {
        status = build(loading, &leaves, &octree, &cells->map, error);
        if (status == PVR_OK && !same_octree(octree, loading->mesh->octree)) {
            status = pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                              "%s: the cells of %s are not those of %s: the two cannot be read as "
                              "one mesh",
                              loading->mera->path, pvr_mera_kind_name(kind),
                              pvr_mera_kind_name(loading->kind));
        }
        cells->use = &cells->map;
    }
    keep_leaves(loading, &leaves);
    pvr_octree_release(octree);
    cells->known = status == PVR_OK;
    return status;
}
