/* test_fields.c - pvr_fields.h: descriptors, names, vectors. */
#include "pvr_fields.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

/* A table of a hydro file alone; empty on failure. */
static enum pvr_status read_hydro(const char *path, int ndim, int nvar,
                                  struct pvr_field_table *table, struct pvr_error *error) {
    *table = (struct pvr_field_table){0};
    enum pvr_status status = pvr_field_table_add(table, PVR_HYDRO, path, ndim, nvar, error);
    if (status != PVR_OK) {
        pvr_field_table_free(table);
    }
    return status;
}

/* The table with a descriptor of `text` (null: none). */
static struct pvr_field_table read(const char *text, int ndim, int nvar) {
    const char *path = unit_path("%s/hydro_file_descriptor.txt", unit_folder);
    if (text != NULL) {
        unit_write_text(path, text);
    } else {
        unit_remove(path);
    }
    struct pvr_field_table table;
    struct pvr_error error;
    unit_ok(read_hydro(path, ndim, nvar, &table, &error), &error);
    assert_int_equal(table.nvariables, nvar);
    for (int i = 0; i < nvar; i++) {
        assert_int_equal(table.variable[i].kind, PVR_HYDRO);
        assert_int_equal(table.variable[i].column, i);
        assert_int_equal(pvr_variable_find(&table, table.variable[i].name), i); /* none twice */
    }
    for (int i = 0; i < table.nfields; i++) {
        assert_int_equal(pvr_field_find(&table, table.field[i].name), i);
    }
    return table;
}

/* Names separated by blanks. */
static void expect_variables(const struct pvr_field_table *table, const char *names) {
    char all[PVR_MAX_VARIABLES * 8] = "";
    for (int i = 0; i < table->nvariables; i++) {
        strcat(all, i > 0 ? " " : "");
        strcat(all, table->variable[i].name);
    }
    assert_string_equal(all, names);
}

/* Fields as "density velocity(1,2,3) ...", components by the variables' numbers from 0. */
static void expect_fields(const struct pvr_field_table *table, const char *fields) {
    char all[4096] = "";
    for (int i = 0; i < table->nfields; i++) {
        const struct pvr_field *field = &table->field[i];
        sprintf(all + strlen(all), "%s%s(%d", i > 0 ? " " : "", field->name, field->variable[0]);
        for (int c = 1; c < field->ncomponents; c++) {
            sprintf(all + strlen(all), ",%d", field->variable[c]);
        }
        strcat(all, ")");
    }
    assert_string_equal(all, fields);
}

static void version_1(void **state) {
    (void)state;
    struct pvr_field_table table = read("# version:  1\n"
                                        "# ivar, variable_name, variable_type\n"
                                        "  1, density, d\n"
                                        "  2, velocity_x, d\n"
                                        "  3, velocity_y, d\n"
                                        "  4, velocity_z, d\n"
                                        "  5, thermal_pressure, d\n"
                                        "  6, metallicity, d\n",
                                        3, 6);
    assert_null(table.warnings);
    expect_variables(&table, "density velocity_x velocity_y velocity_z pressure metallicity");
    expect_fields(&table, "density(0) velocity(1,2,3) pressure(4) metallicity(5)");
    assert_int_equal(table.field[0].dimension, PVR_DENSITY);
    assert_int_equal(table.field[1].dimension, PVR_VELOCITY);
    assert_int_equal(table.field[2].dimension, PVR_PRESSURE);
    assert_int_equal(table.field[3].dimension, PVR_DIMENSIONLESS);
    assert_int_equal(pvr_field_find(&table, "velocity"), 1);
    assert_int_equal(pvr_field_find(&table, "nothing"), -1);
    assert_int_equal(pvr_field_find(&table, ""), -1);
    assert_int_equal(pvr_variable_find(&table, "velocity_y"), 2);
    assert_int_equal(pvr_variable_find(&table, "velocity"), -1);
    pvr_field_table_free(&table);
    assert_null(table.variable);
    /* lines in another order, other blanks, foreign line ends */
    table = read("3,pressure,d\r\n\r\n 1 , density , d\r\n2,velocity_x,d\r\n", 1, 3);
    assert_null(table.warnings);
    expect_fields(&table, "density(0) velocity(1,-1,-1) pressure(2)");
    pvr_field_table_free(&table);
}

