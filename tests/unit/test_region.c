/* test_region.c - regions of a mesh: what is loaded is the whole, masked; and which files are
 * opened for it. */
#include "plain.h"
#include "pvr_excerpt.h"
#include "pvr_mesh.h"
#include "pvr_statistics.h"
#include "pvr_stream.h"
#include "region_judge.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static struct pvr_mesh *load(struct pvr_snapshot *snapshot, const struct pvr_region *region,
                             enum pvr_type precision, int max_level, int threads) {
    const char *fields[] = {"density", "velocity", "pressure", "level", "domain"};
    const struct pvr_mesh_request request = {.max_level = max_level,
                                             .fields = fields,
                                             .nfields = 5,
                                             .precision = precision,
                                             .region = region};
    const struct pvr_threads settings = {.max = threads};
    struct pvr_mesh *mesh;
    struct pvr_error error;
    unit_ok(pvr_mesh_load(snapshot, &request, &settings, NULL, NULL, &mesh, &error), &error);
    return mesh;
}

/* ---- region = whole, masked -------------------------------------------------------------------
 */

struct comparison {
    const struct pvr_mesh *whole, *part;
    struct region_judge judge;
    uint32_t ncoarse[3];
    int64_t low[3]; /* place of the part's grid of trees among those of its level in the box */
    int root;
    uint64_t inside, outside;
};

static void same_values(const struct comparison *comparison, const struct pvr_cell *whole,
                        const struct pvr_cell *part) {
    for (int i = 0; i < comparison->part->narrays; i++) {
        const struct pvr_array *a = comparison->whole->arrays[i].array;
        const struct pvr_array *b = comparison->part->arrays[i].array;
        size_t bytes = (size_t)a->ncomponents * pvr_type_bytes(a->type);
        assert_int_equal(a->type, b->type);
        if (!part->outside) {
            assert_memory_equal((const char *)a->data + whole->index * bytes,
                                (const char *)b->data + part->index * bytes, bytes);
            continue;
        }
        for (int c = 0; c < b->ncomponents; c++) {
            double value = unit_value(b, part->index, c);
            if (b->type == PVR_FLOAT32 || b->type == PVR_FLOAT64) {
                assert_true(isnan(value));
            } else {
                bool level = strcmp(comparison->part->arrays[i].name, PVR_FIELD_LEVEL) == 0;
                assert_true(value == (level ? part->level : 0));
            }
        }
    }
}

static void compare_cell(struct comparison *comparison, const struct pvr_cell *part) {
    const struct region_judge *judge = &comparison->judge;
    bool by_centre = judge->region->by_centre;
    uint32_t at[3] = {0, 0, 0};
    for (int a = 0; a < judge->ndim; a++) {
        int64_t whole = (int64_t)comparison->ncoarse[a] << part->level;
        int64_t place = part->coordinate[a] +
                        comparison->low[a] * ((int64_t)1 << (part->level - comparison->root));
        at[a] = (uint32_t)((place + 4 * whole) % whole);
    }
    struct pvr_cell whole;
    if (part->level >= comparison->whole->octree->root_level) {
        assert_true(pvr_octree_cell(comparison->whole->octree, part->level, at, &whole));
        assert_int_equal(whole.level, part->level);
        bool wanted = region_judge_has(judge, part->level, at, comparison->ncoarse,
                                       by_centre && !whole.refined);
        assert_int_equal(part->outside, !wanted);
        assert_int_equal(part->refined, whole.refined && wanted);
        same_values(comparison, &whole, part);
    }
    comparison->inside += !part->refined && !part->outside;
    comparison->outside += part->outside;
    struct pvr_cell children[8];
    int n = pvr_octree_children(comparison->part->octree, part, children);
    for (int c = 0; c < n; c++) {
        compare_cell(comparison, &children[c]);
    }
}

/* Leaves of the whole mesh that are part of the region. */
static uint64_t count_part(const struct comparison *comparison, const struct pvr_cell *cell) {
    bool by_centre = comparison->judge.region->by_centre;
    if (!cell->refined) {
        return region_judge_has(&comparison->judge, cell->level, cell->coordinate,
                                comparison->ncoarse, by_centre);
    }
    struct pvr_cell children[8];
    uint64_t count = 0;
    int n = pvr_octree_children(comparison->whole->octree, cell, children);
    for (int c = 0; c < n; c++) {
        count += count_part(comparison, &children[c]);
    }
    return count;
}

