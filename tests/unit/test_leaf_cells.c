/* test_leaf_cells.c - pvr_leaf_cells.h: cells and points of random boxes against a plain list of
 * all corners, sorted. */
#include "pvr_leaf_cells.h"
#include "pvr_leaf_grid.h"

#include "pvr_memory.h"
#include "support.h"
#include "tree.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A leaf and its corners as integers on the deepest level's grid. */
struct leaf {
    struct pvr_cell cell;
    uint64_t corner[8]; /* x + 2^21 y + 2^42 z */
};

struct leaves {
    uint64_t count, room;
    struct leaf *leaf;
};

static void add_leaves(const struct pvr_octree *octree, const struct pvr_cell *cell,
                       struct leaves *leaves) {
    struct pvr_cell below[8];
    int n = pvr_octree_children(octree, cell, below);
    for (int c = 0; c < n; c++) {
        add_leaves(octree, &below[c], leaves);
    }
    if (n > 0 || cell->outside) {
        return;
    }
    if (leaves->count == leaves->room) {
        leaves->room = 2 * leaves->room + 100;
        leaves->leaf = realloc(leaves->leaf, leaves->room * sizeof *leaves->leaf);
        assert_non_null(leaves->leaf);
    }
    struct leaf *leaf = &leaves->leaf[leaves->count++];
    leaf->cell = *cell;
    for (int corner = 0; corner < octree->cells_per_oct; corner++) {
        leaf->corner[corner] = 0;
        for (int axis = 0; axis < octree->ndim; axis++) {
            uint64_t at = (uint64_t)cell->coordinate[axis % 3] + (uint64_t)(corner >> axis & 1);
            leaf->corner[corner] |= at << (octree->max_level - cell->level) << 21 * axis;
        }
    }
}

static int by_index(const void *a, const void *b) {
    uint64_t left = ((const struct leaf *)a)->cell.index,
             right = ((const struct leaf *)b)->cell.index;
    return (left > right) - (left < right);
}

static int by_value(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static struct leaves list_leaves(const struct pvr_octree *octree) {
    struct leaves leaves = {0, 0, NULL};
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        const uint32_t nx = octree->root_dims[0], ny = octree->root_dims[1];
        const uint32_t at[3] = {(uint32_t)(t % nx), (uint32_t)(t / nx % ny),
                                (uint32_t)(t / nx / ny)};
        struct pvr_cell root;
        assert_true(pvr_octree_cell(octree, octree->root_level, at, &root));
        add_leaves(octree, &root, &leaves);
    }
    if (leaves.count > 0) {
        qsort(leaves.leaf, leaves.count, sizeof *leaves.leaf, by_index);
    }
    return leaves;
}

static uint64_t count_corners(const struct pvr_octree *octree, const struct leaves *leaves) {
    uint64_t n = leaves->count * (uint64_t)octree->cells_per_oct, distinct = 0, at = 0;
    uint64_t *all = malloc((n + 1) * sizeof *all);
    assert_non_null(all);
    for (uint64_t i = 0; i < leaves->count; i++) {
        for (int c = 0; c < octree->cells_per_oct; c++) {
            all[at++] = leaves->leaf[i].corner[c];
        }
    }
    qsort(all, n, sizeof *all, by_value);
    for (uint64_t i = 0; i < n; i++) {
        distinct += i == 0 || all[i] != all[i - 1];
    }
    free(all);
    return distinct;
}

/* Puts about `percent` of the leaves outside. */
static void put_outside(struct pvr_octree *octree, unsigned percent, uint64_t seed) {
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        struct pvr_octree_level *level = &octree->level[l];
        bool roots = l == octree->root_level;
        uint64_t nbytes = roots ? (octree->ntrees + 7) / 8 : level->noct;
        level->outside = pvr_large_alloc(((nbytes + 7) / 8 + 1) * 8);
        assert_non_null(level->outside);
        for (uint64_t i = 0; i < nbytes; i++) {
            uint64_t cells = !roots                       ? (uint64_t)octree->cells_per_oct
                             : octree->ntrees - 8 * i < 8 ? octree->ntrees - 8 * i
                                                          : 8;
            for (uint64_t c = 0; c < cells; c++) {
                if ((level->refined[i] >> c & 1) == 0 && unit_random(&seed) % 100 < percent) {
                    level->outside[i] |= (uint8_t)(1 << c);
                    octree->noutside++;
                    octree->nleaves--;
                }
            }
        }
    }
}

