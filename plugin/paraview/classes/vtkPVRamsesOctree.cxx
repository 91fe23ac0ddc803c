// vtkPVRamsesOctree.cxx - see vtkPVRamsesOctree.h.
//
// A tree of VTK knows the elder child of each vertex, and siblings stand one after another:
// pvr_octree_trees.h takes just that. Cursors would be some hundred times slower.
#include "vtkPVRamsesOctree.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesShared.h"

#include "pvr_octree_trees.h"
#include "pvr_outside.h"

#include "vtkBitArray.h"
#include "vtkCellData.h"
#include "vtkDataSetAttributes.h"
#include "vtkFieldData.h"
#include "vtkHyperTree.h"
#include "vtkInformation.h"
#include "vtkInformationStringKey.h"
#include "vtkUnsignedCharArray.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace {

static_assert(sizeof(unsigned int) == sizeof(uint32_t), "VTK's elder children are 32 bits");

// What hides cells: of one grid, for all threads.
struct Hiding {
    std::vector<vtkHyperTree *> Trees;
    vtkBitArray *Mask = nullptr;
    vtkUnsignedCharArray *Ghosts = nullptr;
};

pvr_hidden Hidden(const void *context, uint64_t tree, uint32_t vertex) {
    const Hiding &hiding = *static_cast<const Hiding *>(context);
    const vtkIdType index = hiding.Trees[tree]->GetGlobalIndexFromLocal(vertex);
    if (hiding.Mask && index < hiding.Mask->GetNumberOfValues() && hiding.Mask->GetValue(index))
        return PVR_HIDDEN_TREE;
    const int ghost = vtkDataSetAttributes::DUPLICATECELL | vtkDataSetAttributes::HIDDENCELL;
    if (hiding.Ghosts && index < hiding.Ghosts->GetNumberOfValues() &&
        (hiding.Ghosts->GetValue(index) & ghost))
        return PVR_HIDDEN_CELL;
    return PVR_SHOWN;
}

// Are the points of an axis at equal distances? Coordinates of single precision are rounded more.
bool IsUniform(vtkDataArray *points) {
    const vtkIdType last = points->GetNumberOfTuples() - 1;
    const double first = points->GetTuple1(0), end = points->GetTuple1(last);
    const double step = (end - first) / static_cast<double>(last);
    const double rounding = points->GetDataType() == VTK_FLOAT
                                ? std::numeric_limits<float>::epsilon()
                                : std::numeric_limits<double>::epsilon();
    const double allowed = 1e-9 * step + 4 * rounding * std::max(std::fabs(first), std::fabs(end));
    for (vtkIdType i = 1; i <= last; ++i) {
        if (!(std::fabs(points->GetTuple1(i) - (first + step * static_cast<double>(i))) <= allowed))
            return false;
    }
    return step > 0;
}

// Level of the trees' root cells, which the reader says in the field data. Some of ParaView's
// filters drop that (slices): then a cell array of levels tells. 1 for other grids.
int RootLevelOf(vtkHyperTreeGrid *grid) {
    vtkDataArray *said = grid->GetFieldData()->GetArray("root_level");
    vtkDataArray *levels = grid->GetCellData()->GetArray("level");
    double value = 1;
    if (said && said->GetNumberOfValues() == 1) {
        value = said->GetTuple1(0);
    } else if (levels && levels->GetDataType() == VTK_UNSIGNED_CHAR) {
        vtkIdType tree = 0;
        while (tree < grid->GetMaxNumberOfTrees() && !grid->GetTree(tree))
            ++tree;
        if (tree < grid->GetMaxNumberOfTrees())
            value = levels->GetTuple1(grid->GetTree(tree)->GetGlobalIndexFromLocal(0));
    }
    return value >= 1 && value <= PVR_MAX_LEVELS ? static_cast<int>(value) : 1;
}

// Copies tuples to the octree's order; null `source`: by VTK's slow access, as doubles.
struct Gathering {
    const vtkIdType *Map; // null: as they are
    const pvr_array *Source;
    vtkDataArray *Values;
    vtkIdType Tuples; // of the source
    pvr_array *Target;
};

constexpr uint64_t TUPLES_OF_TASK = 1 << 16;

void PutNothing(pvr_array *target, uint64_t at) {
    const auto n = static_cast<uint64_t>(target->ncomponents);
    if (target->type == PVR_FLOAT32)
        std::fill_n(static_cast<float *>(target->data) + at * n, n, std::nanf(""));
    else if (target->type == PVR_FLOAT64)
        std::fill_n(static_cast<double *>(target->data) + at * n, n, std::nan(""));
}

