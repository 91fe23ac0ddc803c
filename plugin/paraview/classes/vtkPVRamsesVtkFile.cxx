// vtkPVRamsesVtkFile.cxx - see vtkPVRamsesVtkFile.h.
#include "vtkPVRamsesVtkFile.h"

#include "vtkPVRamsesOctree.h"

#include "pvr_vtk_mesh.h"

#include "vtkCellData.h"
#include "vtkFieldData.h"
#include "vtkInformation.h"
#include "vtkInformationStringKey.h"
#include "vtkMatrix3x3.h"
#include "vtkNew.h"
#include "vtkPointData.h"
#include "vtkStringArray.h"

#include <cinttypes>
#include <cstring>
#include <utility>

namespace {

bool EndsIn(const std::string &path, const char *end) {
    const size_t length = std::strlen(end);
    return path.size() > length && path.compare(path.size() - length, length, end) == 0;
}

const char *UnitOf(vtkAbstractArray *array) {
    vtkInformation *info = array->HasInformation() ? array->GetInformation() : nullptr;
    return info && info->Has(vtkDataArray::UNITS_LABEL()) ? info->Get(vtkDataArray::UNITS_LABEL())
                                                          : nullptr;
}

std::string Escaped(const char *text) {
    char *escaped = pvr_vtk_escape(text);
    std::string result = escaped ? escaped : "";
    free(escaped);
    return result;
}

// Types of cells, asked for one by one: the array behind them differs between VTK's versions.
pvr_status FillTypes(void *context, uint64_t first, uint64_t count, void *values, pvr_error *) {
    auto *grid = static_cast<vtkUnstructuredGrid *>(context);
    for (uint64_t i = 0; i < count; ++i)
        static_cast<uint8_t *>(values)[i] =
            static_cast<uint8_t>(grid->GetCellType(static_cast<vtkIdType>(first + i)));
    return PVR_OK;
}

} // namespace

bool vtkPVRamsesVtkFile::TypeOf(vtkAbstractArray *array, pvr_vtk_type &type) {
    const bool isSigned =
        array->GetDataType() != VTK_UNSIGNED_CHAR && array->GetDataType() != VTK_UNSIGNED_SHORT &&
        array->GetDataType() != VTK_UNSIGNED_INT && array->GetDataType() != VTK_UNSIGNED_LONG &&
        array->GetDataType() != VTK_UNSIGNED_LONG_LONG;
    switch (array->GetDataType()) {
    case VTK_BIT:
        type = PVR_VTK_BIT;
        return array->GetNumberOfComponents() == 1;
    case VTK_FLOAT:
        type = PVR_VTK_FLOAT32;
        return true;
    case VTK_DOUBLE:
        type = PVR_VTK_FLOAT64;
        return true;
    default:
        break;
    }
    if (!array->IsNumeric())
        return false;
    switch (array->GetDataTypeSize()) {
    case 1:
        type = isSigned ? PVR_VTK_INT8 : PVR_VTK_UINT8;
        return true;
    case 2:
        type = isSigned ? PVR_VTK_INT16 : PVR_VTK_UINT16;
        return true;
    case 4:
        type = isSigned ? PVR_VTK_INT32 : PVR_VTK_UINT32;
        return true;
    case 8:
        type = isSigned ? PVR_VTK_INT64 : PVR_VTK_UINT64;
        return true;
    default:
        return false;
    }
}

std::vector<vtkDataArray *> vtkPVRamsesVtkFile::ArraysOf(vtkDataSetAttributes *attributes) {
    std::vector<vtkDataArray *> arrays;
    for (int i = 0; i < attributes->GetNumberOfArrays(); ++i) {
        vtkDataArray *array = attributes->GetArray(i); // null for strings
        pvr_vtk_type type;
        if (array && array->GetName() && TypeOf(array, type))
            arrays.push_back(array);
    }
    return arrays;
}

void vtkPVRamsesVtkFile::AddArray(vtkDataArray *array, const char *name, bool flat) {
    pvr_vtk_array added = pvr_vtk_array();
    if (!array || !TypeOf(array, added.type))
        return;
    if (!array->HasStandardMemoryLayout()) {
        auto copy = vtkSmartPointer<vtkDataArray>::Take(
            vtkDataArray::CreateDataArray(array->GetDataType()));
        copy->DeepCopy(array);
        this->Kept.push_back(copy);
        array = copy;
    }
    added.name = name;
    added.unit = UnitOf(array);
    added.ncomponents = array->GetNumberOfComponents();
    added.ntuples = static_cast<uint64_t>(array->GetNumberOfTuples());
    added.flat = flat;
    added.data = array->GetVoidPointer(0);
    if (array->HasAComponentName()) {
        this->Names.emplace_back();
        for (int c = 0; c < added.ncomponents; ++c) {
            const char *component = array->GetComponentName(c);
            this->Names.back().push_back(component ? component : "");
        }
        added.component_names = this->Names.back().data();
    }
    pvr_vtk_add_array(this->File, &added);
}

