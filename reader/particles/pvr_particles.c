/* pvr_particles.c - load a snapshot's particles: positions and chosen fields. */
#include "pvr_particles.h"

#include "pvr_mera_points.h"
#include "pvr_particle_fields.h"
#include "pvr_particle_fill.h"
#include "pvr_snapshot_private.h"
#include "pvr_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what is asked for ------------------------------------------------------------------------
 */

struct loading {
    struct pvr_snapshot *snapshot;
    const struct pvr_particle_request *request;
    struct pvr_job *job;
    struct pvr_particle_files *files;
    struct pvr_particle_work work;
    struct pvr_selection selection; /* of the region */
    struct pvr_particles *particles;
};

static int real_column(const struct pvr_particle_columns *columns, const char *name) {
    int i = pvr_particle_column_find(columns, name);
    return i >= 0 && columns->column[i].class == PVR_COLUMN_REAL ? i : -1;
}

static int whole_column(const struct pvr_particle_columns *columns, const char *name) {
    int i = pvr_particle_column_find(columns, name);
    return i >= 0 && columns->column[i].class == PVR_COLUMN_WHOLE ? i : -1;
}

static enum pvr_status check_request(const struct pvr_particle_request *request,
                                     struct pvr_error *error) {
    bool types =
        (request->precision == PVR_FLOAT32 || request->precision == PVR_FLOAT64) &&
        (request->position_precision == PVR_FLOAT32 || request->position_precision == PVR_FLOAT64);
    if (!types || !isfinite(request->length_factor) || request->nfields < 0 ||
        request->nfamilies < 0) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "particles are asked for with types %d and %d, length factor %g, %d fields "
                        "and %d families: not what this library takes",
                        (int)request->precision, (int)request->position_precision,
                        request->length_factor, request->nfields, request->nfamilies);
    }
    return PVR_OK;
}

/* Columns of a vector, or one column. */
static enum pvr_status aim_at_columns(const struct loading *loading, const int *column, int count,
                                      struct pvr_particle_target *target, struct pvr_error *error) {
    const struct pvr_particle_column *all = loading->files->columns.column;
    target->source = PVR_SOURCE_COLUMNS;
    for (int axis = 0; axis < count; axis++) {
        target->column[target->ncolumns] = column[axis];
        target->component[target->ncolumns++] = axis;
        if (all[column[axis]].width != all[column[0]].width) {
            return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                            "%s: the columns %s and %s have %u and %u bytes a value: no vector of "
                            "one precision",
                            loading->snapshot->path, all[column[0]].name, all[column[axis]].name,
                            all[column[0]].width, all[column[axis]].width);
        }
    }
    target->real = all[column[0]].class == PVR_COLUMN_REAL;
    return PVR_OK;
}

/* Derived fields; false if `name` is none of them. */
static bool aim_at_derived(const struct loading *loading, const char *name,
                           struct pvr_particle_target *target, struct pvr_unit *unit) {
    const struct pvr_info *info = &loading->snapshot->info;
    bool age = strcmp(name, PVR_PARTICLE_AGE) == 0;
    if (loading->work.birth >= 0 && (age || strcmp(name, PVR_PARTICLE_FORMATION) == 0)) {
        target->source = age ? PVR_SOURCE_AGE : PVR_SOURCE_FORMATION;
        target->real = true;
        *unit = pvr_particle_time_unit(info, loading->request->units);
        return true;
    }
    bool family = strcmp(name, PVR_PARTICLE_FAMILY) == 0;
    target->source = family ? PVR_SOURCE_FAMILY : PVR_SOURCE_DOMAIN;
    return family || strcmp(name, PVR_PARTICLE_DOMAIN) == 0;
}

