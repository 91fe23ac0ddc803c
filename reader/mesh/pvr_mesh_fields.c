/* pvr_mesh_fields.c - reading chosen fields into arrays in the octree's order. */
#include "pvr_mesh_fields.h"

#include "pvr_outside.h"
#include "pvr_scatter.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ------------------------------------------------------------------------
 */

static enum pvr_status make_target(const struct pvr_snapshot *snapshot,
                                   const struct pvr_mesh_request *request, const char *name,
                                   struct pvr_mesh_array *array, struct pvr_target *target,
                                   struct pvr_error *error) {
    const struct pvr_field_table *table = &snapshot->fields;
    memset(target, 0, sizeof *target);
    target->ncomponents = 1;
    strncpy(array->name, name, sizeof array->name - 1);
    array->unit = (struct pvr_unit){1.0, ""};
    array->ncomponents = 1;
    int field = pvr_field_find(table, name), variable = pvr_variable_find(table, name);
    if (field < 0 && variable < 0) {
        if (strcmp(name, PVR_FIELD_LEVEL) == 0 || strcmp(name, PVR_FIELD_DOMAIN) == 0) {
            target->source =
                strcmp(name, PVR_FIELD_LEVEL) == 0 ? PVR_TARGET_LEVEL : PVR_TARGET_DOMAIN;
            return PVR_OK;
        }
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: has no field called %s", snapshot->path,
                        name);
    }
    int ncomponents = field >= 0 ? table->field[field].ncomponents : 1;
    enum pvr_dimension dimension =
        field >= 0 ? table->field[field].dimension : table->variable[variable].dimension;
    array->unit = pvr_field_unit(&snapshot->info, dimension, request->units);
    target->source = PVR_TARGET_COLUMNS;
    target->factor = array->unit.factor;
    target->ncomponents = ncomponents;
    target->whole_numbers =
        table->variable[field >= 0 ? table->field[field].variable[0] : variable].kind ==
        PVR_CLUMP_FIELD;
    for (int i = 0; i < ncomponents; i++) {
        int of = field >= 0 ? table->field[field].variable[i] : variable;
        if (of >= 0) {
            target->kind = table->variable[of].kind;
            target->column[target->ncolumns++] = table->variable[of].column;
            target->component[target->nvalues++] = i;
        }
    }
    for (int i = 0; field >= 0 && i < ncomponents && table->field[field].mean_with[i] >= 0; i++) {
        target->column[target->ncolumns++] =
            table->variable[table->field[field].mean_with[i]].column;
    }
    array->ncomponents = target->nvalues;
    return PVR_OK;
}

enum pvr_status pvr_targets_make(const struct pvr_snapshot *snapshot,
                                 const struct pvr_mesh_request *request, struct pvr_mesh *mesh,
                                 struct pvr_target *target, struct pvr_error *error) {
    for (int i = 0; i < request->nfields; i++) {
        enum pvr_status status =
            make_target(snapshot, request, request->fields[i], &mesh->arrays[i], &target[i], error);
        if (status != PVR_OK) {
            return status;
        }
    }
    return PVR_OK;
}

enum pvr_type pvr_target_type(const struct pvr_target *target, enum pvr_type precision) {
    if (target->source == PVR_TARGET_COLUMNS) {
        return target->whole_numbers ? PVR_INT32 : precision;
    }
    return target->source == PVR_TARGET_LEVEL ? PVR_UINT8 : PVR_INT32;
}

static bool is_of_kind(const struct pvr_target *target, enum pvr_file_kind kind) {
    return target->source == PVR_TARGET_COLUMNS && target->kind == kind;
}

static bool takes_means(const struct pvr_target *target) {
    return target->ncolumns > target->nvalues;
}

/* Columns of a kind that are wanted; those of means apart, which are read by themselves. */
static int count_columns(const struct pvr_target *target, int ntargets, enum pvr_file_kind kind,
                         bool means) {
    int count = 0;
    for (int i = 0; i < ntargets; i++) {
        if (is_of_kind(&target[i], kind) && takes_means(&target[i]) == means) {
            count += target[i].ncolumns;
        }
    }
    return count;
}

uint64_t pvr_targets_octs_bytes(const struct pvr_snapshot *snapshot, uint64_t octs,
                                const struct pvr_target *target, int ntargets) {
    uint64_t bytes = 0;
    for (int i = 0; i < ntargets; i++) {
        if (target[i].source == PVR_TARGET_COLUMNS) {
            bytes += (uint64_t)target[i].ncolumns *
                     (target[i].whole_numbers ? 4 : snapshot->layout.amr.real_bytes);
        }
    }
    return (octs << snapshot->info.ndim) * bytes;
}

