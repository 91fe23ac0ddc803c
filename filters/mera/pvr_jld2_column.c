/* pvr_jld2_column.c - columns: made, compressed and written by all threads.
 *
 * A column is one HDF5 chunk. It is made in blocks of BLOCK_BYTES; LZ4 knows blocks itself
 * (HDF5 filter 32004: total and block size, then each block's size and bytes, all sizes
 * big-endian), deflate blocks are ended at a byte and put behind each other, with one head and one
 * Adler-32 of the whole. So what is written does not depend on who compressed it. A few blocks per
 * thread are in memory: a block gets its place when all before it have one, and is written by
 * whoever made the last of these.
 */
#include "pvr_jld2_write.h"

#include <lz4.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    BLOCK_BYTES = 1 << 20,
    SLOTS_PER_THREAD = 3,
    LZ4_ID = 32004,
    LZ4_FILTER_BYTES = 22,
    ZLIB_FILTER_BYTES = 12
};

size_t pvr_jld2_filter_bytes(enum pvr_jld2_compressor compressor) {
    return compressor == PVR_JLD2_LZ4 ? LZ4_FILTER_BYTES : ZLIB_FILTER_BYTES;
}

void pvr_jld2_put_filter(struct pvr_jld2_writer *writer, uint64_t *place) {
    struct pvr_jld2_file *file = &writer->file;
    const bool lz4 = writer->compressor == PVR_JLD2_LZ4;
    pvr_jld2_put_message(file, place, PVR_JLD2_FILTER, pvr_jld2_filter_bytes(writer->compressor),
                         0);
    pvr_jld2_put_number(file, place, 2, 1); /* version */
    pvr_jld2_put_number(file, place, 1, 1); /* filters */
    pvr_jld2_put_number(file, place, lz4 ? LZ4_ID : 1, 2);
    if (lz4) {
        pvr_jld2_put_number(file, place, 8, 2); /* bytes of the name */
    }
    pvr_jld2_put_number(file, place, 0, 2); /* flags */
    pvr_jld2_put_number(file, place, 1, 2); /* values: */
    if (lz4) {
        pvr_jld2_put(file, place, "LZ4H5\0\0", 8);
    }
    pvr_jld2_put_number(file, place, lz4 ? PVR_JLD2_LZ4_NOTED_BLOCK : PVR_JLD2_ZLIB_LEVEL, 4);
}

/* One block on its way: what came out, and for the sum of all. */
struct block {
    uint64_t number; /* of the block that may use this now */
    bool ready;      /* made, and waiting for its place */
    unsigned char *packed;
    size_t bytes; /* of packed */
    size_t plain;
    uint32_t adler;
};

struct column {
    struct pvr_jld2_writer *writer;
    const struct pvr_jl_value *array;
    size_t element, rows; /* bytes of a row; rows of a block */
    uint64_t nblocks;
    size_t room;                 /* for a packed block */
    struct pvr_jld2_block *kept; /* where each block went */
    pthread_mutex_t lock;        /* of what follows */
    pthread_cond_t changed;
    bool failed;
    uint64_t next; /* the first block that has no place yet */
    uint32_t adler;
    size_t nslots;
    struct block *slot; /* of block b: b % nslots */
};

static uint64_t rows_of(const struct column *column, uint64_t block) {
    const uint64_t begin = block * column->rows, length = column->array->as.array.length;
    return length - begin < column->rows ? length - begin : column->rows;
}

/* The block's rows: those that are in memory already, or made in `scratch`. */
static enum pvr_status rows_get(const struct column *column, uint64_t block, void *scratch,
                                const void **rows, struct pvr_error *error) {
    const struct pvr_jl_value *array = column->array;
    if (array->as.array.bits != NULL) {
        *rows =
            (const unsigned char *)array->as.array.bits + block * column->rows * column->element;
        return PVR_OK;
    }
    *rows = scratch;
    return array->as.array.column(array->as.array.context, block * column->rows,
                                  rows_of(column, block), scratch, error);
}

static void big_endian(unsigned char *to, uint64_t number, int bytes) {
    for (int i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(number >> (8 * (bytes - 1 - i)));
    }
}

