// vtkRAMSESReaderBackground.cxx - what a RAMSES reader loads in the background: finer levels of the
// mesh that is shown, and the next time step.
#include "vtkRAMSESReaderInternals.h"

#include "vtkPVRamsesMesh.h"

#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkStreamingDemandDrivenPipeline.h"

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
