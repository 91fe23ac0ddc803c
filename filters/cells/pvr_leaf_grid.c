/* pvr_leaf_grid.c - the leaf cells of a mesh in memory, as arrays that an unstructured grid is made
 * of. */
#include "pvr_leaf_grid.h"

#include "pvr_leaf_cells_private.h"

#include <stdlib.h>
#include <string.h>

/* Cells, or points, of a task. */
enum { PART = 1 << 15 };

struct filling {
    const struct pvr_leaf_cells *cells;
    const struct pvr_array *const *arrays;
    struct pvr_leaf_grid *grid;
    size_t cell_tasks;
};

static uint64_t tuple_bytes(const struct pvr_array *array) {
    return (uint64_t)array->ncomponents * pvr_type_bytes(array->type);
}

static void fill_offsets(const struct filling *filling, uint64_t first, uint64_t last) {
    const uint64_t ncorners = (uint64_t)pvr_leaf_cells_corners(filling->cells);
    struct pvr_array *offsets = filling->grid->offsets;
    for (uint64_t i = first; i < last; i++) {
        if (offsets->type == PVR_INT32) {
            ((int32_t *)offsets->data)[i] = (int32_t)(i * ncorners);
        } else {
            ((int64_t *)offsets->data)[i] = (int64_t)(i * ncorners);
        }
    }
}

static void *at(const struct pvr_array *array, uint64_t tuple) {
    return (char *)array->data + tuple * tuple_bytes(array);
}

static enum pvr_status fill_part(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)error;
    struct filling *filling = context;
    struct pvr_leaf_grid *grid = filling->grid;
    uint64_t bytes = 0;
    if (task < filling->cell_tasks) {
        uint64_t first = (uint64_t)task * PART, last = first + PART;
        last = last < grid->ncells ? last : grid->ncells;
        uint64_t ncorners = (uint64_t)pvr_leaf_cells_corners(filling->cells), count = last - first;
        pvr_leaf_cells_connectivity(filling->cells, first, count, grid->connectivity->type,
                                    at(grid->connectivity, first * ncorners));
        fill_offsets(filling, first, last == grid->ncells ? last + 1 : last);
        pvr_leaf_cells_levels(filling->cells, first, count, at(grid->levels, first));
        bytes = count * (ncorners + 1) * pvr_type_bytes(grid->offsets->type);
        for (int i = 0; i < grid->nvalues; i++) {
            pvr_leaf_cells_values(filling->cells, filling->arrays[i], first, count,
                                  at(grid->values[i], first));
            bytes += count * tuple_bytes(grid->values[i]);
        }
    } else {
        uint64_t first = (uint64_t)(task - filling->cell_tasks) * PART, last = first + PART;
        last = last < grid->npoints ? last : grid->npoints;
        pvr_leaf_cells_points(filling->cells, first, last - first, grid->points->type,
                              at(grid->points, first));
        bytes = (last - first) * tuple_bytes(grid->points);
    }
    worker->report->bytes_allocated += bytes;
    pvr_job_add_done(worker, bytes);
    return PVR_OK;
}

static enum pvr_status allocate(struct filling *filling, int narrays, struct pvr_job *job,
                                struct pvr_error *error) {
    const struct pvr_leaf_cells *cells = filling->cells;
    struct pvr_leaf_grid *grid = filling->grid;
    const uint64_t ncorners = (uint64_t)pvr_leaf_cells_corners(cells);
    const enum pvr_type index = pvr_leaf_cells_index_type(cells);
    grid->ncells = pvr_leaf_cells_count(cells);
    grid->npoints = pvr_leaf_cells_npoints(cells);
    grid->values = calloc((size_t)narrays + 1, sizeof(struct pvr_array *));
    if (grid->values == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    enum pvr_status status =
        pvr_array_new(pvr_leaf_cells_point_type(cells), 3, grid->npoints, &grid->points, error);
    if (status == PVR_OK) {
        status = pvr_array_new(index, 1, grid->ncells * ncorners, &grid->connectivity, error);
    }
    if (status == PVR_OK) {
        status = pvr_array_new(index, 1, grid->ncells + 1, &grid->offsets, error);
    }
    if (status == PVR_OK) {
        status = pvr_array_new(PVR_UINT8, 1, grid->ncells, &grid->levels, error);
    }
    uint64_t bytes = 0;
    for (int i = 0; status == PVR_OK && i < narrays; i++) {
        status = pvr_array_new(filling->arrays[i]->type, filling->arrays[i]->ncomponents,
                               grid->ncells, &grid->values[i], error);
        if (status == PVR_OK) {
            grid->nvalues++;
            bytes += grid->ncells * tuple_bytes(grid->values[i]);
        }
    }
    if (status == PVR_OK) {
        pvr_job_expect(job, bytes + grid->npoints * tuple_bytes(grid->points) +
                                grid->ncells * (ncorners + 1) * pvr_type_bytes(index));
    }
    return status;
}

enum pvr_status pvr_leaf_grid_make(struct pvr_octree *octree, const struct pvr_leaf_place *place,
                                   const struct pvr_array *const *arrays, int narrays,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_leaf_grid *grid,
                                   struct pvr_error *error) {
    memset(grid, 0, sizeof *grid);
    struct pvr_leaf_cells *cells = pvr_leaf_cells_begin(octree, place);
    if (cells == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status == PVR_OK) {
        struct filling filling = {.cells = cells, .arrays = arrays, .grid = grid};
        status = pvr_leaf_cells_number(cells, &job, error);
        if (status == PVR_OK) {
            status = allocate(&filling, narrays, &job, error);
        }
        if (status == PVR_OK) {
            filling.cell_tasks = (size_t)((grid->ncells + PART - 1) / PART);
            size_t point_tasks = (size_t)((grid->npoints + PART - 1) / PART);
            if (grid->ncells == 0) {
                fill_offsets(&filling, 0, 1);
            }
            status = pvr_job_run(&job, filling.cell_tasks + point_tasks, NULL, fill_part, NULL,
                                 &filling, error);
        }
        pvr_job_end(&job, &grid->report);
    }
    pvr_leaf_cells_free(cells);
    if (status != PVR_OK) {
        pvr_leaf_grid_free(grid);
    }
    return status;
}

void pvr_leaf_grid_free(struct pvr_leaf_grid *grid) {
    pvr_array_release(grid->points);
    pvr_array_release(grid->connectivity);
    pvr_array_release(grid->offsets);
    pvr_array_release(grid->levels);
    for (int i = 0; i < grid->nvalues; i++) {
        pvr_array_release(grid->values[i]);
    }
    free(grid->values);
    pvr_report_free(&grid->report);
    memset(grid, 0, sizeof *grid);
}
