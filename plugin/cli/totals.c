/* totals.c - totals of a mesh that is loaded as a whole. */
#include "totals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names the fields of the selection, without values. */
static void name_fields(const struct totals_request *request, struct totals *totals) {
    const struct pvr_field_table *table = pvr_snapshot_fields(request->snapshot);
    const struct pvr_info *info = pvr_snapshot_info(request->snapshot);
    for (int i = 0; i < totals->nfields; i++) {
        const struct pvr_variable *variable = &table->variable[request->selection->variable[i]];
        totals->field[i] = (struct totals_field){
            .name = variable->name,
            .unit = pvr_field_unit(info, variable->dimension, request->units).label,
            .min = (double)NAN,
            .max = (double)NAN,
            .sum_field_volume = (double)NAN,
        };
    }
}

/* Place of `variable` in the selection, or -1. */
static int place_of(const struct selection *selection, int variable) {
    for (int i = 0; i < selection->nvariables; i++) {
        if (selection->variable[i] == variable) {
            return i;
        }
    }
    return -1;
}

/* The statistics have an entry per component that was read of each array, in the order of the
 * arrays, but for level and domain. */
static void take_statistics(const struct totals_request *request, const struct pvr_mesh *mesh,
                            const struct pvr_statistics *statistics, struct totals *totals) {
    const struct pvr_field_table *table = pvr_snapshot_fields(request->snapshot);
    int entry = 0;
    for (int a = 0; a < mesh->narrays; a++) {
        int f = pvr_field_find(table, mesh->arrays[a].name);
        if (f < 0) {
            continue;
        }
        for (int c = 0; c < mesh->arrays[a].ncomponents; c++, entry++) {
            int variable = table->field[f].variable[c];
            int place = variable >= 0 ? place_of(request->selection, variable) : -1;
            if (place >= 0 && entry < statistics->nfields) {
                const struct pvr_field_statistics *from = &statistics->field[entry];
                totals->field[place].min = from->min;
                totals->field[place].max = from->max;
                totals->field[place].sum_field_volume = from->sum_field_volume;
                totals->field[place].not_finite = from->not_finite;
            }
        }
    }
    totals->leaf_cells = statistics->leaf_cells;
    memcpy(totals->leaf_cells_per_level, statistics->leaf_cells_per_level,
           sizeof totals->leaf_cells_per_level);
    totals->volume = statistics->volume;
    const struct pvr_info *info = pvr_snapshot_info(request->snapshot);
    totals->total_mass =
        statistics->total_mass / pvr_field_unit(info, PVR_DENSITY, request->units).factor;
}

enum pvr_status totals_load(const struct totals_request *request, struct totals *totals,
                            struct pvr_error *error) {
    const struct selection *selection = request->selection;
    struct pvr_mesh_request wanted = {
        .max_level = request->max_level,
        .fields = selection->field,
        .nfields = selection->nfields,
        .precision = request->precision,
        .units = request->units,
        .region = request->region,
    };
    *totals = (struct totals){.nfields = selection->nvariables};
    totals->field = calloc((size_t)selection->nvariables + 1, sizeof totals->field[0]);
    if (totals->field == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    name_fields(request, totals);

    struct pvr_mesh *mesh = NULL;
    double begin = pvr_seconds();
    enum pvr_status status =
        pvr_mesh_load(request->snapshot, &wanted, request->threads, request->progress,
                      request->progress_context, &mesh, error);
    double loaded = pvr_seconds();
    totals->seconds = loaded - begin;
    if (status == PVR_OK) {
        struct pvr_statistics statistics;
        status = pvr_statistics_compute(mesh, request->threads, &statistics, error);
        totals->statistics_seconds = pvr_seconds() - loaded;
        if (status == PVR_OK) {
            take_statistics(request, mesh, &statistics, totals);
            pvr_statistics_free(&statistics);
        }
        totals->structure_bytes = mesh->octree->bytes;
        for (int a = 0; a < mesh->narrays; a++) {
            totals->array_bytes += mesh->arrays[a].array->bytes;
        }
        totals->report = mesh->report; /* taken over: the mesh must not free it */
        memset(&mesh->report, 0, sizeof mesh->report);
        pvr_mesh_free(mesh);
    }
    if (status != PVR_OK) {
        totals_free(totals);
    }
    return status;
}

void totals_free(struct totals *totals) {
    free(totals->field);
    pvr_report_free(&totals->report);
    *totals = (struct totals){.nfields = 0};
}
