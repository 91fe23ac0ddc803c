/* test_derived.c - pvr_derived.h: every formula against its textbook form, units, options. */
#include "derived_mesh.h"
#include "pvr_statistics.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = 128 };

/* All names of the registry. */
static int all_names(const char *names[ALL]) {
    int count = pvr_derived_count();
    assert_in_range(count, 40, ALL);
    for (int i = 0; i < count; i++) {
        names[i] = pvr_derived_at(i)->name;
    }
    return count;
}

static void derive(const struct made_mesh *made, const char *const *names, int count,
                   enum pvr_field_units units, enum pvr_type precision, int threads,
                   const struct pvr_derived_options *options, struct pvr_mesh_array *out) {
    const struct pvr_derived_request request = {names, count, units, precision};
    const struct pvr_threads settings = {.max = threads};
    struct pvr_report report;
    struct pvr_error error;
    unit_ok(pvr_derive(&made->mesh, &made->info, &request, options, &settings, NULL, NULL, out,
                       &report, &error),
            &error);
    assert_int_equal(report.threads, threads);
    pvr_report_free(&report);
}

static struct pvr_mesh_array derive_one(const struct made_mesh *made, const char *name,
                                        enum pvr_field_units units,
                                        const struct pvr_derived_options *options) {
    struct pvr_mesh_array out;
    derive(made, &name, 1, units, PVR_FLOAT64, 2, options, &out);
    return out;
}

static void release(struct pvr_mesh_array *out, int count) {
    for (int i = 0; i < count; i++) {
        assert_int_equal(out[i].array->references, 1);
        pvr_array_release(out[i].array);
    }
}

static const struct reference *reference_of(const char *name) {
    for (const struct reference *reference = references; reference->name != NULL; reference++) {
        if (strcmp(reference->name, name) == 0) {
            return reference;
        }
    }
    fail_msg("no reference for %s", name);
    return NULL;
}

/* A difference of large numbers, which may have either sign, is right to the largest; what is never
 * negative is right to itself (but for a hundredth of a percent: sqrt of squares of differences).
 */
static double rounding_scale(const struct pvr_mesh_array *out) {
    double low = 0, high = 0;
    for (uint64_t i = 0; i < out->array->ntuples; i++) {
        for (int c = 0; c < out->array->ncomponents; c++) {
            double value = unit_value(out->array, i, c);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    }
    return low < 0 ? fmax(-low, high) : 1e-4 * high;
}

/* Compares all derived fields of `made` with their references in cgs and astro units. */
static void compare(const struct made_mesh *made, const struct pvr_derived_options *options,
                    enum pvr_type precision) {
    const char *names[ALL];
    int count = all_names(names);
    struct pvr_mesh_array out[ALL], code[ALL];
    struct reference_cell *in_cgs = calloc(made->mesh.octree->ncells, sizeof *in_cgs);
    assert_non_null(in_cgs);
    for (uint64_t cell = 0; cell < made->mesh.octree->ncells; cell++) {
        in_cgs[cell] = made_cell(made, options, cell);
    }
    derive(made, names, count, PVR_UNITS_CODE, precision, 2, options, code);
    for (enum pvr_field_units units = PVR_UNITS_CGS; units <= PVR_UNITS_ASTRO; units++) {
        derive(made, names, count, units, precision, 3, options, out);
        for (int i = 0; i < count; i++) {
            const struct reference *reference = reference_of(names[i]);
            const struct pvr_derived_info *info = pvr_derived_find(names[i]);
            assert_string_equal(out[i].name, names[i]);
            assert_int_equal(info->of_leaves, reference->whole);
            assert_int_equal(info->ncomponents, reference->ncomponents);
            assert_int_equal(out[i].array->ncomponents, reference->ncomponents);
            assert_int_equal(out[i].array->ntuples, made->mesh.octree->ncells);
            assert_false(out[i].has_ranges);
            assert_true(code[i].unit.factor == 1);
            bool astro = units == PVR_UNITS_ASTRO;
            if (!astro || reference->astro_label != NULL) {
                assert_string_equal(out[i].unit.label,
                                    astro ? reference->astro_label : reference->cgs_label);
            }
            if (astro && reference->astro == 0) {
                continue;
            }
            double tolerance = out[i].array->type == PVR_FLOAT32 ? 3e-7 : 2e-13;
            double scale = rounding_scale(&out[i]);
            for (uint64_t cell = 0; cell < made->mesh.octree->ncells; cell++) {
                for (int c = 0; c < reference->ncomponents; c++) {
                    long double wanted = reference->value(&in_cgs[cell], c);
                    wanted /= astro ? reference->astro : 1;
                    double found = unit_value(out[i].array, cell, c);
                    double in_code = unit_value(code[i].array, cell, c) * out[i].unit.factor;
                    if (reference->whole && in_cgs[cell].refined) {
                        assert_true(isnan(found) && isnan(in_code));
                        continue;
                    }
                    long double allowed =
                        (long double)tolerance * (fabsl(wanted) + (long double)scale);
                    double rounding = precision == PVR_FLOAT32 ? 3e-7 : 1e-15;
                    if (!(fabsl((long double)found - wanted) <= allowed) ||
                        !(fabs(found - in_code) <= rounding * fabs(found))) {
                        fail_msg("%s, cell %d, component %d: %.17g (code %.17g), not %.17Lg",
                                 names[i], (int)cell, c, found, in_code, wanted);
                    }
                }
            }
        }
        release(out, count);
    }
    release(code, count);
    free(in_cgs);
}

static const struct pvr_derived_options plain_options = {.gamma = 5.0 / 3.0};
static const struct pvr_derived_options odd_options = {.gamma = 1.4,
                                                       .mean_molecular_weight = 0.6,
                                                       .hydrogen_fraction = 0.7,
                                                       .solar_metallicity = 0.02,
                                                       .has_centre = true,
                                                       .centre = {0.31, 0.77, 1.9},
                                                       .axis = {-1, 2, -3},
                                                       .bulk = PVR_BULK_GIVEN,
                                                       .bulk_velocity = {0.3, -1.2, 0.7}};

static void formulas(void **state) {
    (void)state;
    const char *names[ALL];
    int count = 0;
    while (references[count].name != NULL) {
        count++;
    }
    assert_int_equal(all_names(names), count);
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 1500, 5);
    compare(&made, &plain_options, PVR_FLOAT64);
    compare(&made, &odd_options, PVR_FLOAT64);
    compare(&made, &odd_options, PVR_FLOAT32);
    for (int axis = 0; axis < 3; axis++) {
        struct pvr_derived_options along = plain_options;
        along.axis[axis] = axis == 1 ? -1e-200 : 1e200; /* its length plays no role */
        compare(&made, &along, PVR_FLOAT64);
    }
    free_mesh(&made);
}

