/* fuzz_lz4.c - any bytes as a compressed chunk.
 *
 * The first byte says by what (and whether shuffled), the next two how many bytes it should become.
 * Where the blocks of LZ4 are expanded one by one, they must give what the whole gives.
 */
#include "pvr_expand.h"
#include "pvr_lz4.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool from_memory(void *context, uint64_t offset, void *data, size_t bytes) {
    memcpy(data, (const uint8_t *)context + offset, bytes);
    return true;
}

static void block_by_block(const uint8_t *chunk, size_t bytes, const uint8_t *whole,
                           const char *problem, uint64_t out_bytes) {
    struct pvr_lz4_block *blocks;
    size_t count;
    void *from = (void *)(uintptr_t)chunk;
    const char *wrong = pvr_lz4_list(from_memory, from, bytes, out_bytes, &blocks, &count);
    uint8_t *out = malloc(out_bytes + 1);
    for (size_t i = 0; wrong == NULL && i < count; i++) {
        if (blocks[i].plain && blocks[i].in_bytes != blocks[i].out_bytes) {
            abort();
        }
        /* in memory of its own, so that what is read beside it is seen */
        uint8_t *in = malloc(blocks[i].in_bytes + 1);
        memcpy(in, chunk + blocks[i].in, blocks[i].in_bytes);
        wrong = pvr_lz4_block_expand(&blocks[i], in, out + blocks[i].out);
        free(in);
    }
    if (count > 0 && wrong == NULL && (problem != NULL || memcmp(out, whole, out_bytes) != 0)) {
        abort();
    }
    free(out);
    free(blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int filters[] = {PVR_FILTER_LZ4, PVR_FILTER_LZ4, PVR_FILTER_ZLIB, PVR_FILTER_BZIP2,
                                  PVR_FILTER_ZSTD};
    if (size < 3) {
        return 0;
    }
    int filter = filters[data[0] % (sizeof filters / sizeof *filters)];
    uint64_t out_bytes = ((uint64_t)data[1] << 8 | data[2]) << (data[0] & 0x40 ? 4 : 0);
    size_t bytes = size - 3;
    uint8_t *chunk = malloc(bytes + 1), *out = malloc(out_bytes + 1),
            *scratch = malloc(out_bytes + 1);
    uint8_t *exact = realloc(chunk, bytes > 0 ? bytes : 1); /* a sanitizer sees its end */
    memcpy(exact, data + 3, bytes);
    struct pvr_jld2_object object = {.nfilters = 1};
    object.filter[0].id = filter;
    if (data[0] & 0x80) {
        object.nfilters = 2;
        object.filter[1].id = filter;
        object.filter[0] = (struct pvr_jld2_filter){.id = PVR_FILTER_SHUFFLE, .parameters = 1};
        object.filter[0].parameter = 1 + data[0] % 9;
    }
    const struct pvr_jld2_chunk place = {.bytes = bytes};
    const char *problem = pvr_expand_chunk(&object, &place, exact, out, out_bytes, scratch);
    if (filter == PVR_FILTER_LZ4 && object.nfilters == 1) {
        block_by_block(exact, bytes, out, problem, out_bytes);
    }
    free(exact);
    free(out);
    free(scratch);
    return 0;
}
