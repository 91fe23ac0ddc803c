/* pvr_derived.h - fields that follow from those of the files: temperature, mass, sound speed...
 *
 * A registry names them; pvr_derive computes the chosen ones for all cells of a mesh with all
 * threads, at the speed of memory where the formula allows it. filters/DERIVED.md lists them, made
 * by pvr_derived_markdown from the registry.
 *
 * Formulas work in code units and in double, whatever type and unit the input arrays have; what
 * comes out is multiplied by the factor of its unit at the end. NaN and infinity pass through as
 * the arithmetic has it; ratios to a distance are 0 where the distance is 0. Refined (coarse) cells
 * get values from RAMSES' restricted ones; quantities of whole cells (mass, energies) and sizes are
 * NaN there, so that sums and colour ranges do not count a place twice.
 *
 * Distances from the centre are straight lines: they do not reach around a periodic border. In 1-D
 * and 2-D, masses, volumes and energies are per area and per length, and the missing coordinates
 * and components are 0.
 */
#ifndef PVR_DERIVED_H
#define PVR_DERIVED_H

#include "pvr_mesh.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PVR_NEWTON 6.67430e-8         /* gravitational constant, cm^3 g^-1 s^-2 */
#define PVR_LIGHT_SPEED 2.99792458e10 /* cm/s */
#define PVR_KEV 1.602176634e-9        /* erg */
#define PVR_SOLAR_METALLICITY 0.0127  /* mass fraction, as in Mera.jl */

/* What a derived field measures: gives its unit. */
enum pvr_derived_dimension {
    PVR_DERIVED_NUMBER,
    PVR_DERIVED_ANGLE,
    PVR_DERIVED_LENGTH,
    PVR_DERIVED_VOLUME,    /* code length^ndim, as all that is of whole cells */
    PVR_DERIVED_CELL_MASS, /* density * code length^ndim */
    PVR_DERIVED_MASS,      /* density * code length^3 */
    PVR_DERIVED_TIME,
    PVR_DERIVED_VELOCITY,
    PVR_DERIVED_ACCELERATION,
    PVR_DERIVED_TEMPERATURE,         /* factor includes the mean molecular weight */
    PVR_DERIVED_TEMPERATURE_OVER_MU, /* does not */
    PVR_DERIVED_NUMBER_DENSITY,      /* factor includes the hydrogen fraction */
    PVR_DERIVED_PRESSURE,
    PVR_DERIVED_ENERGY_DENSITY,
    PVR_DERIVED_ENERGY, /* of whole cells, as momenta */
    PVR_DERIVED_SPECIFIC_ENERGY,
    PVR_DERIVED_ENTROPY, /* depends on the adiabatic index */
    PVR_DERIVED_MAGNETIC,
    PVR_DERIVED_MOMENTUM,
    PVR_DERIVED_MASS_FLUX,
    PVR_DERIVED_ANGULAR_MOMENTUM,
    PVR_DERIVED_SPECIFIC_ANGULAR_MOMENTUM
};

struct pvr_derived_info {
    const char *name;    /* of the array, as scripts know it */
    const char *label;   /* for people */
    const char *formula; /* in the names of DERIVED.md */
    enum pvr_derived_dimension dimension;
    int ncomponents; /* 1, or 3 for a vector in the axes of the box */
    bool of_leaves;  /* of whole cells, or a size: NaN in refined cells */
};

/* The registry, in the order in which people should see it. */
int pvr_derived_count(void);
const struct pvr_derived_info *pvr_derived_at(int number);
/* Null if there is none of this name. */
const struct pvr_derived_info *pvr_derived_find(const char *name);

enum pvr_bulk_velocity {
    PVR_BULK_NONE,
    PVR_BULK_GIVEN, /* bulk_velocity */
    PVR_BULK_MEAN   /* mass-weighted mean of the leaves whose centres lie within bulk_radius */
};

