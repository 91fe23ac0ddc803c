/* test_stream.c - pvr_stream.h: blocks against the mesh, in any number of threads. */
#include "pvr_stream.h"

#include "plain.h"
#include "pvr_mesh.h"
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What a run delivers; blocks write to places of their own only. */
struct collect {
    const struct pvr_mesh *mesh; /* to compare with, or null */
    int density, velocity_x;     /* places in the request's variables, or -1 */
    size_t nblocks;
    int *delivered; /* [number] */
    uint64_t *octs, *leaves;
    double *mass; /* [number]: sum of density over the leaves, in the order of the block */
    int wrong;    /* atomic */
    int running[64];
    size_t fail_at;
    enum pvr_status fail_with;
    bool silent;
};

static void collect_begin(struct collect *collect, size_t nblocks) {
    collect->nblocks = nblocks;
    collect->delivered = calloc(nblocks + 1, sizeof(int));
    collect->octs = calloc(nblocks + 1, sizeof(uint64_t));
    collect->leaves = calloc(nblocks + 1, sizeof(uint64_t));
    collect->mass = calloc(nblocks + 1, sizeof(double));
    assert_true(collect->delivered && collect->octs && collect->leaves && collect->mass);
}

static void collect_end(struct collect *collect) {
    free(collect->delivered);
    free(collect->octs);
    free(collect->leaves);
    free(collect->mass);
}

static void check_cell(struct collect *collect, const struct pvr_block *block, uint64_t o, int c) {
    uint32_t at[3] = {0, 0, 0};
    for (int axis = 0; axis < block->ndim; axis++) {
        at[axis] = 2 * block->coordinate[o][axis] + (uint32_t)(c >> axis & 1);
    }
    bool refined = block->refined[o] >> c & 1;
    uint64_t place = (uint64_t)c * block->noct + o;
    const struct pvr_mesh *mesh = collect->mesh;
    struct pvr_cell cell;
    bool right = !refined || block->level < block->max_level;
    if (mesh != NULL && block->level >= mesh->octree->root_level) {
        right = right && pvr_octree_cell(mesh->octree, block->level, at, &cell) &&
                cell.level == block->level && cell.refined == refined &&
                unit_value(mesh->arrays[2].array, cell.index, 0) == block->domain;
        right =
            right && (collect->density < 0 || unit_value(mesh->arrays[0].array, cell.index, 0) ==
                                                  block->values[collect->density][place]);
        right =
            right && (collect->velocity_x < 0 || unit_value(mesh->arrays[1].array, cell.index, 0) ==
                                                     block->values[collect->velocity_x][place]);
    }
    if (!right) {
        __atomic_store_n(&collect->wrong, 1, __ATOMIC_RELAXED);
    }
    if (!refined) {
        collect->leaves[block->number]++;
        collect->mass[block->number] +=
            collect->density >= 0 ? block->values[collect->density][place] : 0;
    }
}

static enum pvr_status take_block(void *context, const struct pvr_block *block,
                                  struct pvr_error *error) {
    struct collect *collect = context;
    if (block->number >= collect->nblocks || block->thread < 0 || block->thread >= 64 ||
        __atomic_fetch_add(&collect->running[block->thread], 1, __ATOMIC_RELAXED) != 0) {
        __atomic_store_n(&collect->wrong, 2, __ATOMIC_RELAXED);
        return PVR_OK;
    }
    __atomic_fetch_add(&collect->delivered[block->number], 1, __ATOMIC_RELAXED);
    collect->octs[block->number] = block->noct;
    for (uint64_t o = 0; o < block->noct; o++) {
        for (int c = 0; c < 1 << block->ndim; c++) {
            check_cell(collect, block, o, c);
        }
    }
    __atomic_fetch_sub(&collect->running[block->thread], 1, __ATOMIC_RELAXED);
    if (collect->fail_with != PVR_OK && block->number == collect->fail_at) {
        return collect->silent
                   ? collect->fail_with
                   : pvr_fail(error, collect->fail_with, "block %zu is bad", block->number);
    }
    return PVR_OK;
}

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static void blocks_are_the_mesh(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 8, 64};
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct pvr_snapshot *snapshot = open_output(plain_outputs[o].path);
        const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
        const int variables[] = {pvr_variable_find(table, "velocity_x"),
                                 pvr_variable_find(table, "pressure"),
                                 pvr_variable_find(table, "density")};
        for (int max_level = 0; max_level <= 5; max_level += 5) {
            struct pvr_mesh *mesh = unit_load(plain_outputs[o].path, "density velocity domain",
                                              PVR_FLOAT64, max_level, 2);
            const struct pvr_stream_request request = {
                .max_level = max_level, .variables = variables, .nvariables = 3};
            double first_mass[2] = {0, 0};
            for (int t = 0; t < 5; t++) {
                struct collect collect = {.mesh = mesh, .density = 2, .velocity_x = 0};
                const struct pvr_threads settings = {.max = threads[t]};
                struct pvr_error error;
                struct pvr_report report;
                size_t nblocks;
                unit_ok(pvr_stream_count(snapshot, &request, &settings, &nblocks, &error), &error);
                assert_true(nblocks > 0);
                collect_begin(&collect, nblocks);
                unit_ok(pvr_stream_run(snapshot, &request, &settings, NULL, NULL, take_block,
                                       &collect, &report, &error),
                        &error);
                assert_int_equal(collect.wrong, 0);
                assert_int_equal(report.threads, threads[t]);
                assert_true(report.bytes_read > 0);
                uint64_t leaves = 0;
                double mass = 0;
                for (size_t b = 0; b < nblocks; b++) {
                    assert_int_equal(collect.delivered[b], 1);
                    leaves += collect.leaves[b];
                    mass += collect.mass[b];
                }
                assert_int_equal(leaves, mesh->octree->nleaves);
                first_mass[0] = t == 0 ? mass : first_mass[0];
                assert_memory_equal(&mass, &first_mass[0], sizeof mass); /* the same bits */
                pvr_report_free(&report);
                collect_end(&collect);
            }
            pvr_mesh_free(mesh);
        }
        pvr_snapshot_release(snapshot);
    }
}

