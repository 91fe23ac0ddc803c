/* quantities.c - the quantities that --quantities names, and their values from a summary. */
#include "quantities.h"

#include "pvr_derived.h"
#include "pvr_particles.h"
#include "pvr_text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000 /* quantities of a table */ };

static const struct {
    const char *name;
    enum quantity_kind kind;
    bool vector;
} known[] = {
    {"volume", QUANTITY_VOLUME, false},           {"mass", QUANTITY_MASS, false},
    {"center_of_mass", QUANTITY_CENTRE, true},    {"bulk_velocity", QUANTITY_VELOCITY, true},
    {"angular_momentum", QUANTITY_ANGULAR, true},
};
enum { NKNOWN = sizeof known / sizeof *known };

static enum pvr_status add(struct quantities *quantities, const struct quantity *quantity,
                           struct pvr_error *error) {
    for (int q = 0; q < quantities->count; q++) {
        if (strcmp(quantities->quantity[q].name, quantity->name) == 0) {
            return PVR_OK;
        }
    }
    if (quantities->count == MOST) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "more than %d quantities", MOST);
    }
    quantities->quantity[quantities->count++] = *quantity;
    quantities->mesh = quantities->mesh || !quantity->particles;
    quantities->particles = quantities->particles || quantity->particles;
    bool moves = quantity->kind == QUANTITY_VELOCITY || quantity->kind == QUANTITY_ANGULAR;
    quantities->velocity = quantities->velocity || moves;
    quantities->mass = quantities->mass || moves || quantity->kind == QUANTITY_MASS ||
                       quantity->kind == QUANTITY_CENTRE ||
                       (quantity->kind == QUANTITY_FIELD && quantity->statistic == FIELD_MASS_MEAN);
    return PVR_OK;
}

/* cells, mass, center_of_mass ... of the mesh or of particles; a vector becomes three. */
static enum pvr_status add_known(struct quantities *quantities, const char *text, const char *name,
                                 struct quantity quantity, struct pvr_error *error) {
    const char *count = quantity.particles ? "count" : "cells";
    if (strcmp(name, count) == 0) {
        quantity.kind = QUANTITY_COUNT;
        snprintf(quantity.name, sizeof quantity.name, "%s", text);
        return add(quantities, &quantity, error);
    }
    for (int k = 0; k < NKNOWN; k++) {
        if (strcmp(name, known[k].name) != 0 ||
            (quantity.particles && known[k].kind == QUANTITY_VOLUME)) {
            continue;
        }
        quantity.kind = known[k].kind;
        enum pvr_status status = PVR_OK;
        for (int c = 0; status == PVR_OK && c < (known[k].vector ? 3 : 1); c++) {
            quantity.component = c;
            snprintf(quantity.name, sizeof quantity.name, known[k].vector ? "%s_%c" : "%s", text,
                     "xyz"[c]);
            status = add(quantities, &quantity, error);
        }
        return status;
    }
    return pvr_fail(error, PVR_ERROR_ARGUMENT,
                    "'%.60s' is no quantity: cells, volume, mass, center_of_mass, bulk_velocity, "
                    "angular_momentum, FIELD:min, max, mean or mass_mean, or "
                    "particles.count (mass ...), FAMILY.mass ...",
                    text);
}

static enum pvr_status add_one(struct quantities *quantities, const char *text,
                               struct pvr_error *error) {
    static const char *const statistics[] = {"min", "max", "mean", "mass_mean"};
    struct quantity quantity = {.family = INT_MIN};
    const char *colon = strchr(text, ':'), *dot = strchr(text, '.');
    if (strlen(text) >= PVR_NAME_SIZE) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "'%.60s...' is no quantity", text);
    }
    if (colon != NULL) {
        for (int s = 0; s < 4; s++) {
            if (strcmp(colon + 1, statistics[s]) == 0 && colon > text) {
                quantity.kind = QUANTITY_FIELD;
                quantity.statistic = (enum quantity_statistic)s;
                snprintf(quantity.name, sizeof quantity.name, "%s", text);
                snprintf(quantity.field, sizeof quantity.field, "%.*s", (int)(colon - text), text);
                return add(quantities, &quantity, error);
            }
        }
    }
    if (dot != NULL) {
        char family[PVR_NAME_SIZE];
        snprintf(family, sizeof family, "%.*s", (int)(dot - text), text);
        quantity.particles = true;
        if (strcmp(family, "particles") == 0 || pvr_family_code(family, &quantity.family)) {
            return add_known(quantities, text, dot + 1, quantity, error);
        }
    }
    return add_known(quantities, text, text, quantity, error);
}

/* Adds a name to the comma-separated fields unless it is there. */
static bool need_field(struct quantities *quantities, const char *name) {
    size_t length = strlen(name);
    for (const char *at = quantities->fields; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ",");
        if (n == length && strncmp(at, name, n) == 0) {
            return true;
        }
        at += n + (at[n] == ',');
    }
    char *longer = quantities->fields == NULL ? pvr_text_format("%s", name)
                                              : pvr_text_format("%s,%s", quantities->fields, name);
    if (longer != NULL) {
        free(quantities->fields);
        quantities->fields = longer;
    }
    return longer != NULL;
}

