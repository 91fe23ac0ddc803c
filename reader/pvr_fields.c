/* pvr_fields.c - which variables an output's mesh files hold, and the fields a user sees. */
#include "pvr_fields.h"

#include "pvr_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A descriptor has a line per variable. */
static const size_t descriptor_limit = (size_t)PVR_MAX_VARIABLES * 128;

/* Copies a name without blanks around it and without characters that would end it in ParaView's
 * lists or in a command line's. */
static void copy_name(char out[PVR_NAME_SIZE], const char *name, size_t length) {
    while (length > 0 && isspace((unsigned char)*name)) {
        name++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)name[length - 1])) {
        length--;
    }
    size_t n = 0;
    for (; n < length && n + 1 < PVR_NAME_SIZE; n++) {
        unsigned char c = (unsigned char)name[n];
        out[n] = isgraph(c) && c != ',' && c != '"' ? (char)c : '_';
    }
    out[n] = '\0';
    if (strcmp(out, "thermal_pressure") == 0) {
        strcpy(out, "pressure");
    }
}

/* One line of either form; returns the variable's number from 1, or 0 for other lines. */
static int parse_line(const char *line, size_t length, char name[PVR_NAME_SIZE]) {
    char copy[256];
    if (length >= sizeof copy) {
        return 0;
    }
    memcpy(copy, line, length);
    copy[length] = '\0';
    int number, used = 0;
    if (sscanf(copy, " variable # %d : %n", &number, &used) == 1 && used > 0) {
        copy_name(name, copy + used, strlen(copy + used));
        return name[0] != '\0' && number > 0 ? number : 0;
    }
    used = 0;
    if (sscanf(copy, " %d , %n", &number, &used) == 1 && used > 0) {
        size_t name_length = strcspn(copy + used, ",");
        copy_name(name, copy + used, name_length);
        return name[0] != '\0' && number > 0 ? number : 0;
    }
    return 0;
}

/* Fills variable names from a descriptor's text. Returns the number of variables it names. */
static int parse_descriptor(const char *text, struct pvr_variable *variable, int nvar) {
    int count = 0;
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char name[PVR_NAME_SIZE];
        int number = parse_line(line, length, name);
        if (number > 0) {
            count++;
            if (number <= nvar) {
                strcpy(variable[number - 1].name, name);
            }
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return count;
}

/* RAMSES' own order where no descriptor names the variables. */
static void default_names(struct pvr_variable *variable, int ndim, int nvar) {
    static const char axis[] = "xyz";
    bool magnetic = nvar >= 11 && ndim == 3;
    int nvelocity = magnetic ? 3 : ndim, next = 0;
    snprintf(variable[next++].name, PVR_NAME_SIZE, "density");
    for (int i = 0; i < nvelocity && next < nvar; i++) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "velocity_%c", axis[i]);
    }
    for (int i = 0; magnetic && i < 6; i++) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "B_%c_%s", axis[i % 3],
                 i < 3 ? "left" : "right");
    }
    if (next < nvar) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "pressure");
    }
    for (int i = 1; next < nvar; i++) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "scalar_%02d", i);
    }
}

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

static enum pvr_dimension dimension_of(const char *name) {
    if (strcmp(name, "density") == 0) {
        return PVR_DENSITY;
    }
    if (begins(name, "velocity_")) {
        return PVR_VELOCITY;
    }
    if (strcmp(name, "pressure") == 0 || begins(name, "non_thermal_energy") ||
        begins(name, "non_thermal_pressure") || begins(name, "radiation_pressure")) {
        return PVR_PRESSURE;
    }
    if (begins(name, "B_")) {
        return PVR_MAGNETIC;
    }
    return PVR_DIMENSIONLESS;
}

/* Makes names unique by a number behind a repeated one. */
static void make_unique(struct pvr_field_table *table) {
    for (int i = 1; i < table->nvariables; i++) {
        char *name = table->variable[i].name;
        for (int again = 2, j = 0; j < i; j++) {
            if (strcmp(table->variable[j].name, name) == 0) {
                char *line = pvr_text_format("variable %d repeats the name %s: called %.40s_%d",
                                             i + 1, name, name, again);
                pvr_text_add_line(&table->warnings, line != NULL ? line : "a name is repeated");
                free(line);
                char renamed[PVR_NAME_SIZE];
                snprintf(renamed, sizeof renamed, "%.40s_%d", table->variable[j].name, again++);
                strcpy(name, renamed);
                j = -1; /* the new name may stand there too */
            }
        }
    }
}

/* If variable `first` is NAME_x[SUFFIX], finds the other components; returns how many there are
 * and the field's name. */
