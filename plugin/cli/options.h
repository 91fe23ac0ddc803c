/* options.h - the options of all commands. */
#ifndef PVRAMSES_OPTIONS_H
#define PVRAMSES_OPTIONS_H

#include "pvr_memory.h"
#include "pvr_threads.h"
#include "pvr_units.h"
#include "pvr_vtk_file.h"
#include "region.h"

#include <stdbool.h>

/* Which options a command takes; --help and PATH are always there. */
enum {
    TAKES_JSON = 1 << 0,
    TAKES_QUIET = 1 << 1,
    TAKES_THREADS = 1 << 2, /* --threads, --pin, --no-prefetch */
    TAKES_MESH = 1 << 3,    /* --fields, --max-level, --precision, --units */
    TAKES_STREAM = 1 << 4,  /* --stream */
    TAKES_REGION = 1 << 6,  /* --region, --by-centre */
    TAKES_EXPORT = 1 << 5,  /* --out and what is in struct options behind it */
    TAKES_PATHS = 1 << 7,   /* several paths */
    TAKES_BENCH = 1 << 8,   /* --folder, --plot, --runs */
    TAKES_CUT = 1 << 9,     /* --cut */
    TAKES_SERIES = 1 << 10  /* --outputs, --jobs, --out, --length-unit, --max-level, --units,
                               --quantities, --levels */
};

enum { OPTIONS_REGIONS = 64, OPTIONS_MAX_LEVELS = 64 /* as many at most */ };

struct options {
    const char *path; /* the first */
    int npaths;
    char **paths;
    bool json;
    bool quiet;
    bool stream;
    struct pvr_threads threads;
    const char *fields; /* as written, comma-separated; null: all */
    int max_level;      /* 0: all */
    int nmax_levels;    /* of all --max-level in their order; `max_level` is the last */
    int max_levels[OPTIONS_MAX_LEVELS];
    enum pvr_type precision;
    enum pvr_field_units units;
    struct region_option region;
    bool by_centre; /* also in `region` */
    int nregions;   /* of all --region in their order; `region` is the last */
    struct region_option regions[OPTIONS_REGIONS];
    const char *region_texts[OPTIONS_REGIONS];
    const char *quantities; /* comma-separated, or null */
    bool levels;
    /* Of export: */
    const char *out;
    enum pvr_vtk_compressor compressor;
    int compression_level; /* 1 to 9 */
    const char *log10;     /* comma-separated names, or null */
    int lmin, lmax;        /* 0: as they are */
    int grid_level;        /* of a uniform grid; 0: not told */
    enum pvr_length_unit length_unit;
    const char *points;   /* "particles" unless told otherwise */
    const char *families; /* comma-separated names, or null: all */
    const char *outputs;  /* A:B:S of a batch, or null */
    int jobs;             /* 0: not told */
    const char *kinds;    /* of a Mera file: comma-separated names, or null: all */
    const char *comments; /* or null */
    bool append;
    /* Of bench: */
    const char *folder; /* "." unless told otherwise */
    const char *plot;   /* or null */
    int runs;
    bool cut; /* of verify */
};

/* Reads the arguments of a command (argv[0] is its name) that takes `takes`. True: go on. False:
 * help was printed, or what is wrong and `usage`; *exit_status is what the command ends with. */
bool options_go(int argc, char **argv, unsigned takes, const char *usage, const char *help,
                struct options *options, int *exit_status);

#endif
