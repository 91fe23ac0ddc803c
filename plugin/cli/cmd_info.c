/* cmd_info.c - pvramses info: what is in an output. */
#include "cli.h"
#include "contents.h"
#include "disk.h"
#include "format.h"
#include "json.h"
#include "mera.h"
#include "options.h"
#include "pvr_mesh.h"
#include "pvr_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: pvramses info PATH [--json] [--threads N]\n"
                            "       pvramses info --help\n";

static const char help[] =
    "pvramses info - what an output holds\n"
    "\n"
    "  pvramses info PATH [--json] [--threads N]\n"
    "\n"
    "PATH is an output's info file or its folder, or a Mera file (.jld2). Prints the time, the\n"
    "size of the box, the levels with their octs and cells, the fields with their units,\n"
    "particles by family, sinks, clumps and halos, and the bytes on disk and in memory; of a\n"
    "Mera file also its tables, their columns and compression, the versions that wrote it and\n"
    "its comments. Reads headers, the tables of all domains and the lists of sinks and clumps,\n"
    "but no values (of a Mera file the places of its cells): it is quick.\n"
    "\n"
    "OPTIONS\n"
    "  --json         one JSON object on standard output, nothing else\n"
    "  --threads N    at most N threads; 0, the default: all that the process may use\n"
    "  --no-prefetch  do not ask the system for bytes ahead of time\n"
    "  --pin          bind each thread to a processor\n"
    "  --help         this text\n"
    "\n"
    "WHAT THE WORDS MEAN\n"
    "  octs        groups of 2, 4 or 8 cells (1-D, 2-D, 3-D) that RAMSES refines together\n"
    "  leaf cells  cells that are not refined further: what the simulation computes with\n"
    "  cells       leaf cells and the coarse cells above them, which RAMSES stores too\n"
    "  domains     files of each kind, one per process of the run\n"
    "\n"
    "EXAMPLE\n"
    "  pvramses info output_00003\n";

enum { LEVELS_ROOM = 64 };

/* All that is known about the output, gathered before anything is printed. */
struct survey {
    struct pvr_snapshot *snapshot;
    const char *path;
    struct pvr_level_count level[LEVELS_ROOM];
    int nlevels;
    uint64_t octs, cells, leaf_cells;
    double size[3];
    uint32_t ncoarse[3];
    uint64_t bytes_double, bytes_float; /* of all fields in memory */
    struct disk disk;
    struct contents contents;
};

static enum pvr_status memory_needed(struct survey *survey, const struct options *options,
                                     enum pvr_type precision, uint64_t *bytes,
                                     struct pvr_error *error) {
    const struct pvr_field_table *table = pvr_snapshot_fields(survey->snapshot);
    const char **names = calloc((size_t)table->nfields + 1, sizeof names[0]);
    if (names == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int f = 0; f < table->nfields; f++) {
        names[f] = table->field[f].name;
    }
    const struct pvr_mesh_request request = {
        .fields = names, .nfields = table->nfields, .precision = precision};
    enum pvr_status status =
        pvr_mesh_bytes(survey->snapshot, &request, &options->threads, bytes, error);
    free(names);
    return status;
}

static enum pvr_status gather(const struct options *options, struct survey *survey,
                              struct pvr_error *error) {
    *survey = (struct survey){.path = options->path};
    enum pvr_status status = pvr_snapshot_open(options->path, &survey->snapshot, error);
    if (status == PVR_OK) {
        status = pvr_snapshot_levels(survey->snapshot, &options->threads, survey->level,
                                     &survey->nlevels, error);
    }
    if (status == PVR_OK) {
        status = memory_needed(survey, options, PVR_FLOAT64, &survey->bytes_double, error);
    }
    if (status == PVR_OK) {
        status = memory_needed(survey, options, PVR_FLOAT32, &survey->bytes_float, error);
    }
    if (status != PVR_OK) {
        pvr_snapshot_release(survey->snapshot);
        return status;
    }
    for (int l = 0; l < survey->nlevels; l++) {
        survey->octs += survey->level[l].octs;
        survey->cells += survey->level[l].cells;
        survey->leaf_cells += survey->level[l].leaf_cells;
    }
    pvr_snapshot_box(survey->snapshot, survey->size, survey->ncoarse);
    if (pvr_snapshot_mera(survey->snapshot) != NULL) {
        uint64_t bytes = pvr_snapshot_disk_bytes(survey->snapshot);
        survey->disk = (struct disk){1, {{"jld2", 1, bytes}}, 1, bytes};
    } else {
        disk_survey(pvr_snapshot_path(survey->snapshot), &survey->disk);
    }
    contents_read(survey->snapshot, &options->threads, &survey->contents);
    return PVR_OK;
}

