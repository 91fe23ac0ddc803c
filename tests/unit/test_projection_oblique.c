/* test_projection_oblique.c - pvr_projection.h in any direction: totals, uniform boxes, a sphere,
 * and what must hold for every map. */
#include "projected.h"
#include "pvr_chord.h"
#include "pvr_positions.h"
#include "pvr_spin.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double random_in(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(unit_random(state) >> 11) / 9007199254740992.0;
}

/* A view of the whole box in a direction; `up` may be null. */
static struct pvr_map_request look(const struct pvr_octree *octree, const double direction[3],
                                   const double up[3], uint32_t pixels, enum pvr_map_mode mode) {
    struct pvr_map_request request = {.mode = mode, .nvalues = 1};
    struct pvr_view_request view = {.direction = PVR_ALONG_VECTOR, .pixels = pixels};
    double high[3];
    for (int a = 0; a < 3; a++) {
        high[a] = octree->origin[a] + octree->size[a];
        view.line_of_sight[a] = direction[a];
        view.up[a] = up != NULL ? up[a] : 0;
    }
    struct pvr_error error;
    unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, &error), &error);
    return request;
}

static void random_direction(uint64_t *random, double direction[3]) {
    for (int a = 0; a < 3; a++) {
        direction[a] = random_in(random, -1, 1);
    }
}

static uint64_t count_pixels(const struct pvr_map_request *request) {
    return (uint64_t)request->view.pixels[0] * request->view.pixels[1];
}

static double in_map(const struct pvr_map_request *request, const double *map) {
    return map_sum(map, count_pixels(request)) * request->view.pixel * request->view.pixel;
}

/* Sum over the leaves of value times volume. */
static double total(const struct made_mesh *made, const struct pvr_array *array) {
    long double sum = 0;
    for (uint64_t i = 0; i < made->mesh.octree->ncells; i++) {
        if (made->place[i].level > 0 && !made->place[i].refined) {
            sum += unit_value(array, i, 0) *
                   pvr_octree_cell_volume(made->mesh.octree, made->place[i].level);
        }
    }
    return (double)sum;
}

static void test_no_direction_loses_mass(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 400, 21);
    const struct pvr_map_value density = map_value(&made, "density", 0);
    const double mass = total(&made, density.term[0].array);
    uint64_t random = 6;
    for (int i = 0; i < 50; i++) {
        double direction[3];
        random_direction(&random, direction);
        if (i % 10 == 7) { /* faces edge-on, and nearly so */
            direction[i / 10 % 3] = i < 30 ? 0 : 1e-7;
        }
        for (uint32_t pixels = 1; pixels < 200; pixels = pixels * 5 + 2) {
            double up[3];
            random_direction(&random, up);
            struct pvr_map_request request = look(made.mesh.octree, direction, i % 2 ? up : NULL,
                                                  pixels, PVR_MAP_SURFACE_DENSITY);
            double *map = make_map(&made, &request, &density, NULL, 2);
            assert_true(fabs(in_map(&request, map) / mass - 1) < 1e-12);
            free(map);
        }
    }
    free_mesh(&made);
}

static void set_all(struct made_mesh *made, double value) {
    for (uint64_t i = 0; i < made->mesh.octree->ncells; i++) {
        made_set(made, "density", i, 0, value);
    }
}

