/* pvr_depths.c - the depths in which a mesh is loaded one after the other. */
#include "pvr_depths.h"

#include "pvr_mesh_plan.h"
#include "pvr_snapshot_private.h"

/* The plan of the request at `level`; to be freed, on failure too. */
static enum pvr_status plan_at(struct pvr_mesh_plan *plan, struct pvr_snapshot *snapshot,
                               struct pvr_mesh_request *request, int level, struct pvr_job *job,
                               struct pvr_error *error) {
    request->max_level = level;
    *plan = (struct pvr_mesh_plan){.snapshot = snapshot, .request = request};
    return pvr_mesh_plan_make(plan, job, error);
}

static void free_plan(struct pvr_mesh_plan *plan) {
    pvr_mesh_plan_free(plan);
    pvr_mesh_free(plan->mesh);
}

/* The sons of the last level of each depth, which are read again, are left out. */
static uint64_t work_of(const struct pvr_mesh_plan *plan) {
    const struct pvr_snapshot *snapshot = plan->snapshot;
    if (pvr_mesh_wants_part(plan->request)) {
        return pvr_mesh_plan_cells(plan);
    }
    return pvr_structure_file_bytes(snapshot, plan->domains, plan->levels, NULL) +
           pvr_targets_file_bytes(snapshot, plan->domains, plan->levels.root, plan->levels.max,
                                  plan->target, plan->mesh->narrays);
}

static void add(struct pvr_depths *depths, int level, const struct pvr_mesh_plan *plan) {
    depths->level[depths->count] = level;
    depths->cells[depths->count] = pvr_mesh_plan_cells(plan);
    depths->work[depths->count++] = work_of(plan);
}

/* Lists the depths before the last one, which has `last` levels and `most` cells. */
static enum pvr_status list_coarser(struct pvr_depths *depths, struct pvr_snapshot *snapshot,
                                    struct pvr_mesh_request *request,
                                    const struct pvr_selection *selection, struct pvr_levels last,
                                    uint64_t most, uint64_t first_cells, struct pvr_job *job,
                                    struct pvr_error *error) {
    bool anew = pvr_mesh_wants_part(request) && !pvr_selection_grows(selection);
    const double growth = anew ? 8.0 : 1.5;
    const int complete = (int)snapshot->info.levelmin;
    enum pvr_status status = PVR_OK;
    for (int l = last.root; status == PVR_OK && l < last.max; l++) {
        struct pvr_mesh_plan plan;
        status = plan_at(&plan, snapshot, request, l, job, error);
        if (status == PVR_OK && plan.levels.root == last.root) {
            uint64_t cells = pvr_mesh_plan_cells(&plan);
            uint64_t before = depths->count > 0 ? depths->cells[depths->count - 1] : 0;
            if (depths->count == 1 && l <= complete && cells <= first_cells) {
                depths->count = 0; /* as quick, and finer */
            }
            if (depths->count == 0 || ((double)cells >= growth * (double)before &&
                                       (double)most >= growth * (double)cells)) {
                add(depths, l, &plan);
            }
        }
        free_plan(&plan);
    }
    return status;
}

enum pvr_status pvr_depths_plan(struct pvr_snapshot *snapshot,
                                const struct pvr_mesh_request *request, uint64_t first_cells,
                                const struct pvr_threads *threads, pvr_progress_fn progress,
                                void *progress_context, struct pvr_depths *depths,
                                struct pvr_error *error) {
    *depths = (struct pvr_depths){0};
    if (snapshot->mera != NULL) {
        depths->count = 1;
        depths->level[0] = request->max_level;
        return PVR_OK;
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_mesh_request at = *request;
    struct pvr_mesh_plan plan;
    status = plan_at(&plan, snapshot, &at, request->max_level, &job, error);
    if (status == PVR_OK) {
        uint64_t cells = pvr_mesh_plan_cells(&plan);
        depths->cell_bytes = pvr_mesh_plan_cell_bytes(&plan);
        status = list_coarser(depths, snapshot, &at, &plan.selection, plan.levels, cells,
                              first_cells, &job, error);
        if (depths->count == 1 && cells <= first_cells) {
            depths->count = 0;
        }
        add(depths, request->max_level, &plan);
    }
    free_plan(&plan);
    pvr_job_end(&job, NULL);
    return status;
}
