/* pvr_tables.c - the lists that RAMSES keeps as text: sinks, clumps and halos. */
#include "pvr_tables.h"

#include "pvr_mera_points.h"
#include "pvr_snapshot_private.h"
#include "pvr_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_COLUMNS = 256 };

/* A million clumps of a domain have some 170 MB. */
static const size_t file_limit = (size_t)1 << 30;

const char *pvr_table_kind_name(enum pvr_table_kind kind) {
    static const char *const name[PVR_TABLE_KINDS] = {"sink", "clump", "halo"};
    return name[kind];
}

/* ---- one file ---------------------------------------------------------------------------------
 */

/* The content of a file. */
struct sheet {
    char *path, *text;
    bool present;
    int ncolumns;
    char (*name)[PVR_NAME_SIZE], (*unit)[PVR_NAME_SIZE]; /* null without lines of names */
    uint64_t nrows, room;
    double *value; /* [row][column] */
    bool halo_left_out;
};

static void free_sheet(struct sheet *sheet) {
    free(sheet->path);
    free(sheet->text);
    free(sheet->name);
    free(sheet->unit);
    free(sheet->value);
}

/* The next word of a line: behind commas if `csv`, else behind blanks. False at the end. */
static bool next_word(const char **at, const char *end, bool csv, bool first, const char **word,
                      size_t *length) {
    const char *from = *at, *to;
    if (csv) {
        if (!first) {
            if (from >= end) {
                return false;
            }
            from++; /* the comma */
        }
        to = memchr(from, ',', (size_t)(end - from));
        to = to != NULL ? to : end;
        *at = to;
        while (from < to && isspace((unsigned char)*from)) {
            from++;
        }
        while (to > from && isspace((unsigned char)to[-1])) {
            to--;
        }
    } else {
        while (from < end && isspace((unsigned char)*from)) {
            from++;
        }
        to = from;
        while (to < end && !isspace((unsigned char)*to)) {
            to++;
        }
        *at = to;
        if (from == to) {
            return false;
        }
    }
    *word = from;
    *length = (size_t)(to - from);
    return true;
}

/* Splits a line of names or units into at most MAX_COLUMNS; null when memory is out. */
static char (*split_names(const char *line, const char *end, bool csv, int *count))[PVR_NAME_SIZE] {
    char(*name)[PVR_NAME_SIZE] = calloc(MAX_COLUMNS, sizeof *name);
    const char *word;
    size_t length;
    *count = 0;
    for (bool first = true;
         name != NULL && *count < MAX_COLUMNS && next_word(&line, end, csv, first, &word, &length);
         first = false) {
        size_t n = 0;
        for (; n < length && n + 1 < PVR_NAME_SIZE; n++) {
            unsigned char c = (unsigned char)word[n];
            name[*count][n] = isgraph(c) || (csv && c == ' ') ? (char)c : '_';
        }
        (*count)++;
    }
    return name;
}

/* A number as it stands; stars and nothing are NaN. */
static bool read_number(const char *word, size_t length, double *value) {
    const char *end;
    if (length == 0 || strspn(word, "*") >= length) {
        *value = (double)NAN;
        return true;
    }
    return pvr_text_real(word, length, value, &end) && end == word + length;
}

static enum pvr_status grow(struct sheet *sheet, struct pvr_error *error) {
    if (sheet->nrows == sheet->room) {
        uint64_t room = 2 * sheet->room + 16;
        double *grown =
            realloc(sheet->value, (size_t)room * (size_t)sheet->ncolumns * sizeof *grown);
        if (grown == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for %llu lines", sheet->path,
                            (unsigned long long)room);
        }
        sheet->value = grown;
        sheet->room = room;
    }
    return PVR_OK;
}

