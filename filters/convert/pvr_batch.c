/* pvr_batch.c - many items of work beside each other, within the memory that there is. */
#include "pvr_batch.h"

#include "pvr_available.h"
#include "pvr_batch_ahead.h"
#include "pvr_threads.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double tell_interval = 0.2;  /* seconds between two looks at what goes on */
static const double check_interval = 1.0; /* seconds between two checks without an event */

struct pvr_batch {
    const struct pvr_batch_options *options;
    struct pvr_batch_work *work;
    struct pvr_batch_report *report;
    pthread_mutex_t lock; /* guards the ended list */
    pthread_cond_t news;
    size_t *ended; /* items that have ended and were not looked at yet */
    size_t nended;
    int stop; /* atomic */

    /* Of the watching thread alone. */
    struct worker *workers;               /* one per item */
    size_t *running;                      /* items, in the order of their start */
    size_t nrunning, next;                /* `next`: first item that was not started */
    int threads;                          /* in use */
    uint64_t reserved;                    /* needs of those that are running */
    uint64_t own_before;                  /* held by this process when the batch began */
    uint64_t others_before;               /* by others */
    double begin, last, last_check, busy; /* seconds; busy: integral of threads over time */
    struct pvr_batch_ahead ahead;
};

struct worker {
    struct pvr_batch *batch;
    size_t item;
    pthread_t thread;
    enum pvr_status status;
    struct pvr_error *error;
    double begin;
};

static uint64_t own_bytes(void) {
    unsigned long long all, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%llu %llu", &all, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    long page = sysconf(_SC_PAGESIZE);
    return resident * (uint64_t)(page > 0 ? page : 4096);
}

void pvr_batch_memory_now(void *context, struct pvr_batch_memory *memory) {
    (void)context;
    memory->total = pvr_memory_total();
    memory->available = pvr_memory_available();
    if (memory->available > memory->total) {
        memory->available = memory->total;
    }
    memory->own = own_bytes();
}

static uint64_t need_with(const struct pvr_batch_item *item, int threads) {
    return item->need + (uint64_t)threads * item->thread_need;
}

bool pvr_batch_can_fit(const struct pvr_batch_memory *memory, uint64_t need, double margin) {
    return (double)need + (double)memory->own <= (double)memory->total * margin;
}

int pvr_batch_recommended(int wanted, int least, uint64_t total, uint64_t used, double margin) {
    double safe = (double)total * margin - (double)used;
    double part = safe < 0.2 * (double)total ? 0.5 : safe < 0.4 * (double)total ? 0.75 : 1;
    int threads = (int)floor(wanted * part);
    threads = threads < least ? least : threads;
    return threads > wanted ? (wanted > 1 ? wanted : 1) : threads;
}

bool pvr_batch_stopped(const struct pvr_batch *batch) {
    return __atomic_load_n(&batch->stop, __ATOMIC_RELAXED) != 0;
}

static struct pvr_batch_memory look(const struct pvr_batch *batch) {
    struct pvr_batch_memory memory = {0, 0, 0};
    if (batch->options->memory != NULL) {
        batch->options->memory(batch->options->memory_context, &memory);
    } else {
        pvr_batch_memory_now(NULL, &memory);
    }
    return memory;
}

static uint64_t used_bytes(const struct pvr_batch_memory *memory) {
    return memory->total > memory->available ? memory->total - memory->available : 0;
}

static uint64_t others_bytes(const struct pvr_batch_memory *memory) {
    uint64_t used = used_bytes(memory);
    return used > memory->own ? used - memory->own : 0;
}

/* Bytes that this process would hold at most with `need` more: what it held before the batch, and
 * what the running items take, who may not have taken all of it yet. */
static double expected_own(const struct pvr_batch *batch, const struct pvr_batch_memory *memory,
                           uint64_t need) {
    double grown = (double)memory->own - (double)batch->own_before;
    double reserved = (double)batch->reserved;
    return (double)batch->own_before + (grown > reserved ? grown : reserved) + (double)need;
}

static void note_peak(struct pvr_batch_report *report, const struct pvr_batch_memory *memory) {
    uint64_t used = used_bytes(memory);
    report->most_used = used > report->most_used ? used : report->most_used;
    report->most_own = memory->own > report->most_own ? memory->own : report->most_own;
}

