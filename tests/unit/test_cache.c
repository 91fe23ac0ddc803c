/* test_cache.c - pvr_cache.h: what is shared, what is read, what is let go; the same bits always.
 */
#include "pvr_cache.h"

#include "plain.h"
#include "records.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const char *const sedov = PVR_TEST_DATA "/sedov3d/output_00002";
static const char *const web = PVR_TEST_DATA "/web3d/output_00002";
static const char *const hydro_fields[] = {"density", "velocity", "pressure"};
static const struct pvr_threads two = {.max = 2};

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static struct pvr_cache *new_cache(uint64_t budget) {
    struct pvr_cache *cache;
    struct pvr_error error;
    unit_ok(pvr_cache_new(budget, &cache, &error), &error);
    return cache;
}

static struct pvr_mesh_request doubles(int nfields, const char *const *fields, int max_level) {
    return (struct pvr_mesh_request){
        .max_level = max_level, .fields = fields, .nfields = nfields, .precision = PVR_FLOAT64};
}

static struct pvr_mesh *plain_load(struct pvr_snapshot *snapshot,
                                   const struct pvr_mesh_request *request) {
    struct pvr_mesh *mesh;
    struct pvr_error error;
    unit_ok(pvr_mesh_load(snapshot, request, &two, NULL, NULL, &mesh, &error), &error);
    return mesh;
}

/* Loads through the cache, and checks that it is what loading without it gives. */
static struct pvr_mesh *load(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                             const struct pvr_mesh_request *request) {
    struct pvr_mesh *mesh;
    struct pvr_error error;
    unit_ok(pvr_cache_load(cache, snapshot, request, &two, NULL, NULL, &mesh, &error), &error);
    struct pvr_mesh *plain = plain_load(snapshot, request);
    unit_same_mesh(mesh, plain);
    unit_ok(pvr_mesh_find_ranges(plain->arrays, plain->narrays, &two, &error), &error);
    for (int i = 0; i < mesh->narrays; i++) {
        const struct pvr_mesh_array *a = &mesh->arrays[i], *b = &plain->arrays[i];
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->unit.label, b->unit.label);
        assert_true(a->unit.factor == b->unit.factor && a->ncomponents == b->ncomponents);
        assert_int_equal(a->has_ranges, b->has_ranges);
        assert_true(!a->has_ranges ||
                    (a->range[0][0] == b->range[0][0] && a->range[0][1] == b->range[0][1] &&
                     a->norm[0] == b->norm[0] && a->norm[1] == b->norm[1]));
    }
    pvr_mesh_free(plain);
    return mesh;
}

/* What loading without a cache reads with a handle that has its tables, or with one that has not.
 */
static uint64_t bytes_of(const char *path, const struct pvr_mesh_request *request, bool tables) {
    struct pvr_snapshot *snapshot = open_output(path);
    struct pvr_mesh *mesh = plain_load(snapshot, request);
    if (tables) {
        pvr_mesh_free(mesh);
        mesh = plain_load(snapshot, request);
    }
    uint64_t bytes = mesh->report.bytes_read;
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return bytes;
}

static void a_second_field_reads_its_own_bytes(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(web);
    struct pvr_mesh_request none = doubles(0, NULL, 0), one = doubles(1, hydro_fields, 0),
                            both = doubles(2, hydro_fields, 0),
                            second = doubles(1, hydro_fields + 1, 0);
    struct pvr_mesh *first = load(cache, snapshot, &one);
    assert_int_equal(first->nshared, 0);
    struct pvr_mesh *mesh = load(cache, snapshot, &both);
    assert_int_equal(mesh->report.bytes_read,
                     bytes_of(web, &second, true) - bytes_of(web, &none, true));
    assert_int_equal(mesh->nshared, 1);
    assert_ptr_equal(mesh->octree, first->octree);
    assert_ptr_equal(mesh->arrays[0].array, first->arrays[0].array);
    pvr_mesh_free(mesh);
    pvr_mesh_free(first);

    /* the same in another order, and one of them twice */
    const char *const turned[] = {"velocity", "density", "velocity"};
    struct pvr_mesh_request again = doubles(3, turned, 0);
    mesh = load(cache, snapshot, &again);
    assert_int_equal(mesh->report.bytes_read, 0);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
}

