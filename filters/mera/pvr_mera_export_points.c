/* pvr_mera_export_points.c - particles and clumps as Mera's tables. */
#include "pvr_mera_export_private.h"

#include "pvr_order.h"

#include <string.h>

/* What rows are sorted by. */
struct keys {
    const struct pvr_array *level, *position, *id, *family, *tag;
    const double *box; /* positions are in it */
};

static inline int64_t whole_at(const struct pvr_array *array, uint64_t row) {
    return array != NULL ? pvr_mera_export_whole(array, row) : 0;
}

/* Positions may be of single precision in a pipeline. */
static inline double place_at(const struct keys *keys, uint64_t row, int axis) {
    const struct pvr_array *position = keys->position;
    const double at = position->type == PVR_FLOAT64
                          ? ((const double *)position->data)[3 * row + (uint64_t)axis]
                          : (double)((const float *)position->data)[3 * row + (uint64_t)axis];
    return pvr_mera_export_folded(at, keys->box[axis]);
}

#define ORDER(x, y) ((x) > (y)) - ((x) < (y))

static int compare(const void *context, uint64_t a, uint64_t b) {
    const struct keys *keys = context;
    int order = ORDER(whole_at(keys->level, a), whole_at(keys->level, b));
    for (int axis = 0; order == 0 && axis < 3; axis++) {
        order = ORDER(place_at(keys, a, axis), place_at(keys, b, axis));
    }
    order = order != 0 ? order : ORDER(whole_at(keys->id, a), whole_at(keys->id, b));
    order = order != 0 ? order : ORDER(whole_at(keys->family, a), whole_at(keys->family, b));
    return order != 0 ? order : ORDER(whole_at(keys->tag, a), whole_at(keys->tag, b));
}

/* The column's array, or null: Mera has the column, the output not. */
static const struct pvr_array *array_of(const struct pvr_particles *particles, const char *name) {
    for (int i = 0; i < particles->narrays; i++) {
        if (strcmp(particles->arrays[i].name, name) == 0) {
            return particles->arrays[i].array;
        }
    }
    return NULL;
}

static bool fits_int32(const struct pvr_array *array) {
    for (uint64_t i = 0; array != NULL && i < array->ntuples; i++) {
        const int64_t id = whole_at(array, i);
        if (id < INT32_MIN || id > INT32_MAX) {
            return false;
        }
    }
    return true;
}

static void add(struct pvr_mera_export *export, const char *name, const struct pvr_array *array,
                int component, enum pvr_mera_out_type type) {
    const struct pvr_mera_export_column source = {.from = array != NULL ? PVR_MERA_FROM_ARRAY
                                                                        : PVR_MERA_FROM_NOTHING,
                                                  .array = array,
                                                  .component = component,
                                                  .type = type};
    pvr_mera_export_add(export, name, source);
}

enum pvr_status pvr_mera_export_points(struct pvr_mera_export *export,
                                       struct pvr_mera_out_table *table, struct pvr_error *error) {
    const struct pvr_jl_value *const *info = export->about->value->as.field;
    const struct pvr_jl_value *list = info[PVR_MERA_I_PARTICLE_VARIABLES];
    const bool families =
        info[PVR_MERA_I_DESCRIPTOR]->as.field[PVR_MERA_D_PVERSION]->as.integer > 0;
    const struct pvr_particles *particles = export->particles;
    const struct pvr_array *level = array_of(particles, "level"), *id = array_of(particles, "id");
    const struct pvr_array *family = array_of(particles, PVR_PARTICLE_FAMILY);
    const struct pvr_array *tag = array_of(particles, "tag");
    const struct pvr_array *velocity = array_of(particles, "velocity");
    const struct pvr_array *position = particles->position.array;
    const bool uniform = pvr_mera_export_uniform(export);
    table->nrows = particles->count;
    if (!uniform) {
        add(export, "level", level, 0, PVR_MERA_OUT_INT32);
    }
    static const char *const place[] = {"x", "y", "z"};
    for (int axis = 0; axis < 3; axis++) {
        const struct pvr_mera_export_column at = {.from = PVR_MERA_FROM_ARRAY,
                                                  .array = position,
                                                  .component = axis,
                                                  .period = export->box[axis],
                                                  .type = PVR_MERA_OUT_FLOAT64};
        pvr_mera_export_add(export, place[axis], at);
    }
    add(export, "id", id, 0, fits_int32(id) ? PVR_MERA_OUT_INT32 : PVR_MERA_OUT_INT64);
    if (families) {
        add(export, "family", family, 0, PVR_MERA_OUT_INT8);
        add(export, "tag", tag, 0, PVR_MERA_OUT_INT8);
    }
    table->nkeys = export->ncolumns;
    add(export, "vx", velocity, 0, PVR_MERA_OUT_FLOAT64);
    add(export, "vy", velocity, 1, PVR_MERA_OUT_FLOAT64);
    add(export, "vz", velocity, 2, PVR_MERA_OUT_FLOAT64);
    add(export, "mass", array_of(particles, "mass"), 0, PVR_MERA_OUT_FLOAT64);
    add(export, "birth", array_of(particles, "birth_time"), 0, PVR_MERA_OUT_FLOAT64);
    if (list->as.array.length > 7) {
        add(export, "metals", array_of(particles, "metallicity"), 0, PVR_MERA_OUT_FLOAT64);
    }
    for (uint64_t i = 8; i < list->as.array.length; i++) {
        const char *name = list->as.array.element[i]->as.text.bytes;
        add(export, name, array_of(particles, name), 0, PVR_MERA_OUT_FLOAT64);
    }
    const struct keys keys = {uniform ? NULL : level, position, id, family, tag, export->box};
    export->norder = particles->count;
    export->order = pvr_large_alloc(particles->count * sizeof *export->order);
    if (export->order == NULL && particles->count > 0) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory to sort %llu particles",
                        (unsigned long long)particles->count);
    }
    return pvr_order_rows(particles->count, compare, &keys, export->job, export->order, error);
}

