/* test_particles.c - pvr_particles.h: real outputs against their numbers and their records, made
 * ones in other forms, choices, ages.
 */
#include "pvr_particles.h"

#include "json.h"
#include "parts.h"
#include "pvr_clock.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void near(double found, double wanted, double scale, double tolerance) {
    if (!(fabs(found - wanted) <= tolerance * fabs(scale))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

/* ---- real outputs -----------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    int number;
    bool shared; /* a fixture that may not be there */
} outputs[] = {{"web3d", 2, false},           {"web3d", 3, false}, {"legacy3d", 2, false},
               {"cosmo3d", 3, true},          {"sink3d", 3, true}, {"sedov3d_grav_part", 2, true},
               {"sedov3d_grav_part", 3, true}};

/* The folder that holds output `o`, or null if it is not there. */
static const char *folder_of(size_t o) {
    const char *fixtures = getenv("PVRAMSES_FIXTURES");
    const char *folder =
        !outputs[o].shared ? unit_path(PVR_TEST_DATA "/%s", outputs[o].name)
        : fixtures != NULL ? unit_path("%s/%s", fixtures, outputs[o].name)
                           : unit_path(PVR_TEST_DATA "/../../shared/fixtures/%s", outputs[o].name);
    return access(folder, R_OK) == 0 ? folder : NULL;
}

static double expected(const char *json, size_t o, const char *key, double otherwise) {
    double value;
    const char *way = unit_path("outputs/output_%05d/particles/%s", outputs[o].number, key);
    return json_number(json, way, &value) ? value : otherwise;
}

static void check_families(const struct pvr_particles *particles, const char *json, size_t o) {
    bool legacy = strcmp(outputs[o].name, "legacy3d") == 0;
    double all = 0;
    int found = 0;
    for (int code = -5; code <= 5; code++) {
        const char *way = legacy && code == 1   ? "per_family_by_birth_time/dm(birth==0)"
                          : legacy && code == 2 ? "per_family_by_birth_time/star(birth!=0)"
                                                : unit_path("per_family/%d", code);
        double count = expected(json, o, unit_path("%s/count", way), 0);
        double mass = expected(json, o, unit_path("%s/mass", way), 0);
        all += mass;
        if (count > 0) {
            assert_true(found < particles->nfamilies);
            const struct pvr_particle_family *family = &particles->family[found++];
            assert_int_equal(family->code, code);
            assert_string_equal(family->name, pvr_family_name(code));
            assert_int_equal(family->count, count);
            near(family->mass, mass, mass, 1e-12);
        }
    }
    assert_int_equal(found, particles->nfamilies);
    near(particles->mass, all, all, 1e-12);
}

static void numbers_that_must_be_found(void **state) {
    (void)state;
    static const char *const column[] = {"velocity_x", "velocity_y", "velocity_z", "mass",
                                         "id",         "level",      "tag",        "partp",
                                         "birth_time", "metallicity"};
    for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
        const char *folder = folder_of(o);
        if (folder == NULL) {
            continue;
        }
        size_t size;
        char *json = unit_read_file(unit_path("%s/EXPECT.json", folder), &size);
        const char *path = unit_path("%s/output_%05d", folder, outputs[o].number);
        struct pvr_particles *particles = parts_load(path, NULL, NULL, 2);
        assert_int_equal(particles->count, expected(json, o, "count", -1));
        assert_int_equal(particles->total, particles->count);
        assert_int_equal(particles->matching, particles->count);
        assert_null(particles->warnings);
        check_families(particles, json, o);
        for (size_t c = 0; c < sizeof column / sizeof *column; c++) {
            const char *name = c == 4 ? "identity" : c == 5 ? "levelp" : column[c];
            double low = expected(json, o, unit_path("columns/%s/min", name), NAN);
            if (isnan(low)) {
                continue;
            }
            double high = expected(json, o, unit_path("columns/%s/max", name), NAN);
            double sum = expected(json, o, unit_path("columns/%s/sum", name), NAN);
            int component = c < 3 ? (int)c : 0;
            const struct pvr_particle_array *array =
                parts_array(particles, c < 3 ? "velocity" : column[c]);
            assert_true(array->has_ranges);
            assert_true(array->range[component][0] == low);
            assert_true(array->range[component][1] == high);
            double most = fmax(fabs(low), fabs(high)) * (double)particles->count;
            near(array->sum[component], sum, most, 1e-14);
        }
        for (int axis = 0; axis < 3; axis++) {
            const char *name = unit_path("columns/position_%c", 'x' + axis);
            assert_true(particles->position.range[axis][0] ==
                        expected(json, o, unit_path("%s/min", name), NAN));
            assert_true(particles->position.range[axis][1] ==
                        expected(json, o, unit_path("%s/max", name), NAN));
        }
        pvr_particles_free(particles);
        free(json);
    }
}

