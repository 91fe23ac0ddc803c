// vtkAMRProjectionWork.cxx - see vtkAMRProjectionWork.h; the work is
// filters/project/pvr_projection.h's.
#include "vtkAMRProjectionWork.h"

#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesReading.h"

#include "pvr_derived.h"
#include "pvr_map_units.h"
#include "pvr_units.h"

#include "vtkDataSetAttributes.h"
#include "vtkInformation.h"
#include "vtkMultiProcessStream.h"
#include "vtkStringArray.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

double FactOf(vtkFieldData *facts, const char *name) {
    vtkDataArray *array = facts->GetArray(name);
    return array && array->GetNumberOfValues() > 0 ? array->GetTuple1(0) : 0.0;
}

std::string TextOf(vtkFieldData *facts, const char *name) {
    auto *array = vtkStringArray::SafeDownCast(facts->GetAbstractArray(name));
    return array && array->GetNumberOfValues() > 0 ? array->GetValue(0) : std::string();
}

std::string UnitOf(vtkDataArray *array) {
    vtkInformation *info = array->GetInformation();
    return info->Has(vtkDataArray::UNITS_LABEL()) ? info->Get(vtkDataArray::UNITS_LABEL()) : "";
}

// What is kept for every cell: a mass, a volume... (by the names of derived fields).
bool IsOfCells(const std::string &name) {
    pvr_map_quantity quantity = pvr_map_quantity();
    quantity.derived = pvr_derived_find(name.c_str());
    return quantity.derived && pvr_map_quantity_of_cells(&quantity);
}

bool IsDensity(const std::string &name) {
    return name == "density" || name == "rho";
}

pvr_status Refuse(pvr_error &error, const std::string &text) {
    return pvr_fail(&error, PVR_ERROR_ARGUMENT, "%s", text.c_str());
}

} // namespace

vtkAMRProjection::Work::~Work() {
    pvr_report_free(&this->Measured);
    pvr_map_free(this->Map);
}

// Takes an array of the input; its place, or -1.
int vtkAMRProjection::Work::Take(const std::string &name, pvr_error &error) {
    vtkDataArray *array = this->Input.Attributes()->GetArray(name.c_str());
    return array ? this->Input.Add(array, error) : -1;
}

// What makes mass: of points their masses, of cells the density, or the cells' masses.
std::string vtkAMRProjection::Work::MassArray() const {
    vtkDataSetAttributes *data = this->Input.Attributes();
    for (const char *name : {"density", "rho", "mass"}) {
        if (data->GetArray(name) && (!this->OfPoints || !IsDensity(name)))
            return name;
    }
    return std::string();
}

pvr_status vtkAMRProjection::Work::Choose(pvr_error &error) {
    if (this->Input.IsEmpty())
        return PVR_OK;
    this->OfPoints = this->Input.Kind() == vtkPVRamsesProjected::POINTS;
    vtkDataSetAttributes *data = this->Input.Attributes();
    std::vector<std::string> names = this->Self.Arrays;
    if (names.empty())
        names.push_back(this->MassArray());
    for (int i = 0; i < data->GetNumberOfArrays() && names[0].empty(); ++i) {
        vtkDataArray *array = data->GetArray(i); // null for texts
        if (array && array->GetName() &&
            std::strcmp(array->GetName(), vtkDataSetAttributes::GhostArrayName()) != 0)
            names[0] = array->GetName();
    }
    if (names[0].empty())
        return Refuse(error, "There is no array to project.");
    if (names.size() > PVR_MAP_MAX_VALUES)
        return Refuse(error, "More than 64 arrays at once.");
    for (const std::string &name : names) {
        vtkDataArray *array = data->GetArray(name.c_str());
        if (!array)
            return Refuse(error, "There is no array '" + name + "' in the " +
                                     (this->OfPoints ? "points." : "mesh."));
        if (array->GetNumberOfComponents() != 1 && array->GetNumberOfComponents() != 3)
            return Refuse(error, "The array '" + name + "' is neither a scalar nor a vector.");
        Chosen chosen;
        chosen.Name = name;
        chosen.Unit = UnitOf(array);
        chosen.IsVector = array->GetNumberOfComponents() == 3;
        chosen.Place = this->Take(name, error);
        if (chosen.Place < 0)
            return error.status;
        this->Values.push_back(chosen);
    }
    this->Spreading.Kernel = static_cast<pvr_map_kernel>(this->Self.Kernel);
    this->Spreading.LengthFactor = this->Self.LengthFactor;
    this->Spreading.Neighbours = this->Self.Neighbours;
    if (this->OfPoints && this->Self.Kernel == PVR_KERNEL_SPLINE &&
        !this->Self.LengthArray.empty()) {
        vtkDataArray *array = data->GetArray(this->Self.LengthArray.c_str());
        if (!array || array->GetNumberOfComponents() != 1)
            return Refuse(error, "There is no array '" + this->Self.LengthArray +
                                     "' of lengths of the points.");
        this->Spreading.LengthPlace = this->Take(this->Self.LengthArray, error);
        if (this->Spreading.LengthPlace < 0)
            return error.status;
    }
    const pvr_status status = this->ChooseWeight(error);
    return status == PVR_OK ? this->FindLength(error) : status;
}

