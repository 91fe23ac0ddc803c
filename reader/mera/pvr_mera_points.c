/* pvr_mera_points.c - particles and clumps of Mera files. */
#include "pvr_mera_points.h"

#include "pvr_jld2_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum pvr_status open_source(const struct pvr_mera *mera, struct pvr_jld2_source *source,
                                   struct pvr_error *error) {
    return pvr_jld2_source_open(mera->path, &mera->identity, source, error);
}

/* ---- particles --------------------------------------------------------------------------------
 */

static const char *translate(const char *column) {
    static const char *const known[][2] = {
        {"x", "position_x"},     {"y", "position_y"},  {"z", "position_z"},
        {"vx", "velocity_x"},    {"vy", "velocity_y"}, {"vz", "velocity_z"},
        {"birth", "birth_time"}, {"cpu", "domain"},    {"metals", "metallicity"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(column, known[i][0]) == 0) {
            return known[i][1];
        }
    }
    return column;
}

/* Letter of RAMSES' descriptor for a column. */
static char type_letter(const struct pvr_jld2_type *type) {
    if (type->kind == PVR_JLD2_FLOAT) {
        return type->size == 8 ? 'd' : 'f';
    }
    return type->size == 1 ? 'b' : type->size == 2 ? 'h' : type->size == 4 ? 'i' : 'l';
}

enum pvr_status pvr_mera_particle_columns(const struct pvr_snapshot *snapshot,
                                          struct pvr_particle_columns *columns,
                                          struct pvr_error *error) {
    const struct pvr_mera_table *table = &snapshot->mera->table[PVR_MERA_PARTICLES];
    memset(columns, 0, sizeof *columns);
    columns->present = table->present;
    columns->described = true;
    enum pvr_status status = PVR_OK;
    for (int i = 0; status == PVR_OK && i < table->ncolumns; i++) {
        const struct pvr_jld2_type *type = table->column[i].object.type;
        const char *name = translate(table->column[i].name);
        status = pvr_particle_column_add(columns, name, strlen(name), type_letter(type), error);
        if (status == PVR_OK) {
            columns->column[i].width = type->size;
        }
    }
    int position[3];
    if (status == PVR_OK && table->present &&
        pvr_particle_vector_find(columns, "position", position) < snapshot->info.ndim) {
        status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: its particles have no columns x, y and z",
                          snapshot->mera->path);
    }
    if (status != PVR_OK) {
        pvr_particle_columns_free(columns);
    }
    return status;
}

enum pvr_status pvr_mera_particle_files(const struct pvr_snapshot *snapshot,
                                        struct pvr_particle_files **result,
                                        struct pvr_error *error) {
    const struct pvr_mera_table *table = &snapshot->mera->table[PVR_MERA_PARTICLES];
    *result = NULL;
    struct pvr_particle_files *files = calloc(1, sizeof *files);
    if (files == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tables of particles");
    }
    files->layout = &snapshot->layout;
    files->mera = snapshot->mera;
    files->ndomains = 1;
    files->domain = calloc(1, sizeof *files->domain);
    files->memory = calloc((size_t)table->ncolumns + 1, sizeof *files->memory);
    enum pvr_status status =
        files->domain != NULL && files->memory != NULL
            ? pvr_mera_particle_columns(snapshot, &files->columns, error)
            : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tables of particles");
    if (status != PVR_OK) {
        pvr_particle_files_free(files);
        return status;
    }
    files->domain->count = files->total = table->nrows;
    *result = files;
    return PVR_OK;
}

static uint64_t memory_bytes(const struct pvr_particle_files *files, int column) {
    return files->total * files->columns.column[column].width;
}

enum pvr_status pvr_mera_particles_hold(struct pvr_particle_files *files, const bool *wanted,
                                        struct pvr_job *job, struct pvr_error *error) {
    const struct pvr_mera_table *table = &files->mera->table[PVR_MERA_PARTICLES];
    struct pvr_jld2_column *columns = calloc((size_t)table->ncolumns + 1, sizeof *columns);
    struct pvr_jld2_source source;
    if (columns == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of columns");
    }
    enum pvr_status status = open_source(files->mera, &source, error);
    int count = 0;
    for (int i = 0; status == PVR_OK && i < table->ncolumns; i++) {
        if (files->memory[i] != NULL && !wanted[i]) {
            pvr_large_free(files->memory[i], memory_bytes(files, i));
            files->memory[i] = NULL;
        } else if (files->memory[i] == NULL && wanted[i]) {
            files->memory[i] = pvr_large_alloc(memory_bytes(files, i));
            if (files->memory[i] == NULL) {
                status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a column of particles");
            }
            columns[count++] = (struct pvr_jld2_column){&table->column[i].object,
                                                        table->column[i].name, files->memory[i]};
        }
    }
    if (status == PVR_OK) {
        status = pvr_jld2_columns_read(&source, columns, count, job, error);
    }
    if (status == PVR_OK) {
        status = pvr_jld2_source_check(&source, error);
    }
    pvr_jld2_source_close(&source);
    free(columns);
    return status;
}

void pvr_mera_particles_free(struct pvr_particle_files *files) {
    for (int i = 0; files->memory != NULL && i < files->columns.count; i++) {
        pvr_large_free(files->memory[i], memory_bytes(files, i));
    }
    free(files->memory);
}

/* ---- clumps -----------------------------------------------------------------------------------
 */

enum pvr_status pvr_mera_clumps(const struct pvr_snapshot *snapshot, struct pvr_job *job,
                                struct pvr_table *table, struct pvr_error *error) {
    const struct pvr_mera_table *from = &snapshot->mera->table[PVR_MERA_CLUMPS];
    struct pvr_jld2_column *columns = calloc((size_t)from->ncolumns + 1, sizeof *columns);
    table->columns = calloc((size_t)from->ncolumns + 1, sizeof *table->columns);
    if (columns == NULL || table->columns == NULL) {
        free(columns);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of columns");
    }
    table->present = from->present;
    table->nrows = from->nrows;
    struct pvr_jld2_source source = {.fd = -1};
    enum pvr_status status = open_source(snapshot->mera, &source, error);
    for (int i = 0; status == PVR_OK && i < from->ncolumns; i++) {
        const struct pvr_mera_column *column = &from->column[i];
        struct pvr_table_column *to = &table->columns[table->ncolumns++];
        snprintf(to->name, sizeof to->name, "%s", column->name);
        if (column->object.type->kind != PVR_JLD2_FLOAT || column->object.type->size != 8) {
            status =
                pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: column %s of clumps is not of Float64",
                         snapshot->mera->path, column->name);
        } else {
            status = pvr_array_new(PVR_FLOAT64, 1, from->nrows, &to->array, error);
        }
        if (status == PVR_OK) {
            columns[i] = (struct pvr_jld2_column){&column->object, column->name, to->array->data};
        }
    }
    if (status == PVR_OK) {
        status = pvr_jld2_columns_read(&source, columns, from->ncolumns, job, error);
    }
    if (status == PVR_OK) {
        status = pvr_jld2_source_check(&source, error);
    }
    pvr_jld2_source_close(&source);
    free(columns);
    return status;
}