/* Side of a cell of `level`, code length. */
static double cell_size(const struct survey *survey, int level) {
    return ldexp(survey->size[0] / survey->ncoarse[0], -level);
}

/* A page for a person. */

static void print_run(const struct survey *survey) {
    const struct pvr_info *info = pvr_snapshot_info(survey->snapshot);
    const double gamma = pvr_snapshot_gamma(survey->snapshot);
    char text[FORMAT_SIZE];
    printf("%s\n\n", survey->path);
    printf("  output     %d, step %" PRId64 "\n", pvr_snapshot_number(survey->snapshot),
           info->nstep_coarse);
    printf("  run        %d-D%s", info->ndim, info->cosmological ? ", cosmological" : "");
    if (gamma > 0) {
        printf(", gamma %.6g", gamma);
    }
    printf("\n  time       %.10g (code)", info->time);
    if (info->cosmological) {
        printf(", age of the universe %.6g Myr\n", pvr_info_time_myr(info));
        printf("             expansion factor %.6g, redshift %.4g\n", info->aexp,
               1 / info->aexp - 1);
        printf("  universe   H0 %.4g km/s/Mpc, Omega_m %.4g, Omega_l %.4g, Omega_b %.4g\n",
               info->H0, info->omega_m, info->omega_l, info->omega_b);
    } else if (pvr_has_physical_units(info)) {
        printf(", %.6g Myr\n", pvr_info_time_myr(info));
    } else {
        printf("\n");
    }
    printf("  box        ");
    for (int a = 0; a < info->ndim; a++) {
        printf("%s%.6g", a > 0 ? " x " : "", survey->size[a]);
    }
    printf(" (code)");
    if (pvr_has_physical_units(info)) {
        printf(", %s", pvr_length_text(survey->size[0] * info->unit_l, text, sizeof text));
        if (info->cosmological) {
            printf(" proper, %s comoving",
                   pvr_length_text(survey->size[0] * info->unit_l / info->aexp, text, sizeof text));
        }
    }
    printf("\n  domains    %d%s%s%s\n", info->ncpu, info->ordering[0] != '\0' ? ", " : "",
           info->ordering, info->ordering[0] != '\0' ? " ordering" : "");
}

static void print_levels(const struct survey *survey) {
    const struct pvr_info *info = pvr_snapshot_info(survey->snapshot);
    char octs[FORMAT_SIZE], cells[FORMAT_SIZE], leaves[FORMAT_SIZE], text[FORMAT_SIZE];
    printf("\n  level         octs        cells   leaf cells   cell size\n");
    for (int l = 0; l < survey->nlevels; l++) {
        const struct pvr_level_count *count = &survey->level[l];
        const double size = cell_size(survey, l + 1);
        printf("  %5d %12s %12s %12s   %.6g", l + 1, format_count(octs, count->octs),
               format_count(cells, count->cells), format_count(leaves, count->leaf_cells), size);
        if (pvr_has_physical_units(info)) {
            printf(", %s", pvr_length_text(size * info->unit_l, text, sizeof text));
        }
        printf("\n");
    }
    printf("  total %12s %12s %12s\n", format_count(octs, survey->octs),
           format_count(cells, survey->cells), format_count(leaves, survey->leaf_cells));
    printf("  levelmin %d, levelmax %d\n", info->levelmin, info->levelmax);
}

