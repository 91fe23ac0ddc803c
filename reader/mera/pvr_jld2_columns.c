/* pvr_jld2_columns.c - reading whole columns of a JLD2 file with all threads. */
#include "pvr_jld2_columns.h"

#include "pvr_expand.h"
#include "pvr_jld2_private.h"
#include "pvr_lz4.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    PLAIN_BYTES = 4 << 20, /* of a task, where nothing is compressed */
    BLOCK_BYTES = 1 << 20, /* the same of expanded blocks: what a processor's own cache holds */
    MOST_BLOCKS_AT_ONCE = 32
};

static const char unreadable[] = "it cannot be read";
static const char no_memory[] = "no memory";

/* ---- the file ---------------------------------------------------------------------------------
 */

static bool is_same(const struct pvr_jld2_identity *identity, const struct stat *status) {
    return identity->device == (uint64_t)status->st_dev &&
           identity->inode == (uint64_t)status->st_ino &&
           identity->size == (uint64_t)status->st_size &&
           identity->changed.tv_sec == status->st_mtim.tv_sec &&
           identity->changed.tv_nsec == status->st_mtim.tv_nsec;
}

enum pvr_status pvr_jld2_source_check(const struct pvr_jld2_source *source,
                                      struct pvr_error *error) {
    struct stat status;
    if (fstat(source->fd, &status) != 0 || !is_same(&source->identity, &status)) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: was changed while it was read", source->path);
    }
    return PVR_OK;
}

enum pvr_status pvr_jld2_source_open(const char *path, const struct pvr_jld2_identity *identity,
                                     struct pvr_jld2_source *source, struct pvr_error *error) {
    *source = (struct pvr_jld2_source){
        .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .path = path, .identity = *identity};
    if (source->fd < 0) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: %s", path, strerror(errno));
    }
    return pvr_jld2_source_check(source, error);
}

void pvr_jld2_source_close(struct pvr_jld2_source *source) {
    if (source->fd >= 0) {
        close(source->fd);
        source->fd = -1;
    }
}

/* ---- tasks ------------------------------------------------------------------------------------
 */

/* A part of a column: bytes as they are, a whole chunk, or some of its blocks. */
struct part {
    int column;
    uint64_t offset, bytes;             /* in the file */
    uint64_t out;                       /* bytes of the column before it */
    const struct pvr_jld2_chunk *chunk; /* null: plain bytes */
    size_t first, count;                /* of the column's blocks; 0: the chunk as one */
};

struct reading {
    const struct pvr_jld2_source *source;
    const struct pvr_jld2_column *columns;
    uint64_t column_room;          /* bytes at each column; 0: no more than it has */
    struct pvr_lz4_block **blocks; /* [column]; the places are those in the chunk */
    struct part *part;
    uint64_t *cost;
    size_t nparts, room;
};

static enum pvr_status out_of_memory(struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the parts of columns");
}

static enum pvr_status add_part(struct reading *reading, struct part part, uint64_t cost,
                                struct pvr_error *error) {
    if (reading->nparts == reading->room) {
        size_t more = reading->room > 0 ? 2 * reading->room : 64;
        struct part *parts = realloc(reading->part, more * sizeof *parts);
        reading->part = parts != NULL ? parts : reading->part;
        uint64_t *costs = realloc(reading->cost, more * sizeof *costs);
        reading->cost = costs != NULL ? costs : reading->cost;
        if (parts == NULL || costs == NULL) {
            return out_of_memory(error);
        }
        reading->room = more;
    }
    reading->part[reading->nparts] = part;
    reading->cost[reading->nparts++] = cost;
    return PVR_OK;
}

struct place {
    const struct pvr_jld2_source *source;
    uint64_t offset;
};

static bool read_in_chunk(void *context, uint64_t offset, void *data, size_t bytes) {
    const struct place *place = context;
    return pvr_jld2_pread_all(place->source->fd, place->offset + offset, data, bytes);
}