static enum pvr_status aim(const struct loading *loading, const char *name,
                           struct pvr_particle_array *array, struct pvr_particle_target *target,
                           struct pvr_error *error) {
    const struct pvr_particle_columns *columns = &loading->files->columns;
    const struct pvr_particle_request *request = loading->request;
    const char *column_name = strcmp(name, "identity") == 0 ? "id"
                              : strcmp(name, "levelp") == 0 ? "level"
                                                            : name;
    int vector[3], column = pvr_particle_column_find(columns, column_name), ncomponents = 1;
    enum pvr_status status = PVR_OK;
    memset(target, 0, sizeof *target);
    snprintf(array->name, sizeof array->name, "%s", name);
    array->unit = (struct pvr_unit){1, ""};
    if (column >= 0 && column == loading->work.family) {
        column = -1; /* like the derived one */
    }
    if (column >= 0) {
        status = aim_at_columns(loading, &column, 1, target, error);
        array->unit = pvr_particle_column_unit(&loading->snapshot->info,
                                               columns->column[column].name, request->units);
    } else if (pvr_particle_vector_find(columns, name, vector) > 0) {
        ncomponents = 3;
        status = aim_at_columns(loading, vector, pvr_particle_vector_find(columns, name, vector),
                                target, error);
        array->unit = pvr_particle_column_unit(&loading->snapshot->info,
                                               columns->column[vector[0]].name, request->units);
    } else if (!aim_at_derived(loading, name, target, &array->unit)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: particles have no field called %s",
                        loading->snapshot->path, name);
    }
    bool position = strncmp(name, "position_", 9) == 0;
    target->factor =
        position && request->length_factor != 0 ? request->length_factor : array->unit.factor;
    array->ncomponents = target->source == PVR_SOURCE_COLUMNS ? target->ncolumns : 1;
    target->ncomponents = ncomponents;
    target->type = target->real ? request->precision
                   : column < 0 ? PVR_INT32
                                : pvr_particle_whole_type(&columns->column[column]);
    return status;
}

/* The position and the fields; their arrays come when it is known how many particles are kept. */
static enum pvr_status aim_at_all(struct loading *loading, struct pvr_error *error) {
    struct pvr_particles *particles = loading->particles;
    const struct pvr_particle_request *request = loading->request;
    struct pvr_particle_work *work = &loading->work;
    bool present = loading->files->columns.present;
    int nfields = present ? request->nfields : 0;
    work->target = calloc((size_t)nfields + 1, sizeof *work->target);
    particles->arrays = calloc((size_t)nfields + 1, sizeof *particles->arrays);
    if (work->target == NULL || particles->arrays == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %d fields", nfields);
    }
    struct pvr_particle_array *position = &particles->position;
    struct pvr_particle_target *first = &work->target[work->ntargets++];
    strcpy(position->name, "position");
    position->unit =
        (struct pvr_unit){request->length_factor != 0 ? request->length_factor : 1, ""};
    first->factor = position->unit.factor;
    first->ncomponents = 3;
    first->type = request->position_precision;
    enum pvr_status status = PVR_OK;
    if (present) {
        position->ncomponents = loading->snapshot->info.ndim;
        status = aim_at_columns(loading, work->position, position->ncomponents, first, error);
    }
    for (int i = 0; status == PVR_OK && i < nfields; i++) {
        if (strcmp(request->fields[i], "position") != 0) { /* it is there already */
            status = aim(loading, request->fields[i], &particles->arrays[particles->narrays++],
                         &work->target[work->ntargets++], error);
        }
    }
    return status;
}

static enum pvr_status make_arrays(struct loading *loading, struct pvr_error *error) {
    struct pvr_particles *particles = loading->particles;
    enum pvr_status status = PVR_OK;
    for (int i = 0; status == PVR_OK && i < loading->work.ntargets; i++) {
        struct pvr_particle_target *target = &loading->work.target[i];
        status = pvr_array_new(target->type, target->ncomponents, particles->count, &target->array,
                               error);
        struct pvr_particle_array *array =
            i == 0 ? &particles->position : &particles->arrays[i - 1];
        array->array = target->array;
    }
    return status;
}

