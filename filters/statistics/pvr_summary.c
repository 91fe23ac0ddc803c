/* pvr_summary.c - what is in a mesh or among particles, level by level or family by family.
 *
 * Cells (particles) are cut into chunks of consecutive indices, at most some thousands of them,
 * which depend on their number alone. A task sums up a chunk by groups; the sums of the chunks are
 * then added in their order.
 */
#include "pvr_summary.h"

#include "pvr_array_values.h"
#include "pvr_octree_rank.h"
#include "pvr_positions.h"
#include "pvr_sum.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 1 << 15,    /* cells of a chunk, at least */
    MOST_CHUNKS = 4096, /* of these, before chunks become larger */
    GROUPS = 257,       /* groups of a chunk: -128 .. 127, and others */
    FIRST_GROUP = -128,
    OCTS_AT_ONCE = 256
};

/* Sums over some cells. Positions are relative to a point in their middle. */
struct moments {
    uint64_t count;
    struct pvr_sum volume, mass, position[3], velocity[3], angular[3];
};

struct column_sums {
    struct pvr_sum sum, volume, mass_sum, mass; /* over finite values */
    double min, max;
    uint64_t not_finite;
};

/* Of one group in one chunk; followed by the sums of the columns. */
struct part {
    int group;
    struct moments moments;
    struct column_sums column[];
};

struct summing {
    const struct pvr_summary_request *request;
    const struct pvr_octree *octree; /* null: particles */
    struct pvr_leaf_place place;
    const struct pvr_array *positions, *groups;
    struct column {
        const struct pvr_array *array;
        int component;
    } * column;
    int ncolumns;
    double middle[3];
    uint64_t ncells, chunk, nchunks;
    struct chunk {
        int nparts;
        struct part **part; /* by rising group */
    } * chunks;
};

static size_t part_bytes(const struct summing *summing) {
    return sizeof(struct part) + (size_t)summing->ncolumns * sizeof(struct column_sums);
}

static struct part *new_part(const struct summing *summing, int group) {
    struct part *part = calloc(1, part_bytes(summing));
    for (int i = 0; part != NULL && i < summing->ncolumns; i++) {
        part->column[i].min = (double)INFINITY;
        part->column[i].max = -(double)INFINITY;
    }
    if (part != NULL) {
        part->group = group;
    }
    return part;
}

/* Adds a cell or a particle. */
static void add_one(const struct summing *summing, struct part *part, uint64_t index,
                    const double at[3], double volume) {
    const struct pvr_summary_request *request = summing->request;
    struct moments *moments = &part->moments;
    double mass = 0;
    moments->count++;
    pvr_sum_add(&moments->volume, volume);
    if (request->mass != NULL) {
        mass = pvr_value(request->mass, index, 0) * (request->mass_is_density ? volume : 1);
    }
    if (request->mass != NULL && isfinite(mass)) {
        double x[3], v[3] = {0, 0, 0};
        pvr_sum_add(&moments->mass, mass);
        for (int i = 0; i < 3; i++) {
            x[i] = at[i] - summing->middle[i];
            pvr_sum_add(&moments->position[i], mass * x[i]);
        }
        if (request->velocity != NULL) {
            for (int i = 0; i < 3; i++) {
                v[i] = pvr_value(request->velocity, index, i);
                pvr_sum_add(&moments->velocity[i], mass * v[i]);
            }
            for (int i = 0; i < 3; i++) {
                int j = (i + 1) % 3, k = (i + 2) % 3;
                pvr_sum_add(&moments->angular[i], mass * (x[j] * v[k] - x[k] * v[j]));
            }
        }
    } else {
        mass = 0;
    }
    for (int c = 0; c < summing->ncolumns; c++) {
        struct column_sums *column = &part->column[c];
        double value = pvr_value(summing->column[c].array, index, summing->column[c].component);
        if (!isfinite(value)) {
            column->not_finite++;
            continue;
        }
        pvr_sum_add(&column->sum, value * volume);
        pvr_sum_add(&column->volume, volume);
        pvr_sum_add(&column->mass_sum, mass * value);
        pvr_sum_add(&column->mass, mass);
        column->min = value < column->min ? value : column->min;
        column->max = value > column->max ? value : column->max;
    }
}

