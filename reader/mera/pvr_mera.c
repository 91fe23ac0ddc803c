/* pvr_mera.c - opening Mera files: which tables there are, and where their columns stand. */
#include "pvr_mera.h"

#include "pvr_expand.h"
#include "pvr_jld2_columns.h"
#include "pvr_octree.h"
#include "pvr_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef unsigned long long ull;

/* What is looked at besides columns is small. */
enum { SMALL = 1 << 20 };

static const char *const kind_names[PVR_MERA_KINDS] = {"hydro", "gravity", "rt", "particles",
                                                       "clumps"};

const char *pvr_mera_kind_name(enum pvr_mera_kind kind) {
    return kind_names[kind];
}

bool pvr_mera_named(const char *path) {
    size_t length = strlen(path);
    return length > 5 && strcasecmp(path + length - 5, ".jld2") == 0;
}

bool pvr_mera_recognized(const char *path) {
    return pvr_mera_named(path) && pvr_jld2_recognized(path);
}

int pvr_mera_column_find(const struct pvr_mera_table *table, const char *name) {
    for (int i = 0; i < table->ncolumns; i++) {
        if (strcmp(table->column[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- columns ----------------------------------------------------------------------------------
 */

static enum pvr_status add_column(struct pvr_jld2 *file, enum pvr_mera_kind kind, const char *name,
                                  struct pvr_jld2_value reference, struct pvr_mera_table *table,
                                  struct pvr_error *error) {
    struct pvr_mera_column *column = &table->column[table->ncolumns++];
    const char *path = pvr_jld2_path(file);
    char what[160];
    snprintf(what, sizeof what, "column %.100s of %s", name, kind_names[kind]);
    column->name = strdup(name);
    if (column->name == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a name");
    }
    enum pvr_status status =
        pvr_jld2_follow(file, pvr_jld2_reference(reference), what, &column->object, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_jld2_type *type = column->object.type;
    if (type->kind != PVR_JLD2_INTEGER && type->kind != PVR_JLD2_FLOAT) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: %s: has no numbers that are read", path,
                        what);
    }
    if (type->big_endian) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: %s: is big endian", path, what);
    }
    if (table->ncolumns > 1 && column->object.count != table->nrows) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: %s: has %llu rows where column %s has %llu: columns of a table have "
                        "one length",
                        path, what, (ull)column->object.count, table->column[0].name,
                        (ull)table->nrows);
    }
    table->nrows = column->object.count;
    table->stored += pvr_jld2_column_stored(&column->object);
    return pvr_expand_check(&column->object, path, what, error);
}

/* The table: columns are references, in a compound that is called fieldarrays or components by its
 * generation. */
static enum pvr_status read_columns(struct pvr_jld2 *file, enum pvr_mera_kind kind,
                                    uint64_t address, struct pvr_mera_table *table,
                                    struct pvr_error *error) {
    struct pvr_jld2_object object;
    uint8_t *data = NULL;
    char what[32];
    snprintf(what, sizeof what, "table of %s", kind_names[kind]);
    enum pvr_status status = pvr_jld2_follow(file, address, what, &object, error);
    if (status == PVR_OK) {
        status = pvr_jld2_read(file, &object, SMALL, what, &data, error);
    }
    struct pvr_jld2_value columns = {object.type, data};
    if (status == PVR_OK &&
        (data == NULL || !pvr_jld2_member(columns, "columns", &columns) ||
         columns.type->kind != PVR_JLD2_COMPOUND || columns.type->nmembers == 0 ||
         columns.type->member[0].type->kind != PVR_JLD2_COMPOUND)) {
        status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: the %s has no columns", pvr_jld2_path(file),
                          what);
    }
    if (status == PVR_OK) {
        columns.data += columns.type->member[0].offset;
        columns.type = columns.type->member[0].type;
        table->column = calloc((size_t)columns.type->nmembers + 1, sizeof *table->column);
        if (table->column == NULL) {
            status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for columns");
        }
    }
    for (int i = 0; status == PVR_OK && i < columns.type->nmembers; i++) {
        const struct pvr_jld2_member *member = &columns.type->member[i];
        struct pvr_jld2_value value = {member->type, columns.data + member->offset};
        status = add_column(file, kind, member->name, value, table, error);
    }
    free(data);
    pvr_jld2_object_free(&object);
    return status;
}

/* ---- the object around the table --------------------------------------------------------------
 */

