// vtkPVRamsesSlabs.h - the rows of a grid that each of several ranks has.
//
// A run of rows for each rank, as VTK's pieces of images are: rows of cells lie on one rank each,
// rows of points on the borders on both. Ghosts are the neighbours' rows. Made for one of several
// ranks the first has all.
#ifndef vtkPVRamsesSlabs_h
#define vtkPVRamsesSlabs_h

#include <algorithm>
#include <cstdint>

class vtkPVRamsesSlabs {
  public:
    // What is to be done with an image that several ranks have made.
    enum Layouts { AUTOMATIC, ROWS_ON_EACH, WHOLE_ON_FIRST };

    struct Run {
        int64_t From, To; // before To
        bool IsEmpty() const {
            return this->From >= this->To;
        }
    };

    vtkPVRamsesSlabs(int ranks, uint32_t rows, bool ofPoints, int ghosts)
        : Ranks(ranks), Rows(rows), OfPoints(ofPoints), Ghosts(ghosts) {}

    Run Own(int rank) const {
        const int64_t shared = this->OfPoints && this->Rows > 1 ? 1 : 0; // of two neighbours
        const int64_t count = this->Rows - shared;
        if (rank >= this->Ranks)
            return {this->Rows, this->Rows};
        const Run run = {count * rank / this->Ranks, count * (rank + 1) / this->Ranks};
        return run.IsEmpty() ? run : Run{run.From, run.To + shared};
    }
    Run WithGhosts(int rank) const {
        const Run own = this->Own(rank);
        return own.IsEmpty() ? own
                             : Run{std::max<int64_t>(0, own.From - this->Ghosts),
                                   std::min<int64_t>(this->Rows, own.To + this->Ghosts)};
    }
    // What a rank has, ghosts too, of the rows from .. to.
    Run Common(int rank, int64_t from, int64_t to) const {
        const Run run = this->WithGhosts(rank);
        return {std::max(run.From, from), std::min(run.To, to)};
    }
    // The extent of an image of points, of which these are the rows along an axis.
    void Cut(const Run &run, int axis, int extent[6]) const {
        extent[2 * axis] = static_cast<int>(run.From);
        extent[2 * axis + 1] = static_cast<int>(run.To) - (this->OfPoints ? 1 : 0);
    }

  private:
    int Ranks;
    int64_t Rows;
    bool OfPoints;
    int Ghosts;
};

#endif
