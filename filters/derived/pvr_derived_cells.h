/* pvr_derived_cells.h - a block of cells with all that a formula may ask for (internal).
 *
 * Blocks are small enough to stay in a processor's cache: inputs are gathered into plain arrays of
 * doubles, formulas run over these without branches, and the result is scattered with the factor
 * of its unit. Parts that no chosen formula uses are not filled.
 */
#ifndef PVR_DERIVED_CELLS_H
#define PVR_DERIVED_CELLS_H

#include "pvr_derived.h"
#include "pvr_positions.h"

enum { PVR_BLOCK = 512 /* cells */, PVR_CURSOR_OCTS = 1024 };

/* What a formula uses; bits of `uses`. */
enum {
    PVR_USES_DENSITY = 1 << 0,
    PVR_USES_PRESSURE = 1 << 1,
    PVR_USES_VELOCITY = 1 << 2, /* relative to the bulk velocity; its square in speed2 */
    PVR_USES_METALLICITY = 1 << 3,
    PVR_USES_POTENTIAL = 1 << 4,
    PVR_USES_ACCELERATION = 1 << 5,
    PVR_USES_FACES = 1 << 6,    /* b_left, b_right */
    PVR_USES_FIELD = 1 << 7,    /* b and its square b2: from the faces or the file's own B_field */
    PVR_USES_SIZE = 1 << 8,     /* size, volume: NaN in refined cells */
    PVR_USES_POSITION = 1 << 9, /* position and its length, relative to the centre */
    PVR_USES_AXIS = 1 << 10,    /* along[] and across: the position in the frame of the axis */
    PVR_USES_AXIS_VELOCITY = 1 << 11,
    PVR_USES_SOUND = 1 << 12,
    PVR_USES_GAMMA = 1 << 13,       /* the adiabatic index must be known */
    PVR_USES_HEAT = 1 << 14,        /* and be above 1 */
    PVR_USES_BARYON_MEAN = 1 << 15, /* a cosmological run with baryons */
    PVR_USES_AXIS_ACCELERATION = 1 << 16
};
/* All that `uses` needs, itself included. */
unsigned pvr_derived_all_uses(unsigned uses);

struct pvr_derived_constants {
    double gamma, heat; /* heat: 1 / (gamma - 1) */
    double jeans;       /* pi / G in code units */
    double freefall;    /* 3 pi / (32 G) */
    double newton;      /* G */
    double potential;   /* code potential over the square of the speed of light */
    double metallicity; /* solar */
    double baryons;     /* mean baryon density */
    double centre[3];
    double frame[3][3]; /* two axes across and the axis, right-handed, of length 1 */
    double bulk[3];
};

struct pvr_cells {
    struct pvr_derived_constants constants;
    int count;
    double density[PVR_BLOCK], pressure[PVR_BLOCK], metallicity[PVR_BLOCK], potential[PVR_BLOCK];
    double velocity[3][PVR_BLOCK], speed2[PVR_BLOCK];
    double acceleration[3][PVR_BLOCK];
    double b_left[3][PVR_BLOCK], b_right[3][PVR_BLOCK];
    double b[3][PVR_BLOCK], b2[PVR_BLOCK];
    double size[PVR_BLOCK], volume[PVR_BLOCK];
    double position[3][PVR_BLOCK], radius[PVR_BLOCK];
    double along[3][PVR_BLOCK], across[PVR_BLOCK]; /* x, y, z about the axis; distance from it */
    double along_velocity[3][PVR_BLOCK], along_acceleration[3][PVR_BLOCK];
    double sound[PVR_BLOCK];
    double result[3][PVR_BLOCK];
};

/* Fills result[0 .. ncomponents - 1] from the rest. */
typedef void (*pvr_formula_fn)(const struct pvr_cells *restrict cells,
                               double (*restrict result)[PVR_BLOCK]);

struct pvr_derived_entry {
    struct pvr_derived_info info;
    unsigned uses;
    pvr_formula_fn formula;
};
/* The entry of a registered name, or null. */
const struct pvr_derived_entry *pvr_derived_entry(const char *name);

/* The fields that are gathered. */
enum pvr_input {
    PVR_IN_DENSITY,
    PVR_IN_PRESSURE,
    PVR_IN_VELOCITY,
    PVR_IN_METALLICITY,
    PVR_IN_POTENTIAL,
    PVR_IN_ACCELERATION,
    PVR_IN_B_LEFT,
    PVR_IN_B_RIGHT,
    PVR_IN_B_FIELD,
    PVR_INPUTS
};
struct pvr_input_info {
    const char *name;
    int ncomponents;
};
const struct pvr_input_info *pvr_input_info(enum pvr_input input);
/* The inputs that `uses` (closed) asks for, as bits 1 << enum pvr_input. `has` are those that there
 * are: the field at cell centres is taken from the faces where they are, else from B_field. */
unsigned pvr_inputs_of(unsigned uses, unsigned has);

/* Defaults in place of zeros. `origin` and `size` are those of the grid of trees. */
struct pvr_derived_options pvr_derived_complete(const struct pvr_derived_options *options,
                                                const double origin[3], const double size[3]);

/* A thread's place in the mesh: gives sizes and positions of the cells that follow. */
struct pvr_cursor {
    const struct pvr_octree *octree;
    struct pvr_run run;
    struct pvr_walk walk;
    uint64_t first, known; /* octs of the run whose coordinates stand in `at` */
    uint32_t at[PVR_CURSOR_OCTS][3];
};
void pvr_cursor_begin(struct pvr_cursor *cursor, const struct pvr_octree *octree, uint64_t cell);

/* Fills the parts that `uses` (closed) names for cells first .. first + cells->count - 1.
 * input[i] is null where not asked for. */
void pvr_cells_fill(struct pvr_cells *cells, unsigned uses,
                    const struct pvr_mesh_array *const input[PVR_INPUTS], struct pvr_cursor *cursor,
                    uint64_t first);
/* Stores the result at cells first ... of `array`. */
void pvr_cells_store(const struct pvr_cells *cells, struct pvr_array *array, double factor,
                     uint64_t first);

#endif
