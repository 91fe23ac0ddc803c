/* pvr_chord_solid.c - what of a box lies within some pixels and a depth, as a polyhedron.
 *
 * A box may be a billion times larger than what is seen of it. So the polyhedron is not cut out of
 * the box, but the box's faces cut it out of the space that is seen: a face is a plane, whose
 * distance from the middle of that space is found with twice a double's digits, and no number is
 * larger than that space. Where the box leaves only a corner of it, that is cut once more, out of
 * the space around the corner.
 *
 * The faces of a polyhedron have the same corners, bit for bit, so that their sums are a volume
 * without gaps: a cut edge is cut from its end inside, in both of its faces. In the end depths are
 * made to count from that pair of faces which bounds them the most, so that they are not larger
 * than the longest chord, be the box a needle.
 */
#include "pvr_chord.h"

#include <math.h>
#include <string.h>

/* The corners of the faces of a box, counterclockwise as seen from outside: bit k of a corner's
 * number is its side along axis k; two faces for each axis. */
static const int face_corner[6][4] = {{0, 4, 6, 2}, {1, 3, 7, 5}, {0, 1, 5, 4},
                                      {2, 6, 7, 3}, {0, 2, 3, 1}, {4, 5, 7, 6}};

/* Less than this part of the space is rounding. */
static const double rounding = 4e-16;

/* A box that leaves less than this part of the space, along an axis, is cut anew there. */
static const double small_part = 1.0 / 16;

/* The normal of a face where depths count from one with the normal `flat`. */
static void turn_normal(const struct pvr_twofold flat[3], double normal[3]) {
    for (int k = 0; k < 2; k++) {
        normal[k] -= normal[2] * (flat[k].value / flat[2].value);
    }
}

/* The box as a whole, from its middle; depths count from the faces at right angles to its axis
 * `flat`. */
static void take_box(struct pvr_solid *solid, const struct pvr_footprint *footprint,
                     struct pvr_twofold (*normal)[3], int flat) {
    const double(*e)[3] = footprint->edge;
    const double depth = footprint->side[flat].value / normal[flat][2].value;
    double corner[8][3];
    for (int c = 0; c < 8; c++) {
        for (int k = 0; k < 2; k++) {
            corner[c][k] = ((c & 1 ? e[0][k] : -e[0][k]) + (c & 2 ? e[1][k] : -e[1][k]) +
                            (c & 4 ? e[2][k] : -e[2][k])) /
                           2;
        }
        corner[c][2] = (c >> flat & 1 ? 0.5 : -0.5) * depth;
    }
    const bool mirrored = e[0][0] * (e[1][1] * e[2][2] - e[1][2] * e[2][1]) +
                              e[0][1] * (e[1][2] * e[2][0] - e[1][0] * e[2][2]) +
                              e[0][2] * (e[1][0] * e[2][1] - e[1][1] * e[2][0]) <
                          0;
    solid->nfaces = 6;
    for (int f = 0; f < 6; f++) {
        struct pvr_face *face = &solid->face[f];
        face->count = 4;
        for (int k = 0; k < 3; k++) {
            face->normal[k] = (f & 1 ? 1 : -1) * normal[f / 2][k].value;
        }
        turn_normal(normal[flat], face->normal);
        for (int c = 0; c < 4; c++) {
            memcpy(face->corner[c], corner[face_corner[f][mirrored ? 3 - c : c]],
                   sizeof face->corner[c]);
        }
    }
}

/* All of the space from `low` to `high`. */
static void take_space(struct pvr_solid *solid, const double low[3], const double high[3]) {
    solid->nfaces = 6;
    for (int f = 0; f < 6; f++) {
        struct pvr_face *face = &solid->face[f];
        face->count = 4;
        for (int k = 0; k < 3; k++) {
            face->normal[k] = k != f / 2 ? 0 : f & 1 ? 1 : -1;
            for (int c = 0; c < 4; c++) {
                face->corner[c][k] = face_corner[f][c] >> k & 1 ? high[k] : low[k];
            }
        }
    }
}

