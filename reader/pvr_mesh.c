/* pvr_mesh.c - load a snapshot's mesh: structure, then fields. */
#include "pvr_mesh.h"

#include "pvr_mesh_fields.h"
#include "pvr_structure.h"

#include <stdlib.h>

/* Everything that lives while a mesh is loaded. */
struct loading {
    struct pvr_snapshot *snapshot;
    const struct pvr_mesh_request *request;
    const struct pvr_domains *domains;
    struct pvr_levels levels;
    struct pvr_target *target;
    struct pvr_mesh *mesh;
};

static enum pvr_status load_fields(struct loading *loading, const struct pvr_structure *structure,
                                   struct pvr_job *job, struct pvr_error *error) {
    struct pvr_mesh *mesh = loading->mesh;
    for (int i = 0; i < mesh->narrays; i++) {
        struct pvr_target *target = &loading->target[i];
        enum pvr_status status =
            pvr_array_new(pvr_target_type(target, loading->request->precision), target->ncomponents,
                          mesh->octree->ncells, &target->array, error);
        mesh->arrays[i].array = target->array;
        if (status != PVR_OK) {
            return status;
        }
    }
    return pvr_targets_fill(loading->snapshot, structure, loading->target, mesh->narrays, job,
                            error);
}

/* Settles levels and targets: what can be said before anything large is read. */
static enum pvr_status plan_loading(struct loading *loading, struct pvr_job *job,
                                    struct pvr_error *error) {
    const struct pvr_mesh_request *request = loading->request;
    size_t nfields = request->nfields > 0 ? (size_t)request->nfields : 0;
    loading->mesh = calloc(1, sizeof *loading->mesh);
    loading->target = calloc(nfields + 1, sizeof *loading->target);
    if (loading->mesh != NULL) {
        loading->mesh->arrays = calloc(nfields + 1, sizeof *loading->mesh->arrays);
    }
    if (loading->mesh == NULL || loading->target == NULL || loading->mesh->arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %zu fields", nfields);
    }
    loading->mesh->narrays = (int)nfields;
    enum pvr_status status = PVR_OK;
    if (request->max_level < 0 ||
        (request->precision != PVR_FLOAT32 && request->precision != PVR_FLOAT64)) {
        status = pvr_fail(error, PVR_ERROR_ARGUMENT,
                          "a mesh is asked for with level %d and type "
                          "%d: not what this library takes",
                          request->max_level, (int)request->precision);
    }
    if (status == PVR_OK) {
        status =
            pvr_targets_make(loading->snapshot, request, loading->mesh, loading->target, error);
    }
    if (status == PVR_OK) {
        status = pvr_snapshot_domains(loading->snapshot, job, &loading->domains, error);
    }
    if (status == PVR_OK) {
        status = pvr_structure_levels(loading->snapshot, loading->domains, request->max_level,
                                      &loading->levels, error);
    }
    return status;
}

enum pvr_status pvr_mesh_load(struct pvr_snapshot *snapshot, const struct pvr_mesh_request *request,
                              const struct pvr_threads *threads, pvr_progress_fn progress,
                              void *progress_context, struct pvr_mesh **mesh,
                              struct pvr_error *error) {
    *mesh = NULL;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    struct loading loading = {.snapshot = snapshot, .request = request};
    struct pvr_structure *structure = NULL;
    status = plan_loading(&loading, &job, error);
    if (status == PVR_OK) {
        pvr_job_expect(&job, pvr_structure_file_bytes(snapshot, loading.domains, loading.levels));
        pvr_job_expect(&job, pvr_targets_file_bytes(snapshot, loading.domains, loading.levels.root,
                                                    loading.levels.max, loading.target,
                                                    loading.mesh->narrays));
        status =
            pvr_structure_load(snapshot, loading.domains, loading.levels, &job, &structure, error);
    }
    if (status == PVR_OK) {
        loading.mesh->octree = pvr_octree_retain(structure->octree);
        status = load_fields(&loading, structure, &job, error);
    }
    pvr_structure_release(structure);
    free(loading.target);
    pvr_job_end(&job, status == PVR_OK ? &loading.mesh->report : NULL);
    if (status != PVR_OK) {
        pvr_mesh_free(loading.mesh);
        return status;
    }
    *mesh = loading.mesh;
    return PVR_OK;
}

void pvr_mesh_free(struct pvr_mesh *mesh) {
    if (mesh == NULL) {
        return;
    }
    for (int i = 0; mesh->arrays != NULL && i < mesh->narrays; i++) {
        pvr_array_release(mesh->arrays[i].array);
    }
    pvr_octree_release(mesh->octree);
    pvr_report_free(&mesh->report);
    free(mesh->arrays);
    free(mesh);
}

enum pvr_status pvr_mesh_bytes(struct pvr_snapshot *snapshot,
                               const struct pvr_mesh_request *request,
                               const struct pvr_threads *threads, uint64_t *bytes,
                               struct pvr_error *error) {
    *bytes = 0;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    struct loading loading = {.snapshot = snapshot, .request = request};
    status = plan_loading(&loading, &job, error);
    if (status == PVR_OK) {
        uint64_t cells = loading.domains->level_octs[loading.levels.root - 1]
                         << snapshot->info.ndim;
        for (int l = loading.levels.root + 1; l <= loading.levels.max; l++) {
            cells += loading.domains->level_octs[l - 1] << snapshot->info.ndim;
        }
        for (int i = 0; i < loading.mesh->narrays; i++) {
            *bytes += cells * (uint64_t)loading.target[i].ncomponents *
                      pvr_type_bytes(pvr_target_type(&loading.target[i], request->precision));
        }
    }
    free(loading.target);
    pvr_mesh_free(loading.mesh);
    pvr_job_end(&job, NULL);
    return status;
}
