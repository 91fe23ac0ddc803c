/* cmd_convert.c - pvramses convert: a folder of old Mera files becomes one of today's. */
#include "cli.h"
#include "convert.h"
#include "progress.h"
#include "pvr_output_file.h"
#include "pvr_threads.h"
#include "words.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] = "usage: pvramses convert IN_DIR OUT_DIR [OPTION...]\n"
                            "       pvramses convert --help\n";

static const char help[] =
    "pvramses convert - old Mera files, or RAMSES outputs, to the Mera files of today\n"
    "\n"
    "  pvramses convert IN_DIR OUT_DIR [OPTION...]\n"
    "\n"
    "Converts each output_NNNNN.jld2 of IN_DIR to a file of the same name in OUT_DIR, in the "
    "layout\n"
    "that Mera.jl 1.9 writes. Several files at once, as many as the memory allows. Nothing is "
    "lost:\n"
    "sources are not touched; a file appears in OUT_DIR after it was read back and compared with\n"
    "its source, value by value. The command can be stopped (or killed) at any moment; the same\n"
    "command again goes on with what is missing. Checksums and versions stand in OUT_DIR's\n"
    "pvramses-convert.log.\n"
    "\n"
    "OPTIONS\n"
    "  --from N, --to N     first and last output (default: all)\n"
    "  --threads N          threads in all (default: all that the process may use)\n"
    "  --min-threads N      however short memory is (default 1)\n"
    "  --max-threads N      however many there are (default 64)\n"
    "  --safety-margin X    part of the memory that may be in use (default 0.8). No file is begun\n"
    "                       that would not fit; memory that others take is waited for\n"
    "  --skip-existing      leave alone what is in OUT_DIR already (default)\n"
    "  --force              convert that again, too\n"
    "  --compress HOW       lz4 (default), zlib or none\n"
    "  --from-ramses        IN_DIR is a RAMSES run: convert its outputs (output_NNNNN folders)\n"
    "  --kinds A,B          of RAMSES outputs: hydro, gravity, particles, clumps, rt (default: "
    "all)\n"
    "  --lmax L             of RAMSES outputs: deepest level, with RAMSES' own coarse values "
    "there\n"
    "                       (default: all; --max-level is the same)\n"
    "  --region REGION      of RAMSES outputs: this part of the box, as in pvramses export:\n"
    "                       box,X,Y,Z,SX,SY,SZ (centre and sides), sphere,X,Y,Z,R or\n"
    "                       cylinder,X,Y,Z,R,H[,AX,AY,AZ], then maybe a unit: ,code ,kpc ... ,box\n"
    "  --by-centre          cells count if their centre lies in the region\n"
    "  --dry-run            show what would be done and the memory it needs, and do nothing\n"
    "  --interactive        ask for the range and the threads, then whether to begin\n"
    "  --yes                do not ask before beginning (nothing is asked where standard input is\n"
    "                       no terminal)\n"
    "  --report FILE.json   write the report as JSON\n"
    "  --json               the report as JSON on standard output, nothing else\n"
    "  --quiet              no progress\n"
    "  --help               this text\n"
    "\n"
    "EXIT STATUS\n"
    "  0 all is converted; 1 some files failed (the others are done); 2 wrong use\n"
    "\n"
    "EXAMPLES\n"
    "  pvramses convert old new --from 100 --to 200 --threads 8\n"
    "  pvramses convert /data/run7 /data/run7_mera --from-ramses --kinds hydro,particles\n";

enum {
    OPTION_FROM = 1000,
    OPTION_TO,
    OPTION_THREADS,
    OPTION_MIN_THREADS,
    OPTION_MAX_THREADS,
    OPTION_MARGIN,
    OPTION_SKIP,
    OPTION_FORCE,
    OPTION_COMPRESS,
    OPTION_RAMSES,
    OPTION_KINDS,
    OPTION_MAX_LEVEL,
    OPTION_REGION,
    OPTION_BY_CENTRE,
    OPTION_DRY_RUN,
    OPTION_INTERACTIVE,
    OPTION_YES,
    OPTION_REPORT,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_HELP
};

