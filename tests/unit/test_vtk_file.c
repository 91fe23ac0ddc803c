/* test_vtk_file.c - pvr_vtk_file.h: blocks, threads, and what is left when something fails. */
#include "pvr_vtk_file.h"

#include "pvr_vtk_image.h"
#include "support.h"
#include "vtk_read.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Names in the folder, without . and .. */
static int count_files(void) {
    DIR *open = opendir(unit_folder);
    int count = 0;
    assert_non_null(open);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(open);
    return count;
}

static double value_at(uint64_t place) {
    return place % 7 == 3 ? NAN : (double)(place * 2654435761u % 1000003) / 64;
}

struct source {
    uint64_t fail_at; /* tuple whose block fails; UINT64_MAX: none */
    uint64_t calls;   /* atomic */
    unsigned nap;     /* microseconds that a block takes */
};

static enum pvr_status fill_doubles(void *context, uint64_t first, uint64_t count, void *values,
                                    struct pvr_error *error) {
    struct source *source = context;
    __atomic_fetch_add(&source->calls, 1, __ATOMIC_RELAXED);
    if (source->nap > 0) {
        usleep(source->nap);
    }
    if (source->fail_at >= first && source->fail_at < first + count) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "oct 17 is spoilt");
    }
    double *to = values;
    for (uint64_t i = 0; i < count; i++) {
        to[i] = value_at(first + i);
    }
    return PVR_OK;
}

static enum pvr_status fill_bits(void *context, uint64_t first, uint64_t count, void *values,
                                 struct pvr_error *error) {
    (void)context;
    (void)error;
    assert_int_equal(first % 8, 0);
    uint8_t *to = values;
    memset(to, 0, (size_t)(count + 7) / 8);
    for (uint64_t i = 0; i < count; i++) {
        to[i / 8] |= (uint8_t)(((first + i) % 3 == 0) << (7 - i % 8));
    }
    return PVR_OK;
}

static struct source good_source(void) {
    return (struct source){.fail_at = UINT64_MAX};
}

static enum pvr_status write_arrays(const char *path, const struct pvr_vtk_array *arrays, int count,
                                    const struct pvr_vtk_options *options, int threads,
                                    pvr_progress_fn progress, struct pvr_vtk_statistics *statistics,
                                    struct pvr_error *error) {
    struct pvr_vtk_file *file = pvr_vtk_file_new("ImageData", "1.0");
    assert_non_null(file);
    pvr_vtk_open(file, "CellData");
    for (int a = 0; a < count; a++) {
        pvr_vtk_add_array(file, &arrays[a]);
    }
    const struct pvr_threads team = {.max = threads};
    enum pvr_status status =
        pvr_vtk_file_write(file, path, options, &team, progress, NULL, statistics, error);
    pvr_vtk_file_free(file);
    return status;
}

/* Sizes about the borders of blocks of 1024 bytes, by all compressors: what is read is what was
 * written, whether it lies in memory or is filled in. */
