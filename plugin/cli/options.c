/* options.c - the options of all commands. */
#include "options.h"
#include "words.h"

#include "cli.h"
#include "pvr_octree.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_APPEND = 1000,
    OPTION_BY_CENTRE,
    OPTION_COMMENTS,
    OPTION_COMPRESSOR,
    OPTION_CUT,
    OPTION_FAMILIES,
    OPTION_FIELDS,
    OPTION_FOLDER,
    OPTION_GRID_LEVEL,
    OPTION_HELP,
    OPTION_JOBS,
    OPTION_JSON,
    OPTION_KINDS,
    OPTION_LENGTH_UNIT,
    OPTION_LEVEL,
    OPTION_LEVELS,
    OPTION_LMAX,
    OPTION_LMIN,
    OPTION_LOG10,
    OPTION_MAX_LEVEL,
    OPTION_NO_PREFETCH,
    OPTION_OUT,
    OPTION_OUTPUTS,
    OPTION_PIN,
    OPTION_PLOT,
    OPTION_POINTS,
    OPTION_PRECISION,
    OPTION_QUANTITIES,
    OPTION_QUIET,
    OPTION_REGION,
    OPTION_RUNS,
    OPTION_STREAM,
    OPTION_THREADS,
    OPTION_UNITS
};

static const struct known {
    struct option option;
    unsigned takes; /* commands that have it; 0: all */
} known[] = {
    {{"append", no_argument, NULL, OPTION_APPEND}, TAKES_EXPORT},
    {{"by-centre", no_argument, NULL, OPTION_BY_CENTRE}, TAKES_REGION},
    {{"comments", required_argument, NULL, OPTION_COMMENTS}, TAKES_EXPORT},
    {{"compressor", required_argument, NULL, OPTION_COMPRESSOR}, TAKES_EXPORT},
    {{"cut", no_argument, NULL, OPTION_CUT}, TAKES_CUT},
    {{"families", required_argument, NULL, OPTION_FAMILIES}, TAKES_EXPORT},
    {{"fields", required_argument, NULL, OPTION_FIELDS}, TAKES_MESH},
    {{"folder", required_argument, NULL, OPTION_FOLDER}, TAKES_BENCH},
    {{"grid-level", required_argument, NULL, OPTION_GRID_LEVEL}, TAKES_EXPORT},
    {{"help", no_argument, NULL, OPTION_HELP}, 0},
    {{"jobs", required_argument, NULL, OPTION_JOBS}, TAKES_EXPORT | TAKES_SERIES},
    {{"json", no_argument, NULL, OPTION_JSON}, TAKES_JSON},
    {{"kinds", required_argument, NULL, OPTION_KINDS}, TAKES_EXPORT},
    {{"length-unit", required_argument, NULL, OPTION_LENGTH_UNIT}, TAKES_EXPORT | TAKES_SERIES},
    {{"level", required_argument, NULL, OPTION_LEVEL}, TAKES_EXPORT},
    {{"levels", no_argument, NULL, OPTION_LEVELS}, TAKES_SERIES},
    {{"lmax", required_argument, NULL, OPTION_LMAX}, TAKES_EXPORT},
    {{"lmin", required_argument, NULL, OPTION_LMIN}, TAKES_EXPORT},
    {{"log10", required_argument, NULL, OPTION_LOG10}, TAKES_EXPORT},
    {{"max-level", required_argument, NULL, OPTION_MAX_LEVEL}, TAKES_MESH | TAKES_SERIES},
    {{"no-prefetch", no_argument, NULL, OPTION_NO_PREFETCH}, TAKES_THREADS},
    {{"out", required_argument, NULL, OPTION_OUT}, TAKES_EXPORT | TAKES_SERIES},
    {{"outputs", required_argument, NULL, OPTION_OUTPUTS}, TAKES_EXPORT | TAKES_SERIES},
    {{"pin", no_argument, NULL, OPTION_PIN}, TAKES_THREADS},
    {{"plot", required_argument, NULL, OPTION_PLOT}, TAKES_BENCH},
    {{"points", required_argument, NULL, OPTION_POINTS}, TAKES_EXPORT},
    {{"precision", required_argument, NULL, OPTION_PRECISION}, TAKES_MESH},
    {{"quantities", required_argument, NULL, OPTION_QUANTITIES}, TAKES_SERIES},
    {{"quiet", no_argument, NULL, OPTION_QUIET}, TAKES_QUIET},
    {{"region", required_argument, NULL, OPTION_REGION}, TAKES_REGION},
    {{"runs", required_argument, NULL, OPTION_RUNS}, TAKES_BENCH},
    {{"stream", no_argument, NULL, OPTION_STREAM}, TAKES_STREAM},
    {{"threads", required_argument, NULL, OPTION_THREADS}, TAKES_THREADS},
    {{"units", required_argument, NULL, OPTION_UNITS}, TAKES_MESH | TAKES_SERIES},
};
enum { NKNOWN = sizeof known / sizeof known[0], MOST_RUNS = 1000 };

