// vtkPVRamsesReading.cxx - see vtkPVRamsesReading.h.
#include "vtkPVRamsesReading.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

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

std::string vtkPVRamsesReportText(const pvr_report *report, const vtkPVRamsesReading &reading,
                                  uint64_t cells, const char *what) {
    std::string text;
    char line[300];
    if (reading.Split) {
        std::vector<char> split(1 + static_cast<size_t>(pvr_split_text(reading.Split, nullptr, 0)));
        pvr_split_text(reading.Split, split.data(), split.size());
        text += std::string(split.data()) + "\n";
    }
    const double ranks = reading.Ranks.Size();
    if (ranks > 1) {
        const std::vector<double> seconds = reading.Ranks.Gather(report->wall_seconds);
        const std::vector<double> bytes =
            reading.Ranks.Gather(static_cast<double>(report->bytes_read));
        const std::vector<double> counts = reading.Ranks.Gather(static_cast<double>(cells));
        const auto slowest = std::max_element(seconds.begin(), seconds.end());
        auto sum = [](const std::vector<double> &values) {
            return std::accumulate(values.begin(), values.end(), 0.0);
        };
        auto most = [](const std::vector<double> &values) {
            return *std::max_element(values.begin(), values.end());
        };
        snprintf(line, sizeof line,
                 "all ranks: slowest %.3f s (rank %d), mean %.3f s; %.1f MB read, at most %.1f MB "
                 "by a rank;\n%.0f %s, at most %.0f on a rank\nthis rank (%d):\n",
                 *slowest, static_cast<int>(slowest - seconds.begin()), sum(seconds) / ranks,
                 1e-6 * sum(bytes), 1e-6 * most(bytes), sum(counts), what, most(counts),
                 reading.Ranks.Rank());
        text += line;
    }
    return text + vtkPVRamsesReportText(report);
}
