/* cmd_series.c - pvramses series: quantities of many outputs, regions and levels in one table. */
#include "cli.h"
#include "options.h"
#include "outputs.h"
#include "progress.h"
#include "pvr_batch.h"
#include "quantities.h"
#include "series_plan.h"
#include "series_read.h"
#include "series_table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: pvramses series RUN [--outputs A:B:S] [--quantities Q,...] [--region REGION]...\n"
    "                       [--levels] [--max-level L]... [--units code|cgs|astro]\n"
    "                       [--length-unit U] [--out TABLE.csv] [--jobs J] [--threads T]\n"
    "                       [--json] [--quiet]\n"
    "       pvramses series --help\n";

static const char help[] =
    "pvramses series - quantities of many outputs, regions and levels in one table\n"
    "\n"
    "  pvramses series RUN [OPTION...]\n"
    "\n"
    "RUN is the folder of a run (with folders output_00001 ... or Mera files), or one of its\n"
    "outputs. Several outputs are read at the same time, as many as threads and memory allow; the\n"
    "larger ones get more threads. While they are read the system is asked for the files of the "
    "next\n"
    "two, within a quarter of the free memory (not with --region or --max-level, which need parts\n"
    "of the files). An output that cannot be read gives rows of nan with the reason; rows are in "
    "the\n"
    "order of the outputs, then of the regions, then of the levels. Stopped by Ctrl-C, what is "
    "not\n"
    "done has rows of nan too; a table that was there before is left as it was.\n"
    "\n"
    "OPTIONS\n"
    "  --outputs A:B:S   outputs A to B in steps of S; A:B; A. A number that the run has left out\n"
    "                    counts as one that cannot be read. Default: all of the run\n"
    "  --quantities Q,...  columns of the table. Of the leaf cells: cells, volume, mass,\n"
    "                    center_of_mass, bulk_velocity, angular_momentum (about the centre of\n"
    "                    mass), and FIELD:min, FIELD:max, FIELD:mean (by volume) and\n"
    "                    FIELD:mass_mean of any field, component (velocity_x) or derived field\n"
    "                    (temperature). Of particles: particles.count, particles.mass,\n"
    "                    particles.center_of_mass, ... and the same of families: star.mass,\n"
    "                    dark_matter.count. Default: " QUANTITIES_DEFAULT "\n" REGION_HELP
    "                    Several times: a row for each region\n"
    "  --levels          also a row for each level\n"
    "  --max-level L     no cells deeper than level L; 0, the default: all levels. Several times: "
    "a\n"
    "                    row for each level and region\n"
    "  --units U         code (default), cgs, or astro: g or Msol, cm/s or km/s, cm^-3\n"
    "  --length-unit U   of centres and volumes: code (default), pc, kpc, Mpc, AU, cm\n"
    "  --out TABLE.csv   where the table goes; - or nothing: to standard output\n"
    "  --jobs J          outputs at the same time; default: as memory and threads allow\n"
    "  --threads T       threads for each; default: all are shared out\n"
    "  --pin             bind each thread to a processor\n"
    "  --no-prefetch     do not ask the system for bytes ahead of time\n"
    "  --json            the table as one JSON object on standard output\n"
    "  --quiet           no progress on standard error\n"
    "  --help            this text\n"
    "\n"
    "COLUMNS\n"
    "  output, time_myr, time (code), aexp, redshift (of cosmological runs), region, max_level\n"
    "  (all, or the level), level (all of them, or one with --levels), the quantities, message. In "
    "JSON an object: path, done, failed, seconds, most_threads,\n"
    "  outputs_ahead and bytes_ahead (asked of the system ahead of time), outputs (bytes_needed,\n"
    "  threads, seconds), columns (name, unit), rows.\n"
    "\n"
    "EXIT STATUS\n"
    "  0 all outputs are in the table, 1 some have failed (the others are done), 2 wrong use\n"
    "\n"
    "EXAMPLES\n"
    "  pvramses series run --out history.csv\n"
    "  pvramses series run --outputs 10:100:10 --quantities mass,temperature:mass_mean,star.mass\n"
    "                  --region sphere,0.5,0.5,0.5,10,kpc --region sphere,0.5,0.5,0.5,30,kpc\n"
    "                  --units astro --out halo.csv --jobs 4 --threads 8\n";

enum { most_ahead = 2 }; /* outputs whose files are asked for before they begin */

struct study {
    const struct options *options;
    struct quantities quantities;
    struct outputs outputs;
    struct series_found *found; /* of each output */
    struct pvr_batch_item *items;
    bool to_file; /* the table goes to a file, which is open while outputs are read */
    struct pvr_output_file file;
    bool terminal;
};

static void study_free(struct study *study) {
    for (size_t i = 0; study->found != NULL && i < study->outputs.count; i++) {
        series_found_free(&study->found[i]);
    }
    free(study->found);
    free(study->items);
    if (study->to_file) {
        pvr_output_end(&study->file);
    }
    quantities_free(&study->quantities);
    outputs_free(&study->outputs);
}

