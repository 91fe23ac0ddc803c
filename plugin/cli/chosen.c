/* chosen.c - the fields of a mesh that a list of names asks for: read, derived, put in order. */
#include "chosen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where an array of the result comes from. */
struct origin {
    const char *name;
    const char *field; /* that is read; null: derived */
    int component;     /* of it, -1: all */
};

struct choice {
    char *text; /* where the names lie */
    int count;
    struct origin *origins;
    int nfields; /* to be read */
    const char **fields;
    int nderived;
    const char **derived;
};

static void choice_free(struct choice *choice) {
    free(choice->text);
    free(choice->origins);
    free(choice->fields);
    free(choice->derived);
}

static void read_field(struct choice *choice, const char *name) {
    for (int i = 0; i < choice->nfields; i++) {
        if (strcmp(choice->fields[i], name) == 0) {
            return;
        }
    }
    choice->fields[choice->nfields++] = name;
}

static void add(struct choice *choice, struct origin origin) {
    for (int i = 0; i < choice->count; i++) {
        if (strcmp(choice->origins[i].name, origin.name) == 0) {
            return;
        }
    }
    choice->origins[choice->count++] = origin;
    if (origin.field != NULL) {
        read_field(choice, origin.field);
    } else {
        choice->derived[choice->nderived++] = origin.name;
    }
}

/* The field that has a variable as a component. */
static bool find_component(const struct pvr_field_table *table, const char *name,
                           struct origin *origin) {
    const int variable = pvr_variable_find(table, name);
    for (int f = 0; variable >= 0 && f < table->nfields; f++) {
        const struct pvr_field *field = &table->field[f];
        for (int c = 0; c < field->ncomponents && field->mean_with[0] < 0; c++) {
            if (field->variable[c] == variable) {
                *origin = (struct origin){name, field->name, c};
                return true;
            }
        }
    }
    return false;
}

static enum pvr_status fail_unknown(const struct pvr_field_table *table, const char *name,
                                    struct pvr_error *error) {
    char names[PVR_MESSAGE_SIZE / 2] = "";
    size_t used = 0;
    for (int f = 0; f < table->nfields && used + PVR_NAME_SIZE + 2 < sizeof names; f++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s, ", table->field[f].name);
    }
    return pvr_fail(error, PVR_ERROR_ARGUMENT,
                    "no field '%.100s' in this output; it has %s%s, %s, and derived fields as "
                    "temperature",
                    name, names, PVR_FIELD_LEVEL, PVR_FIELD_DOMAIN);
}

static enum pvr_status add_name(struct choice *choice, const struct pvr_snapshot *snapshot,
                                const char *name, struct pvr_error *error) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    struct origin origin = {name, name, -1};
    if (strcmp(name, PVR_FIELD_LEVEL) == 0 || strcmp(name, PVR_FIELD_DOMAIN) == 0 ||
        pvr_field_find(table, name) >= 0 || find_component(table, name, &origin)) {
        add(choice, origin);
        return PVR_OK;
    }
    const struct pvr_derived_info *derived = pvr_derived_find(name);
    char reason[256];
    if (derived == NULL) {
        return fail_unknown(table, name, error);
    }
    if (!pvr_derived_available(derived, pvr_snapshot_info(snapshot), table, reason,
                               sizeof reason)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "no '%s' for this output: %s", name, reason);
    }
    add(choice, (struct origin){name, NULL, -1});
    return PVR_OK;
}

static enum pvr_status choose(const struct pvr_snapshot *snapshot, const char *list,
                              struct choice *choice, struct pvr_error *error) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    size_t most = (size_t)table->nfields + 1;
    for (const char *c = list; c != NULL && *c != '\0'; c++) {
        most += *c == ',';
    }
    *choice = (struct choice){.text = strdup(list != NULL ? list : "")};
    choice->origins = calloc(most + 1, sizeof *choice->origins);
    choice->fields = calloc(most + PVR_DERIVED_MOST_NEEDS + 1, sizeof *choice->fields);
    choice->derived = calloc(most + 1, sizeof *choice->derived);
    enum pvr_status status = PVR_OK;
    if (choice->text == NULL || choice->origins == NULL || choice->fields == NULL ||
        choice->derived == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int f = 0; list == NULL && status == PVR_OK && f < table->nfields; f++) {
        add(choice, (struct origin){table->field[f].name, table->field[f].name, -1});
    }
    char *rest = choice->text, *name;
    while (list != NULL && status == PVR_OK && (name = strsep(&rest, ",")) != NULL) {
        status = add_name(choice, snapshot, name, error);
    }
    if (status == PVR_OK && choice->nderived > 0) {
        const char *needs[PVR_DERIVED_MOST_NEEDS];
        const struct pvr_derived_options options = pvr_derived_defaults(snapshot);
        const int count =
            pvr_derived_needs(choice->derived, choice->nderived, &options, table, needs);
        for (int i = 0; i < count; i++) {
            read_field(choice, needs[i]);
        }
    }
    if (status != PVR_OK) {
        choice_free(choice);
    }
    return status;
}

