/* pvr_excerpt.c - the octs of a part of an output. */
#include "pvr_excerpt.h"

#include "pvr_ancestors.h"
#include "pvr_octree_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

enum { MOST_TREES = 1024 /* so many cost VTK next to nothing */ };

/* ---- plan -------------------------------------------------------------------------------------
 */

/* Octs of all domains on each level, from the first file's counts, or added up where these make no
 * sense. */
static enum pvr_status find_totals(struct pvr_snapshot *snapshot, struct pvr_job *job,
                                   uint64_t total[64], struct pvr_error *error) {
    const struct pvr_layout *layout = &snapshot->layout;
    uint64_t cells = 1;
    for (int axis = 0; axis < layout->amr.ndim; axis++) {
        cells *= layout->box.count[axis];
    }
    memcpy(total, layout->bounds.total, sizeof layout->bounds.total);
    if (total[0] == cells) {
        return PVR_OK;
    }
    const struct pvr_domains *domains;
    enum pvr_status status = pvr_snapshot_domains(snapshot, job, &domains, error);
    if (status == PVR_OK) {
        memcpy(total, domains->level_octs, sizeof domains->level_octs);
    }
    return status;
}

/* As deep as the octs fill the box and the trees are not too many: the excerpt is cropped to them.
 */
static int choose_root_level(const struct pvr_selection *selection, const uint64_t total[64],
                             int max_level) {
    uint64_t cells = 1;
    for (int axis = 0; axis < selection->ndim; axis++) {
        cells *= selection->ncoarse[axis];
    }
    int level = 0;
    while (level < max_level && total[level] == cells) {
        struct pvr_tree_grid trees = pvr_selection_trees(selection, level + 1);
        if (level > 0 && pvr_tree_grid_count(&trees) > MOST_TREES) {
            break;
        }
        cells <<= selection->ndim;
        level++;
    }
    return level;
}

enum pvr_status pvr_excerpt_plan(struct pvr_snapshot *snapshot,
                                 const struct pvr_selection *selection, int max_level,
                                 struct pvr_job *job, struct pvr_excerpt *excerpt,
                                 struct pvr_error *error) {
    uint64_t total[64];
    int nlevels = snapshot->layout.amr.nlevelmax, ndomains = selection->ndomains;
    memset(excerpt, 0, sizeof *excerpt);
    excerpt->selection = selection;
    excerpt->domain_levels = calloc((size_t)ndomains, sizeof *excerpt->domain_levels);
    if (excerpt->domain_levels == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %d domains", ndomains);
    }
    int last = max_level > 0 && max_level < nlevels ? max_level : nlevels;
    enum pvr_status status = find_totals(snapshot, job, total, error);
    if (status != PVR_OK) {
        return status;
    }
    excerpt->levels.root = selection->split != NULL ? selection->split->root_level
                                                    : choose_root_level(selection, total, last);
    if (excerpt->levels.root == 0) {
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: the octs of level 1 are not one for each of the box's coarse cells",
                        snapshot->layout.folder);
    }
    excerpt->trees = pvr_selection_trees(selection, excerpt->levels.root);
    uint64_t wanted = 0;
    for (int l = excerpt->levels.root; l <= last; l++) {
        wanted |= (uint64_t)1 << l;
    }
    for (int domain = 1; domain <= ndomains; domain++) {
        excerpt->domain_levels[domain - 1] = selection->levels[domain - 1] & wanted;
    }
    status =
        pvr_snapshot_some_domains(snapshot, excerpt->domain_levels, job, &excerpt->domains, error);
    if (status == PVR_OK) {
        int deepest = pvr_domains_deepest(excerpt->domains, excerpt->domain_levels,
                                          excerpt->levels.root, last, &excerpt->octs);
        excerpt->levels.max = deepest > 0 ? deepest : excerpt->levels.root;
    }
    excerpt->levels.all = max_level == 0 || max_level > excerpt->levels.max;
    return status == PVR_OK ? pvr_snapshot_check_depth(snapshot, excerpt->levels.max, error)
                            : status;
}

void pvr_excerpt_free(struct pvr_excerpt *excerpt) {
    free(excerpt->domain_levels);
    memset(excerpt, 0, sizeof *excerpt);
}

/* Has a rank whole domains? Then octs above its own may be missing, and those below. */
static bool is_by_domains(const struct pvr_selection *selection) {
    return selection->split != NULL && !selection->by_trees;
}

static bool reads_sons(const struct pvr_excerpt *excerpt, int level) {
    return level < excerpt->levels.max || excerpt->levels.all;
}