/* Cells of many levels with the same density are one box: no seams, no holes. */
static void test_uniform_boxes_look_like_one_box(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 400, 3);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    uint64_t random = 44;
    set_all(&made, 3);
    for (int i = 0; i < 20; i++) {
        double direction[3];
        random_direction(&random, direction);
        direction[0] = i % 5 == 4 ? 0 : direction[0];
        struct pvr_map_request request =
            look(octree, direction, NULL, 10 + (uint32_t)i * 8, PVR_MAP_SURFACE_DENSITY);
        const struct pvr_view *view = &request.view;
        struct pvr_footprint box;
        const double volume = octree->size[0] * octree->size[1] * octree->size[2];
        const double middle[3] = {-view->low[0] / view->pixel, -view->low[1] / view->pixel, 0};
        const double area = view->pixel * view->pixel, low[3] = {0, 0, -1e6},
                     high[3] = {view->pixels[0], view->pixels[1], 1e6};
        struct pvr_solid solid;
        double *map = make_map(&made, &request, &density, NULL, 2);
        double *row = calloc(view->pixels[0], sizeof *row);
        pvr_footprint_make(&box, view, octree->size, view->pixel);
        assert_true(pvr_solid_make(&solid, &box, middle, NULL, low, high));
        for (uint32_t y = 0; y < view->pixels[1]; y++) {
            pvr_solid_cut_row(&solid, 0, y, (int)view->pixels[0], row);
            for (uint32_t x = 0; x < view->pixels[0]; x++) {
                double is = map[(uint64_t)y * view->pixels[0] + x];
                double should = 3 * volume * row[x] / box.volume / area;
                assert_true(isnan(is) ? should < 1e-9 : fabs(is - should) < 1e-11 * 20);
            }
        }
        free(row);
        free(map);
    }
    free_mesh(&made);
}

/* A slab across the line of sight, well inside the box: density times depth in every pixel. */
static void test_slabs_of_a_uniform_box(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 300, 3);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    uint64_t random = 45;
    set_all(&made, 0.5);
    for (int i = 0; i < 12; i++) {
        double high[3] = {octree->size[0], octree->size[1], octree->size[2]};
        double least = fmin(high[0], fmin(high[1], high[2]));
        struct pvr_view_request view = {.direction = PVR_ALONG_VECTOR,
                                        .width = 0.4 * least,
                                        .depth = (0.02 + 0.03 * i) * least,
                                        .pixels = 7 + (uint32_t)i};
        random_direction(&random, view.line_of_sight);
        struct pvr_map_request request = {.mode = PVR_MAP_SURFACE_DENSITY, .nvalues = 1};
        unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, NULL), NULL);
        double *map = make_map(&made, &request, &density, NULL, 2);
        for (uint64_t p = 0; p < count_pixels(&request); p++) {
            assert_true(fabs(map[p] / (0.5 * view.depth) - 1) < 1e-11);
        }
        free(map);
    }
    free_mesh(&made);
}

/* A box that is 0.5 everywhere: density times depth in every pixel, and all of it together. */
static void check_window(const struct made_mesh *made, const struct pvr_view_request *view) {
    const struct pvr_octree *octree = made->mesh.octree;
    const struct pvr_map_value density = map_value(made, "density", 0);
    struct pvr_map_request request = {.mode = PVR_MAP_SURFACE_DENSITY, .nvalues = 1};
    double high[3];
    for (int a = 0; a < 3; a++) {
        high[a] = octree->origin[a] + octree->size[a];
    }
    unit_ok(pvr_view_make(view, octree->origin, high, &request.view, NULL), NULL);
    double *map = make_map(made, &request, &density, NULL, 2);
    for (uint64_t p = 0; p < count_pixels(&request); p++) {
        assert_true(fabs(map[p] / (0.5 * view->depth) - 1) < 1e-11);
    }
    assert_true(fabs(in_map(&request, map) / (0.5 * view->depth * view->width * view->width) - 1) <
                1e-12);
    free(map);
}

/* Windows and slabs that are small parts of a cell, and cells of thousands of pixels. */
static void test_inside_a_cell(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 300, 3);
    const struct pvr_octree *octree = made.mesh.octree;
    uint64_t random = 46;
    set_all(&made, 0.5);
    for (int i = 0; i < 24; i++) {
        const double width = pow(10, -1 - i / 3.0), depth = i % 3 == 0 ? 0.3 : width;
        struct pvr_view_request view = {.direction = PVR_ALONG_VECTOR,
                                        .has_centre = true,
                                        .width = width * octree->size[0],
                                        .depth = depth * octree->size[0],
                                        .pixels = 20};
        random_direction(&random, view.line_of_sight);
        for (int a = 0; a < 3; a++) {
            view.centre[a] = octree->origin[a] + octree->size[a] * random_in(&random, 0.45, 0.55);
            view.line_of_sight[a] *= i % 4 == 1 && a == i % 3 ? 1e-6 : 1;
        }
        check_window(&made, &view);
    }
    free_mesh(&made);
}

