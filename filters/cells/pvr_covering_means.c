/* pvr_covering_means.c - means of the leaves in a cell of a covering grid. */
#include "pvr_covering_private.h"

#include <math.h>

/* Sums over leaves: by volume, and by weight where there is one. */
struct sums {
    double volume, mass;
    double by_volume[PVR_COVERING_COMPONENTS], by_mass[PVR_COVERING_COMPONENTS];
};

static void add_leaves(const struct pvr_covering *covering, uint64_t tree, int level, uint64_t oct,
                       double volume, struct sums *sums) {
    const struct pvr_octree *octree = covering->octree;
    const struct pvr_octree_level *at = &octree->level[level];
    uint64_t index = pvr_first_cell(octree, level, tree, oct);
    uint64_t child = at->refined[oct] != 0 ? pvr_rank(at, oct, 0) : 0;
    for (unsigned c = 0; c < (unsigned)octree->cells_per_oct; c++, index++) {
        if (pvr_is_refined(at, oct, c)) {
            add_leaves(covering, tree, level + 1, child++, volume / octree->cells_per_oct, sums);
        } else if (!pvr_is_outside(at, oct, c)) {
            double mass =
                covering->weight != NULL ? volume * pvr_value(covering->weight, index, 0) : 0;
            sums->volume += volume;
            sums->mass += mass;
            for (int i = 0; i < covering->source->ncomponents; i++) {
                double value = pvr_value(covering->source, index, i);
                sums->by_volume[i] += volume * value;
                sums->by_mass[i] += mass != 0 ? mass * value : 0;
            }
        }
    }
}

/* The mean of the leaves below an oct of eight cells, none of which is outside: of one number each,
 * by volume. */
#define DEFINE_PLAIN_MEAN(name, type)                                                              \
    static double name(const struct pvr_octree *octree, const type *data, uint64_t tree,           \
                       int level, uint64_t oct) {                                                  \
        const struct pvr_octree_level *at = &octree->level[level];                                 \
        const type *value = data + pvr_first_cell(octree, level, tree, oct);                       \
        const unsigned refined = at->refined[oct];                                                 \
        double cell[8];                                                                            \
        for (unsigned c = 0; c < 8; c++) {                                                         \
            cell[c] = (double)value[c];                                                            \
        }                                                                                          \
        uint64_t child = refined != 0 ? pvr_rank(at, oct, 0) : 0;                                  \
        for (unsigned c = 0; c < 8 && refined >> c != 0; c++) {                                    \
            if (refined >> c & 1) {                                                                \
                cell[c] = name(octree, data, tree, level + 1, child++);                            \
            }                                                                                      \
        }                                                                                          \
        return (((cell[0] + cell[1]) + (cell[2] + cell[3])) +                                      \
                ((cell[4] + cell[5]) + (cell[6] + cell[7]))) /                                     \
               8;                                                                                  \
    }

DEFINE_PLAIN_MEAN(mean_of_singles, float)
DEFINE_PLAIN_MEAN(mean_of_doubles, double)

void pvr_covering_mean(const struct pvr_covering *covering, uint64_t tree, int level, uint64_t oct,
                       uint64_t at, double share[2]) {
    const struct pvr_octree *octree = covering->octree;
    if (covering->source->ncomponents == 1 && covering->weight == NULL && octree->noutside == 0 &&
        octree->cells_per_oct == 8) {
        const void *data = covering->source->data;
        pvr_put_real(covering->result, at, 0,
                     covering->source->type == PVR_FLOAT32
                         ? mean_of_singles(octree, data, tree, level, oct)
                         : mean_of_doubles(octree, data, tree, level, oct));
        share[0] = 1;
        share[1] = 0;
        return;
    }
    struct sums sums = {0, 0, {0}, {0}};
    add_leaves(covering, tree, level, oct, 1, &sums);
    for (int i = 0; i < covering->source->ncomponents; i++) {
        double mean = sums.volume > 0 ? sums.by_volume[i] / sums.volume : (double)NAN;
        pvr_put_real(covering->result, at, i, sums.mass != 0 ? sums.by_mass[i] / sums.mass : mean);
    }
    share[0] = sums.volume;
    share[1] = sums.mass;
}
