/* pvr_excerpt.c - the octs of a part of an output. */
#include "pvr_excerpt.h"

#include "pvr_ancestors.h"
#include "pvr_octree_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* Has a rank whole domains? Then octs above its own may be missing, and those below. */
static bool is_by_domains(const struct pvr_selection *selection) {
    return selection->split != NULL && !selection->by_trees;
}

static bool reads_sons(const struct pvr_excerpt *excerpt, int level) {
    return level < excerpt->levels.max || excerpt->levels.all;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* What is kept of a piece; of one that the base has the count and the picks alone, and on its last
 * level `refined`, but on the root level all. */
struct kept {
    uint64_t count;
    uint32_t (*coordinate)[3]; /* among the trees; of octs of the root level: of the box */
    uint8_t *refined, *outside;
    uint16_t *pick; /* which of the piece's octs */
    void *memory;   /* of all of it */
    uint64_t base;  /* place of the first among the octs of the level that the base has */
};

struct reading {
    const struct pvr_snapshot *snapshot;
    const struct pvr_excerpt *excerpt;
    const struct pvr_structure *base; /* null: all is read */
    int known;                        /* its last level, or 0 */
    struct pvr_structure *structure;
    struct kept *kept; /* of each piece */
    struct pvr_octs octs[PVR_MAX_LEVELS + 1];
};

/* Is an oct wanted? Then *place is where it is kept. */
static bool wants_oct(const struct pvr_excerpt *excerpt, int level, const uint32_t at[3],
                      uint32_t place[3]) {
    const struct pvr_selection *selection = excerpt->selection;
    if (level > excerpt->trees.root_level) {
        return pvr_tree_grid_place(&excerpt->trees, level - 1, at, place) &&
               pvr_selection_has_cell(selection, level - 1, at);
    }
    bool wants = false;
    for (unsigned c = 0; c < 1u << selection->ndim && !wants; c++) {
        uint32_t cell[3], tree[3];
        for (int axis = 0; axis < 3; axis++) {
            cell[axis] = 2 * at[axis] + (c >> axis & 1);
        }
        wants = pvr_tree_grid_place(&excerpt->trees, level, cell, tree) &&
                pvr_selection_has_cell(selection, level, cell);
    }
    memcpy(place, at, 3 * sizeof *place);
    return wants;
}

/* Without a region the cells of an oct below the trees' roots are all wanted, or none is, and the
 * trees are those of the box. */
static bool is_plain(const struct pvr_excerpt *excerpt, int level) {
    return excerpt->selection->whole && level > excerpt->trees.root_level;
}

static bool wants_plain(const struct pvr_excerpt *excerpt, int level, const uint32_t at[3]) {
    const struct pvr_selection *selection = excerpt->selection;
    return !selection->by_trees || pvr_tree_set_has(&selection->trees, level - 1, at);
}

static enum pvr_status allocate_kept(struct kept *kept, uint64_t count, int level,
                                     struct pvr_error *error) {
    kept->count = count;
    kept->memory = malloc((size_t)count * (sizeof *kept->coordinate + sizeof *kept->pick + 2) + 1);
    if (kept->memory == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu octs of level %d", (ull)count,
                        level);
    }
    kept->coordinate = kept->memory;
    kept->pick = (uint16_t *)(void *)(kept->coordinate + count);
    kept->refined = (uint8_t *)(kept->pick + count);
    kept->outside = kept->refined + count;
    return PVR_OK;
}

static enum pvr_status keep(const struct pvr_excerpt *excerpt, const struct pvr_piece *piece,
                            uint32_t (*coordinate)[3], uint8_t *refined, uint16_t *pick,
                            struct kept *kept, struct pvr_error *error) {
    uint64_t n = 0;
    const bool plain = is_plain(excerpt, piece->level);
    for (uint64_t i = 0; i < piece->count; i++) {
        uint32_t place[3];
        if (plain ? wants_plain(excerpt, piece->level, coordinate[i])
                  : wants_oct(excerpt, piece->level, coordinate[i], place)) {
            pick[n++] = (uint16_t)i;
        }
    }
    if (n == 0) {
        return PVR_OK;
    }
    enum pvr_status status = allocate_kept(kept, n, piece->level, error);
    if (status != PVR_OK) {
        return status;
    }
    memcpy(kept->pick, pick, (size_t)n * sizeof *pick);
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t *at = coordinate[pick[i]];
        if (plain) {
            memcpy(kept->coordinate[i], at, sizeof kept->coordinate[i]);
            kept->refined[i] = refined[pick[i]];
            kept->outside[i] = 0;
            continue;
        }
        wants_oct(excerpt, piece->level, at, kept->coordinate[i]);
        kept->refined[i] = pvr_selection_cut_oct(excerpt->selection, piece->level, at,
                                                 refined[pick[i]], &kept->outside[i]);
    }
    return PVR_OK;
}

