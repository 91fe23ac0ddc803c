/* test_covering_grid.c - pvr_covering_grid.h: random boxes against plain loops over leaves; sums,
 * linear fields, regions, what is outside. */
#include "pvr_amounts.h"
#include "pvr_covering_grid.h"

#include "pvr_memory.h"
#include "support.h"
#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct pvr_octree *make_octree(int ndim, int max_level, uint64_t seed) {
    static const uint32_t ncoarse[3] = {2, 1, 1};
    struct tree tree = tree_random(ndim, ncoarse, 2, max_level, 35, 600, seed);
    tree.size[0] = 2;
    tree.size[1] = 1;
    tree.size[2] = 1.5;
    struct pvr_octree *octree;
    struct pvr_error error;
    unit_ok(tree_build(&tree, 3, 2, &octree, NULL, &error), &error);
    tree_free(&tree);
    octree->origin[0] = -0.25;
    return octree;
}

static struct pvr_array *make_array(const struct pvr_octree *octree, enum pvr_type type, int n) {
    struct pvr_array *array;
    unit_ok(pvr_array_new(type, n, octree->ncells, &array, NULL), NULL);
    return array;
}

/* Values between 1 and 2 at random. */
static struct pvr_array *random_array(const struct pvr_octree *octree, int n, uint64_t seed) {
    struct pvr_array *array = make_array(octree, PVR_FLOAT64, n);
    for (uint64_t i = 0; i < octree->ncells * (uint64_t)n; i++) {
        ((double *)array->data)[i] = 1 + (double)(unit_random(&seed) % 100000) / 100000;
    }
    return array;
}

static double value_of(const struct pvr_array *array, uint64_t index, int component) {
    return unit_value(array, index, component);
}

struct leaves {
    uint64_t count;
    struct pvr_cell cell[100000];
};

static void add_leaves(const struct pvr_octree *octree, const struct pvr_cell *cell,
                       struct leaves *leaves) {
    struct pvr_cell below[8];
    int n = pvr_octree_children(octree, cell, below);
    for (int c = 0; c < n; c++) {
        add_leaves(octree, &below[c], leaves);
    }
    if (n == 0 && !cell->outside) {
        assert_true(leaves->count < 100000);
        leaves->cell[leaves->count++] = *cell;
    }
}

static struct leaves *list_leaves(const struct pvr_octree *octree) {
    struct leaves *leaves = malloc(sizeof *leaves);
    assert_non_null(leaves);
    leaves->count = 0;
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        const uint32_t nx = octree->root_dims[0], ny = octree->root_dims[1];
        const uint32_t at[3] = {(uint32_t)(t % nx), (uint32_t)(t / nx % ny),
                                (uint32_t)(t / nx / ny)};
        struct pvr_cell root;
        assert_true(pvr_octree_cell(octree, octree->root_level, at, &root));
        add_leaves(octree, &root, leaves);
    }
    return leaves;
}

static double side_of(const struct pvr_octree *octree, int axis, int level) {
    return octree->size[axis] / octree->root_dims[axis] / ldexp(1, level - octree->root_level);
}

/* Volume that a leaf and a cell of the grid have in common. */
static double common(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                     const struct pvr_cell *leaf, const uint32_t at[3]) {
    double volume = 1;
    for (int axis = 0; axis < octree->ndim; axis++) {
        double step = side_of(octree, axis, leaf->level);
        double low = octree->origin[axis] + step * leaf->coordinate[axis], high = low + step;
        double from = grid->origin[axis] + grid->spacing[axis] * at[axis];
        double to = from + grid->spacing[axis];
        volume *= fmax(0, fmin(high, to) - fmax(low, from));
    }
    return volume;
}

static void cell_at(const struct pvr_covering_grid *grid, uint64_t i, uint32_t at[3]) {
    at[0] = (uint32_t)(i % grid->dims[0]);
    at[1] = (uint32_t)(i / grid->dims[0] % grid->dims[1]);
    at[2] = (uint32_t)(i / grid->dims[0] / grid->dims[1]);
}

static struct pvr_array *fill(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                              const struct pvr_array *array, const struct pvr_array *weight,
                              int threads) {
    struct pvr_array *result;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = threads};
    unit_ok(pvr_covering_fill(octree, grid, &array, 1, weight, &settings, NULL, NULL, &result, NULL,
                              &error),
            &error);
    assert_int_equal(result->ntuples, grid->ncells);
    assert_int_equal(result->type, array->type);
    return result;
}

