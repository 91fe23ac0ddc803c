/* pvr_cache.h - what was read of outputs, kept and shared.
 *
 * A cache keeps the structure and the arrays of meshes. A mesh that is loaded through it shares
 * what is there already and reads only what is missing:
 *
 *   - another field: its own bytes; the octs are not read again;
 *   - a deeper max_level: the octs and values of the new levels, and the sons of the level that was
 *     the last (its cells were leaves, so their sons were not read then); the new arrays are put
 *     together from the old ones by one threaded copy;
 *   - a max_level that is less deep: nothing, the arrays are cut from those that are there;
 *   - another precision or other units: nothing, where converting gives the same bits as reading;
 *   - a region: the same as for a whole box, one region for itself; where cells belong to it by
 *     their centres, another depth is read anew;
 *   - the same again, by whomever: nothing, and the arrays are the same ones, not copies.
 *
 * Arrays are immutable and counted by reference. The budget bounds the memory that the cache keeps
 * alive; when it is spent, what was not used for longest is let go. What someone else still holds
 * lives on, and is still found and shared as long as it does.
 *
 * Files are told by what the system says of them (place, size, times), so outputs that are written
 * anew and opened again are read anew, and two paths to one output share.
 *
 * Meshes of Mera files are read as a whole each time: of them nothing is kept.
 *
 * All functions are thread-safe. Of two threads that want the same at the same time one reads and
 * the other waits for it. Data is read without a lock; the lock of the lookup is held for
 * microseconds. There is no hidden cache: who wants to share makes one and hands it on.
 */
#ifndef PVR_CACHE_H
#define PVR_CACHE_H

#include "pvr_mesh.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_cache;

/* A cache with one reference and the given budget in bytes; 0: a quarter of the memory that the
 * process may use (what the system and the limits of its control group leave, and what the cache
 * holds already), found anew whenever something is added; of a node that several ranks of MPI share
 * its part of that. */
enum pvr_status pvr_cache_new(uint64_t budget, struct pvr_cache **cache, struct pvr_error *error);
struct pvr_cache *pvr_cache_retain(struct pvr_cache *cache);
/* One reference less; the last frees all that is kept. Null is allowed. Loads that still run hold
 * references of their own. */
void pvr_cache_release(struct pvr_cache *cache);

/* Changes the budget; what no longer fits is let go at once. */
void pvr_cache_set_budget(struct pvr_cache *cache, uint64_t budget);
/* Lets everything go. */
void pvr_cache_clear(struct pvr_cache *cache);

struct pvr_cache_use {
    uint64_t budget;  /* in bytes, that holds now */
    uint64_t bytes;   /* of memory that the cache keeps alive */
    uint64_t entries; /* structures and arrays that can be found, those in use by others included */
};
struct pvr_cache_use pvr_cache_use(struct pvr_cache *cache);

/* As pvr_mesh_load, but through the cache; the same results, bit for bit. The arrays' extrema are
 * found too, once for each array (see pvr_mesh_find_ranges). mesh->report.bytes_read is what was
 * read for this mesh; mesh->structure keeps what other fields are filled from, as long as the mesh
 * lives.
 *
 * When loading fails or is cancelled, arrays that were complete by then stay in the cache; of the
 * others nothing does. A caller that waits for another thread's reading may be cancelled too. */
enum pvr_status pvr_cache_load(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                               const struct pvr_mesh_request *request,
                               const struct pvr_threads *threads, pvr_progress_fn progress,
                               void *progress_context, struct pvr_mesh **mesh,
                               struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
