/* pvr_leaf_cells.h - the leaf cells of a mesh as cells of their own, with shared corner points: for
 * programs and file formats that know no octree.
 *
 * Cells are the leaves (those outside left out) in the order of the field arrays, with 2^ndim
 * points each, x fastest (VTK's line, pixel and voxel). Points are the corners of these cells, each
 * once: they are merged by their integer places in the octree, so no tolerance is involved. A
 * corner that lies on the face of a coarser cell (a hanging node) is a point of the finer cells
 * alone.
 *
 * Points are numbered by rules that do not depend on threads: first the corners of trees, x
 * fastest, then, level by level and oct by oct, the points that first appear there
 * (pvr_leaf_walk.h). Parts of cells, points and values can be asked for in any order and by any
 * threads at the same time, so a file can be written piece by piece: the numbering itself takes
 * about 1.2 bytes a cell (1.5 where leaves are outside), and nothing else is kept.
 *
 *     struct pvr_leaf_cells *cells;
 *     pvr_leaf_cells_new(octree, NULL, threads, NULL, NULL, &cells, &error);
 *     pvr_leaf_cells_points(cells, first, count, PVR_FLOAT64, xyz);
 *     pvr_leaf_cells_connectivity(cells, first, count, PVR_INT64, points);
 *     pvr_leaf_cells_values(cells, array, first, count, values);
 *     pvr_leaf_cells_free(cells);
 */
#ifndef PVR_LEAF_CELLS_H
#define PVR_LEAF_CELLS_H

#include "pvr_memory.h"
#include "pvr_octree.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_leaf_cells; /* the numbering; never changes once made */

/* How the octree lies in the world. */
struct pvr_leaf_place {
    int axis[3];     /* world axis of each axis of the octree */
    double plane[3]; /* by world axis: where the octree lies on the axes that it lacks */
    double factor;   /* multiplies the octree's lengths */
};

/* Numbers the points with all threads, some 20 ns a cell. `place` may be null: axes as they are, at
 * 0 on those that are lacking. The octree is retained. `threads`, `progress`, `report` may be null;
 * a report is to be freed with pvr_report_free. */
enum pvr_status pvr_leaf_cells_new(struct pvr_octree *octree, const struct pvr_leaf_place *place,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_leaf_cells **cells,
                                   struct pvr_report *report, struct pvr_error *error);
void pvr_leaf_cells_free(struct pvr_leaf_cells *cells);

uint64_t pvr_leaf_cells_count(const struct pvr_leaf_cells *cells);
uint64_t pvr_leaf_cells_npoints(const struct pvr_leaf_cells *cells);
int pvr_leaf_cells_corners(const struct pvr_leaf_cells *cells); /* 2^ndim */
/* The narrowest type of points that keeps the sides of cells to 1/2000 of them (PVR_FLOAT32 or
 * PVR_FLOAT64), and the narrowest for connectivity and offsets (PVR_INT32 or PVR_INT64). */
enum pvr_type pvr_leaf_cells_point_type(const struct pvr_leaf_cells *cells);
enum pvr_type pvr_leaf_cells_index_type(const struct pvr_leaf_cells *cells);
uint64_t pvr_leaf_cells_bytes(const struct pvr_leaf_cells *cells); /* of the numbering */

/* All below: thread-safe; `first + count` must not exceed the cells (points). Starting anywhere
 * costs some 20 microseconds, so ask for some thousands at a time. */

/* Places of points, 3 values each. */
void pvr_leaf_cells_points(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                           enum pvr_type type, void *xyz);
/* Numbers of the cells' points, 2^ndim each. */
void pvr_leaf_cells_connectivity(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                                 enum pvr_type type, void *points);
/* Values of the cells from an array that has a tuple for each cell of the octree. */
void pvr_leaf_cells_values(const struct pvr_leaf_cells *cells, const struct pvr_array *array,
                           uint64_t first, uint64_t count, void *values);
/* Levels of the cells. */
void pvr_leaf_cells_levels(const struct pvr_leaf_cells *cells, uint64_t first, uint64_t count,
                           uint8_t *levels);

#ifdef __cplusplus
}
#endif
#endif
