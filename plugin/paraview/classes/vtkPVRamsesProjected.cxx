// vtkPVRamsesProjected.cxx - see vtkPVRamsesProjected.h.
#include "vtkPVRamsesProjected.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesRanks.h"

#include "pvr_octree_boxes.h"

#include "vtkCellData.h"
#include "vtkCellType.h"
#include "vtkCellTypes.h"
#include "vtkHyperTreeGrid.h"
#include "vtkIdList.h"
#include "vtkImageData.h"
#include "vtkMatrix3x3.h"
#include "vtkNew.h"
#include "vtkPointData.h"
#include "vtkPointSet.h"
#include "vtkPoints.h"
#include "vtkPolyData.h"
#include "vtkRectilinearGrid.h"
#include "vtkUnsignedCharArray.h"
#include "vtkUnstructuredGrid.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

const unsigned char GHOST_CELL =
    vtkDataSetAttributes::DUPLICATECELL | vtkDataSetAttributes::HIDDENCELL;
const unsigned char GHOST_POINT =
    vtkDataSetAttributes::DUPLICATEPOINT | vtkDataSetAttributes::HIDDENPOINT;

// The ghost flags, if one of `flags` is set anywhere.
const unsigned char *GhostsIn(vtkDataSetAttributes *data, vtkIdType count, unsigned char flags) {
    auto *array =
        vtkUnsignedCharArray::SafeDownCast(data->GetArray(vtkDataSetAttributes::GhostArrayName()));
    if (!array || array->GetNumberOfTuples() != count || count == 0)
        return nullptr;
    const unsigned char *ghosts = array->GetPointer(0);
    return std::any_of(ghosts, ghosts + count, [=](unsigned char g) { return (g & flags) != 0; })
               ? ghosts
               : nullptr;
}

// Has it no cells, or none but vertices?
bool OnlyVertices(vtkDataSet *input) {
    if (auto *grid = vtkUnstructuredGrid::SafeDownCast(input)) {
        const vtkUnsignedCharArray *types = grid->GetDistinctCellTypesArray();
        for (vtkIdType t = 0; types && t < types->GetNumberOfTuples(); ++t) {
            const int type = types->GetValue(t);
            if (type != VTK_VERTEX && type != VTK_POLY_VERTEX && type != VTK_EMPTY_CELL)
                return false;
        }
        return true;
    }
    auto *poly = vtkPolyData::SafeDownCast(input);
    return poly &&
           poly->GetNumberOfLines() + poly->GetNumberOfPolys() + poly->GetNumberOfStrips() == 0;
}

// Borders of the cells along an axis, or of boxes about the points there.
std::vector<double> BordersOf(const std::vector<double> &points, bool aroundPoints) {
    const size_t count = points.size();
    if (!aroundPoints || count < 2)
        return points;
    std::vector<double> borders(count + 1);
    for (size_t i = 1; i < count; ++i)
        borders[i] = 0.5 * (points[i - 1] + points[i]);
    borders[0] = points[0] - (borders[1] - points[0]);
    borders[count] = points[count - 1] + (points[count - 1] - borders[count - 1]);
    return borders;
}

// Has it any array but ghosts, and all that are wanted?
bool HasArrays(vtkDataSetAttributes *data, const std::vector<std::string> &wanted) {
    bool any = false;
    for (int i = 0; i < data->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = data->GetArray(i); // null for texts
        any = any || (array && array->GetName() &&
                      std::strcmp(array->GetName(), vtkDataSetAttributes::GhostArrayName()) != 0);
    }
    return any && std::all_of(wanted.begin(), wanted.end(), [=](const std::string &name) {
               return data->GetArray(name.c_str()) != nullptr;
           });
}

} // namespace

pvr_status vtkPVRamsesProjected::Take(vtkDataObject *input, const std::vector<std::string> &wanted,
                                      const pvr_threads &threads, pvr_error &error) {
    this->Threads = threads;
    auto *set = vtkDataSet::SafeDownCast(input);
    if (auto *mesh = vtkHyperTreeGrid::SafeDownCast(input)) {
        this->Data = mesh->GetCellData();
        return mesh->GetNumberOfCells() > 0 ? this->TakeOctree(input, error) : PVR_OK;
    }
    if (!set)
        return pvr_fail(&error, PVR_ERROR_UNSUPPORTED, "There is nothing to project.");
    const bool lattice =
        vtkImageData::SafeDownCast(input) || vtkRectilinearGrid::SafeDownCast(input);
    this->Data = set->GetCellData();
    if (lattice)
        return set->GetNumberOfPoints() > 0 ? this->TakeLattice(set, wanted, error) : PVR_OK;
    if (vtkUnstructuredGrid::SafeDownCast(input) && !OnlyVertices(set))
        return this->TakeCells(vtkUnstructuredGrid::SafeDownCast(input), error);
    this->Data = set->GetPointData();
    return set->GetNumberOfPoints() > 0 ? this->TakePoints(set, error) : PVR_OK;
}

