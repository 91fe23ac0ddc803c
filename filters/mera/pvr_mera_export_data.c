/* pvr_mera_export_data.c - what a pipeline holds of an output as a Mera file. */
#include "pvr_mera_export_private.h"

#include "pvr_mera_output.h"
#include "pvr_mera_write_private.h"
#include "pvr_snapshot_private.h"

#include <stdlib.h>
#include <string.h>

static const enum pvr_mera_out_kind cell_kinds[] = {PVR_MERA_OUT_HYDRO, PVR_MERA_OUT_GRAVITY,
                                                    PVR_MERA_OUT_RT};

static enum pvr_status open_about(const struct pvr_snapshot *source, struct pvr_mera_about **about,
                                  struct pvr_error *error) {
    if (source->mera == NULL) {
        return pvr_mera_about_snapshot(source, about, error);
    }
    for (int k = 0; k < PVR_MERA_OUT_KINDS; k++) {
        for (int m = 0; m < PVR_MERA_KINDS; m++) {
            if (source->mera->table[m].present &&
                strcmp(pvr_mera_kind_name((enum pvr_mera_kind)m),
                       pvr_mera_out_kind_name((enum pvr_mera_out_kind)k)) == 0) {
                return pvr_mera_about_file(source->path, (enum pvr_mera_out_kind)k, about, NULL,
                                           NULL, error);
            }
        }
    }
    *about = NULL;
    return pvr_fail(error, PVR_ERROR_FORMAT, "%s: has no data", source->path);
}

/* The array of the mesh that has variable `v` of the source, and its component. */
static const struct pvr_mesh_array *array_of(const struct pvr_mera_export *export, int v,
                                             int *component) {
    const struct pvr_field_table *table = &export->snapshot->fields;
    for (int f = 0; f < table->nfields; f++) {
        const struct pvr_field *field = &table->field[f];
        for (int c = 0; c < 3; c++) {
            if (field->variable[c] != v || field->mean_with[c] >= 0) {
                continue;
            }
            for (int a = 0; a < export->mesh->narrays; a++) {
                const struct pvr_mesh_array *array = &export->mesh->arrays[a];
                if (strcmp(array->name, field->name) == 0 && c < array->array->ncomponents) {
                    *component = c;
                    return array;
                }
            }
        }
    }
    return NULL;
}

/* Adds the variables of a kind that the mesh has; returns how many, or -1 and an error. */
static int add_variables(struct pvr_mera_export *export, enum pvr_mera_out_kind kind, bool count,
                         struct pvr_error *error) {
    const struct pvr_field_table *table = &export->snapshot->fields;
    int found = 0;
    for (int v = 0; v < table->nvariables; v++) {
        const struct pvr_variable *variable = &table->variable[v];
        int component = 0;
        if (variable->kind != pvr_mera_export_files[kind]) {
            continue;
        }
        const char *name = pvr_mera_export_name(export, kind, variable);
        const struct pvr_mesh_array *array = name != NULL ? array_of(export, v, &component) : NULL;
        if (array == NULL) {
            continue;
        }
        if (array->unit.label != NULL && array->unit.label[0] != '\0') {
            pvr_fail(error, PVR_ERROR_ARGUMENT,
                     "%s is in %s: a Mera file holds code units (FieldUnits of the reader)",
                     array->name, array->unit.label);
            return -1;
        }
        found++;
        if (!count) {
            const struct pvr_mera_export_column values = {.from = PVR_MERA_FROM_ARRAY,
                                                          .array = array->array,
                                                          .component = component,
                                                          .type = PVR_MERA_OUT_FLOAT64};
            pvr_mera_export_add(export, name, values);
        }
    }
    return found;
}

/* The box around the cells, as fractions of the source's. */
static void find_ranges(const struct pvr_mera_export *export, double ranges[6]) {
    const struct pvr_leaf_rows *leaves = &export->leaves;
    for (int axis = 0; axis < 3; axis++) {
        double low = 1, high = 0;
        for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
            const struct pvr_leaf_grid *grid = &leaves->grid[l];
            const double side = 1.0 / (double)((uint64_t)1 << l);
            uint64_t most = 0;
            for (uint64_t i = leaves->first[l]; i < leaves->first[l + 1]; i++) {
                const uint64_t at = leaves->row[i].key >> grid->shift[axis] &
                                    (((uint64_t)1 << grid->bits[axis]) - 1);
                most = at > most ? at : most;
            }
            if (leaves->first[l + 1] > leaves->first[l]) {
                const double from = (double)grid->low[axis] * side;
                const double to = (double)(grid->low[axis] + (int64_t)most + 1) * side;
                low = from < low ? from : low;
                high = to > high ? to : high;
            }
        }
        ranges[2 * axis] = low > 0 && low < high ? low : 0;
        ranges[2 * axis + 1] = high > low && high < 1 ? high : 1;
    }
}

