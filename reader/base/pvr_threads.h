/* pvr_threads.h - the one module that owns threads.
 *
 * A *job* is what a person waits for (loading a mesh, a map). It is made of one or more *runs* of
 * a queue of independent tasks of known cost. Tasks are taken largest first by the threads of a
 * team; which thread takes which task is left to chance, so a task must write only to places of
 * its own: results are then the same bits for any number of threads.
 *
 *     struct pvr_job job;
 *     pvr_job_begin(&job, &settings, progress, context);
 *     pvr_job_expect(&job, bytes_of_all_runs);
 *     pvr_job_run(&job, ntasks, cost, task, prefetch, context, error);   // as often as needed
 *     pvr_job_end(&job, &report);
 *
 * The calling thread is thread 0 of the team and the only one that calls the progress function.
 * The first failing task cancels the rest; the messages of all tasks that failed stand in the
 * error, in the order of the tasks. A job is used by one thread at a time; two jobs may run
 * beside each other.
 */
#ifndef PVR_THREADS_H
#define PVR_THREADS_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a caller may set. All zero is a good default but for `prefetch`. */
struct pvr_threads {
    int max;            /* cap on the threads, obeyed exactly; 0: all that the process may use */
    bool pin;           /* bind each thread to a processor while the job runs, one of this rank's
                           own where several ranks share a node */
    bool prefetch;      /* ask the system for the bytes of the next tasks ahead of time */
    size_t chunk_bytes; /* size of a thread's read buffer; 0: 1 MiB */
};

/* Called by the calling thread between tasks with the fraction done (0 to 1), the bytes done and
 * the bytes expected. Returns non-zero to stop the job. */
typedef int (*pvr_progress_fn)(void *context, double fraction, uint64_t bytes_done,
                               uint64_t bytes_expected);

struct pvr_thread_report {
    uint64_t tasks;
    double busy_seconds; /* wall time inside tasks */
    uint64_t bytes_read;
    uint64_t bytes_allocated;
};

/* How well the threads were used: measured, never assumed. */
struct pvr_report {
    int threads;                      /* size of the team */
    struct pvr_thread_report *thread; /* `threads` entries; freed by pvr_report_free */
    double wall_seconds;              /* begin to end of the job, serial parts included */
    double parallel_seconds;          /* T_par: the busiest thread */
    double sequential_seconds;        /* T_seq: sum of all busy time */
    double efficiency;                /* 100 T_seq / (threads * wall), percent */
    double balance;                   /* mean busy / max busy, 0 to 1 */
    uint64_t tasks;
    uint64_t bytes_read;
    uint64_t bytes_allocated;
};

struct pvr_worker {
    int thread; /* 0 .. threads - 1 */
    struct pvr_job *job;
    struct pvr_thread_report *report; /* this thread's counters: tasks add to them */
    void *buffer;                     /* `buffer_bytes` of scratch, kept from task to task */
    size_t buffer_bytes;
};

/* One task. Anything but PVR_OK cancels the run. */
typedef enum pvr_status (*pvr_task_fn)(void *context, size_t task, struct pvr_worker *worker,
                                       struct pvr_error *error);
/* Tells the system that `task` will soon be run; may be null. */
typedef void (*pvr_prefetch_fn)(void *context, size_t task);

/* Internals are in pvr_threads.c; the struct is here so that it can live on the stack. */
struct pvr_job {
    struct pvr_threads settings;
    int threads;
    pvr_progress_fn progress;
    void *progress_context;
    uint64_t bytes_expected;
    uint64_t bytes_done; /* atomic */
    double fraction;     /* that was told last: it never falls */
    double asked;        /* when the progress function was asked last */
    int stop;            /* atomic */
    double begin_seconds;
    struct pvr_thread_report *thread;
    void **buffer;
    size_t *buffer_bytes;
};

/* Processors that this process may use, at least 1: its affinity mask and cgroup quota, and of a
 * node that several ranks of MPI share its part. OMP_NUM_THREADS or SLURM_CPUS_PER_TASK say it
 * instead where they are set, up to mask and quota. */
int pvr_threads_available(void);
/* The size of the team for `settings` (which may be null: defaults). */
int pvr_threads_count(const struct pvr_threads *settings);

/* Starts a job. `settings` and `progress` may be null. Fails only for want of memory. */
enum pvr_status pvr_job_begin(struct pvr_job *job, const struct pvr_threads *settings,
                              pvr_progress_fn progress, void *progress_context,
                              struct pvr_error *error);
/* Adds to the bytes that stand for the whole job in the progress. */
void pvr_job_expect(struct pvr_job *job, uint64_t bytes);
/* Counts bytes as read by `worker` and as done. */
void pvr_job_add_read(struct pvr_worker *worker, uint64_t bytes);
/* Counts bytes as done that were in memory before. */
void pvr_job_add_done(struct pvr_worker *worker, uint64_t bytes);
/* True once the job is to end early: long tasks ask between their parts and return PVR_CANCELLED.
 */
bool pvr_job_stopped(const struct pvr_job *job);
/* The same for a task that waits for a disk: the calling thread's worker asks the progress function
 * first, unless it was asked a moment ago. */
bool pvr_worker_stopped(struct pvr_worker *worker);
/* Asks the progress function, between runs and while waiting for something else; the calling
 * thread's to use. True if the job is to end early. */
bool pvr_job_ask(struct pvr_job *job);
/* Scratch memory of the worker of at least `bytes`, or null. Its content is not kept. */
void *pvr_worker_buffer(struct pvr_worker *worker, size_t bytes);
/* Runs tasks 0 .. ntasks-1, largest `cost` first (null: all alike), and waits for the last. */
enum pvr_status pvr_job_run(struct pvr_job *job, size_t ntasks, const uint64_t *cost,
                            pvr_task_fn task, pvr_prefetch_fn prefetch, void *context,
                            struct pvr_error *error);
/* Ends the job and frees what it holds. `report` may be null; else free it afterwards. */
void pvr_job_end(struct pvr_job *job, struct pvr_report *report);

/* The report as text of several lines for a person, with the verdicts: efficiency >= 90 % great,
 * 70 to 90 % reasonable, below: too many threads for this work; balance >= 0.9 excellent,
 * 0.8 to 0.9 good, below: poor; without tasks none. Like snprintf: returns the length that the text
 * needs. */
int pvr_report_text(const struct pvr_report *report, char *text, size_t size);
/* The report's verdict words, static strings. */
const char *pvr_report_efficiency_verdict(const struct pvr_report *report);
const char *pvr_report_balance_verdict(const struct pvr_report *report);
void pvr_report_free(struct pvr_report *report);

/* Seconds of a clock that never goes back. */
double pvr_seconds(void);

#ifdef __cplusplus
}
#endif
#endif
