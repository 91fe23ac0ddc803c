/* test_series.c - pvr_series.h: the outputs of a run as a time series. */
#include "pvr_series.h"

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *run; /* an empty folder for each test */
static char start[4096];

static int begin(void **state) {
    (void)state;
    assert_non_null(getcwd(start, sizeof start));
    run = unit_temp_folder();
    return 0;
}

static int end(void **state) {
    (void)state;
    assert_int_equal(chdir(start), 0);
    unit_drop_folder(run);
    return 0;
}

static void write_info(const char *path, int ncpu, double time, double aexp, double hubble) {
    unit_write_text(path, unit_path("ncpu = %d\nndim = 3\nlevelmin = 3\nlevelmax = 4\n\n"
                                    "boxlen = 1.0\ntime = %.17g\naexp = %.17g\nH0 = %.17g\n"
                                    "omega_m = 0.3\nomega_l = %.17g\nunit_l = 1.0\nunit_d = 1.0\n"
                                    "unit_t = 3.15576e13\n",
                                    ncpu, time, aexp, hubble, hubble > 1 ? 0.7 : 0.0));
}

/* An output as far as a series looks at it, with 2 domains. */
static const char *make_output(int number, double time) {
    const char *folder = unit_path("%s/output_%05d", run, number);
    unit_make_folder(folder);
    write_info(unit_path("%s/info_%05d.txt", folder, number), 2, time, 1, 1);
    unit_write_text(unit_path("%s/amr_%05d.out00001", folder, number), "x");
    unit_write_text(unit_path("%s/amr_%05d.out00002", folder, number), "x");
    return folder;
}

static struct pvr_series find(const char *path) {
    struct pvr_series series;
    struct pvr_error error;
    unit_ok(pvr_series_find(path, &series, &error), &error);
    return series;
}

/* Finds the series by `path` and checks the numbers of its outputs, ended by -1. */
static void expect_numbers(const char *path, const int *numbers) {
    struct pvr_series series = find(path);
    for (size_t i = 0; i < series.count; i++) {
        assert_int_equal(series.output[i].number, numbers[i]);
        assert_true(series.output[i].finished);
        assert_null(series.output[i].problem);
        struct stat status;
        assert_int_equal(stat(series.output[i].folder, &status), 0);
        assert_int_equal(stat(series.output[i].info_path, &status), 0);
    }
    assert_int_equal(numbers[series.count], -1);
    pvr_series_free(&series);
}

static void every_way_to_name_it(void **state) {
    (void)state;
    static const int all[] = {1, 2, 10, 100000, -1};
    for (int i = 0; all[i] >= 0; i++) {
        make_output(all[i], all[i]);
    }
    unit_make_folder(unit_path("%s/output_1", run)); /* none of the run's outputs */
    unit_make_folder(unit_path("%s/output_000x2", run));
    unit_make_folder(unit_path("%s/output_00003_old", run));
    unit_write_text(unit_path("%s/output_00004", run), "a file");
    unit_write_text(unit_path("%s/run.log", run), "text");
    expect_numbers(unit_path("%s/output_00002", run), all);
    expect_numbers(unit_path("%s/output_00002/", run), all);
    expect_numbers(unit_path("%s/output_00002///", run), all);
    expect_numbers(unit_path("%s/output_00002/info_00002.txt", run), all);
    expect_numbers(unit_path("%s/./output_00001/../output_100000/info_100000.txt", run), all);
    assert_int_equal(chdir(run), 0);
    expect_numbers("output_00010", all);
    expect_numbers("./output_00010/", all);
    expect_numbers("output_00010/info_00010.txt", all);
    assert_int_equal(chdir("output_00010"), 0);
    expect_numbers(".", all);
    expect_numbers("./", all);
    expect_numbers("info_00010.txt", all);
    expect_numbers("../output_00001", all);
    expect_numbers("../output_00001/.", all);
}