/* Every value is where the records have it. */
static void values_are_those_of_the_records(void **state) {
    (void)state;
    const char *path = PVR_TEST_DATA "/legacy3d/output_00002";
    struct pvr_particles *particles = parts_load(path, NULL, NULL, 3);
    uint64_t at = 0;
    for (int domain = 1; domain <= 3; domain++) {
        struct records records;
        records_read(unit_path("%s/part_00002.out%05d", path, domain), &records);
        assert_int_equal(records.count, 8 + 11);
        uint64_t count = (uint64_t)record_int(&records, 2, 0);
        for (uint64_t i = 0; i < count; i++, at++) {
            static const char *const real[] = {"mass", "birth_time", "metallicity"};
            static const size_t place[] = {14, 17, 18};
            double value, birth;
            for (int axis = 0; axis < 3; axis++) {
                memcpy(&value, record_data(&records, (size_t)(8 + axis)) + 8 * i, 8);
                assert_true(unit_value(particles->position.array, at, axis) == value);
                memcpy(&value, record_data(&records, (size_t)(11 + axis)) + 8 * i, 8);
                assert_true(unit_value(parts_array(particles, "velocity")->array, at, axis) ==
                            value);
            }
            for (int r = 0; r < 3; r++) {
                memcpy(&value, record_data(&records, place[r]) + 8 * i, 8);
                assert_true(unit_value(parts_array(particles, real[r])->array, at, 0) == value);
            }
            memcpy(&birth, record_data(&records, 17) + 8 * i, 8);
            const struct pvr_array *id = parts_array(particles, "id")->array;
            assert_int_equal(id->type, PVR_INT64);
            assert_int_equal(((const int64_t *)id->data)[at], record_int(&records, 15, i));
            assert_int_equal(unit_value(parts_array(particles, "level")->array, at, 0),
                             record_int(&records, 16, i));
            assert_int_equal(unit_value(parts_array(particles, "domain")->array, at, 0), domain);
            assert_int_equal(unit_value(parts_array(particles, "family")->array, at, 0),
                             birth != 0 ? 2 : 1);
        }
        records_free(&records);
    }
    assert_int_equal(at, particles->count);
    pvr_particles_free(particles);
}

