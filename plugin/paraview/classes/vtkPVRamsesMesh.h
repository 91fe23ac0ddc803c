// vtkPVRamsesMesh.h - an octree of the C library as a vtkHyperTreeGrid.
//
// All that knows how VTK wants its trees stands here.
#ifndef vtkPVRamsesMesh_h
#define vtkPVRamsesMesh_h

#include "pvr_octree.h"
#include "pvr_threads.h"

#include "vtkHyperTreeGrid.h"

namespace vtkPVRamsesMesh {

// Gives `grid` the box, `dims` trees per axis and no tree yet. `origin` (its lower corner) and
// `size` are in the unit of the grid.
void SetBox(vtkHyperTreeGrid *grid, int ndim, const double origin[3], const double size[3],
            const uint32_t dims[3]);

// Fills `grid` with the octree's trees; code lengths are multiplied by `lengthFactor`. The values
// of the octree's arrays are in the order of the grid's cells then; cells outside are masked. No
// tree at all gives an empty grid. Trees are made one after the other, and filled by a team of
// threads (null: all that the process may use). `progress` (or null) is asked whether to stop.
pvr_status Build(vtkHyperTreeGrid *grid, const pvr_octree *octree, double lengthFactor,
                 const pvr_threads *threads = nullptr, pvr_progress_fn progress = nullptr,
                 void *progressContext = nullptr, pvr_error *error = nullptr);

// Like to->ShallowCopy(from). What hides whole branches of a masked grid, which VTK finds anew for
// each copy by walking all cells, is handed on instead.
void ShallowCopy(vtkDataObject *to, vtkDataObject *from);

} // namespace vtkPVRamsesMesh

#endif
