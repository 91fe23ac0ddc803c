/*
 * pvr_gen_tables.c - the domains of a mesh that is only counted.
 *
 * Two walks over the model along the Hilbert curve: the first counts the octs in each cell of a
 * coarse level, the second, which so knows how many come before, gives each oct to its domain. An
 * oct stands where its father cell begins on the curve. Octs of the coarse level and above, some
 * hundreds, are given to the first domain.
 */
#include "pvr_gen_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_LEVEL = 4, CHUNKS = 1 << 3 * CHUNK_LEVEL };

typedef struct {
    const gen_model *model;
    gen_tree *tree;
    uint64_t octs;    /* before the one that is looked at */
    uint64_t target;  /* octs of a domain; 0: only count */
    int first, last;  /* the domains that there is room for */
    uint32_t *counts; /* [domain - first][level] */
    uint64_t trees[8];
    int at_tree;
} walk;

/* A cell of the walk. */
typedef struct {
    int level, state;
    uint64_t key; /* of its beginning, of `level` digits */
    double center[3];
} place;

static place child_of(const place *cell, int i) {
    place child = {cell->level + 1, 0, cell->key << 3 | (uint64_t)i, {0, 0, 0}};
    int number = gen_curve_cell(cell->state, i);
    double quarter = exp2(-cell->level - 2);
    child.state = gen_curve_inside(cell->state, number);
    for (int d = 0; d < 3; d++)
        child.center[d] = cell->center[d] + (number >> d & 1 ? quarter : -quarter);
    return child;
}

/* Octs of levels from + 1 .. to in a cell of level `from` that is refined all over. */
static uint64_t octs_between(int from, int to) {
    uint64_t octs = 0;
    for (int l = from; l < to; l++)
        octs += UINT64_C(1) << 3 * (l - from);
    return octs;
}

/* Gives octs of a cell to a domain: `count` on the level below it, and with `depth` > level + 1 all
 * below these. */
static void give(walk *w, const place *cell, int depth) {
    uint64_t octs = octs_between(cell->level, depth);
    if (w->target > 0) {
        int domain = (int)(w->octs / w->target);
        domain = domain < w->tree->ncpu ? domain : w->tree->ncpu - 1;
        uint64_t before = w->octs > 0 ? (w->octs - 1) / w->target : 0;
        if (w->octs > 0 && w->octs / w->target > before && domain > 0) /* the first of its domain */
            w->tree->bound[domain] = cell->key << 3 * (w->tree->level_max + 1 - cell->level);
        uint32_t *counts = w->counts + (size_t)(domain - w->first) * (GEN_MAX_LEVEL + 1);
        for (int l = cell->level; l < depth; l++)
            counts[l + 1] += UINT32_C(1) << 3 * (l - cell->level);
        for (int l = cell->level; l < depth && cell->level >= GEN_TREES_LEVEL; l++)
            w->trees[w->at_tree] +=
                l + 1 > w->model->level_min ? UINT64_C(1) << 3 * (l - cell->level) : 0;
    }
    w->octs += octs;
}

static void walk_full(walk *w, const place *cell, int depth) {
    if (cell->level >= depth)
        return;
    /* one domain's border may lie in it: go in as far as pays */
    uint64_t octs = octs_between(cell->level, depth);
    if (cell->level < GEN_TREES_LEVEL ||
        (w->target > 0 && w->octs / w->target != (w->octs + octs) / w->target)) {
        give(w, cell, cell->level + 1);
        for (int i = 0; i < 8; i++) {
            place child = child_of(cell, i);
            if (child.level == GEN_TREES_LEVEL)
                w->at_tree = i;
            walk_full(w, &child, depth);
        }
        return;
    }
    give(w, cell, depth);
}

static void walk_cell(walk *w, const place *cell, uint32_t candidates) {
    uint32_t near;
    if (!gen_model_refines(w->model, cell->level, cell->center, candidates, &near))
        return;
    int full = gen_model_full_depth(w->model, cell->level, cell->center, near);
    if (full > 0) {
        walk_full(w, cell, full);
        return;
    }
    give(w, cell, cell->level + 1);
    for (int i = 0; i < 8; i++) {
        place child = child_of(cell, i);
        if (child.level == GEN_TREES_LEVEL)
            w->at_tree = i;
        walk_cell(w, &child, near);
    }
}

