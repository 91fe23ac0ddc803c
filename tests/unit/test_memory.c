/* test_memory.c - pvr_memory.h: large memory and shared arrays. */
#include "pvr_memory.h"

#include "support.h"

#include <pthread.h>
#include <string.h>

static bool all_zero(const void *memory, size_t bytes) {
    const char *at = memory;
    return bytes == 0 || (at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0);
}

static const size_t sizes[] = {
    0, 1, 63, 64, 4095, 100000, 4194303, 4194304, 4194305, (8 << 20) - 1, 8 << 20, (8 << 20) + 1};

static void large_memory_is_zero_and_aligned(void **state) {
    (void)state;
    for (int again = 0; again < 2; again++) { /* memory that was used is zeroed too */
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char *memory = pvr_large_alloc(sizes[i]);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % 64, 0);
            assert_true(sizes[i] < (4 << 20) || (uintptr_t)memory % (2 << 20) == 0);
            assert_true(all_zero(memory, sizes[i]));
            memset(memory, 0x5a, sizes[i]);
            pvr_large_free(memory, sizes[i]);
        }
    }
    pvr_large_free(NULL, 0);
    pvr_large_free(NULL, 1 << 30);
}

static void absurd_sizes_are_refused(void **state) {
    (void)state;
    static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 2 + 2, SIZE_MAX / 2,
                                    (size_t)1 << 60};
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        assert_null(pvr_large_alloc(absurd[i]));
    }
    static const uint64_t tuples[] = {UINT64_MAX,          UINT64_MAX / 2,  UINT64_MAX / 8,
                                      UINT64_MAX / 24 + 1, UINT64_MAX / 32, (uint64_t)1 << 56};
    for (size_t i = 0; i < sizeof tuples / sizeof *tuples; i++) {
        struct pvr_array *array;
        struct pvr_error error;
        enum pvr_status status = pvr_array_new(PVR_FLOAT64, 3, tuples[i], &array, &error);
        assert_int_equal(status, PVR_ERROR_MEMORY);
        unit_failed(status, &error, "array");
        assert_null(array);
        assert_int_equal(pvr_array_new(PVR_UINT8, 1, tuples[i], &array, NULL), PVR_ERROR_MEMORY);
    }
    struct pvr_array *array;
    struct pvr_error error;
    static const int components[] = {0, -1};
    for (size_t i = 0; i < 2; i++) {
        enum pvr_status status = pvr_array_new(PVR_FLOAT64, components[i], 10, &array, &error);
        unit_failed(status, &error, "array");
        assert_null(array);
    }
}

static void types_have_sizes(void **state) {
    (void)state;
    assert_int_equal(pvr_type_bytes(PVR_FLOAT32), 4);
    assert_int_equal(pvr_type_bytes(PVR_FLOAT64), 8);
    assert_int_equal(pvr_type_bytes(PVR_UINT8), 1);
    assert_int_equal(pvr_type_bytes(PVR_INT32), 4);
    assert_int_equal(pvr_type_bytes(PVR_INT64), 8);
}

static void arrays(void **state) {
    (void)state;
    static const uint64_t tuples[] = {0, 1, 2, 5, 1000, 174763, 349525, 1000003};
    static const enum pvr_type types[] = {PVR_FLOAT32, PVR_FLOAT64, PVR_UINT8, PVR_INT32,
                                          PVR_INT64};
    for (size_t i = 0; i < sizeof tuples / sizeof *tuples; i++) {
        for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
            for (int components = 1; components <= 3; components += 2) {
                struct pvr_array *array;
                struct pvr_error error;
                unit_ok(pvr_array_new(types[t], components, tuples[i], &array, &error), &error);
                assert_int_equal(array->type, types[t]);
                assert_int_equal(array->ncomponents, components);
                assert_int_equal(array->ntuples, tuples[i]);
                assert_int_equal(array->bytes,
                                 tuples[i] * (uint64_t)components * pvr_type_bytes(types[t]));
                assert_int_equal((uintptr_t)array->data % 64, 0);
                assert_true(all_zero(array->data, array->bytes));
                memset(array->data, 0x77, array->bytes);
                if (i % 2 == 0) {
                    pvr_array_release(array);
                } else {
                    pvr_array_release_data(array->data);
                }
            }
        }
    }
    pvr_array_release(NULL);
}

static void the_last_owner_frees(void **state) {
    (void)state;
    struct pvr_array *array;
    unit_ok(pvr_array_new(PVR_INT32, 1, 100, &array, NULL), NULL);
    int32_t *data = array->data;
    assert_ptr_equal(pvr_array_retain(array), array);
    assert_ptr_equal(pvr_array_retain(array), array);
    data[99] = 7;
    pvr_array_release(array);
    pvr_array_release_data(data);
    assert_int_equal(data[99], 7); /* a sanitizer would see it if this were freed */
    pvr_array_release_data(data);
}

static void *retain_and_release(void *shared) {
    struct pvr_array *array = shared;
    for (int i = 0; i < 20000; i++) {
        pvr_array_retain(array);
        if (i % 2 == 0) {
            pvr_array_release(array);
        } else {
            pvr_array_release_data(array->data);
        }
    }
    pvr_array_release(array);
    return NULL;
}

static void many_threads_share(void **state) {
    (void)state;
    enum { NTHREADS = 4 };
    struct pvr_array *array;
    unit_ok(pvr_array_new(PVR_FLOAT64, 1, 1000000, &array, NULL), NULL);
    pthread_t thread[NTHREADS];
    for (int i = 0; i < NTHREADS; i++) {
        pvr_array_retain(array);
    }
    for (int i = 0; i < NTHREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, retain_and_release, array), 0);
    }
    for (int i = 0; i < NTHREADS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(array->references, 1);
    pvr_array_release(array);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_memory_is_zero_and_aligned),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(types_have_sizes),
        cmocka_unit_test(arrays),
        cmocka_unit_test(the_last_owner_frees),
        cmocka_unit_test(many_threads_share),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
