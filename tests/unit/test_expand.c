/* test_expand.c - pvr_expand.h, pvr_lz4.h: chunks by the compressors' own libraries come back, and
 * whatever is wrong with them is said. */
#include "pvr_expand.h"
#include "pvr_lz4.h"

#include "support.h"

#include "pvr_jld2_columns.h"

#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

enum { SIZE = 300000, ROOM = 2 * SIZE + 4096 };

static uint8_t *plain;

/* Doubles that are smooth, then noise, then nothing. */
static int make_plain(void **state) {
    (void)state;
    plain = malloc(SIZE);
    uint64_t random = 7;
    for (size_t i = 0; i < SIZE / 8; i++) {
        double value = i < 20000 ? 1 + 1e-3 * (double)(i / 16) : 0;
        uint64_t bits = unit_random(&random);
        memcpy(plain + 8 * i, i >= 20000 && i < 30000 ? (void *)&bits : (void *)&value, 8);
    }
    return 0;
}

static int drop_plain(void **state) {
    (void)state;
    free(plain);
    return 0;
}

struct chunk {
    uint8_t *bytes;
    size_t size;
};

static struct chunk chunk_new(void) {
    return (struct chunk){malloc(ROOM), 0};
}

/* ---- compressing ------------------------------------------------------------------------------
 */

static struct chunk lz4_frame(LZ4F_blockSizeID_t block, LZ4F_blockMode_t mode, int sum, int size,
                              int level) {
    LZ4F_preferences_t preferences = {.compressionLevel = level};
    preferences.frameInfo.blockSizeID = block;
    preferences.frameInfo.blockMode = mode;
    preferences.frameInfo.contentChecksumFlag = sum & 1 ? LZ4F_contentChecksumEnabled : 0;
    preferences.frameInfo.blockChecksumFlag = sum & 2 ? LZ4F_blockChecksumEnabled : 0;
    preferences.frameInfo.contentSize = size ? SIZE : 0;
    struct chunk chunk = chunk_new();
    chunk.size = LZ4F_compressFrame(chunk.bytes, ROOM, plain, SIZE, &preferences);
    assert_false(LZ4F_isError(chunk.size));
    return chunk;
}

static void put_big(uint8_t *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
}

/* As HDF5's LZ4 filter writes it. */
static struct chunk lz4_hdf5(size_t block) {
    struct chunk chunk = chunk_new();
    put_big(chunk.bytes, SIZE, 8);
    put_big(chunk.bytes + 8, block, 4);
    chunk.size = 12;
    for (size_t done = 0; done < SIZE; done += block) {
        size_t rest = SIZE - done < block ? SIZE - done : block;
        int got =
            LZ4_compress_default((const char *)plain + done, (char *)chunk.bytes + chunk.size + 4,
                                 (int)rest, (int)(ROOM - chunk.size - 4));
        if ((size_t)got >= rest) {
            memcpy(chunk.bytes + chunk.size + 4, plain + done, rest);
            got = (int)rest;
        }
        put_big(chunk.bytes + chunk.size, (uint64_t)got, 4);
        chunk.size += 4 + (size_t)got;
    }
    return chunk;
}

static struct chunk by_zlib(const uint8_t *from) {
    struct chunk chunk = chunk_new();
    uLongf size = ROOM;
    assert_int_equal(compress2(chunk.bytes, &size, from, SIZE, 5), Z_OK);
    chunk.size = size;
    return chunk;
}

static struct chunk by_bzip2(const uint8_t *from) {
    struct chunk chunk = chunk_new();
    unsigned size = ROOM;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)chunk.bytes, &size, (char *)(uintptr_t)from,
                                              SIZE, 5, 0, 30),
                     BZ_OK);
    chunk.size = size;
    return chunk;
}

static struct chunk by_zstd(const uint8_t *from) {
    struct chunk chunk = chunk_new();
    chunk.size = ZSTD_compress(chunk.bytes, ROOM, from, SIZE, 3);
    assert_false(ZSTD_isError(chunk.size));
    return chunk;
}

