/* cmd_series.c - pvramses series: quantities of many outputs, regions and levels in one table. */
#include "chosen.h"
#include "cli.h"
#include "options.h"
#include "outputs.h"
#include "progress.h"
#include "pvr_batch.h"
#include "pvr_particles.h"
#include "pvr_series.h"
#include "pvr_text.h"
#include "quantities.h"
#include "report.h"
#include "series_plan.h"
#include "series_table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: pvramses series RUN [--outputs A:B:S] [--quantities Q,...] [--region REGION]...\n"
    "                       [--levels] [--max-level L] [--units code|cgs|astro]\n"
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
    "order of the outputs, then of the regions.\n"
    "\n"
    "OPTIONS\n"
    "  --outputs A:B:S   outputs A to B in steps of S; A:B; A. Default: all of the run\n"
    "  --quantities Q,...  columns of the table. Of the leaf cells: cells, volume, mass,\n"
    "                    center_of_mass, bulk_velocity, angular_momentum (about the centre of\n"
    "                    mass), and FIELD:min, FIELD:max, FIELD:mean (by volume) and\n"
    "                    FIELD:mass_mean of any field, component (velocity_x) or derived field\n"
    "                    (temperature). Of particles: particles.count, particles.mass,\n"
    "                    particles.center_of_mass, ... and the same of families: star.mass,\n"
    "                    dark_matter.count. Default: " QUANTITIES_DEFAULT "\n" REGION_HELP
    "                    Several times: a row for each region\n"
    "  --levels          also a row for each level\n"
    "  --max-level L     no cells deeper than level L; 0, the default: all levels\n"
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
    "  output, time_myr, time (code), aexp, redshift, region, level (all, or the level), the\n"
    "  quantities, message. In JSON an object: path, done, failed, seconds, most_threads,\n"
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

/* What was found in an output: rows for each region, one for all and one for each level. */
struct found {
    size_t nrows;
    struct found_row {
        int region; /* -1: the whole box */
        int level;  /* 0: all */
        double *value;
    } * row;
};

struct study {
    const struct options *options;
    struct quantities quantities;
    const char **units; /* of the quantities; set by the first output */
    char volume_unit[24], angular_unit[64];
    struct pvr_series series;
    size_t count;
    const struct pvr_output **outputs;
    struct found *found;
    struct pvr_batch_item *items;
    bool terminal;
};

static void study_free(struct study *study) {
    for (size_t i = 0; study->found != NULL && i < study->count; i++) {
        for (size_t r = 0; r < study->found[i].nrows; r++) {
            free(study->found[i].row[r].value);
        }
        free(study->found[i].row);
    }
    free(study->outputs);
    free(study->found);
    free(study->items);
    free(study->units);
    quantities_free(&study->quantities);
    pvr_series_free(&study->series);
}

static enum pvr_status find_outputs(struct study *study, struct pvr_error *error) {
    const struct options *options = study->options;
    struct outputs_range range = {0, INT_MAX, 1};
    if (options->outputs != NULL && !outputs_parse(options->outputs, &range)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "'%.100s' is no range of outputs: FIRST:LAST:STEP, as 100:200:5",
                        options->outputs);
    }
    enum pvr_status status = pvr_series_find(options->path, &study->series, error);
    if (status != PVR_OK) {
        return status;
    }
    const size_t room = study->series.count + 1;
    study->outputs = calloc(room, sizeof *study->outputs);
    study->found = calloc(room, sizeof *study->found);
    study->items = calloc(room, sizeof *study->items);
    study->units = calloc((size_t)study->quantities.count + 1, sizeof *study->units);
    if (study->outputs == NULL || study->found == NULL || study->items == NULL ||
        study->units == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < study->series.count; i++) {
        if (outputs_has(&range, study->series.output[i].number)) {
            study->outputs[study->count++] = &study->series.output[i];
        }
    }
    return study->count > 0
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no outputs %s", options->path,
                          options->outputs != NULL ? options->outputs : "");
}

/* ---- one output */

static int stop_with_batch(void *context, double fraction, uint64_t done, uint64_t expected) {
    (void)fraction;
    (void)done;
    (void)expected;
    return pvr_batch_stopped(context);
}

