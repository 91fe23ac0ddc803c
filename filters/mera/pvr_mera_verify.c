/* pvr_mera_verify.c - is a Mera file whole? */
#include "pvr_mera_verify_private.h"

#include "pvr_jld2_columns.h"
#include "pvr_mera.h"
#include "pvr_mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MOST = 8, SLICE_ROWS = 1 << 16 };

struct verifying {
    const char *path;
    bool cut;
    struct pvr_mera *mera;
    struct pvr_job *job;
    struct pvr_jld2_source source;
    struct pvr_mera_verified *verified;
    /* a table */
    const char *kind;
    const struct pvr_mera_table *table;
    int nkeys;
    const char *key_name[KEYS_MOST];
    const struct pvr_jld2_type *key_type[KEYS_MOST];
    void *key[KEYS_MOST];
    /* a column */
    const struct pvr_mera_column *column;
    const void *data;
    bool place;          /* positions must be finite */
    uint64_t not_finite; /* atomic */
};

static double real_at(const struct pvr_jld2_type *type, const void *data, uint64_t row) {
    if (type->kind == PVR_JLD2_FLOAT) {
        return type->size == 4 ? (double)((const float *)data)[row] : ((const double *)data)[row];
    }
    return type->size == 8   ? (double)((const int64_t *)data)[row]
           : type->size == 4 ? (double)((const int32_t *)data)[row]
           : type->size == 2 ? (double)((const int16_t *)data)[row]
                             : (double)((const int8_t *)data)[row];
}

static enum pvr_status slices_run(struct verifying *verifying, uint64_t rows, pvr_task_fn task,
                                  struct pvr_error *error) {
    return pvr_job_run(verifying->job, (size_t)((rows + SLICE_ROWS - 1) / SLICE_ROWS), NULL, task,
                       NULL, verifying, error);
}

/* ---- values -----------------------------------------------------------------------------------
 */

static enum pvr_status finite_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    struct verifying *verifying = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS, nrows = verifying->table->nrows;
    const uint64_t end = nrows - begin < SLICE_ROWS ? nrows : begin + SLICE_ROWS;
    const struct pvr_jld2_type *type = verifying->column->object.type;
    uint64_t not_finite = 0;
    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        if (!isfinite(real_at(type, verifying->data, row))) {
            if (verifying->place) {
                return pvr_fail(error, PVR_ERROR_FORMAT,
                                "%s: column %s of %s has no number in row %llu", verifying->path,
                                verifying->column->name, verifying->kind,
                                (unsigned long long)row + 1);
            }
            not_finite++;
        }
    }
    __atomic_fetch_add(&verifying->not_finite, not_finite, __ATOMIC_RELAXED);
    return PVR_OK;
}

static bool is_one_of(const char *name, const char *const *list, int n) {
    for (int i = 0; i < n; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Expands a column; the caller frees *data. */
static enum pvr_status expand(struct verifying *verifying, const struct pvr_mera_column *column,
                              void **data, struct pvr_error *error) {
    const uint64_t bytes = pvr_jld2_bytes(&column->object);
    *data = pvr_large_alloc(bytes + 1);
    if (*data == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for column %s of %s",
                        verifying->path, column->name, verifying->kind);
    }
    const struct pvr_jld2_column wanted = {&column->object, column->name, *data};
    verifying->verified->bytes += bytes;
    return pvr_jld2_columns_read(&verifying->source, &wanted, 1, verifying->job, error);
}

/* ---- order ------------------------------------------------------------------------------------
 */

/* Each row comes after the one before it. */
static enum pvr_status order_task(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    const struct verifying *verifying = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS, nrows = verifying->table->nrows;
    const uint64_t end = nrows - begin < SLICE_ROWS ? nrows : begin + SLICE_ROWS;
    (void)worker;
    for (uint64_t row = begin > 0 ? begin : 1; row < end; row++) {
        int order = 0;
        for (int k = 0; k < verifying->nkeys && order == 0; k++) {
            const double a = real_at(verifying->key_type[k], verifying->key[k], row - 1);
            const double b = real_at(verifying->key_type[k], verifying->key[k], row);
            order = (a > b) - (a < b);
        }
        if (order > 0) {
            return pvr_fail(error, PVR_ERROR_FORMAT,
                            "%s: rows of %s are not sorted by %s...: row %llu comes too late",
                            verifying->path, verifying->kind, verifying->key_name[0],
                            (unsigned long long)row + 1);
        }
        if (order == 0 && strcmp(verifying->kind, "particles") != 0) {
            return pvr_fail(error, PVR_ERROR_FORMAT, "%s: rows %llu and %llu of %s are one cell",
                            verifying->path, (unsigned long long)row, (unsigned long long)row + 1,
                            verifying->kind);
        }
    }
    return PVR_OK;
}

/* Cells lie on the grid of their level. */
static enum pvr_status grid_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct verifying *verifying = context;
    const uint64_t begin = task * (uint64_t)SLICE_ROWS, nrows = verifying->table->nrows;
    const uint64_t end = nrows - begin < SLICE_ROWS ? nrows : begin + SLICE_ROWS;
    const bool levels = verifying->nkeys == 4;
    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        const double level = levels ? real_at(verifying->key_type[0], verifying->key[0], row) : 0;
        if (levels && !(level >= 1 && level <= PVR_MAX_LEVELS)) {
            return pvr_fail(error, PVR_ERROR_FORMAT, "%s: row %llu of %s is of level %g",
                            verifying->path, (unsigned long long)row + 1, verifying->kind, level);
        }
        for (int k = levels; k < verifying->nkeys; k++) {
            const double at = real_at(verifying->key_type[k], verifying->key[k], row);
            if (at < 1) {
                return pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s of row %llu of %s is %g",
                                verifying->path, verifying->key_name[k],
                                (unsigned long long)row + 1, verifying->kind, at);
            }
        }
    }
    return PVR_OK;
}

