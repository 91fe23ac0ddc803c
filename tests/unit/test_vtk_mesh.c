/* test_vtk_mesh.c - pvr_vtk_mesh.h, pvr_vtk_points.h, pvr_vtk_series.h: bits, values and geometry
 * as they stand in the files, in blocks so small that everything crosses their borders. */
#include "pvr_vtk_mesh.h"

#include "derived_mesh.h"
#include "pvr_coarsen.h"
#include "pvr_vtk_points.h"
#include "pvr_vtk_series.h"
#include "support.h"
#include "vtk_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pvr_vtk_field field_of(const struct pvr_mesh *mesh, const char *name) {
    return (struct pvr_vtk_field){
        .name = name, .unit = "km/s", .array = unit_array(mesh, name)->array};
}

static uint64_t number_in(const char *tag, const char *attribute) {
    char *text = vtk_read_attribute(tag, attribute);
    assert_non_null(text);
    const uint64_t number = strtoull(text, NULL, 10);
    free(text);
    return number;
}

/* The n-th bit of an array of bits. */
static unsigned bit(const uint8_t *bytes, uint64_t n) {
    return bytes[n / 8] >> (7 - n % 8) & 1u;
}

static const char *tag_in(const char *from, const char *name) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, " Name=\"%s\"", name);
    const char *at = strstr(from, wanted);
    assert_non_null(at);
    while (*at != '<') {
        at--;
    }
    return at;
}

/* Where each cell is, in the order of its index. */
struct place {
    int level;
    bool refined, outside;
};

static void find_places(const struct pvr_octree *octree, const struct pvr_cell *cell,
                        struct place *places) {
    places[cell->index] = (struct place){cell->level, cell->refined, cell->outside};
    struct pvr_cell children[8];
    const int count = pvr_octree_children(octree, cell, children);
    for (int c = 0; c < count; c++) {
        find_places(octree, &children[c], places);
    }
}

static struct place *all_places(const struct pvr_octree *octree) {
    struct place *places = calloc(octree->ncells, sizeof *places);
    assert_non_null(places);
    for (uint64_t tree = 0; tree < octree->ntrees; tree++) {
        const uint32_t *dims = octree->root_dims;
        const uint32_t at[3] = {(uint32_t)(tree % dims[0]), (uint32_t)(tree / dims[0] % dims[1]),
                                (uint32_t)(tree / dims[0] / dims[1])};
        struct pvr_cell root;
        assert_true(pvr_octree_cell(octree, octree->root_level, at, &root));
        find_places(octree, &root, places);
    }
    return places;
}

/* Compares the trees of a file with the octree, cell by cell. */
static void check_trees(const char *path, const struct pvr_mesh *mesh) {
    const struct pvr_octree *octree = mesh->octree;
    struct vtk_read file = vtk_read_open(path);
    struct place *places = all_places(octree);
    const uint64_t *first = octree->level[octree->root_level].tree_cell;
    const char *at = file.file;
    for (uint64_t tree = 0; tree < octree->ntrees; tree++) {
        const uint64_t end = tree + 1 < octree->ntrees ? first[tree + 1] : octree->ncells;
        const uint64_t ncells = end - first[tree];
        if (places[first[tree]].outside) {
            assert_int_equal(ncells, 1); /* left out */
            continue;
        }
        const char *element = strstr(at, "<Tree ");
        assert_non_null(element);
        assert_int_equal(number_in(element, "Index"), tree);
        assert_int_equal(number_in(element, "NumberOfVertices"), ncells);
        int deepest = octree->root_level;
        for (uint64_t i = first[tree]; i < end; i++) {
            deepest = places[i].level > deepest ? places[i].level : deepest;
        }
        assert_int_equal(number_in(element, "NumberOfLevels"), deepest - octree->root_level + 1);
        uint64_t bytes;
        const char *tag = tag_in(element, "Descriptor");
        uint8_t *bits = vtk_read_array(&file, tag, &bytes);
        uint64_t described = 0;
        for (uint64_t i = first[tree]; i < end; i++) {
            if (places[i].level < deepest) {
                assert_int_equal(bit(bits, described++), places[i].refined);
            }
        }
        assert_int_equal(number_in(tag, "NumberOfTuples"), described);
        assert_int_equal(bytes, (described + 7) / 8);
        free(bits);
        bool masked = strstr(file.file, "\"Mask\"") != NULL;
        if (masked) {
            bits = vtk_read_array(&file, tag_in(element, "Mask"), &bytes);
            assert_int_equal(bytes, (ncells + 7) / 8);
        }
        for (uint64_t i = first[tree]; i < end; i++) {
            assert_int_equal(masked ? bit(bits, i - first[tree]) : 0, places[i].outside);
        }
        if (masked) {
            free(bits);
        }
        const struct pvr_array *velocity = unit_array(mesh, "velocity")->array;
        char *values = vtk_read_array(&file, tag_in(element, "velocity"), &bytes);
        const size_t tuple = (size_t)(velocity->bytes / velocity->ntuples);
        assert_int_equal(bytes, ncells * tuple);
        assert_memory_equal(values, (const char *)velocity->data + first[tree] * tuple, bytes);
        free(values);
        at = element + 1;
    }
    assert_null(strstr(at, "<Tree "));
    free(places);
    vtk_read_close(&file);
}

