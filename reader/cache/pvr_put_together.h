/* pvr_put_together.h - arrays for one mesh from arrays for a deeper or less deep one (internal). */
#ifndef PVR_PUT_TOGETHER_H
#define PVR_PUT_TOGETHER_H

#include "pvr_memory.h"
#include "pvr_octree.h"
#include "pvr_threads.h"

/* One array to fill. Both octrees are of the same output, selection and root level, so that each
 * tree of the less deep one is the beginning of that of the other. */
struct pvr_part {
    const struct pvr_octree *from_octree;
    const struct pvr_array *from;
    struct pvr_array *to; /* of the same number of components */
    double factor;        /* `to` gets (type of to)((double)value * factor) */
};

/* True if the trees of both octrees begin alike: what pvr_put_together asks for. */
bool pvr_octrees_begin_alike(const struct pvr_octree *a, const struct pvr_octree *b);

/* Copies the cells that `to_octree` and the octrees of the parts have in common, with all threads,
 * at the speed of memory. Arrays of integers are copied as they are. */
enum pvr_status pvr_put_together(const struct pvr_part *part, int nparts,
                                 const struct pvr_octree *to_octree, struct pvr_job *job,
                                 struct pvr_error *error);

#endif
