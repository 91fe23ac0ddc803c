/* pvr_mera_export.c - an output as a Mera file. */
#include "pvr_mera_export_private.h"

#include "pvr_mera_output.h"
#include "pvr_mera_write_private.h"
#include "pvr_snapshot_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const enum pvr_file_kind pvr_mera_export_files[PVR_MERA_OUT_KINDS] = {
    [PVR_MERA_OUT_HYDRO] = PVR_HYDRO,
    [PVR_MERA_OUT_GRAVITY] = PVR_GRAVITY,
    [PVR_MERA_OUT_PARTICLES] = PVR_FILE_KINDS,
    [PVR_MERA_OUT_CLUMPS] = PVR_FILE_KINDS,
    [PVR_MERA_OUT_RT] = PVR_RADIATION};

/* ---- rows of columns --------------------------------------------------------------------------
 */

static void put_whole(void *out, enum pvr_mera_out_type type, uint64_t at, int64_t value) {
    switch (type) {
    case PVR_MERA_OUT_INT8:
        ((int8_t *)out)[at] = (int8_t)value;
        break;
    case PVR_MERA_OUT_INT32:
        ((int32_t *)out)[at] = (int32_t)value;
        break;
    default:
        ((int64_t *)out)[at] = value;
    }
}

/* The level of each of the rows, or (axis 0 to 2) their coordinates from 1. */
static void put_places(const struct pvr_leaf_rows *leaves, int axis, uint64_t first, uint64_t rows,
                       int64_t *out) {
    int level = pvr_leaf_row_level(leaves, first);
    for (uint64_t i = 0; i < rows; i++) {
        const uint64_t row = first + i;
        while (row >= leaves->first[level + 1]) {
            level++;
        }
        out[i] =
            axis < 0
                ? level
                : pvr_leaf_row_coordinate(&leaves->grid[level], leaves->row[row].key, axis) + 1;
    }
}

int64_t pvr_mera_export_whole(const struct pvr_array *array, uint64_t at) {
    return array->type == PVR_INT64   ? ((const int64_t *)array->data)[at]
           : array->type == PVR_INT32 ? ((const int32_t *)array->data)[at]
           : array->type == PVR_UINT8 ? ((const uint8_t *)array->data)[at]
                                      : 0;
}

static void put_array(const struct pvr_mera_export_column *column, uint64_t first, uint64_t rows,
                      void *out) {
    const struct pvr_mera_export *export = column->export;
    const struct pvr_array *array = column->array;
    const uint64_t step = (uint64_t)array->ncomponents, add = (uint64_t)column->component;
    const struct pvr_leaf_row *leaf =
        export->leaves.row != NULL ? export->leaves.row + first : NULL;
    const uint64_t *order = export->order != NULL ? export->order + first : NULL;
    const double *real = array->data;
    if (array->type == PVR_FLOAT64 && leaf != NULL) {
        for (uint64_t i = 0; i < rows; i++) {
            ((double *)out)[i] = real[leaf[i].cell * step + add];
        }
        return;
    }
    for (uint64_t i = 0; i < rows; i++) {
        const uint64_t row = leaf != NULL ? leaf[i].cell : order != NULL ? order[i] : first + i;
        const uint64_t at = row * step + add;
        const double value = array->type == PVR_FLOAT64   ? real[at]
                             : array->type == PVR_FLOAT32 ? (double)((const float *)array->data)[at]
                                                          : 0;
        if (column->type == PVR_MERA_OUT_FLOAT64 &&
            (array->type == PVR_FLOAT64 || array->type == PVR_FLOAT32)) {
            ((double *)out)[i] =
                column->period > 0 ? pvr_mera_export_folded(value, column->period) : value;
        } else if (column->type == PVR_MERA_OUT_FLOAT64) {
            ((double *)out)[i] = (double)pvr_mera_export_whole(array, at);
        } else {
            put_whole(out, column->type, i, pvr_mera_export_whole(array, at));
        }
    }
}

