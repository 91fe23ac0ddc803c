/* pvr_excerpt_plan.c - what is read of the octs of a part of an output. */
#include "pvr_excerpt.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TREES = 1024 /* so many cost VTK next to nothing */ };

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

uint64_t pvr_excerpt_file_bytes(const struct pvr_snapshot *snapshot,
                                const struct pvr_excerpt *excerpt,
                                const struct pvr_structure *base) {
    const struct pvr_amr_header *amr = &snapshot->layout.amr;
    uint64_t octs = excerpt->octs, bytes = 0;
    if (base != NULL) {
        int known = base->octree->max_level;
        pvr_domains_deepest(excerpt->domains, excerpt->domain_levels, known + 1,
                            excerpt->levels.max, &octs);
        for (size_t i = 0; i < base->pieces.npieces; i++) {
            const struct pvr_piece *piece = &base->pieces.piece[i];
            bytes += piece->level == known ? piece->count * (4u << amr->ndim) : 0;
        }
    }
    return bytes + octs * ((uint64_t)amr->ndim * amr->real_bytes + (4u << amr->ndim));
}
