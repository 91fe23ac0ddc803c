/* pvr_excerpt.h - the octs of a part of an output (internal).
 *
 * Of the files only those are opened whose domains may own octs of the part. Their octs are read
 * piece by piece; those that are not wanted are dropped with the piece. What is kept stands in the
 * structure's pieces (pvr_pieces.h, `pick`), so that fields are filled from it as from a whole one.
 */
#ifndef PVR_EXCERPT_H
#define PVR_EXCERPT_H

#include "pvr_selection.h"
#include "pvr_structure.h"

/* What is settled before octs are read. */
struct pvr_excerpt {
    const struct pvr_selection *selection;
    struct pvr_levels levels;
    struct pvr_tree_grid trees;
    uint64_t *domain_levels; /* as selection->levels, of the wanted levels alone; to be freed */
    const struct pvr_domains *domains;
    uint64_t octs; /* that are looked at: at least as many as are kept */
};

/* Settles the trees and what is read of a selection down to `max_level` (0: all), and reads the
 * tables of its domains. `excerpt` is to be freed on failure too. */
enum pvr_status pvr_excerpt_plan(struct pvr_snapshot *snapshot,
                                 const struct pvr_selection *selection, int max_level,
                                 struct pvr_job *job, struct pvr_excerpt *excerpt,
                                 struct pvr_error *error);
void pvr_excerpt_free(struct pvr_excerpt *excerpt);

/* Bytes of the amr files that pvr_structure_load_excerpt reads, with the same `base`. */
uint64_t pvr_excerpt_file_bytes(const struct pvr_snapshot *snapshot,
                                const struct pvr_excerpt *excerpt,
                                const struct pvr_structure *base);

/* Reads the structure with the threads of `job`; one without any tree if nothing is wanted. On
 * failure *structure is null. `base` is null, or the structure of the same selection, which grows,
 * with the same root level and less deep: of its levels only the sons of the last one are read. */
enum pvr_status pvr_structure_load_excerpt(struct pvr_snapshot *snapshot,
                                           const struct pvr_excerpt *excerpt,
                                           const struct pvr_structure *base, struct pvr_job *job,
                                           struct pvr_structure **structure,
                                           struct pvr_error *error);

#endif