/* A look at the memory that counts. */
static void check(struct pvr_batch *batch, const struct pvr_batch_memory *memory, double now) {
    struct pvr_batch_report *report = batch->report;
    uint64_t used = used_bytes(memory);
    double most = (double)memory->total * batch->options->margin;
    bool over = (double)used > most;
    bool own = (double)batch->others_before + (double)batch->own_before <= most &&
               (double)batch->others_before + (double)memory->own > most;
    report->checks++;
    report->violations += over;
    report->own_violations += over && own;
    report->total = memory->total;
    report->used_at_end = used;
    note_peak(report, memory);
    batch->last_check = now;
}

static void tell(const struct pvr_batch *batch, size_t changed, bool waiting) {
    const struct pvr_batch_work *work = batch->work;
    if (work->tell != NULL) {
        const struct pvr_batch_report *report = batch->report;
        struct pvr_batch_news news = {.done = report->done,
                                      .failed = report->failed,
                                      .running = batch->nrunning,
                                      .pending = work->nitems - report->done - report->failed -
                                                 batch->nrunning - report->pending,
                                      .items = batch->running,
                                      .changed = changed,
                                      .waiting = waiting,
                                      .threads = batch->threads,
                                      .total = report->total,
                                      .used = report->used_at_end};
        work->tell(work->context, &news);
    }
}

static void *work_thread(void *argument) {
    struct worker *worker = argument;
    struct pvr_batch *batch = worker->batch;
    const struct pvr_batch_work *work = batch->work;
    worker->status = work->run(work->context, worker->item, work->items[worker->item].threads,
                               batch, worker->error);
    pthread_mutex_lock(&batch->lock);
    batch->ended[batch->nended++] = worker->item;
    pthread_cond_signal(&batch->news);
    pthread_mutex_unlock(&batch->lock);
    return NULL;
}

static void fail_item(struct pvr_batch *batch, size_t item, enum pvr_batch_state state,
                      const char *message) {
    batch->work->items[item].state = state;
    batch->work->items[item].message = strdup(message);
    batch->report->failed++;
}

/* Takes note of an item whose thread has ended. */
static void finish_item(struct pvr_batch *batch, size_t item, double now) {
    struct worker *worker = &batch->workers[item];
    struct pvr_batch_item *at = &batch->work->items[item];
    pthread_join(worker->thread, NULL);
    at->seconds = now - worker->begin;
    batch->threads -= at->threads;
    batch->reserved -= need_with(at, at->threads);
    size_t place = 0;
    while (batch->running[place] != item) {
        place++;
    }
    batch->nrunning--;
    memmove(batch->running + place, batch->running + place + 1,
            (batch->nrunning - place) * sizeof *batch->running);
    if (worker->status == PVR_OK) {
        at->state = PVR_BATCH_DONE;
        batch->report->done++;
    } else if (worker->status == PVR_CANCELLED) {
        at->state = PVR_BATCH_PENDING;
        batch->report->pending++;
    } else {
        fail_item(batch, item, PVR_BATCH_FAILED, worker->error->message);
    }
    free(worker->error);
    worker->error = NULL;
    tell(batch, item, false);
}

static double cost_of(const struct pvr_batch_item *item) {
    return (double)(item->cost > 0 ? item->cost : item->need);
}

/* Threads for the next item: those that are free, shared by the items that could begin now by how
 * much work they are. */
static int share(const struct pvr_batch *batch, int cap) {
    size_t left = batch->work->nitems - batch->next;
    int free_threads = cap - batch->threads;
    int jobs = batch->options->jobs > 0 ? batch->options->jobs : batch->options->threads;
    size_t slots = (size_t)jobs > batch->nrunning ? (size_t)jobs - batch->nrunning : 0;
    if (free_threads <= 0 || slots == 0) {
        return 0;
    }
    size_t begin = left < slots ? left : slots;
    begin = begin < (size_t)free_threads ? begin : (size_t)free_threads;
    const struct pvr_batch_item *items = batch->work->items + batch->next;
    double all = 0;
    bool known = true;
    for (size_t i = 0; i < begin; i++) {
        all += cost_of(&items[i]);
        known = known && cost_of(&items[i]) > 0;
    }
    const double part = known ? cost_of(&items[0]) / all : 1.0 / (double)begin;
    const int threads = (int)ceil(free_threads * part - 1e-6), most = free_threads - (int)begin + 1;
    return threads < 1 ? 1 : threads < most ? threads : most;
}

