/* series_plan.h - the cases of pvramses series (regions and deepest levels), what an output will
 * need for them, and the files that it will read. */
#ifndef PVRAMSES_SERIES_PLAN_H
#define PVRAMSES_SERIES_PLAN_H

#include "options.h"
#include "pvr_batch.h"
#include "pvr_snapshot.h"
#include "quantities.h"
#include "region.h"

/* What is looked at in each output, and gives a row: a region, or the whole box, down to a level.
 */
struct series_case {
    int region;    /* number of the option; -1: the whole box */
    int max_level; /* 0: all */
};
/* As many as there are regions times levels; the levels of the first region come first. */
int series_cases(const struct options *options);
struct series_case series_case(const struct options *options, int number);
/* Its region in code length. */
struct pvr_region series_region(const struct options *options, const struct series_case *one,
                                const struct pvr_snapshot *snapshot);

/* The memory that it takes, and its work, of which bytes are the measure: every case is read. */
void series_plan(const struct options *options, const struct quantities *quantities,
                 struct pvr_snapshot *snapshot, struct pvr_batch_item *item);

/* Asks for the files that it reads; for none with regions or a level, which need parts of them that
 * are known once it is at work. */
void series_ahead(const struct options *options, const struct quantities *quantities,
                  const struct pvr_snapshot *snapshot, struct pvr_batch_ahead *ahead);

#endif