static void print_fields(const struct survey *survey) {
    const struct pvr_info *info = pvr_snapshot_info(survey->snapshot);
    const struct pvr_field_table *table = pvr_snapshot_fields(survey->snapshot);
    printf("\n  %-26s %-26s %s\n", "field", "code to cgs", "code to astro");
    for (int f = 0; f < table->nfields; f++) {
        const struct pvr_field *field = &table->field[f];
        const struct pvr_unit cgs = pvr_field_unit(info, field->dimension, PVR_UNITS_CGS);
        const struct pvr_unit astro = pvr_field_unit(info, field->dimension, PVR_UNITS_ASTRO);
        char name[PVR_NAME_SIZE + 16];
        snprintf(name, sizeof name, "%s%s", field->name, field->ncomponents > 1 ? " (vector)" : "");
        if (cgs.label[0] == '\0') {
            printf("  %-26s no unit\n", name);
        } else {
            printf("  %-26s %-12.6g %-13s %-12.6g %s\n", name, cgs.factor, cgs.label, astro.factor,
                   astro.label);
        }
    }
}

static void print_bytes(const struct survey *survey) {
    char text[FORMAT_SIZE], other[FORMAT_SIZE];
    printf("\n  on disk    %s in %s files: ", format_bytes(text, (double)survey->disk.bytes),
           format_count(other, survey->disk.files));
    for (int k = 0; k < survey->disk.nkinds; k++) {
        const struct disk_kind *kind = &survey->disk.kind[k];
        printf("%s%s %s", k > 0 ? ", " : "", kind->name, format_bytes(text, (double)kind->bytes));
    }
    if (pvr_snapshot_mera(survey->snapshot) == NULL) {
        printf("\n  mesh       %s of these: amr and the values of its cells",
               format_bytes(text, (double)pvr_snapshot_disk_bytes(survey->snapshot)));
    }
    printf("\n");
    printf("  in memory  %s with all fields in single precision, %s in double\n",
           format_bytes(text, (double)survey->bytes_float),
           format_bytes(other, (double)survey->bytes_double));
}

static void print_warnings(const char *warnings) {
    while (warnings != NULL && *warnings != '\0') {
        size_t length = strcspn(warnings, "\n");
        printf("\n  warning: %.*s", (int)length, warnings);
        warnings += length;
        warnings += *warnings == '\n';
        if (*warnings == '\0') {
            printf("\n");
        }
    }
}

static void print_page(const struct survey *survey) {
    print_run(survey);
    if (pvr_snapshot_mera(survey->snapshot) != NULL) {
        mera_print(pvr_snapshot_mera(survey->snapshot));
    }
    if (pvr_snapshot_has_mesh(survey->snapshot)) {
        print_levels(survey);
        print_fields(survey);
    }
    contents_print(&survey->contents);
    print_bytes(survey);
    print_warnings(pvr_snapshot_warnings(survey->snapshot));
    print_warnings(survey->contents.warnings);
}

/* One object for a program. */

static void write_run(struct json *json, const struct survey *survey) {
    const struct pvr_info *info = pvr_snapshot_info(survey->snapshot);
    json_string(json, "path", survey->path);
    json_int(json, "output", pvr_snapshot_number(survey->snapshot));
    json_int(json, "ndim", info->ndim);
    json_int(json, "ncpu", info->ncpu);
    json_string(json, "ordering", info->ordering);
    json_double(json, "boxlen", info->boxlen);
    json_begin_array(json, "box_size");
    for (int a = 0; a < info->ndim; a++) {
        json_double(json, NULL, survey->size[a]);
    }
    json_end_array(json);
    json_int(json, "step", info->nstep_coarse);
    json_double(json, "time", info->time);
    json_double(json, "time_myr", pvr_info_time_myr(info));
    json_bool(json, "cosmological", info->cosmological);
    json_double(json, "aexp", info->aexp);
    json_double(json, "redshift", info->cosmological ? 1 / info->aexp - 1 : (double)NAN);
    json_double(json, "H0", info->H0);
    json_double(json, "omega_m", info->omega_m);
    json_double(json, "omega_l", info->omega_l);
    json_double(json, "omega_k", info->omega_k);
    json_double(json, "omega_b", info->omega_b);
    json_double(json, "unit_l", info->unit_l);
    json_double(json, "unit_d", info->unit_d);
    json_double(json, "unit_t", info->unit_t);
    json_double(json, "gamma", pvr_snapshot_gamma(survey->snapshot));
}