void vtkPVRamsesVtkFile::AddAttributes(const char *element, vtkDataSetAttributes *attributes) {
    std::string active;
    for (int a = 0; a < vtkDataSetAttributes::NUM_ATTRIBUTES; ++a) {
        vtkAbstractArray *array = attributes->GetAbstractAttribute(a);
        if (array && array->GetName())
            active += std::string(active.empty() ? "" : " ") +
                      vtkDataSetAttributes::GetAttributeTypeAsString(a) + "=\"" +
                      Escaped(array->GetName()) + "\"";
    }
    if (active.empty())
        pvr_vtk_open(this->File, element);
    else
        pvr_vtk_open_with(this->File, element, "%s", active.c_str());
    for (vtkDataArray *array : ArraysOf(attributes))
        this->AddArray(array, array->GetName(), false);
    pvr_vtk_close(this->File);
}

void vtkPVRamsesVtkFile::AddFieldData(vtkDataObject *input) {
    pvr_vtk_open(this->File, "FieldData");
    this->AddFields(input);
    pvr_vtk_close(this->File);
}

void vtkPVRamsesVtkFile::AddFields(vtkDataObject *input) {
    vtkFieldData *fields = input->GetFieldData();
    vtkInformation *info = input->GetInformation();
    if (info->Has(vtkDataObject::DATA_TIME_STEP()) && !fields->HasArray("TimeValue"))
        pvr_vtk_number(this->File, "TimeValue", info->Get(vtkDataObject::DATA_TIME_STEP()));
    for (int i = 0; i < fields->GetNumberOfArrays(); ++i) {
        vtkAbstractArray *array = fields->GetAbstractArray(i);
        auto *texts = vtkStringArray::SafeDownCast(array);
        if (!array->GetName())
            continue;
        if (texts) {
            std::vector<const char *> values;
            for (vtkIdType t = 0; t < texts->GetNumberOfValues(); ++t)
                values.push_back(texts->GetValue(t).c_str());
            pvr_vtk_texts(this->File, array->GetName(), values.data(), values.size());
        } else {
            this->AddArray(vtkDataArray::SafeDownCast(array), array->GetName(), false);
        }
    }
    if (!fields->HasArray("pvramses_version"))
        pvr_vtk_text(this->File, "pvramses_version", PVRAMSES_VERSION);
    if (!fields->HasArray("command"))
        pvr_vtk_text(this->File, "command", "ParaView");
}

void vtkPVRamsesVtkFile::AddPoints(vtkPointSet *set) {
    pvr_vtk_open(this->File, "Points");
    if (set->GetPoints()) {
        this->AddArray(set->GetPoints()->GetData(), "Points", false);
    } else {
        pvr_vtk_array none = pvr_vtk_array();
        none.name = "Points";
        none.type = PVR_VTK_FLOAT32;
        none.ncomponents = 3;
        pvr_vtk_add_array(this->File, &none);
    }
    pvr_vtk_close(this->File);
}

// VTK's offsets begin with 0, which the file leaves out.
void vtkPVRamsesVtkFile::AddCells(const char *element, vtkCellArray *cells,
                                  vtkUnstructuredGrid *types) {
    pvr_vtk_open(this->File, element);
    this->AddArray(cells->GetConnectivityArray(), "connectivity", false);
    vtkDataArray *offsets = cells->GetOffsetsArray();
    pvr_vtk_array ends = pvr_vtk_array();
    ends.name = "offsets";
    ends.ntuples = static_cast<uint64_t>(cells->GetNumberOfCells());
    TypeOf(offsets, ends.type);
    ends.data = ends.ntuples > 0 ? offsets->GetVoidPointer(1) : nullptr;
    pvr_vtk_add_array(this->File, &ends);
    if (types) {
        pvr_vtk_array kinds = pvr_vtk_array();
        kinds.name = "types";
        kinds.type = PVR_VTK_UINT8;
        kinds.ntuples = ends.ntuples;
        kinds.fill = FillTypes;
        kinds.context = types;
        pvr_vtk_add_array(this->File, &kinds);
    }
    pvr_vtk_close(this->File);
}

