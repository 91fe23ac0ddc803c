/* pvr_sum.h - a sum that keeps the digits that its additions lose (Neumaier; internal). */
#ifndef PVR_SUM_H
#define PVR_SUM_H

#include <math.h>

struct pvr_sum {
    double value, lost;
};

static inline void pvr_sum_add(struct pvr_sum *sum, double term) {
    double total = sum->value + term;
    sum->lost +=
        fabs(sum->value) >= fabs(term) ? (sum->value - total) + term : (term - total) + sum->value;
    sum->value = total;
}

static inline void pvr_sum_join(struct pvr_sum *sum, const struct pvr_sum *other) {
    pvr_sum_add(sum, other->value);
    pvr_sum_add(sum, other->lost);
}

static inline double pvr_sum_total(const struct pvr_sum *sum) {
    return sum->value + sum->lost;
}

#endif
