/* pvr_partition.c - a row of weights cut into runs. */
#include "pvr_partition.h"

#include <stdbool.h>
#include <stdlib.h>

/* sum[i]: of the first i weights, n + 1 entries. */
struct row {
    const uint64_t *sum;
    size_t n;
};

/* The last end for a part that begins at `begin` and weighs at most `cap`. */
static size_t last_end(const struct row *row, size_t begin, uint64_t cap) {
    size_t low = begin, high = row->n; /* sum[low] - sum[begin] <= cap */
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (row->sum[middle] - row->sum[begin] <= cap) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* The first beginning of a part that ends at `end` and weighs at most `cap`. */
static size_t first_begin(const struct row *row, size_t end, uint64_t cap) {
    size_t low = 0, high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row->sum[end] - row->sum[middle] <= cap) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static bool fits(const struct row *row, int nparts, uint64_t cap) {
    size_t at = 0;
    for (int part = 0; part < nparts && at < row->n; part++) {
        at = last_end(row, at, cap);
    }
    return at == row->n;
}

static uint64_t least_cap(const struct row *row, int nparts) {
    uint64_t total = row->sum[row->n];
    uint64_t low = total / (uint64_t)nparts, high = total;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (fits(row, nparts, middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* The place between low and high where the sum comes nearest to `target`. */
static size_t nearest(const struct row *row, size_t low, size_t high, uint64_t target) {
    size_t begin = low;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row->sum[middle] < target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > begin && row->sum[low] > target &&
        target - row->sum[low - 1] <= row->sum[low] - target) {
        low--;
    }
    return low;
}

enum pvr_status pvr_partition(const uint64_t *weight, size_t n, int nparts, size_t *first,
                              uint64_t *heaviest, struct pvr_error *error) {
    uint64_t *sum = malloc((n + 1) * sizeof *sum);
    if (sum == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %zu weights", n);
    }
    sum[0] = 0;
    for (size_t i = 0; i < n; i++) {
        sum[i + 1] = sum[i] + weight[i];
    }
    const struct row row = {sum, n};
    uint64_t cap = least_cap(&row, nparts);
    /* Where the parts behind must begin at the earliest, so that they fit. */
    first[nparts] = n;
    for (int part = nparts - 1; part > 0; part--) {
        first[part] = first_begin(&row, first[part + 1], cap);
    }
    first[0] = 0;
    *heaviest = 0;
    for (int part = 0; part < nparts; part++) {
        if (part + 1 < nparts) {
            /* all but the last bits of total * (part + 1) / nparts, which could overflow */
            uint64_t share = sum[n] / (uint64_t)nparts, rest = sum[n] % (uint64_t)nparts;
            uint64_t target =
                share * (uint64_t)(part + 1) + rest * (uint64_t)(part + 1) / (uint64_t)nparts;
            size_t low = first[part + 1] > first[part] ? first[part + 1] : first[part];
            first[part + 1] = nearest(&row, low, last_end(&row, first[part], cap), target);
        }
        uint64_t weighs = sum[first[part + 1]] - sum[first[part]];
        *heaviest = weighs > *heaviest ? weighs : *heaviest;
    }
    free(sum);
    return PVR_OK;
}