static enum pvr_status verify_keys(struct verifying *verifying, struct pvr_error *error) {
    enum pvr_status status = PVR_OK;
    if (verifying->nkeys == 0) {
        return PVR_OK;
    }
    const bool cells = strcmp(verifying->kind, "particles") != 0;
    if (cells) {
        status = slices_run(verifying, verifying->table->nrows, grid_task, error);
    }
    return status == PVR_OK ? slices_run(verifying, verifying->table->nrows, order_task, error)
                            : status;
}

/* ---- tables -----------------------------------------------------------------------------------
 */

static enum pvr_status verify_table(struct verifying *verifying, enum pvr_mera_kind kind,
                                    struct pvr_error *error) {
    static const char *const cell_keys[] = {"level", "cx", "cy", "cz"};
    static const char *const point_keys[] = {"level", "x", "y", "z", "id", "family", "tag"};
    static const char *const places[] = {"x", "y", "z", "peak_x", "peak_y", "peak_z"};
    const struct pvr_mera_table *table = &verifying->mera->table[kind];
    const bool cells = kind != PVR_MERA_PARTICLES && kind != PVR_MERA_CLUMPS;
    struct pvr_mera_verified_kind *told = &verifying->verified->kind[verifying->verified->nkinds++];
    enum pvr_status status = PVR_OK;
    verifying->kind = told->name = pvr_mera_kind_name(kind);
    verifying->table = table;
    verifying->nkeys = 0;
    verifying->not_finite = 0;
    told->rows = table->nrows;
    told->columns = table->ncolumns;
    for (int c = 0; c < table->ncolumns && status == PVR_OK; c++) {
        const struct pvr_mera_column *column = &table->column[c];
        void *data = NULL;
        status = expand(verifying, column, &data, error);
        verifying->column = column;
        verifying->data = data;
        verifying->place = is_one_of(column->name, places, 6);
        if (status == PVR_OK && column->object.type->kind == PVR_JLD2_FLOAT) {
            status = slices_run(verifying, table->nrows, finite_task, error);
        }
        const bool key = kind != PVR_MERA_CLUMPS && verifying->nkeys < KEYS_MOST &&
                         (cells ? is_one_of(column->name, cell_keys, 4)
                                : is_one_of(column->name, point_keys, 7));
        if (status == PVR_OK && key) {
            verifying->key_name[verifying->nkeys] = column->name;
            verifying->key_type[verifying->nkeys] = column->object.type;
            verifying->key[verifying->nkeys++] = data;
        } else {
            pvr_large_free(data, pvr_jld2_bytes(&column->object) + 1);
        }
    }
    told->not_finite = verifying->not_finite;
    status = status == PVR_OK ? verify_keys(verifying, error) : status;
    for (int k = 0; k < verifying->nkeys; k++) {
        pvr_large_free(verifying->key[k],
                       table->nrows * (uint64_t)verifying->key_type[k]->size + 1);
    }
    return status;
}

