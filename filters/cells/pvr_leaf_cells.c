/* pvr_leaf_cells.c - the leaf cells of a mesh: counting them and numbering their points. */
#include "pvr_leaf_cells_private.h"

#include "pvr_octree_rank.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

uint64_t pvr_leaf_cells_count(const struct pvr_leaf_cells *cells) {
    return cells->ncells;
}

uint64_t pvr_leaf_cells_npoints(const struct pvr_leaf_cells *cells) {
    return cells->npoints;
}

int pvr_leaf_cells_corners(const struct pvr_leaf_cells *cells) {
    return cells->octree->cells_per_oct;
}

uint64_t pvr_leaf_cells_bytes(const struct pvr_leaf_cells *cells) {
    return cells->bytes;
}

enum pvr_type pvr_leaf_cells_index_type(const struct pvr_leaf_cells *cells) {
    uint64_t ends = cells->ncells * (uint64_t)cells->octree->cells_per_oct;
    return ends <= INT32_MAX && cells->npoints <= INT32_MAX ? PVR_INT32 : PVR_INT64;
}

/* Steps of a float along a cell's side, at least: sides are measured from the points. */
static const double steps_of_a_side = 2048;

enum pvr_type pvr_leaf_cells_point_type(const struct pvr_leaf_cells *cells) {
    const struct pvr_octree *octree = cells->octree;
    for (int axis = 0; axis < octree->ndim; axis++) {
        double end = octree->origin[axis] + octree->size[axis];
        double largest = fmax(fabs(octree->origin[axis]), fabs(end));
        double side = ldexp(octree->size[axis] / octree->root_dims[axis],
                            octree->root_level - octree->max_level);
        if (side < steps_of_a_side * (double)FLT_EPSILON * largest) {
            return PVR_FLOAT64;
        }
    }
    return PVR_FLOAT32;
}

struct numbering {
    struct pvr_leaf_cells *cells;
    uint64_t ngroups;           /* of all levels */
    struct pvr_leaf_walk *walk; /* by thread */
};

static enum pvr_status count_leaves(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct pvr_leaf_cells *cells = context;
    const struct pvr_octree *octree = cells->octree;
    uint64_t begin = (uint64_t)task * PVR_LEAF_CHUNK, end = begin + PVR_LEAF_CHUNK, leaves = 0;
    struct pvr_part part = {.run = pvr_run_at(octree, begin)};
    while (pvr_cut_part(octree, begin, end, &part)) {
        for (uint64_t oct = part.oct; oct < part.oct + part.noct; oct++) {
            leaves += pvr_popcount(pvr_shown(octree, &part, oct));
        }
        if (!pvr_run_next(octree, &part.run)) {
            break;
        }
    }
    cells->first_cell[task + 1] = leaves;
    return PVR_OK;
}

/* Finds the points that the octs of a group own, and numbers them within it. */
static enum pvr_status own_points(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)error;
    struct numbering *numbering = context;
    struct pvr_lattice *lattice = &numbering->cells->lattice;
    const struct pvr_octree *octree = lattice->octree;
    struct pvr_leaf_walk *walk = &numbering->walk[worker->thread];
    int l = octree->root_level + 1;
    uint64_t group = task, ngroups;
    while (group >=
           (ngroups = (octree->level[l].noct + PVR_LATTICE_GROUP - 1) / PVR_LATTICE_GROUP)) {
        group -= ngroups;
        l++;
    }
    uint64_t first = group * PVR_LATTICE_GROUP, last = first + PVR_LATTICE_GROUP;
    last = last < octree->level[l].noct ? last : octree->level[l].noct;
    uint32_t base = 0;
    for (uint64_t oct = first; oct < last; oct++) {
        pvr_leaf_walk_to(walk, l, oct);
        uint32_t owned = pvr_leaf_walk_owned(walk, l);
        lattice->oct[l][oct] = (struct pvr_lattice_oct){owned, base};
        base += pvr_popcount(owned);
    }
    lattice->group[l][group] = base; /* of this group; summed up afterwards */
    return PVR_OK;
}

static void number_groups(struct pvr_lattice *lattice) {
    const struct pvr_octree *octree = lattice->octree;
    uint64_t number = lattice->root_points;
    for (int l = octree->root_level + 1; l <= octree->max_level; l++) {
        uint64_t ngroups = (octree->level[l].noct + PVR_LATTICE_GROUP - 1) / PVR_LATTICE_GROUP;
        for (uint64_t g = 0; g <= ngroups; g++) {
            uint64_t count = lattice->group[l][g];
            lattice->group[l][g] = number;
            number += count;
        }
    }
    lattice->npoints = number;
}

static enum pvr_status mark_points(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)error;
    (void)worker;
    const struct pvr_leaf_cells *cells = context;
    uint64_t first = cells->first_cell[task];
    pvr_leaf_mark_points(cells, first, cells->first_cell[task + 1] - first, cells->taken);
    return PVR_OK;
}

