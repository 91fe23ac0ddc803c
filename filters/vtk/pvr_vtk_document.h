/* pvr_vtk_document.h - the XML text before the appended data (internal). */
#ifndef PVR_VTK_DOCUMENT_H
#define PVR_VTK_DOCUMENT_H

#include "pvr_vtk_blocks.h"

enum { PVR_VTK_DEPTH = 8 };

struct pvr_vtk_file {
    bool failed; /* memory was out somewhere */
    char *text;  /* all but the first line and the end */
    size_t length, room;
    int depth;
    char open[PVR_VTK_DEPTH][32]; /* elements */
    char type[32], version[16];
    size_t narrays, arrays_room;
    struct pvr_vtk_stored *arrays;
    size_t *places; /* in `text`, of each array's offset */
};

/* The text up to and with `_`, to be freed; the offsets are written into it by
 * pvr_vtk_document_patch. The same length whatever the offsets. Null without memory. */
char *pvr_vtk_document_text(const struct pvr_vtk_file *file, enum pvr_vtk_compressor compressor,
                            size_t *length);
void pvr_vtk_document_patch(const struct pvr_vtk_file *file, char *text);
/* What stands behind the appended data. */
const char *pvr_vtk_document_end(void);

#endif
