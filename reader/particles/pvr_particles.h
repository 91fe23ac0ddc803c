/* pvr_particles.h - load a snapshot's particles: positions and chosen fields, with all threads.
 *
 * part_NNNNN.outCCCCC holds one record per column for the particles of one domain. Which columns
 * there are is told by part_file_descriptor.txt; in older outputs (2017 and before) by the line
 * `Particle fields` of header_NNNNN.txt, or else it is RAMSES' own order: position, velocity, mass,
 * id, level, and where there are more records birth_time and metallicity. `identity` is called id
 * and `levelp` level; columns x, y, z of one name are one vector. Columns of a type that is not
 * known are left out with a warning. Source: RAMSES, pm/output_part.f90, io/dump_utils.f90.
 *
 * Particles stand in the order of the files: domain 1 first, each domain as its file has it. Those
 * of a region that goes on across a periodic border are moved with it (pvr_region.h).
 *
 * A family says what a particle is. In outputs without a column `family` dark matter has birth_time
 * 0 (or there is no birth_time) and stars another; where sinks exist, negative ids are those of
 * their cloud particles. Ids are unique within a family at best: a star can have the id of a dark
 * matter particle, the cloud particles of a sink share one. The mass of cloud particles may be 0:
 * their sink has it.
 */
#ifndef PVR_PARTICLES_H
#define PVR_PARTICLES_H

#include "pvr_memory.h"
#include "pvr_region.h"
#include "pvr_snapshot.h"
#include "pvr_split.h"
#include "pvr_threads.h"
#include "pvr_units.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- families ---------------------------------------------------------------------------------
 * The codes of RAMSES. 0 is a tracer of gas; code -c is a tracer of family c. */
enum pvr_family {
    PVR_FAMILY_GAS_TRACER = 0,
    PVR_FAMILY_DARK_MATTER = 1,
    PVR_FAMILY_STAR = 2,
    PVR_FAMILY_CLOUD = 3, /* what a sink is made of */
    PVR_FAMILY_DEBRIS = 4,
    PVR_FAMILY_OTHER = 5,
    PVR_FAMILY_UNDEFINED = 127
};

/* gas_tracer, dark_matter, star, cloud, debris, other, dark_matter_tracer, star_tracer,
 * cloud_tracer, debris_tracer, other_tracer, undefined; "unknown" for every other code. */
const char *pvr_family_name(int code);
/* The code of a name of this list but "unknown"; false if there is none. */
bool pvr_family_code(const char *name, int *code);
/* Neither a tracer nor a cloud particle: its mass counts. */
bool pvr_family_is_matter(int code);

/* Families have places in small tables: 0 to PVR_FAMILIES - 2 those with a name, by rising code;
 * the last is for all others. */
enum { PVR_FAMILIES = 13 };
int pvr_family_place(int code);
/* The code that belongs to a place; for the last one, -128. */
int pvr_family_at(int place);

/* ---- what an output has -----------------------------------------------------------------------
 */

/* Fields that follow from others. The first three are of fields that have them. */
#define PVR_PARTICLE_FAMILY "family"            /* int32; from birth_time and id in older outputs */
#define PVR_PARTICLE_AGE "age"                  /* of stars, NaN for all others */
#define PVR_PARTICLE_FORMATION "formation_time" /* of stars, NaN for all others */
#define PVR_PARTICLE_DOMAIN "domain"            /* int32: number of the file, from 1 */

struct pvr_particle_field {
    char name[PVR_NAME_SIZE];
    int ncomponents;    /* of the array: 1, or 3 for a vector (absent components are 0) */
    enum pvr_type type; /* PVR_FLOAT64: a real, given in the precision that is asked for; else
                           PVR_INT32 or PVR_INT64. An id is always PVR_INT64 */
    bool derived;       /* not a column of the files */
};

struct pvr_particle_table {
    bool present; /* there are particle files */
    int nfields;  /* without the position, which is always read */
    struct pvr_particle_field *field;
    bool counted; /* header_NNNNN.txt says how many there are: */
    uint64_t count;
    uint64_t family_count[PVR_FAMILIES]; /* by place; older headers know of dark matter and stars */
    char *warnings;                      /* one per line, or null */
};

/* Reads the descriptor, the header and, where there is no descriptor, the first particle file:
 * cheap. An output without particle files is described as that. */
enum pvr_status pvr_particles_describe(const struct pvr_snapshot *snapshot,
                                       struct pvr_particle_table *table, struct pvr_error *error);
void pvr_particle_table_free(struct pvr_particle_table *table);
/* Index of a field, or -1. */
int pvr_particle_field_find(const struct pvr_particle_table *table, const char *name);