static enum pvr_status get_table(void *context, size_t number, struct pvr_mera_out_table *table,
                                 struct pvr_error *error) {
    struct pvr_mera_export *export = context;
    enum pvr_status status = PVR_OK;
    *table = (struct pvr_mera_out_table){.kind = export->kind[number],
                                         .lmin = export->snapshot->info.levelmin,
                                         .lmax = pvr_mera_export_deepest(export)};
    memcpy(table->ranges, export->ranges, sizeof table->ranges);
    export->ncolumns = 0;
    if (table->kind == PVR_MERA_OUT_PARTICLES) {
        status = pvr_mera_export_points(export, table, error);
    } else {
        pvr_mera_export_places(export, table);
        add_variables(export, table->kind, false, error);
    }
    table->column = export->column;
    table->ncolumns = export->ncolumns;
    return status;
}

/* Writes export->kind by a job of its own. */
static enum pvr_status run(struct pvr_mera_export *export, const char *path,
                           struct pvr_mera_out_written *written, struct pvr_error *error) {
    const struct pvr_mera_out_request *out = &export->request->out;
    const struct pvr_mera_out_source source = {export->nkinds, get_table, NULL, export};
    struct pvr_job job;
    enum pvr_status status =
        pvr_job_begin(&job, out->threads, out->progress, out->progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    export->job = &job;
    if (export->mesh != NULL) {
        status =
            pvr_leaf_rows_make(export->mesh->octree, export->ncoarse, &job, &export->leaves, error);
        if (status == PVR_OK) {
            find_ranges(export, export->ranges);
        }
    }
    if (status == PVR_OK) {
        status = pvr_mera_write_source(path, export->about, &source, out, &job, written, error);
    }
    pvr_job_end(&job, &written->report);
    pvr_leaf_rows_free(&export->leaves);
    pvr_large_free(export->order, export->norder * sizeof *export->order);
    return status;
}

static enum pvr_status begin(struct pvr_snapshot *source,
                             const struct pvr_mera_export_request *request,
                             struct pvr_mera_about **about, struct pvr_mera_export **export,
                             struct pvr_error *error) {
    *export = calloc(1, sizeof **export);
    const enum pvr_status status = open_about(source, about, error);
    if (status != PVR_OK) {
        return status;
    }
    if (*export == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", source->path);
    }
    pvr_mera_export_of(*export, source, *about, request);
    for (int axis = 0; axis < 3; axis++) {
        (*export)->ranges[2 * axis + 1] = 1;
    }
    return PVR_OK;
}

enum pvr_status pvr_mera_export_mesh(struct pvr_snapshot *source, const struct pvr_mesh *mesh,
                                     const char *path,
                                     const struct pvr_mera_export_request *request,
                                     struct pvr_mera_out_written *written,
                                     struct pvr_error *error) {
    struct pvr_mera_about *about;
    struct pvr_mera_export *export;
    memset(written, 0, sizeof *written);
    enum pvr_status status = begin(source, request, &about, &export, error);
    if (status == PVR_OK) {
        export->mesh = (struct pvr_mesh *)(uintptr_t)mesh;
        for (size_t k = 0; k < sizeof cell_kinds / sizeof *cell_kinds && status == PVR_OK; k++) {
            const int found = add_variables(export, cell_kinds[k], true, error);
            if (found < 0) {
                status = PVR_ERROR_ARGUMENT;
            } else if (found > 0) {
                export->kind[export->nkinds++] = cell_kinds[k];
            }
        }
        if (status == PVR_OK && export->nkinds == 0) {
            status = pvr_fail(error, PVR_ERROR_ARGUMENT,
                              "no array is a variable of %s: there is nothing for a Mera file",
                              source->path);
        }
    }
    if (status == PVR_OK) {
        status = run(export, path, written, error);
    }
    pvr_mera_about_free(about);
    free(export);
    return status;
}

enum pvr_status
pvr_mera_export_particle_list(struct pvr_snapshot *source, const struct pvr_particles *particles,
                              const char *path, const struct pvr_mera_export_request *request,
                              struct pvr_mera_out_written *written, struct pvr_error *error) {
    struct pvr_mera_about *about;
    struct pvr_mera_export *export;
    memset(written, 0, sizeof *written);
    enum pvr_status status = begin(source, request, &about, &export, error);
    for (int a = 0; status == PVR_OK && a < particles->narrays; a++) {
        const struct pvr_particle_array *array = &particles->arrays[a];
        if (array->unit.label != NULL && array->unit.label[0] != '\0') {
            status = pvr_fail(error, PVR_ERROR_ARGUMENT,
                              "%s is in %s: a Mera file holds code units (FieldUnits of the "
                              "reader)",
                              array->name, array->unit.label);
        }
    }
    if (status == PVR_OK) {
        export->particles = (struct pvr_particles *)(uintptr_t)particles;
        export->kind[export->nkinds++] = PVR_MERA_OUT_PARTICLES;
        status = run(export, path, written, error);
    }
    pvr_mera_about_free(about);
    free(export);
    return status;
}
