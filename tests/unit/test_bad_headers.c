/* test_bad_headers.c - outputs whose files have wrong bytes: flipped, absurd, not numbers. */
#include "bad.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes bytes into a file of the output, tries, and puts back what was there. */
static void try_bytes(struct bad *bad, const char *name, const struct records *records, size_t at,
                      const void *bytes, size_t count, enum bad_wanted wanted) {
    int fd = open(bad_path(bad, name), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, (off_t)at), count);
    bad_try(bad, name, wanted);
    assert_int_equal(pwrite(fd, records->bytes + at, count, (off_t)at), count);
    close(fd);
}

static void try_flip(struct bad *bad, const char *name, const struct records *records, size_t at,
                     unsigned char bits, enum bad_wanted wanted) {
    char byte = (char)(records->bytes[at] ^ bits);
    try_bytes(bad, name, records, at, &byte, 1, wanted);
}

/* Number of records before the octs in an amr file, and before the first level in a hydro file. */
static size_t header_records(const struct records *records, const char *name) {
    return name[0] == 'h' ? 6 : record_int(records, 5, 0) > 0 ? 32 : 29;
}

/* Flips every byte of a file, or of its header and of every `step`-th record behind it. Markers in
 * the header are all checked; what else is wrong may not matter. */
static void flip(struct bad *bad, const char *name, size_t step) {
    struct records records;
    records_read(bad_path(bad, name), &records);
    size_t header = header_records(&records, name);
    for (size_t r = 0; r < records.count; r += r < header ? 1 : step) {
        size_t at = records.at[r], length = records.length[r];
        /* of long records only a part: their ends, and something between */
        size_t stride = length > 64 && step > 1 ? length / 16 : 1;
        for (size_t b = 0; b < length + 8; b += b >= 4 && b < length ? stride : 1) {
            bool marker = b < 4 || b >= length + 4;
            enum bad_wanted wanted = marker && r < header ? BAD_FAILS : BAD_EITHER;
            try_flip(bad, name, &records, at + b, 0xff, wanted);
            try_flip(bad, name, &records, at + b, 0x01, wanted);
        }
    }
    records_free(&records);
    bad_try(bad, name, BAD_LOADS);
}

static void every_byte_of_a_small_output(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov1d", 2);
    flip(&bad, "amr_00002.out00001", 1);
    flip(&bad, "hydro_00002.out00001", 1);
    print_message("%d flips seen, %d of them named by the folder alone; %d do no harm\n",
                  (int)bad.failed, (int)bad.by_folder, (int)bad.loaded);
    bad_end(&bad);
}

static void bytes_of_larger_outputs(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov2d", 2);
    size_t step = unit_sanitized() ? 601 : 211;
    flip(&bad, "amr_00002.out00001", step);
    flip(&bad, "amr_00002.out00002", step);
    flip(&bad, "hydro_00002.out00002", step);
    bad_end(&bad);
    bad = bad_begin("sedov3d", 2);
    step = unit_sanitized() ? 2999 : 997;
    flip(&bad, "amr_00002.out00003", step);
    flip(&bad, "hydro_00002.out00001", step);
    bad_end(&bad);
}

/* Every integer of the headers made absurd: nothing may be allocated or read as it says. */
static void absurd_integers(void **state) {
    (void)state;
    static const int32_t absurd[] = {0,         -1,      1,       2,          INT32_MAX,
                                     INT32_MIN, 1 << 20, 1 << 30, 0x00ffffff, -2147483647};
    static const struct {
        const char *output, *name;
    } files[] = {{"sedov1d", "amr_00002.out00001"},
                 {"sedov1d", "hydro_00002.out00001"},
                 {"sedov2d", "amr_00002.out00001"},
                 {"sedov2d", "amr_00002.out00002"},
                 {"sedov2d", "hydro_00002.out00002"}};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        struct bad bad = bad_begin(files[f].output, 2);
        struct records records;
        records_read(bad_path(&bad, files[f].name), &records);
        size_t header = header_records(&records, files[f].name);
        for (size_t r = 0; r < header; r++) {
            /* (of large tables a part is enough where everything is slow) */
            size_t stride = unit_sanitized() && records.length[r] > 64 ? 20 : 4;
            for (size_t b = 0; b + 4 <= records.length[r]; b += stride) {
                for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
                    try_bytes(&bad, files[f].name, &records, records.at[r] + 4 + b, &absurd[i], 4,
                              BAD_EITHER);
                }
            }
            for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) { /* as lengths */
                size_t at = records.at[r], behind = at + 4 + records.length[r];
                bool right = absurd[i] == (int32_t)records.length[r];
                enum bad_wanted wanted = right ? BAD_LOADS : BAD_FAILS;
                try_bytes(&bad, files[f].name, &records, at, &absurd[i], 4, wanted);
                try_bytes(&bad, files[f].name, &records, behind, &absurd[i], 4, wanted);
            }
        }
        records_free(&records);
        bad_end(&bad);
    }
}