static enum pvr_status start_item(struct pvr_batch *batch, int threads, double now,
                                  struct pvr_error *error) {
    size_t item = batch->next;
    struct worker *worker = &batch->workers[item];
    struct pvr_batch_item *at = &batch->work->items[item];
    *worker = (struct worker){.batch = batch, .item = item, .begin = now};
    worker->error = calloc(1, sizeof *worker->error);
    if (worker->error == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for one more item of the batch");
    }
    at->threads = threads;
    at->state = PVR_BATCH_RUNNING;
    if (pthread_create(&worker->thread, NULL, work_thread, worker) != 0) {
        free(worker->error);
        at->state = PVR_BATCH_PENDING;
        return pvr_fail(error, PVR_ERROR_MEMORY, "the system gives no more threads");
    }
    batch->next++;
    batch->running[batch->nrunning++] = item;
    batch->threads += threads;
    batch->reserved += need_with(at, threads);
    tell(batch, item, false);
    return PVR_OK;
}

/* Starts what can be started. *waiting: nothing runs, or others have taken memory since the batch
 * began, and without that the next item could begin. */
static enum pvr_status start_items(struct pvr_batch *batch, double now, bool *waiting,
                                   struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    const struct pvr_batch_options *options = batch->options;
    *waiting = false;
    while (status == PVR_OK && batch->next < batch->work->nitems && !pvr_batch_stopped(batch)) {
        struct pvr_batch_memory memory = look(batch);
        struct pvr_batch_item *item = &batch->work->items[batch->next];
        double most = (double)memory.total * options->margin;
        const struct pvr_batch_memory alone = {.total = memory.total, .own = batch->own_before};
        uint64_t least = need_with(item, 1);
        if (!pvr_batch_can_fit(&alone, least, options->margin)) {
            char message[256];
            snprintf(message, sizeof message,
                     "it needs %.1f GiB of memory, and %.1f GiB are what may be used of %.1f GiB",
                     (double)least * 0x1p-30, (most - (double)batch->own_before) * 0x1p-30,
                     (double)memory.total * 0x1p-30);
            fail_item(batch, batch->next++, PVR_BATCH_TOO_LARGE, message);
            tell(batch, batch->next - 1, false);
            continue;
        }
        if (share(batch, options->threads) == 0) {
            break;
        }
        uint64_t others = others_bytes(&memory);
        double own = expected_own(batch, &memory, least);
        if ((double)others + own > most) {
            *waiting = batch->nrunning == 0 || (double)batch->others_before + own <= most;
            break;
        }
        int cap = pvr_batch_recommended(options->threads, options->min_threads, memory.total,
                                        others, options->margin);
        int threads = share(batch, cap);
        if (threads == 0) {
            break;
        }
        while (threads > 1 &&
               (double)others + expected_own(batch, &memory, need_with(item, threads)) > most) {
            threads--;
        }
        check(batch, &memory, now);
        status = start_item(batch, threads, now, error);
    }
    return status;
}

/* Lets a quarter of what is free under the margin be filled with the files of the next items. */
static void look_ahead(struct pvr_batch *batch) {
    const struct pvr_batch_memory memory = look(batch);
    const double own = expected_own(batch, &memory, 0);
    const double room =
        (double)memory.total * batch->options->margin - (double)others_bytes(&memory) - own;
    pvr_batch_ahead_tell(&batch->ahead, batch->next, room > 0 ? (uint64_t)(room / 4) : 0);
}

/* Sleeps until an item ends, or it is time to look again; returns the items that ended. */
static size_t wait_for_news(struct pvr_batch *batch, size_t *ended) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(tell_interval * 1e9);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&batch->lock);
    if (batch->nended == 0) {
        pthread_cond_timedwait(&batch->news, &batch->lock, &until);
    }
    size_t count = batch->nended;
    memcpy(ended, batch->ended, count * sizeof *ended);
    batch->nended = 0;
    pthread_mutex_unlock(&batch->lock);
    return count;
}

