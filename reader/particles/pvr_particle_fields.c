/* pvr_particle_fields.c - the fields of particles and their units. */
#include "pvr_particle_fields.h"

#include "pvr_mera_points.h"
#include "pvr_snapshot_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what an output has -----------------------------------------------------------------------
 */

enum pvr_type pvr_particle_whole_type(const struct pvr_particle_column *column) {
    bool wide = strcmp(column->name, "id") == 0 || column->width == 8 ||
                (column->width == 0 && strchr("lq", column->type) != NULL);
    return wide ? PVR_INT64 : PVR_INT32;
}

static void add_field(struct pvr_particle_table *table, const char *name, int length,
                      int ncomponents, enum pvr_type type, bool derived) {
    struct pvr_particle_field *field = &table->field[table->nfields++];
    *field =
        (struct pvr_particle_field){.ncomponents = ncomponents, .type = type, .derived = derived};
    snprintf(field->name, sizeof field->name, "%.*s", length, name);
}

/* If column `i` is a component of a vector that is to be seen as one, the length of its name. */
static int vector_of(const struct pvr_particle_columns *columns, int i, int vector[3]) {
    const char *name = columns->column[i].name;
    int length = (int)strlen(name) - 2;
    if (length < 1 || name[length] != '_' || strchr("xyz", name[length + 1]) == NULL) {
        return 0;
    }
    char stem[PVR_NAME_SIZE];
    snprintf(stem, sizeof stem, "%.*s", length, name);
    int count = pvr_particle_vector_find(columns, stem, vector);
    bool always = strcmp(stem, "position") == 0 || strcmp(stem, "velocity") == 0;
    bool free_name = pvr_particle_column_find(columns, stem) < 0;
    bool inside = vector[0] == i || vector[1] == i || vector[2] == i;
    return inside && free_name && (count >= 2 || (count == 1 && always)) ? length : 0;
}

static void list_fields(const struct pvr_particle_columns *columns, bool domains,
                        struct pvr_particle_table *table) {
    bool births = false;
    for (int i = 0; i < columns->count; i++) {
        const struct pvr_particle_column *column = &columns->column[i];
        int vector[3], length;
        if (column->class == PVR_COLUMN_SKIPPED) {
            continue;
        }
        if ((length = vector_of(columns, i, vector)) > 0) {
            if (vector[0] == i && strncmp(column->name, "position_", 9) != 0) {
                add_field(table, column->name, length, 3, PVR_FLOAT64, false);
            }
        } else {
            bool real = column->class == PVR_COLUMN_REAL;
            add_field(table, column->name, PVR_NAME_SIZE - 1, 1,
                      real ? PVR_FLOAT64 : pvr_particle_whole_type(column), false);
            births = births || (real && strcmp(column->name, "birth_time") == 0);
        }
    }
    const struct {
        const char *name;
        enum pvr_type type;
        bool exists;
    } more[] = {{PVR_PARTICLE_FAMILY, PVR_INT32, true},
                {PVR_PARTICLE_AGE, PVR_FLOAT64, births},
                {PVR_PARTICLE_FORMATION, PVR_FLOAT64, births},
                {PVR_PARTICLE_DOMAIN, PVR_INT32, domains}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        if (more[i].exists && pvr_particle_field_find(table, more[i].name) < 0) {
            add_field(table, more[i].name, PVR_NAME_SIZE - 1, 1, more[i].type, true);
        }
    }
}

enum pvr_status pvr_particles_describe(const struct pvr_snapshot *snapshot,
                                       struct pvr_particle_table *table, struct pvr_error *error) {
    memset(table, 0, sizeof *table);
    struct pvr_particle_columns columns;
    enum pvr_status status = snapshot->mera != NULL
                                 ? pvr_mera_particle_columns(snapshot, &columns, error)
                                 : pvr_particle_columns_of(snapshot, &columns, error);
    if (status != PVR_OK) {
        return status;
    }
    table->field = calloc((size_t)columns.count + 4, sizeof *table->field);
    if (table->field == NULL) {
        pvr_particle_columns_free(&columns);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of fields");
    }
    table->present = columns.present;
    table->counted = columns.counted && (columns.present || columns.total == 0);
    table->count = table->counted ? columns.total : 0;
    for (int i = 0; i < PVR_FAMILIES; i++) {
        table->family_count[i] = table->counted ? columns.family_count[i] : 0;
    }
    if (columns.present) {
        list_fields(&columns, snapshot->mera == NULL, table);
    }
    table->warnings = columns.warnings;
    columns.warnings = NULL;
    pvr_particle_columns_free(&columns);
    return PVR_OK;
}

void pvr_particle_table_free(struct pvr_particle_table *table) {
    free(table->field);
    free(table->warnings);
    memset(table, 0, sizeof *table);
}

int pvr_particle_field_find(const struct pvr_particle_table *table, const char *name) {
    for (int i = 0; i < table->nfields; i++) {
        if (strcmp(table->field[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- units ------------------------------------------------------------------------------------
 */

static struct pvr_unit unit_of_mass(const struct pvr_info *info, enum pvr_field_units units) {
    double grams = info->unit_d * info->unit_l * info->unit_l * info->unit_l;
    return units == PVR_UNITS_CGS     ? (struct pvr_unit){grams, "g"}
           : units == PVR_UNITS_ASTRO ? (struct pvr_unit){grams / PVR_SOLAR_MASS, "Msol"}
                                      : (struct pvr_unit){1, ""};
}

struct pvr_unit pvr_particle_time_unit(const struct pvr_info *info, enum pvr_field_units units) {
    return units == PVR_UNITS_CGS ? (struct pvr_unit){info->unit_t, "s"}
           : units == PVR_UNITS_ASTRO
               ? (struct pvr_unit){info->unit_t / (1e6 * PVR_JULIAN_YEAR), "Myr"}
               : (struct pvr_unit){1, ""};
}

struct pvr_unit pvr_particle_column_unit(const struct pvr_info *info, const char *name,
                                         enum pvr_field_units units) {
    static const struct {
        const char *begins;
        enum pvr_dimension dimension;
    } known[] = {{"velocity_", PVR_VELOCITY},
                 {"potential", PVR_POTENTIAL},
                 {"acceleration_", PVR_ACCELERATION},
                 {"density", PVR_DENSITY}};
    if (strcmp(name, "mass") == 0) {
        return unit_of_mass(info, units);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(name, known[i].begins, strlen(known[i].begins)) == 0) {
            return pvr_field_unit(info, known[i].dimension, units);
        }
    }
    return (struct pvr_unit){1, ""};
}
