/* pvr_series.h - the outputs of a run: sibling folders output_NNNNN as a time series, or sibling
 * Mera files (NAME and a number, .jld2). */
#ifndef PVR_SERIES_H
#define PVR_SERIES_H

#include "pvr_error.h"
#include "pvr_info.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where an output lies. */
struct pvr_output {
    int number;           /* NNNNN */
    char *folder;         /* .../output_NNNNN; of a Mera file: where it lies */
    char *info_path;      /* .../output_NNNNN/[group_00001/]info_NNNNN.txt, or the Mera file */
    struct pvr_info info; /* valid if `finished` */
    bool finished;        /* the info file can be read, and the mesh's first and last
                              file are there (the first alone where there are groups) */
    char *problem;        /* why not finished, or null */
};

struct pvr_series {
    size_t count;
    struct pvr_output *output; /* by number; unfinished ones included */
    char *warnings; /* gaps and unfinished outputs, one per line; null when there are none */
};

/* True if `path` names an info file of an output, or an output folder that has one: by its name
 * and the first lines of the info file. Quick, and silent. */
bool pvr_output_recognized(const char *path);

/* The file that `path` stands for: itself if it is an info file or a Mera file; the info file
 * inside if it is an output folder. To be freed. */
enum pvr_status pvr_output_info_path(const char *path, char **info_path, struct pvr_error *error);

/* All outputs beside the one that `path` names (info file or output folder); only that one if it
 * does not lie in a folder named output_NNNNN. Beside a Mera file: those whose names differ from
 * its own in the number alone. A folder of another name is taken as the run's: all outputs in it,
 * and the Mera files output_NNNNN.jld2 of other numbers or in place of what is not finished; an
 * error if it has neither. */
enum pvr_status pvr_series_find(const char *path, struct pvr_series *series,
                                struct pvr_error *error);
void pvr_series_free(struct pvr_series *series);

enum pvr_time_unit {
    PVR_TIME_MYR = 0,       /* age of the universe in cosmological runs */
    PVR_TIME_CODE = 1,      /* as RAMSES wrote it */
    PVR_TIME_EXPANSION = 2, /* expansion factor */
    PVR_TIME_OUTPUT = 3     /* output number */
};

/* The times of the finished outputs, in the order of `series`, always increasing: where the unit
 * gives a time that is not above the one before (ties, restarts), the smallest larger double is
 * taken. `times` and `index` (place in series->output) have room for series->count entries.
 * Returns how many were written. */
size_t pvr_series_times(const struct pvr_series *series, enum pvr_time_unit unit, double *times,
                        size_t *index);

#ifdef __cplusplus
}
#endif
#endif
