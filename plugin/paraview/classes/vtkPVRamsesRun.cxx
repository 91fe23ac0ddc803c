// vtkPVRamsesRun.cxx - see vtkPVRamsesRun.h.
#include "vtkPVRamsesRun.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <sys/stat.h>

namespace {

// When `path` was changed last, as text; the same text as long as it was not.
std::string ChangedAt(const std::string &path) {
    struct stat status;
    if (path.empty() || stat(path.c_str(), &status) != 0)
        return "-";
    return std::to_string(static_cast<long long>(status.st_mtim.tv_sec)) + "." +
           std::to_string(static_cast<long>(status.st_mtim.tv_nsec)) + "." +
           std::to_string(static_cast<unsigned long long>(status.st_ino)) + "." +
           std::to_string(static_cast<long long>(status.st_size));
}

std::string FolderOf(const std::string &path) {
    const std::size_t end = path.find_last_not_of('/');
    const std::size_t slash =
        end == std::string::npos ? std::string::npos : path.find_last_of('/', end);
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Whatever changes when outputs are added, removed, renamed or finished.
std::string StampOf(const std::string &infoPath, const pvr_series &series) {
    std::string stamp = ChangedAt(infoPath);
    std::string folder = infoPath;
    for (int up = 0; up < 3; ++up) { // [group_00001/], output_NNNNN/, the run's folder
        folder = FolderOf(folder);
        stamp += " " + ChangedAt(folder);
    }
    for (size_t i = 0; i < series.count; ++i) {
        if (!series.output[i].finished && series.output[i].folder)
            stamp += " " + ChangedAt(series.output[i].folder);
    }
    return stamp;
}

} // namespace

vtkPVRamsesRun::vtkPVRamsesRun() : Series() {}

vtkPVRamsesRun::~vtkPVRamsesRun() {
    this->Forget();
}

void vtkPVRamsesRun::Close() {
    for (const Handle &handle : this->Handles)
        pvr_snapshot_release(handle.Snapshot);
    this->Handles.clear();
}

void vtkPVRamsesRun::Forget() {
    this->Close();
    pvr_series_free(&this->Series);
    this->Series = pvr_series();
    this->Path.clear();
    this->InfoPath.clear();
    this->Stamp.clear();
    this->Times.clear();
    this->TimeIndex.clear();
}

bool vtkPVRamsesRun::FindHere(const std::string &path, bool &news, pvr_error &error) {
    news = false;
    if (!this->Path.empty() && path == this->Path &&
        this->Stamp == StampOf(this->InfoPath, this->Series))
        return true;

    this->Forget();
    char *infoPath = nullptr;
    if (pvr_output_info_path(path.c_str(), &infoPath, &error) != PVR_OK)
        return false;
    const std::string info(infoPath);
    std::free(infoPath);

    pvr_series series = pvr_series();
    if (pvr_series_find(path.c_str(), &series, &error) != PVR_OK)
        return false;
    this->Series = series;
    this->Path = path;
    this->InfoPath = info;
    this->Stamp = StampOf(info, this->Series);
    this->Named = this->FindNamed();
    news = true;
    return true;
}

const std::vector<double> &vtkPVRamsesRun::GetTimes(pvr_time_unit unit) {
    this->Times.resize(this->Series.count);
    this->TimeIndex.resize(this->Series.count);
    const size_t count =
        this->Series.count == 0
            ? 0
            : pvr_series_times(&this->Series, unit, this->Times.data(), this->TimeIndex.data());
    this->Times.resize(count);
    this->TimeIndex.resize(count);
    return this->Times;
}

const pvr_output *vtkPVRamsesRun::OutputAt(double &time) {
    if (this->Times.empty())
        return nullptr;
    auto after = std::upper_bound(this->Times.begin(), this->Times.end(), time);
    const size_t i =
        after == this->Times.begin() ? 0 : static_cast<size_t>(after - this->Times.begin()) - 1;
    time = this->Times[i];
    return &this->Series.output[this->TimeIndex[i]];
}

const pvr_output *vtkPVRamsesRun::OutputBeside(double time, int step) const {
    const auto at = std::lower_bound(this->Times.begin(), this->Times.end(), time);
    const auto i = (at - this->Times.begin()) + step;
    return i >= 0 && i < static_cast<std::ptrdiff_t>(this->Times.size())
               ? &this->Series.output[this->TimeIndex[static_cast<size_t>(i)]]
               : nullptr;
}

size_t vtkPVRamsesRun::FindNamed() const {
    struct stat wanted;
    const bool known = stat(this->InfoPath.c_str(), &wanted) == 0;
    for (size_t i = 0; i < this->Series.count; ++i) {
        const pvr_output &output = this->Series.output[i];
        struct stat status;
        if (output.finished && output.info_path &&
            (this->InfoPath == output.info_path ||
             (known && stat(output.info_path, &status) == 0 && status.st_ino == wanted.st_ino &&
              status.st_dev == wanted.st_dev)))
            return i;
    }
    return this->Series.count;
}

const pvr_output *vtkPVRamsesRun::OutputNamed(double &time) {
    const auto at = std::find(this->TimeIndex.begin(), this->TimeIndex.end(), this->Named);
    if (at == this->TimeIndex.end())
        return nullptr;
    time = this->Times[static_cast<size_t>(at - this->TimeIndex.begin())];
    return &this->Series.output[this->Named];
}

std::string vtkPVRamsesRun::ProblemOfNamed() const {
    static const std::string skipped = ": skipped";
    for (size_t i = 0; i < this->Series.count; ++i) {
        const pvr_output &output = this->Series.output[i];
        if (output.problem && output.info_path && this->InfoPath == output.info_path) {
            const std::string problem = output.problem;
            if (problem.size() > skipped.size() &&
                problem.compare(problem.size() - skipped.size(), skipped.size(), skipped) == 0)
                return problem.substr(0, problem.size() - skipped.size());
        }
    }
    return std::string();
}

std::string vtkPVRamsesRun::Warnings() const {
    const std::string told = this->ProblemOfNamed() + ": skipped";
    std::istringstream lines(this->Series.warnings ? this->Series.warnings : "");
    std::string all;
    for (std::string line; std::getline(lines, line);) {
        if (line != told)
            all += (all.empty() ? "" : "\n") + line;
    }
    return all;
}

bool vtkPVRamsesRun::TakeSeries(const std::string &path, const std::string &bytes,
                                pvr_error &error) {
    pvr_series series = pvr_series();
    // The info file's path stands in front, and which of the outputs it is.
    const size_t path_end = bytes.find('\0');
    const size_t end = path_end == std::string::npos ? path_end : bytes.find('\0', path_end + 1);
    if (end == std::string::npos)
        return pvr_fail(&error, PVR_ERROR_FORMAT, "rank 0 sent no list of outputs") == PVR_OK;
    if (pvr_series_unpack(bytes.data() + end + 1, bytes.size() - end - 1, &series, &error) !=
        PVR_OK)
        return false;
    this->Forget();
    this->Series = series;
    this->Path = path;
    this->InfoPath = bytes.substr(0, path_end);
    this->Named = std::strtoull(bytes.c_str() + path_end + 1, nullptr, 10);
    return true;
}

bool vtkPVRamsesRun::Find(const std::string &path, const vtkPVRamsesRanks &ranks, bool &news,
                          pvr_error &error) {
    news = false;
    const bool first = ranks.Rank() == 0;
    pvr_status status = PVR_OK;
    if (first && !this->FindHere(path, news, error))
        status = error.status;
    if (ranks.Size() == 1)
        return status == PVR_OK;
    if (ranks.Agree(status, error) != PVR_OK)
        return false;
    if (!ranks.Any(first ? news : this->Path != path))
        return true;
    std::string text;
    if (first) {
        pvr_bytes bytes = pvr_bytes();
        status = pvr_series_pack(&this->Series, &bytes, &error);
        text = this->InfoPath + '\0' + std::to_string(this->Named) + '\0';
        text.append(reinterpret_cast<const char *>(bytes.data), bytes.size);
        pvr_bytes_free(&bytes);
    }
    ranks.Broadcast(text);
    if (!first && !this->TakeSeries(path, text, error))
        status = error.status;
    return ranks.Agree(status, error) == PVR_OK;
}

vtkPVRamsesRun::Handle *vtkPVRamsesRun::FindHandle(const std::string &infoPath,
                                                   const std::string &stamp) {
    auto known =
        std::find_if(this->Handles.begin(), this->Handles.end(), [&](const Handle &handle) {
            return handle.Path == infoPath && handle.Stamp == stamp;
        });
    if (known == this->Handles.end())
        return nullptr;
    std::rotate(this->Handles.begin(), known, known + 1);
    return &this->Handles.front();
}

pvr_snapshot *vtkPVRamsesRun::Add(pvr_snapshot *snapshot, const std::string &infoPath,
                                  const std::string &stamp) {
    auto old = std::find_if(this->Handles.begin(), this->Handles.end(),
                            [&](const Handle &handle) { return handle.Path == infoPath; });
    if (old == this->Handles.end() && this->Handles.size() == 2)
        old = this->Handles.end() - 1;
    if (old != this->Handles.end()) {
        pvr_snapshot_release(old->Snapshot);
        this->Handles.erase(old);
    }
    this->Handles.insert(this->Handles.begin(), Handle{snapshot, infoPath, stamp});
    return snapshot;
}

pvr_snapshot *vtkPVRamsesRun::OpenHere(const std::string &infoPath, const std::string &stamp,
                                       pvr_error &error) {
    if (const Handle *known = this->FindHandle(infoPath, stamp))
        return known->Snapshot;
    pvr_snapshot *snapshot = nullptr;
    if (pvr_snapshot_open(infoPath.c_str(), &snapshot, &error) != PVR_OK)
        return nullptr;
    return this->Add(snapshot, infoPath, stamp);
}

// Rank 0 has the output open and sends it to those who do not; one that cannot be sent (a Mera
// file) is opened by each.
bool vtkPVRamsesRun::Send(const std::string &infoPath, const std::string &stamp,
                          pvr_snapshot *&snapshot, const vtkPVRamsesRanks &ranks,
                          pvr_error &error) {
    std::string text;
    if (ranks.Rank() == 0) {
        pvr_bytes bytes = pvr_bytes();
        if (pvr_snapshot_pack(snapshot, &bytes, nullptr) == PVR_OK)
            text.assign(reinterpret_cast<const char *>(bytes.data), bytes.size);
        pvr_bytes_free(&bytes);
    }
    ranks.Broadcast(text);
    pvr_status status = PVR_OK;
    if (!snapshot && text.empty()) {
        snapshot = this->OpenHere(infoPath, stamp, error);
        status = snapshot ? PVR_OK : error.status;
    } else if (!snapshot) {
        status = pvr_snapshot_unpack(text.data(), text.size(), &snapshot, &error);
        if (status == PVR_OK)
            this->Add(snapshot, infoPath, stamp);
    }
    return ranks.Agree(status, error) == PVR_OK;
}

pvr_snapshot *vtkPVRamsesRun::Open(const std::string &infoPath, const vtkPVRamsesRanks &ranks,
                                   pvr_error &error) {
    const bool first = ranks.Rank() == 0;
    std::string stamp;
    pvr_snapshot *snapshot = nullptr;
    if (first) {
        stamp = ChangedAt(infoPath) + " " + ChangedAt(FolderOf(infoPath));
        snapshot = this->OpenHere(infoPath, stamp, error);
    }
    if (ranks.Size() == 1)
        return snapshot;
    if (ranks.Agree(first && !snapshot ? error.status : PVR_OK, error) != PVR_OK)
        return nullptr;
    ranks.Broadcast(stamp);
    if (!first) {
        const Handle *known = this->FindHandle(infoPath, stamp);
        snapshot = known ? known->Snapshot : nullptr;
    }
    if (ranks.Any(!snapshot) && !this->Send(infoPath, stamp, snapshot, ranks, error))
        return nullptr;
    return snapshot;
}

const std::string &vtkPVRamsesRun::GetStamp() const {
    static const std::string none;
    return this->Handles.empty() ? none : this->Handles.front().Stamp;
}
