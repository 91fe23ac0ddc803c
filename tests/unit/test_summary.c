/* test_summary.c - pvr_summary.h: sums of random meshes and particles against plain loops in long
 * double. */
#include "pvr_summary.h"

#include "pvr_memory.h"
#include "support.h"
#include "tree.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct pvr_mesh_array make_array(const char *name, enum pvr_type type, int n, uint64_t count,
                                        uint64_t seed) {
    struct pvr_mesh_array made = {.ncomponents = n, .unit = {1, "km/s"}};
    strcpy(made.name, name);
    unit_ok(pvr_array_new(type, n, count, &made.array, NULL), NULL);
    for (uint64_t i = 0; i < count * (uint64_t)n; i++) {
        double value = (double)(unit_random(&seed) % 2000001) / 1000000 - (n == 3);
        if (type == PVR_FLOAT32) {
            ((float *)made.array->data)[i] = (float)value;
        } else if (type == PVR_FLOAT64) {
            ((double *)made.array->data)[i] = value;
        } else {
            ((int32_t *)made.array->data)[i] = (int32_t)(seed % 7);
        }
    }
    return made;
}

/* A cell or a particle as a plain loop takes it. */
struct item {
    int group;
    uint64_t index;
    double at[3], volume;
};

struct items {
    uint64_t count;
    struct item item[60000];
};

static void add_leaves(const struct pvr_octree *octree, const struct pvr_cell *cell,
                       struct items *items) {
    struct pvr_cell below[8];
    int n = pvr_octree_children(octree, cell, below);
    for (int c = 0; c < n; c++) {
        add_leaves(octree, &below[c], items);
    }
    if (n == 0 && !cell->outside) {
        assert_true(items->count < 60000);
        struct item *item = &items->item[items->count++];
        *item = (struct item){cell->level, cell->index, {0, 0, 0}, 1};
        for (int axis = 0; axis < octree->ndim; axis++) {
            double side = ldexp(octree->size[axis] / octree->root_dims[axis],
                                octree->root_level - cell->level);
            item->at[axis] = octree->origin[axis] + side * (cell->coordinate[axis] + 0.5);
            item->volume *= side;
        }
    }
}

static void near(double found, long double wanted, long double scale) {
    if (isnan(wanted) ? !isnan(found)
                      : !(fabsl((long double)found - wanted) <= 2e-15L * fabsl(scale))) {
        fail_msg("%.17g is not %.17Lg", found, wanted);
    }
}

/* One row against a loop over the items of its group. */
static void check_row(const struct pvr_summary *summary, int number, const struct items *items,
                      const struct pvr_mesh_array *density, const struct pvr_mesh_array *velocity,
                      bool cells) {
    const struct pvr_summary_row *row = &summary->row[number];
    long double volume = 0, mass = 0, x[3] = {0}, p[3] = {0}, l[3] = {0}, scale = 0, largest = 0;
    long double sum = 0, mass_sum = 0;
    double min = HUGE_VAL, max = -HUGE_VAL;
    uint64_t count = 0;
    for (uint64_t i = 0; i < items->count; i++) {
        const struct item *item = &items->item[i];
        if (row->group != INT_MIN && row->group != item->group) {
            continue;
        }
        long double m = unit_value(density->array, item->index, 0);
        m *= cells ? item->volume : 1;
        double v[3];
        count++;
        volume += item->volume;
        mass += m;
        for (int a = 0; a < 3; a++) {
            v[a] = unit_value(velocity->array, item->index, a);
            x[a] += m * item->at[a];
            p[a] += m * v[a];
            largest += m * fabs(v[a]);
        }
        for (int a = 0; a < 3; a++) {
            int b = (a + 1) % 3, c = (a + 2) % 3;
            l[a] += m * ((item->at[b] - (long double)summary->about[b]) * v[c] -
                         (item->at[c] - (long double)summary->about[c]) * v[b]);
            scale += m * fabs(v[a]) * 10;
        }
        sum += v[1] * (cells ? (long double)item->volume : 1);
        mass_sum += m * v[1];
        min = fmin(min, v[1]);
        max = fmax(max, v[1]);
    }
    assert_int_equal(row->count, count);
    near(row->mass, mass, mass);
    if (cells) {
        near(row->volume, volume, volume);
    } else {
        assert_true(isnan(row->volume));
    }
    for (int a = 0; a < 3; a++) {
        near(row->centre[a], x[a] / mass, 4);
        near(row->velocity[a], p[a] / mass, largest / mass);
        near(row->angular_momentum[a], l[a], scale);
    }
    const struct pvr_summary_value *value = &row->value[2]; /* velocity_y */
    assert_string_equal(summary->column[2].name, "velocity_y");
    assert_true(value->min == min && value->max == max);
    assert_int_equal(value->not_finite, 0);
    near(value->mean, sum / (cells ? volume : (long double)count), 1);
    near(value->mass_mean, mass_sum / mass, 1);
}

