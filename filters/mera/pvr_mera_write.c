/* pvr_mera_write.c - Mera files: what goes into them, in Mera's order.
 *
 * The order, and what `information` tells: savedata in src/functions/data/data_save.jl of Mera.jl
 * 1.9.
 */
#include "pvr_mera_write.h"

#include "pvr_jld2_write.h"
#include "pvr_mera_about_private.h"
#include "pvr_mera_write_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *pvr_mera_out_kind_name(enum pvr_mera_out_kind kind) {
    static const char *const name[] = {"hydro", "gravity", "particles", "clumps", "rt"};
    return kind >= 0 && kind < PVR_MERA_OUT_KINDS ? name[kind] : NULL;
}

size_t pvr_mera_out_type_bytes(enum pvr_mera_out_type type) {
    static const size_t bytes[] = {1, 4, 8, 4, 8};
    return bytes[type];
}

/* ---- what is written about the file -----------------------------------------------------------
 */

struct parts {
    struct pvr_jld2_writer *writer;
    struct pvr_jl_arena *arena;
    const struct pvr_mera_about *about;
    const struct pvr_mera_out_request *request;
    const char *group;
};

static void put(struct parts *parts, const char *name, const struct pvr_jl_value *value) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s", parts->group, name);
    pvr_jld2_write(parts->writer, path, value);
}

/* The filter as Julia calls it. */
static const struct pvr_jl_value *compression(struct pvr_jl_arena *arena,
                                              enum pvr_mera_out_compressor compressor) {
    static const struct pvr_jl_field lz4_field[] = {{"blocksize", &pvr_jl_uint32}};
    static const struct pvr_jl_field zlib_field[] = {{"level", &pvr_jl_uint32}};
    static const struct pvr_jl_type lz4 = {.kind = PVR_JL_STRUCT,
                                           .name = "JLD2Lz4.Lz4Filter",
                                           .nfields = 1,
                                           .field = lz4_field,
                                           .initialized = 1};
    static const struct pvr_jl_type zlib = {.kind = PVR_JL_STRUCT,
                                            .name = "JLD2.Filters.Deflate",
                                            .nfields = 1,
                                            .field = zlib_field,
                                            .initialized = 1};
    if (compressor == PVR_MERA_OUT_NONE) {
        return pvr_jl_truth(arena, false);
    }
    const bool is_lz4 = compressor == PVR_MERA_OUT_LZ4;
    const struct pvr_jl_value *parameter = pvr_jl_number(
        arena, &pvr_jl_uint32, is_lz4 ? PVR_JLD2_LZ4_NOTED_BLOCK : PVR_JLD2_ZLIB_LEVEL);
    return pvr_jl_struct_value(arena, is_lz4 ? &lz4 : &zlib, &parameter);
}

/* The versions whose layout this is. */
static void put_versions(struct parts *parts) {
    static const struct {
        const char *name;
        unsigned major, minor, patch;
    } packages[] = {{"information/versions/JLD2", 0, 6, 5},
                    {"information/versions/CodecBzip2", 0, 8, 5},
                    {"information/versions/Mera", 1, 9, 0},
                    {"information/versions/CodecLz4", 0, 4, 6},
                    {"information/versions/CodecZlib", 0, 7, 8}};
    static const char *const range_names[] = {"lower", "upper"};
    struct pvr_jl_arena *arena = parts->arena;
    const struct pvr_jl_type *two[] = {pvr_mera_version_type(), pvr_mera_version_type()};
    const struct pvr_jl_value *range[] = {pvr_mera_version(arena, 0, 1, 0),
                                          pvr_mera_version(arena, 0, 3, 0)};
    const struct pvr_jl_type *range_type = pvr_jl_named_tuple_of(arena, 2, range_names, two);
    put(parts, "information/versions/merafile_version", pvr_jl_real(arena, 1.0));
    if (range_type != NULL) {
        put(parts, "information/versions/JLD2compatible_versions",
            pvr_jl_struct_value(arena, range_type, range));
    }
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        const struct pvr_jl_value *version =
            pvr_mera_version(arena, packages[i].major, packages[i].minor, packages[i].patch);
        put(parts, packages[i].name, pvr_jl_vector(arena, pvr_mera_version_type(), 1, &version));
    }
}

