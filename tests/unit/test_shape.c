/* test_shape.c - pvr_region.h, pvr_shape.h: cubes and points against shapes, by trying points. */
#include "pvr_shape.h"

#include "support.h"

#include <math.h>
#include <string.h>

static double uniform(uint64_t *random, double low, double high) {
    return low + (high - low) * (double)(unit_random(random) >> 11) * 0x1p-53;
}

/* Is a point deeper in the region than `margin`? Written from the definition, not from the code. */
static bool is_inside(const struct pvr_region *region, int ndim, const double point[3],
                      double margin) {
    double from[3] = {0, 0, 0}, square = 0, axis2 = 0, along = 0;
    for (int a = 0; a < ndim; a++) {
        from[a] = point[a] - region->centre[a];
        square += from[a] * from[a];
        axis2 += region->axis[a] * region->axis[a];
        along += region->axis[a] * from[a];
    }
    switch (region->type) {
    case PVR_REGION_BOX:
        for (int a = 0; a < ndim; a++) {
            if (fabs(from[a]) > region->size[a] / 2 - margin) {
                return false;
            }
        }
        return true;
    case PVR_REGION_SPHERE:
        return sqrt(square) <= region->radius - margin;
    case PVR_REGION_CYLINDER:
        if (axis2 == 0) { /* its axis is not there */
            return sqrt(square) <= region->radius - margin;
        }
        along /= sqrt(axis2);
        return fabs(along) <= region->height / 2 - margin &&
               sqrt(fmax(0, square - along * along)) <= region->radius - margin;
    case PVR_REGION_NONE:
        break;
    }
    return false;
}

static struct pvr_region some_region(int i, uint64_t *random) {
    struct pvr_region region = {.type = (enum pvr_region_type)(1 + i % 3)};
    for (int a = 0; a < 3; a++) {
        region.centre[a] = uniform(random, -1, 1);
        region.size[a] = uniform(random, 0.1, 2);
        region.axis[a] = uniform(random, -1, 1);
    }
    region.radius = uniform(random, 0.05, 1);
    region.height = uniform(random, 0.05, 2);
    if (i % 2 == 0) { /* along an axis of the box */
        memset(region.axis, 0, sizeof region.axis);
        region.axis[i / 2 % 3] = i % 4 == 0 ? 1 : -3;
    }
    return region;
}

/* Tries the points of a grid in the cube: true if one is deeper in the region than `margin`. */
static bool try_points(const struct pvr_region *region, int ndim, const double low[3],
                       const double high[3], int n, double margin) {
    int count = ndim == 1 ? n : ndim == 2 ? n * n : n * n * n;
    for (int i = 0; i < count; i++) {
        const int place[3] = {i % n, i / n % n, i / n / n};
        double point[3] = {0, 0, 0};
        for (int a = 0; a < ndim; a++) {
            point[a] = low[a] + (high[a] - low[a]) * place[a] / (n - 1);
        }
        if (is_inside(region, ndim, point, margin)) {
            return true;
        }
    }
    return false;
}

static void cubes_against_points(void **state) {
    (void)state;
    uint64_t random = 1;
    int overlapping = 0, apart = 0;
    for (int i = 0; i < 3000; i++) {
        int ndim = 1 + i % 7 % 3, n = ndim == 3 ? 14 : 60;
        struct pvr_region region = some_region(i, &random);
        struct pvr_shape shape;
        assert_true(pvr_shape_make(&region, ndim, &shape));
        double low[3] = {0, 0, 0}, high[3] = {0, 0, 0}, size = uniform(&random, 0.05, 1);
        for (int a = 0; a < ndim; a++) {
            low[a] = region.centre[a] + uniform(&random, -1.6, 1.2);
            high[a] = low[a] + size;
        }
        bool found = pvr_shape_overlaps(&shape, low, high);
        overlapping += found;
        apart += !found;
        if (!found && try_points(&region, ndim, low, high, n, 1e-9)) {
            fail_msg("a cube that overlaps is said to be apart (%d)", i);
        }
        /* a point of the grid is near to any other: by half the diagonal of its spacing */
        double near = 0.5 * sqrt(ndim) * size / (n - 1) + 1e-9;
        if (found && !try_points(&region, ndim, low, high, n, -near)) {
            fail_msg("a cube that is apart is said to overlap (%d)", i);
        }
    }
    assert_true(overlapping > 500 && apart > 500);
}

static void points(void **state) {
    (void)state;
    uint64_t random = 2;
    int inside = 0;
    for (int i = 0; i < 20000; i++) {
        int ndim = 1 + i % 7 % 3;
        struct pvr_region region = some_region(i, &random);
        struct pvr_shape shape;
        assert_true(pvr_shape_make(&region, ndim, &shape));
        double point[3] = {0, 0, 0};
        for (int a = 0; a < ndim; a++) {
            point[a] = region.centre[a] + uniform(&random, -1, 1);
        }
        bool contains = pvr_shape_contains(&shape, point);
        assert_true(contains || !is_inside(&region, ndim, point, 1e-12));
        assert_true(!contains || is_inside(&region, ndim, point, -1e-12));
        /* and a small cube around it is no farther away */
        double low[3], high[3];
        for (int a = 0; a < 3; a++) {
            low[a] = point[a] - 1e-6;
            high[a] = point[a] + 1e-6;
        }
        assert_true(!contains || pvr_shape_overlaps(&shape, low, high));
        inside += contains;
    }
    assert_true(inside > 2000);
}