static void inputs_of_any_type_and_unit(void **state) {
    (void)state;
    for (enum pvr_field_units units = PVR_UNITS_CODE; units <= PVR_UNITS_ASTRO; units++) {
        for (enum pvr_type type = PVR_FLOAT32; type <= PVR_FLOAT64; type++) {
            struct made_mesh made = make_mesh(3, type, units, 200, 7);
            compare(&made, &odd_options, PVR_FLOAT64);
            free_mesh(&made);
        }
    }
}

/* What has no factor in the table of references. */
static void entropy_in_kev(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CGS, 200, 11);
    for (int i = 0; i < 2; i++) {
        const struct pvr_derived_options *options = i == 0 ? &plain_options : &odd_options;
        struct pvr_mesh_array out = derive_one(&made, "entropy", PVR_UNITS_ASTRO, options);
        assert_string_equal(out.unit.label, i == 0 ? "keV cm^2" : "keV cm^(3gamma-3)");
        for (uint64_t cell = 0; cell < made.mesh.octree->ncells; cell++) {
            const struct reference_cell in_cgs = made_cell(&made, options, cell);
            long double number = in_cgs.density / (in_cgs.mu * 1.66e-24L);
            long double kev = in_cgs.pressure / number / 1.602176634e-9L; /* k_B T */
            long double wanted = kev * powl(number, 1 - in_cgs.gamma);
            long double found = (long double)unit_value(out.array, cell, 0);
            assert_true(fabsl(found - wanted) <= 1e-13L * wanted);
        }
        release(&out, 1);
    }
    free_mesh(&made);
}

