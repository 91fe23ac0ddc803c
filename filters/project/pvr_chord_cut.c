/* pvr_chord_cut.c - a polyhedron cut into pixels.
 *
 * The volume under a face, within a pixel, is the integral over the face's part of the pixel of its
 * depth. Over all faces these add up (those that are turned away count negative) to the
 * polyhedron's volume there. Depths of points on cut edges are interpolated, so nothing is divided
 * by the slope of a face: boxes may be seen edge-on.
 *
 * Most pixels of a large box are covered by a face as a whole: there the integral is the depth in
 * the pixel's middle.
 */
#include "pvr_chord.h"

#include <math.h>
#include <string.h>

/* A pixel with less than these parts of the polyhedron's depth, or of the box's volume, is touched
 * by rounding. */
static const double no_depth = 5e-13, no_share = 1e-13;

struct polygon {
    int count;
    double corner[PVR_FACE_CORNERS][3];
};

static inline void add_corner(struct polygon *polygon, const double place[3]) {
    if (polygon->count < PVR_FACE_CORNERS) {
        double *to = polygon->corner[polygon->count++];
        to[0] = place[0];
        to[1] = place[1];
        to[2] = place[2];
    }
}

/* Parts what lies below a border of axis `axis` from what lies above. An edge is cut from its lower
 * end, in both of the faces that have it. */
static void split(const struct polygon *whole, int axis, double border, struct polygon *low,
                  struct polygon *high) {
    low->count = high->count = 0;
    const double *here = whole->corner[whole->count - 1];
    double a = here[axis] - border;
    for (int i = 0; i < whole->count; i++) {
        const double *next = whole->corner[i];
        const double b = next[axis] - border;
        if ((a < 0 && b > 0) || (a > 0 && b < 0)) {
            const double *from = a < 0 ? here : next, *to = a < 0 ? next : here;
            const double part = (border - from[axis]) / (to[axis] - from[axis]);
            double place[3];
            for (int k = 0; k < 3; k++) {
                place[k] = from[k] + part * (to[k] - from[k]);
            }
            place[axis] = border;
            add_corner(low, place);
            add_corner(high, place);
        }
        if (b <= 0) {
            add_corner(low, next);
        }
        if (b >= 0) {
            add_corner(high, next);
        }
        here = next;
        a = b;
    }
}

/* Integral over the polygon's projection of its depth: negative, if it is seen from behind. */
static double integrate(const struct polygon *polygon) {
    const double *a = polygon->corner[0];
    double sum = 0;
    for (int i = 2; i < polygon->count; i++) {
        const double *b = polygon->corner[i - 1], *c = polygon->corner[i];
        const double twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
        sum += twice * (a[2] + b[2] + c[2]);
    }
    return sum / 6;
}

/* Takes the part of a face below `top` from it. False if there is none. */
static bool take_row(struct pvr_face *face, double bottom, double top, struct polygon *row) {
    double low = (double)INFINITY, high = -(double)INFINITY;
    row->count = 0;
    for (int c = 0; c < face->count; c++) {
        const double y = face->corner[c][1];
        add_corner(row, face->corner[c]);
        low = y < low ? y : low;
        high = y > high ? y : high;
    }
    if (low >= top || high <= bottom) {
        return false;
    }
    struct polygon whole, rest;
    if (low < bottom) {
        whole = *row;
        split(&whole, 1, bottom, &rest, row);
    }
    rest.count = 0;
    if (high > top) {
        whole = *row;
        split(&whole, 1, top, row, &rest);
    }
    face->count = rest.count;
    memcpy(face->corner, rest.corner, (size_t)rest.count * sizeof rest.corner[0]);
    return row->count > 2;
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
        reach[0] = x < reach[0] ? x : reach[0];
        reach[1] = x > reach[1] ? x : reach[1];
        for (int b = 0; b < 2; b++) {
            if (y == border[b]) {
                end[b][0] = x < end[b][0] ? x : end[b][0];
                end[b][1] = x > end[b][1] ? x : end[b][1];
            }
        }
    }
    covered[0] = end[0][0] > end[1][0] ? end[0][0] : end[1][0]; /* faces are convex */
    covered[1] = end[0][1] < end[1][1] ? end[0][1] : end[1][1];
}

/* A row of pixels, from the polyhedron's origin. */
struct row {
    double bottom, top;
    double first, origin; /* pixel i begins at first + i - origin */
    int count;
    double *volume;
};

static inline double begin_of(const struct row *row, int i) {
    return row->first + i - row->origin;
}

/* The number of a pixel at x, or just before. */
static int find_pixel(const struct row *row, double x) {
    const double at = floor(x + row->origin - row->first);
    const double last = row->count - 1;
    int i = (int)(at > 0 ? at < last ? at : last : 0);
    return i > 0 && begin_of(row, i) > x ? i - 1 : i;
}

/* Adds the volumes under a face that covers pixels from .. end - 1 of the row. */
static void add_covered(const struct row *row, const double corner[3], const double normal[3],
                        int from, int end) {
    const double sign = normal[2] > 0 ? 1 : -1;
    const double slope[2] = {-normal[0] / normal[2], -normal[1] / normal[2]};
    const double start = corner[2] + slope[1] * ((row->bottom + row->top) / 2 - corner[1]);
    for (int i = from; i < end; i++) {
        const double middle = (begin_of(row, i) + begin_of(row, i + 1)) / 2;
        row->volume[i] += sign * (start + slope[0] * (middle - corner[0]));
    }
}

/* Adds the volumes under the part of a face that lies in a row. */
static void add_part(const struct row *row, const struct polygon *face, const double normal[3]) {
    double reach[2], covered[2];
    struct polygon rest[2], part;
    const struct polygon *left = face;
    int other = 0;
    find_reach(face, row->bottom, row->top, reach, covered);
    for (int i = find_pixel(row, reach[0]); i < row->count; i++) {
        const bool covers = begin_of(row, i) >= covered[0] && begin_of(row, i + 1) <= covered[1];
        int last = i;
        if (covers) {
            last = find_pixel(row, covered[1]);
            last -= last > i && begin_of(row, last + 1) > covered[1] ? 1 : 0;
            add_covered(row, face->corner[0], normal, i, last + 1);
        }
        const double end = begin_of(row, last + 1);
        const bool all = end >= reach[1] || last == row->count - 1;
        if (!all) {
            split(left, 0, end, &part, &rest[other]);
        }
        if (!covers) {
            row->volume[i] += integrate(all ? left : &part);
        }
        if (all) {
            break;
        }
        left = &rest[other];
        other = 1 - other;
        i = last;
    }
}

void pvr_solid_cut_row(struct pvr_solid *solid, double first, double row, int count,
                       double *volume) {
    const struct row at = {
        .bottom = row - solid->origin[1],
        .top = row + 1 - solid->origin[1],
        .first = first,
        .origin = solid->origin[0],
        .count = count,
        .volume = volume,
    };
    memset(volume, 0, (size_t)count * sizeof *volume);
    for (int f = 0; f < solid->nfaces; f++) {
        struct polygon part;
        if (solid->face[f].count > 2 && take_row(&solid->face[f], at.bottom, at.top, &part)) {
            add_part(&at, &part, solid->face[f].normal);
        }
    }
    const double depth = no_depth * solid->depth, share = no_share * solid->of_box;
    const double nothing = depth < share ? depth : share;
    for (int i = 0; i < count; i++) {
        volume[i] = volume[i] > nothing ? volume[i] : 0;
    }
}