uint64_t pvr_targets_file_bytes(const struct pvr_snapshot *snapshot,
                                const struct pvr_domains *domains, int low, int high,
                                const struct pvr_target *target, int ntargets) {
    uint64_t octs = 0;
    for (int l = low; l <= high; l++) {
        octs += domains->level_octs[l - 1];
    }
    return pvr_targets_octs_bytes(snapshot, octs, target, ntargets);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

struct filling {
    struct pvr_snapshot *snapshot;
    const struct pvr_domains *domains;
    const struct pvr_octree *octree;
    const struct pvr_pieces *pieces;
    const struct pvr_structure *structure;
    int low; /* level; pieces of those above are left alone */
    const struct pvr_target *target;
    int ntargets;
    enum pvr_file_kind kind;
    bool constants;                           /* fill level and domain in this run */
    const struct pvr_domain_columns *columns; /* of `kind`, or null: constants alone */
    int ncolumns;                             /* wanted of `kind`, those of means apart */
    int wanted[PVR_MAX_VARIABLES];            /* each column of `kind` that is wanted, once */
    int nwanted;
};

/* Indices of the arrays' cells for a piece: of each oct's first cell, or, for the octs of the root
 * level, of every cell. Returns the stride of `index`. */
static int piece_indices(const struct filling *filling, const struct pvr_piece *piece,
                         uint64_t *index) {
    const struct pvr_octree *octree = filling->octree;
    const struct pvr_octree_level *level = &octree->level[piece->level];
    int ncells = octree->cells_per_oct;
    if (piece->level == octree->root_level) {
        for (uint64_t i = 0; i < piece->kept; i++) {
            const uint32_t *at = filling->structure->root_coordinate[piece->base + i];
            for (int c = 0; c < ncells; c++) {
                uint32_t cell[3], place[3];
                uint64_t tree = 0, *to = &index[i * (uint64_t)ncells + (uint64_t)c];
                for (int axis = 0; axis < 3; axis++) {
                    cell[axis] = 2 * at[axis] + (uint32_t)(c >> axis & 1);
                }
                bool there = pvr_tree_grid_place(&filling->structure->trees, octree->root_level,
                                                 cell, place);
                for (int axis = octree->ndim - 1; axis >= 0; axis--) {
                    tree = tree * octree->root_dims[axis] + place[axis];
                }
                *to = there ? level->tree_cell[tree] : PVR_NOWHERE;
            }
        }
        return ncells;
    }
    const uint32_t *slot = pvr_structure_slots(filling->structure, piece->level) + piece->base;
    const uint64_t *first = level->tree_first;
    uint64_t tree = 0;
    for (uint64_t i = 0; i < piece->kept; i++) {
        if (slot[i] < first[tree] || slot[i] >= first[tree + 1]) {
            uint64_t low = 0, high = octree->ntrees; /* first[low] <= slot < first[high] */
            while (high - low > 1) {
                uint64_t middle = low + (high - low) / 2;
                if (first[middle] <= slot[i]) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            tree = low;
        }
        index[i] = level->tree_cell[tree] + (slot[i] - first[tree]) * (uint64_t)ncells;
    }
    return 1;
}

/* A piece with everything needed to read its values. */
struct work {
    const struct filling *filling;
    const struct pvr_file *file;
    struct pvr_worker *worker;
    struct pvr_columns_piece piece;
    uint64_t kept;        /* octs of it that are kept */
    const uint16_t *pick; /* which; null: all */
    const struct pvr_columns_header *header;
    uint64_t *index; /* of those that are kept */
    int stride;
    char *scratch;
    const char **data; /* room for all columns of the file, 2^ndim each */
};

/* Puts the mean of each value and its partner in the partner's and the value's place: the records
 * are this thread's own copy. */
static void take_means(const struct work *work, const struct pvr_target *target, uint64_t count,
                       const char **data) {
    int ncells = work->filling->octree->cells_per_oct;
    for (int v = 0; v < target->ncolumns - target->nvalues; v++) {
        for (int c = 0; c < ncells; c++) {
            pvr_mean((char *)(uintptr_t)data[v * ncells + c],
                     data[(target->nvalues + v) * ncells + c], count, work->header->value_bytes);
        }
    }
}

/* Of values of octs `offset` .. `offset + count - 1` of the piece, in `nrecords` records, leaves
 * those that are kept, at the records' beginnings (they are this thread's own copy). *offset and
 * *count become those among the octs that are kept. */
static void pick_values(const struct work *work, uint64_t *offset, uint64_t *count,
                        const char **data, int nrecords) {
    if (work->pick == NULL) {
        return;
    }
    size_t bytes = work->header->value_bytes;
    uint64_t first = 0, end;
    while (first < work->kept && work->pick[first] < *offset) {
        first++;
    }
    for (end = first; end < work->kept && work->pick[end] < *offset + *count; end++) {
        for (int r = 0; r < nrecords; r++) {
            char *record = (char *)(uintptr_t)data[r];
            memmove(record + (end - first) * bytes, record + (work->pick[end] - *offset) * bytes,
                    bytes);
        }
    }
    *offset = first;
    *count = end - first;
}

static void scatter_target(const struct work *work, const struct pvr_target *target,
                           uint64_t offset, uint64_t count, const char **data) {
    if (takes_means(target)) {
        take_means(work, target, count, data);
    }
    pvr_scatter(target->array, work->filling->octree->ndim,
                work->index + offset * (uint64_t)work->stride, work->stride, count, data,
                work->header->value_bytes, target->nvalues, target->component, target->factor);
}

/* Whole small block in one request. */
static enum pvr_status fill_by_block(const struct work *work, struct pvr_error *error) {
    const struct filling *filling = work->filling;
    uint64_t bytes = 0;
    enum pvr_status status =
        pvr_columns_read_block(work->file, &filling->snapshot->layout.amr, work->header,
                               &work->piece, work->scratch, work->data, &bytes, error);
    pvr_job_add_read(work->worker, bytes);
    uint64_t offset = 0, count = work->piece.count;
    if (status == PVR_OK) {
        pick_values(work, &offset, &count, work->data,
                    work->header->nvar * filling->octree->cells_per_oct);
    }
    for (int i = 0; status == PVR_OK && i < filling->ntargets; i++) {
        const struct pvr_target *target = &filling->target[i];
        if (!is_of_kind(target, filling->kind) || takes_means(target)) {
            continue;
        }
        const char *data[3 * 8];
        for (int v = 0; v < target->ncolumns; v++) {
            for (int c = 0; c < filling->octree->cells_per_oct; c++) {
                data[v * filling->octree->cells_per_oct + c] =
                    work->data[target->column[v] * filling->octree->cells_per_oct + c];
            }
        }
        scatter_target(work, target, offset, count, data);
    }
    return status;
}

/* One field after the other, as many octs at a time as the buffer takes; all fields, or those with
 * means alone. */
static enum pvr_status fill_by_field(const struct work *work, size_t buffer_bytes, bool means_alone,
                                     struct pvr_error *error) {
    const struct filling *filling = work->filling;
    const struct pvr_amr_header *amr = &filling->snapshot->layout.amr;
    for (int i = 0; i < filling->ntargets; i++) {
        const struct pvr_target *target = &filling->target[i];
        if (!is_of_kind(target, filling->kind) || (means_alone && !takes_means(target))) {
            continue;
        }
        size_t per_oct = pvr_columns_scratch_bytes(amr, work->header, 1, target->ncolumns);
        uint64_t step = buffer_bytes / per_oct > 0 ? buffer_bytes / per_oct : 1;
        for (uint64_t done = 0; done < work->piece.count; done += step) {
            struct pvr_columns_piece part = work->piece;
            part.first += done;
            part.count = part.count - done < step ? part.count - done : step;
            enum pvr_status status =
                pvr_columns_read(work->file, amr, work->header, &part, target->column,
                                 target->ncolumns, work->scratch, work->data, work->worker, error);
            if (status != PVR_OK) {
                return status;
            }
            uint64_t offset = done, count = part.count;
            pick_values(work, &offset, &count, work->data,
                        target->ncolumns * filling->octree->cells_per_oct);
            scatter_target(work, target, offset, count, work->data);
        }
    }
    return PVR_OK;
}

static void fill_constants(const struct filling *filling, const struct pvr_piece *piece,
                           const uint64_t *index, int stride) {
    for (int i = 0; i < filling->ntargets; i++) {
        const struct pvr_target *target = &filling->target[i];
        if (target->source != PVR_TARGET_COLUMNS) {
            int value = target->source == PVR_TARGET_LEVEL ? piece->level : piece->domain;
            pvr_scatter_constant(target->array, filling->octree->ndim, index, stride, piece->kept,
                                 value);
        }
    }
}

static enum pvr_status fill_piece(struct filling *filling, const struct pvr_file *file,
                                  const struct pvr_piece *piece, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    const struct pvr_octree *octree = filling->octree;
    const struct pvr_amr_header *amr = &filling->snapshot->layout.amr;
    size_t ncells = (size_t)octree->cells_per_oct;
    struct work work = {.filling = filling, .file = file, .worker = worker};
    work.piece = pvr_piece_columns(filling->domains, piece);
    work.kept = piece->kept;
    work.pick = piece->kept < piece->count ? pvr_piece_pick(filling->pieces, piece) : NULL;
    work.header = filling->columns != NULL ? &filling->columns->header[piece->domain - 1] : NULL;

    size_t chunk = worker->job->settings.chunk_bytes;
    size_t index_bytes = (size_t)piece->kept * sizeof *work.index *
                         (piece->level == octree->root_level ? ncells : 1);
    size_t nvar = work.header != NULL ? (size_t)work.header->nvar : 0;
    size_t data_bytes = ((nvar > 6 ? nvar : 6) * ncells) * sizeof *work.data;
    size_t least = nvar > 0 ? pvr_columns_scratch_bytes(amr, work.header, 1, 6) : 0;
    size_t scratch_bytes = chunk > least ? chunk : least;
    char *buffer = pvr_worker_buffer(worker, index_bytes + data_bytes + scratch_bytes);
    if (buffer == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a read buffer");
    }
    work.index = (uint64_t *)(void *)buffer;
    work.data = (const char **)(void *)(buffer + index_bytes);
    work.scratch = buffer + index_bytes + data_bytes;
    work.stride = piece_indices(filling, piece, work.index);
    if (filling->constants) {
        fill_constants(filling, piece, work.index, work.stride);
    }
    if (filling->columns == NULL) {
        return PVR_OK;
    }
    enum pvr_status status = PVR_OK;
    if (piece->first == 0) {
        uint64_t bytes = 0;
        status = pvr_columns_check_block(file, amr, work.header, &work.piece, &bytes, error);
        pvr_job_add_read(worker, bytes);
    }
    if (status != PVR_OK) {
        return status;
    }
    bool whole = piece->first == 0 && piece->count == work.piece.place.noct;
    size_t block_bytes =
        pvr_columns_block_bytes(amr, file->encoding.marker, work.header, work.piece.place.noct);
    if (whole && block_bytes <= scratch_bytes && 4 * filling->ncolumns > 3 * work.header->nvar) {
        status = fill_by_block(&work, error);
        return status == PVR_OK ? fill_by_field(&work, scratch_bytes, true, error) : status;
    }
    return fill_by_field(&work, scratch_bytes, false, error);
}

static enum pvr_status fill_task(void *context, size_t number, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct filling *filling = context;
    const struct pvr_piece_task *task = &filling->pieces->task[number];
    const struct pvr_piece *piece = &filling->pieces->piece[task->first];
    struct pvr_file file = {.fd = -1};
    char *path = NULL;
    enum pvr_status status = PVR_OK;
    if (piece[task->count - 1].level < filling->low) {
        return PVR_OK;
    }
    if (filling->columns != NULL) {
        status = pvr_pieces_open(&filling->snapshot->layout, pvr_file_kind_name(filling->kind),
                                 piece->domain, &file, &path, error);
    }
    for (size_t i = 0; status == PVR_OK && i < task->count; i++) {
        if (pvr_job_stopped(worker->job)) {
            status = PVR_CANCELLED;
        } else if (piece[i].level >= filling->low) {
            status = fill_piece(filling, &file, &piece[i], worker, error);
        }
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

static void prefetch_task(void *context, size_t number) {
    const struct filling *filling = context;
    const struct pvr_piece_task *task = &filling->pieces->task[number];
    const struct pvr_piece *piece = &filling->pieces->piece[task->first];
    struct pvr_file file;
    char *path;
    if (piece[task->count - 1].level < filling->low) {
        return;
    }
    if (pvr_pieces_open(&filling->snapshot->layout, pvr_file_kind_name(filling->kind),
                        piece->domain, &file, &path, NULL) == PVR_OK) {
        for (size_t i = 0; i < task->count; i++) {
            const struct pvr_piece ahead =
                pvr_piece_ahead(filling->pieces, filling->domains, &piece[i]);
            if (piece[i].level < filling->low || ahead.count == 0) {
                continue;
            }
            struct pvr_columns_piece columns = pvr_piece_columns(filling->domains, &ahead);
            pvr_columns_prefetch(&file, &filling->snapshot->layout.amr,
                                 &filling->columns->header[piece->domain - 1], &columns,
                                 filling->wanted, filling->nwanted);
        }
    }
    pvr_file_close(&file);
    free(path);
}

/* Lists the columns of filling->kind that some target wants, by rising number. */
static void list_wanted(struct filling *filling, int nvar) {
    bool wanted[PVR_MAX_VARIABLES] = {false};
    for (int i = 0; i < filling->ntargets; i++) {
        const struct pvr_target *target = &filling->target[i];
        for (int c = 0; is_of_kind(target, filling->kind) && c < target->ncolumns; c++) {
            wanted[target->column[c]] = true;
        }
    }
    filling->nwanted = 0;
    for (int column = 0; column < nvar; column++) {
        if (wanted[column]) {
            filling->wanted[filling->nwanted++] = column;
        }
    }
}

static enum pvr_status blank_outside(const struct filling *filling, struct pvr_job *job,
                                     struct pvr_error *error) {
    size_t ntargets = (size_t)filling->ntargets;
    struct pvr_array **array = calloc(ntargets + 1, sizeof *array);
    bool *is_level = calloc(ntargets + 1, sizeof *is_level);
    enum pvr_status status = PVR_OK;
    if (array == NULL || is_level == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %zu fields", ntargets);
    }
    for (size_t i = 0; status == PVR_OK && i < ntargets; i++) {
        array[i] = filling->target[i].array;
        is_level[i] = filling->target[i].source == PVR_TARGET_LEVEL;
    }
    if (status == PVR_OK) {
        status = pvr_blank_outside(filling->octree, filling->low, array, is_level,
                                   filling->ntargets, job, error);
    }
    free(array);
    free(is_level);
    return status;
}

/* The cells of octs that were read from no file have no values. They are few. */
static enum pvr_status blank_made(const struct filling *filling, struct pvr_error *error) {
    const struct pvr_structure *structure = filling->structure;
    int ncells = filling->octree->cells_per_oct, root = filling->octree->root_level;
    for (int l = filling->low; l <= filling->octree->max_level; l++) {
        uint64_t count = structure->made[l];
        if (count == 0) {
            continue;
        }
        uint64_t all = l == root ? structure->root_octs : structure->slot[l]->ntuples;
        const struct pvr_piece piece = {.level = l, .base = all - count, .kept = count};
        uint64_t *index = malloc((size_t)count * (l == root ? (size_t)ncells : 1) * sizeof *index);
        if (index == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu octs of level %d",
                            (unsigned long long)count, l);
        }
        int stride = piece_indices(filling, &piece, index);
        for (uint64_t i = 0; i < count * (uint64_t)ncells; i++) {
            uint64_t cell =
                stride == 1 ? index[i / (uint64_t)ncells] + i % (uint64_t)ncells : index[i];
            for (int t = 0; cell != PVR_NOWHERE && t < filling->ntargets; t++) {
                const struct pvr_target *target = &filling->target[t];
                pvr_blank_cell(target->array, cell, target->source == PVR_TARGET_LEVEL ? l : 0);
            }
        }
        free(index);
    }
    return PVR_OK;
}

enum pvr_status pvr_targets_fill(struct pvr_snapshot *snapshot,
                                 const struct pvr_structure *structure, int low,
                                 const struct pvr_target *target, int ntargets, struct pvr_job *job,
                                 struct pvr_error *error) {
    struct filling filling = {.snapshot = snapshot,
                              .octree = structure->octree,
                              .pieces = &structure->pieces,
                              .structure = structure,
                              .low = low,
                              .target = target,
                              .ntargets = ntargets,
                              .constants = true};
    enum pvr_status status =
        pvr_snapshot_some_domains(snapshot, structure->domain_levels, job, &filling.domains, error);
    bool constants = false;
    for (int i = 0; i < ntargets; i++) {
        constants = constants || target[i].source != PVR_TARGET_COLUMNS;
    }
    for (int kind = 0; status == PVR_OK && kind < PVR_FILE_KINDS; kind++) {
        filling.kind = (enum pvr_file_kind)kind;
        filling.ncolumns = count_columns(target, ntargets, filling.kind, false);
        if (filling.ncolumns + count_columns(target, ntargets, filling.kind, true) == 0) {
            continue;
        }
        status = pvr_snapshot_some_columns(snapshot, filling.kind, structure->domain_levels, job,
                                           &filling.columns, error);
        if (status == PVR_OK) {
            list_wanted(&filling, snapshot->nvar[kind]);
            status = pvr_job_run(job, filling.pieces->ntasks, filling.pieces->cost, fill_task,
                                 prefetch_task, &filling, error);
        }
        filling.constants = false;
    }
    if (status == PVR_OK && constants && filling.constants) {
        filling.columns = NULL;
        status = pvr_job_run(job, filling.pieces->ntasks, filling.pieces->cost, fill_task, NULL,
                             &filling, error);
    }
    if (status == PVR_OK) {
        status = blank_outside(&filling, job, error);
    }
    return status == PVR_OK ? blank_made(&filling, error) : status;
}
