/* test_tables.c - pvr_tables.h: lists of sinks, clumps and halos, in all forms and broken. */
#include "pvr_tables.h"

#include "parts.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The path of an output of the fixtures, or null if it is not there. */
static const char *fixture(const char *name) {
    const char *folder = getenv("PVRAMSES_FIXTURES");
    const char *path = folder != NULL ? unit_path("%s/%s", folder, name)
                                      : unit_path(PVR_TEST_DATA "/../../shared/fixtures/%s", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

static struct pvr_table *load(const char *path, enum pvr_table_kind kind, int threads) {
    struct pvr_snapshot *snapshot = parts_open(path);
    const struct pvr_threads settings = {.max = threads};
    struct pvr_table *table;
    struct pvr_error error;
    unit_ok(pvr_table_load(snapshot, kind, &settings, &table, &error), &error);
    pvr_snapshot_release(snapshot);
    return table;
}

static void must_fail(const char *path, enum pvr_table_kind kind, const char *part) {
    struct pvr_snapshot *snapshot = parts_open(path);
    struct pvr_table *table;
    struct pvr_error error;
    enum pvr_status status = pvr_table_load(snapshot, kind, NULL, &table, &error);
    assert_null(table);
    unit_failed(status, &error, part);
    pvr_snapshot_release(snapshot);
}

static double value(const struct pvr_table *table, const char *column, uint64_t row) {
    int i = pvr_table_column_find(table, column);
    if (i < 0) {
        fail_msg("no column %s", column);
    }
    assert_true(row < table->nrows);
    return unit_value(table->columns[i].array, row, 0);
}

/* An output of three domains without lists, for lists to be written in; its path lasts. */
static const char *bare_output(const char *folder) {
    static char path[4096];
    strcpy(path, unit_path("%s/output_00002", folder));
    unit_make_folder(path);
    parts_copy_mesh(PVR_TEST_DATA "/legacy3d/output_00002", path);
    return path;
}

static void write_list(const char *path, const char *kind, int domain, const char *text) {
    unit_write_text(domain > 0 ? unit_path("%s/%s_00002.txt%05d", path, kind, domain)
                               : unit_path("%s/%s_00002.csv", path, kind),
                    text);
}

/* ---- real lists -------------------------------------------------------------------------------
 */

static void real_sinks(void **state) {
    (void)state;
    const char *path = fixture("sink3d/output_00003");
    if (path == NULL) {
        skip();
    }
    struct pvr_table *table = load(path, PVR_TABLE_SINKS, 2);
    assert_true(table->present);
    assert_int_equal(table->nrows, 2);
    assert_int_equal(table->ncolumns, 23);
    assert_null(table->warnings);
    assert_true(value(table, "msink", 0) == 4.1007124477E-02);
    assert_true(value(table, "msink", 1) == 2.0002887991E-02);
    assert_true(value(table, "cs**2", 1) == 1.1498998884E-06);
    assert_true(value(table, "level", 1) == 6);
    assert_string_equal(table->columns[5].name, "vx");
    assert_string_equal(table->columns[5].unit, "l t**-1");
    assert_string_equal(table->columns[8].unit, "m l**2 t**-1");
    assert_true(unit_value(table->position, 1, 2) == 5.9987299006E-01);
    assert_ptr_equal(table->mass, table->columns[1].array);
    assert_null(table->radius);
    pvr_table_free(table);
}

static void real_clumps(void **state) {
    (void)state;
    const char *path = fixture("clumps3d/output_00002");
    if (path == NULL) {
        skip();
    }
    static const double index[] = {1, 2, 3, 649};
    for (int threads = 1; threads <= 8; threads *= 2) {
        struct pvr_table *clumps = load(path, PVR_TABLE_CLUMPS, threads);
        struct pvr_table *halos = load(path, PVR_TABLE_HALOS, threads);
        assert_int_equal(clumps->nrows, 4);
        assert_int_equal(clumps->ncolumns, 13);
        assert_int_equal(halos->nrows, 4);
        assert_int_equal(halos->ncolumns, 7);
        assert_null(clumps->warnings);
        assert_null(halos->warnings);
        assert_null(halos->radius);
        double mass = 0;
        for (uint64_t row = 0; row < 4; row++) {
            assert_true(value(clumps, "index", row) == index[row]);
            assert_true(value(halos, "index", row) == index[row]);
            mass += unit_value(clumps->mass, row, 0);
            double radius = unit_value(clumps->radius, row, 0);
            double ball = 4 * 3.14159265358979323846 / 3 * pow(radius, 3) * 100;
            assert_true(fabs(ball - 6.591796875E-01) < 1e-14);
        }
        assert_true(mass == 2.63671875);
        assert_true(unit_value(clumps->position, 3, 0) == 0.671875);
        assert_true(unit_value(halos->position, 0, 1) == 0.328125);
        pvr_table_free(clumps);
        pvr_table_free(halos);
    }
}

static void no_lists(void **state) {
    (void)state;
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        struct pvr_table *table =
            load(PVR_TEST_DATA "/web3d/output_00003", (enum pvr_table_kind)kind, 2);
        assert_false(table->present);
        assert_int_equal(table->nrows, 0);
        assert_int_equal(table->ncolumns, 0);
        assert_null(table->position);
        assert_null(table->mass);
        assert_null(table->warnings);
        pvr_table_free(table);
    }
    assert_string_equal(pvr_table_kind_name(PVR_TABLE_HALOS), "halo");
    must_fail(PVR_TEST_DATA "/web3d/output_00003", PVR_TABLE_KINDS, "no list of kind");
}

/* ---- forms ------------------------------------------------------------------------------------
 */

static void forms_of_sinks(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *path = bare_output(folder);
    /* 2017: no names */
    write_list(path, "sink", 0,
               "         1,  1.0E-02,  0.1,  0.2,  0.3, 1, 2, 3, 4, 5, 6, 0.5D+00, 7\n"
               "         2,  3.0E-02,  0.4,  0.5,  0.6, 1, 2, 3, 4, 5, 6, 0.1-100, NaN\n");
    struct pvr_table *table = load(path, PVR_TABLE_SINKS, 2);
    assert_int_equal(table->ncolumns, 13);
    assert_int_equal(table->nrows, 2);
    assert_null(table->warnings);
    assert_true(value(table, "msink", 1) == 0.03);
    assert_true(value(table, "age", 0) == 0.5);
    assert_true(value(table, "age", 1) == 0.1e-100);
    assert_true(isnan(value(table, "acc_rate", 1)));
    assert_true(unit_value(table->position, 1, 2) == 0.6);
    assert_string_equal(table->columns[0].unit, "");
    pvr_table_free(table);
    /* names alone, other columns, Windows' line ends, an overflow */
    write_list(path, "sink", 0, " # id,x,y,colour\r\n1,0.25,0.5,***\r\n\r\n2,0.75,0.5,  3\r\n");
    table = load(path, PVR_TABLE_SINKS, 2);
    assert_int_equal(table->nrows, 2);
    assert_int_equal(table->ncolumns, 4);
    assert_non_null(strstr(table->warnings, "no column z"));
    assert_non_null(strstr(table->warnings, "no column msink"));
    assert_null(table->mass);
    assert_true(unit_value(table->position, 1, 0) == 0.75);
    assert_true(unit_value(table->position, 1, 2) == 0);
    assert_true(isnan(value(table, "colour", 0)));
    pvr_table_free(table);
    /* no sinks yet: names, then nothing; or nothing at all */
    write_list(path, "sink", 0, " # id,msink,x,y,z\n # 1,m,l,l,l\n");
    table = load(path, PVR_TABLE_SINKS, 2);
    assert_true(table->present);
    assert_int_equal(table->nrows, 0);
    assert_int_equal(table->ncolumns, 5);
    assert_non_null(table->mass);
    pvr_table_free(table);
    write_list(path, "sink", 0, "");
    table = load(path, PVR_TABLE_SINKS, 2);
    assert_true(table->present);
    assert_int_equal(table->ncolumns, 0);
    pvr_table_free(table);
    unit_drop_folder(folder);
}

#define CLUMP_NAMES                                                                                \
    "   index  lev   parent  peak_x  peak_y  peak_z  rho_av  mass_cl  relevance   \n"

static void forms_of_clumps(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *path = bare_output(folder);
    write_list(path, "clump", 1, CLUMP_NAMES);
    write_list(path, "clump", 3,
               CLUMP_NAMES "  7  0  7  0.5 0.25 0.125 2.0 4.0 1.0E+01\n"
                           "  9  0  7  0.5 0.25 NaN   0.0 4.0 Infinity\n");
    struct pvr_table *table = load(path, PVR_TABLE_CLUMPS, 3);
    assert_int_equal(table->nrows, 2); /* no file of domain 2 */
    assert_int_equal(table->ncolumns, 9);
    assert_null(table->warnings);
    assert_true(value(table, "index", 1) == 9);
    assert_true(isnan(unit_value(table->position, 1, 2)));
    assert_true(isinf(value(table, "relevance", 1)));
    assert_true(isinf(unit_value(table->radius, 1, 0)));
    pvr_table_free(table);
    /* the form that leaves out the value of halo */
    write_list(path, "clump", 1,
               "index halo lev parent peak_x peak_y peak_z rho_av mass_cl\n"
               " 5 0 5 0.1 0.2 0.3 1.0 2.0\n");
    unit_remove(unit_path("%s/clump_00002.txt00003", path));
    table = load(path, PVR_TABLE_CLUMPS, 2);
    assert_true(isnan(value(table, "halo", 0)));
    assert_true(value(table, "parent", 0) == 5);
    assert_true(value(table, "mass_cl", 0) == 2);
    assert_non_null(strstr(table->warnings, "halo"));
    pvr_table_free(table);
    unit_drop_folder(folder);
}

static void grouped_clumps(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    char path[4096];
    strcpy(path, unit_path("%s/output_00002", folder));
    unit_make_folder(path);
    unit_make_folder(unit_path("%s/group_00001", path));
    unit_make_folder(unit_path("%s/group_00002", path));
    const char *from = PVR_TEST_DATA "/legacy3d/output_00002";
    unit_copy(unit_path("%s/info_00002.txt", from),
              unit_path("%s/group_00001/info_00002.txt", path));
    for (int domain = 1; domain <= 3; domain++) {
        const char *group = unit_path("%s/group_%05d", path, domain < 3 ? 1 : 2);
        unit_copy(unit_path("%s/amr_00002.out%05d", from, domain),
                  unit_path("%s/amr_00002.out%05d", group, domain));
        unit_write_text(unit_path("%s/halo_00002.txt%05d", group, domain),
                        unit_path(" index ncell peak_x peak_y peak_z rho+ mass\n"
                                  " %d 5 0.1 0.2 0.3 0.4 0.5\n",
                                  domain));
    }
    struct pvr_table *table = load(path, PVR_TABLE_HALOS, 2);
    assert_int_equal(table->nrows, 3);
    assert_true(value(table, "index", 2) == 3);
    pvr_table_free(table);
    unit_drop_folder(folder);
}

/* ---- broken lists -----------------------------------------------------------------------------
 */

static void broken_lists(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *path = bare_output(folder);
    static const struct {
        const char *text, *part;
    } sinks[] = {{" # id,x\n # 1,l\n1,0.5\n2,zero\n", "line 4: \"zero\" is not a number"},
                 {" # id,x\n1,0.5\n2\n", "line 3 has 1 values where 2 are expected"},
                 {" # id,x\n1,0.5,7\n", "line 2 has 3 values where 2 are expected"},
                 {"1,2,3\n1,2,3,4\n", "line 2 has 4 values where 3 are expected"},
                 {" # id,x\n1,0.5 0.6\n", "line 2: \"0.5 0.6\" is not a number"}};
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++) {
        write_list(path, "sink", 0, sinks[i].text);
        must_fail(path, PVR_TABLE_SINKS, sinks[i].part);
        must_fail(path, PVR_TABLE_SINKS, "sink_00002.csv");
    }
    const char zero[] = "1,2,\0,4\n";
    unit_write_file(unit_path("%s/sink_00002.csv", path), zero, sizeof zero - 1);
    must_fail(path, PVR_TABLE_SINKS, "not a text file");
    static const struct {
        const char *text, *part;
    } clumps[] = {{CLUMP_NAMES " 1 2 3\n", "line 2 has 3 values where 9 are expected"},
                  {CLUMP_NAMES " 1 2 3 4 5 6 7 8 9\n 1 2 3 4 5 6 7 8 x9\n", "line 3"},
                  {" 1 2 3 4 5 6 7 8 9\n", "line 1 does not name the columns"},
                  {" index halo peak_x\n 1 2 3\n", "has 3 columns where"},
                  {" index lev parent peak_y peak_x peak_z rho_av mass_cl relevance\n"
                   " 1 2 3 4 5 6 7 8 9\n",
                   "names column 4 peak_y"}};
    write_list(path, "clump", 1, CLUMP_NAMES " 1 2 3 4 5 6 7 8 9\n");
    for (size_t i = 0; i < sizeof clumps / sizeof *clumps; i++) {
        write_list(path, "clump", 2, clumps[i].text);
        must_fail(path, PVR_TABLE_CLUMPS, clumps[i].part);
        must_fail(path, PVR_TABLE_CLUMPS, "clump_00002.txt00002");
    }
    /* more values than any list has */
    char *many = malloc(4 * 300 + 2);
    assert_non_null(many);
    many[0] = '\0';
    for (int i = 0; i < 300; i++) {
        strcat(many, i == 0 ? "1" : ",1");
    }
    write_list(path, "sink", 0, many);
    must_fail(path, PVR_TABLE_SINKS, "more than 256 columns");
    free(many);
    unit_remove(unit_path("%s/sink_00002.csv", path));
    unit_make_folder(unit_path("%s/sink_00002.csv", path));
    must_fail(path, PVR_TABLE_SINKS, "is not a regular file");
    unit_drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_sinks),      cmocka_unit_test(real_clumps),
        cmocka_unit_test(no_lists),        cmocka_unit_test(forms_of_sinks),
        cmocka_unit_test(forms_of_clumps), cmocka_unit_test(grouped_clumps),
        cmocka_unit_test(broken_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
