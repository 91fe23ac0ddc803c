/* pvr_mesh.c - load a snapshot's mesh: structure, then fields. */
#include "pvr_mesh.h"

#include "pvr_mesh_fields.h"
#include "pvr_octree_build.h"
#include "pvr_pieces.h"
#include "pvr_snapshot_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that lives while a mesh is loaded. */
struct loading {
    struct pvr_snapshot *snapshot;
    const struct pvr_mesh_request *request;
    struct pvr_job *job;
    const struct pvr_domains *domains;
    struct pvr_pieces pieces;
    int root_level, max_level;
    bool read_sons_of_last; /* the last level is the snapshot's own last: nothing may be below */
    struct pvr_octs octs[PVR_MAX_LEVELS + 1];
    uint32_t (*root_coordinate)[3];
    struct pvr_target *target;
    struct pvr_mesh *mesh;
};

/* With many coarse cells fewer levels are above the trees. */
enum { MOST_TREES = 1 << 16 };

/* Trees per side: 2^root_level per coarse cell. Few are cheap in VTK (each costs some 450 bytes and
 * 7 microseconds there); more are wanted where the mesh is large, so that what works tree by tree
 * has something to share. */
static int choose_root_level(const struct pvr_snapshot *snapshot, const struct pvr_domains *domains,
                             int max_level) {
    static const int small[] = {0, 6, 5, 3};
    int ndim = snapshot->info.ndim, level = 0;
    uint64_t cells = 1, octs = 0;
    for (int axis = 0; axis < ndim; axis++) {
        cells *= snapshot->layout.box.count[axis];
    }
    for (int l = 1; l <= max_level; l++) {
        octs += domains->level_octs[l - 1];
    }
    int wanted = small[ndim] + (octs > 4000000 ? 1 : 0);
    wanted = wanted < max_level ? wanted : max_level;
    while (level < wanted) { /* the root cells must fill the box */
        if (domains->level_octs[level] != cells || (level > 0 && cells << ndim > MOST_TREES)) {
            break;
        }
        cells <<= ndim;
        level++;
    }
    return level;
}

static void name_oct(void *context, int level, uint64_t index, char *text, size_t size) {
    const struct loading *loading = context;
    for (int domain = 1; index != UINT64_MAX && domain <= loading->domains->ndomains; domain++) {
        uint64_t noct = pvr_domains_place(loading->domains, domain, level)->noct;
        if (index < noct) {
            char *path = pvr_layout_path(&loading->snapshot->layout, "amr", domain);
            snprintf(text, size, "%s: oct %llu of level %d", path != NULL ? path : "amr file",
                     (unsigned long long)index + 1, level);
            free(path);
            return;
        }
        index -= noct;
    }
    snprintf(text, size, "%s", loading->snapshot->layout.folder);
}