static enum pvr_status put_rows(void *context, uint64_t first, uint64_t rows, void *out,
                                struct pvr_error *error) {
    const struct pvr_mera_export_column *column = context;
    (void)error;
    switch (column->from) {
    case PVR_MERA_FROM_LEVEL:
        put_places(&column->export->leaves, -1, first, rows, out);
        break;
    case PVR_MERA_FROM_PLACE:
        put_places(&column->export->leaves, column->axis, first, rows, out);
        break;
    case PVR_MERA_FROM_ARRAY:
        put_array(column, first, rows, out);
        break;
    default:
        memset(out, 0, rows * pvr_mera_out_type_bytes(column->type));
    }
    return PVR_OK;
}

void pvr_mera_export_of(struct pvr_mera_export *export, struct pvr_snapshot *snapshot,
                        const struct pvr_mera_about *about,
                        const struct pvr_mera_export_request *request) {
    export->snapshot = snapshot;
    export->about = about;
    export->request = request;
    pvr_snapshot_box(snapshot, export->box, export->ncoarse);
}

void pvr_mera_export_add(struct pvr_mera_export *export, const char *name,
                         struct pvr_mera_export_column source) {
    if (export->ncolumns < PVR_MERA_EXPORT_COLUMNS) {
        const size_t n = export->ncolumns++;
        source.export = export;
        export->source[n] = source;
        export->column[n] = (struct pvr_mera_out_column){
            .name = name, .type = source.type, .rows = put_rows, .context = &export->source[n]};
    }
}

/* ---- progress ---------------------------------------------------------------------------------
 */

int pvr_mera_export_progress(void *context, double fraction, uint64_t done, uint64_t expected) {
    const struct pvr_mera_export *export = context;
    const struct pvr_mera_out_request *out = &export->request->out;
    (void)fraction;
    return out->progress != NULL
               ? out->progress(out->progress_context, export->fraction, done, expected)
               : 0;
}

/* That of writing, which is that of all. */
static int write_progress(void *context, double fraction, uint64_t done, uint64_t expected) {
    struct pvr_mera_export *export = context;
    export->fraction = fraction;
    return pvr_mera_export_progress(export, fraction, done, expected);
}

/* ---- cells ------------------------------------------------------------------------------------
 */

int pvr_mera_export_deepest(const struct pvr_mera_export *export) {
    const int max_level = export->request->max_level;
    const int levelmax = export->snapshot->info.levelmax;
    return max_level > 0 && max_level < levelmax ? max_level : levelmax;
}

bool pvr_mera_export_uniform(const struct pvr_mera_export *export) {
    return pvr_mera_export_deepest(export) == export->snapshot->info.levelmin;
}

/* Which fields hold the variables of a kind, and where. */
struct variables {
    int count;
    struct {
        int field, component; /* of the request */
        const char *name;     /* Mera's */
    } variable[PVR_MAX_VARIABLES];
    int nfields;
    const char *field[PVR_MAX_VARIABLES];
};

const char *pvr_mera_export_name(const struct pvr_mera_export *export, enum pvr_mera_out_kind kind,
                                 const struct pvr_variable *variable) {
    static const char *const gravity[][2] = {{"potential", "epot"},
                                             {"acceleration_x", "ax"},
                                             {"acceleration_y", "ay"},
                                             {"acceleration_z", "az"}};
    if (export->snapshot->mera != NULL) { /* as the file has it */
        const struct pvr_mera_table *table =
            &export->snapshot->mera->table[pvr_mera_kind_of(pvr_mera_export_files[kind])];
        return variable->column < table->nvalues
                   ? table->column[table->value[variable->column]].name
                   : NULL;
    }
    if (kind == PVR_MERA_OUT_GRAVITY) {
        for (int i = 0; i < 4; i++) {
            if (strcmp(variable->name, gravity[i][0]) == 0) {
                return gravity[i][1];
            }
        }
        return NULL;
    }
    const int list = kind == PVR_MERA_OUT_HYDRO ? PVR_MERA_I_VARIABLES : PVR_MERA_I_RT_VARIABLES;
    const struct pvr_jl_value *names = export->about->value->as.field[list];
    return variable->column < (int)names->as.array.length
               ? names->as.array.element[variable->column]->as.text.bytes
               : NULL;
}

