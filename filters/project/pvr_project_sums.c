/* pvr_project_sums.c - sums over the cells of octs along an axis of the box.
 *
 * The eight values of an oct are taken, multiplied by their weights and added up to four columns in
 * registers. What is not of a plain kind (several terms, other types, values that are no finite
 * numbers) is fetched to memory first (pvr_project_values.c), and then goes the same way.
 */
#include "pvr_lanes.h"
#include "pvr_project_octs.h"

#include <string.h>

typedef float floats __attribute__((vector_size(16), aligned(4), may_alias));

/* How cells lie behind each other in an oct: cells 0 and 1, or 0 and 2, or 0 and 4 along the line
 * of sight, and so on; or as a table has it. */
enum way { ALONG_X, ALONG_Y, ALONG_Z, OTHER_WAY };
static const int ways[OTHER_WAY][4][2] = {[ALONG_X] = {{0, 1}, {2, 3}, {4, 5}, {6, 7}},
                                          [ALONG_Y] = {{0, 2}, {1, 3}, {4, 6}, {5, 7}},
                                          [ALONG_Z] = {{0, 4}, {1, 5}, {2, 6}, {3, 7}}};

/* How values stand in memory; 1 and 3: that many apart. */
enum kept { DOUBLE_1, DOUBLE_3, FLOAT_1, FLOAT_3, FETCHED };

struct summing {
    const struct pvr_projecting *projecting;
    struct pvr_project_block *block;
    const struct pvr_project_scratch *scratch;
    const struct pvr_oct_run *run;
    enum way way;
    const double *weight; /* of the cells of the run's octs */
};

static enum way find_way(const struct pvr_projecting *projecting) {
    int way = 0;
    while (way < OTHER_WAY && memcmp(projecting->columns, ways[way], sizeof ways[way]) != 0) {
        way++;
    }
    return (enum way)way;
}

/* Four values from number `at` on. */
INLINE void load_four(enum kept kept, const void *data, uint64_t at, lanes *four) {
    const double *d = (const double *)data + at;
    const float *f = (const float *)data + at;
    switch (kept) {
    case DOUBLE_3:
        *four = (lanes){d[0], d[3], d[6], d[9]};
        break;
    case FLOAT_1:
        *four = REAL(*(const floats *)f);
        break;
    case FLOAT_3:
        *four = (lanes){(double)f[0], (double)f[3], (double)f[6], (double)f[9]};
        break;
    default:
        *four = LOAD(d);
    }
}

/* Makes 0 of those of four that have a bit in `omit`. */
INLINE void leave_out(unsigned omit, lanes *four) {
    const mask bits = {1, 2, 4, 8};
    *four = ONLY((bits & (long long)omit) == 0, *four);
}

/* The four columns of an oct with these cells. */
INLINE void make_columns(const struct summing *summing, const lanes *lower, const lanes *upper,
                         const double part[2], double sum[4]) {
    const lanes low = *lower, high = *upper;
    lanes near, far;
    switch (summing->way) {
    case ALONG_X:
        near = MIX(low, high, 0, 2, 4, 6);
        far = MIX(low, high, 1, 3, 5, 7);
        break;
    case ALONG_Y:
        near = MIX(low, high, 0, 1, 4, 5);
        far = MIX(low, high, 2, 3, 6, 7);
        break;
    case ALONG_Z:
        near = low;
        far = high;
        break;
    default: {
        double cell[8];
        const int(*columns)[2] = summing->projecting->columns;
        memcpy(cell, &low, sizeof low);
        memcpy(cell + LANES, &high, sizeof high);
        for (int k = 0; k < LANES; k++) {
            near[k] = cell[columns[k][0]];
            far[k] = cell[columns[k][1]];
        }
    }
    }
    const lanes columns = near * SPREAD(part[0]) + far * SPREAD(part[1]);
    memcpy(sum, &columns, sizeof columns);
}

