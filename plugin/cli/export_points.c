/* export_points.c - pvramses export: particles, sinks, clumps and halos (.vtp). */
#include "export.h"

#include "pvr_particles.h"
#include "pvr_tables.h"
#include "pvr_vtk_points.h"

#include <stdlib.h>
#include <string.h>

static enum pvr_status write_points(const struct export_task *task,
                                    const struct export_source *sources, int nsources,
                                    const struct pvr_array *position, double factor, uint64_t count,
                                    struct export_result *result, struct pvr_error *error) {
    struct export_fields fields;
    enum pvr_status status =
        export_fields_make(sources, nsources, task->options->log10, &fields, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_vtk_facts facts = export_facts(task);
    const struct pvr_vtk_options options = export_vtk_options(task);
    const struct pvr_vtk_points points = {.count = count,
                                          .position = position,
                                          .length_factor = factor,
                                          .nfields = fields.count,
                                          .fields = fields.fields,
                                          .facts = &facts};
    result->count = count;
    result->of_what = "points";
    status = pvr_vtk_points_write(task->out, &points, &options, &task->threads, task->progress,
                                  task->progress_context, &result->statistics, error);
    export_fields_free(&fields);
    return status;
}

/* ---- particles ---- */

/* The codes of the families that are named; all: none. */
static enum pvr_status find_families(const char *list, int codes[PVR_FAMILIES], int *count,
                                     struct pvr_error *error) {
    const char *names[PVR_FAMILIES];
    *count = 0;
    for (int place = 0; place + 1 < PVR_FAMILIES; place++) {
        const int code = pvr_family_at(place);
        names[place] = pvr_family_name(code);
        if (export_listed(list, names[place])) {
            codes[(*count)++] = code;
        }
    }
    return export_check_list(list, names, PVR_FAMILIES - 1, "--families", error);
}

static enum pvr_status load_particles(const struct export_task *task,
                                      const struct pvr_particle_table *table, double factor,
                                      struct pvr_particles **particles, struct pvr_error *error) {
    const struct options *options = task->options;
    const size_t room = (size_t)table->nfields + 1;
    const char **known = calloc(room, sizeof *known), **chosen = calloc(room, sizeof *chosen);
    int codes[PVR_FAMILIES], ncodes = 0, nchosen = 0;
    enum pvr_status status = known != NULL && chosen != NULL
                                 ? find_families(options->families, codes, &ncodes, error)
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    for (int f = 0; status == PVR_OK && f < table->nfields; f++) {
        known[f] = table->field[f].name;
        if (options->fields == NULL || export_listed(options->fields, known[f])) {
            chosen[nchosen++] = known[f];
        }
    }
    if (status == PVR_OK) {
        status = export_check_list(options->fields, known, table->nfields, "--fields", error);
    }
    if (status == PVR_OK) {
        const struct pvr_region region = region_in_code(&options->region, task->snapshot);
        const struct pvr_particle_request request = {.fields = chosen,
                                                     .nfields = nchosen,
                                                     .families = codes,
                                                     .nfamilies = ncodes,
                                                     .precision = options->precision,
                                                     .position_precision = PVR_FLOAT64,
                                                     .units = options->units,
                                                     .length_factor = factor,
                                                     .region = &region};
        status = pvr_particles_load(task->snapshot, &request, &task->threads, task->progress,
                                    task->progress_context, particles, error);
    }
    free(known);
    free(chosen);
    return status;
}

static enum pvr_status export_particles(const struct export_task *task, double factor,
                                        struct export_result *result, struct pvr_error *error) {
    const double begin = pvr_seconds();
    struct pvr_particle_table table;
    struct pvr_particles *particles = NULL;
    enum pvr_status status = pvr_particles_describe(task->snapshot, &table, error);
    if (status != PVR_OK) {
        return status;
    }
    if (!table.present) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no particles",
                          pvr_snapshot_path(task->snapshot));
    } else {
        status = load_particles(task, &table, factor, &particles, error);
    }
    result->load_seconds = pvr_seconds() - begin;
    struct export_source *sources =
        status == PVR_OK ? calloc((size_t)particles->narrays + 1, sizeof *sources) : NULL;
    if (status == PVR_OK && sources == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int a = 0; status == PVR_OK && a < particles->narrays; a++) {
        const struct pvr_particle_array *array = &particles->arrays[a];
        sources[a] = (struct export_source){array->name, array->unit.label, array->array};
    }
    if (status == PVR_OK) {
        status = write_points(task, sources, particles->narrays, particles->position.array, 1,
                              particles->count, result, error);
    }
    free(sources);
    if (particles != NULL) {
        pvr_particles_free(particles);
    }
    pvr_particle_table_free(&table);
    return status;
}

