/* pvr_cache.c - loading meshes through a cache: what is there is shared, the rest is read. */
#include "pvr_cache.h"

#include "pvr_cache_private.h"
#include "pvr_cache_table.h"
#include "pvr_mesh_plan.h"
#include "pvr_put_together.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One array of the request while it is looked for and loaded. */
struct wanted {
    struct pvr_cache_key key;
    bool found; /* the mesh's array is there */
    /* What it is made from, if anything: an array and the structure that it belongs to. */
    struct pvr_structure *from_structure;
    struct pvr_array *from;
    double factor;
    struct pvr_cache_entry *claim; /* null: not ours to load */
    int low;                       /* first level to read; below max_level: nothing is */
};

/* Everything that lives while a mesh is loaded. */
struct loading {
    struct pvr_cache *cache;
    struct pvr_mesh_plan plan;
    struct pvr_job job;
    struct pvr_cache_subject subject;
    struct pvr_structure *structure;
    struct wanted *wanted; /* one per array */
};

/* True if a part of the box is asked for. Which of its leaves lie outside depends on its depth, so
 * parts of different depths have nothing to do with each other. */
static bool is_part(const struct loading *loading) {
    return loading->subject.selection[0] != '\0';
}

/* Is the caller to stop? Asked while waiting for others. */
static enum pvr_status wait_for_others(struct loading *loading, struct pvr_error *error) {
    pvr_cache_wait(loading->cache);
    pthread_mutex_unlock(&loading->cache->lock);
    bool stop = pvr_job_ask(&loading->job);
    pthread_mutex_lock(&loading->cache->lock);
    return stop ? pvr_fail(error, PVR_CANCELLED, "stopped on request") : PVR_OK;
}

/* ---- structure --------------------------------------------------------------------------------
 */

static struct pvr_cache_key structure_key(const struct loading *loading, int level) {
    return (struct pvr_cache_key){.subject = loading->subject, .level = level};
}

/* A structure of the cache at `level`, with a reference for the caller, or null. The lock is held.
 */
static struct pvr_structure *catch_structure(struct loading *loading, int level) {
    struct pvr_cache_key key = structure_key(loading, level);
    struct pvr_cache_entry *entry = pvr_cache_find(loading->cache, &key);
    return entry != NULL && pvr_cache_catch(loading->cache, entry) ? entry->structure : NULL;
}

/* The best of the cache's structures to make ours from: the next deeper one, which is cut, else the
 * deepest one, which is made deeper. The lock is held. */
static struct pvr_structure *catch_base(struct loading *loading) {
    const struct pvr_levels *levels = &loading->plan.levels;
    struct pvr_structure *base = NULL;
    if (is_part(loading)) {
        return NULL;
    }
    for (int l = levels->max + 1; base == NULL && l <= PVR_MAX_LEVELS; l++) {
        base = catch_structure(loading, l);
    }
    for (int l = levels->max - 1; base == NULL && l >= levels->root; l--) {
        base = catch_structure(loading, l);
    }
    if (base != NULL && base->octree->root_level != levels->root) {
        pvr_structure_release(base);
        base = NULL;
    }
    return base;
}

static enum pvr_status read_structure(struct loading *loading, struct pvr_structure *base,
                                      struct pvr_error *error) {
    const struct pvr_mesh_plan *plan = &loading->plan;
    if (base != NULL && base->octree->max_level > plan->levels.max) {
        return pvr_structure_cut(base, plan->levels.max, &loading->structure, error);
    }
    if (is_part(loading)) {
        pvr_job_expect(&loading->job, pvr_excerpt_file_bytes(plan->snapshot, &plan->excerpt));
        return pvr_structure_load_excerpt(plan->snapshot, &plan->excerpt, &loading->job,
                                          &loading->structure, error);
    }
    pvr_job_expect(&loading->job,
                   pvr_structure_file_bytes(plan->snapshot, plan->domains, plan->levels, base));
    return pvr_structure_load(plan->snapshot, plan->domains, plan->levels, base, &loading->job,
                              &loading->structure, error);
}

