/* test_projection_shapes.c - pvr_projection.h for shapes whose maps are known: a box full of the
 * same, one cell, a linear field; windows side by side, and windows moved. */
#include "projected.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double random_in(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(unit_random(state) >> 11) / 9007199254740992.0;
}

static void set_all(struct made_mesh *made, double value) {
    for (uint64_t i = 0; i < made->mesh.octree->ncells; i++) {
        made_set(made, "density", i, 0, value);
    }
}

static bool is_leaf(const struct made_mesh *made, uint64_t index) {
    return made->place[index].level > 0 && !made->place[index].refined;
}

static void view_of(const struct pvr_octree *octree, const struct pvr_view_request *request,
                    struct pvr_view *view) {
    double high[3];
    struct pvr_error error;
    for (int a = 0; a < 3; a++) {
        high[a] = octree->origin[a] + octree->size[a];
    }
    unit_ok(pvr_view_make(request, octree->origin, high, view, &error), &error);
}

static uint64_t count_pixels(const struct pvr_view *view) {
    return (uint64_t)view->pixels[0] * view->pixels[1];
}

static double in_map(const struct pvr_view *view, const double *map) {
    return map_sum(map, count_pixels(view)) * view->pixel * view->pixel;
}

/* Cells of many levels with the same density: rho x L in every pixel, no seams. */
static void test_every_pixel_of_a_uniform_box(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 400, 3);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    set_all(&made, 3);
    for (int direction = 0; direction < 3; direction++) {
        const int axis[3] = {direction == 0 ? 1 : 0, direction == 2 ? 1 : 2, direction};
        for (uint32_t pixels = 1; pixels < 300; pixels = 2 * pixels + 3) {
            struct pvr_map_request request =
                map_request(octree, (enum pvr_direction)direction, pixels, PVR_MAP_SURFACE_DENSITY);
            const struct pvr_view *view = &request.view;
            double *map = make_map(&made, &request, &density, NULL, 2);
            const double half = octree->size[axis[1]] / 2;
            for (uint64_t p = 0; p < count_pixels(view); p++) { /* outer rows may stick out */
                const double low = view->low[1] + (double)(p / pixels) * view->pixel;
                const double inside =
                    (fmin(low + view->pixel, half) - fmax(low, -half)) / view->pixel;
                const double should = 3 * octree->size[axis[2]] * inside;
                assert_true(fabs(map[p] - should) < 1e-12 * 3 * octree->size[axis[2]]);
            }
            free(map);
        }
    }
    free_mesh(&made);
}

/* One cell of the box has something, in the middle, at faces and at corners: all of it is seen, the
 * most of it along the longest line through a cube, nothing beside its shadow, and its middle
 * where the cell's is. */
static void test_one_cell_anywhere(void **state) {
    (void)state;
    struct made_mesh made = make_cube(4);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    const double side = octree->size[0] / 16, box = octree->size[0];
    uint64_t random = 77;
    for (int i = 0; i < 40; i++) {
        uint64_t one;
        do {
            one = unit_random(&random) % octree->ncells;
        } while (!is_leaf(&made, one));
        if (i < 8) { /* the corners of the box */
            for (one = 0; !is_leaf(&made, one) || made.place[one].at[0] != (i & 1 ? 15 : 0) ||
                          made.place[one].at[1] != (i & 2 ? 15 : 0) ||
                          made.place[one].at[2] != (i & 4 ? 15 : 0);
                 one++) {
            }
        }
        set_all(&made, 0);
        made_set(&made, "density", one, 0, 7);
        struct pvr_view_request wish = {
            .direction = (enum pvr_direction)(i % 5 < 3 ? i % 5 : PVR_ALONG_VECTOR),
            .pixels = 30 + (uint32_t)(unit_random(&random) % 200)};
        for (int a = 0; a < 3; a++) {
            wish.line_of_sight[a] = random_in(&random, -1, 1);
        }
        struct pvr_map_request request = {.mode = PVR_MAP_SURFACE_DENSITY, .nvalues = 1};
        view_of(octree, &wish, &request.view);
        const struct pvr_view *view = &request.view;
        double *map = make_map(&made, &request, &density, NULL, 2);
        double middle[3], at[3], seen[2] = {0, 0}, most = 0, reach[2] = {0, 0}, largest = 0;
        made_centre(&made, one, middle);
        pvr_view_place(view, middle, at);
        for (int a = 0; a < 3; a++) {
            reach[0] += fabs(view->right[a]) * side / 2;
            reach[1] += fabs(view->up[a]) * side / 2;
            largest = fmax(largest, fabs(view->along[a]));
        }
        const double all = 7 * side * side * side;
        for (uint64_t p = 0; p < count_pixels(view); p++) {
            const double x = view->low[0] + ((double)(p % view->pixels[0]) + 0.5) * view->pixel;
            const double y = view->low[1] + ((double)(p / view->pixels[0]) + 0.5) * view->pixel;
            if (!(map[p] > 0)) {
                continue;
            }
            assert_true(fabs(x - at[0]) < reach[0] + view->pixel / 2 + 1e-12 * box);
            assert_true(fabs(y - at[1]) < reach[1] + view->pixel / 2 + 1e-12 * box);
            most = fmax(most, map[p]);
            seen[0] += map[p] * x;
            seen[1] += map[p] * y;
        }
        assert_true(fabs(in_map(view, map) / all - 1) < 1e-12);
        assert_true(most < 7 * side / largest * (1 + 1e-12));
        /* pixels are sampled at their middles: the cell's middle within a part of one */
        for (int k = 0; k < 2; k++) {
            seen[k] *= view->pixel * view->pixel / all;
            assert_true(fabs(seen[k] - at[k]) < 0.5 * view->pixel);
        }
        free(map);
    }
    free_mesh(&made);
}

