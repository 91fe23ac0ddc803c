/* pvr_bench_derived.c - how fast derived fields are computed, beside copying their inputs.
 *
 * usage: pvr_bench_derived OUTPUT [--threads N] [--runs R] [--single] [--field NAME]
 *
 * Loads the fields in double (--single: float), then for each derived field (or one) R times:
 * copies its inputs into fresh arrays with the same threads, and computes it into a fresh array.
 * Medians. One JSON object on standard output, a table on standard error.
 */
#include "pvr_derived.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 99 };
static const size_t chunk = (size_t)1 << 18; /* bytes of a copying task */

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *value, int count) {
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

struct copying {
    const struct pvr_array *from;
    struct pvr_array *to;
};

static enum pvr_status copy_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct copying *copying = context;
    size_t first = task * chunk, left = (size_t)copying->from->bytes - first;
    memcpy((char *)copying->to->data + first, (const char *)copying->from->data + first,
           left < chunk ? left : chunk);
    return PVR_OK;
}

/* Seconds to copy an array into a fresh one. */
static double copy(const struct pvr_array *from, const struct pvr_threads *threads) {
    double begin = pvr_seconds();
    struct copying copying = {.from = from};
    struct pvr_job job;
    if (pvr_array_new(from->type, from->ncomponents, from->ntuples, &copying.to, NULL) != PVR_OK ||
        pvr_job_begin(&job, threads, NULL, NULL, NULL) != PVR_OK) {
        return -1;
    }
    pvr_job_run(&job, ((size_t)from->bytes + chunk - 1) / chunk, NULL, copy_task, NULL, &copying,
                NULL);
    pvr_job_end(&job, NULL);
    double seconds = pvr_seconds() - begin;
    pvr_array_release(copying.to);
    return seconds;
}

struct bench {
    const struct pvr_mesh *mesh;
    const struct pvr_info *info;
    const struct pvr_field_table *table;
    struct pvr_derived_options options;
    struct pvr_threads threads;
    enum pvr_type precision;
    const char *only; /* null: all */
    int runs;
};

/* Medians of computing `name` and of copying what it needs (0 for fields of the geometry). */
static bool measure(const struct bench *bench, const char *name, double *own, double *copied) {
    double own_run[MAX_RUNS], copy_run[MAX_RUNS];
    const char *needs[PVR_DERIVED_MOST_NEEDS];
    int nneeds = pvr_derived_needs(&name, 1, &bench->options, bench->table, needs);
    for (int run = 0; run < bench->runs; run++) {
        copy_run[run] = 0;
        for (int i = 0; i < nneeds; i++) {
            for (int a = 0; a < bench->mesh->narrays; a++) {
                if (strcmp(bench->mesh->arrays[a].name, needs[i]) == 0) {
                    copy_run[run] += copy(bench->mesh->arrays[a].array, &bench->threads);
                }
            }
        }
        const struct pvr_derived_request request = {
            .names = &name, .count = 1, .units = PVR_UNITS_ASTRO, .precision = bench->precision};
        struct pvr_mesh_array out;
        struct pvr_error error;
        double begin = pvr_seconds();
        if (pvr_derive(bench->mesh, bench->info, &request, &bench->options, &bench->threads, NULL,
                       NULL, &out, NULL, &error) != PVR_OK) {
            fprintf(stderr, "%s: %s\n", name, error.message);
            return false;
        }
        own_run[run] = pvr_seconds() - begin;
        pvr_array_release(out.array);
    }
    *own = median(own_run, bench->runs);
    *copied = median(copy_run, bench->runs);
    return true;
}

static bool measure_all(const struct bench *bench) {
    double cells = (double)bench->mesh->octree->ncells;
    fprintf(stderr, "  %.1f million cells, %d threads, %s: nanoseconds per cell\n", cells / 1e6,
            pvr_threads_count(&bench->threads),
            bench->precision == PVR_FLOAT32 ? "float" : "double");
    printf("{\"cells\":%.0f,\"threads\":%d,\"precision\":\"%s\",\"fields\":{", cells,
           pvr_threads_count(&bench->threads),
           bench->precision == PVR_FLOAT32 ? "float" : "double");
    const char *between = "";
    for (int i = 0; i < pvr_derived_count(); i++) {
        const struct pvr_derived_info *derived = pvr_derived_at(i);
        double own, copied;
        if (!pvr_derived_available(derived, bench->info, bench->table, NULL, 0) ||
            (bench->only != NULL && strcmp(bench->only, derived->name) != 0)) {
            continue;
        }
        if (!measure(bench, derived->name, &own, &copied)) {
            return false;
        }
        fprintf(stderr, "  %-28s %6.2f   copying its inputs %6.2f", derived->name,
                own / cells * 1e9, copied / cells * 1e9);
        fprintf(stderr, copied > 0 ? "   ratio %5.2f\n" : "\n", own / copied);
        printf("%s\"%s\":{\"seconds\":%.6f,\"copy_seconds\":%.6f}", between, derived->name, own,
               copied);
        between = ",";
    }
    printf("}}\n");
    return true;
}

int main(int argc, char **argv) {
    struct bench bench = {.runs = 5, .precision = PVR_FLOAT64};
    const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                     {"runs", required_argument, NULL, 'r'},
                                     {"single", no_argument, NULL, 's'},
                                     {"field", required_argument, NULL, 'f'},
                                     {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's' || option == 'f') {
            bench.precision = option == 's' ? PVR_FLOAT32 : bench.precision;
            bench.only = option == 'f' ? optarg : bench.only;
            continue;
        }
        int value = option == '?' ? 0 : atoi(optarg);
        if (value < 1 || value > MAX_RUNS) {
            return 2;
        }
        *(option == 't' ? &bench.threads.max : &bench.runs) = value;
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: pvr_bench_derived OUTPUT [--threads N] [--runs R] [--single] "
                        "[--field NAME]\n");
        return 2;
    }
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh;
    struct pvr_error error;
    if (pvr_snapshot_open(argv[optind], &snapshot, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    bench.info = pvr_snapshot_info(snapshot);
    bench.table = pvr_snapshot_fields(snapshot);
    bench.options = pvr_derived_defaults(snapshot);
    const char *names[PVR_MAX_VARIABLES];
    for (int i = 0; i < bench.table->nfields; i++) {
        names[i] = bench.table->field[i].name;
    }
    const struct pvr_mesh_request request = {
        .fields = names, .nfields = bench.table->nfields, .precision = bench.precision};
    if (pvr_mesh_load(snapshot, &request, &bench.threads, NULL, NULL, &mesh, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        pvr_snapshot_release(snapshot);
        return 1;
    }
    bench.mesh = mesh;
    bool well = measure_all(&bench);
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return well ? 0 : 1;
}