static struct pvr_octree *make_octree(int ndim, int kind, uint64_t seed) {
    static const uint32_t ncoarse[3][3] = {{2, 1, 3}, {1, 1, 1}, {5, 3, 2}};
    static const int depth[3][3] = {{9, 6, 5}, {14, 9, 7}, {3, 3, 2}};
    struct tree tree =
        tree_random(ndim, ncoarse[kind], 1 + (kind == 2), depth[kind][ndim - 1], 40, 1500, seed);
    tree.size[0] = 2;
    tree.size[1] = 1;
    tree.size[2] = 3;
    struct pvr_octree *octree;
    struct pvr_error error;
    unit_ok(tree_build(&tree, 3, 2, &octree, NULL, &error), &error);
    tree_free(&tree);
    return octree;
}

static struct pvr_leaf_cells *make_cells(struct pvr_octree *octree, int threads) {
    struct pvr_leaf_cells *cells;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = threads};
    unit_ok(pvr_leaf_cells_new(octree, NULL, &settings, NULL, NULL, &cells, NULL, &error), &error);
    return cells;
}

/* Compares all with the plain list; frees nothing. */
static void check(struct pvr_octree *octree, int threads) {
    struct leaves leaves = list_leaves(octree);
    struct pvr_leaf_cells *cells = make_cells(octree, threads);
    const int ncorners = octree->cells_per_oct;
    const uint64_t ncells = pvr_leaf_cells_count(cells), npoints = pvr_leaf_cells_npoints(cells);
    assert_int_equal(ncells, leaves.count);
    assert_int_equal(ncells, octree->nleaves);
    assert_int_equal(npoints, count_corners(octree, &leaves));
    assert_int_equal(pvr_leaf_cells_corners(cells), ncorners);
    int64_t *connectivity = malloc((ncells * (uint64_t)ncorners + 1) * sizeof *connectivity);
    double *xyz = malloc((3 * npoints + 1) * sizeof *xyz);
    uint8_t *used = calloc(npoints + 1, 1), *level = calloc(ncells + 1, 1);
    assert_true(connectivity != NULL && xyz != NULL && used != NULL && level != NULL);
    pvr_leaf_cells_connectivity(cells, 0, ncells, PVR_INT64, connectivity);
    pvr_leaf_cells_points(cells, 0, npoints, PVR_FLOAT64, xyz);
    pvr_leaf_cells_levels(cells, 0, ncells, level);
    for (uint64_t i = 0; i < ncells; i++) {
        assert_int_equal(level[i], leaves.leaf[i].cell.level);
        for (int c = 0; c < ncorners; c++) {
            int64_t point = connectivity[i * (uint64_t)ncorners + (uint64_t)c];
            assert_true(point >= 0 && (uint64_t)point < npoints);
            used[point] = 1;
            for (int axis = 0; axis < 3; axis++) {
                double wanted = 0;
                if (axis < octree->ndim) {
                    double n =
                        ldexp(octree->root_dims[axis], octree->max_level - octree->root_level);
                    wanted = octree->origin[axis] +
                             octree->size[axis] *
                                 (double)(leaves.leaf[i].corner[c] >> 21 * axis & 0x1fffff) / n;
                }
                assert_true(xyz[3 * point + axis] == wanted); /* the same bits */
            }
        }
    }
    assert_null(memchr(used, 0, npoints)); /* no point without a cell */
    free(connectivity);
    free(xyz);
    free(used);
    free(level);
    free(leaves.leaf);
    pvr_leaf_cells_free(cells);
}

static void cells_and_points_are_the_leaves_and_their_corners(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int kind = 0; kind < 3; kind++) {
            struct pvr_octree *octree = make_octree(ndim, kind, 10 + (uint64_t)kind);
            octree->origin[0] = -0.75;
            check(octree, 1 + kind);
            pvr_octree_release(octree);
        }
    }
}

