// vtkSMRamsesSourceProxy.cxx - see vtkSMRamsesSourceProxy.h.
#include "vtkSMRamsesSourceProxy.h"

#include "vtkObjectFactory.h"
#include "vtkSMProperty.h"

vtkStandardNewMacro(vtkSMRamsesSourceProxy);

vtkSMRamsesSourceProxy::vtkSMRamsesSourceProxy() = default;
vtkSMRamsesSourceProxy::~vtkSMRamsesSourceProxy() = default;

void vtkSMRamsesSourceProxy::PostUpdateData(bool usingCache) {
    const bool news = this->NeedsUpdate;
    this->Superclass::PostUpdateData(usingCache);
    if (news)
        this->UpdateReports();
}

void vtkSMRamsesSourceProxy::UpdateReports() {
    // these alone: other properties may be being edited
    for (const char *name : {"ThreadReport", "MemoryEstimate"}) {
        if (vtkSMProperty *report = this->GetProperty(name))
            this->UpdatePropertyInformation(report);
    }
}

void vtkSMRamsesSourceProxy::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
}
