/* pvr_spin.h - mass, bulk velocity and angular momentum of the gas in a sphere: which way a disc
 * turns. */
#ifndef PVR_SPIN_H
#define PVR_SPIN_H

#include "pvr_memory.h"
#include "pvr_projection.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_spin {
    double mass;        /* of the leaves whose centres are in the sphere */
    double velocity[3]; /* their mass-weighted mean */
    double momentum[3]; /* sum of m (x - centre) x (v - velocity) */
    double place[3];    /* mass-weighted mean of x - centre */
};

/* Of a 3-D octree: `density` and `velocity` (3 components) have a tuple per cell and are of a real
 * type, in any unit; radius 0 or less: everything. Leaves without finite values are left out. Sums
 * are compensated and in a fixed order. PVR_ERROR_ARGUMENT if there is nothing in the sphere. */
enum pvr_status pvr_spin_octree(const struct pvr_octree *octree, const struct pvr_array *density,
                                const struct pvr_array *velocity, const double centre[3],
                                double radius, const struct pvr_threads *threads,
                                struct pvr_spin *spin, struct pvr_error *error);

/* Where an octree lies on several processes: what one of them has, a mass of 0 if that is nothing;
 * and what all have together, added up in their order. */
enum pvr_status pvr_spin_part(const struct pvr_octree *octree, const struct pvr_array *density,
                              const struct pvr_array *velocity, const double centre[3],
                              double radius, const struct pvr_threads *threads,
                              struct pvr_spin *spin, struct pvr_error *error);
enum pvr_status pvr_spin_join(const struct pvr_spin *parts, int nparts, struct pvr_spin *spin,
                              struct pvr_error *error);

/* The same of other cells, by their centres, and of points, by their masses. Arrays have a tuple
 * for each, of a real type. A mass of 0 if there is nothing. */
enum pvr_status pvr_spin_boxes(const struct pvr_boxes *boxes, const struct pvr_array *density,
                               const struct pvr_array *velocity, const double centre[3],
                               double radius, const struct pvr_threads *threads,
                               struct pvr_spin *spin, struct pvr_error *error);
enum pvr_status pvr_spin_points(const struct pvr_array *position, const struct pvr_array *mass,
                                const struct pvr_array *velocity, const double centre[3],
                                double radius, const struct pvr_threads *threads,
                                struct pvr_spin *spin, struct pvr_error *error);

/* Straight from the files of a snapshot, in code units. */
enum pvr_status pvr_spin_stream(struct pvr_snapshot *snapshot, int max_level,
                                const double centre[3], double radius,
                                const struct pvr_threads *threads, pvr_progress_fn progress,
                                void *progress_context, struct pvr_spin *spin,
                                struct pvr_error *error);

/* The lines of sight that show a disc of this spin face-on, and edge-on with the spin upwards:
 * `line_of_sight` and `up` as pvr_view_make wants them. PVR_ERROR_ARGUMENT for a spin of zero. */
enum pvr_status pvr_spin_view(const struct pvr_spin *spin, bool edge_on, double line_of_sight[3],
                              double up[3], struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
