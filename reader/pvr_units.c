/* pvr_units.c - from code units to units that astronomers read. */
#include "pvr_units.h"

#include <math.h>
#include <stddef.h>

struct pvr_unit pvr_field_unit(const struct pvr_info *info, enum pvr_dimension dimension,
                               enum pvr_field_units system) {
    const struct pvr_unit none = {1.0, ""};
    if (system == PVR_UNITS_CODE || dimension == PVR_DIMENSIONLESS) {
        return none;
    }
    double length = info->unit_l, density = info->unit_d, time = info->unit_t;
    double velocity = length / time;
    double pressure = density * velocity * velocity;
    double gauss = sqrt(4 * 3.14159265358979323846 * pressure);
    const struct {
        struct pvr_unit cgs, astro;
    } unit[] = {
        [PVR_DIMENSIONLESS] = {none, none},
        [PVR_LENGTH] = {{length, "cm"}, {length / (1e3 * PVR_PARSEC), "kpc"}},
        [PVR_DENSITY] = {{density, "g/cm^3"},
                         {density * PVR_HYDROGEN_FRACTION / PVR_HYDROGEN_MASS, "cm^-3"}},
        [PVR_VELOCITY] = {{velocity, "cm/s"}, {velocity / 1e5, "km/s"}},
        [PVR_PRESSURE] = {{pressure, "erg/cm^3"}, {pressure / PVR_BOLTZMANN, "K/cm^3"}},
        [PVR_MAGNETIC] = {{gauss, "G"}, {gauss * 1e6, "muG"}},
        [PVR_ACCELERATION] = {{length / (time * time), "cm/s^2"},
                              {length / (time * time), "cm/s^2"}},
        [PVR_POTENTIAL] = {{velocity * velocity, "erg/g"},
                           {velocity * velocity / 1e10, "km^2/s^2"}},
        [PVR_PHOTON_DENSITY] = {{info->unit_np, "cm^-3"}, {info->unit_np, "cm^-3"}},
        [PVR_PHOTON_FLUX] = {{info->unit_pf, "cm^-2 s^-1"}, {info->unit_pf, "cm^-2 s^-1"}},
        [PVR_MASS_DENSITY] = {{density, "g/cm^3"},
                              {density * PVR_PARSEC * PVR_PARSEC * PVR_PARSEC / PVR_SOLAR_MASS,
                               "Msol/pc^3"}},
    };
    if ((size_t)dimension >= sizeof unit / sizeof *unit) {
        return none;
    }
    return system == PVR_UNITS_CGS ? unit[dimension].cgs : unit[dimension].astro;
}

struct pvr_unit pvr_length_unit(const struct pvr_info *info, enum pvr_length_unit unit) {
    switch (unit) {
    case PVR_LENGTH_PC:
        return (struct pvr_unit){info->unit_l / PVR_PARSEC, "pc"};
    case PVR_LENGTH_KPC:
        return (struct pvr_unit){info->unit_l / (1e3 * PVR_PARSEC), "kpc"};
    case PVR_LENGTH_MPC:
        return (struct pvr_unit){info->unit_l / (1e6 * PVR_PARSEC), "Mpc"};
    case PVR_LENGTH_AU:
        return (struct pvr_unit){info->unit_l / PVR_ASTRONOMICAL_UNIT, "AU"};
    case PVR_LENGTH_CM:
        return (struct pvr_unit){info->unit_l, "cm"};
    case PVR_LENGTH_CODE:
        break;
    }
    return (struct pvr_unit){1.0, ""};
}
