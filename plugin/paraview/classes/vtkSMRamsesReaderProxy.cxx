// vtkSMRamsesReaderProxy.cxx - see vtkSMRamsesReaderProxy.h.
#include "vtkSMRamsesReaderProxy.h"

#include "vtkRAMSESReader.h"

#include "vtkObjectFactory.h"

vtkStandardNewMacro(vtkSMRamsesReaderProxy);

vtkSMRamsesReaderProxy::vtkSMRamsesReaderProxy() = default;
vtkSMRamsesReaderProxy::~vtkSMRamsesReaderProxy() = default;

void vtkSMRamsesReaderProxy::CreateVTKObjects() {
    const bool before = this->ObjectsCreated;
    this->Superclass::CreateVTKObjects();
    if (before || !this->ObjectsCreated)
        return;
    if (auto *reader = vtkRAMSESReader::SafeDownCast(this->GetClientSideObject()))
        reader->AddObserver(vtkRAMSESReader::ReportEvent, this,
                            &vtkSMRamsesReaderProxy::UpdateReport);
}

void vtkSMRamsesReaderProxy::PostUpdateData(bool usingCache) {
    const bool news = this->NeedsUpdate;
    this->Superclass::PostUpdateData(usingCache);
    if (news)
        this->UpdateReport();
}

void vtkSMRamsesReaderProxy::UpdateReport() {
    // this property alone: others may be being edited
    this->UpdatePropertyInformation(this->GetProperty("ThreadReport"));
}

void vtkSMRamsesReaderProxy::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
}