static void what_is_outside_has_no_cells_and_points(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (unsigned percent = 5; percent <= 95; percent += 45) {
            struct pvr_octree *octree = make_octree(ndim, ndim == 2, percent);
            put_outside(octree, percent, 7);
            check(octree, 2);
            pvr_octree_release(octree);
        }
        struct pvr_octree *octree = make_octree(ndim, 0, 3);
        put_outside(octree, 100, 7);
        check(octree, 2); /* nothing is left */
        pvr_octree_release(octree);
    }
}

static void parts_are_as_the_whole_for_any_threads(void **state) {
    (void)state;
    for (int outside = 0; outside <= 1; outside++) {
        struct pvr_octree *octree = make_octree(3, 0, 21);
        if (outside) {
            put_outside(octree, 30, 5);
        }
        struct pvr_leaf_cells *one = make_cells(octree, 1), *many = make_cells(octree, 5);
        const uint64_t ncells = pvr_leaf_cells_count(one), npoints = pvr_leaf_cells_npoints(one);
        assert_int_equal(npoints, pvr_leaf_cells_npoints(many));
        int32_t *all = malloc(8 * ncells * sizeof *all), *part = malloc(8 * ncells * sizeof *part);
        float *xyz = malloc(3 * npoints * sizeof *xyz), *some = malloc(3 * npoints * sizeof *some);
        struct pvr_array *array;
        unit_ok(pvr_array_new(PVR_FLOAT64, 3, octree->ncells, &array, NULL), NULL);
        for (uint64_t i = 0; i < 3 * octree->ncells; i++) {
            ((double *)array->data)[i] = (double)i;
        }
        double *values = malloc(3 * ncells * sizeof *values);
        double *of_part = malloc(3 * ncells * sizeof *of_part);
        assert_true(all != NULL && part != NULL && xyz != NULL && some != NULL && values != NULL &&
                    of_part != NULL);
        pvr_leaf_cells_connectivity(one, 0, ncells, PVR_INT32, all);
        pvr_leaf_cells_points(one, 0, npoints, PVR_FLOAT32, xyz);
        pvr_leaf_cells_values(one, array, 0, ncells, values);
        struct leaves leaves = list_leaves(octree);
        for (uint64_t i = 0; i < ncells; i++) {
            assert_true(values[3 * i + 2] == (double)(3 * leaves.leaf[i].cell.index + 2));
        }
        free(leaves.leaf);
        uint64_t random = 99;
        for (int i = 0; i < 300; i++) {
            uint64_t first = unit_random(&random) % (ncells + 1);
            uint64_t count = i % 3 == 0           ? unit_random(&random) % (ncells - first + 1)
                             : ncells - first < 5 ? ncells - first
                                                  : 5;
            pvr_leaf_cells_connectivity(many, first, count, PVR_INT32, part);
            assert_memory_equal(part, all + 8 * first, 8 * count * sizeof *all);
            pvr_leaf_cells_values(many, array, first, count, of_part);
            assert_memory_equal(of_part, values + 3 * first, 3 * count * sizeof *values);
            first = unit_random(&random) % (npoints + 1);
            count = i % 3 == 0            ? unit_random(&random) % (npoints - first + 1)
                    : npoints - first < 5 ? npoints - first
                                          : 5;
            pvr_leaf_cells_points(many, first, count, PVR_FLOAT32, some);
            assert_memory_equal(some, xyz + 3 * first, 3 * count * sizeof *xyz);
        }
        pvr_array_release(array);
        free(all);
        free(part);
        free(xyz);
        free(some);
        free(values);
        free(of_part);
        pvr_leaf_cells_free(one);
        pvr_leaf_cells_free(many);
        pvr_octree_release(octree);
    }
}

