/* pvr_coarsen.c - a mesh with fewer levels: finer cells averaged, coarser ones left out. */
#include "pvr_coarsen.h"

#include "pvr_derived.h"
#include "pvr_octree_build.h"
#include "pvr_octree_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OCTS_PER_TASK = 4096, COMPONENTS = 3 };

enum pvr_coarsening pvr_coarsening_of(const char *name) {
    const struct pvr_derived_info *derived = pvr_derived_find(name);
    if (derived == NULL || !derived->of_leaves) {
        return PVR_COARSEN_MEAN;
    }
    return derived->dimension == PVR_DERIVED_LENGTH ? PVR_COARSEN_LENGTH : PVR_COARSEN_SUM;
}

/* Some octs of a level of a tree (some trees' roots, at the root level). */
struct piece {
    int level;
    uint64_t tree, oct, count;
};

struct coarsening {
    const struct pvr_mesh *mesh;
    const struct pvr_coarsen_request *request;
    struct pvr_octree *octree; /* of the result */
    struct pvr_mesh *result;
    enum pvr_coarsening *how;
    size_t npieces;
    struct piece *pieces;
};

static double value_at(const struct pvr_array *array, uint64_t index, int component) {
    const uint64_t place = index * (uint64_t)array->ncomponents + (uint64_t)component;
    return array->type == PVR_FLOAT32 ? (double)((const float *)array->data)[place]
                                      : ((const double *)array->data)[place];
}

static void set_value(struct pvr_array *array, uint64_t index, int component, double value) {
    const uint64_t place = index * (uint64_t)array->ncomponents + (uint64_t)component;
    if (array->type == PVR_FLOAT32) {
        ((float *)array->data)[place] = (float)value;
    } else {
        ((double *)array->data)[place] = value;
    }
}

static bool is_real(const struct pvr_array *array) {
    return array->type == PVR_FLOAT32 || array->type == PVR_FLOAT64;
}

/* What is found in a cell: values and the part of its volume that is inside. */
struct content {
    double value[COMPONENTS], inside;
};

/* Adds up the cells of an oct. */
static struct content oct_content(const struct pvr_octree *octree, const struct pvr_array *array,
                                  enum pvr_coarsening how, uint64_t tree, int l, uint64_t oct) {
    const struct pvr_octree_level *level = &octree->level[l];
    const uint64_t first =
        level->tree_cell[tree] + (oct - level->tree_first[tree]) * (uint64_t)octree->cells_per_oct;
    const double part = 1.0 / octree->cells_per_oct;
    struct content sum = {.inside = 0};
    for (unsigned c = 0; c < (unsigned)octree->cells_per_oct; c++) {
        struct content cell = {.inside = 0};
        if (pvr_is_refined(level, oct, c)) {
            cell = oct_content(octree, array, how, tree, l + 1, pvr_rank(level, oct, c));
        } else if (!pvr_is_outside(level, oct, c)) {
            cell.inside = 1;
            for (int k = 0; k < array->ncomponents; k++) {
                cell.value[k] = value_at(array, first + c, k);
            }
        }
        if (cell.inside > 0) {
            for (int k = 0; k < array->ncomponents; k++) {
                if (how == PVR_COARSEN_LENGTH) {
                    sum.value[k] = 2 * cell.value[k];
                } else {
                    sum.value[k] +=
                        how == PVR_COARSEN_MEAN ? cell.inside * cell.value[k] : cell.value[k];
                }
            }
            sum.inside += how == PVR_COARSEN_MEAN ? cell.inside : cell.inside * part;
        }
    }
    if (how == PVR_COARSEN_MEAN && sum.inside > 0) {
        for (int k = 0; k < array->ncomponents; k++) {
            sum.value[k] /= sum.inside;
        }
        sum.inside *= part;
    }
    return sum;
}

/* Place of a piece's first cell in an octree. */
static uint64_t first_cell(const struct pvr_octree *octree, const struct piece *piece) {
    const struct pvr_octree_level *level = &octree->level[piece->level];
    return piece->level == octree->root_level
               ? level->tree_cell[piece->tree]
               : level->tree_cell[piece->tree] + (piece->oct - level->tree_first[piece->tree]) *
                                                     (uint64_t)octree->cells_per_oct;
}

/* The bits of an oct and of its cells, whatever the level. */
struct cells_of {
    uint64_t byte;
    unsigned first, count;
};