/* All zero is good but for the adiabatic index. Lengths and velocities in code units. */
struct pvr_derived_options {
    double gamma;                 /* adiabatic index; 0: not known, formulas with it fail */
    double mean_molecular_weight; /* 0: 1 / 0.76, as RAMSES and Mera.jl */
    double hydrogen_fraction;     /* mass fraction X; 0: 0.76 */
    double solar_metallicity;     /* mass fraction; 0: 0.0127 */
    bool has_centre;              /* else the centre of the octree's trees */
    double centre[3];
    double axis[3]; /* any length, all zero: z */
    enum pvr_bulk_velocity bulk;
    double bulk_velocity[3];
    double bulk_radius; /* about the centre; 0: all leaves */
};

/* Options with the adiabatic index of the snapshot and the centre of its box (which is not that of
 * the trees of a region). */
struct pvr_derived_options pvr_derived_defaults(const struct pvr_snapshot *snapshot);

/* Can this field be computed of an output with these fields? Not if one that it needs is missing,
 * and not if the output has a field or variable of the same name: the file's own is then what the
 * name means. `reason` (may be null) gets one line that says why not, else "". */
bool pvr_derived_available(const struct pvr_derived_info *derived, const struct pvr_info *info,
                           const struct pvr_field_table *table, char *reason, size_t size);

enum { PVR_DERIVED_MOST_NEEDS = 16 };
/* Names of the fields to load for `names` (null options: defaults): each once; returns how many.
 * Names that are not in the registry and fields that the table lacks are left out. */
int pvr_derived_needs(const char *const *names, int count,
                      const struct pvr_derived_options *options,
                      const struct pvr_field_table *table,
                      const char *needs[PVR_DERIVED_MOST_NEEDS]);

/* Factor from code units and label; `options` may be null. Of `info`, ndim and the units count.
 * The label is static. */
struct pvr_unit pvr_derived_unit(const struct pvr_derived_info *derived,
                                 const struct pvr_info *info,
                                 const struct pvr_derived_options *options,
                                 enum pvr_field_units system);

struct pvr_derived_request {
    const char *const *names;
    int count;
    enum pvr_field_units units;
    enum pvr_type precision; /* PVR_FLOAT32 or PVR_FLOAT64. Where the factor of the unit is beyond
                                1e28 or below 1e-28 (grams, cm^3), float would overflow: such an
                                array is PVR_FLOAT64 always */
};

/* Computes the fields of the request from the arrays of `mesh`, which are found by name and may be
 * float or double in any unit. out[0 .. count - 1] get names, units and arrays over all cells; each
 * array has one reference, the caller's. On failure all are empty. `options`, `threads`, `progress`
 * (asked whether to stop) and `report` may be null; free the report. The same bits for any number
 * of threads. */
enum pvr_status pvr_derive(const struct pvr_mesh *mesh, const struct pvr_info *info,
                           const struct pvr_derived_request *request,
                           const struct pvr_derived_options *options,
                           const struct pvr_threads *threads, pvr_progress_fn progress,
                           void *progress_context, struct pvr_mesh_array *out,
                           struct pvr_report *report, struct pvr_error *error);

/* The velocity that the options mean, in code units; for PVR_BULK_MEAN from the mesh's density and
 * velocity. Sums are compensated and in a fixed order. */
enum pvr_status pvr_derived_bulk_velocity(const struct pvr_mesh *mesh,
                                          const struct pvr_derived_options *options,
                                          const struct pvr_threads *threads, double velocity[3],
                                          struct pvr_error *error);

/* Mass and momentum (code units) of the leaves that PVR_BULK_MEAN takes, whatever `bulk` says, 0 if
 * there are none: those of several ranks can be added up. */
enum pvr_status pvr_derived_momentum(const struct pvr_mesh *mesh,
                                     const struct pvr_derived_options *options,
                                     const struct pvr_threads *threads, double sums[4],
                                     struct pvr_error *error);

/* The registry as a page in Markdown, to be freed; null when memory is out. */
char *pvr_derived_markdown(void);

#ifdef __cplusplus
}
#endif
#endif