static void old_form(void **state) {
    (void)state;
    struct pvr_field_table table = read("nvar        =          6\n"
                                        "variable #  1: density\n"
                                        "variable #  2: velocity_x\n"
                                        "variable #  3: velocity_y\n"
                                        "variable #  4: velocity_z\n"
                                        "variable #  5: thermal_pressure\n"
                                        "variable #  6: passive_scalar_1\n",
                                        3, 6);
    assert_null(table.warnings);
    expect_fields(&table, "density(0) velocity(1,2,3) pressure(4) passive_scalar_1(5)");
    pvr_field_table_free(&table);
    table = read("nvar        =         11\n"
                 "variable #  1: density\nvariable #  2: velocity_x\nvariable #  3: velocity_y\n"
                 "variable #  4: velocity_z\nvariable #  5: B_left_x\nvariable #  6: B_left_y\n"
                 "variable #  7: B_left_z\nvariable #  8: B_right_x\nvariable #  9: B_right_y\n"
                 "variable # 10: B_right_z\nvariable # 11: thermal_pressure\n",
                 3, 11);
    assert_null(table.warnings);
    expect_fields(&table, "density(0) velocity(1,2,3) B_left(4,5,6) B_right(7,8,9) pressure(10) "
                          "B_field(4,5,6)");
    assert_int_equal(table.field[2].dimension, PVR_MAGNETIC);
    /* at the centres of the cells: the mean of both faces, and the one to be shown */
    const struct pvr_field *centred = &table.field[5];
    assert_int_equal(centred->dimension, PVR_MAGNETIC);
    for (int axis = 0; axis < 3; axis++) {
        assert_int_equal(centred->mean_with[axis], 7 + axis);
        assert_int_equal(table.field[2].mean_with[axis], -1);
    }
    assert_true(centred->by_default && table.field[0].by_default);
    assert_false(table.field[2].by_default || table.field[3].by_default);
    pvr_field_table_free(&table);
}

static void without_descriptor(void **state) {
    (void)state;
    static const struct {
        int ndim, nvar;
        const char *fields;
    } expected[] = {
        {1, 3, "density(0) velocity(1,-1,-1) pressure(2)"},
        {2, 4, "density(0) velocity(1,2,-1) pressure(3)"},
        {3, 5, "density(0) velocity(1,2,3) pressure(4)"},
        {3, 7, "density(0) velocity(1,2,3) pressure(4) scalar_01(5) scalar_02(6)"},
        {2, 11,
         "density(0) velocity(1,2,-1) pressure(3) scalar_01(4) scalar_02(5) scalar_03(6) "
         "scalar_04(7) scalar_05(8) scalar_06(9) scalar_07(10)"},
        {3, 11,
         "density(0) velocity(1,2,3) B_left(4,5,6) B_right(7,8,9) pressure(10) "
         "B_field(4,5,6)"},
        {3, 12,
         "density(0) velocity(1,2,3) B_left(4,5,6) B_right(7,8,9) pressure(10) "
         "scalar_01(11) B_field(4,5,6)"},
        {3, 1, "density(0)"},
        {3, 3, "density(0) velocity(1,2,-1)"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct pvr_field_table table = read(NULL, expected[i].ndim, expected[i].nvar);
        assert_non_null(strstr(table.warnings, "order")); /* names are a guess: say so */
        expect_fields(&table, expected[i].fields);
        pvr_field_table_free(&table);
    }
    struct pvr_field_table table = read(NULL, 3, 11);
    expect_variables(&table, "density velocity_x velocity_y velocity_z B_x_left B_y_left B_z_left "
                             "B_x_right B_y_right B_z_right pressure");
    pvr_field_table_free(&table);
}

/* A descriptor that does not fit the files is not used, and that is said. */
static void descriptors_that_do_not_fit(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "some text\n",
        "1, density, d\n2, velocity_x, d\n",                   /* too few */
        "1, density, d\n2, velocity_x, d\n3, a, d\n4, b, d\n", /* too many */
        "1, density, d\n1, velocity_x, d\n3, pressure, d\n",   /* one twice */
        "0, density, d\n1, velocity_x, d\n2, pressure, d\n",   /* from 0 */
        "-1, density, d\n2, velocity_x, d\n3, pressure, d\n",
        "1, , d\n2, velocity_x, d\n3, pressure, d\n", /* no name */
        "1, density, d\n2, velocity_x, d\n99999999999999999999, pressure, d\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pvr_field_table table = read(wrong[i], 1, 3);
        assert_non_null(table.warnings);
        assert_non_null(strstr(table.warnings, "hydro_file_descriptor.txt"));
        expect_fields(&table, "density(0) velocity(1,-1,-1) pressure(2)");
        pvr_field_table_free(&table);
    }
    /* binary, or a folder in its place: the same */
    const char *path = unit_path("%s/hydro_file_descriptor.txt", unit_folder);
    struct pvr_field_table table;
    struct pvr_error error;
    unit_write_file(path, "1, density\0\0", 12);
    unit_ok(read_hydro(path, 1, 3, &table, &error), &error);
    assert_non_null(strstr(table.warnings, path));
    pvr_field_table_free(&table);
    unit_remove(path);
    unit_make_folder(path);
    unit_ok(read_hydro(path, 1, 3, &table, &error), &error);
    assert_non_null(strstr(table.warnings, path));
    expect_fields(&table, "density(0) velocity(1,-1,-1) pressure(2)");
    pvr_field_table_free(&table);
    unit_remove(path);
    static const int absurd[] = {0, -1, PVR_MAX_VARIABLES + 1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        unit_failed(read_hydro(path, 3, absurd[i], &table, &error), &error, path);
        assert_null(table.variable);
    }
    table = read(NULL, 3, PVR_MAX_VARIABLES);
    pvr_field_table_free(&table);
}

