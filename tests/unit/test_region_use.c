/* test_region_use.c - regions of streams and of particles: the same cells as of a mesh, and the
 * particles that lie in them. */
#include "mera.h"
#include "parts.h"
#include "plain.h"
#include "pvr_mesh.h"
#include "pvr_statistics.h"
#include "pvr_stream.h"
#include "region_judge.h"
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By shares of the box. */
static const struct pvr_region shares[] = {
    {.type = PVR_REGION_BOX, .centre = {0.45, 0.6, 0.5}, .size = {0.3, 0.21, 0.4}},
    {.type = PVR_REGION_SPHERE, .centre = {0.01, 0.99, 0.03}, .radius = 0.12},
    {.type = PVR_REGION_SPHERE, .centre = {0.42, 0.51, 0.55}, .radius = 0.15, .by_centre = true},
    {.type = PVR_REGION_CYLINDER,
     .centre = {0.5, 0.5, 0.5},
     .radius = 0.1,
     .height = 0.4,
     .axis = {1, 2, -1}},
    {.type = PVR_REGION_SPHERE, .centre = {5, 0.5, 0.5}, .radius = 0.2}, /* nothing */
};
enum { NSHARES = sizeof shares / sizeof *shares };

static double box_size(const struct pvr_snapshot *snapshot) {
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    return size[0];
}

/* ---- streams ----------------------------------------------------------------------------------
 */

struct collect {
    size_t nblocks;
    uint64_t *leaves; /* [number] */
    double *sum;      /* [number]: of density over the leaves, times the volume */
    double size;      /* of a coarse cell */
    int wrong;
};

static enum pvr_status take_block(void *context, const struct pvr_block *block,
                                  struct pvr_error *error) {
    (void)error;
    struct collect *collect = context;
    double volume = ldexp(pow(collect->size, block->ndim), -block->ndim * block->level);
    if (block->number >= collect->nblocks || block->noct == 0 || block->outside == NULL) {
        collect->wrong = 1;
        return PVR_OK;
    }
    for (uint64_t o = 0; o < block->noct; o++) {
        if (block->refined[o] & block->outside[o]) {
            collect->wrong = 1;
        }
        for (int c = 0; c < 1 << block->ndim; c++) {
            if (((block->refined[o] | block->outside[o]) >> c & 1) == 0) {
                collect->leaves[block->number]++;
                collect->sum[block->number] +=
                    volume * block->values[0][(uint64_t)c * block->noct + o];
            }
        }
    }
    return PVR_OK;
}

static void a_stream_has_the_cells_of_the_mesh(void **state) {
    (void)state;
    for (int i = 0; i < PLAIN_OUTPUTS * NSHARES; i++) {
        struct pvr_snapshot *snapshot = parts_open(plain_outputs[i / NSHARES].path);
        struct pvr_region region = region_scaled(&shares[i % NSHARES], box_size(snapshot));
        const int density = pvr_variable_find(pvr_snapshot_fields(snapshot), "density");
        for (int max_level = 0; max_level <= 5; max_level += 5) {
            const struct pvr_stream_request request = {
                .max_level = max_level, .variables = &density, .nvariables = 1, .region = &region};
            const char *fields[] = {"density"};
            const struct pvr_mesh_request whole = {.max_level = max_level,
                                                   .fields = fields,
                                                   .nfields = 1,
                                                   .precision = PVR_FLOAT64,
                                                   .region = &region};
            struct collect collect = {.size = box_size(snapshot)};
            struct pvr_error error;
            unit_ok(pvr_stream_count(snapshot, &request, NULL, &collect.nblocks, &error), &error);
            collect.leaves = calloc(collect.nblocks + 1, sizeof *collect.leaves);
            collect.sum = calloc(collect.nblocks + 1, sizeof *collect.sum);
            unit_ok(pvr_stream_run(snapshot, &request, NULL, NULL, NULL, take_block, &collect, NULL,
                                   &error),
                    &error);
            assert_int_equal(collect.wrong, 0);
            uint64_t leaves = 0;
            double sum = 0;
            for (size_t b = 0; b < collect.nblocks; b++) {
                leaves += collect.leaves[b];
                sum += collect.sum[b];
            }
            struct pvr_mesh *mesh;
            struct pvr_statistics statistics;
            unit_ok(pvr_mesh_load(snapshot, &whole, NULL, NULL, NULL, &mesh, &error), &error);
            unit_ok(pvr_statistics_compute(mesh, NULL, &statistics, &error), &error);
            assert_int_equal(leaves, statistics.leaf_cells);
            assert_true(leaves > 0 || i % NSHARES == NSHARES - 1);
            assert_true(fabs(sum - statistics.field[0].sum_field_volume) <= 1e-12 * fabs(sum));
            assert_int_equal(statistics.field[0].not_finite, 0);
            pvr_statistics_free(&statistics);
            pvr_mesh_free(mesh);
            free(collect.leaves);
            free(collect.sum);
        }
        pvr_snapshot_release(snapshot);
    }
}

/* ---- particles --------------------------------------------------------------------------------
 */