static struct pvr_octree *make_octree(int ndim, int levels) {
    static const uint32_t ncoarse[3] = {3, 1, 2};
    struct tree tree = tree_random(ndim, ncoarse, 1, levels, 40, 4000, 8);
    tree.size[0] = 2;
    tree.size[1] = 1;
    tree.size[2] = 3;
    struct pvr_octree *octree;
    unit_ok(tree_build(&tree, 3, 2, &octree, NULL, NULL), NULL);
    tree_free(&tree);
    octree->origin[0] = 100;
    return octree;
}

static void a_mesh_is_summed_up_by_levels(void **state) {
    (void)state;
    struct items *items = malloc(sizeof *items);
    assert_non_null(items);
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_octree *octree = make_octree(ndim, 7);
        struct pvr_mesh_array arrays[] = {make_array("density", PVR_FLOAT64, 1, octree->ncells, 1),
                                          make_array("velocity", PVR_FLOAT32, 3, octree->ncells, 2),
                                          make_array("domain", PVR_INT32, 1, octree->ncells, 3)};
        const struct pvr_mesh mesh = {.octree = octree, .narrays = 3, .arrays = arrays};
        items->count = 0;
        for (uint64_t t = 0; t < octree->ntrees; t++) {
            const uint32_t nx = octree->root_dims[0], ny = octree->root_dims[1];
            const uint32_t at[3] = {(uint32_t)(t % nx), (uint32_t)(t / nx % ny),
                                    (uint32_t)(t / nx / ny)};
            struct pvr_cell root;
            assert_true(pvr_octree_cell(octree, 1, at, &root));
            add_leaves(octree, &root, items);
        }
        for (int about = 0; about <= 1; about++) {
            const struct pvr_summary_request request = {.mass = arrays[0].array,
                                                        .mass_is_density = true,
                                                        .velocity = arrays[1].array,
                                                        .has_about = about,
                                                        .about = {101, 0.25, 0.5}};
            struct pvr_summary one, many;
            struct pvr_error error;
            const struct pvr_threads single = {.max = 1}, team = {.max = 4};
            unit_ok(pvr_summarize_mesh(&mesh, NULL, &request, &single, NULL, NULL, &one, &error),
                    &error);
            unit_ok(pvr_summarize_mesh(&mesh, NULL, &request, &team, NULL, NULL, &many, &error),
                    &error);
            assert_int_equal(one.ncolumns, 4); /* whole numbers are no column */
            assert_string_equal(one.column[3].unit, "km/s");
            assert_int_equal(one.row[0].group, INT_MIN);
            assert_int_equal(one.row[0].count, octree->nleaves);
            assert_int_equal(one.nrows, many.nrows);
            near(one.about[0], about ? 101 : one.row[0].centre[0], 1);
            for (int r = 0; r < one.nrows; r++) {
                assert_true(r < 2 || one.row[r].group > one.row[r - 1].group);
                check_row(&one, r, items, &arrays[0], &arrays[1], true);
                assert_memory_equal(one.row[r].angular_momentum, many.row[r].angular_momentum,
                                    sizeof one.row[r].angular_momentum);
                assert_memory_equal(one.row[r].value, many.row[r].value,
                                    4 * sizeof *one.row[r].value);
            }
            pvr_summary_free(&one);
            pvr_summary_free(&many);
        }
        for (int a = 0; a < 3; a++) {
            pvr_array_release(arrays[a].array);
        }
        pvr_octree_release(octree);
    }
    free(items);
}