static void near(double found, double wanted) {
    if (isnan(wanted) ? !isnan(found) : !(fabs(found - wanted) <= 1e-12 * fabs(wanted) + 1e-300)) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

/* Means of all cells of the grid by a loop over all leaves. */
static void check_means(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                        const struct pvr_array *array, const struct pvr_array *weight) {
    struct leaves *leaves = list_leaves(octree);
    struct pvr_array *result = fill(octree, grid, array, weight, 2);
    for (uint64_t i = 0; i < grid->ncells; i++) {
        double sums[PVR_COVERING_COMPONENTS] = {0}, total = 0;
        uint32_t at[3];
        cell_at(grid, i, at);
        for (uint64_t k = 0; k < leaves->count; k++) {
            double share = common(octree, grid, &leaves->cell[k], at);
            if (share < 1e-12 * grid->spacing[0]) {
                continue; /* a common face, but for rounding */
            }
            share *= weight != NULL ? value_of(weight, leaves->cell[k].index, 0) : 1;
            total += share;
            for (int c = 0; c < array->ncomponents; c++) {
                sums[c] += share * value_of(array, leaves->cell[k].index, c);
            }
        }
        for (int c = 0; c < array->ncomponents; c++) {
            near(value_of(result, i, c), total > 0 ? sums[c] / total : (double)NAN);
        }
    }
    pvr_array_release(result);
    free(leaves);
}

static struct pvr_covering_grid plan(const struct pvr_octree *octree,
                                     const struct pvr_covering_request *request) {
    struct pvr_covering_grid grid;
    struct pvr_error error;
    unit_ok(pvr_covering_plan(octree, request, &grid, &error), &error);
    return grid;
}

static void put_outside(struct pvr_octree *octree, uint64_t seed) {
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        struct pvr_octree_level *level = &octree->level[l];
        bool roots = l == octree->root_level;
        uint64_t nbytes = roots ? octree->ntrees / 8 : level->noct; /* whole bytes of trees */
        level->outside = pvr_large_alloc(((level->noct + 7) / 8 + 2) * 8);
        assert_non_null(level->outside);
        for (uint64_t i = 0; i < nbytes; i++) {
            unsigned cells = roots ? 255 : (1u << octree->cells_per_oct) - 1;
            unsigned out = ~level->refined[i] & cells & (unsigned)unit_random(&seed);
            level->outside[i] = (uint8_t)out;
            octree->noutside += (uint64_t)__builtin_popcount(out);
        }
    }
    octree->nleaves -= octree->noutside;
}

static void means_are_those_of_the_leaves(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        for (int outside = 0; outside <= 1; outside++) {
            struct pvr_octree *octree = make_octree(ndim, ndim == 3 ? 4 : 5, 5);
            if (outside) {
                put_outside(octree, 3);
            }
            struct pvr_array *array = random_array(octree, 2, 1),
                             *weight = random_array(octree, 1, 2),
                             *others[2] = {random_array(octree, 1, 6), random_array(octree, 3, 7)};
            for (int level = 1; level <= 6 - (ndim == 3); level++) { /* coarser than trees too */
                struct pvr_covering_request request = {
                    .low = {0.1, 0.13, 0.4}, .high = {0.8, 0.71, 0.5}, .level = level};
                struct pvr_covering_grid grid = plan(octree, &request);
                /* numbers and vectors go other ways than what has two components */
                const struct pvr_array *other = others[(level + outside) % 2];
                check_means(octree, &grid, other, NULL);
                check_means(octree, &grid, level % 2 == 0 ? array : other, weight);
                if (level < octree->root_level) { /* nothing to interpolate between */
                    grid.sampling = PVR_SAMPLE_LINEAR;
                    check_means(octree, &grid, array, weight);
                }
            }
            struct pvr_covering_request request = {
                .low = {0.1, 0.13, 0.4}, .high = {0.8, 0.71, 9}, .dims = {7, 9, 4}};
            struct pvr_covering_grid grid = plan(octree, &request);
            near(grid.origin[0] + 7 * grid.spacing[0], 0.8);
            if (ndim == 3) {
                near(grid.origin[2] + 4 * grid.spacing[2], 1.5); /* the mesh ends there */
            }
            check_means(octree, &grid, array, NULL);
            check_means(octree, &grid, array, weight);
            /* many borders are those of cells but for rounding, also where nothing is beyond */
            request = (struct pvr_covering_request){.whole = true, .dims = {48, 24, 12}};
            request.dims[0] = ndim == 1 ? 480 : request.dims[0];
            octree->origin[0] = 0.1;
            for (int axis = 0; axis < ndim; axis++) {
                octree->size[axis] *= 0.37;
            }
            grid = plan(octree, &request);
            check_means(octree, &grid, array, NULL);
            pvr_array_release(array);
            pvr_array_release(weight);
            pvr_array_release(others[0]);
            pvr_array_release(others[1]);
            pvr_octree_release(octree);
        }
    }
}