/* Does the point lie in the region? *moved is its image nearest to the centre. */
static bool lies_in(const struct pvr_region *region, double box, const double point[3],
                    double moved[3]) {
    double square = 0, along = 0, axis2 = 0;
    bool in_box = true;
    for (int a = 0; a < 3; a++) {
        double from = point[a] - region->centre[a];
        moved[a] = point[a] - box * round(from / box);
        from = moved[a] - region->centre[a];
        square += from * from;
        along += from * region->axis[a];
        axis2 += region->axis[a] * region->axis[a];
        in_box = in_box && fabs(from) <= region->size[a] / 2;
    }
    if (region->type == PVR_REGION_BOX) {
        return in_box;
    }
    if (region->type == PVR_REGION_SPHERE) {
        return square <= region->radius * region->radius;
    }
    along /= sqrt(axis2);
    return fabs(along) <= region->height / 2 &&
           square - along * along <= region->radius * region->radius;
}

static void check_particles(const char *path) {
    struct pvr_snapshot *snapshot = parts_open(path);
    struct pvr_particles *all = parts_load(path, NULL, NULL, 2);
    double box = box_size(snapshot);
    uint64_t most = 0;
    for (int i = 0; i + 1 < NSHARES; i++) {
        struct pvr_region region = region_scaled(&shares[i], box);
        struct pvr_particle_request request = parts_request();
        request.region = &region;
        struct pvr_particles *some = parts_load(path, NULL, &request, 3);
        uint64_t kept = 0;
        for (uint64_t p = 0; p < all->count; p++) {
            double point[3], moved[3];
            for (int a = 0; a < 3; a++) {
                point[a] = unit_value(all->position.array, p, a);
            }
            if (!lies_in(&region, box, point, moved)) {
                continue;
            }
            assert_true(kept < some->count);
            for (int a = 0; a < 3; a++) {
                assert_true(unit_value(some->position.array, kept, a) == moved[a]);
            }
            for (int f = 0; f < all->narrays; f++) {
                for (int c = 0; c < all->arrays[f].array->ncomponents; c++) {
                    double value = unit_value(all->arrays[f].array, p, c);
                    double other = unit_value(some->arrays[f].array, kept, c);
                    assert_true(value == other || (isnan(value) && isnan(other)));
                }
            }
            kept++;
        }
        assert_int_equal(some->count, kept);
        most = kept > most ? kept : most;
        pvr_particles_free(some);
    }
    assert_true(most > 0);
    struct pvr_region nothing = region_scaled(&shares[NSHARES - 1], box);
    struct pvr_particle_request request = parts_request();
    request.region = &nothing;
    struct pvr_particles *none = parts_load(path, NULL, &request, 2);
    assert_int_equal(none->count, 0);
    pvr_particles_free(none);
    pvr_particles_free(all);
    pvr_snapshot_release(snapshot);
}

static void particles_that_lie_in_it(void **state) {
    (void)state;
    static const char *const names[] = {"web3d/output_00002", "web3d/output_00003",
                                        "legacy3d/output_00002"};
    for (int i = 0; i < 3; i++) {
        check_particles(unit_path(PVR_TEST_DATA "/%s", names[i]));
    }
    static const char *const more[] = {"sedov3d_grav_part/output_00003", "cosmo3d/output_00003",
                                       "sink3d/output_00003"};
    for (int i = 0; i < 3; i++) {
        const char *path = unit_path(PVR_TEST_DATA "/../../shared/fixtures/%s", more[i]);
        if (access(path, R_OK) == 0) {
            check_particles(path);
        }
    }
}

/* A file of a domain that is far away may be missing. */
static void other_particle_files_are_not_opened(void **state) {
    (void)state;
    char *folder = unit_temp_folder();
    const char *path = unit_path("%s/output_00003", folder);
    unit_copy(PVR_TEST_DATA "/web3d/output_00003", path);
    struct pvr_region region = {
        .type = PVR_REGION_SPHERE, .centre = {0.1, 0.1, 0.1}, .radius = 0.04};
    struct pvr_particle_request request = parts_request();
    request.region = &region;
    struct pvr_particles *before = parts_load(path, NULL, &request, 2);
    assert_true(before->count > 0 && before->total == 32768);
    int missing = 0;
    for (int d = 1; d <= 4; d++) {
        const char *file = unit_path("%s/part_00003.out%05d", path, d);
        char *away = strdup(unit_path("%s.away", file));
        assert_int_equal(rename(file, away), 0);
        struct pvr_snapshot *snapshot = parts_open(path);
        struct pvr_particles *particles;
        struct pvr_error error;
        if (pvr_particles_load(snapshot, &request, NULL, NULL, NULL, &particles, &error) ==
            PVR_OK) {
            missing++;
            assert_int_equal(particles->count, before->count);
            pvr_particles_free(particles);
        }
        pvr_snapshot_release(snapshot);
        assert_int_equal(rename(away, file), 0);
        free(away);
    }
    assert_true(missing >= 1 && missing < 4);
    pvr_particles_free(before);
    unit_drop_folder(folder);
}

/* ---- one handle, many regions at once ----------------------------------------------------------
 */