static void the_same_field_twice_is_read_once(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(sedov);
    const char *const twice[] = {"density", "density"};
    struct pvr_mesh_request request = doubles(2, twice, 0);
    struct pvr_mesh *mesh = load(cache, snapshot, &request);
    assert_ptr_equal(mesh->arrays[0].array, mesh->arrays[1].array);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
}

/* From level to level, up and down, for all outputs: going deeper reads the new levels and the sons
 * of the level that was the last, which is what the deeper mesh has more than the other; going up
 * reads nothing. */
static void deeper_and_less_deep(void **state) {
    (void)state;
    static const char *const fields[] = {"density", "velocity", "pressure", "level", "domain"};
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        const char *path = plain_outputs[o].path;
        struct pvr_snapshot *snapshot = open_output(path);
        struct pvr_mesh_request all = doubles(5, fields, 0);
        struct pvr_mesh *mesh = plain_load(snapshot, &all);
        int root = mesh->octree->root_level, deepest = mesh->octree->max_level;
        pvr_mesh_free(mesh);
        struct pvr_cache *cache = new_cache(0);
        struct pvr_mesh *above = NULL;
        for (int l = root; l <= deepest; l++) {
            struct pvr_mesh_request request = doubles(5, fields, l),
                                    less = doubles(5, fields, l - 1);
            mesh = load(cache, snapshot, &request);
            if (above != NULL) {
                assert_int_equal(mesh->report.bytes_read,
                                 bytes_of(path, &request, false) - bytes_of(path, &less, false));
                assert_int_equal(mesh->nput_together, 5);
            }
            pvr_mesh_free(above);
            above = mesh;
        }
        pvr_mesh_free(above);
        pvr_cache_clear(cache);
        mesh = load(cache, snapshot, &all);
        pvr_mesh_free(mesh);
        for (int l = deepest - 1; l >= root; l--) {
            struct pvr_mesh_request request = doubles(5, fields, l);
            mesh = load(cache, snapshot, &request);
            assert_int_equal(mesh->report.bytes_read, 0);
            pvr_mesh_free(mesh);
        }
        for (int l = root - 1; l >= 1; l--) { /* other trees: read anew */
            struct pvr_mesh_request request = doubles(5, fields, l);
            mesh = load(cache, snapshot, &request);
            pvr_mesh_free(mesh);
        }
        pvr_cache_release(cache);
        pvr_snapshot_release(snapshot);
    }
}

static void two_levels_at_once_and_fields_of_several_depths(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(web);
    struct pvr_mesh_request at_4 = doubles(1, hydro_fields, 4),
                            all = doubles(1, hydro_fields + 2, 0),
                            at_5 = doubles(3, hydro_fields, 5);
    struct pvr_mesh *mesh = load(cache, snapshot, &at_4);
    pvr_mesh_free(mesh);
    mesh = load(cache, snapshot, &all);
    pvr_mesh_free(mesh);
    mesh = load(cache, snapshot, &at_5); /* deeper, read, cut */
    assert_int_equal(mesh->nput_together, 2);
    pvr_mesh_free(mesh);
    struct pvr_mesh_request whole = doubles(3, hydro_fields, 0);
    mesh = load(cache, snapshot, &whole);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
}

/* Two handles of one output, by two paths, as two readers have them. */
static void a_second_reader_reads_nothing(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *one = open_output(sedov);
    struct pvr_snapshot *other =
        open_output(PVR_TEST_DATA "/sedov3d/../sedov3d/output_00002/info_00002.txt");
    struct pvr_mesh_request none = doubles(0, NULL, 0), request = doubles(3, hydro_fields, 0);
    struct pvr_mesh *mesh = load(cache, one, &request);
    struct pvr_mesh *again;
    struct pvr_error error;
    unit_ok(pvr_cache_load(cache, other, &request, &two, NULL, NULL, &again, &error), &error);
    /* but the tables of its files: what they are is told by them */
    assert_true(again->report.bytes_read <=
                bytes_of(sedov, &request, false) - bytes_of(sedov, &request, true));
    assert_true(bytes_of(sedov, &none, true) > 0);
    assert_int_equal(again->nshared, 3);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(mesh->arrays[i].array, again->arrays[i].array);
    }
    pvr_mesh_free(again);
    unit_ok(pvr_cache_load(cache, other, &request, &two, NULL, NULL, &again, &error), &error);
    assert_int_equal(again->report.bytes_read, 0);
    pvr_mesh_free(again);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(one);
    pvr_snapshot_release(other);
    pvr_cache_release(cache);
}

