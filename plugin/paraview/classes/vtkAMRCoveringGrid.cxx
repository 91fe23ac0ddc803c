// vtkAMRCoveringGrid.cxx - see vtkAMRCoveringGrid.h; the work is done by pvr_covering_grid.h.
#include "vtkAMRCoveringGrid.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"
#include "vtkPVRamsesRanks.h"
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
#include <cstring>
#include <vector>

vtkStandardNewMacro(vtkAMRCoveringGrid);

struct vtkAMRCoveringGrid::Internals {
    std::vector<std::string> Arrays;
    std::string MemoryEstimate;
    std::string ThreadReport;
};

namespace {

constexpr uint64_t CELLS_AT_ONCE = 1 << 22; // that ranks add up

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

int vtkAMRCoveringGrid::RequestUpdateExtent(vtkInformation *, vtkInformationVector **inputs,
                                            vtkInformationVector *) {
    // All of the mesh. VTK has asked it for the extent that is wanted of the image by now, which it
    // refuses: a view would keep the old image when the time changes.
    vtkInformation *info = inputs[0]->GetInformationObject(0);
    if (info->Has(vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT()))
        info->Set(vtkStreamingDemandDrivenPipeline::UPDATE_EXTENT(),
                  info->Get(vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT()), 6);
    return 1;
}

// One run.
struct vtkAMRCoveringGrid::Work {
    vtkPVRamsesRanks Ranks = vtkPVRamsesRanks(nullptr);
    pvr_threads Threads = pvr_threads();
    vtkPVRamsesOctree Octree;
    pvr_covering_grid Grid = pvr_covering_grid();
    std::vector<vtkDataArray *> Sources;
    std::vector<const pvr_array *> Arrays;
    const pvr_array *Density = nullptr; // to weight by, or null
    std::vector<pvr_array *> Results;
    uint64_t Bytes = 0;
    pvr_report Report = pvr_report();

    ~Work() {
        for (pvr_array *result : this->Results)
            pvr_array_release(result);
        pvr_report_free(&this->Report);
    }
    // The steps of the work, one after the other, for all ranks.
    pvr_status Plan(const vtkAMRCoveringGrid &self, pvr_error &error);
    pvr_status Take(const vtkAMRCoveringGrid &self, vtkHyperTreeGrid *input, pvr_error &error);
    pvr_status Fill(vtkAMRCoveringGrid &self, pvr_error &error);

