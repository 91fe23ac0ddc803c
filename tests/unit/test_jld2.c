/* test_jld2.c - pvr_jld2.h: files that libhdf5 itself writes, with types and layouts of all kinds.
 */
#include "pvr_jld2.h"

#include "support.h"

#include "pvr_jld2_columns.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

static char *folder;
static char target[512];

static int make_folder(void **state) {
    (void)state;
    folder = unit_temp_folder();
    snprintf(target, sizeof target, "%s/x.jld2", folder);
    return 0;
}

static int drop_folder(void **state) {
    (void)state;
    unit_drop_folder(folder);
    return 0;
}

static hid_t begin(H5F_libver_t version) {
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_userblock(creation, 512);
    H5Pset_libver_bounds(access, version, version);
    hid_t file = H5Fcreate(target, H5F_ACC_TRUNC, creation, access);
    assert_true(file >= 0);
    H5Pclose(creation);
    H5Pclose(access);
    return file;
}

static struct pvr_jld2 *end(hid_t file) {
    static const char title[] = "HDF5-based Julia Data Format, version 0.2.0";
    size_t size;
    H5Fclose(file);
    char *bytes = unit_read_file(target, &size);
    memcpy(bytes, title, sizeof title);
    unit_write_file(target, bytes, size);
    free(bytes);
    struct pvr_jld2 *opened;
    struct pvr_error error;
    unit_ok(pvr_jld2_open(target, &opened, &error), &error);
    return opened;
}

/* A dataset of one dimension; `chunk` 0: contiguous, 1: compact. */
static void write(hid_t file, const char *name, hid_t type, uint64_t count, const void *data,
                  hsize_t chunk, bool filtered) {
    hsize_t dims = count, most = chunk > count ? H5S_UNLIMITED : count;
    hid_t space = count > 0 ? H5Screate_simple(1, &dims, &most) : H5Screate(H5S_SCALAR);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk == 1) {
        H5Pset_layout(list, H5D_COMPACT);
    } else if (chunk > 1) {
        H5Pset_chunk(list, 1, &chunk);
    }
    if (filtered) {
        H5Pset_shuffle(list);
        H5Pset_deflate(list, 5);
    }
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(set >= 0);
    assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(list);
}

enum { ROWS = 5000 };

/* Every layout of a column gives its bytes. */
static void layouts(void **state) {
    (void)state;
    static const struct {
        const char *name;
        hsize_t chunk;
        bool filtered;
    } kinds[] = {{"plain", 0, false},        {"compact", 1, false}, {"one", ROWS, true},
                 {"one_plain", ROWS, false}, {"many", 600, true},   {"many_plain", 1000, false},
                 {"larger", ROWS + 77, true}};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    static double values[ROWS];
    for (int i = 0; i < ROWS; i++) {
        values[i] = 0.25 * (double)(i / 7) - 3;
    }
    static const H5F_libver_t versions[] = {H5F_LIBVER_V18, H5F_LIBVER_V110};
    for (int v = 0; v < 2; v++) {
        hid_t file = begin(versions[v]);
        for (int i = 0; i < KINDS; i++) {
            write(file, kinds[i].name, H5T_IEEE_F64LE, ROWS, values, kinds[i].chunk,
                  kinds[i].filtered);
        }
        struct pvr_jld2 *opened = end(file);
        struct pvr_jld2_object object[KINDS];
        struct pvr_jld2_column column[KINDS];
        struct pvr_error error;
        for (int i = 0; i < KINDS; i++) {
            unit_ok(pvr_jld2_find(opened, kinds[i].name, &object[i], &error), &error);
            assert_int_equal(object[i].count, ROWS);
            assert_int_equal(object[i].type->kind, PVR_JLD2_FLOAT);
            assert_int_equal(object[i].nfilters, kinds[i].filtered ? 2 : 0);
            column[i] = (struct pvr_jld2_column){&object[i], kinds[i].name, calloc(ROWS, 8)};
            uint8_t *small;
            unit_ok(pvr_jld2_read(opened, &object[i], 1 << 20, "x", &small, &error), &error);
            assert_memory_equal(small, values, sizeof values);
            free(small);
        }
        struct pvr_jld2_identity identity = pvr_jld2_identity(opened);
        pvr_jld2_close(opened);
        struct pvr_jld2_source source;
        struct pvr_job job;
        unit_ok(pvr_job_begin(&job, NULL, NULL, NULL, &error), &error);
        unit_ok(pvr_jld2_source_open(target, &identity, &source, &error), &error);
        unit_ok(pvr_jld2_columns_read(&source, column, KINDS, &job, &error), &error);
        pvr_jld2_source_close(&source);
        pvr_job_end(&job, NULL);
        for (int i = 0; i < KINDS; i++) {
            assert_memory_equal(column[i].out, values, sizeof values);
            free(column[i].out);
            pvr_jld2_object_free(&object[i]);
        }
    }
}

