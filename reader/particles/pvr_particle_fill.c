/* pvr_particle_fill.c - filling arrays with the particles that are kept. */
#include "pvr_particle_fill.h"

#include "pvr_particle_chunk.h"
#include "pvr_particle_convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The places of the kept ones in the chunk; null if all are. */
static void make_index(struct pvr_chunk_reading *reading, size_t task) {
    const struct pvr_particle_chunk *chunk = reading->chunk;
    if (chunk->kept == chunk->count) {
        reading->index = NULL;
        return;
    }
    const uint64_t *mask = reading->work->mask + task * PVR_CHUNK_WORDS;
    uint32_t *to = reading->index;
    for (uint32_t word = 0; word < PVR_CHUNK_WORDS; word++) {
        for (uint64_t bits = mask[word]; bits != 0; bits &= bits - 1) {
            *to++ = word * 64 + (uint32_t)__builtin_ctzll(bits);
        }
    }
}

/* The kept ones among first .. first + count - 1 of the chunk, of which *before stand before. */
static struct pvr_run part_run(const struct pvr_chunk_reading *reading, uint64_t first,
                               uint64_t count, uint64_t *before) {
    struct pvr_run run = {NULL, (uint32_t)first, count};
    *before = first;
    if (reading->index != NULL) {
        uint64_t low[2];
        for (int i = 0; i < 2; i++) { /* first place in the index that is not below */
            uint64_t limit = i == 0 ? first : first + count, from = 0, to = reading->chunk->kept;
            while (from < to) {
                uint64_t middle = (from + to) / 2;
                if (reading->index[middle] < limit) {
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            low[i] = from;
        }
        run.index = reading->index + low[0];
        run.count = low[1] - low[0];
        *before = low[0];
    }
    return run;
}

static bool goes_straight(const struct pvr_chunk_reading *reading,
                          const struct pvr_particle_target *target) {
    uint32_t width = pvr_chunk_width(reading, target->column[0]);
    return reading->index == NULL && target->ncolumns == 1 && target->array->ncomponents == 1 &&
           width == pvr_type_bytes(target->array->type);
}

static enum pvr_status fill_straight(struct pvr_chunk_reading *reading,
                                     const struct pvr_particle_target *target,
                                     struct pvr_error *error) {
    uint64_t count = reading->chunk->count;
    char *to =
        (char *)target->array->data + reading->chunk->out * pvr_type_bytes(target->array->type);
    enum pvr_status status = pvr_chunk_column(reading, target->column[0], 0, count, to, error);
    if (status != PVR_OK || !target->real || target->factor == 1) {
        return status;
    }
    if (target->array->type == PVR_FLOAT64) {
        double *value = (double *)(void *)to;
        for (uint64_t i = 0; i < count; i++) {
            value[i] *= target->factor;
        }
    } else {
        float *value = (float *)(void *)to;
        for (uint64_t i = 0; i < count; i++) {
            value[i] = (float)((double)value[i] * target->factor);
        }
    }
    return PVR_OK;
}

/* Moves the positions of the chunk to where the region is put together. */
static void move_positions(const struct pvr_chunk_reading *reading,
                           const struct pvr_particle_target *target) {
    const struct pvr_selection *selection = reading->work->selection;
    const struct pvr_particle_chunk *chunk = reading->chunk;
    uint64_t width = (uint64_t)target->array->ncomponents;
    for (int v = 0; v < target->ncolumns; v++) {
        int axis = target->component[v];
        uint64_t at = chunk->out * width + (uint64_t)axis;
        for (uint64_t i = 0; selection->joined[axis] && i < chunk->kept; i++, at += width) {
            if (target->array->type == PVR_FLOAT64) {
                double *x = (double *)target->array->data + at;
                double from = *x / target->factor, to = pvr_selection_moved(selection, axis, from);
                *x = from != to ? to * target->factor : *x;
            } else {
                float *x = (float *)target->array->data + at;
                double from = (double)*x / target->factor;
                double to = pvr_selection_moved(selection, axis, from);
                *x = from != to ? (float)(to * target->factor) : *x;
            }
        }
    }
}

static enum pvr_status fill_columns(struct pvr_chunk_reading *reading,
                                    const struct pvr_particle_target *target,
                                    struct pvr_error *error) {
    if (goes_straight(reading, target)) {
        return fill_straight(reading, target, error);
    }
    uint64_t count = reading->chunk->count, step = reading->raw_bytes / 8;
    step = step / (uint64_t)target->ncolumns / 8 * 8; /* parts stand on borders of 64 bytes */
    enum pvr_status status = PVR_OK;
    for (uint64_t done = 0; status == PVR_OK && done < count; done += step) {
        uint64_t part = count - done < step ? count - done : step, before;
        const void *from[3];
        for (int v = 0; status == PVR_OK && v < target->ncolumns; v++) {
            char *to = reading->raw + (uint64_t)v * step * 8;
            from[v] = to;
            status = pvr_chunk_column(reading, target->column[v], done, part, to, error);
        }
        if (status == PVR_OK) {
            struct pvr_run run = part_run(reading, done, part, &before);
            pvr_particle_convert(target->array, reading->chunk->out + before, from, target->real,
                                 pvr_chunk_width(reading, target->column[0]), target->ncolumns,
                                 target->component, &run, target->factor);
        }
    }
    return status;
}

/* RAMSES finds proper times by interpolation: what it writes for a birth at the very time of the
 * output can lie after it by some 1e-5. */
static double age(const struct pvr_clock *clock, double born) {
    double passed = clock->now - born;
    bool rounding = clock->kind == PVR_CLOCK_PROPER && passed < 0 && passed > -1e-4 * clock->now;
    return rounding ? 0 : passed;
}

static enum pvr_status fill_times(struct pvr_chunk_reading *reading,
                                  const struct pvr_particle_target *target,
                                  struct pvr_error *error) {
    const struct pvr_particle_work *work = reading->work;
    const struct pvr_clock *clock = &work->clock;
    uint64_t count = reading->chunk->count;
    enum pvr_status status = PVR_OK;
    for (uint64_t done = 0; status == PVR_OK && done < count; done += PVR_CHUNK_STEP) {
        uint64_t part = count - done < PVR_CHUNK_STEP ? count - done : PVR_CHUNK_STEP, before;
        status = pvr_chunk_reals(reading, work->birth, done, part, error);
        for (uint64_t i = 0; status == PVR_OK && i < part; i++) {
            double birth = reading->number[i], time = (double)NAN;
            if (pvr_is_born(reading->family[done + i], birth)) {
                time = pvr_clock_time(clock, birth);
                time = target->source == PVR_SOURCE_AGE ? age(clock, time) : time;
            }
            reading->number[i] = time;
        }
        if (status == PVR_OK) {
            struct pvr_run run = part_run(reading, done, part, &before);
            const void *from = reading->number;
            pvr_particle_convert(target->array, reading->chunk->out + before, &from, true, 8, 1,
                                 target->component, &run, target->factor);
        }
    }
    return status;
}

static void fill_known(struct pvr_chunk_reading *reading,
                       const struct pvr_particle_target *target) {
    const struct pvr_particle_chunk *chunk = reading->chunk;
    if (target->source == PVR_SOURCE_DOMAIN) {
        int32_t *to = (int32_t *)target->array->data + chunk->out;
        for (uint64_t i = 0; i < chunk->kept; i++) {
            to[i] = chunk->domain;
        }
    } else {
        const struct pvr_run run = {reading->index, 0, chunk->kept};
        const void *from = reading->family;
        pvr_particle_convert(target->array, chunk->out, &from, false, 1, 1, target->component, &run,
                             1);
    }
}

/* Counts and masses by family; the rest is what rounding left out of a sum (Knuth). */
static enum pvr_status sum_up(struct pvr_chunk_reading *reading, struct pvr_particle_sums *sums,
                              struct pvr_error *error) {
    uint64_t count = reading->chunk->count;
    enum pvr_status status = PVR_OK;
    for (uint64_t done = 0; status == PVR_OK && done < count; done += PVR_CHUNK_STEP) {
        uint64_t part = count - done < PVR_CHUNK_STEP ? count - done : PVR_CHUNK_STEP, before;
        struct pvr_run run = part_run(reading, done, part, &before);
        if (reading->work->mass >= 0) {
            status = pvr_chunk_reals(reading, reading->work->mass, done, part, error);
        } else {
            memset(reading->number, 0, (size_t)part * sizeof *reading->number);
        }
        for (uint64_t i = 0; status == PVR_OK && i < run.count; i++) {
            uint64_t at = run.index != NULL ? run.index[i] - run.shift : i;
            int place = pvr_family_place(reading->family[done + at]);
            double value = reading->number[at], sum = sums->mass[place], next = sum + value;
            double back = next - sum; /* six operations, no branch */
            sums->rest[place] += (sum - (next - back)) + (value - back);
            sums->mass[place] = next;
            sums->count[place]++;
        }
    }
    return status;
}

static bool needs_family(const struct pvr_particle_work *work) {
    bool needs = work->totals;
    for (int i = 0; i < work->ntargets; i++) {
        needs = needs || (work->target[i].source != PVR_SOURCE_COLUMNS &&
                          work->target[i].source != PVR_SOURCE_DOMAIN);
    }
    return needs;
}

uint64_t pvr_particle_work_fill_bytes(const struct pvr_particle_work *work) {
    const struct pvr_particle_column *column = work->files->columns.column;
    uint64_t bytes = needs_family(work) ? pvr_chunk_family_bytes(work) : 0;
    for (int i = 0; i < work->ntargets; i++) {
        const struct pvr_particle_target *target = &work->target[i];
        for (int v = 0; v < target->ncolumns; v++) {
            bytes += column[target->column[v]].width;
        }
        if (target->source == PVR_SOURCE_AGE || target->source == PVR_SOURCE_FORMATION) {
            bytes += column[work->birth].width;
        }
    }
    return bytes + (work->totals && work->mass >= 0 ? column[work->mass].width : 0);
}

static enum pvr_status fill_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct pvr_particle_work *work = context;
    struct pvr_chunk_reading reading;
    if (work->chunk[task].kept == 0) {
        return PVR_OK;
    }
    enum pvr_status status = pvr_chunk_begin(&reading, work, task, worker, error);
    if (status == PVR_OK) {
        make_index(&reading, task);
    }
    if (status == PVR_OK && needs_family(work)) {
        status = pvr_chunk_family(&reading, error);
    }
    for (int i = 0; status == PVR_OK && i < work->ntargets; i++) {
        const struct pvr_particle_target *target = &work->target[i];
        if (pvr_job_stopped(worker->job)) {
            status = PVR_CANCELLED;
        } else if (target->source == PVR_SOURCE_COLUMNS) {
            status = fill_columns(&reading, target, error);
            if (status == PVR_OK && i == 0 && work->selection != NULL) { /* the position */
                move_positions(&reading, target);
            }
        } else if (target->source == PVR_SOURCE_AGE || target->source == PVR_SOURCE_FORMATION) {
            status = fill_times(&reading, target, error);
        } else {
            fill_known(&reading, target);
        }
    }
    if (status == PVR_OK && work->totals) {
        status = sum_up(&reading, &work->sums[task], error);
    }
    pvr_chunk_end(&reading);
    return status;
}

static void prefetch_task(void *context, size_t task) {
    const struct pvr_particle_work *work = context;
    const struct pvr_particle_chunk *chunk = &work->chunk[task];
    struct pvr_file file;
    char *path;
    if (chunk->kept == 0) {
        return;
    }
    if (pvr_particle_files_open(work->files, chunk->domain, &file, &path, NULL) == PVR_OK) {
        for (int i = 0; i < work->ntargets; i++) {
            const struct pvr_particle_target *target = &work->target[i];
            for (int v = 0; v < target->ncolumns; v++) {
                int column = target->column[v];
                pvr_file_prefetch(
                    &file,
                    pvr_particle_files_offset(work->files, chunk->domain, column, chunk->first),
                    chunk->count * work->files->columns.column[column].width);
            }
        }
    }
    pvr_file_close(&file);
    free(path);
}

enum pvr_status pvr_particle_work_fill(struct pvr_particle_work *work, struct pvr_job *job,
                                       struct pvr_error *error) {
    pvr_prefetch_fn prefetch = work->files->mera == NULL ? prefetch_task : NULL;
    return pvr_job_run(job, work->nchunks, work->cost, fill_task, prefetch, work, error);
}
