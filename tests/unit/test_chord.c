/* test_chord.c - pvr_chord.h: shares of pixels in a box, against chords that are followed through
 * it, and against the two other ways of finding them. */
#include "pvr_chord.h"

#include "support.h"

#include <math.h>
#include <string.h>

enum { SIDE = 64 }; /* of the image */

static double random_in(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(unit_random(state) >> 11) / 9007199254740992.0;
}

/* A view along `n` with a random roll; only its axes are set. */
static struct pvr_view view_along(const double n[3], uint64_t *random) {
    const struct pvr_view_request request = {
        .direction = PVR_ALONG_VECTOR,
        .line_of_sight = {n[0], n[1], n[2]},
        .up = {random_in(random, -1, 1), random_in(random, -1, 1), random_in(random, -1, 1)},
        .pixels = 1};
    const double low[3] = {0, 0, 0}, high[3] = {1, 1, 1};
    struct pvr_view view;
    struct pvr_error error;
    unit_ok(pvr_view_make(&request, low, high, &view, &error), &error);
    return view;
}

static struct pvr_view random_view(uint64_t *random) {
    double n[3];
    for (int a = 0; a < 3; a++) {
        n[a] = random_in(random, -1, 1);
    }
    return view_along(n, random);
}

/* Length of the line at (x, y) of the image in a box about 0. */
static double chord(const struct pvr_view *view, const double sides[3], double x, double y) {
    double from = -1e300, to = 1e300;
    for (int a = 0; a < 3; a++) {
        double at = x * view->right[a] + y * view->up[a], n = view->along[a];
        double one = (-sides[a] / 2 - at) / n, two = (sides[a] / 2 - at) / n;
        from = fmax(from, fmin(one, two));
        to = fmin(to, fmax(one, two));
    }
    return fmax(0, to - from);
}

/* The pixels of the image from `low` up to `high`; the others are left alone. */
static void add_part(const struct pvr_footprint *footprint, const double centre[3],
                     const int low[2], const int high[2], double image[SIDE][SIDE]) {
    static double plane[2 * PVR_PATCH_ROW * PVR_PATCH_ROW];
    const double value[2] = {1, -3};
    struct pvr_patch patch = {.plane = plane, .nplanes = 2};
    for (int i = 0; i < 2; i++) {
        patch.low[i] = low[i];
        patch.high[i] = high[i];
    }
    memset(plane, 0, sizeof plane);
    pvr_footprint_add(footprint, centre, NULL, NULL, &patch, value);
    for (int row = low[1]; row < high[1]; row++) {
        const double *one = pvr_patch_row(&patch, 0, row - low[1]);
        const double *other = pvr_patch_row(&patch, 1, row - low[1]);
        for (int x = low[0]; x < high[0]; x++) {
            image[row][x] = one[x - low[0]];
            assert_true(fabs(other[x - low[0]] + 3 * image[row][x]) <= 1e-15 * image[row][x]);
        }
    }
}

static void by_default(const struct pvr_footprint *footprint, const double centre[3],
                       double image[SIDE][SIDE]) {
    const int low[2] = {0, 0}, high[2] = {SIDE, SIDE};
    add_part(footprint, centre, low, high, image);
}

/* A row of shares, of what lies in the depth. */
static void cut_row(const struct pvr_footprint *footprint, const double centre[3],
                    const double depth[2], int row, double *share) {
    const double low[3] = {0, 0, depth[0]}, high[3] = {SIDE, SIDE, depth[1]};
    struct pvr_solid solid;
    memset(share, 0, SIDE * sizeof *share);
    if (pvr_solid_make(&solid, footprint, centre, NULL, low, high)) {
        pvr_solid_cut_row(&solid, 0, row, SIDE, share);
        for (int x = 0; x < SIDE; x++) {
            share[x] /= footprint->volume;
        }
    }
}

