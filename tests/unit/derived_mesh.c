/* derived_mesh.c - a mesh of random trees with random fields of every kind. */
#include "derived_mesh.h"

#include "support.h"
#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int ncomponents;
    enum pvr_dimension dimension;
    double low, high;
} fields[] = {
    {"metallicity", 1, PVR_DIMENSIONLESS, 0, 0.03},
    {"density", 1, PVR_DENSITY, 0.1, 10},
    {"velocity", 3, PVR_VELOCITY, -2, 2},
    {"pressure", 1, PVR_PRESSURE, 0.5, 4},
    {"potential", 1, PVR_POTENTIAL, -3, 0.5},
    {"acceleration", 3, PVR_ACCELERATION, -1, 1},
    {"B_left", 3, PVR_MAGNETIC, -1, 1},
    {"B_right", 3, PVR_MAGNETIC, -1, 1},
    {"not_of_interest", 1, PVR_DIMENSIONLESS, 0, 1},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static double random_in(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(unit_random(state) >> 11) / 9007199254740992.0;
}

/* Where every cell lies, found from the root by pvr_octree_cell. */
static void find_places(struct made_mesh *made, const struct tree *tree) {
    const struct pvr_octree *octree = made->mesh.octree;
    made->place = calloc(octree->ncells, sizeof *made->place);
    assert_non_null(made->place);
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        for (uint64_t o = 0; o < tree->noct[l]; o++) {
            for (int c = 0; c < octree->cells_per_oct; c++) {
                uint32_t at[3];
                struct pvr_cell cell;
                for (int axis = 0; axis < 3; axis++) {
                    at[axis] = 2 * tree->oct[l][o].at[axis] + (uint32_t)(c >> axis & 1);
                }
                assert_true(pvr_octree_cell(octree, l, at, &cell));
                assert_int_equal(cell.level, l);
                struct made_place *place = &made->place[cell.index];
                assert_int_equal(place->level, 0);
                place->level = l;
                place->refined = cell.refined;
                memcpy(place->at, at, sizeof at);
            }
        }
    }
}

/* The tree is freed. */
static struct made_mesh mesh_of_tree(struct tree *tree, enum pvr_type type,
                                     enum pvr_field_units units, uint64_t seed) {
    const int ndim = tree->ndim;
    struct made_mesh made = {.info = {.ndim = ndim,
                                      .aexp = 0.5,
                                      .H0 = 70,
                                      .omega_m = 0.3,
                                      .omega_l = 0.7,
                                      .omega_b = 0.045,
                                      .unit_l = 3.1e21,
                                      .unit_d = 2.3e-24,
                                      .unit_t = 4.7e14,
                                      .cosmological = true}};
    struct pvr_error error;
    unit_ok(tree_build(tree, seed, 2, &made.mesh.octree, NULL, &error), &error);
    find_places(&made, tree);
    tree_free(tree);
    made.mesh.narrays = FIELDS;
    made.mesh.arrays = calloc(FIELDS, sizeof *made.mesh.arrays);
    assert_non_null(made.mesh.arrays);
    uint64_t random = seed;
    for (int f = 0; f < FIELDS; f++) {
        struct pvr_mesh_array *array = &made.mesh.arrays[f];
        strcpy(array->name, fields[f].name);
        array->unit = pvr_field_unit(&made.info, fields[f].dimension, units);
        array->ncomponents = fields[f].ncomponents;
        unit_ok(pvr_array_new(type, fields[f].ncomponents, made.mesh.octree->ncells, &array->array,
                              &error),
                &error);
        for (uint64_t i = 0; i < made.mesh.octree->ncells; i++) {
            for (int c = 0; c < fields[f].ncomponents; c++) {
                double value = random_in(&random, fields[f].low, fields[f].high);
                bool missing = fields[f].ncomponents == 3 && c >= ndim;
                made_set(&made, fields[f].name, i, c, missing ? 0 : value);
            }
        }
    }
    return made;
}

struct made_mesh make_mesh(int ndim, enum pvr_type type, enum pvr_field_units units, uint64_t most,
                           uint64_t seed) {
    const uint32_t ncoarse[3] = {2, 1, 3};
    struct tree tree = tree_random(ndim, ncoarse, 2, 6, ndim == 3 ? 18 : 60, most, seed);
    return mesh_of_tree(&tree, type, units, seed);
}

struct made_mesh make_cube(int level) {
    const uint32_t ncoarse[3] = {1, 1, 1};
    struct tree tree = tree_random(3, ncoarse, 2, level, 100, UINT64_MAX, 1);
    return mesh_of_tree(&tree, PVR_FLOAT64, PVR_UNITS_CODE, 1);
}

