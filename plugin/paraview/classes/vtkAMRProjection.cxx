// vtkAMRProjection.cxx - see vtkAMRProjection.h; the steps are vtkAMRProjectionWork's.
#include "vtkAMRProjection.h"

#include "vtkAMRProjectionWork.h"
#include "vtkPVRamsesExtent.h"
#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesFilter.h"

#include "vtkImageData.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkObjectFactory.h"
#include "vtkRectilinearGrid.h"
#include "vtkStreamingDemandDrivenPipeline.h"
#include "vtkStringArray.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

vtkStandardNewMacro(vtkAMRProjection);

vtkAMRProjection::vtkAMRProjection()
    : EmptyValue(std::nan("")), Extent(new vtkPVRamsesExtent), Failure(new vtkPVRamsesFailure) {}

vtkAMRProjection::~vtkAMRProjection() = default;

void vtkAMRProjection::AddArray(const char *name) {
    if (name && *name) {
        this->Arrays.emplace_back(name);
        this->Modified();
    }
}

void vtkAMRProjection::ClearArrays() {
    if (!this->Arrays.empty()) {
        this->Arrays.clear();
        this->Modified();
    }
}

void vtkAMRProjection::SetWeightArray(const char *name) {
    const std::string wanted = name ? name : "";
    if (wanted != this->WeightArray) {
        this->WeightArray = wanted;
        this->Modified();
    }
}

void vtkAMRProjection::SetCenter(double x, double y, double z) {
    const double center[3] = {x, y, z};
    if (!std::equal(center, center + 3, this->Center)) {
        std::copy(center, center + 3, this->Center);
        this->UseCenter = std::any_of(center, center + 3, [](double at) { return at < Unset; });
        this->Modified();
    }
}

void vtkAMRProjection::SetLengthArray(const char *name) {
    const std::string wanted = name ? name : "";
    if (wanted != this->LengthArray) {
        this->LengthArray = wanted;
        this->Modified();
    }
}

void vtkAMRProjection::SetEmptyValue(double value) {
    if (value != this->EmptyValue && !(std::isnan(value) && std::isnan(this->EmptyValue))) {
        this->EmptyValue = value;
        this->Modified();
    }
}

int vtkAMRProjection::FillInputPortInformation(int, vtkInformation *info) {
    info->Remove(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE());
    for (const char *type : {"vtkHyperTreeGrid", "vtkImageData", "vtkRectilinearGrid",
                             "vtkUnstructuredGrid", "vtkPointSet"})
        info->Append(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), type);
    return 1;
}

int vtkAMRProjection::RequestInformation(vtkInformation *, vtkInformationVector **,
                                         vtkInformationVector *outputs) {
    // The extent follows from the mesh, which may not be there yet: RequestData tells it.
    this->Extent->Recall(outputs->GetInformationObject(0));
    return 1;
}

// Of a grid all is wanted: who makes it shares it out over the pieces. Of a rectilinear one also
// the neighbours' points, for its cells may be those around points, and end half way to the next.
int vtkAMRProjection::RequestUpdateExtent(vtkInformation *, vtkInformationVector **inputs,
                                          vtkInformationVector *outputs) {
    using Pipeline = vtkStreamingDemandDrivenPipeline;
    vtkInformation *info = inputs[0]->GetInformationObject(0);
    if (info->Has(Pipeline::WHOLE_EXTENT()))
        info->Set(Pipeline::UPDATE_EXTENT(), info->Get(Pipeline::WHOLE_EXTENT()), 6);
    if (vtkRectilinearGrid::GetData(info) &&
        outputs->GetInformationObject(0)->Get(Pipeline::UPDATE_NUMBER_OF_PIECES()) > 1)
        info->Set(Pipeline::UPDATE_NUMBER_OF_GHOST_LEVELS(), 1);
    return 1;
}

int vtkAMRProjection::RequestData(vtkInformation *, vtkInformationVector **inputs,
                                  vtkInformationVector *outputs) {
    vtkImageData *output = vtkImageData::GetData(outputs);
    vtkDataObject *input = vtkDataObject::GetData(inputs[0]);
    this->ThreadReport.clear();
    output->Initialize();
    Work work(*this, input->GetFieldData());
    work.Ranks = vtkPVRamsesRanks::Of(inputs[0]->GetInformationObject(0));
    work.Threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_error error;
    pvr_error_clear(&error);
    std::vector<std::string> wanted = this->Arrays;
    if (this->Weighting == BY_ARRAY && !this->WeightArray.empty())
        wanted.push_back(this->WeightArray);
    pvr_status status = work.Input.Take(input, wanted, work.Threads, error);
    if (status == PVR_OK)
        status = work.Choose(error);
    status = work.Agree(status, error);
    if (status == PVR_OK && !work.Share()) { // nothing in, nothing out
        if (vtkStringArray *why = vtkPVRamsesFailure::Of(input))
            vtkPVRamsesFailure::Mark(output, why->GetValue(0).c_str());
        return 1;
    }
    if (status == PVR_OK) {
        work.Input.LeaveToOthers(work.Ranks);
        if (work.OfPoints && this->Kernel == PVR_KERNEL_SPLINE && this->LengthArray.empty())
            status = work.Input.KnowOthers(work.Ranks, error);
        if (status == PVR_OK)
            status = work.Agree(work.MakeView(error), error);
    }
    if (status == PVR_OK)
        status = work.Project(this, error);
    if (status == PVR_OK)
        status = work.Agree(work.IsFirst() ? work.Finish(error) : PVR_OK, error);
    if (status == PVR_CANCELLED)
        return 1; // the executive empties the output
    if (status != PVR_OK)
        return this->Failure->Tell(this, input, output, error.message);
    vtkInformation *info = outputs->GetInformationObject(0);
    int whole[6];
    work.Place(whole);
    this->Extent->Tell(info, whole, work.Ranks);
    work.Spread(info);
    if (work.HasRows())
        work.Describe(output);
    if (work.IsFirst() && work.Map->cells == 0)
        vtkWarningMacro("The window lies beside the data: nothing is in the map.");
    if (work.IsFirst()) {
        char text[160];
        std::snprintf(text, sizeof text, "%u x %u pixels of %.6g, %llu %s\n",
                      static_cast<unsigned>(work.Request.view.pixels[0]),
                      static_cast<unsigned>(work.Request.view.pixels[1]), work.Request.view.pixel,
                      static_cast<unsigned long long>(work.Map->cells),
                      work.OfPoints ? "points" : "cells");
        this->ThreadReport = text + work.Report;
    }
    this->UpdateProgress(1.0);
    return 1;
}

void vtkAMRProjection::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "Mode: " << pvr_map_mode_name(static_cast<pvr_map_mode>(this->Mode)) << "\n"
       << indent << "Weighting: " << this->Weighting << "\n"
       << indent << "Direction: " << this->Direction << "\n"
       << indent << "Resolution: " << this->Resolution << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n";
}
