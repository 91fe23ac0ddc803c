/* region_judge.c - cells against a region, in the plainest way. */
#include "region_judge.h"

#include "pvr_shape.h"
#include "pvr_snapshot_private.h"

#include <math.h>

static bool image_overlaps(const struct region_judge *judge, const double low[3],
                           const double high[3]) {
    const struct pvr_region *region = judge->region;
    double square = 0;
    int along = -1, parts = 0;
    for (int a = 0; a < judge->ndim; a++) {
        parts += region->axis[a] != 0;
        along = region->axis[a] != 0 ? a : along;
    }
    if (region->type == PVR_REGION_CYLINDER && parts > 1) {
        struct pvr_shape shape;
        return pvr_shape_make(region, judge->ndim, &shape) && pvr_shape_overlaps(&shape, low, high);
    }
    for (int a = 0; a < judge->ndim; a++) {
        double c = region->centre[a], nearest = c < low[a] ? low[a] : c > high[a] ? high[a] : c;
        double half = region->type == PVR_REGION_BOX ? region->size[a] / 2 : region->height / 2;
        if (region->type == PVR_REGION_BOX || (region->type == PVR_REGION_CYLINDER && a == along)) {
            if (!(fabs(nearest - c) < half - 1e-12 * judge->size[a])) { /* a face is not enough */
                return false;
            }
        } else {
            square += (nearest - c) * (nearest - c);
        }
    }
    double radius = region->radius - 1e-12 * judge->size[0];
    return region->type == PVR_REGION_BOX || square == 0 || square < radius * radius;
}

bool region_judge_has(const struct region_judge *judge, int level, const uint32_t at[3],
                      const uint32_t ncoarse[3], bool by_centre) {
    double cell[3];
    int images = 1;
    for (int a = 0; a < judge->ndim; a++) {
        cell[a] = ldexp(judge->size[a] / ncoarse[a], -level);
        images *= 3;
    }
    for (int i = 0; i < images; i++) {
        double low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
        int shift[3] = {i % 3 - 1, i / 3 % 3 - 1, i / 9 - 1};
        bool image = true;
        for (int a = 0; a < judge->ndim; a++) {
            double moved = shift[a] * judge->size[a];
            image = image && (judge->periodic[a] || shift[a] == 0);
            low[a] = (at[a] + (by_centre ? 0.5 : 0.0)) * cell[a] + moved;
            high[a] = by_centre ? low[a] : (at[a] + 1.0) * cell[a] + moved;
        }
        struct pvr_shape shape;
        bool there = by_centre ? pvr_shape_make(judge->region, judge->ndim, &shape) &&
                                     pvr_shape_contains(&shape, low)
                               : image_overlaps(judge, low, high);
        if (image && there) {
            return true;
        }
    }
    return false;
}

struct region_judge region_judge_make(struct pvr_snapshot *snapshot,
                                      const struct pvr_region *region) {
    struct region_judge judge = {.region = region, .ndim = pvr_snapshot_info(snapshot)->ndim};
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, judge.size, ncoarse);
    for (int a = 0; a < 3; a++) { /* no boundary cells around the box */
        judge.periodic[a] = snapshot->layout.amr.ncoarse[a] == (int32_t)ncoarse[a];
    }
    return judge;
}

struct pvr_region region_scaled(const struct pvr_region *share, double box) {
    struct pvr_region region = *share;
    for (int a = 0; a < 3; a++) {
        region.centre[a] *= box;
        region.size[a] *= box;
    }
    region.radius *= box;
    region.height *= box;
    return region;
}
