// reader_random.cxx - the reader with Progressive, a thousand times changed, asked and deleted at
// random, as a person at the window does it: it never hangs, what it shows is always consistent,
// and its threads end with it.
#include "vtkRAMSESReader.h"

#include "slow_read.h"

#include "vtkCellData.h"
#include "vtkDataArray.h"
#include "vtkDataArraySelection.h"
#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkSmartPointer.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace {

int Failures = 0;

void Need(bool right, const char *what) {
    if (!right) {
        fprintf(stderr, "reader_random: %s\n", what);
        ++Failures;
    }
}

class Random {
  public:
    // One of 0 .. count - 1.
    int Below(int count) {
        this->State ^= this->State << 13;
        this->State ^= this->State >> 7;
        this->State ^= this->State << 17;
        return static_cast<int>(this->State % static_cast<uint64_t>(count));
    }

  private:
    uint64_t State = 88172645463325252u;
};

// Threads of this process that are of low priority: those that load in the background.
int CountLoading() {
    int count = 0;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        long priority = 0, nice = 0;
        FILE *file = fopen((task.path() / "stat").c_str(), "r");
        if (file && fscanf(file,
                           "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
                           "%*d %*d %ld %ld",
                           &priority, &nice) == 2)
            count += nice > 0 ? 1 : 0;
        if (file)
            fclose(file);
    }
    return count;
}

// Have all of them ended? The system lists a thread for a moment after it was waited for.
bool NoneIsLoading() {
    for (int i = 0; i < 1000 && CountLoading() > 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return CountLoading() == 0;
}

vtkSmartPointer<vtkRAMSESReader> Open(const char *path) {
    auto reader = vtkSmartPointer<vtkRAMSESReader>::New();
    reader->SetFileName(path);
    reader->SetProgressive(true);
    reader->SetFrameTime(0.0);
    reader->UpdateInformation();
    reader->GetNeedsUpdate();
    return reader;
}

// Shows the time step `number`, if there is one, else the first.
vtkHyperTreeGrid *Update(vtkRAMSESReader *reader, int number) {
    vtkInformation *information = reader->GetOutputInformation(0);
    reader->UpdateInformation();
    const int steps = information->Length(vtkStreamingDemandDrivenPipeline::TIME_STEPS());
    Need(steps > 0, "there are no time steps");
    reader->UpdateTimeStep(information->Get(vtkStreamingDemandDrivenPipeline::TIME_STEPS(),
                                            number < steps ? number : 0),
                           -1, 1, 0, nullptr);
    return vtkHyperTreeGrid::SafeDownCast(reader->GetOutputDataObject(0));
}

void Check(vtkHyperTreeGrid *mesh) {
    Need(mesh && mesh->GetNumberOfCells() > 0, "nothing is shown");
    for (int i = 0; mesh && i < mesh->GetCellData()->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = mesh->GetCellData()->GetArray(i);
        // trees outside of a region have a place in the arrays
        Need(array->GetNumberOfTuples() >= mesh->GetNumberOfCells(), "an array is too short");
    }
}

void Change(vtkRAMSESReader *reader, Random &random) {
    vtkDataArraySelection *fields = reader->GetCellArraySelection();
    switch (random.Below(7)) {
    case 0:
        fields->SetArraySetting(fields->GetArrayName(random.Below(fields->GetNumberOfArrays())),
                                random.Below(2));
        break;
    case 1:
        reader->SetMaxLevel(random.Below(3) * 3 + random.Below(3));
        break;
    case 2:
        reader->SetRegionType(random.Below(2) * random.Below(4));
        reader->SetRegionRadius(0.1 + 0.1 * random.Below(3));
        break;
    case 3:
        reader->SetPrecision(random.Below(2));
        break;
    case 4:
        reader->GetDerivedArraySelection()->SetArraySetting("temperature", random.Below(2));
        break;
    case 5:
        reader->SetCacheBudget(random.Below(3) * 8);
        break;
    default:
        reader->SetProgressive(random.Below(4) > 0);
    }
}

// The whole comes in the end, and is what a reader without Progressive gives.
void Finish(vtkRAMSESReader *reader, const char *path) {
    slow_read_set(0.0);
    reader->SetCacheBudget(0);
    reader->SetProgressive(true);
    reader->SetMaxLevel(0);
    reader->SetRegionType(0);
    vtkHyperTreeGrid *mesh = Update(reader, 1);
    const auto isWhole = [&] {
        return std::string(reader->GetThreadReport()).find("all in") != std::string::npos;
    };
    for (int i = 0; i < 3000 && !isWhole(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (reader->GetNeedsUpdate())
            mesh = Update(reader, 1);
    }
    if (reader->GetNeedsUpdate())
        mesh = Update(reader, 1);
    auto plain = vtkSmartPointer<vtkRAMSESReader>::New();
    plain->SetFileName(path);
    Need(mesh->GetNumberOfCells() == Update(plain, 1)->GetNumberOfCells(), "not all came in");
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: reader_random INFO_FILE\n");
        return 2;
    }
    Random random;
    auto reader = Open(argv[1]);
    for (int i = 0; i < 1000; ++i) {
        switch (random.Below(8)) {
        case 0:
        case 1:
            Change(reader, random);
            break;
        case 2:
            slow_read_set(random.Below(2) * 300e6);
            break;
        case 3:
            std::this_thread::sleep_for(std::chrono::milliseconds(random.Below(5)));
            break;
        case 4:
            if (random.Below(10) == 0) { // deleted at any time, another one at once
                reader = nullptr;
                Need(NoneIsLoading(), "a thread outlives its reader");
                reader = Open(argv[1]);
            }
            break;
        default:
            if (reader->GetNeedsUpdate() || random.Below(3) == 0)
                Check(Update(reader, random.Below(8) / 7));
        }
    }
    Finish(reader, argv[1]);
    return Failures == 0 ? 0 : 1;
}
