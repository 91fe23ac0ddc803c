// vtkRAMSESReader.cxx - see vtkRAMSESReader.h. No algorithm stands here: the library reads, and
// this class tells it what is wanted and hands the result to the pipeline.
#include "vtkRAMSESReader.h"

#include "vtkPVRamsesCells.h"
#include "vtkPVRamsesFacts.h"
#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesMesh.h"
#include "vtkPVRamsesParticles.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesReading.h"
#include "vtkPVRamsesRun.h"
#include "vtkPVRamsesShared.h"
#include "vtkPVRamsesStream.h"
#include "vtkPVRamsesTables.h"

#include "pvr_series.h"
#include "pvr_snapshot.h"

#include "vtkDataObject.h"
#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkMultiProcessController.h"
#include "vtkNew.h"
#include "vtkObjectFactory.h"
#include "vtkPolyData.h"
#include "vtkSmartPointer.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

vtkStandardNewMacro(vtkRAMSESReader);

struct vtkRAMSESReader::Internals {
    vtkRAMSESReader *const Reader;
    vtkPVRamsesRun Run;
    std::shared_ptr<vtkPVRamsesShared> Shared = vtkPVRamsesShared::Get();
    vtkPVRamsesCells::Shown Shown; // of what is kept of the mesh
    pvr_ahead *Ahead = nullptr;
    std::string AheadKey;  // what it loads, or loaded
    double LastTime = 0.0; // of the mesh that was shown last
    int Direction = 1;     // in which time runs
    vtkPVRamsesStream Stream;
    bool Polled = false; // GetNeedsUpdate is called
    // Of what is asked for: when it began (see pvr_seconds), with what RequestInformation took.
    double Begin = 0.0, InformationSeconds = 0.0;

    explicit Internals(vtkRAMSESReader *reader) : Reader(reader) {}
    ~Internals() {
        pvr_ahead_free(this->Ahead);
        pvr_split_release(this->Split);
    }

    // The properties of the reader, as the ports and the cells want them.
    vtkPVRamsesReading ReadingFor(const pvr_snapshot *snapshot);
    vtkPVRamsesCells::Choice MakeChoice() const;

    void StopAhead() {
        if (this->Ahead)
            pvr_ahead_stop(this->Ahead);
        this->AheadKey.clear();
    }

    // Who reads what, as it was planned last, and for what.
    pvr_split *Split = nullptr;
    std::string SplitKey;

    // Plans who reads what; null on failure, and for those who read all of it.
    pvr_status PlanSplit(pvr_snapshot *snapshot, const std::string &output, int pieces,
                         const vtkPVRamsesRanks &ranks);

    vtkNew<vtkDataArraySelection> CellArrays, DerivedArrays, PointArrays, Families;
    std::string InformationError; // of the last RequestInformation; told when data is asked for
    std::string Warned;           // path of the output whose warnings were told last
    std::string Listed;           // path and stamp of the output whose particles are listed
    pvr_error Error;              // of ReadPort
    vtkPVRamsesFailure Failure;

    // What was read last, and with what. Time is asked for in many ways (none, a view's 0 before
    // there are time steps, any time between two outputs) that mean the same output: it is not read
    // again, and a property of one port does not make another read again. The memory is the
    // output's own.
    struct Kept {
        vtkSmartPointer<vtkDataObject> Data;
        std::string Output; // path and stamp
        std::string Key;    // the rest
        std::string Report;
        bool Whole = false; // all that was asked for

        void Forget() {
            this->Data = nullptr;
            this->Whole = false;
            this->Output.clear();
            this->Key.clear();
            this->Report.clear();
        }
    };
    Kept Port[NUMBER_OF_PORTS];
    std::string AllReports;
};

