// vtkPVRamsesTables.h - the output ports Sinks and Clumps: a vertex per line of RAMSES' lists.
#ifndef vtkPVRamsesTables_h
#define vtkPVRamsesTables_h

#include "vtkPVRamsesReading.h"

#include "pvr_error.h"
#include "pvr_tables.h"

#include "vtkPolyData.h"

namespace vtkPVRamsesTables {

// Reads into `output`, which is empty and stays so where an output has no such list. Every column
// is an array as the file has it, in code units. `mass` and `velocity` are in the units of fields,
// `radius` and the points in the unit of coordinates.
pvr_status Read(vtkPolyData *output, pvr_snapshot *snapshot, pvr_table_kind kind,
                vtkPVRamsesReading &reading, pvr_error &error);

} // namespace vtkPVRamsesTables

#endif
