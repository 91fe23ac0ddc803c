/* pvr_mera_mesh.c - load a Mera file's mesh: its leaf cells as an octree, then fields. */
#include "pvr_mera_loading.h"

#include <stdlib.h>
#include <string.h>

static enum pvr_status check_request(const struct pvr_mera_loading *loading,
                                     struct pvr_error *error) {
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

static enum pvr_status begin(struct pvr_mera_loading *loading, struct pvr_error *error) {
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
static uint64_t file_bytes(const struct pvr_mera_loading *loading) {
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
    struct pvr_mera_loading loading = {
        .snapshot = snapshot, .mera = snapshot->mera, .request = request, .job = &job};
    loading.source.fd = -1;
    loading.kind = pvr_mera_mesh_kind(snapshot->mera);
    status = begin(&loading, error);
    if (status == PVR_OK) {
        pvr_job_expect(&job, file_bytes(&loading));
        status = pvr_mera_load_structure(&loading, error);
    }
    if (status == PVR_OK) {
        status = pvr_mera_make_items(&loading, error);
    }
    if (status == PVR_OK) {
        status = pvr_mera_fill_columns(&loading, error);
    }
    if (status == PVR_OK) {
        status = pvr_mera_fill_others(&loading, error);
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
    pvr_mera_drop_memory(&loading, 0);
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
    struct pvr_mera_loading loading = {.snapshot = snapshot, .mera = snapshot->mera, .job = &job};
    status = pvr_jld2_source_open(snapshot->mera->path, &snapshot->mera->identity, &loading.source,
                                  error);
    if (status == PVR_OK) {
        status = pvr_mera_read_places(&loading, kind, leaves, error);
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
