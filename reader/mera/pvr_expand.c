/* pvr_expand.c - undoing the filters of a chunk. */
#include "pvr_expand.h"

#include "pvr_lz4.h"

#include <bzlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static const char no_memory[] = "no memory";
static const char cut[] = "its compressed data is cut";
static const char spoilt[] = "its compressed data is spoilt";
static const char too_long[] = "its compressed data goes on behind its size";
static const char too_short[] = "its compressed data ends before its size";
static const char behind[] = "bytes stand behind its compressed data";

/* Libraries count bytes in 32 bits. */
enum { MOST_AT_ONCE = 1 << 30 };

static unsigned at_once(uint64_t bytes) {
    return bytes < MOST_AT_ONCE ? (unsigned)bytes : MOST_AT_ONCE;
}

static const char *expand_zlib(const uint8_t *in, uint64_t in_bytes, uint8_t *out,
                               uint64_t out_bytes) {
    z_stream stream = {0};
    if (inflateInit(&stream) != Z_OK) {
        return no_memory;
    }
    uint64_t in_done = 0, done = 0;
    int state = Z_OK;
    while (state == Z_OK) {
        unsigned offered = at_once(in_bytes - in_done), room = at_once(out_bytes - done);
        stream.next_in = (Bytef *)(uintptr_t)(in + in_done);
        stream.avail_in = offered;
        stream.next_out = out + done;
        stream.avail_out = room;
        state = inflate(&stream, Z_NO_FLUSH);
        in_done += offered - stream.avail_in;
        done += room - stream.avail_out;
    }
    inflateEnd(&stream);
    if (state == Z_STREAM_END) {
        return in_done < in_bytes ? behind : done < out_bytes ? too_short : NULL;
    }
    return state == Z_MEM_ERROR                          ? no_memory
           : state == Z_BUF_ERROR && done == out_bytes   ? too_long
           : state == Z_BUF_ERROR && in_done == in_bytes ? cut
                                                         : spoilt;
}

static const char *expand_bzip2(const uint8_t *in, uint64_t in_bytes, uint8_t *out,
                                uint64_t out_bytes) {
    bz_stream stream = {0};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
        return no_memory;
    }
    uint64_t in_done = 0, done = 0;
    int state = BZ_OK;
    const char *stuck = NULL;
    while (state == BZ_OK && stuck == NULL) {
        unsigned offered = at_once(in_bytes - in_done), room = at_once(out_bytes - done);
        stream.next_in = (char *)(uintptr_t)(in + in_done);
        stream.avail_in = offered;
        stream.next_out = (char *)out + done;
        stream.avail_out = room;
        state = BZ2_bzDecompress(&stream);
        uint64_t taken = offered - stream.avail_in, given = room - stream.avail_out;
        in_done += taken;
        done += given;
        if (state == BZ_OK && taken == 0 && given == 0) {
            stuck = done == out_bytes ? too_long : cut;
        }
    }
    BZ2_bzDecompressEnd(&stream);
    if (state == BZ_STREAM_END) {
        return in_done < in_bytes ? behind : done < out_bytes ? too_short : NULL;
    }
    return stuck != NULL ? stuck : state == BZ_MEM_ERROR ? no_memory : spoilt;
}

static const char *expand_zstd(const uint8_t *in, uint64_t in_bytes, uint8_t *out,
                               uint64_t out_bytes) {
    unsigned long long claimed = ZSTD_getFrameContentSize(in, in_bytes);
    if (claimed == ZSTD_CONTENTSIZE_ERROR) {
        return spoilt;
    }
    if (claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed > out_bytes) {
        return "its compressed data claims another size";
    }
    size_t got = ZSTD_decompress(out, out_bytes, in, in_bytes);
    return ZSTD_isError(got) ? "its zstd data is spoilt, cut or longer than its size"
           : got < out_bytes ? too_short
                             : NULL;
}

/* HDF5's shuffle: the first bytes of all values, then the second ones; what is left at the end of
 * a chunk that is no whole number of values stays as it is. */
static void unshuffle(const uint8_t *in, uint8_t *out, uint64_t bytes, uint32_t size) {
    uint64_t count = bytes / size;
    for (uint32_t b = 0; b < size; b++) {
        const uint8_t *plane = in + b * count;
        for (uint64_t i = 0; i < count; i++) {
            out[i * size + b] = plane[i];
        }
    }
    memcpy(out + count * size, in + count * size, bytes - count * size);
}

typedef const char *(*expand_fn)(const uint8_t *in, uint64_t in_bytes, uint8_t *out,
                                 uint64_t out_bytes);