static void take_whole(struct pvr_jld2_value object, const char *name, int64_t *number) {
    struct pvr_jld2_value value;
    if (pvr_jld2_member(object, name, &value)) {
        pvr_jld2_whole(value, number);
    }
}

static void take_real(struct pvr_jld2_value object, const char *name, double *number) {
    struct pvr_jld2_value value;
    if (pvr_jld2_member(object, name, &value)) {
        pvr_jld2_real(value, number);
    }
}

/* A vector of numbers that a member refers to; what is strange is left out. */
static double *take_vector(struct pvr_jld2 *file, struct pvr_jld2_value object, const char *name,
                           uint64_t *count) {
    struct pvr_jld2_value value;
    struct pvr_jld2_object vector = {0};
    uint8_t *data = NULL;
    double *numbers = NULL;
    *count = 0;
    if (pvr_jld2_member(object, name, &value) && pvr_jld2_reference(value) != 0 &&
        pvr_jld2_follow(file, pvr_jld2_reference(value), name, &vector, NULL) == PVR_OK &&
        pvr_jld2_read(file, &vector, SMALL, name, &data, NULL) == PVR_OK && data != NULL) {
        numbers = calloc(vector.count + 1, sizeof *numbers);
    }
    for (uint64_t i = 0; numbers != NULL && i < vector.count; i++) {
        struct pvr_jld2_value at = {vector.type, data + i * vector.type->size};
        *count += pvr_jld2_real(at, &numbers[i]);
    }
    if (numbers != NULL && *count < vector.count) {
        *count = 0;
    }
    free(data);
    pvr_jld2_object_free(&vector);
    return numbers;
}

static void take_object(struct pvr_jld2 *file, struct pvr_jld2_value object,
                        struct pvr_mera_table *table) {
    static const char *const selected[] = {"selected_hydrovars", "selected_gravvars",
                                           "selected_rtvars"};
    uint64_t count;
    take_whole(object, "lmin", &table->lmin);
    take_whole(object, "lmax", &table->lmax);
    take_real(object, "boxlen", &table->boxlen);
    take_real(object, "smallr", &table->smallr);
    take_real(object, "smallc", &table->smallc);
    double *ranges = take_vector(file, object, "ranges", &count);
    table->has_ranges = count == 6;
    for (uint64_t i = 0; i < 6 && count == 6; i++) {
        table->ranges[i] = ranges[i];
    }
    free(ranges);
    for (size_t i = 0; i < sizeof selected / sizeof *selected; i++) {
        double *numbers = take_vector(file, object, selected[i], &count);
        if (count > 0 && count <= PVR_MAX_VARIABLES && table->selected == NULL) {
            table->selected = calloc(count, sizeof *table->selected);
            for (uint64_t v = 0; table->selected != NULL && v < count; v++) {
                table->selected[table->nselected++] = (int64_t)numbers[v];
            }
        }
        free(numbers);
    }
}

/* `info` is where the object keeps what is known of the output. */
static enum pvr_status read_table(struct pvr_jld2 *file, enum pvr_mera_kind kind,
                                  struct pvr_mera *mera, bool first, bool columns,
                                  struct pvr_error *error) {
    struct pvr_mera_table *table = &mera->table[kind];
    struct pvr_jld2_object object;
    struct pvr_jld2_value value, whole;
    uint8_t *data = NULL;
    char name[64];
    snprintf(name, sizeof name, "/%s/data", kind_names[kind]);
    enum pvr_status status = pvr_jld2_find(file, name, &object, error);
    if (status == PVR_OK) {
        status = pvr_jld2_read(file, &object, SMALL, name, &data, error);
    }
    whole = (struct pvr_jld2_value){object.type, data};
    if (status == PVR_OK && (data == NULL || !pvr_jld2_member(whole, "data", &value) ||
                             pvr_jld2_reference(value) == 0)) {
        status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s has no table: no object of Mera",
                          mera->path, name);
    }
    if (status == PVR_OK && columns) {
        table->present = true;
        status = read_columns(file, kind, pvr_jld2_reference(value), table, error);
    }
    if (status == PVR_OK && columns) {
        take_object(file, whole, table);
        pvr_mera_information_read(file, kind, table);
    }
    if (status == PVR_OK && first) {
        uint64_t address = 0;
        struct pvr_jld2_object info = {0};
        if (pvr_jld2_member(whole, "info", &value)) {
            address = pvr_jld2_reference(value);
        }
        snprintf(name, sizeof name, "info of %s", kind_names[kind]);
        status = pvr_jld2_follow(file, address, name, &info, error);
        if (status == PVR_OK) {
            status = pvr_mera_info_read(file, &info, mera, error);
        }
        pvr_jld2_object_free(&info);
    }
    free(data);
    pvr_jld2_object_free(&object);
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* One of the kinds that are columns of leaf cells. */
static enum pvr_status check_cells(struct pvr_mera *mera, enum pvr_mera_kind kind,
                                   struct pvr_error *error) {
    static const char *const names[] = {"level", "cx", "cy", "cz"};
    struct pvr_mera_table *table = &mera->table[kind];
    bool uniform = pvr_mera_column_find(table, "level") < 0 && table->lmin == table->lmax &&
                   table->lmax >= 1 && table->lmax < PVR_MAX_LEVELS;
    table->uniform = uniform ? (int)table->lmax : 0;
    for (int i = uniform ? 1 : 0; i < 1 + mera->info.ndim; i++) {
        int column = pvr_mera_column_find(table, names[i]);
        const struct pvr_jld2_type *type = column >= 0 ? table->column[column].object.type : NULL;
        if (type == NULL || type->kind != PVR_JLD2_INTEGER || !type->is_signed ||
            (type->size != 4 && type->size != 8)) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: %s has no column %s of whole numbers of 4 or 8 bytes", mera->path,
                            kind_names[kind], names[i]);
        }
    }
    return PVR_OK;
}