static uint8_t *shuffled(uint32_t width) {
    uint8_t *to = malloc(SIZE);
    size_t count = SIZE / width;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t b = 0; b < width; b++) {
            to[b * count + i] = plain[i * width + b];
        }
    }
    memcpy(to + count * width, plain + count * width, SIZE - count * width);
    return to;
}

/* ---- expanding --------------------------------------------------------------------------------
 */

static const char *expand(const int *filters, int nfilters, uint32_t width, const uint8_t *bytes,
                          size_t size, uint8_t *out, uint64_t out_bytes) {
    struct pvr_jld2_object object = {.nfilters = nfilters};
    for (int i = 0; i < nfilters; i++) {
        object.filter[i].id = filters[i];
        object.filter[i].parameters = 1;
        object.filter[i].parameter = width;
    }
    struct pvr_jld2_chunk chunk = {.bytes = size};
    uint8_t *scratch = malloc(out_bytes + 1);
    /* its own memory, so that a sanitizer sees what is read behind it */
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    uint8_t *exact = realloc(copy, size > 0 ? size : 1);
    const char *problem = pvr_expand_chunk(&object, &chunk, exact, out, out_bytes, scratch);
    free(exact);
    free(scratch);
    return problem;
}

/* The chunk comes back; cut, longer, or of another size it does not. */
static void check(const int *filters, int nfilters, uint32_t width, struct chunk chunk) {
    uint8_t *out = calloc(1, SIZE + 1);
    const char *problem = expand(filters, nfilters, width, chunk.bytes, chunk.size, out, SIZE);
    if (problem != NULL) {
        fail_msg("%s", problem);
    }
    assert_memory_equal(out, plain, SIZE);
    for (size_t cut = 0; cut < chunk.size; cut += 1 + chunk.size / 97) {
        assert_non_null(expand(filters, nfilters, width, chunk.bytes, cut, out, SIZE));
    }
    assert_non_null(expand(filters, nfilters, width, chunk.bytes, chunk.size - 1, out, SIZE));
    chunk.bytes[chunk.size] = chunk.bytes[chunk.size + 1] = 0;
    if (filters[nfilters - 1] != PVR_FILTER_ZSTD) { /* may have more frames */
        assert_non_null(expand(filters, nfilters, width, chunk.bytes, chunk.size + 2, out, SIZE));
    }
    uint8_t *larger = malloc(SIZE + 100);
    assert_non_null(expand(filters, nfilters, width, chunk.bytes, chunk.size, larger, SIZE + 100));
    free(larger);
    static const size_t less[] = {1, 1000, SIZE - 1};
    for (int i = 0; i < 3; i++) { /* would go on without end, were there no limit */
        uint8_t *small = malloc(SIZE - less[i]);
        assert_non_null(
            expand(filters, nfilters, width, chunk.bytes, chunk.size, small, SIZE - less[i]));
        free(small);
    }
    uint64_t random = chunk.size;
    for (int i = 0; i < 300; i++) { /* comes to some end */
        size_t at = unit_random(&random) % chunk.size;
        uint8_t right = chunk.bytes[at];
        chunk.bytes[at] ^= (uint8_t)(1 + unit_random(&random) % 255);
        expand(filters, nfilters, width, chunk.bytes, chunk.size, out, SIZE);
        chunk.bytes[at] = right;
    }
    free(out);
    free(chunk.bytes);
}

static void lz4_frames(void **state) {
    (void)state;
    const int filter[] = {PVR_FILTER_LZ4};
    static const LZ4F_blockSizeID_t blocks[] = {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max1MB};
    for (int block = 0; block < 3; block++) {
        for (int kind = 0; kind < 16; kind++) {
            check(filter, 1, 0,
                  lz4_frame(blocks[block], kind & 1 ? LZ4F_blockIndependent : LZ4F_blockLinked,
                            kind >> 1 & 3, kind >> 3, block == 1 ? LZ4HC_CLEVEL_DEFAULT : 0));
        }
    }
}

