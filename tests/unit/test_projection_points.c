/* test_projection_points.c - pvr_projection.h for cells that are no octree, and for points. */
#include "projected.h"
#include "pvr_points.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double random_in(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(unit_random(state) >> 11) / 9007199254740992.0;
}

static struct pvr_array *new_array(int ncomponents, uint64_t count) {
    struct pvr_array *array;
    unit_ok(pvr_array_new(PVR_FLOAT64, ncomponents, count, &array, NULL), NULL);
    return array;
}

/* The leaves of a mesh as boxes, in an order of their own. */
struct leaves {
    const struct made_mesh *made;
    uint64_t count, *index;
    struct pvr_array *density, *potential;
};

static struct leaves make_leaves(const struct made_mesh *made) {
    const struct pvr_octree *octree = made->mesh.octree;
    struct leaves leaves = {.made = made, .index = calloc(octree->ncells, sizeof *leaves.index)};
    for (uint64_t i = octree->ncells; i-- > 0;) {
        if (made->place[i].level > 0 && !made->place[i].refined) {
            leaves.index[leaves.count++] = i;
        }
    }
    leaves.density = new_array(1, leaves.count);
    leaves.potential = new_array(1, leaves.count);
    for (uint64_t i = 0; i < leaves.count; i++) {
        ((double *)leaves.density->data)[i] =
            unit_value(map_value(made, "density", 0).term[0].array, leaves.index[i], 0);
        ((double *)leaves.potential->data)[i] =
            unit_value(map_value(made, "potential", 0).term[0].array, leaves.index[i], 0);
    }
    return leaves;
}

static void free_leaves(struct leaves *leaves) {
    free(leaves->index);
    pvr_array_release(leaves->density);
    pvr_array_release(leaves->potential);
}

static void place_leaves(void *context, uint64_t first, uint32_t count, double (*centre)[3],
                         double (*side)[3]) {
    const struct leaves *leaves = context;
    const struct pvr_octree *octree = leaves->made->mesh.octree;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t index = leaves->index[first + i];
        made_centre(leaves->made, index, centre[i]);
        for (int a = 0; a < 3; a++) {
            side[i][a] = ldexp(octree->size[0] / octree->root_dims[0],
                               octree->root_level - leaves->made->place[index].level);
        }
    }
}

static struct pvr_map_value value_of(const struct pvr_array *array) {
    return (struct pvr_map_value){.nterms = 1, .term = {{.array = array, .coefficient = 1}}};
}

static void test_leaves_as_boxes_are_the_octree(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 300, 7);
    struct leaves leaves = make_leaves(&made);
    const struct pvr_boxes boxes = {
        .count = leaves.count, .place = place_leaves, .context = &leaves};
    const struct pvr_map_value density = value_of(leaves.density),
                               potential = value_of(leaves.potential),
                               mesh_density = map_value(&made, "density", 0),
                               mesh_potential = map_value(&made, "potential", 0);
    for (int mode = 0; mode < PVR_MAP_MODES; mode++) {
        for (int direction = 1; direction < 4; direction++) {
            struct pvr_map_request request = map_request(
                made.mesh.octree, (enum pvr_direction)direction, 29, (enum pvr_map_mode)mode);
            request.weighting = PVR_WEIGHT_ARRAY;
            request.view.depth[0] *= 0.41;
            request.edge = direction == 2 ? PVR_EDGE_FOLD : PVR_EDGE_CLIP;
            request.view.pixels[0] -= 9;
            double *should = make_map(&made, &request, &mesh_potential, &mesh_density, 2);
            struct pvr_map *map;
            unit_ok(pvr_map_new(&request, &map, NULL), NULL);
            unit_ok(
                pvr_project_boxes(map, &boxes, &potential, &density, NULL, NULL, NULL, NULL, NULL),
                NULL);
            double *image = pvr_map_plane(map, 0);
            unit_ok(pvr_map_finish(map, NULL, (double)NAN, &image, NULL, NULL, NULL), NULL);
            same_map(image, should, map->npixels, 1e-10, map_largest(should, map->npixels));
            pvr_map_free(map);
            free(should);
        }
    }
    free_leaves(&leaves);
    free_mesh(&made);
}

