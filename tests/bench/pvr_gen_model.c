/*
 * pvr_gen_model.c - clumps, the refinement that follows from them, and the fields.
 *
 * Around clump k, cells of level l are refined within R(k, l) of its centre, where R shrinks by a
 * constant factor from level to level. R(k, l) is at least R(k, l + 1) plus 1.3 cells of level l:
 * the 26 neighbours of every refined cell then exist, as in RAMSES.
 */
#include "pvr_gen_model.h"

#include <math.h>
#include <string.h>

static const double SQRT3 = 1.7320508075688772;

static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Uniform in [low, high). */
static double random_between(uint64_t *state, double low, double high) {
    return low + (high - low) * ((double)(next_random(state) >> 11) * 0x1p-53);
}

int gen_model_clump_count(gen_kind kind, double cells) {
    if (kind == GEN_UNIFORM)
        return 12;
    double count = cells / (kind == GEN_ZOOM ? 40000.0 : 20000.0);
    int most = kind == GEN_ZOOM ? 24 : 32;
    return count < 1 ? 1 : count > most ? most : (int)count;
}

void gen_model_init(gen_model *model, gen_kind kind, int level_min, int level_max, int clump_count,
                    uint64_t seed) {
    memset(model, 0, sizeof *model);
    model->kind = kind;
    model->level_min = level_min;
    model->level_max = level_max;
    model->clump_count = clump_count;
    uint64_t state = seed * UINT64_C(0x2545F4914F6CDD1D) + 12345;
    double zoom_center[3];
    for (int d = 0; d < 3; d++)
        zoom_center[d] = random_between(&state, 0.4, 0.6);
    for (int k = 0; k < clump_count; k++) {
        gen_clump *clump = &model->clump[k];
        double offset[3], distance_squared;
        do { /* a place in the unit ball */
            distance_squared = 0;
            for (int d = 0; d < 3; d++) {
                offset[d] = random_between(&state, -1, 1);
                distance_squared += offset[d] * offset[d];
            }
        } while (distance_squared > 1);
        double core;
        for (int d = 0; d < 3; d++)
            clump->center[d] = kind == GEN_ZOOM ? zoom_center[d] + 0.035 * offset[d]
                                                : random_between(&state, 0, 1);
        clump->size = exp(random_between(&state, log(0.35), log(1.6)));
        /* Half of the clumps reach the finest level, the others stop up to three levels above. */
        uint64_t dice = next_random(&state) & 7;
        int above = k == 0 || dice < 4 ? 0 : dice < 6 ? 1 : dice < 7 ? 2 : 3;
        clump->deepest = level_max - above > level_min ? level_max - above : level_max;
        core = kind == GEN_ZOOM ? 0.004 * clump->size : 0.02 * clump->size;
        clump->inverse_core_squared = 1 / (core * core);
        clump->amplitude =
            exp(random_between(&state, log(30.0), log(kind == GEN_ZOOM ? 20000.0 : 1000.0)));
        for (int d = 0; d < 3; d++)
            clump->spin[d] = random_between(&state, -3, 3);
    }
}

void gen_model_scale(gen_model *model, double scale) {
    int level_min = model->level_min;
    double exponent = model->kind == GEN_ZOOM ? 0.65 : 0.8;
    for (int k = 0; k < model->clump_count; k++) {
        gen_clump *clump = &model->clump[k];
        double radius[GEN_MAX_LEVEL + 1] = {0};
        for (int level = clump->deepest - 1; level >= 0; level--) {
            int steps = level > level_min ? level - level_min : 0;
            double own = scale * clump->size * exp2(-exponent * steps);
            double needed = 1.3 * exp2(-level) + radius[level + 1];
            radius[level] = own > needed ? own : needed;
        }
        for (int level = 0; level <= GEN_MAX_LEVEL; level++) {
            double half_diagonal = 0.5 * SQRT3 * exp2(-level);
            int refinable = level < clump->deepest;
            double near = radius[level] + half_diagonal;
            double full = refinable ? radius[clump->deepest - 1] - half_diagonal : 0;
            clump->refine_squared[level] = refinable ? radius[level] * radius[level] : 0;
            clump->near_squared[level] = refinable ? near * near : 0;
            clump->full_squared[level] = full > 0 ? full * full : 0;
        }
    }
}

uint32_t gen_model_all(const gen_model *model) {
    return (uint32_t)((UINT64_C(1) << model->clump_count) - 1);
}

/* Square of the distance in the periodic box. */
static double distance_squared(const double a[3], const double b[3]) {
    double sum = 0;
    for (int d = 0; d < 3; d++) {
        double difference = fabs(a[d] - b[d]);
        if (difference > 0.5)
            difference = 1 - difference;
        sum += difference * difference;
    }
    return sum;
}

int gen_model_refines(const gen_model *model, int level, const double center[3],
                      uint32_t candidates, uint32_t *below) {
    if (model->kind == GEN_UNIFORM || level >= model->level_max) {
        *below = 0;
        return level < model->level_min;
    }
    int refined = level < model->level_min;
    uint32_t kept = 0;
    for (uint32_t rest = candidates; rest; rest &= rest - 1) {
        int k = __builtin_ctz(rest);
        const gen_clump *clump = &model->clump[k];
        double distance = distance_squared(center, clump->center);
        if (distance < clump->near_squared[level])
            kept |= UINT32_C(1) << k;
        if (distance < clump->refine_squared[level])
            refined = 1;
    }
    *below = kept;
    return refined;
}

