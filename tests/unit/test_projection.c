/* test_projection.c - pvr_projection.h along the axes of the box, against maps made cell by cell
 * and pixel by pixel, and what must hold for every map. */
#include "projected.h"
#include "pvr_octree_boxes.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double random_in(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(unit_random(state) >> 11) / 9007199254740992.0;
}

/* A window and a depth somewhere in the box, or reaching out of it, of odd size. */
static struct pvr_map_request random_request(const struct pvr_octree *octree, uint64_t *random) {
    struct pvr_map_request request = {.nvalues = 1};
    struct pvr_view_request view = {.direction = (enum pvr_direction)(unit_random(random) % 4),
                                    .has_centre = true};
    double high[3];
    for (int a = 0; a < 3; a++) {
        high[a] = octree->origin[a] + octree->size[a];
        view.centre[a] = random_in(random, octree->origin[a], high[a]);
    }
    if (octree->ndim == 2) {
        view.direction = PVR_ALONG_Z;
    }
    if (view.direction == PVR_ALONG_VECTOR) { /* along an axis too, looked at from behind */
        view.line_of_sight[unit_random(random) % 3] = -2.5;
    }
    view.width = random_in(random, 0.05, 1.3) * octree->size[0];
    view.height = random_in(random, 0.05, 1.3) * octree->size[1];
    view.depth = random_in(random, 0.05, 1.3) * octree->size[0];
    if (unit_random(random) % 3 == 0) {
        view.width = view.height = view.depth = 0;
    }
    if (unit_random(random) % 3 == 0) {
        view.cell_size =
            ldexp(octree->size[0] / octree->root_dims[0], -(int)(unit_random(random) % 4));
    } else {
        view.pixels = 1 + (uint32_t)(unit_random(random) % 40);
    }
    struct pvr_error error;
    unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, &error), &error);
    request.edge = unit_random(random) % 3 == 0 ? PVR_EDGE_FOLD : PVR_EDGE_CLIP;
    return request;
}

static void compare(const struct made_mesh *made, const struct pvr_map_request *request,
                    const char *field, const char *weight) {
    const uint64_t n = (uint64_t)request->view.pixels[0] * request->view.pixels[1];
    const struct pvr_map_value value = map_value(made, field, 0);
    struct pvr_map_value by;
    if (weight != NULL) {
        by = map_value(made, weight, 0);
    }
    double *is = make_map(made, request, &value, weight != NULL ? &by : NULL, 2);
    double *should = plain_map(made, request, field, 0, weight);
    same_map(is, should, n, 1e-10, fmax(map_largest(should, n), 1e-3));
    free(is);
    free(should);
}

static void test_maps_are_those_of_a_plain_loop(void **state) {
    (void)state;
    uint64_t random = 5;
    for (int ndim = 2; ndim <= 3; ndim++) {
        for (int type = 0; type < 2; type++) {
            struct made_mesh made = make_mesh(ndim, type == 0 ? PVR_FLOAT64 : PVR_FLOAT32,
                                              PVR_UNITS_CODE, 600, 3 + (uint64_t)type);
            for (int i = 0; i < (unit_sanitized() ? 5 : 25); i++) {
                struct pvr_map_request request = random_request(made.mesh.octree, &random);
                for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
                    request.mode = (enum pvr_map_mode)mode;
                    request.weighting = PVR_WEIGHT_VOLUME;
                    compare(&made, &request, "potential", NULL);
                }
                request.mode = PVR_MAP_MEAN;
                request.weighting = PVR_WEIGHT_NONE;
                compare(&made, &request, "pressure", NULL);
                request.mode = PVR_MAP_SUM;
                compare(&made, &request, "pressure", NULL);
                request.weighting = PVR_WEIGHT_ARRAY;
                compare(&made, &request, "velocity", "density");
                request.mode = PVR_MAP_DISPERSION;
                compare(&made, &request, "velocity", "density");
            }
            free_mesh(&made);
        }
    }
}

