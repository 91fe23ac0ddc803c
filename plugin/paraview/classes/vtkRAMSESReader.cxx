// vtkRAMSESReader.cxx - see vtkRAMSESReader.h. No algorithm stands here: the library reads, and
// this class tells it what is wanted and hands the result to the pipeline.
#include "vtkRAMSESReader.h"

#include "vtkPVRamsesFacts.h"
#include "vtkPVRamsesMesh.h"
#include "vtkPVRamsesRun.h"

#include "pvr_mesh.h"
#include "pvr_series.h"
#include "pvr_snapshot.h"

#include "vtkCellData.h"
#include "vtkDataArray.h"
#include "vtkDataObject.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkNew.h"
#include "vtkObjectFactory.h"
#include "vtkSmartPointer.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <algorithm>
#include <cstdio>
#include <vector>

vtkStandardNewMacro(vtkRAMSESReader);

struct vtkRAMSESReader::Internals {
    vtkPVRamsesRun Run;
    vtkNew<vtkDataArraySelection> CellArrays;
    std::string InformationError; // of the last RequestInformation; told when data is asked for
    std::string Warned;           // path of the output whose warnings were told last

    // What was read last, and with what. Time is asked for in many ways (none, a view's 0 before
    // there are time steps, any time between two outputs) that mean the same output: it is not read
    // again. The memory is the output's own.
    vtkNew<vtkHyperTreeGrid> Mesh;
    std::string MeshPath;
    vtkMTimeType MeshTime = 0; // of the properties

    void Forget() {
        this->Mesh->Initialize();
        this->MeshPath.clear();
    }
};

namespace {

// Frees what the library gave at the end of a scope.
struct MeshHolder {
    pvr_mesh *Mesh = nullptr;
    ~MeshHolder() {
        if (this->Mesh)
            pvr_mesh_free(this->Mesh);
    }
};

// Called by the library now and then while it reads, from the thread that reads.
int TellProgress(void *context, double fraction, uint64_t, uint64_t) {
    auto *reader = static_cast<vtkRAMSESReader *>(context);
    reader->UpdateProgress(0.95 * fraction);
    return reader->CheckAbort() ? 1 : 0;
}

std::string ReportText(const pvr_report *report) {
    const int length = pvr_report_text(report, nullptr, 0);
    std::vector<char> text(static_cast<size_t>(length > 0 ? length : 0) + 1, '\0');
    pvr_report_text(report, text.data(), text.size());
    return text.data();
}

} // namespace

vtkRAMSESReader::vtkRAMSESReader() : Internal(new Internals) {
    this->SetNumberOfInputPorts(0);
    this->SetNumberOfOutputPorts(NUMBER_OF_PORTS);
}

vtkRAMSESReader::~vtkRAMSESReader() {
    this->SetFileName(nullptr);
}

int vtkRAMSESReader::FillOutputPortInformation(int port, vtkInformation *info) {
    if (port != PORT_MESH)
        return 0;
    info->Set(vtkDataObject::DATA_TYPE_NAME(), "vtkHyperTreeGrid");
    return 1;
}

int vtkRAMSESReader::CanReadFile(const char *path) {
    return path && pvr_output_recognized(path) ? 1 : 0;
}

vtkDataArraySelection *vtkRAMSESReader::GetCellArraySelection() {
    return this->Internal->CellArrays;
}

const char *vtkRAMSESReader::GetThreadReport() {
    return this->ThreadReport.c_str();
}

const char *vtkRAMSESReader::GetOutputFacts() {
    return this->OutputFacts.c_str();
}

vtkMTimeType vtkRAMSESReader::GetMTime() {
    return std::max(this->Superclass::GetMTime(), this->Internal->CellArrays->GetMTime());
}

vtkTypeBool vtkRAMSESReader::ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                                            vtkInformationVector *outputs) {
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_INFORMATION()))
        return this->RequestInformation(request, inputs, outputs);
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_DATA()))
        return this->RequestData(request, inputs, outputs);
    return this->Superclass::ProcessRequest(request, inputs, outputs);
}