static void by_cutting(const struct pvr_footprint *footprint, const double centre[3],
                       double image[SIDE][SIDE]) {
    const double all[2] = {-1e3, 1e3};
    for (int row = 0; row < SIDE; row++) {
        cut_row(footprint, centre, all, row, image[row]);
    }
}

static double sum_of(double image[SIDE][SIDE]) {
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += image[i / SIDE][i % SIDE];
    }
    return sum;
}

static void random_box(uint64_t *random, double sides[3], double centre[3]) {
    double scale = exp(random_in(random, log(0.01), log(20)));
    for (int a = 0; a < 3; a++) {
        sides[a] = scale * (unit_random(random) % 3 > 0 ? 1 : random_in(random, 0.3, 1.5));
        centre[a] = random_in(random, SIDE / 2 - 2, SIDE / 2 + 2);
    }
}

static void test_shares_are_those_of_a_polyhedron(void **state) {
    (void)state;
    static double one[SIDE][SIDE], two[SIDE][SIDE];
    uint64_t random = 9;
    for (int i = 0; i < (unit_sanitized() ? 100 : 600); i++) {
        double sides[3], centre[3];
        struct pvr_view view = random_view(&random);
        struct pvr_footprint footprint;
        random_box(&random, sides, centre);
        pvr_footprint_make(&footprint, &view, sides, 1);
        by_default(&footprint, centre, one);
        by_cutting(&footprint, centre, two);
        assert_true(fabs(sum_of(one) - 1) < 1e-12);
        assert_true(fabs(sum_of(two) - 1) < 1e-12);
        double least = fmin(fabs(view.along[0]), fmin(fabs(view.along[1]), fabs(view.along[2])));
        for (int p = 0; p < SIDE * SIDE; p++) {
            const double is = one[p / SIDE][p % SIDE], should = two[p / SIDE][p % SIDE];
            const double most = 3e-14 + 1e-15 / (least + 1e-3);
            assert_true(fabs(is - should) < (is > 0 ? most : footprint.no_share + most));
        }
    }
}

/* Nothing is lost of them, inside the image. */
static void test_needles_and_sheets(void **state) {
    (void)state;
    static double image[SIDE][SIDE];
    uint64_t random = 12;
    for (int i = 0; i < (unit_sanitized() ? 300 : 3000); i++) {
        const struct pvr_view view = random_view(&random);
        const double length = exp(random_in(&random, log(0.01), log(30)));
        const double ratio = exp(random_in(&random, 0, log(1000)));
        double sides[3], centre[3];
        for (int a = 0; a < 3; a++) { /* one or two of them are short */
            const bool is_short = a == i % 3 || (a == (i + 1) % 3 && i % 2 == 0);
            sides[a] = is_short ? length / ratio : length;
            centre[a] = random_in(&random, SIDE / 2 - 2, SIDE / 2 + 2);
        }
        struct pvr_footprint footprint;
        pvr_footprint_make(&footprint, &view, sides, 1);
        by_default(&footprint, centre, image);
        assert_true(fabs(sum_of(image) - 1) < 1e-10);
    }
}

/* Boxes from a thousandth of a pixel to such that are wider than the image, anywhere in it and over
 * its borders, and any part of the image: shares are those of the polyhedron. */
