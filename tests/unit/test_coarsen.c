/* test_coarsen.c - pvr_coarsen.h against a plain loop over all leaves of the finer mesh. */
#include "pvr_coarsen.h"

#include "derived_mesh.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Is cell `fine` in cell `coarse`, or the same? */
static bool is_in(const struct made_place *fine, const struct made_place *coarse, int ndim) {
    if (fine->level < coarse->level) {
        return false;
    }
    for (int axis = 0; axis < ndim; axis++) {
        if (fine->at[axis] >> (fine->level - coarse->level) != coarse->at[axis]) {
            return false;
        }
    }
    return true;
}

static int number_of(const struct made_mesh *made, const char *name) {
    return (int)(made_array((struct made_mesh *)(uintptr_t)made, name) - made->mesh.arrays);
}

/* Mean, sum and count of the leaves in a cell, each by its volume. */
static void look_up(const struct made_mesh *made, int array, const struct made_place *cell,
                    int component, double *mean, double *sum) {
    const struct pvr_octree *octree = made->mesh.octree;
    double volume = 0, weighted = 0;
    *sum = 0;
    for (uint64_t i = 0; i < octree->ncells; i++) {
        const struct made_place *place = &made->place[i];
        if (place->refined || !is_in(place, cell, octree->ndim)) {
            continue;
        }
        const double value = unit_value(made->mesh.arrays[array].array, i, component);
        const double v = pvr_octree_cell_volume(octree, place->level);
        volume += v;
        weighted += v * value;
        *sum += value;
    }
    *mean = weighted / volume;
}

static void near(double found, double wanted, double tolerance) {
    if (!(fabs(found - wanted) <= tolerance * (fabs(wanted) + 1))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

static void cells_get_what_is_in_them(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct made_mesh made =
            make_mesh(ndim, PVR_FLOAT64, PVR_UNITS_CODE, 300, 5 + (uint64_t)ndim);
        const struct pvr_octree *fine = made.mesh.octree;
        enum pvr_coarsening how[16] = {PVR_COARSEN_MEAN};
        const int density = number_of(&made, "density"), velocity = number_of(&made, "velocity"),
                  pressure = number_of(&made, "pressure");
        how[pressure] = PVR_COARSEN_SUM;
        for (int level = fine->root_level; level <= fine->max_level; level++) {
            const struct pvr_coarsen_request request = {.max_level = level, .how = how};
            struct pvr_mesh *mesh;
            struct pvr_error error;
            const struct pvr_threads two = {.max = 2};
            unit_ok(pvr_mesh_coarsen(&made.mesh, &request, &two, &mesh, &error), &error);
            const struct pvr_octree *coarse = mesh->octree;
            assert_int_equal(coarse->max_level, level);
            uint64_t seen = 0;
            for (uint64_t i = 0; i < fine->ncells; i++) {
                const struct made_place *place = &made.place[i];
                if (place->level > level) {
                    continue;
                }
                seen++;
                struct pvr_cell cell;
                assert_true(pvr_octree_cell(coarse, place->level, place->at, &cell));
                assert_int_equal(cell.level, place->level);
                assert_int_equal(cell.refined, place->refined && place->level < level);
                for (int c = 0; c < 3; c++) {
                    double mean = unit_value(made.mesh.arrays[velocity].array, i, c), sum;
                    if (place->level == level) {
                        look_up(&made, velocity, place, c, &mean, &sum);
                    }
                    near(unit_value(mesh->arrays[velocity].array, cell.index, c), mean, 1e-14);
                }
                double mean = unit_value(made.mesh.arrays[density].array, i, 0), sum, other;
                double wanted_sum = unit_value(made.mesh.arrays[pressure].array, i, 0);
                if (place->level == level) {
                    look_up(&made, density, place, 0, &mean, &sum);
                    look_up(&made, pressure, place, 0, &other, &wanted_sum);
                }
                near(unit_value(mesh->arrays[density].array, cell.index, 0), mean, 1e-14);
                near(unit_value(mesh->arrays[pressure].array, cell.index, 0), wanted_sum, 1e-14);
            }
            assert_int_equal(coarse->ncells, seen);
            pvr_mesh_free(mesh);
        }
        free_mesh(&made);
    }
}

/* Coarse leaves are left out: outside, NaN, not counted. What is in part outside is averaged over
 * the rest. */
static void coarse_leaves_are_left_out(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT32, PVR_UNITS_CODE, 300, 77);
    const struct pvr_octree *fine = made.mesh.octree;
    const int density = number_of(&made, "density");
    struct pvr_coarsen_request request = {.min_level = fine->max_level};
    struct pvr_mesh *mesh, *both;
    struct pvr_error error;
    unit_ok(pvr_mesh_coarsen(&made.mesh, &request, NULL, &mesh, &error), &error);
    uint64_t left = 0;
    for (uint64_t i = 0; i < fine->ncells; i++) {
        const struct made_place *place = &made.place[i];
        struct pvr_cell cell;
        assert_true(pvr_octree_cell(mesh->octree, place->level, place->at, &cell));
        const bool hidden = !place->refined && place->level < fine->max_level;
        assert_int_equal(cell.outside, hidden);
        const double value = unit_value(mesh->arrays[density].array, cell.index, 0);
        if (hidden) {
            assert_true(isnan(value));
        } else {
            assert_true(value == unit_value(made.mesh.arrays[density].array, i, 0));
            left += !place->refined;
        }
    }
    assert_int_equal(mesh->octree->nleaves, left);
    assert_int_equal(mesh->octree->noutside, fine->nleaves - left);

    /* Averaging that mesh: only what is inside counts. */
    request = (struct pvr_coarsen_request){.max_level = fine->max_level - 2};
    unit_ok(pvr_mesh_coarsen(mesh, &request, NULL, &both, &error), &error);
    for (uint64_t i = 0; i < fine->ncells; i++) {
        const struct made_place *place = &made.place[i];
        if (place->level != fine->max_level - 2) {
            continue;
        }
        double sum = 0, count = 0;
        for (uint64_t j = 0; j < fine->ncells; j++) {
            if (made.place[j].level == fine->max_level && is_in(&made.place[j], place, 3)) {
                sum += unit_value(made.mesh.arrays[density].array, j, 0);
                count++;
            }
        }
        struct pvr_cell cell;
        assert_true(pvr_octree_cell(both->octree, place->level, place->at, &cell));
        assert_int_equal(cell.outside, count == 0);
        const double value = unit_value(both->arrays[density].array, cell.index, 0);
        if (count == 0) {
            assert_true(isnan(value));
        } else {
            near(value, sum / count, 1e-6);
        }
    }
    pvr_mesh_free(mesh);
    pvr_mesh_free(both);
    free_mesh(&made);
}