/* A window, or a slab, of a part of 10^3 to 10^9 of the box about a corner of its cells, of many
 * levels, from all sides, also nearly and exactly along an axis: nothing is lost between them. */
static void test_small_windows_have_no_seams(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 300, 3);
    const struct pvr_octree *octree = made.mesh.octree;
    uint64_t random = 48;
    set_all(&made, 0.5);
    for (int i = 0; i < 60; i++) {
        const double small = pow(10, -3 - i / 10.0);
        struct pvr_view_request view = {.direction = i % 5 == 4 ? (enum pvr_direction)(i / 5 % 3)
                                                                : PVR_ALONG_VECTOR,
                                        .has_centre = true,
                                        .width = (i % 7 == 3 ? 0.1 : small) * octree->size[0],
                                        .depth = (i % 7 == 5 ? 0.1 : small) * octree->size[0],
                                        .pixels = 20};
        random_direction(&random, view.line_of_sight);
        for (int a = 0; a < 3; a++) {
            view.line_of_sight[a] *= i % 5 == 2 && a != i / 5 % 3 ? pow(10, -3 - i / 6.0) : 1;
            view.centre[a] = octree->origin[a] + octree->size[a] / 2 +
                             small * octree->size[0] * random_in(&random, -0.3, 0.3);
        }
        check_window(&made, &view);
    }
    free_mesh(&made);
}

/* A tiny window over a face of the box, along an axis: the part inside. */
static void test_tiny_windows_at_the_end_of_the_box(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 300, 3);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    uint64_t random = 49;
    set_all(&made, 0.5);
    for (int i = 0; i < 12; i++) {
        const double width = pow(10, -4 - i / 2.4) * octree->size[0], tilt = pow(10, -3 - i / 2.0);
        double high[3];
        struct pvr_view_request view = {.direction = PVR_ALONG_VECTOR,
                                        .has_centre = true,
                                        .line_of_sight = {0, i % 2 * tilt, 1},
                                        .up = {0, 1, 0},
                                        .width = width,
                                        .depth = 0.1 * octree->size[2],
                                        .pixels = 5};
        for (int a = 0; a < 3; a++) {
            high[a] = octree->origin[a] + octree->size[a];
            view.centre[a] = octree->origin[a] + octree->size[a] * 0.4375;
        }
        view.centre[0] = high[0] + width * random_in(&random, -0.4, 0.4);
        const double inside = (width / 2 - (view.centre[0] - high[0])) / width;
        struct pvr_map_request request = {.mode = PVR_MAP_SURFACE_DENSITY, .nvalues = 1};
        unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, NULL), NULL);
        double *map = make_map(&made, &request, &density, NULL, 2);
        assert_true(fabs(in_map(&request, map) / (0.5 * view.depth * width * width * inside) - 1) <
                    1e-12);
        free(map);
    }
    free_mesh(&made);
}

static void test_threads_do_not_change_a_bit(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT32, PVR_UNITS_CODE, 2000, 8);
    const struct pvr_map_value values[3] = {map_value(&made, "density", 0),
                                            map_value(&made, "velocity", 1),
                                            map_value(&made, "velocity", 2)};
    const double directions[3][3] = {{1, 2, 3}, {1, 1, 0}, {0.2, -1, 1e-8}}, up[3] = {1, 2, 3};
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        for (int d = 0; d < 3; d++) {
            struct pvr_map_request request = look(made.mesh.octree, directions[d],
                                                  d == 1 ? up : NULL, 61, (enum pvr_map_mode)mode);
            request.nvalues = 3;
            request.weighting = PVR_WEIGHT_ARRAY;
            double *one = make_map(&made, &request, values, values, 1);
            for (int i = 0; i < 4; i++) {
                static const int threads[] = {2, 3, 7, 16};
                double *more = make_map(&made, &request, values, values, threads[i]);
                assert_memory_equal(one, more, 3 * count_pixels(&request) * sizeof *one);
                free(more);
            }
            free(one);
        }
    }
    free_mesh(&made);
}