/* One output, one region. */
struct reading {
    struct study *study;
    size_t item;
    struct pvr_snapshot *snapshot;
    struct pvr_region region;
    int region_number; /* -1: the whole box */
    struct pvr_threads threads;
    void *batch;
};

static const struct pvr_mesh_array *find_array(const struct pvr_mesh *mesh, const char *name) {
    for (int a = 0; a < mesh->narrays; a++) {
        if (strcmp(mesh->arrays[a].name, name) == 0) {
            return &mesh->arrays[a];
        }
    }
    return NULL;
}

static enum pvr_status sum_mesh(const struct reading *reading, struct pvr_summary *summary,
                                struct pvr_error *error) {
    const struct study *study = reading->study;
    const struct options *options = study->options;
    const struct chosen_request wanted = {.list = study->quantities.fields,
                                          .max_level = options->max_level,
                                          .precision = PVR_FLOAT64,
                                          .units = options->units,
                                          .region = &reading->region,
                                          .threads = &reading->threads,
                                          .progress = stop_with_batch,
                                          .progress_context = reading->batch};
    struct pvr_mesh *mesh;
    enum pvr_status status = chosen_load(reading->snapshot, &wanted, &mesh, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_mesh_array *mass = find_array(mesh, "mass");
    const struct pvr_mesh_array *velocity = find_array(mesh, "velocity");
    const struct pvr_summary_request request = {.mass = mass != NULL ? mass->array : NULL,
                                                .velocity =
                                                    velocity != NULL ? velocity->array : NULL};
    const struct pvr_leaf_place place = {
        {0, 1, 2},
        {0, 0, 0},
        pvr_length_unit(pvr_snapshot_info(reading->snapshot), options->length_unit).factor};
    status = pvr_summarize_mesh(mesh, &place, &request, &reading->threads, stop_with_batch,
                                reading->batch, summary, error);
    pvr_mesh_free(mesh);
    return status;
}

static enum pvr_status sum_particles(const struct reading *reading, struct pvr_summary *summary,
                                     struct pvr_error *error) {
    const struct options *options = reading->study->options;
    static const char *const names[] = {"mass", "velocity", PVR_PARTICLE_FAMILY};
    struct pvr_particle_table table;
    struct pvr_particles *particles = NULL;
    const char *fields[3];
    int nfields = 0;
    enum pvr_status status = pvr_particles_describe(reading->snapshot, &table, error);
    if (status != PVR_OK) {
        return status;
    }
    for (int i = 0; i < 3; i++) {
        if (pvr_particle_field_find(&table, names[i]) >= 0) {
            fields[nfields++] = names[i];
        }
    }
    const struct pvr_particle_request wanted = {
        .fields = fields,
        .nfields = nfields,
        .precision = PVR_FLOAT64,
        .position_precision = PVR_FLOAT64,
        .units = options->units,
        .length_factor =
            pvr_length_unit(pvr_snapshot_info(reading->snapshot), options->length_unit).factor,
        .region = &reading->region};
    status = pvr_particles_load(reading->snapshot, &wanted, &reading->threads, stop_with_batch,
                                reading->batch, &particles, error);
    if (status == PVR_OK) {
        struct pvr_summary_request request = {.mass = NULL};
        const struct pvr_array *family = NULL;
        for (int a = 0; a < particles->narrays; a++) {
            const struct pvr_particle_array *array = &particles->arrays[a];
            request.mass = strcmp(array->name, "mass") == 0 ? array->array : request.mass;
            request.velocity =
                strcmp(array->name, "velocity") == 0 ? array->array : request.velocity;
            family = strcmp(array->name, PVR_PARTICLE_FAMILY) == 0 ? array->array : family;
        }
        status = pvr_summarize_points(particles->position.array, family, NULL, 0, &request,
                                      &reading->threads, stop_with_batch, reading->batch, summary,
                                      error);
        pvr_particles_free(particles);
    }
    pvr_particle_table_free(&table);
    return status;
}

static enum pvr_status add_row(const struct reading *reading, const struct pvr_summary *mesh,
                               int row, const struct pvr_summary *particles,
                               struct pvr_error *error) {
    const struct quantities *quantities = &reading->study->quantities;
    struct found *found = &reading->study->found[reading->item];
    struct found_row *rows = realloc(found->row, (found->nrows + 1) * sizeof *rows);
    double *value = calloc((size_t)quantities->count, sizeof *value);
    if (rows != NULL) {
        found->row = rows;
    }
    if (rows == NULL || value == NULL) {
        free(value);
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int q = 0; q < quantities->count; q++) {
        value[q] = quantity_value(&quantities->quantity[q], mesh, row, particles);
    }
    int level = mesh != NULL && row > 0 ? mesh->row[row].group : 0;
    rows[found->nrows++] = (struct found_row){reading->region_number, level, value};
    return PVR_OK;
}

static enum pvr_status read_region(const struct reading *reading, struct pvr_error *error) {
    const struct study *study = reading->study;
    struct pvr_summary mesh, particles;
    bool has_mesh = study->quantities.mesh && pvr_snapshot_has_mesh(reading->snapshot);
    bool has_particles = study->quantities.particles;
    memset(&mesh, 0, sizeof mesh);
    memset(&particles, 0, sizeof particles);
    enum pvr_status status = has_mesh ? sum_mesh(reading, &mesh, error) : PVR_OK;
    if (status == PVR_OK && has_particles) {
        status = sum_particles(reading, &particles, error);
    }
    int nrows = study->options->levels && has_mesh ? mesh.nrows : 1;
    for (int r = 0; status == PVR_OK && r < nrows; r++) {
        status =
            add_row(reading, has_mesh ? &mesh : NULL, r, has_particles ? &particles : NULL, error);
    }
    pvr_summary_free(&mesh);
    pvr_summary_free(&particles);
    return status;
}

static enum pvr_status open_output(const struct study *study, size_t item,
                                   struct pvr_snapshot **snapshot, struct pvr_error *error) {
    const struct pvr_output *output = study->outputs[item];
    if (!output->finished) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: is not finished: %s", output->folder,
                        output->problem != NULL ? output->problem : "files are missing");
    }
    return pvr_snapshot_open(output->info_path, snapshot, error);
}

