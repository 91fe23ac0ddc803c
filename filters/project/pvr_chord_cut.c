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

enum { MOST_CORNERS = PVR_FACE_CORNERS + 8 };

/* A pixel with less than these parts of the polyhedron's depth, or of the box's volume, is touched
 * by rounding. */
static const double no_depth = 5e-13, no_share = 1e-13;

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
        const double a = sign * (here[axis] - border), b = sign * (next[axis] - border);
        if (a >= 0 && kept.count < MOST_CORNERS) {
            memcpy(kept.corner[kept.count++], here, sizeof kept.corner[0]);
        }
        if (((a > 0 && b < 0) || (a < 0 && b > 0)) && kept.count < MOST_CORNERS) {
            const double *inside = a > 0 ? here : next, *outside = a > 0 ? next : here;
            const double part = (inside[axis] - border) / (inside[axis] - outside[axis]);
            double *to = kept.corner[kept.count++];
            for (int k = 0; k < 3; k++) {
                to[k] = inside[k] + part * (outside[k] - inside[k]);
            }
            to[axis] = border;
        }
    }
    *polygon = kept;
}

/* Integral over the polygon's projection of its depth: negative, if it is seen from behind. */
static double integrate(const struct polygon *polygon) {
    double sum = 0;
    for (int i = 2; i < polygon->count; i++) {
        const double *a = polygon->corner[0], *b = polygon->corner[i - 1], *c = polygon->corner[i];
        const double twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
        sum += twice / 6 * (a[2] + b[2] + c[2]);
    }
    return sum;
}

/* The part of a face within the row from `bottom` to `top`. */
static struct polygon in_row(const struct pvr_face *face, double bottom, double top) {
    struct polygon part = {.count = face->count};
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (int c = 0; c < face->count; c++) {
        memcpy(part.corner[c], face->corner[c], sizeof part.corner[c]);
        low = fmin(low, face->corner[c][1]);
        high = fmax(high, face->corner[c][1]);
    }
    if (low >= top || high <= bottom) {
        part.count = 0;
    }
    if (low < bottom) {
        cut(&part, 1, bottom, 1);
    }
    if (high > top) {
        cut(&part, 1, top, -1);
    }
    return part;
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

/* A row of pixels, from the polyhedron's origin. */
struct row {
    double bottom, top;
    double first, origin; /* pixel i begins at first + i - origin */
    int count;
    double *volume;
};

static void add_face(const struct row *row, const struct polygon *face, const double normal[3]) {
    double reach[2], covered[2];
    find_reach(face, row->bottom, row->top, reach, covered);
    const double begin = floor(reach[0] + row->origin - row->first) - 1;
    const double end = ceil(reach[1] + row->origin - row->first) + 1;
    const double slope[2] = {-normal[0] / normal[2], -normal[1] / normal[2]};
    const double *at = face->corner[0], sign = normal[2] > 0 ? 1 : -1;
    const double start = at[2] + slope[1] * ((row->bottom + row->top) / 2 - at[1]);
    for (int i = begin > 0 ? (int)fmin(begin, row->count) : 0; i < row->count && i < end; i++) {
        const double left = row->first + i - row->origin, right = row->first + i + 1 - row->origin;
        if (right <= reach[0] || left >= reach[1]) {
            continue;
        }
        if (left >= covered[0] && right <= covered[1]) {
            row->volume[i] += sign * (start + slope[0] * ((left + right) / 2 - at[0]));
        } else {
            struct polygon part = *face;
            cut(&part, 0, left, 1);
            cut(&part, 0, right, -1);
            row->volume[i] += integrate(&part);
        }
    }
}

void pvr_solid_cut_row(const struct pvr_solid *solid, double first, double row, int count,
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
        const struct polygon part = in_row(&solid->face[f], at.bottom, at.top);
        if (part.count > 2) {
            add_face(&at, &part, solid->face[f].normal);
        }
    }
    const double nothing = fmin(no_depth * solid->depth, no_share * solid->of_box);
    for (int i = 0; i < count; i++) {
        volume[i] = volume[i] > nothing ? volume[i] : 0;
    }
}
