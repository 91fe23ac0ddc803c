/* pvr_shape.c - does a cube overlap a box, a sphere or a cylinder? */
#include "pvr_shape.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void make_cylinder(const struct pvr_region *region, struct pvr_shape *shape) {
    double largest = 0, length = 0;
    int parts = 0, last = 3;
    for (int axis = 0; axis < shape->ndim; axis++) {
        largest = fmax(largest, fabs(region->axis[axis]));
    }
    for (int axis = 0; axis < shape->ndim && largest > 0; axis++) {
        shape->axis[axis] = region->axis[axis] / largest;
        length += shape->axis[axis] * shape->axis[axis];
        parts += shape->axis[axis] != 0;
        last = shape->axis[axis] != 0 ? axis : last;
    }
    shape->along = parts > 1 ? -1 : last;
    for (int axis = 0; axis < shape->ndim; axis++) {
        shape->axis[axis] /= length > 0 ? sqrt(length) : 1;
        double along = fabs(shape->axis[axis]);
        shape->extent[axis] =
            along * shape->half_height + shape->radius * sqrt(fmax(0, 1 - along * along));
    }
    if (shape->along >= 0) {
        for (int axis = 0; axis < shape->ndim; axis++) {
            shape->extent[axis] = axis == shape->along ? shape->half_height : shape->radius;
        }
        return;
    }
    /* perpendicular to the axis: its smallest part gives the direction that is least parallel */
    int least = 0;
    for (int axis = 1; axis < 3; axis++) {
        least = fabs(shape->axis[axis]) < fabs(shape->axis[least]) ? axis : least;
    }
    const double *a = shape->axis;
    double *u = shape->across[0], *w = shape->across[1];
    double norm = sqrt(1 - a[least] * a[least]);
    for (int axis = 0; axis < 3; axis++) {
        u[axis] = ((axis == least ? 1 : 0) - a[least] * a[axis]) / norm;
    }
    w[0] = a[1] * u[2] - a[2] * u[1];
    w[1] = a[2] * u[0] - a[0] * u[2];
    w[2] = a[0] * u[1] - a[1] * u[0];
}

bool pvr_shape_make(const struct pvr_region *region, int ndim, struct pvr_shape *shape) {
    memset(shape, 0, sizeof *shape);
    shape->type = region->type;
    shape->ndim = ndim;
    bool extended = true;
    for (int axis = 0; axis < ndim; axis++) {
        shape->centre[axis] = region->centre[axis];
        shape->extent[axis] =
            region->type == PVR_REGION_BOX ? region->size[axis] / 2 : region->radius;
        extended = extended && shape->extent[axis] > 0;
    }
    shape->radius = region->radius;
    shape->half_height = region->height / 2;
    if (region->type == PVR_REGION_CYLINDER) {
        make_cylinder(region, shape);
        extended = extended && (shape->along == 3 || region->height > 0);
    }
    for (int axis = 0; axis < ndim; axis++) {
        shape->slack[axis] =
            4 * DBL_EPSILON * (fabs(shape->centre[axis]) + fabs(shape->extent[axis]));
    }
    return extended && region->type != PVR_REGION_NONE;
}

void pvr_shape_move(struct pvr_shape *shape, int axis, double shift) {
    shape->centre[axis] += shift;
    shape->slack[axis] += 4 * DBL_EPSILON * fabs(shift);
}

/* ---- tilted cylinders -------------------------------------------------------------------------
 * The part of the cube between the planes of the two ends is convex, and so is its shadow on a
 * plane perpendicular to the axis: the cylinder overlaps if the shadow comes nearer than its radius
 * to the axis' point, which is the origin there. */

struct shadow {
    int count;
    double point[32][2]; /* 8 corners, and 12 edges cut by 2 planes at most */
};

static double dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void add_point(const struct pvr_shape *shape, struct shadow *shadow, const double at[3]) {
    double *point = shadow->point[shadow->count++];
    point[0] = dot(shape->across[0], at);
    point[1] = dot(shape->across[1], at);
}

static void cut_edge(const struct pvr_shape *shape, struct shadow *shadow, const double from[3],
                     const double to[3]) {
    double s = dot(shape->axis, from), t = dot(shape->axis, to);
    for (int end = -1; end <= 1; end += 2) {
        double plane = end * shape->half_height;
        if ((s < plane) != (t < plane)) {
            double part = (plane - s) / (t - s), at[3];
            for (int axis = 0; axis < 3; axis++) {
                at[axis] = from[axis] + part * (to[axis] - from[axis]);
            }
            add_point(shape, shadow, at);
        }
    }
}

