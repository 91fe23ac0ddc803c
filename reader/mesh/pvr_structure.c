/* pvr_structure.c - the octs of an output: read once, then any field is filled from them. */
#include "pvr_structure.h"

#include "pvr_octree_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that lives while a structure is read. */
struct reading {
    const struct pvr_snapshot *snapshot;
    const struct pvr_domains *domains;
    struct pvr_levels levels;
    const struct pvr_structure *base; /* less deep, or null */
    int known;                        /* its deepest level; the levels above are not read */
    struct pvr_structure *structure;
    struct pvr_octs octs[PVR_MAX_LEVELS + 1];
};

/* With many coarse cells fewer levels are above the trees. */
enum { MOST_TREES = 1 << 16 };

/* Trees per side: 2^root_level per coarse cell. Few are cheap in VTK (each costs some 450 bytes and
 * 7 microseconds there); more are wanted where the output is large, so that what works tree by tree
 * has something to share. The deepest level that is wanted has no say (unless it is above): meshes
 * of one output share what they have in common. */
static int choose_root_level(const struct pvr_snapshot *snapshot, const struct pvr_domains *domains,
                             int max_level) {
    static const int small[] = {0, 6, 5, 3};
    int ndim = snapshot->info.ndim, level = 0;
    uint64_t cells = 1, octs = 0;
    for (int axis = 0; axis < ndim; axis++) {
        cells *= snapshot->layout.box.count[axis];
    }
    for (int l = 1; l <= domains->deepest; l++) {
        octs += domains->level_octs[l - 1];
    }
    int wanted = small[ndim] + (octs > 4000000 ? 1 : 0);
    wanted = wanted < max_level ? wanted : max_level;
    while (level < wanted) { /* the root cells must fill the box */
        if (domains->level_octs[level] != cells || (level > 0 && cells << ndim > MOST_TREES)) {
            break;
        }
        cells <<= ndim;
        level++;
    }
    return level;
}

enum pvr_status pvr_structure_levels(const struct pvr_snapshot *snapshot,
                                     const struct pvr_domains *domains, int max_level,
                                     struct pvr_levels *levels, struct pvr_error *error) {
    levels->all = max_level == 0 || max_level >= domains->deepest;
    levels->max = levels->all ? domains->deepest : max_level;
    levels->root = choose_root_level(snapshot, domains, levels->max);
    if (levels->root == 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: the octs of level 1 are not one for each of the box's coarse cells",
                        snapshot->layout.folder);
    }
    return PVR_OK;
}

/* Are the sons of the octs of `level` read? */
static bool reads_sons(struct pvr_levels levels, int level) {
    return level < levels.max || levels.all;
}

uint64_t pvr_structure_file_bytes(const struct pvr_snapshot *snapshot,
                                  const struct pvr_domains *domains, struct pvr_levels levels,
                                  const struct pvr_structure *base) {
    const struct pvr_amr_header *amr = &snapshot->layout.amr;
    uint64_t bytes = 0;
    int known = base != NULL ? base->octree->max_level : 0;
    for (int l = known > 0 ? known : levels.root; l <= levels.max; l++) {
        uint64_t noct = domains->level_octs[l - 1];
        bytes += l != known ? noct * (uint64_t)amr->ndim * amr->real_bytes : 0;
        bytes += reads_sons(levels, l) ? noct * 4 << amr->ndim : 0;
    }
    return bytes;
}

static void name_oct(void *context, int level, uint64_t index, char *text, size_t size) {
    const struct reading *reading = context;
    for (int domain = 1; index != UINT64_MAX && domain <= reading->domains->ndomains; domain++) {
        uint64_t noct = pvr_domains_place(reading->domains, domain, level)->noct;
        if (index < noct) {
            char *path = pvr_layout_path(&reading->snapshot->layout, "amr", domain);
            snprintf(text, size, "%s: oct %llu of level %d", path != NULL ? path : "amr file",
                     (unsigned long long)index + 1, level);
            free(path);
            return;
        }
        index -= noct;
    }
    snprintf(text, size, "%s", reading->snapshot->layout.folder);
}

