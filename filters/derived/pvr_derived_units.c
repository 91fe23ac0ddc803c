/* pvr_derived_units.c - options' defaults, and the units of derived fields. */
#include "pvr_derived_cells.h"

#include <math.h>

struct pvr_derived_options pvr_derived_defaults(const struct pvr_snapshot *snapshot) {
    struct pvr_derived_options options = {.gamma = pvr_snapshot_gamma(snapshot)};
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    options.has_centre = true;
    for (int axis = 0; axis < 3; axis++) {
        options.centre[axis] = 0.5 * size[axis];
    }
    return options;
}

struct pvr_derived_options pvr_derived_complete(const struct pvr_derived_options *options,
                                                const double origin[3], const double size[3]) {
    struct pvr_derived_options all = {0};
    if (options != NULL) {
        all = *options;
    }
    if (all.hydrogen_fraction == 0) {
        all.hydrogen_fraction = PVR_HYDROGEN_FRACTION;
    }
    if (all.mean_molecular_weight == 0) {
        all.mean_molecular_weight = 1 / PVR_HYDROGEN_FRACTION;
    }
    if (all.solar_metallicity == 0) {
        all.solar_metallicity = PVR_SOLAR_METALLICITY;
    }
    if (all.axis[0] == 0 && all.axis[1] == 0 && all.axis[2] == 0) {
        all.axis[2] = 1;
    }
    for (int axis = 0; !all.has_centre && axis < 3; axis++) {
        all.centre[axis] = origin[axis] + 0.5 * size[axis];
    }
    return all;
}

#define KPC (1e3 * PVR_PARSEC)
#define KM 1e5

/* A unit as powers of those of length, density and time, with labels for outputs of 1, 2 and 3
 * dimensions. Quantities of whole cells have one power of length less per missing dimension. */
struct powers {
    int length, density, time;
    bool whole, per_kpc; /* astro: what is missing is counted in kpc */
    double astro;        /* cgs units in one astro unit of 3-D */
    const char *cgs[3], *astro_label[3];
};

/* clang-format off */
static const struct powers powers[] = {
    [PVR_DERIVED_VOLUME] = {3, 0, 0, true, true, KPC * KPC * KPC,
                            {"cm", "cm^2", "cm^3"}, {"kpc", "kpc^2", "kpc^3"}},
    [PVR_DERIVED_CELL_MASS] = {3, 1, 0, true, true, PVR_SOLAR_MASS,
                               {"g/cm^2", "g/cm", "g"}, {"Msol/kpc^2", "Msol/kpc", "Msol"}},
    [PVR_DERIVED_MASS] = {3, 1, 0, false, false, PVR_SOLAR_MASS,
                          {"g", "g", "g"}, {"Msol", "Msol", "Msol"}},
    [PVR_DERIVED_TIME] = {0, 0, 1, false, false, 1e6 * PVR_JULIAN_YEAR,
                          {"s", "s", "s"}, {"Myr", "Myr", "Myr"}},
    [PVR_DERIVED_ENERGY_DENSITY] = {2, 1, -2, false, false, 1,
                                    {"erg/cm^3", "erg/cm^3", "erg/cm^3"},
                                    {"erg/cm^3", "erg/cm^3", "erg/cm^3"}},
    [PVR_DERIVED_ENERGY] = {5, 1, -2, true, false, 1,
                            {"erg/cm^2", "erg/cm", "erg"}, {"erg/cm^2", "erg/cm", "erg"}},
    [PVR_DERIVED_MOMENTUM] = {4, 1, -1, true, true, PVR_SOLAR_MASS * KM,
                              {"g/cm/s", "g/s", "g cm/s"},
                              {"Msol km/s/kpc^2", "Msol km/s/kpc", "Msol km/s"}},
    [PVR_DERIVED_MASS_FLUX] = {1, 1, -1, false, false,
                               PVR_SOLAR_MASS / (KPC * KPC * PVR_JULIAN_YEAR),
                               {"g/cm^2/s", "g/cm^2/s", "g/cm^2/s"},
                               {"Msol/kpc^2/yr", "Msol/kpc^2/yr", "Msol/kpc^2/yr"}},
    [PVR_DERIVED_ANGULAR_MOMENTUM] = {5, 1, -1, true, true, PVR_SOLAR_MASS * KPC * KM,
                                      {"g/s", "g cm/s", "g cm^2/s"},
                                      {"Msol km/s/kpc", "Msol km/s", "Msol kpc km/s"}},
    [PVR_DERIVED_SPECIFIC_ANGULAR_MOMENTUM] = {2, 0, -1, false, false, KPC * KM,
                                               {"cm^2/s", "cm^2/s", "cm^2/s"},
                                               {"kpc km/s", "kpc km/s", "kpc km/s"}},
};
/* clang-format on */