static enum pvr_status read_octs_task(void *context, size_t number, struct pvr_worker *worker,
                                      struct pvr_error *error) {
    struct loading *loading = context;
    const struct pvr_piece_task *task = &loading->pieces.task[number];
    const struct pvr_piece *piece = &loading->pieces.piece[task->first];
    struct pvr_file file;
    char *path;
    enum pvr_status status =
        pvr_pieces_open(&loading->snapshot->layout, "amr", piece->domain, &file, &path, error);
    for (size_t i = 0; status == PVR_OK && i < task->count; i++) {
        const struct pvr_octs *octs = &loading->octs[piece[i].level];
        status = pvr_job_stopped(worker->job)
                     ? PVR_CANCELLED
                     : pvr_piece_read_octs(
                           &loading->snapshot->layout, loading->domains, &file, &piece[i], worker,
                           octs->coordinate + piece[i].base,
                           octs->refined != NULL ? octs->refined + piece[i].base : NULL, error);
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

static void prefetch_octs(void *context, size_t number) {
    const struct loading *loading = context;
    const struct pvr_layout *layout = &loading->snapshot->layout;
    const struct pvr_piece_task *task = &loading->pieces.task[number];
    const struct pvr_piece *piece = &loading->pieces.piece[task->first];
    struct pvr_file file;
    char *path;
    if (pvr_pieces_open(layout, "amr", piece->domain, &file, &path, NULL) == PVR_OK) {
        for (size_t i = 0; i < task->count; i++) {
            pvr_piece_prefetch_octs(layout, loading->domains, &file, &piece[i],
                                    loading->octs[piece[i].level].refined != NULL);
        }
    }
    pvr_file_close(&file);
    free(path);
}

static enum pvr_status allocate_octs(struct loading *loading, struct pvr_error *error) {
    for (int l = loading->root_level; l <= loading->max_level; l++) {
        struct pvr_octs *octs = &loading->octs[l];
        octs->noct = loading->domains->level_octs[l - 1];
        octs->coordinate = pvr_large_alloc(octs->noct * sizeof *octs->coordinate);
        bool sons = l < loading->max_level || loading->read_sons_of_last;
        octs->refined = sons ? pvr_large_alloc(octs->noct) : NULL;
        octs->slot = pvr_large_alloc(octs->noct * sizeof *octs->slot);
        if (octs->coordinate == NULL || (sons && octs->refined == NULL) || octs->slot == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the %llu octs of level %d",
                            (unsigned long long)octs->noct, l);
        }
    }
    return PVR_OK;
}

/* Bytes of the amr files that the structure needs. */
static uint64_t structure_file_bytes(const struct loading *loading) {
    const struct pvr_amr_header *amr = &loading->snapshot->layout.amr;
    uint64_t bytes = 0;
    for (int l = loading->root_level; l <= loading->max_level; l++) {
        uint64_t noct = loading->domains->level_octs[l - 1];
        bool sons = l < loading->max_level || loading->read_sons_of_last;
        bytes += noct * (uint64_t)amr->ndim * amr->real_bytes;
        bytes += sons ? noct * 4 << amr->ndim : 0;
    }
    return bytes;
}

static enum pvr_status load_structure(struct loading *loading, struct pvr_error *error) {
    struct pvr_snapshot *snapshot = loading->snapshot;
    enum pvr_status status = allocate_octs(loading, error);
    if (status == PVR_OK) {
        status = pvr_job_run(loading->job, loading->pieces.ntasks, loading->pieces.cost,
                             read_octs_task, prefetch_octs, loading, error);
    }
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_octs *roots = &loading->octs[loading->root_level];
    size_t root_bytes = (size_t)roots->noct * sizeof *loading->root_coordinate;
    loading->root_coordinate = malloc(root_bytes);
    if (loading->root_coordinate == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the root level");
    }
    memcpy(loading->root_coordinate, roots->coordinate, root_bytes);
    struct pvr_octree_plan plan = {.ndim = snapshot->info.ndim,
                                   .root_level = loading->root_level,
                                   .max_level = loading->max_level,
                                   .octs = loading->octs,
                                   .name = name_oct,
                                   .name_context = loading};
    pvr_snapshot_box(snapshot, plan.size, plan.ncoarse);
    return pvr_octree_build(&plan, loading->job, &loading->mesh->octree, error);
}

static enum pvr_status load_fields(struct loading *loading, struct pvr_error *error) {
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
    return pvr_targets_fill(loading->snapshot, mesh->octree, &loading->pieces, loading->octs,
                            (const uint32_t(*)[3])loading->root_coordinate, loading->target,
                            mesh->narrays, loading->job, error);
}

static void free_loading(struct loading *loading) {
    for (int l = 0; l <= PVR_MAX_LEVELS; l++) {
        struct pvr_octs *octs = &loading->octs[l];
        pvr_large_free(octs->coordinate, octs->noct * sizeof *octs->coordinate);
        pvr_large_free(octs->refined, octs->noct);
        pvr_large_free(octs->slot, octs->noct * sizeof *octs->slot);
    }
    pvr_pieces_free(&loading->pieces);
    free(loading->root_coordinate);
    free(loading->target);
}

/* Settles levels and targets: what can be said before anything large is read. */
static enum pvr_status plan_loading(struct loading *loading, struct pvr_error *error) {
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
        status = pvr_snapshot_domains(loading->snapshot, loading->job, &loading->domains, error);
    }
    if (status == PVR_OK) {
        int deepest = loading->domains->deepest;
        bool all = request->max_level == 0 || request->max_level >= deepest;
        loading->max_level = all ? deepest : request->max_level;
        loading->read_sons_of_last = all;
        loading->root_level =
            choose_root_level(loading->snapshot, loading->domains, loading->max_level);
        if (loading->root_level == 0) {
            status = pvr_fail(error, PVR_ERROR_FORMAT,
                              "%s: the octs of level 1 are not one for each of the box's coarse "
                              "cells",
                              loading->snapshot->layout.folder);
        }
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
    struct loading loading = {.snapshot = snapshot, .request = request, .job = &job};
    status = plan_loading(&loading, error);
    if (status == PVR_OK) {
        pvr_job_expect(&job, structure_file_bytes(&loading));
        pvr_job_expect(&job, pvr_targets_file_bytes(snapshot, loading.domains, loading.root_level,
                                                    loading.max_level, loading.target,
                                                    loading.mesh->narrays));
        status = pvr_pieces_cut(loading.domains, loading.root_level, loading.max_level,
                                &loading.pieces, error);
    }
    if (status == PVR_OK) {
        status = load_structure(&loading, error);
    }
    if (status == PVR_OK) {
        status = load_fields(&loading, error);
    }
    free_loading(&loading);
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
    struct loading loading = {.snapshot = snapshot, .request = request, .job = &job};
    status = plan_loading(&loading, error);
    if (status == PVR_OK) {
        uint64_t cells = loading.domains->level_octs[loading.root_level - 1] << snapshot->info.ndim;
        for (int l = loading.root_level + 1; l <= loading.max_level; l++) {
            cells += loading.domains->level_octs[l - 1] << snapshot->info.ndim;
        }
        for (int i = 0; i < loading.mesh->narrays; i++) {
            *bytes += cells * (uint64_t)loading.target[i].ncomponents *
                      pvr_type_bytes(pvr_target_type(&loading.target[i], request->precision));
        }
    }
    free_loading(&loading);
    pvr_mesh_free(loading.mesh);
    pvr_job_end(&job, NULL);
    return status;
}
