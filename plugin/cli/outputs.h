/* outputs.h - which outputs of a run --outputs names, and how many run at a time. */
#ifndef PVRAMSES_OUTPUTS_H
#define PVRAMSES_OUTPUTS_H

#include "pvr_batch.h"

#include <stdbool.h>

struct outputs_range {
    int first, last, step;
};

/* Reads FIRST:LAST:STEP, FIRST:LAST or FIRST. False if it is none of these. */
bool outputs_parse(const char *text, struct outputs_range *range);
bool outputs_has(const struct outputs_range *range, int number);

/* Limits of a batch of outputs: so many at a time and threads for each as were asked for (0: as it
 * fits), within the threads that the process may use and four fifths of the memory. */
struct pvr_batch_options outputs_limits(int jobs, int threads_each);

#endif
