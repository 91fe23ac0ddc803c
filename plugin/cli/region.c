/* region.c - the region that --region names, as the library wants it. */
#include "region.h"

#include "pvr_text.h"

#include <string.h>

enum { MOST_NUMBERS = 8 };

/* The name in front of the first comma; *rest is what stands behind it, or null. */
static bool is_called(const char *text, const char *name, const char **rest) {
    size_t length = strlen(name);
    if (strncmp(text, name, length) != 0 || (text[length] != ',' && text[length] != '\0')) {
        return false;
    }
    *rest = text[length] == ',' ? text + length + 1 : NULL;
    return true;
}

static bool parse_unit(const char *text, struct region_option *option) {
    static const char *const units[] = {"code", "pc", "kpc", "Mpc", "AU", "cm"};
    option->of_box = strcmp(text, "box") == 0;
    for (int u = 0; u < (int)(sizeof units / sizeof *units); u++) {
        if (strcmp(text, units[u]) == 0) {
            option->unit = (enum pvr_length_unit)u;
            return true;
        }
    }
    return option->of_box;
}

bool region_parse(const char *text, struct region_option *option) {
    memset(option, 0, sizeof *option);
    struct pvr_region *region = &option->region;
    const char *rest = NULL;
    double number[MOST_NUMBERS] = {0};
    int count = 0;
    if (is_called(text, "box", &rest)) {
        region->type = PVR_REGION_BOX;
    } else if (is_called(text, "sphere", &rest)) {
        region->type = PVR_REGION_SPHERE;
    } else if (is_called(text, "cylinder", &rest)) {
        region->type = PVR_REGION_CYLINDER;
    }
    while (rest != NULL && count < MOST_NUMBERS) {
        size_t length = strcspn(rest, ",");
        const char *end;
        if (!pvr_text_real(rest, length, &number[count], &end) || end != rest + length) {
            break;
        }
        count++;
        rest = rest[length] == ',' ? rest + length + 1 : NULL;
    }
    if (rest != NULL && !parse_unit(rest, option)) {
        return false;
    }
    memcpy(region->centre, number, sizeof region->centre);
    switch (region->type) {
    case PVR_REGION_BOX:
        memcpy(region->size, number + 3, sizeof region->size);
        return count == 6;
    case PVR_REGION_SPHERE:
        region->radius = number[3];
        return count == 4;
    case PVR_REGION_CYLINDER:
        region->radius = number[3];
        region->height = number[4];
        region->axis[2] = 1;
        if (count == 8) {
            memcpy(region->axis, number + 5, sizeof region->axis);
        }
        return count == 5 || count == 8;
    case PVR_REGION_NONE:
        break;
    }
    return false;
}

struct pvr_region region_in_code(const struct region_option *option,
                                 const struct pvr_snapshot *snapshot) {
    struct pvr_region region = option->region;
    double size[3], factor;
    uint32_t ncoarse[3];
    pvr_snapshot_box(snapshot, size, ncoarse);
    factor = option->of_box ? 1 / size[0]
                            : pvr_length_unit(pvr_snapshot_info(snapshot), option->unit).factor;
    for (int axis = 0; axis < 3; axis++) {
        region.centre[axis] /= factor;
        region.size[axis] /= factor;
    }
    region.radius /= factor;
    region.height /= factor;
    return region;
}