namespace {

const char *const PORT_NAMES[] = {"mesh", "particles", "sinks", "clumps"};

// Called by the library now and then while it reads, from the thread that reads.
int TellProgress(void *context, double fraction, uint64_t, uint64_t) {
    auto *reader = static_cast<vtkRAMSESReader *>(context);
    reader->UpdateProgress(0.95 * fraction);
    return reader->CheckAbort() ? 1 : 0;
}

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

pvr_status vtkRAMSESReader::Internals::PlanSplit(pvr_snapshot *snapshot, const std::string &output,
                                                 int pieces, const vtkPVRamsesRanks &ranks) {
    const pvr_split_wish wish = {pieces, static_cast<pvr_split_kind>(this->Reader->RankSplit),
                                 this->Reader->MaxLevel};
    std::ostringstream key;
    key << output << ' ' << wish.nranks << ' ' << wish.kind << ' ' << wish.max_level;
    if (!ranks.Any(!this->Split || this->SplitKey != key.str()))
        return PVR_OK; // (one of them may have been asked for something else in between)
    pvr_split_release(this->Split);
    this->Split = nullptr;
    this->SplitKey = key.str();
    if (pieces == 1)
        return PVR_OK;
    return vtkPVRamsesSplit::Make(ranks, snapshot, wish, this->ReadingFor(snapshot).Threads,
                                  &this->Split, this->Error);
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

vtkMTimeType vtkRAMSESReader::GetMTime() {
    const Internals &internal = *this->Internal;
    return std::max({this->Superclass::GetMTime(), internal.CellArrays->GetMTime(),
                     internal.DerivedArrays->GetMTime(), internal.PointArrays->GetMTime(),
                     internal.Families->GetMTime()});
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

bool vtkRAMSESReader::Streams(int port, vtkInformation *info) const {
    using Pipeline = vtkStreamingDemandDrivenPipeline;
    // Only the first rank of several is asked whether it needs an update.
    const bool alone = !info->Has(Pipeline::UPDATE_NUMBER_OF_PIECES()) ||
                       info->Get(Pipeline::UPDATE_NUMBER_OF_PIECES()) <= 1;
    return port == PORT_MESH && this->Progressive && this->ReadMesh && this->Internal->Polled &&
           alone;
}

int vtkRAMSESReader::StreamMesh(const std::string &key, bool isNew, pvr_snapshot *snapshot,
                                vtkDataObject *output, bool &whole) {
    Internals &internal = *this->Internal;
    vtkPVRamsesReading reading = internal.ReadingFor(snapshot);
    if (isNew || !internal.Stream.Is(key)) {
        const pvr_status status = internal.Stream.Start(key, snapshot, internal.MakeChoice(),
                                                        *internal.Shared, reading, internal.Error);
        if (status != PVR_OK)
            return status;
    }
    if (isNew && !internal.Stream.WaitUntil(internal.Begin + this->FrameTime, reading)) {
        internal.Stream.Stop();
        return PVR_CANCELLED;
    }
    whole = false;
    const bool took = internal.Stream.Take(vtkHyperTreeGrid::SafeDownCast(output), *internal.Shared,
                                           internal.Shown, reading, whole);
    pvr_error error;
    if (internal.Stream.Fails(error)) {
        if (!took && isNew) {
            internal.Stream.Stop();
            internal.Error = error;
            return error.status;
        }
        vtkErrorMacro(<< "Finer levels cannot be shown: " << error.message);
    }
    if (took)
        this->Finish(PORT_MESH, output, snapshot, reading);
    else
        vtkPVRamsesMesh::ShallowCopy(output, internal.Port[PORT_MESH].Data);
    return PVR_OK;
}

bool vtkRAMSESReader::GetNeedsUpdate() {
    this->Internal->Polled = true;
    const bool news = this->Internal->Stream.HasNews();
    if (news)
        this->Modified();
    else if (this->Internal->Stream.HasToTell())
        this->InvokeEvent(ReportEvent);
    return news;
}

void vtkRAMSESReader::Forget(int port) {
    this->Internal->Port[port].Forget();
    if (port == PORT_MESH)
        this->Internal->Shown.Forget();
}

void vtkRAMSESReader::ReadAhead(double time) {
    Internals &internal = *this->Internal;
    if (time != internal.LastTime)
        internal.Direction = time < internal.LastTime ? -1 : 1;
    internal.LastTime = time;
    const pvr_output *next = internal.Run.OutputBeside(time, internal.Direction);
    if (!this->Prefetch || !this->ReadMesh || internal.Stream.IsRunning() || !next ||
        !internal.Port[PORT_MESH].Data || !internal.Shared->GetCache()) {
        internal.StopAhead();
        return;
    }
    pvr_error error;
    pvr_snapshot *snapshot = internal.Run.Open(next->info_path, vtkPVRamsesRanks(nullptr), error);
    if (!snapshot || (!internal.Ahead && pvr_ahead_new(internal.Shared->GetCache(), &internal.Ahead,
                                                       &error) != PVR_OK))
        return; // whoever asks for it is told
    const std::string key =
        std::string(next->info_path) + " " + internal.Run.GetStamp() + " " + this->KeyOf(PORT_MESH);
    if (internal.AheadKey == key)
        return;
    internal.AheadKey = key;
    vtkPVRamsesCells::ReadAhead(internal.Ahead, snapshot, internal.MakeChoice(),
                                internal.ReadingFor(snapshot));
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
