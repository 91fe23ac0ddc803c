/* pvr_chord.c - what pixels get of a box that is looked at in any direction. */
#include "pvr_chord.h"

#include <math.h>
#include <string.h>

/* A direction that is less than this part along an edge of the box sees the faces there edge-on:
 * slopes of the chord length would cost more digits than there are. */
static const double edge_on = 1e-3;

/* The half extent, in pixels, from which a box is cut: the places of its edges are squared in the
 * other ways, which costs as many digits as it has pixels along a side. */
static const double large = 80;

/* Edges that deviate less than this from an axis of the image lie along it. */
static const double same_direction = 1e-13;

/* The edges along axis i, one for each pair of signs of the two other axes. */
static void add_edges(struct pvr_footprint *footprint, const struct pvr_view *view, int i) {
    const double *along_edge = footprint->edge[i];
    const int other[2] = {(i + 1) % 3, (i + 2) % 3};
    if (fabs(along_edge[1]) < same_direction * footprint->half[1]) {
        return; /* level: crosses no row */
    }
    const double up = along_edge[1] > 0 ? 1 : -1;
    const double slope = along_edge[0] / along_edge[1];
    for (int corner = 0; corner < 4; corner++) {
        const double sign[2] = {corner & 1 ? 1 : -1, corner & 2 ? 1 : -1};
        double jump = 0;
        for (int f = 0; f < 2; f++) {
            /* the face whose normal is axis other[f]; from the edge it reaches along the other */
            int normal = other[f];
            const double *reach = footprint->edge[other[1 - f]];
            bool right = -sign[1 - f] * (reach[0] - reach[1] * slope) > 0;
            bool near = sign[f] * view->along[normal] > 0;
            double gradient = -view->right[normal] / view->along[normal];
            jump += (right == near ? 1 : -1) * gradient;
        }
        int n = footprint->nedges++;
        double end[2]; /* the lower */
        for (int a = 0; a < 2; a++) {
            end[a] = (sign[0] * footprint->edge[other[0]][a] +
                      sign[1] * footprint->edge[other[1]][a] - up * along_edge[a]) /
                     2;
        }
        footprint->place[n] = end[0] - end[1] * slope;
        footprint->low[n] = end[1];
        footprint->high[n] = end[1] + up * along_edge[1];
        footprint->slope[n] = slope;
        footprint->jump[n] = jump / footprint->volume;
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
    for (int i = 0; i < 3; i++) {
        const double direction[3] = {view->right[i], view->up[i], view->along[i]};
        double side = sides[i] / pixel;
        for (int a = 0; a < 3; a++) {
            footprint->edge[i][a] = direction[a] * side;
            footprint->half[a] += fabs(direction[a] * side) / 2;
        }
        footprint->volume *= side;
        least = fmin(least, fabs(view->along[i]));
    }
    footprint->no_share = fmin(1e-13, 1e-10 / (4 * footprint->half[0] * footprint->half[1]));
    if (fmax(footprint->half[0], footprint->half[1]) > large) {
        footprint->kind = PVR_FOOTPRINT_CUT;
    } else if (find_product(footprint)) {
        footprint->kind = PVR_FOOTPRINT_PRODUCT;
    } else if (least < edge_on) {
        footprint->kind = PVR_FOOTPRINT_CUT;
    } else {
        footprint->kind = PVR_FOOTPRINT_EDGES;
        for (int i = 0; i < 3; i++) {
            add_edges(footprint, view, i);
        }
    }
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

/* A part of an edge within a row: places at its left and right ends, from the box's centre, its
 * jump * height, and of the row's pixels the first that it touches and the first right of it. */
struct crossing {
    double from, to, weight;
    int first, after;
};

/* Rounds down what is well within an int. */
static inline int floor_int(double x) {
    int whole = (int)x;
    return whole - (x < whole);
}

/* Cuts the edges to the row; the crossings are in the order of `after`. Returns how many. */
static int find_crossings(const struct pvr_footprint *footprint, double bottom, double begin,
                          struct crossing crossing[12]) {
    const double top = bottom + 1;
    int ncrossings = 0;
    for (int e = 0; e < footprint->nedges; e++) {
        double low = footprint->low[e] > bottom ? footprint->low[e] : bottom;
        double high = footprint->high[e] < top ? footprint->high[e] : top;
        if (!(high > low)) {
            continue;
        }
        const double place = footprint->place[e], slope = footprint->slope[e];
        double one = place + low * slope, two = place + high * slope;
        struct crossing made = {.from = one < two ? one : two,
                                .to = one < two ? two : one,
                                .weight = footprint->jump[e] * (high - low)};
        made.first = floor_int(made.from - begin);
        made.after = -floor_int(begin - made.to);
        int at = ncrossings++;
        for (; at > 0 && crossing[at - 1].after > made.after; at--) {
            crossing[at] = crossing[at - 1];
        }
        crossing[at] = made;
    }
    return ncrossings;
}

/* What the pixels that a crossing touches get of it: differences of the mean, over its height, of
 * max(0, x - place)^2 / 2, which is a cube left of its right end. */
static void add_touched(const struct crossing *edge, double begin, double half, int count,
                        double *share) {
    const int first = edge->first > 0 ? edge->first : 0, last = edge->after - 1;
    if (first > last) {
        return;
    }
    double before = 0;
    if (edge->first < first || last > first) {
        double by = edge->weight / (6 * (edge->to - edge->from) + 1e-300);
        double x = begin + first - edge->from;
        before = x > 0 ? by * x * x * x : 0;
        for (int i = first; i < last && i < count; i++) {
            x = begin + (i + 1) - edge->from;
            double now = by * x * x * x;
            share[i] += now - before;
            before = now;
        }
    }
    if (last < count) {
        double end = begin + edge->after;
        end = end < half ? end : half;
        double a = end - edge->from, b = end - edge->to;
        share[last] += edge->weight * ((a * a + a * b + b * b) / 6) - before;
    }
}

static void edges_row(const struct pvr_footprint *footprint, const double centre[2], double first,
                      double row, int count, double *share) {
    struct crossing crossing[12];
    /* pixels end with the box at the latest: beyond it, squares would only cost digits */
    const double begin = first - centre[0], half = footprint->half[0];
    const int last = -floor_int(begin - half) - 1;
    const int ncrossings = find_crossings(footprint, row - centre[1], begin, crossing);
    memset(share, 0, (size_t)count * sizeof *share);
    double slope = 0, offset = 0;
    for (int c = 0; c < ncrossings; c++) {
        const struct crossing *edge = &crossing[c];
        add_touched(edge, begin, half, count, share);
        /* right of these crossings, the chord length over the row is a line, up to the next */
        slope += edge->weight;
        offset += edge->weight * ((edge->from + edge->to) / 2);
        int i = edge->after > 0 ? edge->after : 0;
        int end = c + 1 < ncrossings ? crossing[c + 1].after : 0; /* after the last: nothing */
        end = end < count ? end : count;
        for (; i < end && i < last; i++) {
            share[i] += slope * (begin + i + 0.5) - offset;
        }
        if (i < end && i == last) {
            double x = begin + i;
            share[i] += (half - x) * (slope * ((x + half) / 2) - offset);
        }
    }
}

void pvr_footprint_row(const struct pvr_footprint *footprint, const double centre[2], double first,
                       double row, int count, double *share) {
    if (footprint->kind == PVR_FOOTPRINT_PRODUCT) {
        product_row(footprint, centre, first, row, count, share);
    } else if (footprint->kind == PVR_FOOTPRINT_EDGES) {
        edges_row(footprint, centre, first, row, count, share);
    } else {
        const double place[3] = {centre[0], centre[1], 0};
        const double all[2] = {-2 * footprint->half[2], 2 * footprint->half[2]};
        pvr_footprint_cut_row(footprint, place, all, first, row, count, share);
    }
}
