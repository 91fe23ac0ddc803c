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
    uint64_t amr_bytes, hydro_bytes; /* results */
} gen_output;

/* Writes all files. Returns 0, or -1 after a message on stderr. */
int gen_write(const gen_tree *tree, const gen_model *model, gen_output *output);

#endif
