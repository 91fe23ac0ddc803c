/* pvr_cache_loading.h - a mesh while it is loaded through a cache, and what of the cache it can be
 * made from (internal). */
#ifndef PVR_CACHE_LOADING_H
#define PVR_CACHE_LOADING_H

#include "pvr_cache_table.h"
#include "pvr_mesh_plan.h"

/* One array of the request while it is looked for and loaded. */
struct pvr_wanted {
    struct pvr_cache_key key;
    bool found; /* the mesh's array is there */
    /* What it is made from, if anything: an array and the structure that it belongs to. */
    struct pvr_structure *from_structure;
    struct pvr_array *from;
    double factor;
    const struct pvr_domain_columns *columns; /* null: its values come from no file */
    struct pvr_cache_entry *claim;            /* null: not ours to load */
    int low;                                  /* first level to read; below max_level: nothing is */
};

/* Everything that lives while a mesh is loaded. */
struct pvr_loading {
    struct pvr_cache *cache;
    struct pvr_mesh_plan plan;
    struct pvr_job job;
    struct pvr_cache_subject subject;
    struct pvr_structure *structure;
    struct pvr_wanted *wanted; /* one per array */
};

/* True if a part of the box is asked for. */
static inline bool pvr_loading_is_part(const struct pvr_loading *loading) {
    return loading->subject.selection[0] != '\0';
}

/* The key of the structure that has this level for its deepest one. */
struct pvr_cache_key pvr_loading_structure_key(const struct pvr_loading *loading, int level);

/* ---- With the cache's lock held. */

/* A structure of the cache at `level`, with a reference for the caller, or null. */
struct pvr_structure *pvr_loading_catch_structure(struct pvr_loading *loading, int level);
/* The best of the cache's structures to make ours from, with a reference, or null: the next deeper
 * one, which is cut, else the deepest one, which is made deeper. */
struct pvr_structure *pvr_loading_catch_base(struct pvr_loading *loading, bool *deeper);
/* Finds what `wanted`, which is ours to load, can be made from: the same in another precision or
 * unit, a deeper one, else the deepest of the others. */
void pvr_loading_find_source(struct pvr_loading *loading, struct pvr_wanted *wanted);

#endif
