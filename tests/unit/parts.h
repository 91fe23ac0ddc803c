/* parts.h - loading particles in tests, and particle files written column by column. */
#ifndef PVR_TEST_PARTS_H
#define PVR_TEST_PARTS_H

#include "pvr_particles.h"
#include "records.h"

struct pvr_snapshot *parts_open(const char *path);
void parts_describe(const char *path, struct pvr_particle_table *table);
/* Double precision, code units, all particles, with totals. */
struct pvr_particle_request parts_request(void);
/* `fields` are separated by blanks, null: all that there are; `request` null: parts_request().
 * Finds ranges too. */
struct pvr_particles *parts_load(const char *path, const char *fields,
                                 const struct pvr_particle_request *request, int threads);
/* Loads all fields, which must fail with `part` in the message. */
void parts_must_fail(const char *path, const char *part);
const struct pvr_particle_array *parts_array(const struct pvr_particles *particles,
                                             const char *name);
/* All that is loaded is the same, bit for bit. */
void parts_same(const struct pvr_particles *a, const struct pvr_particles *b);

/* Copies the info file and the amr files of an output into an empty folder. */
void parts_copy_mesh(const char *from, const char *to);

/* A column to be written. */
struct part_column {
    const char *name; /* for the descriptor */
    char type;
    size_t item; /* bytes of a value */
};
/* The value of particle `i` (among all) of a column, of which the file has the nearest. */
double part_value(int column, uint64_t i);
/* Writes the file of a domain with particles first .. first + count - 1. */
void part_write(const char *path, int ncpu, int ndim, int nsink, const struct part_column *column,
                int ncolumns, uint64_t first, uint64_t count, const struct record_writer *way);
/* Writes all files with 7 + domain particles each, and (unless null) the descriptor's text. */
void parts_write(const char *folder, int number, int ncpu, int ndim, int nsink,
                 const struct part_column *column, int ncolumns, const struct record_writer *way,
                 bool descriptor);
/* Writes files whose first one has `count` stars with these births and whose others are empty. */
void parts_write_stars(const char *folder, int number, int ncpu, const double *birth, int count);

#endif