static void set_value(struct pvr_array *array, uint64_t at, uint8_t value) {
    switch (array->type) {
    case PVR_FLOAT32:
        ((float *)array->data)[at] = value;
        break;
    case PVR_FLOAT64:
        ((double *)array->data)[at] = value;
        break;
    case PVR_UINT8:
        ((uint8_t *)array->data)[at] = value;
        break;
    case PVR_INT32:
        ((int32_t *)array->data)[at] = value;
        break;
    case PVR_INT64:
        ((int64_t *)array->data)[at] = value;
    }
}

/* Leaves of the grid's level and coarser ones are copied as they are, whatever their type. */
static void check_copies(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                         const struct pvr_array *array) {
    struct pvr_array *result = fill(octree, grid, array, NULL, 2);
    const bool real = array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64;
    for (uint64_t i = 0; i < grid->ncells; i++) {
        uint32_t at[3];
        struct pvr_cell cell;
        cell_at(grid, i, at);
        for (int axis = 0; axis < 3; axis++) {
            at[axis] += (uint32_t)grid->first[axis];
        }
        assert_true(pvr_octree_cell(octree, grid->level, at, &cell));
        for (int c = 0; c < array->ncomponents && !(real && cell.refined); c++) {
            const double found = value_of(result, i, c);
            if (cell.outside) {
                assert_true(real ? isnan(found) : found == 0);
            } else {
                assert_true(found == value_of(array, cell.index, c));
            }
        }
    }
    pvr_array_release(result);
}

static void leaves_of_any_type_are_copied(void **state) {
    (void)state;
    static const struct {
        enum pvr_type type;
        int n;
    } kinds[] = {{PVR_UINT8, 1},   {PVR_UINT8, 5},   {PVR_INT32, 1},   {PVR_INT64, 1},
                 {PVR_FLOAT32, 1}, {PVR_FLOAT32, 3}, {PVR_FLOAT64, 1}, {PVR_FLOAT64, 3}};
    static const struct pvr_covering_request requests[] = {
        {.whole = true, .level = 5},
        {.low = {0.1, 0.13, 0.4}, .high = {0.8, 0.71, 0.5}, .level = 6},
        /* wider than what is filled at once, from an odd cell on */
        {.low = {-0.1, 0.13, 0.4}, .high = {1.65, 0.14, 0.42}, .level = 9}};
    struct pvr_octree *octree = make_octree(3, 6, 5);
    put_outside(octree, 3);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct pvr_array *array = make_array(octree, kinds[k].type, kinds[k].n);
        for (uint64_t i = 0; i < octree->ncells * (uint64_t)kinds[k].n; i++) {
            set_value(array, i, (uint8_t)(1 + i % 251));
        }
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
            struct pvr_covering_grid grid = plan(octree, &requests[r]);
            check_copies(octree, &grid, array);
        }
        pvr_array_release(array);
    }
    pvr_octree_release(octree);
}

static void the_sum_is_that_of_the_mesh(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_octree *octree = make_octree(ndim, 6, 9);
        struct pvr_array *array = random_array(octree, 1, 4);
        struct leaves *leaves = list_leaves(octree);
        long double wanted = 0;
        for (uint64_t k = 0; k < leaves->count; k++) {
            wanted += (long double)value_of(array, leaves->cell[k].index, 0) *
                      pvr_octree_cell_volume(octree, leaves->cell[k].level);
        }
        static const struct pvr_covering_request requests[] = {
            {.whole = true, .level = 3},
            {.whole = true, .level = 7},
            {.whole = true, .dims = {37, 29, 41}},
            {.whole = true, .dims = {1, 1, 1}},
            {.whole = true, .dims = {150, 50, 20}},
        };
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
            struct pvr_covering_grid grid = plan(octree, &requests[r]);
            struct pvr_array *result = fill(octree, &grid, array, NULL, 3);
            long double sum = 0, volume = 1;
            for (int axis = 0; axis < ndim; axis++) {
                volume *= grid.spacing[axis];
            }
            for (uint64_t i = 0; i < grid.ncells; i++) {
                sum += value_of(result, i, 0) * volume;
            }
            near((double)sum, (double)wanted);
            pvr_array_release(result);
        }
        free(leaves);
        pvr_array_release(array);
        pvr_octree_release(octree);
    }
}