static uint64_t count_leaves(const struct comparison *comparison) {
    const struct pvr_octree *octree = comparison->whole->octree;
    uint64_t count = 0;
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        const uint32_t at[3] = {(uint32_t)(t % octree->root_dims[0]),
                                (uint32_t)(t / octree->root_dims[0] % octree->root_dims[1]),
                                (uint32_t)(t / octree->root_dims[0] / octree->root_dims[1])};
        struct pvr_cell cell;
        assert_true(pvr_octree_cell(octree, octree->root_level, at, &cell));
        count += count_part(comparison, &cell);
    }
    return count;
}

static uint64_t compare(struct pvr_snapshot *snapshot, const struct pvr_mesh *whole,
                        const struct pvr_mesh *part, const struct pvr_region *region) {
    struct comparison comparison = {
        .whole = whole, .part = part, .judge = region_judge_make(snapshot, region)};
    const struct pvr_octree *octree = part->octree;
    double size[3];
    pvr_snapshot_box(snapshot, size, comparison.ncoarse);
    comparison.root = octree->root_level;
    for (int a = 0; a < octree->ndim; a++) {
        double tree = ldexp(size[a] / comparison.ncoarse[a], -octree->root_level);
        comparison.low[a] = llround(octree->origin[a] / tree);
        assert_true(fabs(octree->origin[a] / tree - (double)comparison.low[a]) < 1e-9);
        assert_true(fabs(octree->size[a] / tree - octree->root_dims[a]) < 1e-9);
    }
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        const uint32_t at[3] = {(uint32_t)(t % octree->root_dims[0]),
                                (uint32_t)(t / octree->root_dims[0] % octree->root_dims[1]),
                                (uint32_t)(t / octree->root_dims[0] / octree->root_dims[1])};
        struct pvr_cell cell;
        assert_true(pvr_octree_cell(octree, octree->root_level, at, &cell));
        compare_cell(&comparison, &cell);
    }
    assert_int_equal(comparison.inside, octree->nleaves);
    assert_int_equal(comparison.outside, octree->noutside);
    assert_int_equal(comparison.inside, count_leaves(&comparison));
    return comparison.inside;
}

/* Regions by shares of the box: inside, across each border, larger than the box. */
static const struct pvr_region shares[] = {
    {.type = PVR_REGION_BOX, .centre = {0.5, 0.5, 0.5}, .size = {0.3, 0.21, 0.4}},
    {.type = PVR_REGION_BOX, .centre = {0.5, 0.5, 0.5}, .size = {0.25, 0.25, 0.25}},
    {.type = PVR_REGION_BOX, .centre = {0.97, 0.02, 0.5}, .size = {0.2, 0.3, 0.1}},
    {.type = PVR_REGION_BOX, .centre = {0.4, 0.1, 0.5}, .size = {0.9, 0.7, 3}},
    {.type = PVR_REGION_BOX, .centre = {-0.04, 0.5, 0.5}, .size = {0.1, 0.2, 0.2}},
    {.type = PVR_REGION_SPHERE, .centre = {0.42, 0.51, 0.55}, .radius = 0.15},
    {.type = PVR_REGION_SPHERE, .centre = {0.01, 0.99, 0.03}, .radius = 0.12},
    {.type = PVR_REGION_SPHERE, .centre = {0.3, 0.2, 0.6}, .radius = 0.49},
    {.type = PVR_REGION_SPHERE, .centre = {0.3, 0.2, 0.6}, .radius = 7},
    {.type = PVR_REGION_SPHERE, .centre = {0.7, 0.6, 0.4}, .radius = 0.01},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.5, 0.4, 0.6},
     .radius = 0.1,
     .height = 0.3,
     .axis = {0, 0, 2}},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.5, 0.4, 0.9},
     .radius = 0.2,
     .height = 0.3,
     .axis = {0, 0, -1}},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.95, 0.1, 0.1},
     .radius = 0.15,
     .height = 0.1,
     .axis = {1, 0, 0}},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.4, 0.5, 0.5},
     .radius = 0.1,
     .height = 0.4,
     .axis = {1, 2, -1}},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.9, 0.1, 0.95},
     .radius = 0.08,
     .height = 0.5,
     .axis = {1, 1, 0}},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.5, 0.5, 0.5},
     .radius = 0.05,
     .height = 1.6,
     .axis = {1, 0.3, 0.2}},
};
enum { NSHARES = sizeof shares / sizeof *shares };