/* The map of boxes that know nothing of the octree. */
static double *map_boxes(const struct made_mesh *made, const struct pvr_map_request *request,
                         const struct pvr_map_value *value, const struct pvr_map_value *by,
                         uint64_t wrong[2]) {
    const struct pvr_boxes boxes = pvr_octree_boxes(made->mesh.octree);
    struct pvr_map *map;
    struct pvr_error error;
    unit_ok(pvr_map_new(request, &map, &error), &error);
    unit_ok(pvr_project_boxes(map, &boxes, value, by, NULL, NULL, NULL, NULL, &error), &error);
    double *image = malloc(map->npixels * sizeof *image);
    assert_non_null(image);
    unit_ok(pvr_map_finish(map, NULL, (double)NAN, &image, NULL, NULL, &error), &error);
    wrong[0] = map->not_finite[0];
    wrong[1] = map->weights_not_finite;
    pvr_map_free(map);
    return image;
}

/* Some thousand boxes, a few without a number. */
static void test_maps_of_boxes_are_those_of_a_plain_loop(void **state) {
    (void)state;
    uint64_t random = 9;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 5000, 8);
    const struct pvr_octree *octree = made.mesh.octree;
    uint64_t wrong[2] = {0, 0}, found[2];
    assert_true(octree->ncells > 4096);
    for (uint64_t i = 0; i < octree->ncells; i++) {
        if (made.place[i].level > 0 && !made.place[i].refined && i % 7 == 0) {
            const bool weight = i % 2 == 0;
            made_set(&made, weight ? "density" : "pressure", i, 0, (double)NAN);
            wrong[weight]++;
        }
    }
    const struct pvr_map_value value = map_value(&made, "pressure", 0),
                               by = map_value(&made, "density", 0);
    for (int i = 0; i < (unit_sanitized() ? 2 : PVR_MAP_MODES); i++) {
        struct pvr_map_request request = random_request(octree, &random);
        request.mode = (enum pvr_map_mode)(i % PVR_MAP_MODES);
        request.edge = PVR_EDGE_CLIP;
        const bool weighted = request.mode == PVR_MAP_MEAN || request.mode == PVR_MAP_SUM ||
                              request.mode == PVR_MAP_DISPERSION;
        request.weighting = weighted ? PVR_WEIGHT_ARRAY : PVR_WEIGHT_VOLUME;
        const uint64_t n = (uint64_t)request.view.pixels[0] * request.view.pixels[1];
        double *is = map_boxes(&made, &request, &value, weighted ? &by : NULL, found);
        double *should = plain_map(&made, &request, "pressure", 0, weighted ? "density" : NULL);
        same_map(is, should, n, 1e-10, fmax(map_largest(should, n), 1e-3));
        free(is);
        free(should);
    }
    struct pvr_map_request request = map_request(octree, PVR_ALONG_Z, 8, PVR_MAP_MEAN);
    request.weighting = PVR_WEIGHT_ARRAY;
    free(map_boxes(&made, &request, &value, &by, found));
    assert_int_equal(found[0], wrong[0]);
    assert_int_equal(found[1], wrong[1]);
    struct pvr_map *map;
    unit_ok(pvr_map_new(&request, &map, NULL), NULL);
    unit_ok(pvr_project_octree(map, octree, &value, &by, NULL, NULL, NULL, NULL, NULL), NULL);
    assert_int_equal(map->not_finite[0], wrong[0]);
    assert_int_equal(map->weights_not_finite, wrong[1]);
    pvr_map_free(map);
    free_mesh(&made);
}

/* Pixels that are the cells of a level, from a corner of the box to beyond it; and windows of some
 * columns of cells. */
