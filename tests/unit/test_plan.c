/* test_plan.c - who would read what of an output of 10^9 cells in 4096 domains, on up to 1024
 * ranks: planned in this one process from headers and tables alone (pvr_generate --tables), and
 * judged by the octs that the generator counted in each tree. */
#include "pvr_split.h"

#include "pvr_snapshot_private.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    RANKS = 1024,
    DOMAINS = 4096,
    TREES_LEVEL = 5,
    TREES = 1 << 15,
    OCT_BYTES = 3 * 8 + 8 * 4, /* where it is, which cells are refined */
    VALUE_BYTES = 8 * 8,       /* a field of it */
    FIELDS = 5
};

struct plan {
    struct pvr_snapshot *snapshot;
    struct pvr_split_sample truth; /* octs of each tree below the levels that fill the box */
    double octs, per_tree;         /* all; in each tree on the levels that fill the box */
    int low, high;                 /* levels of the octs in the trees */
};

static const struct pvr_domains *domains_of(const struct plan *plan) {
    return plan->snapshot->domains;
}

static double own_octs(const struct plan *plan, int domain, int low, uint64_t levels) {
    double octs = 0;
    for (int l = low; l <= plan->high; l++) {
        octs += (levels >> l & 1) != 0 ? pvr_domains_place(domains_of(plan), domain, l)->noct : 0;
    }
    return octs;
}

/* A row of weights: those of the domains, or of the trees along the curve. */
struct row {
    uint32_t count, side;
    const double *tree;
    double *weight;
};

static void list_tree(void *context, const uint32_t at[3], double from, double to) {
    (void)from;
    (void)to;
    struct row *row = context;
    row->weight[row->count++] = row->tree[at[0] + row->side * (at[1] + row->side * at[2])];
}

