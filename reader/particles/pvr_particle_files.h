/* pvr_particle_files.h - where each column of each domain's particle file stands (internal). */
#ifndef PVR_PARTICLE_FILES_H
#define PVR_PARTICLE_FILES_H

#include "pvr_particle_columns.h"

struct pvr_mera;

struct pvr_particle_domain {
    uint64_t count; /* particles */
    uint64_t base;  /* place of its first particle among all */
    uint64_t body;  /* offset of the first column's record */
    uint64_t size;  /* of the file */
};

struct pvr_particle_files {
    const struct pvr_layout *layout;
    struct pvr_particle_columns columns; /* with their widths */
    int ndomains;
    struct pvr_particle_domain *domain; /* [domain - 1] */
    uint64_t total;
    bool some;  /* not all files were looked at: the others count as empty */
    bool sinks; /* the run has some */
    /* Of a Mera file (pvr_mera_points.h): one domain, whose columns are in memory when they are
     * needed. */
    const struct pvr_mera *mera;
    void **memory; /* [column] */
};

/* Reads the headers of the files with the threads of `job` (unless `levels` is null, of domains d
 * with levels[d - 1] != 0 alone), finds the columns' widths in the first
 * that has particles and checks that every file is as long as its count and these ask. Takes over
 * `columns`, also on failure. */
enum pvr_status pvr_particle_files_read(const struct pvr_layout *layout,
                                        struct pvr_particle_columns *columns,
                                        const uint64_t *levels, struct pvr_job *job,
                                        struct pvr_particle_files **files, struct pvr_error *error);
void pvr_particle_files_free(struct pvr_particle_files *files);

enum pvr_status pvr_particle_files_open(const struct pvr_particle_files *files, int domain,
                                        struct pvr_file *file, char **path,
                                        struct pvr_error *error);

/* Reads particles first .. first + count - 1 of a column as they stand in the file, but in this
 * machine's byte order. With first == 0 the record's markers are checked too. */
enum pvr_status pvr_particle_files_column(const struct pvr_particle_files *files,
                                          const struct pvr_file *file, int domain, int column,
                                          uint64_t first, uint64_t count, void *data,
                                          uint64_t *bytes_read, struct pvr_error *error);

/* Offset of the values of a column's particle `first`, for prefetching. */
uint64_t pvr_particle_files_offset(const struct pvr_particle_files *files, int domain, int column,
                                   uint64_t first);

#endif
