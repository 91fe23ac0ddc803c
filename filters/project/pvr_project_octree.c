/* pvr_project_octree.c - projecting the leaves of an octree in memory. */
#include "pvr_octree_rank.h"
#include "pvr_project_trees.h"

#include <stdlib.h>
#include <string.h>

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
        half += 1e-14 * (half + fabs(image[i]) + fabs(image[2])); /* that is rounding */
        double low = i == 2 ? view->depth[0] : view->low[i];
        double high = i == 2 ? view->depth[1] : low + view->pixels[i] * view->pixel;
        if (image[i] + half < low || image[i] - half > high) {
            return false;
        }
    }
    return true;
}

static size_t list_run(int level, uint64_t first, uint64_t end, struct pvr_tree_part *part) {
    size_t count = 0;
    for (; first < end; first += PVR_BLOCK_OCTS, count++) {
        if (part != NULL) {
            uint64_t left = end - first;
            uint32_t most = PVR_BLOCK_OCTS;
            part[count] = (struct pvr_tree_part){level, left < most ? (uint32_t)left : most, first};
        }
    }
    return count;
}

/* Lists the parts; with a null array counts them. */
static size_t list_parts(const struct pvr_tree_source *source, const uint8_t *visible,
                         struct pvr_tree_part *part) {
    const struct pvr_octree *octree = source->octree;
    size_t count = 0;
    for (int l = octree->root_level; l <= octree->max_level; l++) {
        const uint64_t *tree_first = octree->level[l].tree_first;
        bool roots = l == octree->root_level;
        for (uint64_t t = 0; t < octree->ntrees; t++) {
            uint64_t begin = t;
            while (t < octree->ntrees && visible[t] != 0) {
                t++;
            }
            if (t > begin && (l < source->tiled[0] || l >= source->tiled[1])) {
                count += list_run(l, roots ? begin : tree_first[begin], roots ? t : tree_first[t],
                                  part != NULL ? part + count : NULL);
            }
        }
    }
    return count;
}

static enum pvr_status make_parts(struct pvr_tree_source *source, struct pvr_error *error) {
    const struct pvr_octree *octree = source->octree;
    uint8_t *visible = malloc(octree->ntrees + 1);
    if (visible == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the trees of a projection");
    }
    for (uint64_t t = 0; t < octree->ntrees; t++) {
        visible[t] = tree_in_view(octree, t, &source->projecting.map->request.view);
    }
    source->nparts = list_parts(source, visible, NULL);
    source->part = malloc((source->nparts + 1) * sizeof *source->part);
    if (source->part != NULL) {
        list_parts(source, visible, source->part);
    }
    free(visible);
    return source->part != NULL
               ? PVR_OK
               : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the parts of a projection");
}

/* A tree's root cell stands for an oct with one cell; all eight have its value. */
static void take_roots(const struct pvr_octree *octree, const struct pvr_tree_part *part,
                       uint32_t at, struct pvr_project_scratch *scratch) {
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    for (uint32_t i = 0; i < part->count; i++) {
        uint64_t tree = part->first + i;
        unsigned cell = 0;
        uint32_t place[3];
        pvr_tree_coordinate(octree, tree, place);
        for (int a = 0; a < octree->ndim; a++) {
            cell |= (place[a] & 1) << a;
            scratch->coordinate[at + i][a] = place[a] / 2;
        }
        bool leaf = (pvr_no_leaves(roots, tree >> 3) >> (tree & 7) & 1) == 0;
        scratch->no_leaves[at + i] = (uint8_t)(leaf ? ~(1u << cell) : 0xffu);
        scratch->index[at + i] = roots->tree_cell[tree];
    }
}

void pvr_project_take(const struct pvr_tree_source *source, const struct pvr_tree_part *part,
                      struct pvr_walk *walk, uint64_t tree, uint32_t at,
                      struct pvr_project_scratch *scratch) {
    const struct pvr_octree *octree = source->octree;
    const struct pvr_octree_level *level = &octree->level[part->level];
    if (part->level == octree->root_level) {
        take_roots(octree, part, at, scratch);
        return;
    }
    pvr_walk_octs(walk, part->level, part->first, part->count, scratch->coordinate + at);
    for (uint32_t i = 0; i < part->count; i++) {
        uint64_t oct = part->first + i;
        while (oct >= level->tree_first[tree + 1]) {
            tree++;
        }
        scratch->no_leaves[at + i] = (uint8_t)pvr_no_leaves(level, oct);
        scratch->index[at + i] = level->tree_cell[tree] +
                                 (oct - level->tree_first[tree]) * (uint64_t)octree->cells_per_oct;
    }
}