static void described(void **state) {
    (void)state;
    struct pvr_particle_table table;
    parts_describe(PVR_TEST_DATA "/web3d/output_00003", &table);
    static const char *const modern[] = {"velocity", "mass", "id",    "level",
                                         "family",   "tag",  "domain"};
    assert_true(table.present && table.counted);
    assert_int_equal(table.count, 32768);
    assert_int_equal(table.family_count[pvr_family_place(PVR_FAMILY_DARK_MATTER)], 32768);
    assert_int_equal(table.family_count[pvr_family_place(PVR_FAMILY_STAR)], 0);
    assert_int_equal(table.nfields, 7);
    for (int i = 0; i < 7; i++) {
        assert_string_equal(table.field[i].name, modern[i]);
        assert_int_equal(table.field[i].derived, i == 6);
        assert_int_equal(table.field[i].ncomponents, i == 0 ? 3 : 1);
    }
    assert_int_equal(table.field[0].type, PVR_FLOAT64);
    assert_int_equal(table.field[2].type, PVR_INT64);
    assert_int_equal(table.field[4].type, PVR_INT32);
    assert_int_equal(pvr_particle_field_find(&table, "age"), -1);
    pvr_particle_table_free(&table);

    parts_describe(PVR_TEST_DATA "/legacy3d/output_00002", &table);
    assert_int_equal(table.count, 844);
    assert_int_equal(table.family_count[pvr_family_place(PVR_FAMILY_DARK_MATTER)], 600);
    assert_int_equal(table.family_count[pvr_family_place(PVR_FAMILY_STAR)], 244);
    assert_true(pvr_particle_field_find(&table, "age") >= 0);
    assert_true(table.field[pvr_particle_field_find(&table, "family")].derived);
    pvr_particle_table_free(&table);

    parts_describe(PVR_TEST_DATA "/sedov3d/output_00003", &table);
    assert_false(table.present);
    assert_true(table.counted);
    assert_int_equal(table.nfields, 0);
    assert_null(table.warnings);
    pvr_particle_table_free(&table);
    struct pvr_particles *none = parts_load(PVR_TEST_DATA "/sedov3d/output_00003", NULL, NULL, 2);
    assert_int_equal(none->count, 0);
    assert_int_equal(none->position.array->ntuples, 0);
    assert_int_equal(none->nfamilies, 0);
    pvr_particles_free(none);
}

static void families_have_names(void **state) {
    (void)state;
    int places = 0, code;
    for (int c = -128; c < 128; c++) {
        int place = pvr_family_place(c);
        assert_in_range(place, 0, PVR_FAMILIES - 1);
        if (pvr_family_at(place) == c && place < PVR_FAMILIES - 1) {
            places++;
            assert_true(pvr_family_code(pvr_family_name(c), &code));
            assert_int_equal(code, c);
        } else {
            assert_string_equal(pvr_family_name(c), "unknown");
        }
    }
    assert_int_equal(places, PVR_FAMILIES - 1);
    assert_string_equal(pvr_family_name(0), "gas_tracer");
    assert_string_equal(pvr_family_name(-1), "dark_matter_tracer");
    assert_string_equal(pvr_family_name(3), "cloud");
    assert_string_equal(pvr_family_name(127), "undefined");
    assert_false(pvr_family_code("unknown", &code));
    assert_true(pvr_family_is_matter(2));
    assert_false(pvr_family_is_matter(0));
    assert_false(pvr_family_is_matter(3));
}

/* ---- choices ----------------------------------------------------------------------------------
 */

static void same_bits_for_any_threads(void **state) {
    (void)state;
    static const int team[] = {1, 2, 3, 8, 64}, stars = PVR_FAMILY_STAR;
    struct pvr_particle_request request[3];
    for (int r = 0; r < 3; r++) {
        request[r] = parts_request();
    }
    request[1].families = &stars;
    request[1].nfamilies = 1;
    const struct pvr_region region = {
        .type = PVR_REGION_BOX, .centre = {0.4375, 0.4375, 0.4375}, .size = {0.375, 0.375, 0.375}};
    request[2].region = &region;
    request[2].keep_every = 3;
    request[2].precision = PVR_FLOAT32;
    static const char *const path[] = {PVR_TEST_DATA "/web3d/output_00003",
                                       PVR_TEST_DATA "/legacy3d/output_00002"};
    for (int p = 0; p < 2; p++) {
        for (int r = 0; r < 3; r++) {
            struct pvr_particles *first = parts_load(path[p], NULL, &request[r], team[0]);
            for (size_t t = 1; t < sizeof team / sizeof *team; t++) {
                struct pvr_particles *other = parts_load(path[p], NULL, &request[r], team[t]);
                assert_int_equal(other->report.threads, team[t]);
                parts_same(first, other);
                pvr_particles_free(other);
            }
            pvr_particles_free(first);
        }
    }
}