/* Two directions that differ by the last digits are two ways through the library. */
static void test_tilted_a_little_is_nearly_straight(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 400, 8);
    const struct pvr_map_value density = map_value(&made, "density", 0),
                               value = map_value(&made, "potential", 0);
    const double straight[3] = {0, 0, 1}, tilted[3] = {1e-10, 2e-10, 1}, up[3] = {0, 1, 0};
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        if (mode == PVR_MAP_MIN || mode == PVR_MAP_MAX) {
            continue; /* a touch is enough for these */
        }
        for (int fold = 0; fold < 2; fold++) {
            double *map[2];
            struct pvr_map_request request;
            for (int i = 0; i < 2; i++) {
                request = look(made.mesh.octree, i == 0 ? straight : tilted, up, 23,
                               (enum pvr_map_mode)mode);
                request.weighting = PVR_WEIGHT_ARRAY;
                request.edge = (enum pvr_map_edge)fold;
                request.view.pixels[0] = request.view.pixels[1] = 11; /* cuts cells */
                request.view.low[0] = request.view.low[1] = -0.3;
                request.view.pixel = 0.041;
                map[i] = make_map(&made, &request, &value, &density, 2);
            }
            same_map(map[0], map[1], 121, 1e-7, map_largest(map[0], 121));
            free(map[0]);
            free(map[1]);
        }
    }
    free_mesh(&made);
}

/* Does the shadow of a cell meet the window? Both are convex: no line along an edge of one of them
 * lies between them. */
static bool in_window(const struct pvr_view *view, const double middle[3], double half) {
    const double *image[2] = {view->right, view->up};
    double at[3], window[2], line[5][2] = {{1, 0}, {0, 1}};
    pvr_view_place(view, middle, at);
    for (int i = 0; i < 2; i++) {
        window[i] = 0.5 * view->pixels[i] * view->pixel;
        at[i] -= view->low[i] + window[i];
    }
    for (int a = 0; a < 3; a++) { /* at right angles to the cell's edges */
        line[2 + a][0] = -image[1][a];
        line[2 + a][1] = image[0][a];
    }
    for (int n = 0; n < 5; n++) {
        double reach = fabs(line[n][0]) * window[0] + fabs(line[n][1]) * window[1];
        for (int a = 0; a < 3; a++) {
            reach += half * fabs(line[n][0] * image[0][a] + line[n][1] * image[1][a]);
        }
        if (fabs(line[n][0] * at[0] + line[n][1] * at[1]) >= reach) {
            return false;
        }
    }
    return true;
}

/* Folded, every cell that is in sight counts as a whole: in windows that cut cells at their borders
 * and at their corners, of pixels larger and smaller than cells. */
static void test_folded_cells_count_as_a_whole(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 400, 31);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    uint64_t random = 12;
    for (int i = 0; i < 20; i++) {
        double direction[3];
        random_direction(&random, direction);
        struct pvr_map_request request = look(octree, direction, NULL, 23, PVR_MAP_SUM);
        request.weighting = PVR_WEIGHT_NONE;
        request.edge = PVR_EDGE_FOLD;
        request.view.pixels[0] = 3 + 2 * (uint32_t)i;
        request.view.pixels[1] = 2 + (uint32_t)i;
        request.view.low[0] = -0.2 * octree->size[0];
        request.view.low[1] = -0.1 * octree->size[0];
        request.view.pixel = 0.4 * octree->size[0] / request.view.pixels[0];
        double *map = make_map(&made, &request, &density, NULL, 2), wanted = 0;
        for (uint64_t c = 0; c < octree->ncells; c++) {
            if (made.place[c].level > 0 && !made.place[c].refined) {
                double middle[3];
                made_centre(&made, c, middle);
                const double half = 0.5 * pvr_octree_cell_size(octree, made.place[c].level);
                wanted += in_window(&request.view, middle, half)
                              ? unit_value(density.term[0].array, c, 0)
                              : 0;
            }
        }
        assert_true(wanted > 0);
        assert_true(fabs(map_sum(map, count_pixels(&request)) - wanted) < 1e-12 * wanted);
        free(map);
    }
    free_mesh(&made);
}