/* The tree of the part's first oct. */
static uint64_t find_tree(const struct pvr_octree *octree, const struct pvr_tree_part *part) {
    const uint64_t *tree_first = octree->level[part->level].tree_first;
    uint64_t low = 0, high = octree->ntrees; /* tree_first[low] <= first < tree_first[high] */
    while (part->level > octree->root_level && high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (tree_first[middle] <= part->first) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
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

void pvr_project_set_block(const struct pvr_tree_source *source, int level, uint32_t count,
                           const struct pvr_project_scratch *scratch,
                           struct pvr_project_block *block) {
    const struct pvr_projecting *projecting = &source->projecting;
    const bool roots = level == source->octree->root_level;
    block->level = level;
    block->noct = count;
    block->coordinate = (const uint32_t(*)[3])scratch->coordinate;
    block->no_leaves = scratch->no_leaves;
    block->index = scratch->index;
    for (int v = 0; v < projecting->nvalues; v++) {
        set_value(&source->values[v], roots, &block->value[v]);
    }
    if (projecting->weighted) {
        set_value(source->weight, roots, &block->value[projecting->nvalues]);
    }
}

static enum pvr_status fill_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    const struct pvr_tree_source *source = context;
    const struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_tree_part *part = &source->part[source->first + task];
    struct pvr_project_block *block = &projecting->block[task];
    struct pvr_project_scratch *scratch = &projecting->scratch[worker->thread];
    struct pvr_walk walk;
    pvr_walk_begin(&walk, source->octree);
    pvr_project_take(source, part, &walk, find_tree(source->octree, part), 0, scratch);
    pvr_project_set_block(source, part->level, part->count, scratch, block);
    pvr_job_add_done(worker, part->count);
    return pvr_project_fill(projecting, block, scratch, error);
}

/* Adds the octs of the tiles, once the parts are added. */
static enum pvr_status add_tiles(struct pvr_tree_source *source, struct pvr_tree_tiles *tiles,
                                 struct pvr_job *job, struct pvr_error *error) {
    struct pvr_projecting *projecting = &source->projecting;
    enum pvr_status status =
        pvr_project_add_columns(projecting, 0, source->tiled[0] - 1, job, error);
    if (status == PVR_OK) {
        pvr_project_empty_blocks(projecting);
        status = pvr_project_add_tiles(tiles, job, error);
    }
    return status == PVR_OK ? pvr_project_count(projecting, (size_t)projecting->nthreads, error)
                            : status;
}

static enum pvr_status run(struct pvr_map *map, void *context, struct pvr_job *job,
                           struct pvr_error *error) {
    struct pvr_tree_source *source = context;
    struct pvr_projecting *projecting = &source->projecting;
    const struct pvr_octree *octree = source->octree;
    struct pvr_tree_tiles *tiles = NULL;
    memset(projecting, 0, sizeof *projecting);
    projecting->map = map;
    source->was_empty = map->cells == 0;
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
        status = pvr_project_plan_tiles(source, &tiles, error);
    }
    if (status == PVR_OK) { /* of the tiles' levels, the last has a grid */
        const int skip[2] = {source->tiled[0], source->tiled[1] - 1};
        status = pvr_project_make_columns(projecting, skip, error);
    }
    if (status == PVR_OK) {
        status = make_parts(source, error);
    }
    uint64_t octs = tiles != NULL ? source->tiled_octs : 0;
    for (size_t p = 0; status == PVR_OK && p < source->nparts; p++) {
        octs += source->part[p].count;
    }
    pvr_job_expect(job, octs);
    if (status == PVR_OK) {
        status = pvr_project_batches(projecting, source->nparts, 1, fill_task, source,
                                     &source->first, job, error);
    }
    if (status == PVR_OK && tiles != NULL) {
        status = add_tiles(source, tiles, job, error);
    }
    if (status == PVR_OK) {
        const int first = tiles != NULL ? source->tiled[1] - 1 : 0;
        status = pvr_project_add_columns(projecting, first, PVR_MAX_LEVELS + 1, job, error);
    }
    pvr_project_free_tiles(tiles);
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
    struct pvr_tree_source source = {.octree = octree, .values = values, .weight = weight};
    return status == PVR_OK ? pvr_project_all(map, run, &source, threads, progress,
                                              progress_context, report, error)
                            : status;
}