/* Bytes of the output's files by their beginnings; a kind that there is not is 0.0, as in Mera. */
static const struct pvr_jl_value *storage(struct parts *parts) {
    static const struct {
        const char *name, *begin;
        int present; /* field of the info that says whether there are any, or -1 */
    } sort[] = {{"folder", "", -1},
                {"sink", "sink_", PVR_MERA_I_SINKS},
                {"particle", "part_", PVR_MERA_I_PARTICLES},
                {"hydro", "hydro_", PVR_MERA_I_HYDRO},
                {"gravity", "grav_", PVR_MERA_I_GRAVITY},
                {"amr", "amr_", -1},
                {"clump", "clump_", PVR_MERA_I_CLUMPS},
                {"rt", "rt_", PVR_MERA_I_RT}};
    enum { SORTS = sizeof sort / sizeof *sort };
    struct pvr_jl_arena *arena = parts->arena;
    int64_t bytes[SORTS] = {0};
    DIR *folder =
        parts->request->output_folder != NULL ? opendir(parts->request->output_folder) : NULL;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct stat about;
        if (fstatat(dirfd(folder), entry->d_name, &about, 0) == 0 && S_ISREG(about.st_mode)) {
            for (int s = 0; s < SORTS; s++) {
                const bool is = strncmp(entry->d_name, sort[s].begin, strlen(sort[s].begin)) == 0;
                bytes[s] += is ? about.st_size : 0;
            }
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    const struct pvr_jl_value *key[SORTS], *value[SORTS];
    for (int s = 0; s < SORTS; s++) {
        const struct pvr_jl_value *present =
            sort[s].present >= 0 ? parts->about->value->as.field[sort[s].present] : NULL;
        key[s] = pvr_jl_symbol_value(arena, sort[s].name);
        value[s] = present == NULL || present->as.integer != 0 ? pvr_jl_int(arena, bytes[s])
                                                               : pvr_jl_real(arena, 0.0);
    }
    return pvr_jl_dict_value(arena, SORTS, key, value);
}

/* The table's size in memory, as Mera says it. */
static const struct pvr_jl_value *memory(struct pvr_jl_arena *arena, uint64_t bytes) {
    static const char *const unit[] = {"Bytes", "KB", "MB", "GB", "TB"};
    const struct pvr_jl_type *types[] = {&pvr_jl_float64, &pvr_jl_string};
    const struct pvr_jl_type *tuple = pvr_jl_tuple_of(arena, 2, types);
    double amount = (double)bytes;
    int u = 0;
    while (u < 4 && amount > 1000) {
        amount /= 1024;
        u++;
    }
    const struct pvr_jl_value *field[] = {pvr_jl_real(arena, amount), pvr_jl_text(arena, unit[u])};
    return tuple != NULL ? pvr_jl_struct_value(arena, tuple, field) : NULL;
}

/* ---- data -------------------------------------------------------------------------------------
 */

/* Columns' rows under the name that values know them by. */
static enum pvr_status rows_of(void *context, uint64_t first, uint64_t rows, void *out,
                               struct pvr_error *error) {
    const struct pvr_mera_out_column *column = context;
    return column->rows(column->context, first, rows, out, error);
}

static const struct pvr_jl_value *
column_value(struct pvr_jl_arena *arena, const struct pvr_mera_out_column *column, uint64_t nrows) {
    static const struct pvr_jl_type *const type[] = {&pvr_jl_int8, &pvr_jl_int32, &pvr_jl_int64,
                                                     &pvr_jl_float32, &pvr_jl_float64};
    struct pvr_jl_value *value = pvr_jl_arena_take(arena, sizeof *value);
    if (value == NULL) {
        return NULL;
    }
    value->type = pvr_jl_array_of(arena, type[column->type]);
    value->as.array.length = nrows;
    value->as.array.bits = column->data;
    value->as.array.column = rows_of;
    value->as.array.context = (void *)(uintptr_t)column;
    return value;
}

/* The list of the info that names the variables of a kind of cells. */
static const struct pvr_jl_value *variables_of(const struct pvr_mera_about *about,
                                               enum pvr_mera_out_kind kind) {
    const int field = kind == PVR_MERA_OUT_HYDRO     ? PVR_MERA_I_VARIABLES
                      : kind == PVR_MERA_OUT_GRAVITY ? PVR_MERA_I_GRAVITY_VARIABLES
                                                     : PVR_MERA_I_RT_VARIABLES;
    return about->value->as.field[field];
}

/* Mera's number of a column: its variable's place in that list, from 1; else among the columns. */
static int64_t variable_number(const struct pvr_mera_about *about,
                               const struct pvr_mera_out_table *table, size_t column) {
    const struct pvr_jl_value *list = variables_of(about, table->kind);
    for (uint64_t i = 0; list != NULL && i < list->as.array.length; i++) {
        const struct pvr_jl_value *name = list->as.array.element[i];
        if (strcmp(name->as.text.bytes, table->column[column].name) == 0) {
            return (int64_t)i + 1;
        }
    }
    return (int64_t)(column - table->nkeys) + 1;
}

/* Which variables were chosen: numbers for cells, the names of all columns for points. */
static const struct pvr_jl_value *selected(struct parts *parts,
                                           const struct pvr_mera_out_table *table) {
    struct pvr_jl_arena *arena = parts->arena;
    const size_t n = table->ncolumns, first = table->nkeys;
    if (table->kind == PVR_MERA_OUT_PARTICLES || table->kind == PVR_MERA_OUT_CLUMPS) {
        const struct pvr_jl_value **name = pvr_jl_arena_take(arena, n * sizeof *name);
        for (size_t i = 0; name != NULL && i < n; i++) {
            name[i] = pvr_jl_symbol_value(arena, table->column[i].name);
        }
        return pvr_jl_vector(arena, &pvr_jl_symbol, n, name);
    }
    int64_t *number = pvr_jl_arena_take(arena, (n - first) * sizeof *number + 1);
    for (size_t i = first; number != NULL && i < n; i++) {
        number[i - first] = variable_number(parts->about, table, i);
    }
    return pvr_jl_vector_of_bits(arena, &pvr_jl_int64, n - first, sizeof *number, number);
}

/* Hydro names that come from a descriptor, or from the magnetic layout, by their numbers. */
static const struct pvr_jl_value *used_descriptors(struct parts *parts,
                                                   const struct pvr_mera_out_table *table) {
    struct pvr_jl_arena *arena = parts->arena;
    const struct pvr_jl_value *const *info = parts->about->value->as.field;
    const struct pvr_jl_value *descriptor = info[PVR_MERA_I_DESCRIPTOR],
                              *list = info[PVR_MERA_I_VARIABLES];
    const struct pvr_jl_value *file =
        descriptor != NULL ? descriptor->as.field[PVR_MERA_D_HYDROFILE] : NULL;
    bool named = file != NULL && file->as.integer != 0;
    for (uint64_t i = 0; list != NULL && i < list->as.array.length; i++) {
        named = named || strcmp(list->as.array.element[i]->as.text.bytes, "bx_left") == 0;
    }
    const size_t n = table->ncolumns - table->nkeys;
    const struct pvr_jl_value **key = pvr_jl_arena_take(arena, n * sizeof *key);
    const struct pvr_jl_value **name = pvr_jl_arena_take(arena, n * sizeof *name);
    if (table->kind != PVR_MERA_OUT_HYDRO || !named || key == NULL || name == NULL) {
        return pvr_jl_dict_value(arena, 0, NULL, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        key[i] = pvr_jl_int(arena, variable_number(parts->about, table, table->nkeys + i));
        name[i] = pvr_jl_symbol_value(arena, table->column[table->nkeys + i].name);
    }
    return pvr_jl_dict_value(arena, n, key, name);
}

static const struct pvr_jl_value *data_value(struct parts *parts,
                                             const struct pvr_mera_out_table *table) {
    struct pvr_jl_arena *arena = parts->arena;
    const char **name = pvr_jl_arena_take(arena, table->ncolumns * sizeof *name);
    const struct pvr_jl_value **column = pvr_jl_arena_take(arena, table->ncolumns * sizeof *column);
    for (size_t i = 0; name != NULL && column != NULL && i < table->ncolumns; i++) {
        name[i] = table->column[i].name;
        column[i] = column_value(arena, &table->column[i], table->nrows);
    }
    if (arena->failed) {
        return NULL;
    }
    const struct pvr_jl_value *field[16];
    size_t n = 0;
    field[n++] = pvr_mera_table(arena, table->ncolumns, name, column, table->nkeys);
    field[n++] = parts->about->value;
    if (table->kind != PVR_MERA_OUT_CLUMPS) {
        field[n++] = pvr_jl_int(arena, table->lmin);
        field[n++] = pvr_jl_int(arena, table->lmax);
    }
    field[n++] = pvr_jl_real(arena, parts->about->boxlen);
    field[n++] = pvr_jl_vector_of_bits(arena, &pvr_jl_float64, 6, 8, table->ranges);
    /* What a file says of its own table is kept. */
    const struct pvr_mera_about *about = parts->about;
    const bool points = table->kind == PVR_MERA_OUT_PARTICLES || table->kind == PVR_MERA_OUT_CLUMPS;
    const bool kept =
        about->selected != NULL && about->kind == table->kind &&
        about->selected->as.array.length == table->ncolumns - (points ? 0 : table->nkeys);
    field[n++] = kept ? about->selected : selected(parts, table);
    field[n++] = kept && about->used_descriptors != NULL ? about->used_descriptors
                                                         : used_descriptors(parts, table);
    if (table->kind == PVR_MERA_OUT_HYDRO) {
        field[n++] = pvr_jl_real(arena, table->smallr);
        field[n++] = pvr_jl_real(arena, table->smallc);
    }
    field[n++] = parts->about->value->as.field[PVR_MERA_I_SCALE];
    return pvr_jl_struct_value(arena, &pvr_mera_data_type[table->kind], field);
}

static uint64_t table_bytes(const struct pvr_mera_out_table *table) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < table->ncolumns; i++) {
        bytes += table->nrows * pvr_mera_out_type_bytes(table->column[i].type);
    }
    return bytes;
}

