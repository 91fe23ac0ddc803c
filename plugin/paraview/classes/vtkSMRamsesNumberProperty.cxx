// vtkSMRamsesNumberProperty.cxx - see vtkSMRamsesNumberProperty.h.
#include "vtkSMRamsesNumberProperty.h"

#include "vtkObjectFactory.h"
#include "vtkPVXMLElement.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

vtkStandardNewMacro(vtkSMRamsesNumberProperty);

vtkSMRamsesNumberProperty::vtkSMRamsesNumberProperty() = default;

vtkSMRamsesNumberProperty::~vtkSMRamsesNumberProperty() = default;

bool vtkSMRamsesNumberProperty::IsValueDefault() {
    return this->GetNumberOfElements() == 1 && std::isnan(this->GetElement(0));
}

void vtkSMRamsesNumberProperty::ResetToXMLDefaults() {
    this->SetElements1(std::nan(""));
}

int vtkSMRamsesNumberProperty::ReadXMLAttributes(vtkSMProxy *parent, vtkPVXMLElement *element) {
    const int read = this->Superclass::ReadXMLAttributes(parent, element);
    this->ResetToXMLDefaults();
    return read;
}

int vtkSMRamsesNumberProperty::LoadState(vtkPVXMLElement *element, vtkSMProxyLocator *loader) {
    const int loaded = this->Superclass::LoadState(element, loader);
    for (unsigned i = 0; i < element->GetNumberOfNestedElements(); ++i) {
        vtkPVXMLElement *value = element->GetNestedElement(i);
        if (value->GetName() && std::strcmp(value->GetName(), "Element") == 0)
            this->SetElements1(std::strtod(value->GetAttributeOrDefault("value", "nan"), nullptr));
    }
    return loaded;
}

void vtkSMRamsesNumberProperty::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
}
