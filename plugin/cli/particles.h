/* particles.h - what `pvramses load` says about an output's particles, sinks, clumps and halos. */
#ifndef PVRAMSES_CLI_PARTICLES_H
#define PVRAMSES_CLI_PARTICLES_H

#include "json.h"
#include "options.h"
#include "pvr_particles.h"
#include "pvr_tables.h"

struct particle_totals {
    struct pvr_particle_table table;
    struct pvr_particles *particles; /* null: the output has none */
    double seconds;                  /* of reading */
    struct pvr_table *list[PVR_TABLE_KINDS];
};

/* Reads the lists and all columns of the particles, of `region` alone unless it is null, and finds
 * counts and masses by family, extrema and sums. On failure nothing is to be freed. */
enum pvr_status particle_totals_read(struct pvr_snapshot *snapshot, const struct options *options,
                                     const struct pvr_region *region, pvr_progress_fn progress,
                                     void *progress_context, struct particle_totals *totals,
                                     struct pvr_error *error);
void particle_totals_free(struct particle_totals *totals);

/* The members "particles", "sinks", "clumps" and "halos" of an object. */
void particle_totals_write(const struct particle_totals *totals, struct json *json);
/* A passage for a person; nothing for an output that has none of these. */
void particle_totals_print(const struct particle_totals *totals);

#endif