static void check_output(const char *path, bool quick) {
    struct pvr_snapshot *snapshot = open_output(path);
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    struct pvr_mesh *whole = load(snapshot, NULL, PVR_FLOAT64, 0, 2);
    struct pvr_mesh *coarse = load(snapshot, NULL, PVR_FLOAT32, 5, 2);
    uint64_t most = 0;
    for (int i = 0; i < NSHARES; i += quick ? 3 : 1) {
        struct pvr_region region = region_scaled(&shares[i], size[0]);
        struct pvr_mesh *part = load(snapshot, &region, PVR_FLOAT64, 0, 2);
        uint64_t inside = compare(snapshot, whole, part, &region);
        most = inside > most ? inside : most;
        pvr_mesh_free(part);
        region.by_centre = true;
        part = load(snapshot, &region, PVR_FLOAT64, 0, 3);
        assert_true(compare(snapshot, whole, part, &region) <= inside);
        pvr_mesh_free(part);
        part = load(snapshot, &region, PVR_FLOAT32, 5, 1);
        compare(snapshot, coarse, part, &region);
        pvr_mesh_free(part);
    }
    assert_true(most > 0);
    pvr_mesh_free(coarse);
    pvr_mesh_free(whole);
    pvr_snapshot_release(snapshot);
}

static void a_region_is_the_whole_masked(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        check_output(plain_outputs[o].path, plain_outputs[o].large || unit_sanitized());
    }
}

/* Orderings that do not say where things are, boxes with boundaries: where there are such outputs.
 */
static void other_outputs(void **state) {
    (void)state;
    static const char *const names[] = {"order_planar", "mhdtube3d", "stromgren3d", "cosmo3d"};
    static const int numbers[] = {2, 2, 3, 3};
    for (int i = 0; i < 4; i++) {
        const char *path =
            unit_path(PVR_TEST_DATA "/../../shared/fixtures/%s/output_%05d", names[i], numbers[i]);
        if (access(path, R_OK) == 0) {
            check_output(path, true);
        }
    }
}

static void any_number_of_threads(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(plain_outputs[PLAIN_OUTPUTS - 1].path);
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    struct pvr_region region = region_scaled(&shares[6], size[0]);
    struct pvr_mesh *one = load(snapshot, &region, PVR_FLOAT64, 0, 1);
    for (int threads = 2; threads <= 32; threads *= 4) {
        struct pvr_mesh *other = load(snapshot, &region, PVR_FLOAT64, 0, threads);
        unit_same_mesh(one, other);
        pvr_mesh_free(other);
    }
    pvr_mesh_free(one);
    pvr_snapshot_release(snapshot);
}

/* The grid of trees is the region's bounds, to one tree; in one piece across a border. */
static void bounds(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(PVR_TEST_DATA "/sedov3d/output_00003");
    for (int i = 0; i < NSHARES; i++) {
        double size[3];
        uint32_t ncoarse[3];
        pvr_snapshot_box(snapshot, size, ncoarse);
        struct pvr_region region = region_scaled(&shares[i], size[0]);
        struct pvr_shape shape;
        assert_true(pvr_shape_make(&region, 3, &shape));
        struct pvr_mesh *part = load(snapshot, &region, PVR_FLOAT32, 0, 2);
        const struct pvr_octree *octree = part->octree;
        for (int a = 0; a < 3; a++) {
            double tree = octree->size[a] / octree->root_dims[a], extent = shape.extent[a];
            double low = region.centre[a] - extent, high = region.centre[a] + extent;
            if (4 * extent <= size[a]) { /* in one piece */
                double end = octree->origin[a] + octree->size[a], rounding = 1e-12 * tree;
                assert_true(octree->origin[a] <= low + rounding && end >= high - rounding);
                assert_true(octree->origin[a] > low - tree - rounding);
                assert_true(end < high + tree + rounding);
            } else {
                assert_true(octree->origin[a] >= 0);
                assert_true(octree->origin[a] + octree->size[a] <= size[a] * (1 + 1e-15));
            }
        }
        assert_true(octree->ntrees <= 1024);
        pvr_mesh_free(part);
    }
    pvr_snapshot_release(snapshot);
}

