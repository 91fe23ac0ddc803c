/* project_options.c - the options of `pvramses project`. */
#include "project_options.h"
#include "words.h"

#include "cli.h"
#include "colours.h"
#include "pvr_octree.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_FIELD = 1000,
    OPTION_MODE,
    OPTION_WEIGHT,
    OPTION_UNIT,
    OPTION_MAX_LEVEL,
    OPTION_DIRECTION,
    OPTION_UP,
    OPTION_CENTER,
    OPTION_WIDTH,
    OPTION_HEIGHT,
    OPTION_DEPTH,
    OPTION_SPIN_RADIUS,
    OPTION_PIXELS,
    OPTION_PIXEL_SIZE,
    OPTION_LEVEL,
    OPTION_EDGE,
    OPTION_PARTICLES,
    OPTION_KERNEL,
    OPTION_SMOOTHING,
    OPTION_NEIGHBOURS,
    OPTION_EMPTY,
    OPTION_OUT,
    OPTION_PNG,
    OPTION_NPY,
    OPTION_RAW,
    OPTION_COLOURS,
    OPTION_LINEAR,
    OPTION_RANGE,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_THREADS,
    OPTION_PIN,
    OPTION_NO_PREFETCH,
    OPTION_REGION,
    OPTION_BY_CENTRE,
    OPTION_HELP
};

static const struct option known[] = {
    {"field", required_argument, NULL, OPTION_FIELD},
    {"fields", required_argument, NULL, OPTION_FIELD},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"weight", required_argument, NULL, OPTION_WEIGHT},
    {"unit", required_argument, NULL, OPTION_UNIT},
    {"max-level", required_argument, NULL, OPTION_MAX_LEVEL},
    {"direction", required_argument, NULL, OPTION_DIRECTION},
    {"up", required_argument, NULL, OPTION_UP},
    {"center", required_argument, NULL, OPTION_CENTER},
    {"width", required_argument, NULL, OPTION_WIDTH},
    {"height", required_argument, NULL, OPTION_HEIGHT},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"spin-radius", required_argument, NULL, OPTION_SPIN_RADIUS},
    {"pixels", required_argument, NULL, OPTION_PIXELS},
    {"pixel-size", required_argument, NULL, OPTION_PIXEL_SIZE},
    {"level", required_argument, NULL, OPTION_LEVEL},
    {"edge", required_argument, NULL, OPTION_EDGE},
    {"particles", optional_argument, NULL, OPTION_PARTICLES},
    {"kernel", required_argument, NULL, OPTION_KERNEL},
    {"smoothing", required_argument, NULL, OPTION_SMOOTHING},
    {"neighbours", required_argument, NULL, OPTION_NEIGHBOURS},
    {"neighbors", required_argument, NULL, OPTION_NEIGHBOURS},
    {"empty", required_argument, NULL, OPTION_EMPTY},
    {"out", required_argument, NULL, OPTION_OUT},
    {"png", required_argument, NULL, OPTION_PNG},
    {"npy", optional_argument, NULL, OPTION_NPY},
    {"raw", optional_argument, NULL, OPTION_RAW},
    {"colours", required_argument, NULL, OPTION_COLOURS},
    {"colors", required_argument, NULL, OPTION_COLOURS},
    {"linear", no_argument, NULL, OPTION_LINEAR},
    {"range", required_argument, NULL, OPTION_RANGE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"region", required_argument, NULL, OPTION_REGION},
    {"by-centre", no_argument, NULL, OPTION_BY_CENTRE},
    {"pin", no_argument, NULL, OPTION_PIN},
    {"no-prefetch", no_argument, NULL, OPTION_NO_PREFETCH},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* Numbers with commas between, and nothing after them. */
static bool parse_numbers(const char *text, int count, double *value) {
    for (int i = 0; i < count; i++) {
        char *end;
        value[i] = strtod(text, &end);
        if (end == text || !isfinite(value[i]) || *end != (i + 1 < count ? ',' : '\0')) {
            return false;
        }
        text = end + 1;
    }
    return true;
}