/* Of masses and volumes a cell gets what is in it: all of them, none twice. */
static void amounts_are_kept(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_octree *octree = make_octree(ndim, 6, 50 + (uint64_t)ndim);
        struct leaves *leaves = list_leaves(octree);
        struct pvr_array *array = random_array(octree, 1, 7);
        double wanted = 0;
        for (uint64_t k = 0; k < leaves->count; k++) {
            wanted += value_of(array, leaves->cell[k].index, 0);
        }
        double *before = malloc(octree->ncells * sizeof *before);
        assert_non_null(before);
        memcpy(before, array->data, octree->ncells * sizeof *before);
        static const struct pvr_covering_request requests[] = {
            {.whole = true, .level = 3},
            {.whole = true, .level = 7},
            {.whole = true, .dims = {37, 29, 41}}};
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
            struct pvr_covering_grid grid = plan(octree, &requests[r]);
            double found = 0;
            memcpy(array->data, before, octree->ncells * sizeof *before);
            pvr_amounts_spread(octree, &grid, array);
            struct pvr_array *result = fill(octree, &grid, array, NULL, 2);
            for (uint64_t i = 0; i < grid.ncells; i++) {
                found += value_of(result, i, 0);
            }
            assert_true(fabs(found - wanted) <= 1e-11 * fabs(wanted));
            pvr_array_release(result);
        }
        free(before);
        pvr_array_release(array);
        free(leaves);
        pvr_octree_release(octree);
    }
}

static void nearest_is_the_leaf_at_the_centre(void **state) {
    (void)state;
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_octree *octree = make_octree(ndim, 6, 12);
        struct pvr_array *array = random_array(octree, 3, 4);
        struct pvr_array *id = make_array(octree, PVR_INT64, 1);
        for (uint64_t i = 0; i < octree->ncells; i++) {
            ((int64_t *)id->data)[i] = (int64_t)i + (INT64_C(1) << 60);
        }
        static const struct pvr_covering_request requests[] = {
            {.whole = true, .level = 4, .sampling = PVR_SAMPLE_NEAREST},
            {.whole = true, .level = 8, .sampling = PVR_SAMPLE_NEAREST},
            {.low = {0.1, 0.13, 0.4},
             .high = {0.8, 0.71, 1.1},
             .dims = {31, 17, 23},
             .sampling = PVR_SAMPLE_NEAREST},
        };
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
            struct pvr_covering_grid grid = plan(octree, &requests[r]);
            struct pvr_array *result = fill(octree, &grid, array, NULL, 2);
            struct pvr_array *ids = fill(octree, &grid, id, NULL, 2);
            for (uint64_t i = 0; i < grid.ncells; i++) {
                uint32_t at[3];
                double centre[3] = {0, 0, 0};
                struct pvr_cell leaf;
                cell_at(&grid, i, at);
                for (int axis = 0; axis < ndim; axis++) {
                    /* a little up: a centre on a border belongs to the cell above it */
                    centre[axis] = grid.origin[axis] + grid.spacing[axis] * (at[axis] + 0.5 + 1e-9);
                }
                assert_true(pvr_octree_find_leaf(octree, centre, &leaf));
                assert_true(((int64_t *)ids->data)[i] == (int64_t)leaf.index + (INT64_C(1) << 60));
                assert_true(value_of(result, i, 2) == value_of(array, leaf.index, 2));
            }
            pvr_array_release(result);
            pvr_array_release(ids);
        }
        pvr_array_release(array);
        pvr_array_release(id);
        pvr_octree_release(octree);
    }
}

