/* pvr_map_units.h - the units that images of a projection come in.
 *
 * An image of a mean has the unit of its field; an integral along the line of sight has it times a
 * length, a surface density a mass per area, a sum the unit of what is added up. In code units all
 * labels are empty.
 */
#ifndef PVR_MAP_UNITS_H
#define PVR_MAP_UNITS_H

#include "pvr_derived.h"
#include "pvr_map.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MAP_LABEL_SIZE = 64 };

/* What is projected: a field of a file by its dimension, or a derived field. */
struct pvr_map_quantity {
    const struct pvr_derived_info *derived; /* null: a field of a file */
    enum pvr_dimension dimension;
    bool of_mass; /* a mass of each cell or point: particles have no derived fields */
};

struct pvr_map_unit {
    double factor; /* multiplies an image in code units */
    char label[PVR_MAP_LABEL_SIZE];
    double area_factor; /* of image * area: what `integral` of the totals is multiplied by */
    char integral_label[PVR_MAP_LABEL_SIZE];
};

/* True for totals of whole cells (mass, volume, energy): see pvr_map_value. */
bool pvr_map_quantity_of_cells(const struct pvr_map_quantity *quantity);

/* The unit that `wanted` means: "code", "cgs", "astro" (cm^-3, K, km/s, Msol/pc^2), or a label as
 * one of these has it, or for surface densities g/cm^2, Msol/pc^2, Msol/kpc^2, cm^-2 (hydrogen
 * nuclei). `by_mass`: the weight is a density. PVR_ERROR_ARGUMENT with what there is otherwise. */
enum pvr_status pvr_map_unit_find(const struct pvr_info *info,
                                  const struct pvr_derived_options *options,
                                  const struct pvr_map_quantity *quantity, enum pvr_map_mode mode,
                                  enum pvr_map_weighting weighting, bool by_mass,
                                  const char *wanted, struct pvr_map_unit *unit,
                                  struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
