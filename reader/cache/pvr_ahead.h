/* pvr_ahead.h - loading into a cache what is likely to be asked for next, while nobody waits.
 *
 * One thread of the lowest priority, with a team of half the threads, loads one mesh into a cache,
 * field after field, so that what is complete stays when it is stopped. It gives way: while a
 * pvr_cache_load runs anywhere on the cache it pauses. A mesh that would take more than half of the
 * cache's budget is not loaded ahead: what is in use now must not make room for it.
 */
#ifndef PVR_AHEAD_H
#define PVR_AHEAD_H

#include "pvr_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_ahead;

/* What the system calls the thread (top -H, /proc/PID/task/TID/comm) while it is at work. */
#define PVR_AHEAD_THREAD "pvr-ahead"

/* Holds a reference of the cache. Not to be used by two threads at a time. */
enum pvr_status pvr_ahead_new(struct pvr_cache *cache, struct pvr_ahead **ahead,
                              struct pvr_error *error);
/* Stops, waits for the thread's end, frees. Null is allowed. */
void pvr_ahead_free(struct pvr_ahead *ahead);

/* Stops what is being loaded, if anything, and begins with `request`, of which a copy is taken; the
 * snapshot is retained. `threads` may be null. Errors of the loading itself are not told: who asks
 * for the mesh meets them. */
enum pvr_status pvr_ahead_start(struct pvr_ahead *ahead, struct pvr_snapshot *snapshot,
                                const struct pvr_mesh_request *request,
                                const struct pvr_threads *threads, struct pvr_error *error);
/* Asks the loading to stop, and returns at once: it ends after the pieces of files that are being
 * read. */
void pvr_ahead_stop(struct pvr_ahead *ahead);
/* Waits until the loading is done or has stopped. True if the whole mesh was loaded. */
bool pvr_ahead_wait(struct pvr_ahead *ahead);

#ifdef __cplusplus
}
#endif
#endif
