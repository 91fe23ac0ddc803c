/* test_text.c - pvr_text.h: numbers as Fortran writes them, keys, small files. */
#include "pvr_text.h"

#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *text;
    double value;
    const char *left; /* what stands behind the number */
} numbers[] = {
    {"1", 1, ""},
    {"  42 ", 42, " "},
    {"\t-3", -3, ""},
    {"+.5", .5, ""},
    {"5.", 5, ""},
    {"1.5", 1.5, ""},
    {"-0.100000000000000E+01", -1, ""},
    {"0.1D+01", 1, ""},
    {"0.1d-01 0.2d-01", 0.01, " 0.2d-01"},
    {"0.250E+003", 250, ""},
    {"0.1-100", 1e-101, ""},
    {"0.1+100", 1e99, ""},
    {"-0.5-308", -5e-309, ""},
    {"0.102400000000000E+04", 1024, ""},
    {"1.25Q2", 125, ""},
    {"0.1E+01,2", 1, ",2"},
    {"1-2-3", 0.01, "-3"},
    {"9007199254740993", 9007199254740992.0, ""},
    {"0.900719925474099312E+16", 9007199254740994.0, ""},
    {"1e400", (double)INFINITY, ""},
    {"0.4-400", 0, ""},
};
static const char *const no_numbers[] = {"",    " ",     "****", "*1", "abc", "-",   "+",  ".",
                                         "-.",  "E+01",  "D+01", "e5", "()",  "--1", "1E", "0.1D",
                                         "1e+", "1.2.3", "=5",   "i",  "n",   "na",  "in"};

static void check_numbers(void) {
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double value = -77;
        const char *end = NULL;
        const char *text = numbers[i].text;
        if (!pvr_text_real(text, strlen(text), &value, &end)) {
            fail_msg("not read: %s", text);
        }
        if (!(value == numbers[i].value) || strcmp(end, numbers[i].left) != 0) {
            fail_msg("%s read as %.17g, left \"%s\"", text, value, end);
        }
        assert_true(pvr_text_real(text, strlen(text), &value, NULL));
    }
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++) {
        double value;
        if (pvr_text_real(no_numbers[i], strlen(no_numbers[i]), &value, NULL)) {
            fail_msg("\"%s\" read as %g", no_numbers[i], value);
        }
    }
}

static void fortran_numbers(void **state) {
    (void)state;
    check_numbers();
}

static void not_finite(void **state) {
    (void)state;
    double value = 0;
    const char *end;
    assert_true(pvr_text_real("  NaN ", 6, &value, &end));
    assert_true(isnan(value));
    assert_string_equal(end, " ");
    assert_true(pvr_text_real("-nan", 4, &value, NULL));
    assert_true(isnan(value));
    assert_true(pvr_text_real("Infinity 2", 10, &value, &end));
    assert_true(isinf(value) && value > 0);
    assert_string_equal(end, " 2");
    assert_true(pvr_text_real("-Inf", 4, &value, NULL));
    assert_true(isinf(value) && value < 0);
}

/* No character behind `length` may play a role, or be looked at. */
static void length_is_kept(void **state) {
    (void)state;
    static const char text[] = "-0.125E+02";
    static const double expected[] = {0, 0, 0, 0, -0.1, -0.12, -0.125, 0, 0, -0.125, -12.5};
    for (size_t length = 0; length < sizeof text; length++) {
        char *exact = malloc(length + 1);
        assert_non_null(exact);
        memcpy(exact, text, length);
        char *shrunk = realloc(exact, length > 0 ? length : 1);
        assert_non_null(shrunk);
        double value = 0;
        bool read = pvr_text_real(shrunk, length, &value, NULL);
        /* "-", "-0.125E", "-0.125E+" are no numbers; "-0", "-0." are 0 */
        assert_int_equal(read, length >= 2 && length != 7 && length != 8);
        assert_true(!read || value == expected[length]);
        free(shrunk);
    }
    double value;
    assert_true(pvr_text_real("12345", 2, &value, NULL));
    assert_true(value == 12);
    assert_false(pvr_text_real("nan", 2, &value, NULL));
    assert_false(pvr_text_real("inf", 2, &value, NULL));
    char longest[400]; /* more digits than any program writes */
    memset(longest, '1', sizeof longest);
    pvr_text_real(longest, sizeof longest, &value, NULL); /* must only not go astray */
}

