// vtkPVRamsesShared.cxx - see vtkPVRamsesShared.h.
#include "vtkPVRamsesShared.h"

#include "vtkHyperTree.h"

#include <algorithm>

namespace {

std::weak_ptr<vtkPVRamsesShared> &TheLiving() {
    static std::weak_ptr<vtkPVRamsesShared> living;
    return living;
}

// Copies of a grid have trees of their own, on the same tables.
bool HaveSameTables(vtkHyperTree *one, vtkHyperTree *other) {
    if (!one || !other)
        return !one && !other;
    size_t count = 0;
    return one->GetElderChildIndexArray(count) == other->GetElderChildIndexArray(count);
}

bool ShareTrees(vtkHyperTreeGrid *one, vtkHyperTreeGrid *other) {
    const vtkIdType count = one->GetMaxNumberOfTrees();
    if (other->GetMaxNumberOfTrees() != count ||
        other->GetNumberOfNonEmptyTrees() != one->GetNumberOfNonEmptyTrees() ||
        other->GetTransposedRootIndexing() != one->GetTransposedRootIndexing())
        return false;
    for (vtkIdType tree = 0; tree < count; ++tree) {
        if (!HaveSameTables(one->GetTree(tree), other->GetTree(tree)))
            return false;
    }
    return true;
}

} // namespace

vtkPVRamsesShared::vtkPVRamsesShared() {
    pvr_cache_new(0, &this->Cache, nullptr);
}

vtkPVRamsesShared::~vtkPVRamsesShared() {
    for (const Entry &entry : this->Entries)
        pvr_octree_release(entry.Octree);
    pvr_cache_release(this->Cache);
}

std::shared_ptr<vtkPVRamsesShared> vtkPVRamsesShared::Get() {
    std::weak_ptr<vtkPVRamsesShared> &living = TheLiving();
    std::shared_ptr<vtkPVRamsesShared> shared = living.lock();
    if (!shared) {
        shared.reset(new vtkPVRamsesShared);
        living = shared;
    }
    return shared;
}

void vtkPVRamsesShared::Sweep() {
    auto dead = std::partition(this->Entries.begin(), this->Entries.end(),
                               [](const Entry &entry) { return entry.Trees != nullptr; });
    for (auto entry = dead; entry != this->Entries.end(); ++entry)
        pvr_octree_release(entry->Octree);
    this->Entries.erase(dead, this->Entries.end());
}

vtkSmartPointer<vtkHyperTreeGrid> vtkPVRamsesShared::Living::Find(const pvr_octree *octree,
                                                                  double lengthFactor) const {
    for (const Trees &trees : this->All) {
        if (trees.Octree == octree && trees.LengthFactor == lengthFactor)
            return trees.Grid;
    }
    return nullptr;
}

vtkPVRamsesShared::Living vtkPVRamsesShared::GetLiving() {
    Living living;
    this->Sweep();
    for (const Entry &entry : this->Entries)
        living.All.push_back({entry.Octree, entry.LengthFactor, entry.Trees.Get()});
    return living;
}

void vtkPVRamsesShared::AddTrees(pvr_octree *octree, double lengthFactor, vtkHyperTreeGrid *trees) {
    if (this->GetLiving().Find(octree, lengthFactor) == trees)
        return;
    Entry entry;
    entry.Octree = pvr_octree_retain(octree);
    entry.LengthFactor = lengthFactor;
    entry.Trees = trees;
    this->Entries.push_back(entry);
}

pvr_octree *vtkPVRamsesShared::OctreeOf(vtkHyperTreeGrid *grid) {
    const std::shared_ptr<vtkPVRamsesShared> shared = TheLiving().lock();
    if (!shared)
        return nullptr;
    for (const Entry &entry : shared->Entries) {
        if (entry.Trees && ShareTrees(entry.Trees, grid))
            return pvr_octree_retain(entry.Octree);
    }
    return nullptr;
}