static int vector_components(const struct pvr_field_table *table, int first, int variable[3],
                             char name[PVR_NAME_SIZE]) {
    const char *own = table->variable[first].name;
    const char *at = strstr(own, "_x");
    if (at == NULL || (at[2] != '\0' && at[2] != '_')) {
        return 1;
    }
    int count = 1;
    variable[0] = first;
    for (int axis = 1; axis < 3; axis++) {
        char other[PVR_NAME_SIZE];
        strcpy(other, own);
        other[at - own + 1] = (char)('x' + axis);
        variable[axis] = pvr_variable_find(table, other);
        if (variable[axis] >= 0 && count == axis) {
            count++;
        }
    }
    snprintf(name, PVR_NAME_SIZE, "%.*s%s", (int)(at - own), own, at + 2);
    return count;
}

/* Adds a field of its own for variable `i`. */
static struct pvr_field *add_field(struct pvr_field_table *table, int i, const char *name) {
    struct pvr_field *field = &table->field[table->nfields++];
    *field = (struct pvr_field){.ncomponents = 1, .variable = {i, -1, -1}};
    field->dimension = table->variable[i].dimension;
    strcpy(field->name, name);
    return field;
}

/* Variables in the order of the file; a vector stands where its first component does. */
static void group_fields(struct pvr_field_table *table) {
    int count, component[3];
    char name[PVR_NAME_SIZE];     /* of the vector */
    int first[PVR_MAX_VARIABLES]; /* the x component of each variable's vector, or -1 */
    bool done[PVR_MAX_VARIABLES] = {false};
    for (int i = 0; i < table->nvariables; i++) {
        first[i] = -1;
    }
    for (int i = 0; i < table->nvariables; i++) {
        count = vector_components(table, i, component, name);
        /* the velocity is a vector in 1-D too; a name that a variable has is not taken from it */
        bool velocity = strcmp(table->variable[i].name, "velocity_x") == 0;
        if ((count >= 2 || velocity) && pvr_variable_find(table, name) < 0) {
            for (int axis = 0; axis < count; axis++) {
                first[component[axis]] = i;
            }
        }
    }
    for (int i = 0; i < table->nvariables; i++) {
        int x = first[i];
        if (x < 0) {
            add_field(table, i, table->variable[i].name);
        } else if (!done[x]) {
            done[x] = true;
            count = vector_components(table, x, component, name);
            struct pvr_field *field = add_field(table, x, name);
            field->ncomponents = 3;
            for (int axis = 0; axis < count; axis++) {
                field->variable[axis] = component[axis];
            }
        }
    }
}

enum pvr_status pvr_field_table_read(const char *descriptor_path, int ndim, int nvar,
                                     struct pvr_field_table *table, struct pvr_error *error) {
    memset(table, 0, sizeof *table);
    if (nvar < 1 || nvar > PVR_MAX_VARIABLES) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: %d variables where 1 to %d make sense",
                        descriptor_path, nvar, PVR_MAX_VARIABLES);
    }
    table->variable = calloc((size_t)nvar, sizeof *table->variable);
    table->field = calloc((size_t)nvar, sizeof *table->field);
    if (table->variable == NULL || table->field == NULL) {
        pvr_field_table_free(table);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %d variables", nvar);
    }
    table->nvariables = nvar;
    default_names(table->variable, ndim, nvar);
    if (access(descriptor_path, F_OK) == 0) {
        char *text;
        struct pvr_error problem;
        int named = -1;
        if (pvr_text_read(descriptor_path, descriptor_limit, &text, &problem) == PVR_OK) {
            struct pvr_variable *read = calloc((size_t)nvar, sizeof *read);
            named = read != NULL ? parse_descriptor(text, read, nvar) : -1;
            for (int i = 0; named == nvar && i < nvar; i++) {
                if (read[i].name[0] == '\0') {
                    named = -1;
                }
            }
            if (named == nvar) {
                memcpy(table->variable, read, (size_t)nvar * sizeof *read);
            }
            free(read);
            free(text);
        } else {
            pvr_text_add_line(&table->warnings, problem.message);
        }
        if (named != nvar) {
            char *line = pvr_text_format("%s: does not name the %d variables of the files: RAMSES' "
                                         "own order is assumed",
                                         descriptor_path, nvar);
            pvr_text_add_line(&table->warnings, line != NULL ? line : "descriptor not used");
            free(line);
        }
    }
    make_unique(table);
    for (int i = 0; i < nvar; i++) {
        table->variable[i].kind = PVR_HYDRO;
        table->variable[i].column = i;
        table->variable[i].dimension = dimension_of(table->variable[i].name);
    }
    group_fields(table);
    return PVR_OK;
}

void pvr_field_table_free(struct pvr_field_table *table) {
    free(table->variable);
    free(table->field);
    free(table->warnings);
    memset(table, 0, sizeof *table);
}

int pvr_field_find(const struct pvr_field_table *table, const char *name) {
    for (int i = 0; i < table->nfields; i++) {
        if (strcmp(table->field[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int pvr_variable_find(const struct pvr_field_table *table, const char *name) {
    for (int i = 0; i < table->nvariables; i++) {
        if (strcmp(table->variable[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}
