/* test_derived_use.c - pvr_derived.h: real outputs, what is available, mistakes, documentation. */
#include "derived_mesh.h"
#include "pvr_statistics.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static const struct pvr_mesh_array *find(const struct pvr_mesh_array *arrays, int count,
                                         const char *name) {
    for (int i = 0; i < count; i++) {
        if (strcmp(arrays[i].name, name) == 0) {
            return &arrays[i];
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

/* Sum over the cells that are not NaN; returns how many these are in *count. */
static double sum(const struct pvr_array *array, uint64_t *count) {
    long double all = 0;
    *count = 0;
    for (uint64_t i = 0; i < array->ntuples; i++) {
        double value = unit_value(array, i, 0);
        all += isnan(value) ? 0 : (long double)value;
        *count += isnan(value) ? 0 : 1;
    }
    return (double)all;
}

/* Loads what every available field needs, and nothing else, and derives them all. */
static void real_outputs(void **state) {
    (void)state;
    static const char *const paths[] = {
        PVR_TEST_DATA "/web3d/output_00003", PVR_TEST_DATA "/sedov3d/output_00002",
        PVR_TEST_DATA "/sedov2d/output_00003", PVR_TEST_DATA "/sedov1d/output_00002"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        struct pvr_snapshot *snapshot = open_output(paths[p]);
        const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
        const struct pvr_info *info = pvr_snapshot_info(snapshot);
        const struct pvr_derived_options options = pvr_derived_defaults(snapshot);
        assert_true(options.gamma == pvr_snapshot_gamma(snapshot) && options.gamma > 1);
        const char *names[128], *needs[PVR_DERIVED_MOST_NEEDS];
        int count = 0;
        for (int i = 0; i < pvr_derived_count(); i++) {
            if (pvr_derived_available(pvr_derived_at(i), info, table, NULL, 0)) {
                names[count++] = pvr_derived_at(i)->name;
            }
        }
        int nneeds = pvr_derived_needs(names, count, &options, table, needs);
        struct pvr_mesh_request to_load = {
            .fields = needs, .nfields = nneeds, .precision = PVR_FLOAT64};
        struct pvr_mesh *mesh;
        struct pvr_error error;
        unit_ok(pvr_mesh_load(snapshot, &to_load, NULL, NULL, NULL, &mesh, &error), &error);
        struct pvr_mesh_array out[128];
        struct pvr_derived_request request = {names, count, PVR_UNITS_CODE, PVR_FLOAT64};
        unit_ok(pvr_derive(mesh, info, &request, &options, NULL, NULL, NULL, out, NULL, &error),
                &error);

        struct pvr_statistics statistics;
        unit_ok(pvr_statistics_compute(mesh, NULL, &statistics, &error), &error);
        uint64_t leaves;
        double mass = sum(find(out, count, "mass")->array, &leaves);
        assert_int_equal(leaves, mesh->octree->nleaves);
        assert_true(fabs(mass - statistics.total_mass) <= 1e-12 * mass);
        double volume = sum(find(out, count, "volume")->array, &leaves);
        assert_true(fabs(volume - statistics.volume) <= 1e-12 * volume);
        assert_int_equal(leaves, mesh->octree->nleaves);

        const struct pvr_array *temperature = find(out, count, "temperature")->array;
        const struct pvr_array *density = unit_array(mesh, "density")->array;
        const struct pvr_array *pressure = unit_array(mesh, "pressure")->array;
        for (uint64_t i = 0; i < mesh->octree->ncells; i++) { /* coarse cells too */
            assert_true(unit_value(temperature, i, 0) ==
                        unit_value(pressure, i, 0) / unit_value(density, i, 0));
        }
        if (info->cosmological) { /* over all leaves, the mean overdensity is 0 */
            const struct pvr_array *over = find(out, count, "overdensity")->array;
            const struct pvr_array *volumes = find(out, count, "volume")->array;
            long double mean = 0;
            for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
                double of = unit_value(volumes, i, 0);
                mean += isnan(of) ? 0 : (long double)(of * unit_value(over, i, 0));
            }
            assert_true(fabsl(mean / (long double)volume) < 1e-4L);
        } else {
            char reason[200];
            assert_false(pvr_derived_available(pvr_derived_find("overdensity"), info, table, reason,
                                               sizeof reason));
            assert_non_null(strstr(reason, "cosmological"));
        }
        pvr_statistics_free(&statistics);
        for (int i = 0; i < count; i++) {
            pvr_array_release(out[i].array);
        }
        pvr_mesh_free(mesh);
        pvr_snapshot_release(snapshot);
    }
}

/* Positions agree with the queries of the octree: every leaf is found at its own position. */
static void positions_of_leaves(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(PVR_TEST_DATA "/web3d/output_00002");
    struct pvr_mesh *mesh = unit_load(PVR_TEST_DATA "/web3d/output_00002", "", PVR_FLOAT64, 0, 2);
    const char *names[] = {"position", "cell_size"};
    const struct pvr_derived_request request = {names, 2, PVR_UNITS_CODE, PVR_FLOAT64};
    const struct pvr_derived_options options = {.has_centre = true};
    struct pvr_mesh_array out[2];
    struct pvr_error error;
    unit_ok(pvr_derive(mesh, pvr_snapshot_info(snapshot), &request, &options, NULL, NULL, NULL, out,
                       NULL, &error),
            &error);
    for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
        double size = unit_value(out[1].array, i, 0);
        double at[3];
        struct pvr_cell leaf;
        for (int c = 0; c < 3; c++) {
            at[c] = unit_value(out[0].array, i, c);
        }
        assert_true(pvr_octree_find_leaf(mesh->octree, at, &leaf));
        assert_true(isnan(size) ? leaf.index != i
                                : leaf.index == i && size == ldexp(1, -leaf.level));
    }
    pvr_array_release(out[0].array);
    pvr_array_release(out[1].array);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
}

/* A table of fields by their names; a vector's ends with 3. */
static struct pvr_field_table make_table(const char *const *names) {
    static struct pvr_field field[16];
    static struct pvr_variable variable[1] = {{.name = "level_of_detail"}};
    struct pvr_field_table table = {.field = field, .variable = variable, .nvariables = 1};
    for (; names[table.nfields] != NULL; table.nfields++) {
        const char *name = names[table.nfields];
        size_t length = strlen(name);
        bool vector = name[length - 1] == '3';
        field[table.nfields] = (struct pvr_field){.ncomponents = vector ? 3 : 1};
        memcpy(field[table.nfields].name, name, length - (vector ? 1 : 0));
    }
    return table;
}

static void check_available(const struct pvr_field_table *table, const char *name,
                            const char *because) {
    const struct pvr_info info = {.ndim = 3};
    char reason[200];
    bool available =
        pvr_derived_available(pvr_derived_find(name), &info, table, reason, sizeof reason);
    assert_int_equal(available, because == NULL);
    if (because == NULL) {
        assert_string_equal(reason, "");
    } else if (strstr(reason, because) == NULL) {
        fail_msg("%s: %s", name, reason);
    }
}

static void what_is_available(void **state) {
    (void)state;
    const char *const hydro[] = {"density", "velocity3", "pressure", NULL};
    const char *const mhd[] = {"density", "velocity3", "pressure", "B_left3", "B_right3", NULL};
    const char *const centred[] = {"density", "velocity", "B_field3", "temperature", NULL};
    const char *const half[] = {"B_left3", "B_field", NULL};
    const char *needs[PVR_DERIVED_MOST_NEEDS];
    struct pvr_field_table table = make_table(hydro);
    check_available(&table, "temperature", NULL);
    check_available(&table, "cell_size", NULL);
    check_available(&table, "plasma_beta", "B_left");
    check_available(&table, "metal_mass", "metallicity");
    check_available(&table, "escape_speed", "potential");
    check_available(&table, "overdensity", "cosmological");
    table = make_table(mhd);
    check_available(&table, "plasma_beta", NULL);
    check_available(&table, "B_divergence", NULL);
    const char *const names[] = {"plasma_beta", "speed", "nothing of the kind", "escape_speed"};
    assert_int_equal(pvr_derived_needs(names, 1, NULL, &table, needs), 3);
    assert_string_equal(needs[0], "pressure");
    assert_string_equal(needs[1], "B_left");
    assert_string_equal(needs[2], "B_right");
    const struct pvr_derived_options mean = {.bulk = PVR_BULK_MEAN};
    assert_int_equal(pvr_derived_needs(names + 1, 3, NULL, &table, needs), 1);
    assert_int_equal(pvr_derived_needs(names + 1, 3, &mean, &table, needs), 2);
    assert_string_equal(needs[0], "density");
    assert_string_equal(needs[1], "velocity");
    assert_int_equal(pvr_derived_needs(names, 0, &mean, &table, needs), 0);
    table = make_table(centred);
    check_available(&table, "temperature", "of its own"); /* the file's wins */
    check_available(&table, "B_field", "of its own");
    check_available(&table, "B_magnitude", NULL);
    check_available(&table, "speed", "velocity"); /* one component: not the vector */
    check_available(&table, "B_divergence", "B_left");
    const char *const magnitude[] = {"B_magnitude"};
    assert_int_equal(pvr_derived_needs(magnitude, 1, NULL, &table, needs), 1);
    assert_string_equal(needs[0], "B_field");
    table = make_table(half);
    check_available(&table, "B_magnitude", "B_right");
    strcpy(table.variable[0].name, "mass"); /* a variable's name counts too */
    check_available(&table, "mass", "of its own");
    assert_null(pvr_derived_find("nothing of the kind"));
    assert_null(pvr_derived_at(-1));
    assert_null(pvr_derived_at(pvr_derived_count()));
    assert_false(pvr_derived_available(&(struct pvr_derived_info){.name = "nothing"},
                                       &(struct pvr_info){.ndim = 3}, &table, NULL, 0));
}

/* An output's own field at cell centres does as well as faces. */
static void field_at_cell_centres(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT32, PVR_UNITS_ASTRO, 200, 41);
    const char *names[] = {"B_magnitude", "magnetic_energy", "alfven_mach_number"};
    const struct pvr_derived_request request = {names, 3, PVR_UNITS_ASTRO, PVR_FLOAT64};
    struct pvr_mesh_array faces[3], centred[3];
    struct pvr_error error;
    for (uint64_t i = 0; i < made.mesh.octree->ncells; i++) { /* both faces alike */
        for (int c = 0; c < 3; c++) {
            const struct pvr_mesh_array *left = made_array(&made, "B_left");
            ((float *)made_array(&made, "B_right")->array->data)[3 * i + (uint64_t)c] =
                ((const float *)left->array->data)[3 * i + (uint64_t)c];
        }
    }
    unit_ok(
        pvr_derive(&made.mesh, &made.info, &request, NULL, NULL, NULL, NULL, faces, NULL, &error),
        &error);
    strcpy(made_array(&made, "B_left")->name, "B_field");
    unit_ok(
        pvr_derive(&made.mesh, &made.info, &request, NULL, NULL, NULL, NULL, centred, NULL, &error),
        &error);
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(faces[i].array->data, centred[i].array->data, faces[i].array->bytes);
        pvr_array_release(faces[i].array);
        pvr_array_release(centred[i].array);
    }
    free_mesh(&made);
}

