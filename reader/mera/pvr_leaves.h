/* pvr_leaves.h - from a list of leaf cells to the octree in memory (internal).
 *
 * A row of the list is a leaf: its level, and its place on that level's grid, counted from 1. Rows
 * may come in any order. Each gets a key: the Morton number of its lower corner on the finest
 * level's grid, and its level in the lowest bits. Sorted by that (a parallel radix sort, stable)
 * the leaves stand tree after tree and depth first; an oct of a level begins wherever two
 * neighbours of the list differ above that level, so all counts, bits and places follow from one
 * look at each pair, by any number of threads, with the same result.
 *
 * What no leaf covers is outside (pvr_octree.h). Cells that overlap are an error.
 */
#ifndef PVR_LEAVES_H
#define PVR_LEAVES_H

#include "pvr_octree.h"
#include "pvr_threads.h"

/* Cells of `source` that no row stands for: refined or outside. */
#define PVR_NO_ROW UINT32_MAX

/* Memory: 24 bytes a row (and a 256th). */
struct pvr_leaves {
    int ndim;
    uint64_t count;
    uint64_t room;      /* rows of the list */
    size_t buffer;      /* bytes of key and of each spare: some more than the rows need, see
                           pvr_jld2_column_room */
    const char *path;   /* for messages; borrowed */
    uint64_t *key;      /* room */
    uint64_t *spare[2]; /* room each: for columns that are read, then of the sort */
    uint32_t *row;      /* the row of each key, once they are not in order; lies in spare[1] */
    int low, high;      /* levels that there are */
    int root;           /* of the trees that pvr_leaves_build makes; 0: it chooses */
    uint64_t per_level[PVR_MAX_LEVELS + 1];
    uint32_t first[3], last[3]; /* cells of the finest level that all leaves lie in, inclusive */
    uint64_t hash; /* of all keys in the order of the rows: tells lists of the same cells */
    /* Of a region across the border of a periodic box, see pvr_leaves_select; 0 by themselves: */
    bool turn[3];       /* keys count from the middle of this axis on, and go on over the border */
    int boxes[3];       /* by which the octree's place is moved */
    uint32_t turned[3]; /* half of the finest level's grid once it was done */
};

/* A column of whole numbers. */
struct pvr_whole_column {
    const void *data;
    int bytes; /* of a value: 8 or 4, signed, of this machine's order */
};

/* `leaves` all zero before. Free it whatever comes. `buffer`: bytes, at least 8 a row. */
enum pvr_status pvr_leaves_begin(struct pvr_leaves *leaves, int ndim, uint64_t count, size_t buffer,
                                 const char *path, struct pvr_error *error);
/* Takes the columns of levels and of the first coordinate, then those of the others (null beyond
 * ndim); they may lie in `spare`. Fails for levels and coordinates that do not exist. */
enum pvr_status pvr_leaves_take_first(struct pvr_leaves *leaves, struct pvr_whole_column level,
                                      struct pvr_whole_column x, struct pvr_job *job,
                                      struct pvr_error *error);
enum pvr_status pvr_leaves_take_rest(struct pvr_leaves *leaves, struct pvr_whole_column y,
                                     struct pvr_whole_column z, struct pvr_job *job,
                                     struct pvr_error *error);
/* Is the cell of `level` at `at` on its grid (from 0) wanted? For several threads. */
typedef bool (*pvr_leaf_wanted_fn)(const void *context, int level, const uint32_t at[3]);
/* Keeps the leaves that are wanted, of those that were kept before; of those below max_level (0:
 * none is) the cell of max_level counts that they lie in. None may be left. Where `turn` was set,
 * the halves of the box then change places: what lay on both sides of the border is one piece. */
enum pvr_status pvr_leaves_select(struct pvr_leaves *leaves, int max_level,
                                  pvr_leaf_wanted_fn wanted, const void *context,
                                  struct pvr_job *job, struct pvr_error *error);
/* Sorts, and looks for cells that overlap. `spare` is used up. */
enum pvr_status pvr_leaves_sort(struct pvr_leaves *leaves, struct pvr_job *job,
                                struct pvr_error *error);

/* Where the values of cells come from. */
struct pvr_leaf_map {
    uint64_t ncells;
    uint32_t *source; /* of each cell of the octree: its row, or PVR_NO_ROW */
    /* Where the octree ends above some leaves: `source` is then a place in `row`, and stands for
     * all leaves from there on that lie in the cell. */
    bool merged;
    uint64_t nrows;
    uint32_t *row;  /* sorted; null unless merged */
    uint8_t *level; /* of the leaf at each place of `row` */
    uint8_t *more;  /* 1: the leaf lies in the cell of the leaf before it */
};

/* Builds the octree down to max_level (0: all) of a box of `boxlen` code lengths a side, and the
 * map. The grid of trees is cropped to the leaves. What `leaves` holds is of no use afterwards but
 * as memory. */
enum pvr_status pvr_leaves_build(const struct pvr_leaves *leaves, double boxlen, int max_level,
                                 struct pvr_job *job, struct pvr_octree **octree,
                                 struct pvr_leaf_map *map, struct pvr_error *error);
void pvr_leaves_free(struct pvr_leaves *leaves);
void pvr_leaf_map_free(struct pvr_leaf_map *map);

/* Bits of a key below its Morton number: the level. */
enum { PVR_KEY_LEVEL_BITS = 5 };
/* Level and lower corner, on the finest level's grid (before any turn), of a key. */
int pvr_leaf_cell(const struct pvr_leaves *leaves, uint64_t key, uint32_t low[3]);

#endif
