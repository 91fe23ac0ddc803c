/* options.h - the options of all commands. */
#ifndef PVRAMSES_OPTIONS_H
#define PVRAMSES_OPTIONS_H

#include "pvr_memory.h"
#include "pvr_threads.h"
#include "pvr_units.h"

#include <stdbool.h>

/* Which options a command takes; --help and PATH are always there. */
enum {
    TAKES_JSON = 1 << 0,
    TAKES_QUIET = 1 << 1,
    TAKES_THREADS = 1 << 2, /* --threads, --pin, --no-prefetch */
    TAKES_MESH = 1 << 3     /* --fields, --max-level, --precision, --units, --stream */
};

struct options {
    const char *path;
    bool json;
    bool quiet;
    bool stream;
    struct pvr_threads threads;
    const char *fields; /* as written, comma-separated; null: all */
    int max_level;      /* 0: all */
    enum pvr_type precision;
    enum pvr_field_units units;
};

enum options_result { OPTIONS_GO, OPTIONS_HELP, OPTIONS_WRONG };

/* Reads the arguments of a command (argv[0] is its name) that takes `takes`. On OPTIONS_WRONG a
 * message and `usage` were printed on standard error. */
enum options_result options_parse(int argc, char **argv, unsigned takes, const char *usage,
                                  struct options *options);

#endif
