/* totals.h - what `pvramses load` says about a mesh, from a mesh in memory or from a stream. */
#ifndef PVRAMSES_TOTALS_H
#define PVRAMSES_TOTALS_H

#include "pvr_mesh.h"
#include "pvr_statistics.h"
#include "pvr_stream.h"
#include "selection.h"

struct totals {
    uint64_t leaf_cells;
    uint64_t leaf_cells_per_level[PVR_MAX_LEVELS + 1];
    double volume;
    double total_mass; /* in code units; NaN without density */
    int nfields;
    struct totals_field {
        const char *name; /* of the variable; lives in the snapshot */
        const char *unit; /* label; static */
        double min, max, sum_field_volume;
        uint64_t not_finite;
    } * field;                 /* by the order of the selection's variables */
    double seconds;            /* reading alone */
    double statistics_seconds; /* after it; 0 for a stream, where both are one */
    uint64_t structure_bytes;  /* in memory; 0 for a stream */
    uint64_t array_bytes;
    struct pvr_report report;
};

struct totals_request {
    struct pvr_snapshot *snapshot;
    const struct selection *selection;
    const struct pvr_threads *threads;
    int max_level;
    enum pvr_type precision;
    enum pvr_field_units units;
    const struct pvr_region *region; /* null: the whole box */
    pvr_progress_fn progress;
    void *progress_context;
};

/* Loads the mesh, then adds up. On failure nothing is to be freed. */
enum pvr_status totals_load(const struct totals_request *request, struct totals *totals,
                            struct pvr_error *error);
/* Adds up block by block, without keeping the mesh. The sums are those of totals_load but for the
 * last digits: they are added in another order. */
enum pvr_status totals_stream(const struct totals_request *request, struct totals *totals,
                              struct pvr_error *error);
void totals_free(struct totals *totals);

#endif
