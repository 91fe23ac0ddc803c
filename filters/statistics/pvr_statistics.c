/* pvr_statistics.c - totals and extrema over the leaf cells of a mesh. */
#include "pvr_statistics.h"

#include "pvr_octree_rank.h"
#include "pvr_sum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cells are summed in runs of fixed places, so that sums are the same for any number of threads. */
enum { RUN_OCTS = 1 << 13 };

/* Octs of one level in one tree; at the root level, one run of all trees. */
struct run {
    int level;
    uint64_t tree, first, count; /* octs, or trees */
};

/* Sums of one array component over one run. */
struct partial {
    struct pvr_sum sum;
    double min, max;
    uint64_t leaves, not_finite;
};

struct counting {
    const struct pvr_mesh *mesh;
    struct run *run;
    size_t nruns;
    struct column {
        const struct pvr_array *array;
        int component;
    } * column;
    int ncolumns;
    struct partial *partial; /* [column][run] */
    uint64_t *leaves;        /* [run] */
};

static double value_at(const struct column *column, uint64_t index) {
    uint64_t at = index * (uint64_t)column->array->ncomponents + (uint64_t)column->component;
    switch (column->array->type) {
    case PVR_FLOAT32:
        return (double)((const float *)column->array->data)[at];
    case PVR_INT32:
        return ((const int32_t *)column->array->data)[at];
    default:
        return ((const double *)column->array->data)[at];
    }
}

static void count_value(struct partial *partial, double value) {
    partial->leaves++;
    if (!isfinite(value)) {
        partial->not_finite++;
        return;
    }
    pvr_sum_add(&partial->sum, value);
    partial->min = value < partial->min ? value : partial->min;
    partial->max = value > partial->max ? value : partial->max;
}

static void count_run(const struct pvr_octree *octree, const struct run *run,
                      const struct column *column, struct partial *partial, uint64_t *leaves) {
    const struct pvr_octree_level *level = &octree->level[run->level];
    bool roots = run->level == octree->root_level;
    int ncells = roots ? 1 : octree->cells_per_oct;
    uint64_t index = roots ? 0
                           : level->tree_cell[run->tree] +
                                 (run->first - level->tree_first[run->tree]) * (uint64_t)ncells;
    *leaves = 0;
    for (uint64_t i = run->first; i < run->first + run->count; i++) {
        unsigned refined =
            roots ? pvr_no_leaves(level, i >> 3) >> (i & 7) & 1 : pvr_no_leaves(level, i);
        index = roots ? level->tree_cell[i] : index;
        for (int c = 0; c < ncells; c++, index++) {
            if ((refined >> c & 1) == 0) {
                ++*leaves;
                if (column != NULL) {
                    count_value(partial, value_at(column, index));
                }
            }
        }
    }
}

static enum pvr_status count_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct counting *counting = context;
    const struct pvr_octree *octree = counting->mesh->octree;
    const struct run *run = &counting->run[task];
    count_run(octree, run, NULL, NULL, &counting->leaves[task]);
    for (int i = 0; i < counting->ncolumns; i++) {
        struct partial *partial = &counting->partial[(size_t)i * counting->nruns + task];
        *partial = (struct partial){{0, 0}, (double)INFINITY, -(double)INFINITY, 0, 0};
        uint64_t leaves;
        count_run(octree, run, &counting->column[i], partial, &leaves);
    }
    return PVR_OK;
}

/* Lists the runs; with a null array counts them. */
static size_t list_runs(const struct pvr_octree *octree, struct run *run) {
    size_t count = 0;
    if (run != NULL) {
        run[0] = (struct run){octree->root_level, 0, 0, octree->ntrees};
    }
    count++;
    for (int l = octree->root_level + 1; l <= octree->max_level; l++) {
        const struct pvr_octree_level *level = &octree->level[l];
        for (uint64_t t = 0; t < octree->ntrees; t++) {
            for (uint64_t first = level->tree_first[t]; first < level->tree_first[t + 1];
                 first += RUN_OCTS) {
                if (run != NULL) {
                    uint64_t left = level->tree_first[t + 1] - first;
                    run[count] = (struct run){l, t, first, left < RUN_OCTS ? left : RUN_OCTS};
                }
                count++;
            }
        }
    }
    return count;
}

static void name_column(const struct pvr_mesh_array *array, int component, char *name) {
    if (array->array->ncomponents == 1) {
        memcpy(name, array->name, PVR_NAME_SIZE);
    } else {
        size_t length = strnlen(array->name, PVR_NAME_SIZE - 3);
        memcpy(name, array->name, length);
        memcpy(name + length, (const char[3]){'_', (char)('x' + component), '\0'}, 3);
    }
}

