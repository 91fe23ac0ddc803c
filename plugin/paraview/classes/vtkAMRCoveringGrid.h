/**
 * @class   vtkAMRCoveringGrid
 * @brief   uniform grid over a hyper tree grid, or a part of it
 *
 * For volume rendering, streamlines, probes and all that wants an image. The grid's cells are those
 * of a level, or as many as asked for; coarse cells are replicated, finer ones averaged, exactly
 * (pvr_covering_grid.h says how). What takes more memory than allowed is refused before anything is
 * allocated. With several ranks each has some rows of the grid, of all their cells; linear sampling
 * is for one.
 */
#ifndef vtkAMRCoveringGrid_h
#define vtkAMRCoveringGrid_h

#include "vtkImageAlgorithm.h"
#include "vtkRAMSESModule.h" // for the export macro

#include <memory>
#include <string>

class VTKRAMSES_EXPORT vtkAMRCoveringGrid : public vtkImageAlgorithm {
  public:
    static vtkAMRCoveringGrid *New();
    vtkTypeMacro(vtkAMRCoveringGrid, vtkImageAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    enum { CELLS_OF_LEVEL = 0, DIMENSIONS = 1 };
    enum { BY_VOLUME = 0, BY_MASS = 1 };
    enum { CELL_DATA = 0, POINT_DATA = 1 };
    /// Cells along an axis that the automatic level gives at most.
    enum { AUTOMATIC_CELLS = 256 };

    ///@{ All of the mesh, or what lies in SamplingBounds (in the mesh's coordinates).
    vtkSetMacro(UseInputBounds, bool);
    vtkGetMacro(UseInputBounds, bool);
    vtkSetVector6Macro(SamplingBounds, double);
    vtkGetVector6Macro(SamplingBounds, double);
    ///@}

    ///@{ CELLS_OF_LEVEL: the cells of Level (0: the deepest with at most AUTOMATIC_CELLS along each
    /// axis); DIMENSIONS: SamplingDimensions cells.
    vtkSetClampMacro(Resolution, int, CELLS_OF_LEVEL, DIMENSIONS);
    vtkGetMacro(Resolution, int);
    vtkSetClampMacro(Level, int, 0, 32);
    vtkGetMacro(Level, int);
    vtkSetVector3Macro(SamplingDimensions, int);
    vtkGetVector3Macro(SamplingDimensions, int);
    ///@}

    ///@{ As enum pvr_sampling: mean, nearest, linear.
    vtkSetClampMacro(Sampling, int, 0, 2);
    vtkGetMacro(Sampling, int);
    ///@}

    ///@{ Means by volume or by mass, for which DensityArray is the density.
    vtkSetClampMacro(Weighting, int, BY_VOLUME, BY_MASS);
    vtkGetMacro(Weighting, int);
    vtkSetStringMacro(DensityArray);
    vtkGetStringMacro(DensityArray);
    ///@}

    ///@{ Cell data, or the same values as points at the cells' centres.
    vtkSetClampMacro(OutputAs, int, CELL_DATA, POINT_DATA);
    vtkGetMacro(OutputAs, int);
    ///@}

    ///@{ On several ranks: rows on each, or the whole on the first.
    vtkSetClampMacro(RankLayout, int, 0, 2);
    vtkGetMacro(RankLayout, int);
    ///@}

    ///@{ Arrays to take; none: the active scalars.
    void AddCellArray(const char *name);
    void ClearCellArrays();
    ///@}

    ///@{ GiB that the result may take; more is refused.
    vtkSetClampMacro(MemoryLimit, double, 0.0, VTK_DOUBLE_MAX);
    vtkGetMacro(MemoryLimit, double);
    ///@}

    ///@{ Threads to use; 0: all that the process may use.
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    ///@}

    /// Size of the grid and the memory that it takes, also where that is refused.
    const char *GetMemoryEstimate() const;
    /// How well the threads were used, as text; after the filter has run.
    const char *GetThreadReport() const;

  protected:
    vtkAMRCoveringGrid();
    ~vtkAMRCoveringGrid() override;

    int FillInputPortInformation(int port, vtkInformation *info) override;
    int RequestInformation(vtkInformation *request, vtkInformationVector **inputs,
                           vtkInformationVector *outputs) override;
    int RequestUpdateExtent(vtkInformation *request, vtkInformationVector **inputs,
                            vtkInformationVector *outputs) override;
    int RequestData(vtkInformation *request, vtkInformationVector **inputs,
                    vtkInformationVector *outputs) override;

  private:
    vtkAMRCoveringGrid(const vtkAMRCoveringGrid &) = delete;
    void operator=(const vtkAMRCoveringGrid &) = delete;

    struct Internals;
    struct Work;
    const std::unique_ptr<Internals> Internal;
    bool UseInputBounds = true;
    double SamplingBounds[6] = {0, 1, 0, 1, 0, 1};
    int Resolution = CELLS_OF_LEVEL;
    int Level = 0;
    int SamplingDimensions[3] = {128, 128, 128};
    int Sampling = 0;
    int Weighting = BY_VOLUME;
    char *DensityArray = nullptr;
    int OutputAs = POINT_DATA;
    int RankLayout = 0; // automatic: rows on each
    double MemoryLimit = 4.0;
    int MaxThreads = 0;
};

#endif
