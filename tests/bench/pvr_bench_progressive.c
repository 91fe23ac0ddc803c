/*
 * pvr_bench_progressive.c - an output from a slow disk, level by level and in one piece.
 *
 * Usage: pvr_bench_progressive PATH SECONDS [FIELD...]: the disk is as slow as makes one blocking
 * load take about SECONDS; 0: it is not slowed. Prints when each depth came, how the whole compares
 * with one blocking load, and how long a stop took in the middle of each depth.
 */
#include "pvr_progressive.h"

#include "slow_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct pvr_error error;

static void need(enum pvr_status status) {
    if (status != PVR_OK) {
        fprintf(stderr, "pvr_bench_progressive: %s\n", error.message);
        exit(1);
    }
}

struct bench {
    struct pvr_snapshot *snapshot;
    struct pvr_cache *cache;
    struct pvr_progressive *progressive;
    const char *path;
    struct pvr_mesh_request request;
};

/* Nothing is known and nothing is in memory. */
static void begin(struct bench *bench) {
    need(pvr_snapshot_open(bench->path, &bench->snapshot, &error));
    need(pvr_cache_new((uint64_t)8 << 30, &bench->cache, &error));
    need(pvr_progressive_new(bench->cache, &bench->progressive, &error));
}

static void end(struct bench *bench) {
    pvr_progressive_free(bench->progressive);
    pvr_cache_release(bench->cache);
    pvr_snapshot_release(bench->snapshot);
}

static double load_in_one(struct bench *bench) {
    struct pvr_mesh *mesh;
    begin(bench);
    double start = pvr_seconds();
    need(pvr_cache_load(bench->cache, bench->snapshot, &bench->request, NULL, NULL, NULL, &mesh,
                        &error));
    double seconds = pvr_seconds() - start;
    pvr_mesh_free(mesh);
    end(bench);
    return seconds;
}

static double load_by_level(struct bench *bench) {
    struct pvr_progressive_depth depth;
    begin(bench);
    double start = pvr_seconds();
    need(pvr_progressive_start(bench->progressive, bench->snapshot, &bench->request, NULL, NULL,
                               &error));
    while (pvr_progressive_wait(bench->progressive, 60) &&
           pvr_progressive_take(bench->progressive, &depth)) {
        printf("  level %2d: %10llu cells after %6.2f s\n", depth.mesh->octree->max_level,
               (unsigned long long)depth.mesh->octree->ncells, pvr_seconds() - start);
        pvr_mesh_free(depth.mesh);
    }
    double seconds = pvr_seconds() - start;
    need(pvr_progressive_state(bench->progressive).status);
    end(bench);
    return seconds;
}

/* The time that a stop takes `after` so many seconds. */
static double stop_after(struct bench *bench, double after) {
    begin(bench);
    need(pvr_progressive_start(bench->progressive, bench->snapshot, &bench->request, NULL, NULL,
                               &error));
    struct timespec wait = {(time_t)after, (long)(1e9 * (after - (double)(time_t)after))};
    nanosleep(&wait, NULL);
    double start = pvr_seconds();
    pvr_progressive_stop(bench->progressive);
    double seconds = pvr_seconds() - start;
    end(bench);
    return seconds;
}

int main(int argc, char **argv) {
    static const char *const usual[] = {"density", "velocity", "pressure"};
    if (argc < 3) {
        fprintf(stderr, "usage: pvr_bench_progressive PATH SECONDS [FIELD...]\n");
        return 2;
    }
    struct bench bench = {.path = argv[1], .request = {.precision = PVR_FLOAT32}};
    bench.request.fields = argc > 3 ? (const char *const *)argv + 3 : usual;
    bench.request.nfields = argc > 3 ? argc - 3 : 3;
    double wanted = strtod(argv[2], NULL);
    uint64_t before = slow_read_bytes();
    double fast = load_in_one(&bench);
    uint64_t bytes = slow_read_bytes() - before;
    printf("%.1f MB, %.2f s from a fast disk\n", (double)bytes / 1e6, fast);
    slow_read_set(wanted > 0.0 ? (double)bytes / wanted : 0.0);
    double one = load_in_one(&bench);
    printf("in one piece %.2f s\n", one);
    double all = load_by_level(&bench);
    printf("level by level %.2f s: %.2f times\n", all, all / one);
    double longest = 0.0;
    for (int i = 1; i < 12; i++) {
        double seconds = stop_after(&bench, 0.07 * i * one);
        longest = seconds > longest ? seconds : longest;
    }
    printf("longest of 11 stops %.3f s\n", longest);
    return 0;
}
