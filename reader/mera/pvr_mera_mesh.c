/* pvr_mera_mesh.c - load a Mera file's mesh: its leaf cells as an octree, then fields. */
#include "pvr_expand.h"
#include "pvr_jld2_columns.h"
#include "pvr_mera_fill.h"
#include "pvr_mera_output.h"
#include "pvr_mesh_plan.h"
#include "pvr_tree_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST_COLUMNS = 2, /* that are in memory at a time */
    ROW_BYTES = 24,    /* of memory besides the arrays: what this may need for a row */
    MOST_KEPT = 3
};

/* One component of an array, and the columns that it needs. */
struct item {
    struct pvr_array *array;
    enum pvr_mera_kind kind;
    int component;
    double factor;
    int column, partner, weight; /* of the kind's table; -1: none */
    bool done;
};

/* A kind's cells. */
struct cells {
    bool known;
    struct pvr_leaf_map map; /* empty if `same` */
    const struct pvr_leaf_map *use;
};

struct loading {
    struct pvr_snapshot *snapshot;
    const struct pvr_mera *mera;
    const struct pvr_mesh_request *request;
    struct pvr_job *job;
    struct pvr_jld2_source source;
    enum pvr_mera_kind kind;        /* whose cells are the mesh */
    struct pvr_selection selection; /* of a request with a region */
    struct pvr_mesh *mesh;
    struct pvr_target *target;
    struct cells cells[PVR_MERA_KINDS];
    uint64_t hash; /* of the mesh's list of cells */
    int nitems;
    struct item *item;
    int nkept;
    struct kept {
        void *memory;
        size_t bytes;
    } kept[MOST_KEPT];
    struct pvr_array *density; /* to weigh with: an array of the mesh, or one more */
};

/* ---- structure --------------------------------------------------------------------------------
 */

/* Bytes of the memory of any column of a table: none has wider values. */
static size_t column_room(const struct pvr_mera_table *table) {
    return (size_t)pvr_jld2_column_room(table->nrows * sizeof(double));
}

static struct pvr_jld2_column column_of(const struct pvr_mera_table *table, int column, void *out) {
    return (struct pvr_jld2_column){&table->column[column].object, table->column[column].name, out};
}

/* Memory of columns that is not in use, kept because fresh memory costs more than all else. */
static void *take_memory(struct loading *loading, size_t bytes) {
    for (int i = loading->nkept; i > 0; i--) {
        struct kept *kept = &loading->kept[i - 1];
        if (kept->bytes == bytes) {
            void *memory = kept->memory;
            *kept = loading->kept[--loading->nkept];
            return memory;
        }
    }
    return pvr_large_alloc(bytes);
}

static void keep_memory(struct loading *loading, void *memory, size_t bytes) {
    if (memory == NULL || loading->nkept == MOST_KEPT) {
        pvr_large_free(memory, bytes);
    } else {
        loading->kept[loading->nkept++] = (struct kept){memory, bytes};
    }
}

/* Lets all but `count` go. */
static void drop_memory(struct loading *loading, int count) {
    while (loading->nkept > count) {
        struct kept *kept = &loading->kept[--loading->nkept];
        pvr_large_free(kept->memory, kept->bytes);
    }
}

