/* pvr_amounts.h - amounts of whole cells (masses, volumes) for what takes means over cells.
 *
 * The mean of the masses of the cells in a place says nothing: the mass there is their sum, and of
 * a cell that is larger than the place the part in it. With amounts spread to a level each cell has
 * what is in a part of it of the size of that level's cells; their mean by volume over such a place
 * is what is in it.
 */
#ifndef PVR_AMOUNTS_H
#define PVR_AMOUNTS_H

#include "pvr_memory.h"
#include "pvr_octree.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Spreads an array of real numbers, with a tuple for each cell of the octree, to `volume` (code
 * length^ndim): multiplies by it over the cells' own. */
void pvr_amounts_spread(const struct pvr_octree *octree, double volume, struct pvr_array *amounts);

#ifdef __cplusplus
}
#endif
#endif
