/* export_mesh.c - pvramses export: the mesh as it is (.htg), its leaf cells (.vtu), or a uniform
 * grid over it (.vti). */
#include "export.h"

#include "chosen.h"
#include "pvr_coarsen.h"
#include "pvr_vtk_mesh.h"

#include <math.h>
#include <stdlib.h>

/* What is made of a mesh. */
enum form { TREES, LEAVES, GRID };

/* `region` is kept for the request. */
static struct chosen_request request_of(const struct export_task *task, struct pvr_region *region) {
    const struct options *options = task->options;
    *region = region_in_code(&options->region, task->snapshot);
    return (struct chosen_request){.list = options->fields,
                                   .max_level = options->max_level,
                                   .precision = options->precision,
                                   .units = options->units,
                                   .region = region,
                                   .threads = &task->threads,
                                   .progress = task->progress,
                                   .progress_context = task->progress_context};
}

enum pvr_status export_mesh_need(const struct export_task *task, uint64_t *bytes,
                                 struct pvr_error *error) {
    struct pvr_region region;
    const struct chosen_request request = request_of(task, &region);
    enum pvr_status status = chosen_bytes(task->snapshot, &request, bytes, error);
    if (task->options->lmin > 0 || task->options->lmax > 0) {
        *bytes *= 2; /* the coarser mesh is a new one */
    }
    *bytes += *bytes / 8 + ((uint64_t)64 << 20); /* structure and blocks */
    return status;
}

/* Replaces the mesh by one of the levels that are wanted. */
static enum pvr_status coarsen(const struct export_task *task, struct pvr_mesh **mesh,
                               struct pvr_error *error) {
    const struct pvr_coarsen_request request = {.min_level = task->options->lmin,
                                                .max_level = task->options->lmax};
    struct pvr_mesh *coarser;
    if (request.min_level == 0 && request.max_level == 0) {
        return PVR_OK;
    }
    enum pvr_status status = pvr_mesh_coarsen(*mesh, &request, &task->threads, &coarser, error);
    if (status == PVR_OK) {
        pvr_mesh_free(*mesh);
        *mesh = coarser;
    }
    return status;
}

static enum pvr_status write_fields(const struct export_task *task, const struct pvr_mesh *mesh,
                                    const struct export_fields *fields, enum form form,
                                    struct export_result *result, struct pvr_error *error) {
    const struct pvr_info *info = pvr_snapshot_info(task->snapshot);
    const struct pvr_vtk_facts facts = export_facts(task);
    const struct pvr_vtk_options options = export_vtk_options(task);
    const struct pvr_leaf_place place = {
        .axis = {0, 1, 2}, .factor = pvr_length_unit(info, task->options->length_unit).factor};
    const struct pvr_vtk_mesh written = {.octree = mesh->octree,
                                         .place = &place,
                                         .narrow_points = task->options->precision == PVR_FLOAT32,
                                         .nfields = fields->count,
                                         .fields = fields->fields,
                                         .facts = &facts};
    if (form == GRID) {
        return export_grid(task, mesh, fields, result, error);
    }
    const bool leaves = form == LEAVES;
    result->count = leaves ? mesh->octree->nleaves : mesh->octree->ncells;
    result->of_what = leaves ? "leaf cells" : "cells";
    return (leaves ? pvr_vtk_vtu_write : pvr_vtk_htg_write)(
        task->out, &written, &options, &task->threads, task->progress, task->progress_context,
        &result->statistics, error);
}

static enum pvr_status write_mesh(const struct export_task *task, const struct pvr_mesh *mesh,
                                  enum form form, struct export_result *result,
                                  struct pvr_error *error) {
    struct export_fields fields;
    struct export_source *sources = calloc((size_t)mesh->narrays + 1, sizeof *sources);
    if (sources == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int a = 0; a < mesh->narrays; a++) {
        const struct pvr_mesh_array *array = &mesh->arrays[a];
        sources[a] = (struct export_source){array->name, array->unit.label, array->array};
    }
    enum pvr_status status =
        export_fields_make(sources, mesh->narrays, task->options->log10, &fields, error);
    if (status == PVR_OK) {
        status = write_fields(task, mesh, &fields, form, result, error);
        export_fields_free(&fields);
    }
    free(sources);
    return status;
}