static void symbolic_links(void **state) {
    (void)state;
    static const int all[] = {1, 2, 7, -1};
    make_output(1, 1);
    make_output(2, 2);
    /* an output moved to another disk, with a link in its old place */
    unit_make_folder(unit_path("%s/elsewhere", run));
    make_output(7, 7);
    assert_int_equal(
        rename(unit_path("%s/output_00007", run), unit_path("%s/elsewhere/output_00007", run)), 0);
    assert_int_equal(symlink("elsewhere/output_00007", unit_path("%s/output_00007", run)), 0);
    expect_numbers(unit_path("%s/output_00001", run), all);
    expect_numbers(unit_path("%s/output_00007", run), all);
    expect_numbers(unit_path("%s/output_00007/info_00007.txt", run), all);
    /* names of the user's own for an output, the run and an info file */
    assert_int_equal(symlink("output_00002", unit_path("%s/latest", run)), 0);
    assert_int_equal(symlink(".", unit_path("%s/all", run)), 0);
    expect_numbers(unit_path("%s/latest", run), all);
    expect_numbers(unit_path("%s/latest/", run), all);
    expect_numbers(unit_path("%s/latest/info_00002.txt", run), all);
    expect_numbers(unit_path("%s/all/output_00001", run), all);
    assert_true(pvr_output_recognized(unit_path("%s/latest", run)));
    assert_int_equal(symlink("nowhere", unit_path("%s/output_00009", run)), 0);
    expect_numbers(unit_path("%s/output_00001", run), all);
}

static void folders_of_other_names(void **state) {
    (void)state;
    static const int one[] = {5, -1};
    make_output(5, 5);
    assert_int_equal(rename(unit_path("%s/output_00005", run), unit_path("%s/best", run)), 0);
    const char *info = unit_path("%s/best/info_00005.txt", run);
    expect_numbers(info, one);
    assert_int_equal(chdir(unit_path("%s/best", run)), 0);
    expect_numbers("info_00005.txt", one);
    expect_numbers("./info_00005.txt", one);
    assert_true(pvr_output_recognized("info_00005.txt"));
    struct pvr_series series;
    struct pvr_error error;
    unit_failed(pvr_series_find(".", &series, &error), &error, ".");
    assert_int_equal(series.count, 0);
    assert_false(pvr_output_recognized("."));
}

static void groups_of_files(void **state) {
    (void)state;
    static const int all[] = {3, 4, -1};
    for (int number = 3; number <= 4; number++) { /* IOGROUPSIZEREP */
        const char *group = unit_path("%s/output_%05d/group_00001", run, number);
        unit_make_folder(unit_path("%s/output_%05d", run, number));
        unit_make_folder(group);
        write_info(unit_path("%s/info_%05d.txt", group, number), 2000, number, 1, 1);
        unit_write_text(unit_path("%s/amr_%05d.out00001", group, number), "x");
    }
    expect_numbers(unit_path("%s/output_00003", run), all);
    expect_numbers(unit_path("%s/output_00004/group_00001/info_00004.txt", run), all);
}

