/* test_statistics.c - pvr_statistics.h: sums and extrema against a plain loop in long double. */
#include "pvr_statistics.h"

#include "plain.h"
#include "support.h"
#include "tree.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A mesh of random cells with arrays of the given names, types and widths, all values 0. */
static struct pvr_mesh *make_mesh(int ndim, int root_level, int max_level, int percent,
                                  const char *const *names, const enum pvr_type *types,
                                  const int *widths, int narrays) {
    static const uint32_t ncoarse[3] = {2, 1, 1};
    struct tree tree = tree_random(ndim, ncoarse, root_level, max_level, percent, 60000, 11);
    struct pvr_mesh *mesh = calloc(1, sizeof *mesh);
    assert_non_null(mesh);
    struct pvr_error error;
    unit_ok(tree_build(&tree, 1, 2, &mesh->octree, NULL, &error), &error);
    tree_free(&tree);
    mesh->narrays = narrays;
    mesh->arrays = calloc((size_t)narrays + 1, sizeof *mesh->arrays);
    assert_non_null(mesh->arrays);
    for (int i = 0; i < narrays; i++) {
        strcpy(mesh->arrays[i].name, names[i]);
        mesh->arrays[i].ncomponents = widths[i];
        unit_ok(pvr_array_new(types[i], widths[i], mesh->octree->ncells, &mesh->arrays[i].array,
                              &error),
                &error);
    }
    return mesh;
}

/* Goes to the next leaf of a mesh; begin with cell.level = 0. */
struct walk {
    const struct pvr_octree *octree;
    uint64_t tree;
    int depth;
    struct pvr_cell cell;
    struct pvr_cell stack[PVR_MAX_LEVELS * 8];
};

static bool next_leaf(struct walk *walk) {
    const struct pvr_octree *octree = walk->octree;
    for (;;) {
        if (walk->depth == 0) {
            if (walk->tree == octree->ntrees) {
                return false;
            }
            uint32_t nx = octree->root_dims[0], ny = octree->root_dims[1];
            const uint32_t at[3] = {(uint32_t)(walk->tree % nx), (uint32_t)(walk->tree / nx % ny),
                                    (uint32_t)(walk->tree / nx / ny)};
            assert_true(
                pvr_octree_cell(octree, octree->root_level, at, &walk->stack[walk->depth++]));
            walk->tree++;
        }
        walk->cell = walk->stack[--walk->depth];
        if (!walk->cell.refined) {
            return true;
        }
        walk->depth += pvr_octree_children(octree, &walk->cell, &walk->stack[walk->depth]);
    }
}

static void near(double found, long double wanted, long double scale) {
    if (!(fabsl((long double)found - wanted) <= 1e-15L * fabsl(scale))) {
        fail_msg("%.17g is not %.17Lg", found, wanted);
    }
}

/* Compares with a plain loop over the leaves. */
static void check(const struct pvr_mesh *mesh, const struct pvr_statistics *statistics) {
    int next = 0;
    for (int a = 0; a < mesh->narrays; a++) {
        const struct pvr_array *array = mesh->arrays[a].array;
        bool real = array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64;
        for (int c = 0; real && c < mesh->arrays[a].ncomponents; c++) {
            const struct pvr_field_statistics *field = &statistics->field[next++];
            assert_string_equal(field->name,
                                array->ncomponents == 1
                                    ? mesh->arrays[a].name
                                    : unit_path("%s_%c", mesh->arrays[a].name, 'x' + c));
            long double sum = 0, scale = 0;
            double low = DBL_MAX, high = -DBL_MAX;
            uint64_t finite = 0, leaves = 0;
            struct walk walk = {.octree = mesh->octree};
            while (next_leaf(&walk)) {
                double value = unit_value(array, walk.cell.index, c);
                leaves++;
                if (isfinite(value)) {
                    long double part = (long double)value * (long double)pvr_octree_cell_volume(
                                                                mesh->octree, walk.cell.level);
                    finite++;
                    sum += part;
                    scale += fabsl(part);
                    low = fmin(low, value);
                    high = fmax(high, value);
                }
            }
            assert_int_equal(leaves, statistics->leaf_cells);
            assert_int_equal(field->not_finite, leaves - finite);
            near(field->sum_field_volume, sum, scale * 0.01L + fabsl(sum));
            if (finite > 0) {
                assert_true(field->min == low && field->max == high);
            } else {
                assert_true(isnan(field->min) && isnan(field->max));
                assert_true(field->sum_field_volume == 0);
            }
            if (strcmp(field->name, "density") == 0) {
                assert_true(statistics->total_mass == field->sum_field_volume);
            }
        }
    }
    assert_int_equal(statistics->nfields, next);
}

static struct pvr_statistics compute(const struct pvr_mesh *mesh, int threads) {
    struct pvr_statistics statistics;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = threads};
    unit_ok(pvr_statistics_compute(mesh, &settings, &statistics, &error), &error);
    return statistics;
}

