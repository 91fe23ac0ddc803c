/* pvr_leaf_grid.h - the leaf cells of a mesh in memory, as arrays that an unstructured grid is made
 * of. For what is too large for that, pvr_leaf_cells.h gives the same in parts. */
#ifndef PVR_LEAF_GRID_H
#define PVR_LEAF_GRID_H

#include "pvr_leaf_cells.h"
#include "pvr_memory.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_leaf_grid {
    uint64_t ncells, npoints;
    struct pvr_array *points;       /* 3 float or double a point */
    struct pvr_array *connectivity; /* int32 or int64, 2^ndim a cell */
    struct pvr_array *offsets;      /* of that type: where a cell begins; ncells + 1 */
    struct pvr_array *levels;       /* uint8 */
    int nvalues;
    struct pvr_array **values; /* of the cells, for each array of the mesh */
    struct pvr_report report;
};

/* Fills *grid from the octree and `narrays` arrays that have a tuple for each of its cells; types
 * are as narrow as they can be (pvr_leaf_cells_point_type, pvr_leaf_cells_index_type). Results are
 * the same bits for any number of threads. `place`, `threads`, `progress` may be null. On failure
 * nothing is kept. */
enum pvr_status pvr_leaf_grid_make(struct pvr_octree *octree, const struct pvr_leaf_place *place,
                                   const struct pvr_array *const *arrays, int narrays,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_leaf_grid *grid,
                                   struct pvr_error *error);
/* Releases the arrays and the report; arrays retained elsewhere live on. */
void pvr_leaf_grid_free(struct pvr_leaf_grid *grid);

#ifdef __cplusplus
}
#endif
#endif
