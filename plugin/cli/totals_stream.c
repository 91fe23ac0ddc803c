/* totals_stream.c - totals of a mesh that is never in memory as a whole.
 *
 * Every block fills a place of its own, by its number; the places are then added in the order of
 * the numbers. So the result does not depend on the threads.
 */
#include "pvr_sum.h"
#include "totals.h"

#include <math.h>
#include <stdlib.h>

struct block_field {
    struct pvr_sum sum; /* of value * volume */
    double min, max;
    uint64_t not_finite;
};

struct stream_context {
    size_t nblocks;
    int nvariables;
    const double *factor; /* from code units, by variable */
    bool single;          /* round as an array of floats would */
    double volume[PVR_MAX_LEVELS + 1];
    int *level;                /* by block */
    uint64_t *leaves;          /* by block */
    struct block_field *field; /* by block, then by variable */
};

static void add_value(struct block_field *field, double value) {
    if (!isfinite(value)) {
        field->not_finite++;
        return;
    }
    field->min = value < field->min ? value : field->min;
    field->max = value > field->max ? value : field->max;
    pvr_sum_add(&field->sum, value);
}

/* Is cell `c` of oct `o` a leaf that counts? */
static bool is_leaf(const struct pvr_block *block, uint64_t o, int c) {
    const unsigned outside = block->outside != NULL ? block->outside[o] : 0;
    return ((block->refined[o] | outside) >> c & 1) == 0;
}

static enum pvr_status on_block(void *context, const struct pvr_block *block,
                                struct pvr_error *error) {
    struct stream_context *stream = context;
    if (block->number >= stream->nblocks || block->level < 0 || block->level > PVR_MAX_LEVELS) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "block %zu of level %d was not expected",
                        block->number, block->level);
    }
    const int ncells = 1 << block->ndim;
    const double volume = stream->volume[block->level];
    stream->level[block->number] = block->level;
    uint64_t leaves = 0;
    for (int c = 0; c < ncells; c++) {
        for (uint64_t o = 0; o < block->noct; o++) {
            leaves += is_leaf(block, o, c);
        }
    }
    stream->leaves[block->number] = leaves;
    for (int v = 0; v < stream->nvariables; v++) {
        struct block_field field = {.min = INFINITY, .max = -INFINITY};
        for (int c = 0; c < ncells; c++) {
            const double *values = block->values[v] + (uint64_t)c * block->noct;
            for (uint64_t o = 0; o < block->noct; o++) {
                if (is_leaf(block, o, c)) {
                    double value = values[o] * stream->factor[v];
                    add_value(&field, stream->single ? (double)(float)value : value);
                }
            }
        }
        field.sum.value *= volume;
        field.sum.lost *= volume;
        stream->field[block->number * (size_t)stream->nvariables + (size_t)v] = field;
    }
    return PVR_OK;
}

/* Adds the blocks up, in the order of their numbers. */
static void add_blocks(const struct stream_context *stream, struct totals *totals) {
    for (size_t b = 0; b < stream->nblocks; b++) {
        totals->leaf_cells += stream->leaves[b];
        totals->leaf_cells_per_level[stream->level[b]] += stream->leaves[b];
    }
    struct pvr_sum volume = {0, 0};
    for (int level = 0; level <= PVR_MAX_LEVELS; level++) {
        pvr_sum_add(&volume, (double)totals->leaf_cells_per_level[level] * stream->volume[level]);
    }
    totals->volume = pvr_sum_total(&volume);
    for (int v = 0; v < stream->nvariables; v++) {
        struct pvr_sum sum = {0, 0};
        struct totals_field *field = &totals->field[v];
        field->min = INFINITY;
        field->max = -INFINITY;
        for (size_t b = 0; b < stream->nblocks; b++) {
            const struct block_field *part =
                &stream->field[b * (size_t)stream->nvariables + (size_t)v];
            field->min = part->min < field->min ? part->min : field->min;
            field->max = part->max > field->max ? part->max : field->max;
            field->not_finite += part->not_finite;
            pvr_sum_join(&sum, &part->sum);
        }
        field->sum_field_volume = pvr_sum_total(&sum);
        if (field->min > field->max) { /* no finite value at all */
            field->min = field->max = NAN;
        }
    }
}

static void set_volumes(const struct pvr_snapshot *snapshot, struct stream_context *stream) {
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    for (int level = 0; level <= PVR_MAX_LEVELS; level++) {
        stream->volume[level] = 1;
        for (int a = 0; a < info->ndim; a++) {
            stream->volume[level] *= ldexp(size[a] / ncoarse[a], -level);
        }
    }
}

static bool allocate(struct stream_context *stream) {
    size_t nvalues = stream->nblocks * (size_t)stream->nvariables;
    stream->level = calloc(stream->nblocks + 1, sizeof stream->level[0]);
    stream->leaves = calloc(stream->nblocks + 1, sizeof stream->leaves[0]);
    stream->field = calloc(nvalues + 1, sizeof stream->field[0]);
    if (stream->level == NULL || stream->leaves == NULL || stream->field == NULL) {
        return false;
    }
    for (size_t i = 0; i < nvalues; i++) {
        stream->field[i] = (struct block_field){.min = INFINITY, .max = -INFINITY};
    }
    return true;
}

enum pvr_status totals_stream(const struct totals_request *request, struct totals *totals,
                              struct pvr_error *error) {
    const struct selection *selection = request->selection;
    const struct pvr_field_table *table = pvr_snapshot_fields(request->snapshot);
    const struct pvr_info *info = pvr_snapshot_info(request->snapshot);
    const int nvariables = selection->nvariables;
    const struct pvr_stream_request wanted = {
        .max_level = request->max_level,
        .variables = selection->variable,
        .nvariables = nvariables,
        .region = request->region,
    };
    *totals = (struct totals){.nfields = nvariables, .total_mass = NAN};
    double begin = pvr_seconds();
    struct stream_context stream = {.nvariables = nvariables,
                                    .single = request->precision == PVR_FLOAT32};
    enum pvr_status status =
        pvr_stream_count(request->snapshot, &wanted, request->threads, &stream.nblocks, error);
    if (status != PVR_OK) {
        return status;
    }
    double *factor = calloc((size_t)nvariables + 1, sizeof factor[0]);
    totals->field = calloc((size_t)nvariables + 1, sizeof totals->field[0]);
    if (factor == NULL || totals->field == NULL || !allocate(&stream)) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory for %zu blocks", stream.nblocks);
    }
    for (int v = 0; status == PVR_OK && v < nvariables; v++) {
        const struct pvr_variable *variable = &table->variable[selection->variable[v]];
        struct pvr_unit unit = pvr_field_unit(info, variable->dimension, request->units);
        factor[v] = unit.factor;
        totals->field[v].name = variable->name;
        totals->field[v].unit = unit.label;
    }
    stream.factor = factor;
    set_volumes(request->snapshot, &stream);
    if (status == PVR_OK) {
        status =
            pvr_stream_run(request->snapshot, &wanted, request->threads, request->progress,
                           request->progress_context, on_block, &stream, &totals->report, error);
    }
    if (status == PVR_OK) {
        add_blocks(&stream, totals);
        totals->seconds = pvr_seconds() - begin;
        int density = pvr_variable_find(table, "density");
        for (int v = 0; v < nvariables; v++) {
            if (selection->variable[v] == density) {
                totals->total_mass = totals->field[v].sum_field_volume / factor[v];
            }
        }
    }
    free(factor);
    free(stream.level);
    free(stream.leaves);
    free(stream.field);
    if (status != PVR_OK) {
        totals_free(totals);
    }
    return status;
}
