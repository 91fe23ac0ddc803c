// vtkPVRamsesReading.h - what all output ports of a reader have in common: how to read, in which
// units, and what came of it.
#ifndef vtkPVRamsesReading_h
#define vtkPVRamsesReading_h

#include "vtkPVRamsesRanks.h"

#include "pvr_memory.h"
#include "pvr_region.h"
#include "pvr_snapshot.h"
#include "pvr_threads.h"

#include "vtkDataArraySelection.h"

#include <string>
#include <vector>

struct vtkPVRamsesReading {
    pvr_threads Threads = pvr_threads();
    pvr_type Precision = PVR_FLOAT32;
    pvr_field_units Units = PVR_UNITS_CODE;
    pvr_unit Length = pvr_unit();     // of the coordinates
    pvr_region Region = pvr_region(); // what to read of the box, in code length
    // Where several parts make the whole: who reads what (null: this process all of it), which part
    // is read here, and the ranks that read the others at the same time.
    const pvr_split *Split = nullptr;
    int Piece = 0;
    vtkPVRamsesRanks Ranks = vtkPVRamsesRanks(nullptr);
    pvr_progress_fn Progress = nullptr;
    void *ProgressContext = nullptr;

    // Set by the reading.
    std::string Report;
    std::string Warnings; // one per line
};

namespace vtkPVRamsesSelection {

// Makes `known` list what `listed` lists, in its order; what was chosen before stays chosen.
void Relist(vtkDataArraySelection *known, vtkDataArraySelection *listed);
// Is `name` wanted? `otherwise` where the selection does not list it.
bool Wants(vtkDataArraySelection *selection, const char *name, bool otherwise);
// The names that are on, as one text.
std::string Text(vtkDataArraySelection *selection);

} // namespace vtkPVRamsesSelection

// The thread report as text; of several ranks, how they compare besides. `cells` is what this one
// has of `what`. With ranks it is for all of them.
std::string vtkPVRamsesReportText(const pvr_report *report);
std::string vtkPVRamsesReportText(const pvr_report *report, const vtkPVRamsesRanks &ranks,
                                  uint64_t cells, const char *what);
std::string vtkPVRamsesReportText(const pvr_report *report, const vtkPVRamsesReading &reading,
                                  uint64_t cells, const char *what);
// How ranks compare in time and in bytes that they read, or wrote; empty for one alone.
std::string vtkPVRamsesRanksText(const vtkPVRamsesRanks &ranks, double seconds, double bytes,
                                 const char *done);

#endif
