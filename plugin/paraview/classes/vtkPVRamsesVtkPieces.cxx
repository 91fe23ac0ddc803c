// vtkPVRamsesVtkPieces.cxx - see vtkPVRamsesVtkPieces.h.
#include "vtkPVRamsesVtkPieces.h"

#include "vtkPVRamsesFailure.h"
#include "vtkPVRamsesVtkFile.h"

#include "pvr_output_file.h"

#include "vtkCellData.h"
#include "vtkCommunicator.h"
#include "vtkFieldData.h"
#include "vtkHyperTreeGrid.h"
#include "vtkImageData.h"
#include "vtkInformation.h"
#include "vtkMatrix3x3.h"
#include "vtkMultiProcessController.h"
#include "vtkPointData.h"
#include "vtkStringArray.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <vector>

namespace {

std::string Escaped(const std::string &text) {
    char *escaped = pvr_vtk_escape(text.c_str());
    std::string result = escaped ? escaped : "";
    free(escaped);
    return result;
}

std::string Real(double value) {
    char text[PVR_VTK_REAL_SIZE];
    return pvr_vtk_real(text, value);
}

const char *TypeName(vtkDataArray *array) {
    static const char *const names[] = {"Bit",    "Int8",  "UInt8",  "Int16",   "UInt16", "Int32",
                                        "UInt32", "Int64", "UInt64", "Float32", "Float64"};
    pvr_vtk_type type;
    return vtkPVRamsesVtkFile::TypeOf(array, type) ? names[type] : "";
}

void ListArrays(std::ostream &out, const char *element, vtkDataSetAttributes *attributes) {
    out << "    <" << element << ">\n";
    for (vtkDataArray *array : vtkPVRamsesVtkFile::ArraysOf(attributes))
        out << "      <PDataArray type=\"" << TypeName(array) << "\" Name=\""
            << Escaped(array->GetName()) << "\" NumberOfComponents=\""
            << array->GetNumberOfComponents() << "\"/>\n";
    out << "    </" << element << ">\n";
}

// The time of the data as VTK's readers of lists take it; empty if it has none.
std::string TimeText(vtkDataObject *input) {
    vtkInformation *info = input->GetInformation();
    vtkDataArray *told = input->GetFieldData()->GetArray("TimeValue");
    const bool has = info->Has(vtkDataObject::DATA_TIME_STEP());
    if (!has && !(told && told->GetNumberOfValues() > 0))
        return "";
    return "  <FieldData>\n    <DataArray type=\"Float64\" Name=\"TimeValue\" "
           "NumberOfTuples=\"1\" format=\"ascii\">" +
           Real(has ? info->Get(vtkDataObject::DATA_TIME_STEP()) : told->GetComponent(0, 0)) +
           "</DataArray>\n  </FieldData>\n";
}

constexpr int TURNED = 2;  // of an image that has something
constexpr int FAILED = -1; // nothing, because a reader or a filter failed

// Does the image lie askew in the world? VTK's lists of images have no room for that.
bool IsTurned(vtkDataObject *input) {
    auto *image = vtkImageData::SafeDownCast(input);
    return image && !image->GetDirectionMatrix()->IsIdentity();
}

std::string ExtentText(const int *extent) {
    std::ostringstream text;
    for (int i = 0; i < 6; ++i)
        text << (i > 0 ? " " : "") << extent[i];
    return text.str();
}

} // namespace

