/* pvr_snapshot.h - one output of a run, opened.
 *
 * Opening reads the info file, the first amr and hydro headers and the descriptor: it is cheap.
 * The tables of all domains (where each level's octs stand in each file) are read by the thread
 * team when they are first needed and then kept. A handle is counted by reference; what it says
 * never changes; any number of threads may read and load from it at the same time.
 *
 * A Mera file (a .jld2 of Mera.jl) is a snapshot too, with the same names of fields; it can be
 * loaded as a whole, but not streamed.
 */
#ifndef PVR_SNAPSHOT_H
#define PVR_SNAPSHOT_H

#include "pvr_error.h"
#include "pvr_fields.h"
#include "pvr_info.h"
#include "pvr_threads.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_mera;
struct pvr_snapshot;

/* Opens the output that `path` names (info file or output folder), or the Mera file. For a Mera
 * file libhdf5 is called, on this thread alone; loading from the handle never calls it. */
enum pvr_status pvr_snapshot_open(const char *path, struct pvr_snapshot **snapshot,
                                  struct pvr_error *error);
struct pvr_snapshot *pvr_snapshot_retain(struct pvr_snapshot *snapshot);
void pvr_snapshot_release(struct pvr_snapshot *snapshot);

const char *pvr_snapshot_path(const struct pvr_snapshot *snapshot);
int pvr_snapshot_number(const struct pvr_snapshot *snapshot);
const struct pvr_info *pvr_snapshot_info(const struct pvr_snapshot *snapshot);
const struct pvr_field_table *pvr_snapshot_fields(const struct pvr_snapshot *snapshot);
/* What a user should know though it is no error (one per line), or null. */
const char *pvr_snapshot_warnings(const struct pvr_snapshot *snapshot);
/* Why files that add to the gas (gravity, radiation, clump_field) are left out though they are
 * there: their header cannot be read. One line per kind, also among the warnings; null where all is
 * well. Who wants everything takes this for a failure. */
const char *pvr_snapshot_spoilt(const struct pvr_snapshot *snapshot);
/* Adiabatic index of the hydro header, 0 without hydro. */
double pvr_snapshot_gamma(const struct pvr_snapshot *snapshot);
/* Size of the physical box in code length and its number of coarse cells, per axis (1 on the axes
 * beyond ndim). The box begins at 0. */
void pvr_snapshot_box(const struct pvr_snapshot *snapshot, double size[3], uint32_t ncoarse[3]);
/* Finest level that any file may hold (nlevelmax of the amr header). */
int pvr_snapshot_nlevelmax(const struct pvr_snapshot *snapshot);

struct pvr_level_count {
    uint64_t octs; /* octs of this level: each has 2^ndim cells of this level */
    uint64_t cells;
    uint64_t leaf_cells; /* cells - octs of the next level */
};

/* Reads the domain tables (if that was not done before) and returns the counts of levels
 * 1..*nlevels in `levels` (room for 64 entries, entry l-1 is level l); *nlevels is the deepest
 * level with octs. `threads` may be null. */
enum pvr_status pvr_snapshot_levels(struct pvr_snapshot *snapshot,
                                    const struct pvr_threads *threads,
                                    struct pvr_level_count *levels, int *nlevels,
                                    struct pvr_error *error);

/* What a Mera file says of itself (pvr_mera.h); null for outputs. Lives as long as the handle. */
const struct pvr_mera *pvr_snapshot_mera(const struct pvr_snapshot *snapshot);
/* False for Mera files without cells: of particles or clumps alone. */
bool pvr_snapshot_has_mesh(const struct pvr_snapshot *snapshot);
/* False for Mera files that were saved without the cells' domains. */
bool pvr_snapshot_has_domains(const struct pvr_snapshot *snapshot);

/* Bytes on disk of all files of the mesh: amr and the values of its cells. */
uint64_t pvr_snapshot_disk_bytes(const struct pvr_snapshot *snapshot);
/* Path of a domain's file of a kind: "amr", "part", or that of a variable; to be freed. Whether it
 * exists is not looked at. Null for want of memory, and for Mera files, which have no domains. */
char *pvr_snapshot_file(const struct pvr_snapshot *snapshot, const char *kind, int domain);

#ifdef __cplusplus
}
#endif
#endif