/* A density that rises along a direction. Pixels that are the cells: exact. From aside, in a slab
 * of small depth: within half a cell, so that the error falls with the cells' size. */
static void test_a_linear_field(void **state) {
    (void)state;
    const double slope[3] = {0.3, -0.2, 0.15};
    double error[3];
    for (int level = 4; level <= 6; level++) {
        struct made_mesh made = make_cube(level);
        const struct pvr_octree *octree = made.mesh.octree;
        const struct pvr_map_value density = map_value(&made, "density", 0);
        const double box = octree->size[0];
        for (uint64_t i = 0; i < octree->ncells; i++) {
            double r[3], value = 1;
            made_centre(&made, i, r);
            for (int a = 0; a < 3; a++) {
                value += slope[a] * (r[a] / box - 0.5);
            }
            made_set(&made, "density", i, 0, value);
        }
        struct pvr_map_request request =
            map_request(octree, PVR_ALONG_Z, 1U << level, PVR_MAP_SURFACE_DENSITY);
        double *map = make_map(&made, &request, &density, NULL, 2);
        for (uint64_t p = 0; p < count_pixels(&request.view); p++) {
            const double x = (double)(p % request.view.pixels[0]) + 0.5,
                         y = (double)(p / request.view.pixels[0]) + 0.5;
            const double should = box * (1 + slope[0] * (ldexp(x, -level) - 0.5) +
                                         slope[1] * (ldexp(y, -level) - 0.5));
            assert_true(fabs(map[p] - should) < 1e-12 * box);
        }
        free(map);
        const struct pvr_view_request wish = {.direction = PVR_ALONG_VECTOR,
                                              .line_of_sight = {1, 2, 3},
                                              .width = 0.4 * box,
                                              .depth = 0.3 * box,
                                              .pixels = 25};
        view_of(octree, &wish, &request.view);
        map = make_map(&made, &request, &density, NULL, 2);
        error[level - 4] = 0;
        for (uint64_t p = 0; p < count_pixels(&request.view); p++) {
            const struct pvr_view *view = &request.view;
            const double x = view->low[0] + ((double)(p % 25) + 0.5) * view->pixel,
                         y = view->low[1] + ((double)(p / 25) + 0.5) * view->pixel;
            double should = 1;
            for (int a = 0; a < 3; a++) {
                should += slope[a] * (x * view->right[a] + y * view->up[a]) / box;
            }
            error[level - 4] += fabs(map[p] / (0.3 * box) - should) / 625;
        }
        free(map);
        free_mesh(&made);
    }
    assert_true(error[0] < 0.3 / 32);
    assert_true(error[1] < 0.7 * error[0] && error[2] < 0.7 * error[1]);
}

/* Windows and depths side by side, aslant. */
static void test_a_window_and_the_rest_are_the_whole(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 500, 34);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    uint64_t random = 5;
    for (int i = 0; i < 10; i++) {
        struct pvr_view_request wish = {.direction = PVR_ALONG_VECTOR, .pixels = 60};
        for (int a = 0; a < 3; a++) {
            wish.line_of_sight[a] = random_in(&random, -1, 1);
        }
        struct pvr_map_request request = {.mode = PVR_MAP_SURFACE_DENSITY, .nvalues = 1};
        view_of(octree, &wish, &request.view);
        double *whole = make_map(&made, &request, &density, NULL, 2), parts = 0;
        const struct pvr_view all = request.view;
        const uint32_t left = 1 + (uint32_t)(unit_random(&random) % (all.pixels[0] - 1));
        const double cut = random_in(&random, 0.3, 0.7);
        for (int part = 0; part < 4; part++) { /* left and right, near and far */
            request.view = all;
            request.view.pixels[0] = part & 1 ? all.pixels[0] - left : left;
            request.view.low[0] += part & 1 ? left * all.pixel : 0;
            request.view.depth[part & 2 ? 0 : 1] =
                all.depth[0] + cut * (all.depth[1] - all.depth[0]);
            double *map = make_map(&made, &request, &density, NULL, 2);
            parts += in_map(&request.view, map);
            free(map);
        }
        assert_true(fabs(parts / in_map(&all, whole) - 1) < 1e-12);
        free(whole);
    }
    free_mesh(&made);
}

