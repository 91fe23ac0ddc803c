/* pvr_chord_strips.c - shares of pixels in a box, of what its edges deposit.
 *
 * Strips are the columns of the image. The second differences of the shares in a strip are 0 but
 * where an edge of the box crosses the strip: there the edge deposits four numbers. An edge from u
 * to u + w (w <= 1), where u = whole + f, is an even distribution of places; a place at f adds
 *
 *     (1 - f)^2 / 2,  1/2 + f - f^2,  f^2 / 2,  0         where f < 1
 *
 * times the edge's jump, and the same one pixel on where f > 1. The means of these are polynomials
 * of f and w, and where the edge crosses a border of pixels, so does a cube of what lies beyond.
 * Two running sums along the strip make shares of all that: of one box alone, so that rounding is
 * that of the box, not of the image.
 *
 * Four parallel edges are followed at once; four strips are added up at once.
 */
#include "pvr_chord.h"
#include "pvr_lanes.h"

#include <string.h>

enum { BUFFER = 4096 };

/* Strips: where they begin in the buffer is number times `stride`; one more than `count` of them
 * can be written to. */
struct strips {
    double *buffer;
    int count, stride;
};

/* Parts of four parallel edges, each in one strip, from u to u + w; half their jump times width. */
INLINE void deposit(double *buffer, const ints *strip, const lanes *from, const lanes *height,
                    const lanes *weight, const lanes *tail) {
    const lanes u = *from, w = *height, sum = *weight;
    const lanes zero = SPREAD(0.0), one = SPREAD(1.0);
    const ints whole = WHOLE(u);
    const lanes f = u - REAL(whole), over = f + w - one, beyond = ONLY(over > zero, over);
    const lanes first = sum * (f + f + w), second = sum * (f * (f + w) + w * w * (1.0 / 3));
    const lanes rest = *tail * (beyond * beyond * beyond), third = 3 * rest;
    lanes four[4] = {sum - first + second - rest, sum + first - (second + second) + third,
                     second - third, rest};
    TRANSPOSE(four);
    const ints at = *strip + whole;
    for (int k = 0; k < LANES; k++) {
        *(lanes *)(buffer + at[k]) += four[k];
    }
}

/* The parallel edges e to e + 3 of a box whose middle is at `at`. */
INLINE void add_edges(const struct strips *strips, const struct pvr_edges *edges, int e,
                      const double at[2]) {
    const lanes zero = SPREAD(0.0), one = SPREAD(1.0), most = SPREAD((double)strips->count);
    const int pieces = edges->pieces[e], stride = strips->stride;
    double *const buffer = strips->buffer;
    const double slope = edges->slope[e], piece = 1.0 / pieces;
    const double lean = slope < 0 ? slope : 0, reach = (slope < 0 ? -slope : slope) * piece;
    const lanes jump = LOAD(&edges->jump[e]) * (0.5 * piece), tail = LOAD(&edges->tail[e]);
    const lanes left = LOAD(&edges->left[e]) + at[0], y = LOAD(&edges->start[e]) + at[1],
                right = left + edges->width[e], x = SMALLER(left, most);
    /* what of them lies in strips that are there; of others an end, of no width */
    lanes begin = LARGER(x, zero);
    begin = SMALLER(begin, right);
    lanes end = SMALLER(right, most);
    end = LARGER(end, begin);
    lanes strip = LARGER(begin, zero);
    strip = REAL(WHOLE(SMALLER(strip, most)));
    const ints steps = WHOLE(end - strip);
    int least = steps[0], largest = steps[0];
    for (int k = 1; k < LANES; k++) {
        least = steps[k] < least ? steps[k] : least;
        largest = steps[k] > largest ? steps[k] : largest;
    }
    const lanes base = y - slope * x + lean;
    for (int step = 0; step <= largest; step++) {
        const lanes next = strip + one;
        if (step > 0 && step < least) { /* all cross their strips from side to side */
            const ints where = WHOLE(strip) * stride;
            const lanes w = SPREAD(reach);
            lanes u = base + slope * strip;
            for (int k = 0; k < pieces; k++) {
                deposit(buffer, &where, &u, &w, &jump, &tail);
                u += w;
            }
        } else {
            const lanes to = SMALLER(next, end), from = SMALLER(begin, to), part = to - from;
            const ints where = WHOLE(SMALLER(strip, most)) * stride;
            const lanes w = part * reach, sum = jump * part;
            lanes u = y + slope * (from - x) + lean * part;
            for (int k = 0; k < pieces; k++) {
                deposit(buffer, &where, &u, &w, &sum, &tail);
                u += w;
            }
        }
        begin = strip = next;
    }
}

