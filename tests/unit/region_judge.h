/* region_judge.h - cells against a region, in the plainest way: all images of the cell. Tilted
 * cylinders follow pvr_shape.h, which has a test of its own. */
#ifndef PVR_TEST_REGION_JUDGE_H
#define PVR_TEST_REGION_JUDGE_H

#include "pvr_region.h"

struct region_judge {
    const struct pvr_region *region;
    int ndim;
    double size[3]; /* of the box */
    bool periodic[3];
};

struct region_judge region_judge_make(struct pvr_snapshot *snapshot,
                                      const struct pvr_region *region);
/* Is the cell of `level` at `at` part of the region: by volume, or by centre? */
bool region_judge_has(const struct region_judge *judge, int level, const uint32_t at[3],
                      const uint32_t ncoarse[3], bool by_centre);

/* A region whose lengths are shares of a box of the size `box`. */
struct pvr_region region_scaled(const struct pvr_region *share, double box);

#endif
