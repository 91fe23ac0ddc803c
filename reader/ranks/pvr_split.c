/* pvr_split.c - who reads what when several ranks read one output. */
#include "pvr_split.h"

#include "pvr_mera_output.h"
#include "pvr_partition.h"
#include "pvr_split_private.h"
#include "pvr_structure.h"
#include "pvr_tree_set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double even = PVR_SPLIT_EVEN;
static const double tolerable = 1.2; /* imbalance of trees that domains are not looked at for */
enum { MANY_DOMAINS = 32 };          /* of a rank: then the headers tell enough */

/* ---- what is known from the start -------------------------------------------------------------
 */

uint64_t pvr_split_cells(const struct pvr_split_frame *frame, int level) {
    uint64_t cells = 1;
    for (int axis = 0; axis < frame->ndim; axis++) {
        cells *= (uint64_t)frame->layout->box.count[axis] << level;
    }
    return cells;
}

uint64_t pvr_split_tree(const struct pvr_split_frame *frame, int level, const uint32_t at[3]) {
    uint64_t tree = 0;
    for (int axis = frame->ndim - 1; axis >= 0; axis--) {
        tree = tree * ((uint64_t)frame->layout->box.count[axis] << level) + at[axis];
    }
    return tree;
}

enum pvr_status pvr_split_frame_make(struct pvr_snapshot *snapshot,
                                     const struct pvr_split_wish *wish,
                                     const struct pvr_threads *threads,
                                     struct pvr_split_frame *frame, struct pvr_error *error) {
    memset(frame, 0, sizeof *frame);
    if (wish->nranks < 1 || wish->max_level < 0) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "a split over %d ranks down to level %d",
                        wish->nranks, wish->max_level);
    }
    struct pvr_job job;
    struct pvr_levels levels;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    status = pvr_snapshot_domains(snapshot, &job, &frame->domains, error);
    pvr_job_end(&job, NULL);
    if (status == PVR_OK) {
        status = pvr_structure_levels(snapshot, frame->domains, wish->max_level, &levels, error);
    }
    if (status != PVR_OK) {
        return status;
    }
    frame->layout = &snapshot->layout;
    frame->ndim = snapshot->info.ndim;
    frame->max_level = levels.max;
    frame->root_least = frame->root_most = levels.root;
    while (frame->full_level < frame->domains->deepest &&
           frame->domains->level_octs[frame->full_level] ==
               pvr_split_cells(frame, frame->full_level)) {
        frame->full_level++;
    }
    while (wish->nranks > 1 && frame->root_most < frame->full_level &&
           frame->root_most < frame->max_level &&
           pvr_split_cells(frame, frame->root_most + 1) <= PVR_SPLIT_MOST_TREES) {
        frame->root_most++;
    }
    return PVR_OK;
}

/* ---- weights ----------------------------------------------------------------------------------
 */

/* The trees of the finest root level in the order of the curve. */
struct trees {
    const struct pvr_split_frame *frame;
    size_t count;
    uint64_t *number; /* x fastest */
    double *from, *to;
    double *octs; /* of the levels that do not fill the box */
};

static void list_tree(void *context, const uint32_t at[3], double from, double to) {
    struct trees *trees = context;
    size_t i = trees->count++;
    trees->number[i] = pvr_split_tree(trees->frame, trees->frame->root_most, at);
    trees->from[i] = from;
    trees->to[i] = to;
}

static enum pvr_status list_trees(const struct pvr_split_frame *frame, struct trees *trees,
                                  struct pvr_error *error) {
    size_t n = (size_t)pvr_split_cells(frame, frame->root_most);
    *trees = (struct trees){.frame = frame};
    trees->number = malloc(n * sizeof *trees->number);
    trees->from = malloc(n * sizeof *trees->from);
    trees->to = malloc(n * sizeof *trees->to);
    trees->octs = calloc(n, sizeof *trees->octs);
    if (trees->number == NULL || trees->from == NULL || trees->to == NULL || trees->octs == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu trees", n);
    }
    pvr_bounds_walk(&frame->layout->bounds, frame->root_most, list_tree, trees);
    return PVR_OK;
}

