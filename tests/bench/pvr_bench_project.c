/* pvr_bench_project.c - how fast maps are made of a mesh in memory.
 *
 * usage: pvr_bench_project OUTPUT [--threads N] [--runs R] [--pixels P]
 *
 * Loads density, velocity and pressure in double. Then: the surface density; one and five
 * mass-weighted fields; the surface density in an oblique direction; the surface density with one
 * thread. Each R times in a row (oblique: R / 3), and the best of these: the first in a virtual
 * machine waits for the host to find memory for the map. One JSON object on standard output, a
 * table on standard error.
 */
#include "pvr_mesh.h"
#include "pvr_projection.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 99, CASES = 5, OBLIQUE = 3 };

static const char *const case_name[CASES] = {"surface_density", "one_field", "five_fields",
                                             "oblique", "one_thread"};

struct bench {
    const struct pvr_mesh *mesh;
    int threads, pixels;
};

static struct pvr_map_value value_of(const struct pvr_mesh *mesh, const char *name, int component) {
    struct pvr_map_value value = {.nterms = 1};
    for (int a = 0; a < mesh->narrays; a++) {
        if (strcmp(mesh->arrays[a].name, name) == 0) {
            value.term[0] = (struct pvr_map_term){
                .array = mesh->arrays[a].array, .component = component, .coefficient = 1};
        }
    }
    return value;
}

/* Seconds from arrays to finished images, or -1; `total` is the sum of the first. */
static double measure(const struct bench *bench, int which, double *total) {
    const struct pvr_octree *octree = bench->mesh->octree;
    double high[3];
    for (int a = 0; a < 3; a++) {
        high[a] = octree->origin[a] + octree->size[a];
    }
    const bool oblique = which == OBLIQUE, weighted = which == 1 || which == 2;
    const struct pvr_view_request view = {.direction = oblique ? PVR_ALONG_VECTOR : PVR_ALONG_Z,
                                          .line_of_sight = {0.3, 0.5, 0.8},
                                          .width = oblique ? octree->size[0] : 0,
                                          .pixels = (uint32_t)bench->pixels};
    const struct pvr_map_value density = value_of(bench->mesh, "density", 0);
    const struct pvr_map_value values[5] = {
        density, value_of(bench->mesh, "velocity", 0), value_of(bench->mesh, "velocity", 1),
        value_of(bench->mesh, "velocity", 2), value_of(bench->mesh, "pressure", 0)};
    struct pvr_map_request request = {.mode = weighted ? PVR_MAP_MEAN : PVR_MAP_SURFACE_DENSITY,
                                      .weighting = weighted ? PVR_WEIGHT_ARRAY : PVR_WEIGHT_VOLUME,
                                      .nvalues = which == 2 ? 5 : 1};
    const struct pvr_threads threads = {.max = which == 4 ? 1 : bench->threads};
    struct pvr_error error;
    struct pvr_map *map = NULL;
    struct pvr_map_totals totals[5];
    double *image[5] = {NULL};
    double begin = pvr_seconds();
    enum pvr_status status = pvr_view_make(&view, octree->origin, high, &request.view, &error);
    status = status == PVR_OK ? pvr_map_new(&request, &map, &error) : status;
    if (status == PVR_OK) {
        status = pvr_project_octree(map, octree, which == 1 ? &values[4] : values,
                                    weighted ? &density : NULL, &threads, NULL, NULL, NULL, &error);
    }
    for (int v = 0; status == PVR_OK && v < request.nvalues; v++) {
        image[v] = pvr_map_plane(map, v);
    }
    if (status == PVR_OK) {
        status = pvr_map_finish(map, NULL, 0, image, totals, &threads, &error);
    }
    double seconds = pvr_seconds() - begin;
    if (status != PVR_OK) {
        fprintf(stderr, "%s: %s\n", case_name[which], error.message);
        seconds = -1;
    }
    *total = totals[0].integral;
    pvr_map_free(map);
    return seconds;
}

int main(int argc, char **argv) {
    struct bench bench = {.pixels = 2048};
    int runs = 5;
    const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                     {"runs", required_argument, NULL, 'r'},
                                     {"pixels", required_argument, NULL, 'p'},
                                     {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int value = option == '?' ? 0 : atoi(optarg);
        if (value < 1 || (option == 'r' && value > MAX_RUNS)) {
            return 2;
        }
        *(option == 't' ? &bench.threads : option == 'r' ? &runs : &bench.pixels) = value;
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: pvr_bench_project OUTPUT [--threads N] [--runs R] [--pixels P]\n");
        return 2;
    }
    struct pvr_snapshot *snapshot;
    struct pvr_mesh *mesh;
    struct pvr_error error;
    const char *fields[] = {"density", "velocity", "pressure"};
    const struct pvr_mesh_request request = {
        .fields = fields, .nfields = 3, .precision = PVR_FLOAT64};
    if (pvr_snapshot_open(argv[optind], &snapshot, &error) != PVR_OK ||
        pvr_mesh_load(snapshot, &request, NULL, NULL, NULL, &mesh, &error) != PVR_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    bench.mesh = mesh;
    double best[CASES], total[CASES];
    for (int c = 0; c < CASES; c++) {
        const int times = c == OBLIQUE ? (runs + 2) / 3 : runs;
        for (int run = 0; run < times; run++) {
            double seconds = measure(&bench, c, &total[c]);
            best[c] = run == 0 || seconds < best[c] ? seconds : best[c];
        }
    }
    const struct pvr_threads threads = {.max = bench.threads};
    fprintf(stderr, "  %.1f million leaf cells to %d x %d pixels, %d threads\n",
            (double)mesh->octree->nleaves / 1e6, bench.pixels, bench.pixels,
            pvr_threads_count(&threads));
    printf("{\"leaf_cells\":%llu,\"pixels\":%d,\"threads\":%d",
           (unsigned long long)mesh->octree->nleaves, bench.pixels, pvr_threads_count(&threads));
    for (int c = 0; c < CASES; c++) {
        fprintf(stderr, "  %-16s %7.3f s   %5.2f times the first\n", case_name[c], best[c],
                best[c] / best[0]);
        printf(",\"%s_seconds\":%.6f,\"%s_total\":%.17g", case_name[c], best[c], case_name[c],
               total[c]);
    }
    printf("}\n");
    pvr_mesh_free(mesh);
    pvr_snapshot_release(snapshot);
    return 0;
}
