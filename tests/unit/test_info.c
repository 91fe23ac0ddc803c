/* test_info.c - pvr_info.h: info files and the age of the universe. */
#include "pvr_info.h"

#include "pvr_units.h"
#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole info file, as RAMSES writes it. */
static const char whole[] = "ncpu        =          4\n"
                            "ndim        =          3\n"
                            "levelmin    =          5\n"
                            "levelmax    =          9\n"
                            "ngridmax    =     100000\n"
                            "nstep_coarse=         37\n"
                            "\n"
                            "boxlen      =  0.100000000000000E+01\n"
                            "time        = -0.258215439420000E+01\n"
                            "aexp        =  0.200000000000000E+00\n"
                            "H0          =  0.700000000000000E+02\n"
                            "omega_m     =  0.300000000000000E+00\n"
                            "omega_l     =  0.700000000000000E+00\n"
                            "omega_k     =  0.000000000000000E+00\n"
                            "omega_b     =  0.450000000000000E-01\n"
                            "unit_l      =  0.176319733943430E+26\n"
                            "unit_d      =  0.344914530830000E-27\n"
                            "unit_t      =  0.176335431970000E+17\n"
                            "\n"
                            "ordering type=hilbert                                         \n"
                            "   DOMAIN   ind_min                 ind_max\n"
                            "       1   0.000000000000000E+00   0.819200000000000E+04\n"
                            "       2   0.819200000000000E+04   0.1-100\n";

static const char *info_path(void) {
    return unit_path("%s/info_00003.txt", unit_folder);
}

static void check_whole(void) {
    struct pvr_info info;
    struct pvr_error error;
    unit_write_text(info_path(), whole);
    unit_ok(pvr_info_read(info_path(), &info, &error), &error);
    assert_int_equal(info.ncpu, 4);
    assert_int_equal(info.ndim, 3);
    assert_int_equal(info.levelmin, 5);
    assert_int_equal(info.levelmax, 9);
    assert_int_equal(info.ngridmax, 100000);
    assert_int_equal(info.nstep_coarse, 37);
    assert_true(info.boxlen == 1.0);
    assert_true(info.time == -2.5821543942);
    assert_true(info.aexp == 0.2);
    assert_true(info.H0 == 70.0);
    assert_true(info.omega_m == 0.3);
    assert_true(info.omega_l == 0.7);
    assert_true(info.omega_k == 0.0);
    assert_true(info.omega_b == 0.045);
    assert_true(info.unit_l == 0.176319733943430E+26);
    assert_true(info.unit_d == 0.344914530830000E-27);
    assert_true(info.unit_t == 0.176335431970000E+17);
    assert_string_equal(info.ordering, "hilbert");
    assert_true(info.cosmological);
}

static void a_whole_file(void **state) {
    (void)state;
    check_whole();
    if (setlocale(LC_ALL, "de_DE.UTF-8") != NULL) {
        check_whole();
        setlocale(LC_ALL, "C");
    }
}

/* Reads the whole file with one line changed. */
static enum pvr_status read_edited(const char *from, const char *to, struct pvr_info *info,
                                   struct pvr_error *error) {
    unit_write_text(info_path(), whole);
    unit_edit_text(info_path(), from, to);
    return pvr_info_read(info_path(), info, error);
}

static void other_forms(void **state) {
    (void)state;
    struct pvr_info info;
    struct pvr_error error;
    unit_ok(read_edited("0.176319733943430E+26", "0.5D+02", &info, &error), &error);
    assert_true(info.unit_l == 50);
    unit_ok(read_edited("0.344914530830000E-27", "0.344914530830000-127", &info, &error), &error);
    assert_true(info.unit_d == 0.344914530830000E-127);
    unit_ok(read_edited("hilbert", "bisection", &info, &error), &error);
    assert_string_equal(info.ordering, "bisection");
    unit_ok(read_edited("ordering type=", "no type: ", &info, &error), &error);
    assert_string_equal(info.ordering, "unknown");
    /* lines of patched versions in between, keys in another order */
    unit_ok(read_edited("boxlen      =", "ncpu_new = 7\nmhd = ****\nboxlen=", &info, &error),
            &error);
    assert_int_equal(info.ncpu, 4);
    assert_true(info.boxlen == 1.0);
    unit_ok(read_edited("ngridmax    =     100000", "ngridmax    = **********", &info, &error),
            &error);
    assert_int_equal(info.ngridmax, 0);
}

