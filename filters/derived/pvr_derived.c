/* pvr_derived.c - computing derived fields of a mesh with all threads. */
#include "pvr_derived.h"

#include "pvr_derived_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A multiple of PVR_BLOCK: what a task does, and in the bulk velocity the run of a partial sum. */
enum { TASK_CELLS = 1 << 15 };

struct deriving {
    const struct pvr_octree *octree;
    const struct pvr_mesh_array *input[PVR_INPUTS];
    struct pvr_derived_constants constants;
    unsigned uses; /* closed */
    int count;
    const struct pvr_derived_entry **entry;
    struct pvr_mesh_array *out;
    double radius2;      /* of the cells whose mean velocity is looked for; infinite: all */
    struct moment *part; /* [task] */
};

/* ---- tasks ------------------------------------------------------------------------------------
 */

/* What a thread needs, kept from task to task in its buffer. */
struct scratch {
    struct pvr_cells cells;
    struct pvr_cursor cursor;
};

/* Takes the blocks of a task one after the other: the first with `next` false. */
static struct scratch *task_begin(const struct deriving *deriving, size_t task,
                                  struct pvr_worker *worker) {
    struct scratch *scratch = pvr_worker_buffer(worker, sizeof *scratch);
    if (scratch != NULL) {
        scratch->cells.constants = deriving->constants;
        if (deriving->uses & (PVR_USES_SIZE | PVR_USES_POSITION)) {
            pvr_cursor_begin(&scratch->cursor, deriving->octree, (uint64_t)task * TASK_CELLS);
        }
    }
    return scratch;
}

static uint64_t task_end(const struct deriving *deriving, size_t task) {
    uint64_t end = ((uint64_t)task + 1) * TASK_CELLS;
    return end < deriving->octree->ncells ? end : deriving->octree->ncells;
}

static void fill_block(const struct deriving *deriving, struct scratch *scratch, uint64_t first,
                       uint64_t end) {
    scratch->cells.count = end - first < PVR_BLOCK ? (int)(end - first) : PVR_BLOCK;
    pvr_cells_fill(&scratch->cells, deriving->uses, deriving->input, &scratch->cursor, first);
}

static enum pvr_status derive_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    const struct deriving *deriving = context;
    struct scratch *scratch = task_begin(deriving, task, worker);
    if (scratch == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a block of cells");
    }
    uint64_t end = task_end(deriving, task);
    for (uint64_t first = (uint64_t)task * TASK_CELLS; first < end; first += PVR_BLOCK) {
        fill_block(deriving, scratch, first, end);
        for (int i = 0; i < deriving->count; i++) {
            deriving->entry[i]->formula(&scratch->cells, scratch->cells.result);
            pvr_cells_store(&scratch->cells, deriving->out[i].array, deriving->out[i].unit.factor,
                            first);
        }
    }
    return PVR_OK;
}

/* ---- bulk velocity ----------------------------------------------------------------------------
 */

/* Compensated sums (Neumaier) of mass and momentum. */
struct moment {
    double value[4], lost[4];
};

static void add_to(struct moment *moment, int which, double value) {
    double *sum = &moment->value[which], total = *sum + value;
    moment->lost[which] +=
        fabs(*sum) >= fabs(value) ? (*sum - total) + value : (value - total) + *sum;
    *sum = total;
}

