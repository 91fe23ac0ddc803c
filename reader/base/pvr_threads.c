/* pvr_threads.c - teams of threads, queues of tasks, and the report of how well they were used. */
#include "pvr_threads.h"

#include "pvr_share.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef PVR_PTHREADS
#include <omp.h>
#endif

enum { MAX_TEAM = 4096, MAX_MESSAGES = 8 };
static const size_t default_chunk_bytes = (size_t)1 << 20;
static const double ASK_SECONDS = 0.01; /* between two questions within a task */

double pvr_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int pvr_threads_available(void) {
    struct pvr_node node = pvr_node_find();
    return pvr_share_find(&node, getenv).threads;
}

int pvr_threads_count(const struct pvr_threads *settings) {
    int count = settings != NULL && settings->max > 0 ? settings->max : pvr_threads_available();
    return count < MAX_TEAM ? count : MAX_TEAM;
}

enum pvr_status pvr_job_begin(struct pvr_job *job, const struct pvr_threads *settings,
                              pvr_progress_fn progress, void *progress_context,
                              struct pvr_error *error) {
    memset(job, 0, sizeof *job);
    job->begin_seconds = pvr_seconds();
    job->settings = settings != NULL ? *settings : (struct pvr_threads){.prefetch = true};
    if (job->settings.chunk_bytes == 0) {
        job->settings.chunk_bytes = default_chunk_bytes;
    }
    if (job->settings.chunk_bytes > SIZE_MAX / 4) { /* sums of sizes must not run over */
        job->settings.chunk_bytes = SIZE_MAX / 4;
    }
    job->threads = pvr_threads_count(settings);
    job->progress = progress;
    job->progress_context = progress_context;
    job->thread = calloc((size_t)job->threads, sizeof *job->thread);
    job->buffer = calloc((size_t)job->threads, sizeof *job->buffer);
    job->buffer_bytes = calloc((size_t)job->threads, sizeof *job->buffer_bytes);
    if (job->thread == NULL || job->buffer == NULL || job->buffer_bytes == NULL) {
        int threads = job->threads;
        pvr_job_end(job, NULL);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a team of %d threads", threads);
    }
    return PVR_OK;
}

void pvr_job_expect(struct pvr_job *job, uint64_t bytes) {
    job->bytes_expected += bytes;
}

void pvr_job_add_read(struct pvr_worker *worker, uint64_t bytes) {
    worker->report->bytes_read += bytes;
    __atomic_fetch_add(&worker->job->bytes_done, bytes, __ATOMIC_RELAXED);
}

void pvr_job_add_done(struct pvr_worker *worker, uint64_t bytes) {
    __atomic_fetch_add(&worker->job->bytes_done, bytes, __ATOMIC_RELAXED);
}

bool pvr_job_stopped(const struct pvr_job *job) {
    return __atomic_load_n(&job->stop, __ATOMIC_RELAXED) != 0;
}

void *pvr_worker_buffer(struct pvr_worker *worker, size_t bytes) {
    void **buffer = &worker->job->buffer[worker->thread];
    size_t *size = &worker->job->buffer_bytes[worker->thread];
    if (bytes > *size) {
        free(*buffer);
        *size = 0;
        *buffer = malloc(bytes);
        if (*buffer != NULL) {
            *size = bytes;
            worker->report->bytes_allocated += bytes;
        }
    }
    worker->buffer = *buffer;
    worker->buffer_bytes = *size;
    return *buffer;
}

/* One run of a queue. */
struct run {
    struct pvr_job *job;
    size_t ntasks;
    size_t *order; /* tasks by falling cost, or null: as they are numbered */
    size_t next;   /* atomic: place in `order` of the next task */
    pvr_task_fn task;
    pvr_prefetch_fn prefetch;
    void *context;
    struct pvr_node node; /* where threads are bound, if they are */
    struct pvr_share share;
    cpu_set_t allowed;
    pthread_mutex_t lock; /* of what follows */
    int nfailed;
    struct failure {
        size_t task;
        struct pvr_error error;
    } failure[MAX_MESSAGES];
};

static void ask_progress(struct pvr_job *job) {
    if (job->progress == NULL) {
        return;
    }
    job->asked = pvr_seconds();
    uint64_t done = __atomic_load_n(&job->bytes_done, __ATOMIC_RELAXED);
    uint64_t expected = job->bytes_expected;
    double fraction = expected > 0 ? fmin(1.0, (double)done / (double)expected) : 0.0;
    job->fraction = fmax(job->fraction, fraction); /* more may be expected than a moment ago */
    if (job->progress(job->progress_context, job->fraction, done, expected) != 0) {
        __atomic_store_n(&job->stop, 1, __ATOMIC_RELAXED);
    }
}