static void test_windows_beyond_the_box_and_narrow_ones(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 500, 6);
    const struct pvr_octree *octree = made.mesh.octree;
    const double *size = octree->size, high[3] = {size[0], size[1], size[2]};
    static const double windows[][4] = {/* centre and sides, in parts of the box */
                                        {0.75, 0.75, 1.5, 1.5}, {0.25, 0.75, 1.5, 1.5},
                                        {0.5, 0.75, 1, 1.5},    {0.75, 0.25, 1.5, 1.5},
                                        {0.37, 0.5, 0.02, 1.1}, {0.5, 0.61, 1.1, 0.02}};
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
        for (int i = 0; i < 4; i++) {
            const double *window = windows[w], cell = size[0] / octree->root_dims[0];
            struct pvr_view_request view = {
                .direction = PVR_ALONG_Z,
                .has_centre = true,
                .centre = {window[0] * size[0], window[1] * size[1], 0.5 * size[2]},
                .width = window[2] * size[0],
                .height = window[3] * size[1]};
            view.cell_size = i % 2 == 0 ? ldexp(cell, -i / 2) : 0;
            view.pixel_size = i % 2 == 1 ? ldexp(cell, -i / 2) / 3 : 0;
            struct pvr_map_request request = {.nvalues = 1};
            struct pvr_error error;
            unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, &error), &error);
            request.mode = i < 2 ? PVR_MAP_SURFACE_DENSITY : PVR_MAP_MEAN;
            compare(&made, &request, "density", NULL);
            request.mode = PVR_MAP_MAX;
            compare(&made, &request, "density", NULL);
        }
    }
    free_mesh(&made);
}

static void test_threads_do_not_change_a_bit(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 5000, 8);
    const struct pvr_map_value values[3] = {map_value(&made, "density", 0),
                                            map_value(&made, "velocity", 1),
                                            map_value(&made, "velocity", 2)};
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        for (int direction = 0; direction < 3; direction++) {
            struct pvr_map_request request = map_request(
                made.mesh.octree, (enum pvr_direction)direction, 77, (enum pvr_map_mode)mode);
            const uint64_t n = 3 * (uint64_t)request.view.pixels[0] * request.view.pixels[1];
            request.nvalues = 3;
            request.weighting = PVR_WEIGHT_ARRAY;
            double *one = make_map(&made, &request, values, values, 1);
            for (int i = 0; i < 4; i++) {
                static const int threads[] = {2, 3, 7, 16};
                double *more = make_map(&made, &request, values, values, threads[i]);
                assert_memory_equal(one, more, n * sizeof *one);
                free(more);
            }
            free(one);
        }
    }
    free_mesh(&made);
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

static void test_no_mass_is_lost_at_any_resolution(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 3000, 21);
    const struct pvr_map_value density = map_value(&made, "density", 0);
    const double mass = total(&made, density.term[0].array);
    for (uint32_t pixels = 1; pixels < 700; pixels = pixels * 3 / 2 + 1) {
        for (int direction = 0; direction < 3; direction++) {
            struct pvr_map_request request = map_request(
                made.mesh.octree, (enum pvr_direction)direction, pixels, PVR_MAP_SURFACE_DENSITY);
            const struct pvr_view *view = &request.view;
            const uint64_t n = (uint64_t)view->pixels[0] * view->pixels[1];
            double *map = make_map(&made, &request, &density, NULL, 2);
            double in_map = map_sum(map, n) * view->pixel * view->pixel;
            assert_true(fabs(in_map / mass - 1) < 1e-12);
            free(map);
        }
    }
    free_mesh(&made);
}