static const struct option known[] = {
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"min-threads", required_argument, NULL, OPTION_MIN_THREADS},
    {"max-threads", required_argument, NULL, OPTION_MAX_THREADS},
    {"safety-margin", required_argument, NULL, OPTION_MARGIN},
    {"skip-existing", no_argument, NULL, OPTION_SKIP},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"compress", required_argument, NULL, OPTION_COMPRESS},
    {"compressor", required_argument, NULL, OPTION_COMPRESS},
    {"from-ramses", no_argument, NULL, OPTION_RAMSES},
    {"kinds", required_argument, NULL, OPTION_KINDS},
    {"lmax", required_argument, NULL, OPTION_MAX_LEVEL},
    {"max-level", required_argument, NULL, OPTION_MAX_LEVEL},
    {"region", required_argument, NULL, OPTION_REGION},
    {"by-centre", no_argument, NULL, OPTION_BY_CENTRE},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"interactive", no_argument, NULL, OPTION_INTERACTIVE},
    {"yes", no_argument, NULL, OPTION_YES},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool parse_margin(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value > 0 && *value <= 1;
}

static bool parse_compressor(const char *text, enum pvr_mera_out_compressor *compressor) {
    static const char *const names[] = {"lz4", "zlib", "none"};
    static const enum pvr_mera_out_compressor of[] = {PVR_MERA_OUT_LZ4, PVR_MERA_OUT_ZLIB,
                                                      PVR_MERA_OUT_NONE};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *compressor = of[i];
            return true;
        }
    }
    return false;
}

/* Names of kinds with commas between them. */
static bool parse_kinds(const char *text, unsigned *kinds) {
    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned bit = 0;
        for (int k = 0; k < PVR_MERA_OUT_KINDS; k++) {
            const char *name = pvr_mera_out_kind_name((enum pvr_mera_out_kind)k);
            bit |= strlen(name) == length && strncmp(text, name, length) == 0 ? 1U << k : 0;
        }
        if (bit == 0) {
            return false;
        }
        *kinds |= bit;
        if (text[length] == '\0') {
            return true;
        }
        text += length + 1;
    }
}

static bool apply(int option, const char *argument, struct convert_options *options) {
    switch (option) {
    case OPTION_FROM:
        return words_int(argument, 0, INT_MAX, &options->from);
    case OPTION_TO:
        return words_int(argument, 0, INT_MAX, &options->to);
    case OPTION_THREADS:
        return words_int(argument, 0, WORDS_MOST_THREADS, &options->threads);
    case OPTION_MIN_THREADS:
        return words_int(argument, 1, WORDS_MOST_THREADS, &options->min_threads);
    case OPTION_MAX_THREADS:
        return words_int(argument, 1, WORDS_MOST_THREADS, &options->max_threads);
    case OPTION_MARGIN:
        return parse_margin(argument, &options->margin);
    case OPTION_SKIP:
        options->force = false;
        return true;
    case OPTION_FORCE:
        return options->force = true;
    case OPTION_COMPRESS:
        return parse_compressor(argument, &options->compressor);
    case OPTION_RAMSES:
        return options->ramses = true;
    case OPTION_KINDS:
        return parse_kinds(argument, &options->kinds);
    case OPTION_MAX_LEVEL:
        return words_int(argument, 0, 64, &options->max_level);
    case OPTION_REGION:
        return region_parse(argument, &options->region);
    case OPTION_BY_CENTRE:
        return options->by_centre = true;
    case OPTION_DRY_RUN:
        return options->dry_run = true;
    case OPTION_INTERACTIVE:
        return options->interactive = true;
    case OPTION_YES:
        return options->yes = true;
    case OPTION_REPORT:
        options->report = argument;
        return argument[0] != '\0';
    case OPTION_JSON:
        return options->json = true;
    case OPTION_QUIET:
        return options->quiet = true;
    case OPTION_HELP:
        return options->help = true;
    default:
        return false;
    }
}