static enum pvr_status allocate(struct counting *counting, struct pvr_statistics *statistics,
                                struct pvr_error *error) {
    const struct pvr_mesh *mesh = counting->mesh;
    int most = 0;
    for (int i = 0; i < mesh->narrays; i++) {
        most += mesh->arrays[i].array->ncomponents;
    }
    counting->nruns = list_runs(mesh->octree, NULL);
    counting->run = calloc(counting->nruns, sizeof *counting->run);
    counting->leaves = calloc(counting->nruns, sizeof *counting->leaves);
    counting->column = calloc((size_t)most + 1, sizeof *counting->column);
    counting->partial = calloc(counting->nruns * (size_t)(most + 1), sizeof *counting->partial);
    statistics->field = calloc((size_t)most + 1, sizeof *statistics->field);
    if (counting->run == NULL || counting->leaves == NULL || counting->column == NULL ||
        counting->partial == NULL || statistics->field == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the statistics of %d columns",
                        most);
    }
    list_runs(mesh->octree, counting->run);
    for (int i = 0; i < mesh->narrays; i++) {
        const struct pvr_mesh_array *array = &mesh->arrays[i];
        if (strcmp(array->name, PVR_FIELD_LEVEL) == 0 ||
            strcmp(array->name, PVR_FIELD_DOMAIN) == 0) {
            continue;
        }
        for (int c = 0; c < array->ncomponents; c++) {
            name_column(array, c, statistics->field[counting->ncolumns].name);
            counting->column[counting->ncolumns++] = (struct column){array->array, c};
        }
    }
    statistics->nfields = counting->ncolumns;
    return PVR_OK;
}

/* Adds the runs of a column in their order. */
static void combine(const struct counting *counting, int column,
                    struct pvr_field_statistics *field) {
    const struct pvr_octree *octree = counting->mesh->octree;
    struct pvr_sum weighted = {0, 0};
    uint64_t leaves = 0;
    field->min = (double)INFINITY;
    field->max = -(double)INFINITY;
    field->not_finite = 0;
    for (size_t r = 0; r < counting->nruns; r++) {
        const struct partial *partial = &counting->partial[(size_t)column * counting->nruns + r];
        double volume = pvr_octree_cell_volume(octree, counting->run[r].level);
        pvr_sum_add(&weighted, partial->sum.value * volume);
        pvr_sum_add(&weighted, partial->sum.lost * volume);
        field->min = partial->min < field->min ? partial->min : field->min;
        field->max = partial->max > field->max ? partial->max : field->max;
        field->not_finite += partial->not_finite;
        leaves += partial->leaves;
    }
    field->sum_field_volume = pvr_sum_total(&weighted);
    if (field->not_finite == leaves) {
        field->min = field->max = (double)NAN;
    }
}

enum pvr_status pvr_statistics_compute(const struct pvr_mesh *mesh,
                                       const struct pvr_threads *threads,
                                       struct pvr_statistics *statistics, struct pvr_error *error) {
    memset(statistics, 0, sizeof *statistics);
    struct counting counting = {.mesh = mesh};
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    status = allocate(&counting, statistics, error);
    if (status == PVR_OK) {
        status = pvr_job_run(&job, counting.nruns, NULL, count_task, NULL, &counting, error);
    }
    pvr_job_end(&job, NULL);
    statistics->total_mass = (double)NAN;
    struct pvr_sum volume = {0, 0};
    for (size_t r = 0; status == PVR_OK && r < counting.nruns; r++) {
        int level = counting.run[r].level;
        statistics->leaf_cells += counting.leaves[r];
        statistics->leaf_cells_per_level[level] += counting.leaves[r];
    }
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        pvr_sum_add(&volume, (double)statistics->leaf_cells_per_level[l] *
                                 pvr_octree_cell_volume(mesh->octree, l));
    }
    statistics->volume = pvr_sum_total(&volume);
    for (int i = 0; status == PVR_OK && i < counting.ncolumns; i++) {
        combine(&counting, i, &statistics->field[i]);
        if (strcmp(statistics->field[i].name, "density") == 0) {
            statistics->total_mass = statistics->field[i].sum_field_volume;
        }
    }
    free(counting.run);
    free(counting.leaves);
    free(counting.column);
    free(counting.partial);
    if (status != PVR_OK) {
        pvr_statistics_free(statistics);
    }
    return status;
}

void pvr_statistics_free(struct pvr_statistics *statistics) {
    free(statistics->field);
    memset(statistics, 0, sizeof *statistics);
}
