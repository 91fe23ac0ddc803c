/* pvr_batch_ahead.h - the files of a batch's next items are asked for while others are worked at.
 *
 * One thread goes through the items in their order, some places before the first that has not
 * begun: a queue of a bounded length. What has been asked for and not begun to be used is bounded
 * in bytes as well: it lies in the system's page cache, where more of it would push out what the
 * running items need. The advice is the system's to follow; nothing is read into this process.
 */
#ifndef PVR_BATCH_AHEAD_H
#define PVR_BATCH_AHEAD_H

#include "pvr_batch.h"

#include <pthread.h>

struct pvr_batch_ahead {
    const struct pvr_batch_work *work;
    size_t length; /* of the queue */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool running, stop;
    size_t begun;    /* items that have begun */
    size_t next;     /* item to be asked for */
    size_t asked;    /* items that were asked for, whole or in part */
    uint64_t limit;  /* bytes that may be asked for and not begun to be used */
    uint64_t *bytes; /* of each item that was asked for */
    uint64_t total;
};

/* Begins, unless the work has no `ahead`, or `length` is 0. Without threads or memory nothing is
 * asked for: a batch is complete without. */
void pvr_batch_ahead_begin(struct pvr_batch_ahead *ahead, const struct pvr_batch_work *work,
                           size_t length);
/* So many items have begun, and so many bytes may lie ready. */
void pvr_batch_ahead_tell(struct pvr_batch_ahead *ahead, size_t begun, uint64_t limit);
/* Stops and waits for the thread's end; frees. `asked` and `total` stay. */
void pvr_batch_ahead_end(struct pvr_batch_ahead *ahead);

#endif