/* Leaves out the points of which all cells are outside. */
static enum pvr_status take_points(struct pvr_leaf_cells *cells, struct pvr_job *job,
                                   struct pvr_error *error) {
    uint64_t nwords = cells->lattice.npoints / 64 + 1, bytes = nwords * sizeof *cells->taken;
    cells->taken = pvr_large_alloc(bytes);
    uint64_t *before = pvr_large_alloc(bytes);
    cells->bytes += 2 * bytes;
    if (cells->taken == NULL || before == NULL) {
        pvr_large_free(before, bytes);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the numbers of %llu points",
                        (ull)cells->lattice.npoints);
    }
    enum pvr_status status =
        pvr_job_run(job, (size_t)cells->nchunks, NULL, mark_points, NULL, cells, error);
    cells->npoints = 0;
    for (uint64_t w = 0; w < nwords; w++) {
        before[w] = cells->npoints;
        cells->npoints += pvr_popcount(cells->taken[w]);
    }
    cells->taken_before = before;
    return status;
}

static enum pvr_status allocate(struct pvr_leaf_cells *cells, struct numbering *numbering,
                                int threads, struct pvr_error *error) {
    const struct pvr_octree *octree = cells->octree;
    struct pvr_lattice *lattice = &cells->lattice;
    cells->nchunks = (octree->ncells + PVR_LEAF_CHUNK - 1) / PVR_LEAF_CHUNK;
    cells->first_cell = calloc(cells->nchunks + 1, sizeof *cells->first_cell);
    numbering->walk = calloc((size_t)threads, sizeof *numbering->walk);
    bool all = cells->first_cell != NULL && numbering->walk != NULL;
    for (int l = octree->root_level + 1; all && l <= octree->max_level; l++) {
        uint64_t noct = octree->level[l].noct;
        uint64_t ngroups = (noct + PVR_LATTICE_GROUP - 1) / PVR_LATTICE_GROUP;
        lattice->oct[l] = pvr_large_alloc(noct * sizeof *lattice->oct[l]);
        lattice->group[l] = calloc(ngroups + 1, sizeof *lattice->group[l]);
        all = lattice->oct[l] != NULL && lattice->group[l] != NULL;
        numbering->ngroups += ngroups;
        cells->bytes += noct * sizeof *lattice->oct[l] + (ngroups + 1) * sizeof *lattice->group[l];
    }
    for (int t = 0; all && t < threads; t++) {
        pvr_leaf_walk_begin(&numbering->walk[t], lattice);
    }
    cells->bytes += sizeof *cells + (cells->nchunks + 1) * sizeof *cells->first_cell;
    return all ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory to number the points of %llu cells",
                          (ull)octree->nleaves);
}

struct pvr_leaf_cells *pvr_leaf_cells_begin(struct pvr_octree *octree,
                                            const struct pvr_leaf_place *place) {
    struct pvr_leaf_cells *cells = calloc(1, sizeof *cells);
    if (cells != NULL) {
        cells->octree = pvr_octree_retain(octree);
        cells->place = place != NULL ? *place : (struct pvr_leaf_place){{0, 1, 2}, {0, 0, 0}, 1};
        pvr_lattice_begin(&cells->lattice, octree);
    }
    return cells;
}

enum pvr_status pvr_leaf_cells_number(struct pvr_leaf_cells *cells, struct pvr_job *job,
                                      struct pvr_error *error) {
    struct numbering numbering = {.cells = cells};
    enum pvr_status status = allocate(cells, &numbering, job->threads, error);
    if (status == PVR_OK) {
        status = pvr_job_run(job, (size_t)cells->nchunks, NULL, count_leaves, NULL, cells, error);
    }
    for (uint64_t i = 0; status == PVR_OK && i < cells->nchunks; i++) {
        cells->first_cell[i + 1] += cells->first_cell[i];
    }
    if (status == PVR_OK && numbering.ngroups > 0) {
        status =
            pvr_job_run(job, (size_t)numbering.ngroups, NULL, own_points, NULL, &numbering, error);
    }
    if (status == PVR_OK) {
        number_groups(&cells->lattice);
        cells->ncells = cells->first_cell[cells->nchunks];
        cells->npoints = cells->lattice.npoints;
        if (cells->octree->noutside > 0) {
            status = take_points(cells, job, error);
        }
    }
    free(numbering.walk);
    return status;
}

enum pvr_status pvr_leaf_cells_new(struct pvr_octree *octree, const struct pvr_leaf_place *place,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_leaf_cells **result,
                                   struct pvr_report *report, struct pvr_error *error) {
    *result = NULL;
    struct pvr_leaf_cells *cells = pvr_leaf_cells_begin(octree, place);
    if (cells == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status == PVR_OK) {
        status = pvr_leaf_cells_number(cells, &job, error);
        pvr_job_end(&job, report);
    }
    if (status != PVR_OK) {
        pvr_leaf_cells_free(cells);
        return status;
    }
    *result = cells;
    return PVR_OK;
}

void pvr_leaf_cells_free(struct pvr_leaf_cells *cells) {
    if (cells == NULL) {
        return;
    }
    for (int l = cells->octree->root_level + 1; l <= cells->octree->max_level; l++) {
        pvr_large_free(cells->lattice.oct[l],
                       cells->octree->level[l].noct * sizeof *cells->lattice.oct[l]);
        free(cells->lattice.group[l]);
    }
    uint64_t bytes = (cells->lattice.npoints / 64 + 1) * sizeof *cells->taken;
    pvr_large_free(cells->taken, bytes);
    pvr_large_free(cells->taken_before, bytes);
    free(cells->first_cell);
    pvr_octree_release(cells->octree);
    free(cells);
}