/* ---- loading ----------------------------------------------------------------------------------
 */

/* What birth_time means in cosmological runs: conformal time (RAMSES' default), or proper time
 * (its `use_proper_time` and `rt_star`). Told by namelist.txt in the output; without one, by a
 * star that is born after the output's own conformal time. */
enum pvr_births { PVR_BIRTHS_TELL = 0, PVR_BIRTHS_CONFORMAL, PVR_BIRTHS_PROPER };

struct pvr_particle_request {
    const char *const *fields; /* names of fields, or of columns for single components */
    int nfields;
    const int *families; /* codes; with nfamilies 0 all */
    int nfamilies;
    enum pvr_type precision;          /* PVR_FLOAT32 or PVR_FLOAT64, of all reals but positions */
    enum pvr_type position_precision; /* the same of positions: float has some 7 digits, too few
                                         for zooms */
    enum pvr_field_units units;       /* astro: Msol, km/s, Myr. Positions follow length_factor */
    double length_factor;             /* multiplies positions (pvr_length_unit); 0 means 1 */
    const struct pvr_region *region;  /* keep only what lies in it; null: everything. Files of
                                         domains that have no part in it are not opened */
    const struct pvr_split *split;    /* what rank `rank` of several has: the particles in the files
                                         of its domains; null: all */
    int rank;
    uint64_t keep_every; /* keep about one particle in so many: those whose id gives 0
                            in a fixed hash, so the same ones in every output (the
                            place in the files where there is no id); 0 or 1: all */
    bool totals;         /* also find counts and masses by family: reads two columns */
    enum pvr_births births;
};

struct pvr_particle_array {
    char name[PVR_NAME_SIZE];
    struct pvr_unit unit;
    int ncomponents; /* that are read: a 2-D velocity has 2, its array's third is 0 */
    struct pvr_array *array;
    /* Set by pvr_particles_find_ranges, of each component of the array; NaN and infinities are left
     * out, and counted. */
    bool has_ranges; /* false if there is no other value */
    double range[3][2];
    double sum[3];
    uint64_t not_finite[3];
    double norm[2]; /* of the vectors' length; of the values for a scalar */
};

struct pvr_particle_family {
    int code; /* -128: all codes without a name, together */
    const char *name;
    uint64_t count;
    double mass; /* code units; of tracers too, who are not matter */
};

struct pvr_particles {
    uint64_t count;      /* in the arrays */
    uint64_t matching;   /* of the families and in the region, before thinning */
    uint64_t total;      /* of the output; with a region and no count in the header: in the files
                            that were opened */
    uint64_t keep_every; /* of the request, at least 1: one of the loaded stands for so
                            many; matching / count is the factor to the digit */
    struct pvr_particle_array position; /* 3 components; unit.label is "" */
    int narrays;
    struct pvr_particle_array *arrays; /* in the order of the request */
    /* With `totals`: of the particles that were loaded, by rising code; compensated sums, the same
     * bits for any number of threads. */
    int nfamilies;
    struct pvr_particle_family family[PVR_FAMILIES];
    double mass;        /* of all */
    double matter_mass; /* without tracers and clouds */
    char *warnings;     /* one per line, or null */
    struct pvr_report report;
};

/* Loads. On failure nothing is kept and *particles is null. An output without particle files gives
 * count 0 and the position alone. `threads`, `progress` may be null. Thread-safe; results are the
 * same bits for any number of threads.
 *
 * age and formation_time stand in the unit of time that is asked for (code, s, Myr; code time is
 * proper in cosmological runs too: seconds / unit_t). Outside cosmology formation_time is
 * birth_time and age what has passed since. In cosmology formation_time is the age of the universe
 * when the star was born: the Friedmann integral over the expansion factor at which the conformal
 * time was birth_time, relative error below 1e-9. RAMSES itself interpolates a table: it agrees to
 * some 1e-5. */
enum pvr_status pvr_particles_load(struct pvr_snapshot *snapshot,
                                   const struct pvr_particle_request *request,
                                   const struct pvr_threads *threads, pvr_progress_fn progress,
                                   void *progress_context, struct pvr_particles **particles,
                                   struct pvr_error *error);
/* Releases all. Arrays retained elsewhere live on. */
void pvr_particles_free(struct pvr_particles *particles);

/* Finds the extrema and sums of all arrays with all threads and notes them there. */
enum pvr_status pvr_particles_find_ranges(struct pvr_particles *particles,
                                          const struct pvr_threads *threads,
                                          struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