/* The part of `group` among a chunk's; made if it is not there; null for want of memory. */
static struct part *part_of(const struct summing *summing, struct part *parts[GROUPS], int group) {
    int place = group - FIRST_GROUP;
    place = place < 0 || place >= GROUPS - 1 ? GROUPS - 1 : place;
    if (parts[place] == NULL) {
        parts[place] = new_part(summing, place == GROUPS - 1 ? INT_MAX : group);
    }
    return parts[place];
}

/* ---- cells */

/* Volume of a cell of a level in the world's lengths, and its sides by world axis. */
static double cell_sides(const struct summing *summing, int level, double side[3]) {
    const struct pvr_octree *octree = summing->octree;
    double volume = 1;
    for (int axis = 0; axis < octree->ndim; axis++) {
        side[axis] = summing->place.factor * ldexp(octree->size[axis] / octree->root_dims[axis],
                                                   octree->root_level - level);
        volume *= side[axis];
    }
    return volume;
}

/* Adds the leaves among the cells of some octs, or a tree's root cell; `at` of the octs' first
 * cells on the grid of the level. */
static void add_octs(const struct summing *summing, struct part *part, int level, uint64_t first,
                     uint64_t count, const uint32_t (*oct_at)[3], uint64_t cell) {
    const struct pvr_octree *octree = summing->octree;
    const struct pvr_octree_level *here = &octree->level[level];
    const bool roots = level == octree->root_level;
    const unsigned ncells = roots ? 1 : (unsigned)octree->cells_per_oct;
    double side[3], at[3];
    double volume = cell_sides(summing, level, side);
    memcpy(at, summing->place.plane, sizeof at);
    for (uint64_t o = 0; o < count; o++) {
        uint64_t oct = first + o;
        unsigned no_leaves =
            roots ? pvr_no_leaves(here, oct >> 3) >> (oct & 7) & 1 : pvr_no_leaves(here, oct);
        for (unsigned c = 0; c < ncells; c++, cell++) {
            if ((no_leaves >> c & 1) != 0) {
                continue;
            }
            for (int axis = 0; axis < octree->ndim; axis++) {
                double number = (roots ? oct_at[o][axis] : 2.0 * oct_at[o][axis] + (c >> axis & 1));
                at[summing->place.axis[axis]] =
                    octree->origin[axis] * summing->place.factor + (number + 0.5) * side[axis];
            }
            add_one(summing, part, cell, at, volume);
        }
    }
}

static enum pvr_status add_cells(const struct summing *summing, uint64_t begin, uint64_t end,
                                 struct part *parts[GROUPS]) {
    const struct pvr_octree *octree = summing->octree;
    const uint64_t ncells = (uint64_t)octree->cells_per_oct;
    struct pvr_run run = pvr_run_at(octree, begin);
    struct pvr_walk walk;
    pvr_walk_begin(&walk, octree);
    do {
        if (run.cell >= end) {
            break;
        }
        struct part *part = part_of(summing, parts, run.level);
        if (part == NULL) {
            return PVR_ERROR_MEMORY;
        }
        uint32_t at[OCTS_AT_ONCE][3];
        if (run.level == octree->root_level) {
            if (run.cell >= begin) {
                pvr_tree_coordinate(octree, run.tree, at[0]);
                add_octs(summing, part, run.level, run.tree, 1, (const uint32_t(*)[3])at, run.cell);
            }
            continue;
        }
        /* the octs whose first cells are in the chunk */
        uint64_t skip = begin > run.cell ? (begin - run.cell + ncells - 1) / ncells : 0;
        uint64_t stop = (end - run.cell + ncells - 1) / ncells;
        stop = stop < run.ncells / ncells ? stop : run.ncells / ncells;
        for (uint64_t o = skip; o < stop; o += OCTS_AT_ONCE) {
            uint64_t count = stop - o < OCTS_AT_ONCE ? stop - o : OCTS_AT_ONCE;
            pvr_walk_octs(&walk, run.level, run.oct + o, count, at);
            add_octs(summing, part, run.level, run.oct + o, count, (const uint32_t(*)[3])at,
                     run.cell + o * ncells);
        }
    } while (pvr_run_next(octree, &run));
    return PVR_OK;
}