void free_mesh(struct made_mesh *made) {
    for (int i = 0; i < made->mesh.narrays; i++) {
        pvr_array_release(made->mesh.arrays[i].array);
    }
    pvr_octree_release(made->mesh.octree);
    free(made->mesh.arrays);
    free(made->place);
}

struct pvr_mesh_array *made_array(struct made_mesh *made, const char *name) {
    for (int i = 0; i < made->mesh.narrays; i++) {
        if (strcmp(made->mesh.arrays[i].name, name) == 0) {
            return &made->mesh.arrays[i];
        }
    }
    fail_msg("no array %s", name);
    return NULL;
}

void made_set(struct made_mesh *made, const char *name, uint64_t index, int component,
              double value) {
    struct pvr_mesh_array *array = made_array(made, name);
    uint64_t at = index * (uint64_t)array->array->ncomponents + (uint64_t)component;
    value *= array->unit.factor;
    if (array->array->type == PVR_FLOAT32) {
        ((float *)array->array->data)[at] = (float)value;
    } else {
        ((double *)array->array->data)[at] = value;
    }
}

void made_centre(const struct made_mesh *made, uint64_t index, double centre[3]) {
    const struct made_place *place = &made->place[index];
    const struct pvr_octree *octree = made->mesh.octree;
    for (int axis = 0; axis < 3; axis++) {
        double cells = ldexp(octree->root_dims[axis], place->level - octree->root_level);
        centre[axis] =
            axis < octree->ndim ? (place->at[axis] + 0.5) * octree->size[axis] / cells : 0;
    }
}

/* Value in cgs as it stands in the array: `cgs` is the cgs unit in code units. */
static long double stored(const struct made_mesh *made, const char *name, uint64_t index,
                          int component, long double cgs) {
    const struct pvr_mesh_array *array = unit_array(&made->mesh, name);
    return (long double)unit_value(array->array, index, component) /
           (long double)array->unit.factor * cgs;
}

struct reference_cell made_cell(const struct made_mesh *made,
                                const struct pvr_derived_options *options, uint64_t index) {
    static const struct pvr_derived_options none = {0};
    const struct pvr_octree *octree = made->mesh.octree;
    const struct made_place *place = &made->place[index];
    const long double pi = acosl(-1), length = (long double)made->info.unit_l,
                      density = (long double)made->info.unit_d,
                      velocity = length / (long double)made->info.unit_t,
                      pressure = density * velocity * velocity, field = sqrtl(4 * pi * pressure);
    options = options != NULL ? options : &none;
    struct reference_cell cell = {
        .refined = place->refined,
        .density = stored(made, "density", index, 0, density),
        .pressure = stored(made, "pressure", index, 0, pressure),
        .metallicity = stored(made, "metallicity", index, 0, 1),
        .potential = stored(made, "potential", index, 0, velocity * velocity),
        .size = (long double)octree->size[0] / octree->root_dims[0] * length,
        .gamma = (long double)options->gamma,
        .mu = options->mean_molecular_weight > 0 ? (long double)options->mean_molecular_weight
                                                 : 1 / 0.76L,
        .hydrogen =
            options->hydrogen_fraction > 0 ? (long double)options->hydrogen_fraction : 0.76L,
        .solar = options->solar_metallicity > 0 ? (long double)options->solar_metallicity : 0.0127L,
        .baryons = (long double)made->info.omega_b / (long double)made->info.omega_m * density,
    };
    cell.size = ldexpl(cell.size, octree->root_level - place->level);
    double at[3];
    made_centre(made, index, at);
    bool no_axis = true;
    for (int c = 0; c < 3; c++) {
        long double bulk = options->bulk == PVR_BULK_GIVEN ? options->bulk_velocity[c] : 0;
        double centre = options->has_centre ? options->centre[c] : octree->size[c] / 2;
        cell.velocity[c] = stored(made, "velocity", index, c, velocity) - bulk * velocity;
        cell.acceleration[c] = stored(made, "acceleration", index, c, velocity * velocity / length);
        cell.left[c] = stored(made, "B_left", index, c, field);
        cell.right[c] = stored(made, "B_right", index, c, field);
        cell.position[c] =
            c < octree->ndim ? ((long double)at[c] - (long double)centre) * length : 0;
        cell.axis[c] = (long double)options->axis[c];
        no_axis = no_axis && options->axis[c] == 0;
    }
    if (no_axis) {
        cell.axis[2] = 1;
    }
    return cell;
}
