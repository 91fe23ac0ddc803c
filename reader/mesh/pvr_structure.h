/* pvr_structure.h - the octs of an output: read once, then any field is filled from them
 * (internal).
 *
 * A structure is the octree, and for each oct in the order in which the files hold it the place
 * that it has there. It never changes once made and is counted by reference: any number of threads
 * may fill arrays from it at the same time.
 */
#ifndef PVR_STRUCTURE_H
#define PVR_STRUCTURE_H

#include "pvr_memory.h"
#include "pvr_octree.h"
#include "pvr_pieces.h"
#include "pvr_snapshot_private.h"
#include "pvr_tree_grid.h"
#include "pvr_watch.h"

struct pvr_structure {
    struct pvr_octree *octree;
    struct pvr_pieces pieces; /* of all levels */
    /* Place of each oct in the octree's level, level by level (not root_level), in the order of
     * the pieces: uint32 in arrays of PVR_INT32, which structures may share. */
    struct pvr_array *slot[PVR_MAX_LEVELS + 1];
    uint32_t (*root_coordinate)[3];    /* where the octs of the root level lie in the box */
    uint64_t root_octs;                /* these */
    struct pvr_tree_grid trees;        /* that the octree has */
    uint64_t made[PVR_MAX_LEVELS + 1]; /* octs, the last ones of each level, that were read from no
                                          file: they stand above those of a rank's domains */
    uint64_t *domain_levels;           /* bit l of [domain - 1]: its own octs of level l were looked
                                          at; null: all were */
    uint64_t bytes;                    /* memory of all of it */
    int references, watchers;          /* atomic; do not touch */
};

/* The levels that a mesh down to `max_level` (0: all) has. */
struct pvr_levels {
    int root, max;
    bool all; /* max is the output's own last level: nothing may be below */
};
enum pvr_status pvr_structure_levels(const struct pvr_snapshot *snapshot,
                                     const struct pvr_domains *domains, int max_level,
                                     struct pvr_levels *levels, struct pvr_error *error);

/* Bytes of the amr files that pvr_structure_load reads. */
uint64_t pvr_structure_file_bytes(const struct pvr_snapshot *snapshot,
                                  const struct pvr_domains *domains, struct pvr_levels levels,
                                  const struct pvr_structure *base);

/* Reads the structure with the threads of `job`. `base` is null, or the structure of the same
 * output with the same root level and fewer levels: then the octs of the deeper levels alone are
 * read, and the sons of its last one, whose cells were leaves there. On failure *structure is
 * null. */
enum pvr_status pvr_structure_load(struct pvr_snapshot *snapshot, const struct pvr_domains *domains,
                                   struct pvr_levels levels, const struct pvr_structure *base,
                                   struct pvr_job *job, struct pvr_structure **structure,
                                   struct pvr_error *error);
/* The same structure with fewer levels (root level <= max_level; all where it has no more): nothing
 * is read. `domain_levels`: as in the structure. */
enum pvr_status pvr_structure_cut(const struct pvr_structure *structure, int max_level,
                                  const uint64_t *domain_levels, int ndomains,
                                  struct pvr_structure **result, struct pvr_error *error);

/* For those who make structures: a new one with nothing in it, or null; and its memory, at last. */
struct pvr_structure *pvr_structure_new(void);
void pvr_structure_count_bytes(struct pvr_structure *structure);

struct pvr_structure *pvr_structure_retain(struct pvr_structure *structure);
void pvr_structure_release(struct pvr_structure *structure);
/* As for arrays, see pvr_watch.h. */
void pvr_structure_watch(struct pvr_structure *structure);
void pvr_structure_unwatch(struct pvr_structure *structure);
struct pvr_structure *pvr_structure_catch(struct pvr_structure *structure);

/* Places of the octs of `level` in the order of the pieces. */
static inline const uint32_t *pvr_structure_slots(const struct pvr_structure *structure,
                                                  int level) {
    return (const uint32_t *)structure->slot[level]->data;
}

#endif
