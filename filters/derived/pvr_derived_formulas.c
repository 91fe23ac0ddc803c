/* pvr_derived_formulas.c - the registry: every derived field with its formula, in code units. */
#include "pvr_derived_cells.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

/* VALUE gives cell i from the block `c` and its constants `k`. No branches: loops become vector
 * instructions. */
#define SCALAR(NAME, VALUE)                                                                        \
    static void NAME(const struct pvr_cells *restrict c, double(*restrict result)[PVR_BLOCK]) {    \
        const struct pvr_derived_constants *const k = &c->constants;                               \
        (void)k;                                                                                   \
        for (int i = 0; i < c->count; i++) {                                                       \
            result[0][i] = (VALUE);                                                                \
        }                                                                                          \
    }
/* VALUE gives component j. */
#define VECTOR(NAME, VALUE)                                                                        \
    static void NAME(const struct pvr_cells *restrict c, double(*restrict result)[PVR_BLOCK]) {    \
        for (int j = 0; j < 3; j++) {                                                              \
            for (int i = 0; i < c->count; i++) {                                                   \
                result[j][i] = (VALUE);                                                            \
            }                                                                                      \
        }                                                                                          \
    }
#define DOT(A, B) (A[0][i] * B[0][i] + A[1][i] * B[1][i] + A[2][i] * B[2][i])
#define CROSS(A, B) (A[(j + 1) % 3][i] * B[(j + 2) % 3][i] - A[(j + 2) % 3][i] * B[(j + 1) % 3][i])
/* The numerator is 0 where the distance is; NaN stays NaN. */
#define OVER_DISTANCE(VALUE, DISTANCE) ((VALUE) / ((DISTANCE) > 0 ? (DISTANCE) : 1))

/* ---- gas --------------------------------------------------------------------------------------
 */
SCALAR(temperature, c->pressure[i] / c->density[i])
SCALAR(number_density, c->density[i])
SCALAR(sound_speed, c->sound[i])
SCALAR(entropy, c->pressure[i] / pow(c->density[i], k->gamma))
SCALAR(specific_thermal_energy, c->pressure[i] / c->density[i] * k->heat)
SCALAR(thermal_energy, c->pressure[i] * c->volume[i] * k->heat)
SCALAR(metallicity_solar, c->metallicity[i] * k->metallicity)
SCALAR(overdensity, c->density[i] / k->baryons - 1)

/* ---- cells ------------------------------------------------------------------------------------
 */
SCALAR(cell_size, c->size[i])
SCALAR(volume, c->volume[i])
SCALAR(mass, c->density[i] * c->volume[i])
SCALAR(metal_mass, c->density[i] * c->volume[i] * c->metallicity[i])

/* ---- motion -----------------------------------------------------------------------------------
 */
VECTOR(relative_velocity, c->velocity[j][i])
SCALAR(speed, sqrt(c->speed2[i]))
SCALAR(mach_number, sqrt(c->speed2[i]) / c->sound[i])
SCALAR(ram_pressure, c->density[i] * c->speed2[i])
SCALAR(kinetic_energy, 0.5 * c->density[i] * c->volume[i] * c->speed2[i])
VECTOR(momentum_density, c->density[i] * c->velocity[j][i])
VECTOR(momentum, c->density[i] * c->volume[i] * c->velocity[j][i])

/* ---- self-gravity -----------------------------------------------------------------------------
 */
#define JEANS_LENGTH (c->sound[i] * sqrt(k->jeans / c->density[i]))
SCALAR(jeans_length, JEANS_LENGTH)
SCALAR(jeans_mass, PI / 6 * c->density[i] * (JEANS_LENGTH * JEANS_LENGTH * JEANS_LENGTH))
SCALAR(jeans_number, JEANS_LENGTH / c->size[i])
SCALAR(freefall_time, sqrt(k->freefall / c->density[i]))
SCALAR(virial_parameter,
       5 * (c->sound[i] * c->sound[i]) / (k->newton * c->density[i] * (c->size[i] * c->size[i])))

