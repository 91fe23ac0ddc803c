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
static void hydro_names(struct pvr_variable *variable, int ndim, int nvar) {
    bool magnetic = nvar >= 11 && ndim == 3;
    int nvelocity = magnetic ? 3 : ndim, next = 0;
    snprintf(variable[next++].name, PVR_NAME_SIZE, "density");
    for (int i = 0; i < nvelocity && next < nvar; i++) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "velocity_%c", 'x' + i);
    }
    for (int i = 0; magnetic && i < 6; i++) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "B_%c_%s", 'x' + i % 3,
                 i < 3 ? "left" : "right");
    }
    if (next < nvar) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "pressure");
    }
    for (int i = 1; next < nvar; i++) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "scalar_%02d", i);
    }
}

static void gravity_names(struct pvr_variable *variable, int ndim, int nvar) {
    int next = 0;
    if (nvar > ndim + 1) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "particle_density");
    }
    if (nvar > ndim) {
        snprintf(variable[next++].name, PVR_NAME_SIZE, "potential");
    }
    for (int i = 0; next < nvar; i++) {
        if (i < ndim) {
            snprintf(variable[next++].name, PVR_NAME_SIZE, "acceleration_%c", 'x' + i);
        } else {
            snprintf(variable[next++].name, PVR_NAME_SIZE, "gravity_%d", i + 1);
        }
    }
}

static void radiation_names(struct pvr_variable *variable, int ndim, int nvar) {
    for (int next = 0; next < nvar; next++) {
        int group = next / (ndim + 1) + 1, part = next % (ndim + 1);
        if (part == 0) {
            snprintf(variable[next].name, PVR_NAME_SIZE, "photon_flux_%02d", group);
        } else {
            snprintf(variable[next].name, PVR_NAME_SIZE, "photon_flux_%02d_%c", group,
                     'x' + part - 1);
        }
    }
}

static void clump_names(struct pvr_variable *variable, int ndim, int nvar) {
    (void)ndim;
    for (int next = 0; next < nvar; next++) {
        if (nvar == 1) {
            snprintf(variable[next].name, PVR_NAME_SIZE, "clump_id");
        } else {
            snprintf(variable[next].name, PVR_NAME_SIZE, "clump_id_level_%d", next);
        }
    }
}

typedef void (*names_fn)(struct pvr_variable *variable, int ndim, int nvar);
static const struct {
    names_fn names;
    bool described; /* a descriptor's names are taken */
} kind_names[PVR_FILE_KINDS] = {[PVR_HYDRO] = {hydro_names, true},
                                [PVR_GRAVITY] = {gravity_names, false},
                                [PVR_RADIATION] = {radiation_names, true},
                                [PVR_CLUMP_FIELD] = {clump_names, false}};

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

/* Length of the name of a photon group's density, "photon_flux_01" or "photon_density_01", at the
 * start of `name`; 0 for others. */
static size_t photon_group(const char *name) {
    size_t length = begins(name, "photon_flux_")      ? strlen("photon_flux_")
                    : begins(name, "photon_density_") ? strlen("photon_density_")
                                                      : 0;
    size_t digits = length > 0 ? strspn(name + length, "0123456789") : 0;
    return digits > 0 ? length + digits : 0;
}

