/* series_plan.h - what an output of pvramses series will need, and the files that it will read. */
#ifndef PVRAMSES_SERIES_PLAN_H
#define PVRAMSES_SERIES_PLAN_H

#include "options.h"
#include "pvr_batch.h"
#include "pvr_snapshot.h"
#include "quantities.h"
#include "region.h"

/* The memory that it takes, and its work, of which bytes are the measure: every region is read. */
void series_plan(const struct options *options, const struct quantities *quantities,
                 struct pvr_snapshot *snapshot, struct pvr_batch_item *item);

/* Asks for the files that it reads; for none with regions or a level, which need parts of them that
 * are known once it is at work. */
void series_ahead(const struct options *options, const struct quantities *quantities,
                  const struct pvr_snapshot *snapshot, struct pvr_batch_ahead *ahead);

#endif
