/* selection.c - the fields that --fields names, as the library wants them. */
#include "selection.h"

#include "pvr_mesh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool selection_has(const struct selection *selection, int variable) {
    for (int i = 0; i < selection->nvariables; i++) {
        if (selection->variable[i] == variable) {
            return true;
        }
    }
    return false;
}

static void add_name(struct selection *selection, const char *name) {
    for (int i = 0; i < selection->nfields; i++) {
        if (strcmp(selection->field[i], name) == 0) {
            return;
        }
    }
    selection->field[selection->nfields++] = name;
}

static void add_variable(struct selection *selection, int variable) {
    if (variable >= 0 && !selection_has(selection, variable)) {
        selection->variable[selection->nvariables++] = variable;
    }
}

/* The field that has `variable` as a component, or null. */
static const struct pvr_field *field_with(const struct pvr_field_table *table, int variable) {
    for (int f = 0; f < table->nfields; f++) {
        for (int c = 0; c < table->field[f].ncomponents; c++) {
            if (table->field[f].variable[c] == variable) {
                return &table->field[f];
            }
        }
    }
    return NULL;
}

static void add_field(const struct pvr_field_table *table, const struct pvr_field *field,
                      struct selection *selection) {
    if (field->mean_with[0] >= 0) { /* a mean of two fields: what is reported are these */
        add_field(table, field_with(table, field->variable[0]), selection);
        add_field(table, field_with(table, field->mean_with[0]), selection);
        return;
    }
    add_name(selection, field->name);
    for (int c = 0; c < field->ncomponents; c++) {
        add_variable(selection, field->variable[c]);
    }
}

static enum pvr_status fail_unknown(const struct pvr_field_table *table, const char *name,
                                    struct pvr_error *error) {
    char names[PVR_MESSAGE_SIZE / 2] = "";
    size_t used = 0;
    for (int f = 0; f < table->nfields; f++) {
        int n = snprintf(names + used, sizeof names - used, "%s, ", table->field[f].name);
        if (n < 0 || (size_t)n >= sizeof names - used) {
            break;
        }
        used += (size_t)n;
    }
    return pvr_fail(error, PVR_ERROR_ARGUMENT, "no field '%.100s' in this output; it has %s%s, %s",
                    name, names, PVR_FIELD_LEVEL, PVR_FIELD_DOMAIN);
}

static enum pvr_status add_by_name(const struct pvr_field_table *table, const char *name,
                                   struct selection *selection, struct pvr_error *error) {
    if (strcmp(name, PVR_FIELD_LEVEL) == 0 || strcmp(name, PVR_FIELD_DOMAIN) == 0) {
        add_name(selection, name);
        return PVR_OK;
    }
    int f = pvr_field_find(table, name);
    if (f >= 0 && strcmp(table->field[f].name, name) == 0) {
        add_field(table, &table->field[f], selection);
        return PVR_OK;
    }
    int v = pvr_variable_find(table, name);
    const struct pvr_field *field = v >= 0 ? field_with(table, v) : NULL;
    if (field == NULL) {
        return fail_unknown(table, name, error);
    }
    add_name(selection, field->name); /* a component: its vector is read, it alone reported */
    add_variable(selection, v);
    return PVR_OK;
}

enum pvr_status selection_make(const struct pvr_field_table *table, const char *list,
                               struct selection *selection, struct pvr_error *error) {
    size_t nnames = (size_t)table->nfields;
    for (const char *c = list; c != NULL && *c != '\0'; c++) {
        nnames += *c == ',';
    }
    *selection = (struct selection){.nfields = 0};
    selection->field = calloc(2 * nnames + 2, sizeof selection->field[0]);
    selection->variable = calloc((size_t)table->nvariables + 1, sizeof selection->variable[0]);
    selection->text = strdup(list != NULL ? list : "");
    if (selection->field == NULL || selection->variable == NULL || selection->text == NULL) {
        selection_free(selection);
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    if (list == NULL) {
        for (int f = 0; f < table->nfields; f++) {
            add_field(table, &table->field[f], selection);
        }
        return PVR_OK;
    }
    char *rest = selection->text;
    char *name;
    while ((name = strsep(&rest, ",")) != NULL) {
        enum pvr_status status = add_by_name(table, name, selection, error);
        if (status != PVR_OK) {
            selection_free(selection);
            return status;
        }
    }
    return PVR_OK;
}

void selection_free(struct selection *selection) {
    free(selection->field);
    free(selection->variable);
    free(selection->text);
    *selection = (struct selection){.nfields = 0};
}
