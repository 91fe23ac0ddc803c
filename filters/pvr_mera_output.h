/* pvr_mera_output.h - a file that is there whole or not at all (internal). */
#ifndef PVR_MERA_OUTPUT_H
#define PVR_MERA_OUTPUT_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stdint.h>

struct pvr_mera_output {
    const char *path;
    char *temporary; /* in the same folder */
    int descriptor;  /* of the temporary file, open for reading and writing */
    bool renamed;
};

/* Makes the temporary file: empty, or (`copy`) with what `path` has. */
enum pvr_status pvr_mera_output_begin(struct pvr_mera_output *output, const char *path, bool copy,
                                      struct pvr_error *error);
/* Forces it to the disk (if told) and gives it its name. */
enum pvr_status pvr_mera_output_finish(struct pvr_mera_output *output, bool sync,
                                       double *sync_seconds, uint64_t *bytes,
                                       struct pvr_error *error);
/* Closes; a temporary file that did not become the file is removed. */
void pvr_mera_output_end(struct pvr_mera_output *output);

#endif