static void whole_is(struct pvr_jld2_value compound, const char *name, int64_t wanted) {
    struct pvr_jld2_value value;
    int64_t number = 0;
    assert_true(pvr_jld2_member(compound, name, &value));
    assert_true(pvr_jld2_whole(value, &number));
    assert_int_equal(number, wanted);
}

static void real_is(struct pvr_jld2_value compound, const char *name, double wanted) {
    struct pvr_jld2_value value;
    double number = 0;
    assert_true(pvr_jld2_member(compound, name, &value));
    assert_true(pvr_jld2_real(value, &number));
    assert_true(number == wanted);
}

/* A compound of all kinds of members, those that are not read among them. */
static void types(void **state) {
    (void)state;
    struct inner {
        int16_t a;
        double b;
    };
    struct all {
        int8_t tiny;
        uint32_t word;
        struct inner inner;
        float single;
        char fixed[6];
        char *text;
        uint8_t flag;
        uint8_t opaque[3];
        int32_t number[2][3];
        int enumerated;
        int64_t big;
        hobj_ref_t reference;
        double last;
    } all = {.tiny = -5,
             .word = 4000000000u,
             .inner = {-300, 2.5},
             .single = 0.1f,
             .fixed = "five",
             .text = (char[]){"a longer text, kept elsewhere"},
             .flag = 1,
             .opaque = {1, 2, 3},
             .enumerated = 1,
             .big = -((int64_t)1 << 40),
             .last = 1e300};
    hid_t file = begin(H5F_LIBVER_V110);
    double there = 7;
    write(file, "there", H5T_IEEE_F64LE, 0, &there, 1, false);
    assert_true(H5Rcreate(&all.reference, file, "there", H5R_OBJECT, -1) >= 0);
    hid_t inner = H5Tcreate(H5T_COMPOUND, sizeof(struct inner));
    H5Tinsert(inner, "a", HOFFSET(struct inner, a), H5T_STD_I16LE);
    H5Tinsert(inner, "b", HOFFSET(struct inner, b), H5T_IEEE_F64LE);
    hid_t fixed = H5Tcopy(H5T_C_S1), text = H5Tcopy(H5T_C_S1), opaque = H5Tcreate(H5T_OPAQUE, 3);
    H5Tset_size(fixed, 6);
    H5Tset_size(text, H5T_VARIABLE);
    H5Tset_tag(opaque, "three bytes");
    hsize_t dims[2] = {2, 3};
    hid_t array = H5Tarray_create2(H5T_STD_I32LE, 2, dims),
          enumerated = H5Tenum_create(H5T_STD_I32LE);
    int number = 0;
    H5Tenum_insert(enumerated, "no", &number);
    number = 1;
    H5Tenum_insert(enumerated, "yes", &number);
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct all));
    H5Tinsert(type, "tiny", HOFFSET(struct all, tiny), H5T_STD_I8LE);
    H5Tinsert(type, "word", HOFFSET(struct all, word), H5T_STD_U32LE);
    H5Tinsert(type, "inner", HOFFSET(struct all, inner), inner);
    H5Tinsert(type, "single", HOFFSET(struct all, single), H5T_IEEE_F32LE);
    H5Tinsert(type, "fixed", HOFFSET(struct all, fixed), fixed);
    H5Tinsert(type, "text", HOFFSET(struct all, text), text);
    H5Tinsert(type, "flag", HOFFSET(struct all, flag), H5T_STD_B8LE);
    H5Tinsert(type, "opaque", HOFFSET(struct all, opaque), opaque);
    H5Tinsert(type, "number", HOFFSET(struct all, number), array);
    H5Tinsert(type, "enumerated", HOFFSET(struct all, enumerated), enumerated);
    H5Tinsert(type, "big", HOFFSET(struct all, big), H5T_STD_I64LE);
    H5Tinsert(type, "reference", HOFFSET(struct all, reference), H5T_STD_REF_OBJ);
    H5Tinsert(type, "last", HOFFSET(struct all, last), H5T_IEEE_F64LE);
    H5Tcommit2(file, "named", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write(group, "all", type, 0, &all, 1, false);
    const hid_t types[] = {inner, fixed, text, opaque, array, enumerated, type};
    for (int i = 0; i < 7; i++) {
        H5Tclose(types[i]);
    }
    H5Gclose(group);

    struct pvr_jld2 *opened = end(file);
    struct pvr_jld2_object object;
    struct pvr_error error;
    uint8_t *data;
    unit_ok(pvr_jld2_find(opened, "/a/all", &object, &error), &error);
    unit_ok(pvr_jld2_read(opened, &object, 4096, "all", &data, &error), &error);
    struct pvr_jld2_value value = {object.type, data}, member;
    assert_true(object.scalar && object.count == 1);
    whole_is(value, "tiny", -5);
    whole_is(value, "word", 4000000000);
    whole_is(value, "inner.a", -300);
    real_is(value, "inner.b", 2.5);
    real_is(value, "single", (double)0.1f);
    whole_is(value, "flag", 1);
    whole_is(value, "big", -((int64_t)1 << 40));
    real_is(value, "last", 1e300);
    assert_false(pvr_jld2_member(value, "inner.c", &member));
    assert_false(pvr_jld2_member(value, "tiny.c", &member));
    assert_true(pvr_jld2_member(value, "fixed", &member));
    char *found = pvr_jld2_text(opened, member);
    assert_string_equal(found, "five");
    free(found);
    assert_true(pvr_jld2_member(value, "text", &member));
    found = pvr_jld2_text(opened, member);
    assert_string_equal(found, "a longer text, kept elsewhere");
    free(found);
    assert_true(pvr_jld2_member(value, "reference", &member));
    struct pvr_jld2_object referred;
    uint8_t *bytes;
    unit_ok(pvr_jld2_follow(opened, pvr_jld2_reference(member), "there", &referred, &error),
            &error);
    unit_ok(pvr_jld2_read(opened, &referred, 8, "there", &bytes, &error), &error);
    assert_memory_equal(bytes, &there, 8);
    static const char *const others[] = {"opaque", "number", "enumerated"};
    for (int i = 0; i < 3; i++) { /* passed over */
        int64_t none = 5;
        assert_true(pvr_jld2_member(value, others[i], &member));
        assert_int_equal(member.type->kind, PVR_JLD2_OTHER);
        assert_false(pvr_jld2_whole(member, &none));
        assert_null(pvr_jld2_text(opened, member));
        assert_int_equal(pvr_jld2_reference(member), 0);
    }
    free(bytes);
    free(data);
    pvr_jld2_object_free(&referred);
    pvr_jld2_object_free(&object);
    unit_failed(pvr_jld2_find(opened, "/a", &object, &error), &error, "is no dataset");
    pvr_jld2_object_free(&object);
    unit_failed(pvr_jld2_find(opened, "/a/b", &object, &error), &error, "has no /a/b");
    pvr_jld2_object_free(&object);
    pvr_jld2_close(opened);
}

