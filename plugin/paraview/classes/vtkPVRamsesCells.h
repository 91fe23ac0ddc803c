// vtkPVRamsesCells.h - the output port Mesh: structure, fields and derived fields of the cells.
#ifndef vtkPVRamsesCells_h
#define vtkPVRamsesCells_h

#include "vtkPVRamsesReading.h"
#include "vtkPVRamsesShared.h"

#include "pvr_ahead.h"
#include "pvr_derived.h"

#include "vtkDataArraySelection.h"
#include "vtkHyperTreeGrid.h"
#include "vtkSmartPointer.h"

#include <vector>

namespace vtkPVRamsesCells {

struct Choice {
    vtkDataArraySelection *Fields = nullptr;
    vtkDataArraySelection *Derived = nullptr;
    int MaxLevel = 0;
    // Of derived fields; the adiabatic index follows from the snapshot. The centre is in the unit
    // of the coordinates.
    pvr_derived_options Options = pvr_derived_options();
};

// Lists what an output has in the two selections; what was chosen before stays chosen.
void List(const pvr_snapshot *snapshot, vtkDataArraySelection *fields,
          vtkDataArraySelection *derived);

// What a reader keeps of the mesh that it shows, so that the next reading finds it: the structure
// that other fields are filled from, and VTK's trees of it.
class Shown {
  public:
    Shown() = default;
    ~Shown();
    Shown(const Shown &) = delete;
    Shown &operator=(const Shown &) = delete;

    void Forget();
    // Takes over `mesh`, whose arrays it drops, and VTK's trees of it.
    void Keep(pvr_mesh *mesh, vtkHyperTreeGrid *trees);

  private:
    pvr_mesh *Mesh = nullptr;
    vtkSmartPointer<vtkHyperTreeGrid> Trees;
};

using Names = std::vector<const char *>;

// What is asked of the library for a choice.
struct Asked {
    pvr_snapshot *Snapshot; // a reference: the names are in its tables
    vtkPVRamsesReading Reading;
    Names Fields; // the chosen ones first, then what derived fields need besides
    int NumberChosen;
    Names Derived;
    pvr_derived_options Options;
    pvr_mesh_request Request; // points into the others

    Asked(pvr_snapshot *snapshot, const Choice &choice, const vtkPVRamsesReading &reading);
    ~Asked();
    Asked(const Asked &) = delete;
    Asked &operator=(const Asked &) = delete;
};

// What is made of a mesh that was loaded.
struct Made {
    std::vector<pvr_mesh_array> Derived;
    vtkSmartPointer<vtkHyperTreeGrid> Trees;
    double TreeSeconds = 0.0;

    Made() = default;
    ~Made();
    Made(const Made &) = delete;
    Made &operator=(const Made &) = delete;
};

// Computes the derived fields and makes VTK's trees, unless they are among the living. For any
// thread. `progress` is asked whether to stop.
pvr_status Make(const Asked &asked, const pvr_mesh *mesh, const vtkPVRamsesShared::Living &living,
                pvr_progress_fn progress, void *progressContext, Made &made, pvr_error &error);
// Gives `output`, which is empty, all of it; `mesh` goes to `shown`. The report is in `reading`.
// Fields that only a derived one needs do not become part of the output.
void Show(vtkHyperTreeGrid *output, const Asked &asked, pvr_mesh *mesh, const Made &made,
          vtkPVRamsesShared &shared, Shown &shown, vtkPVRamsesReading &reading);

// Reads into `output`, which is empty, through the cache: what is there is shared.
pvr_status Read(vtkHyperTreeGrid *output, pvr_snapshot *snapshot, const Choice &choice,
                vtkPVRamsesShared &shared, Shown &shown, vtkPVRamsesReading &reading,
                pvr_error &error);

// Begins to load ahead what Read would for this snapshot.
void ReadAhead(pvr_ahead *ahead, pvr_snapshot *snapshot, const Choice &choice,
               const vtkPVRamsesReading &reading);

} // namespace vtkPVRamsesCells

#endif