/* Lengths with commas between: 20kpc,0.5box,3. */
static bool parse_lengths(const char *text, int count, struct project_length *length) {
    static const char *const units[] = {"box", "", "pc", "kpc", "Mpc", "AU", "cm"};
    for (int i = 0; i < count; i++) {
        char *end;
        length[i].value = strtod(text, &end);
        if (end == text || !isfinite(length[i].value)) {
            return false;
        }
        while (*end == ' ') {
            end++;
        }
        size_t size = strcspn(end, ","), unit = 0;
        while (unit < 7 && (strlen(units[unit]) != size || strncmp(units[unit], end, size) != 0)) {
            unit++;
        }
        if (unit == 7 || (end[size] == ',') != (i + 1 < count)) {
            return false;
        }
        length[i].unit = unit;
        text = end + size + 1;
    }
    return true;
}

static bool parse_length(const char *text, struct project_length *length) {
    return parse_lengths(text, 1, length) && length->value > 0;
}

static bool parse_direction(const char *text, struct project_options *options) {
    static const char *const words[] = {"x", "y", "z", "", "face-on", "edge-on"};
    for (int i = 0; i < 6; i++) {
        if (i != PROJECT_VECTOR && strcmp(text, words[i]) == 0) {
            options->direction = (enum project_direction)i;
            return true;
        }
    }
    options->direction = PROJECT_VECTOR;
    return parse_numbers(text, 3, options->line_of_sight);
}

static bool parse_kernel(const char *text, enum pvr_map_kernel *kernel) {
    static const char *const words[] = {"nearest", "cloud", "spline"};
    for (int k = 0; k < 3; k++) {
        if (strcmp(text, words[k]) == 0) {
            *kernel = (enum pvr_map_kernel)k;
            return true;
        }
    }
    return false;
}

static bool parse_empty(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0';
}

/* Applies one option that was recognized. False: the argument makes no sense. */
static bool apply(int option, const char *argument, struct project_options *options) {
    switch (option) {
    case OPTION_FIELD:
        options->fields = argument;
        return argument[0] != '\0';
    case OPTION_MODE:
        options->mode = pvr_map_mode_find(argument);
        return options->mode != PVR_MAP_MODES;
    case OPTION_WEIGHT:
        options->weight = argument;
        return argument[0] != '\0';
    case OPTION_UNIT:
        options->unit = argument;
        return true;
    case OPTION_MAX_LEVEL:
        return words_int(argument, 0, PVR_MAX_LEVELS, &options->max_level);
    case OPTION_DIRECTION:
        return parse_direction(argument, options);
    case OPTION_UP:
        return parse_numbers(argument, 3, options->up);
    case OPTION_CENTER:
        options->has_centre = true;
        return parse_lengths(argument, 3, options->centre);
    case OPTION_WIDTH:
        return parse_length(argument, &options->width);
    case OPTION_HEIGHT:
        return parse_length(argument, &options->height);
    case OPTION_DEPTH:
        return parse_length(argument, &options->depth);
    case OPTION_SPIN_RADIUS:
        return parse_length(argument, &options->spin_radius);
    case OPTION_PIXELS:
        return words_int(argument, 1, PVR_MAP_MAX_PIXELS, &options->pixels);
    case OPTION_PIXEL_SIZE:
        return parse_length(argument, &options->pixel_size);
    case OPTION_LEVEL:
        return words_int(argument, 1, PVR_MAX_LEVELS, &options->level);
    case OPTION_EDGE:
        options->edge = strcmp(argument, "fold") == 0 ? PVR_EDGE_FOLD : PVR_EDGE_CLIP;
        return options->edge == PVR_EDGE_FOLD || strcmp(argument, "clip") == 0;
    case OPTION_PARTICLES:
        options->particles = true;
        options->families = argument;
        return argument == NULL || argument[0] != '\0';
    case OPTION_KERNEL:
        return parse_kernel(argument, &options->kernel);
    case OPTION_SMOOTHING:
        options->smoothing = argument;
        options->kernel = PVR_KERNEL_SPLINE;
        return argument[0] != '\0';
    case OPTION_NEIGHBOURS:
        return words_int(argument, 1, 1000, &options->neighbours);
    case OPTION_EMPTY:
        return parse_empty(argument, &options->empty);
    case OPTION_OUT:
        options->out = argument;
        return argument[0] != '\0';
    case OPTION_PNG:
        options->png = argument;
        return argument[0] != '\0';
    case OPTION_NPY:
        options->npy = true;
        options->npy_path = argument;
        return argument == NULL || argument[0] != '\0';
    case OPTION_RAW:
        options->raw = true;
        options->raw_path = argument;
        return argument == NULL || argument[0] != '\0';
    case OPTION_COLOURS:
        options->colours = argument;
        return colours_find(argument) != NULL;
    case OPTION_LINEAR:
        options->linear = true;
        return true;
    case OPTION_RANGE:
        options->has_range = parse_numbers(argument, 2, options->range);
        return options->has_range && options->range[0] < options->range[1];
    case OPTION_REGION:
        return region_parse(argument, &options->region);
    case OPTION_BY_CENTRE:
        options->by_centre = true;
        return true;
    case OPTION_JSON:
        options->json = true;
        return true;
    case OPTION_QUIET:
        options->quiet = true;
        return true;
    case OPTION_THREADS:
        return words_int(argument, 0, WORDS_MOST_THREADS, &options->threads.max);
    case OPTION_PIN:
        options->threads.pin = true;
        return true;
    case OPTION_NO_PREFETCH:
        options->threads.prefetch = false;
        return true;
    default:
        return false;
    }
}