/* One component of an array as an array of its own. */
static enum pvr_status take_component(const struct pvr_mesh_array *from, int component,
                                      struct pvr_mesh_array *to, struct pvr_error *error) {
    const struct pvr_array *array = from->array;
    const size_t bytes = pvr_type_bytes(array->type);
    enum pvr_status status = pvr_array_new(array->type, 1, array->ntuples, &to->array, error);
    for (uint64_t i = 0; status == PVR_OK && i < array->ntuples; i++) {
        memcpy((char *)to->array->data + i * bytes,
               (const char *)array->data +
                   (i * (uint64_t)array->ncomponents + (uint64_t)component) * bytes,
               bytes);
    }
    return status;
}

const struct pvr_mesh_array *chosen_find(const struct pvr_mesh *mesh, const char *name) {
    for (int a = 0; a < mesh->narrays; a++) {
        if (strcmp(mesh->arrays[a].name, name) == 0) {
            return &mesh->arrays[a];
        }
    }
    return NULL;
}

/* Replaces the arrays that were read by those that are wanted. */
static enum pvr_status put_in_order(struct pvr_mesh *mesh, const struct choice *choice,
                                    struct pvr_mesh_array *derived, struct pvr_error *error) {
    struct pvr_mesh_array *arrays = calloc((size_t)choice->count + 1, sizeof *arrays);
    if (arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    enum pvr_status status = PVR_OK;
    int made = 0, next_derived = 0;
    for (; made < choice->count && status == PVR_OK; made++) {
        const struct origin *origin = &choice->origins[made];
        const struct pvr_mesh_array *from =
            origin->field != NULL ? chosen_find(mesh, origin->field) : &derived[next_derived++];
        arrays[made] = *from;
        arrays[made].array = NULL;
        snprintf(arrays[made].name, sizeof arrays[made].name, "%s", origin->name);
        if (origin->component >= 0 && from->array->ncomponents > 1) {
            arrays[made].ncomponents = 1;
            status = take_component(from, origin->component, &arrays[made], error);
        } else {
            arrays[made].array = pvr_array_retain(from->array);
        }
    }
    for (int a = 0; a < mesh->narrays; a++) {
        pvr_array_release(mesh->arrays[a].array);
    }
    free(mesh->arrays);
    mesh->arrays = arrays;
    mesh->narrays = made;
    return status;
}

static enum pvr_status derive(struct pvr_snapshot *snapshot, const struct chosen_request *request,
                              const struct choice *choice, const struct pvr_mesh *mesh,
                              struct pvr_mesh_array *derived, struct pvr_error *error) {
    const struct pvr_derived_request wanted = {.names = choice->derived,
                                               .count = choice->nderived,
                                               .units = request->units,
                                               .precision = request->precision};
    const struct pvr_derived_options options = pvr_derived_defaults(snapshot);
    return choice->nderived == 0
               ? PVR_OK
               : pvr_derive(mesh, pvr_snapshot_info(snapshot), &wanted, &options, request->threads,
                            request->progress, request->progress_context, derived, NULL, error);
}

enum pvr_status chosen_load(struct pvr_snapshot *snapshot, const struct chosen_request *request,
                            struct pvr_mesh **mesh, struct pvr_error *error) {
    struct choice choice;
    *mesh = NULL;
    enum pvr_status status = choose(snapshot, request->list, &choice, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_mesh_request wanted = {.max_level = request->max_level,
                                            .fields = choice.fields,
                                            .nfields = choice.nfields,
                                            .precision = request->precision,
                                            .units = request->units,
                                            .region = request->region};
    struct pvr_mesh_array *derived = calloc((size_t)choice.nderived + 1, sizeof *derived);
    status = derived == NULL ? pvr_fail(error, PVR_ERROR_MEMORY, "out of memory")
                             : pvr_mesh_load(snapshot, &wanted, request->threads, request->progress,
                                             request->progress_context, mesh, error);
    if (status == PVR_OK) {
        status = derive(snapshot, request, &choice, *mesh, derived, error);
        if (status == PVR_OK) {
            status = put_in_order(*mesh, &choice, derived, error);
            for (int d = 0; d < choice.nderived; d++) {
                pvr_array_release(derived[d].array);
            }
        }
        if (status != PVR_OK) {
            pvr_mesh_free(*mesh);
            *mesh = NULL;
        }
    }
    free(derived);
    choice_free(&choice);
    return status;
}

enum pvr_status chosen_bytes(struct pvr_snapshot *snapshot, const struct chosen_request *request,
                             uint64_t *bytes, struct pvr_error *error) {
    struct choice choice;
    enum pvr_status status = choose(snapshot, request->list, &choice, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_mesh_request wanted = {.max_level = request->max_level,
                                            .fields = choice.fields,
                                            .nfields = choice.nfields,
                                            .precision = request->precision,
                                            .region = request->region};
    status = pvr_mesh_bytes(snapshot, &wanted, request->threads, bytes, error);
    if (status == PVR_OK && choice.nderived > 0) {
        /* A derived field has at most three doubles a cell: as the arrays of three scalars. */
        const char *const one[] = {PVR_FIELD_DOMAIN};
        const struct pvr_mesh_request unit = {.max_level = request->max_level,
                                              .fields = one,
                                              .nfields = 1,
                                              .region = request->region};
        uint64_t four_bytes_each = 0;
        status = pvr_mesh_bytes(snapshot, &unit, request->threads, &four_bytes_each, error);
        *bytes += 6 * four_bytes_each * (uint64_t)choice.nderived;
    }
    choice_free(&choice);
    return status;
}
