// mesh_build.cxx - vtkPVRamsesMesh: every cell of an octree stands at its place in the grid, in
// 1, 2 and 3 dimensions; arrays are not copied and are freed; many cells are built fast.
//
// The octrees are made here at random, with the centre of each cell as its value, in the order that
// pvr_octree.h lays down. The grid is then walked by VTK's own cursors.
#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesMesh.h"

#include "random_octree.h"

#include "vtkBitArray.h"
#include "vtkCellData.h"
#include "vtkDataArray.h"
#include "vtkHyperTree.h"
#include "vtkHyperTreeGrid.h"
#include "vtkHyperTreeGridNonOrientedGeometryCursor.h"
#include "vtkNew.h"
#include "vtkSmartPointer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

int Failures = 0;

void Check(bool right, const char *what, long long got, long long wanted) {
    if (right)
        return;
    ++Failures;
    if (Failures < 20)
        std::printf("WRONG: %s: %lld, expected %lld\n", what, got, wanted);
}

// Counts leaves; the centre of each cell by VTK's geometry against the array.
long long Walk(vtkHyperTreeGridNonOrientedGeometryCursor *cursor, int ndim, vtkDataArray *centres,
               double factor) {
    double bounds[6], value[3];
    cursor->GetBounds(bounds);
    centres->GetTuple(cursor->GetGlobalNodeIndex(), value);
    for (int axis = 0; axis < ndim; ++axis) {
        const double centre = 0.5 * (bounds[2 * axis] + bounds[2 * axis + 1]);
        Check(std::fabs(centre - factor * value[axis]) < 1e-12 * factor, "centre of a cell (1e6)",
              std::llround(1e6 * centre), std::llround(1e6 * factor * value[axis]));
    }
    if (cursor->IsLeaf())
        return 1;
    long long leaves = 0;
    for (unsigned char child = 0; child < cursor->GetNumberOfChildren(); ++child) {
        cursor->ToChild(child);
        leaves += Walk(cursor, ndim, centres, factor);
        cursor->ToParent();
    }
    return leaves;
}

void TestPlaces(int ndim, unsigned seed) {
    std::mt19937 random(seed);
    RandomOctree made(ndim, random, true);
    const pvr_octree *octree = &made.Octree;

    pvr_mesh_array source = pvr_mesh_array();
    std::strcpy(source.name, "centre");
    source.unit.label = "kpc";
    if (pvr_array_new(PVR_FLOAT64, 3, octree->ncells, &source.array, nullptr) != PVR_OK) {
        Check(false, "memory for the array", 0, 1);
        return;
    }
    std::memcpy(source.array->data, made.Centres.data(), made.Centres.size() * sizeof(double));

    const double factor = 2.5;
    vtkNew<vtkHyperTreeGrid> grid;
    vtkPVRamsesMesh::Build(grid, octree, factor);
    vtkSmartPointer<vtkDataArray> array = vtkPVRamsesArrays::Wrap(source);
    Check(array->GetVoidPointer(0) == source.array->data, "the array is no copy", 0, 1);
    Check(source.array->references == 2, "owners of the array", source.array->references, 2);
    Check(array->GetNumberOfTuples() == static_cast<vtkIdType>(octree->ncells), "tuples",
          array->GetNumberOfTuples(), static_cast<long long>(octree->ncells));
    Check(std::strcmp(array->GetComponentName(2), "z") == 0, "component names", 0, 1);
    grid->GetCellData()->AddArray(array);

    Check(static_cast<int>(grid->GetDimension()) == ndim, "dimension", grid->GetDimension(), ndim);
    Check(grid->GetNumberOfCells() == static_cast<vtkIdType>(octree->ncells), "cells",
          grid->GetNumberOfCells(), static_cast<long long>(octree->ncells));
    Check(grid->GetNumberOfLeaves() == static_cast<vtkIdType>(octree->nleaves), "leaves",
          grid->GetNumberOfLeaves(), static_cast<long long>(octree->nleaves));
    double bounds[6];
    grid->GetBounds(bounds);
    for (int axis = 0; axis < 3; ++axis) {
        const double end = axis < ndim ? octree->size[axis] * factor : 0.0;
        Check(bounds[2 * axis] == 0.0 && bounds[2 * axis + 1] == end, "bounds (1e6)",
              std::llround(1e6 * bounds[2 * axis + 1]), std::llround(1e6 * end));
    }
    long long leaves = 0;
    vtkNew<vtkHyperTreeGridNonOrientedGeometryCursor> cursor;
    for (uint64_t tree = 0; tree < octree->ntrees; ++tree) {
        cursor->Initialize(grid, static_cast<vtkIdType>(tree), false);
        leaves += Walk(cursor, ndim, array, factor);
    }
    Check(leaves == static_cast<long long>(octree->nleaves), "leaves by cursor", leaves,
          static_cast<long long>(octree->nleaves));

    array = nullptr;
    grid->Initialize();
    Check(source.array->references == 1, "owners after the grid is gone", source.array->references,
          1);
    pvr_array_release(source.array);
    std::printf("%d-D: %llu cells, %llu leaves\n", ndim,
                static_cast<unsigned long long>(octree->ncells),
                static_cast<unsigned long long>(octree->nleaves));
}