static void values_come_back(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0, 1, 127, 128, 129, 256, 1000, 5001};
    enum { NSIZES = sizeof sizes / sizeof sizes[0] };
    double *doubles = malloc(8 * 5001);
    float *vectors = malloc(12 * 5001);
    assert_true(doubles != NULL && vectors != NULL);
    for (uint64_t i = 0; i < 3 * 5001; i++) {
        vectors[i] = (float)value_at(i);
        if (i < 5001) {
            doubles[i] = value_at(i);
        }
    }
    for (int compressor = PVR_VTK_LZ4; compressor <= PVR_VTK_NONE; compressor++) {
        struct pvr_vtk_array arrays[4 * NSIZES];
        char names[4 * NSIZES][16];
        struct source source = good_source();
        for (int s = 0; s < NSIZES; s++) {
            for (int kind = 0; kind < 4; kind++) {
                snprintf(names[4 * s + kind], sizeof names[0], "%d_%d", s, kind);
            }
            arrays[4 * s] = (struct pvr_vtk_array){.name = names[4 * s],
                                                   .type = PVR_VTK_FLOAT64,
                                                   .ntuples = sizes[s],
                                                   .data = doubles};
            arrays[4 * s + 1] = arrays[4 * s];
            arrays[4 * s + 1].name = names[4 * s + 1];
            arrays[4 * s + 1].fill = fill_doubles;
            arrays[4 * s + 1].context = &source;
            arrays[4 * s + 2] = (struct pvr_vtk_array){.name = names[4 * s + 2],
                                                       .type = PVR_VTK_FLOAT32,
                                                       .ncomponents = 3,
                                                       .ntuples = sizes[s],
                                                       .data = vectors};
            arrays[4 * s + 3] = (struct pvr_vtk_array){.name = names[4 * s + 3],
                                                       .type = PVR_VTK_BIT,
                                                       .ntuples = 10 * sizes[s],
                                                       .fill = fill_bits};
        }
        const struct pvr_vtk_options options = {.compressor = (enum pvr_vtk_compressor)compressor,
                                                .block_bytes = 1024};
        struct pvr_vtk_statistics statistics = {.operations = 0};
        struct pvr_error error;
        const char *path = unit_path("%s/values.vti", unit_folder);
        unit_ok(write_arrays(path, arrays, 4 * NSIZES, &options, 3, NULL, &statistics, &error),
                &error);
        struct vtk_read file = vtk_read_open(path);
        assert_int_equal(statistics.bytes_out, file.size);
        uint64_t all = 0;
        for (int a = 0; a < 4 * NSIZES; a++) {
            uint64_t bytes;
            char *read = vtk_read_array(&file, vtk_read_tag(&file, names[a], 0), &bytes);
            const uint64_t size = sizes[a / 4];
            if (a % 4 == 3) {
                assert_int_equal(bytes, (10 * size + 7) / 8);
                for (uint64_t i = 0; i < 10 * size; i++) {
                    assert_int_equal((uint8_t)read[i / 8] >> (7 - i % 8) & 1, i % 3 == 0);
                }
            } else if (a % 4 == 2) {
                assert_int_equal(bytes, 12 * size);
                assert_memory_equal(read, vectors, bytes);
            } else {
                assert_int_equal(bytes, 8 * size);
                assert_memory_equal(read, doubles, bytes);
            }
            all += bytes;
            free(read);
        }
        assert_int_equal(statistics.bytes_in, all);
        vtk_read_close(&file);
        pvr_report_free(&statistics.report);
    }
    free(doubles);
    free(vectors);
}

/* Many arrays of all sizes; blocks that take their time, so that threads overtake each other. */
static void same_bytes_for_any_number_of_threads(void **state) {
    (void)state;
    enum { NARRAYS = 400 };
    struct pvr_vtk_array arrays[NARRAYS];
    struct source quick = good_source(), slow = good_source();
    slow.nap = 300;
    for (int a = 0; a < NARRAYS; a++) {
        arrays[a] = (struct pvr_vtk_array){.name = "a",
                                           .type = PVR_VTK_FLOAT64,
                                           .ntuples = a % 50 == 7 ? 30000 : (uint64_t)(a % 11),
                                           .fill = fill_doubles,
                                           .context = a % 3 == 0 ? &slow : &quick};
    }
    const struct pvr_vtk_options options = {.block_bytes = 8192};
    char *first = NULL;
    size_t first_size = 0;
    static const int threads[] = {1, 2, 3, 8};
    for (int t = 0; t < 4; t++) {
        struct pvr_error error;
        const char *path = unit_path("%s/threads.vti", unit_folder);
        unit_ok(write_arrays(path, arrays, NARRAYS, &options, threads[t], NULL, NULL, &error),
                &error);
        size_t size;
        char *bytes = unit_read_file(path, &size);
        if (first == NULL) {
            first = bytes;
            first_size = size;
        } else {
            assert_int_equal(size, first_size);
            assert_memory_equal(bytes, first, size);
            free(bytes);
        }
    }
    free(first);
}

