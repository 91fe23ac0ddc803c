/* project.h - what the files of `pvramses project` share: the maps while they are made. */
#ifndef PVRAMSES_PROJECT_H
#define PVRAMSES_PROJECT_H

#include "progress.h"
#include "project_fields.h"
#include "project_options.h"

struct project {
    const struct project_options *options;
    struct pvr_snapshot *snapshot;
    struct project_fields fields;
    struct pvr_region region;
    struct pvr_map_request request;
    struct pvr_map *map;
    double *image[PVR_MAP_MAX_VALUES];
    double factor[PVR_MAP_MAX_VALUES];
    struct pvr_map_totals totals[PVR_MAP_MAX_VALUES];
    struct pvr_report report;
    double seconds;
    char *files; /* that were written, one per line */
    struct progress progress;
};

/* Fails if a file that is asked for cannot be written; nothing is left of the trial. To be called
 * once the fields are known. */
enum pvr_status project_files_check(struct project *project, struct pvr_error *error);
/* Writes all files that are asked for, and notes their names. */
enum pvr_status project_files_write(struct project *project, struct pvr_error *error);

/* What was found: as a JSON object, or for a person. */
void project_write_object(const struct project *project);
void project_print_page(const struct project *project);

#endif