pvr_status vtkAMRProjection::Work::ChooseWeight(pvr_error &error) {
    const pvr_map_mode mode = static_cast<pvr_map_mode>(this->Self.Mode);
    const bool weighs = mode == PVR_MAP_MEAN || mode == PVR_MAP_SUM || mode == PVR_MAP_DISPERSION ||
                        mode == PVR_MAP_FIRST_MOMENT;
    const int by = this->Self.Weighting;
    this->Request.weighting = this->OfPoints ? PVR_WEIGHT_NONE : PVR_WEIGHT_VOLUME;
    if (!weighs || by == BY_VOLUME)
        return PVR_OK;
    if (by == BY_NOTHING) {
        this->Request.weighting = PVR_WEIGHT_NONE;
        return PVR_OK;
    }
    const std::string name = by == BY_ARRAY ? this->Self.WeightArray : this->MassArray();
    vtkDataArray *array = this->Input.Attributes()->GetArray(name.c_str());
    if (!array && by == BY_ARRAY)
        return Refuse(error, "There is no array '" + name + "' to weight by.");
    if (!array)
        return Refuse(error, this->OfPoints
                                 ? "Weighting by mass needs the array mass of the points: choose "
                                   "it in the reader, or weight by none."
                                 : "Weighting by mass needs the array density: choose it in the "
                                   "reader, or weight by volume.");
    if (array->GetNumberOfComponents() != 1)
        return Refuse(error, "The weight '" + name + "' is no scalar.");
    this->Request.weighting = PVR_WEIGHT_ARRAY;
    this->Weight = name;
    this->WeightUnit = UnitOf(array);
    this->WeightPlace = this->Take(name, error);
    return this->WeightPlace >= 0 ? PVR_OK : error.status;
}

// The coordinates' length is known where the reader told it.
pvr_status vtkAMRProjection::Work::FindLength(pvr_error &error) {
    static const double cm[] = {
        0, 0, PVR_PARSEC, 1e3 * PVR_PARSEC, 1e6 * PVR_PARSEC, PVR_ASTRONOMICAL_UNIT, 1};
    const double coordinate = FactOf(this->Facts, "length_cm");
    const double unit =
        this->Self.LengthUnit == CODE ? FactOf(this->Facts, "unit_l") : cm[this->Self.LengthUnit];
    if (this->Self.LengthUnit == COORDINATES)
        return PVR_OK;
    if (!(coordinate > 0.0 && unit > 0.0))
        return Refuse(error, "The input does not say how long its coordinates are: give lengths in "
                             "the unit of the coordinates.");
    this->Length = unit / coordinate;
    return PVR_OK;
}