static void missing_and_absurd_values(void **state) {
    (void)state;
    static const char *const needed[] = {"ncpu", "ndim",   "levelmin", "levelmax", "boxlen",
                                         "time", "unit_l", "unit_d",   "unit_t"};
    static const char *const optional[] = {"ngridmax", "nstep_coarse", "aexp",    "H0",
                                           "omega_m",  "omega_l",      "omega_k", "omega_b"};
    struct pvr_info info;
    struct pvr_error error;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        enum pvr_status status = read_edited(needed[i], unit_path("X%s", needed[i]), &info, &error);
        unit_failed(status, &error, info_path());
        assert_non_null(strstr(error.message, needed[i]));
        assert_int_equal(status, PVR_ERROR_FORMAT);
    }
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        unit_ok(read_edited(optional[i], unit_path("X%s", optional[i]), &info, &error), &error);
    }
    static const struct {
        const char *from, *to;
    } absurd[] = {
        {"ncpu        =          4", "ncpu = 0"},
        {"ncpu        =          4", "ncpu = -1"},
        {"ncpu        =          4", "ncpu = 2147483647"},
        {"ncpu        =          4", "ncpu = 4.5"},
        {"ncpu        =          4", "ncpu = NaN"},
        {"ncpu        =          4", "ncpu = Infinity"},
        {"ncpu        =          4", "ncpu = ****"},
        {"ncpu        =          4", "ncpu = "},
        {"ndim        =          3", "ndim = 4"},
        {"ndim        =          3", "ndim = 0"},
        {"levelmin    =          5", "levelmin = 99"},
        {"levelmax    =          9", "levelmax = 1e30"},
        {"boxlen      =  0.100000000000000E+01", "boxlen = 0.0"},
        {"boxlen      =  0.100000000000000E+01", "boxlen = -1.0"},
        {"boxlen      =  0.100000000000000E+01", "boxlen = NaN"},
        {"boxlen      =  0.100000000000000E+01", "boxlen = 1e999"},
        {"time        = -0.258215439420000E+01", "time = NaN"},
        {"time        = -0.258215439420000E+01", "time = -Infinity"},
        {"time        = -0.258215439420000E+01", "time = **********"},
        {"unit_l      =  0.176319733943430E+26", "unit_l = 0"},
        {"unit_d      =  0.344914530830000E-27", "unit_d = nan"},
        {"unit_t      =  0.176335431970000E+17", "unit_t = -1"},
    };
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        unit_failed(read_edited(absurd[i].from, absurd[i].to, &info, &error), &error, info_path());
    }
    /* what is optional falls back to a universe that does not expand */
    unit_ok(read_edited("aexp        =  0.200000000000000E+00", "aexp = NaN", &info, &error),
            &error);
    assert_true(info.aexp == 1);
}

static void files_that_are_none(void **state) {
    (void)state;
    struct pvr_info info;
    struct pvr_error error;
    unit_write_text(info_path(), "");
    unit_failed(pvr_info_read(info_path(), &info, &error), &error, info_path());
    unit_write_file(info_path(), "ncpu = 1\n\0\0\0", 12);
    unit_failed(pvr_info_read(info_path(), &info, &error), &error, info_path());
    unit_remove(info_path());
    unit_failed(pvr_info_read(info_path(), &info, &error), &error, info_path());
    unit_failed(pvr_info_read(unit_folder, &info, &error), &error, unit_folder);
    for (size_t cut = 0; cut < strlen(whole); cut++) { /* cut anywhere: an error or whole */
        unit_write_file(info_path(), whole, cut);
        if (pvr_info_read(info_path(), &info, &error) != PVR_OK) {
            unit_failed(error.status, &error, info_path());
        } else {
            assert_true(cut > (size_t)(strstr(whole, "unit_t") - whole));
        }
    }
    /* a domain table of any length is not read */
    size_t size = 3 << 20;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, '1', size);
    memcpy(large, whole, strlen(whole));
    unit_write_file(info_path(), large, size);
    unit_ok(pvr_info_read(info_path(), &info, &error), &error);
    free(large);
}

