/* cmd_load.c - pvramses load: read an output's mesh, print totals and the thread report. */
#include "cli.h"
#include "format.h"
#include "json.h"
#include "options.h"
#include "particles.h"
#include "progress.h"
#include "report.h"
#include "totals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: pvramses load PATH [--threads N] [--fields A,B,...] [--max-level L]\n"
    "                     [--precision double|float] [--units code|cgs|astro] [--pin]\n"
    "                     " REGION_USAGE "\n"
    "                     [--no-prefetch] [--stream] [--json] [--quiet]\n"
    "       pvramses load --help\n";

static const char help[] =
    "pvramses load - read an output with all threads\n"
    "\n"
    "  pvramses load PATH [OPTION...]\n"
    "\n"
    "PATH is an output's info file or its folder, or a Mera file (.jld2). Reads the mesh and its\n"
    "fields into memory as the ParaView plugin does, and prints what was found in the leaf cells\n"
    "(cells per level, volume, mass, and each field's smallest and largest value and its sum\n"
    "times volume), how long it took, and how well the threads were used. Then its particles:\n"
    "counts and masses by family, and the extrema of each column; and its sinks, clumps and\n"
    "halos.\n"
    "\n"
    "OPTIONS\n"
    "  --threads N       at most N threads; 0, the default: all that the process may use. The\n"
    "                    results are the same bits for any number\n"
    "  --fields A,B,...  these fields alone, by their names in `pvramses info`; a component\n"
    "                    (velocity_x), `level` and `domain` are taken too; particles are left\n"
    "                    out. Default: all fields, and the particles\n"
    "  --max-level L     no cells deeper than level L: cells there count as leaves and carry\n"
    "                    the coarse values that RAMSES stores. 0, the default: all "
    "levels\n" REGION_HELP
    "  --precision P     double (default) or float, of the arrays in memory\n"
    "  --units U         code (default), cgs, or astro: those of astronomers, as cm^-3 and\n"
    "                    km/s. Volumes stay in code length, the total mass in code mass\n"
    "  --stream          add up block by block and keep nothing: for outputs larger than the\n"
    "                    memory. The sums differ in the last digits at most\n"
    "  --pin             bind each thread to a processor\n"
    "  --no-prefetch     do not ask the system for bytes ahead of time\n"
    "  --json            one JSON object on standard output, nothing else\n"
    "  --quiet           no progress and no warnings on standard error\n"
    "  --help            this text\n"
    "\n"
    "PROGRESS\n"
    "  On a terminal a bar; in a log a line every two seconds. Both on standard error. Ctrl-C\n"
    "  stops the load cleanly (exit status 130), a second Ctrl-C at once.\n"
    "\n"
    "JSON\n"
    "  path, output, ndim, ncpu, ordering, boxlen, time, levelmin, levelmax, leaf_cells,\n"
    "  leaf_cells_per_level (levels that have some), volume, total_mass, fields (by variable:\n"
    "  min, max, sum_field_volume, not_finite, unit), particles (count, mass, families, fields\n"
    "  with min, max, sum, not_finite, unit), sinks, clumps, halos (count, mass, columns),\n"
    "  seconds (of loading the mesh alone), statistics_seconds, particle_seconds, bytes_read,\n"
    "  structure_bytes, array_bytes, peak_rss_bytes, threads (max, efficiency in percent,\n"
    "  balance, wall_seconds, per_thread), units, precision, stream, warnings, region (null, or\n"
    "  type, centre, its sizes, by_centre, in code length; all counts are of it). Values are in\n"
    "  code units unless --units says otherwise; what is not a number is null.\n"
    "\n"
    "EXAMPLES\n"
    "  pvramses load output_00003\n"
    "  pvramses load output_00003 --fields density,velocity --threads 8 --precision float\n"
    "  pvramses load output_00003 --region sphere,0.5,0.5,0.5,20,kpc\n"
    "  pvramses load output_00003 --stream --json > totals.json\n";

/* One object for a program. */

static void write_totals(struct json *json, const struct totals *totals) {
    json_uint(json, "leaf_cells", totals->leaf_cells);
    json_begin_object(json, "leaf_cells_per_level");
    for (int level = 0; level <= PVR_MAX_LEVELS; level++) {
        if (totals->leaf_cells_per_level[level] > 0) {
            char key[16];
            snprintf(key, sizeof key, "%d", level);
            json_uint(json, key, totals->leaf_cells_per_level[level]);
        }
    }
    json_end_object(json);
    json_double(json, "volume", totals->volume);
    json_double(json, "total_mass", totals->total_mass);
    json_begin_object(json, "fields");
    for (int f = 0; f < totals->nfields; f++) {
        const struct totals_field *field = &totals->field[f];
        json_begin_object(json, field->name);
        json_double(json, "min", field->min);
        json_double(json, "max", field->max);
        json_double(json, "sum_field_volume", field->sum_field_volume);
        json_uint(json, "not_finite", field->not_finite);
        json_string(json, "unit", field->unit);
        json_end_object(json);
    }
    json_end_object(json);
}

