/* pvr_mera_write.h - write Mera files that Mera.jl 1.9 loads.
 *
 * A Mera file (`output_NNNNN.jld2`) is a JLD2 file with a group for each kind of data: hydro,
 * gravity, particles, clumps, rt. A group has the data, a table whose rows are leaf cells,
 * particles or clumps; what Mera knows of the simulation (its InfoType); and how the file came
 * about. Files are written object by object as Mera.jl 1.9.0 with JLD2.jl 0.6.5 does, so that
 * `loaddata`, `infodata` and `viewdata` find what they expect.
 *
 *     pvr_mera_about_snapshot(snapshot, &info, &error);
 *     struct pvr_mera_out_table table = {.kind = PVR_MERA_OUT_HYDRO, ...};
 *     pvr_mera_write("output_00002.jld2", info, &table, 1, &request, &report, &error);
 *
 * or, for all that an output has, pvr_mera_export() (pvr_mera_export.h).
 *
 * A file is written without a name, or under another one, read back and compared, brought to the
 * disk and then given its name (pvr_output_file.h): at any time there is the old file or the new
 * one, whole. The same bytes come out for any number of threads.
 */
#ifndef PVR_MERA_WRITE_H
#define PVR_MERA_WRITE_H

#include "pvr_snapshot.h"
#include "pvr_threads.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_mera_out_kind {
    PVR_MERA_OUT_HYDRO = 0,
    PVR_MERA_OUT_GRAVITY,
    PVR_MERA_OUT_PARTICLES,
    PVR_MERA_OUT_CLUMPS,
    PVR_MERA_OUT_RT,
    PVR_MERA_OUT_KINDS
};

/* "hydro", "gravity", "particles", "clumps", "rt": the groups' names. */
const char *pvr_mera_out_kind_name(enum pvr_mera_out_kind kind);

enum pvr_mera_out_compressor {
    PVR_MERA_OUT_LZ4 = 0, /* what Mera writes */
    PVR_MERA_OUT_ZLIB,    /* deflate, level 5 */
    PVR_MERA_OUT_NONE
};

/* ---- what is known of the simulation ----------------------------------------------------------
 */

struct pvr_mera_about; /* Mera's InfoType */

/* All that Mera's `getinfo` finds in an output: info file, headers, descriptors, namelist, timer,
 * compilation, makefile and patches; what is not there is told as that. The output must be 3-D. */
enum pvr_status pvr_mera_about_snapshot(const struct pvr_snapshot *snapshot,
                                        struct pvr_mera_about **about, struct pvr_error *error);
void pvr_mera_about_free(struct pvr_mera_about *about);

/* ---- tables -----------------------------------------------------------------------------------
 */

enum pvr_mera_out_type {
    PVR_MERA_OUT_INT8,
    PVR_MERA_OUT_INT32,
    PVR_MERA_OUT_INT64,
    PVR_MERA_OUT_FLOAT32,
    PVR_MERA_OUT_FLOAT64
};
size_t pvr_mera_out_type_bytes(enum pvr_mera_out_type type);

/* Gives rows first .. first + rows - 1 of a column. Called by several threads at once, for any
 * rows and more than once for the same. */
typedef enum pvr_status (*pvr_mera_out_rows_fn)(void *context, uint64_t first, uint64_t rows,
                                                void *out, struct pvr_error *error);

struct pvr_mera_out_column {
    const char *name; /* a Julia symbol: rho, vx, rho- */
    enum pvr_mera_out_type type;
    const void *data; /* all rows; or null, and: */
    pvr_mera_out_rows_fn rows;
    void *context;
};

struct pvr_mera_out_table {
    enum pvr_mera_out_kind kind;
    uint64_t nrows;
    size_t ncolumns;
    const struct pvr_mera_out_column *column;
    size_t nkeys;   /* rows are sorted by the first so many columns; cells: level, cx, cy, cz; 0: by
                       none */
    int lmin, lmax; /* levels of the run, and the deepest one that was read; not of clumps */
    double ranges[6]; /* xmin, xmax, ymin ... of the box that was chosen, fractions of boxlen */
    double smallr, smallc; /* floors that were applied, hydro alone */
    /* What is known beside this table, and its comments; null: those of the call. */
    const struct pvr_mera_about *about;
    const char *comments;
};

/* What a Mera file of any version knows of its simulation, in the form of Mera 1.9 (scales and
 * constants anew), from the group of `kind`. `facts` (may be null) gets kind, nkeys, lmin, lmax,
 * ranges and the floors of that table; `comments` (may be null) its comments, to be freed, or null.
 */
enum pvr_status pvr_mera_about_file(const char *path, enum pvr_mera_out_kind kind,
                                    struct pvr_mera_about **about, struct pvr_mera_out_table *facts,
                                    char **comments, struct pvr_error *error);

/* ---- writing ----------------------------------------------------------------------------------
 */

struct pvr_mera_out_request {
    enum pvr_mera_out_compressor compressor;
    const char *comments;              /* for `viewdata`; null: none */
    const char *output_folder;         /* whose bytes are told in information/storage, or null */
    bool append;                       /* add to the file, which must not have these kinds yet */
    bool unverified;                   /* do not read back */
    const struct pvr_threads *threads; /* may be null, as what follows */
    pvr_progress_fn progress;
    void *progress_context;
    /* Called once all is written and compared, before the file gets its name; `file` is open for
     * reading. What it returns other than PVR_OK ends it all. */
    enum pvr_status (*whole)(void *context, int file, struct pvr_error *error);
    void *whole_context;
};

struct pvr_mera_out_written {
    uint64_t rows;      /* of all tables */
    uint64_t values;    /* of all columns */
    uint64_t bytes_in;  /* of all columns */
    uint64_t bytes_out; /* of the file */
    uint64_t blocks;    /* that columns were compressed in */
    double write_seconds, verify_seconds, sync_seconds;
    struct pvr_report report; /* freed by the caller: pvr_report_free */
};

/* Writes `ntables` tables of different kinds, each read back before the next is written. `written`
 * may be null. On failure nothing is left behind and a file that was there before is as it was. */
enum pvr_status pvr_mera_write(const char *path, const struct pvr_mera_about *about,
                               const struct pvr_mera_out_table *tables, size_t ntables,
                               const struct pvr_mera_out_request *request,
                               struct pvr_mera_out_written *written, struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
