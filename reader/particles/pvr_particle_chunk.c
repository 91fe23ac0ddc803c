/* pvr_particle_chunk.c - cutting particles into chunks; reading the columns of one. */
#include "pvr_particle_chunk.h"

#include "pvr_particle_convert.h"

#include <stdlib.h>
#include <string.h>

enum pvr_status pvr_particle_work_cut(struct pvr_particle_work *work, struct pvr_error *error) {
    const struct pvr_particle_files *files = work->files;
    size_t nchunks = 0;
    for (int d = 0; d < files->ndomains; d++) {
        nchunks += (size_t)((files->domain[d].count + PVR_PARTICLE_CHUNK - 1) / PVR_PARTICLE_CHUNK);
    }
    work->chunk = calloc(nchunks + 1, sizeof *work->chunk);
    work->cost = calloc(nchunks + 1, sizeof *work->cost);
    if (work->chunk == NULL || work->cost == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu tasks", nchunks);
    }
    for (int d = 0; d < files->ndomains; d++) {
        uint64_t count = files->domain[d].count;
        for (uint64_t first = 0; first < count; first += PVR_PARTICLE_CHUNK) {
            struct pvr_particle_chunk *chunk = &work->chunk[work->nchunks];
            chunk->domain = d + 1;
            chunk->first = first;
            chunk->count = count - first < PVR_PARTICLE_CHUNK ? count - first : PVR_PARTICLE_CHUNK;
            chunk->matching = chunk->kept = chunk->count;
            chunk->out = files->domain[d].base + first;
            work->cost[work->nchunks++] = chunk->count;
        }
    }
    return PVR_OK;
}

void pvr_particle_work_free(struct pvr_particle_work *work) {
    pvr_large_free(work->mask, work->nchunks * PVR_CHUNK_WORDS * sizeof *work->mask);
    pvr_clock_free(&work->clock);
    free(work->chunk);
    free(work->cost);
    free(work->target);
    free(work->sums);
    memset(work, 0, sizeof *work);
}

enum pvr_status pvr_chunk_begin(struct pvr_chunk_reading *reading, struct pvr_particle_work *work,
                                size_t task, struct pvr_worker *worker, struct pvr_error *error) {
    *reading =
        (struct pvr_chunk_reading){.work = work, .chunk = &work->chunk[task], .worker = worker};
    reading->file.fd = -1;
    size_t most = (size_t)PVR_PARTICLE_CHUNK * 3 * 8, least = (size_t)PVR_CHUNK_STEP * 8;
    size_t raw_bytes = worker->job->settings.chunk_bytes & ~(size_t)63;
    raw_bytes = raw_bytes < least ? least : raw_bytes > most ? most : raw_bytes;
    size_t index_bytes = PVR_PARTICLE_CHUNK * sizeof *reading->index;
    char *buffer = pvr_worker_buffer(worker, index_bytes + 5 * (size_t)PVR_CHUNK_STEP * 8 +
                                                 PVR_PARTICLE_CHUNK + raw_bytes);
    if (buffer == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a read buffer");
    }
    reading->index = (uint32_t *)(void *)buffer;
    reading->number = (double *)(void *)(buffer + index_bytes);
    reading->place = reading->number + PVR_CHUNK_STEP;
    reading->whole = (int64_t *)(void *)(reading->place + 3 * PVR_CHUNK_STEP);
    reading->family = (int8_t *)(reading->whole + PVR_CHUNK_STEP);
    reading->raw = (char *)reading->family + PVR_PARTICLE_CHUNK;
    reading->raw_bytes = raw_bytes;
    return pvr_particle_files_open(work->files, reading->chunk->domain, &reading->file,
                                   &reading->path, error);
}

void pvr_chunk_end(struct pvr_chunk_reading *reading) {
    pvr_file_close(&reading->file);
    free(reading->path);
}

