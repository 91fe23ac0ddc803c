/* pvr_spin.c - mass, bulk velocity and angular momentum of the gas in a sphere. */
#include "pvr_spin.h"

#include "pvr_octree_rank.h"
#include "pvr_positions.h"
#include "pvr_stream.h"
#include "pvr_sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is added up: with r = x - centre, L = sum(m r x v) - sum(m r) x (bulk velocity). */
enum { MASS, VELOCITY, PLACE = 4, MOMENT = 7, SUMS = 10 };

struct sums {
    struct pvr_sum of[SUMS];
};

static inline void add_cell(struct sums *sums, double mass, const double r[3], const double v[3]) {
    if (!isfinite(mass) || !isfinite(v[0]) || !isfinite(v[1]) || !isfinite(v[2])) {
        return;
    }
    pvr_sum_add(&sums->of[MASS], mass);
    for (int a = 0; a < 3; a++) {
        int b = (a + 1) % 3, c = (a + 2) % 3;
        pvr_sum_add(&sums->of[VELOCITY + a], mass * v[a]);
        pvr_sum_add(&sums->of[PLACE + a], mass * r[a]);
        pvr_sum_add(&sums->of[MOMENT + a], mass * (r[b] * v[c] - r[c] * v[b]));
    }
}

static enum pvr_status check_mass(const struct pvr_spin *spin, struct pvr_error *error) {
    return spin->mass > 0
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_ARGUMENT,
                          "there is no mass in the sphere whose angular momentum is wanted");
}

/* Adds the parts in their order. */
static void finish(const struct sums *parts, size_t count, struct pvr_spin *spin) {
    struct sums all = {{{0, 0}}};
    double total[SUMS];
    for (size_t p = 0; p < count; p++) {
        for (int i = 0; i < SUMS; i++) {
            pvr_sum_join(&all.of[i], &parts[p].of[i]);
        }
    }
    for (int i = 0; i < SUMS; i++) {
        total[i] = pvr_sum_total(&all.of[i]);
    }
    memset(spin, 0, sizeof *spin);
    if (!(total[MASS] > 0)) {
        return;
    }
    spin->mass = total[MASS];
    for (int a = 0; a < 3; a++) {
        spin->velocity[a] = total[VELOCITY + a] / spin->mass;
        spin->place[a] = total[PLACE + a] / spin->mass;
    }
    for (int a = 0; a < 3; a++) {
        int b = (a + 1) % 3, c = (a + 2) % 3;
        spin->momentum[a] = total[MOMENT + a] - (total[PLACE + b] * spin->velocity[c] -
                                                 total[PLACE + c] * spin->velocity[b]);
    }
}

enum pvr_status pvr_spin_join(const struct pvr_spin *parts, int nparts, struct pvr_spin *spin,
                              struct pvr_error *error) {
    struct sums all = {{{0, 0}}};
    if (nparts == 1) {
        *spin = parts[0];
        return check_mass(spin, error);
    }
    for (int p = 0; p < nparts; p++) {
        const struct pvr_spin *part = &parts[p];
        const double *r = part->place, *v = part->velocity;
        if (!(part->mass > 0)) {
            continue;
        }
        pvr_sum_add(&all.of[MASS], part->mass);
        for (int a = 0; a < 3; a++) {
            int b = (a + 1) % 3, c = (a + 2) % 3;
            pvr_sum_add(&all.of[VELOCITY + a], part->mass * v[a]);
            pvr_sum_add(&all.of[PLACE + a], part->mass * r[a]);
            pvr_sum_add(&all.of[MOMENT + a], part->momentum[a]);
            pvr_sum_add(&all.of[MOMENT + a], part->mass * (r[b] * v[c] - r[c] * v[b]));
        }
    }
    finish(&all, 1, spin);
    return check_mass(spin, error);
}

/* Octs that are taken at once, of one level, trees whatever they are. */
enum { PART_OCTS = 1 << 12 };

struct octree_sums {
    const struct pvr_octree *octree;
    const struct pvr_array *density, *velocity;
    const double *centre;
    double radius_squared;
    size_t nparts;
    struct octree_part {
        int level;
        uint64_t first, count; /* octs; trees at the root level */
    } * part;
    struct sums *sums; /* by part */
};

static double value_at(const struct pvr_array *array, uint64_t index, int component) {
    uint64_t at = index * (uint64_t)array->ncomponents + (uint64_t)component;
    return array->type == PVR_FLOAT32 ? (double)((const float *)array->data)[at]
                                      : ((const double *)array->data)[at];
}