static void same_for_any_team(const struct pvr_mesh *mesh) {
    static const int threads[] = {2, 3, 8, 64};
    struct pvr_statistics one = compute(mesh, 1);
    check(mesh, &one);
    for (int i = 0; i < 4; i++) {
        struct pvr_statistics other = compute(mesh, threads[i]);
        assert_int_equal(other.leaf_cells, one.leaf_cells);
        assert_memory_equal(other.leaf_cells_per_level, one.leaf_cells_per_level,
                            sizeof one.leaf_cells_per_level);
        assert_memory_equal(&other.volume, &one.volume, sizeof one.volume);
        assert_memory_equal(&other.total_mass, &one.total_mass, sizeof one.total_mass);
        for (int f = 0; f < one.nfields; f++) {
            assert_memory_equal(&other.field[f].min, &one.field[f].min, sizeof(double));
            assert_memory_equal(&other.field[f].max, &one.field[f].max, sizeof(double));
            assert_memory_equal(&other.field[f].sum_field_volume, &one.field[f].sum_field_volume,
                                sizeof(double));
        }
        pvr_statistics_free(&other);
    }
    pvr_statistics_free(&one);
}

static const char *const names[] = {"density", "velocity", "narrow", "level"};
static const enum pvr_type types[] = {PVR_FLOAT64, PVR_FLOAT64, PVR_FLOAT32, PVR_UINT8};
static const int widths[] = {1, 3, 1, 1};

/* Values that a plain sum in double would lose: 1 beside 1e16 that cancel each other. */
static void sums_keep_their_digits(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_mesh *mesh = make_mesh(ndim, 3, 7, 45, names, types, widths, 4);
        double *density = mesh->arrays[0].array->data, *velocity = mesh->arrays[1].array->data;
        float *narrow = mesh->arrays[2].array->data;
        uint64_t random = 3;
        for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
            uint64_t r = unit_random(&random);
            density[i] = i % 2 == 0 ? 1e16 : -1e16 + (double)(r % 8);
            for (int c = 0; c < 3; c++) {
                velocity[3 * i + (uint64_t)c] =
                    ldexp((double)(unit_random(&random) >> 12) - 0x1p51, (int)(r % 60) - 80);
            }
            narrow[i] = (float)(r % 1000) / 7.0f;
        }
        same_for_any_team(mesh);
        pvr_mesh_free(mesh);
    }
}

static void values_that_are_not_finite(void **state) {
    (void)state;
    struct pvr_mesh *mesh = make_mesh(2, 2, 6, 50, names, types, widths, 4);
    double *density = mesh->arrays[0].array->data, *velocity = mesh->arrays[1].array->data;
    float *narrow = mesh->arrays[2].array->data;
    for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
        density[i] = i % 5 == 0 ? (double)NAN : i % 7 == 0 ? -(double)INFINITY : (double)i;
        velocity[3 * i] = (double)NAN; /* all of them */
        velocity[3 * i + 1] = i % 2 == 0 ? (double)INFINITY : 2;
        narrow[i] = i % 3 == 0 ? (float)NAN : -3;
    }
    same_for_any_team(mesh);
    struct pvr_statistics statistics = compute(mesh, 2);
    assert_true(statistics.field[0].not_finite > 0);
    assert_int_equal(statistics.field[1].not_finite, statistics.leaf_cells);
    pvr_statistics_free(&statistics);
    pvr_mesh_free(mesh);
}

static void counts_and_volumes(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int max_level = 2; max_level <= 7; max_level += 5) { /* roots alone, and deep ones */
            struct pvr_mesh *mesh = make_mesh(ndim, 2, max_level, 40, names, types, widths, 0);
            struct pvr_statistics statistics = compute(mesh, 2);
            uint64_t leaves[PVR_MAX_LEVELS + 1] = {0}, all = 0;
            long double volume = 0;
            struct walk walk = {.octree = mesh->octree};
            while (next_leaf(&walk)) {
                leaves[walk.cell.level]++;
                all++;
                volume += (long double)pvr_octree_cell_volume(mesh->octree, walk.cell.level);
            }
            assert_int_equal(statistics.leaf_cells, all);
            assert_int_equal(mesh->octree->nleaves, all);
            assert_memory_equal(statistics.leaf_cells_per_level, leaves, sizeof leaves);
            near(statistics.volume, volume, volume);
            double box = 1.5 * (ndim > 1 ? 0.75 : 1) * (ndim > 2 ? 0.75 : 1);
            near(statistics.volume, (long double)box, (long double)box);
            assert_true(isnan(statistics.total_mass)); /* there is no density */
            assert_int_equal(statistics.nfields, 0);
            pvr_statistics_free(&statistics);
            pvr_statistics_free(&statistics); /* again is harmless */
            pvr_mesh_free(mesh);
        }
    }
}

static void real_outputs(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct pvr_mesh *mesh = unit_load(plain_outputs[o].path, "velocity level density domain",
                                          o % 2 == 0 ? PVR_FLOAT64 : PVR_FLOAT32, 0, 2);
        same_for_any_team(mesh);
        pvr_mesh_free(mesh);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_keep_their_digits),
        cmocka_unit_test(values_that_are_not_finite),
        cmocka_unit_test(counts_and_volumes),
        cmocka_unit_test(real_outputs),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
