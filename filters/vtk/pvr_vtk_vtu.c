/* pvr_vtk_vtu.c - the leaf cells of an octree as a VTK unstructured grid file (.vtu). */
#include "pvr_vtk_mesh.h"

#include "pvr_vtk_part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct leaf_field {
    const struct pvr_vtk_field *field;
    const struct pvr_leaf_cells *cells;
};

struct writer {
    struct pvr_leaf_cells *cells;
    enum pvr_type point_type, index_type;
    int corners;
    uint8_t cell_type;
    struct leaf_field *fields;
};

static enum pvr_status fill_points(void *context, uint64_t first, uint64_t count, void *values,
                                   struct pvr_error *error) {
    (void)error;
    const struct writer *writer = context;
    pvr_leaf_cells_points(writer->cells, first, count, writer->point_type, values);
    return PVR_OK;
}

/* `first` and `count` are of cells: a tuple is a cell's points. */
static enum pvr_status fill_connectivity(void *context, uint64_t first, uint64_t count,
                                         void *values, struct pvr_error *error) {
    (void)error;
    const struct writer *writer = context;
    pvr_leaf_cells_connectivity(writer->cells, first, count, writer->index_type, values);
    return PVR_OK;
}

static enum pvr_status fill_offsets(void *context, uint64_t first, uint64_t count, void *values,
                                    struct pvr_error *error) {
    (void)error;
    const struct writer *writer = context;
    const uint64_t corners = (uint64_t)writer->corners;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t end = (first + i + 1) * corners;
        if (writer->index_type == PVR_INT32) {
            ((int32_t *)values)[i] = (int32_t)end;
        } else {
            ((int64_t *)values)[i] = (int64_t)end;
        }
    }
    return PVR_OK;
}

static enum pvr_status fill_types(void *context, uint64_t first, uint64_t count, void *values,
                                  struct pvr_error *error) {
    (void)first;
    (void)error;
    memset(values, ((const struct writer *)context)->cell_type, (size_t)count);
    return PVR_OK;
}

static enum pvr_status fill_values(void *context, uint64_t first, uint64_t count, void *values,
                                   struct pvr_error *error) {
    (void)error;
    const struct leaf_field *leaf = context;
    const struct pvr_array *array = leaf->field->array;
    pvr_leaf_cells_values(leaf->cells, array, first, count, values);
    if (leaf->field->log10) {
        pvr_vtk_log10(array->type, values, count * (uint64_t)array->ncomponents);
    }
    return PVR_OK;
}

static bool is_voxels(const struct writer *writer) {
    return writer->corners == 8 && writer->index_type == PVR_INT32;
}

static void add_geometry(struct pvr_vtk_file *file, struct writer *writer) {
    const uint64_t ncells = pvr_leaf_cells_count(writer->cells);
    const struct pvr_vtk_array points = {
        .name = "Points",
        .type = pvr_vtk_type_of(writer->point_type),
        .ncomponents = 3,
        .ntuples = pvr_leaf_cells_npoints(writer->cells),
        .pattern = writer->point_type == PVR_FLOAT64 ? PVR_VTK_PLACES : PVR_VTK_ANY,
        .fill = fill_points,
        .context = writer};
    /* VTK reads the points of all cells as one array of single values. */
    const struct pvr_vtk_array connectivity = {.name = "connectivity",
                                               .type = pvr_vtk_type_of(writer->index_type),
                                               .ncomponents = writer->corners,
                                               .ntuples = ncells,
                                               .pattern =
                                                   is_voxels(writer) ? PVR_VTK_VOXELS : PVR_VTK_ANY,
                                               .flat = true,
                                               .fill = fill_connectivity,
                                               .context = writer};
    const struct pvr_vtk_array offsets = {.name = "offsets",
                                          .type = pvr_vtk_type_of(writer->index_type),
                                          .ntuples = ncells,
                                          .fill = fill_offsets,
                                          .context = writer};
    const struct pvr_vtk_array types = {.name = "types",
                                        .type = PVR_VTK_UINT8,
                                        .ntuples = ncells,
                                        .fill = fill_types,
                                        .context = writer};
    pvr_vtk_open(file, "Points");
    pvr_vtk_add_array(file, &points);
    pvr_vtk_close(file);
    pvr_vtk_open(file, "Cells");
    pvr_vtk_add_array(file, &connectivity);
    pvr_vtk_add_array(file, &offsets);
    pvr_vtk_add_array(file, &types);
    pvr_vtk_close(file);
}

