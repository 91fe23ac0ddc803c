/* derived_reference.c - derived fields by their textbook formulas, in cgs. */
#include "derived_reference.h"

#include <math.h>
#include <stddef.h>

typedef long double real;
typedef const struct reference_cell *cell;

static const real pi = 3.14159265358979323846264338327950288L, G = 6.67430e-8L, mH = 1.66e-24L,
                  kB = 1.380649e-16L, light = 2.99792458e10L;

/* Vectors. */
static real dot(const real *a, const real *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
static real length(const real *a) {
    return sqrtl(dot(a, a));
}
static void cross(const real *a, const real *b, real *to) {
    to[0] = a[1] * b[2] - a[2] * b[1];
    to[1] = a[2] * b[0] - a[0] * b[2];
    to[2] = a[0] * b[1] - a[1] * b[0];
}
static void unit(const real *a, real *to) {
    real norm = length(a);
    for (int i = 0; i < 3; i++) {
        to[i] = norm > 0 ? a[i] / norm : 0;
    }
}

/* Directions of growing distance from the axis and azimuth; the part of r across the axis. */
static void directions(cell c, real *n, real *across, real *outward, real *around) {
    unit(c->axis, n);
    for (int i = 0; i < 3; i++) {
        across[i] = c->position[i] - dot(c->position, n) * n[i];
    }
    unit(across, outward);
    cross(n, outward, around);
}
static real along_outward(cell c, const real *v) {
    real n[3], across[3], outward[3], around[3];
    directions(c, n, across, outward, around);
    return dot(v, outward);
}
static real along_around(cell c, const real *v) {
    real n[3], across[3], outward[3], around[3];
    directions(c, n, across, outward, around);
    return dot(v, around);
}
static real along_axis(cell c, const real *v) {
    real n[3];
    unit(c->axis, n);
    return dot(v, n);
}
static real along_radius(cell c, const real *v) {
    real outward[3];
    unit(c->position, outward);
    return dot(v, outward);
}

#define VALUE(NAME, EXPRESSION)                                                                    \
    static real NAME(cell c, int j) {                                                              \
        (void)j;                                                                                   \
        (void)c;                                                                                   \
        return EXPRESSION;                                                                         \
    }

VALUE(volume, c->size * c->size * c->size)
VALUE(cell_size, c->size)
VALUE(mass, c->density *volume(c, 0))
VALUE(metal_mass, mass(c, 0) * c->metallicity)
VALUE(temperature, c->mu *mH * c->pressure / (c->density * kB))
VALUE(temperature_over_mu, temperature(c, 0) / c->mu)
VALUE(number_density, c->hydrogen * c->density / mH)
VALUE(sound_speed, sqrtl(c->gamma * c->pressure / c->density))
VALUE(entropy, c->pressure *powl(c->density, -c->gamma))
VALUE(thermal_density, c->pressure / (c->gamma - 1))
VALUE(specific_thermal_energy, thermal_density(c, 0) / c->density)
VALUE(thermal_energy, thermal_density(c, 0) * volume(c, 0))
VALUE(metallicity_solar, c->metallicity / c->solar)
VALUE(overdensity, c->density / c->baryons - 1)
VALUE(relative_velocity, c->velocity[j])
VALUE(speed, length(c->velocity))
VALUE(mach_number, speed(c, 0) / sound_speed(c, 0))
VALUE(ram_pressure, c->density *speed(c, 0) * speed(c, 0))
VALUE(kinetic_energy, mass(c, 0) * speed(c, 0) * speed(c, 0) / 2)
VALUE(momentum_density, c->density * c->velocity[j])
VALUE(momentum, mass(c, 0) * c->velocity[j])
VALUE(jeans_length, sqrtl(pi * c->gamma * c->pressure / (G * c->density * c->density)))
VALUE(jeans_mass, 4 * pi / 3 * c->density * powl(jeans_length(c, 0) / 2, 3))
VALUE(jeans_number, jeans_length(c, 0) / c->size)
VALUE(freefall_time, sqrtl(3 * pi / (32 * G * c->density)))
VALUE(virial_parameter, 5 * c->gamma * c->pressure / c->density * c->size / (G * mass(c, 0)))
VALUE(B_field, (c->left[j] + c->right[j]) / 2)
VALUE(B_magnitude, sqrtl(powl(B_field(c, 0), 2) + powl(B_field(c, 1), 2) + powl(B_field(c, 2), 2)))
VALUE(magnetic_pressure, powl(B_magnitude(c, 0), 2) / (8 * pi))
VALUE(magnetic_energy, magnetic_pressure(c, 0) * volume(c, 0))
VALUE(plasma_beta, c->pressure / magnetic_pressure(c, 0))
VALUE(alfven_speed, B_magnitude(c, 0) / sqrtl(4 * pi * c->density))
VALUE(alfven_mach_number, speed(c, 0) / alfven_speed(c, 0))
VALUE(fast_speed, hypotl(sound_speed(c, 0), alfven_speed(c, 0)))
VALUE(fast_mach_number, speed(c, 0) / fast_speed(c, 0))
VALUE(slow_mach_number, speed(c, 0) * fast_speed(c, 0) / (sound_speed(c, 0) * alfven_speed(c, 0)))
VALUE(B_divergence,
      fabsl(c->right[0] - c->left[0] + c->right[1] - c->left[1] + c->right[2] - c->left[2]) /
          B_magnitude(c, 0))
VALUE(escape_speed, sqrtl(fmaxl(-2 * c->potential, 0)))
VALUE(gravitational_redshift, c->potential / (light * light))
VALUE(gravitational_energy_density, c->density * c->potential)
VALUE(gravitational_energy, mass(c, 0) * c->potential)
VALUE(acceleration_magnitude, length(c->acceleration))
VALUE(radial_acceleration, along_radius(c, c->acceleration))
VALUE(cylindrical_radial_acceleration, along_outward(c, c->acceleration))
VALUE(azimuthal_acceleration, along_around(c, c->acceleration))
VALUE(vertical_acceleration, along_axis(c, c->acceleration))
VALUE(position, c->position[j])
VALUE(radius, length(c->position))
VALUE(height, along_axis(c, c->position))
VALUE(cylindrical_radius, along_outward(c, c->position))
VALUE(polar_angle, acosl(fmaxl(-1, fminl(1, height(c, 0) / radius(c, 0)))))
VALUE(radial_velocity, along_radius(c, c->velocity))
VALUE(cylindrical_radial_velocity, along_outward(c, c->velocity))
VALUE(azimuthal_velocity, along_around(c, c->velocity))
VALUE(vertical_velocity, along_axis(c, c->velocity))
VALUE(radial_mass_flux, c->density *radial_velocity(c, 0))

static real specific_angular_momentum(cell c, int j) {
    real h[3];
    cross(c->position, c->velocity, h);
    return h[j];
}
VALUE(angular_momentum, mass(c, 0) * specific_angular_momentum(c, j))

static real tangential_velocity(cell c, int j) {
    (void)j;
    real h[3], outward[3];
    unit(c->position, outward);
    cross(outward, c->velocity, h);
    return length(h);
}

/* The direction of growing polar angle is (azimuth's) x (radius'). */
static real polar_velocity(cell c, int j) {
    (void)j;
    real n[3], across[3], outward[3], around[3], radial[3], polar[3];
    directions(c, n, across, outward, around);
    unit(c->position, radial);
    cross(around, radial, polar);
    return dot(c->velocity, polar);
}

/* From the direction, across the axis, of the coordinate axis that follows the one nearest to the
 * axis: x for an axis near z. */
static real azimuth(cell c, int j) {
    (void)j;
    real n[3], across[3], outward[3], around[3], start[3] = {0, 0, 0}, quarter[3];
    directions(c, n, across, outward, around);
    int nearest = fabsl(n[0]) > fabsl(n[1]) ? 0 : 1;
    nearest = fabsl(n[2]) >= fabsl(n[nearest]) ? 2 : nearest;
    int next = (nearest + 1) % 3;
    for (int i = 0; i < 3; i++) {
        start[i] = (i == next) - n[next] * n[i];
    }
    unit(start, start);
    cross(n, start, quarter);
    return atan2l(dot(c->position, quarter), dot(c->position, start));
}

/* Constants written out: kpc in cm, solar mass in g, km/s in cm/s, ... */
#define KPC 3.08567758128e21L
#define MSOL 1.9891e33L
#define KMS 1e5L
#define K_CM3 1.380649e-16L
#define YEAR 3.15576e7L

/* clang-format off */
const struct reference references[] = {
    {"temperature", temperature, 1, 1, "K", "K", false},
    {"temperature_over_mu", temperature_over_mu, 1, 1, "K", "K", false},
    {"number_density", number_density, 1, 1, "cm^-3", "cm^-3", false},
    {"sound_speed", sound_speed, 1, KMS, "cm/s", "km/s", false},
    {"entropy", entropy, 1, 0 /* tested by itself */, "erg/cm^3/(g/cm^3)^gamma", NULL, false},
    {"specific_thermal_energy", specific_thermal_energy, 1, 1e10L, "erg/g", "km^2/s^2", false},
    {"thermal_energy", thermal_energy, 1, 1, "erg", "erg", true},
    {"metallicity_solar", metallicity_solar, 1, 1, "", "", false},
    {"overdensity", overdensity, 1, 1, "", "", false},
    {"cell_size", cell_size, 1, KPC, "cm", "kpc", true},
    {"volume", volume, 1, KPC * KPC * KPC, "cm^3", "kpc^3", true},
    {"mass", mass, 1, MSOL, "g", "Msol", true},
    {"metal_mass", metal_mass, 1, MSOL, "g", "Msol", true},
    {"relative_velocity", relative_velocity, 3, KMS, "cm/s", "km/s", false},
    {"speed", speed, 1, KMS, "cm/s", "km/s", false},
    {"mach_number", mach_number, 1, 1, "", "", false},
    {"ram_pressure", ram_pressure, 1, K_CM3, "erg/cm^3", "K/cm^3", false},
    {"kinetic_energy", kinetic_energy, 1, 1, "erg", "erg", true},
    {"momentum_density", momentum_density, 3, MSOL / KPC / KPC / YEAR, "g/cm^2/s",
     "Msol/kpc^2/yr", false},
    {"momentum", momentum, 3, MSOL * KMS, "g cm/s", "Msol km/s", true},
    {"jeans_length", jeans_length, 1, KPC, "cm", "kpc", false},
    {"jeans_mass", jeans_mass, 1, MSOL, "g", "Msol", false},
    {"jeans_number", jeans_number, 1, 1, "", "", true},
    {"freefall_time", freefall_time, 1, 1e6L * YEAR, "s", "Myr", false},
    {"virial_parameter", virial_parameter, 1, 1, "", "", true},
    {"B_field", B_field, 3, 1e-6L, "G", "muG", false},
    {"B_magnitude", B_magnitude, 1, 1e-6L, "G", "muG", false},
    {"magnetic_pressure", magnetic_pressure, 1, K_CM3, "erg/cm^3", "K/cm^3", false},
    {"magnetic_energy", magnetic_energy, 1, 1, "erg", "erg", true},
    {"plasma_beta", plasma_beta, 1, 1, "", "", false},
    {"alfven_speed", alfven_speed, 1, KMS, "cm/s", "km/s", false},
    {"alfven_mach_number", alfven_mach_number, 1, 1, "", "", false},
    {"fast_mach_number", fast_mach_number, 1, 1, "", "", false},
    {"slow_mach_number", slow_mach_number, 1, 1, "", "", false},
    {"B_divergence", B_divergence, 1, 1, "", "", false},
    {"escape_speed", escape_speed, 1, KMS, "cm/s", "km/s", false},
    {"gravitational_redshift", gravitational_redshift, 1, 1, "", "", false},
    {"gravitational_energy_density", gravitational_energy_density, 1, 1, "erg/cm^3", "erg/cm^3",
     false},
    {"gravitational_energy", gravitational_energy, 1, 1, "erg", "erg", true},
    {"acceleration_magnitude", acceleration_magnitude, 1, 1, "cm/s^2", "cm/s^2", false},
    {"radial_acceleration", radial_acceleration, 1, 1, "cm/s^2", "cm/s^2", false},
    {"cylindrical_radial_acceleration", cylindrical_radial_acceleration, 1, 1, "cm/s^2", "cm/s^2",
     false},
    {"azimuthal_acceleration", azimuthal_acceleration, 1, 1, "cm/s^2", "cm/s^2", false},
    {"vertical_acceleration", vertical_acceleration, 1, 1, "cm/s^2", "cm/s^2", false},
    {"position", position, 3, KPC, "cm", "kpc", false},
    {"radius", radius, 1, KPC, "cm", "kpc", false},
    {"cylindrical_radius", cylindrical_radius, 1, KPC, "cm", "kpc", false},
    {"height", height, 1, KPC, "cm", "kpc", false},
    {"azimuth", azimuth, 1, 1, "rad", "rad", false},
    {"polar_angle", polar_angle, 1, 1, "rad", "rad", false},
    {"radial_velocity", radial_velocity, 1, KMS, "cm/s", "km/s", false},
    {"tangential_velocity", tangential_velocity, 1, KMS, "cm/s", "km/s", false},
    {"cylindrical_radial_velocity", cylindrical_radial_velocity, 1, KMS, "cm/s", "km/s", false},
    {"azimuthal_velocity", azimuthal_velocity, 1, KMS, "cm/s", "km/s", false},
    {"vertical_velocity", vertical_velocity, 1, KMS, "cm/s", "km/s", false},
    {"polar_velocity", polar_velocity, 1, KMS, "cm/s", "km/s", false},
    {"radial_mass_flux", radial_mass_flux, 1, MSOL / KPC / KPC / YEAR, "g/cm^2/s",
     "Msol/kpc^2/yr", false},
    {"specific_angular_momentum", specific_angular_momentum, 3, KPC * KMS, "cm^2/s", "kpc km/s",
     false},
    {"angular_momentum", angular_momentum, 3, MSOL * KPC * KMS, "g cm^2/s", "Msol kpc km/s", true},
    {NULL, NULL, 0, 0, NULL, NULL, false},
};
/* clang-format on */
