// vtkAMRProjection.cxx - see vtkAMRProjection.h; the work is done by filters/pvr_projection.h.
#include "vtkAMRProjection.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesOctree.h"
#include "vtkPVRamsesRanks.h"
#include "vtkPVRamsesReading.h"

#include "pvr_derived.h"
#include "pvr_map_labels.h"
#include "pvr_map_units.h"
#include "pvr_projection.h"
#include "pvr_spin.h"

#include "vtkCellData.h"
#include "vtkDoubleArray.h"
#include "vtkFieldData.h"
#include "vtkHyperTreeGrid.h"
#include "vtkImageData.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkNew.h"
#include "vtkObjectFactory.h"
#include "vtkStreamingDemandDrivenPipeline.h"
#include "vtkStringArray.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

vtkStandardNewMacro(vtkAMRProjection);

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

void Tell(vtkFieldData *facts, const char *name, const std::string &text) {
    vtkNew<vtkStringArray> array;
    array->SetName(name);
    array->InsertNextValue(text);
    facts->AddArray(array);
}

void Tell(vtkFieldData *facts, const char *name, const double *values, int count) {
    vtkNew<vtkDoubleArray> array;
    array->SetName(name);
    array->SetNumberOfComponents(count);
    array->InsertNextTuple(values);
    facts->AddArray(array);
}

// What is kept for every cell: a mass, a volume... (by the names of derived fields).
bool IsOfCells(const char *name) {
    pvr_map_quantity quantity = pvr_map_quantity();
    quantity.derived = pvr_derived_find(name);
    return quantity.derived && pvr_map_quantity_of_cells(&quantity);
}

vtkDataArray *DensityOf(vtkCellData *cells) {
    vtkDataArray *density = cells->GetArray("density");
    return density ? density : cells->GetArray("rho");
}

} // namespace

// One run.
struct vtkAMRProjection::Work {
    vtkHyperTreeGrid *Input = nullptr;
    vtkPVRamsesRanks Ranks = vtkPVRamsesRanks(nullptr);
    pvr_threads Threads = pvr_threads();
    vtkPVRamsesOctree Octree;
    double Low[3] = {0, 0, 0}, High[3] = {0, 0, 0}; // of the box, all ranks'
    std::vector<std::string> Names;
    std::vector<int> Place; // of each name in the octree's mesh
    std::vector<std::string> Units;
    std::vector<bool> IsVector;
    std::string Weight; // name of the array, or empty
    int WeightPlace = -1;
    pvr_map_request Request = pvr_map_request();
    pvr_map *Map = nullptr;
    std::vector<pvr_map_totals> Totals;
    std::vector<std::string> Labels;
    std::vector<vtkSmartPointer<vtkDoubleArray>> Images;
    pvr_report Measured = pvr_report();
    std::string Report;

    ~Work() {
        pvr_report_free(&this->Measured);
        pvr_map_free(this->Map);
    }
    bool HasCells() const {
        return this->Octree.Octree() != nullptr;
    }
    bool IsFirst() const {
        return this->Ranks.Rank() == 0;
    }
    // Takes an array of the input; its place in the mesh, or -1. A rank without cells takes none.
    int Take(const char *name, pvr_error &error) {
        vtkDataArray *array = this->Input->GetCellData()->GetArray(name);
        if (!array || !this->HasCells() || this->Octree.Add(array, error) != PVR_OK)
            return -1;
        return this->Octree.Mesh().narrays - 1;
    }
    // The steps of the work, one after the other.
    static std::string ChooseArrays(const vtkAMRProjection &self, Work &work);
    static pvr_status MakeView(const vtkAMRProjection &self, Work &work, pvr_error &error);
    static pvr_status Project(vtkAMRProjection &self, Work &work, pvr_error &error);
    static pvr_status Finish(vtkAMRProjection &self, Work &work, pvr_error &error);
    static void Describe(const vtkAMRProjection &self, const Work &work, vtkImageData *image);
    // All go on or none does.
    pvr_status Agree(pvr_status status, pvr_error &error) const {
        return this->Ranks.Agree(status, error);
    }
    static pvr_status AddUp(Work &work, pvr_error &error);
};

