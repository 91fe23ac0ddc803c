/* pvr_memory.c - large arrays, and arrays that several owners share. */
#include "pvr_memory.h"

#include "pvr_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
/* Below this, huge pages would waste more than they save. */
#define LARGE ((size_t)4 << 20)
#define SMALL_ALIGNMENT 64
/* Space before an array's data, where a pointer back to the array stands. */
#define ARRAY_HEADER 64

static size_t round_up(size_t bytes, size_t step) {
    return (bytes + step - 1) / step * step;
}

void *pvr_large_alloc(size_t bytes) {
    if (bytes < LARGE) {
        void *small;
        if (posix_memalign(&small, SMALL_ALIGNMENT, bytes > 0 ? bytes : 1) != 0) {
            return NULL;
        }
        return memset(small, 0, bytes);
    }
    if (bytes > SIZE_MAX / 2) {
        return NULL;
    }
    size_t size = round_up(bytes, HUGE_PAGE);
    char *all =
        mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    char *memory = (char *)round_up((size_t)all, HUGE_PAGE);
    if (memory > all) {
        munmap(all, (size_t)(memory - all));
    }
    size_t behind = (size_t)(all + HUGE_PAGE - memory);
    if (behind > 0) {
        munmap(memory + size, behind);
    }
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE);
#endif
    return memory;
}

void pvr_large_free(void *memory, size_t bytes) {
    if (memory == NULL) {
        return;
    }
    if (bytes < LARGE) {
        free(memory);
    } else {
        munmap(memory, round_up(bytes, HUGE_PAGE));
    }
}

size_t pvr_type_bytes(enum pvr_type type) {
    switch (type) {
    case PVR_FLOAT32:
    case PVR_INT32:
        return 4;
    case PVR_UINT8:
        return 1;
    case PVR_FLOAT64:
    case PVR_INT64:
        return 8;
    }
    return 0;
}

enum pvr_status pvr_array_new(enum pvr_type type, int ncomponents, uint64_t ntuples,
                              struct pvr_array **array, struct pvr_error *error) {
    *array = NULL;
    if (ncomponents < 1) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "an array of %d components makes no sense",
                        ncomponents);
    }
    uint64_t tuple = pvr_type_bytes(type) * (uint64_t)ncomponents;
    if (ntuples > (SIZE_MAX / 4) / tuple) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "an array of %llu tuples is beyond any memory",
                        (unsigned long long)ntuples);
    }
    size_t bytes = (size_t)(tuple * ntuples);
    struct pvr_array *made = calloc(1, sizeof *made);
    char *memory = made != NULL ? pvr_large_alloc(bytes + ARRAY_HEADER) : NULL;
    if (memory == NULL) {
        free(made);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for an array of %.1f MiB",
                        (double)bytes / 1048576.0);
    }
    memcpy(memory, &made, sizeof made);
    made->type = type;
    made->ncomponents = ncomponents;
    made->ntuples = ntuples;
    made->data = memory + ARRAY_HEADER;
    made->bytes = bytes;
    made->references = made->watchers = 1;
    *array = made;
    return PVR_OK;
}

struct pvr_array *pvr_array_retain(struct pvr_array *array) {
    __atomic_fetch_add(&array->references, 1, __ATOMIC_RELAXED);
    return array;
}

void pvr_array_release(struct pvr_array *array) {
    if (array != NULL && __atomic_sub_fetch(&array->references, 1, __ATOMIC_ACQ_REL) == 0) {
        pvr_large_free((char *)array->data - ARRAY_HEADER, array->bytes + ARRAY_HEADER);
        pvr_array_unwatch(array);
    }
}

void pvr_array_watch(struct pvr_array *array) {
    __atomic_fetch_add(&array->watchers, 1, __ATOMIC_RELAXED);
}

void pvr_array_unwatch(struct pvr_array *array) {
    if (__atomic_sub_fetch(&array->watchers, 1, __ATOMIC_ACQ_REL) == 0) {
        free(array);
    }
}

struct pvr_array *pvr_array_catch(struct pvr_array *array) {
    return pvr_catch_reference(&array->references) ? array : NULL;
}

void pvr_array_release_data(void *data) {
    struct pvr_array *array;
    memcpy(&array, (char *)data - ARRAY_HEADER, sizeof array);
    pvr_array_release(array);
}
