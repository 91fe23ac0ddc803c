// vtkSMRamsesNumberProperty.h - a number in ParaView's panel and scripts that may be none.
/**
 * @class vtkSMRamsesNumberProperty
 * @brief A number that may be none.
 *
 * A DoubleVectorProperty of one element whose default is NaN. ParaView's own takes NaN from
 * scripts, but reads it neither from the XML of a proxy nor from a state file.
 */
#ifndef vtkSMRamsesNumberProperty_h
#define vtkSMRamsesNumberProperty_h

#include "vtkRAMSESModule.h" // for the export macro
#include "vtkSMDoubleVectorProperty.h"

class VTKRAMSES_EXPORT vtkSMRamsesNumberProperty : public vtkSMDoubleVectorProperty {
  public:
    static vtkSMRamsesNumberProperty *New();
    vtkTypeMacro(vtkSMRamsesNumberProperty, vtkSMDoubleVectorProperty);
    void PrintSelf(ostream &os, vtkIndent indent) override;

    bool IsValueDefault() override;
    void ResetToXMLDefaults() override;

  protected:
    vtkSMRamsesNumberProperty();
    ~vtkSMRamsesNumberProperty() override;

    int ReadXMLAttributes(vtkSMProxy *parent, vtkPVXMLElement *element) override;
    int LoadState(vtkPVXMLElement *element, vtkSMProxyLocator *loader) override;

  private:
    vtkSMRamsesNumberProperty(const vtkSMRamsesNumberProperty &) = delete;
    void operator=(const vtkSMRamsesNumberProperty &) = delete;
};

#endif
