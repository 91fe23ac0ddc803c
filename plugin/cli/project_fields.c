/* project_fields.c - what `pvramses project` is to make images of. */
#include "project_fields.h"

#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALONG = WORDS_ALONG, WHOLE = -2 };

static bool takes_along(enum pvr_map_mode mode) {
    return mode == PVR_MAP_FIRST_MOMENT || mode == PVR_MAP_DISPERSION;
}

/* A field of the files or a derived one, of exactly this name. */
static bool find_exact(const struct pvr_field_table *table, const char *name,
                       struct project_field *field, int *ncomponents) {
    int f = pvr_field_find(table, name);
    if (f >= 0 && strcmp(table->field[f].name, name) == 0) {
        field->source = f;
        field->quantity = (struct pvr_map_quantity){.dimension = table->field[f].dimension};
        *ncomponents = table->field[f].ncomponents;
        return true;
    }
    field->quantity = (struct pvr_map_quantity){.derived = pvr_derived_find(name)};
    field->source = -1;
    *ncomponents = field->quantity.derived != NULL ? field->quantity.derived->ncomponents : 0;
    return field->quantity.derived != NULL;
}

/* Finds a name, or a name with a component behind it. */
static bool find_name(const struct pvr_field_table *table, const char *name,
                      struct project_field *field, int *ncomponents) {
    memset(field, 0, sizeof *field);
    snprintf(field->name, sizeof field->name, "%s", name);
    if (find_exact(table, name, field, ncomponents)) {
        field->component = *ncomponents == 1 ? 0 : WHOLE;
        return true;
    }
    char base[PVR_NAME_SIZE];
    return words_component(name, base, &field->component) &&
           find_exact(table, base, field, ncomponents) && *ncomponents == 3;
}

static enum pvr_status fail_unknown(const struct pvr_field_table *table, const char *name,
                                    struct pvr_error *error) {
    char names[PVR_MESSAGE_SIZE / 2] = "";
    for (int f = 0; f < table->nfields; f++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", f > 0 ? ", " : "",
                 table->field[f].name);
    }
    return pvr_fail(error, PVR_ERROR_ARGUMENT,
                    "no field '%.100s' in this output, and none derived; it has %s", name, names);
}

/* Is it there? */
static enum pvr_status check_derived(const struct project_field *field,
                                     const struct pvr_snapshot *snapshot, struct pvr_error *error) {
    char reason[256];
    if (field->source < 0 &&
        !pvr_derived_available(field->quantity.derived, pvr_snapshot_info(snapshot),
                               pvr_snapshot_fields(snapshot), reason, sizeof reason)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: %s", field->name, reason);
    }
    return PVR_OK;
}

bool project_weighs(enum pvr_map_mode mode) {
    return mode == PVR_MAP_MEAN || mode == PVR_MAP_SUM || takes_along(mode);
}

enum pvr_status project_fields_add(struct project_fields *fields, const struct project_field *field,
                                   struct pvr_error *error) {
    for (int f = 0; f < fields->count; f++) {
        if (strcmp(fields->field[f].name, field->name) == 0) {
            return PVR_OK;
        }
    }
    if (fields->count == PVR_MAP_MAX_VALUES) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "more than %d fields", (int)PVR_MAP_MAX_VALUES);
    }
    fields->field[fields->count++] = *field;
    return PVR_OK;
}

static enum pvr_status add_name(const struct project_options *options,
                                struct pvr_snapshot *snapshot, const char *name,
                                struct project_fields *fields, struct pvr_error *error) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    struct project_field field;
    int ncomponents;
    if (!find_name(table, name, &field, &ncomponents)) {
        return fail_unknown(table, name, error);
    }
    enum pvr_status status = check_derived(&field, snapshot, error);
    if (status != PVR_OK || field.component != WHOLE) {
        return status == PVR_OK ? project_fields_add(fields, &field, error) : status;
    }
    if (takes_along(options->mode)) {
        field.component = ALONG;
        return project_fields_add(fields, &field, error);
    }
    for (int c = 0; status == PVR_OK && c < pvr_snapshot_info(snapshot)->ndim; c++) {
        field.component = c;
        snprintf(field.name, sizeof field.name, "%.*s_%c", PVR_NAME_SIZE - 3, name, 'x' + c);
        status = project_fields_add(fields, &field, error);
    }
    return status;
}

static enum pvr_status find_weight(const struct project_options *options,
                                   struct pvr_snapshot *snapshot, struct project_fields *fields,
                                   struct pvr_error *error) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    const enum pvr_map_mode mode = options->mode;
    const char *name = options->weight;
    bool gas = pvr_field_find(table, "density") >= 0;
    if (!project_weighs(mode)) {
        if (name != NULL) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "the mode %s has no weight",
                            pvr_map_mode_name(mode));
        }
        return PVR_OK;
    }
    if (name == NULL) {
        name = mode == PVR_MAP_SUM ? "none" : gas ? "mass" : "volume";
    }
    fields->weighting = PVR_WEIGHT_ARRAY;
    if (strcmp(name, "volume") == 0 || strcmp(name, "none") == 0) {
        fields->weighting = name[0] == 'v' ? PVR_WEIGHT_VOLUME : PVR_WEIGHT_NONE;
        return PVR_OK;
    }
    int ncomponents;
    fields->weighted = true;
    if (!find_name(table, strcmp(name, "mass") == 0 ? "density" : name, &fields->weight,
                   &ncomponents)) {
        return fail_unknown(table, name, error);
    }
    if (fields->weight.component == WHOLE) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "the weight %s is a vector", name);
    }
    return check_derived(&fields->weight, snapshot, error);
}

