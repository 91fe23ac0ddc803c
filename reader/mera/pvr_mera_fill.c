/* pvr_mera_fill.c - from columns of leaf cells to arrays in the octree's order. */
#include "pvr_mera_fill.h"

#include "pvr_octree_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 1 << 16,     /* cells of a task */
    WORD_CHUNK = 1 << 12 /* words of eight octs of a task */
};

/* ---- leaves -----------------------------------------------------------------------------------
 */

/* Number `i` of a column of any type. */
static double number_at(const struct pvr_jld2_type *type, const void *column, uint64_t i) {
    if (type->kind == PVR_JLD2_FLOAT) {
        return type->size == 8 ? ((const double *)column)[i] : (double)((const float *)column)[i];
    }
    switch (type->size) {
    case 8:
        return type->is_signed ? (double)((const int64_t *)column)[i]
                               : (double)((const uint64_t *)column)[i];
    case 4:
        return type->is_signed ? (double)((const int32_t *)column)[i]
                               : (double)((const uint32_t *)column)[i];
    case 2:
        return type->is_signed ? (double)((const int16_t *)column)[i]
                               : (double)((const uint16_t *)column)[i];
    default:
        return type->is_signed ? (double)((const int8_t *)column)[i]
                               : (double)((const uint8_t *)column)[i];
    }
}

static double value_at(const struct pvr_fill *fill, uint64_t row) {
    double value = number_at(fill->type, fill->column, row);
    return fill->partner == NULL ? value
                                 : 0.5 * (value + number_at(fill->type, fill->partner, row));
}

/* The mean of the leaves that lie in one cell, from place `i` of the sorted rows on. */
static double merged_value(const struct pvr_octree *octree, const struct pvr_fill *fill,
                           uint64_t i) {
    const struct pvr_leaf_map *map = fill->map;
    double by_mass = 0, mass = 0, by_volume = 0, volume = 0;
    do {
        double size = ldexp(1, -octree->ndim * map->level[i]);
        double value = value_at(fill, map->row[i]);
        volume += size;
        by_volume += size * value;
        if (fill->weight != NULL) {
            double weight = size * number_at(fill->weight_type, fill->weight, map->row[i]);
            mass += weight;
            by_mass += weight * value;
        }
        i++;
    } while (i < map->nrows && map->more[i]);
    bool weighted = fill->weight != NULL && mass > 0 && isfinite(mass);
    return weighted ? by_mass / mass : by_volume / volume;
}

struct filling {
    const struct pvr_octree *octree;
    const struct pvr_fill *fill;
    size_t nchunks;
};

static inline void store(struct pvr_array *array, uint64_t at, double value) {
    switch (array->type) {
    case PVR_FLOAT32:
        ((float *)array->data)[at] = (float)value;
        break;
    case PVR_FLOAT64:
        ((double *)array->data)[at] = value;
        break;
    default: /* whole numbers */
        ((int32_t *)array->data)[at] =
            value >= INT32_MIN && value <= INT32_MAX ? (int32_t)value : 0;
    }
}

/* The common case: doubles one by one. */
#define DEFINE_GATHER(NAME, TYPE)                                                                  \
    static void NAME(const struct pvr_fill *fill, uint64_t begin, uint64_t end) {                  \
        const uint32_t *source = fill->map->source;                                                \
        const double *column = fill->column;                                                       \
        int step = fill->array->ncomponents;                                                       \
        TYPE *out = (TYPE *)fill->array->data + fill->component;                                   \
        for (uint64_t i = begin; i < end; i++) {                                                   \
            double value = source[i] == PVR_NO_ROW ? (double)NAN : column[source[i]];              \
            out[i * (uint64_t)step] = (TYPE)(value * fill->factor);                                \
        }                                                                                          \
    }
DEFINE_GATHER(gather_floats, float)
DEFINE_GATHER(gather_doubles, double)