static void gaps_and_unfinished_outputs(void **state) {
    (void)state;
    static const int numbers[] = {2, 3, 5, 6, 7, 8, 20};
    enum { COUNT = sizeof numbers / sizeof *numbers };
    for (int i = 0; i < COUNT; i++) {
        make_output(numbers[i], i);
    }
    unit_remove(unit_path("%s/output_00003/info_00003.txt", run));
    unit_write_text(unit_path("%s/output_00005/info_00005.txt", run), "ncpu = ");
    unit_remove(unit_path("%s/output_00006/amr_00006.out00002", run));
    unit_write_text(unit_path("%s/output_00007/amr_00007.out00001", run), "");
    struct pvr_series series = find(unit_path("%s/output_00002", run));
    assert_int_equal(series.count, COUNT);
    double times[COUNT];
    size_t index[COUNT];
    assert_int_equal(pvr_series_times(&series, PVR_TIME_OUTPUT, times, index), 3);
    assert_true(times[0] == 2 && times[1] == 8 && times[2] == 20);
    assert_true(index[0] == 0 && index[1] == 5 && index[2] == 6);
    for (int i = 0; i < COUNT; i++) {
        bool finished = i == 0 || i >= 5;
        assert_int_equal(series.output[i].finished, finished);
        assert_int_equal(series.output[i].problem == NULL, finished);
        assert_true(finished || strstr(series.warnings, series.output[i].problem) != NULL);
    }
    assert_non_null(strstr(series.output[1].problem, "output_00003"));
    assert_non_null(strstr(series.output[2].problem, "info_00005.txt"));
    assert_non_null(strstr(series.output[3].problem, "amr_00006.out00002"));
    assert_non_null(strstr(series.output[4].problem, "amr_00007.out00001"));
    int lines = 1;
    for (const char *at = series.warnings; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    assert_int_equal(lines, 4 + 2); /* four unfinished, two gaps */
    assert_non_null(strstr(series.warnings, "output 4 is missing"));
    assert_non_null(strstr(series.warnings, "outputs 9 to 19 are missing"));
    pvr_series_free(&series);
    assert_null(series.output);
    /* a run may begin anywhere: no warning for what was before */
    unit_remove(unit_path("%s/output_00003", run));
    unit_remove(unit_path("%s/output_00005", run));
    unit_remove(unit_path("%s/output_00006", run));
    unit_remove(unit_path("%s/output_00007", run));
    unit_remove(unit_path("%s/output_00002", run));
    unit_remove(unit_path("%s/output_00020", run));
    series = find(unit_path("%s/output_00008", run));
    assert_null(series.warnings);
    pvr_series_free(&series);
}

static void what_is_no_output(void **state) {
    (void)state;
    struct pvr_series series;
    struct pvr_error error;
    make_output(1, 1);
    unit_make_folder(unit_path("%s/output_00002", run)); /* no info file */
    unit_make_folder(unit_path("%s/output_00003", run)); /* a folder in the place of its file */
    unit_make_folder(unit_path("%s/output_00003/info_00003.txt", run));
    unit_write_text(unit_path("%s/data.csv", run), "a,b\n1,2\n");
    unit_write_text(unit_path("%s/notes.txt", run), "ncpu = 1\nndim = 3\nlevelmin = 3\n");
    unit_write_text(unit_path("%s/info_2.txt", run), "ncpu = 1\nndim = 3\nlevelmin = 3\n");
    assert_int_equal(mkfifo(unit_path("%s/info_00009.txt", run), 0600), 0);
    const char *const wrong[] = {unit_path("%s/output_00002", run),
                                 unit_path("%s/output_00003", run),
                                 unit_path("%s/output_00003/info_00003.txt", run),
                                 unit_path("%s/output_00004", run),
                                 unit_path("%s/output_00001/info_00002.txt", run),
                                 unit_path("%s/output_00001/amr_00001.out00001", run),
                                 unit_path("%s/data.csv", run),
                                 unit_path("%s/notes.txt", run),
                                 unit_path("%s/info_2.txt", run),
                                 unit_path("%s/info_00009.txt", run),
                                 "/",
                                 ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *path;
        unit_failed(pvr_series_find(wrong[i], &series, &error), &error, wrong[i]);
        assert_int_equal(series.count, 0);
        unit_failed(pvr_output_info_path(wrong[i], &path, &error), &error, wrong[i]);
        assert_null(path);
        assert_false(pvr_output_recognized(wrong[i]));
    }
    assert_false(pvr_output_recognized(NULL));
    /* the run's own folder is no output, though it stands for the run's series */
    char *path;
    assert_false(pvr_output_recognized(unit_path("%s", run)));
    unit_failed(pvr_output_info_path(run, &path, &error), &error, run);
    unit_ok(pvr_series_find(run, &series, &error), &error);
    assert_int_equal(series.count, 3);
    assert_true(series.output[0].finished);
    assert_false(series.output[1].finished || series.output[2].finished);
    pvr_series_free(&series);
    /* named well, but something else inside */
    unit_write_text(unit_path("%s/info_00007.txt", run), "some notes of mine\n");
    assert_false(pvr_output_recognized(unit_path("%s/info_00007.txt", run)));
    unit_write_file(unit_path("%s/info_00008.txt", run), "\x89PNG\0\0", 6);
    assert_false(pvr_output_recognized(unit_path("%s/info_00008.txt", run)));
    unit_write_text(unit_path("%s/info_00008.txt", run), "");
    assert_false(pvr_output_recognized(unit_path("%s/info_00008.txt", run)));
    assert_true(pvr_output_recognized(unit_path("%s/output_00001", run)));
    assert_true(pvr_output_recognized(unit_path("%s/output_00001/", run)));
    assert_true(pvr_output_recognized(unit_path("%s/output_00001/info_00001.txt", run)));
}

static void times_always_increase(void **state) {
    (void)state;
    static const double given[] = {0, 0, 0.5, 0.25, 0.5, 3}; /* ties, and a restart */
    enum { COUNT = sizeof given / sizeof *given };
    for (int i = 0; i < COUNT; i++) {
        make_output(i + 1, given[i]);
    }
    struct pvr_series series = find(unit_path("%s/output_00001", run));
    for (int unit = PVR_TIME_MYR; unit <= PVR_TIME_OUTPUT; unit++) {
        double times[COUNT];
        size_t index[COUNT];
        assert_int_equal(pvr_series_times(&series, (enum pvr_time_unit)unit, times, index), COUNT);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(index[i], i);
            assert_true(i == 0 || times[i] > times[i - 1]);
        }
        if (unit == PVR_TIME_CODE || unit == PVR_TIME_MYR) { /* unit_t is a Myr */
            assert_true(times[0] == 0 && times[2] == 0.5 && times[5] == 3);
            assert_true(times[1] > 0 && times[1] < 1e-300);
            assert_true(times[3] == nextafter(0.5, 1) && times[4] == nextafter(times[3], 1));
        }
    }
    pvr_series_free(&series);
}