static void structure_alone(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(plain_outputs[2].path);
    struct pvr_level_count levels[64];
    int nlevels;
    struct pvr_error error;
    unit_ok(pvr_snapshot_levels(snapshot, NULL, levels, &nlevels, &error), &error);
    struct pvr_mesh *mesh =
        unit_load(plain_outputs[2].path, "density velocity domain", PVR_FLOAT64, 0, 2);
    for (int m = 1; m <= nlevels + 1; m++) {
        const struct pvr_stream_request request = {.max_level = m};
        struct collect collect = {.density = -1, .velocity_x = -1};
        collect.mesh = m >= nlevels ? mesh : NULL;
        size_t nblocks;
        unit_ok(pvr_stream_count(snapshot, &request, NULL, &nblocks, &error), &error);
        collect_begin(&collect, nblocks);
        unit_ok(pvr_stream_run(snapshot, &request, NULL, NULL, NULL, take_block, &collect, NULL,
                               &error),
                &error);
        assert_int_equal(collect.wrong, 0);
        uint64_t octs = 0, wanted = 0;
        for (size_t b = 0; b < nblocks; b++) {
            octs += collect.octs[b];
        }
        for (int l = 1; l <= nlevels && l <= m; l++) {
            wanted += levels[l - 1].octs;
        }
        assert_int_equal(octs, wanted);
        collect_end(&collect);
    }
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
}

static void variables_that_do_not_exist(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(plain_outputs[0].path);
    static const int wrong[] = {-1, 3, 1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const int variables[] = {0, wrong[i]};
        const struct pvr_stream_request request = {.variables = variables, .nvariables = 2};
        struct pvr_error error;
        size_t nblocks;
        enum pvr_status status = pvr_stream_count(snapshot, &request, NULL, &nblocks, &error);
        unit_failed(status, &error, "variable");
        assert_int_equal(status, PVR_ERROR_ARGUMENT);
        assert_int_equal(nblocks, 0);
        struct collect collect = {.density = -1};
        struct pvr_report report = {.threads = 77};
        unit_failed(pvr_stream_run(snapshot, &request, NULL, NULL, NULL, take_block, &collect,
                                   &report, &error),
                    &error, "variable");
        assert_null(report.thread); /* nothing to free */
        pvr_report_free(&report);
    }
    pvr_snapshot_release(snapshot);
}

static void a_block_function_that_fails(void **state) {
    (void)state;
    static const enum pvr_status with[] = {PVR_ERROR_IO, PVR_ERROR_ARGUMENT, PVR_CANCELLED};
    static const int variables[] = {0};
    const struct pvr_stream_request request = {.variables = variables, .nvariables = 1};
    struct pvr_snapshot *snapshot = open_output(plain_outputs[4].path);
    size_t nblocks;
    unit_ok(pvr_stream_count(snapshot, &request, NULL, &nblocks, NULL), NULL);
    for (int threads = 1; threads <= 3; threads++) {
        for (size_t i = 0; i < 6; i++) {
            struct collect collect = {.density = 0,
                                      .velocity_x = -1,
                                      .fail_at = nblocks / 3,
                                      .fail_with = with[i % 3],
                                      .silent = i >= 3};
            collect_begin(&collect, nblocks);
            const struct pvr_threads settings = {.max = threads};
            struct pvr_error error;
            struct pvr_report report;
            enum pvr_status status = pvr_stream_run(snapshot, &request, &settings, NULL, NULL,
                                                    take_block, &collect, &report, &error);
            assert_int_equal(status, with[i % 3]);
            assert_int_equal(error.status, with[i % 3]);
            assert_null(report.thread);
            if (i < 2) {
                unit_failed(status, &error, unit_path("block %zu is bad", nblocks / 3));
            }
            collect_end(&collect);
        }
    }
    pvr_snapshot_release(snapshot);
}

static int stop_at_third(void *context, double fraction, uint64_t done, uint64_t expected) {
    (void)fraction;
    (void)done;
    (void)expected;
    return ++*(int *)context >= 3;
}

static void stopping(void **state) {
    (void)state;
    const struct pvr_stream_request request = {.max_level = 0};
    struct pvr_snapshot *snapshot = open_output(plain_outputs[4].path);
    for (int threads = 1; threads <= 3; threads++) {
        int calls = 0;
        struct collect collect = {.density = -1, .velocity_x = -1};
        collect_begin(&collect, 100000);
        const struct pvr_threads settings = {.max = threads};
        struct pvr_error error;
        enum pvr_status status = pvr_stream_run(snapshot, &request, &settings, stop_at_third,
                                                &calls, take_block, &collect, NULL, &error);
        /* the others of the team may have done all before the third call */
        assert_true(threads > 1 || calls >= 3);
        assert_int_equal(status, calls >= 3 ? PVR_CANCELLED : PVR_OK);
        assert_true(status == PVR_OK || error.status == PVR_CANCELLED);
        collect_end(&collect);
    }
    pvr_snapshot_release(snapshot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_the_mesh),
        cmocka_unit_test(structure_alone),
        cmocka_unit_test(variables_that_do_not_exist),
        cmocka_unit_test(a_block_function_that_fails),
        cmocka_unit_test(stopping),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
