/* pvr_covering_grid.c - a uniform grid over a part of a mesh: its size, and who fills it how. */
#include "pvr_covering_grid.h"

#include "pvr_covering_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* ---- the grid */

/* Side of the cells of a level along an axis; levels above the trees' roots too. */
static double side(const struct pvr_octree *octree, int axis, int level) {
    return ldexp(octree->size[axis] / octree->root_dims[axis], octree->root_level - level);
}

/* The part of the region that lies in the mesh. */
static enum pvr_status cut_region(const struct pvr_octree *octree,
                                  const struct pvr_covering_request *request, double low[3],
                                  double high[3], struct pvr_error *error) {
    for (int axis = 0; axis < octree->ndim; axis++) {
        double from = octree->origin[axis], to = from + octree->size[axis];
        low[axis] = request->whole ? from : request->low[axis];
        high[axis] = request->whole ? to : request->high[axis];
        if (!(low[axis] < high[axis])) { /* nor with NaN */
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "the region goes from %g to %g along %c: nothing lies in it", low[axis],
                            high[axis], "xyz"[axis]);
        }
        if (low[axis] >= to || high[axis] <= from) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "the region goes from %g to %g along %c, but the mesh from %g to %g",
                            low[axis], high[axis], "xyz"[axis], from, to);
        }
        low[axis] = fmax(low[axis], from);
        high[axis] = fmin(high[axis], to);
    }
    return PVR_OK;
}

/* The cells of a level that the region touches along an axis. A border that is a cell's but for
 * rounding is that. */
static void cut_level(const struct pvr_octree *octree, int axis, int level, double low, double high,
                      int64_t *first, int64_t *last) {
    double step = side(octree, axis, level);
    double end = ceil(octree->size[axis] / step - 1e-6); /* cells of the level along the mesh */
    double from = floor((low - octree->origin[axis]) / step + 1e-6);
    double to = ceil((high - octree->origin[axis]) / step - 1e-6);
    from = fmin(fmax(from, 0), end - 1);
    to = fmin(fmax(to, from + 1), end);
    *first = (int64_t)from;
    *last = (int64_t)to;
}

enum pvr_status pvr_covering_plan(const struct pvr_octree *octree,
                                  const struct pvr_covering_request *request,
                                  struct pvr_covering_grid *grid, struct pvr_error *error) {
    double low[3], high[3], ncells = 1;
    *grid = (struct pvr_covering_grid){.dims = {1, 1, 1},
                                       .spacing = {1, 1, 1},
                                       .level = request->level,
                                       .sampling = request->sampling};
    if (request->level < 0 || request->level > PVR_MAX_LEVELS) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "there is no level %d", request->level);
    }
    enum pvr_status status = cut_region(octree, request, low, high, error);
    for (int axis = 0; status == PVR_OK && axis < octree->ndim; axis++) {
        if (request->level > 0) {
            int64_t last;
            cut_level(octree, axis, request->level, low[axis], high[axis], &grid->first[axis],
                      &last);
            if (last - grid->first[axis] > INT32_MAX) {
                return pvr_fail(error, PVR_ERROR_ARGUMENT,
                                "the grid would have more than 2^31 cells along %c", "xyz"[axis]);
            }
            grid->dims[axis] = (uint32_t)(last - grid->first[axis]);
            grid->spacing[axis] = side(octree, axis, request->level);
            grid->origin[axis] =
                octree->origin[axis] + grid->spacing[axis] * (double)grid->first[axis];
        } else {
            if (request->dims[axis] == 0 || request->dims[axis] > INT32_MAX) {
                return pvr_fail(error, PVR_ERROR_ARGUMENT, "%u cells along %c make no grid",
                                request->dims[axis], "xyz"[axis]);
            }
            grid->dims[axis] = request->dims[axis];
            grid->spacing[axis] = (high[axis] - low[axis]) / request->dims[axis];
            grid->origin[axis] = low[axis];
        }
        ncells *= grid->dims[axis];
    }
    if (status == PVR_OK && ncells > 0x1p60) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%g cells are beyond any memory", ncells);
    }
    grid->ncells = (uint64_t)grid->dims[0] * grid->dims[1] * grid->dims[2];
    return status;
}

int pvr_covering_level(const struct pvr_octree *octree, const struct pvr_covering_request *request,
                       uint32_t most) {
    double low[3], high[3];
    int level = octree->root_level;
    if (cut_region(octree, request, low, high, NULL) != PVR_OK) {
        return level;
    }
    for (; level < octree->max_level; level++) {
        for (int axis = 0; axis < octree->ndim; axis++) {
            int64_t first, last;
            cut_level(octree, axis, level + 1, low[axis], high[axis], &first, &last);
            if (last - first > (int64_t)most) {
                return level;
            }
        }
    }
    return level;
}