/* Has the columns of Mera files in memory that the next step needs: those of a list (without -1),
 * and on demand those that tell families, ages and masses. */
static enum pvr_status hold(struct loading *loading, const int *columns, int count, bool known,
                            struct pvr_error *error) {
    const struct pvr_particle_work *work = &loading->work;
    const int known_columns[] = {work->family, work->birth, work->id, work->mass};
    if (loading->files->mera == NULL) {
        return PVR_OK;
    }
    bool wanted[PVR_MAX_PARTICLE_COLUMNS] = {false};
    for (int i = 0; i < count; i++) {
        if (columns[i] >= 0) {
            wanted[columns[i]] = true;
        }
    }
    for (int i = 0; known && i < 4; i++) {
        if (known_columns[i] >= 0) {
            wanted[known_columns[i]] = true;
        }
    }
    return pvr_mera_particles_hold(loading->files, wanted, loading->job, error);
}

/* ---- births -----------------------------------------------------------------------------------
 */

/* True if `key = .true.` stands in the text, not behind an exclamation mark. */
static bool is_set(const char *text, const char *key) {
    for (const char *at = text; (at = strcasestr(at, key)) != NULL; at++) {
        const char *line = at;
        while (line > text && line[-1] != '\n' && line[-1] != '!') {
            line--;
        }
        const char *value = at + strlen(key);
        value += strspn(value, " \t");
        bool comment = line > text && line[-1] == '!';
        bool inside = at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
        if (!comment && !inside && *value == '=') {
            value += 1 + strspn(value + 1, " \t");
            value += *value == '.' ? 1 : 0;
            if (*value == 't' || *value == 'T') {
                return true;
            }
        }
    }
    return false;
}

/* What birth_time means. Reads it where nothing else tells. */
static enum pvr_status tell_births(struct loading *loading, enum pvr_clock_kind *kind,
                                   struct pvr_error *error) {
    const struct pvr_info *info = &loading->snapshot->info;
    enum pvr_births births = loading->request->births;
    *kind = !info->cosmological           ? PVR_CLOCK_CODE
            : births == PVR_BIRTHS_PROPER ? PVR_CLOCK_PROPER
                                          : PVR_CLOCK_CONFORMAL;
    if (!info->cosmological || births != PVR_BIRTHS_TELL) {
        return PVR_OK;
    }
    char *text, *path = pvr_text_format("%s/namelist.txt", loading->snapshot->layout.text_folder);
    if (path != NULL && pvr_text_read(path, (size_t)1 << 20, &text, NULL) == PVR_OK) {
        *kind = is_set(text, "use_proper_time") || is_set(text, "rt_star") ? PVR_CLOCK_PROPER
                                                                           : PVR_CLOCK_CONFORMAL;
        free(text);
        free(path);
        return PVR_OK;
    }
    free(path);
    loading->work.latest = info->time + 1e-6 * fabs(info->time);
    enum pvr_status status = hold(loading, NULL, 0, true, error);
    if (status == PVR_OK) {
        status = pvr_particle_work_births(&loading->work, loading->job, error);
    }
    if (status == PVR_OK && loading->work.later) {
        *kind = PVR_CLOCK_PROPER;
        pvr_text_add_line(&loading->files->columns.warnings,
                          "stars are born after the output's conformal time: birth_time is taken "
                          "as proper time");
    }
    return status;
}

static enum pvr_status make_clock(struct loading *loading, struct pvr_error *error) {
    bool times = false;
    for (int i = 0; i < loading->request->nfields; i++) {
        times = times || strcmp(loading->request->fields[i], PVR_PARTICLE_AGE) == 0 ||
                strcmp(loading->request->fields[i], PVR_PARTICLE_FORMATION) == 0;
    }
    if (!times || loading->work.birth < 0) {
        return PVR_OK;
    }
    enum pvr_clock_kind kind;
    enum pvr_status status = tell_births(loading, &kind, error);
    return status != PVR_OK
               ? status
               : pvr_clock_make(&loading->snapshot->info, loading->snapshot->layout.amr.time, kind,
                                &loading->work.clock, error);
}