  private:
    pvr_status FillRows(vtkAMRCoveringGrid &self, uint32_t from, uint32_t count, pvr_error &error);
};

// The grid is the same on all ranks: their boxes are, but not the levels of their trees.
pvr_status vtkAMRCoveringGrid::Work::Plan(const vtkAMRCoveringGrid &self, pvr_error &error) {
    const pvr_octree *octree = this->Octree.Octree();
    pvr_covering_request request = pvr_covering_request();
    request.whole = self.UseInputBounds;
    request.sampling = static_cast<pvr_sampling>(self.Sampling);
    for (int axis = 0; axis < octree->ndim; ++axis) {
        const int world = this->Octree.WorldAxis(axis);
        request.low[axis] = self.SamplingBounds[2 * world];
        request.high[axis] = self.SamplingBounds[2 * world + 1];
        request.dims[axis] = static_cast<uint32_t>(std::max(0, self.SamplingDimensions[world]));
    }
    if (self.Resolution == CELLS_OF_LEVEL)
        request.level = self.Level > 0 ? self.Level
                                       : static_cast<int>(this->Ranks.Most(pvr_covering_level(
                                             octree, &request, AUTOMATIC_CELLS)));
    return pvr_covering_plan(octree, &request, &this->Grid, &error);
}

pvr_status vtkAMRCoveringGrid::Work::Take(const vtkAMRCoveringGrid &self, vtkHyperTreeGrid *input,
                                          pvr_error &error) {
    this->Sources = Choose(input->GetCellData(), self.Internal->Arrays);
    vtkDataArray *density = self.Weighting == BY_MASS && self.DensityArray
                                ? input->GetCellData()->GetArray(self.DensityArray)
                                : nullptr;
    pvr_status status = PVR_OK;
    if (self.Weighting == BY_MASS && !density)
        status = pvr_fail(&error, PVR_ERROR_ARGUMENT,
                          "The mesh has no cell array %s, by which means are to be weighted.",
                          self.DensityArray ? self.DensityArray : "");
    for (size_t i = 0; status == PVR_OK && i < this->Sources.size(); ++i)
        status = this->Octree.Add(this->Sources[i], error);
    if (status == PVR_OK && density)
        status = this->Octree.Add(density, error);
    if (status != PVR_OK)
        return status;
    const pvr_mesh &mesh = this->Octree.Mesh();
    const int narrays = static_cast<int>(this->Sources.size());
    for (int i = 0; i < narrays; ++i)
        this->Arrays.push_back(mesh.arrays[i].array);
    this->Density = density ? mesh.arrays[narrays].array : nullptr;
    this->Results.assign(this->Sources.size(), nullptr);
    // The memory is known before anything is allocated, but for what reordering a foreign grid's
    // arrays takes.
    this->Bytes = pvr_covering_bytes(mesh.octree, &this->Grid, this->Arrays.data(), narrays);
    self.Internal->MemoryEstimate = EstimateText(this->Grid, narrays, this->Bytes);
    if (static_cast<double>(this->Bytes) > self.MemoryLimit * 1024.0 * 1024.0 * 1024.0)
        return pvr_fail(&error, PVR_ERROR_ARGUMENT,
                        "The grid would take more memory than the Memory Limit of %g GiB: %s. "
                        "Choose a coarser level, a smaller region or fewer arrays, or raise the "
                        "limit.",
                        self.MemoryLimit, self.Internal->MemoryEstimate.c_str());
    return PVR_OK;
}

pvr_status vtkAMRCoveringGrid::Work::Fill(vtkAMRCoveringGrid &self, pvr_error &error) {
    const int narrays = static_cast<int>(this->Arrays.size());
    if (this->Ranks.Size() == 1)
        return pvr_covering_fill(this->Octree.Octree(), &this->Grid, this->Arrays.data(), narrays,
                                 this->Density, &this->Threads, vtkPVRamsesFilter::TellProgress,
                                 &self, this->Results.data(), &this->Report, &error);
    pvr_status status = PVR_OK;
    for (int i = 0; status == PVR_OK && i < narrays && this->Ranks.Rank() == 0; ++i)
        status = pvr_array_new(this->Arrays[i]->type, this->Arrays[i]->ncomponents,
                               this->Grid.ncells, &this->Results[i], &error);
    status = this->Ranks.Agree(status, error);
    const uint32_t all = this->Grid.dims[this->Octree.Octree()->ndim - 1];
    const uint64_t row = std::max<uint64_t>(1, this->Grid.ncells / all);
    const auto most =
        static_cast<uint32_t>(std::max<uint64_t>(1, std::min<uint64_t>(all, CELLS_AT_ONCE / row)));
    for (uint32_t from = 0; status == PVR_OK && from < all; from += most)
        status = this->FillRows(self, from, std::min(most, all - from), error);
    return status;
}

// Fills some rows of the grid with this rank's cells, and adds them up on the first rank, in the
// order of the ranks.
pvr_status vtkAMRCoveringGrid::Work::FillRows(vtkAMRCoveringGrid &self, uint32_t from,
                                              uint32_t count, pvr_error &error) {
    const size_t narrays = this->Arrays.size();
    pvr_covering_grid grid;
    pvr_covering_rows(&this->Grid, this->Octree.Octree()->ndim, from, count, &grid);
    std::vector<std::vector<double>> shares(narrays);
    std::vector<double *> share;
    for (std::vector<double> &values : shares) {
        values.resize(2 * grid.ncells);
        share.push_back(values.data());
    }
    std::vector<pvr_array *> rows(narrays, nullptr);
    pvr_report report = pvr_report();
    const pvr_status status =
        this->Ranks.Agree(pvr_covering_fill_part(this->Octree.Octree(), &grid, this->Arrays.data(),
                                                 static_cast<int>(narrays), this->Density,
                                                 &this->Threads, vtkPVRamsesFilter::TellProgress,
                                                 &self, rows.data(), share.data(), &report, &error),
                          error);
    if (this->Report.threads == 0)
        std::swap(this->Report, report);
    pvr_report_free(&report);
    const uint64_t before = this->Grid.ncells / this->Grid.dims[this->Octree.Octree()->ndim - 1] *
                            static_cast<uint64_t>(from);
    for (size_t i = 0; status == PVR_OK && i < narrays; ++i) {
        const uint64_t tuple =
            static_cast<uint64_t>(rows[i]->ncomponents) * pvr_type_bytes(rows[i]->type);
        const uint64_t shareBytes = grid.ncells * 2 * sizeof(double);
        const std::vector<double> &has = shares[i];
        int any = 0;
        for (uint64_t cell = 0; cell < grid.ncells && any == 0; ++cell)
            any = has[2 * cell] > 0.0 ? 1 : 0;
        if (this->Ranks.Rank() != 0) {
            this->Ranks.Send(&any, sizeof any, 0);
            if (any) {
                this->Ranks.Send(has.data(), shareBytes, 0);
                this->Ranks.Send(rows[i]->data, grid.ncells * tuple, 0);
            }
            continue;
        }
        std::memcpy(static_cast<char *>(this->Results[i]->data) + before * tuple, rows[i]->data,
                    grid.ncells * tuple);
        pvr_array sum = *this->Results[i];
        sum.data = static_cast<char *>(sum.data) + before * tuple;
        std::vector<double> theirs(2 * grid.ncells);
        for (int rank = 1; rank < this->Ranks.Size(); ++rank) {
            this->Ranks.Receive(&any, sizeof any, rank);
            if (!any)
                continue;
            this->Ranks.Receive(theirs.data(), shareBytes, rank);
            this->Ranks.Receive(rows[i]->data, grid.ncells * tuple, rank);
            pvr_covering_add(&sum, shares[i].data(), rows[i], theirs.data(), grid.ncells);
        }
    }
    for (pvr_array *array : rows)
        pvr_array_release(array);
    return status;
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
    Work work;
    work.Ranks = vtkPVRamsesRanks::Of(inputs[0]->GetInformationObject(0));
    if (!work.Ranks.Any(input->GetNumberOfCells() > 0))
        return 1;

    work.Threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_error error;
    pvr_error_clear(&error);
    pvr_status status = work.Ranks.Agree(work.Octree.Take(input, &work.Threads, error), error);
    if (status == PVR_OK)
        status = work.Ranks.Agree(work.Plan(*this, error), error);
    if (status == PVR_OK)
        status = work.Ranks.Agree(work.Take(*this, input, error), error);
    if (status == PVR_OK)
        status = work.Fill(*this, error);
    if (status == PVR_CANCELLED) // the executive empties the output
        return 1;
    if (status != PVR_OK) {
        vtkErrorMacro(<< error.message);
        return 0;
    }
    internal.ThreadReport = internal.MemoryEstimate + "\n" +
                            vtkPVRamsesReportText(&work.Report, work.Ranks,
                                                  work.Octree.Octree()->nleaves, "leaf cells");
    this->UpdateProgress(1.0);
    if (work.Ranks.Rank() != 0) // of several ranks the first has the grid
        return 1;
    const Placed placed(work.Grid, work.Octree, this->OutputAs == POINT_DATA);
    placed.Tell(outputs->GetInformationObject(0));
    output->SetExtent(const_cast<int *>(placed.Extent));
    output->SetOrigin(placed.Origin);
    output->SetSpacing(placed.Spacing);
    vtkDataSetAttributes *data = this->OutputAs == POINT_DATA
                                     ? static_cast<vtkDataSetAttributes *>(output->GetPointData())
                                     : static_cast<vtkDataSetAttributes *>(output->GetCellData());
    for (size_t i = 0; i < work.Sources.size(); ++i) {
        auto array = vtkPVRamsesArrays::Wrap(work.Results[i], work.Sources[i]->GetName());
        vtkPVRamsesArrays::Describe(array, work.Sources[i]);
        data->AddArray(array);
    }
    vtkDataArray *active = input->GetCellData()->GetScalars();
    if (active && data->HasArray(active->GetName()))
        data->SetActiveScalars(active->GetName());
    else if (!work.Sources.empty())
        data->SetActiveScalars(work.Sources[0]->GetName());
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
