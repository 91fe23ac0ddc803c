/* test_progressive.c - pvr_progressive.h: coarse at once, then finer, all of it right, at any time
 * stopped. */
#include "pvr_progressive.h"

#include "slow_read.h"
#include "support.h"

#include <stdlib.h>

static const char *const fields[] = {"density", "velocity", "pressure", "level", "domain"};
enum { FIELDS = 5 };
static const struct pvr_mesh_request request = {
    .fields = fields, .nfields = 3, .precision = PVR_FLOAT64};
static const struct pvr_threads two = {.max = 2};

struct scene {
    struct pvr_cache *cache;
    struct pvr_progressive *progressive;
    struct pvr_snapshot *snapshot[2];
};

static struct scene set_up(void) {
    struct scene scene;
    struct pvr_error error;
    slow_read_set(0);
    unit_ok(pvr_cache_new((uint64_t)1 << 30, &scene.cache, &error), &error);
    unit_ok(pvr_progressive_new(scene.cache, &scene.progressive, &error), &error);
    for (int i = 0; i < 2; i++) {
        unit_ok(pvr_snapshot_open(unit_path(PVR_TEST_DATA "/web3d/output_0000%d", 2 + i),
                                  &scene.snapshot[i], &error),
                &error);
    }
    return scene;
}

static void tear_down(struct scene *scene) {
    pvr_progressive_free(scene->progressive);
    for (int i = 0; i < 2; i++) {
        pvr_snapshot_release(scene->snapshot[i]);
    }
    pvr_cache_release(scene->cache);
}

static void start(struct scene *scene, const struct pvr_mesh_request *wanted,
                  const struct pvr_progressive_work *work) {
    struct pvr_error error;
    unit_ok(
        pvr_progressive_start(scene->progressive, scene->snapshot[1], wanted, &two, work, &error),
        &error);
}

/* Takes the next depth, or false at the end. */
static bool next(struct scene *scene, struct pvr_progressive_depth *depth) {
    while (!pvr_progressive_wait(scene->progressive, 0.05)) {
    }
    return pvr_progressive_take(scene->progressive, depth);
}

/* Takes all depths; returns how many, and the bytes that they read. */
static int take_all(struct scene *scene, uint64_t *bytes) {
    struct pvr_progressive_depth depth;
    int count = 0;
    for (*bytes = 0; next(scene, &depth); count++) {
        *bytes += depth.mesh->report.bytes_read;
        pvr_mesh_free(depth.mesh);
    }
    return count;
}

static void each_depth_is_right(void **state) {
    (void)state;
    struct scene scene = set_up();
    struct pvr_progressive_depth depth;
    uint64_t cells = 0, bytes = 0, bytes_alone = 0;
    int count = 0, level = 0;
    bool whole = false;
    slow_read_set(40e6); /* so that each depth can be caught */
    start(&scene, &request, NULL);
    for (; next(&scene, &depth); count++) {
        assert_false(whole);
        whole = depth.whole;
        level = depth.mesh->octree->max_level;
        assert_true(2 * depth.mesh->octree->ncells >= 3 * cells);
        cells = depth.mesh->octree->ncells;
        bytes += depth.mesh->report.bytes_read;
        assert_true(pvr_progressive_state(scene.progressive).level >= level);
        struct pvr_mesh *alone =
            unit_load(PVR_TEST_DATA "/web3d/output_00003", "density velocity pressure", PVR_FLOAT64,
                      depth.whole ? 0 : level, 2);
        bytes_alone = alone->report.bytes_read;
        unit_same_mesh(depth.mesh, alone);
        pvr_mesh_free(alone);
        pvr_mesh_free(depth.mesh);
    }
    assert_true(whole);
    assert_true(count >= 2);
    /* Nothing is read twice but the sons of the last level of each depth. */
    assert_true((double)bytes < 1.05 * (double)bytes_alone);
    struct pvr_progressive_state end = pvr_progressive_state(scene.progressive);
    assert_int_equal(end.status, PVR_OK);
    assert_true(end.whole && !end.running && !end.untaken && end.budget == 0);
    assert_int_equal(end.level, level);
    assert_int_equal(end.bytes_done, bytes);
    assert_true(end.fraction > 0.99 && end.seconds_left == 0);
    tear_down(&scene);
    pvr_progressive_free(NULL);
}