/* False: what is wrong was told. */
static bool parse(int argc, char **argv, struct convert_options *options) {
    char message[512];
    *options =
        (struct convert_options){.to = INT_MAX, .margin = 0.8, .min_threads = 1, .max_threads = 64};
    opterr = 0;
    message[0] = '\0';
    int option, index = -1;
    while (message[0] == '\0' && (option = getopt_long(argc, argv, ":h", known, &index)) != -1) {
        if (option == ':') {
            snprintf(message, sizeof message, "option '%.100s' needs a value", argv[optind - 1]);
        } else if (option == '?') {
            snprintf(message, sizeof message, "unknown option '%.100s'", argv[optind - 1]);
        } else if (!apply(option == 'h' ? OPTION_HELP : option, optarg, options)) {
            snprintf(message, sizeof message, "'%.100s' is no value for option '--%s'", optarg,
                     known[index].name);
        }
        if (options->help) {
            return true;
        }
    }
    if (message[0] == '\0' && optind + 2 != argc) {
        snprintf(message, sizeof message, "%s",
                 optind + 2 > argc ? "two folders are needed: the source and the target"
                                   : "more than two folders");
    } else if (message[0] == '\0' && options->from > options->to) {
        snprintf(message, sizeof message, "--from %d is beyond --to %d", options->from,
                 options->to);
    } else if (message[0] == '\0' && !options->ramses &&
               (options->kinds != 0 || options->max_level != 0 ||
                options->region.region.type != PVR_REGION_NONE)) {
        snprintf(message, sizeof message, "--kinds, --lmax and --region go with --from-ramses");
    }
    if (message[0] != '\0') {
        cli_complain(message);
        fputs(usage, stderr);
        return false;
    }
    options->region.region.by_centre = options->by_centre;
    options->in = argv[optind];
    options->out = argv[optind + 1];
    return true;
}

int convert_threads(const struct convert_options *options) {
    int available = pvr_threads_available();
    int threads = options->threads > 0 ? options->threads : available;
    threads = threads < available ? threads : available;
    threads = threads < options->max_threads ? threads : options->max_threads;
    return threads > options->min_threads ? threads : options->min_threads;
}

/* A folder must not be filled from itself. */
static bool same_folder(const char *a, const char *b) {
    struct stat at_a, at_b;
    return stat(a, &at_a) == 0 && stat(b, &at_b) == 0 && at_a.st_dev == at_b.st_dev &&
           at_a.st_ino == at_b.st_ino;
}

static bool stop_wanted(void *context) {
    (void)context;
    return interrupt_caught() != 0;
}

/* The report as JSON, where it is wanted. `output`: the file for --report, open already. */
static int write_report(const struct convert_options *options, const struct pvr_convert_list *list,
                        const struct pvr_convert_report *report, struct pvr_output_file *output) {
    if (options->report != NULL) {
        struct pvr_error error;
        char *text = NULL;
        size_t size = 0;
        FILE *memory = open_memstream(&text, &size);
        if (memory == NULL) {
            return cli_complain("no memory for the report");
        }
        convert_write_json(memory, options, list, report);
        fclose(memory);
        enum pvr_status status = pvr_output_write(output, 0, text, size, &error);
        if (status == PVR_OK) {
            status = pvr_output_commit(output, &error);
        }
        free(text);
        if (status != PVR_OK) {
            return cli_failed(&error);
        }
    }
    if (options->json) {
        convert_write_json(stdout, options, list, report);
    }
    return CLI_OK;
}

static struct pvr_region region_of(const void *context, const struct pvr_snapshot *snapshot) {
    return region_in_code(context, snapshot);
}

/* What the options say, for the library. */
struct work {
    struct pvr_convert_mera settings;
    struct pvr_convert_engine engine;
    struct convert_display display;
    struct pvr_convert_options wanted;
};

static void prepare(const struct convert_options *options, struct work *work) {
    *work = (struct work){.settings = {.compressor = options->compressor,
                                       .kinds = options->kinds,
                                       .max_level = options->max_level,
                                       .region = region_of,
                                       .region_context = &options->region}};
    work->engine = options->ramses ? pvr_convert_from_ramses(&work->settings)
                                   : pvr_convert_from_mera(&work->settings);
    work->wanted = (struct pvr_convert_options){.out = options->out,
                                                .force = options->force,
                                                .batch = {.threads = convert_threads(options),
                                                          .min_threads = options->min_threads,
                                                          .margin = options->margin},
                                                .tell = convert_display_news,
                                                .stopped = stop_wanted,
                                                .context = &work->display};
}

static int run(const struct convert_options *options, struct pvr_convert_list *list,
               struct pvr_output_file *output) {
    struct pvr_error error;
    struct work work;
    struct pvr_convert_report report;
    prepare(options, &work);
    interrupt_catch();
    convert_display_begin(&work.display, options);
    enum pvr_status status = pvr_convert_run(&work.wanted, &work.engine, list, &report, &error);
    convert_display_end(&work.display);
    if (status != PVR_OK) {
        return cli_failed(&error);
    }
    if (!options->json) {
        convert_show_report(stdout, options, list, &report);
    }
    int exit_status = write_report(options, list, &report, output);
    if (interrupt_caught() != 0) {
        return CLI_SIGNAL + interrupt_caught();
    }
    return exit_status != CLI_OK || report.failed > 0 ? CLI_FAILED : CLI_OK;
}