/* A line of numbers. Without lines of names the first one says how many columns there are. */
static enum pvr_status read_row(struct sheet *sheet, const char *line, const char *end, bool csv,
                                uint64_t number, struct pvr_error *error) {
    double value[MAX_COLUMNS];
    const char *at = line, *word;
    size_t length;
    int count = 0;
    for (bool first = true; next_word(&at, end, csv, first, &word, &length); first = false) {
        if (count == MAX_COLUMNS) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: line %llu has more than %d columns",
                            sheet->path, (unsigned long long)number, MAX_COLUMNS);
        }
        if (!read_number(word, length, &value[count])) {
            char shown[41] = ""; /* whatever stands there, as characters that can be shown */
            for (size_t i = 0; i < length && i + 1 < sizeof shown; i++) {
                shown[i] = isprint((unsigned char)word[i]) ? word[i] : '?';
            }
            return pvr_fail(error, PVR_ERROR_FORMAT, "%s: line %llu: \"%s\" is not a number",
                            sheet->path, (unsigned long long)number, shown);
        }
        count++;
    }
    if (sheet->ncolumns == 0) {
        sheet->ncolumns = count;
    }
    if (count == sheet->ncolumns - 1 && sheet->name != NULL && count > 1 &&
        strcmp(sheet->name[1], "halo") == 0) {
        memmove(value + 2, value + 1, (size_t)(count - 1) * sizeof *value);
        value[1] = (double)NAN;
        count++;
        sheet->halo_left_out = true;
    }
    if (count != sheet->ncolumns) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: line %llu has %d values where %d are expected", sheet->path,
                        (unsigned long long)number, count, sheet->ncolumns);
    }
    enum pvr_status status = grow(sheet, error);
    if (status == PVR_OK) {
        memcpy(sheet->value + sheet->nrows * (uint64_t)count, value, (size_t)count * sizeof *value);
        sheet->nrows++;
    }
    return status;
}

/* Names of the columns of sinks in files without a line of names. */
static void name_old_sinks(struct sheet *sheet) {
    static const char *const old[] = {"id", "msink", "x",  "y",  "z",   "vx",      "vy",
                                      "vz", "lx",    "ly", "lz", "age", "acc_rate"};
    sheet->name = calloc(MAX_COLUMNS, sizeof *sheet->name);
    for (int i = 0; sheet->name != NULL && i < sheet->ncolumns; i++) {
        if (i < (int)(sizeof old / sizeof *old)) {
            strcpy(sheet->name[i], old[i]);
        } else {
            snprintf(sheet->name[i], sizeof *sheet->name, "column_%d", i + 1);
        }
    }
}

/* A line of names is one that has letters where numbers would stand. */
static bool is_names(const char *line, const char *end, bool csv) {
    const char *word;
    size_t length;
    double value;
    return next_word(&line, end, csv, true, &word, &length) && length > 0 &&
           !read_number(word, length, &value);
}

static enum pvr_status parse(struct sheet *sheet, bool csv, struct pvr_error *error) {
    uint64_t number = 0;
    int nunits = 0;
    enum pvr_status status = PVR_OK;
    for (const char *line = sheet->text; status == PVR_OK && *line != '\0';) {
        const char *end = line + strcspn(line, "\n"), *start = line;
        number++;
        while (start < end && isspace((unsigned char)*start)) {
            start++;
        }
        bool comment = start < end && *start == '#';
        start += comment ? 1 : 0;
        bool names =
            sheet->name == NULL && sheet->nrows == 0 && (comment || is_names(start, end, csv));
        if (names) {
            sheet->name = split_names(start, end, csv, &sheet->ncolumns);
        } else if (comment && sheet->unit == NULL && sheet->nrows == 0) {
            sheet->unit = split_names(start, end, csv, &nunits);
        } else if (!comment && start < end) {
            status = read_row(sheet, line, end, csv, number, error);
        }
        line = *end == '\n' ? end + 1 : end;
    }
    if (status == PVR_OK && csv && sheet->name == NULL && sheet->ncolumns > 0) {
        name_old_sinks(sheet);
    }
    return status;
}

static enum pvr_status read_sheet(struct sheet *sheet, bool csv, struct pvr_error *error) {
    if (access(sheet->path, F_OK) != 0) {
        return PVR_OK;
    }
    sheet->present = true;
    enum pvr_status status = pvr_text_read(sheet->path, file_limit, &sheet->text, error);
    if (status == PVR_OK && strlen(sheet->text) >= file_limit) {
        status = pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: a list of more than %zu bytes",
                          sheet->path, file_limit);
    }
    if (status == PVR_OK) {
        status = parse(sheet, csv, error);
    }
    if (status == PVR_OK && sheet->name == NULL && sheet->nrows > 0) {
        status =
            pvr_fail(error, PVR_ERROR_FORMAT, "%s: line 1 does not name the columns", sheet->path);
    }
    free(sheet->text);
    sheet->text = NULL;
    return status;
}

