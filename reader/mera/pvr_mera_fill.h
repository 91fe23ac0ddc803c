/* pvr_mera_fill.h - from columns of leaf cells to arrays in the octree's order (internal).
 *
 * Leaves get their row's value. Refined cells get the mean over the leaves in them by volume; where
 * a quantity is one of the mass (velocity, metallicity and other scalars of the gas) by mass, which
 * is what RAMSES itself keeps in them: it restricts density, momentum and mass of scalars. What is
 * outside counts for nothing, and is NaN (0 in arrays of whole numbers).
 */
#ifndef PVR_MERA_FILL_H
#define PVR_MERA_FILL_H

#include "pvr_jld2.h"
#include "pvr_leaves.h"
#include "pvr_memory.h"

/* One component of an array. */
struct pvr_fill {
    const struct pvr_leaf_map *map;
    struct pvr_array *array;
    int component;
    double factor;
    /* Columns as they stand in the file, by row: the values, what to take the mean with (or null),
     * and the densities for merged leaves (null: by volume). */
    const struct pvr_jld2_type *type;
    const void *column, *partner;
    const struct pvr_jld2_type *weight_type;
    const void *weight;
};

/* Fills all cells but the refined ones (those are NaN afterwards) of `count` components. */
enum pvr_status pvr_fill_leaves(const struct pvr_octree *octree, const struct pvr_fill *fill,
                                int count, struct pvr_job *job, struct pvr_error *error);

struct pvr_coarse {
    struct pvr_array *array;         /* all its components */
    const struct pvr_array *density; /* by mass; null: by volume. One component */
};
/* Fills the refined cells, level by level from below. */
enum pvr_status pvr_fill_refined(const struct pvr_octree *octree, const struct pvr_coarse *coarse,
                                 int count, struct pvr_job *job, struct pvr_error *error);

/* Fills an array of PVR_UINT8 with the cells' levels. */
enum pvr_status pvr_fill_levels(const struct pvr_octree *octree, struct pvr_array *array,
                                struct pvr_job *job, struct pvr_error *error);

#endif