static void put_table(struct parts *parts, const struct pvr_mera_out_table *table) {
    struct pvr_jl_arena *arena = parts->arena;
    const char *comments = table->comments != NULL ? table->comments : parts->request->comments;
    parts->group = pvr_mera_out_kind_name(table->kind);
    put(parts, "information/compression", compression(arena, parts->request->compressor));
    put(parts, "information/comments",
        comments != NULL ? pvr_jl_text(arena, comments)
                         : pvr_jl_struct_value(arena, &pvr_jl_nothing, NULL));
    put_versions(parts);
    put(parts, "information/storage", storage(parts));
    put(parts, "information/memory", memory(arena, table_bytes(table)));
    put(parts, "data", data_value(parts, table));
    put(parts, "info", parts->about->value);
}

/* ---- checks -----------------------------------------------------------------------------------
 */

static enum pvr_status check(const char *path, const struct pvr_mera_out_table *table, bool *seen,
                             struct pvr_error *error) {
    const char *kind = pvr_mera_out_kind_name(table->kind);
    if (kind == NULL || seen[table->kind]) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: %s is given twice", path,
                        kind != NULL ? kind : "an unknown kind of data");
    }
    seen[table->kind] = true;
    if (table->ncolumns == 0 || table->nkeys > table->ncolumns) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: %s has no columns", path, kind);
    }
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct pvr_mera_out_column *column = &table->column[i];
        if (column->name == NULL || column->name[0] == '\0') {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: a column of %s has no name", path,
                            kind);
        }
        if (column->data == NULL && column->rows == NULL) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: column %s of %s has no rows", path,
                            column->name, kind);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(table->column[j].name, column->name) == 0) {
                return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: two columns of %s are called %s",
                                path, kind, column->name);
            }
        }
    }
    return PVR_OK;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

