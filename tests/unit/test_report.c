/* test_report.c - pvr_threads.h: the report of how well the threads were used. */
#include "pvr_threads.h"

#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum pvr_status spin(void *context, size_t task, struct pvr_worker *worker,
                            struct pvr_error *error) {
    (void)context;
    (void)error;
    double begin = pvr_seconds();
    while (pvr_seconds() - begin < 0.001) {
    }
    pvr_job_add_read(worker, task);
    return PVR_OK;
}

static void numbers_fit_together(void **state) {
    (void)state;
    static const int caps[] = {1, 2, 3, 8};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        enum { NTASKS = 64 };
        struct pvr_job job;
        struct pvr_report report;
        const struct pvr_threads settings = {.max = caps[i]};
        unit_ok(pvr_job_begin(&job, &settings, NULL, NULL, NULL), NULL);
        unit_ok(pvr_job_run(&job, NTASKS, NULL, spin, NULL, NULL, NULL), NULL);
        pvr_job_end(&job, &report);
        double busiest = 0, together = 0;
        uint64_t tasks = 0, bytes = 0;
        for (int t = 0; t < report.threads; t++) {
            busiest = fmax(busiest, report.thread[t].busy_seconds);
            together += report.thread[t].busy_seconds;
            tasks += report.thread[t].tasks;
            bytes += report.thread[t].bytes_read;
        }
        assert_int_equal(report.threads, caps[i]);
        assert_int_equal(tasks, NTASKS);
        assert_int_equal(report.tasks, NTASKS);
        assert_int_equal(report.bytes_read, bytes);
        assert_int_equal(bytes, NTASKS * (NTASKS - 1) / 2);
        assert_true(report.parallel_seconds == busiest);
        assert_true(fabs(report.sequential_seconds - together) <= 1e-12 * together);
        assert_true(together >= 0.001 * NTASKS);
        assert_true(busiest <= report.wall_seconds);
        assert_true(report.balance > 0 && report.balance <= 1 + 1e-12);
        assert_true(report.efficiency > 0 && report.efficiency <= 100 + 1e-9);
        assert_true(fabs(report.efficiency - 100 * together / (caps[i] * report.wall_seconds)) <
                    1e-6);
        assert_true(caps[i] > 1 || (report.balance == 1 && report.efficiency > 50));
        pvr_report_free(&report);
        assert_null(report.thread);
    }
}

static void a_job_without_tasks(void **state) {
    (void)state;
    struct pvr_job job;
    struct pvr_report report;
    unit_ok(pvr_job_begin(&job, NULL, NULL, NULL, NULL), NULL);
    pvr_job_end(&job, &report);
    assert_int_equal(report.tasks, 0);
    assert_true(report.wall_seconds >= 0);
    assert_true(isfinite(report.efficiency) && isfinite(report.balance));
    char text[4096];
    assert_in_range(pvr_report_text(&report, text, sizeof text), 1, sizeof text - 1);
    assert_non_null(strstr(text, "nothing to read"));
    assert_null(strstr(text, "too many threads")); /* no verdict on what was not done */
    pvr_report_free(&report);
}

static void verdicts_at_their_borders(void **state) {
    (void)state;
    static const struct {
        double efficiency;
        const char *verdict;
    } efficiency[] = {{100, "great"},
                      {90, "great"},
                      {89.999999, "reasonable"},
                      {70, "reasonable"},
                      {69.999999, "too many threads for this work"},
                      {0, "too many threads for this work"}};
    for (size_t i = 0; i < sizeof efficiency / sizeof *efficiency; i++) {
        const struct pvr_report report = {.efficiency = efficiency[i].efficiency};
        assert_string_equal(pvr_report_efficiency_verdict(&report), efficiency[i].verdict);
    }
    static const struct {
        double balance;
        const char *verdict;
    } balance[] = {{1, "excellent"}, {0.9, "excellent"},  {0.8999999, "good"},
                   {0.8, "good"},    {0.7999999, "poor"}, {0, "poor"}};
    for (size_t i = 0; i < sizeof balance / sizeof *balance; i++) {
        const struct pvr_report report = {.balance = balance[i].balance};
        assert_string_equal(pvr_report_balance_verdict(&report), balance[i].verdict);
    }
}

static void text_like_snprintf(void **state) {
    (void)state;
    struct pvr_thread_report thread[3] = {{2, 0.5, 1000000, 0}, {1, 0.25, 0, 0}, {0, 0, 0, 0}};
    const struct pvr_report report = {.threads = 3,
                                      .thread = thread,
                                      .wall_seconds = 0.5,
                                      .parallel_seconds = 0.5,
                                      .sequential_seconds = 0.75,
                                      .efficiency = 50,
                                      .balance = 0.5,
                                      .tasks = 3,
                                      .bytes_read = 1000000};
    char whole[4096];
    int length = pvr_report_text(&report, whole, sizeof whole);
    assert_int_equal(length, strlen(whole));
    assert_non_null(strstr(whole, "3 threads"));
    assert_non_null(strstr(whole, "(too many threads for this work)"));
    assert_non_null(strstr(whole, "(poor)"));
    assert_non_null(strstr(whole, "thread 0"));
    assert_non_null(strstr(whole, "thread 2"));
    assert_int_equal(pvr_report_text(&report, NULL, 0), length);
    for (size_t size = 1; size <= (size_t)length + 1; size++) {
        char *part = malloc(size); /* so that a sanitizer sees a byte too many */
        assert_non_null(part);
        assert_int_equal(pvr_report_text(&report, part, size), length);
        assert_int_equal(strlen(part), size - 1);
        assert_memory_equal(part, whole, size - 1);
        free(part);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_fit_together),
        cmocka_unit_test(a_job_without_tasks),
        cmocka_unit_test(verdicts_at_their_borders),
        cmocka_unit_test(text_like_snprintf),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
