/* pvr_map_units.c - the units that images of a projection come in. */
#include "pvr_map_units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool pvr_map_quantity_of_cells(const struct pvr_map_quantity *quantity) {
    if (quantity->derived == NULL) {
        return quantity->of_mass;
    }
    switch (quantity->derived->dimension) {
    case PVR_DERIVED_VOLUME:
    case PVR_DERIVED_CELL_MASS:
    case PVR_DERIVED_MASS:
    case PVR_DERIVED_ENERGY:
    case PVR_DERIVED_MOMENTUM:
    case PVR_DERIVED_ANGULAR_MOMENTUM:
        return quantity->derived->of_leaves;
    default:
        return false;
    }
}

static bool is_density(const struct pvr_map_quantity *quantity) {
    return quantity->derived == NULL && !quantity->of_mass &&
           (quantity->dimension == PVR_DENSITY || quantity->dimension == PVR_MASS_DENSITY);
}

static bool is_mass(const struct pvr_map_quantity *quantity) {
    return quantity->derived != NULL ? quantity->derived->dimension == PVR_DERIVED_CELL_MASS &&
                                           quantity->derived->of_leaves
                                     : quantity->of_mass;
}

/* A unit by the power of each code unit and a divisor: its place in a list of what may be chosen.
 */
struct candidate {
    double factor;
    char label[PVR_MAP_LABEL_SIZE];
};

static struct pvr_unit field_unit(const struct pvr_info *info,
                                  const struct pvr_derived_options *options,
                                  const struct pvr_map_quantity *quantity,
                                  enum pvr_field_units system) {
    if (quantity->derived != NULL) {
        return pvr_derived_unit(quantity->derived, info, options, system);
    }
    if (quantity->of_mass) {
        double gram = info->unit_d * pow(info->unit_l, 3);
        return system == PVR_UNITS_CODE  ? (struct pvr_unit){1, ""}
               : system == PVR_UNITS_CGS ? (struct pvr_unit){gram, "g"}
                                         : (struct pvr_unit){gram / PVR_SOLAR_MASS, "Msol"};
    }
    return pvr_field_unit(info, quantity->dimension, system);
}

/* `unit` with a factor and something behind its label; "" stays in code units. */
static struct candidate times(struct pvr_unit unit, double factor, const char *behind) {
    struct candidate made = {.factor = unit.factor * factor};
    snprintf(made.label, sizeof made.label, "%s%s%s", unit.label,
             unit.label[0] != '\0' && behind[0] != '\0' && behind[0] != '/' ? " " : "", behind);
    return made;
}

static struct candidate system_unit(const struct pvr_info *info,
                                    const struct pvr_derived_options *options,
                                    const struct pvr_map_quantity *quantity, enum pvr_map_mode mode,
                                    enum pvr_map_weighting weighting, bool by_mass,
                                    enum pvr_field_units system) {
    const struct pvr_unit none = {1, ""};
    if (system == PVR_UNITS_CODE) {
        return times(none, 1, "");
    }
    const bool cgs = system == PVR_UNITS_CGS;
    const double length = cgs ? info->unit_l : info->unit_l / PVR_PARSEC;
    const double gram = info->unit_d * pow(info->unit_l, 3);
    const double mass = cgs ? gram : gram / PVR_SOLAR_MASS;
    const struct pvr_unit unit = field_unit(info, options, quantity, system);
    const bool per_cm3 = strcmp(unit.label, "cm^-3") == 0;
    switch (mode) {
    case PVR_MAP_SURFACE_DENSITY:
        if (is_density(quantity) || is_mass(quantity)) {
            return times(none, mass / (length * length), cgs ? "g/cm^2" : "Msol/pc^2");
        }
        if (pvr_map_quantity_of_cells(quantity)) {
            return times(unit, 1 / (length * length), cgs ? "/cm^2" : "/pc^2");
        }
        /* fall through */
    case PVR_MAP_INTEGRAL:
        if (per_cm3) {
            return times(none, unit.factor * info->unit_l, "cm^-2");
        }
        if (is_density(quantity)) {
            return times(none, mass / (length * length), cgs ? "g/cm^2" : "Msol/pc^2");
        }
        if (pvr_map_quantity_of_cells(quantity)) {
            return times(unit, 1 / (length * length), cgs ? "/cm^2" : "/pc^2");
        }
        return times(unit, length, cgs ? "cm" : "pc");
    case PVR_MAP_SUM:
        if (weighting == PVR_WEIGHT_VOLUME && is_density(quantity)) {
            return times(none, mass, cgs ? "g" : "Msol");
        }
        if (weighting == PVR_WEIGHT_VOLUME) {
            return times(unit, length * length * length, cgs ? "cm^3" : "pc^3");
        }
        if (weighting == PVR_WEIGHT_ARRAY && by_mass) {
            return times(unit, mass, cgs ? "g" : "Msol");
        }
        return times(unit, 1, "");
    default:
        return times(unit, 1, "");
    }
}

