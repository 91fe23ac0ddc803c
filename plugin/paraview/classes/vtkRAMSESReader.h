// vtkRAMSESReader.h - reads an output of the AMR code RAMSES.
/**
 * @class vtkRAMSESReader
 * @brief Reads an output (snapshot) of the AMR code RAMSES.
 *
 * Output port 0, "Mesh", is a vtkHyperTreeGrid of the output's dimension with the values of all
 * cells, coarse ones included. Port 1, "Particles", is a vtkPolyData with a vertex per particle;
 * ports 2 and 3, "Sinks" and "Clumps", have one per line of RAMSES' lists. A port is read when it
 * is asked for, and alone; what was read last is kept for each. The outputs beside the one that is
 * named are the time steps. All reading is done by libpvramses with its own threads; its arrays are
 * handed to VTK as they are.
 */
#ifndef vtkRAMSESReader_h
#define vtkRAMSESReader_h

#include "vtkAlgorithm.h"
#include "vtkCommand.h"
#include "vtkDataArraySelection.h" // included, not declared: VTK's namespace differs by build
#include "vtkRAMSESModule.h"       // for the export macro

#include <initializer_list>
#include <memory> // for the internals
#include <string> // for the texts

struct pvr_snapshot;
struct vtkPVRamsesReading;
class vtkPVRamsesRanks;

class VTKRAMSES_EXPORT vtkRAMSESReader : public vtkAlgorithm {
  public:
    static vtkRAMSESReader *New();
    vtkTypeMacro(vtkRAMSESReader, vtkAlgorithm);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    enum OutputPorts { PORT_MESH = 0, PORT_PARTICLES, PORT_SINKS, PORT_CLUMPS, NUMBER_OF_PORTS };

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

    ///@{
    /** What to read at all; a port that is off is empty. */
    vtkSetMacro(ReadMesh, bool);
    vtkGetMacro(ReadMesh, bool);
    vtkSetMacro(ReadParticles, bool);
    vtkGetMacro(ReadParticles, bool);
    vtkSetMacro(ReadSinks, bool);
    vtkGetMacro(ReadSinks, bool);
    vtkSetMacro(ReadClumps, bool);
    vtkGetMacro(ReadClumps, bool);
    ///@}
    ///@{
    /** The list at the port of the clumps: 0 clumps, 1 halos. */
    vtkSetClampMacro(ClumpList, int, 0, 1);
    vtkGetMacro(ClumpList, int);
    ///@}

    /** The fields of the cells, and which of them are wanted. */
    vtkDataArraySelection *GetCellArraySelection();
    /** What can be computed from the fields of the cells, and what of that is wanted. */
    vtkDataArraySelection *GetDerivedArraySelection();
    /** The fields of the particles, and which of them are wanted. */
    vtkDataArraySelection *GetPointArraySelection();
    /** The families of the particles, and which of them are wanted. */
    vtkDataArraySelection *GetFamilySelection();

    ///@{
    /** Read one particle in so many, the same ones in every output; 1: all. */
    vtkSetClampMacro(ParticleThinning, int, 1, VTK_INT_MAX);
    vtkGetMacro(ParticleThinning, int);
    ///@}

    ///@{
    /** For derived fields: mean molecular weight of the gas, mass fraction of hydrogen. */
    vtkSetClampMacro(MeanMolecularWeight, double, 1e-3, 1e3);
    vtkGetMacro(MeanMolecularWeight, double);
    vtkSetClampMacro(HydrogenFraction, double, 1e-3, 1.0);
    vtkGetMacro(HydrogenFraction, double);
    ///@}
    ///@{
    /** For derived fields: their centre (0: centre of the box, 1: DerivedCenter, in LengthUnit). */
    vtkSetClampMacro(DerivedCenterType, int, 0, 1);
    vtkGetMacro(DerivedCenterType, int);
    vtkSetVector3Macro(DerivedCenter, double);
    vtkGetVector3Macro(DerivedCenter, double);
    ///@}
    ///@{
    /** For derived fields: axis of rotation, of any length. */
    vtkSetVector3Macro(DerivedAxis, double);
    vtkGetVector3Macro(DerivedAxis, double);
    ///@}
    ///@{
    /** For derived fields: velocity that is taken away (0: none, 1: mass-weighted mean). */
    vtkSetClampMacro(BulkVelocity, int, 0, 1);
    vtkGetMacro(BulkVelocity, int);
    ///@}

