/* pvr_vtk_make.h - what one task of pvr_vtk_blocks.h makes (internal). */
#ifndef PVR_VTK_MAKE_H
#define PVR_VTK_MAKE_H

#include "pvr_vtk_blocks.h"

struct pvr_vtk_made {
    uint64_t gap;     /* bytes before it that are written at the end: a header */
    const void *data; /* in `out`, or where the array's own values stand */
    size_t bytes;
};

/* Makes the bytes of a task. `raw` has blocks->raw_bytes of room, `out` blocks->made_bytes. The
 * offsets of arrays of one block are then counted from the task's own. */
enum pvr_status pvr_vtk_make(const struct pvr_vtk_blocks *blocks, size_t task, void *raw, void *out,
                             struct pvr_vtk_made *made, struct pvr_vtk_statistics *statistics,
                             struct pvr_error *error);

/* Fills the header of an array whose blocks have `block_bytes`; returns its bytes. */
size_t pvr_vtk_header(const struct pvr_vtk_blocks *blocks, const struct pvr_vtk_stored *stored,
                      const uint64_t *block_bytes, uint64_t *header);

#endif
