/* pvr_partition.h - a row of weights cut into runs, so that the heaviest run is as light as it can
 * be (internal).
 */
#ifndef PVR_PARTITION_H
#define PVR_PARTITION_H

#include "pvr_error.h"

#include <stddef.h>
#include <stdint.h>

/* Cuts weight[0 .. n-1] into `nparts` >= 1 runs: part p has first[p] .. first[p + 1] - 1 (first has
 * nparts + 1 entries); some may be empty. No cut has a lighter heaviest part; among those that are
 * as good the parts are as even as going along the row finds them. *heaviest is its weight. All
 * weights together are less than 2^63. Time n + nparts log n log(sum). */
enum pvr_status pvr_partition(const uint64_t *weight, size_t n, int nparts, size_t *first,
                              uint64_t *heaviest, struct pvr_error *error);

#endif
