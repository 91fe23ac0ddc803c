/**
 * @class   vtkAMRStatistics
 * @brief   numbers of a mesh by level, or of particles by family, as a table
 *
 * One row for all, one for each level (family): cells or particles, volume, mass, centre of mass,
 * bulk velocity, angular momentum; smallest and largest value and means by volume and by mass of
 * each array. Over leaf cells alone, and not those that a mask hides. Sums are compensated, and the
 * same for any number of threads (pvr_summary.h). With several ranks rank 0 has the table, of all
 * their cells.
 */
#ifndef vtkAMRStatistics_h
#define vtkAMRStatistics_h

#include "vtkRAMSESModule.h" // for the export macro
#include "vtkTableAlgorithm.h"

#include <string>

struct pvr_error;
struct pvr_summary;
struct pvr_summary_request;
class vtkDataSetAttributes;
class vtkPointSet;
class vtkHyperTreeGrid;

class VTKRAMSES_EXPORT vtkAMRStatistics : public vtkTableAlgorithm {
  public:
    static vtkAMRStatistics *New();
    vtkTypeMacro(vtkAMRStatistics, vtkTableAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    ///@{ The array of masses. A mesh without it: DensityArray times the cells' volumes.
    vtkSetStringMacro(MassArray);
    vtkGetStringMacro(MassArray);
    vtkSetStringMacro(DensityArray);
    vtkGetStringMacro(DensityArray);
    ///@}

    ///@{ The array of velocities, of three components.
    vtkSetStringMacro(VelocityArray);
    vtkGetStringMacro(VelocityArray);
    ///@}

    ///@{ Angular momenta are about the centre of mass (0) or about Center (1).
    vtkSetClampMacro(CenterType, int, 0, 1);
    vtkGetMacro(CenterType, int);
    vtkSetVector3Macro(Center, double);
    vtkGetVector3Macro(Center, double);
    ///@}

    ///@{ Threads to use; 0: all that the process may use.
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    ///@}

    /// How well the threads were used, as text; after the filter has run.
    const char *GetThreadReport() const {
        return this->ThreadReport.c_str();
    }

  protected:
    vtkAMRStatistics();
    ~vtkAMRStatistics() override;

    int FillInputPortInformation(int port, vtkInformation *info) override;
    int RequestData(vtkInformation *request, vtkInformationVector **inputs,
                    vtkInformationVector *outputs) override;

  private:
    vtkAMRStatistics(const vtkAMRStatistics &) = delete;
    void operator=(const vtkAMRStatistics &) = delete;

    bool OfMesh(vtkHyperTreeGrid *mesh, pvr_summary &summary, std::string &massUnit,
                pvr_error &error);
    bool OfPoints(vtkPointSet *points, pvr_summary &summary, std::string &massUnit,
                  pvr_error &error);
    pvr_summary_request Request() const;

    char *MassArray = nullptr;
    char *DensityArray = nullptr;
    char *VelocityArray = nullptr;
    int CenterType = 0;
    double Center[3] = {0, 0, 0};
    int MaxThreads = 0;
    std::string ThreadReport;
};

#endif
