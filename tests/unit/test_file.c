/* test_file.c - pvr_file.h: records of Fortran files, in every encoding. */
#include "pvr_file.h"

#include "records.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *file_path(void) {
    return unit_path("%s/records", unit_folder);
}

static const char *path_kept; /* struct pvr_file borrows it */

static struct pvr_file open_file(void) {
    static char kept[4096];
    strcpy(kept, file_path());
    path_kept = kept;
    struct pvr_file file;
    struct pvr_error error;
    unit_ok(pvr_file_open(&file, kept, &error), &error);
    return file;
}

static const struct pvr_encoding encodings[] = {{false, 4}, {true, 4}, {false, 8}, {true, 8}};
enum { NENCODINGS = sizeof encodings / sizeof *encodings };

static const int32_t integers[3] = {4, -2, 0x01020304};
static const double reals[2] = {1.5, -2.5e-300};

/* Records: one integer, three integers, two reals, a text, none. */
static struct record_writer write_records(const struct pvr_encoding *encoding) {
    struct record_writer writer = {.swap = encoding->swap, .marker = encoding->marker};
    record_write(&writer, integers, 4, 4, 0);
    record_write(&writer, integers, 12, 4, 0);
    record_write(&writer, reals, 16, 8, 1);
    record_write(&writer, "hilbert  ", 9, 1, 0);
    record_write(&writer, "", 0, 1, 0);
    unit_write_file(file_path(), writer.bytes, writer.size);
    return writer;
}

static void all_encodings(void **state) {
    (void)state;
    for (int e = 0; e < NENCODINGS; e++) {
        struct pvr_error error;
        struct record_writer writer = write_records(&encodings[e]);
        struct pvr_file file = open_file();
        assert_int_equal(file.size, writer.size);
        unit_ok(pvr_file_detect(&file, 4, "1 (ncpu)", &error), &error);
        assert_int_equal(file.encoding.swap, encodings[e].swap);
        assert_int_equal(file.encoding.marker, encodings[e].marker);
        uint64_t at = 0, length, next;
        int32_t whole[3];
        double real[2];
        char text[9];
        unit_ok(pvr_record_read(&file, &at, whole, 4, 1, "1", &error), &error);
        assert_int_equal(whole[0], 4);
        unit_ok(pvr_record_next(&file, at, &length, &next, "2", &error), &error);
        assert_int_equal(length, 12);
        unit_ok(pvr_record_read(&file, &at, whole, 4, 3, "2", &error), &error);
        assert_int_equal(at, next);
        assert_memory_equal(whole, integers, sizeof integers);
        unit_ok(pvr_record_read(&file, &at, real, 8, 2, "3", &error), &error);
        assert_memory_equal(real, reals, sizeof reals);
        unit_ok(pvr_record_read(&file, &at, text, 1, 9, "4", &error), &error);
        assert_memory_equal(text, "hilbert  ", 9);
        unit_ok(pvr_record_read(&file, &at, text, 1, 0, "5", &error), &error);
        assert_int_equal(at, file.size);
        unit_failed(pvr_record_next(&file, at, &length, &next, "6", &error), &error, path_kept);
        unit_failed(pvr_record_next(&file, UINT64_MAX - 2, &length, &next, "7", &error), &error,
                    path_kept);
        /* a record of another length than is asked for */
        at = 0;
        unit_failed(pvr_record_read(&file, &at, whole, 4, 3, "1 (ncpu)", &error), &error,
                    "1 (ncpu)");
        assert_int_equal(error.status, PVR_ERROR_FORMAT);
        pvr_file_prefetch(&file, 0, file.size);
        pvr_file_close(&file);
        pvr_file_close(&file); /* closing again is harmless */
        free(writer.bytes);
    }
}

static void markers_that_disagree(void **state) {
    (void)state;
    for (int e = 0; e < NENCODINGS; e++) {
        struct pvr_error error;
        struct record_writer writer = write_records(&encodings[e]);
        size_t first = writer.marker * 2 + 4; /* where the second record begins */
        for (size_t i = 0; i < 2 * writer.marker; i++) {
            size_t at = first + i + (i < writer.marker ? 0 : 12);
            writer.bytes[at] ^= 0x10;
            unit_write_file(file_path(), writer.bytes, writer.size);
            writer.bytes[at] ^= 0x10;
            struct pvr_file file = open_file();
            unit_ok(pvr_file_detect(&file, 4, "1", &error), &error);
            uint64_t offset = first, length, next;
            int32_t whole[3];
            unit_failed(pvr_record_next(&file, offset, &length, &next, "2 (ndim)", &error), &error,
                        "record 2 (ndim)");
            assert_non_null(strstr(error.message, path_kept));
            unit_failed(pvr_record_read(&file, &offset, whole, 4, 3, "2 (ndim)", &error), &error,
                        path_kept);
            assert_int_equal(offset, first);
            pvr_file_close(&file);
        }
        free(writer.bytes);
    }
}

