// vtkPVRamsesStream.cxx - see vtkPVRamsesStream.h.
#include "vtkPVRamsesStream.h"

#include <chrono>
#include <cstdio>
#include <thread>

struct vtkPVRamsesStream::Work {
    vtkPVRamsesCells::Asked Asked;
    vtkPVRamsesShared::Living Living;

    Work(pvr_snapshot *snapshot, const vtkPVRamsesCells::Choice &choice, vtkPVRamsesShared &shared,
         const vtkPVRamsesReading &reading)
        : Asked(snapshot, choice, reading), Living(shared.GetLiving()) {
        this->Asked.Reading.Threads.pin = false; // the view draws meanwhile
    }

    static pvr_status Prepare(void *context, pvr_mesh *mesh, pvr_progress_fn progress,
                              void *progressContext, void **prepared, pvr_error *error) {
        const auto *work = static_cast<const Work *>(context);
        std::unique_ptr<vtkPVRamsesCells::Made> made(new vtkPVRamsesCells::Made);
        const pvr_status status = vtkPVRamsesCells::Make(work->Asked, mesh, work->Living, progress,
                                                         progressContext, *made, *error);
        if (status == PVR_OK)
            *prepared = made.release();
        return status;
    }
    static void Drop(void *prepared) {
        delete static_cast<vtkPVRamsesCells::Made *>(prepared);
    }
};

vtkPVRamsesStream::vtkPVRamsesStream() = default;

vtkPVRamsesStream::~vtkPVRamsesStream() {
    pvr_progressive_free(this->Progressive);
}

void vtkPVRamsesStream::Stop() {
    this->Key.clear();
    if (this->Progressive)
        pvr_progressive_stop(this->Progressive);
    this->Current.reset();
}

pvr_status vtkPVRamsesStream::Start(const std::string &key, pvr_snapshot *snapshot,
                                    const vtkPVRamsesCells::Choice &choice,
                                    vtkPVRamsesShared &shared, const vtkPVRamsesReading &reading,
                                    pvr_error &error) {
    this->Stop();
    if (!shared.GetCache())
        return pvr_fail(&error, PVR_ERROR_MEMORY, "no memory for the cache");
    pvr_status status = PVR_OK;
    if (!this->Progressive)
        status = pvr_progressive_new(shared.GetCache(), &this->Progressive, &error);
    if (status != PVR_OK)
        return status;
    this->Current.reset(new Work(snapshot, choice, shared, reading));
    const pvr_progressive_work work = {Work::Prepare, Work::Drop, this->Current.get()};
    status = pvr_progressive_start(this->Progressive, snapshot, &this->Current->Asked.Request,
                                   &reading.Threads, &work, &error);
    this->ToldLevel = 0;
    this->ToldEnd = this->ToldFailure = false;
    if (status == PVR_OK)
        this->Key = key;
    return status;
}

bool vtkPVRamsesStream::WaitUntil(double time, const vtkPVRamsesReading &reading) {
    for (;;) {
        const auto state = pvr_progressive_state(this->Progressive);
        if (!state.running || state.whole || (state.untaken && pvr_seconds() >= time))
            return true;
        if (reading.Progress(reading.ProgressContext, state.fraction, state.bytes_done, 0) != 0)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

bool vtkPVRamsesStream::Take(vtkHyperTreeGrid *output, vtkPVRamsesShared &shared,
                             vtkPVRamsesCells::Shown &shown, vtkPVRamsesReading &reading,
                             bool &whole) {
    pvr_progressive_depth depth;
    if (!pvr_progressive_take(this->Progressive, &depth))
        return false;
    std::unique_ptr<vtkPVRamsesCells::Made> made(
        static_cast<vtkPVRamsesCells::Made *>(depth.prepared));
    this->ToldLevel = depth.mesh->octree->max_level;
    this->ToldEnd = this->ToldEnd || depth.whole;
    whole = depth.whole;
    vtkPVRamsesCells::Show(output, this->Current->Asked, depth.mesh, *made, shared, shown, reading);
    return true;
}

bool vtkPVRamsesStream::HasNews() {
    if (this->Key.empty())
        return false;
    const auto state = pvr_progressive_state(this->Progressive);
    const bool news =
        (state.untaken && state.level != this->ToldLevel) || (!state.running && !this->ToldEnd);
    this->ToldLevel = state.untaken ? state.level : this->ToldLevel;
    this->ToldEnd = this->ToldEnd || !state.running;
    return news;
}

bool vtkPVRamsesStream::HasToTell() {
    const double now = pvr_seconds();
    if (this->Key.empty() || now - this->ToldAt < 1.0)
        return false;
    std::string text = this->Describe();
    const bool changed = text != this->Told;
    this->Told.swap(text);
    this->ToldAt = now;
    return changed;
}

bool vtkPVRamsesStream::IsRunning() const {
    return !this->Key.empty() && pvr_progressive_state(this->Progressive).running;
}

bool vtkPVRamsesStream::Fails(pvr_error &error) {
    const auto state = pvr_progressive_state(this->Progressive);
    if (state.running || state.status == PVR_OK || this->ToldFailure)
        return false;
    this->ToldFailure = true;
    error = state.error;
    return true;
}

// Lines are short: the panel is narrow.
std::string vtkPVRamsesStream::Describe() const {
    if (this->Key.empty())
        return std::string();
    const auto state = pvr_progressive_state(this->Progressive);
    char text[300];
    int length = snprintf(text, sizeof text, "Level by level: to level %d now,\n%.1f MB done, ",
                          state.level, static_cast<double>(state.bytes_done) / 1e6);
    const size_t left = sizeof text - static_cast<size_t>(length);
    if (state.whole)
        snprintf(text + length, left, "all in %.1f s\n", state.seconds);
    else if (state.running && state.seconds_left >= 0.0)
        snprintf(text + length, left, "about %.0f s left\n", state.seconds_left);
    else if (state.running)
        snprintf(text + length, left, "going on\n");
    else if (state.budget > 0)
        snprintf(text + length, left,
                 "in %.1f s.\nIt ends here: the next level\nneeds %.0f MB of arrays, the\n"
                 "Cache Budget allows %.0f MB\n",
                 state.seconds, static_cast<double>(state.bytes_needed) / 1e6,
                 static_cast<double>(state.budget) / 1e6);
    else
        snprintf(text + length, left, "then it failed\n");
    return text;
}
