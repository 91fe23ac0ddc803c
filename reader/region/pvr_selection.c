/* pvr_selection.c - what of an output is wanted: cells, trees, domains and levels. */
#include "pvr_selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BOXES = 16 /* that a region may reach across along an axis */ };

/* ---- making -----------------------------------------------------------------------------------
 */

static bool is_periodic(const struct pvr_layout *layout, int axis) {
    return (uint32_t)layout->amr.ncoarse[axis] == layout->box.count[axis];
}

/* Does the shape contain the whole box? It is convex: its corners tell. */
static bool contains_box(const struct pvr_shape *shape, const double size[3]) {
    for (unsigned corner = 0; corner < 1u << shape->ndim; corner++) {
        double at[3] = {0, 0, 0};
        for (int axis = 0; axis < shape->ndim; axis++) {
            at[axis] = corner >> axis & 1 ? size[axis] : 0;
        }
        if (!pvr_shape_contains(shape, at)) {
            return false;
        }
    }
    return true;
}

static struct pvr_shape moved(struct pvr_shape shape, const int shift[3], const double size[3]) {
    for (int axis = 0; axis < shape.ndim; axis++) {
        pvr_shape_move(&shape, axis, shift[axis] * size[axis]);
    }
    return shape;
}

static bool reaches_box(const struct pvr_shape *shape, const double size[3]) {
    bool reaches = true;
    for (int axis = 0; axis < shape->ndim; axis++) {
        reaches = reaches && pvr_shape_reaches(shape, axis, 0, size[axis]);
    }
    return reaches;
}

/* Lists the images of `shape` that reach the box; counts them where `image` is null. */
static int list_images(const struct pvr_shape *shape, const double size[3], const int low[3],
                       const int high[3], struct pvr_image *image) {
    int count = 0, shift[3];
    for (shift[2] = low[2]; shift[2] <= high[2]; shift[2]++) {
        for (shift[1] = low[1]; shift[1] <= high[1]; shift[1]++) {
            for (shift[0] = low[0]; shift[0] <= high[0]; shift[0]++) {
                struct pvr_shape there = moved(*shape, shift, size);
                if (reaches_box(&there, size) && image != NULL) {
                    image[count].shape = there;
                    memcpy(image[count].shift, shift, sizeof shift);
                }
                count += reaches_box(&there, size);
            }
        }
    }
    return count;
}

static enum pvr_status make_images(const struct pvr_layout *layout, struct pvr_shape *shape,
                                   const double size[3], struct pvr_selection *selection,
                                   struct pvr_error *error) {
    int low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
    bool contained = contains_box(shape, size);
    for (int axis = 0; axis < shape->ndim && !contained; axis++) {
        if (!is_periodic(layout, axis)) {
            continue;
        }
        bool straight = shape->type == PVR_REGION_BOX ||
                        (shape->type == PVR_REGION_CYLINDER && shape->along == axis);
        double extent = shape->extent[axis], at = shape->centre[axis];
        if (straight && 2 * extent >= size[axis]) { /* all of the axis, by itself */
            shape->extent[axis] = INFINITY;
            continue;
        }
        if (extent + fabs(at) > MOST_BOXES / 2 * size[axis]) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "the region reaches across more than %d boxes on axis %d", MOST_BOXES,
                            axis + 1);
        }
        selection->joined[axis] = 4 * extent <= size[axis];
        selection->middle[axis] = at;
        low[axis] = (int)floor((-extent - at) / size[axis]) - 1;
        high[axis] = (int)ceil((size[axis] + extent - at) / size[axis]) + 1;
    }
    selection->nimages = list_images(shape, size, low, high, NULL);
    selection->image = calloc((size_t)selection->nimages + 1, sizeof *selection->image);
    if (selection->image == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the region's images");
    }
    list_images(shape, size, low, high, selection->image);
    return PVR_OK;
}

static bool cell_matters(const void *context, int level, const uint32_t coordinate[3]) {
    return pvr_selection_has_cell(context, level, coordinate);
}