static void write_object(const struct options *options, const struct pvr_region *region,
                         struct pvr_snapshot *snapshot, const struct totals *totals,
                         const struct particle_totals *particles) {
    static const char *const units[] = {"code", "cgs", "astro"};
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", options->path);
    json_int(&json, "output", pvr_snapshot_number(snapshot));
    json_int(&json, "ndim", info->ndim);
    json_int(&json, "ncpu", info->ncpu);
    json_string(&json, "ordering", info->ordering);
    json_double(&json, "boxlen", info->boxlen);
    json_double(&json, "time", info->time);
    json_int(&json, "levelmin", info->levelmin);
    json_int(&json, "levelmax", info->levelmax);
    report_write_region(&json, region, info->ndim);
    write_totals(&json, totals);
    if (options->fields == NULL) {
        particle_totals_write(particles, &json);
    }
    json_double(&json, "seconds", totals->seconds);
    json_double(&json, "statistics_seconds", totals->statistics_seconds);
    json_double(&json, "particle_seconds", particles->seconds);
    json_uint(&json, "bytes_read", totals->report.bytes_read);
    json_uint(&json, "structure_bytes", totals->structure_bytes);
    json_uint(&json, "array_bytes", totals->array_bytes);
    json_uint(&json, "peak_rss_bytes", peak_rss_bytes());
    report_write(&json, &totals->report);
    json_string(&json, "units", units[options->units]);
    json_string(&json, "precision", options->precision == PVR_FLOAT32 ? "float" : "double");
    json_bool(&json, "stream", options->stream);
    json_lines(&json, "warnings", pvr_snapshot_warnings(snapshot));
    json_end_object(&json);
    json_end(&json);
}

/* A page for a person. */

static void print_cells(const struct options *options, const struct pvr_region *region,
                        struct pvr_snapshot *snapshot, const struct totals *totals) {
    const struct pvr_info *info = pvr_snapshot_info(snapshot);
    char text[FORMAT_SIZE];
    printf("%s: output %d, %d-D, %d domains\n\n", options->path, pvr_snapshot_number(snapshot),
           info->ndim, info->ncpu);
    if (region->type != PVR_REGION_NONE) {
        char words[256];
        pvr_region_text(region, info->ndim, (struct pvr_unit){1, ""}, words, sizeof words);
        printf("  of the %s (code)\n\n", words);
    }
    printf("  level   leaf cells\n");
    for (int level = 0; level <= PVR_MAX_LEVELS; level++) {
        if (totals->leaf_cells_per_level[level] > 0) {
            printf("  %5d %12s\n", level, format_count(text, totals->leaf_cells_per_level[level]));
        }
    }
    printf("  total %12s\n", format_count(text, totals->leaf_cells));
    printf("\n  volume      %.10g (code)\n", totals->volume);
    if (isfinite(totals->total_mass)) {
        printf("  total mass  %.10g (code)", totals->total_mass);
        if (info->ndim == 3 && pvr_has_physical_units(info)) {
            double gram = totals->total_mass * info->unit_d * pow(info->unit_l, 3);
            printf(", %s", format_mass(text, gram));
        }
        printf("\n");
    }
}

static void print_fields(const struct totals *totals) {
    if (totals->nfields == 0) {
        return;
    }
    printf("\n  %-20s %16s %16s %16s   unit\n", "field", "min", "max", "sum x volume");
    for (int f = 0; f < totals->nfields; f++) {
        const struct totals_field *field = &totals->field[f];
        printf("  %-20s %16.9g %16.9g %16.9g   %s", field->name, field->min, field->max,
               field->sum_field_volume, field->unit[0] != '\0' ? field->unit : "code");
        if (field->not_finite > 0) {
            char text[FORMAT_SIZE];
            printf(" (%s leaf cells without a number left out)",
                   format_count(text, field->not_finite));
        }
        printf("\n");
    }
}

static void print_cost(const struct totals *totals) {
    char bytes[FORMAT_SIZE], rate[FORMAT_SIZE], seconds[FORMAT_SIZE], other[FORMAT_SIZE];
    const double read = (double)totals->report.bytes_read;
    printf("\n  read        %s in %s", format_bytes(bytes, read),
           format_seconds(seconds, totals->seconds));
    if (totals->seconds > 0) {
        printf(": %s/s", format_bytes(rate, read / totals->seconds));
    }
    if (totals->array_bytes > 0) {
        printf("\n  in memory   %s of values, %s of structure",
               format_bytes(bytes, (double)totals->array_bytes),
               format_bytes(other, (double)totals->structure_bytes));
    }
    printf("\n  peak        %s\n", format_bytes(bytes, (double)peak_rss_bytes()));
    report_print(&totals->report);
}