pvr_status vtkPVRamsesVtkPieces::Make(const char *fileName, vtkDataObject *input, int pieces,
                                      int piece, pvr_error &error) {
    const std::string path = fileName ? fileName : "";
    const size_t slash = path.rfind('/'), dot = path.rfind('.');
    const size_t name = slash == std::string::npos ? 0 : slash + 1;
    if (dot == std::string::npos || dot < name + 1)
        return pvr_fail(&error, PVR_ERROR_ARGUMENT,
                        "'%s': the end of the name does not tell what to write", path.c_str());
    this->Folder = path.substr(0, name);
    this->Stem = path.substr(name, dot - name);
    this->Kind = path.substr(dot + 1);
    this->Pieces = pieces;
    this->Piece = piece;
    if (this->Kind.compare(0, 5, "fast-") == 0)
        this->Kind.erase(0, 5);
    const bool listed = this->Kind.size() == 4 && this->Kind[0] == 'p';
    if (listed)
        this->Kind.erase(0, 1);
    if (listed || pieces > 1)
        this->ListKind = this->Kind == "htg" && !listed ? "vtm" : "p" + this->Kind;
    this->PiecePath = this->Folder + (this->ListKind.empty() ? this->Stem + "." + this->Kind
                                                             : this->PieceName(piece));
    if (!input)
        return pvr_fail(&error, PVR_ERROR_ARGUMENT, "there is no data to write");
    int filled = input->GetNumberOfElements(vtkDataObject::CELL) > 0 ||
                 input->GetNumberOfElements(vtkDataObject::POINT) > 0;
    if (filled && IsTurned(input))
        filled = TURNED;
    vtkStringArray *why = vtkPVRamsesFailure::Of(input);
    if (why)
        filled = FAILED;
    this->Filled.assign(static_cast<size_t>(pieces), filled);
    if (pieces > 1)
        vtkMultiProcessController::GetGlobalController()->AllGather(&filled, this->Filled.data(),
                                                                    1);
    if (std::find(this->Filled.begin(), this->Filled.end(), FAILED) != this->Filled.end())
        return pvr_fail(&error, PVR_ERROR_ARGUMENT,
                        "%s: not written, because there is nothing to write: %s", path.c_str(),
                        why ? why->GetValue(0).c_str() : "another rank failed");
    const bool turned =
        std::find(this->Filled.begin(), this->Filled.end(), TURNED) != this->Filled.end();
    if (turned && listed)
        return pvr_fail(&error, PVR_ERROR_UNSUPPORTED,
                        "%s: a .pvti has no direction, and this image is turned: write a .fast-vti",
                        path.c_str());
    if (turned && pieces > 1)
        this->ListKind = "vtm";
    if (std::all_of(this->Filled.begin(), this->Filled.end(), [](int any) { return any == 0; })) {
        if (this->Kind == "vti") // such a file could not be read
            return pvr_fail(&error, PVR_ERROR_ARGUMENT, "%s: there is no image to write",
                            path.c_str());
        this->Filled[0] = 1;
    }
    if (auto *image = vtkImageData::SafeDownCast(input)) {
        this->Extents.resize(6 * static_cast<size_t>(pieces));
        if (pieces > 1)
            vtkMultiProcessController::GetGlobalController()->AllGather(image->GetExtent(),
                                                                        this->Extents.data(), 6);
        else
            std::copy(image->GetExtent(), image->GetExtent() + 6, this->Extents.begin());
    }
    return PVR_OK;
}

std::string vtkPVRamsesVtkPieces::PieceName(int piece) const {
    return this->Stem + "_" + std::to_string(piece) + "." + this->Kind;
}

