/* pvr_split_private.h - what the makers of splits share (internal). */
#ifndef PVR_SPLIT_PRIVATE_H
#define PVR_SPLIT_PRIVATE_H

#include "pvr_snapshot_private.h"
#include "pvr_split.h"

/* What is known before weights are looked at. */
struct pvr_split_frame {
    const struct pvr_layout *layout;
    const struct pvr_domains *domains;
    int ndim;
    int max_level;             /* deepest level that is read */
    int full_level;            /* deepest level whose octs fill the box */
    int root_least, root_most; /* levels that the trees' roots may be of */
};

enum pvr_status pvr_split_frame_make(struct pvr_snapshot *snapshot,
                                     const struct pvr_split_wish *wish,
                                     const struct pvr_threads *threads,
                                     struct pvr_split_frame *frame, struct pvr_error *error);

/* Cells of `level` in the box. */
uint64_t pvr_split_cells(const struct pvr_split_frame *frame, int level);
/* Number of a tree, x fastest. */
uint64_t pvr_split_tree(const struct pvr_split_frame *frame, int level, const uint32_t at[3]);

/* A split of one tree and domains of nobody, to be filled and then given its stamp; null for want
 * of memory. */
struct pvr_split *pvr_split_new(int nranks, int ndomains);
void pvr_split_set_stamp(struct pvr_split *split);
/* Largest over mean. */
double pvr_split_imbalance(const uint64_t *octs, int nranks);
/* By trees: imbalance that more trees are not taken to better, and how many there may be. */
#define PVR_SPLIT_EVEN 1.1
enum {
    PVR_SPLIT_MOST_TREES = 1 << 15 /* a tree that a rank has not still costs it some 16 bytes a
                                      level */
};

#endif
