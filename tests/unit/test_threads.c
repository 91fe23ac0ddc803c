/* test_threads.c - pvr_threads.h: teams, queues, errors, progress, pinning. */
#include "pvr_threads.h"

#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NTASKS = 300 };

static const int caps[] = {1, 2, 3, 8, 64};
enum { NCAPS = sizeof caps / sizeof *caps };

/* What the tasks of a run do and leave behind. */
struct log {
    int runs[NTASKS]; /* atomic: how often each task ran */
    int order[NTASKS];
    int count;      /* atomic: tasks begun */
    int running;    /* atomic: tasks that run now */
    int most;       /* atomic: of these at the same time */
    int wait_for;   /* tasks wait until so many have begun */
    int bad_thread; /* atomic */
    size_t fail_from, fail_to;
    enum pvr_status fail_with;
    bool silent; /* failing tasks write no message */
};

static enum pvr_status note_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct log *log = context;
    __atomic_fetch_add(&log->runs[task], 1, __ATOMIC_RELAXED);
    int place = __atomic_fetch_add(&log->count, 1, __ATOMIC_ACQ_REL);
    if (place < NTASKS) {
        log->order[place] = (int)task;
    }
    int running = __atomic_add_fetch(&log->running, 1, __ATOMIC_ACQ_REL);
    int most = __atomic_load_n(&log->most, __ATOMIC_RELAXED);
    while (running > most && !__atomic_compare_exchange_n(&log->most, &most, running, false,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    if (worker->thread < 0 || worker->thread >= worker->job->threads ||
        worker->report != &worker->job->thread[worker->thread]) {
        __atomic_store_n(&log->bad_thread, 1, __ATOMIC_RELAXED);
    }
    double begin = pvr_seconds();
    while (__atomic_load_n(&log->count, __ATOMIC_ACQUIRE) < log->wait_for &&
           pvr_seconds() - begin < 20) {
        sched_yield();
    }
    pvr_job_add_read(worker, 10);
    __atomic_sub_fetch(&log->running, 1, __ATOMIC_ACQ_REL);
    if (task >= log->fail_from && task < log->fail_to) {
        if (log->silent) {
            return log->fail_with;
        }
        return pvr_fail(error, log->fail_with, "task %d is bad", (int)task);
    }
    return PVR_OK;
}

static void caps_are_obeyed(void **state) {
    (void)state;
    for (int i = 0; i < NCAPS; i++) {
        struct log log = {.fail_with = PVR_OK};
        struct pvr_job job;
        struct pvr_report report;
        const struct pvr_threads settings = {.max = caps[i]};
        assert_int_equal(pvr_threads_count(&settings), caps[i]);
        unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
        assert_int_equal(job.threads, caps[i]);
        unit_ok(pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, NULL), NULL);
        pvr_job_end(&job, &report);
        assert_int_equal(report.threads, caps[i]);
        assert_int_equal(report.tasks, NTASKS);
        assert_int_equal(report.bytes_read, 10 * NTASKS);
        assert_in_range(log.most, 1, caps[i]);
        assert_int_equal(log.bad_thread, 0);
        for (int t = 0; t < NTASKS; t++) {
            assert_int_equal(log.runs[t], 1);
        }
        pvr_report_free(&report);
    }
}

/* As many tasks as threads, each waiting for all: only a whole team can do that. */
static void the_whole_team_works(void **state) {
    (void)state;
    for (int i = 0; i < NCAPS; i++) {
        struct log log = {.wait_for = caps[i]};
        struct pvr_job job;
        struct pvr_report report;
        const struct pvr_threads settings = {.max = caps[i]};
        unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
        unit_ok(pvr_job_run(&job, (size_t)caps[i], NULL, note_task, NULL, &log, NULL), NULL);
        pvr_job_end(&job, &report);
        for (int t = 0; t < caps[i]; t++) {
            assert_int_equal(report.thread[t].tasks, 1);
        }
        pvr_report_free(&report);
    }
}

static void largest_first(void **state) {
    (void)state;
    uint64_t cost[NTASKS], random = 5;
    for (int t = 0; t < NTASKS; t++) {
        cost[t] = unit_random(&random) % 40; /* many alike */
    }
    cost[17] = UINT64_MAX;
    struct log by_cost = {.count = 0}, by_number = {.count = 0};
    struct pvr_job job;
    const struct pvr_threads settings = {.max = 1};
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
    unit_ok(pvr_job_run(&job, NTASKS, cost, note_task, NULL, &by_cost, NULL), NULL);
    unit_ok(pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &by_number, NULL), NULL);
    unit_ok(pvr_job_run(&job, 0, NULL, note_task, NULL, &by_number, NULL), NULL);
    pvr_job_end(&job, NULL);
    assert_int_equal(by_cost.order[0], 17);
    for (int t = 1; t < NTASKS; t++) {
        int before = by_cost.order[t - 1], now = by_cost.order[t];
        assert_true(cost[before] > cost[now] || (cost[before] == cost[now] && before < now));
        assert_int_equal(by_number.order[t], t);
    }
}

