/* pvr_points.c - smoothing lengths of points from their local density. */
#include "pvr_points.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 21 }; /* levels of the octree: three coordinates make a key of 63 bits */

/* Bits of a number, with two zeros after each. */
static uint64_t spread(uint64_t x) {
    x = (x | x << 32) & 0x1f00000000ffffu;
    x = (x | x << 16) & 0x1f0000ff0000ffu;
    x = (x | x << 8) & 0x100f00f00f00f00fu;
    x = (x | x << 4) & 0x10c30c30c30c30c3u;
    return (x | x << 2) & 0x1249249249249249u;
}

static bool is_finite_point(const struct pvr_array *position, uint64_t i) {
    return isfinite(pvr_point_place(position, i, 0) + pvr_point_place(position, i, 1) +
                    pvr_point_place(position, i, 2));
}

/* A cube around points: its lower corner; returns its side. */
static double find_cube(const struct pvr_array *position, double low[3]) {
    double high[3] = {-INFINITY, -INFINITY, -INFINITY}, side = 0;
    for (int a = 0; a < 3; a++) {
        low[a] = INFINITY;
    }
    for (uint64_t i = 0; i < position->ntuples; i++) {
        for (int a = 0; a < 3 && is_finite_point(position, i); a++) {
            low[a] = fmin(low[a], pvr_point_place(position, i, a));
            high[a] = fmax(high[a], pvr_point_place(position, i, a));
        }
    }
    for (int a = 0; a < 3; a++) {
        side = fmax(side, high[a] - low[a]);
    }
    return side > 0 && isfinite(side) ? side * (1 + 1e-9) : 1;
}

/* Keys of points in Morton order of a cube; UINT64_MAX for those without a place. */
static void make_keys(const struct pvr_array *position, const double low[3], double side,
                      uint64_t *key) {
    for (uint64_t i = 0; i < position->ntuples; i++) {
        key[i] = UINT64_MAX;
        if (is_finite_point(position, i)) {
            key[i] = 0;
            for (int a = 0; a < 3; a++) {
                double at = (pvr_point_place(position, i, a) - low[a]) / side;
                key[i] |= spread((uint64_t)(at * (1 << BITS))) << a;
            }
        }
    }
}

/* Sorts by eight bits at a time. */
static void sort_keys(uint64_t *key, uint64_t *scratch, uint64_t count) {
    for (int shift = 0; shift < 64; shift += 8) {
        uint64_t start[257] = {0};
        for (uint64_t i = 0; i < count; i++) {
            start[(key[i] >> shift & 255) + 1]++;
        }
        for (int b = 0; b < 256; b++) {
            start[b + 1] += start[b];
        }
        for (uint64_t i = 0; i < count; i++) {
            scratch[start[key[i] >> shift & 255]++] = key[i];
        }
        memcpy(key, scratch, (size_t)count * sizeof *key);
    }
}

/* Number of keys below `key`. */
static uint64_t count_below(const uint64_t *sorted, uint64_t count, uint64_t key) {
    uint64_t low = 0, high = count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (sorted[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Points in the cell of `depth` (0: the whole cube) that holds `key`. */
static uint64_t count_cell(const uint64_t *sorted, uint64_t count, uint64_t key, int depth) {
    int shift = 3 * (BITS - depth);
    uint64_t first = key >> shift << shift;
    return count_below(sorted, count, first + ((uint64_t)1 << shift)) -
           count_below(sorted, count, first);
}

enum pvr_status pvr_points_lengths(const struct pvr_array *position, const struct pvr_array *all,
                                   int neighbours, struct pvr_array **length,
                                   struct pvr_error *error) {
    const uint64_t npoints = position->ntuples, count = all->ntuples;
    uint64_t *key = malloc((size_t)(npoints + 1) * sizeof *key);
    uint64_t *sorted = malloc((size_t)(count + 1) * sizeof *sorted);
    uint64_t *scratch = malloc((size_t)(count + 1) * sizeof *scratch);
    enum pvr_status status = pvr_array_new(PVR_FLOAT64, 1, npoints, length, error);
    if (status == PVR_OK && (key == NULL || sorted == NULL || scratch == NULL)) {
        pvr_array_release(*length);
        *length = NULL;
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the density of points");
    }
    if (status == PVR_OK) {
        double low_corner[3];
        double side = find_cube(all, low_corner);
        make_keys(position, low_corner, side, key);
        make_keys(all, low_corner, side, sorted);
        sort_keys(sorted, scratch, count);
        double *h = (*length)->data;
        for (uint64_t i = 0; i < npoints; i++) {
            if (key[i] == UINT64_MAX) {
                continue;
            }
            int low = 0, high = BITS; /* the deepest cell with enough points, by halving */
            while (low < high) {
                int middle = (low + high + 1) / 2;
                if (count_cell(sorted, count, key[i], middle) >= (uint64_t)neighbours) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            double density =
                (double)count_cell(sorted, count, key[i], low) / pow(ldexp(side, -low), 3);
            h[i] = cbrt(3 * neighbours / (4 * 3.14159265358979323846 * density)) / 2;
        }
    }
    free(key);
    free(sorted);
    free(scratch);
    return status;
}
