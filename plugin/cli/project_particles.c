/* project_particles.c - maps of particles for `pvramses project --particles`. */
#include "project_particles.h"

#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALONG = WORDS_ALONG, MOST_LOADS = PVR_MAP_MAX_VALUES + 2 };

/* A field, or a component of a vector: velocity_x, velocity_los. */
static bool find_name(const struct pvr_particle_table *table, const char *name,
                      struct project_field *field) {
    char base[PVR_NAME_SIZE];
    int ncomponents = 1;
    memset(field, 0, sizeof *field);
    snprintf(field->name, sizeof field->name, "%s", name);
    snprintf(base, sizeof base, "%s", name);
    field->source = pvr_particle_field_find(table, name);
    if (field->source < 0 && words_component(name, base, &field->component)) {
        field->source = pvr_particle_field_find(table, base);
        ncomponents = 3;
    }
    if (field->source < 0 || table->field[field->source].ncomponents != ncomponents) {
        return false;
    }
    field->quantity.of_mass = strcmp(base, "mass") == 0;
    field->quantity.dimension = strcmp(base, "velocity") == 0 ? PVR_VELOCITY : PVR_DIMENSIONLESS;
    return true;
}

static enum pvr_status fail_unknown(const struct pvr_particle_table *table, const char *name,
                                    struct pvr_error *error) {
    char names[PVR_MESSAGE_SIZE / 2] = "";
    for (int f = 0; f < table->nfields; f++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s%s", f > 0 ? ", " : "",
                 table->field[f].name,
                 table->field[f].ncomponents == 3 ? " (_x, _y, _z, _los)" : "");
    }
    return pvr_fail(error, PVR_ERROR_ARGUMENT, "no field '%.100s' of the particles; they have %s",
                    name, names);
}

static enum pvr_status find_weight(const struct project_options *options,
                                   const struct pvr_particle_table *table,
                                   struct project_fields *fields, struct pvr_error *error) {
    const enum pvr_map_mode mode = options->mode;
    const bool weighted = project_weighs(mode);
    const char *name = options->weight;
    fields->weighting = PVR_WEIGHT_NONE;
    if (!weighted && name != NULL) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "the mode %s has no weight",
                        pvr_map_mode_name(mode));
    }
    if (name == NULL) {
        name = mode == PVR_MAP_SUM || !weighted ? "none" : "mass";
    }
    if (strcmp(name, "none") == 0) {
        return PVR_OK;
    }
    fields->weighting = PVR_WEIGHT_ARRAY;
    fields->weighted = true;
    return find_name(table, name, &fields->weight) ? PVR_OK : fail_unknown(table, name, error);
}

enum pvr_status project_particles_find(const struct project_options *options,
                                       struct pvr_snapshot *snapshot, struct project_fields *fields,
                                       struct pvr_error *error) {
    const struct pvr_derived_options derived = pvr_derived_defaults(snapshot);
    struct pvr_particle_table table;
    memset(fields, 0, sizeof *fields);
    enum pvr_status status = pvr_particles_describe(snapshot, &table, error);
    if (status != PVR_OK) {
        return status;
    }
    if (!table.present) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no particles",
                          pvr_snapshot_path(snapshot));
    }
    char *text = strdup(options->fields), *rest = text, *name;
    if (status == PVR_OK && text == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    while (status == PVR_OK && (name = strsep(&rest, ",")) != NULL) {
        struct project_field field;
        status = find_name(&table, name, &field) ? project_fields_add(fields, &field, error)
                                                 : fail_unknown(&table, name, error);
    }
    free(text);
    if (status == PVR_OK) {
        status = find_weight(options, &table, fields, error);
    }
    struct project_field smoothing;
    if (status == PVR_OK && options->smoothing != NULL &&
        !(find_name(&table, options->smoothing, &smoothing) && smoothing.component == 0)) {
        status = fail_unknown(&table, options->smoothing, error);
    }
    for (int f = 0; status == PVR_OK && f < fields->count; f++) {
        struct project_field *field = &fields->field[f];
        status = pvr_map_unit_find(pvr_snapshot_info(snapshot), &derived, &field->quantity,
                                   options->mode, fields->weighting, false, options->unit,
                                   &field->unit, error);
    }
    pvr_particle_table_free(&table);
    return status;
}

