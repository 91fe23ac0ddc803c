/* test_mera_verify.c - pvr_mera_verify.h: what is whole, and what is wrong where. */
#include "pvr_mera_verify.h"

#include "mera_columns.h"
#include "parts.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cells of a box: eight of level 1, the last of them cut into eight of level 2. */
enum { CELLS = 15 };

struct cells {
    int64_t level[CELLS], cx[CELLS], cy[CELLS], cz[CELLS];
    double rho[CELLS], x[CELLS];
};

static struct cells cells_make(void) {
    struct cells cells;
    for (int i = 0; i < CELLS; i++) {
        const int c = i < 7 ? i : i - 7, add = i < 7 ? 1 : 3;
        cells.level[i] = i < 7 ? 1 : 2;
        cells.cx[i] = (c >> 2 & 1) + add;
        cells.cy[i] = (c >> 1 & 1) + add;
        cells.cz[i] = (c & 1) + add;
        cells.rho[i] = i;
        cells.x[i] = 0.01 * i;
    }
    return cells;
}

/* Writes the first `rows` of the cells as `kind`, adds them if `append`, and verifies. */
static enum pvr_status verify(const char *path, const struct cells *cells, uint64_t rows,
                              enum pvr_mera_out_kind kind, bool append, double part,
                              struct pvr_mera_verified *verified, struct pvr_error *error) {
    struct pvr_snapshot *snapshot = parts_open(unit_path("%s/sedov3d/output_00002", PVR_TEST_DATA));
    struct pvr_mera_about *about;
    unit_ok(pvr_mera_about_snapshot(snapshot, &about, error), error);
    pvr_snapshot_release(snapshot);
    const struct pvr_mera_out_column cell[] = {
        {.name = "level", .type = PVR_MERA_OUT_INT64, .data = cells->level},
        {.name = "cx", .type = PVR_MERA_OUT_INT64, .data = cells->cx},
        {.name = "cy", .type = PVR_MERA_OUT_INT64, .data = cells->cy},
        {.name = "cz", .type = PVR_MERA_OUT_INT64, .data = cells->cz},
        {.name = kind == PVR_MERA_OUT_GRAVITY ? "epot" : "rho",
         .type = PVR_MERA_OUT_FLOAT64,
         .data = cells->rho}};
    const struct pvr_mera_out_column point[] = {
        {.name = "level", .type = PVR_MERA_OUT_INT64, .data = cells->level},
        {.name = "x", .type = PVR_MERA_OUT_FLOAT64, .data = cells->x},
        {.name = "y", .type = PVR_MERA_OUT_FLOAT64, .data = cells->x},
        {.name = "z", .type = PVR_MERA_OUT_FLOAT64, .data = cells->x},
        {.name = "id", .type = PVR_MERA_OUT_INT64, .data = cells->level},
        {.name = "mass", .type = PVR_MERA_OUT_FLOAT64, .data = cells->rho}};
    const bool points = kind == PVR_MERA_OUT_PARTICLES;
    const struct pvr_mera_out_table table = {.kind = kind,
                                             .nrows = rows,
                                             .ncolumns = points ? 6 : 5,
                                             .column = points ? point : cell,
                                             .nkeys = points ? 5 : 4,
                                             .lmin = 1,
                                             .lmax = 2,
                                             .ranges = {0, part, 0, 1, 0, 1}};
    const struct pvr_mera_out_request request = {.append = append};
    unit_ok(pvr_mera_write(path, about, &table, 1, &request, NULL, error), error);
    pvr_mera_about_free(about);
    const enum pvr_status status = pvr_mera_verify(path, false, NULL, NULL, NULL, verified, error);
    pvr_report_free(&verified->report);
    return status;
}

struct place {
    char *folder, *path;
};

static struct place place_make(void) {
    struct place place = {.folder = unit_temp_folder()};
    place.path = strdup(unit_path("%s/output_00002.jld2", place.folder));
    return place;
}

static void place_drop(struct place *place) {
    free(place->path);
    unit_drop_folder(place->folder);
}

static void whole_files(void **state) {
    (void)state;
    struct place place = place_make();
    struct cells cells = cells_make();
    struct pvr_mera_verified verified;
    struct pvr_error error;
    unit_ok(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
            &error);
    assert_int_equal(verified.nkinds, 1);
    assert_string_equal(verified.kind[0].name, "hydro");
    assert_int_equal(verified.kind[0].rows, CELLS);
    assert_int_equal(verified.kind[0].columns, 5);
    assert_int_equal(verified.kind[0].not_finite, 0);
    assert_int_equal(verified.bytes, CELLS * 5 * 8);
    assert_true(verified.filled == 1);
    assert_in_range(verified.objects, 50, 1000);
    assert_in_range(verified.texts, 10, 10000);
    /* A value that is no number is told, and no error. */
    cells.rho[3] = NAN;
    unit_ok(verify(place.path, &cells, CELLS, PVR_MERA_OUT_GRAVITY, true, 1, &verified, &error),
            &error);
    assert_int_equal(verified.nkinds, 2);
    assert_int_equal(verified.kind[1].not_finite, 1);
    unit_ok(verify(place.path, &cells, CELLS, PVR_MERA_OUT_PARTICLES, true, 1, &verified, &error),
            &error);
    assert_int_equal(verified.nkinds, 3);
    /* A part of the box has less cells. */
    unit_ok(verify(place.path, &cells, 3, PVR_MERA_OUT_HYDRO, false, 0.5, &verified, &error),
            &error);
    assert_true(fabs(verified.filled - 3 / 8.0) < 1e-15);
    place_drop(&place);
}

