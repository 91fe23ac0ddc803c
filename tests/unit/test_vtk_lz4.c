/* test_vtk_lz4.c - pvr_vtk_lz4.h: liblz4 expands the blocks, whatever the bytes are. */
#include "pvr_vtk_lz4.h"

#include "support.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>

typedef size_t (*compress_fn)(const void *, size_t, void *);

static uint32_t random_number(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* `bytes` in memory of just that size, so that nothing is read beyond it. */
static size_t there_and_back(compress_fn compress, const char *data, size_t bytes) {
    const size_t room = (size_t)LZ4_compressBound((int)bytes);
    char *in = malloc(bytes), *out = malloc(room), *back = malloc(bytes);
    memcpy(in, data, bytes);
    const size_t size = compress(in, bytes, out);
    if (size > 0) {
        assert_true(size <= room);
        assert_int_equal(LZ4_decompress_safe(out, back, (int)size, (int)bytes), (int)bytes);
        assert_memory_equal(back, data, bytes);
    }
    free(in);
    free(out);
    free(back);
    return size;
}

/* Bytes of which a part, in 256, are those some way before. */
static void fill(char *data, size_t bytes, const size_t *ways, uint32_t nways, uint32_t part,
                 uint32_t *seed) {
    for (size_t i = 0; i < bytes;) {
        const size_t way = ways[random_number(seed) % nways];
        const size_t length = 1 + random_number(seed) % 40;
        const bool repeat = way <= i && random_number(seed) % 256 < part;
        for (size_t end = i + length; i < end && i < bytes; i++) {
            data[i] = repeat ? data[i - way] : (char)random_number(seed);
        }
    }
}

static void bytes_come_back(compress_fn compress, size_t tuple, const size_t *ways,
                            uint32_t nways) {
    enum { MOST = 32 * 1500 };
    char *data = malloc(MOST);
    uint32_t seed = 1;
    for (int run = 0; run < 400; run++) {
        const size_t tuples = run < 40 ? (size_t)run : random_number(&seed) % (MOST / 32);
        const uint32_t part = run % 4 == 0 ? 256 : random_number(&seed) % 257;
        fill(data, tuples * tuple, ways, nways, part, &seed);
        const size_t size = there_and_back(compress, data, tuples * tuple);
        assert_true(size > 0 || tuples < 6);
    }
    memset(data, 0, MOST);
    assert_true(there_and_back(compress, data, MOST - MOST % tuple) > 0);
    assert_int_equal(compress(data, 20 * tuple + 1, data), 0); /* no whole tuples */
    free(data);
}

static void any_corners(void **state) {
    (void)state;
    static const size_t ways[] = {24, 32, 48, 56, 80, 112, 4, 1};
    bytes_come_back(pvr_vtk_lz4_voxels, 32, ways, 8);
}

static void any_points(void **state) {
    (void)state;
    static const size_t ways[] = {24, 24, 24, 8, 48, 3};
    bytes_come_back(pvr_vtk_lz4_points, 24, ways, 6);
}

/* Not larger than a fifth more than liblz4's at the level that they stand for. */
static void as_small_as_others(void **state) {
    (void)state;
    enum { SIDE = 24, CELLS = SIDE * SIDE * SIDE };
    int32_t *corners = malloc(CELLS * 8 * sizeof *corners);
    double *points = malloc(CELLS * 3 * sizeof *points);
    for (int i = 0; i < CELLS; i++) { /* octs one after another */
        const int oct = i / 8, cell = i % 8, half = SIDE / 2;
        const int x = 2 * (oct % half) + cell % 2, y = 2 * (oct / half % half) + cell / 2 % 2,
                  z = 2 * (oct / half / half) + cell / 4;
        for (int c = 0; c < 8; c++) {
            corners[8 * i + c] =
                x + c % 2 + (SIDE + 1) * (y + c / 2 % 2 + (SIDE + 1) * (z + c / 4));
        }
        points[3 * i] = x / 64.0;
        points[3 * i + 1] = y / 64.0;
        points[3 * i + 2] = z / 64.0;
    }
    const size_t corner_bytes = CELLS * 8 * sizeof *corners,
                 point_bytes = CELLS * 3 * sizeof *points;
    char *out = malloc((size_t)LZ4_compressBound((int)corner_bytes));
    const int of_corners = LZ4_compress_fast((char *)corners, out, (int)corner_bytes,
                                             LZ4_compressBound((int)corner_bytes), 5);
    const int of_points = LZ4_compress_fast((char *)points, out, (int)point_bytes,
                                            LZ4_compressBound((int)point_bytes), 5);
    assert_true(there_and_back(pvr_vtk_lz4_voxels, (char *)corners, corner_bytes) <
                1.2 * of_corners);
    assert_true(there_and_back(pvr_vtk_lz4_points, (char *)points, point_bytes) < 1.2 * of_points);
    free(corners);
    free(points);
    free(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_corners),
        cmocka_unit_test(any_points),
        cmocka_unit_test(as_small_as_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
