/* pvr_lz4.h - the two ways in which Mera files hold LZ4 (internal).
 *
 * Both stand under HDF5's filter number 32004. Until Mera 1.7 a chunk is an LZ4 frame (magic number
 * 04 22 4D 18; LZ4 Frame Format Description), mostly of blocks of 64 KiB that refer to the bytes
 * before them; since 1.9 it is what HDF5's LZ4 filter writes: the size as 8 bytes, the block size
 * as 4, then blocks with 4 bytes of length each, all big endian, a block of full length being
 * plain. They are told apart by the first four bytes.
 */
#ifndef PVR_LZ4_H
#define PVR_LZ4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Expands `bytes` of a chunk into exactly `out_bytes`. Null where all is well, else what is wrong,
 * a static text. Never writes beyond out_bytes, whatever the chunk says. */
const char *pvr_lz4_expand(const uint8_t *chunk, uint64_t bytes, uint8_t *out, uint64_t out_bytes);

/* A block that can be expanded by itself. */
struct pvr_lz4_block {
    uint64_t in, in_bytes; /* place in the chunk */
    uint64_t out, out_bytes;
    bool plain; /* then in_bytes are out_bytes */
};

/* Reads a piece of the chunk; false if it cannot. */
typedef bool (*pvr_lz4_read_fn)(void *context, uint64_t offset, void *data, size_t bytes);

/* Lists the blocks of a chunk of which only the lengths are read: those of HDF5's LZ4, and of
 * frames of independent blocks of one size without checksums. *count is 0 for chunks that are to be
 * expanded whole. *blocks is to be freed. Null where all is well, else what is wrong. */
const char *pvr_lz4_list(pvr_lz4_read_fn read, void *context, uint64_t bytes, uint64_t out_bytes,
                         struct pvr_lz4_block **blocks, size_t *count);
/* Bytes that must lie behind the room of the expanded bytes if the `bytes` of a block stand at the
 * very end and are expanded to the front of the same memory. */
uint64_t pvr_lz4_margin(uint64_t bytes);
/* Expands one block whose bytes are at `in`; they may stand as pvr_lz4_margin() says. */
const char *pvr_lz4_block_expand(const struct pvr_lz4_block *block, const uint8_t *in,
                                 uint8_t *out);

#endif