/* ---- particles */

static enum pvr_status add_points(const struct summing *summing, uint64_t begin, uint64_t end,
                                  struct part *parts[GROUPS]) {
    for (uint64_t i = begin; i < end; i++) {
        double at[3];
        for (int axis = 0; axis < 3; axis++) {
            at[axis] = pvr_value(summing->positions, i, axis);
        }
        int group = summing->groups != NULL ? (int)pvr_value(summing->groups, i, 0) : 0;
        struct part *part = part_of(summing, parts, group);
        if (part == NULL) {
            return PVR_ERROR_MEMORY;
        }
        add_one(summing, part, i, at, 1);
    }
    return PVR_OK;
}

static enum pvr_status sum_chunk(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    struct summing *summing = context;
    struct part *parts[GROUPS] = {NULL};
    uint64_t begin = (uint64_t)task * summing->chunk, end = begin + summing->chunk;
    end = end < summing->ncells ? end : summing->ncells;
    enum pvr_status status = summing->octree != NULL ? add_cells(summing, begin, end, parts)
                                                     : add_points(summing, begin, end, parts);
    struct chunk *chunk = &summing->chunks[task];
    for (int g = 0; g < GROUPS; g++) {
        chunk->nparts += parts[g] != NULL;
    }
    chunk->part = calloc((size_t)chunk->nparts + 1, sizeof(struct part *));
    int n = 0;
    for (int g = 0; g < GROUPS; g++) {
        if (parts[g] != NULL && chunk->part != NULL) {
            chunk->part[n++] = parts[g];
        } else {
            free(parts[g]);
        }
    }
    chunk->nparts = n;
    pvr_job_add_done(worker, end - begin);
    return status == PVR_OK && chunk->part != NULL
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for sums");
}

/* ---- putting it together */

static void join(const struct summing *summing, struct part *all, const struct part *part) {
    struct moments *to = &all->moments;
    const struct moments *from = &part->moments;
    to->count += from->count;
    pvr_sum_join(&to->volume, &from->volume);
    pvr_sum_join(&to->mass, &from->mass);
    for (int i = 0; i < 3; i++) {
        pvr_sum_join(&to->position[i], &from->position[i]);
        pvr_sum_join(&to->velocity[i], &from->velocity[i]);
        pvr_sum_join(&to->angular[i], &from->angular[i]);
    }
    for (int c = 0; c < summing->ncolumns; c++) {
        struct column_sums *a = &all->column[c];
        const struct column_sums *b = &part->column[c];
        pvr_sum_join(&a->sum, &b->sum);
        pvr_sum_join(&a->volume, &b->volume);
        pvr_sum_join(&a->mass_sum, &b->mass_sum);
        pvr_sum_join(&a->mass, &b->mass);
        a->min = b->min < a->min ? b->min : a->min;
        a->max = b->max > a->max ? b->max : a->max;
        a->not_finite += b->not_finite;
    }
}

static double ratio(const struct pvr_sum *sum, const struct pvr_sum *by) {
    double divisor = pvr_sum_total(by);
    return divisor != 0 ? pvr_sum_total(sum) / divisor : (double)NAN;
}

static void set_row(const struct summing *summing, const struct part *part, const double about[3],
                    struct pvr_summary_row *row) {
    const struct moments *moments = &part->moments;
    const bool has_mass = summing->request->mass != NULL;
    const bool moves = has_mass && summing->request->velocity != NULL;
    row->group = part->group;
    row->count = moments->count;
    row->volume = summing->octree != NULL ? pvr_sum_total(&moments->volume) : (double)NAN;
    row->mass = has_mass ? pvr_sum_total(&moments->mass) : (double)NAN;
    double momentum[3];
    for (int i = 0; i < 3; i++) {
        row->centre[i] = summing->middle[i] + ratio(&moments->position[i], &moments->mass);
        row->velocity[i] = moves ? ratio(&moments->velocity[i], &moments->mass) : (double)NAN;
        momentum[i] = pvr_sum_total(&moments->velocity[i]);
    }
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        double shift = (about[j] - summing->middle[j]) * momentum[k] -
                       (about[k] - summing->middle[k]) * momentum[j];
        row->angular_momentum[i] =
            moves ? pvr_sum_total(&moments->angular[i]) - shift : (double)NAN;
    }
    for (int c = 0; c < summing->ncolumns; c++) {
        const struct column_sums *column = &part->column[c];
        bool any = column->not_finite < moments->count;
        row->value[c] =
            (struct pvr_summary_value){.min = any ? column->min : (double)NAN,
                                       .max = any ? column->max : (double)NAN,
                                       .mean = ratio(&column->sum, &column->volume),
                                       .mass_mean = ratio(&column->mass_sum, &column->mass),
                                       .volume = pvr_sum_total(&column->volume),
                                       .mass = pvr_sum_total(&column->mass),
                                       .not_finite = column->not_finite};
    }
}

