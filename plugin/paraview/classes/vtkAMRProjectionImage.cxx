// vtkAMRProjectionImage.cxx - the end of a run of vtkAMRProjection: its image, in the world.
#include "vtkAMRProjectionWork.h"
#include "vtkPVRamsesConsumers.h"

#include "vtkCellData.h"
#include "vtkImageData.h"
#include "vtkInformation.h"
#include "vtkMultiProcessStream.h"
#include "vtkNew.h"
#include "vtkProcessModule.h"
#include "vtkStreamingDemandDrivenPipeline.h"
#include "vtkStringArray.h"

#include <algorithm>
#include <cstring>

namespace {

void Tell(vtkFieldData *facts, const char *name, const std::string &text) {
    vtkNew<vtkStringArray> array;
    array->SetName(name);
    array->InsertNextValue(text);
    facts->AddArray(array);
}

void Tell(vtkFieldData *facts, const char *name, const double *values, int count) {
    vtkNew<vtkDoubleArray> array;
    array->SetName(name);
    array->SetNumberOfComponents(count);
    array->InsertNextTuple(values);
    facts->AddArray(array);
}

} // namespace

// Does the image lie along the axes of the world?
bool vtkAMRProjection::Work::IsAlongAxes() const {
    return this->Self.Position == WORLD && this->Request.view.axis[0] >= 0 &&
           this->Self.Direction < CUSTOM;
}

void vtkAMRProjection::Work::Place(int extent[6]) const {
    const pvr_view &view = this->Request.view;
    std::fill(extent, extent + 6, 0);
    for (int k = 0; k < 2; ++k)
        extent[2 * (this->IsAlongAxes() ? view.axis[k] : k) + 1] = static_cast<int>(view.pixels[k]);
}

// Of several ranks the first has made the images, and keeps them: so they can be fetched in one
// piece. Or each gets its rows of them, and what is told of them. With pvbatch --symmetric each
// rank runs the script, and colours by what itself knows of the image: were that nothing on some,
// they would not draw at the same times, and wait for ever.
void vtkAMRProjection::Work::Spread(vtkInformation *output) {
    const vtkPVRamsesRanks &ranks = this->Ranks;
    const bool rows =
        this->Self.RankLayout == vtkPVRamsesSlabs::ROWS_ON_EACH ||
        (this->Self.RankLayout == vtkPVRamsesSlabs::AUTOMATIC &&
         vtkProcessModule::GetSymmetricMPIMode() && vtkPVRamsesConsumers::Draw(output, ranks));
    const int ghosts =
        output->Get(vtkStreamingDemandDrivenPipeline::UPDATE_NUMBER_OF_GHOST_LEVELS());
    this->Slabs =
        vtkPVRamsesSlabs(rows ? ranks.Size() : 1, this->Request.view.pixels[1], false, ghosts);
    if (ranks.Size() == 1 || !rows)
        return;
    vtkMultiProcessStream stream;
    std::vector<unsigned char> bytes;
    if (this->IsFirst()) {
        for (size_t i = 0; i < this->Values.size(); ++i)
            stream << this->Labels[i] << this->Totals[i].sum << this->Totals[i].integral;
        stream.GetRawData(bytes);
    }
    std::string told(bytes.begin(), bytes.end());
    ranks.Broadcast(told);
    stream.SetRawData(std::vector<unsigned char>(told.begin(), told.end()));
    this->Labels.resize(this->Values.size());
    this->Totals.resize(this->Values.size());
    const uint64_t row = this->Request.view.pixels[0] * sizeof(double);
    for (size_t i = 0; i < this->Values.size(); ++i) {
        stream >> this->Labels[i] >> this->Totals[i].sum >> this->Totals[i].integral;
        auto mine = vtkSmartPointer<vtkDoubleArray>::New();
        for (int rank = ranks.Size() - 1; rank >= 0; --rank) {
            const vtkPVRamsesSlabs::Run run = this->Slabs.WithGhosts(rank);
            if (run.IsEmpty() || (!this->IsFirst() && rank != ranks.Rank()))
                continue;
            const uint64_t size = row * static_cast<uint64_t>(run.To - run.From);
            const auto from = static_cast<vtkIdType>(row / sizeof(double)) * run.From;
            if (rank == ranks.Rank())
                mine->SetNumberOfTuples(static_cast<vtkIdType>(size / sizeof(double)));
            if (!this->IsFirst())
                ranks.Receive(mine->GetPointer(0), size, 0);
            else if (rank > 0)
                ranks.Send(this->Images[i]->GetPointer(from), size, rank);
            else
                std::memcpy(mine->GetPointer(0), this->Images[i]->GetPointer(from), size);
        }
        if (this->IsFirst())
            this->Images[i] = mine;
        else
            this->Images.push_back(mine);
    }
}

