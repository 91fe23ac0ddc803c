/* pvr_ancestors.h - the octs above those of a rank's domains (internal).
 *
 * The own octs of some domains are no whole trees: octs above them and below them may be other
 * domains'. What is above follows from what is there, so no byte is read for it: an oct at x on the
 * grid of its level lies in the cell at x, of the oct at x / 2. Octs that are missing there are
 * made; of their cells those that lead to octs of ours are refined, and the others are leaves that
 * are outside. A refined cell of an oct of ours whose child is another domain's becomes a leaf
 * outside.
 */
#ifndef PVR_ANCESTORS_H
#define PVR_ANCESTORS_H

#include "pvr_octree_build.h"

/* Completes octs[root_level] .. octs[max_level], none of which has a `slot` yet and all of which
 * have coordinates (those of the root level in the box, the others among `trees`), `refined` and
 * `outside`. Octs that are made stand behind the others, by rising place: the same for any number
 * of threads; made[l] is their number on level l. At max_level nothing is refined afterwards.
 * Memory beside the octs: 8 to 17 bytes for each of a level. */
enum pvr_status pvr_ancestors_make(struct pvr_octs *octs, const struct pvr_tree_grid *trees,
                                   int max_level, uint64_t *made, struct pvr_job *job,
                                   struct pvr_error *error);

#endif
