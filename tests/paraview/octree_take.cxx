// octree_take.cxx - vtkPVRamsesOctree: the octree of any hyper tree grid. Ours comes back as it
// was, without a copy of its arrays; grids made by VTK's own sources, with masks, upright,
// transposed, cut by filters, agree with VTK's cursors leaf by leaf; what is no octree is refused.
#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesMesh.h"
#include "vtkPVRamsesOctree.h"

#include "random_octree.h"

#include "vtkBitArray.h"
#include "vtkCellData.h"
#include "vtkDoubleArray.h"
#include "vtkFieldData.h"
#include "vtkHyperTree.h"
#include "vtkHyperTreeGrid.h"
#include "vtkHyperTreeGridNonOrientedGeometryCursor.h"
#include "vtkHyperTreeGridSource.h"
#include "vtkIntArray.h"
#include "vtkNew.h"
#include "vtkRandomHyperTreeGridSource.h"
#include "vtkShortArray.h"
#include "vtkUnsignedCharArray.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

namespace {

int Failures = 0;

void Check(bool right, const char *what, double got, double wanted) {
    if (right)
        return;
    ++Failures;
    if (Failures < 20)
        std::printf("WRONG: %s: %.17g, expected %.17g\n", what, got, wanted);
}

bool Take(vtkPVRamsesOctree &octree, vtkHyperTreeGrid *grid, int threads = 2) {
    pvr_threads settings = pvr_threads();
    settings.max = threads;
    pvr_error error;
    pvr_error_clear(&error);
    const bool taken = octree.Take(grid, &settings, error) == PVR_OK;
    if (!taken)
        std::printf("refused: %s\n", error.message);
    return taken;
}

// An array whose value is the index, of any type.
template <typename ArrayT>
vtkSmartPointer<ArrayT> Indices(vtkIdType count, const char *name) {
    vtkNew<ArrayT> array;
    array->SetName(name);
    array->SetNumberOfTuples(count);
    for (vtkIdType i = 0; i < count; ++i)
        array->SetTuple1(i, static_cast<double>(i % 30000));
    return vtkSmartPointer<ArrayT>(array.Get());
}

// Goes through a tree by VTK's cursor; each leaf must be in the octree, with the same level, place
// and values. Returns the leaves that are not hidden. VTK's cursors do not go below masked cells.
uint64_t Compare(vtkHyperTreeGridNonOrientedGeometryCursor *cursor, vtkHyperTreeGrid *grid,
                 const vtkPVRamsesOctree &taken, const pvr_array *values) {
    const vtkIdType index = cursor->GetGlobalNodeIndex();
    uint64_t leaves = 0;
    bool hidden = cursor->IsMasked();
    if (!cursor->IsLeaf()) {
        for (unsigned char child = 0; !hidden && child < cursor->GetNumberOfChildren(); ++child) {
            cursor->ToChild(child);
            leaves += Compare(cursor, grid, taken, values);
            cursor->ToParent();
        }
        return leaves;
    }
    auto *ghosts =
        vtkUnsignedCharArray::SafeDownCast(grid->GetCellData()->GetArray("vtkGhostType"));
    hidden = hidden || (ghosts && ghosts->GetValue(index));
    const pvr_octree *octree = taken.Octree();
    double bounds[6], place[3] = {0, 0, 0}, world[3];
    cursor->GetBounds(bounds);
    for (int axis = 0; axis < octree->ndim; ++axis) {
        const int w = taken.WorldAxis(axis);
        place[axis] = 0.5 * (bounds[2 * w] + bounds[2 * w + 1]);
    }
    pvr_cell leaf;
    const bool found = pvr_octree_find_leaf(octree, place, &leaf);
    Check(found, "a leaf at the place", found, 1);
    if (!found)
        return 0;
    Check(leaf.level - octree->root_level == static_cast<int>(cursor->GetLevel()), "level",
          leaf.level - octree->root_level, cursor->GetLevel());
    Check(leaf.outside == hidden, "outside", leaf.outside, hidden);
    const vtkIdType *map = taken.CellMap();
    const vtkIdType there = map ? map[leaf.index] : static_cast<vtkIdType>(leaf.index);
    Check(there == index, "index", static_cast<double>(there), static_cast<double>(index));
    const double value = static_cast<const double *>(values->data)[leaf.index];
    Check(value == static_cast<double>(index % 30000), "value", value,
          static_cast<double>(index % 30000));
    const pvr_leaf_place lies = taken.Place();
    std::copy(lies.plane, lies.plane + 3, world);
    for (int axis = 0; axis < octree->ndim; ++axis)
        world[lies.axis[axis]] = place[axis];
    for (int w = 0; w < 3; ++w)
        Check(std::fabs(world[w] - 0.5 * (bounds[2 * w] + bounds[2 * w + 1])) < 1e-12, "world",
              world[w], 0.5 * (bounds[2 * w] + bounds[2 * w + 1]));
    return hidden ? 0 : 1;
}

void TestAgainstCursors(vtkHyperTreeGrid *grid, const char *what) {
    const vtkIdType cells = grid->GetNumberOfCells();
    vtkPVRamsesOctree taken;
    if (!Take(taken, grid)) {
        Check(false, what, 0, 1);
        return;
    }
    pvr_error error;
    Check(taken.Add(Indices<vtkDoubleArray>(cells, "index"), error) == PVR_OK, what, 0, 1);
    Check(taken.Add(Indices<vtkShortArray>(cells, "short"), error) == PVR_OK, what, 0, 1);
    const pvr_mesh &mesh = taken.Mesh();
    Check(mesh.narrays == 2 && mesh.arrays[1].array->type == PVR_FLOAT64, "arrays", mesh.narrays,
          2);
    Check(mesh.arrays[0].array->ntuples >= taken.Octree()->ncells, "tuples",
          static_cast<double>(mesh.arrays[0].array->ntuples),
          static_cast<double>(taken.Octree()->ncells));
    for (int a = 0; a < 2; ++a) {
        uint64_t leaves = 0, all = 0;
        vtkNew<vtkHyperTreeGridNonOrientedGeometryCursor> cursor;
        for (vtkIdType t = 0; t < grid->GetMaxNumberOfTrees(); ++t) {
            vtkHyperTree *tree = grid->GetTree(t);
            if (tree) {
                cursor->Initialize(grid, t, false);
                leaves += Compare(cursor, grid, taken, mesh.arrays[a].array);
            }
            all +=
                tree ? static_cast<uint64_t>(tree->GetNumberOfVertices() - tree->GetNumberOfNodes())
                     : 1;
        }
        if (grid->GetDepthLimiter() < 100) // cells below are no leaves of either
            all = leaves;
        Check(taken.Octree()->nleaves == leaves, "leaves",
              static_cast<double>(taken.Octree()->nleaves), static_cast<double>(leaves));
        Check(taken.Octree()->noutside == all - leaves, "outside",
              static_cast<double>(taken.Octree()->noutside), static_cast<double>(all - leaves));
        if (a == 0)
            std::printf("%s: %d-D, %llu leaves, %llu outside, %s\n", what, taken.Octree()->ndim,
                        static_cast<unsigned long long>(leaves),
                        static_cast<unsigned long long>(all - leaves),
                        taken.CellMap() ? "arrays reordered" : "no copy");
    }
}

void TestOurs(int ndim, unsigned seed) {
    std::mt19937 random(seed);
    RandomOctree made(ndim, random, false);
    vtkNew<vtkHyperTreeGrid> grid;
    vtkPVRamsesMesh::Build(grid, &made.Octree, 2.0);
    vtkNew<vtkIntArray> level;
    level->SetName("root_level");
    level->InsertNextValue(2);
    grid->GetFieldData()->AddArray(level);

    vtkPVRamsesOctree taken;
    Check(Take(taken, grid), "our grid", 0, 1);
    const pvr_octree *octree = taken.Octree();
    Check(octree->root_level == 2 && octree->max_level == made.Octree.max_level, "levels",
          octree->max_level, made.Octree.max_level);
    Check(octree->ncells == made.Octree.ncells && octree->nleaves == made.Octree.nleaves, "cells",
          static_cast<double>(octree->ncells), static_cast<double>(made.Octree.ncells));
    for (int l = octree->root_level; l <= octree->max_level; ++l) {
        const pvr_octree_level &got = octree->level[l], &wanted = made.Octree.level[l];
        const uint64_t bytes = l > octree->root_level ? got.noct : (octree->ntrees + 7) / 8;
        Check(std::memcmp(got.refined, wanted.refined, bytes) == 0, "bits of level", l, l);
        Check(std::memcmp(got.tree_cell, wanted.tree_cell, octree->ntrees * sizeof(uint64_t)) == 0,
              "first cells of level", l, l);
    }
    Check(octree->size[0] == 2.0 * made.Octree.size[0], "size", octree->size[0],
          2.0 * made.Octree.size[0]);
    auto values = Indices<vtkDoubleArray>(grid->GetNumberOfCells(), "index");
    pvr_error error;
    Check(taken.Add(values, error) == PVR_OK, "add", 0, 1);
    Check(taken.Mesh().arrays[0].array->data == values->GetVoidPointer(0), "no copy", 0, 1);
    Check(taken.IsCubic(), "cubic", taken.IsCubic(), 1);

    TestAgainstCursors(grid, "ours");
    grid->SetDepthLimiter(2);
    TestAgainstCursors(grid, "ours, limited in depth");
    grid->SetDepthLimiter(1000);
    // With a mask the arrays still are not copied.
    vtkNew<vtkBitArray> mask;
    vtkNew<vtkUnsignedCharArray> ghosts;
    ghosts->SetName("vtkGhostType");
    for (vtkIdType i = 0; i < grid->GetNumberOfCells(); ++i) {
        mask->InsertNextValue(random() % 100 < 15);
        ghosts->InsertNextValue(random() % 100 < 5);
    }
    grid->SetMask(mask);
    grid->GetCellData()->AddArray(ghosts);
    TestAgainstCursors(grid, "ours, masked, with ghosts");
    vtkPVRamsesOctree masked;
    Check(Take(masked, grid) && !masked.CellMap(), "no copy under a mask", 0, 1);
}

// The same refinement as a grid with some trees left out, as a rank of several has.
void TestMissingTrees() {
    vtkNew<vtkHyperTreeGrid> grid;
    const double origin[3] = {1, 2, 3}, size[3] = {4, 4, 4};
    const uint32_t dims[3] = {2, 2, 2};
    vtkPVRamsesMesh::SetBox(grid, 3, origin, size, dims);
    vtkIdType next = 0;
    for (vtkIdType t : {1, 2, 6}) {
        vtkHyperTree *tree = grid->GetTree(t, true);
        tree->SetGlobalIndexStart(next);
        tree->SubdivideLeaf(0, 0);
        if (t != 2)
            tree->SubdivideLeaf(3, 1);
        next += tree->GetNumberOfVertices();
    }
    TestAgainstCursors(grid, "missing trees");
    vtkPVRamsesOctree taken;
    pvr_error error;
    Check(Take(taken, grid) && taken.Add(Indices<vtkDoubleArray>(next, "index"), error) == PVR_OK,
          "missing trees", 0, 1);
    const double nothing = static_cast<const double *>(taken.Mesh().arrays[0].array->data)[0];
    Check(std::isnan(nothing), "NaN for a tree that is not there", nothing, NAN);
}

void TestSources() {
    for (int seed = 0; seed < 3; ++seed) {
        vtkNew<vtkRandomHyperTreeGridSource> source;
        const unsigned dims[3] = {4, 3, 3};
        source->SetDimensions(dims);
        source->SetOutputBounds(-10, 5, 0, 10, 5, 15);
        source->SetSeed(seed);
        source->SetMaxDepth(5);
        source->SetSplitFraction(0.4);
        source->Update();
        vtkHyperTreeGrid *grid = source->GetHyperTreeGridOutput();
        TestAgainstCursors(grid, "vtkRandomHyperTreeGridSource");
        grid->SetDepthLimiter(static_cast<unsigned>(seed));
        TestAgainstCursors(grid, "vtkRandomHyperTreeGridSource, limited in depth");
        grid->SetDepthLimiter(1000);
        std::mt19937 random(static_cast<unsigned>(seed));
        vtkNew<vtkBitArray> mask;
        for (vtkIdType i = 0; i < grid->GetNumberOfCells(); ++i)
            mask->InsertNextValue(random() % 100 < 15);
        grid->SetMask(mask);
        TestAgainstCursors(grid, "vtkRandomHyperTreeGridSource, masked");
    }
    for (unsigned lacking = 0; lacking < 3; ++lacking) { // grids that stand upright or lie
        vtkNew<vtkHyperTreeGridSource> source;
        source->SetMaxDepth(4);
        source->SetDimensions(lacking == 0 ? 1 : 4, lacking == 1 ? 1 : 3, lacking == 2 ? 1 : 3);
        source->SetOrigin(1, 2, 3);
        source->SetGridScale(1.5, 1.0, 0.7);
        source->SetBranchFactor(2);
        source->SetDescriptor(lacking == 0 ? "R.RR|.... R..R .R..|.... .R.. ....|...."
                                           : "R.RR..|.... R..R .R..|.... .R.. ....|....");
        source->Update();
        Check(source->GetHyperTreeGridOutput()->GetNumberOfCells() > 6, "a grid of the source", 0,
              1);
        TestAgainstCursors(source->GetHyperTreeGridOutput(), "vtkHyperTreeGridSource");
    }
    for (bool transposed : {false, true}) {
        vtkNew<vtkHyperTreeGridSource> source;
        source->SetMaxDepth(4);
        source->SetDimensions(4, 3, 2);
        source->SetGridScale(1.5, 1.0, 0.7);
        source->SetBranchFactor(2);
        source->SetTransposedRootIndexing(transposed);
        source->SetUseMask(true);
        source->SetDescriptor("RRR.RR|R....... ........ R....... ........ ........|........ "
                              "........");
        source->SetMask("111111|11111111 10111111 11111111 11111111 11111111|11111111 11101111");
        source->Update();
        Check(source->GetHyperTreeGridOutput()->GetNumberOfCells() > 6, "a grid of the source", 0,
              1);
        TestAgainstCursors(source->GetHyperTreeGridOutput(), "vtkHyperTreeGridSource");
        vtkPVRamsesOctree taken;
        Check(Take(taken, source->GetHyperTreeGridOutput()) && !taken.IsCubic(), "not cubic", 1, 0);
    }
}

void Refused(vtkHyperTreeGrid *grid, const char *part) {
    vtkPVRamsesOctree taken;
    pvr_error error;
    pvr_error_clear(&error);
    const pvr_status status = taken.Take(grid, nullptr, error);
    Check(status == PVR_ERROR_UNSUPPORTED && std::strstr(error.message, part), error.message, 0, 1);
}

void TestRefused() {
    vtkNew<vtkHyperTreeGrid> empty;
    Refused(empty, "empty");
    vtkNew<vtkHyperTreeGridSource> three;
    three->SetMaxDepth(1);
    three->SetDimensions(3, 3, 1);
    three->SetBranchFactor(3);
    three->SetDescriptor("....");
    three->Update();
    Refused(three->GetHyperTreeGridOutput(), "branch factor of 3");

    vtkNew<vtkHyperTreeGrid> uneven;
    const double origin[3] = {0, 0, 0}, size[3] = {1, 1, 1};
    const uint32_t dims[3] = {2, 2, 2};
    vtkPVRamsesMesh::SetBox(uneven, 3, origin, size, dims);
    vtkDoubleArray::SafeDownCast(uneven->GetYCoordinates())->SetValue(1, 0.4);
    Refused(uneven, "along y");
}

// Says how long a large grid takes.
void TellSpeed() {
    std::mt19937 random(5);
    const uint32_t dims[3] = {16, 16, 16};
    RandomOctree made(3, dims, 4, 8, false,
                      [&](int level) { return level < 7 || random() % 100 < 56; });
    vtkNew<vtkHyperTreeGrid> grid;
    vtkPVRamsesMesh::Build(grid, &made.Octree, 1.0);
    for (int threads = 1; threads <= 2; ++threads) {
        vtkPVRamsesOctree taken;
        const double begin = pvr_seconds();
        Check(Take(taken, grid, threads), "a large grid", 0, 1);
        std::printf("%llu leaves, %d threads: %.3f s\n",
                    static_cast<unsigned long long>(taken.Octree()->nleaves), threads,
                    pvr_seconds() - begin);
    }
}

} // namespace

int main() {
    for (int ndim = 1; ndim <= 3; ++ndim) {
        for (unsigned seed = 1; seed <= 3; ++seed)
            TestOurs(ndim, seed);
    }
    TestMissingTrees();
    TestSources();
    TestRefused();
    TellSpeed();
    if (Failures) {
        std::printf("%d checks failed\n", Failures);
        return EXIT_FAILURE;
    }
    std::printf("octree_take: ok\n");
    return EXIT_SUCCESS;
}
