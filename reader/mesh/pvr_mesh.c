/* pvr_mesh.c - load a snapshot's mesh: structure, then fields. */
#include "pvr_mesh.h"

#include "pvr_mera_output.h"
#include "pvr_mesh_plan.h"

#include <stdlib.h>

static enum pvr_status load_fields(struct pvr_mesh_plan *plan,
                                   const struct pvr_structure *structure, struct pvr_job *job,
                                   struct pvr_error *error) {
    struct pvr_mesh *mesh = plan->mesh;
    for (int i = 0; i < mesh->narrays; i++) {
        struct pvr_target *target = &plan->target[i];
        enum pvr_status status =
            pvr_array_new(pvr_target_type(target, plan->request->precision), target->ncomponents,
                          mesh->octree->ncells, &target->array, error);
        mesh->arrays[i].array = target->array;
        if (status != PVR_OK) {
            return status;
        }
    }
    return pvr_targets_fill(plan->snapshot, structure, plan->levels.root, plan->target,
                            mesh->narrays, job, error);
}

static enum pvr_status plan_part(struct pvr_mesh_plan *plan, struct pvr_job *job,
                                 struct pvr_error *error) {
    const struct pvr_mesh_request *request = plan->request;
    const struct pvr_region *region = pvr_mesh_wants_region(request) ? request->region : NULL;
    enum pvr_status status = region != NULL ? pvr_region_check(region, error) : PVR_OK;
    if (status == PVR_OK) {
        status = pvr_selection_make_part(&plan->snapshot->layout, region, request->split,
                                         request->rank, &plan->selection, error);
    }
    if (status == PVR_OK) {
        status = pvr_excerpt_plan(plan->snapshot, &plan->selection, plan->request->max_level, job,
                                  &plan->excerpt, error);
    }
    plan->domains = plan->excerpt.domains;
    plan->levels = plan->excerpt.levels;
    return status;
}

enum pvr_status pvr_mesh_plan_make(struct pvr_mesh_plan *plan, struct pvr_job *job,
                                   struct pvr_error *error) {
    const struct pvr_mesh_request *request = plan->request;
    size_t nfields = request->nfields > 0 ? (size_t)request->nfields : 0;
    plan->mesh = calloc(1, sizeof *plan->mesh);
    plan->target = calloc(nfields + 1, sizeof *plan->target);
    if (plan->mesh != NULL) {
        plan->mesh->arrays = calloc(nfields + 1, sizeof *plan->mesh->arrays);
    }
    if (plan->mesh == NULL || plan->target == NULL || plan->mesh->arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %zu fields", nfields);
    }
    plan->mesh->narrays = (int)nfields;
    enum pvr_status status = PVR_OK;
    if (request->max_level < 0 ||
        (request->precision != PVR_FLOAT32 && request->precision != PVR_FLOAT64)) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT,
                          "a mesh is asked for with level %d and type "
                          "%d: not what this library takes",
                          request->max_level, (int)request->precision);
    }
    if (status == PVR_OK) {
        status = pvr_targets_make(plan->snapshot, request, plan->mesh, plan->target, error);
    }
    if (status == PVR_OK && pvr_mesh_wants_part(request)) {
        return plan_part(plan, job, error);
    }
    if (status == PVR_OK) {
        status = pvr_snapshot_domains(plan->snapshot, job, &plan->domains, error);
    }
    if (status == PVR_OK) {
        status = pvr_structure_levels(plan->snapshot, plan->domains, request->max_level,
                                      &plan->levels, error);
    }
    return status;
}

void pvr_mesh_plan_free(struct pvr_mesh_plan *plan) {
    free(plan->target);
    pvr_excerpt_free(&plan->excerpt);
    pvr_selection_free(&plan->selection);
}

uint64_t pvr_mesh_plan_cells(const struct pvr_mesh_plan *plan) {
    uint64_t octs = plan->excerpt.octs;
    bool whole_box = !pvr_mesh_wants_part(plan->request);
    for (int l = plan->levels.root; whole_box && l <= plan->levels.max; l++) {
        octs += plan->domains->level_octs[l - 1];
    }
    return (octs << plan->snapshot->info.ndim) + pvr_tree_grid_count(&plan->excerpt.trees);
}

uint64_t pvr_mesh_plan_cell_bytes(const struct pvr_mesh_plan *plan) {
    uint64_t bytes = 0;
    for (int i = 0; i < plan->mesh->narrays; i++) {
        const struct pvr_target *target = &plan->target[i];
        bytes += (uint64_t)target->ncomponents *
                 pvr_type_bytes(pvr_target_type(target, plan->request->precision));
    }
    return bytes;
}

