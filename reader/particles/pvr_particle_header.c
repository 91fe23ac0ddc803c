/* pvr_particle_header.c - families and their names; header_NNNNN.txt, which counts them. */
#include "pvr_particle_columns.h"

#include "pvr_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int code;
    const char *name, *header; /* as header_NNNNN.txt calls it: a name can stand for two */
} families[PVR_FAMILIES - 1] = {{-5, "other_tracer", "other_tracer"},
                                {-4, "debris_tracer", "debris_tracer"},
                                {-3, "cloud_tracer", "cloud_tracer"},
                                {-2, "star_tracer", "star_tracer"},
                                {-1, "dark_matter_tracer", "other_tracer"},
                                {PVR_FAMILY_GAS_TRACER, "gas_tracer", "gas_tracer"},
                                {PVR_FAMILY_DARK_MATTER, "dark_matter", "DM"},
                                {PVR_FAMILY_STAR, "star", "star"},
                                {PVR_FAMILY_CLOUD, "cloud", "cloud"},
                                {PVR_FAMILY_DEBRIS, "debris", "debris"},
                                {PVR_FAMILY_OTHER, "other", "other"},
                                {PVR_FAMILY_UNDEFINED, "undefined", "undefined"}};

int pvr_family_place(int code) {
    if (code >= -5 && code <= 5) {
        return code + 5;
    }
    return code == PVR_FAMILY_UNDEFINED ? PVR_FAMILIES - 2 : PVR_FAMILIES - 1;
}

int pvr_family_at(int place) {
    return place >= 0 && place < PVR_FAMILIES - 1 ? families[place].code : -128;
}

const char *pvr_family_name(int code) {
    int place = pvr_family_place(code);
    return place < PVR_FAMILIES - 1 ? families[place].name : "unknown";
}

bool pvr_family_code(const char *name, int *code) {
    for (int i = 0; i < PVR_FAMILIES - 1; i++) {
        if (strcmp(families[i].name, name) == 0) {
            *code = families[i].code;
            return true;
        }
    }
    return false;
}

bool pvr_family_is_matter(int code) {
    return code > 0 && code != PVR_FAMILY_CLOUD;
}

/* ---- header_NNNNN.txt -------------------------------------------------------------------------
 */

/* A few lines; patches add more. */
static const size_t header_limit = (size_t)1 << 16;

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line == '\n' ? line + 1 : line;
}

/* A count at the beginning of a line; stars (a number too wide for its format) are none. */
static bool read_count(const char *line, uint64_t *count) {
    double value;
    if (!pvr_text_real(line, strcspn(line, "\r\n"), &value, NULL) ||
        !(value >= 0 && value < 1e18)) {
        return false;
    }
    *count = (uint64_t)value;
    return true;
}

/* ` Total number of particles`, then the count on a line of its own, and so on. */
static bool read_old_counts(const char *text, struct pvr_particle_columns *columns) {
    bool total = false;
    for (const char *line = text; *line != '\0'; line = next_line(line)) {
        const char *key = line + strspn(line, " \t");
        uint64_t count;
        if (strncmp(key, "Total number of ", 16) != 0 || !read_count(next_line(line), &count)) {
            continue;
        }
        key += 16;
        if (strncmp(key, "particles", 9) == 0) {
            columns->total = count;
            total = true;
        } else if (strncmp(key, "dark matter", 11) == 0) {
            columns->family_count[pvr_family_place(PVR_FAMILY_DARK_MATTER)] = count;
        } else if (strncmp(key, "star", 4) == 0) {
            columns->family_count[pvr_family_place(PVR_FAMILY_STAR)] = count;
        }
    }
    return total;
}

/* `#  Family  Count`, then a line per family; the second `other_tracer` is of dark matter. */
static bool read_family_counts(const char *text, struct pvr_particle_columns *columns) {
    bool seen[PVR_FAMILIES] = {false};
    int found = 0;
    for (const char *line = text; *line != '\0'; line = next_line(line)) {
        const char *name = line + strspn(line, " \t");
        size_t length = strcspn(name, " \t\r\n");
        for (int i = 0; i < PVR_FAMILIES - 1; i++) {
            uint64_t count;
            if (!seen[i] && strlen(families[i].header) == length &&
                strncmp(name, families[i].header, length) == 0 &&
                read_count(name + length, &count)) {
                seen[i] = true;
                columns->family_count[i] = count;
                columns->total += count;
                found++;
                break;
            }
        }
    }
    return found == PVR_FAMILIES - 1;
}

void pvr_particle_text_header(const struct pvr_layout *layout, struct pvr_particle_columns *columns,
                              char **fields) {
    *fields = NULL;
    char *path = pvr_text_format("%s/header_%05d.txt", layout->text_folder, layout->number), *text;
    if (path == NULL || pvr_text_read(path, header_limit, &text, NULL) != PVR_OK) {
        free(path);
        return;
    }
    columns->counted = strstr(text, "Total number of particles") != NULL
                           ? read_old_counts(text, columns)
                           : read_family_counts(text, columns);
    if (!columns->counted) {
        columns->total = 0;
        memset(columns->family_count, 0, sizeof columns->family_count);
    }
    const char *words = strstr(text, "Particle fields");
    if (words != NULL) {
        words = next_line(words);
        *fields = pvr_text_format("%.*s", (int)strcspn(words, "\r\n"), words);
    }
    free(text);
    free(path);
}