/* Points in a cube from 0 to 1, crowded about a place. */
struct cloud {
    uint64_t count;
    struct pvr_array *position, *mass;
};

static struct cloud make_cloud(uint64_t count, uint64_t seed) {
    struct cloud cloud = {count, new_array(3, count), new_array(1, count)};
    for (uint64_t i = 0; i < count; i++) {
        for (int a = 0; a < 3; a++) {
            double place = random_in(&seed, 0, 1);
            ((double *)cloud.position->data)[3 * i + (uint64_t)a] =
                i % 2 == 0 ? place : 0.3 + 0.02 * (place - 0.5);
        }
        ((double *)cloud.mass->data)[i] = random_in(&seed, 0.5, 2);
    }
    return cloud;
}

static void free_cloud(struct cloud *cloud) {
    pvr_array_release(cloud->position);
    pvr_array_release(cloud->mass);
}

static struct pvr_map_request unit_view(double margin, uint32_t pixels, enum pvr_map_mode mode,
                                        const double direction[3]) {
    struct pvr_map_request request = {.mode = mode, .nvalues = 1, .weighting = PVR_WEIGHT_NONE};
    const double low[3] = {-margin, -margin, -margin},
                 high[3] = {1 + margin, 1 + margin, 1 + margin};
    struct pvr_view_request view = {.direction = direction != NULL ? PVR_ALONG_VECTOR : PVR_ALONG_Z,
                                    .pixels = pixels};
    memcpy(view.line_of_sight, direction != NULL ? direction : low, sizeof view.line_of_sight);
    unit_ok(pvr_view_make(&view, low, high, &request.view, NULL), NULL);
    return request;
}

static double *map_of(const struct cloud *cloud, const struct pvr_map_request *request,
                      struct pvr_points points, int threads) {
    const struct pvr_map_value mass = {
        .nterms = 1, .term = {{.array = cloud->mass, .coefficient = 1}}, .of_cells = true};
    const struct pvr_threads settings = {.max = threads};
    struct pvr_map *map;
    struct pvr_error error;
    points.count = cloud->count;
    points.position = cloud->position;
    unit_ok(pvr_map_new(request, &map, &error), &error);
    unit_ok(pvr_project_points(map, &points, &mass, NULL, &settings, NULL, NULL, NULL, &error),
            &error);
    double *image = calloc(map->npixels, sizeof *image);
    unit_ok(pvr_map_finish(map, NULL, 0, &image, NULL, &settings, &error), &error);
    pvr_map_free(map);
    return image;
}

static double mass_of(const struct cloud *cloud) {
    double sum = 0;
    for (uint64_t i = 0; i < cloud->count; i++) {
        sum += ((double *)cloud->mass->data)[i];
    }
    return sum;
}

static void test_points_go_to_their_pixels(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(5000, 3);
    /* one on a border between pixels, and one at the lower corner of the box */
    double *position = cloud.position->data;
    position[0] = position[1] = 0.25;
    position[3] = position[4] = position[5] = 0;
    struct pvr_map_request request = unit_view(0, 20, PVR_MAP_SURFACE_DENSITY, NULL);
    double *map = map_of(&cloud, &request, (struct pvr_points){.kernel = PVR_KERNEL_NEAREST}, 2);
    double should[400] = {0};
    for (uint64_t i = 0; i < cloud.count; i++) {
        int x = (int)floor((position[3 * i] - 0.5 + 0.5) * 20);
        int y = (int)floor((position[3 * i + 1] - 0.5 + 0.5) * 20);
        should[20 * y + x] += ((double *)cloud.mass->data)[i] * 400;
    }
    same_map(map, should, 400, 1e-12, map_largest(should, 400));
    free(map);
    free_cloud(&cloud);
}