void TestSpeed() {
    std::mt19937 random(5);
    const uint32_t dims[3] = {16, 16, 16};
    RandomOctree made(3, dims, 4, 8, false, [&](int level) {
        return level < 7 || random() % 100 < 56; // about 10 million leaves
    });
    double best = 1e30;
    for (int repeat = 0; repeat < 3; ++repeat) {
        vtkNew<vtkHyperTreeGrid> grid;
        const auto begin = std::chrono::steady_clock::now();
        vtkPVRamsesMesh::Build(grid, &made.Octree, 1.0);
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        Check(grid->GetNumberOfLeaves() == static_cast<vtkIdType>(made.Octree.nleaves), "leaves",
              grid->GetNumberOfLeaves(), static_cast<long long>(made.Octree.nleaves));
        best = seconds < best ? seconds : best;
    }
    std::printf("%llu leaves in 4096 trees: %.3f s\n",
                static_cast<unsigned long long>(made.Octree.nleaves), best);
    Check(best < 1.0, "milliseconds to build 10 million leaves", std::llround(best * 1000), 1000);
}

// Marks leaves as outside at random, a part of them in `percent`.
struct Outside {
    std::vector<uint8_t> Bits[PVR_MAX_LEVELS + 1];

    Outside(pvr_octree &octree, std::mt19937 &random, unsigned percent) {
        for (int level = octree.root_level; level <= octree.max_level; ++level) {
            pvr_octree_level &of = octree.level[level];
            const bool roots = level == octree.root_level;
            const uint64_t cells =
                roots ? octree.ntrees : of.noct * static_cast<uint64_t>(octree.cells_per_oct);
            const uint64_t perByte = roots ? 8 : static_cast<uint64_t>(octree.cells_per_oct);
            this->Bits[level].assign(cells / perByte + 1, 0);
            for (uint64_t cell = 0; cell < cells; ++cell) {
                const uint8_t bit = static_cast<uint8_t>(1u << (cell % perByte));
                if ((of.refined[cell / perByte] & bit) == 0 && random() % 100 < percent) {
                    this->Bits[level][cell / perByte] |= bit;
                    ++octree.noutside;
                    --octree.nleaves;
                }
            }
            of.outside = this->Bits[level].data();
        }
    }
};

// The mask is what is outside, and the pure mask is what VTK makes of the mask itself.
void TestMasks(int ndim, unsigned seed, unsigned percent) {
    std::mt19937 random(seed);
    RandomOctree made(ndim, random, false);
    pvr_octree &octree = made.Octree;
    const Outside outside(octree, random, percent);
    vtkNew<vtkHyperTreeGrid> ours, theirs;
    vtkPVRamsesMesh::Build(ours, &octree, 1.0);
    vtkPVRamsesMesh::Build(theirs, &octree, 1.0);
    vtkNew<vtkBitArray> mask;
    if (ours->HasMask()) {
        mask->DeepCopy(ours->GetMask());
        theirs->SetMask(mask); // VTK has no pure mask of this one
    }
    long long hidden = 0, pure = 0, compared = 0;
    vtkBitArray *got = ours->GetPureMask(), *wanted = theirs->GetPureMask();
    Check(!got == !wanted, "a pure mask", got != nullptr, wanted != nullptr);
    for (vtkIdType t = 0; t < ours->GetMaxNumberOfTrees(); ++t) {
        vtkHyperTree *tree = ours->GetTree(t);
        if (!tree) {
            ++hidden; // outside as a whole
            continue;
        }
        for (vtkIdType i = 0; i < tree->GetNumberOfVertices() && got && wanted; ++i) {
            const vtkIdType cell = tree->GetGlobalIndexFromLocal(i);
            Check(got->GetValue(cell) == wanted->GetValue(cell), "pure mask of a cell",
                  got->GetValue(cell), wanted->GetValue(cell));
            hidden += mask->GetValue(cell);
            pure += wanted->GetValue(cell);
            ++compared;
        }
    }
    Check(!got || hidden == static_cast<long long>(octree.noutside), "hidden cells", hidden,
          static_cast<long long>(octree.noutside));
    std::printf("%d-D, %u %% outside: %lld of %lld cells hidden, %lld with those above them\n",
                ndim, percent, hidden, compared, pure);
}

} // namespace

int main() {
    for (int ndim = 1; ndim <= 3; ++ndim) {
        for (unsigned seed = 1; seed <= 4; ++seed)
            TestPlaces(ndim, seed);
        for (unsigned percent : {0u, 3u, 30u, 95u})
            TestMasks(ndim, percent, percent);
    }
    TestSpeed();
    if (Failures) {
        std::printf("%d checks failed\n", Failures);
        return EXIT_FAILURE;
    }
    std::printf("mesh_build: ok\n");
    return EXIT_SUCCESS;
}
