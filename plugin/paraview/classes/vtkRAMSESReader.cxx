// vtkRAMSESReader.cxx - see vtkRAMSESReader.h. No algorithm stands here: the library reads, and
// this class tells it what is wanted and hands the result to the pipeline.
#include "vtkRAMSESReader.h"

#include "vtkPVRamsesFacts.h"
#include "vtkPVRamsesMesh.h"
#include "vtkPVRamsesParticles.h"
#include "vtkPVRamsesTables.h"
#include "vtkRAMSESReaderInternals.h"

#include "pvr_series.h"
#include "pvr_snapshot.h"

#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkMultiProcessController.h"
#include "vtkObjectFactory.h"
#include "vtkPolyData.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <cstdio>
#include <sstream>

vtkStandardNewMacro(vtkRAMSESReader);

namespace {

const char *const PORT_NAMES[] = {"mesh", "particles", "sinks", "clumps"};

bool IsAskedFor(vtkInformation *request, int port) {
    const int from = request->Has(vtkExecutive::FROM_OUTPUT_PORT())
                         ? request->Get(vtkExecutive::FROM_OUTPUT_PORT())
                         : -1;
    return from < 0 || from == port;
}

int PiecesOf(vtkInformation *request) {
    return request->Has(vtkStreamingDemandDrivenPipeline::UPDATE_NUMBER_OF_PIECES())
               ? request->Get(vtkStreamingDemandDrivenPipeline::UPDATE_NUMBER_OF_PIECES())
               : 1;
}

int PieceOf(vtkInformation *request) {
    return request->Has(vtkStreamingDemandDrivenPipeline::UPDATE_PIECE_NUMBER())
               ? request->Get(vtkStreamingDemandDrivenPipeline::UPDATE_PIECE_NUMBER())
               : 0;
}

} // namespace

pvr_status vtkRAMSESReader::Internals::PlanSplit(pvr_snapshot *snapshot, const std::string &output,
                                                 int pieces, const vtkPVRamsesRanks &ranks) {
    const pvr_split_wish wish = {pieces, static_cast<pvr_split_kind>(this->Reader->RankSplit),
                                 this->Reader->MaxLevel};
    std::ostringstream key;
    key << output << ' ' << wish.nranks << ' ' << wish.kind << ' ' << wish.max_level;
    if (!ranks.Any(!this->Split || this->SplitKey != key.str()))
        return PVR_OK; // (one of them may have been asked for something else in between)
    pvr_split_free(this->Split);
    this->Split = nullptr;
    this->SplitKey = key.str();
    if (pieces == 1)
        return PVR_OK;
    return vtkPVRamsesSplit::Make(ranks, snapshot, wish, this->ReadingFor(snapshot).Threads,
                                  &this->Split, this->Error);
}

vtkRAMSESReader::vtkRAMSESReader() : Internal(new Internals(this)) {
    this->SetNumberOfInputPorts(0);
    this->SetNumberOfOutputPorts(NUMBER_OF_PORTS);
}

vtkRAMSESReader::~vtkRAMSESReader() {
    this->SetFileName(nullptr);
}

int vtkRAMSESReader::FillOutputPortInformation(int port, vtkInformation *info) {
    info->Set(vtkDataObject::DATA_TYPE_NAME(),
              port == PORT_MESH ? "vtkHyperTreeGrid" : "vtkPolyData");
    return 1;
}

int vtkRAMSESReader::CanReadFile(const char *path) {
    return path && pvr_output_recognized(path) ? 1 : 0;
}

const char *vtkRAMSESReader::GetThreadReport() {
    std::string &text = this->Internal->AllReports;
    text = this->Internal->Stream.Describe();
    for (const Internals::Kept &kept : this->Internal->Port) {
        if (!text.empty() && !kept.Report.empty())
            text += "\n";
        text += kept.Report;
    }
    return text.c_str();
}

const char *vtkRAMSESReader::GetOutputFacts() {
    return this->OutputFacts.c_str();
}

vtkTypeBool vtkRAMSESReader::ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                                            vtkInformationVector *outputs) {
    Internals &internal = *this->Internal;
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_INFORMATION())) {
        const double begin = pvr_seconds();
        const int right = this->RequestInformation(request, inputs, outputs);
        internal.InformationSeconds = pvr_seconds() - begin;
        return right;
    }
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_DATA_NOT_GENERATED()))
        return this->RequestDataNotGenerated(request, inputs, outputs);
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_DATA())) {
        internal.Begin = pvr_seconds() - internal.InformationSeconds;
        internal.InformationSeconds = 0.0;
        return this->RequestData(request, inputs, outputs);
    }
    return this->Superclass::ProcessRequest(request, inputs, outputs);
}

