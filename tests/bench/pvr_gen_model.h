/*
 * pvr_gen_model.h - the analytic model behind the generated outputs.
 *
 * A model is a set of clumps in the periodic unit box. It says where the mesh is refined (nested
 * balls around every clump, with a margin that keeps the mesh graded 2:1) and what the fields are
 * at any position. Everything is a deterministic function of kind, seed and the sizes asked for.
 */
#ifndef PVR_GEN_MODEL_H
#define PVR_GEN_MODEL_H

#include <stdint.h>

enum { GEN_MAX_LEVEL = 20, GEN_MAX_CLUMPS = 32, GEN_MAX_NVAR = 64 };

typedef enum { GEN_CLUSTERED, GEN_ZOOM, GEN_UNIFORM } gen_kind;

typedef struct {
    double center[3];
    double size;      /* relative size of its refined balls */
    int deepest;      /* level of its finest cells */
    double amplitude; /* height of its density profile */
    double inverse_core_squared;
    double spin[3]; /* angular velocity */
    /* Square of the radius in which cells of a level are refined, and of the radius in which a
     * cell of a level may have refined cells below itself or touch such a ball. */
    double refine_squared[GEN_MAX_LEVEL + 1];
    double near_squared[GEN_MAX_LEVEL + 1];
    /* A cell of this level nearer than this is refined down to `deepest` everywhere. */
    double full_squared[GEN_MAX_LEVEL + 1];
} gen_clump;

typedef struct {
    gen_kind kind;
    int level_min, level_max;
    int clump_count;
    gen_clump clump[GEN_MAX_CLUMPS];
} gen_model;

/* Number of clumps that suits a number of leaf cells. */
int gen_model_clump_count(gen_kind kind, double cells);

/* Places the clumps; the radii are set by gen_model_scale. */
void gen_model_init(gen_model *model, gen_kind kind, int level_min, int level_max, int clump_count,
                    uint64_t seed);

/* Sets the radii of refinement; more cells are refined as `scale` grows. */
void gen_model_scale(gen_model *model, double scale);

/*
 * Whether the cell of `level` with this centre is refined. `candidates` holds a bit for each clump
 * that may refine it; those that may refine its descendants are put into `*below`.
 */
int gen_model_refines(const gen_model *model, int level, const double center[3],
                      uint32_t candidates, uint32_t *below);

/* Bits of all clumps: the candidates of the root cell. */
uint32_t gen_model_all(const gen_model *model);

/* Level down to which the cell is refined all over and no clump of `near` (gen_model_refines) goes
 * deeper; 0: it has to be looked into. */
int gen_model_full_depth(const gen_model *model, int level, const double center[3], uint32_t near);

/* Number of leaf cells that the model's mesh will have (stops early above `limit`). */
uint64_t gen_model_count(const gen_model *model, uint64_t limit);

/* Scales the model until it has about `cells` leaf cells; returns the number reached. */
uint64_t gen_model_tune(gen_model *model, uint64_t cells);

/*
 * Field values in the 8 cells of the oct with this centre and this size of cell:
 * values[variable * 8 + cell]. Cells are numbered x + 2 y + 4 z.
 */
void gen_model_fields(const gen_model *model, const double center[3], double cell_size, int nvar,
                      double *values);

#endif