/* Square of the distance of the origin to the line from a to b. */
static double line_distance2(const double a[2], const double b[2]) {
    double x = b[0] - a[0], y = b[1] - a[1], length2 = x * x + y * y;
    double part = length2 > 0 ? -(a[0] * x + a[1] * y) / length2 : 0;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    x = a[0] + part * x;
    y = a[1] + part * y;
    return x * x + y * y;
}

static int by_size(const void *left, const void *right) {
    const double *a = left, *b = right;
    return *a < *b ? -1 : *a > *b ? 1 : 0;
}

/* True if the points lie all around the origin: no half plane is empty. */
static bool surrounds(const struct shadow *shadow) {
    double angle[33];
    int n = shadow->count;
    for (int i = 0; i < n; i++) {
        angle[i] = atan2(shadow->point[i][1], shadow->point[i][0]);
    }
    qsort(angle, (size_t)n, sizeof *angle, by_size);
    angle[n] = angle[0] + 2 * 3.14159265358979323846;
    for (int i = 0; i < n; i++) {
        if (angle[i + 1] - angle[i] >= 3.14159265358979323846) {
            return false;
        }
    }
    return n > 0;
}

static bool tilted_overlaps(const struct pvr_shape *shape, const double low[3],
                            const double high[3]) {
    double corner[8][3] = {{0}}; /* from the centre; one point on axes that are not there */
    struct shadow shadow = {.count = 0};
    int ncorners = 1 << shape->ndim;
    for (int c = 0; c < ncorners; c++) {
        for (int axis = 0; axis < shape->ndim; axis++) {
            corner[c][axis] = (c >> axis & 1 ? high[axis] : low[axis]) - shape->centre[axis];
        }
        if (fabs(dot(shape->axis, corner[c])) <= shape->half_height) {
            add_point(shape, &shadow, corner[c]);
        }
    }
    for (int c = 0; c < ncorners; c++) {
        for (int axis = 0; axis < shape->ndim; axis++) {
            if ((c >> axis & 1) == 0) {
                cut_edge(shape, &shadow, corner[c], corner[c | 1 << axis]);
            }
        }
    }
    double radius2 = shape->radius * shape->radius;
    for (int i = 0; i < shadow.count; i++) {
        for (int j = 0; j <= i; j++) {
            if (line_distance2(shadow.point[i], shadow.point[j]) < radius2) {
                return true;
            }
        }
    }
    return surrounds(&shadow);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

bool pvr_shape_overlaps(const struct pvr_shape *shape, const double low[3], const double high[3]) {
    double distance2 = 0;
    for (int axis = 0; axis < shape->ndim; axis++) {
        if (!pvr_shape_reaches(shape, axis, low[axis], high[axis])) {
            return false;
        }
        double below = low[axis] - shape->centre[axis], above = shape->centre[axis] - high[axis];
        double distance = below > above ? below : above;
        bool counts = shape->type == PVR_REGION_SPHERE || axis != shape->along;
        distance2 += counts && distance > 0 ? distance * distance : 0;
    }
    if (shape->type == PVR_REGION_BOX) {
        return true;
    }
    if (pvr_shape_is_tilted(shape)) {
        double middle[3] = {0, 0, 0};
        for (int axis = 0; axis < shape->ndim; axis++) {
            middle[axis] = 0.5 * (low[axis] + high[axis]);
        }
        return pvr_shape_contains(shape, middle) || tilted_overlaps(shape, low, high);
    }
    double slack = fmax(shape->slack[0], fmax(shape->slack[1], shape->slack[2]));
    double radius = fmax(shape->radius - slack, 0);
    return distance2 == 0 || distance2 < radius * radius;
}

bool pvr_shape_contains(const struct pvr_shape *shape, const double point[3]) {
    double from[3] = {0, 0, 0}, distance2 = 0;
    for (int axis = 0; axis < shape->ndim; axis++) {
        from[axis] = point[axis] - shape->centre[axis];
        if (!(fabs(from[axis]) <= shape->extent[axis])) {
            return false;
        }
        bool counts = shape->type == PVR_REGION_SPHERE || axis != shape->along;
        distance2 += counts ? from[axis] * from[axis] : 0;
    }
    if (shape->type == PVR_REGION_BOX) {
        return true;
    }
    if (pvr_shape_is_tilted(shape)) {
        double u = dot(shape->across[0], from), w = dot(shape->across[1], from);
        return fabs(dot(shape->axis, from)) <= shape->half_height &&
               u * u + w * w <= shape->radius * shape->radius;
    }
    return distance2 <= shape->radius * shape->radius;
}