static void test_parts_of_an_image(void **state) {
    (void)state;
    static double one[SIDE][SIDE], two[SIDE][SIDE];
    uint64_t random = 19;
    bool seen[PVR_FOOTPRINT_CUT + 1] = {false};
    for (int i = 0; i < (unit_sanitized() ? 200 : 2000); i++) {
        double n[3], sides[3], centre[3], side = exp(random_in(&random, log(1e-3), log(100)));
        for (int a = 0; a < 3; a++) {
            n[a] = random_in(&random, -1, 1);
        }
        if (i % 4 == 1) { /* a face that is nearly edge-on */
            n[i / 4 % 3] = random_in(&random, -3e-3, 3e-3);
            side = i % 8 == 1 ? random_in(&random, 1.5, 3) : side;
        }
        struct pvr_view view = view_along(n, &random);
        int low[2], high[2];
        for (int a = 0; a < 3; a++) {
            sides[a] = side;
            centre[a] = i % 3 == 0
                            ? (double)(unit_random(&random) % (2 * SIDE)) / 2 /* on borders */
                            : random_in(&random, -4, SIDE + 4);
        }
        for (int a = 0; a < 2; a++) {
            low[a] = i % 2 == 0 ? 0 : (int)(unit_random(&random) % SIDE);
            high[a] = low[a] + 1 + (int)(unit_random(&random) % (uint64_t)(SIDE - low[a]));
        }
        struct pvr_footprint footprint;
        pvr_footprint_make(&footprint, &view, sides, 1);
        seen[footprint.kind] = true;
        by_cutting(&footprint, centre, two);
        add_part(&footprint, centre, low, high, one);
        double least = fmin(fabs(view.along[0]), fmin(fabs(view.along[1]), fabs(view.along[2])));
        for (int y = low[1]; y < high[1]; y++) {
            for (int x = low[0]; x < high[0]; x++) {
                assert_true(fabs(one[y][x] - two[y][x]) < 1e-13 + 1e-15 / (least + 1e-3));
            }
        }
    }
    assert_true(seen[PVR_FOOTPRINT_SMALL] && seen[PVR_FOOTPRINT_CORNERS] &&
                seen[PVR_FOOTPRINT_STRIPS]);
}

static void test_shares_are_chords_over_pixels(void **state) {
    (void)state;
    enum { FINE = 40 };
    static double image[SIDE][SIDE];
    uint64_t random = 31;
    for (int i = 0; i < 6; i++) {
        double sides[3] = {9, 9, 9}, centre[3] = {31.3, 32.2, 0};
        struct pvr_view view = random_view(&random);
        struct pvr_footprint footprint;
        pvr_footprint_make(&footprint, &view, sides, 1);
        by_default(&footprint, centre, image);
        double largest = 0;
        for (int y = 20; y < 44; y++) {
            for (int x = 20; x < 44; x++) {
                double sum = 0;
                for (int s = 0; s < FINE * FINE; s++) {
                    sum += chord(&view, sides, x + (s % FINE + 0.5) / FINE - centre[0],
                                 y + (s / FINE + 0.5) / FINE - centre[1]);
                }
                double should = sum / (FINE * FINE) / (9.0 * 9 * 9);
                largest = fmax(largest, fabs(image[y][x] - should));
            }
        }
        assert_true(largest < 1e-3 / 81); /* the sum over points is not better */
    }
}

/* The shadow of a cube of side h is a hexagon of area h^2 (|nx| + |ny| + |nz|); the longest chord
 * is h / max |n|, at the middle; along a diagonal of the cube that is a regular hexagon. */