static enum pvr_status fill_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct filling *filling = context;
    const struct pvr_fill *fill = &filling->fill[task / filling->nchunks];
    const struct pvr_leaf_map *map = fill->map;
    struct pvr_array *array = fill->array;
    uint64_t begin = task % filling->nchunks * CHUNK, end = begin + CHUNK;
    end = end < map->ncells ? end : map->ncells;
    bool plain = !map->merged && fill->partner == NULL && fill->type->kind == PVR_JLD2_FLOAT &&
                 fill->type->size == 8;
    if (plain && array->type == PVR_FLOAT32) {
        gather_floats(fill, begin, end);
    } else if (plain && array->type == PVR_FLOAT64) {
        gather_doubles(fill, begin, end);
    } else {
        for (uint64_t i = begin; i < end; i++) {
            uint32_t source = map->source[i];
            double value = source == PVR_NO_ROW ? (double)NAN
                           : map->merged        ? merged_value(filling->octree, fill, source)
                                                : value_at(fill, source);
            uint64_t at = i * (uint64_t)array->ncomponents + (uint64_t)fill->component;
            store(array, at, value * fill->factor);
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_fill_leaves(const struct pvr_octree *octree, const struct pvr_fill *fill,
                                int count, struct pvr_job *job, struct pvr_error *error) {
    struct filling filling = {.octree = octree, .fill = fill};
    filling.nchunks = (size_t)((octree->ncells + CHUNK - 1) / CHUNK);
    return pvr_job_run(job, filling.nchunks * (size_t)count, NULL, fill_task, NULL, &filling,
                       error);
}

/* ---- refined cells ----------------------------------------------------------------------------
 */

struct coarsening {
    const struct pvr_octree *octree;
    const struct pvr_coarse *coarse;
    int level; /* of the refined cells */
    size_t nchunks;
    double *cover[PVR_MAX_LEVELS + 1]; /* of each oct: the part of its volume that is not outside;
                                          null where nothing is */
};

/* A refined cell and its children. */
struct parent {
    uint64_t cell;  /* index */
    uint64_t oct;   /* of the children */
    uint64_t child; /* index of the first */
};

typedef void (*use_fn)(const struct coarsening *coarsening, size_t which,
                       const struct parent *parent);

static uint64_t level_bytes(const struct pvr_octree *octree, int l) {
    return l > octree->root_level ? octree->level[l].noct : (octree->ntrees + 7) / 8;
}

/* Last tree whose first oct is `oct` or before it. */
static uint64_t tree_with(const uint64_t *first, uint64_t ntrees, uint64_t oct) {
    uint64_t low = 0, high = ntrees;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (first[middle] <= oct) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Calls `use` for each refined cell among words begin .. end - 1 of the level. */
static void each_parent(const struct coarsening *coarsening, uint64_t begin, uint64_t end,
                        size_t which, use_fn use) {
    const struct pvr_octree *octree = coarsening->octree;
    int l = coarsening->level;
    const struct pvr_octree_level *level = &octree->level[l], *below = &octree->level[l + 1];
    bool roots = l == octree->root_level;
    uint64_t tree = 0, tree_end = 0;
    for (uint64_t w = begin; w < end; w++) {
        uint64_t bits = pvr_bits(level->refined + 8 * w), n = level->rank[w];
        for (; bits != 0; bits &= bits - 1, n++) {
            uint64_t bit = (uint64_t)__builtin_ctzll(bits);
            uint64_t oct = 8 * w + bit / 8, cell = bit % 8;
            if (roots) {
                tree = 8 * oct + cell;
            } else if (oct >= tree_end) {
                tree = tree_with(level->tree_first, octree->ntrees, oct);
                tree_end = level->tree_first[tree + 1];
            }
            struct parent parent = {.oct = n};
            parent.cell = level->tree_cell[tree];
            if (!roots) {
                parent.cell +=
                    (oct - level->tree_first[tree]) * (uint64_t)octree->cells_per_oct + cell;
            }
            parent.child = below->tree_cell[tree] +
                           (n - below->tree_first[tree]) * (uint64_t)octree->cells_per_oct;
            use(coarsening, which, &parent);
        }
    }
}

/* The part of child `c`'s volume that is covered. */
static inline double cover_of(const struct coarsening *coarsening, const struct parent *parent,
                              unsigned c) {
    int l = coarsening->level + 1;
    const struct pvr_octree_level *level = &coarsening->octree->level[l];
    if (pvr_is_refined(level, parent->oct, c)) {
        return coarsening->cover[l + 1][pvr_rank(level, parent->oct, c)];
    }
    return pvr_is_outside(level, parent->oct, c) ? 0 : 1;
}

static void note_cover(const struct coarsening *coarsening, size_t which,
                       const struct parent *parent) {
    (void)which;
    int n = coarsening->octree->cells_per_oct;
    double sum = 0;
    for (int c = 0; c < n; c++) {
        sum += cover_of(coarsening, parent, (unsigned)c);
    }
    coarsening->cover[coarsening->level + 1][parent->oct] = sum / n;
}

static inline double array_at(const struct pvr_array *array, uint64_t i) {
    return array->type == PVR_FLOAT32   ? (double)((const float *)array->data)[i]
           : array->type == PVR_FLOAT64 ? ((const double *)array->data)[i]
                                        : (double)((const int32_t *)array->data)[i];
}

static void take_mean(const struct coarsening *coarsening, size_t which,
                      const struct parent *parent) {
    const struct pvr_coarse *coarse = &coarsening->coarse[which];
    struct pvr_array *array = coarse->array;
    int n = coarsening->octree->cells_per_oct;
    bool holes = coarsening->octree->noutside > 0;
    double weight[8], mass[8], volume_sum = 0, mass_sum = 0;
    for (int c = 0; c < n; c++) {
        weight[c] = holes ? cover_of(coarsening, parent, (unsigned)c) : 1;
        mass[c] = coarse->density != NULL && weight[c] > 0
                      ? weight[c] * array_at(coarse->density, parent->child + (uint64_t)c)
                      : 0;
        volume_sum += weight[c];
        mass_sum += mass[c];
    }
    bool by_mass = coarse->density != NULL && mass_sum > 0 && isfinite(mass_sum);
    const double *by = by_mass ? mass : weight;
    uint64_t width = (uint64_t)array->ncomponents;
    for (uint64_t v = 0; v < width; v++) {
        double sum = 0;
        for (int c = 0; c < n; c++) {
            if (weight[c] > 0) {
                sum += by[c] * array_at(array, (parent->child + (uint64_t)c) * width + v);
            }
        }
        double mean = sum / (by_mass ? mass_sum : volume_sum);
        if (array->type == PVR_INT32) { /* the number of a file: that of the first cell */
            int c = 0;
            while (c + 1 < n && !(weight[c] > 0)) {
                c++;
            }
            mean = array_at(array, (parent->child + (uint64_t)c) * width + v);
        }
        store(array, parent->cell * width + v, mean);
    }
}

static void of_task(const struct coarsening *coarsening, size_t task, use_fn use) {
    uint64_t words = (level_bytes(coarsening->octree, coarsening->level) + 7) / 8;
    uint64_t begin = task % coarsening->nchunks * WORD_CHUNK, end = begin + WORD_CHUNK;
    each_parent(coarsening, begin, end < words ? end : words, task / coarsening->nchunks, use);
}

static enum pvr_status cover_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    of_task(context, task, note_cover);
    return PVR_OK;
}

static enum pvr_status mean_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    of_task(context, task, take_mean);
    return PVR_OK;
}

enum pvr_status pvr_fill_refined(const struct pvr_octree *octree, const struct pvr_coarse *coarse,
                                 int count, struct pvr_job *job, struct pvr_error *error) {
    struct coarsening coarsening = {.octree = octree, .coarse = coarse};
    enum pvr_status status = PVR_OK;
    for (int l = octree->max_level - 1; status == PVR_OK && l >= octree->root_level; l--) {
        uint64_t words = (level_bytes(octree, l) + 7) / 8;
        coarsening.level = l;
        coarsening.nchunks = (size_t)((words + WORD_CHUNK - 1) / WORD_CHUNK);
        if (octree->noutside > 0) {
            size_t bytes = octree->level[l + 1].noct * sizeof(double);
            coarsening.cover[l + 1] = pvr_large_alloc(bytes);
            status = coarsening.cover[l + 1] != NULL
                         ? pvr_job_run(job, coarsening.nchunks, NULL, cover_task, NULL, &coarsening,
                                       error)
                         : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the octs of level %d",
                                    l + 1);
        }
        if (status == PVR_OK) {
            status = pvr_job_run(job, coarsening.nchunks * (size_t)count, NULL, mean_task, NULL,
                                 &coarsening, error);
        }
    }
    for (int l = octree->root_level; l < octree->max_level; l++) {
        pvr_large_free(coarsening.cover[l + 1], octree->level[l + 1].noct * sizeof(double));
    }
    return status;
}

