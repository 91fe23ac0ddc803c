/* test_octree_bad.c - pvr_octree_build.h: octs that make no octree. */
#include "support.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t ncoarse[3] = {2, 1, 1};

static struct tree make_tree(int ndim) {
    return tree_random(ndim, ncoarse, 2, 5, ndim == 1 ? 75 : 40, 3000, 4);
}

/* Builds with 1 and 3 threads; both must fail with a message that holds `part`. Frees the tree. */
static void must_fail(struct tree *tree, const char *part) {
    for (int threads = 1; threads <= 3; threads += 2) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            struct pvr_octree *octree;
            struct pvr_error error;
            enum pvr_status status = tree_build(tree, seed, threads, &octree, NULL, &error);
            unit_failed(status, &error, part);
            assert_int_equal(status, PVR_ERROR_FORMAT);
            assert_null(octree);
        }
    }
    tree_free(tree);
}

/* Removes oct `i` of `level` from the list. */
static void drop(struct tree *tree, int level, uint64_t i) {
    struct tree_oct *oct = tree->oct[level];
    memmove(&oct[i], &oct[i + 1], (tree->noct[level] - i - 1) * sizeof *oct);
    tree->noct[level]--;
}

static void add(struct tree *tree, int level, struct tree_oct oct) {
    struct tree_oct *grown = realloc(tree->oct[level], (tree->noct[level] + 1) * sizeof *grown);
    assert_non_null(grown);
    grown[tree->noct[level]++] = oct;
    tree->oct[level] = grown;
}

/* A leaf of `level` - 1: a place where an oct of `level` has none above it. */
static struct tree_oct orphan(const struct tree *tree, int level) {
    for (uint64_t i = 0;; i++) {
        const struct tree_oct *above = &tree->oct[level - 1][i];
        for (uint32_t c = 0; c < 1u << tree->ndim; c++) {
            if ((above->refined >> c & 1) == 0) {
                struct tree_oct oct = {{0, 0, 0}, 0};
                for (int axis = 0; axis < tree->ndim; axis++) {
                    oct.at[axis] = 2 * above->at[axis] + (c >> axis & 1);
                }
                return oct;
            }
        }
    }
}

static void two_octs_in_one_place(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int level = 2; level <= 5; level++) {
            struct tree tree = make_tree(ndim); /* one too many */
            add(&tree, level, tree.oct[level][0]);
            must_fail(&tree, level == 2 ? "fill the box" : "of another oct");
            tree = make_tree(ndim); /* the right number */
            uint64_t last = tree.noct[level] - 1;
            memcpy(tree.oct[level][last].at, tree.oct[level][0].at, sizeof tree.oct[level][0].at);
            struct pvr_octree *octree;
            struct pvr_error error;
            unit_failed(tree_build(&tree, 0, 2, &octree, NULL, &error), &error,
                        unit_path("oct %d of level %d lies in", (int)last, level));
            must_fail(&tree, "of another oct");
        }
    }
}

static void missing_octs(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int level = 2; level <= 5; level++) {
            struct tree tree = make_tree(ndim);
            drop(&tree, level, tree.noct[level] / 2);
            must_fail(&tree, level == 2 ? "fill the box" : "without an oct");
        }
        for (int level = 3; level <= 5; level++) { /* a whole level, and what is below hangs free */
            struct tree tree = make_tree(ndim);
            tree.noct[level] = 0;
            must_fail(&tree, "without an oct");
        }
    }
}

static void octs_without_a_cell_above(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int level = 3; level <= 5; level++) {
            struct tree tree = make_tree(ndim); /* one more */
            add(&tree, level, orphan(&tree, level));
            must_fail(&tree, unit_path("of level %d has no refined cell above it", level));
            tree = make_tree(ndim); /* moved there */
            uint64_t last = tree.noct[level] - 1;
            struct tree_oct moved = orphan(&tree, level);
            memcpy(tree.oct[level][last].at, moved.at, sizeof moved.at);
            must_fail(&tree, "has no refined cell above it");
        }
    }
}

static void octs_outside_of_the_box(void **state) {
    (void)state;
    static const uint32_t beyond[] = {0, 1, 1000000, 0x7fffffff, 0xffffffffu};
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int level = 2; level <= 5; level++) {
            for (int axis = 0; axis < ndim; axis++) {
                for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
                    struct tree tree = make_tree(ndim);
                    uint32_t n = (uint32_t)tree_cells(&tree, level - 1, axis);
                    uint32_t at = beyond[i] > n ? beyond[i] : n + beyond[i];
                    tree.oct[level][tree.noct[level] / 3].at[axis] = at;
                    must_fail(&tree, unit_path("of level %d", level));
                }
            }
        }
    }
}

static void refined_cells_on_the_last_level(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct tree tree = make_tree(ndim);
        tree.oct[5][1].refined = 1;
        must_fail(&tree, "oct");
        tree = make_tree(ndim); /* the root level is the last */
        tree.max_level = 2;
        must_fail(&tree, "of level 2 has a refined cell without");
    }
}

static void refined_bits_that_are_wrong(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int level = 2; level <= 4; level++) {
            struct tree tree = make_tree(ndim); /* one cell too many */
            struct tree_oct *oct = tree.oct[level];
            uint8_t all = (uint8_t)((1 << (1 << ndim)) - 1);
            uint64_t i = 0;
            while (oct[i].refined == all) {
                i++;
            }
            oct[i].refined |= (uint8_t)(oct[i].refined + 1); /* the lowest 0 */
            struct pvr_octree *octree; /* in the order of the list, the very one is named */
            struct pvr_error error;
            unit_failed(tree_build(&tree, 0, 2, &octree, NULL, &error), &error,
                        unit_path("oct %d of level %d has a refined cell without", (int)i, level));
            must_fail(&tree, unit_path("of level %d has a refined cell without", level));
            tree = make_tree(ndim); /* another cell than has a child */
            oct = tree.oct[level];
            i = 0;
            while (oct[i].refined == 0 || oct[i].refined == all) {
                i++;
            }
            uint8_t lowest_one = (uint8_t)(oct[i].refined & -oct[i].refined);
            uint8_t lowest_zero = (uint8_t)(~oct[i].refined & (oct[i].refined + 1));
            oct[i].refined = (uint8_t)((oct[i].refined ^ lowest_one) | lowest_zero);
            must_fail(&tree, "has no refined cell above it");
        }
    }
}

static void without_an_error_to_fill(void **state) {
    (void)state;
    struct tree tree = make_tree(3);
    struct pvr_octree *octree;
    unit_ok(tree_build(&tree, 1, 2, &octree, NULL, NULL), NULL);
    pvr_octree_release(octree);
    tree.noct[5]--;
    assert_int_equal(tree_build(&tree, 1, 2, &octree, NULL, NULL), PVR_ERROR_FORMAT);
    assert_null(octree);
    tree_free(&tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_octs_in_one_place),
        cmocka_unit_test(missing_octs),
        cmocka_unit_test(octs_without_a_cell_above),
        cmocka_unit_test(octs_outside_of_the_box),
        cmocka_unit_test(refined_cells_on_the_last_level),
        cmocka_unit_test(refined_bits_that_are_wrong),
        cmocka_unit_test(without_an_error_to_fill),
    };
    return cmocka_run_group_tests_name("octree_bad", tests, NULL, NULL);
}