static void test_extrema_are_those_of_the_cells_in_sight(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 400, 8);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value value = map_value(&made, "potential", 0);
    const double direction[3] = {-1, 0.3, 0.8};
    struct pvr_map_request request = look(octree, direction, NULL, 1, PVR_MAP_MIN);
    double least = (double)INFINITY, most = -(double)INFINITY;
    for (uint64_t i = 0; i < octree->ncells; i++) {
        if (made.place[i].level > 0 && !made.place[i].refined) {
            least = fmin(least, unit_value(value.term[0].array, i, 0));
            most = fmax(most, unit_value(value.term[0].array, i, 0));
        }
    }
    double *map = make_map(&made, &request, &value, NULL, 2);
    assert_true(map[0] == least);
    free(map);
    request.mode = PVR_MAP_MAX;
    map = make_map(&made, &request, &value, NULL, 2);
    assert_true(map[0] == most);
    free(map);
    free_mesh(&made);
}

/* A ball of density 1 in a box of 0, from every side: the chord 2 sqrt(R^2 - r^2). The cells make
 * steps of its surface, so the error falls with the level. */
static void test_a_ball_from_all_sides(void **state) {
    (void)state;
    enum { PIXELS = 32 };
    const double directions[4][3] = {{0, 0, 1}, {1, 2, 3}, {1, 1, 0}, {-2, 0.3, 0.4}};
    for (int d = 0; d < 4; d++) {
        double error[3];
        for (int level = 4; level <= 6; level++) {
            struct made_mesh made = make_cube(level);
            const struct pvr_octree *octree = made.mesh.octree;
            for (uint64_t i = 0; i < octree->ncells; i++) {
                double centre[3];
                made_centre(&made, i, centre);
                double r = 0;
                for (int a = 0; a < 3; a++) {
                    r += pow(centre[a] - octree->size[a] / 2, 2);
                }
                made_set(&made, "density", i, 0, r < 0.09 ? 1 : 0);
            }
            struct pvr_map_request request =
                look(octree, directions[d], NULL, PIXELS, PVR_MAP_INTEGRAL);
            const struct pvr_map_value density = map_value(&made, "density", 0);
            double *map = make_map(&made, &request, &density, NULL, 2), sum = 0;
            for (int p = 0; p < PIXELS * PIXELS; p++) {
                double x = request.view.low[0] + (p % PIXELS + 0.5) * request.view.pixel;
                double y = request.view.low[1] + (p / PIXELS + 0.5) * request.view.pixel;
                double r = hypot(x, y), should = r < 0.3 ? 2 * sqrt(0.09 - r * r) : 0;
                sum += r < 0.27 ? fabs(map[p] - should) : 0; /* within, where the chord is smooth */
            }
            error[level - 4] = sum / (PIXELS * PIXELS);
            free(map);
            free_mesh(&made);
        }
        assert_true(error[0] < 0.02);
        assert_true(error[1] < 0.75 * error[0] && error[2] < 0.75 * error[1]);
    }
}

