/* cmd_verify.c - pvramses verify: are Mera files whole? */
#include "cli.h"
#include "format.h"
#include "json.h"
#include "options.h"
#include "progress.h"
#include "pvr_mera_verify.h"

#include <stdio.h>

static const char usage[] =
    "usage: pvramses verify FILE... [--cut] [--threads N] [--json] [--quiet]\n"
    "       pvramses verify --help\n";

static const char help[] =
    "pvramses verify - are Mera files whole?\n"
    "\n"
    "  pvramses verify FILE... [OPTION...]\n"
    "\n"
    "Follows every reference in the files, reads every text, expands every column, and looks at\n"
    "what is in the tables: rows are sorted and none comes twice, cells lie on the grid of their\n"
    "level, do not overlap and fill the box, positions are numbers. Says what is wrong where; the\n"
    "other files are looked at nevertheless.\n"
    "\n"
    "OPTIONS\n"
    "  --cut             cells may leave room: some were chosen (by a threshold, by a mask)\n"
    "  --threads N       at most N threads; 0, the default: all that the process may use\n"
    "  --pin             bind each thread to a processor\n"
    "  --no-prefetch     do not ask the system for bytes ahead of time\n"
    "  --json            one JSON object on standard output, nothing else\n"
    "  --quiet           no progress on standard error\n"
    "  --help            this text\n"
    "\n"
    "JSON\n"
    "  good, bad (numbers of files), files: path, good, message, objects, references, texts,\n"
    "  bytes (of all columns), filled (part of the box), seconds, kinds: name, rows, columns,\n"
    "  not_finite (values that are no numbers, which is no error)\n"
    "\n"
    "EXIT STATUS\n"
    "  0 if all files are whole, 1 if one is not\n"
    "\n"
    "EXAMPLE\n"
    "  pvramses verify mera/output_*.jld2\n";

static void print_good(const char *path, const struct pvr_mera_verified *verified) {
    char rows[FORMAT_SIZE], bytes[FORMAT_SIZE];
    printf("%s: good:", path);
    for (int k = 0; k < verified->nkinds; k++) {
        const struct pvr_mera_verified_kind *kind = &verified->kind[k];
        printf("%s %s %s rows of %d columns", k > 0 ? "," : "", kind->name,
               format_count(rows, kind->rows), kind->columns);
        if (kind->not_finite > 0) {
            printf(" (%s values are no numbers)", format_count(rows, kind->not_finite));
        }
    }
    printf("; %s objects, %s\n", format_count(rows, verified->objects),
           format_bytes(bytes, (double)verified->bytes));
}

static void write_file(struct json *json, const char *path, bool good,
                       const struct pvr_mera_verified *verified, const struct pvr_error *error,
                       double seconds) {
    json_begin_object(json, NULL);
    json_string(json, "path", path);
    json_bool(json, "good", good);
    json_string(json, "message", good ? "" : error->message);
    json_uint(json, "objects", verified->objects);
    json_uint(json, "references", verified->references);
    json_uint(json, "texts", verified->texts);
    json_uint(json, "bytes", verified->bytes);
    json_double(json, "filled", verified->filled);
    json_double(json, "seconds", seconds);
    json_begin_array(json, "kinds");
    for (int k = 0; k < verified->nkinds; k++) {
        json_begin_object(json, NULL);
        json_string(json, "name", verified->kind[k].name);
        json_uint(json, "rows", verified->kind[k].rows);
        json_int(json, "columns", verified->kind[k].columns);
        json_uint(json, "not_finite", verified->kind[k].not_finite);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

int cmd_verify(int argc, char **argv) {
    struct options options;
    int exit_status;
    const unsigned takes = TAKES_JSON | TAKES_QUIET | TAKES_THREADS | TAKES_PATHS | TAKES_CUT;
    if (!options_go(argc, argv, takes, usage, help, &options, &exit_status)) {
        return exit_status;
    }
    struct json json;
    uint64_t good = 0, bad = 0;
    if (options.json) {
        json_begin(&json, stdout);
        json_begin_object(&json, NULL);
        json_begin_array(&json, "files");
    }
    interrupt_catch();
    for (int i = 0; i < options.npaths && interrupt_caught() == 0; i++) {
        const char *path = options.paths[i];
        struct pvr_mera_verified verified;
        struct pvr_error error;
        struct progress progress;
        pvr_error_clear(&error);
        progress_begin(&progress, "verifying", options.quiet);
        const double begin = pvr_seconds();
        const enum pvr_status status = pvr_mera_verify(path, options.cut, &options.threads,
                                                       progress_step, &progress, &verified, &error);
        progress_end(&progress);
        if (interrupt_caught() != 0) {
            pvr_report_free(&verified.report);
            break;
        }
        good += status == PVR_OK;
        bad += status != PVR_OK;
        if (options.json) {
            write_file(&json, path, status == PVR_OK, &verified, &error, pvr_seconds() - begin);
        } else if (status == PVR_OK) {
            print_good(path, &verified);
        }
        if (status != PVR_OK) {
            cli_failed(&error);
        }
        pvr_report_free(&verified.report);
    }
    if (options.json) {
        json_end_array(&json);
        json_uint(&json, "good", good);
        json_uint(&json, "bad", bad);
        json_end_object(&json);
        json_end(&json);
    }
    if (interrupt_caught() != 0) {
        cli_complain("stopped");
        return CLI_SIGNAL + interrupt_caught();
    }
    exit_status = cli_finish_output();
    return bad > 0 ? CLI_FAILED : exit_status;
}
