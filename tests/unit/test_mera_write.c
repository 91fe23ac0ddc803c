/* test_mera_write.c - pvr_mera_write.h: files that are Mera's own to the byte, and whole or not at
 * all. */
#include "pvr_mera_write.h"

#include "mera_columns.h"
#include "parts.h"
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Columns of many blocks: some that compress well, some that do not at all. */
static void columns_make(uint64_t rows, struct columns *columns) {
    static const char *const names[] = {"level", "cx", "cy", "cz", "rho", "noise", "small"};
    static const enum pvr_mera_out_type types[] = {
        PVR_MERA_OUT_INT64,   PVR_MERA_OUT_INT64,   PVR_MERA_OUT_INT64, PVR_MERA_OUT_INT64,
        PVR_MERA_OUT_FLOAT64, PVR_MERA_OUT_FLOAT64, PVR_MERA_OUT_INT8};
    uint64_t state = 7;
    memset(columns, 0, sizeof *columns);
    columns->rows = rows;
    columns->count = sizeof names / sizeof *names;
    for (size_t c = 0; c < columns->count; c++) {
        const size_t bytes = pvr_mera_out_type_bytes(types[c]);
        unsigned char *data = malloc(rows * bytes + 1);
        for (uint64_t i = 0; i < rows; i++) {
            const int64_t whole = c == 0 ? 7 : (int64_t)(i >> (5 * (3 - c % 4))) + 1;
            const double real = sin((double)i * 1e-3);
            const uint64_t noise = unit_random(&state);
            memcpy(data + i * bytes,
                   c < 4    ? (const void *)&whole
                   : c == 4 ? (const void *)&real
                            : (const void *)&noise,
                   bytes);
        }
        columns->column[c] =
            (struct pvr_mera_out_column){.name = names[c], .type = types[c], .data = data};
    }
}

static struct pvr_mera_out_table hydro_of(const struct columns *columns) {
    return (struct pvr_mera_out_table){.kind = PVR_MERA_OUT_HYDRO,
                                       .nrows = columns->rows,
                                       .ncolumns = columns->count,
                                       .column = columns->column,
                                       .nkeys = 4,
                                       .lmin = 3,
                                       .lmax = 7,
                                       .ranges = {0, 1, 0, 1, 0, 1}};
}

/* What is known of an output of the repository. */
static struct pvr_mera_about *about_of(const char *output) {
    struct pvr_snapshot *snapshot = parts_open(unit_path("%s/%s", PVR_TEST_DATA, output));
    struct pvr_mera_about *about;
    struct pvr_error error;
    unit_ok(pvr_mera_about_snapshot(snapshot, &about, &error), &error);
    pvr_snapshot_release(snapshot);
    return about;
}

/* ---- the same bytes as Mera -------------------------------------------------------------------
 */

/* All that a real file holds, written anew, is that file: types, attributes, layouts, references,
 * compressed columns. What differs tells of Mera's memory and of the disk: two entries of
 * `information` and their checksums. */
static void rewrite(const char *name, const char *reference, enum pvr_mera_out_kind kind,
                    enum pvr_mera_out_compressor compressor, size_t most) {
    const char *original = columns_fixture(unit_path("mera/mera190/%s_00002.jld2", name));
    if (original == NULL) {
        skip();
    }
    char *folder = unit_temp_folder();
    struct columns columns;
    struct pvr_mera_about *about;
    struct pvr_mera_out_table table;
    char *comments;
    struct pvr_error error;
    columns_read(columns_fixture(unit_path("mera/mera190/ref/%s.schema", reference)),
                 columns_fixture(unit_path("mera/mera190/ref/%s.bin", reference)), &columns);
    unit_ok(pvr_mera_about_file(original, kind, &about, &table, &comments, &error), &error);
    assert_int_equal(table.kind, kind);
    table.nrows = columns.rows;
    table.ncolumns = columns.count;
    table.column = columns.column;
    const struct pvr_mera_out_request request = {.compressor = compressor, .comments = comments};
    char *path = strdup(unit_path("%s/%s.jld2", folder, name));
    unit_ok(pvr_mera_write(path, about, &table, 1, &request, NULL, &error), &error);
    size_t size, real_size, differ = 0;
    char *written = unit_read_file(path, &size), *real = unit_read_file(original, &real_size);
    assert_int_equal(size, real_size);
    for (size_t i = 0; i < size; i++) {
        differ += written[i] != real[i];
    }
    assert_in_range(differ, 0, most);
    free(written);
    free(real);
    free(path);
    free(comments);
    columns_free(&columns);
    pvr_mera_about_free(about);
    unit_drop_folder(folder);
}

