/* cmd_project.c - pvramses project: a map of an output, as files, a picture, and numbers. */
#include "cli.h"
#include "project.h"
#include "project_particles.h"
#include "pvr_clock.h"
#include "pvr_spin.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>

static double code_length(const struct project *project, const struct project_length *length) {
    static const enum pvr_length_unit units[] = {[PROJECT_PC] = PVR_LENGTH_PC,
                                                 [PROJECT_KPC] = PVR_LENGTH_KPC,
                                                 [PROJECT_MPC] = PVR_LENGTH_MPC,
                                                 [PROJECT_AU] = PVR_LENGTH_AU,
                                                 [PROJECT_CM] = PVR_LENGTH_CM};
    const struct pvr_info *info = pvr_snapshot_info(project->snapshot);
    if (length->unit == PROJECT_OF_BOX) {
        double size[3];
        uint32_t ncoarse[3];
        pvr_snapshot_box(project->snapshot, size, ncoarse);
        return length->value * size[0];
    }
    return length->unit == PROJECT_CODE
               ? length->value
               : length->value / pvr_length_unit(info, units[length->unit]).factor;
}

/* Of a mesh in memory: Mera files are no files that can be streamed. */
static enum pvr_status loaded_spin(struct project *project, const double centre[3], double radius,
                                   struct pvr_spin *spin, struct pvr_error *error) {
    const struct project_options *options = project->options;
    const char *fields[] = {"density", "velocity"};
    const struct pvr_mesh_request request = {
        .max_level = options->max_level, .fields = fields, .nfields = 2, .precision = PVR_FLOAT64};
    struct pvr_mesh *mesh = NULL;
    enum pvr_status status = pvr_mesh_load(project->snapshot, &request, &options->threads,
                                           progress_step, &project->progress, &mesh, error);
    if (status == PVR_OK) {
        status = pvr_spin_octree(mesh->octree, mesh->arrays[0].array, mesh->arrays[1].array, centre,
                                 radius, &options->threads, spin, error);
        pvr_mesh_free(mesh);
    }
    return status;
}

/* Line of sight by the angular momentum of the gas. */
static enum pvr_status find_spin(struct project *project, struct pvr_view_request *view,
                                 const double size[3], struct pvr_error *error) {
    const struct project_options *options = project->options;
    struct pvr_spin spin;
    double centre[3], radius = code_length(project, &options->spin_radius);
    for (int a = 0; a < 3; a++) {
        centre[a] = view->has_centre ? view->centre[a] : size[a] / 2;
    }
    if (options->spin_radius.value == 0) {
        radius = view->width > 0 ? view->width / 2 : size[0] / 2;
    }
    enum pvr_status status =
        pvr_snapshot_mera(project->snapshot) != NULL
            ? loaded_spin(project, centre, radius, &spin, error)
            : pvr_spin_stream(project->snapshot, options->max_level, centre, radius,
                              &options->threads, progress_step, &project->progress, &spin, error);
    return status == PVR_OK ? pvr_spin_view(&spin, options->direction == PROJECT_EDGE_ON,
                                            view->line_of_sight, view->up, error)
                            : status;
}

static enum pvr_status make_view(struct project *project, struct pvr_error *error) {
    const struct project_options *options = project->options;
    const double low[3] = {0, 0, 0};
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(project->snapshot, size, ncoarse);
    struct pvr_view_request view = {
        .direction = options->direction < PROJECT_VECTOR ? (enum pvr_direction)options->direction
                                                         : PVR_ALONG_VECTOR,
        .has_centre = options->has_centre,
        .width = code_length(project, &options->width),
        .height = code_length(project, &options->height),
        .depth = code_length(project, &options->depth),
        .pixel_size = code_length(project, &options->pixel_size),
        .pixels = (uint32_t)options->pixels,
    };
    for (int a = 0; a < 3; a++) {
        view.centre[a] = code_length(project, &options->centre[a]);
        view.line_of_sight[a] = options->line_of_sight[a];
        view.up[a] = options->up[a];
    }
    if (options->level > 0) {
        view.cell_size = ldexp(size[0] / ncoarse[0], -options->level);
    } else if (view.pixels == 0 && view.pixel_size == 0) {
        view.pixels = 1024;
    }
    enum pvr_status status = PVR_OK;
    if (options->direction == PROJECT_FACE_ON || options->direction == PROJECT_EDGE_ON) {
        status = find_spin(project, &view, size, error);
    }
    return status == PVR_OK ? pvr_view_make(&view, low, size, &project->request.view, error)
                            : status;
}

