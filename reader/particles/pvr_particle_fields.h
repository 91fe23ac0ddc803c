/* pvr_particle_fields.h - types and units of the fields of particles (internal). */
#ifndef PVR_PARTICLE_FIELDS_H
#define PVR_PARTICLE_FIELDS_H

#include "pvr_particle_columns.h"

/* Of the array that takes a column of whole numbers. */
enum pvr_type pvr_particle_whole_type(const struct pvr_particle_column *column);

/* birth_time stays as it is written: in cosmological runs it has no unit of its own. */
struct pvr_unit pvr_particle_column_unit(const struct pvr_info *info, const char *name,
                                         enum pvr_field_units units);
struct pvr_unit pvr_particle_time_unit(const struct pvr_info *info, enum pvr_field_units units);

#endif