// What the first rank that has something chose holds for those that have nothing.
bool vtkAMRProjection::Work::Share() {
    const bool empty = this->Input.IsEmpty();
    if (!this->Ranks.Any(!empty))
        return false;
    if (!this->Ranks.Any(empty))
        return true;
    vtkMultiProcessStream stream;
    std::vector<unsigned char> bytes;
    if (!empty) {
        stream << static_cast<int>(this->Values.size());
        for (const Chosen &chosen : this->Values)
            stream << chosen.Name << chosen.Unit << static_cast<int>(chosen.IsVector);
        stream << this->Weight << this->WeightUnit << static_cast<int>(this->Request.weighting)
               << static_cast<int>(this->OfPoints) << this->Length;
        stream.GetRawData(bytes);
    }
    const std::vector<std::string> told =
        this->Ranks.Gather(std::string(bytes.begin(), bytes.end()));
    if (!empty)
        return true;
    const std::string &first =
        *std::find_if(told.begin(), told.end(), [](const std::string &t) { return !t.empty(); });
    stream.SetRawData(std::vector<unsigned char>(first.begin(), first.end()));
    int count = 0, vector = 0, weighting = 0, ofPoints = 0;
    stream >> count;
    this->Values.resize(static_cast<size_t>(count));
    for (Chosen &chosen : this->Values) {
        stream >> chosen.Name >> chosen.Unit >> vector;
        chosen.IsVector = vector != 0;
    }
    stream >> this->Weight >> this->WeightUnit >> weighting >> ofPoints >> this->Length;
    this->Request.weighting = static_cast<pvr_map_weighting>(weighting);
    this->OfPoints = ofPoints != 0;
    return true;
}

// The line of sight by the angular momentum.
pvr_status vtkAMRProjection::Work::LookAlongSpin(pvr_view_request &view, pvr_error &error) {
    double centre[3];
    for (int axis = 0; axis < 3; ++axis)
        centre[axis] =
            view.has_centre ? view.centre[axis] : 0.5 * (this->Low[axis] + this->High[axis]);
    if (this->Self.SpinRadius < 0)
        return Refuse(error, "The spin radius is negative.");
    const double radius =
        this->Self.SpinRadius > 0 ? this->Self.SpinRadius * this->Length : 0.5 * view.width;
    std::vector<pvr_spin> spins(1, pvr_spin());
    pvr_status status = PVR_OK;
    if (!this->Input.IsEmpty()) {
        const std::string name = this->MassArray();
        const int mass = IsDensity(name) || this->OfPoints ? this->Take(name, error) : -1;
        const int velocity = this->Take("velocity", error);
        status = mass < 0 || velocity < 0
                     ? Refuse(error, this->OfPoints ? "Face-on and edge-on need the arrays mass "
                                                      "and velocity of the points."
                                                    : "Face-on and edge-on need the arrays density "
                                                      "and velocity.")
                     : this->Input.Spin(mass, velocity, centre, radius, spins[0], error);
    }
    status = this->Agree(status, error);
    const std::vector<std::string> parts = this->Ranks.Gather(
        std::string(reinterpret_cast<const char *>(spins.data()), sizeof spins[0]));
    spins.resize(parts.size());
    for (size_t i = 0; i < parts.size(); ++i)
        std::memcpy(&spins[i], parts[i].data(), sizeof spins[i]);
    pvr_spin spin;
    if (status == PVR_OK)
        status = pvr_spin_join(spins.data(), static_cast<int>(spins.size()), &spin, &error);
    return status == PVR_OK ? pvr_spin_view(&spin, this->Self.Direction == EDGE_ON,
                                            view.line_of_sight, view.up, &error)
                            : status;
}

