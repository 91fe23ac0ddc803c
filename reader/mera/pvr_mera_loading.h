/* pvr_mera_loading.h - a Mera file's mesh while it is loaded (internal to pvr_mera_mesh*.c). */
#ifndef PVR_MERA_LOADING_H
#define PVR_MERA_LOADING_H

#include "pvr_jld2_columns.h"
#include "pvr_mera_fill.h"
#include "pvr_mera_output.h"
#include "pvr_mesh_plan.h"

enum { PVR_MERA_MOST_KEPT = 3 };

/* One component of an array, and the columns that it needs. */
struct pvr_mera_item {
    struct pvr_array *array;
    enum pvr_mera_kind kind;
    int component;
    double factor;
    int column, partner, weight; /* of the kind's table; -1: none */
    bool done;
};

/* A kind's cells. */
struct pvr_mera_cells {
    bool known;
    struct pvr_leaf_map map; /* empty where the mesh's own is used */
    const struct pvr_leaf_map *use;
};

struct pvr_mera_loading {
    struct pvr_snapshot *snapshot;
    const struct pvr_mera *mera;
    const struct pvr_mesh_request *request;
    struct pvr_job *job;
    struct pvr_jld2_source source;
    enum pvr_mera_kind kind;        /* whose cells are the mesh */
    struct pvr_selection selection; /* of a request with a region */
    struct pvr_mesh *mesh;
    struct pvr_target *target;
    struct pvr_mera_cells cells[PVR_MERA_KINDS];
    uint64_t hash; /* of the mesh's list of cells */
    int nitems;
    struct pvr_mera_item *item;
    int nkept;
    struct pvr_mera_kept {
        void *memory;
        size_t bytes;
    } kept[PVR_MERA_MOST_KEPT];
    struct pvr_array *density; /* to weigh with: an array of the mesh, or one more */
};

/* ---- memory of columns (pvr_mera_mesh_cells.c) ---- */

/* Bytes of the memory of any column of a table: none has wider values. */
size_t pvr_mera_column_room(const struct pvr_mera_table *table);
struct pvr_jld2_column pvr_mera_column_of(const struct pvr_mera_table *table, int column,
                                          void *out);
/* Memory of columns that is not in use, kept because fresh memory costs more than all else; NULL
 * where there is no memory. */
void *pvr_mera_take_memory(struct pvr_mera_loading *loading, size_t bytes);
void pvr_mera_keep_memory(struct pvr_mera_loading *loading, void *memory, size_t bytes);
/* Lets all but `count` go. */
void pvr_mera_drop_memory(struct pvr_mera_loading *loading, int count);

/* ---- cells (pvr_mera_mesh_cells.c) ---- */

/* Reads the places of a kind's cells: two columns at a time. */
enum pvr_status pvr_mera_read_places(struct pvr_mera_loading *loading, enum pvr_mera_kind kind,
                                     struct pvr_leaves *leaves, struct pvr_error *error);
/* Makes the mesh's octree of the cells of the region and of the rank. */
enum pvr_status pvr_mera_load_structure(struct pvr_mera_loading *loading, struct pvr_error *error);
/* Where the values of another kind than the mesh's go. Its rows mostly list the same cells in the
 * same order; else they may list them in another one. */
enum pvr_status pvr_mera_know_cells(struct pvr_mera_loading *loading, enum pvr_mera_kind kind,
                                    struct pvr_error *error);

/* ---- values (pvr_mera_mesh_values.c) ---- */

/* Lists the components of all arrays; reserves their memory. */
enum pvr_status pvr_mera_make_items(struct pvr_mera_loading *loading, struct pvr_error *error);
/* Reads the columns, some at a time, and puts their values into the leaf cells. */
enum pvr_status pvr_mera_fill_columns(struct pvr_mera_loading *loading, struct pvr_error *error);
/* Fills what no column has: levels, and the values of refined cells. */
enum pvr_status pvr_mera_fill_others(struct pvr_mera_loading *loading, struct pvr_error *error);

#endif