/* Writes the columns of the run's octs to sum + i * stride. Of what is FETCHED, `data` has the
 * octs of the run alone. `weight` may be null. Returns whether a value is no finite number. */
INLINE bool sum_octs(const struct summing *summing, enum kept kept, const struct pvr_column *column,
                     double coefficient, const double *weight, double *sum, size_t stride) {
    const struct pvr_oct_run *run = summing->run;
    const uint64_t *index = summing->block->index;
    const uint64_t half = kept == DOUBLE_3 || kept == FLOAT_3 ? 12 : 4;
    lanes wrong = SPREAD(0);
    for (int i = 0; i < run->count; i++) {
        const uint64_t oct = index != NULL ? index[run->chosen[i]] : run->chosen[i];
        const uint64_t at = kept == FETCHED ? 8 * (uint64_t)i : oct * column->oct_stride;
        lanes low, high;
        load_four(kept, column->data, at, &low);
        load_four(kept, column->data, at + half, &high);
        if (kept != FETCHED) {
            low *= SPREAD(coefficient);
            high *= SPREAD(coefficient);
            leave_out(run->omit[i], &low);
            leave_out(run->omit[i] >> 4, &high);
            wrong += SPREAD(0) * low + SPREAD(0) * high; /* NaN of what is no finite number */
        }
        if (weight != NULL) {
            low *= LOAD(weight + 8 * i);
            high *= LOAD(weight + 8 * i + 4);
        }
        make_columns(summing, &low, &high, run->part[i], sum + (size_t)i * stride);
    }
    return isnan(wrong[0] + wrong[1] + wrong[2] + wrong[3]);
}

INLINE void sum_fetched(const struct summing *summing, const double *value, const double *weight,
                        double *sum, size_t stride) {
    const struct pvr_column column = {.data = value};
    sum_octs(summing, FETCHED, &column, 1, weight, sum, stride);
}

/* The same of a value of a plain kind. False if it is none, or has wrong numbers. */
INLINE bool sum_plain(const struct summing *summing, int value, const double *weight, double *sum,
                      size_t stride) {
    const struct pvr_projecting *projecting = summing->projecting;
    const struct pvr_block_value *from = &summing->block->value[value];
    const struct pvr_column *column = &from->term[0];
    const uint64_t apart = column->cell_stride;
    if (projecting->ncells != 8 || from->nterms != 1 || (apart != 1 && apart != 3)) {
        return false;
    }
    const double by = pvr_project_factor(projecting, summing->block, value) * column->coefficient;
    switch (column->type) {
    case PVR_FLOAT64:
        return apart == 1 ? !sum_octs(summing, DOUBLE_1, column, by, weight, sum, stride)
                          : !sum_octs(summing, DOUBLE_3, column, by, weight, sum, stride);
    case PVR_FLOAT32:
        return apart == 1 ? !sum_octs(summing, FLOAT_1, column, by, weight, sum, stride)
                          : !sum_octs(summing, FLOAT_3, column, by, weight, sum, stride);
    default:
        return false;
    }
}

/* The columns of a value times its weights, and of its own weights unless `own_sum` is null. */
INLINE void sum_value(const struct summing *summing, int value, double *sum, double *own_sum,
                      size_t stride) {
    const struct pvr_projecting *projecting = summing->projecting;
    const struct pvr_oct_run *run = summing->run;
    const double *weight = summing->weight;
    if (sum_plain(summing, value, projecting->weighted ? weight : NULL, sum, stride)) {
        if (own_sum != NULL) {
            sum_fetched(summing, weight, NULL, own_sum, stride);
        }
        return;
    }
    const struct pvr_chosen chosen = {run->count, run->chosen, run->omit};
    double own[PVR_RUN_OCTS * 8], *fetched = summing->scratch->value;
    weight = pvr_project_values(projecting, summing->block, value, &chosen, weight, own, fetched);
    sum_fetched(summing, fetched, projecting->weighted ? weight : NULL, sum, stride);
    if (own_sum != NULL) {
        sum_fetched(summing, weight, NULL, own_sum, stride);
    }
}

