/* pvr_bench_pread.h - the machine's limit: parallel pread of just the bytes that a load needs. */
#ifndef PVR_BENCH_PREAD_H
#define PVR_BENCH_PREAD_H

#include "pvr_snapshot.h"

struct byte_range {
    int domain;
    int kind; /* -1: amr */
    uint64_t offset, bytes;
};

struct byte_ranges {
    size_t count;
    struct byte_range *range;
    uint64_t total;
};

/* The ranges of the files that hold the centres and sons of all own octs from `root_level` down to
 * `max_level` (0: all) and the first `ncolumns` columns of hydro; neighbouring ranges are one. */
bool find_ranges(struct pvr_snapshot *snapshot, int root_level, int max_level, int ncolumns,
                 struct byte_ranges *ranges);
void free_ranges(struct byte_ranges *ranges);

/* Reads them with `threads` threads, 1 MiB at a time, into memory allocated for it (on huge pages,
 * as the library's own arrays). Returns the seconds from before the allocation to after the last
 * byte, or a negative number. */
double read_ranges(struct pvr_snapshot *snapshot, const struct byte_ranges *ranges, int threads);

#endif