static enum pvr_status moment_task(void *context, size_t task, struct pvr_worker *worker,
                                   struct pvr_error *error) {
    const struct deriving *deriving = context;
    struct scratch *scratch = task_begin(deriving, task, worker);
    if (scratch == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a block of cells");
    }
    const struct pvr_cells *cells = &scratch->cells;
    struct moment moment = {{0}, {0}};
    uint64_t end = task_end(deriving, task);
    for (uint64_t first = (uint64_t)task * TASK_CELLS; first < end; first += PVR_BLOCK) {
        fill_block(deriving, scratch, first, end);
        for (int i = 0; i < cells->count; i++) {
            double mass = cells->density[i] * cells->volume[i]; /* NaN in refined cells */
            double momentum[3], check = mass;
            for (int axis = 0; axis < 3; axis++) {
                momentum[axis] = mass * cells->velocity[axis][i];
                check += momentum[axis];
            }
            bool inside = isinf(deriving->radius2) ||
                          cells->radius[i] * cells->radius[i] <= deriving->radius2;
            if (!inside || !isfinite(check)) {
                continue;
            }
            add_to(&moment, 0, mass);
            for (int axis = 0; axis < 3; axis++) {
                add_to(&moment, 1 + axis, momentum[axis]);
            }
        }
    }
    deriving->part[task] = moment;
    return PVR_OK;
}

static size_t count_tasks(const struct deriving *deriving) {
    return (size_t)((deriving->octree->ncells + TASK_CELLS - 1) / TASK_CELLS);
}

/* Mass and momentum of the leaves within `radius` of the centre (0: all). `mean` has the inputs. */
static enum pvr_status add_momentum(struct deriving *mean, double radius, struct pvr_job *job,
                                    double sums[4], struct pvr_error *error) {
    size_t ntasks = count_tasks(mean);
    mean->radius2 = radius > 0 ? radius * radius : (double)INFINITY;
    mean->part = calloc(ntasks + 1, sizeof *mean->part);
    enum pvr_status status =
        mean->part != NULL
            ? pvr_job_run(job, ntasks, NULL, moment_task, NULL, mean, error)
            : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the mean velocity's sums");
    struct moment all = {{0}, {0}};
    for (size_t task = 0; status == PVR_OK && task < ntasks; task++) {
        for (int i = 0; i < 4; i++) {
            add_to(&all, i, mean->part[task].value[i]);
            add_to(&all, i, mean->part[task].lost[i]);
        }
    }
    free(mean->part);
    mean->part = NULL;
    for (int i = 0; i < 4; i++) {
        sums[i] = all.value[i] + all.lost[i];
    }
    return status;
}

static enum pvr_status mean_of(const double sums[4], double radius, double velocity[3],
                               struct pvr_error *error) {
    if (!(sums[0] > 0)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "no leaf cell with mass lies within %g of the centre: there is no mean "
                        "velocity to subtract",
                        radius);
    }
    for (int axis = 0; axis < 3; axis++) {
        velocity[axis] = sums[1 + axis] / sums[0];
    }
    return PVR_OK;
}

/* ---- what is asked for ------------------------------------------------------------------------
 */

static bool finite3(const double v[3]) {
    return isfinite(v[0]) && isfinite(v[1]) && isfinite(v[2]);
}

static enum pvr_status check_options(const struct pvr_derived_options *options, unsigned uses,
                                     struct pvr_error *error) {
    const char *wrong = NULL;
    if (!(options->mean_molecular_weight > 0) || !isfinite(options->mean_molecular_weight)) {
        wrong = "the mean molecular weight is not above 0";
    } else if (!(options->hydrogen_fraction > 0 && options->hydrogen_fraction <= 1)) {
        wrong = "the hydrogen fraction is not above 0 and at most 1";
    } else if (!(options->solar_metallicity > 0 && options->solar_metallicity <= 1)) {
        wrong = "the solar metallicity is not above 0 and at most 1";
    } else if (!finite3(options->centre) || !finite3(options->axis) ||
               !finite3(options->bulk_velocity)) {
        wrong = "the centre, the axis or the bulk velocity is not finite";
    } else if (!(options->bulk_radius >= 0)) {
        wrong = "the radius of the bulk velocity is below 0";
    } else if ((int)options->bulk < PVR_BULK_NONE || options->bulk > PVR_BULK_MEAN) {
        wrong = "there is no such way to a bulk velocity";
    } else if ((uses & PVR_USES_GAMMA) != 0 && !(options->gamma > 0 && isfinite(options->gamma))) {
        wrong = "the adiabatic index is not known";
    } else if ((uses & PVR_USES_HEAT) != 0 && !(options->gamma > 1)) {
        wrong = "the adiabatic index is not above 1: there is no thermal energy";
    }
    return wrong == NULL ? PVR_OK
                         : pvr_fail(error, PVR_ERROR_ARGUMENT, "derived fields: %s", wrong);
}