/* ---- all files --------------------------------------------------------------------------------
 */

struct sheets {
    const struct pvr_layout *layout;
    enum pvr_table_kind kind;
    size_t count;
    struct sheet *sheet;
};

static enum pvr_status read_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    const struct sheets *sheets = context;
    const struct pvr_layout *layout = sheets->layout;
    struct sheet *sheet = &sheets->sheet[task];
    const char *kind = pvr_table_kind_name(sheets->kind);
    int domain = (int)task + 1;
    if (sheets->kind == PVR_TABLE_SINKS) {
        sheet->path = pvr_text_format("%s/%s_%05d.csv", layout->text_folder, kind, layout->number);
    } else if (layout->group_size > 0) {
        sheet->path =
            pvr_text_format("%s/group_%05d/%s_%05d.txt%05d", layout->folder,
                            (domain - 1) / layout->group_size + 1, kind, layout->number, domain);
    } else {
        sheet->path =
            pvr_text_format("%s/%s_%05d.txt%05d", layout->folder, kind, layout->number, domain);
    }
    return sheet->path != NULL ? read_sheet(sheet, sheets->kind == PVR_TABLE_SINKS, error)
                               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
}

static void warn(struct pvr_table *table, char *line) {
    pvr_text_add_line(&table->warnings, line != NULL ? line : "a warning without memory");
    free(line);
}

int pvr_table_column_find(const struct pvr_table *table, const char *name) {
    for (int i = 0; i < table->ncolumns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Names and arrays; every file with rows must have the same columns. */
static enum pvr_status make_columns(const struct sheets *sheets, struct pvr_table *table,
                                    struct pvr_error *error) {
    const struct sheet *first = NULL;
    bool halo = false;
    for (size_t i = 0; i < sheets->count; i++) {
        const struct sheet *sheet = &sheets->sheet[i];
        table->present = table->present || sheet->present;
        table->nrows += sheet->nrows;
        halo = halo || sheet->halo_left_out;
        if (sheet->name == NULL || (sheet->nrows == 0 && first != NULL)) {
            continue;
        }
        if (first != NULL && first->nrows > 0 && sheet->ncolumns != first->ncolumns) {
            return pvr_fail(error, PVR_ERROR_FORMAT, "%s: has %d columns where %s has %d",
                            sheet->path, sheet->ncolumns, first->path, first->ncolumns);
        }
        for (int c = 0; first != NULL && first->nrows > 0 && c < first->ncolumns; c++) {
            if (strcmp(sheet->name[c], first->name[c]) != 0) {
                return pvr_fail(error, PVR_ERROR_FORMAT,
                                "%s: line 1 names column %d %s where %s "
                                "has %s",
                                sheet->path, c + 1, sheet->name[c], first->path, first->name[c]);
            }
        }
        first = first == NULL || first->nrows == 0 ? sheet : first;
    }
    if (halo) {
        warn(table, pvr_text_format("%s: column halo is named but has no values", first->path));
    }
    table->columns =
        calloc(first != NULL ? (size_t)first->ncolumns + 1 : 1, sizeof *table->columns);
    if (table->columns == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of columns");
    }
    enum pvr_status status = PVR_OK;
    for (int c = 0; first != NULL && status == PVR_OK && c < first->ncolumns; c++) {
        struct pvr_table_column *column = &table->columns[c];
        strcpy(column->name, first->name[c]);
        for (int again = 2; pvr_table_column_find(table, column->name) >= 0; again++) {
            snprintf(column->name, sizeof column->name, "%.40s_%d", first->name[c], again);
        }
        if (first->unit != NULL) {
            strcpy(column->unit, first->unit[c]);
        }
        table->ncolumns++;
        status = pvr_array_new(PVR_FLOAT64, 1, table->nrows, &column->array, error);
        double *to = status == PVR_OK ? column->array->data : NULL;
        for (size_t i = 0; status == PVR_OK && i < sheets->count; i++) {
            const struct sheet *sheet = &sheets->sheet[i];
            for (uint64_t row = 0; row < sheet->nrows; row++) {
                *to++ = sheet->value[row * (uint64_t)first->ncolumns + (uint64_t)c];
            }
        }
    }
    return status;
}

static const double *column_values(const struct pvr_table *table, const char *name) {
    int i = pvr_table_column_find(table, name);
    return i >= 0 ? table->columns[i].array->data : NULL;
}

/* Positions, masses and radii from their columns; says which of those that must be there are not.
 */
static enum pvr_status make_points(struct pvr_table *table, int ndim, struct pvr_error *error) {
    bool sinks = table->kind == PVR_TABLE_SINKS;
    static const char axis[] = "xyz";
    const double *from[3];
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, sinks ? "%c" : "peak_%c", axis[i]);
        from[i] = column_values(table, name);
        if (from[i] == NULL && i < ndim && table->ncolumns > 0) {
            warn(table, pvr_text_format("the %s files have no column %s",
                                        pvr_table_kind_name(table->kind), name));
        }
    }
    static const char *const mass_name[PVR_TABLE_KINDS] = {"msink", "mass_cl", "mass"};
    int mass = pvr_table_column_find(table, mass_name[table->kind]);
    if (mass >= 0) {
        table->mass = pvr_array_retain(table->columns[mass].array);
    } else if (table->ncolumns > 0) {
        warn(table, pvr_text_format("the %s files have no column %s",
                                    pvr_table_kind_name(table->kind), mass_name[table->kind]));
    }
    enum pvr_status status = PVR_OK;
    if (from[0] != NULL) {
        status = pvr_array_new(PVR_FLOAT64, 3, table->nrows, &table->position, error);
        double *to = status == PVR_OK ? table->position->data : NULL;
        for (uint64_t row = 0; status == PVR_OK && row < table->nrows; row++) {
            for (int i = 0; i < 3; i++) {
                to[3 * row + (uint64_t)i] = from[i] != NULL ? from[i][row] : 0;
            }
        }
    }
    const double *density = column_values(table, "rho_av");
    if (status == PVR_OK && density != NULL && table->kind == PVR_TABLE_CLUMPS && mass >= 0) {
        status = pvr_array_new(PVR_FLOAT64, 1, table->nrows, &table->radius, error);
        const double *m = table->mass->data;
        double *to = status == PVR_OK ? table->radius->data : NULL;
        for (uint64_t row = 0; status == PVR_OK && row < table->nrows; row++) {
            to[row] = cbrt(3 * m[row] / (4 * 3.14159265358979323846 * density[row]));
        }
    }
    return status;
}

