/* pvr_mera_mesh_values.c - the values of a Mera file's mesh, some columns at a time. */
#include "pvr_expand.h"
#include "pvr_mera_loading.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST_COLUMNS = 2, /* that are in memory at a time */
    ROW_BYTES = 24     /* of memory besides the arrays: what this may need for a row */
};

/* Is the target a quantity of the mass? */
static bool is_of_mass(const struct pvr_mera_loading *loading, const struct pvr_target *target) {
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
static int density_column(const struct pvr_mera_loading *loading) {
    const struct pvr_mera_table *table = &loading->mera->table[PVR_MERA_HYDRO];
    int variable = pvr_variable_find(&loading->snapshot->fields, "density");
    if (!table->present || variable < 0 ||
        loading->snapshot->fields.variable[variable].kind != PVR_HYDRO) {
        return -1;
    }
    return table->value[loading->snapshot->fields.variable[variable].column];
}

enum pvr_status pvr_mera_make_items(struct pvr_mera_loading *loading, struct pvr_error *error) {
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
                (struct pvr_mera_item){target->array, kind, 0, 1, cpu, -1, -1, false};
        }
        for (int v = 0; status == PVR_OK && columns && v < target->nvalues; v++) {
            struct pvr_mera_item *item = &loading->item[loading->nitems++];
            *item = (struct pvr_mera_item){.array = target->array, .kind = kind};
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
            (struct pvr_mera_item){loading->density, PVR_MERA_HYDRO, 0, 1, density, -1, -1, false};
    }
    return status;
}

/* ---- rounds of columns ------------------------------------------------------------------------
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
static bool add_item(struct round *round, const struct pvr_mera_item *item) {
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
static int most_columns(const struct pvr_mera_loading *loading, const struct pvr_mera_table *table,
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

static enum pvr_status run_round(struct pvr_mera_loading *loading, struct round *round,
                                 struct pvr_error *error) {
    const struct pvr_mera_table *table = &loading->mera->table[round->kind];
    size_t bytes = pvr_mera_column_room(table);
    enum pvr_status status = PVR_OK;
    pvr_mera_drop_memory(loading, round->ncolumns);
    for (int i = 0; i < round->ncolumns; i++) {
        void *out = pvr_mera_take_memory(loading, bytes);
        round->read[i] = pvr_mera_column_of(table, round->column[i], out);
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
        struct pvr_mera_item *item = &loading->item[i];
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
        pvr_mera_keep_memory(loading, round->read[i].out, bytes);
    }
    return status;
}

enum pvr_status pvr_mera_fill_columns(struct pvr_mera_loading *loading, struct pvr_error *error) {
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
        status = pvr_mera_know_cells(loading, round.kind, error);
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

enum pvr_status pvr_mera_fill_others(struct pvr_mera_loading *loading, struct pvr_error *error) {
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
