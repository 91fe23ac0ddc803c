/* derived_reference.h - derived fields by their textbook formulas, in cgs and long double, one cell
 * at a time: to compare the library with. */
#ifndef PVR_TEST_DERIVED_REFERENCE_H
#define PVR_TEST_DERIVED_REFERENCE_H

#include <stdbool.h>

/* A cell in cgs; the magnetic field in gauss, velocities without the bulk velocity, the position
 * from the centre. */
struct reference_cell {
    bool refined;
    long double density, pressure, velocity[3], metallicity, potential, acceleration[3];
    long double left[3], right[3], position[3], size;
    /* of the run */
    long double gamma, mu, hydrogen, solar, baryons, axis[3];
};

struct reference {
    const char *name;
    long double (*value)(const struct reference_cell *cell, int component);
    int ncomponents;
    long double astro; /* cgs units in one astro unit */
    const char *cgs_label, *astro_label;
    bool whole; /* NaN in refined cells */
};
/* Ends with a null name. */
extern const struct reference references[];

#endif