/* Sizes of 8 kinds of files and of the memory, 8 bytes each, and checksums of 4 bytes each; the
 * unit of memory may be another one. */
enum { NUMBERS_DIFFER = 9 * (8 + 4) + 2 };

static void real_hydro(void **state) {
    (void)state;
    rewrite("hydro_lz4", "hydro", PVR_MERA_OUT_HYDRO, PVR_MERA_OUT_LZ4, NUMBERS_DIFFER);
    rewrite("hydro_zlib", "hydro", PVR_MERA_OUT_HYDRO, PVR_MERA_OUT_ZLIB, NUMBERS_DIFFER);
    rewrite("hydro_none", "hydro", PVR_MERA_OUT_HYDRO, PVR_MERA_OUT_NONE, NUMBERS_DIFFER);
}

static void real_gravity(void **state) {
    (void)state;
    rewrite("gravity_lz4", "gravity", PVR_MERA_OUT_GRAVITY, PVR_MERA_OUT_LZ4, NUMBERS_DIFFER);
}

static void real_particles(void **state) {
    (void)state;
    rewrite("particles_lz4", "particles", PVR_MERA_OUT_PARTICLES, PVR_MERA_OUT_LZ4, NUMBERS_DIFFER);
}

/* Its 52 numbers take another unit of memory than Mera's object: three letters more, and 8 bytes
 * of the heap that they lie on. */
static void real_clumps(void **state) {
    (void)state;
    rewrite("clumps_lz4", "clumps", PVR_MERA_OUT_CLUMPS, PVR_MERA_OUT_LZ4, NUMBERS_DIFFER + 8);
}

static void real_radiation(void **state) {
    (void)state;
    rewrite("rt_lz4", "rt", PVR_MERA_OUT_RT, PVR_MERA_OUT_LZ4, NUMBERS_DIFFER);
}

/* ---- what an output tells ---------------------------------------------------------------------
 */

/* The file that Mera wrote of this output and the one from the output itself know the same. */
static void known_of_output(void **state) {
    (void)state;
    const char *output = columns_fixture("sedov3d_grav_part/output_00002");
    if (output == NULL || columns_fixture("mera/mera190") == NULL) {
        skip();
    }
    char *folder = unit_temp_folder();
    struct pvr_snapshot *snapshot = parts_open(output);
    struct pvr_mera_about *about;
    struct columns columns;
    struct pvr_error error;
    columns_make(10, &columns);
    unit_ok(pvr_mera_about_snapshot(snapshot, &about, &error), &error);
    const struct pvr_mera_out_table table = hydro_of(&columns);
    const struct pvr_mera_out_request request = {.compressor = PVR_MERA_OUT_LZ4};
    char *path = strdup(unit_path("%s/output_00002.jld2", folder));
    unit_ok(pvr_mera_write(path, about, &table, 1, &request, NULL, &error), &error);
    struct pvr_mera *ours, *real;
    unit_ok(pvr_mera_open(path, &ours, &error), &error);
    unit_ok(pvr_mera_open(columns_fixture("mera/mera190/hydro_lz4_00002.jld2"), &real, &error),
            &error);
    assert_int_equal(ours->number, real->number);
    assert_string_equal(ours->code, real->code);
    assert_true(ours->gamma == real->gamma);
    assert_memory_equal(&ours->info.boxlen, &real->info.boxlen,
                        offsetof(struct pvr_info, unit_np) - offsetof(struct pvr_info, boxlen));
    assert_int_equal(ours->info.ncpu, real->info.ncpu);
    assert_int_equal(ours->info.levelmin, real->info.levelmin);
    assert_int_equal(ours->info.levelmax, real->info.levelmax);
    for (int k = 0; k < PVR_MERA_KINDS; k++) {
        assert_int_equal(ours->descriptor[k].count, real->descriptor[k].count);
        for (int i = 0; i < ours->descriptor[k].count; i++) {
            assert_string_equal(ours->descriptor[k].name[i], real->descriptor[k].name[i]);
        }
    }
    pvr_mera_free(ours);
    pvr_mera_free(real);
    pvr_mera_about_free(about);
    pvr_snapshot_release(snapshot);
    columns_free(&columns);
    free(path);
    unit_drop_folder(folder);
}

