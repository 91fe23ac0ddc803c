/* pvr_octree_levels.c - the levels of an octree: memory, counts, and an octree cut short. */
#include "pvr_memory.h"
#include "pvr_octree_build.h"
#include "pvr_octree_rank.h"

#include <stdlib.h>
#include <string.h>

static uint64_t level_bytes(const struct pvr_octree *octree, int l) {
    return l > octree->root_level ? octree->level[l].noct : (octree->ntrees + 7) / 8;
}

enum pvr_status pvr_octree_allocate_level(struct pvr_octree *octree, int l, uint64_t noct,
                                          uint64_t nbytes, struct pvr_error *error) {
    struct pvr_octree_level *level = &octree->level[l];
    uint64_t nwords = (nbytes + 7) / 8 + 1; /* one more: rank of the end */
    level->noct = noct;
    level->refined = pvr_large_alloc(nwords * 8);
    level->rank = pvr_large_alloc(nwords * sizeof *level->rank);
    level->tree_first = calloc(octree->ntrees + 1, sizeof *level->tree_first);
    level->tree_cell = calloc(octree->ntrees, sizeof *level->tree_cell);
    if (level->refined == NULL || level->rank == NULL || level->tree_first == NULL ||
        level->tree_cell == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the %llu octs of level %d",
                        (unsigned long long)noct, l);
    }
    octree->bytes +=
        nwords * (8 + sizeof *level->rank) + (2 * octree->ntrees + 1) * sizeof *level->tree_first;
    return PVR_OK;
}

enum pvr_status pvr_octree_allocate_outside(struct pvr_octree *octree, int l,
                                            struct pvr_error *error) {
    uint64_t nwords = (level_bytes(octree, l) + 7) / 8 + 1;
    octree->level[l].outside = pvr_large_alloc(nwords * 8);
    octree->bytes += nwords * 8;
    return octree->level[l].outside != NULL
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the cells outside of level %d",
                          l);
}

void pvr_octree_count_outside(struct pvr_octree *octree, int l) {
    struct pvr_octree_level *level = &octree->level[l];
    uint64_t nwords = (level_bytes(octree, l) + 7) / 8, count = 0;
    for (uint64_t w = 0; w < nwords; w++) {
        count += pvr_popcount(pvr_bits(level->outside + 8 * w));
    }
    if (count == 0) {
        pvr_large_free(level->outside, (nwords + 1) * 8);
        level->outside = NULL;
        octree->bytes -= (nwords + 1) * 8;
    }
    octree->noutside += count;
}

uint64_t pvr_octree_count_refined(struct pvr_octree_level *level, uint64_t nbytes) {
    uint64_t nwords = (nbytes + 7) / 8, total = 0;
    for (uint64_t w = 0; w < nwords; w++) {
        level->rank[w] = (uint32_t)total;
        total += pvr_popcount(pvr_bits(level->refined + 8 * w));
    }
    level->rank[nwords] = (uint32_t)total;
    return total;
}

enum pvr_status pvr_octree_copy_level(struct pvr_octree *octree, const struct pvr_octree *from,
                                      int l, struct pvr_error *error) {
    const struct pvr_octree_level *source = &from->level[l];
    struct pvr_octree_level *level = &octree->level[l];
    uint64_t nbytes = level_bytes(from, l), nwords = (nbytes + 7) / 8 + 1;
    if (l > octree->root_level) { /* that of the roots comes with the octree */
        enum pvr_status status = pvr_octree_allocate_level(octree, l, source->noct, nbytes, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    memcpy(level->refined, source->refined, nbytes);
    memcpy(level->rank, source->rank, nwords * sizeof *level->rank);
    if (source->outside != NULL) {
        enum pvr_status status = pvr_octree_allocate_outside(octree, l, error);
        if (status != PVR_OK) {
            return status;
        }
        memcpy(level->outside, source->outside, nbytes);
        pvr_octree_count_outside(octree, l);
    }
    return PVR_OK;
}

void pvr_octree_number_cells(struct pvr_octree *octree) {
    int root = octree->root_level;
    struct pvr_octree_level *roots = &octree->level[root];
    for (uint64_t t = 0; t <= octree->ntrees; t++) {
        roots->tree_first[t] = t;
    }
    for (int l = root + 1; l <= octree->max_level; l++) {
        const struct pvr_octree_level *above = &octree->level[l - 1];
        for (uint64_t t = 0; t <= octree->ntrees; t++) {
            uint64_t first = above->tree_first[t];
            octree->level[l].tree_first[t] =
                l == root + 1 ? pvr_rank(above, first >> 3, first & 7) : pvr_rank(above, first, 0);
        }
    }
    uint64_t cell = 0, refined = 0;
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        roots->tree_cell[t] = cell++;
        for (int l = root + 1; l <= octree->max_level; l++) {
            struct pvr_octree_level *level = &octree->level[l];
            uint64_t noct = level->tree_first[t + 1] - level->tree_first[t];
            level->tree_cell[t] = cell;
            cell += noct * (uint64_t)octree->cells_per_oct;
            refined += noct; /* every oct has one refined cell above it */
        }
    }
    octree->ncells = cell;
    octree->nleaves = cell - refined - octree->noutside;
}

enum pvr_status pvr_octree_cut(const struct pvr_octree *octree, int max_level,
                               struct pvr_octree **result, struct pvr_error *error) {
    *result = NULL;
    struct pvr_octree *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an octree");
    }
    /* member by member: the count of references may change meanwhile */
    made->references = 1;
    made->bytes = sizeof *made;
    made->ndim = octree->ndim;
    made->cells_per_oct = octree->cells_per_oct;
    made->root_level = octree->root_level;
    made->max_level = max_level;
    made->ntrees = octree->ntrees;
    memcpy(made->root_dims, octree->root_dims, sizeof made->root_dims);
    memcpy(made->origin, octree->origin, sizeof made->origin);
    memcpy(made->size, octree->size, sizeof made->size);
    int root = octree->root_level;
    enum pvr_status status =
        pvr_octree_allocate_level(made, root, octree->ntrees, level_bytes(octree, root), error);
    for (int l = root; status == PVR_OK && l <= max_level; l++) {
        status = pvr_octree_copy_level(made, octree, l, error);
    }
    if (status != PVR_OK) {
        pvr_octree_release(made);
        return status;
    }
    struct pvr_octree_level *last = &made->level[max_level];
    uint64_t nbytes = level_bytes(made, max_level);
    memset(last->refined, 0, nbytes);
    memset(last->rank, 0, ((nbytes + 7) / 8 + 1) * sizeof *last->rank);
    pvr_octree_number_cells(made);
    *result = made;
    return PVR_OK;
}
