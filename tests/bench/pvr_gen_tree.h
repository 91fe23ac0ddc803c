/*
 * pvr_gen_tree.h - the oct tree of a generated output.
 *
 * The octs of each level stand in the order of the Hilbert curve. An oct of level l is named by its
 * index in that order; it fills a cell of level l - 1, its father cell. Cells of an oct are
 * numbered x + 2 y + 4 z. Domains are ranges of Hilbert keys with level_max + 1 bits per axis; an
 * oct belongs to the domain that holds the key of its father cell's centre, so the octs of a domain
 * are a contiguous range on every level.
 */
#ifndef PVR_GEN_TREE_H
#define PVR_GEN_TREE_H

#include "pvr_gen_model.h"

#define GEN_NONE UINT32_MAX

typedef struct {
    uint32_t count;
    uint32_t *position;    /* 3 per oct: place of the father cell, 0 .. 2^(l-1) - 1 */
    uint32_t *parent;      /* oct of level l - 1 that holds the father cell */
    uint32_t *first_child; /* first oct of level l + 1 inside; the others follow it */
    uint8_t *refined;      /* a bit for each refined cell */
    uint8_t *state;        /* orientation of the Hilbert curve in the father cell */
    uint32_t *neighbour;   /* 6 per oct: -x +x -y +y -z +z, GEN_NONE where there is none */
    double *mean;          /* nvar per oct: mean of the 8 cells; NULL for sparse outputs */
    uint32_t *first;       /* ncpu + 1: the first oct of each domain */
} gen_level;

typedef struct {
    int level_max; /* nlevelmax of the files */
    int ncpu, nvar;
    uint64_t *bound;                    /* ncpu + 1 keys */
    gen_level level[GEN_MAX_LEVEL + 1]; /* from 1 */
    uint64_t octs;
    uint64_t leaves[GEN_MAX_LEVEL + 1]; /* leaf cells per level; those of level l octs at l */
    uint64_t leaf_cells;
    double total_mass, min_density, max_density;
} gen_tree;

/* Builds the tree and cuts it into domains. Returns 0, or -1 without enough memory. */
int gen_tree_build(gen_tree *tree, const gen_model *model, int ncpu, int nvar);

/* Sums up the fields and, where `keep_means`, stores the means of the octs. 0 or -1. */
int gen_tree_fields(gen_tree *tree, const gen_model *model, int keep_means);

void gen_tree_free(gen_tree *tree);

/* The Hilbert curve: the cell at a place (0 .. 7) along it in an orientation (0 at the top), and
 * the orientation inside that cell. After gen_curve_prepare. */
void gen_curve_prepare(void);
int gen_curve_cell(int state, int place);
int gen_curve_inside(int state, int cell);

/* Oct of level + 1 in a cell of an oct, or GEN_NONE. */
uint32_t gen_tree_child(const gen_tree *tree, int level, uint32_t oct, int cell);

/* Hilbert key of the cell `x` of level `level`: of its centre, or the smallest inside. */
uint64_t gen_tree_key(const gen_tree *tree, int level, const uint32_t x[3], int of_center);

/* Domain (from 0) of an oct, and of a key. */
int gen_tree_owner(const gen_tree *tree, int level, uint32_t oct);
int gen_tree_domain(const gen_tree *tree, uint64_t key);

/* Values of the 8 cells of an oct, as in gen_model_fields, with means in the refined ones. */
void gen_tree_values(const gen_tree *tree, const gen_model *model, int level, uint32_t oct,
                     double *values);

#endif