static void add_index(const struct octree_sums *source, uint64_t index, const double r[3],
                      double volume, struct sums *sums) {
    if (r[0] * r[0] + r[1] * r[1] + r[2] * r[2] <= source->radius_squared) {
        const double v[3] = {value_at(source->velocity, index, 0),
                             value_at(source->velocity, index, 1),
                             value_at(source->velocity, index, 2)};
        add_cell(sums, value_at(source->density, index, 0) * volume, r, v);
    }
}

static void add_roots(const struct octree_sums *source, const struct octree_part *part,
                      struct sums *sums) {
    const struct pvr_octree *octree = source->octree;
    const struct pvr_octree_level *roots = &octree->level[part->level];
    const double size = pvr_octree_cell_size(octree, part->level);
    for (uint64_t t = part->first; t < part->first + part->count; t++) {
        uint32_t at[3];
        double r[3];
        if (pvr_no_leaves(roots, t >> 3) >> (t & 7) & 1) {
            continue;
        }
        pvr_tree_coordinate(octree, t, at);
        for (int a = 0; a < 3; a++) {
            r[a] = octree->origin[a] + (at[a] + 0.5) * size - source->centre[a];
        }
        add_index(source, roots->tree_cell[t], r, size * size * size, sums);
    }
}

static enum pvr_status add_octs(const struct octree_sums *source, const struct octree_part *part,
                                struct pvr_worker *worker, struct sums *sums,
                                struct pvr_error *error) {
    const struct pvr_octree *octree = source->octree;
    const struct pvr_octree_level *level = &octree->level[part->level];
    const double size = pvr_octree_cell_size(octree, part->level);
    uint32_t(*coordinate)[3] = pvr_worker_buffer(worker, PART_OCTS * sizeof *coordinate);
    if (coordinate == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for some octs");
    }
    struct pvr_walk walk;
    pvr_walk_begin(&walk, octree);
    pvr_walk_octs(&walk, part->level, part->first, part->count, coordinate);
    uint64_t tree = 0;
    for (uint64_t step = octree->ntrees; step > 0; step /= 2) { /* the last that begins before */
        while (tree + step < octree->ntrees && level->tree_first[tree + step] <= part->first) {
            tree += step;
        }
    }
    for (uint64_t i = 0; i < part->count; i++) {
        uint64_t oct = part->first + i;
        while (oct >= level->tree_first[tree + 1]) {
            tree++;
        }
        uint64_t index = level->tree_cell[tree] + (oct - level->tree_first[tree]) * 8;
        unsigned no_leaves = pvr_no_leaves(level, oct);
        for (unsigned c = 0; c < 8; c++) {
            double r[3];
            for (int a = 0; a < 3; a++) {
                r[a] = octree->origin[a] + (2 * coordinate[i][a] + (c >> a & 1) + 0.5) * size -
                       source->centre[a];
            }
            if ((no_leaves >> c & 1) == 0) {
                add_index(source, index + c, r, size * size * size, sums);
            }
        }
    }
    return PVR_OK;
}

static enum pvr_status octree_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    const struct octree_sums *source = context;
    const struct octree_part *part = &source->part[task];
    if (part->level == source->octree->root_level) {
        add_roots(source, part, &source->sums[task]);
        return PVR_OK;
    }
    return add_octs(source, part, worker, &source->sums[task], error);
}

/* Lists the parts; with a null array counts them. */
static size_t list_parts(const struct pvr_octree *octree, struct octree_part *part) {
    size_t count = 0;
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        uint64_t octs = l == octree->root_level ? octree->ntrees : octree->level[l].noct;
        for (uint64_t first = 0; first < octs; first += PART_OCTS, count++) {
            if (part != NULL) {
                uint64_t left = octs - first;
                part[count] = (struct octree_part){l, first, left < PART_OCTS ? left : PART_OCTS};
            }
        }
    }
    return count;
}

enum pvr_status pvr_spin_octree(const struct pvr_octree *octree, const struct pvr_array *density,
                                const struct pvr_array *velocity, const double centre[3],
                                double radius, const struct pvr_threads *threads,
                                struct pvr_spin *spin, struct pvr_error *error) {
    enum pvr_status status =
        pvr_spin_part(octree, density, velocity, centre, radius, threads, spin, error);
    return status == PVR_OK ? check_mass(spin, error) : status;
}

