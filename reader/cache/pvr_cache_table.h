/* pvr_cache_table.h - the entries of a cache, and which of them are kept (internal). */
#ifndef PVR_CACHE_TABLE_H
#define PVR_CACHE_TABLE_H

#include "pvr_cache.h"
#include "pvr_structure.h"

#include <pthread.h>

enum { PVR_SELECTION_SIZE = 400 }; /* of a text of 16 numbers */

/* The part of an output that a mesh shows; all that its depth and its values do not change. */
struct pvr_cache_subject {
    uint64_t info, amr;                 /* stamps of the info file and of the amr files */
    char selection[PVR_SELECTION_SIZE]; /* which part, as text; "" for the whole output */
};

struct pvr_cache_key {
    struct pvr_cache_subject subject;
    int level; /* the deepest */
    /* Of an array; a structure has the name "" and zeros. */
    char name[PVR_NAME_SIZE];
    uint64_t columns; /* stamp of the files that hold its values */
    enum pvr_type type;
    double factor; /* of its unit: the values of the files were multiplied by it */
};

struct pvr_cache_entry {
    struct pvr_cache_key key;
    bool loading; /* by the thread that claimed it; nothing else is set then */
    bool kept;    /* holds a reference; else it only watches */
    /* One of the two. */
    struct pvr_structure *structure;
    struct pvr_mesh_array array;
    uint64_t bytes;
    struct pvr_cache_entry *newer, *older; /* by last use */
};

struct pvr_cache {
    pthread_mutex_t lock;   /* of all that follows */
    pthread_cond_t changed; /* an entry was published or given up */
    uint64_t budget;        /* as asked for */
    uint64_t bytes;         /* of kept entries */
    uint64_t entries;
    struct pvr_cache_entry *newest, *oldest;
    int references;
    int foreground; /* atomic: loads that someone waits for */
};

bool pvr_cache_same_key(const struct pvr_cache_key *a, const struct pvr_cache_key *b);

/* ---- With the lock held. */

/* The entry of `key`, or null. What it watched may be gone: see pvr_cache_catch. */
struct pvr_cache_entry *pvr_cache_find(struct pvr_cache *cache, const struct pvr_cache_key *key);
/* Adds an entry that is being loaded by the caller; null without memory. */
struct pvr_cache_entry *pvr_cache_claim(struct pvr_cache *cache, const struct pvr_cache_key *key);
/* True with a reference for the caller (entry->structure or entry->array.array) if the entry is
 * loaded and still alive; it counts as used now. Else an entry that is not being loaded is removed.
 */
bool pvr_cache_catch(struct pvr_cache *cache, struct pvr_cache_entry *entry);

/* ---- Without it. */

/* Ends a claim with what was loaded (one of the two; the caller keeps its own reference), or with
 * nothing (both null), and wakes who waits. Lets old entries go if need be. */
void pvr_cache_publish(struct pvr_cache *cache, struct pvr_cache_entry *entry,
                       struct pvr_structure *structure, const struct pvr_mesh_array *array);
/* Lets old entries go until `room` more bytes fit the budget, or none is left. */
void pvr_cache_make_room(struct pvr_cache *cache, uint64_t room);
/* Waits until an entry changes, or for a tenth of a second; the lock is held. */
void pvr_cache_wait(struct pvr_cache *cache);

#endif