pvr_status vtkPVRamsesProjected::TakeOctree(vtkDataObject *input, pvr_error &error) {
    const pvr_status status =
        this->Tree.Take(vtkHyperTreeGrid::SafeDownCast(input), &this->Threads, error);
    if (status != PVR_OK)
        return status;
    const pvr_octree *octree = this->Tree.Octree();
    for (int axis = 0; axis < 3; ++axis) {
        if (this->Tree.WorldAxis(axis) != axis)
            return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                            "A mesh of two dimensions must lie in the plane of x and y.");
        const bool flat = axis >= octree->ndim; // cells count as 1 deep
        this->Bounds[0][axis] = flat ? -0.5 : octree->origin[axis];
        this->Bounds[1][axis] = flat ? 0.5 : octree->origin[axis] + octree->size[axis];
    }
    this->OfTree = true;
    this->Count = octree->ncells;
    this->What = this->Tree.IsCubic() ? OCTREE : BOXES;
    return PVR_OK;
}

pvr_status vtkPVRamsesProjected::TakeLattice(vtkDataSet *input,
                                             const std::vector<std::string> &wanted,
                                             pvr_error &error) {
    auto *image = vtkImageData::SafeDownCast(input);
    auto *grid = vtkRectilinearGrid::SafeDownCast(input);
    if (image && !image->GetDirectionMatrix()->IsIdentity())
        return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                        "The image is turned: only such along the axes are projected.");
    const bool aroundPoints =
        !HasArrays(input->GetCellData(), wanted) &&
        (HasArrays(input->GetPointData(), wanted) || !HasArrays(input->GetCellData(), {}));
    int extent[6];
    if (image)
        image->GetExtent(extent);
    else
        grid->GetExtent(extent);
    this->Count = 1;
    for (int axis = 0; axis < 3; ++axis) {
        std::vector<double> points;
        vtkDataArray *coordinates = !grid       ? nullptr
                                    : axis == 0 ? grid->GetXCoordinates()
                                    : axis == 1 ? grid->GetYCoordinates()
                                                : grid->GetZCoordinates();
        for (int i = extent[2 * axis]; i <= extent[2 * axis + 1]; ++i)
            points.push_back(image ? image->GetOrigin()[axis] + i * image->GetSpacing()[axis]
                                   : coordinates->GetComponent(i - extent[2 * axis], 0));
        std::vector<double> &borders = this->Borders[axis];
        borders = BordersOf(points, aroundPoints);
        if (borders.size() == 1) { // two dimensions
            if (axis != 2)
                return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                                "A grid of two dimensions must lie in the plane of x and y.");
            borders = {points[0] - 0.5, points[0] + 0.5};
        }
        if (!std::is_sorted(borders.begin(), borders.end()))
            return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                            "The coordinates of the grid do not rise.");
        this->Bounds[0][axis] = borders.front();
        this->Bounds[1][axis] = borders.back();
        this->Count *= borders.size() - 1;
    }
    this->Data = aroundPoints ? static_cast<vtkDataSetAttributes *>(input->GetPointData())
                              : input->GetCellData();
    this->Ghosts = GhostsIn(this->Data, static_cast<vtkIdType>(this->Count),
                            aroundPoints ? GHOST_POINT : GHOST_CELL);
    this->AroundPoints = aroundPoints;
    std::copy(extent, extent + 6, this->Extent.begin());
    this->What = BOXES;
    return PVR_OK;
}

