// reader_pace.cxx - the reader with Progressive while an animation plays: a time step is shown when
// its time is up, counted from its begin, and the next one is not read before this one is whole.
#include "vtkRAMSESReader.h"

#include "pvr_ahead.h"
#include "slow_read.h"

#include "vtkAlgorithm.h"
#include "vtkCallbackCommand.h"
#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkNew.h"
#include "vtkSmartPointer.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace {

int Failures = 0;

void Need(bool right, const char *what) {
    if (!right) {
        fprintf(stderr, "reader_pace: %s\n", what);
        ++Failures;
    }
}

void Sleep(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

vtkSmartPointer<vtkRAMSESReader> Open(const char *path, double frameTime) {
    auto reader = vtkSmartPointer<vtkRAMSESReader>::New();
    reader->SetFileName(path);
    reader->SetProgressive(true);
    reader->SetFrameTime(frameTime);
    reader->UpdateInformation();
    reader->GetNeedsUpdate();
    return reader;
}

// Shows the first time step; returns how many levels it has.
unsigned int ShowFirst(vtkRAMSESReader *reader) {
    vtkInformation *information = reader->GetOutputInformation(0);
    reader->UpdateInformation();
    reader->UpdateTimeStep(information->Get(vtkStreamingDemandDrivenPipeline::TIME_STEPS(), 0), -1,
                           1, 0, nullptr);
    auto *mesh = vtkHyperTreeGrid::SafeDownCast(reader->GetOutputDataObject(0));
    return mesh ? mesh->GetNumberOfLevels() : 0;
}

// The speed of the files once the output is open, and what was read by then.
struct Opened {
    double Speed;
    uint64_t Bytes;
};

void NoteOpened(vtkObject *caller, unsigned long, void *client, void *) {
    auto *opened = static_cast<Opened *>(client);
    if (opened->Bytes > 0 || !static_cast<vtkAlgorithm *>(caller)->GetProgressText())
        return; // it was noted, or the output is still to be opened
    opened->Bytes = slow_read_bytes();
    slow_read_set(opened->Speed);
}

// Levels that are shown of an output of which nothing is in memory, from a disk that has one speed
// while it is opened and another one for its levels. *bytes: that opening it reads.
unsigned int CountLevels(const char *path, double frameTime, double speedOfOpening, double speed,
                         uint64_t *bytes) {
    slow_read_set(0.0);
    auto reader = Open(path, frameTime);
    reader->SetPrefetch(false);
    reader->UpdateInformation();
    Opened opened = {speed, 0};
    vtkNew<vtkCallbackCommand> note;
    note->SetCallback(NoteOpened);
    note->SetClientData(&opened);
    reader->AddObserver(vtkCommand::ProgressEvent, note);
    const uint64_t before = slow_read_bytes();
    slow_read_set(speedOfOpening);
    const unsigned int levels = ShowFirst(reader);
    *bytes = opened.Bytes - before;
    return levels;
}

void OpeningIsPartOfTheTime(const char *path) {
    const double slow = 4e6, opening = 3.0; // bytes per second; seconds
    uint64_t bytes = 0;
    const unsigned int coarse = CountLevels(path, 0.0, 0.0, slow, &bytes);
    const unsigned int whole = CountLevels(path, 3600.0, 0.0, 0.0, &bytes);
    Need(coarse > 0 && coarse < whole, "a time of 0 gives the coarse levels, a long one all");
    Need(bytes > 0, "nothing is read to open an output");
    const double speed = static_cast<double>(bytes) / opening;
    Need(CountLevels(path, opening, speed, slow, &bytes) == coarse,
         "the time is up when the output is open: the coarse levels are shown");
}

bool IsReadingAhead() {
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        if (name == PVR_AHEAD_THREAD)
            return true;
    }
    return false;
}

bool Tells(vtkRAMSESReader *reader, const char *what) {
    return std::string(reader->GetThreadReport()).find(what) != std::string::npos;
}

void TheNextStepComesAfterTheWhole(const char *path) {
    slow_read_set(0.0);
    auto reader = Open(path, 0.0);
    slow_read_set(3e6);
    int looks = 0;
    ShowFirst(reader);
    for (int i = 0; i < 6000 && !Tells(reader, "all in"); ++i) {
        const bool reads = IsReadingAhead();
        if (!Tells(reader, "all in")) { // so it was not when we looked
            ++looks;
            Need(!reads, "the next time step is read before this one is whole");
        }
        if (reader->GetNeedsUpdate())
            ShowFirst(reader);
        Sleep(10);
    }
    Need(looks > 1, "all is there at once");
    bool reads = false;
    for (int i = 0; i < 1000 && !reads; ++i) {
        if (reader->GetNeedsUpdate())
            ShowFirst(reader);
        reads = IsReadingAhead();
        Sleep(10);
    }
    Need(reads, "the next time step is not read once this one is whole");
    slow_read_set(0.0);
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: reader_pace INFO_FILE\n");
        return 2;
    }
    OpeningIsPartOfTheTime(argv[1]);
    TheNextStepComesAfterTheWhole(argv[1]);
    return Failures == 0 ? 0 : 1;
}
