/* pvr_particle_choose.c - which particles are kept. */
#include "pvr_particle_chunk.h"

#include <string.h>

uint64_t pvr_particle_work_choose_bytes(const struct pvr_particle_work *work) {
    const struct pvr_particle_column *column = work->files->columns.column;
    uint64_t bytes = work->by_family ? pvr_chunk_family_bytes(work) : 0;
    for (int axis = 0; work->selection != NULL && axis < 3; axis++) {
        bytes += work->position[axis] >= 0 ? column[work->position[axis]].width : 0;
    }
    return bytes + (work->keep_every > 1 && work->id >= 0 ? column[work->id].width : 0);
}

/* One of keep_every: by the last step of splitmix64. */
static bool hashed(int64_t id, uint64_t keep_every) {
    uint64_t x = (uint64_t)id + 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (x ^ x >> 31) % keep_every == 0;
}

/* Drops those of first .. first + count - 1 that do not lie in the region. */
static enum pvr_status keep_region(struct pvr_chunk_reading *reading, uint64_t first,
                                   uint64_t count, uint8_t *keep, struct pvr_error *error) {
    const struct pvr_particle_work *work = reading->work;
    enum pvr_status status = PVR_OK;
    for (int axis = 0; status == PVR_OK && axis < 3; axis++) {
        if (work->position[axis] >= 0) {
            status = pvr_chunk_reals(reading, work->position[axis], first, count, error);
        } else { /* an axis that the output has not: everything lies at 0 */
            memset(reading->number, 0, (size_t)count * sizeof *reading->number);
        }
        for (uint64_t i = 0; status == PVR_OK && i < count; i++) {
            reading->place[3 * i + (uint64_t)axis] = reading->number[i];
        }
    }
    for (uint64_t i = 0; status == PVR_OK && i < count; i++) {
        keep[i] &= (uint8_t)pvr_selection_has_point(work->selection, &reading->place[3 * i]);
    }
    return status;
}

static enum pvr_status choose_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct pvr_particle_work *work = context;
    struct pvr_particle_chunk *chunk = &work->chunk[task];
    struct pvr_chunk_reading reading;
    uint64_t count = chunk->count, *mask = work->mask + task * PVR_CHUNK_WORDS;
    enum pvr_status status = pvr_chunk_begin(&reading, work, task, worker, error);
    uint8_t *keep = (uint8_t *)reading.index; /* a byte each, in the place that the index has not */
    if (status == PVR_OK) {
        memset(keep, 1, (size_t)count);
    }
    if (status == PVR_OK && work->by_family) {
        status = pvr_chunk_family(&reading, error);
        for (uint64_t i = 0; status == PVR_OK && i < count; i++) {
            keep[i] = work->wanted[reading.family[i] + 128];
        }
    }
    for (uint64_t done = 0; status == PVR_OK && work->selection != NULL && done < count;
         done += PVR_CHUNK_STEP) {
        uint64_t part = count - done < PVR_CHUNK_STEP ? count - done : PVR_CHUNK_STEP;
        status = keep_region(&reading, done, part, keep + done, error);
    }
    if (status == PVR_OK) {
        chunk->matching = 0;
        for (uint64_t i = 0; i < count; i++) {
            chunk->matching += keep[i];
        }
    }
    uint64_t base = status == PVR_OK ? work->files->domain[chunk->domain - 1].base : 0;
    for (uint64_t done = 0; status == PVR_OK && work->keep_every > 1 && done < count;
         done += PVR_CHUNK_STEP) {
        uint64_t part = count - done < PVR_CHUNK_STEP ? count - done : PVR_CHUNK_STEP;
        if (work->id >= 0) {
            status = pvr_chunk_whole(&reading, work->id, done, part, error);
        }
        for (uint64_t i = 0; status == PVR_OK && i < part; i++) {
            int64_t id =
                work->id >= 0 ? reading.whole[i] : (int64_t)(base + chunk->first + done + i);
            keep[done + i] &= (uint8_t)hashed(id, work->keep_every);
        }
    }
    if (status == PVR_OK) {
        chunk->kept = 0;
        memset(mask, 0, PVR_CHUNK_WORDS * sizeof *mask);
        for (uint64_t i = 0; i < count; i++) {
            mask[i / 64] |= (uint64_t)keep[i] << i % 64;
            chunk->kept += keep[i];
        }
    }
    pvr_chunk_end(&reading);
    return status;
}

enum pvr_status pvr_particle_work_choose(struct pvr_particle_work *work, struct pvr_job *job,
                                         struct pvr_error *error) {
    work->mask = pvr_large_alloc(work->nchunks * PVR_CHUNK_WORDS * sizeof *work->mask);
    if (work->mask == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a bit per particle");
    }
    enum pvr_status status =
        pvr_job_run(job, work->nchunks, work->cost, choose_task, NULL, work, error);
    uint64_t out = 0;
    for (size_t i = 0; i < work->nchunks; i++) {
        work->chunk[i].out = out;
        out += work->chunk[i].kept;
        work->cost[i] = work->chunk[i].kept > 0 ? work->chunk[i].count : 0;
    }
    return status;
}

static enum pvr_status births_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct pvr_particle_work *work = context;
    struct pvr_chunk_reading reading;
    if (work->chunk[task].kept == 0 || __atomic_load_n(&work->later, __ATOMIC_RELAXED)) {
        return PVR_OK;
    }
    uint64_t count = work->chunk[task].count;
    enum pvr_status status = pvr_chunk_begin(&reading, work, task, worker, error);
    if (status == PVR_OK) {
        status = pvr_chunk_family(&reading, error);
    }
    for (uint64_t done = 0; status == PVR_OK && done < count; done += PVR_CHUNK_STEP) {
        uint64_t part = count - done < PVR_CHUNK_STEP ? count - done : PVR_CHUNK_STEP;
        status = pvr_chunk_reals(&reading, work->birth, done, part, error);
        for (uint64_t i = 0; status == PVR_OK && i < part; i++) {
            double birth = reading.number[i];
            if (birth > work->latest && birth != 0 &&
                pvr_is_born(reading.family[done + i], birth)) {
                __atomic_store_n(&work->later, true, __ATOMIC_RELAXED);
            }
        }
    }
    pvr_chunk_end(&reading);
    return status;
}

enum pvr_status pvr_particle_work_births(struct pvr_particle_work *work, struct pvr_job *job,
                                         struct pvr_error *error) {
    return pvr_job_run(job, work->nchunks, work->cost, births_task, NULL, work, error);
}