pvr_status Gather(void *context, size_t task, pvr_worker *, pvr_error *) {
    const Gathering &gathering = *static_cast<const Gathering *>(context);
    pvr_array *target = gathering.Target;
    const size_t n = static_cast<size_t>(target->ncomponents);
    const size_t bytes = n * pvr_type_bytes(target->type);
    const uint64_t begin = task * TUPLES_OF_TASK;
    const uint64_t end = std::min(begin + TUPLES_OF_TASK, target->ntuples);
    for (uint64_t cell = begin; cell < end; ++cell) {
        const vtkIdType from = gathering.Map ? gathering.Map[cell] : static_cast<vtkIdType>(cell);
        if (from < 0 || from >= gathering.Tuples) {
            PutNothing(target, cell); // the array is zero
        } else if (gathering.Source) {
            std::memcpy(static_cast<char *>(target->data) + cell * bytes,
                        static_cast<const char *>(gathering.Source->data) +
                            static_cast<size_t>(from) * bytes,
                        bytes);
        } else {
            for (size_t c = 0; c < n; ++c)
                static_cast<double *>(target->data)[cell * n + c] =
                    gathering.Values->GetComponent(from, static_cast<int>(c));
        }
    }
    return PVR_OK;
}

} // namespace

vtkPVRamsesOctree::~vtkPVRamsesOctree() {
    for (pvr_array *array : this->Copied)
        pvr_array_release(array);
    pvr_octree_release(this->Made);
}

bool vtkPVRamsesOctree::TakeBox(vtkHyperTreeGrid *grid, pvr_error &error) {
    this->Dimension = static_cast<int>(grid->GetDimension());
    this->RootLevel = RootLevelOf(grid);
    if (this->Dimension < 1 || this->Dimension > 3) {
        pvr_fail(&error, PVR_ERROR_UNSUPPORTED, "The hyper tree grid is empty.");
        return false;
    }
    if (grid->GetBranchFactor() != 2) {
        pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                 "The hyper tree grid has a branch factor of %u: only cells that are cut in two "
                 "along each axis make an octree.",
                 static_cast<unsigned>(grid->GetBranchFactor()));
        return false;
    }
    const unsigned int *trees = grid->GetCellDims();
    vtkDataArray *points[3] = {grid->GetXCoordinates(), grid->GetYCoordinates(),
                               grid->GetZCoordinates()};
    // A grid of one axis lies along its orientation, one of two across it.
    const int orientation = static_cast<int>(grid->GetOrientation());
    int used = 0, unused = this->Dimension;
    for (int world = 0; world < 3; ++world) {
        const bool has = this->Dimension == 3 || (world == orientation) == (this->Dimension == 1);
        this->Axis[has ? used++ : unused++] = world;
        this->Plane[world] =
            points[world]->GetNumberOfTuples() > 0 ? points[world]->GetTuple1(0) : 0.0;
    }
    for (int axis = 0; axis < this->Dimension; ++axis) {
        const int world = this->Axis[axis];
        this->Trees[axis] = trees[world];
        if (points[world]->GetNumberOfTuples() != static_cast<vtkIdType>(trees[world]) + 1 ||
            !IsUniform(points[world])) {
            pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                     "The trees of the hyper tree grid differ in size along %c: only a uniform "
                     "grid of trees makes an octree.",
                     "xyz"[world]);
            return false;
        }
        this->Origin[axis] = points[world]->GetTuple1(0);
        this->Size[axis] = points[world]->GetTuple1(trees[world]) - this->Origin[axis];
    }
    return true;
}

