/* test_mesh.c - pvr_mesh.h, pvr_snapshot.h: real outputs against their numbers and their records.
 */
#include "pvr_mesh.h"

#include "json.h"
#include "plain.h"
#include "pvr_statistics.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALL_FIELDS "density velocity pressure level domain"

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static double expected(const char *json, const struct plain_output *output, const char *key) {
    double value;
    const char *way = unit_path("outputs/output_%05d/%s", output->number, key);
    if (!json_number(json, way, &value)) {
        fail_msg("EXPECT.json of %s has no %s", output->name, way);
    }
    return value;
}

static void near(double found, double wanted, double scale, double tolerance) {
    if (!(fabs(found - wanted) <= tolerance * fabs(scale))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

static void numbers_that_must_be_found(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        const struct plain_output *output = &plain_outputs[o];
        size_t size;
        char *json =
            unit_read_file(unit_path(PVR_TEST_DATA "/%s/EXPECT.json", output->name), &size);
        struct pvr_snapshot *snapshot = open_output(output->path);
        assert_int_equal(pvr_snapshot_number(snapshot), output->number);
        const struct pvr_info *info = pvr_snapshot_info(snapshot);
        assert_int_equal(info->ncpu, expected(json, output, "ncpu"));
        assert_int_equal(info->ndim, expected(json, output, "ndim"));
        assert_int_equal(info->levelmin, expected(json, output, "levelmin"));
        assert_int_equal(pvr_snapshot_nlevelmax(snapshot), expected(json, output, "nlevelmax"));
        near(pvr_snapshot_gamma(snapshot), expected(json, output, "gamma"), 1, 1e-15);
        near(info->time, expected(json, output, "time_code"), info->time, 1e-14);
        double size_code[3];
        uint32_t ncoarse[3];
        pvr_snapshot_box(snapshot, size_code, ncoarse);
        near(size_code[0], expected(json, output, "coarse_cell_size") * ncoarse[0], 1, 1e-15);
        assert_true(pvr_snapshot_disk_bytes(snapshot) > 0);

        struct pvr_mesh *mesh = unit_load(output->path, ALL_FIELDS, PVR_FLOAT64, 0, 2);
        struct pvr_statistics statistics;
        struct pvr_error error;
        unit_ok(pvr_statistics_compute(mesh, NULL, &statistics, &error), &error);
        struct pvr_level_count levels[64];
        int nlevels;
        unit_ok(pvr_snapshot_levels(snapshot, NULL, levels, &nlevels, &error), &error);
        assert_int_equal(nlevels, mesh->octree->max_level);
        assert_int_equal(statistics.leaf_cells, expected(json, output, "leaf_cells"));
        assert_int_equal(mesh->octree->nleaves, statistics.leaf_cells);
        for (int l = 1; l <= PVR_MAX_LEVELS; l++) {
            double cells = 0;
            json_number(json,
                        unit_path("outputs/output_%05d/leaf_cells_per_level/%d", output->number, l),
                        &cells);
            assert_int_equal(statistics.leaf_cells_per_level[l], cells);
            assert_int_equal(l <= nlevels ? levels[l - 1].leaf_cells : 0, cells);
            assert_true(l > nlevels || levels[l - 1].cells == levels[l - 1].octs << info->ndim);
        }
        near(statistics.volume, expected(json, output, "volume"), statistics.volume, 1e-14);
        near(statistics.total_mass, expected(json, output, "total_mass"), statistics.total_mass,
             1e-13);
        for (int i = 0; i < statistics.nfields; i++) {
            const struct pvr_field_statistics *field = &statistics.field[i];
            double value;
            if (!json_number(
                    json,
                    unit_path("outputs/output_%05d/fields/%s/min", output->number, field->name),
                    &value)) {
                continue; /* components beyond ndim; another name in an old descriptor */
            }
            assert_true(field->min == value);
            assert_true(field->max ==
                        expected(json, output, unit_path("fields/%s/max", field->name)));
            near(field->sum_field_volume,
                 expected(json, output, unit_path("fields/%s/sum_field_volume", field->name)),
                 expected(json, output, unit_path("fields/%s/sum_abs_field_volume", field->name)),
                 1e-13);
        }
        pvr_statistics_free(&statistics);
        pvr_mesh_free(mesh);
        pvr_snapshot_release(snapshot);
        free(json);
    }
}

/* Every cell of the files, coarse ones too, is in the mesh at its place, with its values. */
static void every_cell_is_where_the_files_say(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct plain plain = plain_read(plain_outputs[o].path, plain_outputs[o].number);
        const char *fields = plain.ngravity > 0 ? ALL_FIELDS " potential acceleration" : ALL_FIELDS;
        struct pvr_mesh *mesh = unit_load(plain_outputs[o].path, fields, PVR_FLOAT64, 0, 3);
        const struct pvr_array *density = mesh->arrays[0].array, *velocity = mesh->arrays[1].array;
        const struct pvr_array *pressure = mesh->arrays[2].array, *level = mesh->arrays[3].array;
        const struct pvr_array *domain = mesh->arrays[4].array;
        assert_int_equal(level->type, PVR_UINT8);
        assert_int_equal(domain->type, PVR_INT32);
        assert_int_equal(velocity->ncomponents, 3);
        assert_int_equal(mesh->arrays[1].ncomponents, plain.ndim);
        uint64_t found = 0, leaves = 0;
        for (size_t i = 0; i < plain.count; i++) {
            const struct plain_cell *want = &plain.cell[i];
            struct pvr_cell cell;
            if (want->level < mesh->octree->root_level) {
                continue;
            }
            found++;
            leaves += !want->refined;
            bool right = pvr_octree_cell(mesh->octree, want->level, want->at, &cell) &&
                         cell.level == want->level && cell.refined == want->refined &&
                         unit_value(density, cell.index, 0) == want->value[0] &&
                         unit_value(pressure, cell.index, 0) == want->value[1 + plain.ndim] &&
                         unit_value(level, cell.index, 0) == want->level &&
                         unit_value(domain, cell.index, 0) == want->domain;
            for (int c = 0; c < 3; c++) {
                right = right && unit_value(velocity, cell.index, c) ==
                                     (c < plain.ndim ? want->value[1 + c] : 0);
            }
            for (int v = 0; v < plain.ngravity; v++) {
                const struct pvr_array *array = mesh->arrays[v == 0 ? 5 : 6].array;
                right = right && unit_value(array, cell.index, v == 0 ? 0 : v - 1) ==
                                     want->value[plain.nvar + v];
            }
            if (!right) {
                fail_msg("%s: cell %zu of level %d", plain_outputs[o].path, i, want->level);
            }
        }
        assert_int_equal(found, mesh->octree->ncells); /* nothing else is in it */
        assert_int_equal(leaves, mesh->octree->nleaves);
        pvr_mesh_free(mesh);
        plain_free(&plain);
    }
}

