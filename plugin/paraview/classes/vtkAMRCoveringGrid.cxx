// vtkAMRCoveringGrid.cxx - see vtkAMRCoveringGrid.h; the work is done by pvr_covering_grid.h.
#include "vtkAMRCoveringGrid.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"
#include "vtkPVRamsesReading.h"

#include "pvr_covering_grid.h"

#include "vtkCellData.h"
#include "vtkFieldData.h"
#include "vtkHyperTreeGrid.h"
#include "vtkImageData.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkObjectFactory.h"
#include "vtkPointData.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <algorithm>
#include <cstdio>
#include <vector>

vtkStandardNewMacro(vtkAMRCoveringGrid);

struct vtkAMRCoveringGrid::Internals {
    std::vector<std::string> Arrays;
    std::string MemoryEstimate;
    std::string ThreadReport;
};

namespace {

// The arrays of `names` that the mesh has; its active scalars, or its first array, if there are no
// names.
std::vector<vtkDataArray *> Choose(vtkCellData *cellData, const std::vector<std::string> &names) {
    std::vector<vtkDataArray *> arrays;
    for (const std::string &name : names) {
        if (vtkDataArray *array = cellData->GetArray(name.c_str()))
            arrays.push_back(array);
    }
    if (names.empty() && cellData->GetScalars())
        arrays.push_back(cellData->GetScalars());
    else if (names.empty() && cellData->GetNumberOfArrays() > 0 && cellData->GetArray(0))
        arrays.push_back(cellData->GetArray(0));
    return arrays;
}

// How the grid lies in the world, as an image of points.
struct Placed {
    int Extent[6] = {0, 0, 0, 0, 0, 0};
    double Origin[3] = {0, 0, 0}, Spacing[3] = {1, 1, 1};

    Placed(const pvr_covering_grid &grid, const vtkPVRamsesOctree &octree, bool atCentres) {
        const pvr_leaf_place place = octree.Place();
        std::copy(place.plane, place.plane + 3, this->Origin);
        for (int axis = 0; axis < octree.Octree()->ndim; ++axis) {
            const int world = place.axis[axis];
            this->Extent[2 * world + 1] = static_cast<int>(grid.dims[axis]) - (atCentres ? 1 : 0);
            this->Spacing[world] = grid.spacing[axis];
            this->Origin[world] = grid.origin[axis] + (atCentres ? 0.5 * grid.spacing[axis] : 0.0);
        }
    }

    void Tell(vtkInformation *info) const {
        vtkPVRamsesFilter::TellExtent(info, this->Extent);
        info->Set(vtkDataObject::ORIGIN(), this->Origin, 3);
        info->Set(vtkDataObject::SPACING(), this->Spacing, 3);
    }
};

std::string EstimateText(const pvr_covering_grid &grid, int narrays, uint64_t bytes) {
    char text[300], level[40] = "";
    if (grid.level > 0)
        std::snprintf(level, sizeof level, ", level %d", grid.level);
    std::snprintf(text, sizeof text, "%u x %u x %u cells%s,\n%d array%s: %.3g GiB", grid.dims[0],
                  grid.dims[1], grid.dims[2], level, narrays, narrays == 1 ? "" : "s",
                  static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
    return text;
}

} // namespace

vtkAMRCoveringGrid::vtkAMRCoveringGrid() : Internal(new Internals) {
    this->SetDensityArray("density");
}

vtkAMRCoveringGrid::~vtkAMRCoveringGrid() {
    this->SetDensityArray(nullptr);
}

const char *vtkAMRCoveringGrid::GetMemoryEstimate() const {
    return this->Internal->MemoryEstimate.c_str();
}

const char *vtkAMRCoveringGrid::GetThreadReport() const {
    return this->Internal->ThreadReport.c_str();
}

void vtkAMRCoveringGrid::AddCellArray(const char *name) {
    if (name && name[0]) {
        this->Internal->Arrays.push_back(name);
        this->Modified();
    }
}

void vtkAMRCoveringGrid::ClearCellArrays() {
    if (!this->Internal->Arrays.empty()) {
        this->Internal->Arrays.clear();
        this->Modified();
    }
}

int vtkAMRCoveringGrid::FillInputPortInformation(int, vtkInformation *info) {
    info->Set(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), "vtkHyperTreeGrid");
    return 1;
}

int vtkAMRCoveringGrid::RequestInformation(vtkInformation *, vtkInformationVector **,
                                           vtkInformationVector *outputs) {
    // The extent follows from the mesh, which may not be there yet: RequestData tells it.
    vtkInformation *info = outputs->GetInformationObject(0);
    if (!info->Has(vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT())) {
        const int point[6] = {0, 0, 0, 0, 0, 0};
        info->Set(vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT(), point, 6);
    }
    return 1;
}

int vtkAMRCoveringGrid::RequestUpdateExtent(vtkInformation *, vtkInformationVector **,
                                            vtkInformationVector *) {
    return 1; // a mesh has no extent to ask for
}

