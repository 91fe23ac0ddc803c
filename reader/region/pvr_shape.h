/* pvr_shape.h - does a cube overlap a box, a sphere or a cylinder? (internal)
 *
 * All tests are exact but for rounding, and monotone: if a cube overlaps, so does every cube around
 * it whose borders are at most as far in; rounding does not change that for boxes, spheres and
 * cylinders along an axis. For tilted cylinders it may, at their very surface
 * (pvr_shape_is_tilted).
 */
#ifndef PVR_SHAPE_H
#define PVR_SHAPE_H

#include "pvr_region.h"

struct pvr_shape {
    enum pvr_region_type type;
    int ndim;
    double centre[3];
    double extent[3]; /* half the sides of the box around it */
    double slack[3];  /* how far rounding may move its borders: cells this near only touch it */
    double radius;
    double half_height;
    int along;           /* cylinder: number of the axis that it is parallel to, 3 if that is an
                            axis which the output has not, -1 if it is tilted */
    double axis[3];      /* tilted cylinder: unit vectors along the axis */
    double across[2][3]; /* and perpendicular to it */
};

/* Prepares `region` (checked). False if it has no extent: it is empty. */
bool pvr_shape_make(const struct pvr_region *region, int ndim, struct pvr_shape *shape);

/* Along one axis, is the interval low .. high within reach of the shape? What overlaps is on all
 * axes. */
static inline bool pvr_shape_reaches(const struct pvr_shape *shape, int axis, double low,
                                     double high) {
    double below = low - shape->centre[axis], above = shape->centre[axis] - high;
    double distance = below > above ? below : above;
    return distance < shape->extent[axis] - shape->slack[axis];
}

/* Moves the shape by `shift` along an axis: to an image of it in a periodic box. */
void pvr_shape_move(struct pvr_shape *shape, int axis, double shift);

/* Has the cube (of ndim axes) some volume in common with the shape? */
bool pvr_shape_overlaps(const struct pvr_shape *shape, const double low[3], const double high[3]);
/* Is the point in it, or on its surface? */
bool pvr_shape_contains(const struct pvr_shape *shape, const double point[3]);

static inline bool pvr_shape_is_tilted(const struct pvr_shape *shape) {
    return shape->type == PVR_REGION_CYLINDER && shape->along < 0;
}

#endif
