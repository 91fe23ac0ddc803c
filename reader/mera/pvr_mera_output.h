/* pvr_mera_output.h - a Mera file as a snapshot (internal).
 *
 * Its handle says the same as one of an output: information, fields, box. Variables have the names
 * that RAMSES' descriptors give them (rho is density, vx velocity_x, epot potential, Np1
 * photon_flux_01). Where the file has the descriptor of its output and the number of each variable,
 * these say what a column is: early versions of Mera named by position, so that in magnetic runs
 * column p is a component of B and var11 the pressure. */
#ifndef PVR_MERA_OUTPUT_H
#define PVR_MERA_OUTPUT_H

#include "pvr_leaves.h"
#include "pvr_mera.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"
#include "pvr_snapshot_private.h"
#include "pvr_split.h"
#include "pvr_tables.h"

/* Fills an empty handle, which has its path. */
enum pvr_status pvr_mera_snapshot_open(struct pvr_snapshot *snapshot, struct pvr_error *error);

/* What the public functions of the same names do for Mera files. */
enum pvr_status pvr_mera_mesh_load(struct pvr_snapshot *snapshot,
                                   const struct pvr_mesh_request *request,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_mesh **mesh,
                                   struct pvr_error *error);
enum pvr_status pvr_mera_mesh_bytes(struct pvr_snapshot *snapshot,
                                    const struct pvr_mesh_request *request,
                                    const struct pvr_threads *threads, uint64_t *bytes,
                                    struct pvr_error *error);
enum pvr_status pvr_mera_snapshot_levels(struct pvr_snapshot *snapshot,
                                         const struct pvr_threads *threads,
                                         struct pvr_level_count *levels, int *nlevels,
                                         struct pvr_error *error);

/* pvr_split_make of a Mera file: by trees, whose cells are counted in its list of all of them. */
enum pvr_status pvr_mera_split_make(struct pvr_snapshot *snapshot,
                                    const struct pvr_split_wish *wish,
                                    const struct pvr_threads *threads, struct pvr_split **split,
                                    struct pvr_error *error);
/* The places of all cells of the mesh, in any order; none if there is no mesh. To be freed on
 * failure too. */
enum pvr_status pvr_mera_read_leaves(struct pvr_snapshot *snapshot,
                                     const struct pvr_threads *threads, struct pvr_leaves *leaves,
                                     struct pvr_error *error);

/* The kind that a file kind's values come from. */
enum pvr_mera_kind pvr_mera_kind_of(enum pvr_file_kind kind);
/* The kind whose cells are the mesh: the first of hydro, gravity, rt that there is; PVR_MERA_KINDS
 * for none. */
enum pvr_mera_kind pvr_mera_mesh_kind(const struct pvr_mera *mera);

#endif
