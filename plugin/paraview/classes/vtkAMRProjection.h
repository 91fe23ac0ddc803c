/**
 * @class   vtkAMRProjection
 * @brief   maps of cells or points: an image of what lies along each line of sight
 *
 * Takes hyper tree grids, images and other grids along the axes, unstructured grids of boxes, and
 * points. Several arrays are projected in one pass, exactly: a cell gives each pixel its part (see
 * filters/project/pvr_projection.h); points are spread by a kernel. The output is an image whose
 * cells are the pixels; it lies where the middle of the projected region is, so that it can be seen
 * within the mesh, or with its centre in the origin. Of a vector the component along the line of
 * sight is projected.
 *
 * Under MPI every rank projects what it has; the maps are added in the order of the ranks. Then the
 * first has the image, or each some rows of it.
 */
#ifndef vtkAMRProjection_h
#define vtkAMRProjection_h

#include "vtkImageAlgorithm.h"
#include "vtkRAMSESModule.h" // for the export macro

#include <memory>
#include <string>
#include <vector>

class vtkPVRamsesExtent;
class vtkPVRamsesFailure;

class VTKRAMSES_EXPORT vtkAMRProjection : public vtkImageAlgorithm {
  public:
    static vtkAMRProjection *New();
    vtkTypeMacro(vtkAMRProjection, vtkImageAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    enum Directions { X, Y, Z, CUSTOM, FACE_ON, EDGE_ON };
    enum Weightings { BY_MASS, BY_VOLUME, BY_ARRAY, BY_NOTHING };
    enum Resolutions { PIXELS, PIXEL_SIZE, LEVEL };
    enum Positions { WORLD, ORIGIN };
    enum LengthUnits { COORDINATES, CODE, PC, KPC, MPC, AU, CM };

    ///@{ The arrays to project, in one pass. None: the density, or the first that there is.
    void AddArray(const char *name);
    void ClearArrays();
    ///@}

    ///@{ What is projected how: enum pvr_map_mode.
    vtkSetClampMacro(Mode, int, 0, 7);
    vtkSetClampMacro(Weighting, int, 0, 3);
    void SetWeightArray(const char *name);
    ///@}
    ///@{ Where from. The line of sight points to the observer.
    vtkSetClampMacro(Direction, int, 0, 5);
    vtkSetVector3Macro(LineOfSight, double);
    vtkSetVector3Macro(Up, double);
    vtkSetMacro(SpinRadius, double);
    ///@}
    /// The unit of all lengths below and above.
    vtkSetClampMacro(LengthUnit, int, 0, 6);
    ///@{ What of it; 0: all. A center that is set is used.
    vtkSetMacro(UseCenter, bool);
    void SetCenter(double x, double y, double z);
    vtkSetMacro(Width, double);
    vtkSetMacro(Height, double);
    vtkSetMacro(Depth, double);
    vtkSetClampMacro(EdgeMode, int, 0, 1);
    ///@}
    ///@{ How fine.
    vtkSetClampMacro(ResolutionType, int, 0, 2);
    vtkSetMacro(Resolution, int);
    vtkSetMacro(PixelSize, double);
    vtkSetClampMacro(PixelLevel, int, 1, 32);
    ///@}
    ///@{ How points are spread: enum pvr_map_kernel; a spline with an array of lengths h (its
    /// radius is 2 h), times the factor, or with about so many neighbours within 2 h.
    vtkSetClampMacro(Kernel, int, 0, 2);
    void SetLengthArray(const char *name);
    vtkSetMacro(LengthFactor, double);
    vtkSetClampMacro(Neighbours, int, 1, 1000);
    ///@}
    /// Of pixels with nothing in them: not a number until set otherwise.
    void SetEmptyValue(double value);
    vtkSetClampMacro(Position, int, 0, 1);
    /// On several ranks: rows on each, or the whole on the first.
    vtkSetClampMacro(RankLayout, int, 0, 2);
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);

    /// What came of it, as text: pixels, totals, and how well the threads were used.
    const char *GetThreadReport() const {
        return this->ThreadReport.c_str();
    }

  protected:
    vtkAMRProjection();
    ~vtkAMRProjection() override;

    int FillInputPortInformation(int port, vtkInformation *info) override;
    int RequestInformation(vtkInformation *request, vtkInformationVector **inputs,
                           vtkInformationVector *outputs) override;
    int RequestUpdateExtent(vtkInformation *request, vtkInformationVector **inputs,
                            vtkInformationVector *outputs) override;
    int RequestData(vtkInformation *request, vtkInformationVector **inputs,
                    vtkInformationVector *outputs) override;

  private:
    vtkAMRProjection(const vtkAMRProjection &) = delete;
    void operator=(const vtkAMRProjection &) = delete;

    struct Work;

    std::vector<std::string> Arrays;
    int Mode = 3; // surface density
    int Weighting = BY_MASS;
    std::string WeightArray;
    int Direction = Z;
    double LineOfSight[3] = {1, 1, 1};
    double Up[3] = {0, 0, 0}; // the axis least parallel to the line of sight
    double SpinRadius = 0;
    bool UseCenter = false;
    // As in the XML, so that this is not "set"; a number that nobody asks for: ParaView does not
    // tell of a property that is given its default. Such a coordinate is the mesh's middle.
    static constexpr double Unset = 1e30;
    double Center[3] = {Unset, Unset, Unset};
    double Width = 0, Height = 0, Depth = 0;
    int EdgeMode = 0;
    int ResolutionType = PIXELS;
    int Resolution = 1024;
    double PixelSize = 0;
    int PixelLevel = 8;
    int LengthUnit = COORDINATES;
    int Kernel = 1; // clouds
    std::string LengthArray;
    double LengthFactor = 1;
    int Neighbours = 32;
    double EmptyValue;
    int Position = WORLD;
    int RankLayout = 0; // automatic
    int MaxThreads = 0;
    const std::unique_ptr<vtkPVRamsesExtent> Extent;
    const std::unique_ptr<vtkPVRamsesFailure> Failure;
    std::string ThreadReport;
};

#endif