static enum pvr_status put_together(const struct summing *summing, struct pvr_summary *summary,
                                    struct pvr_error *error) {
    struct part *all = new_part(summing, INT_MIN), *parts[GROUPS] = {NULL};
    int nrows = 1;
    bool enough = all != NULL;
    for (uint64_t i = 0; enough && i < summing->nchunks; i++) {
        for (int p = 0; enough && p < summing->chunks[i].nparts; p++) {
            const struct part *from = summing->chunks[i].part[p];
            if (from->moments.count == 0) {
                continue; /* octs without leaves */
            }
            struct part *to = part_of(summing, parts, from->group);
            enough = to != NULL;
            if (enough) {
                nrows += to->moments.count == 0;
                join(summing, to, from);
                join(summing, all, from);
            }
        }
    }
    summary->row = enough ? calloc((size_t)nrows, sizeof *summary->row) : NULL;
    enough = summary->row != NULL;
    for (int r = 0; enough && r < nrows; r++) {
        summary->row[r].value =
            calloc((size_t)summing->ncolumns + 1, sizeof *summary->row[r].value);
        enough = summary->row[r].value != NULL;
        summary->nrows = r + 1;
    }
    if (enough) {
        for (int i = 0; i < 3; i++) {
            summary->about[i] =
                summing->request->has_about
                    ? summing->request->about[i]
                    : summing->middle[i] + ratio(&all->moments.position[i], &all->moments.mass);
        }
        set_row(summing, all, summary->about, &summary->row[0]);
        int r = 1;
        for (int g = 0; g < GROUPS; g++) {
            if (parts[g] != NULL) {
                set_row(summing, parts[g], summary->about, &summary->row[r++]);
            }
        }
    }
    free(all);
    for (int g = 0; g < GROUPS; g++) {
        free(parts[g]);
    }
    return enough ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for sums");
}

/* Lists the components of the arrays of real numbers. */
static enum pvr_status list_columns(struct summing *summing, const struct pvr_mesh_array *arrays,
                                    int narrays, struct pvr_summary *summary,
                                    struct pvr_error *error) {
    size_t most = 3 * (size_t)narrays + 1;
    summing->column = calloc(most, sizeof *summing->column);
    summary->column = calloc(most, sizeof *summary->column);
    if (summing->column == NULL || summary->column == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for sums");
    }
    for (int a = 0; a < narrays; a++) {
        const struct pvr_array *array = arrays[a].array;
        if (!pvr_is_real(array) || (array->ncomponents != 1 && array->ncomponents != 3)) {
            continue;
        }
        for (int c = 0; c < array->ncomponents; c++) {
            struct pvr_summary_column *column = &summary->column[summing->ncolumns];
            if (array->ncomponents == 1) {
                snprintf(column->name, sizeof column->name, "%s", arrays[a].name);
            } else {
                snprintf(column->name, sizeof column->name, "%.*s_%c", PVR_NAME_SIZE - 3,
                         arrays[a].name, "xyz"[c]);
            }
            snprintf(column->unit, sizeof column->unit, "%s",
                     arrays[a].unit.label != NULL ? arrays[a].unit.label : "");
            summing->column[summing->ncolumns++] = (struct column){array, c};
        }
    }
    summary->ncolumns = summing->ncolumns;
    return PVR_OK;
}