/* Is nothing of the box in the window, or in its depth? */
static bool beside_box(const struct project *project) {
    const struct pvr_view *view = &project->request.view;
    const double low[3] = {view->low[0], view->low[1], view->depth[0]};
    const double high[3] = {view->low[0] + view->pixel * view->pixels[0],
                            view->low[1] + view->pixel * view->pixels[1], view->depth[1]};
    double size[3];
    uint32_t ncoarse[3];
    pvr_snapshot_box(project->snapshot, size, ncoarse);
    double least[3] = {(double)INFINITY, (double)INFINITY, (double)INFINITY};
    double most[3] = {-(double)INFINITY, -(double)INFINITY, -(double)INFINITY};
    for (int corner = 0; corner < 8; corner++) {
        double place[3], image[3];
        for (int a = 0; a < 3; a++) {
            place[a] = (corner >> a & 1) != 0 ? size[a] : 0.0;
        }
        pvr_view_place(view, place, image);
        for (int a = 0; a < 3; a++) {
            least[a] = fmin(least[a], image[a]);
            most[a] = fmax(most[a], image[a]);
        }
    }
    for (int a = 0; a < 3; a++) {
        if (least[a] >= high[a] || most[a] <= low[a]) {
            return true;
        }
    }
    return false;
}

/* Loads the mesh and derives what is wanted. */
static enum pvr_status project_loaded(struct project *project, struct pvr_error *error) {
    const struct project_options *options = project->options;
    const struct pvr_derived_options derived_options = pvr_derived_defaults(project->snapshot);
    const char *load[PROJECT_MOST_LOADS], *derive[PVR_MAP_MAX_VALUES + 1];
    int nderive;
    int nload = project_fields_loads(&project->fields, project->snapshot, load, derive, &nderive);
    const struct pvr_mesh_request request = {.max_level = options->max_level,
                                             .fields = load,
                                             .nfields = nload,
                                             .precision = PVR_FLOAT64,
                                             .region = &project->region};
    const struct pvr_derived_request derived_request = {
        .names = derive, .count = nderive, .precision = PVR_FLOAT64};
    struct pvr_mesh *mesh = NULL;
    struct pvr_mesh_array derived[PVR_MAP_MAX_VALUES + 1];
    struct pvr_map_value values[PVR_MAP_MAX_VALUES], weight;
    enum pvr_status status = pvr_mesh_load(project->snapshot, &request, &options->threads,
                                           progress_step, &project->progress, &mesh, error);
    if (status != PVR_OK) {
        return status;
    }
    status = pvr_derive(mesh, pvr_snapshot_info(project->snapshot), &derived_request,
                        &derived_options, &options->threads, NULL, NULL, derived, NULL, error);
    nderive = status == PVR_OK ? nderive : 0;
    if (status == PVR_OK) {
        status = project_fields_of_arrays(&project->fields, pvr_snapshot_fields(project->snapshot),
                                          mesh, derived, nderive, &project->request.view, values,
                                          &weight, error);
    }
    if (status == PVR_OK) {
        status = pvr_project_octree(project->map, mesh->octree, values,
                                    project->fields.weighted ? &weight : NULL, &options->threads,
                                    NULL, NULL, &project->report, error);
        project->report.bytes_read += mesh->report.bytes_read;
    }
    for (int i = 0; i < nderive; i++) {
        pvr_array_release(derived[i].array);
    }
    pvr_mesh_free(mesh);
    return status;
}