/* Of the pieces of the base's levels the base says what is kept: both lists have one order. */
static enum pvr_status take_kept(struct reading *reading, struct pvr_error *error) {
    const struct pvr_pieces *pieces = &reading->structure->pieces;
    const struct pvr_pieces *from = &reading->base->pieces;
    size_t next = 0;
    enum pvr_status status = PVR_OK;
    for (size_t i = 0; status == PVR_OK && next < from->npieces && i < pieces->npieces; i++) {
        const struct pvr_piece *piece = &pieces->piece[i], *known = &from->piece[next];
        struct kept *kept = &reading->kept[i];
        if (piece->domain != known->domain || piece->level != known->level ||
            known->first < piece->first || known->first >= piece->first + piece->count) {
            continue;
        }
        status = allocate_kept(kept, known->kept, piece->level, error);
        const uint16_t *pick = pvr_piece_pick(from, known);
        for (uint64_t k = 0; status == PVR_OK && k < known->kept; k++) {
            kept->pick[k] = (uint16_t)(pick[k] + (known->first - piece->first));
        }
        kept->base = known->base;
        next++;
    }
    if (status == PVR_OK && next < from->npieces) {
        status = pvr_fail(error, PVR_ERROR_FORMAT,
                          "%s: the files do not have the octs that they had before",
                          reading->snapshot->layout.folder);
    }
    return status;
}

/* Finds the sons of the octs of the base's last level. `refined` is of the piece's octs. */
static void keep_sons(const struct reading *reading, const struct pvr_piece *piece,
                      const uint8_t *refined, struct kept *kept) {
    const struct pvr_structure *base = reading->base;
    if (piece->level == reading->excerpt->levels.root) {
        for (uint64_t i = 0; i < kept->count; i++) {
            const uint32_t *at = base->root_coordinate[kept->base + i];
            memcpy(kept->coordinate[i], at, sizeof kept->coordinate[i]);
            kept->refined[i] = pvr_selection_cut_oct(reading->excerpt->selection, piece->level, at,
                                                     refined[kept->pick[i]], &kept->outside[i]);
        }
        return;
    }
    const uint8_t *outside = base->octree->level[piece->level].outside;
    const uint32_t *slot = base->slot[piece->level]->data;
    for (uint64_t i = 0; i < kept->count; i++) {
        uint8_t cut = outside != NULL ? outside[slot[kept->base + i]] : 0;
        kept->refined[i] = (uint8_t)(refined[kept->pick[i]] & ~cut);
    }
}

static enum pvr_status read_piece(const struct reading *reading, size_t number,
                                  const struct pvr_file *file, struct pvr_worker *worker,
                                  uint32_t (*coordinate)[3], uint8_t *refined, uint16_t *pick,
                                  struct pvr_error *error) {
    const struct pvr_excerpt *excerpt = reading->excerpt;
    const struct pvr_piece *piece = &reading->structure->pieces.piece[number];
    struct kept *kept = &reading->kept[number];
    bool is_new = piece->level > reading->known;
    if (!is_new && (piece->level < reading->known || kept->count == 0)) {
        return PVR_OK;
    }
    memset(refined, 0, PVR_PIECE_OCTS);
    enum pvr_status status = pvr_piece_read_octs(
        &reading->snapshot->layout, excerpt->domains, file, piece, worker,
        is_new ? coordinate : NULL, reads_sons(excerpt, piece->level) ? refined : NULL, error);
    if (status == PVR_OK && is_new) {
        status = keep(excerpt, piece, coordinate, refined, pick, kept, error);
    } else if (status == PVR_OK) {
        keep_sons(reading, piece, refined, kept);
    }
    return status;
}

