/* cmd_project.c - pvramses project: a map of an output, as files, a picture, and numbers. */
#include "cli.h"
#include "format.h"
#include "json.h"
#include "map_files.h"
#include "picture.h"
#include "progress.h"
#include "project_fields.h"
#include "project_options.h"
#include "project_particles.h"
#include "pvr_clock.h"
#include "pvr_spin.h"
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    project->region = region_in_code(&options->region, project->snapshot);
    project->region.by_centre = options->by_centre;
    enum pvr_status status = options->particles
                                 ? project_particles_find(options, project->snapshot, fields, error)
                                 : project_fields_find(options, project->snapshot, fields, error);
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

/* ---- files ---- */

/* `path` with `ending` in place of its own, and before it a field's name where there are several;
 * to be freed. */
static char *file_name(const struct project *project, const char *path, const char *ending,
                       int field) {
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    size_t stem =
        dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - path) : strlen(path);
    bool several = project->fields.count > 1 && field >= 0;
    size_t size = strlen(path) + strlen(ending) + PVR_NAME_SIZE + 2;
    char *name = malloc(size);
    if (name != NULL) {
        snprintf(name, size, "%.*s%s%s%s", (int)stem, path, several ? "_" : "",
                 several ? project->fields.field[field].name : "", ending);
    }
    return name;
}

static void note_file(struct project *project, const char *path) {
    size_t used = project->files != NULL ? strlen(project->files) : 0;
    char *files = realloc(project->files, used + strlen(path) + 2);
    if (files != NULL) {
        sprintf(files + used, "%s%s", used > 0 ? "\n" : "", path);
        project->files = files;
    }
}

/* "density [g/cm^3]" has no place in a file's array: the unit stands beside the name. */
static enum pvr_status write_vti(struct project *project, const char *path,
                                 struct pvr_error *error) {
    struct map_image images[PVR_MAP_MAX_VALUES];
    for (int v = 0; v < project->fields.count; v++) {
        images[v] = (struct map_image){.name = project->fields.field[v].name,
                                       .unit = project->fields.field[v].unit.label,
                                       .image = project->image[v]};
    }
    const struct pvr_vtk_facts facts = {.info = pvr_snapshot_info(project->snapshot),
                                        .output = pvr_snapshot_number(project->snapshot),
                                        .source = project->options->path,
                                        .command = "pvramses project",
                                        .version = PVRAMSES_VERSION};
    return map_write_vti(path, &project->request.view, images, project->fields.count, &facts,
                         &project->options->threads, error);
}

static enum pvr_status write_picture(struct project *project, const char *path, int field,
                                     struct pvr_error *error) {
    const struct pvr_info *info = pvr_snapshot_info(project->snapshot);
    const struct pvr_view *view = &project->request.view;
    char title[160], note[128] = "", length[32] = "code";
    double pixel = view->pixel;
    bool gas = project->request.mode == PVR_MAP_SURFACE_DENSITY &&
               strcmp(project->fields.field[field].name, "density") == 0;
    snprintf(title, sizeof title, gas ? "surface density" : "%s, %s",
             project->fields.field[field].name, pvr_map_mode_name(project->request.mode));
    if (pvr_has_physical_units(info)) {
        static const enum pvr_length_unit units[] = {PVR_LENGTH_MPC, PVR_LENGTH_KPC, PVR_LENGTH_PC,
                                                     PVR_LENGTH_AU};
        int u = 0;
        while (u < 3 && pixel * view->pixels[0] * pvr_length_unit(info, units[u]).factor < 1) {
            u++;
        }
        struct pvr_unit unit = pvr_length_unit(info, units[u]);
        pixel *= unit.factor;
        snprintf(length, sizeof length, "%s", unit.label);
        if (info->cosmological) {
            snprintf(note, sizeof note, "output %d, redshift %.4g",
                     pvr_snapshot_number(project->snapshot), 1 / info->aexp - 1);
        } else {
            snprintf(note, sizeof note, "output %d, %.4g Myr",
                     pvr_snapshot_number(project->snapshot), pvr_info_time_myr(info));
        }
    } else {
        snprintf(note, sizeof note, "output %d, time %.4g", pvr_snapshot_number(project->snapshot),
                 info->time);
    }
    struct picture picture = {.image = project->image[field],
                              .pixels = {view->pixels[0], view->pixels[1]},
                              .colours = colours_find(project->options->colours),
                              .linear = project->options->linear,
                              .title = title,
                              .unit = project->fields.field[field].unit.label,
                              .note = note,
                              .pixel = pixel,
                              .length_unit = length};
    if (project->options->has_range) {
        memcpy(picture.range, project->options->range, sizeof picture.range);
    } else {
        picture_set_range(&picture);
    }
    return picture_write(path, &picture, error);
}

