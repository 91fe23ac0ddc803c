/* pvr_watch.h - knowing of what others hold without holding it (internal).
 *
 * Who *watches* an array or a structure does not keep its memory: that goes with the last
 * reference. But a watcher may try to *catch* it, which gives a reference as long as someone else
 * has one, and null afterwards. All of it is thread-safe.
 */
#ifndef PVR_WATCH_H
#define PVR_WATCH_H

#include "pvr_memory.h"

#include <stdbool.h>

/* The caller has a reference while it begins to watch. */
void pvr_array_watch(struct pvr_array *array);
void pvr_array_unwatch(struct pvr_array *array);
/* One reference more, or null if there was none. For watchers. */
struct pvr_array *pvr_array_catch(struct pvr_array *array);

/* Adds one to a count of references, unless it is 0. */
static inline bool pvr_catch_reference(int *references) {
    int count = __atomic_load_n(references, __ATOMIC_RELAXED);
    while (count != 0 && !__atomic_compare_exchange_n(references, &count, count + 1, true,
                                                      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    }
    return count != 0;
}

#endif