vtkAMRProjection::vtkAMRProjection() : EmptyValue(std::nan("")) {}

vtkAMRProjection::~vtkAMRProjection() = default;

void vtkAMRProjection::AddArray(const char *name) {
    if (name && *name) {
        this->Arrays.emplace_back(name);
        this->Modified();
    }
}

void vtkAMRProjection::ClearArrays() {
    if (!this->Arrays.empty()) {
        this->Arrays.clear();
        this->Modified();
    }
}

void vtkAMRProjection::SetWeightArray(const char *name) {
    const std::string wanted = name ? name : "";
    if (wanted != this->WeightArray) {
        this->WeightArray = wanted;
        this->Modified();
    }
}

void vtkAMRProjection::SetCenter(double x, double y, double z) {
    const double center[3] = {x, y, z};
    if (!std::equal(center, center + 3, this->Center)) {
        std::copy(center, center + 3, this->Center);
        this->UseCenter = true;
        this->Modified();
    }
}

void vtkAMRProjection::SetEmptyValue(const char *value) {
    char *end = nullptr;
    const double number = value && *value ? std::strtod(value, &end) : std::nan("");
    if (end && *end) {
        vtkErrorMacro("the empty value '" << value << "' is neither a number nor nan");
        return;
    }
    this->EmptyValue = number;
    this->Modified();
}

int vtkAMRProjection::FillInputPortInformation(int, vtkInformation *info) {
    info->Set(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), "vtkHyperTreeGrid");
    return 1;
}

int vtkAMRProjection::RequestInformation(vtkInformation *, vtkInformationVector **,
                                         vtkInformationVector *outputs) {
    // The extent follows from the mesh, which may not be there yet: RequestData tells it.
    vtkInformation *info = outputs->GetInformationObject(0);
    if (!info->Has(vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT())) {
        const int point[6] = {0, 0, 0, 0, 0, 0};
        info->Set(vtkStreamingDemandDrivenPipeline::WHOLE_EXTENT(), point, 6);
    }
    return 1;
}

int vtkAMRProjection::RequestUpdateExtent(vtkInformation *, vtkInformationVector **,
                                          vtkInformationVector *) {
    return 1; // a mesh has no extent to ask for
}

// Says what is wrong, or nothing.
std::string vtkAMRProjection::Work::ChooseArrays(const vtkAMRProjection &self, Work &work) {
    vtkCellData *cells = work.Input->GetCellData();
    work.Names = self.Arrays;
    vtkDataArray *density = DensityOf(cells);
    if (work.Names.empty() && cells->GetNumberOfArrays() > 0) {
        for (int i = 0; i < cells->GetNumberOfArrays() && !density; ++i)
            density = cells->GetArray(i); // null for texts
        if (density && density->GetName())
            work.Names.emplace_back(density->GetName());
    }
    if (work.Names.empty())
        return "There is no array to project.";
    if (work.Names.size() > PVR_MAP_MAX_VALUES)
        return "More than 64 arrays at once.";
    pvr_error error;
    for (const std::string &name : work.Names) {
        vtkDataArray *array = cells->GetArray(name.c_str());
        if (!array)
            return "There is no array '" + name + "' in the mesh.";
        if (array->GetNumberOfComponents() != 1 && array->GetNumberOfComponents() != 3)
            return "The array '" + name + "' is neither a scalar nor a vector.";
        const int place = work.Take(name.c_str(), error);
        if (place < 0 && work.HasCells())
            return error.message;
        work.Place.push_back(place);
        work.Units.push_back(UnitOf(array));
        work.IsVector.push_back(array->GetNumberOfComponents() == 3);
    }
    const pvr_map_mode mode = static_cast<pvr_map_mode>(self.Mode);
    const bool weighs = mode == PVR_MAP_MEAN || mode == PVR_MAP_SUM || mode == PVR_MAP_DISPERSION ||
                        mode == PVR_MAP_FIRST_MOMENT;
    work.Request.mode = mode;
    work.Request.edge = static_cast<pvr_map_edge>(self.EdgeMode);
    work.Request.nvalues = static_cast<int>(work.Names.size());
    work.Request.weighting = PVR_WEIGHT_VOLUME;
    if (weighs && self.Weighting == BY_NOTHING) {
        work.Request.weighting = PVR_WEIGHT_NONE;
    } else if (weighs && self.Weighting != BY_VOLUME) {
        density = DensityOf(cells);
        const std::string name = self.Weighting == BY_ARRAY ? self.WeightArray
                                 : density                  ? density->GetName()
                                                            : "";
        if (!cells->GetArray(name.c_str())) {
            return self.Weighting == BY_ARRAY
                       ? "There is no array '" + name + "' to weight by."
                       : "Weighting by mass needs the array density: choose it in the reader, or "
                         "weight by volume.";
        }
        if (cells->GetArray(name.c_str())->GetNumberOfComponents() != 1)
            return "The weight '" + name + "' is no scalar.";
        work.Request.weighting = PVR_WEIGHT_ARRAY;
        work.Weight = name;
        work.WeightPlace = work.Take(name.c_str(), error);
        if (work.WeightPlace < 0 && work.HasCells())
            return error.message;
    }
    return std::string();
}

