// vtkPVRamsesReading.cxx - see vtkPVRamsesReading.h.
#include "vtkPVRamsesReading.h"

void vtkPVRamsesSelection::Relist(vtkDataArraySelection *known, vtkDataArraySelection *listed) {
    for (int i = 0; i < listed->GetNumberOfArrays(); ++i) {
        const char *name = listed->GetArrayName(i);
        if (known->ArrayExists(name) && known->ArrayIsEnabled(name) != listed->ArrayIsEnabled(name))
            listed->SetArraySetting(name, known->ArrayIsEnabled(name));
    }
    if (!known->IsEqual(listed))
        known->CopySelections(listed);
}

bool vtkPVRamsesSelection::Wants(vtkDataArraySelection *selection, const char *name,
                                 bool otherwise) {
    return selection->ArrayExists(name) ? selection->ArrayIsEnabled(name) != 0 : otherwise;
}

std::string vtkPVRamsesSelection::Text(vtkDataArraySelection *selection) {
    std::string text;
    for (int i = 0; i < selection->GetNumberOfArrays(); ++i) {
        text += selection->GetArraySetting(i) ? "+" : "-";
        text += selection->GetArrayName(i);
        text += ";";
    }
    return text;
}

std::string vtkPVRamsesReportText(const pvr_report *report) {
    const int length = pvr_report_text(report, nullptr, 0);
    std::vector<char> text(static_cast<size_t>(length > 0 ? length : 0) + 1, '\0');
    pvr_report_text(report, text.data(), text.size());
    return text.data();
}
