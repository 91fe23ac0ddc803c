/* pvr_bounds.h - which domains own the octs of a part of the box (internal).
 *
 * With Hilbert ordering a cell belongs to the domain whose bounds hold the key of its centre, and
 * an oct to the domain of its father cell: the cell of the level above that it fills. Keys count
 * the cells of level nlevelmax + 1 along the curve, from the corner of the physical box; their
 * number of bits follows from the physical coarse cells along x, and bits beyond are lost (two
 * parts of a long box can have the same keys). Sources: RAMSES, amr/load_balance.f90 (cmp_ordering,
 * cmp_cpumap), amr/hilbert.f90, amr/refine_utils.f90.
 *
 * Other orderings say nothing here: every domain may own everything.
 */
#ifndef PVR_BOUNDS_H
#define PVR_BOUNDS_H

#include "pvr_amr.h"

struct pvr_bounds {
    bool known;    /* Hilbert ordering with bounds that make sense */
    int ndomains;  /* files */
    int nparts;    /* of the curve: ndomains, or a multiple; part p is of file p % ndomains + 1 */
    double *bound; /* nparts + 1 keys */
    int ndim, nlevelmax;
    uint32_t ncoarse[3];
    bool exact;         /* centres of cells are exact in RAMSES' arithmetic: where they lie on a
                           border of key cells it is known which side they count to */
    uint64_t total[64]; /* octs of level l of all domains, as the file counts them: [l - 1] */
};

/* Reads bounds and counts from an open amr file. What makes no sense is left unknown. */
enum pvr_status pvr_bounds_read(const struct pvr_file *file, const struct pvr_amr_header *header,
                                const struct pvr_coarse_box *box, struct pvr_bounds *bounds,
                                struct pvr_error *error);
void pvr_bounds_free(struct pvr_bounds *bounds);

/* Does a cell of `level` (0: coarse cells) at `coordinate` on that level's grid matter? If it does
 * not, nothing inside it may. */
typedef bool (*pvr_matters_fn)(const void *context, int level, const uint32_t coordinate[3]);

/* Sets bit l of levels[d - 1] for every domain d and level l >= 1 that may have own octs that
 * fill a cell which matters. Levels above nlevelmax are not named. `levels` is zeroed before. */
void pvr_bounds_choose(const struct pvr_bounds *bounds, pvr_matters_fn matters, const void *context,
                       uint64_t *levels);

/* Called for each cell of a level: its coordinate on that level's grid and its keys, from `from` up
 * to, but without, `to`. */
typedef void (*pvr_cell_keys_fn)(void *context, const uint32_t coordinate[3], double from,
                                 double to);

/* Walks over all cells of `level`, coarse cell by coarse cell (x fastest) and in each of them along
 * the curve, whatever the ordering: of one that is not Hilbert the keys mean nothing. */
void pvr_bounds_walk(const struct pvr_bounds *bounds, int level, pvr_cell_keys_fn visit,
                     void *context);

#endif
