// vtkPVRamsesRanks.h - the ranks that read one output together, by ParaView's own MPI.
//
// Every call but Rank and Size is for all ranks at the same place of the program: who does not call
// leaves the others waiting. A single process is its own and only rank.
#ifndef vtkPVRamsesRanks_h
#define vtkPVRamsesRanks_h

#include "pvr_exchange.h"
#include "pvr_split.h"

#include "vtkInformation.h"
#include "vtkMultiProcessController.h"

#include <cstdint>
#include <string>
#include <vector>

class vtkPVRamsesRanks {
  public:
    // A null controller, and one of a single process, is a process alone.
    explicit vtkPVRamsesRanks(vtkMultiProcessController *controller);
    // Those that share a request for a piece, one each; a process that was asked for a part by
    // itself is alone.
    static vtkPVRamsesRanks Of(vtkInformation *request);

    int Rank() const {
        return this->Controller ? this->Controller->GetLocalProcessId() : 0;
    }
    int Size() const {
        return this->Controller ? this->Controller->GetNumberOfProcesses() : 1;
    }

    // Is it so on any rank?
    bool Any(bool here) const;
    // The sums over all ranks, in their place.
    void AddUp(uint64_t *values, size_t count) const;
    void AddUp(double *values, size_t count) const;
    // The same verdict for all: PVR_OK if it is that everywhere; else what the lowest rank that
    // failed has to say, with its number.
    pvr_status Agree(pvr_status status, pvr_error &error) const;
    // What rank 0 has, for all.
    void Broadcast(std::string &text) const;
    // What each rank has, for all, in their order.
    std::vector<std::string> Gather(const std::string &here) const;
    std::vector<double> Gather(double here) const;
    // The largest of all ranks.
    double Most(double here) const;
    // From one rank to another; for those two.
    void Send(const void *data, uint64_t bytes, int to) const;
    void Receive(void *data, uint64_t bytes, int from) const;

  private:
    vtkMultiProcessController *Controller;
};

namespace vtkPVRamsesSplit {

// Plans who reads what of an output: `pieces` parts, of which all are on `ranks` (one each), or all
// are read by this process, one after another. All ranks end with the same status. *split is to be
// released.
pvr_status Make(const vtkPVRamsesRanks &ranks, pvr_snapshot *snapshot, const pvr_split_wish &wish,
                const pvr_threads &threads, pvr_split **split, pvr_error &error);

} // namespace vtkPVRamsesSplit

#endif
