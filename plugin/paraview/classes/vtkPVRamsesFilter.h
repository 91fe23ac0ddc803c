// vtkPVRamsesFilter.h - what filters on meshes have in common: threads, progress, errors.
#ifndef vtkPVRamsesFilter_h
#define vtkPVRamsesFilter_h

#include "pvr_threads.h"

#include "vtkAlgorithm.h"

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

} // namespace vtkPVRamsesFilter

#endif