/* Makes the images of the region. */
static enum pvr_status take_region(const struct pvr_layout *layout, const struct pvr_region *region,
                                   const double size[3], struct pvr_selection *selection,
                                   struct pvr_error *error) {
    struct pvr_shape shape;
    selection->by_centre = region->by_centre;
    if (!pvr_shape_make(region, selection->ndim, &shape) || !reaches_box(&shape, size)) {
        return PVR_OK; /* empty */
    }
    selection->tilted = pvr_shape_is_tilted(&shape);
    return make_images(layout, &shape, size, selection, error);
}

enum pvr_status pvr_selection_make(const struct pvr_layout *layout, const struct pvr_region *region,
                                   struct pvr_selection *selection, struct pvr_error *error) {
    return pvr_selection_make_part(layout, region, NULL, 0, selection, error);
}

enum pvr_status pvr_selection_make_part(const struct pvr_layout *layout,
                                        const struct pvr_region *region,
                                        const struct pvr_split *split, int rank,
                                        struct pvr_selection *selection, struct pvr_error *error) {
    memset(selection, 0, sizeof *selection);
    double size[3];
    selection->ndim = layout->amr.ndim;
    selection->whole = region == NULL;
    selection->split = split != NULL && split->nranks > 1 ? split : NULL;
    selection->ndomains = layout->amr.ncpu;
    for (int axis = 0; axis < 3; axis++) {
        selection->ncoarse[axis] = axis < selection->ndim ? layout->box.count[axis] : 1;
        selection->coarse[axis] = layout->amr.boxlen / layout->box.count[0];
        size[axis] = selection->coarse[axis] * selection->ncoarse[axis];
    }
    selection->levels = calloc((size_t)selection->ndomains, sizeof *selection->levels);
    if (selection->levels == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a list of %d domains",
                        selection->ndomains);
    }
    enum pvr_status status =
        region != NULL ? take_region(layout, region, size, selection, error) : PVR_OK;
    if (status != PVR_OK || (region != NULL && selection->nimages == 0)) {
        return status;
    }
    selection->by_trees = selection->split != NULL && split->kind == PVR_SPLIT_TREES;
    if (selection->by_trees) {
        status = pvr_tree_set_make(split, selection->ndim, rank, &selection->trees, error);
    }
    if (status == PVR_OK && (region != NULL || selection->by_trees)) {
        pvr_bounds_choose(&layout->bounds, cell_matters, selection, selection->levels);
    } else {
        memset(selection->levels, 0xff, (size_t)selection->ndomains * sizeof *selection->levels);
    }
    bool by_domains = selection->split != NULL && !selection->by_trees;
    for (int i = 0; by_domains && i < selection->ndomains; i++) {
        selection->levels[i] &= split->domain_rank[i] == rank ? UINT64_MAX : 0;
    }
    return status;
}

void pvr_selection_free(struct pvr_selection *selection) {
    free(selection->image);
    free(selection->levels);
    pvr_tree_set_free(&selection->trees);
    memset(selection, 0, sizeof *selection);
}

/* ---- cells and points -------------------------------------------------------------------------
 */

static bool overlaps(const struct pvr_selection *selection, int level,
                     const uint32_t coordinate[3]) {
    double low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
    if (selection->whole) {
        return true;
    }
    for (int axis = 0; axis < selection->ndim; axis++) {
        double size = ldexp(selection->coarse[axis], -level);
        low[axis] = coordinate[axis] * size;
        high[axis] = (coordinate[axis] + 1.0) * size;
    }
    for (int i = 0; i < selection->nimages; i++) {
        if (pvr_shape_overlaps(&selection->image[i].shape, low, high)) {
            return true;
        }
    }
    return false;
}

bool pvr_selection_has_cell(const struct pvr_selection *selection, int level,
                            const uint32_t coordinate[3]) {
    bool has = (!selection->by_trees || pvr_tree_set_has(&selection->trees, level, coordinate)) &&
               overlaps(selection, level, coordinate);
    for (int l = level - 1; has && selection->tilted && l >= 0; l--) {
        const uint32_t around[3] = {coordinate[0] >> (level - l), coordinate[1] >> (level - l),
                                    coordinate[2] >> (level - l)};
        has = overlaps(selection, l, around);
    }
    return has;
}