// Finds the index in the grid's arrays of each cell, unless it is the octree's own.
void vtkPVRamsesOctree::MapCells(const std::vector<vtkHyperTree *> &trees, const uint32_t *order) {
    const pvr_octree *octree = this->Data.octree;
    const uint64_t *first = octree->level[octree->root_level].tree_cell;
    bool same = order == nullptr;
    for (uint64_t t = 0; t < octree->ntrees && same; ++t) {
        if (!trees[t]) {
            same = false;
            break;
        }
        const auto start = static_cast<vtkIdType>(first[t]);
        const vtkIdType count = trees[t]->GetNumberOfVertices();
        same = trees[t]->GetGlobalIndexFromLocal(0) == start &&
               trees[t]->GetGlobalIndexFromLocal(count - 1) == start + count - 1;
        // A start means consecutive indices; else there is a table, which may hold any.
        for (vtkIdType v = 0; same && trees[t]->GetGlobalIndexStart() < 0 && v < count; ++v)
            same = trees[t]->GetGlobalIndexFromLocal(v) == start + v;
    }
    if (same)
        return;
    this->Map.resize(octree->ncells);
    for (uint64_t t = 0; t < octree->ntrees; ++t) {
        const uint64_t end = t + 1 < octree->ntrees ? first[t + 1] : octree->ncells;
        for (uint64_t cell = first[t]; cell < end; ++cell) {
            const uint64_t vertex = order ? order[cell] : cell - first[t];
            this->Map[cell] =
                trees[t] ? trees[t]->GetGlobalIndexFromLocal(static_cast<vtkIdType>(vertex)) : -1;
        }
    }
}

// Is `grid`, which shares all trees of `octree`, as it was built: the cells numbered, and hidden,
// like the octree's?
bool vtkPVRamsesOctree::IsWhole(vtkHyperTreeGrid *grid, const pvr_octree *octree) const {
    if (octree->ndim != this->Dimension || octree->root_level != this->RootLevel ||
        grid->GetDepthLimiter() < static_cast<unsigned int>(PVR_MAX_LEVELS) ||
        grid->GetCellData()->GetAbstractArray(vtkDataSetAttributes::GhostArrayName()))
        return false;
    for (int axis = 0; axis < octree->ndim; ++axis) {
        if (this->Axis[axis] != axis || this->Trees[axis] != octree->root_dims[axis])
            return false;
    }
    const uint64_t *first = octree->level[octree->root_level].tree_cell;
    uint64_t absent = 0;
    for (uint64_t t = 0; t < octree->ntrees; ++t) {
        vtkHyperTree *tree = grid->GetTree(static_cast<vtkIdType>(t));
        const uint64_t end = t + 1 < octree->ntrees ? first[t + 1] : octree->ncells;
        if (tree && (tree->GetGlobalIndexStart() != static_cast<vtkIdType>(first[t]) ||
                     tree->GetNumberOfVertices() != static_cast<vtkIdType>(end - first[t])))
            return false;
        absent += tree ? 0 : 1;
    }
    if (!grid->HasMask())
        return octree->noutside == absent;
    if (grid->GetMask()->GetNumberOfValues() != static_cast<vtkIdType>(octree->ncells))
        return false;
    std::vector<uint8_t> bits((octree->ncells + 7) / 8, 0);
    return pvr_outside_bits(octree, bits.data(), &this->Threads, nullptr) == PVR_OK &&
           std::memcmp(bits.data(), grid->GetMask()->GetPointer(0), bits.size()) == 0;
}

bool vtkPVRamsesOctree::TakeReaders(vtkHyperTreeGrid *grid) {
    pvr_octree *octree = vtkPVRamsesShared::OctreeOf(grid);
    if (!octree || !this->IsWhole(grid, octree)) {
        pvr_octree_release(octree);
        return false;
    }
    this->Made = octree;
    this->Placed = *octree;
    this->Placed.references = 1; // never released by us
    std::copy(this->Origin, this->Origin + 3, this->Placed.origin);
    std::copy(this->Size, this->Size + 3, this->Placed.size);
    this->Data.octree = &this->Placed;
    return true;
}