struct loading {
    struct pvr_snapshot *snapshot;
    const struct pvr_region *region;
    struct pvr_mesh *mesh;
};

static void *load_mesh(void *context) {
    struct loading *loading = context;
    const char *fields[] = {"density", "domain"};
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = 2, .precision = PVR_FLOAT64, .region = loading->region};
    const struct pvr_threads settings = {.max = 2};
    if (pvr_mesh_load(loading->snapshot, &request, &settings, NULL, NULL, &loading->mesh, NULL) !=
        PVR_OK) {
        loading->mesh = NULL;
    }
    return NULL;
}

/* Each load asks for the tables of other domains; one asks for all. */
static void one_handle_for_many(void **state) {
    (void)state;
    enum { LOADS = 6 };
    const char *path = PVR_TEST_DATA "/sedov3d/output_00003";
    struct pvr_region regions[LOADS];
    struct pvr_snapshot *first = parts_open(path);
    for (int i = 0; i < LOADS; i++) {
        struct pvr_region share = {.type = i == 0 ? PVR_REGION_NONE : PVR_REGION_SPHERE,
                                   .centre = {0.15 * i, 0.8 - 0.1 * i, 0.1 + 0.12 * i},
                                   .radius = 0.1};
        regions[i] = region_scaled(&share, box_size(first));
    }
    struct loading alone[LOADS], beside[LOADS];
    pthread_t thread[LOADS];
    for (int i = 0; i < LOADS; i++) {
        alone[i] = (struct loading){first, &regions[i], NULL};
        load_mesh(&alone[i]);
        assert_non_null(alone[i].mesh);
    }
    for (int turn = 0; turn < 5; turn++) {
        struct pvr_snapshot *shared = parts_open(path);
        for (int i = 0; i < LOADS; i++) {
            beside[i] = (struct loading){shared, &regions[i], NULL};
            assert_int_equal(pthread_create(&thread[i], NULL, load_mesh, &beside[i]), 0);
        }
        for (int i = 0; i < LOADS; i++) {
            pthread_join(thread[i], NULL);
            assert_non_null(beside[i].mesh);
            unit_same_mesh(alone[i].mesh, beside[i].mesh);
            pvr_mesh_free(beside[i].mesh);
        }
        pvr_snapshot_release(shared);
    }
    for (int i = 0; i < LOADS; i++) {
        pvr_mesh_free(alone[i].mesh);
    }
    pvr_snapshot_release(first);
}

/* ---- Mera files -------------------------------------------------------------------------------
 */

/* A sphere across the borders of a periodic box is one piece about its centre, with the values of
 * the rows that overlap it. */
static void mera_across_borders(void **state) {
    (void)state;
    static const char *const names[] = {"cx", "cy", "cz"}, *const field[] = {"density"};
    static const double centres[2][3] = {{0, 0.5, 0.02}, {0.49, -0.01, 0.25}};
    const double radius = 0.06, box = 0.5;
    struct pvr_mera *mera = mera_open(mera_path("mera190_multi_00002"));
    struct mera_columns columns = mera_read(mera, PVR_MERA_HYDRO, 2);
    for (int i = 0; i < 2; i++) {
        struct pvr_region region = {.type = PVR_REGION_SPHERE, .radius = radius};
        memcpy(region.centre, centres[i], sizeof region.centre);
        const struct pvr_mesh_request request = {
            .fields = field, .nfields = 1, .precision = PVR_FLOAT64, .region = &region};
        struct pvr_snapshot *snapshot;
        struct pvr_mesh *mesh;
        struct pvr_error error;
        unit_ok(pvr_snapshot_open(mera->path, &snapshot, &error), &error);
        unit_ok(pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error), &error);
        uint64_t cells = 0;
        for (uint64_t row = 0; row < columns.table->nrows; row++) {
            double side = ldexp(box, -(int)mera_value(&columns, "level", row)), squares = 0, at[3];
            for (int axis = 0; axis < 3; axis++) {
                double middle = (mera_value(&columns, names[axis], row) - 0.5) * side;
                double from_centre = remainder(middle - centres[i][axis], box);
                double gap = fmax(fabs(from_centre) - 0.5 * side, 0);
                at[axis] = centres[i][axis] + from_centre;
                squares += gap * gap;
            }
            if (squares < radius * radius) {
                struct pvr_cell leaf;
                assert_true(pvr_octree_find_leaf(mesh->octree, at, &leaf));
                assert_false(leaf.outside);
                assert_true(unit_value(mesh->arrays[0].array, leaf.index, 0) ==
                            mera_value(&columns, "rho", row));
                cells++;
            }
        }
        assert_true(cells > 0);
        assert_int_equal(mesh->octree->nleaves, cells);
        pvr_mesh_free(mesh);
        pvr_snapshot_release(snapshot);
    }
    mera_columns_free(&columns);
    pvr_mera_free(mera);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_has_the_cells_of_the_mesh),
        cmocka_unit_test(particles_that_lie_in_it),
        cmocka_unit_test(other_particle_files_are_not_opened),
        cmocka_unit_test(one_handle_for_many),
        cmocka_unit_test(mera_across_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
