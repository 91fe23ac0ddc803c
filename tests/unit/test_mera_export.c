/* test_mera_export.c - pvr_mera_export.h: outputs as Mera files, against what Mera itself reads. */
#include "pvr_mera_export.h"

#include "mera_columns.h"
#include "parts.h"
#include "support.h"

#include "pvr_leaf_rows.h"
#include "pvr_mera_verify.h"
#include "pvr_order.h"

#include <stdlib.h>
#include <string.h>

static struct pvr_mera_out_written export_to(const char *output, const char *path,
                                             const struct pvr_mera_export_request *request) {
    struct pvr_snapshot *snapshot = parts_open(output);
    struct pvr_mera_out_written written;
    struct pvr_error error;
    unit_ok(pvr_mera_export(snapshot, path, request, &written, &error), &error);
    pvr_report_free(&written.report);
    pvr_snapshot_release(snapshot);
    return written;
}

#define BOXLEN 0.5 /* of the output sedov3d */

/* ---- against Mera -----------------------------------------------------------------------------
 */

/* Names, types, order of rows and every bit are those of the table that Mera 1.9 made of the same
 * output. */
static void like_mera(const char *run, enum pvr_mera_out_kind out, enum pvr_mera_kind kind) {
    const char *output = columns_fixture(unit_path("%s/output_00002", run));
    const char *name = pvr_mera_out_kind_name(out);
    if (output == NULL || columns_fixture("mera/mera190") == NULL) {
        skip();
    }
    char *folder = unit_temp_folder();
    char *path = strdup(unit_path("%s/output_00002.jld2", folder));
    const struct pvr_mera_export_request request = {.kinds = 1u << out};
    struct columns columns;
    columns_read(columns_fixture(unit_path("mera/mera190/ref/%s.schema", name)),
                 columns_fixture(unit_path("mera/mera190/ref/%s.bin", name)), &columns);
    const struct pvr_mera_out_written written = export_to(output, path, &request);
    assert_int_equal(written.rows, columns.rows);
    columns_same(path, kind, &columns);
    columns_free(&columns);
    free(path);
    unit_drop_folder(folder);
}

static void like_mera_hydro(void **state) {
    (void)state;
    like_mera("sedov3d_grav_part", PVR_MERA_OUT_HYDRO, PVR_MERA_HYDRO);
}

static void like_mera_gravity(void **state) {
    (void)state;
    like_mera("sedov3d_grav_part", PVR_MERA_OUT_GRAVITY, PVR_MERA_GRAVITY);
}

static void like_mera_particles(void **state) {
    (void)state;
    like_mera("sedov3d_grav_part", PVR_MERA_OUT_PARTICLES, PVR_MERA_PARTICLES);
}

static void like_mera_clumps(void **state) {
    (void)state;
    like_mera("clumps3d", PVR_MERA_OUT_CLUMPS, PVR_MERA_CLUMPS);
}

/* ---- several kinds ----------------------------------------------------------------------------
 */

static void all_kinds(void **state) {
    (void)state;
    char *folder = unit_temp_folder(), *first = NULL;
    size_t first_size = 0;
    const char *output = unit_path("%s/web3d/output_00002", PVR_TEST_DATA);
    for (int threads = 1; threads <= 4; threads++) {
        const struct pvr_threads settings = {.max = threads};
        const struct pvr_mera_export_request request = {.out.threads = &settings};
        const char *path = unit_path("%s/output_00002.jld2", folder);
        export_to(output, path, &request);
        size_t size;
        char *bytes = unit_read_file(path, &size);
        if (threads == 1) {
            first = bytes;
            first_size = size;
            struct pvr_mera *mera;
            struct pvr_error error;
            unit_ok(pvr_mera_open(path, &mera, &error), &error);
            assert_true(mera->table[PVR_MERA_HYDRO].present);
            assert_true(mera->table[PVR_MERA_PARTICLES].present);
            assert_false(mera->table[PVR_MERA_CLUMPS].present);
            assert_int_equal(mera->number, 2);
            pvr_mera_free(mera);
        } else {
            assert_int_equal(size, first_size);
            assert_memory_equal(bytes, first, size);
            free(bytes);
        }
    }
    free(first);
    unit_drop_folder(folder);
}