bool pvr_job_ask(struct pvr_job *job) {
    ask_progress(job);
    return pvr_job_stopped(job);
}

bool pvr_worker_stopped(struct pvr_worker *worker) {
    struct pvr_job *job = worker->job;
    if (worker->thread == 0 && pvr_seconds() - job->asked > ASK_SECONDS) {
        ask_progress(job);
    }
    return pvr_job_stopped(job);
}

static void note_failure(struct run *run, size_t task, enum pvr_status status,
                         const struct pvr_error *error) {
    pthread_mutex_lock(&run->lock);
    if (run->nfailed < MAX_MESSAGES) {
        struct failure *failure = &run->failure[run->nfailed];
        failure->task = task;
        failure->error = *error;
        failure->error.status = status; /* the task may have left its error alone */
        if (error->message[0] == '\0') {
            pvr_fail(&failure->error, status, "task %zu failed without saying why", task + 1);
        }
    }
    run->nfailed++;
    pthread_mutex_unlock(&run->lock);
    __atomic_store_n(&run->job->stop, 1, __ATOMIC_RELAXED);
}

/* What one thread of the team does: take tasks until none is left or the job is stopped. */
static void work(struct run *run, int thread) {
    struct pvr_job *job = run->job;
    struct pvr_worker worker = {.thread = thread, .job = job, .report = &job->thread[thread]};
    while (!pvr_job_stopped(job)) {
        if (thread == 0) {
            ask_progress(job);
            if (pvr_job_stopped(job)) {
                break;
            }
        }
        size_t place = __atomic_fetch_add(&run->next, 1, __ATOMIC_RELAXED);
        if (place >= run->ntasks) {
            break;
        }
        size_t task = run->order != NULL ? run->order[place] : place;
        double begin = pvr_seconds();
        size_t ahead = place + (size_t)job->threads;
        if (run->prefetch != NULL && job->settings.prefetch && ahead < run->ntasks) {
            run->prefetch(run->context, run->order != NULL ? run->order[ahead] : ahead);
        }
        struct pvr_error error;
        pvr_error_clear(&error);
        enum pvr_status status = run->task(run->context, task, &worker, &error);
        worker.report->busy_seconds += pvr_seconds() - begin;
        worker.report->tasks++;
        if (status == PVR_CANCELLED) {
            __atomic_store_n(&job->stop, 1, __ATOMIC_RELAXED);
        } else if (status != PVR_OK) {
            note_failure(run, task, status, &error);
        }
    }
}

/* Runs work(), bound to a processor if asked for; the affinity is put back before return. */
static void work_placed(struct run *run, int thread) {
    cpu_set_t before, one;
    int processor;
    bool pin = run->job->settings.pin && sched_getaffinity(0, sizeof before, &before) == 0 &&
               pvr_share_processor(&run->share, &run->node, &run->allowed, thread, &processor);
    if (pin) {
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        sched_setaffinity(0, sizeof one, &one);
    }
    work(run, thread);
    if (pin) {
        sched_setaffinity(0, sizeof before, &before);
    }
}

#ifdef PVR_PTHREADS
struct pthread_start {
    struct run *run;
    int thread;
};

static void *pthread_work(void *start) {
    struct pthread_start *arguments = start;
    work_placed(arguments->run, arguments->thread);
    return NULL;
}

static void run_team(struct run *run, int threads) {
    pthread_t *handle = calloc((size_t)threads, sizeof *handle);
    struct pthread_start *start = calloc((size_t)threads, sizeof *start);
    int made = 1;
    for (; handle != NULL && start != NULL && made < threads; made++) {
        start[made] = (struct pthread_start){run, made};
        if (pthread_create(&handle[made], NULL, pthread_work, &start[made]) != 0) {
            break; /* the others do the work */
        }
    }
    work_placed(run, 0);
    for (int i = 1; handle != NULL && start != NULL && i < made; i++) {
        pthread_join(handle[i], NULL);
    }
    free(handle);
    free(start);
}
#else
static void run_team(struct run *run, int threads) {
#pragma omp parallel num_threads(threads) default(none) shared(run)
    work_placed(run, omp_get_thread_num());
}
#endif

struct costed {
    uint64_t cost;
    size_t task;
};

static int by_falling_cost(const void *left, const void *right) {
    const struct costed *a = left, *b = right;
    if (a->cost != b->cost) {
        return a->cost > b->cost ? -1 : 1;
    }
    return a->task < b->task ? -1 : a->task > b->task;
}