/* Where shares go, and what is to be left out. */
struct adding {
    double *plane; /* the pixel of strip 0 and row 0 */
    int nplanes;
    int low, high; /* rows */
    double no_share;
    const double *value;
};

/* Adds up `blocks` times four strips. */
INLINE void add_up(const double *buffer, int stride, int blocks, const struct adding *adding,
                   double *plane) {
    const lanes least = SPREAD(adding->no_share);
    const int low = adding->low - LANES, high = adding->high, nplanes = adding->nplanes;
    const double *const value = adding->value;
    lanes slope[2] = {SPREAD(0.0), SPREAD(0.0)}, sum[2] = {SPREAD(0.0), SPREAD(0.0)};
    for (int j = 0; j < high; j += LANES) {
        lanes share[2][LANES];
        for (int b = 0; b < blocks; b++) {
            for (int k = 0; k < LANES; k++) {
                share[b][k] = LOAD(buffer + (LANES * b + k) * stride + j);
            }
            TRANSPOSE(share[b]);
            for (int k = 0; k < LANES; k++) {
                slope[b] += share[b][k];
                sum[b] += slope[b];
                share[b][k] = ONLY(sum[b] > least, sum[b]);
            }
        }
        if (j <= low) {
            continue;
        }
        double *to = plane + j * PVR_PATCH_ROW;
        for (int p = 0; p < nplanes; p++, to += PVR_PATCH_PLANE) {
            const lanes by = SPREAD(value[p]);
            for (int k = 0; k < LANES; k++) {
                for (int b = 0; b < blocks; b++) {
                    *(lanes *)(to + k * PVR_PATCH_ROW + LANES * b) += share[b][k] * by;
                }
            }
        }
    }
}

INLINE void add_strips(const struct pvr_footprint *footprint, const double centre[2],
                       const struct pvr_patch *patch, const double *value) {
    double buffer[BUFFER] __attribute__((aligned(32)));
    const struct pvr_edges *edges = &footprint->edges;
    const int stride = ((int)(2 * footprint->half[1]) + 2 + 2 * LANES) & ~(LANES - 1);
    const int most = BUFFER / stride / LANES * LANES - LANES;
    const double left = centre[0] - footprint->half[0], right = centre[0] + footprint->half[0];
    const int first = left > patch->low[0] ? (int)left : patch->low[0];
    const int end = right < patch->high[0] ? (int)right + 1 : patch->high[0];
    /* rows count from below the box */
    const double below = centre[1] - footprint->half[1] - patch->low[1],
                 above = centre[1] + footprint->half[1] - patch->low[1];
    const int bottom = (int)(below + BUFFER) - BUFFER, height = patch->high[1] - patch->low[1];
    const int top = above < height ? (int)above + 1 : height;
    struct adding adding = {.nplanes = patch->nplanes,
                            .low = -bottom,
                            .high = top - bottom,
                            .no_share = footprint->no_share,
                            .value = value};
    for (int x = first; x < end; x += most) {
        const struct strips strips = {buffer, end - x < most ? end - x : most, stride};
        const double at[2] = {centre[0] - x, centre[1] - patch->low[1] - bottom};
        const int used = (strips.count + LANES - 1) & ~(LANES - 1);
        memset(buffer, 0, (size_t)(used * stride) * sizeof *buffer);
        for (int e = 0; e < edges->count; e += LANES) {
            add_edges(&strips, edges, e, at);
        }
        double *plane = pvr_patch_row(patch, 0, 0) + bottom * PVR_PATCH_ROW + (x - patch->low[0]);
        int i = 0;
        for (; i + LANES < strips.count; i += 2 * LANES) {
            add_up(buffer + i * stride, stride, 2, &adding, plane + i);
        }
        if (i < strips.count) {
            add_up(buffer + i * stride, stride, 1, &adding, plane + i);
        }
    }
}

#ifdef PVR_HAVE_AVX2
TARGET_AVX2 static void add_strips_avx2(const struct pvr_footprint *footprint,
                                        const double centre[2], const struct pvr_patch *patch,
                                        const double *value) {
    add_strips(footprint, centre, patch, value);
}
#endif

void pvr_footprint_add_strips(const struct pvr_footprint *footprint, const double centre[2],
                              const struct pvr_patch *patch, const double *value) {
#ifdef PVR_HAVE_AVX2
    if (footprint->avx2) {
        add_strips_avx2(footprint, centre, patch, value);
        return;
    }
#endif
    add_strips(footprint, centre, patch, value);
}