enum pvr_status pvr_table_load(const struct pvr_snapshot *snapshot, enum pvr_table_kind kind,
                               const struct pvr_threads *threads, struct pvr_table **result,
                               struct pvr_error *error) {
    *result = NULL;
    if (kind < 0 || kind >= PVR_TABLE_KINDS) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "there is no list of kind %d", (int)kind);
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    struct sheets sheets = {.layout = &snapshot->layout, .kind = kind};
    bool mera = snapshot->mera != NULL;
    sheets.count = mera ? 0 : kind == PVR_TABLE_SINKS ? 1 : (size_t)snapshot->info.ncpu;
    sheets.sheet = calloc(sheets.count + 1, sizeof *sheets.sheet);
    struct pvr_table *table = calloc(1, sizeof *table);
    if (sheets.sheet == NULL || table == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list");
    } else {
        table->kind = kind;
        status = pvr_job_run(&job, sheets.count, NULL, read_task, NULL, &sheets, error);
    }
    if (status == PVR_OK && mera && kind == PVR_TABLE_CLUMPS) {
        status = pvr_mera_clumps(snapshot, &job, table, error);
    } else if (status == PVR_OK && !mera) {
        status = make_columns(&sheets, table, error);
    }
    if (status == PVR_OK) {
        status = make_points(table, snapshot->info.ndim, error);
    }
    for (size_t i = 0; sheets.sheet != NULL && i < sheets.count; i++) {
        free_sheet(&sheets.sheet[i]);
    }
    free(sheets.sheet);
    pvr_job_end(&job, NULL);
    if (status != PVR_OK) {
        pvr_table_free(table);
        return status;
    }
    *result = table;
    return PVR_OK;
}

void pvr_table_free(struct pvr_table *table) {
    if (table == NULL) {
        return;
    }
    for (int i = 0; table->columns != NULL && i < table->ncolumns; i++) {
        pvr_array_release(table->columns[i].array);
    }
    pvr_array_release(table->position);
    pvr_array_release(table->mass);
    pvr_array_release(table->radius);
    free(table->columns);
    free(table->warnings);
    free(table);
}
