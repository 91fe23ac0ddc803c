/* pvr_table_region.c - the rows of a list whose points lie in a region. */
#include "pvr_selection.h"
#include "pvr_snapshot_private.h"
#include "pvr_tables.h"

#include <stdlib.h>
#include <string.h>

/* Puts an array of the `nkept` rows of `row` in the place of *array (which may be null). */
static enum pvr_status keep_rows(struct pvr_array **array, const uint64_t *row, uint64_t nkept,
                                 struct pvr_error *error) {
    struct pvr_array *from = *array, *to;
    if (from == NULL) {
        return PVR_OK;
    }
    enum pvr_status status = pvr_array_new(from->type, from->ncomponents, nkept, &to, error);
    size_t bytes = (size_t)from->ncomponents * pvr_type_bytes(from->type);
    for (uint64_t i = 0; status == PVR_OK && i < nkept; i++) {
        memcpy((char *)to->data + i * bytes, (const char *)from->data + row[i] * bytes, bytes);
    }
    if (status == PVR_OK) {
        pvr_array_release(from);
        *array = to;
    }
    return status;
}

/* The rows in the region, by rising number; moves their positions. */
static uint64_t find_rows(const struct pvr_selection *selection, struct pvr_array *position,
                          uint64_t *row) {
    uint64_t nkept = 0;
    double *point = position->data;
    for (uint64_t i = 0; i < position->ntuples; i++, point += 3) {
        if (pvr_selection_has_point(selection, point)) {
            row[nkept++] = i;
            for (int axis = 0; axis < selection->ndim; axis++) {
                point[axis] = pvr_selection_moved(selection, axis, point[axis]);
            }
        }
    }
    return nkept;
}

enum pvr_status pvr_table_keep_region(struct pvr_table *table, const struct pvr_snapshot *snapshot,
                                      const struct pvr_region *region, struct pvr_error *error) {
    if (region == NULL || region->type == PVR_REGION_NONE || table->position == NULL) {
        return PVR_OK;
    }
    struct pvr_selection selection = {.levels = NULL};
    enum pvr_status status = pvr_region_check(region, error);
    if (status == PVR_OK) {
        status = pvr_selection_make(&snapshot->layout, region, &selection, error);
    }
    uint64_t *row = calloc(table->nrows + 1, sizeof *row), nkept = 0;
    if (status == PVR_OK && row == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of rows");
    }
    int mass = -1; /* the column whose array it is */
    for (int c = 0; c < table->ncolumns; c++) {
        mass = table->mass != NULL && table->columns[c].array == table->mass ? c : mass;
    }
    if (status == PVR_OK) {
        nkept = find_rows(&selection, table->position, row);
        status = keep_rows(&table->position, row, nkept, error);
    }
    for (int c = 0; status == PVR_OK && c < table->ncolumns; c++) {
        status = keep_rows(&table->columns[c].array, row, nkept, error);
    }
    if (status == PVR_OK) {
        status = keep_rows(&table->radius, row, nkept, error);
    }
    if (status == PVR_OK && mass >= 0) {
        pvr_array_release(table->mass);
        table->mass = pvr_array_retain(table->columns[mass].array);
    }
    table->nrows = status == PVR_OK ? nkept : table->nrows;
    free(row);
    pvr_selection_free(&selection);
    return status;
}
