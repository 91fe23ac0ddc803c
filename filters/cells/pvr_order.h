/* pvr_order.h - sorting rows by all threads (internal).
 *
 * For tables that are sorted by several columns of different types: what is sorted are the rows'
 * numbers. A sample of them cuts the rows into buckets, each of which is sorted by itself. Rows
 * that compare as equal keep their order, so the result is the same for any number of threads.
 */
#ifndef PVR_ORDER_H
#define PVR_ORDER_H

#include "pvr_threads.h"

/* Below 0 if row `a` comes before row `b`, above 0 if after it, 0 if they are equal. */
typedef int (*pvr_order_fn)(const void *context, uint64_t a, uint64_t b);

/* Writes the numbers 0 .. n - 1 in order to `order`. */
enum pvr_status pvr_order_rows(uint64_t n, pvr_order_fn compare, const void *context,
                               struct pvr_job *job, uint64_t *order, struct pvr_error *error);

#endif
