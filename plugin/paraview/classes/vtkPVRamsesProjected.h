// vtkPVRamsesProjected.h - what a projection takes: an octree, other cells, or points.
#ifndef vtkPVRamsesProjected_h
#define vtkPVRamsesProjected_h

#include "vtkPVRamsesOctree.h"

#include "pvr_projection.h"
#include "pvr_spin.h"

#include <array>
#include <deque>
#include <string>
#include <vector>

class vtkDataObject;
class vtkDataSet;
class vtkDataSetAttributes;
class vtkPVRamsesRanks;
class vtkUnstructuredGrid;

class vtkPVRamsesProjected {
  public:
    enum Kinds { NOTHING, OCTREE, BOXES, POINTS };

    // How points are spread.
    struct Spreading {
        pvr_map_kernel Kernel = PVR_KERNEL_CLOUD;
        int LengthPlace = -1; // of the array of lengths; -1: by the density of points
        double LengthFactor = 1.0;
        int Neighbours = 32;
    };

    // Takes `input`: a hyper tree grid; an image or a rectilinear grid, its cells or, where only
    // its points have the arrays `wanted` (none: any), these as centres of boxes; an unstructured
    // grid of boxes along the axes (voxels, hexahedra; in two dimensions pixels, quads); points,
    // where there are no cells but vertices. Ghosts are left out. Refused with a message: all else.
    pvr_status Take(vtkDataObject *input, const std::vector<std::string> &wanted,
                    const pvr_threads &threads, pvr_error &error);

    // Of an image's points those on the borders of parts are on several ranks: each is left to one.
    // For all ranks.
    void LeaveToOthers(const vtkPVRamsesRanks &ranks);
    // The density of points is that of all ranks' points: each gets to know their places. For all
    // ranks.
    pvr_status KnowOthers(const vtkPVRamsesRanks &ranks, pvr_error &error);

    Kinds Kind() const {
        return this->What;
    }
    bool IsEmpty() const {
        return this->What == NOTHING;
    }
    // The arrays of what is taken.
    vtkDataSetAttributes *Attributes() const {
        return this->Data;
    }
    // Null where cells are no cubes: they are boxes then.
    const pvr_octree *Octree() const {
        return this->What == OCTREE ? this->Tree.Octree() : nullptr;
    }
    // Where it lies; a mesh of two dimensions is 1 deep.
    const double *Low() const {
        return this->Bounds[0].data();
    }
    const double *High() const {
        return this->Bounds[1].data();
    }

    // Adds an array; its place in order of adding, or -1.
    int Add(vtkDataArray *array, pvr_error &error);
    const pvr_array *Array(int place) const;

    // `mass`: of points; of cells their density. A mass of 0 if there is nothing in the sphere.
    pvr_status Spin(int mass, int velocity, const double centre[3], double radius, pvr_spin &spin,
                    pvr_error &error) const;
    pvr_status Project(pvr_map *map, const pvr_map_value *values, const pvr_map_value *weight,
                       const Spreading &spreading, pvr_progress_fn progress, void *context,
                       pvr_report &report, pvr_error &error) const;

  private:
    pvr_status TakeOctree(vtkDataObject *input, pvr_error &error);
    pvr_status TakeLattice(vtkDataSet *input, const std::vector<std::string> &wanted,
                           pvr_error &error);
    pvr_status TakeCells(vtkUnstructuredGrid *input, pvr_error &error);
    pvr_status TakePoints(vtkDataSet *input, pvr_error &error);
    pvr_boxes Boxes() const;
    static void PlaceBoxes(void *context, uint64_t first, uint32_t count, double (*centre)[3],
                           double (*side)[3]);

    Kinds What = NOTHING;
    pvr_threads Threads = pvr_threads();
    vtkDataSetAttributes *Data = nullptr;
    std::array<double, 3> Bounds[2] = {{{0, 0, 0}}, {{0, 0, 0}}};
    vtkPVRamsesOctree Tree;
    bool OfTree = false; // octree or boxes are those of Tree
    // Of boxes: the borders of a lattice along each axis, or centre and sides of each box.
    std::vector<double> Borders[3];
    std::vector<std::array<double, 6>> Places;
    const unsigned char *Ghosts = nullptr;               // of boxes, by number
    bool AroundPoints = false;                           // of an image are the boxes
    std::array<int, 6> Extent = {{0, -1, 0, -1, 0, -1}}; // then: of its points
    std::vector<unsigned char> Marks;                    // then, in the place of the ghosts
    uint64_t Count = 0;
    pvr_array Position = pvr_array(); // of points, without ghosts
    std::vector<double> Copied;
    std::vector<double> Everywhere; // places of all ranks' points
    pvr_array All = pvr_array();
    std::deque<pvr_array> Arrays; // of boxes and points, stay where they are
    std::deque<std::vector<double>> Converted;
};

#endif
