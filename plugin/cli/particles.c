/* particles.c - what `pvramses load` says about an output's particles. */
#include "particles.h"

#include "format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum pvr_status particle_totals_read(struct pvr_snapshot *snapshot, const struct options *options,
                                     pvr_progress_fn progress, void *progress_context,
                                     struct particle_totals *totals, struct pvr_error *error) {
    memset(totals, 0, sizeof *totals);
    enum pvr_status status = pvr_particles_describe(snapshot, &totals->table, error);
    if (status != PVR_OK || !totals->table.present) {
        return status;
    }
    int nfields = 0;
    const char **names = calloc((size_t)totals->table.nfields + 1, sizeof names[0]);
    if (names == NULL) {
        particle_totals_free(totals);
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int i = 0; i < totals->table.nfields; i++) {
        const struct pvr_particle_field *field = &totals->table.field[i];
        if (!field->derived || strcmp(field->name, PVR_PARTICLE_FAMILY) == 0) {
            names[nfields++] = field->name;
        }
    }
    const struct pvr_particle_request request = {.fields = names,
                                                 .nfields = nfields,
                                                 .precision = options->precision,
                                                 .position_precision = PVR_FLOAT64,
                                                 .units = options->units,
                                                 .totals = true};
    double begin = pvr_seconds();
    status = pvr_particles_load(snapshot, &request, &options->threads, progress, progress_context,
                                &totals->particles, error);
    totals->seconds = pvr_seconds() - begin;
    if (status == PVR_OK) {
        status = pvr_particles_find_ranges(totals->particles, &options->threads, error);
    }
    free(names);
    if (status != PVR_OK) {
        particle_totals_free(totals);
    }
    return status;
}

void particle_totals_free(struct particle_totals *totals) {
    pvr_particles_free(totals->particles);
    pvr_particle_table_free(&totals->table);
    memset(totals, 0, sizeof *totals);
}

/* Calls `use` for each component of the position and of all arrays, with its name. */
typedef void (*column_fn)(void *context, const char *name, const struct pvr_particle_array *array,
                          int component);

static void for_each_column(const struct pvr_particles *particles, column_fn use, void *context) {
    for (int i = -1; i < particles->narrays; i++) {
        const struct pvr_particle_array *array =
            i < 0 ? &particles->position : &particles->arrays[i];
        for (int c = 0; c < array->ncomponents; c++) {
            char name[PVR_NAME_SIZE + 4];
            if (array->array->ncomponents == 1) {
                snprintf(name, sizeof name, "%s", array->name);
            } else {
                snprintf(name, sizeof name, "%s_%c", array->name, 'x' + c);
            }
            use(context, name, array, c);
        }
    }
}

static void write_column(void *context, const char *name, const struct pvr_particle_array *array,
                         int component) {
    struct json *json = context;
    json_begin_object(json, name);
    json_double(json, "min", array->has_ranges ? array->range[component][0] : (double)NAN);
    json_double(json, "max", array->has_ranges ? array->range[component][1] : (double)NAN);
    json_double(json, "sum", array->has_ranges ? array->sum[component] : (double)NAN);
    json_string(json, "unit", array->unit.label);
    json_end_object(json);
}

void particle_totals_write(const struct particle_totals *totals, struct json *json) {
    const struct pvr_particles *particles = totals->particles;
    json_begin_object(json, "particles");
    json_uint(json, "count", particles != NULL ? particles->count : 0);
    json_double(json, "mass", particles != NULL ? particles->mass : 0);
    json_double(json, "matter_mass", particles != NULL ? particles->matter_mass : 0);
    json_begin_object(json, "families");
    for (int i = 0; particles != NULL && i < particles->nfamilies; i++) {
        json_begin_object(json, particles->family[i].name);
        json_uint(json, "count", particles->family[i].count);
        json_double(json, "mass", particles->family[i].mass);
        json_end_object(json);
    }
    json_end_object(json);
    json_begin_object(json, "fields");
    if (particles != NULL && particles->count > 0) {
        for_each_column(particles, write_column, json);
    }
    json_end_object(json);
    json_uint(json, "bytes_read", particles != NULL ? particles->report.bytes_read : 0);
    json_lines(json, "warnings", particles != NULL ? particles->warnings : NULL);
    json_end_object(json);
}

static void print_column(void *context, const char *name, const struct pvr_particle_array *array,
                         int component) {
    (void)context;
    if (array->has_ranges) {
        printf("  %-20s %16.9g %16.9g   %s\n", name, array->range[component][0],
               array->range[component][1], array->unit.label[0] != '\0' ? array->unit.label : "");
    }
}

void particle_totals_print(const struct particle_totals *totals) {
    const struct pvr_particles *particles = totals->particles;
    if (particles == NULL) {
        return;
    }
    char text[FORMAT_SIZE];
    printf("\n  %-20s %16s %16s\n", "particles", "count", "mass (code)");
    for (int i = 0; i < particles->nfamilies; i++) {
        printf("  %-20s %16s %16.9g\n", particles->family[i].name,
               format_count(text, particles->family[i].count), particles->family[i].mass);
    }
    printf("  %-20s %16s %16.9g\n", "total", format_count(text, particles->count), particles->mass);
    if (particles->count > 0) {
        printf("\n  %-20s %16s %16s   unit\n", "of the particles", "min", "max");
        for_each_column(particles, print_column, NULL);
    }
    char bytes[FORMAT_SIZE], seconds[FORMAT_SIZE];
    printf("\n  read        %s in %s\n", format_bytes(bytes, (double)particles->report.bytes_read),
           format_seconds(seconds, totals->seconds));
}
