/* cmd_bench.c - pvramses bench: how many threads pay, on this data and this storage. */
#include "chosen.h"
#include "cli.h"
#include "format.h"
#include "json.h"
#include "options.h"
#include "progress.h"
#include "pvr_output_file.h"
#include "pvr_projection.h"
#include "pvr_text.h"
#include "pvr_vtk_mesh.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: pvramses bench PATH [--threads N] [--fields A,B,...] [--max-level L]\n"
    "                      [--folder DIR] [--runs R] [--plot FILE.svg] [--json] [--quiet]\n"
    "       pvramses bench --help\n";

static const char help[] =
    "pvramses bench - how many threads pay on your data and your storage\n"
    "\n"
    "  pvramses bench PATH [OPTION...]\n"
    "\n"
    "PATH is an output's info file or its folder. Loads the mesh, makes a map of it (along z, of\n"
    "1024 x 1024 pixels) and writes it as a .htg file with LZ4, with 1, 2, 4, ... threads, and "
    "says\n"
    "which number to use: the smallest that reaches nine tenths of the best speed. Of outer loops\n"
    "over outputs (--jobs of export and convert) and threads inside of one, choose so that the\n"
    "product is what the machine has, and the inner number not above that.\n"
    "\n"
    "The output is read once before the first measurement: what is measured is reading from the\n"
    "system's cache, if there is room for it. The first reading is told too.\n"
    "\n"
    "OPTIONS\n"
    "  --threads N       the largest number to try; 0, the default: all that the process may use\n"
    "  --fields A,B,...  these fields alone. Default: all\n"
    "  --max-level L     no cells deeper than level L\n"
    "  --folder DIR      where the file is written, and removed; default: the current folder\n"
    "  --runs R          the best of so many runs counts, 3 by default\n"
    "  --plot FILE.svg   draw the speed over the threads\n"
    "  --json            one JSON object on standard output, nothing else\n"
    "  --quiet           no progress on standard error\n"
    "  --help            this text\n"
    "\n"
    "EXAMPLE\n"
    "  pvramses bench output_00003 --folder /scratch --plot bench.svg\n";

enum { LOAD, PROJECT, EXPORT, STAGES, MOST_COUNTS = 16, PIXELS = 1024 };
static const char *const stage_names[STAGES] = {"load", "project", "export"};

struct bench {
    const struct options *options;
    struct pvr_snapshot *snapshot;
    char *file; /* that export writes */
    struct progress progress;
    int ncounts;
    int counts[MOST_COUNTS];             /* of threads */
    double seconds[STAGES][MOST_COUNTS]; /* best of the runs; NaN: not measured */
    double first_seconds;                /* of the very first reading */
    uint64_t bytes_read, bytes_in, bytes_out, cells;
    int recommended[STAGES];
};

static enum pvr_status run_load(struct bench *bench, const struct pvr_threads *threads,
                                struct pvr_mesh **mesh, double *seconds, struct pvr_error *error) {
    const struct chosen_request request = {.list = bench->options->fields,
                                           .max_level = bench->options->max_level,
                                           .precision = bench->options->precision,
                                           .units = bench->options->units,
                                           .threads = threads,
                                           .progress = progress_step,
                                           .progress_context = &bench->progress};
    const double begin = pvr_seconds();
    enum pvr_status status = chosen_load(bench->snapshot, &request, mesh, error);
    *seconds = pvr_seconds() - begin;
    if (status == PVR_OK) {
        bench->cells = (*mesh)->octree->ncells;
        bench->bytes_read = (*mesh)->report.bytes_read;
    }
    return status;
}