static void a_grid_holds_all_parts(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 0, 21);
    put_outside(octree, 20, 5);
    struct pvr_leaf_cells *cells = make_cells(octree, 1);
    const uint64_t ncells = pvr_leaf_cells_count(cells), npoints = pvr_leaf_cells_npoints(cells);
    struct pvr_array *array;
    unit_ok(pvr_array_new(PVR_INT32, 1, octree->ncells, &array, NULL), NULL);
    for (uint64_t i = 0; i < octree->ncells; i++) {
        ((int32_t *)array->data)[i] = (int32_t)i;
    }
    const struct pvr_array *const arrays[] = {array, array};
    void *part = malloc(8 * ncells * sizeof(int32_t) + 3 * npoints * sizeof(float));
    assert_non_null(part);
    for (int threads = 1; threads <= 4; threads += 3) {
        struct pvr_leaf_grid grid;
        struct pvr_error error;
        const struct pvr_threads settings = {.max = threads};
        unit_ok(pvr_leaf_grid_make(octree, NULL, arrays, 2, &settings, NULL, NULL, &grid, &error),
                &error);
        assert_int_equal(grid.report.threads, threads);
        assert_int_equal(grid.ncells, ncells);
        assert_int_equal(grid.npoints, npoints);
        assert_int_equal(grid.points->type, PVR_FLOAT32);
        assert_int_equal(grid.offsets->ntuples, ncells + 1);
        for (uint64_t i = 0; i <= ncells; i++) {
            assert_int_equal(((int32_t *)grid.offsets->data)[i], 8 * i);
        }
        pvr_leaf_cells_connectivity(cells, 0, ncells, PVR_INT32, part);
        assert_memory_equal(part, grid.connectivity->data, 8 * ncells * sizeof(int32_t));
        pvr_leaf_cells_points(cells, 0, npoints, PVR_FLOAT32, part);
        assert_memory_equal(part, grid.points->data, 3 * npoints * sizeof(float));
        pvr_leaf_cells_values(cells, array, 0, ncells, part);
        assert_memory_equal(part, grid.values[1]->data, ncells * sizeof(int32_t));
        pvr_leaf_cells_levels(cells, 0, ncells, part);
        assert_memory_equal(part, grid.levels->data, ncells);
        pvr_leaf_grid_free(&grid);
    }
    free(part);
    pvr_array_release(array);
    pvr_leaf_cells_free(cells);
    pvr_octree_release(octree);
}

static void types_are_as_narrow_as_they_can_be(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 0, 21);
    struct pvr_leaf_cells *cells = make_cells(octree, 1);
    assert_int_equal(pvr_leaf_cells_point_type(cells), PVR_FLOAT32);
    assert_int_equal(pvr_leaf_cells_index_type(cells), PVR_INT32);
    /* Volumes are measured from points: far from the origin those of floats are wrong. */
    const double side =
        ldexp(octree->size[1] / octree->root_dims[1], octree->root_level - octree->max_level);
    octree->origin[1] = side / (FLT_EPSILON * 4096) - octree->size[1];
    assert_int_equal(pvr_leaf_cells_point_type(cells), PVR_FLOAT32);
    octree->origin[1] = side / (FLT_EPSILON * 1024) - octree->size[1];
    assert_int_equal(pvr_leaf_cells_point_type(cells), PVR_FLOAT64);
    /* 1.2 bytes a cell and a little */
    assert_true(pvr_leaf_cells_bytes(cells) < 3 * octree->nleaves + 4096);
    pvr_leaf_cells_free(cells);
    pvr_octree_release(octree);
}

static void a_place_in_the_world(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(2, 0, 4);
    const struct pvr_leaf_place place = {{2, 0, 1}, {7, 8, 9}, 10};
    struct pvr_leaf_cells *cells;
    unit_ok(pvr_leaf_cells_new(octree, &place, NULL, NULL, NULL, &cells, NULL, NULL), NULL);
    double xyz[6];
    pvr_leaf_cells_points(cells, 0, 2, PVR_FLOAT64, xyz);
    double step = 10 * octree->size[0] / octree->root_dims[0]; /* the second corner of trees */
    assert_true(xyz[0] == 0 && xyz[1] == 8 && xyz[2] == 0);
    assert_true(xyz[3] == 0 && xyz[4] == 8 && xyz[5] == step);
    pvr_leaf_cells_free(cells);
    pvr_octree_release(octree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_and_points_are_the_leaves_and_their_corners),
        cmocka_unit_test(what_is_outside_has_no_cells_and_points),
        cmocka_unit_test(parts_are_as_the_whole_for_any_threads),
        cmocka_unit_test(a_grid_holds_all_parts),
        cmocka_unit_test(types_are_as_narrow_as_they_can_be),
        cmocka_unit_test(a_place_in_the_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
