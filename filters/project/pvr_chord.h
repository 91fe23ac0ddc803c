/* pvr_chord.h - what pixels get of a box that is looked at in any direction (internal).
 *
 * The share of a pixel in a box is the integral over the pixel of the length of the chord through
 * the box, over the box's volume. The shares of all pixels add up to 1.
 *
 * Along a column of an image, at x, the chord length is a continuous function of y whose slope
 * jumps where one of the twelve projected edges crosses the column: it is the sum over these edges
 * of jump * max(0, y - place of the edge). So the integral over all that lies below y, within a
 * part of the columns, is a sum over the edges of jump * integral of max(0, y - place(x))^2 / 2 dx,
 * and place is linear in x: each term is a mean of squares, in closed form, and shares are
 * differences of such sums. All this is exact, for boxes of any size. Boxes of a few pixels are
 * made of the sums at the corners of pixels (pvr_chord_corners.c), larger ones of what edges change
 * from pixel to pixel (pvr_chord_strips.c).
 *
 * Slopes grow as a pair of faces is seen edge-on; then the box is cut into pixels as a polyhedron
 * (pvr_chord_solid.c, pvr_chord_cut.c), or, where its edges lie along the axes of the image, the
 * shares are products. Boxes of many pixels, needles and sheets, and what is cut by the depth, are
 * always cut as polyhedra.
 *
 * All lengths are pixels.
 */
#ifndef PVR_CHORD_H
#define PVR_CHORD_H

#include "pvr_twofold.h"
#include "pvr_view.h"

#include <stddef.h>

enum { PVR_BOX_EDGES = 12 };

/* The edges of a box that are not upright in the image, from their left ends, seen from the box's
 * middle; four at a time are parallel. */
struct pvr_edges {
    int count;
    int pieces[PVR_BOX_EDGES]; /* of the part in a column, each at most a pixel high */
    double left[PVR_BOX_EDGES], start[PVR_BOX_EDGES], width[PVR_BOX_EDGES], slope[PVR_BOX_EDGES];
    double jump[PVR_BOX_EDGES];
    double tail[PVR_BOX_EDGES]; /* jump / (6 |slope|) */
};

struct pvr_footprint {
    enum {
        PVR_FOOTPRINT_SMALL,
        PVR_FOOTPRINT_CORNERS,
        PVR_FOOTPRINT_STRIPS,
        PVR_FOOTPRINT_PRODUCT,
        PVR_FOOTPRINT_CUT
    } kind;
    bool avx2;
    double half[3];    /* half extents along the image's axes and the depth */
    double edge[3][3]; /* the box's edges in image coordinates and depth */
    double axis[3][3]; /* and their directions */
    struct pvr_twofold side[3];
    struct pvr_twofold normal[3][3]; /* PVR_FOOTPRINT_CUT: of the box's faces */
    double volume;
    double no_share; /* less is rounding: a pixel with no more of the box does not touch it */
    struct pvr_edges edges;
    /* PVR_FOOTPRINT_PRODUCT: along each axis, a box of width[0] smeared over width[1]. */
    double width[2][2];
};

enum {
    PVR_PATCH = 64,
    PVR_PATCH_MARGIN = 4,
    PVR_PATCH_ROW = PVR_PATCH + 2 * PVR_PATCH_MARGIN,
    PVR_PATCH_PLANE = PVR_PATCH_ROW * PVR_PATCH_ROW
};

/* A part of an image, at most PVR_PATCH pixels along a side, in memory of its own: `nplanes` planes
 * of PVR_PATCH_PLANE pixels, with margins all around whose values mean nothing. */
struct pvr_patch {
    double *plane;
    int nplanes;
    int low[2], high[2]; /* pixels low <= i < high; pixel (i, j) covers i <= x <= i + 1, and y */
};

static inline size_t pvr_patch_doubles(int nplanes) {
    return (size_t)nplanes * PVR_PATCH_PLANE;
}

/* Pixel (low[0], low[1] + row) of plane `plane`. */
static inline double *pvr_patch_row(const struct pvr_patch *patch, int plane, int row) {
    return patch->plane + pvr_patch_doubles(plane) +
           (size_t)(PVR_PATCH_MARGIN + row) * PVR_PATCH_ROW + PVR_PATCH_MARGIN;
}

/* Of a box with these sides along the axes of the data; `pixel` is the unit that they are in. */
void pvr_footprint_make(struct pvr_footprint *footprint, const struct pvr_view *view,
                        const double sides[3], double pixel);

/* The pixels from `low` up to `high` that lie in the rectangle around the box's shadow. Are these
 * all pixels of that? */
bool pvr_footprint_part(const struct pvr_footprint *footprint, const double centre[2],
                        const int low[2], const int high[2], int first[2], int end[2]);

/* Adds value[p] times the shares of the pixels to plane p of the patch. `rest`: what is to be added
 * to the centre, less than the last digits of that; or null. `depth`: only of what lies in the
 * depth from depth[0] to depth[1]; null: of the whole box. */
void pvr_footprint_add(const struct pvr_footprint *footprint, const double centre[3],
                       const double *rest, const double *depth, const struct pvr_patch *patch,
                       const double *value);

/* Ways of doing so, for boxes that touch the patch: within four rows and columns, of any size. */
void pvr_footprint_add_small(const struct pvr_footprint *footprint, const double centre[2],
                             const struct pvr_patch *patch, const double *value);
void pvr_footprint_add_corners(const struct pvr_footprint *footprint, const double centre[2],
                               const struct pvr_patch *patch, const double *value);
void pvr_footprint_add_strips(const struct pvr_footprint *footprint, const double centre[2],
                              const struct pvr_patch *patch, const double *value);

enum { PVR_FACE_CORNERS = 16, PVR_SOLID_FACES = 16 };

/* A part of a box: of its faces, those that are not seen edge-on. */
struct pvr_solid {
    double origin[3]; /* where the corners count from; their depths from a plane */
    double depth;     /* those are 0 up to this */
    double of_box;    /* the volume of the whole box */
    int nfaces;
    struct pvr_face {
        int count;
        double normal[3];
        double corner[PVR_FACE_CORNERS][3]; /* counterclockwise, seen from outside */
    } face[PVR_SOLID_FACES];
};

/* The normals of the faces of a box along such axes. These are at right angles and of length 1 but
 * for rounding, and so are the axes of the image. */
void pvr_solid_normals(const double axis[3][3], struct pvr_twofold normal[3][3]);
/* What of a box lies between `low` and `high`: pixels, and the depth, which may be infinite. False
 * if nothing does. `rest` as above. */
bool pvr_solid_make(struct pvr_solid *solid, const struct pvr_footprint *footprint,
                    const double centre[3], const double *rest, const double low[3],
                    const double high[3]);
/* Takes what lies in row `row` from it, or below: the volumes in pixels first .. first + count - 1,
 * which are all pixels of a row that it was made for. */
void pvr_solid_cut_row(struct pvr_solid *solid, double first, double row, int count,
                       double *volume);

#endif
