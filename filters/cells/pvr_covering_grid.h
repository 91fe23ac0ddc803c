/* pvr_covering_grid.h - a uniform grid over a part of a mesh.
 *
 * The grid's cells are those of a level, or the region is cut into a number of cells along each
 * axis. What a cell of the grid gets:
 * - mean: the mean of the mesh over the cell, each leaf having its value throughout: coarse leaves
 *   are replicated, finer ones averaged, exactly by the volume (or mass) that they share with the
 *   cell. The sum over the grid is that over the mesh.
 * - nearest: the value of the leaf at the cell's centre.
 * - linear: means on the grids of all levels, from coarse to fine; where a level has no cells, it
 *   is interpolated linearly between the centres of the next coarser one. Smooth, not conservative.
 *   A grid without cells smaller than the trees has nothing to interpolate: its cells get means.
 * Whole numbers (level, domain) are taken from the cell of the mesh at the centre, of the grid's
 * level at most. Where the mesh has nothing (cells that are outside) stands NaN, or 0 in whole
 * numbers.
 */
#ifndef PVR_COVERING_GRID_H
#define PVR_COVERING_GRID_H

#include "pvr_memory.h"
#include "pvr_octree.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_sampling { PVR_SAMPLE_MEAN = 0, PVR_SAMPLE_NEAREST, PVR_SAMPLE_LINEAR };

/* Components that an array can have. */
enum { PVR_COVERING_COMPONENTS = 16 };

struct pvr_covering_request {
    bool whole; /* all of the mesh, not low .. high */
    double low[3],
        high[3];      /* the region, in the octree's lengths; axes that it lacks are ignored */
    int level;        /* of the grid's cells; the region is then widened to whole ones */
    uint32_t dims[3]; /* with level 0: cells along each axis */
    enum pvr_sampling sampling;
};

struct pvr_covering_grid {
    uint32_t dims[3];  /* cells; 1 on axes that the octree lacks */
    double origin[3];  /* lower corner, octree's lengths */
    double spacing[3]; /* of cells */
    int level;         /* of the cells, or 0 */
    int64_t first[3];  /* with a level: coordinate of the first cell on its grid */
    uint64_t ncells;
    enum pvr_sampling sampling;
};

/* Finds the grid of a request, without any memory. Fails with PVR_ERROR_ARGUMENT if the region does
 * not touch the mesh or is empty, or a number makes no sense. */
enum pvr_status pvr_covering_plan(const struct pvr_octree *octree,
                                  const struct pvr_covering_request *request,
                                  struct pvr_covering_grid *grid, struct pvr_error *error);
/* The deepest level, root_level at least and max_level at most, at which the grid of the request's
 * region has at most `most` cells along every axis. */
int pvr_covering_level(const struct pvr_octree *octree, const struct pvr_covering_request *request,
                       uint32_t most);
/* Bytes of memory that filling will take at its most: the results, and what linear sampling needs
 * beside them. */
uint64_t pvr_covering_bytes(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                            const struct pvr_array *const *arrays, int narrays);

/* Makes results[i], of the type and components of arrays[i], a tuple for each cell of the grid, x
 * fastest. Arrays have a tuple for each cell of the octree. `weight` null: means are by volume;
 * else an array of one real component (density): means are by weight times volume, where the weight
 * is not all zero. `threads`, `progress`, `report` may be null. On failure nothing is kept. The
 * same bits for any number of threads. */
enum pvr_status pvr_covering_fill(const struct pvr_octree *octree,
                                  const struct pvr_covering_grid *grid,
                                  const struct pvr_array *const *arrays, int narrays,
                                  const struct pvr_array *weight, const struct pvr_threads *threads,
                                  pvr_progress_fn progress, void *progress_context,
                                  struct pvr_array **results, struct pvr_report *report,
                                  struct pvr_error *error);

/* Where the mesh lies on several processes, each fills the grid with what its part has, and says of
 * each cell how much that is: share[2 * i] of its volume, share[2 * i + 1] by weight. Adding the
 * parts up, in any fixed order, makes the grid of the whole. The shares of the arrays are the same
 * but for whole numbers, which are taken from where most of the cell lies. Not for linear sampling,
 * which looks beyond the border of a part (PVR_ERROR_UNSUPPORTED).
 *
 * pvr_covering_rows cuts a grid along its last axis: rows from .. from + count - 1. Its cells stand
 * in one piece in the arrays of the grid. */
void pvr_covering_rows(const struct pvr_covering_grid *grid, int ndim, uint32_t from,
                       uint32_t count, struct pvr_covering_grid *rows);
enum pvr_status
pvr_covering_fill_part(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                       const struct pvr_array *const *arrays, int narrays,
                       const struct pvr_array *weight, const struct pvr_threads *threads,
                       pvr_progress_fn progress, void *progress_context, struct pvr_array **results,
                       double *const *shares, struct pvr_report *report, struct pvr_error *error);
/* Adds `part` to `sum`, an array of `ncells` cells of the same type and components, and its shares
 * to those of the sum. */
void pvr_covering_add(struct pvr_array *sum, double *sum_share, const struct pvr_array *part,
                      const double *part_share, uint64_t ncells);

#ifdef __cplusplus
}
#endif
#endif