static enum pvr_status read_octs_task(void *context, size_t number, struct pvr_worker *worker,
                                      struct pvr_error *error) {
    struct reading *reading = context;
    const struct pvr_pieces *pieces = &reading->structure->pieces;
    const struct pvr_piece_task *task = &pieces->task[number];
    const struct pvr_piece *piece = &pieces->piece[task->first];
    if (piece[task->count - 1].level < reading->known) {
        return PVR_OK;
    }
    struct pvr_file file;
    char *path;
    enum pvr_status status =
        pvr_pieces_open(&reading->snapshot->layout, "amr", piece->domain, &file, &path, error);
    for (size_t i = 0; status == PVR_OK && i < task->count; i++) {
        const struct pvr_octs *octs = &reading->octs[piece[i].level];
        if (pvr_job_stopped(worker->job)) {
            status = PVR_CANCELLED;
        } else if (piece[i].level >= reading->known) {
            status = pvr_piece_read_octs(
                &reading->snapshot->layout, reading->domains, &file, &piece[i], worker,
                piece[i].level > reading->known ? octs->coordinate + piece[i].base : NULL,
                octs->refined != NULL ? octs->refined + piece[i].base : NULL, error);
        }
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

static void prefetch_octs(void *context, size_t number) {
    const struct reading *reading = context;
    const struct pvr_layout *layout = &reading->snapshot->layout;
    const struct pvr_pieces *pieces = &reading->structure->pieces;
    const struct pvr_piece_task *task = &pieces->task[number];
    const struct pvr_piece *piece = &pieces->piece[task->first];
    if (piece[task->count - 1].level < reading->known) {
        return;
    }
    struct pvr_file file;
    char *path;
    if (pvr_pieces_open(layout, "amr", piece->domain, &file, &path, NULL) == PVR_OK) {
        for (size_t i = 0; i < task->count; i++) {
            if (piece[i].level >= reading->known) {
                const struct pvr_piece ahead = pvr_piece_ahead(pieces, reading->domains, &piece[i]);
                pvr_piece_prefetch_octs(layout, reading->domains, &file, &ahead,
                                        piece[i].level > reading->known,
                                        reading->octs[piece[i].level].refined != NULL);
            }
        }
    }
    pvr_file_close(&file);
    free(path);
}

/* The octs of a level that the base has: its slots are taken over, and of its last level the sons
 * are still to be read. */
static enum pvr_status take_octs(struct reading *reading, int l) {
    const struct pvr_structure *base = reading->base;
    struct pvr_octs *octs = &reading->octs[l];
    if (base->slot[l] != NULL) {
        reading->structure->slot[l] = pvr_array_retain(base->slot[l]);
    }
    if (l < reading->known) {
        return PVR_OK;
    }
    octs->refined = pvr_large_alloc(octs->noct);
    if (l > reading->levels.root) {
        return octs->refined != NULL ? PVR_OK : PVR_ERROR_MEMORY;
    }
    octs->coordinate = pvr_large_alloc(octs->noct * sizeof *octs->coordinate);
    if (octs->refined == NULL || octs->coordinate == NULL) {
        return PVR_ERROR_MEMORY;
    }
    memcpy(octs->coordinate, base->root_coordinate, octs->noct * sizeof *octs->coordinate);
    return PVR_OK;
}

static enum pvr_status allocate_octs(struct reading *reading, int l) {
    struct pvr_octs *octs = &reading->octs[l];
    bool sons = reads_sons(reading->levels, l);
    octs->coordinate = pvr_large_alloc(octs->noct * sizeof *octs->coordinate);
    octs->refined = sons ? pvr_large_alloc(octs->noct) : NULL;
    if (octs->coordinate == NULL || (sons && octs->refined == NULL)) {
        return PVR_ERROR_MEMORY;
    }
    return l > reading->levels.root
               ? pvr_array_new(PVR_INT32, 1, octs->noct, &reading->structure->slot[l], NULL)
               : PVR_OK;
}

static enum pvr_status prepare_octs(struct reading *reading, struct pvr_error *error) {
    for (int l = reading->levels.root; l <= reading->levels.max; l++) {
        struct pvr_octs *octs = &reading->octs[l];
        octs->noct = reading->domains->level_octs[l - 1];
        enum pvr_status status =
            l <= reading->known ? take_octs(reading, l) : allocate_octs(reading, l);
        if (status != PVR_OK) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the %llu octs of level %d",
                            (unsigned long long)octs->noct, l);
        }
        struct pvr_array *slot = reading->structure->slot[l];
        octs->slot = slot != NULL ? slot->data : NULL;
    }
    return PVR_OK;
}

static enum pvr_status read_octs(struct reading *reading, struct pvr_job *job,
                                 struct pvr_error *error) {
    struct pvr_structure *structure = reading->structure;
    enum pvr_status status = pvr_pieces_cut(reading->domains, reading->levels.root,
                                            reading->levels.max, NULL, &structure->pieces, error);
    if (status == PVR_OK) {
        status = prepare_octs(reading, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, structure->pieces.ntasks, structure->pieces.cost, read_octs_task,
                             prefetch_octs, reading, error);
    }
    return status;
}

static enum pvr_status build_octree(struct reading *reading, struct pvr_job *job,
                                    struct pvr_error *error) {
    struct pvr_structure *structure = reading->structure;
    const struct pvr_octs *roots = &reading->octs[reading->levels.root];
    const void *coordinate =
        reading->base != NULL ? reading->base->root_coordinate : roots->coordinate;
    size_t root_bytes = (size_t)roots->noct * sizeof *structure->root_coordinate;
    structure->root_coordinate = malloc(root_bytes);
    if (structure->root_coordinate == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the root level");
    }
    memcpy(structure->root_coordinate, coordinate, root_bytes);
    structure->root_octs = roots->noct;
    struct pvr_octree_plan plan = {.ndim = reading->snapshot->info.ndim,
                                   .root_level = reading->levels.root,
                                   .max_level = reading->levels.max,
                                   .octs = reading->octs,
                                   .base = reading->base != NULL ? reading->base->octree : NULL,
                                   .name = name_oct,
                                   .name_context = reading};
    pvr_snapshot_box(reading->snapshot, plan.size, plan.ncoarse);
    structure->trees = pvr_tree_grid_whole(plan.ndim, plan.ncoarse, plan.root_level);
    return pvr_octree_build(&plan, job, &structure->octree, error);
}

