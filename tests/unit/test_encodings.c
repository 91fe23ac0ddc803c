/* test_encodings.c - whole outputs as other machines and builds of RAMSES would have written them.
 */
#include "plain.h"
#include "pvr_mesh.h"
#include "records.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ALL_FIELDS "density velocity pressure level domain"

/* Converts an output into a folder of its own; *run is to be dropped. */
static const char *convert(const struct plain_output *output, const struct record_writer *way,
                           char **run) {
    *run = unit_temp_folder();
    const char *path = unit_path("%s/output_%05d", *run, output->number);
    convert_output(output->path, path, way);
    return path;
}

/* All fields of the files, gravity too where it is. */
static const char *fields_of(int output) {
    return strcmp(plain_outputs[output].name, "legacy3d") == 0 ? ALL_FIELDS
               " passive_scalar_1 potential acceleration"
                                                               : ALL_FIELDS;
}

static void other_byte_orders_and_markers(void **state) {
    (void)state;
    static const struct record_writer ways[] = {
        {.marker = 4},
        {.marker = 4, .swap = 1},
        {.marker = 8},
        {.marker = 8, .swap = 1},
        {.marker = 4, .bisection = 1},
        {.marker = 8, .swap = 1, .bisection = 1},
        {.marker = 4, .wide_keys = 1},
    };
    for (int o = 0; o < PLAIN_OUTPUTS - 1; o++) {
        struct pvr_mesh *same = unit_load(plain_outputs[o].path, fields_of(o), PVR_FLOAT64, 0, 2);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            char *run;
            const char *path = convert(&plain_outputs[o], &ways[w], &run);
            for (int threads = 1; threads <= 3; threads += 2) {
                struct pvr_mesh *mesh = unit_load(path, fields_of(o), PVR_FLOAT64, 0, threads);
                unit_same_mesh(same, mesh);
                pvr_mesh_free(mesh);
            }
            /* a part of the columns takes another way through the reader */
            struct pvr_mesh *part = unit_load(path, "pressure", PVR_FLOAT64, 0, 2);
            assert_memory_equal(part->arrays[0].array->data, same->arrays[2].array->data,
                                same->arrays[2].array->bytes);
            pvr_mesh_free(part);
            unit_drop_folder(run);
        }
        pvr_mesh_free(same);
    }
}

/* Files of builds with reals of 4 bytes: what double held, rounded. */
static void single_precision(void **state) {
    (void)state;
    static const struct record_writer ways[] = {
        {.marker = 4, .single_reals = 1},
        {.marker = 4, .single_reals = 1, .swap = 1},
        {.marker = 8, .single_reals = 1, .bisection = 1},
        {.marker = 8, .single_reals = 1, .swap = 1},
    };
    for (int o = 0; o < PLAIN_OUTPUTS - 1; o++) {
        struct pvr_mesh *wide = unit_load(plain_outputs[o].path, fields_of(o), PVR_FLOAT64, 0, 2);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            char *run;
            const char *path = convert(&plain_outputs[o], &ways[w], &run);
            struct pvr_mesh *mesh = unit_load(path, fields_of(o), PVR_FLOAT64, 0, 2);
            struct pvr_mesh *narrow = unit_load(path, fields_of(o), PVR_FLOAT32, 0, 3);
            for (int a = 0; a < mesh->narrays; a++) {
                if (a == 3 || a == 4) { /* level and domain */
                    continue;
                }
                const double *from = wide->arrays[a].array->data;
                const double *to = mesh->arrays[a].array->data;
                const float *small = narrow->arrays[a].array->data;
                assert_int_equal(wide->arrays[a].array->bytes, mesh->arrays[a].array->bytes);
                for (uint64_t i = 0; i < wide->arrays[a].array->bytes / 8; i++) {
                    assert_true(to[i] == (double)(float)from[i]);
                    assert_true(small[i] == (float)from[i]);
                }
            }
            for (int a = 3; a < 5; a++) {
                assert_memory_equal(wide->arrays[a].array->data, mesh->arrays[a].array->data,
                                    wide->arrays[a].array->bytes);
            }
            assert_int_equal(wide->octree->nleaves, mesh->octree->nleaves);
            pvr_mesh_free(mesh);
            pvr_mesh_free(narrow);
            unit_drop_folder(run);
        }
        pvr_mesh_free(wide);
    }
}

/* Written with IOGROUPSIZEREP: the files of each `size` domains in a folder of their own. */
static void groups_of_files(void **state) {
    (void)state;
    for (int o = 0; o < PLAIN_OUTPUTS - 1; o++) {
        struct pvr_mesh *same = unit_load(plain_outputs[o].path, fields_of(o), PVR_FLOAT64, 0, 2);
        const int ncpu = 4; /* at most: files that are not there are not moved */
        for (int size = 1; size <= 4; size++) {
            char *run = unit_temp_folder();
            int number = plain_outputs[o].number;
            const char *path = unit_path("%s/output_%05d", run, number);
            const char *first = unit_path("%s/group_00001", path);
            unit_make_folder(path);
            unit_copy(plain_outputs[o].path, first);
            for (int domain = size + 1; domain <= ncpu; domain++) {
                const char *group = unit_path("%s/group_%05d", path, (domain - 1) / size + 1);
                static const char *const kinds[] = {"amr", "hydro", "grav"};
                mkdir(group, 0777);
                for (int k = 0; k < 3; k++) {
                    const char *name = unit_path("%s_%05d.out%05d", kinds[k], number, domain);
                    rename(unit_path("%s/%s", first, name), unit_path("%s/%s", group, name));
                }
            }
            for (int i = 0; i < 2; i++) {
                const char *way = i == 0 ? path : unit_path("%s/info_%05d.txt", first, number);
                struct pvr_mesh *mesh = unit_load(way, fields_of(o), PVR_FLOAT64, 0, 2);
                unit_same_mesh(same, mesh);
                pvr_mesh_free(mesh);
            }
            unit_drop_folder(run);
        }
        pvr_mesh_free(same);
    }
}

/* Files of one output in several encodings are no output. */
static void mixed_encodings(void **state) {
    (void)state;
    static const struct record_writer way = {.marker = 4, .swap = 1};
    static const char *const kinds[] = {"amr", "hydro"};
    for (int domain = 1; domain <= 2; domain++) {
        for (int k = 0; k < 2; k++) {
            char *run;
            const char *path = convert(&plain_outputs[1], &way, &run);
            const char *name = unit_path("%s_00002.out%05d", kinds[k], domain);
            unit_copy(unit_path("%s/%s", plain_outputs[1].path, name),
                      unit_path("%s/%s", path, name));
            struct pvr_snapshot *snapshot;
            struct pvr_mesh *mesh = NULL;
            struct pvr_error error;
            static const char *const fields[] = {"density"};
            const struct pvr_mesh_request request = {
                .fields = fields, .nfields = 1, .precision = PVR_FLOAT32};
            enum pvr_status status = pvr_snapshot_open(path, &snapshot, &error);
            if (status == PVR_OK) {
                status = pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error);
            }
            /* where the first amr file differs, it is the others that do not fit it */
            unit_failed(status, &error, domain == 1 && k == 0 ? "hydro_00002.out00001" : name);
            assert_null(mesh);
            pvr_snapshot_release(snapshot);
            unit_drop_folder(run);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_byte_orders_and_markers),
        cmocka_unit_test(single_precision),
        cmocka_unit_test(groups_of_files),
        cmocka_unit_test(mixed_encodings),
    };
    return cmocka_run_group_tests_name("encodings", tests, NULL, NULL);
}
