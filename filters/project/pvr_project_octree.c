/* pvr_project_octree.c - projecting the leaves of an octree in memory. */
#include "pvr_octree_rank.h"
#include "pvr_positions.h"
#include "pvr_project_private.h"

#include <stdlib.h>
#include <string.h>

/* Octs of one level, of trees that are in the map; at the root level, trees. */
struct part {
    int level;
    uint32_t count;
    uint64_t first;
};

struct octree_source {
    struct pvr_projecting projecting;
    const struct pvr_octree *octree;
    const struct pvr_map_value *values, *weight;
    size_t nparts;
    struct part *part;
    size_t first; /* part of the batch */
};

static bool tree_in_view(const struct pvr_octree *octree, uint64_t tree,
                         const struct pvr_view *view) {
    const double size = pvr_octree_cell_size(octree, octree->root_level);
    const double *axes[3] = {view->right, view->up, view->along};
    uint32_t at[3];
    double middle[3], image[3];
    pvr_tree_coordinate(octree, tree, at);
    for (int a = 0; a < 3; a++) {
        middle[a] = octree->origin[a] + (at[a] + 0.5) * size;
    }
    pvr_view_place(view, middle, image);
    for (int i = 0; i < (octree->ndim == 3 ? 3 : 2); i++) {
        double half = size / 2 * (fabs(axes[i][0]) + fabs(axes[i][1]) + fabs(axes[i][2]));
        double low = i == 2 ? view->depth[0] : view->low[i];
        double high = i == 2 ? view->depth[1] : low + view->pixels[i] * view->pixel;
        if (image[i] + half < low || image[i] - half > high) {
            return false;
        }
    }
    return true;
}

static size_t list_run(int level, uint64_t first, uint64_t end, struct part *part) {
    size_t count = 0;
    for (; first < end; first += PVR_BLOCK_OCTS, count++) {
        if (part != NULL) {
            uint64_t left = end - first;
            uint32_t most = PVR_BLOCK_OCTS;
            part[count] = (struct part){level, left < most ? (uint32_t)left : most, first};
        }
    }
    return count;
}

/* Lists the parts; with a null array counts them. */
static size_t list_parts(const struct pvr_octree *octree, const uint8_t *visible,
                         struct part *part) {
    size_t count = 0;
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        const uint64_t *tree_first = octree->level[l].tree_first;
        bool roots = l == octree->root_level;
        for (uint64_t t = 0; t < octree->ntrees; t++) {
            uint64_t begin = t;
            while (t < octree->ntrees && visible[t] != 0) {
                t++;
            }
            if (t > begin) {
                count += list_run(l, roots ? begin : tree_first[begin], roots ? t : tree_first[t],
                                  part != NULL ? part + count : NULL);
            }
        }
    }
    return count;
}

static enum pvr_status make_parts(struct octree_source *source, struct pvr_error *error) {
    const struct pvr_octree *octree = source->octree;
    uint8_t *visible = malloc(octree->ntrees + 1);
    if (visible == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the trees of a projection");
    }
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        visible[t] = tree_in_view(octree, t, &source->projecting.map->request.view);
    }
    source->nparts = list_parts(octree, visible, NULL);
    source->part = malloc((source->nparts + 1) * sizeof *source->part);
    if (source->part != NULL) {
        list_parts(octree, visible, source->part);
    }
    free(visible);
    return source->part != NULL
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the parts of a projection");
}

/* A tree's root cell stands for an oct with one cell; all eight have its value. */
static void take_roots(const struct octree_source *source, const struct part *part,
                       struct pvr_project_scratch *scratch) {
    const struct pvr_octree *octree = source->octree;
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    for (uint32_t i = 0; i < part->count; i++) {
        uint64_t tree = part->first + i;
        unsigned cell = 0;
        uint32_t at[3];
        pvr_tree_coordinate(octree, tree, at);
        for (int a = 0; a < octree->ndim; a++) {
            cell |= (at[a] & 1) << a;
            scratch->coordinate[i][a] = at[a] / 2;
        }
        bool leaf = (pvr_no_leaves(roots, tree >> 3) >> (tree & 7) & 1) == 0;
        scratch->no_leaves[i] = (uint8_t)(leaf ? ~(1u << cell) : 0xffu);
        scratch->index[i] = roots->tree_cell[tree];
    }
}

static void take_octs(const struct octree_source *source, const struct part *part,
                      struct pvr_project_scratch *scratch) {
    const struct pvr_octree *octree = source->octree;
    const struct pvr_octree_level *level = &octree->level[part->level];
    struct pvr_walk walk;
    pvr_walk_begin(&walk, octree);
    pvr_walk_octs(&walk, part->level, part->first, part->count, scratch->coordinate);
    uint64_t low = 0, high = octree->ntrees; /* tree_first[low] <= first < tree_first[high] */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (level->tree_first[middle] <= part->first) {
            low = middle;
        } else {
            high = middle;
        }
    }
    for (uint32_t i = 0; i < part->count; i++) {
        uint64_t oct = part->first + i;
        while (oct >= level->tree_first[low + 1]) {
            low++;
        }
        scratch->no_leaves[i] = (uint8_t)pvr_no_leaves(level, oct);
        scratch->index[i] = level->tree_cell[low] +
                            (oct - level->tree_first[low]) * (uint64_t)octree->cells_per_oct;
    }
}