/* Cells of all kinds as one octree: nothing overlaps, nothing is missing. */
static enum pvr_status verify_mesh(struct verifying *verifying, const struct pvr_threads *threads,
                                   struct pvr_error *error) {
    static const enum pvr_mera_kind kinds[] = {PVR_MERA_HYDRO, PVR_MERA_GRAVITY, PVR_MERA_RT};
    const struct pvr_mera *mera = verifying->mera;
    const struct pvr_mera_table *table = NULL;
    for (int k = 2; k >= 0; k--) {
        table = mera->table[kinds[k]].present ? &mera->table[kinds[k]] : table;
    }
    if (table == NULL) {
        return PVR_OK;
    }
    struct pvr_snapshot *snapshot;
    enum pvr_status status = pvr_snapshot_open(verifying->path, &snapshot, error);
    if (status != PVR_OK) {
        return status;
    }
    /* A field of each kind makes the reader compare the kinds' cells. */
    const struct pvr_field_table *fields = pvr_snapshot_fields(snapshot);
    const char *field[3];
    struct pvr_mesh_request request = {.fields = field, .precision = PVR_FLOAT32};
    for (int kind = PVR_HYDRO; kind <= PVR_RADIATION; kind++) {
        for (int f = 0; f < fields->nfields; f++) {
            const int first = fields->field[f].variable[0];
            if (first >= 0 && (int)fields->variable[first].kind == kind) {
                field[request.nfields++] = fields->field[f].name;
                break;
            }
        }
    }
    struct pvr_mesh *mesh;
    status = pvr_mesh_load(snapshot, &request, threads, NULL, NULL, &mesh, error);
    if (status == PVR_OK) {
        const struct pvr_octree *octree = mesh->octree;
        double volume = 0, box = 1;
        for (int l = octree->root_level; l <= octree->max_level; l++) {
            uint64_t leaves = l == octree->root_level
                                  ? octree->ntrees
                                  : octree->level[l].noct * (uint64_t)octree->cells_per_oct;
            const uint64_t below = l < octree->max_level ? octree->level[l + 1].noct : 0;
            const uint8_t *outside = octree->level[l].outside;
            const uint64_t bytes =
                l == octree->root_level ? (octree->ntrees + 7) / 8 : octree->level[l].noct;
            leaves -= below;
            for (uint64_t i = 0; outside != NULL && i < bytes; i++) {
                leaves -= (uint64_t)__builtin_popcount(outside[i]);
            }
            volume += (double)leaves * pvr_octree_cell_volume(octree, l);
        }
        double size[3];
        uint32_t ncoarse[3];
        pvr_snapshot_box(snapshot, size, ncoarse);
        bool whole = true;
        for (int axis = 0; axis < 3; axis++) {
            box *= size[axis];
            whole = whole && table->has_ranges && table->ranges[2 * axis] == 0 &&
                    table->ranges[2 * axis + 1] == 1;
        }
        verifying->verified->filled = volume / box;
        if (whole && !verifying->cut && fabs(volume / box - 1) > 1e-12) {
            status =
                pvr_fail(error, PVR_ERROR_FORMAT,
                         "%s: the cells fill %.9g of the box, and should fill it all (unless some "
                         "were chosen: --cut)",
                         verifying->path, volume / box);
        }
        pvr_mesh_free(mesh);
    }
    pvr_snapshot_release(snapshot);
    return status;
}

enum pvr_status pvr_mera_verify(const char *path, bool cut, const struct pvr_threads *threads,
                                pvr_progress_fn progress, void *progress_context,
                                struct pvr_mera_verified *verified, struct pvr_error *error) {
    struct pvr_job job;
    struct verifying verifying = {.path = path, .cut = cut, .job = &job, .verified = verified};
    memset(verified, 0, sizeof *verified);
    enum pvr_status status = pvr_mera_open(path, &verifying.mera, error);
    if (status != PVR_OK) {
        return status;
    }
    status = pvr_mera_verify_walk(path, verified, error);
    if (status == PVR_OK) {
        status = pvr_jld2_source_open(path, &verifying.mera->identity, &verifying.source, error);
    }
    if (status == PVR_OK) {
        status = pvr_job_begin(&job, threads, progress, progress_context, error);
        if (status == PVR_OK) {
            for (int k = 0; k < PVR_MERA_KINDS; k++) {
                pvr_job_expect(&job, verifying.mera->table[k].stored);
            }
            for (int k = 0; k < PVR_MERA_KINDS && status == PVR_OK; k++) {
                if (verifying.mera->table[k].present) {
                    status = verify_table(&verifying, (enum pvr_mera_kind)k, error);
                }
            }
            pvr_job_end(&job, &verified->report);
        }
        if (status == PVR_OK) {
            status = pvr_jld2_source_check(&verifying.source, error);
        }
        pvr_jld2_source_close(&verifying.source);
    }
    if (status == PVR_OK) {
        status = verify_mesh(&verifying, threads, error);
    }
    pvr_mera_free(verifying.mera);
    return status;
}
