/* pvr_progressive.h - a mesh that is shown coarse at once and finer level by level.
 *
 * One thread of low priority, with the whole team, loads a request through a cache depth by depth:
 * first a coarse one that takes no time, then deeper ones of notably more cells, at last the
 * request itself. What each depth adds is read, nothing twice, and it stays in the cache when the
 * loading is stopped. All fields of the request come with each depth. Who shows the mesh takes the
 * deepest one that is complete whenever it suits.
 *
 *     pvr_progressive_start(progressive, snapshot, &request, &threads, NULL, &error);
 *     while (pvr_progressive_wait(progressive, 0.1)) {
 *         if (!pvr_progressive_take(progressive, &depth)) break;         // that was the last
 *         show(depth.mesh); ...
 *     }
 *
 * Depths that are in the cache already are passed over but for the deepest of them, and where all
 * the rest will be there within a second it is loaded at once. A depth whose
 * arrays do not fit the cache's budget is not begun: the state says so, and what it would need.
 *
 * What is being loaded ahead (pvr_ahead.h) gives way to it.
 */
#ifndef PVR_PROGRESSIVE_H
#define PVR_PROGRESSIVE_H

#include "pvr_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_progressive;

/* What else is to be made of each mesh before it is handed out, by the thread that loads it. */
struct pvr_progressive_work {
    /* May change nothing that others see. It asks `progress` now and then whether to stop. */
    enum pvr_status (*prepare)(void *context, struct pvr_mesh *mesh, pvr_progress_fn progress,
                               void *progress_context, void **prepared, struct pvr_error *error);
    void (*drop)(void *prepared); /* frees what was prepared and is not wanted */
    void *context;                /* lives until the next start or stop */
};

struct pvr_progressive_depth {
    struct pvr_mesh *mesh; /* the taker's to free */
    void *prepared;        /* likewise; null without a work */
    bool whole;            /* all that was requested */
};

struct pvr_progressive_state {
    bool running;
    bool untaken;           /* a depth is there to be taken */
    bool whole;             /* the last depth is complete */
    int level;              /* deepest level that is complete; 0: none */
    double fraction;        /* of the work, 0 to 1, as far as the budget allows */
    double seconds;         /* since the start, or that it took */
    double seconds_left;    /* about; negative: not known yet */
    uint64_t bytes_done;    /* that were read, or copied from what was in memory */
    uint64_t bytes_needed;  /* by the arrays of the next depth, which is left out because ... */
    uint64_t budget;        /* ... the cache's budget is less; 0: not so */
    enum pvr_status status; /* PVR_OK; PVR_CANCELLED after a stop; why else it ended */
    struct pvr_error error; /* the message of such an end */
};

/* Holds a reference of the cache. All functions are for one thread, the one that shows the mesh. */
enum pvr_status pvr_progressive_new(struct pvr_cache *cache, struct pvr_progressive **progressive,
                                    struct pvr_error *error);
/* Stops and frees. Null is allowed. */
void pvr_progressive_free(struct pvr_progressive *progressive);

/* Stops what is being loaded, if anything, and begins with `request`, of which a copy is taken (but
 * not of its split, which has to live until the next start or stop); the snapshot is retained.
 * `threads` and `work` may be null. */
enum pvr_status
pvr_progressive_start(struct pvr_progressive *progressive, struct pvr_snapshot *snapshot,
                      const struct pvr_mesh_request *request, const struct pvr_threads *threads,
                      const struct pvr_progressive_work *work, struct pvr_error *error);
/* Stops, waits for the thread's end (it comes after the pieces of files that are being read), and
 * frees what was not taken. The state stays. */
void pvr_progressive_stop(struct pvr_progressive *progressive);

/* Waits until a depth is there to be taken or no more will come, at most `seconds`. True if one of
 * the two is so. */
bool pvr_progressive_wait(struct pvr_progressive *progressive, double seconds);
/* Hands out the deepest depth that is complete and was not taken. False if there is none. */
bool pvr_progressive_take(struct pvr_progressive *progressive, struct pvr_progressive_depth *depth);
struct pvr_progressive_state pvr_progressive_state(struct pvr_progressive *progressive);

#ifdef __cplusplus
}
#endif
#endif
