// vtkAMRProjectionWork.h - one run of vtkAMRProjection, step by step.
#ifndef vtkAMRProjectionWork_h
#define vtkAMRProjectionWork_h

#include "vtkAMRProjection.h"
#include "vtkPVRamsesProjected.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesSlabs.h"

#include "pvr_map_labels.h"

#include "vtkDoubleArray.h"
#include "vtkFieldData.h"
#include "vtkSmartPointer.h"

#include <string>
#include <vector>

class vtkImageData;

struct vtkAMRProjection::Work {
    const vtkAMRProjection &Self;
    vtkFieldData *Facts; // of the input
    vtkPVRamsesRanks Ranks = vtkPVRamsesRanks(nullptr);
    pvr_threads Threads = pvr_threads();
    vtkPVRamsesProjected Input;
    bool OfPoints = false;

    // What is projected; known to all ranks after Share().
    struct Chosen {
        std::string Name, Unit;
        bool IsVector = false;
        int Place = -1; // in the input
    };
    std::vector<Chosen> Values;
    std::string Weight, WeightUnit; // name of the array, or empty; its unit
    int WeightPlace = -1;
    vtkPVRamsesProjected::Spreading Spreading;
    double Length = 1.0; // of the unit that lengths are given in, in coordinates

    double Low[3] = {0, 0, 0}, High[3] = {0, 0, 0}; // of the box, all ranks'
    pvr_map_request Request = pvr_map_request();
    pvr_map *Map = nullptr;
    std::vector<pvr_map_totals> Totals;
    std::vector<std::string> Labels;
    std::vector<vtkSmartPointer<vtkDoubleArray>> Images;
    vtkPVRamsesSlabs Slabs = vtkPVRamsesSlabs(1, 0, false, 0);
    pvr_report Measured = pvr_report();
    std::string Report;

    Work(const vtkAMRProjection &self, vtkFieldData *facts) : Self(self), Facts(facts) {}
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;
    ~Work();

    bool IsFirst() const {
        return this->Ranks.Rank() == 0;
    }
    // All go on or none does.
    pvr_status Agree(pvr_status status, pvr_error &error) const {
        return this->Ranks.Agree(status, error);
    }

    // The steps. With several ranks all take them; a rank may have nothing.
    pvr_status Choose(pvr_error &error);
    bool Share(); // false: nobody has anything
    pvr_status MakeView(pvr_error &error);
    pvr_status Project(vtkAlgorithm *filter, pvr_error &error);
    pvr_status Finish(pvr_error &error); // on the first rank
    void Place(int extent[6]) const;     // of the image
    void Spread(vtkInformation *output); // over the ranks
    bool HasRows() const {
        return !this->Slabs.Own(this->Ranks.Rank()).IsEmpty();
    }
    void Describe(vtkImageData *image) const; // of the rows that this rank has

  private:
    bool IsAlongAxes() const;
    pvr_status ChooseWeight(pvr_error &error);
    pvr_status FindLength(pvr_error &error);
    pvr_status LookAlongSpin(pvr_view_request &view, pvr_error &error);
    void AddRanks();
    int Take(const std::string &name, pvr_error &error);
    std::string MassArray() const;
    pvr_map_labelled Labelled(const std::string &name, const std::string &unit) const;
};

#endif
