/* pvr_view.c - where a map lies: line of sight, axes of the image, window, depth, pixels. */
#include "pvr_view.h"

#include <math.h>
#include <string.h>

static double dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double c[3]) {
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

/* Brings `vector` to length 1. False if it has none. */
static bool normalize(double vector[3]) {
    double largest = fmax(fabs(vector[0]), fmax(fabs(vector[1]), fabs(vector[2])));
    if (!(largest > 0) || !isfinite(largest)) {
        return false;
    }
    for (int a = 0; a < 3; a++) {
        vector[a] /= largest; /* a tiny or huge vector is a direction too */
    }
    double length = sqrt(dot(vector, vector));
    for (int a = 0; a < 3; a++) {
        vector[a] /= length;
    }
    return true;
}

static bool is_number(const double *value, int count) {
    for (int i = 0; i < count; i++) {
        if (!isfinite(value[i])) {
            return false;
        }
    }
    return true;
}

/* The axis that a unit vector is parallel to, or -1. Rounding of a product of sines does not make
 * a view oblique. */
static int parallel_axis(double vector[3], bool *against) {
    for (int a = 0; a < 3; a++) {
        if (fabs(vector[a]) > 0.5 && fabs(vector[(a + 1) % 3]) < 1e-15 &&
            fabs(vector[(a + 2) % 3]) < 1e-15) {
            *against = vector[a] < 0;
            vector[0] = vector[1] = vector[2] = 0;
            vector[a] = *against ? -1 : 1;
            return a;
        }
    }
    return -1;
}

static enum pvr_status set_axes(const struct pvr_view_request *request, struct pvr_view *view,
                                struct pvr_error *error) {
    static const int image_axis[3][2] = {{1, 2}, {0, 2}, {0, 1}};
    if (request->direction != PVR_ALONG_VECTOR) {
        int along = (int)request->direction;
        if (along < 0 || along > 2) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "there is no direction number %d", along);
        }
        view->right[image_axis[along][0]] = 1;
        view->up[image_axis[along][1]] = 1;
        view->along[along] = 1;
    } else {
        double up[3];
        memcpy(view->along, request->line_of_sight, sizeof view->along);
        memcpy(up, request->up, sizeof up);
        if (!normalize(view->along)) {
            return pvr_fail(
                error, PVR_ERROR_ARGUMENT, "the line of sight (%g, %g, %g) has no direction",
                request->line_of_sight[0], request->line_of_sight[1], request->line_of_sight[2]);
        }
        if (up[0] == 0 && up[1] == 0 && up[2] == 0) {
            const double *n = view->along;
            int least = 2; /* of equals the last: z is up */
            least = fabs(n[1]) < fabs(n[least]) ? 1 : least;
            least = fabs(n[0]) < fabs(n[least]) ? 0 : least;
            up[least] = 1;
        }
        cross(up, view->along, view->right);
        double length = normalize(up) ? (cross(up, view->along, view->right),
                                         sqrt(dot(view->right, view->right)))
                                      : 0;
        if (!(length > 1e-9)) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "the up vector (%g, %g, %g) is parallel to the line of sight, or none",
                            request->up[0], request->up[1], request->up[2]);
        }
        normalize(view->right);
        cross(view->along, view->right, view->up);
        normalize(view->up);
    }
    double *axes[3] = {view->right, view->up, view->along};
    bool straight = true;
    for (int i = 0; i < 3; i++) {
        view->axis[i] = parallel_axis(axes[i], &view->against[i]);
        straight = straight && view->axis[i] >= 0;
    }
    if (!straight) {
        view->axis[0] = view->axis[1] = view->axis[2] = -1;
    }
    return PVR_OK;
}

void pvr_view_place(const struct pvr_view *view, const double place[3], double image[3]) {
    const double from_centre[3] = {place[0] - view->centre[0], place[1] - view->centre[1],
                                   place[2] - view->centre[2]};
    image[0] = dot(from_centre, view->right);
    image[1] = dot(from_centre, view->up);
    image[2] = dot(from_centre, view->along);
}