static void check_untouched(const char *path) {
    size_t size;
    char *bytes = unit_read_file(path, &size);
    assert_string_equal(bytes, "the old file");
    free(bytes);
    assert_int_equal(count_files(), 1);
}

static const struct pvr_vtk_array *large_array(struct source *source) {
    static struct pvr_vtk_array array;
    array = (struct pvr_vtk_array){.name = "density",
                                   .type = PVR_VTK_FLOAT64,
                                   .ntuples = 200000,
                                   .fill = fill_doubles,
                                   .context = source};
    return &array;
}

/* Whichever block fails: the message names file and array, the old file stays, nothing else. */
static void a_failing_block_stops_the_run(void **state) {
    (void)state;
    const struct pvr_vtk_options options = {.block_bytes = 4096};
    for (int threads = 1; threads <= 8; threads += 3) {
        for (uint64_t fail_at = 0; fail_at < 200000; fail_at += 49999) {
            struct source source = {.fail_at = fail_at};
            const char *path = unit_path("%s/old.vti", unit_folder);
            unit_write_text(path, "the old file");
            struct pvr_error error;
            enum pvr_status status =
                write_arrays(path, large_array(&source), 1, &options, threads, NULL, NULL, &error);
            assert_int_equal(status, PVR_ERROR_FORMAT);
            unit_failed(status, &error, path);
            unit_failed(status, &error, "'density': oct 17 is spoilt");
            check_untouched(path);
        }
    }
}

static int stop_half_way(void *context, double fraction, uint64_t done, uint64_t expected) {
    (void)context;
    (void)done;
    (void)expected;
    return fraction > 0.5;
}

static void stopping_leaves_the_old_file(void **state) {
    (void)state;
    const struct pvr_vtk_options options = {.block_bytes = 4096};
    for (int threads = 1; threads <= 8; threads += 3) {
        struct source source = good_source();
        source.nap = 100;
        const char *path = unit_path("%s/old.vti", unit_folder);
        unit_write_text(path, "the old file");
        struct pvr_error error;
        enum pvr_status status = write_arrays(path, large_array(&source), 1, &options, threads,
                                              stop_half_way, NULL, &error);
        assert_int_equal(status, PVR_CANCELLED);
        assert_true(source.calls > 10 && source.calls < 391);
        check_untouched(path);
    }
}

/* The system refuses to write more than 100 kB: as on a full disk, after the file was begun. */
static void a_refused_write_leaves_the_old_file(void **state) {
    (void)state;
    const struct pvr_vtk_options options = {.block_bytes = 4096};
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    for (int threads = 1; threads <= 8; threads += 3) {
        struct source source = good_source();
        const char *path = unit_path("%s/old.vti", unit_folder);
        unit_write_text(path, "the old file");
        struct pvr_error error;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        enum pvr_status status =
            write_arrays(path, large_array(&source), 1, &options, threads, NULL, NULL, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(status, PVR_ERROR_IO);
        unit_failed(status, &error, path);
        check_untouched(path);
    }
}

/* A process that is killed while it writes leaves nothing behind. */
static void killing_leaves_no_litter(void **state) {
    (void)state;
    for (unsigned wait = 2000; wait < 60000; wait += 19000) {
        const char *path = unit_path("%s/old.vti", unit_folder);
        unit_write_text(path, "the old file");
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct source source = good_source();
            source.nap = 1000;
            const struct pvr_vtk_options options = {.block_bytes = 4096};
            write_arrays(path, large_array(&source), 1, &options, 1, NULL, NULL, NULL);
            _exit(0);
        }
        usleep(wait);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        check_untouched(path);
    }
}