static void set_value(const struct pvr_map_value *from, bool roots, struct pvr_block_value *to) {
    to->nterms = from->nterms;
    to->of_cells = from->of_cells;
    for (int t = 0; t < from->nterms; t++) {
        const struct pvr_map_term *term = &from->term[t];
        const struct pvr_array *array = term->array;
        uint64_t stride = (uint64_t)array->ncomponents;
        to->term[t] = (struct pvr_column){
            .data =
                (const char *)array->data + (size_t)term->component * pvr_type_bytes(array->type),
            .type = array->type,
            .oct_stride = stride,
            .cell_stride = roots ? 0 : stride,
            .coefficient = term->coefficient,
        };
    }
}

static enum pvr_status fill_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct octree_source *source = context;
    const struct pvr_projecting *projecting = &source->projecting;
    const struct part *part = &source->part[source->first + task];
    struct pvr_project_block *block = &projecting->block[task];
    struct pvr_project_scratch *scratch = &projecting->scratch[worker->thread];
    const bool roots = part->level == source->octree->root_level;
    if (roots) {
        take_roots(source, part, scratch);
    } else {
        take_octs(source, part, scratch);
    }
    block->level = part->level;
    block->noct = part->count;
    block->coordinate = (const uint32_t(*)[3])scratch->coordinate;
    block->no_leaves = scratch->no_leaves;
    block->index = scratch->index;
    for (int v = 0; v < projecting->nvalues; v++) {
        set_value(&source->values[v], roots, &block->value[v]);
    }
    if (projecting->weighted) {
        set_value(source->weight, roots, &block->value[projecting->nvalues]);
    }
    pvr_job_add_done(worker, part->count);
    return pvr_project_fill(projecting, block, scratch, error);
}

static enum pvr_status run(struct pvr_map *map, void *context, struct pvr_job *job,
                           struct pvr_error *error) {
    struct octree_source *source = context;
    struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_octree *octree = source->octree;
    memset(projecting, 0, sizeof *projecting);
    projecting->map = map;
    projecting->weighted = source->weight != NULL;
    projecting->ndim = octree->ndim;
    projecting->ncells = octree->cells_per_oct;
    projecting->root_level = octree->root_level;
    projecting->root_cell = pvr_octree_cell_size(octree, octree->root_level);
    memcpy(projecting->low, octree->origin, sizeof projecting->low);
    memcpy(projecting->root_dims, octree->root_dims, sizeof projecting->root_dims);
    enum pvr_status status =
        pvr_projecting_begin(projecting, job, pvr_project_state_size(map),
                             pvr_project_most_items(map, PVR_BLOCK_OCTS), PVR_BLOCK_OCTS, error);
    if (status == PVR_OK) {
        status = pvr_project_plan(projecting, octree->max_level, error);
    }
    if (status == PVR_OK) {
        status = make_parts(source, error);
    }
    uint64_t octs = 0;
    for (size_t p = 0; status == PVR_OK && p < source->nparts; p++) {
        octs += source->part[p].count;
    }
    pvr_job_expect(job, octs);
    for (source->first = 0; status == PVR_OK && source->first < source->nparts;
         source->first += projecting->nblocks) {
        size_t left = source->nparts - source->first;
        size_t count = left < projecting->nblocks ? left : projecting->nblocks;
        status = pvr_job_run(job, count, NULL, fill_task, NULL, source, error);
        if (status == PVR_OK) {
            status = pvr_project_add_blocks(projecting, count, job, error);
        }
    }
    if (status == PVR_OK) {
        status = pvr_project_add_columns(projecting, job, error);
    }
    free(source->part);
    source->part = NULL;
    pvr_projecting_end(projecting);
    return status;
}

enum pvr_status pvr_project_octree(struct pvr_map *map, const struct pvr_octree *octree,
                                   const struct pvr_map_value *values,
                                   const struct pvr_map_value *weight,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_report *report,
                                   struct pvr_error *error) {
    if (report != NULL) {
        memset(report, 0, sizeof *report);
    }
    enum pvr_status status = pvr_project_check_weight(map, weight, error);
    if (status == PVR_OK) {
        status = pvr_project_check_arrays(map, values, weight, octree->ncells, error);
    }
    struct octree_source source = {.octree = octree, .values = values, .weight = weight};
    return status == PVR_OK ? pvr_project_all(map, run, &source, threads, progress,
                                              progress_context, report, error)
                            : status;
}