static enum pvr_status read_task(void *context, size_t number, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct reading *reading = context;
    const struct pvr_layout *layout = &reading->snapshot->layout;
    const struct pvr_piece_task *task = &reading->structure->pieces.task[number];
    const struct pvr_piece *piece = &reading->structure->pieces.piece[task->first];
    if (piece[task->count - 1].level < reading->known) {
        return PVR_OK;
    }
    uint32_t(*coordinate)[3] = malloc(PVR_PIECE_OCTS * sizeof *coordinate);
    uint16_t *pick = malloc(PVR_PIECE_OCTS * sizeof *pick);
    uint8_t *refined = malloc(PVR_PIECE_OCTS);
    struct pvr_file file = {.fd = -1};
    char *path = NULL;
    enum pvr_status status =
        coordinate != NULL && pick != NULL && refined != NULL
            ? pvr_pieces_open(layout, "amr", piece->domain, &file, &path, error)
            : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a piece of octs");
    for (size_t i = 0; status == PVR_OK && i < task->count; i++) {
        status = pvr_job_stopped(worker->job) ? PVR_CANCELLED
                                              : read_piece(reading, task->first + i, &file, worker,
                                                           coordinate, refined, pick, error);
    }
    pvr_file_close(&file);
    free(path);
    free(coordinate);
    free(pick);
    free(refined);
    return status;
}

static void prefetch_task(void *context, size_t number) {
    const struct reading *reading = context;
    const struct pvr_layout *layout = &reading->snapshot->layout;
    const struct pvr_piece_task *task = &reading->structure->pieces.task[number];
    const struct pvr_piece *piece = &reading->structure->pieces.piece[task->first];
    if (piece[task->count - 1].level < reading->known) {
        return;
    }
    struct pvr_file file;
    char *path;
    if (pvr_pieces_open(layout, "amr", piece->domain, &file, &path, NULL) == PVR_OK) {
        for (size_t i = 0; i < task->count; i++) {
            if (piece[i].level >= reading->known) {
                pvr_piece_prefetch_octs(layout, reading->excerpt->domains, &file, &piece[i],
                                        piece[i].level > reading->known,
                                        reads_sons(reading->excerpt, piece[i].level));
            }
        }
    }
    pvr_file_close(&file);
    free(path);
}

/* Are the octs of a level known from the base, but for the sons of its last one? Those of the root
 * level are placed anew where that is the last one. */
static bool is_known(const struct reading *reading, int level) {
    return level < reading->known ||
           (level == reading->known && level > reading->excerpt->levels.root);
}

/* Memory for the octs of a level. */
static bool allocate_octs(const struct reading *reading, int level, struct pvr_octs *octs) {
    if (level < reading->known) {
        return true;
    }
    octs->refined = pvr_large_alloc(octs->noct);
    if (is_known(reading, level)) {
        return octs->refined != NULL;
    }
    octs->coordinate = pvr_large_alloc(octs->noct * sizeof *octs->coordinate);
    octs->outside = pvr_large_alloc(octs->noct);
    return octs->refined != NULL && octs->coordinate != NULL && octs->outside != NULL;
}

/* Copies what is kept of a piece to place `at` of its level. */
static void copy_octs(const struct reading *reading, int level, const struct kept *kept,
                      struct pvr_octs *octs, uint64_t at) {
    size_t n = (size_t)kept->count;
    if (level >= reading->known) {
        memcpy(octs->refined + at, kept->refined, n);
    }
    if (level >= reading->known && !is_known(reading, level)) {
        memcpy(octs->coordinate + at, kept->coordinate, n * sizeof *octs->coordinate);
        memcpy(octs->outside + at, kept->outside, n);
    }
}

/* Puts what is kept of all pieces together, level by level; the pieces that nothing is kept of go.
 */