void vtkPVRamsesProjected::LeaveToOthers(const vtkPVRamsesRanks &ranks) {
    using Box = std::array<int, 6>;
    if (ranks.Size() == 1)
        return;
    const auto eachPoint = [this](auto what) {
        const Box &e = this->Extent;
        uint64_t i = 0;
        for (int z = e[4]; z <= e[5]; ++z)
            for (int y = e[2]; y <= e[3]; ++y)
                for (int x = e[0]; x <= e[1]; ++x)
                    what(i++, Box{{x, x, y, y, z, z}});
    };
    Box own = {{VTK_INT_MAX, VTK_INT_MIN, VTK_INT_MAX, VTK_INT_MIN, VTK_INT_MAX, VTK_INT_MIN}};
    if (this->AroundPoints)
        eachPoint([&](uint64_t i, const Box &at) {
            const bool ghost =
                this->Ghosts && (this->Ghosts[i] & vtkDataSetAttributes::DUPLICATEPOINT) != 0;
            for (size_t k = 0; k < 6 && !ghost; ++k)
                own[k] = k % 2 == 0 ? std::min(own[k], at[k]) : std::max(own[k], at[k]);
        });
    const std::vector<std::string> all =
        ranks.Gather(std::string(reinterpret_cast<const char *>(own.data()), sizeof own));
    if (!this->AroundPoints)
        return;
    this->Marks.assign(this->Count, 0);
    if (this->Ghosts)
        std::copy(this->Ghosts, this->Ghosts + this->Count, this->Marks.begin());
    this->Ghosts = this->Marks.data();
    for (int rank = 0; rank < ranks.Rank(); ++rank) {
        Box theirs;
        std::memcpy(theirs.data(), all[static_cast<size_t>(rank)].data(), sizeof theirs);
        bool meets = true;
        for (size_t k = 0; k < 6; k += 2)
            meets = meets && theirs[k] <= own[k + 1] && theirs[k + 1] >= own[k];
        if (!meets)
            continue;
        eachPoint([&](uint64_t i, const Box &at) {
            bool inside = true;
            for (size_t k = 0; k < 6; ++k)
                inside = inside && (k % 2 == 0 ? at[k] >= theirs[k] : at[k] <= theirs[k]);
            if (inside)
                this->Marks[i] |= vtkDataSetAttributes::DUPLICATEPOINT;
        });
    }
}

pvr_status vtkPVRamsesProjected::TakeCells(vtkUnstructuredGrid *input, pvr_error &error) {
    const vtkIdType count = input->GetNumberOfCells();
    vtkNew<vtkIdList> points;
    this->Places.resize(static_cast<size_t>(count));
    this->Ghosts = GhostsIn(input->GetCellData(), count, GHOST_CELL);
    std::fill_n(this->Bounds[0].begin(), 3, HUGE_VAL);
    std::fill_n(this->Bounds[1].begin(), 3, -HUGE_VAL);
    for (vtkIdType cell = 0; cell < count; ++cell) {
        const int type = input->GetCellType(cell);
        const bool flat = type == VTK_PIXEL || type == VTK_QUAD;
        double bounds[6] = {HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};
        double place[8][3];
        input->GetCellPoints(cell, points);
        bool isBox =
            (flat && points->GetNumberOfIds() == 4) ||
            ((type == VTK_VOXEL || type == VTK_HEXAHEDRON) && points->GetNumberOfIds() == 8);
        const int corners = isBox ? static_cast<int>(points->GetNumberOfIds()) : 0;
        for (int p = 0; p < corners; ++p) {
            input->GetPoint(points->GetId(p), place[p]);
            for (int axis = 0; axis < 3; ++axis) {
                bounds[2 * axis] = std::min(bounds[2 * axis], place[p][axis]);
                bounds[2 * axis + 1] = std::max(bounds[2 * axis + 1], place[p][axis]);
            }
        }
        unsigned seen = 0; // corners of the bounds that have a point
        for (int p = 0; p < corners; ++p) {
            unsigned corner = 0;
            for (int axis = 0; axis < 3; ++axis) {
                const double size = bounds[2 * axis + 1] - bounds[2 * axis];
                const double at = place[p][axis] - bounds[2 * axis];
                isBox = isBox && (at <= 1e-5 * size || at >= (1 - 1e-5) * size);
                corner |= (at > 0.5 * size ? 1u : 0u) << axis;
            }
            seen |= 1u << corner;
        }
        isBox = isBox && (flat ? seen == 0xfu && bounds[4] == bounds[5] : seen == 0xffu);
        if (!isBox)
            return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                            "Cell %lld (%s) is no box along the axes: of unstructured grids only "
                            "voxels and such hexahedra are projected, in two dimensions pixels "
                            "in the plane of x and y.",
                            static_cast<long long>(cell),
                            vtkCellTypes::GetClassNameFromTypeId(type));
        if (flat) { // 1 deep
            bounds[4] -= 0.5;
            bounds[5] += 0.5;
        }
        std::array<double, 6> &box = this->Places[static_cast<size_t>(cell)];
        for (int axis = 0; axis < 3; ++axis) {
            box[axis] = 0.5 * (bounds[2 * axis] + bounds[2 * axis + 1]);
            box[3 + axis] = bounds[2 * axis + 1] - bounds[2 * axis];
            this->Bounds[0][axis] = std::min(this->Bounds[0][axis], bounds[2 * axis]);
            this->Bounds[1][axis] = std::max(this->Bounds[1][axis], bounds[2 * axis + 1]);
        }
    }
    this->Count = static_cast<uint64_t>(count);
    this->What = BOXES;
    return PVR_OK;
}