static void regions_come_by_depths_too(void **state) {
    (void)state;
    static const struct pvr_region ball = {
        .type = PVR_REGION_SPHERE, .centre = {0.5, 0.5, 0.5}, .radius = 0.25};
    struct scene scene = set_up();
    struct pvr_progressive_depth depth;
    struct pvr_mesh_request wanted = request;
    struct pvr_error error;
    uint64_t bytes = 0;
    int count = 0;
    bool whole = false;
    wanted.region = &ball;
    slow_read_set(40e6);
    start(&scene, &wanted, NULL);
    for (; next(&scene, &depth); count++) {
        struct pvr_mesh *alone;
        whole = depth.whole;
        bytes += depth.mesh->report.bytes_read;
        if (whole) {
            unit_ok(pvr_mesh_load(scene.snapshot[1], &wanted, &two, NULL, NULL, &alone, &error),
                    &error);
            unit_same_mesh(depth.mesh, alone);
            assert_true(bytes <= alone->report.bytes_read); /* nothing twice */
            pvr_mesh_free(alone);
        }
        pvr_mesh_free(depth.mesh);
    }
    assert_true(whole && count >= 2);
    tear_down(&scene);
}

static void the_first_comes_before_the_rest_is_read(void **state) {
    (void)state;
    struct scene scene = set_up();
    struct pvr_progressive_depth depth;
    uint64_t before = slow_read_bytes(), bytes;
    slow_read_set(40e6);
    start(&scene, &request, NULL);
    assert_true(next(&scene, &depth));
    uint64_t first = slow_read_bytes() - before;
    pvr_mesh_free(depth.mesh);
    take_all(&scene, &bytes);
    assert_true(first < (slow_read_bytes() - before) / 2);
    tear_down(&scene);
}

static void what_is_in_memory_is_there_at_once(void **state) {
    (void)state;
    struct scene scene = set_up();
    uint64_t bytes;
    start(&scene, &request, NULL);
    take_all(&scene, &bytes);
    assert_true(bytes > 0);
    start(&scene, &request, NULL);
    assert_int_equal(take_all(&scene, &bytes), 1);
    assert_int_equal(bytes, 0);
    /* One field more: its own bytes. */
    struct pvr_mesh_request more = request;
    more.nfields = 4;
    start(&scene, &more, NULL);
    take_all(&scene, &bytes);
    assert_int_equal(bytes, 0); /* levels follow from the octree */
    tear_down(&scene);
}

static void stopping_keeps_what_is_complete(void **state) {
    (void)state;
    struct scene scene = set_up();
    struct pvr_progressive_depth depth;
    uint64_t bytes;
    slow_read_set(10e6);
    start(&scene, &request, NULL);
    assert_true(next(&scene, &depth));
    int level = depth.mesh->octree->max_level;
    pvr_mesh_free(depth.mesh);
    uint64_t before = slow_read_bytes();
    pvr_progressive_stop(scene.progressive);
    /* Each thread ends the piece that it reads. */
    assert_true(slow_read_bytes() - before < (uint64_t)4 << 20);
    struct pvr_progressive_state end = pvr_progressive_state(scene.progressive);
    assert_false(end.running);
    assert_false(pvr_progressive_take(scene.progressive, &depth));
    slow_read_set(0);
    struct pvr_mesh_request coarse = request;
    coarse.max_level = level;
    start(&scene, &coarse, NULL);
    take_all(&scene, &bytes);
    assert_int_equal(bytes, 0);
    tear_down(&scene);
}

static void the_budget_ends_it(void **state) {
    (void)state;
    struct scene scene = set_up();
    uint64_t bytes;
    pvr_cache_set_budget(scene.cache, (uint64_t)4 << 20);
    start(&scene, &request, NULL);
    assert_true(take_all(&scene, &bytes) >= 1);
    struct pvr_progressive_state end = pvr_progressive_state(scene.progressive);
    assert_int_equal(end.status, PVR_OK);
    assert_false(end.whole);
    assert_true(end.level > 0);
    assert_int_equal(end.budget, (uint64_t)4 << 20);
    assert_true(end.bytes_needed > end.budget);
    tear_down(&scene);
}

static void errors_are_told(void **state) {
    (void)state;
    struct scene scene = set_up();
    struct pvr_mesh_request wrong = request;
    const char *const unknown[] = {"colour"};
    uint64_t bytes;
    wrong.fields = unknown;
    wrong.nfields = 1;
    start(&scene, &wrong, NULL);
    assert_int_equal(take_all(&scene, &bytes), 0);
    struct pvr_progressive_state end = pvr_progressive_state(scene.progressive);
    unit_failed(end.status, &end.error, "colour");
    tear_down(&scene);
}