/* The lightest that the heaviest of `nranks` runs of the row can be, but for a thousandth. */
static double best_cut(const struct row *row, int nranks) {
    double low = 0, high = 0;
    for (uint32_t i = 0; i < row->count; i++) {
        high += row->weight[i];
        low = fmax(low, row->weight[i]);
    }
    low = fmax(low, high / nranks);
    while (high > 1.001 * low) {
        double middle = 0.5 * (low + high), filled = 0;
        int runs = 1;
        for (uint32_t i = 0; i < row->count; i++) {
            if (filled + row->weight[i] > middle) {
                runs++;
                filled = 0;
            }
            filled += row->weight[i];
        }
        if (runs <= nranks) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return low;
}

/* Octs that each rank really has, and those of the heaviest rank at best. */
static double weigh(const struct plan *plan, const struct pvr_split *split, double *octs) {
    static double weight[TREES];
    struct row row = {.weight = weight};
    memset(octs, 0, RANKS * sizeof *octs);
    if (split->kind == PVR_SPLIT_DOMAINS) {
        for (int d = 1; d <= DOMAINS; d++) {
            double own = own_octs(plan, d, split->root_level, UINT64_MAX);
            octs[split->domain_rank[d - 1]] += own;
            row.weight[row.count++] = own;
        }
        return best_cut(&row, split->nranks);
    }
    int shift = TREES_LEVEL - split->root_level;
    uint32_t side = split->root_dims[0];
    double *tree = calloc((size_t)side * side * side, sizeof *tree);
    assert_non_null(tree);
    for (uint32_t i = 0; i < TREES; i++) {
        uint32_t at[3] = {i % 32 >> shift, i / 32 % 32 >> shift, i / 1024 >> shift};
        uint32_t number = at[0] + side * (at[1] + side * at[2]);
        tree[number] += (double)plan->truth.octs[i] / PVR_SPLIT_UNIT + plan->per_tree;
        octs[split->tree_rank[number]] +=
            (double)plan->truth.octs[i] / PVR_SPLIT_UNIT + plan->per_tree;
    }
    row.side = side;
    row.tree = tree;
    pvr_bounds_walk(&plan->snapshot->layout.bounds, split->root_level, list_tree, &row);
    free(tree);
    return best_cut(&row, split->nranks);
}

/* Makes a split and looks at it. */
static void check_split(struct plan *plan, int nranks, enum pvr_split_kind kind, bool sampled) {
    static double octs[RANKS];
    static uint64_t levels[DOMAINS];
    const struct pvr_split_wish wish = {nranks, kind, 0};
    struct pvr_split *split;
    struct pvr_error error;
    unit_ok(
        pvr_split_make(plan->snapshot, &wish, sampled ? &plan->truth : NULL, NULL, &split, &error),
        &error);
    double best = weigh(plan, split, octs), sum = 0, most = 0;
    for (int r = 0; r < nranks; r++) {
        sum += octs[r];
        most = fmax(most, octs[r]);
    }
    double mean = sum / nranks, imbalance = most / mean;
    best /= mean;
    /* what is opened and read */
    double files = 0, most_files = 0, looked = 0, most_bytes = 0;
    for (int r = 0; r < nranks; r++) {
        double here = 0, seen = 0;
        unit_ok(pvr_split_levels(plan->snapshot, split, r, levels, &error), &error);
        for (int d = 1; d <= DOMAINS; d++) {
            double own = own_octs(plan, d, split->root_level, levels[d - 1]);
            here += own > 0;
            seen += own;
        }
        files += here;
        looked += seen;
        most_files = fmax(most_files, here);
        most_bytes = fmax(most_bytes, seen * OCT_BYTES + octs[r] * FIELDS * VALUE_BYTES);
    }
    double overhead = (looked * OCT_BYTES + sum * FIELDS * VALUE_BYTES) /
                      (sum * (OCT_BYTES + FIELDS * VALUE_BYTES));
    printf("  %4d ranks by %s%s: max/mean %.3f (at best %.3f); files %.0f, at most %.0f by a rank; "
           "%.1f MB on average, at most %.1f MB; octs looked at %.2f times, bytes %.3f times those "
           "of one process\n",
           nranks, split->kind == PVR_SPLIT_TREES ? "trees  " : "domains",
           sampled ? "" : " (headers alone)", imbalance, best, files, most_files,
           1e-6 * overhead * sum * (OCT_BYTES + FIELDS * VALUE_BYTES) / nranks, 1e-6 * most_bytes,
           looked / sum, overhead);
    fflush(stdout);
    if (split->kind == PVR_SPLIT_DOMAINS) {
        assert_true(looked == sum); /* nothing twice */
        assert_true(imbalance <= 1.1 * best);
        assert_true(DOMAINS / nranks < 8 || imbalance <= 1.2);
    } else if (sampled) {
        assert_true(imbalance <= 1.1 * best);
        assert_true(overhead <= 1.25);
    } else {
        assert_true(DOMAINS / nranks < 32 || imbalance <= 1.25 * best);
    }
    assert_true(kind != PVR_SPLIT_AUTO || imbalance <= 1.2);
    pvr_split_free(split);
}

static void read_truth(struct plan *plan, const char *folder) {
    FILE *file = fopen(unit_path("%s/output_00002/trees.txt", folder), "r");
    assert_non_null(file);
    plan->truth.level = TREES_LEVEL;
    plan->truth.ntrees = TREES;
    plan->truth.octs = calloc(TREES, sizeof *plan->truth.octs);
    for (int i = 0; i < TREES; i++) {
        unsigned long long octs;
        assert_int_equal(fscanf(file, "%llu", &octs), 1);
        plan->truth.octs[i] = octs * PVR_SPLIT_UNIT;
    }
    fclose(file);
    int full = 0, levelmin = plan->snapshot->info.levelmin;
    plan->high = domains_of(plan)->deepest;
    while (domains_of(plan)->level_octs[full] == UINT64_C(1) << 3 * full) {
        full++;
    }
    plan->per_tree = 0;
    for (int l = TREES_LEVEL + 1; l <= full; l++) {
        plan->per_tree += ldexp(1, 3 * (l - 1 - TREES_LEVEL));
    }
    uint64_t counted = 0, wanted = 0;
    for (int i = 0; i < TREES; i++) {
        for (int l = levelmin + 1; l <= full; l++) { /* what fills the box goes without saying */
            plan->truth.octs[i] -= (UINT64_C(1) << 3 * (l - 1 - TREES_LEVEL)) * PVR_SPLIT_UNIT;
        }
        counted += plan->truth.octs[i] / PVR_SPLIT_UNIT;
    }
    for (int l = full + 1; l <= plan->high; l++) {
        wanted += domains_of(plan)->level_octs[l - 1];
    }
    assert_int_equal(counted, wanted);
}

static void check(const char *kind, int levelmax, double scale) {
    const char *generator = getenv("PVR_GENERATE");
    if (generator == NULL) {
        skip();
    }
    char command[1200], *folder = unit_temp_folder();
    snprintf(command, sizeof command,
             "'%s' '%s' --tables --kind %s --cells 1e9 --levelmin 7 --levelmax %d --scale %.17g "
             "--ncpu %d > /dev/null",
             generator, folder, kind, levelmax, scale, DOMAINS);
    assert_int_equal(system(command), 0);
    struct plan plan = {.snapshot = NULL};
    struct pvr_error error;
    double begin = pvr_seconds();
    unit_ok(pvr_snapshot_open(unit_path("%s/output_00002", folder), &plan.snapshot, &error),
            &error);
    const struct pvr_split_wish wish = {RANKS, PVR_SPLIT_AUTO, 0};
    struct pvr_split *split;
    static uint64_t levels[DOMAINS];
    unit_ok(pvr_split_make(plan.snapshot, &wish, NULL, NULL, &split, &error), &error);
    for (int r = 0; r < RANKS; r++) {
        unit_ok(pvr_split_levels(plan.snapshot, split, r, levels, &error), &error);
    }
    double seconds = pvr_seconds() - begin;
    pvr_split_free(split);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s: planned for %d ranks, %d domains in %.2f s; peak memory of the process %ld MiB\n",
           kind, RANKS, DOMAINS, seconds, usage.ru_maxrss / 1024);
    assert_true(usage.ru_maxrss < 1024 * 1024);
    read_truth(&plan, folder);
    for (int nranks = 2; nranks <= RANKS; nranks *= 2) {
        check_split(&plan, nranks, PVR_SPLIT_AUTO, true);
        if (nranks == 8 || nranks == 128 || nranks == RANKS) {
            check_split(&plan, nranks, PVR_SPLIT_DOMAINS, true);
            check_split(&plan, nranks, PVR_SPLIT_TREES, true);
            check_split(&plan, nranks, PVR_SPLIT_TREES, false);
        }
    }
    free(plan.truth.octs);
    pvr_snapshot_release(plan.snapshot);
    unit_drop_folder(folder);
}

static void clustered(void **state) {
    (void)state;
    check("clustered", 12, 0.41047);
}

static void zoom(void **state) {
    (void)state;
    check("zoom", 14, 0.222167);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clustered),
        cmocka_unit_test(zoom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
