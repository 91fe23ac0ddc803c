/* pvr_particle_files.c - where each column of each domain's particle file stands. */
#include "pvr_particle_files.h"

#include "pvr_mera_points.h"
#include "pvr_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

enum pvr_status pvr_particle_files_open(const struct pvr_particle_files *files, int domain,
                                        struct pvr_file *file, char **path,
                                        struct pvr_error *error) {
    if (files->mera != NULL) { /* it is in memory */
        *file = (struct pvr_file){.fd = -1};
        *path = NULL;
        return PVR_OK;
    }
    *path = pvr_layout_path(files->layout, "part", domain);
    if (*path == NULL) {
        file->fd = -1;
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    enum pvr_status status = pvr_file_open(file, *path, error);
    file->encoding = files->layout->encoding;
    return status;
}

struct reading {
    struct pvr_particle_files *files;
    const uint64_t *levels;
};

static bool is_wanted(const uint64_t *levels, size_t domain) {
    return levels == NULL || levels[domain] != 0;
}

static enum pvr_status read_header(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    const struct reading *reading = context;
    struct pvr_particle_files *files = reading->files;
    if (!is_wanted(reading->levels, task)) {
        return PVR_OK;
    }
    struct pvr_file file;
    struct pvr_window window = {.bytes = 0};
    struct pvr_particle_header header;
    char *path;
    enum pvr_status status = pvr_particle_files_open(files, (int)task + 1, &file, &path, error);
    if (status == PVR_OK) {
        file.window = &window;
        status = pvr_particle_header_read(&file, files->layout, &header, error);
    }
    if (status == PVR_OK) {
        struct pvr_particle_domain *domain = &files->domain[task];
        domain->count = header.npart;
        domain->body = header.body;
        domain->size = file.size;
        pvr_job_add_read(worker, header.body);
        if (header.nsink > 0) {
            __atomic_store_n(&files->sinks, true, __ATOMIC_RELAXED);
        }
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

/* Bytes that a value of a column may have. */
static bool width_makes_sense(const struct pvr_layout *layout,
                              const struct pvr_particle_column *column, uint64_t width) {
    if (column->class == PVR_COLUMN_REAL) {
        bool single = column->type == 'f' || layout->amr.real_bytes == 4;
        return width == 8 || (width == 4 && single);
    }
    switch (column->type) {
    case 'b':
        return width == 1;
    case 'h':
        return width == 2;
    case '?':
        return width == 1 || width == 4 || width == 8;
    default:
        return width == 4 || width == 8;
    }
}

static const char *width_words(const struct pvr_layout *layout,
                               const struct pvr_particle_column *column) {
    static const char *const words[] = {"8", "4", "4 or 8", "1", "2", "1, 4 or 8"};
    int which = 2;
    if (column->class == PVR_COLUMN_REAL) {
        which = column->type != 'f' && layout->amr.real_bytes != 4 ? 0 : 2;
    } else if (column->class == PVR_COLUMN_WHOLE) {
        which = column->type == 'b' ? 3 : column->type == 'h' ? 4 : column->type == '?' ? 5 : 2;
    }
    return words[which];
}

/* Takes the width of column `i` from a record of `length` bytes, or compares it with that of the
 * other files. */
static enum pvr_status settle_width(struct pvr_particle_files *files, const char *path, int i,
                                    uint64_t count, uint64_t length, struct pvr_error *error) {
    struct pvr_particle_column *column = &files->columns.column[i];
    char what[PVR_NAME_SIZE + 16];
    pvr_particle_record_name(&files->columns, i, what, sizeof what);
    uint64_t width = count > 0 ? length / count : 0;
    bool whole = width * count == length;
    if (column->class == PVR_COLUMN_SKIPPED && column->width == 0) {
        if (!whole || width > 4096) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "%s: record %s has %llu bytes, which %llu particles do not share: what "
                            "follows cannot be found",
                            path, what, (ull)length, (ull)count);
        }
        column->width = (uint32_t)width;
        return PVR_OK;
    }
    if (column->width != 0 || count == 0) {
        if (length == count * column->width) {
            return PVR_OK;
        }
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s has %llu bytes where %llu particles (record 3) of %u bytes "
                        "are expected",
                        path, what, (ull)length, (ull)count, column->width);
    }
    if (!whole || !width_makes_sense(files->layout, column, width)) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: record %s has %llu bytes where %llu particles (record 3) of %s bytes "
                        "are expected",
                        path, what, (ull)length, (ull)count, width_words(files->layout, column));
    }
    column->width = (uint32_t)width;
    return PVR_OK;
}

