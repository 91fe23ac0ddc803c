/* pvr_particle_columns.c - which columns the particle files of an output hold. */
#include "pvr_particle_columns.h"

#include "pvr_snapshot_private.h"
#include "pvr_text.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long long ull;

static const size_t descriptor_limit = (size_t)PVR_MAX_PARTICLE_COLUMNS * 128;
static const char axis_name[] = "xyz";

/* ---- lists of columns -------------------------------------------------------------------------
 */

static void warn(struct pvr_particle_columns *columns, char *line) {
    pvr_text_add_line(&columns->warnings, line != NULL ? line : "a warning without memory");
    free(line);
}

int pvr_particle_column_find(const struct pvr_particle_columns *columns, const char *name) {
    for (int i = 0; i < columns->count; i++) {
        if (columns->column[i].class != PVR_COLUMN_SKIPPED &&
            strcmp(columns->column[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int pvr_particle_vector_find(const struct pvr_particle_columns *columns, const char *name,
                             int column[3]) {
    int count = 0;
    for (int axis = 0; axis < 3; axis++) {
        char component[PVR_NAME_SIZE + 4];
        snprintf(component, sizeof component, "%s_%c", name, axis_name[axis]);
        column[axis] = pvr_particle_column_find(columns, component);
        if (column[axis] >= 0 && columns->column[column[axis]].class != PVR_COLUMN_REAL) {
            column[axis] = -1;
        }
        if (column[axis] >= 0 && count == axis) {
            count++;
        } else {
            column[axis] = -1; /* z without y is no vector's */
        }
    }
    return count;
}

enum pvr_status pvr_particle_column_add(struct pvr_particle_columns *columns, const char *name,
                                        size_t length, char type, struct pvr_error *error) {
    if (columns->count == PVR_MAX_PARTICLE_COLUMNS) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "more than %d columns of particles",
                        PVR_MAX_PARTICLE_COLUMNS);
    }
    if ((columns->count & (columns->count + 1)) == 0) { /* room for 1, 3, 7, ... */
        struct pvr_particle_column *grown =
            realloc(columns->column, (2 * (size_t)columns->count + 1) * sizeof *columns->column);
        if (grown == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of columns");
        }
        columns->column = grown;
    }
    struct pvr_particle_column column = {.type = type};
    size_t n = 0;
    for (; n < length && n + 1 < sizeof column.name; n++) {
        unsigned char c = (unsigned char)name[n];
        column.name[n] = isgraph(c) && c != ',' && c != '"' ? (char)c : '_';
    }
    if (strcmp(column.name, "identity") == 0) {
        strcpy(column.name, "id");
    } else if (strcmp(column.name, "levelp") == 0) {
        strcpy(column.name, "level");
    }
    column.class = strchr("df", type) != NULL       ? PVR_COLUMN_REAL
                   : strchr("bhilq?", type) != NULL ? PVR_COLUMN_WHOLE
                                                    : PVR_COLUMN_SKIPPED;
    if (column.class == PVR_COLUMN_SKIPPED) {
        const char told[] = {' ', type, '\0'};
        warn(columns, pvr_text_format("column %d of the particle files, %s, is of no type that is "
                                      "known:%s left out",
                                      columns->count + 1, column.name, type != ' ' ? told : ""));
    } else if (pvr_particle_column_find(columns, column.name) >= 0) {
        char first[PVR_NAME_SIZE];
        strcpy(first, column.name);
        for (int again = 2; pvr_particle_column_find(columns, column.name) >= 0; again++) {
            snprintf(column.name, sizeof column.name, "%.40s_%d", first, again);
        }
        warn(columns, pvr_text_format("column %d of the particle files repeats the name %s: called "
                                      "%s",
                                      columns->count + 1, first, column.name));
    }
    columns->column[columns->count++] = column;
    return PVR_OK;
}

/* `ivar, name, type` lines. Their order is the files'; ivar itself may be stars. */
static enum pvr_status read_descriptor(struct pvr_particle_columns *columns, const char *text,
                                       struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    for (const char *line = text; status == PVR_OK && *line != '\0';) {
        size_t length = strcspn(line, "\r\n");
        const char *name = memchr(line, ',', length);
        const char *type =
            name != NULL ? memchr(name + 1, ',', length - (size_t)(name + 1 - line)) : NULL;
        if (line[strspn(line, " \t")] != '#' && type != NULL) {
            const char *end = type++, *line_end = line + length;
            name++;
            while (name < end && isspace((unsigned char)*name)) {
                name++;
            }
            while (end > name && isspace((unsigned char)end[-1])) {
                end--;
            }
            while (type < line_end && isspace((unsigned char)*type)) {
                type++;
            }
            char kind = type < line_end ? *type : ' ';
            if (type + 1 < line_end && isgraph((unsigned char)type[1])) {
                kind = '*'; /* types have one letter */
            }
            if (end > name) {
                status = pvr_particle_column_add(columns, name, (size_t)(end - name), kind, error);
            }
        }
        line += length;
        line += strspn(line, "\r\n");
    }
    return status;
}

/* ---- outputs without descriptor ---------------------------------------------------------------
 */

static enum pvr_status add_vector(struct pvr_particle_columns *columns, const char *name, int ndim,
                                  struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    for (int axis = 0; status == PVR_OK && axis < ndim; axis++) {
        char component[32];
        int length = snprintf(component, sizeof component, "%s_%c", name, axis_name[axis]);
        status = pvr_particle_column_add(columns, component, (size_t)length, 'd', error);
    }
    return status;
}

/* One word of the line `Particle fields`. */
static enum pvr_status add_word(struct pvr_particle_columns *columns, const char *word,
                                size_t length, int ndim, struct pvr_error *error) {
    static const struct {
        const char *word, *name;
        char type;
    } known[] = {{"mass", "mass", 'd'},        {"iord", "id", 'i'},
                 {"level", "level", 'i'},      {"family", "family", 'b'},
                 {"tag", "tag", 'b'},          {"phi", "potential", 'd'},
                 {"tform", "birth_time", 'd'}, {"metal", "metallicity", 'd'}};
    if (length == 3 && strncmp(word, "pos", 3) == 0) {
        return add_vector(columns, "position", ndim, error);
    }
    if (length == 3 && strncmp(word, "vel", 3) == 0) {
        return add_vector(columns, "velocity", ndim, error);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].word) == length && strncmp(word, known[i].word, length) == 0) {
            return pvr_particle_column_add(columns, known[i].name, strlen(known[i].name),
                                           known[i].type, error);
        }
    }
    return pvr_particle_column_add(columns, word, length, ' ', error);
}

