/* project_options.h - the options of `pvramses project`. */
#ifndef PVRAMSES_PROJECT_OPTIONS_H
#define PVRAMSES_PROJECT_OPTIONS_H

#include "pvr_map.h"
#include "pvr_projection.h"
#include "pvr_threads.h"
#include "pvr_units.h"
#include "region.h"

#include <stdbool.h>

enum project_direction {
    PROJECT_X,
    PROJECT_Y,
    PROJECT_Z,
    PROJECT_VECTOR,
    PROJECT_FACE_ON,
    PROJECT_EDGE_ON
};

/* A length as it was written: a number and a unit. */
struct project_length {
    double value;
    enum {
        PROJECT_OF_BOX,
        PROJECT_CODE,
        PROJECT_PC,
        PROJECT_KPC,
        PROJECT_MPC,
        PROJECT_AU,
        PROJECT_CM
    } unit;
};

struct project_options {
    const char *path;
    const char *fields; /* as written, comma-separated */
    enum pvr_map_mode mode;
    const char *weight; /* mass, volume, none or a field; null: as suits the mode */
    enum project_direction direction;
    double line_of_sight[3], up[3];
    bool has_centre;
    struct project_length centre[3];
    struct project_length width, height, depth, pixel_size, spin_radius; /* value 0: not given */
    int pixels, level;                                                   /* 0: not given */
    bool particles;                                                      /* in place of cells */
    const char *families;                                                /* null: all */
    enum pvr_map_kernel kernel;
    const char *smoothing; /* name of the lengths of a spline; null: by the density */
    int neighbours;
    struct region_option region;
    bool by_centre;
    enum pvr_map_edge edge;
    double empty;
    const char *unit;
    int max_level;
    struct pvr_threads threads;
    const char *out, *png; /* null: none */
    bool npy, raw;
    const char *npy_path, *raw_path; /* null: beside `out` */
    const char *colours;
    bool linear;
    bool has_range;
    double range[2]; /* of the colours */
    bool json, quiet;
};

/* Reads the arguments of the command. True: go on. False: help was printed, or what is wrong;
 * *exit_status is what the command ends with. */
bool project_options_go(int argc, char **argv, struct project_options *options, int *exit_status);

/* Texts; the help ends with a null. */
extern const char project_usage[];
extern const char *const project_help[];

#endif
