/* pvr_ancestors.c - the octs above those of a rank's domains. */
#include "pvr_ancestors.h"

#include "pvr_memory.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 15 /* octs of a task */ };

static const uint32_t nobody = UINT32_MAX;

/* A cell that leads to an oct of ours, in an oct that is not there. */
struct missing {
    uint32_t at[3]; /* of the oct */
    uint8_t cells;  /* bits of its cells */
};

struct missing_list {
    size_t count, room;
    struct missing *item;
};

/* One level: its octs and those below it. */
struct completing {
    const struct pvr_tree_grid *trees;
    int level;
    struct pvr_octs *octs, *below;
    uint64_t nplaces; /* a power of 2 */
    uint32_t *place;  /* octs by place, in a table with open addresses; atomic */
    uint8_t *leads;   /* bits of the cells of each oct that lead to octs of ours; atomic */
    struct missing_list *missing; /* of each chunk of octs below */
};

static uint64_t hash(const uint32_t at[3]) {
    uint64_t h = (at[0] * UINT64_C(0x9e3779b97f4a7c15)) ^ (at[1] * UINT64_C(0xc2b2ae3d27d4eb4f)) ^
                 (at[2] * UINT64_C(0x165667b19e3779f9));
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 29;
}

static bool same(const uint32_t a[3], const uint32_t b[3]) {
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

static enum pvr_status enter_chunk(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    (void)worker;
    (void)error;
    struct completing *completing = context;
    const struct pvr_octs *octs = completing->octs;
    uint64_t end = ((uint64_t)task + 1) * CHUNK;
    for (uint64_t i = (uint64_t)task * CHUNK; i < end && i < octs->noct; i++) {
        uint64_t h = hash(octs->coordinate[i]);
        for (;; h++) { /* two octs at one place both find room: the build tells of them */
            uint32_t empty = nobody;
            if (__atomic_compare_exchange_n(&completing->place[h & (completing->nplaces - 1)],
                                            &empty, (uint32_t)i, false, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
                break;
            }
        }
    }
    return PVR_OK;
}

static uint32_t find_oct(const struct completing *completing, const uint32_t at[3]) {
    for (uint64_t h = hash(at);; h++) {
        uint32_t i = completing->place[h & (completing->nplaces - 1)];
        if (i == nobody || same(completing->octs->coordinate[i], at)) {
            return i;
        }
    }
}

static bool add_missing(struct missing_list *list, const uint32_t at[3], uint8_t cells) {
    struct missing *last = list->count > 0 ? &list->item[list->count - 1] : NULL;
    if (last != NULL && same(last->at, at)) {
        last->cells |= cells;
        return true;
    }
    if (list->count == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 64;
        struct missing *item = realloc(list->item, room * sizeof *item);
        if (item == NULL) {
            return false;
        }
        list->item = item;
        list->room = room;
    }
    list->item[list->count] = (struct missing){.cells = cells};
    memcpy(list->item[list->count++].at, at, sizeof list->item->at);
    return true;
}

static enum pvr_status lead_chunk(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    struct completing *completing = context;
    const struct pvr_octs *below = completing->below;
    const struct pvr_tree_grid *trees = completing->trees;
    uint64_t end = ((uint64_t)task + 1) * CHUNK;
    for (uint64_t i = (uint64_t)task * CHUNK; i < end && i < below->noct; i++) {
        uint32_t at[3] = {0, 0, 0};
        unsigned cell = 0;
        for (int axis = 0; axis < trees->ndim; axis++) {
            int64_t x = below->coordinate[i][axis];
            if (completing->level == trees->root_level) { /* from among the trees into the box */
                int64_t whole = trees->whole[axis];
                x = (x + trees->low[axis] + whole) % whole;
            }
            at[axis] = (uint32_t)x >> 1;
            cell |= ((unsigned)x & 1) << axis;
        }
        uint32_t oct = find_oct(completing, at);
        if (oct != nobody) {
            __atomic_fetch_or(&completing->leads[oct], (uint8_t)(1u << cell), __ATOMIC_RELAXED);
        } else if (!add_missing(&completing->missing[task], at, (uint8_t)(1u << cell))) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for octs of level %d",
                            completing->level);
        }
    }
    return PVR_OK;
}

static int by_place(const void *left, const void *right) {
    const struct missing *a = left, *b = right;
    for (int axis = 2; axis >= 0; axis--) {
        if (a->at[axis] != b->at[axis]) {
            return a->at[axis] < b->at[axis] ? -1 : 1;
        }
    }
    return 0;
}

/* Memory for `more` octs more, with the old content; the old one is freed. */
static void *grow(void *old, uint64_t noct, uint64_t more, size_t bytes) {
    void *memory = pvr_large_alloc((noct + more) * bytes);
    if (memory != NULL) {
        memcpy(memory, old, (size_t)noct * bytes);
        pvr_large_free(old, noct * bytes);
    }
    return memory;
}

