/* pvr_coarsen.h - a mesh with fewer levels: finer cells averaged, coarser ones left out. */
#ifndef PVR_COARSEN_H
#define PVR_COARSEN_H

#include "pvr_mesh.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a cell gets from the finer cells in it. */
enum pvr_coarsening {
    PVR_COARSEN_MEAN = 0, /* their mean, weighted by volume */
    PVR_COARSEN_SUM,      /* their sum: mass, volume */
    PVR_COARSEN_LENGTH    /* its own: twice the size of a cell of the level below */
};
/* What suits an array of this name: a derived field by its dimension, else the mean. */
enum pvr_coarsening pvr_coarsening_of(const char *name);

struct pvr_coarsen_request {
    int min_level; /* leaves of coarser levels are left out: they become outside, NaN; 0: none */
    int max_level; /* deepest level of the result; 0: that of the mesh */
    const enum pvr_coarsening *how; /* of each array; null: pvr_coarsening_of() */
};

/* Makes a new mesh with arrays of its own. Cells at max_level that were refined are leaves and get
 * what `how` says of all leaves in them, in double and whatever the depth; of whole numbers (level,
 * domain) they keep their own. Cells outside do not count; a cell with nothing but such in it is
 * outside. Values of refined cells above stay as they are. Fails for a level above the trees'
 * roots, or without memory; then *result is null. The same bits for any number of threads, which
 * may be null. */
enum pvr_status pvr_mesh_coarsen(const struct pvr_mesh *mesh,
                                 const struct pvr_coarsen_request *request,
                                 const struct pvr_threads *threads, struct pvr_mesh **result,
                                 struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