pvr_status vtkPVRamsesProjected::TakePoints(vtkDataSet *input, pvr_error &error) {
    auto *set = vtkPointSet::SafeDownCast(input);
    const vtkIdType count = input->GetNumberOfPoints();
    if (!set || !set->GetPoints() || !OnlyVertices(input))
        return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                        "A %s is not projected: hyper tree grids, images, unstructured grids of "
                        "boxes, and points are.",
                        input->GetClassName());
    const unsigned char *ghosts = GhostsIn(input->GetPointData(), count, GHOST_POINT);
    if (ghosts || !vtkPVRamsesArrays::Borrow(set->GetPoints()->GetData(), this->Position) ||
        (this->Position.type != PVR_FLOAT32 && this->Position.type != PVR_FLOAT64)) {
        this->Copied.resize(3 * static_cast<size_t>(count));
        for (vtkIdType p = 0; p < count; ++p) {
            double *place = this->Copied.data() + 3 * p;
            input->GetPoint(p, place);
            if (ghosts && (ghosts[p] & GHOST_POINT) != 0)
                place[0] = place[1] = place[2] = std::nan(""); // is nowhere
        }
        this->Position = pvr_array();
        this->Position.type = PVR_FLOAT64;
        this->Position.ncomponents = 3;
        this->Position.ntuples = static_cast<uint64_t>(count);
        this->Position.data = this->Copied.data();
        this->Position.references = 1;
    }
    const double *bounds = input->GetBounds();
    for (int axis = 0; axis < 3; ++axis) {
        this->Bounds[0][axis] = bounds[2 * axis];
        this->Bounds[1][axis] = bounds[2 * axis + 1];
    }
    this->Count = static_cast<uint64_t>(count);
    this->What = POINTS;
    return PVR_OK;
}

pvr_status vtkPVRamsesProjected::KnowOthers(const vtkPVRamsesRanks &ranks, pvr_error &error) {
    if (ranks.Size() == 1)
        return PVR_OK;
    std::string mine;
    const uint64_t count = this->What == POINTS ? this->Count : 0;
    uint64_t all = count;
    ranks.AddUp(&all, 1);
    if (all > VTK_INT_MAX / (3 * sizeof(double))) // what MPI gathers at once
        return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                        "The lengths of %llu points are not found from their density on several "
                        "ranks: give an array of lengths.",
                        static_cast<unsigned long long>(all));
    mine.resize(count * 3 * sizeof(double));
    for (uint64_t i = 0; i < 3 * count; ++i) {
        const double place = this->Position.type == PVR_FLOAT32
                                 ? static_cast<const float *>(this->Position.data)[i]
                                 : static_cast<const double *>(this->Position.data)[i];
        std::memcpy(&mine[i * sizeof place], &place, sizeof place);
    }
    std::string places;
    for (const std::string &part : ranks.Gather(mine))
        places += part;
    this->Everywhere.resize(3 * all);
    std::memcpy(this->Everywhere.data(), places.data(), places.size());
    this->All.type = PVR_FLOAT64;
    this->All.ncomponents = 3;
    this->All.ntuples = all;
    this->All.data = this->Everywhere.data();
    this->All.references = 1;
    return PVR_OK;
}

