/* pvr_bench_export.c - how fast files are written, beside what liblz4 and the disk can do.
 *
 *     pvr_bench_export OUTPUT FOLDER [--runs N] [--threads N] [--keep]
 *
 * Loads density, velocity and pressure in double, then writes FOLDER/bench.htg and bench.vtu with
 * LZ4, by one thread and by all. The reference compresses the same bytes (the file written without
 * compression, in memory) in blocks of 1 MiB by as many threads, and then writes what came out.
 * Every run writes a new file: to free the pages of an old one takes its time, of no use here.
 * Best of N runs (5); one JSON object on standard output.
 */
#include "pvr_output_file.h"
#include "pvr_vtk_mesh.h"

#include "pvr_mesh.h"

#include <fcntl.h>
#include <lz4.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t block_bytes = (size_t)1 << 20;

typedef enum pvr_status (*write_fn)(const char *, const struct pvr_vtk_mesh *,
                                    const struct pvr_vtk_options *, const struct pvr_threads *,
                                    pvr_progress_fn, void *, struct pvr_vtk_statistics *,
                                    struct pvr_error *);

static void die(const char *what, const struct pvr_error *error) {
    fprintf(stderr, "pvr_bench_export: %s: %s\n", what, error != NULL ? error->message : "");
    exit(1);
}

struct reference {
    const char *raw;
    size_t bytes, nblocks;
    char *out; /* LZ4_compressBound of a block for each */
    size_t *size;
    int level;
    struct pvr_output_file file;
    uint64_t *offset;
};

static size_t room(void) {
    return (size_t)LZ4_compressBound((int)block_bytes);
}

static enum pvr_status compress_block(void *context, size_t block, struct pvr_worker *worker,
                                      struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct reference *all = context;
    const size_t left = all->bytes - block * block_bytes;
    all->size[block] = (size_t)LZ4_compress_fast(
        all->raw + block * block_bytes, all->out + block * room(),
        (int)(left < block_bytes ? left : block_bytes), (int)room(), 10 - all->level);
    return PVR_OK;
}

static enum pvr_status write_block(void *context, size_t block, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)worker;
    struct reference *all = context;
    return pvr_output_write(&all->file, all->offset[block], all->out + block * room(),
                            all->size[block], error);
}

/* Seconds to compress and to write, by `threads`; *writing is what the second takes of them. */
static double run_reference(struct reference *all, const char *path, int threads, double *writing) {
    const struct pvr_threads team = {.max = threads};
    struct pvr_error error;
    struct pvr_job job;
    pvr_error_clear(&error);
    unlink(path);
    if (pvr_output_begin(&all->file, path, &error) != PVR_OK ||
        pvr_job_begin(&job, &team, NULL, NULL, &error) != PVR_OK) {
        die(path, &error);
    }
    double begin = pvr_seconds();
    pvr_job_run(&job, all->nblocks, NULL, compress_block, NULL, all, &error);
    for (size_t b = 1; b < all->nblocks; b++) {
        all->offset[b] = all->offset[b - 1] + all->size[b - 1];
    }
    const double middle = pvr_seconds();
    if (pvr_job_run(&job, all->nblocks, NULL, write_block, NULL, all, &error) != PVR_OK ||
        pvr_output_commit(&all->file, &error) != PVR_OK) {
        die(path, &error);
    }
    const double end = pvr_seconds(), seconds = end - begin;
    *writing = fmin(*writing, end - middle);
    pvr_job_end(&job, NULL);
    pvr_output_end(&all->file);
    return seconds;
}

static double run_ours(write_fn write, const struct pvr_vtk_mesh *mesh, const char *path,
                       int threads, enum pvr_vtk_compressor compressor,
                       struct pvr_vtk_statistics *statistics) {
    const struct pvr_threads team = {.max = threads};
    const struct pvr_vtk_options options = {.compressor = compressor};
    struct pvr_error error;
    pvr_error_clear(&error);
    pvr_report_free(&statistics->report);
    memset(statistics, 0, sizeof *statistics);
    unlink(path);
    const double begin = pvr_seconds();
    if (write(path, mesh, &options, &team, NULL, NULL, statistics, &error) != PVR_OK) {
        die(path, &error);
    }
    return pvr_seconds() - begin;
}

/* The bytes of a file in memory. */
static void take_raw(const char *path, struct reference *all) {
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        die(path, NULL);
    }
    all->bytes = (size_t)status.st_size;
    all->raw = mmap(NULL, all->bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    all->nblocks = (all->bytes + block_bytes - 1) / block_bytes;
    all->out = pvr_large_alloc(all->nblocks * room());
    all->size = calloc(all->nblocks, sizeof *all->size);
    all->offset = calloc(all->nblocks, sizeof *all->offset);
    if (all->raw == MAP_FAILED || all->out == NULL || all->size == NULL || all->offset == NULL) {
        die("memory", NULL);
    }
    memset(all->out, 1, all->nblocks * room()); /* so that no run pays for fresh memory */
}