/* Two axes across and the axis itself: for z they are x, y, z, for x y, z, x. */
static void make_frame(const double axis[3], double frame[3][3]) {
    int most = 0;
    for (int i = 1; i < 3; i++) { /* of equal components the later: nothing hangs on it */
        most = fabs(axis[i]) >= fabs(axis[most]) ? i : most;
    }
    double *n = frame[2], *first = frame[0], *second = frame[1];
    double scale = fabs(axis[most]), square = 0, along;
    for (int i = 0; i < 3; i++) {
        n[i] = axis[i] / scale; /* squares of what is not scaled might overflow */
        square += n[i] * n[i];
    }
    for (int i = 0; i < 3; i++) {
        n[i] /= sqrt(square);
    }
    along = n[(most + 1) % 3];
    square = 0;
    for (int i = 0; i < 3; i++) {
        first[i] = (i == (most + 1) % 3) - along * n[i];
        square += first[i] * first[i];
    }
    for (int i = 0; i < 3; i++) {
        first[i] /= sqrt(square);
    }
    for (int i = 0; i < 3; i++) {
        second[i] = n[(i + 1) % 3] * first[(i + 2) % 3] - n[(i + 2) % 3] * first[(i + 1) % 3];
    }
}

static void make_constants(const struct pvr_info *info, const struct pvr_derived_options *options,
                           struct pvr_derived_constants *constants) {
    const double pi = 3.14159265358979323846;
    double newton = PVR_NEWTON * info->unit_d * info->unit_t * info->unit_t;
    double velocity = info->unit_l / info->unit_t / PVR_LIGHT_SPEED;
    *constants = (struct pvr_derived_constants){
        .gamma = options->gamma,
        .heat = 1 / (options->gamma - 1),
        .jeans = pi / newton,
        .freefall = 3 * pi / (32 * newton),
        .newton = newton,
        .potential = velocity * velocity,
        .metallicity = 1 / options->solar_metallicity,
        /* RAMSES' unit of density is the mean of all matter */
        .baryons = info->omega_b / info->omega_m,
    };
    memcpy(constants->centre, options->centre, sizeof constants->centre);
    make_frame(options->axis, constants->frame);
    if (options->bulk == PVR_BULK_GIVEN) {
        memcpy(constants->bulk, options->bulk_velocity, sizeof constants->bulk);
    }
}

static bool fits(const struct pvr_mesh *mesh, const struct pvr_mesh_array *array, int ncomponents) {
    return array->array != NULL && array->array->ncomponents == ncomponents &&
           array->array->ntuples == mesh->octree->ncells &&
           (array->array->type == PVR_FLOAT32 || array->array->type == PVR_FLOAT64) &&
           isfinite(array->unit.factor) && array->unit.factor != 0;
}

/* Finds the arrays that `uses` asks for. */
static enum pvr_status bind_inputs(const struct pvr_mesh *mesh, unsigned uses,
                                   struct deriving *deriving, struct pvr_error *error) {
    const struct pvr_mesh_array *found[PVR_INPUTS] = {NULL};
    unsigned has = 0;
    for (int i = 0; i < PVR_INPUTS; i++) {
        const struct pvr_input_info *input = pvr_input_info((enum pvr_input)i);
        for (int a = 0; a < mesh->narrays && found[i] == NULL; a++) {
            if (strcmp(mesh->arrays[a].name, input->name) == 0 &&
                fits(mesh, &mesh->arrays[a], input->ncomponents)) {
                found[i] = &mesh->arrays[a];
                has |= 1u << i;
            }
        }
    }
    unsigned wanted = pvr_inputs_of(uses, has);
    for (int i = 0; i < PVR_INPUTS; i++) {
        deriving->input[i] = wanted >> i & 1 ? found[i] : NULL;
        if (wanted & ~has & 1u << i) {
            const struct pvr_input_info *input = pvr_input_info((enum pvr_input)i);
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "derived fields: the mesh has no array %s of %d float or double "
                            "components in a unit of known size",
                            input->name, input->ncomponents);
        }
    }
    deriving->octree = mesh->octree;
    deriving->uses = uses;
    return PVR_OK;
}

