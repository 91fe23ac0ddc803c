// vtkPVRamsesTables.cxx - see vtkPVRamsesTables.h.
#include "vtkPVRamsesTables.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesPoints.h"

#include "vtkInformation.h"
#include "vtkInformationStringKey.h"
#include "vtkPointData.h"

#include <cmath>
#include <cstdio>

namespace {

struct Loaded {
    pvr_table *Table = nullptr;

    Loaded() = default;
    Loaded(const Loaded &) = delete;
    Loaded &operator=(const Loaded &) = delete;
    ~Loaded() {
        if (this->Table)
            pvr_table_free(this->Table);
    }
};

pvr_unit MassUnit(const pvr_info *info, pvr_field_units system) {
    const double grams = info->unit_d * std::pow(info->unit_l, 3);
    switch (system) {
    case PVR_UNITS_CGS:
        return {grams, "g"};
    case PVR_UNITS_ASTRO:
        return {grams / PVR_SOLAR_MASS, "Msol"};
    case PVR_UNITS_CODE:
        break;
    }
    return {1.0, ""};
}

// `columns` side by side, times the factor of the unit.
vtkSmartPointer<vtkDataArray> Convert(const pvr_array *const *columns, int ncolumns,
                                      const char *name, const pvr_unit &unit, pvr_error &error) {
    const int perColumn = columns[0]->ncomponents;
    pvr_array *array = nullptr;
    if (pvr_array_new(PVR_FLOAT64, perColumn * ncolumns, columns[0]->ntuples, &array, &error) !=
        PVR_OK)
        return nullptr;
    double *values = static_cast<double *>(array->data);
    for (uint64_t row = 0; row < array->ntuples; ++row) {
        for (int column = 0; column < ncolumns; ++column) {
            const double *from = static_cast<const double *>(columns[column]->data);
            for (int i = 0; i < perColumn; ++i)
                *values++ =
                    from[row * static_cast<uint64_t>(perColumn) + static_cast<uint64_t>(i)] *
                    unit.factor;
        }
    }
    vtkSmartPointer<vtkDataArray> result = vtkPVRamsesArrays::Wrap(array, name);
    pvr_array_release(array);
    if (unit.label && unit.label[0])
        result->GetInformation()->Set(vtkDataArray::UNITS_LABEL(), unit.label);
    return result;
}

// Adds what can be converted from columns that are there.
pvr_status AddConverted(vtkPointData *data, const pvr_table *table, const pvr_info *info,
                        const vtkPVRamsesReading &reading, pvr_error &error) {
    auto add = [&](const pvr_array *const *columns, int ncolumns, const char *name,
                   const pvr_unit &unit) {
        vtkSmartPointer<vtkDataArray> array = Convert(columns, ncolumns, name, unit, error);
        if (array)
            data->AddArray(array);
        return array ? PVR_OK : error.status;
    };
    pvr_status status = PVR_OK;
    if (table->mass)
        status = add(&table->mass, 1, "mass", MassUnit(info, reading.Units));
    if (status == PVR_OK && table->radius)
        status = add(&table->radius, 1, "radius", reading.Length);
    const pvr_array *velocity[3];
    const char *names[3] = {"vx", "vy", "vz"};
    bool moving = true;
    for (int axis = 0; axis < 3; ++axis) {
        const int column = pvr_table_column_find(table, names[axis]);
        moving = moving && column >= 0;
        velocity[axis] = column >= 0 ? table->columns[column].array : nullptr;
    }
    if (status == PVR_OK && moving)
        status = add(velocity, 3, "velocity", pvr_field_unit(info, PVR_VELOCITY, reading.Units));
    return status;
}

} // namespace

pvr_status vtkPVRamsesTables::Read(vtkPolyData *output, pvr_snapshot *snapshot, pvr_table_kind kind,
                                   vtkPVRamsesReading &reading, pvr_error &error) {
    Loaded loaded;
    pvr_status status = pvr_table_load(snapshot, kind, &reading.Threads, &loaded.Table, &error);
    if (status == PVR_OK)
        status = pvr_table_keep_region(loaded.Table, snapshot, &reading.Region, &error);
    if (status != PVR_OK)
        return status;
    const pvr_table *table = loaded.Table;
    if (table->warnings)
        reading.Warnings = table->warnings;
    if (!table->present || !table->position)
        return PVR_OK;

    // Points are places of the box, in the unit of its coordinates.
    pvr_array *places = nullptr;
    status = pvr_array_new(PVR_FLOAT64, 3, table->nrows, &places, &error);
    if (status != PVR_OK)
        return status;
    const double *from = static_cast<const double *>(table->position->data);
    double *to = static_cast<double *>(places->data);
    for (uint64_t i = 0; i < 3 * table->nrows; ++i)
        to[i] = from[i] * reading.Length.factor;
    status = vtkPVRamsesPoints::Set(output, places, &reading.Threads, error);
    pvr_array_release(places);
    if (status != PVR_OK)
        return status;

    vtkPointData *data = output->GetPointData();
    for (int i = 0; i < table->ncolumns; ++i) {
        const pvr_table_column &column = table->columns[i];
        vtkSmartPointer<vtkDataArray> array = vtkPVRamsesArrays::Wrap(column.array, column.name);
        if (column.unit[0])
            array->GetInformation()->Set(vtkDataArray::UNITS_LABEL(), column.unit);
        data->AddArray(array);
    }
    status = AddConverted(data, table, pvr_snapshot_info(snapshot), reading, error);

    char text[120];
    snprintf(text, sizeof text, "Output %d: %llu %ss\n", pvr_snapshot_number(snapshot),
             static_cast<unsigned long long>(table->nrows), pvr_table_kind_name(kind));
    reading.Report = text;
    return status;
}