/* Cuts a column of one chunk into runs of blocks, where there are several. */
static enum pvr_status cut_blocks(struct reading *reading, int column, bool *cut,
                                  struct pvr_error *error) {
    const struct pvr_jld2_object *object = reading->columns[column].object;
    const struct pvr_jld2_chunk *chunk = &object->chunk[0];
    struct place place = {reading->source, chunk->offset};
    uint64_t bytes = pvr_jld2_bytes(object);
    size_t count;
    struct pvr_lz4_block *blocks;
    const char *problem = pvr_lz4_list(read_in_chunk, &place, chunk->bytes, bytes, &blocks, &count);
    if (problem != NULL) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: column %s: %s", reading->source->path,
                        reading->columns[column].name, problem);
    }
    reading->blocks[column] = blocks;
    *cut = count > 0;
    enum pvr_status status = PVR_OK;
    for (size_t first = 0, end; *cut && status == PVR_OK && first < count; first = end) {
        end = first + 1;
        while (end < count &&
               blocks[end].out + blocks[end].out_bytes - blocks[first].out <= BLOCK_BYTES) {
            end++;
        }
        const struct pvr_lz4_block *last = &blocks[end - 1];
        struct part part = {.column = column, .chunk = chunk, .first = first, .count = end - first};
        part.offset = chunk->offset + blocks[first].in;
        part.bytes = last->in + last->in_bytes - blocks[first].in;
        status = add_part(reading, part, last->out + last->out_bytes - blocks[first].out, error);
    }
    return status;
}

static enum pvr_status cut_column(struct reading *reading, int column, struct pvr_error *error) {
    const struct pvr_jld2_object *object = reading->columns[column].object;
    uint64_t bytes = pvr_jld2_bytes(object);
    enum pvr_status status =
        pvr_expand_check(object, reading->source->path, reading->columns[column].name, error);
    if (status != PVR_OK || bytes == 0) {
        return status;
    }
    if (object->layout != PVR_JLD2_CHUNKED) {
        for (uint64_t done = 0; status == PVR_OK && done < bytes; done += PLAIN_BYTES) {
            uint64_t count = bytes - done < PLAIN_BYTES ? bytes - done : PLAIN_BYTES;
            struct part part = {column, object->offset + done, count, done, NULL, 0, 0};
            status = add_part(reading, part, count, error);
        }
        return status;
    }
    bool cut = false;
    if (object->nchunks == 1 && pvr_expand_is_lz4(object, &object->chunk[0])) {
        status = cut_blocks(reading, column, &cut, error);
    }
    uint64_t step = object->chunk_rows * object->type->size;
    for (uint64_t i = 0; !cut && status == PVR_OK && i < object->nchunks; i++) {
        const struct pvr_jld2_chunk *chunk = &object->chunk[i];
        struct part part = {column, chunk->offset, chunk->bytes, i * step, chunk, 0, 0};
        status = add_part(reading, part, step, error);
    }
    return status;
}

