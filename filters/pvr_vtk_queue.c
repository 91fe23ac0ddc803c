/* pvr_vtk_queue.c - the appended data of a VTK file: from the tasks into the file, in order. */
#include "pvr_vtk_make.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_PER_THREAD = 3 };

struct slot {
    size_t task; /* that may use it now */
    bool ready;  /* made, and waiting for its place */
    struct pvr_vtk_made made;
    uint64_t offset; /* of its data, in the appended data */
    void *room;      /* blocks->made_bytes, made by the first task that uses it */
};

struct queue {
    struct pvr_vtk_blocks *blocks;
    const struct pvr_output_file *file;
    uint64_t begin;
    struct pvr_vtk_statistics *statistics;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool failed;
    size_t next;  /* the first task that has no place yet */
    uint64_t end; /* of the last place that was given */
    size_t nslots;
    struct slot *slots; /* of task t: t % nslots */
};

static enum pvr_status give_up(struct queue *queue, enum pvr_status status) {
    pthread_mutex_lock(&queue->lock);
    queue->failed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return status;
}

/* Waits until the slot of `task` is free. The first task without a place never waits here, so there
 * is always one that can go on. Null if the run has failed. */
static struct slot *wait_for_slot(struct queue *queue, size_t task) {
    struct slot *slot = &queue->slots[task % queue->nslots];
    pthread_mutex_lock(&queue->lock);
    while (!queue->failed && slot->task != task) {
        pthread_cond_wait(&queue->changed, &queue->lock);
    }
    bool failed = queue->failed;
    pthread_mutex_unlock(&queue->lock);
    return failed ? NULL : slot;
}

/* Gives places to all tasks that are ready from the first missing one on. Returns their number;
 * *first is the first. Called with the lock. */
static size_t give_places(struct queue *queue, size_t *first) {
    *first = queue->next;
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
    return queue->next - *first;
}

static enum pvr_status write_places(struct queue *queue, size_t first, size_t count,
                                    struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    const double begin = pvr_seconds();
    for (size_t task = first; task < first + count && status == PVR_OK; task++) {
        struct slot *slot = &queue->slots[task % queue->nslots];
        status = pvr_output_write(queue->file, queue->begin + slot->offset, slot->made.data,
                                  slot->made.bytes, error);
        pthread_mutex_lock(&queue->lock);
        slot->task = task + queue->nslots;
        pthread_cond_broadcast(&queue->changed);
        pthread_mutex_unlock(&queue->lock);
    }
    pvr_vtk_count(&queue->statistics->write_ns, pvr_vtk_nanoseconds(begin));
    return status;
}

static enum pvr_status run_task(void *context, size_t task, struct pvr_worker *worker,
                                struct pvr_error *error) {
    struct queue *queue = context;
    const struct pvr_vtk_blocks *blocks = queue->blocks;
    struct slot *slot = wait_for_slot(queue, task);
    if (slot == NULL) {
        return PVR_CANCELLED; /* another task has said why */
    }
    if (slot->room == NULL) {
        slot->room = malloc(blocks->made_bytes + 1);
    }
    void *raw = pvr_worker_buffer(worker, blocks->raw_bytes + 1);
    if (slot->room == NULL || raw == NULL) {
        return give_up(queue, pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path));
    }
    struct pvr_vtk_statistics mine = {.operations = 0};
    enum pvr_status status = pvr_vtk_make(blocks, task, raw, slot->room, &slot->made, &mine, error);
    pvr_vtk_statistics_add(queue->statistics, &mine);
    if (status != PVR_OK) {
        return give_up(queue, status);
    }
    pvr_job_add_read(worker, mine.bytes_in);

    size_t first;
    pthread_mutex_lock(&queue->lock);
    slot->ready = true;
    const size_t count = give_places(queue, &first);
    pthread_mutex_unlock(&queue->lock);
    status = write_places(queue, first, count, error);
    return status == PVR_OK ? PVR_OK : give_up(queue, status);
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
    queue.nslots = (size_t)job->threads * SLOTS_PER_THREAD;
    queue.slots = calloc(queue.nslots, sizeof *queue.slots);
    if (queue.slots == NULL) {
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
    free(queue.slots);
    pthread_cond_destroy(&queue.changed);
    pthread_mutex_destroy(&queue.lock);
    return status;
}
