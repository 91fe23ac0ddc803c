// vtkPVRamsesVtkPieces.h - names of a rank's piece, and the list of all pieces. Not a VTK class.
#ifndef vtkPVRamsesVtkPieces_h
#define vtkPVRamsesVtkPieces_h

#include "pvr_error.h"

#include "vtkDataObject.h"
#include "vtkDataSetAttributes.h"

#include <string>
#include <vector>

class vtkPVRamsesVtkPieces {
  public:
    // Tells the names from what the user asked for: NAME.vtu, NAME.pvtu or NAME.fast-vtu. Called by
    // all ranks.
    pvr_status Make(const char *fileName, vtkDataObject *input, int pieces, int piece,
                    pvr_error &error);

    // Has this rank something to write? Empty pieces are left out, but for one if all are empty.
    bool Writes() const {
        return this->Filled[static_cast<size_t>(this->Piece)] != 0;
    }
    // The file that it writes.
    const std::string &Path() const {
        return this->PiecePath;
    }

    // Whether all ranks have written their pieces, which get their names only then. Called once by
    // each: by the writer of its piece, or, where that fails or there is none, by Finish.
    bool Agree(bool well);
    void Finish(pvr_status written) {
        if (!this->Asked)
            this->Agree(written == PVR_OK);
    }

    // Called by all ranks with what became of their pieces. Writes the list of all, if there is one
    // and this is the rank to do it (the first with a piece), with the arrays of `input`; not if a
    // piece could not be written.
    pvr_status WriteList(vtkDataObject *input, pvr_status written, pvr_error &error) const;

  private:
    std::string PieceName(int piece) const; // without folder
    std::string ListText(vtkDataObject *input) const;

    std::string Folder, Stem, Kind; // "", "gas", "vtu"
    std::string ListKind;           // "pvtu", "vtm"; empty: there is no list
    std::string PiecePath;
    int Pieces = 1, Piece = 0;
    bool Asked = false, Well = false, Agreed = false; // by Agree
    std::vector<int> Filled;                          // by rank: has a piece
    std::vector<int> Extents;                         // of all ranks' images
};

#endif
