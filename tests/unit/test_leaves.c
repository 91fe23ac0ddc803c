/* test_leaves.c - pvr_leaves.h: lists of leaf cells of random boxes become their octrees. */
#include "pvr_leaves.h"

#include "support.h"
#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A list as a file has it. */
struct list {
    int ndim, high;
    uint64_t count;
    int64_t *level, *at[3]; /* from 1 */
};

static struct list list_new(int ndim, uint64_t room) {
    struct list list = {.ndim = ndim};
    list.level = calloc(room + 1, sizeof *list.level);
    for (int axis = 0; axis < 3; axis++) {
        list.at[axis] = calloc(room + 1, sizeof *list.at[axis]);
    }
    return list;
}

static void list_free(struct list *list) {
    free(list->level);
    for (int axis = 0; axis < 3; axis++) {
        free(list->at[axis]);
    }
}

static void list_add(struct list *list, int level, const uint32_t at[3]) {
    list->level[list->count] = level;
    for (int axis = 0; axis < 3; axis++) {
        list->at[axis][list->count] = (int64_t)at[axis] + 1;
    }
    list->high = level > list->high ? level : list->high;
    list->count++;
}

/* The leaves of a random box, shuffled; about `percent` of them alone. */
static struct list list_of(const struct tree *tree, int percent, uint64_t seed) {
    uint64_t room = 0;
    for (int l = tree->root_level; l <= tree->max_level; l++) {
        room += tree->noct[l] << tree->ndim;
    }
    struct list list = list_new(tree->ndim, room);
    for (int l = tree->root_level; l <= tree->max_level; l++) {
        for (uint64_t i = 0; i < tree->noct[l]; i++) {
            for (int c = 0; c < 1 << tree->ndim; c++) {
                uint32_t at[3] = {0, 0, 0};
                for (int axis = 0; axis < tree->ndim; axis++) {
                    at[axis] = 2 * tree->oct[l][i].at[axis] + (uint32_t)(c >> axis & 1);
                }
                if (!(tree->oct[l][i].refined >> c & 1) &&
                    (int)(unit_random(&seed) % 100) < percent) {
                    list_add(&list, l, at);
                }
            }
        }
    }
    for (uint64_t i = list.count; i > 1; i--) {
        uint64_t j = unit_random(&seed) % i;
        int64_t *columns[] = {list.level, list.at[0], list.at[1], list.at[2]};
        for (int c = 0; c < 4; c++) {
            int64_t kept = columns[c][i - 1];
            columns[c][i - 1] = columns[c][j];
            columns[c][j] = kept;
        }
    }
    return list;
}

struct built {
    struct pvr_octree *octree;
    struct pvr_leaf_map map;
};

static void built_free(struct built *built) {
    pvr_octree_release(built->octree);
    pvr_leaf_map_free(&built->map);
}

static enum pvr_status try(const struct list *list, int threads, int max_level,
                           pvr_leaf_wanted_fn wanted, struct built *built,
                           struct pvr_error *error) {
    struct pvr_job job;
    const struct pvr_threads settings = {.max = threads};
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, error), error);
    struct pvr_leaves leaves = {.count = 0};
    struct pvr_whole_column column[4] = {{list->level, 8}, {list->at[0], 8}};
    for (int axis = 1; axis < list->ndim; axis++) {
        column[1 + axis] = (struct pvr_whole_column){list->at[axis], 8};
    }
    memset(built, 0, sizeof *built);
    enum pvr_status status =
        pvr_leaves_begin(&leaves, list->ndim, list->count, 8 * list->count, "list", error);
    if (status == PVR_OK) {
        status = pvr_leaves_take_first(&leaves, column[0], column[1], &job, error);
    }
    if (status == PVR_OK) {
        status = pvr_leaves_take_rest(&leaves, column[2], column[3], &job, error);
    }
    if (status == PVR_OK && wanted != NULL) {
        status = pvr_leaves_select(&leaves, max_level, wanted, NULL, &job, error);
    }
    if (status == PVR_OK) {
        status = pvr_leaves_sort(&leaves, &job, error);
    }
    if (status == PVR_OK) {
        status = pvr_leaves_build(&leaves, 1, max_level, &job, &built->octree, &built->map, error);
    }
    pvr_leaves_free(&leaves);
    pvr_job_end(&job, NULL);
    return status;
}

static struct built build(const struct list *list, int threads, int max_level,
                          pvr_leaf_wanted_fn wanted) {
    struct built built;
    struct pvr_error error;
    unit_ok(try(list, threads, max_level, wanted, &built, &error), &error);
    return built;
}