    ///@{
    /** Deepest level that is read; 0: all. */
    vtkSetClampMacro(MaxLevel, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxLevel, int);
    ///@}
    /** The values that MaxLevel may have: 0 to the deepest level of the output. */
    vtkGetVector2Macro(MaxLevelRange, int);

    ///@{
    /** The part of the box that is read: 0 all, 1 a box, 2 a sphere, 3 a cylinder. Lengths are in
     * LengthUnit. Coordinates of the center that are Unset are the box's middle; sizes and the
     * height half of it, the radius a quarter: no number that a user may give, since ParaView
     * passes over those that equal its defaults. While nothing is cut out they make no difference,
     * and setting them does not make the reader run again. */
    static constexpr double Unset = 1e30;
    vtkSetClampMacro(RegionType, int, 0, 3);
    vtkGetMacro(RegionType, int);
    void SetRegionCenter(double x, double y, double z);
    vtkGetVector3Macro(RegionCenter, double);
    void SetRegionSize(double x, double y, double z);
    vtkGetVector3Macro(RegionSize, double);
    void SetRegionRadius(double radius);
    vtkGetMacro(RegionRadius, double);
    void SetRegionHeight(double height);
    vtkGetMacro(RegionHeight, double);
    vtkSetVector3Macro(RegionAxis, double);
    vtkGetVector3Macro(RegionAxis, double);
    ///@}
    ///@{
    /** What ParaView's box widget keeps beside its position (RegionCenter) and scale (RegionSize):
     * the box that it moves and stretches, here of side 1 about the origin so that these are
     * what they are called; or, switched off, from 0 to 1. */
    vtkSetMacro(RegionUseReferenceBounds, bool);
    vtkGetMacro(RegionUseReferenceBounds, bool);
    vtkSetVector6Macro(RegionReferenceBounds, double);
    vtkGetVector6Macro(RegionReferenceBounds, double);
    ///@}
    ///@{
    /** Which cells belong to the region: 0 those that overlap it, 1 those whose centre is in it. */
    vtkSetClampMacro(RegionCells, int, 0, 1);
    vtkGetMacro(RegionCells, int);
    ///@}
    /** The box of the named output in LengthUnit: lower and upper bound of each axis. */
    vtkGetVector6Macro(BoxRange, double);
    ///@{
    /** Radii and heights of regions that the box has room for: from 0 to half its shortest side,
     * and to that. */
    vtkGetVector2Macro(RadiusRange, double);
    vtkGetVector2Macro(HeightRange, double);
    ///@}

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
    /** How several ranks share an output: 0 by what suits it, 1 by whole trees, 2 by whole domains
     * (files). Of no account for a single process. See pvr_split.h. */
    vtkSetClampMacro(RankSplit, int, 0, 2);
    vtkGetMacro(RankSplit, int);
    ///@}

    ///@{
    /** Cap on the threads (0: all that the process may use), whether each is bound to a processor,
     * and whether bytes are asked for ahead of time, and the next time step is loaded while one is
     * shown. How the data is read; never what is read. */
    vtkSetClampMacro(MaxThreads, int, 0, VTK_INT_MAX);
    vtkGetMacro(MaxThreads, int);
    vtkSetMacro(PinThreads, bool);
    vtkGetMacro(PinThreads, bool);
    vtkSetMacro(Prefetch, bool);
    vtkGetMacro(Prefetch, bool);
    ///@}

    ///@{
    /** Memory in MiB that all readers of the process together keep of what they read, to have it
     * again without reading; 0: a quarter of the memory that the process may use. The last reader
     * that is told counts. */
    void SetCacheBudget(int mebibytes);
    vtkGetMacro(CacheBudget, int);
    ///@}

    ///@{
    /** Coarse levels first: what is asked of the port Mesh is given as fine as it is within
     * FrameTime seconds, opening the output included (the coarsest levels always), the rest is
     * loaded in the background, and GetNeedsUpdate tells when finer levels are there. It is so once
     * GetNeedsUpdate was called: where nobody asks, as in scripts, the whole is given. */
    vtkSetMacro(Progressive, bool);
    vtkGetMacro(Progressive, bool);
    vtkSetClampMacro(FrameTime, double, 0.0, 3600.0);
    vtkGetMacro(FrameTime, double);
    ///@}
    /** Called now and then by ParaView's GUI (a "live source"). True, with the reader modified,
     * once for each time that an update would give more. Invokes ReportEvent about once a second
     * while the thread report changes in between. */
    bool GetNeedsUpdate();
    enum Events { ReportEvent = vtkCommand::UserEvent + 700 };

