/* pvr_selection.h - what of an output is wanted: cells, trees, and the own octs of which domains on
 * which levels (internal): a region, what one of several ranks has, or both.
 *
 * Cells are named by level and coordinate on that level's grid of the whole box. A region that goes
 * on across a periodic border stands in the box as several images, each moved by whole boxes.
 *
 * Who keeps an oct keeps what is above it: a cell that is wanted lies in cells that are.
 */
#ifndef PVR_SELECTION_H
#define PVR_SELECTION_H

#include "pvr_domains.h"
#include "pvr_shape.h"
#include "pvr_tree_grid.h"
#include "pvr_tree_set.h"

struct pvr_image {
    struct pvr_shape shape;
    int shift[3]; /* boxes that it was moved by */
};

struct pvr_selection {
    int ndim;
    uint32_t ncoarse[3]; /* physical coarse cells */
    double coarse[3];    /* size of one, code length */
    bool by_centre;
    bool tilted;      /* a cell may be wanted though one around it is not, by rounding */
    bool joined[3];   /* across the borders of this axis the region is put together to one piece */
    double middle[3]; /* of that piece */
    bool whole;       /* there is no region: all of the box is wanted */
    int nimages;      /* of a region; 0: nothing is wanted */
    struct pvr_image *image;
    int ndomains;
    uint64_t *levels;              /* bit l of [domain - 1]: own octs of level l are wanted */
    const struct pvr_split *split; /* not null: of several ranks one is wanted; by domains `levels`
                                      says all of it */
    bool by_trees;
    struct pvr_tree_set trees; /* of the rank, by trees */
};

/* Makes the selection of `region`, which is checked. To be freed on failure too. */
enum pvr_status pvr_selection_make(const struct pvr_layout *layout, const struct pvr_region *region,
                                   struct pvr_selection *selection, struct pvr_error *error);
/* Makes that of what `rank` of `split` (null: all) has of `region` (null: the whole box). The split
 * must live as long. */
enum pvr_status pvr_selection_make_part(const struct pvr_layout *layout,
                                        const struct pvr_region *region,
                                        const struct pvr_split *split, int rank,
                                        struct pvr_selection *selection, struct pvr_error *error);
void pvr_selection_free(struct pvr_selection *selection);

/* Is something of the cell of `level` (0: coarse cells) at `coordinate` wanted? */
bool pvr_selection_has_cell(const struct pvr_selection *selection, int level,
                            const uint32_t coordinate[3]);
/* Is the leaf there wanted? */
bool pvr_selection_has_leaf(const struct pvr_selection *selection, int level,
                            const uint32_t coordinate[3]);
/* Do meshes of all depths have the same cells outside? Then each is the beginning of the deeper
 * ones. Not so where centres count (a leaf may be outside, and cells in it not), nor for ranks. */
static inline bool pvr_selection_grows(const struct pvr_selection *selection) {
    return !selection->by_centre && selection->split == NULL;
}
/* Is the point (code length) in the region? */
bool pvr_selection_has_point(const struct pvr_selection *selection, const double point[3]);
/* Where a point of the region is given, on one axis: moved by whole boxes if the region is put
 * together across a border. */
double pvr_selection_moved(const struct pvr_selection *selection, int axis, double at);

/* The bits of the cells of an oct of `level` at `coordinate` (on the grid of level - 1) which stay
 * refined, of those in `refined`; *outside: those that are leaves then and not wanted. */
uint8_t pvr_selection_cut_oct(const struct pvr_selection *selection, int level,
                              const uint32_t coordinate[3], uint8_t refined, uint8_t *outside);

/* The trees of root_level that the region touches. */
struct pvr_tree_grid pvr_selection_trees(const struct pvr_selection *selection, int root_level);

#endif
