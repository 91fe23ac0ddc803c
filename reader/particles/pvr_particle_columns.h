/* pvr_particle_columns.h - which columns the particle files of an output hold (internal).
 *
 * A file begins with 8 records (ncpu, ndim, npart, localseed, nstar_tot, mstar_tot, mstar_lost,
 * nsink); then comes one record per column of npart values. The lengths of the seeds and of
 * nstar_tot vary; a value's bytes follow from a record's length. Where each record begins follows
 * from npart and these. Source: RAMSES, pm/output_part.f90.
 */
#ifndef PVR_PARTICLE_COLUMNS_H
#define PVR_PARTICLE_COLUMNS_H

#include "pvr_domains.h"
#include "pvr_particles.h"

enum { PVR_PARTICLE_HEADER_RECORDS = 8, PVR_MAX_PARTICLE_COLUMNS = 256 };

enum pvr_column_class { PVR_COLUMN_REAL, PVR_COLUMN_WHOLE, PVR_COLUMN_SKIPPED };

struct pvr_particle_column {
    char name[PVR_NAME_SIZE];
    enum pvr_column_class class;
    char type;       /* of the descriptor; ' ' without one */
    uint32_t width;  /* bytes of a value; 0 until a file with particles was looked at */
    uint64_t before; /* sum of the widths of the columns before */
};

struct pvr_particle_columns {
    bool present;
    bool described; /* by a descriptor; else the records of the first file were counted */
    int count;
    struct pvr_particle_column *column;
    /* from header_NNNNN.txt */
    bool counted;
    uint64_t total, family_count[PVR_FAMILIES];
    char *warnings;
};

/* Names and classes, widths not yet. */
enum pvr_status pvr_particle_columns_read(const struct pvr_layout *layout,
                                          struct pvr_particle_columns *columns,
                                          struct pvr_error *error);
/* Those of an open output, which looks for them when it is first asked, and keeps them: they are
 * the handle's. Null on failure. Thread-safe. */
enum pvr_status pvr_particle_columns_known(const struct pvr_snapshot *snapshot,
                                           const struct pvr_particle_columns **columns,
                                           struct pvr_error *error);
/* A copy of these. */
enum pvr_status pvr_particle_columns_of(const struct pvr_snapshot *snapshot,
                                        struct pvr_particle_columns *columns,
                                        struct pvr_error *error);
void pvr_particle_columns_free(struct pvr_particle_columns *columns);
/* Adds a column; its name is cleaned as those of the mesh are, and made unique. `type` is the
 * letter of a descriptor. */
enum pvr_status pvr_particle_column_add(struct pvr_particle_columns *columns, const char *name,
                                        size_t length, char type, struct pvr_error *error);
/* Index of a column, or -1. */
int pvr_particle_column_find(const struct pvr_particle_columns *columns, const char *name);
/* The columns of components x, y, z of vector `name`, -1 where absent; returns how many are there
 * (0: no such vector). */
int pvr_particle_vector_find(const struct pvr_particle_columns *columns, const char *name,
                             int column[3]);

/* A file's header. */
struct pvr_particle_header {
    uint64_t npart;
    int32_t nsink;
    uint64_t body; /* offset of the first column's record */
};
enum pvr_status pvr_particle_header_read(const struct pvr_file *file,
                                         const struct pvr_layout *layout,
                                         struct pvr_particle_header *header,
                                         struct pvr_error *error);

/* The text of a column's place for messages: "record 12 (partp)". */
void pvr_particle_record_name(const struct pvr_particle_columns *columns, int column, char *text,
                              size_t size);

/* header_NNNNN.txt, in pvr_particle_header.c: counts, and the words behind `Particle fields` (in
 * *fields, to be freed; null if absent). A missing or strange file is no error. */
void pvr_particle_text_header(const struct pvr_layout *layout, struct pvr_particle_columns *columns,
                              char **fields);

#endif
