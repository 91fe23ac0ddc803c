/* pvr_cache_table.c - the entries of a cache, and which of them are kept. */
#include "pvr_cache_table.h"

#include "pvr_available.h"
#include "pvr_share.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the list, newest first -------------------------------------------------------------------
 */

static void unlink_entry(struct pvr_cache *cache, struct pvr_cache_entry *entry) {
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(struct pvr_cache *cache, struct pvr_cache_entry *entry) {
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

bool pvr_cache_same_key(const struct pvr_cache_key *a, const struct pvr_cache_key *b) {
    return a->level == b->level && a->type == b->type && a->factor == b->factor &&
           a->columns == b->columns && a->subject.info == b->subject.info &&
           a->subject.amr == b->subject.amr && strcmp(a->name, b->name) == 0 &&
           strcmp(a->subject.selection, b->subject.selection) == 0;
}

struct pvr_cache_entry *pvr_cache_find(struct pvr_cache *cache, const struct pvr_cache_key *key) {
    struct pvr_cache_entry *entry = cache->newest;
    while (entry != NULL && !pvr_cache_same_key(&entry->key, key)) {
        entry = entry->older;
    }
    return entry;
}

struct pvr_cache_entry *pvr_cache_claim(struct pvr_cache *cache, const struct pvr_cache_key *key) {
    struct pvr_cache_entry *entry = calloc(1, sizeof *entry);
    if (entry != NULL) {
        entry->key = *key;
        entry->loading = true;
        link_newest(cache, entry);
    }
    return entry;
}

/* ---- references -------------------------------------------------------------------------------
 */

static bool catch_value(struct pvr_cache_entry *entry) {
    return entry->structure != NULL ? pvr_structure_catch(entry->structure) != NULL
                                    : pvr_array_catch(entry->array.array) != NULL;
}

static void release_value(struct pvr_structure *structure, struct pvr_array *array) {
    pvr_structure_release(structure);
    pvr_array_release(array);
}

/* Removes an entry that only watches. */
static void remove_entry(struct pvr_cache *cache, struct pvr_cache_entry *entry) {
    unlink_entry(cache, entry);
    if (entry->structure != NULL) {
        pvr_structure_unwatch(entry->structure);
    } else if (entry->array.array != NULL) {
        pvr_array_unwatch(entry->array.array);
    }
    cache->entries -= entry->loading ? 0 : 1;
    free(entry);
}

bool pvr_cache_catch(struct pvr_cache *cache, struct pvr_cache_entry *entry) {
    if (entry->loading) {
        return false;
    }
    if (!catch_value(entry)) {
        remove_entry(cache, entry);
        return false;
    }
    if (!entry->kept) {
        catch_value(entry);
        entry->kept = true;
        cache->bytes += entry->bytes;
    }
    unlink_entry(cache, entry);
    link_newest(cache, entry);
    return true;
}

/* ---- the budget -------------------------------------------------------------------------------
 */

/* The budget that holds now. */
static uint64_t budget_now(struct pvr_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    uint64_t budget = cache->budget, bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
    if (budget > 0) {
        return budget;
    }
    return (pvr_memory_available() + bytes) / 4 / (uint64_t)pvr_share_ranks();
}

/* Lets the oldest kept entry go if `room` more bytes do not fit. What it held is the caller's to
 * release: that may take long, and the lock is held here. */
static bool let_go(struct pvr_cache *cache, uint64_t budget, uint64_t room,
                   struct pvr_structure **structure, struct pvr_array **array) {
    *structure = NULL;
    *array = NULL;
    struct pvr_cache_entry *entry = cache->oldest;
    while (entry != NULL && !entry->kept) {
        entry = entry->newer;
    }
    if (entry == NULL || (room <= budget && cache->bytes <= budget - room)) {
        return false;
    }
    *structure = entry->structure;
    *array = entry->array.array;
    entry->kept = false;
    cache->bytes -= entry->bytes;
    return true;
}

/* Removes the entries whose memory is gone. */
static void sweep(struct pvr_cache *cache) {
    struct pvr_cache_entry *older;
    for (struct pvr_cache_entry *entry = cache->newest; entry != NULL; entry = older) {
        older = entry->older;
        int *references = entry->structure != NULL     ? &entry->structure->references
                          : entry->array.array != NULL ? &entry->array.array->references
                                                       : NULL;
        if (references != NULL && !entry->kept &&
            __atomic_load_n(references, __ATOMIC_RELAXED) == 0) {
            remove_entry(cache, entry);
        }
    }
}

static void trim(struct pvr_cache *cache, uint64_t budget, uint64_t room) {
    struct pvr_structure *structure;
    struct pvr_array *array;
    bool more = true;
    while (more) {
        pthread_mutex_lock(&cache->lock);
        more = let_go(cache, budget, room, &structure, &array);
        pthread_mutex_unlock(&cache->lock);
        release_value(structure, array);
    }
    pthread_mutex_lock(&cache->lock);
    sweep(cache);
    pthread_mutex_unlock(&cache->lock);
}

void pvr_cache_make_room(struct pvr_cache *cache, uint64_t room) {
    trim(cache, budget_now(cache), room);
}

void pvr_cache_publish(struct pvr_cache *cache, struct pvr_cache_entry *entry,
                       struct pvr_structure *structure, const struct pvr_mesh_array *array) {
    pthread_mutex_lock(&cache->lock);
    if (structure != NULL) {
        entry->structure = pvr_structure_retain(structure);
        entry->bytes = structure->bytes;
        pvr_structure_watch(structure);
    } else if (array != NULL) {
        entry->array = *array;
        entry->bytes = array->array->bytes;
        pvr_array_retain(array->array);
        pvr_array_watch(array->array);
    }
    if (structure != NULL || array != NULL) {
        entry->loading = false;
        entry->kept = true;
        cache->bytes += entry->bytes;
        cache->entries++;
    } else {
        remove_entry(cache, entry);
    }
    pthread_cond_broadcast(&cache->changed);
    pthread_mutex_unlock(&cache->lock);
    pvr_cache_make_room(cache, 0);
}

void pvr_cache_wait(struct pvr_cache *cache) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&cache->changed, &cache->lock, &until);
}