/* The first real array along z. A run that has no map (1-D, whole numbers alone) has NaN. */
static enum pvr_status run_project(const struct pvr_mesh *mesh, const struct pvr_threads *threads,
                                   double *seconds, struct pvr_error *error) {
    const struct pvr_octree *octree = mesh->octree;
    *seconds = NAN;
    const struct pvr_array *array = NULL;
    for (int a = 0; a < mesh->narrays && array == NULL; a++) {
        const struct pvr_array *candidate = mesh->arrays[a].array;
        array = candidate->type == PVR_FLOAT32 || candidate->type == PVR_FLOAT64 ? candidate : NULL;
    }
    if (octree->ndim < 2 || array == NULL) {
        return PVR_OK;
    }
    const struct pvr_view_request view = {.direction = PVR_ALONG_Z, .pixels = PIXELS};
    struct pvr_map_request request = {.mode = PVR_MAP_INTEGRAL, .nvalues = 1};
    double high[3];
    for (int axis = 0; axis < 3; axis++) {
        high[axis] = octree->origin[axis] + (axis < octree->ndim ? octree->size[axis] : 1);
    }
    struct pvr_map *map = NULL;
    enum pvr_status status = pvr_view_make(&view, octree->origin, high, &request.view, error);
    if (status == PVR_OK) {
        status = pvr_map_new(&request, &map, error);
    }
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_map_value value = {.nterms = 1, .term = {{.array = array, .coefficient = 1}}};
    const double begin = pvr_seconds();
    status = pvr_project_octree(map, octree, &value, NULL, threads, NULL, NULL, NULL, error);
    *seconds = pvr_seconds() - begin;
    pvr_map_free(map);
    return status;
}

static enum pvr_status run_export(struct bench *bench, const struct pvr_mesh *mesh,
                                  const struct pvr_threads *threads, double *seconds,
                                  struct pvr_error *error) {
    struct pvr_vtk_field *fields = calloc((size_t)mesh->narrays + 1, sizeof *fields);
    if (fields == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int a = 0; a < mesh->narrays; a++) {
        fields[a] =
            (struct pvr_vtk_field){.name = mesh->arrays[a].name, .array = mesh->arrays[a].array};
    }
    const struct pvr_vtk_mesh written = {
        .octree = mesh->octree, .nfields = mesh->narrays, .fields = fields};
    struct pvr_vtk_statistics statistics = {.operations = 0};
    const double begin = pvr_seconds();
    enum pvr_status status = pvr_vtk_htg_write(bench->file, &written, NULL, threads, progress_step,
                                               &bench->progress, &statistics, error);
    *seconds = pvr_seconds() - begin;
    bench->bytes_in = statistics.bytes_in;
    bench->bytes_out = statistics.bytes_out;
    pvr_report_free(&statistics.report);
    unlink(bench->file);
    free(fields);
    return status;
}

/* One run of all stages with a number of threads. */
static enum pvr_status run_once(struct bench *bench, int c, struct pvr_error *error) {
    struct pvr_threads threads = bench->options->threads;
    threads.max = bench->counts[c];
    struct pvr_mesh *mesh = NULL;
    double seconds[STAGES] = {NAN, NAN, NAN};
    enum pvr_status status = run_load(bench, &threads, &mesh, &seconds[LOAD], error);
    if (status == PVR_OK) {
        status = run_project(mesh, &threads, &seconds[PROJECT], error);
    }
    if (status == PVR_OK) {
        status = run_export(bench, mesh, &threads, &seconds[EXPORT], error);
    }
    pvr_mesh_free(mesh);
    for (int s = 0; s < STAGES; s++) {
        bench->seconds[s][c] = fmin(bench->seconds[s][c], seconds[s]); /* NaN gives way */
    }
    return status;
}

/* The smallest number that reaches nine tenths of the best speed; 0: not measured. */
static int recommend(const struct bench *bench, int stage) {
    double best = INFINITY;
    for (int c = 0; c < bench->ncounts; c++) {
        best = fmin(best, bench->seconds[stage][c]);
    }
    for (int c = 0; c < bench->ncounts; c++) {
        if (bench->seconds[stage][c] * 0.9 <= best) {
            return bench->counts[c];
        }
    }
    return 0;
}

