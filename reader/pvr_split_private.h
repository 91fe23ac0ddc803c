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

#endif
