// vtkAMRStatistics.cxx - see vtkAMRStatistics.h; the work is done by pvr_summary.h.
#include "vtkAMRStatistics.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesReading.h"

#include "pvr_summary.h"

#include "vtkCellData.h"
#include "vtkDoubleArray.h"
#include "vtkFieldData.h"
#include "vtkHyperTreeGrid.h"
#include "vtkIdTypeArray.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkIntArray.h"
#include "vtkNew.h"
#include "vtkObjectFactory.h"
#include "vtkPointData.h"
#include "vtkPointSet.h"
#include "vtkPoints.h"
#include "vtkStringArray.h"
#include "vtkTable.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <deque>
#include <vector>

vtkStandardNewMacro(vtkAMRStatistics);

namespace {

// Freed at the end of a scope.
struct Summary : pvr_summary {
    Summary() : pvr_summary() {}
    ~Summary() {
        pvr_summary_free(this);
    }
};

bool Is(const char *name, const char *other) {
    return name && other && std::strcmp(name, other) == 0;
}

const pvr_mesh_array *Find(const std::vector<pvr_mesh_array> &arrays, const char *name) {
    for (const pvr_mesh_array &array : arrays) {
        if (Is(array.name, name))
            return &array;
    }
    return nullptr;
}

void SetUnit(vtkDataArray *array, const std::string &unit) {
    if (!unit.empty())
        array->GetInformation()->Set(vtkDataArray::UNITS_LABEL(), unit.c_str());
}

// A column of the table, filled row by row from a member of the rows.
template <typename GetT>
void AddColumn(vtkTable *table, const pvr_summary &summary, const std::string &name,
               const std::string &unit, GetT get) {
    vtkNew<vtkDoubleArray> column;
    column->SetName(name.c_str());
    column->SetNumberOfTuples(summary.nrows);
    for (int r = 0; r < summary.nrows; ++r)
        column->SetValue(r, get(summary.row[r]));
    SetUnit(column, unit);
    table->AddColumn(column);
}

// What all ranks found together, on the first of them; the others' `summary` is of no use then.
pvr_status JoinRanks(const vtkPVRamsesRanks &ranks, const pvr_summary_request &request,
                     Summary &summary, std::string &massUnit, pvr_error &error) {
    pvr_bytes bytes = pvr_bytes();
    pvr_status status = ranks.Agree(pvr_summary_pack(&summary, &bytes, &error), error);
    const std::string here(reinterpret_cast<const char *>(bytes.data), bytes.size);
    pvr_bytes_free(&bytes);
    if (status != PVR_OK)
        return status;
    const std::vector<std::string> parts = ranks.Gather(here), units = ranks.Gather(massUnit);
    if (ranks.Rank() != 0)
        return ranks.Agree(PVR_OK, error);
    for (size_t i = 0; i < units.size() && massUnit.empty(); ++i)
        massUnit = units[i];
    std::vector<pvr_bytes> rows(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
        rows[i].data = reinterpret_cast<unsigned char *>(const_cast<char *>(parts[i].data()));
        rows[i].size = parts[i].size();
    }
    Summary all;
    status = pvr_summary_join(rows.data(), static_cast<int>(rows.size()), &request, &all, &error);
    std::swap(all.report, summary.report);
    std::swap(static_cast<pvr_summary &>(all), static_cast<pvr_summary &>(summary));
    return ranks.Agree(status, error);
}

void FillTable(vtkTable *table, const pvr_summary &summary, bool cells,
               const std::string &massUnit) {
    vtkNew<vtkStringArray> names;
    vtkNew<vtkIntArray> numbers;
    vtkNew<vtkIdTypeArray> counts;
    names->SetName("group");
    numbers->SetName(cells ? "level" : "family");
    counts->SetName(cells ? "cells" : "particles");
    for (int r = 0; r < summary.nrows; ++r) {
        const pvr_summary_row &row = summary.row[r];
        const bool all = row.group == INT_MIN;
        names->InsertNextValue(all     ? std::string("total")
                               : cells ? "level " + std::to_string(row.group)
                                       : std::string(pvr_family_name(row.group)));
        numbers->InsertNextValue(all ? -1 : row.group);
        counts->InsertNextValue(static_cast<vtkIdType>(row.count));
    }
    table->AddColumn(names);
    table->AddColumn(numbers);
    table->AddColumn(counts);
    if (cells)
        AddColumn(table, summary, "volume", "",
                  [](const pvr_summary_row &row) { return row.volume; });
    AddColumn(table, summary, "mass", massUnit,
              [](const pvr_summary_row &row) { return row.mass; });
    for (int axis = 0; axis < 3; ++axis)
        AddColumn(table, summary, std::string("center_of_mass_") + "xyz"[axis], "",
                  [axis](const pvr_summary_row &row) { return row.centre[axis]; });
    for (int axis = 0; axis < 3; ++axis)
        AddColumn(table, summary, std::string("bulk_velocity_") + "xyz"[axis], "",
                  [axis](const pvr_summary_row &row) { return row.velocity[axis]; });
    for (int axis = 0; axis < 3; ++axis)
        AddColumn(table, summary, std::string("angular_momentum_") + "xyz"[axis], "",
                  [axis](const pvr_summary_row &row) { return row.angular_momentum[axis]; });
    for (int c = 0; c < summary.ncolumns; ++c) {
        const std::string name = summary.column[c].name, unit = summary.column[c].unit;
        AddColumn(table, summary, name + "_min", unit,
                  [c](const pvr_summary_row &row) { return row.value[c].min; });
        AddColumn(table, summary, name + "_max", unit,
                  [c](const pvr_summary_row &row) { return row.value[c].max; });
        AddColumn(table, summary, name + "_mean", unit,
                  [c](const pvr_summary_row &row) { return row.value[c].mean; });
        AddColumn(table, summary, name + "_mass_mean", unit,
                  [c](const pvr_summary_row &row) { return row.value[c].mass_mean; });
    }
}

} // namespace

