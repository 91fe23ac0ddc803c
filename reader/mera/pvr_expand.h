/* pvr_expand.h - undoing the filters of a chunk (internal).
 *
 * Known are zlib (1), shuffle (2), bzip2 (307), both kinds of LZ4 (32004) and zstd (32015): at most
 * one that compresses, and shuffles before it.
 */
#ifndef PVR_EXPAND_H
#define PVR_EXPAND_H

#include "pvr_error.h"
#include "pvr_jld2.h"

enum {
    PVR_FILTER_ZLIB = 1,
    PVR_FILTER_SHUFFLE = 2,
    PVR_FILTER_BZIP2 = 307,
    PVR_FILTER_LZ4 = 32004,
    PVR_FILTER_ZSTD = 32015
};

/* Fails for filters that are not known (with their number and name), and where the object's size is
 * more than its chunks can expand to by the best of compressors. */
enum pvr_status pvr_expand_check(const struct pvr_jld2_object *object, const char *path,
                                 const char *what, struct pvr_error *error);

/* Is the chunk LZ4 alone, so that its blocks may be expanded one by one? */
bool pvr_expand_is_lz4(const struct pvr_jld2_object *object, const struct pvr_jld2_chunk *chunk);
/* Does the chunk need as much memory again while it is expanded? */
bool pvr_expand_needs_scratch(const struct pvr_jld2_object *object);

/* Expands the bytes of a chunk into exactly `out_bytes`; `scratch` of as many bytes where
 * pvr_expand_needs_scratch, else null. Null where all is well, else what is wrong, a static text.
 * For objects that passed pvr_expand_check. */
const char *pvr_expand_chunk(const struct pvr_jld2_object *object,
                             const struct pvr_jld2_chunk *chunk, const uint8_t *bytes, uint8_t *out,
                             uint64_t out_bytes, uint8_t *scratch);

#endif
