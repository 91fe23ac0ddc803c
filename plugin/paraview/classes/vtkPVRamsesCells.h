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

// Reads into `output`, which is empty, through the cache: what is there is shared. Fields that only
// a derived one needs do not become part of the output.
pvr_status Read(vtkHyperTreeGrid *output, pvr_snapshot *snapshot, const Choice &choice,
                vtkPVRamsesShared &shared, Shown &shown, vtkPVRamsesReading &reading,
                pvr_error &error);

// Begins to load ahead what Read would for this snapshot.
void ReadAhead(pvr_ahead *ahead, pvr_snapshot *snapshot, const Choice &choice,
               const vtkPVRamsesReading &reading);

} // namespace vtkPVRamsesCells

#endif