/* The cell of row `i`, or of `level` above it, in a grid that may be cropped. */
static bool find(const struct pvr_octree *octree, const struct list *list, uint64_t i, int level,
                 struct pvr_cell *cell) {
    uint32_t at[3] = {0, 0, 0};
    for (int axis = 0; axis < list->ndim; axis++) {
        uint64_t first = (uint64_t)ldexp(octree->origin[axis], level);
        at[axis] =
            (uint32_t)(((uint64_t)(list->at[axis][i] - 1) >> (list->level[i] - level)) - first);
    }
    return pvr_octree_cell(octree, level, at, cell);
}

static double volume_outside(const struct pvr_octree *octree) {
    double volume = 0;
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        const struct pvr_octree_level *level = &octree->level[l];
        uint64_t bytes = l > octree->root_level ? level->noct : (octree->ntrees + 7) / 8;
        for (uint64_t i = 0; level->outside != NULL && i < bytes; i++) {
            volume += __builtin_popcount(level->outside[i]) * pvr_octree_cell_volume(octree, l);
        }
    }
    return volume;
}

/* Every row has its cell, which is a leaf; nothing else is there but what is outside. */
static void check(const struct list *list, const struct built *built) {
    const struct pvr_octree *octree = built->octree;
    double volume = 0, all = 1;
    uint64_t sources = 0;
    assert_int_equal(octree->nleaves, list->count);
    assert_int_equal(octree->max_level, list->high);
    assert_false(built->map.merged);
    for (uint64_t i = 0; i < list->count; i++) {
        struct pvr_cell cell;
        assert_true(find(octree, list, i, (int)list->level[i], &cell));
        assert_int_equal(cell.level, list->level[i]);
        assert_false(cell.refined);
        assert_false(cell.outside);
        assert_int_equal(built->map.source[cell.index], i);
        volume += pvr_octree_cell_volume(octree, cell.level);
    }
    for (uint64_t i = 0; i < octree->ncells; i++) {
        sources += built->map.source[i] != PVR_NO_ROW;
    }
    assert_int_equal(sources, list->count);
    for (int axis = 0; axis < list->ndim; axis++) {
        all *= octree->size[axis];
    }
    volume += volume_outside(octree);
    assert_true(fabs(volume - all) <= 1e-12 * all);
}

static const struct {
    int ndim, root_level, max_level, percent;
    uint64_t most;
} boxes[] = {{1, 1, 1, 0, 10},    {1, 1, 9, 60, 300}, {1, 3, 31, 40, 60},     {2, 1, 6, 40, 1000},
             {2, 2, 29, 20, 12},  {2, 4, 4, 0, 10},   {3, 1, 1, 0, 10},       {3, 1, 5, 30, 3000},
             {3, 3, 6, 15, 2000}, {3, 1, 19, 10, 9},  {3, 2, 4, 100, 100000}, {3, 4, 7, 80, 40000}};
enum { NBOXES = sizeof boxes / sizeof *boxes };

static struct tree make_tree(int box) {
    static const uint32_t one[3] = {1, 1, 1};
    return tree_random(boxes[box].ndim, one, boxes[box].root_level, boxes[box].max_level,
                       boxes[box].percent, boxes[box].most, 500 + (uint64_t)box);
}

static void whole_boxes(void **state) {
    (void)state;
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        struct list list = list_of(&tree, 100, (uint64_t)box);
        struct built built = build(&list, 3, 0, NULL);
        check(&list, &built);
        assert_int_equal(built.octree->noutside, 0);
        for (int axis = 0; axis < tree.ndim; axis++) {
            assert_true(built.octree->origin[axis] == 0 && built.octree->size[axis] == 1);
        }
        built_free(&built);
        list_free(&list);
        tree_free(&tree);
    }
}

static void parts_of_boxes(void **state) {
    (void)state;
    static const int percents[] = {90, 50, 3};
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        for (int i = 0; i < 3; i++) {
            struct list list = list_of(&tree, percents[i], 77 + (uint64_t)box);
            if (list.count > 0) {
                struct built built = build(&list, 2, 0, NULL);
                check(&list, &built);
                built_free(&built);
            }
            list_free(&list);
        }
        tree_free(&tree);
    }
}

