// vtkPVRamsesArrays.cxx - see vtkPVRamsesArrays.h.
#include "vtkPVRamsesArrays.h"

#include "vtkAOSDataArrayTemplate.h"
#include "vtkDoubleArray.h"
#include "vtkFloatArray.h"
#include "vtkInformation.h"
#include "vtkInformationDoubleVectorKey.h"
#include "vtkInformationInformationVectorKey.h"
#include "vtkInformationStringKey.h"
#include "vtkInformationVector.h"
#include "vtkIntArray.h"
#include "vtkLongLongArray.h"
#include "vtkNew.h"
#include "vtkUnsignedCharArray.h"

#include <cstdio>

namespace {

template <typename ArrayT>
vtkSmartPointer<vtkDataArray> WrapAs(pvr_array *array) {
    vtkNew<ArrayT> wrapped;
    wrapped->SetNumberOfComponents(array->ncomponents);
    pvr_array_retain(array);
    wrapped->SetArray(static_cast<typename ArrayT::ValueType *>(array->data),
                      static_cast<vtkIdType>(array->ntuples) * array->ncomponents, 0,
                      vtkAbstractArray::VTK_DATA_ARRAY_USER_DEFINED);
    wrapped->SetArrayFreeFunction(pvr_array_release_data);
    return vtkSmartPointer<vtkDataArray>(wrapped.Get());
}

// Puts the ranges where VTK looks for them before it searches the array itself, with one thread and
// several times over: that would take longer than reading the file. No value is infinite here, so
// the ranges with and without infinite values are the same. NaN is left out, as VTK does.
void SetRanges(vtkDataArray *array, const double (*range)[2], const double norm[2]) {
    vtkNew<vtkInformationVector> components, finiteComponents;
    for (int i = 0; i < array->GetNumberOfComponents(); ++i) {
        for (vtkInformationVector *vector : {components.Get(), finiteComponents.Get()}) {
            vtkNew<vtkInformation> component;
            component->Set(vtkDataArray::COMPONENT_RANGE(), range[i], 2);
            vector->SetInformationObject(i, component);
        }
    }
    vtkInformation *info = array->GetInformation();
    info->Set(vtkAbstractArray::PER_COMPONENT(), components);
    info->Set(vtkAbstractArray::PER_FINITE_COMPONENT(), finiteComponents);
    info->Set(vtkDataArray::L2_NORM_RANGE(), norm, 2);
    info->Set(vtkDataArray::L2_NORM_FINITE_RANGE(), norm, 2);
}

template <typename SourceT>
vtkSmartPointer<vtkDataArray> WrapSource(const SourceT &source) {
    vtkSmartPointer<vtkDataArray> result = vtkPVRamsesArrays::Wrap(source.array, source.name);
    if (source.unit.label && source.unit.label[0])
        result->GetInformation()->Set(vtkDataArray::UNITS_LABEL(), source.unit.label);
    if (source.has_ranges)
        SetRanges(result, source.range, source.norm);
    return result;
}

template <typename ValueT>
bool BorrowAs(vtkDataArray *array, pvr_type type, pvr_array &borrowed) {
    auto *values = vtkAOSDataArrayTemplate<ValueT>::FastDownCast(array);
    if (!values)
        return false;
    borrowed.type = type;
    borrowed.data = values->GetPointer(0);
    return true;
}

} // namespace

vtkSmartPointer<vtkDataArray> vtkPVRamsesArrays::Wrap(pvr_array *array, const char *name) {
    vtkSmartPointer<vtkDataArray> result;
    switch (array->type) {
    case PVR_FLOAT32:
        result = WrapAs<vtkFloatArray>(array);
        break;
    case PVR_FLOAT64:
        result = WrapAs<vtkDoubleArray>(array);
        break;
    case PVR_UINT8:
        result = WrapAs<vtkUnsignedCharArray>(array);
        break;
    case PVR_INT32:
        result = WrapAs<vtkIntArray>(array);
        break;
    case PVR_INT64:
        result = WrapAs<vtkLongLongArray>(array);
        break;
    }
    result->SetName(name);
    if (array->ncomponents == 3) {
        result->SetComponentName(0, "x");
        result->SetComponentName(1, "y");
        result->SetComponentName(2, "z");
    }
    return result;
}

vtkSmartPointer<vtkDataArray> vtkPVRamsesArrays::Wrap(const pvr_mesh_array &array) {
    return WrapSource(array);
}

vtkSmartPointer<vtkDataArray> vtkPVRamsesArrays::Wrap(const pvr_particle_array &array) {
    return WrapSource(array);
}

void vtkPVRamsesArrays::Describe(vtkDataArray *target, vtkDataArray *source) {
    target->SetName(source->GetName());
    for (int c = 0; c < source->GetNumberOfComponents(); ++c) {
        if (source->GetComponentName(c))
            target->SetComponentName(c, source->GetComponentName(c));
    }
    vtkInformation *info = source->GetInformation();
    if (info->Has(vtkDataArray::UNITS_LABEL()))
        target->GetInformation()->Set(vtkDataArray::UNITS_LABEL(),
                                      info->Get(vtkDataArray::UNITS_LABEL()));
}

bool vtkPVRamsesArrays::Borrow(vtkDataArray *array, pvr_array &borrowed) {
    borrowed = pvr_array();
    borrowed.ncomponents = array->GetNumberOfComponents();
    borrowed.ntuples = static_cast<uint64_t>(array->GetNumberOfTuples());
    borrowed.references = 1;
    const bool right = BorrowAs<float>(array, PVR_FLOAT32, borrowed) ||
                       BorrowAs<double>(array, PVR_FLOAT64, borrowed) ||
                       BorrowAs<unsigned char>(array, PVR_UINT8, borrowed) ||
                       BorrowAs<int>(array, PVR_INT32, borrowed) ||
                       BorrowAs<long long>(array, PVR_INT64, borrowed) ||
                       (sizeof(long) == 8 && BorrowAs<long>(array, PVR_INT64, borrowed));
    if (right) {
        borrowed.bytes = borrowed.ntuples * static_cast<uint64_t>(borrowed.ncomponents) *
                         pvr_type_bytes(borrowed.type);
    }
    return right;
}

pvr_mesh_array vtkPVRamsesArrays::Named(vtkDataArray *array, pvr_array &values) {
    pvr_mesh_array named = pvr_mesh_array();
    snprintf(named.name, sizeof named.name, "%s", array->GetName() ? array->GetName() : "");
    vtkInformation *info = array->GetInformation();
    if (info->Has(vtkDataArray::UNITS_LABEL()))
        named.unit.label = info->Get(vtkDataArray::UNITS_LABEL());
    named.unit.factor = 1.0;
    named.ncomponents = values.ncomponents;
    named.array = &values;
    return named;
}
