/* pvr_octree_boxes.c - the leaves of an octree as boxes: see pvr_octree_boxes.h. */
#include "pvr_octree_boxes.h"

#include "pvr_positions.h"

#include <math.h>

enum { OCTS_AT_ONCE = 256 };

/* Sets the box of the cell at `at` on the grid of `level`. */
static void set_box(const struct pvr_octree *octree, int level, const uint32_t at[3], bool leaf,
                    double centre[3], double side[3]) {
    for (int a = 0; a < 3; a++) {
        const double whole = a < octree->ndim ? octree->size[a] / octree->root_dims[a] : 1;
        const double size = a < octree->ndim ? ldexp(whole, octree->root_level - level) : 1;
        centre[a] = a < octree->ndim ? octree->origin[a] + (at[a] + 0.5) * size : 0;
        side[a] = leaf ? size : 0;
    }
}

static bool is_leaf(const struct pvr_octree_level *level, uint64_t byte, unsigned bit) {
    const unsigned not_leaf =
        level->refined[byte] | (level->outside != NULL ? level->outside[byte] : 0u);
    return (not_leaf >> bit & 1) == 0;
}

/* Cells from .. from + count - 1 of a run of octs. */
static void place_octs(struct pvr_walk *walk, const struct pvr_run *run, uint64_t from,
                       uint32_t count, double (*centre)[3], double (*side)[3]) {
    const struct pvr_octree *octree = walk->octree;
    const uint64_t cells = (uint64_t)octree->cells_per_oct;
    uint32_t oct_at[OCTS_AT_ONCE][3];
    for (uint32_t done = 0; done < count;) {
        const uint64_t oct = (from + done) / cells, last = (from + count - 1) / cells;
        const uint64_t octs = last - oct + 1 < OCTS_AT_ONCE ? last - oct + 1 : OCTS_AT_ONCE;
        pvr_walk_octs(walk, run->level, run->oct + oct, octs, oct_at);
        for (; done < count && (from + done) / cells < oct + octs; done++) {
            const uint64_t in = (from + done) / cells - oct;
            const unsigned cell = (unsigned)((from + done) % cells);
            uint32_t at[3] = {0, 0, 0};
            for (int a = 0; a < octree->ndim; a++) {
                at[a] = 2 * oct_at[in][a] + (cell >> a & 1);
            }
            set_box(octree, run->level, at,
                    is_leaf(&octree->level[run->level], run->oct + oct + in, cell), centre[done],
                    side[done]);
        }
    }
}

static void place(void *context, uint64_t first, uint32_t count, double (*centre)[3],
                  double (*side)[3]) {
    const struct pvr_octree *octree = context;
    struct pvr_walk walk;
    struct pvr_run run = pvr_run_at(octree, first);
    pvr_walk_begin(&walk, octree);
    for (uint32_t done = 0; done < count; pvr_run_next(octree, &run)) {
        const uint64_t from = first + done - run.cell, left = run.ncells - from;
        const uint32_t here = left < count - done ? (uint32_t)left : count - done;
        if (run.level > octree->root_level) {
            place_octs(&walk, &run, from, here, centre + done, side + done);
        } else { /* the root cell of a tree */
            uint32_t at[3];
            pvr_tree_coordinate(octree, run.tree, at);
            set_box(octree, run.level, at,
                    is_leaf(&octree->level[run.level], run.tree >> 3, run.tree & 7), centre[done],
                    side[done]);
        }
        done += here;
    }
}

struct pvr_boxes pvr_octree_boxes(const struct pvr_octree *octree) {
    /* read alone */
    return (struct pvr_boxes){.count = octree->ncells, .place = place, .context = (void *)octree};
}