/* Reals of the headers and the octs' centres that are no numbers, or no sizes. */
static void absurd_reals(void **state) {
    (void)state;
    const double absurd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -1, 0, 1e300, 1e-300,
                             -1e300};
    struct bad bad = bad_begin("sedov1d", 2);
    const char *name = "amr_00002.out00001";
    struct records records;
    records_read(bad_path(&bad, name), &records);
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        /* boxlen makes no sense below 0; the time must be the info file's */
        bool size = absurd[i] > 0 && isfinite(absurd[i]);
        try_bytes(&bad, name, &records, records.at[7] + 4, &absurd[i], 8,
                  size ? BAD_EITHER : BAD_FAILS);
        try_bytes(&bad, name, &records, records.at[11] + 4, &absurd[i], 8, BAD_FAILS);
        try_bytes(&bad, name, &records, records.at[9] + 4, &absurd[i], 8, BAD_LOADS); /* tout */
    }
    for (size_t r = header_records(&records, name) + 3; r < records.count; r++) {
        if (records.length[r] % 8 != 0 || records.length[r - 1] * 2 != records.length[r]) {
            continue; /* a record of centres follows one of integers for the same octs */
        }
        for (size_t o = 0; o < records.length[r] / 8; o++) {
            for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
                try_bytes(&bad, name, &records, records.at[r] + 4 + 8 * o, &absurd[i], 8,
                          BAD_EITHER);
            }
        }
    }
    assert_true(bad.failed > 8 * 50);
    records_free(&records);
    bad_end(&bad);
}

/* Octs in the place of others, octs that are their own children, sons that do not exist. */
static void octs_that_contradict(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov1d", 2);
    const char *name = "amr_00002.out00001";
    struct records records;
    records_read(bad_path(&bad, name), &records);
    int32_t ngridmax = record_int(&records, 4, 0);
    size_t next = header_records(&records, name), numbl = 21, numbb = 25;
    for (int level = 1; level <= record_int(&records, 3, 0); level++) {
        int own = record_int(&records, numbl, (size_t)(level - 1));
        for (int block = 0; block < 3; block++) { /* the domain's own, then two boundaries */
            int noct = block == 0
                           ? own
                           : record_int(&records, numbb, (size_t)(2 * (level - 1) + block - 1));
            if (noct == 0) {
                continue;
            }
            size_t centre = next + 3, son = next + 7, index = next;
            for (int i = 0; block == 0 && level > 3 && i < noct; i++) {
                size_t at = records.at[centre] + 4 + 8 * (size_t)i;
                size_t other = records.at[centre] + 4 + 8 * (size_t)((i + 1) % noct);
                if (noct > 1) {
                    try_bytes(&bad, name, &records, at, records.bytes + other, 8, BAD_EITHER);
                }
                /* not in the middle of its cell: a little is rounding, more is another format */
                for (int off = 1; off <= 4; off += 3) {
                    double middle;
                    memcpy(&middle, records.bytes + at, 8);
                    middle += 0.1 * off * ldexp(1.0, 1 - level);
                    try_bytes(&bad, name, &records, at, &middle, 8,
                              off == 1 ? BAD_LOADS : BAD_FAILS);
                }
                for (int c = 0; c < 2; c++) {
                    size_t s = records.at[son + (size_t)c] + 4 + 4 * (size_t)i;
                    int32_t beyond = ngridmax + 1, negative = -1;
                    try_bytes(&bad, name, &records, s, &beyond, 4, BAD_FAILS);
                    try_bytes(&bad, name, &records, s, &negative, 4, BAD_FAILS);
                    /* its own child: whether a cell is refined is all that is taken from it */
                    int32_t itself = record_int(&records, index, (size_t)i);
                    bool leaf = record_int(&records, son + (size_t)c, (size_t)i) == 0;
                    uint64_t failed = bad.failed;
                    try_bytes(&bad, name, &records, s, &itself, 4, BAD_EITHER);
                    assert_int_equal(bad.failed - failed, leaf);
                }
            }
            next += 3 + 1 + 1 + 2 + 3 * 2;
        }
    }
    assert_int_equal(next, records.count);
    records_free(&records);
    bad_end(&bad);
}

