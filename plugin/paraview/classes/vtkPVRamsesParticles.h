// vtkPVRamsesParticles.h - the output port Particles: points with a vertex each, and their fields.
#ifndef vtkPVRamsesParticles_h
#define vtkPVRamsesParticles_h

#include "vtkPVRamsesReading.h"

#include "pvr_error.h"

#include "vtkDataArraySelection.h"
#include "vtkPolyData.h"

namespace vtkPVRamsesParticles {

struct Choice {
    vtkDataArraySelection *Fields = nullptr;
    vtkDataArraySelection *Families = nullptr;
    int Thinning = 1; // one particle in so many
};

// Lists what an output has in the two selections; what was chosen before stays chosen.
pvr_status List(const pvr_snapshot *snapshot, vtkDataArraySelection *fields,
                vtkDataArraySelection *families, pvr_error &error);

// Reads into `output`, which is empty and stays so where an output has no particles.
pvr_status Read(vtkPolyData *output, pvr_snapshot *snapshot, const Choice &choice,
                vtkPVRamsesReading &reading, pvr_error &error);

} // namespace vtkPVRamsesParticles

#endif