/* In the plane, cells have an area; what is no longer there is 0. */
static void fewer_dimensions(void **state) {
    (void)state;
    static const char *const label[] = {"Msol/kpc^2", "Msol/kpc"};
    for (int ndim = 1; ndim <= 2; ndim++) {
        struct made_mesh made = make_mesh(ndim, PVR_FLOAT64, PVR_UNITS_CODE, 200, 13);
        struct pvr_mesh_array mass = derive_one(&made, "mass", PVR_UNITS_ASTRO, NULL);
        struct pvr_mesh_array energy =
            derive_one(&made, "kinetic_energy", PVR_UNITS_CGS, &plain_options);
        struct pvr_mesh_array jeans =
            derive_one(&made, "jeans_mass", PVR_UNITS_CGS, &plain_options);
        struct pvr_mesh_array height = derive_one(&made, "height", PVR_UNITS_CODE, NULL);
        struct pvr_mesh_array radius = derive_one(&made, "radius", PVR_UNITS_CGS, NULL);
        assert_string_equal(mass.unit.label, label[ndim - 1]);
        assert_string_equal(energy.unit.label, ndim == 1 ? "erg/cm^2" : "erg/cm");
        assert_string_equal(jeans.unit.label, "g"); /* no quantity of a cell */
        for (uint64_t cell = 0; cell < made.mesh.octree->ncells; cell++) {
            const struct reference_cell in_cgs = made_cell(&made, &plain_options, cell);
            long double kpc = 3.08567758128e21L, speed2 = 0, r2 = 0;
            long double grams = in_cgs.density * powl(in_cgs.size, ndim);
            for (int c = 0; c < ndim; c++) {
                speed2 += in_cgs.velocity[c] * in_cgs.velocity[c];
                r2 += in_cgs.position[c] * in_cgs.position[c];
            }
            const long double pairs[][2] = {
                {grams / 1.9891e33L * powl(kpc, 3 - ndim), unit_value(mass.array, cell, 0)},
                {grams * speed2 / 2, unit_value(energy.array, cell, 0)},
                {reference_of("jeans_mass")->value(&in_cgs, 0), unit_value(jeans.array, cell, 0)},
                {sqrtl(r2), unit_value(radius.array, cell, 0)}};
            for (int i = 0; i < 4; i++) {
                bool nothing = i < 2 && in_cgs.refined;
                assert_true(nothing ? isnan((double)pairs[i][1])
                                    : fabsl(pairs[i][0] - pairs[i][1]) <= 1e-12L * pairs[i][0]);
            }
            assert_true(unit_value(height.array, cell, 0) == 0);
        }
        release(&mass, 1);
        release(&energy, 1);
        release(&jeans, 1);
        release(&height, 1);
        release(&radius, 1);
        free_mesh(&made);
    }
}

static void same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    const char *names[ALL];
    int count = all_names(names);
    struct made_mesh made = make_mesh(3, PVR_FLOAT32, PVR_UNITS_ASTRO, 5000, 17);
    struct pvr_derived_options options = odd_options;
    options.bulk = PVR_BULK_MEAN;
    options.bulk_radius = 0.8;
    struct pvr_mesh_array first[ALL], out[ALL];
    derive(&made, names, count, PVR_UNITS_ASTRO, PVR_FLOAT32, 1, &options, first);
    static const int threads[] = {2, 3, 8, 64};
    for (int t = 0; t < 4; t++) {
        derive(&made, names, count, PVR_UNITS_ASTRO, PVR_FLOAT32, threads[t], &options, out);
        for (int i = 0; i < count; i++) {
            assert_memory_equal(first[i].array->data, out[i].array->data, out[i].array->bytes);
        }
        release(out, count);
    }
    for (int i = 0; i < count; i++) { /* and alone as with others */
        derive(&made, &names[i], 1, PVR_UNITS_ASTRO, PVR_FLOAT32, 2, &options, out);
        assert_memory_equal(first[i].array->data, out[0].array->data, out[0].array->bytes);
        release(out, 1);
    }
    release(first, count);
    free_mesh(&made);
}

static void what_floats_cannot_hold(void **state) {
    (void)state;
    static const char *const names[] = {"mass", "volume", "temperature", "angular_momentum"};
    struct made_mesh made = make_mesh(3, PVR_FLOAT32, PVR_UNITS_CODE, 200, 19);
    struct pvr_mesh_array out[4];
    derive(&made, names, 4, PVR_UNITS_CGS, PVR_FLOAT32, 2, NULL, out);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(out[i].array->type, i == 2 ? PVR_FLOAT32 : PVR_FLOAT64);
        for (uint64_t cell = 0; cell < made.mesh.octree->ncells; cell++) {
            double value = unit_value(out[i].array, cell, 0);
            assert_true(isfinite(value) || (i != 2 && made.place[cell].refined));
        }
    }
    release(out, 4);
    free_mesh(&made);
}

