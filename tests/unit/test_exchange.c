/* test_exchange.c - pvr_exchange.h: what one process knows of a run, as bytes for another. */
#include "pvr_exchange.h"

#include "plain.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"
#include "pvr_statistics.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const output = PVR_TEST_DATA "/sedov3d/output_00003";

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static void runs_arrive(void **state) {
    (void)state;
    struct pvr_series series, copy;
    struct pvr_bytes bytes;
    struct pvr_error error;
    unit_ok(pvr_series_find(output, &series, &error), &error);
    assert_true(series.count >= 2);
    unit_ok(pvr_series_pack(&series, &bytes, &error), &error);
    unit_ok(pvr_series_unpack(bytes.data, bytes.size, &copy, &error), &error);
    assert_int_equal(copy.count, series.count);
    for (size_t i = 0; i < series.count; i++) {
        assert_int_equal(copy.output[i].number, series.output[i].number);
        assert_string_equal(copy.output[i].info_path, series.output[i].info_path);
        assert_true(copy.output[i].info.time == series.output[i].info.time);
        assert_int_equal(copy.output[i].finished, series.output[i].finished);
    }
    for (size_t size = 0; size < bytes.size; size++) { /* cut anywhere */
        struct pvr_series none;
        void *part = malloc(size + 1); /* tools that watch memory see a byte too many */
        memcpy(part, bytes.data, size);
        assert_int_not_equal(pvr_series_unpack(part, size, &none, &error), PVR_OK);
        free(part);
    }
    pvr_series_free(&series);
    pvr_series_free(&copy);
    pvr_bytes_free(&bytes);
}

static void same_particles(const struct pvr_snapshot *opened, const struct pvr_snapshot *copy) {
    struct pvr_particle_table table[2];
    struct pvr_error error;
    unit_ok(pvr_particles_describe(opened, &table[0], &error), &error);
    unit_ok(pvr_particles_describe(copy, &table[1], &error), &error);
    assert_int_equal(table[0].present, table[1].present);
    assert_int_equal(table[0].counted, table[1].counted);
    assert_int_equal(table[0].count, table[1].count);
    assert_memory_equal(table[0].family_count, table[1].family_count, sizeof table[0].family_count);
    assert_int_equal(table[0].nfields, table[1].nfields);
    for (int i = 0; i < table[0].nfields; i++) {
        assert_string_equal(table[0].field[i].name, table[1].field[i].name);
        assert_int_equal(table[0].field[i].type, table[1].field[i].type);
    }
    pvr_particle_table_free(&table[0]);
    pvr_particle_table_free(&table[1]);
}

/* What is unpacked loads as what was opened does, though the small files are gone. */
static void outputs_arrive(void **state) {
    (void)state;
    for (int i = 0; i < PLAIN_OUTPUTS; i++) {
        if (plain_outputs[i].large) {
            continue;
        }
        char *folder = unit_temp_folder();
        char *path = strdup(unit_path("%s/output_%05d", folder, plain_outputs[i].number));
        unit_copy(plain_outputs[i].path, path);
        struct pvr_snapshot *opened = open_output(path), *copy;
        struct pvr_bytes bytes;
        struct pvr_error error;
        unit_ok(pvr_snapshot_pack(opened, &bytes, &error), &error);
        unlink(unit_path("%s/info_%05d.txt", path, plain_outputs[i].number));
        unlink(unit_path("%s/hydro_file_descriptor.txt", path));
        unlink(unit_path("%s/part_file_descriptor.txt", path));
        unlink(unit_path("%s/header_%05d.txt", path, plain_outputs[i].number));
        unit_ok(pvr_snapshot_unpack(bytes.data, bytes.size, &copy, &error), &error);
        pvr_bytes_free(&bytes);
        assert_string_equal(pvr_snapshot_path(copy), pvr_snapshot_path(opened));
        assert_true(pvr_snapshot_gamma(copy) == pvr_snapshot_gamma(opened));
        assert_int_equal(pvr_snapshot_fields(copy)->nfields, pvr_snapshot_fields(opened)->nfields);
        same_particles(opened, copy);

        const char *fields[] = {"density"};
        const struct pvr_mesh_request request = {
            .fields = fields, .nfields = 1, .precision = PVR_FLOAT64};
        struct pvr_mesh *mesh[2];
        unit_ok(pvr_mesh_load(opened, &request, NULL, NULL, NULL, &mesh[0], &error), &error);
        unit_ok(pvr_mesh_load(copy, &request, NULL, NULL, NULL, &mesh[1], &error), &error);
        assert_int_equal(mesh[0]->octree->ncells, mesh[1]->octree->ncells);
        assert_memory_equal(mesh[0]->arrays[0].array->data, mesh[1]->arrays[0].array->data,
                            mesh[0]->arrays[0].array->bytes);
        for (int m = 0; m < 2; m++) {
            pvr_mesh_free(mesh[m]);
        }
        pvr_snapshot_release(opened);
        pvr_snapshot_release(copy);
        free(path);
        unit_drop_folder(folder);
    }
}