/* A mesh of fewer levels has the same cells with the same values (RAMSES' own coarse ones), its
 * last are leaves, and less is read. */
static void fewer_levels(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct plain plain = plain_read(plain_outputs[o].path, plain_outputs[o].number);
        int deepest = plain.cell[plain.count - 1].level;
        for (size_t i = 0; i < plain.count; i++) {
            deepest = plain.cell[i].level > deepest ? plain.cell[i].level : deepest;
        }
        uint64_t last_bytes = 0;
        for (int m = 1; m <= deepest + 2; m++) {
            struct pvr_mesh *mesh = unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT64, m, 2);
            const struct pvr_octree *octree = mesh->octree;
            uint64_t found = 0, leaves = 0;
            assert_int_equal(octree->max_level, m < deepest ? m : deepest);
            for (size_t i = 0; i < plain.count; i++) {
                const struct plain_cell *want = &plain.cell[i];
                struct pvr_cell cell;
                if (want->level < octree->root_level || want->level > m) {
                    continue;
                }
                bool leaf = !want->refined || want->level == m;
                found++;
                leaves += leaf;
                if (!pvr_octree_cell(octree, want->level, want->at, &cell) ||
                    cell.level != want->level || cell.refined == leaf ||
                    unit_value(mesh->arrays[0].array, cell.index, 0) != want->value[0] ||
                    unit_value(mesh->arrays[1].array, cell.index, 0) != want->value[1] ||
                    unit_value(mesh->arrays[3].array, cell.index, 0) != want->level) {
                    fail_msg("%s: cell %zu of level %d", plain_outputs[o].path, i, want->level);
                }
            }
            assert_int_equal(octree->ncells, found);
            assert_int_equal(octree->nleaves, leaves);
            assert_true(m > deepest || mesh->report.bytes_read > last_bytes);
            assert_true(m <= deepest || mesh->report.bytes_read == last_bytes);
            last_bytes = mesh->report.bytes_read;
            pvr_mesh_free(mesh);
        }
        plain_free(&plain);
    }
}