struct pvr_structure *pvr_structure_new(void) {
    struct pvr_structure *structure = calloc(1, sizeof *structure);
    if (structure != NULL) {
        structure->references = structure->watchers = 1;
    }
    return structure;
}

void pvr_structure_count_bytes(struct pvr_structure *structure) {
    const struct pvr_pieces *pieces = &structure->pieces;
    structure->bytes = sizeof *structure + structure->octree->bytes +
                       pieces->npieces * sizeof *pieces->piece +
                       pieces->ntasks * (sizeof *pieces->task + sizeof *pieces->cost) +
                       pieces->npicks * sizeof *pieces->pick +
                       structure->root_octs * sizeof *structure->root_coordinate;
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        structure->bytes += structure->slot[l] != NULL ? structure->slot[l]->bytes : 0;
    }
}

enum pvr_status pvr_structure_load(struct pvr_snapshot *snapshot, const struct pvr_domains *domains,
                                   struct pvr_levels levels, const struct pvr_structure *base,
                                   struct pvr_job *job, struct pvr_structure **result,
                                   struct pvr_error *error) {
    *result = NULL;
    struct reading reading = {.snapshot = snapshot,
                              .domains = domains,
                              .levels = levels,
                              .base = base,
                              .known = base != NULL ? base->octree->max_level : 0};
    reading.structure = pvr_structure_new();
    if (reading.structure == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a mesh");
    }
    enum pvr_status status = read_octs(&reading, job, error);
    if (status == PVR_OK) {
        status = build_octree(&reading, job, error);
    }
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) { /* what the build did not come to */
        pvr_octs_free(&reading.octs[l]);
    }
    if (status != PVR_OK) {
        pvr_structure_release(reading.structure);
        return status;
    }
    pvr_structure_count_bytes(reading.structure);
    *result = reading.structure;
    return PVR_OK;
}

enum pvr_status pvr_structure_cut(const struct pvr_structure *structure, int max_level,
                                  const uint64_t *domain_levels, int ndomains,
                                  struct pvr_structure **result, struct pvr_error *error) {
    *result = NULL;
    size_t list_bytes = domain_levels != NULL ? (size_t)ndomains * sizeof *domain_levels : 0;
    if (max_level > structure->octree->max_level) {
        max_level = structure->octree->max_level;
    }
    struct pvr_structure *made = pvr_structure_new();
    size_t root_bytes = (size_t)structure->root_octs * sizeof *made->root_coordinate;
    if (made != NULL) {
        made->trees = structure->trees;
        made->root_octs = structure->root_octs;
        memcpy(made->made, structure->made, sizeof made->made);
        made->root_coordinate = malloc(root_bytes + 1);
        made->domain_levels = domain_levels != NULL ? malloc(list_bytes) : NULL;
    }
    if (made == NULL || made->root_coordinate == NULL ||
        (domain_levels != NULL && made->domain_levels == NULL)) {
        pvr_structure_release(made);
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a mesh");
    }
    memcpy(made->root_coordinate, structure->root_coordinate, root_bytes);
    if (domain_levels != NULL) {
        memcpy(made->domain_levels, domain_levels, list_bytes);
    }
    for (int l = 0; l <= max_level; l++) {
        struct pvr_array *slot = structure->slot[l];
        made->slot[l] = slot != NULL ? pvr_array_retain(slot) : NULL;
    }
    enum pvr_status status = pvr_pieces_copy(&structure->pieces, max_level, &made->pieces, error);
    if (status == PVR_OK) {
        status = pvr_octree_cut(structure->octree, max_level, &made->octree, error);
    }
    if (status != PVR_OK) {
        pvr_structure_release(made);
        return status;
    }
    pvr_structure_count_bytes(made);
    *result = made;
    return PVR_OK;
}

struct pvr_structure *pvr_structure_retain(struct pvr_structure *structure) {
    __atomic_fetch_add(&structure->references, 1, __ATOMIC_RELAXED);
    return structure;
}

void pvr_structure_release(struct pvr_structure *structure) {
    if (structure == NULL || __atomic_sub_fetch(&structure->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    pvr_octree_release(structure->octree);
    pvr_pieces_free(&structure->pieces);
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        pvr_array_release(structure->slot[l]);
    }
    free(structure->root_coordinate);
    free(structure->domain_levels);
    pvr_structure_unwatch(structure);
}

void pvr_structure_watch(struct pvr_structure *structure) {
    __atomic_fetch_add(&structure->watchers, 1, __ATOMIC_RELAXED);
}

void pvr_structure_unwatch(struct pvr_structure *structure) {
    if (__atomic_sub_fetch(&structure->watchers, 1, __ATOMIC_ACQ_REL) == 0) {
        free(structure);
    }
}

struct pvr_structure *pvr_structure_catch(struct pvr_structure *structure) {
    return pvr_catch_reference(&structure->references) ? structure : NULL;
}
