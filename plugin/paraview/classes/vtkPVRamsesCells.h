// vtkPVRamsesCells.h - the output port Mesh: structure, fields and derived fields of the cells.
#ifndef vtkPVRamsesCells_h
#define vtkPVRamsesCells_h

#include "vtkPVRamsesReading.h"

#include "pvr_derived.h"

#include "vtkDataArraySelection.h"
#include "vtkHyperTreeGrid.h"

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

// Reads into `output`, which is empty. Fields that only a derived one needs are read for it and
// dropped.
pvr_status Read(vtkHyperTreeGrid *output, pvr_snapshot *snapshot, const Choice &choice,
                vtkPVRamsesReading &reading, pvr_error &error);

} // namespace vtkPVRamsesCells

#endif