static bool same_place(const double a[3], const double b[3]) {
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

struct segment {
    double from[3], to[3];
};

/* Puts where the edge from `inside` to `outside` goes through the plane. */
static void cut_edge(const double inside[3], double a, const double outside[3], double b,
                     double place[3]) {
    const double part = a / (a - b);
    for (int k = 0; k < 3; k++) {
        place[k] = inside[k] + part * (outside[k] - inside[k]);
    }
}

/* Keeps what of a face is inside. `distance` of each corner from the plane: positive outside. Lists
 * the segments, backwards, where it was cut. Returns how many. */
static int cut_face(struct pvr_face *face, const double *distance, struct segment *segment) {
    struct pvr_face kept = {.count = 0};
    int start = 0, nsegments = 0;
    while (start < face->count && distance[start] > 0) {
        start++;
    }
    for (int n = 0; n < face->count && start < face->count; n++) {
        const int i = (start + n) % face->count, j = (i + 1) % face->count;
        const double a = distance[i], b = distance[j];
        double cut[3];
        if (a <= 0 && kept.count < PVR_FACE_CORNERS) {
            memcpy(kept.corner[kept.count++], face->corner[i], sizeof cut);
        }
        if ((a > 0) == (b > 0)) {
            continue;
        }
        const int inside = a > 0 ? j : i, outside = a > 0 ? i : j;
        cut_edge(face->corner[inside], distance[inside], face->corner[outside], distance[outside],
                 cut);
        if (distance[inside] < 0 && kept.count < PVR_FACE_CORNERS) {
            memcpy(kept.corner[kept.count++], cut, sizeof cut);
        }
        memcpy(a > 0 ? segment[nsegments].from : segment[nsegments].to, cut, sizeof cut);
        if (a > 0) {
            nsegments += same_place(segment[nsegments].from, segment[nsegments].to) ? 0 : 1;
        }
    }
    memcpy(kept.normal, face->normal, sizeof kept.normal);
    *face = kept;
    return nsegments;
}

/* Makes faces of the segments around them. */
static void close_cut(struct pvr_solid *solid, const double normal[3], struct segment *segment,
                      int count) {
    while (count > 0 && solid->nfaces < PVR_SOLID_FACES) {
        struct pvr_face *face = &solid->face[solid->nfaces];
        memcpy(face->normal, normal, sizeof face->normal);
        face->count = 0;
        for (int n = count - 1; n < count && face->count < PVR_FACE_CORNERS;) {
            const struct segment here = segment[n];
            segment[n] = segment[--count];
            memcpy(face->corner[face->count++], here.from, sizeof here.from);
            for (n = 0; n < count && !same_place(segment[n].from, here.to); n++) {
            }
        }
        solid->nfaces += face->count > 2 ? 1 : 0;
    }
}

static void keep_face(struct pvr_solid *solid, int to, int from) {
    if (to != from) {
        solid->face[to] = solid->face[from];
    }
}

/* Keeps what lies behind the plane normal . place = border, of a space so large. */
static void cut_solid(struct pvr_solid *solid, const double normal[3], double border,
                      const double size[3]) {
    struct segment segment[PVR_SOLID_FACES * 4];
    const double least = rounding * (fabs(normal[0]) * size[0] + fabs(normal[1]) * size[1] +
                                     fabs(normal[2]) * size[2]);
    int nfaces = 0, nsegments = 0;
    for (int f = 0; f < solid->nfaces; f++) {
        struct pvr_face *face = &solid->face[f];
        double distance[PVR_FACE_CORNERS];
        bool cut = false;
        for (int c = 0; c < face->count; c++) {
            const double *at = face->corner[c];
            const double d = normal[0] * at[0] + normal[1] * at[1] + normal[2] * at[2] - border;
            distance[c] = fabs(d) < least ? 0 : d;
            cut = cut || distance[c] > 0;
        }
        if (cut) {
            const int room = PVR_SOLID_FACES * 4 - nsegments;
            nsegments +=
                room >= PVR_FACE_CORNERS / 2 ? cut_face(face, distance, segment + nsegments) : 0;
        }
        if (face->count > 2) {
            keep_face(solid, nfaces++, f);
        }
    }
    solid->nfaces = nfaces;
    close_cut(solid, normal, segment, nsegments);
}

/* The image's axes are the rows of a matrix, the box's those of its transposed, which is its
 * inverse but for rounding. The box's faces are planes of the inverse. */
void pvr_solid_normals(const double axis[3][3], struct pvr_twofold normal[3][3]) {
    double lack[3][3]; /* of the product with the transposed, to be 1 */
    for (int k = 0; k < 3; k++) {
        for (int l = 0; l <= k; l++) {
            struct pvr_twofold product = {k == l ? -1 : 0, 0};
            for (int i = 0; i < 3; i++) {
                product = pvr_twofold_add(product, pvr_twofold_product(axis[i][k], axis[i][l]));
            }
            lack[k][l] = lack[l][k] = -product.value;
        }
    }
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            normal[i][k] =
                pvr_twofold_sum(axis[i][k], axis[i][0] * lack[0][k] + axis[i][1] * lack[1][k] +
                                                axis[i][2] * lack[2][k]);
        }
    }
}

