/* test_cache_threads.c - pvr_cache.h: many threads that ask at random, with too small a budget. */
#include "pvr_cache.h"

#include "plain.h"
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ASKERS = 8, OUTPUTS = 3 };

static const char *const fields[] = {"density", "velocity", "pressure", "level", "domain"};
enum { FIELDS = 5 };

/* Sums of the bytes of each array at each level, that threads compare what they get with. */
struct known {
    struct pvr_snapshot *snapshot;
    int deepest;
    uint64_t sum[PVR_MAX_LEVELS + 1][FIELDS][2]; /* float and double */
};

static uint64_t sum_of(const struct pvr_array *array) {
    const unsigned char *byte = array->data;
    uint64_t sum = 14695981039346656037u;
    for (uint64_t i = 0; i < array->bytes; i++) {
        sum = (sum ^ byte[i]) * 1099511628211u;
    }
    return sum;
}

struct asker {
    struct pvr_cache *cache;
    struct known *known;
    uint64_t seed;
    int rounds;
    int wrong, failed, stopped; /* told by the test's own thread */
};

struct stop {
    int left;
};

static int stop_after(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct stop *stop = context;
    (void)fraction;
    (void)done;
    (void)expected;
    return stop->left-- == 0;
}

static void ask(struct asker *asker) {
    const struct known *known = &asker->known[unit_random(&asker->seed) % OUTPUTS];
    const char *names[FIELDS];
    int which[FIELDS], count = (int)(unit_random(&asker->seed) % 4);
    for (int i = 0; i < count; i++) {
        which[i] = (int)(unit_random(&asker->seed) % FIELDS);
        names[i] = fields[which[i]];
    }
    int level = 1 + (int)(unit_random(&asker->seed) % (uint64_t)known->deepest);
    int single = (int)(unit_random(&asker->seed) & 1);
    struct pvr_mesh_request request = {.max_level = level,
                                       .fields = names,
                                       .nfields = count,
                                       .precision = single ? PVR_FLOAT32 : PVR_FLOAT64};
    struct pvr_threads settings = {.max = 1 + (int)(unit_random(&asker->seed) % 3)};
    struct stop stop = {.left = unit_random(&asker->seed) % 4 == 0
                                    ? (int)(unit_random(&asker->seed) % 20)
                                    : 1 << 30};
    if (unit_random(&asker->seed) % 16 == 0) {
        pvr_cache_clear(asker->cache);
    }
    struct pvr_mesh *mesh;
    enum pvr_status status = pvr_cache_load(asker->cache, known->snapshot, &request, &settings,
                                            stop_after, &stop, &mesh, NULL);
    asker->stopped += status == PVR_CANCELLED;
    asker->failed += status != PVR_OK && status != PVR_CANCELLED;
    for (int i = 0; mesh != NULL && i < count; i++) {
        asker->wrong += sum_of(mesh->arrays[i].array) != known->sum[level][which[i]][single];
    }
    pvr_mesh_free(mesh);
}

static void *ask_on(void *context) {
    struct asker *asker = context;
    for (int i = 0; i < asker->rounds; i++) {
        ask(asker);
    }
    return NULL;
}

static struct known know(const char *path) {
    struct known known = {.deepest = 1};
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &known.snapshot, &error), &error);
    struct pvr_level_count levels[64];
    unit_ok(pvr_snapshot_levels(known.snapshot, NULL, levels, &known.deepest, &error), &error);
    for (int l = 1; l <= known.deepest; l++) {
        for (int single = 0; single < 2; single++) {
            struct pvr_mesh *mesh = unit_load(path, "density velocity pressure level domain",
                                              single ? PVR_FLOAT32 : PVR_FLOAT64, l, 2);
            for (int f = 0; f < FIELDS; f++) {
                known.sum[l][f][single] = sum_of(mesh->arrays[f].array);
            }
            pvr_mesh_free(mesh);
        }
    }
    return known;
}

