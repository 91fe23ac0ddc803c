/* test_octree.c - pvr_octree.h, pvr_octree_build.h: random boxes against what is looked up. */
#include "pvr_octree.h"

#include "support.h"
#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Boxes of all kinds; root levels, several coarse cells, as deep as integers go. */
static const struct {
    int ndim;
    uint32_t ncoarse[3];
    int root_level, max_level, percent;
    uint64_t most;
} boxes[] = {
    {1, {1, 1, 1}, 1, 1, 0, 10},     {1, {1, 1, 1}, 1, 9, 60, 300},
    {1, {5, 1, 1}, 3, 12, 50, 500},  {1, {1, 1, 1}, 1, 31, 30, 20},
    {1, {3, 1, 1}, 6, 29, 40, 40},   {2, {1, 1, 1}, 1, 6, 40, 1000},
    {2, {3, 2, 1}, 2, 7, 30, 1000},  {2, {1, 4, 1}, 4, 4, 0, 10},
    {2, {1, 1, 1}, 2, 31, 20, 12},   {3, {1, 1, 1}, 1, 1, 0, 10},
    {3, {1, 1, 1}, 1, 5, 30, 3000},  {3, {1, 1, 1}, 3, 6, 15, 2000},
    {3, {2, 1, 1}, 2, 6, 20, 2000},  {3, {1, 3, 2}, 1, 5, 25, 2000},
    {3, {1, 1, 1}, 1, 31, 10, 9},    {3, {1, 1, 1}, 2, 4, 100, 100000},
    {3, {1, 1, 1}, 4, 7, 80, 40000},
};
enum { NBOXES = sizeof boxes / sizeof *boxes };

static struct tree make_tree(int box) {
    return tree_random(boxes[box].ndim, boxes[box].ncoarse, boxes[box].root_level,
                       boxes[box].max_level, boxes[box].percent, boxes[box].most,
                       1000 + (uint64_t)box);
}

static struct pvr_octree *build(const struct tree *tree, uint64_t seed, int threads,
                                uint32_t *slot[PVR_MAX_LEVELS + 2]) {
    struct pvr_octree *octree;
    struct pvr_error error;
    unit_ok(tree_build(tree, seed, threads, &octree, slot, &error), &error);
    return octree;
}

static void same_for_any_order_and_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 8, 64};
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        struct pvr_octree *first = build(&tree, 0, 1, NULL);
        for (int i = 0; i < 5; i++) {
            struct pvr_octree *other = build(&tree, 77 + (uint64_t)i, threads[i], NULL);
            unit_same_octree(first, other);
            assert_int_equal(first->bytes, other->bytes);
            pvr_octree_release(other);
        }
        pvr_octree_release(first);
        tree_free(&tree);
    }
}

/* Goes through all trees as vtkHyperTreeGrid does and checks that indices count up. */
static void indices_are_breadth_first(void **state) {
    (void)state;
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        uint32_t *slot[PVR_MAX_LEVELS + 2] = {NULL};
        struct pvr_octree *octree = build(&tree, 5, 2, slot);
        uint64_t next = 0, leaves = 0, most = 8;
        for (int l = tree.root_level; l <= tree.max_level; l++) {
            most += tree.noct[l] * 8;
        }
        uint32_t(*now)[3] = malloc(most * sizeof *now), (*below)[3] = malloc(most * sizeof *below);
        assert_non_null(now);
        assert_non_null(below);
        for (int axis = 0; axis < 3; axis++) {
            assert_int_equal(octree->root_dims[axis], tree_cells(&tree, tree.root_level, axis));
        }
        for (uint64_t t = 0; t < octree->ntrees; t++) {
            uint64_t count = 1;
            now[0][0] = (uint32_t)(t % octree->root_dims[0]);
            now[0][1] = (uint32_t)(t / octree->root_dims[0] % octree->root_dims[1]);
            now[0][2] = (uint32_t)(t / octree->root_dims[0] / octree->root_dims[1]);
            for (int l = tree.root_level; count > 0; l++) {
                uint64_t more = 0;
                for (uint64_t i = 0; i < count; i++) {
                    struct pvr_cell cell;
                    bool refined = false;
                    assert_true(tree_has(&tree, l, now[i], &refined));
                    assert_true(pvr_octree_cell(octree, l, now[i], &cell));
                    assert_int_equal(cell.level, l);
                    assert_memory_equal(cell.coordinate, now[i], sizeof now[i]);
                    assert_int_equal(cell.refined, refined);
                    assert_int_equal(cell.index, next++);
                    leaves += !refined;
                    for (uint32_t c = 0; refined && c < 1u << tree.ndim; c++, more++) {
                        for (int axis = 0; axis < 3; axis++) {
                            below[more][axis] =
                                axis < tree.ndim ? 2 * now[i][axis] + (c >> axis & 1) : 0;
                        }
                    }
                }
                memcpy(now, below, more * sizeof *now);
                count = more;
            }
        }
        assert_int_equal(octree->ncells, next);
        assert_int_equal(octree->nleaves, leaves);
        /* the slots that the build gave are the places */
        for (int l = tree.root_level; l <= tree.max_level; l++) {
            for (uint64_t i = 0; l > tree.root_level && i < tree.noct[l]; i++) {
                uint32_t at[3];
                for (int axis = 0; axis < 3; axis++) {
                    at[axis] = axis < tree.ndim ? 2 * tree.oct[l][i].at[axis] : 0;
                }
                struct pvr_cell cell;
                assert_true(pvr_octree_cell(octree, l, at, &cell));
                assert_int_equal(cell.oct, slot[l][i]);
                assert_int_equal(octree->level[l].refined[slot[l][i]], tree.oct[l][i].refined);
            }
            free(slot[l]);
        }
        free(now);
        free(below);
        pvr_octree_release(octree);
        tree_free(&tree);
    }
}