/* Gas that turns about an axis, and moves as a whole. */
static void test_spin(void **state) {
    (void)state;
    struct made_mesh made = make_cube(5);
    const struct pvr_octree *octree = made.mesh.octree;
    const double axis[3] = {0.6, 0, 0.8}, bulk[3] = {30, -20, 10};
    for (uint64_t i = 0; i < octree->ncells; i++) {
        double r[3];
        made_centre(&made, i, r);
        for (int a = 0; a < 3; a++) {
            r[a] -= octree->size[a] / 2;
        }
        for (int a = 0; a < 3; a++) {
            int b = (a + 1) % 3, c = (a + 2) % 3;
            made_set(&made, "velocity", i, a, bulk[a] + axis[b] * r[c] - axis[c] * r[b]);
        }
        made_set(&made, "density", i, 0, exp(-r[0]));
    }
    struct pvr_spin spin;
    struct pvr_error error;
    const double centre[3] = {octree->size[0] / 2, octree->size[1] / 2, octree->size[2] / 2};
    const struct pvr_array *density = made_array(&made, "density")->array,
                           *velocity = made_array(&made, "velocity")->array;
    unit_ok(pvr_spin_octree(octree, density, velocity, centre, 0.35, NULL, &spin, &error), &error);
    double length = sqrt(spin.momentum[0] * spin.momentum[0] + spin.momentum[1] * spin.momentum[1] +
                         spin.momentum[2] * spin.momentum[2]);
    for (int a = 0; a < 3;
         a++) { /* the density is not the same all around: nearly along the axis */
        assert_true(fabs(spin.momentum[a] / length - axis[a]) < 0.02);
        assert_true(fabs(spin.velocity[a] - bulk[a]) < 0.2);
    }
    assert_true(fabs(spin.mass / (4 * 0.35 * 0.35 * 0.35 * 3.14159265 / 3) - 1) < 0.05);
    double line_of_sight[3], up[3];
    unit_ok(pvr_spin_view(&spin, true, line_of_sight, up, &error), &error);
    double across = 0;
    for (int a = 0; a < 3; a++) {
        across += line_of_sight[a] * spin.momentum[a];
        assert_true(up[a] == spin.momentum[a]);
    }
    assert_true(fabs(across) < 1e-12 * length);
    unit_ok(pvr_spin_view(&spin, false, line_of_sight, up, &error), &error);
    assert_memory_equal(line_of_sight, spin.momentum, sizeof line_of_sight);
    /* in two parts, as ranks have them, and all of it as points */
    struct pvr_spin part[2], joined, points;
    struct pvr_array *masses[2], *position;
    unit_ok(pvr_array_new(PVR_FLOAT64, 3, octree->ncells, &position, &error), &error);
    for (int p = 0; p < 2; p++) {
        unit_ok(pvr_array_new(PVR_FLOAT64, 1, octree->ncells, &masses[p], &error), &error);
        for (uint64_t i = 0; i < octree->ncells; i++) {
            bool leaf = made.place[i].level > 0 && !made.place[i].refined;
            double mass = leaf ? unit_value(density, i, 0) *
                                     pvr_octree_cell_volume(octree, made.place[i].level)
                               : 0;
            ((double *)masses[p]->data)[i] = p == (i / 7 % 3 == 0) ? mass : 0;
            made_centre(&made, i, (double *)position->data + 3 * i);
        }
        unit_ok(
            pvr_spin_points(position, masses[p], velocity, centre, 0.35, NULL, &part[p], &error),
            &error);
        assert_true(part[p].mass > 0.1 * spin.mass);
    }
    unit_ok(pvr_spin_join(part, 2, &joined, &error), &error);
    for (uint64_t i = 0; i < octree->ncells; i++) {
        ((double *)masses[0]->data)[i] += ((double *)masses[1]->data)[i];
    }
    unit_ok(pvr_spin_points(position, masses[0], velocity, centre, 0.35, NULL, &points, &error),
            &error);
    for (int a = 0; a < 3; a++) {
        assert_true(fabs(joined.momentum[a] - spin.momentum[a]) < 1e-10 * length);
        assert_true(fabs(points.momentum[a] - spin.momentum[a]) < 1e-10 * length);
    }
    assert_true(fabs(joined.mass - spin.mass) < 1e-12 * spin.mass);
    pvr_array_release(masses[0]);
    pvr_array_release(masses[1]);
    pvr_array_release(position);
    const double nowhere[3] = {9, 9, 9};
    unit_failed(pvr_spin_octree(octree, density, velocity, nowhere, 0.1, NULL, &spin, &error),
                &error, "no mass");
    free_mesh(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_direction_loses_mass),
        cmocka_unit_test(test_uniform_boxes_look_like_one_box),
        cmocka_unit_test(test_slabs_of_a_uniform_box),
        cmocka_unit_test(test_inside_a_cell),
        cmocka_unit_test(test_small_windows_have_no_seams),
        cmocka_unit_test(test_tiny_windows_at_the_end_of_the_box),
        cmocka_unit_test(test_threads_do_not_change_a_bit),
        cmocka_unit_test(test_tilted_a_little_is_nearly_straight),
        cmocka_unit_test(test_folded_cells_count_as_a_whole),
        cmocka_unit_test(test_extrema_are_those_of_the_cells_in_sight),
        cmocka_unit_test(test_a_ball_from_all_sides),
        cmocka_unit_test(test_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