pvr_status vtkPVRamsesOctree::Take(vtkHyperTreeGrid *grid, const pvr_threads *threads,
                                   pvr_error &error) {
    this->Threads = threads ? *threads : pvr_threads();
    if (!this->TakeBox(grid, error))
        return error.status;
    this->GridCells = static_cast<uint64_t>(grid->GetNumberOfCells());

    if (this->TakeReaders(grid))
        return PVR_OK;

    Hiding hiding;
    std::vector<pvr_tree> trees;
    for (unsigned int k = 0; k < this->Trees[2]; ++k) {
        for (unsigned int j = 0; j < this->Trees[1]; ++j) {
            for (unsigned int i = 0; i < this->Trees[0]; ++i) {
                const unsigned int at[3] = {i, j, k};
                unsigned int world[3] = {0, 0, 0};
                for (int axis = 0; axis < this->Dimension; ++axis)
                    world[this->Axis[axis]] = at[axis];
                vtkIdType index;
                grid->GetIndexFromLevelZeroCoordinates(index, world[0], world[1], world[2]);
                vtkHyperTree *from = grid->GetTree(index);
                pvr_tree tree = pvr_tree();
                if (from) {
                    size_t count = 0;
                    tree.child = from->GetElderChildIndexArray(count);
                    tree.nvertices = static_cast<uint64_t>(from->GetNumberOfVertices());
                    tree.nchild = tree.nvertices > 1 ? count : 0; // a lone root has 0 for a child
                    tree.nlevels = static_cast<int>(from->GetNumberOfLevels());
                }
                hiding.Trees.push_back(from);
                trees.push_back(tree);
            }
        }
    }
    if (grid->HasMask())
        hiding.Mask = grid->GetMask();
    hiding.Ghosts = vtkUnsignedCharArray::SafeDownCast(
        grid->GetCellData()->GetAbstractArray(vtkDataSetAttributes::GhostArrayName()));

    pvr_trees all = pvr_trees();
    all.ndim = this->Dimension;
    all.root_level = this->RootLevel;
    std::copy(this->Trees, this->Trees + 3, all.root_dims);
    std::copy(this->Origin, this->Origin + 3, all.origin);
    std::copy(this->Size, this->Size + 3, all.size);
    all.tree = trees.data();
    if (grid->GetDepthLimiter() < static_cast<unsigned int>(PVR_MAX_LEVELS))
        all.max_levels = static_cast<int>(grid->GetDepthLimiter()) + 1;
    if (hiding.Mask || hiding.Ghosts) {
        all.hidden = Hidden;
        all.hidden_context = &hiding;
    }
    uint32_t *order = nullptr;
    const pvr_status status =
        pvr_octree_from_trees(&all, &this->Threads, &this->Made, &order, &error);
    if (status == PVR_OK) {
        this->Data.octree = this->Made;
        this->MapCells(hiding.Trees, order);
        pvr_large_free(order, this->Data.octree->ncells * sizeof *order);
    }
    return status;
}

pvr_status vtkPVRamsesOctree::Add(vtkDataArray *array, pvr_error &error) {
    const char *name = array->GetName() ? array->GetName() : "";
    const auto tuples = static_cast<uint64_t>(array->GetNumberOfTuples());
    if (tuples < this->GridCells) {
        return pvr_fail(&error, PVR_ERROR_FORMAT, "%s has %llu values for %llu cells.", name,
                        static_cast<unsigned long long>(tuples),
                        static_cast<unsigned long long>(this->GridCells));
    }
    pvr_array borrowed;
    const bool known = vtkPVRamsesArrays::Borrow(array, borrowed);
    pvr_array *values = nullptr;
    if (known && this->Map.empty() && tuples >= this->Data.octree->ncells) {
        this->Borrowed.push_back(borrowed);
        values = &this->Borrowed.back();
    } else {
        const pvr_status status =
            pvr_array_new(known ? borrowed.type : PVR_FLOAT64, array->GetNumberOfComponents(),
                          this->Data.octree->ncells, &values, &error);
        if (status != PVR_OK)
            return status;
        this->Copied.push_back(values);
        Gathering gathering = {this->CellMap(), known ? &borrowed : nullptr, array,
                               static_cast<vtkIdType>(tuples), values};
        pvr_job job;
        if (pvr_job_begin(&job, &this->Threads, nullptr, nullptr, &error) != PVR_OK)
            return error.status;
        const uint64_t tasks = (values->ntuples + TUPLES_OF_TASK - 1) / TUPLES_OF_TASK;
        pvr_job_run(&job, static_cast<size_t>(tasks), nullptr, Gather, nullptr, &gathering,
                    nullptr);
        pvr_job_end(&job, nullptr);
    }
    this->Kept.push_back(array);
    this->Arrays.push_back(vtkPVRamsesArrays::Named(array, *values));
    this->Data.arrays = this->Arrays.data();
    this->Data.narrays = static_cast<int>(this->Arrays.size());
    return PVR_OK;
}

bool vtkPVRamsesOctree::IsCubic() const {
    const double side = this->Size[0] / this->Trees[0];
    for (int axis = 1; axis < this->Dimension; ++axis) {
        if (std::fabs(this->Size[axis] / this->Trees[axis] - side) > 1e-6 * side)
            return false;
    }
    return true;
}

pvr_leaf_place vtkPVRamsesOctree::Place() const {
    pvr_leaf_place place = pvr_leaf_place();
    std::copy(this->Axis, this->Axis + 3, place.axis);
    std::copy(this->Plane, this->Plane + 3, place.plane);
    place.factor = 1.0;
    return place;
}
