/* pvr_leaves_select.c - keeping the leaves of a region. */
#include "pvr_leaves.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_CHUNK = 1 << 18, MOST_CHUNKS = 256 };

struct kept {
    uint64_t count;
    uint32_t first[3], last[3];
};

struct selecting {
    struct pvr_leaves *leaves;
    uint32_t *row;
    uint32_t turned[3];
    uint64_t turned_bits; /* the same in keys */
    int last;             /* level */
    pvr_leaf_wanted_fn wanted;
    const void *context;
    uint64_t chunk;
    struct kept *kept; /* [chunk] */
};

/* Moves the wanted ones of a chunk to its beginning. */
static enum pvr_status select_chunk(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    (void)error;
    const struct selecting *selecting = context;
    struct pvr_leaves *leaves = selecting->leaves;
    struct kept kept = {0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}, {0, 0, 0}};
    uint64_t begin = task * selecting->chunk, end = begin + selecting->chunk;
    end = end < leaves->count ? end : leaves->count;
    if (pvr_job_stopped(worker->job)) {
        return PVR_CANCELLED;
    }
    for (uint64_t i = begin; i < end; i++) {
        uint32_t low[3], at[3] = {0, 0, 0};
        int level = pvr_leaf_cell(leaves, leaves->key[i], low);
        int shown = level < selecting->last ? level : selecting->last;
        for (int axis = 0; axis < leaves->ndim; axis++) {
            at[axis] = low[axis] >> (leaves->high - shown);
        }
        if (!selecting->wanted(selecting->context, shown, at)) {
            continue;
        }
        for (int axis = 0; axis < leaves->ndim; axis++) {
            low[axis] ^= selecting->turned[axis];
            uint32_t high = low[axis] + ((uint32_t)1 << (leaves->high - level)) - 1;
            kept.first[axis] = low[axis] < kept.first[axis] ? low[axis] : kept.first[axis];
            kept.last[axis] = high > kept.last[axis] ? high : kept.last[axis];
        }
        leaves->key[begin + kept.count] = leaves->key[i] ^ selecting->turned_bits;
        selecting->row[begin + kept.count++] = leaves->row != NULL ? leaves->row[i] : (uint32_t)i;
    }
    selecting->kept[task] = kept;
    return PVR_OK;
}

enum pvr_status pvr_leaves_select(struct pvr_leaves *leaves, int max_level,
                                  pvr_leaf_wanted_fn wanted, const void *context,
                                  struct pvr_job *job, struct pvr_error *error) {
    struct selecting selecting = {.leaves = leaves, .wanted = wanted, .context = context};
    selecting.last = max_level > 0 && max_level < leaves->high ? max_level : leaves->high;
    selecting.row = (uint32_t *)leaves->spare[1];
    selecting.chunk = leaves->count / MOST_CHUNKS + 1;
    selecting.chunk = selecting.chunk > LEAST_CHUNK ? selecting.chunk : LEAST_CHUNK;
    for (int axis = 0; axis < leaves->ndim; axis++) { /* the highest bit is that of the halves */
        if (leaves->turn[axis]) {
            int bit = PVR_KEY_LEVEL_BITS + leaves->ndim * (leaves->high - 1) + axis;
            selecting.turned[axis] = (uint32_t)1 << (leaves->high - 1);
            selecting.turned_bits |= (uint64_t)(leaves->turned[axis] == 0) << bit; /* once */
        }
    }
    size_t ntasks = (size_t)((leaves->count + selecting.chunk - 1) / selecting.chunk);
    selecting.kept = calloc(ntasks, sizeof *selecting.kept);
    if (selecting.kept == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the region's cells");
    }
    enum pvr_status status = pvr_job_run(job, ntasks, NULL, select_chunk, NULL, &selecting, error);
    for (int axis = 0; axis < leaves->ndim; axis++) {
        leaves->first[axis] = UINT32_MAX;
        leaves->last[axis] = 0;
    }
    uint64_t count = 0;
    for (size_t i = 0; status == PVR_OK && i < ntasks; i++) {
        const struct kept *kept = &selecting.kept[i];
        memmove(leaves->key + count, leaves->key + i * selecting.chunk,
                kept->count * sizeof *leaves->key);
        memmove(selecting.row + count, selecting.row + i * selecting.chunk,
                kept->count * sizeof *selecting.row);
        count += kept->count;
        for (int axis = 0; axis < leaves->ndim; axis++) {
            uint32_t first = kept->first[axis], last = kept->last[axis];
            leaves->first[axis] = first < leaves->first[axis] ? first : leaves->first[axis];
            leaves->last[axis] = last > leaves->last[axis] ? last : leaves->last[axis];
        }
    }
    memcpy(leaves->turned, selecting.turned, sizeof leaves->turned);
    leaves->count = count;
    leaves->row = selecting.row;
    free(selecting.kept);
    return status;
}
