/*
 * pvr_gen_write.h - writes a generated tree as a RAMSES output folder.
 */
#ifndef PVR_GEN_WRITE_H
#define PVR_GEN_WRITE_H

#include "pvr_gen_tree.h"

typedef struct {
    const char *folder;              /* output_NNNNN itself; must exist */
    int output;                      /* NNNNN */
    int sparse;                      /* holes instead of values in the hydro files */
    int tables;                      /* holes instead of octs too, and no ghosts */
    uint64_t amr_bytes, hydro_bytes; /* results */
} gen_output;

/* Writes all files. Returns 0, or -1 after a message on stderr. */
int gen_write(const gen_tree *tree, const gen_model *model, gen_output *output);

/* An output too large to be made: headers and tables, with octs counted but nowhere. Cuts the octs
 * of the model into `ncpu` domains of like numbers along the curve, and fills what gen_write needs
 * of the tree; trees[t] (32^3, x fastest) are the octs below level_min in each cell of level 5.
 * Returns 0, or -1 without enough memory. */
enum { GEN_TREES_LEVEL = 5, GEN_TREES = 1 << 15 };
int gen_tables_count(gen_tree *tree, const gen_model *model, int ncpu, int nvar,
                     uint64_t trees[GEN_TREES]);

#endif