static bool count_names(void *context, const char *name) {
    int *count = context;
    char wanted[16];
    snprintf(wanted, sizeof wanted, "g%02d", *count);
    assert_string_equal(name, wanted);
    return ++*count < 50;
}

/* Groups of few links and of many, which stand elsewhere. */
static void groups(void **state) {
    (void)state;
    static const int counts[] = {0, 1, 8, 9, 60};
    for (int i = 0; i < 5; i++) {
        hid_t file = begin(H5F_LIBVER_V110);
        for (int n = counts[i]; n > 0; n--) {
            char name[16];
            snprintf(name, sizeof name, "g%02d", n - 1);
            H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        }
        H5Lcreate_soft("/g00", file, "soft", H5P_DEFAULT, H5P_DEFAULT); /* not followed */
        struct pvr_jld2 *opened = end(file);
        struct pvr_error error;
        int count = 0;
        unit_ok(pvr_jld2_list(opened, "/", count_names, &count, &error), &error);
        assert_int_equal(count, counts[i] < 50 ? counts[i] : 50);
        assert_true(pvr_jld2_exists(opened, "g00") == (counts[i] > 0));
        assert_false(pvr_jld2_exists(opened, "soft"));
        assert_false(pvr_jld2_exists(opened, "g00/g01"));
        pvr_jld2_close(opened);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(types),
        cmocka_unit_test(groups),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
