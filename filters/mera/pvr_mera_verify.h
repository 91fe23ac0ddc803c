/* pvr_mera_verify.h - is a Mera file whole?
 *
 * Looks at all that Mera.jl would: every link, and every object that is referred to from there
 * (their headers have checksums); every text, at its place in a heap; every column, expanded to as
 * many values as it says. Then at what is in the tables: rows are sorted by the columns that are
 * their keys and none comes twice; cells lie on the grid of their level, do not overlap, and fill
 * the box if the file says that it holds all of it; cells of gravity and radiation are those of
 * hydro; particles have finite positions.
 *
 * Memory: the keys of a table, one more column, and what building the octree takes.
 */
#ifndef PVR_MERA_VERIFY_H
#define PVR_MERA_VERIFY_H

#include "pvr_threads.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MERA_VERIFY_KINDS = 5 };

struct pvr_mera_verified {
    uint64_t objects;    /* that were reached */
    uint64_t references; /* that led to them */
    uint64_t texts;
    uint64_t bytes; /* of all columns, expanded */
    int nkinds;
    struct pvr_mera_verified_kind {
        const char *name; /* "hydro"; static */
        uint64_t rows;
        int columns;
        uint64_t not_finite; /* values that are no numbers, which is no error */
    } kind[PVR_MERA_VERIFY_KINDS];
    double filled; /* part of the box's volume that the cells fill; 0 without cells */
    struct pvr_report report;
};

/* Cells may leave room in the box if the file is `cut`. PVR_OK if all is well; else the message
 * says what is wrong where. Free verified->report, also after a failure. */
enum pvr_status pvr_mera_verify(const char *path, bool cut, const struct pvr_threads *threads,
                                pvr_progress_fn progress, void *progress_context,
                                struct pvr_mera_verified *verified, struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
