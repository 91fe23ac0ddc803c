/* pvr_mera_output.c - a Mera file as a snapshot. */
#include "pvr_mera_output.h"

#include "pvr_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum pvr_mera_kind from;
    enum pvr_file_kind to;
} kinds[] = {
    {PVR_MERA_HYDRO, PVR_HYDRO}, {PVR_MERA_GRAVITY, PVR_GRAVITY}, {PVR_MERA_RT, PVR_RADIATION}};

enum pvr_mera_kind pvr_mera_kind_of(enum pvr_file_kind kind) {
    return kind == PVR_HYDRO     ? PVR_MERA_HYDRO
           : kind == PVR_GRAVITY ? PVR_MERA_GRAVITY
                                 : PVR_MERA_RT;
}

enum pvr_mera_kind pvr_mera_mesh_kind(const struct pvr_mera *mera) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (mera->table[kinds[i].from].present) {
            return kinds[i].from;
        }
    }
    return PVR_MERA_KINDS;
}

/* ---- names ------------------------------------------------------------------------------------
 */

/* A column's name in the words of RAMSES' descriptors. */
static void translate(const char *column, char name[PVR_NAME_SIZE]) {
    static const char *const known[][2] = {
        {"rho", "density"},       {"vx", "velocity_x"},     {"vy", "velocity_y"},
        {"vz", "velocity_z"},     {"p", "pressure"},        {"epot", "potential"},
        {"ax", "acceleration_x"}, {"ay", "acceleration_y"}, {"az", "acceleration_z"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(column, known[i][0]) == 0) {
            snprintf(name, PVR_NAME_SIZE, "%s", known[i][1]);
            return;
        }
    }
    int group, used = 0;
    char axis[2];
    if (sscanf(column, "Np%d%n", &group, &used) == 1 && column[used] == '\0') {
        snprintf(name, PVR_NAME_SIZE, "photon_flux_%02d", group);
    } else if (sscanf(column, "F%1[xyz]%d%n", axis, &group, &used) == 2 && column[used] == '\0') {
        snprintf(name, PVR_NAME_SIZE, "photon_flux_%02d_%s", group, axis);
    } else if (column[0] == 'b' && column[1] >= 'x' && column[1] <= 'z' && column[2] == '_') {
        snprintf(name, PVR_NAME_SIZE, "B_%s", column + 1);
    } else {
        snprintf(name, PVR_NAME_SIZE, "%s", column);
    }
}

/* The descriptor's name of value number `i`, or null. */
static const char *described(const struct pvr_mera *mera, enum pvr_mera_kind kind, int i) {
    const struct pvr_mera_table *table = &mera->table[kind];
    const struct pvr_mera_names *names = &mera->descriptor[kind];
    if (table->nselected != table->nvalues || names->count == 0) {
        return NULL;
    }
    int64_t number = table->selected[i];
    return number >= 1 && number <= names->count ? names->name[number - 1] : NULL;
}

static bool is_same_name(const char *name, const char *descriptor) {
    bool thermal = strcmp(descriptor, "thermal_pressure") == 0;
    return strcmp(name, thermal ? "pressure" : descriptor) == 0;
}

static enum pvr_status add_kind(struct pvr_snapshot *snapshot, enum pvr_mera_kind kind,
                                enum pvr_file_kind to, struct pvr_error *error) {
    struct pvr_mera *mera = snapshot->mera;
    struct pvr_mera_table *table = &mera->table[kind];
    size_t count = (size_t)table->ncolumns + 1;
    char(*text)[PVR_NAME_SIZE] = calloc(count, sizeof *text);
    const char **names = calloc(count, sizeof *names);
    table->value = calloc(count, sizeof *table->value);
    if (text == NULL || names == NULL || table->value == NULL) {
        free(text);
        free(names);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for names");
    }
    for (int i = 0; i < table->ncolumns; i++) {
        static const char *const others[] = {"level", "cx", "cy", "cz", "cpu"};
        bool value = true;
        for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
            value = value && strcmp(table->column[i].name, others[o]) != 0;
        }
        if (value) {
            table->value[table->nvalues++] = i;
        }
    }
    for (int i = 0; i < table->nvalues; i++) {
        const char *column = table->column[table->value[i]].name, *own = described(mera, kind, i);
        translate(column, text[i]);
        if (own != NULL && !is_same_name(text[i], own)) {
            /* a name by position: the file's descriptor knows better */
            char *line = pvr_text_format("%s: column %s of %s is %s by the file's own descriptor",
                                         mera->path, column, pvr_mera_kind_name(kind), own);
            bool generic = strncmp(column, "var", 3) == 0 && isdigit((unsigned char)column[3]);
            if (!generic) {
                pvr_text_add_line(&snapshot->warnings, line != NULL ? line : "a name is wrong");
            }
            free(line);
            snprintf(text[i], sizeof text[i], "%.60s", own);
        }
        names[i] = text[i];
    }
    enum pvr_status status = PVR_OK;
    if (table->nvalues > 0) {
        status = pvr_field_table_add_names(&snapshot->fields, to, mera->path, names, table->nvalues,
                                           error);
        snapshot->nvar[to] = table->nvalues;
    }
    free(text);
    free(names);
    return status;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

enum pvr_status pvr_mera_snapshot_open(struct pvr_snapshot *snapshot, struct pvr_error *error) {
    enum pvr_status status = pvr_mera_open(snapshot->path, &snapshot->mera, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_mera *mera = snapshot->mera;
    struct pvr_layout *layout = &snapshot->layout;
    const char *slash = strrchr(snapshot->path, '/');
    snapshot->info = mera->info;
    snapshot->gamma = mera->table[PVR_MERA_HYDRO].present ? mera->gamma : 0;
    layout->number = mera->number;
    layout->folder = slash != NULL
                         ? pvr_text_format("%.*s", (int)(slash - snapshot->path), snapshot->path)
                         : pvr_text_format(".");
    layout->text_folder = layout->folder != NULL ? strdup(layout->folder) : NULL;
    layout->amr.ncpu = mera->info.ncpu;
    layout->amr.ndim = mera->info.ndim;
    layout->amr.boxlen = mera->info.boxlen;
    layout->amr.time = mera->info.time;
    layout->amr.real_bytes = sizeof(double);
    layout->amr.nlevelmax = mera->info.levelmax;
    for (int axis = 0; axis < 3; axis++) {
        layout->box.count[axis] = 1;
        layout->amr.ncoarse[axis] = (int32_t)mera->ncoarse[axis];
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct pvr_mera_table *table = &mera->table[kinds[i].from];
        if (table->present && status == PVR_OK) {
            status = add_kind(snapshot, kinds[i].from, kinds[i].to, error);
        }
    }
    enum pvr_mera_kind mesh = pvr_mera_mesh_kind(mera);
    if (mesh != PVR_MERA_KINDS && mera->table[mesh].lmax >= 1 &&
        mera->table[mesh].lmax < PVR_MAX_LEVELS) {
        layout->amr.nlevelmax = (int32_t)mera->table[mesh].lmax;
    }
    if (status == PVR_OK && layout->text_folder == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    return status;
}