static enum pvr_dimension dimension_of(enum pvr_file_kind kind, const char *name) {
    if (kind == PVR_RADIATION && photon_group(name) > 0) {
        return name[photon_group(name)] == '\0' ? PVR_PHOTON_DENSITY : PVR_PHOTON_FLUX;
    }
    if (strcmp(name, "density") == 0) {
        return PVR_DENSITY;
    }
    if (strcmp(name, "particle_density") == 0) {
        return PVR_MASS_DENSITY;
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
    if (begins(name, "acceleration_")) {
        return PVR_ACCELERATION;
    }
    return strcmp(name, "potential") == 0 ? PVR_POTENTIAL : PVR_DIMENSIONLESS;
}

/* Makes names from `first` on unique by a number behind a repeated one. */
static void make_unique(struct pvr_field_table *table, int first) {
    for (int i = first; i < table->nvariables; i++) {
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

/* A name as users know it: radiation's density and flux share a word in the descriptor. */
static void name_field(struct pvr_field *field, enum pvr_file_kind kind, const char *name) {
    size_t group = kind == PVR_RADIATION ? photon_group(name) : 0;
    if (group > 0 && name[group] == '\0') {
        const char *number = strpbrk(name, "0123456789");
        snprintf(field->name, PVR_NAME_SIZE, "rt_photon_%s_%.40s",
                 field->ncomponents == 1 ? "density" : "flux", number);
    } else if (kind == PVR_RADIATION && !begins(name, "rt_")) {
        snprintf(field->name, PVR_NAME_SIZE, "rt_%.60s", name);
    } else {
        strcpy(field->name, name);
    }
}

static struct pvr_field *add_field(struct pvr_field_table *table, int variable) {
    struct pvr_field *field = &table->field[table->nfields++];
    *field = (struct pvr_field){
        .ncomponents = 1, .variable = {variable, -1, -1}, .mean_with = {-1, -1, -1}};
    field->dimension = table->variable[variable].dimension;
    field->whole_numbers = table->variable[variable].kind == PVR_CLUMP_FIELD;
    field->by_default = table->variable[variable].kind == PVR_HYDRO;
    return field;
}

/* True if the variables of a vector called `name`, whose x component is variable `x`, are to be one
 * field: there are two of them, or it is a quantity that is a vector in 1-D too. */
static bool is_vector(const struct pvr_field_table *table, int x, int count, const char *name) {
    const char *own = table->variable[x].name;
    if (table->variable[x].kind == PVR_RADIATION) {
        return strcmp(name, own) != 0 && photon_group(own) > 0 && own[photon_group(own)] == '_';
    }
    bool always = strcmp(own, "velocity_x") == 0 || strcmp(own, "acceleration_x") == 0;
    /* a name that a variable has is not taken from it */
    return (count >= 2 || always) && pvr_variable_find(table, name) < 0;
}

/* Variables from `begin` on in the order of the file; a vector stands where its first component
 * does. */
static void group_fields(struct pvr_field_table *table, int begin) {
    int count, component[3];
    char name[PVR_NAME_SIZE];     /* of the vector */
    int first[PVR_MAX_VARIABLES]; /* the x component of each variable's vector, or -1 */
    bool done[PVR_MAX_VARIABLES] = {false};
    for (int i = 0; i < table->nvariables; i++) {
        first[i] = -1;
    }
    for (int i = begin; i < table->nvariables; i++) {
        strcpy(name, table->variable[i].name);
        count = vector_components(table, i, component, name);
        for (int axis = 0; is_vector(table, i, count, name) && axis < count; axis++) {
            first[component[axis]] = i;
        }
    }
    for (int i = begin; i < table->nvariables; i++) {
        enum pvr_file_kind kind = table->variable[i].kind;
        int x = first[i];
        if (x < 0) {
            name_field(add_field(table, i), kind, table->variable[i].name);
        } else if (!done[x]) {
            done[x] = true;
            count = vector_components(table, x, component, name);
            struct pvr_field *field = add_field(table, x);
            field->ncomponents = 3;
            for (int axis = 0; axis < count; axis++) {
                field->variable[axis] = component[axis];
            }
            name_field(field, kind, name);
        }
    }
}

/* B at the cells' centres, if the table has it on both faces. */
static void add_centred_field(struct pvr_field_table *table) {
    int left = pvr_field_find(table, "B_left"), right = pvr_field_find(table, "B_right");
    if (left < 0 || right < 0 || pvr_field_find(table, "B_field") >= 0) {
        return;
    }
    struct pvr_field *field = add_field(table, table->field[left].variable[0]);
    strcpy(field->name, "B_field");
    field->ncomponents = 3;
    for (int axis = 0; axis < 3; axis++) {
        field->variable[axis] = table->field[left].variable[axis];
        field->mean_with[axis] = table->field[right].variable[axis];
    }
    table->field[left].by_default = table->field[right].by_default = false;
}

/* Takes the names of a descriptor if it names just `nvar` variables, else warns. */
static void take_descriptor(struct pvr_field_table *table, const char *path,
                            struct pvr_variable *variable, int nvar) {
    char *text;
    struct pvr_error problem;
    if (pvr_text_read(path, descriptor_limit, &text, &problem) != PVR_OK) {
        pvr_text_add_line(&table->warnings, problem.message);
        return;
    }
    struct pvr_variable *read = calloc((size_t)nvar, sizeof *read);
    int named = read != NULL ? parse_descriptor(text, read, nvar) : -1;
    for (int i = 0; named == nvar && i < nvar; i++) {
        if (read[i].name[0] == '\0') {
            named = -1;
        }
    }
    if (named == nvar) {
        memcpy(variable, read, (size_t)nvar * sizeof *read);
    } else {
        char *line = pvr_text_format("%s: does not name the %d variables of the files: RAMSES' "
                                     "own order is assumed",
                                     path, nvar);
        pvr_text_add_line(&table->warnings, line != NULL ? line : "descriptor not used");
        free(line);
    }
    free(read);
    free(text);
}

/* Room for `nvar` variables more, all zero, and their fields. */
static enum pvr_status make_room(struct pvr_field_table *table, const char *from, int nvar,
                                 struct pvr_error *error) {
    int first = table->nvariables;
    if (nvar < 1 || nvar > PVR_MAX_VARIABLES - first) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: %d variables where 1 to %d make sense", from,
                        nvar, PVR_MAX_VARIABLES - first);
    }
    size_t count = (size_t)(first + nvar);
    struct pvr_variable *variable = realloc(table->variable, count * sizeof *variable);
    table->variable = variable != NULL ? variable : table->variable;
    struct pvr_field *field = realloc(table->field, (count + 1) * sizeof *field); /* B_field */
    table->field = field != NULL ? field : table->field;
    if (variable == NULL || field == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %d variables", nvar);
    }
    memset(variable + first, 0, (size_t)nvar * sizeof *variable);
    return PVR_OK;
}

/* Takes over the `nvar` variables behind the last, whose names are set. */
static void add_variables(struct pvr_field_table *table, enum pvr_file_kind kind, int nvar) {
    int first = table->nvariables;
    table->nvariables += nvar;
    make_unique(table, first > 0 ? first : 1);
    for (int i = 0; i < nvar; i++) {
        struct pvr_variable *added = &table->variable[first + i];
        added->kind = kind;
        added->column = i;
        added->dimension = dimension_of(kind, added->name);
    }
    group_fields(table, first);
    if (kind == PVR_HYDRO) {
        add_centred_field(table);
    }
}

enum pvr_status pvr_field_table_add(struct pvr_field_table *table, enum pvr_file_kind kind,
                                    const char *descriptor_path, int ndim, int nvar,
                                    struct pvr_error *error) {
    enum pvr_status status = make_room(table, descriptor_path, nvar, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_variable *variable = table->variable + table->nvariables;
    kind_names[kind].names(variable, ndim, nvar);
    if (kind_names[kind].described && access(descriptor_path, F_OK) == 0) {
        take_descriptor(table, descriptor_path, variable, nvar);
    } else if (kind_names[kind].described) {
        char *line = pvr_text_format("%s: is missing: RAMSES' own order of the %d variables is "
                                     "assumed, their names may be wrong",
                                     descriptor_path, nvar);
        pvr_text_add_line(&table->warnings, line != NULL ? line : "no descriptor");
        free(line);
    }
    add_variables(table, kind, nvar);
    return PVR_OK;
}

enum pvr_status pvr_field_table_add_names(struct pvr_field_table *table, enum pvr_file_kind kind,
                                          const char *path, const char *const *names, int nvar,
                                          struct pvr_error *error) {
    enum pvr_status status = make_room(table, path, nvar, error);
    if (status != PVR_OK) {
        return status;
    }
    for (int i = 0; i < nvar; i++) {
        copy_name(table->variable[table->nvariables + i].name, names[i], strlen(names[i]));
    }
    add_variables(table, kind, nvar);
    return PVR_OK;
}

int pvr_descriptor_count(const char *descriptor_path) {
    char *text;
    if (access(descriptor_path, F_OK) != 0 ||
        pvr_text_read(descriptor_path, descriptor_limit, &text, NULL) != PVR_OK) {
        return 0;
    }
    struct pvr_variable none;
    int count = parse_descriptor(text, &none, 0);
    free(text);
    return count;
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