/* A box, and where it is. */
struct box {
    const struct pvr_footprint *footprint;
    const double *at, *rest;
    struct pvr_twofold (*normal)[3];
};

/* Where the box begins and ends along its own axes, from `origin`. */
static void find_borders(const struct box *box, const double origin[3], double low[3],
                         double high[3]) {
    struct pvr_twofold middle[3]; /* from the origin, in image coordinates */
    for (int k = 0; k < 3; k++) {
        middle[k] = pvr_twofold_sum(box->at[k], -origin[k]);
        if (box->rest != NULL) {
            middle[k] = pvr_twofold_add(middle[k], (struct pvr_twofold){box->rest[k], 0});
        }
    }
    for (int i = 0; i < 3; i++) {
        const struct pvr_twofold *normal = box->normal[i];
        const double value[3] = {normal[0].value, normal[1].value, normal[2].value};
        const double more = normal[0].rest * middle[0].value + normal[1].rest * middle[1].value +
                            normal[2].rest * middle[2].value;
        const struct pvr_twofold along =
            pvr_twofold_add(pvr_twofold_dot(middle, value), (struct pvr_twofold){more, 0});
        const struct pvr_twofold half = pvr_twofold_times(box->footprint->side[i], 0.5);
        low[i] = pvr_twofold_add(along, pvr_twofold_times(half, -1)).value;
        high[i] = pvr_twofold_add(along, half).value;
    }
}

static void find_extent(const struct pvr_solid *solid, double extent[3][2]) {
    for (int k = 0; k < 3; k++) {
        extent[k][0] = (double)INFINITY;
        extent[k][1] = -(double)INFINITY;
        for (int f = 0; f < solid->nfaces; f++) {
            for (int c = 0; c < solid->face[f].count; c++) {
                const double at = solid->face[f].corner[c][k];
                extent[k][0] = at < extent[k][0] ? at : extent[k][0];
                extent[k][1] = at > extent[k][1] ? at : extent[k][1];
            }
        }
    }
}

/* Cuts the box out of the space from `low` to `high`. */
static void cut_out(struct pvr_solid *solid, const struct box *box, const double low[3],
                    const double high[3]) {
    double from[3], to[3], begin[3], end[3], size[3];
    for (int k = 0; k < 3; k++) {
        solid->origin[k] = low[k] + (high[k] - low[k]) / 2;
        from[k] = low[k] - solid->origin[k];
        to[k] = high[k] - solid->origin[k];
        size[k] = fmax(to[k], -from[k]);
    }
    take_space(solid, from, to);
    find_borders(box, solid->origin, begin, end);
    for (int i = 0; i < 3; i++) {
        const struct pvr_twofold *normal = box->normal[i];
        const double n[3] = {normal[0].value, normal[1].value, normal[2].value};
        const double back[3] = {-n[0], -n[1], -n[2]};
        const double reach = fabs(n[0]) * size[0] + fabs(n[1]) * size[1] + fabs(n[2]) * size[2];
        if (end[i] < reach) {
            cut_solid(solid, n, end[i], size);
        }
        if (begin[i] > -reach) {
            cut_solid(solid, back, -begin[i], size);
        }
    }
}