static enum pvr_status prepare(void *context, struct pvr_mesh *mesh, pvr_progress_fn progress,
                               void *progress_context, void **prepared, struct pvr_error *error) {
    int *left = context;
    if (progress(progress_context, 1.0, 0, 0) != 0) {
        return pvr_fail(error, PVR_CANCELLED, "stopped on request");
    }
    if ((*left)-- == 0) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no room for it");
    }
    int *level = malloc(sizeof *level);
    *level = mesh->octree->max_level;
    *prepared = level;
    return PVR_OK;
}

static void each_depth_is_prepared(void **state) {
    (void)state;
    struct scene scene = set_up();
    struct pvr_progressive_depth depth;
    int left = 1;
    const struct pvr_progressive_work work = {prepare, free, &left};
    start(&scene, &request, &work);
    assert_true(next(&scene, &depth));
    assert_int_equal(*(int *)depth.prepared, depth.mesh->octree->max_level);
    free(depth.prepared);
    pvr_mesh_free(depth.mesh);
    assert_false(next(&scene, &depth));
    struct pvr_progressive_state end = pvr_progressive_state(scene.progressive);
    unit_failed(end.status, &end.error, "no room");
    tear_down(&scene);
}

/* ---- at random
 * -------------------------------------------------------------------------------- */

static void change(struct scene *scene, uint64_t *seed, const struct pvr_progressive_work *work) {
    static const struct pvr_region ball = {
        .type = PVR_REGION_SPHERE, .centre = {0.5, 0.5, 0.5}, .radius = 0.2};
    const char *names[FIELDS];
    int count = (int)(unit_random(seed) % FIELDS);
    for (int i = 0; i < count; i++) {
        names[i] = fields[unit_random(seed) % FIELDS];
    }
    struct pvr_mesh_request wanted = {
        .fields = names,
        .nfields = count,
        .precision = unit_random(seed) % 2 ? PVR_FLOAT32 : PVR_FLOAT64,
        .max_level = unit_random(seed) % 3 == 0 ? 5 + (int)(unit_random(seed) % 6) : 0,
        .region = unit_random(seed) % 4 == 0 ? &ball : NULL,
    };
    struct pvr_error error;
    unit_ok(pvr_progressive_start(scene->progressive, scene->snapshot[unit_random(seed) % 2],
                                  &wanted, &two, work, &error),
            &error);
}

static void take_one(struct scene *scene, struct pvr_progressive_depth *shown) {
    struct pvr_progressive_depth depth;
    pvr_progressive_wait(scene->progressive, 0.002);
    if (pvr_progressive_take(scene->progressive, &depth)) {
        pvr_mesh_free(shown->mesh);
        free(shown->prepared);
        *shown = depth;
        for (int i = 0; i < depth.mesh->narrays; i++) {
            assert_int_equal(depth.mesh->arrays[i].array->ntuples, depth.mesh->octree->ncells);
        }
    }
}

static void a_thousand_interactions(void **state) {
    (void)state;
    uint64_t seed = 9;
    int left = 1 << 30;
    const struct pvr_progressive_work work = {prepare, free, &left};
    struct pvr_progressive_depth shown = {0};
    struct scene scene = set_up();
    int interactions = unit_sanitized() ? 300 : 1000;
    for (int i = 0; i < interactions; i++) {
        switch (unit_random(&seed) % 8) {
        case 0:
        case 1:
        case 2:
            change(&scene, &seed, &work);
            break;
        case 3:
            pvr_progressive_stop(scene.progressive);
            break;
        case 4:
            pvr_cache_set_budget(scene.cache, (uint64_t)1 << (20 + unit_random(&seed) % 10));
            break;
        case 5:
            slow_read_set(unit_random(&seed) % 2 ? 0 : 100e6);
            break;
        default:
            take_one(&scene, &shown);
        }
        if (unit_random(&seed) % 50 == 0) {
            tear_down(&scene);
            scene = set_up();
        }
    }
    tear_down(&scene);
    pvr_mesh_free(shown.mesh);
    free(shown.prepared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_depth_is_right),
        cmocka_unit_test(regions_come_by_depths_too),
        cmocka_unit_test(the_first_comes_before_the_rest_is_read),
        cmocka_unit_test(what_is_in_memory_is_there_at_once),
        cmocka_unit_test(stopping_keeps_what_is_complete),
        cmocka_unit_test(the_budget_ends_it),
        cmocka_unit_test(errors_are_told),
        cmocka_unit_test(each_depth_is_prepared),
        cmocka_unit_test(a_thousand_interactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
