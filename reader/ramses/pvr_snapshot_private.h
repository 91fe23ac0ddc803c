/* pvr_snapshot_private.h - what is inside a snapshot handle (internal). */
#ifndef PVR_SNAPSHOT_PRIVATE_H
#define PVR_SNAPSHOT_PRIVATE_H

#include "pvr_domains.h"
#include "pvr_snapshot.h"

#include <pthread.h>

struct pvr_particle_columns;

struct pvr_snapshot {
    char *path;     /* of the info file */
    uint64_t stamp; /* of the info file, see pvr_file.h */
    struct pvr_info info;
    struct pvr_layout layout;
    struct pvr_field_table fields;
    double gamma;
    char *warnings;
    char *spoilt;
    pthread_mutex_t lock; /* held while tables are read; they are published by atomic stores */
    struct pvr_domains *domains;
    struct pvr_domain_columns *columns[PVR_FILE_KINDS];
    int nvar[PVR_FILE_KINDS];               /* 0: the output has no files of this kind */
    struct pvr_mera *mera;                  /* of a Mera file, which has no domains; else null */
    struct pvr_particle_columns *particles; /* what pvr_particle_columns_known has found */
    int references;
};

/* The tables of all domains, read with the threads of `job` if that was not done before. They live
 * as long as the handle. */
enum pvr_status pvr_snapshot_domains(struct pvr_snapshot *snapshot, struct pvr_job *job,
                                     const struct pvr_domains **domains, struct pvr_error *error);
enum pvr_status pvr_snapshot_columns(struct pvr_snapshot *snapshot, enum pvr_file_kind kind,
                                     struct pvr_job *job, const struct pvr_domain_columns **columns,
                                     struct pvr_error *error);
/* The same of the domains d with levels[d - 1] != 0 (null: of all): nothing else is to be looked at
 * in the tables, which others may be filling. */
enum pvr_status pvr_snapshot_some_domains(struct pvr_snapshot *snapshot, const uint64_t *levels,
                                          struct pvr_job *job, const struct pvr_domains **domains,
                                          struct pvr_error *error);
enum pvr_status pvr_snapshot_some_columns(struct pvr_snapshot *snapshot, enum pvr_file_kind kind,
                                          const uint64_t *levels, struct pvr_job *job,
                                          const struct pvr_domain_columns **columns,
                                          struct pvr_error *error);
/* Fails if cells of level `deepest` do not fit the integer coordinates. */
enum pvr_status pvr_snapshot_check_depth(const struct pvr_snapshot *snapshot, int deepest,
                                         struct pvr_error *error);

#endif
