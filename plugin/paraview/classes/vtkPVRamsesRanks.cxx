// vtkPVRamsesRanks.cxx - see vtkPVRamsesRanks.h.
//
// Why a rank has whole trees where it can: tried on ParaView 5.11 with hyper tree grids whose trees
// are disjoint over the ranks, the Ghost Cells filter makes contours equal to those of one process
// (the same number of triangles, also with a rank without trees, and with gaps in the cells'
// indices); gradients at the borders differ in the last layer of cells. With a tree on two ranks,
// the foreign parts masked, it ends with MPI_ERR_TRUNCATE or hangs.
#include "vtkPVRamsesRanks.h"

#include "vtkCommunicator.h"
#include "vtkStreamingDemandDrivenPipeline.h"

#include <algorithm>
#include <cstring>

namespace {

enum { TAG = 20581 }; // of messages between ranks

} // namespace

vtkPVRamsesRanks::vtkPVRamsesRanks(vtkMultiProcessController *controller)
    : Controller(controller && controller->GetNumberOfProcesses() > 1 ? controller : nullptr) {}

vtkPVRamsesRanks vtkPVRamsesRanks::Of(vtkInformation *request) {
    using Pipeline = vtkStreamingDemandDrivenPipeline;
    vtkMultiProcessController *controller = vtkMultiProcessController::GetGlobalController();
    const bool all =
        controller && request->Has(Pipeline::UPDATE_NUMBER_OF_PIECES()) &&
        request->Get(Pipeline::UPDATE_NUMBER_OF_PIECES()) == controller->GetNumberOfProcesses() &&
        request->Get(Pipeline::UPDATE_PIECE_NUMBER()) == controller->GetLocalProcessId();
    return vtkPVRamsesRanks(all ? controller : nullptr);
}

double vtkPVRamsesRanks::Most(double here) const {
    double most = here;
    if (this->Controller)
        this->Controller->AllReduce(&here, &most, 1, vtkCommunicator::MAX_OP);
    return most;
}

void vtkPVRamsesRanks::Send(const void *data, uint64_t bytes, int to) const {
    this->Controller->Send(static_cast<const char *>(data), static_cast<vtkIdType>(bytes), to, TAG);
}

void vtkPVRamsesRanks::Receive(void *data, uint64_t bytes, int from) const {
    this->Controller->Receive(static_cast<char *>(data), static_cast<vtkIdType>(bytes), from, TAG);
}

bool vtkPVRamsesRanks::Any(bool here) const {
    int mine = here ? 1 : 0, any = mine;
    if (this->Controller)
        this->Controller->AllReduce(&mine, &any, 1, vtkCommunicator::MAX_OP);
    return any != 0;
}

void vtkPVRamsesRanks::AddUp(uint64_t *values, size_t count) const {
    if (!this->Controller)
        return;
    const std::vector<long long> mine(values, values + count);
    std::vector<long long> sum(count);
    this->Controller->AllReduce(mine.data(), sum.data(), static_cast<vtkIdType>(count),
                                vtkCommunicator::SUM_OP);
    std::copy(sum.begin(), sum.end(), values);
}

void vtkPVRamsesRanks::AddUp(double *values, size_t count) const {
    // in the order of the ranks: the same bits whatever way messages take
    std::vector<double> sum(count, 0.0);
    for (size_t i = 0; this->Controller && i < count; ++i) {
        for (const double part : this->Gather(values[i]))
            sum[i] += part;
        values[i] = sum[i];
    }
}

pvr_status vtkPVRamsesRanks::Agree(pvr_status status, pvr_error &error) const {
    if (!this->Controller)
        return status;
    int mine = status == PVR_OK ? this->Size() : this->Rank(), first = mine;
    this->Controller->AllReduce(&mine, &first, 1, vtkCommunicator::MIN_OP);
    if (first == this->Size())
        return PVR_OK;
    if (status == PVR_OK)
        pvr_error_clear(&error);
    error.status = status;
    this->Controller->Broadcast(reinterpret_cast<char *>(&error), sizeof error, first);
    error.message[sizeof error.message - 1] = '\0';
    if (error.status != PVR_CANCELLED && std::strncmp(error.message, "rank ", 5) != 0) {
        const std::string message(error.message);
        const pvr_status told = error.status;
        pvr_fail(&error, told, "rank %d of %d: %s", first, this->Size(), message.c_str());
    }
    return error.status;
}

void vtkPVRamsesRanks::Broadcast(std::string &text) const {
    if (!this->Controller)
        return;
    long long size = static_cast<long long>(text.size());
    this->Controller->Broadcast(&size, 1, 0);
    text.resize(static_cast<size_t>(size));
    if (size > 0)
        this->Controller->Broadcast(&text[0], static_cast<vtkIdType>(size), 0);
}