static void cut_outputs_are_refused(void **state) {
    (void)state;
    struct pvr_snapshot *opened = open_output(output), *copy;
    struct pvr_bytes bytes;
    struct pvr_error error;
    unit_ok(pvr_snapshot_pack(opened, &bytes, &error), &error);
    for (size_t size = 0; size < bytes.size; size += 1 + size / 40) {
        void *part = malloc(size + 1);
        memcpy(part, bytes.data, size);
        assert_int_not_equal(pvr_snapshot_unpack(part, size, &copy, &error), PVR_OK);
        assert_null(copy);
        free(part);
    }
    /* a byte changed: an output, or a message, but no harm */
    for (size_t at = 0; at < bytes.size; at++) {
        bytes.data[at] ^= 0x5a;
        if (pvr_snapshot_unpack(bytes.data, bytes.size, &copy, &error) == PVR_OK) {
            pvr_snapshot_release(copy);
        }
        bytes.data[at] ^= 0x5a;
    }
    /* another version of the library: its name stands behind the first 8 bytes */
    bytes.data[8] = '9';
    unit_failed(pvr_snapshot_unpack(bytes.data, bytes.size, &copy, &error), &error, "version 9");
    pvr_bytes_free(&bytes);
    pvr_snapshot_release(opened);
}

/* Three processes read the tables of some domains each. */
static void tables_arrive(void **state) {
    (void)state;
    struct pvr_snapshot *reader[3], *all = open_output(output), *copy = open_output(output);
    int ndomains = pvr_snapshot_info(all)->ncpu;
    struct pvr_level_count levels[2][64];
    int nlevels[2];
    struct pvr_error error;
    unit_ok(pvr_snapshot_levels(all, NULL, levels[0], &nlevels[0], &error), &error);
    for (int r = 0; r < 3; r++) {
        struct pvr_bytes bytes;
        int first = 1 + r * ndomains / 3, last = (r + 1) * ndomains / 3;
        reader[r] = open_output(output);
        unit_ok(pvr_tables_pack(reader[r], first, last, NULL, &bytes, &error), &error);
        for (size_t size = 0; size < bytes.size; size += 7) {
            struct pvr_snapshot *other = open_output(output);
            void *part = malloc(size + 1);
            memcpy(part, bytes.data, size);
            assert_int_not_equal(pvr_tables_unpack(other, part, size, &error), PVR_OK);
            free(part);
            pvr_snapshot_release(other);
        }
        unit_ok(pvr_tables_unpack(copy, bytes.data, bytes.size, &error), &error);
        pvr_bytes_free(&bytes);
        pvr_snapshot_release(reader[r]);
    }
    unit_ok(pvr_snapshot_levels(copy, NULL, levels[1], &nlevels[1], &error), &error);
    assert_int_equal(nlevels[0], nlevels[1]);
    for (int l = 0; l < nlevels[0]; l++) {
        assert_int_equal(levels[0][l].octs, levels[1][l].octs);
    }
    struct pvr_bytes bytes;
    assert_int_equal(pvr_tables_pack(copy, 0, 1, NULL, &bytes, &error), PVR_ERROR_ARGUMENT);
    pvr_snapshot_release(all);
    pvr_snapshot_release(copy);
}

/* Splits of an output and of a Mera file: each rank loads its part with a split that arrived. */
static void splits_arrive(void **state) {
    (void)state;
    static const char *const paths[] = {PVR_TEST_DATA "/sedov3d/output_00003",
                                        PVR_TEST_DATA "/mera/mera190_multi_00002.jld2"};
    for (int kind = PVR_SPLIT_TREES; kind <= PVR_SPLIT_DOMAINS + 1; kind++) {
        struct pvr_snapshot *opened = open_output(paths[kind > PVR_SPLIT_DOMAINS]);
        const struct pvr_split_wish wish = {
            5, kind > PVR_SPLIT_DOMAINS ? PVR_SPLIT_AUTO : (enum pvr_split_kind)kind, 0};
        struct pvr_split *split, *copy;
        struct pvr_bytes bytes;
        struct pvr_error error;
        unit_ok(pvr_split_make(opened, &wish, NULL, NULL, &split, &error), &error);
        assert_true(kind == PVR_SPLIT_DOMAINS || split->imbalance < 1.5); /* domains are few */
        unit_ok(pvr_split_pack(split, &bytes, &error), &error);
        unit_ok(pvr_split_unpack(bytes.data, bytes.size, &copy, &error), &error);
        assert_true(copy->stamp == split->stamp && copy->kind == split->kind);
        const char *fields[] = {"density"};
        struct pvr_mesh_request request = {
            .fields = fields, .nfields = 1, .precision = PVR_FLOAT64};
        struct pvr_mesh *mesh;
        unit_ok(pvr_mesh_load(opened, &request, NULL, NULL, NULL, &mesh, &error), &error);
        uint64_t leaves = mesh->octree->nleaves, found = 0;
        pvr_mesh_free(mesh);
        request.split = copy;
        for (request.rank = 0; request.rank < 5; request.rank++) {
            unit_ok(pvr_mesh_load(opened, &request, NULL, NULL, NULL, &mesh, &error), &error);
            found += mesh->octree->nleaves;
            pvr_mesh_free(mesh);
        }
        assert_int_equal(found, leaves);
        pvr_split_free(copy);
        for (size_t size = 0; size < bytes.size; size += 1 + size / 40) {
            void *part = malloc(size + 1);
            memcpy(part, bytes.data, size);
            assert_int_not_equal(pvr_split_unpack(part, size, &copy, &error), PVR_OK);
            free(part);
        }
        for (size_t at = 0; at < bytes.size; at++) { /* a split, or a message, but no harm */
            bytes.data[at] ^= 0x5a;
            if (pvr_split_unpack(bytes.data, bytes.size, &copy, &error) == PVR_OK) {
                pvr_split_free(copy);
            }
            bytes.data[at] ^= 0x5a;
        }
        pvr_bytes_free(&bytes);
        pvr_split_free(split);
        pvr_snapshot_release(opened);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_arrive),
        cmocka_unit_test(outputs_arrive),
        cmocka_unit_test(cut_outputs_are_refused),
        cmocka_unit_test(tables_arrive),
        cmocka_unit_test(splits_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