static uint64_t tuple_bytes(const struct pvr_array *array) {
    return pvr_type_bytes(array->type) * (uint64_t)array->ncomponents;
}

uint64_t pvr_covering_bytes(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                            const struct pvr_array *const *arrays, int narrays) {
    uint64_t bytes = 0, beside = 0;
    for (int i = 0; i < narrays; i++) {
        bytes += tuple_bytes(arrays[i]);
        uint64_t means = octree->ncells * sizeof(double) * (uint64_t)(arrays[i]->ncomponents + 1);
        if (pvr_covering_is_linear(octree, grid) && means > beside) {
            beside = means; /* one array after the other */
        }
    }
    return grid->ncells * bytes + beside;
}

/* ---- filling it */

struct filling {
    struct pvr_covering covering;
    int64_t tile[3];  /* sides of tiles */
    int64_t begin[3]; /* of the first tile, <= 0 */
    uint64_t ntiles[3];
    bool layers;
};

static void cut_tiles(struct filling *filling) {
    const struct pvr_covering_grid *grid = filling->covering.grid;
    const int ndim = filling->covering.octree->ndim;
    filling->layers = pvr_covering_has_layers(&filling->covering);
    bool paint = (filling->covering.aligned && grid->sampling == PVR_SAMPLE_MEAN) ||
                 grid->sampling == PVR_SAMPLE_NEAREST || !pvr_is_real(filling->covering.source);
    /* Where little is computed, tiles own whole pages of memory, as far as that goes. */
    static const int64_t plates[4][3] = {{1}, {65536, 1, 1}, {1024, 64, 1}, {512, 512, 4}};
    static const int64_t layers[3] = {PVR_PLATE, PVR_PLATE, PVR_PLANES};
    static const int64_t cubes[4][3] = {{1}, {8192, 1, 1}, {128, 128, 1}, {32, 32, 32}};
    for (int axis = 0; axis < 3; axis++) {
        filling->tile[axis] = filling->layers ? layers[axis]
                              : paint         ? plates[ndim][axis]
                                              : cubes[ndim][axis];
        /* on borders of octs, so that few are cut by a tile's border */
        filling->begin[axis] =
            filling->covering.aligned ? -(grid->first[axis] % filling->tile[axis]) : 0;
        filling->ntiles[axis] = (uint64_t)(((int64_t)grid->dims[axis] - filling->begin[axis] +
                                            filling->tile[axis] - 1) /
                                           filling->tile[axis]);
    }
}

void pvr_tile_trees(const struct pvr_covering *covering, const struct pvr_tile *tile,
                    int64_t low[3], int64_t high[3]) {
    const struct pvr_octree *octree = covering->octree;
    const struct pvr_covering_grid *grid = covering->grid;
    for (int axis = 0; axis < octree->ndim; axis++) {
        double step = octree->size[axis] / octree->root_dims[axis];
        double from = grid->origin[axis] - octree->origin[axis];
        /* one more on either side where rounding could leave one out */
        low[axis] =
            (int64_t)floor((from + grid->spacing[axis] * (double)tile->lo[axis]) / step - 1e-6);
        high[axis] =
            (int64_t)floor((from + grid->spacing[axis] * (double)tile->hi[axis]) / step + 1e-6);
    }
}

static enum pvr_status fill_tile(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct filling *filling = context;
    const struct pvr_covering *covering = &filling->covering;
    const struct pvr_covering_grid *grid = covering->grid;
    struct pvr_tile tile;
    uint64_t number = task, cells = 1;
    for (int axis = 0; axis < 3; axis++) {
        int64_t lo =
            filling->begin[axis] + (int64_t)(number % filling->ntiles[axis]) * filling->tile[axis];
        int64_t hi = lo + filling->tile[axis];
        number /= filling->ntiles[axis];
        tile.lo[axis] = lo > 0 ? lo : 0;
        tile.hi[axis] = hi < (int64_t)grid->dims[axis] ? hi : (int64_t)grid->dims[axis];
        cells *= (uint64_t)(tile.hi[axis] - tile.lo[axis]);
    }
    enum pvr_status status = PVR_OK;
    if (filling->layers) {
        status = pvr_covering_layers(covering, &tile, worker, error);
    } else if (grid->sampling == PVR_SAMPLE_NEAREST || !pvr_is_real(covering->source)) {
        pvr_covering_paint(covering, &tile,
                           grid->sampling == PVR_SAMPLE_NEAREST || !covering->aligned);
    } else if (pvr_covering_is_linear(covering->octree, grid)) {
        status = pvr_covering_interpolate(covering, &tile, worker, error);
    } else if (covering->aligned) {
        pvr_covering_paint(covering, &tile, false);
    } else {
        status = pvr_covering_overlap(covering, &tile, worker, error);
    }
    uint64_t bytes = cells * tuple_bytes(covering->result);
    worker->report->bytes_allocated += bytes;
    pvr_job_add_done(worker, bytes);
    return status;
}