/* A region's structure and arrays are its own; a second field reads its own bytes. */
static void regions(void **state) {
    (void)state;
    static const struct pvr_region ball = {
        .type = PVR_REGION_SPHERE, .centre = {0.6, 0.55, 0.5}, .radius = 0.1};
    struct pvr_region same = ball, other = ball, by_centre = ball, nowhere = ball;
    other.radius = 0.11;
    by_centre.by_centre = true;
    nowhere.radius = 0;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(web);
    struct pvr_mesh_request one = doubles(1, hydro_fields, 0), both = doubles(2, hydro_fields, 0);
    pvr_mesh_free(load(cache, snapshot, &one)); /* the whole box shares nothing with a part */
    one.region = &ball;
    both.region = &same;
    struct pvr_mesh *first = load(cache, snapshot, &one);
    assert_int_equal(first->nshared, 0);
    assert_true(first->report.bytes_read > 0 && first->octree->noutside > 0);
    struct pvr_mesh *mesh = load(cache, snapshot, &both);
    assert_int_equal(mesh->nshared, 1);
    assert_ptr_equal(mesh->octree, first->octree);
    assert_true(mesh->report.bytes_read > 0);
    struct pvr_mesh_request second = doubles(1, hydro_fields + 1, 0), none = doubles(0, NULL, 0);
    second.region = none.region = &ball;
    assert_int_equal(mesh->report.bytes_read,
                     bytes_of(web, &second, true) - bytes_of(web, &none, true));
    pvr_mesh_free(mesh);
    pvr_mesh_free(first);

    both.precision = PVR_FLOAT32; /* converted, what is outside too */
    both.units = PVR_UNITS_CGS;
    mesh = load(cache, snapshot, &both);
    assert_int_equal(mesh->report.bytes_read, 0);
    pvr_mesh_free(mesh);
    const struct pvr_region *const others[] = {&other, &by_centre, &nowhere};
    for (int i = 0; i < 3; i++) {
        both.region = others[i];
        for (int level = 4; level <= 7; level += 3) {
            both.max_level = level;
            mesh = load(cache, snapshot, &both);
            assert_int_equal(mesh->nshared + mesh->nput_together, 0);
            pvr_mesh_free(mesh);
            mesh = load(cache, snapshot, &both);
            assert_int_equal(mesh->report.bytes_read, 0);
            assert_int_equal(mesh->nshared, 2);
            pvr_mesh_free(mesh);
        }
    }
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
}

/* The same for regions. Level by level no more is read than at once; where centres count, and a
 * leaf may be outside though cells in it are not, other depths are of no use. */
