/* test_units.c - pvr_units.h: factors computed here from the constants' published values. */
#include "pvr_map_labels.h"
#include "pvr_units.h"

#include "support.h"

#include <math.h>
#include <string.h>

static void near(struct pvr_unit unit, double factor, const char *label) {
    if (!(fabs(unit.factor - factor) <= 1e-14 * fabs(factor))) {
        fail_msg("%s: %.17g is not %.17g", label, unit.factor, factor);
    }
    assert_string_equal(unit.label, label);
}

/* Galactic units: kpc, one hydrogen mass per cm^3 over 0.76, and 10^14 s. */
static const struct pvr_info galaxy = {.unit_l = 3.08567758128e21,
                                       .unit_d = 1.66e-24 / 0.76,
                                       .unit_t = 1e14,
                                       .unit_np = 3e-5,
                                       .unit_pf = 7e3};

static void fields(void **state) {
    (void)state;
    const double v = 3.08567758128e7;         /* cm/s */
    const double p = 1.66e-24 / 0.76 * v * v; /* erg/cm^3 */
    const struct {
        enum pvr_dimension dimension;
        double cgs;
        const char *cgs_label;
        double astro;
        const char *astro_label;
    } expected[] = {
        {PVR_DIMENSIONLESS, 1, "", 1, ""},
        {PVR_LENGTH, 3.08567758128e21, "cm", 1, "kpc"},
        {PVR_DENSITY, 1.66e-24 / 0.76, "g/cm^3", 1, "cm^-3"},
        {PVR_VELOCITY, v, "cm/s", 308.567758128, "km/s"},
        {PVR_PRESSURE, p, "erg/cm^3", p / 1.380649e-16, "K/cm^3"},
        {PVR_MAGNETIC, sqrt(4 * acos(-1.0) * p), "G", 1e6 * sqrt(4 * acos(-1.0) * p), "muG"},
        {PVR_ACCELERATION, 3.08567758128e-7, "cm/s^2", 3.08567758128e-7, "cm/s^2"},
        {PVR_PHOTON_DENSITY, 3e-5, "cm^-3", 3e-5, "cm^-3"},
        {PVR_PHOTON_FLUX, 7e3, "cm^-2 s^-1", 7e3, "cm^-2 s^-1"},
        {PVR_POTENTIAL, v * v, "erg/g", 308.567758128 * 308.567758128, "km^2/s^2"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        enum pvr_dimension dimension = expected[i].dimension;
        near(pvr_field_unit(&galaxy, dimension, PVR_UNITS_CODE), 1, "");
        near(pvr_field_unit(&galaxy, dimension, PVR_UNITS_CGS), expected[i].cgs,
             expected[i].cgs_label);
        near(pvr_field_unit(&galaxy, dimension, PVR_UNITS_ASTRO), expected[i].astro,
             expected[i].astro_label);
    }
}

/* Of the Sun: 1 au is 1.495978707e11 m; of cosmology: 1 pc = 648000/pi au to nine digits. */
static void lengths(void **state) {
    (void)state;
    near(pvr_length_unit(&galaxy, PVR_LENGTH_CODE), 1, "");
    near(pvr_length_unit(&galaxy, PVR_LENGTH_PC), 1000, "pc");
    near(pvr_length_unit(&galaxy, PVR_LENGTH_KPC), 1, "kpc");
    near(pvr_length_unit(&galaxy, PVR_LENGTH_MPC), 0.001, "Mpc");
    near(pvr_length_unit(&galaxy, PVR_LENGTH_AU), 3.08567758128e21 / 1.495978707e13, "AU");
    near(pvr_length_unit(&galaxy, PVR_LENGTH_CM), 3.08567758128e21, "cm");
    double au = pvr_length_unit(&galaxy, PVR_LENGTH_AU).factor / 1000;
    assert_true(fabs(au * acos(-1.0) / 648000 - 1) < 1e-9);
}

static void values_that_do_not_exist(void **state) {
    (void)state;
    near(pvr_field_unit(&galaxy, (enum pvr_dimension)99, PVR_UNITS_CGS), 1, "");
    near(pvr_length_unit(&galaxy, (enum pvr_length_unit)99), 1, "");
}

static void label_is(const struct pvr_map_labelled *field, const struct pvr_map_labelled *weight,
                     const struct pvr_map_lengths *lengths, enum pvr_map_mode mode, double factor,
                     const char *label) {
    char found[PVR_MAP_LABEL];
    double is = pvr_map_label(field, weight, lengths, mode,
                              weight != NULL ? PVR_WEIGHT_ARRAY : PVR_WEIGHT_VOLUME, found);
    assert_string_equal(found, label);
    assert_true(fabs(is / factor - 1) < 1e-12);
}

/* In a pipeline that has coordinates in kpc, of which 4 are a code length. */
static void labels_of_images(void **state) {
    (void)state;
    const double kpc = 3.08567758128e21, nuclei = 1.66e-24 / 0.76;
    const struct pvr_map_lengths known = {.cm = kpc, .code = 0.25, .label = "kpc"},
                                 unknown = {.label = ""};
    const struct pvr_map_labelled density = {.unit = "cm^-3", .density = true},
                                  speed = {.unit = "km/s"},
                                  mass = {.unit = "Msol", .of_cells = true}, code = {.unit = ""},
                                  grams = {.unit = "g/cm^3", .density = true};
    const double msol = nuclei * kpc * kpc * kpc / 1.9891e33;
    label_is(&density, NULL, &known, PVR_MAP_SURFACE_DENSITY, msol / 1e6, "Msol/pc^2");
    label_is(&density, NULL, &known, PVR_MAP_INTEGRAL, kpc, "cm^-2");
    label_is(&grams, NULL, &known, PVR_MAP_SURFACE_DENSITY, kpc, "g/cm^2");
    label_is(&mass, NULL, &known, PVR_MAP_SURFACE_DENSITY, 1e-6, "Msol/pc^2");
    label_is(&speed, NULL, &known, PVR_MAP_INTEGRAL, 1, "km/s kpc");
    label_is(&code, NULL, &known, PVR_MAP_SURFACE_DENSITY, 0.25, "code");
    label_is(&code, NULL, &known, PVR_MAP_SUM, 1 / 64.0, "code");
    label_is(&code, NULL, &unknown, PVR_MAP_INTEGRAL, 1, "");
    label_is(&speed, NULL, &unknown, PVR_MAP_INTEGRAL, 1, "km/s code_length");
    label_is(&density, NULL, &known, PVR_MAP_SUM, msol, "Msol");
    label_is(&speed, NULL, &known, PVR_MAP_SUM, 1, "km/s kpc^3");
    label_is(&speed, &density, &known, PVR_MAP_SUM, msol, "km/s Msol");
    label_is(&speed, &mass, &known, PVR_MAP_SUM, 1, "km/s Msol");
    label_is(&speed, &code, &known, PVR_MAP_SUM, 1 / 64.0, "km/s code");
    label_is(&code, &code, &unknown, PVR_MAP_SUM, 1, "");
    label_is(&speed, &density, &known, PVR_MAP_MEAN, 1, "km/s");
    label_is(&speed, NULL, &known, PVR_MAP_DISPERSION, 1, "km/s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(lengths),
        cmocka_unit_test(labels_of_images),
        cmocka_unit_test(values_that_do_not_exist),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
