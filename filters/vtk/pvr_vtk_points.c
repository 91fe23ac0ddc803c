/* pvr_vtk_points.c - particles, sinks and clumps as VTK files of points (.vtp). */
#include "pvr_vtk_points.h"

#include "pvr_vtk_part.h"

#include <inttypes.h>
#include <stdlib.h>

static enum pvr_status fill_positions(void *context, uint64_t first, uint64_t count, void *values,
                                      struct pvr_error *error) {
    (void)error;
    const struct pvr_vtk_points *points = context;
    const double factor = points->length_factor != 0 ? points->length_factor : 1;
    if (points->position->type == PVR_FLOAT32) {
        const float *from = (const float *)points->position->data + 3 * first;
        float *to = values;
        for (uint64_t i = 0; i < 3 * count; i++) {
            to[i] = (float)(from[i] * factor);
        }
    } else {
        const double *from = (const double *)points->position->data + 3 * first;
        double *to = values;
        for (uint64_t i = 0; i < 3 * count; i++) {
            to[i] = from[i] * factor;
        }
    }
    return PVR_OK;
}

/* `context` is where the numbers begin: vertex i has point i and ends at i + 1. */
static enum pvr_status fill_numbers(void *context, uint64_t first, uint64_t count, void *values,
                                    struct pvr_error *error) {
    (void)error;
    int64_t *to = values;
    for (uint64_t i = 0; i < count; i++) {
        to[i] = (int64_t)(first + i) + *(const int64_t *)context;
    }
    return PVR_OK;
}

static void add_vertices(struct pvr_vtk_file *file, uint64_t count) {
    static int64_t from_zero = 0, from_one = 1;
    const struct pvr_vtk_array connectivity = {.name = "connectivity",
                                               .type = PVR_VTK_INT64,
                                               .ntuples = count,
                                               .fill = fill_numbers,
                                               .context = &from_zero};
    const struct pvr_vtk_array offsets = {.name = "offsets",
                                          .type = PVR_VTK_INT64,
                                          .ntuples = count,
                                          .fill = fill_numbers,
                                          .context = &from_one};
    pvr_vtk_open(file, "Verts");
    pvr_vtk_add_array(file, &connectivity);
    pvr_vtk_add_array(file, &offsets);
    pvr_vtk_close(file);
}

static void describe(struct pvr_vtk_file *file, const struct pvr_vtk_points *points,
                     struct pvr_vtk_part *parts) {
    const bool moved = points->length_factor != 0 && points->length_factor != 1;
    const enum pvr_type type = points->position != NULL ? points->position->type : PVR_FLOAT64;
    const struct pvr_vtk_array position = {.name = "Points",
                                           .type = pvr_vtk_type_of(type),
                                           .ncomponents = 3,
                                           .ntuples = points->count,
                                           .data = points->position != NULL ? points->position->data
                                                                            : NULL,
                                           .fill = moved ? fill_positions : NULL,
                                           .context = (void *)(uintptr_t)points};
    pvr_vtk_open(file, "PolyData");
    pvr_vtk_add_facts(file, points->facts);
    pvr_vtk_open_with(file, "Piece",
                      "NumberOfPoints=\"%" PRIu64 "\" NumberOfVerts=\"%" PRIu64
                      "\" NumberOfLines=\"0\" NumberOfStrips=\"0\" NumberOfPolys=\"0\"",
                      points->count, points->count);
    pvr_vtk_open(file, "PointData");
    for (int f = 0; f < points->nfields; f++) {
        pvr_vtk_add_part(file, &points->fields[f], 0, points->count, true, &parts[f]);
    }
    pvr_vtk_close(file);
    pvr_vtk_open(file, "Points");
    pvr_vtk_add_array(file, &position);
    pvr_vtk_close(file);
    add_vertices(file, points->count);
}

enum pvr_status pvr_vtk_points_write(const char *path, const struct pvr_vtk_points *points,
                                     const struct pvr_vtk_options *options,
                                     const struct pvr_threads *threads, pvr_progress_fn progress,
                                     void *progress_context, struct pvr_vtk_statistics *statistics,
                                     struct pvr_error *error) {
    const struct pvr_array *position = points->position;
    if (points->count > 0 &&
        (position == NULL || position->ncomponents != 3 || position->ntuples != points->count ||
         (position->type != PVR_FLOAT32 && position->type != PVR_FLOAT64))) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: the %" PRIu64 " points have no positions",
                        path, points->count);
    }
    enum pvr_status status =
        pvr_vtk_check_fields(path, points->fields, points->nfields, points->count, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_vtk_part *parts = calloc((size_t)points->nfields + 1, sizeof *parts);
    struct pvr_vtk_file *file = pvr_vtk_file_new("PolyData", "1.0");
    if (parts == NULL || file == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", path);
    } else {
        describe(file, points, parts);
        status = pvr_vtk_file_write(file, path, options, threads, progress, progress_context,
                                    statistics, error);
    }
    pvr_vtk_file_free(file);
    free(parts);
    return status;
}
