// vtkPVRamsesStream.h - the mesh of an output, coarse at once and finer level by level.
//
// The levels are loaded, and made ready for VTK, by a thread of the C library; the pipeline's
// thread hands them on when it is asked to.
#ifndef vtkPVRamsesStream_h
#define vtkPVRamsesStream_h

#include "vtkPVRamsesCells.h"

#include "pvr_progressive.h"

#include <memory>
#include <string>

class vtkPVRamsesStream {
  public:
    vtkPVRamsesStream();
    ~vtkPVRamsesStream();
    vtkPVRamsesStream(const vtkPVRamsesStream &) = delete;
    vtkPVRamsesStream &operator=(const vtkPVRamsesStream &) = delete;

    // Begins to load what vtkPVRamsesCells::Read would; `key` names it. What ran before is stopped.
    pvr_status Start(const std::string &key, pvr_snapshot *snapshot,
                     const vtkPVRamsesCells::Choice &choice, vtkPVRamsesShared &shared,
                     const vtkPVRamsesReading &reading, pvr_error &error);
    // Does what `key` names run, or did it?
    bool Is(const std::string &key) const {
        return !this->Key.empty() && this->Key == key;
    }
    // Stops and forgets; the threads have ended when it returns.
    void Stop();

    // Waits until there is something to take and pvr_seconds() is past `time`, or all is there, or
    // nothing more comes. False if reading.Progress asked to stop.
    bool WaitUntil(double time, const vtkPVRamsesReading &reading);
    // Gives `output`, which is empty, the finest levels that are complete, if there are new ones.
    // `whole`: all that was asked for.
    bool Take(vtkHyperTreeGrid *output, vtkPVRamsesShared &shared, vtkPVRamsesCells::Shown &shown,
              vtkPVRamsesReading &reading, bool &whole);

    // True once for each time that something new is there: levels, or the end.
    bool HasNews();
    // True about once a second while the description changes.
    bool HasToTell();
    bool IsRunning() const;
    // Why it ended, if not well, once.
    bool Fails(pvr_error &error);
    // How far it is, for a person; empty if nothing runs or ran.
    std::string Describe() const;

  private:
    struct Work; // what the thread that loads needs

    std::string Key;
    pvr_progressive *Progressive = nullptr;
    std::unique_ptr<Work> Current;
    int ToldLevel = 0;
    bool ToldEnd = false, ToldFailure = false;
    std::string Told; // description
    double ToldAt = 0.0;
};

#endif
