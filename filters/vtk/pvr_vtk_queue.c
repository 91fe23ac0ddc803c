/* pvr_vtk_queue.c - the appended data of a VTK file: from the tasks into the file, in order. */
#include "pvr_vtk_make.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Blocks that wait while one is written; with many threads fewer each. */
enum { SLOTS_PER_THREAD = 8, MANY_SLOTS = 64 };

struct slot {
    size_t task; /* that may use it now */
    bool ready;  /* made, and waiting for its place */
    struct pvr_vtk_made made;
    uint64_t offset; /* of its data, in the appended data */
    void *room;      /* blocks->made_bytes, while it is in use */
};

struct queue {
    struct pvr_vtk_blocks *blocks;
    const struct pvr_output_file *file;
    uint64_t begin;
    struct pvr_vtk_statistics *statistics;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool failed;
    size_t next;    /* the first task that has no place yet */
    size_t written; /* the first task that nobody has begun to write */
    bool writing;   /* a thread writes whatever gets a place */
    uint64_t end;   /* of the last place that was given */
    size_t nslots;
    struct slot *slots; /* of task t: t % nslots */
    void **rooms;       /* that no slot uses: the last one is the warmest */
    size_t nrooms;
};

static enum pvr_status give_up(struct queue *queue, enum pvr_status status) {
    pthread_mutex_lock(&queue->lock);
    queue->failed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return status;
}

/* Writes the first task that has a place and that nobody writes yet, `beside` another thread that
 * is writing or alone. Called with the lock, which is let go meanwhile. */
static enum pvr_status write_next(struct queue *queue, bool beside, struct pvr_error *error) {
    struct slot *slot = &queue->slots[queue->written % queue->nslots];
    queue->written++;
    pthread_mutex_unlock(&queue->lock);
    const double begin = pvr_seconds();
    const uint64_t offset = queue->begin + slot->offset;
    enum pvr_status status = PVR_OK;
    if (!beside ||
        !pvr_output_write_beside(queue->file, offset, slot->made.data, slot->made.bytes)) {
        status = pvr_output_write(queue->file, offset, slot->made.data, slot->made.bytes, error);
    }
    pvr_vtk_count(&queue->statistics->write_ns, pvr_vtk_nanoseconds(begin));
    pthread_mutex_lock(&queue->lock);
    slot->task += queue->nslots;
    queue->rooms[queue->nrooms++] = slot->room;
    slot->room = NULL;
    queue->failed = queue->failed || status != PVR_OK;
    pthread_cond_broadcast(&queue->changed);
    return status;
}

/* Writes what has a place, until no more has. Called with the lock; nobody else may be writing. */
static enum pvr_status write_placed(struct queue *queue, struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    queue->writing = true;
    while (status == PVR_OK && !queue->failed && queue->written < queue->next) {
        status = write_next(queue, false, error);
    }
    queue->writing = false;
    return status;
}

/* Waits until the slot of `task` is free, and writes meanwhile if nobody does. The first task
 * without a place never waits for one behind it, so there is always one that can go on. Null if the
 * run has failed. */
static struct slot *wait_for_slot(struct queue *queue, size_t task, struct pvr_error *error,
                                  enum pvr_status *status) {
    struct slot *slot = &queue->slots[task % queue->nslots];
    *status = PVR_OK;
    pthread_mutex_lock(&queue->lock);
    while (!queue->failed && slot->task != task) {
        if (queue->written < queue->next && !queue->writing) {
            *status = write_placed(queue, error);
        } else if (queue->written < queue->next && queue->file->spread > 0) {
            *status = write_next(queue, true, error);
        } else {
            pthread_cond_wait(&queue->changed, &queue->lock);
        }
    }
    const bool failed = queue->failed;
    if (!failed && queue->nrooms > 0) {
        slot->room = queue->rooms[--queue->nrooms];
    }
    pthread_mutex_unlock(&queue->lock);
    return failed ? NULL : slot;
}

/* Gives places to all tasks that are ready from the first missing one on. Called with the lock. */
static void give_places(struct queue *queue) {
    while (queue->next < queue->blocks->ntasks) {
        struct slot *slot = &queue->slots[queue->next % queue->nslots];
        if (slot->task != queue->next || !slot->ready) {
            break;
        }
        queue->blocks->tasks[queue->next].offset = queue->end;
        slot->offset = queue->end + slot->made.gap;
        queue->end = slot->offset + slot->made.bytes;
        slot->ready = false;
        queue->next++;
    }
}