static enum pvr_status add_words(struct pvr_particle_columns *columns, const char *words, int ndim,
                                 struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    while (status == PVR_OK && *(words += strspn(words, " \t")) != '\0') {
        size_t length = strcspn(words, " \t");
        status = add_word(columns, words, length, ndim, error);
        words += length;
    }
    return status;
}

static void drop_columns(struct pvr_particle_columns *columns) {
    free(columns->column);
    free(columns->warnings);
    columns->column = NULL;
    columns->warnings = NULL;
    columns->count = 0;
}

/* How many columns the file of domain 1 has. */
static enum pvr_status count_records(const struct pvr_layout *layout, int *count,
                                     struct pvr_error *error) {
    struct pvr_file file;
    struct pvr_window window = {.bytes = 0};
    struct pvr_particle_header header;
    *count = 0;
    char *path = pvr_layout_path(layout, "part", 1);
    if (path == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    enum pvr_status status = pvr_file_open(&file, path, error);
    if (status == PVR_OK) {
        file.encoding = layout->encoding;
        file.window = &window;
        status = pvr_particle_header_read(&file, layout, &header, error);
        for (uint64_t at = header.body, length; status == PVR_OK && at < file.size; (*count)++) {
            char what[32];
            snprintf(what, sizeof what, "%d", PVR_PARTICLE_HEADER_RECORDS + *count + 1);
            status = *count < PVR_MAX_PARTICLE_COLUMNS
                         ? pvr_record_next(&file, at, &length, &at, what, error)
                         : pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: more than %d records", path,
                                    *count);
        }
        if (status == PVR_OK && *count < 2 * layout->amr.ndim + 3) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: ends after %d records where position, velocity, mass, id and "
                              "level ask for %d",
                              path, PVR_PARTICLE_HEADER_RECORDS + *count,
                              PVR_PARTICLE_HEADER_RECORDS + 2 * (int)layout->amr.ndim + 3);
        }
        pvr_file_close(&file);
    }
    free(path);
    return status;
}