/* ---- magnetic field: RAMSES' code units hold the factor 4 pi ----------------------------------
 */
VECTOR(B_field, c->b[j][i])
SCALAR(B_magnitude, sqrt(c->b2[i]))
SCALAR(magnetic_pressure, 0.5 * c->b2[i])
SCALAR(magnetic_energy, 0.5 * c->b2[i] * c->volume[i])
SCALAR(plasma_beta, c->pressure[i] / (0.5 * c->b2[i]))
SCALAR(alfven_speed, sqrt(c->b2[i] / c->density[i]))
SCALAR(alfven_mach_number, sqrt(c->speed2[i]) / sqrt(c->b2[i] / c->density[i]))
#define FAST2 (c->sound[i] * c->sound[i] + c->b2[i] / c->density[i])
SCALAR(fast_mach_number, sqrt(c->speed2[i]) / sqrt(FAST2))
SCALAR(slow_mach_number,
       sqrt(c->speed2[i]) * sqrt(FAST2) / (c->sound[i] * sqrt(c->b2[i] / c->density[i])))
SCALAR(B_divergence,
       fabs(((c->b_right[0][i] - c->b_left[0][i]) + (c->b_right[1][i] - c->b_left[1][i])) +
            (c->b_right[2][i] - c->b_left[2][i])) /
           sqrt(c->b2[i]))

/* ---- gravity that the output holds ------------------------------------------------------------
 */
SCALAR(escape_speed, sqrt(c->potential[i] > 0 ? 0 : 0 - 2 * c->potential[i]))
SCALAR(gravitational_redshift, c->potential[i] * k->potential)
SCALAR(gravitational_energy_density, c->density[i] * c->potential[i])
SCALAR(gravitational_energy, c->density[i] * c->potential[i] * c->volume[i])
SCALAR(acceleration_magnitude, sqrt(DOT(c->acceleration, c->acceleration)))
SCALAR(radial_acceleration, OVER_DISTANCE(DOT(c->position, c->acceleration), c->radius[i]))
SCALAR(cylindrical_radial_acceleration,
       OVER_DISTANCE(c->along[0][i] * c->along_acceleration[0][i] +
                         c->along[1][i] * c->along_acceleration[1][i],
                     c->across[i]))
SCALAR(azimuthal_acceleration, OVER_DISTANCE(c->along[0][i] * c->along_acceleration[1][i] -
                                                 c->along[1][i] * c->along_acceleration[0][i],
                                             c->across[i]))
SCALAR(vertical_acceleration, c->along_acceleration[2][i])

/* ---- about the centre and the axis ------------------------------------------------------------
 */
VECTOR(position, c->position[j][i])
SCALAR(radius, c->radius[i])
SCALAR(cylindrical_radius, c->across[i])
SCALAR(height, c->along[2][i])
SCALAR(azimuth, atan2(c->along[1][i], c->along[0][i]))
SCALAR(polar_angle, atan2(c->across[i], c->along[2][i]))
#define RADIAL_VELOCITY OVER_DISTANCE(DOT(c->position, c->velocity), c->radius[i])
SCALAR(radial_velocity, RADIAL_VELOCITY)
#define OUTWARD                                                                                    \
    (c->along[0][i] * c->along_velocity[0][i] + c->along[1][i] * c->along_velocity[1][i])
SCALAR(cylindrical_radial_velocity, OVER_DISTANCE(OUTWARD, c->across[i]))
SCALAR(azimuthal_velocity, OVER_DISTANCE(c->along[0][i] * c->along_velocity[1][i] -
                                             c->along[1][i] * c->along_velocity[0][i],
                                         c->across[i]))
SCALAR(vertical_velocity, c->along_velocity[2][i])
/* z (x vx + y vy) / (r R) - R vz / r: the first factor is 0 on the axis */
SCALAR(polar_velocity, OVER_DISTANCE(c->along[2][i] * OVER_DISTANCE(OUTWARD, c->across[i]) -
                                         c->across[i] * c->along_velocity[2][i],
                                     c->radius[i]))