/* Puts the missing octs, each once, behind the others. */
static enum pvr_status append(struct completing *completing, size_t nchunks, uint64_t *made,
                              struct pvr_error *error) {
    struct pvr_octs *octs = completing->octs;
    struct missing_list all = {0, 0, NULL};
    for (size_t c = 0; c < nchunks; c++) {
        all.room += completing->missing[c].count;
    }
    all.item = malloc((all.room + 1) * sizeof *all.item);
    bool memory = all.item != NULL;
    for (size_t c = 0; memory && c < nchunks; c++) {
        const struct missing_list *list = &completing->missing[c];
        if (list->count > 0) {
            memcpy(all.item + all.count, list->item, list->count * sizeof *list->item);
            all.count += list->count;
        }
    }
    if (memory) {
        size_t n = 0;
        qsort(all.item, all.count, sizeof *all.item, by_place);
        for (size_t i = 0; i < all.count; i++) {
            if (n > 0 && same(all.item[n - 1].at, all.item[i].at)) {
                all.item[n - 1].cells |= all.item[i].cells;
            } else {
                all.item[n++] = all.item[i];
            }
        }
        all.count = n;
    }
    *made = all.count;
    if (memory && all.count > 0) {
        void *coordinate = grow(octs->coordinate, octs->noct, all.count, sizeof *octs->coordinate);
        octs->coordinate = coordinate != NULL ? coordinate : octs->coordinate;
        void *refined = coordinate != NULL ? grow(octs->refined, octs->noct, all.count, 1) : NULL;
        octs->refined = refined != NULL ? refined : octs->refined;
        void *outside = refined != NULL ? grow(octs->outside, octs->noct, all.count, 1) : NULL;
        octs->outside = outside != NULL ? outside : octs->outside;
        memory = outside != NULL;
        unsigned cells = (1u << (1u << completing->trees->ndim)) - 1;
        for (size_t i = 0; memory && i < all.count; i++) {
            uint64_t at = octs->noct + i;
            memcpy(octs->coordinate[at], all.item[i].at, sizeof all.item->at);
            octs->refined[at] = all.item[i].cells;
            octs->outside[at] = (uint8_t)(cells & ~all.item[i].cells);
        }
        octs->noct += memory ? all.count : 0;
    }
    free(all.item);
    return memory ? PVR_OK
                  : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %zu octs of level %d more",
                             all.count, completing->level);
}

static enum pvr_status complete_level(struct completing *completing, uint64_t *made,
                                      struct pvr_job *job, struct pvr_error *error) {
    struct pvr_octs *octs = completing->octs;
    size_t own = (size_t)((octs->noct + CHUNK - 1) / CHUNK);
    size_t nchunks = (size_t)((completing->below->noct + CHUNK - 1) / CHUNK);
    completing->nplaces = 16;
    while (completing->nplaces < octs->noct + octs->noct / 2) {
        completing->nplaces *= 2;
    }
    size_t place_bytes = (size_t)completing->nplaces * sizeof *completing->place;
    completing->place = pvr_large_alloc(place_bytes);
    completing->leads = pvr_large_alloc(octs->noct);
    completing->missing = calloc(nchunks + 1, sizeof *completing->missing);
    enum pvr_status status = PVR_OK;
    if (completing->place == NULL || completing->leads == NULL || completing->missing == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the octs of level %d",
                          completing->level);
    } else {
        memset(completing->place, 0xff, place_bytes);
        memset(completing->leads, 0, (size_t)octs->noct);
        status = pvr_job_run(job, own, NULL, enter_chunk, NULL, completing, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, nchunks, NULL, lead_chunk, NULL, completing, error);
    }
    for (uint64_t i = 0; status == PVR_OK && i < octs->noct; i++) {
        uint8_t refined = octs->refined[i];
        octs->refined[i] = (uint8_t)(refined & completing->leads[i]);
        octs->outside[i] |= (uint8_t)(refined & ~completing->leads[i]);
    }
    pvr_large_free(completing->leads, octs->noct);
    pvr_large_free(completing->place, place_bytes);
    if (status == PVR_OK) {
        status = append(completing, nchunks, made, error);
    }
    for (size_t c = 0; completing->missing != NULL && c < nchunks; c++) {
        free(completing->missing[c].item);
    }
    free(completing->missing);
    return status;
}

enum pvr_status pvr_ancestors_make(struct pvr_octs *octs, const struct pvr_tree_grid *trees,
                                   int max_level, uint64_t *made, struct pvr_job *job,
                                   struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    for (uint64_t i = 0; i < octs[max_level].noct; i++) { /* what is below is not ours */
        octs[max_level].outside[i] |= octs[max_level].refined[i];
        octs[max_level].refined[i] = 0;
    }
    for (int level = max_level - 1; status == PVR_OK && level >= trees->root_level; level--) {
        struct completing completing = {
            .trees = trees, .level = level, .octs = &octs[level], .below = &octs[level + 1]};
        status = complete_level(&completing, &made[level], job, error);
    }
    return status;
}