static enum pvr_status run_item(void *context, size_t item, int threads,
                                const struct pvr_batch *batch, struct pvr_error *error) {
    struct study *study = context;
    const struct options *options = study->options;
    struct reading reading = {.study = study,
                              .item = item,
                              .region_number = -1,
                              .threads = options->threads,
                              .batch = (void *)(uintptr_t)batch};
    const int most = options->threads.max;
    reading.threads.max = most > 0 && most < threads ? most : threads;
    enum pvr_status status = open_output(study, item, &reading.snapshot, error);
    if (status != PVR_OK) {
        return status;
    }
    if (options->nregions == 0) {
        status = read_region(&reading, error);
    }
    for (int r = 0; status == PVR_OK && r < options->nregions; r++) {
        reading.region = region_in_code(&options->regions[r], reading.snapshot);
        reading.region_number = r;
        status = read_region(&reading, error);
    }
    pvr_snapshot_release(reading.snapshot);
    return status;
}

/* What each output will need; one that cannot be read fails when its turn comes. */
static void find_needs(struct study *study) {
    for (size_t i = 0; i < study->count; i++) {
        struct pvr_snapshot *snapshot;
        if (open_output(study, i, &snapshot, NULL) == PVR_OK) {
            series_plan(study->options, &study->quantities, snapshot, &study->items[i]);
            pvr_snapshot_release(snapshot);
        }
    }
}

static void ahead_of_item(void *context, size_t item, struct pvr_batch_ahead *ahead) {
    const struct study *study = context;
    struct pvr_snapshot *snapshot;
    if (open_output(study, item, &snapshot, NULL) == PVR_OK) {
        series_ahead(study->options, &study->quantities, snapshot, ahead);
        pvr_snapshot_release(snapshot);
    }
}

/* ---- all of them */