static struct cells_of cells_of(const struct pvr_octree *octree, const struct piece *piece,
                                uint64_t oct) {
    return piece->level == octree->root_level
               ? (struct cells_of){piece->tree >> 3, (unsigned)(piece->tree & 7), 1}
               : (struct cells_of){oct, 0, (unsigned)octree->cells_per_oct};
}

/* Averages into the cells of the last level that were refined, and blanks what is outside. */
static void change_cells(const struct coarsening *all, const struct piece *piece, int a) {
    const struct pvr_octree *from = all->mesh->octree, *to = all->octree;
    const struct pvr_array *array = all->mesh->arrays[a].array;
    struct pvr_array *out = all->result->arrays[a].array;
    const struct pvr_octree_level *level = &from->level[piece->level];
    uint64_t index = first_cell(to, piece);
    for (uint64_t oct = piece->oct; oct < piece->oct + piece->count; oct++) {
        const struct cells_of cells = cells_of(from, piece, oct);
        for (unsigned c = cells.first; c < cells.first + cells.count; c++, index++) {
            const bool outside = pvr_is_outside(&to->level[piece->level], cells.byte, c);
            if (!outside &&
                (piece->level < to->max_level || !pvr_is_refined(level, cells.byte, c))) {
                continue;
            }
            struct content content = {.inside = 0};
            if (!outside) {
                content = oct_content(from, array, all->how[a], piece->tree, piece->level + 1,
                                      pvr_rank(level, cells.byte, c));
            }
            for (int k = 0; k < array->ncomponents; k++) {
                set_value(out, index, k, content.inside > 0 ? content.value[k] : NAN);
            }
        }
    }
}

static enum pvr_status fill_piece(void *context, size_t task, struct pvr_worker *worker,
                                  struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct coarsening *all = context;
    const struct piece *piece = &all->pieces[task];
    const struct pvr_octree *from = all->mesh->octree, *to = all->octree;
    const uint64_t count =
        piece->level == to->root_level ? 1 : piece->count * (uint64_t)to->cells_per_oct;
    for (int a = 0; a < all->mesh->narrays; a++) {
        const struct pvr_array *array = all->mesh->arrays[a].array;
        struct pvr_array *out = all->result->arrays[a].array;
        const size_t tuple = pvr_type_bytes(array->type) * (size_t)array->ncomponents;
        memcpy((char *)out->data + first_cell(to, piece) * tuple,
               (const char *)array->data + first_cell(from, piece) * tuple, count * tuple);
        if (is_real(array)) {
            change_cells(all, piece, a);
        }
    }
    return PVR_OK;
}

/* True if there is nothing but cells outside in the cells of an oct. */
static bool all_outside(const struct pvr_octree *octree, int l, uint64_t oct) {
    const struct pvr_octree_level *level = &octree->level[l];
    for (unsigned c = 0; c < (unsigned)octree->cells_per_oct; c++) {
        if (pvr_is_refined(level, oct, c) ? !all_outside(octree, l + 1, pvr_rank(level, oct, c))
                                          : !pvr_is_outside(level, oct, c)) {
            return false;
        }
    }
    return true;
}

/* Marks the cells of an octree of our own that become outside. */
static enum pvr_status mark_outside(struct coarsening *all, struct pvr_error *error) {
    const struct pvr_octree *from = all->mesh->octree;
    struct pvr_octree *to = all->octree;
    for (int l = to->root_level; l <= to->max_level; l++) {
        const struct pvr_octree_level *old = &from->level[l];
        struct pvr_octree_level *level = &to->level[l];
        const bool cut = l == to->max_level && l < from->max_level && from->noutside > 0;
        const bool hidden = l < all->request->min_level;
        const uint64_t nbytes = l > to->root_level ? level->noct : (to->ntrees + 7) / 8;
        if (!cut && !hidden) {
            continue;
        }
        if (level->outside == NULL) {
            level->outside = pvr_large_alloc(((nbytes + 7) / 8 + 1) * 8);
            if (level->outside == NULL) {
                return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the cells of level %d", l);
            }
        }
        for (uint64_t byte = 0; byte < nbytes; byte++) {
            for (unsigned c = 0; c < (l > to->root_level ? (unsigned)to->cells_per_oct : 8u); c++) {
                if ((l == to->root_level && 8 * byte + c >= to->ntrees) ||
                    pvr_is_refined(level, byte, c) || pvr_is_outside(level, byte, c) ||
                    !(hidden || (pvr_is_refined(old, byte, c) &&
                                 all_outside(from, l + 1, pvr_rank(old, byte, c))))) {
                    continue;
                }
                level->outside[byte] |= (uint8_t)(1u << c);
                to->noutside++;
                to->nleaves--;
            }
        }
    }
    return PVR_OK;
}

