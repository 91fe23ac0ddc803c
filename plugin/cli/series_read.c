/* series_read.c - the rows of one output of pvramses series. */
#include "series_read.h"

#include "chosen.h"
#include "pvr_particles.h"
#include "series_plan.h"

#include <stdlib.h>
#include <string.h>

/* One case of an output. */
struct reading {
    const struct options *options;
    const struct quantities *quantities;
    struct pvr_snapshot *snapshot;
    const struct pvr_threads *threads;
    pvr_progress_fn progress;
    void *progress_context;
    struct series_found *found;
    struct series_case one;
    struct pvr_region region;
};

static enum pvr_status sum_mesh(const struct reading *reading, struct pvr_summary *summary,
                                struct pvr_error *error) {
    const struct options *options = reading->options;
    const struct chosen_request wanted = {.list = reading->quantities->fields,
                                          .max_level = reading->one.max_level,
                                          .precision = PVR_FLOAT64,
                                          .units = options->units,
                                          .region = &reading->region,
                                          .threads = reading->threads,
                                          .progress = reading->progress,
                                          .progress_context = reading->progress_context};
    struct pvr_mesh *mesh;
    enum pvr_status status = chosen_load(reading->snapshot, &wanted, &mesh, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_mesh_array *mass = chosen_find(mesh, "mass");
    const struct pvr_mesh_array *velocity = chosen_find(mesh, "velocity");
    const struct pvr_summary_request request = {.mass = mass != NULL ? mass->array : NULL,
                                                .velocity =
                                                    velocity != NULL ? velocity->array : NULL};
    const struct pvr_leaf_place place = {
        {0, 1, 2},
        {0, 0, 0},
        pvr_length_unit(pvr_snapshot_info(reading->snapshot), options->length_unit).factor};
    status = pvr_summarize_mesh(mesh, &place, &request, reading->threads, reading->progress,
                                reading->progress_context, summary, error);
    pvr_mesh_free(mesh);
    return status;
}

static enum pvr_status sum_particles(const struct reading *reading, struct pvr_summary *summary,
                                     struct pvr_error *error) {
    const struct options *options = reading->options;
    static const char *const names[] = {"mass", "velocity", PVR_PARTICLE_FAMILY};
    struct pvr_particle_table table;
    struct pvr_particles *particles = NULL;
    const char *fields[3];
    int nfields = 0;
    enum pvr_status status = pvr_particles_describe(reading->snapshot, &table, error);
    if (status != PVR_OK) {
        return status;
    }
    for (int i = 0; i < 3; i++) {
        if (pvr_particle_field_find(&table, names[i]) >= 0) {
            fields[nfields++] = names[i];
        }
    }
    const struct pvr_particle_request wanted = {
        .fields = fields,
        .nfields = nfields,
        .precision = PVR_FLOAT64,
        .position_precision = PVR_FLOAT64,
        .units = options->units,
        .length_factor =
            pvr_length_unit(pvr_snapshot_info(reading->snapshot), options->length_unit).factor,
        .region = &reading->region};
    status = pvr_particles_load(reading->snapshot, &wanted, reading->threads, reading->progress,
                                reading->progress_context, &particles, error);
    if (status == PVR_OK) {
        struct pvr_summary_request request = {.mass = NULL};
        const struct pvr_array *family = NULL;
        for (int a = 0; a < particles->narrays; a++) {
            const struct pvr_particle_array *array = &particles->arrays[a];
            request.mass = strcmp(array->name, "mass") == 0 ? array->array : request.mass;
            request.velocity =
                strcmp(array->name, "velocity") == 0 ? array->array : request.velocity;
            family = strcmp(array->name, PVR_PARTICLE_FAMILY) == 0 ? array->array : family;
        }
        status = pvr_summarize_points(particles->position.array, family, NULL, 0, &request,
                                      reading->threads, reading->progress,
                                      reading->progress_context, summary, error);
        pvr_particles_free(particles);
    }
    pvr_particle_table_free(&table);
    return status;
}

static enum pvr_status add_row(const struct reading *reading, const struct pvr_summary *mesh,
                               int row, const struct pvr_summary *particles,
                               struct pvr_error *error) {
    const struct quantities *quantities = reading->quantities;
    struct series_found *found = reading->found;
    struct series_found_row *rows = realloc(found->row, (found->nrows + 1) * sizeof *rows);
    double *value = calloc((size_t)quantities->count, sizeof *value);
    if (rows != NULL) {
        found->row = rows;
    }
    if (rows == NULL || value == NULL) {
        free(value);
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int q = 0; q < quantities->count; q++) {
        value[q] = quantity_value(&quantities->quantity[q], mesh, row, particles);
    }
    rows[found->nrows++] =
        (struct series_found_row){.region = reading->one.region,
                                  .max_level = reading->one.max_level,
                                  .level = mesh != NULL && row > 0 ? mesh->row[row].group : 0,
                                  .value = value};
    return PVR_OK;
}

static enum pvr_status read_case(const struct reading *reading, struct pvr_error *error) {
    struct pvr_summary mesh, particles;
    const bool has_mesh = reading->quantities->mesh && pvr_snapshot_has_mesh(reading->snapshot);
    const bool has_particles = reading->quantities->particles;
    memset(&mesh, 0, sizeof mesh);
    memset(&particles, 0, sizeof particles);
    enum pvr_status status = has_mesh ? sum_mesh(reading, &mesh, error) : PVR_OK;
    if (status == PVR_OK && has_particles) {
        status = sum_particles(reading, &particles, error);
    }
    const int nrows = reading->options->levels && has_mesh ? mesh.nrows : 1;
    for (int r = 0; status == PVR_OK && r < nrows; r++) {
        status =
            add_row(reading, has_mesh ? &mesh : NULL, r, has_particles ? &particles : NULL, error);
    }
    pvr_summary_free(&mesh);
    pvr_summary_free(&particles);
    return status;
}

enum pvr_status series_read(const struct options *options, const struct quantities *quantities,
                            struct pvr_snapshot *snapshot, const struct pvr_threads *threads,
                            pvr_progress_fn progress, void *progress_context,
                            struct series_found *found, struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    struct reading reading = {.options = options,
                              .quantities = quantities,
                              .snapshot = snapshot,
                              .threads = threads,
                              .progress = progress,
                              .progress_context = progress_context,
                              .found = found};
    *found = (struct series_found){.nrows = 0};
    for (int c = 0; status == PVR_OK && c < series_cases(options); c++) {
        reading.one = series_case(options, c);
        reading.region = series_region(options, &reading.one, snapshot);
        status = read_case(&reading, error);
    }
    return status;
}

void series_found_free(struct series_found *found) {
    for (size_t r = 0; r < found->nrows; r++) {
        free(found->row[r].value);
    }
    free(found->row);
    *found = (struct series_found){.nrows = 0};
}
