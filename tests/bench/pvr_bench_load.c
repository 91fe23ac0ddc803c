/* pvr_bench_load.c - how fast a mesh loads, beside the machine's limit.
 *
 * usage: pvr_bench_load OUTPUT [--threads N] [--runs R]
 *
 * In one process, one after the other and R times: parallel pread of the very bytes needed into
 * fresh memory, and pvr_mesh_load, at 1 and N threads; then one field of all, and MaxLevel two
 * below the finest. Medians. One JSON object on standard output, a table on standard error.
 */
#include "pvr_bench_pread.h"
#include "pvr_mesh.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MAX_RUNS = 99 };

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *value, int count) {
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

static double peak_bytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

struct loaded {
    double seconds, bytes_read, cells, leaves, array_bytes, structure_bytes;
    int root_level, max_level;
};

static bool load(struct pvr_snapshot *snapshot, int threads, int nfields, int max_level,
                 struct loaded *loaded) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    const char *names[PVR_MAX_VARIABLES];
    for (int i = 0; i < table->nfields; i++) {
        names[i] = table->field[i].name;
    }
    struct pvr_mesh_request request = {.max_level = max_level,
                                       .fields = names,
                                       .nfields = nfields > 0 ? nfields : table->nfields,
                                       .precision = PVR_FLOAT64};
    struct pvr_threads settings = {.max = threads, .prefetch = true};
    struct pvr_mesh *mesh;
    struct pvr_error error;
    double begin = pvr_seconds();
    if (pvr_mesh_load(snapshot, &request, &settings, NULL, NULL, &mesh, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    *loaded = (struct loaded){.seconds = pvr_seconds() - begin,
                              .bytes_read = (double)mesh->report.bytes_read,
                              .cells = (double)mesh->octree->ncells,
                              .leaves = (double)mesh->octree->nleaves,
                              .structure_bytes = (double)mesh->octree->bytes,
                              .root_level = mesh->octree->root_level,
                              .max_level = mesh->octree->max_level};
    for (int i = 0; i < mesh->narrays; i++) {
        loaded->array_bytes += (double)mesh->arrays[i].array->bytes;
    }
    pvr_mesh_free(mesh);
    return true;
}

/* Medians of both at `threads` threads; they take turns, so that a slow moment meets both. */
static bool compare(const char *path, int threads, int runs, int nfields, int max_level,
                    double *pread_seconds, struct loaded *loaded) {
    double limit[MAX_RUNS], own[MAX_RUNS];
    bool well = true;
    struct pvr_snapshot *snapshot;
    struct byte_ranges ranges = {0};
    if (pvr_snapshot_open(path, &snapshot, NULL) != PVR_OK) {
        return false;
    }
    well = load(snapshot, threads, nfields, max_level, loaded) &&
           find_ranges(snapshot, loaded->root_level, max_level,
                       nfields > 0 ? nfields : pvr_snapshot_fields(snapshot)->nvariables, &ranges);
    pvr_snapshot_release(snapshot);
    for (int i = 0; well && i < runs; i++) {
        /* a fresh handle: its tables are read too, as for a person who opens the output */
        well = pvr_snapshot_open(path, &snapshot, NULL) == PVR_OK;
        if (well) {
            limit[i] = read_ranges(snapshot, &ranges, threads);
            well = limit[i] > 0 && load(snapshot, threads, nfields, max_level, loaded);
            own[i] = loaded->seconds;
            pvr_snapshot_release(snapshot);
        }
    }
    free_ranges(&ranges);
    if (well) {
        *pread_seconds = median(limit, runs);
        loaded->seconds = median(own, runs);
    }
    return well;
}

int main(int argc, char **argv) {
    int threads = pvr_threads_available(), runs = 5, option;
    const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                     {"runs", required_argument, NULL, 'r'},
                                     {NULL, 0, NULL, 0}};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int value = option == '?' ? 0 : atoi(optarg);
        if (value < 1 || value > MAX_RUNS) {
            return 2;
        }
        *(option == 't' ? &threads : &runs) = value;
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: pvr_bench_load OUTPUT [--threads N] [--runs R]\n");
        return 2;
    }
    const char *path = argv[optind];
    struct loaded all, one_thread, one_field, coarse;
    double limit, limit_one, limit_field, limit_coarse;
    if (!compare(path, threads, 1, 0, 0, &limit, &all)) {
        return 1;
    }
    double peak = peak_bytes();
    if (!compare(path, threads, runs, 0, 0, &limit, &all) ||
        !compare(path, 1, runs, 0, 0, &limit_one, &one_thread) ||
        !compare(path, threads, runs, 1, 0, &limit_field, &one_field) ||
        !compare(path, threads, runs, 0, all.max_level - 2, &limit_coarse, &coarse)) {
        return 1;
    }
    fprintf(stderr,
            "  %.1f million leaf cells, levels %d to %d, %.0f MB of arrays, %d threads\n"
            "                                       load      pread of its bytes   ratio\n"
            "  all fields, %2d threads            %7.3f s     %7.3f s            %5.2f\n"
            "  all fields,  1 thread             %7.3f s     %7.3f s            %5.2f\n"
            "  gain from 1 to %2d threads         %7.2f       %7.2f              %5.2f\n"
            "  one field                         %7.3f s     %7.3f s            %5.2f\n"
            "  two levels less                   %7.3f s     %7.3f s            %5.2f\n"
            "  %.1f million cells/s, %.0f MB/s; structure %.3f bytes per cell\n",
            all.leaves / 1e6, all.root_level, all.max_level, all.array_bytes / 1e6, threads,
            threads, all.seconds, limit, all.seconds / limit, one_thread.seconds, limit_one,
            one_thread.seconds / limit_one, threads, one_thread.seconds / all.seconds,
            limit_one / limit, (one_thread.seconds / all.seconds) / (limit_one / limit),
            one_field.seconds, limit_field, one_field.seconds / limit_field, coarse.seconds,
            limit_coarse, coarse.seconds / limit_coarse, all.leaves / 1e6 / all.seconds,
            all.bytes_read / 1e6 / all.seconds, all.structure_bytes / all.cells);
    printf("{\"path\":\"%s\",\"threads\":%d,\"leaf_cells\":%.0f,\"array_bytes\":%.0f,"
           "\"load_seconds\":%.6f,\"pread_seconds\":%.6f,\"load_1_seconds\":%.6f,"
           "\"pread_1_seconds\":%.6f,\"one_field_seconds\":%.6f,\"coarse_seconds\":%.6f,"
           "\"bytes_read\":%.0f,\"coarse_bytes_read\":%.0f,\"structure_bytes_per_cell\":%.4f,"
           "\"peak_bytes\":%.0f}\n",
           path, threads, all.leaves, all.array_bytes, all.seconds, limit, one_thread.seconds,
           limit_one, one_field.seconds, coarse.seconds, all.bytes_read, coarse.bytes_read,
           all.structure_bytes / all.cells, peak);
    return 0;
}
