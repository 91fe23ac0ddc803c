/* pvr_chord.c - what pixels get of a box that is looked at in any direction. */
#include "pvr_chord.h"
#include "pvr_lanes.h"

#include <math.h>
#include <string.h>

/* A direction that is less than this part along an edge of the box, or of a longish one less in
 * proportion, sees the faces there edge-on: slopes of the chord length would cost more digits than
 * there are. */
static const double edge_on = 1e-3;

/* The half extent, in pixels, from which a box is cut. */
static const double large = 120;

/* How many times longer than wide a box is that is cut: between the edges of a needle or a sheet,
 * differences of sums would be of few digits. Cutting takes some ten times as long. */
static const double elongated = 30;

/* The half extent up to which a box touches at most four pixels along an axis. */
static const double small = 1.5 - 1e-9;

/* Where deposits of edges would be much larger than the shares that are their sums, those are
 * differences of the sums at corners. */
static const double largest_deposit = 32;

/* Edges that deviate less than this from an axis of the image lie along it. */
static const double same_direction = 1e-13;

/* A row's part of an edge that is less high than this part of its width is level. */
static const double level = 1e-8;

/* The edges along axis i, one for each pair of signs of the two other axes. */
static void add_edges(struct pvr_footprint *footprint, const struct pvr_view *view, int i) {
    struct pvr_edges *edges = &footprint->edges;
    const double *along_edge = footprint->edge[i];
    const int other[2] = {(i + 1) % 3, (i + 2) % 3};
    if (fabs(along_edge[0]) < same_direction * footprint->half[0]) {
        return; /* upright: crosses no column */
    }
    const double to_right = along_edge[0] > 0 ? 1 : -1;
    const double slope = along_edge[1] / along_edge[0];
    for (int corner = 0; corner < 4; corner++) {
        const double sign[2] = {corner & 1 ? 1 : -1, corner & 2 ? 1 : -1};
        double jump = 0;
        for (int f = 0; f < 2; f++) {
            /* the face whose normal is axis other[f]; from the edge it reaches along the other */
            int normal = other[f];
            const double *reach = footprint->edge[other[1 - f]];
            bool above = -sign[1 - f] * (reach[1] - reach[0] * slope) > 0;
            bool near = sign[f] * view->along[normal] > 0;
            double gradient = -view->up[normal] / view->along[normal];
            jump += (above == near ? 1 : -1) * gradient;
        }
        int n = edges->count++;
        double end[2]; /* the left */
        for (int a = 0; a < 2; a++) {
            end[a] = (sign[0] * footprint->edge[other[0]][a] +
                      sign[1] * footprint->edge[other[1]][a] - to_right * along_edge[a]) /
                     2;
        }
        edges->left[n] = end[0];
        edges->start[n] = end[1];
        edges->width[n] = to_right * along_edge[0];
        edges->slope[n] = slope;
        edges->jump[n] = jump / footprint->volume;
        edges->tail[n] = fabs(slope) > level ? edges->jump[n] / (6 * fabs(slope)) : 0;
        edges->pieces[n] = (int)fmax(1, ceil(fmin(fabs(slope), fabs(along_edge[1])) * (1 - 1e-12)));
    }
}

/* Are all edges along the axes of the image? Then sets the widths. */
static bool find_product(struct pvr_footprint *footprint) {
    int count[2] = {0, 0};
    double width[2][2] = {{0, 0}, {0, 0}};
    for (int i = 0; i < 3; i++) {
        const double *edge = footprint->edge[i];
        double length = fmax(fmax(fabs(edge[0]), fabs(edge[1])), fabs(edge[2]));
        int axis = fabs(edge[0]) >= fabs(edge[1]) ? 0 : 1;
        if (fabs(edge[axis]) < same_direction * length) {
            continue; /* along the line of sight */
        }
        if (fabs(edge[1 - axis]) > same_direction * length || count[axis] == 2) {
            return false;
        }
        width[axis][count[axis]++] = fabs(edge[axis]);
    }
    if (count[0] == 0 || count[1] == 0) {
        return false;
    }
    for (int a = 0; a < 2; a++) {
        footprint->width[a][0] = fmax(width[a][0], width[a][1]);
        footprint->width[a][1] = fmin(width[a][0], width[a][1]);
    }
    return true;
}