static void find_variables(const struct pvr_mera_export *export, enum pvr_mera_out_kind kind,
                           struct variables *found) {
    const struct pvr_field_table *table = &export->snapshot->fields;
    memset(found, 0, sizeof *found);
    for (int v = 0; v < table->nvariables; v++) {
        const struct pvr_variable *variable = &table->variable[v];
        const char *name = variable->kind == pvr_mera_export_files[kind]
                               ? pvr_mera_export_name(export, kind, variable)
                               : NULL;
        for (int f = 0; name != NULL && f < table->nfields; f++) {
            const struct pvr_field *field = &table->field[f];
            for (int c = 0; c < 3; c++) {
                if (field->variable[c] != v || field->mean_with[c] >= 0) {
                    continue;
                }
                int place = 0;
                while (place < found->nfields && strcmp(found->field[place], field->name) != 0) {
                    place++;
                }
                found->field[place] = field->name;
                found->nfields += place == found->nfields;
                found->variable[found->count].field = place;
                found->variable[found->count].component = c;
                found->variable[found->count++].name = name;
                name = NULL;
                break;
            }
            if (name == NULL) {
                break;
            }
        }
    }
}

void pvr_mera_export_places(struct pvr_mera_export *export, struct pvr_mera_out_table *table) {
    static const char *const place[] = {"cx", "cy", "cz"};
    if (!pvr_mera_export_uniform(export)) {
        const struct pvr_mera_export_column level = {.from = PVR_MERA_FROM_LEVEL,
                                                     .type = PVR_MERA_OUT_INT64};
        pvr_mera_export_add(export, "level", level);
    }
    for (int axis = 0; axis < 3; axis++) {
        const struct pvr_mera_export_column at = {
            .from = PVR_MERA_FROM_PLACE, .axis = axis, .type = PVR_MERA_OUT_INT64};
        pvr_mera_export_add(export, place[axis], at);
    }
    table->nkeys = export->ncolumns;
    table->nrows = export->leaves.count;
}

static enum pvr_status get_cells(struct pvr_mera_export *export, enum pvr_mera_out_kind kind,
                                 struct pvr_mera_out_table *table, struct pvr_error *error) {
    struct variables *found = malloc(sizeof *found);
    if (found == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the names of variables");
    }
    find_variables(export, kind, found);
    const struct pvr_mesh_request request = {.max_level = export->request->max_level,
                                             .fields = found->field,
                                             .nfields = found->nfields,
                                             .precision = PVR_FLOAT64,
                                             .units = PVR_UNITS_CODE,
                                             .region = export->request->region};
    enum pvr_status status = pvr_mesh_load(export->snapshot, &request, export->request->out.threads,
                                           pvr_mera_export_progress, export, &export->mesh, error);
    if (status == PVR_OK) {
        status = pvr_leaf_rows_make(export->mesh->octree, export->ncoarse, export->job,
                                    &export->leaves, error);
    }
    if (status == PVR_OK) {
        pvr_mera_export_places(export, table);
        for (int v = 0; v < found->count; v++) {
            const struct pvr_mera_export_column values = {
                .from = PVR_MERA_FROM_ARRAY,
                .array = export->mesh->arrays[found->variable[v].field].array,
                .component = found->variable[v].component,
                .type = PVR_MERA_OUT_FLOAT64};
            pvr_mera_export_add(export, found->variable[v].name, values);
        }
    }
    free(found);
    return status;
}

/* ---- tables -----------------------------------------------------------------------------------
 */

static void release(void *context, size_t number) {
    struct pvr_mera_export *export = context;
    (void)number;
    pvr_leaf_rows_free(&export->leaves);
    pvr_mesh_free(export->mesh);
    pvr_particles_free(export->particles);
    pvr_table_free(export->clumps);
    pvr_large_free(export->order, export->norder * sizeof *export->order);
    export->mesh = NULL;
    export->particles = NULL;
    export->clumps = NULL;
    export->order = NULL;
    export->ncolumns = 0;
}

