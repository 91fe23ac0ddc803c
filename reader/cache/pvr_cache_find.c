/* pvr_cache_find.c - what a mesh that is loaded through a cache can be made from. */
#include "pvr_cache_loading.h"
#include "pvr_put_together.h"

/* Have meshes of other depths anything to do with this one? */
static bool has_depths(const struct pvr_loading *loading) {
    return !pvr_loading_is_part(loading) || pvr_selection_grows(&loading->plan.selection);
}

struct pvr_cache_key pvr_loading_structure_key(const struct pvr_loading *loading, int level) {
    return (struct pvr_cache_key){.subject = loading->subject, .level = level};
}

struct pvr_structure *pvr_loading_catch_structure(struct pvr_loading *loading, int level) {
    struct pvr_cache_key key = pvr_loading_structure_key(loading, level);
    struct pvr_cache_entry *entry = pvr_cache_find(loading->cache, &key);
    return entry != NULL && pvr_cache_catch(loading->cache, entry) ? entry->structure : NULL;
}

/* Is this entry a structure of the part that is asked for, from the same files? It may come from
 * fewer or more of them than ours. */
static bool is_of_part(const struct pvr_loading *loading, const struct pvr_cache_entry *entry) {
    const struct pvr_domains *domains = loading->plan.domains;
    const uint64_t *levels = entry->structure->domain_levels;
    return pvr_domains_are_known(domains->known, domains->ndomains, levels) &&
           pvr_domains_stamp(domains->stamp, domains->ndomains, levels) == entry->key.subject.amr;
}

/* As pvr_loading_catch_structure, for another depth than ours; *subject is what it stands under: of
 * a part other depths come from other files. The lock is held. */
static struct pvr_structure *catch_depth(struct pvr_loading *loading, int level,
                                         struct pvr_cache_subject *subject) {
    struct pvr_cache_entry *older;
    *subject = loading->subject;
    if (!pvr_loading_is_part(loading) || level == loading->plan.levels.max) {
        return pvr_loading_catch_structure(loading, level);
    }
    for (struct pvr_cache_entry *entry = loading->cache->newest; entry != NULL; entry = older) {
        older = entry->older;
        struct pvr_cache_key key = pvr_loading_structure_key(loading, level);
        key.subject.amr = entry->key.subject.amr;
        if (!pvr_cache_same_key(&entry->key, &key) || !pvr_cache_catch(loading->cache, entry)) {
            continue;
        }
        if (is_of_part(loading, entry)) {
            *subject = entry->key.subject;
            return entry->structure;
        }
        pvr_structure_release(entry->structure);
    }
    return NULL;
}

struct pvr_structure *pvr_loading_catch_base(struct pvr_loading *loading, bool *deeper) {
    const struct pvr_levels *levels = &loading->plan.levels;
    struct pvr_structure *base = NULL;
    struct pvr_cache_subject subject;
    bool depths = has_depths(loading);
    for (int l = levels->max + 1; depths && base == NULL && l <= PVR_MAX_LEVELS; l++) {
        base = catch_depth(loading, l, &subject);
    }
    *deeper = base != NULL;
    for (int l = levels->max - 1; depths && base == NULL && l >= levels->root; l--) {
        base = catch_depth(loading, l, &subject);
    }
    if (base != NULL && (base->octree->root_level != levels->root || base->octree->ntrees == 0)) {
        pvr_structure_release(base);
        base = NULL;
    }
    return base;
}

/* True if values of `source`, times *factor, are what reading would give for `key`, bit for bit:
 * reading multiplies the file's value by the unit's factor in double precision and rounds once. */
static bool can_convert(const struct pvr_cache_key *source, const struct pvr_cache_key *key,
                        uint32_t real_bytes, double *factor) {
    *factor = 1.0;
    if (source->type == key->type && source->factor == key->factor) {
        return true;
    }
    bool reals = (source->type == PVR_FLOAT32 || source->type == PVR_FLOAT64) &&
                 (key->type == PVR_FLOAT32 || key->type == PVR_FLOAT64);
    bool as_read = source->factor == 1.0 && pvr_type_bytes(source->type) >= real_bytes;
    if (reals && as_read) {
        *factor = key->factor;
    }
    return reals && (as_read || (source->type == PVR_FLOAT64 && source->factor == key->factor));
}

/* The key of `wanted` at the depth of `structure`, which stands under `subject`. False: it comes
 * from files that are not known yet. */
static bool key_at_depth(const struct pvr_loading *loading, const struct pvr_wanted *wanted,
                         int level, const struct pvr_structure *structure,
                         const struct pvr_cache_subject *subject, struct pvr_cache_key *key) {
    int ndomains = loading->plan.domains->ndomains;
    const uint64_t *levels = structure->domain_levels;
    *key = wanted->key;
    key->subject = *subject;
    key->level = level;
    if (wanted->columns == NULL || !pvr_loading_is_part(loading)) {
        return true;
    }
    key->columns = pvr_domains_stamp(wanted->columns->stamp, ndomains, levels);
    return pvr_domains_are_known(wanted->columns->known, ndomains, levels);
}

/* Takes an array of the cache at `level` that `wanted` can be made from. The lock is held. */
static bool catch_source(struct pvr_loading *loading, struct pvr_wanted *wanted, int level) {
    uint32_t real_bytes = loading->plan.snapshot->layout.amr.real_bytes;
    struct pvr_cache_entry *older = NULL, *found = NULL;
    struct pvr_cache_subject subject;
    struct pvr_cache_key key;
    wanted->from_structure = catch_depth(loading, level, &subject);
    bool there =
        wanted->from_structure != NULL &&
        pvr_octrees_begin_alike(wanted->from_structure->octree, loading->structure->octree) &&
        key_at_depth(loading, wanted, level, wanted->from_structure, &subject, &key);
    for (struct pvr_cache_entry *entry = loading->cache->newest; there && entry != NULL;
         entry = older) {
        older = entry->older;
        key.type = entry->key.type;
        key.factor = entry->key.factor;
        if (!entry->loading && pvr_cache_same_key(&entry->key, &key) &&
            can_convert(&key, &wanted->key, real_bytes, &wanted->factor) &&
            pvr_cache_catch(loading->cache, entry)) {
            found = entry;
            break;
        }
    }
    if (found == NULL) {
        pvr_structure_release(wanted->from_structure);
        wanted->from_structure = NULL;
        return false;
    }
    wanted->from = found->array.array;
    return true;
}

void pvr_loading_find_source(struct pvr_loading *loading, struct pvr_wanted *wanted) {
    const struct pvr_levels *levels = &loading->plan.levels;
    bool depths = has_depths(loading);
    wanted->low = levels->root;
    for (int l = levels->max; l <= (depths ? PVR_MAX_LEVELS : levels->max); l++) {
        if (catch_source(loading, wanted, l)) {
            wanted->low = levels->max + 1;
            return;
        }
    }
    for (int l = levels->max - 1; depths && l >= levels->root; l--) {
        if (catch_source(loading, wanted, l)) {
            wanted->low = l + 1;
            return;
        }
    }
}
