/* test_octree_trees.c - pvr_octree_trees.h: random boxes taken apart into trees, and put together.
 */
#include "pvr_octree_trees.h"

#include "pvr_memory.h"
#include "support.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

enum kind { BREADTH_FIRST, DEPTH_FIRST };

/* Trees as another program holds them, with the index of each vertex in the octree they are of. */
struct apart {
    struct pvr_trees trees;
    struct pvr_tree *tree;
    uint32_t **child;
    uint64_t **index;
};

/* Gives the children of `vertex`, which is `cell`, their vertices; depth first. */
static void go_down(const struct pvr_octree *octree, struct apart *apart, uint64_t t,
                    uint32_t vertex, const struct pvr_cell *cell) {
    struct pvr_cell below[8];
    apart->index[t][vertex] = cell->index;
    int count = pvr_octree_children(octree, cell, below);
    int depth = cell->level - octree->root_level + 1;
    apart->tree[t].nlevels = depth > apart->tree[t].nlevels ? depth : apart->tree[t].nlevels;
    apart->child[t][vertex] = count > 0 ? (uint32_t)apart->tree[t].nvertices : PVR_NO_CHILD;
    uint32_t first = (uint32_t)apart->tree[t].nvertices;
    apart->tree[t].nvertices += (uint64_t)count;
    for (int c = 0; c < count; c++) {
        go_down(octree, apart, t, first + (uint32_t)c, &below[c]);
    }
}

static void go_across(const struct pvr_octree *octree, struct apart *apart, uint64_t t,
                      const struct pvr_cell *root, uint64_t room) {
    struct pvr_cell *queue = malloc(room * sizeof *queue);
    assert_non_null(queue);
    queue[0] = *root;
    uint64_t refined = 0;
    for (uint64_t v = 0; v < apart->tree[t].nvertices; v++) {
        int count = pvr_octree_children(octree, &queue[v], &queue[apart->tree[t].nvertices]);
        apart->index[t][v] = queue[v].index;
        apart->child[t][v] = count > 0 ? (uint32_t)apart->tree[t].nvertices : PVR_NO_CHILD;
        apart->tree[t].nvertices += (uint64_t)count;
        apart->tree[t].nlevels = queue[v].level - octree->root_level + 1;
        refined = count > 0 ? v + 1 : refined;
    }
    apart->tree[t].nchild = refined; /* the last leaves are left out */
    free(queue);
}

static struct apart take_apart(const struct pvr_octree *octree, enum kind kind) {
    struct apart apart = {.trees = {.ndim = octree->ndim, .root_level = octree->root_level}};
    apart.tree = calloc(octree->ntrees, sizeof *apart.tree);
    apart.child = calloc(octree->ntrees, sizeof *apart.child);
    apart.index = calloc(octree->ntrees, sizeof *apart.index);
    assert_non_null(apart.tree);
    assert_non_null(apart.child);
    assert_non_null(apart.index);
    memcpy(apart.trees.root_dims, octree->root_dims, sizeof octree->root_dims);
    memcpy(apart.trees.size, octree->size, sizeof octree->size);
    apart.trees.tree = apart.tree;
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        const uint32_t nx = octree->root_dims[0], ny = octree->root_dims[1];
        const uint32_t at[3] = {(uint32_t)(t % nx), (uint32_t)(t / nx % ny),
                                (uint32_t)(t / nx / ny)};
        struct pvr_cell root;
        assert_true(pvr_octree_cell(octree, octree->root_level, at, &root));
        uint64_t next = t + 1 < octree->ntrees ? octree->level[octree->root_level].tree_cell[t + 1]
                                               : octree->ncells;
        uint64_t room = next - root.index + 8;
        apart.child[t] = malloc(room * sizeof **apart.child);
        apart.index[t] = malloc(room * sizeof **apart.index);
        assert_non_null(apart.child[t]);
        assert_non_null(apart.index[t]);
        apart.tree[t].nvertices = 1;
        if (kind == DEPTH_FIRST) {
            go_down(octree, &apart, t, 0, &root);
            apart.tree[t].nchild = apart.tree[t].nvertices;
        } else {
            go_across(octree, &apart, t, &root, room);
        }
        apart.tree[t].child = apart.child[t];
    }
    return apart;
}

