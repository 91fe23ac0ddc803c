// vtkPVRamsesOctree.h - any vtkHyperTreeGrid as an octree of the C library, with its cell arrays.
//
// The way back of vtkPVRamsesMesh: filters take what the pipeline gives them, ours or another's,
// cut, thresholded or not, and hand it to the kernels of the library.
#ifndef vtkPVRamsesOctree_h
#define vtkPVRamsesOctree_h

#include "pvr_leaf_cells.h"
#include "pvr_mesh.h"
#include "pvr_octree.h"
#include "pvr_threads.h"

#include "vtkDataArray.h"
#include "vtkHyperTreeGrid.h"
#include "vtkSmartPointer.h"

#include <deque>
#include <vector>

class vtkPVRamsesOctree {
  public:
    vtkPVRamsesOctree() = default;
    vtkPVRamsesOctree(const vtkPVRamsesOctree &) = delete;
    vtkPVRamsesOctree &operator=(const vtkPVRamsesOctree &) = delete;
    ~vtkPVRamsesOctree();

    // Takes the structure of `grid`; done once. Lengths of the octree (origin, size) are in the
    // unit of the grid's coordinates. Outside of the octree (no cells to anybody) are: cells that
    // the mask hides, ghost cells, and trees that are not there; what is deeper than the grid's
    // depth limiter is left out. Refused with a message: a branch factor other than 2, trees of
    // different sizes along an axis, more cells than an octree holds. Sizes may differ between the
    // axes: see IsCubic. The reader's octree is taken where the grid is still what the reader made
    // of it, which is checked by its trees and its mask. Else the structure is read anew, which
    // takes some nanoseconds a cell, by all threads.
    pvr_status Take(vtkHyperTreeGrid *grid, const pvr_threads *threads, pvr_error &error);

    // Adds a cell array of the grid to the mesh, with its unit. Without a copy where the grid's
    // cells stand in the octree's order (always so for the reader's mesh, also when masked) and the
    // values are of a type that the library has; others become double. A copy has NaN (integers: 0)
    // for trees that are not there.
    pvr_status Add(vtkDataArray *array, pvr_error &error);

    // The octree and the added arrays, in the order of their adding. Owned by this object, which
    // keeps the VTK arrays too.
    const pvr_mesh &Mesh() const {
        return this->Data;
    }
    const pvr_octree *Octree() const {
        return this->Data.octree;
    }
    // Do cells have the same size along all axes, but for rounding? pvr_octree_cell_size() speaks
    // of the first axis alone: kernels that use it need this.
    bool IsCubic() const;
    // The world's axis that is the octree's axis `axis` (a grid of two axes may stand upright).
    int WorldAxis(int axis) const {
        return this->Axis[axis];
    }
    // How the octree lies in the world.
    pvr_leaf_place Place() const;
    // Index in the grid's arrays of each cell of the octree (-1: none); null if they are the same.
    const vtkIdType *CellMap() const {
        return this->Map.empty() ? nullptr : this->Map.data();
    }

  private:
    bool TakeBox(vtkHyperTreeGrid *grid, pvr_error &error);
    bool TakeReaders(vtkHyperTreeGrid *grid);
    bool IsWhole(vtkHyperTreeGrid *grid, const pvr_octree *octree) const;
    void MapCells(const std::vector<vtkHyperTree *> &trees, const uint32_t *order);

    pvr_mesh Data = pvr_mesh();
    pvr_octree *Made = nullptr;       // a reference: the one that was made, or the reader's
    pvr_octree Placed = pvr_octree(); // the reader's, in the unit of the grid
    pvr_threads Threads = pvr_threads();
    int Dimension = 0;
    int RootLevel = 1;
    int Axis[3] = {0, 1, 2};
    double Plane[3] = {0, 0, 0}; // by world axis
    uint32_t Trees[3] = {1, 1, 1};
    double Origin[3] = {0, 0, 0}, Size[3] = {0, 0, 0};
    std::vector<vtkIdType> Map;
    uint64_t GridCells = 0;
    std::vector<pvr_mesh_array> Arrays;
    std::deque<pvr_array> Borrowed;                  // of values that VTK owns
    std::vector<pvr_array *> Copied;                 // released with this object
    std::vector<vtkSmartPointer<vtkDataArray>> Kept; // that the mesh stands on
};

#endif
