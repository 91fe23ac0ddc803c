// vtkAMRCoveringGrid.cxx - see vtkAMRCoveringGrid.h; the work is done by pvr_covering_grid.h.
#include "vtkAMRCoveringGrid.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesConsumers.h"
#include "vtkPVRamsesExtent.h"
#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesReading.h"
#include "vtkPVRamsesSlabs.h"

#include "pvr_amounts.h"
#include "pvr_coarsen.h"
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
    vtkPVRamsesExtent Extent;
    vtkPVRamsesFailure Failure;
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

    void Tell(vtkInformation *info, vtkPVRamsesExtent &told, const vtkPVRamsesRanks &ranks) const {
        told.Tell(info, this->Extent, ranks);
        info->Set(vtkDataObject::ORIGIN(), this->Origin, 3);
        info->Set(vtkDataObject::SPACING(), this->Spacing, 3);
    }
};

std::string GiB(uint64_t bytes) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3g GiB",
                  static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
    return text;
}

std::string EstimateText(const pvr_covering_grid &grid, int narrays, uint64_t bytes) {
    char text[300], level[40] = "";
    if (grid.level > 0)
        std::snprintf(level, sizeof level, ", level %d", grid.level);
    std::snprintf(text, sizeof text, "%u x %u x %u cells%s,\n%d array%s: ", grid.dims[0],
                  grid.dims[1], grid.dims[2], level, narrays, narrays == 1 ? "" : "s");
    return text + GiB(bytes);
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
    this->Internal->Extent.Recall(outputs->GetInformationObject(0));
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
    std::vector<pvr_array *> Amounts;   // of these: what cells of the grid get of whole cells' ones
    const pvr_array *Density = nullptr; // to weight by, or null
    std::vector<pvr_array *> Results;
    bool Drawn = false; // where that decides who has the grid
    int Ghosts = 0;     // rows of its neighbours that each of several ranks is to have
    vtkPVRamsesSlabs Slabs = vtkPVRamsesSlabs(1, 0, false, 0);
    pvr_report Report = pvr_report();

    ~Work() {
        for (pvr_array *result : this->Results)
            pvr_array_release(result);
        for (pvr_array *amounts : this->Amounts)
            pvr_array_release(amounts);
        pvr_report_free(&this->Report);
    }
    // The steps of the work, one after the other, for all ranks.
    pvr_status Plan(const vtkAMRCoveringGrid &self, pvr_error &error);
    pvr_status Take(const vtkAMRCoveringGrid &self, vtkHyperTreeGrid *input, pvr_error &error);
    pvr_status Fill(vtkAMRCoveringGrid &self, pvr_error &error);
    vtkPVRamsesSlabs::Run Rows() const { // that this rank has of the result
        return this->Slabs.WithGhosts(this->Ranks.Rank());
    }
    // Makes the image, or this rank's part of the image that lies at `placed`.
    void Show(const Placed &placed, bool ofPoints, vtkImageData *output) const;

  private:
    bool IsAmount(size_t array) const;
    pvr_status SpreadAmounts(pvr_error &error);
    pvr_status FillRows(vtkAMRCoveringGrid &self, uint32_t from, uint32_t count, pvr_error &error);
    void AddRanks(size_t array, const pvr_covering_grid &grid, uint32_t from, uint32_t count,
                  pvr_array *rows, std::vector<double> &share);
    uint64_t CellsInRow() const {
        return this->Grid.ncells / this->Grid.dims[this->LastAxis()];
    }
    int LastAxis() const {
        return this->Octree.Octree()->ndim - 1;
    }
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
    const pvr_status status = pvr_covering_plan(octree, &request, &this->Grid, &error);
    if (status != PVR_OK)
        return status;
    const bool whole =
        self.RankLayout == vtkPVRamsesSlabs::WHOLE_ON_FIRST ||
        (self.RankLayout == vtkPVRamsesSlabs::AUTOMATIC && !this->Drawn &&
         this->Grid.ncells <= uint64_t{AUTOMATIC_CELLS} * AUTOMATIC_CELLS * AUTOMATIC_CELLS);
    this->Slabs =
        vtkPVRamsesSlabs(whole ? 1 : this->Ranks.Size(), this->Grid.dims[octree->ndim - 1],
                         self.OutputAs == POINT_DATA, this->Ghosts);
    return status;
}