// The box of all ranks, the spin where it is asked for, and the view.
pvr_status vtkAMRProjection::Work::MakeView(pvr_error &error) {
    const vtkAMRProjection &self = this->Self;
    pvr_view_request view = pvr_view_request();
    const bool turned = self.Direction >= CUSTOM;
    for (int axis = 0; axis < 3; ++axis) {
        this->Low[axis] = this->Input.IsEmpty() ? HUGE_VAL : this->Input.Low()[axis];
        this->High[axis] = this->Input.IsEmpty() ? -HUGE_VAL : this->Input.High()[axis];
    }
    view.direction = turned ? PVR_ALONG_VECTOR : static_cast<pvr_direction>(self.Direction);
    view.has_centre = self.UseCenter;
    view.width = self.Width * this->Length;
    view.height = self.Height * this->Length;
    view.depth = self.Depth * this->Length;
    for (int axis = 0; axis < 3; ++axis) {
        view.line_of_sight[axis] = self.LineOfSight[axis];
        view.up[axis] = self.Up[axis];
        view.centre[axis] = self.Center[axis] * this->Length;
    }
    const pvr_octree *octree = this->Input.Octree();
    if (self.ResolutionType == PIXEL_SIZE)
        view.pixel_size = self.PixelSize * this->Length;
    else if (self.ResolutionType == PIXELS)
        view.pixels = static_cast<uint32_t>(std::max(0, self.Resolution)); // 0 is refused
    else if (octree)
        view.cell_size = std::ldexp(octree->size[0] / octree->root_dims[0],
                                    octree->root_level - self.PixelLevel);
    else if (!this->Input.IsEmpty())
        Refuse(error, "Only hyper tree grids of cubes have levels: give pixels across, or their "
                      "size.");
    pvr_status status = this->Agree(error.status, error);
    if (status != PVR_OK)
        return status;
    view.cell_size = this->Ranks.Most(view.cell_size); // a rank without cells has none, nor a box
    for (int axis = 0; axis < 3; ++axis) {
        this->Low[axis] = -this->Ranks.Most(-this->Low[axis]);
        this->High[axis] = this->Ranks.Most(this->High[axis]);
    }
    double longest = 0.0;
    for (int axis = 0; axis < 3 && this->OfPoints; ++axis)
        longest = std::max(longest, this->High[axis] - this->Low[axis]);
    for (int axis = 0; axis < 3; ++axis) {
        if (this->OfPoints) { // the last points lie within, not on the border
            const double more = longest > 0.0 ? 1e-6 * longest : 0.5;
            this->Low[axis] -= more;
            this->High[axis] += more;
        }
        if (self.Center[axis] >= Unset)
            view.centre[axis] = (this->Low[axis] + this->High[axis]) / 2;
    }
    if (self.Direction == FACE_ON || self.Direction == EDGE_ON)
        status = this->LookAlongSpin(view, error);
    this->Request.mode = static_cast<pvr_map_mode>(self.Mode);
    this->Request.nvalues = static_cast<int>(this->Values.size());
    this->Request.edge = static_cast<pvr_map_edge>(self.EdgeMode);
    if (this->OfPoints && self.Width <= 0 && self.Height <= 0)
        this->Request.edge = PVR_EDGE_FOLD; // all points are seen: nothing of them is lost
    return status == PVR_OK
               ? pvr_view_make(&view, this->Low, this->High, &this->Request.view, &error)
               : status;
}

// Projects what this rank has, and adds up the maps of all ranks on the first.
pvr_status vtkAMRProjection::Work::Project(vtkAlgorithm *filter, pvr_error &error) {
    this->Request.own_weights = this->Ranks.Size() > 1; // so that all ranks' maps are alike
    pvr_status status = pvr_map_new(&this->Request, &this->Map, &error);
    if (status == PVR_OK && !this->Input.IsEmpty()) {
        const size_t count = this->Values.size();
        std::vector<pvr_map_value> values(count + 1);
        for (size_t i = 0; i <= count; ++i) {
            const int place = i < count ? this->Values[i].Place : this->WeightPlace;
            if (place < 0)
                continue;
            const pvr_array *array = this->Input.Array(place);
            pvr_map_value &value = values[i];
            value.nterms = array->ncomponents;
            value.of_cells = IsOfCells(i < count ? this->Values[i].Name : this->Weight);
            for (int c = 0; c < value.nterms; ++c) {
                value.term[c].array = array;
                value.term[c].component = c;
                value.term[c].coefficient = value.nterms == 1 ? 1.0 : this->Request.view.along[c];
            }
        }
        pvr_report report = pvr_report();
        status = this->Input.Project(
            this->Map, values.data(), this->WeightPlace >= 0 ? &values.back() : nullptr,
            this->Spreading, vtkPVRamsesFilter::TellProgress, filter, report, error);
        if (status == PVR_OK)
            std::swap(this->Measured, report);
        pvr_report_free(&report);
    }
    status = this->Agree(status, error);
    if (status == PVR_OK) {
        this->Report = vtkPVRamsesReportText(&this->Measured, this->Ranks, this->Map->cells,
                                             this->OfPoints ? "points" : "leaf cells");
        this->AddRanks();
    }
    return status;
}