static enum pvr_status get(void *context, size_t number, struct pvr_mera_out_table *table,
                           struct pvr_error *error) {
    struct pvr_mera_export *export = context;
    const enum pvr_mera_out_kind kind = export->kind[number];
    *table = (struct pvr_mera_out_table){.kind = kind,
                                         .lmin = export->snapshot->info.levelmin,
                                         .lmax = pvr_mera_export_deepest(export)};
    memcpy(table->ranges, export->ranges, sizeof table->ranges);
    const enum pvr_status status =
        kind == PVR_MERA_OUT_PARTICLES ? pvr_mera_export_particles(export, table, error)
        : kind == PVR_MERA_OUT_CLUMPS  ? pvr_mera_export_clumps(export, table, error)
                                       : get_cells(export, kind, table, error);
    table->ncolumns = export->ncolumns;
    table->column = export->column;
    if (status != PVR_OK) {
        release(export, number);
    }
    return status;
}

static unsigned kinds_of(const struct pvr_mera_about *about) {
    static const struct {
        int field;
        enum pvr_mera_out_kind kind;
    } told[] = {{PVR_MERA_I_HYDRO, PVR_MERA_OUT_HYDRO},
                {PVR_MERA_I_GRAVITY, PVR_MERA_OUT_GRAVITY},
                {PVR_MERA_I_PARTICLES, PVR_MERA_OUT_PARTICLES},
                {PVR_MERA_I_CLUMPS, PVR_MERA_OUT_CLUMPS},
                {PVR_MERA_I_RT, PVR_MERA_OUT_RT}};
    unsigned kinds = 0;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const struct pvr_jl_value *there = about->value->as.field[told[i].field];
        kinds |= there != NULL && there->as.integer != 0 ? 1u << told[i].kind : 0;
    }
    return kinds;
}

static enum pvr_status open_about(const struct pvr_snapshot *snapshot,
                                  struct pvr_mera_about **about, struct pvr_error *error) {
    *about = NULL;
    if (snapshot->mera != NULL) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "%s: is a Mera file already: `pvramses convert` brings it up to date",
                        snapshot->path);
    }
    return pvr_mera_about_snapshot(snapshot, about, error);
}

/* The box around the region, cut at the borders. */
static void find_ranges(struct pvr_mera_export *export) {
    const struct pvr_region *region = export->request->region;
    const double boxlen = export->about->boxlen;
    for (int axis = 0; axis < 3; axis++) {
        double *from = &export->ranges[2 * axis], *to = from + 1;
        *from = 0;
        *to = 1;
        if (region == NULL || region->type == PVR_REGION_NONE) {
            continue;
        }
        const double half = region->type == PVR_REGION_BOX ? 0.5 * region->size[axis]
                            : region->type == PVR_REGION_SPHERE
                                ? region->radius
                                : hypot(region->radius, 0.5 * region->height);
        const double low = (region->centre[axis] - half) / boxlen;
        const double high = (region->centre[axis] + half) / boxlen;
        if (low >= 0 && high <= 1) { /* else it may go on at the other end */
            *from = low;
            *to = high;
        }
    }
}

static enum pvr_status choose(struct pvr_mera_export *export, struct pvr_error *error) {
    const unsigned there = kinds_of(export->about);
    const unsigned wanted = export->request->kinds != 0 ? export->request->kinds : there;
    for (int k = 0; k < PVR_MERA_OUT_KINDS; k++) {
        if ((wanted >> k & 1) == 0) {
            continue;
        }
        if ((there >> k & 1) == 0) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: the output has no %s",
                            export->snapshot->path, pvr_mera_out_kind_name(k));
        }
        export->kind[export->nkinds++] = (enum pvr_mera_out_kind)k;
    }
    find_ranges(export);
    if (export->nkinds == 0) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: the output has nothing for a Mera file",
                        export->snapshot->path);
    }
    return PVR_OK;
}