enum pvr_status pvr_spin_part(const struct pvr_octree *octree, const struct pvr_array *density,
                              const struct pvr_array *velocity, const double centre[3],
                              double radius, const struct pvr_threads *threads,
                              struct pvr_spin *spin, struct pvr_error *error) {
    memset(spin, 0, sizeof *spin);
    if (octree->ndim != 3 || density->ntuples != octree->ncells || density->ncomponents != 1 ||
        velocity->ntuples != octree->ncells || velocity->ncomponents != 3) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "an angular momentum needs a 3-D mesh with a "
                        "density and a velocity of three components");
    }
    struct octree_sums source = {.octree = octree,
                                 .density = density,
                                 .velocity = velocity,
                                 .centre = centre,
                                 .radius_squared = radius > 0 ? radius * radius : (double)INFINITY,
                                 .nparts = list_parts(octree, NULL)};
    source.part = calloc(source.nparts + 1, sizeof *source.part);
    source.sums = calloc(source.nparts + 1, sizeof *source.sums);
    enum pvr_status status = PVR_OK;
    struct pvr_job job;
    if (source.part == NULL || source.sums == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an angular momentum");
    } else {
        list_parts(octree, source.part);
        status = pvr_job_begin(&job, threads, NULL, NULL, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(&job, source.nparts, NULL, octree_task, NULL, &source, error);
        pvr_job_end(&job, NULL);
    }
    if (status == PVR_OK) {
        finish(source.sums, source.nparts, spin);
    }
    free(source.part);
    free(source.sums);
    return status;
}

/* Boxes or points, some thousand at once. */
enum { PART_PLACES = 1 << 13 };

struct place_sums {
    const struct pvr_boxes *boxes;    /* or null: points */
    const struct pvr_array *position; /* of points */
    const struct pvr_array *mass, *velocity;
    const double *centre;
    double radius_squared;
    uint64_t count;
    struct sums *sums; /* by part */
};

static enum pvr_status places_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    const struct place_sums *source = context;
    const uint64_t first = (uint64_t)task * PART_PLACES, left = source->count - first;
    const uint32_t count = left < PART_PLACES ? (uint32_t)left : PART_PLACES;
    double(*place)[3] = pvr_worker_buffer(worker, 2 * PART_PLACES * sizeof *place);
    if (place == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the places of some cells");
    }
    double(*side)[3] = place + PART_PLACES;
    if (source->boxes != NULL) {
        source->boxes->place(source->boxes->context, first, count, place, side);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = first + i;
        double r[3], volume = 1;
        for (int a = 0; a < 3; a++) {
            r[a] = (source->boxes != NULL ? place[i][a] : value_at(source->position, at, a)) -
                   source->centre[a];
            volume *= source->boxes != NULL ? side[i][a] : 1;
        }
        if (volume > 0 && r[0] * r[0] + r[1] * r[1] + r[2] * r[2] <= source->radius_squared) {
            const double v[3] = {value_at(source->velocity, at, 0),
                                 value_at(source->velocity, at, 1),
                                 value_at(source->velocity, at, 2)};
            add_cell(&source->sums[task], value_at(source->mass, at, 0) * volume, r, v);
        }
    }
    return PVR_OK;
}

static bool is_real(const struct pvr_array *array, uint64_t count, int ncomponents) {
    return array->ntuples == count && array->ncomponents == ncomponents &&
           (array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64);
}

static enum pvr_status sum_places(struct place_sums *source, double radius,
                                  const struct pvr_threads *threads, struct pvr_spin *spin,
                                  struct pvr_error *error) {
    if (!is_real(source->mass, source->count, 1) || !is_real(source->velocity, source->count, 3) ||
        (source->boxes == NULL && !is_real(source->position, source->count, 3))) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "an angular momentum needs masses and velocities of three components, "
                        "real numbers");
    }
    const size_t nparts = (size_t)((source->count + PART_PLACES - 1) / PART_PLACES);
    struct pvr_job job;
    source->radius_squared = radius > 0 ? radius * radius : (double)INFINITY;
    source->sums = calloc(nparts + 1, sizeof *source->sums);
    enum pvr_status status = source->sums != NULL ? pvr_job_begin(&job, threads, NULL, NULL, error)
                                                  : pvr_fail(error, PVR_ERROR_MEMORY,
                                                             "no memory for an angular momentum");
    if (status == PVR_OK) {
        status = pvr_job_run(&job, nparts, NULL, places_task, NULL, source, error);
        pvr_job_end(&job, NULL);
    }
    if (status == PVR_OK) {
        finish(source->sums, nparts, spin);
    }
    free(source->sums);
    return status;
}

