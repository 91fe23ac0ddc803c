/* derived_mesh.h - a mesh of random trees with random fields of every kind. */
#ifndef PVR_TEST_DERIVED_MESH_H
#define PVR_TEST_DERIVED_MESH_H

#include "derived_reference.h"
#include "pvr_derived.h"

struct made_mesh {
    struct pvr_mesh mesh;
    struct pvr_info info;
    struct made_place { /* of every cell, by its index */
        int level;
        uint32_t at[3];
        bool refined;
    } * place;
};

/* Arrays are of `type` in `units`; at most `most` octs stand on a level. */
struct made_mesh make_mesh(int ndim, enum pvr_type type, enum pvr_field_units units, uint64_t most,
                           uint64_t seed);
/* A 3-D box of cells of one level, in double and code units. */
struct made_mesh make_cube(int level);
void free_mesh(struct made_mesh *made);
/* The array called `name`, to be changed. */
struct pvr_mesh_array *made_array(struct made_mesh *made, const char *name);
/* Sets a value, given in code units. */
void made_set(struct made_mesh *made, const char *name, uint64_t index, int component,
              double value);
/* A cell's values in cgs as they stand in the arrays; null options: defaults. */
struct reference_cell made_cell(const struct made_mesh *made,
                                const struct pvr_derived_options *options, uint64_t index);
/* Centre of a cell, code length. */
void made_centre(const struct made_mesh *made, uint64_t index, double centre[3]);

#endif