static void test_shadow_of_a_cube(void **state) {
    (void)state;
    static double image[SIDE][SIDE];
    uint64_t random = 4;
    const double diagonal[3] = {1, 1, 1};
    const double sides[3] = {30, 30, 30}, centre[3] = {32, 32, 0};
    for (int i = 0; i < 8; i++) {
        struct pvr_view view = i == 0 ? view_along(diagonal, &random) : random_view(&random);
        struct pvr_footprint footprint;
        pvr_footprint_make(&footprint, &view, sides, 1);
        by_default(&footprint, centre, image);
        double area = 0, perimeter = 0, most = 0;
        for (int p = 0; p < SIDE * SIDE; p++) {
            area += image[p / SIDE][p % SIDE] > 1e-13;
        }
        for (int a = 0; a < 3; a++) {
            most += fabs(view.along[a]);
            perimeter += 2 * 30 * hypot(view.right[a], view.up[a]);
        }
        /* pixels at the border are touched in part: half a border's width of them, or so */
        assert_true(area >= 900 * most && area <= 900 * most + 1.5 * perimeter);
        double n = fmax(fabs(view.along[0]), fmax(fabs(view.along[1]), fabs(view.along[2])));
        double middle = image[31][31] + image[31][32] + image[32][31] + image[32][32];
        assert_true(fabs(middle / 4 * 27000 - 30 / n) < 1.2 * 2 / n); /* slopes are below 2 */
    }
    /* regular: the same after a turn of the image by 60 degrees, so the same in the four quarters
     */
    const struct pvr_view_request request = {
        .direction = PVR_ALONG_VECTOR, .line_of_sight = {1, 1, 1}, .pixels = 1};
    const double low[3] = {0, 0, 0}, high[3] = {1, 1, 1};
    struct pvr_view view;
    struct pvr_footprint footprint;
    unit_ok(pvr_view_make(&request, low, high, &view, NULL), NULL);
    pvr_footprint_make(&footprint, &view, sides, 1);
    by_default(&footprint, centre, image);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            assert_true(fabs(image[y][x] - image[63 - y][x]) < 1e-15);
            assert_true(fabs(image[y][x] - image[y][63 - x]) < 1e-15);
        }
    }
    assert_true(fabs(footprint.half[0] - 15 * sqrt(2)) < 1e-12 ||
                fabs(footprint.half[1] - 15 * sqrt(2)) < 1e-12);
}

static void test_faces_seen_edge_on(void **state) {
    (void)state;
    static double one[SIDE][SIDE], two[SIDE][SIDE];
    uint64_t random = 77;
    const double tilts[] = {0, 1e-16, 1e-12, 1e-9, 1e-6, 0.9e-3, 1.1e-3, 1e-2};
    for (int t = 0; t < 8; t++) {
        for (int i = 0; i < 20; i++) {
            double n[3] = {0.3 + i, 1.1, 0}, sides[3], centre[3];
            if (i % 2 == 0) {
                n[1] = tilts[t]; /* nearly along x: two pairs of faces */
            }
            n[2] = tilts[t];
            struct pvr_view view = view_along(n, &random);
            struct pvr_footprint footprint;
            random_box(&random, sides, centre);
            pvr_footprint_make(&footprint, &view, sides, 1);
            by_default(&footprint, centre, one);
            by_cutting(&footprint, centre, two);
            assert_true(fabs(sum_of(one) - 1) < 1e-12);
            assert_true(fabs(sum_of(two) - 1) < 1e-12);
            for (int p = 0; p < SIDE * SIDE; p++) {
                assert_true(fabs(one[p / SIDE][p % SIDE] - two[p / SIDE][p % SIDE]) < 1e-12);
            }
        }
    }
}

static void test_edges_along_the_axes_of_the_image(void **state) {
    (void)state;
    static double one[SIDE][SIDE], two[SIDE][SIDE];
    uint64_t random = 3;
    for (int i = 0; i < 60; i++) {
        struct pvr_view_request request = {.direction = PVR_ALONG_VECTOR, .pixels = 1};
        request.line_of_sight[i % 3] = random_in(&random, -1, 1);
        request.line_of_sight[(i + 1) % 3] = random_in(&random, -1, 1);
        const double low[3] = {0, 0, 0}, high[3] = {1, 1, 1};
        struct pvr_view view;
        struct pvr_footprint footprint;
        double sides[3], centre[3];
        unit_ok(pvr_view_make(&request, low, high, &view, NULL), NULL);
        random_box(&random, sides, centre);
        pvr_footprint_make(&footprint, &view, sides, 1);
        assert_int_equal(footprint.kind, PVR_FOOTPRINT_PRODUCT);
        by_default(&footprint, centre, one);
        by_cutting(&footprint, centre, two);
        assert_true(fabs(sum_of(one) - 1) < 1e-13);
        for (int p = 0; p < SIDE * SIDE; p++) {
            assert_true(fabs(one[p / SIDE][p % SIDE] - two[p / SIDE][p % SIDE]) < 1e-13);
        }
    }
}