static void particles_are_summed_up_by_families(void **state) {
    (void)state;
    const uint64_t n = 50000;
    struct items *items = malloc(sizeof *items);
    assert_non_null(items);
    struct pvr_mesh_array position = make_array("position", PVR_FLOAT64, 3, n, 1),
                          family = make_array("family", PVR_INT32, 1, n, 5);
    struct pvr_mesh_array arrays[] = {make_array("mass", PVR_FLOAT64, 1, n, 2),
                                      make_array("velocity", PVR_FLOAT64, 3, n, 3)};
    items->count = n;
    for (uint64_t i = 0; i < n; i++) {
        static const int families[] = {-2, 1, 2, 127};
        ((int32_t *)family.array->data)[i] = families[i * 7919 % 4];
        items->item[i] = (struct item){families[i * 7919 % 4], i, {0, 0, 0}, 1};
        for (int axis = 0; axis < 3; axis++) {
            items->item[i].at[axis] = unit_value(position.array, i, axis);
        }
    }
    const struct pvr_summary_request request = {.mass = arrays[0].array,
                                                .velocity = arrays[1].array};
    struct pvr_summary summary;
    struct pvr_error error;
    unit_ok(pvr_summarize_points(position.array, family.array, arrays, 2, &request, NULL, NULL,
                                 NULL, &summary, &error),
            &error);
    assert_int_equal(summary.nrows, 5);
    for (int r = 0; r < summary.nrows; r++) {
        check_row(&summary, r, items, &arrays[0], &arrays[1], false);
    }
    pvr_summary_free(&summary);
    pvr_array_release(position.array);
    pvr_array_release(family.array);
    pvr_array_release(arrays[0].array);
    pvr_array_release(arrays[1].array);
    free(items);
}

static void what_is_missing_is_nan(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(2, 5);
    struct pvr_mesh_array arrays[] = {make_array("pressure", PVR_FLOAT64, 1, octree->ncells, 1)};
    double *pressure = arrays[0].array->data;
    for (uint64_t i = 0; i < octree->ncells; i++) {
        pressure[i] = i % 3 == 0 ? (double)NAN : 2;
    }
    const struct pvr_mesh mesh = {.octree = octree, .narrays = 1, .arrays = arrays};
    struct pvr_summary_request request = {.mass = NULL};
    struct pvr_summary summary;
    unit_ok(pvr_summarize_mesh(&mesh, NULL, &request, NULL, NULL, NULL, &summary, NULL), NULL);
    const struct pvr_summary_row *row = &summary.row[0];
    assert_true(isnan(row->mass) && isnan(row->centre[0]) && isnan(row->velocity[1]) &&
                isnan(row->angular_momentum[2]) && isnan(row->value[0].mass_mean));
    assert_true(row->value[0].min == 2 && row->value[0].max == 2 && row->value[0].mean == 2);
    assert_true(row->value[0].not_finite > 10);
    near(row->volume, 2, 2);
    pvr_summary_free(&summary);

    request.velocity = arrays[0].array;
    struct pvr_error error;
    enum pvr_status status =
        pvr_summarize_mesh(&mesh, NULL, &request, NULL, NULL, NULL, &summary, &error);
    unit_failed(status, &error, "three components");
    pvr_array_release(arrays[0].array);
    pvr_octree_release(octree);

    struct pvr_mesh_array none = make_array("position", PVR_FLOAT64, 3, 0, 1);
    request.velocity = NULL;
    unit_ok(
        pvr_summarize_points(none.array, NULL, NULL, 0, &request, NULL, NULL, NULL, &summary, NULL),
        NULL);
    assert_int_equal(summary.nrows, 1);
    assert_int_equal(summary.row[0].count, 0);
    pvr_summary_free(&summary);
    pvr_array_release(none.array);
}

/* Some of an array's tuples, borrowed. */
static struct pvr_array slice_of(const struct pvr_array *array, uint64_t first, uint64_t count) {
    struct pvr_array slice = *array;
    size_t tuple = (size_t)array->ncomponents * pvr_type_bytes(array->type);
    slice.data = (uint8_t *)array->data + first * tuple;
    slice.ntuples = count;
    return slice;
}