/* ---- the cache itself -------------------------------------------------------------------------
 */

enum pvr_status pvr_cache_new(uint64_t budget, struct pvr_cache **result, struct pvr_error *error) {
    struct pvr_cache *cache = calloc(1, sizeof *cache);
    *result = cache;
    if (cache == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a cache");
    }
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->changed, NULL);
    cache->budget = budget;
    cache->references = 1;
    return PVR_OK;
}

struct pvr_cache *pvr_cache_retain(struct pvr_cache *cache) {
    __atomic_fetch_add(&cache->references, 1, __ATOMIC_RELAXED);
    return cache;
}

void pvr_cache_release(struct pvr_cache *cache) {
    if (cache == NULL || __atomic_sub_fetch(&cache->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    pvr_cache_clear(cache);
    while (cache->newest != NULL) {
        remove_entry(cache, cache->newest);
    }
    pthread_cond_destroy(&cache->changed);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void pvr_cache_set_budget(struct pvr_cache *cache, uint64_t budget) {
    pthread_mutex_lock(&cache->lock);
    cache->budget = budget;
    pthread_mutex_unlock(&cache->lock);
    pvr_cache_make_room(cache, 0);
}

void pvr_cache_clear(struct pvr_cache *cache) {
    trim(cache, 0, UINT64_MAX);
}

struct pvr_cache_use pvr_cache_use(struct pvr_cache *cache) {
    struct pvr_cache_use use = {.budget = budget_now(cache)};
    pthread_mutex_lock(&cache->lock);
    sweep(cache);
    use.bytes = cache->bytes;
    use.entries = cache->entries;
    pthread_mutex_unlock(&cache->lock);
    return use;
}