// The box of all ranks, the spin where it is asked for, and the view.
pvr_status vtkAMRProjection::Work::MakeView(const vtkAMRProjection &self, Work &work,
                                            pvr_error &error) {
    pvr_view_request view = pvr_view_request();
    const bool turned = self.Direction >= CUSTOM;
    view.direction = turned ? PVR_ALONG_VECTOR : static_cast<pvr_direction>(self.Direction);
    view.has_centre = self.UseCenter;
    view.width = self.Width;
    view.height = self.Height;
    view.depth = self.Depth;
    for (int axis = 0; axis < 3; ++axis) {
        view.line_of_sight[axis] = self.LineOfSight[axis];
        view.up[axis] = self.Up[axis];
        view.centre[axis] = self.Center[axis];
    }
    if (self.ResolutionType == PIXEL_SIZE)
        view.pixel_size = self.PixelSize;
    else if (self.ResolutionType == PIXELS)
        view.pixels = static_cast<uint32_t>(self.Resolution);
    else if (work.HasCells())
        view.cell_size =
            std::ldexp(work.Octree.Octree()->size[0] / work.Octree.Octree()->root_dims[0],
                       work.Octree.Octree()->root_level - self.PixelLevel);
    view.cell_size = work.Ranks.Most(view.cell_size); // a rank without cells has none
    if (self.Direction == FACE_ON || self.Direction == EDGE_ON) {
        const int density = work.Take(DensityOf(work.Input->GetCellData())
                                          ? DensityOf(work.Input->GetCellData())->GetName()
                                          : "",
                                      error);
        const int velocity = work.Take("velocity", error);
        pvr_status status = PVR_OK;
        if (work.HasCells() && (density < 0 || velocity < 0))
            status = pvr_fail(&error, PVR_ERROR_ARGUMENT,
                              "Face-on and edge-on need the arrays density and velocity.");
        const pvr_mesh &mesh = work.Octree.Mesh();
        double centre[3];
        for (int axis = 0; axis < 3; ++axis)
            centre[axis] =
                self.UseCenter ? self.Center[axis] : 0.5 * (work.Low[axis] + work.High[axis]);
        const double radius = self.SpinRadius > 0 ? self.SpinRadius : 0.5 * self.Width;
        std::vector<pvr_spin> spins(1, pvr_spin());
        if (status == PVR_OK && work.HasCells())
            status =
                pvr_spin_part(mesh.octree, mesh.arrays[density].array, mesh.arrays[velocity].array,
                              centre, radius, &work.Threads, &spins[0], &error);
        status = work.Agree(status, error);
        const std::vector<std::string> parts = work.Ranks.Gather(
            std::string(reinterpret_cast<const char *>(spins.data()), sizeof spins[0]));
        spins.resize(parts.size());
        for (size_t i = 0; i < parts.size(); ++i)
            std::memcpy(&spins[i], parts[i].data(), sizeof spins[i]);
        pvr_spin spin;
        if (status == PVR_OK)
            status = pvr_spin_join(spins.data(), static_cast<int>(spins.size()), &spin, &error);
        if (status == PVR_OK)
            status = pvr_spin_view(&spin, self.Direction == EDGE_ON, view.line_of_sight, view.up,
                                   &error);
        if (status != PVR_OK)
            return status;
    }
    return pvr_view_make(&view, work.Low, work.High, &work.Request.view, &error);
}

