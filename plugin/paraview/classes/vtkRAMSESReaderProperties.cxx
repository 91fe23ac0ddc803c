// vtkRAMSESReaderProperties.cxx - the properties of a RAMSES reader: what they ask for, in the
// words of those who read.
#include "vtkRAMSESReaderInternals.h"

#include <algorithm>
#include <sstream>

namespace {

// Called by the library now and then while it reads, from the thread that reads.
int TellProgress(void *context, double fraction, uint64_t, uint64_t) {
    auto *reader = static_cast<vtkRAMSESReader *>(context);
    reader->UpdateProgress(0.95 * fraction);
    return reader->CheckAbort() ? 1 : 0;
}

} // namespace

vtkPVRamsesReading vtkRAMSESReader::Internals::ReadingFor(const pvr_snapshot *snapshot) {
    vtkPVRamsesReading reading;
    reading.Threads.max = this->Reader->MaxThreads;
    reading.Threads.pin = this->Reader->PinThreads;
    reading.Threads.prefetch = this->Reader->Prefetch;
    reading.Precision = this->Reader->Precision == 0 ? PVR_FLOAT32 : PVR_FLOAT64;
    reading.Units = static_cast<pvr_field_units>(this->Reader->FieldUnits);
    reading.Length = pvr_length_unit(pvr_snapshot_info(snapshot),
                                     static_cast<enum pvr_length_unit>(this->Reader->LengthUnit));
    reading.Region.type = static_cast<pvr_region_type>(this->Reader->RegionType);
    reading.Region.by_centre = this->Reader->RegionCells == 1;
    double box[3];
    uint32_t coarse[3];
    pvr_snapshot_box(snapshot, box, coarse);
    const auto length = [&](double value, double otherwise) {
        return value >= vtkRAMSESReader::Unset ? otherwise : value / reading.Length.factor;
    };
    for (int axis = 0; axis < 3; ++axis) {
        const double half = 0.5 * box[axis];
        reading.Region.centre[axis] = length(this->Reader->RegionCenter[axis], half);
        reading.Region.size[axis] = length(this->Reader->RegionSize[axis], half);
        if (reading.Region.type == PVR_REGION_BOX)
            this->Reader->MoveBox(axis, reading.Region.centre[axis], reading.Region.size[axis]);
        reading.Region.axis[axis] = this->Reader->RegionAxis[axis];
    }
    const double shortest = *std::min_element(box, box + pvr_snapshot_info(snapshot)->ndim);
    reading.Region.radius = length(this->Reader->RegionRadius, 0.25 * shortest);
    reading.Region.height = length(this->Reader->RegionHeight, 0.5 * shortest);
    reading.Progress = TellProgress;
    reading.ProgressContext = this->Reader;
    return reading;
}

vtkPVRamsesCells::Choice vtkRAMSESReader::Internals::MakeChoice() const {
    vtkPVRamsesCells::Choice choice;
    choice.Fields = this->CellArrays;
    choice.Derived = this->DerivedArrays;
    choice.MaxLevel = this->Reader->MaxLevel;
    choice.Options.mean_molecular_weight = this->Reader->MeanMolecularWeight;
    choice.Options.hydrogen_fraction = this->Reader->HydrogenFraction;
    choice.Options.has_centre = this->Reader->DerivedCenterType == 1;
    choice.Options.bulk = this->Reader->BulkVelocity == 1 ? PVR_BULK_MEAN : PVR_BULK_NONE;
    std::copy(this->Reader->DerivedCenter, this->Reader->DerivedCenter + 3, choice.Options.centre);
    std::copy(this->Reader->DerivedAxis, this->Reader->DerivedAxis + 3, choice.Options.axis);
    return choice;
}

vtkDataArraySelection *vtkRAMSESReader::GetCellArraySelection() {
    return this->Internal->CellArrays;
}

vtkDataArraySelection *vtkRAMSESReader::GetDerivedArraySelection() {
    return this->Internal->DerivedArrays;
}

vtkDataArraySelection *vtkRAMSESReader::GetPointArraySelection() {
    return this->Internal->PointArrays;
}

vtkDataArraySelection *vtkRAMSESReader::GetFamilySelection() {
    return this->Internal->Families;
}

vtkMTimeType vtkRAMSESReader::GetMTime() {
    const Internals &internal = *this->Internal;
    return std::max({this->Superclass::GetMTime(), internal.CellArrays->GetMTime(),
                     internal.DerivedArrays->GetMTime(), internal.PointArrays->GetMTime(),
                     internal.Families->GetMTime()});
}

void vtkRAMSESReader::SetRegionNumbers(double *numbers, std::initializer_list<double> wanted) {
    if (std::equal(wanted.begin(), wanted.end(), numbers))
        return;
    std::copy(wanted.begin(), wanted.end(), numbers);
    if (this->RegionType != PVR_REGION_NONE)
        this->Modified();
}

void vtkRAMSESReader::SetRegionCenter(double x, double y, double z) {
    this->SetRegionNumbers(this->RegionCenter, {x, y, z});
}

void vtkRAMSESReader::SetRegionSize(double x, double y, double z) {
    this->SetRegionNumbers(this->RegionSize, {x, y, z});
}