std::vector<std::string> vtkPVRamsesRanks::Gather(const std::string &here) const {
    if (!this->Controller)
        return {here};
    const size_t ranks = static_cast<size_t>(this->Size());
    std::vector<vtkIdType> sizes(ranks), offsets(ranks);
    const vtkIdType mine = static_cast<vtkIdType>(here.size());
    this->Controller->AllGather(&mine, sizes.data(), 1);
    vtkIdType all = 0;
    for (size_t i = 0; i < ranks; ++i) {
        offsets[i] = all;
        all += sizes[i];
    }
    std::vector<char> bytes(static_cast<size_t>(all) + 1);
    this->Controller->AllGatherV(here.data(), bytes.data(), mine, sizes.data(), offsets.data());
    std::vector<std::string> parts;
    for (size_t i = 0; i < ranks; ++i)
        parts.emplace_back(bytes.data() + offsets[i], static_cast<size_t>(sizes[i]));
    return parts;
}

std::vector<double> vtkPVRamsesRanks::Gather(double here) const {
    std::vector<double> all(static_cast<size_t>(this->Size()), here);
    if (this->Controller)
        this->Controller->AllGather(&here, all.data(), 1);
    return all;
}

namespace {

// The domains first .. last of a rank, of `count`.
int FirstDomain(const vtkPVRamsesRanks &ranks, int rank, int count) {
    return 1 + static_cast<int>(static_cast<long long>(rank) * count / ranks.Size());
}

pvr_status ExchangeTables(const vtkPVRamsesRanks &ranks, pvr_snapshot *snapshot,
                          const pvr_threads &threads, int first, int last, pvr_error &error) {
    pvr_bytes bytes = pvr_bytes();
    pvr_status status = pvr_tables_pack(snapshot, first, last, &threads, &bytes, &error);
    status = ranks.Agree(status, error);
    const std::string mine(reinterpret_cast<const char *>(bytes.data), bytes.size);
    pvr_bytes_free(&bytes);
    if (status != PVR_OK)
        return status;
    for (const std::string &part : ranks.Gather(mine)) {
        if (status == PVR_OK)
            status = pvr_tables_unpack(snapshot, part.data(), part.size(), &error);
    }
    return ranks.Agree(status, error);
}

pvr_status Sample(const vtkPVRamsesRanks &ranks, pvr_snapshot *snapshot, const pvr_split_wish &wish,
                  const pvr_threads &threads, int first, int last, pvr_split_sample &sample,
                  pvr_error &error) {
    pvr_status status = ranks.Agree(
        pvr_split_take_sample(snapshot, &wish, first, last, &threads, &sample, &error), error);
    if (status == PVR_OK)
        ranks.AddUp(sample.octs, sample.ntrees);
    return status;
}

// The first rank looks into a Mera file, and tells the others what came of it.
pvr_status MakeOfMera(const vtkPVRamsesRanks &ranks, pvr_snapshot *snapshot,
                      const pvr_split_wish &wish, const pvr_threads &threads, pvr_split **split,
                      pvr_error &error) {
    pvr_status status = PVR_OK;
    std::string text;
    if (ranks.Rank() == 0) {
        status = pvr_split_make(snapshot, &wish, nullptr, &threads, split, &error);
        pvr_bytes bytes = pvr_bytes();
        if (status == PVR_OK)
            status = pvr_split_pack(*split, &bytes, &error);
        text.assign(reinterpret_cast<const char *>(bytes.data), bytes.size);
        pvr_bytes_free(&bytes);
    }
    status = ranks.Agree(status, error);
    if (status != PVR_OK)
        return status;
    ranks.Broadcast(text);
    if (ranks.Rank() != 0)
        status = pvr_split_unpack(text.data(), text.size(), split, &error);
    return ranks.Agree(status, error);
}

// Each rank reads the tables of a part of the domains, and where it is of use a sample of their
// octs, and they tell each other.
pvr_status MakeOfOutput(const vtkPVRamsesRanks &ranks, pvr_snapshot *snapshot,
                        const pvr_split_wish &wish, const pvr_threads &threads, pvr_split **split,
                        pvr_error &error) {
    const int count = pvr_snapshot_info(snapshot)->ncpu;
    const int first = FirstDomain(ranks, ranks.Rank(), count);
    const int last = FirstDomain(ranks, ranks.Rank() + 1, count) - 1;
    pvr_status status = PVR_OK;
    if (ranks.Size() > 1)
        status = ExchangeTables(ranks, snapshot, threads, first, last, error);
    bool wants = false;
    pvr_split_sample sample = {0, 0, nullptr, 0};
    if (status == PVR_OK)
        status =
            ranks.Agree(pvr_split_wants_sample(snapshot, &wish, &threads, &wants, &error), error);
    if (status == PVR_OK && wants)
        status = Sample(ranks, snapshot, wish, threads, first, last, sample, error);
    if (status == PVR_OK)
        status = ranks.Agree(
            pvr_split_make(snapshot, &wish, wants ? &sample : nullptr, &threads, split, &error),
            error);
    pvr_split_sample_free(&sample);
    return status;
}

} // namespace

pvr_status vtkPVRamsesSplit::Make(const vtkPVRamsesRanks &ranks, pvr_snapshot *snapshot,
                                  const pvr_split_wish &wish, const pvr_threads &threads,
                                  pvr_split **split, pvr_error &error) {
    *split = nullptr;
    const auto make = pvr_snapshot_mera(snapshot) ? MakeOfMera : MakeOfOutput;
    const pvr_status status = make(ranks, snapshot, wish, threads, split, error);
    if (status != PVR_OK) {
        pvr_split_free(*split);
        *split = nullptr;
    }
    return status;
}