/* The chunk at a place along the curve. */
static place chunk_at(int number) {
    place cell = {0, 0, 0, {0.5, 0.5, 0.5}};
    for (int l = CHUNK_LEVEL - 1; l >= 0; l--)
        cell = child_of(&cell, number >> 3 * l & 7);
    return cell;
}

static void note_trees(const walk *w, const place *chunk, uint64_t trees[GEN_TREES]) {
    for (int i = 0; i < 8; i++) {
        place tree = child_of(chunk, i);
        size_t at = 0;
        for (int d = 2; d >= 0; d--)
            at = at * 32 + (size_t)floor(tree.center[d] * 32);
        trees[at] = w->trees[i];
    }
}

int gen_tables_count(gen_tree *tree, const gen_model *model, int ncpu, int nvar,
                     uint64_t trees[GEN_TREES]) {
    memset(tree, 0, sizeof *tree);
    tree->level_max = model->level_max;
    tree->ncpu = ncpu;
    tree->nvar = nvar;
    tree->bound = calloc((size_t)ncpu + 1, sizeof *tree->bound);
    uint32_t *counts = calloc((size_t)ncpu * (GEN_MAX_LEVEL + 1), sizeof *counts);
    uint64_t *octs = calloc(CHUNKS + 1, sizeof *octs);
    int failed = !tree->bound || !counts || !octs;
    for (int l = 1; l <= tree->level_max; l++) {
        tree->level[l].first = calloc((size_t)ncpu + 1, sizeof *tree->level[l].first);
        failed |= !tree->level[l].first;
    }
    if (failed)
        return -1;
    gen_curve_prepare();
    uint32_t all = gen_model_all(model);
#pragma omp parallel for schedule(dynamic, 1)
    for (int i = 0; i < CHUNKS; i++) {
        walk w = {.model = model, .tree = tree};
        place chunk = chunk_at(i);
        walk_cell(&w, &chunk, all);
        octs[i + 1] = w.octs;
    }
    for (int i = 0; i < CHUNKS; i++)
        octs[i + 1] += octs[i];
    uint64_t target = octs[CHUNKS] / (uint64_t)ncpu + 1;
#pragma omp parallel for schedule(dynamic, 1) reduction(| : failed)
    for (int i = 0; i < CHUNKS; i++) {
        walk w = {.model = model, .tree = tree, .octs = octs[i], .target = target};
        w.first = (int)(octs[i] / target);
        w.last = (int)(octs[i + 1] / target);
        w.last = w.last < ncpu ? w.last : ncpu - 1;
        w.counts = calloc((size_t)(w.last - w.first + 1) * (GEN_MAX_LEVEL + 1), sizeof *counts);
        failed |= !w.counts;
        if (!w.counts)
            continue;
        place chunk = chunk_at(i);
        walk_cell(&w, &chunk, all);
        note_trees(&w, &chunk, trees);
        size_t n = (size_t)(w.last - w.first + 1) * (GEN_MAX_LEVEL + 1);
        for (size_t k = 0; k < n; k++)
#pragma omp atomic
            counts[(size_t)w.first * (GEN_MAX_LEVEL + 1) + k] += w.counts[k];
        free(w.counts);
    }
    for (int l = 0; l < CHUNK_LEVEL; l++) /* those above the chunks */
        counts[l + 1] += UINT32_C(1) << 3 * l;
    tree->bound[ncpu] = UINT64_C(1) << 3 * (tree->level_max + 1);
    for (int d = 1; d < ncpu; d++) /* no octs, no border of its own */
        tree->bound[d] = tree->bound[d] > tree->bound[d - 1] ? tree->bound[d] : tree->bound[d - 1];
    for (int l = 1; l <= tree->level_max; l++) {
        gen_level *level = &tree->level[l];
        for (int d = 0; d < ncpu; d++)
            level->first[d + 1] =
                level->first[d] + counts[(size_t)d * (GEN_MAX_LEVEL + 1) + (size_t)l];
        level->count = level->first[ncpu];
        tree->octs += level->count;
    }
    for (int l = 1; l <= tree->level_max; l++) {
        uint64_t below = l < tree->level_max ? tree->level[l + 1].count : 0;
        tree->leaves[l] = 8 * (uint64_t)tree->level[l].count - below;
        tree->leaf_cells += tree->leaves[l];
    }
    free(counts);
    free(octs);
    return failed ? -1 : 0;
}
