/* export_batch.c - pvramses export: many outputs of a run, beside each other. */
#include "export.h"

#include "cli.h"
#include "json.h"
#include "outputs.h"
#include "progress.h"
#include "pvr_batch.h"
#include "pvr_text.h"
#include "pvr_vtk_series.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct batch {
    const struct options *options;
    const struct export_kind *kind;
    const char *command;
    struct outputs outputs; /* that are exported */
    char **paths;           /* of the files */
    struct export_result *results;
    struct pvr_batch_item *items;
    struct pvr_vtk_statistics total; /* every item adds to it */
    bool terminal;
};

static void batch_free(struct batch *batch) {
    for (size_t i = 0; i < batch->outputs.count; i++) {
        free(batch->paths != NULL ? batch->paths[i] : NULL);
        if (batch->results != NULL) {
            pvr_report_free(&batch->results[i].statistics.report);
        }
    }
    free(batch->paths);
    free(batch->results);
    free(batch->items);
    outputs_free(&batch->outputs);
}

/* NAME_00100.htg for NAME.htg. */
static char *path_of(const struct batch *batch, int number) {
    const size_t stem = strlen(batch->options->out) - strlen(batch->kind->extension);
    return pvr_text_format("%.*s_%05d%s", (int)stem, batch->options->out, number,
                           batch->kind->extension);
}

static enum pvr_status find_outputs(struct batch *batch, struct pvr_error *error) {
    enum pvr_status status =
        outputs_find(batch->options->path, batch->options->outputs, &batch->outputs, error);
    if (status != PVR_OK) {
        return status;
    }
    const size_t count = batch->outputs.count;
    batch->paths = calloc(count, sizeof *batch->paths);
    batch->results = calloc(count, sizeof *batch->results);
    batch->items = calloc(count, sizeof *batch->items);
    bool well = batch->paths != NULL && batch->results != NULL && batch->items != NULL;
    for (size_t i = 0; well && i < count; i++) {
        batch->paths[i] = path_of(batch, batch->outputs.one[i].number);
        well = batch->paths[i] != NULL;
    }
    return well ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
}

static enum pvr_status begin_task(const struct batch *batch, size_t item, struct export_task *task,
                                  struct pvr_error *error) {
    *task = (struct export_task){.options = batch->options,
                                 .out = batch->paths[item],
                                 .threads = batch->options->threads,
                                 .command = batch->command};
    return outputs_open(&batch->outputs, item, &task->snapshot, error);
}

static enum pvr_status run_item(void *context, size_t item, int threads,
                                const struct pvr_batch *running, struct pvr_error *error) {
    struct batch *batch = context;
    struct export_task task;
    enum pvr_status status = begin_task(batch, item, &task, error);
    if (status != PVR_OK) {
        return status;
    }
    const int most = batch->options->threads.max;
    task.threads.max = most > 0 && most < threads ? most : threads;
    task.progress = outputs_stop_with_batch;
    task.progress_context = (void *)(uintptr_t)running;
    status = batch->kind->write(&task, &batch->results[item], error);
    if (status == PVR_OK) {
        pvr_vtk_statistics_add(&batch->total, &batch->results[item].statistics);
    }
    pvr_snapshot_release(task.snapshot);
    return status;
}

/* What each output will need; one that cannot be read fails when its turn comes. */
static void find_needs(struct batch *batch) {
    for (size_t i = 0; i < batch->outputs.count; i++) {
        struct export_task task;
        if (begin_task(batch, i, &task, NULL) == PVR_OK) {
            if (batch->kind->need(&task, &batch->items[i].need, NULL) != PVR_OK) {
                batch->items[i].need = 0;
            }
            pvr_snapshot_release(task.snapshot);
        }
    }
}

static void tell(void *context, const struct pvr_batch_news *news) {
    const struct batch *batch = context;
    const bool quiet = batch->options->quiet; /* of how it goes; what fails is told all the same */
    if (batch->terminal && !quiet) {
        outputs_tell("exporting", news);
    }
    if (news->changed != SIZE_MAX) {
        const struct pvr_batch_item *item = &batch->items[news->changed];
        const struct pvr_output *output = batch->outputs.one[news->changed].output;
        const char *folder = output != NULL ? output->folder : batch->options->path;
        const char *lead = batch->terminal && !quiet ? "\r\033[K" : "";
        if (item->state == PVR_BATCH_DONE && !batch->options->json && !quiet) {
            fprintf(stderr, "%s%s: done in %.3g s with %d thread%s\n", lead, folder, item->seconds,
                    item->threads, item->threads == 1 ? "" : "s");
        } else if (item->state == PVR_BATCH_TOO_LARGE) {
            fprintf(stderr, "%spvramses: %s: %s\n", lead, folder,
                    item->message != NULL ? item->message : "needs too much memory");
        } else if (item->state == PVR_BATCH_FAILED) {
            fprintf(stderr, "%spvramses: %s\n", lead,
                    item->message != NULL ? item->message : folder);
        }
    }
}