static void count_time(struct pvr_batch *batch, double now) {
    struct pvr_batch_report *report = batch->report;
    batch->busy += batch->threads * (now - batch->last);
    batch->last = now;
    if (batch->nrunning > 0) {
        bool first = report->most_threads == 0;
        report->least_threads = first || batch->threads < report->least_threads
                                    ? batch->threads
                                    : report->least_threads;
        report->most_threads =
            batch->threads > report->most_threads ? batch->threads : report->most_threads;
    }
}

static enum pvr_status supervise(struct pvr_batch *batch, size_t *ended, struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    const struct pvr_batch_work *work = batch->work;
    for (;;) {
        double now = pvr_seconds();
        bool waiting = false;
        if (work->stopped != NULL && work->stopped(work->context)) {
            __atomic_store_n(&batch->stop, 1, __ATOMIC_RELAXED);
        }
        if (status == PVR_OK) {
            status = start_items(batch, now, &waiting, error);
        }
        if (status != PVR_OK) {
            __atomic_store_n(&batch->stop, 1, __ATOMIC_RELAXED);
        }
        if (batch->nrunning == 0 && (batch->next == work->nitems || pvr_batch_stopped(batch))) {
            return status;
        }
        count_time(batch, now);
        look_ahead(batch);
        size_t count = wait_for_news(batch, ended);
        now = pvr_seconds();
        count_time(batch, now);
        struct pvr_batch_memory memory = look(batch);
        note_peak(batch->report, &memory);
        if (count > 0 || now - batch->last_check >= check_interval) {
            check(batch, &memory, now);
        }
        for (size_t i = 0; i < count; i++) {
            finish_item(batch, ended[i], now);
        }
        if (count == 0) {
            tell(batch, SIZE_MAX, waiting);
        }
    }
}

enum pvr_status pvr_batch_run(const struct pvr_batch_options *options, struct pvr_batch_work *work,
                              struct pvr_batch_report *report, struct pvr_error *error) {
    *report = (struct pvr_batch_report){0};
    if (options->threads < 1 || options->min_threads < 1 || options->jobs < 0 ||
        !(options->margin > 0 && options->margin <= 1)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "a batch with %d threads (at least %d), %d jobs and a margin of %g: not "
                        "what this library takes",
                        options->threads, options->min_threads, options->jobs, options->margin);
    }
    struct pvr_batch batch = {.options = options, .work = work, .report = report};
    batch.ended = calloc(work->nitems + 1, sizeof *batch.ended);
    batch.running = calloc(work->nitems + 1, sizeof *batch.running);
    batch.workers = calloc(work->nitems + 1, sizeof *batch.workers);
    size_t *ended = calloc(work->nitems + 1, sizeof *ended);
    enum pvr_status status = PVR_OK;
    if (batch.ended == NULL || batch.running == NULL || batch.workers == NULL || ended == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a batch of %zu", work->nitems);
    } else {
        pthread_condattr_t monotonic;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&batch.news, &monotonic);
        pthread_condattr_destroy(&monotonic);
        pthread_mutex_init(&batch.lock, NULL);
        batch.begin = batch.last = pvr_seconds();
        struct pvr_batch_memory memory = look(&batch);
        batch.own_before = memory.own;
        batch.others_before = others_bytes(&memory);
        check(&batch, &memory, batch.begin);
        pvr_batch_ahead_begin(&batch.ahead, work, options->ahead > 0 ? (size_t)options->ahead : 0);
        status = supervise(&batch, ended, error);
        pvr_batch_ahead_end(&batch.ahead);
        report->bytes_ahead = batch.ahead.total;
        report->items_ahead = batch.ahead.asked;
        memory = look(&batch);
        check(&batch, &memory, pvr_seconds());
        report->seconds = pvr_seconds() - batch.begin;
        report->mean_threads = report->seconds > 0 ? batch.busy / report->seconds : 0;
        report->pending = work->nitems - report->done - report->failed;
        pthread_mutex_destroy(&batch.lock);
        pthread_cond_destroy(&batch.news);
    }
    free(batch.ended);
    free(batch.running);
    free(batch.workers);
    free(ended);
    return status;
}

void pvr_batch_free_messages(struct pvr_batch_work *work) {
    for (size_t i = 0; i < work->nitems; i++) {
        free(work->items[i].message);
        work->items[i].message = NULL;
    }
}