/* ---- loading ----------------------------------------------------------------------------------
 */

static bool has_region(const struct pvr_particle_request *request) {
    return request->region != NULL && request->region->type != PVR_REGION_NONE;
}

static bool has_ranks(const struct pvr_particle_request *request) {
    return request->split != NULL && request->split->nranks > 1;
}

/* Of the domains with levels[d - 1] != 0 (null: all) those of the rank; to be freed. */
static uint64_t *list_own(const struct pvr_particle_request *request, const uint64_t *levels,
                          struct pvr_error *error) {
    int ndomains = request->split->ndomains;
    uint64_t *own = malloc((size_t)ndomains * sizeof *own);
    if (own == NULL) {
        pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %d domains", ndomains);
        return NULL;
    }
    for (int i = 0; i < ndomains; i++) {
        bool wanted = levels == NULL || levels[i] != 0;
        own[i] = wanted && request->split->domain_rank[i] == request->rank;
    }
    return own;
}

/* Looks for the files that are wanted. A particle stands in the file of the domain that owned its
 * oct before it moved last: outputs are written between moving particles and handing them over
 * (RAMSES, amr/amr_step.f90), so that it may lie beyond the border, by less than a cell of
 * levelmin. The domains are those of a region that is larger by two. */
static enum pvr_status find_files(struct loading *loading, struct pvr_particle_columns *columns,
                                  struct pvr_error *error) {
    const struct pvr_layout *layout = &loading->snapshot->layout;
    struct pvr_selection wide = {.levels = NULL};
    enum pvr_status status = PVR_OK;
    if (has_region(loading->request) && loading->selection.nimages > 0) {
        struct pvr_region region = *loading->request->region;
        int level = loading->snapshot->info.levelmin > 1 ? loading->snapshot->info.levelmin : 1;
        double margin = ldexp(layout->amr.boxlen / layout->box.count[0], 1 - level);
        for (int axis = 0; axis < 3; axis++) {
            region.size[axis] += 2 * margin;
        }
        region.radius += margin;
        region.height += 2 * margin;
        status = pvr_selection_make(layout, &region, &wide, error);
    }
    const uint64_t *levels = wide.levels != NULL ? wide.levels : loading->selection.levels;
    uint64_t *own = NULL;
    if (status == PVR_OK && has_ranks(loading->request)) {
        own = list_own(loading->request, levels, error);
        status = own != NULL ? PVR_OK : PVR_ERROR_MEMORY;
        levels = own;
    }
    if (status == PVR_OK) {
        status =
            pvr_particle_files_read(layout, columns, levels, loading->job, &loading->files, error);
    } else {
        pvr_particle_columns_free(columns);
    }
    pvr_selection_free(&wide);
    free(own);
    return status;
}

/* Of the rows of a Mera file each rank has a part. */
static void keep_part(struct pvr_particle_work *work, int rank, int nranks) {
    size_t first = (size_t)rank * work->nchunks / (size_t)nranks;
    size_t last = ((size_t)rank + 1) * work->nchunks / (size_t)nranks;
    work->nchunks = last - first;
    memmove(work->chunk, work->chunk + first, work->nchunks * sizeof *work->chunk);
    memmove(work->cost, work->cost + first, work->nchunks * sizeof *work->cost);
    uint64_t out = 0;
    for (size_t i = 0; i < work->nchunks; i++) {
        work->chunk[i].out = out;
        out += work->chunk[i].count;
    }
}

