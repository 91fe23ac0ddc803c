// vtkPVRamsesFailure.cxx - see vtkPVRamsesFailure.h.
#include "vtkPVRamsesFailure.h"

#include "vtkAlgorithm.h"
#include "vtkDataObject.h"
#include "vtkFieldData.h"
#include "vtkNew.h"
#include "vtkStringArray.h"

static const char *const fieldName = "pvramses_error";

vtkStringArray *vtkPVRamsesFailure::Of(vtkDataObject *data) {
    return vtkStringArray::SafeDownCast(data->GetFieldData()->GetAbstractArray(fieldName));
}

void vtkPVRamsesFailure::Mark(vtkDataObject *output, const char *why) {
    output->Initialize();
    vtkNew<vtkStringArray> told;
    told->SetName(fieldName);
    told->InsertNextValue(why);
    output->GetFieldData()->AddArray(told);
}

int vtkPVRamsesFailure::Tell(vtkAlgorithm *filter, vtkDataObject *input, vtkDataObject *output,
                             const char *why) {
    Mark(output, why);
    const vtkMTimeType inputTime = input ? input->GetMTime() : 0;
    if (this->Why == why && this->FilterTime == filter->GetMTime() && this->InputTime == inputTime)
        return 1;
    this->Why = why;
    this->FilterTime = filter->GetMTime();
    this->InputTime = inputTime;
    vtkErrorWithObjectMacro(filter, << why);
    return 1;
}
