// vtkSMRamsesReaderProxy.cxx - see vtkSMRamsesReaderProxy.h.
#include "vtkSMRamsesReaderProxy.h"

#include "vtkRAMSESReader.h"

#include "vtkObjectFactory.h"
#include "vtkPVPluginsInformation.h"
#include "vtkSMPluginManager.h"
#include "vtkSMProxyManager.h"

#include <cstring>
#include <string>

namespace {

// The version of this plugin in a list of plugins; empty where it is not loaded.
std::string VersionIn(vtkPVPluginsInformation *plugins) {
    for (unsigned int i = 0; plugins && i < plugins->GetNumberOfPlugins(); ++i) {
        const char *name = plugins->GetPluginName(i), *version = plugins->GetPluginVersion(i);
        if (plugins->GetPluginLoaded(i) && name && version && std::strcmp(name, "RAMSES") == 0)
            return version;
    }
    return std::string();
}

} // namespace

vtkStandardNewMacro(vtkSMRamsesReaderProxy);

vtkSMRamsesReaderProxy::vtkSMRamsesReaderProxy() = default;
vtkSMRamsesReaderProxy::~vtkSMRamsesReaderProxy() = default;

void vtkSMRamsesReaderProxy::CreateVTKObjects() {
    const bool before = this->ObjectsCreated;
    this->Superclass::CreateVTKObjects();
    if (before || !this->ObjectsCreated)
        return;
    this->CompareVersions();
    if (auto *reader = vtkRAMSESReader::SafeDownCast(this->GetClientSideObject()))
        reader->AddObserver(vtkRAMSESReader::ReportEvent, this,
                            &vtkSMRamsesReaderProxy::UpdateReports);
}

void vtkSMRamsesReaderProxy::CompareVersions() {
    vtkSMPluginManager *plugins = vtkSMProxyManager::GetProxyManager()->GetPluginManager();
    const std::string there = VersionIn(plugins->GetRemoteInformation(this->GetSession()));
    if (!there.empty() && there != PVRAMSES_VERSION)
        vtkErrorMacro(<< "The plugin RAMSES is version " << PVRAMSES_VERSION
                      << " in this client and version " << there
                      << " on the server: install the same one on both sides.");
}

void vtkSMRamsesReaderProxy::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
}
