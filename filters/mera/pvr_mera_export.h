/* pvr_mera_export.h - an output as a Mera file.
 *
 * What Mera's `getinfo`, `gethydro`, `getgravity`, `getrt`, `getparticles` and `getclumps` would
 * read, as `savedata` would write it: columns, names, types and order.
 *
 * Cells: level, cx, cy, cz (from 1; no level where there is but one), then the variables by
 * Mera's names in the order of the file, in code units; rows by level, cx, cy, cz. Particles:
 * level, x, y, z, id, family, tag (these two not in outputs of 2017 and before), vx, vy, vz, mass,
 * birth, and metals and what follows where there are metallicities; rows by all that stands before
 * vx. What an output does not have is 0. Ids are Int32 as in Mera, Int64 where they need it.
 * Clumps: the columns of the list, rows in its order.
 *
 * One kind at a time is in memory: its values, and 16 bytes a row (32 while rows are sorted).
 */
#ifndef PVR_MERA_EXPORT_H
#define PVR_MERA_EXPORT_H

#include "pvr_mera_write.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"
#include "pvr_region.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_mera_export_request {
    unsigned kinds; /* bit 1 << kind for each that is wanted; 0: all that there are */
    int max_level;  /* deepest level of cells, as in pvr_mesh_request; 0: all */
    const struct pvr_region *region; /* what of the output; null: all. Mera is told the box around
                                        it */
    struct pvr_mera_out_request out;
};

/* Writes the Mera file `path`. Fails for a kind that is wanted but not there. `written` may be
 * null. */
enum pvr_status pvr_mera_export(struct pvr_snapshot *snapshot, const char *path,
                                const struct pvr_mera_export_request *request,
                                struct pvr_mera_out_written *written, struct pvr_error *error);

/* The same of what a pipeline holds of `source` (an output or a Mera file), whatever was done to
 * it: those arrays of the mesh that are variables of the source, by their names, become hydro,
 * gravity and rt; leaves that are outside are left out. Arrays must be in code units (an empty
 * unit.label); values of single precision become Float64. `request`: `out` alone is looked at. */
enum pvr_status pvr_mera_export_mesh(struct pvr_snapshot *source, const struct pvr_mesh *mesh,
                                     const char *path,
                                     const struct pvr_mera_export_request *request,
                                     struct pvr_mera_out_written *written, struct pvr_error *error);
/* The same of particles: position, and the arrays by their names (id, mass, velocity, ...). */
enum pvr_status
pvr_mera_export_particle_list(struct pvr_snapshot *source, const struct pvr_particles *particles,
                              const char *path, const struct pvr_mera_export_request *request,
                              struct pvr_mera_out_written *written, struct pvr_error *error);

/* Bytes of memory that it takes at most, but for some MiB for each thread. */
enum pvr_status pvr_mera_export_need(struct pvr_snapshot *snapshot,
                                     const struct pvr_mera_export_request *request, uint64_t *bytes,
                                     struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
