/* test_ahead.c - pvr_ahead.h: the next mesh is there when it is asked for, and nobody waits for it.
 */
#include "pvr_ahead.h"

#include "support.h"

#include <stdlib.h>
#include <time.h>

static const char *const fields[] = {"density", "velocity", "pressure"};
static const struct pvr_mesh_request request = {
    .fields = fields, .nfields = 3, .precision = PVR_FLOAT64};
static const struct pvr_threads two = {.max = 2};

struct scene {
    struct pvr_cache *cache;
    struct pvr_ahead *ahead;
    struct pvr_snapshot *shown, *next;
};

static struct scene set_up(void) {
    struct scene scene;
    struct pvr_error error;
    unit_ok(pvr_cache_new((uint64_t)1 << 30, &scene.cache, &error), &error);
    unit_ok(pvr_ahead_new(scene.cache, &scene.ahead, &error), &error);
    unit_ok(pvr_snapshot_open(PVR_TEST_DATA "/web3d/output_00002", &scene.shown, &error), &error);
    unit_ok(pvr_snapshot_open(PVR_TEST_DATA "/web3d/output_00003", &scene.next, &error), &error);
    return scene;
}

static void tear_down(struct scene *scene) {
    pvr_ahead_free(scene->ahead);
    pvr_snapshot_release(scene->shown);
    pvr_snapshot_release(scene->next);
    pvr_cache_release(scene->cache);
}

static uint64_t bytes_of_loading(struct scene *scene, struct pvr_snapshot *snapshot) {
    struct pvr_mesh *mesh;
    struct pvr_error error;
    unit_ok(pvr_cache_load(scene->cache, snapshot, &request, &two, NULL, NULL, &mesh, &error),
            &error);
    uint64_t bytes = mesh->report.bytes_read;
    pvr_mesh_free(mesh);
    return bytes;
}

static void start(struct scene *scene) {
    struct pvr_error error;
    unit_ok(pvr_ahead_start(scene->ahead, scene->next, &request, &two, &error), &error);
}

static void what_was_loaded_ahead_is_there(void **state) {
    (void)state;
    struct scene scene = set_up();
    assert_false(pvr_ahead_wait(scene.ahead)); /* nothing was begun */
    start(&scene);
    assert_true(pvr_ahead_wait(scene.ahead));
    assert_int_equal(bytes_of_loading(&scene, scene.next), 0);
    start(&scene); /* again: it is there */
    assert_true(pvr_ahead_wait(scene.ahead));
    tear_down(&scene);
    pvr_ahead_free(NULL);
}

static void too_large_is_left_alone(void **state) {
    (void)state;
    struct scene scene = set_up();
    pvr_cache_set_budget(scene.cache, 1 << 20);
    start(&scene);
    assert_false(pvr_ahead_wait(scene.ahead));
    assert_int_equal(pvr_cache_use(scene.cache).entries, 0);
    tear_down(&scene);
}

static void errors_are_for_who_asks(void **state) {
    (void)state;
    struct scene scene = set_up();
    const char *const unknown[] = {"colour"};
    struct pvr_mesh_request wrong = request;
    struct pvr_error error;
    wrong.fields = unknown;
    wrong.nfields = 1;
    unit_ok(pvr_ahead_start(scene.ahead, scene.next, &wrong, NULL, &error), &error);
    assert_false(pvr_ahead_wait(scene.ahead));
    tear_down(&scene);
}

/* Begun, stopped, left and asked over at random; all that is loaded is right, and all ends. */
static void in_the_middle_of_anything(void **state) {
    (void)state;
    struct pvr_mesh *right = unit_load(PVR_TEST_DATA "/web3d/output_00003",
                                       "density velocity pressure", PVR_FLOAT64, 0, 2);
    uint64_t seed = 3;
    int rounds = unit_sanitized() ? 20 : 60;
    for (int i = 0; i < rounds; i++) {
        struct scene scene = set_up();
        start(&scene);
        nanosleep(&(struct timespec){.tv_nsec = (long)(unit_random(&seed) % 8000000)}, NULL);
        switch (unit_random(&seed) % 4) {
        case 0:
            pvr_ahead_stop(scene.ahead);
            break;
        case 1:
            start(&scene);
            break;
        case 2:
            assert_true(bytes_of_loading(&scene, scene.shown) > 0);
            assert_true(pvr_ahead_wait(scene.ahead));
            break;
        default: {
            struct pvr_mesh *mesh;
            struct pvr_error error;
            unit_ok(
                pvr_cache_load(scene.cache, scene.next, &request, &two, NULL, NULL, &mesh, &error),
                &error);
            unit_same_mesh(mesh, right);
            pvr_mesh_free(mesh);
        }
        }
        tear_down(&scene);
    }
    pvr_mesh_free(right);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_loaded_ahead_is_there),
        cmocka_unit_test(too_large_is_left_alone),
        cmocka_unit_test(errors_are_for_who_asks),
        cmocka_unit_test(in_the_middle_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
