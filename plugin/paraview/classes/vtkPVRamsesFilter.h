// vtkPVRamsesFilter.h - what filters on meshes have in common: threads, progress, errors.
#ifndef vtkPVRamsesFilter_h
#define vtkPVRamsesFilter_h

#include "pvr_threads.h"

#include "vtkAlgorithm.h"
#include "vtkDataObject.h"
#include "vtkFieldData.h"
#include "vtkNew.h"
#include "vtkStringArray.h"

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

// Data that are empty because a reader or a filter failed say so, and why, in their field data:
// writers would write an empty file. A run that ends so returns 1: after a failure views would not
// ask again.
inline const char *WhyName() {
    return "pvramses_error";
}

inline void MarkFailed(vtkDataObject *output, const char *why) {
    output->Initialize();
    vtkNew<vtkStringArray> told;
    told->SetName(WhyName());
    told->InsertNextValue(why);
    output->GetFieldData()->AddArray(told);
}

// Null for data that did not fail.
inline vtkStringArray *WhyFailed(vtkDataObject *data) {
    return vtkStringArray::SafeDownCast(data->GetFieldData()->GetAbstractArray(WhyName()));
}

} // namespace vtkPVRamsesFilter

#endif