vtkAMRStatistics::vtkAMRStatistics() {
    this->SetMassArray("mass");
    this->SetDensityArray("density");
    this->SetVelocityArray("velocity");
}

vtkAMRStatistics::~vtkAMRStatistics() {
    this->SetMassArray(nullptr);
    this->SetDensityArray(nullptr);
    this->SetVelocityArray(nullptr);
}

int vtkAMRStatistics::FillInputPortInformation(int, vtkInformation *info) {
    info->Remove(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE());
    info->Append(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), "vtkHyperTreeGrid");
    info->Append(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), "vtkPointSet");
    return 1;
}

pvr_summary_request vtkAMRStatistics::Request() const {
    pvr_summary_request request = pvr_summary_request();
    request.has_about = this->CenterType == 1;
    std::copy(this->Center, this->Center + 3, request.about);
    return request;
}

bool vtkAMRStatistics::OfMesh(vtkHyperTreeGrid *mesh, pvr_summary &summary, std::string &massUnit,
                              pvr_error &error) {
    const pvr_threads threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    vtkPVRamsesOctree octree;
    if (octree.Take(mesh, &threads, error) != PVR_OK)
        return false;
    vtkCellData *cellData = mesh->GetCellData();
    for (int i = 0; i < cellData->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = cellData->GetArray(i);
        if (array && array->GetName() && octree.Add(array, error) != PVR_OK)
            return false;
    }
    const pvr_mesh &data = octree.Mesh();
    const std::vector<pvr_mesh_array> arrays(data.arrays, data.arrays + data.narrays);
    pvr_summary_request request = this->Request();
    const pvr_mesh_array *mass = Find(arrays, this->MassArray);
    const pvr_mesh_array *density = Find(arrays, this->DensityArray);
    const pvr_mesh_array *velocity = Find(arrays, this->VelocityArray);
    request.mass_is_density = !mass;
    if (mass || density)
        request.mass = (mass ? mass : density)->array;
    if (velocity && velocity->array->ncomponents == 3)
        request.velocity = velocity->array;
    if (mass && mass->unit.label)
        massUnit = mass->unit.label;
    else if (!mass && density && density->unit.label && density->unit.label[0])
        massUnit = std::string(density->unit.label) + " x volume";
    const pvr_leaf_place place = octree.Place();
    return pvr_summarize_mesh(&data, &place, &request, &threads, vtkPVRamsesFilter::TellProgress,
                              this, &summary, &error) == PVR_OK;
}

