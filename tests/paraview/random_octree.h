// random_octree.h - octrees made at random for the tests in C++, with the centres of their cells.
#ifndef random_octree_h
#define random_octree_h

#include "pvr_octree.h"

#include <cstdint>
#include <random>
#include <vector>

struct Place { // of an oct's parent cell: centre, and the cell's size
    double Centre[3];
    double Size;
};

// An octree with `refine(level)` as the chance that a cell is refined, and the centres of its
// cells.
struct RandomOctree {
    pvr_octree Octree = pvr_octree();
    std::vector<uint8_t> Refined[PVR_MAX_LEVELS + 1];
    std::vector<uint64_t> First[PVR_MAX_LEVELS + 1], Cell[PVR_MAX_LEVELS + 1];
    std::vector<double> Centres; // 3 per cell, in the order of indices

    // Of a few trees, and of some thousand cells.
    RandomOctree(int ndim, std::mt19937 &random, bool centres)
        : RandomOctree(ndim, FewTrees(), 2,
                       ndim == 1   ? 12
                       : ndim == 2 ? 8
                                   : 6,
                       centres, [&](int) { return random() % 100 < (ndim == 1 ? 60u : 40u); }) {}

    template <typename RefineT>
    RandomOctree(int ndim, const uint32_t dims[3], int root, int deepest, bool centres,
                 RefineT refine) {
        Octree.ndim = ndim;
        Octree.cells_per_oct = 1 << ndim;
        Octree.root_level = root;
        Octree.max_level = root;
        Octree.ntrees = 1;
        for (int axis = 0; axis < 3; ++axis) {
            Octree.root_dims[axis] = axis < ndim ? dims[axis] : 1;
            Octree.size[axis] = 0.5 * Octree.root_dims[axis];
            Octree.ntrees *= Octree.root_dims[axis];
        }
        Refined[root].assign(Octree.ntrees / 8 + 1, 0);
        for (int level = root + 1; level <= deepest; ++level)
            First[level].push_back(0);
        std::vector<Place> here, next;
        for (uint64_t tree = 0; tree < Octree.ntrees; ++tree) {
            const uint64_t place[3] = {tree % Octree.root_dims[0],
                                       tree / Octree.root_dims[0] % Octree.root_dims[1],
                                       tree / Octree.root_dims[0] / Octree.root_dims[1]};
            Place cell = {{0, 0, 0}, 0.5};
            for (int axis = 0; axis < ndim; ++axis)
                cell.Centre[axis] = 0.5 * (static_cast<double>(place[axis]) + 0.5);
            Cell[root].push_back(Octree.ncells);
            this->Add(cell, centres);
            here.clear();
            if (deepest > root && refine(root)) {
                Refined[root][tree >> 3] |= static_cast<uint8_t>(1u << (tree & 7));
                here.push_back(cell);
            } else {
                ++Octree.nleaves;
            }
            for (int level = root + 1; level <= deepest; ++level) {
                Cell[level].push_back(Octree.ncells);
                next.clear();
                if (!here.empty() && level > Octree.max_level)
                    Octree.max_level = level;
                for (const Place &parent : here) {
                    uint8_t bits = 0;
                    for (int c = 0; c < Octree.cells_per_oct; ++c) {
                        Place child = parent;
                        child.Size = parent.Size / 2;
                        for (int axis = 0; axis < ndim; ++axis)
                            child.Centre[axis] += ((c >> axis & 1) - 0.5) * child.Size;
                        this->Add(child, centres);
                        if (level < deepest && refine(level)) {
                            bits |= static_cast<uint8_t>(1u << c);
                            next.push_back(child);
                        } else {
                            ++Octree.nleaves;
                        }
                    }
                    Refined[level].push_back(bits);
                }
                First[level].push_back(Refined[level].size());
                here.swap(next);
            }
        }
        for (int level = root; level <= deepest; ++level) {
            Octree.level[level].noct = Refined[level].size();
            Octree.level[level].refined = Refined[level].data();
            Octree.level[level].tree_first = level > root ? First[level].data() : nullptr;
            Octree.level[level].tree_cell = Cell[level].data();
        }
    }

    void Add(const Place &cell, bool centres) {
        ++Octree.ncells;
        if (centres)
            Centres.insert(Centres.end(), cell.Centre, cell.Centre + 3);
    }

  private:
    static const uint32_t *FewTrees() {
        static const uint32_t dims[3] = {3, 4, 2};
        return dims;
    }
};

#endif
