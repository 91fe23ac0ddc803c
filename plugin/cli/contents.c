/* contents.c - what an output holds beside its mesh: particles by family, sinks, clumps, halos. */
#include "contents.h"

#include "format.h"

#include "pvr_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void contents_read(const struct pvr_snapshot *snapshot, const struct pvr_threads *threads,
                   struct contents *contents) {
    struct pvr_error error;
    memset(contents, 0, sizeof *contents);
    if (pvr_particles_describe(snapshot, &contents->particles, &error) != PVR_OK) {
        memset(&contents->particles, 0, sizeof contents->particles);
        pvr_text_add_line(&contents->warnings, error.message);
    } else if (contents->particles.warnings != NULL) {
        pvr_text_add_line(&contents->warnings, contents->particles.warnings);
    }
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        struct pvr_table **list = &contents->list[kind];
        if (pvr_table_load(snapshot, (enum pvr_table_kind)kind, threads, list, &error) != PVR_OK) {
            pvr_text_add_line(&contents->warnings, error.message);
        } else if ((*list)->warnings != NULL) {
            pvr_text_add_line(&contents->warnings, (*list)->warnings);
        }
    }
}

void contents_free(struct contents *contents) {
    pvr_particle_table_free(&contents->particles);
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        pvr_table_free(contents->list[kind]);
    }
    free(contents->warnings);
}

static void print_particles(const struct pvr_particle_table *particles) {
    char text[FORMAT_SIZE];
    if (particles->counted) {
        printf("  particles  %s", format_count(text, particles->count));
        const char *before = ": ";
        for (int place = 0; place < PVR_FAMILIES; place++) {
            if (particles->family_count[place] > 0) {
                printf("%s%s %s", before, pvr_family_name(pvr_family_at(place)),
                       format_count(text, particles->family_count[place]));
                before = ", ";
            }
        }
    } else {
        printf("  particles  of a number that no header tells");
    }
    printf("\n             with position");
    for (int i = 0; i < particles->nfields; i++) {
        printf(", %s", particles->field[i].name);
    }
    printf("\n");
}

void contents_print(const struct contents *contents) {
    char text[FORMAT_SIZE];
    bool any = contents->particles.present;
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        any = any || (contents->list[kind] != NULL && contents->list[kind]->present);
    }
    printf("%s", any ? "\n" : "");
    if (contents->particles.present) {
        print_particles(&contents->particles);
    }
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        const struct pvr_table *list = contents->list[kind];
        if (list != NULL && list->present) {
            char name[16];
            snprintf(name, sizeof name, "%ss", pvr_table_kind_name((enum pvr_table_kind)kind));
            printf("  %-10s %s\n", name, format_count(text, list->nrows));
        }
    }
}

void contents_write(const struct contents *contents, struct json *json) {
    const struct pvr_particle_table *particles = &contents->particles;
    json_begin_object(json, "particles");
    json_bool(json, "present", particles->present);
    if (particles->counted) {
        json_uint(json, "count", particles->count);
    } else {
        json_null(json, "count");
    }
    json_begin_object(json, "families");
    for (int place = 0; particles->counted && place < PVR_FAMILIES; place++) {
        if (particles->family_count[place] > 0) {
            json_uint(json, pvr_family_name(pvr_family_at(place)), particles->family_count[place]);
        }
    }
    json_end_object(json);
    json_begin_array(json, "fields");
    for (int i = 0; i < particles->nfields; i++) {
        json_string(json, NULL, particles->field[i].name);
    }
    json_end_array(json);
    json_end_object(json);
    for (int kind = 0; kind < PVR_TABLE_KINDS; kind++) {
        const struct pvr_table *list = contents->list[kind];
        char name[16];
        snprintf(name, sizeof name, "%ss", pvr_table_kind_name((enum pvr_table_kind)kind));
        json_begin_object(json, name);
        json_bool(json, "present", list != NULL && list->present);
        json_uint(json, "count", list != NULL ? list->nrows : 0);
        json_end_object(json);
    }
}