/* What is kept is what the request says, in the order of the files. */
static void choices_keep_what_they_say(void **state) {
    (void)state;
    static const int families[] = {PVR_FAMILY_STAR, PVR_FAMILY_CLOUD};
    const char *path = PVR_TEST_DATA "/legacy3d/output_00002";
    struct pvr_particles *all = parts_load(path, NULL, NULL, 2);
    struct pvr_particle_request request = parts_request();
    request.families = families;
    request.nfamilies = 2;
    struct pvr_region region = {
        .type = PVR_REGION_SPHERE, .centre = {0.64, 0.48, 0.42}, .radius = 0.09};
    request.region = &region;
    struct pvr_particles *some = parts_load(path, NULL, &request, 2);
    uint64_t kept = 0, stars = 0;
    for (uint64_t i = 0; i < all->count; i++) {
        bool keep = unit_value(parts_array(all, "family")->array, i, 0) == PVR_FAMILY_STAR;
        stars += keep;
        double square = 0, moved[3];
        for (int axis = 0; axis < 3; axis++) { /* the nearest image in the box of size 1 */
            double x = unit_value(all->position.array, i, axis), c = region.centre[axis];
            moved[axis] = x - c > 0.5 ? x - 1 : x - c < -0.5 ? x + 1 : x;
            square += (moved[axis] - c) * (moved[axis] - c);
        }
        if (!keep || square > region.radius * region.radius) {
            continue;
        }
        for (int axis = 0; axis < 3; axis++) {
            assert_true(unit_value(some->position.array, kept, axis) == moved[axis]);
        }
        for (int a = 0; a < all->narrays; a++) {
            const struct pvr_array *from = all->arrays[a].array, *to = some->arrays[a].array;
            for (int c = 0; c < from->ncomponents; c++) {
                assert_true(unit_value(from, i, c) == unit_value(to, kept, c));
            }
        }
        kept++;
    }
    assert_int_equal(stars, 244);
    assert_int_equal(some->count, kept);
    assert_int_equal(some->matching, kept);
    assert_int_equal(some->total, 844);
    assert_true(kept > 0 && kept < stars);
    pvr_particles_free(some);
    pvr_particles_free(all);
}

static void thinning_keeps_the_same_particles(void **state) {
    (void)state;
    struct pvr_particle_request request = parts_request();
    request.keep_every = 10;
    struct pvr_particles *thin[2];
    for (int o = 0; o < 2; o++) {
        thin[o] =
            parts_load(unit_path(PVR_TEST_DATA "/web3d/output_%05d", 2 + o), NULL, &request, 2);
        assert_int_equal(thin[o]->matching, 32768);
        assert_int_equal(thin[o]->keep_every, 10);
        assert_in_range(thin[o]->count, 3000, 3560);
    }
    /* the order differs: particles change their domain */
    assert_int_equal(thin[0]->count, thin[1]->count);
    assert_true(parts_array(thin[0], "id")->sum[0] == parts_array(thin[1], "id")->sum[0]);
    pvr_particles_free(thin[0]);
    pvr_particles_free(thin[1]);
}