static void test_no_kernel_loses_mass(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(3000, 5);
    const double direction[3] = {1, -2, 0.5}, mass = mass_of(&cloud);
    for (int kernel = 0; kernel < 3; kernel++) {
        for (uint32_t pixels = 7; pixels < 200; pixels = 3 * pixels + 4) {
            struct pvr_map_request request =
                unit_view(0.9, pixels, PVR_MAP_SUM, pixels % 2 ? direction : NULL);
            double *one = map_of(&cloud, &request,
                                 (struct pvr_points){.kernel = (enum pvr_map_kernel)kernel}, 1);
            double *more = map_of(&cloud, &request,
                                  (struct pvr_points){.kernel = (enum pvr_map_kernel)kernel}, 3);
            const uint64_t n = (uint64_t)request.view.pixels[0] * request.view.pixels[1];
            assert_true(fabs(map_sum(one, n) / mass - 1) < 1e-12);
            assert_memory_equal(one, more, n * sizeof *one);
            free(one);
            free(more);
        }
    }
    free_cloud(&cloud);
}

/* All kernels keep a point's place. */
static void test_kernels_are_centred(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(1, 5);
    double *position = cloud.position->data;
    struct pvr_array *length = new_array(1, 1);
    position[0] = 0.437;
    position[1] = 0.612;
    for (int kernel = 1; kernel < 3; kernel++) {
        for (double h = 0.01; h < 0.2; h *= 2) {
            *(double *)length->data = h;
            struct pvr_map_request request = unit_view(0, 64, PVR_MAP_SUM, NULL);
            double *map = map_of(
                &cloud, &request,
                (struct pvr_points){.kernel = (enum pvr_map_kernel)kernel, .length = length}, 1);
            double x = 0, y = 0, reach = 0, sum = map_sum(map, 64 * 64);
            for (int p = 0; p < 64 * 64; p++) {
                x += map[p] / sum * (p % 64 + 0.5) / 64;
                y += map[p] / sum * (p / 64 + 0.5) / 64;
                double r = hypot((p % 64 + 0.5) / 64 - 0.437, (p / 64 + 0.5) / 64 - 0.612);
                reach = map[p] > 0 ? fmax(reach, r) : reach;
            }
            assert_true(fabs(x - 0.437) < (kernel == 1 ? 1e-12 : fmax(0.05 * h, 0.15 / 64)));
            assert_true(fabs(y - 0.612) < (kernel == 1 ? 1e-12 : fmax(0.05 * h, 0.15 / 64)));
            assert_true(kernel == 1 ? reach < 2.0 / 64
                                    : reach <= 2 * h && reach > 2 * h - 2.0 / 64);
            free(map);
        }
    }
    pvr_array_release(length);
    free_cloud(&cloud);
}

/* The cubic spline of Monaghan & Lattanzio (1985), h = 1, of mass 1. */
static double spline_density(double q) {
    const double pi = 3.14159265358979323846;
    return (q < 1 ? 1 - 1.5 * q * q + 0.75 * q * q * q : q < 2 ? 0.25 * pow(2 - q, 3) : 0) / pi;
}

static void test_a_spline_has_the_shape_of_one(void **state) {
    (void)state;
    enum { PIXELS = 128, STEPS = 400 };
    struct cloud cloud = make_cloud(1, 5);
    struct pvr_array *length = new_array(1, 1);
    const double h = *(double *)length->data = 0.2, at = 0.5 + 0.3 / PIXELS;
    for (int a = 0; a < 3; a++) {
        ((double *)cloud.position->data)[a] = at;
    }
    *(double *)cloud.mass->data = 3;
    struct pvr_map_request request = unit_view(0, PIXELS, PVR_MAP_SURFACE_DENSITY, NULL);
    double *map = map_of(&cloud, &request,
                         (struct pvr_points){.kernel = PVR_KERNEL_SPLINE, .length = length}, 2);
    const double peak = 3 * 1.5 / 3.14159265358979323846 / (h * h);
    for (int p = 0; p < PIXELS * PIXELS; p++) {
        const double r = hypot((p % PIXELS + 0.5) / PIXELS - at, (p / PIXELS + 0.5) / PIXELS - at);
        double should = 0;
        for (int z = 0; z < STEPS; z++) {
            should += spline_density(hypot(r / h, 4 * (z + 0.5) / STEPS - 2)) * 4 / STEPS;
        }
        assert_true(fabs(map[p] - 3 * should / (h * h)) < 1e-3 * peak);
    }
    free(map);
    pvr_array_release(length);
    free_cloud(&cloud);
}