bool vtkAMRStatistics::OfPoints(vtkPointSet *points, pvr_summary &summary, std::string &massUnit,
                                pvr_error &error) {
    const pvr_threads threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    std::deque<pvr_array> values; // stay where they are
    std::vector<pvr_mesh_array> arrays;
    vtkPointData *pointData = points->GetPointData();
    for (int i = 0; i < pointData->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = pointData->GetArray(i);
        pvr_array borrowed;
        if (array && array->GetName() && vtkPVRamsesArrays::Borrow(array, borrowed)) {
            values.push_back(borrowed);
            arrays.push_back(vtkPVRamsesArrays::Named(array, values.back()));
        }
    }
    pvr_array positions;
    if (!points->GetPoints() ||
        !vtkPVRamsesArrays::Borrow(points->GetPoints()->GetData(), positions)) {
        pvr_fail(&error, PVR_ERROR_UNSUPPORTED, "The points are not real numbers.");
        return false;
    }
    pvr_summary_request request = this->Request();
    const pvr_mesh_array *mass = Find(arrays, this->MassArray);
    const pvr_mesh_array *velocity = Find(arrays, this->VelocityArray);
    const pvr_mesh_array *family = Find(arrays, PVR_PARTICLE_FAMILY);
    request.mass = mass ? mass->array : nullptr;
    if (velocity && velocity->array->ncomponents == 3)
        request.velocity = velocity->array;
    if (mass && mass->unit.label)
        massUnit = mass->unit.label;
    return pvr_summarize_points(&positions, family ? family->array : nullptr, arrays.data(),
                                static_cast<int>(arrays.size()), &request, &threads,
                                vtkPVRamsesFilter::TellProgress, this, &summary, &error) == PVR_OK;
}

int vtkAMRStatistics::RequestData(vtkInformation *, vtkInformationVector **inputs,
                                  vtkInformationVector *outputs) {
    vtkTable *output = vtkTable::GetData(outputs);
    vtkHyperTreeGrid *mesh = vtkHyperTreeGrid::GetData(inputs[0]);
    vtkPointSet *points = vtkPointSet::GetData(inputs[0]);
    this->ThreadReport.clear();
    output->Initialize();
    vtkDataObject *input = vtkDataObject::GetData(inputs[0]);
    output->GetFieldData()->PassData(input->GetFieldData());
    const bool none =
        mesh ? mesh->GetNumberOfCells() == 0 : !points || points->GetNumberOfPoints() == 0;
    const vtkPVRamsesRanks ranks = vtkPVRamsesRanks::Of(outputs->GetInformationObject(0));
    if (!ranks.Any(!none))
        return 1;

    pvr_error error;
    pvr_error_clear(&error);
    Summary summary;
    std::string massUnit;
    const bool well = none || (mesh ? this->OfMesh(mesh, summary, massUnit, error)
                                    : this->OfPoints(points, summary, massUnit, error));
    const uint64_t count = summary.nrows > 0 ? summary.row[0].count : 0;
    pvr_status status = ranks.Agree(well ? PVR_OK : error.status, error);
    if (status == PVR_OK && ranks.Size() > 1)
        status = JoinRanks(ranks, this->Request(), summary, massUnit, error);
    if (status == PVR_CANCELLED) // the executive empties the output
        return 1;
    if (status != PVR_OK)
        return vtkPVRamsesFailure().Tell(this, input, output, error.message);
    if (ranks.Rank() == 0) // of several ranks the first has the table
        FillTable(output, summary, mesh != nullptr, massUnit);
    this->ThreadReport =
        vtkPVRamsesReportText(&summary.report, ranks, count, mesh ? "leaf cells" : "particles");
    this->UpdateProgress(1.0);
    return 1;
}

void vtkAMRStatistics::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "MassArray: " << (this->MassArray ? this->MassArray : "") << "\n"
       << indent << "DensityArray: " << (this->DensityArray ? this->DensityArray : "") << "\n"
       << indent << "VelocityArray: " << (this->VelocityArray ? this->VelocityArray : "") << "\n"
       << indent << "CenterType: " << this->CenterType << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n";
}
