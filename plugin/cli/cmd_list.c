/* cmd_list.c - pvramses list: the outputs of a run. */
#include "cli.h"
#include "json.h"
#include "options.h"
#include "pvr_series.h"
#include "pvr_units.h"

#include <math.h>
#include <stdio.h>

static const char usage[] = "usage: pvramses list RUN_DIR [--json]\n"
                            "       pvramses list --help\n";

static const char help[] =
    "pvramses list - the outputs of a run\n"
    "\n"
    "  pvramses list RUN_DIR [--json]\n"
    "\n"
    "RUN_DIR is the folder that holds output_00001, output_00002, ...; one of these outputs, or "
    "its\n"
    "info file, stands for the run it belongs to. Prints each output's number, time and levels,\n"
    "the gaps in the numbers, and the outputs that RAMSES did not finish. Reads info files alone.\n"
    "\n"
    "OPTIONS\n"
    "  --json    one JSON object on standard output, nothing else\n"
    "  --help    this text\n"
    "\n"
    "EXAMPLE\n"
    "  pvramses list runs/galaxy\n";

static size_t count_finished(const struct pvr_series *series) {
    size_t finished = 0;
    for (size_t i = 0; i < series->count; i++) {
        finished += series->output[i].finished;
    }
    return finished;
}

static void print_page(const char *path, const struct pvr_series *series) {
    bool cosmological = false;
    for (size_t i = 0; i < series->count; i++) {
        cosmological =
            cosmological || (series->output[i].finished && series->output[i].info.cosmological);
    }
    printf(
        "%s: %zu output%s, %zu finished\n\n  output      time (code)     time (Myr)%s   levels   "
        "domains\n",
        path, series->count, series->count == 1 ? "" : "s", count_finished(series),
        cosmological ? "   redshift" : "");
    for (size_t i = 0; i < series->count; i++) {
        const struct pvr_output *output = &series->output[i];
        if (!output->finished) {
            printf("  %6d    not finished\n", output->number);
            continue;
        }
        printf("  %6d  %15.9g", output->number, output->info.time);
        if (pvr_has_physical_units(&output->info)) {
            printf("  %13.6g", pvr_info_time_myr(&output->info));
        } else {
            printf("  %13s", "-");
        }
        if (cosmological) {
            printf("  %9.4f", 1 / output->info.aexp - 1);
        }
        printf("  %2d to %2d  %7d\n", output->info.levelmin, output->info.levelmax,
               output->info.ncpu);
    }
    if (series->warnings != NULL) {
        printf("\n%s\n", series->warnings);
    }
}

static void print_json(const char *path, const struct pvr_series *series) {
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", path);
    json_uint(&json, "count", series->count);
    json_uint(&json, "finished", count_finished(series));
    json_begin_array(&json, "outputs");
    for (size_t i = 0; i < series->count; i++) {
        const struct pvr_output *output = &series->output[i];
        json_begin_object(&json, NULL);
        json_int(&json, "output", output->number);
        json_string(&json, "folder", output->folder);
        json_bool(&json, "finished", output->finished);
        if (output->finished) {
            json_string(&json, "info", output->info_path);
            json_double(&json, "time", output->info.time);
            json_double(&json, "time_myr", pvr_info_time_myr(&output->info));
            json_double(&json, "aexp", output->info.aexp);
            json_double(&json, "redshift",
                        output->info.cosmological ? 1 / output->info.aexp - 1 : (double)NAN);
            json_int(&json, "levelmin", output->info.levelmin);
            json_int(&json, "levelmax", output->info.levelmax);
            json_int(&json, "ncpu", output->info.ncpu);
        } else {
            json_string(&json, "problem", output->problem);
        }
        json_end_object(&json);
    }
    json_end_array(&json);
    json_lines(&json, "warnings", series->warnings);
    json_end_object(&json);
    json_end(&json);
}

int cmd_list(int argc, char **argv) {
    struct options options;
    int exit_status;
    if (!options_go(argc, argv, TAKES_JSON, usage, help, &options, &exit_status)) {
        return exit_status;
    }
    struct pvr_error error;
    struct pvr_series series;
    if (pvr_series_find(options.path, &series, &error) != PVR_OK) {
        return cli_failed(&error);
    }
    (options.json ? print_json : print_page)(options.path, &series);
    pvr_series_free(&series);
    return cli_finish_output();
}
