/* pvr_memory.h - large arrays, and arrays that several owners share.
 *
 * Large memory comes from mmap on 2 MiB borders with huge pages advised: filling fresh memory
 * then takes about a third of the time of 4 KiB pages. Large memory is not touched here: the
 * thread that fills a page owns it (first touch on machines with several memory nodes).
 *
 * A `struct pvr_array` is immutable once published and counted by reference; the count is atomic.
 * Its `data` can be handed to a library that keeps only the pointer: pvr_array_release_data()
 * finds the array again.
 */
#ifndef PVR_MEMORY_H
#define PVR_MEMORY_H

#include "pvr_error.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zeroed memory of `bytes` on a border of 64 bytes, or null. Small requests come from the C
 * library. */
void *pvr_large_alloc(size_t bytes);
/* Frees what pvr_large_alloc gave; `bytes` as asked for. Null is allowed. */
void pvr_large_free(void *memory, size_t bytes);

enum pvr_type { PVR_FLOAT32, PVR_FLOAT64, PVR_UINT8, PVR_INT32, PVR_INT64 };
size_t pvr_type_bytes(enum pvr_type type);

struct pvr_array {
    enum pvr_type type;
    int ncomponents; /* values of a tuple, interleaved */
    uint64_t ntuples;
    void *data;               /* ntuples * ncomponents values, 64-byte aligned */
    uint64_t bytes;           /* of data */
    int references, watchers; /* atomic; do not touch */
};

/* A zeroed array with one reference; PVR_ERROR_MEMORY when it is not to be had. */
enum pvr_status pvr_array_new(enum pvr_type type, int ncomponents, uint64_t ntuples,
                              struct pvr_array **array, struct pvr_error *error);
/* One reference more; returns `array`. Thread-safe. */
struct pvr_array *pvr_array_retain(struct pvr_array *array);
/* One reference less; the last frees it. Null is allowed. Thread-safe. */
void pvr_array_release(struct pvr_array *array);
/* Releases the array whose `data` this is. For owners that keep only the pointer. */
void pvr_array_release_data(void *data);

#ifdef __cplusplus
}
#endif
#endif
