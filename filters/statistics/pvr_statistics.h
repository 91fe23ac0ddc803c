/* pvr_statistics.h - totals and extrema over the leaf cells of a mesh. */
#ifndef PVR_STATISTICS_H
#define PVR_STATISTICS_H

#include "pvr_mesh.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_field_statistics {
    char name[PVR_NAME_SIZE]; /* of the array; a vector's components are called name_x, name_y,
                                 name_z */
    double min, max;          /* of the finite values; NaN if there are none */
    double sum_field_volume;  /* sum of value * cell volume over the leaves with finite values */
    uint64_t not_finite;      /* leaves with NaN or infinity: left out of the above */
};

struct pvr_statistics {
    uint64_t leaf_cells;
    uint64_t leaf_cells_per_level[PVR_MAX_LEVELS + 1];
    double volume;     /* of all leaves, code length^ndim */
    double total_mass; /* sum of density * volume in the array's unit; NaN without density */
    int nfields;
    struct pvr_field_statistics *field; /* one per array component; level and domain left out */
};

/* Sums are compensated and in a fixed order: the same bits for any number of threads. `threads`
 * may be null. Free the result with pvr_statistics_free. */
enum pvr_status pvr_statistics_compute(const struct pvr_mesh *mesh,
                                       const struct pvr_threads *threads,
                                       struct pvr_statistics *statistics, struct pvr_error *error);
void pvr_statistics_free(struct pvr_statistics *statistics);

#ifdef __cplusplus
}
#endif
#endif