static void times_of_an_expanding_universe(void **state) {
    (void)state;
    static const double expansion[] = {0.05, 0.1, 0.5, 1};
    for (int i = 0; i < 4; i++) { /* conformal times: negative, rising to 0 */
        make_output(i + 1, 0);
        write_info(unit_path("%s/output_%05d/info_%05d.txt", run, i + 1, i + 1), 2, -3.0 + i,
                   expansion[i], 70);
    }
    struct pvr_series series = find(unit_path("%s/output_00001", run));
    double times[4];
    size_t index[4];
    assert_int_equal(pvr_series_times(&series, PVR_TIME_MYR, times, index), 4);
    for (int i = 0; i < 4; i++) {
        double hubble_myr = 3.08567758128e19 / 70 / 3.15576e13;
        double age =
            2 / (3 * sqrt(0.7)) * hubble_myr * asinh(sqrt(0.7 / 0.3) * pow(expansion[i], 1.5));
        assert_true(fabs(times[i] - age) < 1e-8 * age);
    }
    assert_int_equal(pvr_series_times(&series, PVR_TIME_EXPANSION, times, index), 4);
    assert_memory_equal(times, expansion, sizeof times);
    assert_int_equal(pvr_series_times(&series, PVR_TIME_CODE, times, index), 4);
    assert_true(times[0] == -3 && times[3] == 0);
    pvr_series_free(&series);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_way_to_name_it, begin, end),
        cmocka_unit_test_setup_teardown(symbolic_links, begin, end),
        cmocka_unit_test_setup_teardown(folders_of_other_names, begin, end),
        cmocka_unit_test_setup_teardown(groups_of_files, begin, end),
        cmocka_unit_test_setup_teardown(gaps_and_unfinished_outputs, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_output, begin, end),
        cmocka_unit_test_setup_teardown(times_always_increase, begin, end),
        cmocka_unit_test_setup_teardown(times_of_an_expanding_universe, begin, end),
    };
    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
