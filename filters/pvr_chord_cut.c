/* pvr_chord_cut.c - a box cut into pixels as a polyhedron.
 *
 * The volume under a face, within a pixel and between two depths, is the integral over the face's
 * part of the pixel of its depth, held between the two. Over all faces, looked at from outside,
 * these add up (the areas of those that are turned away count negative) to the box's volume. Depths
 * of points on cut edges are interpolated, so nothing is divided by the slope of a face: boxes may
 * be seen edge-on.
 */
#include "pvr_chord.h"

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

/* Integral over the polygon's projection of its depth; of 1 into *area. Counter-clockwise is
 * positive. */
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

/* The same with depths held between two. */
static double integrate_held(const struct polygon *polygon, const double depth[2]) {
    struct polygon below = *polygon, within = *polygon, above = *polygon;
    double area_below, area_within, area_above;
    cut(&below, 2, depth[0], -1);
    cut(&above, 2, depth[1], 1);
    cut(&within, 2, depth[0], 1);
    cut(&within, 2, depth[1], -1);
    integrate(&below, &area_below);
    integrate(&above, &area_above);
    return integrate(&within, &area_within) + depth[0] * area_below + depth[1] * area_above;
}

/* The face whose normal is axis i, on the side `side`, seen from outside counter-clockwise if it is
 * turned to the observer. The image's axes and the depth need not be right-handed: `hand` is 1 or
 * -1. */
static void make_face(const struct pvr_footprint *footprint, int i, double side, double hand,
                      struct polygon *face) {
    const double *normal = footprint->edge[i], *first = footprint->edge[(i + 1) % 3],
                 *second = footprint->edge[(i + 2) % 3];
    static const double corner[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    face->count = 4;
    for (int c = 0; c < 4; c++) {
        const double *sign = corner[side * hand > 0 ? c : 3 - c];
        for (int k = 0; k < 3; k++) {
            face->corner[c][k] = (side * normal[k] + sign[0] * first[k] + sign[1] * second[k]) / 2;
        }
    }
}

void pvr_footprint_cut_row(const struct pvr_footprint *footprint, const double centre[3],
                           const double depth[2], double first, double row, int count,
                           double *share) {
    const double held[2] = {depth[0] - centre[2], depth[1] - centre[2]};
    const double(*e)[3] = footprint->edge;
    double turn = e[0][0] * (e[1][1] * e[2][2] - e[1][2] * e[2][1]) -
                  e[0][1] * (e[1][0] * e[2][2] - e[1][2] * e[2][0]) +
                  e[0][2] * (e[1][0] * e[2][1] - e[1][1] * e[2][0]);
    memset(share, 0, (size_t)count * sizeof *share);
    for (int f = 0; f < 6; f++) {
        struct polygon face;
        make_face(footprint, f / 2, f % 2 == 0 ? -1 : 1, turn > 0 ? 1 : -1, &face);
        cut(&face, 1, row - centre[1], 1);
        cut(&face, 1, row + 1 - centre[1], -1);
        for (int i = 0; i < count && face.count > 2; i++) {
            struct polygon part = face;
            double left = first + i - centre[0];
            cut(&part, 0, left, 1);
            cut(&part, 0, left + 1, -1);
            share[i] += integrate_held(&part, held);
        }
    }
    for (int i = 0; i < count; i++) {
        share[i] = share[i] > 0 ? share[i] / footprint->volume : 0;
    }
}