static enum pvr_status find_structure(struct loading *loading, struct pvr_error *error) {
    struct pvr_cache *cache = loading->cache;
    struct pvr_cache_key key = structure_key(loading, loading->plan.levels.max);
    struct pvr_cache_entry *claim = NULL;
    struct pvr_structure *base = NULL;
    enum pvr_status status = PVR_OK;
    pthread_mutex_lock(&cache->lock);
    while (status == PVR_OK && loading->structure == NULL && claim == NULL) {
        struct pvr_cache_entry *entry = pvr_cache_find(cache, &key);
        if (entry != NULL && entry->loading) {
            status = wait_for_others(loading, error);
        } else if (entry != NULL && pvr_cache_catch(cache, entry)) {
            loading->structure = entry->structure;
        } else {
            claim = pvr_cache_claim(cache, &key);
            base = catch_base(loading);
            status = claim != NULL ? PVR_OK
                                   : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the cache");
        }
    }
    pthread_mutex_unlock(&cache->lock);
    if (claim != NULL) {
        status = read_structure(loading, base, error);
        pvr_cache_publish(cache, claim, loading->structure, NULL);
    }
    pvr_structure_release(base);
    return status;
}

/* ---- arrays -----------------------------------------------------------------------------------
 */

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

/* Takes an array of the cache at `level` that `wanted` can be made from. The lock is held. */
static bool catch_source(struct loading *loading, struct wanted *wanted, int level) {
    uint32_t real_bytes = loading->plan.snapshot->layout.amr.real_bytes;
    struct pvr_cache_entry *older = NULL, *found = NULL;
    for (struct pvr_cache_entry *entry = loading->cache->newest; entry != NULL; entry = older) {
        older = entry->older;
        struct pvr_cache_key key = wanted->key;
        key.level = level;
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
        return false;
    }
    wanted->from = found->array.array;
    wanted->from_structure = catch_structure(loading, level);
    if (wanted->from_structure == NULL ||
        !pvr_octrees_begin_alike(wanted->from_structure->octree, loading->structure->octree)) {
        pvr_structure_release(wanted->from_structure);
        pvr_array_release(wanted->from);
        wanted->from_structure = NULL;
        wanted->from = NULL;
    }
    return wanted->from != NULL;
}

/* Finds what `wanted`, which is ours to load, can be made from: the same in another precision or
 * unit, a deeper one, else the deepest of the others. The lock is held. */
static void find_source(struct loading *loading, struct wanted *wanted) {
    const struct pvr_levels *levels = &loading->plan.levels;
    bool part = is_part(loading);
    wanted->low = levels->root;
    for (int l = levels->max; l <= (part ? levels->max : PVR_MAX_LEVELS); l++) {
        if (catch_source(loading, wanted, l)) {
            wanted->low = levels->max + 1;
            return;
        }
    }
    for (int l = levels->max - 1; !part && l >= levels->root; l--) {
        if (catch_source(loading, wanted, l)) {
            wanted->low = l + 1;
            return;
        }
    }
}

/* Looks for all arrays that are not found yet; claims those that nobody has. *others is set if some
 * are being loaded by others. */
