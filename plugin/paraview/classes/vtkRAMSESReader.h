// vtkRAMSESReader.h - reads an output of the AMR code RAMSES.
/**
 * @class vtkRAMSESReader
 * @brief Reads an output (snapshot) of the AMR code RAMSES.
 *
 * Output port 0, "Mesh", is a vtkHyperTreeGrid of the output's dimension with the values of all
 * cells, coarse ones included. The outputs beside the one that is named are the time steps. All
 * reading is done by libpvramses with its own threads; its arrays are handed to VTK as they are.
 */
#ifndef vtkRAMSESReader_h
#define vtkRAMSESReader_h

#include "vtkAlgorithm.h"
#include "vtkDataArraySelection.h" // included, not declared: VTK's namespace differs by build
#include "vtkHyperTreeGrid.h"
#include "vtkRAMSESModule.h" // for the export macro

#include <memory> // for the internals
#include <string> // for the texts

struct pvr_error;
struct pvr_snapshot;

class VTKRAMSES_EXPORT vtkRAMSESReader : public vtkAlgorithm {
  public:
    static vtkRAMSESReader *New();
    vtkTypeMacro(vtkRAMSESReader, vtkAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    enum OutputPorts { PORT_MESH = 0, NUMBER_OF_PORTS };

    ///@{
    /** An info_NNNNN.txt, or the folder of an output. */
    vtkSetFilePathMacro(FileName);
    vtkGetFilePathMacro(FileName);
    ///@}

    /** 1 if `path` is an info file of RAMSES, or the folder of an output. Quick and silent. */
    virtual int CanReadFile(VTK_FILEPATH const char *path);

    ///@{
    /** Unit of the time steps: 0 Myr, 1 code, 2 expansion factor, 3 output number. */
    vtkSetClampMacro(TimeUnit, int, 0, 3);
    vtkGetMacro(TimeUnit, int);
    ///@}

    /** The fields of the cells, and which of them are wanted. */
    vtkDataArraySelection *GetCellArraySelection();

    ///@{
    /** Deepest level that is read; 0: all. */
    vtkSetClampMacro(MaxLevel, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxLevel, int);
    ///@}
    /** The values that MaxLevel may have: 0 to the deepest level of the output. */
    vtkGetVector2Macro(MaxLevelRange, int);

    ///@{
    /** Unit of the coordinates: 0 code, 1 pc, 2 kpc, 3 Mpc, 4 AU, 5 cm. */
    vtkSetClampMacro(LengthUnit, int, 0, 5);
    vtkGetMacro(LengthUnit, int);
    ///@}

    ///@{
    /** Units of the fields: 0 code, 1 cgs, 2 astro (cm^-3, km/s, ...). */
    vtkSetClampMacro(FieldUnits, int, 0, 2);
    vtkGetMacro(FieldUnits, int);
    ///@}

    ///@{
    /** Precision of the fields: 0 float, 1 double. */
    vtkSetClampMacro(Precision, int, 0, 1);
    vtkGetMacro(Precision, int);
    ///@}

    ///@{
    /** Cap on the threads (0: all that the process may use), whether each is bound to a processor,
     * and whether bytes are asked for ahead of time. How the data is read; never what is read. */
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    vtkSetMacro(PinThreads, bool);
    vtkGetMacro(PinThreads, bool);
    vtkSetMacro(Prefetch, bool);
    vtkGetMacro(Prefetch, bool);
    ///@}

    /** How well the threads were used when the data was read last; empty before. */
    const char *GetThreadReport();
    /** Facts on the output that FileName names, as text; empty if it cannot be opened. */
    const char *GetOutputFacts();

    /** The selection of fields counts too. */
    vtkMTimeType GetMTime() override;

    vtkTypeBool ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                               vtkInformationVector *outputs) override;

  protected:
    vtkRAMSESReader();
    ~vtkRAMSESReader() override;

    int FillOutputPortInformation(int port, vtkInformation *info) override;
    virtual int RequestInformation(vtkInformation *request, vtkInformationVector **inputs,
                                   vtkInformationVector *outputs);
    virtual int RequestData(vtkInformation *request, vtkInformationVector **inputs,
                            vtkInformationVector *outputs);

  private:
    vtkRAMSESReader(const vtkRAMSESReader &) = delete;
    void operator=(const vtkRAMSESReader &) = delete;

    struct Internals;
    // Lists the fields of the named output in the selection.
    void UpdateSelection();
    // Reads the mesh of an open output into the empty `output`; a pvr_status.
    int ReadMesh(vtkHyperTreeGrid *output, pvr_snapshot *snapshot, pvr_error &error);
    // Empties all outputs, tells `message` and returns 0.
    int Fail(vtkInformationVector *outputs, const char *message);

    char *FileName = nullptr;
    int TimeUnit = 0;
    int MaxLevel = 0;
    int MaxLevelRange[2] = {0, 0};
    int LengthUnit = 0;
    int FieldUnits = 0;
    int Precision = 0;
    int MaxThreads = 0;
    bool PinThreads = false;
    bool Prefetch = true;
    std::string ThreadReport;
    std::string OutputFacts;
    std::unique_ptr<Internals> Internal;
};

#endif
