// vtkMeraReader.cxx - see vtkMeraReader.h.
#include "vtkMeraReader.h"

#include "pvr_mera.h"

#include "vtkObjectFactory.h"

vtkStandardNewMacro(vtkMeraReader);

vtkMeraReader::vtkMeraReader() = default;
vtkMeraReader::~vtkMeraReader() = default;

int vtkMeraReader::CanReadFile(const char *path) {
    return path && pvr_mera_recognized(path) ? 1 : 0;
}

void vtkMeraReader::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
}