static uint64_t round_up(uint64_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/* One chunk. The last of several is stored whole though its end is behind the column's. */
static const char *expand_whole(const struct pvr_jld2_column *column, const struct part *part,
                                uint8_t *in) {
    const struct pvr_jld2_object *object = column->object;
    uint64_t step = object->chunk_rows * object->type->size;
    uint64_t rest = pvr_jld2_bytes(object) - part->out;
    uint8_t *out = (uint8_t *)column->out + part->out;
    uint8_t *scratch = in + round_up(part->bytes);

    if (step <= rest) {
        return pvr_expand_chunk(object, part->chunk, in, out, step, scratch);
    }
    const char *problem =
        pvr_expand_chunk(object, part->chunk, in, scratch + round_up(step), step, scratch);
    if (problem == NULL) {
        memcpy(out, scratch + round_up(step), rest);
    }
    return problem;
}

static uint64_t scratch_bytes(const struct pvr_jld2_object *object, const struct part *part) {
    uint64_t step = object->chunk_rows * object->type->size;
    bool beyond = step > pvr_jld2_bytes(object) - part->out;
    return beyond ? 2 * round_up(step) : pvr_expand_needs_scratch(object) ? step : 0;
}

uint64_t pvr_jld2_column_buffer(const struct pvr_jld2_object *object) {
    uint64_t most = 0;
    if (object->layout != PVR_JLD2_CHUNKED || object->type == NULL) {
        return 0; /* read to its place; not read */
    }
    const uint64_t step = object->chunk_rows * object->type->size;
    for (uint64_t i = 0; i < object->nchunks; i++) {
        const struct part part = {.out = i * step, .bytes = object->chunk[i].bytes};
        const uint64_t bytes = round_up(part.bytes) + scratch_bytes(object, &part);
        most = bytes > most ? bytes : most;
    }
    return most;
}

uint64_t pvr_jld2_column_room(uint64_t bytes) {
    return bytes + pvr_lz4_margin(bytes);
}

/* A block that is all of the column, if it can be expanded in the column's own memory. */
static bool read_in_place(const struct reading *reading, const struct pvr_jld2_column *column,
                          const struct part *part, const char **problem) {
    const struct pvr_lz4_block *block = &reading->blocks[part->column][part->first];
    uint8_t *out = column->out;
    if (part->count != 1 || block->out_bytes != pvr_jld2_bytes(column->object)) {
        return false;
    }
    if (block->plain) {
        *problem = pvr_jld2_pread_all(reading->source->fd, part->offset, out, part->bytes)
                       ? NULL
                       : unreadable;
        return true;
    }
    uint64_t room = reading->column_room;
    if (room < block->out_bytes + pvr_lz4_margin(block->in_bytes) || room < block->in_bytes) {
        return false;
    }
    uint8_t *in = out + room - block->in_bytes;
    *problem = pvr_jld2_pread_all(reading->source->fd, part->offset, in, part->bytes)
                   ? pvr_lz4_block_expand(block, in, out)
                   : unreadable;
    return true;
}

/* Blocks that are not compressed, straight to their places; what stands between them is dropped. */
static bool read_plain(const struct pvr_jld2_source *source, uint64_t offset,
                       const struct pvr_lz4_block *block, size_t count, uint8_t *out) {
    uint8_t length[4]; /* of the next one */
    struct iovec to[2 * MOST_BLOCKS_AT_ONCE];
    int parts = 0;
    uint64_t end = block[0].in;
    for (size_t i = 0; i < count; i++) {
        if (block[i].in > end) {
            to[parts++] = (struct iovec){length, sizeof length};
        }
        to[parts++] = (struct iovec){out + block[i].out, block[i].in_bytes};
        end = block[i].in + block[i].in_bytes;
    }
    ssize_t got;
    do {
        got = preadv(source->fd, to, parts, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    /* what a read that ended early left out */
    for (size_t i = 0; got >= 0 && (uint64_t)got < end - block[0].in && i < count; i++) {
        uint64_t from = block[i].in - block[0].in;
        if (from + block[i].in_bytes > (uint64_t)got &&
            !pvr_jld2_pread_all(source->fd, offset + from, out + block[i].out, block[i].in_bytes)) {
            return false;
        }
    }
    return got >= 0;
}

/* A run of blocks that are all compressed, or all not. */
static const char *read_blocks(const struct reading *reading, const struct pvr_jld2_column *column,
                               uint64_t offset, const struct pvr_lz4_block *block, size_t count,
                               struct pvr_worker *worker) {
    const struct pvr_lz4_block *last = &block[count - 1];
    if (block->plain) {
        return read_plain(reading->source, offset, block, count, column->out) ? NULL : unreadable;
    }
    uint64_t bytes = last->in + last->in_bytes - block->in;
    uint8_t *in = pvr_worker_buffer(worker, round_up(bytes));
    const char *problem = in == NULL                                                   ? no_memory
                          : pvr_jld2_pread_all(reading->source->fd, offset, in, bytes) ? NULL
                                                                                       : unreadable;
    for (size_t i = 0; problem == NULL && i < count; i++) {
        problem = pvr_lz4_block_expand(&block[i], in + (block[i].in - block->in),
                                       (uint8_t *)column->out + block[i].out);
    }
    return problem;
}

static const char *read_runs(const struct reading *reading, const struct pvr_jld2_column *column,
                             const struct part *part, struct pvr_worker *worker) {
    const struct pvr_lz4_block *block = reading->blocks[part->column] + part->first;
    const char *problem = NULL;
    for (size_t first = 0, end; problem == NULL && first < part->count; first = end) {
        end = first + 1;
        while (end < part->count && end - first < MOST_BLOCKS_AT_ONCE &&
               block[end].plain == block[first].plain) {
            end++;
        }
        uint64_t offset = part->chunk->offset + block[first].in;
        problem = read_blocks(reading, column, offset, block + first, end - first, worker);
    }
    return problem;
}

static enum pvr_status read_part(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct reading *reading = context;
    const struct part *part = &reading->part[task];
    const struct pvr_jld2_column *column = &reading->columns[part->column];
    const char *problem = NULL;
    if (part->chunk == NULL) {
        uint8_t *out = (uint8_t *)column->out + part->out;
        problem = pvr_jld2_pread_all(reading->source->fd, part->offset, out, part->bytes)
                      ? NULL
                      : unreadable;
    } else if (part->count > 0 && !read_in_place(reading, column, part, &problem)) {
        problem = read_runs(reading, column, part, worker);
    } else if (part->count == 0) {
        uint64_t bytes = round_up(part->bytes) + scratch_bytes(column->object, part);
        uint8_t *in = pvr_worker_buffer(worker, bytes);
        problem = in == NULL ? no_memory
                  : pvr_jld2_pread_all(reading->source->fd, part->offset, in, part->bytes)
                      ? expand_whole(column, part, in)
                      : unreadable;
    }
    if (problem == no_memory) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu compressed bytes",
                        (unsigned long long)part->bytes);
    }
    if (problem != NULL) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: column %s: %s", reading->source->path,
                        column->name, problem);
    }
    pvr_job_add_read(worker, part->bytes);
    return PVR_OK;
}

