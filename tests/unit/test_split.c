/* test_split.c - pvr_split.h: what several ranks read of an output is the whole, each leaf once. */
#include "plain.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"
#include "pvr_split.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int rank_counts[] = {1, 2, 3, 5, 8, 70};
enum { NCOUNTS = sizeof rank_counts / sizeof *rank_counts, MOST_RANKS = 70 };

static struct pvr_snapshot *open_output(const char *path) {
    struct pvr_snapshot *snapshot;
    struct pvr_error error;
    unit_ok(pvr_snapshot_open(path, &snapshot, &error), &error);
    return snapshot;
}

static struct pvr_split *make_split(struct pvr_snapshot *snapshot, int nranks,
                                    enum pvr_split_kind kind, int max_level,
                                    const struct pvr_split_sample *sample) {
    const struct pvr_split_wish wish = {nranks, kind, max_level};
    struct pvr_split *split;
    struct pvr_error error;
    unit_ok(pvr_split_make(snapshot, &wish, sample, NULL, &split, &error), &error);
    assert_int_equal(split->nranks, nranks);
    assert_true(kind == PVR_SPLIT_AUTO || split->kind == kind);
    return split;
}

static struct pvr_mesh *load(struct pvr_snapshot *snapshot, const struct pvr_split *split, int rank,
                             int max_level, const struct pvr_region *region, int threads) {
    const char *fields[] = {"density", "velocity", "level", "domain"};
    const struct pvr_mesh_request request = {.max_level = max_level,
                                             .fields = fields,
                                             .nfields = 4,
                                             .precision = PVR_FLOAT64,
                                             .region = region,
                                             .split = split,
                                             .rank = rank};
    const struct pvr_threads settings = {.max = threads};
    struct pvr_mesh *mesh;
    struct pvr_error error;
    unit_ok(pvr_mesh_load(snapshot, &request, &settings, NULL, NULL, &mesh, &error), &error);
    return mesh;
}

static const double *doubles(const struct pvr_mesh *mesh, int array) {
    return mesh->arrays[array].array->data;
}

/* The cell of a mesh at a place of the box, or none. */
static bool find_cell(const struct pvr_mesh *mesh, int level, const uint32_t at[3],
                      struct pvr_cell *cell) {
    return level >= mesh->octree->root_level && pvr_octree_cell(mesh->octree, level, at, cell) &&
           cell->level == level;
}

/* ---- all ranks together -----------------------------------------------------------------------
 */

/* Every cell of the output: a leaf is one on one rank alone, with its values; a coarse cell has
 * values on one rank at least, and no rank has others. */
static void check_cells(const struct plain *plain, struct pvr_mesh **mesh, int nranks,
                        int max_level) {
    for (size_t i = 0; i < plain->count; i++) {
        const struct plain_cell *cell = &plain->cell[i];
        if (max_level > 0 && cell->level > max_level) {
            continue;
        }
        bool leaf = !cell->refined || cell->level == max_level;
        int owners = 0, values = 0, shown = 0;
        for (int rank = 0; rank < nranks; rank++) {
            struct pvr_cell found;
            if (!find_cell(mesh[rank], cell->level, cell->at, &found)) {
                continue;
            }
            shown++;
            owners += !found.refined && !found.outside;
            double density = doubles(mesh[rank], 0)[found.index];
            const int *domain = mesh[rank]->arrays[3].array->data;
            const uint8_t *level = mesh[rank]->arrays[2].array->data;
            assert_int_equal(level[found.index], cell->level);
            if (isnan(density)) {
                assert_true(found.outside || found.refined);
                continue;
            }
            values++;
            assert_true(!found.outside);
            assert_true(density == cell->value[0]);
            assert_int_equal(domain[found.index], cell->domain);
            for (int axis = 0; axis < plain->ndim; axis++) {
                assert_true(doubles(mesh[rank], 1)[3 * found.index + (uint64_t)axis] ==
                            cell->value[1 + axis]);
            }
        }
        if (shown == 0) { /* above the trees */
            assert_true(cell->refined && cell->level < mesh[0]->octree->root_level);
            continue;
        }
        assert_int_equal(owners, leaf ? 1 : 0);
        assert_in_range(values, leaf ? 1 : 0, 1);
    }
}

