/* project_fields.h - what `pvramses project` is to make images of. */
#ifndef PVRAMSES_PROJECT_FIELDS_H
#define PVRAMSES_PROJECT_FIELDS_H

#include "project_options.h"
#include "pvr_map_units.h"
#include "pvr_mesh.h"
#include "pvr_projection.h"

enum { PROJECT_MOST_LOADS = 64 };

struct project_field {
    char name[PVR_NAME_SIZE];
    struct pvr_map_quantity quantity;
    int source;    /* index into the field table's fields; -1: derived */
    int component; /* of an array; -1: along the line of sight */
    struct pvr_map_unit unit;
};

struct project_fields {
    int count;
    struct project_field field[PVR_MAP_MAX_VALUES];
    bool weighted;
    struct project_field weight;
    enum pvr_map_weighting weighting;
    bool stream; /* nothing is derived */
};

/* Has the mode a weight? */
bool project_weighs(enum pvr_map_mode mode);
/* Adds a field unless one of its name is there. */
enum pvr_status project_fields_add(struct project_fields *fields, const struct project_field *field,
                                   struct pvr_error *error);

/* Finds the fields and the weight that the options name, and their units. Components follow from
 * the names: velocity_x, velocity_los; a vector alone is taken along the line of sight in the modes
 * first-moment and dispersion, else as its components. */
enum pvr_status project_fields_find(const struct project_options *options,
                                    struct pvr_snapshot *snapshot, struct project_fields *fields,
                                    struct pvr_error *error);

/* The fields' values as columns of the files. */
void project_fields_of_files(const struct project_fields *fields,
                             const struct pvr_field_table *table, const struct pvr_view *view,
                             struct pvr_map_value *values, struct pvr_map_value *weight);

/* Arrays to load and derive: names, each once. Returns how many; loads of files in `load`. */
int project_fields_loads(const struct project_fields *fields, struct pvr_snapshot *snapshot,
                         const char *load[PROJECT_MOST_LOADS], const char **derive, int *nderive);
/* The fields' values as arrays of a mesh and of derived ones, by name. */
enum pvr_status project_fields_of_arrays(const struct project_fields *fields,
                                         const struct pvr_field_table *table,
                                         const struct pvr_mesh *mesh,
                                         const struct pvr_mesh_array *derived, int nderived,
                                         const struct pvr_view *view, struct pvr_map_value *values,
                                         struct pvr_map_value *weight, struct pvr_error *error);

#endif
