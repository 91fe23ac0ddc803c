/* pvr_points.h - smoothing lengths of points from their local density (internal). */
#ifndef PVR_POINTS_H
#define PVR_POINTS_H

#include "pvr_memory.h"

/* A length for each point (to be freed by pvr_array_release, float64, one component) such that a
 * ball of twice that radius holds about `neighbours` points of the density there. The density is
 * that of the smallest cell of an octree around all points that holds at least so many of them:
 * `all`, among which are those at `position`. Points without finite positions get 0. The same for
 * any order of calls. */
enum pvr_status pvr_points_lengths(const struct pvr_array *position, const struct pvr_array *all,
                                   int neighbours, struct pvr_array **length,
                                   struct pvr_error *error);

/* Component of a point's position. */
static inline double pvr_point_place(const struct pvr_array *position, uint64_t index, int axis) {
    uint64_t at = 3 * index + (uint64_t)axis;
    return position->type == PVR_FLOAT32 ? (double)((const float *)position->data)[at]
                                         : ((const double *)position->data)[at];
}

#endif
