/* test_batch.c - many items beside each other stay within memory and threads, and all get done. */
#include "support.h"

#include "pvr_batch.h"
#include "pvr_threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GIB = 1 << 30, MOST_ITEMS = 64 };

/* A machine in a box: items take their need while they run. */
struct machine {
    pthread_mutex_t lock;
    uint64_t total, base, taken, others; /* bytes */
    uint64_t most;                       /* that were ever in use */
    int threads, most_threads, running, most_running;
    size_t started[MOST_ITEMS], nstarted;
    struct pvr_batch_item *items;
    long milliseconds;          /* that an item takes */
    size_t fails;               /* item that fails, or SIZE_MAX */
    size_t stop_after;          /* items begun */
    double others_go;           /* time at which the others leave */
    size_t others_come;         /* items begun when they come, for half a second; 0: never */
    size_t slow;                /* item that takes four times as long, or SIZE_MAX */
    bool waited, waited_beside; /* the latter while others were running */
    uint64_t changes;
    int ahead;          /* places of the queue */
    int early, refused; /* items asked for before their place; those without room */
};

static void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void memory_of(void *context, struct pvr_batch_memory *memory) {
    struct machine *machine = context;
    pthread_mutex_lock(&machine->lock);
    if (machine->others_go > 0 && pvr_seconds() > machine->others_go) {
        machine->others = 0;
    }
    memory->total = machine->total;
    memory->own = machine->base + machine->taken;
    memory->available = machine->total - memory->own - machine->others;
    pthread_mutex_unlock(&machine->lock);
}

static enum pvr_status run_item(void *context, size_t item, int threads,
                                const struct pvr_batch *batch, struct pvr_error *error) {
    struct machine *machine = context;
    enum pvr_status status = PVR_OK;
    pthread_mutex_lock(&machine->lock);
    machine->started[machine->nstarted++] = item;
    if (machine->nstarted == machine->others_come) {
        machine->others = (uint64_t)5 * GIB;
        machine->others_go = pvr_seconds() + 0.5;
    }
    machine->running++;
    machine->threads += threads;
    machine->most_running =
        machine->running > machine->most_running ? machine->running : machine->most_running;
    machine->most_threads =
        machine->threads > machine->most_threads ? machine->threads : machine->most_threads;
    pthread_mutex_unlock(&machine->lock);
    for (int step = 0; step < 4 && status == PVR_OK; step++) {
        pthread_mutex_lock(&machine->lock);
        machine->taken += machine->items[item].need / 4; /* little by little */
        uint64_t use = machine->base + machine->taken + machine->others;
        machine->most = use > machine->most ? use : machine->most;
        pthread_mutex_unlock(&machine->lock);
        sleep_ms(item == machine->slow ? machine->milliseconds : machine->milliseconds / 4);
        if (pvr_batch_stopped(batch)) {
            status = pvr_fail(error, PVR_CANCELLED, "stopped");
        }
        if (step < 3 && status != PVR_OK) {
            pthread_mutex_lock(&machine->lock);
            machine->taken += (uint64_t)(3 - step) * (machine->items[item].need / 4);
            pthread_mutex_unlock(&machine->lock);
        }
    }
    pthread_mutex_lock(&machine->lock);
    machine->taken -= machine->items[item].need / 4 * 4;
    machine->running--;
    machine->threads -= threads;
    pthread_mutex_unlock(&machine->lock);
    if (item == machine->fails) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "item %zu is broken", item);
    }
    return status;
}

static void tell(void *context, const struct pvr_batch_news *news) {
    struct machine *machine = context;
    machine->waited = machine->waited || news->waiting;
    machine->waited_beside = machine->waited_beside || (news->waiting && news->running > 0);
    machine->changes += news->changed != SIZE_MAX;
}

static bool stopped(void *context) {
    struct machine *machine = context;
    pthread_mutex_lock(&machine->lock);
    bool stop = machine->nstarted >= machine->stop_after;
    pthread_mutex_unlock(&machine->lock);
    return stop;
}

/* Each item has a file of 6 MiB, of whom the machine counts those asked for and not begun. */
static const char *ahead_path;