static enum pvr_status plan(struct loading *loading, struct pvr_error *error) {
    const struct pvr_particle_request *request = loading->request;
    struct pvr_particle_work *work = &loading->work;
    struct pvr_particle_columns columns;
    enum pvr_status status = check_request(request, error);
    if (status == PVR_OK && has_region(request)) {
        status = pvr_region_check(request->region, error);
        if (status == PVR_OK) {
            status = pvr_selection_make(&loading->snapshot->layout, request->region,
                                        &loading->selection, error);
        }
    }
    if (status == PVR_OK && loading->snapshot->mera != NULL) {
        status = pvr_mera_particle_files(loading->snapshot, &loading->files, error);
    } else if (status == PVR_OK) {
        status = pvr_particle_columns_of(loading->snapshot, &columns, error);
    }
    if (status == PVR_OK && loading->snapshot->mera == NULL) {
        status = find_files(loading, &columns, error);
    }
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_particle_columns *found = &loading->files->columns;
    work->files = loading->files;
    work->family = whole_column(found, "family");
    work->birth = real_column(found, "birth_time");
    work->id = whole_column(found, "id");
    work->mass = real_column(found, "mass");
    pvr_particle_vector_find(found, "position", work->position);
    work->by_family = request->nfamilies > 0;
    for (int i = 0; i < request->nfamilies; i++) {
        if (request->families[i] >= -128 && request->families[i] <= 127) {
            work->wanted[request->families[i] + 128] = true;
        }
    }
    work->selection = has_region(request) ? &loading->selection : NULL;
    work->totals = request->totals;
    work->keep_every = request->keep_every > 1 ? request->keep_every : 1;
    status = pvr_particle_work_cut(work, error);
    if (status == PVR_OK && loading->snapshot->mera != NULL && has_ranks(request)) {
        keep_part(work, request->rank, request->split->nranks);
    }
    return status;
}

static enum pvr_status choose(struct loading *loading, struct pvr_error *error) {
    struct pvr_particle_work *work = &loading->work;
    struct pvr_particles *particles = loading->particles;
    uint64_t choosing = pvr_particle_work_choose_bytes(work);
    uint64_t filling = pvr_particle_work_fill_bytes(work);
    enum pvr_status status = PVR_OK;
    pvr_job_expect(loading->job, (choosing + filling) * loading->files->total);
    bool chooses = work->by_family || work->selection != NULL || work->keep_every > 1;
    if (chooses) {
        status = hold(loading, work->position, loading->snapshot->info.ndim, true, error);
    }
    if (status == PVR_OK && chooses) {
        status = pvr_particle_work_choose(work, loading->job, error);
    }
    const struct pvr_particle_columns *columns = &loading->files->columns;
    bool counted = loading->files->some && columns->counted;
    particles->total = counted ? columns->total : loading->files->total;
    particles->keep_every = work->keep_every;
    for (size_t i = 0; i < work->nchunks; i++) {
        particles->count += work->chunk[i].kept;
        particles->matching += work->chunk[i].matching;
        if (work->chunk[i].kept == 0) { /* is not read again: less is to be expected */
            pvr_job_expect(loading->job, 0 - filling * work->chunk[i].count);
        }
    }
    return status;
}

/* Adds `value` to *sum, with what rounding leaves out in *rest (Neumaier). */
static void add_to(double *sum, double *rest, double value) {
    double next = *sum + value;
    *rest += fabs(*sum) >= fabs(value) ? (*sum - next) + value : (value - next) + *sum;
    *sum = next;
}

static void note_totals(const struct pvr_particle_work *work, struct pvr_particles *particles) {
    double all[2] = {0, 0}, matter[2] = {0, 0};
    for (int place = 0; place < PVR_FAMILIES; place++) {
        uint64_t count = 0;
        double mass = 0, rest = 0;
        for (size_t i = 0; i < work->nchunks; i++) {
            count += work->sums[i].count[place];
            add_to(&mass, &rest, work->sums[i].mass[place]);
            add_to(&mass, &rest, work->sums[i].rest[place]);
        }
        if (count > 0) {
            int code = pvr_family_at(place);
            particles->family[particles->nfamilies++] =
                (struct pvr_particle_family){code, pvr_family_name(code), count, mass + rest};
            add_to(&all[0], &all[1], mass + rest);
            if (pvr_family_is_matter(code)) {
                add_to(&matter[0], &matter[1], mass + rest);
            }
        }
    }
    particles->mass = all[0] + all[1];
    particles->matter_mass = matter[0] + matter[1];
}

