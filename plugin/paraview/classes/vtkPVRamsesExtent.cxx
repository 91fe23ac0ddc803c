// vtkPVRamsesExtent.cxx - see vtkPVRamsesExtent.h.
#include "vtkPVRamsesExtent.h"

#include "vtkPVRamsesConsumers.h"
#include "vtkPVRamsesRanks.h"

#include "vtkAlgorithm.h"
#include "vtkDataObject.h"
#include "vtkExecutive.h"
#include "vtkInformation.h"
#include "vtkNew.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace {

using Pipeline = vtkStreamingDemandDrivenPipeline;

bool IsEmpty(const int extent[6]) {
    return extent[0] > extent[1] || extent[2] > extent[3] || extent[4] > extent[5];
}

bool IsWithin(const int part[6], const int whole[6]) {
    for (int axis = 0; axis < 3; ++axis) {
        if (part[2 * axis] < whole[2 * axis] || part[2 * axis + 1] > whole[2 * axis + 1])
            return false;
    }
    return true;
}

// The extent of `output`; where all of `before`, the old one, had been asked for, or what is no
// longer there, all is asked for.
void Replace(vtkInformation *output, const int before[6], const int whole[6]) {
    int asked[6] = {0, -1, 0, -1, 0, -1};
    if (output->Has(Pipeline::UPDATE_EXTENT()))
        output->Get(Pipeline::UPDATE_EXTENT(), asked);
    output->Set(Pipeline::WHOLE_EXTENT(), whole, 6);
    if (std::equal(asked, asked + 6, before) || IsEmpty(asked) || !IsWithin(asked, whole))
        output->Set(Pipeline::UPDATE_EXTENT(), whole, 6);
}

bool IsStructured(vtkInformation *output) {
    vtkDataObject *data = vtkDataObject::GetData(output);
    return data && data->GetExtentType() == VTK_3D_EXTENT;
}

std::array<int, 6> ExtentOf(vtkInformation *output) {
    std::array<int, 6> extent = {{0, -1, 0, -1, 0, -1}};
    if (output->Has(Pipeline::WHOLE_EXTENT()))
        output->Get(Pipeline::WHOLE_EXTENT(), extent.data());
    return extent;
}

// What is behind `output`, whose extent is new, learns of it as from REQUEST_INFORMATION: by VTK's
// rule that a filter has its first input's extent, and where images come out from the filter
// itself. (What makes surfaces of images hands on the extent, too, and would ask for the old one.)
void TellConsumers(vtkInformation *output, const vtkPVRamsesConsumers &consumers) {
    for (vtkExecutive *consumer : consumers.Of(output)) {
        const bool first = consumer->GetNumberOfInputPorts() > 0 &&
                           consumer->GetNumberOfInputConnections(0) > 0 &&
                           consumer->GetInputInformation(0, 0) == output;
        std::vector<std::pair<vtkInformation *, std::array<int, 6>>> told;
        bool asks = false;
        for (int port = 0; port < consumer->GetNumberOfOutputPorts(); ++port) {
            vtkInformation *next = consumer->GetOutputInformation(port);
            if (!next->Has(Pipeline::WHOLE_EXTENT()))
                continue;
            asks = asks || IsStructured(next);
            told.emplace_back(next, ExtentOf(next));
            if (first)
                next->CopyEntry(output, Pipeline::WHOLE_EXTENT());
        }
        vtkNew<vtkInformation> request;
        request->Set(vtkDemandDrivenPipeline::REQUEST_INFORMATION());
        if (asks)
            consumer->GetAlgorithm()->ProcessRequest(request, consumer->GetInputInformation(),
                                                     consumer->GetOutputInformation());
        for (const auto &entry : told) {
            const std::array<int, 6> whole = ExtentOf(entry.first);
            if (whole == entry.second)
                continue;
            Replace(entry.first, entry.second.data(), whole.data());
            TellConsumers(entry.first, consumers);
        }
    }
}

} // namespace

void vtkPVRamsesExtent::Recall(vtkInformation *output) const {
    output->Set(Pipeline::WHOLE_EXTENT(), this->Last, 6);
}

void vtkPVRamsesExtent::Tell(vtkInformation *output, const int whole[6],
                             const vtkPVRamsesRanks &ranks) {
    std::copy(whole, whole + 6, this->Last);
    int before[6] = {0, -1, 0, -1, 0, -1};
    if (output->Has(Pipeline::WHOLE_EXTENT()))
        output->Get(Pipeline::WHOLE_EXTENT(), before);
    output->Set(Pipeline::WHOLE_EXTENT(), whole, 6);
    output->Set(Pipeline::UPDATE_EXTENT(), whole, 6);
    if (output->Get(Pipeline::UPDATE_NUMBER_OF_PIECES()) > 1)
        output->Set(vtkDataObject::ALL_PIECES_EXTENT(), whole, 6);
    if (ranks.Any(!std::equal(before, before + 6, whole)))
        TellConsumers(output, vtkPVRamsesConsumers(ranks));
}