static void derived_fields_know_what_suits_them(void **state) {
    (void)state;
    assert_int_equal(pvr_coarsening_of("density"), PVR_COARSEN_MEAN);
    assert_int_equal(pvr_coarsening_of("temperature"), PVR_COARSEN_MEAN);
    assert_int_equal(pvr_coarsening_of("mass"), PVR_COARSEN_SUM);
    assert_int_equal(pvr_coarsening_of("volume"), PVR_COARSEN_SUM);
    assert_int_equal(pvr_coarsening_of("cell_size"), PVR_COARSEN_LENGTH);
}

static void levels_above_the_trees_are_refused(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(2, PVR_FLOAT64, PVR_UNITS_CODE, 100, 3);
    const struct pvr_coarsen_request request = {.max_level = made.mesh.octree->root_level - 1};
    struct pvr_mesh *mesh;
    struct pvr_error error;
    unit_failed(pvr_mesh_coarsen(&made.mesh, &request, NULL, &mesh, &error), &error,
                "cannot end at level");
    assert_null(mesh);
    free_mesh(&made);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 20000, 9);
    const struct pvr_coarsen_request request = {.min_level = 4, .max_level = 5};
    struct pvr_mesh *one, *more;
    struct pvr_error error;
    struct pvr_threads threads = {.max = 1};
    unit_ok(pvr_mesh_coarsen(&made.mesh, &request, &threads, &one, &error), &error);
    for (threads.max = 2; threads.max <= 8; threads.max += 3) {
        unit_ok(pvr_mesh_coarsen(&made.mesh, &request, &threads, &more, &error), &error);
        unit_same_mesh(one, more);
        pvr_mesh_free(more);
    }
    pvr_mesh_free(one);
    free_mesh(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_get_what_is_in_them),
        cmocka_unit_test(coarse_leaves_are_left_out),
        cmocka_unit_test(derived_fields_know_what_suits_them),
        cmocka_unit_test(levels_above_the_trees_are_refused),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