static void bad_paths_are_told(void **state) {
    (void)state;
    struct source source = good_source();
    const char *const paths[] = {unit_path("%s/missing/a.vti", unit_folder), unit_folder, "",
                                 unit_path("%s/a.vti/", unit_folder), "/proc/a.vti"};
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        struct pvr_error error;
        enum pvr_status status =
            write_arrays(paths[p], large_array(&source), 1, NULL, 2, NULL, NULL, &error);
        assert_int_equal(status, PVR_ERROR_IO);
        unit_failed(status, &error, paths[p]);
    }
    assert_int_equal(source.calls, 0);
    assert_int_equal(count_files(), 0);
}

static void links_are_followed(void **state) {
    (void)state;
    struct source source = good_source();
    const char *path = unit_path("%s/real.vti", unit_folder),
               *link = unit_path("%s/link.vti", unit_folder);
    unit_write_text(path, "the old file");
    assert_int_equal(symlink("real.vti", link), 0);
    struct pvr_error error;
    unit_ok(write_arrays(link, large_array(&source), 1, NULL, 2, NULL, NULL, &error), &error);
    struct vtk_read file = vtk_read_open(path);
    vtk_read_close(&file);
    char name[64];
    assert_int_equal(readlink(link, name, sizeof name), 8);
}