static void pack_lz4(const void *rows, struct block *block) {
    int n = LZ4_compress_default(rows, (char *)block->packed + 4, (int)block->plain,
                                 LZ4_compressBound((int)block->plain));
    if (n <= 0 || (size_t)n >= block->plain) { /* as it is */
        memcpy(block->packed + 4, rows, block->plain);
        n = (int)block->plain;
    }
    big_endian(block->packed, (uint64_t)n, 4);
    block->bytes = (size_t)n + 4;
}

static enum pvr_status pack_zlib(const struct column *column, const void *rows, bool last,
                                 struct block *block, struct pvr_error *error) {
    z_stream stream = {0};
    if (deflateInit2(&stream, PVR_JLD2_ZLIB_LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory to compress a column",
                        column->writer->file.path);
    }
    stream.next_in = (Bytef *)(uintptr_t)rows;
    stream.avail_in = (uInt)block->plain;
    stream.next_out = block->packed;
    stream.avail_out = (uInt)column->room;
    const int result = deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
    block->bytes = column->room - stream.avail_out;
    const bool whole =
        stream.avail_in == 0 && (result == Z_STREAM_END || (!last && result == Z_OK));
    deflateEnd(&stream);
    block->adler = (uint32_t)adler32(1, rows, (uInt)block->plain);
    return whole ? PVR_OK
                 : pvr_fail(error, PVR_ERROR_MEMORY, "%s: zlib does not compress a block",
                            column->writer->file.path);
}

static enum pvr_status make_block(const struct column *column, uint64_t number, struct block *block,
                                  struct pvr_worker *worker, struct pvr_error *error) {
    block->plain = (size_t)rows_of(column, number) * column->element;
    const void *rows;
    void *scratch = NULL;
    if (column->array->as.array.bits == NULL) {
        scratch = pvr_worker_buffer(worker, block->plain);
        if (scratch == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for a block of a column",
                            column->writer->file.path);
        }
    }
    /* Uncompressed, rows are made where they are written from. */
    const bool none = column->writer->compressor == PVR_JLD2_NONE;
    const enum pvr_status status =
        rows_get(column, number, none ? block->packed : scratch, &rows, error);
    if (status != PVR_OK) {
        return status;
    }
    if (none) {
        if (rows != block->packed) {
            memcpy(block->packed, rows, block->plain);
        }
        block->bytes = block->plain;
        return PVR_OK;
    }
    if (column->writer->compressor == PVR_JLD2_LZ4) {
        pack_lz4(rows, block);
        return PVR_OK;
    }
    return pack_zlib(column, rows, number + 1 == column->nblocks, block, error);
}

static enum pvr_status give_up(struct column *column, enum pvr_status status) {
    pthread_mutex_lock(&column->lock);
    column->failed = true;
    pthread_cond_broadcast(&column->changed);
    pthread_mutex_unlock(&column->lock);
    return status;
}

/* Waits until a block's slot is free. The first block without a place never waits here, so there is
 * always one that goes on. Null if another one has failed. */
static struct block *wait_for_slot(struct column *column, uint64_t number) {
    struct block *slot = &column->slot[number % column->nslots];
    pthread_mutex_lock(&column->lock);
    while (!column->failed && slot->number != number) {
        pthread_cond_wait(&column->changed, &column->lock);
    }
    const bool failed = column->failed;
    pthread_mutex_unlock(&column->lock);
    return failed ? NULL : slot;
}

/* Gives places to the blocks that are ready from the first missing one on; returns their number.
 * Called with the lock. */
static uint64_t give_places(struct column *column) {
    const uint64_t first = column->next;
    while (column->next < column->nblocks) {
        struct block *slot = &column->slot[column->next % column->nslots];
        if (slot->number != column->next || !slot->ready) {
            break;
        }
        slot->ready = false;
        column->kept[column->next].place =
            pvr_jld2_data_reserve(&column->writer->file, slot->bytes);
        column->kept[column->next].bytes = slot->bytes;
        if (column->writer->compressor == PVR_JLD2_ZLIB) {
            column->adler =
                (uint32_t)adler32_combine(column->adler, slot->adler, (z_off_t)slot->plain);
        }
        column->next++;
    }
    return column->next - first;
}

