/* quantities.h - the quantities that --quantities names, and their values from a summary. */
#ifndef PVRAMSES_QUANTITIES_H
#define PVRAMSES_QUANTITIES_H

#include "pvr_snapshot.h"
#include "pvr_summary.h"
#include "pvr_units.h"

enum { QUANTITY_NAME_SIZE = 96, QUANTITY_UNIT_SIZE = 64 };

/* One number: a column of the table. */
struct quantity {
    char name[QUANTITY_NAME_SIZE]; /* as in the table */
    char unit[QUANTITY_UNIT_SIZE]; /* of its values; "": code, or none. See quantities_set_units */
    enum quantity_kind {
        QUANTITY_COUNT, /* cells, or particles */
        QUANTITY_VOLUME,
        QUANTITY_MASS,
        QUANTITY_CENTRE,
        QUANTITY_VELOCITY,
        QUANTITY_ANGULAR,
        QUANTITY_FIELD
    } kind;
    int component; /* of a vector */
    bool particles;
    int family; /* of particles; INT_MIN: all */
    char field[PVR_NAME_SIZE];
    enum quantity_statistic { FIELD_MIN, FIELD_MAX, FIELD_MEAN, FIELD_MASS_MEAN } statistic;
};

struct quantities {
    int count;
    struct quantity *quantity;
    char *fields; /* comma-separated, that the mesh needs; "level" at least */
    bool mesh, particles, mass, velocity;
};

#define QUANTITIES_DEFAULT "cells,volume,mass,center_of_mass,bulk_velocity"

/* Reads a comma-separated list; what stands in it twice is one column. Fails with a message that
 * names what is wrong. */
enum pvr_status quantities_make(const char *list, struct quantities *quantities,
                                struct pvr_error *error);
void quantities_free(struct quantities *quantities);

/* Sets the units of all, as they are in an output that is read in these. */
void quantities_set_units(struct quantities *quantities, const struct pvr_snapshot *snapshot,
                          enum pvr_field_units units, enum pvr_length_unit length_unit);

/* The value of a quantity: of row `row` of the mesh's summary, or of the particles' one (null:
 * there are none). NaN if it has none. */
double quantity_value(const struct quantity *quantity, const struct pvr_summary *mesh, int row,
                      const struct pvr_summary *particles);

#endif
