/* pvr_depths.h - the depths in which a mesh is loaded one after the other (internal). */
#ifndef PVR_DEPTHS_H
#define PVR_DEPTHS_H

#include "pvr_mesh.h"

/* Values of max_level, increasing; the last is the request's own. Each depth has at least 1.5 times
 * the cells of the one before (8 times, of a part of the box of which each depth is read anew), so
 * that putting the arrays together for each costs no more than copying the last ones twice. */
struct pvr_depths {
    int count;
    int level[PVR_MAX_LEVELS + 1];
    uint64_t cells[PVR_MAX_LEVELS + 1]; /* of a part of the box at most */
    uint64_t work[PVR_MAX_LEVELS + 1];  /* bytes that are read up to and with each depth; of a part
                                           of the box in its place the cells */
    uint64_t cell_bytes;                /* of the arrays */
};

/* Plans the depths of `request`: the first is the deepest one of at most `first_cells` cells that
 * the files fill without gaps, or the coarsest one that shares its trees with the whole mesh. Reads
 * the domain tables if that was not done before. A Mera file has one depth, of 0 cells: it is read
 * as a whole. */
enum pvr_status pvr_depths_plan(struct pvr_snapshot *snapshot,
                                const struct pvr_mesh_request *request, uint64_t first_cells,
                                const struct pvr_threads *threads, pvr_progress_fn progress,
                                void *progress_context, struct pvr_depths *depths,
                                struct pvr_error *error);

#endif