int vtkAMRCoveringGrid::RequestData(vtkInformation *, vtkInformationVector **inputs,
                                    vtkInformationVector *outputs) {
    vtkHyperTreeGrid *input = vtkHyperTreeGrid::GetData(inputs[0]);
    vtkImageData *output = vtkImageData::GetData(outputs);
    Internals &internal = *this->Internal;
    internal.MemoryEstimate.clear();
    internal.ThreadReport.clear();
    output->Initialize();
    output->GetFieldData()->PassData(input->GetFieldData());
    if (input->GetNumberOfCells() == 0)
        return 1;

    const pvr_threads threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_error error;
    pvr_error_clear(&error);
    vtkPVRamsesOctree octree;
    if (octree.Take(input, &threads, error) != PVR_OK) {
        vtkErrorMacro(<< error.message);
        return 0;
    }
    pvr_covering_request request = pvr_covering_request();
    request.whole = this->UseInputBounds;
    request.sampling = static_cast<pvr_sampling>(this->Sampling);
    for (int axis = 0; axis < octree.Octree()->ndim; ++axis) {
        const int world = octree.WorldAxis(axis);
        request.low[axis] = this->SamplingBounds[2 * world];
        request.high[axis] = this->SamplingBounds[2 * world + 1];
        request.dims[axis] = static_cast<uint32_t>(std::max(0, this->SamplingDimensions[world]));
    }
    if (this->Resolution == CELLS_OF_LEVEL)
        request.level = this->Level > 0
                            ? this->Level
                            : pvr_covering_level(octree.Octree(), &request, AUTOMATIC_CELLS);
    pvr_covering_grid grid;
    if (pvr_covering_plan(octree.Octree(), &request, &grid, &error) != PVR_OK) {
        vtkErrorMacro(<< error.message);
        return 0;
    }

    // The memory is known before anything is allocated, but for what reordering a foreign grid's
    // arrays takes.
    const std::vector<vtkDataArray *> sources = Choose(input->GetCellData(), internal.Arrays);
    vtkDataArray *density = this->Weighting == BY_MASS && this->DensityArray
                                ? input->GetCellData()->GetArray(this->DensityArray)
                                : nullptr;
    pvr_status status = PVR_OK;
    if (this->Weighting == BY_MASS && !density)
        status = pvr_fail(&error, PVR_ERROR_ARGUMENT,
                          "The mesh has no cell array %s, by which means are to be weighted.",
                          this->DensityArray ? this->DensityArray : "");
    for (size_t i = 0; status == PVR_OK && i < sources.size(); ++i)
        status = octree.Add(sources[i], error);
    if (status == PVR_OK && density)
        status = octree.Add(density, error);
    if (status != PVR_OK) {
        vtkErrorMacro(<< error.message);
        return 0;
    }
    const pvr_mesh &mesh = octree.Mesh();
    const int narrays = static_cast<int>(sources.size());
    std::vector<const pvr_array *> arrays;
    for (int i = 0; i < narrays; ++i)
        arrays.push_back(mesh.arrays[i].array);
    const uint64_t bytes = pvr_covering_bytes(mesh.octree, &grid, arrays.data(), narrays);
    internal.MemoryEstimate = EstimateText(grid, narrays, bytes);
    if (static_cast<double>(bytes) > this->MemoryLimit * 1024.0 * 1024.0 * 1024.0) {
        vtkErrorMacro(<< "The grid would take more memory than the Memory Limit of "
                      << this->MemoryLimit << " GiB: " << internal.MemoryEstimate
                      << ". Choose a coarser level, a smaller region or fewer arrays, or raise the "
                         "limit.");
        return 0;
    }

    std::vector<pvr_array *> results(sources.size() + 1, nullptr);
    pvr_report report = pvr_report();
    status = pvr_covering_fill(
        mesh.octree, &grid, arrays.data(), narrays, density ? mesh.arrays[narrays].array : nullptr,
        &threads, vtkPVRamsesFilter::TellProgress, this, results.data(), &report, &error);
    if (status == PVR_OK) {
        const Placed placed(grid, octree, this->OutputAs == POINT_DATA);
        placed.Tell(outputs->GetInformationObject(0));
        output->SetExtent(const_cast<int *>(placed.Extent));
        output->SetOrigin(placed.Origin);
        output->SetSpacing(placed.Spacing);
        vtkDataSetAttributes *data =
            this->OutputAs == POINT_DATA
                ? static_cast<vtkDataSetAttributes *>(output->GetPointData())
                : static_cast<vtkDataSetAttributes *>(output->GetCellData());
        for (int i = 0; i < narrays; ++i) {
            auto array = vtkPVRamsesArrays::Wrap(results[i], sources[i]->GetName());
            vtkPVRamsesArrays::Describe(array, sources[i]);
            data->AddArray(array);
            pvr_array_release(results[i]);
        }
        vtkDataArray *active = input->GetCellData()->GetScalars();
        if (active && data->HasArray(active->GetName()))
            data->SetActiveScalars(active->GetName());
        else if (narrays > 0)
            data->SetActiveScalars(sources[0]->GetName());
        internal.ThreadReport = internal.MemoryEstimate + "\n" + vtkPVRamsesReportText(&report);
    }
    pvr_report_free(&report);
    if (status != PVR_OK &&
        status != PVR_CANCELLED) { // cancelled: the executive empties the output
        vtkErrorMacro(<< error.message);
        return 0;
    }
    this->UpdateProgress(1.0);
    return 1;
}

void vtkAMRCoveringGrid::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "UseInputBounds: " << this->UseInputBounds << "\n"
       << indent << "Resolution: " << this->Resolution << "\n"
       << indent << "Level: " << this->Level << "\n"
       << indent << "Sampling: " << this->Sampling << "\n"
       << indent << "Weighting: " << this->Weighting << "\n"
       << indent << "OutputAs: " << this->OutputAs << "\n"
       << indent << "MemoryLimit: " << this->MemoryLimit << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n";
}
