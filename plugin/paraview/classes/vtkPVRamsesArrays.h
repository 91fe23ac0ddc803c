// vtkPVRamsesArrays.h - arrays of the C library as VTK arrays, without a copy.
#ifndef vtkPVRamsesArrays_h
#define vtkPVRamsesArrays_h

#include "pvr_memory.h"
#include "pvr_mesh.h"
#include "pvr_particles.h"

#include "vtkDataArray.h"
#include "vtkSmartPointer.h"

namespace vtkPVRamsesArrays {

// A VTK array on the memory of `array`, which lives as long as the VTK array. Three components are
// called x, y and z. 64-bit integers are vtkLongLongArray.
vtkSmartPointer<vtkDataArray> Wrap(pvr_array *array, const char *name);

// The same with unit and ranges, where they are known.
vtkSmartPointer<vtkDataArray> Wrap(const pvr_mesh_array &array);
vtkSmartPointer<vtkDataArray> Wrap(const pvr_particle_array &array);

// The values of a VTK array as they stand, owned by it; false if the library does not have their
// type or they do not stand one after another.
bool Borrow(vtkDataArray *array, pvr_array &borrowed);

// `values` with the array's name and unit, which lives in the array.
pvr_mesh_array Named(vtkDataArray *array, pvr_array &values);

// Gives `target` the name, the unit and the names of components of `source`.
void Describe(vtkDataArray *target, vtkDataArray *source);

} // namespace vtkPVRamsesArrays

#endif
