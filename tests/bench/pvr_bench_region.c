/*
 * pvr_bench_region.c - how much of an output is read for a region of it, and how long that takes.
 *
 * Usage: pvr_bench_region OUTPUT [--runs N] [--threads N] [--share S]
 *
 * Loads the whole mesh, then spheres of the share S of the volume (0.01) around places all over the
 * box, each from a handle that knows nothing yet. Prints a line for each and a JSON object: bytes
 * read as a multiple of the octs' bytes (centres, sons, values) of the domains that own a leaf in
 * the sphere, at most; seconds per byte read, of all spheres, as a multiple of the whole mesh's.
 */
#include "pvr_mesh.h"
#include "pvr_snapshot_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 8 };

static void stop(const struct pvr_error *error) {
    fprintf(stderr, "pvr_bench_region: %s\n", error->message);
    exit(1);
}

struct loaded {
    double seconds;
    uint64_t leaves, bytes;
    uint8_t *owner; /* [domain - 1]: owns a leaf */
};

/* Notes the owners of the leaves below (or at) a cell. */
static void note_owners(const struct pvr_octree *octree, const struct pvr_cell *cell,
                        const int32_t *domain, uint8_t *owner) {
    struct pvr_cell children[8];
    int n = pvr_octree_children(octree, cell, children);
    if (n == 0 && !cell->outside && domain[cell->index] > 0) {
        owner[domain[cell->index] - 1] = 1;
    }
    for (int c = 0; c < n; c++) {
        note_owners(octree, &children[c], domain, owner);
    }
}

static struct loaded load(const char *path, const struct pvr_region *region,
                          const struct pvr_threads *threads) {
    const char *fields[PVR_MAX_VARIABLES + 1] = {PVR_FIELD_DOMAIN};
    struct pvr_error error;
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh;
    if (pvr_snapshot_open(path, &snapshot, &error) != PVR_OK) {
        stop(&error);
    }
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    int nfields = 1;
    for (int f = 0; f < table->nfields && nfields < PVR_MAX_VARIABLES; f++) {
        fields[nfields++] = table->field[f].name;
    }
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = nfields, .precision = PVR_FLOAT64, .region = region};
    struct loaded loaded = {.seconds = -pvr_seconds()};
    if (pvr_mesh_load(snapshot, &request, threads, NULL, NULL, &mesh, &error) != PVR_OK) {
        stop(&error);
    }
    loaded.seconds += pvr_seconds();
    loaded.leaves = mesh->octree->nleaves;
    loaded.bytes = mesh->report.bytes_read;
    loaded.owner = calloc((size_t)pvr_snapshot_info(snapshot)->ncpu, 1);
    const struct pvr_octree *octree = mesh->octree;
    for (uint64_t t = 0; region != NULL && t < octree->ntrees; t++) {
        const uint32_t at[3] = {(uint32_t)(t % octree->root_dims[0]),
                                (uint32_t)(t / octree->root_dims[0] % octree->root_dims[1]),
                                (uint32_t)(t / octree->root_dims[0] / octree->root_dims[1])};
        struct pvr_cell cell;
        pvr_octree_cell(octree, octree->root_level, at, &cell);
        note_owners(octree, &cell, mesh->arrays[0].array->data, loaded.owner);
    }
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return loaded;
}

/* The fastest of several loads. */
static struct loaded best(const char *path, const struct pvr_region *region,
                          const struct pvr_threads *threads, int runs) {
    struct loaded fastest = load(path, region, threads);
    for (int i = 1; i < runs; i++) {
        struct loaded other = load(path, region, threads);
        fastest.seconds = other.seconds < fastest.seconds ? other.seconds : fastest.seconds;
        free(other.owner);
    }
    return fastest;
}

/* Bytes of all own octs of the owners. */
static uint64_t octs_bytes(struct pvr_snapshot *snapshot, const uint8_t *owner) {
    const struct pvr_amr_header *amr = &snapshot->layout.amr;
    uint64_t cells = (uint64_t)1 << amr->ndim, bytes = 0;
    uint64_t per_oct =
        (uint64_t)amr->ndim * amr->real_bytes + 4 * cells +
        cells * (uint64_t)pvr_snapshot_fields(snapshot)->nvariables * amr->real_bytes;
    for (int d = 1; d <= amr->ncpu; d++) {
        for (int l = 1; owner[d - 1] && l <= amr->nlevelmax; l++) {
            bytes += per_oct * pvr_domains_place(snapshot->domains, d, l)->noct;
        }
    }
    return bytes;
}

int main(int argc, char **argv) {
    struct pvr_threads threads = {.prefetch = true};
    int runs = 3;
    double share = 0.01;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--runs") == 0) {
            runs = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--threads") == 0) {
            threads.max = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--share") == 0) {
            share = atof(argv[i + 1]);
        }
    }
    struct pvr_error error;
    struct pvr_snapshot *snapshot;
    struct pvr_level_count levels[64];
    int nlevels;
    if (argc < 2 || pvr_snapshot_open(argv[1], &snapshot, &error) != PVR_OK ||
        pvr_snapshot_levels(snapshot, &threads, levels, &nlevels, &error) != PVR_OK) {
        fprintf(stderr, "usage: pvr_bench_region OUTPUT [--runs N] [--threads N] [--share S]\n");
        return 2;
    }
    double size[3], worst = 0, seconds = 0, bytes_read = 0;
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    struct loaded whole = best(argv[1], NULL, &threads, runs);
    printf("whole: %llu leaves, %.1f MB, %.3f s\n", (unsigned long long)whole.leaves,
           (double)whole.bytes / 1e6, whole.seconds);
    for (int i = 0; i < PLACES; i++) {
        struct pvr_region region = {.type = PVR_REGION_SPHERE,
                                    .radius = size[0] * cbrt(share * 0.75 / 3.14159265358979)};
        for (int axis = 0; axis < 3; axis++) { /* spread evenly: a low-discrepancy sequence */
            static const double step[3] = {0.8191725133961644, 0.6710436067037893,
                                           0.5497004779019703};
            region.centre[axis] = size[axis] * fmod(0.5 + (i + 1) * step[axis], 1);
        }
        struct loaded part = best(argv[1], &region, &threads, runs);
        int owners = 0;
        for (int d = 0; d < snapshot->info.ncpu; d++) {
            owners += part.owner[d];
        }
        double bytes = (double)part.bytes / (double)octs_bytes(snapshot, part.owner);
        worst = bytes > worst ? bytes : worst;
        seconds += part.seconds;
        bytes_read += (double)part.bytes;
        printf("region %d: %llu leaves, %d domains, %.1f MB (%.3f of their octs), %.4f s\n", i + 1,
               (unsigned long long)part.leaves, owners, (double)part.bytes / 1e6, bytes,
               part.seconds);
        free(part.owner);
    }
    printf(
        "{\"leaves\": %llu, \"seconds\": %.6f, \"worst_bytes\": %.4f, \"time_per_byte\": %.4f}\n",
        (unsigned long long)whole.leaves, whole.seconds, worst,
        seconds / bytes_read / (whole.seconds / (double)whole.bytes));
    free(whole.owner);
    pvr_snapshot_release(snapshot);
    return 0;
}
