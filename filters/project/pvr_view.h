/* pvr_view.h - where a map lies: line of sight, axes of the image, window, depth, pixels.
 *
 * A view has a centre and three unit vectors at right angles: `right` and `up` span the image,
 * `along` is the line of sight. A place r of the box has image coordinates
 * u = (r - centre) . right, v = (r - centre) . up and depth w = (r - centre) . along. Pixel (i, j)
 * covers low[0] + i pixel <= u <= low[0] + (i + 1) pixel, and v alike; pixels are squares. Of the
 * depth, depth[0] <= w <= depth[1] is looked at. Everything is in code length.
 *
 * For the directions x, y and z the images have the axes (y, z), (x, z) and (x, y), as people draw
 * them, and `along` is the axis itself. Else `along` is the line of sight as given, it points out
 * of the image to the observer, and right x up = along.
 */
#ifndef PVR_VIEW_H
#define PVR_VIEW_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MAP_MAX_PIXELS = 1 << 16 }; /* along a side */

enum pvr_direction {
    PVR_ALONG_X = 0,
    PVR_ALONG_Y = 1,
    PVR_ALONG_Z = 2,
    PVR_ALONG_VECTOR = 3 /* line_of_sight, and up */
};

/* All zero, but for one of pixels, pixel_size and cell_size: the whole box along x. */
struct pvr_view_request {
    enum pvr_direction direction;
    double line_of_sight[3]; /* any length but 0 */
    double up[3];            /* not parallel to the line of sight; all zero: the axis of the box
                                that is least parallel to it */
    bool has_centre;         /* else the centre of the box */
    double centre[3];
    double width, height, depth; /* code length; 0: so much that the whole box is seen; a height of
                                    0 where there is a width: as the width */
    /* Exactly one of these is not 0. */
    uint32_t pixels;   /* across the width */
    double pixel_size; /* the window grows about its centre to whole pixels */
    double cell_size;  /* of a level: pixels are its cells; the window grows to their borders, where
                          the image lies along the axes */
};

struct pvr_view {
    double centre[3];
    double right[3], up[3], along[3];
    double pixel;
    uint32_t pixels[2];
    double low[2];   /* corner of pixel (0, 0) */
    double depth[2]; /* nearest to farthest in the sense of `along` */
    /* Axis of the box that right, up and along are parallel to, each 0, 1 or 2; axis[0] is -1 for
     * any other view. They point along it, or against it where `against` is set. */
    int axis[3];
    bool against[3];
};

/* The view of a box from `low` to `high`. PVR_ERROR_ARGUMENT with the reason for a line of sight of
 * no length, an up vector parallel to it, an empty window, no or too many pixels, and for what is
 * no number. */
enum pvr_status pvr_view_make(const struct pvr_view_request *request, const double low[3],
                              const double high[3], struct pvr_view *view, struct pvr_error *error);

/* Image coordinates and depth of a place. */
void pvr_view_place(const struct pvr_view *view, const double place[3], double image[3]);

#ifdef __cplusplus
}
#endif
#endif