/* The collection over time beside the files: NAME.pvd; the output's own folder is its time. */
static enum pvr_status write_series(const struct batch *batch, char **path,
                                    struct pvr_error *error) {
    const size_t stem = strlen(batch->options->out) - strlen(batch->kind->extension);
    struct pvr_vtk_step *steps = calloc(batch->outputs.count, sizeof *steps);
    *path = pvr_text_format("%.*s.pvd", (int)stem, batch->options->out);
    enum pvr_status status = steps != NULL && *path != NULL
                                 ? PVR_OK
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    size_t count = 0;
    for (size_t i = 0; status == PVR_OK && i < batch->outputs.count; i++) {
        if (batch->items[i].state == PVR_BATCH_DONE) {
            steps[count++] = (struct pvr_vtk_step){
                pvr_info_time_myr(&batch->outputs.one[i].output->info), batch->paths[i]};
        }
    }
    if (status == PVR_OK) {
        status = pvr_vtk_series_write(*path, steps, count, error);
    }
    free(steps);
    return status;
}

static const char *state_name(enum pvr_batch_state state) {
    switch (state) {
    case PVR_BATCH_DONE:
        return "done";
    case PVR_BATCH_FAILED:
        return "failed";
    case PVR_BATCH_TOO_LARGE:
        return "too large";
    case PVR_BATCH_PENDING:
    case PVR_BATCH_RUNNING:
        break;
    }
    return "not done";
}

static void write_json(const struct batch *batch, const struct pvr_batch_report *report,
                       const char *series) {
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", batch->options->path);
    json_string(&json, "series", series);
    json_uint(&json, "done", report->done);
    json_uint(&json, "failed", report->failed);
    json_uint(&json, "not_done", report->pending);
    json_double(&json, "seconds", report->seconds);
    json_uint(&json, "operations", batch->total.operations);
    json_uint(&json, "bytes_in", batch->total.bytes_in);
    json_uint(&json, "bytes_out", batch->total.bytes_out);
    json_double(&json, "ratio", pvr_vtk_ratio(&batch->total));
    json_int(&json, "most_threads", report->most_threads);
    json_begin_array(&json, "outputs");
    for (size_t i = 0; i < batch->outputs.count; i++) {
        const struct pvr_batch_item *item = &batch->items[i];
        json_begin_object(&json, NULL);
        json_int(&json, "output", batch->outputs.one[i].number);
        json_string(&json, "file", batch->paths[i]);
        json_string(&json, "state", state_name(item->state));
        json_string(&json, "message", item->message);
        json_int(&json, "threads_given", item->threads);
        json_double(&json, "item_seconds", item->seconds);
        if (item->state == PVR_BATCH_DONE) {
            export_write_json(&json, &batch->results[i]);
        }
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    json_end(&json);
}

static int report_batch(const struct batch *batch, const struct pvr_batch_report *report) {
    struct pvr_error error;
    char *series = NULL;
    pvr_error_clear(&error);
    enum pvr_status status = PVR_OK;
    if (report->done > 0 && batch->kind->of_vtk) {
        status = write_series(batch, &series, &error);
    }
    if (batch->options->json) {
        write_json(batch, report, status == PVR_OK ? series : NULL);
    } else {
        printf("%zu of %zu outputs exported in %.3g s, ratio %.2f, at most %d threads at once\n",
               report->done, batch->outputs.count, report->seconds, pvr_vtk_ratio(&batch->total),
               report->most_threads);
        if (series != NULL && status == PVR_OK) {
            printf("%s lists them\n", series);
        }
    }
    free(series);
    int exit_status = cli_finish_output();
    if (status != PVR_OK) {
        exit_status = cli_failed(&error);
    }
    if (interrupt_caught() != 0) {
        cli_complain("stopped");
        return CLI_SIGNAL + interrupt_caught();
    }
    return report->failed > 0 || report->pending > 0 ? CLI_FAILED : exit_status;
}

int export_batch(const struct options *options, const struct export_kind *kind,
                 const char *command) {
    struct batch batch = {.options = options, .kind = kind, .command = command};
    struct pvr_error error;
    pvr_error_clear(&error);
    enum pvr_status status = find_outputs(&batch, &error);
    if (status != PVR_OK) {
        batch_free(&batch);
        cli_failed(&error);
        return status == PVR_ERROR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
    }
    interrupt_catch();
    batch.terminal = isatty(STDERR_FILENO);
    find_needs(&batch);
    const struct pvr_batch_options limits = outputs_limits(options->jobs, options->threads.max);
    struct pvr_batch_work work = {.nitems = batch.outputs.count,
                                  .items = batch.items,
                                  .run = run_item,
                                  .tell = tell,
                                  .stopped = outputs_interrupted,
                                  .context = &batch};
    struct pvr_batch_report report;
    status = pvr_batch_run(&limits, &work, &report, &error);
    if (batch.terminal && !options->quiet) {
        fprintf(stderr, "\r\033[K");
    }
    const int exit_status = status == PVR_OK ? report_batch(&batch, &report) : cli_failed(&error);
    pvr_batch_free_messages(&work);
    batch_free(&batch);
    return exit_status;
}
