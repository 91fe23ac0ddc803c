// vtkPVRamsesFacts.cxx - see vtkPVRamsesFacts.h.
#include "vtkPVRamsesFacts.h"

#include "vtkDoubleArray.h"
#include "vtkIntArray.h"
#include "vtkNew.h"
#include "vtkStringArray.h"

#include <cstdarg>
#include <cstdio>

namespace {

void Add(vtkFieldData *fieldData, const char *name, double value) {
    vtkNew<vtkDoubleArray> array;
    array->SetName(name);
    array->InsertNextValue(value);
    fieldData->AddArray(array);
}

void Add(vtkFieldData *fieldData, const char *name, int value) {
    vtkNew<vtkIntArray> array;
    array->SetName(name);
    array->InsertNextValue(value);
    fieldData->AddArray(array);
}

void Add(vtkFieldData *fieldData, const char *name, const std::string &value) {
    vtkNew<vtkStringArray> array;
    array->SetName(name);
    array->InsertNextValue(value);
    fieldData->AddArray(array);
}

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
std::string
Format(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return text;
}

std::string Length(double cm) {
    char text[64];
    return pvr_length_text(cm, text, sizeof text);
}

double Redshift(const pvr_info *info) {
    return info->aexp > 0 ? 1.0 / info->aexp - 1.0 : 0.0;
}

} // namespace

void vtkPVRamsesFacts::AddFieldData(vtkFieldData *fieldData, const pvr_snapshot *snapshot,
                                    const pvr_unit &length, const std::string &threadReport) {
    const pvr_info *info = pvr_snapshot_info(snapshot);
    Add(fieldData, "output_number", pvr_snapshot_number(snapshot));
    Add(fieldData, "time_code", info->time);
    Add(fieldData, "time_myr", pvr_info_time_myr(info));
    Add(fieldData, "aexp", info->aexp);
    Add(fieldData, "redshift", Redshift(info));
    Add(fieldData, "boxlen", info->boxlen);
    Add(fieldData, "unit_l", info->unit_l);
    Add(fieldData, "unit_d", info->unit_d);
    Add(fieldData, "unit_t", info->unit_t);
    Add(fieldData, "length_unit", std::string(length.label));
    Add(fieldData, "length_cm", info->unit_l / length.factor);
    Add(fieldData, "levelmin", info->levelmin);
    Add(fieldData, "levelmax", info->levelmax);
    Add(fieldData, "ncpu", info->ncpu);
    Add(fieldData, "ThreadReport", threadReport);
    Add(fieldData, "source", pvr_snapshot_path(snapshot));
    Add(fieldData, "pvramses_version", PVRAMSES_VERSION);
}

std::string vtkPVRamsesFacts::Describe(const pvr_snapshot *snapshot, const pvr_series &series) {
    const pvr_info *info = pvr_snapshot_info(snapshot);
    double size[3];
    uint32_t coarse[3];
    pvr_snapshot_box(snapshot, size, coarse);

    size_t finished = 0;
    int first = 0, last = 0;
    for (size_t i = 0; i < series.count; ++i) {
        if (!series.output[i].finished)
            continue;
        if (finished == 0)
            first = series.output[i].number;
        last = series.output[i].number;
        ++finished;
    }
    std::string text = Format("Opened: output %d", pvr_snapshot_number(snapshot));
    if (finished > 1) {
        text += Format(", one of %zu (%d to %d);\nthe time controls choose what is shown", finished,
                       first, last);
    }
    if (info->cosmological) {
        text += Format("\nRedshift %.4g (aexp %.5g)\nAge of the universe %.5g Myr", Redshift(info),
                       info->aexp, pvr_info_time_myr(info));
    } else if (pvr_has_physical_units(info)) {
        text += Format("\nTime %.5g Myr (code %.6g)", pvr_info_time_myr(info), info->time);
    } else {
        text += Format("\nTime %.6g (code)", info->time);
    }
    text += Format("\nBox %.6g", size[0]);
    for (int axis = 1; axis < info->ndim; ++axis)
        text += Format(" x %.6g", size[axis]);
    text += " code lengths";
    if (pvr_has_physical_units(info))
        text += "\n  " + Length(size[0] * info->unit_l);
    if (info->cosmological)
        text += ", comoving " + Length(size[0] * info->unit_l / info->aexp);
    text += Format("\nlevelmin %d, levelmax %d (allowed)", info->levelmin, info->levelmax);
    if (pvr_has_physical_units(info)) {
        const double coarsest = info->boxlen * info->unit_l;
        text += "\n  cells " + Length(coarsest / (1ull << info->levelmin)) + " to " +
                Length(coarsest / (1ull << info->levelmax));
    }
    if (info->cosmological) {
        text += Format("\nH0 %.4g, Omega_m %.4g, Omega_L %.4g,\n  Omega_k %.4g, Omega_b %.4g",
                       info->H0, info->omega_m, info->omega_l, info->omega_k, info->omega_b);
    }
    if (pvr_snapshot_gamma(snapshot) > 0)
        text += Format("\nAdiabatic index %.5g", pvr_snapshot_gamma(snapshot));
    if (pvr_snapshot_mera(snapshot)) {
        text += Format("\n%d-D, a Mera file", info->ndim);
    } else {
        text += Format("\n%d-D, %d domain%s (CPU files), %s ordering", info->ndim, info->ncpu,
                       info->ncpu == 1 ? "" : "s", info->ordering);
    }
    return text;
}