static int stop_at_once(void *context, double fraction, uint64_t done, uint64_t expected) {
    (void)fraction;
    (void)done;
    (void)expected;
    ++*(int *)context;
    return 1;
}

static void mistakes(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 200, 43);
    const struct pvr_derived_options good = {.gamma = 1.4};
    const double nan = (double)NAN;
    const struct {
        const char *name;
        struct pvr_derived_options options;
        const char *part;
    } cases[] = {
        {"nothing", good, "no derived field nothing"},
        {"sound_speed", {.gamma = 0}, "adiabatic index is not known"},
        {"entropy", {.gamma = nan}, "adiabatic index is not known"},
        {"thermal_energy", {.gamma = 1}, "above 1"},
        {"temperature", {.mean_molecular_weight = -1}, "molecular weight"},
        {"temperature", {.hydrogen_fraction = 1.5}, "hydrogen fraction"},
        {"temperature", {.solar_metallicity = -0.1}, "solar metallicity"},
        {"radius", {.has_centre = true, .centre = {0, nan, 0}}, "centre"},
        {"height", {.axis = {0, 0, (double)INFINITY}}, "axis"},
        {"speed", {.bulk = PVR_BULK_GIVEN, .bulk_velocity = {nan, 0, 0}}, "bulk velocity"},
        {"speed", {.bulk = PVR_BULK_MEAN, .bulk_radius = -1}, "radius"},
        {"speed", {.bulk = (enum pvr_bulk_velocity)7}, "no such way"},
        {"speed",
         {.bulk = PVR_BULK_MEAN, .has_centre = true, .centre = {9, 9, 9}, .bulk_radius = 0.1},
         "no leaf cell"},
    };
    struct pvr_error error;
    struct pvr_mesh_array out[2];
    const char *names[2] = {"radius", NULL};
    struct pvr_derived_request request = {names, 2, PVR_UNITS_CODE, PVR_FLOAT64};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        names[1] = cases[i].name;
        unit_failed(pvr_derive(&made.mesh, &made.info, &request, &cases[i].options, NULL, NULL,
                               NULL, out, NULL, &error),
                    &error, cases[i].part);
        assert_true(out[0].array == NULL && out[1].array == NULL);
    }
    names[1] = "mass";
    request.precision = PVR_INT32;
    unit_failed(
        pvr_derive(&made.mesh, &made.info, &request, &good, NULL, NULL, NULL, out, NULL, &error),
        &error, "float or double");
    request.precision = PVR_FLOAT32;
    strcpy(made_array(&made, "density")->name, "densest");
    unit_failed(
        pvr_derive(&made.mesh, &made.info, &request, &good, NULL, NULL, NULL, out, NULL, &error),
        &error, "no array density");
    names[1] = "overdensity";
    made.info.cosmological = false;
    unit_failed(
        pvr_derive(&made.mesh, &made.info, &request, &good, NULL, NULL, NULL, out, NULL, &error),
        &error, "cosmological");
    names[1] = "radius"; /* twice the same is no mistake */
    unit_ok(
        pvr_derive(&made.mesh, &made.info, &request, &good, NULL, NULL, NULL, out, NULL, &error),
        &error);
    assert_memory_equal(out[0].array->data, out[1].array->data, out[0].array->bytes);
    pvr_array_release(out[0].array);
    pvr_array_release(out[1].array);
    request.count = 0;
    unit_ok(
        pvr_derive(&made.mesh, &made.info, &request, &good, NULL, NULL, NULL, out, NULL, &error),
        &error);
    request.count = 2;
    int asked = 0;
    assert_int_equal(pvr_derive(&made.mesh, &made.info, &request, &good, NULL, stop_at_once, &asked,
                                out, NULL, &error),
                     PVR_CANCELLED);
    assert_true(asked > 0 && out[0].array == NULL && out[1].array == NULL);
    free_mesh(&made);
}

/* The page in the repository is the one that the registry makes. */
static void documentation(void **state) {
    (void)state;
    size_t size;
    char *text = pvr_derived_markdown();
    char *page = unit_read_file(PVR_TEST_DATA "/../filters/DERIVED.md", &size);
    assert_non_null(text);
    if (strcmp(text, page) != 0) {
        fail_msg("filters/DERIVED.md is not up to date: bin/derived_markdown writes it anew");
    }
    for (int i = 0; i < pvr_derived_count(); i++) {
        const struct pvr_derived_info *info = pvr_derived_at(i);
        assert_non_null(strstr(text, info->name));
        assert_ptr_equal(pvr_derived_find(info->name), info); /* no name twice */
        assert_true(strlen(info->name) < PVR_NAME_SIZE);
    }
    free(text);
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_outputs),      cmocka_unit_test(positions_of_leaves),
        cmocka_unit_test(what_is_available), cmocka_unit_test(field_at_cell_centres),
        cmocka_unit_test(mistakes),          cmocka_unit_test(documentation),
    };
    return cmocka_run_group_tests_name("derived_use", tests, NULL, NULL);
}
