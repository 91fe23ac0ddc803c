/* tree.c - random refined boxes. */
#include "tree.h"

#include "pvr_memory.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_place(const void *left, const void *right) {
    const struct tree_oct *a = left, *b = right;
    for (int axis = 2; axis >= 0; axis--) {
        if (a->at[axis] != b->at[axis]) {
            return a->at[axis] < b->at[axis] ? -1 : 1;
        }
    }
    return 0;
}

uint64_t tree_cells(const struct tree *tree, int level, int axis) {
    return axis < tree->ndim ? (uint64_t)tree->ncoarse[axis] << level : 1;
}

/* Octs everywhere on the root level. */
static void fill_root(struct tree *tree) {
    int root = tree->root_level;
    uint64_t n[3], count = 1;
    for (int axis = 0; axis < 3; axis++) {
        n[axis] = tree_cells(tree, root - 1, axis);
        count *= n[axis];
    }
    tree->oct[root] = calloc(count, sizeof *tree->oct[root]);
    assert_non_null(tree->oct[root]);
    for (uint64_t i = 0; i < count; i++) {
        tree->oct[root][i].at[0] = (uint32_t)(i % n[0]);
        tree->oct[root][i].at[1] = (uint32_t)(i / n[0] % n[1]);
        tree->oct[root][i].at[2] = (uint32_t)(i / n[0] / n[1]);
    }
    tree->noct[root] = count;
}

struct tree tree_random(int ndim, const uint32_t ncoarse[3], int root_level, int max_level,
                        int percent, uint64_t most, uint64_t seed) {
    struct tree tree = {.ndim = ndim, .root_level = root_level, .max_level = max_level};
    uint64_t random = seed;
    for (int axis = 0; axis < 3; axis++) {
        tree.ncoarse[axis] = axis < ndim ? ncoarse[axis] : 1;
        tree.size[axis] = 0.75 * tree.ncoarse[axis];
    }
    fill_root(&tree);
    unsigned ncells = 1u << ndim;
    for (int l = root_level; l < max_level; l++) {
        uint64_t cells = tree.noct[l] * ncells, count = 0;
        uint64_t forced = unit_random(&random) % cells;
        struct tree_oct *below = calloc(cells, sizeof *below);
        assert_non_null(below);
        for (uint64_t c = 0; c < cells; c++) {
            struct tree_oct *oct = &tree.oct[l][c / ncells];
            bool wanted = unit_random(&random) % 100 < (uint64_t)percent && count < most;
            if (!wanted && c != forced) {
                continue;
            }
            oct->refined |= (uint8_t)(1 << c % ncells);
            for (int axis = 0; axis < ndim; axis++) {
                below[count].at[axis] = 2 * oct->at[axis] + (uint32_t)((c % ncells) >> axis & 1);
            }
            count++;
        }
        qsort(below, count, sizeof *below, by_place);
        tree.oct[l + 1] = below;
        tree.noct[l + 1] = count;
    }
    return tree;
}

void tree_free(struct tree *tree) {
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        free(tree->oct[l]);
    }
    memset(tree, 0, sizeof *tree);
}

bool tree_has(const struct tree *tree, int level, const uint32_t at[3], bool *refined) {
    struct tree_oct wanted = {{at[0] >> 1, at[1] >> 1, at[2] >> 1}, 0};
    unsigned cell = (at[0] & 1) | (at[1] & 1) << 1 | (at[2] & 1) << 2;
    if (level < tree->root_level || level > tree->max_level) {
        return false;
    }
    const struct tree_oct *oct =
        bsearch(&wanted, tree->oct[level], tree->noct[level], sizeof wanted, by_place);
    if (oct == NULL) {
        return false;
    }
    *refined = oct->refined >> cell & 1;
    return true;
}

static void name_oct(void *context, int level, uint64_t index, char *text, size_t size) {
    (void)context;
    if (index == UINT64_MAX) {
        snprintf(text, size, "the output");
    } else {
        snprintf(text, size, "oct %d of level %d", (int)index, level);
    }
}

enum pvr_status tree_build(const struct tree *tree, uint64_t seed, int threads,
                           struct pvr_octree **octree, uint32_t *slot[PVR_MAX_LEVELS + 2],
                           struct pvr_error *error) {
    struct pvr_octs octs[PVR_MAX_LEVELS + 1] = {{.noct = 0}};
    uint64_t *order[PVR_MAX_LEVELS + 1] = {NULL}, random = seed;
    for (int l = tree->root_level; l <= tree->max_level; l++) {
        uint64_t n = tree->noct[l];
        octs[l].noct = n;
        octs[l].coordinate = pvr_large_alloc(n * sizeof *octs[l].coordinate);
        octs[l].refined = pvr_large_alloc(n);
        octs[l].slot = pvr_large_alloc(n * sizeof *octs[l].slot);
        order[l] = malloc((n + 1) * sizeof *order[l]);
        assert_non_null(order[l]);
        for (uint64_t i = 0; i < n; i++) {
            order[l][i] = i;
        }
        for (uint64_t i = n; seed != 0 && i > 1; i--) { /* seed 0: as they are */
            uint64_t other = unit_random(&random) % i, kept = order[l][i - 1];
            order[l][i - 1] = order[l][other];
            order[l][other] = kept;
        }
        for (uint64_t i = 0; i < n; i++) {
            const struct tree_oct *oct = &tree->oct[l][order[l][i]];
            memcpy(octs[l].coordinate[i], oct->at, sizeof oct->at);
            octs[l].refined[i] = oct->refined;
        }
    }
    struct pvr_octree_plan plan = {.ndim = tree->ndim,
                                   .root_level = tree->root_level,
                                   .max_level = tree->max_level,
                                   .octs = octs,
                                   .name = name_oct};
    memcpy(plan.ncoarse, tree->ncoarse, sizeof plan.ncoarse);
    memcpy(plan.size, tree->size, sizeof plan.size);
    struct pvr_job job;
    const struct pvr_threads settings = {.max = threads};
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
    enum pvr_status status = pvr_octree_build(&plan, &job, octree, error);
    pvr_job_end(&job, NULL);
    for (int l = tree->root_level; l <= tree->max_level; l++) {
        uint64_t n = tree->noct[l];
        if (status == PVR_OK) {
            assert_null(octs[l].coordinate); /* freed when used up */
            assert_null(octs[l].refined);
        }
        if (slot != NULL && status == PVR_OK) {
            slot[l] = malloc((n + 1) * sizeof *slot[l]);
            assert_non_null(slot[l]);
            for (uint64_t i = 0; i < n; i++) {
                slot[l][order[l][i]] = octs[l].slot[i];
            }
        }
        pvr_large_free(octs[l].coordinate, n * sizeof *octs[l].coordinate);
        pvr_large_free(octs[l].refined, n);
        pvr_large_free(octs[l].slot, n * sizeof *octs[l].slot);
        free(order[l]);
    }
    return status;
}