/* What a dry run reports: nothing is done, and what is not there already is to do. */
static struct pvr_convert_report report_of_plan(const struct convert_options *options,
                                                struct pvr_convert_list *list,
                                                const struct pvr_batch_memory *memory) {
    struct pvr_convert_report report = {.files = list->count};
    for (size_t i = 0; i < list->count; i++) {
        bool skipped = list->entry[i].exists && !options->force;
        list->entry[i].state = skipped ? PVR_CONVERT_SKIPPED : PVR_CONVERT_PENDING;
        report.skipped += skipped;
        report.pending += !skipped;
    }
    report.batch.total = memory->total;
    report.batch.used_at_end = report.batch.most_used = memory->total - memory->available;
    report.batch.most_own = memory->own;
    return report;
}

/* The user said no: a report of nothing. */
static int leave(const struct convert_options *options, struct pvr_output_file *output) {
    const struct pvr_convert_report none = {.files = 0};
    const struct pvr_convert_list nothing = {.count = 0};
    return write_report(options, &nothing, &none, output);
}

/* Shows, asks, and runs. */
static int convert(struct convert_options *options, struct pvr_convert_list *list,
                   struct pvr_output_file *output) {
    struct pvr_error error;
    struct pvr_batch_memory memory;
    struct work work;
    pvr_batch_memory_now(NULL, &memory);
    FILE *page = options->json ? stderr : stdout;
    if (options->interactive) {
        convert_show_plan(page, options, list, &memory);
        if (!convert_ask_all(page, options, list, &memory)) {
            return leave(options, output);
        }
        pvr_convert_list_free(list);
        if (pvr_convert_find(options->in, options->out, options->from, options->to, options->ramses,
                             list, &error) != PVR_OK) {
            return cli_failed(&error);
        }
    }
    if (!options->quiet || options->dry_run) {
        prepare(options, &work);
        pvr_convert_estimate(&work.wanted, &work.engine, list);
        convert_show_plan(page, options, list, &memory);
    }
    if (options->dry_run) {
        const struct pvr_convert_report plan = report_of_plan(options, list, &memory);
        return write_report(options, list, &plan, output);
    }
    bool ask = !options->yes && (options->interactive || isatty(STDIN_FILENO) != 0);
    if (ask && !convert_ask_go(page, options, convert_threads(options))) {
        return leave(options, output);
    }
    return run(options, list, output);
}

/* Finds what there is to do. `output`: of the report. */
static int convert_found(struct convert_options *options, struct pvr_output_file *output) {
    struct pvr_error error;
    struct pvr_convert_list list;
    int exit_status = CLI_OK;
    if (pvr_convert_find(options->in, options->out, options->from, options->to, options->ramses,
                         &list, &error) != PVR_OK) {
        exit_status = cli_failed(&error);
    } else if (list.count == 0) {
        struct pvr_convert_report none = {.files = 0};
        char range[64] = "";
        if (options->from > 0 || options->to < INT_MAX) {
            snprintf(range, sizeof range, " from %d to %d", options->from, options->to);
        }
        fprintf(stderr, "pvramses: %s: nothing to convert: no %s%s\n", options->in,
                options->ramses ? "finished output" : "output_NNNNN.jld2", range);
        exit_status = write_report(options, &list, &none, output);
    } else {
        exit_status = convert(options, &list, output);
    }
    pvr_convert_list_free(&list);
    return exit_status;
}

int cmd_convert(int argc, char **argv) {
    struct convert_options options;
    if (!parse(argc, argv, &options)) {
        return CLI_USAGE;
    }
    if (options.help) {
        fputs(help, stdout);
        return cli_finish_output();
    }
    if (same_folder(options.in, options.out)) {
        return cli_complain("source and target are the same folder; sources are never replaced");
    }
    struct pvr_error error;
    struct pvr_output_file output = {.fd = -1};
    int exit_status = CLI_OK;
    /* A report that cannot be written is told now, and not after the work. */
    if (options.report != NULL && pvr_output_begin(&output, options.report, &error) != PVR_OK) {
        exit_status = cli_failed(&error);
    } else {
        exit_status = convert_found(&options, &output);
    }
    pvr_output_end(&output);
    int finished = cli_finish_output();
    return exit_status != CLI_OK ? exit_status : finished;
}
