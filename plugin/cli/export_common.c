/* export_common.c - from an output to a file: what the kinds of `pvramses export` share. */
#include "export.h"

#include "format.h"
#include "json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct export_kind kinds[] = {
    {".htg", true, export_htg, export_mesh_need},
    {".vtu", true, export_vtu, export_mesh_need},
    {".vti", true, export_vti, export_vti_need},
    {".vtp", true, export_points, export_points_need},
    {".jld2", false, export_mera, export_mera_need},
};

const struct export_kind *export_kind_of(const char *path) {
    const char *dot = strrchr(path, '.');
    for (size_t k = 0; dot != NULL && k < sizeof kinds / sizeof kinds[0]; k++) {
        if (strcmp(dot, kinds[k].extension) == 0) {
            return &kinds[k];
        }
    }
    return NULL;
}

enum pvr_status export_nothing(const struct export_task *task, const struct pvr_region *region,
                               struct pvr_error *error) {
    char text[512];
    const struct pvr_unit unit =
        pvr_length_unit(pvr_snapshot_info(task->snapshot), task->options->region.unit);
    pvr_region_empty_text(region, task->snapshot, unit, text, sizeof text);
    return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: %s", pvr_snapshot_path(task->snapshot), text);
}

struct pvr_vtk_facts export_facts(const struct export_task *task) {
    static const char *const lengths[] = {"code", "pc", "kpc", "Mpc", "AU", "cm"};
    return (struct pvr_vtk_facts){.info = pvr_snapshot_info(task->snapshot),
                                  .output = pvr_snapshot_number(task->snapshot),
                                  .source = pvr_snapshot_path(task->snapshot),
                                  .command = task->command,
                                  .version = PVRAMSES_VERSION,
                                  .length_unit = lengths[task->options->length_unit]};
}

struct pvr_vtk_options export_vtk_options(const struct export_task *task) {
    return (struct pvr_vtk_options){.compressor = task->options->compressor,
                                    .level = task->options->compression_level};
}

bool export_listed(const char *list, const char *name) {
    const size_t length = strlen(name);
    while (list != NULL) {
        const size_t word = strcspn(list, ",");
        if (word == length && memcmp(list, name, length) == 0) {
            return true;
        }
        list = list[word] == ',' ? list + word + 1 : NULL;
    }
    return false;
}

enum pvr_status export_check_list(const char *list, const char *const *names, int count,
                                  const char *option, struct pvr_error *error) {
    while (list != NULL) {
        const size_t word = strcspn(list, ",");
        bool known = false;
        for (int n = 0; n < count; n++) {
            known = known || (strlen(names[n]) == word && memcmp(list, names[n], word) == 0);
        }
        if (!known) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "%s: there is no '%.*s' here", option,
                            (int)word, list);
        }
        list = list[word] == ',' ? list + word + 1 : NULL;
    }
    return PVR_OK;
}

void export_fields_free(struct export_fields *fields) {
    free(fields->fields);
    free(fields->names);
    free(fields->units);
}

enum pvr_status export_fields_make(const struct export_source *sources, int count,
                                   const char *log10, struct export_fields *fields,
                                   struct pvr_error *error) {
    const size_t room = (size_t)count + 1;
    const char **known = calloc(room, sizeof *known);
    *fields = (struct export_fields){.count = count};
    fields->fields = calloc(room, sizeof *fields->fields);
    fields->names = calloc(room, sizeof *fields->names);
    fields->units = calloc(room, sizeof *fields->units);
    enum pvr_status status = PVR_OK;
    if (known == NULL || fields->fields == NULL || fields->names == NULL || fields->units == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    }
    for (int f = 0; status == PVR_OK && f < count; f++) {
        struct pvr_vtk_field *field = &fields->fields[f];
        known[f] = sources[f].name;
        *field = (struct pvr_vtk_field){sources[f].name, sources[f].unit, sources[f].array,
                                        export_listed(log10, sources[f].name)};
        if (field->log10) {
            snprintf(fields->names[f], sizeof fields->names[f], "log10_%s", sources[f].name);
            field->name = fields->names[f];
            if (sources[f].unit != NULL && sources[f].unit[0] != '\0') {
                snprintf(fields->units[f], sizeof fields->units[f], "log10(%s)", sources[f].unit);
                field->unit = fields->units[f];
            }
        }
    }
    if (status == PVR_OK) {
        status = export_check_list(log10, known, count, "--log10", error);
    }
    if (status != PVR_OK) {
        export_fields_free(fields);
    }
    free(known);
    return status;
}