/* A cube overlaps if one inside it does, whatever is rounded; tilted cylinders aside. */
static void larger_cubes(void **state) {
    (void)state;
    uint64_t random = 3;
    for (int i = 0; i < 60000; i++) {
        struct pvr_region region = some_region(2 * i, &random);
        struct pvr_shape shape;
        double low[3], high[3], around_low[3], around_high[3];
        assert_true(pvr_shape_make(&region, 3, &shape));
        assert_false(pvr_shape_is_tilted(&shape));
        for (int a = 0; a < 3; a++) { /* many touch the surface: multiples of a power of two */
            region.centre[a] = floor(region.centre[a] * 16) / 16;
            int64_t at = (int64_t)(unit_random(&random) % 64) - 32;
            low[a] = (double)at / 16;
            high[a] = low[a] + 0.0625;
            around_low[a] = floor((double)at / 2) / 8;
            around_high[a] = around_low[a] + 0.125;
        }
        assert_true(!pvr_shape_overlaps(&shape, low, high) ||
                    pvr_shape_overlaps(&shape, around_low, around_high));
    }
}

static void faces_alone_do_not_count(void **state) {
    (void)state;
    const struct pvr_region box = {
        .type = PVR_REGION_BOX, .centre = {0.5, 0.5, 0.5}, .size = {0.5, 0.5, 0.5}};
    struct pvr_shape shape;
    assert_true(pvr_shape_make(&box, 3, &shape));
    const double low[3] = {0, 0.25, 0.25}, high[3] = {0.25, 0.5, 0.5}, face[3] = {0.25, 0.5, 0.5};
    const double more[3] = {0.2500001, 0.5, 0.5};
    assert_false(pvr_shape_overlaps(&shape, low, high));
    assert_true(pvr_shape_overlaps(&shape, low, more));
    assert_true(pvr_shape_contains(&shape, face)); /* points on the surface do */
    /* nor where the border is the face but for rounding: 0.3 - 0.1 > 0.2, 0.6 - 0.1 < 0.5 */
    const struct pvr_region rounded = {
        .type = PVR_REGION_BOX, .centre = {0.3, 0.3, 0.3}, .size = {0.2, 0.2, 0.2}};
    const double below[3] = {0, 0, 0}, corner[3] = {0.2, 0.2, 0.2};
    assert_true(pvr_shape_make(&rounded, 3, &shape));
    assert_false(pvr_shape_overlaps(&shape, below, corner));
    for (int axis = 0; axis < 3; axis++) {
        pvr_shape_move(&shape, axis, 0.3);
    }
    const double before[3] = {0.25, 0.25, 0.25}, half[3] = {0.5, 0.5, 0.5};
    assert_false(pvr_shape_overlaps(&shape, before, half));
}

static void empty_and_wrong(void **state) {
    (void)state;
    struct pvr_shape shape;
    struct pvr_error error;
    struct pvr_region region = {.type = PVR_REGION_SPHERE, .centre = {1, 2, 3}};
    unit_ok(pvr_region_check(&region, &error), &error);
    assert_false(pvr_shape_make(&region, 3, &shape)); /* no radius: nothing */
    region.radius = -1;
    assert_false(pvr_shape_make(&region, 3, &shape));
    region.radius = (double)NAN;
    unit_failed(pvr_region_check(&region, &error), &error, "finite");
    region.radius = 1;
    region.centre[2] = (double)INFINITY;
    unit_failed(pvr_region_check(&region, &error), &error, "finite");
    region = (struct pvr_region){.type = PVR_REGION_CYLINDER, .radius = 1, .height = 1};
    unit_failed(pvr_region_check(&region, &error), &error, "direction");
    region.axis[2] = 1;
    unit_ok(pvr_region_check(&region, &error), &error);
    region.height = 0;
    assert_false(pvr_shape_make(&region, 3, &shape));
    assert_true(pvr_shape_make(&region, 2, &shape)); /* in the plane it is a disc */
    region.type = (enum pvr_region_type)7;
    unit_failed(pvr_region_check(&region, &error), &error, "7");
}

static void words(void **state) {
    (void)state;
    char text[400];
    const struct pvr_unit kpc = {0.5, "kpc"}, code = {1, ""};
    struct pvr_region region = {.type = PVR_REGION_SPHERE, .centre = {1, 2, 3}, .radius = 4};
    int length = pvr_region_text(&region, 3, kpc, text, sizeof text);
    assert_string_equal(text, "sphere of radius 2 around (0.5, 1, 1.5) kpc");
    assert_int_equal(length, strlen(text));
    assert_int_equal(pvr_region_text(&region, 3, kpc, NULL, 0), length);
    assert_int_equal(pvr_region_text(&region, 3, kpc, text, 7), length);
    assert_string_equal(text, "sphere");
    region.type = PVR_REGION_BOX;
    region.size[0] = region.size[1] = 0.25;
    pvr_region_text(&region, 2, code, text, sizeof text);
    assert_string_equal(text, "box of sides (0.25, 0.25) around (1, 2)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cubes_against_points), cmocka_unit_test(points),
        cmocka_unit_test(larger_cubes),         cmocka_unit_test(faces_alone_do_not_count),
        cmocka_unit_test(empty_and_wrong),      cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
