/* pvr_bench_grids.c - times the leaf cells of an output as an unstructured grid.
 *
 *     pvr_bench_grids OUTPUT [--runs R] [--threads N]
 *
 * Prints figures for a person to standard error, one JSON object to standard output.
 */
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

static bool measure(const struct pvr_mesh *mesh, int threads, int runs) {
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
           "\"leaf_seconds_threads\":%.4f,\"leaf_bytes\":%llu}\n",
           leaves, one, threads, all, (unsigned long long)bytes);
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
    static const char *const fields[] = {"density"};
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = 1, .precision = PVR_FLOAT32};
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh = NULL;
    struct pvr_error error;
    if (pvr_snapshot_open(argv[optind], &snapshot, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    bool well = pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error) == PVR_OK;
    if (!well) {
        fprintf(stderr, "%s\n", error.message);
    }
    well = well && measure(mesh, threads, runs);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return well ? 0 : 1;
}