/* Pixels of a size without rounding, along an axis: bit for bit. */
static void test_a_window_moved_by_a_pixel_moves_the_map(void **state) {
    (void)state;
    struct made_mesh made = make_cube(5);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    uint64_t random = 12;
    for (uint64_t i = 0; i < octree->ncells; i++) {
        made_set(&made, "density", i, 0, random_in(&random, 1, 2));
    }
    const double pixel = octree->size[0] / 64;
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        double *map[3];
        for (int moved = 0; moved < 3; moved++) { /* not, to the right, up */
            struct pvr_map_request request = {.mode = (enum pvr_map_mode)mode, .nvalues = 1};
            const struct pvr_view_request wish = {
                .direction = PVR_ALONG_X,
                .has_centre = true,
                .centre = {octree->size[0] / 2, octree->size[0] / 2 + (moved == 1) * pixel,
                           octree->size[0] / 2 + (moved == 2) * pixel},
                .width = 20 * pixel,
                .pixels = 20};
            view_of(octree, &wish, &request.view);
            map[moved] = make_map(&made, &request, &density, NULL, 2);
        }
        for (size_t y = 0; y < 20; y++) {
            assert_memory_equal(map[0] + 20 * y + 1, map[1] + 20 * y, 19 * sizeof(double));
        }
        assert_memory_equal(map[0] + 20, map[2], 19 * 20 * sizeof(double));
        for (int i = 0; i < 3; i++) {
            free(map[i]);
        }
    }
    free_mesh(&made);
}

/* By pixels and their size the window lies about its centre; by level its borders are cells', and
 * it grows no more than that needs. */
static void test_where_windows_lie(void **state) {
    (void)state;
    struct made_mesh made = make_cube(2);
    const struct pvr_octree *octree = made.mesh.octree;
    const double box = octree->size[0];
    uint64_t random = 3;
    for (int i = 0; i < 300; i++) {
        struct pvr_view_request wish = {.direction = (enum pvr_direction)(i % 3),
                                        .has_centre = true,
                                        .width = box * random_in(&random, 0.01, 2),
                                        .height = box * random_in(&random, 0.01, 2),
                                        .depth = box * random_in(&random, 0.01, 2)};
        for (int a = 0; a < 3; a++) {
            wish.centre[a] = octree->origin[a] + box * random_in(&random, -0.5, 1.5);
        }
        const int kind = i / 3 % 3;
        wish.pixels = kind == 0 ? 1 + (uint32_t)(unit_random(&random) % 500) : 0;
        wish.pixel_size = kind == 1 ? box * random_in(&random, 0.005, 0.1) : 0;
        wish.cell_size = kind == 2 ? box / 64 : 0;
        struct pvr_view view;
        view_of(octree, &wish, &view);
        const double rounding = 1e-9 * view.pixel, wanted[2] = {wish.width, wish.height};
        for (int k = 0; k < 2; k++) {
            const double low = view.low[k], high = low + view.pixels[k] * view.pixel;
            assert_true(low <= -wanted[k] / 2 + rounding && high >= wanted[k] / 2 - rounding);
            assert_true(high - low < wanted[k] + (kind == 2 ? 2 : 1) * view.pixel + rounding);
            if (kind == 2) {
                const double border =
                    (low + view.centre[view.axis[k]] - octree->origin[view.axis[k]]) / view.pixel;
                assert_true(fabs(border - rint(border)) < 1e-9);
            } else {
                assert_true(fabs(low + high) < rounding);
            }
        }
        assert_true(fabs(view.depth[0] + wish.depth / 2) < 1e-12 * box);
        assert_true(fabs(view.depth[1] - wish.depth / 2) < 1e-12 * box);
        assert_true(kind != 0 || view.pixels[0] == wish.pixels);
    }
    free_mesh(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pixel_of_a_uniform_box),
        cmocka_unit_test(test_one_cell_anywhere),
        cmocka_unit_test(test_a_linear_field),
        cmocka_unit_test(test_a_window_and_the_rest_are_the_whole),
        cmocka_unit_test(test_a_window_moved_by_a_pixel_moves_the_map),
        cmocka_unit_test(test_where_windows_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