static void only_three_dimensions(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = parts_open(unit_path("%s/sedov2d/output_00002", PVR_TEST_DATA));
    struct pvr_mera_about *about;
    struct pvr_error error;
    unit_failed(pvr_mera_about_snapshot(snapshot, &about, &error), &error, "2-dimensional");
    assert_null(about);
    pvr_snapshot_release(snapshot);
}

/* ---- reading back -----------------------------------------------------------------------------
 */

static void any_number_of_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 8};
    char *folder = unit_temp_folder();
    struct pvr_mera_about *about = about_of("sedov3d/output_00002");
    struct columns columns;
    columns_make(unit_sanitized() ? 200000 : 300001, &columns);
    const struct pvr_mera_out_table table = hydro_of(&columns);
    for (int compressor = PVR_MERA_OUT_LZ4; compressor <= PVR_MERA_OUT_NONE; compressor++) {
        char *first = NULL;
        size_t first_size = 0;
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            const struct pvr_threads settings = {.max = threads[t]};
            const struct pvr_mera_out_request request = {
                .compressor = (enum pvr_mera_out_compressor)compressor, .threads = &settings};
            struct pvr_mera_out_written written;
            struct pvr_error error;
            const char *path = unit_path("%s/output_00002.jld2", folder);
            unit_ok(pvr_mera_write(path, about, &table, 1, &request, &written, &error), &error);
            size_t size;
            char *bytes = unit_read_file(path, &size);
            assert_int_equal(written.bytes_out, size);
            assert_true(written.bytes_in == columns.rows * (6 * 8 + 1));
            if (t == 0) {
                first = bytes;
                first_size = size;
                columns_same(path, PVR_MERA_HYDRO, &columns);
            } else {
                assert_int_equal(size, first_size);
                assert_memory_equal(bytes, first, size);
                free(bytes);
            }
            pvr_report_free(&written.report);
        }
        free(first);
    }
    columns_free(&columns);
    pvr_mera_about_free(about);
    unit_drop_folder(folder);
}

/* No rows, and one. */
static void few_rows(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    struct pvr_mera_about *about = about_of("sedov3d/output_00002");
    for (uint64_t rows = 0; rows < 2; rows++) {
        struct columns columns;
        struct pvr_error error;
        columns_make(rows, &columns);
        const struct pvr_mera_out_table table = hydro_of(&columns);
        const struct pvr_mera_out_request request = {.compressor = PVR_MERA_OUT_LZ4};
        const char *path = unit_path("%s/output_%05d.jld2", folder, (int)rows + 1);
        unit_ok(pvr_mera_write(path, about, &table, 1, &request, NULL, &error), &error);
        columns_same(path, PVR_MERA_HYDRO, &columns);
        columns_free(&columns);
    }
    pvr_mera_about_free(about);
    unit_drop_folder(folder);
}

/* ---- whole or not at all ----------------------------------------------------------------------
 */

