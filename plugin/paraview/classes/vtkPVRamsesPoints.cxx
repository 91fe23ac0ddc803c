// vtkPVRamsesPoints.cxx - see vtkPVRamsesPoints.h.
#include "vtkPVRamsesPoints.h"

#include "vtkPVRamsesArrays.h"

#include "vtkCellArray.h"
#include "vtkNew.h"
#include "vtkPoints.h"
#include "vtkTypeInt32Array.h"
#include "vtkTypeInt64Array.h"

#include <algorithm>
#include <limits>

namespace {

constexpr uint64_t CHUNK = 1u << 20; // numbers of a task

// A task of the team: writes the numbers 0, 1, 2... into its part of an array.
template <typename T>
pvr_status Number(void *context, size_t task, pvr_worker *, pvr_error *) {
    const pvr_array *array = static_cast<pvr_array *>(context);
    T *values = static_cast<T *>(array->data);
    const uint64_t end = std::min(array->ntuples, (task + 1) * CHUNK);
    for (uint64_t i = task * CHUNK; i < end; ++i)
        values[i] = static_cast<T>(i);
    return PVR_OK;
}

// The first `count` numbers of `numbers`.
template <typename ArrayT>
vtkSmartPointer<ArrayT> View(pvr_array *numbers, uint64_t count) {
    vtkNew<ArrayT> view;
    pvr_array_retain(numbers);
    view->SetArray(static_cast<typename ArrayT::ValueType *>(numbers->data),
                   static_cast<vtkIdType>(count), 0, vtkAbstractArray::VTK_DATA_ARRAY_USER_DEFINED);
    view->SetArrayFreeFunction(pvr_array_release_data);
    return vtkSmartPointer<ArrayT>(view.Get());
}

// Vertex i is point i: its place in the list of points is i too, so one row of numbers serves as
// both.
template <typename ArrayT>
void SetVertices(vtkPolyData *output, pvr_array *numbers) {
    const uint64_t count = numbers->ntuples - 1;
    vtkSmartPointer<ArrayT> offsets = View<ArrayT>(numbers, count + 1);
    vtkSmartPointer<ArrayT> points = View<ArrayT>(numbers, count);
    vtkNew<vtkCellArray> vertices;
    vertices->SetData(offsets.Get(), points.Get());
    output->SetVerts(vertices);
}

} // namespace

pvr_status vtkPVRamsesPoints::Set(vtkPolyData *output, pvr_array *position,
                                  const pvr_threads *threads, pvr_error &error) {
    const uint64_t count = position->ntuples;
    const bool small = count < static_cast<uint64_t>(std::numeric_limits<int32_t>::max());
    pvr_array *numbers = nullptr;
    pvr_status status =
        pvr_array_new(small ? PVR_INT32 : PVR_INT64, 1, count + 1, &numbers, &error);
    if (status != PVR_OK)
        return status;
    pvr_job job;
    status = pvr_job_begin(&job, threads, nullptr, nullptr, &error);
    if (status == PVR_OK) {
        status = pvr_job_run(&job, static_cast<size_t>((count + CHUNK) / CHUNK), nullptr,
                             small ? Number<int32_t> : Number<int64_t>, nullptr, numbers, &error);
        pvr_job_end(&job, nullptr);
    }
    if (status == PVR_OK) {
        vtkNew<vtkPoints> points;
        points->SetData(vtkPVRamsesArrays::Wrap(position, "Points"));
        output->SetPoints(points);
        if (small)
            SetVertices<vtkTypeInt32Array>(output, numbers);
        else
            SetVertices<vtkTypeInt64Array>(output, numbers);
    }
    pvr_array_release(numbers);
    return status;
}
