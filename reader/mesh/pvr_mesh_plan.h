/* pvr_mesh_plan.h - what a request for a mesh comes to, before anything large is read (internal).
 */
#ifndef PVR_MESH_PLAN_H
#define PVR_MESH_PLAN_H

#include "pvr_excerpt.h"
#include "pvr_mesh_fields.h"

struct pvr_mesh_plan {
    struct pvr_snapshot *snapshot;          /* set by the caller */
    const struct pvr_mesh_request *request; /* likewise */
    const struct pvr_domains *domains;
    struct pvr_levels levels;
    /* Of a request for a part: */
    struct pvr_selection selection;
    struct pvr_excerpt excerpt; /* its domains and levels are those of the plan */
    struct pvr_target *target;  /* one for each array of `mesh`; to be freed */
    struct pvr_mesh *mesh;      /* arrays with names and units, but no values; no octree yet */
};

/* Does the request ask for a region? */
static inline bool pvr_mesh_wants_region(const struct pvr_mesh_request *request) {
    return request->region != NULL && request->region->type != PVR_REGION_NONE;
}
/* Does it ask for a region, or for what one of several ranks has? */
static inline bool pvr_mesh_wants_part(const struct pvr_mesh_request *request) {
    return pvr_mesh_wants_region(request) || (request->split != NULL && request->split->nranks > 1);
}

/* Checks the request and settles the rest of the plan; reads the domain tables if that was not done
 * before. Plan and `mesh` are to be freed on failure too. */
enum pvr_status pvr_mesh_plan_make(struct pvr_mesh_plan *plan, struct pvr_job *job,
                                   struct pvr_error *error);
/* Frees all but `mesh`. */
void pvr_mesh_plan_free(struct pvr_mesh_plan *plan);

/* Cells that the mesh will have, with a region at most, and bytes of the arrays for each. */
uint64_t pvr_mesh_plan_cells(const struct pvr_mesh_plan *plan);
uint64_t pvr_mesh_plan_cell_bytes(const struct pvr_mesh_plan *plan);

/* As pvr_mesh_find_ranges, with the threads of a job that runs. */
enum pvr_status pvr_mesh_find_ranges_in(struct pvr_mesh_array *arrays, int narrays,
                                        struct pvr_job *job, struct pvr_error *error);

#endif