void pvr_footprint_make(struct pvr_footprint *footprint, const struct pvr_view *view,
                        const double sides[3], double pixel) {
    memset(footprint, 0, sizeof *footprint);
    footprint->volume = 1;
    double least = 1;
    const double longest = fmax(sides[0], fmax(sides[1], sides[2]));
    const double shortest = fmin(sides[0], fmin(sides[1], sides[2]));
    for (int i = 0; i < 3; i++) {
        const double direction[3] = {view->right[i], view->up[i], view->along[i]};
        double side = sides[i] / pixel;
        for (int a = 0; a < 3; a++) {
            footprint->edge[i][a] = direction[a] * side;
            footprint->half[a] += fabs(direction[a] * side) / 2;
        }
        memcpy(footprint->axis[i], direction, sizeof direction);
        footprint->side[i] = pvr_twofold_over((struct pvr_twofold){sides[i], 0}, pixel);
        footprint->volume *= side;
        least = fmin(least, fabs(view->along[i]));
    }
    footprint->no_share = fmin(1e-13, 1e-10 / (4 * footprint->half[0] * footprint->half[1]));
    if (fmax(footprint->half[0], footprint->half[1]) > large) {
        footprint->kind = PVR_FOOTPRINT_CUT;
    } else if (find_product(footprint)) {
        footprint->kind = PVR_FOOTPRINT_PRODUCT;
    } else if (least * shortest < edge_on * longest || longest > elongated * shortest) {
        footprint->kind = PVR_FOOTPRINT_CUT;
    } else {
        double deposit = 0;
        for (int i = 0; i < 3; i++) {
            add_edges(footprint, view, i);
        }
        for (int e = 0; e < footprint->edges.count; e++) {
            deposit =
                fmax(deposit, fabs(footprint->edges.jump[e]) * fmin(1, footprint->edges.width[e]));
        }
        footprint->kind = fmax(footprint->half[0], footprint->half[1]) < small ? PVR_FOOTPRINT_SMALL
                          : deposit > largest_deposit ? PVR_FOOTPRINT_CORNERS
                                                      : PVR_FOOTPRINT_STRIPS;
    }
    if (footprint->kind == PVR_FOOTPRINT_CUT) {
        pvr_solid_normals((const double(*)[3])footprint->axis, footprint->normal);
    }
    footprint->avx2 = HAS_AVX2();
}

/* Mean over t from A to B of max(0, t). Where A and B have both signs, the mean of what is positive
 * is only a part (a + b) / |A - B| of the whole. */
static inline double mean_line(double from, double to) {
    double a = from > 0 ? from : 0, b = to > 0 ? to : 0;
    double part = (a + b) / (fabs(from - to) + 1e-300);
    return (a + b) / 2 * (part < 1 ? part : 1);
}

/* What of a box of width[0], smeared over width[1], lies left of x. */
static double left_of(const double width[2], double x) {
    double middle = width[0] / 2, smear = width[1] / 2;
    if (x <= -middle - smear || x >= middle + smear) {
        return x > 0 ? 1 : 0;
    }
    return (mean_line(x + middle - smear, x + middle + smear) -
            mean_line(x - middle - smear, x - middle + smear)) /
           width[0];
}

static void product_row(const struct pvr_footprint *footprint, const double centre[2], double first,
                        double row, int count, double *share) {
    double rows = left_of(footprint->width[1], row + 1 - centre[1]) -
                  left_of(footprint->width[1], row - centre[1]);
    double before = left_of(footprint->width[0], first - centre[0]);
    for (int i = 0; i < count; i++) {
        double now = left_of(footprint->width[0], first + i + 1 - centre[0]);
        share[i] = rows * (now - before);
        before = now;
    }
}

