/* export.h - from an output to a file: what the kinds of `pvramses export` share. */
#ifndef PVRAMSES_EXPORT_H
#define PVRAMSES_EXPORT_H

#include "options.h"
#include "pvr_fields.h"
#include "pvr_snapshot.h"
#include "pvr_vtk_field.h"

#include <stdio.h>

/* One file to be written. */
struct export_task {
    const struct options *options;
    struct pvr_snapshot *snapshot;
    const char *out;
    struct pvr_threads threads;
    const char *command; /* the command line, for the file */
    pvr_progress_fn progress;
    void *progress_context;
};

struct export_result {
    uint64_t count;      /* cells or points in the file */
    const char *of_what; /* "cells", "leaf cells", "points" */
    double load_seconds; /* reading, deriving, averaging */
    /* Of a Mera file: writing, and reading back and comparing. */
    double write_seconds, verify_seconds;
    struct pvr_vtk_statistics statistics;
};

/* A kind of file, told by the end of its name. */
struct export_kind {
    const char *extension; /* ".htg" */
    bool of_vtk;           /* a collection (.pvd) may list it */
    enum pvr_status (*write)(const struct export_task *task, struct export_result *result,
                             struct pvr_error *error);
    /* Bytes of memory that it takes at most. */
    enum pvr_status (*need)(const struct export_task *task, uint64_t *bytes,
                            struct pvr_error *error);
};

/* The kind of a path, or null. */
const struct export_kind *export_kind_of(const char *path);

/* .htg, .vtu, .vti: export_mesh.c */
enum pvr_status export_htg(const struct export_task *task, struct export_result *result,
                           struct pvr_error *error);
enum pvr_status export_vtu(const struct export_task *task, struct export_result *result,
                           struct pvr_error *error);
enum pvr_status export_vti(const struct export_task *task, struct export_result *result,
                           struct pvr_error *error);
enum pvr_status export_vti_need(const struct export_task *task, uint64_t *bytes,
                                struct pvr_error *error);
enum pvr_status export_mesh_need(const struct export_task *task, uint64_t *bytes,
                                 struct pvr_error *error);
/* .vtp: export_points.c */
enum pvr_status export_points(const struct export_task *task, struct export_result *result,
                              struct pvr_error *error);
enum pvr_status export_points_need(const struct export_task *task, uint64_t *bytes,
                                   struct pvr_error *error);

/* Fails: nothing lies in the region; says where the box is. */
enum pvr_status export_nothing(const struct export_task *task, const struct pvr_region *region,
                               struct pvr_error *error);
/* .jld2: export_mera.c */
enum pvr_status export_mera(const struct export_task *task, struct export_result *result,
                            struct pvr_error *error);
enum pvr_status export_mera_need(const struct export_task *task, uint64_t *bytes,
                                 struct pvr_error *error);

/* Facts of a task's output for the file. */
struct pvr_vtk_facts export_facts(const struct export_task *task);
struct pvr_vtk_options export_vtk_options(const struct export_task *task);

/* Arrays that were read or made, and how they are written: with --log10's among them as logarithms,
 * called log10_NAME. */
struct export_source {
    const char *name, *unit;
    const struct pvr_array *array;
};
struct export_fields {
    int count;
    struct pvr_vtk_field *fields;
    char (*names)[2 * PVR_NAME_SIZE], (*units)[2 * PVR_NAME_SIZE]; /* of logarithms */
};
enum pvr_status export_fields_make(const struct export_source *sources, int count,
                                   const char *log10, struct export_fields *fields,
                                   struct pvr_error *error);
void export_fields_free(struct export_fields *fields);

/* Cells of a uniform grid along an axis, at most, where no level is asked for. */
enum { EXPORT_GRID_CELLS = 512 };
/* Writes a uniform grid over a mesh, with the fields of `fields`, which are its arrays; its masses
 * and volumes are then those in cells of the grid. export_grid.c */
struct pvr_mesh;
enum pvr_status export_grid(const struct export_task *task, const struct pvr_mesh *mesh,
                            const struct export_fields *fields, struct export_result *result,
                            struct pvr_error *error);

/* True if `name` stands in a comma-separated list. */
bool export_listed(const char *list, const char *name);
/* Fails for the first word of a list (null: no words) that is none of `names`. */
enum pvr_status export_check_list(const char *list, const char *const *names, int count,
                                  const char *option, struct pvr_error *error);

/* Writes every output of a run that is asked for; returns the exit status. export_batch.c */
int export_batch(const struct options *options, const struct export_kind *kind,
                 const char *command);
/* The statistics of a file for a person and for a program. */
void export_print(FILE *stream, const char *path, const struct export_result *result);
struct json;
void export_write_json(struct json *json, const struct export_result *result);

#endif