int vtkRAMSESReader::RequestInformation(vtkInformation *, vtkInformationVector **,
                                        vtkInformationVector *outputs) {
    Internals &internal = *this->Internal;
    for (int port = 0; port < outputs->GetNumberOfInformationObjects(); ++port) {
        vtkInformation *info = outputs->GetInformationObject(port);
        info->Remove(vtkStreamingDemandDrivenPipeline::TIME_STEPS());
        info->Remove(vtkStreamingDemandDrivenPipeline::TIME_RANGE());
    }
    // An error is kept for RequestData: ParaView asks for information again and again, and a person
    // should be told once.
    internal.InformationError.clear();
    this->OutputFacts.clear();
    if (!this->FileName || !this->FileName[0]) {
        internal.InformationError = "No file name: choose an info_NNNNN.txt or an output folder.";
        return 1;
    }
    pvr_error error;
    pvr_error_clear(&error);
    bool news = false;
    if (!internal.Run.Find(this->FileName, news, error)) {
        internal.InformationError = error.message;
        return 1;
    }
    if (news && internal.Run.GetSeries().warnings)
        vtkWarningMacro(<< internal.Run.GetSeries().warnings);

    const std::vector<double> &times =
        internal.Run.GetTimes(static_cast<pvr_time_unit>(this->TimeUnit));
    if (!times.empty()) {
        const double range[2] = {times.front(), times.back()};
        for (int port = 0; port < outputs->GetNumberOfInformationObjects(); ++port) {
            vtkInformation *info = outputs->GetInformationObject(port);
            info->Set(vtkStreamingDemandDrivenPipeline::TIME_STEPS(), times.data(),
                      static_cast<int>(times.size()));
            info->Set(vtkStreamingDemandDrivenPipeline::TIME_RANGE(), range, 2);
        }
    }
    this->UpdateSelection();
    return 1;
}

void vtkRAMSESReader::UpdateSelection() {
    Internals &internal = *this->Internal;
    pvr_error error;
    pvr_error_clear(&error);
    double time = 0.0;
    const pvr_output *output = internal.Run.OutputNamed(time);
    pvr_snapshot *snapshot = output ? internal.Run.Open(output->info_path, error) : nullptr;
    if (!snapshot) {
        internal.InformationError =
            output ? error.message : std::string(this->FileName) + ": the output is not finished.";
        return;
    }
    // In the order of the files; of what is new the gas is on.
    vtkNew<vtkDataArraySelection> listed;
    const pvr_field_table *fields = pvr_snapshot_fields(snapshot);
    for (int i = 0; i < fields->nfields; ++i)
        listed->AddArray(fields->field[i].name, fields->field[i].by_default);
    listed->AddArray(PVR_FIELD_LEVEL, false);
    listed->AddArray(PVR_FIELD_DOMAIN, false);
    vtkDataArraySelection *known = internal.CellArrays;
    for (int i = 0; i < listed->GetNumberOfArrays(); ++i) {
        const char *name = listed->GetArrayName(i);
        if (known->ArrayExists(name) && known->ArrayIsEnabled(name) != listed->ArrayIsEnabled(name))
            listed->SetArraySetting(name, known->ArrayIsEnabled(name));
    }
    if (!known->IsEqual(listed))
        known->CopySelections(listed);

    this->MaxLevelRange[0] = 0;
    this->MaxLevelRange[1] = pvr_snapshot_nlevelmax(snapshot);
    this->OutputFacts = vtkPVRamsesFacts::Describe(snapshot, internal.Run.GetSeries());
}

int vtkRAMSESReader::Fail(vtkInformationVector *outputs, const char *message) {
    this->Internal->Forget();
    this->ThreadReport.clear();
    for (int port = 0; port < outputs->GetNumberOfInformationObjects(); ++port) {
        if (vtkDataObject *output = vtkDataObject::GetData(outputs, port))
            output->Initialize();
    }
    vtkErrorMacro(<< message);
    return 0;
}

int vtkRAMSESReader::RequestData(vtkInformation *, vtkInformationVector **,
                                 vtkInformationVector *outputs) {
    Internals &internal = *this->Internal;
    if (!internal.InformationError.empty())
        return this->Fail(outputs, internal.InformationError.c_str());

    vtkInformation *outInfo = outputs->GetInformationObject(PORT_MESH);
    double time = 0.0;
    const pvr_output *chosen = nullptr;
    if (outInfo->Has(vtkStreamingDemandDrivenPipeline::UPDATE_TIME_STEP())) {
        time = outInfo->Get(vtkStreamingDemandDrivenPipeline::UPDATE_TIME_STEP());
        chosen = internal.Run.OutputAt(time);
    } else {
        chosen = internal.Run.OutputNamed(time);
    }
    if (!chosen)
        return this->Fail(outputs, "No finished output was found.");

    char text[64];
    snprintf(text, sizeof text, "Reading RAMSES output %d", chosen->number);
    this->SetProgressText(text);
    this->UpdateProgress(0.0);

    pvr_error error;
    pvr_error_clear(&error);
    pvr_snapshot *snapshot = internal.Run.Open(chosen->info_path, error);
    if (!snapshot)
        return this->Fail(outputs, error.message);
    if (internal.Warned != chosen->info_path) {
        internal.Warned = chosen->info_path;
        if (pvr_snapshot_warnings(snapshot))
            vtkWarningMacro(<< pvr_snapshot_warnings(snapshot));
    }
    vtkHyperTreeGrid *mesh = vtkHyperTreeGrid::GetData(outputs, PORT_MESH);
    if (internal.MeshPath == chosen->info_path && internal.MeshTime == this->GetMTime()) {
        mesh->ShallowCopy(internal.Mesh);
        mesh->GetInformation()->Set(vtkDataObject::DATA_TIME_STEP(), time);
        return 1;
    }
    internal.Forget(); // before new memory is taken
    mesh->Initialize();
    this->ThreadReport.clear();
    const int status = this->ReadMesh(mesh, snapshot, error);
    if (status == PVR_CANCELLED) { // the executive empties the output and runs us again next time
        mesh->Initialize();
        return 1;
    }
    if (status != PVR_OK) {
        internal.Run.Close();
        return this->Fail(outputs, error.message);
    }
    vtkPVRamsesFacts::AddFieldData(mesh->GetFieldData(), snapshot, this->ThreadReport);
    internal.Mesh->ShallowCopy(mesh);
    internal.MeshPath = chosen->info_path;
    internal.MeshTime = this->GetMTime();
    mesh->GetInformation()->Set(vtkDataObject::DATA_TIME_STEP(), time);
    this->UpdateProgress(1.0);
    return 1;
}