static const struct known {
    int id;
    const char *text;
    expand_fn expand;
    uint64_t ratio; /* the most that a byte can stand for, rounded up */
} filters[] = {
    {PVR_FILTER_ZLIB, "zlib", expand_zlib, 1100},
    {PVR_FILTER_SHUFFLE, "shuffle", NULL, 1},
    {PVR_FILTER_BZIP2, "bzip2", expand_bzip2, 1 << 21},
    {PVR_FILTER_LZ4, "LZ4", pvr_lz4_expand, 256},
    {PVR_FILTER_ZSTD, "zstd", expand_zstd, 1 << 17},
};

static const struct known *find(int id) {
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (filters[i].id == id) {
            return &filters[i];
        }
    }
    return NULL;
}

const char *pvr_jld2_compression(const struct pvr_jld2_object *object) {
    const char *text = "none";
    for (int i = 0; i < object->nfilters; i++) {
        const struct known *known = find(object->filter[i].id);
        if (known == NULL || known->expand != NULL) {
            text = known != NULL ? known->text : "unknown";
        }
    }
    return text;
}

/* Words of a filter that is not known: what a person would have to get. */
static const char *owner(int id) {
    switch (id) {
    case 3:
        return "fletcher32, checksums of HDF5";
    case 4:
        return "szip, of HDF5";
    case 32000:
        return "LZF";
    case 32001:
        return "Blosc";
    case 32008:
        return "bitshuffle";
    case 32026:
        return "Blosc2";
    default:
        return "see the HDF Group's list of registered filters";
    }
}

enum pvr_status pvr_expand_check(const struct pvr_jld2_object *object, const char *path,
                                 const char *what, struct pvr_error *error) {
    uint64_t ratio = 1;
    int compressors = 0;
    for (int i = 0; i < object->nfilters; i++) {
        const struct pvr_jld2_filter *filter = &object->filter[i];
        const struct known *known = find(filter->id);
        if (known == NULL) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "%s: %s: was written with the filter %d \"%.20s\" (%s), which is not "
                            "read; known are zlib, bzip2, LZ4, zstd and shuffle",
                            path, what, filter->id, filter->name, owner(filter->id));
        }
        bool last = i == object->nfilters - 1;
        compressors += known->expand != NULL;
        ratio = known->ratio > ratio ? known->ratio : ratio;
        bool sized =
            filter->id != PVR_FILTER_SHUFFLE || (filter->parameters >= 1 && filter->parameter > 0);
        if (compressors > 1 || (known->expand != NULL && !last) || !sized) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "%s: %s: was written with several compressors, one after the other",
                            path, what);
        }
    }
    for (uint64_t i = 0; object->layout == PVR_JLD2_CHUNKED && i < object->nchunks; i++) {
        uint64_t bytes = object->chunk_rows * object->type->size; /* (a part of all bytes) */
        uint64_t possible = (object->chunk[i].bytes + 64) * ratio;
        if (object->chunk_rows > UINT64_MAX / (object->type->size + 1u) || bytes > possible) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: %s: %llu compressed bytes cannot become %llu values", path, what,
                            (unsigned long long)object->chunk[i].bytes,
                            (unsigned long long)object->chunk_rows);
        }
    }
    return PVR_OK;
}

static bool applied(const struct pvr_jld2_chunk *chunk, int filter) {
    return !(chunk->skipped >> filter & 1);
}

bool pvr_expand_is_lz4(const struct pvr_jld2_object *object, const struct pvr_jld2_chunk *chunk) {
    return object->nfilters == 1 && object->filter[0].id == PVR_FILTER_LZ4 && applied(chunk, 0);
}

bool pvr_expand_needs_scratch(const struct pvr_jld2_object *object) {
    return object->nfilters > 1;
}

const char *pvr_expand_chunk(const struct pvr_jld2_object *object,
                             const struct pvr_jld2_chunk *chunk, const uint8_t *bytes, uint8_t *out,
                             uint64_t out_bytes, uint8_t *scratch) {
    /* Steps from the last filter back; the last step ends in `out`. */
    int steps = 0;
    for (int i = 0; i < object->nfilters; i++) {
        steps += applied(chunk, i);
    }
    if (steps == 0) {
        if (chunk->bytes != out_bytes) {
            return chunk->bytes < out_bytes ? too_short : too_long;
        }
        memcpy(out, bytes, out_bytes);
        return NULL;
    }
    const uint8_t *from = bytes;
    uint64_t from_bytes = chunk->bytes;
    for (int i = object->nfilters - 1; i >= 0; i--) {
        if (!applied(chunk, i)) {
            continue;
        }
        steps--;
        uint8_t *to = steps % 2 == 0 ? out : scratch;
        expand_fn expand = find(object->filter[i].id)->expand;
        if (expand != NULL) {
            const char *problem = expand(from, from_bytes, to, out_bytes);
            if (problem != NULL) {
                return problem;
            }
        } else {
            if (from_bytes != out_bytes) {
                return from_bytes < out_bytes ? too_short : too_long;
            }
            unshuffle(from, to, out_bytes, object->filter[i].parameter);
        }
        from = to;
        from_bytes = out_bytes;
    }
    return NULL;
}