static enum pvr_status assume_columns(const struct pvr_layout *layout, const char *fields,
                                      struct pvr_particle_columns *columns,
                                      struct pvr_error *error) {
    int records, ndim = layout->amr.ndim;
    enum pvr_status status = count_records(layout, &records, error);
    if (status == PVR_OK && fields != NULL) {
        char *before = columns->warnings;
        columns->warnings = NULL;
        status = add_words(columns, fields, ndim, error);
        if (status == PVR_OK && columns->count > records) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: the file of domain 1 ends after %d records where the %d columns "
                              "that header_%05d.txt names ask for %d",
                              layout->folder, PVR_PARTICLE_HEADER_RECORDS + records, columns->count,
                              layout->number, PVR_PARTICLE_HEADER_RECORDS + columns->count);
        }
        if (status == PVR_OK && columns->count < 2 * ndim + 3) {
            drop_columns(columns); /* not a line of fields */
        }
        if (columns->warnings != NULL) {
            pvr_text_add_line(&before, columns->warnings);
            free(columns->warnings);
        }
        columns->warnings = before;
    }
    static const char *const more[] = {"tform", "metal"};
    bool assumed = columns->count == 0;
    if (status == PVR_OK && assumed) {
        status = add_words(columns, "pos vel mass iord level", ndim, error);
    }
    for (int i = 0; status == PVR_OK && columns->count < records; i++) {
        char *unknown = pvr_text_format("column_%d", columns->count + 1);
        const char *word = assumed && i < 2 ? more[i] : unknown != NULL ? unknown : "column";
        status = add_word(columns, word, strlen(word), ndim, error);
        free(unknown);
    }
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static bool part_file_exists(const struct pvr_layout *layout, int domain) {
    char *path = pvr_layout_path(layout, "part", domain);
    bool exists = path != NULL && access(path, F_OK) == 0;
    free(path);
    return exists;
}

enum pvr_status pvr_particle_columns_read(const struct pvr_layout *layout,
                                          struct pvr_particle_columns *columns,
                                          struct pvr_error *error) {
    memset(columns, 0, sizeof *columns);
    char *fields, *text = NULL;
    pvr_particle_text_header(layout, columns, &fields);
    for (int domain = 1; !columns->present && domain <= layout->amr.ncpu; domain++) {
        columns->present = part_file_exists(layout, domain);
    }
    char *path = pvr_text_format("%s/part_file_descriptor.txt", layout->text_folder);
    enum pvr_status status = PVR_OK;
    if (path == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    } else if (!columns->present) {
        if (columns->counted && columns->total > 0) {
            warn(columns, pvr_text_format("%s: the header counts %llu particles, but there is no "
                                          "particle file",
                                          layout->folder, (ull)columns->total));
        }
    } else {
        struct pvr_error problem;
        if (access(path, F_OK) == 0 &&
            pvr_text_read(path, descriptor_limit, &text, &problem) != PVR_OK) {
            warn(columns, pvr_text_format("%s", problem.message));
        }
        if (text != NULL) {
            status = read_descriptor(columns, text, error);
            columns->described = columns->count > 0;
            if (!columns->described) {
                warn(columns, pvr_text_format("%s: names no columns: the order of older outputs is "
                                              "assumed",
                                              path));
            }
        }
        if (status == PVR_OK && columns->count == 0) {
            status = assume_columns(layout, fields, columns, error);
        }
        int position[3];
        if (status == PVR_OK &&
            pvr_particle_vector_find(columns, "position", position) < layout->amr.ndim) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: does not name a real position_x%s: particles without place",
                              path, layout->amr.ndim > 1 ? ", position_y..." : "");
        }
    }
    free(text);
    free(path);
    free(fields);
    if (status != PVR_OK) {
        pvr_particle_columns_free(columns);
    }
    return status;
}