static struct pvr_unit power_unit(const struct pvr_info *info, const struct powers *unit,
                                  enum pvr_field_units system) {
    int ndim = info->ndim >= 1 && info->ndim <= 3 ? info->ndim : 3;
    int missing = unit->whole ? 3 - ndim : 0;
    double factor = pow(info->unit_l, unit->length - missing) * pow(info->unit_d, unit->density) *
                    pow(info->unit_t, unit->time);
    if (system == PVR_UNITS_CGS) {
        return (struct pvr_unit){factor, unit->cgs[ndim - 1]};
    }
    double divisor = unit->astro / (unit->per_kpc ? pow(KPC, missing) : 1);
    return (struct pvr_unit){factor / divisor, unit->astro_label[ndim - 1]};
}

static struct pvr_unit entropy_unit(const struct pvr_info *info,
                                    const struct pvr_derived_options *options,
                                    enum pvr_field_units system) {
    double gamma = options->gamma, velocity = info->unit_l / info->unit_t;
    double factor = velocity * velocity * pow(info->unit_d, 1 - gamma);
    if (system == PVR_UNITS_CGS) {
        return (struct pvr_unit){factor, "erg/cm^3/(g/cm^3)^gamma"};
    }
    /* k_B T / n^(gamma - 1) with n = rho / (mu m_H) is (mu m_H)^gamma p / rho^gamma */
    double particle = options->mean_molecular_weight * PVR_HYDROGEN_MASS;
    bool monatomic = fabs(gamma - 5.0 / 3.0) < 1e-4; /* namelists round it */
    return (struct pvr_unit){factor * pow(particle, gamma) / PVR_KEV,
                             monatomic ? "keV cm^2" : "keV cm^(3gamma-3)"};
}

struct pvr_unit pvr_derived_unit(const struct pvr_derived_info *derived,
                                 const struct pvr_info *info,
                                 const struct pvr_derived_options *options,
                                 enum pvr_field_units system) {
    static const double nowhere[3] = {0, 0, 0};
    const struct pvr_derived_options all = pvr_derived_complete(options, nowhere, nowhere);
    if (derived->dimension == PVR_DERIVED_ANGLE) {
        return (struct pvr_unit){1, "rad"};
    }
    if (system == PVR_UNITS_CODE || derived->dimension == PVR_DERIVED_NUMBER) {
        return (struct pvr_unit){1, ""};
    }
    double velocity = info->unit_l / info->unit_t;
    double kelvin = velocity * velocity * PVR_HYDROGEN_MASS / PVR_BOLTZMANN;
    switch (derived->dimension) {
    case PVR_DERIVED_LENGTH:
        return pvr_field_unit(info, PVR_LENGTH, system);
    case PVR_DERIVED_VELOCITY:
        return pvr_field_unit(info, PVR_VELOCITY, system);
    case PVR_DERIVED_ACCELERATION:
        return pvr_field_unit(info, PVR_ACCELERATION, system);
    case PVR_DERIVED_PRESSURE:
        return pvr_field_unit(info, PVR_PRESSURE, system);
    case PVR_DERIVED_SPECIFIC_ENERGY:
        return pvr_field_unit(info, PVR_POTENTIAL, system);
    case PVR_DERIVED_MAGNETIC:
        return pvr_field_unit(info, PVR_MAGNETIC, system);
    case PVR_DERIVED_TEMPERATURE:
        return (struct pvr_unit){kelvin * all.mean_molecular_weight, "K"};
    case PVR_DERIVED_TEMPERATURE_OVER_MU:
        return (struct pvr_unit){kelvin, "K"};
    case PVR_DERIVED_NUMBER_DENSITY:
        return (struct pvr_unit){info->unit_d * all.hydrogen_fraction / PVR_HYDROGEN_MASS, "cm^-3"};
    case PVR_DERIVED_ENTROPY:
        return entropy_unit(info, &all, system);
    default:
        return power_unit(info, &powers[derived->dimension], system);
    }
}