static void a_linear_field_is_interpolated_exactly(void **state) {
    (void)state;
    static const double slope[3] = {3, -2, 0.7};
    for (int ndim = 1; ndim <= 3; ndim++) {
        struct pvr_octree *octree = make_octree(ndim, 6, 15);
        struct pvr_array *array = make_array(octree, PVR_FLOAT64, 1);
        struct leaves *leaves = list_leaves(octree);
        for (uint64_t k = 0; k < leaves->count; k++) {
            double value = 10;
            for (int axis = 0; axis < ndim; axis++) {
                value += slope[axis] * (leaves->cell[k].coordinate[axis] + 0.5) *
                         side_of(octree, axis, leaves->cell[k].level);
            }
            ((double *)array->data)[leaves->cell[k].index] = value;
        }
        /* Refined cells hold nothing: they are not looked at. Far from the borders by the largest
         * cells; there the field is not continued. */
        static const struct pvr_covering_request requests[] = {
            {.low = {0.26, 0.26, 0.38},
             .high = {1.24, 0.74, 1.12},
             .level = 6,
             .sampling = PVR_SAMPLE_LINEAR},
            {.low = {0.26, 0.26, 0.38},
             .high = {1.24, 0.74, 1.12},
             .level = 8,
             .sampling = PVR_SAMPLE_LINEAR},
            {.low = {0.26, 0.26, 0.38},
             .high = {1.24, 0.74, 1.12},
             .dims = {33, 21, 29},
             .sampling = PVR_SAMPLE_LINEAR},
        };
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
            if (ndim == 3 && r == 1) {
                continue; /* large */
            }
            struct pvr_covering_grid grid = plan(octree, &requests[r]);
            struct pvr_array *result = fill(octree, &grid, array, NULL, 2);
            for (uint64_t i = 0; i < grid.ncells; i++) {
                uint32_t at[3];
                cell_at(&grid, i, at);
                double wanted = 10;
                for (int axis = 0; axis < ndim; axis++) {
                    wanted += slope[axis] * (grid.origin[axis] - octree->origin[axis] +
                                             grid.spacing[axis] * (at[axis] + 0.5));
                }
                near(value_of(result, i, 0), wanted);
            }
            pvr_array_release(result);
        }
        free(leaves);
        pvr_array_release(array);
        pvr_octree_release(octree);
    }
}

static void nothing_is_interpolated_into_what_is_outside(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(2, 5, 15);
    put_outside(octree, 8);
    struct pvr_array *array = random_array(octree, 1, 3), *weight = random_array(octree, 1, 4);
    const struct pvr_covering_request request = {
        .whole = true, .level = 6, .sampling = PVR_SAMPLE_LINEAR};
    struct pvr_covering_grid grid = plan(octree, &request);
    struct pvr_array *result = fill(octree, &grid, array, weight, 2);
    uint64_t nothing = 0;
    for (uint64_t i = 0; i < grid.ncells; i++) {
        uint32_t at[3];
        struct pvr_cell leaf;
        cell_at(&grid, i, at);
        assert_true(pvr_octree_cell(octree, 6, at, &leaf));
        assert_int_equal(isnan(value_of(result, i, 0)) != 0, leaf.outside);
        nothing += leaf.outside;
        if (!leaf.outside) {
            assert_in_range(value_of(result, i, 0) * 1e6, 1000000, 2000000);
        }
    }
    assert_true(nothing > 100);
    pvr_array_release(result);
    pvr_array_release(array);
    pvr_array_release(weight);
    pvr_octree_release(octree);
}

static void the_same_bits_for_any_threads(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 6, 15);
    struct pvr_array *array = random_array(octree, 3, 3), *weight = random_array(octree, 1, 4);
    for (int sampling = PVR_SAMPLE_MEAN; sampling <= PVR_SAMPLE_LINEAR; sampling++) {
        for (int by_level = 0; by_level <= 1; by_level++) {
            const struct pvr_covering_request request = {.whole = true,
                                                         .level = 5 * by_level,
                                                         .dims = {50, 40, 70},
                                                         .sampling = (enum pvr_sampling)sampling};
            struct pvr_covering_grid grid = plan(octree, &request);
            struct pvr_array *one = fill(octree, &grid, array, weight, 1);
            for (int i = 0; i < 4; i++) {
                static const int threads[] = {2, 3, 7, 16};
                struct pvr_array *many = fill(octree, &grid, array, weight, threads[i]);
                assert_memory_equal(one->data, many->data, one->bytes);
                pvr_array_release(many);
            }
            pvr_array_release(one);
        }
    }
    pvr_array_release(array);
    pvr_array_release(weight);
    pvr_octree_release(octree);
}