/* Of the processor, of all threads so far. */
static double busy_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void bench(const char *kind, write_fn write, const struct pvr_vtk_mesh *mesh,
                  const char *folder, int runs, int threads, bool keep) {
    char path[4096], other[4096];
    snprintf(path, sizeof path, "%s/bench.%s", folder, kind);
    snprintf(other, sizeof other, "%s/reference", folder);
    struct pvr_vtk_statistics statistics = {.operations = 0};
    struct reference reference = {.level = PVR_VTK_LEVEL_DEFAULT};
    double none = run_ours(write, mesh, path, threads, PVR_VTK_NONE, &statistics);
    take_raw(path, &reference);
    unlink(path);
    double best[4] = {INFINITY, INFINITY, INFINITY, INFINITY}, busy[2] = {INFINITY, INFINITY};
    double writing[2] = {INFINITY, INFINITY};
    for (int run = 0; run < runs; run++) {
        double begin = busy_seconds();
        best[0] = fmin(best[0], run_ours(write, mesh, path, 1, PVR_VTK_LZ4, &statistics));
        busy[0] = fmin(busy[0], busy_seconds() - begin);
        begin = busy_seconds();
        best[2] = fmin(best[2], run_reference(&reference, other, 1, &writing[0]));
        busy[1] = fmin(busy[1], busy_seconds() - begin);
        best[1] = fmin(best[1], run_ours(write, mesh, path, threads, PVR_VTK_LZ4, &statistics));
        best[3] = fmin(best[3], run_reference(&reference, other, threads, &writing[1]));
    }
    printf(" \"%s\": {\"bytes_in\": %llu, \"bytes_out\": %llu, \"seconds_none\": %.4f,\n"
           "  \"seconds_1\": %.4f, \"seconds_n\": %.4f, \"reference_1\": %.4f, \"reference_n\": "
           "%.4f,\n"
           "  \"rate_of_reference_1\": %.3f, \"rate_of_reference_n\": %.3f, \"speedup\": %.3f,\n"
           "  \"writing_1\": %.4f, \"writing_n\": %.4f,\n"
           "  \"processor_seconds_1\": %.3f, \"processor_reference_1\": %.3f}",
           kind, (unsigned long long)statistics.bytes_in, (unsigned long long)statistics.bytes_out,
           none, best[0], best[1], best[2], best[3], best[2] / best[0], best[3] / best[1],
           best[0] / best[1], writing[0], writing[1], busy[0], busy[1]);
    pvr_report_free(&statistics.report);
    munmap((void *)(uintptr_t)reference.raw, reference.bytes);
    pvr_large_free(reference.out, reference.nblocks * room());
    free(reference.size);
    free(reference.offset);
    unlink(other);
    if (!keep) {
        unlink(path);
    }
}

/* Bytes of the files' geometry alone: the same without fields. */
static uint64_t geometry(write_fn write, const struct pvr_vtk_mesh *mesh, const char *folder) {
    struct pvr_vtk_mesh bare = *mesh;
    struct pvr_vtk_statistics statistics = {.operations = 0};
    char path[4096];
    snprintf(path, sizeof path, "%s/geometry", folder);
    bare.nfields = 0;
    run_ours(write, &bare, path, 0, PVR_VTK_LZ4, &statistics);
    pvr_report_free(&statistics.report);
    unlink(path);
    return statistics.bytes_out;
}

int main(int argc, char **argv) {
    int runs = 5, threads = pvr_threads_available();
    bool keep = false;
    if (argc < 3) {
        fprintf(stderr,
                "usage: pvr_bench_export OUTPUT FOLDER [--runs N] [--threads N] [--keep]\n");
        return 2;
    }
    for (int a = 3; a < argc; a++) {
        if (strcmp(argv[a], "--keep") == 0) {
            keep = true;
        } else if (a + 1 < argc && strcmp(argv[a], "--runs") == 0) {
            runs = atoi(argv[++a]);
        } else if (a + 1 < argc && strcmp(argv[a], "--threads") == 0) {
            threads = atoi(argv[++a]);
        }
    }
    const char *const names[] = {"density", "velocity", "pressure"};
    const struct pvr_mesh_request request = {
        .fields = names, .nfields = 3, .precision = PVR_FLOAT64};
    struct pvr_error error;
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh;
    if (pvr_snapshot_open(argv[1], &snapshot, &error) != PVR_OK ||
        pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error) != PVR_OK) {
        die(argv[1], &error);
    }
    struct pvr_vtk_field fields[3];
    for (int f = 0; f < 3; f++) {
        fields[f] = (struct pvr_vtk_field){.name = names[f], .array = mesh->arrays[f].array};
    }
    const struct pvr_vtk_mesh written = {.octree = mesh->octree, .nfields = 3, .fields = fields};
    printf("{\"leaf_cells\": %llu, \"threads\": %d,\n", (unsigned long long)mesh->octree->nleaves,
           threads);
    bench("htg", pvr_vtk_htg_write, &written, argv[2], runs, threads, keep);
    printf(",\n");
    bench("vtu", pvr_vtk_vtu_write, &written, argv[2], runs, threads, keep);
    printf(",\n \"geometry_htg\": %llu, \"geometry_vtu\": %llu}\n",
           (unsigned long long)geometry(pvr_vtk_htg_write, &written, argv[2]),
           (unsigned long long)geometry(pvr_vtk_vtu_write, &written, argv[2]));
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return 0;
}
