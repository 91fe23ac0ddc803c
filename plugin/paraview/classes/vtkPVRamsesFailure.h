// vtkPVRamsesFailure.h - how readers and filters fail: with nothing, which says why, and one
// message.
//
// The output is empty and says in its field data (`pvramses_error`) why: writers refuse it, where
// they would write an empty file. RequestData goes on to return 1: after a failed request views
// would not ask again.
#ifndef vtkPVRamsesFailure_h
#define vtkPVRamsesFailure_h

#include "vtkType.h"

#include <string>

class vtkAlgorithm;
class vtkDataObject;
class vtkStringArray;

class vtkPVRamsesFailure {
  public:
    // Why `data` is nothing; null for data that is not the fruit of a failure.
    static vtkStringArray *Of(vtkDataObject *data);
    static void Mark(vtkDataObject *output, const char *why);

    // Marks the output, and tells the user, once: VTK asks a filter of images again and again for
    // what it did not give, and several outputs fail alike. `input` may be null. Returns 1.
    int Tell(vtkAlgorithm *filter, vtkDataObject *input, vtkDataObject *output, const char *why);

  private:
    std::string Why;
    vtkMTimeType FilterTime = 0, InputTime = 0; // of what was told
};

#endif