/* Cuts the box out of what is seen, as often as that leaves but a small part. */
static void make_part(struct pvr_solid *solid, const struct box *box, const double low[3],
                      const double high[3]) {
    enum { MOST_TIMES = 8 };
    double from[3], to[3], extent[3][2];
    memcpy(from, low, sizeof from);
    memcpy(to, high, sizeof to);
    bool again = true;
    for (int time = 0; again && time < MOST_TIMES; time++) {
        cut_out(solid, box, from, to);
        find_extent(solid, extent);
        again = false;
        for (int k = 0; k < 3 && solid->nfaces > 0; k++) {
            const double length = to[k] - from[k], margin = length / 1024;
            const double first = solid->origin[k] + extent[k][0] - margin;
            const double last = solid->origin[k] + extent[k][1] + margin;
            again = again || extent[k][1] - extent[k][0] < small_part * length;
            from[k] = fmax(from[k], first);
            to[k] = fmin(to[k], last);
        }
    }
}

/* Lets depths count from a face with this normal, if that makes them smaller. */
static void count_from_face(struct pvr_solid *solid, const struct pvr_twofold flat[3]) {
    const double slope[2] = {-flat[0].value / flat[2].value, -flat[1].value / flat[2].value};
    double low[2] = {INFINITY, INFINITY}, high[2] = {-(double)INFINITY, -(double)INFINITY};
    for (int f = 0; f < solid->nfaces; f++) {
        for (int c = 0; c < solid->face[f].count; c++) {
            const double *corner = solid->face[f].corner[c];
            const double depth[2] = {corner[2],
                                     corner[2] - (slope[0] * corner[0] + slope[1] * corner[1])};
            for (int i = 0; i < 2; i++) {
                low[i] = depth[i] < low[i] ? depth[i] : low[i];
                high[i] = depth[i] > high[i] ? depth[i] : high[i];
            }
        }
    }
    for (int f = 0; f < solid->nfaces && high[1] - low[1] < high[0] - low[0]; f++) {
        struct pvr_face *face = &solid->face[f];
        turn_normal(flat, face->normal);
        for (int c = 0; c < face->count; c++) {
            double *corner = face->corner[c];
            corner[2] -= slope[0] * corner[0] + slope[1] * corner[1];
        }
    }
}

bool pvr_solid_make(struct pvr_solid *solid, const struct pvr_footprint *footprint,
                    const double at[3], const double *rest, const double low[3],
                    const double high[3]) {
    struct pvr_twofold normal[3][3];
    bool all = true;
    double from[3], to[3];
    for (int k = 0; k < 3; k++) {
        const double half = footprint->half[k], margin = 1e-9 * half + rounding * fabs(at[k]);
        all = all && at[k] - half >= low[k] && at[k] + half <= high[k];
        from[k] = fmax(low[k], at[k] - half - margin);
        to[k] = fmin(high[k], at[k] + half + margin);
        if (!(to[k] > from[k])) {
            return false;
        }
    }
    if (footprint->kind == PVR_FOOTPRINT_CUT) {
        memcpy(normal, footprint->normal, sizeof normal);
    } else {
        pvr_solid_normals((const double(*)[3])footprint->axis, normal);
    }
    int flat = 0;
    for (int i = 1; i < 3; i++) {
        flat = fabs(normal[i][2].value) * footprint->side[flat].value >
                       fabs(normal[flat][2].value) * footprint->side[i].value
                   ? i
                   : flat;
    }
    const struct box box = {footprint, at, rest, normal};
    if (all) {
        memcpy(solid->origin, at, sizeof solid->origin);
        take_box(solid, footprint, normal, flat);
    } else {
        make_part(solid, &box, from, to);
    }
    if (!all) {
        count_from_face(solid, normal[flat]);
    }
    double extent[3][2];
    find_extent(solid, extent);
    solid->of_box = footprint->volume;
    solid->depth = extent[2][1] - extent[2][0];
    int nfaces = 0;
    for (int f = 0; f < solid->nfaces; f++) {
        if (solid->face[f].normal[2] != 0) { /* else it is seen edge-on */
            keep_face(solid, nfaces, f);
            for (int c = 0; c < solid->face[nfaces].count; c++) {
                solid->face[nfaces].corner[c][2] -= extent[2][0];
            }
            nfaces++;
        }
    }
    solid->nfaces = nfaces;
    return solid->nfaces > 1 && solid->depth > 0;
}