/* How far rounding may have moved a box that is larger than what is seen of it. */
static double find_slack(const struct pvr_footprint *footprint, const double centre[2], int i) {
    return footprint->kind == PVR_FOOTPRINT_CUT ? 4e-16 * (fabs(centre[i]) + footprint->half[i])
                                                : 0;
}

bool pvr_footprint_part(const struct pvr_footprint *footprint, const double centre[2],
                        const int low[2], const int high[2], int first[2], int end[2]) {
    bool all = true;
    for (int i = 0; i < 2; i++) {
        const double reach = footprint->half[i] + find_slack(footprint, centre, i);
        const double from = floor(centre[i] - reach), to = ceil(centre[i] + reach);
        all = all && from >= low[i] && to <= high[i];
        first[i] = from > low[i] ? (int)fmin(from, high[i]) : low[i];
        end[i] = to < high[i] ? (int)fmax(to, low[i]) : high[i];
    }
    return all;
}

/* The box in ways that make it row by row. */
static void add_rows(const struct pvr_footprint *footprint, const double centre[3],
                     const double *rest, const double *depth, const struct pvr_patch *patch,
                     const double *value) {
    const bool product = depth == NULL && footprint->kind == PVR_FOOTPRINT_PRODUCT;
    const double middle[3] = {centre[0], centre[1], depth != NULL ? centre[2] : 0};
    struct pvr_solid solid;
    int first[2], end[2];
    pvr_footprint_part(footprint, centre, patch->low, patch->high, first, end);
    if (!product) {
        const double low[3] = {first[0], first[1], depth != NULL ? depth[0] : -(double)INFINITY};
        const double high[3] = {end[0], end[1], depth != NULL ? depth[1] : (double)INFINITY};
        if (!pvr_solid_make(&solid, footprint, middle, rest, low, high)) {
            return;
        }
    }
    const double no_share = product ? footprint->no_share : 0;
    const double unit = product ? 1 : 1 / footprint->volume;
    for (int row = first[1]; row < end[1]; row++) {
        double share[PVR_PATCH];
        const int count = end[0] - first[0];
        if (product) {
            product_row(footprint, centre, first[0], row, count, share);
        } else {
            pvr_solid_cut_row(&solid, first[0], row, count, share);
        }
        for (int p = 0; p < patch->nplanes; p++) {
            double *to = pvr_patch_row(patch, p, row - patch->low[1]) + (first[0] - patch->low[0]);
            for (int i = 0; i < count; i++) {
                to[i] += (share[i] > no_share ? share[i] * unit : 0) * value[p];
            }
        }
    }
}

void pvr_footprint_add(const struct pvr_footprint *footprint, const double centre[3],
                       const double *rest, const double *depth, const struct pvr_patch *patch,
                       const double *value) {
    for (int i = 0; i < 2; i++) {
        const double reach = footprint->half[i] + find_slack(footprint, centre, i);
        if (!(centre[i] + reach > patch->low[i] && centre[i] - reach < patch->high[i])) {
            return;
        }
    }
    if (depth != NULL) {
        add_rows(footprint, centre, rest, depth, patch, value);
    } else if (footprint->kind == PVR_FOOTPRINT_SMALL) {
        pvr_footprint_add_small(footprint, centre, patch, value);
    } else if (footprint->kind == PVR_FOOTPRINT_CORNERS) {
        pvr_footprint_add_corners(footprint, centre, patch, value);
    } else if (footprint->kind == PVR_FOOTPRINT_STRIPS) {
        pvr_footprint_add_strips(footprint, centre, patch, value);
    } else {
        add_rows(footprint, centre, rest, NULL, patch, value);
    }
}