static void lz4_of_hdf5(void **state) {
    (void)state;
    const int filter[] = {PVR_FILTER_LZ4};
    static const size_t blocks[] = {SIZE, 1 << 30, 65536, 1000, 4096};
    for (int i = 0; i < 5; i++) {
        check(filter, 1, 0, lz4_hdf5(blocks[i]));
    }
}

static void other_compressors(void **state) {
    (void)state;
    static const struct {
        int filter;
        struct chunk (*compress)(const uint8_t *from);
    } kinds[] = {
        {PVR_FILTER_ZLIB, by_zlib}, {PVR_FILTER_BZIP2, by_bzip2}, {PVR_FILTER_ZSTD, by_zstd}};
    static const uint32_t widths[] = {8, 4, 1, 9};
    for (int i = 0; i < 3; i++) {
        check(&kinds[i].filter, 1, 0, kinds[i].compress(plain));
        for (int w = 0; w < 4; w++) {
            const int filters[] = {PVR_FILTER_SHUFFLE, kinds[i].filter};
            uint8_t *from = shuffled(widths[w]);
            check(filters, 2, widths[w], kinds[i].compress(from));
            free(from);
        }
    }
}

static bool from_memory(void *context, uint64_t offset, void *data, size_t bytes) {
    memcpy(data, (const uint8_t *)context + offset, bytes);
    return true;
}

/* Blocks that are expanded one by one give the same, in any order. */
static void blocks_by_themselves(void **state) {
    (void)state;
    struct chunk chunks[] = {lz4_hdf5(SIZE),
                             lz4_hdf5(5000),
                             lz4_frame(LZ4F_max64KB, LZ4F_blockIndependent, 0, 0, 0),
                             lz4_frame(LZ4F_max64KB, LZ4F_blockIndependent, 0, 1, 0),
                             lz4_frame(LZ4F_max64KB, LZ4F_blockLinked, 0, 0, 0),
                             lz4_frame(LZ4F_max64KB, LZ4F_blockIndependent, 1, 0, 0)};
    static const size_t counts[] = {1, 60, 5, 5, 0, 0};
    for (int i = 0; i < 6; i++) {
        struct pvr_lz4_block *blocks;
        size_t count;
        uint8_t *out = calloc(1, SIZE);
        assert_null(
            pvr_lz4_list(from_memory, chunks[i].bytes, chunks[i].size, SIZE, &blocks, &count));
        assert_int_equal(count, counts[i]);
        for (size_t b = count; b > 0; b--) {
            const struct pvr_lz4_block *block = &blocks[b - 1];
            assert_null(pvr_lz4_block_expand(block, chunks[i].bytes + block->in, out + block->out));
        }
        if (count > 0) {
            assert_memory_equal(out, plain, SIZE);
        }
        free(blocks);
        free(out);
        free(chunks[i].bytes);
    }
}

/* A frame whose blocks end after `step` bytes each, whatever its header says: plain ones where they
 * are noise. */
static struct chunk flushed_frame(size_t step) {
    LZ4F_preferences_t preferences = {.autoFlush = 1};
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    struct chunk chunk = chunk_new();
    LZ4F_cctx *context;
    LZ4F_createCompressionContext(&context, LZ4F_VERSION);
    chunk.size = LZ4F_compressBegin(context, chunk.bytes, ROOM, &preferences);
    for (size_t done = 0; done < SIZE; done += step) {
        size_t rest = SIZE - done < step ? SIZE - done : step;
        chunk.size += LZ4F_compressUpdate(context, chunk.bytes + chunk.size, ROOM - chunk.size,
                                          plain + done, rest, NULL);
    }
    chunk.size += LZ4F_compressEnd(context, chunk.bytes + chunk.size, ROOM - chunk.size, NULL);
    LZ4F_freeCompressionContext(context);
    return chunk;
}