static enum pvr_status broken_rows(void *context, uint64_t first, uint64_t rows, void *out,
                                   struct pvr_error *error) {
    (void)context, (void)rows, (void)out;
    return first > 0 ? pvr_fail(error, PVR_ERROR_IO, "rows are lost") : PVR_OK;
}

static int files_in(const char *folder) {
    int count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(listing);
    return count;
}

static void failure_leaves_the_old(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    struct pvr_mera_about *about = about_of("sedov3d/output_00002");
    struct columns columns;
    columns_make(300000, &columns);
    struct pvr_mera_out_table table = hydro_of(&columns);
    const struct pvr_mera_out_request request = {.compressor = PVR_MERA_OUT_LZ4};
    struct pvr_error error;
    char *path = strdup(unit_path("%s/output_00002.jld2", folder));
    unit_write_text(path, "old");
    const void *data = columns.column[5].data;
    columns.column[5].data = NULL;
    columns.column[5].rows = broken_rows;
    unit_failed(pvr_mera_write(path, about, &table, 1, &request, NULL, &error), &error,
                "rows are lost");
    columns.column[5].data = data;
    assert_int_equal(files_in(folder), 1);
    size_t size;
    char *old = unit_read_file(path, &size);
    assert_string_equal(old, "old");
    free(old);

    /* A disk that is full: files may not become larger than this. */
    struct rlimit limit, small;
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 1 << 20;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    enum pvr_status status = pvr_mera_write(path, about, &table, 1, &request, NULL, &error);
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, before);
    unit_failed(status, &error, "cannot write");
    assert_int_equal(files_in(folder), 1);
    old = unit_read_file(path, &size);
    assert_string_equal(old, "old");
    free(old);

    unit_failed(pvr_mera_write(unit_path("%s/no/such.jld2", folder), about, &table, 1, &request,
                               NULL, &error),
                &error, "cannot be written");
    unit_failed(pvr_mera_write(folder, about, &table, 1, &request, NULL, &error), &error,
                "regular file");
    free(path);
    columns_free(&columns);
    pvr_mera_about_free(about);
    unit_drop_folder(folder);
}

/* ---- adding -----------------------------------------------------------------------------------
 */

static enum pvr_status add(const char *path, const struct pvr_mera_about *about,
                           const struct columns *columns, enum pvr_mera_out_kind kind,
                           struct pvr_error *error) {
    struct pvr_mera_out_table table = hydro_of(columns);
    table.kind = kind;
    const struct pvr_mera_out_request request = {.compressor = PVR_MERA_OUT_LZ4, .append = true};
    return pvr_mera_write(path, about, &table, 1, &request, NULL, error);
}

/* Kind after kind: the groups' headers go on in more and more parts. */
static void kind_after_kind(void **state) {
    (void)state;
    static const enum pvr_mera_out_kind out[] = {PVR_MERA_OUT_GRAVITY, PVR_MERA_OUT_RT,
                                                 PVR_MERA_OUT_PARTICLES, PVR_MERA_OUT_CLUMPS};
    static const enum pvr_mera_kind kind[] = {PVR_MERA_GRAVITY, PVR_MERA_RT, PVR_MERA_PARTICLES,
                                              PVR_MERA_CLUMPS};
    char *folder = unit_temp_folder();
    char *path = strdup(unit_path("%s/output_00002.jld2", folder));
    struct pvr_mera_about *about = about_of("sedov3d/output_00002");
    struct pvr_error error;
    struct columns columns;
    columns_make(1000, &columns);
    const struct pvr_mera_out_table table = hydro_of(&columns);
    const struct pvr_mera_out_request request = {.compressor = PVR_MERA_OUT_LZ4};
    unit_failed(add(path, about, &columns, PVR_MERA_OUT_RT, &error), &error, "cannot be added to");
    unit_ok(pvr_mera_write(path, about, &table, 1, &request, NULL, &error), &error);
    for (int k = 0; k < 4; k++) {
        unit_ok(add(path, about, &columns, out[k], &error), &error);
        columns_same(path, PVR_MERA_HYDRO, &columns);
        columns_same(path, kind[k], &columns);
    }
    unit_failed(add(path, about, &columns, PVR_MERA_OUT_RT, &error), &error, "has rt already");
    columns_same(path, PVR_MERA_RT, &columns);
    assert_int_equal(files_in(folder), 1);
    columns_free(&columns);
    pvr_mera_about_free(about);
    free(path);
    unit_drop_folder(folder);
}

