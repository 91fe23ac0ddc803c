/* pvr_convert_mera.h - the two ways to a Mera file of today: from an old one, and from a RAMSES
 * output. */
#ifndef PVR_CONVERT_MERA_H
#define PVR_CONVERT_MERA_H

#include "pvr_convert.h"
#include "pvr_mera_write.h"
#include "pvr_region.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_convert_mera {
    enum pvr_mera_out_compressor compressor;
    unsigned kinds; /* of RAMSES outputs: bit 1 << kind; 0: all that an output has */
    int max_level;  /* of RAMSES outputs; 0: all */
    /* The part of RAMSES outputs, in code length of each; null: all. */
    struct pvr_region (*region)(const void *context, const struct pvr_snapshot *snapshot);
    const void *region_context;
};

/* An engine that reads a Mera file of any version and writes one of Mera 1.9 with the same tables:
 * columns, types, rows and their order, what is known of the simulation, comments. One table at a
 * time is in memory. `settings` must outlive it. */
struct pvr_convert_engine pvr_convert_from_mera(struct pvr_convert_mera *settings);

/* An engine that writes the kinds of a RAMSES output (see pvr_mera_export.h). */
struct pvr_convert_engine pvr_convert_from_ramses(struct pvr_convert_mera *settings);

#ifdef __cplusplus
}
#endif
#endif