static void test_lengths_follow_the_density(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(40000, 8); /* half of them in a cube of side 0.02 */
    struct pvr_array *length;
    unit_ok(pvr_points_lengths(cloud.position, cloud.position, 32, &length, NULL), NULL);
    const double pi = 3.14159265358979323846;
    double wide = 0, close = 0;
    for (uint64_t i = 0; i < cloud.count; i++) {
        *(i % 2 == 0 ? &wide : &close) += ((double *)length->data)[i] / (0.5 * 40000);
    }
    double should_wide = cbrt(3 * 32 / (4 * pi * 20000)) / 2, should_close = 0.02 * should_wide;
    assert_true(wide > 0.7 * should_wide && wide < 1.2 * should_wide);
    assert_true(close > 0.7 * should_close && close < 1.2 * should_close);
    pvr_array_release(length);
    free_cloud(&cloud);
}

static void test_means_of_points(void **state) {
    (void)state;
    struct cloud cloud = make_cloud(2000, 9);
    struct pvr_map_request request = unit_view(0, 1, PVR_MAP_MEAN, NULL);
    request.weighting = PVR_WEIGHT_ARRAY;
    const struct pvr_map_value mass = value_of(cloud.mass);
    const struct pvr_map_value x = {.nterms = 1,
                                    .term = {{.array = cloud.position, .coefficient = 1}}};
    const struct pvr_points points = {.count = cloud.count, .position = cloud.position};
    double should = 0, image, *images = &image;
    for (uint64_t i = 0; i < cloud.count; i++) {
        should += ((double *)cloud.mass->data)[i] * ((double *)cloud.position->data)[3 * i];
    }
    struct pvr_map *map;
    unit_ok(pvr_map_new(&request, &map, NULL), NULL);
    unit_ok(pvr_project_points(map, &points, &x, &mass, NULL, NULL, NULL, NULL, NULL), NULL);
    unit_ok(pvr_map_finish(map, NULL, 0, &images, NULL, NULL, NULL), NULL);
    assert_true(fabs(image / (should / mass_of(&cloud)) - 1) < 1e-12);
    assert_int_equal(map->cells, cloud.count);
    pvr_map_free(map);
    struct pvr_error error;
    unit_ok(pvr_map_new(&request, &map, NULL), NULL);
    const struct pvr_points flat = {.count = cloud.count, .position = cloud.mass};
    unit_failed(pvr_project_points(map, &flat, &x, &mass, NULL, NULL, NULL, NULL, &error), &error,
                "positions");
    const struct pvr_points few = {.count = 7, .position = cloud.position};
    unit_failed(pvr_project_points(map, &few, &x, &mass, NULL, NULL, NULL, NULL, &error), &error,
                "does not fit");
    pvr_map_free(map);
    free_cloud(&cloud);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_as_boxes_are_the_octree),
        cmocka_unit_test(test_points_go_to_their_pixels),
        cmocka_unit_test(test_no_kernel_loses_mass),
        cmocka_unit_test(test_kernels_are_centred),
        cmocka_unit_test(test_a_spline_has_the_shape_of_one),
        cmocka_unit_test(test_lengths_follow_the_density),
        cmocka_unit_test(test_means_of_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