/* ---- errors -----------------------------------------------------------------------------------
 */

static void first_error_cancels_the_rest(void **state) {
    (void)state;
    struct log log = {.fail_from = 3, .fail_to = 4, .fail_with = PVR_ERROR_FORMAT};
    struct log after = {.count = 0};
    struct pvr_job job;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = 1};
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, &error), &error);
    enum pvr_status status = pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, &error);
    unit_failed(status, &error, "task 3 is bad");
    assert_int_equal(status, PVR_ERROR_FORMAT);
    assert_int_equal(log.count, 4);
    /* the job is over: nothing more is run */
    status = pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &after, &error);
    assert_int_equal(status, PVR_CANCELLED);
    assert_int_equal(after.count, 0);
    pvr_job_end(&job, NULL);
}

static void all_errors_are_told_in_order(void **state) {
    (void)state;
    struct pvr_job job;
    struct pvr_error error;
    const struct pvr_threads settings = {.max = 5};
    struct log log = {.wait_for = 5, .fail_from = 1, .fail_to = 5, .fail_with = PVR_ERROR_IO};
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, &error), &error);
    enum pvr_status status = pvr_job_run(&job, 5, NULL, note_task, NULL, &log, &error);
    assert_int_equal(status, PVR_ERROR_IO);
    assert_int_equal(error.status, PVR_ERROR_IO);
    assert_string_equal(error.message,
                        "task 1 is bad; task 2 is bad; task 3 is bad; task 4 is bad");
    pvr_job_end(&job, NULL);

    /* more than fit: some are told, in order, the others counted */
    const struct pvr_threads many = {.max = 64};
    struct log all = {.wait_for = 64, .fail_to = 64, .fail_with = PVR_ERROR_IO};
    unit_ok(pvr_job_begin(&job, &many, NULL, NULL, &error), &error);
    status = pvr_job_run(&job, 64, NULL, note_task, NULL, &all, &error);
    pvr_job_end(&job, NULL);
    assert_int_equal(status, PVR_ERROR_IO);
    int told = 0, last = -1, left = 0;
    for (const char *at = error.message; (at = strstr(at, "task ")) != NULL; at++) {
        int task = atoi(at + 5);
        assert_true(task > last);
        last = task;
        told++;
    }
    assert_non_null(strstr(error.message, " more"));
    assert_int_equal(sscanf(strstr(error.message, "; and ") + 6, "%d", &left), 1);
    assert_int_equal(told + left, 64);
}

/* A task that writes no message has failed all the same. */
static void silent_failures_are_failures(void **state) {
    (void)state;
    static const enum pvr_status with[] = {PVR_ERROR_IO, PVR_ERROR_ARGUMENT, PVR_CANCELLED};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        struct log log = {.fail_from = 2, .fail_to = 3, .fail_with = with[i], .silent = true};
        struct pvr_job job;
        struct pvr_error error;
        const struct pvr_threads settings = {.max = 1};
        unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, &error), &error);
        enum pvr_status status = pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, &error);
        assert_int_equal(status, with[i]);
        assert_int_equal(error.status, with[i]);
        assert_int_equal(log.count, 3);
        pvr_job_end(&job, NULL);
    }
}

/* ---- progress ---------------------------------------------------------------------------------
 */

struct progress {
    pthread_t caller;
    int calls, elsewhere, falling, stop_after;
    double last;
    uint64_t done, expected;
};

static int note_progress(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct progress *progress = context;
    progress->elsewhere += !pthread_equal(pthread_self(), progress->caller);
    progress->falling += fraction < progress->last || fraction < 0 || fraction > 1;
    progress->last = fraction;
    progress->done = done;
    progress->expected = expected;
    progress->calls++;
    return progress->stop_after > 0 && progress->calls >= progress->stop_after;
}

