// vtkSMRamsesReaderProxy.h - what ParaView's client has for a reader of outputs.
/**
 * @class vtkSMRamsesReaderProxy
 * @brief What ParaView's client has for a reader of outputs.
 *
 * Its report follows the levels as they come in; where the client has the reader itself (no
 * server), it follows the loading between two levels too. The numbers of a region that nobody chose
 * yet follow the unit of lengths, so that the widgets stand in the box once a region is chosen. A
 * server whose plugin has another version than the client's is told of when a reader is made.
 */
#ifndef vtkSMRamsesReaderProxy_h
#define vtkSMRamsesReaderProxy_h

#include "vtkRAMSESModule.h" // for the export macro
#include "vtkSMRamsesSourceProxy.h"

class VTKRAMSES_EXPORT vtkSMRamsesReaderProxy : public vtkSMRamsesSourceProxy {
  public:
    static vtkSMRamsesReaderProxy *New();
    vtkTypeMacro(vtkSMRamsesReaderProxy, vtkSMRamsesSourceProxy);
    void PrintSelf(ostream &os, vtkIndent indent) override;

  protected:
    vtkSMRamsesReaderProxy();
    ~vtkSMRamsesReaderProxy() override;

    void CreateVTKObjects() override;
    void PostUpdateData(bool usingCache) override;

  private:
    vtkSMRamsesReaderProxy(const vtkSMRamsesReaderProxy &) = delete;
    void operator=(const vtkSMRamsesReaderProxy &) = delete;

    void CompareVersions();
    void FollowLengthUnit();
    /** The numbers of a region are shares of the box as at first, be it in another unit. */
    bool HasDefaultRegion();

    int LengthUnit = -1; // that of the data that was asked for last
};

#endif