static void depths_of_regions(void **state) {
    (void)state;
    static const char *const fields[] = {"density", "velocity", "level", "domain"};
    static const struct pvr_region regions[] = {
        {.type = PVR_REGION_SPHERE, .centre = {0.6, 0.55, 0.5}, .radius = 0.11},
        {.type = PVR_REGION_BOX, .centre = {0.02, 0.5, 0.97}, .size = {0.2, 0.6, 0.3}},
        {.type = PVR_REGION_CYLINDER,
         .centre = {0.5, 0.4, 0.5},
         .radius = 0.13,
         .height = 0.5,
         .axis = {1, 2, 3}},
        {.type = PVR_REGION_SPHERE, .centre = {0.6, 0.55, 0.5}, .radius = 0.05, .by_centre = true}};
    for (int o = 0; o < PLAIN_OUTPUTS; o++) {
        for (int r = 0; r < 4; r++) {
            struct pvr_region region = regions[r];
            struct pvr_snapshot *snapshot = open_output(plain_outputs[o].path);
            for (int axis = 0; axis < 3; axis++) {
                double box = pvr_snapshot_info(snapshot)->boxlen;
                region.centre[axis] *= box;
                region.size[axis] *= box;
                region.radius *= axis == 0 ? box : 1;
                region.height *= axis == 0 ? box : 1;
            }
            struct pvr_mesh_request all = doubles(4, fields, 0);
            all.region = &region;
            struct pvr_mesh *mesh = plain_load(snapshot, &all);
            uint64_t at_once = bytes_of(plain_outputs[o].path, &all, false), bytes = 0;
            int root = mesh->octree->root_level, deepest = mesh->octree->max_level;
            pvr_mesh_free(mesh);
            struct pvr_cache *cache = new_cache(0);
            for (int step = 0; step <= 2 * (deepest - root); step++) { /* down and up again */
                struct pvr_mesh_request request = all;
                request.max_level =
                    root + step <= deepest ? root + step : 2 * deepest - root - step;
                mesh = load(cache, snapshot, &request);
                bytes += mesh->report.bytes_read;
                assert_int_equal(mesh->nput_together,
                                 step > 0 && step <= deepest - root && !region.by_centre ? 4 : 0);
                pvr_mesh_free(mesh);
            }
            assert_true(region.by_centre || bytes <= at_once);
            pvr_cache_clear(cache);
            pvr_mesh_free(load(cache, snapshot, &all));
            for (int l = deepest - 1; l >= root; l--) {
                struct pvr_mesh_request request = all;
                request.max_level = l;
                mesh = load(cache, snapshot, &request);
                assert_true(region.by_centre || mesh->report.bytes_read == 0);
                pvr_mesh_free(mesh);
            }
            pvr_cache_release(cache);
            pvr_snapshot_release(snapshot);
        }
    }
}

static void converting_where_the_bits_are_the_same(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(web);
    static const enum pvr_field_units units[] = {PVR_UNITS_CODE, PVR_UNITS_CGS, PVR_UNITS_ASTRO};
    for (int from = 0; from < 6; from++) {
        for (int to = 0; to < 6; to++) {
            struct pvr_cache *cache = new_cache(0);
            struct pvr_mesh_request first = doubles(2, hydro_fields, 0), second = first;
            first.units = units[from / 2];
            first.precision = from % 2 ? PVR_FLOAT32 : PVR_FLOAT64;
            second.units = units[to / 2];
            second.precision = to % 2 ? PVR_FLOAT32 : PVR_FLOAT64;
            second.max_level = 5;
            pvr_mesh_free(load(cache, snapshot, &first));
            struct pvr_mesh *mesh = load(cache, snapshot, &second);
            /* doubles in code units are what the files hold; rounded or multiplied values are not
             */
            bool converts = from == 0 || from == to || (from % 2 == 0 && to == from + 1);
            assert_int_equal(mesh->report.bytes_read == 0, converts);
            pvr_mesh_free(mesh);
            pvr_cache_release(cache);
        }
    }
    pvr_snapshot_release(snapshot);
}

static void old_entries_are_let_go(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(sedov);
    struct pvr_mesh_request request[3];
    for (int i = 0; i < 3; i++) {
        request[i] = doubles(1, hydro_fields + i, 0);
    }
    struct pvr_mesh *mesh = load(cache, snapshot, &request[0]);
    uint64_t array = mesh->arrays[0].array->bytes;
    pvr_mesh_free(mesh);
    uint64_t structure = pvr_cache_use(cache).bytes - array;
    /* room for the structure and the two scalars, not for the vector besides */
    pvr_cache_set_budget(cache, structure + 2 * array);
    pvr_mesh_free(load(cache, snapshot, &request[2]));
    assert_int_equal(pvr_cache_use(cache).bytes, structure + 2 * array);
    assert_int_equal(pvr_cache_use(cache).entries, 3);
    pvr_mesh_free(load(cache, snapshot, &request[1]));
    assert_true(pvr_cache_use(cache).bytes <= structure + 2 * array);
    mesh = load(cache, snapshot, &request[2]);
    assert_true(mesh->report.bytes_read > 0);
    pvr_mesh_free(mesh);

    /* what is held outlives its eviction, and is still found */
    pvr_cache_set_budget(cache, 1);
    mesh = load(cache, snapshot, &request[0]);
    assert_int_equal(pvr_cache_use(cache).bytes, 0);
    struct pvr_mesh *again = load(cache, snapshot, &request[0]);
    assert_int_equal(again->report.bytes_read, 0);
    assert_ptr_equal(mesh->arrays[0].array, again->arrays[0].array);
    assert_int_equal(pvr_cache_use(cache).bytes, 0);
    pvr_mesh_free(again);
    pvr_mesh_free(mesh);
    assert_int_equal(pvr_cache_use(cache).entries, 0);
    mesh = load(cache, snapshot, &request[0]);
    assert_true(mesh->report.bytes_read > 0);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
}

