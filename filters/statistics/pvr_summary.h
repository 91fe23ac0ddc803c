/* pvr_summary.h - what is in a mesh or among particles, level by level or family by family:
 * numbers, volume, mass, centre of mass, bulk velocity, angular momentum; extrema and means of each
 * array. */
#ifndef PVR_SUMMARY_H
#define PVR_SUMMARY_H

#include "pvr_exchange.h"
#include "pvr_leaf_cells.h"
#include "pvr_mesh.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_summary_column {
    char name[PVR_NAME_SIZE]; /* of an array; a vector's components are called name_x, _y, _z */
    char unit[PVR_NAME_SIZE]; /* of the array */
};

struct pvr_summary_value {
    double min, max;     /* of the finite values; NaN if there are none */
    double mean;         /* by volume; of particles, each counts alike */
    double mass_mean;    /* by mass; NaN without mass */
    double volume, mass; /* that these means are over */
    uint64_t not_finite; /* left out of the above */
};

/* A level, a family, or all. NaN where there is no mass, or no velocity. */
struct pvr_summary_row {
    int group;      /* level or family; INT_MIN: all */
    uint64_t count; /* leaf cells, or particles */
    double volume;  /* NaN for particles */
    double mass;
    double centre[3];                /* of mass */
    double velocity[3];              /* by mass */
    double angular_momentum[3];      /* sum of m (x - centre) x v about `about` */
    struct pvr_summary_value *value; /* of each column */
};

struct pvr_summary {
    int ncolumns;
    struct pvr_summary_column *column;
    int nrows;
    struct pvr_summary_row *row; /* [0]: all; then by rising group, those that have something */
    double about[3];             /* what angular momenta are about */
    struct pvr_report report;
};

struct pvr_summary_request {
    const struct pvr_array *mass;     /* one real a cell or particle; null: there is none */
    bool mass_is_density;             /* of cells: to be multiplied by the cell's volume */
    const struct pvr_array *velocity; /* 3 reals; null: there is none */
    bool has_about;                   /* angular momenta about `about`; else about the centre of
                                         mass of all */
    double about[3];
};

/* Sums up the leaves of a mesh (those outside left out): arrays of 1 or 3 components become
 * columns, but for whole numbers. `place` (null: as it is) says where the octree lies; lengths and
 * volumes are those of the octree, times its factor. Sums are compensated and in a fixed order: the
 * same bits for any number of threads. `threads`, `progress` may be null. Free the result with
 * pvr_summary_free. */
enum pvr_status pvr_summarize_mesh(const struct pvr_mesh *mesh, const struct pvr_leaf_place *place,
                                   const struct pvr_summary_request *request,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_summary *summary,
                                   struct pvr_error *error);

/* The same of particles: `positions` has 3 reals each; `groups` (null: none) a whole number each,
 * that rows are made of (families). */
enum pvr_status pvr_summarize_points(const struct pvr_array *positions,
                                     const struct pvr_array *groups,
                                     const struct pvr_mesh_array *arrays, int narrays,
                                     const struct pvr_summary_request *request,
                                     const struct pvr_threads *threads, pvr_progress_fn progress,
                                     void *progress_context, struct pvr_summary *summary,
                                     struct pvr_error *error);

/* Where a mesh, or particles, lie on several processes: each packs what it found in its own cells,
 * and what all of it comes to is put together from that. Columns are told apart by their names; a
 * part without cells may lack them. Sums are taken in the order of the parts. `about` is the
 * request's, or the centre of mass of all. */
enum pvr_status pvr_summary_pack(const struct pvr_summary *summary, struct pvr_bytes *bytes,
                                 struct pvr_error *error);
enum pvr_status pvr_summary_join(const struct pvr_bytes *parts, int nparts,
                                 const struct pvr_summary_request *request,
                                 struct pvr_summary *summary, struct pvr_error *error);

void pvr_summary_free(struct pvr_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
