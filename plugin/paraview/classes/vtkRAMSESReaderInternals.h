// vtkRAMSESReaderInternals.h - what a RAMSES reader keeps between requests.
#ifndef vtkRAMSESReaderInternals_h
#define vtkRAMSESReaderInternals_h

#include "vtkPVRamsesCells.h"
#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesReading.h"
#include "vtkPVRamsesRun.h"
#include "vtkPVRamsesShared.h"
#include "vtkPVRamsesStream.h"
#include "vtkRAMSESReader.h"

#include "vtkDataObject.h"
#include "vtkNew.h"
#include "vtkSmartPointer.h"

struct vtkRAMSESReader::Internals {
    vtkRAMSESReader *const Reader;
    vtkPVRamsesRun Run;
    std::shared_ptr<vtkPVRamsesShared> Shared = vtkPVRamsesShared::Get();
    vtkPVRamsesCells::Shown Shown; // of what is kept of the mesh
    pvr_ahead *Ahead = nullptr;
    std::string AheadKey;  // what it loads, or loaded
    double LastTime = 0.0; // of the mesh that was shown last
    int Direction = 1;     // in which time runs
    vtkPVRamsesStream Stream;
    bool Polled = false; // GetNeedsUpdate is called
    // Of what is asked for: when it began (see pvr_seconds), with what RequestInformation took.
    double Begin = 0.0, InformationSeconds = 0.0;

    explicit Internals(vtkRAMSESReader *reader) : Reader(reader) {}
    ~Internals() {
        pvr_ahead_free(this->Ahead);
        pvr_split_free(this->Split);
    }

    // The properties of the reader, as the ports and the cells want them.
    vtkPVRamsesReading ReadingFor(const pvr_snapshot *snapshot);
    vtkPVRamsesCells::Choice MakeChoice() const;

    void StopAhead() {
        if (this->Ahead)
            pvr_ahead_stop(this->Ahead);
        this->AheadKey.clear();
    }

    // Who reads what, as it was planned last, and for what.
    pvr_split *Split = nullptr;
    std::string SplitKey;

    // Plans who reads what; null on failure, and for those who read all of it.
    pvr_status PlanSplit(pvr_snapshot *snapshot, const std::string &output, int pieces,
                         const vtkPVRamsesRanks &ranks);

    vtkNew<vtkDataArraySelection> CellArrays, DerivedArrays, PointArrays, Families;
    std::string InformationError; // of the last RequestInformation; told when data is asked for
    std::string Warned;           // path of the output whose warnings were told last
    std::string Listed;           // path and stamp of the output whose particles are listed
    pvr_error Error;              // of ReadPort
    vtkPVRamsesFailure Failure;

    // What was read last, and with what. Time is asked for in many ways (none, a view's 0 before
    // there are time steps, any time between two outputs) that mean the same output: it is not read
    // again, and a property of one port does not make another read again. The memory is the
    // output's own.
    struct Kept {
        vtkSmartPointer<vtkDataObject> Data;
        std::string Output; // path and stamp
        std::string Key;    // the rest
        std::string Report;
        bool Whole = false; // all that was asked for

        void Forget() {
            this->Data = nullptr;
            this->Whole = false;
            this->Output.clear();
            this->Key.clear();
            this->Report.clear();
        }
    };
    Kept Port[NUMBER_OF_PORTS];
    std::string AllReports;
};

#endif