int vtkRAMSESReader::ReadMesh(vtkHyperTreeGrid *output, pvr_snapshot *snapshot, pvr_error &error) {
    // The fields that are on and that this output has (outputs of a run may differ).
    std::vector<const char *> fields;
    vtkDataArraySelection *selection = this->Internal->CellArrays;
    auto want = [&](const char *name, bool byDefault) {
        if (selection->ArrayExists(name) ? selection->ArrayIsEnabled(name) != 0 : byDefault)
            fields.push_back(name);
    };
    const pvr_field_table *table = pvr_snapshot_fields(snapshot);
    for (int i = 0; i < table->nfields; ++i)
        want(table->field[i].name, table->field[i].by_default);
    want(PVR_FIELD_LEVEL, false);
    want(PVR_FIELD_DOMAIN, false);

    pvr_mesh_request request = pvr_mesh_request();
    request.max_level = this->MaxLevel;
    request.fields = fields.data();
    request.nfields = static_cast<int>(fields.size());
    request.precision = this->Precision == 0 ? PVR_FLOAT32 : PVR_FLOAT64;
    request.units = static_cast<pvr_field_units>(this->FieldUnits);

    pvr_threads threads = pvr_threads();
    threads.max = this->MaxThreads;
    threads.pin = this->PinThreads;
    threads.prefetch = this->Prefetch;

    MeshHolder holder;
    const pvr_status status =
        pvr_mesh_load(snapshot, &request, &threads, TellProgress, this, &holder.Mesh, &error);
    if (status != PVR_OK)
        return status;
    pvr_mesh_find_ranges(holder.Mesh, &threads, nullptr); // without them VTK finds its own, slowly
    const pvr_mesh *mesh = holder.Mesh;

    const double begin = pvr_seconds();
    const pvr_unit length = pvr_length_unit(pvr_snapshot_info(snapshot),
                                            static_cast<enum pvr_length_unit>(this->LengthUnit));
    vtkPVRamsesMesh::Build(output, mesh->octree, length.factor, &threads);
    const double seconds = pvr_seconds() - begin;

    vtkCellData *cellData = output->GetCellData();
    for (int i = 0; i < mesh->narrays; ++i) {
        vtkSmartPointer<vtkDataArray> array;
        array.TakeReference(vtkPVRamsesMesh::NewArray(mesh->arrays[i]));
        if (array)
            cellData->AddArray(array);
    }
    if (cellData->HasArray("density"))
        cellData->SetActiveScalars("density");

    char text[200];
    snprintf(
        text, sizeof text,
        "Output %d: %llu leaf cells (%llu with coarse ones),\nlevels to %d, %llu trees built in "
        "%.3f s\n",
        pvr_snapshot_number(snapshot), static_cast<unsigned long long>(mesh->octree->nleaves),
        static_cast<unsigned long long>(mesh->octree->ncells), mesh->octree->max_level,
        static_cast<unsigned long long>(mesh->octree->ntrees), seconds);
    this->ThreadReport = text + ReportText(&mesh->report);
    return PVR_OK;
}

void vtkRAMSESReader::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "FileName: " << (this->FileName ? this->FileName : "(none)") << "\n"
       << indent << "TimeUnit: " << this->TimeUnit << "\n"
       << indent << "MaxLevel: " << this->MaxLevel << "\n"
       << indent << "LengthUnit: " << this->LengthUnit << "\n"
       << indent << "FieldUnits: " << this->FieldUnits << "\n"
       << indent << "Precision: " << this->Precision << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n"
       << indent << "PinThreads: " << this->PinThreads << "\n"
       << indent << "Prefetch: " << this->Prefetch << "\n";
}
