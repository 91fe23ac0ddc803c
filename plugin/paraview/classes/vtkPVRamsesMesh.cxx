// vtkPVRamsesMesh.cxx - see vtkPVRamsesMesh.h.
//
// VTK builds a tree from bits in breadth-first order: 1 for a refined cell, 0 for a leaf, the
// deepest level of the tree left out, the first bit in the highest place of a byte. The octree has
// the same bits per oct, with the first cell in the lowest place.
#include "vtkPVRamsesMesh.h"

#include "pvr_outside.h"

#include "vtkBitArray.h"
#include "vtkDoubleArray.h"
#include "vtkHyperTree.h"
#include "vtkNew.h"
#include "vtkSmartPointer.h"

#include <algorithm>
#include <vector>

namespace {

// The bits of one tree, packed as vtkBitArray reads them.
class Descriptor {
  public:
    explicit Descriptor(int bitsPerOct) : BitsPerOct(bitsPerOct) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            unsigned mirrored = 0;
            for (int bit = 0; bit < bitsPerOct; ++bit)
                mirrored |= ((byte >> bit) & 1u) << (bitsPerOct - 1 - bit);
            this->Mirrored[byte] = mirrored;
        }
    }

    void Begin(uint64_t maximumBits) {
        this->Bytes.resize(static_cast<size_t>(maximumBits / 8 + 8));
        this->Next = this->Bytes.data();
        this->Held = 0;
        this->HeldBits = 0;
        this->Bits = 0;
    }
    void PutBit(unsigned bit) {
        this->Put(bit, 1);
    }
    void PutOcts(const uint8_t *refined, uint64_t count) {
        for (uint64_t oct = 0; oct < count; ++oct)
            this->Put(this->Mirrored[refined[oct]], this->BitsPerOct);
    }
    // Ends the tree; returns the number of bits.
    vtkIdType End() {
        if (this->HeldBits > 0)
            *this->Next++ = static_cast<uint8_t>(this->Held << (8 - this->HeldBits));
        return static_cast<vtkIdType>(this->Bits);
    }
    unsigned char *Data() {
        return this->Bytes.data();
    }

  private:
    void Put(unsigned bits, int count) {
        this->Held = (this->Held << count) | bits;
        this->HeldBits += count;
        this->Bits += static_cast<uint64_t>(count);
        if (this->HeldBits >= 8) {
            this->HeldBits -= 8;
            *this->Next++ = static_cast<uint8_t>(this->Held >> this->HeldBits);
        }
    }

    int BitsPerOct;
    unsigned Mirrored[256];
    std::vector<unsigned char> Bytes;
    unsigned char *Next = nullptr;
    unsigned Held = 0; // bits that are not in Bytes yet, in its lowest HeldBits places
    int HeldBits = 0;
    uint64_t Bits = 0;
};

uint64_t OctsOf(const pvr_octree *octree, int level, uint64_t tree) {
    const pvr_octree_level &levels = octree->level[level];
    return levels.tree_first ? levels.tree_first[tree + 1] - levels.tree_first[tree] : 0;
}

// Octs of a tree on all levels.
uint64_t CountOcts(const pvr_octree *octree, uint64_t tree) {
    uint64_t octs = 0;
    for (int level = octree->root_level + 1; level <= octree->max_level; ++level)
        octs += OctsOf(octree, level, tree);
    return octs;
}

struct Filling {
    const pvr_octree *Octree;
    std::vector<vtkHyperTree *> Trees;
};

// A task of the team: gives one tree its cells. Trees share nothing, so they can be filled at the
// same time.
pvr_status FillTree(void *context, size_t tree, pvr_worker *, pvr_error *) {
    const Filling &filling = *static_cast<Filling *>(context);
    const pvr_octree *octree = filling.Octree;
    const int root = octree->root_level;
    const pvr_octree_level &roots = octree->level[root];
    int deepest = root;
    while (deepest < octree->max_level && OctsOf(octree, deepest + 1, tree) > 0)
        ++deepest;
    if (deepest == root || !filling.Trees[tree])
        return PVR_OK;
    Descriptor descriptor(octree->cells_per_oct);
    descriptor.Begin(1 + CountOcts(octree, tree) * static_cast<uint64_t>(octree->cells_per_oct));
    descriptor.PutBit((roots.refined[tree >> 3] >> (tree & 7)) & 1u);
    for (int level = root + 1; level < deepest; ++level) {
        descriptor.PutOcts(octree->level[level].refined + octree->level[level].tree_first[tree],
                           OctsOf(octree, level, tree));
    }
    const vtkIdType count = descriptor.End();
    vtkNew<vtkBitArray> bits;
    bits->SetArray(descriptor.Data(), count, 1);
    const auto cells = static_cast<uint64_t>(octree->cells_per_oct);
    const uint64_t vertices = 1 + cells * CountOcts(octree, tree);
    const uint64_t ofLast = cells * OctsOf(octree, deepest, tree);
    filling.Trees[tree]->InitializeForReader(deepest - root + 1, static_cast<vtkIdType>(vertices),
                                             static_cast<vtkIdType>(ofLast), bits, nullptr,
                                             nullptr);
    return PVR_OK;
}