static void tell(void *context, const struct pvr_batch_news *news) {
    const struct study *study = context;
    if (study->options->quiet) {
        return;
    }
    if (study->terminal) {
        fprintf(stderr, "\rreading: %zu done, %zu failed, %zu running (%d threads), %zu to go%s ",
                news->done, news->failed, news->running, news->threads, news->pending,
                news->waiting ? ", waiting for memory" : "");
    }
    if (news->changed != SIZE_MAX) {
        const struct pvr_batch_item *item = &study->items[news->changed];
        if (item->state == PVR_BATCH_FAILED || item->state == PVR_BATCH_TOO_LARGE) {
            fprintf(stderr, "%spvramses: %s\n", study->terminal ? "\r\033[K" : "",
                    item->message != NULL ? item->message : "failed");
        }
    }
}

static bool stopped(void *context) {
    (void)context;
    return interrupt_caught() != 0;
}

static const char *const mass_labels[] = {"", "g", "Msol"};

/* Labels of the units that are made of others; empty where one of these is code. */
static void compose_units(struct study *study, const struct pvr_info *info) {
    const char *length = pvr_length_unit(info, study->options->length_unit).label;
    const char *velocity = pvr_field_unit(info, PVR_VELOCITY, study->options->units).label;
    if (length[0] != '\0' && info->ndim > 1) {
        snprintf(study->volume_unit, sizeof study->volume_unit, "%s^%d", length, info->ndim);
    } else {
        snprintf(study->volume_unit, sizeof study->volume_unit, "%s", length);
    }
    if (length[0] != '\0' && velocity[0] != '\0') {
        snprintf(study->angular_unit, sizeof study->angular_unit, "%s %s %s",
                 mass_labels[study->options->units], length, velocity);
    }
}

/* Unit labels of the quantities, static strings or the study's own. */
static void find_units(struct study *study) {
    const struct options *options = study->options;
    const struct pvr_info *info = NULL;
    struct pvr_snapshot *snapshot = NULL;
    for (size_t i = 0; i < study->count && info == NULL; i++) {
        if (open_output(study, i, &snapshot, NULL) == PVR_OK) {
            info = pvr_snapshot_info(snapshot);
            compose_units(study, info);
        }
    }
    for (int q = 0; q < study->quantities.count; q++) {
        const struct quantity *quantity = &study->quantities.quantity[q];
        study->units[q] = "";
        if (info == NULL) {
            continue;
        }
        if (quantity->kind == QUANTITY_MASS) {
            study->units[q] = mass_labels[options->units];
        } else if (quantity->kind == QUANTITY_CENTRE) {
            study->units[q] = pvr_length_unit(info, options->length_unit).label;
        } else if (quantity->kind == QUANTITY_VOLUME) {
            study->units[q] = study->volume_unit;
        } else if (quantity->kind == QUANTITY_ANGULAR) {
            study->units[q] = study->angular_unit;
        } else if (quantity->kind == QUANTITY_VELOCITY) {
            study->units[q] = pvr_field_unit(info, PVR_VELOCITY, options->units).label;
        } else if (quantity->kind == QUANTITY_FIELD) {
            const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
            const struct pvr_derived_info *derived = pvr_derived_find(quantity->field);
            int variable = pvr_variable_find(table, quantity->field);
            if (variable >= 0) {
                study->units[q] =
                    pvr_field_unit(info, table->variable[variable].dimension, options->units).label;
            } else if (derived != NULL) {
                study->units[q] = pvr_derived_unit(derived, info, NULL, options->units).label;
            }
        }
    }
    if (snapshot != NULL) {
        pvr_snapshot_release(snapshot);
    }
}

/* All rows in their order; a failed output has one for each region. */
static struct series_row *make_rows(const struct study *study, size_t *nrows) {
    const struct options *options = study->options;
    size_t count = 0, each = options->nregions > 0 ? (size_t)options->nregions : 1;
    for (size_t i = 0; i < study->count; i++) {
        bool done = study->items[i].state == PVR_BATCH_DONE;
        count += done ? study->found[i].nrows : each;
    }
    struct series_row *rows = calloc(count + 1, sizeof *rows);
    *nrows = rows != NULL ? count : 0;
    for (size_t i = 0, at = 0; rows != NULL && i < study->count; i++) {
        const struct pvr_output *output = study->outputs[i];
        const struct pvr_batch_item *item = &study->items[i];
        bool done = item->state == PVR_BATCH_DONE;
        size_t n = done ? study->found[i].nrows : each;
        for (size_t r = 0; r < n; r++) {
            int region = done ? study->found[i].row[r].region : options->nregions > 0 ? (int)r : -1;
            rows[at++] =
                (struct series_row){.output = output->number,
                                    .info = output->finished ? &output->info : NULL,
                                    .region = region >= 0 ? options->region_texts[region] : "",
                                    .level = done ? study->found[i].row[r].level : 0,
                                    .value = done ? study->found[i].row[r].value : NULL,
                                    .message = done                    ? NULL
                                               : item->message != NULL ? item->message
                                                                       : "not done"};
        }
    }
    return rows;
}