/* The file that is added to, as it is now. */
static enum pvr_status copy_file(struct pvr_output_file *output, struct pvr_error *error) {
    enum { PIECE = 4 << 20 };
    const int from = open(output->path, O_RDONLY | O_CLOEXEC);
    char *piece = malloc(PIECE);
    enum pvr_status status = PVR_OK;
    uint64_t offset = 0;
    ssize_t got = 0;
    if (from < 0 || piece == NULL) {
        status = pvr_fail(error, PVR_ERROR_IO, "%s: cannot be added to: %s", output->path,
                          strerror(errno));
    }
    while (status == PVR_OK && (got = pread(from, piece, PIECE, (off_t)offset)) > 0) {
        status = pvr_output_write(output, offset, piece, (size_t)got, error);
        offset += (uint64_t)got;
    }
    if (status == PVR_OK && got < 0) {
        status =
            pvr_fail(error, PVR_ERROR_IO, "%s: cannot be read: %s", output->path, strerror(errno));
    }
    if (from >= 0) {
        close(from);
    }
    free(piece);
    return status;
}

/* Writes one table after the other; each is read back while its columns are there. */
static enum pvr_status write_tables(struct pvr_output_file *output,
                                    const struct pvr_mera_about *about,
                                    const struct pvr_mera_out_source *source,
                                    const struct pvr_mera_out_request *request, struct pvr_job *job,
                                    struct pvr_mera_out_written *result, struct pvr_error *error) {
    struct pvr_jld2_writer writer;
    struct pvr_jl_arena arena = {0}; /* types that are written are known until the end */
    struct parts parts = {&writer, &arena, about, request, NULL};
    enum pvr_status status = PVR_OK;
    bool seen[PVR_MERA_OUT_KINDS] = {false};
    if (request->append) {
        status = copy_file(output, error);
        if (status != PVR_OK) {
            return status;
        }
        status =
            pvr_jld2_writer_continue(&writer, output->fd, output->path,
                                     (enum pvr_jld2_compressor)request->compressor, job, error);
    } else {
        pvr_jld2_writer_begin(&writer, output->fd, output->path,
                              (enum pvr_jld2_compressor)request->compressor, job);
    }
    for (size_t t = 0; t < source->ntables && status == PVR_OK; t++) {
        struct pvr_mera_out_table table;
        status = source->get(source->context, t, &table, error);
        if (status != PVR_OK) {
            break;
        }
        status = check(output->path, &table, seen, error);
        if (status == PVR_OK && pvr_jld2_writer_has(&writer, pvr_mera_out_kind_name(table.kind))) {
            status = pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has %s already", output->path,
                              pvr_mera_out_kind_name(table.kind));
        }
        const double begin = pvr_seconds();
        double end = begin;
        if (status == PVR_OK) {
            result->bytes_in += table_bytes(&table);
            result->rows += table.nrows;
            result->values += table.nrows * table.ncolumns;
            parts.about = table.about != NULL ? table.about : about;
            put_table(&parts, &table);
            writer.arena.failed = writer.arena.failed || arena.failed;
            end = pvr_seconds();
            status = pvr_jld2_writer_status(&writer, error);
        }
        if (status == PVR_OK && !request->unverified) {
            status = pvr_jld2_writer_compare(&writer, error);
        }
        for (size_t k = 0; k < writer.nkept; k++) {
            result->blocks += writer.kept[k].nblocks;
        }
        pvr_jld2_writer_forget(&writer);
        result->write_seconds += end - begin;
        result->verify_seconds += pvr_seconds() - end;
        if (source->release != NULL) {
            source->release(source->context, t);
        }
    }
    if (status == PVR_OK) {
        const double begin = pvr_seconds();
        status = pvr_jld2_writer_finish(&writer, error);
        result->write_seconds += pvr_seconds() - begin;
        result->bytes_out = writer.file.end;
    }
    pvr_jld2_writer_free(&writer);
    pvr_jl_arena_free(&arena);
    return status;
}