static void wrong_cells(void **state) {
    (void)state;
    struct place place = place_make();
    struct pvr_mera_verified verified;
    struct pvr_error error;
    struct cells cells = cells_make();
    unit_failed(
        verify(place.path, &cells, CELLS - 1, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
        &error, "of the box");
    unit_ok(pvr_mera_verify(place.path, true, NULL, NULL, NULL, &verified, &error), &error);
    pvr_report_free(&verified.report);
    cells.cz[4] = cells.cz[3];
    cells.cy[4] = cells.cy[3];
    cells.cx[4] = cells.cx[3];
    unit_failed(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
                &error, "rows 4 and 5 of hydro are one cell");
    cells = cells_make();
    cells.cx[0] = 2;
    unit_failed(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
                &error, "row 2 comes too late");
    cells = cells_make();
    cells.level[14] = 33;
    unit_failed(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
                &error, "is of level 33");
    cells = cells_make();
    cells.cx[0] = 0;
    unit_failed(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
                &error, "cx of row 1 of hydro is 0");
    cells = cells_make(); /* a cell of level 2 in one of level 1 */
    cells.cx[7] = cells.cy[7] = cells.cz[7] = 1;
    assert_int_not_equal(
        verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error), PVR_OK);
    cells = cells_make(); /* beyond the box */
    cells.cz[14] = 5;
    assert_int_not_equal(
        verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error), PVR_OK);
    place_drop(&place);
}

static void wrong_particles(void **state) {
    (void)state;
    struct place place = place_make();
    struct pvr_mera_verified verified;
    struct pvr_error error;
    struct cells cells = cells_make();
    cells.x[5] = INFINITY;
    unit_failed(
        verify(place.path, &cells, CELLS, PVR_MERA_OUT_PARTICLES, false, 1, &verified, &error),
        &error, "column x of particles has no number in row 6");
    place_drop(&place);
}

/* Gravity has other cells than hydro. */
static void kinds_disagree(void **state) {
    (void)state;
    struct place place = place_make();
    struct pvr_mera_verified verified;
    struct pvr_error error;
    struct cells cells = cells_make();
    unit_ok(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
            &error);
    assert_int_not_equal(
        verify(place.path, &cells, CELLS - 1, PVR_MERA_OUT_GRAVITY, true, 1, &verified, &error),
        PVR_OK);
    place_drop(&place);
}

/* Any byte that is another one: the file is refused or is as good as before, and nothing worse
 * happens. Headers have checksums; what is in a column has none, but mostly no longer fits. */
static void any_byte(void **state) {
    (void)state;
    struct place place = place_make();
    struct pvr_mera_verified verified;
    struct pvr_error error;
    const struct cells cells = cells_make();
    unit_ok(verify(place.path, &cells, CELLS, PVR_MERA_OUT_HYDRO, false, 1, &verified, &error),
            &error);
    size_t size;
    char *bytes = unit_read_file(place.path, &size);
    int refused = 0;
    enum { STEP = 211 };
    for (size_t at = 512; at < size; at += STEP) {
        bytes[at] ^= 0x21;
        unit_write_file(place.path, bytes, size);
        refused +=
            pvr_mera_verify(place.path, false, NULL, NULL, NULL, &verified, &error) != PVR_OK;
        pvr_report_free(&verified.report);
        bytes[at] ^= 0x21;
    }
    assert_in_range(refused, (int)(size / STEP / 4), (int)(size / STEP));
    for (size_t cut = 1; cut < size; cut += size / 40) {
        unit_write_file(place.path, bytes, size - cut);
        assert_int_not_equal(
            pvr_mera_verify(place.path, false, NULL, NULL, NULL, &verified, &error), PVR_OK);
        pvr_report_free(&verified.report);
    }
    free(bytes);
    place_drop(&place);
}

static void real_files(void **state) {
    (void)state;
    static const char *const names[] = {"mera190/multi_lz4",   "mera190/hydro_zstd",
                                        "mera190/rt_lz4",      "mera144/multi_lz4",
                                        "mera144/hydro_bzip2", "mera144/hydrosub_lz4"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = columns_fixture(unit_path("mera/%s_00002.jld2", names[i]));
        struct pvr_mera_verified verified;
        struct pvr_error error;
        if (path == NULL) {
            skip();
        }
        unit_ok(pvr_mera_verify(path, false, NULL, NULL, NULL, &verified, &error), &error);
        pvr_report_free(&verified.report);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files),     cmocka_unit_test(wrong_cells),
        cmocka_unit_test(wrong_particles), cmocka_unit_test(kinds_disagree),
        cmocka_unit_test(any_byte),        cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
