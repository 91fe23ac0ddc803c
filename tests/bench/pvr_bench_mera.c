/* pvr_bench_mera.c - how fast a Mera file is read.
 *
 *   pvr_bench_mera FILE [THREADS [REPEATS]]
 *
 * Expands all columns of the mesh's kind, and the same LZ4 blocks by liblz4 alone with the same
 * threads: from memory, and after a pread of each into a buffer that is used again and again; then
 * loads the mesh. Gives the least of several times, and processor time.
 */
#include "pvr_jld2_columns.h"
#include "pvr_lz4.h"
#include "pvr_mera_output.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A block for liblz4 alone. */
struct alone {
    int column;
    struct pvr_lz4_block block;
};

struct columns {
    const struct pvr_mera_table *table;
    size_t nalone;
    struct alone *alone;
    uint64_t *cost; /* [nalone] */
    int fd;         /* to read the chunks from; -1: they are in memory */
    struct pvr_jld2_column *column;
    uint8_t **compressed; /* [column]: its chunk */
};

struct timing {
    double wall, cpu; /* least */
};

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void note(struct timing *timing, double wall, double cpu) {
    timing->wall = timing->wall == 0 || wall < timing->wall ? wall : timing->wall;
    timing->cpu = timing->cpu == 0 || cpu < timing->cpu ? cpu : timing->cpu;
}

static void must(enum pvr_status status, const struct pvr_error *error) {
    if (status != PVR_OK) {
        fprintf(stderr, "pvr_bench_mera: %s\n", error->message);
        exit(1);
    }
}

static bool from_memory(void *context, uint64_t offset, void *data, size_t bytes) {
    memcpy(data, (const uint8_t *)context + offset, bytes);
    return true;
}

/* All columns of cells have the same size. */
static uint64_t room_of(const struct pvr_jld2_object *object) {
    return pvr_jld2_column_room(pvr_jld2_bytes(object));
}

/* One block, by liblz4. */
static enum pvr_status expand_alone(void *context, size_t task, struct pvr_worker *worker,
                                    struct pvr_error *error) {
    const struct columns *columns = context;
    const struct alone *alone = &columns->alone[task];
    const struct pvr_lz4_block *block = &alone->block;
    const uint8_t *from = columns->compressed[alone->column] + block->in;
    if (columns->fd >= 0) {
        uint8_t *read = pvr_worker_buffer(worker, block->in_bytes);
        off_t at = (off_t)(columns->column[alone->column].object->chunk[0].offset + block->in);
        if (read == NULL ||
            pread(columns->fd, read, block->in_bytes, at) != (ssize_t)block->in_bytes) {
            return pvr_fail(error, PVR_ERROR_IO, "a block cannot be read");
        }
        from = read;
    }
    uint8_t *out = (uint8_t *)columns->column[alone->column].out + block->out;
    if (block->plain) {
        memcpy(out, from, block->out_bytes);
    } else if (LZ4_decompress_safe((const char *)from, (char *)out, (int)block->in_bytes,
                                   (int)block->out_bytes) < 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "liblz4 fails");
    }
    return PVR_OK;
}

/* Reads the compressed bytes; false where a column is not one chunk of LZ4 blocks that stand by
 * themselves. */
static bool fetch(const struct pvr_jld2_source *source, struct columns *columns) {
    for (int i = 0; i < columns->table->ncolumns; i++) {
        const struct pvr_jld2_object *object = columns->column[i].object;
        FILE *file = fopen(source->path, "rb");
        if (object->nchunks != 1 || file == NULL) {
            return false;
        }
        columns->compressed[i] = malloc(object->chunk[0].bytes);
        bool read = fseek(file, (long)object->chunk[0].offset, SEEK_SET) == 0 &&
                    fread(columns->compressed[i], object->chunk[0].bytes, 1, file) == 1;
        fclose(file);
        struct pvr_lz4_block *blocks = NULL;
        size_t count = 0;
        if (!read ||
            pvr_lz4_list(from_memory, columns->compressed[i], object->chunk[0].bytes,
                         pvr_jld2_bytes(object), &blocks, &count) != NULL ||
            count == 0) {
            return false;
        }
        size_t all = columns->nalone + count;
        columns->alone = realloc(columns->alone, all * sizeof *columns->alone);
        columns->cost = realloc(columns->cost, all * sizeof *columns->cost);
        for (size_t b = 0; b < count; b++) {
            columns->cost[columns->nalone] = blocks[b].out_bytes;
            columns->alone[columns->nalone++] = (struct alone){i, blocks[b]};
        }
        free(blocks);
    }
    return true;
}