static enum pvr_status fill_array(struct filling *filling, struct pvr_job *job,
                                  struct pvr_error *error) {
    struct pvr_covering *covering = &filling->covering;
    enum pvr_status status = PVR_OK;
    uint64_t means = covering->octree->ncells * (uint64_t)covering->source->ncomponents;
    if (pvr_covering_is_linear(covering->octree, covering->grid) && pvr_is_real(covering->source)) {
        covering->restricted = pvr_large_alloc(means * sizeof(double));
        covering->level = pvr_covering_linear_level(covering->octree, covering->grid);
        status = covering->restricted != NULL
                     ? pvr_covering_restrict(covering, job, error)
                     : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the means of %llu cells",
                                (ull)covering->octree->ncells);
    }
    cut_tiles(filling);
    if (status == PVR_OK) {
        uint64_t ntiles = filling->ntiles[0] * filling->ntiles[1] * filling->ntiles[2];
        status = pvr_job_run(job, (size_t)ntiles, NULL, fill_tile, NULL, filling, error);
    }
    pvr_large_free(covering->restricted, means * sizeof(double));
    return status;
}

static enum pvr_status check_array(const struct pvr_octree *octree, const struct pvr_array *array,
                                   struct pvr_error *error) {
    if (array->ncomponents > PVR_COVERING_COMPONENTS) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "an array has %d components; %d are possible",
                        array->ncomponents, PVR_COVERING_COMPONENTS);
    }
    if (array->ntuples < octree->ncells) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "an array has %llu values for %llu cells",
                        (ull)array->ntuples, (ull)octree->ncells);
    }
    return PVR_OK;
}

enum pvr_status pvr_covering_fill(const struct pvr_octree *octree,
                                  const struct pvr_covering_grid *grid,
                                  const struct pvr_array *const *arrays, int narrays,
                                  const struct pvr_array *weight, const struct pvr_threads *threads,
                                  pvr_progress_fn progress, void *progress_context,
                                  struct pvr_array **results, struct pvr_report *report,
                                  struct pvr_error *error) {
    return pvr_covering_fill_part(octree, grid, arrays, narrays, weight, threads, progress,
                                  progress_context, results, NULL, report, error);
}

enum pvr_status
pvr_covering_fill_part(const struct pvr_octree *octree, const struct pvr_covering_grid *grid,
                       const struct pvr_array *const *arrays, int narrays,
                       const struct pvr_array *weight, const struct pvr_threads *threads,
                       pvr_progress_fn progress, void *progress_context, struct pvr_array **results,
                       double *const *shares, struct pvr_report *report, struct pvr_error *error) {
    for (int i = 0; i < narrays; i++) {
        results[i] = NULL;
    }
    if (shares != NULL && grid->sampling == PVR_SAMPLE_LINEAR) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "linear sampling needs the whole mesh in one process: with several, "
                        "sample by means, or take the nearest cell");
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    int made = 0;
    if (weight != NULL && (!pvr_is_real(weight) || weight->ncomponents != 1)) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT, "a weight must be one real number a cell");
    }
    for (int i = 0; status == PVR_OK && i < narrays; i++) {
        status = check_array(octree, arrays[i], error);
        pvr_job_expect(&job, grid->ncells * tuple_bytes(arrays[i]));
    }
    for (; status == PVR_OK && made < narrays; made++) {
        status = pvr_array_new(arrays[made]->type, arrays[made]->ncomponents, grid->ncells,
                               &results[made], error);
        if (status != PVR_OK) {
            break;
        }
        struct filling filling = {.covering = {.octree = octree,
                                               .grid = grid,
                                               .source = arrays[made],
                                               .weight = weight,
                                               .result = results[made],
                                               .share = shares != NULL ? shares[made] : NULL,
                                               .aligned = grid->level >= octree->root_level}};
        status = fill_array(&filling, &job, error);
    }
    pvr_job_end(&job, report);
    for (int i = 0; status != PVR_OK && i < narrays; i++) {
        pvr_array_release(results[i]);
        results[i] = NULL;
    }
    return status;
}