/* Mass and momentum of the mesh's cells. */
static enum pvr_status find_momentum(const struct pvr_mesh *mesh,
                                     const struct pvr_derived_options *options, struct pvr_job *job,
                                     double sums[4], struct pvr_error *error) {
    struct deriving mean = {.octree = mesh->octree};
    unsigned uses = PVR_USES_DENSITY | PVR_USES_VELOCITY | PVR_USES_SIZE;
    uses |= options->bulk_radius > 0 ? PVR_USES_POSITION : 0;
    enum pvr_status status = bind_inputs(mesh, uses, &mean, error);
    if (status == PVR_OK) {
        memcpy(mean.constants.centre, options->centre, sizeof mean.constants.centre);
        status = add_momentum(&mean, options->bulk_radius, job, sums, error);
    }
    return status;
}

/* The bulk velocity by the mean of the mesh's cells. */
static enum pvr_status find_mean(const struct pvr_mesh *mesh,
                                 const struct pvr_derived_options *options, struct pvr_job *job,
                                 double velocity[3], struct pvr_error *error) {
    double sums[4];
    enum pvr_status status = find_momentum(mesh, options, job, sums, error);
    return status == PVR_OK ? mean_of(sums, options->bulk_radius, velocity, error) : status;
}

/* ---- entry points -----------------------------------------------------------------------------
 */

enum pvr_status pvr_derived_bulk_velocity(const struct pvr_mesh *mesh,
                                          const struct pvr_derived_options *options,
                                          const struct pvr_threads *threads, double velocity[3],
                                          struct pvr_error *error) {
    const struct pvr_derived_options all =
        pvr_derived_complete(options, mesh->octree->origin, mesh->octree->size);
    velocity[0] = velocity[1] = velocity[2] = 0;
    enum pvr_status status = check_options(&all, 0, error);
    if (status == PVR_OK && all.bulk == PVR_BULK_GIVEN) {
        memcpy(velocity, all.bulk_velocity, 3 * sizeof *velocity);
    }
    if (status != PVR_OK || all.bulk != PVR_BULK_MEAN) {
        return status;
    }
    struct pvr_job job;
    status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status == PVR_OK) {
        status = find_mean(mesh, &all, &job, velocity, error);
        pvr_job_end(&job, NULL);
    }
    return status;
}

enum pvr_status pvr_derived_momentum(const struct pvr_mesh *mesh,
                                     const struct pvr_derived_options *options,
                                     const struct pvr_threads *threads, double sums[4],
                                     struct pvr_error *error) {
    const struct pvr_derived_options all =
        pvr_derived_complete(options, mesh->octree->origin, mesh->octree->size);
    memset(sums, 0, 4 * sizeof *sums);
    enum pvr_status status = check_options(&all, 0, error);
    struct pvr_job job;
    if (status == PVR_OK) {
        status = pvr_job_begin(&job, threads, NULL, NULL, error);
    }
    if (status == PVR_OK) {
        status = find_momentum(mesh, &all, &job, sums, error);
        pvr_job_end(&job, NULL);
    }
    return status;
}