/* The mesh that is read from the Mera file is the output's: leaves and values, bit for bit. */
static void comes_back(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    char *path = strdup(unit_path("%s/output_00003.jld2", folder));
    const char *output = unit_path("%s/sedov3d/output_00003", PVR_TEST_DATA);
    const struct pvr_mera_export_request request = {.out.compressor = PVR_MERA_OUT_ZLIB};
    export_to(output, path, &request);
    struct pvr_mesh *mesh = unit_load(output, "density pressure", PVR_FLOAT64, 0, 2);
    struct pvr_mesh *back = unit_load(path, "density pressure", PVR_FLOAT64, 0, 2);
    assert_int_equal(mesh->octree->nleaves, back->octree->nleaves);
    for (uint64_t i = 0; i < 1000; i++) {
        const double position[3] = {(double)(i % 10) * 0.049 + 0.004,
                                    (double)(i / 10 % 10) * 0.049 + 0.004,
                                    (double)(i / 100) * 0.049 + 0.004};
        struct pvr_cell a, b;
        assert_true(pvr_octree_find_leaf(mesh->octree, position, &a));
        assert_true(pvr_octree_find_leaf(back->octree, position, &b));
        assert_int_equal(a.level, b.level);
        for (int f = 0; f < 2; f++) {
            assert_true(unit_value(mesh->arrays[f].array, a.index, 0) ==
                        unit_value(back->arrays[f].array, b.index, 0));
        }
    }
    pvr_mesh_free(mesh);
    pvr_mesh_free(back);
    free(path);
    unit_drop_folder(folder);
}

/* A part of the box: the rows whose cells overlap it. */
static void part_of_the_box(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    char *path = strdup(unit_path("%s/output_00003.jld2", folder));
    const char *output = unit_path("%s/sedov3d/output_00003", PVR_TEST_DATA);
    static const double ranges[] = {0, 0.5, 0.25, 0.5, 0.5, 1};
    const struct pvr_region region = {.type = PVR_REGION_BOX,
                                      .centre = {0.25 * BOXLEN, 0.375 * BOXLEN, 0.75 * BOXLEN},
                                      .size = {0.5 * BOXLEN, 0.25 * BOXLEN, 0.5 * BOXLEN}};
    const struct pvr_mera_export_request request = {.region = &region};
    const struct pvr_mera_out_written written = export_to(output, path, &request);
    struct pvr_mesh *mesh = unit_load(output, "level", PVR_FLOAT64, 0, 2);
    static const uint32_t ncoarse[3] = {1, 1, 1};
    struct pvr_leaf_rows rows;
    struct pvr_job job;
    struct pvr_error error;
    unit_ok(pvr_job_begin(&job, NULL, NULL, NULL, &error), &error);
    unit_ok(pvr_leaf_rows_make(mesh->octree, ncoarse, &job, &rows, &error), &error);
    pvr_job_end(&job, NULL);
    assert_int_equal(rows.count, mesh->octree->nleaves);
    uint64_t inside = 0;
    for (uint64_t i = 0; i < rows.count; i++) {
        const int level = pvr_leaf_row_level(&rows, i);
        const double size = 1.0 / (double)(1 << level);
        bool in = true;
        for (int axis = 0; axis < 3; axis++) {
            const double low =
                (double)pvr_leaf_row_coordinate(&rows.grid[level], rows.row[i].key, axis) * size;
            in = in && low < ranges[2 * axis + 1] && low + size > ranges[2 * axis];
        }
        inside += in;
        if (i > 0 && i > rows.first[level]) {
            assert_true(rows.row[i].key > rows.row[i - 1].key);
        }
    }
    assert_int_equal(written.rows, inside);
    pvr_leaf_rows_free(&rows);
    pvr_mesh_free(mesh);
    free(path);
    unit_drop_folder(folder);
}

