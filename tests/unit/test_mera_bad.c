/* test_mera_bad.c - Mera files that are none, cut, spoilt, or do not fit together: one message that
 * says what is wrong, and nothing else. */
#include "jld2_edit.h"
#include "mera.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

static char *folder;
static char target[512];

static int make_folder(void **state) {
    (void)state;
    folder = unit_temp_folder();
    snprintf(target, sizeof target, "%s/output_00002.jld2", folder);
    return 0;
}

static int drop_folder(void **state) {
    (void)state;
    unit_drop_folder(folder);
    return 0;
}

static struct edit begin(const char *name) {
    char from[512];
    snprintf(from, sizeof from, "%s", mera_path(name));
    return edit_begin(from, target);
}

/* Opens the file and loads all of its mesh. */
static enum pvr_status try(struct pvr_error *error) {
    static const char *const name[] = {"density", "pressure"};
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh = NULL;
    pvr_error_clear(error);
    enum pvr_status status = pvr_snapshot_open(target, &snapshot, error);
    if (status != PVR_OK) {
        assert_null(snapshot);
        return status;
    }
    const struct pvr_mesh_request request = {
        .fields = name, .nfields = 2, .precision = PVR_FLOAT64};
    const struct pvr_threads threads = {.max = 2};
    status = pvr_mesh_load(snapshot, &request, &threads, NULL, NULL, &mesh, error);
    assert_true((status == PVR_OK) == (mesh != NULL));
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return status;
}

static void must_fail(const char *message) {
    struct pvr_error error;
    unit_failed(try(&error), &error, message);
    if (strstr(error.message, target) == NULL) {
        fail_msg("does not name the file: %s", error.message);
    }
}

/* ---- other files ------------------------------------------------------------------------------
 */

