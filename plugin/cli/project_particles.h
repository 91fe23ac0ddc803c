/* project_particles.h - maps of particles for `pvramses project --particles`. */
#ifndef PVRAMSES_PROJECT_PARTICLES_H
#define PVRAMSES_PROJECT_PARTICLES_H

#include "project_fields.h"
#include "pvr_particles.h"

/* Finds the fields and the weight that the options name among those of the particles, and their
 * units; project_field.source is an index into the particles' fields. */
enum pvr_status project_particles_find(const struct project_options *options,
                                       struct pvr_snapshot *snapshot, struct project_fields *fields,
                                       struct pvr_error *error);

/* Loads the particles and projects them. */
enum pvr_status project_particles_run(const struct project_options *options,
                                      struct pvr_snapshot *snapshot,
                                      const struct project_fields *fields,
                                      const struct pvr_region *region, struct pvr_map *map,
                                      pvr_progress_fn progress, void *progress_context,
                                      struct pvr_report *report, struct pvr_error *error);

#endif