static void float_is_double_rounded(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct pvr_mesh *wide = unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT64, 0, 2);
        struct pvr_mesh *narrow = unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT32, 0, 2);
        unit_same_octree(wide->octree, narrow->octree);
        for (int a = 0; a < 3; a++) {
            const double *from = wide->arrays[a].array->data;
            const float *to = narrow->arrays[a].array->data;
            assert_int_equal(narrow->arrays[a].array->type, PVR_FLOAT32);
            uint64_t n = wide->arrays[a].array->bytes / 8;
            assert_int_equal(narrow->arrays[a].array->bytes, n * 4);
            for (uint64_t i = 0; i < n; i++) {
                assert_true(to[i] == (float)from[i]);
            }
        }
        pvr_mesh_free(wide);
        pvr_mesh_free(narrow);
    }
}

/* Any choice of fields in any order gives the same arrays, and reads no more than it must. */
static void choice_of_fields(void **state) {
    (void)state;
    static const char *const choices[] = {"",
                                          "density",
                                          "pressure density",
                                          "velocity",
                                          "level",
                                          "domain level",
                                          "velocity_y",
                                          "velocity_z velocity velocity_x",
                                          "density density",
                                          "pressure level velocity"};
    const char *path = plain_outputs[3].path;
    struct pvr_mesh *all = unit_load(path, ALL_FIELDS, PVR_FLOAT64, 0, 2);
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct pvr_mesh *mesh = unit_load(path, choices[i], PVR_FLOAT64, 0, 2);
        unit_same_octree(mesh->octree, all->octree);
        assert_int_equal(mesh->narrays == 0, choices[i][0] == '\0');
        for (int a = 0; a < mesh->narrays; a++) {
            const char *name = mesh->arrays[a].name;
            const struct pvr_array *array = mesh->arrays[a].array;
            if (strncmp(name, "velocity_", 9) == 0) {
                assert_int_equal(array->ncomponents, 1);
                for (uint64_t c = 0; c < array->ntuples; c++) {
                    assert_true(unit_value(array, c, 0) ==
                                unit_value(all->arrays[1].array, c, name[9] - 'x'));
                }
            } else {
                const struct pvr_array *same = unit_array(all, name)->array;
                assert_int_equal(array->bytes, same->bytes);
                assert_memory_equal(array->data, same->data, array->bytes);
            }
        }
        assert_true(mesh->narrays >= 3 || mesh->report.bytes_read < all->report.bytes_read);
        pvr_mesh_free(mesh);
    }
    pvr_mesh_free(all);
}