static void names_are_escaped(void **state) {
    (void)state;
    static const double one[1] = {1};
    static const char *const names[][2] = {
        {"a<b>&\"c\"'d'", "a&lt;b&gt;&amp;&quot;c&quot;&apos;d&apos;"},
        {"tab\there\nline\r", "tab&#9;here&#10;line&#13;"},
        {"\x01 bell \x1f", "? bell ?"},
        {"Z\xc3\xbcrich \xe2\x98\x89", "Z\xc3\xbcrich \xe2\x98\x89"},
        {"bad \xff\xc3 \xed\xa0\x80",
         "bad \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"", ""},
    };
    enum { NAMES = sizeof names / sizeof names[0] };
    struct pvr_vtk_array arrays[NAMES];
    for (int n = 0; n < NAMES; n++) {
        arrays[n] = (struct pvr_vtk_array){.name = names[n][0],
                                           .unit = names[n][0],
                                           .type = PVR_VTK_FLOAT64,
                                           .ntuples = 1,
                                           .data = one};
    }
    struct pvr_error error;
    const char *path = unit_path("%s/names.vti", unit_folder);
    unit_ok(write_arrays(path, arrays, NAMES, NULL, 1, NULL, NULL, &error), &error);
    struct vtk_read file = vtk_read_open(path);
    for (int n = 0; n < NAMES; n++) {
        const char *tag = vtk_read_tag(&file, names[n][1], 0);
        char unit[256];
        snprintf(unit, sizeof unit, "\"vtkDataArray\">%s</InformationKey>", names[n][1]);
        assert_true(names[n][1][0] == '\0' || strstr(tag, unit) != NULL);
    }
    vtk_read_close(&file);
}

static enum pvr_status fill_zeros(void *context, uint64_t first, uint64_t count, void *values,
                                  struct pvr_error *error) {
    (void)error;
    memset(values, 0, (size_t)count);
    const uint64_t mark = *(uint64_t *)context;
    if (mark >= first && mark < first + count) {
        ((uint8_t *)values)[mark - first] = 77;
    }
    return PVR_OK;
}

/* More values than 32 bits can count. */
static void large_arrays_are_counted_in_64_bits(void **state) {
    (void)state;
    if (unit_sanitized()) {
        skip();
    }
    uint64_t last = ((uint64_t)1 << 32) + 12344;
    const struct pvr_vtk_array arrays[2] = {
        {.name = "large",
         .type = PVR_VTK_UINT8,
         .ntuples = last + 1,
         .fill = fill_zeros,
         .context = &last},
        {.name = "behind", .type = PVR_VTK_UINT8, .ntuples = 3, .data = "abc"}};
    const struct pvr_vtk_options options = {.level = 1};
    struct pvr_error error;
    const char *path = unit_path("%s/large.vti", unit_folder);
    unit_ok(write_arrays(path, arrays, 2, &options, 2, NULL, NULL, &error), &error);
    struct vtk_read file = vtk_read_open(path);
    const char *tag = vtk_read_tag(&file, "large", 0);
    char *count = vtk_read_attribute(tag, "NumberOfTuples");
    assert_string_equal(count, "4294979641");
    uint64_t bytes, blocks;
    uint8_t *block = vtk_read_block(&file, tag, 4096, &bytes, &blocks);
    assert_int_equal(blocks, 4097);
    assert_int_equal(bytes, 12345);
    assert_int_equal(block[12343], 0);
    assert_int_equal(block[12344], 77);
    free(block);
    block = vtk_read_array(&file, vtk_read_tag(&file, "behind", 0), &bytes);
    assert_int_equal(bytes, 3);
    assert_memory_equal(block, "abc", 3);
    free(block);
    free(count);
    vtk_read_close(&file);
}

static void impossible_requests_are_refused(void **state) {
    (void)state;
    struct pvr_error error;
    const char *path = unit_path("%s/no.vti", unit_folder);
    struct pvr_vtk_array array = {.name = "n", .type = PVR_VTK_FLOAT64, .ntuples = UINT64_MAX};
    unit_failed(write_arrays(path, &array, 1, NULL, 1, NULL, NULL, &error), &error, "'n'");
    array = (struct pvr_vtk_array){.name = "n", .type = PVR_VTK_FLOAT64, .ncomponents = -1};
    unit_failed(write_arrays(path, &array, 1, NULL, 1, NULL, NULL, &error), &error, "'n'");
    array.ncomponents = 1;
    struct pvr_vtk_options options = {.level = 10};
    unit_failed(write_arrays(path, &array, 1, &options, 1, NULL, NULL, &error), &error, "1 to 9");
    options = (struct pvr_vtk_options){.block_bytes = (size_t)1 << 31};
    unit_failed(write_arrays(path, &array, 1, &options, 1, NULL, NULL, &error), &error, "blocks");

    /* Arrays that do not fit the image. */
    struct pvr_vtk_image image = {
        .cells = {2, 3, 0}, .spacing = {1, 1, 1}, .narrays = 1, .arrays = &array};
    array.ntuples = 5;
    unit_failed(pvr_vtk_image_write(path, &image, NULL, NULL, NULL, NULL, NULL, &error), &error,
                "5 tuples for 6 cells");
    image.cells[0] = (uint64_t)1 << 31;
    unit_failed(pvr_vtk_image_write(path, &image, NULL, NULL, NULL, NULL, NULL, &error), &error,
                "cells along an axis");
    assert_int_equal(count_files(), 0);
}

/* Statistics that several threads add to. */
static void statistics_add_up(void **state) {
    (void)state;
    struct pvr_vtk_statistics total = {.operations = 1},
                              more = {.operations = 2, .bytes_in = 30, .bytes_out = 10};
    pvr_vtk_statistics_add(&total, &more);
    pvr_vtk_statistics_add(&total, &more);
    assert_int_equal(total.operations, 5);
    assert_true(pvr_vtk_ratio(&total) == 3);
    total.bytes_out = 0;
    assert_true(pvr_vtk_ratio(&total) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_folder_begin, unit_folder_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(values_come_back),
        TEST(same_bytes_for_any_number_of_threads),
        TEST(a_failing_block_stops_the_run),
        TEST(stopping_leaves_the_old_file),
        TEST(a_refused_write_leaves_the_old_file),
        TEST(killing_leaves_no_litter),
        TEST(bad_paths_are_told),
        TEST(links_are_followed),
        TEST(names_are_escaped),
        TEST(large_arrays_are_counted_in_64_bits),
        TEST(impossible_requests_are_refused),
        TEST(statistics_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
