/* pvr_chord_corners.c - shares of pixels in a small box, of what of it lies left of and below the
 * corners of pixels.
 *
 * Places count from the box's middle, and the borders of the last pixels are those of the box: so
 * this is as exact for a box of a millionth of a pixel as for one of a pixel. Four parallel edges
 * are taken at once.
 */
#include "pvr_chord.h"
#include "pvr_lanes.h"

#include <string.h>

enum { GROUPS = PVR_BOX_EDGES / LANES, MOST_BORDERS = 256 };

/* What of four parallel edges lies left of a column's right border. */
struct part {
    lanes weight, low, high, by_height; /* jump * width / 6, ends, 1 / height */
};

INLINE void cut_edges(const struct pvr_edges *edges, double x, struct part part[GROUPS]) {
    const lanes zero = SPREAD(0.0), tiny = SPREAD(1e-300), sixth = SPREAD(1.0 / 6);
    for (int e = 0; e < edges->count; e += LANES) {
        const double slope = edges->slope[e];
        const lanes all = SPREAD(edges->width[e]), start = LOAD(&edges->start[e]);
        lanes width = x - LOAD(&edges->left[e]);
        width = LARGER(width, zero);
        width = SMALLER(width, all);
        const lanes rise = slope * width, height = LARGER(rise, -rise) + tiny;
        part[e / LANES] =
            (struct part){LOAD(&edges->jump[e]) * width * sixth, start, start + rise, 1.0 / height};
    }
}

/* Of the box, what lies below y and left of where the edges were cut: the sum over the edges of
 * weight times the mean of 3 max(0, y - place)^2. Where an edge reaches above y, that is a mean
 * over a part of it. */
INLINE double sum_below(const struct part part[GROUPS], int groups, double y) {
    const lanes zero = SPREAD(0.0), one = SPREAD(1.0);
    lanes sum = SPREAD(0.0);
    for (int g = 0; g < groups; g++) {
        lanes a = y - part[g].low, b = y - part[g].high;
        a = ONLY(a > zero, a);
        b = ONLY(b > zero, b);
        const lanes both = a + b, share = both * part[g].by_height;
        sum += part[g].weight * (a * a + b * both) * SMALLER(share, one);
    }
    sum += MIX(sum, sum, 2, 3, 0, 1);
    return sum[0] + sum[1];
}

/* Numbers of the first pixel and the last that the box touches along axis i. */
INLINE void find_pixels(const struct pvr_footprint *footprint, const double centre[2], int i,
                        int *first, int *last) {
    const double low = centre[i] - footprint->half[i], high = centre[i] + footprint->half[i];
    const int from = (int)low, to = (int)high;
    *first = from - (from > low);
    *last = to - (to >= high);
    *last = *last > *first ? *last : *first;
}

INLINE void add_corners(const struct pvr_footprint *footprint, const double centre[2],
                        const struct pvr_patch *patch, const double *value) {
    const struct pvr_edges *edges = &footprint->edges;
    const double no_share = footprint->no_share;
    int first[2], last[2], begin[2], end[2];
    for (int i = 0; i < 2; i++) {
        find_pixels(footprint, centre, i, &first[i], &last[i]);
        begin[i] = first[i] > patch->low[i] ? first[i] : patch->low[i];
        end[i] = last[i] < patch->high[i] - 1 ? last[i] + 1 : patch->high[i];
    }
    const int nplanes = patch->nplanes;
    if (first[0] == last[0] && first[1] == last[1]) {
        if (begin[0] < end[0] && begin[1] < end[1]) {
            double *pixel =
                pvr_patch_row(patch, 0, begin[1] - patch->low[1]) + begin[0] - patch->low[0];
            for (int p = 0; p < nplanes; p++) {
                pixel[p * PVR_PATCH_ROW * PVR_PATCH_ROW] += value[p];
            }
        }
        return;
    }
    /* sums below the upper borders of rows begin[1] - 1 to end[1] - 1, left of a column's border */
    const int rows = end[1] - begin[1];
    double border[MOST_BORDERS], before[MOST_BORDERS] = {0};
    for (int j = 0; j <= rows; j++) {
        const double y = begin[1] + j - centre[1];
        border[j] = y < footprint->half[1] ? y : footprint->half[1];
    }
    struct part part[GROUPS];
    const int groups = edges->count / LANES;
    const bool cut_below = begin[1] > first[1];
    for (int x = begin[0] - (begin[0] > first[0]); x < end[0]; x++) {
        const double right = x + 1 - centre[0];
        cut_edges(edges, right < footprint->half[0] ? right : footprint->half[0], part);
        double below = 0;
        double *pixel = pvr_patch_row(patch, 0, 0) + (x - patch->low[0]);
        for (int j = cut_below ? 0 : 1; j <= rows; j++) {
            const double sum = sum_below(part, groups, border[j]), left = sum - before[j];
            const double share = left - below;
            before[j] = sum;
            below = left;
            if (x >= begin[0] && j > 0 && share > no_share) {
                double *to = pixel + (begin[1] - patch->low[1] + j - 1) * PVR_PATCH_ROW;
                for (int p = 0; p < nplanes; p++) {
                    to[p * PVR_PATCH_ROW * PVR_PATCH_ROW] += share * value[p];
                }
            }
        }
    }
}

#ifdef PVR_HAVE_AVX2
TARGET_AVX2 static void add_corners_avx2(const struct pvr_footprint *footprint,
                                         const double centre[2], const struct pvr_patch *patch,
                                         const double *value) {
    add_corners(footprint, centre, patch, value);
}
#endif

void pvr_footprint_add_corners(const struct pvr_footprint *footprint, const double centre[2],
                               const struct pvr_patch *patch, const double *value) {
#ifdef PVR_HAVE_AVX2
    if (footprint->avx2) {
        add_corners_avx2(footprint, centre, patch, value);
        return;
    }
#endif
    add_corners(footprint, centre, patch, value);
}
