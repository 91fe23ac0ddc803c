/* test_bad_files.c - outputs with files that are cut, missing, exchanged or no files at all. */
#include "bad.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kinds[] = {"amr", "hydro", "grav"};

/* Cuts a file to `size` bytes, and puts it back. */
static void try_cut(struct bad *bad, const char *name, const char *bytes, size_t whole,
                    size_t size) {
    const char *path = bad_path(bad, name);
    assert_int_equal(truncate(path, (off_t)size), 0);
    bad_try(bad, name, BAD_FAILS);
    int back = truncate(path, (off_t)whole); /* a hole: the bytes are written anew */
    assert_int_equal(back, 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)size, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes + size, 1, whole - size, file), whole - size);
    assert_int_equal(fclose(file), 0);
}

/* The 1-D output: cut at every single byte. */
static void every_cut(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov1d", 2);
    for (int k = 0; k < 2; k++) {
        const char *name = unit_path("%s_00002.out00001", kinds[k]);
        size_t size;
        char *bytes = unit_read_file(bad_path(&bad, name), &size);
        char kept[64];
        strcpy(kept, name);
        for (size_t cut = 0; cut < size; cut++) {
            try_cut(&bad, kept, bytes, size, cut);
        }
        free(bytes);
        bad_try(&bad, kept, BAD_LOADS); /* put back as it was */
    }
    bad_end(&bad);
}

/* Larger outputs: at the start of records, in their markers and in their data. */
static void cuts_of_records(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int number, domains, kinds;
        size_t step;
    } outputs[] = {{"sedov2d", 3, 2, 2, 19}, {"sedov3d", 2, 4, 2, 61}, {"legacy3d", 2, 3, 3, 61}};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
        struct bad bad = bad_begin(outputs[o].name, outputs[o].number);
        for (int domain = 1; domain <= outputs[o].domains; domain++) {
            for (int k = 0; k < outputs[o].kinds; k++) {
                char name[64];
                sprintf(name, "%s_%05d.out%05d", kinds[k], outputs[o].number, domain);
                struct records records;
                records_read(bad_path(&bad, name), &records);
                size_t step = outputs[o].step * (unit_sanitized() ? 4 : 1);
                for (size_t r = 0; r < records.count; r += r < 40 && domain == 1 ? 1 : step) {
                    size_t at = records.at[r], length = records.length[r];
                    const size_t cuts[] = {
                        at, at + 2, at + 4, at + 4 + length / 2, at + 4 + length, at + 6 + length};
                    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
                        try_cut(&bad, name, records.bytes, records.size, cuts[c]);
                    }
                }
                try_cut(&bad, name, records.bytes, records.size, records.size - 1);
                records_free(&records);
            }
        }
        bad_try(&bad, "", BAD_LOADS);
        bad_end(&bad);
    }
}

/* More bytes than the counts ask for do no harm. */
static void longer_files(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov2d", 2);
    for (int k = 0; k < 2; k++) {
        const char *path = bad_path(&bad, unit_path("%s_00002.out00002", kinds[k]));
        size_t size;
        char *bytes = unit_read_file(path, &size);
        bytes = realloc(bytes, size + 100);
        assert_non_null(bytes);
        memset(bytes + size, 0x33, 100);
        unit_write_file(path, bytes, size + 100);
        bad_try(&bad, path, BAD_LOADS);
        free(bytes);
    }
    bad_end(&bad);
}

/* Files that are missing, empty, of another type, or not to be read, in every place. */
static void files_that_are_none(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov2d", 2);
    for (int domain = 1; domain <= 2; domain++) {
        for (int k = 0; k < 2; k++) {
            char name[64];
            sprintf(name, "%s_00002.out%05d", kinds[k], domain);
            const char *path = bad_path(&bad, name), *aside = bad_path(&bad, "aside");
            assert_int_equal(rename(path, aside), 0);
            bad_try(&bad, name, BAD_FAILS);
            unit_write_text(path, "");
            bad_try(&bad, name, BAD_FAILS);
            unit_write_text(path, "not what you think it is, but some lines of text\n");
            bad_try(&bad, name, BAD_FAILS);
            unit_remove(path);
            unit_make_folder(path);
            bad_try(&bad, name, BAD_FAILS);
            unit_remove(path);
            assert_int_equal(mkfifo(path, 0600), 0);
            bad_try(&bad, name, BAD_FAILS);
            unit_remove(path);
            assert_int_equal(symlink("/dev/zero", path), 0);
            bad_try(&bad, name, BAD_FAILS);
            unit_remove(path);
            assert_int_equal(symlink(name, path), 0); /* a link to itself */
            bad_try(&bad, name, BAD_FAILS);
            unit_remove(path);
            assert_int_equal(rename(aside, path), 0);
            if (geteuid() != 0) { /* root reads everything */
                assert_int_equal(chmod(path, 0), 0);
                bad_try(&bad, name, BAD_FAILS);
                assert_int_equal(chmod(path, 0644), 0);
            }
            bad_try(&bad, name, BAD_LOADS);
        }
    }
    bad_end(&bad);
}