static void check_output(const struct plain_output *output, int max_level) {
    struct plain plain = plain_read(output->path, output->number);
    struct pvr_snapshot *snapshot = open_output(output->path);
    struct pvr_mesh *whole = load(snapshot, NULL, 0, max_level, NULL, 2);
    for (int c = 0; c < NCOUNTS; c++) {
        for (int kind = PVR_SPLIT_AUTO; kind <= PVR_SPLIT_DOMAINS; kind++) {
            int nranks = rank_counts[c];
            struct pvr_mesh *mesh[MOST_RANKS];
            struct pvr_split *split =
                make_split(snapshot, nranks, (enum pvr_split_kind)kind, max_level, NULL);
            uint64_t leaves = 0;
            for (int rank = 0; rank < nranks; rank++) {
                mesh[rank] = load(snapshot, split, rank, max_level, NULL, 1 + rank % 3);
                leaves += mesh[rank]->octree->nleaves;
                /* VTK wants the same grid of trees on all ranks */
                assert_memory_equal(mesh[rank]->octree->root_dims, mesh[0]->octree->root_dims,
                                    sizeof mesh[0]->octree->root_dims);
                assert_memory_equal(mesh[rank]->octree->size, whole->octree->size,
                                    sizeof whole->octree->size);
            }
            assert_int_equal(leaves, whole->octree->nleaves);
            check_cells(&plain, mesh, nranks, max_level);
            for (int rank = 0; rank < nranks; rank++) {
                pvr_mesh_free(mesh[rank]);
            }
            pvr_split_free(split);
        }
    }
    pvr_mesh_free(whole);
    pvr_snapshot_release(snapshot);
    plain_free(&plain);
}

static void each_leaf_is_on_one_rank(void **state) {
    (void)state;
    for (int i = 0; i < PLAIN_OUTPUTS; i++) {
        if (!plain_outputs[i].large) {
            check_output(&plain_outputs[i], 0);
        }
    }
}

static void levels_end_where_asked(void **state) {
    (void)state;
    for (int i = 0; i < PLAIN_OUTPUTS; i++) {
        if (!plain_outputs[i].large) {
            check_output(&plain_outputs[i], 4);
        }
    }
}

static void threads_do_not_matter(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(plain_outputs[4].path);
    for (int kind = PVR_SPLIT_TREES; kind <= PVR_SPLIT_DOMAINS; kind++) {
        struct pvr_split *split = make_split(snapshot, 2, (enum pvr_split_kind)kind, 0, NULL);
        for (int rank = 0; rank < 2; rank++) {
            struct pvr_mesh *one = load(snapshot, split, rank, 0, NULL, 1);
            struct pvr_mesh *many = load(snapshot, split, rank, 0, NULL, 7);
            assert_int_equal(one->octree->ncells, many->octree->ncells);
            for (int i = 0; i < 4; i++) {
                assert_memory_equal(one->arrays[i].array->data, many->arrays[i].array->data,
                                    one->arrays[i].array->bytes);
            }
            pvr_mesh_free(one);
            pvr_mesh_free(many);
        }
        pvr_split_free(split);
    }
    pvr_snapshot_release(snapshot);
}

