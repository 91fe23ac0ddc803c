/* test_mesh_threads.c - pvr_mesh.h: the same bits for any team, stopping, sharing a handle. */
#include "pvr_mesh.h"

#include "plain.h"
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ALL_FIELDS "density velocity pressure level domain"

static const char *const all_fields[] = {"density", "velocity", "pressure", "level", "domain"};
static const struct pvr_mesh_request all = {
    .fields = all_fields, .nfields = 5, .precision = PVR_FLOAT64};

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static void same_bits_for_any_team(void **state) {
    (void)state;
    static const int threads[] = {2, 3, 8, 64};
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        struct pvr_mesh *one = unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT64, 0, 1);
        struct pvr_mesh *narrow = unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT32, 4, 1);
        for (int i = 0; i < 4; i++) {
            struct pvr_mesh *mesh =
                unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT64, 0, threads[i]);
            unit_same_mesh(one, mesh);
            assert_int_equal(mesh->report.threads, threads[i]);
            assert_int_equal(mesh->report.tasks, one->report.tasks);
            assert_int_equal(mesh->report.bytes_read, one->report.bytes_read);
            pvr_mesh_free(mesh);
            mesh = unit_load(plain_outputs[o].path, ALL_FIELDS, PVR_FLOAT32, 4, threads[i]);
            unit_same_mesh(narrow, mesh);
            pvr_mesh_free(mesh);
        }
        pvr_mesh_free(one);
        pvr_mesh_free(narrow);
    }
}

/* Pinned, with and without asking ahead, with read buffers of any size. */
static void same_bits_for_any_settings(void **state) {
    (void)state;
    static const size_t chunks[] = {1, 1000, 50000, (size_t)1 << 24};
    static const int outputs[] = {0, 2, 3, 5};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
        const char *path = plain_outputs[outputs[o]].path;
        struct pvr_mesh *one = unit_load(path, ALL_FIELDS, PVR_FLOAT64, 0, 1);
        struct pvr_snapshot *snapshot = open_output(path);
        for (unsigned i = 0; i < 16; i++) {
            const struct pvr_threads settings = {.max = 3,
                                                 .pin = (i & 4) != 0,
                                                 .prefetch = (i & 8) != 0,
                                                 .chunk_bytes = chunks[i & 3]};
            struct pvr_mesh *mesh;
            struct pvr_error error;
            unit_ok(pvr_mesh_load(snapshot, &all, &settings, NULL, NULL, &mesh, &error), &error);
            unit_same_mesh(one, mesh);
            pvr_mesh_free(mesh);
        }
        /* more than there is: refused, or not needed */
        static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 100, SIZE_MAX / 2};
        for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
            const struct pvr_threads settings = {.max = 2, .chunk_bytes = absurd[i]};
            struct pvr_mesh *mesh;
            struct pvr_error error;
            enum pvr_status status =
                pvr_mesh_load(snapshot, &all, &settings, NULL, NULL, &mesh, &error);
            assert_int_equal(status, PVR_ERROR_MEMORY);
            unit_failed(status, &error, "memory");
            assert_null(mesh);
        }
        pvr_snapshot_release(snapshot);
        pvr_mesh_free(one);
    }
}

/* ---- stopping ---------------------------------------------------------------------------------
 */

struct watch {
    pthread_t caller;
    int calls, stop_at, elsewhere, falling;
    double last;
};

static int watch(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct watch *w = context;
    (void)done;
    (void)expected;
    w->elsewhere += !pthread_equal(w->caller, pthread_self());
    w->falling += fraction < w->last || fraction > 1;
    w->last = fraction;
    return ++w->calls == w->stop_at;
}

static void progress_rises_to_its_end(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 8};
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        for (int i = 0; i < 3; i++) {
            struct pvr_snapshot *snapshot = open_output(plain_outputs[o].path);
            struct watch w = {.caller = pthread_self()};
            const struct pvr_threads settings = {.max = threads[i]};
            struct pvr_mesh *mesh;
            struct pvr_error error;
            unit_ok(pvr_mesh_load(snapshot, &all, &settings, watch, &w, &mesh, &error), &error);
            assert_int_equal(w.elsewhere, 0);
            assert_int_equal(w.falling, 0);
            assert_true(w.calls > 3);
            assert_true(w.last == 1.0);
            pvr_mesh_free(mesh);
            pvr_snapshot_release(snapshot);
        }
    }
}

/* Stopped at each of its calls: nothing is left (a sanitizer would see it), and the same handle
 * loads well afterwards. */