static void trees_are_those_of_the_octree(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int hidden = 0; hidden < 3; hidden++) {
            struct made_mesh made = make_mesh(ndim, ndim == 2 ? PVR_FLOAT32 : PVR_FLOAT64,
                                              PVR_UNITS_CODE, 400, 40 + (uint64_t)ndim);
            const struct pvr_coarsen_request request = {.min_level = hidden == 0 ? 1 : hidden + 2};
            struct pvr_mesh *mesh;
            struct pvr_error error;
            unit_ok(pvr_mesh_coarsen(&made.mesh, &request, NULL, &mesh, &error), &error);
            const struct pvr_vtk_field field = field_of(mesh, "velocity");
            const struct pvr_vtk_mesh written = {
                .octree = mesh->octree, .nfields = 1, .fields = &field};
            const char *path = unit_path("%s/mesh.htg", unit_folder);
            for (int threads = 1; threads <= 3; threads += 2) {
                const struct pvr_threads team = {.max = threads};
                const struct pvr_vtk_options options = {.block_bytes = 24};
                unit_ok(
                    pvr_vtk_htg_write(path, &written, &options, &team, NULL, NULL, NULL, &error),
                    &error);
                check_trees(path, mesh);
            }
            pvr_mesh_free(mesh);
            free_mesh(&made);
        }
    }
}

/* Volumes and values of the leaf cells, from the corners in the file. */
static void leaf_cells_fill_the_box(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct made_mesh made = make_mesh(ndim, PVR_FLOAT64, PVR_UNITS_CODE, 400, 7);
        const struct pvr_octree *octree = made.mesh.octree;
        struct pvr_vtk_field field = field_of(&made.mesh, "density");
        field.log10 = true;
        const struct pvr_vtk_mesh written = {
            .octree = made.mesh.octree, .nfields = 1, .fields = &field};
        const struct pvr_vtk_options options = {.block_bytes = 1000};
        const char *path = unit_path("%s/cells.vtu", unit_folder);
        struct pvr_error error;
        unit_ok(pvr_vtk_vtu_write(path, &written, &options, NULL, NULL, NULL, NULL, &error),
                &error);
        struct vtk_read file = vtk_read_open(path);
        uint64_t bytes;
        double *points = vtk_read_array(&file, vtk_read_tag(&file, "Points", 0), &bytes);
        const uint64_t npoints = bytes / 24;
        int32_t *corners = vtk_read_array(&file, vtk_read_tag(&file, "connectivity", 0), &bytes);
        const int per_cell = 1 << ndim;
        assert_int_equal(bytes, 4 * octree->nleaves * (uint64_t)per_cell);
        int32_t *offsets = vtk_read_array(&file, vtk_read_tag(&file, "offsets", 0), &bytes);
        assert_int_equal(bytes, 4 * octree->nleaves);
        uint8_t *types = vtk_read_array(&file, vtk_read_tag(&file, "types", 0), &bytes);
        assert_int_equal(bytes, octree->nleaves);
        double *values = vtk_read_array(&file, vtk_read_tag(&file, "density", 0), &bytes);
        assert_int_equal(bytes, 8 * octree->nleaves);
        uint64_t leaf = 0;
        for (uint64_t i = 0; i < octree->ncells; i++) {
            if (made.place[i].refined) {
                continue;
            }
            double centre[3], low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-1, -1, -1};
            made_centre(&made, i, centre);
            for (int c = 0; c < per_cell; c++) {
                const int32_t point = corners[leaf * (uint64_t)per_cell + (uint64_t)c];
                assert_in_range(point, 0, npoints - 1);
                for (int axis = 0; axis < 3; axis++) {
                    low[axis] = fmin(low[axis], points[3 * point + axis]);
                    high[axis] = fmax(high[axis], points[3 * point + axis]);
                }
            }
            double volume = 1;
            for (int axis = 0; axis < ndim; axis++) {
                volume *= high[axis] - low[axis];
                assert_true(fabs(0.5 * (low[axis] + high[axis]) - centre[axis]) < 1e-14);
            }
            assert_true(fabs(volume / pvr_octree_cell_volume(octree, made.place[i].level) - 1) <
                        1e-12);
            assert_int_equal(offsets[leaf], (leaf + 1) * (uint64_t)per_cell);
            assert_int_equal(types[leaf], ndim == 3 ? 11 : ndim == 2 ? 8 : 3);
            assert_true(values[leaf] == log10(unit_value(field.array, i, 0)));
            leaf++;
        }
        assert_int_equal(leaf, octree->nleaves);
        free(points);
        free(corners);
        free(offsets);
        free(types);
        free(values);
        vtk_read_close(&file);
        free_mesh(&made);
    }
}