uint32_t pvr_chunk_width(const struct pvr_chunk_reading *reading, int column) {
    return reading->work->files->columns.column[column].width;
}

enum pvr_status pvr_chunk_column(struct pvr_chunk_reading *reading, int column, uint64_t first,
                                 uint64_t count, void *to, struct pvr_error *error) {
    uint64_t bytes = 0;
    enum pvr_status status =
        pvr_particle_files_column(reading->work->files, &reading->file, reading->chunk->domain,
                                  column, reading->chunk->first + first, count, to, &bytes, error);
    pvr_job_add_read(reading->worker, bytes);
    return status;
}

enum pvr_status pvr_chunk_reals(struct pvr_chunk_reading *reading, int column, uint64_t first,
                                uint64_t count, struct pvr_error *error) {
    enum pvr_status status = pvr_chunk_column(reading, column, first, count, reading->raw, error);
    if (status == PVR_OK) {
        pvr_particle_reals(reading->raw, pvr_chunk_width(reading, column), count, reading->number);
    }
    return status;
}

enum pvr_status pvr_chunk_whole(struct pvr_chunk_reading *reading, int column, uint64_t first,
                                uint64_t count, struct pvr_error *error) {
    enum pvr_status status = pvr_chunk_column(reading, column, first, count, reading->raw, error);
    if (status == PVR_OK) {
        pvr_particle_whole(reading->raw, pvr_chunk_width(reading, column), count, reading->whole);
    }
    return status;
}

enum pvr_status pvr_chunk_family(struct pvr_chunk_reading *reading, struct pvr_error *error) {
    const struct pvr_particle_work *work = reading->work;
    uint64_t count = reading->chunk->count;
    enum pvr_status status = PVR_OK;
    if (work->family >= 0 && pvr_chunk_width(reading, work->family) == 1) {
        return pvr_chunk_column(reading, work->family, 0, count, reading->family, error);
    }
    bool clouds = work->family < 0 && work->id >= 0 && work->files->sinks;
    for (uint64_t done = 0; status == PVR_OK && done < count; done += PVR_CHUNK_STEP) {
        uint64_t part = count - done < PVR_CHUNK_STEP ? count - done : PVR_CHUNK_STEP;
        int8_t *family = reading->family + done;
        if (work->family >= 0) {
            status = pvr_chunk_whole(reading, work->family, done, part, error);
            for (uint64_t i = 0; status == PVR_OK && i < part; i++) {
                int64_t code = reading->whole[i];
                family[i] = (int8_t)(code >= INT8_MIN && code <= INT8_MAX ? code : INT8_MIN);
            }
            continue;
        }
        memset(family, PVR_FAMILY_DARK_MATTER, (size_t)part);
        if (work->birth >= 0) {
            status = pvr_chunk_reals(reading, work->birth, done, part, error);
            for (uint64_t i = 0; status == PVR_OK && i < part; i++) {
                family[i] = reading->number[i] != 0 ? PVR_FAMILY_STAR : PVR_FAMILY_DARK_MATTER;
            }
        }
        if (status == PVR_OK && clouds) {
            status = pvr_chunk_whole(reading, work->id, done, part, error);
            for (uint64_t i = 0; status == PVR_OK && i < part; i++) {
                family[i] = reading->whole[i] < 0 ? PVR_FAMILY_CLOUD : family[i];
            }
        }
    }
    return status;
}

uint64_t pvr_chunk_family_bytes(const struct pvr_particle_work *work) {
    const struct pvr_particle_column *column = work->files->columns.column;
    if (work->family >= 0) {
        return column[work->family].width;
    }
    return (work->birth >= 0 ? column[work->birth].width : 0) +
           (work->id >= 0 && work->files->sinks ? column[work->id].width : 0);
}

bool pvr_is_born(int family, double birth) {
    return family == PVR_FAMILY_STAR ||
           (birth != 0 && (family == PVR_FAMILY_DEBRIS || family == PVR_FAMILY_OTHER));
}