static void repeated_names(void **state) {
    (void)state;
    struct pvr_field_table table = read("1, density, d\n2, scalar, d\n3, scalar, d\n4, scalar, d\n"
                                        "5, scalar_2, d\n6, density, d\n",
                                        3, 6);
    assert_non_null(table.warnings);
    assert_string_equal(table.variable[0].name, "density");
    assert_string_equal(table.variable[1].name, "scalar");
    assert_string_equal(table.variable[2].name, "scalar_2");
    assert_int_equal(table.nfields, 6);
    pvr_field_table_free(&table);
    /* thermal_pressure becomes pressure, which may stand there already */
    table = read("1, pressure, d\n2, thermal_pressure, d\n", 3, 2);
    expect_variables(&table, "pressure pressure_2");
    pvr_field_table_free(&table);
    /* names as long as they can be */
    char line[300];
    memset(line, 'a', 120);
    line[120] = '\0';
    char text[1024];
    sprintf(text, "1, %s, d\n2, %s, d\n3, %.100sb, d\n", line, line, line);
    table = read(text, 3, 3);
    assert_non_null(table.warnings);
    assert_int_equal(strlen(table.variable[0].name), PVR_NAME_SIZE - 1);
    pvr_field_table_free(&table);
    /* every name the same */
    char *all = text;
    all[0] = '\0';
    for (int i = 1; i <= 40; i++) {
        sprintf(all + strlen(all), "%d, same, d\n", i);
    }
    table = read(text, 3, 40);
    assert_int_equal(table.nfields, 40);
    pvr_field_table_free(&table);
}

static void vectors(void **state) {
    (void)state;
    /* two components: the third is absent; other suffixes; not from gaps */
    struct pvr_field_table table =
        read("1, flow_x, d\n2, flow_y, d\n3, gap_x, d\n4, gap_z, d\n5, alone_x, d\n6, B_x_left, d\n"
             "7, B_y_left, d\n8, B_z_left, d\n9, x, d\n10, y, d\n11, _x, d\n12, flux_xray, d\n"
             "13, photon_flux_01_x, d\n14, photon_flux_01_y, d\n15, photon_flux_01_z, d\n",
             3, 15);
    assert_null(table.warnings);
    expect_fields(&table, "flow(0,1,-1) gap_x(2) gap_z(3) alone_x(4) B_left(5,6,7) x(8) y(9) "
                          "_x(10) flux_xray(11) photon_flux_01(12,13,14)");
    pvr_field_table_free(&table);
    /* RAMSES writes components in order; a patch may not: each is found once */
    table = read("1, velocity_z, d\n2, velocity_y, d\n3, velocity_x, d\n", 3, 3);
    expect_fields(&table, "velocity(2,1,0)");
    pvr_field_table_free(&table);
    /* a vector's name that is taken: the components stay scalars */
    table = read("1, flow, d\n2, flow_x, d\n3, flow_y, d\n4, flow_z, d\n", 3, 4);
    expect_fields(&table, "flow(0) flow_x(1) flow_y(2) flow_z(3)");
    pvr_field_table_free(&table);
    table = read("1, flow_x, d\n2, flow_y, d\n3, flow_z, d\n4, flow, d\n", 3, 4);
    expect_fields(&table, "flow_x(0) flow_y(1) flow_z(2) flow(3)");
    pvr_field_table_free(&table);
}

