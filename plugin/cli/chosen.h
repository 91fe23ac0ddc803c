/* chosen.h - the fields of a mesh that a list of names asks for: read, derived, put in order. */
#ifndef PVRAMSES_CHOSEN_H
#define PVRAMSES_CHOSEN_H

#include "pvr_derived.h"
#include "pvr_mesh.h"

struct chosen_request {
    const char *list; /* comma-separated names of fields, of components (velocity_x), of derived
                         fields, `level`, `domain`; null: all fields of the output */
    int max_level;    /* as in struct pvr_mesh_request */
    enum pvr_type precision;
    enum pvr_field_units units;
    const struct pvr_region *region; /* null: the whole box */
    const struct pvr_threads *threads;
    pvr_progress_fn progress;
    void *progress_context;
};

/* Loads the mesh with these fields, in the order of the list; free it with pvr_mesh_free. A
 * component is an array of its own. */
enum pvr_status chosen_load(struct pvr_snapshot *snapshot, const struct chosen_request *request,
                            struct pvr_mesh **mesh, struct pvr_error *error);
/* The array of this name, or null. */
const struct pvr_mesh_array *chosen_find(const struct pvr_mesh *mesh, const char *name);
/* Bytes of memory that this takes at most. */
enum pvr_status chosen_bytes(struct pvr_snapshot *snapshot, const struct chosen_request *request,
                             uint64_t *bytes, struct pvr_error *error);

#endif
