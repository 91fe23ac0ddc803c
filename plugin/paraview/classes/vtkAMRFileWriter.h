// vtkAMRFileWriter.h - writes VTK files with all threads.
/**
 * @class vtkAMRFileWriter
 * @brief Writes hyper tree grids, unstructured grids, points and images as VTK's XML files.
 *
 * The blocks of the file are compressed by all threads and written as a stream. The kind of file is
 * told by the end of its name: .htg, .vtu (of a hyper tree grid: its leaf cells), .vtp or .vti; a
 * "fast-" before it (.fast-htg) is left out of the name. A file appears when it is whole.
 *
 * On several ranks every rank writes the piece that it holds, NAME_RANK.vtu, and the first one the
 * list of all: .pvtu, .pvtp, .pvti. Pieces of hyper tree grids are listed in a .vtm, because VTK's
 * reader of .phtg loses vectors and masks; a name that ends in .phtg asks for that one.
 */
#ifndef vtkAMRFileWriter_h
#define vtkAMRFileWriter_h

#include "vtkAlgorithm.h"
#include "vtkRAMSESModule.h" // for the export macro

#include <string> // for the report

class VTKRAMSES_EXPORT vtkAMRFileWriter : public vtkAlgorithm {
  public:
    static vtkAMRFileWriter *New();
    vtkTypeMacro(vtkAMRFileWriter, vtkAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    ///@{
    /** The file to be written. */
    vtkSetFilePathMacro(FileName);
    vtkGetFilePathMacro(FileName);
    ///@}

    ///@{
    /** 0 LZ4, 1 zlib, 2 none. */
    vtkSetClampMacro(Compressor, int, 0, 2);
    vtkGetMacro(Compressor, int);
    ///@}

    ///@{
    /** 1 (fast) to 9 (small). */
    vtkSetClampMacro(CompressionLevel, int, 1, 9);
    vtkGetMacro(CompressionLevel, int);
    ///@}

    ///@{
    /** Threads to use at most; 0: all that the process may use. */
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    ///@}

    ///@{
    /** The rank's piece; ParaView sets these. */
    vtkSetMacro(NumberOfPieces, int);
    vtkSetMacro(StartPiece, int);
    ///@}

    /** Updates the input and writes it. Returns 1 if all went well. */
    int Write();

    /** What was written, how much it was compressed and how long each stage took. */
    const char *GetReport() const {
        return this->Report.c_str();
    }

    vtkTypeBool ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                               vtkInformationVector *outputs) override;

  protected:
    vtkAMRFileWriter();
    ~vtkAMRFileWriter() override;
    int FillInputPortInformation(int port, vtkInformation *info) override;

  private:
    vtkAMRFileWriter(const vtkAMRFileWriter &) = delete;
    void operator=(const vtkAMRFileWriter &) = delete;

    int RequestUpdateExtent(vtkInformationVector **inputs);
    int RequestData(vtkInformationVector **inputs);

    char *FileName = nullptr;
    int Compressor = 0;
    int CompressionLevel = 5;
    int MaxThreads = 0;
    int NumberOfPieces = 1;
    int StartPiece = 0;
    std::string Report;
};

#endif
