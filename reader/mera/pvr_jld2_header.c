/* pvr_jld2_header.c - the messages of object headers. */
#include "pvr_jld2_header.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BLOCKS = 64, MOST_BYTES = 1 << 24 };

static uint32_t rotate(uint32_t x, int by) {
    return x << by | x >> (32 - by);
}

uint32_t pvr_hdf5_checksum(const uint8_t *key, uint64_t length) {
    uint32_t a = 0xdeadbeef + (uint32_t)length, b = a, c = a;
    for (; length > 12; key += 12, length -= 12) {
        a += (uint32_t)pvr_jld2_little(key, 4);
        b += (uint32_t)pvr_jld2_little(key + 4, 4);
        c += (uint32_t)pvr_jld2_little(key + 8, 4);
        a = (a - c) ^ rotate(c, 4);
        c += b;
        b = (b - a) ^ rotate(a, 6);
        a += c;
        c = (c - b) ^ rotate(b, 8);
        b += a;
        a = (a - c) ^ rotate(c, 16);
        c += b;
        b = (b - a) ^ rotate(a, 19);
        a += c;
        c = (c - b) ^ rotate(b, 4);
        b += a;
    }
    if (length == 0) {
        return c;
    }
    uint8_t last[12] = {0};
    memcpy(last, key, length);
    a += (uint32_t)pvr_jld2_little(last, 4);
    b += (uint32_t)pvr_jld2_little(last + 4, 4);
    c += (uint32_t)pvr_jld2_little(last + 8, 4);
    c = (c ^ b) - rotate(b, 14);
    a = (a ^ c) - rotate(c, 11);
    b = (b ^ a) - rotate(a, 25);
    c = (c ^ b) - rotate(b, 16);
    a = (a ^ c) - rotate(c, 4);
    b = (b ^ a) - rotate(a, 14);
    return (c ^ b) - rotate(b, 24);
}

/* A block: what stands before its messages, they themselves, a checksum. */
struct block {
    uint64_t offset; /* from the beginning of the file */
    uint64_t head, bytes;
};

struct walk {
    const struct pvr_jld2 *file;
    bool (*each)(void *context, const struct pvr_jld2_message *message);
    void *context;
    bool ordered; /* messages have a place of creation */
    bool ended;   /* by `each` */
    int nblocks;
    struct block block[MOST_BLOCKS];
};

/* Notes a block that a continuation message tells of. */
static bool add_block(struct walk *walk, const struct pvr_jld2_message *message) {
    uint64_t offset = message->bytes >= 16 ? pvr_jld2_little(message->body, 8) : UINT64_MAX;
    uint64_t length = message->bytes >= 16 ? pvr_jld2_little(message->body + 8, 8) : 0;
    if (length < 8 || length > MOST_BYTES || offset > walk->file->identity.size ||
        walk->nblocks == MOST_BLOCKS) {
        return false;
    }
    walk->block[walk->nblocks++] = (struct block){walk->file->base + offset, 4, length - 8};
    return true;
}

static bool walk_block(struct walk *walk, struct block block) {
    uint64_t size = block.head + block.bytes;
    uint8_t *data = malloc(size + 4);
    bool right = data != NULL && pvr_jld2_pread(walk->file, block.offset, data, size + 4) &&
                 pvr_hdf5_checksum(data, size) == (uint32_t)pvr_jld2_little(data + size, 4) &&
                 memcmp(data, block.head == 4 ? "OCHK" : "OHDR", 4) == 0;
    unsigned before = walk->ordered ? 6 : 4;
    uint64_t at = block.head;
    while (right && !walk->ended && size - at >= before) { /* a gap may be left at the end */
        struct pvr_jld2_message message = {.type = data[at],
                                           .shared = data[at + 3] & 2,
                                           .offset = block.offset + at + before,
                                           .bytes = (uint32_t)pvr_jld2_little(data + at + 1, 2),
                                           .body = data + at + before};
        at += before;
        right = message.bytes <= size - at;
        at += message.bytes;
        if (right && message.type == PVR_MESSAGE_CONTINUATION) {
            right = add_block(walk, &message);
        } else if (right) {
            walk->ended = !walk->each(walk->context, &message);
        }
    }
    free(data);
    return right;
}

bool pvr_jld2_messages(const struct pvr_jld2 *file, uint64_t address,
                       bool (*each)(void *context, const struct pvr_jld2_message *message),
                       void *context) {
    uint8_t head[6 + 16 + 4 + 8];
    uint64_t offset = file->base + address;
    struct walk walk = {.file = file, .each = each, .context = context};
    if (address >= file->identity.size || !pvr_jld2_pread(file, offset, head, sizeof head) ||
        memcmp(head, "OHDR\2", 5) != 0) {
        return false;
    }
    int flags = head[5], width = 1 << (flags & 3);
    uint64_t before = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    uint64_t bytes = pvr_jld2_little(head + before, width);
    if (bytes > MOST_BYTES || bytes > file->identity.size) {
        return false;
    }
    walk.ordered = flags & 4;
    walk.block[walk.nblocks++] = (struct block){offset, before + (uint64_t)width, bytes};
    bool right = true;
    for (int i = 0; right && !walk.ended && i < walk.nblocks; i++) {
        right = walk_block(&walk, walk.block[i]);
    }
    return right;
}