/* To a file of Mera's, and to what is none of today's. */
static void to_real_files(void **state) {
    (void)state;
    const char *real = columns_fixture("mera/mera190/hydro_lz4_00002.jld2");
    const char *older = columns_fixture("mera/mera144/hydro_lz4_00002.jld2");
    if (real == NULL || older == NULL) {
        skip();
    }
    char *folder = unit_temp_folder();
    char *path = strdup(unit_path("%s/output_00002.jld2", folder));
    struct pvr_mera_about *about = about_of("sedov3d/output_00002");
    struct pvr_error error;
    struct columns columns, hydro;
    columns_make(1000, &columns);
    columns_read(columns_fixture("mera/mera190/ref/hydro.schema"),
                 columns_fixture("mera/mera190/ref/hydro.bin"), &hydro);
    unit_copy(real, path);
    unit_ok(add(path, about, &columns, PVR_MERA_OUT_GRAVITY, &error), &error);
    columns_same(path, PVR_MERA_HYDRO, &hydro);
    columns_same(path, PVR_MERA_GRAVITY, &columns);
    unit_copy(older, path);
    unit_failed(add(path, about, &columns, PVR_MERA_OUT_GRAVITY, &error), &error,
                "JLD2 0.5 or later");
    /* Any byte of the superblock or a group's header that is another one. */
    size_t size;
    char *bytes = unit_read_file(real, &size);
    static const size_t back[] = {20, 60, 100, 150, 400, 900};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        bytes[size - back[i]] ^= 4;
        unit_write_file(path, bytes, size);
        unit_failed(add(path, about, &columns, PVR_MERA_OUT_GRAVITY, &error), &error,
                    "cannot be added to");
        bytes[size - back[i]] ^= 4;
    }
    bytes[530] ^= 1;
    unit_write_file(path, bytes, size);
    unit_failed(add(path, about, &columns, PVR_MERA_OUT_GRAVITY, &error), &error,
                "cannot be added to");
    free(bytes);
    columns_free(&columns);
    columns_free(&hydro);
    pvr_mera_about_free(about);
    free(path);
    unit_drop_folder(folder);
}

static void wrong_tables(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    struct pvr_mera_about *about = about_of("sedov3d/output_00002");
    struct columns columns;
    columns_make(4, &columns);
    const struct pvr_mera_out_request request = {.compressor = PVR_MERA_OUT_LZ4};
    const struct pvr_mera_out_table twice[] = {hydro_of(&columns), hydro_of(&columns)};
    const char *path = unit_path("%s/output_00002.jld2", folder);
    struct pvr_error error;
    unit_failed(pvr_mera_write(path, about, twice, 2, &request, NULL, &error), &error,
                "hydro is given twice");
    columns.column[1].name = "rho";
    unit_failed(pvr_mera_write(path, about, twice, 1, &request, NULL, &error), &error,
                "two columns of hydro are called rho");
    assert_int_equal(files_in(folder), 0);
    columns_free(&columns);
    pvr_mera_about_free(about);
    unit_drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_hydro),
        cmocka_unit_test(real_gravity),
        cmocka_unit_test(real_particles),
        cmocka_unit_test(real_clumps),
        cmocka_unit_test(real_radiation),
        cmocka_unit_test(known_of_output),
        cmocka_unit_test(only_three_dimensions),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(few_rows),
        cmocka_unit_test(failure_leaves_the_old),
        cmocka_unit_test(kind_after_kind),
        cmocka_unit_test(to_real_files),
        cmocka_unit_test(wrong_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