SCALAR(radial_mass_flux, c->density[i] * RADIAL_VELOCITY)
VECTOR(specific_angular_momentum, CROSS(c->position, c->velocity))
VECTOR(angular_momentum, c->density[i] * c->volume[i] * CROSS(c->position, c->velocity))

/* |r x v| / r: the difference of squares would lose what is small */
static void tangential_velocity(const struct pvr_cells *restrict c,
                                double (*restrict result)[PVR_BLOCK]) {
    for (int i = 0; i < c->count; i++) {
        double x = c->position[0][i], y = c->position[1][i], z = c->position[2][i];
        double u = c->velocity[0][i], v = c->velocity[1][i], w = c->velocity[2][i];
        double a = y * w - z * v, b = z * u - x * w, d = x * v - y * u;
        result[0][i] = OVER_DISTANCE(sqrt(a * a + b * b + d * d), c->radius[i]);
    }
}

/* ---- the registry -----------------------------------------------------------------------------
 */
#define USE(PART) PVR_USES_##PART
#define FIELD(NAME, LABEL, FORMULA, DIMENSION, NCOMPONENTS, USES)                                  \
    {                                                                                              \
        {                                                                                          \
            #NAME,       LABEL,                                                                    \
            FORMULA,     PVR_DERIVED_##DIMENSION,                                                  \
            NCOMPONENTS, ((USES)&PVR_USES_SIZE) != 0},                                             \
            USES, NAME                                                                             \
    }

