// vtkPVRamsesPoints.h - vertices for points, so that they are drawn and can be chosen one by one.
#ifndef vtkPVRamsesPoints_h
#define vtkPVRamsesPoints_h

#include "pvr_error.h"
#include "pvr_memory.h"
#include "pvr_threads.h"

#include "vtkPolyData.h"

namespace vtkPVRamsesPoints {

// Gives `output` the points on the memory of `position` (real, three components, no copy) and a
// vertex for each of them: 4 bytes per point, 8 beyond 2^31 points.
pvr_status Set(vtkPolyData *output, pvr_array *position, const pvr_threads *threads,
               pvr_error &error);

} // namespace vtkPVRamsesPoints

#endif
