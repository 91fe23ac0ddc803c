// vtkPVRamsesShared.h - what all readers of a process share: the cache of the C library, and VTK's
// trees of the octrees in it.
//
// It lives as long as any reader does, so that deleting the last one gives all memory back. Used by
// the pipeline's thread alone; the cache, and what is said to be, are safe for any.
#ifndef vtkPVRamsesShared_h
#define vtkPVRamsesShared_h

#include "pvr_cache.h"

#include "vtkHyperTreeGrid.h"
#include "vtkSmartPointer.h"
#include "vtkWeakPointer.h"

#include <memory>
#include <vector>

class vtkPVRamsesShared {
  public:
    static std::shared_ptr<vtkPVRamsesShared> Get();
    ~vtkPVRamsesShared();
    vtkPVRamsesShared(const vtkPVRamsesShared &) = delete;
    vtkPVRamsesShared &operator=(const vtkPVRamsesShared &) = delete;

    // Null without memory for it.
    pvr_cache *GetCache() const {
        return this->Cache;
    }

    // Trees that someone holds, kept alive: for any thread.
    class Living {
      public:
        // The trees of `octree` with coordinates times `lengthFactor`, or null.
        vtkSmartPointer<vtkHyperTreeGrid> Find(const pvr_octree *octree, double lengthFactor) const;

      private:
        friend class vtkPVRamsesShared;
        struct Trees {
            const pvr_octree *Octree; // lives as long as its trees do
            double LengthFactor;
            vtkSmartPointer<vtkHyperTreeGrid> Grid;
        };
        std::vector<Trees> All;
    };
    Living GetLiving();
    // Remembers trees as long as someone holds them.
    void AddTrees(pvr_octree *octree, double lengthFactor, vtkHyperTreeGrid *trees);
    // The octree, with a reference for the caller, whose trees `grid` shares, all of them and no
    // other; or null. Masks and coordinates may differ.
    static pvr_octree *OctreeOf(vtkHyperTreeGrid *grid);

  private:
    vtkPVRamsesShared();
    void Sweep();

    struct Entry {
        pvr_octree *Octree; // a reference, so that no other octree comes to stand in its place
        double LengthFactor;
        vtkWeakPointer<vtkHyperTreeGrid> Trees;
    };
    pvr_cache *Cache = nullptr;
    std::vector<Entry> Entries;
};

#endif