/* Says what is wrong; false. */
static bool wrong(int *exit_status, const char *before, const char *quoted, const char *after) {
    char message[512];
    snprintf(message, sizeof message, "%s'%.200s'%s", before, quoted, after);
    cli_complain(message);
    fputs(project_usage, stderr);
    *exit_status = CLI_USAGE;
    return false;
}

/* What options must not be together, or lack. */
static bool check(const struct project_options *options, int *exit_status) {
    int sizes = (options->pixels > 0) + (options->pixel_size.value > 0) + (options->level > 0);
    if (sizes > 1) {
        return wrong(exit_status, "of --pixels, --pixel-size and ", "--level",
                     " one alone can be given");
    }
    if (options->out != NULL) {
        const char *ending = strrchr(options->out, '.');
        if (ending == NULL || (strcmp(ending, ".vti") != 0 && strcmp(ending, ".npy") != 0 &&
                               strcmp(ending, ".raw") != 0 && strcmp(ending, ".png") != 0)) {
            return wrong(exit_status, "", options->out,
                         " ends neither with .vti nor .npy, .raw, .png");
        }
    }
    if ((options->npy && options->npy_path == NULL && options->out == NULL) ||
        (options->raw && options->raw_path == NULL && options->out == NULL)) {
        return wrong(exit_status, "without --out, ", options->npy ? "--npy" : "--raw",
                     " needs a name: --npy=map.npy");
    }
    return true;
}

bool project_options_go(int argc, char **argv, struct project_options *options, int *exit_status) {
    *options = (struct project_options){.mode = PVR_MAP_SURFACE_DENSITY,
                                        .kernel = PVR_KERNEL_CLOUD,
                                        .direction = PROJECT_Z,
                                        .unit = "code",
                                        .empty = (double)NAN,
                                        .colours = "viridis",
                                        .threads = {.prefetch = true}};
    opterr = 0;
    for (;;) {
        int index = -1;
        int option = getopt_long(argc, argv, ":h", known, &index);
        if (option == -1) {
            break;
        }
        if (option == OPTION_HELP || option == 'h') {
            for (int part = 0; project_help[part] != NULL; part++) {
                fputs(project_help[part], stdout);
            }
            *exit_status = cli_finish_output();
            return false;
        }
        if (option == ':') {
            return wrong(exit_status, "option ", argv[optind - 1], " needs a value");
        }
        if (option == '?' && optopt >= OPTION_FIELD) {
            return wrong(exit_status, "option ", argv[optind - 1], " takes no value");
        }
        if (option == '?') {
            return wrong(exit_status, "unknown option ", argv[optind - 1], "");
        }
        if (!apply(option, optarg, options)) {
            char after[128];
            snprintf(after, sizeof after, " is no value for option '--%s'%s", known[index].name,
                     option == OPTION_THREADS ? CLI_THREADS_LIMIT : "");
            return wrong(exit_status, "", optarg, after);
        }
    }
    if (optind >= argc || optind + 1 < argc) {
        return wrong(exit_status, optind >= argc ? "no path of an output " : "more than one path: ",
                     optind >= argc ? "PATH" : argv[optind + 1], "");
    }
    options->path = argv[optind];
    if (options->fields == NULL) {
        options->fields = options->particles ? "mass" : "density";
    }
    return check(options, exit_status);
}