static enum pvr_status read_all(struct pvr_jld2 *file, struct pvr_mera *mera, bool columns,
                                struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    bool any = false;
    for (int kind = 0; status == PVR_OK && kind < PVR_MERA_KINDS; kind++) {
        char name[64];
        snprintf(name, sizeof name, "/%s/data", kind_names[kind]);
        if ((columns || !any) && pvr_jld2_exists(file, name)) {
            status = read_table(file, (enum pvr_mera_kind)kind, mera, !any, columns, error);
            any = true;
        }
        if (status == PVR_OK && mera->table[kind].present && kind <= PVR_MERA_RT) {
            status = check_cells(mera, (enum pvr_mera_kind)kind, error);
        }
    }
    if (status == PVR_OK && !any) {
        status =
            pvr_fail(error, PVR_ERROR_FORMAT,
                     "%s: is a JLD2 file, but no Mera file: it has none of hydro, gravity, rt, "
                     "particles, clumps",
                     mera->path);
    }
    return status;
}

static enum pvr_status open_file(const char *path, bool columns, struct pvr_mera **result,
                                 struct pvr_error *error) {
    *result = NULL;
    struct pvr_jld2 *file;
    enum pvr_status status = pvr_jld2_open(path, &file, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_mera *mera = calloc(1, sizeof *mera);
    if (mera != NULL) {
        mera->path = strdup(path);
    }
    if (mera == NULL || mera->path == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a Mera file's tables");
    } else {
        mera->identity = pvr_jld2_identity(file);
        snprintf(mera->title, sizeof mera->title, "%s", pvr_jld2_title(file));
        status = read_all(file, mera, columns, error);
    }
    pvr_jld2_close(file);
    if (status != PVR_OK) {
        pvr_mera_free(mera);
        return status;
    }
    *result = mera;
    return PVR_OK;
}

enum pvr_status pvr_mera_open(const char *path, struct pvr_mera **mera, struct pvr_error *error) {
    return open_file(path, true, mera, error);
}

enum pvr_status pvr_mera_peek(const char *path, struct pvr_mera **mera, struct pvr_error *error) {
    return open_file(path, false, mera, error);
}

void pvr_mera_free(struct pvr_mera *mera) {
    if (mera == NULL) {
        return;
    }
    for (int kind = 0; kind < PVR_MERA_KINDS; kind++) {
        struct pvr_mera_table *table = &mera->table[kind];
        for (int i = 0; i < table->ncolumns; i++) {
            free(table->column[i].name);
            pvr_jld2_object_free(&table->column[i].object);
        }
        free(table->column);
        free(table->value);
        free(table->selected);
        free(table->comments);
        free(table->memory_unit);
        free(table->fact);
        free(table->storage);
        for (int i = 0; i < mera->descriptor[kind].count; i++) {
            free(mera->descriptor[kind].name[i]);
        }
        free(mera->descriptor[kind].name);
    }
    free(mera->path);
    free(mera->simulation);
    free(mera->code);
    free(mera->warnings);
    free(mera);
}
