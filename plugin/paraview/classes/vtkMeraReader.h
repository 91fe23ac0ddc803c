// vtkMeraReader.h - reads a Mera file: an output of RAMSES as Mera.jl keeps it.
/**
 * @class vtkMeraReader
 * @brief Reads a Mera file (.jld2): an output of RAMSES as Mera.jl keeps it.
 *
 * The library gives such a file the same meshes, particles and lists as an output, so that this is
 * the reader of outputs with another kind of file: the same output ports (there are no sinks) and
 * properties. The Mera files beside the one that is named, whose names differ in the number alone,
 * are the time steps.
 */
#ifndef vtkMeraReader_h
#define vtkMeraReader_h

#include "vtkRAMSESReader.h"

class VTKRAMSES_EXPORT vtkMeraReader : public vtkRAMSESReader {
  public:
    static vtkMeraReader *New();
    vtkTypeMacro(vtkMeraReader, vtkRAMSESReader);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    /** 1 if `path` ends in .jld2 and begins as a file of JLD2. Quick and silent. */
    int CanReadFile(VTK_FILEPATH const char *path) override;

  protected:
    vtkMeraReader();
    ~vtkMeraReader() override;

  private:
    vtkMeraReader(const vtkMeraReader &) = delete;
    void operator=(const vtkMeraReader &) = delete;
};

#endif