static void nan_and_infinity_pass(void **state) {
    (void)state;
    static const char *const names[] = {"temperature",  "mass",        "speed",
                                        "escape_speed", "plasma_beta", "radial_velocity"};
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 200, 23), other;
    struct pvr_mesh_array before[6], after[6];
    derive(&made, names, 6, PVR_UNITS_CODE, PVR_FLOAT64, 2, &plain_options, before);
    uint64_t leaf = made.mesh.octree->ncells - 1;
    made_set(&made, "density", 100, 0, (double)NAN);
    made_set(&made, "pressure", 101, 0, (double)INFINITY);
    made_set(&made, "velocity", 102, 1, -(double)INFINITY);
    made_set(&made, "potential", 103, 0, (double)NAN);
    made_set(&made, "velocity", 104, 2, (double)NAN);
    for (int c = 0; c < 3; c++) {
        made_set(&made, "B_left", 105, c, 0);
        made_set(&made, "B_right", 105, c, 0);
    }
    made_set(&made, "density", leaf, 0, (double)INFINITY);
    derive(&made, names, 6, PVR_UNITS_CODE, PVR_FLOAT64, 2, &plain_options, after);
    assert_true(isnan(unit_value(after[0].array, 100, 0)));
    assert_true(isnan(unit_value(after[1].array, 100, 0)));
    assert_true(isinf(unit_value(after[0].array, 101, 0)));
    assert_true(isinf(unit_value(after[2].array, 102, 0)));
    assert_true(isnan(unit_value(after[3].array, 103, 0)));
    assert_true(isnan(unit_value(after[2].array, 104, 0)));
    assert_true(isnan(unit_value(after[5].array, 104, 0)));
    assert_true(isinf(unit_value(after[4].array, 105, 0)));
    assert_true(isinf(unit_value(after[1].array, leaf, 0)));
    for (uint64_t cell = 0; cell < leaf; cell++) {
        for (int i = 0; (cell < 100 || cell > 105) && i < 6; i++) {
            double a = unit_value(before[i].array, cell, 0);
            double b = unit_value(after[i].array, cell, 0);
            assert_true(a == b || (isnan(a) && isnan(b)));
        }
    }
    release(before, 6);
    release(after, 6);
    free_mesh(&made);

    /* On the centre and on the axis, what is divided by the distance is 0. */
    other = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 200, 29);
    leaf = other.mesh.octree->ncells - 1;
    struct pvr_derived_options options = {.has_centre = true};
    struct pvr_mesh_array position = derive_one(&other, "position", PVR_UNITS_CODE, &options);
    for (int c = 0; c < 3; c++) {
        options.centre[c] = unit_value(position.array, leaf, c);
    }
    release(&position, 1);
    static const char *const about[] = {"radius",          "azimuth",
                                        "radial_velocity", "azimuthal_velocity",
                                        "polar_velocity",  "cylindrical_radial_acceleration"};
    derive(&other, about, 6, PVR_UNITS_CODE, PVR_FLOAT64, 2, &options, after);
    for (int i = 0; i < 6; i++) {
        assert_true(unit_value(after[i].array, leaf, 0) == 0);
    }
    release(after, 6);
    free_mesh(&other);
}

/* A body that turns as a whole has no radial velocity, and the angular momentum of its inertia. */
static void rigid_rotation(void **state) {
    (void)state;
    const double omega = 0.37, drift[3] = {3, -2, 1};
    struct made_mesh made = make_mesh(3, PVR_FLOAT64, PVR_UNITS_CODE, 200, 31);
    struct pvr_derived_options options = {.has_centre = true,
                                          .centre = {0.4, 0.3, 1.1},
                                          .axis = {2, -1, 2},
                                          .bulk = PVR_BULK_GIVEN,
                                          .bulk_velocity = {3, -2, 1}};
    const double n[3] = {2.0 / 3, -1.0 / 3, 2.0 / 3};
    double inertia = 0, along = 0, distance[2];
    for (uint64_t cell = 0; cell < made.mesh.octree->ncells; cell++) {
        double r[3];
        made_centre(&made, cell, r);
        for (int c = 0; c < 3; c++) {
            r[c] -= options.centre[c];
        }
        for (int c = 0; c < 3; c++) {
            int d = (c + 1) % 3, e = (c + 2) % 3;
            made_set(&made, "velocity", cell, c, omega * (n[d] * r[e] - n[e] * r[d]) + drift[c]);
        }
    }
    static const char *const names[] = {"angular_momentum",
                                        "mass",
                                        "azimuthal_velocity",
                                        "cylindrical_radius",
                                        "radial_velocity",
                                        "vertical_velocity",
                                        "cylindrical_radial_velocity",
                                        "polar_velocity",
                                        "tangential_velocity"};
    struct pvr_mesh_array out[9];
    derive(&made, names, 9, PVR_UNITS_CODE, PVR_FLOAT64, 3, &options, out);
    for (uint64_t cell = 0; cell < made.mesh.octree->ncells; cell++) {
        distance[0] = unit_value(out[2].array, cell, 0);
        distance[1] = unit_value(out[3].array, cell, 0);
        assert_true(fabs(distance[0] - omega * distance[1]) < 1e-14);
        assert_true(fabs(unit_value(out[8].array, cell, 0) - distance[0]) < 1e-14);
        for (int i = 4; i < 8; i++) {
            assert_true(fabs(unit_value(out[i].array, cell, 0)) < 1e-14);
        }
        if (!made.place[cell].refined) {
            inertia += unit_value(out[1].array, cell, 0) * distance[1] * distance[1];
            for (int c = 0; c < 3; c++) {
                along += unit_value(out[0].array, cell, c) * n[c];
            }
        }
    }
    assert_true(fabs(along - omega * inertia) < 1e-12 * along);
    release(out, 9);
    free_mesh(&made);
}