static void regions_and_levels(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 6, 15);
    /* 8 x 4 x 4 trees of level 2: cells of level 3 are 1/8, 1/8 and 3/16 long */
    struct pvr_covering_request request = {
        .low = {-0.125, 0.3, 0.4}, .high = {0.25, 0.31, 99}, .level = 3};
    struct pvr_covering_grid grid = plan(octree, &request);
    assert_int_equal(grid.dims[0], 3); /* borders that are those of cells add none */
    assert_int_equal(grid.dims[1], 1);
    assert_int_equal(grid.dims[2], 6);
    near(grid.origin[0], -0.125);
    near(grid.origin[1], 0.25);
    near(grid.origin[2], 0.375);
    near(grid.spacing[2], 0.1875);

    request.whole = true;
    assert_int_equal(pvr_covering_level(octree, &request, 64), 5);
    assert_int_equal(pvr_covering_level(octree, &request, 63), 4);
    assert_int_equal(pvr_covering_level(octree, &request, 1), 2);
    assert_int_equal(pvr_covering_level(octree, &request, 1000000), 6);

    struct pvr_array *array = make_array(octree, PVR_FLOAT32, 3);
    const struct pvr_array *const arrays[] = {array, array};
    request.level = 7;
    request.sampling = PVR_SAMPLE_MEAN;
    grid = plan(octree, &request);
    assert_int_equal(pvr_covering_bytes(octree, &grid, arrays, 2), 256UL * 128 * 128 * 24);
    pvr_array_release(array);
    pvr_octree_release(octree);
}

static void expect_failure(const struct pvr_octree *octree, struct pvr_covering_request request,
                           const char *part) {
    struct pvr_covering_grid grid;
    struct pvr_error error;
    enum pvr_status status = pvr_covering_plan(octree, &request, &grid, &error);
    unit_failed(status, &error, part);
    assert_int_equal(status, PVR_ERROR_ARGUMENT);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    struct pvr_octree *octree = make_octree(3, 4, 15);
    struct pvr_covering_request request = {
        .low = {0, 0, 0}, .high = {1, 1, 1}, .dims = {10, 10, 10}};
    request.high[1] = -1;
    expect_failure(octree, request, "from 0 to -1 along y");
    request.high[1] = (double)NAN;
    expect_failure(octree, request, "along y");
    request.low[1] = 2;
    request.high[1] = 3;
    expect_failure(octree, request, "but the mesh from 0 to 1");
    request = (struct pvr_covering_request){.whole = true, .dims = {1, 0, 1}};
    expect_failure(octree, request, "0 cells along y");
    request = (struct pvr_covering_request){.whole = true, .dims = {2147483647, 2147483647, 9}};
    expect_failure(octree, request, "beyond any memory");
    request = (struct pvr_covering_request){.whole = true, .level = 33};
    expect_failure(octree, request, "level 33");
    request = (struct pvr_covering_request){.whole = true, .level = -1};
    expect_failure(octree, request, "level -1");
    request = (struct pvr_covering_request){.whole = true, .level = 32};
    expect_failure(octree, request, "along x");

    request = (struct pvr_covering_request){.whole = true, .level = 3};
    struct pvr_covering_grid grid = plan(octree, &request);
    struct pvr_array *vector = random_array(octree, 3, 1), *wide = random_array(octree, 17, 1);
    struct pvr_array *result = vector; /* whatever stands there before */
    struct pvr_error error;
    const struct pvr_array *source = wide;
    unit_failed(
        pvr_covering_fill(octree, &grid, &source, 1, NULL, NULL, NULL, NULL, &result, NULL, &error),
        &error, "17 components");
    assert_null(result);
    source = vector;
    unit_failed(pvr_covering_fill(octree, &grid, &source, 1, vector, NULL, NULL, NULL, &result,
                                  NULL, &error),
                &error, "weight");
    pvr_array_release(vector);
    pvr_array_release(wide);
    pvr_octree_release(octree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_those_of_the_leaves),
        cmocka_unit_test(leaves_of_any_type_are_copied),
        cmocka_unit_test(the_sum_is_that_of_the_mesh),
        cmocka_unit_test(amounts_are_kept),
        cmocka_unit_test(nearest_is_the_leaf_at_the_centre),
        cmocka_unit_test(a_linear_field_is_interpolated_exactly),
        cmocka_unit_test(nothing_is_interpolated_into_what_is_outside),
        cmocka_unit_test(the_same_bits_for_any_threads),
        cmocka_unit_test(regions_and_levels),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
