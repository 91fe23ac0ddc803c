/* pvr_chord.h - what pixels get of a box that is looked at in any direction (internal).
 *
 * The share of a pixel in a box is the integral over the pixel of the length of the chord through
 * the box, over the box's volume. The shares of all pixels add up to 1.
 *
 * Along a row of an image, at height y, the chord length is a continuous function of x whose slope
 * jumps where one of the twelve projected edges crosses the row: it is the sum over these edges of
 * jump * max(0, x - place of the edge). So the integral over all that lies left of x, within a row
 * of pixels, is a sum over the edges of jump * integral of max(0, x - place(y))^2 / 2 dy, and place
 * is linear in y: each term is a mean of squares, in closed form. Differences between the borders
 * of the pixels are their shares. Right of an edge its term is a line in x: so closed forms are
 * needed for the few pixels alone that an edge touches, and between them shares are a ramp. All
 * this is exact, for boxes of any size.
 *
 * Slopes grow as a pair of faces is seen edge-on; then the box is cut into pixels as a polyhedron,
 * or, where its edges lie along the axes of the image, the shares are products. Boxes of many
 * pixels, and such that are cut by the depth, are always cut as polyhedra.
 *
 * All lengths are pixels.
 */
#ifndef PVR_CHORD_H
#define PVR_CHORD_H

#include "pvr_view.h"

struct pvr_footprint {
    enum { PVR_FOOTPRINT_EDGES, PVR_FOOTPRINT_PRODUCT, PVR_FOOTPRINT_CUT } kind;
    double half[3];    /* half extents along the image's axes and the depth */
    double edge[3][3]; /* the box's edges in image coordinates and depth */
    double volume;
    double no_share; /* less is rounding: a pixel with no more of the box does not touch it */
    /* PVR_FOOTPRINT_EDGES: projected edges that are not level, from their lower ends. */
    int nedges;
    double low[12], high[12], place[12], slope[12], jump[12]; /* at y: place + y * slope */
    /* PVR_FOOTPRINT_PRODUCT: along each axis, a box of width[0] smeared over width[1]. */
    double width[2][2];
};

/* Of a box with these sides along the axes of the data; `pixel` is the unit that they are in. */
void pvr_footprint_make(struct pvr_footprint *footprint, const struct pvr_view *view,
                        const double sides[3], double pixel);

/* Shares of pixels first .. first + count - 1 of row `row`: pixel (i, j) covers i <= x <= i + 1,
 * j <= y <= j + 1. */
void pvr_footprint_row(const struct pvr_footprint *footprint, const double centre[2], double first,
                       double row, int count, double *share);
/* The same of what lies in the depth (depth[0] to depth[1], in pixels). */
void pvr_footprint_cut_row(const struct pvr_footprint *footprint, const double centre[3],
                           const double depth[2], double first, double row, int count,
                           double *share);

#endif
