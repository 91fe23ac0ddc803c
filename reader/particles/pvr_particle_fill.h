/* pvr_particle_fill.h - choosing particles and filling arrays with them, in tasks (internal).
 *
 * A chunk is a run of particles of one domain: the unit of a task. The cut depends on the files
 * alone. Choosing notes a bit per particle and the number kept in each chunk; their running sum
 * says where each chunk's particles stand in the arrays, so that the order is that of the files.
 */
#ifndef PVR_PARTICLE_FILL_H
#define PVR_PARTICLE_FILL_H

#include "pvr_clock.h"
#include "pvr_particle_files.h"
#include "pvr_selection.h"

enum { PVR_PARTICLE_CHUNK = 1 << 17 };

struct pvr_particle_chunk {
    int domain; /* from 1 */
    uint64_t first, count;
    uint64_t matching; /* before thinning */
    uint64_t kept;
    uint64_t out; /* place of the first kept one in the arrays */
};

/* What fills an array. */
struct pvr_particle_target {
    enum {
        PVR_SOURCE_COLUMNS,
        PVR_SOURCE_FAMILY,
        PVR_SOURCE_DOMAIN,
        PVR_SOURCE_AGE,
        PVR_SOURCE_FORMATION
    } source;
    bool real;
    int ncolumns, column[3];
    int component[3];
    double factor;
    int ncomponents; /* of the array */
    enum pvr_type type;
    struct pvr_array *array;
};

/* Counts and masses of a chunk by family. */
struct pvr_particle_sums {
    uint64_t count[PVR_FAMILIES];
    double mass[PVR_FAMILIES], rest[PVR_FAMILIES]; /* sum and what rounding left out of it */
};

struct pvr_particle_work {
    const struct pvr_particle_files *files;
    int family, birth, id, mass; /* columns of these, -1 where absent */
    size_t nchunks;
    struct pvr_particle_chunk *chunk;
    uint64_t *cost;
    uint64_t *mask; /* PVR_PARTICLE_CHUNK bits for each chunk; null: all are kept */
    /* choosing */
    bool by_family;
    bool wanted[256];                      /* by code + 128 */
    const struct pvr_selection *selection; /* of a region; null: none */
    int position[3];
    uint64_t keep_every;
    /* filling */
    int ntargets;
    struct pvr_particle_target *target;
    struct pvr_clock clock;
    bool totals;
    struct pvr_particle_sums *sums; /* [chunk], with totals */
    /* looking for births after the output */
    double latest;
    bool later; /* atomic */
};

/* Bytes that choosing and filling read of each particle. */
uint64_t pvr_particle_work_choose_bytes(const struct pvr_particle_work *work);
uint64_t pvr_particle_work_fill_bytes(const struct pvr_particle_work *work);

enum pvr_status pvr_particle_work_cut(struct pvr_particle_work *work, struct pvr_error *error);
void pvr_particle_work_free(struct pvr_particle_work *work);

/* Runs over all chunks: notes which particles are kept. */
enum pvr_status pvr_particle_work_choose(struct pvr_particle_work *work, struct pvr_job *job,
                                         struct pvr_error *error);
/* Sets work->later if a star is born after work->latest. */
enum pvr_status pvr_particle_work_births(struct pvr_particle_work *work, struct pvr_job *job,
                                         struct pvr_error *error);
/* Fills the targets' arrays and the sums. */
enum pvr_status pvr_particle_work_fill(struct pvr_particle_work *work, struct pvr_job *job,
                                       struct pvr_error *error);

#endif