static void ahead_of_item(void *context, size_t item, struct pvr_batch_ahead *ahead) {
    struct machine *machine = context;
    pthread_mutex_lock(&machine->lock);
    machine->early += item >= machine->nstarted + 3; /* one more may begin meanwhile */
    pthread_mutex_unlock(&machine->lock);
    machine->refused += !pvr_batch_ahead_file(ahead, ahead_path);
}

static struct machine machine_new(struct pvr_batch_item *items, size_t count, uint64_t need) {
    memset(items, 0, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i].need = need;
    }
    struct machine machine = {.total = (uint64_t)8 * GIB,
                              .base = GIB / 8,
                              .items = items,
                              .milliseconds = 20,
                              .fails = SIZE_MAX,
                              .slow = SIZE_MAX,
                              .stop_after = SIZE_MAX};
    pthread_mutex_init(&machine.lock, NULL);
    return machine;
}

static struct pvr_batch_report run(struct machine *machine, size_t count, int threads, int jobs,
                                   double margin) {
    struct pvr_batch_options options = {.threads = threads,
                                        .min_threads = 1,
                                        .jobs = jobs,
                                        .ahead = machine->ahead,
                                        .margin = margin,
                                        .memory = memory_of,
                                        .memory_context = machine};
    struct pvr_batch_work work = {.nitems = count,
                                  .items = machine->items,
                                  .run = run_item,
                                  .ahead = ahead_of_item,
                                  .tell = tell,
                                  .stopped = stopped,
                                  .context = machine};
    struct pvr_batch_report report;
    struct pvr_error error;
    pvr_error_clear(&error);
    unit_ok(pvr_batch_run(&options, &work, &report, &error), &error);
    pthread_mutex_destroy(&machine->lock);
    return report;
}

static void all_are_done_with_all_threads(void **state) {
    (void)state;
    struct pvr_batch_item items[12];
    struct machine machine = machine_new(items, 12, GIB / 16);
    struct pvr_batch_report report = run(&machine, 12, 4, 0, 0.9);
    assert_int_equal(report.done, 12);
    assert_int_equal(report.failed + report.pending, 0);
    assert_int_equal(machine.most_threads, 4);
    assert_int_equal(machine.most_running, 4);
    assert_int_equal(report.violations, 0);
    assert_true(report.checks >= 12);
    assert_int_equal(machine.changes, 24); /* a beginning and an end of each */
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(items[i].state, PVR_BATCH_DONE);
    }
}

static void few_items_share_the_threads(void **state) {
    (void)state;
    struct pvr_batch_item items[3];
    struct machine machine = machine_new(items, 3, GIB / 16);
    run(&machine, 3, 8, 0, 0.9);
    assert_int_equal(items[0].threads, 3);
    assert_int_equal(items[1].threads, 3);
    assert_int_equal(items[2].threads, 2);
    assert_int_equal(machine.most_threads, 8);
}

static void larger_items_get_more_threads(void **state) {
    (void)state;
    struct pvr_batch_item items[3];
    struct machine machine = machine_new(items, 3, GIB / 64);
    items[0].need = 6 * (GIB / 64);
    run(&machine, 3, 8, 0, 0.9);
    assert_int_equal(items[0].threads, 6);
    assert_int_equal(items[1].threads, 1);
    assert_int_equal(items[2].threads, 1);
    assert_int_equal(machine.most_threads, 8);
}

static void the_work_of_items_counts_where_it_is_known(void **state) {
    (void)state;
    struct pvr_batch_item items[2];
    struct machine machine = machine_new(items, 2, GIB / 64);
    items[1].cost = 3 * (uint64_t)(GIB / 64);
    run(&machine, 2, 8, 0, 0.9);
    assert_int_equal(items[0].threads, 2);
    assert_int_equal(items[1].threads, 6);
}

