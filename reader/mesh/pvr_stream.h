/* pvr_stream.h - read a snapshot block by block without keeping it.
 *
 * A block is a run of octs of one level of one domain, as they stand in the files, with the chosen
 * variables. Blocks come from all threads of the team at the same time and in any order; their
 * numbers (0 .. nblocks-1) do not depend on the number of threads, so that a caller who adds up by
 * number gets the same bits always. Memory: a few blocks per thread.
 *
 * With a region only octs that have a part in it come, where they stand in the box: a region that
 * goes on across a periodic border comes in pieces. Blocks without any such oct do not come.
 */
#ifndef PVR_STREAM_H
#define PVR_STREAM_H

#include "pvr_region.h"
#include "pvr_snapshot.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_block {
    size_t number; /* 0 .. nblocks - 1 */
    int thread;    /* of the team, for scratch of the caller's own */
    int domain;    /* from 1 */
    int level;     /* of the cells */
    int ndim;
    int max_level; /* of the request: cells there count as leaves */
    uint64_t noct;
    const uint32_t (*coordinate)[3]; /* of each oct on the grid of level - 1, from the corner of
                                        the physical box: cell c of oct o lies at
                                        2 * coordinate[o][a] + (c >> a & 1) on level's grid */
    const uint8_t *refined;          /* bit c of byte o: cell c is refined (never at max_level) */
    const uint8_t *outside;          /* bit c of byte o: cell c is a leaf outside of the region,
                                        of no concern; null without a region */
    int nvariables;
    const double *const *values; /* values[v][c * noct + o], code units */
};

/* Called at most once per block; may be called by several threads at once. Anything but PVR_OK
 * stops. */
typedef enum pvr_status (*pvr_block_fn)(void *context, const struct pvr_block *block,
                                        struct pvr_error *error);

struct pvr_stream_request {
    int max_level;        /* 0: all */
    const int *variables; /* indices into the field table's variables */
    int nvariables;
    const struct pvr_region *region; /* null: the whole box */
};

/* Number of blocks that pvr_stream_run will deliver; with a region: at most. */
enum pvr_status pvr_stream_count(struct pvr_snapshot *snapshot,
                                 const struct pvr_stream_request *request,
                                 const struct pvr_threads *threads, size_t *nblocks,
                                 struct pvr_error *error);
/* Delivers all blocks of levels 1 .. max_level. `report` may be null, else free it. */
enum pvr_status pvr_stream_run(struct pvr_snapshot *snapshot,
                               const struct pvr_stream_request *request,
                               const struct pvr_threads *threads, pvr_progress_fn progress,
                               void *progress_context, pvr_block_fn function, void *context,
                               struct pvr_report *report, struct pvr_error *error);

/* The same in parts, for a caller who does something else between some blocks and the next, with
 * the threads of the same job: opening plans, delivering hands over blocks first .. first + count
 * - 1. `request` and `snapshot` must outlive the stream, which one thread at a time may use. */
struct pvr_stream;

enum pvr_status pvr_stream_open(struct pvr_snapshot *snapshot,
                                const struct pvr_stream_request *request, struct pvr_job *job,
                                struct pvr_stream **stream, struct pvr_error *error);
size_t pvr_stream_blocks(const struct pvr_stream *stream);
/* Most octs of a block. */
uint32_t pvr_stream_most_octs(void);
enum pvr_status pvr_stream_deliver(struct pvr_stream *stream, size_t first, size_t count,
                                   pvr_block_fn function, void *context, struct pvr_error *error);
void pvr_stream_close(struct pvr_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