int vtkRAMSESReader::RequestInformation(vtkInformation *, vtkInformationVector **,
                                        vtkInformationVector *outputs) {
    Internals &internal = *this->Internal;
    for (int port = 0; port < outputs->GetNumberOfInformationObjects(); ++port) {
        vtkInformation *info = outputs->GetInformationObject(port);
        info->Remove(vtkStreamingDemandDrivenPipeline::TIME_STEPS());
        info->Remove(vtkStreamingDemandDrivenPipeline::TIME_RANGE());
        info->Set(vtkAlgorithm::CAN_HANDLE_PIECE_REQUEST(), 1); // also of an error: each rank tells
    }
    // An error is kept for RequestData: ParaView asks for information again and again, and a person
    // should be told once.
    internal.InformationError.clear();
    this->OutputFacts.clear();
    if (!this->FileName || !this->FileName[0]) {
        internal.InformationError = "No file name: choose an output or a Mera file.";
        return 1;
    }
    pvr_error error;
    pvr_error_clear(&error);
    bool news = false;
    const vtkPVRamsesRanks ranks(vtkMultiProcessController::GetGlobalController());
    if (!internal.Run.Find(this->FileName, ranks, news, error)) {
        internal.InformationError = error.message;
        return 1;
    }
    const std::string warnings = news ? internal.Run.Warnings() : std::string();
    if (!warnings.empty())
        vtkWarningMacro(<< warnings);

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
    this->UpdateSelections(ranks);
    return 1;
}

void vtkRAMSESReader::UpdateSelections(const vtkPVRamsesRanks &ranks) {
    Internals &internal = *this->Internal;
    pvr_error error;
    pvr_error_clear(&error);
    double time = 0.0;
    const pvr_output *output = internal.Run.OutputNamed(time);
    pvr_snapshot *snapshot = output ? internal.Run.Open(output->info_path, ranks, error) : nullptr;
    if (!snapshot) {
        const std::string problem = internal.Run.ProblemOfNamed();
        internal.InformationError =
            output             ? error.message
            : !problem.empty() ? problem
                               : std::string(this->FileName) + ": the output is not finished.";
        return;
    }
    vtkPVRamsesCells::List(snapshot, internal.CellArrays, internal.DerivedArrays);
    const std::string listed = std::string(output->info_path) + " " + internal.Run.GetStamp();
    if (internal.Listed != listed) { // reads files
        internal.Listed = listed;
        // What is wrong with them is told when the particles are asked for.
        vtkPVRamsesParticles::List(snapshot, internal.PointArrays, internal.Families, error);
    }

    this->MaxLevelRange[0] = 0;
    this->MaxLevelRange[1] = pvr_snapshot_nlevelmax(snapshot);
    double size[3];
    uint32_t coarse[3];
    pvr_snapshot_box(snapshot, size, coarse);
    const double factor = pvr_length_unit(pvr_snapshot_info(snapshot),
                                          static_cast<enum pvr_length_unit>(this->LengthUnit))
                              .factor;
    for (int axis = 0; axis < 3; ++axis)
        this->BoxRange[2 * axis + 1] = size[axis] * factor;
    this->HeightRange[1] =
        factor * *std::min_element(size, size + pvr_snapshot_info(snapshot)->ndim);
    this->RadiusRange[1] = 0.5 * this->HeightRange[1];
    this->OutputFacts = vtkPVRamsesFacts::Describe(snapshot, internal.Run.GetSeries());
}

int vtkRAMSESReader::Fail(int port, vtkDataObject *output, const std::string &message) {
    this->Forget(port);
    return this->Internal->Failure.Tell(this, nullptr, output, message.c_str());
}

int vtkRAMSESReader::RequestDataNotGenerated(vtkInformation *request, vtkInformationVector **,
                                             vtkInformationVector *outputs) {
    for (int port = 0; port < outputs->GetNumberOfInformationObjects(); ++port) {
        if (!IsAskedFor(request, port))
            outputs->GetInformationObject(port)->Set(vtkDemandDrivenPipeline::DATA_NOT_GENERATED(),
                                                     1);
    }
    return 1;
}

int vtkRAMSESReader::RequestData(vtkInformation *request, vtkInformationVector **,
                                 vtkInformationVector *outputs) {
    int right = 1;
    for (int port = 0; port < outputs->GetNumberOfInformationObjects(); ++port) {
        if (IsAskedFor(request, port) && !this->GivePort(port, outputs->GetInformationObject(port)))
            right = 0;
    }
    return right;
}

