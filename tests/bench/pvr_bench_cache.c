/* pvr_bench_cache.c - what the cache saves: a field more, a level more, a level less, the same.
 *
 * usage: pvr_bench_cache OUTPUT [--threads N] [--runs R]
 *
 * In one process, one after the other and R times; medians. Beside them what they are measured by:
 * reading the field without a cache, parallel pread of its bytes, copying the same bytes into fresh
 * memory. One JSON object on standard output, a table on standard error.
 */
#include "pvr_bench_pread.h"
#include "pvr_cache.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 99 };
static const uint64_t budget = (uint64_t)1 << 40; /* nothing is let go */
static const uint64_t copy_bytes = (uint64_t)1 << 20;

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *value, int count) {
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

struct bench {
    struct pvr_snapshot *snapshot;
    struct pvr_threads threads;
    const char *names[PVR_MAX_VARIABLES];
    int nfields, root_level, max_level;
};

/* Loads `count` fields from the first'th on through `cache`, or without one; gives the seconds. */
static double load(const struct bench *bench, struct pvr_cache *cache, int first, int count,
                   int max_level, struct pvr_mesh **mesh) {
    struct pvr_mesh_request request = {.max_level = max_level,
                                       .fields = bench->names + first,
                                       .nfields = count,
                                       .precision = PVR_FLOAT64};
    struct pvr_error error;
    double begin = pvr_seconds();
    enum pvr_status status =
        cache != NULL
            ? pvr_cache_load(cache, bench->snapshot, &request, &bench->threads, NULL, NULL, mesh,
                             &error)
            : pvr_mesh_load(bench->snapshot, &request, &bench->threads, NULL, NULL, mesh, &error);
    if (status != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    return pvr_seconds() - begin;
}

static struct pvr_cache *new_cache(void) {
    struct pvr_cache *cache;
    if (pvr_cache_new(budget, &cache, NULL) != PVR_OK) {
        exit(1);
    }
    return cache;
}

struct field_figures {
    double added, alone, structure, pread;
};

/* Density, added to a mesh that has the other fields; by itself, octs included; the octs alone; and
 * its bytes read in parallel. */
static void measure_field(const struct bench *bench, struct field_figures *figures) {
    struct pvr_mesh *mesh, *more;
    struct pvr_cache *cache = new_cache();
    load(bench, cache, 1, bench->nfields - 1, 0, &mesh);
    figures->added = load(bench, cache, 0, bench->nfields, 0, &more);
    pvr_mesh_free(mesh);
    pvr_mesh_free(more);
    pvr_cache_release(cache);
    figures->alone = load(bench, NULL, 0, 1, 0, &mesh);
    pvr_mesh_free(mesh);
    figures->structure = load(bench, NULL, 0, 0, 0, &mesh);
    pvr_mesh_free(mesh);
    struct byte_ranges ranges = {0};
    if (!find_ranges(bench->snapshot, bench->root_level, 0, 1, &ranges)) {
        exit(1);
    }
    size_t kept = 0;
    for (size_t i = 0; i < ranges.count; i++) {
        if (ranges.range[i].kind >= 0) {
            ranges.range[kept++] = ranges.range[i];
        } else {
            ranges.total -= ranges.range[i].bytes;
        }
    }
    ranges.count = kept;
    figures->pread = read_ranges(bench->snapshot, &ranges, bench->threads.max);
    free_ranges(&ranges);
}

struct level_figures {
    double deeper, all, deeper_bytes, level_bytes, all_bytes;
};

static uint64_t bytes_of_levels(const struct bench *bench, int max_level) {
    struct byte_ranges ranges = {0};
    if (!find_ranges(bench->snapshot, bench->root_level, max_level,
                     pvr_snapshot_fields(bench->snapshot)->nvariables, &ranges)) {
        exit(1);
    }
    uint64_t bytes = ranges.total;
    free_ranges(&ranges);
    return bytes;
}

/* All fields to the level above the finest, then to the finest. */
static void measure_level(const struct bench *bench, struct level_figures *figures) {
    struct pvr_mesh *mesh, *deeper;
    struct pvr_cache *cache = new_cache();
    load(bench, cache, 0, bench->nfields, bench->max_level - 1, &mesh);
    figures->deeper = load(bench, cache, 0, bench->nfields, 0, &deeper);
    figures->deeper_bytes = (double)deeper->report.bytes_read;
    pvr_mesh_free(mesh);
    pvr_mesh_free(deeper);
    pvr_cache_release(cache);
    figures->all = load(bench, NULL, 0, bench->nfields, 0, &mesh);
    figures->all_bytes = (double)mesh->report.bytes_read;
    pvr_mesh_free(mesh);
    figures->level_bytes =
        (double)(bytes_of_levels(bench, 0) - bytes_of_levels(bench, bench->max_level - 1));
}

/* Copies the mesh's arrays into fresh memory with all threads; gives the seconds. */
static double copy_arrays(const struct pvr_mesh *mesh, int threads) {
    double begin = pvr_seconds();
    for (int i = 0; i < mesh->narrays; i++) {
        const struct pvr_array *from = mesh->arrays[i].array;
        char *to = pvr_large_alloc(from->bytes);
        int64_t chunks = (int64_t)((from->bytes + copy_bytes - 1) / copy_bytes);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (int64_t c = 0; c < chunks; c++) {
            uint64_t at = (uint64_t)c * copy_bytes;
            uint64_t count = from->bytes - at < copy_bytes ? from->bytes - at : copy_bytes;
            memcpy(to + at, (const char *)from->data + at, (size_t)count);
        }
        pvr_large_free(to, from->bytes);
    }
    return pvr_seconds() - begin;
}

struct copy_figures {
    double cut, copy, shared;
};

/* All fields with a level less, cut from the whole, and again as they are. */
static void measure_cut(const struct bench *bench, struct copy_figures *figures) {
    struct pvr_mesh *mesh, *less, *again;
    struct pvr_cache *cache = new_cache();
    load(bench, cache, 0, bench->nfields, 0, &mesh);
    figures->cut = load(bench, cache, 0, bench->nfields, bench->max_level - 1, &less);
    figures->shared = load(bench, cache, 0, bench->nfields, bench->max_level - 1, &again);
    figures->copy = copy_arrays(less, bench->threads.max);
    pvr_mesh_free(again);
    pvr_mesh_free(less);
    pvr_mesh_free(mesh);
    pvr_cache_release(cache);
}

int main(int argc, char **argv) {
    int runs = 5, option;
    struct bench bench = {.threads = {.max = pvr_threads_available(), .prefetch = true}};
    const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                     {"runs", required_argument, NULL, 'r'},
                                     {NULL, 0, NULL, 0}};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int value = option == '?' ? 0 : atoi(optarg);
        if (value < 1 || value > MAX_RUNS) {
            return 2;
        }
        *(option == 't' ? &bench.threads.max : &runs) = value;
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: pvr_bench_cache OUTPUT [--threads N] [--runs R]\n");
        return 2;
    }
    struct pvr_error error;
    if (pvr_snapshot_open(argv[optind], &bench.snapshot, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const struct pvr_field_table *table = pvr_snapshot_fields(bench.snapshot);
    bench.nfields = table->nfields;
    for (int i = 0; i < table->nfields; i++) {
        bench.names[i] = table->field[i].name;
    }
    struct pvr_mesh *mesh;
    load(&bench, NULL, 0, 1, 0, &mesh);
    bench.root_level = mesh->octree->root_level;
    bench.max_level = mesh->octree->max_level;
    pvr_mesh_free(mesh);

    struct field_figures field = {0};
    struct level_figures level = {0};
    struct copy_figures copy = {0};
    double value[10][MAX_RUNS];
    for (int i = 0; i < runs; i++) {
        measure_field(&bench, &field);
        measure_level(&bench, &level);
        measure_cut(&bench, &copy);
        const double all[] = {field.added, field.alone, field.structure, field.pread, level.deeper,
                              level.all,   copy.cut,    copy.copy,       copy.shared};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            value[j][i] = all[j];
        }
    }
    double *const figure[] = {&field.added, &field.alone,  &field.structure,
                              &field.pread, &level.deeper, &level.all,
                              &copy.cut,    &copy.copy,    &copy.shared};
    for (size_t j = 0; j < sizeof figure / sizeof *figure; j++) {
        *figure[j] = median(value[j], runs);
    }
    fprintf(stderr,
            "  with the cache, %d threads:\n"
            "  a field more       %7.3f s; that field by itself %.3f s: %.2f (without the octs: "
            "%.2f); pread of its bytes %.3f s: %.2f\n"
            "  the finest level   %7.3f s, %.1f MB read; the level's bytes are %.1f MB: %.3f; "
            "all levels %.3f s\n"
            "  a level less       %7.3f s; copying the same bytes %.3f s: %.2f\n"
            "  the same again     %7.0f microseconds\n",
            bench.threads.max, field.added, field.alone, field.added / field.alone,
            field.added / (field.alone - field.structure), field.pread, field.added / field.pread,
            level.deeper, level.deeper_bytes / 1e6, level.level_bytes / 1e6,
            level.deeper_bytes / level.level_bytes, level.all, copy.cut, copy.copy,
            copy.cut / copy.copy, copy.shared * 1e6);
    printf("{\"path\":\"%s\",\"threads\":%d,\"added_seconds\":%.6f,\"alone_seconds\":%.6f,"
           "\"structure_seconds\":%.6f,\"pread_seconds\":%.6f,\"deeper_seconds\":%.6f,"
           "\"deeper_bytes\":%.0f,\"level_bytes\":%.0f,\"all_bytes\":%.0f,\"cut_seconds\":%.6f,"
           "\"copy_seconds\":%.6f,\"shared_seconds\":%.9f}\n",
           argv[optind], bench.threads.max, field.added, field.alone, field.structure, field.pread,
           level.deeper, level.deeper_bytes, level.level_bytes, level.all_bytes, copy.cut,
           copy.copy, copy.shared);
    pvr_snapshot_release(bench.snapshot);
    return 0;
}
