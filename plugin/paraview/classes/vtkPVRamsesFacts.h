// vtkPVRamsesFacts.h - what an astronomer wants to know about an output: as field data of the
// loaded data, and as text for the properties panel.
#ifndef vtkPVRamsesFacts_h
#define vtkPVRamsesFacts_h

#include "pvr_series.h"
#include "pvr_snapshot.h"

#include "vtkFieldData.h"

#include <string>

namespace vtkPVRamsesFacts {

// Adds time_code, time_myr, aexp, redshift, output_number, boxlen, unit_l, unit_d, unit_t,
// length_unit (of the coordinates; empty for code lengths), length_cm (cm in one of it), levelmin,
// levelmax, ncpu, source, pvramses_version and ThreadReport.
void AddFieldData(vtkFieldData *fieldData, const pvr_snapshot *snapshot, const pvr_unit &length,
                  const std::string &threadReport);

// A few short lines: what the output is, its time, box, levels and cosmology, and the run's
// outputs.
std::string Describe(const pvr_snapshot *snapshot, const pvr_series &series);

} // namespace vtkPVRamsesFacts

#endif
