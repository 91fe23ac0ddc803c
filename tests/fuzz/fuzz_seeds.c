/* fuzz_seeds.c - what the fuzzing of chunks begins with: `fuzz_seeds FOLDER` writes a chunk by each
 * compressor, in the form of fuzz_lz4.c.
 */
#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { BYTES = 3000, ROOM = 8192 };

static void save_as(const char *folder, const char *name, unsigned how, unsigned plain_bytes,
                    const void *chunk, size_t bytes) {
    char path[4096];
    const uint8_t head[3] = {(uint8_t)how, (uint8_t)(plain_bytes >> 8), (uint8_t)plain_bytes};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(head, 3, 1, file) != 1 || fwrite(chunk, 1, bytes, file) != bytes ||
        fclose(file) != 0) {
        fprintf(stderr, "fuzz_seeds: %s cannot be written\n", path);
        exit(1);
    }
}

static void save(const char *folder, const char *name, unsigned how, const void *chunk,
                 size_t bytes) {
    save_as(folder, name, how, BYTES, chunk, bytes);
}

static void put_big(uint8_t *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
}

int main(int argc, char **argv) {
    static uint8_t plain[BYTES], chunk[ROOM];
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    for (int i = 0; i < BYTES; i++) { /* smooth, then noise */
        plain[i] = (uint8_t)(i < 2000 ? i / 50 : (i * i * 2654435761u) >> 13);
    }
    for (int kind = 0; kind < 8; kind++) {
        LZ4F_preferences_t how = {.autoFlush = 1};
        how.frameInfo.blockMode = kind & 1 ? LZ4F_blockIndependent : LZ4F_blockLinked;
        how.frameInfo.contentSize = kind & 2 ? BYTES : 0;
        how.frameInfo.contentChecksumFlag = kind & 4 ? LZ4F_contentChecksumEnabled : 0;
        char name[32];
        snprintf(name, sizeof name, "frame%d", kind);
        save(argv[1], name, 0, chunk, LZ4F_compressFrame(chunk, ROOM, plain, BYTES, &how));
    }
    /* a plain block, longer and shorter than what it should become */
    LZ4F_preferences_t noise = {.frameInfo.blockMode = LZ4F_blockIndependent};
    size_t bytes = LZ4F_compressFrame(chunk, ROOM, plain + 2000, 1000, &noise);
    save_as(argv[1], "noise", 0, 1000, chunk, bytes);
    save_as(argv[1], "noise_long", 0, 900, chunk, bytes);
    save_as(argv[1], "noise_short", 0, 1100, chunk, bytes);
    static const uint32_t steps[] = {1 << 30, 1000, 128};
    for (int i = 0; i < 3; i++) {
        size_t step = steps[i] < BYTES ? steps[i] : BYTES, size = 12;
        put_big(chunk, BYTES, 8);
        put_big(chunk + 8, steps[i], 4);
        for (size_t done = 0; done < BYTES; done += step) {
            size_t rest = BYTES - done < step ? BYTES - done : step;
            int got = LZ4_compress_default((char *)plain + done, (char *)chunk + size + 4,
                                           (int)rest, (int)(ROOM - size - 4));
            if ((size_t)got >= rest) {
                memcpy(chunk + size + 4, plain + done, rest);
                got = (int)rest;
            }
            put_big(chunk + size, (uint64_t)got, 4);
            size += 4 + (size_t)got;
        }
        char name[32];
        snprintf(name, sizeof name, "hdf5_%d", i);
        save(argv[1], name, 0, chunk, size);
    }
    uLongf deflated = ROOM;
    compress2(chunk, &deflated, plain, BYTES, 5);
    save(argv[1], "zlib", 2, chunk, deflated);
    save(argv[1], "zlib_shuffled", 0x82, chunk, deflated);
    unsigned bzipped = ROOM;
    BZ2_bzBuffToBuffCompress((char *)chunk, &bzipped, (char *)plain, BYTES, 5, 0, 30);
    save(argv[1], "bzip2", 3, chunk, bzipped);
    save(argv[1], "zstd", 4, chunk, ZSTD_compress(chunk, ROOM, plain, BYTES, 3));
    return 0;
}