/* clang-format off */
static const struct pvr_derived_entry registry[] = {
    FIELD(temperature, "Temperature", "mu m_H / k_B * p / rho", TEMPERATURE, 1,
          USE(PRESSURE) | USE(DENSITY)),
    {{"temperature_over_mu", "Temperature over mean molecular weight", "m_H / k_B * p / rho",
      PVR_DERIVED_TEMPERATURE_OVER_MU, 1, false}, USE(PRESSURE) | USE(DENSITY), temperature},
    FIELD(number_density, "Number density of hydrogen", "X rho / m_H", NUMBER_DENSITY, 1,
          USE(DENSITY)),
    FIELD(sound_speed, "Sound speed", "c_s = sqrt(gamma p / rho)", VELOCITY, 1, USE(SOUND)),
    FIELD(entropy, "Entropy", "p / rho^gamma; astro: k_B T / n^(gamma - 1), n = rho / (mu m_H)",
          ENTROPY, 1, USE(PRESSURE) | USE(DENSITY) | USE(GAMMA)),
    FIELD(specific_thermal_energy, "Specific thermal energy", "p / ((gamma - 1) rho)",
          SPECIFIC_ENERGY, 1, USE(PRESSURE) | USE(DENSITY) | USE(HEAT)),
    FIELD(thermal_energy, "Thermal energy", "p V / (gamma - 1)", ENERGY, 1,
          USE(PRESSURE) | USE(SIZE) | USE(HEAT)),
    FIELD(metallicity_solar, "Metallicity (solar)", "Z / Z_sun", NUMBER, 1, USE(METALLICITY)),
    FIELD(overdensity, "Overdensity", "rho / mean baryon density - 1 (cosmological runs)", NUMBER,
          1, USE(DENSITY) | USE(BARYON_MEAN)),

    FIELD(cell_size, "Cell size", "dx", LENGTH, 1, USE(SIZE)),
    FIELD(volume, "Cell volume", "V = dx^ndim", VOLUME, 1, USE(SIZE)),
    FIELD(mass, "Gas mass", "m = rho V", CELL_MASS, 1, USE(DENSITY) | USE(SIZE)),
    FIELD(metal_mass, "Metal mass", "Z rho V", CELL_MASS, 1,
          USE(DENSITY) | USE(METALLICITY) | USE(SIZE)),

    FIELD(relative_velocity, "Velocity without bulk", "v - v_bulk", VELOCITY, 3, USE(VELOCITY)),
    FIELD(speed, "Speed", "abs(v)", VELOCITY, 1, USE(VELOCITY)),
    FIELD(mach_number, "Mach number", "abs(v) / c_s", NUMBER, 1, USE(VELOCITY) | USE(SOUND)),
    FIELD(ram_pressure, "Ram pressure", "rho v^2", PRESSURE, 1, USE(DENSITY) | USE(VELOCITY)),
    FIELD(kinetic_energy, "Kinetic energy", "m v^2 / 2", ENERGY, 1,
          USE(DENSITY) | USE(VELOCITY) | USE(SIZE)),
    FIELD(momentum_density, "Momentum density", "rho v", MASS_FLUX, 3,
          USE(DENSITY) | USE(VELOCITY)),
    FIELD(momentum, "Momentum", "m v", MOMENTUM, 3, USE(DENSITY) | USE(VELOCITY) | USE(SIZE)),

    FIELD(jeans_length, "Jeans length", "lambda_J = c_s sqrt(pi / (G rho))", LENGTH, 1, USE(SOUND)),
    FIELD(jeans_mass, "Jeans mass", "4 pi / 3 rho (lambda_J / 2)^3", MASS, 1, USE(SOUND)),
    FIELD(jeans_number, "Jeans number", "lambda_J / dx", NUMBER, 1, USE(SOUND) | USE(SIZE)),
    FIELD(freefall_time, "Free-fall time", "sqrt(3 pi / (32 G rho))", TIME, 1, USE(DENSITY)),
    FIELD(virial_parameter, "Virial parameter of the cell", "5 c_s^2 / (G rho dx^2)", NUMBER, 1,
          USE(SOUND) | USE(SIZE)),

    FIELD(B_field, "Magnetic field", "B = (B_left + B_right) / 2", MAGNETIC, 3, USE(FIELD)),
    FIELD(B_magnitude, "Magnetic field strength", "abs(B)", MAGNETIC, 1, USE(FIELD)),
    FIELD(magnetic_pressure, "Magnetic pressure", "B^2 / 2 (code), B^2 / (8 pi) (gauss)", PRESSURE,
          1, USE(FIELD)),
    FIELD(magnetic_energy, "Magnetic energy", "magnetic_pressure V", ENERGY, 1,
          USE(FIELD) | USE(SIZE)),
    FIELD(plasma_beta, "Plasma beta", "p / magnetic_pressure", NUMBER, 1,
          USE(PRESSURE) | USE(FIELD)),
    FIELD(alfven_speed, "Alfven speed", "v_A = abs(B) / sqrt(rho) (code)", VELOCITY, 1,
          USE(DENSITY) | USE(FIELD)),
    FIELD(alfven_mach_number, "Alfven Mach number", "abs(v) / v_A", NUMBER, 1,
          USE(VELOCITY) | USE(DENSITY) | USE(FIELD)),
    FIELD(fast_mach_number, "Fast magnetosonic Mach number", "abs(v) / sqrt(c_s^2 + v_A^2)", NUMBER,
          1, USE(VELOCITY) | USE(SOUND) | USE(FIELD)),
    FIELD(slow_mach_number, "Slow magnetosonic Mach number",
          "abs(v) sqrt(c_s^2 + v_A^2) / (c_s v_A)", NUMBER, 1,
          USE(VELOCITY) | USE(SOUND) | USE(FIELD)),
    FIELD(B_divergence, "Magnetic divergence", "abs(div B) dx / abs(B)", NUMBER, 1,
          USE(FACES) | USE(FIELD)),

    FIELD(escape_speed, "Escape speed", "sqrt(max(-2 phi, 0))", VELOCITY, 1, USE(POTENTIAL)),
    FIELD(gravitational_redshift, "Gravitational redshift", "phi / c^2", NUMBER, 1,
          USE(POTENTIAL)),
    FIELD(gravitational_energy_density, "Gravitational energy density",
          "rho phi (self-gravity: half of it)", ENERGY_DENSITY, 1, USE(DENSITY) | USE(POTENTIAL)),
    FIELD(gravitational_energy, "Gravitational energy", "m phi (self-gravity: half of it)", ENERGY,
          1, USE(DENSITY) | USE(POTENTIAL) | USE(SIZE)),
    FIELD(acceleration_magnitude, "Acceleration magnitude", "abs(a)", ACCELERATION, 1,
          USE(ACCELERATION)),
    FIELD(radial_acceleration, "Radial acceleration", "a . r / abs(r)", ACCELERATION, 1,
          USE(ACCELERATION) | USE(POSITION)),
    FIELD(cylindrical_radial_acceleration, "Acceleration from the axis", "a . R / abs(R)",
          ACCELERATION, 1, USE(AXIS_ACCELERATION)),
    FIELD(azimuthal_acceleration, "Azimuthal acceleration", "a . (n x R) / abs(R)", ACCELERATION, 1,
          USE(AXIS_ACCELERATION)),
    FIELD(vertical_acceleration, "Acceleration along the axis", "a . n", ACCELERATION, 1,
          USE(AXIS_ACCELERATION)),

    FIELD(position, "Position from the centre", "r", LENGTH, 3, USE(POSITION)),
    FIELD(radius, "Radius", "abs(r)", LENGTH, 1, USE(POSITION)),
    FIELD(cylindrical_radius, "Distance from the axis", "abs(R), R = r - (r . n) n", LENGTH, 1,
          USE(AXIS)),
    FIELD(height, "Height along the axis", "r . n", LENGTH, 1, USE(AXIS)),
    FIELD(azimuth, "Azimuth", "angle about n, -pi to pi (n = z: atan2(y, x))", ANGLE, 1, USE(AXIS)),
    FIELD(polar_angle, "Polar angle", "angle between r and n, 0 to pi", ANGLE, 1, USE(AXIS)),
    FIELD(radial_velocity, "Radial velocity", "v . r / abs(r)", VELOCITY, 1,
          USE(VELOCITY) | USE(POSITION)),
    FIELD(tangential_velocity, "Tangential velocity", "abs(r x v) / abs(r)", VELOCITY, 1,
          USE(VELOCITY) | USE(POSITION)),
    FIELD(cylindrical_radial_velocity, "Velocity from the axis", "v . R / abs(R)", VELOCITY, 1,
          USE(AXIS_VELOCITY)),
    FIELD(azimuthal_velocity, "Azimuthal velocity", "v . (n x R) / abs(R)", VELOCITY, 1,
          USE(AXIS_VELOCITY)),
    FIELD(vertical_velocity, "Velocity along the axis", "v . n", VELOCITY, 1, USE(AXIS_VELOCITY)),
    FIELD(polar_velocity, "Polar velocity", "component along growing polar angle", VELOCITY, 1,
          USE(AXIS_VELOCITY)),
    FIELD(radial_mass_flux, "Radial mass flux", "rho v . r / abs(r)", MASS_FLUX, 1,
          USE(DENSITY) | USE(VELOCITY) | USE(POSITION)),
    FIELD(specific_angular_momentum, "Specific angular momentum", "r x v",
          SPECIFIC_ANGULAR_MOMENTUM, 3, USE(VELOCITY) | USE(POSITION)),
    FIELD(angular_momentum, "Angular momentum", "m r x v", ANGULAR_MOMENTUM, 3,
          USE(DENSITY) | USE(VELOCITY) | USE(POSITION) | USE(SIZE)),
};
/* clang-format on */

int pvr_derived_count(void) {
    return (int)(sizeof registry / sizeof *registry);
}

const struct pvr_derived_info *pvr_derived_at(int number) {
    return number >= 0 && number < pvr_derived_count() ? &registry[number].info : NULL;
}

const struct pvr_derived_entry *pvr_derived_entry(const char *name) {
    for (int i = 0; i < pvr_derived_count(); i++) {
        if (strcmp(registry[i].info.name, name) == 0) {
            return &registry[i];
        }
    }
    return NULL;
}

const struct pvr_derived_info *pvr_derived_find(const char *name) {
    const struct pvr_derived_entry *entry = pvr_derived_entry(name);
    return entry != NULL ? &entry->info : NULL;
}
