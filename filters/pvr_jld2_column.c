/* pvr_jld2_column.c - columns: made, compressed and written by all threads.
 *
 * A column is one HDF5 chunk. It is made in blocks of BLOCK_BYTES; LZ4 knows blocks itself
 * (HDF5 filter 32004: total and block size, then each block's size and bytes, all sizes
 * big-endian), deflate blocks are ended at a byte and put behind each other, with one head and one
 * Adler-32 of the whole. So what is written does not depend on who compressed it. A few blocks per
 * thread are in memory: while the threads compress some, they write those before.
 */
#include "pvr_jld2_write.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    BLOCK_BYTES = 1 << 20,
    BLOCKS_PER_THREAD = 4,
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

/* One block on its way: rows, what came out, where it goes. */
struct block {
    unsigned char *packed;
    size_t bytes; /* of packed */
    uint64_t place;
    uint32_t adler;
    size_t plain;
};

struct column {
    struct pvr_jld2_writer *writer;
    const struct pvr_jl_value *array;
    size_t element, rows; /* bytes of a row; rows of a block */
    uint64_t nblocks;
    size_t room;                /* for a packed block */
    struct block *wave, *ready; /* being made; made, to be written */
    uint64_t first;             /* block of wave[0] */
    size_t nwave, nready;
    struct pvr_jld2_block *kept; /* where each block went */
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

static enum pvr_status make_block(struct column *column, size_t at, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    const uint64_t number = column->first + at;
    struct block *block = &column->wave[at];
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

/* Task t < nwave makes a block, the others write one. */
static enum pvr_status column_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct column *column = context;
    if (task < column->nwave) {
        return make_block(column, task, worker, error);
    }
    const struct block *block = &column->ready[task - column->nwave];
    const enum pvr_status status = pvr_jld2_data_write(&column->writer->file, block->place,
                                                       block->packed, block->bytes, error);
    pvr_job_add_read(worker, block->plain);
    return status;
}

/* Blocks wave by wave: places of one are known when it is made, then it is written with the next.
 */
static void run_waves(struct column *column, size_t most, uint32_t *adler) {
    struct pvr_jld2_writer *writer = column->writer;
    do {
        const uint64_t left = column->nblocks - column->first;
        column->nwave = (size_t)(left < most ? left : most);
        const enum pvr_status status =
            pvr_job_run(writer->job, column->nwave + column->nready, NULL, column_task, NULL,
                        column, &writer->file.error);
        if (status != PVR_OK) {
            writer->file.error.status = status;
            return;
        }
        for (size_t i = 0; i < column->nwave; i++) {
            struct block *block = &column->wave[i];
            block->place = pvr_jld2_data_reserve(&writer->file, block->bytes);
            column->kept[column->first + i] = (struct pvr_jld2_block){block->place, block->bytes};
            *adler = (uint32_t)adler32_combine(*adler, block->adler, (z_off_t)block->plain);
        }
        struct block *made = column->wave;
        column->wave = column->ready;
        column->ready = made;
        column->first += column->nwave;
        column->nready = column->nwave;
    } while (column->nready > 0);
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

uint64_t pvr_jld2_write_column(struct pvr_jld2_writer *writer, const struct pvr_jl_value *array,
                               uint64_t *bytes) {
    const size_t element = pvr_jld2_field_bytes(array->type->element, false);
    struct column column = {.writer = writer, .array = array, .element = element};
    const uint64_t begin = writer->file.end;
    const uint64_t length = array->as.array.length;
    const enum pvr_jld2_compressor compressor = writer->compressor;
    *bytes = 0;
    if (pvr_jld2_failed(&writer->file)) {
        return begin;
    }
    column.rows = BLOCK_BYTES / element;
    column.nblocks = (length + column.rows - 1) / column.rows;
    column.kept = keep(writer, array, column.nblocks);
    const size_t plain = (size_t)(length < column.rows ? length : column.rows) * element;
    column.room = compressor == PVR_JLD2_LZ4    ? (size_t)LZ4_compressBound((int)plain) + 4
                  : compressor == PVR_JLD2_ZLIB ? deflateBound(NULL, (uLong)plain) + 64
                                                : plain;
    const uint64_t in_flight =
        (uint64_t)pvr_threads_count(&writer->job->settings) * BLOCKS_PER_THREAD;
    const size_t most = (size_t)(column.nblocks < in_flight ? column.nblocks : in_flight);
    struct block *blocks = calloc(2 * most, sizeof *blocks);
    unsigned char *memory = malloc(2 * most * column.room);
    if (blocks == NULL || memory == NULL || column.kept == NULL) {
        free(blocks);
        free(memory);
        pvr_fail(&writer->file.error, PVR_ERROR_MEMORY, "%s: no memory to compress a column",
                 writer->file.path);
        return begin;
    }
    for (size_t i = 0; i < 2 * most; i++) {
        blocks[i].packed = memory + i * column.room;
    }
    column.wave = blocks;
    column.ready = blocks + most;
    unsigned char head[12], tail[4];
    size_t nhead = 0, ntail = 0;
    if (compressor == PVR_JLD2_LZ4) {
        big_endian(head, length * element, 8);
        big_endian(head + 8, plain, 4);
        nhead = sizeof head;
    } else if (compressor == PVR_JLD2_ZLIB) {
        head[0] = 0x78; /* deflate, 32 KiB */
        head[1] = 0x5e; /* level 5 */
        nhead = 2;
        ntail = sizeof tail;
    }
    const uint64_t front = pvr_jld2_data_reserve(&writer->file, nhead);
    pvr_jld2_data_write(&writer->file, front, head, nhead, &writer->file.error);
    uint32_t adler = 1;
    if (!pvr_jld2_failed(&writer->file)) {
        run_waves(&column, most, &adler);
    }
    if (ntail > 0 && !pvr_jld2_failed(&writer->file)) {
        big_endian(tail, adler, 4);
        const uint64_t back = pvr_jld2_data_reserve(&writer->file, ntail);
        pvr_jld2_data_write(&writer->file, back, tail, ntail, &writer->file.error);
    }
    free(blocks);
    free(memory);
    *bytes = writer->file.end - begin;
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
