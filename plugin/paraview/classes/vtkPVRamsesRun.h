// vtkPVRamsesRun.h - a run's outputs as a time series, and the outputs that are open.
//
// ParaView asks for a reader's information often, so what was found stays until the folders
// change. Not a VTK class; a thin owner of what the C library gives.
#ifndef vtkPVRamsesRun_h
#define vtkPVRamsesRun_h

#include "vtkPVRamsesRanks.h"

#include "pvr_series.h"
#include "pvr_snapshot.h"

#include <string>
#include <vector>

class vtkPVRamsesRun {
  public:
    vtkPVRamsesRun();
    ~vtkPVRamsesRun();
    vtkPVRamsesRun(const vtkPVRamsesRun &) = delete;
    vtkPVRamsesRun &operator=(const vtkPVRamsesRun &) = delete;

    // Where several ranks share the work, rank 0 looks at the disk and opens, and tells the others:
    // the calls that take `ranks` are for all of them.

    // Finds the outputs beside `path` (an info file or an output folder), unless they are known and
    // nothing changed on disk. `news` is set, on rank 0, when they were looked up anew.
    bool Find(const std::string &path, const vtkPVRamsesRanks &ranks, bool &news, pvr_error &error);
    const pvr_series &GetSeries() const {
        return this->Series;
    }

    // Times of the finished outputs in `unit`, increasing.
    const std::vector<double> &GetTimes(pvr_time_unit unit);
    // The output for `time`: the last at or before it, or the first. Its own time is written back.
    const pvr_output *OutputAt(double &time);
    // The output whose time is next after (`step` 1) or before (-1) `time`, one of GetTimes(), or
    // null.
    const pvr_output *OutputBeside(double time, int step) const;
    // The output that the path of Find() names; its time in the unit of the last GetTimes().
    const pvr_output *OutputNamed(double &time);
    // Why the output that was named cannot be read at all; empty if it can.
    std::string ProblemOfNamed() const;
    // Gaps, and outputs that are left out, one per line; without that problem.
    std::string Warnings() const;

    // Opens an output, or gives the handle that is open already. Owned by this object, which keeps
    // three: the output that is named, the one that is shown and the one that comes next.
    pvr_snapshot *Open(const std::string &infoPath, const vtkPVRamsesRanks &ranks,
                       pvr_error &error);
    // Whatever changes when the files of the output that was opened last are written anew.
    const std::string &GetStamp() const;
    // Forgets the open handles (after an error: the files may be mended later).
    void Close();
    // Forgets everything.
    void Forget();

  private:
    bool FindHere(const std::string &path, bool &news, pvr_error &error);
    // The place in Series of the output that InfoPath names; behind the last if it is none that
    // is finished.
    size_t FindNamed() const;
    bool TakeSeries(const std::string &path, const std::string &bytes, pvr_error &error);
    struct Handle {
        pvr_snapshot *Snapshot;
        std::string Path, Stamp;
    };
    Handle *FindHandle(const std::string &infoPath, const std::string &stamp);
    pvr_snapshot *OpenHere(const std::string &infoPath, const std::string &stamp, pvr_error &error);
    pvr_snapshot *Add(pvr_snapshot *snapshot, const std::string &infoPath,
                      const std::string &stamp);
    bool Send(const std::string &infoPath, const std::string &stamp, pvr_snapshot *&snapshot,
              const vtkPVRamsesRanks &ranks, pvr_error &error);

    std::string Path;
    std::string InfoPath; // of the output that Path names
    std::string Stamp;    // of the folders when Series was made
    pvr_series Series;
    size_t Named = 0; // FindNamed(), when Series was made
    std::vector<double> Times;
    std::vector<size_t> TimeIndex; // place in Series of each time

    std::vector<Handle> Handles; // the last that was asked for is the first
};

#endif