/* The one chunk of a column of `count` doubles, read from a file; what is wrong, or null. */
static const char *read_column(struct chunk chunk, uint64_t count, uint64_t room, uint8_t *out) {
    static char message[PVR_MESSAGE_SIZE];
    char *folder = unit_temp_folder(), path[512];
    snprintf(path, sizeof path, "%s/chunk", folder);
    unit_write_file(path, (char *)chunk.bytes, chunk.size);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    struct pvr_jld2_identity identity = {.device = (uint64_t)status.st_dev,
                                         .inode = (uint64_t)status.st_ino,
                                         .size = (uint64_t)status.st_size,
                                         .changed = status.st_mtim};
    struct pvr_jld2_type type = {.kind = PVR_JLD2_FLOAT, .size = 8};
    struct pvr_jld2_chunk place = {.bytes = chunk.size};
    struct pvr_jld2_object object = {.type = &type,
                                     .count = count,
                                     .layout = PVR_JLD2_CHUNKED,
                                     .chunk_rows = count,
                                     .nchunks = 1,
                                     .chunk = &place,
                                     .nfilters = 1};
    object.filter[0].id = PVR_FILTER_LZ4;
    struct pvr_jld2_column column = {&object, "rho", out};
    struct pvr_jld2_source source;
    struct pvr_job job;
    struct pvr_error error;
    const struct pvr_threads threads = {.max = 2};
    unit_ok(pvr_job_begin(&job, &threads, NULL, NULL, &error), &error);
    unit_ok(pvr_jld2_source_open(path, &identity, &source, &error), &error);
    bool right = pvr_jld2_columns_read_in(&source, &column, 1, room, &job, &error) == PVR_OK;
    snprintf(message, sizeof message, "%s", right ? "" : error.message);
    pvr_job_end(&job, NULL);
    pvr_jld2_source_close(&source);
    unit_drop_folder(folder);
    return right ? NULL : message;
}

/* Columns of blocks of any kind, in memory of just their size or with room to expand in place. */
static void columns_of_blocks(void **state) {
    (void)state;
    struct chunk chunks[] = {lz4_hdf5(SIZE),
                             lz4_hdf5(5000),
                             lz4_hdf5(8192),
                             lz4_frame(LZ4F_max64KB, LZ4F_blockIndependent, 0, 0, 0),
                             lz4_frame(LZ4F_max64KB, LZ4F_blockLinked, 0, 0, 0),
                             flushed_frame(50000)};
    for (int i = 0; i < 6; i++) {
        uint64_t rooms[] = {SIZE, pvr_jld2_column_room(SIZE)};
        for (int r = 0; r < 2; r++) {
            uint8_t *out = calloc(1, rooms[r]);
            const char *problem = read_column(chunks[i], SIZE / 8, r == 0 ? 0 : rooms[r], out);
            if (problem != NULL) {
                fail_msg("%d: %s", i, problem);
            }
            assert_memory_equal(out, plain, SIZE);
            free(out);
        }
        uint8_t *less = malloc(800); /* a column that is shorter than what its blocks hold */
        assert_non_null(read_column(chunks[i], 100, 0, less));
        assert_non_null(read_column(chunks[i], 100, 800, less));
        free(less);
        free(chunks[i].bytes);
    }
    /* the same of one plain block */
    struct chunk noise = {malloc(ROOM), 11};
    memcpy(noise.bytes, "\x04\x22\x4d\x18\x60\x40\x82\x40\x9c\x00\x80", 11); /* 40000 bytes */
    memcpy(noise.bytes + 11, plain, 40000);
    memset(noise.bytes + 40011, 0, 4);
    noise.size = 40015;
    uint8_t *out = malloc(40000);
    assert_null(read_column(noise, 5000, 0, out));
    assert_memory_equal(out, plain, 40000);
    free(out);
    out = malloc(800);
    assert_non_null(read_column(noise, 100, 800, out));
    free(out);
    out = malloc(40800);
    assert_non_null(read_column(noise, 5100, 40800, out));
    free(out);
    free(noise.bytes);
}