int vtkRAMSESReader::GivePort(int port, vtkInformation *info) {
    Internals &internal = *this->Internal;
    Internals::Kept &kept = internal.Port[port];
    vtkDataObject *data = info->Get(vtkDataObject::DATA_OBJECT());
    if (!internal.InformationError.empty())
        return this->Fail(port, data, internal.InformationError);

    double time = 0.0;
    const pvr_output *chosen = nullptr;
    if (info->Has(vtkStreamingDemandDrivenPipeline::UPDATE_TIME_STEP())) {
        time = info->Get(vtkStreamingDemandDrivenPipeline::UPDATE_TIME_STEP());
        chosen = internal.Run.OutputAt(time);
    } else {
        chosen = internal.Run.OutputNamed(time);
    }
    if (!chosen)
        return this->Fail(port, data, "No finished output was found.");
    pvr_error_clear(&internal.Error);
    const vtkPVRamsesRanks ranks = vtkPVRamsesRanks::Of(info);
    pvr_snapshot *snapshot = internal.Run.Open(chosen->info_path, ranks, internal.Error);
    if (!snapshot)
        return this->Fail(port, data, internal.Error.message);
    if (internal.Warned != chosen->info_path) {
        internal.Warned = chosen->info_path;
        if (pvr_snapshot_warnings(snapshot) && ranks.Rank() == 0)
            vtkWarningMacro(<< pvr_snapshot_warnings(snapshot));
    }

    const std::string output = std::string(chosen->info_path) + " " + internal.Run.GetStamp();
    std::ostringstream part;
    part << this->KeyOf(port) << " part " << PieceOf(info) << " of " << PiecesOf(info);
    const std::string key = part.str();
    const bool same = kept.Data && kept.Output == output && kept.Key == key;
    const bool streams = this->Streams(port, info);
    // Whoever reads, all do.
    if (!ranks.Any(!same || !kept.Whole)) {
        vtkPVRamsesMesh::ShallowCopy(data, kept.Data);
    } else {
        // Of the same output much is shared with what is there, so that stays for the moment; of
        // another one nothing is, and it goes before new memory is taken.
        vtkSmartPointer<vtkDataObject> before = kept.Output == output ? kept.Data : nullptr;
        if (!before)
            this->Forget(port);
        data->Initialize();
        char text[80];
        snprintf(text, sizeof text, "Reading output %d: %s", chosen->number, PORT_NAMES[port]);
        this->SetProgressText(text);
        this->UpdateProgress(0.0);
        internal.StopAhead(); // all threads are for what someone waits for
        if (port == PORT_MESH && !streams)
            internal.Stream.Stop();
        bool whole = true;
        int status = internal.PlanSplit(snapshot, output, PiecesOf(info), ranks);
        if (status == PVR_OK)
            status = streams ? this->StreamMesh(output + key, !same, snapshot, data, whole)
                             : this->ReadPort(port, snapshot, data, PieceOf(info), ranks);
        if (status == PVR_CANCELLED) { // the executive empties the output and runs us again
            data->Initialize();
            return 1;
        }
        if (status != PVR_OK) {
            internal.Run.Close();
            return this->Fail(port, data, internal.Error.message);
        }
        kept.Data.TakeReference(data->NewInstance());
        vtkPVRamsesMesh::ShallowCopy(kept.Data, data);
        kept.Output = output;
        kept.Key = key;
        kept.Whole = whole;
        this->UpdateProgress(1.0);
    }
    data->GetInformation()->Set(vtkDataObject::DATA_TIME_STEP(), time);
    if (info->Has(vtkStreamingDemandDrivenPipeline::UPDATE_TIME_STEP()) && PiecesOf(info) == 1)
        this->ReadAhead(time);
    return 1;
}

void vtkRAMSESReader::Forget(int port) {
    this->Internal->Port[port].Forget();
    if (port == PORT_MESH)
        this->Internal->Shown.Forget();
}

int vtkRAMSESReader::ReadPort(int port, pvr_snapshot *snapshot, vtkDataObject *output, int piece,
                              const vtkPVRamsesRanks &ranks) {
    Internals &internal = *this->Internal;
    vtkPVRamsesReading reading = internal.ReadingFor(snapshot);
    reading.Split = internal.Split;
    reading.Piece = piece;
    reading.Ranks = ranks;
    pvr_status status = PVR_OK;
    if (port == PORT_MESH && this->ReadMesh) {
        status = vtkPVRamsesCells::Read(vtkHyperTreeGrid::SafeDownCast(output), snapshot,
                                        internal.MakeChoice(), *internal.Shared, internal.Shown,
                                        reading, internal.Error);
    } else if (port == PORT_PARTICLES && this->ReadParticles) {
        vtkPVRamsesParticles::Choice choice;
        choice.Fields = internal.PointArrays;
        choice.Families = internal.Families;
        choice.Thinning = this->ParticleThinning;
        status = vtkPVRamsesParticles::Read(vtkPolyData::SafeDownCast(output), snapshot, choice,
                                            reading, internal.Error);
    } else if (port == PORT_SINKS ? this->ReadSinks : port == PORT_CLUMPS && this->ReadClumps) {
        if (piece == 0) { // a list of few, in one file, or a few
            const pvr_table_kind kind = port == PORT_SINKS     ? PVR_TABLE_SINKS
                                        : this->ClumpList == 0 ? PVR_TABLE_CLUMPS
                                                               : PVR_TABLE_HALOS;
            status = vtkPVRamsesTables::Read(vtkPolyData::SafeDownCast(output), snapshot, kind,
                                             reading, internal.Error);
        }
        status = ranks.Agree(status, internal.Error);
    }
    if (status == PVR_OK)
        this->Finish(port, output, snapshot, reading);
    return status;
}

void vtkRAMSESReader::Finish(int port, vtkDataObject *output, const pvr_snapshot *snapshot,
                             const vtkPVRamsesReading &reading) {
    if (!reading.Warnings.empty())
        vtkWarningMacro(<< reading.Warnings);
    vtkPVRamsesFacts::AddFieldData(output->GetFieldData(), snapshot, reading.Length,
                                   reading.Report);
    this->Internal->Port[port].Report = reading.Report;
}
