// vtkSMRamsesSourceProxy.h - what ParaView's client has for a reader or filter that reports.
/**
 * @class vtkSMRamsesSourceProxy
 * @brief What ParaView's client has for a reader or filter that reports.
 *
 * A source like others, but that the reports in the panel (ThreadReport, MemoryEstimate) follow the
 * data: ParaView asks for them only when the panel is made anew.
 */
#ifndef vtkSMRamsesSourceProxy_h
#define vtkSMRamsesSourceProxy_h

#include "vtkRAMSESModule.h" // for the export macro
#include "vtkSMSourceProxy.h"

class VTKRAMSES_EXPORT vtkSMRamsesSourceProxy : public vtkSMSourceProxy {
  public:
    static vtkSMRamsesSourceProxy *New();
    vtkTypeMacro(vtkSMRamsesSourceProxy, vtkSMSourceProxy);
    void PrintSelf(ostream &os, vtkIndent indent) override;

  protected:
    vtkSMRamsesSourceProxy();
    ~vtkSMRamsesSourceProxy() override;

    void PostUpdateData(bool usingCache) override;
    void UpdateReports();

  private:
    vtkSMRamsesSourceProxy(const vtkSMRamsesSourceProxy &) = delete;
    void operator=(const vtkSMRamsesSourceProxy &) = delete;
};

#endif