static void same_for_any_threads(void **state) {
    (void)state;
    static const int threads[] = {2, 3, 8, 64};
    struct tree tree = make_tree(NBOXES - 1);
    for (int percent = 100; percent > 0; percent -= 60) {
        struct list list = list_of(&tree, percent, 9);
        for (int max_level = 0; max_level < 7; max_level += 5) {
            struct built first = build(&list, 1, max_level, NULL);
            for (int i = 0; i < 4; i++) {
                struct built other = build(&list, threads[i], max_level, NULL);
                unit_same_octree(first.octree, other.octree);
                assert_int_equal(first.octree->noutside, other.octree->noutside);
                assert_int_equal(first.octree->bytes, other.octree->bytes);
                assert_memory_equal(first.map.source, other.map.source,
                                    first.map.ncells * sizeof *first.map.source);
                built_free(&other);
            }
            built_free(&first);
        }
        list_free(&list);
    }
    tree_free(&tree);
}

/* Leaves below the deepest level that is wanted stand together in a cell of that level. */
static void less_deep(void **state) {
    (void)state;
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        struct list list = list_of(&tree, 80, 5);
        for (int max_level = 1; list.count > 0 && max_level < list.high; max_level += 2) {
            struct built built = build(&list, 4, max_level, NULL);
            const struct pvr_leaf_map *map = &built.map;
            uint64_t found = 0;
            assert_true(map->merged);
            assert_int_equal(built.octree->max_level, max_level);
            for (uint64_t c = 0; c < map->ncells; c++) {
                uint64_t at = map->source[c];
                if (at == PVR_NO_ROW) {
                    continue;
                }
                assert_int_equal(map->more[at], 0);
                do {
                    uint64_t row = map->row[at];
                    int level = (int)list.level[row];
                    struct pvr_cell cell;
                    assert_int_equal(map->level[at], level);
                    level = level < max_level ? level : max_level;
                    assert_true(find(built.octree, &list, row, level, &cell));
                    assert_int_equal(cell.index, c);
                    assert_false(cell.refined);
                    assert_false(cell.outside);
                    found++;
                    at++;
                } while (at < map->nrows && map->more[at]);
            }
            assert_int_equal(found, list.count);
            built_free(&built);
        }
        list_free(&list);
        tree_free(&tree);
    }
}

/* The grid of trees is no larger than what is there, and its trees are smaller then. */
static void cropped(void **state) {
    (void)state;
    struct list list = list_new(3, 64);
    for (uint32_t i = 0; i < 64; i++) {
        const uint32_t at[3] = {200 + (i & 3), 8 + (i >> 2 & 3), 252 + (i >> 4)};
        list_add(&list, 8, at);
    }
    struct built built = build(&list, 2, 0, NULL);
    check(&list, &built);
    const struct pvr_octree *octree = built.octree;
    assert_int_equal(octree->noutside, 0);
    const double low[3] = {200.0 / 256, 8.0 / 256, 252.0 / 256};
    for (int axis = 0; axis < 3; axis++) {
        assert_true(octree->origin[axis] == low[axis]);
        assert_true(octree->size[axis] == 4.0 / 256);
        assert_in_range(octree->root_dims[axis], 2, 64);
    }
    built_free(&built);
    list_free(&list);
}

static bool lower_half(const void *context, int level, const uint32_t at[3]) {
    (void)context;
    return at[0] < (uint32_t)1 << level >> 1;
}

static bool no_cell(const void *context, int level, const uint32_t at[3]) {
    (void)context;
    (void)level;
    (void)at;
    return false;
}

static void regions(void **state) {
    (void)state;
    for (int box = 0; box < NBOXES; box++) {
        struct tree tree = make_tree(box);
        struct list list = list_of(&tree, 100, 31), half = list_new(tree.ndim, list.count);
        for (uint64_t i = 0; i < list.count; i++) {
            if (list.at[0][i] <= (int64_t)1 << list.level[i] >> 1) {
                const uint32_t at[3] = {(uint32_t)list.at[0][i] - 1, (uint32_t)list.at[1][i] - 1,
                                        (uint32_t)list.at[2][i] - 1};
                list_add(&half, (int)list.level[i], at);
            }
        }
        struct built built = build(&list, 3, 0, lower_half), alone = build(&half, 3, 0, NULL);
        if (half.high == list.high) { /* else its own deepest level says how many trees there are */
            unit_same_octree(alone.octree, built.octree);
        }
        assert_int_equal(built.octree->nleaves, half.count);
        assert_true(built.octree->size[0] == 0.5 && built.octree->noutside == 0);
        built_free(&built);
        built_free(&alone);
        built = build(&list, 3, 0, no_cell);
        assert_int_equal(built.octree->ntrees, 0);
        assert_int_equal(built.octree->ncells, 0);
        built_free(&built);
        list_free(&half);
        list_free(&list);
        tree_free(&tree);
    }
}

