/* pvr_map_labels.h - the units of images whose fields say their units themselves.
 *
 * In a pipeline of ParaView an array brings the label of its unit (g/cm^3, km/s), and lengths come
 * in the unit of the coordinates. pvr_map_units.h is for outputs, whose code units are known.
 */
#ifndef PVR_MAP_LABELS_H
#define PVR_MAP_LABELS_H

#include "pvr_map.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MAP_LABEL = 64 };

struct pvr_map_lengths {
    double cm;         /* of a length of the coordinates; 0: not known */
    double code;       /* code lengths in a length of the coordinates; 0: not known */
    const char *label; /* kpc; "" for code lengths or where it is not known */
};

/* A field, or a weight. */
struct pvr_map_labelled {
    const char *unit; /* "": of no dimension, or in code units */
    bool of_cells;    /* a total of each cell, or of a point (see pvr_map_value) */
    bool density;     /* the gas density, whose cm^-3 are hydrogen nuclei of a gas with a mass
                         fraction of 0.76 */
};

/* What an image of a field is to be multiplied by, and its label then. `weight` is that of
 * PVR_WEIGHT_ARRAY, else null.
 *
 *     along the line of sight   g/cm^3 -> g/cm^2; the density's cm^-3 -> Msol/pc^2 as a surface
 *                               density and cm^-2 as an integral; Msol -> Msol/pc^2, g -> g/cm^2;
 *                               no unit -> "code", in code lengths, or none where these are not
 *                               known; all others get the length's label behind theirs
 *     sum over volumes          g/cm^3 and the density's cm^-3 -> Msol; others get length^3
 *     sum with a weight         the field's unit, and that of the weight's sum over volumes
 *     all else                  the field's own
 */
double pvr_map_label(const struct pvr_map_labelled *field, const struct pvr_map_labelled *weight,
                     const struct pvr_map_lengths *lengths, enum pvr_map_mode mode,
                     enum pvr_map_weighting weighting, char label[PVR_MAP_LABEL]);

#ifdef __cplusplus
}
#endif
#endif