static void a_mesh_outlives_its_cache(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(sedov);
    struct pvr_mesh_request request = doubles(3, hydro_fields, 0);
    struct pvr_mesh *mesh = load(cache, snapshot, &request);
    pvr_cache_release(pvr_cache_retain(cache));
    pvr_cache_release(cache);
    struct pvr_mesh *plain = plain_load(snapshot, &request);
    unit_same_mesh(mesh, plain);
    pvr_mesh_free(plain);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
}

static void outputs_written_anew_are_read_anew(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    struct pvr_cache *cache = new_cache(0);
    struct pvr_mesh_request request = doubles(2, hydro_fields, 0);
    const char *path = unit_path("%s/output_00002", folder);
    char kept[4096];
    strcpy(kept, path);
    unit_copy(sedov, kept);
    struct pvr_snapshot *snapshot = open_output(kept);
    pvr_mesh_free(load(cache, snapshot, &request));
    pvr_snapshot_release(snapshot);

    /* one hydro file written in place, as long as before */
    struct records records;
    const char *file = unit_path("%s/hydro_00002.out00002", kept);
    size_t size;
    records_read(file, &records);
    char *bytes = unit_read_file(file, &size);
    for (size_t i = 0; i < records.count; i++) {
        if (records.length[i] >= 64 && records.length[i] % 8 == 0) { /* values */
            double value = 12345.0;
            memcpy(bytes + records.at[i] + 4, &value, sizeof value);
        }
    }
    unit_write_file(unit_path("%s/hydro_00002.out00002", kept), bytes, size);
    free(bytes);
    records_free(&records);
    snapshot = open_output(kept);
    struct pvr_mesh *mesh = load(cache, snapshot, &request);
    assert_int_equal(mesh->nshared, 0);
    assert_true(mesh->report.bytes_read > 0);
    bool changed = false;
    for (uint64_t i = 0; i < mesh->octree->ncells; i++) {
        changed = changed || unit_value(mesh->arrays[0].array, i, 0) == 12345.0;
    }
    assert_true(changed);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
    unit_drop_folder(folder);
}

/* ---- stopping and failing ---------------------------------------------------------------------
 */

struct stop {
    int calls, at;
};

static int stop_at(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct stop *stop = context;
    (void)fraction;
    (void)done;
    (void)expected;
    return ++stop->calls == stop->at;
}

/* Stopped at each of its calls: what was complete is not read again, and nothing is wrong. */
static void a_stopped_load_keeps_what_is_complete(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(sedov);
    struct pvr_mesh_request request = doubles(3, hydro_fields, 0);
    pvr_mesh_free(plain_load(snapshot, &request));
    uint64_t all = bytes_of(sedov, &request, true);
    bool stopped = true, kept_something = false;
    for (int at = 1; stopped; at++) {
        struct pvr_cache *cache = new_cache(0);
        struct stop stop = {.at = at};
        struct pvr_mesh *mesh;
        struct pvr_error error;
        enum pvr_status status =
            pvr_cache_load(cache, snapshot, &request, &two, stop_at, &stop, &mesh, &error);
        stopped = status != PVR_OK;
        if (stopped) {
            assert_int_equal(status, PVR_CANCELLED);
            assert_null(mesh);
        }
        uint64_t entries = pvr_cache_use(cache).entries;
        struct pvr_mesh *again = load(cache, snapshot, &request);
        kept_something = kept_something || (stopped && entries > 0);
        assert_true(entries == 0 ? again->report.bytes_read == all
                                 : again->report.bytes_read < all);
        pvr_mesh_free(again);
        pvr_mesh_free(mesh);
        pvr_cache_release(cache);
    }
    assert_true(kept_something);
    pvr_snapshot_release(snapshot);
}