static void nothing_there(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(PVR_TEST_DATA "/sedov3d/output_00003");
    const struct pvr_region regions[] = {
        {.type = PVR_REGION_SPHERE, .centre = {7, 7, 7}, .radius = 0.1},
        {.type = PVR_REGION_SPHERE, .centre = {0.5, 0.5, 0.5}, .radius = 0},
        {.type = PVR_REGION_BOX, .centre = {0.5, 0.5, 0.5}, .size = {0.1, -1, 0.1}},
        {.type = PVR_REGION_BOX, .centre = {-0.5, 0.5, 0.5}, .size = {1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        struct pvr_mesh *mesh = load(snapshot, &regions[i], PVR_FLOAT64, 0, 2);
        struct pvr_statistics statistics;
        struct pvr_error error;
        assert_int_equal(mesh->octree->ntrees, 0);
        assert_int_equal(mesh->octree->nleaves, 0);
        assert_int_equal(mesh->octree->ncells, 0);
        unit_ok(pvr_statistics_compute(mesh, NULL, &statistics, &error), &error);
        assert_int_equal(statistics.leaf_cells, 0);
        assert_true(statistics.volume == 0);
        pvr_statistics_free(&statistics);
        unit_ok(pvr_mesh_find_ranges(mesh->arrays, mesh->narrays, NULL, &error), &error);
        assert_false(mesh->arrays[0].has_ranges);
        pvr_mesh_free(mesh);
    }
    char text[400];
    pvr_region_empty_text(&regions[0], snapshot, (struct pvr_unit){1, ""}, text, sizeof text);
    assert_non_null(strstr(text, "around (7, 7, 7)"));
    assert_non_null(strstr(text, "from (0, 0, 0) to (0.5, 0.5, 0.5)"));
    pvr_snapshot_release(snapshot);
}

static void wrong_requests(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(PVR_TEST_DATA "/sedov3d/output_00003");
    const struct pvr_region regions[] = {
        {.type = PVR_REGION_SPHERE, .centre = {(double)NAN, 0, 0}, .radius = 0.1},
        {.type = PVR_REGION_CYLINDER, .centre = {0, 0, 0}, .radius = 0.1, .height = 1},
        {.type = PVR_REGION_CYLINDER, .radius = 0.1, .height = 1000, .axis = {1, 1, 0}},
    };
    static const char *const part[] = {"finite", "direction", "boxes"};
    for (int i = 0; i < 3; i++) {
        const struct pvr_mesh_request request = {.precision = PVR_FLOAT64, .region = &regions[i]};
        struct pvr_mesh *mesh;
        struct pvr_error error;
        unit_failed(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error,
                    part[i]);
        assert_null(mesh);
    }
    pvr_snapshot_release(snapshot);
}

/* ---- domains ----------------------------------------------------------------------------------
 */

/* Notes for each domain and level whether it owns an oct that overlaps the region. */
struct owners {
    struct region_judge judge;
    uint32_t ncoarse[3];
    uint64_t *levels;
};

static enum pvr_status note_owners(void *context, const struct pvr_block *block,
                                   struct pvr_error *error) {
    (void)error;
    struct owners *owners = context;
    for (uint64_t o = 0; o < block->noct; o++) {
        if (region_judge_has(&owners->judge, block->level - 1, block->coordinate[o],
                             owners->ncoarse, false)) {
            __atomic_fetch_or(&owners->levels[block->domain - 1], (uint64_t)1 << block->level,
                              __ATOMIC_RELAXED);
        }
    }
    return PVR_OK;
}

/* Checks that every owner is chosen; returns how many domains are chosen that own nothing. */
static int check_owners(struct pvr_snapshot *snapshot, const struct pvr_region *region) {
    struct owners owners = {.judge = region_judge_make(snapshot, region)};
    double size[3];
    int ncpu = pvr_snapshot_info(snapshot)->ncpu, idle = 0;
    pvr_snapshot_box(snapshot, size, owners.ncoarse);
    owners.levels = calloc((size_t)ncpu, sizeof *owners.levels);
    assert_non_null(owners.levels);
    const struct pvr_stream_request request = {.max_level = 0};
    struct pvr_error error;
    unit_ok(
        pvr_stream_run(snapshot, &request, NULL, NULL, NULL, note_owners, &owners, NULL, &error),
        &error);
    struct pvr_selection selection;
    unit_ok(pvr_selection_make(&snapshot->layout, region, &selection, &error), &error);
    for (int d = 0; d < ncpu; d++) {
        assert_int_equal(owners.levels[d] & ~selection.levels[d], 0);
        idle += selection.levels[d] != 0 && owners.levels[d] == 0;
    }
    pvr_selection_free(&selection);
    free(owners.levels);
    return idle;
}

static void domains_that_own_it(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct pvr_snapshot *snapshot = open_output(plain_outputs[o].path);
        double size[3];
        uint32_t ncoarse[3];
        pvr_snapshot_box(snapshot, size, ncoarse);
        assert_true(snapshot->layout.bounds.known);
        uint64_t random = (uint64_t)o + 1;
        int idle = 0;
        for (int i = 0; i < (unit_sanitized() ? 5 : 40); i++) {
            struct pvr_region share = shares[i % NSHARES];
            for (int a = 0; a < 3; a++) {
                share.centre[a] = (double)(unit_random(&random) >> 11) * 0x1p-53;
            }
            share.radius *= 0.5;
            struct pvr_region region = region_scaled(&share, size[0]);
            idle += check_owners(snapshot, &region);
        }
        assert_in_range(idle, 0, 3);
        pvr_snapshot_release(snapshot);
    }
}

/* An output of many domains, made by the generator where that is built. */
static char *generate(const char *options) {
    const char *generator = getenv("PVR_GENERATE");
    if (generator == NULL) {
        return NULL;
    }
    char *folder = unit_temp_folder();
    assert_int_equal(
        system(unit_path("'%s' '%s' %s > '%s/made.json'", generator, folder, options, folder)), 0);
    return folder;
}

/* Files of domains that own nothing of a region are not needed, and of the others little more is
 * read than the octs. */
static void other_files_are_not_opened(void **state) {
    (void)state;
    char *folder = generate("--cells 600000 --ncpu 96 --levelmin 5 --levelmax 9");
    if (folder == NULL) {
        skip();
    }
    char *path = strdup(unit_path("%s/output_00002", folder));
    assert_non_null(path);
    struct pvr_snapshot *snapshot = open_output(path);
    struct pvr_mesh *whole = load(snapshot, NULL, PVR_FLOAT64, 0, 2);
    uint64_t random = 5;
    int idle = 0;
    for (int i = 0; i < 8; i++) { /* 1 % of the volume */
        struct pvr_region region = {.type = PVR_REGION_SPHERE, .radius = 0.1337};
        for (int a = 0; a < 3; a++) {
            region.centre[a] = (double)(unit_random(&random) >> 11) * 0x1p-53;
        }
        idle += check_owners(snapshot, &region);
        /* read from a handle that knows nothing yet, without the files that are not needed */
        struct pvr_selection selection;
        struct pvr_error error;
        unit_ok(pvr_selection_make(&snapshot->layout, &region, &selection, &error), &error);
        struct pvr_snapshot *fresh = open_output(path);
        uint64_t bytes = 0;
        int others = 0;
        for (int d = 1; d <= 96; d++) {
            if (selection.levels[d - 1] == 0) {
                const char *amr = unit_path("%s/amr_00002.out%05d", path, d);
                const char *hydro = unit_path("%s/hydro_00002.out%05d", path, d);
                assert_int_equal(rename(amr, unit_path("%s.away", amr)), 0);
                assert_int_equal(rename(hydro, unit_path("%s.away", hydro)), 0);
                others++;
            } else {
                for (int l = 1; l <= 9; l++) {
                    uint64_t noct = pvr_domains_place(snapshot->domains, d, l)->noct;
                    bytes += noct * (3 * 8 + 8 * 4 + 8 * 5 * 8);
                }
            }
        }
        assert_true(others >= 40);
        struct pvr_mesh *part = load(fresh, &region, PVR_FLOAT64, 0, 2);
        assert_true(compare(snapshot, whole, part, &region) > 0);
        assert_true((double)part->report.bytes_read < 1.1 * (double)bytes);
        pvr_mesh_free(part);
        pvr_snapshot_release(fresh);
        for (int d = 1; d <= 96; d++) {
            const char *amr = unit_path("%s/amr_00002.out%05d", path, d);
            const char *hydro = unit_path("%s/hydro_00002.out%05d", path, d);
            rename(unit_path("%s.away", amr), amr);
            rename(unit_path("%s.away", hydro), hydro);
        }
        pvr_selection_free(&selection);
    }
    assert_in_range(idle, 0, 4);
    pvr_mesh_free(whole);
    pvr_snapshot_release(snapshot);
    free(path);
    unit_drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_the_whole_masked),
        cmocka_unit_test(other_outputs),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(bounds),
        cmocka_unit_test(nothing_there),
        cmocka_unit_test(wrong_requests),
        cmocka_unit_test(domains_that_own_it),
        cmocka_unit_test(other_files_are_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
