/* pvr_batch.h - many items of work beside each other, within the memory that there is.
 *
 * An item is a file to be converted, an output to be exported: work that needs memory of a size
 * that can be said beforehand. Items are started in their order, each on a thread of its own that
 * may use a team of further threads. No item is started as long as its need, the needs of those
 * that are running and what others use do not fit under the margin together: a batch slows down,
 * and never fills the memory. Once memory is free again it goes on. What can never fit is told and
 * not tried.
 *
 * The thread that calls pvr_batch_run watches: it alone calls `tell` and `stopped`. Nothing is
 * shared between two batches.
 */
#ifndef PVR_BATCH_H
#define PVR_BATCH_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of memory, within the limits that hold for this process (its control groups' ones too). */
struct pvr_batch_memory {
    uint64_t total;
    uint64_t available; /* can still be taken */
    uint64_t own;       /* of it this process holds */
};
void pvr_batch_memory_now(void *context, struct pvr_batch_memory *memory);

/* Whether what needs so much can ever be run under the margin, however little others use. */
bool pvr_batch_can_fit(const struct pvr_batch_memory *memory, uint64_t need, double margin);

/* How many of `wanted` threads are wise where `used` of `total` bytes are in use already: with
 * less than a fifth of the memory left under the margin half of them, with less than two fifths
 * three quarters; at least `least`. (The rule of Mera.jl's converter.) */
int pvr_batch_recommended(int wanted, int least, uint64_t total, uint64_t used, double margin);

enum pvr_batch_state {
    PVR_BATCH_PENDING = 0, /* not started: the batch was stopped before */
    PVR_BATCH_RUNNING,
    PVR_BATCH_DONE,
    PVR_BATCH_FAILED,
    PVR_BATCH_TOO_LARGE /* needs more than the margin allows even alone */
};

struct pvr_batch_item {
    /* Set by the caller. */
    uint64_t need; /* bytes of memory while it runs */
    uint64_t cost; /* how much work it is, in any unit: threads are shared by it; 0: as its need */
    uint64_t thread_need; /* and so many more for each thread of its team */
    /* Set by the batch. */
    enum pvr_batch_state state;
    int threads;    /* of its team */
    double seconds; /* that it ran */
    char *message;  /* why it failed or was not tried; freed by pvr_batch_free_messages */
};

/* What is going on; given to `tell` at every change and at least every 0.2 s. */
struct pvr_batch_news {
    size_t done, failed, running, pending; /* items; too large ones count as failed */
    const size_t *items;                   /* that are running, `running` of them */
    size_t changed;                        /* item whose state just changed, or SIZE_MAX */
    bool waiting; /* the next item could run, but for memory that others use (now, if some run) */
    int threads;  /* in use */
    uint64_t total, used;
};

struct pvr_batch;       /* one that is running */
struct pvr_batch_ahead; /* its queue of files that will be needed soon */

struct pvr_batch_work {
    size_t nitems;
    struct pvr_batch_item *items;
    /* Does item `item` with a team of `threads`. Called by several threads at once. Anything but
     * PVR_OK makes the item one that failed; the others go on. PVR_CANCELLED: it was stopped, and
     * is pending as before. Asks pvr_batch_stopped() now and then. */
    enum pvr_status (*run)(void *context, size_t item, int threads, const struct pvr_batch *batch,
                           struct pvr_error *error);
    /* Names the files that an item will read, with pvr_batch_ahead_file(), until that says to stop.
     * Called by one thread, for items that begin soon, while others run. May be null. */
    void (*ahead)(void *context, size_t item, struct pvr_batch_ahead *ahead);
    void (*tell)(void *context, const struct pvr_batch_news *news); /* may be null */
    bool (*stopped)(void *context);                                 /* may be null */
    void *context;
};

struct pvr_batch_options {
    int threads;     /* of all items together at most, >= 1 */
    int min_threads; /* that the recommended number never goes below, >= 1 */
    int jobs;        /* items at the same time at most; 0: as many as threads */
    int ahead;       /* items whose files are asked for before they begin, at most: their bytes
                        within a quarter of the memory that is free under the margin */
    double margin;   /* part of the memory that may be used, above 0 and at most 1 */
    void (*memory)(void *context, struct pvr_batch_memory *memory); /* null: the system's */
    void *memory_context;
};

struct pvr_batch_report {
    size_t done, failed, pending;
    uint64_t checks, violations; /* looks at the memory; those that found it over the margin */
    uint64_t own_violations; /* those of them that would be without what others took meanwhile */
    double seconds;
    int least_threads, most_threads;                  /* in use at once while items ran */
    double mean_threads;                              /* over the time */
    uint64_t total, used_at_end, most_used, most_own; /* bytes */
    uint64_t bytes_ahead;                             /* of files asked for ahead of time */
    size_t items_ahead;                               /* for so many items */
};

/* Runs all items; returns when the last has ended. Fails only for want of memory or threads, or
 * options out of their range; items that fail are no failure of the batch. */
enum pvr_status pvr_batch_run(const struct pvr_batch_options *options, struct pvr_batch_work *work,
                              struct pvr_batch_report *report, struct pvr_error *error);
/* Asks the system to read a file soon. False: no more of this item, it has begun or there is no
 * room for more; the file may have been asked for in part. */
bool pvr_batch_ahead_file(struct pvr_batch_ahead *ahead, const char *path);
/* True once the batch is to end early. For the threads of items. */
bool pvr_batch_stopped(const struct pvr_batch *batch);
void pvr_batch_free_messages(struct pvr_batch_work *work);

#ifdef __cplusplus
}
#endif
#endif