static struct summing begin_run(const struct pvr_projecting *projecting,
                                struct pvr_project_block *block,
                                const struct pvr_project_scratch *scratch,
                                const struct pvr_oct_run *run) {
    const struct pvr_chosen chosen = {run->count, run->chosen, run->omit};
    double *weight = scratch->value + (size_t)projecting->nvalues * PVR_RUN_OCTS * 8;
    pvr_project_weights(projecting, block, &chosen, weight);
    return (struct summing){projecting, block, scratch, run, find_way(projecting), weight};
}

INLINE void sum_run(const struct summing *summing, double *state) {
    const struct pvr_projecting *projecting = summing->projecting;
    const int nvalues = projecting->nvalues;
    const size_t stride = projecting->state_size;
    const bool own_weights = projecting->map->own_weights;
    for (int v = 0; v < nvalues; v++) {
        double *own = own_weights ? state + 4 * (nvalues + v) : NULL;
        sum_value(summing, v, state + 4 * v, own, stride);
    }
    if (!own_weights) {
        sum_fetched(summing, summing->weight, NULL, state + 4 * nvalues, stride);
    }
}

/* Two rows of two columns for each oct. */
static void add_to_plane(const double *sum, const size_t *place, int count, size_t row,
                         double *plane) {
    for (int i = 0; i < count; i++, sum += 4) {
        double *to = plane + place[i];
        to[0] += sum[0];
        to[1] += sum[1];
        to[row] += sum[2];
        to[row + 1] += sum[3];
    }
}

INLINE void add_run(const struct summing *summing) {
    const struct pvr_oct_run *run = summing->run;
    const struct pvr_grid *grid = summing->block->grid;
    const size_t row = grid->count[0], size = row * grid->count[1];
    const int nvalues = summing->projecting->nvalues;
    const bool own_weights = summing->projecting->map->own_weights;
    size_t place[PVR_RUN_OCTS];
    double sum[PVR_RUN_OCTS * 4], own[PVR_RUN_OCTS * 4];
    for (int i = 0; i < run->count; i++) {
        place[i] = (size_t)(run->cell[i][1] - grid->first[1]) * row +
                   (size_t)(run->cell[i][0] - grid->first[0]);
    }
    for (int v = 0; v < nvalues; v++) {
        sum_value(summing, v, sum, own_weights ? own : NULL, 4);
        add_to_plane(sum, place, run->count, row, grid->plane + (size_t)v * size);
        if (own_weights) {
            add_to_plane(own, place, run->count, row, grid->plane + (size_t)(nvalues + v) * size);
        }
    }
    if (!own_weights) {
        sum_fetched(summing, summing->weight, NULL, sum, 4);
        add_to_plane(sum, place, run->count, row, grid->plane + (size_t)nvalues * size);
    }
}

#ifdef PVR_HAVE_AVX2
TARGET_AVX2 static void sum_run_wide(const struct summing *summing, double *state) {
    sum_run(summing, state);
}

TARGET_AVX2 static void add_run_wide(const struct summing *summing) {
    add_run(summing);
}
#endif

void pvr_project_sum_run(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                         const struct pvr_project_scratch *scratch, const struct pvr_oct_run *run,
                         double *state) {
    const struct summing summing = begin_run(projecting, block, scratch, run);
#ifdef PVR_HAVE_AVX2
    if (HAS_AVX2()) {
        sum_run_wide(&summing, state);
        return;
    }
#endif
    sum_run(&summing, state);
}

void pvr_project_add_run(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                         const struct pvr_project_scratch *scratch, const struct pvr_oct_run *run) {
    const struct summing summing = begin_run(projecting, block, scratch, run);
#ifdef PVR_HAVE_AVX2
    if (HAS_AVX2()) {
        add_run_wide(&summing);
        return;
    }
#endif
    add_run(&summing);
}
