/* pvr_fields.h - which variables an output's mesh files hold, and the fields a user sees.
 *
 * A *variable* is a column of a file (velocity_x). A *field* is what a user chooses: a scalar, or
 * a vector put together from the variables of its components (velocity). Names come from
 * hydro_file_descriptor.txt, in its version 1 (`ivar, name, type`) or its old form
 * (`variable # 1: density`); without one from RAMSES' own order: density, velocity, pressure and
 * scalars, or with magnetic fields for nvar >= 11 in 3-D. `thermal_pressure` is called pressure.
 * Source: RAMSES, hydro/output_hydro.f90.
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
enum pvr_file_kind { PVR_HYDRO = 0, PVR_FILE_KINDS };

struct pvr_variable {
    char name[PVR_NAME_SIZE];
    enum pvr_file_kind kind;
    int column; /* place in the file, from 0 */
    enum pvr_dimension dimension;
};

struct pvr_field {
    char name[PVR_NAME_SIZE];
    int ncomponents; /* of the array: 1, or 3 for a vector (absent components are 0) */
    int variable[3]; /* index of the variable of each component, -1 where absent */
    enum pvr_dimension dimension;
};

struct pvr_field_table {
    int nvariables;
    struct pvr_variable *variable;
    int nfields;
    struct pvr_field *field;
    char *warnings; /* a descriptor that disagrees with the files, duplicate names; or null */
};

/* Makes the table for a hydro file with `nvar` variables. `descriptor_path` may name a file that
 * does not exist. */
enum pvr_status pvr_field_table_read(const char *descriptor_path, int ndim, int nvar,
                                     struct pvr_field_table *table, struct pvr_error *error);
void pvr_field_table_free(struct pvr_field_table *table);

/* Index of the field called `name` (a variable's own name is accepted for a scalar too), or -1.
 */
int pvr_field_find(const struct pvr_field_table *table, const char *name);
int pvr_variable_find(const struct pvr_field_table *table, const char *name);

#ifdef __cplusplus
}
#endif
#endif
