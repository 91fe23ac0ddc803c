/* pvr_project_values.c - fetching the values of some octs out of arrays of any type. */
#include "pvr_project_private.h"

#include <float.h>
#include <string.h>

/* Values of a type and a stride that the compiler knows, so that it makes vectors. The first term
 * is written, others are added. */
#define FETCH_CELLS(type, stride, how)                                                             \
    do {                                                                                           \
        for (int i = 0; i < count; i++) {                                                          \
            const uint64_t oct = block->index != NULL ? block->index[chosen[i]] : chosen[i];       \
            const type *from = (const type *)column->data + oct * column->oct_stride;              \
            double *to = out + 8 * (size_t)i;                                                      \
            for (uint64_t c = 0; c < 8; c++) {                                                     \
                to[c] how coefficient *(double)from[c * (stride)];                                 \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#define FETCH(type)                                                                                \
    do {                                                                                           \
        if (!first) {                                                                              \
            FETCH_CELLS(type, column->cell_stride, +=);                                            \
        } else if (column->cell_stride == 1) {                                                     \
            FETCH_CELLS(type, 1, =);                                                               \
        } else if (column->cell_stride == 3) {                                                     \
            FETCH_CELLS(type, 3, =);                                                               \
        } else {                                                                                   \
            FETCH_CELLS(type, column->cell_stride, =);                                             \
        }                                                                                          \
    } while (0)

/* One term, of octs of eight cells. */
static void fetch_eight(const struct pvr_project_block *block, const struct pvr_column *column,
                        const uint32_t *chosen, int count, double coefficient, bool first,
                        double *restrict out) {
    switch (column->type) {
    case PVR_FLOAT32:
        FETCH(float);
        break;
    case PVR_FLOAT64:
        FETCH(double);
        break;
    case PVR_UINT8:
        FETCH(uint8_t);
        break;
    case PVR_INT32:
        FETCH(int32_t);
        break;
    case PVR_INT64:
        FETCH(int64_t);
        break;
    }
}

static double value_at(const struct pvr_column *column, uint64_t at) {
    switch (column->type) {
    case PVR_FLOAT32:
        return (double)((const float *)column->data)[at];
    case PVR_UINT8:
        return ((const uint8_t *)column->data)[at];
    case PVR_INT32:
        return ((const int32_t *)column->data)[at];
    case PVR_INT64:
        return (double)((const int64_t *)column->data)[at];
    default:
        return ((const double *)column->data)[at];
    }
}

static void fetch_term(const struct pvr_projecting *projecting,
                       const struct pvr_project_block *block, const struct pvr_column *column,
                       const uint32_t *chosen, int count, double coefficient, bool first,
                       double *out) {
    if (projecting->ncells == 8) {
        fetch_eight(block, column, chosen, count, coefficient, first, out);
        return;
    }
    if (first) {
        memset(out, 0, (size_t)count * 8 * sizeof *out);
    }
    for (int i = 0; i < count; i++) {
        uint64_t oct = block->index != NULL ? block->index[chosen[i]] : chosen[i];
        for (int c = 0; c < projecting->ncells; c++) {
            out[8 * i + c] += coefficient * value_at(column, oct * column->oct_stride +
                                                                 (uint64_t)c * column->cell_stride);
        }
    }
}

/* Is one of the values of `count` octs no finite number? */
static bool have_wrong(const double *value, int count) {
    double nothing[8] = {0}; /* times such numbers 0 is NaN */
    for (int i = 0; i < count; i++) {
        for (int c = 0; c < 8; c++) {
            nothing[c] += 0 * value[8 * i + c];
        }
    }
    double sum = 0;
    for (int c = 0; c < 8; c++) {
        sum += nothing[c];
    }
    return isnan(sum);
}

double pvr_project_factor(const struct pvr_projecting *projecting,
                          const struct pvr_project_block *block, int value) {
    enum pvr_map_mode mode = projecting->map->request.mode;
    bool per_volume = mode == PVR_MAP_INTEGRAL || mode == PVR_MAP_SURFACE_DENSITY ||
                      value == projecting->nvalues; /* a weight */
    if (!block->value[value].of_cells || !per_volume) {
        return 1;
    }
    double cell = pvr_project_cell(projecting, block->level);
    return 1 / (cell * cell * (projecting->ndim == 3 ? cell : 1));
}

/* Values of the chosen octs: out[8 i + c], 0 for cells that are omitted. Returns whether one of
 * them is no finite number. */
static bool fetch(const struct pvr_projecting *projecting, const struct pvr_project_block *block,
                  int value, const struct pvr_chosen *octs, double *out) {
    const uint32_t *chosen = octs->oct;
    const uint8_t *omit = octs->omit;
    const int count = octs->count;
    const struct pvr_block_value *from = &block->value[value];
    const double factor = pvr_project_factor(projecting, block, value);
    for (int t = 0; t < from->nterms; t++) {
        fetch_term(projecting, block, &from->term[t], chosen, count,
                   factor * from->term[t].coefficient, t == 0, out);
    }
    for (int i = 0; i < count; i++) {
        if (omit[i] != 0) {
            for (int c = 0; c < 8; c++) {
                out[8 * i + c] = omit[i] >> c & 1 ? 0 : out[8 * i + c];
            }
        }
    }
    return have_wrong(out, count);
}

/* Takes values that are no finite numbers for 0, and the weight there too, and counts them. */
static uint64_t drop_wrong(const struct pvr_chosen *octs, double *value, double *weight) {
    uint64_t wrong = 0;
    for (int i = 0; i < 8 * octs->count; i++) {
        if (!(fabs(value[i]) <= DBL_MAX)) {
            value[i] = 0;
            weight[i] = 0;
            wrong += (octs->omit[i / 8] >> i % 8 & 1) == 0;
        }
    }
    return wrong;
}

void pvr_project_weights(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                         const struct pvr_chosen *octs, double *weight) {
    const int n = 8 * octs->count;
    if (!projecting->weighted) {
        for (int i = 0; i < n; i++) {
            weight[i] = 1;
        }
        for (int i = 0; i < octs->count; i++) {
            for (int c = 0; octs->omit[i] != 0 && c < 8; c++) {
                weight[8 * i + c] = octs->omit[i] >> c & 1 ? 0 : 1;
            }
        }
        return;
    }
    if (fetch(projecting, block, projecting->nvalues, octs, weight)) {
        block->weights_not_finite += drop_wrong(octs, weight, weight);
    }
    int negative = 0;
    for (int i = 0; i < n; i++) {
        negative |= weight[i] < 0;
    }
    block->weights_negative += (unsigned)negative;
}

const double *pvr_project_values(const struct pvr_projecting *projecting,
                                 struct pvr_project_block *block, int value,
                                 const struct pvr_chosen *octs, const double *weight, double *own,
                                 double *out) {
    if (!fetch(projecting, block, value, octs, out)) {
        return weight;
    }
    memcpy(own, weight, 8 * (size_t)octs->count * sizeof *own);
    block->not_finite[value] += drop_wrong(octs, out, own);
    return own;
}

static double scattered_value(const struct pvr_map_value *value, uint64_t index) {
    double sum = 0;
    for (int t = 0; t < value->nterms; t++) {
        const struct pvr_map_term *term = &value->term[t];
        const struct pvr_column column = {.data = term->array->data, .type = term->array->type};
        uint64_t at = index * (uint64_t)term->array->ncomponents + (uint64_t)term->component;
        sum += term->coefficient * value_at(&column, at);
    }
    return sum;
}

void pvr_project_scattered(const struct pvr_projecting *projecting, struct pvr_project_block *block,
                           const struct pvr_map_value *values, const struct pvr_map_value *weight,
                           uint64_t index, double volume, double *state) {
    const struct pvr_map_request *request = &projecting->map->request;
    const int nvalues = projecting->nvalues;
    const bool integral =
        request->mode == PVR_MAP_INTEGRAL || request->mode == PVR_MAP_SURFACE_DENSITY;
    double w = 1;
    if (weight != NULL) {
        w = scattered_value(weight, index) / (weight->of_cells ? volume : 1);
        block->weights_negative += w < 0;
        if (!(fabs(w) <= DBL_MAX)) {
            block->weights_not_finite++;
            w = 0;
        }
    }
    w *= request->weighting == PVR_WEIGHT_NONE && !integral ? 1 : volume;
    block->cells++;
    for (int v = 0; v < nvalues; v++) {
        double q = scattered_value(&values[v], index), part = w;
        q /= integral && values[v].of_cells ? volume : 1;
        if (!(fabs(q) <= DBL_MAX)) {
            block->not_finite[v]++;
            q = part = 0;
        }
        switch (projecting->kind) {
        case PVR_KIND_ADD:
            state[v] = q * part;
            state[projecting->map->own_weights ? nvalues + v : nvalues] = part;
            break;
        case PVR_KIND_SQUARES:
            state[3 * v] = part;
            state[3 * v + 1] = q;
            state[3 * v + 2] = 0;
            break;
        default:
            state[v] = part > 0 ? q : pvr_map_nothing(projecting->kind);
        }
    }
}

enum pvr_status pvr_project_check_arrays(const struct pvr_map *map,
                                         const struct pvr_map_value *values,
                                         const struct pvr_map_value *weight, uint64_t count,
                                         struct pvr_error *error) {
    for (int v = 0; v < map->request.nvalues + (weight != NULL ? 1 : 0); v++) {
        const struct pvr_map_value *value = v < map->request.nvalues ? &values[v] : weight;
        bool fits = value->nterms >= 1 && value->nterms <= PVR_MAP_MAX_TERMS;
        for (int t = 0; fits && t < value->nterms; t++) {
            const struct pvr_map_term *term = &value->term[t];
            fits = term->array != NULL && term->array->ntuples == count && term->component >= 0 &&
                   term->component < term->array->ncomponents;
        }
        if (!fits) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "an array of a projection does not fit its %llu cells or points",
                            (unsigned long long)count);
        }
    }
    return PVR_OK;
}
