/* report.h - how well the threads were used, and what else every command says at its end. */
#ifndef PVRAMSES_REPORT_H
#define PVRAMSES_REPORT_H

#include "json.h"
#include "pvr_region.h"
#include "pvr_threads.h"

/* The member "threads" of an object. */
void report_write(struct json *json, const struct pvr_report *report);
/* The same for a person. */
void report_print(const struct pvr_report *report);

/* A member that is an array of numbers; the member "region", null for none. */
void report_write_vector(struct json *json, const char *key, const double *vector, int count);
void report_write_region(struct json *json, const struct pvr_region *region, int ndim);

/* The largest resident size of this process so far. Not getrusage's: that one also counts the
 * process which started us. */
uint64_t peak_rss_bytes(void);

/* Each line of `warnings` (may be null) as a warning on standard error. */
void cli_warn(const char *warnings);

#endif