static void free_apart(struct apart *apart, uint64_t ntrees) {
    for (uint64_t t = 0; t < ntrees; t++) {
        free(apart->child[t]);
        free(apart->index[t]);
    }
    free(apart->child);
    free(apart->index);
    free(apart->tree);
}

static struct pvr_octree *make_octree(int ndim, uint64_t seed) {
    static const uint32_t ncoarse[3] = {2, 1, 3};
    struct tree tree = tree_random(ndim, ncoarse, 1, ndim == 1 ? 14 : 6, 35, 2000, seed);
    struct pvr_octree *octree;
    struct pvr_error error;
    unit_ok(tree_build(&tree, 3, 2, &octree, NULL, &error), &error);
    tree_free(&tree);
    return octree;
}

static struct pvr_octree *together(const struct pvr_trees *trees, int threads, uint32_t **order) {
    struct pvr_octree *octree;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = threads};
    unit_ok(pvr_octree_from_trees(trees, &settings, &octree, order, &error), &error);
    return octree;
}

static void the_same_octree_comes_back(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_octree *octree = make_octree(ndim, 20 + (uint64_t)ndim);
        for (int threads = 1; threads <= 3; threads++) {
            struct apart apart = take_apart(octree, BREADTH_FIRST);
            uint32_t *order;
            struct pvr_octree *made = together(&apart.trees, threads, &order);
            assert_null(order);
            unit_same_octree(octree, made);
            pvr_octree_release(made);
            free_apart(&apart, octree->ntrees);

            apart = take_apart(octree, DEPTH_FIRST);
            made = together(&apart.trees, threads, &order);
            assert_non_null(order);
            unit_same_octree(octree, made);
            const uint64_t *first = octree->level[octree->root_level].tree_cell;
            for (uint64_t t = 0; t < octree->ntrees; t++) {
                for (uint64_t v = 0; v < apart.tree[t].nvertices; v++) {
                    assert_int_equal(apart.index[t][order[first[t] + v]], first[t] + v);
                }
            }
            pvr_large_free(order, made->ncells * sizeof *order);
            pvr_octree_release(made);
            free_apart(&apart, octree->ntrees);
        }
        pvr_octree_release(octree);
    }
}

static void deeper_levels_are_left_out(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 25);
    for (int kind = BREADTH_FIRST; kind <= DEPTH_FIRST; kind++) {
        struct apart apart = take_apart(octree, (enum kind)kind);
        for (int level = octree->root_level; level < octree->max_level; level++) {
            struct pvr_octree *cut;
            uint32_t *order;
            unit_ok(pvr_octree_cut(octree, level, &cut, NULL), NULL);
            apart.trees.max_levels = level - octree->root_level + 1;
            struct pvr_octree *made = together(&apart.trees, 2, &order);
            unit_same_octree(cut, made);
            pvr_large_free(order, made->ncells * sizeof *order);
            pvr_octree_release(made);
            pvr_octree_release(cut);
        }
        free_apart(&apart, octree->ntrees);
    }
    pvr_octree_release(octree);
}

/* Hides by the number of tree and vertex alone, so that it can be asked for again. */
static enum pvr_hidden hide_some(const void *context, uint64_t tree, uint32_t vertex) {
    (void)context;
    uint64_t state = tree * 1000003 + vertex + 17;
    uint64_t chance = unit_random(&state) % 100;
    return chance < 10 ? PVR_HIDDEN_CELL : chance < 20 ? PVR_HIDDEN_TREE : PVR_SHOWN;
}