static void progress_rises_on_the_calling_thread(void **state) {
    (void)state;
    for (int i = 0; i < NCAPS; i++) {
        struct log log = {.count = 0};
        struct progress progress = {.caller = pthread_self()};
        struct pvr_job job;
        const struct pvr_threads settings = {.max = caps[i]};
        unit_ok(pvr_job_begin(&job, &settings, note_progress, &progress, NULL), NULL);
        pvr_job_expect(&job, 10 * NTASKS);
        pvr_job_expect(&job, 10 * NTASKS);
        unit_ok(pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, NULL), NULL);
        assert_true(progress.last == 0.5);
        unit_ok(pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, NULL), NULL);
        pvr_job_end(&job, NULL);
        assert_int_equal(progress.elsewhere, 0);
        assert_int_equal(progress.falling, 0);
        assert_true(progress.last == 1.0);
        assert_int_equal(progress.done, 20 * NTASKS);
        assert_int_equal(progress.expected, 20 * NTASKS);
        assert_true(progress.calls >= 2);
        assert_true(caps[i] > 1 || progress.calls >= 2 * NTASKS);
    }
}

static void progress_can_stop(void **state) {
    (void)state;
    for (int i = 0; i < NCAPS; i++) {
        struct log log = {.count = 0};
        struct progress progress = {.caller = pthread_self(), .stop_after = 2};
        struct pvr_job job;
        struct pvr_error error;
        struct pvr_report report;
        const struct pvr_threads settings = {.max = caps[i]};
        unit_ok(pvr_job_begin(&job, &settings, note_progress, &progress, &error), &error);
        assert_false(pvr_job_stopped(&job));
        enum pvr_status status = pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, &error);
        assert_int_equal(status, PVR_CANCELLED);
        assert_int_equal(error.status, PVR_CANCELLED);
        assert_true(strlen(error.message) > 0);
        assert_true(pvr_job_stopped(&job));
        assert_true(caps[i] > 1 || log.count == 1);
        pvr_job_end(&job, &report);
        assert_int_equal(report.tasks, log.count);
        pvr_report_free(&report);
    }
}

/* ---- placing ----------------------------------------------------------------------------------
 */

static enum pvr_status look_at_affinity(void *context, size_t task, struct pvr_worker *worker,
                                        struct pvr_error *error) {
    (void)worker;
    (void)error;
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    ((int *)context)[task] = CPU_COUNT(&set);
    return PVR_OK;
}

static void pinning_is_undone(void **state) {
    (void)state;
    cpu_set_t before, narrow, now;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (int pin = 0; pin < 2; pin++) {
        for (int i = 0; i < NCAPS; i++) {
            int processors[NTASKS];
            struct pvr_job job;
            const struct pvr_threads settings = {.max = caps[i], .pin = pin != 0};
            unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
            unit_ok(pvr_job_run(&job, NTASKS, NULL, look_at_affinity, NULL, processors, NULL),
                    NULL);
            pvr_job_end(&job, NULL);
            for (int t = 0; t < NTASKS; t++) {
                assert_int_equal(processors[t], pin ? 1 : CPU_COUNT(&before));
            }
            assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
            assert_true(CPU_EQUAL(&before, &now));
        }
    }
    /* a caller that is bound already stays so, and counts as one processor */
    CPU_ZERO(&narrow);
    for (int p = 0; p < CPU_SETSIZE && CPU_COUNT(&narrow) == 0; p++) {
        if (CPU_ISSET(p, &before)) {
            CPU_SET(p, &narrow);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof narrow, &narrow), 0);
    assert_int_equal(pvr_threads_available(), 1);
    struct log log = {.count = 0};
    struct pvr_job job;
    const struct pvr_threads settings = {.max = 3, .pin = true};
    unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
    unit_ok(pvr_job_run(&job, NTASKS, NULL, note_task, NULL, &log, NULL), NULL);
    pvr_job_end(&job, NULL);
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&narrow, &now));
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void available_threads(void **state) {
    (void)state;
    char *given = getenv("OMP_NUM_THREADS") != NULL ? strdup(getenv("OMP_NUM_THREADS")) : NULL;
    unsetenv("OMP_NUM_THREADS");
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    int all = pvr_threads_available();
    assert_in_range(all, 1, CPU_COUNT(&set));
    assert_int_equal(pvr_threads_count(NULL), all);
    const struct pvr_threads none = {.max = 0}, negative = {.max = -3};
    assert_int_equal(pvr_threads_count(&none), all);
    assert_int_equal(pvr_threads_count(&negative), all);
    static const char *const useless[] = {"", "0", "-2", "many", "100000"};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        setenv("OMP_NUM_THREADS", useless[i], 1);
        assert_int_equal(pvr_threads_available(), all);
    }
    setenv("OMP_NUM_THREADS", "1", 1);
    assert_int_equal(pvr_threads_available(), 1);
    assert_int_equal(pvr_threads_count(&none), 1);
    const struct pvr_threads asked = {.max = 3}; /* what the caller says counts more */
    assert_int_equal(pvr_threads_count(&asked), 3);
    unsetenv("OMP_NUM_THREADS");
    if (given != NULL) {
        setenv("OMP_NUM_THREADS", given, 1);
        free(given);
    }
}