uint64_t pvr_excerpt_file_bytes(const struct pvr_snapshot *snapshot,
                                const struct pvr_excerpt *excerpt) {
    const struct pvr_amr_header *amr = &snapshot->layout.amr;
    return excerpt->octs * ((uint64_t)amr->ndim * amr->real_bytes + (4u << amr->ndim));
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* What is kept of a piece. */
struct kept {
    uint64_t count;
    uint32_t (*coordinate)[3]; /* among the trees; of octs of the root level: of the box */
    uint8_t *refined, *outside;
    uint16_t *pick; /* which of the piece's octs */
    void *memory;   /* of all of it */
};

struct reading {
    const struct pvr_snapshot *snapshot;
    const struct pvr_excerpt *excerpt;
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

static enum pvr_status keep(const struct pvr_excerpt *excerpt, const struct pvr_piece *piece,
                            uint32_t (*coordinate)[3], uint8_t *refined, uint16_t *pick,
                            struct kept *kept, struct pvr_error *error) {
    uint64_t n = 0;
    for (uint64_t i = 0; i < piece->count; i++) {
        uint32_t place[3];
        if (wants_oct(excerpt, piece->level, coordinate[i], place)) {
            pick[n++] = (uint16_t)i;
        }
    }
    kept->count = n;
    if (n == 0) {
        return PVR_OK;
    }
    kept->memory = malloc((size_t)n * (sizeof *kept->coordinate + sizeof *kept->pick + 2));
    if (kept->memory == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu octs of level %d", (ull)n,
                        piece->level);
    }
    kept->coordinate = kept->memory;
    kept->pick = (uint16_t *)(void *)(kept->coordinate + n);
    kept->refined = (uint8_t *)(kept->pick + n);
    kept->outside = kept->refined + n;
    memcpy(kept->pick, pick, (size_t)n * sizeof *pick);
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t *at = coordinate[pick[i]];
        wants_oct(excerpt, piece->level, at, kept->coordinate[i]);
        kept->refined[i] = pvr_selection_cut_oct(excerpt->selection, piece->level, at,
                                                 refined[pick[i]], &kept->outside[i]);
    }
    return PVR_OK;
}

static enum pvr_status read_task(void *context, size_t number, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct reading *reading = context;
    const struct pvr_excerpt *excerpt = reading->excerpt;
    const struct pvr_layout *layout = &reading->snapshot->layout;
    const struct pvr_piece_task *task = &reading->structure->pieces.task[number];
    const struct pvr_piece *piece = &reading->structure->pieces.piece[task->first];
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
        bool sons = reads_sons(excerpt, piece[i].level);
        if (pvr_job_stopped(worker->job)) {
            status = PVR_CANCELLED;
            break;
        }
        memset(refined, 0, PVR_PIECE_OCTS);
        status = pvr_piece_read_octs(layout, excerpt->domains, &file, &piece[i], worker, coordinate,
                                     sons ? refined : NULL, error);
        if (status == PVR_OK) {
            status = keep(excerpt, &piece[i], coordinate, refined, pick,
                          &reading->kept[task->first + i], error);
        }
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
    struct pvr_file file;
    char *path;
    if (pvr_pieces_open(layout, "amr", piece->domain, &file, &path, NULL) == PVR_OK) {
        for (size_t i = 0; i < task->count; i++) {
            pvr_piece_prefetch_octs(layout, reading->excerpt->domains, &file, &piece[i], true,
                                    reads_sons(reading->excerpt, piece[i].level));
        }
    }
    pvr_file_close(&file);
    free(path);
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
        struct pvr_octs *octs = &reading->octs[l];
        octs->coordinate = pvr_large_alloc(octs->noct * sizeof *octs->coordinate);
        octs->refined = pvr_large_alloc(octs->noct);
        octs->outside = pvr_large_alloc(octs->noct);
        memory =
            memory && octs->coordinate != NULL && octs->refined != NULL && octs->outside != NULL;
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
            memcpy(octs->coordinate + at, kept->coordinate, (size_t)n * sizeof *octs->coordinate);
            memcpy(octs->refined + at, kept->refined, (size_t)n);
            memcpy(octs->outside + at, kept->outside, (size_t)n);
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
        enum pvr_status status =
            pvr_array_new(PVR_INT32, 1, octs->noct, &reading->structure->slot[l], error);
        if (status != PVR_OK) {
            return status;
        }
        octs->slot = reading->structure->slot[l]->data;
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
    memcpy(structure->root_coordinate, roots->coordinate, root_bytes);
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
                     ? pvr_job_run(job, structure->pieces.ntasks, structure->pieces.cost, read_task,
                                   prefetch_task, reading, error)
                     : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of pieces");
    }
    if (status == PVR_OK) {
        status = gather(reading, error);
    }
    if (status == PVR_OK && is_by_domains(excerpt->selection)) {
        status = pvr_ancestors_make(reading->octs, &excerpt->trees, excerpt->levels.max,
                                    structure->made, job, error);
    } else if (status == PVR_OK) {
        status = check_roots(reading, error);
    }
    if (status == PVR_OK) {
        status = allocate_slots(reading, error);
    }
    return status == PVR_OK ? build_octree(reading, job, error) : status;
}

enum pvr_status pvr_structure_load_excerpt(struct pvr_snapshot *snapshot,
                                           const struct pvr_excerpt *excerpt, struct pvr_job *job,
                                           struct pvr_structure **result, struct pvr_error *error) {
    *result = NULL;
    struct reading reading = {.snapshot = snapshot, .excerpt = excerpt};
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