void vtkPVRamsesVtkFile::AddImage(vtkImageData *image) {
    char real[15][PVR_VTK_REAL_SIZE];
    const int *extent = image->GetExtent();
    for (int axis = 0; axis < 3; ++axis) {
        pvr_vtk_real(real[axis], image->GetOrigin()[axis]);
        pvr_vtk_real(real[3 + axis], image->GetSpacing()[axis]);
        for (int c = 0; c < 3; ++c)
            pvr_vtk_real(real[6 + 3 * axis + c], image->GetDirectionMatrix()->GetElement(axis, c));
    }
    pvr_vtk_open_with(this->File, "ImageData",
                      "WholeExtent=\"%d %d %d %d %d %d\" Origin=\"%s %s %s\" Spacing=\"%s %s %s\" "
                      "Direction=\"%s %s %s %s %s %s %s %s %s\"",
                      extent[0], extent[1], extent[2], extent[3], extent[4], extent[5], real[0],
                      real[1], real[2], real[3], real[4], real[5], real[6], real[7], real[8],
                      real[9], real[10], real[11], real[12], real[13], real[14]);
    this->AddFieldData(image);
    pvr_vtk_open_with(this->File, "Piece", "Extent=\"%d %d %d %d %d %d\"", extent[0], extent[1],
                      extent[2], extent[3], extent[4], extent[5]);
    this->AddAttributes("PointData", image->GetPointData());
    this->AddAttributes("CellData", image->GetCellData());
}

void vtkPVRamsesVtkFile::AddPolyData(vtkPolyData *points) {
    pvr_vtk_open(this->File, "PolyData");
    this->AddFieldData(points);
    pvr_vtk_open_with(this->File, "Piece",
                      "NumberOfPoints=\"%lld\" NumberOfVerts=\"%lld\" NumberOfLines=\"%lld\" "
                      "NumberOfStrips=\"%lld\" NumberOfPolys=\"%lld\"",
                      static_cast<long long>(points->GetNumberOfPoints()),
                      static_cast<long long>(points->GetNumberOfVerts()),
                      static_cast<long long>(points->GetNumberOfLines()),
                      static_cast<long long>(points->GetNumberOfStrips()),
                      static_cast<long long>(points->GetNumberOfPolys()));
    this->AddAttributes("PointData", points->GetPointData());
    this->AddAttributes("CellData", points->GetCellData());
    this->AddPoints(points);
    this->AddCells("Verts", points->GetVerts(), nullptr);
    this->AddCells("Lines", points->GetLines(), nullptr);
    this->AddCells("Strips", points->GetStrips(), nullptr);
    this->AddCells("Polys", points->GetPolys(), nullptr);
}

bool vtkPVRamsesVtkFile::AddGrid(vtkUnstructuredGrid *grid, const std::string &path,
                                 pvr_error &error) {
    if (grid->GetNumberOfCells() > 0 && grid->GetFaces()) {
        pvr_fail(&error, PVR_ERROR_UNSUPPORTED, "%s: polyhedra cannot be written", path.c_str());
        return false;
    }
    pvr_vtk_open(this->File, "UnstructuredGrid");
    this->AddFieldData(grid);
    pvr_vtk_open_with(this->File, "Piece", "NumberOfPoints=\"%lld\" NumberOfCells=\"%lld\"",
                      static_cast<long long>(grid->GetNumberOfPoints()),
                      static_cast<long long>(grid->GetNumberOfCells()));
    this->AddAttributes("PointData", grid->GetPointData());
    this->AddAttributes("CellData", grid->GetCellData());
    this->AddPoints(grid);
    vtkNew<vtkCellArray> none; // a grid that was emptied has no array of cells at all
    this->AddCells("Cells", grid->GetCells() ? grid->GetCells() : none.Get(), grid);
    return true;
}

void vtkPVRamsesVtkFile::AddNoTrees(vtkHyperTreeGrid *grid) {
    const unsigned int *points = grid->GetDimensions();
    pvr_vtk_open_with(this->File, "HyperTreeGrid",
                      "BranchFactor=\"2\" TransposedRootIndexing=\"0\" Dimensions=\"%u %u %u\"",
                      points[0], points[1], points[2]);
    this->AddFieldData(grid);
    pvr_vtk_open(this->File, "Grid");
    this->AddArray(grid->GetXCoordinates(), "XCoordinates", false);
    this->AddArray(grid->GetYCoordinates(), "YCoordinates", false);
    this->AddArray(grid->GetZCoordinates(), "ZCoordinates", false);
    pvr_vtk_close(this->File);
    pvr_vtk_open(this->File, "Trees");
}

