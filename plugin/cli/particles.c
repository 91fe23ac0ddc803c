/* particles.c - what `pvramses load` says about an output's particles, sinks, clumps and halos. */
#include "particles.h"

#include "format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum pvr_status read_particles(struct pvr_snapshot *snapshot, const struct options *options,
                                      const struct pvr_region *region, pvr_progress_fn progress,
                                      void *progress_context, struct particle_totals *totals,
                                      struct pvr_error *error) {
    enum pvr_status status = pvr_particles_describe(snapshot, &totals->table, error);
    if (status != PVR_OK || !totals->table.present) {
        return status;
    }
    int nfields = 0;
    const char **names = calloc((size_t)totals->table.nfields + 1, sizeof names[0]);
    if (names == NULL) {
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
                                                 .region = region,
                                                 .totals = true};
    double begin = pvr_seconds();
    status = pvr_particles_load(snapshot, &request, &options->threads, progress, progress_context,
                                &totals->particles, error);
    totals->seconds = pvr_seconds() - begin;
    if (status == PVR_OK) {
        status = pvr_particles_find_ranges(totals->particles, &options->threads, error);
    }
    free(names);
    return status;
}

enum pvr_status particle_totals_read(struct pvr_snapshot *snapshot, const struct options *options,
                                     const struct pvr_region *region, pvr_progress_fn progress,
                                     void *progress_context, struct particle_totals *totals,
                                     struct pvr_error *error) {
    memset(totals, 0, sizeof *totals);
    enum pvr_status status = PVR_OK;
    for (int kind = 0; status == PVR_OK && kind < PVR_TABLE_KINDS; kind++) {
        status = pvr_table_load(snapshot, (enum pvr_table_kind)kind, &options->threads,
                                &totals->list[kind], error);
        if (status == PVR_OK) {
            status = pvr_table_keep_region(totals->list[kind], snapshot, region, error);
        }
    }
    if (status == PVR_OK) {
        status =
            read_particles(snapshot, options, region, progress, progress_context, totals, error);
    }
    if (status != PVR_OK) {
        particle_totals_free(totals);
    }
    return status;
}

void particle_totals_free(struct particle_totals *totals) {
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        pvr_table_free(totals->list[kind]);
    }
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
    json_uint(json, "not_finite", array->not_finite[component]);
    json_string(json, "unit", array->unit.label);
    json_end_object(json);
}

/* Sum of the masses in a list, 0 where it has none. */
static double list_mass(const struct pvr_table *list) {
    double sum = 0;
    for (uint64_t i = 0; list->mass != NULL && i < list->nrows; i++) {
        sum += ((const double *)list->mass->data)[i];
    }
    return sum;
}

static void write_list(const struct pvr_table *list, const char *key, struct json *json) {
    json_begin_object(json, key);
    json_uint(json, "count", list->nrows);
    json_double(json, "mass", list_mass(list));
    json_begin_array(json, "columns");
    for (int i = 0; i < list->ncolumns; i++) {
        json_string(json, NULL, list->columns[i].name);
    }
    json_end_array(json);
    json_lines(json, "warnings", list->warnings);
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
    write_list(totals->list[PVR_TABLE_SINKS], "sinks", json);
    write_list(totals->list[PVR_TABLE_CLUMPS], "clumps", json);
    write_list(totals->list[PVR_TABLE_HALOS], "halos", json);
}

static void print_column(void *context, const char *name, const struct pvr_particle_array *array,
                         int component) {
    (void)context;
    if (array->has_ranges) {
        printf("  %-20s %16.9g %16.9g   %s", name, array->range[component][0],
               array->range[component][1], array->unit.label[0] != '\0' ? array->unit.label : "");
        if (array->not_finite[component] > 0) {
            char text[FORMAT_SIZE];
            printf("(%s values without a number left out)",
                   format_count(text, array->not_finite[component]));
        }
        printf("\n");
    }
}

void particle_totals_print(const struct particle_totals *totals) {
    const struct pvr_particles *particles = totals->particles;
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        const struct pvr_table *list = totals->list[kind];
        if (list != NULL && list->present) {
            printf("\n  %ss: %llu, mass %.9g (code)\n",
                   pvr_table_kind_name((enum pvr_table_kind)kind), (unsigned long long)list->nrows,
                   list_mass(list));
        }
    }
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
