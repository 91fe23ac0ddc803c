// vtkMeraWriter.cxx - see vtkMeraWriter.h; the work is done by pvr_mera_export.h.
#include "vtkMeraWriter.h"

#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"

#include "pvr_mera_export.h"

#include "vtkCellData.h"
#include "vtkDataArray.h"
#include "vtkDataObject.h"
#include "vtkDemandDrivenPipeline.h"
#include "vtkFieldData.h"
#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkInformationStringKey.h"
#include "vtkInformationVector.h"
#include "vtkMultiProcessController.h"
#include "vtkObjectFactory.h"
#include "vtkPointData.h"
#include "vtkPolyData.h"
#include "vtkStringArray.h"

#include <cstdio>
#include <string>
#include <vector>

vtkStandardNewMacro(vtkMeraWriter);

namespace {

// The output or file that the data came from, or null and an error.
pvr_snapshot *SourceOf(vtkDataObject *input, pvr_status &status, pvr_error &error) {
    if (vtkStringArray *why = vtkPVRamsesFailure::Of(input)) {
        status = pvr_fail(&error, PVR_ERROR_ARGUMENT, "There is nothing to write: %s",
                          why->GetValue(0).c_str());
        return nullptr;
    }
    auto *source = vtkStringArray::SafeDownCast(input->GetFieldData()->GetAbstractArray("source"));
    pvr_snapshot *snapshot = nullptr;
    if (!source || source->GetNumberOfValues() != 1) {
        status = pvr_fail(&error, PVR_ERROR_ARGUMENT,
                          "The data do not say which output they came from (field data `source`): "
                          "a Mera file tells of the simulation");
        return nullptr;
    }
    status = pvr_snapshot_open(source->GetValue(0).c_str(), &snapshot, &error);
    return snapshot;
}

// The unit of the points' coordinates, where the data say it; empty for code lengths.
std::string LengthOf(vtkDataObject *input) {
    auto *unit =
        vtkStringArray::SafeDownCast(input->GetFieldData()->GetAbstractArray("length_unit"));
    return unit && unit->GetNumberOfValues() == 1 ? unit->GetValue(0) : std::string();
}

const char *LabelOf(vtkDataArray *array) {
    vtkInformation *info = array->GetInformation();
    return info->Has(vtkDataArray::UNITS_LABEL()) ? info->Get(vtkDataArray::UNITS_LABEL()) : "";
}

// A VTK array as one of the library; false for types that it does not have.
bool Borrow(vtkDataArray *array, pvr_array &borrowed) {
    borrowed = pvr_array();
    switch (array->GetDataType()) {
    case VTK_FLOAT:
        borrowed.type = PVR_FLOAT32;
        break;
    case VTK_DOUBLE:
        borrowed.type = PVR_FLOAT64;
        break;
    case VTK_UNSIGNED_CHAR:
        borrowed.type = PVR_UINT8;
        break;
    case VTK_INT:
        borrowed.type = PVR_INT32;
        break;
    case VTK_LONG:
    case VTK_LONG_LONG:
    case VTK_ID_TYPE:
        borrowed.type = PVR_INT64;
        break;
    default:
        return false;
    }
    if (!array->HasStandardMemoryLayout() ||
        static_cast<size_t>(array->GetDataTypeSize()) != pvr_type_bytes(borrowed.type))
        return false;
    borrowed.ncomponents = array->GetNumberOfComponents();
    borrowed.ntuples = static_cast<uint64_t>(array->GetNumberOfTuples());
    borrowed.data = array->GetVoidPointer(0);
    borrowed.references = 1;
    return true;
}

pvr_status WriteMesh(vtkHyperTreeGrid *grid, pvr_snapshot *source, const char *path,
                     const pvr_mera_export_request &request, pvr_mera_out_written &written,
                     pvr_error &error) {
    vtkPVRamsesOctree octree;
    pvr_status status = octree.Take(grid, request.out.threads, error);
    if (status == PVR_OK && !octree.IsCubic())
        status = pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                          "The cells are not cubes: this is no mesh of RAMSES");
    vtkCellData *cells = grid->GetCellData();
    for (int i = 0; i < cells->GetNumberOfArrays() && status == PVR_OK; ++i) {
        vtkDataArray *array = cells->GetArray(i);
        if (array && array->GetName())
            status = octree.Add(array, error);
    }
    return status == PVR_OK
               ? pvr_mera_export_mesh(source, &octree.Mesh(), path, &request, &written, &error)
               : status;
}