void vtkRAMSESReader::SetRegionRadius(double radius) {
    this->SetRegionNumbers(&this->RegionRadius, {radius});
}

void vtkRAMSESReader::SetRegionHeight(double height) {
    this->SetRegionNumbers(&this->RegionHeight, {height});
}

void vtkRAMSESReader::MoveBox(int axis, double &center, double &size) const {
    const double *bounds = this->RegionReferenceBounds + 2 * axis;
    const double low = this->RegionUseReferenceBounds ? bounds[0] : 0.0;
    const double high = this->RegionUseReferenceBounds ? bounds[1] : 1.0;
    center += size * 0.5 * (low + high);
    size *= high - low;
}

std::string vtkRAMSESReader::KeyOf(int port) const {
    const Internals &internal = *this->Internal;
    std::ostringstream key;
    key.precision(17);
    key << this->LengthUnit << ' ' << this->FieldUnits << ' ' << this->Precision << ' '
        << this->RegionType << ' ' << this->RankSplit << ' ';
    for (int axis = 0; this->RegionType != PVR_REGION_NONE && axis < 3; ++axis)
        key << this->RegionCenter[axis] << ' ';
    for (int axis = 0; this->RegionType == PVR_REGION_BOX && axis < 3; ++axis) {
        double center = this->RegionCenter[axis], size = this->RegionSize[axis];
        this->MoveBox(axis, center, size);
        key << center << ' ' << size << ' ';
    }
    if (this->RegionType == PVR_REGION_SPHERE || this->RegionType == PVR_REGION_CYLINDER)
        key << this->RegionRadius << ' ';
    if (this->RegionType == PVR_REGION_CYLINDER)
        key << this->RegionHeight << ' ' << this->RegionAxis[0] << ' ' << this->RegionAxis[1] << ' '
            << this->RegionAxis[2] << ' ';
    if (this->RegionType != PVR_REGION_NONE && port == PORT_MESH)
        key << this->RegionCells << ' ';
    if (port == PORT_MESH) {
        key << this->ReadMesh << ' ' << this->MaxLevel << ' '
            << vtkPVRamsesSelection::Text(internal.CellArrays) << ' '
            << vtkPVRamsesSelection::Text(internal.DerivedArrays) << ' '
            << this->MeanMolecularWeight << ' ' << this->HydrogenFraction << ' '
            << this->DerivedCenterType << ' ' << this->BulkVelocity;
        for (int axis = 0; axis < 3; ++axis)
            key << ' ' << this->DerivedCenter[axis] << ' ' << this->DerivedAxis[axis];
    } else if (port == PORT_PARTICLES) {
        key << this->ReadParticles << ' ' << this->ParticleThinning << ' '
            << vtkPVRamsesSelection::Text(internal.PointArrays) << ' '
            << vtkPVRamsesSelection::Text(internal.Families);
    } else if (port == PORT_SINKS) {
        key << this->ReadSinks;
    } else {
        key << this->ReadClumps << ' ' << this->ClumpList;
    }
    return key.str();
}

void vtkRAMSESReader::SetCacheBudget(int mebibytes) {
    const int wanted = std::max(0, mebibytes);
    if (wanted == this->CacheBudget)
        return;
    this->CacheBudget = wanted; // the data stays what it is: not modified
    if (pvr_cache *cache = this->Internal->Shared->GetCache())
        pvr_cache_set_budget(cache, static_cast<uint64_t>(wanted) << 20);
}

void vtkRAMSESReader::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "FileName: " << (this->FileName ? this->FileName : "(none)") << "\n"
       << indent << "TimeUnit: " << this->TimeUnit << "\n"
       << indent << "ReadMesh: " << this->ReadMesh << "\n"
       << indent << "ReadParticles: " << this->ReadParticles << "\n"
       << indent << "ReadSinks: " << this->ReadSinks << "\n"
       << indent << "ReadClumps: " << this->ReadClumps << "\n"
       << indent << "ClumpList: " << this->ClumpList << "\n"
       << indent << "ParticleThinning: " << this->ParticleThinning << "\n"
       << indent << "MeanMolecularWeight: " << this->MeanMolecularWeight << "\n"
       << indent << "HydrogenFraction: " << this->HydrogenFraction << "\n"
       << indent << "DerivedCenterType: " << this->DerivedCenterType << "\n"
       << indent << "BulkVelocity: " << this->BulkVelocity << "\n"
       << indent << "MaxLevel: " << this->MaxLevel << "\n"
       << indent << "RegionType: " << this->RegionType << "\n"
       << indent << "RegionCells: " << this->RegionCells << "\n"
       << indent << "LengthUnit: " << this->LengthUnit << "\n"
       << indent << "FieldUnits: " << this->FieldUnits << "\n"
       << indent << "Precision: " << this->Precision << "\n"
       << indent << "RankSplit: " << this->RankSplit << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n"
       << indent << "PinThreads: " << this->PinThreads << "\n"
       << indent << "Prefetch: " << this->Prefetch << "\n"
       << indent << "CacheBudget: " << this->CacheBudget << "\n"
       << indent << "Progressive: " << this->Progressive << "\n"
       << indent << "FrameTime: " << this->FrameTime << "\n";
}
