/**
 * @class   vtkAMRLeafCells
 * @brief   leaf cells of a hyper tree grid as an unstructured grid with shared points
 *
 * For the many filters that take no hyper tree grid. Leaves become voxels (pixels in 2-D, lines in
 * 1-D), in the order of the arrays; corners are merged by their integer places in the octree. Cells
 * that a mask hides and ghost cells are left out. A corner that lies on the face of a coarser cell
 * is a point of the finer cells alone: there a contour may have a crack.
 *
 * Voxels, not hexahedra: their corners are in the octree's own order, finding a point in them needs
 * no iteration, and VTK's fast filters (contours of linear cells, clips by tables) take both.
 */
#ifndef vtkAMRLeafCells_h
#define vtkAMRLeafCells_h

#include "vtkRAMSESModule.h" // for the export macro
#include "vtkUnstructuredGridAlgorithm.h"

#include <string>

class VTKRAMSES_EXPORT vtkAMRLeafCells : public vtkUnstructuredGridAlgorithm {
  public:
    static vtkAMRLeafCells *New();
    vtkTypeMacro(vtkAMRLeafCells, vtkUnstructuredGridAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    ///@{ Threads to use; 0: all that the process may use.
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    ///@}

    /// How well the threads were used, as text; after the filter has run.
    const char *GetThreadReport() const {
        return this->ThreadReport.c_str();
    }

  protected:
    vtkAMRLeafCells() = default;
    ~vtkAMRLeafCells() override = default;

    int FillInputPortInformation(int port, vtkInformation *info) override;
    int RequestData(vtkInformation *request, vtkInformationVector **inputs,
                    vtkInformationVector *outputs) override;

  private:
    vtkAMRLeafCells(const vtkAMRLeafCells &) = delete;
    void operator=(const vtkAMRLeafCells &) = delete;

    int MaxThreads = 0;
    std::string ThreadReport;
};

#endif