static void test_parts_of_a_depth_are_the_whole(void **state) {
    (void)state;
    uint64_t random = 12;
    for (int i = 0; i < 100; i++) {
        double sides[3], centre[3], all[SIDE], part[SIDE], sum[SIDE] = {0};
        struct pvr_view view = random_view(&random);
        struct pvr_footprint footprint;
        random_box(&random, sides, centre);
        pvr_footprint_make(&footprint, &view, sides, 1);
        const double edge[6] = {-1e3,
                                centre[2] - footprint.half[2] / 2,
                                centre[2],
                                centre[2] + footprint.half[2] / 9,
                                centre[2] + footprint.half[2],
                                1e3};
        cut_row(&footprint, centre, (const double[2]){-1e3, 1e3}, 32, all);
        for (int d = 0; d < 5; d++) {
            cut_row(&footprint, centre, edge + d, 32, part);
            for (int x = 0; x < SIDE; x++) {
                sum[x] += part[x];
            }
        }
        for (int x = 0; x < SIDE; x++) {
            assert_true(fabs(sum[x] - all[x]) < 1e-13);
        }
    }
}

/* Eight boxes of up to 10^11 pixels that meet in the image: pixels are full, for any depth. */
static void test_huge_boxes_leave_no_gap(void **state) {
    (void)state;
    uint64_t random = 21;
    for (int i = 0; i < 60; i++) {
        const double side = pow(10, 3 + i % 5 * 2);
        const double sides[3] = {side, side * random_in(&random, 0.3, 1), side / 3};
        const double corner[3] = {random_in(&random, 20, 44), random_in(&random, 20, 44), 0.1};
        const double reach = i % 2 == 0 ? 30 : side / 10;
        const double low[3] = {0, 0, -reach}, high[3] = {SIDE, SIDE, reach};
        double n[3], sum[SIDE][SIDE] = {{0}};
        for (int a = 0; a < 3; a++) {
            n[a] = random_in(&random, -1, 1) * (i % 3 == 2 && a != i / 3 % 3 ? pow(10, -i / 5) : 1);
        }
        const struct pvr_view view = view_along(n, &random);
        struct pvr_footprint footprint;
        pvr_footprint_make(&footprint, &view, sides, 1);
        for (int box = 0; box < 8; box++) {
            double at[3], rest[3];
            for (int k = 0; k < 3; k++) {
                struct pvr_twofold place = {corner[k], 0};
                for (int a = 0; a < 3; a++) {
                    place = pvr_twofold_add(
                        place, pvr_twofold_product(footprint.axis[a][k],
                                                   (box >> a & 1 ? 0.5 : -0.5) * sides[a]));
                }
                at[k] = place.value;
                rest[k] = place.rest;
            }
            struct pvr_solid solid;
            const bool is = pvr_solid_make(&solid, &footprint, at, rest, low, high);
            for (int row = 0; is && row < SIDE; row++) {
                double part[SIDE];
                pvr_solid_cut_row(&solid, 0, row, SIDE, part);
                for (int x = 0; x < SIDE; x++) {
                    sum[row][x] += part[x];
                }
            }
        }
        for (int p = 0; p < SIDE * SIDE; p++) {
            assert_true(fabs(sum[p / SIDE][p % SIDE] / (2 * reach) - 1) < 2e-12);
        }
        assert_true(fabs(sum_of(sum) / (2 * reach * SIDE * SIDE) - 1) < 1e-13);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_are_those_of_a_polyhedron),
        cmocka_unit_test(test_needles_and_sheets),
        cmocka_unit_test(test_parts_of_an_image),
        cmocka_unit_test(test_shares_are_chords_over_pixels),
        cmocka_unit_test(test_shadow_of_a_cube),
        cmocka_unit_test(test_faces_seen_edge_on),
        cmocka_unit_test(test_edges_along_the_axes_of_the_image),
        cmocka_unit_test(test_parts_of_a_depth_are_the_whole),
        cmocka_unit_test(test_huge_boxes_leave_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