/* Each byte of the markers of a record. */
static void spoil_markers(struct bad *bad, const char *name, const struct records *records,
                          size_t number) {
    for (size_t b = 0; b < 8; b++) {
        size_t at = records->at[number] + b + (b < 4 ? 0 : records->length[number]);
        try_flip(bad, name, records, at, 0x10, BAD_FAILS);
    }
}

/* Every record that is read is one: its markers are looked at, and which octs it is of. */
static void records_of_own_octs(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov1d", 2);
    const char *amr_name = "amr_00002.out00001", *hydro_name = "hydro_00002.out00001";
    struct records amr, hydro;
    records_read(bad_path(&bad, amr_name), &amr);
    records_read(bad_path(&bad, hydro_name), &hydro);
    size_t amr_next = header_records(&amr, amr_name), hydro_next = 6;
    for (int level = 1; level <= record_int(&amr, 3, 0); level++) {
        for (int block = 0; block < 3; block++) { /* the domain's own, then two boundaries */
            int noct = record_int(&hydro, hydro_next + 1, 0);
            if (block == 0 && noct > 0 && level >= 3) { /* levelmin: what is above is not read */
                spoil_markers(&bad, amr_name, &amr, amr_next + 3); /* centres, sons */
                spoil_markers(&bad, amr_name, &amr, amr_next + 7);
                spoil_markers(&bad, amr_name, &amr, amr_next + 8);
                for (size_t opening = hydro_next; opening < hydro_next + 2; opening++) {
                    spoil_markers(&bad, hydro_name, &hydro, opening);
                    for (size_t b = 4; b < 8; b++) { /* ilevel, ncache */
                        try_flip(&bad, hydro_name, &hydro, hydro.at[opening] + b, 1, BAD_FAILS);
                    }
                }
                for (size_t v = 0; v < 2 * 3; v++) { /* all at once, and one field alone */
                    static const char *const fields[] = {"density", "velocity", "pressure"};
                    spoil_markers(&bad, hydro_name, &hydro, hydro_next + 2 + v);
                    bad.only = fields[v % 3];
                    spoil_markers(&bad, hydro_name, &hydro, hydro_next + 2 + v);
                    bad.only = NULL;
                }
            }
            amr_next += noct > 0 ? 3 + 1 + 1 + 2 + 3 * 2 : 0;
            hydro_next += 2 + (noct > 0 ? 2 * 3 : 0);
        }
    }
    assert_int_equal(amr_next, amr.count);
    assert_int_equal(hydro_next, hydro.count);
    records_free(&amr);
    records_free(&hydro);
    bad_end(&bad);
}

int main(void) {
    bad_limit_memory();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_a_small_output),
        cmocka_unit_test(bytes_of_larger_outputs),
        cmocka_unit_test(absurd_integers),
        cmocka_unit_test(absurd_reals),
        cmocka_unit_test(octs_that_contradict),
        cmocka_unit_test(records_of_own_octs),
    };
    return cmocka_run_group_tests_name("bad_headers", tests, NULL, NULL);
}