/* Walks along the records of a file. */
static enum pvr_status walk(struct pvr_particle_files *files, int domain, struct pvr_error *error) {
    const struct pvr_particle_domain *place = &files->domain[domain - 1];
    struct pvr_file file;
    char *path;
    enum pvr_status status = pvr_particle_files_open(files, domain, &file, &path, error);
    uint64_t at = place->body;
    for (int i = 0; status == PVR_OK && i < files->columns.count; i++) {
        char what[PVR_NAME_SIZE + 16];
        uint64_t length;
        pvr_particle_record_name(&files->columns, i, what, sizeof what);
        status = pvr_record_next(&file, at, &length, &at, what, error);
        if (status == PVR_OK) {
            status = settle_width(files, path, i, place->count, length, error);
        }
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

static uint64_t bytes_before(const struct pvr_particle_files *files,
                             const struct pvr_particle_domain *domain, int column,
                             uint64_t widths) {
    return domain->body + domain->count * widths +
           2 * (uint64_t)files->layout->encoding.marker * (uint64_t)column;
}

/* Finds the widths, then compares the files' sizes with what follows. */
static enum pvr_status check_files(struct pvr_particle_files *files, const uint64_t *levels,
                                   struct pvr_error *error) {
    struct pvr_particle_columns *columns = &files->columns;
    enum pvr_status status = PVR_OK;
    int first = 1;
    while (first <= files->ndomains && files->domain[first - 1].count == 0) {
        first++;
    }
    if (first <= files->ndomains) {
        status = walk(files, first, error);
    }
    uint64_t widths = 0;
    for (int i = 0; i < columns->count; i++) {
        columns->column[i].before = widths;
        widths += columns->column[i].width;
    }
    int longer = 0; /* a domain */
    for (int d = 1; status == PVR_OK && d <= files->ndomains; d++) {
        struct pvr_particle_domain *domain = &files->domain[d - 1];
        uint64_t end = bytes_before(files, domain, columns->count, widths);
        domain->base = files->total;
        files->total += domain->count;
        if (is_wanted(levels, (size_t)d - 1) &&
            end != domain->size) { /* cut, or of other widths: that is said by its records */
            status = walk(files, d, error);
            longer = d;
        }
    }
    if (status == PVR_OK && longer > 0 && !columns->described) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: the particle file of domain %d has more than the %d records of that "
                        "of domain 1",
                        files->layout->folder, longer,
                        PVR_PARTICLE_HEADER_RECORDS + columns->count);
    }
    if (status == PVR_OK && longer > 0) {
        char *line = pvr_text_format("%s: the particle files hold more than the %d columns that "
                                     "are named: these alone are read",
                                     files->layout->folder, columns->count);
        pvr_text_add_line(&columns->warnings, line != NULL ? line : "more columns than named");
        free(line);
    }
    if (status == PVR_OK && levels == NULL && columns->counted && columns->total != files->total) {
        char *line = pvr_text_format("%s: the files hold %llu particles where header_%05d.txt "
                                     "counts %llu",
                                     files->layout->folder, (ull)files->total,
                                     files->layout->number, (ull)columns->total);
        pvr_text_add_line(&columns->warnings, line != NULL ? line : "header counts differ");
        free(line);
    }
    return status;
}

enum pvr_status pvr_particle_files_read(const struct pvr_layout *layout,
                                        struct pvr_particle_columns *columns,
                                        const uint64_t *levels, struct pvr_job *job,
                                        struct pvr_particle_files **result,
                                        struct pvr_error *error) {
    *result = NULL;
    struct pvr_particle_files *files = calloc(1, sizeof *files);
    if (files != NULL) {
        files->layout = layout;
        files->some = levels != NULL;
        files->columns = *columns;
        memset(columns, 0, sizeof *columns);
        files->ndomains = layout->amr.ncpu;
        files->domain = calloc((size_t)files->ndomains, sizeof *files->domain);
    }
    if (files == NULL || files->domain == NULL) {
        pvr_particle_columns_free(columns);
        pvr_particle_files_free(files);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the tables of %d domains",
                        (int)layout->amr.ncpu);
    }
    enum pvr_status status = PVR_OK;
    if (files->columns.present) {
        struct reading reading = {files, levels};
        status =
            pvr_job_run(job, (size_t)files->ndomains, NULL, read_header, NULL, &reading, error);
        if (status == PVR_OK) {
            status = check_files(files, levels, error);
        }
    }
    if (status != PVR_OK) {
        pvr_particle_files_free(files);
        return status;
    }
    *result = files;
    return PVR_OK;
}

void pvr_particle_files_free(struct pvr_particle_files *files) {
    if (files != NULL) {
        pvr_mera_particles_free(files);
        pvr_particle_columns_free(&files->columns);
        free(files->domain);
        free(files);
    }
}

uint64_t pvr_particle_files_offset(const struct pvr_particle_files *files, int domain, int column,
                                   uint64_t first) {
    const struct pvr_particle_column *at = &files->columns.column[column];
    return bytes_before(files, &files->domain[domain - 1], column, at->before) +
           files->layout->encoding.marker + first * at->width;
}

static void swap_values(void *data, uint32_t width, uint64_t count) {
    if (width == 2) {
        uint16_t *value = data;
        for (uint64_t i = 0; i < count; i++) {
            value[i] = __builtin_bswap16(value[i]);
        }
    } else {
        pvr_swap(data, width, (size_t)count);
    }
}

enum pvr_status pvr_particle_files_column(const struct pvr_particle_files *files,
                                          const struct pvr_file *file, int domain, int column,
                                          uint64_t first, uint64_t count, void *data,
                                          uint64_t *bytes_read, struct pvr_error *error) {
    uint32_t width = files->columns.column[column].width;
    if (files->mera != NULL) {
        memcpy(data, (const char *)files->memory[column] + first * width, count * width);
        return PVR_OK; /* reading it was counted before */
    }
    uint64_t offset = pvr_particle_files_offset(files, domain, column, first);
    char what[PVR_NAME_SIZE + 24] = "record ";
    pvr_particle_record_name(&files->columns, column, what + 7, sizeof what - 7);
    enum pvr_status status = PVR_OK;
    if (first == 0) {
        uint64_t length, next, expected = files->domain[domain - 1].count * width;
        status =
            pvr_record_next(file, offset - file->encoding.marker, &length, &next, what + 7, error);
        if (status == PVR_OK && length != expected) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: %s has %llu bytes where %llu particles (record 3) of %u bytes "
                              "are expected",
                              file->path, what, (ull)length, (ull)files->domain[domain - 1].count,
                              width);
        }
    }
    if (status == PVR_OK) {
        status = pvr_file_read(file, offset, data, (size_t)(count * width), what, error);
        *bytes_read += count * width;
    }
    if (status == PVR_OK && file->encoding.swap) {
        swap_values(data, width, count);
    }
    return status;
}
