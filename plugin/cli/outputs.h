/* outputs.h - the outputs of a run that a command works on, and how many run at a time. */
#ifndef PVRAMSES_OUTPUTS_H
#define PVRAMSES_OUTPUTS_H

#include "pvr_batch.h"
#include "pvr_series.h"
#include "pvr_snapshot.h"

#include <stdbool.h>

struct outputs {
    const char *path; /* of the run */
    struct pvr_series series;
    size_t count; /* that are asked for */
    struct outputs_one {
        int number;
        const struct pvr_output *output; /* null: the run has none of this number */
    } * one;
};

/* The outputs of a run that FIRST:LAST:STEP, FIRST:LAST or FIRST names; null names all. A number
 * that is asked for and lies in a gap of the run is among them; one before its first or behind its
 * last output is not. Fails if there are none. outputs_free must be called, whatever is returned.
 */
enum pvr_status outputs_find(const char *path, const char *range, struct outputs *outputs,
                             struct pvr_error *error);
void outputs_free(struct outputs *outputs);
/* Opens one of them; fails for one that is missing or not finished. */
enum pvr_status outputs_open(const struct outputs *outputs, size_t item,
                             struct pvr_snapshot **snapshot, struct pvr_error *error);

/* Limits of a batch of outputs: so many at a time and threads for each as were asked for (0: as it
 * fits), within the threads that the process may use and four fifths of the memory. */
struct pvr_batch_options outputs_limits(int jobs, int threads_each);

/* What stops the reading of an item once its batch (the context) is stopped: a pvr_progress_fn. */
int outputs_stop_with_batch(void *batch, double fraction, uint64_t done, uint64_t expected);
/* What stops a batch: an interrupt; struct pvr_batch_work.stopped. */
bool outputs_interrupted(void *context);
/* Writes a line of how it goes over the one before, on a terminal: "reading: 3 done, ...". */
void outputs_tell(const char *doing, const struct pvr_batch_news *news);

#endif