/* ---- queries ----------------------------------------------------------------------------------
 */

/* The cell of `level` at `at` or the leaf above it, by looking it up. False outside of the box. */
static bool look_up(const struct tree *tree, int level, const int64_t at[3],
                    struct pvr_cell *cell) {
    for (int axis = 0; axis < 3; axis++) {
        if (at[axis] < 0 || (uint64_t)at[axis] >= tree_cells(tree, level, axis)) {
            return false;
        }
    }
    for (; level >= tree->root_level; level--) {
        uint32_t here[3];
        for (int axis = 0; axis < 3; axis++) {
            here[axis] = (uint32_t)at[axis];
        }
        if (tree_has(tree, level, here, &cell->refined)) {
            cell->level = level;
            memcpy(cell->coordinate, here, sizeof here);
            return true;
        }
        int64_t up[3] = {at[0] >> 1, at[1] >> 1, at[2] >> 1};
        return look_up(tree, level - 1, up, cell);
    }
    return false;
}

static void same_cell(const struct pvr_cell *found, const struct pvr_cell *expected) {
    assert_int_equal(found->level, expected->level);
    assert_memory_equal(found->coordinate, expected->coordinate, sizeof found->coordinate);
    assert_int_equal(found->refined, expected->refined);
}

static void check_neighbours(const struct tree *tree, const struct pvr_octree *octree,
                             const struct pvr_cell *cell) {
    for (int face = 0; face < 2 * tree->ndim; face++) {
        for (int periodic = 0; periodic < 2; periodic++) {
            int64_t at[3] = {cell->coordinate[0], cell->coordinate[1], cell->coordinate[2]};
            at[face / 2] += face % 2 == 0 ? -1 : 1;
            if (periodic) {
                int64_t n = (int64_t)tree_cells(tree, cell->level, face / 2);
                at[face / 2] = (at[face / 2] + n) % n;
            }
            struct pvr_cell expected, found, back;
            bool there = look_up(tree, cell->level, at, &expected);
            assert_int_equal(pvr_octree_neighbour(octree, cell, face, periodic != 0, &found),
                             there);
            if (!there) {
                continue;
            }
            same_cell(&found, &expected);
            if (found.level == cell->level) { /* and the way back */
                assert_true(pvr_octree_neighbour(octree, &found, face ^ 1, periodic != 0, &back));
                same_cell(&back, cell);
                assert_int_equal(back.index, cell->index);
            }
        }
    }
    struct pvr_cell none;
    assert_false(pvr_octree_neighbour(octree, cell, -1, true, &none));
    for (int face = 2 * tree->ndim; face < 8; face++) {
        assert_false(pvr_octree_neighbour(octree, cell, face, true, &none));
    }
}

static void check_children(const struct tree *tree, const struct pvr_octree *octree,
                           const struct pvr_cell *cell) {
    struct pvr_cell child[8], facing[4];
    int n = 1 << tree->ndim;
    assert_int_equal(pvr_octree_children(octree, cell, child), cell->refined ? n : 0);
    for (int c = 0; cell->refined && c < n; c++) {
        int64_t at[3] = {0, 0, 0};
        for (int axis = 0; axis < tree->ndim; axis++) {
            at[axis] = 2 * (int64_t)cell->coordinate[axis] + (c >> axis & 1);
        }
        struct pvr_cell expected;
        assert_true(look_up(tree, cell->level + 1, at, &expected));
        same_cell(&child[c], &expected);
        assert_int_equal(child[c].index, child[0].index + (uint64_t)c);
        assert_int_equal(child[c].oct, child[0].oct);
    }
    for (int face = 0; face < 6; face++) {
        bool sensible = cell->refined && face < 2 * tree->ndim;
        assert_int_equal(pvr_octree_face_children(octree, cell, face, facing),
                         sensible ? n / 2 : 0);
        int next = 0;
        for (int c = 0; sensible && c < n; c++) {
            if ((c >> face / 2 & 1) == (face & 1)) {
                assert_int_equal(facing[next++].index, child[c].index);
            }
        }
    }
}

