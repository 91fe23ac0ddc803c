/* pvr_cache_private.h - loading through a cache in the background (internal). */
#ifndef PVR_CACHE_PRIVATE_H
#define PVR_CACHE_PRIVATE_H

#include "pvr_cache.h"

/* As pvr_cache_load, for nobody who waits: it is the caller's to stop it (by its progress function)
 * while pvr_cache_is_awaited. */
enum pvr_status pvr_cache_load_ahead(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                                     const struct pvr_mesh_request *request,
                                     const struct pvr_threads *threads, pvr_progress_fn progress,
                                     void *progress_context, struct pvr_mesh **mesh,
                                     struct pvr_error *error);
/* True if all arrays of the request are there as they are. */
bool pvr_cache_has(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                   const struct pvr_mesh_request *request, const struct pvr_threads *threads,
                   pvr_progress_fn progress, void *progress_context);
/* True while a pvr_cache_load runs. */
bool pvr_cache_is_awaited(const struct pvr_cache *cache);

#endif
