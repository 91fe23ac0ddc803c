/* pvr_chord_cut.c - a box cut into pixels as a polyhedron.
 *
 * The volume under a face, within a pixel and between two depths, is the integral over the face's
 * part of the pixel of its depth, held between the two. Over all faces these add up (those that are
 * turned away count negative) to the box's volume there. Depths of points on cut edges are
 * interpolated, so nothing is divided by the slope of a face: boxes may be seen edge-on.
 *
 * Most pixels of a large box are covered by a face as a whole, within the depths or beyond them:
 * there the integral is the depth in the pixel's middle. So a box may be millions of pixels large;
 * places count from the row's first pixel and from the lower end of the depth, lest small pixels
 * and thin slices of large boxes drown in rounding.
 */
#include "pvr_chord.h"

#include <math.h>
#include <string.h>

enum { MOST_CORNERS = 16 };

struct polygon {
    int count;
    double corner[MOST_CORNERS][3];
};

/* Keeps what lies on the side sign * coordinate >= sign * border of axis `axis`. */
static void cut(struct polygon *polygon, int axis, double border, double sign) {
    struct polygon kept = {.count = 0};
    for (int i = 0; i < polygon->count; i++) {
        const double *here = polygon->corner[i];
        const double *next = polygon->corner[i + 1 < polygon->count ? i + 1 : 0];
        double a = sign * (here[axis] - border), b = sign * (next[axis] - border);
        if (a >= 0) {
            memcpy(kept.corner[kept.count++], here, sizeof kept.corner[0]);
        }
        if ((a > 0 && b < 0) || (a < 0 && b > 0)) {
            double part = a / (a - b), *to = kept.corner[kept.count++];
            for (int k = 0; k < 3; k++) {
                to[k] = here[k] + part * (next[k] - here[k]);
            }
            to[axis] = border;
        }
    }
    *polygon = kept;
}

/* Integral over the polygon's projection of its depth; of 1 into *area. */
static double integrate(const struct polygon *polygon, double *area) {
    double sum = 0;
    *area = 0;
    for (int i = 2; i < polygon->count; i++) {
        const double *a = polygon->corner[0], *b = polygon->corner[i - 1], *c = polygon->corner[i];
        double twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
        *area += twice / 2;
        sum += twice / 6 * (a[2] + b[2] + c[2]);
    }
    return sum;
}

/* The same, whichever way round, with depths held between 0 and `most`. */
static double integrate_held(const struct polygon *polygon, double most) {
    double area, area_above, low = INFINITY, high = -(double)INFINITY;
    for (int c = 0; c < polygon->count; c++) {
        low = fmin(low, polygon->corner[c][2]);
        high = fmax(high, polygon->corner[c][2]);
    }
    if (high <= 0) {
        return 0;
    }
    double sum = integrate(polygon, &area);
    if (low >= most) {
        sum = most * area;
    } else if (low < 0 || high > most) {
        struct polygon within = *polygon, above = *polygon;
        cut(&above, 2, most, 1);
        cut(&within, 2, 0, 1);
        cut(&within, 2, most, -1);
        integrate(&above, &area_above);
        sum = integrate(&within, &area) + most * area_above;
    }
    return fabs(sum);
}

/* The part within the row from `bottom` to `top` of the face on the side `side` of the box, whose
 * normal is axis i. `depth` is that of the box's middle. */
