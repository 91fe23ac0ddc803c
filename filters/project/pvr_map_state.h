/* pvr_map_state.h - how the sums of a pixel are put together (internal).
 *
 * The state of a pixel is `nplanes` doubles, by the kind of the map:
 *   PVR_KIND_ADD      per value sum(q w), then sum(w): one for all values, or one for each
 *   PVR_KIND_LEAST    per value the smallest q, +infinity at first
 *   PVR_KIND_MOST     per value the largest q, -infinity at first
 *   PVR_KIND_SQUARES  per value sum(w), mean, sum(w (q - mean)^2)
 * A cell, or a column of cells, has a state too. To put a share of it into a pixel is the same
 * operation as to add maps.
 */
#ifndef PVR_MAP_STATE_H
#define PVR_MAP_STATE_H

#include "pvr_map.h"

#include <math.h>

enum pvr_map_kind { PVR_KIND_ADD, PVR_KIND_LEAST, PVR_KIND_MOST, PVR_KIND_SQUARES };

static inline enum pvr_map_kind pvr_map_kind(enum pvr_map_mode mode) {
    return mode == PVR_MAP_MIN          ? PVR_KIND_LEAST
           : mode == PVR_MAP_MAX        ? PVR_KIND_MOST
           : mode == PVR_MAP_DISPERSION ? PVR_KIND_SQUARES
                                        : PVR_KIND_ADD;
}

static inline int pvr_map_count_planes(enum pvr_map_kind kind, int nvalues, bool own_weights) {
    return kind == PVR_KIND_SQUARES ? 3 * nvalues
           : kind != PVR_KIND_ADD   ? nvalues
           : own_weights            ? 2 * nvalues
                                    : nvalues + 1;
}

/* The state of what is empty, in plane `plane`. */
static inline double pvr_map_nothing(enum pvr_map_kind kind) {
    return kind == PVR_KIND_LEAST  ? (double)INFINITY
           : kind == PVR_KIND_MOST ? -(double)INFINITY
                                   : 0.0;
}

/* Puts `share` (0 to 1) of the state `from`, whose planes stand `from_stride` apart, into `to`. */
static inline void pvr_map_put(enum pvr_map_kind kind, int nplanes, double *to, size_t to_stride,
                               const double *from, size_t from_stride, double share) {
    if (kind == PVR_KIND_ADD) {
        for (int p = 0; p < nplanes; p++) {
            to[(size_t)p * to_stride] += share * from[(size_t)p * from_stride];
        }
        return;
    }
    if (!(share > 0)) {
        return;
    }
    if (kind != PVR_KIND_SQUARES) {
        for (int p = 0; p < nplanes; p++) {
            double value = from[(size_t)p * from_stride], *best = &to[(size_t)p * to_stride];
            bool better = kind == PVR_KIND_LEAST ? value < *best : value > *best;
            *best = better ? value : *best;
        }
        return;
    }
    for (int p = 0; p < nplanes; p += 3) {
        double *weight = &to[(size_t)p * to_stride], *mean = weight + to_stride,
               *squares = mean + to_stride;
        double more = share * from[(size_t)p * from_stride];
        if (more > 0) {
            double together = *weight + more, part = more / together;
            double apart = from[(size_t)(p + 1) * from_stride] - *mean;
            *squares +=
                share * from[(size_t)(p + 2) * from_stride] + *weight * part * apart * apart;
            *mean += part * apart;
            *weight = together;
        }
    }
}

#endif