enum options_result { OPTIONS_GO, OPTIONS_HELP, OPTIONS_WRONG };

static enum options_result wrong(const char *usage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum options_result wrong(const char *usage, const char *format, ...) {
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    cli_complain(message);
    fputs(usage, stderr);
    return OPTIONS_WRONG;
}

/* Adds the region to the list of all; false if there are too many. */
static bool keep_region(const char *text, struct options *options) {
    if (options->nregions == OPTIONS_REGIONS) {
        return false;
    }
    options->regions[options->nregions] = options->region;
    options->region_texts[options->nregions++] = text;
    return true;
}

/* The same for a level. */
static bool keep_max_level(struct options *options) {
    if (options->nmax_levels == OPTIONS_MAX_LEVELS) {
        return false;
    }
    options->max_levels[options->nmax_levels++] = options->max_level;
    return true;
}

/* Applies one option that was recognized. False: the argument makes no sense. */
static bool apply(int option, const char *argument, struct options *options) {
    static const char *const precisions[] = {"float", "double", NULL};
    static const enum pvr_type precision_type[] = {PVR_FLOAT32, PVR_FLOAT64};
    static const char *const units[] = {"code", "cgs", "astro", NULL};
    static const enum pvr_field_units unit_system[] = {PVR_UNITS_CODE, PVR_UNITS_CGS,
                                                       PVR_UNITS_ASTRO};
    static const char *const lengths[] = {"code", "pc", "kpc", "Mpc", "AU", "cm", NULL};
    static const char *const points[] = {"particles", "sinks", "clumps", "halos", NULL};
    int word;
    switch (option) {
    case OPTION_APPEND:
        options->append = true;
        return true;
    case OPTION_BY_CENTRE:
        options->by_centre = true;
        return true;
    case OPTION_COMMENTS:
        options->comments = argument;
        return true;
    case OPTION_COMPRESSOR:
        return pvr_vtk_compressor_find(argument, &options->compressor);
    case OPTION_CUT:
        options->cut = true;
        return true;
    case OPTION_FAMILIES:
        options->families = argument;
        return argument[0] != '\0';
    case OPTION_FIELDS:
        options->fields = argument;
        return argument[0] != '\0';
    case OPTION_FOLDER:
        options->folder = argument;
        return argument[0] != '\0';
    case OPTION_GRID_LEVEL:
        return words_int(argument, 1, PVR_MAX_LEVELS, &options->grid_level);
    case OPTION_JOBS:
        return words_int(argument, 1, WORDS_MOST_THREADS, &options->jobs);
    case OPTION_JSON:
        options->json = true;
        return true;
    case OPTION_KINDS:
        options->kinds = argument;
        return argument[0] != '\0';
    case OPTION_LENGTH_UNIT:
        word = words_find(argument, lengths); /* in the order of enum pvr_length_unit */
        options->length_unit = word >= 0 ? (enum pvr_length_unit)word : PVR_LENGTH_CODE;
        return word >= 0;
    case OPTION_LEVEL:
        return words_int(argument, 1, PVR_VTK_LEVEL_MOST, &options->compression_level);
    case OPTION_LEVELS:
        options->levels = true;
        return true;
    case OPTION_LMAX:
        return words_int(argument, 0, PVR_MAX_LEVELS, &options->lmax);
    case OPTION_LMIN:
        return words_int(argument, 0, PVR_MAX_LEVELS, &options->lmin);
    case OPTION_LOG10:
        options->log10 = argument;
        return argument[0] != '\0';
    case OPTION_MAX_LEVEL:
        return words_int(argument, 0, PVR_MAX_LEVELS, &options->max_level) &&
               keep_max_level(options);
    case OPTION_NO_PREFETCH:
        options->threads.prefetch = false;
        return true;
    case OPTION_OUT:
        options->out = argument;
        return argument[0] != '\0';
    case OPTION_OUTPUTS:
        options->outputs = argument;
        return argument[0] != '\0';
    case OPTION_PIN:
        options->threads.pin = true;
        return true;
    case OPTION_PLOT:
        options->plot = argument;
        return argument[0] != '\0';
    case OPTION_POINTS:
        options->points = argument;
        return words_find(argument, points) >= 0;
    case OPTION_PRECISION:
        word = words_find(argument, precisions);
        options->precision = word >= 0 ? precision_type[word] : PVR_FLOAT64;
        return word >= 0;
    case OPTION_QUANTITIES:
        options->quantities = argument;
        return argument[0] != '\0';
    case OPTION_QUIET:
        options->quiet = true;
        return true;
    case OPTION_REGION:
        return region_parse(argument, &options->region) && keep_region(argument, options);
    case OPTION_RUNS:
        return words_int(argument, 1, MOST_RUNS, &options->runs);
    case OPTION_STREAM:
        options->stream = true;
        return true;
    case OPTION_THREADS:
        return words_int(argument, 0, WORDS_MOST_THREADS, &options->threads.max);
    case OPTION_UNITS:
        word = words_find(argument, units);
        options->units = word >= 0 ? unit_system[word] : PVR_UNITS_CODE;
        return word >= 0;
    default:
        return false;
    }
}

static enum options_result parse(int argc, char **argv, unsigned takes, const char *usage,
                                 struct options *options) {
    *options = (struct options){.threads = {.prefetch = true},
                                .precision = PVR_FLOAT64,
                                .compression_level = PVR_VTK_LEVEL_DEFAULT,
                                .points = "particles",
                                .folder = ".",
                                .runs = 3};
    struct option table[NKNOWN + 1];
    int n = 0;
    for (int i = 0; i < NKNOWN; i++) {
        if (known[i].takes == 0 || (known[i].takes & takes) != 0) {
            table[n++] = known[i].option;
        }
    }
    table[n] = (struct option){NULL, 0, NULL, 0};

    opterr = 0;
    for (;;) {
        int index = -1;
        int option = getopt_long(argc, argv, ":h", table, &index);
        if (option == -1) {
            break;
        }
        if (option == OPTION_HELP || option == 'h') {
            return OPTIONS_HELP;
        }
        if (option == ':') {
            return wrong(usage, "option '%.100s' needs a value", argv[optind - 1]);
        }
        if (option == '?' && optopt >= OPTION_APPEND) {
            return wrong(usage, "option '%.100s' takes no value", argv[optind - 1]);
        }
        if (option == '?' && optopt != 0) {
            return wrong(usage, "unknown option '-%c'", optopt);
        }
        if (option == '?') {
            return wrong(usage, "unknown option '%.100s'", argv[optind - 1]);
        }
        if (!apply(option, optarg, options)) {
            return wrong(usage, "'%.100s' is no value for option '--%s'%s", optarg,
                         table[index].name, option == OPTION_THREADS ? CLI_THREADS_LIMIT : "");
        }
    }
    if (optind >= argc) {
        return wrong(usage, (takes & TAKES_PATHS) != 0 ? "no file" : "no path of an output");
    }
    if (optind + 1 < argc && (takes & TAKES_PATHS) == 0) {
        return wrong(usage, "more than one path: '%.100s'", argv[optind + 1]);
    }
    options->path = argv[optind];
    options->npaths = argc - optind;
    options->paths = argv + optind;
    options->region.region.by_centre = options->by_centre;
    for (int i = 0; i < options->nregions; i++) {
        options->regions[i].region.by_centre = options->by_centre;
    }
    return OPTIONS_GO;
}

bool options_go(int argc, char **argv, unsigned takes, const char *usage, const char *help,
                struct options *options, int *exit_status) {
    switch (parse(argc, argv, takes, usage, options)) {
    case OPTIONS_HELP:
        fputs(help, stdout);
        *exit_status = cli_finish_output();
        return false;
    case OPTIONS_WRONG:
        *exit_status = CLI_USAGE;
        return false;
    case OPTIONS_GO:
        break;
    }
    return true;
}