static enum pvr_status project_streamed(struct project *project, struct pvr_error *error) {
    const struct project_options *options = project->options;
    struct pvr_map_value values[PVR_MAP_MAX_VALUES], weight;
    project_fields_of_files(&project->fields, pvr_snapshot_fields(project->snapshot),
                            &project->request.view, values, &weight);
    return pvr_project_stream(project->map, project->snapshot, options->max_level, &project->region,
                              values, project->fields.weighted ? &weight : NULL, &options->threads,
                              progress_step, &project->progress, &project->report, error);
}

static enum pvr_status make_images(struct project *project, struct pvr_error *error) {
    const struct project_options *options = project->options;
    struct project_fields *fields = &project->fields;
    double begin = pvr_seconds();
    if (pvr_snapshot_info(project->snapshot)->ndim == 1) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: there are no maps of 1-D outputs",
                        options->path);
    }
    project->region = region_in_code(&options->region, project->snapshot);
    project->region.by_centre = options->by_centre;
    enum pvr_status status = options->particles
                                 ? project_particles_find(options, project->snapshot, fields, error)
                                 : project_fields_find(options, project->snapshot, fields, error);
    if (status == PVR_OK) {
        status = project_files_check(project, error);
    }
    if (status == PVR_OK) {
        status = make_view(project, error);
    }
    if (status == PVR_OK) {
        project->request.mode = options->mode;
        project->request.weighting = fields->weighting;
        project->request.edge = options->edge;
        if (options->particles && options->width.value == 0 && options->height.value == 0) {
            project->request.edge = PVR_EDGE_FOLD; /* all are seen: nothing of them is lost */
        }
        project->request.nvalues = fields->count;
        project->request.own_weights = fields->stream && !options->particles;
        status = pvr_map_new(&project->request, &project->map, error);
    }
    if (status == PVR_OK && options->particles) {
        status = project_particles_run(options, project->snapshot, fields, &project->region,
                                       project->map, progress_step, &project->progress,
                                       &project->report, error);
    } else if (status == PVR_OK) {
        status = fields->stream ? project_streamed(project, error) : project_loaded(project, error);
    }
    for (int v = 0; status == PVR_OK && v < fields->count; v++) {
        project->image[v] = pvr_map_plane(project->map, v);
        project->factor[v] = fields->field[v].unit.factor;
    }
    if (status == PVR_OK) {
        status = pvr_map_finish(project->map, project->factor, options->empty, project->image,
                                project->totals, &options->threads, error);
    }
    project->seconds = pvr_seconds() - begin;
    return status;
}

int cmd_project(int argc, char **argv) {
    struct project_options options;
    int exit_status;
    if (!project_options_go(argc, argv, &options, &exit_status)) {
        return exit_status;
    }
    struct project *project = calloc(1, sizeof *project);
    struct pvr_error error;
    pvr_error_clear(&error);
    if (project == NULL) {
        return cli_complain("out of memory");
    }
    project->options = &options;
    interrupt_catch();
    enum pvr_status status = pvr_snapshot_open(options.path, &project->snapshot, &error);
    if (status == PVR_OK) {
        progress_begin(&project->progress, "projecting", options.quiet);
        status = make_images(project, &error);
        progress_end(&project->progress);
    }
    if (status == PVR_OK) {
        status = project_files_write(project, &error);
    }
    if (interrupt_caught() != 0) {
        cli_complain("stopped");
        exit_status = CLI_SIGNAL + interrupt_caught();
    } else if (status != PVR_OK) {
        exit_status = cli_failed(&error);
    } else {
        if (!options.quiet) {
            cli_warn(pvr_snapshot_warnings(project->snapshot));
            if (beside_box(project)) {
                cli_warn("the window lies beside the box: nothing is in the map");
            }
        }
        if (options.json) {
            project_write_object(project);
        } else {
            project_print_page(project);
        }
        exit_status = cli_finish_output();
    }
    pvr_map_free(project->map);
    pvr_report_free(&project->report);
    pvr_snapshot_release(project->snapshot);
    free(project->files);
    free(project);
    return exit_status;
}