// Adds up the maps of all ranks on the first: two and two, then two of these and so on, so that
// many ranks take little longer than few; some pixels at a time, while they are in the cache. The
// same bits each time.
void vtkAMRProjection::Work::AddRanks() {
    const uint64_t pixelsAtOnce = 1 << 17;
    const vtkPVRamsesRanks &ranks = this->Ranks;
    pvr_map *map = this->Map;
    const size_t nplanes = static_cast<size_t>(map->nplanes);
    std::vector<double> theirs;
    for (int step = 1; step < ranks.Size(); step *= 2) {
        const bool sends = ranks.Rank() % (2 * step) != 0;
        const int other = ranks.Rank() + (sends ? -step : step);
        if (other >= ranks.Size())
            continue;
        for (uint64_t first = 0; first < map->npixels; first += pixelsAtOnce) {
            const uint64_t count = std::min(pixelsAtOnce, map->npixels - first);
            const uint64_t bytes = count * sizeof(double);
            theirs.resize(sends ? 0 : count * nplanes);
            for (size_t p = 0; p < nplanes; ++p) {
                if (sends)
                    ranks.Send(map->plane + p * map->npixels + first, bytes, other);
                else
                    ranks.Receive(theirs.data() + p * count, bytes, other);
            }
            if (!sends)
                pvr_map_add_pixels(map, first, count, theirs.data(), count);
        }
        if (sends)
            break;
    }
    std::vector<uint64_t> counts = {map->cells, map->weights_not_finite};
    counts.insert(counts.end(), map->not_finite, map->not_finite + map->request.nvalues);
    ranks.AddUp(counts.data(), counts.size());
    map->cells = counts[0];
    map->weights_not_finite = counts[1];
    std::copy(counts.begin() + 2, counts.end(), map->not_finite);
}

// A field or a weight as what labels are made of; the unit stays where it is.
pvr_map_labelled vtkAMRProjection::Work::Labelled(const std::string &name,
                                                  const std::string &unit) const {
    pvr_map_labelled labelled;
    labelled.unit = unit.c_str();
    labelled.of_cells = this->OfPoints || IsOfCells(name);
    labelled.density = !this->OfPoints && IsDensity(name);
    return labelled;
}

// Makes the images, in the units of their arrays.
pvr_status vtkAMRProjection::Work::Finish(pvr_error &error) {
    const std::string length = TextOf(this->Facts, "length_unit");
    const double unitLength = FactOf(this->Facts, "unit_l");
    pvr_map_lengths lengths;
    lengths.cm = FactOf(this->Facts, "length_cm");
    lengths.code = lengths.cm > 0 && unitLength > 0 ? lengths.cm / unitLength : 0.0;
    lengths.label = length.c_str();
    const pvr_map_labelled weight = this->Labelled(this->Weight, this->WeightUnit);
    const size_t count = this->Values.size();
    std::vector<double> factors(count);
    std::vector<double *> images(count);
    this->Totals.resize(count);
    for (size_t i = 0; i < count; ++i) {
        char label[PVR_MAP_LABEL];
        const Chosen &chosen = this->Values[i];
        const pvr_map_labelled field = this->Labelled(chosen.Name, chosen.Unit);
        factors[i] = pvr_map_label(&field, this->Weight.empty() ? nullptr : &weight, &lengths,
                                   this->Request.mode, this->Request.weighting, label);
        this->Labels.emplace_back(label);
        auto image = vtkSmartPointer<vtkDoubleArray>::New();
        image->SetNumberOfTuples(static_cast<vtkIdType>(this->Map->npixels));
        images[i] = image->GetPointer(0);
        this->Images.push_back(image);
    }
    return pvr_map_finish(this->Map, factors.data(), this->Self.EmptyValue, images.data(),
                          this->Totals.data(), &this->Threads, &error);
}
