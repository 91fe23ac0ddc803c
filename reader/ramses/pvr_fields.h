/* pvr_fields.h - which variables an output's mesh files hold, and the fields a user sees.
 *
 * A *variable* is a column of a file (velocity_x). A *field* is what a user chooses: a scalar, or
 * a vector put together from the variables of its components (velocity). Names come from
 * hydro_file_descriptor.txt, in its version 1 (`ivar, name, type`) or its old form
 * (`variable # 1: density`); without one from RAMSES' own order: density, velocity, pressure and
 * scalars, or with magnetic fields for nvar >= 11 in 3-D. `thermal_pressure` is called pressure.
 *
 * Gravity files hold `potential` and `acceleration_x..z` (with `particle_density` before them in
 * some builds). Radiation files hold, for each photon group N, a density and a flux: their
 * variables keep the descriptor's names (photon_flux_N and photon_flux_N_x..z), the fields are
 * called rt_photon_density_N and rt_photon_flux_N. Clump files hold the number of each cell's
 * clump. Magnetic outputs hold B on the faces (fields B_left, B_right); the field B_field is their
 * mean, at the cells' centres. Source: RAMSES, hydro/output_hydro.f90, poisson/output_poisson.f90,
 * rt/rt_output_hydro.f90, pm/output_clump.f90.
 */
#ifndef PVR_FIELDS_H
#define PVR_FIELDS_H

#include "pvr_error.h"
#include "pvr_units.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_NAME_SIZE = 64, PVR_MAX_VARIABLES = 1024 };

/* The kinds of files with values for the cells of the mesh. */
enum pvr_file_kind { PVR_HYDRO = 0, PVR_GRAVITY, PVR_RADIATION, PVR_CLUMP_FIELD, PVR_FILE_KINDS };

struct pvr_variable {
    char name[PVR_NAME_SIZE];
    enum pvr_file_kind kind;
    int column; /* place in the file, from 0 */
    enum pvr_dimension dimension;
};

struct pvr_field {
    char name[PVR_NAME_SIZE];
    int ncomponents;  /* of the array: 1, or 3 for a vector (absent components are 0) */
    int variable[3];  /* index of the variable of each component, -1 where absent */
    int mean_with[3]; /* variable to take the mean with, -1: none (B_field alone has such) */
    enum pvr_dimension dimension;
    bool whole_numbers; /* an array of integers */
    bool by_default;    /* chosen unless told otherwise: hydro, but B at the centres alone */
};

struct pvr_field_table {
    int nvariables;
    struct pvr_variable *variable;
    int nfields;
    struct pvr_field *field;
    char *warnings; /* a descriptor that disagrees with the files, duplicate names; or null */
};

/* Adds the variables and fields of a kind of file with `nvar` variables to a table, which may be
 * all zero. `descriptor_path` may name a file that does not exist. A name that the table has
 * already gets a number behind it, with a warning. On failure the table is still to be freed. */
enum pvr_status pvr_field_table_add(struct pvr_field_table *table, enum pvr_file_kind kind,
                                    const char *descriptor_path, int ndim, int nvar,
                                    struct pvr_error *error);
/* The same for variables whose names are known; `path` names where they come from in messages. */
enum pvr_status pvr_field_table_add_names(struct pvr_field_table *table, enum pvr_file_kind kind,
                                          const char *path, const char *const *names, int nvar,
                                          struct pvr_error *error);
/* Number of variables that a descriptor names, 0 without one. */
int pvr_descriptor_count(const char *descriptor_path);
void pvr_field_table_free(struct pvr_field_table *table);

/* Index of the field, or of the variable, called `name`, or -1. */
int pvr_field_find(const struct pvr_field_table *table, const char *name);
int pvr_variable_find(const struct pvr_field_table *table, const char *name);

#ifdef __cplusplus
}
#endif
#endif
