// vtkPVRamsesConsumers.h - what stands behind an output in ParaView's pipelines.
//
// VTK notes in an output who takes it, but does not strike out who is deleted: of such an entry
// nothing may be touched. ParaView's session knows what there is in this process, so that the
// others can be told apart: proxies' own algorithms, and the filters that ParaView puts behind
// each.
#ifndef vtkPVRamsesConsumers_h
#define vtkPVRamsesConsumers_h

#include <set>
#include <vector>

class vtkExecutive;
class vtkInformation;
class vtkPVRamsesRanks;

class vtkPVRamsesConsumers {
  public:
    // For all ranks: the numbers of objects are given out by the first. Outside of ParaView there
    // is nobody behind any output.
    explicit vtkPVRamsesConsumers(const vtkPVRamsesRanks &ranks);

    std::vector<vtkExecutive *> Of(vtkInformation *output) const;
    // Does a view of any of several ranks draw `output`, or what is made of it? For all ranks.
    static bool Draw(vtkInformation *output, const vtkPVRamsesRanks &ranks);

  private:
    bool AreViews(vtkInformation *output) const;

    std::set<const vtkExecutive *> Alive;
};

#endif