static size_t *order_by_cost(size_t ntasks, const uint64_t *cost) {
    size_t *order = malloc(ntasks * sizeof *order);
    struct costed *costed = malloc(ntasks * sizeof *costed);
    if (order != NULL && costed != NULL) {
        for (size_t i = 0; i < ntasks; i++) {
            costed[i] = (struct costed){cost[i], i};
        }
        qsort(costed, ntasks, sizeof *costed, by_falling_cost);
        for (size_t i = 0; i < ntasks; i++) {
            order[i] = costed[i].task;
        }
    } else {
        free(order);
        order = NULL; /* order is a matter of speed alone */
    }
    free(costed);
    return order;
}

static int by_task(const void *left, const void *right) {
    const struct failure *a = left, *b = right;
    return a->task < b->task ? -1 : a->task > b->task;
}

static enum pvr_status collect_failures(struct run *run, struct pvr_error *error) {
    int kept = run->nfailed < MAX_MESSAGES ? run->nfailed : MAX_MESSAGES;
    qsort(run->failure, (size_t)kept, sizeof run->failure[0], by_task);
    struct pvr_error all = run->failure[0].error;
    size_t length = strlen(all.message);
    for (int i = 1; i < kept && length + 64 < sizeof all.message; i++) {
        length += (size_t)snprintf(all.message + length, sizeof all.message - length, "; %s",
                                   run->failure[i].error.message);
        length = length < sizeof all.message ? length : sizeof all.message - 1;
    }
    if (run->nfailed > kept && length + 64 < sizeof all.message) {
        snprintf(all.message + length, sizeof all.message - length, "; and %d more",
                 run->nfailed - kept);
    }
    if (error != NULL) {
        *error = all;
    }
    return all.status;
}

enum pvr_status pvr_job_run(struct pvr_job *job, size_t ntasks, const uint64_t *cost,
                            pvr_task_fn task, pvr_prefetch_fn prefetch, void *context,
                            struct pvr_error *error) {
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a queue of tasks");
    }
    run->job = job;
    run->ntasks = ntasks;
    run->task = task;
    run->prefetch = prefetch;
    run->context = context;
    run->order = cost != NULL && ntasks > 0 ? order_by_cost(ntasks, cost) : NULL;
    pthread_mutex_init(&run->lock, NULL);

    if (job->settings.pin) {
        sched_getaffinity(0, sizeof run->allowed, &run->allowed);
        run->node = pvr_node_find();
        run->share = pvr_share_find(&run->node, getenv);
    }
    int threads = ntasks < (size_t)job->threads ? (int)ntasks : job->threads;
    if (threads > 1) {
        run_team(run, threads);
    } else if (threads == 1) {
        work_placed(run, 0);
    }
    ask_progress(job);

    enum pvr_status status = PVR_OK;
    if (run->nfailed > 0) {
        status = collect_failures(run, error);
    } else if (pvr_job_stopped(job)) {
        status = pvr_fail(error, PVR_CANCELLED, "stopped on request");
    }
    pthread_mutex_destroy(&run->lock);
    free(run->order);
    free(run);
    return status;
}

void pvr_job_end(struct pvr_job *job, struct pvr_report *report) {
    if (report != NULL) {
        memset(report, 0, sizeof *report);
        report->wall_seconds = pvr_seconds() - job->begin_seconds;
        report->threads = job->threads;
        report->thread = job->thread;
        for (int i = 0; job->thread != NULL && i < job->threads; i++) {
            const struct pvr_thread_report *thread = &job->thread[i];
            report->sequential_seconds += thread->busy_seconds;
            report->parallel_seconds = fmax(report->parallel_seconds, thread->busy_seconds);
            report->tasks += thread->tasks;
            report->bytes_read += thread->bytes_read;
            report->bytes_allocated += thread->bytes_allocated;
        }
        double available = report->wall_seconds * report->threads;
        report->efficiency = available > 0 ? 100.0 * report->sequential_seconds / available : 0;
        double mean = report->threads > 0 ? report->sequential_seconds / report->threads : 0;
        report->balance = report->parallel_seconds > 0 ? mean / report->parallel_seconds : 1;
    } else {
        free(job->thread);
    }
    for (int i = 0; job->buffer != NULL && i < job->threads; i++) {
        free(job->buffer[i]);
    }
    free(job->buffer);
    free(job->buffer_bytes);
    memset(job, 0, sizeof *job);
}
