/* pvr_units.h - from code units to units that astronomers read.
 *
 * A quantity has a dimension; a unit system gives each dimension a factor and a label:
 * value in the unit = value in code units * factor. Factors follow from unit_l, unit_d and unit_t
 * of the output. Constants: parsec 3.08567758128e18 cm, solar mass 1.9891e33 g, Julian year,
 * hydrogen mass 1.66e-24 g and hydrogen mass fraction 0.76 as in RAMSES and Mera.jl,
 * k_B 1.380649e-16 erg/K.
 */
#ifndef PVR_UNITS_H
#define PVR_UNITS_H

#include "pvr_info.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PVR_PARSEC 3.08567758128e18          /* cm */
#define PVR_ASTRONOMICAL_UNIT 1.495978707e13 /* cm */
#define PVR_SOLAR_MASS 1.9891e33             /* g */
#define PVR_JULIAN_YEAR 3.15576e7            /* s */
#define PVR_HYDROGEN_MASS 1.66e-24           /* g */
#define PVR_HYDROGEN_FRACTION 0.76
#define PVR_BOLTZMANN 1.380649e-16 /* erg/K */

enum pvr_dimension {
    PVR_DIMENSIONLESS,
    PVR_LENGTH,
    PVR_DENSITY,        /* code, g/cm^3, hydrogen nuclei per cm^3 */
    PVR_VELOCITY,       /* code, cm/s, km/s */
    PVR_PRESSURE,       /* code, erg/cm^3, K/cm^3 (pressure over k_B) */
    PVR_MAGNETIC,       /* code, gauss, microgauss */
    PVR_ACCELERATION,   /* code, cm/s^2, cm/s^2 */
    PVR_POTENTIAL,      /* code, erg/g, (km/s)^2 */
    PVR_PHOTON_DENSITY, /* code, 1/cm^3 */
    PVR_PHOTON_FLUX,    /* code, 1/(cm^2 s) */
    PVR_MASS_DENSITY    /* of what is not gas: code, g/cm^3, Msol/pc^3 */
};

enum pvr_field_units { PVR_UNITS_CODE = 0, PVR_UNITS_CGS = 1, PVR_UNITS_ASTRO = 2 };

enum pvr_length_unit {
    PVR_LENGTH_CODE = 0,
    PVR_LENGTH_PC = 1,
    PVR_LENGTH_KPC = 2,
    PVR_LENGTH_MPC = 3,
    PVR_LENGTH_AU = 4,
    PVR_LENGTH_CM = 5
};

struct pvr_unit {
    double factor;     /* multiplies code units */
    const char *label; /* "g/cm^3", "km/s", "" for code units; static */
};

struct pvr_unit pvr_field_unit(const struct pvr_info *info, enum pvr_dimension dimension,
                               enum pvr_field_units system);
struct pvr_unit pvr_length_unit(const struct pvr_info *info, enum pvr_length_unit unit);

/* False where the run leaves all its units at 1: its lengths, masses and times then have no meaning
 * in cm, gram and second. */
bool pvr_has_physical_units(const struct pvr_info *info);

/* A length as a person likes to read it, "5.72 Mpc"; fills `text` and returns it. */
char *pvr_length_text(double cm, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
