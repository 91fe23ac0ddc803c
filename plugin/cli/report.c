/* report.c - how well the threads were used, and what else every command says at its end. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

uint64_t peak_rss_bytes(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long long kb = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %llu kB", &kb) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    if (kb == 0) {
        struct rusage usage_now;
        if (getrusage(RUSAGE_SELF, &usage_now) == 0) {
            kb = (unsigned long long)usage_now.ru_maxrss;
        }
    }
    return 1024 * (uint64_t)kb;
}

void report_write(struct json *json, const struct pvr_report *report) {
    json_begin_object(json, "threads");
    json_int(json, "max", report->threads);
    json_double(json, "efficiency", report->efficiency);
    json_double(json, "balance", report->balance);
    json_double(json, "wall_seconds", report->wall_seconds);
    json_double(json, "parallel_seconds", report->parallel_seconds);
    json_double(json, "sequential_seconds", report->sequential_seconds);
    json_begin_array(json, "per_thread");
    for (int t = 0; t < report->threads; t++) {
        json_begin_object(json, NULL);
        json_uint(json, "tasks", report->thread[t].tasks);
        json_double(json, "busy_seconds", report->thread[t].busy_seconds);
        json_uint(json, "bytes_read", report->thread[t].bytes_read);
        json_uint(json, "bytes_allocated", report->thread[t].bytes_allocated);
        json_end_object(json);
    }
    json_end_array(json);
    json_end_object(json);
}

void report_write_vector(struct json *json, const char *key, const double *vector, int count) {
    json_begin_array(json, key);
    for (int axis = 0; axis < count; axis++) {
        json_double(json, NULL, vector[axis]);
    }
    json_end_array(json);
}

void report_write_region(struct json *json, const struct pvr_region *region, int ndim) {
    static const char *const types[] = {"none", "box", "sphere", "cylinder"};
    if (region->type == PVR_REGION_NONE) {
        json_null(json, "region");
        return;
    }
    json_begin_object(json, "region");
    json_string(json, "type", types[region->type]);
    report_write_vector(json, "centre", region->centre, ndim);
    if (region->type == PVR_REGION_BOX) {
        report_write_vector(json, "size", region->size, ndim);
    } else {
        json_double(json, "radius", region->radius);
    }
    if (region->type == PVR_REGION_CYLINDER) {
        json_double(json, "height", region->height);
        report_write_vector(json, "axis", region->axis, 3);
    }
    json_bool(json, "by_centre", region->by_centre);
    json_end_object(json);
}

void report_print(const struct pvr_report *report) {
    int length = pvr_report_text(report, NULL, 0);
    char *text = length > 0 ? malloc((size_t)length + 1) : NULL;
    if (text != NULL) {
        pvr_report_text(report, text, (size_t)length + 1);
        printf("\n%s%s", text, text[length - 1] == '\n' ? "" : "\n");
        free(text);
    }
}

void cli_warn(const char *warnings) {
    while (warnings != NULL && *warnings != '\0') {
        size_t length = strcspn(warnings, "\n");
        fprintf(stderr, "pvramses: warning: %.*s\n", (int)length, warnings);
        warnings += length;
        warnings += *warnings == '\n';
    }
}