pvr_status vtkAMRCoveringGrid::Work::Take(const vtkAMRCoveringGrid &self, vtkHyperTreeGrid *input,
                                          pvr_error &error) {
    this->Sources = Choose(input->GetCellData(), self.Internal->Arrays);
    vtkDataArray *density = self.Weighting == BY_MASS && self.DensityArray
                                ? input->GetCellData()->GetArray(self.DensityArray)
                                : nullptr;
    pvr_status status = PVR_OK;
    const std::vector<std::string> &chosen = self.Internal->Arrays;
    if (!chosen.empty() && this->Sources.empty() && input->GetNumberOfCells() > 0)
        status = pvr_fail(&error, PVR_ERROR_ARGUMENT,
                          "The mesh has no cell array '%s', nor another one that was chosen.",
                          chosen[0].c_str());
    else if (self.Weighting == BY_MASS && !density)
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
    uint64_t amounts = 0; // of arrays that are spread
    for (size_t i = 0; i < this->Arrays.size(); ++i)
        amounts += this->IsAmount(i) ? this->Arrays[i]->bytes : 0;
    uint64_t bytes =
        amounts + pvr_covering_bytes(mesh.octree, &this->Grid, this->Arrays.data(), narrays);
    self.Internal->MemoryEstimate = EstimateText(this->Grid, narrays, bytes);
    if (this->Ranks.Size() > 1) {
        pvr_covering_grid slab;
        const auto rows = this->Rows();
        pvr_covering_rows(&this->Grid, mesh.octree->ndim, 0,
                          static_cast<uint32_t>(std::max<int64_t>(0, rows.To - rows.From)), &slab);
        bytes = static_cast<uint64_t>(this->Ranks.Most(static_cast<double>(
            amounts + pvr_covering_bytes(mesh.octree, &slab, this->Arrays.data(), narrays))));
        self.Internal->MemoryEstimate +=
            " on " + std::to_string(this->Ranks.Size()) + " ranks, " + GiB(bytes) + " on one";
    }
    if (static_cast<double>(bytes) > self.MemoryLimit * 1024.0 * 1024.0 * 1024.0)
        return pvr_fail(&error, PVR_ERROR_ARGUMENT,
                        "The grid would take more memory than the Memory Limit of %g GiB: %s. "
                        "Choose a coarser level, a smaller region or fewer arrays, or raise the "
                        "limit.",
                        self.MemoryLimit, self.Internal->MemoryEstimate.c_str());
    return this->SpreadAmounts(error);
}

// Of masses and volumes a cell of the grid gets what is in it, not their mean by volume.
bool vtkAMRCoveringGrid::Work::IsAmount(size_t array) const {
    return !this->Density && pvr_coarsening_of(this->Sources[array]->GetName()) == PVR_COARSEN_SUM;
}

pvr_status vtkAMRCoveringGrid::Work::SpreadAmounts(pvr_error &error) {
    for (size_t i = 0; i < this->Arrays.size(); ++i) {
        if (!this->IsAmount(i))
            continue;
        const pvr_array *from = this->Arrays[i];
        pvr_array *amounts = nullptr;
        const pvr_status status =
            pvr_array_new(from->type, from->ncomponents, from->ntuples, &amounts, &error);
        if (status != PVR_OK)
            return status;
        this->Amounts.push_back(amounts);
        std::memcpy(amounts->data, from->data, from->bytes);
        pvr_amounts_spread(this->Octree.Octree(), &this->Grid, amounts);
        this->Arrays[i] = amounts;
    }
    return PVR_OK;
}

pvr_status vtkAMRCoveringGrid::Work::Fill(vtkAMRCoveringGrid &self, pvr_error &error) {
    const int narrays = static_cast<int>(this->Arrays.size());
    if (this->Ranks.Size() == 1)
        return pvr_covering_fill(this->Octree.Octree(), &this->Grid, this->Arrays.data(), narrays,
                                 this->Density, &this->Threads, vtkPVRamsesFilter::TellProgress,
                                 &self, this->Results.data(), &this->Report, &error);
    pvr_status status = PVR_OK;
    const auto mine = this->Rows();
    for (int i = 0; status == PVR_OK && i < narrays && !mine.IsEmpty(); ++i)
        status = pvr_array_new(this->Arrays[i]->type, this->Arrays[i]->ncomponents,
                               this->CellsInRow() * static_cast<uint64_t>(mine.To - mine.From),
                               &this->Results[i], &error);
    status = this->Ranks.Agree(status, error);
    const uint32_t all = this->Grid.dims[this->LastAxis()];
    const auto most = static_cast<uint32_t>(std::max<uint64_t>(
        1, std::min<uint64_t>(all, CELLS_AT_ONCE / std::max<uint64_t>(1, this->CellsInRow()))));
    for (uint32_t from = 0; status == PVR_OK && from < all; from += most)
        status = this->FillRows(self, from, std::min(most, all - from), error);
    return status;
}

// Fills some rows of the grid with this rank's cells, and adds them up with those of the others.
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
    for (size_t i = 0; status == PVR_OK && i < narrays; ++i)
        this->AddRanks(i, grid, from, count, rows[i], shares[i]);
    for (pvr_array *array : rows)
        pvr_array_release(array);
    return status;
}

