/* pvr_cache.c - loading meshes through a cache: what is there is shared, the rest is read. */
#include "pvr_cache.h"

#include "pvr_cache_loading.h"
#include "pvr_cache_private.h"
#include "pvr_put_together.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is the caller to stop? Asked while waiting for others. */
static enum pvr_status wait_for_others(struct pvr_loading *loading, struct pvr_error *error) {
    pvr_cache_wait(loading->cache);
    pthread_mutex_unlock(&loading->cache->lock);
    bool stop = pvr_job_ask(&loading->job);
    pthread_mutex_lock(&loading->cache->lock);
    return stop ? pvr_fail(error, PVR_CANCELLED, "stopped on request") : PVR_OK;
}

/* ---- structure --------------------------------------------------------------------------------
 */

static enum pvr_status read_structure(struct pvr_loading *loading, struct pvr_structure *base,
                                      bool deeper, struct pvr_error *error) {
    const struct pvr_mesh_plan *plan = &loading->plan;
    if (base != NULL && deeper) {
        return pvr_structure_cut(base, plan->levels.max, plan->excerpt.domain_levels,
                                 plan->domains->ndomains, &loading->structure, error);
    }
    if (pvr_loading_is_part(loading)) {
        pvr_job_expect(&loading->job, pvr_excerpt_file_bytes(plan->snapshot, &plan->excerpt, base));
        return pvr_structure_load_excerpt(plan->snapshot, &plan->excerpt, base, &loading->job,
                                          &loading->structure, error);
    }
    pvr_job_expect(&loading->job,
                   pvr_structure_file_bytes(plan->snapshot, plan->domains, plan->levels, base));
    return pvr_structure_load(plan->snapshot, plan->domains, plan->levels, base, &loading->job,
                              &loading->structure, error);
}

static enum pvr_status find_structure(struct pvr_loading *loading, struct pvr_error *error) {
    struct pvr_cache *cache = loading->cache;
    struct pvr_cache_key key = pvr_loading_structure_key(loading, loading->plan.levels.max);
    struct pvr_cache_entry *claim = NULL;
    struct pvr_structure *base = NULL;
    bool deeper = false;
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
            base = pvr_loading_catch_base(loading, &deeper);
            status = claim != NULL ? PVR_OK
                                   : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the cache");
        }
    }
    pthread_mutex_unlock(&cache->lock);
    if (claim != NULL) {
        status = read_structure(loading, base, deeper, error);
        pvr_cache_publish(cache, claim, loading->structure, NULL);
    }
    pvr_structure_release(base);
    return status;
}

/* ---- arrays -----------------------------------------------------------------------------------
 */

/* Looks for all arrays that are not found yet; claims those that nobody has. *others is set if some
 * are being loaded by others. */
static enum pvr_status look_up(struct pvr_loading *loading, bool *others, struct pvr_error *error) {
    struct pvr_mesh *mesh = loading->plan.mesh;
    struct pvr_cache *cache = loading->cache;
    enum pvr_status status = PVR_OK;
    *others = false;
    pthread_mutex_lock(&cache->lock);
    for (int i = 0; status == PVR_OK && i < mesh->narrays; i++) {
        struct pvr_wanted *wanted = &loading->wanted[i];
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
                pvr_loading_find_source(loading, wanted);
                mesh->nput_together += wanted->from != NULL;
            }
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return status;
}

/* Bytes of the files that filling a target from level `low` on reads. */
static uint64_t bytes_from(const struct pvr_loading *loading, int low,
                           const struct pvr_target *target) {
    const struct pvr_mesh_plan *plan = &loading->plan;
    if (low > plan->levels.max) {
        return 0;
    }
    if (!pvr_loading_is_part(loading)) {
        return pvr_targets_file_bytes(plan->snapshot, plan->domains, low, plan->levels.max, target,
                                      1);
    }
    const struct pvr_pieces *pieces = &loading->structure->pieces;
    uint64_t octs = 0;
    for (size_t i = 0; i < pieces->npieces; i++) {
        octs += pieces->piece[i].level >= low ? pieces->piece[i].count : 0;
    }
    return pvr_targets_octs_bytes(plan->snapshot, octs, target, 1);
}

/* Makes the arrays of all claims and copies what can be copied. */
static enum pvr_status prepare_arrays(struct pvr_loading *loading, struct pvr_error *error) {
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
        struct pvr_wanted *wanted = &loading->wanted[i];
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
static enum pvr_status publish(struct pvr_loading *loading, int i, struct pvr_error *error) {
    struct pvr_wanted *wanted = &loading->wanted[i];
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
static bool read_together(const struct pvr_loading *loading, int i, int j) {
    const struct pvr_target *a = &loading->plan.target[i], *b = &loading->plan.target[j];
    return loading->wanted[j].claim != NULL && loading->wanted[i].low == loading->wanted[j].low &&
           a->source == b->source && (a->source != PVR_TARGET_COLUMNS || a->kind == b->kind);
}

/* Reads what is missing of the claims: those of one kind of file and one depth at a time, so that
 * they are complete, and kept, whatever becomes of the rest. */
static enum pvr_status fill_claims(struct pvr_loading *loading, struct pvr_error *error) {
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
static void drop_claims(struct pvr_loading *loading) {
    for (int i = 0; loading->wanted != NULL && i < loading->plan.mesh->narrays; i++) {
        struct pvr_wanted *wanted = &loading->wanted[i];
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

static enum pvr_status make_keys(struct pvr_loading *loading, struct pvr_error *error) {
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
            const struct pvr_domain_columns **columns = &loading->wanted[i].columns;
            status = pvr_snapshot_some_columns(plan->snapshot, target->kind, levels, &loading->job,
                                               columns, error);
            key->columns =
                status == PVR_OK ? pvr_domains_stamp((*columns)->stamp, ndomains, levels) : 0;
            key->factor = target->whole_numbers ? 1.0 : target->factor;
        }
    }
    return status;
}

static enum pvr_status load_all(struct pvr_loading *loading, struct pvr_error *error) {
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
    struct pvr_loading loading = {.cache = cache,
                                  .plan = {.snapshot = snapshot, .request = request}};
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
    struct pvr_loading loading = {.cache = cache,
                                  .plan = {.snapshot = snapshot, .request = request}};
    if (snapshot->mera != NULL ||
        pvr_job_begin(&loading.job, threads, progress, progress_context, NULL) != PVR_OK) {
        return false;
    }
    bool there = pvr_mesh_plan_make(&loading.plan, &loading.job, NULL) == PVR_OK &&
                 make_keys(&loading, NULL) == PVR_OK;
    pthread_mutex_lock(&cache->lock);
    if (there) {
        loading.structure = pvr_loading_catch_structure(&loading, loading.plan.levels.max);
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