/* What a list must not hold; each has a message of its own. */
static void bad_lists(void **state) {
    (void)state;
    struct tree tree = make_tree(NBOXES - 1);
    struct list list = list_of(&tree, 100, 3);
    struct built built;
    struct pvr_error error;
    const uint64_t last = list.count - 1;
    const struct {
        int64_t *value, spoilt;
        const char *message;
    } cases[] = {
        {&list.level[last], 0, "a cell of level 0 where"},
        {&list.level[0], 32, "level 32"},
        {&list.level[5], -4, "level -4"},
        {&list.level[5], INT64_MAX, "where 1 to 31 exist"},
        {&list.at[0][7], 0, "row 8: a cell of level"},
        {&list.at[0][7], ((int64_t)1 << list.level[7]) + 1, "cx = "},
        {&list.at[1][7], ((int64_t)1 << list.level[7]) + 1, "cy = "},
        {&list.at[2][7], -1, "cz = -1, which lies outside of its level"},
        {&list.at[2][7], INT64_MIN, "cz = "},
        {&list.at[1][9], list.at[1][9] > 1 ? 1 : 2, "overlap"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t right = *cases[i].value;
        *cases[i].value = cases[i].spoilt;
        unit_failed(try(&list, 3, 0, NULL, &built, &error), &error, cases[i].message);
        assert_null(built.octree);
        *cases[i].value = right;
    }
    list_free(&list);

    list = list_new(3, 3); /* the same cell twice, and a cell in another one */
    const uint32_t at[3] = {3, 5, 7}, above[3] = {1, 2, 3}, beside[3] = {0, 2, 3};
    list_add(&list, 3, at);
    list_add(&list, 2, beside);
    list_add(&list, 3, at);
    unit_failed(try(&list, 1, 0, NULL, &built, &error), &error,
                "rows 1 and 3: the cells (level 3 cx 4 cy 6 cz 8) and (level 3 cx 4 cy 6 cz 8) "
                "overlap");
    list.count = 0;
    list_add(&list, 3, at);
    list_add(&list, 2, above);
    unit_failed(try(&list, 1, 0, NULL, &built, &error), &error, "overlap");
    list.count = 0;
    unit_failed(try(&list, 1, 0, NULL, &built, &error), &error, "has 0 cells");
    list_add(&list, 20, at);
    unit_failed(try(&list, 1, 0, NULL, &built, &error), &error, "read down to level 19");
    list_free(&list);
    tree_free(&tree);
}

/* Columns of 4 bytes say the same. */
static void narrow_columns(void **state) {
    (void)state;
    struct tree tree = make_tree(8);
    struct list list = list_of(&tree, 100, 3);
    int32_t *narrow[4];
    const int64_t *wide[] = {list.level, list.at[0], list.at[1], list.at[2]};
    for (int c = 0; c < 4; c++) {
        narrow[c] = calloc(list.count, sizeof *narrow[c]);
        for (uint64_t i = 0; i < list.count; i++) {
            narrow[c][i] = (int32_t)wide[c][i];
        }
    }
    struct pvr_error error;
    struct pvr_job job;
    struct pvr_leaves leaves = {.count = 0}, other = {.count = 0};
    unit_ok(pvr_job_begin(&job, NULL, NULL, NULL, &error), &error);
    struct pvr_leaves *both[] = {&leaves, &other};
    for (int i = 0; i < 2; i++) {
        struct pvr_whole_column column[4];
        for (int c = 0; c < 4; c++) {
            column[c] = i == 0 ? (struct pvr_whole_column){wide[c], 8}
                               : (struct pvr_whole_column){narrow[c], 4};
        }
        unit_ok(pvr_leaves_begin(both[i], 3, list.count, 8 * list.count, "list", &error), &error);
        unit_ok(pvr_leaves_take_first(both[i], column[0], column[1], &job, &error), &error);
        unit_ok(pvr_leaves_take_rest(both[i], column[2], column[3], &job, &error), &error);
    }
    assert_memory_equal(leaves.key, other.key, list.count * sizeof *leaves.key);
    assert_true(leaves.hash == other.hash);
    pvr_leaves_free(&leaves);
    pvr_leaves_free(&other);
    pvr_job_end(&job, NULL);
    for (int c = 0; c < 4; c++) {
        free(narrow[c]);
    }
    list_free(&list);
    tree_free(&tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_boxes), cmocka_unit_test(parts_of_boxes),
        cmocka_unit_test(less_deep),   cmocka_unit_test(same_for_any_threads),
        cmocka_unit_test(cropped),     cmocka_unit_test(regions),
        cmocka_unit_test(bad_lists),   cmocka_unit_test(narrow_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