/* One file of one field, or a .vti of all. */
static enum pvr_status write_one(struct project *project, const char *path, const char *ending,
                                 int field, struct pvr_error *error) {
    bool all = strcmp(ending, ".vti") == 0;
    char *name = file_name(project, path, ending, all ? -1 : field);
    if (name == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    const uint32_t *pixels = project->request.view.pixels;
    enum pvr_status status =
        all                           ? write_vti(project, name, error)
        : strcmp(ending, ".npy") == 0 ? map_write_npy(name, project->image[field], pixels, error)
        : strcmp(ending, ".raw") == 0 ? map_write_raw(name, project->image[field], pixels, error)
                                      : write_picture(project, name, field, error);
    if (status == PVR_OK) {
        note_file(project, name);
    }
    free(name);
    return status;
}

static enum pvr_status write_files(struct project *project, struct pvr_error *error) {
    const struct project_options *options = project->options;
    const char *out_ending = options->out != NULL ? strrchr(options->out, '.') : "";
    const struct {
        const char *path, *ending;
    } wanted[] = {
        {options->out, out_ending},
        {options->png, options->png != NULL && strrchr(options->png, '.') != NULL
                           ? strrchr(options->png, '.')
                           : ".png"},
        {options->npy ? options->npy_path != NULL ? options->npy_path : options->out : NULL,
         ".npy"},
        {options->raw ? options->raw_path != NULL ? options->raw_path : options->out : NULL,
         ".raw"},
    };
    enum pvr_status status = PVR_OK;
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        int count = wanted[w].path == NULL                  ? 0
                    : strcmp(wanted[w].ending, ".vti") == 0 ? 1
                                                            : project->fields.count;
        for (int f = 0; status == PVR_OK && f < count; f++) {
            const char *ending = w == 1 ? ".png" : wanted[w].ending;
            status = write_one(project, wanted[w].path, ending, f, error);
        }
    }
    return status;
}

/* ---- what is said ---- */

static void write_numbers(struct json *json, const struct project *project, int field) {
    const struct pvr_map_totals *totals = &project->totals[field];
    const struct pvr_map_unit *unit = &project->fields.field[field].unit;
    json_string(json, "unit", unit->label);
    json_double(json, "min", totals->min);
    json_double(json, "max", totals->max);
    json_double(json, "sum", totals->sum);
    json_double(json, "integral", totals->integral / unit->factor * unit->area_factor);
    json_string(json, "integral_unit", unit->integral_label);
}