static void units_and_precision(void **state) {
    (void)state;
    const char *path = PVR_TEST_DATA "/web3d/output_00003";
    struct pvr_particle_request request = parts_request();
    struct pvr_particles *code = parts_load(path, "mass velocity position_y id", NULL, 2);
    request.units = PVR_UNITS_ASTRO;
    request.length_factor = 20;
    struct pvr_particles *astro = parts_load(path, "mass velocity position_y id", &request, 2);
    request.precision = request.position_precision = PVR_FLOAT32;
    struct pvr_particles *single = parts_load(path, "mass velocity position_y id", &request, 2);
    const struct pvr_info *info;
    struct pvr_snapshot *snapshot = parts_open(path);
    info = pvr_snapshot_info(snapshot);
    double mass = info->unit_d * pow(info->unit_l, 3) / PVR_SOLAR_MASS;
    double speed = info->unit_l / info->unit_t / 1e5;
    assert_string_equal(astro->arrays[0].unit.label, "Msol");
    assert_string_equal(astro->arrays[1].unit.label, "km/s");
    for (uint64_t i = 0; i < code->count; i += 97) {
        near(unit_value(astro->arrays[0].array, i, 0),
             unit_value(code->arrays[0].array, i, 0) * mass, mass, 1e-15);
        for (int c = 0; c < 3; c++) {
            double v = unit_value(code->arrays[1].array, i, c) * speed;
            near(unit_value(astro->arrays[1].array, i, c), v, v, 1e-14);
            assert_true(unit_value(single->arrays[1].array, i, c) ==
                        (double)(float)unit_value(astro->arrays[1].array, i, c));
            double x = unit_value(code->position.array, i, c) * 20;
            assert_true(unit_value(astro->position.array, i, c) == x);
            assert_true(unit_value(single->position.array, i, c) == (double)(float)x);
        }
        assert_true(unit_value(astro->arrays[2].array, i, 0) ==
                    unit_value(astro->position.array, i, 1));
    }
    assert_int_equal(single->arrays[0].array->type, PVR_FLOAT32);
    assert_int_equal(single->arrays[3].array->type, PVR_INT64);
    assert_true(astro->mass == code->mass); /* totals stay in code units */
    pvr_snapshot_release(snapshot);
    pvr_particles_free(code);
    pvr_particles_free(astro);
    pvr_particles_free(single);
}

static int stop_at_once(void *context, double fraction, uint64_t done, uint64_t all) {
    (void)fraction;
    (void)done;
    (void)all;
    ++*(int *)context;
    return 1;
}

static void requests_that_make_no_sense(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = parts_open(PVR_TEST_DATA "/web3d/output_00003");
    struct pvr_particles *particles;
    struct pvr_error error;
    static const char *const missing = "age"; /* no births there */
    struct pvr_particle_request request = parts_request();
    request.fields = &missing;
    request.nfields = 1;
    unit_failed(pvr_particles_load(snapshot, &request, NULL, NULL, NULL, &particles, &error),
                &error, "no field called age");
    request = parts_request();
    request.precision = PVR_INT32;
    unit_failed(pvr_particles_load(snapshot, &request, NULL, NULL, NULL, &particles, &error),
                &error, "types");
    request = parts_request();
    int asked = 0;
    enum pvr_status status =
        pvr_particles_load(snapshot, &request, NULL, stop_at_once, &asked, &particles, &error);
    assert_int_equal(status, PVR_CANCELLED);
    assert_true(asked > 0);
    assert_null(particles);
    pvr_snapshot_release(snapshot);
}

struct watch {
    int calls, falling, stop_at;
    double last;
};

static int watch(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct watch *w = context;
    (void)done;
    (void)expected;
    w->falling += fraction < w->last || fraction > 1;
    w->last = fraction;
    return ++w->calls == w->stop_at;
}

/* It rises to its end, whatever is chosen; and whenever it is stopped, nothing is left. */
static void progress(void **state) {
    (void)state;
    static const int stars = PVR_FAMILY_STAR;
    static const char *const fields[] = {"mass", "age", "family", "velocity"};
    static const struct pvr_region nowhere = {
        .type = PVR_REGION_SPHERE, .centre = {0.3, 0.4, 0.1}, .radius = 1e-9};
    struct pvr_snapshot *snapshot = parts_open(PVR_TEST_DATA "/legacy3d/output_00002");
    for (int way = 0; way < 3; way++) {
        struct pvr_particle_request request = parts_request();
        request.fields = fields;
        request.nfields = 4;
        request.families = way == 1 ? &stars : NULL;
        request.nfamilies = way == 1;
        request.region = way == 2 ? &nowhere : NULL;
        const struct pvr_threads settings = {.max = 1};
        struct watch w = {0};
        struct pvr_particles *particles;
        struct pvr_error error;
        unit_ok(pvr_particles_load(snapshot, &request, &settings, watch, &w, &particles, &error),
                &error);
        assert_int_equal(w.falling, 0);
        assert_true(w.last == 1.0);
        assert_int_equal(particles->count, way == 0 ? 844 : way == 1 ? 244 : 0);
        pvr_particles_free(particles);
        for (int stop = 1; stop <= w.calls; stop++) {
            struct watch other = {.stop_at = stop};
            enum pvr_status status = pvr_particles_load(snapshot, &request, &settings, watch,
                                                        &other, &particles, &error);
            /* the last call comes when all is done */
            assert_true(status == PVR_CANCELLED || stop == w.calls);
            assert_true((particles != NULL) == (status == PVR_OK));
            pvr_particles_free(particles);
        }
    }
    pvr_snapshot_release(snapshot);
}