/* Array after array, so that few columns are in memory at a time. */
static enum pvr_status fill_one_by_one(struct loading *loading, struct pvr_error *error) {
    struct pvr_particle_work *work = &loading->work;
    struct pvr_particle_target *targets = work->target;
    int ntargets = work->ntargets;
    bool totals = work->totals;
    enum pvr_status status = PVR_OK;
    for (int i = 0; status == PVR_OK && i < ntargets + totals; i++) {
        work->totals = i == ntargets; /* by themselves, at the end */
        work->target = targets + i;
        work->ntargets = i < ntargets;
        bool columns = i < ntargets && targets[i].source == PVR_SOURCE_COLUMNS;
        status = hold(loading, columns ? targets[i].column : NULL,
                      columns ? targets[i].ncolumns : 0, !columns, error);
        if (status == PVR_OK) {
            status = pvr_particle_work_fill(work, loading->job, error);
        }
    }
    work->target = targets;
    work->ntargets = ntargets;
    work->totals = totals;
    return status;
}

static enum pvr_status fill(struct loading *loading, struct pvr_error *error) {
    struct pvr_particle_work *work = &loading->work;
    if (work->totals) {
        work->sums = calloc(work->nchunks + 1, sizeof *work->sums);
        if (work->sums == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for sums");
        }
    }
    enum pvr_status status = loading->files->mera != NULL
                                 ? fill_one_by_one(loading, error)
                                 : pvr_particle_work_fill(work, loading->job, error);
    if (status == PVR_OK && work->totals) {
        note_totals(work, loading->particles);
    }
    return status;
}

enum pvr_status pvr_particles_load(struct pvr_snapshot *snapshot,
                                   const struct pvr_particle_request *request,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_particles **particles,
                                   struct pvr_error *error) {
    *particles = NULL;
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    struct loading loading = {.snapshot = snapshot, .request = request, .job = &job};
    loading.particles = calloc(1, sizeof *loading.particles);
    status = loading.particles != NULL
                 ? plan(&loading, error)
                 : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for particles");
    if (status == PVR_OK) {
        status = aim_at_all(&loading, error);
    }
    if (status == PVR_OK) {
        status = choose(&loading, error);
    }
    if (status == PVR_OK) {
        status = make_clock(&loading, error);
    }
    if (status == PVR_OK) {
        status = make_arrays(&loading, error);
    }
    if (status == PVR_OK) {
        status = fill(&loading, error);
    }
    if (status == PVR_OK) {
        loading.particles->warnings = loading.files->columns.warnings;
        loading.files->columns.warnings = NULL;
    }
    pvr_particle_work_free(&loading.work);
    pvr_particle_files_free(loading.files);
    pvr_selection_free(&loading.selection);
    pvr_job_end(&job, status == PVR_OK ? &loading.particles->report : NULL);
    if (status != PVR_OK) {
        pvr_particles_free(loading.particles);
        return status;
    }
    *particles = loading.particles;
    return PVR_OK;
}

void pvr_particles_free(struct pvr_particles *particles) {
    if (particles == NULL) {
        return;
    }
    pvr_array_release(particles->position.array);
    for (int i = 0; particles->arrays != NULL && i < particles->narrays; i++) {
        pvr_array_release(particles->arrays[i].array);
    }
    pvr_report_free(&particles->report);
    free(particles->arrays);
    free(particles->warnings);
    free(particles);
}
