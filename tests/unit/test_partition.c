/* test_partition.c - pvr_partition.h: rows of weights cut into runs. */
#include "pvr_partition.h"

#include "support.h"

#include <stdlib.h>

/* The weight of the heaviest part of the best cut, by trying every one (as dynamic programming). */
static uint64_t best(const uint64_t *weight, size_t n, int nparts) {
    uint64_t cost[2][64];
    for (int p = 0; p < nparts; p++) {
        for (size_t end = 0; end <= n; end++) {
            uint64_t least = UINT64_MAX, sum = 0;
            for (size_t begin = end + 1; begin-- > 0;) {
                sum += begin < end ? weight[begin] : 0;
                uint64_t before = p > 0 ? cost[(p + 1) % 2][begin] : begin > 0 ? UINT64_MAX : 0;
                uint64_t worst = before > sum ? before : sum;
                least = worst < least ? worst : least;
            }
            cost[p % 2][end] = least;
        }
    }
    return cost[(nparts - 1) % 2][n];
}

static uint64_t check(const uint64_t *weight, size_t n, int nparts, size_t *first) {
    uint64_t heaviest, most = 0;
    unit_ok(pvr_partition(weight, n, nparts, first, &heaviest, NULL), NULL);
    assert_int_equal(first[0], 0);
    assert_int_equal(first[nparts], n);
    for (int p = 0; p < nparts; p++) {
        assert_true(first[p] <= first[p + 1]);
        uint64_t sum = 0;
        for (size_t i = first[p]; i < first[p + 1]; i++) {
            sum += weight[i];
        }
        most = sum > most ? sum : most;
    }
    assert_int_equal(heaviest, most);
    return heaviest;
}

static void no_cut_is_better(void **state) {
    (void)state;
    uint32_t seed = 1;
    for (int trial = 0; trial < 3000; trial++) {
        uint64_t weight[40];
        size_t first[51], n = (size_t)(trial % 40);
        int nparts = 1 + trial % 47 % 50;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            weight[i] = seed >> (trial % 3 == 0 ? 30 : 24); /* many zeros, or few */
        }
        assert_int_equal(check(weight, n, nparts, first), best(weight, n, nparts));
    }
}

static void parts_are_even(void **state) {
    (void)state;
    uint64_t weight[64];
    size_t first[65];
    for (int i = 0; i < 64; i++) {
        weight[i] = UINT64_C(1) << 55; /* the sum is near the limit */
    }
    check(weight, 64, 8, first);
    for (size_t p = 0; p <= 8; p++) {
        assert_int_equal(first[p], 8 * p);
    }
    /* one weight decides */
    for (int i = 0; i < 64; i++) {
        weight[i] = i == 63 ? 1000 : 1;
    }
    assert_int_equal(check(weight, 64, 4, first), 1000);
    weight[63] = 30; /* 93 in all */
    assert_int_equal(check(weight, 64, 3, first), 31);
    assert_int_equal(first[1], 31);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cut_is_better),
        cmocka_unit_test(parts_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