// Puts the images where they belong, with their units and what is known of them.
void vtkAMRProjection::Work::Describe(vtkImageData *image) const {
    const pvr_view &view = this->Request.view;
    double corner[3] = {view.low[0], view.low[1], 0};
    if (this->IsAlongAxes()) {
        for (int k = 0; k < 2; ++k)
            corner[view.axis[k]] = view.centre[view.axis[k]] + view.low[k];
        corner[view.axis[2]] = view.centre[view.axis[2]];
    } else if (this->Self.Position == WORLD) {
        for (int axis = 0; axis < 3; ++axis)
            corner[axis] =
                view.centre[axis] + view.low[0] * view.right[axis] + view.low[1] * view.up[axis];
        image->SetDirectionMatrix(view.right[0], view.up[0], view.along[0], view.right[1],
                                  view.up[1], view.along[1], view.right[2], view.up[2],
                                  view.along[2]);
    }
    int extent[6], own[6];
    this->Place(extent);
    std::copy(extent, extent + 6, own);
    const int up = this->IsAlongAxes() ? view.axis[1] : 1;
    this->Slabs.Cut(this->Slabs.WithGhosts(this->Ranks.Rank()), up, extent);
    this->Slabs.Cut(this->Slabs.Own(this->Ranks.Rank()), up, own);
    image->SetExtent(extent);
    image->SetOrigin(corner);
    image->SetSpacing(view.pixel, view.pixel, view.pixel);

    vtkFieldData *facts = image->GetFieldData();
    facts->PassData(this->Facts);
    static const char *const weightings[] = {"volume", "array", "none"};
    Tell(facts, "projection_mode", pvr_map_mode_name(this->Request.mode));
    Tell(facts, "projection_weighting",
         !this->Weight.empty() ? this->Weight : weightings[this->Request.weighting]);
    Tell(facts, "line_of_sight", view.along, 3);
    Tell(facts, "up", view.up, 3);
    Tell(facts, "center", view.centre, 3);
    Tell(facts, "depth", view.depth, 2);
    Tell(facts, "pixel_size", &view.pixel, 1);
    for (size_t i = 0; i < this->Values.size(); ++i) {
        vtkDoubleArray *array = this->Images[i];
        std::string name = this->Values[i].Name + (this->Values[i].IsVector ? "_los" : "");
        const double totals[2] = {this->Totals[i].sum, this->Totals[i].integral};
        Tell(facts, (name + "_sum").c_str(), &totals[0], 1);
        Tell(facts, (name + "_integral").c_str(), &totals[1], 1);
        if (!this->Labels[i].empty()) {
            name += " [" + this->Labels[i] + "]";
            array->GetInformation()->Set(vtkDataArray::UNITS_LABEL(), this->Labels[i].c_str());
        }
        array->SetName(name.c_str());
        image->GetCellData()->AddArray(array);
    }
    image->GetCellData()->SetActiveScalars(this->Images[0]->GetName());
    image->GenerateGhostArray(own);
}