/* A column of one value takes next to nothing by bzip2. */
static void constant_columns(void **state) {
    (void)state;
    enum { BYTES = 20000000 };
    char *zeros = calloc(1, BYTES), small[4096];
    unsigned size = sizeof small;
    assert_int_equal(BZ2_bzBuffToBuffCompress(small, &size, zeros, BYTES, 9, 0, 0), BZ_OK);
    free(zeros);
    struct pvr_error error;
    struct pvr_jld2_type type = {.kind = PVR_JLD2_FLOAT, .size = 8};
    struct pvr_jld2_chunk one = {.bytes = size};
    struct pvr_jld2_object object = {.type = &type,
                                     .count = BYTES / 8,
                                     .layout = PVR_JLD2_CHUNKED,
                                     .chunk_rows = BYTES / 8,
                                     .nchunks = 1,
                                     .chunk = &one,
                                     .nfilters = 1};
    object.filter[0].id = PVR_FILTER_BZIP2;
    unit_ok(pvr_expand_check(&object, "a.jld2", "column vz", &error), &error);
}

/* What is said: these are what a person reads. */
static void messages(void **state) {
    (void)state;
    const int lz4[] = {PVR_FILTER_LZ4};
    uint8_t *out = malloc(SIZE);
    struct chunk chunk = lz4_hdf5(65536);
    chunk.bytes[7]++;
    assert_string_equal(expand(lz4, 1, 0, chunk.bytes, chunk.size, out, SIZE),
                        "its LZ4 data claims another size");
    chunk.bytes[7]--;
    memset(chunk.bytes + 8, 0, 4);
    assert_string_equal(expand(lz4, 1, 0, chunk.bytes, chunk.size, out, SIZE),
                        "its LZ4 blocks have a size that makes no sense");
    free(chunk.bytes);
    chunk = lz4_frame(LZ4F_max64KB, LZ4F_blockLinked, 0, 1, 0);
    chunk.bytes[6] ^= 1;
    assert_string_equal(expand(lz4, 1, 0, chunk.bytes, chunk.size, out, SIZE),
                        "its LZ4 frame claims another size");
    free(chunk.bytes);
    free(out);

    struct pvr_error error;
    struct pvr_jld2_type type = {.kind = PVR_JLD2_FLOAT, .size = 8};
    struct pvr_jld2_chunk one = {.bytes = 100};
    struct pvr_jld2_object object = {
        .type = &type, .count = 10, .layout = PVR_JLD2_CHUNKED, .chunk_rows = 10, .nchunks = 1};
    object.chunk = &one;
    object.nfilters = 1;
    object.filter[0] = (struct pvr_jld2_filter){.id = 32001, .name = "blosc"};
    unit_failed(pvr_expand_check(&object, "a.jld2", "column rho", &error), &error,
                "a.jld2: column rho: was written with the filter 32001 \"blosc\" (Blosc)");
    object.filter[0].id = PVR_FILTER_LZ4;
    unit_ok(pvr_expand_check(&object, "a.jld2", "column rho", &error), &error);
    object.count = object.chunk_rows = (uint64_t)1 << 40; /* more than any LZ4 can stand for */
    unit_failed(pvr_expand_check(&object, "a.jld2", "column rho", &error), &error,
                "100 compressed bytes cannot become 1099511627776 values");
    object.count = object.chunk_rows = UINT64_MAX >> 20;
    unit_failed(pvr_expand_check(&object, "a.jld2", "column rho", &error), &error, "cannot");
    object.nfilters = 2;
    object.filter[1].id = PVR_FILTER_ZLIB;
    unit_failed(pvr_expand_check(&object, "a.jld2", "column rho", &error), &error, "several");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lz4_frames),        cmocka_unit_test(lz4_of_hdf5),
        cmocka_unit_test(other_compressors), cmocka_unit_test(blocks_by_themselves),
        cmocka_unit_test(columns_of_blocks), cmocka_unit_test(constant_columns),
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, make_plain, drop_plain);
}
