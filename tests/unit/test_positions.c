/* test_positions.c - pvr_positions.h: runs and walks against the octree's own queries. */
#include "pvr_positions.h"

#include "support.h"
#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where every oct of every level lies, by pvr_octree_cell: at[level][oct]. */
struct places {
    uint32_t (*at[PVR_MAX_LEVELS + 1])[3];
};

static struct places find_places(const struct tree *tree, const struct pvr_octree *octree) {
    struct places places = {{NULL}};
    for (int l = octree->root_level + 1; l <= octree->max_level; l++) {
        places.at[l] = calloc(tree->noct[l] + 1, sizeof *places.at[l]);
        assert_non_null(places.at[l]);
        for (uint64_t o = 0; o < tree->noct[l]; o++) {
            const uint32_t *on = tree->oct[l][o].at;
            const uint32_t first[3] = {2 * on[0], 2 * on[1], 2 * on[2]};
            struct pvr_cell cell;
            assert_true(pvr_octree_cell(octree, l, first, &cell));
            assert_int_equal(cell.level, l);
            memcpy(places.at[l][cell.oct], on, sizeof *places.at[l]);
        }
    }
    return places;
}

static void check_walks(const struct pvr_octree *octree, const struct places *places,
                        uint64_t *random) {
    struct pvr_walk walk;
    uint32_t(*found)[3] = calloc(octree->ncells, sizeof *found);
    assert_non_null(found);
    for (int l = octree->root_level + 1; l <= octree->max_level; l++) {
        uint64_t noct = octree->level[l].noct;
        pvr_walk_begin(&walk, octree);
        pvr_walk_octs(&walk, l, 0, noct, found); /* all at once */
        assert_memory_equal(found, places->at[l], noct * sizeof *found);
        pvr_walk_octs(&walk, l, noct, 0, found); /* nothing */
        for (int i = 0; i < 50; i++) {           /* here and there, back and forth */
            uint64_t first = unit_random(random) % noct;
            uint64_t count = unit_random(random) % (noct - first) % 40 + 1;
            if (i % 10 == 0) {
                pvr_walk_begin(&walk, octree);
            }
            pvr_walk_octs(&walk, l, first, count, found);
            assert_memory_equal(found, places->at[l] + first, count * sizeof *found);
        }
    }
    /* one walk on all levels in turn */
    pvr_walk_begin(&walk, octree);
    for (int i = 0; i < 200; i++) {
        int below = octree->max_level - octree->root_level;
        int l = octree->root_level + 1 + (int)(unit_random(random) % (uint64_t)below);
        uint64_t first = unit_random(random) % octree->level[l].noct;
        pvr_walk_octs(&walk, l, first, 1, found);
        assert_memory_equal(found, places->at[l] + first, sizeof *found);
    }
    free(found);
}

static void check_runs(const struct pvr_octree *octree) {
    struct pvr_run run = pvr_run_at(octree, 0);
    uint64_t cell = 0;
    do {
        const struct pvr_octree_level *level = &octree->level[run.level];
        assert_int_equal(run.cell, cell);
        assert_int_equal(run.cell, level->tree_cell[run.tree]);
        assert_true(run.ncells > 0);
        if (run.level > octree->root_level) {
            assert_int_equal(run.oct, level->tree_first[run.tree]);
            uint64_t noct = level->tree_first[run.tree + 1] - run.oct;
            assert_int_equal(run.ncells, noct * (uint64_t)octree->cells_per_oct);
        } else {
            assert_int_equal(run.oct, run.tree);
            assert_int_equal(run.ncells, 1);
        }
        for (uint64_t i = cell; i < cell + run.ncells; i += 1 + run.ncells / 5) {
            struct pvr_run again = pvr_run_at(octree, i);
            assert_memory_equal(&again.cell, &run.cell, sizeof run.cell);
            assert_int_equal(again.level, run.level);
            assert_int_equal(again.oct, run.oct);
        }
        cell += run.ncells;
    } while (pvr_run_next(octree, &run));
    assert_int_equal(cell, octree->ncells);
}

static void random_trees(void **state) {
    (void)state;
    uint64_t random = 3;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (uint64_t seed = 1; seed <= 12; seed++) {
            const uint32_t ncoarse[3] = {1 + (uint32_t)(seed % 3), 1 + (uint32_t)(seed % 2), 2};
            int root = 1 + (int)(seed % 4), percent = (int)(unit_random(&random) % 100);
            struct tree tree =
                tree_random(ndim, ncoarse, root, root + (int)(seed % 6), percent, 3000, seed);
            struct pvr_octree *octree;
            struct pvr_error error;
            unit_ok(tree_build(&tree, seed, 2, &octree, NULL, &error), &error);
            struct places places = find_places(&tree, octree);
            check_runs(octree);
            if (octree->max_level > octree->root_level) {
                check_walks(octree, &places, &random);
            }
            for (uint64_t t = 0; t < octree->ntrees; t++) {
                uint32_t at[3];
                struct pvr_cell cell;
                pvr_tree_coordinate(octree, t, at);
                assert_true(pvr_octree_cell(octree, octree->root_level, at, &cell));
                assert_int_equal(cell.oct, t);
            }
            for (int l = octree->root_level; l <= octree->max_level; l++) {
                double size = pvr_octree_cell_size(octree, l);
                assert_true(fabs(pow(size, ndim) - pvr_octree_cell_volume(octree, l)) <
                            1e-14 * pow(size, ndim));
            }
            for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
                free(places.at[l]);
            }
            pvr_octree_release(octree);
            tree_free(&tree);
        }
    }
}

/* A few octs far down among very many: the search goes in large steps. */
static void needles_in_a_haystack(void **state) {
    (void)state;
    const uint32_t ncoarse[3] = {1, 1, 1};
    uint64_t random = 5;
    struct tree tree = tree_random(3, ncoarse, 6, 12, 0, 0, 77); /* one oct on each level below */
    struct pvr_octree *octree;
    struct pvr_error error;
    unit_ok(tree_build(&tree, 77, 2, &octree, NULL, &error), &error);
    struct places places = find_places(&tree, octree);
    check_runs(octree);
    check_walks(octree, &places, &random);
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        free(places.at[l]);
    }
    pvr_octree_release(octree);
    tree_free(&tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_trees),
        cmocka_unit_test(needles_in_a_haystack),
    };
    return cmocka_run_group_tests_name("positions", tests, NULL, NULL);
}
