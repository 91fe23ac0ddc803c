/* pvr_amounts.h - amounts of whole cells (masses, volumes; PVR_COARSEN_SUM) for covering grids.
 *
 * The mean of the masses of the cells in a place says nothing: the mass there is their sum, and of
 * a cell that is larger than the place the part in it. With amounts spread to a grid each cell of
 * the mesh has what is in a part of it of the size of the grid's cells; their mean by volume over
 * such a place is what is in it.
 */
#ifndef PVR_AMOUNTS_H
#define PVR_AMOUNTS_H

#include "pvr_covering_grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Spreads an array of real numbers, with a tuple for each cell of the octree, in its place:
 * multiplies by the volume of the grid's cells over the cells' own. */
void pvr_amounts_spread(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                        struct pvr_array *amounts);

#ifdef __cplusplus
}
#endif
#endif