// A grid's "pure mask" (cells that are hidden, or have such a cell beneath them) can only be
// reached from a derived class; VTK's own way to it is a cursor's walk over all cells.
struct Grid : public vtkHyperTreeGrid {
    static vtkBitArray *&Pure(vtkHyperTreeGrid *grid) {
        return grid->*&Grid::PureMask;
    }
    static bool &HasPure(vtkHyperTreeGrid *grid) {
        return grid->*&Grid::InitPureMask;
    }
};

using BitsOf = decltype(&pvr_outside_bits);

// A bit per cell, the first in the highest place of a byte.
vtkSmartPointer<vtkBitArray> Bits(const pvr_octree *octree, const pvr_threads *threads,
                                  BitsOf bitsOf) {
    auto array = vtkSmartPointer<vtkBitArray>::New();
    array->SetNumberOfTuples(static_cast<vtkIdType>(octree->ncells));
    unsigned char *bits = array->GetPointer(0);
    std::fill(bits, bits + (octree->ncells + 7) / 8, static_cast<unsigned char>(0));
    bitsOf(octree, bits, threads, nullptr);
    return array;
}

// Hides the cells that are outside.
void Mask(vtkHyperTreeGrid *grid, const pvr_octree *octree, const pvr_threads *threads) {
    vtkSmartPointer<vtkBitArray> mask = Bits(octree, threads, pvr_outside_bits);
    mask->SetName("outside");
    grid->SetMask(mask); // drops the pure mask
    vtkSmartPointer<vtkBitArray> pure = Bits(octree, threads, pvr_outside_within_bits);
    pure->Register(nullptr); // the grid's
    Grid::Pure(grid) = pure;
    Grid::HasPure(grid) = true;
}

} // namespace

void vtkPVRamsesMesh::SetBox(vtkHyperTreeGrid *grid, int ndim, const double origin[3],
                             const double size[3], const uint32_t dims[3]) {
    grid->Initialize();
    grid->SetBranchFactor(2);
    grid->SetTransposedRootIndexing(false); // tree i + nx (j + ny k)
    unsigned int points[3] = {1, 1, 1};     // an axis that the output lacks has a single point
    for (int axis = 0; axis < ndim; ++axis)
        points[axis] = dims[axis] + 1;
    grid->SetDimensions(points);
    for (int axis = 0; axis < 3; ++axis) {
        vtkNew<vtkDoubleArray> coordinates;
        coordinates->SetNumberOfTuples(points[axis]);
        for (unsigned int i = 0; i < points[axis]; ++i)
            coordinates->SetValue(i,
                                  axis < ndim ? origin[axis] + size[axis] * i / dims[axis] : 0.0);
        if (axis == 0)
            grid->SetXCoordinates(coordinates);
        else if (axis == 1)
            grid->SetYCoordinates(coordinates);
        else
            grid->SetZCoordinates(coordinates);
    }
}

pvr_status vtkPVRamsesMesh::Build(vtkHyperTreeGrid *grid, const pvr_octree *octree,
                                  double lengthFactor, const pvr_threads *threads,
                                  pvr_progress_fn progress, void *progressContext,
                                  pvr_error *error) {
    double origin[3], size[3];
    for (int axis = 0; axis < 3; ++axis) {
        origin[axis] = octree->origin[axis] * lengthFactor;
        size[axis] = octree->size[axis] * lengthFactor;
    }
    if (octree->ntrees == 0) {
        grid->Initialize();
        return PVR_OK;
    }
    SetBox(grid, octree->ndim, origin, size, octree->root_dims);

    Filling filling;
    filling.Octree = octree;
    const pvr_octree_level &roots = octree->level[octree->root_level];
    std::vector<uint64_t> octs;
    uint64_t absent = 0; // trees that are outside as a whole
    for (uint64_t tree = 0; tree < octree->ntrees; ++tree) {
        const bool outside = roots.outside && ((roots.outside[tree >> 3] >> (tree & 7)) & 1u);
        vtkHyperTree *hyperTree =
            outside ? nullptr : grid->GetTree(static_cast<vtkIdType>(tree), true);
        if (hyperTree)
            hyperTree->SetGlobalIndexStart(static_cast<vtkIdType>(roots.tree_cell[tree]));
        absent += outside ? 1 : 0;
        filling.Trees.push_back(hyperTree);
        octs.push_back(CountOcts(octree, tree));
    }
    pvr_job job;
    pvr_status status = pvr_job_begin(&job, threads, progress, progressContext, error);
    if (status != PVR_OK)
        return status;
    status =
        pvr_job_run(&job, filling.Trees.size(), octs.data(), FillTree, nullptr, &filling, error);
    pvr_job_end(&job, nullptr);
    if (status == PVR_OK && octree->noutside > absent)
        Mask(grid, octree, threads);
    return status;
}

void vtkPVRamsesMesh::ShallowCopy(vtkDataObject *to, vtkDataObject *from) {
    to->ShallowCopy(from);
    auto *grid = vtkHyperTreeGrid::SafeDownCast(to);
    if (grid && Grid::Pure(grid)) // the one of `from`, found if it was not there
        Grid::HasPure(grid) = true;
}
