/* pvr_mesh.h - load a snapshot's mesh: structure and chosen fields, with all threads. */
#ifndef PVR_MESH_H
#define PVR_MESH_H

#include "pvr_memory.h"
#include "pvr_octree.h"
#include "pvr_region.h"
#include "pvr_snapshot.h"
#include "pvr_split.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Names of the arrays that are not read but follow from the mesh. */
#define PVR_FIELD_LEVEL "level"   /* uint8: the cell's level */
#define PVR_FIELD_DOMAIN "domain" /* int32: number of the file that holds the cell, from 1 */

struct pvr_mesh_request {
    int max_level;             /* deepest level wanted; 0: all. Cells there are leaves and carry
                                  RAMSES' own coarse values; deeper bytes are not read */
    const char *const *fields; /* names of fields, PVR_FIELD_LEVEL, PVR_FIELD_DOMAIN */
    int nfields;
    enum pvr_type precision; /* PVR_FLOAT32 or PVR_FLOAT64 */
    enum pvr_field_units units;
    const struct pvr_region *region; /* what is wanted; null: the whole box. The octree is cropped
                                        to the trees that the region touches; of files of domains
                                        that have no part in it nothing is read. Cells outside have
                                        NaN, 0 in arrays of whole numbers but for the level */
    const struct pvr_split *split;   /* what rank `rank` of several has of it; null: all. The trees
                                        are those of all ranks, the others' being outside. Coarse
                                        cells that another rank has values of are NaN here */
    int rank;
};

struct pvr_mesh_array {
    char name[PVR_NAME_SIZE];
    struct pvr_unit unit;
    int ncomponents;         /* that are read: a 2-D velocity has 2, its array's third is 0 */
    struct pvr_array *array; /* a tuple for each cell of the octree */
    /* Set by pvr_mesh_find_ranges: extrema over all cells, coarse ones included, NaN left out. */
    bool has_ranges;
    double range[3][2]; /* of each component of the array */
    double norm[2];     /* of the vectors' length; of the values for a scalar */
};

struct pvr_structure;

struct pvr_mesh {
    struct pvr_octree *octree;
    int narrays;
    struct pvr_mesh_array *arrays; /* in the order of the request */
    struct pvr_report report;
    /* Of a mesh that came through a cache (pvr_cache.h): */
    struct pvr_structure *structure; /* what other fields are filled from; null otherwise */
    int nshared;                     /* arrays that were there as they are */
    int nput_together;               /* that were made from such, wholly or in part */
};

/* Loads. On failure nothing is kept and *mesh is null. `threads`, `progress` may be null.
 * Thread-safe; results are the same bits for any number of threads. */
enum pvr_status pvr_mesh_load(struct pvr_snapshot *snapshot, const struct pvr_mesh_request *request,
                              const struct pvr_threads *threads, pvr_progress_fn progress,
                              void *progress_context, struct pvr_mesh **mesh,
                              struct pvr_error *error);
/* Releases the octree, the arrays and the report. Arrays retained elsewhere live on. */
void pvr_mesh_free(struct pvr_mesh *mesh);
/* Releases the arrays alone: the mesh keeps its structure, and in use what a cache knows of it. */
void pvr_mesh_drop_arrays(struct pvr_mesh *mesh);

/* Finds the extrema of the real ones of `narrays` arrays with all threads, at the speed of memory,
 * and notes them there. An array with an infinite value, or with no value but NaN, is left without
 * (has_ranges false). The arrays have the same number of tuples. */
enum pvr_status pvr_mesh_find_ranges(struct pvr_mesh_array *arrays, int narrays,
                                     const struct pvr_threads *threads, struct pvr_error *error);

/* Bytes that pvr_mesh_load will allocate for the arrays of `request`; with a region: at most. Reads
 * the domain tables if that was not done before. Of a Mera file of a part of a box it may be some
 * less. */
enum pvr_status pvr_mesh_bytes(struct pvr_snapshot *snapshot,
                               const struct pvr_mesh_request *request,
                               const struct pvr_threads *threads, uint64_t *bytes,
                               struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