/* Writes what has a place, unless another thread is doing so: file systems let in one writer of a
 * file at a time, and the others have better to do than to wait for it. */
static enum pvr_status write_places(struct queue *queue, struct slot *made,
                                    struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    pthread_mutex_lock(&queue->lock);
    made->ready = true;
    give_places(queue);
    if (!queue->writing) {
        status = write_placed(queue, error);
    }
    pthread_mutex_unlock(&queue->lock);
    return status;
}

static enum pvr_status run_task(void *context, size_t task, struct pvr_worker *worker,
                                struct pvr_error *error) {
    struct queue *queue = context;
    const struct pvr_vtk_blocks *blocks = queue->blocks;
    enum pvr_status status;
    struct slot *slot = wait_for_slot(queue, task, error, &status);
    if (slot == NULL) {
        return status != PVR_OK ? status : PVR_CANCELLED; /* another task has said why */
    }
    if (slot->room == NULL) {
        slot->room = malloc(blocks->made_bytes + 1);
    }
    void *raw = pvr_worker_buffer(worker, blocks->raw_bytes + 1);
    if (slot->room == NULL || raw == NULL) {
        return give_up(queue, pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path));
    }
    struct pvr_vtk_statistics mine = {.operations = 0};
    status = pvr_vtk_make(blocks, task, raw, slot->room, &slot->made, &mine, error);
    pvr_vtk_statistics_add(queue->statistics, &mine);
    if (status != PVR_OK) {
        return give_up(queue, status);
    }
    pvr_job_add_read(worker, mine.bytes_in);
    return write_places(queue, slot, error);
}

/* Offsets of all arrays; headers of those that have several blocks. */
static enum pvr_status write_headers(struct queue *queue, struct pvr_error *error) {
    const struct pvr_vtk_blocks *blocks = queue->blocks;
    enum pvr_status status = PVR_OK;
    for (size_t a = 0; a < blocks->narrays && status == PVR_OK; a++) {
        struct pvr_vtk_stored *stored = &blocks->arrays[a];
        stored->offset += blocks->tasks[stored->task].offset;
        if (stored->nblocks <= 1) {
            continue;
        }
        uint64_t *header = malloc((size_t)(3 + stored->nblocks) * sizeof *header);
        if (header == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path);
        }
        const size_t bytes = pvr_vtk_header(blocks, stored, stored->stored, header);
        status = pvr_output_write(queue->file, queue->begin + stored->offset, header, bytes, error);
        free(header);
    }
    return status;
}

enum pvr_status pvr_vtk_blocks_write(struct pvr_vtk_blocks *blocks,
                                     const struct pvr_output_file *file, uint64_t begin,
                                     struct pvr_job *job, struct pvr_vtk_statistics *statistics,
                                     uint64_t *bytes, struct pvr_error *error) {
    struct queue queue = {.blocks = blocks, .file = file, .begin = begin, .statistics = statistics};
    const size_t threads = (size_t)job->threads;
    queue.nslots = threads * SLOTS_PER_THREAD;
    queue.nslots = queue.nslots < MANY_SLOTS ? queue.nslots : MANY_SLOTS;
    queue.nslots = queue.nslots > threads ? queue.nslots : threads;
    queue.slots = calloc(queue.nslots, sizeof *queue.slots);
    queue.rooms = calloc(queue.nslots, sizeof *queue.rooms);
    if (queue.slots == NULL || queue.rooms == NULL) {
        free(queue.slots);
        free(queue.rooms);
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path);
    }
    for (size_t s = 0; s < queue.nslots; s++) {
        queue.slots[s].task = s;
    }
    for (size_t a = 0; a < blocks->narrays; a++) {
        blocks->arrays[a].offset = 0;
    }
    pthread_mutex_init(&queue.lock, NULL);
    pthread_cond_init(&queue.changed, NULL);
    pvr_job_expect(job, blocks->bytes);
    enum pvr_status status = pvr_job_run(job, blocks->ntasks, NULL, run_task, NULL, &queue, error);
    if (status == PVR_OK) {
        status = write_headers(&queue, error);
    }
    *bytes = queue.end;
    for (size_t s = 0; s < queue.nslots; s++) {
        free(queue.slots[s].room);
    }
    for (size_t r = 0; r < queue.nrooms; r++) {
        free(queue.rooms[r]);
    }
    free(queue.slots);
    free(queue.rooms);
    pthread_cond_destroy(&queue.changed);
    pthread_mutex_destroy(&queue.lock);
    return status;
}