static const struct pvr_array *find_array(const struct pvr_particles *particles, const char *name) {
    for (int a = 0; a < particles->narrays; a++) {
        if (strcmp(particles->arrays[a].name, name) == 0) {
            return particles->arrays[a].array;
        }
    }
    return NULL;
}

/* Families by name; false with a message. */
static enum pvr_status find_families(const char *list, int codes[PVR_FAMILIES], int *count,
                                     struct pvr_error *error) {
    char name[64];
    *count = 0;
    for (const char *at = list; at != NULL && *at != '\0'; at += at[strcspn(at, ",")] == ',') {
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (*count == PVR_FAMILIES || !pvr_family_code(name, &codes[(*count)++])) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "there is no family '%s' of particles (dark_matter, star, ...)", name);
        }
        at += length;
    }
    return PVR_OK;
}

static struct pvr_map_value value_of(const struct project_field *field,
                                     const struct pvr_array *array, const struct pvr_view *view) {
    struct pvr_map_value value = {.of_cells = true};
    for (int c = 0; c < array->ncomponents; c++) {
        double coefficient = field->component == ALONG ? view->along[c]
                             : field->component == c   ? 1
                                                       : 0;
        if (coefficient != 0) {
            value.term[value.nterms++] =
                (struct pvr_map_term){.array = array, .component = c, .coefficient = coefficient};
        }
    }
    return value;
}

enum pvr_status project_particles_run(const struct project_options *options,
                                      struct pvr_snapshot *snapshot,
                                      const struct project_fields *fields,
                                      const struct pvr_region *region, struct pvr_map *map,
                                      pvr_progress_fn progress, void *progress_context,
                                      struct pvr_report *report, struct pvr_error *error) {
    struct pvr_particle_table table;
    struct pvr_particles *particles = NULL;
    struct pvr_map_value values[PVR_MAP_MAX_VALUES], weight;
    const char *load[MOST_LOADS];
    int codes[PVR_FAMILIES];
    struct pvr_particle_request wanted = {.fields = load,
                                          .families = codes,
                                          .precision = PVR_FLOAT64,
                                          .position_precision = PVR_FLOAT64,
                                          .region = region};
    enum pvr_status status = find_families(options->families, codes, &wanted.nfamilies, error);
    if (status == PVR_OK) {
        status = pvr_particles_describe(snapshot, &table, error);
    }
    if (status != PVR_OK) {
        return status;
    }
    for (int f = 0; f < fields->count + (fields->weighted ? 1 : 0); f++) {
        const struct project_field *field = f < fields->count ? &fields->field[f] : &fields->weight;
        load[wanted.nfields++] = table.field[field->source].name;
    }
    if (options->smoothing != NULL) {
        load[wanted.nfields++] = options->smoothing;
    }
    for (int i = 0; i < wanted.nfields; i++) { /* each once */
        for (int k = i + 1; k < wanted.nfields; k++) {
            if (strcmp(load[i], load[k]) == 0) {
                load[k--] = load[--wanted.nfields];
            }
        }
    }
    status = pvr_particles_load(snapshot, &wanted, &options->threads, progress, progress_context,
                                &particles, error);
    for (int f = 0; status == PVR_OK && f < fields->count + (fields->weighted ? 1 : 0); f++) {
        const struct project_field *field = f < fields->count ? &fields->field[f] : &fields->weight;
        const struct pvr_array *array = find_array(particles, table.field[field->source].name);
        if (array == NULL) {
            status = pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: the particles have no %s",
                              pvr_snapshot_path(snapshot), table.field[field->source].name);
        } else {
            *(f < fields->count ? &values[f] : &weight) =
                value_of(field, array, &map->request.view);
        }
    }
    if (status == PVR_OK) {
        const struct pvr_points points = {
            .count = particles->count,
            .position = particles->position.array,
            .kernel = options->kernel,
            .length = options->smoothing != NULL ? find_array(particles, options->smoothing) : NULL,
            .neighbours = options->neighbours};
        status = pvr_project_points(map, &points, values, fields->weighted ? &weight : NULL,
                                    &options->threads, NULL, NULL, report, error);
        report->bytes_read += particles->report.bytes_read;
    }
    pvr_particles_free(particles);
    pvr_particle_table_free(&table);
    return status;
}