static void write_object(const struct project *project) {
    static const char *const directions[] = {"x", "y", "z", "vector", "face-on", "edge-on"};
    static const char *const weights[] = {"volume", "", "none"};
    const struct project_options *options = project->options;
    const struct pvr_view *view = &project->request.view;
    const struct project_fields *fields = &project->fields;
    bool weighted = options->mode == PVR_MAP_MEAN || options->mode == PVR_MAP_SUM ||
                    options->mode == PVR_MAP_DISPERSION || options->mode == PVR_MAP_FIRST_MOMENT;
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", options->path);
    json_int(&json, "output", pvr_snapshot_number(project->snapshot));
    json_string(&json, "field", fields->field[0].name);
    json_string(&json, "mode", pvr_map_mode_name(options->mode));
    json_string(&json, "weight",
                !weighted          ? NULL
                : fields->weighted ? fields->weight.name
                                   : weights[fields->weighting]);
    json_string(&json, "edge", options->edge == PVR_EDGE_FOLD ? "fold" : "clip");
    json_string(&json, "direction", directions[options->direction]);
    report_write_vector(&json, "line_of_sight", view->along, 3);
    report_write_vector(&json, "right", view->right, 3);
    report_write_vector(&json, "up", view->up, 3);
    report_write_vector(&json, "center", view->centre, 3);
    report_write_region(&json, &project->region, pvr_snapshot_info(project->snapshot)->ndim);
    json_begin_array(&json, "size");
    json_uint(&json, NULL, view->pixels[0]);
    json_uint(&json, NULL, view->pixels[1]);
    json_end_array(&json);
    json_double(&json, "pixel_size", view->pixel);
    json_double(&json, "width", view->pixel * view->pixels[0]);
    json_double(&json, "height", view->pixel * view->pixels[1]);
    json_double(&json, "depth", view->depth[1] - view->depth[0]);
    write_numbers(&json, project, 0);
    json_uint(&json, options->particles ? "particles" : "cells", project->map->cells);
    json_begin_object(&json, "fields");
    for (int f = 0; f < fields->count; f++) {
        json_begin_object(&json, fields->field[f].name);
        write_numbers(&json, project, f);
        json_uint(&json, "pixels", project->totals[f].pixels);
        json_uint(&json, "not_finite", project->map->not_finite[f]);
        json_end_object(&json);
    }
    json_end_object(&json);
    json_lines(&json, "files", project->files);
    json_bool(&json, "streamed", fields->stream);
    json_double(&json, "seconds", project->seconds);
    json_uint(&json, "bytes_read", project->report.bytes_read);
    json_uint(&json, "map_bytes", project->map->bytes);
    json_uint(&json, "peak_rss_bytes", peak_rss_bytes());
    report_write(&json, &project->report);
    json_lines(&json, "warnings", pvr_snapshot_warnings(project->snapshot));
    json_end_object(&json);
    json_end(&json);
}

static void print_page(const struct project *project) {
    const struct pvr_view *view = &project->request.view;
    char text[FORMAT_SIZE], length[64] = "";
    if (pvr_has_physical_units(pvr_snapshot_info(project->snapshot))) {
        length[0] = ' ';
        length[1] = '=';
        length[2] = ' ';
        pvr_length_text(view->pixel * pvr_snapshot_info(project->snapshot)->unit_l, length + 3,
                        sizeof length - 3);
    }
    printf("%s: %s, %u x %u pixels of %.6g (code)%s\n\n", project->options->path,
           pvr_map_mode_name(project->options->mode), view->pixels[0], view->pixels[1], view->pixel,
           length);
    printf("  %-24s %14s %14s %14s   unit\n", "field", "min", "max", "sum x area");
    for (int f = 0; f < project->fields.count; f++) {
        const struct project_field *field = &project->fields.field[f];
        const struct pvr_map_totals *totals = &project->totals[f];
        printf("  %-24s %14.7g %14.7g %14.7g   %s", field->name, totals->min, totals->max,
               totals->integral / field->unit.factor * field->unit.area_factor,
               field->unit.label[0] != '\0' ? field->unit.label : "code");
        if (project->map->not_finite[f] > 0) {
            printf(" (%s cells without a number left out)",
                   format_count(text, project->map->not_finite[f]));
        }
        printf("\n");
    }
    printf("\n  %-11s %s\n", project->options->particles ? "particles" : "cells",
           format_count(text, project->map->cells));
    printf("  seconds     %s\n", format_seconds(text, project->seconds));
    printf("  peak        %s\n", format_bytes(text, (double)peak_rss_bytes()));
    for (const char *file = project->files; file != NULL && *file != '\0';) {
        size_t size = strcspn(file, "\n");
        printf("  file        %.*s\n", (int)size, file);
        file += size + (file[size] == '\n');
    }
    report_print(&project->report);
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
        status = write_files(project, &error);
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
            write_object(project);
        } else {
            print_page(project);
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