    /** How well the threads were used when each port was read last; empty before. */
    const char *GetThreadReport();
    /** Facts on the output that FileName names, as text; empty if it cannot be opened. */
    const char *GetOutputFacts();

    /** The selections count too. */
    vtkMTimeType GetMTime() override;

    vtkTypeBool ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                               vtkInformationVector *outputs) override;

  protected:
    vtkRAMSESReader();
    ~vtkRAMSESReader() override;

    int FillOutputPortInformation(int port, vtkInformation *info) override;
    virtual int RequestInformation(vtkInformation *request, vtkInformationVector **inputs,
                                   vtkInformationVector *outputs);
    virtual int RequestDataNotGenerated(vtkInformation *request, vtkInformationVector **inputs,
                                        vtkInformationVector *outputs);
    virtual int RequestData(vtkInformation *request, vtkInformationVector **inputs,
                            vtkInformationVector *outputs);

  private:
    vtkRAMSESReader(const vtkRAMSESReader &) = delete;
    void operator=(const vtkRAMSESReader &) = delete;

    struct Internals;
    // Lists what the named output has in the selections.
    void UpdateSelections(const vtkPVRamsesRanks &ranks);
    // Gives an output port its data, from what is kept or from the files; 1, or 0 on failure.
    int GivePort(int port, vtkInformation *info);
    // The same from the files; a pvr_status, with the message in Internals.
    int ReadPort(int port, pvr_snapshot *snapshot, vtkDataObject *output, int piece,
                 const vtkPVRamsesRanks &ranks);
    // What follows on reading a port well: warnings, field data, the report.
    void Finish(int port, vtkDataObject *output, const pvr_snapshot *snapshot,
                const vtkPVRamsesReading &reading);
    // The mesh as fine as it is, while the rest is loaded; as ReadPort. `whole`: it is all there.
    int StreamMesh(const std::string &key, bool isNew, pvr_snapshot *snapshot,
                   vtkDataObject *output, bool &whole);
    // Is the mesh to be given level by level?
    bool Streams(int port, vtkInformation *info) const;
    // Lets go of what a port was given last.
    void Forget(int port);
    // While the output of `time` is shown: loads the one that comes next, as time runs.
    void ReadAhead(double time);
    void SetRegionNumbers(double *numbers, std::initializer_list<double> wanted);
    // Center and size of the box as its reference bounds make them.
    void MoveBox(int axis, double &center, double &size) const;
    // The port's properties as text: data that was read with the same ones is the same.
    std::string KeyOf(int port) const;
    // Empties `output` and tells `message`, if it was not told before; returns 0.
    int Fail(int port, vtkDataObject *output, const std::string &message);

    char *FileName = nullptr;
    int TimeUnit = 0;
    bool ReadMesh = true;
    bool ReadParticles = true;
    bool ReadSinks = true;
    bool ReadClumps = true;
    int ClumpList = 0;
    int ParticleThinning = 1;
    double MeanMolecularWeight = 1.0 / 0.76;
    double HydrogenFraction = 0.76;
    int DerivedCenterType = 0;
    double DerivedCenter[3] = {0.0, 0.0, 0.0};
    double DerivedAxis[3] = {0.0, 0.0, 1.0};
    int BulkVelocity = 0;
    int MaxLevel = 0;
    int MaxLevelRange[2] = {0, 0};
    int RegionType = 0;
    double RegionCenter[3] = {Unset, Unset, Unset};
    double RegionSize[3] = {Unset, Unset, Unset};
    double RegionRadius = Unset;
    double RegionHeight = Unset;
    double RegionAxis[3] = {0.0, 0.0, 1.0};
    bool RegionUseReferenceBounds = true;
    double RegionReferenceBounds[6] = {-0.5, 0.5, -0.5, 0.5, -0.5, 0.5};
    int RegionCells = 0;
    double BoxRange[6] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
    double RadiusRange[2] = {0.0, 0.0};
    double HeightRange[2] = {0.0, 0.0};
    int LengthUnit = 0;
    int FieldUnits = 0;
    int Precision = 0;
    int RankSplit = 0;
    int MaxThreads = 0;
    bool PinThreads = false;
    bool Prefetch = true;
    int CacheBudget = 0;
    bool Progressive = false;
    double FrameTime = 0.25;
    std::string OutputFacts;
    std::unique_ptr<Internals> Internal;
};

#endif
