/* pvr_projection.h - projecting cells and points into maps (pvr_map.h).
 *
 * Along an axis of the box, the overlap of a cell with a pixel is exact, and so is the part of a
 * cell within the depth. In any other direction, what a pixel gets of a cell is the exact integral
 * of the chord length through the cell over the pixel (pvr_chord.h). So the total of a map is the
 * total of what lies in its window and depth, there are no seams where levels meet, and a uniform
 * box has the same value in every pixel but for rounding: to twelve digits of the total, also where
 * window or depth are a billionth of the box.
 *
 * Work is cut by places in memory, then by tiles of the image: cells, or what is left of them after
 * a part of the sums was taken, are sorted into tiles, and each tile is added up by one thread in a
 * fixed order. So images are the same bits for any number of threads. Memory: the map; along an
 * axis, a map of the cells' columns for each level whose cells are larger than a pixel (together at
 * most 4/3 of the map, more where the window cuts cells; of an octree in memory, mostly the finest
 * of them alone); and some blocks of cells, a fixed number for each thread.
 *
 * Coordinates are code length. All calls add to a map; they may be called several times (gas and
 * particles of the same surface density), by one thread at a time for one map. `threads`,
 * `progress` and `report` may be null; free the report. Several calls on other maps may run beside.
 */
#ifndef PVR_PROJECTION_H
#define PVR_PROJECTION_H

#include "pvr_map.h"
#include "pvr_octree.h"
#include "pvr_region.h"
#include "pvr_snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MAP_MAX_TERMS = 6 };

/* A value of each cell: the sum over its terms of coefficient * column. A velocity along the line
 * of sight has three terms. */
struct pvr_map_term {
    const struct pvr_array *array; /* a tuple for each cell (point) in the source's order */
    int component;
    int variable; /* of a stream, in place of the array: index into the field table's variables */
    double coefficient;
};

struct pvr_map_value {
    int nterms;
    struct pvr_map_term term[PVR_MAP_MAX_TERMS];
    bool of_cells; /* a total of the whole cell (mass, volume, energy), not a value at every place:
                      an integral and a weight take it per volume */
};

/* The `weight` of all calls: null unless the map's weighting is PVR_WEIGHT_ARRAY. `values` are the
 * map's nvalues values. */

/* The leaves of an octree of a 3-D run in any direction, of a 2-D run along z (cells count as 1
 * code length deep). Arrays have a tuple per cell of the octree and are of a real type. Where
 * values turn out not to be finite, the map is made anew with own_weights; so a map that holds
 * something already should have these from the start. */
enum pvr_status pvr_project_octree(struct pvr_map *map, const struct pvr_octree *octree,
                                   const struct pvr_map_value *values,
                                   const struct pvr_map_value *weight,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_report *report,
                                   struct pvr_error *error);

/* The leaves of a snapshot straight from its files, without a mesh in memory: a few blocks for each
 * thread, whatever the size of the snapshot. Cells of `max_level` (0: all) count as leaves; with a
 * `region`, its cells alone. What lies beyond the window is not read where whole domains do. The
 * map has own_weights. Mera files are no such files. */
enum pvr_status pvr_project_stream(struct pvr_map *map, struct pvr_snapshot *snapshot,
                                   int max_level, const struct pvr_region *region,
                                   const struct pvr_map_value *values,
                                   const struct pvr_map_value *weight,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_report *report,
                                   struct pvr_error *error);

/* Cells of other meshes: boxes along the axes, of any size, which may differ along the axes. */
struct pvr_boxes {
    uint64_t count;
    /* Gives centres and sides of boxes first .. first + count - 1. Called by any thread. A box with
     * a side of 0 is left out. */
    void (*place)(void *context, uint64_t first, uint32_t count, double (*centre)[3],
                  double (*side)[3]);
    void *context;
};

/* As pvr_project_octree; arrays have a tuple for each box. Boxes may overlap. */
enum pvr_status pvr_project_boxes(struct pvr_map *map, const struct pvr_boxes *boxes,
                                  const struct pvr_map_value *values,
                                  const struct pvr_map_value *weight,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_report *report,
                                  struct pvr_error *error);

/* How a point is spread over pixels. Nothing of it is lost but beyond the window. */
enum pvr_map_kernel {
    PVR_KERNEL_NEAREST = 0, /* all in the pixel where it is (its lower edges included) */
    PVR_KERNEL_CLOUD,       /* as a square of a pixel's size: four pixels */
    PVR_KERNEL_SPLINE       /* as a ball with the cubic spline of smoothed particle hydrodynamics
                               (Monaghan & Lattanzio 1985), of radius 2 h, seen along the line of
                               sight; smaller ones than a pixel as a cloud */
};

struct pvr_points {
    uint64_t count;
    const struct pvr_array *position; /* three components, float or double */
    enum pvr_map_kernel kernel;
    const struct pvr_array *length; /* of a spline: h of each point, code length; null: from the
                                       local density, so that about `neighbours` points are within
                                       2 h (pvr_points.h) */
    double length_factor;           /* multiplies `length`; 0: 1 */
    int neighbours;                 /* 0: 32 */
    const struct pvr_array *all;    /* positions of all points, where these are some of those that
                                       make the density; null: they are all */
};

/* Points: the weighting PVR_WEIGHT_VOLUME is none. Integrals and surface densities are sums of the
 * values over the area of a pixel. A point is within the depth or not, as a whole. */
enum pvr_status pvr_project_points(struct pvr_map *map, const struct pvr_points *points,
                                   const struct pvr_map_value *values,
                                   const struct pvr_map_value *weight,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_report *report,
                                   struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