/* What goes on beyond the borders has its places in the box, as Mera counts them. */
static void beyond_the_borders(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    char *path = strdup(unit_path("%s/output_00003.jld2", folder));
    const struct pvr_region region = {
        .type = PVR_REGION_SPHERE, .centre = {0, 0.5, 0.99}, .radius = 0.1};
    const struct pvr_mera_export_request request = {.region = &region};
    export_to(unit_path("%s/web3d/output_00003", PVR_TEST_DATA), path, &request);
    struct pvr_mera_verified verified; /* places, order of rows */
    struct pvr_error error;
    unit_ok(pvr_mera_verify(path, false, NULL, NULL, NULL, &verified, &error), &error);
    pvr_report_free(&verified.report);
    struct pvr_snapshot *snapshot = parts_open(path);
    const struct pvr_particle_request all = {.precision = PVR_FLOAT64,
                                             .position_precision = PVR_FLOAT64};
    struct pvr_particles *particles;
    unit_ok(pvr_particles_load(snapshot, &all, NULL, NULL, NULL, &particles, &error), &error);
    assert_true(particles->count > 0);
    for (uint64_t i = 0; i < 3 * particles->count; i++) {
        const double at = ((const double *)particles->position.array->data)[i];
        assert_true(at >= 0 && at < 1);
    }
    pvr_particles_free(particles);
    pvr_snapshot_release(snapshot);
    free(path);
    unit_drop_folder(folder);
}

static void wrong_requests(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    struct pvr_snapshot *snapshot = parts_open(unit_path("%s/sedov3d/output_00003", PVR_TEST_DATA));
    const char *path = unit_path("%s/output_00003.jld2", folder);
    struct pvr_error error;
    const struct pvr_mera_export_request clumps = {.kinds = 1u << PVR_MERA_OUT_CLUMPS};
    unit_failed(pvr_mera_export(snapshot, path, &clumps, NULL, &error), &error, "has no clumps");
    pvr_snapshot_release(snapshot);
    unit_drop_folder(folder);
}

/* ---- sorting ----------------------------------------------------------------------------------
 */

static int by_digit(const void *context, uint64_t a, uint64_t b) {
    const uint8_t *digit = context;
    return (int)digit[a] - (int)digit[b];
}

/* Many equal rows keep their order. */
static void order_is_stable(void **state) {
    (void)state;
    enum { ROWS = 100003 };
    uint64_t seed = 3, *order = malloc(ROWS * sizeof *order);
    uint8_t *digit = malloc(ROWS);
    struct pvr_job job;
    struct pvr_error error;
    for (int i = 0; i < ROWS; i++) {
        digit[i] = (uint8_t)(unit_random(&seed) % 5);
    }
    unit_ok(pvr_job_begin(&job, NULL, NULL, NULL, &error), &error);
    unit_ok(pvr_order_rows(ROWS, by_digit, digit, &job, order, &error), &error);
    for (int i = 1; i < ROWS; i++) {
        const int step = by_digit(digit, order[i - 1], order[i]);
        assert_true(step < 0 || (step == 0 && order[i - 1] < order[i]));
    }
    pvr_job_end(&job, NULL);
    free(order);
    free(digit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_mera_hydro),     cmocka_unit_test(like_mera_gravity),
        cmocka_unit_test(like_mera_particles), cmocka_unit_test(like_mera_clumps),
        cmocka_unit_test(all_kinds),           cmocka_unit_test(comes_back),
        cmocka_unit_test(part_of_the_box),     cmocka_unit_test(beyond_the_borders),
        cmocka_unit_test(wrong_requests),      cmocka_unit_test(order_is_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