/* A spoilt gravity file: the gas is kept, and is there at once when it is asked for alone. */
static void a_failed_load_keeps_what_is_complete(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    char kept[4096];
    strcpy(kept, unit_path("%s/output_00002", folder));
    unit_copy(web, kept);
    struct pvr_snapshot *snapshot = open_output(kept);
    const char *const fields[] = {"density", "potential"};
    struct pvr_mesh_request both = doubles(2, fields, 0), gas = doubles(1, fields, 0);
    if (pvr_field_find(pvr_snapshot_fields(snapshot), "potential") >= 0) {
        struct pvr_cache *cache = new_cache(0);
        pvr_mesh_free(plain_load(snapshot, &both)); /* the tables are read */
        unit_write_text(unit_path("%s/grav_00002.out00001", kept), "no");
        struct pvr_mesh *mesh;
        struct pvr_error error;
        enum pvr_status status =
            pvr_cache_load(cache, snapshot, &both, &two, NULL, NULL, &mesh, &error);
        unit_failed(status, &error, "grav_00002");
        assert_null(mesh);
        mesh = load(cache, snapshot, &gas);
        assert_int_equal(mesh->report.bytes_read, 0);
        pvr_mesh_free(mesh);
        pvr_cache_release(cache);
    }
    pvr_snapshot_release(snapshot);
    unit_drop_folder(folder);
}

static void wrong_requests(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_snapshot *snapshot = open_output(sedov);
    const char *const unknown[] = {"density", "colour"};
    struct pvr_mesh_request request = doubles(2, unknown, 0);
    struct pvr_mesh *mesh;
    struct pvr_error error;
    enum pvr_status status =
        pvr_cache_load(cache, snapshot, &request, &two, NULL, NULL, &mesh, &error);
    assert_int_equal(status, PVR_ERROR_ARGUMENT);
    unit_failed(status, &error, "colour");
    assert_null(mesh);
    assert_int_equal(pvr_cache_use(cache).entries, 0);
    struct pvr_mesh_request none = doubles(0, NULL, 0);
    pvr_mesh_free(load(cache, snapshot, &none));
    pvr_snapshot_release(snapshot);
    pvr_cache_release(cache);
    pvr_cache_release(NULL);
}

static void the_budget_is_a_share_of_memory(void **state) {
    (void)state;
    struct pvr_cache *cache = new_cache(0);
    struct pvr_cache_use use = pvr_cache_use(cache);
    assert_true(use.budget > 1 << 20 && use.budget < (uint64_t)1 << 50);
    assert_int_equal(use.bytes, 0);
    pvr_cache_set_budget(cache, 1000);
    assert_int_equal(pvr_cache_use(cache).budget, 1000);
    pvr_cache_release(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_field_reads_its_own_bytes),
        cmocka_unit_test(the_same_field_twice_is_read_once),
        cmocka_unit_test(deeper_and_less_deep),
        cmocka_unit_test(two_levels_at_once_and_fields_of_several_depths),
        cmocka_unit_test(a_second_reader_reads_nothing),
        cmocka_unit_test(regions),
        cmocka_unit_test(depths_of_regions),
        cmocka_unit_test(converting_where_the_bits_are_the_same),
        cmocka_unit_test(old_entries_are_let_go),
        cmocka_unit_test(a_mesh_outlives_its_cache),
        cmocka_unit_test(outputs_written_anew_are_read_anew),
        cmocka_unit_test(a_stopped_load_keeps_what_is_complete),
        cmocka_unit_test(a_failed_load_keeps_what_is_complete),
        cmocka_unit_test(wrong_requests),
        cmocka_unit_test(the_budget_is_a_share_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