static void stopping_anywhere(void **state) {
    (void)state;
    static const int outputs[] = {0, 2, 4, 7};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
        const char *path = plain_outputs[outputs[o]].path;
        struct pvr_mesh *whole = unit_load(path, ALL_FIELDS, PVR_FLOAT64, 0, 1);
        for (int threads = 1; threads <= 3; threads += 2) {
            bool stopped = true;
            int step = plain_outputs[outputs[o]].large ? 13 : 1;
            for (int at = 1; stopped; at += step) {
                struct pvr_snapshot *snapshot = open_output(path);
                const struct pvr_threads settings = {.max = threads};
                struct watch w = {.caller = pthread_self(), .stop_at = at};
                struct pvr_mesh *mesh;
                struct pvr_error error;
                enum pvr_status status =
                    pvr_mesh_load(snapshot, &all, &settings, watch, &w, &mesh, &error);
                stopped = w.calls >= at;
                if (stopped) {
                    assert_int_equal(status, PVR_CANCELLED);
                    assert_int_equal(error.status, PVR_CANCELLED);
                    assert_null(mesh);
                    if (at % 4 == 1) {
                        unit_ok(pvr_mesh_load(snapshot, &all, &settings, NULL, NULL, &mesh, &error),
                                &error);
                        unit_same_mesh(whole, mesh);
                    }
                } else {
                    unit_ok(status, &error);
                    unit_same_mesh(whole, mesh);
                }
                pvr_mesh_free(mesh);
                pvr_snapshot_release(snapshot);
            }
        }
        pvr_mesh_free(whole);
    }
}

/* ---- sharing ----------------------------------------------------------------------------------
 */

enum { SHARERS = 4 };

struct sharer {
    struct pvr_snapshot *snapshot;
    struct pvr_mesh_request request;
    int threads;
    struct pvr_mesh *mesh;
    struct pvr_error error;
};

static void *load_shared(void *context) {
    struct sharer *sharer = context;
    const struct pvr_threads settings = {.max = sharer->threads};
    struct pvr_level_count levels[64];
    int nlevels;
    if (sharer->threads % 2 == 0) {
        pvr_snapshot_levels(sharer->snapshot, &settings, levels, &nlevels, NULL);
    }
    pvr_mesh_load(sharer->snapshot, &sharer->request, &settings, NULL, NULL, &sharer->mesh,
                  &sharer->error);
    pvr_snapshot_release(sharer->snapshot);
    return NULL;
}

/* Threads that load at once from one handle, whose tables nobody has read yet. */
static void sharing_a_handle(void **state) {
    (void)state;
    static const int outputs[] = {0, 1, 4, 5, 7};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
        const char *path = plain_outputs[outputs[o]].path;
        for (int round = 0; round < 3; round++) {
            struct pvr_snapshot *snapshot = open_output(path);
            struct sharer sharer[SHARERS];
            pthread_t thread[SHARERS];
            for (int i = 0; i < SHARERS; i++) {
                sharer[i] = (struct sharer){.snapshot = pvr_snapshot_retain(snapshot),
                                            .request = all,
                                            .threads = 1 + (i + round) % 3};
                sharer[i].request.nfields = 5 - i;
                sharer[i].request.max_level = i == 3 ? 4 : 0;
                assert_int_equal(pthread_create(&thread[i], NULL, load_shared, &sharer[i]), 0);
            }
            pvr_snapshot_release(snapshot); /* the threads' own references keep it */
            for (int i = 0; i < SHARERS; i++) {
                pthread_join(thread[i], NULL);
                assert_non_null(sharer[i].mesh);
                static const char *const fields[] = {ALL_FIELDS, "density velocity pressure level",
                                                     "density velocity pressure",
                                                     "density velocity"};
                struct pvr_mesh *alone =
                    unit_load(path, fields[i], PVR_FLOAT64, sharer[i].request.max_level, 1);
                unit_same_mesh(alone, sharer[i].mesh);
                pvr_mesh_free(alone);
                pvr_mesh_free(sharer[i].mesh);
            }
        }
    }
}

static void arrays_outlive_the_mesh(void **state) {
    (void)state;
    struct pvr_mesh *mesh = unit_load(plain_outputs[3].path, ALL_FIELDS, PVR_FLOAT64, 0, 2);
    struct pvr_array *array = pvr_array_retain(mesh->arrays[0].array);
    struct pvr_octree *octree = pvr_octree_retain(mesh->octree);
    void *data = pvr_array_retain(mesh->arrays[1].array)->data;
    pvr_mesh_free(mesh);
    struct pvr_cell leaf;
    const double middle[3] = {0.25, 0.25, 0.25};
    assert_true(pvr_octree_find_leaf(octree, middle, &leaf));
    assert_true(unit_value(array, leaf.index, 0) > 0);
    pvr_array_release(array);
    pvr_array_release_data(data);
    pvr_octree_release(octree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_team),    cmocka_unit_test(same_bits_for_any_settings),
        cmocka_unit_test(progress_rises_to_its_end), cmocka_unit_test(stopping_anywhere),
        cmocka_unit_test(sharing_a_handle),          cmocka_unit_test(arrays_outlive_the_mesh),
    };
    return cmocka_run_group_tests_name("mesh_threads", tests, NULL, NULL);
}