static void close_to(double found, double wanted, double scale) {
    if (isnan(wanted) ? !isnan(found) : !(fabs(found - wanted) <= 1e-13 * fabs(scale))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

/* What processes find in their parts comes to what one finds in all; a part may be empty. */
static void parts_are_put_together(void **state) {
    (void)state;
    enum { COUNT = 5000, PARTS = 5 };
    static const uint64_t first[PARTS + 1] = {0, 1200, 1200, 1201, 3300, COUNT};
    struct pvr_mesh_array arrays[2] = {make_array("mass", PVR_FLOAT64, 1, COUNT, 3),
                                       make_array("velocity", PVR_FLOAT32, 3, COUNT, 4)};
    struct pvr_mesh_array position = make_array("position", PVR_FLOAT64, 3, COUNT, 5);
    struct pvr_mesh_array family = make_array("family", PVR_INT32, 1, COUNT, 6);
    ((double *)arrays[0].array->data)[7] = NAN;
    struct pvr_summary_request request = {.mass = arrays[0].array, .velocity = arrays[1].array};
    struct pvr_summary whole, all;
    struct pvr_bytes bytes[PARTS];
    unit_ok(pvr_summarize_points(position.array, family.array, arrays, 2, &request, NULL, NULL,
                                 NULL, &whole, NULL),
            NULL);
    for (int p = 0; p < PARTS; p++) {
        uint64_t count = first[p + 1] - first[p];
        struct pvr_array mass = slice_of(arrays[0].array, first[p], count);
        struct pvr_array velocity = slice_of(arrays[1].array, first[p], count);
        struct pvr_array at = slice_of(position.array, first[p], count);
        struct pvr_array group = slice_of(family.array, first[p], count);
        struct pvr_mesh_array part[2] = {arrays[0], arrays[1]};
        part[0].array = &mass;
        part[1].array = &velocity;
        struct pvr_summary_request here = {.mass = &mass, .velocity = &velocity};
        struct pvr_summary summary;
        /* who has nothing may lack the arrays too */
        unit_ok(pvr_summarize_points(&at, &group, part, count > 0 ? 2 : 0, &here, NULL, NULL, NULL,
                                     &summary, NULL),
                NULL);
        unit_ok(pvr_summary_pack(&summary, &bytes[p], NULL), NULL);
        pvr_summary_free(&summary);
    }
    unit_ok(pvr_summary_join(bytes, PARTS, &request, &all, NULL), NULL);
    assert_int_equal(all.nrows, whole.nrows);
    assert_int_equal(all.ncolumns, whole.ncolumns);
    for (int r = 0; r < all.nrows; r++) {
        const struct pvr_summary_row *a = &all.row[r], *b = &whole.row[r];
        assert_int_equal(a->group, b->group);
        assert_int_equal(a->count, b->count);
        assert_true(isnan(a->volume));
        close_to(a->mass, b->mass, b->mass);
        for (int i = 0; i < 3; i++) {
            close_to(a->centre[i], b->centre[i], 1);
            close_to(a->velocity[i], b->velocity[i], 1);
            close_to(a->angular_momentum[i], b->angular_momentum[i], b->mass);
        }
        for (int c = 0; c < all.ncolumns; c++) {
            assert_string_equal(all.column[c].name, whole.column[c].name);
            assert_string_equal(all.column[c].unit, "km/s");
            assert_true(a->value[c].min == b->value[c].min && a->value[c].max == b->value[c].max);
            assert_int_equal(a->value[c].not_finite, b->value[c].not_finite);
            close_to(a->value[c].mean, b->value[c].mean, 1);
            close_to(a->value[c].mass_mean, b->value[c].mass_mean, 1);
        }
    }
    pvr_summary_free(&all);
    /* bytes that were cut or changed are refused */
    struct pvr_error error;
    for (size_t size = 0; size < bytes[0].size; size += 1 + size / 8) {
        struct pvr_bytes cut = {bytes[0].data, size};
        assert_int_not_equal(pvr_summary_join(&cut, 1, &request, &all, &error), PVR_OK);
    }
    memset(bytes[0].data + bytes[0].size / 2, 0xff, bytes[0].size / 4);
    if (pvr_summary_join(bytes, 1, &request, &all, &error) == PVR_OK) {
        pvr_summary_free(&all); /* values, not counts */
    }
    for (int p = 0; p < PARTS; p++) {
        pvr_bytes_free(&bytes[p]);
    }
    pvr_summary_free(&whole);
    for (int i = 0; i < 2; i++) {
        pvr_array_release(arrays[i].array);
    }
    pvr_array_release(position.array);
    pvr_array_release(family.array);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mesh_is_summed_up_by_levels),
        cmocka_unit_test(particles_are_summed_up_by_families),
        cmocka_unit_test(what_is_missing_is_nan),
        cmocka_unit_test(parts_are_put_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
