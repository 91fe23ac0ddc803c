/* pvr_mesh_fields.h - reading chosen fields into arrays in the octree's order (internal). */
#ifndef PVR_MESH_FIELDS_H
#define PVR_MESH_FIELDS_H

#include "pvr_mesh.h"
#include "pvr_structure.h"

/* What fills one array: a constant of the piece, or columns of a kind of file. */
struct pvr_target {
    enum { PVR_TARGET_LEVEL, PVR_TARGET_DOMAIN, PVR_TARGET_COLUMNS } source;
    enum pvr_file_kind kind;
    int ncolumns;
    int column[6];    /* the first `nvalues` give the values, the others are for the mean */
    int nvalues;      /* columns that give values: ncolumns, or half of them for means */
    int component[3]; /* of the array, for each value */
    bool whole_numbers;
    int ncomponents; /* of the array */
    double factor;
    struct pvr_array *array;
};

/* Makes mesh->arrays' names and units and one target each, arrays yet null. */
enum pvr_status pvr_targets_make(const struct pvr_snapshot *snapshot,
                                 const struct pvr_mesh_request *request, struct pvr_mesh *mesh,
                                 struct pvr_target *target, struct pvr_error *error);

/* Type of the array of a target. */
enum pvr_type pvr_target_type(const struct pvr_target *target, enum pvr_type precision);

/* Bytes of the files that the targets need of `octs` octs, and of levels low .. high. */
uint64_t pvr_targets_octs_bytes(const struct pvr_snapshot *snapshot, uint64_t octs,
                                const struct pvr_target *target, int ntargets);
uint64_t pvr_targets_file_bytes(const struct pvr_snapshot *snapshot,
                                const struct pvr_domains *domains, int low, int high,
                                const struct pvr_target *target, int ntargets);

/* Fills the cells of levels `low` and deeper of the targets' arrays, which have a tuple for each
 * cell of the structure's octree. Cells that are outside get NaN; 0 in arrays of whole
 * numbers, but for the level. */
enum pvr_status pvr_targets_fill(struct pvr_snapshot *snapshot,
                                 const struct pvr_structure *structure, int low,
                                 const struct pvr_target *target, int ntargets, struct pvr_job *job,
                                 struct pvr_error *error);

#endif
