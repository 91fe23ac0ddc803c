/* convert.h - the parts of `pvramses convert`: what the user asked for, what is shown. */
#ifndef PVRAMSES_CONVERT_H
#define PVRAMSES_CONVERT_H

#include "pvr_convert_mera.h"
#include "region.h"

#include <stdio.h>

struct convert_options {
    const char *in, *out;
    int from, to;
    int threads; /* asked for; 0: all */
    double margin;
    int min_threads, max_threads;
    bool force, yes, dry_run, interactive, ramses, json, quiet;
    bool help, by_centre;
    enum pvr_mera_out_compressor compressor;
    const char *report;          /* path, or null */
    unsigned kinds;              /* of RAMSES outputs: bit 1 << kind; 0: all that there is */
    int max_level;               /* of RAMSES outputs; 0: all */
    struct region_option region; /* of RAMSES outputs */
};

/* The threads that were asked for, within what the process may use and --max-threads. */
int convert_threads(const struct convert_options *options);

/* ---- convert_show.c ---------------------------------------------------------------------------
 */

/* What there is and what will be done: folders, memory, threads, files, gaps. */
void convert_show_plan(FILE *out, const struct convert_options *options,
                       const struct pvr_convert_list *list, const struct pvr_batch_memory *memory);
/* The block of lines on a terminal, a line per file in a log. */
struct convert_display {
    const struct convert_options *options;
    bool terminal;
    double begin;
    int lines;    /* of the block that stand on the terminal now */
    bool waiting; /* was told */
    char block[8192];
    size_t length; /* of what is to be drawn in one go */
};
void convert_display_begin(struct convert_display *display, const struct convert_options *options);
/* A `tell` of pvr_convert_options with the display as its context. */
void convert_display_news(void *context, const struct pvr_convert_list *list,
                          const struct pvr_batch_news *news);
void convert_display_end(struct convert_display *display);
/* The report for a person; for programs. */
void convert_show_report(FILE *out, const struct convert_options *options,
                         const struct pvr_convert_list *list,
                         const struct pvr_convert_report *report);
void convert_write_json(FILE *out, const struct convert_options *options,
                        const struct pvr_convert_list *list,
                        const struct pvr_convert_report *report);

/* ---- convert_ask.c ----------------------------------------------------------------------------
 * Questions on `page`, answers from standard input. A wrong answer is asked again; the end of the
 * input is no. */

/* Asks for the range and the threads, and writes them into `options`. False: the user left. */
bool convert_ask_all(FILE *page, struct convert_options *options,
                     const struct pvr_convert_list *list, const struct pvr_batch_memory *memory);
/* Asks whether to go on; only y and yes do. */
bool convert_ask_go(FILE *page, const struct convert_options *options, int threads);

#endif