/* ---- levels -----------------------------------------------------------------------------------
 */

struct levelling {
    const struct pvr_octree *octree;
    uint8_t *out;
};

enum { TREE_CHUNK = 64 };

static enum pvr_status level_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct levelling *levelling = context;
    const struct pvr_octree *octree = levelling->octree;
    uint64_t end = ((uint64_t)task + 1) * TREE_CHUNK;
    for (uint64_t t = (uint64_t)task * TREE_CHUNK; t < octree->ntrees && t < end; t++) {
        levelling->out[octree->level[octree->root_level].tree_cell[t]] =
            (uint8_t)octree->root_level;
        for (int l = octree->root_level + 1; l <= octree->max_level; l++) {
            const struct pvr_octree_level *level = &octree->level[l];
            uint64_t octs = level->tree_first[t + 1] - level->tree_first[t];
            memset(levelling->out + level->tree_cell[t], l, octs << octree->ndim);
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_fill_levels(const struct pvr_octree *octree, struct pvr_array *array,
                                struct pvr_job *job, struct pvr_error *error) {
    struct levelling levelling = {octree, array->data};
    return pvr_job_run(job, (size_t)((octree->ntrees + TREE_CHUNK - 1) / TREE_CHUNK), NULL,
                       level_task, NULL, &levelling, error);
}
