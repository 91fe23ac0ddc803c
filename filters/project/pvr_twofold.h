/* pvr_twofold.h - numbers of two doubles (internal): some 32 digits, for places that are far from
 * where they are wanted to the last digit.
 *
 * Sums and products of two doubles with what rounding took from them (Dekker 1971, Knuth). The
 * second double is always less than the rounding of the first.
 */
#ifndef PVR_TWOFOLD_H
#define PVR_TWOFOLD_H

#include <math.h>

struct pvr_twofold {
    double value, rest;
};

static inline struct pvr_twofold pvr_twofold_sum(double a, double b) {
    const double sum = a + b, added = sum - a;
    return (struct pvr_twofold){sum, (a - (sum - added)) + (b - added)};
}

static inline struct pvr_twofold pvr_twofold_product(double a, double b) {
    const double product = a * b;
#ifdef FP_FAST_FMA
    return (struct pvr_twofold){product, fma(a, b, -product)};
#else
    const double halve = 134217729; /* 2^27 + 1: halves of 26 bits, whose products are exact */
    const double a_high = halve * a - (halve * a - a), a_low = a - a_high;
    const double b_high = halve * b - (halve * b - b), b_low = b - b_high;
    return (struct pvr_twofold){
        product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
#endif
}

static inline struct pvr_twofold pvr_twofold_add(struct pvr_twofold a, struct pvr_twofold b) {
    const struct pvr_twofold sum = pvr_twofold_sum(a.value, b.value);
    const struct pvr_twofold rest = pvr_twofold_sum(a.rest, b.rest);
    const struct pvr_twofold first = pvr_twofold_sum(sum.value, sum.rest + rest.value);
    return pvr_twofold_sum(first.value, first.rest + rest.rest);
}

static inline struct pvr_twofold pvr_twofold_times(struct pvr_twofold a, double b) {
    const struct pvr_twofold product = pvr_twofold_product(a.value, b);
    return pvr_twofold_sum(product.value, product.rest + a.rest * b);
}

static inline struct pvr_twofold pvr_twofold_over(struct pvr_twofold a, double b) {
    const double quotient = a.value / b;
    const struct pvr_twofold back = pvr_twofold_product(quotient, b);
    return pvr_twofold_sum(quotient, ((a.value - back.value) - back.rest + a.rest) / b);
}

/* The sum of three products of a number of two doubles with one. */
static inline struct pvr_twofold pvr_twofold_dot(const struct pvr_twofold a[3], const double b[3]) {
    struct pvr_twofold sum = pvr_twofold_times(a[0], b[0]);
    sum = pvr_twofold_add(sum, pvr_twofold_times(a[1], b[1]));
    return pvr_twofold_add(sum, pvr_twofold_times(a[2], b[2]));
}

#endif