void export_print(FILE *stream, const char *path, const struct export_result *result) {
    const struct pvr_vtk_statistics *s = &result->statistics;
    char count[FORMAT_SIZE], in[FORMAT_SIZE], out[FORMAT_SIZE], seconds[FORMAT_SIZE],
        rate[FORMAT_SIZE], load[FORMAT_SIZE];
    const double wall = 1e-9 * (double)s->wall_ns;
    fprintf(stream, "%s: %s %s\n", path, format_count(count, result->count), result->of_what);
    fprintf(stream, "  read     in %s\n", format_seconds(load, result->load_seconds));
    fprintf(stream, "  written  %s as %s (ratio %.2f) in %s", format_bytes(in, (double)s->bytes_in),
            format_bytes(out, (double)s->bytes_out), pvr_vtk_ratio(s),
            format_seconds(seconds, wall));
    if (wall > 0) {
        fprintf(stream, ": %s/s", format_bytes(rate, (double)s->bytes_in / wall));
    }
    if (result->verify_seconds > 0) {
        fprintf(stream, "\n  read back and compared in %s; to the disk in %.3g s\n",
                format_seconds(seconds, result->verify_seconds), 1e-9 * (double)s->commit_ns);
        return;
    }
    fprintf(stream,
            "\n  threads  %d: making values %.3g s, compressing %.3g s, writing %.3g s;"
            " to the disk %.3g s\n",
            s->report.threads, 1e-9 * (double)s->fill_ns, 1e-9 * (double)s->compress_ns,
            1e-9 * (double)s->write_ns, 1e-9 * (double)s->commit_ns);
}

void export_write_json(struct json *json, const struct export_result *result) {
    const struct pvr_vtk_statistics *s = &result->statistics;
    json_uint(json, "count", result->count);
    json_string(json, "of_what", result->of_what);
    json_double(json, "load_seconds", result->load_seconds);
    json_uint(json, "operations", s->operations);
    json_uint(json, "bytes_in", s->bytes_in);
    json_uint(json, "bytes_out", s->bytes_out);
    json_double(json, "ratio", pvr_vtk_ratio(s));
    json_double(json, "seconds", 1e-9 * (double)s->wall_ns);
    json_begin_object(json, "stage_seconds"); /* of all threads together but for the last */
    json_double(json, "fill", 1e-9 * (double)s->fill_ns);
    json_double(json, "compress", 1e-9 * (double)s->compress_ns);
    json_double(json, "write", 1e-9 * (double)s->write_ns);
    json_double(json, "commit", 1e-9 * (double)s->commit_ns);
    json_end_object(json);
    json_double(json, "write_seconds", result->write_seconds);
    json_double(json, "verify_seconds", result->verify_seconds);
    json_begin_object(json, "threads");
    json_int(json, "max", s->report.threads);
    json_double(json, "efficiency", s->report.efficiency);
    json_double(json, "balance", s->report.balance);
    json_begin_array(json, "per_thread");
    for (int t = 0; t < s->report.threads; t++) {
        json_begin_object(json, NULL);
        json_uint(json, "tasks", s->report.thread[t].tasks);
        json_double(json, "busy_seconds", s->report.thread[t].busy_seconds);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}
