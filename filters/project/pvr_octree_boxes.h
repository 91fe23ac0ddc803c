/* pvr_octree_boxes.h - the leaves of an octree as boxes: of any ratio of their sides (internal).
 *
 * RAMSES' cells are cubes, and pvr_project_octree makes use of it; those of another octree may be
 * longer along one axis than along another.
 */
#ifndef PVR_OCTREE_BOXES_H
#define PVR_OCTREE_BOXES_H

#include "pvr_projection.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A box for each cell of `octree`, in the order of field arrays; with sides of 0, so left out,
 * where it is no leaf or outside. Of a 2-D octree 1 deep, about 0. `octree` must stay. */
struct pvr_boxes pvr_octree_boxes(const struct pvr_octree *octree);

#ifdef __cplusplus
}
#endif
#endif