static void radiation(void **state) {
    (void)state;
    struct pvr_info info = {.unit_np = 1, .unit_pf = 1};
    struct pvr_error error;
    const char *path = unit_path("%s/info_rt_00003.txt", unit_folder);
    unit_ok(pvr_info_read_radiation(path, &info, &error), &error); /* there is none */
    assert_true(info.unit_np == 1 && info.unit_pf == 1);
    unit_write_text(path, "nRTvar       =          12\n\nunit_np      =   0.250000000000000D+01\n"
                          "unit_pf      =   0.977813951206781E+08\n");
    unit_ok(pvr_info_read_radiation(path, &info, &error), &error);
    assert_true(info.unit_np == 2.5 && info.unit_pf == 97781395.1206781);
    static const char *const bad[] = {"", "unit_np = 1\n", "unit_np = NaN\nunit_pf = 1\n",
                                      "unit_np = 1\nunit_pf = ****\n",
                                      "unit_np = 1\nunit_pf = -1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unit_write_text(path, bad[i]);
        unit_failed(pvr_info_read_radiation(path, &info, &error), &error, path);
    }
}

/* ---- the age of the universe ------------------------------------------------------------------
 */

static void near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-9 * fabs(expected))) {
        fail_msg("%.17g is not %.17g", found, expected);
    }
}

static void age_of_the_universe(void **state) {
    (void)state;
    const double second = 1 / (70.0 * 1e5 / 3.08567758128e24); /* 1/H0 */
    struct pvr_info info = {.H0 = 70, .cosmological = true};
    static const double expansion[] = {1e-4, 1e-3, 0.01, 0.0331, 0.1, 0.2, 1.0 / 3, 0.5, 0.9, 1, 2};
    static const double matter[] = {0.01, 0.1, 0.27, 0.3, 0.3175, 0.5, 0.9, 0.999};
    for (size_t i = 0; i < sizeof expansion / sizeof *expansion; i++) {
        double a = info.aexp = expansion[i];
        /* Einstein-de Sitter */
        info.omega_m = 1;
        info.omega_l = info.omega_k = 0;
        near(pvr_info_age_seconds(&info), 2.0 / 3.0 * second * pow(a, 1.5));
        for (size_t j = 0; j < sizeof matter / sizeof *matter; j++) {
            double m = info.omega_m = matter[j];
            /* flat with a cosmological constant */
            double l = info.omega_l = 1 - m;
            info.omega_k = 0;
            near(pvr_info_age_seconds(&info),
                 2.0 / (3.0 * sqrt(l)) * second * asinh(sqrt(l / m) * pow(a, 1.5)));
            /* open, without one; the closed form loses its digits where a is small */
            info.omega_l = 0;
            double k = info.omega_k = 1 - m;
            double eta = acosh(1 + 2 * k * a / m);
            if (eta > 0.3) {
                near(pvr_info_age_seconds(&info),
                     second * m / (2 * pow(k, 1.5)) * (sinh(eta) - eta));
            }
        }
    }
}

static void times_in_myr(void **state) {
    (void)state;
    struct pvr_info plain = {.time = 3, .unit_t = 2e13, .aexp = 1, .H0 = 1, .omega_m = 1};
    near(pvr_info_time_myr(&plain), 6e13 / 3.15576e13);
    struct pvr_info cosmic = {.time = -2.5,
                              .unit_t = 1e17,
                              .aexp = 1,
                              .H0 = 70,
                              .omega_m = 0.3,
                              .omega_l = 0.7,
                              .cosmological = true};
    /* 13.467 Gyr is what every cosmology calculator says */
    assert_true(fabs(pvr_info_time_myr(&cosmic) - 13467) < 1.5);
    near(pvr_info_time_myr(&cosmic), pvr_info_age_seconds(&cosmic) / 3.15576e13);
}

static void what_counts_as_cosmological(void **state) {
    (void)state;
    struct pvr_info info;
    struct pvr_error error;
    unit_ok(pvr_info_read(PVR_TEST_DATA "/web3d/output_00003/info_00003.txt", &info, &error),
            &error);
    assert_true(info.cosmological);
    unit_ok(pvr_info_read(PVR_TEST_DATA "/sedov3d/output_00002/info_00002.txt", &info, &error),
            &error);
    assert_false(info.cosmological);
    unit_ok(pvr_info_read(PVR_TEST_DATA "/legacy3d/output_00002/info_00002.txt", &info, &error),
            &error);
    assert_false(info.cosmological); /* expansion factor 1, H0 = 1 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file),
        cmocka_unit_test(other_forms),
        cmocka_unit_test(missing_and_absurd_values),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(radiation),
        cmocka_unit_test(age_of_the_universe),
        cmocka_unit_test(times_in_myr),
        cmocka_unit_test(what_counts_as_cosmological),
    };
    return cmocka_run_group_tests_name("info", tests, unit_folder_begin, unit_folder_end);
}