enum pvr_status pvr_mera_write_source(const char *path, const struct pvr_mera_about *about,
                                      const struct pvr_mera_out_source *source,
                                      const struct pvr_mera_out_request *request,
                                      struct pvr_job *job, struct pvr_mera_out_written *result,
                                      struct pvr_error *error) {
    struct pvr_output_file output;
    memset(result, 0, sizeof *result);
    enum pvr_status status = pvr_output_begin(&output, path, error);
    if (status == PVR_OK) {
        status = write_tables(&output, about, source, request, job, result, error);
    }
    if (status == PVR_OK && request->whole != NULL) {
        status = request->whole(request->whole_context, output.fd, error);
    }
    if (status == PVR_OK) {
        const double begin = pvr_seconds();
        status = pvr_output_commit(&output, error);
        result->sync_seconds = pvr_seconds() - begin;
    }
    pvr_output_end(&output);
    return status;
}

/* Tables that are all there. */
static enum pvr_status get_given(void *context, size_t number, struct pvr_mera_out_table *table,
                                 struct pvr_error *error) {
    const struct pvr_mera_out_table *tables = context;
    (void)error;
    *table = tables[number];
    return PVR_OK;
}

enum pvr_status pvr_mera_write(const char *path, const struct pvr_mera_about *about,
                               const struct pvr_mera_out_table *tables, size_t ntables,
                               const struct pvr_mera_out_request *request,
                               struct pvr_mera_out_written *written, struct pvr_error *error) {
    struct pvr_mera_out_written unused, *result = written != NULL ? written : &unused;
    const struct pvr_mera_out_source source = {ntables, get_given, NULL, (void *)(uintptr_t)tables};
    struct pvr_job job;
    memset(result, 0, sizeof *result);
    enum pvr_status status =
        pvr_job_begin(&job, request->threads, request->progress, request->progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    for (size_t t = 0; t < ntables; t++) {
        pvr_job_expect(&job, table_bytes(&tables[t]));
    }
    status = pvr_mera_write_source(path, about, &source, request, &job, result, error);
    pvr_job_end(&job, &result->report);
    if (written == NULL) {
        pvr_report_free(&unused.report);
    }
    return status;
}