static struct polygon make_face(const struct pvr_footprint *footprint, double depth, double bottom,
                                double top, int i, double side) {
    static const double corner[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    const double *normal = footprint->edge[i], *first = footprint->edge[(i + 1) % 3],
                 *second = footprint->edge[(i + 2) % 3];
    struct polygon face = {.count = 4};
    double low = INFINITY, high = -(double)INFINITY;
    for (int c = 0; c < 4; c++) {
        for (int k = 0; k < 3; k++) {
            face.corner[c][k] =
                (side * normal[k] + corner[c][0] * first[k] + corner[c][1] * second[k]) / 2;
        }
        face.corner[c][2] += depth;
        low = fmin(low, face.corner[c][1]);
        high = fmax(high, face.corner[c][1]);
    }
    if (low < bottom) {
        cut(&face, 1, bottom, 1);
    }
    if (high > top) {
        cut(&face, 1, top, -1);
    }
    return face;
}

/* Range of x that the part of a face in a row reaches, and of that which it covers all through. */
static void find_reach(const struct polygon *face, double bottom, double top, double reach[2],
                       double covered[2]) {
    const double border[2] = {bottom, top};
    double end[2][2] = {{INFINITY, -(double)INFINITY}, {INFINITY, -(double)INFINITY}};
    reach[0] = INFINITY;
    reach[1] = -(double)INFINITY;
    for (int c = 0; c < face->count; c++) {
        const double x = face->corner[c][0], y = face->corner[c][1];
        reach[0] = fmin(reach[0], x);
        reach[1] = fmax(reach[1], x);
        for (int b = 0; b < 2; b++) {
            if (y == border[b]) {
                end[b][0] = fmin(end[b][0], x);
                end[b][1] = fmax(end[b][1], x);
            }
        }
    }
    covered[0] = fmax(end[0][0], end[1][0]); /* faces are convex */
    covered[1] = fmin(end[0][1], end[1][1]);
}

/* A row of pixels, from the box's middle. */
struct row {
    double bottom, top;
    double first, centre; /* pixel i begins at first + i - centre */
    int count;
    double most; /* depths are held between 0 and this */
    double *share;
};

static void add_face(const struct row *row, const struct polygon *face, const double normal[3],
                     double sign) {
    double reach[2], covered[2];
    find_reach(face, row->bottom, row->top, reach, covered);
    const double begin = floor(reach[0] + row->centre - row->first) - 1;
    const double end = ceil(reach[1] + row->centre - row->first) + 1;
    const double slope[2] = {-normal[0] / normal[2], -normal[1] / normal[2]};
    const double half = (fabs(slope[0]) + fabs(slope[1])) / 2; /* of the depths in a pixel */
    const double *at = face->corner[0];
    const double start = at[2] + slope[1] * ((row->bottom + row->top) / 2 - at[1]);
    for (int i = begin > 0 ? (int)fmin(begin, row->count) : 0; i < row->count && i < end; i++) {
        const double left = row->first + i - row->centre, right = row->first + i + 1 - row->centre;
        if (right <= reach[0] || left >= reach[1]) {
            continue;
        }
        double depth = start + slope[0] * ((left + right) / 2 - at[0]), sum;
        if (!(left >= covered[0] && right <= covered[1]) ||
            (depth - half < 0 && depth + half > 0) ||
            (depth - half < row->most && depth + half > row->most)) {
            struct polygon part = *face;
            cut(&part, 0, left, 1);
            cut(&part, 0, right, -1);
            sum = integrate_held(&part, row->most);
        } else {
            sum = depth <= 0 ? 0 : depth >= row->most ? row->most : depth;
        }
        row->share[i] += sign * sum;
    }
}

void pvr_footprint_cut_row(const struct pvr_footprint *footprint, const double centre[3],
                           const double depth[2], double first, double row, int count,
                           double *share) {
    /* what of the depth the box reaches, from its middle */
    const double low = depth[0] - centre[2], high = depth[1] - centre[2], half = footprint->half[2];
    const bool within = low > -half && high < half;
    const struct row at = {
        .bottom = row - centre[1],
        .top = row + 1 - centre[1],
        .first = first,
        .centre = centre[0],
        .count = count,
        .most = within ? depth[1] - depth[0] : fmin(high, half) - fmax(low, -half),
        .share = share,
    };
    memset(share, 0, (size_t)count * sizeof *share);
    for (int f = 0; f < 6; f++) {
        const double *normal = footprint->edge[f / 2], side = f % 2 == 0 ? -1 : 1;
        if (normal[2] == 0) {
            continue; /* seen edge-on */
        }
        const struct polygon face =
            make_face(footprint, -fmax(low, -half), at.bottom, at.top, f / 2, side);
        if (face.count > 2) {
            add_face(&at, &face, normal, side * normal[2] > 0 ? 1 : -1);
        }
    }
    for (int i = 0; i < count; i++) {
        share[i] = share[i] > 0 ? share[i] / footprint->volume : 0;
    }
}
