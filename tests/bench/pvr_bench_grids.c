/* pvr_bench_grids.c - times the leaf cells of an output as an unstructured grid, and a covering
 * grid of 512^3 cells, in single and in double, against writing as many doubles to fresh memory.
 *
 *     pvr_bench_grids OUTPUT [--runs R] [--threads N]
 *
 * Prints figures for a person to standard error, one JSON object to standard output.
 */
#include "pvr_covering_grid.h"
#include "pvr_leaf_grid.h"
#include "pvr_mesh.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_RUNS = 100 };

/* Seconds of the fastest run; the size of the grid in *bytes. */
static bool time_leaf_cells(const struct pvr_mesh *mesh, int threads, int runs, double *seconds,
                            uint64_t *bytes) {
    const struct pvr_threads settings = {.max = threads};
    const struct pvr_array *const arrays[] = {mesh->arrays[0].array};
    *seconds = HUGE_VAL;
    for (int run = 0; run < runs; run++) {
        struct pvr_leaf_grid grid;
        struct pvr_error error;
        double begin = pvr_seconds();
        if (pvr_leaf_grid_make(mesh->octree, NULL, arrays, 1, &settings, NULL, NULL, &grid,
                               &error) != PVR_OK) {
            fprintf(stderr, "%s\n", error.message);
            return false;
        }
        *seconds = fmin(*seconds, pvr_seconds() - begin);
        *bytes = grid.points->bytes + grid.connectivity->bytes + grid.offsets->bytes +
                 grid.levels->bytes + grid.values[0]->bytes;
        char text[2000];
        pvr_report_text(&grid.report, text, sizeof text);
        if (run == 0) {
            fprintf(stderr, "%s", text);
        }
        pvr_leaf_grid_free(&grid);
    }
    return true;
}

enum { SIDE = 512, SLAB = 1 << 20 };

static enum pvr_status write_slab(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    double *to = (double *)context + task * SLAB;
    for (size_t i = 0; i < SLAB; i++) {
        to[i] = (double)i;
    }
    return PVR_OK;
}

/* Seconds of writing 512^3 doubles to fresh memory. */
static bool time_writing(const struct pvr_threads *threads, double *seconds) {
    struct pvr_array *array;
    struct pvr_job job;
    double begin = pvr_seconds();
    if (pvr_array_new(PVR_FLOAT64, 1, (uint64_t)SIDE * SIDE * SIDE, &array, NULL) != PVR_OK) {
        return false;
    }
    bool well = pvr_job_begin(&job, threads, NULL, NULL, NULL) == PVR_OK;
    if (well) {
        well = pvr_job_run(&job, (size_t)SIDE * SIDE * SIDE / SLAB, NULL, write_slab, NULL,
                           array->data, NULL) == PVR_OK;
        pvr_job_end(&job, NULL);
    }
    *seconds = fmin(*seconds, pvr_seconds() - begin);
    pvr_array_release(array);
    return well;
}

