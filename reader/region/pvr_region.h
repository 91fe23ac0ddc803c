/* pvr_region.h - a part of the box: what to read of an output.
 *
 * A region is a box, a sphere or a cylinder with a centre and sizes in code length; (0, 0, 0) is
 * the lower corner of the output's box. Axes that the output does not have are left out: in 2-D a
 * sphere is a disc, and a cylinder whose axis is perpendicular to the plane too.
 *
 * Along an axis with periodic borders (every axis that has no boundary cells around the box) a
 * region that sticks out at one end goes on at the other. If it is at most half as long as the box,
 * it is given in one piece: what lies beyond the border has coordinates below 0 or above the box.
 * A region that does not touch the box at all is empty, and so is one without any extent.
 *
 * Cells belong to a region if some of their volume does (a common face alone is not enough), or by
 * choice if their centre does; points (particles) if they lie in it, its surface included.
 */
#ifndef PVR_REGION_H
#define PVR_REGION_H

#include "pvr_snapshot.h"
#include "pvr_units.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pvr_region_type {
    PVR_REGION_NONE = 0,
    PVR_REGION_BOX,
    PVR_REGION_SPHERE,
    PVR_REGION_CYLINDER
};

struct pvr_region {
    enum pvr_region_type type; /* PVR_REGION_NONE: the whole box */
    double centre[3];
    double size[3]; /* box: its sides */
    double radius;  /* sphere, cylinder */
    double height;  /* cylinder: its whole length */
    double axis[3]; /* cylinder: direction, of any length */
    bool by_centre; /* cells whose centre lies in the region; else those that overlap it */
};

/* Fails if a number is not finite, or a cylinder has an axis without a direction. */
enum pvr_status pvr_region_check(const struct pvr_region *region, struct pvr_error *error);

/* "sphere of radius 0.1 around (0.5, 0.5, 0.5)", lengths multiplied by the factor of `length` and
 * followed by its label. Like snprintf: returns the length that the text needs. */
int pvr_region_text(const struct pvr_region *region, int ndim, struct pvr_unit length, char *text,
                    size_t size);
/* The same for what a person should be told if nothing lies in the region: names the region and
 * says where the box is. */
int pvr_region_empty_text(const struct pvr_region *region, const struct pvr_snapshot *snapshot,
                          struct pvr_unit length, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
