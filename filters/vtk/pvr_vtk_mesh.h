/* pvr_vtk_mesh.h - an octree with its fields as VTK files: the mesh as it is, or its leaf cells. */
#ifndef PVR_VTK_MESH_H
#define PVR_VTK_MESH_H

#include "pvr_leaf_cells.h"
#include "pvr_vtk_field.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_vtk_mesh {
    struct pvr_octree *octree;
    const struct pvr_leaf_place *place; /* how it lies in the world; null: as it is */
    bool narrow_points; /* .vtu: floats where these keep all points apart; else doubles, exact */
    int nfields;
    const struct pvr_vtk_field *fields;
    const struct pvr_vtk_facts *facts; /* may be null */
};

/* Writes a hyper tree grid (.htg): all cells of all levels, in the order of the arrays, with a bit
 * per cell for the structure; cells outside are masked. Fails if a field has not a value for each
 * cell. See pvr_vtk_file_write for the rest.
 *
 * The file has version 1 of the format, where every tree has arrays of its own: VTK 9.0 to 9.2
 * read vectors of version 2 wrongly, and all versions expand the blocks of version 2 once per
 * tree. */
enum pvr_status pvr_vtk_htg_write(const char *path, const struct pvr_vtk_mesh *mesh,
                                  const struct pvr_vtk_options *options,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_vtk_statistics *statistics,
                                  struct pvr_error *error);

/* Writes the leaf cells that are not outside as an unstructured grid (.vtu) of voxels (pixels,
 * lines) that share points, in the order of the field arrays; see pvr_leaf_cells.h for the numbers
 * of points. Nothing of it is ever whole in memory but the numbering: 1.2 bytes a cell. */
enum pvr_status pvr_vtk_vtu_write(const char *path, const struct pvr_vtk_mesh *mesh,
                                  const struct pvr_vtk_options *options,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_vtk_statistics *statistics,
                                  struct pvr_error *error);

#ifdef __cplusplus
}
#endif
#endif