static enum pvr_status gather(struct reading *reading, struct pvr_error *error) {
    struct pvr_structure *structure = reading->structure;
    struct pvr_pieces *pieces = &structure->pieces;
    uint64_t npicks = 0, filled[PVR_MAX_LEVELS + 1] = {0};
    for (size_t i = 0; i < pieces->npieces; i++) {
        reading->octs[pieces->piece[i].level].noct += reading->kept[i].count;
        npicks += reading->kept[i].count;
    }
    pieces->pick = malloc(((size_t)npicks + 1) * sizeof *pieces->pick);
    bool memory = pieces->pick != NULL;
    for (int l = reading->excerpt->levels.root; l <= reading->excerpt->levels.max; l++) {
        memory = memory && allocate_octs(reading, l, &reading->octs[l]);
    }
    if (!memory) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu octs", (ull)npicks);
    }
    for (size_t i = 0; i < pieces->npieces; i++) {
        struct pvr_piece *piece = &pieces->piece[i];
        const struct kept *kept = &reading->kept[i];
        struct pvr_octs *octs = &reading->octs[piece->level];
        uint64_t at = filled[piece->level], n = kept->count;
        piece->base = at;
        piece->kept = n;
        if (n > 0) {
            copy_octs(reading, piece->level, kept, octs, at);
            memcpy(pieces->pick + pieces->npicks, kept->pick, (size_t)n * sizeof *pieces->pick);
            pvr_piece_crop(pieces, piece);
        }
        filled[piece->level] += n;
        free(kept->memory);
        reading->kept[i].memory = NULL;
    }
    pvr_pieces_drop_empty(pieces);
    return PVR_OK;
}

/* Memory for where the octs are placed. */
static enum pvr_status allocate_slots(struct reading *reading, struct pvr_error *error) {
    for (int l = reading->excerpt->levels.root + 1; l <= reading->excerpt->levels.max; l++) {
        struct pvr_octs *octs = &reading->octs[l];
        struct pvr_array **slot = &reading->structure->slot[l];
        if (l <= reading->known) {
            *slot = pvr_array_retain(reading->base->slot[l]);
        } else {
            enum pvr_status status = pvr_array_new(PVR_INT32, 1, octs->noct, slot, error);
            if (status != PVR_OK) {
                return status;
            }
        }
        octs->slot = (*slot)->data;
    }
    return PVR_OK;
}

/* ---- building ---------------------------------------------------------------------------------
 */

static void name_oct(void *context, int level, uint64_t index, char *text, size_t size) {
    const struct reading *reading = context;
    const struct pvr_pieces *pieces = &reading->structure->pieces;
    for (size_t i = 0; index != UINT64_MAX && i < pieces->npieces; i++) {
        const struct pvr_piece *piece = &pieces->piece[i];
        if (piece->level == level && index >= piece->base && index < piece->base + piece->kept) {
            char *path = pvr_layout_path(&reading->snapshot->layout, "amr", piece->domain);
            uint64_t oct = piece->first + pvr_piece_pick(pieces, piece)[index - piece->base];
            snprintf(text, size, "%s: oct %llu of level %d", path != NULL ? path : "amr file",
                     (ull)oct + 1, level);
            free(path);
            return;
        }
    }
    snprintf(text, size, "%s", reading->snapshot->layout.folder);
}

/* Trees of the excerpt that something is wanted of. */
static uint64_t count_wanted_trees(const struct pvr_excerpt *excerpt) {
    const struct pvr_tree_grid *trees = &excerpt->trees;
    uint64_t count = 0;
    for (uint64_t t = 0; t < pvr_tree_grid_count(trees); t++) {
        const uint64_t at[3] = {t % trees->dims[0], t / trees->dims[0] % trees->dims[1],
                                t / trees->dims[0] / trees->dims[1]};
        uint32_t cell[3];
        for (int axis = 0; axis < 3; axis++) {
            int64_t whole = trees->whole[axis];
            cell[axis] = (uint32_t)(((int64_t)at[axis] + trees->low[axis] + 2 * whole) % whole);
        }
        count += pvr_selection_has_cell(excerpt->selection, trees->root_level, cell);
    }
    return count;
}

/* Octs of the root level must fill what is wanted: what is not covered would be taken for outside.
 */
static enum pvr_status check_roots(const struct reading *reading, struct pvr_error *error) {
    const struct pvr_excerpt *excerpt = reading->excerpt;
    const struct pvr_octs *roots = &reading->octs[excerpt->levels.root];
    uint64_t found = 0, wanted = count_wanted_trees(excerpt);
    for (uint64_t i = 0; i < roots->noct; i++) {
        for (unsigned c = 0; c < 1u << excerpt->selection->ndim; c++) {
            uint32_t cell[3], place[3];
            for (int axis = 0; axis < 3; axis++) {
                cell[axis] = 2 * roots->coordinate[i][axis] + (c >> axis & 1);
            }
            found += pvr_tree_grid_place(&excerpt->trees, excerpt->levels.root, cell, place) &&
                     pvr_selection_has_cell(excerpt->selection, excerpt->levels.root, cell);
        }
    }
    if (found == wanted) {
        return PVR_OK;
    }
    return pvr_fail(
        error, PVR_ERROR_FORMAT, "%s: level %d has %llu cells where %llu fill the region",
        reading->snapshot->layout.folder, excerpt->levels.root, (ull)found, (ull)wanted);
}

