// vtkMeraWriter.h - writes Mera files with all threads.
/**
 * @class vtkMeraWriter
 * @brief Writes what came from an output of RAMSES, or from a Mera file, as a Mera file.
 *
 * The input is the mesh of RAMSES Reader or Mera Reader, whole or cut by any filter that leaves it
 * a hyper tree grid, or its particles. What Mera.jl wants to know of the simulation is read from
 * the output that the field data names (`source`). Arrays must be in code units; those that are no
 * variables of the output (derived fields, level, domain) are left out. The file appears when it is
 * whole and was read back.
 */
#ifndef vtkMeraWriter_h
#define vtkMeraWriter_h

#include "vtkAlgorithm.h"
#include "vtkRAMSESModule.h" // for the export macro

#include <string> // for the report

class VTKRAMSES_EXPORT vtkMeraWriter : public vtkAlgorithm {
  public:
    static vtkMeraWriter *New();
    vtkTypeMacro(vtkMeraWriter, vtkAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    ///@{
    /** The file to be written: output_NNNNN.jld2 for Mera.jl to find it. */
    vtkSetFilePathMacro(FileName);
    vtkGetFilePathMacro(FileName);
    ///@}

    ///@{
    /** 0 LZ4, 1 zlib, 2 none. */
    vtkSetClampMacro(Compressor, int, 0, 2);
    vtkGetMacro(Compressor, int);
    ///@}

    ///@{
    /** Add to the file that is there, which must not have these kinds of data yet. */
    vtkSetMacro(Append, bool);
    vtkGetMacro(Append, bool);
    vtkBooleanMacro(Append, bool);
    ///@}

    ///@{
    /** What `viewdata` of Mera.jl shows. */
    vtkSetStringMacro(Comments);
    vtkGetStringMacro(Comments);
    ///@}

    ///@{
    /** Threads to use at most; 0: all that the process may use. */
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    ///@}

    /** Updates the input and writes it. Returns 1 if all went well. */
    int Write();

    /** What was written, and how long it took. */
    const char *GetReport() const {
        return this->Report.c_str();
    }

    vtkTypeBool ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                               vtkInformationVector *outputs) override;

  protected:
    vtkMeraWriter();
    ~vtkMeraWriter() override;
    int FillInputPortInformation(int port, vtkInformation *info) override;

  private:
    vtkMeraWriter(const vtkMeraWriter &) = delete;
    void operator=(const vtkMeraWriter &) = delete;

    int RequestData(vtkInformationVector **inputs);

    char *FileName = nullptr;
    int Compressor = 0;
    bool Append = false;
    char *Comments = nullptr;
    int MaxThreads = 0;
    std::string Report;
};

#endif