static void requests_that_cannot_be_met(void **state) {
    (void)state;
    static const char *const unknown[] = {"nothing"}, *const empty[] = {""},
                             *const second[] = {"density", "Density"};
    const struct {
        struct pvr_mesh_request request;
        const char *part;
    } bad[] = {
        {{.fields = unknown, .nfields = 1, .precision = PVR_FLOAT64}, "nothing"},
        {{.fields = empty, .nfields = 1, .precision = PVR_FLOAT64}, "field"},
        {{.fields = second, .nfields = 2, .precision = PVR_FLOAT64}, "Density"},
        {{.fields = second, .nfields = 1, .precision = PVR_UINT8}, "type"},
        {{.fields = second, .nfields = 1, .precision = PVR_INT64}, "type"},
        {{.max_level = -1, .precision = PVR_FLOAT64}, "level"},
        {{.max_level = INT32_MIN, .precision = PVR_FLOAT64}, "level"},
    };
    struct pvr_snapshot *snapshot = open_output(plain_outputs[0].path);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pvr_mesh *mesh;
        struct pvr_error error;
        uint64_t bytes;
        enum pvr_status status =
            pvr_mesh_load(snapshot, &bad[i].request, NULL, NULL, NULL, &mesh, &error);
        unit_failed(status, &error, bad[i].part);
        assert_int_equal(status, PVR_ERROR_ARGUMENT);
        assert_null(mesh);
        assert_int_equal(pvr_mesh_load(snapshot, &bad[i].request, NULL, NULL, NULL, &mesh, NULL),
                         PVR_ERROR_ARGUMENT);
        unit_failed(pvr_mesh_bytes(snapshot, &bad[i].request, NULL, &bytes, &error), &error,
                    bad[i].part);
        assert_int_equal(bytes, 0);
    }
    pvr_snapshot_release(snapshot);
}

static void units_and_sizes(void **state) {
    (void)state;
    static const char *const fields[] = {"density", "velocity", "pressure", "level"};
    const char *path = plain_outputs[6].path;
    struct pvr_snapshot *snapshot = open_output(path);
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    struct pvr_mesh *code = unit_load(path, ALL_FIELDS, PVR_FLOAT64, 6, 2);
    for (int system = PVR_UNITS_CODE; system <= PVR_UNITS_ASTRO; system++) {
        const struct pvr_mesh_request request = {.max_level = 6,
                                                 .fields = fields,
                                                 .nfields = 4,
                                                 .precision = PVR_FLOAT64,
                                                 .units = (enum pvr_field_units)system};
        struct pvr_mesh *mesh;
        struct pvr_error error;
        uint64_t bytes, sum = 0;
        unit_ok(pvr_mesh_bytes(snapshot, &request, NULL, &bytes, &error), &error);
        unit_ok(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error);
        static const enum pvr_dimension dimensions[] = {PVR_DENSITY, PVR_VELOCITY, PVR_PRESSURE,
                                                        PVR_DIMENSIONLESS};
        for (int a = 0; a < 4; a++) {
            struct pvr_unit unit = pvr_field_unit(info, dimensions[a], request.units);
            assert_true(mesh->arrays[a].unit.factor == unit.factor);
            assert_string_equal(mesh->arrays[a].unit.label, unit.label);
            const struct pvr_array *array = mesh->arrays[a].array;
            for (uint64_t i = 0; a < 3 && i < array->ntuples; i += 7) {
                assert_true(unit_value(array, i, 0) ==
                            unit_value(code->arrays[a].array, i, 0) * unit.factor);
            }
            sum += array->bytes;
        }
        assert_int_equal(bytes, sum);
        pvr_mesh_free(mesh);
    }
    pvr_mesh_free(code);
    pvr_snapshot_release(snapshot);
}

