/* series_read.h - the rows of one output of pvramses series. */
#ifndef PVRAMSES_SERIES_READ_H
#define PVRAMSES_SERIES_READ_H

#include "options.h"
#include "pvr_snapshot.h"
#include "pvr_threads.h"
#include "quantities.h"

/* Rows for each case (see series_plan.h): one for all levels, and maybe one for each. */
struct series_found {
    size_t nrows;
    struct series_found_row {
        int region; /* number of the option; -1: the whole box */
        int max_level, level;
        double *value; /* of each quantity */
    } * row;
};

/* Reads an output. series_found_free must be called, whatever is returned. */
enum pvr_status series_read(const struct options *options, const struct quantities *quantities,
                            struct pvr_snapshot *snapshot, const struct pvr_threads *threads,
                            pvr_progress_fn progress, void *progress_context,
                            struct series_found *found, struct pvr_error *error);
void series_found_free(struct series_found *found);

#endif