// Projects this rank's cells and adds up the maps of all ranks on the first.
pvr_status vtkAMRProjection::Work::Project(vtkAMRProjection &self, Work &work, pvr_error &error) {
    pvr_status status = pvr_map_new(&work.Request, &work.Map, &error);
    if (status == PVR_OK && work.Ranks.Size() > 1)
        status = pvr_map_clear(work.Map, true, &error); // so that all ranks' maps are alike
    if (status == PVR_OK && work.HasCells()) {
        const pvr_mesh &mesh = work.Octree.Mesh();
        std::vector<pvr_map_value> values(work.Names.size() + 1);
        for (size_t i = 0; i <= work.Names.size(); ++i) {
            const int place = i < work.Names.size() ? work.Place[i] : work.WeightPlace;
            if (place < 0)
                continue;
            const pvr_array *array = mesh.arrays[place].array;
            pvr_map_value &value = values[i];
            value.nterms = array->ncomponents;
            value.of_cells = i < work.Names.size() && IsOfCells(work.Names[i].c_str());
            for (int c = 0; c < value.nterms; ++c) {
                value.term[c].array = array;
                value.term[c].component = c;
                value.term[c].coefficient = value.nterms == 1 ? 1.0 : work.Request.view.along[c];
            }
        }
        pvr_report report = pvr_report();
        status = pvr_project_octree(work.Map, mesh.octree, values.data(),
                                    work.WeightPlace >= 0 ? &values.back() : nullptr, &work.Threads,
                                    vtkPVRamsesFilter::TellProgress, &self, &report, &error);
        if (status == PVR_OK)
            std::swap(work.Measured, report);
        pvr_report_free(&report);
    }
    status = work.Agree(status, error);
    if (status == PVR_OK) {
        work.Report = vtkPVRamsesReportText(&work.Measured, work.Ranks,
                                            work.HasCells() ? work.Octree.Octree()->nleaves : 0,
                                            "leaf cells");
        status = AddUp(work, error);
    }
    return status;
}

// Adds up the maps of all ranks on the first: two and two, then two of these and so on, so that
// many ranks take little longer than few. The same bits each time.
pvr_status vtkAMRProjection::Work::AddUp(Work &work, pvr_error &error) {
    const vtkPVRamsesRanks &ranks = work.Ranks;
    const int rank = ranks.Rank();
    if (ranks.Size() == 1)
        return PVR_OK;
    const uint64_t bytes =
        work.Map->npixels * static_cast<uint64_t>(work.Map->nplanes) * sizeof(double);
    pvr_map *other = nullptr;
    pvr_status status = PVR_OK;
    if (rank % 2 == 0 && rank + 1 < ranks.Size()) {
        status = pvr_map_new(&work.Request, &other, &error);
        if (status == PVR_OK)
            status = pvr_map_clear(other, true, &error);
    }
    status = ranks.Agree(status, error);
    for (int step = 1; status == PVR_OK && step < ranks.Size(); step *= 2) {
        if (rank % (2 * step) != 0) {
            ranks.Send(&work.Map->cells, sizeof work.Map->cells, rank - step);
            ranks.Send(work.Map->plane, bytes, rank - step);
            break;
        }
        if (rank + step < ranks.Size()) {
            ranks.Receive(&other->cells, sizeof other->cells, rank + step);
            ranks.Receive(other->plane, bytes, rank + step);
            status = pvr_map_add(work.Map, other, &error);
        }
    }
    pvr_map_free(other);
    return status;
}