static void extrema_of_all_cells(void **state) {
    (void)state;
    struct pvr_mesh *mesh = unit_load(plain_outputs[3].path, ALL_FIELDS, PVR_FLOAT32, 0, 2);
    struct pvr_error error;
    unit_ok(pvr_mesh_find_ranges(mesh->arrays, mesh->narrays, NULL, &error), &error);
    for (int a = 0; a < 3; a++) {
        const struct pvr_mesh_array *array = &mesh->arrays[a];
        int width = array->array->ncomponents;
        double low[3] = {DBL_MAX, DBL_MAX, DBL_MAX}, high[3] = {-DBL_MAX, -DBL_MAX, -DBL_MAX};
        double norm[2] = {DBL_MAX, -DBL_MAX};
        for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
            double square = 0;
            for (int c = 0; c < width; c++) {
                double value = unit_value(array->array, i, c);
                low[c] = fmin(low[c], value);
                high[c] = fmax(high[c], value);
                square += value * value;
            }
            norm[0] = fmin(norm[0], width > 1 ? sqrt(square) : low[0]);
            norm[1] = fmax(norm[1], width > 1 ? sqrt(square) : high[0]);
        }
        assert_true(array->has_ranges);
        for (int c = 0; c < width; c++) {
            assert_true(array->range[c][0] == low[c] && array->range[c][1] == high[c]);
        }
        near(array->norm[0], norm[0], norm[1], 1e-12);
        near(array->norm[1], norm[1], norm[1], 1e-12);
    }
    double low = mesh->arrays[0].range[0][0], high = mesh->arrays[0].range[0][1];
    ((float *)mesh->arrays[0].array->data)[5] = (float)NAN;
    ((float *)mesh->arrays[1].array->data)[7] = (float)INFINITY;
    unit_ok(pvr_mesh_find_ranges(mesh->arrays, mesh->narrays, NULL, &error), &error);
    assert_true(mesh->arrays[0].has_ranges);
    assert_true(mesh->arrays[0].range[0][0] >= low && mesh->arrays[0].range[0][1] <= high);
    assert_false(mesh->arrays[1].has_ranges);
    assert_true(mesh->arrays[2].has_ranges);
    for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
        ((float *)mesh->arrays[0].array->data)[i] = (float)NAN;
    }
    unit_ok(pvr_mesh_find_ranges(mesh->arrays, 1, NULL, &error), &error);
    assert_false(mesh->arrays[0].has_ranges);
    pvr_mesh_free(mesh);
}

static void an_output_without_hydro(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *path = unit_path("%s/output_00002", folder);
    unit_copy(plain_outputs[1].path, path);
    unit_remove(unit_path("%s/hydro_00002.out00001", path));
    unit_remove(unit_path("%s/hydro_00002.out00002", path));
    unit_remove(unit_path("%s/hydro_file_descriptor.txt", path));
    struct pvr_mesh *mesh = unit_load(path, "level domain", PVR_FLOAT64, 0, 2);
    struct pvr_mesh *same = unit_load(plain_outputs[1].path, "level domain", PVR_FLOAT64, 0, 2);
    unit_same_mesh(mesh, same);
    struct pvr_snapshot *snapshot = open_output(path);
    assert_int_equal(pvr_snapshot_fields(snapshot)->nfields, 0);
    assert_true(pvr_snapshot_gamma(snapshot) == 0);
    assert_null(pvr_snapshot_warnings(snapshot));
    pvr_snapshot_release(snapshot);
    pvr_mesh_free(mesh);
    pvr_mesh_free(same);
    pvr_mesh_free(NULL);
    unit_drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_must_be_found),
        cmocka_unit_test(every_cell_is_where_the_files_say),
        cmocka_unit_test(fewer_levels),
        cmocka_unit_test(float_is_double_rounded),
        cmocka_unit_test(choice_of_fields),
        cmocka_unit_test(requests_that_cannot_be_met),
        cmocka_unit_test(units_and_sizes),
        cmocka_unit_test(extrema_of_all_cells),
        cmocka_unit_test(an_output_without_hydro),
    };
    return cmocka_run_group_tests_name("mesh", tests, NULL, NULL);
}