static enum pvr_status write_table(const struct study *study, const struct series_table *table,
                                   const struct pvr_batch_report *report, struct pvr_error *error) {
    const char *out = study->options->out;
    bool to_stdout = out == NULL || strcmp(out, "-") == 0;
    enum pvr_status status = PVR_OK;
    if (!to_stdout) {
        status = series_write_csv(table, out, error);
    } else if (!study->options->json) {
        status = series_print_csv(table, error);
    }
    if (study->options->json) {
        struct json json;
        json_begin(&json, stdout);
        json_begin_object(&json, NULL);
        json_string(&json, "path", study->options->path);
        json_string(&json, "out", to_stdout ? NULL : out);
        json_uint(&json, "done", report->done);
        json_uint(&json, "failed", report->failed);
        json_uint(&json, "not_done", report->pending);
        json_double(&json, "seconds", report->seconds);
        json_int(&json, "most_threads", report->most_threads);
        json_uint(&json, "outputs_ahead", report->items_ahead);
        json_uint(&json, "bytes_ahead", report->bytes_ahead);
        json_begin_array(&json, "outputs");
        for (size_t i = 0; i < study->count; i++) {
            json_begin_object(&json, NULL);
            json_int(&json, "output", study->outputs[i]->number);
            json_uint(&json, "bytes_needed", study->items[i].need);
            json_int(&json, "threads", study->items[i].threads);
            json_double(&json, "seconds", study->items[i].seconds);
            json_end_object(&json);
        }
        json_end_array(&json);
        series_write_json(table, &json);
        json_end_object(&json);
        json_end(&json);
    } else if (!to_stdout && !study->options->quiet) {
        fprintf(stderr, "%zu of %zu outputs in %.3g s, at most %d threads at once: %s\n",
                report->done, study->count, report->seconds, report->most_threads, out);
    }
    return status;
}

static int report_study(struct study *study, const struct pvr_batch_report *report) {
    const int count = study->quantities.count;
    struct pvr_error error;
    pvr_error_clear(&error);
    struct series_table table = {.ncolumns = count, .unit = study->units};
    const char **columns = calloc((size_t)count + 1, sizeof *columns);
    table.row = make_rows(study, &table.nrows);
    table.column = columns;
    enum pvr_status status = columns != NULL && table.row != NULL
                                 ? PVR_OK
                                 : pvr_fail(&error, PVR_ERROR_MEMORY, "out of memory");
    for (int q = 0; status == PVR_OK && q < count; q++) {
        columns[q] = study->quantities.quantity[q].name;
    }
    /* (a table that is there may be whole: what was stopped does not take its place) */
    const char *out = study->options->out;
    bool kept = interrupt_caught() != 0 && out != NULL && access(out, F_OK) == 0;
    if (status == PVR_OK && !kept) {
        find_units(study);
        status = write_table(study, &table, report, &error);
    }
    free(table.row);
    free(columns);
    int exit_status = status == PVR_OK ? cli_finish_output() : cli_failed(&error);
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
    struct pvr_batch_work work = {.nitems = study->count,
                                  .items = study->items,
                                  .run = run_item,
                                  .ahead = ahead_of_item,
                                  .tell = tell,
                                  .stopped = stopped,
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
    enum pvr_status status =
        quantities_make(options.quantities != NULL ? options.quantities : QUANTITIES_DEFAULT,
                        &study.quantities, &error);
    if (status == PVR_OK) {
        status = find_outputs(&study, &error);
    }
    if (status != PVR_OK) {
        study_free(&study);
        cli_failed(&error);
        return status == PVR_ERROR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
    }
    exit_status = run_study(&study);
    study_free(&study);
    return exit_status;
}