enum pvr_status pvr_particle_columns_known(const struct pvr_snapshot *snapshot,
                                           const struct pvr_particle_columns **columns,
                                           struct pvr_error *error) {
    /* what is found is published in the handle, as its other tables are */
    struct pvr_snapshot *handle = (struct pvr_snapshot *)snapshot;
    *columns = __atomic_load_n(&handle->particles, __ATOMIC_ACQUIRE);
    if (*columns != NULL) {
        return PVR_OK;
    }
    enum pvr_status status = PVR_OK;
    pthread_mutex_lock(&handle->lock);
    if (handle->particles == NULL) {
        struct pvr_particle_columns *read = malloc(sizeof *read);
        status = read != NULL
                     ? pvr_particle_columns_read(&handle->layout, read, error)
                     : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the particles' columns");
        if (status == PVR_OK) {
            __atomic_store_n(&handle->particles, read, __ATOMIC_RELEASE);
        } else {
            free(read);
        }
    }
    *columns = handle->particles;
    pthread_mutex_unlock(&handle->lock);
    return status;
}

enum pvr_status pvr_particle_columns_of(const struct pvr_snapshot *snapshot,
                                        struct pvr_particle_columns *columns,
                                        struct pvr_error *error) {
    const struct pvr_particle_columns *known;
    enum pvr_status status = pvr_particle_columns_known(snapshot, &known, error);
    if (status != PVR_OK) {
        memset(columns, 0, sizeof *columns);
        return status;
    }
    *columns = *known;
    columns->column = malloc(((size_t)known->count + 1) * sizeof *columns->column);
    columns->warnings = known->warnings != NULL ? strdup(known->warnings) : NULL;
    if (columns->column == NULL || (known->warnings != NULL && columns->warnings == NULL)) {
        pvr_particle_columns_free(columns);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the particles' columns");
    }
    if (known->count > 0) {
        memcpy(columns->column, known->column, (size_t)known->count * sizeof *columns->column);
    }
    return PVR_OK;
}

void pvr_particle_columns_free(struct pvr_particle_columns *columns) {
    drop_columns(columns);
    memset(columns, 0, sizeof *columns);
}

void pvr_particle_record_name(const struct pvr_particle_columns *columns, int column, char *text,
                              size_t size) {
    snprintf(text, size, "%d (%s)", PVR_PARTICLE_HEADER_RECORDS + column + 1,
             columns->column[column].name);
}

enum pvr_status pvr_particle_header_read(const struct pvr_file *file,
                                         const struct pvr_layout *layout,
                                         struct pvr_particle_header *header,
                                         struct pvr_error *error) {
    static const char *const what[PVR_PARTICLE_HEADER_RECORDS] = {
        "1 (ncpu)",      "2 (ndim)",      "3 (npart)",      "4 (localseed)",
        "5 (nstar_tot)", "6 (mstar_tot)", "7 (mstar_lost)", "8 (nsink)"};
    int32_t whole[PVR_PARTICLE_HEADER_RECORDS] = {0};
    uint64_t at = 0, length, next;
    for (int i = 0; i < PVR_PARTICLE_HEADER_RECORDS; i++) {
        bool read = i < 3 || i == 7;
        enum pvr_status status = read ? pvr_record_read(file, &at, &whole[i], 4, 1, what[i], error)
                                      : pvr_record_next(file, at, &length, &next, what[i], error);
        if (status != PVR_OK) {
            return status;
        }
        at = read ? at : next;
        int32_t expected = i == 0 ? layout->amr.ncpu : layout->amr.ndim;
        if (i < 2 && whole[i] != expected) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: record %s holds %d where the amr file has %d: a file of another "
                            "output",
                            file->path, what[i], (int)whole[i], (int)expected);
        }
    }
    if (whole[2] < 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: record 3 (npart) holds %d", file->path,
                        (int)whole[2]);
    }
    *header = (struct pvr_particle_header){(uint64_t)whole[2], whole[7], at};
    return PVR_OK;
}
