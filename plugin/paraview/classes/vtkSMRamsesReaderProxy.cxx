// vtkSMRamsesReaderProxy.cxx - see vtkSMRamsesReaderProxy.h.
#include "vtkSMRamsesReaderProxy.h"

#include "vtkRAMSESReader.h"

#include "vtkObjectFactory.h"
#include "vtkPVPluginsInformation.h"
#include "vtkSMPluginManager.h"
#include "vtkSMProperty.h"
#include "vtkSMPropertyHelper.h"
#include "vtkSMProxyManager.h"

#include <cmath>
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

void vtkSMRamsesReaderProxy::PostUpdateData(bool usingCache) {
    const bool news = this->NeedsUpdate;
    this->Superclass::PostUpdateData(usingCache);
    if (news)
        this->FollowLengthUnit();
}

void vtkSMRamsesReaderProxy::FollowLengthUnit() {
    const int unit = vtkSMPropertyHelper(this, "LengthUnit").GetAsInt();
    if (unit == this->LengthUnit)
        return;
    this->LengthUnit = unit;
    for (const char *name : {"BoxInfo", "RadiusInfo", "HeightInfo"})
        this->UpdatePropertyInformation(this->GetProperty(name));
    // Numbers that were given, and those of a region that is shown, are their user's.
    if (vtkSMPropertyHelper(this, "RegionType").GetAsInt() != 0 || !this->HasDefaultRegion())
        return;
    for (const char *name : {"RegionCenter", "RegionSize", "RegionRadius", "RegionHeight"})
        this->GetProperty(name)->ResetToDomainDefaults();
    this->UpdateVTKObjects();
}

bool vtkSMRamsesReaderProxy::HasDefaultRegion() {
    const vtkSMPropertyHelper box(this, "BoxInfo"), center(this, "RegionCenter");
    const vtkSMPropertyHelper size(this, "RegionSize");
    const auto same = [](double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(a); };
    // the unit in which they were set
    const double before = 2.0 * center.GetAsDouble(0) / box.GetAsDouble(1);
    for (unsigned int axis = 0; axis < 3; ++axis) {
        const double half = 0.5 * before * box.GetAsDouble(2 * axis + 1);
        if (!same(center.GetAsDouble(axis), half) || !same(size.GetAsDouble(axis), half))
            return false;
    }
    return same(vtkSMPropertyHelper(this, "RegionRadius").GetAsDouble(),
                0.5 * before * vtkSMPropertyHelper(this, "RadiusInfo").GetAsDouble(1)) &&
           same(vtkSMPropertyHelper(this, "RegionHeight").GetAsDouble(),
                0.5 * before * vtkSMPropertyHelper(this, "HeightInfo").GetAsDouble(1));
}

void vtkSMRamsesReaderProxy::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
}