/* ---- ages -------------------------------------------------------------------------------------
 */

/* Simpson's rule over log a: another variable and another rule than the library's. */
static double integral(const struct pvr_info *info, double from, double to, bool conformal) {
    const int parts = 4000;
    double sum = 0, step = (log(to) - log(from)) / parts;
    for (int i = 0; i <= parts; i++) {
        double a = exp(log(from) + step * i);
        double square = info->omega_m + info->omega_k * a + info->omega_l * a * a * a;
        double value = conformal ? a / sqrt(a * a * a * square) : a * sqrt(a / square);
        sum += value * (i == 0 || i == parts ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return sum * step / 3;
}

static void clocks_against_another_integral(void **state) {
    (void)state;
    static const double universe[][3] = {/* omega_m, omega_l, omega_k */
                                         {1, 0, 0},
                                         {0.3, 0.7, 0},
                                         {0.3, 0, 0.7},
                                         {0.25, 0.9, -0.15}};
    for (int u = 0; u < 4; u++) {
        struct pvr_info info = {.omega_m = universe[u][0],
                                .omega_l = universe[u][1],
                                .omega_k = universe[u][2],
                                .H0 = 70,
                                .unit_t = 1e15,
                                .aexp = 1.2};
        struct pvr_clock conformal, proper;
        struct pvr_error error;
        double hubble = 1e6 * PVR_PARSEC / 70e5 / info.unit_t;
        unit_ok(pvr_clock_make(&info, 0.1, PVR_CLOCK_CONFORMAL, &conformal, &error), &error);
        unit_ok(pvr_clock_make(&info, 0.1, PVR_CLOCK_PROPER, &proper, &error), &error);
        for (double a = 2e-4; a < 1.2; a *= 1.37) {
            double tau = -integral(&info, a, 1, true);
            double age = integral(&info, 1e-13, a, false) * hubble;
            near(pvr_clock_time(&conformal, tau), age, age, 1e-9);
            double before = -integral(&info, a, 1, false);
            near(pvr_clock_time(&proper, before), age, proper.today * hubble, 1e-9);
        }
        assert_true(pvr_clock_time(&conformal, 0.1) == conformal.now);
        assert_true(isnan(pvr_clock_time(&conformal, NAN)));
        assert_true(pvr_clock_time(&conformal, -1e9) > 0);
        pvr_clock_free(&conformal);
        pvr_clock_free(&proper);
    }
    struct pvr_info none = {.omega_l = 1, .H0 = 70, .unit_t = 1, .aexp = 1};
    struct pvr_clock clock;
    struct pvr_error error;
    unit_failed(pvr_clock_make(&none, 0, PVR_CLOCK_CONFORMAL, &clock, &error), &error, "omega_m");
}

static void ages_of_stars(void **state) {
    (void)state;
    const char *path = PVR_TEST_DATA "/legacy3d/output_00002";
    struct pvr_snapshot *snapshot = parts_open(path);
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    struct pvr_particle_request request = parts_request();
    request.units = PVR_UNITS_ASTRO;
    struct pvr_particles *particles =
        parts_load(path, "birth_time family age formation_time", &request, 2);
    double myr = info->unit_t / (1e6 * PVR_JULIAN_YEAR);
    assert_string_equal(particles->arrays[2].unit.label, "Myr");
    for (uint64_t i = 0; i < particles->count; i++) {
        double birth = unit_value(particles->arrays[0].array, i, 0);
        double age = unit_value(particles->arrays[2].array, i, 0);
        double formation = unit_value(particles->arrays[3].array, i, 0);
        if (unit_value(particles->arrays[1].array, i, 0) != PVR_FAMILY_STAR) {
            assert_true(isnan(age) && isnan(formation));
            continue;
        }
        assert_true(age >= 0);
        near(age, (info->time - birth) * myr, info->time * myr, 1e-14);
        near(formation, birth * myr, birth * myr, 1e-14);
    }
    assert_true(particles->arrays[2].has_ranges);
    assert_true(particles->arrays[2].range[0][0] == 0); /* born at the output */
    pvr_particles_free(particles);
    pvr_snapshot_release(snapshot);
}

/* web3d with births of stars, which are written as conformal or as proper times. */
static void ages_in_cosmology(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *from = PVR_TEST_DATA "/web3d/output_00003";
    for (int way = 0; way < 4; way++) { /* conformal; proper, told; by namelist; comment there */
        const char *path = unit_path("%s/output_00003", folder);
        bool proper = way == 1 || way == 2;
        unit_make_folder(path);
        parts_copy_mesh(from, path);
        struct pvr_snapshot *snapshot = parts_open(path);
        const struct pvr_info *info = pvr_snapshot_info(snapshot);
        enum { STARS = 100 };
        double birth[STARS], age[STARS];
        double hubble = 1e6 * PVR_PARSEC / (info->H0 * 1e5) / (1e6 * PVR_JULIAN_YEAR);
        for (int i = 0; i < STARS; i++) {
            double a = 0.02 + (info->aexp - 0.02) * i / STARS;
            birth[i] = -integral(info, a, 1, !proper);
            age[i] = integral(info, a, info->aexp, false) * hubble;
        }
        parts_write_stars(path, 3, info->ncpu, birth, STARS);
        if (way >= 2) {
            unit_write_text(unit_path("%s/namelist.txt", path),
                            way == 2 ? "&PHYSICS_PARAMS\n Use_Proper_Time = .TRUE.\n/\n"
                                     : "&PHYSICS_PARAMS ! use_proper_time=.true.\n/\n");
        }
        struct pvr_particle_request request = parts_request();
        request.units = PVR_UNITS_ASTRO;
        struct pvr_particles *particles = parts_load(path, "age formation_time", &request, 2);
        assert_int_equal(particles->count, STARS);
        for (int i = 0; i < STARS; i++) {
            /* RAMSES' own time and expansion factor agree to 1e-6 or so */
            double found = unit_value(particles->arrays[0].array, (uint64_t)i, 0);
            double formation = unit_value(particles->arrays[1].array, (uint64_t)i, 0);
            near(found, age[i], age[0], 1e-5);
            near(formation, integral(info, 1e-9, info->aexp, false) * hubble - age[i], formation,
                 1e-6);
        }
        assert_true((particles->warnings != NULL) == (way == 1));
        pvr_particles_free(particles);
        pvr_snapshot_release(snapshot);
        unit_remove(path);
    }
    unit_drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_must_be_found),
        cmocka_unit_test(values_are_those_of_the_records),
        cmocka_unit_test(described),
        cmocka_unit_test(families_have_names),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(choices_keep_what_they_say),
        cmocka_unit_test(thinning_keeps_the_same_particles),
        cmocka_unit_test(units_and_precision),
        cmocka_unit_test(requests_that_make_no_sense),
        cmocka_unit_test(progress),
        cmocka_unit_test(clocks_against_another_integral),
        cmocka_unit_test(ages_of_stars),
        cmocka_unit_test(ages_in_cosmology),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