static void test_a_window_and_the_rest_are_the_whole(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 2000, 34);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    const double cut = 0.3712 * octree->size[0],
                 high[3] = {octree->size[0], octree->size[1], octree->size[2]};
    double in_parts = 0;
    for (int part = 0; part < 4; part++) { /* left and right, near and far */
        double low_x = part & 1 ? cut : 0, high_x = part & 1 ? octree->size[0] : cut;
        double low_z = part & 2 ? cut : 0, high_z = part & 2 ? octree->size[2] : cut;
        const struct pvr_view_request view = {
            .direction = PVR_ALONG_Z,
            .has_centre = true,
            .centre = {(low_x + high_x) / 2, octree->size[1] / 2, (low_z + high_z) / 2},
            .width = high_x - low_x,
            .height = octree->size[1] * 1.1,
            .depth = high_z - low_z,
            .pixels = 50};
        struct pvr_map_request request = {.mode = PVR_MAP_SURFACE_DENSITY, .nvalues = 1};
        struct pvr_error error;
        unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, &error), &error);
        double *map = make_map(&made, &request, &density, NULL, 2);
        in_parts += map_sum(map, 50 * (uint64_t)request.view.pixels[1]) * request.view.pixel *
                    request.view.pixel;
        free(map);
    }
    assert_true(fabs(in_parts / total(&made, density.term[0].array) - 1) < 1e-12);
    free_mesh(&made);
}

static void test_a_window_moved_by_a_pixel_moves_the_map(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 2000, 55);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value density = map_value(&made, "density", 0);
    const double high[3] = {octree->size[0], octree->size[1], octree->size[2]};
    const double pixel = octree->size[0] / 37;
    double *map[2];
    struct pvr_map_request request = {.mode = PVR_MAP_MEAN, .nvalues = 1};
    for (int moved = 0; moved < 2; moved++) {
        const struct pvr_view_request view = {.direction = PVR_ALONG_Y,
                                              .has_centre = true,
                                              .centre = {0.4 * octree->size[0] + moved * pixel,
                                                         octree->size[1] / 2,
                                                         0.6 * octree->size[2]},
                                              .width = 20 * pixel,
                                              .pixels = 20};
        struct pvr_error error;
        unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, &error), &error);
        map[moved] = make_map(&made, &request, &density, NULL, 2);
    }
    for (uint32_t y = 0; y < 20; y++) {
        same_map(map[0] + 20 * y + 1, map[1] + 20 * y, 19, 1e-11, 10);
    }
    free(map[0]);
    free(map[1]);
    free_mesh(&made);
}

static void test_what_is_no_number_is_left_out(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 800, 13);
    const struct pvr_octree *octree = made.mesh.octree;
    uint64_t random = 2, wrong = 0;
    for (uint64_t i = 0; i < octree->ncells; i++) {
        bool leaf = made.place[i].level > 0 && !made.place[i].refined;
        if (!leaf || unit_random(&random) % 5 == 0) { /* coarse cells are NaN, as totals are */
            made_set(&made, "potential", i, 0, i % 2 == 0 ? (double)NAN : (double)INFINITY);
            wrong += leaf;
        }
    }
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        struct pvr_map_request request =
            map_request(octree, PVR_ALONG_X, 31, (enum pvr_map_mode)mode);
        compare(&made, &request, "potential", NULL);
        /* and another value of the same pass is as without it */
        request.nvalues = 2;
        const struct pvr_map_value values[2] = {map_value(&made, "potential", 0),
                                                map_value(&made, "pressure", 0)};
        const uint64_t n = 31 * (uint64_t)request.view.pixels[1];
        double *both = make_map(&made, &request, values, NULL, 2);
        request.nvalues = 1;
        double *alone = make_map(&made, &request, &values[1], NULL, 2);
        same_map(both + n, alone, n, 1e-13, 1e3);
        free(both);
        free(alone);
    }
    struct pvr_map_request request = map_request(octree, PVR_ALONG_X, 31, PVR_MAP_MEAN);
    const struct pvr_map_value value = map_value(&made, "potential", 0);
    struct pvr_map *map;
    unit_ok(pvr_map_new(&request, &map, NULL), NULL);
    unit_ok(pvr_project_octree(map, octree, &value, NULL, NULL, NULL, NULL, NULL, NULL), NULL);
    assert_int_equal(map->not_finite[0], wrong);
    assert_int_equal(map->cells, octree->nleaves);
    pvr_map_free(map);
    free_mesh(&made);
}