static void bulk_velocity(void **state) {
    (void)state;
    struct made_mesh made = make_mesh(3, PVR_FLOAT32, PVR_UNITS_CGS, 200, 37);
    made_set(&made, "velocity", made.mesh.octree->ncells - 1, 0, (double)NAN); /* left out */
    for (int within = 0; within < 2; within++) {
        struct pvr_derived_options options = {.bulk = PVR_BULK_MEAN, .bulk_radius = within * 0.6};
        long double momentum[3] = {0, 0, 0}, mass = 0, scale = 0, left[3] = {0, 0, 0};
        const char *name = "momentum";
        double velocity[3], first[3];
        struct pvr_error error;
        struct pvr_mesh_array out = derive_one(&made, name, PVR_UNITS_CODE, &options);
        const long double unit = made.info.unit_l / (long double)made.info.unit_t;
        for (uint64_t cell = 0; cell + 1 < made.mesh.octree->ncells; cell++) {
            const struct reference_cell in_cgs = made_cell(&made, NULL, cell);
            const long double *r = in_cgs.position;
            long double grams = in_cgs.density * powl(in_cgs.size, 3);
            long double distance = sqrtl(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
            if (in_cgs.refined || (within && distance > 0.6L * made.info.unit_l)) {
                continue;
            }
            mass += grams;
            for (int c = 0; c < 3; c++) {
                momentum[c] += grams * in_cgs.velocity[c];
                left[c] += (long double)unit_value(out.array, cell, c);
                scale += fabsl((long double)unit_value(out.array, cell, c));
            }
        }
        for (int threads = 1; threads <= 8; threads *= 2) {
            const struct pvr_threads settings = {.max = threads};
            unit_ok(pvr_derived_bulk_velocity(&made.mesh, &options, &settings, velocity, &error),
                    &error);
            if (threads == 1) {
                memcpy(first, velocity, sizeof first);
            }
            assert_memory_equal(first, velocity, sizeof first);
        }
        for (int c = 0; c < 3; c++) {
            assert_true(fabsl(momentum[c] / mass / unit - (long double)velocity[c]) < 1e-14L);
            assert_true(fabsl(left[c]) < 1e-13L * scale);
        }
        release(&out, 1);
    }
    struct pvr_derived_options options = {
        .bulk = PVR_BULK_GIVEN, .bulk_velocity = {1, 2, 3}, .bulk_radius = 1};
    double velocity[3];
    assert_int_equal(pvr_derived_bulk_velocity(&made.mesh, &options, NULL, velocity, NULL), PVR_OK);
    assert_true(velocity[0] == 1 && velocity[1] == 2 && velocity[2] == 3);
    assert_int_equal(pvr_derived_bulk_velocity(&made.mesh, NULL, NULL, velocity, NULL), PVR_OK);
    assert_true(velocity[0] == 0 && velocity[1] == 0 && velocity[2] == 0);
    free_mesh(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(inputs_of_any_type_and_unit),
        cmocka_unit_test(entropy_in_kev),
        cmocka_unit_test(fewer_dimensions),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(what_floats_cannot_hold),
        cmocka_unit_test(nan_and_infinity_pass),
        cmocka_unit_test(rigid_rotation),
        cmocka_unit_test(bulk_velocity),
    };
    return cmocka_run_group_tests_name("derived", tests, NULL, NULL);
}
