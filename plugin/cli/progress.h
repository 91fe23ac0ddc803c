/* progress.h - the bar while something is read, and stopping it.
 *
 * On a terminal a bar is redrawn at most ten times a second and wiped at the end; elsewhere plain
 * lines are written, at most one every two seconds. Both go to standard error.
 *
 *     interrupt_catch();
 *     progress_begin(&progress, "reading", quiet);
 *     pvr_mesh_load(..., progress_step, &progress, ...);
 *     progress_end(&progress);
 *     if (interrupt_caught() != 0) ...
 */
#ifndef PVRAMSES_PROGRESS_H
#define PVRAMSES_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* first word of the line */
    bool quiet;
    bool terminal;
    double begin;      /* seconds */
    double last_shown; /* seconds */
};

/* Catches the first SIGINT and SIGTERM (unless they are ignored); a second one ends the process at
 * once. */
void interrupt_catch(void);
/* The signal that was caught, or 0. */
int interrupt_caught(void);

void progress_begin(struct progress *progress, const char *what, bool quiet);
/* A pvr_progress_fn with a `struct progress` as its context; asks to stop once a signal was
 * caught. */
int progress_step(void *context, double fraction, uint64_t bytes_done, uint64_t bytes_expected);
void progress_end(struct progress *progress);

#endif