static enum pvr_status column_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct column *column = context;
    struct block *slot = wait_for_slot(column, task);
    if (slot == NULL) {
        return PVR_CANCELLED; /* the other one has said why */
    }
    enum pvr_status status = make_block(column, task, slot, worker, error);
    if (status != PVR_OK) {
        return give_up(column, status);
    }
    pvr_job_add_read(worker, slot->plain);
    pthread_mutex_lock(&column->lock);
    slot->ready = true;
    const uint64_t count = give_places(column), first = column->next - count;
    pthread_mutex_unlock(&column->lock);
    for (uint64_t number = first; number < first + count && status == PVR_OK; number++) {
        struct block *made = &column->slot[number % column->nslots];
        status = pvr_jld2_data_write(&column->writer->file, column->kept[number].place,
                                     made->packed, made->bytes, error);
        pthread_mutex_lock(&column->lock);
        made->number = number + column->nslots;
        pthread_cond_broadcast(&column->changed);
        pthread_mutex_unlock(&column->lock);
    }
    return status == PVR_OK ? PVR_OK : give_up(column, status);
}

/* Notes a column that is about to be written; room for where its blocks go, or null. */
static struct pvr_jld2_block *keep(struct pvr_jld2_writer *writer, const struct pvr_jl_value *array,
                                   uint64_t nblocks) {
    struct pvr_jld2_kept *more = realloc(writer->kept, (writer->nkept + 1) * sizeof *more);
    struct pvr_jld2_block *blocks = calloc(nblocks, sizeof *blocks);
    writer->kept = more != NULL ? more : writer->kept;
    if (more == NULL || blocks == NULL) {
        free(blocks);
        return NULL;
    }
    more[writer->nkept++] = (struct pvr_jld2_kept){array, nblocks, blocks};
    return blocks;
}

/* Room for the blocks on their way; runs the tasks. */
static enum pvr_status run(struct column *column, struct pvr_error *error) {
    struct pvr_job *job = column->writer->job;
    const uint64_t slots = (uint64_t)job->threads * SLOTS_PER_THREAD;
    column->nslots = (size_t)(column->nblocks < slots ? column->nblocks : slots);
    column->slot = calloc(column->nslots, sizeof *column->slot);
    unsigned char *memory = malloc(column->nslots * column->room);
    enum pvr_status status = PVR_OK;
    if (column->slot == NULL || memory == NULL || column->kept == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory to compress a column",
                          column->writer->file.path);
    } else {
        for (size_t s = 0; s < column->nslots; s++) {
            column->slot[s].number = s;
            column->slot[s].packed = memory + s * column->room;
        }
        pthread_mutex_init(&column->lock, NULL);
        pthread_cond_init(&column->changed, NULL);
        status = pvr_job_run(job, (size_t)column->nblocks, NULL, column_task, NULL, column, error);
        pthread_cond_destroy(&column->changed);
        pthread_mutex_destroy(&column->lock);
    }
    free(column->slot);
    free(memory);
    return status;
}

/* Bytes at a place of their own. */
static void put_bytes(struct pvr_jld2_file *file, const void *bytes, size_t n) {
    const uint64_t place = pvr_jld2_data_reserve(file, n);
    if (!pvr_jld2_failed(file)) {
        pvr_jld2_data_write(file, place, bytes, n, &file->error);
    }
}

uint64_t pvr_jld2_write_column(struct pvr_jld2_writer *writer, const struct pvr_jl_value *array,
                               uint64_t *bytes) {
    static const unsigned char zlib_head[] = {0x78, 0x5e}; /* deflate, 32 KiB, level 5 */
    struct pvr_jld2_file *file = &writer->file;
    const enum pvr_jld2_compressor compressor = writer->compressor;
    const uint64_t length = array->as.array.length, begin = file->end;
    struct column column = {.writer = writer, .array = array, .adler = 1};
    *bytes = 0;
    if (pvr_jld2_failed(file)) {
        return begin;
    }
    column.element = pvr_jld2_field_bytes(array->type->element, false);
    column.rows = BLOCK_BYTES / column.element;
    column.nblocks = (length + column.rows - 1) / column.rows;
    column.kept = keep(writer, array, column.nblocks);
    const size_t plain = (size_t)(length < column.rows ? length : column.rows) * column.element;
    column.room = compressor == PVR_JLD2_LZ4    ? (size_t)LZ4_compressBound((int)plain) + 4
                  : compressor == PVR_JLD2_ZLIB ? deflateBound(NULL, (uLong)plain) + 64
                                                : plain;
    unsigned char number[12];
    if (compressor == PVR_JLD2_LZ4) {
        big_endian(number, length * column.element, 8);
        big_endian(number + 8, plain, 4);
        put_bytes(file, number, 12);
    } else if (compressor == PVR_JLD2_ZLIB) {
        put_bytes(file, zlib_head, sizeof zlib_head);
    }
    struct pvr_error error;
    pvr_error_clear(&error);
    const enum pvr_status status = pvr_jld2_failed(file) ? PVR_OK : run(&column, &error);
    if (status != PVR_OK) {
        file->error = error;
        file->error.status = status;
    }
    if (compressor == PVR_JLD2_ZLIB) {
        big_endian(number, column.adler, 4);
        put_bytes(file, number, 4);
    }
    *bytes = file->end - begin;
    return begin;
}