/* Names, units and empty arrays of what is asked for. */
static enum pvr_status make_outputs(const struct pvr_info *info,
                                    const struct pvr_derived_request *request,
                                    const struct pvr_derived_options *options,
                                    struct deriving *deriving, struct pvr_error *error) {
    for (int i = 0; i < request->count; i++) {
        const struct pvr_derived_info *derived = &deriving->entry[i]->info;
        struct pvr_mesh_array *array = &deriving->out[i];
        strncpy(array->name, derived->name, sizeof array->name - 1);
        array->unit = pvr_derived_unit(derived, info, options, request->units);
        array->ncomponents = derived->ncomponents;
        bool wide = !(array->unit.factor < 1e28 && array->unit.factor > 1e-28);
        enum pvr_status status =
            pvr_array_new(wide ? PVR_FLOAT64 : request->precision, derived->ncomponents,
                          deriving->octree->ncells, &array->array, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    return PVR_OK;
}

/* Finds the entries; returns what they use in *uses, closed. */
static enum pvr_status find_entries(const struct pvr_info *info,
                                    const struct pvr_derived_request *request,
                                    struct deriving *deriving, unsigned *uses,
                                    struct pvr_error *error) {
    *uses = 0;
    if (request->precision != PVR_FLOAT32 && request->precision != PVR_FLOAT64) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "derived fields are float or double, not %d",
                        (int)request->precision);
    }
    for (int i = 0; i < request->count; i++) {
        deriving->entry[i] = pvr_derived_entry(request->names[i]);
        if (deriving->entry[i] == NULL) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "there is no derived field %s",
                            request->names[i]);
        }
        *uses |= pvr_derived_all_uses(deriving->entry[i]->uses);
    }
    if ((*uses & PVR_USES_BARYON_MEAN) != 0 &&
        !(info->cosmological && info->omega_b > 0 && info->omega_m > 0)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "overdensity: the output is not of a cosmological run with baryons");
    }
    return PVR_OK;
}

enum pvr_status pvr_derive(const struct pvr_mesh *mesh, const struct pvr_info *info,
                           const struct pvr_derived_request *request,
                           const struct pvr_derived_options *options,
                           const struct pvr_threads *threads, pvr_progress_fn progress,
                           void *progress_context, struct pvr_mesh_array *out,
                           struct pvr_report *report, struct pvr_error *error) {
    size_t count = request->count > 0 ? (size_t)request->count : 0;
    const struct pvr_derived_options all =
        pvr_derived_complete(options, mesh->octree->origin, mesh->octree->size);
    struct deriving deriving = {.octree = mesh->octree, .count = (int)count, .out = out};
    struct pvr_job job;
    unsigned uses;
    memset(out, 0, count * sizeof *out);
    if (report != NULL) {
        memset(report, 0, sizeof *report);
    }
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    deriving.entry = calloc(count + 1, sizeof *deriving.entry);
    if (deriving.entry == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %zu derived fields", count);
    }
    if (status == PVR_OK) {
        status = find_entries(info, request, &deriving, &uses, error);
    }
    if (status == PVR_OK) {
        status = check_options(&all, uses, error);
    }
    if (status == PVR_OK) {
        status = bind_inputs(mesh, uses, &deriving, error);
    }
    if (status == PVR_OK) {
        make_constants(info, &all, &deriving.constants);
        if (all.bulk == PVR_BULK_MEAN && (uses & PVR_USES_VELOCITY) != 0) {
            status = find_mean(mesh, &all, &job, deriving.constants.bulk, error);
        }
    }
    if (status == PVR_OK) {
        status = make_outputs(info, request, &all, &deriving, error);
    }
    if (status == PVR_OK && count > 0) {
        status =
            pvr_job_run(&job, count_tasks(&deriving), NULL, derive_task, NULL, &deriving, error);
    }
    free(deriving.entry);
    pvr_job_end(&job, status == PVR_OK ? report : NULL);
    for (size_t i = 0; status != PVR_OK && i < count; i++) {
        pvr_array_release(out[i].array);
        memset(&out[i], 0, sizeof out[i]);
    }
    return status;
}