static void check_points(const struct tree *tree, const struct pvr_octree *octree,
                         const struct pvr_cell *cell, uint64_t *random) {
    double position[3] = {0, 0, 0}, fraction = 0.5;
    for (int again = 0; again < 3; again++) { /* its middle, and anywhere within */
        for (int axis = 0; axis < tree->ndim; axis++) {
            position[axis] = (cell->coordinate[axis] + fraction) * tree->size[axis] /
                             (double)tree_cells(tree, cell->level, axis);
            fraction = 0.01 + 0.98 * (double)(unit_random(random) >> 11) * 0x1p-53;
        }
        struct pvr_cell leaf;
        assert_true(pvr_octree_find_leaf(octree, position, &leaf));
        assert_false(leaf.refined);
        assert_true(leaf.level >= cell->level);
        for (int axis = 0; axis < tree->ndim; axis++) { /* the leaf lies in the cell */
            assert_int_equal(leaf.coordinate[axis] >> (leaf.level - cell->level),
                             cell->coordinate[axis]);
        }
        if (!cell->refined) {
            assert_int_equal(leaf.index, cell->index);
        }
    }
}

static void queries(void **state) {
    (void)state;
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        struct pvr_octree *octree = build(&tree, 3, 2, NULL);
        uint64_t random = 9;
        double volume = 0;
        for (int l = tree.root_level; l <= tree.max_level; l++) {
            double cell_volume = 1;
            for (int axis = 0; axis < tree.ndim; axis++) {
                cell_volume *= tree.size[axis] / (double)tree_cells(&tree, l, axis);
            }
            assert_true(fabs(pvr_octree_cell_volume(octree, l) / cell_volume - 1) < 1e-14);
            uint64_t step = 1 + tree.noct[l] / 400; /* a sample of large levels */
            for (uint64_t i = 0; i < tree.noct[l]; i++) {
                const struct tree_oct *oct = &tree.oct[l][i];
                volume += cell_volume * ((1 << tree.ndim) - __builtin_popcount(oct->refined));
                for (uint32_t c = 0; i % step == 0 && c < 1u << tree.ndim; c++) {
                    uint32_t at[3] = {0, 0, 0};
                    for (int axis = 0; axis < tree.ndim; axis++) {
                        at[axis] = 2 * oct->at[axis] + (c >> axis & 1);
                    }
                    struct pvr_cell cell, above;
                    assert_true(pvr_octree_cell(octree, l, at, &cell));
                    check_neighbours(&tree, octree, &cell);
                    check_children(&tree, octree, &cell);
                    check_points(&tree, octree, &cell, &random);
                    for (int axis = 0; axis < tree.ndim; axis++) {
                        at[axis] *= 2;
                    }
                    if (!cell.refined && l < 31) { /* what a leaf covers is the leaf */
                        assert_true(pvr_octree_cell(octree, l + 1, at, &above));
                        same_cell(&above, &cell);
                        assert_int_equal(above.index, cell.index);
                    }
                }
            }
        }
        double whole =
            tree.size[0] * (tree.ndim > 1 ? tree.size[1] : 1) * (tree.ndim > 2 ? tree.size[2] : 1);
        assert_true(fabs(volume / whole - 1) < 1e-9);
        pvr_octree_release(octree);
        tree_free(&tree);
    }
}

static void outside_of_the_box(void **state) {
    (void)state;
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        struct pvr_octree *octree = build(&tree, 3, 1, NULL);
        struct pvr_cell cell;
        const uint32_t origin[3] = {0, 0, 0};
        assert_false(pvr_octree_cell(octree, tree.root_level - 1, origin, &cell));
        assert_false(pvr_octree_cell(octree, -1, origin, &cell));
        assert_false(pvr_octree_cell(octree, PVR_MAX_LEVELS + 1, origin, &cell));
        assert_true(pvr_octree_cell(octree, tree.max_level, origin, &cell));
        for (int axis = 0; axis < 3; axis++) {
            uint32_t at[3] = {0, 0, 0};
            double position[3] = {0, 0, 0};
            bool used = axis < tree.ndim; /* other axes play no role */
            at[axis] = (uint32_t)tree_cells(&tree, tree.max_level, axis);
            assert_int_equal(pvr_octree_cell(octree, tree.max_level, at, &cell), !used);
            const double wrong[] = {-1e-300,          tree.size[axis],  1e300, -1e300, (double)NAN,
                                    (double)INFINITY, -(double)INFINITY};
            for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                position[axis] = wrong[i];
                assert_int_equal(pvr_octree_find_leaf(octree, position, &cell), !used);
            }
            const double right[] = {0, nextafter(tree.size[axis], 0)};
            for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
                position[axis] = right[i];
                assert_true(pvr_octree_find_leaf(octree, position, &cell));
            }
        }
        assert_ptr_equal(pvr_octree_retain(octree), octree);
        pvr_octree_release(octree);
        assert_true(pvr_octree_cell(octree, tree.max_level, origin, &cell));
        pvr_octree_release(octree);
        tree_free(&tree);
    }
    pvr_octree_release(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_for_any_order_and_threads),
        cmocka_unit_test(indices_are_breadth_first),
        cmocka_unit_test(queries),
        cmocka_unit_test(outside_of_the_box),
    };
    return cmocka_run_group_tests_name("octree", tests, NULL, NULL);
}
