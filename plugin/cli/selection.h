/* selection.h - the fields that --fields names, as the library wants them. */
#ifndef PVRAMSES_SELECTION_H
#define PVRAMSES_SELECTION_H

#include "pvr_fields.h"

struct selection {
    int nfields;
    const char **field; /* names for pvr_mesh_request, each once */
    int nvariables;
    int *variable; /* indices of the variables to report, each once */
    char *text;    /* where the names lie */
};

/* Reads a comma-separated list of fields, variables (velocity_x), `level` and `domain`; null means
 * all fields of the table. */
enum pvr_status selection_make(const struct pvr_field_table *table, const char *list,
                               struct selection *selection, struct pvr_error *error);
void selection_free(struct selection *selection);
/* True if variable number `variable` is to be reported. */
bool selection_has(const struct selection *selection, int variable);

#endif