/* Says where the box is if no cell lies in the region. */
static void warn_empty(const struct options *options, const struct pvr_region *region,
                       const struct pvr_snapshot *snapshot, const struct totals *totals) {
    if (region->type == PVR_REGION_NONE || totals->leaf_cells > 0) {
        return;
    }
    char text[512];
    struct pvr_unit unit = pvr_length_unit(pvr_snapshot_info(snapshot), options->region.unit);
    pvr_region_empty_text(region, snapshot, unit, text, sizeof text);
    cli_warn(text);
}

/* Reads with a bar and a way to stop. Returns the exit status. */
static int read_totals(const struct options *options, const struct pvr_region *region,
                       struct pvr_snapshot *snapshot, const struct selection *selection,
                       struct totals *totals, struct particle_totals *particles) {
    struct progress progress;
    const struct totals_request request = {
        .snapshot = snapshot,
        .selection = selection,
        .threads = &options->threads,
        .max_level = options->max_level,
        .precision = options->precision,
        .units = options->units,
        .region = region,
        .progress = progress_step,
        .progress_context = &progress,
    };
    struct pvr_error error;
    pvr_error_clear(&error);
    interrupt_catch();
    progress_begin(&progress, "reading", options->quiet);
    enum pvr_status status = PVR_OK;
    if (!pvr_snapshot_has_mesh(snapshot)) { /* a Mera file of particles or clumps */
        *totals = (struct totals){.total_mass = (double)NAN};
    } else {
        status = options->stream ? totals_stream(&request, totals, &error)
                                 : totals_load(&request, totals, &error);
    }
    bool mesh_read = status == PVR_OK;
    memset(particles, 0, sizeof *particles);
    if (mesh_read && options->fields == NULL) {
        status = particle_totals_read(snapshot, options, region, progress_step, &progress,
                                      particles, &error);
    }
    progress_end(&progress);
    if (mesh_read && (status != PVR_OK || interrupt_caught() != 0)) {
        totals_free(totals);
        particle_totals_free(particles);
    }
    if (interrupt_caught() != 0) {
        cli_complain("stopped");
        return CLI_SIGNAL + interrupt_caught();
    }
    return status == PVR_OK ? CLI_OK : cli_failed(&error);
}

int cmd_load(int argc, char **argv) {
    struct options options;
    const unsigned takes =
        TAKES_JSON | TAKES_QUIET | TAKES_THREADS | TAKES_MESH | TAKES_STREAM | TAKES_REGION;
    int exit_status;
    if (!options_go(argc, argv, takes, usage, help, &options, &exit_status)) {
        return exit_status;
    }
    struct pvr_error error;
    struct pvr_snapshot *snapshot = NULL;
    struct selection selection;
    pvr_error_clear(&error);
    if (pvr_snapshot_open(options.path, &snapshot, &error) != PVR_OK) {
        return cli_failed(&error);
    }
    if (options.fields == NULL && pvr_snapshot_spoilt(snapshot) != NULL) {
        cli_complain(pvr_snapshot_spoilt(snapshot));
        pvr_snapshot_release(snapshot);
        return CLI_FAILED;
    }
    if (selection_make(pvr_snapshot_fields(snapshot), options.fields, &selection, &error) !=
        PVR_OK) {
        pvr_snapshot_release(snapshot);
        return cli_failed(&error);
    }
    struct totals totals;
    struct particle_totals particles;
    const struct pvr_region region = region_in_code(&options.region, snapshot);
    exit_status = read_totals(&options, &region, snapshot, &selection, &totals, &particles);
    if (exit_status == CLI_OK) {
        if (!options.quiet) {
            cli_warn(pvr_snapshot_warnings(snapshot));
            cli_warn(particles.particles != NULL ? particles.particles->warnings : NULL);
            warn_empty(&options, &region, snapshot, &totals);
        }
        if (options.json) {
            write_object(&options, &region, snapshot, &totals, &particles);
        } else {
            print_cells(&options, &region, snapshot, &totals);
            print_fields(&totals);
            print_cost(&totals);
            particle_totals_print(&particles);
        }
        totals_free(&totals);
        particle_totals_free(&particles);
        exit_status = cli_finish_output();
    }
    selection_free(&selection);
    pvr_snapshot_release(snapshot);
    return exit_status;
}