pvr_status WriteParticles(vtkPolyData *points, pvr_snapshot *source, const char *path,
                          const pvr_mera_export_request &request, pvr_mera_out_written &written,
                          pvr_error &error) {
    vtkPointData *data = points->GetPointData();
    std::vector<pvr_array> values(static_cast<size_t>(data->GetNumberOfArrays()) + 1);
    std::vector<pvr_particle_array> arrays;
    pvr_particles particles = pvr_particles();
    if (!points->GetPoints() || !Borrow(points->GetPoints()->GetData(), values[0]))
        return pvr_fail(&error, PVR_ERROR_ARGUMENT, "There are no points");
    if (!LengthOf(points).empty())
        return pvr_fail(&error, PVR_ERROR_ARGUMENT,
                        "Positions are in %s: a Mera file holds code units (LengthUnit of the "
                        "reader)",
                        LengthOf(points).c_str());
    for (int i = 0; i < data->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = data->GetArray(i);
        pvr_array &value = values[static_cast<size_t>(i) + 1];
        if (!array || !array->GetName() || !Borrow(array, value))
            continue;
        pvr_particle_array known = pvr_particle_array();
        snprintf(known.name, sizeof known.name, "%s", array->GetName());
        known.unit.factor = 1;
        known.unit.label = LabelOf(array);
        known.ncomponents = value.ncomponents;
        known.array = &value;
        arrays.push_back(known);
    }
    particles.count = values[0].ntuples;
    particles.position.array = &values[0];
    particles.narrays = static_cast<int>(arrays.size());
    particles.arrays = arrays.data();
    return pvr_mera_export_particle_list(source, &particles, path, &request, &written, &error);
}

} // namespace

vtkMeraWriter::vtkMeraWriter() {
    this->SetNumberOfInputPorts(1);
    this->SetNumberOfOutputPorts(0);
}

vtkMeraWriter::~vtkMeraWriter() {
    this->SetFileName(nullptr);
    this->SetComments(nullptr);
}

int vtkMeraWriter::FillInputPortInformation(int, vtkInformation *info) {
    for (const char *type : {"vtkHyperTreeGrid", "vtkPolyData"})
        info->Append(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), type);
    return 1;
}

int vtkMeraWriter::Write() {
    if (this->GetNumberOfInputConnections(0) < 1) {
        vtkErrorMacro("There is nothing to write: no input.");
        return 0;
    }
    this->Report.clear();
    this->Modified(); // written again even if nothing changed: the file may be gone
    this->Update();
    return this->Report.empty() ? 0 : 1;
}

vtkTypeBool vtkMeraWriter::ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                                          vtkInformationVector *outputs) {
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_DATA()))
        return this->RequestData(inputs);
    return this->Superclass::ProcessRequest(request, inputs, outputs);
}

int vtkMeraWriter::RequestData(vtkInformationVector **inputs) {
    // Of several ranks each was given all of the data; one file is written.
    vtkMultiProcessController *ranks = vtkMultiProcessController::GetGlobalController();
    if (ranks && ranks->GetLocalProcessId() > 0) {
        this->Report = "written by rank 0";
        return 1;
    }
    vtkDataObject *input = vtkDataObject::GetData(inputs[0]);
    const pvr_threads threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_mera_export_request request = pvr_mera_export_request();
    request.out.compressor = static_cast<pvr_mera_out_compressor>(this->Compressor);
    request.out.comments =
        this->Comments && this->Comments[0] ? this->Comments : "written by pvramses in ParaView";
    request.out.append = this->Append;
    request.out.threads = &threads;
    request.out.progress = vtkPVRamsesFilter::TellProgress;
    request.out.progress_context = this;
    pvr_mera_out_written written = pvr_mera_out_written();
    pvr_error error;
    pvr_error_clear(&error);
    pvr_status status = PVR_OK;
    this->SetProgressText("Writing");
    pvr_snapshot *source = SourceOf(input, status, error);
    const char *path = this->FileName ? this->FileName : "";
    if (source) {
        auto *grid = vtkHyperTreeGrid::SafeDownCast(input);
        auto *points = vtkPolyData::SafeDownCast(input);
        status = grid     ? WriteMesh(grid, source, path, request, written, error)
                 : points ? WriteParticles(points, source, path, request, written, error)
                          : pvr_fail(&error, PVR_ERROR_ARGUMENT, "There is no data");
    }
    pvr_snapshot_release(source);
    if (status == PVR_OK) {
        char text[1024];
        snprintf(
            text, sizeof text,
            "%s: %llu rows, %.4g MB as %.4g MB in %.3g s with %d threads; read back in %.3g s; "
            "to the disk %.3g s",
            path, static_cast<unsigned long long>(written.rows),
            1e-6 * static_cast<double>(written.bytes_in),
            1e-6 * static_cast<double>(written.bytes_out), written.write_seconds,
            written.report.threads, written.verify_seconds, written.sync_seconds);
        this->Report = text;
    }
    pvr_report_free(&written.report);
    if (status != PVR_OK && status != PVR_CANCELLED)
        vtkErrorMacro(<< error.message);
    return status == PVR_OK || status == PVR_CANCELLED ? 1 : 0;
}

void vtkMeraWriter::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "FileName: " << (this->FileName ? this->FileName : "(none)") << "\n"
       << indent << "Compressor: " << this->Compressor << "\n"
       << indent << "Append: " << this->Append << "\n"
       << indent << "Comments: " << (this->Comments ? this->Comments : "(none)") << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n"
       << indent << "Report: " << this->Report << "\n";
}