static void test_a_large_mean_costs_no_digits_of_a_dispersion(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 800, 13);
    struct pvr_map_request request =
        map_request(made.mesh.octree, PVR_ALONG_Z, 20, PVR_MAP_DISPERSION);
    const struct pvr_map_value value = map_value(&made, "pressure", 0);
    const uint64_t n = 20 * (uint64_t)request.view.pixels[1];
    double *before = make_map(&made, &request, &value, NULL, 2);
    double *data = value.term[0].array->data;
    for (uint64_t i = 0; i < made.mesh.octree->ncells; i++) {
        data[i] += 1e9;
    }
    double *after = make_map(&made, &request, &value, NULL, 2);
    same_map(before, after, n, 1e-6, 1); /* 1e9 leaves seven digits of the values themselves */
    free(before);
    free(after);
    free_mesh(&made);
}

static void test_maps_are_added(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 800, 17);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value value = map_value(&made, "pressure", 0);
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        struct pvr_map_request request =
            map_request(octree, PVR_ALONG_Z, 23, (enum pvr_map_mode)mode);
        double *whole = make_map(&made, &request, &value, NULL, 1);
        struct pvr_map *half[2];
        double middle = (request.view.depth[0] + request.view.depth[1]) / 2;
        for (int i = 0; i < 2; i++) {
            struct pvr_map_request part = request;
            part.view.depth[1 - i] = middle;
            unit_ok(pvr_map_new(&part, &half[i], NULL), NULL);
            unit_ok(pvr_project_octree(half[i], octree, &value, NULL, NULL, NULL, NULL, NULL, NULL),
                    NULL);
        }
        pvr_map_add_pixels(half[0], 0, half[1]->npixels, half[1]->plane, half[1]->npixels);
        double *image = pvr_map_plane(half[0], 0); /* an image in the place of its sums */
        struct pvr_map_totals totals;
        unit_ok(pvr_map_finish(half[0], NULL, (double)NAN, &image, &totals, NULL, NULL), NULL);
        same_map(image, whole, half[0]->npixels, 1e-12, map_largest(whole, half[0]->npixels));
        double pixel = request.view.pixel;
        assert_true(fabs(totals.sum - map_sum(whole, half[0]->npixels)) < 1e-11 * fabs(totals.sum));
        assert_true(totals.integral == totals.sum * pixel * pixel);
        pvr_map_free(half[0]);
        pvr_map_free(half[1]);
        free(whole);
    }
    free_mesh(&made);
}

/* A second projection into a map adds to the first, also where columns are pixels. */
static void test_a_map_is_added_to(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 5000, 8);
    const struct pvr_octree *octree = made.mesh.octree;
    const struct pvr_map_value value = map_value(&made, "pressure", 0);
    for (int i = 0; i < 2; i++) {
        struct pvr_map_request request = map_request(octree, PVR_ALONG_Z, 64, PVR_MAP_INTEGRAL);
        if (i == 1) { /* pixels are cells */
            const struct pvr_view_request view = {
                .direction = PVR_ALONG_Z,
                .cell_size = octree->size[0] / octree->root_dims[0] /
                             ldexp(1, octree->max_level - octree->root_level)};
            double high[3];
            for (int a = 0; a < 3; a++) {
                high[a] = octree->origin[a] + octree->size[a];
            }
            unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, NULL), NULL);
        }
        double *once = make_map(&made, &request, &value, NULL, 2);
        struct pvr_map *map;
        unit_ok(pvr_map_new(&request, &map, NULL), NULL);
        for (int k = 0; k < 2; k++) {
            unit_ok(pvr_project_octree(map, octree, &value, NULL, NULL, NULL, NULL, NULL, NULL),
                    NULL);
        }
        double *twice = pvr_map_plane(map, 0);
        unit_ok(pvr_map_finish(map, NULL, (double)NAN, &twice, NULL, NULL, NULL), NULL);
        for (uint64_t p = 0; p < map->npixels; p++) {
            twice[p] /= 2;
        }
        same_map(twice, once, map->npixels, 1e-12, map_largest(once, map->npixels));
        pvr_map_free(map);
        free(once);
    }
    free_mesh(&made);
}

