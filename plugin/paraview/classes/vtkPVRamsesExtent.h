// vtkPVRamsesExtent.h - tells the extent of an image that is known only once the image is made.
//
// VTK asks for extents before it asks for data. A filter whose image follows from what it reads
// therefore tells of it late: all that stands behind it has by then been told the old one, and
// would crop the new image to it, or ask for what is no longer there. So it is told again to all of
// these, as if the pipeline's information had been updated between.
#ifndef vtkPVRamsesExtent_h
#define vtkPVRamsesExtent_h

class vtkInformation;
class vtkPVRamsesRanks;

class vtkPVRamsesExtent {
  public:
    // For RequestInformation: the extent that was told last, or a point.
    void Recall(vtkInformation *output) const;
    // For RequestData: `whole` is the extent of the image. With several ranks each tells the same,
    // whatever part it has: VTK decides by it whether to execute again, which all must or none.
    void Tell(vtkInformation *output, const int whole[6], const vtkPVRamsesRanks &ranks);

  private:
    int Last[6] = {0, 0, 0, 0, 0, 0};
};

#endif
