/* pvr_tables.h - the lists that RAMSES keeps as text: sinks, clumps and halos.
 *
 * Sinks: sink_NNNNN.csv (pm/output_sink.f90). Two lines that begin with ` #`, the names of the
 * columns and their units (`m l**2 t**-1`, in code units of mass, length and time), then a line per
 * sink. Older files have no such lines; their 13 columns are id, msink, x, y, z, vx, vy, vz, lx,
 * ly, lz, age, acc_rate. More or fewer columns are read as they are.
 *
 * Clumps and halos: clump_NNNNN.txtCCCCC and halo_NNNNN.txtCCCCC, one per domain
 * (pm/clump_merger.f90). A line of names, then a line per clump, in the order of the domains. One
 * form of clump files writes no value for the column `halo` that it names: it is NaN there.
 *
 * Values are in code units, as they stand. NaN is kept; stars (a number too wide for its format)
 * are NaN. A line that cannot be read is an error.
 */
#ifndef PVR_TABLES_H
#define PVR_TABLES_H

#include "pvr_memory.h"
#include "pvr_region.h"
#include "pvr_snapshot.h"
#include "pvr_threads.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_table_kind { PVR_TABLE_SINKS = 0, PVR_TABLE_CLUMPS, PVR_TABLE_HALOS, PVR_TABLE_KINDS };

/* "sink", "clump", "halo". */
const char *pvr_table_kind_name(enum pvr_table_kind kind);

struct pvr_table_column {
    char name[PVR_NAME_SIZE];
    char unit[PVR_NAME_SIZE]; /* as the file says; empty where it does not */
    struct pvr_array *array;  /* PVR_FLOAT64, one component */
};

struct pvr_table {
    enum pvr_table_kind kind;
    bool present; /* the output has such files; without them, all is empty */
    uint64_t nrows;
    int ncolumns; /* as the files have them */
    struct pvr_table_column *columns;
    /* For points: 3 components, of x, y, z or peak_x, peak_y, peak_z; what is absent is 0. Null
     * where x is absent. */
    struct pvr_array *position;
    struct pvr_array *mass; /* msink, mass_cl, mass; the column's own array, or null */
    /* Of clumps: of the ball that has a clump's mass at its mean density,
     * (3 mass_cl / (4 pi rho_av))^(1/3), code length; for glyphs. Null where a column is absent, as
     * for sinks and halos. */
    struct pvr_array *radius;
    char *warnings; /* columns that are missing; one per line, or null */
};

/* Reads the list of `kind`; the files of the domains by all threads. `threads` may be null. On
 * failure *table is null; the message names file and line. */
enum pvr_status pvr_table_load(const struct pvr_snapshot *snapshot, enum pvr_table_kind kind,
                               const struct pvr_threads *threads, struct pvr_table **table,
                               struct pvr_error *error);
/* Leaves the rows whose point lies in `region` (null: all); a list without positions stays as it
 * is. Positions across a periodic border are moved with the region (pvr_region.h). On failure the
 * list is good for pvr_table_free alone. */
enum pvr_status pvr_table_keep_region(struct pvr_table *table, const struct pvr_snapshot *snapshot,
                                      const struct pvr_region *region, struct pvr_error *error);
void pvr_table_free(struct pvr_table *table);
/* Index of a column, or -1. */
int pvr_table_column_find(const struct pvr_table *table, const char *name);

#ifdef __cplusplus
}
#endif
#endif