static void regions_are_split_too(void **state) {
    (void)state;
    const struct pvr_region region = {
        .type = PVR_REGION_SPHERE, .centre = {0.1, 0.5, 0.45}, .radius = 0.22};
    for (int i = 1; i < PLAIN_OUTPUTS; i++) {
        if (plain_outputs[i].large) {
            continue;
        }
        struct pvr_snapshot *snapshot = open_output(plain_outputs[i].path);
        struct pvr_mesh *whole = load(snapshot, NULL, 0, 0, &region, 2);
        double sum = 0;
        for (uint64_t cell = 0; cell < whole->octree->ncells; cell++) {
            double density = doubles(whole, 0)[cell];
            sum += isnan(density) ? 0 : 1; /* coarse ones too */
        }
        assert_true(sum > 0);
        for (int kind = PVR_SPLIT_TREES; kind <= PVR_SPLIT_DOMAINS; kind++) {
            struct pvr_split *split = make_split(snapshot, 3, (enum pvr_split_kind)kind, 0, NULL);
            uint64_t leaves = 0;
            for (int rank = 0; rank < 3; rank++) {
                struct pvr_mesh *mesh = load(snapshot, split, rank, 0, &region, 2);
                leaves += mesh->octree->nleaves;
                pvr_mesh_free(mesh);
            }
            assert_int_equal(leaves, whole->octree->nleaves);
            pvr_split_free(split);
        }
        pvr_mesh_free(whole);
        pvr_snapshot_release(snapshot);
    }
}

/* ---- who reads what ---------------------------------------------------------------------------
 */

static void remove_domain(const char *folder, int domain) {
    static const char *const kinds[] = {"amr", "hydro", "grav"};
    for (int i = 0; i < 3; i++) {
        unlink(unit_path("%s/%s_00003.out%05d", folder, kinds[i], domain));
    }
}

/* Once the tables are known, a rank does not open the files of domains that it has nothing of. */
static void others_files_are_not_opened(void **state) {
    (void)state;
    for (int kind = PVR_SPLIT_TREES; kind <= PVR_SPLIT_DOMAINS; kind++) {
        char *folder = unit_temp_folder();
        char *output = strdup(unit_path("%s/output_00003", folder));
        unit_copy(plain_outputs[4].path, output);
        struct pvr_snapshot *snapshot = open_output(output);
        int ndomains = pvr_snapshot_info(snapshot)->ncpu;
        assert_in_range(ndomains, 2, 64);
        struct pvr_split *split =
            make_split(snapshot, ndomains, (enum pvr_split_kind)kind, 0, NULL);
        uint64_t levels[64];
        int opened = 0;
        unit_ok(pvr_split_levels(snapshot, split, 1, levels, NULL), NULL);
        for (int i = 0; i < ndomains; i++) {
            opened += levels[i] != 0;
            if (levels[i] == 0) {
                remove_domain(output, i + 1);
            }
        }
        assert_in_range(opened, 1, ndomains - 1);
        pvr_mesh_free(load(snapshot, split, 1, 0, NULL, 2));
        pvr_split_free(split);
        pvr_snapshot_release(snapshot);
        free(output);
        unit_drop_folder(folder);
    }
}

static struct pvr_particles *load_particles(struct pvr_snapshot *snapshot,
                                            const struct pvr_split *split, int rank) {
    const char *fields[] = {"mass", "domain"};
    const struct pvr_particle_request request = {.fields = fields,
                                                 .nfields = 2,
                                                 .precision = PVR_FLOAT64,
                                                 .position_precision = PVR_FLOAT64,
                                                 .split = split,
                                                 .rank = rank,
                                                 .totals = true};
    struct pvr_particles *particles;
    struct pvr_error error;
    unit_ok(pvr_particles_load(snapshot, &request, NULL, NULL, NULL, &particles, &error), &error);
    return particles;
}

