// vtkPVRamsesVtkFile.h - VTK's data objects as documents of pvr_vtk_file.h. Not a VTK class.
#ifndef vtkPVRamsesVtkFile_h
#define vtkPVRamsesVtkFile_h

#include "pvr_vtk_file.h"

#include "vtkAbstractArray.h"
#include "vtkCellArray.h"
#include "vtkDataArray.h"
#include "vtkDataObject.h"
#include "vtkDataSetAttributes.h"
#include "vtkHyperTreeGrid.h"
#include "vtkImageData.h"
#include "vtkPointSet.h"
#include "vtkPolyData.h"
#include "vtkSmartPointer.h"
#include "vtkUnstructuredGrid.h"

#include <deque>
#include <string>
#include <vector>

class vtkPVRamsesVtkFile {
  public:
    // Writes `input` to `path`; the kind is told by the end of it (.htg, .vtu, .vtp, .vti). A path
    // for something else than `input` is refused. Arrays of strings are left out of points and
    // cells.
    pvr_status Write(vtkDataObject *input, const std::string &path, const pvr_vtk_options &options,
                     const pvr_threads &threads, pvr_progress_fn progress, void *context,
                     pvr_vtk_statistics &statistics, pvr_error &error);

    // The type of an array in words of a file; false if it cannot be written.
    static bool TypeOf(vtkAbstractArray *array, pvr_vtk_type &type);
    // The arrays of points or cells that can be written.
    static std::vector<vtkDataArray *> ArraysOf(vtkDataSetAttributes *attributes);

  private:
    void AddArray(vtkDataArray *array, const char *name, bool flat);
    void AddAttributes(const char *element, vtkDataSetAttributes *attributes);
    void AddFieldData(vtkDataObject *input);
    void AddFields(vtkDataObject *input); // what stands in it
    void AddPoints(vtkPointSet *set);
    void AddCells(const char *element, vtkCellArray *cells, vtkUnstructuredGrid *types);
    void AddImage(vtkImageData *image);
    void AddPolyData(vtkPolyData *points);
    bool AddGrid(vtkUnstructuredGrid *grid, const std::string &path, pvr_error &error);
    void AddNoTrees(vtkHyperTreeGrid *grid);
    pvr_status WriteTrees(vtkHyperTreeGrid *grid, bool leaves, const std::string &path,
                          const pvr_vtk_options &options, const pvr_threads &threads,
                          pvr_progress_fn progress, void *context, pvr_vtk_statistics &statistics,
                          pvr_error &error);

    pvr_vtk_file *File = nullptr;
    std::vector<vtkSmartPointer<vtkDataArray>> Kept; // what was made contiguous
    std::deque<std::vector<const char *>> Names;     // of components
};

#endif