static enum pvr_status measure(struct bench *bench, struct pvr_error *error) {
    const int most = pvr_threads_count(&bench->options->threads);
    for (int n = 1; n < most && bench->ncounts < MOST_COUNTS - 1; n *= 2) {
        bench->counts[bench->ncounts++] = n;
    }
    bench->counts[bench->ncounts++] = most;
    for (int s = 0; s < STAGES; s++) {
        for (int c = 0; c < bench->ncounts; c++) {
            bench->seconds[s][c] = NAN;
        }
    }
    struct pvr_threads threads = bench->options->threads;
    struct pvr_mesh *mesh = NULL;
    enum pvr_status status = run_load(bench, &threads, &mesh, &bench->first_seconds, error);
    pvr_mesh_free(mesh);
    for (int run = 0; run < bench->options->runs && status == PVR_OK; run++) {
        for (int c = 0; c < bench->ncounts && status == PVR_OK; c++) {
            status = run_once(bench, c, error);
        }
    }
    for (int s = 0; s < STAGES; s++) {
        bench->recommended[s] = recommend(bench, s);
    }
    return status;
}

/* ---- what is said ---- */

static int cap(const struct bench *bench) {
    int most = 1;
    for (int s = 0; s < STAGES; s++) {
        most = bench->recommended[s] > most ? bench->recommended[s] : most;
    }
    return most;
}

static void print_table(const struct bench *bench) {
    char text[FORMAT_SIZE], other[FORMAT_SIZE];
    printf("%s: %s cells, %s read, %s written\n\n", bench->options->path,
           format_count(text, bench->cells), format_bytes(other, (double)bench->bytes_read),
           format_bytes((char[FORMAT_SIZE]){0}, (double)bench->bytes_out));
    printf("  threads");
    for (int s = 0; s < STAGES; s++) {
        printf("   %10s  speed-up  eff.", stage_names[s]);
    }
    printf("\n");
    for (int c = 0; c < bench->ncounts; c++) {
        printf("  %7d", bench->counts[c]);
        for (int s = 0; s < STAGES; s++) {
            const double seconds = bench->seconds[s][c];
            if (isnan(seconds)) {
                printf("   %10s  %8s  %4s", "-", "-", "-");
            } else {
                const double up = bench->seconds[s][0] / seconds;
                printf("   %8.3f s  %8.2f  %3.0f%%", seconds, up, 100 * up / bench->counts[c]);
            }
        }
        printf("\n");
    }
    printf("\n  the first reading, as the files were: %s\n",
           format_seconds(text, bench->first_seconds));
    for (int s = 0; s < STAGES; s++) {
        if (bench->recommended[s] > 0) {
            printf("  %-8s %d thread%s\n", stage_names[s], bench->recommended[s],
                   bench->recommended[s] == 1 ? "" : "s");
        }
    }
    printf("  use --threads %d\n", cap(bench));
}

static void print_json(const struct bench *bench) {
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", bench->options->path);
    json_uint(&json, "cells", bench->cells);
    json_uint(&json, "bytes_read", bench->bytes_read);
    json_uint(&json, "bytes_in", bench->bytes_in);
    json_uint(&json, "bytes_out", bench->bytes_out);
    json_double(&json, "first_load_seconds", bench->first_seconds);
    json_begin_array(&json, "runs");
    for (int c = 0; c < bench->ncounts; c++) {
        json_begin_object(&json, NULL);
        json_int(&json, "threads", bench->counts[c]);
        for (int s = 0; s < STAGES; s++) {
            json_double(&json, stage_names[s], bench->seconds[s][c]);
        }
        json_end_object(&json);
    }
    json_end_array(&json);
    json_begin_object(&json, "recommended");
    for (int s = 0; s < STAGES; s++) {
        json_int(&json, stage_names[s], bench->recommended[s]);
    }
    json_int(&json, "threads", cap(bench));
    json_end_object(&json);
    json_end_object(&json);
    json_end(&json);
}

