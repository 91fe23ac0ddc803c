/* pvr_lz4.c - the two ways in which Mera files hold LZ4. */
#include "pvr_lz4.h"

#include <limits.h>
#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME_MAGIC = 0x184D2204,
    HDF5_HEAD = 12,
    DICTIONARY = 64 << 10,
    MOST_BLOCK = LZ4_MAX_INPUT_SIZE
};

static const char no_memory[] = "no memory";
static const char cut[] = "its LZ4 data is cut";
static const char too_long[] = "its LZ4 data goes on behind its size";
static const char too_short[] = "its LZ4 data ends before its size";
static const char spoilt[] = "its LZ4 data is spoilt";

static uint32_t little4(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t big4(const uint8_t *p) {
    return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

static bool is_frame(const uint8_t *chunk, uint64_t bytes) {
    return bytes >= 4 && little4(chunk) == FRAME_MAGIC;
}

/* ---- frames -----------------------------------------------------------------------------------
 */

struct frame {
    bool independent, checked;
    uint32_t block_bytes; /* the most that a block expands to */
    uint64_t content;     /* 0: not told */
    unsigned head;        /* bytes of the header */
};

/* Null where the header is one that is read here. */
static const char *read_head(const uint8_t *chunk, uint64_t bytes, struct frame *frame) {
    if (bytes < 7) {
        return cut;
    }
    unsigned flags = chunk[4], size = chunk[5] >> 4 & 7;
    frame->independent = flags & 0x20;
    frame->checked = flags & 0x14; /* of blocks, of the content */
    frame->head = 7 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
    frame->block_bytes = size >= 4 ? (uint32_t)1 << (8 + 2 * size) : 0;
    frame->content = 0;
    if (flags >> 6 != 1 || (flags & 2) || (chunk[5] & 0x8f) || frame->block_bytes == 0) {
        return "its LZ4 frame has a header that makes no sense";
    }
    if (flags & 1) {
        return "its LZ4 frame needs a dictionary";
    }
    if (bytes < frame->head) {
        return cut;
    }
    for (int i = 7; (flags & 8) && i >= 0; i--) {
        frame->content = frame->content << 8 | chunk[6 + i];
    }
    return NULL;
}

/* By liblz4's own reader of frames, which looks at checksums. */
static const char *expand_checked(const uint8_t *chunk, uint64_t bytes, uint8_t *out,
                                  uint64_t out_bytes) {
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
        return no_memory;
    }
    const LZ4F_decompressOptions_t options = {.stableDst = 1};
    uint64_t in = 0, done = 0;
    size_t hint = 1;
    const char *problem = NULL;
    while (problem == NULL && hint != 0) {
        size_t taken = bytes - in, given = out_bytes - done;
        hint = LZ4F_decompress(context, out + done, &given, chunk + in, &taken, &options);
        in += taken;
        done += given;
        if (LZ4F_isError(hint)) {
            problem = spoilt;
        } else if (hint != 0 && taken == 0 && given == 0) {
            problem = in == bytes ? cut : too_long;
        }
    }
    LZ4F_freeDecompressionContext(context);
    return problem != NULL    ? problem
           : in < bytes       ? "bytes stand behind its LZ4 frame"
           : done < out_bytes ? too_short
                              : NULL;
}

/* Block after block, straight to their place: the bytes before are the dictionary. */
static const char *expand_frame(const uint8_t *chunk, uint64_t bytes, uint8_t *out,
                                uint64_t out_bytes) {
    struct frame frame;
    const char *problem = read_head(chunk, bytes, &frame);
    if (problem != NULL) {
        return problem;
    }
    if (frame.content != 0 && frame.content != out_bytes) {
        return "its LZ4 frame claims another size";
    }
    if (frame.checked) {
        return expand_checked(chunk, bytes, out, out_bytes);
    }
    uint64_t in = frame.head, done = 0;
    for (;;) {
        if (bytes - in < 4) {
            return cut;
        }
        uint32_t length = little4(chunk + in) & 0x7fffffff;
        bool plain = chunk[in + 3] >> 7;
        in += 4;
        if (length == 0) {
            break;
        }
        if (length > bytes - in) {
            return cut;
        }
        uint64_t room = out_bytes - done;
        int most = room < frame.block_bytes ? (int)room : (int)frame.block_bytes;
        if (plain) {
            if (length > (uint32_t)most) {
                return too_long;
            }
            memcpy(out + done, chunk + in, length);
            done += length;
        } else {
            /* a compressed block is never longer than a plain one */
            if (length > frame.block_bytes) {
                return spoilt;
            }
            int known = frame.independent ? 0 : done < DICTIONARY ? (int)done : DICTIONARY;
            const char *dictionary = (const char *)(out + done - known);
            int got = LZ4_decompress_safe_usingDict((const char *)chunk + in, (char *)out + done,
                                                    (int)length, most, dictionary, known);
            if (got < 0) {
                return (uint64_t)most == room ? "its LZ4 data is spoilt or goes on behind its size"
                                              : spoilt;
            }
            done += (uint64_t)got;
        }
        in += length;
    }
    return in < bytes ? "bytes stand behind its LZ4 frame" : done < out_bytes ? too_short : NULL;
}

/* ---- blocks by themselves ---------------------------------------------------------------------
 */

/* What reads lengths here and there, some at a time. */
struct window {
    pvr_lz4_read_fn read;
    void *context;
    uint64_t bytes; /* of the chunk */
    uint64_t first;
    size_t count;
    uint8_t data[4096];
};

static const uint8_t *look(struct window *window, uint64_t at, size_t bytes) {
    if (at > window->bytes || bytes > window->bytes - at) {
        return NULL;
    }
    if (at < window->first || at + bytes > window->first + window->count) {
        uint64_t rest = window->bytes - at;
        window->first = at;
        window->count = rest < sizeof window->data ? (size_t)rest : sizeof window->data;
        if (!window->read(window->context, at, window->data, window->count)) {
            window->count = 0;
            return NULL;
        }
    }
    return window->data + (at - window->first);
}

static const char *add_block(struct pvr_lz4_block block, struct pvr_lz4_block **blocks,
                             size_t *count, size_t *room) {
    if (*count == *room) {
        size_t more = *room > 0 ? 2 * *room : 16;
        struct pvr_lz4_block *larger = realloc(*blocks, more * sizeof *larger);
        if (larger == NULL) {
            return no_memory;
        }
        *blocks = larger;
        *room = more;
    }
    (*blocks)[(*count)++] = block;
    return NULL;
}

static const char *list_hdf5(struct window *window, uint64_t out_bytes,
                             struct pvr_lz4_block **blocks, size_t *count) {
    const uint8_t *head = look(window, 0, HDF5_HEAD);
    if (head == NULL) {
        return cut;
    }
    uint64_t total = (uint64_t)big4(head) << 32 | big4(head + 4), step = big4(head + 8);
    if (total != out_bytes) {
        return "its LZ4 data claims another size";
    }
    step = step > total ? total : step;
    if (total > 0 && (step == 0 || step > MOST_BLOCK)) {
        return "its LZ4 blocks have a size that makes no sense";
    }
    uint64_t in = HDF5_HEAD;
    size_t room = 0;
    for (uint64_t done = 0; done < total; done += step) {
        const uint8_t *length = look(window, in, 4);
        uint64_t out = total - done < step ? total - done : step;
        if (length == NULL) {
            return cut;
        }
        struct pvr_lz4_block block = {.in = in + 4, .in_bytes = big4(length), .out = done};
        block.out_bytes = out;
        block.plain = block.in_bytes == out;
        if (block.in_bytes > INT_MAX || block.in_bytes > window->bytes - block.in) {
            return cut;
        }
        const char *problem = add_block(block, blocks, count, &room);
        if (problem != NULL) {
            return problem;
        }
        in = block.in + block.in_bytes;
    }
    return in < window->bytes ? "bytes stand behind its LZ4 blocks" : NULL;
}

/* Blocks of a frame, if each but the last can be taken to be full: none where a plain one shows
 * that it is not. Where a compressed one is not, expanding it fails. */
static const char *list_frame(struct window *window, const struct frame *frame, uint64_t out_bytes,
                              struct pvr_lz4_block **blocks, size_t *count) {
    uint64_t in = frame->head, done = 0;
    size_t room = 0;
    for (;;) {
        const uint8_t *word = look(window, in, 4);
        if (word == NULL) {
            return cut;
        }
        uint32_t length = little4(word) & 0x7fffffff;
        bool plain = word[3] >> 7;
        in += 4;
        if (length == 0) {
            break;
        }
        uint64_t rest = out_bytes - done;
        struct pvr_lz4_block block = {.in = in, .in_bytes = length, .out = done, .plain = plain};
        block.out_bytes = rest < frame->block_bytes ? rest : frame->block_bytes;
        if (length > window->bytes - in || length > frame->block_bytes) {
            return cut;
        }
        if (rest == 0 || (plain && length != block.out_bytes)) {
            *count = 0;
            return NULL;
        }
        const char *problem = add_block(block, blocks, count, &room);
        if (problem != NULL) {
            return problem;
        }
        in += length;
        done += block.out_bytes;
    }
    *count = done < out_bytes ? 0 : *count;
    return in < window->bytes ? "bytes stand behind its LZ4 frame" : NULL;
}

const char *pvr_lz4_list(pvr_lz4_read_fn read, void *context, uint64_t bytes, uint64_t out_bytes,
                         struct pvr_lz4_block **blocks, size_t *count) {
    struct window window = {.read = read, .context = context, .bytes = bytes};
    *blocks = NULL;
    *count = 0;
    const uint8_t *head = look(&window, 0, bytes < 32 ? (size_t)bytes : 32);
    const char *problem = NULL;
    struct frame frame;
    if (head == NULL) {
        problem = "it cannot be read";
    } else if (!is_frame(head, bytes)) {
        problem = list_hdf5(&window, out_bytes, blocks, count);
    } else if (read_head(head, bytes, &frame) == NULL && frame.independent && !frame.checked &&
               (frame.content == 0 || frame.content == out_bytes)) {
        problem = list_frame(&window, &frame, out_bytes, blocks, count);
    }
    if (problem != NULL || *count == 0) {
        free(*blocks);
        *blocks = NULL;
        *count = 0;
    }
    return problem;
}

uint64_t pvr_lz4_margin(uint64_t bytes) {
    return (bytes >> 8) + 64; /* lz4.h: LZ4_DECOMPRESS_INPLACE_MARGIN is (bytes >> 8) + 32 */
}

const char *pvr_lz4_block_expand(const struct pvr_lz4_block *block, const uint8_t *in,
                                 uint8_t *out) {
    if (block->plain) {
        if (block->in_bytes != block->out_bytes) {
            return too_short;
        }
        memcpy(out, in, block->out_bytes);
        return NULL;
    }
    int got = LZ4_decompress_safe((const char *)in, (char *)out, (int)block->in_bytes,
                                  (int)block->out_bytes);
    return got < 0 ? spoilt : (uint64_t)got < block->out_bytes ? too_short : NULL;
}

static bool read_memory(void *context, uint64_t offset, void *data, size_t bytes) {
    memcpy(data, (const uint8_t *)context + offset, bytes);
    return true;
}

const char *pvr_lz4_expand(const uint8_t *chunk, uint64_t bytes, uint8_t *out, uint64_t out_bytes) {
    if (is_frame(chunk, bytes)) {
        return expand_frame(chunk, bytes, out, out_bytes);
    }
    struct pvr_lz4_block *blocks;
    size_t count;
    const char *problem =
        pvr_lz4_list(read_memory, (void *)(uintptr_t)chunk, bytes, out_bytes, &blocks, &count);
    for (size_t i = 0; problem == NULL && i < count; i++) {
        problem = pvr_lz4_block_expand(&blocks[i], chunk + blocks[i].in, out + blocks[i].out);
    }
    free(blocks);
    return problem;
}