enum pvr_status pvr_mera_export_particles(struct pvr_mera_export *export,
                                          struct pvr_mera_out_table *table,
                                          struct pvr_error *error) {
    const struct pvr_jl_value *const *info = export->about->value->as.field;
    const struct pvr_jl_value *list = info[PVR_MERA_I_PARTICLE_VARIABLES];
    const bool families =
        info[PVR_MERA_I_DESCRIPTOR]->as.field[PVR_MERA_D_PVERSION]->as.integer > 0;
    static const char *const usual[] = {"level", "id",         "velocity",   "mass",
                                        "tag",   "birth_time", "metallicity"};
    struct pvr_particle_table known;
    const char *field[PVR_MERA_EXPORT_COLUMNS];
    int nfields = 0;
    enum pvr_status status = pvr_particles_describe(export->snapshot, &known, error);
    for (size_t i = 0; status == PVR_OK && i < sizeof usual / sizeof *usual; i++) {
        if (pvr_particle_field_find(&known, usual[i]) >= 0) {
            field[nfields++] = usual[i];
        }
    }
    if (status == PVR_OK && families) {
        field[nfields++] = PVR_PARTICLE_FAMILY;
    }
    for (uint64_t i = 8; status == PVR_OK && i < list->as.array.length && nfields < 1000; i++) {
        const char *name = list->as.array.element[i]->as.text.bytes;
        if (pvr_particle_field_find(&known, name) >= 0) {
            field[nfields++] = name;
        }
    }
    pvr_particle_table_free(&known);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_particle_request request = {.fields = field,
                                                 .nfields = nfields,
                                                 .precision = PVR_FLOAT64,
                                                 .position_precision = PVR_FLOAT64,
                                                 .units = PVR_UNITS_CODE,
                                                 .region = export->request->region};
    status = pvr_particles_load(export->snapshot, &request, export->request->out.threads,
                                pvr_mera_export_progress, export, &export->particles, error);
    return status == PVR_OK ? pvr_mera_export_points(export, table, error) : status;
}

enum pvr_status pvr_mera_export_clumps(struct pvr_mera_export *export,
                                       struct pvr_mera_out_table *table, struct pvr_error *error) {
    const enum pvr_status status = pvr_table_load(
        export->snapshot, PVR_TABLE_CLUMPS, export->request->out.threads, &export->clumps, error);
    if (status != PVR_OK) {
        return status;
    }
    if (export->request->region != NULL) {
        const enum pvr_status kept =
            pvr_table_keep_region(export->clumps, export->snapshot, export->request->region, error);
        if (kept != PVR_OK) {
            return kept;
        }
    }
    table->nrows = export->clumps->nrows;
    for (int i = 0; i < export->clumps->ncolumns; i++) {
        add(export, export->clumps->columns[i].name, export->clumps->columns[i].array, 0,
            PVR_MERA_OUT_FLOAT64);
    }
    return PVR_OK;
}