static void test_wrong_requests_are_refused(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 200, 13);
    const struct pvr_octree *octree = made.mesh.octree;
    const double high[3] = {octree->size[0], octree->size[1], octree->size[2]};
    const struct {
        struct pvr_view_request view;
        const char *part;
    } wrong[] = {
        {{.direction = PVR_ALONG_VECTOR, .pixels = 10}, "no direction"},
        {{.direction = PVR_ALONG_VECTOR, .line_of_sight = {1, 2, 3}, .up = {2, 4, 6}, .pixels = 10},
         "parallel"},
        {{.direction = PVR_ALONG_Z}, "pixels"},
        {{.direction = PVR_ALONG_Z, .pixels = 10, .pixel_size = 0.1}, "one of these"},
        {{.direction = PVR_ALONG_Z, .pixels = 1000000}, "too large"},
        {{.direction = PVR_ALONG_Z, .pixel_size = 1e-9}, "too large"},
        {{.direction = PVR_ALONG_Z, .pixels = 10, .width = -1}, "empty"},
        {{.direction = PVR_ALONG_Z, .pixels = 10, .depth = -1}, "empty"},
        {{.direction = PVR_ALONG_Z, .pixels = 10, .has_centre = true, .centre = {(double)NAN}},
         "a number that is none"},
        {{.direction = (enum pvr_direction)9, .pixels = 10}, "direction"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pvr_view view;
        struct pvr_error error;
        unit_failed(pvr_view_make(&wrong[i].view, octree->origin, high, &view, &error), &error,
                    wrong[i].part);
    }
    struct pvr_map_request request = map_request(octree, PVR_ALONG_Z, 10, PVR_MAP_MEAN);
    const struct pvr_map_value density = map_value(&made, "density", 0),
                               potential = map_value(&made, "potential", 0);
    struct pvr_map *map;
    struct pvr_error error;
    request.nvalues = 0;
    unit_failed(pvr_map_new(&request, &map, &error), &error, "0 values");
    request.nvalues = 1;
    request.weighting = PVR_WEIGHT_ARRAY;
    unit_ok(pvr_map_new(&request, &map, &error), &error);
    unit_failed(pvr_project_octree(map, octree, &density, NULL, NULL, NULL, NULL, NULL, &error),
                &error, "weighted");
    unit_failed(
        pvr_project_octree(map, octree, &density, &potential, NULL, NULL, NULL, NULL, &error),
        &error, "negative");
    pvr_map_free(map);
    free_mesh(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_are_those_of_a_plain_loop),
        cmocka_unit_test(test_maps_of_boxes_are_those_of_a_plain_loop),
        cmocka_unit_test(test_windows_beyond_the_box_and_narrow_ones),
        cmocka_unit_test(test_threads_do_not_change_a_bit),
        cmocka_unit_test(test_no_mass_is_lost_at_any_resolution),
        cmocka_unit_test(test_a_window_and_the_rest_are_the_whole),
        cmocka_unit_test(test_a_window_moved_by_a_pixel_moves_the_map),
        cmocka_unit_test(test_what_is_no_number_is_left_out),
        cmocka_unit_test(test_a_large_mean_costs_no_digits_of_a_dispersion),
        cmocka_unit_test(test_maps_are_added),
        cmocka_unit_test(test_a_map_is_added_to),
        cmocka_unit_test(test_wrong_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
