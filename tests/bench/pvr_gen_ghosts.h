/*
 * pvr_gen_ghosts.h - which octs stand in the files of one domain, and their local numbers.
 *
 * Besides its own octs a file holds copies of others, the ghosts: those next to an own oct (sharing
 * a face; also an edge or a corner up to level_min), those inside own octs, and all that enclose
 * any of these (with the neighbours of those that enclose own octs, for the nbor records). Octs are
 * numbered from 1 in the order of the file: by level, then by domain.
 */
#ifndef PVR_GEN_GHOSTS_H
#define PVR_GEN_GHOSTS_H

#include "pvr_gen_tree.h"

typedef struct {
    uint32_t own_begin, own_end;
    uint32_t *ghost;                /* in the order of the tree */
    uint32_t ghosts, ghosts_before; /* all; those of domains before this one */
    uint32_t base;                  /* local number of the level's first oct */
} gen_file_level;

typedef struct {
    int cpu; /* from 0 */
    uint32_t octs;
    gen_file_level level[GEN_MAX_LEVEL + 1];
} gen_file_octs;

/* Octs of one domain on one level in a file: those of domain `cpu`, at `first` in file order. */
typedef struct {
    int cpu;
    uint32_t first, count;
} gen_block;

int gen_ghosts_find(gen_file_octs *octs, const gen_tree *tree, int level_min, int cpu);
void gen_ghosts_free(gen_file_octs *octs);

/* Local number of an oct in the file, 0 if it is not there. */
uint32_t gen_ghosts_local(const gen_file_octs *octs, int level, uint32_t oct);

/* The next block of a level, in the order of the file; its count is 0 and its cpu ncpu after the
 * last. `*from` is 0 for the first block and is moved on by each call. */
gen_block gen_ghosts_block(const gen_file_octs *octs, const gen_tree *tree, int level,
                           uint32_t *from);

/* Oct at a place of the level in file order. */
uint32_t gen_ghosts_oct(const gen_file_octs *octs, int level, uint32_t place);

#endif