pvr_status vtkPVRamsesVtkFile::WriteTrees(vtkHyperTreeGrid *grid, bool leaves,
                                          const std::string &path, const pvr_vtk_options &options,
                                          const pvr_threads &threads, pvr_progress_fn progress,
                                          void *context, pvr_vtk_statistics &statistics,
                                          pvr_error &error) {
    vtkPVRamsesOctree octree;
    pvr_status status = octree.Take(grid, &threads, error);
    for (vtkDataArray *array : ArraysOf(grid->GetCellData())) {
        if (status == PVR_OK &&
            std::strcmp(array->GetName(), vtkDataSetAttributes::GhostArrayName()) != 0)
            status = octree.Add(array, error);
    }
    if (status != PVR_OK)
        return status;
    const pvr_mesh &mesh = octree.Mesh();
    std::vector<pvr_vtk_field> fields;
    for (int a = 0; a < mesh.narrays; ++a) {
        pvr_vtk_field field = pvr_vtk_field();
        field.name = mesh.arrays[a].name;
        field.unit = mesh.arrays[a].unit.label;
        field.array = mesh.arrays[a].array;
        fields.push_back(field);
    }
    const pvr_leaf_place place = octree.Place();
    pvr_vtk_facts facts = pvr_vtk_facts();
    std::pair<vtkPVRamsesVtkFile *, vtkDataObject *> all(this, grid);
    facts.more = [](pvr_vtk_file *file, void *of) {
        auto *both = static_cast<decltype(all) *>(of);
        both->first->File = file;
        both->first->AddFields(both->second);
        both->first->File = nullptr;
    };
    facts.context = &all;
    pvr_vtk_mesh written = pvr_vtk_mesh();
    written.octree = mesh.octree;
    written.place = &place;
    written.nfields = static_cast<int>(fields.size());
    written.fields = fields.data();
    written.facts = &facts;
    status = (leaves ? pvr_vtk_vtu_write : pvr_vtk_htg_write)(
        path.c_str(), &written, &options, &threads, progress, context, &statistics, &error);
    this->Kept.clear();
    this->Names.clear();
    return status;
}

pvr_status vtkPVRamsesVtkFile::Write(vtkDataObject *input, const std::string &path,
                                     const pvr_vtk_options &options, const pvr_threads &threads,
                                     pvr_progress_fn progress, void *context,
                                     pvr_vtk_statistics &statistics, pvr_error &error) {
    auto *trees = vtkHyperTreeGrid::SafeDownCast(input);
    auto *grid = vtkUnstructuredGrid::SafeDownCast(input);
    auto *points = vtkPolyData::SafeDownCast(input);
    auto *image = vtkImageData::SafeDownCast(input);
    vtkNew<vtkUnstructuredGrid> none;
    if (trees && trees->GetNumberOfCells() == 0 && EndsIn(path, ".vtu"))
        grid = none;
    else if (trees && trees->GetNumberOfCells() > 0 &&
             (EndsIn(path, ".htg") || EndsIn(path, ".vtu")))
        return this->WriteTrees(trees, EndsIn(path, ".vtu"), path, options, threads, progress,
                                context, statistics, error);
    const char *type = grid && EndsIn(path, ".vtu")     ? "UnstructuredGrid"
                       : points && EndsIn(path, ".vtp") ? "PolyData"
                       : image && EndsIn(path, ".vti")  ? "ImageData"
                       : trees && EndsIn(path, ".htg")  ? "HyperTreeGrid"
                                                        : nullptr;
    if (!type)
        return pvr_fail(&error, PVR_ERROR_ARGUMENT, "%s: no such file of a %s can be written",
                        path.c_str(), input ? input->GetClassName() : "nothing");
    this->File = pvr_vtk_file_new(type, "1.0");
    if (!this->File)
        return pvr_fail(&error, PVR_ERROR_MEMORY, "%s: out of memory", path.c_str());
    bool whole = true;
    if (grid)
        whole = this->AddGrid(grid, path, error);
    else if (points)
        this->AddPolyData(points);
    else if (image)
        this->AddImage(image);
    else
        this->AddNoTrees(trees);
    const pvr_status status = whole
                                  ? pvr_vtk_file_write(this->File, path.c_str(), &options, &threads,
                                                       progress, context, &statistics, &error)
                                  : error.status;
    pvr_vtk_file_free(this->File);
    this->File = nullptr;
    this->Kept.clear();
    this->Names.clear();
    return status;
}
