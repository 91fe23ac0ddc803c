/* pvr_split.h - who reads what when several ranks read one output.
 *
 * A split gives each rank trees or domains, so that together they have every leaf exactly once:
 *
 *   - by trees: a rank has whole trees, a run of them along the Hilbert curve. It opens the files
 * of the domains that own octs in them; a file on a border between two ranks is opened by both.
 *     VTK's filter for ghost cells works, so contours have no seams.
 *   - by domains: a rank has the own octs of whole domains, a run of them. No byte is read twice
 *     but the headers. A tree that several domains own octs of is on several ranks, each of which
 *     has its own leaves of it, the others being outside. VTK's filter for ghost cells (5.11) fails
 *     or hangs on that.
 *
 * The split is chosen from the counts in the amr headers before any oct is read: by trees with the
 * fewest trees that share the work out evenly; by domains where some tree outweighs a rank's part
 * (zooms) and domains share it out better, or where it is not known where domains are (no Hilbert
 * ordering: by trees, each rank would look at all octs).
 *
 * How many octs a tree has follows from the headers only roughly: the octs of a domain are spread
 * evenly over its part of the curve, but for those of the levels that fill the box, which are known
 * exactly. That errs by a part of the first and last domain of each rank, so it is good where ranks
 * have many domains. Where they have few (pvr_split_wants_sample), a sample of the octs' positions
 * tells: 24 bytes per oct in 3-D, of at most PVR_SPLIT_SAMPLE octs per rank.
 *
 * All is deterministic: who has the same headers and sample makes the same split.
 */
#ifndef PVR_SPLIT_H
#define PVR_SPLIT_H

#include "pvr_snapshot.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_split_kind { PVR_SPLIT_AUTO = 0, PVR_SPLIT_TREES, PVR_SPLIT_DOMAINS };

enum { PVR_SPLIT_SAMPLE = 32768 };

struct pvr_split_wish {
    int nranks;               /* >= 1 */
    enum pvr_split_kind kind; /* PVR_SPLIT_AUTO: choose */
    int max_level;            /* deepest level that will be read; 0: all */
};

/* A Mera file lists the cells of all, so that their number in each tree is known, but a column has
 * to be read as a whole: it is split by trees, where each rank reads all bytes and keeps its own
 * cells; of the particles each has a part of the rows. */

/* Immutable once made. Lists for each rank, from 0. */
struct pvr_split {
    int nranks;
    enum pvr_split_kind kind; /* PVR_SPLIT_TREES or PVR_SPLIT_DOMAINS */
    int root_level;           /* of the trees, on all ranks */
    uint32_t root_dims[3];    /* trees of the whole box on each axis, 1 beyond ndim */
    int32_t *tree_rank;       /* by trees: the rank of each tree, x fastest; else null */
    int ndomains;
    int32_t *domain_rank; /* rank that has a domain, [domain - 1]: its own octs (by domains), its
                             particles (always) */
    uint64_t *octs;       /* octs of each rank as planned (by trees: as estimated); of a Mera file
                             leaf cells */
    double imbalance;     /* of `octs`: largest over mean */
    double other;         /* imbalance of the best split of the other kind; 0: not looked for */
    uint64_t stamp;       /* another one for another split */
};

/* Would a sample make a split by trees better? False too where no split by trees is looked for. The
 * tables of all domains are read if that was not done before (`threads` may be null). */
enum pvr_status pvr_split_wants_sample(struct pvr_snapshot *snapshot,
                                       const struct pvr_split_wish *wish,
                                       const struct pvr_threads *threads, bool *wants,
                                       struct pvr_error *error);

/* Octs per tree, in 1/PVR_SPLIT_UNIT of an oct, of the own octs of domains first_domain ..
 * last_domain (from 1): what the ranks find of their domains is added up to the whole. Sampled are
 * evenly spaced runs of octs of each level and domain. */
enum { PVR_SPLIT_UNIT = 256 };
struct pvr_split_sample {
    int level; /* of the trees' root cells */
    size_t ntrees;
    uint64_t *octs; /* [tree], x fastest */
    uint64_t bytes_read;
};
enum pvr_status pvr_split_take_sample(struct pvr_snapshot *snapshot,
                                      const struct pvr_split_wish *wish, int first_domain,
                                      int last_domain, const struct pvr_threads *threads,
                                      struct pvr_split_sample *sample, struct pvr_error *error);
void pvr_split_sample_free(struct pvr_split_sample *sample);

/* Makes the split. `sample` (of all domains) may be null. The tables of all domains are read if
 * that was not done before; nothing else is. */
enum pvr_status pvr_split_make(struct pvr_snapshot *snapshot, const struct pvr_split_wish *wish,
                               const struct pvr_split_sample *sample,
                               const struct pvr_threads *threads, struct pvr_split **split,
                               struct pvr_error *error);
void pvr_split_free(struct pvr_split *split);

/* What a rank opens: bit l of levels[domain - 1] is set if it looks at octs of level l in the file
 * of that domain. `levels` has room for split->ndomains. */
enum pvr_status pvr_split_levels(const struct pvr_snapshot *snapshot, const struct pvr_split *split,
                                 int rank, uint64_t *levels, struct pvr_error *error);

/* A line for a person: "3 ranks by trees (16 x 16 x 16), imbalance 1.03". Like snprintf. */
int pvr_split_text(const struct pvr_split *split, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