static void exchange(const struct bad *bad, const char *one, const char *other) {
    const char *a = bad_path(bad, one), *b = bad_path(bad, other), *c = bad_path(bad, "aside");
    assert_int_equal(rename(a, c), 0);
    assert_int_equal(rename(b, a), 0);
    assert_int_equal(rename(c, b), 0);
}

static void files_of_others(void **state) {
    (void)state;
    /* exchanged between domains */
    struct bad bad = bad_begin("sedov2d", 2);
    exchange(&bad, "amr_00002.out00001", "amr_00002.out00002");
    bad_try(&bad, "_00002.out0000", BAD_EITHER);
    assert_int_equal(bad.loaded, 0);
    exchange(&bad, "amr_00002.out00001", "amr_00002.out00002");
    exchange(&bad, "hydro_00002.out00001", "hydro_00002.out00002");
    bad_try(&bad, "hydro_00002.out0000", BAD_FAILS);
    exchange(&bad, "hydro_00002.out00001", "hydro_00002.out00002");
    exchange(&bad, "hydro_00002.out00001", "amr_00002.out00001"); /* between kinds */
    bad_try(&bad, "amr_00002.out00001", BAD_FAILS);
    exchange(&bad, "hydro_00002.out00001", "amr_00002.out00001");
    exchange(&bad, "hydro_00002.out00002", "amr_00002.out00002");
    bad_try(&bad, "amr_00002.out00002", BAD_FAILS);
    exchange(&bad, "hydro_00002.out00002", "amr_00002.out00002");
    /* of another output of the run, and of another run */
    for (int domain = 1; domain <= 2; domain++) {
        for (int k = 0; k < 2; k++) {
            static const char *const others[] = {"sedov2d/output_00003", "sedov3d/output_00003",
                                                 "web3d/output_00003"};
            char name[64];
            sprintf(name, "%s_00002.out%05d", kinds[k], domain);
            assert_int_equal(rename(bad_path(&bad, name), bad_path(&bad, "aside")), 0);
            for (int i = 0; i < 3; i++) {
                unit_copy(
                    unit_path(PVR_TEST_DATA "/%s/%s_00003.out%05d", others[i], kinds[k], domain),
                    bad_path(&bad, name));
                bad_try(&bad, name, BAD_FAILS);
            }
            assert_int_equal(rename(bad_path(&bad, "aside"), bad_path(&bad, name)), 0);
        }
    }
    unit_copy(PVR_TEST_DATA "/sedov2d/output_00003/info_00003.txt",
              bad_path(&bad, "info_00002.txt"));
    bad_try(&bad, "info", BAD_FAILS);
    unit_copy(PVR_TEST_DATA "/sedov3d/output_00002/info_00002.txt",
              bad_path(&bad, "info_00002.txt"));
    bad_try(&bad, "info", BAD_FAILS);
    bad_end(&bad);
}

static void info_files(void **state) {
    (void)state;
    struct bad bad = bad_begin("sedov2d", 2);
    const char *name = "info_00002.txt", *path = strdup(bad_path(&bad, name));
    size_t size;
    char *text = unit_read_file(path, &size);
    static const char *const edits[][2] = {
        {"ncpu        =          2", "ncpu        =        NaN"},
        {"ncpu        =          2", "ncpu        =          0"},
        {"ncpu        =          2", "ncpu        = 2147483647"},
        {"ncpu        =          2", "ncpu        = ****"},
        {"ndim        =          2", "ndim        =          7"},
        {"levelmin    =", "levelmin    = -"},
        {"boxlen      =", "boxlen      =  NaN"},
        {"boxlen      =", "boxlen      =  -"},
        {"time        =", "time        =  NaN"},
        {"unit_l      =", "unit_l      =  Infinity"},
        {"unit_t      =", "unit_x      ="},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        unit_edit_text(path, edits[i][0], edits[i][1]);
        bad_try(&bad, name, BAD_FAILS);
        unit_write_file(path, text, size);
    }
    /* a number of domains that could be: it is the amr file that tells */
    unit_edit_text(path, "ncpu        =          2", "ncpu        =          3");
    bad_try(&bad, "amr_00002.out00001", BAD_FAILS);
    unit_write_text(path, "");
    bad_try(&bad, name, BAD_FAILS);
    unit_write_file(path, text, 40);
    bad_try(&bad, name, BAD_FAILS);
    unit_write_file(path, "\0\0\0\0", 4);
    bad_try(&bad, name, BAD_FAILS);
    unit_remove(path);
    bad_try(&bad, name, BAD_FAILS);
    unit_make_folder(path);
    bad_try(&bad, name, BAD_FAILS);
    unit_remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    bad_try(&bad, name, BAD_FAILS);
    unit_remove(path);
    unit_write_file(path, text, size);
    bad_try(&bad, name, BAD_LOADS);
    free(text);
    free((char *)path);
    bad_end(&bad);
}

int main(void) {
    bad_limit_memory();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),       cmocka_unit_test(cuts_of_records),
        cmocka_unit_test(longer_files),    cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(files_of_others), cmocka_unit_test(info_files),
    };
    return cmocka_run_group_tests_name("bad_files", tests, NULL, NULL);
}
