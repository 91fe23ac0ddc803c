/* pvr_batch_ahead.c - the files of a batch's next items are asked for while others are worked at.
 */
#include "pvr_batch_ahead.h"

#include "pvr_file.h"

#include <stdlib.h>

static const uint64_t portion = (uint64_t)4 << 20; /* bytes between two looks at what goes on */

/* Bytes that may still be asked for, for the item whose turn it is; with the lock. */
static uint64_t room(const struct pvr_batch_ahead *ahead) {
    uint64_t ready = 0;
    for (size_t i = ahead->begun; i <= ahead->next && i < ahead->work->nitems; i++) {
        ready += ahead->bytes[i];
    }
    const bool late = ahead->stop || ahead->next < ahead->begun;
    return late || ready >= ahead->limit ? 0 : ahead->limit - ready;
}

bool pvr_batch_ahead_file(struct pvr_batch_ahead *ahead, const char *path) {
    struct pvr_file file;
    uint64_t left = 1;
    if (pvr_file_open(&file, path, NULL) != PVR_OK) {
        return true; /* who reads it will tell */
    }
    for (uint64_t done = 0; left > 0 && done < file.size;) {
        pthread_mutex_lock(&ahead->lock);
        left = room(ahead);
        uint64_t part = file.size - done < portion ? file.size - done : portion;
        part = part < left ? part : left;
        ahead->bytes[ahead->next] += part;
        ahead->total += part;
        pthread_mutex_unlock(&ahead->lock);
        if (part > 0) {
            pvr_file_prefetch(&file, done, part);
        }
        done += part;
    }
    pvr_file_close(&file);
    return left > 0;
}

static void *ask(void *argument) {
    struct pvr_batch_ahead *ahead = argument;
    const struct pvr_batch_work *work = ahead->work;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stop) {
        if (ahead->next < ahead->begun) {
            ahead->next = ahead->begun; /* too late for those */
        }
        if (ahead->next >= work->nitems || ahead->next >= ahead->begun + ahead->length ||
            room(ahead) == 0) {
            pthread_cond_wait(&ahead->news, &ahead->lock);
            continue;
        }
        pthread_mutex_unlock(&ahead->lock);
        work->ahead(work->context, ahead->next, ahead);
        pthread_mutex_lock(&ahead->lock);
        ahead->asked += ahead->bytes[ahead->next] > 0;
        ahead->next++;
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

void pvr_batch_ahead_begin(struct pvr_batch_ahead *ahead, const struct pvr_batch_work *work,
                           size_t length) {
    *ahead = (struct pvr_batch_ahead){.work = work, .length = length};
    if (work->ahead == NULL || length == 0) {
        return;
    }
    ahead->bytes = calloc(work->nitems + 1, sizeof *ahead->bytes);
    if (ahead->bytes == NULL) {
        return;
    }
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->news, NULL);
    ahead->running = pthread_create(&ahead->thread, NULL, ask, ahead) == 0;
    if (!ahead->running) {
        pthread_cond_destroy(&ahead->news);
        pthread_mutex_destroy(&ahead->lock);
    }
}

void pvr_batch_ahead_tell(struct pvr_batch_ahead *ahead, size_t begun, uint64_t limit) {
    if (ahead->running) {
        pthread_mutex_lock(&ahead->lock);
        ahead->begun = begun;
        ahead->limit = limit;
        pthread_cond_signal(&ahead->news);
        pthread_mutex_unlock(&ahead->lock);
    }
}

void pvr_batch_ahead_end(struct pvr_batch_ahead *ahead) {
    if (ahead->running) {
        pthread_mutex_lock(&ahead->lock);
        ahead->stop = true;
        pthread_cond_signal(&ahead->news);
        pthread_mutex_unlock(&ahead->lock);
        pthread_join(ahead->thread, NULL);
        pthread_cond_destroy(&ahead->news);
        pthread_mutex_destroy(&ahead->lock);
        ahead->running = false;
    }
    free(ahead->bytes);
    ahead->bytes = NULL;
}
