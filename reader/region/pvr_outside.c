/* pvr_outside.c - what stands for the cells that are outside: in arrays, and as a mask. */
#include "pvr_outside.h"

#include <math.h>

typedef void (*cell_fn)(const void *context, int level, uint64_t cell);

/* Calls `function` for the cells of one tree that are outside, on levels `low` and deeper. */
static void for_each_outside(const struct pvr_octree *octree, size_t tree, int low,
                             cell_fn function, const void *context) {
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    if (low <= octree->root_level && roots->outside != NULL &&
        (roots->outside[tree >> 3] >> (tree & 7) & 1)) {
        function(context, octree->root_level, roots->tree_cell[tree]);
    }
    for (int l = octree->root_level + 1; l <= octree->max_level; l++) {
        const struct pvr_octree_level *level = &octree->level[l];
        uint64_t cell = level->tree_cell[tree];
        for (uint64_t oct = level->tree_first[tree];
             l >= low && level->outside != NULL && oct < level->tree_first[tree + 1];
             oct++, cell += (uint64_t)octree->cells_per_oct) {
            for (unsigned bits = level->outside[oct]; bits != 0; bits &= bits - 1) {
                function(context, l, cell + (uint64_t)__builtin_ctz(bits));
            }
        }
    }
}

struct blanking {
    const struct pvr_octree *octree;
    int low;
    struct pvr_array *const *array;
    const bool *is_level;
    int narrays;
};

void pvr_blank_cell(struct pvr_array *array, uint64_t cell, int value) {
    uint64_t at = cell * (uint64_t)array->ncomponents;
    for (int c = 0; c < array->ncomponents; c++, at++) {
        switch (array->type) {
        case PVR_FLOAT32:
            ((float *)array->data)[at] = NAN;
            break;
        case PVR_FLOAT64:
            ((double *)array->data)[at] = (double)NAN;
            break;
        case PVR_UINT8:
            ((uint8_t *)array->data)[at] = (uint8_t)value;
            break;
        case PVR_INT32:
            ((int32_t *)array->data)[at] = value;
            break;
        case PVR_INT64:
            ((int64_t *)array->data)[at] = value;
            break;
        }
    }
}

static void blank_cell(const void *context, int level, uint64_t cell) {
    const struct blanking *blanking = context;
    for (int i = 0; i < blanking->narrays; i++) {
        pvr_blank_cell(blanking->array[i], cell, blanking->is_level[i] ? level : 0);
    }
}

static enum pvr_status blank_tree(void *context, size_t tree, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct blanking *blanking = context;
    for_each_outside(blanking->octree, tree, blanking->low, blank_cell, blanking);
    return PVR_OK;
}

enum pvr_status pvr_blank_outside(const struct pvr_octree *octree, int low,
                                  struct pvr_array *const *array, const bool *is_level, int narrays,
                                  struct pvr_job *job, struct pvr_error *error) {
    struct blanking blanking = {octree, low, array, is_level, narrays};
    return octree->noutside > 0 && narrays > 0
               ? pvr_job_run(job, (size_t)octree->ntrees, NULL, blank_tree, NULL, &blanking, error)
               : PVR_OK;
}

struct masking {
    const struct pvr_octree *octree;
    uint8_t *bits;
};

static void mask_cell(const void *context, int level, uint64_t cell) {
    (void)level;
    const struct masking *masking = context;
    /* two trees may share a byte */
    __atomic_fetch_or(&masking->bits[cell >> 3], (uint8_t)(0x80 >> (cell & 7)), __ATOMIC_RELAXED);
}

static enum pvr_status mask_tree(void *context, size_t tree, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct masking *masking = context;
    for_each_outside(masking->octree, tree, 0, mask_cell, masking);
    return PVR_OK;
}

/* Is any bit of the oct whose first cell is `cell` set? Its bits may lie in two bytes. */
static bool any_of_oct(const struct masking *masking, uint64_t cell) {
    const int count = masking->octree->cells_per_oct, shift = (int)(cell & 7);
    const uint8_t *byte = &masking->bits[cell >> 3];
    unsigned bits = (unsigned)__atomic_load_n(byte, __ATOMIC_RELAXED) << 8;
    if (shift + count > 8) {
        bits |= __atomic_load_n(byte + 1, __ATOMIC_RELAXED);
    }
    return (bits >> (16 - shift - count) & ((1u << count) - 1)) != 0;
}

/* From the deepest level up: the n-th refined cell of a level has the n-th oct of the next. */
static enum pvr_status mask_tree_within(void *context, size_t tree, struct pvr_worker *worker,
                                        struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct masking *masking = context;
    const struct pvr_octree *octree = masking->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    const uint64_t cells = (uint64_t)octree->cells_per_oct;
    for_each_outside(octree, tree, 0, mask_cell, masking);
    for (int l = octree->max_level - 1; l > octree->root_level; l--) {
        const struct pvr_octree_level *level = &octree->level[l];
        uint64_t cell = level->tree_cell[tree], beneath = level[1].tree_cell[tree];
        for (uint64_t oct = level->tree_first[tree]; oct < level->tree_first[tree + 1]; oct++) {
            for (unsigned bits = level->refined[oct]; bits != 0; bits &= bits - 1) {
                if (any_of_oct(masking, beneath)) {
                    mask_cell(masking, l, cell + (uint64_t)__builtin_ctz(bits));
                }
                beneath += cells;
            }
            cell += cells;
        }
    }
    if (roots->refined[tree >> 3] >> (tree & 7) & 1 &&
        any_of_oct(masking, roots[1].tree_cell[tree])) {
        mask_cell(masking, octree->root_level, roots->tree_cell[tree]);
    }
    return PVR_OK;
}

static enum pvr_status
set_bits(const struct pvr_octree *octree, uint8_t *bits, const struct pvr_threads *threads,
         enum pvr_status (*of_tree)(void *, size_t, struct pvr_worker *, struct pvr_error *),
         struct pvr_error *error) {
    struct masking masking = {octree, bits};
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status == PVR_OK) {
        status = pvr_job_run(&job, (size_t)octree->ntrees, NULL, of_tree, NULL, &masking, error);
        pvr_job_end(&job, NULL);
    }
    return status;
}

enum pvr_status pvr_outside_bits(const struct pvr_octree *octree, uint8_t *bits,
                                 const struct pvr_threads *threads, struct pvr_error *error) {
    return set_bits(octree, bits, threads, mask_tree, error);
}

enum pvr_status pvr_outside_within_bits(const struct pvr_octree *octree, uint8_t *bits,
                                        const struct pvr_threads *threads,
                                        struct pvr_error *error) {
    return set_bits(octree, bits, threads, mask_tree_within, error);
}
