/* bad.c - a copy of a small real output to be spoilt, and what loading it then says. */
#include "bad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct bad bad_begin(const char *name, int number) {
    struct bad bad = {.run = unit_temp_folder(), .number = number};
    bad.path = strdup(unit_path("%s/output_%05d", bad.run, number));
    assert_non_null(bad.path);
    unit_copy(unit_path(PVR_TEST_DATA "/%s/output_%05d", name, number), bad.path);
    struct pvr_mesh *mesh = unit_load(bad.path, "density", PVR_FLOAT32, 0, 1);
    bad.leaves = mesh->octree->nleaves;
    pvr_mesh_free(mesh);
    return bad;
}

void bad_end(struct bad *bad) {
    unit_drop_folder(bad->run);
    free(bad->path);
}

const char *bad_path(const struct bad *bad, const char *name) {
    return unit_path("%s/%s", bad->path, name);
}

void bad_try(struct bad *bad, const char *name, enum bad_wanted wanted) {
    const char *fields[32] = {"level", "domain"};
    struct pvr_mesh_request request = {.fields = fields, .nfields = 2, .precision = PVR_FLOAT64};
    const struct pvr_threads settings = {.max = 1 + (int)((bad->failed + bad->loaded) % 2)};
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh = NULL;
    struct pvr_error error;
    pvr_error_clear(&error);
    enum pvr_status status = pvr_snapshot_open(bad->path, &snapshot, &error);
    if (status == PVR_OK && pvr_snapshot_spoilt(snapshot) != NULL) { /* the gas alone is left */
        status = pvr_fail(&error, PVR_ERROR_FORMAT, "%s", pvr_snapshot_spoilt(snapshot));
    } else if (status == PVR_OK) {
        const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
        for (int i = 0; i < table->nfields && request.nfields < 32; i++) {
            fields[request.nfields++] = table->field[i].name;
        }
        if (bad->only != NULL) {
            fields[0] = bad->only;
            request.nfields = 1;
        }
        status = pvr_mesh_load(snapshot, &request, &settings, NULL, NULL, &mesh, &error);
    } else {
        assert_null(snapshot);
    }
    if (status == PVR_OK) {
        if (wanted == BAD_FAILS) {
            fail_msg("loads though %s is bad", name);
        }
        bad->loaded++;
        assert_non_null(mesh);
        assert_int_equal(mesh->octree->nleaves, bad->leaves);
    } else {
        bad->failed++;
        assert_null(mesh);
        assert_int_not_equal(status, PVR_CANCELLED);
        bool named = strstr(error.message, name) != NULL;
        bad->by_folder += !named;
        if (wanted == BAD_LOADS || (!named && wanted == BAD_FAILS)) {
            fail_msg("%s: %s", name, error.message);
        }
        unit_failed(status, &error, named ? name : bad->path);
    }
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
}

void bad_limit_memory(void) {
    const struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    if (!unit_sanitized()) {
        setrlimit(RLIMIT_AS, &limit);
    }
}