static enum pvr_status look_up(struct loading *loading, bool *others, struct pvr_error *error) {
    struct pvr_mesh *mesh = loading->plan.mesh;
    struct pvr_cache *cache = loading->cache;
    enum pvr_status status = PVR_OK;
    *others = false;
    pthread_mutex_lock(&cache->lock);
    for (int i = 0; status == PVR_OK && i < mesh->narrays; i++) {
        struct wanted *wanted = &loading->wanted[i];
        struct pvr_cache_entry *entry = wanted->found ? NULL : pvr_cache_find(cache, &wanted->key);
        if (wanted->found) {
            continue;
        }
        if (entry != NULL && entry->loading) {
            *others = true;
        } else if (entry != NULL && pvr_cache_catch(cache, entry)) {
            struct pvr_mesh_array named = mesh->arrays[i];
            mesh->arrays[i] = entry->array;
            mesh->arrays[i].unit = named.unit; /* the same factor may have two names */
            wanted->found = true;
            mesh->nshared++;
        } else {
            wanted->claim = pvr_cache_claim(cache, &wanted->key);
            if (wanted->claim == NULL) {
                status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the cache");
            } else {
                find_source(loading, wanted);
                mesh->nput_together += wanted->from != NULL;
            }
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return status;
}

/* Bytes of the files that filling a target from level `low` on reads. */
static uint64_t bytes_from(const struct loading *loading, int low,
                           const struct pvr_target *target) {
    const struct pvr_mesh_plan *plan = &loading->plan;
    if (low > plan->levels.max) {
        return 0;
    }
    if (!is_part(loading)) {
        return pvr_targets_file_bytes(plan->snapshot, plan->domains, low, plan->levels.max, target,
                                      1);
    }
    const struct pvr_pieces *pieces = &loading->structure->pieces;
    uint64_t octs = 0;
    for (size_t i = 0; i < pieces->npieces; i++) {
        octs += pieces->piece[i].count;
    }
    return pvr_targets_octs_bytes(plan->snapshot, octs, target, 1);
}

/* Makes the arrays of all claims and copies what can be copied. */
static enum pvr_status prepare_arrays(struct loading *loading, struct pvr_error *error) {
    struct pvr_mesh_plan *plan = &loading->plan;
    const struct pvr_octree *octree = loading->structure->octree;
    struct pvr_part *part = calloc((size_t)plan->mesh->narrays + 1, sizeof *part);
    if (part == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the arrays");
    }
    uint64_t room = 0;
    for (int i = 0; i < plan->mesh->narrays; i++) {
        if (loading->wanted[i].claim != NULL) {
            room += octree->ncells * (uint64_t)plan->target[i].ncomponents *
                    pvr_type_bytes(loading->wanted[i].key.type);
        }
    }
    pvr_cache_make_room(loading->cache, room);
    enum pvr_status status = PVR_OK;
    int nparts = 0;
    for (int i = 0; status == PVR_OK && i < plan->mesh->narrays; i++) {
        struct wanted *wanted = &loading->wanted[i];
        struct pvr_target *target = &plan->target[i];
        if (wanted->claim == NULL) {
            continue;
        }
        status = pvr_array_new(wanted->key.type, target->ncomponents, octree->ncells,
                               &target->array, error);
        plan->mesh->arrays[i].array = target->array;
        if (wanted->from != NULL) {
            part[nparts++] = (struct pvr_part){wanted->from_structure->octree, wanted->from,
                                               target->array, wanted->factor};
        }
        pvr_job_expect(&loading->job, bytes_from(loading, wanted->low, target));
    }
    if (status == PVR_OK) {
        status = pvr_put_together(part, nparts, octree, &loading->job, error);
    }
    free(part);
    return status;
}

/* Gives the complete array `i` to the cache. */
static enum pvr_status publish(struct loading *loading, int i, struct pvr_error *error) {
    struct wanted *wanted = &loading->wanted[i];
    struct pvr_mesh_array *array = &loading->plan.mesh->arrays[i];
    enum pvr_status status = pvr_mesh_find_ranges_in(array, 1, &loading->job, error);
    if (status == PVR_OK) {
        pvr_cache_publish(loading->cache, wanted->claim, NULL, array);
        wanted->claim = NULL;
        wanted->found = true;
    }
    return status;
}

/* Do these two come from one run over the files? */
static bool read_together(const struct loading *loading, int i, int j) {
    const struct pvr_target *a = &loading->plan.target[i], *b = &loading->plan.target[j];
    return loading->wanted[j].claim != NULL && loading->wanted[i].low == loading->wanted[j].low &&
           a->source == b->source && (a->source != PVR_TARGET_COLUMNS || a->kind == b->kind);
}

/* Reads what is missing of the claims: those of one kind of file and one depth at a time, so that
 * they are complete, and kept, whatever becomes of the rest. */
static enum pvr_status fill_claims(struct loading *loading, struct pvr_error *error) {
    struct pvr_mesh_plan *plan = &loading->plan;
    int narrays = plan->mesh->narrays;
    struct pvr_target *target = calloc((size_t)narrays + 1, sizeof *target);
    int *member = calloc((size_t)narrays + 1, sizeof *member);
    enum pvr_status status = target != NULL && member != NULL
                                 ? PVR_OK
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the arrays");
    for (int i = 0; status == PVR_OK && i < narrays; i++) {
        if (loading->wanted[i].claim == NULL) {
            continue;
        }
        int count = 0, low = loading->wanted[i].low;
        for (int j = i; j < narrays; j++) {
            if (read_together(loading, i, j)) {
                member[count] = j;
                target[count++] = plan->target[j];
            }
        }
        if (low <= plan->levels.max) {
            status = pvr_targets_fill(plan->snapshot, loading->structure, low, target, count,
                                      &loading->job, error);
        }
        for (int j = 0; status == PVR_OK && j < count; j++) {
            status = publish(loading, member[j], error);
        }
    }
    free(target);
    free(member);
    return status;
}

/* Gives up what was claimed and not loaded, and lets go of what things were made from. */
static void drop_claims(struct loading *loading) {
    for (int i = 0; loading->wanted != NULL && i < loading->plan.mesh->narrays; i++) {
        struct wanted *wanted = &loading->wanted[i];
        if (wanted->claim != NULL) {
            pvr_cache_publish(loading->cache, wanted->claim, NULL, NULL);
        }
        pvr_structure_release(wanted->from_structure);
        pvr_array_release(wanted->from);
        wanted->claim = NULL;
        wanted->from_structure = NULL;
        wanted->from = NULL;
    }
}

/* The region as text, every bit of its numbers. */
static void name_region(const struct pvr_region *region, char text[PVR_SELECTION_SIZE]) {
    snprintf(text, PVR_SELECTION_SIZE, "%d %d %a %a %a %a %a %a %a %a %a %a %a", (int)region->type,
             (int)region->by_centre, region->centre[0], region->centre[1], region->centre[2],
             region->size[0], region->size[1], region->size[2], region->radius, region->height,
             region->axis[0], region->axis[1], region->axis[2]);
}

/* Which rank of which split. Where a rank has whole domains, a mesh that ends at another level is
 * another part: cells of the last level are its leaves, whoever has what is below. */
static void name_rank(const struct pvr_mesh_request *request, char text[PVR_SELECTION_SIZE]) {
    const struct pvr_split *split = request->split;
    size_t length = strlen(text);
    snprintf(text + length, PVR_SELECTION_SIZE - length, " rank %d of %d %llx %d", request->rank,
             split->nranks, (unsigned long long)split->stamp,
             split->kind == PVR_SPLIT_DOMAINS ? request->max_level : 0);
}

static enum pvr_status make_keys(struct loading *loading, struct pvr_error *error) {
    struct pvr_mesh_plan *plan = &loading->plan;
    const uint64_t *levels = plan->excerpt.domain_levels; /* null: of all domains */
    int ndomains = plan->domains->ndomains;
    loading->subject.info = plan->snapshot->stamp;
    loading->subject.amr = pvr_domains_stamp(plan->domains->stamp, ndomains, levels);
    if (pvr_mesh_wants_region(plan->request)) {
        name_region(plan->request->region, loading->subject.selection);
    }
    if (plan->request->split != NULL && plan->request->split->nranks > 1) {
        name_rank(plan->request, loading->subject.selection);
    }
    loading->wanted = calloc((size_t)plan->mesh->narrays + 1, sizeof *loading->wanted);
    if (loading->wanted == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the arrays");
    }
    enum pvr_status status = PVR_OK;
    for (int i = 0; status == PVR_OK && i < plan->mesh->narrays; i++) {
        const struct pvr_target *target = &plan->target[i];
        struct pvr_cache_key *key = &loading->wanted[i].key;
        key->subject = loading->subject;
        key->level = plan->levels.max;
        memcpy(key->name, plan->mesh->arrays[i].name, sizeof key->name);
        key->type = pvr_target_type(target, plan->request->precision);
        key->factor = 1.0;
        if (target->source == PVR_TARGET_COLUMNS) {
            const struct pvr_domain_columns *columns;
            status = pvr_snapshot_some_columns(plan->snapshot, target->kind, levels, &loading->job,
                                               &columns, error);
            key->columns =
                status == PVR_OK ? pvr_domains_stamp(columns->stamp, ndomains, levels) : 0;
            key->factor = target->whole_numbers ? 1.0 : target->factor;
        }
    }
    return status;
}

static enum pvr_status load_all(struct loading *loading, struct pvr_error *error) {
    enum pvr_status status = pvr_mesh_plan_make(&loading->plan, &loading->job, error);
    if (status == PVR_OK) {
        status = make_keys(loading, error);
    }
    if (status == PVR_OK) {
        status = find_structure(loading, error);
    }
    bool others = true;
    while (status == PVR_OK && others) {
        status = look_up(loading, &others, error);
        if (status == PVR_OK) {
            status = prepare_arrays(loading, error);
        }
        if (status == PVR_OK) {
            status = fill_claims(loading, error);
        }
        drop_claims(loading);
        if (status == PVR_OK && others) {
            pthread_mutex_lock(&loading->cache->lock);
            status = wait_for_others(loading, error);
            pthread_mutex_unlock(&loading->cache->lock);
        }
    }
    return status;
}

/* Meshes of Mera files are not kept. */
static enum pvr_status load_alone(struct pvr_snapshot *snapshot,
                                  const struct pvr_mesh_request *request,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_mesh **mesh,
                                  struct pvr_error *error) {
    enum pvr_status status =
        pvr_mesh_load(snapshot, request, threads, progress, progress_context, mesh, error);
    if (status == PVR_OK) {
        status = pvr_mesh_find_ranges((*mesh)->arrays, (*mesh)->narrays, threads, error);
    }
    if (status != PVR_OK) {
        pvr_mesh_free(*mesh);
        *mesh = NULL;
    }
    return status;
}

enum pvr_status pvr_cache_load_ahead(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                                     const struct pvr_mesh_request *request,
                                     const struct pvr_threads *threads, pvr_progress_fn progress,
                                     void *progress_context, struct pvr_mesh **mesh,
                                     struct pvr_error *error) {
    *mesh = NULL;
    if (snapshot->mera != NULL) {
        return load_alone(snapshot, request, threads, progress, progress_context, mesh, error);
    }
    struct loading loading = {.cache = cache, .plan = {.snapshot = snapshot, .request = request}};
    enum pvr_status status =
        pvr_job_begin(&loading.job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    status = load_all(&loading, error);
    struct pvr_mesh *made = loading.plan.mesh;
    pvr_job_end(&loading.job, status == PVR_OK ? &made->report : NULL);
    free(loading.wanted);
    pvr_mesh_plan_free(&loading.plan);
    if (status != PVR_OK) {
        pvr_structure_release(loading.structure);
        pvr_mesh_free(made);
        return status;
    }
    made->structure = loading.structure;
    made->octree = pvr_octree_retain(loading.structure->octree);
    *mesh = made;
    return PVR_OK;
}

bool pvr_cache_has(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                   const struct pvr_mesh_request *request, const struct pvr_threads *threads,
                   pvr_progress_fn progress, void *progress_context) {
    struct loading loading = {.cache = cache, .plan = {.snapshot = snapshot, .request = request}};
    if (snapshot->mera != NULL ||
        pvr_job_begin(&loading.job, threads, progress, progress_context, NULL) != PVR_OK) {
        return false;
    }
    bool there = pvr_mesh_plan_make(&loading.plan, &loading.job, NULL) == PVR_OK &&
                 make_keys(&loading, NULL) == PVR_OK;
    pthread_mutex_lock(&cache->lock);
    if (there) {
        loading.structure = catch_structure(&loading, loading.plan.levels.max);
        there = loading.structure != NULL;
    }
    for (int i = 0; there && i < loading.plan.mesh->narrays; i++) {
        struct pvr_cache_entry *entry = pvr_cache_find(cache, &loading.wanted[i].key);
        there = entry != NULL && pvr_cache_catch(cache, entry);
        if (there) {
            pvr_array_release(entry->array.array);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    pvr_structure_release(loading.structure);
    free(loading.wanted);
    pvr_mesh_plan_free(&loading.plan);
    pvr_mesh_free(loading.plan.mesh);
    pvr_job_end(&loading.job, NULL);
    return there;
}

enum pvr_status pvr_cache_load(struct pvr_cache *cache, struct pvr_snapshot *snapshot,
                               const struct pvr_mesh_request *request,
                               const struct pvr_threads *threads, pvr_progress_fn progress,
                               void *progress_context, struct pvr_mesh **mesh,
                               struct pvr_error *error) {
    pvr_cache_retain(cache);
    __atomic_fetch_add(&cache->foreground, 1, __ATOMIC_RELAXED);
    enum pvr_status status = pvr_cache_load_ahead(cache, snapshot, request, threads, progress,
                                                  progress_context, mesh, error);
    __atomic_fetch_sub(&cache->foreground, 1, __ATOMIC_RELAXED);
    pvr_cache_release(cache);
    return status;
}

bool pvr_cache_is_awaited(const struct pvr_cache *cache) {
    return __atomic_load_n(&cache->foreground, __ATOMIC_RELAXED) > 0;
}
