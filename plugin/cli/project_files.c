/* project_files.c - the files of `pvramses project`: their names, and what goes into each. */
#include "map_files.h"
#include "picture.h"
#include "project.h"
#include "pvr_output_file.h"
#include "pvr_text.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `path` with `ending` in place of its own if that is one of a map's files, and before it a field's
 * name where there are several files; to be freed. */
static char *file_name(const struct project *project, const char *path, const char *ending,
                       int field) {
    static const char *const endings[] = {".vti", ".npy", ".raw", ".png", NULL};
    const char *dot = strrchr(path, '.');
    const bool known = dot != NULL && words_find(dot, endings) >= 0;
    const int stem = (int)(known ? (size_t)(dot - path) : strlen(path));
    char name[PVR_NAME_SIZE + 1] = "";
    if (field >= 0 && project->fields.count > 1) {
        snprintf(name, sizeof name, "_%s", project->fields.field[field].name);
    }
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL;) {
        *slash = '_';
    }
    return pvr_text_format("%.*s%s%s", stem, path, name, ending);
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

/* One file: of one field, or (-1) of all. */
static enum pvr_status write_one(struct project *project, const char *name, const char *ending,
                                 int field, struct pvr_error *error) {
    const uint32_t *pixels = project->request.view.pixels;
    enum pvr_status status =
        field < 0                     ? write_vti(project, name, error)
        : strcmp(ending, ".npy") == 0 ? map_write_npy(name, project->image[field], pixels, error)
        : strcmp(ending, ".raw") == 0 ? map_write_raw(name, project->image[field], pixels, error)
                                      : write_picture(project, name, field, error);
    if (status == PVR_OK) {
        note_file(project, name);
    }
    return status;
}

/* Of one file, whether it can be written. */
static enum pvr_status check_one(struct project *project, const char *name, const char *ending,
                                 int field, struct pvr_error *error) {
    (void)project;
    (void)ending;
    (void)field;
    struct pvr_output_file file;
    const enum pvr_status status = pvr_output_begin(&file, name, error);
    pvr_output_end(&file);
    return status;
}

/* Does something with each file that is asked for. */
static enum pvr_status each_file(struct project *project,
                                 enum pvr_status (*act)(struct project *project, const char *name,
                                                        const char *ending, int field,
                                                        struct pvr_error *error),
                                 struct pvr_error *error) {
    const struct project_options *options = project->options;
    const struct {
        const char *path, *ending;
    } wanted[] = {
        {options->out, options->out != NULL ? strrchr(options->out, '.') : ""},
        {options->png, ".png"},
        {options->npy && options->npy_path == NULL ? options->out : options->npy_path, ".npy"},
        {options->raw && options->raw_path == NULL ? options->out : options->raw_path, ".raw"},
    };
    enum pvr_status status = PVR_OK;
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        const bool all = strcmp(wanted[w].ending, ".vti") == 0;
        const int first = all ? -1 : 0, end = all ? 0 : project->fields.count;
        for (int f = first; status == PVR_OK && wanted[w].path != NULL && f < end; f++) {
            char *name = file_name(project, wanted[w].path, wanted[w].ending, f);
            status = name != NULL ? act(project, name, wanted[w].ending, f, error)
                                  : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
            free(name);
        }
    }
    return status;
}

enum pvr_status project_files_check(struct project *project, struct pvr_error *error) {
    return each_file(project, check_one, error);
}

enum pvr_status project_files_write(struct project *project, struct pvr_error *error) {
    return each_file(project, write_one, error);
}