bool pvr_selection_has_leaf(const struct pvr_selection *selection, int level,
                            const uint32_t coordinate[3]) {
    if (!selection->by_centre) {
        return pvr_selection_has_cell(selection, level, coordinate);
    }
    double centre[3] = {0, 0, 0};
    for (int axis = 0; axis < selection->ndim; axis++) {
        centre[axis] = (coordinate[axis] + 0.5) * ldexp(selection->coarse[axis], -level);
    }
    return (!selection->by_trees || pvr_tree_set_has(&selection->trees, level, coordinate)) &&
           pvr_selection_has_point(selection, centre);
}

bool pvr_selection_has_point(const struct pvr_selection *selection, const double point[3]) {
    for (int i = 0; i < selection->nimages; i++) {
        if (pvr_shape_contains(&selection->image[i].shape, point)) {
            return true;
        }
    }
    return false;
}

double pvr_selection_moved(const struct pvr_selection *selection, int axis, double at) {
    double box = selection->coarse[axis] * selection->ncoarse[axis];
    return selection->joined[axis] ? at + box * round((selection->middle[axis] - at) / box) : at;
}

uint8_t pvr_selection_cut_oct(const struct pvr_selection *selection, int level,
                              const uint32_t coordinate[3], uint8_t refined, uint8_t *outside) {
    uint8_t kept = 0;
    *outside = 0;
    for (unsigned c = 0; c < 1u << selection->ndim; c++) {
        uint32_t cell[3] = {0, 0, 0};
        for (int axis = 0; axis < selection->ndim; axis++) {
            cell[axis] = 2 * coordinate[axis] + (c >> axis & 1);
        }
        bool leaf = (refined >> c & 1) == 0;
        bool wanted = leaf ? pvr_selection_has_leaf(selection, level, cell)
                           : pvr_selection_has_cell(selection, level, cell);
        kept |= (uint8_t)((!leaf && wanted) << c);
        *outside |= (uint8_t)(!wanted << c);
    }
    return kept;
}

/* ---- trees ------------------------------------------------------------------------------------
 */

/* The cells first .. last of `count` of size `size` that the shape reaches on an axis: one run. */
static bool find_run(const struct pvr_shape *shape, int axis, double size, int64_t count,
                     int64_t *first, int64_t *last) {
    double from = (shape->centre[axis] - shape->extent[axis]) / size;
    int64_t i = from > 1 ? (int64_t)fmin(from, (double)count) - 1 : 0;
    while (i < count && !pvr_shape_reaches(shape, axis, (double)i * size, (double)(i + 1) * size)) {
        i++;
    }
    *first = i;
    double to = (shape->centre[axis] + shape->extent[axis]) / size;
    i = to < (double)(count - 2) ? (int64_t)fmax(to, 0) + 1 : count - 1;
    while (i >= 0 && !pvr_shape_reaches(shape, axis, (double)i * size, (double)(i + 1) * size)) {
        i--;
    }
    *last = i;
    return *first <= *last;
}

struct pvr_tree_grid pvr_selection_trees(const struct pvr_selection *selection, int root_level) {
    struct pvr_tree_grid trees =
        pvr_tree_grid_whole(selection->ndim, selection->ncoarse, root_level);
    for (int axis = 0; axis < selection->ndim && !selection->whole; axis++) {
        int64_t count = trees.whole[axis], low = INT64_MAX, high = INT64_MIN;
        double size = ldexp(selection->coarse[axis], -root_level);
        for (int i = 0; i < selection->nimages; i++) {
            const struct pvr_image *image = &selection->image[i];
            int64_t first, last, back = selection->joined[axis] ? image->shift[axis] * count : 0;
            if (find_run(&image->shape, axis, size, count, &first, &last)) {
                low = first - back < low ? first - back : low;
                high = last - back > high ? last - back : high;
            }
        }
        bool whole = high - low >= count; /* too few trees to put it together */
        trees.low[axis] = whole || low > high ? 0 : low;
        trees.dims[axis] = low > high ? 0 : whole ? trees.whole[axis] : (uint32_t)(high - low + 1);
    }
    return trees;
}
