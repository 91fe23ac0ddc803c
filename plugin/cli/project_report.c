/* project_report.c - what `pvramses project` says of its maps. */
#include "format.h"
#include "json.h"
#include "project.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

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

void project_write_object(const struct project *project) {
    static const char *const directions[] = {"x", "y", "z", "vector", "face-on", "edge-on"};
    static const char *const weights[] = {"volume", "", "none"};
    const struct project_options *options = project->options;
    const struct pvr_view *view = &project->request.view;
    const struct project_fields *fields = &project->fields;
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", options->path);
    json_int(&json, "output", pvr_snapshot_number(project->snapshot));
    json_string(&json, "field", fields->field[0].name);
    json_string(&json, "mode", pvr_map_mode_name(options->mode));
    json_string(&json, "weight",
                !project_weighs(options->mode) ? NULL
                : fields->weighted             ? fields->weight.name
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

void project_print_page(const struct project *project) {
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
