/* pvr_map_labels.c - the units of images whose fields say their units themselves. */
#include "pvr_map_labels.h"

#include "pvr_units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double parsec2 = PVR_PARSEC * PVR_PARSEC;

static double named(char label[PVR_MAP_LABEL], const char *name, double factor) {
    snprintf(label, PVR_MAP_LABEL, "%s", name);
    return factor;
}

/* A unit with a power of the length behind it. */
static double with_length(char label[PVR_MAP_LABEL], const char *unit,
                          const struct pvr_map_lengths *lengths, const char *power) {
    const char *length = lengths->label[0] != '\0' ? lengths->label : "code_length";
    snprintf(label, PVR_MAP_LABEL, "%.32s%s%.16s%s", unit, power[0] == '/' ? "/" : " ", length,
             power[0] == '/' ? power + 1 : power);
    return 1;
}

/* Code lengths in place of those of the coordinates, `power` times. */
static double in_code(char label[PVR_MAP_LABEL], const struct pvr_map_lengths *lengths, int power) {
    return lengths->code > 0 ? named(label, "code", pow(lengths->code, power))
                             : named(label, "", 1);
}

static double per_area(const char *unit, const struct pvr_map_lengths *lengths,
                       char label[PVR_MAP_LABEL]) {
    const double cm2 = lengths->cm * lengths->cm;
    if (unit[0] == '\0') {
        return in_code(label, lengths, -2);
    }
    if (cm2 > 0 && strcmp(unit, "Msol") == 0) {
        return named(label, "Msol/pc^2", parsec2 / cm2);
    }
    if (cm2 > 0 && strcmp(unit, "g") == 0) {
        return named(label, "g/cm^2", 1 / cm2);
    }
    return with_length(label, unit, lengths, "/^2");
}

static double along(const struct pvr_map_labelled *field, const struct pvr_map_lengths *lengths,
                    enum pvr_map_mode mode, char label[PVR_MAP_LABEL]) {
    const bool per_cm3 = strcmp(field->unit, "cm^-3") == 0;
    if (field->unit[0] == '\0') {
        return in_code(label, lengths, 1);
    }
    if (lengths->cm > 0 && per_cm3 && field->density && mode == PVR_MAP_SURFACE_DENSITY) {
        const double gram = PVR_HYDROGEN_MASS / PVR_HYDROGEN_FRACTION;
        return named(label, "Msol/pc^2", gram * lengths->cm * parsec2 / PVR_SOLAR_MASS);
    }
    if (lengths->cm > 0 && per_cm3) {
        return named(label, "cm^-2", lengths->cm);
    }
    if (lengths->cm > 0 && strcmp(field->unit, "g/cm^3") == 0) {
        return named(label, "g/cm^2", lengths->cm);
    }
    return with_length(label, field->unit, lengths, "");
}

static double over_volume(const struct pvr_map_labelled *field,
                          const struct pvr_map_lengths *lengths, char label[PVR_MAP_LABEL]) {
    const double cm3 = pow(lengths->cm, 3);
    if (field->unit[0] == '\0') {
        return in_code(label, lengths, 3);
    }
    if (cm3 > 0 && field->density && strcmp(field->unit, "cm^-3") == 0) {
        return named(label, "Msol",
                     PVR_HYDROGEN_MASS / PVR_HYDROGEN_FRACTION * cm3 / PVR_SOLAR_MASS);
    }
    if (cm3 > 0 && strcmp(field->unit, "g/cm^3") == 0) {
        return named(label, "Msol", cm3 / PVR_SOLAR_MASS);
    }
    return with_length(label, field->unit, lengths, "^3");
}

static double weighted_sum(const struct pvr_map_labelled *field,
                           const struct pvr_map_labelled *weight,
                           const struct pvr_map_lengths *lengths, char label[PVR_MAP_LABEL]) {
    char behind[PVR_MAP_LABEL];
    const double factor =
        weight->of_cells ? named(behind, weight->unit, 1) : over_volume(weight, lengths, behind);
    const bool both = field->unit[0] != '\0' && behind[0] != '\0';
    snprintf(label, PVR_MAP_LABEL, "%.30s%s%.30s", field->unit, both ? " " : "", behind);
    return factor;
}

double pvr_map_label(const struct pvr_map_labelled *field, const struct pvr_map_labelled *weight,
                     const struct pvr_map_lengths *lengths, enum pvr_map_mode mode,
                     enum pvr_map_weighting weighting, char label[PVR_MAP_LABEL]) {
    if (mode == PVR_MAP_INTEGRAL || mode == PVR_MAP_SURFACE_DENSITY) {
        return field->of_cells ? per_area(field->unit, lengths, label)
                               : along(field, lengths, mode, label);
    }
    if (mode == PVR_MAP_SUM && weighting == PVR_WEIGHT_VOLUME) {
        return over_volume(field, lengths, label);
    }
    if (mode == PVR_MAP_SUM && weight != NULL) {
        return weighted_sum(field, weight, lengths, label);
    }
    return named(label, field->unit, 1);
}