static void ask_all(struct known *known, uint64_t budget, int rounds) {
    struct pvr_cache *cache;
    struct pvr_error error;
    unit_ok(pvr_cache_new(budget, &cache, &error), &error);
    pthread_t thread[ASKERS];
    struct asker asker[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        asker[i] = (struct asker){
            .cache = cache, .known = known, .seed = 77 + (uint64_t)i, .rounds = rounds};
        assert_int_equal(pthread_create(&thread[i], NULL, ask_on, &asker[i]), 0);
    }
    int stopped = 0;
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(asker[i].wrong, 0);
        assert_int_equal(asker[i].failed, 0);
        stopped += asker[i].stopped;
    }
    assert_true(stopped > 0 && stopped < ASKERS * rounds);
    assert_true(budget == 0 || pvr_cache_use(cache).bytes <= budget);
    pvr_cache_clear(cache);
    assert_int_equal(pvr_cache_use(cache).bytes, 0);
    assert_int_equal(pvr_cache_use(cache).entries, 0);
    pvr_cache_release(cache);
}

static void many_threads_ask_at_random(void **state) {
    (void)state;
    struct known known[OUTPUTS] = {know(PVR_TEST_DATA "/sedov3d/output_00002"),
                                   know(PVR_TEST_DATA "/sedov2d/output_00002"),
                                   know(PVR_TEST_DATA "/sedov1d/output_00002")};
    int rounds = unit_sanitized() ? 40 : 150;
    ask_all(known, 1, rounds);
    ask_all(known, (uint64_t)600 << 10, rounds);
    ask_all(known, 0, rounds);
    for (int i = 0; i < OUTPUTS; i++) {
        pvr_snapshot_release(known[i].snapshot);
    }
}

/* All want the same at the same moment: it is read once. */
struct crowd {
    struct pvr_cache *cache;
    struct pvr_snapshot *snapshot;
    pthread_barrier_t *barrier;
    struct pvr_mesh *mesh;
};

static void *join_the_crowd(void *context) {
    struct crowd *crowd = context;
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = 3, .precision = PVR_FLOAT64};
    const struct pvr_threads settings = {.max = 2};
    pthread_barrier_wait(crowd->barrier);
    pvr_cache_load(crowd->cache, crowd->snapshot, &request, &settings, NULL, NULL, &crowd->mesh,
                   NULL);
    return NULL;
}

static void a_crowd_reads_once(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(PVR_TEST_DATA "/sedov3d/output_00002", &snapshot, &error), &error);
    struct pvr_mesh *once = unit_load(PVR_TEST_DATA "/sedov3d/output_00002",
                                      "density velocity pressure", PVR_FLOAT64, 0, 2);
    struct pvr_level_count levels[64]; /* reads the tables, which each would else count */
    int nlevels;
    unit_ok(pvr_snapshot_levels(snapshot, NULL, levels, &nlevels, &error), &error);
    for (int round = 0; round < 10; round++) {
        struct pvr_cache *cache;
        unit_ok(pvr_cache_new(0, &cache, &error), &error);
        pthread_barrier_t barrier;
        pthread_barrier_init(&barrier, NULL, ASKERS);
        pthread_t thread[ASKERS];
        struct crowd crowd[ASKERS];
        for (int i = 0; i < ASKERS; i++) {
            crowd[i] = (struct crowd){cache, snapshot, &barrier, NULL};
            assert_int_equal(pthread_create(&thread[i], NULL, join_the_crowd, &crowd[i]), 0);
        }
        uint64_t bytes = 0;
        for (int i = 0; i < ASKERS; i++) {
            pthread_join(thread[i], NULL);
            assert_non_null(crowd[i].mesh);
            unit_same_mesh(crowd[i].mesh, once);
            bytes += crowd[i].mesh->report.bytes_read;
            assert_ptr_equal(crowd[i].mesh->arrays[1].array, crowd[0].mesh->arrays[1].array);
        }
        assert_true(bytes <= once->report.bytes_read);
        for (int i = 0; i < ASKERS; i++) {
            pvr_mesh_free(crowd[i].mesh);
        }
        pthread_barrier_destroy(&barrier);
        pvr_cache_release(cache);
    }
    pvr_mesh_free(once);
    pvr_snapshot_release(snapshot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_ask_at_random),
        cmocka_unit_test(a_crowd_reads_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