static void describe(struct pvr_vtk_file *file, const struct pvr_vtk_mesh *mesh,
                     struct writer *writer) {
    const uint64_t ncells = pvr_leaf_cells_count(writer->cells);
    pvr_vtk_open(file, "UnstructuredGrid");
    pvr_vtk_add_facts(file, mesh->facts);
    pvr_vtk_open_with(file, "Piece", "NumberOfPoints=\"%" PRIu64 "\" NumberOfCells=\"%" PRIu64 "\"",
                      pvr_leaf_cells_npoints(writer->cells), ncells);
    pvr_vtk_open(file, "CellData");
    for (int f = 0; f < mesh->nfields; f++) {
        const struct pvr_vtk_field *field = &mesh->fields[f];
        writer->fields[f] = (struct leaf_field){field, writer->cells};
        const struct pvr_vtk_array array = {.name = field->name,
                                            .unit = field->unit,
                                            .type = pvr_vtk_type_of(field->array->type),
                                            .ncomponents = field->array->ncomponents,
                                            .ntuples = ncells,
                                            .fill = fill_values,
                                            .context = &writer->fields[f]};
        pvr_vtk_add_array(file, &array);
    }
    pvr_vtk_close(file);
    add_geometry(file, writer);
}

/* Numbers the points; the octree is retained by them. */
static enum pvr_status make_cells(const struct pvr_vtk_mesh *mesh,
                                  const struct pvr_threads *threads, struct writer *writer,
                                  struct pvr_error *error) {
    static const uint8_t cell_types[4] = {0, 3, 8, 11}; /* VTK's line, pixel, voxel */
    enum pvr_status status = pvr_leaf_cells_new(mesh->octree, mesh->place, threads, NULL, NULL,
                                                &writer->cells, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    writer->corners = pvr_leaf_cells_corners(writer->cells);
    writer->cell_type = cell_types[mesh->octree->ndim];
    writer->index_type = pvr_leaf_cells_index_type(writer->cells);
    writer->point_type =
        mesh->narrow_points ? pvr_leaf_cells_point_type(writer->cells) : PVR_FLOAT64;
    writer->fields = calloc((size_t)mesh->nfields + 1, sizeof *writer->fields);
    return writer->fields != NULL ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
}

enum pvr_status pvr_vtk_vtu_write(const char *path, const struct pvr_vtk_mesh *mesh,
                                  const struct pvr_vtk_options *options,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_vtk_statistics *statistics,
                                  struct pvr_error *error) {
    enum pvr_status status =
        pvr_vtk_check_fields(path, mesh->fields, mesh->nfields, mesh->octree->ncells, error);
    if (status != PVR_OK) {
        return status;
    }
    struct writer writer = {.cells = NULL};
    const double begin = pvr_seconds();
    status = make_cells(mesh, threads, &writer, error);
    if (status == PVR_OK) {
        struct pvr_vtk_file *file = pvr_vtk_file_new("UnstructuredGrid", "1.0");
        if (file == NULL) {
            status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", path);
        } else {
            const double numbering = pvr_seconds() - begin;
            describe(file, mesh, &writer);
            status = pvr_vtk_file_write(file, path, options, threads, progress, progress_context,
                                        statistics, error);
            if (status == PVR_OK && statistics != NULL) {
                statistics->wall_ns += (uint64_t)(1e9 * numbering);
            }
            pvr_vtk_file_free(file);
        }
    }
    free(writer.fields);
    pvr_leaf_cells_free(writer.cells);
    return status;
}
