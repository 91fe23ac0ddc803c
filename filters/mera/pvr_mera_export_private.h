/* pvr_mera_export_private.h - the tables of an output, one at a time (internal). */
#ifndef PVR_MERA_EXPORT_PRIVATE_H
#define PVR_MERA_EXPORT_PRIVATE_H

#include "pvr_leaf_rows.h"
#include "pvr_mera_about_private.h"
#include "pvr_mera_export.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"
#include "pvr_tables.h"

enum { PVR_MERA_EXPORT_COLUMNS = 1100 };

/* A column of the table that is in memory. */
struct pvr_mera_export_column {
    const struct pvr_mera_export *export;
    enum {
        PVR_MERA_FROM_LEVEL,
        PVR_MERA_FROM_PLACE,
        PVR_MERA_FROM_ARRAY,
        PVR_MERA_FROM_NOTHING
    } from;
    int axis;                      /* of a place */
    const struct pvr_array *array; /* and its component, taken in the rows' order */
    int component;
    double period; /* of positions, which are given in 0 .. period; else 0 */
    enum pvr_mera_out_type type;
};

struct pvr_mera_export {
    struct pvr_snapshot *snapshot;
    const struct pvr_mera_about *about;
    const struct pvr_mera_export_request *request;
    struct pvr_job *job;
    double ranges[6];    /* the box around the region, fractions of boxlen */
    double box[3];       /* its size in code length, */
    uint32_t ncoarse[3]; /* and in coarse cells */
    double fraction;     /* of the work, that was told last */
    size_t nkinds;
    enum pvr_mera_out_kind kind[PVR_MERA_OUT_KINDS];
    /* the table in memory */
    struct pvr_mesh *mesh;
    struct pvr_leaf_rows leaves;
    struct pvr_particles *particles;
    struct pvr_table *clumps;
    uint64_t *order; /* of the particles, or null */
    uint64_t norder;
    size_t ncolumns;
    struct pvr_mera_out_column column[PVR_MERA_EXPORT_COLUMNS];
    struct pvr_mera_export_column source[PVR_MERA_EXPORT_COLUMNS];
};

/* What is exported: the box is the snapshot's. */
void pvr_mera_export_of(struct pvr_mera_export *export, struct pvr_snapshot *snapshot,
                        const struct pvr_mera_about *about,
                        const struct pvr_mera_export_request *request);
/* Adds a column; `name` must live as long as the table. */
void pvr_mera_export_add(struct pvr_mera_export *export, const char *name,
                         struct pvr_mera_export_column source);
/* Progress of what is loaded for a table: tells how far all is, and obeys a stop. */
int pvr_mera_export_progress(void *export, double fraction, uint64_t done, uint64_t expected);
/* True if the output has but one level of cells: Mera leaves that column out. */
bool pvr_mera_export_uniform(const struct pvr_mera_export *export);

/* Adds level, cx, cy, cz of the leaves. */
void pvr_mera_export_places(struct pvr_mera_export *export, struct pvr_mera_out_table *table);
/* Mera's lmax: the deepest level that is asked for. */
int pvr_mera_export_deepest(const struct pvr_mera_export *export);
/* Mera's name of a variable of a kind of cells, or null: it does not know it. */
const char *pvr_mera_export_name(const struct pvr_mera_export *export, enum pvr_mera_out_kind kind,
                                 const struct pvr_variable *variable);
/* Which files have the variables of a kind; PVR_FILE_KINDS for points. */
extern const enum pvr_file_kind pvr_mera_export_files[PVR_MERA_OUT_KINDS];
/* A position in the box: a region that goes on beyond a periodic border has others. */
static inline double pvr_mera_export_folded(double position, double period) {
    position += position < 0 ? period : position >= period ? -period : 0;
    return position;
}
/* A value of an array of whole numbers. */
int64_t pvr_mera_export_whole(const struct pvr_array *array, uint64_t at);

/* pvr_mera_export_points.c. The first: the columns of export->particles, and their order. */
enum pvr_status pvr_mera_export_points(struct pvr_mera_export *export,
                                       struct pvr_mera_out_table *table, struct pvr_error *error);
enum pvr_status pvr_mera_export_particles(struct pvr_mera_export *export,
                                          struct pvr_mera_out_table *table,
                                          struct pvr_error *error);
enum pvr_status pvr_mera_export_clumps(struct pvr_mera_export *export,
                                       struct pvr_mera_out_table *table, struct pvr_error *error);

#endif