/* ---- sinks, clumps, halos ---- */

static enum pvr_status write_table(const struct export_task *task, const struct pvr_table *table,
                                   double factor, struct export_result *result,
                                   struct pvr_error *error) {
    const size_t room = (size_t)table->ncolumns + 1;
    struct export_source *sources = calloc(room, sizeof *sources);
    const char **known = calloc(room, sizeof *known);
    int count = 0;
    enum pvr_status status = sources != NULL && known != NULL
                                 ? PVR_OK
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    for (int c = 0; status == PVR_OK && c < table->ncolumns; c++) {
        const struct pvr_table_column *column = &table->columns[c];
        known[c] = column->name;
        if (task->options->fields == NULL || export_listed(task->options->fields, column->name)) {
            sources[count++] = (struct export_source){column->name, column->unit, column->array};
        }
    }
    if (status == PVR_OK) {
        status =
            export_check_list(task->options->fields, known, table->ncolumns, "--fields", error);
    }
    if (status == PVR_OK) {
        status = write_points(task, sources, count, table->position, factor, table->nrows, result,
                              error);
    }
    free(sources);
    free(known);
    return status;
}

static enum pvr_status export_table(const struct export_task *task, enum pvr_table_kind kind,
                                    double factor, struct export_result *result,
                                    struct pvr_error *error) {
    const double begin = pvr_seconds();
    struct pvr_table *table;
    enum pvr_status status = pvr_table_load(task->snapshot, kind, &task->threads, &table, error);
    if (status == PVR_OK) {
        const struct pvr_region region = region_in_code(&task->options->region, task->snapshot);
        status = pvr_table_keep_region(table, task->snapshot, &region, error);
    }
    result->load_seconds = pvr_seconds() - begin;
    if (status != PVR_OK) {
        pvr_table_free(table);
        return status;
    }
    if (!table->present) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no list of %ss",
                          pvr_snapshot_path(task->snapshot), pvr_table_kind_name(kind));
    } else {
        status = write_table(task, table, factor, result, error);
    }
    pvr_table_free(table);
    return status;
}

enum pvr_status export_points(const struct export_task *task, struct export_result *result,
                              struct pvr_error *error) {
    const char *points = task->options->points;
    const double factor =
        pvr_length_unit(pvr_snapshot_info(task->snapshot), task->options->length_unit).factor;
    if (strcmp(points, "particles") == 0) {
        return export_particles(task, factor, result, error);
    }
    const enum pvr_table_kind kind = strcmp(points, "sinks") == 0    ? PVR_TABLE_SINKS
                                     : strcmp(points, "clumps") == 0 ? PVR_TABLE_CLUMPS
                                                                     : PVR_TABLE_HALOS;
    return export_table(task, kind, factor, result, error);
}

enum pvr_status export_points_need(const struct export_task *task, uint64_t *bytes,
                                   struct pvr_error *error) {
    struct pvr_particle_table table;
    *bytes = (uint64_t)64 << 20;
    if (strcmp(task->options->points, "particles") != 0) {
        return PVR_OK;
    }
    enum pvr_status status = pvr_particles_describe(task->snapshot, &table, error);
    if (status == PVR_OK) {
        uint64_t each = 24;
        for (int f = 0; f < table.nfields; f++) {
            each += 8 * (uint64_t)table.field[f].ncomponents;
        }
        *bytes += each * table.count;
        pvr_particle_table_free(&table);
    }
    return status;
}