static void bench_columns(const struct pvr_mera *mera, const struct pvr_threads *threads,
                          int repeats) {
    const struct pvr_mera_table *table = &mera->table[pvr_mera_mesh_kind(mera)];
    size_t n = (size_t)table->ncolumns;
    struct columns columns = {.table = table, .fd = -1};
    columns.column = calloc(n, sizeof *columns.column);
    columns.compressed = calloc(n, sizeof *columns.compressed);
    struct timing ours = {0, 0}, alone[2] = {{0, 0}, {0, 0}};
    struct pvr_error error;
    struct pvr_jld2_source source;
    uint64_t bytes = 0;
    must(pvr_jld2_source_open(mera->path, &mera->identity, &source, &error), &error);
    for (size_t i = 0; i < n; i++) {
        const struct pvr_jld2_object *object = &table->column[i].object;
        size_t size = (size_t)pvr_jld2_bytes(object), room = (size_t)room_of(object);
        columns.column[i] =
            (struct pvr_jld2_column){object, table->column[i].name, pvr_large_alloc(room)};
        memset(columns.column[i].out, 1, room);
        bytes += size;
    }
    bool comparable = fetch(&source, &columns);
    for (int r = 0; r < repeats; r++) {
        struct pvr_job job;
        double wall = pvr_seconds(), cpu = cpu_seconds();
        must(pvr_job_begin(&job, threads, NULL, NULL, &error), &error);
        must(pvr_jld2_columns_read_in(&source, columns.column, (int)n,
                                      room_of(columns.column[0].object), &job, &error),
             &error);
        pvr_job_end(&job, NULL);
        note(&ours, pvr_seconds() - wall, cpu_seconds() - cpu);
        for (int i = 0; comparable && i < 2; i++) {
            columns.fd = i == 0 ? -1 : source.fd;
            wall = pvr_seconds();
            cpu = cpu_seconds();
            must(pvr_job_begin(&job, threads, NULL, NULL, &error), &error);
            must(pvr_job_run(&job, columns.nalone, columns.cost, expand_alone, NULL, &columns,
                             &error),
                 &error);
            pvr_job_end(&job, NULL);
            note(&alone[i], pvr_seconds() - wall, cpu_seconds() - cpu);
        }
    }
    printf("%zu columns, %.1f MB in the file, %.1f MB expanded\n", n, (double)table->stored / 1e6,
           (double)bytes / 1e6);
    printf("  expanded from the file    %.3f s, processors %.3f s\n", ours.wall, ours.cpu);
    for (int i = 0; comparable && i < 2; i++) {
        printf("  liblz4 alone %s %.3f s, processors %.3f s: we have %.0f %%, by processor time "
               "%.0f %% of its rate\n",
               i == 0 ? "from memory" : "with preads", alone[i].wall, alone[i].cpu,
               100 * alone[i].wall / ours.wall, 100 * alone[i].cpu / ours.cpu);
    }
    for (size_t i = 0; i < n; i++) {
        pvr_large_free(columns.column[i].out, (size_t)room_of(columns.column[i].object));
        free(columns.compressed[i]);
    }
    pvr_jld2_source_close(&source);
    free(columns.column);
    free(columns.compressed);
    free(columns.alone);
    free(columns.cost);
}

static void bench_mesh(const char *path, const struct pvr_threads *threads, int repeats) {
    struct timing timing = {0, 0};
    uint64_t cells = 0;
    int nfields = 0;
    for (int r = 0; r < repeats; r++) {
        struct pvr_error error;
        struct pvr_snapshot *snapshot;
        struct pvr_mesh *mesh;
        const char *names[64];
        double wall = pvr_seconds(), cpu = cpu_seconds();
        must(pvr_snapshot_open(path, &snapshot, &error), &error);
        const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
        nfields = 0;
        for (int i = 0; i < table->nfields && nfields < 64; i++) {
            if (table->field[i].by_default) {
                names[nfields++] = table->field[i].name;
            }
        }
        const struct pvr_mesh_request request = {
            .fields = names, .nfields = nfields, .precision = PVR_FLOAT32};
        must(pvr_mesh_load(snapshot, &request, threads, NULL, NULL, &mesh, &error), &error);
        note(&timing, pvr_seconds() - wall, cpu_seconds() - cpu);
        cells = mesh->octree->nleaves;
        if (r == repeats - 1) {
            char text[4096];
            pvr_report_text(&mesh->report, text, sizeof text);
            printf("%s", text);
        }
        pvr_mesh_free(mesh);
        pvr_snapshot_release(snapshot);
    }
    printf("  mesh of %llu leaf cells, %d fields in float: %.3f s, processors %.3f s\n",
           (unsigned long long)cells, nfields, timing.wall, timing.cpu);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: pvr_bench_mera FILE [THREADS [REPEATS]]\n");
        return 2;
    }
    const struct pvr_threads threads = {.max = argc > 2 ? atoi(argv[2]) : 0, .prefetch = true};
    int repeats = argc > 3 ? atoi(argv[3]) : 3;
    struct pvr_mera *mera;
    struct pvr_error error;
    must(pvr_mera_open(argv[1], &mera, &error), &error);
    if (pvr_mera_mesh_kind(mera) == PVR_MERA_KINDS) {
        fprintf(stderr, "pvr_bench_mera: %s: has no cells\n", argv[1]);
        return 1;
    }
    bench_columns(mera, &threads, repeats);
    bench_mesh(argv[1], &threads, repeats);
    pvr_mera_free(mera);
    return 0;
}