static void next_files_are_asked_for_within_bounds(void **state) {
    (void)state;
    enum { FILE_BYTES = 6 << 20 };
    char path[] = "/tmp/test_batch_XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, FILE_BYTES), 0);
    close(file);
    ahead_path = path;
    struct pvr_batch_item items[6];
    struct machine machine = machine_new(items, 6, GIB / 16);
    machine.ahead = 2;
    struct pvr_batch_report report = run(&machine, 6, 1, 1, 0.9);
    assert_int_equal(report.items_ahead, 5); /* all but the first, who begins at once */
    assert_int_equal(report.bytes_ahead, 5 * FILE_BYTES);
    assert_int_equal(machine.early + machine.refused, 0);

    machine = machine_new(items, 6, GIB / 16); /* no more than 4 MiB are free for files */
    machine.ahead = 2;
    machine.total = machine.base + GIB / 16 + (16 << 20);
    report = run(&machine, 6, 1, 1, 1);
    assert_int_equal(report.done, 6);
    assert_true(report.items_ahead > 0 && report.bytes_ahead <= 5 * (4 << 20));
    assert_true(machine.refused > 0);

    machine = machine_new(items, 6, GIB / 16);
    report = run(&machine, 6, 1, 1, 0.9);
    assert_int_equal(report.items_ahead + report.bytes_ahead, 0);
    unlink(path);
}

static void jobs_cap_the_items_and_not_the_threads(void **state) {
    (void)state;
    struct pvr_batch_item items[6];
    struct machine machine = machine_new(items, 6, GIB / 16);
    run(&machine, 6, 4, 2, 0.9);
    assert_int_equal(machine.most_running, 2);
    assert_int_equal(machine.most_threads, 4);
}

static void memory_is_never_above_the_margin(void **state) {
    (void)state;
    struct pvr_batch_item items[16];
    struct machine machine = machine_new(items, 16, GIB);
    struct pvr_batch_report report = run(&machine, 16, 8, 0, 0.5); /* room for three */
    assert_int_equal(report.done, 16);
    assert_true(machine.most <= (uint64_t)4 * GIB);
    assert_int_equal(machine.most_running, 3);
    assert_int_equal(report.violations, 0);
    assert_false(machine.waited); /* for nobody else */
}

static void teams_shrink_to_fit(void **state) {
    (void)state;
    struct pvr_batch_item items[2];
    struct machine machine = machine_new(items, 2, GIB);
    items[0].thread_need = items[1].thread_need = GIB / 2;
    struct pvr_batch_report report = run(&machine, 2, 8, 1, 0.5); /* 4 GiB: 1/8 + 1 + 5 / 2 */
    assert_int_equal(report.done, 2);
    assert_int_equal(items[0].threads, 5);
}

static void what_can_never_fit_is_told_and_not_tried(void **state) {
    (void)state;
    struct pvr_batch_item items[3];
    struct machine machine = machine_new(items, 3, GIB);
    items[1].need = (uint64_t)5 * GIB;
    struct pvr_batch_report report = run(&machine, 3, 2, 0, 0.5);
    assert_int_equal(report.done, 2);
    assert_int_equal(report.failed, 1);
    assert_int_equal(items[1].state, PVR_BATCH_TOO_LARGE);
    assert_non_null(strstr(items[1].message, "5.0 GiB"));
    assert_int_equal(machine.nstarted, 2);
    struct pvr_batch_work work = {.nitems = 3, .items = items};
    pvr_batch_free_messages(&work);
}

static void nothing_starts_while_others_fill_the_memory(void **state) {
    (void)state;
    struct pvr_batch_item items[4];
    struct machine machine = machine_new(items, 4, GIB);
    machine.others = (uint64_t)6 * GIB;
    machine.others_go = pvr_seconds() + 0.5;
    double begin = pvr_seconds();
    struct pvr_batch_report report = run(&machine, 4, 4, 0, 0.5);
    assert_true(pvr_seconds() - begin >= 0.5);
    assert_true(machine.waited);
    assert_true(report.violations > 0);
    assert_int_equal(report.own_violations, 0);
    assert_int_equal(report.done, 4);
}

static void waiting_is_told_while_items_run(void **state) {
    (void)state;
    struct pvr_batch_item items[4];
    struct machine machine = machine_new(items, 4, GIB / 2);
    machine.milliseconds = 200;
    machine.slow = 0;
    machine.others_come = 2;
    struct pvr_batch_report report = run(&machine, 4, 2, 0, 0.5);
    assert_int_equal(report.done, 4);
    assert_true(machine.waited_beside);
    assert_int_equal(report.own_violations, 0);
}