/* Bytes that a kind takes while it is in memory: values, rows and their order. */
static enum pvr_status kind_need(struct pvr_mera_export *export, enum pvr_mera_out_kind kind,
                                 uint64_t *bytes, struct pvr_error *error) {
    struct variables *found = malloc(sizeof *found);
    struct pvr_level_count level[64];
    struct pvr_particle_table particles;
    int nlevels;
    enum pvr_status status = PVR_OK;
    *bytes = 0;
    if (found == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the names of variables");
    }
    if (kind == PVR_MERA_OUT_PARTICLES) {
        enum { ROW_BYTES = 8 + 2 };
        status = pvr_particles_describe(export->snapshot, &particles, error);
        if (status == PVR_OK) {
            const uint64_t values = 3 + 3 * (uint64_t)particles.nfields;
            *bytes = particles.count * (8 * values + ROW_BYTES);
        }
        pvr_particle_table_free(&particles);
    } else if (pvr_mera_export_files[kind] != PVR_FILE_KINDS) {
        find_variables(export, kind, found);
        const struct pvr_mesh_request request = {.max_level = export->request->max_level,
                                                 .fields = found->field,
                                                 .nfields = found->nfields,
                                                 .precision = PVR_FLOAT64,
                                                 .region = export->request->region};
        status =
            pvr_mesh_bytes(export->snapshot, &request, export->request->out.threads, bytes, error);
        if (status == PVR_OK) {
            status = pvr_snapshot_levels(export->snapshot, export->request->out.threads, level,
                                         &nlevels, error);
        }
        const int deepest = export->request->max_level;
        uint64_t rows = 0;
        for (int l = 0; status == PVR_OK && l < nlevels; l++) {
            rows += deepest == 0 || l + 1 < deepest ? level[l].leaf_cells
                    : l + 1 == deepest              ? level[l].cells
                                                    : 0;
        }
        if (status == PVR_OK && found->nfields > 0) { /* of a region there are fewer */
            const uint64_t cells = *bytes / (sizeof(double) * (uint64_t)found->nfields);
            rows = rows < cells ? rows : cells;
        }
        *bytes += rows * 2 * sizeof(struct pvr_leaf_row);
    }
    free(found);
    return status;
}

enum pvr_status pvr_mera_export_need(struct pvr_snapshot *snapshot,
                                     const struct pvr_mera_export_request *request, uint64_t *bytes,
                                     struct pvr_error *error) {
    struct pvr_mera_about *about;
    struct pvr_mera_export *export = calloc(1, sizeof *export);
    enum pvr_status status = open_about(snapshot, &about, error);
    *bytes = 0;
    if (status == PVR_OK && export == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", snapshot->path);
    }
    if (status == PVR_OK) {
        pvr_mera_export_of(export, snapshot, about, request);
        status = choose(export, error);
    }
    for (size_t k = 0; status == PVR_OK && k < export->nkinds; k++) {
        uint64_t need;
        status = kind_need(export, export->kind[k], &need, error);
        *bytes = status == PVR_OK && need > *bytes ? need : *bytes;
    }
    pvr_mera_about_free(about);
    free(export);
    return status;
}

enum pvr_status pvr_mera_export(struct pvr_snapshot *snapshot, const char *path,
                                const struct pvr_mera_export_request *request,
                                struct pvr_mera_out_written *written, struct pvr_error *error) {
    struct pvr_mera_out_written unused, *result = written != NULL ? written : &unused;
    struct pvr_mera_about *about;
    struct pvr_mera_export *export = calloc(1, sizeof *export);
    struct pvr_mera_out_request out = request->out;
    char *folder = strdup(snapshot->path), *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    memset(result, 0, sizeof *result);
    enum pvr_status status = open_about(snapshot, &about, error);
    if (status == PVR_OK && (export == NULL || folder == NULL)) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", snapshot->path);
    }
    if (status == PVR_OK) {
        pvr_mera_export_of(export, snapshot, about, request);
        status = choose(export, error);
    }
    if (status == PVR_OK) {
        if (slash != NULL) {
            *slash = '\0';
        }
        out.output_folder = slash != NULL ? folder : ".";
        struct pvr_job job;
        const struct pvr_mera_out_source source = {export->nkinds, get, release, export};
        status = pvr_job_begin(&job, out.threads, write_progress, export, error);
        if (status == PVR_OK) {
            export->job = &job;
            pvr_job_expect(&job, pvr_snapshot_disk_bytes(snapshot));
            status = pvr_mera_write_source(path, about, &source, &out, &job, result, error);
            pvr_job_end(&job, &result->report);
        }
    }
    if (written == NULL) {
        pvr_report_free(&unused.report);
    }
    pvr_mera_about_free(about);
    free(export);
    free(folder);
    return status;
}
