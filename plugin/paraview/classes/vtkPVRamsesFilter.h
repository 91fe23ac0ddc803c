// vtkPVRamsesFilter.h - what filters on meshes have in common: threads, progress, errors.
#ifndef vtkPVRamsesFilter_h
#define vtkPVRamsesFilter_h

#include "pvr_threads.h"

#include "vtkAlgorithm.h"
#include "vtkExecutive.h"
#include "vtkInformation.h"
#include "vtkInformationExecutivePortVectorKey.h"
#include "vtkMultiProcessController.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <algorithm>

namespace vtkPVRamsesFilter {

inline pvr_threads Threads(int maxThreads) {
    pvr_threads threads = pvr_threads();
    threads.max = maxThreads;
    return threads;
}

// A pvr_progress_fn; the context is the filter. Called by the thread that waits.
inline int TellProgress(void *context, double fraction, uint64_t, uint64_t) {
    auto *filter = static_cast<vtkAlgorithm *>(context);
    filter->UpdateProgress(0.99 * fraction);
    return filter->CheckAbort() ? 1 : 0;
}

// Tells the extent of an image that is known only now that it was made. VTK asks for extents before
// it asks for data; what ParaView puts behind every filter to pass its output on has told the old
// one to the view by then, which would draw nothing of the new one: so it is told there too.
// On several ranks nothing is told: the first alone has the image. Were extents told there VTK
// would have it execute again where it leaves the others alone, and it would wait for them for
// ever.
inline void TellExtent(vtkInformation *info, const int extent[6]) {
    vtkMultiProcessController *ranks = vtkMultiProcessController::GetGlobalController();
    if (ranks && ranks->GetNumberOfProcesses() > 1)
        return;
    vtkInformationIntegerVectorKey *const whole = vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT();
    int before[6] = {0, -1, 0, -1, 0, -1};
    if (info->Has(whole))
        info->Get(whole, before);
    info->Set(whole, extent, 6);
    vtkExecutive **consumers = vtkExecutive::CONSUMERS()->GetExecutives(info);
    const int count = vtkExecutive::CONSUMERS()->Length(info);
    for (int i = 0; i < count; ++i) {
        for (int port = 0; port < consumers[i]->GetNumberOfOutputPorts(); ++port) {
            vtkInformation *output = consumers[i]->GetOutputInformation(port);
            const int *told = output && output->Has(whole) ? output->Get(whole) : nullptr;
            if (told && std::equal(told, told + 6, before))
                output->Set(whole, extent, 6);
        }
    }
}

} // namespace vtkPVRamsesFilter

#endif
