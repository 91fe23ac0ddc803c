// vtkSMRamsesReaderProxy.h - what ParaView's client has for a reader of outputs.
/**
 * @class vtkSMRamsesReaderProxy
 * @brief What ParaView's client has for a reader of outputs.
 *
 * A source like others, but that the thread report in the panel follows the data: ParaView asks for
 * it after Apply alone, and levels come in later. Where the client has the reader itself (no
 * server), it follows the loading between two levels too. A server whose plugin has another version
 * than the client's is told of when a reader is made.
 */
#ifndef vtkSMRamsesReaderProxy_h
#define vtkSMRamsesReaderProxy_h

#include "vtkRAMSESModule.h" // for the export macro
#include "vtkSMSourceProxy.h"

class VTKRAMSES_EXPORT vtkSMRamsesReaderProxy : public vtkSMSourceProxy {
  public:
    static vtkSMRamsesReaderProxy *New();
    vtkTypeMacro(vtkSMRamsesReaderProxy, vtkSMSourceProxy);
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
    void UpdateReport();
};

#endif