/* Extent of the box in image coordinates and depth. */
static void box_extent(const struct pvr_view *view, const double low[3], const double high[3],
                       double extent[3][2]) {
    for (int corner = 0; corner < 8; corner++) {
        double place[3], image[3];
        for (int a = 0; a < 3; a++) {
            place[a] = corner >> a & 1 ? high[a] : low[a];
        }
        pvr_view_place(view, place, image);
        for (int i = 0; i < 3; i++) {
            extent[i][0] = corner == 0 ? image[i] : fmin(extent[i][0], image[i]);
            extent[i][1] = corner == 0 ? image[i] : fmax(extent[i][1], image[i]);
        }
    }
}

/* Number of pixels that cover `length`, which may be whole but for rounding. */
static double count_pixels(double length, double pixel) {
    return fmax(1, ceil(length / pixel * (1 - 1e-12) - 1e-9));
}

static enum pvr_status set_pixels(const struct pvr_view_request *request, const double box_low[3],
                                  double window[2][2], struct pvr_view *view,
                                  struct pvr_error *error) {
    bool by_level = request->cell_size != 0;
    view->pixel = by_level                   ? request->cell_size
                  : request->pixel_size != 0 ? request->pixel_size
                                             : (window[0][1] - window[0][0]) / request->pixels;
    for (int i = 0; i < 2; i++) {
        double length = window[i][1] - window[i][0], count;
        if (by_level && view->axis[0] >= 0) {
            /* borders of cells, counted from the corner of the box */
            int axis = view->axis[i];
            double corner = (box_low[axis] - view->centre[axis]) * (view->against[i] ? -1 : 1);
            double first = floor((window[i][0] - corner) / view->pixel + 1e-9);
            double last = ceil((window[i][1] - corner) / view->pixel - 1e-9);
            view->low[i] = corner + first * view->pixel;
            count = fmax(1, last - first);
        } else {
            count = i == 0 && request->pixels != 0 ? request->pixels
                                                   : count_pixels(length, view->pixel);
            double middle = (window[i][0] + window[i][1]) / 2;
            view->low[i] = middle - count * view->pixel / 2;
        }
        if (!(count <= PVR_MAP_MAX_PIXELS)) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT,
                            "a map of %.0f pixels along a side is too large: at most %d", count,
                            (int)PVR_MAP_MAX_PIXELS);
        }
        view->pixels[i] = (uint32_t)count;
    }
    return PVR_OK;
}

static enum pvr_status check_request(const struct pvr_view_request *request, const double low[3],
                                     const double high[3], struct pvr_error *error) {
    const double numbers[] = {request->centre[0],  request->centre[1], request->centre[2],
                              request->width,      request->height,    request->depth,
                              request->pixel_size, request->cell_size};
    if (!is_number(numbers, 8) || !is_number(request->line_of_sight, 3) ||
        !is_number(request->up, 3)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT, "the view of a map has a number that is none");
    }
    if (request->width < 0 || request->height < 0 || request->depth < 0) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "the window of a map is empty: width %g, height %g, depth %g",
                        request->width, request->height, request->depth);
    }
    int given = (request->pixels != 0) + (request->pixel_size != 0) + (request->cell_size != 0);
    if (given != 1 || request->pixel_size < 0 || request->cell_size < 0) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "a map needs a number of pixels, or a size of "
                        "pixels, or a level: one of these, above 0");
    }
    for (int a = 0; a < 3; a++) {
        if (!(high[a] > low[a])) {
            return pvr_fail(error, PVR_ERROR_ARGUMENT, "the box of a map is empty");
        }
    }
    return PVR_OK;
}

enum pvr_status pvr_view_make(const struct pvr_view_request *request, const double low[3],
                              const double high[3], struct pvr_view *view,
                              struct pvr_error *error) {
    memset(view, 0, sizeof *view);
    enum pvr_status status = check_request(request, low, high, error);
    if (status == PVR_OK) {
        status = set_axes(request, view, error);
    }
    if (status != PVR_OK) {
        return status;
    }
    for (int a = 0; a < 3; a++) {
        view->centre[a] = request->has_centre ? request->centre[a] : (low[a] + high[a]) / 2;
    }
    double extent[3][2];
    box_extent(view, low, high, extent);
    double wanted[3] = {request->width, request->height, request->depth};
    wanted[1] = wanted[1] == 0 ? wanted[0] : wanted[1];
    for (int i = 0; i < 3; i++) {
        if (wanted[i] > 0) {
            extent[i][0] = -wanted[i] / 2;
            extent[i][1] = wanted[i] / 2;
        }
    }
    memcpy(view->depth, extent[2], sizeof view->depth);
    return set_pixels(request, low, extent, view, error);
}