int vtkPVRamsesProjected::Add(vtkDataArray *array, pvr_error &error) {
    if (this->OfTree)
        return this->Tree.Add(array, error) == PVR_OK ? this->Tree.Mesh().narrays - 1 : -1;
    pvr_array values;
    if (!vtkPVRamsesArrays::Borrow(array, values)) { // of a type that the library lacks
        this->Converted.emplace_back();
        std::vector<double> &copy = this->Converted.back();
        const int ncomponents = array->GetNumberOfComponents();
        copy.reserve(static_cast<size_t>(array->GetNumberOfValues()));
        for (vtkIdType i = 0; i < array->GetNumberOfTuples(); ++i) {
            for (int c = 0; c < ncomponents; ++c)
                copy.push_back(array->GetComponent(i, c));
        }
        values = pvr_array();
        values.type = PVR_FLOAT64;
        values.ncomponents = ncomponents;
        values.ntuples = static_cast<uint64_t>(array->GetNumberOfTuples());
        values.data = copy.data();
        values.references = 1;
    }
    this->Arrays.push_back(values);
    return static_cast<int>(this->Arrays.size()) - 1;
}

const pvr_array *vtkPVRamsesProjected::Array(int place) const {
    return this->OfTree ? this->Tree.Mesh().arrays[place].array
                        : &this->Arrays[static_cast<size_t>(place)];
}

void vtkPVRamsesProjected::PlaceBoxes(void *context, uint64_t first, uint32_t count,
                                      double (*centre)[3], double (*side)[3]) {
    const auto *self = static_cast<const vtkPVRamsesProjected *>(context);
    for (uint32_t i = 0; i < count; ++i) {
        uint64_t number = first + i;
        if (!self->Places.empty()) {
            const std::array<double, 6> &box = self->Places[number];
            std::copy(box.begin(), box.begin() + 3, centre[i]);
            std::copy(box.begin() + 3, box.end(), side[i]);
        } else {
            for (int axis = 0; axis < 3; ++axis) {
                const std::vector<double> &borders = self->Borders[axis];
                const uint64_t at = number % (borders.size() - 1);
                number /= borders.size() - 1;
                centre[i][axis] = 0.5 * (borders[at] + borders[at + 1]);
                side[i][axis] = borders[at + 1] - borders[at];
            }
        }
        if (self->Ghosts && (self->Ghosts[first + i] & (GHOST_CELL | GHOST_POINT)) != 0)
            side[i][0] = 0.0; // is left out
    }
}

pvr_boxes vtkPVRamsesProjected::Boxes() const {
    if (this->OfTree)
        return pvr_octree_boxes(this->Tree.Octree());
    pvr_boxes boxes = pvr_boxes();
    boxes.count = this->Count;
    boxes.place = PlaceBoxes;
    boxes.context = const_cast<vtkPVRamsesProjected *>(this);
    return boxes;
}

pvr_status vtkPVRamsesProjected::Spin(int mass, int velocity, const double centre[3], double radius,
                                      pvr_spin &spin, pvr_error &error) const {
    const pvr_array *masses = this->Array(mass), *velocities = this->Array(velocity);
    if (this->What == OCTREE)
        return pvr_spin_part(this->Octree(), masses, velocities, centre, radius, &this->Threads,
                             &spin, &error);
    if (this->What == POINTS)
        return pvr_spin_points(&this->Position, masses, velocities, centre, radius, &this->Threads,
                               &spin, &error);
    const pvr_boxes boxes = this->Boxes();
    return pvr_spin_boxes(&boxes, masses, velocities, centre, radius, &this->Threads, &spin,
                          &error);
}

pvr_status vtkPVRamsesProjected::Project(pvr_map *map, const pvr_map_value *values,
                                         const pvr_map_value *weight, const Spreading &spreading,
                                         pvr_progress_fn progress, void *context,
                                         pvr_report &report, pvr_error &error) const {
    if (this->What == OCTREE)
        return pvr_project_octree(map, this->Octree(), values, weight, &this->Threads, progress,
                                  context, &report, &error);
    if (this->What == BOXES) {
        const pvr_boxes boxes = this->Boxes();
        return pvr_project_boxes(map, &boxes, values, weight, &this->Threads, progress, context,
                                 &report, &error);
    }
    pvr_points points = pvr_points();
    points.count = this->Count;
    points.position = &this->Position;
    points.kernel = spreading.Kernel;
    points.length = spreading.LengthPlace >= 0 ? this->Array(spreading.LengthPlace) : nullptr;
    points.length_factor = spreading.LengthFactor;
    points.neighbours = spreading.Neighbours;
    points.all = this->All.data ? &this->All : nullptr;
    return pvr_project_points(map, &points, values, weight, &this->Threads, progress, context,
                              &report, &error);
}