static enum pvr_status build_octree(struct reading *reading, struct pvr_job *job,
                                    struct pvr_error *error) {
    struct pvr_structure *structure = reading->structure;
    const struct pvr_excerpt *excerpt = reading->excerpt;
    const struct pvr_octs *roots = &reading->octs[excerpt->levels.root];
    size_t root_bytes = (size_t)roots->noct * sizeof *structure->root_coordinate;
    structure->root_coordinate = malloc(root_bytes + 1);
    if (structure->root_coordinate == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the root level");
    }
    memcpy(structure->root_coordinate,
           roots->coordinate != NULL ? roots->coordinate : reading->base->root_coordinate,
           root_bytes);
    structure->root_octs = roots->noct;
    int max_level = excerpt->levels.max;
    while (max_level > excerpt->levels.root && reading->octs[max_level].noct == 0) {
        max_level--;
    }
    struct pvr_octree_plan plan = {.ndim = reading->snapshot->info.ndim,
                                   .root_level = excerpt->levels.root,
                                   .max_level = max_level,
                                   .octs = reading->octs,
                                   .trees = &excerpt->trees,
                                   .base = reading->base != NULL ? reading->base->octree : NULL,
                                   .name = name_oct,
                                   .name_context = reading};
    pvr_snapshot_box(reading->snapshot, plan.size, plan.ncoarse);
    return pvr_octree_build(&plan, job, &structure->octree, error);
}

static enum pvr_status load(struct reading *reading, struct pvr_job *job, struct pvr_error *error) {
    struct pvr_structure *structure = reading->structure;
    const struct pvr_excerpt *excerpt = reading->excerpt;
    size_t levels_bytes = (size_t)excerpt->selection->ndomains * sizeof *structure->domain_levels;
    structure->trees = excerpt->trees;
    structure->domain_levels = malloc(levels_bytes);
    if (structure->domain_levels == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of domains");
    }
    memcpy(structure->domain_levels, excerpt->domain_levels, levels_bytes);
    enum pvr_status status =
        pvr_pieces_cut(excerpt->domains, excerpt->levels.root, excerpt->levels.max,
                       excerpt->domain_levels, &structure->pieces, error);
    if (status == PVR_OK) {
        reading->kept = calloc(structure->pieces.npieces + 1, sizeof *reading->kept);
        status = reading->kept != NULL
                     ? PVR_OK
                     : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of pieces");
    }
    if (status == PVR_OK && reading->base != NULL) {
        status = take_kept(reading, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_run(job, structure->pieces.ntasks, structure->pieces.cost, read_task,
                             prefetch_task, reading, error);
    }
    if (status == PVR_OK) {
        status = gather(reading, error);
    }
    if (status == PVR_OK && is_by_domains(excerpt->selection)) {
        status = pvr_ancestors_make(reading->octs, &excerpt->trees, excerpt->levels.max,
                                    structure->made, job, error);
    } else if (status == PVR_OK && reading->base == NULL) {
        status = check_roots(reading, error);
    }
    if (status == PVR_OK) {
        status = allocate_slots(reading, error);
    }
    return status == PVR_OK ? build_octree(reading, job, error) : status;
}

enum pvr_status pvr_structure_load_excerpt(struct pvr_snapshot *snapshot,
                                           const struct pvr_excerpt *excerpt,
                                           const struct pvr_structure *base, struct pvr_job *job,
                                           struct pvr_structure **result, struct pvr_error *error) {
    *result = NULL;
    struct reading reading = {.snapshot = snapshot,
                              .excerpt = excerpt,
                              .base = base,
                              .known = base != NULL ? base->octree->max_level : 0};
    reading.structure = pvr_structure_new();
    if (reading.structure == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a mesh");
    }
    size_t npieces = 0;
    enum pvr_status status = load(&reading, job, error);
    /* what gather did not come to; a failure before it leaves the list of pieces as it was cut */
    npieces = status != PVR_OK && reading.kept != NULL ? reading.structure->pieces.npieces : 0;
    for (size_t i = 0; i < npieces; i++) {
        free(reading.kept[i].memory);
    }
    free(reading.kept);
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
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
