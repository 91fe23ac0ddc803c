/* pvr_mera_split.c - who has which cells of a Mera file. */
#include "pvr_mera_output.h"
#include "pvr_partition.h"
#include "pvr_split_private.h"

#include <math.h>
#include <stdlib.h>

/* Leaves of each tree of `level`, in Morton order; to be freed. */
static uint64_t *count_leaves(const struct pvr_leaves *leaves, int level, uint64_t ntrees,
                              struct pvr_error *error) {
    uint64_t *count = calloc((size_t)ntrees, sizeof *count);
    int shift = PVR_KEY_LEVEL_BITS + leaves->ndim * (leaves->high - level);
    if (count == NULL) {
        pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %llu trees",
                 (unsigned long long)ntrees);
        return NULL;
    }
    for (uint64_t i = 0; i < leaves->count; i++) {
        count[leaves->key[i] >> shift]++;
    }
    return count;
}

/* Splits the trees of `level`. */
static enum pvr_status split_trees(const struct pvr_leaves *leaves, int level,
                                   struct pvr_split *split, struct pvr_error *error) {
    int ndim = leaves->ndim;
    uint64_t ntrees = (uint64_t)1 << (ndim * level), heaviest;
    uint64_t *weight = count_leaves(leaves, level, ntrees, error);
    if (weight == NULL) {
        return PVR_ERROR_MEMORY;
    }
    size_t *first = malloc(((size_t)split->nranks + 1) * sizeof *first);
    int32_t *tree_rank = malloc((size_t)ntrees * sizeof *tree_rank);
    enum pvr_status status =
        first != NULL && tree_rank != NULL
            ? pvr_partition(weight, (size_t)ntrees, split->nranks, first, &heaviest, error)
            : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %llu trees",
                       (unsigned long long)ntrees);
    for (int rank = 0; status == PVR_OK && rank < split->nranks; rank++) {
        split->octs[rank] = 0;
        for (size_t code = first[rank]; code < first[rank + 1]; code++) {
            uint64_t tree = 0;
            for (int bit = 0; bit < level; bit++) {
                for (int axis = 0; axis < ndim; axis++) {
                    tree |= (code >> (bit * ndim + axis) & 1) << (axis * level + bit);
                }
            }
            tree_rank[tree] = rank;
            split->octs[rank] += weight[code];
        }
    }
    free(first);
    free(weight);
    free(split->tree_rank);
    split->tree_rank = tree_rank;
    split->root_level = level;
    for (int axis = 0; axis < 3; axis++) {
        split->root_dims[axis] = axis < ndim ? (uint32_t)1 << level : 1;
    }
    return status;
}

enum pvr_status pvr_mera_split_make(struct pvr_snapshot *snapshot,
                                    const struct pvr_split_wish *wish,
                                    const struct pvr_threads *threads, struct pvr_split **result,
                                    struct pvr_error *error) {
    static const int fewest[] = {0, 6, 5, 3}; /* levels of trees, by dimension */
    if (wish->nranks < 1 || wish->max_level < 0) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "a split over %d ranks down to level %d",
                        wish->nranks, wish->max_level);
    }
    struct pvr_leaves leaves;
    enum pvr_status status = pvr_mera_read_leaves(snapshot, threads, &leaves, error);
    struct pvr_split *split = status == PVR_OK ? pvr_split_new(wish->nranks, 1) : NULL;
    if (status == PVR_OK && split == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a split");
    }
    leaves.ndim = leaves.ndim > 0 ? leaves.ndim : snapshot->info.ndim; /* without any */
    int most = leaves.low > 1 ? leaves.low : 1;
    most = wish->max_level > 0 && wish->max_level < most ? wish->max_level : most;
    leaves.high = leaves.high > most ? leaves.high : most;
    int level = fewest[leaves.ndim] < most ? fewest[leaves.ndim] : most, best = level;
    double least = INFINITY;
    for (; status == PVR_OK && level <= most; level++) {
        status = split_trees(&leaves, level, split, error);
        if (status != PVR_OK) {
            break;
        }
        double imbalance = pvr_split_imbalance(split->octs, split->nranks);
        if (imbalance < 0.999 * least) {
            least = imbalance;
            best = level;
        }
        if (imbalance <= PVR_SPLIT_EVEN ||
            (uint64_t)1 << (leaves.ndim * (level + 1)) > PVR_SPLIT_MOST_TREES) {
            break;
        }
    }
    if (status == PVR_OK && split->root_level != best) {
        status = split_trees(&leaves, best, split, error);
    }
    pvr_leaves_free(&leaves);
    if (status != PVR_OK) {
        pvr_split_free(split);
        return status;
    }
    split->kind = PVR_SPLIT_TREES;
    split->imbalance = least;
    pvr_split_set_stamp(split);
    *result = split;
    return PVR_OK;
}