std::string vtkPVRamsesVtkPieces::ListText(vtkDataObject *input) const {
    std::ostringstream out;
    auto *image = vtkImageData::SafeDownCast(input);
    auto *trees = vtkHyperTreeGrid::SafeDownCast(input);
    const bool multi = this->ListKind == "vtm";
    const char *type = multi                 ? "vtkMultiBlockDataSet"
                       : this->Kind == "htg" ? "PHyperTreeGrid"
                       : this->Kind == "vtu" ? "PUnstructuredGrid"
                       : this->Kind == "vtp" ? "PPolyData"
                                             : "PImageData";
    int whole[6] = {VTK_INT_MAX, VTK_INT_MIN, VTK_INT_MAX, VTK_INT_MIN, VTK_INT_MAX, VTK_INT_MIN};
    for (size_t i = 0; i < this->Extents.size(); ++i) {
        if (!this->Filled[i / 6])
            continue;
        int &bound = whole[i % 6];
        bound = i % 2 == 0 ? std::min(bound, this->Extents[i]) : std::max(bound, this->Extents[i]);
    }
    const std::string time = TimeText(input);
    out << "<?xml version=\"1.0\"?>\n<VTKFile type=\"" << type << "\" version=\"1.0\">\n"
        << (multi ? time : "") << "  <" << type;
    if (image && !multi) {
        out << " GhostLevel=\"0\" WholeExtent=\"" << ExtentText(whole) << "\" Origin=\"";
        for (int axis = 0; axis < 3; ++axis)
            out << (axis > 0 ? " " : "") << Real(image->GetOrigin()[axis]);
        out << "\" Spacing=\"";
        for (int axis = 0; axis < 3; ++axis)
            out << (axis > 0 ? " " : "") << Real(image->GetSpacing()[axis]);
        out << "\"";
    } else if (!multi) {
        out << " GhostLevel=\"0\"";
    }
    out << ">\n" << (multi ? "" : time);
    if (multi) {
        for (int piece = 0, index = 0; piece < this->Pieces; ++piece)
            if (this->Filled[static_cast<size_t>(piece)])
                out << "    <DataSet index=\"" << index++ << "\" file=\""
                    << Escaped(this->PieceName(piece)) << "\"/>\n";
    } else {
        auto *set = vtkDataSet::SafeDownCast(input);
        if (set)
            ListArrays(out, "PPointData", set->GetPointData());
        if (set || trees)
            ListArrays(out, "PCellData", input->GetAttributes(vtkDataObject::CELL));
        if (auto *points = vtkPointSet::SafeDownCast(input)) {
            vtkDataArray *places = points->GetPoints() ? points->GetPoints()->GetData() : nullptr;
            out << "    <PPoints>\n      <PDataArray type=\""
                << (places ? TypeName(places) : "Float32")
                << "\" Name=\"Points\" NumberOfComponents=\"3\"/>\n    </PPoints>\n";
        } else if (trees && this->Kind == "vtu") {
            out << "    <PPoints>\n      <PDataArray type=\"Float64\" Name=\"Points\" "
                   "NumberOfComponents=\"3\"/>\n    </PPoints>\n";
        }
        for (int piece = 0; piece < this->Pieces; ++piece) {
            if (!this->Filled[static_cast<size_t>(piece)])
                continue;
            out << "    <Piece";
            if (image)
                out << " Extent=\"" << ExtentText(&this->Extents[6 * static_cast<size_t>(piece)])
                    << "\"";
            out << " Source=\"" << Escaped(this->PieceName(piece)) << "\"/>\n";
        }
    }
    out << "  </" << type << ">\n</VTKFile>\n";
    return out.str();
}

bool vtkPVRamsesVtkPieces::Agree(bool well) {
    int mine = well, all = mine;
    if (this->Pieces > 1)
        vtkMultiProcessController::GetGlobalController()->AllReduce(&mine, &all, 1,
                                                                    vtkCommunicator::MIN_OP);
    this->Asked = true;
    this->Well = well;
    this->Agreed = all != 0;
    return this->Agreed;
}

pvr_status vtkPVRamsesVtkPieces::WriteList(vtkDataObject *input, pvr_status written,
                                           pvr_error &error) const {
    int mine = written == PVR_OK, all = mine;
    if (this->Pieces > 1)
        vtkMultiProcessController::GetGlobalController()->AllReduce(&mine, &all, 1,
                                                                    vtkCommunicator::MIN_OP);
    const auto first =
        std::find_if(this->Filled.begin(), this->Filled.end(), [](int any) { return any != 0; });
    const bool lists = !this->ListKind.empty() && this->Piece == first - this->Filled.begin();
    const bool givenUp = this->Well && !this->Agreed; // because another rank failed
    if ((written != PVR_OK && !givenUp) || !lists)
        return written;
    const std::string path = this->Folder + this->Stem + "." + this->ListKind;
    if (!all)
        return pvr_fail(&error, PVR_ERROR_IO, "%s: not written, because a piece could not be",
                        path.c_str());
    const std::string text = this->ListText(input);
    return pvr_output_write_whole(path.c_str(), text.data(), text.size(), &error);
}