static void logarithms_of_what_has_none_are_no_numbers(void **state) {
    (void)state;
    struct pvr_array *array;
    struct pvr_error error;
    unit_ok(pvr_array_new(PVR_FLOAT64, 1, 6, &array, &error), &error);
    static const double given[6] = {100, 0, -5, NAN, INFINITY, 1e-300};
    memcpy(array->data, given, sizeof given);
    const struct pvr_vtk_field field = {.name = "x", .array = array, .log10 = true};
    struct pvr_array *position;
    unit_ok(pvr_array_new(PVR_FLOAT32, 3, 6, &position, &error), &error);
    ((float *)position->data)[4] = 0.5F;
    const struct pvr_vtk_points points = {
        .count = 6, .position = position, .length_factor = 4, .nfields = 1, .fields = &field};
    const char *path = unit_path("%s/points.vtp", unit_folder);
    unit_ok(pvr_vtk_points_write(path, &points, NULL, NULL, NULL, NULL, NULL, &error), &error);
    struct vtk_read file = vtk_read_open(path);
    uint64_t bytes;
    double *values = vtk_read_array(&file, vtk_read_tag(&file, "x", 0), &bytes);
    assert_true(values[0] == 2 && isnan(values[1]) && isnan(values[2]) && isnan(values[3]));
    assert_true(values[4] == INFINITY && values[5] == -300);
    float *places = vtk_read_array(&file, vtk_read_tag(&file, "Points", 0), &bytes);
    assert_int_equal(bytes, 72);
    assert_true(places[4] == 2);
    int64_t *vertices = vtk_read_array(&file, vtk_read_tag(&file, "connectivity", 0), &bytes);
    int64_t *ends = vtk_read_array(&file, vtk_read_tag(&file, "offsets", 0), &bytes);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(vertices[i], i);
        assert_int_equal(ends[i], i + 1);
    }
    free(values);
    free(places);
    free(vertices);
    free(ends);
    vtk_read_close(&file);
    pvr_array_release(array);
    pvr_array_release(position);
}

static void arrays_of_other_lengths_are_refused(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(2, PVR_FLOAT64, PVR_UNITS_CODE, 100, 3);
    struct pvr_array *array;
    struct pvr_error error;
    unit_ok(pvr_array_new(PVR_INT32, 1, made.mesh.octree->ncells - 1, &array, &error), &error);
    struct pvr_vtk_field field = {.name = "short", .array = array};
    const struct pvr_vtk_mesh mesh = {.octree = made.mesh.octree, .nfields = 1, .fields = &field};
    const char *path = unit_path("%s/no.htg", unit_folder);
    unit_failed(pvr_vtk_htg_write(path, &mesh, NULL, NULL, NULL, NULL, NULL, &error), &error,
                "'short' has");
    unit_failed(pvr_vtk_vtu_write(path, &mesh, NULL, NULL, NULL, NULL, NULL, &error), &error,
                "'short' has");
    struct pvr_vtk_points points = {.count = 5, .nfields = 1, .fields = &field};
    unit_failed(pvr_vtk_points_write(path, &points, NULL, NULL, NULL, NULL, NULL, &error), &error,
                "no positions");
    pvr_array_release(array);
    unit_ok(pvr_array_new(PVR_INT32, 1, made.mesh.octree->ncells, &array, &error), &error);
    field.array = array;
    field.log10 = true;
    unit_failed(pvr_vtk_htg_write(path, &mesh, NULL, NULL, NULL, NULL, NULL, &error), &error,
                "whole numbers");
    pvr_array_release(array);
    free_mesh(&made);
}

static void a_series_lists_its_files(void **state) {
    (void)state;
    const char *path = unit_path("%s/gas.pvd", unit_folder);
    const struct pvr_vtk_step steps[] = {{0.1, unit_path("%s/gas_1.htg", unit_folder)},
                                         {1e22, "/else/where & there.htg"}};
    struct pvr_error error;
    unit_ok(pvr_vtk_series_write(path, steps, 2, &error), &error);
    char *text = unit_read_file(path, &(size_t){0});
    assert_non_null(strstr(text, "timestep=\"0.10000000000000001\" part=\"0\" file=\"gas_1.htg\""));
    assert_non_null(strstr(text, "timestep=\"1e+22\""));
    assert_non_null(strstr(text, "file=\"/else/where &amp; there.htg\""));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unit_folder_begin, unit_folder_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(trees_are_those_of_the_octree),
        TEST(leaf_cells_fill_the_box),
        TEST(logarithms_of_what_has_none_are_no_numbers),
        TEST(arrays_of_other_lengths_are_refused),
        TEST(a_series_lists_its_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