static enum pvr_status export_mesh(const struct export_task *task, enum form form,
                                   struct export_result *result, struct pvr_error *error) {
    struct pvr_region region;
    const struct chosen_request request = request_of(task, &region);
    const double begin = pvr_seconds();
    struct pvr_mesh *mesh;
    enum pvr_status status = chosen_load(task->snapshot, &request, &mesh, error);
    if (status == PVR_OK && mesh->octree->nleaves == 0) {
        status = export_nothing(task, &region, error);
    }
    if (status == PVR_OK) {
        status = coarsen(task, &mesh, error);
    }
    result->load_seconds = pvr_seconds() - begin;
    if (status == PVR_OK) {
        status = write_mesh(task, mesh, form, result, error);
    }
    pvr_mesh_free(mesh);
    return status;
}

enum pvr_status export_htg(const struct export_task *task, struct export_result *result,
                           struct pvr_error *error) {
    return export_mesh(task, TREES, result, error);
}

enum pvr_status export_vtu(const struct export_task *task, struct export_result *result,
                           struct pvr_error *error) {
    return export_mesh(task, LEAVES, result, error);
}

enum pvr_status export_vti(const struct export_task *task, struct export_result *result,
                           struct pvr_error *error) {
    return export_mesh(task, GRID, result, error);
}

/* Of a value of every field: as the mesh's own bytes are to those of four bytes a cell. */
static enum pvr_status bytes_per_cell(const struct export_task *task,
                                      const struct chosen_request *request, uint64_t *bytes,
                                      struct pvr_error *error) {
    struct chosen_request one = *request;
    uint64_t all = 0, four_each = 0;
    one.list = PVR_FIELD_DOMAIN;
    enum pvr_status status = chosen_bytes(task->snapshot, request, &all, error);
    if (status == PVR_OK) {
        status = chosen_bytes(task->snapshot, &one, &four_each, error);
    }
    *bytes = four_each > 0 ? 4 * all / four_each : 0;
    return status;
}

/* Cells that the grid will have at most: of the whole trees that the region touches. */
static double grid_cells(const struct export_task *task, const struct pvr_region *region) {
    const struct options *options = task->options;
    const struct pvr_info *info = pvr_snapshot_info(task->snapshot);
    const int root = info->levelmin < 3 ? info->levelmin : 3;
    int level =
        options->grid_level > 0 ? options->grid_level : pvr_snapshot_nlevelmax(task->snapshot);
    if (options->grid_level == 0 && options->lmax > 0 && options->lmax < level) {
        level = options->lmax;
    }
    double size[3], cells = 1;
    uint32_t ncoarse[3];
    pvr_snapshot_box(task->snapshot, size, ncoarse);
    for (int axis = 0; axis < info->ndim; axis++) {
        const double extent = region->type == PVR_REGION_NONE ? size[axis]
                              : region->type == PVR_REGION_BOX
                                  ? region->size[axis]
                                  : 2 * region->radius + region->height;
        const double part = extent / size[axis] + 2 / ldexp(ncoarse[axis], root);
        const double along = ldexp(ncoarse[axis], level) * (part < 1 ? part : 1);
        cells *= options->grid_level == 0 && along > EXPORT_GRID_CELLS ? EXPORT_GRID_CELLS : along;
    }
    return cells;
}

enum pvr_status export_vti_need(const struct export_task *task, uint64_t *bytes,
                                struct pvr_error *error) {
    struct pvr_region region;
    const struct chosen_request request = request_of(task, &region);
    uint64_t each = 0;
    enum pvr_status status = export_mesh_need(task, bytes, error);
    if (status == PVR_OK) {
        status = bytes_per_cell(task, &request, &each, error);
    }
    if (status == PVR_OK) {
        const double grid = grid_cells(task, &region) * (double)each;
        *bytes = grid < 1e18 ? *bytes + (uint64_t)grid : (uint64_t)1 << 60;
    }
    return status;
}