// Adds up what the ranks have of some rows, in their order, on the first rank that wants one of
// these. The others that do have theirs from it.
void vtkAMRCoveringGrid::Work::AddRanks(size_t array, const pvr_covering_grid &grid, uint32_t from,
                                        uint32_t count, pvr_array *rows,
                                        std::vector<double> &share) {
    const vtkPVRamsesRanks &ranks = this->Ranks;
    const int size = ranks.Size(), here = ranks.Rank();
    const uint64_t tuple = static_cast<uint64_t>(rows->ncomponents) * pvr_type_bytes(rows->type);
    const uint64_t bytes = grid.ncells * tuple, shareBytes = grid.ncells * 2 * sizeof(double);
    const uint64_t row = this->CellsInRow() * tuple;
    const auto wanted = [&](int rank) { return this->Slabs.Common(rank, from, from + count); };
    int adder = 0;
    while (adder < size - 1 && wanted(adder).IsEmpty())
        ++adder;
    int any = 0;
    for (uint64_t cell = 0; cell < grid.ncells && any == 0; ++cell)
        any = share[2 * cell] > 0.0 ? 1 : 0;
    std::vector<char> sum;
    if (here != adder) {
        ranks.Send(&any, sizeof any, adder);
        if (any) {
            ranks.Send(share.data(), shareBytes, adder);
            ranks.Send(rows->data, bytes, adder);
        }
    } else { // where nobody has anything stands what this rank has there
        const char *values = static_cast<const char *>(rows->data);
        sum.assign(values, values + bytes);
        std::vector<char> their(bytes);
        std::vector<double> sumShare(2 * grid.ncells, 0.0), theirShare(2 * grid.ncells);
        pvr_array total = *rows, part = *rows;
        total.data = sum.data();
        part.data = their.data();
        for (int rank = 0; rank < size; ++rank) {
            if (rank == here) {
                pvr_covering_add(&total, sumShare.data(), rows, share.data(), grid.ncells);
                continue;
            }
            ranks.Receive(&any, sizeof any, rank);
            if (!any)
                continue;
            ranks.Receive(theirShare.data(), shareBytes, rank);
            ranks.Receive(their.data(), bytes, rank);
            pvr_covering_add(&total, sumShare.data(), &part, theirShare.data(), grid.ncells);
        }
    }
    for (int rank = 0; rank < size; ++rank) {
        const vtkPVRamsesSlabs::Run run = wanted(rank);
        if (run.IsEmpty() || (here != rank && here != adder))
            continue;
        const uint64_t part = static_cast<uint64_t>(run.To - run.From) * row;
        char *source = sum.data() + static_cast<uint64_t>(run.From - from) * row;
        if (here != rank) {
            ranks.Send(source, part, rank);
            continue;
        }
        char *to = static_cast<char *>(this->Results[array]->data) +
                   static_cast<uint64_t>(run.From - this->Rows().From) * row;
        if (here == adder)
            std::memcpy(to, source, part);
        else
            ranks.Receive(to, part, adder);
    }
}

// The image, or this rank's part of the image that lies at `placed`.
void vtkAMRCoveringGrid::Work::Show(const Placed &placed, bool ofPoints,
                                    vtkImageData *output) const {
    int extent[6], own[6];
    std::copy(placed.Extent, placed.Extent + 6, extent);
    std::copy(placed.Extent, placed.Extent + 6, own);
    output->SetOrigin(placed.Origin);
    output->SetSpacing(placed.Spacing);
    if (this->Ranks.Size() > 1) {
        if (this->Rows().IsEmpty())
            return;
        const int axis = this->Octree.Place().axis[this->LastAxis()];
        this->Slabs.Cut(this->Rows(), axis, extent);
        this->Slabs.Cut(this->Slabs.Own(this->Ranks.Rank()), axis, own);
    }
    output->SetExtent(extent);
    vtkDataSetAttributes *data = ofPoints
                                     ? static_cast<vtkDataSetAttributes *>(output->GetPointData())
                                     : static_cast<vtkDataSetAttributes *>(output->GetCellData());
    for (size_t i = 0; i < this->Sources.size(); ++i) {
        auto array = vtkPVRamsesArrays::Wrap(this->Results[i], this->Sources[i]->GetName());
        vtkPVRamsesArrays::Describe(array, this->Sources[i]);
        data->AddArray(array);
    }
    output->GenerateGhostArray(own);
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
    vtkInformation *info = outputs->GetInformationObject(0);
    work.Drawn = this->RankLayout == vtkPVRamsesSlabs::AUTOMATIC &&
                 vtkPVRamsesConsumers::Draw(info, work.Ranks);
    work.Ghosts = info->Get(vtkStreamingDemandDrivenPipeline::UPDATE_NUMBER_OF_GHOST_LEVELS());
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
    if (status != PVR_OK)
        return internal.Failure.Tell(this, input, output, error.message);
    internal.ThreadReport = internal.MemoryEstimate + "\n" +
                            vtkPVRamsesReportText(&work.Report, work.Ranks,
                                                  work.Octree.Octree()->nleaves, "leaf cells");
    this->UpdateProgress(1.0);
    const Placed placed(work.Grid, work.Octree, this->OutputAs == POINT_DATA);
    placed.Tell(info, internal.Extent, work.Ranks);
    work.Show(placed, this->OutputAs == POINT_DATA, output);
    vtkDataSetAttributes *data = this->OutputAs == POINT_DATA
                                     ? static_cast<vtkDataSetAttributes *>(output->GetPointData())
                                     : static_cast<vtkDataSetAttributes *>(output->GetCellData());
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
