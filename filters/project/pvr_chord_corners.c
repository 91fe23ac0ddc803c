/* pvr_chord_corners.c - shares of pixels in a small box, of what of it lies left of and below the
 * corners of pixels.
 *
 * Places count from the box's middle, and the borders of the last pixels are those of the box: so
 * this is as exact for a box of a millionth of a pixel as for one of a pixel. Four parallel edges
 * are taken at once.
 */
#include "pvr_chord.h"
#include "pvr_lanes.h"

enum { GROUPS = PVR_BOX_EDGES / LANES };

/* What of four parallel edges lies left of a column's right border. */
struct part {
    lanes weight, low, high, by_height; /* jump * width / 6, ends, 1 / height */
};

INLINE void cut_edges(const struct pvr_edges *edges, int e, double x, struct part *part) {
    const lanes zero = SPREAD(0.0), tiny = SPREAD(1e-300), sixth = SPREAD(1.0 / 6);
    const double slope = edges->slope[e];
    const lanes all = SPREAD(edges->width[e]), start = LOAD(&edges->start[e]);
    lanes width = x - LOAD(&edges->left[e]);
    width = ONLY(width > zero, width);
    width = SMALLER(width, all);
    const lanes rise = slope * width;
    part->weight = LOAD(&edges->jump[e]) * width * sixth;
    part->low = start;
    part->high = start + rise;
    part->by_height = 1.0 / (width * (slope < 0 ? -slope : slope) + tiny);
}

/* Of what the edges bound, the part below y: their weights times the means of
 * 3 max(0, y - place)^2. Where an edge reaches above y, that is a mean over a part of it. */
INLINE void add_below(const struct part *part, double y, lanes *sum) {
    const lanes zero = SPREAD(0.0), one = SPREAD(1.0);
    lanes a = y - part->low, b = y - part->high;
    a = ONLY(a > zero, a);
    b = ONLY(b > zero, b);
    const lanes both = a + b, share = both * part->by_height;
    *sum += part->weight * (a * a + b * both) * SMALLER(share, one);
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

/* A box within four rows and four columns: so many are made, whichever of them it touches, and the
 * patch has margins. */
INLINE void add_small(const struct pvr_footprint *footprint, const double centre[2],
                      const struct pvr_patch *patch, const double *value) {
    const struct pvr_edges *edges = &footprint->edges;
    const double *half = footprint->half;
    const int nplanes = patch->nplanes;
    int first[2], last[2];
    for (int i = 0; i < 2; i++) {
        find_pixels(footprint, centre, i, &first[i], &last[i]);
    }
    double *to = pvr_patch_row(patch, 0, first[1] - patch->low[1]) + (first[0] - patch->low[0]);
    if (first[0] == last[0] && first[1] == last[1]) {
        for (int p = 0; p < nplanes; p++, to += PVR_PATCH_PLANE) {
            *to += value[p];
        }
        return;
    }
    const lanes zero = SPREAD(0.0), least = SPREAD(footprint->no_share);
    const double x = first[0] + 1 - centre[0], y = first[1] + 1 - centre[1];
    lanes share[LANES] = {zero, zero, zero, zero}, before = zero;
    for (int i = 0; i < LANES && i <= last[0] - first[0]; i++) {
        lanes sum[LANES] = {zero, zero, zero, zero};
        for (int e = 0; e < edges->count; e += LANES) {
            struct part part;
            cut_edges(edges, e, x + i < half[0] ? x + i : half[0], &part);
            for (int j = 0; j < LANES; j++) {
                add_below(&part, y + j < half[1] ? y + j : half[1], &sum[j]);
            }
        }
        TRANSPOSE(sum);
        const lanes all = (sum[0] + sum[1]) + (sum[2] + sum[3]), column = all - before;
        const lanes pixels = column - MIX(column, zero, 4, 0, 1, 2);
        share[i] = ONLY(pixels > least, pixels);
        before = all;
    }
    TRANSPOSE(share);
    for (int p = 0; p < nplanes; p++, to += PVR_PATCH_PLANE) {
        const lanes by = SPREAD(value[p]);
        for (int j = 0; j < LANES; j++) {
            *(lanes *)(to + j * PVR_PATCH_ROW) += share[j] * by;
        }
    }
}

INLINE void add_corners(const struct pvr_footprint *footprint, const double centre[2],
                        const struct pvr_patch *patch, const double *value) {
    const struct pvr_edges *edges = &footprint->edges;
    const double *half = footprint->half, no_share = footprint->no_share;
    int first[2], last[2], begin[2], end[2];
    for (int i = 0; i < 2; i++) {
        find_pixels(footprint, centre, i, &first[i], &last[i]);
        begin[i] = first[i] > patch->low[i] ? first[i] : patch->low[i];
        end[i] = last[i] < patch->high[i] - 1 ? last[i] + 1 : patch->high[i];
    }
    /* sums below the borders of rows, left of a column's right border; border 0 is that below row
     * begin[1] */
    const int rows = end[1] - begin[1];
    double before[PVR_PATCH + 1] = {0};
    for (int x = begin[0] - (begin[0] > first[0]); x < end[0]; x++) {
        const double right = x + 1 - centre[0];
        struct part part[GROUPS];
        for (int e = 0; e < edges->count; e += LANES) {
            cut_edges(edges, e, right < half[0] ? right : half[0], &part[e / LANES]);
        }
        double *to = pvr_patch_row(patch, 0, begin[1] - patch->low[1]) + (x - patch->low[0]);
        double below = 0;
        for (int j = begin[1] > first[1] ? 0 : 1; j <= rows; j++) {
            const double y = begin[1] + j - centre[1];
            lanes sum = SPREAD(0.0);
            for (int g = 0; g < edges->count / LANES; g++) {
                add_below(&part[g], y < half[1] ? y : half[1], &sum);
            }
            const double all = (sum[0] + sum[1]) + (sum[2] + sum[3]), column = all - before[j];
            const double share = column - below;
            before[j] = all;
            below = column;
            if (x >= begin[0] && j > 0 && share > no_share) {
                for (int p = 0; p < patch->nplanes; p++) {
                    to[(j - 1) * PVR_PATCH_ROW + p * PVR_PATCH_PLANE] += share * value[p];
                }
            }
        }
    }
}

#ifdef PVR_HAVE_AVX2
TARGET_AVX2 static void add_small_avx2(const struct pvr_footprint *footprint,
                                       const double centre[2], const struct pvr_patch *patch,
                                       const double *value) {
    add_small(footprint, centre, patch, value);
}
#endif

void pvr_footprint_add_small(const struct pvr_footprint *footprint, const double centre[2],
                             const struct pvr_patch *patch, const double *value) {
#ifdef PVR_HAVE_AVX2
    if (footprint->avx2) {
        add_small_avx2(footprint, centre, patch, value);
        return;
    }
#endif
    add_small(footprint, centre, patch, value);
}

void pvr_footprint_add_corners(const struct pvr_footprint *footprint, const double centre[2],
                               const struct pvr_patch *patch, const double *value) {
    add_corners(footprint, centre, patch, value);
}