static void the_locale_plays_no_role(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
    bool found = false;
    for (size_t i = 0; !found && i < sizeof names / sizeof *names; i++) {
        found = setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',';
    }
    if (!found) {
        setlocale(LC_ALL, "C");
        print_message("no locale with a comma is installed\n");
        skip();
    }
    char with_comma[16];
    snprintf(with_comma, sizeof with_comma, "%.1f", 1.5);
    assert_string_equal(with_comma, "1,5");
    check_numbers();
    setlocale(LC_ALL, "C");
}

static void keys(void **state) {
    (void)state;
    static const char text[] = "ncpu        =          4\n"
                               "levelmin    =          5\r\n"
                               "  time =  0.5D+00\n"
                               "omega_m= 0.25\n"
                               "omega_m = 0.75\n"
                               "\n"
                               "bad         = ******\n"
                               "empty =\n"
                               "half\n"
                               "timeless = 9\n"
                               "aexp = 1.0";
    double value = 0;
    assert_true(pvr_text_key_real(text, "ncpu", &value));
    assert_true(value == 4);
    assert_true(pvr_text_key_real(text, "levelmin", &value));
    assert_true(value == 5);
    assert_true(pvr_text_key_real(text, "time", &value));
    assert_true(value == 0.5);
    assert_true(pvr_text_key_real(text, "omega_m", &value)); /* the first counts */
    assert_true(value == 0.25);
    assert_true(pvr_text_key_real(text, "aexp", &value)); /* last, without line break */
    assert_true(value == 1);
    static const char *const missing[] = {"bad",   "empty", "half",  "cpu",    "tim",
                                          "level", "a",     "ncpu4", "omega_l"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        assert_false(pvr_text_key_real(text, missing[i], &value));
    }
    assert_false(pvr_text_key_real("", "ncpu", &value));
    assert_false(pvr_text_key_real("\n\n", "ncpu", &value));
}

static void files(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *path = unit_path("%s/text", folder);
    char *text;
    struct pvr_error error;
    unit_write_text(path, "0123456789");
    unit_ok(pvr_text_read(path, 100, &text, &error), &error);
    assert_string_equal(text, "0123456789");
    free(text);
    unit_ok(pvr_text_read(path, 4, &text, &error), &error);
    assert_string_equal(text, "0123");
    free(text);
    unit_write_text(path, "");
    unit_ok(pvr_text_read(path, 100, &text, &error), &error);
    assert_string_equal(text, "");
    free(text);
    unit_write_file(path, "a\0b", 3);
    enum pvr_status status = pvr_text_read(path, 100, &text, &error);
    unit_failed(status, &error, path);
    assert_int_equal(status, PVR_ERROR_FORMAT);
    assert_null(text);
    unit_failed(pvr_text_read(folder, 100, &text, &error), &error, folder);
    const char *none = unit_path("%s/none", folder), *pipe = unit_path("%s/pipe", folder);
    unit_failed(pvr_text_read(none, 100, &text, &error), &error, none);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    unit_failed(pvr_text_read(pipe, 100, &text, &error), &error, pipe); /* must not hang */
    assert_null(text);
    unit_drop_folder(folder);
}

static void lists_of_lines(void **state) {
    (void)state;
    char *text = NULL;
    pvr_text_add_line(&text, "one");
    assert_string_equal(text, "one");
    pvr_text_add_line(&text, "");
    pvr_text_add_line(&text, "three");
    assert_string_equal(text, "one\n\nthree");
    free(text);
    text = pvr_text_format("%05d-%s", 7, "x");
    assert_string_equal(text, "00007-x");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fortran_numbers),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(length_is_kept),
        cmocka_unit_test(the_locale_plays_no_role),
        cmocka_unit_test(keys),
        cmocka_unit_test(files),
        cmocka_unit_test(lists_of_lines),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