// Makes the images, in the units of their arrays.
pvr_status vtkAMRProjection::Work::Finish(vtkAMRProjection &self, Work &work, pvr_error &error) {
    vtkFieldData *facts = work.Input->GetFieldData();
    const std::string length = TextOf(facts, "length_unit");
    pvr_map_lengths lengths;
    lengths.cm = FactOf(facts, "length_cm");
    lengths.code =
        lengths.cm > 0 && FactOf(facts, "unit_l") > 0 ? lengths.cm / FactOf(facts, "unit_l") : 0.0;
    lengths.label = length.c_str();
    const size_t count = work.Names.size();
    std::vector<double> factors(count);
    std::vector<double *> images(count);
    work.Totals.resize(count);
    for (size_t i = 0; i < count; ++i) {
        char label[PVR_MAP_LABEL];
        const std::string &name = work.Names[i];
        factors[i] = pvr_map_label(work.Units[i].c_str(), &lengths, IsOfCells(name.c_str()),
                                   name == "density" || name == "rho", work.Request.mode,
                                   work.Request.weighting, label);
        work.Labels.emplace_back(label);
        auto image = vtkSmartPointer<vtkDoubleArray>::New();
        image->SetNumberOfTuples(static_cast<vtkIdType>(work.Map->npixels));
        images[i] = image->GetPointer(0);
        work.Images.push_back(image);
    }
    return pvr_map_finish(work.Map, factors.data(), self.EmptyValue, images.data(),
                          work.Totals.data(), &work.Threads, &error);
}

// Puts the images where they belong, with their units and what is known of them.
void vtkAMRProjection::Work::Describe(const vtkAMRProjection &self, const Work &work,
                                      vtkImageData *image) {
    const pvr_view &view = work.Request.view;
    const int pixels[2] = {static_cast<int>(view.pixels[0]), static_cast<int>(view.pixels[1])};
    int axes[3] = {0, 1, 2}; // of the image data that right, up and along are
    double corner[3] = {view.low[0], view.low[1], 0};
    if (self.Position == WORLD && view.axis[0] >= 0) {
        std::copy(view.axis, view.axis + 3, axes);
        for (int k = 0; k < 2; ++k)
            corner[axes[k]] = view.centre[axes[k]] + view.low[k];
        corner[axes[2]] = view.centre[axes[2]];
    } else if (self.Position == WORLD) {
        for (int axis = 0; axis < 3; ++axis)
            corner[axis] =
                view.centre[axis] + view.low[0] * view.right[axis] + view.low[1] * view.up[axis];
        image->SetDirectionMatrix(view.right[0], view.up[0], view.along[0], view.right[1],
                                  view.up[1], view.along[1], view.right[2], view.up[2],
                                  view.along[2]);
    }
    int dimensions[3] = {1, 1, 1};
    dimensions[axes[0]] = pixels[0] + 1;
    dimensions[axes[1]] = pixels[1] + 1;
    image->SetDimensions(dimensions);
    image->SetOrigin(corner);
    image->SetSpacing(view.pixel, view.pixel, view.pixel);

    vtkFieldData *facts = image->GetFieldData();
    facts->PassData(work.Input->GetFieldData());
    static const char *const weightings[] = {"volume", "array", "none"};
    Tell(facts, "projection_mode", pvr_map_mode_name(work.Request.mode));
    Tell(facts, "projection_weighting",
         !work.Weight.empty() ? work.Weight : weightings[work.Request.weighting]);
    Tell(facts, "line_of_sight", view.along, 3);
    Tell(facts, "up", view.up, 3);
    Tell(facts, "center", view.centre, 3);
    Tell(facts, "depth", view.depth, 2);
    Tell(facts, "pixel_size", &view.pixel, 1);
    for (size_t i = 0; i < work.Names.size(); ++i) {
        vtkDoubleArray *array = work.Images[i];
        std::string name = work.Names[i] + (work.IsVector[i] ? "_los" : "");
        const double totals[2] = {work.Totals[i].sum, work.Totals[i].integral};
        Tell(facts, (name + "_sum").c_str(), &totals[0], 1);
        Tell(facts, (name + "_integral").c_str(), &totals[1], 1);
        if (!work.Labels[i].empty()) {
            name += " [" + work.Labels[i] + "]";
            array->GetInformation()->Set(vtkDataArray::UNITS_LABEL(), work.Labels[i].c_str());
        }
        array->SetName(name.c_str());
        image->GetCellData()->AddArray(array);
    }
    image->GetCellData()->SetActiveScalars(work.Images[0]->GetName());
}

