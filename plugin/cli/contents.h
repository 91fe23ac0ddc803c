/* contents.h - what an output holds beside its mesh: particles by family, sinks, clumps, halos. */
#ifndef PVR_CLI_CONTENTS_H
#define PVR_CLI_CONTENTS_H

#include "json.h"

#include "pvr_particles.h"
#include "pvr_tables.h"

struct contents {
    struct pvr_particle_table particles;
    struct pvr_table *list[PVR_TABLE_KINDS]; /* null where it cannot be read */
    char *warnings;                          /* one per line, or null */
};

/* Reads descriptors, headers and lists, no particles. What cannot be read becomes a warning. */
void contents_read(const struct pvr_snapshot *snapshot, const struct pvr_threads *threads,
                   struct contents *contents);
void contents_free(struct contents *contents);
void contents_print(const struct contents *contents);
void contents_write(const struct contents *contents, struct json *json);

#endif