static enum pvr_status load_structure(struct pvr_mesh_plan *plan, struct pvr_job *job,
                                      struct pvr_structure **structure, struct pvr_error *error) {
    struct pvr_snapshot *snapshot = plan->snapshot;
    int ntargets = plan->mesh->narrays;
    if (!pvr_mesh_wants_part(plan->request)) {
        pvr_job_expect(job, pvr_structure_file_bytes(snapshot, plan->domains, plan->levels, NULL));
        pvr_job_expect(job, pvr_targets_file_bytes(snapshot, plan->domains, plan->levels.root,
                                                   plan->levels.max, plan->target, ntargets));
        return pvr_structure_load(snapshot, plan->domains, plan->levels, NULL, job, structure,
                                  error);
    }
    uint64_t looked_at = plan->excerpt.octs, read = 0;
    uint64_t most = pvr_targets_octs_bytes(snapshot, looked_at, plan->target, ntargets);
    pvr_job_expect(job, pvr_excerpt_file_bytes(snapshot, &plan->excerpt, NULL) + most);
    enum pvr_status status =
        pvr_structure_load_excerpt(snapshot, &plan->excerpt, NULL, job, structure, error);
    for (size_t i = 0; status == PVR_OK && i < (*structure)->pieces.npieces; i++) {
        read += (*structure)->pieces.piece[i].count;
    }
    if (status == PVR_OK) { /* of octs that are not kept no values are read */
        pvr_job_expect(job, pvr_targets_octs_bytes(snapshot, read, plan->target, ntargets) - most);
    }
    return status;
}

enum pvr_status pvr_mesh_load(struct pvr_snapshot *snapshot, const struct pvr_mesh_request *request,
                              const struct pvr_threads *threads, pvr_progress_fn progress,
                              void *progress_context, struct pvr_mesh **mesh,
                              struct pvr_error *error) {
    if (snapshot->mera != NULL) {
        return pvr_mera_mesh_load(snapshot, request, threads, progress, progress_context, mesh,
                                  error);
    }
    *mesh = NULL;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_mesh_plan plan = {.snapshot = snapshot, .request = request};
    struct pvr_structure *structure = NULL;
    status = pvr_mesh_plan_make(&plan, &job, error);
    if (status == PVR_OK) {
        status = load_structure(&plan, &job, &structure, error);
    }
    if (status == PVR_OK) {
        plan.mesh->octree = pvr_octree_retain(structure->octree);
        status = load_fields(&plan, structure, &job, error);
    }
    pvr_structure_release(structure);
    pvr_mesh_plan_free(&plan);
    pvr_job_end(&job, status == PVR_OK ? &plan.mesh->report : NULL);
    if (status != PVR_OK) {
        pvr_mesh_free(plan.mesh);
        return status;
    }
    *mesh = plan.mesh;
    return PVR_OK;
}

void pvr_mesh_drop_arrays(struct pvr_mesh *mesh) {
    for (int i = 0; mesh->arrays != NULL && i < mesh->narrays; i++) {
        pvr_array_release(mesh->arrays[i].array);
    }
    mesh->narrays = 0;
}

void pvr_mesh_free(struct pvr_mesh *mesh) {
    if (mesh == NULL) {
        return;
    }
    pvr_mesh_drop_arrays(mesh);
    pvr_octree_release(mesh->octree);
    pvr_structure_release(mesh->structure);
    pvr_report_free(&mesh->report);
    free(mesh->arrays);
    free(mesh);
}

enum pvr_status pvr_mesh_bytes(struct pvr_snapshot *snapshot,
                               const struct pvr_mesh_request *request,
                               const struct pvr_threads *threads, uint64_t *bytes,
                               struct pvr_error *error) {
    *bytes = 0;
    if (snapshot->mera != NULL) {
        return pvr_mera_mesh_bytes(snapshot, request, threads, bytes, error);
    }
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_mesh_plan plan = {.snapshot = snapshot, .request = request};
    status = pvr_mesh_plan_make(&plan, &job, error);
    if (status == PVR_OK) {
        *bytes = pvr_mesh_plan_cells(&plan) * pvr_mesh_plan_cell_bytes(&plan);
    }
    pvr_mesh_plan_free(&plan);
    pvr_mesh_free(plan.mesh);
    pvr_job_end(&job, NULL);
    return status;
}
