// vtkAMRLeafCells.cxx - see vtkAMRLeafCells.h; the work is done by pvr_leaf_grid.h.
#include "vtkAMRLeafCells.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesReading.h"

#include "pvr_leaf_grid.h"

#include "vtkCellArray.h"
#include "vtkCellData.h"
#include "vtkCellType.h"
#include "vtkDataSetAttributes.h"
#include "vtkFieldData.h"
#include "vtkHyperTreeGrid.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkNew.h"
#include "vtkObjectFactory.h"
#include "vtkPoints.h"
#include "vtkUnstructuredGrid.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

vtkStandardNewMacro(vtkAMRLeafCells);

namespace {

// Freed at the end of a scope; VTK arrays keep what they stand on.
struct Grid : pvr_leaf_grid {
    Grid() : pvr_leaf_grid() {}
    ~Grid() {
        pvr_leaf_grid_free(this);
    }
};

// The cell arrays that mean something for leaves alone.
std::vector<vtkDataArray *> ArraysOf(vtkHyperTreeGrid *input) {
    std::vector<vtkDataArray *> arrays;
    vtkCellData *cellData = input->GetCellData();
    for (int i = 0; i < cellData->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = cellData->GetArray(i); // null for strings
        if (array && array->GetName() &&
            std::strcmp(array->GetName(), vtkDataSetAttributes::GhostArrayName()) != 0)
            arrays.push_back(array);
    }
    return arrays;
}

} // namespace

int vtkAMRLeafCells::FillInputPortInformation(int, vtkInformation *info) {
    info->Set(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), "vtkHyperTreeGrid");
    return 1;
}

int vtkAMRLeafCells::RequestData(vtkInformation *, vtkInformationVector **inputs,
                                 vtkInformationVector *outputs) {
    vtkHyperTreeGrid *input = vtkHyperTreeGrid::GetData(inputs[0]);
    vtkUnstructuredGrid *output = vtkUnstructuredGrid::GetData(outputs);
    this->ThreadReport.clear();
    output->GetFieldData()->PassData(input->GetFieldData());
    const bool none =
        input->GetNumberOfCells() == 0; // a rank without trees, a slice beside the box
    const vtkPVRamsesRanks ranks = vtkPVRamsesRanks::Of(outputs->GetInformationObject(0));
    if (!ranks.Any(!none))
        return 1;

    const pvr_threads threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_error error;
    pvr_error_clear(&error);
    vtkPVRamsesOctree octree;
    const std::vector<vtkDataArray *> sources = ArraysOf(input);
    pvr_status status = none ? PVR_OK : octree.Take(input, &threads, error);
    for (size_t i = 0; status == PVR_OK && !none && i < sources.size(); ++i)
        status = octree.Add(sources[i], error);
    Grid grid;
    if (status == PVR_OK && !none) {
        const pvr_mesh &mesh = octree.Mesh();
        std::vector<const pvr_array *> arrays;
        for (int i = 0; i < mesh.narrays; ++i)
            arrays.push_back(mesh.arrays[i].array);
        const pvr_leaf_place place = octree.Place();
        status = pvr_leaf_grid_make(mesh.octree, &place, arrays.data(), mesh.narrays, &threads,
                                    vtkPVRamsesFilter::TellProgress, this, &grid, &error);
    }
    status = ranks.Agree(status, error);
    if (status == PVR_CANCELLED) // the executive empties the output
        return 1;
    if (status != PVR_OK)
        return vtkPVRamsesFailure().Tell(this, input, output, error.message);
    const std::string report =
        vtkPVRamsesReportText(&grid.report, ranks, grid.ncells, "leaf cells");
    if (none) {
        this->ThreadReport = report;
        return 1;
    }

    vtkNew<vtkPoints> points;
    points->SetData(vtkPVRamsesArrays::Wrap(grid.points, "Points"));
    output->SetPoints(points);
    vtkNew<vtkCellArray> cells;
    cells->SetData(vtkPVRamsesArrays::Wrap(grid.offsets, "offsets"),
                   vtkPVRamsesArrays::Wrap(grid.connectivity, "connectivity"));
    const int types[] = {VTK_EMPTY_CELL, VTK_LINE, VTK_PIXEL, VTK_VOXEL};
    output->SetCells(types[octree.Octree()->ndim], cells);
    bool hasLevel = false;
    for (size_t i = 0; i < sources.size(); ++i) {
        auto array = vtkPVRamsesArrays::Wrap(grid.values[i], sources[i]->GetName());
        vtkPVRamsesArrays::Describe(array, sources[i]);
        output->GetCellData()->AddArray(array);
        hasLevel = hasLevel || std::strcmp(sources[i]->GetName(), "level") == 0;
    }
    if (!hasLevel)
        output->GetCellData()->AddArray(vtkPVRamsesArrays::Wrap(grid.levels, "level"));
    if (vtkDataArray *active = input->GetCellData()->GetScalars())
        output->GetCellData()->SetActiveScalars(active->GetName());

    char text[120];
    std::snprintf(text, sizeof text, "%llu leaf cells, %llu points\n",
                  static_cast<unsigned long long>(grid.ncells),
                  static_cast<unsigned long long>(grid.npoints));
    this->ThreadReport = text + report;
    this->UpdateProgress(1.0);
    return 1;
}

void vtkAMRLeafCells::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "MaxThreads: " << this->MaxThreads << "\n";
}
