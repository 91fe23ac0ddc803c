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

namespace {

double Sum(const std::vector<double> &values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

double Most(const std::vector<double> &values) {
    return *std::max_element(values.begin(), values.end());
}

} // namespace

std::string vtkPVRamsesRanksText(const vtkPVRamsesRanks &ranks, double seconds, double bytes,
                                 const char *done) {
    if (ranks.Size() == 1)
        return std::string();
    const double n = ranks.Size();
    const std::vector<double> all = ranks.Gather(seconds), parts = ranks.Gather(bytes);
    const auto slowest = std::max_element(all.begin(), all.end());
    char line[300];
    const int length =
        snprintf(line, sizeof line, "all ranks: slowest %.3f s (rank %d), mean %.3f s", *slowest,
                 static_cast<int>(slowest - all.begin()), Sum(all) / n);
    if (Most(parts) > 0.0)
        snprintf(line + length, sizeof line - static_cast<size_t>(length),
                 ";\n%.1f MB %s, mean %.1f MB by a rank, at most %.1f MB", 1e-6 * Sum(parts), done,
                 1e-6 * Sum(parts) / n, 1e-6 * Most(parts));
    return line;
}

std::string vtkPVRamsesReportText(const pvr_report *report, const vtkPVRamsesRanks &ranks,
                                  uint64_t cells, const char *what) {
    if (ranks.Size() == 1)
        return vtkPVRamsesReportText(report);
    const std::string text = vtkPVRamsesRanksText(ranks, report->wall_seconds,
                                                  static_cast<double>(report->bytes_read), "read");
    const std::vector<double> counts = ranks.Gather(static_cast<double>(cells));
    char line[200];
    snprintf(line, sizeof line, ";\n%.0f %s, at most %.0f on a rank\nthis rank (%d):\n",
             Sum(counts), what, Most(counts), ranks.Rank());
    return text + line + vtkPVRamsesReportText(report);
}

std::string vtkPVRamsesReportText(const pvr_report *report, const vtkPVRamsesReading &reading,
                                  uint64_t cells, const char *what) {
    std::string text;
    if (reading.Split) {
        std::vector<char> split(1 + static_cast<size_t>(pvr_split_text(reading.Split, nullptr, 0)));
        pvr_split_text(reading.Split, split.data(), split.size());
        text += std::string(split.data()) + "\n";
    }
    return text + vtkPVRamsesReportText(report, reading.Ranks, cells, what);
}