int vtkAMRProjection::RequestData(vtkInformation *, vtkInformationVector **inputs,
                                  vtkInformationVector *outputs) {
    vtkImageData *output = vtkImageData::GetData(outputs);
    this->ThreadReport.clear();
    Work work;
    output->Initialize();
    work.Input = vtkHyperTreeGrid::GetData(inputs[0]);
    work.Ranks = vtkPVRamsesRanks::Of(inputs[0]->GetInformationObject(0));
    work.Threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_error error;
    pvr_error_clear(&error);
    pvr_status status = PVR_OK;
    double low[3] = {HUGE_VAL, HUGE_VAL, HUGE_VAL}, high[3] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    if (work.Input->GetNumberOfCells() > 0) {
        status = work.Octree.Take(work.Input, &work.Threads, error);
        if (status == PVR_OK && !work.Octree.IsCubic())
            status = pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                              "The cells are not cubes: only such are projected.");
        if (status == PVR_OK) {
            const pvr_octree *octree = work.Octree.Octree();
            for (int axis = 0; axis < 3; ++axis) {
                if (work.Octree.WorldAxis(axis) != axis)
                    status = pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                                      "A mesh of two dimensions must lie in the plane of x and y.");
                const bool flat = axis >= octree->ndim; // cells count as 1 deep
                low[axis] = flat ? -0.5 : octree->origin[axis];
                high[axis] = flat ? 0.5 : octree->origin[axis] + octree->size[axis];
            }
        }
    } else if (work.Ranks.Size() == 1) {
        return 1; // nothing in, nothing out
    }
    const std::string wrong = status == PVR_OK ? Work::ChooseArrays(*this, work) : std::string();
    if (!wrong.empty())
        status = pvr_fail(&error, PVR_ERROR_ARGUMENT, "%s", wrong.c_str());
    for (int axis = 0; axis < 3; ++axis) {
        work.Low[axis] = -work.Ranks.Most(-low[axis]);
        work.High[axis] = work.Ranks.Most(high[axis]);
    }
    status = work.Agree(status, error);
    if (status == PVR_OK)
        status = work.Agree(Work::MakeView(*this, work, error), error);
    if (status == PVR_OK)
        status = Work::Project(*this, work, error);
    if (status == PVR_OK && work.IsFirst())
        status = Work::Finish(*this, work, error);
    if (status == PVR_CANCELLED)
        return 1; // the executive empties the output
    if (status != PVR_OK) {
        vtkErrorMacro(<< error.message);
        return 0;
    }
    if (!work.IsFirst())
        return 1;
    Work::Describe(*this, work, output);
    char text[160];
    std::snprintf(text, sizeof text, "%u x %u pixels of %.6g, %llu cells\n",
                  static_cast<unsigned>(work.Request.view.pixels[0]),
                  static_cast<unsigned>(work.Request.view.pixels[1]), work.Request.view.pixel,
                  static_cast<unsigned long long>(work.Map->cells));
    this->ThreadReport = text + work.Report;
    vtkPVRamsesFilter::TellExtent(outputs->GetInformationObject(0), output->GetExtent());
    this->UpdateProgress(1.0);
    return 1;
}

void vtkAMRProjection::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "Mode: " << pvr_map_mode_name(static_cast<pvr_map_mode>(this->Mode)) << "\n"
       << indent << "Weighting: " << this->Weighting << "\n"
       << indent << "Direction: " << this->Direction << "\n"
       << indent << "Resolution: " << this->Resolution << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n";
}