/* ---- buffers and prefetching ------------------------------------------------------------------
 */

static enum pvr_status use_buffer(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    int *bad = context;
    size_t bytes = (task * 7919) % 50000 + 1;
    char *buffer = pvr_worker_buffer(worker, bytes);
    if (buffer == NULL || worker->buffer != buffer || worker->buffer_bytes < bytes) {
        __atomic_store_n(bad, 1, __ATOMIC_RELAXED);
        return PVR_OK;
    }
    memset(buffer, (int)task, bytes);
    if (pvr_worker_buffer(worker, bytes / 2) != buffer) { /* there is no need for another */
        __atomic_store_n(bad, 2, __ATOMIC_RELAXED);
    }
    if (task == 5 && (pvr_worker_buffer(worker, SIZE_MAX / 2) != NULL ||
                      pvr_worker_buffer(worker, bytes) == NULL)) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "after an absurd request");
    }
    return PVR_OK;
}

static void buffers(void **state) {
    (void)state;
    int bad = 0;
    for (int i = 0; i < NCAPS; i++) {
        struct pvr_job job;
        struct pvr_error error;
        struct pvr_report report;
        const struct pvr_threads settings = {.max = caps[i]};
        unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, &error), &error);
        unit_ok(pvr_job_run(&job, NTASKS, NULL, use_buffer, NULL, &bad, &error), &error);
        pvr_job_end(&job, &report);
        assert_int_equal(bad, 0);
        assert_true(report.bytes_allocated > 0);
        pvr_report_free(&report);
    }
}

static int prefetched[NTASKS];

static void note_prefetch(void *context, size_t task) {
    (void)context;
    __atomic_fetch_add(&prefetched[task], 1, __ATOMIC_RELAXED);
}

static void prefetch_runs_ahead(void **state) {
    (void)state;
    for (int on = 0; on < 2; on++) {
        memset(prefetched, 0, sizeof prefetched);
        struct log log = {.count = 0};
        struct pvr_job job;
        const struct pvr_threads settings = {.max = 4, .prefetch = on != 0};
        unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
        unit_ok(pvr_job_run(&job, NTASKS, NULL, note_task, note_prefetch, &log, NULL), NULL);
        pvr_job_end(&job, NULL);
        for (int t = 0; t < NTASKS; t++) {
            assert_int_equal(prefetched[t], on && t >= 4 ? 1 : 0);
        }
    }
}

static void *run_a_job(void *context) {
    struct log *log = context;
    struct pvr_job job;
    const struct pvr_threads settings = {.max = 3};
    bool well = pvr_job_begin(&job, &settings, NULL, NULL, NULL) == PVR_OK;
    for (int i = 0; well && i < 20; i++) {
        well = pvr_job_run(&job, NTASKS, NULL, note_task, NULL, log, NULL) == PVR_OK;
    }
    pvr_job_end(&job, NULL);
    return well ? log : NULL;
}

static void two_jobs_beside_each_other(void **state) {
    (void)state;
    static struct log log[2];
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, run_a_job, &log[1]), 0);
    void *second;
    void *first = run_a_job(&log[0]);
    pthread_join(other, &second);
    assert_ptr_equal(first, &log[0]);
    assert_ptr_equal(second, &log[1]);
    for (int t = 0; t < NTASKS; t++) {
        assert_int_equal(log[0].runs[t], 20);
        assert_int_equal(log[1].runs[t], 20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caps_are_obeyed),
        cmocka_unit_test(the_whole_team_works),
        cmocka_unit_test(largest_first),
        cmocka_unit_test(first_error_cancels_the_rest),
        cmocka_unit_test(all_errors_are_told_in_order),
        cmocka_unit_test(silent_failures_are_failures),
        cmocka_unit_test(progress_rises_on_the_calling_thread),
        cmocka_unit_test(progress_can_stop),
        cmocka_unit_test(pinning_is_undone),
        cmocka_unit_test(available_threads),
        cmocka_unit_test(buffers),
        cmocka_unit_test(prefetch_runs_ahead),
        cmocka_unit_test(two_jobs_beside_each_other),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
