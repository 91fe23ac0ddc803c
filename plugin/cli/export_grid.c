/* export_grid.c - pvramses export: a uniform grid over the mesh (.vti). */
#include "export.h"

#include "pvr_amounts.h"
#include "pvr_batch.h"
#include "pvr_coarsen.h"
#include "pvr_covering_grid.h"
#include "pvr_mesh.h"
#include "pvr_vtk_image.h"

#include <stdlib.h>

static enum pvr_status plan(const struct export_task *task, const struct pvr_octree *octree,
                            struct pvr_covering_grid *grid, struct pvr_error *error) {
    struct pvr_covering_request request = {.whole = true, .level = task->options->grid_level};
    if (request.level == 0) {
        request.level = pvr_covering_level(octree, &request, EXPORT_GRID_CELLS);
    }
    return pvr_covering_plan(octree, &request, grid, error);
}

/* The system promises more memory than there is, and then ends the process. */
static enum pvr_status check_memory(const struct export_task *task,
                                    const struct pvr_covering_grid *grid, uint64_t bytes,
                                    struct pvr_error *error) {
    struct pvr_batch_memory memory;
    pvr_batch_memory_now(NULL, &memory);
    return bytes <= memory.available
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY,
                          "%s: a grid of %u x %u x %u cells needs %.3g GB of memory, and there are "
                          "only %.3g GB: --grid-level, --region or --fields make it smaller",
                          task->out, grid->dims[0], grid->dims[1], grid->dims[2],
                          1e-9 * (double)bytes, 1e-9 * (double)memory.available);
}

static enum pvr_status write_image(const struct export_task *task,
                                   const struct pvr_covering_grid *grid, int ndim,
                                   const struct export_fields *fields,
                                   struct pvr_array *const *values, struct export_result *result,
                                   struct pvr_error *error) {
    struct pvr_vtk_array *arrays = calloc((size_t)fields->count + 1, sizeof *arrays);
    if (arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int f = 0; f < fields->count; f++) {
        const struct pvr_array *array = values[f];
        if (fields->fields[f].log10) {
            pvr_vtk_log10(array->type, array->data, array->ntuples * (uint64_t)array->ncomponents);
        }
        arrays[f] = (struct pvr_vtk_array){.name = fields->fields[f].name,
                                           .unit = fields->fields[f].unit,
                                           .type = pvr_vtk_type_of(array->type),
                                           .ncomponents = array->ncomponents,
                                           .ntuples = array->ntuples,
                                           .data = array->data};
    }
    const double factor =
        pvr_length_unit(pvr_snapshot_info(task->snapshot), task->options->length_unit).factor;
    const struct pvr_vtk_facts facts = export_facts(task);
    const struct pvr_vtk_options options = export_vtk_options(task);
    struct pvr_vtk_image image = {.narrays = fields->count, .arrays = arrays, .facts = &facts};
    for (int axis = 0; axis < 3; axis++) {
        image.cells[axis] = axis < ndim ? grid->dims[axis] : 0;
        image.origin[axis] = axis < ndim ? grid->origin[axis] * factor : 0;
        image.spacing[axis] = axis < ndim ? grid->spacing[axis] * factor : 1;
    }
    result->count = grid->ncells;
    result->of_what = "cells of a uniform grid";
    enum pvr_status status =
        pvr_vtk_image_write(task->out, &image, &options, &task->threads, task->progress,
                            task->progress_context, &result->statistics, error);
    free(arrays);
    return status;
}

enum pvr_status export_grid(const struct export_task *task, const struct pvr_mesh *mesh,
                            const struct export_fields *fields, struct export_result *result,
                            struct pvr_error *error) {
    const size_t room = (size_t)fields->count + 1;
    const struct pvr_array **sources = calloc(room, sizeof *sources);
    struct pvr_array **values = calloc(room, sizeof *values);
    struct pvr_covering_grid grid;
    enum pvr_status status = sources != NULL && values != NULL
                                 ? plan(task, mesh->octree, &grid, error)
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    for (int f = 0; status == PVR_OK && f < fields->count; f++) {
        sources[f] = fields->fields[f].array;
    }
    if (status == PVR_OK) {
        status = check_memory(
            task, &grid, pvr_covering_bytes(mesh->octree, &grid, sources, fields->count), error);
    }
    if (status == PVR_OK) {
        const double begin = pvr_seconds();
        for (int a = 0; a < mesh->narrays; a++) {
            if (pvr_coarsening_of(mesh->arrays[a].name) == PVR_COARSEN_SUM) {
                pvr_amounts_spread(mesh->octree, &grid, mesh->arrays[a].array);
            }
        }
        status =
            pvr_covering_fill(mesh->octree, &grid, sources, fields->count, NULL, &task->threads,
                              task->progress, task->progress_context, values, NULL, error);
        result->load_seconds += pvr_seconds() - begin;
    }
    if (status == PVR_OK) {
        status = write_image(task, &grid, mesh->octree->ndim, fields, values, result, error);
        for (int f = 0; f < fields->count; f++) {
            pvr_array_release(values[f]);
        }
    }
    free(sources);
    free(values);
    return status;
}