enum pvr_status pvr_spin_boxes(const struct pvr_boxes *boxes, const struct pvr_array *density,
                               const struct pvr_array *velocity, const double centre[3],
                               double radius, const struct pvr_threads *threads,
                               struct pvr_spin *spin, struct pvr_error *error) {
    struct place_sums source = {.boxes = boxes,
                                .mass = density,
                                .velocity = velocity,
                                .centre = centre,
                                .count = boxes->count};
    return sum_places(&source, radius, threads, spin, error);
}

enum pvr_status pvr_spin_points(const struct pvr_array *position, const struct pvr_array *mass,
                                const struct pvr_array *velocity, const double centre[3],
                                double radius, const struct pvr_threads *threads,
                                struct pvr_spin *spin, struct pvr_error *error) {
    struct place_sums source = {.position = position,
                                .mass = mass,
                                .velocity = velocity,
                                .centre = centre,
                                .count = position->ntuples};
    return sum_places(&source, radius, threads, spin, error);
}

struct stream_sums {
    const double *centre;
    double radius_squared;
    double root_cell;
    struct sums *sums; /* by block */
};

static enum pvr_status add_block(void *context, const struct pvr_block *block,
                                 struct pvr_error *error) {
    (void)error;
    const struct stream_sums *source = context;
    struct sums *sums = &source->sums[block->number];
    const double size = ldexp(source->root_cell, -block->level);
    for (uint64_t o = 0; o < block->noct; o++) {
        for (unsigned c = 0; c < 8; c++) {
            double r[3];
            for (int a = 0; a < 3; a++) {
                r[a] =
                    (2 * block->coordinate[o][a] + (c >> a & 1) + 0.5) * size - source->centre[a];
            }
            if ((block->refined[o] >> c & 1) == 0 &&
                r[0] * r[0] + r[1] * r[1] + r[2] * r[2] <= source->radius_squared) {
                uint64_t at = c * block->noct + o;
                const double v[3] = {block->values[1][at], block->values[2][at],
                                     block->values[3][at]};
                add_cell(sums, block->values[0][at] * size * size * size, r, v);
            }
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_spin_stream(struct pvr_snapshot *snapshot, int max_level,
                                const double centre[3], double radius,
                                const struct pvr_threads *threads, pvr_progress_fn progress,
                                void *progress_context, struct pvr_spin *spin,
                                struct pvr_error *error) {
    static const char *const names[] = {"density", "velocity_x", "velocity_y", "velocity_z"};
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    int variable[4];
    for (int i = 0; i < 4; i++) {
        variable[i] = pvr_variable_find(table, names[i]);
        if (variable[i] < 0) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: an angular momentum needs %s",
                            pvr_snapshot_path(snapshot), names[i]);
        }
    }
    const struct pvr_stream_request request = {
        .max_level = max_level, .variables = variable, .nvariables = 4};
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    struct stream_sums source = {.centre = centre,
                                 .radius_squared = radius > 0 ? radius * radius : (double)INFINITY,
                                 .root_cell = size[0] / ncoarse[0]};
    size_t nblocks = 0;
    enum pvr_status status = pvr_stream_count(snapshot, &request, threads, &nblocks, error);
    if (status == PVR_OK) {
        source.sums = calloc(nblocks + 1, sizeof *source.sums);
        status = source.sums != NULL
                     ? pvr_stream_run(snapshot, &request, threads, progress, progress_context,
                                      add_block, &source, NULL, error)
                     : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an angular momentum");
    }
    if (status == PVR_OK) {
        finish(source.sums, nblocks, spin);
        status = check_mass(spin, error);
    }
    free(source.sums);
    return status;
}

enum pvr_status pvr_spin_view(const struct pvr_spin *spin, bool edge_on, double line_of_sight[3],
                              double up[3], struct pvr_error *error) {
    const double *l = spin->momentum;
    if (!(l[0] * l[0] + l[1] * l[1] + l[2] * l[2] > 0)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "the gas has no angular momentum: there is no "
                        "face-on or edge-on view");
    }
    memset(up, 0, 3 * sizeof *up);
    if (!edge_on) {
        memcpy(line_of_sight, l, 3 * sizeof *l);
        return PVR_OK;
    }
    int least = 2;
    for (int a = 1; a >= 0; a--) {
        least = fabs(l[a]) < fabs(l[least]) ? a : least;
    }
    memcpy(up, l, 3 * sizeof *l);
    int b = (least + 1) % 3, c = (least + 2) % 3; /* the spin times the axis least parallel */
    line_of_sight[least] = 0;
    line_of_sight[b] = l[c];
    line_of_sight[c] = -l[b];
    return PVR_OK;
}