static void write_levels(struct json *json, const struct survey *survey) {
    const struct pvr_info *info = pvr_snapshot_info(survey->snapshot);
    json_int(json, "levelmin", info->levelmin);
    json_int(json, "levelmax", info->levelmax);
    json_uint(json, "octs", survey->octs);
    json_uint(json, "cells", survey->cells);
    json_uint(json, "leaf_cells", survey->leaf_cells);
    json_begin_array(json, "levels");
    for (int l = 0; l < survey->nlevels; l++) {
        json_begin_object(json, NULL);
        json_int(json, "level", l + 1);
        json_uint(json, "octs", survey->level[l].octs);
        json_uint(json, "cells", survey->level[l].cells);
        json_uint(json, "leaf_cells", survey->level[l].leaf_cells);
        json_double(json, "cell_size", cell_size(survey, l + 1));
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_unit(struct json *json, const char *key, struct pvr_unit unit) {
    json_begin_object(json, key);
    json_double(json, "factor", unit.factor);
    json_string(json, "label", unit.label);
    json_end_object(json);
}

static void write_fields(struct json *json, const struct survey *survey) {
    const struct pvr_info *info = pvr_snapshot_info(survey->snapshot);
    const struct pvr_field_table *table = pvr_snapshot_fields(survey->snapshot);
    json_begin_array(json, "fields");
    for (int f = 0; f < table->nfields; f++) {
        const struct pvr_field *field = &table->field[f];
        json_begin_object(json, NULL);
        json_string(json, "name", field->name);
        json_begin_array(json, "variables");
        for (int c = 0; c < field->ncomponents; c++) {
            if (field->variable[c] >= 0) {
                json_string(json, NULL, table->variable[field->variable[c]].name);
            }
        }
        json_end_array(json);
        write_unit(json, "cgs", pvr_field_unit(info, field->dimension, PVR_UNITS_CGS));
        write_unit(json, "astro", pvr_field_unit(info, field->dimension, PVR_UNITS_ASTRO));
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_bytes(struct json *json, const struct survey *survey) {
    json_begin_object(json, "files");
    for (int k = 0; k < survey->disk.nkinds; k++) {
        json_begin_object(json, survey->disk.kind[k].name);
        json_uint(json, "count", survey->disk.kind[k].files);
        json_uint(json, "bytes", survey->disk.kind[k].bytes);
        json_end_object(json);
    }
    json_end_object(json);
    json_uint(json, "disk_bytes", survey->disk.bytes);
    json_uint(json, "mesh_disk_bytes", pvr_snapshot_disk_bytes(survey->snapshot));
    json_uint(json, "memory_bytes_float", survey->bytes_float);
    json_uint(json, "memory_bytes_double", survey->bytes_double);
}

static void write_object(const struct survey *survey) {
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    write_run(&json, survey);
    write_levels(&json, survey);
    write_fields(&json, survey);
    contents_write(&survey->contents, &json);
    write_bytes(&json, survey);
    if (pvr_snapshot_mera(survey->snapshot) != NULL) {
        mera_write(pvr_snapshot_mera(survey->snapshot), &json);
    }
    char *warnings = NULL;
    const char *both[] = {pvr_snapshot_warnings(survey->snapshot), survey->contents.warnings};
    for (int i = 0; i < 2; i++) {
        if (both[i] != NULL) {
            pvr_text_add_line(&warnings, both[i]);
        }
    }
    json_lines(&json, "warnings", warnings);
    free(warnings);
    json_end_object(&json);
    json_end(&json);
}

int cmd_info(int argc, char **argv) {
    struct options options;
    int exit_status;
    if (!options_go(argc, argv, TAKES_JSON | TAKES_THREADS, usage, help, &options, &exit_status)) {
        return exit_status;
    }
    struct pvr_error error;
    struct survey survey;
    pvr_error_clear(&error);
    if (gather(&options, &survey, &error) != PVR_OK) {
        return cli_failed(&error);
    }
    if (options.json) {
        write_object(&survey);
    } else {
        print_page(&survey);
    }
    contents_free(&survey.contents);
    pvr_snapshot_release(survey.snapshot);
    return cli_finish_output();
}