static void prefetch_part(void *context, size_t task) {
    const struct reading *reading = context;
    const struct part *part = &reading->part[task];
    posix_fadvise(reading->source->fd, (off_t)part->offset, (off_t)part->bytes,
                  POSIX_FADV_WILLNEED);
}

uint64_t pvr_jld2_column_stored(const struct pvr_jld2_object *object) {
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < object->nchunks; i++) {
        bytes += object->chunk[i].bytes;
    }
    return object->layout == PVR_JLD2_CHUNKED ? bytes : pvr_jld2_bytes(object);
}

enum pvr_status pvr_jld2_columns_read(const struct pvr_jld2_source *source,
                                      const struct pvr_jld2_column *columns, int count,
                                      struct pvr_job *job, struct pvr_error *error) {
    return pvr_jld2_columns_read_in(source, columns, count, 0, job, error);
}

enum pvr_status pvr_jld2_columns_read_in(const struct pvr_jld2_source *source,
                                         const struct pvr_jld2_column *columns, int count,
                                         uint64_t room, struct pvr_job *job,
                                         struct pvr_error *error) {
    struct reading reading = {.source = source, .columns = columns, .column_room = room};
    reading.blocks = calloc((size_t)count + 1, sizeof *reading.blocks);
    enum pvr_status status = reading.blocks != NULL ? PVR_OK : out_of_memory(error);
    for (int i = 0; status == PVR_OK && i < count; i++) {
        status = cut_column(&reading, i, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, reading.nparts, reading.cost, read_part, prefetch_part, &reading,
                             error);
    }
    for (int i = 0; reading.blocks != NULL && i < count; i++) {
        free(reading.blocks[i]);
    }
    free(reading.blocks);
    free(reading.part);
    free(reading.cost);
    return status;
}