static void free_trees(struct trees *trees) {
    free(trees->number);
    free(trees->from);
    free(trees->to);
    free(trees->octs);
}

/* Own octs of a domain on levels low .. high. */
static uint64_t domain_octs(const struct pvr_split_frame *frame, int domain, int low, int high) {
    uint64_t octs = 0;
    for (int l = low; l <= high; l++) {
        octs += pvr_domains_place(frame->domains, domain, l)->noct;
    }
    return octs;
}

/* Length that the part of the curve from..to has in common with the trees; adds to each of them
 * `octs_per_key` octs per key of that. `*at` is the first tree that may have some. */
static double spread_part(struct trees *trees, size_t *at, double from, double to,
                          double octs_per_key) {
    double length = 0;
    while (*at < trees->count && trees->to[*at] <= from) {
        ++*at;
    }
    for (size_t i = *at; i < trees->count && trees->from[i] < to; i++) {
        double common = fmin(to, trees->to[i]) - fmax(from, trees->from[i]);
        length += common;
        trees->octs[i] += common * octs_per_key;
    }
    return length;
}

static int by_from(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Spreads each domain's octs evenly over its part of the curve. */
static void estimate_octs(struct trees *trees) {
    const struct pvr_split_frame *frame = trees->frame;
    const struct pvr_bounds *bounds = &frame->layout->bounds;
    int low = frame->full_level + 1, ndomains = frame->domains->ndomains;
    /* In a box of several coarse cells the trees may not be in the keys' order: a walk finds them
     * domain by domain all the same, but for its two ends each time. */
    bool rising = true;
    for (size_t i = 1; i < trees->count; i++) {
        rising = rising && by_from(&trees->from[i - 1], &trees->from[i]) <= 0;
    }
    for (int domain = 1; domain <= ndomains; domain++) {
        double octs = (double)domain_octs(frame, domain, low, frame->max_level), length = 0;
        for (int pass = 0; pass < 2; pass++) {
            double octs_per_key = pass == 1 && length > 0 ? octs / length : 0;
            for (int part = domain - 1; part < bounds->nparts; part += ndomains) {
                size_t at = 0;
                double from = bounds->bound[part], to = bounds->bound[part + 1];
                if (rising) { /* the first tree that ends behind `from` */
                    size_t high = trees->count;
                    while (at < high) {
                        size_t middle = at + (high - at) / 2;
                        if (trees->to[middle] <= from) {
                            at = middle + 1;
                        } else {
                            high = middle;
                        }
                    }
                    length += spread_part(trees, &at, from, to, octs_per_key);
                    continue;
                }
                for (size_t i = 0; i < trees->count; i++) {
                    if (trees->from[i] < to && trees->to[i] > from) {
                        double common = fmin(to, trees->to[i]) - fmax(from, trees->from[i]);
                        length += pass == 0 ? common : 0;
                        trees->octs[i] += common * octs_per_key;
                    }
                }
            }
        }
    }
}

/* Octs of each tree of the finest root level below the levels that fill the box. */
static void weigh_trees(struct trees *trees, const struct pvr_split_sample *sample) {
    const struct pvr_split_frame *frame = trees->frame;
    uint64_t rest = 0;
    for (int l = frame->full_level + 1; l <= frame->max_level; l++) {
        rest += frame->domains->level_octs[l - 1];
    }
    if (sample != NULL && sample->level == frame->root_most && sample->ntrees == trees->count) {
        for (size_t i = 0; i < trees->count; i++) {
            trees->octs[i] = (double)sample->octs[trees->number[i]] / PVR_SPLIT_UNIT;
        }
    } else if (frame->layout->bounds.known) {
        estimate_octs(trees);
    } else {
        for (size_t i = 0; i < trees->count; i++) {
            trees->octs[i] = (double)rest / (double)trees->count;
        }
    }
}

/* Octs per tree of `level` on the levels below it that fill the box. */
static double even_octs(const struct pvr_split_frame *frame, int level) {
    double octs = 0;
    for (int l = level + 1; l <= frame->full_level && l <= frame->max_level; l++) {
        octs += ldexp(1, frame->ndim * (l - 1 - level));
    }
    return octs;
}

/* ---- the two kinds ----------------------------------------------------------------------------
 */

double pvr_split_imbalance(const uint64_t *octs, int nranks) {
    double most = 0, sum = 0;
    for (int rank = 0; rank < nranks; rank++) {
        most = fmax(most, (double)octs[rank]);
        sum += (double)octs[rank];
    }
    return sum > 0 ? most * nranks / sum : 1;
}

static enum pvr_status split_domains(const struct pvr_split_frame *frame, struct pvr_split *split,
                                     struct pvr_error *error) {
    size_t n = (size_t)split->ndomains,
           *first = malloc(((size_t)split->nranks + 1) * sizeof *first);
    uint64_t *weight = malloc(n * sizeof *weight), heaviest;
    enum pvr_status status = PVR_OK;
    if (first == NULL || weight == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu domains", n);
    }
    for (size_t i = 0; status == PVR_OK && i < n; i++) {
        weight[i] = domain_octs(frame, (int)i + 1, frame->root_least, frame->max_level);
    }
    if (status == PVR_OK) {
        status = pvr_partition(weight, n, split->nranks, first, &heaviest, error);
    }
    for (int rank = 0; status == PVR_OK && rank < split->nranks; rank++) {
        split->octs[rank] = 0;
        for (size_t i = first[rank]; i < first[rank + 1]; i++) {
            split->domain_rank[i] = rank;
            split->octs[rank] += weight[i];
        }
    }
    split->kind = PVR_SPLIT_DOMAINS;
    split->root_level = frame->root_least;
    free(first);
    free(weight);
    return status;
}

/* Splits trees of `level`; *heaviest is the weight of the heaviest one in those of an oct. */
static enum pvr_status split_trees(const struct trees *trees, int level, struct pvr_split *split,
                                   struct pvr_error *error) {
    const struct pvr_split_frame *frame = trees->frame;
    size_t group = (size_t)1 << (frame->ndim * (frame->root_most - level));
    size_t n = trees->count / group, *first = malloc(((size_t)split->nranks + 1) * sizeof *first);
    uint64_t *weight = malloc(n * sizeof *weight), heaviest;
    int32_t *tree_rank = malloc(n * sizeof *tree_rank);
    enum pvr_status status = PVR_OK;
    if (first == NULL || weight == NULL || tree_rank == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu trees", n);
    }
    /* leaves = 1 + (2^ndim - 1) octs: a tree without octs is worth something too */
    double each = even_octs(frame, level) + 1.0 / ((1 << frame->ndim) - 1);
    for (size_t i = 0; status == PVR_OK && i < n; i++) {
        double octs = each;
        for (size_t j = i * group; j < (i + 1) * group; j++) {
            octs += trees->octs[j];
        }
        weight[i] = (uint64_t)llround(octs * PVR_SPLIT_UNIT);
    }
    if (status == PVR_OK) {
        status = pvr_partition(weight, n, split->nranks, first, &heaviest, error);
    }
    for (int rank = 0; status == PVR_OK && rank < split->nranks; rank++) {
        uint64_t sum = 0;
        for (size_t i = first[rank]; i < first[rank + 1]; i++) {
            /* the first of the finest trees inside says where it is */
            uint64_t number = trees->number[i * group], tree = 0, factor = 1;
            for (int axis = 0; axis < frame->ndim; axis++) {
                uint64_t dim = (uint64_t)frame->layout->box.count[axis] << frame->root_most;
                tree += (number % dim >> (frame->root_most - level)) * factor;
                factor *= dim >> (frame->root_most - level);
                number /= dim;
            }
            tree_rank[tree] = rank;
            sum += weight[i];
        }
        split->octs[rank] = sum / PVR_SPLIT_UNIT;
    }
    free(first);
    free(weight);
    free(split->tree_rank);
    split->tree_rank = tree_rank;
    split->kind = PVR_SPLIT_TREES;
    split->root_level = level;
    return status;
}

/* The split by the fewest trees that are even, or by those that are the most even. */
static enum pvr_status split_best_trees(const struct trees *trees, struct pvr_split *split,
                                        struct pvr_error *error) {
    const struct pvr_split_frame *frame = trees->frame;
    int best = frame->root_least;
    double least = INFINITY;
    enum pvr_status status = PVR_OK;
    for (int level = frame->root_least; status == PVR_OK && level <= frame->root_most; level++) {
        status = split_trees(trees, level, split, error);
        double imbalance = pvr_split_imbalance(split->octs, split->nranks);
        if (imbalance < 0.999 * least) {
            least = imbalance;
            best = level;
        }
        if (imbalance <= even) {
            break;
        }
    }
    return status == PVR_OK && split->root_level != best ? split_trees(trees, best, split, error)
                                                         : status;
}

/* ---- the choice -------------------------------------------------------------------------------
 */

struct pvr_split *pvr_split_new(int nranks, int ndomains) {
    struct pvr_split *split = calloc(1, sizeof *split);
    if (split != NULL) {
        split->nranks = nranks;
        split->ndomains = ndomains;
        split->domain_rank = calloc((size_t)ndomains, sizeof *split->domain_rank);
        split->octs = calloc((size_t)nranks, sizeof *split->octs);
    }
    if (split != NULL && (split->domain_rank == NULL || split->octs == NULL)) {
        pvr_split_free(split);
        return NULL;
    }
    return split;
}

void pvr_split_set_stamp(struct pvr_split *split) {
    uint64_t ntrees = (uint64_t)split->root_dims[0] * split->root_dims[1] * split->root_dims[2];
    uint64_t stamp = pvr_mix((uint64_t)split->nranks, (uint64_t)split->root_level);
    for (uint64_t i = 0; split->tree_rank != NULL && i < ntrees; i++) {
        stamp = pvr_mix(stamp, (uint64_t)split->tree_rank[i]);
    }
    for (int i = 0; i < split->ndomains; i++) {
        stamp = pvr_mix(stamp, (uint64_t)split->domain_rank[i]);
    }
    split->stamp = stamp;
}

enum pvr_status pvr_split_make(struct pvr_snapshot *snapshot, const struct pvr_split_wish *wish,
                               const struct pvr_split_sample *sample,
                               const struct pvr_threads *threads, struct pvr_split **result,
                               struct pvr_error *error) {
    struct pvr_split_frame frame;
    *result = NULL;
    if (snapshot->mera != NULL) {
        return pvr_mera_split_make(snapshot, wish, threads, result, error);
    }
    enum pvr_status status = pvr_split_frame_make(snapshot, wish, threads, &frame, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_split *split = pvr_split_new(wish->nranks, frame.domains->ndomains);
    struct trees trees = {.frame = &frame};
    if (split == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a split over %d ranks",
                        wish->nranks);
    }
    status = split_domains(&frame, split, error);
    double by_domains = pvr_split_imbalance(split->octs, split->nranks), by_trees = 0;
    /* Where it is not known where domains are, each rank would look at all octs for its trees. */
    bool domains_do = wish->kind == PVR_SPLIT_DOMAINS ||
                      (wish->kind == PVR_SPLIT_AUTO && !frame.layout->bounds.known &&
                       wish->nranks > 1 && (by_domains <= tolerable || sample == NULL));
    if (status == PVR_OK && !domains_do) {
        status = list_trees(&frame, &trees, error);
        if (status == PVR_OK) {
            weigh_trees(&trees, sample);
            status = split_best_trees(&trees, split, error);
        }
        by_trees = pvr_split_imbalance(split->octs, split->nranks);
        if (status == PVR_OK && wish->kind == PVR_SPLIT_AUTO && by_trees > tolerable &&
            by_domains * even < by_trees) {
            status = split_domains(&frame, split, error);
        }
    }
    free_trees(&trees);
    if (split->kind == PVR_SPLIT_DOMAINS) {
        free(split->tree_rank);
        split->tree_rank = NULL;
    }
    split->imbalance = split->kind == PVR_SPLIT_TREES ? by_trees : by_domains;
    split->other = split->kind == PVR_SPLIT_TREES ? by_domains : by_trees;
    for (int axis = 0; axis < 3; axis++) {
        split->root_dims[axis] =
            axis < frame.ndim ? frame.layout->box.count[axis] << split->root_level : 1;
    }
    if (status != PVR_OK) {
        pvr_split_free(split);
        return status;
    }
    pvr_split_set_stamp(split);
    *result = split;
    return PVR_OK;
}

enum pvr_status pvr_split_wants_sample(struct pvr_snapshot *snapshot,
                                       const struct pvr_split_wish *wish,
                                       const struct pvr_threads *threads, bool *wants,
                                       struct pvr_error *error) {
    struct pvr_split_frame frame;
    *wants = false;
    if (snapshot->mera != NULL) {
        return PVR_OK;
    }
    enum pvr_status status = pvr_split_frame_make(snapshot, wish, threads, &frame, error);
    if (status == PVR_OK && wish->nranks > 1 && wish->kind != PVR_SPLIT_DOMAINS &&
        frame.max_level > frame.full_level) {
        int per_rank = frame.domains->ndomains / wish->nranks;
        *wants = frame.layout->bounds.known ? per_rank < MANY_DOMAINS
                                            : wish->kind == PVR_SPLIT_TREES || per_rank < 2;
    }
    return status;
}

/* ---- use --------------------------------------------------------------------------------------
 */

void pvr_split_free(struct pvr_split *split) {
    if (split != NULL) {
        free(split->tree_rank);
        free(split->domain_rank);
        free(split->octs);
        free(split);
    }
}

static bool tree_matters(const void *context, int level, const uint32_t coordinate[3]) {
    return pvr_tree_set_has(context, level, coordinate);
}

enum pvr_status pvr_split_levels(const struct pvr_snapshot *snapshot, const struct pvr_split *split,
                                 int rank, uint64_t *levels, struct pvr_error *error) {
    uint64_t read = ~(uint64_t)0 << split->root_level;
    if (split->kind == PVR_SPLIT_DOMAINS) {
        for (int i = 0; i < split->ndomains; i++) {
            levels[i] = split->domain_rank[i] == rank ? read : 0;
        }
        return PVR_OK;
    }
    struct pvr_tree_set trees;
    enum pvr_status status = pvr_tree_set_make(split, snapshot->info.ndim, rank, &trees, error);
    if (status == PVR_OK) {
        pvr_bounds_choose(&snapshot->layout.bounds, tree_matters, &trees, levels);
        for (int i = 0; i < split->ndomains; i++) {
            levels[i] &= read;
        }
    }
    pvr_tree_set_free(&trees);
    return status;
}

int pvr_split_text(const struct pvr_split *split, char *text, size_t size) {
    if (split->kind == PVR_SPLIT_DOMAINS) {
        return snprintf(text, size, "%d ranks by domains (%d), imbalance %.2f", split->nranks,
                        split->ndomains, split->imbalance);
    }
    return snprintf(text, size, "%d ranks by trees (%u x %u x %u), imbalance %.2f", split->nranks,
                    split->root_dims[0], split->root_dims[1], split->root_dims[2],
                    split->imbalance);
}