enum pvr_status project_fields_find(const struct project_options *options,
                                    struct pvr_snapshot *snapshot, struct project_fields *fields,
                                    struct pvr_error *error) {
    const struct pvr_derived_options derived = pvr_derived_defaults(snapshot);
    memset(fields, 0, sizeof *fields);
    char *text = strdup(options->fields), *rest = text, *name;
    if (text == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    enum pvr_status status = PVR_OK;
    while (status == PVR_OK && (name = strsep(&rest, ",")) != NULL) {
        status = add_name(options, snapshot, name, fields, error);
    }
    free(text);
    if (status == PVR_OK) {
        status = find_weight(options, snapshot, fields, error);
    }
    bool by_mass = fields->weighted && strcmp(fields->weight.name, "density") == 0;
    fields->stream =
        pvr_snapshot_mera(snapshot) == NULL && (!fields->weighted || fields->weight.source >= 0);
    for (int f = 0; status == PVR_OK && f < fields->count; f++) {
        struct project_field *field = &fields->field[f];
        fields->stream = fields->stream && field->source >= 0;
        status = pvr_map_unit_find(pvr_snapshot_info(snapshot), &derived, &field->quantity,
                                   options->mode, fields->weighting, by_mass, options->unit,
                                   &field->unit, error);
    }
    return status;
}

/* Adds a component of a field of the files. */
static void add_variable(struct pvr_map_value *value, const struct pvr_field *field, int component,
                         double coefficient) {
    const int variable[2] = {field->variable[component], field->mean_with[component]};
    for (int i = 0; i < 2; i++) {
        if (variable[i] >= 0 && value->nterms < PVR_MAP_MAX_TERMS) {
            value->term[value->nterms++] = (struct pvr_map_term){
                .variable = variable[i],
                .coefficient = field->mean_with[component] >= 0 ? coefficient / 2 : coefficient};
        }
    }
}

static struct pvr_map_value file_value(const struct project_field *field,
                                       const struct pvr_field_table *table,
                                       const struct pvr_view *view) {
    struct pvr_map_value value = {.of_cells = pvr_map_quantity_of_cells(&field->quantity)};
    const struct pvr_field *from = &table->field[field->source];
    if (field->component != ALONG) {
        add_variable(&value, from, field->component, 1);
    }
    for (int c = 0; field->component == ALONG && c < 3; c++) {
        if (view->along[c] != 0) {
            add_variable(&value, from, c, view->along[c]);
        }
    }
    return value;
}

void project_fields_of_files(const struct project_fields *fields,
                             const struct pvr_field_table *table, const struct pvr_view *view,
                             struct pvr_map_value *values, struct pvr_map_value *weight) {
    for (int f = 0; f < fields->count; f++) {
        values[f] = file_value(&fields->field[f], table, view);
    }
    if (fields->weighted) {
        *weight = file_value(&fields->weight, table, view);
    }
}

static void add_once(const char **list, int *count, int most, const char *name) {
    for (int i = 0; i < *count; i++) {
        if (strcmp(list[i], name) == 0) {
            return;
        }
    }
    if (*count < most) {
        list[(*count)++] = name;
    }
}

int project_fields_loads(const struct project_fields *fields, struct pvr_snapshot *snapshot,
                         const char *load[PROJECT_MOST_LOADS], const char **derive, int *nderive) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    const struct pvr_derived_options options = pvr_derived_defaults(snapshot);
    int count = 0;
    *nderive = 0;
    for (int f = 0; f < fields->count + (fields->weighted ? 1 : 0); f++) {
        const struct project_field *field = f < fields->count ? &fields->field[f] : &fields->weight;
        if (field->source >= 0) {
            add_once(load, &count, PROJECT_MOST_LOADS, table->field[field->source].name);
        } else {
            add_once(derive, nderive, PVR_MAP_MAX_VALUES + 1, field->quantity.derived->name);
        }
    }
    const char *needs[PVR_DERIVED_MOST_NEEDS];
    int nneeds = pvr_derived_needs(derive, *nderive, &options, table, needs);
    for (int i = 0; i < nneeds; i++) {
        add_once(load, &count, PROJECT_MOST_LOADS, needs[i]);
    }
    return count;
}

static const struct pvr_array *find_array(const struct pvr_mesh_array *arrays, int narrays,
                                          const char *name) {
    for (int a = 0; a < narrays; a++) {
        if (strcmp(arrays[a].name, name) == 0) {
            return arrays[a].array;
        }
    }
    return NULL;
}

enum pvr_status project_fields_of_arrays(const struct project_fields *fields,
                                         const struct pvr_field_table *table,
                                         const struct pvr_mesh *mesh,
                                         const struct pvr_mesh_array *derived, int nderived,
                                         const struct pvr_view *view, struct pvr_map_value *values,
                                         struct pvr_map_value *weight, struct pvr_error *error) {
    for (int f = 0; f < fields->count + (fields->weighted ? 1 : 0); f++) {
        const struct project_field *field = f < fields->count ? &fields->field[f] : &fields->weight;
        struct pvr_map_value *value = f < fields->count ? &values[f] : weight;
        const struct pvr_array *array =
            field->source >= 0
                ? find_array(mesh->arrays, mesh->narrays, table->field[field->source].name)
                : find_array(derived, nderived, field->quantity.derived->name);
        if (array == NULL) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: too many fields at once",
                            field->name);
        }
        *value = (struct pvr_map_value){.of_cells = pvr_map_quantity_of_cells(&field->quantity)};
        for (int c = 0; c < array->ncomponents; c++) {
            double coefficient = field->component == ALONG ? view->along[c]
                                 : field->component == c   ? 1
                                                           : 0;
            if (coefficient != 0) {
                value->term[value->nterms++] = (struct pvr_map_term){
                    .array = array, .component = c, .coefficient = coefficient};
            }
        }
    }
    return PVR_OK;
}