/* ---- reading back -----------------------------------------------------------------------------
 */

struct comparing {
    struct pvr_jld2_writer *writer;
    const struct pvr_jld2_kept *kept; /* of one column */
    size_t element, rows;
};

static bool expand(const struct comparing *comparing, const void *packed, size_t bytes, void *plain,
                   size_t size) {
    const unsigned char *from = packed;
    switch (comparing->writer->compressor) {
    case PVR_JLD2_LZ4:
        if (bytes == size + 4) {
            memcpy(plain, from + 4, size);
            return true;
        }
        return LZ4_decompress_safe((const char *)from + 4, plain, (int)bytes - 4, (int)size) ==
               (int)size;
    case PVR_JLD2_ZLIB: {
        z_stream stream = {0};
        stream.next_in = (Bytef *)(uintptr_t)from;
        stream.avail_in = (uInt)bytes;
        stream.next_out = plain;
        stream.avail_out = (uInt)size;
        if (inflateInit2(&stream, -15) != Z_OK) {
            return false;
        }
        const int result = inflate(&stream, Z_SYNC_FLUSH);
        inflateEnd(&stream);
        return stream.avail_out == 0 && (result == Z_OK || result == Z_STREAM_END);
    }
    default:
        memcpy(plain, packed, size);
        return bytes == size;
    }
}

static enum pvr_status compare_task(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    const struct comparing *comparing = context;
    const struct pvr_jl_value *array = comparing->kept->array;
    const struct pvr_jld2_block *block = &comparing->kept->block[task];
    const struct column column = {.writer = comparing->writer,
                                  .array = array,
                                  .element = comparing->element,
                                  .rows = comparing->rows};
    const char *path = comparing->writer->file.path;
    const size_t size = (size_t)rows_of(&column, task) * comparing->element;
    const size_t aligned = (block->bytes + 63) / 64 * 64;
    unsigned char *packed = pvr_worker_buffer(worker, aligned + 2 * (size + 64));
    if (packed == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory to read a block back", path);
    }
    unsigned char *plain = packed + aligned, *made = plain + (size + 63) / 64 * 64;
    const void *rows;
    enum pvr_status status =
        pvr_jld2_data_read(&comparing->writer->file, block->place, packed, block->bytes, error);
    if (status == PVR_OK) {
        status = rows_get(&column, task, made, &rows, error);
    }
    if (status == PVR_OK &&
        (!expand(comparing, packed, block->bytes, plain, size) || memcmp(plain, rows, size) != 0)) {
        status = pvr_fail(error, PVR_ERROR_IO,
                          "%s: what was written at %llu is not what is read back: the disk or the "
                          "memory of this machine fails",
                          path, (unsigned long long)block->place);
    }
    return status;
}

enum pvr_status pvr_jld2_writer_compare(struct pvr_jld2_writer *writer, struct pvr_error *error) {
    for (size_t k = 0; k < writer->nkept; k++) {
        struct comparing comparing = {.writer = writer, .kept = &writer->kept[k]};
        comparing.element = pvr_jld2_field_bytes(comparing.kept->array->type->element, false);
        comparing.rows = BLOCK_BYTES / comparing.element;
        const enum pvr_status status = pvr_job_run(writer->job, comparing.kept->nblocks, NULL,
                                                   compare_task, NULL, &comparing, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    return PVR_OK;
}
