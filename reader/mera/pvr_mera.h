/* pvr_mera.h - Mera files: what Mera.jl keeps of an output in one JLD2 file.
 *
 * Such a file has a group for each kind of data (hydro, gravity, rt, particles, clumps) with the
 * whole object of Mera, which holds a table: columns of one length, with a name each. Columns of
 * the mesh are those of its leaf cells: level (but for uniform grids), cx, cy, cz (from 1), then
 * values. Everything is
 * found by the names of the members of compounds; what is not known is passed over. Versions 1.0
 * to 1.9 of Mera write it so (JLD2 0.4 to 0.6).
 *
 * Opening looks through the file with libhdf5, on the calling thread, and lets it go: a handle has
 * the places of all columns and the information, and never changes. Columns are read with
 * pvr_jld2_columns_read.
 */
#ifndef PVR_MERA_H
#define PVR_MERA_H

#include "pvr_fields.h"
#include "pvr_info.h"
#include "pvr_jld2.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MERA_TEXT = 64 };

enum pvr_mera_kind {
    PVR_MERA_HYDRO,
    PVR_MERA_GRAVITY,
    PVR_MERA_RT,
    PVR_MERA_PARTICLES,
    PVR_MERA_CLUMPS,
    PVR_MERA_KINDS
};

/* "hydro", "gravity", "rt", "particles", "clumps". */
const char *pvr_mera_kind_name(enum pvr_mera_kind kind);

struct pvr_mera_column {
    char *name; /* as the file has it: rho, vx, ... */
    struct pvr_jld2_object object;
};

/* Lists of names. */
struct pvr_mera_names {
    int count;
    char **name;
};

/* A line of Mera's `information`: "Mera" and "1.9.0". */
struct pvr_mera_fact {
    char name[32];
    char text[PVR_MERA_TEXT];
};

/* Bytes on disk of a part of the output that the file was made of: "hydro", "folder" for all. */
struct pvr_mera_storage {
    char name[32];
    double bytes;
};

struct pvr_mera_table {
    bool present;
    uint64_t nrows;
    int ncolumns;
    struct pvr_mera_column *column;
    int nvalues; /* columns with values of cells: all but level, cx, cy, cz and cpu */
    int *value;  /* their numbers */
    int uniform; /* level of all cells, of tables without a column level; else 0 */
    int64_t lmin, lmax;
    double boxlen;
    bool has_ranges;
    double ranges[6]; /* x, y, z from and to, fractions of the box */
    double smallr, smallc;
    int nselected; /* numbers of the variables that the columns are, from 1 */
    int64_t *selected;
    char *comments; /* or null */
    double memory;  /* that Mera needs for the object, in */
    char *memory_unit;
    int nfacts; /* versions */
    struct pvr_mera_fact *fact;
    int nstorage;
    struct pvr_mera_storage *storage;
    uint64_t stored; /* bytes of the columns in the file */
};

struct pvr_mera {
    char *path;
    char title[128];
    struct pvr_jld2_identity identity;
    int number; /* of the output */
    struct pvr_info info;
    int64_t ncoarse[3]; /* coarse cells of the run along each axis, with those of boundaries: where
                           there is one, the box is periodic; 0: not told */
    double gamma;
    char *simulation; /* folder of the run */
    char *code;       /* "RAMSES" */
    int64_t written;  /* when the output was, ms since year 0 as Julia counts */
    struct pvr_mera_names descriptor[PVR_MERA_KINDS]; /* as RAMSES' descriptors name variables */
    struct pvr_mera_table table[PVR_MERA_KINDS];
    char *warnings; /* one per line, or null */
};

/* Opens a Mera file. Messages tell HDF5 from JLD2 and JLD2 from Mera. Calls libhdf5, on this thread
 * alone, and closes the file again. */
enum pvr_status pvr_mera_open(const char *path, struct pvr_mera **mera, struct pvr_error *error);
/* The same without the tables: what output it is of. */
enum pvr_status pvr_mera_peek(const char *path, struct pvr_mera **mera, struct pvr_error *error);
void pvr_mera_free(struct pvr_mera *mera);
/* Does the path end as a Mera file's does, in .jld2? And is it a file that begins as one does?
 * Quick, silent. */
bool pvr_mera_named(const char *path);
bool pvr_mera_recognized(const char *path);

/* Index of a column, or -1. */
int pvr_mera_column_find(const struct pvr_mera_table *table, const char *name);

/* Parts of opening. What the object `info` says of the output; what a kind's `information` says. */
enum pvr_status pvr_mera_info_read(struct pvr_jld2 *file, const struct pvr_jld2_object *object,
                                   struct pvr_mera *mera, struct pvr_error *error);
void pvr_mera_information_read(struct pvr_jld2 *file, enum pvr_mera_kind kind,
                               struct pvr_mera_table *table);

#ifdef __cplusplus
}
#endif
#endif