/* Seconds of the fastest run of a grid of the whole box. */
static bool time_covering(const struct pvr_mesh *mesh, struct pvr_covering_request request,
                          const struct pvr_threads *threads, double *seconds) {
    const struct pvr_array *source = mesh->arrays[0].array;
    struct pvr_covering_grid grid;
    struct pvr_array *result;
    struct pvr_error error;
    double begin = pvr_seconds();
    if (pvr_covering_plan(mesh->octree, &request, &grid, &error) != PVR_OK ||
        pvr_covering_fill(mesh->octree, &grid, &source, 1, NULL, threads, NULL, NULL, &result, NULL,
                          &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    *seconds = fmin(*seconds, pvr_seconds() - begin);
    pvr_array_release(result);
    return true;
}

static bool measure_covering(const struct pvr_mesh *mesh, const struct pvr_mesh *twice, int threads,
                             int runs) {
    const struct pvr_threads settings = {.max = threads};
    const struct pvr_covering_request request = {.whole = true, .level = 9};
    double writing = HUGE_VAL, level = HUGE_VAL, level_twice = HUGE_VAL;
    double uneven = HUGE_VAL, linear = HUGE_VAL;
    bool well = true;
    for (int run = 0; well && run < runs; run++) {
        well = time_writing(&settings, &writing) &&
               time_covering(mesh, request, &settings, &level) &&
               time_covering(twice, request, &settings, &level_twice);
    }
    well =
        well &&
        time_covering(mesh, (struct pvr_covering_request){.whole = true, .dims = {300, 300, 300}},
                      &settings, &uneven) &&
        time_covering(
            mesh,
            (struct pvr_covering_request){.whole = true, .level = 8, .sampling = PVR_SAMPLE_LINEAR},
            &settings, &linear);
    if (!well) {
        return false;
    }
    fprintf(stderr,
            "  covering grid of 512^3 cells, %d threads: %.3f s, in double %.3f s; writing 512^3 "
            "doubles to fresh memory %.3f s: %.0f and %.0f %% of that rate (aim: 60 %%)\n"
            "  300^3 cells that are no level's: %.3f s; 256^3 cells, linear: %.3f s\n",
            threads, level, level_twice, writing, 100 * writing / level,
            100 * writing / level_twice, uneven, linear);
    printf(",\"covering_seconds\":%.4f,\"covering_double_seconds\":%.4f,\"writing_seconds\":%.4f,"
           "\"covering_uneven_seconds\":%.4f,\"covering_linear_seconds\":%.4f}\n",
           level, level_twice, writing, uneven, linear);
    return true;
}

static bool measure_leaf_cells(const struct pvr_mesh *mesh, int threads, int runs) {
    const double leaves = (double)mesh->octree->nleaves;
    double one, all;
    uint64_t bytes;
    if (!time_leaf_cells(mesh, 1, runs, &one, &bytes) ||
        !time_leaf_cells(mesh, threads, runs, &all, &bytes)) {
        return false;
    }
    fprintf(stderr,
            "  leaf cells: %.1f million in %.3f s (%.0f ns each), with %d threads %.3f s: ratio "
            "%.2f; %.1f bytes each\n",
            leaves / 1e6, one, one / leaves * 1e9, threads, all, one / all, (double)bytes / leaves);
    printf("{\"leaf_cells\":%.0f,\"leaf_seconds\":%.4f,\"leaf_threads\":%d,"
           "\"leaf_seconds_threads\":%.4f,\"leaf_bytes\":%llu",
           leaves, one, threads, all, (unsigned long long)bytes);
    return true;
}

static bool load_density(struct pvr_snapshot *snapshot, enum pvr_type precision,
                         struct pvr_mesh **mesh) {
    static const char *const fields[] = {"density"};
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = 1, .precision = precision};
    struct pvr_error error;
    if (pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, mesh, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    int runs = 3, threads = pvr_threads_available();
    const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                     {"runs", required_argument, NULL, 'r'},
                                     {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int value = option == '?' ? 0 : atoi(optarg);
        if (value < 1 || value > MAX_RUNS) {
            return 2;
        }
        *(option == 't' ? &threads : &runs) = value;
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: pvr_bench_grids OUTPUT [--threads N] [--runs R]\n");
        return 2;
    }
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *single = NULL, *twice = NULL;
    struct pvr_error error;
    if (pvr_snapshot_open(argv[optind], &snapshot, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const bool well = load_density(snapshot, PVR_FLOAT32, &single) &&
                      load_density(snapshot, PVR_FLOAT64, &twice) &&
                      measure_leaf_cells(single, threads, runs) &&
                      measure_covering(single, twice, threads, runs);
    pvr_mesh_free(single);
    pvr_mesh_free(twice);
    pvr_snapshot_release(snapshot);
    return well ? 0 : 1;
}