/* An HDF5 file with a group, behind a text if there is one. */
static void make_hdf5(const char *text) {
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    if (text != NULL) {
        H5Pset_userblock(creation, 512);
        H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    }
    hid_t file = H5Fcreate(target, H5F_ACC_TRUNC, creation, access);
    hid_t group = H5Gcreate2(file, "hydro", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    H5Fclose(file);
    H5Pclose(creation);
    H5Pclose(access);
    if (text != NULL) {
        size_t size;
        char *bytes = unit_read_file(target, &size);
        memcpy(bytes, text, strlen(text));
        unit_write_file(target, bytes, size);
        free(bytes);
    }
}

static void no_mera_files(void **state) {
    (void)state;
    must_fail("No such file");
    unit_make_folder(target);
    must_fail("is not a file");
    unit_remove(target);
    unit_write_text(target, "");
    must_fail("neither HDF5 nor JLD2");
    unit_write_text(target, "a text that is long enough to have a head, and no more than that");
    must_fail("neither HDF5 nor JLD2");
    make_hdf5(NULL);
    must_fail("is an HDF5 file, but not one of JLD2");
    make_hdf5("HDF5-based Julia Data Format, version 0.2.0");
    must_fail("is a JLD2 file, but no Mera file");
    assert_true(pvr_mera_recognized(target));
    unit_remove(target);
    assert_false(pvr_mera_recognized(target));
}

/* Cut anywhere, a file is refused: its superblock says where it ends. */
static void truncated_files(void **state) {
    (void)state;
    struct edit edit = begin("mera144_hydro_00002");
    for (size_t size = 0; size < edit.size; size += 1 + edit.size / 211) {
        unit_write_file(target, edit.bytes, size);
        struct pvr_error error;
        assert_int_not_equal(try(&error), PVR_OK);
    }
    unit_write_file(target, edit.bytes, edit.size - 1);
    must_fail("truncated");
    edit_end(&edit);
}

/* ---- references -------------------------------------------------------------------------------
 */

/* Sets what a member refers to. */
static void refer(struct edit *edit, const char *name, const char *members, uint64_t to) {
    uint64_t at = edit_reference(edit, name, members);
    char above[128], *last;
    snprintf(above, sizeof above, "%s", members);
    last = strrchr(above, ' ');
    *(last != NULL ? last : above) = '\0';
    struct pvr_jld2_object object = edit_object(edit, name, above);
    edit_put(edit, at, to, 8);
    edit_seal(edit, &object);
    pvr_jld2_object_free(&object);
    edit_write(edit);
}

static void references(void **state) {
    (void)state;
    struct edit edit = begin("mera190_multi_00002");
    struct pvr_jld2_object table = edit_object(&edit, "/hydro/data", "data");
    struct pvr_jld2_object whole = edit_object(&edit, "/hydro/data", "");
    struct pvr_jld2_object x = edit_object(&edit, "/particles/data", "data columns.fieldarrays.x");
    const struct {
        const char *members;
        uint64_t to;
        const char *message;
    } cases[] = {
        {"data columns.fieldarrays.rho", 100,
         "column rho of hydro: the reference to address 100 dangles"},
        {"data columns.fieldarrays.rho", UINT64_MAX, "dangles"},
        {"data columns.fieldarrays.rho", 0, "dangles"},
        {"data columns.fieldarrays.p", table.address, "column p of hydro: has no numbers"},
        {"data columns.fieldarrays.p", x.address,
         "column p of hydro: has 3140 rows where column level has 6469"},
        {"data columns.fieldarrays.level", x.address,
         "column cx of hydro: has 6469 rows where column level has 3140"},
        {"data", whole.address, "the table of hydro has no columns"},
        {"data", 0, "has no table"},
        {"data", edit.size, "dangles"},
        {"info", table.address, "its info has no ndim"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edit copy = begin("mera190_multi_00002");
        refer(&copy, "/hydro/data", cases[i].members, cases[i].to);
        must_fail(cases[i].message);
        edit_end(&copy);
    }
    pvr_jld2_object_free(&table);
    pvr_jld2_object_free(&whole);
    pvr_jld2_object_free(&x);
    edit_end(&edit);
}

/* ---- columns ----------------------------------------------------------------------------------
 */

static void chunks(void **state) {
    (void)state;
    static const char *const files[] = {"mera144_hydro_00002", "mera190_multi_00002"};
    for (int i = 0; i < 2; i++) {
        const char *way = "data columns.fieldarrays.rho";
        struct edit edit = begin(files[i]);
        struct pvr_jld2_object rho = edit_object(&edit, "/hydro/data", way);
        uint64_t chunk = rho.chunk[0].offset, bytes = rho.chunk[0].bytes;
        uint8_t first = edit.bytes[chunk];
        edit.bytes[chunk] ^= 0x10; /* no frame, or of another size */
        edit_write(&edit);
        must_fail("column rho: its LZ4 data claims another size");
        edit.bytes[chunk] = first;
        memset(edit.bytes + chunk + bytes / 2, 0xff, bytes / 2);
        edit_write(&edit);
        must_fail("column rho: ");
        edit_end(&edit);

        /* a filter that nobody knows; more values than the chunk can hold; a chunk elsewhere */
        edit = begin(files[i]);
        assert_int_equal(edit_replace(&edit, &rho, 32004, 32001, 2), 1);
        edit_seal(&edit, &rho);
        edit_write(&edit);
        must_fail("filter 32001");
        edit_end(&edit);
        edit = begin(files[i]);
        assert_true(edit_replace(&edit, &rho, 6469, (uint64_t)1 << 40, 8) >= 1);
        edit_seal(&edit, &rho);
        edit_write(&edit);
        struct pvr_error error;
        assert_int_not_equal(try(&error), PVR_OK);
        edit_end(&edit);
        edit = begin(files[i]);
        assert_true(edit_replace(&edit, &rho, chunk - 512, edit.size, 8) == 1);
        edit_seal(&edit, &rho);
        edit_write(&edit);
        must_fail("its bytes are not where its header says");
        edit_end(&edit);
        pvr_jld2_object_free(&rho);
    }
}

/* Cells that cannot be: the columns of this file are small and not compressed. */
static void cells(void **state) {
    (void)state;
    static const struct {
        const char *column;
        uint64_t value;
        const char *message;
    } cases[] = {
        {"level", 0, "a cell of level 0"},
        {"level", 40, "a cell of level 40"},
        {"level", (uint64_t)-1, "a cell of level -1"},
        {"cx", 0, "cx = 0, which lies outside of its level"},
        {"cy", 1u << 20, "cy = 1048576, which lies outside of its level (1 to 2^4)"},
        {"cz", (uint64_t)1 << 63, "lies outside of its level"},
        {"level", 2, "lies outside of its level"}, /* its place is no longer one */
        {"cz", 6, "overlap"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edit edit = begin("mera144_part_00002");
        char way[64];
        snprintf(way, sizeof way, "data columns.fieldarrays.%s", cases[i].column);
        struct pvr_jld2_object column = edit_object(&edit, "/hydro/data", way);
        assert_int_equal(column.layout, PVR_JLD2_COMPACT);
        if (i == sizeof cases / sizeof *cases - 1) { /* the cell before it */
            edit_put(&edit, column.offset + 8, edit_get(&edit, column.offset, 8), 8);
        } else {
            edit_put(&edit, column.offset, cases[i].value, 8);
        }
        edit_seal(&edit, &column);
        edit_write(&edit);
        must_fail(cases[i].message);
        pvr_jld2_object_free(&column);
        edit_end(&edit);
    }
}

/* What an open handle knows of a file must still be so when the file is read. */
static void changing_files(void **state) {
    (void)state;
    struct edit edit = begin("mera144_hydro_00002");
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    struct pvr_mesh *mesh;
    static const char *const name[] = {"density"};
    const struct pvr_mesh_request request = {
        .fields = name, .nfields = 1, .precision = PVR_FLOAT64};
    unit_ok(pvr_snapshot_open(target, &snapshot, &error), &error);
    edit.bytes[edit.size - 1]++;
    unit_remove(target);
    edit_write(&edit); /* another file in its place */
    unit_failed(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error,
                "was changed while it was read");
    unit_remove(target);
    unit_failed(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error,
                "No such file");
    pvr_snapshot_release(snapshot);
    edit_write(&edit);
    edit_end(&edit);
}

/* A byte here and there: the file loads, or says in one line what is wrong. */
static void spoilt_bytes(void **state) {
    (void)state;
    static const char *const files[] = {"mera144_hydro_00002", "mera190_multi_00002",
                                        "mera144_part_00002"};
    uint64_t random = 11;
    int loaded = 0, failed = 0;
    for (int i = 0; i < 3; i++) {
        struct edit edit = begin(files[i]);
        for (int n = 0; n < (unit_sanitized() ? 60 : 250); n++) {
            /* mostly where headers and texts stand */
            size_t at = unit_random(&random) % (n % 4 == 0 ? edit.size : 20000);
            uint8_t right = edit.bytes[at];
            edit.bytes[at] ^= (uint8_t)(1 + unit_random(&random) % 255);
            edit_write(&edit);
            struct pvr_error error;
            if (try(&error) == PVR_OK) {
                loaded++;
            } else {
                failed++;
                unit_failed(error.status, &error, target);
            }
            edit.bytes[at] = right;
        }
        edit_end(&edit);
    }
    assert_true(loaded > 0 && failed > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_mera_files), cmocka_unit_test(truncated_files),
        cmocka_unit_test(references),    cmocka_unit_test(chunks),
        cmocka_unit_test(cells),         cmocka_unit_test(changing_files),
        cmocka_unit_test(spoilt_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