/* The kinds of files beside hydro, added to a table one after the other. */
static void other_kinds(void **state) {
    (void)state;
    const char *none = unit_path("%s/none", unit_folder);
    struct pvr_error error;
    struct pvr_field_table table = read(NULL, 3, 5);
    unit_ok(pvr_field_table_add(&table, PVR_GRAVITY, none, 3, 4, &error), &error);
    unit_ok(pvr_field_table_add(&table, PVR_RADIATION, none, 3, 8, &error), &error);
    unit_ok(pvr_field_table_add(&table, PVR_CLUMP_FIELD, none, 3, 1, &error), &error);
    assert_non_null(strstr(table.warnings, "none: is missing"));
    expect_variables(&table, "density velocity_x velocity_y velocity_z pressure potential "
                             "acceleration_x acceleration_y acceleration_z photon_flux_01 "
                             "photon_flux_01_x photon_flux_01_y photon_flux_01_z photon_flux_02 "
                             "photon_flux_02_x photon_flux_02_y photon_flux_02_z clump_id");
    expect_fields(&table, "density(0) velocity(1,2,3) pressure(4) potential(5) "
                          "acceleration(6,7,8) rt_photon_density_01(9) "
                          "rt_photon_flux_01(10,11,12) rt_photon_density_02(13) "
                          "rt_photon_flux_02(14,15,16) clump_id(17)");
    static const enum pvr_file_kind kind[] = {PVR_HYDRO, PVR_GRAVITY, PVR_RADIATION,
                                              PVR_CLUMP_FIELD};
    static const int first[] = {0, 5, 9, 17, 18};
    for (int k = 0; k < 4; k++) {
        for (int i = first[k]; i < first[k + 1]; i++) {
            assert_int_equal(table.variable[i].kind, kind[k]);
            assert_int_equal(table.variable[i].column, i - first[k]);
        }
    }
    static const enum pvr_dimension dimension[] = {
        PVR_DENSITY,      PVR_VELOCITY,       PVR_PRESSURE,    PVR_POTENTIAL,
        PVR_ACCELERATION, PVR_PHOTON_DENSITY, PVR_PHOTON_FLUX, PVR_PHOTON_DENSITY,
        PVR_PHOTON_FLUX,  PVR_DIMENSIONLESS};
    for (int i = 0; i < table.nfields; i++) {
        assert_int_equal(table.field[i].dimension, dimension[i]);
        assert_int_equal(table.field[i].whole_numbers, i == 9);
        assert_int_equal(table.field[i].by_default, i < 3);
    }
    /* as many variables as a table may have, and no more */
    unit_failed(pvr_field_table_add(&table, PVR_HYDRO, none, 3, PVR_MAX_VARIABLES - 17, &error),
                &error, none);
    unit_failed(pvr_field_table_add(&table, PVR_HYDRO, none, 3, 0, &error), &error, none);
    assert_int_equal(table.nvariables, 18);
    unit_ok(pvr_field_table_add(&table, PVR_CLUMP_FIELD, none, 3, PVR_MAX_VARIABLES - 18, &error),
            &error);
    pvr_field_table_free(&table);
    /* gravity of other builds and boxes, alone */
    static const struct {
        int ndim, nvar;
        const char *fields;
    } gravity[] = {
        {1, 2, "potential(0) acceleration(1,-1,-1)"},
        {2, 3, "potential(0) acceleration(1,2,-1)"},
        {3, 5, "particle_density(0) potential(1) acceleration(2,3,4)"},
        {3, 1, "acceleration(0,-1,-1)"},
    };
    for (size_t i = 0; i < sizeof gravity / sizeof *gravity; i++) {
        memset(&table, 0, sizeof table);
        unit_ok(pvr_field_table_add(&table, PVR_GRAVITY, none, gravity[i].ndim, gravity[i].nvar,
                                    &error),
                &error);
        expect_fields(&table, gravity[i].fields);
        pvr_field_table_free(&table);
    }
    /* a name that hydro has already */
    table = read("1, density, d\n2, potential, d\n", 3, 2);
    unit_ok(pvr_field_table_add(&table, PVR_GRAVITY, none, 3, 4, &error), &error);
    expect_fields(&table, "density(0) potential(1) potential_2(2) acceleration(3,4,5)");
    assert_non_null(table.warnings);
    pvr_field_table_free(&table);
}

static void odd_names(void **state) {
    (void)state;
    struct pvr_field_table table =
        read("1, gas density, d\n2,  a\"b , d\n3, caf\xc3\xa9, d\n"
             "4, \x01\x7f, d\n5, level, d\n6, non_thermal_energy_03, d\n",
             3, 6);
    expect_variables(&table, "gas_density a_b caf__ __ level non_thermal_energy_03");
    assert_int_equal(table.variable[5].dimension, PVR_PRESSURE);
    pvr_field_table_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1),          cmocka_unit_test(old_form),
        cmocka_unit_test(without_descriptor), cmocka_unit_test(descriptors_that_do_not_fit),
        cmocka_unit_test(repeated_names),     cmocka_unit_test(vectors),
        cmocka_unit_test(other_kinds),        cmocka_unit_test(odd_names),
    };
    return cmocka_run_group_tests_name("fields", tests, unit_folder_begin, unit_folder_end);
}