static int full_depth(const gen_model *model, int level, const double center[3], uint32_t near) {
    int full = 0, deepest = 0;
    for (uint32_t rest = near; rest; rest &= rest - 1) {
        const gen_clump *clump = &model->clump[__builtin_ctz(rest)];
        if (clump->deepest > deepest)
            deepest = clump->deepest;
        if (clump->deepest > full &&
            distance_squared(center, clump->center) < clump->full_squared[level])
            full = clump->deepest;
    }
    return full == deepest ? full : 0;
}

int gen_model_full_depth(const gen_model *model, int level, const double center[3], uint32_t near) {
    if (near == 0)
        return model->level_min;
    int full = full_depth(model, level, center, near);
    return full > level && full >= model->level_min ? full : 0;
}

static uint64_t count_below(const gen_model *model, int level, const double center[3],
                            uint32_t candidates) {
    uint32_t near;
    if (!gen_model_refines(model, level, center, candidates, &near))
        return 1;
    int full = gen_model_full_depth(model, level, center, near);
    if (full > 0)
        return UINT64_C(1) << 3 * (full - level);
    uint64_t sum = 0;
    double quarter = exp2(-level - 2);
    for (int cell = 0; cell < 8; cell++) {
        double child[3];
        for (int d = 0; d < 3; d++)
            child[d] = center[d] + (cell >> d & 1 ? quarter : -quarter);
        sum += count_below(model, level + 1, child, near);
    }
    return sum;
}

uint64_t gen_model_count(const gen_model *model, uint64_t limit) {
    uint64_t sum = 0;
    int level = model->level_min < 4 ? model->level_min : 4;
    int side = 1 << level;
    uint32_t all = gen_model_all(model);
#pragma omp parallel for schedule(dynamic, 8) reduction(+ : sum)
    for (int i = 0; i < side * side * side; i++) {
        if (sum > limit)
            continue;
        double center[3] = {(i % side + 0.5) / side, (i / side % side + 0.5) / side,
                            (i / side / side + 0.5) / side};
        sum += count_below(model, level, center, all);
    }
    return sum;
}

uint64_t gen_model_tune(gen_model *model, uint64_t cells) {
    if (model->kind == GEN_UNIFORM)
        return UINT64_C(1) << 3 * model->level_max;
    /* Bisection on the logarithm of the scale: the number of cells grows with it. */
    double low = log(1e-7), high = log(10.0), best = low;
    uint64_t limit = cells + cells / 20;
    gen_model_scale(model, exp(low));
    uint64_t best_count = gen_model_count(model, limit);
    if (best_count >= cells)
        return best_count;
    for (int step = 0; step < 60 && cells - best_count > cells / 200; step++) {
        double middle = 0.5 * (low + high);
        gen_model_scale(model, exp(middle));
        uint64_t count = gen_model_count(model, limit);
        if (count > cells) {
            high = middle;
        } else {
            low = best = middle;
            best_count = count;
        }
    }
    gen_model_scale(model, exp(best));
    return best_count;
}

void gen_model_fields(const gen_model *model, const double center[3], double cell_size, int nvar,
                      double *values) {
    double density[8], momentum[3][8];
    for (int c = 0; c < 8; c++) {
        density[c] = 1;
        momentum[0][c] = momentum[1][c] = momentum[2][c] = 0;
    }
    for (int k = 0; k < model->clump_count; k++) {
        const gen_clump *clump = &model->clump[k];
        double at[3][2], square[3][2];
        for (int d = 0; d < 3; d++)
            for (int side = 0; side < 2; side++) {
                double x = center[d] + (side - 0.5) * cell_size - clump->center[d];
                x -= (x > 0.5) - (x < -0.5);
                at[d][side] = x;
                square[d][side] = x * x * clump->inverse_core_squared;
            }
        double sx = clump->spin[0], sy = clump->spin[1], sz = clump->spin[2];
        for (int c = 0; c < 8; c++) {
            double x = at[0][c & 1], y = at[1][c >> 1 & 1], z = at[2][c >> 2];
            double profile = 1 / (1 + square[0][c & 1] + square[1][c >> 1 & 1] + square[2][c >> 2]);
            double weight = clump->amplitude * profile * profile;
            density[c] += weight;
            momentum[0][c] += weight * (sy * z - sz * y);
            momentum[1][c] += weight * (sz * x - sx * z);
            momentum[2][c] += weight * (sx * y - sy * x);
        }
    }
    for (int c = 0; c < 8; c++) {
        double x = center[0] + ((c & 1) - 0.5) * cell_size;
        double y = center[1] + ((c >> 1 & 1) - 0.5) * cell_size;
        double z = center[2] + ((c >> 2) - 0.5) * cell_size;
        double inverse = 1 / density[c];
        values[c] = density[c];
        values[8 + c] = momentum[0][c] * inverse + 0.1 * y * (1 - y);
        values[16 + c] = momentum[1][c] * inverse + 0.1 * z * (1 - z);
        values[24 + c] = momentum[2][c] * inverse - 0.1 * x * (1 - x);
        values[32 + c] = 0.1 * density[c] * sqrt(density[c]);
        for (int v = 5; v < nvar; v++) { /* 0 to 1 */
            double half = 10.0 * (v - 4);
            values[8 * v + c] = density[c] / (density[c] + half) * 16 * x * (1 - x) * z * (1 - z);
        }
    }
}