static void every_cut(void **state) {
    (void)state;
    for (int e = 0; e < NENCODINGS; e++) {
        struct record_writer writer = write_records(&encodings[e]);
        for (size_t size = 0; size < writer.size; size++) {
            struct pvr_error error;
            unit_write_file(file_path(), writer.bytes, size);
            struct pvr_file file = open_file();
            file.encoding = encodings[e];
            uint64_t at = 0, length, next, good = 0;
            while (pvr_record_next(&file, at, &length, &next, "n", &error) == PVR_OK) {
                at = next;
                good++;
            }
            unit_failed(error.status, &error, path_kept);
            assert_in_range(good, 0, 4);
            assert_true(at <= size);
            /* (of an 8-byte marker and a 4, what is left may look like a narrow record) */
            if (size < 4 + 2 * writer.marker && (writer.marker == 4 || size < 12)) {
                unit_failed(pvr_file_detect(&file, 4, "1", &error), &error, path_kept);
            }
            pvr_file_close(&file);
        }
        free(writer.bytes);
    }
}

static void absurd_lengths(void **state) {
    (void)state;
    static const uint64_t lengths[] = {
        5, 0x7fffffff, 0x80000000u, 0xffffffffu, (uint64_t)1 << 62, UINT64_MAX, UINT64_MAX - 15};
    for (int e = 0; e < NENCODINGS; e++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            if (encodings[e].marker == 4 && lengths[i] > UINT32_MAX) {
                continue;
            }
            unsigned char bytes[24] = {0};
            uint64_t wide = lengths[i];
            uint32_t narrow = (uint32_t)lengths[i];
            if (encodings[e].swap) {
                wide = __builtin_bswap64(wide);
                narrow = __builtin_bswap32(narrow);
            }
            memcpy(bytes, encodings[e].marker == 8 ? (void *)&wide : (void *)&narrow,
                   encodings[e].marker);
            unit_write_file(file_path(), bytes, encodings[e].marker * 2 + 4);
            struct pvr_file file = open_file();
            struct pvr_error error;
            file.encoding = encodings[e];
            uint64_t at = 0, length, next;
            int32_t value;
            unit_failed(pvr_record_next(&file, 0, &length, &next, "1", &error), &error, path_kept);
            unit_failed(pvr_record_read(&file, &at, &value, 4, 1, "1", &error), &error, path_kept);
            unit_failed(pvr_file_detect(&file, 4, "1 (ncpu)", &error), &error, path_kept);
            pvr_file_close(&file);
        }
    }
}

static void reading_at_offsets(void **state) {
    (void)state;
    struct pvr_error error;
    char data[16];
    unit_write_text(file_path(), "0123456789");
    struct pvr_file file = open_file();
    unit_ok(pvr_file_read(&file, 3, data, 4, "here", &error), &error);
    assert_memory_equal(data, "3456", 4);
    unit_ok(pvr_file_read(&file, 10, data, 0, "the end", &error), &error);
    static const struct {
        uint64_t offset;
        size_t bytes;
    } outside[] = {{10, 1},
                   {9, 2},
                   {0, 11},
                   {11, 0},
                   {UINT64_MAX, 2},
                   {5, SIZE_MAX},
                   {UINT64_MAX - 1, SIZE_MAX}};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        unit_failed(pvr_file_read(&file, outside[i].offset, data, outside[i].bytes, "octs", &error),
                    &error, "octs");
        assert_non_null(strstr(error.message, path_kept));
    }
    /* cut while it is open */
    unit_write_text(file_path(), "0123");
    unit_failed(pvr_file_read(&file, 2, data, 6, "octs", &error), &error, path_kept);
    pvr_file_close(&file);
}

static void files_that_are_none(void **state) {
    (void)state;
    struct pvr_file file;
    struct pvr_error error;
    enum pvr_status status = pvr_file_open(&file, unit_folder, &error);
    unit_failed(status, &error, unit_folder);
    const char *none = unit_path("%s/none", unit_folder);
    status = pvr_file_open(&file, none, &error);
    unit_failed(status, &error, none);
    assert_int_equal(status, PVR_ERROR_IO);
    pvr_file_close(&file);
    const char *pipe = unit_path("%s/pipe", unit_folder);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    unit_failed(pvr_file_open(&file, pipe, &error), &error, pipe); /* must not hang */
    unit_failed(pvr_file_open(&file, "/dev/zero", &error), &error, "/dev/zero");
}

static void swapping(void **state) {
    (void)state;
    unsigned char odd[1 + 16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const unsigned char four[] = {4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13};
    static const unsigned char eight[] = {5, 6, 7, 8, 1, 2, 3, 4, 13, 14, 15, 16, 9, 10, 11, 12};
    pvr_swap(odd + 1, 4, 4);
    assert_memory_equal(odd + 1, four, 16);
    pvr_swap(odd + 1, 8, 2);
    assert_memory_equal(odd + 1, eight, 16);
    pvr_swap(odd + 1, 1, 16);
    assert_memory_equal(odd + 1, eight, 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_encodings),      cmocka_unit_test(markers_that_disagree),
        cmocka_unit_test(every_cut),          cmocka_unit_test(absurd_lengths),
        cmocka_unit_test(reading_at_offsets), cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(swapping),
    };
    return cmocka_run_group_tests_name("file", tests, unit_folder_begin, unit_folder_end);
}