enum { MOST_CANDIDATES = 8 };

/* All that may be chosen: three systems, then more surface densities. */
static int list_candidates(const struct pvr_info *info, const struct pvr_derived_options *options,
                           const struct pvr_map_quantity *quantity, enum pvr_map_mode mode,
                           enum pvr_map_weighting weighting, bool by_mass,
                           struct candidate list[MOST_CANDIDATES]) {
    int count = 0;
    for (int system = 0; system < 3; system++) {
        list[count++] = system_unit(info, options, quantity, mode, weighting, by_mass,
                                    (enum pvr_field_units)system);
    }
    const bool column = mode == PVR_MAP_SURFACE_DENSITY || mode == PVR_MAP_INTEGRAL;
    if (column && (is_density(quantity) || is_mass(quantity))) {
        const struct pvr_unit cgs = {info->unit_d * info->unit_l, ""};
        const double area = PVR_PARSEC * PVR_PARSEC;
        list[count++] = times(cgs, area / PVR_SOLAR_MASS, "Msol/pc^2");
        list[count++] = times(cgs, 1e6 * area / PVR_SOLAR_MASS, "Msol/kpc^2");
        list[count++] = times(cgs, PVR_HYDROGEN_FRACTION / PVR_HYDROGEN_MASS, "cm^-2");
        list[count++] = times(cgs, 1, "g/cm^2");
    }
    return count;
}

/* What the sum of an image times the area of its pixels means. */
static void set_integral(const struct pvr_info *info, enum pvr_map_mode mode,
                         struct pvr_map_unit *unit) {
    static const struct {
        const char *label, *integral;
        double area; /* cm^2 */
    } known[] = {
        {"g/cm^2", "g", 1},
        {"Msol/pc^2", "Msol", PVR_PARSEC * PVR_PARSEC},
        {"Msol/kpc^2", "Msol", 1e6 * PVR_PARSEC * PVR_PARSEC},
        {"cm^-2", "", 1},
    };
    unit->area_factor = unit->factor;
    snprintf(unit->integral_label, sizeof unit->integral_label, "%.48s%s", unit->label,
             unit->label[0] != '\0' ? " code_length^2" : "");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((mode == PVR_MAP_SURFACE_DENSITY || mode == PVR_MAP_INTEGRAL) &&
            strcmp(unit->label, known[i].label) == 0) {
            unit->area_factor = unit->factor * info->unit_l * info->unit_l / known[i].area;
            snprintf(unit->integral_label, sizeof unit->integral_label, "%s", known[i].integral);
        }
    }
}

enum pvr_status pvr_map_unit_find(const struct pvr_info *info,
                                  const struct pvr_derived_options *options,
                                  const struct pvr_map_quantity *quantity, enum pvr_map_mode mode,
                                  enum pvr_map_weighting weighting, bool by_mass,
                                  const char *wanted, struct pvr_map_unit *unit,
                                  struct pvr_error *error) {
    static const char *const systems[] = {"code", "cgs", "astro"};
    struct candidate list[MOST_CANDIDATES];
    int count = list_candidates(info, options, quantity, mode, weighting, by_mass, list);
    char names[PVR_MESSAGE_SIZE / 4] = "";
    for (int i = 0; i < count; i++) {
        bool system = i < 3 && strcmp(wanted, systems[i]) == 0;
        if (system || (list[i].label[0] != '\0' && strcmp(wanted, list[i].label) == 0)) {
            unit->factor = list[i].factor;
            memcpy(unit->label, list[i].label, sizeof unit->label);
            set_integral(info, mode, unit);
            return PVR_OK;
        }
        if (list[i].label[0] != '\0' && strstr(names, list[i].label) == NULL) {
            size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, ", %s", list[i].label);
        }
    }
    return pvr_fail(error, PVR_ERROR_ARGUMENT,
                    "an image of this field and mode has no unit '%.50s': code, cgs, astro%s",
                    wanted, names);
}