/* Checks `cell`, vertex `vertex`, and all beneath it; `gone`: hidden from above. */
static void check_hidden(const struct pvr_octree *made, const struct apart *apart, uint64_t t,
                         uint32_t vertex, const struct pvr_cell *cell, bool gone,
                         uint64_t *outside) {
    enum pvr_hidden hidden = hide_some(NULL, t, vertex);
    struct pvr_cell below[8];
    int count = pvr_octree_children(made, cell, below);
    assert_int_equal(cell->refined, apart->child[t][vertex] != PVR_NO_CHILD);
    assert_int_equal(cell->outside, !cell->refined && (gone || hidden != PVR_SHOWN));
    *outside += cell->outside;
    for (int c = 0; c < count; c++) {
        check_hidden(made, apart, t, apart->child[t][vertex] + (uint32_t)c, &below[c],
                     gone || hidden == PVR_HIDDEN_TREE, outside);
    }
}

static void hidden_cells_and_missing_trees_are_outside(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 31);
    struct apart apart = take_apart(octree, DEPTH_FIRST);
    apart.trees.hidden = hide_some;
    apart.tree[1].nvertices = 0;
    apart.tree[octree->ntrees - 1].nvertices = 0;
    uint32_t *order;
    struct pvr_octree *made = together(&apart.trees, 2, &order);
    uint64_t outside = 0;
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        const uint32_t at[3] = {(uint32_t)(t % 4), (uint32_t)(t / 4 % 2), (uint32_t)(t / 8)};
        struct pvr_cell root;
        assert_true(pvr_octree_cell(made, 1, at, &root));
        if (apart.tree[t].nvertices == 0) {
            assert_true(root.outside && !root.refined);
            assert_int_equal(order[root.index], 0);
            outside++;
        } else {
            check_hidden(made, &apart, t, 0, &root, false, &outside);
        }
    }
    assert_true(outside > 100);
    assert_int_equal(made->noutside, outside);
    pvr_large_free(order, made->ncells * sizeof *order);
    pvr_octree_release(made);
    free_apart(&apart, octree->ntrees);
    pvr_octree_release(octree);
}

static void expect_failure(const struct pvr_tree *tree, int root_level, enum pvr_status expected,
                           const char *part) {
    struct pvr_trees trees = {.ndim = 2,
                              .root_level = root_level,
                              .root_dims = {1, 1, 1},
                              .size = {1, 1, 1},
                              .tree = tree};
    struct pvr_octree *octree;
    uint32_t *order;
    struct pvr_error error;
    enum pvr_status status = pvr_octree_from_trees(&trees, NULL, &octree, &order, &error);
    unit_failed(status, &error, part);
    assert_int_equal(status, expected);
    assert_null(octree);
    assert_null(order);
}

static void what_is_no_tree_is_refused(void **state) {
    (void)state;
    static const uint32_t self[] = {0}, beyond[] = {2}, far[] = {PVR_NO_CHILD - 1},
                          circle[] = {1, 1, PVR_NO_CHILD, PVR_NO_CHILD, PVR_NO_CHILD}, one[] = {1};
    expect_failure(&(struct pvr_tree){self, 1, 5, 3}, 1, PVR_ERROR_FORMAT, "room");
    expect_failure(&(struct pvr_tree){beyond, 1, 5, 3}, 1, PVR_ERROR_FORMAT, "room");
    expect_failure(&(struct pvr_tree){far, 1, 5, 3}, 1, PVR_ERROR_FORMAT, "room");
    expect_failure(&(struct pvr_tree){one, 1, 1, 3}, 1, PVR_ERROR_FORMAT, "room");
    expect_failure(&(struct pvr_tree){circle, 5, 5, 30}, 1, PVR_ERROR_FORMAT, "room");
    expect_failure(&(struct pvr_tree){one, 1, 4, 3}, 1, PVR_ERROR_FORMAT, "cannot have 4");
    expect_failure(&(struct pvr_tree){one, 1, 5, 1}, 1, PVR_ERROR_FORMAT, "deeper");
    expect_failure(&(struct pvr_tree){one, 1, 5, 33}, 1, PVR_ERROR_UNSUPPORTED, "too many");
    expect_failure(&(struct pvr_tree){one, 1, 5, 2}, 32, PVR_ERROR_UNSUPPORTED, "too many");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_octree_comes_back),
        cmocka_unit_test(deeper_levels_are_left_out),
        cmocka_unit_test(hidden_cells_and_missing_trees_are_outside),
        cmocka_unit_test(what_is_no_tree_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