static enum pvr_status check_request(const struct summing *summing, struct pvr_error *error) {
    const struct pvr_summary_request *request = summing->request;
    if (request->mass != NULL &&
        (request->mass->ncomponents != 1 || request->mass->ntuples < summing->ncells)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "a mass must be one number a cell");
    }
    if (request->velocity != NULL &&
        (request->velocity->ncomponents != 3 || request->velocity->ntuples < summing->ncells)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "a velocity must have three components");
    }
    return PVR_OK;
}

static enum pvr_status summarize(struct summing *summing, const struct pvr_mesh_array *arrays,
                                 int narrays, const struct pvr_threads *threads,
                                 pvr_progress_fn progress, void *progress_context,
                                 struct pvr_summary *summary, struct pvr_error *error) {
    memset(summary, 0, sizeof *summary);
    struct pvr_job job;
    enum pvr_status status = pvr_job_begin(&job, threads, progress, progress_context, error);
    if (status != PVR_OK) {
        return status;
    }
    status = check_request(summing, error);
    summing->chunk = CHUNK;
    while (summing->chunk * MOST_CHUNKS < summing->ncells) {
        summing->chunk *= 2;
    }
    summing->nchunks = (summing->ncells + summing->chunk - 1) / summing->chunk;
    summing->chunks = calloc(summing->nchunks + 1, sizeof *summing->chunks);
    if (status == PVR_OK && summing->chunks == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for sums");
    }
    if (status == PVR_OK) {
        status = list_columns(summing, arrays, narrays, summary, error);
    }
    if (status == PVR_OK && summing->nchunks > 0) {
        pvr_job_expect(&job, summing->ncells);
        status = pvr_job_run(&job, (size_t)summing->nchunks, NULL, sum_chunk, NULL, summing, error);
    }
    if (status == PVR_OK) {
        status = put_together(summing, summary, error);
    }
    for (uint64_t i = 0; summing->chunks != NULL && i < summing->nchunks; i++) {
        for (int p = 0; p < summing->chunks[i].nparts; p++) {
            free(summing->chunks[i].part[p]);
        }
        free(summing->chunks[i].part);
    }
    free(summing->chunks);
    free(summing->column);
    pvr_job_end(&job, &summary->report);
    if (status != PVR_OK) {
        pvr_summary_free(summary);
    }
    return status;
}

enum pvr_status pvr_summarize_mesh(const struct pvr_mesh *mesh, const struct pvr_leaf_place *place,
                                   const struct pvr_summary_request *request,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_summary *summary,
                                   struct pvr_error *error) {
    const struct pvr_octree *octree = mesh->octree;
    struct summing summing = {.request = request,
                              .octree = octree,
                              .place = {{0, 1, 2}, {0, 0, 0}, 1},
                              .ncells = octree->ncells};
    if (place != NULL) {
        summing.place = *place;
    }
    memcpy(summing.middle, summing.place.plane, sizeof summing.middle);
    for (int axis = 0; axis < octree->ndim; axis++) {
        summing.middle[summing.place.axis[axis]] =
            (octree->origin[axis] + 0.5 * octree->size[axis]) * summing.place.factor;
    }
    return summarize(&summing, mesh->arrays, mesh->narrays, threads, progress, progress_context,
                     summary, error);
}

enum pvr_status pvr_summarize_points(const struct pvr_array *positions,
                                     const struct pvr_array *groups,
                                     const struct pvr_mesh_array *arrays, int narrays,
                                     const struct pvr_summary_request *request,
                                     const struct pvr_threads *threads, pvr_progress_fn progress,
                                     void *progress_context, struct pvr_summary *summary,
                                     struct pvr_error *error) {
    struct summing summing = {
        .request = request, .positions = positions, .groups = groups, .ncells = positions->ntuples};
    for (int axis = 0; axis < 3 && positions->ntuples > 0; axis++) {
        summing.middle[axis] = pvr_value(positions, 0, axis); /* any point nearby will do */
    }
    return summarize(&summing, arrays, narrays, threads, progress, progress_context, summary,
                     error);
}

void pvr_summary_free(struct pvr_summary *summary) {
    for (int r = 0; r < summary->nrows; r++) {
        free(summary->row[r].value);
    }
    free(summary->row);
    free(summary->column);
    pvr_report_free(&summary->report);
    memset(summary, 0, sizeof *summary);
}