static void one_that_fails_does_not_stop_the_rest(void **state) {
    (void)state;
    struct pvr_batch_item items[5];
    struct machine machine = machine_new(items, 5, GIB / 16);
    machine.fails = 2;
    struct pvr_batch_report report = run(&machine, 5, 2, 0, 0.9);
    assert_int_equal(report.done, 4);
    assert_int_equal(report.failed, 1);
    assert_int_equal(items[2].state, PVR_BATCH_FAILED);
    assert_string_equal(items[2].message, "item 2 is broken");
    struct pvr_batch_work work = {.nitems = 5, .items = items};
    pvr_batch_free_messages(&work);
}

static void stopping_leaves_the_rest_pending(void **state) {
    (void)state;
    struct pvr_batch_item items[MOST_ITEMS];
    struct machine machine = machine_new(items, MOST_ITEMS, GIB / 64);
    machine.milliseconds = 400;
    machine.stop_after = 3;
    struct pvr_batch_report report = run(&machine, MOST_ITEMS, 2, 0, 0.9);
    assert_true(report.pending >= MOST_ITEMS - 4);
    assert_int_equal(report.done + report.pending, MOST_ITEMS);
    assert_true(machine.nstarted <= 4);
}

static void the_rule_of_threads(void **state) {
    (void)state;
    const uint64_t total = 100;
    assert_int_equal(pvr_batch_recommended(8, 1, total, 10, 0.8), 8); /* 70 left */
    assert_int_equal(pvr_batch_recommended(8, 1, total, 45, 0.8), 6); /* 35 left */
    assert_int_equal(pvr_batch_recommended(8, 1, total, 65, 0.8), 4); /* 15 left */
    assert_int_equal(pvr_batch_recommended(8, 1, total, 95, 0.8), 4); /* over the margin */
    assert_int_equal(pvr_batch_recommended(8, 5, total, 95, 0.8), 5);
    assert_int_equal(pvr_batch_recommended(1, 1, total, 95, 0.8), 1);
    assert_int_equal(pvr_batch_recommended(2, 4, total, 10, 0.8), 2); /* never more than wanted */
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    static const struct pvr_batch_options wrong[] = {
        {.threads = 0, .min_threads = 1, .margin = 0.8},
        {.threads = 1, .min_threads = 0, .margin = 0.8},
        {.threads = 1, .min_threads = 1, .margin = 0},
        {.threads = 1, .min_threads = 1, .margin = 1.5},
        {.threads = 1, .min_threads = 1, .margin = 0.8, .jobs = -1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pvr_batch_work work = {.nitems = 0};
        struct pvr_batch_report report;
        struct pvr_error error;
        unit_failed(pvr_batch_run(&wrong[i], &work, &report, &error), &error, "a batch with");
    }
}

static void the_real_machine_has_memory(void **state) {
    (void)state;
    struct pvr_batch_memory memory;
    pvr_batch_memory_now(NULL, &memory);
    assert_true(memory.total > (uint64_t)64 << 20);
    assert_true(memory.available <= memory.total && memory.available > 0);
    assert_true(memory.own > 1 << 20 && memory.own < memory.total);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_done_with_all_threads),
        cmocka_unit_test(few_items_share_the_threads),
        cmocka_unit_test(larger_items_get_more_threads),
        cmocka_unit_test(the_work_of_items_counts_where_it_is_known),
        cmocka_unit_test(next_files_are_asked_for_within_bounds),
        cmocka_unit_test(jobs_cap_the_items_and_not_the_threads),
        cmocka_unit_test(memory_is_never_above_the_margin),
        cmocka_unit_test(teams_shrink_to_fit),
        cmocka_unit_test(what_can_never_fit_is_told_and_not_tried),
        cmocka_unit_test(nothing_starts_while_others_fill_the_memory),
        cmocka_unit_test(waiting_is_told_while_items_run),
        cmocka_unit_test(one_that_fails_does_not_stop_the_rest),
        cmocka_unit_test(stopping_leaves_the_rest_pending),
        cmocka_unit_test(the_rule_of_threads),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(the_real_machine_has_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