/* A plot of speed-up over threads, both on scales of powers of two. */
static char *plot_text(const struct bench *bench, size_t *length) {
    static const char *const colours[STAGES] = {"#1f77b4", "#d62728", "#2ca02c"};
    enum { LEFT = 60, TOP = 30, SIDE = 400 };
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (out == NULL) {
        return NULL;
    }
    const double most = fmax(1, log2(bench->counts[bench->ncounts - 1]));
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<path d=\"M%d %dh%dv-%dh-%dz\" fill=\"none\" stroke=\"black\"/>\n"
            "<path d=\"M%d %dl%d -%d\" stroke=\"gray\" stroke-dasharray=\"4\"/>\n"
            "<text x=\"%d\" y=\"%d\">threads</text>\n<text x=\"%d\" y=\"20\">speed-up (dashed: "
            "ideal)</text>\n",
            LEFT + SIDE + 120, TOP + SIDE + 60, LEFT, TOP + SIDE, SIDE, SIDE, SIDE, LEFT,
            TOP + SIDE, SIDE, SIDE, LEFT + SIDE / 2 - 20, TOP + SIDE + 45, 10);
    for (int c = 0; c < bench->ncounts; c++) {
        const int at = (int)lround(SIDE * log2(bench->counts[c]) / most);
        fprintf(out,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>\n"
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d</text>\n",
                LEFT + at, TOP + SIDE + 20, bench->counts[c], LEFT - 8, TOP + SIDE - at + 5,
                bench->counts[c]);
    }
    for (int s = 0; s < STAGES; s++) {
        fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
                colours[s]);
        for (int c = 0; c < bench->ncounts; c++) {
            const double up = bench->seconds[s][0] / bench->seconds[s][c];
            if (up > 0) {
                fprintf(out, "%ld,%ld ", LEFT + lround(SIDE * log2(bench->counts[c]) / most),
                        TOP + SIDE - lround(SIDE * fmax(0, log2(up)) / most));
            }
        }
        fprintf(out, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", LEFT + SIDE + 15,
                TOP + 20 + 20 * s, colours[s], stage_names[s]);
    }
    fprintf(out, "</svg>\n");
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static enum pvr_status plot(const struct bench *bench, struct pvr_error *error) {
    size_t length = 0;
    char *text = plot_text(bench, &length);
    enum pvr_status status = text != NULL
                                 ? pvr_output_write_whole(bench->options->plot, text, length, error)
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    free(text);
    return status;
}

int cmd_bench(int argc, char **argv) {
    struct options options;
    const unsigned takes = TAKES_JSON | TAKES_QUIET | TAKES_THREADS | TAKES_MESH | TAKES_BENCH;
    int exit_status;
    if (!options_go(argc, argv, takes, usage, help, &options, &exit_status)) {
        return exit_status;
    }
    struct bench bench = {.options = &options};
    struct pvr_error error;
    pvr_error_clear(&error);
    enum pvr_status status = pvr_snapshot_open(options.path, &bench.snapshot, &error);
    if (status != PVR_OK) {
        return cli_failed(&error);
    }
    bench.file = pvr_text_format("%s/pvramses-bench-%ld.htg", options.folder, (long)getpid());
    interrupt_catch();
    progress_begin(&bench.progress, "measuring", options.quiet);
    status = bench.file != NULL ? measure(&bench, &error)
                                : pvr_fail(&error, PVR_ERROR_MEMORY, "out of memory");
    progress_end(&bench.progress);
    if (status == PVR_OK && options.plot != NULL) {
        status = plot(&bench, &error);
    }
    if (status == PVR_OK) {
        options.json ? print_json(&bench) : print_table(&bench);
        exit_status = cli_finish_output();
    } else if (interrupt_caught() != 0) {
        cli_complain("stopped");
        exit_status = CLI_SIGNAL + interrupt_caught();
    } else {
        exit_status = cli_failed(&error);
    }
    free(bench.file);
    pvr_snapshot_release(bench.snapshot);
    return exit_status;
}
