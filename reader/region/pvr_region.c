/* pvr_region.c - regions: checks and words. */
#include "pvr_region.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum pvr_status pvr_region_check(const struct pvr_region *region, struct pvr_error *error) {
    if ((int)region->type < PVR_REGION_NONE || region->type > PVR_REGION_CYLINDER) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "no kind of region has the number %d",
                        (int)region->type);
    }
    bool finite = true, directed = false;
    for (int axis = 0; axis < 3; axis++) {
        finite = finite && isfinite(region->centre[axis]);
        finite = finite && (region->type != PVR_REGION_BOX || isfinite(region->size[axis]));
        finite = finite && (region->type != PVR_REGION_CYLINDER || isfinite(region->axis[axis]));
        directed = directed || region->axis[axis] != 0;
    }
    bool round = region->type == PVR_REGION_SPHERE || region->type == PVR_REGION_CYLINDER;
    finite = finite && (!round || isfinite(region->radius));
    finite = finite && (region->type != PVR_REGION_CYLINDER || isfinite(region->height));
    if (region->type != PVR_REGION_NONE && !finite) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "the region's centre and sizes are not all finite numbers");
    }
    if (region->type == PVR_REGION_CYLINDER && !directed) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "the axis of the region's cylinder has no direction: (0, 0, 0)");
    }
    return PVR_OK;
}

/* A text that grows as far as there is room. */
struct words {
    char *text;
    size_t size;
    int length; /* without limit */
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...) {
    size_t used = (size_t)words->length < words->size ? (size_t)words->length : words->size;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(words->size > used ? words->text + used : NULL, words->size - used,
                           format, arguments);
    va_end(arguments);
    words->length += length > 0 ? length : 0;
}

static void say_vector(struct words *words, const double value[3], int ndim, double factor) {
    say(words, "(");
    for (int axis = 0; axis < ndim; axis++) {
        say(words, "%s%g", axis > 0 ? ", " : "", value[axis] * factor);
    }
    say(words, ")");
}

static void say_region(struct words *words, const struct pvr_region *region, int ndim,
                       struct pvr_unit length) {
    double factor = length.factor;
    switch (region->type) {
    case PVR_REGION_NONE:
        say(words, "the whole box");
        return;
    case PVR_REGION_BOX:
        say(words, "box of sides ");
        say_vector(words, region->size, ndim, factor);
        break;
    case PVR_REGION_SPHERE:
        say(words, "sphere of radius %g", region->radius * factor);
        break;
    case PVR_REGION_CYLINDER:
        say(words, "cylinder of radius %g and height %g along ", region->radius * factor,
            region->height * factor);
        say_vector(words, region->axis, 3, 1);
        break;
    }
    say(words, " around ");
    say_vector(words, region->centre, ndim, factor);
    say(words, "%s%s", length.label[0] != '\0' ? " " : "", length.label);
}

int pvr_region_text(const struct pvr_region *region, int ndim, struct pvr_unit length, char *text,
                    size_t size) {
    struct words words = {text, size, 0};
    say_region(&words, region, ndim, length);
    return words.length;
}

int pvr_region_empty_text(const struct pvr_region *region, const struct pvr_snapshot *snapshot,
                          struct pvr_unit length, char *text, size_t size) {
    struct words words = {text, size, 0};
    int ndim = pvr_snapshot_info(snapshot)->ndim;
    double box[3];
    uint32_t ncoarse[3];
    static const double corner[3] = {0, 0, 0};
    pvr_snapshot_box(snapshot, box, ncoarse);
    say(&words, "nothing lies in the region (");
    say_region(&words, region, ndim, length);
    say(&words, "): the box of this output reaches from ");
    say_vector(&words, corner, ndim, 1);
    say(&words, " to ");
    say_vector(&words, box, ndim, length.factor);
    say(&words, " %s", length.label[0] != '\0' ? length.label : "code length");
    return words.length;
}
