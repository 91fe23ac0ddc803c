/* pvr_units.c - from code units to units that astronomers read. */
#include "pvr_units.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

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

bool pvr_has_physical_units(const struct pvr_info *info) {
    return info->unit_l != 1 || info->unit_d != 1 || info->unit_t != 1;
}

char *pvr_length_text(double cm, char *text, size_t size) {
    static const struct {
        const char *name;
        double cm, least;
    } units[] = {{"Gpc", 1e9 * PVR_PARSEC, 1},
                 {"Mpc", 1e6 * PVR_PARSEC, 0.1},
                 {"kpc", 1e3 * PVR_PARSEC, 0.1},
                 {"pc", PVR_PARSEC, 0.01},
                 {"AU", PVR_ASTRONOMICAL_UNIT, 0.01},
                 {"km", 1e5, 0.1},
                 {"cm", 1, 0}};
    const int count = sizeof units / sizeof units[0];
    int unit = 0;
    /* 0.3 Mpc rather than 300 kpc, and 0.03 pc rather than 6,200 AU */
    while (unit < count - 1 && cm < units[unit].least * units[unit].cm) {
        unit++;
    }
    snprintf(text, size, "%.4g %s", cm / units[unit].cm, units[unit].name);
    return text;
}