/* What is wrong with the wishes, or with where the table is to go, is told before anything is read.
 */
static enum pvr_status study_begin(struct study *study, struct pvr_error *error) {
    const struct options *options = study->options;
    enum pvr_status status =
        quantities_make(options->quantities != NULL ? options->quantities : QUANTITIES_DEFAULT,
                        &study->quantities, error);
    if (status == PVR_OK) {
        status = outputs_find(options->path, options->outputs, &study->outputs, error);
    }
    if (status == PVR_OK) {
        study->found = calloc(study->outputs.count, sizeof *study->found);
        study->items = calloc(study->outputs.count, sizeof *study->items);
        if (study->found == NULL || study->items == NULL) {
            status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
        }
    }
    if (status == PVR_OK && options->out != NULL && strcmp(options->out, "-") != 0) {
        study->to_file = true;
        status = pvr_output_begin(&study->file, options->out, error);
    }
    return status;
}

/* ---- the batch */

static enum pvr_status run_item(void *context, size_t item, int threads,
                                const struct pvr_batch *batch, struct pvr_error *error) {
    struct study *study = context;
    const struct options *options = study->options;
    struct pvr_threads team = options->threads;
    team.max = team.max > 0 && team.max < threads ? team.max : threads;
    struct pvr_snapshot *snapshot;
    enum pvr_status status = outputs_open(&study->outputs, item, &snapshot, error);
    if (status == PVR_OK) {
        status = series_read(options, &study->quantities, snapshot, &team, outputs_stop_with_batch,
                             (void *)(uintptr_t)batch, &study->found[item], error);
        pvr_snapshot_release(snapshot);
    }
    return status;
}

/* What each output will need, and the units of all; one that cannot be read fails when its turn
 * comes. */
static void find_needs(struct study *study) {
    const struct options *options = study->options;
    bool units = false;
    for (size_t i = 0; i < study->outputs.count; i++) {
        struct pvr_snapshot *snapshot;
        if (outputs_open(&study->outputs, i, &snapshot, NULL) == PVR_OK) {
            series_plan(options, &study->quantities, snapshot, &study->items[i]);
            if (!units) {
                quantities_set_units(&study->quantities, snapshot, options->units,
                                     options->length_unit);
                units = true;
            }
            pvr_snapshot_release(snapshot);
        }
    }
}

static void ahead_of_item(void *context, size_t item, struct pvr_batch_ahead *ahead) {
    const struct study *study = context;
    struct pvr_snapshot *snapshot;
    if (outputs_open(&study->outputs, item, &snapshot, NULL) == PVR_OK) {
        series_ahead(study->options, &study->quantities, snapshot, ahead);
        pvr_snapshot_release(snapshot);
    }
}

static void tell(void *context, const struct pvr_batch_news *news) {
    const struct study *study = context;
    if (study->options->quiet) {
        return;
    }
    if (study->terminal) {
        outputs_tell("reading", news);
    }
    if (news->changed != SIZE_MAX) {
        const struct pvr_batch_item *item = &study->items[news->changed];
        const char *lead = study->terminal ? "\r\033[K" : "";
        const char *message = item->message != NULL ? item->message : "failed";
        if (item->state == PVR_BATCH_FAILED) {
            fprintf(stderr, "%spvramses: %s\n", lead, message);
        } else if (item->state == PVR_BATCH_TOO_LARGE) {
            fprintf(stderr, "%spvramses: output %d: %s\n", lead,
                    study->outputs.one[news->changed].number, message);
        }
    }
}

/* ---- the table */

/* All rows in their order; an output that failed has one for each case. */
static struct series_row *make_rows(const struct study *study, size_t *nrows) {
    const struct options *options = study->options;
    const size_t ncases = (size_t)series_cases(options);
    size_t count = 0;
    for (size_t i = 0; i < study->outputs.count; i++) {
        count += study->items[i].state == PVR_BATCH_DONE ? study->found[i].nrows : ncases;
    }
    struct series_row *rows = calloc(count + 1, sizeof *rows);
    *nrows = rows != NULL ? count : 0;
    for (size_t i = 0, at = 0; rows != NULL && i < study->outputs.count; i++) {
        const struct outputs_one *one = &study->outputs.one[i];
        const struct pvr_batch_item *item = &study->items[i];
        const bool done = item->state == PVR_BATCH_DONE;
        for (size_t r = 0; r < (done ? study->found[i].nrows : ncases); r++) {
            const struct series_case failed = series_case(options, (int)r);
            const struct series_found_row *found = done ? &study->found[i].row[r] : NULL;
            const int region = done ? found->region : failed.region;
            rows[at++] = (struct series_row){
                .output = one->number,
                .info = one->output != NULL && one->output->finished ? &one->output->info : NULL,
                .region = region >= 0 ? options->region_texts[region] : "",
                .max_level = done ? found->max_level : failed.max_level,
                .level = done ? found->level : 0,
                .value = done ? found->value : NULL,
                .message = done                    ? NULL
                           : item->message != NULL ? item->message
                                                   : "not done"};
        }
    }
    return rows;
}