/* Keeps the memory of a list of leaves. */
static void keep_leaves(struct loading *loading, struct pvr_leaves *leaves) {
    keep_memory(loading, leaves->key, leaves->buffer);
    keep_memory(loading, leaves->spare[0], leaves->buffer);
    keep_memory(loading, leaves->spare[1], leaves->buffer);
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

/* Reads the places of a kind's cells: two columns at a time. */
static enum pvr_status read_places(struct loading *loading, enum pvr_mera_kind kind,
                                   struct pvr_leaves *leaves, struct pvr_error *error) {
    static const char *const names[] = {"level", "cx", "cy", "cz"};
    const struct pvr_mera_table *table = &loading->mera->table[kind];
    int ndim = loading->mera->info.ndim;
    enum pvr_status status = pvr_leaves_begin(leaves, ndim, table->nrows, column_room(table),
                                              loading->mera->path, error);
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
                columns[count] = column_of(table, column, leaves->spare[i]);
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
static enum pvr_status keep_trees(struct loading *loading, struct pvr_leaves *leaves,
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
static enum pvr_status build(struct loading *loading, struct pvr_leaves *leaves,
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

static enum pvr_status load_structure(struct loading *loading, struct pvr_error *error) {
    struct pvr_leaves leaves = {.count = 0};
    struct cells *cells = &loading->cells[loading->kind];
    enum pvr_status status = read_places(loading, loading->kind, &leaves, error);
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

/* Where the values of another kind than the mesh's go. Its rows mostly list the same cells in the
 * same order; else they may list them in another one. */
static enum pvr_status know_cells(struct loading *loading, enum pvr_mera_kind kind,
                                  struct pvr_error *error) {
    struct cells *cells = &loading->cells[kind];
    if (cells->known) {
        return PVR_OK;
    }
    struct pvr_leaves leaves = {.count = 0};
    struct pvr_octree *octree = NULL;
    const struct pvr_leaf_map *mesh_map = &loading->cells[loading->kind].map;
    enum pvr_status status = read_places(loading, kind, &leaves, error);
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

/* ---- what is asked for ------------------------------------------------------------------------
 */

/* Is the target a quantity of the mass? */
static bool is_of_mass(const struct loading *loading, const struct pvr_target *target) {
    const struct pvr_field_table *table = &loading->snapshot->fields;
    for (int i = 0; i < table->nvariables; i++) {
        const struct pvr_variable *variable = &table->variable[i];
        if (variable->kind == PVR_HYDRO && target->kind == PVR_HYDRO &&
            variable->column == target->column[0]) {
            return variable->dimension == PVR_VELOCITY || variable->dimension == PVR_DIMENSIONLESS;
        }
    }
    return false;
}

/* Number of the table's column with the density, or -1. */
static int density_column(const struct loading *loading) {
    const struct pvr_mera_table *table = &loading->mera->table[PVR_MERA_HYDRO];
    int variable = pvr_variable_find(&loading->snapshot->fields, "density");
    if (!table->present || variable < 0 ||
        loading->snapshot->fields.variable[variable].kind != PVR_HYDRO) {
        return -1;
    }
    return table->value[loading->snapshot->fields.variable[variable].column];
}

static enum pvr_status check_request(const struct loading *loading, struct pvr_error *error) {
    const struct pvr_mesh_request *request = loading->request;
    if (loading->kind == PVR_MERA_KINDS) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "%s: has no cells: neither hydro nor gravity nor rt", loading->mera->path);
    }
    if (request->max_level < 0 ||
        (request->precision != PVR_FLOAT32 && request->precision != PVR_FLOAT64)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "a mesh is asked for with level %d and type %d: not what this library "
                        "takes",
                        request->max_level, (int)request->precision);
    }
    return PVR_OK;
}

/* Lists the components of all arrays; reserves their memory. */
static enum pvr_status make_items(struct loading *loading, struct pvr_error *error) {
    struct pvr_mesh *mesh = loading->mesh;
    bool merged = loading->cells[loading->kind].map.merged, weigh = false;
    int density = density_column(loading);
    loading->item = calloc(3 * (size_t)mesh->narrays + 1, sizeof *loading->item);
    if (loading->item == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of components");
    }
    enum pvr_status status = PVR_OK;
    for (int i = 0; status == PVR_OK && i < mesh->narrays; i++) {
        struct pvr_target *target = &loading->target[i];
        status = pvr_array_new(pvr_target_type(target, loading->request->precision),
                               target->ncomponents, mesh->octree->ncells, &target->array, error);
        mesh->arrays[i].array = target->array;
        bool columns = target->source == PVR_TARGET_COLUMNS;
        enum pvr_mera_kind kind = columns ? pvr_mera_kind_of(target->kind) : loading->kind;
        const struct pvr_mera_table *table = &loading->mera->table[kind];
        bool of_mass = columns && density >= 0 && is_of_mass(loading, target);
        weigh = weigh || of_mass;
        if (status == PVR_OK && target->source == PVR_TARGET_DOMAIN) {
            int cpu = pvr_mera_column_find(table, "cpu");
            if (cpu < 0) {
                return pvr_fail(error, PVR_ERROR_ARGUMENT,
                                "%s: has no field called domain: it was saved without cpu",
                                loading->mera->path);
            }
            loading->item[loading->nitems++] =
                (struct item){target->array, kind, 0, 1, cpu, -1, -1, false};
        }
        for (int v = 0; status == PVR_OK && columns && v < target->nvalues; v++) {
            struct item *item = &loading->item[loading->nitems++];
            *item = (struct item){.array = target->array, .kind = kind};
            item->component = target->component[v];
            item->factor = target->factor;
            item->column = table->value[target->column[v]];
            item->partner = target->ncolumns > target->nvalues
                                ? table->value[target->column[target->nvalues + v]]
                                : -1;
            item->weight = of_mass && merged ? density : -1;
            if (kind == PVR_MERA_HYDRO && item->column == density) {
                loading->density = target->array;
            }
        }
    }
    if (status == PVR_OK && weigh && loading->density == NULL) {
        status = pvr_array_new(loading->request->precision, 1, mesh->octree->ncells,
                               &loading->density, error);
        loading->item[loading->nitems++] =
            (struct item){loading->density, PVR_MERA_HYDRO, 0, 1, density, -1, -1, false};
    }
    return status;
}

/* ---- fields -----------------------------------------------------------------------------------
 */

/* The columns that are in memory together. */
struct round {
    enum pvr_mera_kind kind;
    int ncolumns, most;
    int *column;
    struct pvr_jld2_column *read;
    int nfills;
    struct pvr_fill *fill;
};

static void *find_read(const struct round *round, int column) {
    for (int i = 0; i < round->ncolumns; i++) {
        if (round->column[i] == column) {
            return round->read[i].out;
        }
    }
    return NULL;
}

static bool has(const struct round *round, int column) {
    for (int i = 0; i < round->ncolumns; i++) {
        if (round->column[i] == column) {
            return true;
        }
    }
    return column < 0;
}

/* Takes the item's columns into the round if they fit. */
static bool add_item(struct round *round, const struct item *item) {
    const int columns[] = {item->column, item->partner, item->weight};
    int more = 0;
    for (int i = 0; i < 3; i++) {
        more += !has(round, columns[i]);
    }
    if (round->ncolumns > 0 && round->ncolumns + more > round->most) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        if (!has(round, columns[i])) {
            round->column[round->ncolumns++] = columns[i];
        }
    }
    return true;
}

/* How many columns may be in memory: no more than ROW_BYTES of a row and the arrays that are not
 * filled yet allow. */
static int most_columns(const struct loading *loading, const struct pvr_mera_table *table,
                        int waiting) {
    uint64_t cells = loading->mesh->octree->ncells, column = table->nrows * sizeof(double);
    uint64_t array = cells * pvr_type_bytes(loading->request->precision);
    uint64_t room = ROW_BYTES * table->nrows, maps = 0;
    for (int kind = 0; kind < PVR_MERA_KINDS; kind++) {
        const struct pvr_leaf_map *map = &loading->cells[kind].map;
        maps += map->ncells * sizeof *map->source;
        maps += map->row != NULL ? map->nrows * (sizeof *map->row + 2) : 0;
    }
    room = room > maps ? room - maps : 0;
    bool scratch = false;
    for (int i = 0; i < table->ncolumns; i++) {
        scratch = scratch || pvr_expand_needs_scratch(&table->column[i].object);
    }
    /* n columns fill about n components: n (column + array) <= room + waiting * array */
    uint64_t most = (room + (uint64_t)waiting * array) / (column * (scratch ? 2 : 1) + array + 1);
    return most < LEAST_COLUMNS ? LEAST_COLUMNS : most > 64 ? 64 : (int)most;
}

static enum pvr_status run_round(struct loading *loading, struct round *round,
                                 struct pvr_error *error) {
    const struct pvr_mera_table *table = &loading->mera->table[round->kind];
    size_t bytes = column_room(table);
    enum pvr_status status = PVR_OK;
    drop_memory(loading, round->ncolumns);
    for (int i = 0; i < round->ncolumns; i++) {
        void *out = take_memory(loading, bytes);
        round->read[i] = column_of(table, round->column[i], out);
        if (out == NULL) {
            status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a column of %llu rows",
                              (unsigned long long)table->nrows);
        }
    }
    if (status == PVR_OK) {
        status = pvr_jld2_columns_read_in(&loading->source, round->read, round->ncolumns, bytes,
                                          loading->job, error);
    }
    round->nfills = 0;
    for (int i = 0; status == PVR_OK && i < loading->nitems; i++) {
        struct item *item = &loading->item[i];
        if (item->done || item->kind != round->kind || !has(round, item->column) ||
            !has(round, item->partner) || !has(round, item->weight)) {
            continue;
        }
        item->done = true;
        const struct pvr_jld2_type *weight_type =
            item->weight >= 0 ? table->column[item->weight].object.type : NULL;
        round->fill[round->nfills++] =
            (struct pvr_fill){.map = loading->cells[round->kind].use,
                              .array = item->array,
                              .component = item->component,
                              .factor = item->factor,
                              .type = table->column[item->column].object.type,
                              .column = find_read(round, item->column),
                              .partner = find_read(round, item->partner),
                              .weight_type = weight_type,
                              .weight = find_read(round, item->weight)};
    }
    if (status == PVR_OK) {
        status =
            pvr_fill_leaves(loading->mesh->octree, round->fill, round->nfills, loading->job, error);
    }
    for (int i = 0; i < round->ncolumns; i++) {
        keep_memory(loading, round->read[i].out, bytes);
    }
    return status;
}

static enum pvr_status fill_arrays(struct loading *loading, struct pvr_error *error) {
    int n = loading->nitems + 3;
    struct round round = {.column = calloc((size_t)n * 3, sizeof *round.column),
                          .read = calloc((size_t)n * 3, sizeof *round.read),
                          .fill = calloc((size_t)n, sizeof *round.fill)};
    enum pvr_status status =
        round.column != NULL && round.read != NULL && round.fill != NULL
            ? PVR_OK
            : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for lists of columns");
    for (int first = 0; status == PVR_OK && first < loading->nitems;) {
        if (loading->item[first].done) {
            first++;
            continue;
        }
        round.kind = loading->item[first].kind;
        round.ncolumns = 0;
        int waiting = 0;
        for (int i = first; i < loading->nitems; i++) {
            waiting += !loading->item[i].done;
        }
        status = know_cells(loading, round.kind, error);
        round.most = most_columns(loading, &loading->mera->table[round.kind], waiting);
        for (int i = first; status == PVR_OK && i < loading->nitems; i++) {
            if (!loading->item[i].done && loading->item[i].kind == round.kind) {
                add_item(&round, &loading->item[i]);
            }
        }
        if (status == PVR_OK) {
            status = run_round(loading, &round, error);
        }
    }
    free(round.column);
    free(round.read);
    free(round.fill);
    return status;
}

static enum pvr_status fill_others(struct loading *loading, struct pvr_error *error) {
    struct pvr_mesh *mesh = loading->mesh;
    struct pvr_coarse *coarse = calloc((size_t)mesh->narrays + 2, sizeof *coarse);
    enum pvr_status status =
        coarse != NULL ? PVR_OK
                       : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of arrays");
    int count = 0;
    bool listed = false;
    for (int i = 0; status == PVR_OK && i < mesh->narrays; i++) {
        const struct pvr_target *target = &loading->target[i];
        if (target->source == PVR_TARGET_LEVEL) {
            status = pvr_fill_levels(mesh->octree, target->array, loading->job, error);
            continue;
        }
        bool of_mass = target->source == PVR_TARGET_COLUMNS && is_of_mass(loading, target);
        coarse[count++] = (struct pvr_coarse){target->array, of_mass ? loading->density : NULL};
        listed = listed || target->array == loading->density;
    }
    if (status == PVR_OK && loading->density != NULL && !listed) {
        coarse[count++] = (struct pvr_coarse){loading->density, NULL};
    }
    if (status == PVR_OK && count > 0) {
        status = pvr_fill_refined(mesh->octree, coarse, count, loading->job, error);
    }
    free(coarse);
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static enum pvr_status begin(struct loading *loading, struct pvr_error *error) {
    const struct pvr_mesh_request *request = loading->request;
    size_t nfields = request->nfields > 0 ? (size_t)request->nfields : 0;
    enum pvr_status status = check_request(loading, error);
    if (status != PVR_OK) {
        return status;
    }
    loading->mesh = calloc(1, sizeof *loading->mesh);
    loading->target = calloc(nfields + 1, sizeof *loading->target);
    if (loading->mesh != NULL) {
        loading->mesh->arrays = calloc(nfields + 1, sizeof *loading->mesh->arrays);
    }
    if (loading->mesh == NULL || loading->target == NULL || loading->mesh->arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %zu fields", nfields);
    }
    loading->mesh->narrays = (int)nfields;
    if (pvr_mesh_wants_region(request)) {
        status = pvr_region_check(request->region, error);
        if (status == PVR_OK) {
            status = pvr_selection_make(&loading->snapshot->layout, request->region,
                                        &loading->selection, error);
        }
    }
    if (status == PVR_OK) {
        status =
            pvr_targets_make(loading->snapshot, request, loading->mesh, loading->target, error);
    }
    return status != PVR_OK ? status
                            : pvr_jld2_source_open(loading->mera->path, &loading->mera->identity,
                                                   &loading->source, error);
}

/* Bytes of the file that the mesh and its fields take. */
static uint64_t file_bytes(const struct loading *loading) {
    uint64_t bytes = 0;
    for (int kind = 0; kind <= PVR_MERA_RT; kind++) {
        const struct pvr_mera_table *table = &loading->mera->table[kind];
        bool wanted = (enum pvr_mera_kind)kind == loading->kind;
        uint64_t values = 0;
        for (int i = 0; i < loading->mesh->narrays; i++) {
            const struct pvr_target *target = &loading->target[i];
            bool own = target->source == PVR_TARGET_COLUMNS &&
                       pvr_mera_kind_of(target->kind) == (enum pvr_mera_kind)kind;
            for (int c = 0; own && c < target->ncolumns; c++) {
                int column = table->value[target->column[c]];
                values += pvr_jld2_column_stored(&table->column[column].object);
            }
            wanted = wanted || own;
        }
        for (int c = 0; wanted && c < table->ncolumns; c++) {
            const char *name = table->column[c].name;
            if (strcmp(name, "level") == 0 ||
                (name[0] == 'c' && strchr("xyz", name[1]) && name[1] != '\0' && name[2] == '\0')) {
                bytes += pvr_jld2_column_stored(&table->column[c].object);
            }
        }
        bytes += values;
    }
    return bytes;
}

enum pvr_status pvr_mera_mesh_load(struct pvr_snapshot *snapshot,
                                   const struct pvr_mesh_request *request,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_mesh **mesh,
                                   struct pvr_error *error) {
    *mesh = NULL;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    struct loading loading = {
        .snapshot = snapshot, .mera = snapshot->mera, .request = request, .job = &job};
    loading.source.fd = -1;
    loading.kind = pvr_mera_mesh_kind(snapshot->mera);
    status = begin(&loading, error);
    if (status == PVR_OK) {
        pvr_job_expect(&job, file_bytes(&loading));
        status = load_structure(&loading, error);
    }
    if (status == PVR_OK) {
        status = make_items(&loading, error);
    }
    if (status == PVR_OK) {
        status = fill_arrays(&loading, error);
    }
    if (status == PVR_OK) {
        status = fill_others(&loading, error);
    }
    if (status == PVR_OK) {
        status = pvr_jld2_source_check(&loading.source, error);
    }
    bool own = loading.density != NULL;
    for (int i = 0; loading.mesh != NULL && i < loading.mesh->narrays; i++) {
        own = own && loading.mesh->arrays[i].array != loading.density;
    }
    if (own) {
        pvr_array_release(loading.density);
    }
    for (int kind = 0; kind < PVR_MERA_KINDS; kind++) {
        pvr_leaf_map_free(&loading.cells[kind].map);
    }
    drop_memory(&loading, 0);
    pvr_jld2_source_close(&loading.source);
    pvr_selection_free(&loading.selection);
    free(loading.item);
    free(loading.target);
    pvr_job_end(&job, status == PVR_OK ? &loading.mesh->report : NULL);
    if (status != PVR_OK) {
        pvr_mesh_free(loading.mesh);
        return status;
    }
    *mesh = loading.mesh;
    return PVR_OK;
}

enum pvr_status pvr_mera_read_leaves(struct pvr_snapshot *snapshot,
                                     const struct pvr_threads *threads, struct pvr_leaves *leaves,
                                     struct pvr_error *error) {
    struct pvr_job job;
    memset(leaves, 0, sizeof *leaves);
    enum pvr_mera_kind kind = pvr_mera_mesh_kind(snapshot->mera);
    enum pvr_status status =
        kind != PVR_MERA_KINDS ? pvr_job_begin(&job, threads, NULL, NULL, error) : PVR_OK;
    if (status != PVR_OK || kind == PVR_MERA_KINDS) {
        return status;
    }
    struct loading loading = {.snapshot = snapshot, .mera = snapshot->mera, .job = &job};
    status = pvr_jld2_source_open(snapshot->mera->path, &snapshot->mera->identity, &loading.source,
                                  error);
    if (status == PVR_OK) {
        status = read_places(&loading, kind, leaves, error);
    }
    pvr_jld2_source_close(&loading.source);
    pvr_job_end(&job, NULL);
    return status;
}

/* Counts rows by level. */
enum pvr_status pvr_mera_snapshot_levels(struct pvr_snapshot *snapshot,
                                         const struct pvr_threads *threads,
                                         struct pvr_level_count *levels, int *nlevels,
                                         struct pvr_error *error) {
    struct pvr_leaves leaves;
    *nlevels = 0;
    enum pvr_status status = pvr_mera_read_leaves(snapshot, threads, &leaves, error);
    for (int l = 1; status == PVR_OK && l < PVR_MAX_LEVELS; l++) {
        levels[l - 1] = (struct pvr_level_count){.leaf_cells = leaves.per_level[l]};
        *nlevels = leaves.per_level[l] > 0 ? l : *nlevels;
    }
    /* every oct has 2^ndim cells; of a part of a box some are outside */
    uint64_t below = 0, cells = (uint64_t)1 << snapshot->info.ndim;
    for (int l = *nlevels; status == PVR_OK && l >= 1; l--) {
        struct pvr_level_count *level = &levels[l - 1];
        level->octs = (level->leaf_cells + below + cells - 1) / cells;
        level->cells = level->octs * cells;
        below = level->octs;
    }
    pvr_leaves_free(&leaves);
    return status;
}

enum pvr_status pvr_mera_mesh_bytes(struct pvr_snapshot *snapshot,
                                    const struct pvr_mesh_request *request,
                                    const struct pvr_threads *threads, uint64_t *bytes,
                                    struct pvr_error *error) {
    struct pvr_level_count levels[64];
    int nlevels;
    enum pvr_status status = pvr_mera_snapshot_levels(snapshot, threads, levels, &nlevels, error);
    uint64_t cells = 0;
    int last =
        request->max_level > 0 && request->max_level < nlevels ? request->max_level : nlevels;
    for (int l = 1; status == PVR_OK && l <= last; l++) {
        /* cells of the deepest level that is asked for, and the leaves above */
        cells += l < last ? levels[l - 1].leaf_cells + levels[l].octs : levels[l - 1].cells;
    }
    for (int i = 0; status == PVR_OK && i < request->nfields; i++) {
        int field = pvr_field_find(&snapshot->fields, request->fields[i]);
        bool level = field < 0 && strcmp(request->fields[i], PVR_FIELD_LEVEL) == 0;
        uint64_t width = level ? 1 : pvr_type_bytes(request->precision);
        *bytes +=
            cells * width * (field >= 0 ? (uint64_t)snapshot->fields.field[field].ncomponents : 1);
    }
    return status;
}