static enum pvr_status make_pieces(struct coarsening *all, struct pvr_error *error) {
    const struct pvr_octree *octree = all->octree;
    for (int pass = 0; pass < 2; pass++) {
        size_t n = 0;
        for (uint64_t tree = 0; tree < octree->ntrees; tree++) {
            for (int l = octree->root_level; l <= octree->max_level; l++) {
                const struct pvr_octree_level *level = &octree->level[l];
                uint64_t oct = level->tree_first[tree], end = level->tree_first[tree + 1];
                for (; oct < end; oct += OCTS_PER_TASK, n++) {
                    if (pass == 1) {
                        const uint64_t count =
                            end - oct < OCTS_PER_TASK ? end - oct : OCTS_PER_TASK;
                        all->pieces[n] = (struct piece){l, tree, oct, count};
                    }
                }
            }
        }
        if (pass == 0) {
            all->npieces = n;
            all->pieces = calloc(n + 1, sizeof *all->pieces);
            if (all->pieces == NULL) {
                return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
            }
        }
    }
    return PVR_OK;
}

static enum pvr_status make_result(struct coarsening *all, struct pvr_error *error) {
    const struct pvr_mesh *mesh = all->mesh;
    all->result = calloc(1, sizeof *all->result);
    all->how = calloc((size_t)mesh->narrays + 1, sizeof *all->how);
    struct pvr_mesh_array *arrays = calloc((size_t)mesh->narrays + 1, sizeof *arrays);
    if (all->result == NULL || all->how == NULL || arrays == NULL) {
        free(arrays);
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    all->result->octree = all->octree;
    all->result->narrays = mesh->narrays;
    all->result->arrays = arrays;
    for (int a = 0; a < mesh->narrays; a++) {
        const struct pvr_array *array = mesh->arrays[a].array;
        if (array->ncomponents > COMPONENTS) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s has more than %d components",
                            mesh->arrays[a].name, COMPONENTS);
        }
        all->how[a] = all->request->how != NULL ? all->request->how[a]
                                                : pvr_coarsening_of(mesh->arrays[a].name);
        arrays[a] = mesh->arrays[a];
        arrays[a].has_ranges = false;
        arrays[a].array = NULL;
        enum pvr_status status = pvr_array_new(array->type, array->ncomponents, all->octree->ncells,
                                               &arrays[a].array, error);
        if (status != PVR_OK) {
            return status;
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_mesh_coarsen(const struct pvr_mesh *mesh,
                                 const struct pvr_coarsen_request *request,
                                 const struct pvr_threads *threads, struct pvr_mesh **result,
                                 struct pvr_error *error) {
    const struct pvr_octree *octree = mesh->octree;
    struct coarsening all = {.mesh = mesh, .request = request};
    *result = NULL;
    const int max_level = request->max_level > 0 && request->max_level < octree->max_level
                              ? request->max_level
                              : octree->max_level;
    if (max_level < octree->root_level) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "the mesh begins at level %d: it cannot end at level %d",
                        octree->root_level, max_level);
    }
    enum pvr_status status = pvr_octree_cut(octree, max_level, &all.octree, error);
    if (status == PVR_OK) {
        status = mark_outside(&all, error);
    }
    if (status == PVR_OK) {
        status = make_result(&all, error);
    }
    if (status == PVR_OK) {
        status = make_pieces(&all, error);
    }
    struct pvr_job job;
    if (status == PVR_OK && (status = pvr_job_begin(&job, threads, NULL, NULL, error)) == PVR_OK) {
        status = pvr_job_run(&job, all.npieces, NULL, fill_piece, NULL, &all, error);
        pvr_job_end(&job, NULL);
    }
    free(all.how);
    free(all.pieces);
    if (status == PVR_OK) {
        *result = all.result;
    } else if (all.result != NULL) {
        all.result->octree = all.octree;
        pvr_mesh_free(all.result);
    } else {
        pvr_octree_release(all.octree);
    }
    return status;
}
