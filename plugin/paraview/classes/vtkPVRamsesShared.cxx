// vtkPVRamsesShared.cxx - see vtkPVRamsesShared.h.
#include "vtkPVRamsesShared.h"

#include <algorithm>

vtkPVRamsesShared::vtkPVRamsesShared() {
    pvr_cache_new(0, &this->Cache, nullptr);
}

vtkPVRamsesShared::~vtkPVRamsesShared() {
    for (const Entry &entry : this->Entries)
        pvr_octree_release(entry.Octree);
    pvr_cache_release(this->Cache);
}

std::shared_ptr<vtkPVRamsesShared> vtkPVRamsesShared::Get() {
    static std::weak_ptr<vtkPVRamsesShared> living;
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