/* One rank after another, the particles stand as one alone reads them: domain after domain. */
static void particles_follow_the_domains(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(PVR_TEST_DATA "/web3d/output_00002");
    struct pvr_particles *whole = load_particles(snapshot, NULL, 0);
    assert_true(whole->count > 0);
    for (int c = 0; c < NCOUNTS; c++) {
        for (int kind = PVR_SPLIT_TREES; kind <= PVR_SPLIT_DOMAINS; kind++) {
            struct pvr_split *split =
                make_split(snapshot, rank_counts[c], (enum pvr_split_kind)kind, 0, NULL);
            uint64_t count = 0;
            double mass = 0;
            for (int rank = 0; rank < rank_counts[c]; rank++) {
                struct pvr_particles *part = load_particles(snapshot, split, rank);
                assert_true(count + part->count <= whole->count);
                if (part->count > 0) {
                    assert_memory_equal(part->position.array->data,
                                        (double *)whole->position.array->data + 3 * count,
                                        (size_t)part->count * 3 * sizeof(double));
                }
                count += part->count;
                mass += part->mass;
                assert_int_equal(part->total, whole->total);
                pvr_particles_free(part);
            }
            assert_int_equal(count, whole->count);
            assert_true(fabs(mass - whole->mass) < 1e-12 * whole->mass);
            pvr_split_free(split);
        }
    }
    pvr_particles_free(whole);
    pvr_snapshot_release(snapshot);
}

/* ---- samples ----------------------------------------------------------------------------------
 */

static void samples_add_up(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(plain_outputs[4].path);
    const struct pvr_split_wish wish = {3, PVR_SPLIT_TREES, 0};
    struct pvr_split_sample all, part[2];
    int ndomains = pvr_snapshot_info(snapshot)->ncpu;
    bool wants = false;
    unit_ok(pvr_split_wants_sample(snapshot, &wish, NULL, &wants, NULL), NULL);
    assert_true(wants);
    unit_ok(pvr_split_take_sample(snapshot, &wish, 1, ndomains, NULL, &all, NULL), NULL);
    unit_ok(pvr_split_take_sample(snapshot, &wish, 1, 1, NULL, &part[0], NULL), NULL);
    unit_ok(pvr_split_take_sample(snapshot, &wish, 2, ndomains, NULL, &part[1], NULL), NULL);
    assert_true(all.bytes_read > 0);
    assert_int_equal(all.bytes_read, part[0].bytes_read + part[1].bytes_read);
    for (size_t i = 0; i < all.ntrees; i++) {
        assert_int_equal(all.octs[i], part[0].octs[i] + part[1].octs[i]);
    }
    /* so small an output is looked at as a whole: the plan is what comes of it */
    struct pvr_split *split = make_split(snapshot, 3, PVR_SPLIT_TREES, 0, &all);
    double most = 0, sum = 0;
    for (int rank = 0; rank < 3; rank++) {
        struct pvr_mesh *mesh = load(snapshot, split, rank, 0, NULL, 2);
        double leaves = (double)mesh->octree->nleaves;
        most = fmax(most, leaves);
        sum += leaves;
        pvr_mesh_free(mesh);
    }
    assert_true(fabs(3 * most / sum - split->imbalance) < 0.02);
    pvr_split_free(split);
    for (int i = 0; i < 2; i++) {
        pvr_split_sample_free(&part[i]);
    }
    pvr_split_sample_free(&all);
    pvr_snapshot_release(snapshot);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    struct pvr_snapshot *snapshot = open_output(plain_outputs[4].path);
    const struct pvr_split_wish nobody = {0, PVR_SPLIT_AUTO, 0}, above = {2, PVR_SPLIT_AUTO, -1};
    struct pvr_split *split;
    struct pvr_error error;
    assert_int_equal(pvr_split_make(snapshot, &nobody, NULL, NULL, &split, &error),
                     PVR_ERROR_ARGUMENT);
    assert_int_equal(pvr_split_make(snapshot, &above, NULL, NULL, &split, &error),
                     PVR_ERROR_ARGUMENT);
    pvr_snapshot_release(snapshot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_leaf_is_on_one_rank),
        cmocka_unit_test(levels_end_where_asked),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(regions_are_split_too),
        cmocka_unit_test(others_files_are_not_opened),
        cmocka_unit_test(particles_follow_the_domains),
        cmocka_unit_test(samples_add_up),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
