/* pvr_mera_write_private.h - writing Mera files table by table (internal). */
#ifndef PVR_MERA_WRITE_PRIVATE_H
#define PVR_MERA_WRITE_PRIVATE_H

#include "pvr_mera_write.h"
#include "pvr_output_file.h"

/* Tables that are made when their turn comes, so that one at a time is in memory. */
struct pvr_mera_out_source {
    size_t ntables;
    enum pvr_status (*get)(void *context, size_t number, struct pvr_mera_out_table *table,
                           struct pvr_error *error);
    void (*release)(void *context, size_t number); /* may be null */
    void *context;
};

/* As pvr_mera_write, by a job that is running and expects the tables' bytes. */
enum pvr_status pvr_mera_write_source(const char *path, const struct pvr_mera_about *about,
                                      const struct pvr_mera_out_source *source,
                                      const struct pvr_mera_out_request *request,
                                      struct pvr_job *job, struct pvr_mera_out_written *result,
                                      struct pvr_error *error);

#endif
