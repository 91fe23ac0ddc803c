/* pvr_mera_points.h - particles and clumps of Mera files (internal).
 *
 * Particles go the way of an output's (pvr_particles.c) as one domain whose columns stand in
 * memory: names are translated to those of RAMSES' descriptor (x is position_x, birth birth_time),
 * and columns are expanded when they are needed and let go afterwards.
 */
#ifndef PVR_MERA_POINTS_H
#define PVR_MERA_POINTS_H

#include "pvr_mera_output.h"
#include "pvr_particle_files.h"

/* Names and classes of a Mera file's particle columns, with widths. */
enum pvr_status pvr_mera_particle_columns(const struct pvr_snapshot *snapshot,
                                          struct pvr_particle_columns *columns,
                                          struct pvr_error *error);

/* As pvr_particle_files_read; no column is in memory yet. */
enum pvr_status pvr_mera_particle_files(const struct pvr_snapshot *snapshot,
                                        struct pvr_particle_files **files, struct pvr_error *error);
/* Reads the columns that are wanted and not there, lets go of those that are not wanted. */
enum pvr_status pvr_mera_particles_hold(struct pvr_particle_files *files, const bool *wanted,
                                        struct pvr_job *job, struct pvr_error *error);
/* Part of pvr_particle_files_free. */
void pvr_mera_particles_free(struct pvr_particle_files *files);

/* The columns of the list of clumps: nrows, ncolumns, columns; `present` is false where the file
 * has none. */
enum pvr_status pvr_mera_clumps(const struct pvr_snapshot *snapshot, struct pvr_job *job,
                                struct pvr_table *table, struct pvr_error *error);

#endif