enum pvr_status quantities_make(const char *list, struct quantities *quantities,
                                struct pvr_error *error) {
    *quantities = (struct quantities){.quantity = calloc(MOST, sizeof *quantities->quantity)};
    char *text = pvr_text_format("%s", list);
    enum pvr_status status = quantities->quantity != NULL && text != NULL
                                 ? PVR_OK
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    for (char *at = text; status == PVR_OK && at != NULL;) {
        char *comma = strchr(at, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        status = add_one(quantities, at, error);
        at = comma != NULL ? comma + 1 : NULL;
    }
    free(text);
    bool enough = status != PVR_OK || need_field(quantities, "level");
    if (status == PVR_OK && quantities->mass) {
        enough = enough && need_field(quantities, "mass");
    }
    if (status == PVR_OK && quantities->velocity) {
        enough = enough && need_field(quantities, "velocity");
    }
    for (int i = 0; status == PVR_OK && i < quantities->count; i++) {
        if (quantities->quantity[i].kind == QUANTITY_FIELD) {
            enough = enough && need_field(quantities, quantities->quantity[i].field);
        }
    }
    if (status == PVR_OK && !enough) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    if (status != PVR_OK) {
        quantities_free(quantities);
    }
    return status;
}

void quantities_free(struct quantities *quantities) {
    free(quantities->quantity);
    free(quantities->fields);
    *quantities = (struct quantities){.count = 0};
}

static const char *field_unit(const char *name, const struct pvr_snapshot *snapshot,
                              enum pvr_field_units units) {
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    const struct pvr_derived_info *derived = pvr_derived_find(name);
    const int variable = pvr_variable_find(table, name);
    return variable >= 0 ? pvr_field_unit(info, table->variable[variable].dimension, units).label
           : derived != NULL ? pvr_derived_unit(derived, info, NULL, units).label
                             : "";
}

void quantities_set_units(struct quantities *quantities, const struct pvr_snapshot *snapshot,
                          enum pvr_field_units units, enum pvr_length_unit length_unit) {
    static const char *const masses[] = {
        [PVR_UNITS_CODE] = "", [PVR_UNITS_CGS] = "g", [PVR_UNITS_ASTRO] = "Msol"};
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    const char *length = pvr_length_unit(info, length_unit).label;
    const char *velocity = pvr_field_unit(info, PVR_VELOCITY, units).label;
    for (int q = 0; q < quantities->count; q++) {
        struct quantity *quantity = &quantities->quantity[q];
        char *unit = quantity->unit;
        unit[0] = '\0';
        switch (quantity->kind) {
        case QUANTITY_COUNT:
            break;
        case QUANTITY_VOLUME:
            if (length[0] != '\0') {
                snprintf(unit, QUANTITY_UNIT_SIZE, info->ndim > 1 ? "%s^%d" : "%s", length,
                         info->ndim);
            }
            break;
        case QUANTITY_MASS:
            snprintf(unit, QUANTITY_UNIT_SIZE, "%s", masses[units]);
            break;
        case QUANTITY_CENTRE:
            snprintf(unit, QUANTITY_UNIT_SIZE, "%s", length);
            break;
        case QUANTITY_VELOCITY:
            snprintf(unit, QUANTITY_UNIT_SIZE, "%s", velocity);
            break;
        case QUANTITY_ANGULAR: /* (of units that are partly code no name can be made) */
            if (length[0] != '\0' && velocity[0] != '\0') {
                snprintf(unit, QUANTITY_UNIT_SIZE, "%s %s %s", masses[units], length, velocity);
            }
            break;
        case QUANTITY_FIELD:
            snprintf(unit, QUANTITY_UNIT_SIZE, "%s", field_unit(quantity->field, snapshot, units));
            break;
        }
    }
}

static double field_value(const struct quantity *quantity, const struct pvr_summary *summary,
                          const struct pvr_summary_row *row) {
    for (int c = 0; c < summary->ncolumns; c++) {
        if (strcmp(summary->column[c].name, quantity->field) == 0) {
            const struct pvr_summary_value *value = &row->value[c];
            const double values[] = {value->min, value->max, value->mean, value->mass_mean};
            return values[quantity->statistic];
        }
    }
    return NAN;
}

double quantity_value(const struct quantity *quantity, const struct pvr_summary *mesh, int row,
                      const struct pvr_summary *particles) {
    const struct pvr_summary *summary = quantity->particles ? particles : mesh;
    const struct pvr_summary_row *from = NULL;
    if (quantity->particles && row != 0) {
        return NAN; /* particles have no rows of levels */
    }
    for (int r = 0; summary != NULL && r < summary->nrows; r++) {
        bool is = quantity->particles ? summary->row[r].group == quantity->family : r == row;
        from = is ? &summary->row[r] : from;
    }
    if (from == NULL) { /* none of this family */
        bool none = summary != NULL &&
                    (quantity->kind == QUANTITY_COUNT || quantity->kind == QUANTITY_MASS);
        return none ? 0 : (double)NAN;
    }
    switch (quantity->kind) {
    case QUANTITY_COUNT:
        return (double)from->count;
    case QUANTITY_VOLUME:
        return from->volume;
    case QUANTITY_MASS:
        return from->mass;
    case QUANTITY_CENTRE:
        return from->centre[quantity->component];
    case QUANTITY_VELOCITY:
        return from->velocity[quantity->component];
    case QUANTITY_ANGULAR:
        return from->angular_momentum[quantity->component];
    case QUANTITY_FIELD:
        return field_value(quantity, summary, from);
    }
    return NAN;
}