static void write_json(const struct study *study, const struct series_table *table,
                       const struct pvr_batch_report *report) {
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", study->options->path);
    json_string(&json, "out", study->to_file ? study->options->out : NULL);
    json_uint(&json, "done", report->done);
    json_uint(&json, "failed", report->failed);
    json_uint(&json, "not_done", report->pending);
    json_double(&json, "seconds", report->seconds);
    json_int(&json, "most_threads", report->most_threads);
    json_uint(&json, "outputs_ahead", report->items_ahead);
    json_uint(&json, "bytes_ahead", report->bytes_ahead);
    json_begin_array(&json, "outputs");
    for (size_t i = 0; i < study->outputs.count; i++) {
        json_begin_object(&json, NULL);
        json_int(&json, "output", study->outputs.one[i].number);
        json_uint(&json, "bytes_needed", study->items[i].need);
        json_int(&json, "threads", study->items[i].threads);
        json_double(&json, "seconds", study->items[i].seconds);
        json_end_object(&json);
    }
    json_end_array(&json);
    series_write_json(table, &json);
    json_end_object(&json);
    json_end(&json);
}

/* Writes the table where it is to go; one that the disk has no room for goes to standard output. */
static enum pvr_status write_table(struct study *study, const struct series_table *table,
                                   const struct pvr_batch_report *report, struct pvr_error *error) {
    const struct options *options = study->options;
    enum pvr_status status = PVR_OK;
    if (study->to_file) {
        status = series_write_csv(table, &study->file, error);
    }
    if (options->json) {
        write_json(study, table, report);
    } else if (status != PVR_OK) {
        series_print_csv(table, NULL);
    } else if (!study->to_file) {
        status = series_print_csv(table, error);
    } else if (!options->quiet) {
        fprintf(stderr, "%zu of %zu outputs in %.3g s, at most %d threads at once: %s\n",
                report->done, study->outputs.count, report->seconds, report->most_threads,
                options->out);
    }
    return status;
}

static int report_study(struct study *study, const struct pvr_batch_report *report) {
    struct pvr_error error;
    pvr_error_clear(&error);
    struct series_table table = {.quantities = &study->quantities};
    table.row = make_rows(study, &table.nrows);
    enum pvr_status status =
        table.row != NULL ? PVR_OK : pvr_fail(&error, PVR_ERROR_MEMORY, "out of memory");
    /* (a table that is there may be whole: what was stopped does not take its place) */
    const bool kept =
        interrupt_caught() != 0 && study->to_file && access(study->options->out, F_OK) == 0;
    if (status == PVR_OK && !kept) {
        status = write_table(study, &table, report, &error);
    }
    free(table.row);
    int exit_status = cli_finish_output();
    if (status != PVR_OK) {
        exit_status = cli_failed(&error);
    }
    if (interrupt_caught() != 0) {
        cli_complain(kept ? "stopped; the older table is left as it was" : "stopped");
        return CLI_SIGNAL + interrupt_caught();
    }
    return report->failed > 0 || report->pending > 0 ? CLI_FAILED : exit_status;
}

static int run_study(struct study *study) {
    const struct options *options = study->options;
    interrupt_catch();
    study->terminal = isatty(STDERR_FILENO);
    find_needs(study);
    struct pvr_batch_options limits = outputs_limits(options->jobs, options->threads.max);
    limits.ahead = options->threads.prefetch ? most_ahead : 0;
    struct pvr_batch_work work = {.nitems = study->outputs.count,
                                  .items = study->items,
                                  .run = run_item,
                                  .ahead = ahead_of_item,
                                  .tell = tell,
                                  .stopped = outputs_interrupted,
                                  .context = study};
    struct pvr_batch_report report;
    struct pvr_error error;
    pvr_error_clear(&error);
    enum pvr_status status = pvr_batch_run(&limits, &work, &report, &error);
    if (study->terminal && !options->quiet) {
        fprintf(stderr, "\r\033[K");
    }
    int exit_status = status == PVR_OK ? report_study(study, &report) : cli_failed(&error);
    pvr_batch_free_messages(&work);
    return exit_status;
}

int cmd_series(int argc, char **argv) {
    const unsigned takes = TAKES_JSON | TAKES_QUIET | TAKES_THREADS | TAKES_REGION | TAKES_SERIES;
    struct options options;
    int exit_status;
    if (!options_go(argc, argv, takes, usage, help, &options, &exit_status)) {
        return exit_status;
    }
    struct study study = {.options = &options};
    struct pvr_error error;
    pvr_error_clear(&error);
    enum pvr_status status = study_begin(&study, &error);
    if (status == PVR_OK) {
        exit_status = run_study(&study);
    } else {
        cli_failed(&error);
        exit_status = status == PVR_ERROR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
    }
    study_free(&study);
    return exit_status;
}
