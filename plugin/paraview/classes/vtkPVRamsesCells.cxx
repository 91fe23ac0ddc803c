// vtkPVRamsesCells.cxx - see vtkPVRamsesCells.h.
#include "vtkPVRamsesCells.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesMesh.h"

#include "pvr_mesh.h"

#include "vtkCellData.h"
#include "vtkDoubleArray.h"
#include "vtkFieldData.h"
#include "vtkIntArray.h"
#include "vtkNew.h"
#include "vtkStringArray.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

using Names = vtkPVRamsesCells::Names;

// The fields that are on and that this output has (outputs of a run may differ).
Names ChosenFields(const pvr_snapshot *snapshot, vtkDataArraySelection *selection) {
    Names names;
    auto want = [&](const char *name, bool byDefault) {
        if (vtkPVRamsesSelection::Wants(selection, name, byDefault))
            names.push_back(name);
    };
    const pvr_field_table *table = pvr_snapshot_fields(snapshot);
    for (int i = 0; i < table->nfields; ++i)
        want(table->field[i].name, table->field[i].by_default);
    want(PVR_FIELD_LEVEL, false);
    if (pvr_snapshot_has_domains(snapshot))
        want(PVR_FIELD_DOMAIN, false);
    return names;
}

bool IsAvailable(const pvr_derived_info *derived, const pvr_snapshot *snapshot) {
    return pvr_derived_available(derived, pvr_snapshot_info(snapshot),
                                 pvr_snapshot_fields(snapshot), nullptr, 0);
}

Names ChosenDerived(const pvr_snapshot *snapshot, vtkDataArraySelection *selection) {
    Names names;
    for (int i = 0; i < pvr_derived_count(); ++i) {
        const pvr_derived_info *derived = pvr_derived_at(i);
        if (vtkPVRamsesSelection::Wants(selection, derived->name, false) &&
            IsAvailable(derived, snapshot))
            names.push_back(derived->name);
    }
    return names;
}

// Asks whether to stop, and leaves the progress at what reading came to.
struct Stop {
    pvr_progress_fn Progress;
    void *Context;

    static int Ask(void *context, double, uint64_t done, uint64_t expected) {
        const auto *stop = static_cast<const Stop *>(context);
        return stop->Progress ? stop->Progress(stop->Context, 1.0, done, expected) : 0;
    }
};

// The mean velocity of all cells is that of all ranks' cells.
pvr_status MeanOfRanks(const pvr_mesh *mesh, pvr_derived_options &options,
                       const vtkPVRamsesReading &reading, pvr_error &error) {
    if (options.bulk != PVR_BULK_MEAN || reading.Ranks.Size() == 1)
        return PVR_OK;
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    const pvr_status status = reading.Ranks.Agree(
        pvr_derived_momentum(mesh, &options, &reading.Threads, sums, &error), error);
    if (status != PVR_OK)
        return status;
    reading.Ranks.AddUp(sums, 4);
    if (!(sums[0] > 0.0))
        return pvr_fail(&error, PVR_ERROR_ARGUMENT,
                        "no leaf cell has mass: there is no mean velocity to subtract");
    options.bulk = PVR_BULK_GIVEN;
    for (int axis = 0; axis < 3; ++axis)
        options.bulk_velocity[axis] = sums[1 + axis] / sums[0];
    return PVR_OK;
}

// "temperature = p / rho" and so on, so that a data set says what its numbers are.
void AddFormulas(vtkFieldData *fieldData, const Names &names) {
    vtkNew<vtkStringArray> formulas;
    formulas->SetName("derived_formulas");
    for (const char *name : names) {
        const pvr_derived_info *derived = pvr_derived_find(name);
        formulas->InsertNextValue(std::string(name) + " = " + derived->formula);
    }
    if (!names.empty())
        fieldData->AddArray(formulas);
}

// Depths in the trees count from here: filters ask for the levels of cells.
void AddRootLevel(vtkFieldData *fieldData, int level) {
    vtkNew<vtkIntArray> array;
    array->SetName("root_level");
    array->InsertNextValue(level);
    fieldData->AddArray(array);
}

pvr_derived_options OptionsOf(const pvr_snapshot *snapshot, const vtkPVRamsesCells::Choice &choice,
                              const vtkPVRamsesReading &reading) {
    const pvr_derived_options defaults = pvr_derived_defaults(snapshot);
    pvr_derived_options options = choice.Options;
    options.gamma = defaults.gamma;
    for (int axis = 0; axis < 3; ++axis) {
        options.centre[axis] = options.has_centre ? options.centre[axis] / reading.Length.factor
                                                  : defaults.centre[axis];
    }
    options.has_centre = true;
    return options;
}

} // namespace

vtkPVRamsesCells::Asked::Asked(pvr_snapshot *snapshot, const Choice &choice,
                               const vtkPVRamsesReading &reading)
    : Snapshot(pvr_snapshot_retain(snapshot)), Reading(reading),
      Fields(ChosenFields(snapshot, choice.Fields)),
      NumberChosen(static_cast<int>(this->Fields.size())),
      Derived(ChosenDerived(snapshot, choice.Derived)),
      Options(OptionsOf(snapshot, choice, reading)), Request() {
    this->Reading.Progress = nullptr; // the caller's
    const char *needs[PVR_DERIVED_MOST_NEEDS];
    const int nneeds =
        pvr_derived_needs(this->Derived.data(), static_cast<int>(this->Derived.size()),
                          &this->Options, pvr_snapshot_fields(snapshot), needs);
    for (int i = 0; i < nneeds; ++i) {
        if (std::none_of(this->Fields.begin(), this->Fields.end(),
                         [&](const char *name) { return std::strcmp(name, needs[i]) == 0; }))
            this->Fields.push_back(needs[i]);
    }
    this->Request.max_level = choice.MaxLevel;
    this->Request.fields = this->Fields.data();
    this->Request.nfields = static_cast<int>(this->Fields.size());
    this->Request.precision = reading.Precision;
    this->Request.units = reading.Units;
    this->Request.region = &this->Reading.Region;
    this->Request.split = reading.Split;
    this->Request.rank = reading.Piece;
}

vtkPVRamsesCells::Asked::~Asked() {
    pvr_snapshot_release(this->Snapshot);
}

void vtkPVRamsesCells::List(const pvr_snapshot *snapshot, vtkDataArraySelection *fields,
                            vtkDataArraySelection *derived) {
    vtkNew<vtkDataArraySelection> listed; // in the order of the files
    const pvr_field_table *table = pvr_snapshot_fields(snapshot);
    for (int i = 0; i < table->nfields; ++i)
        listed->AddArray(table->field[i].name, table->field[i].by_default);
    listed->AddArray(PVR_FIELD_LEVEL, false);
    if (pvr_snapshot_has_domains(snapshot))
        listed->AddArray(PVR_FIELD_DOMAIN, false);
    vtkPVRamsesSelection::Relist(fields, listed);

    vtkNew<vtkDataArraySelection> formulas;
    for (int i = 0; i < pvr_derived_count(); ++i) {
        if (IsAvailable(pvr_derived_at(i), snapshot))
            formulas->AddArray(pvr_derived_at(i)->name, false);
    }
    vtkPVRamsesSelection::Relist(derived, formulas);
}

vtkPVRamsesCells::Shown::~Shown() {
    this->Forget();
}

void vtkPVRamsesCells::Shown::Forget() {
    pvr_mesh_free(this->Mesh);
    this->Mesh = nullptr;
    this->Trees = nullptr;
}

void vtkPVRamsesCells::Shown::Keep(pvr_mesh *mesh, vtkHyperTreeGrid *trees) {
    this->Forget();
    this->Mesh = mesh;
    this->Trees = trees;
    pvr_mesh_drop_arrays(mesh);
}

vtkPVRamsesCells::Made::~Made() {
    for (pvr_mesh_array &array : this->Derived)
        pvr_array_release(array.array);
}

pvr_status vtkPVRamsesCells::Make(const Asked &asked, const pvr_mesh *mesh,
                                  const vtkPVRamsesShared::Living &living, pvr_progress_fn progress,
                                  void *progressContext, Made &made, pvr_error &error) {
    const pvr_threads &threads = asked.Reading.Threads;
    pvr_derived_request request = pvr_derived_request();
    request.names = asked.Derived.data();
    request.count = static_cast<int>(asked.Derived.size());
    request.units = asked.Reading.Units;
    request.precision = asked.Reading.Precision;
    made.Derived.resize(asked.Derived.size(), pvr_mesh_array());
    Stop stop = {progress, progressContext};
    pvr_status status = PVR_OK;
    if (request.count > 0)
        status = pvr_derive(mesh, pvr_snapshot_info(asked.Snapshot), &request, &asked.Options,
                            &threads, Stop::Ask, &stop, made.Derived.data(), nullptr, &error);
    if (status != PVR_OK)
        return status;
    // Without them VTK finds its own, slowly.
    pvr_mesh_find_ranges(made.Derived.data(), request.count, &threads, nullptr);

    const double begin = pvr_seconds();
    const double factor = asked.Reading.Length.factor;
    made.Trees = living.Find(mesh->octree, factor);
    if (!made.Trees) {
        made.Trees = vtkSmartPointer<vtkHyperTreeGrid>::New();
        status = vtkPVRamsesMesh::Build(made.Trees, mesh->octree, factor, &threads, Stop::Ask,
                                        &stop, &error);
    }
    made.TreeSeconds = pvr_seconds() - begin;
    return status;
}

void vtkPVRamsesCells::Show(vtkHyperTreeGrid *output, const Asked &asked, pvr_mesh *mesh,
                            const Made &made, vtkPVRamsesShared &shared, Shown &shown,
                            vtkPVRamsesReading &reading) {
    const double factor = asked.Reading.Length.factor;
    shared.AddTrees(mesh->octree, factor, made.Trees);
    vtkPVRamsesMesh::ShallowCopy(output, made.Trees);

    vtkCellData *cellData = output->GetCellData();
    for (int i = 0; i < asked.NumberChosen; ++i)
        cellData->AddArray(vtkPVRamsesArrays::Wrap(mesh->arrays[i]));
    for (const pvr_mesh_array &array : made.Derived)
        cellData->AddArray(vtkPVRamsesArrays::Wrap(array));
    if (cellData->HasArray("density"))
        cellData->SetActiveScalars("density");
    AddFormulas(output->GetFieldData(), asked.Derived);
    if (reading.Region.type != PVR_REGION_NONE && mesh->octree->nleaves == 0 && !reading.Split) {
        char nothing[512];
        pvr_region_empty_text(&reading.Region, asked.Snapshot, reading.Length, nothing,
                              sizeof nothing);
        reading.Warnings = nothing;
    }
    AddRootLevel(output->GetFieldData(), mesh->octree->root_level);

    char text[300];
    int length = snprintf(
        text, sizeof text,
        "Output %d: %llu leaf cells (%llu with coarse ones),\nlevels to %d, %llu trees built in "
        "%.3f s\n",
        pvr_snapshot_number(asked.Snapshot), static_cast<unsigned long long>(mesh->octree->nleaves),
        static_cast<unsigned long long>(mesh->octree->ncells), mesh->octree->max_level,
        static_cast<unsigned long long>(mesh->octree->ntrees), made.TreeSeconds);
    if (mesh->nshared + mesh->nput_together > 0) {
        snprintf(text + length, sizeof text - static_cast<size_t>(length),
                 "of %d arrays %d were in memory, %d were made from such\n", mesh->narrays,
                 mesh->nshared, mesh->nput_together);
    }
    reading.Report =
        text + vtkPVRamsesReportText(&mesh->report, reading, mesh->octree->nleaves, "leaf cells");
    vtkNew<vtkDoubleArray> bytes;
    bytes->SetName("bytes_read");
    bytes->InsertNextValue(static_cast<double>(mesh->report.bytes_read));
    output->GetFieldData()->AddArray(bytes);
    shown.Keep(mesh, made.Trees);
}

pvr_status vtkPVRamsesCells::Read(vtkHyperTreeGrid *output, pvr_snapshot *snapshot,
                                  const Choice &choice, vtkPVRamsesShared &shared, Shown &shown,
                                  vtkPVRamsesReading &reading, pvr_error &error) {
    if (!pvr_snapshot_has_mesh(snapshot))
        return PVR_OK;
    Asked asked(snapshot, choice, reading);
    pvr_mesh *mesh = nullptr;
    Made made;
    pvr_cache *cache = shared.GetCache();
    pvr_status status = reading.Ranks.Agree(
        cache ? pvr_cache_load(cache, snapshot, &asked.Request, &reading.Threads, reading.Progress,
                               reading.ProgressContext, &mesh, &error)
              : pvr_fail(&error, PVR_ERROR_MEMORY, "no memory for the cache"),
        error);
    if (status == PVR_OK && !asked.Derived.empty())
        status = MeanOfRanks(mesh, asked.Options, reading, error);
    if (status == PVR_OK)
        status = reading.Ranks.Agree(Make(asked, mesh, shared.GetLiving(), reading.Progress,
                                          reading.ProgressContext, made, error),
                                     error);
    if (status == PVR_OK)
        Show(output, asked, mesh, made, shared, shown, reading);
    else
        pvr_mesh_free(mesh);
    return status;
}

void vtkPVRamsesCells::ReadAhead(pvr_ahead *ahead, pvr_snapshot *snapshot, const Choice &choice,
                                 const vtkPVRamsesReading &reading) {
    const Asked asked(snapshot, choice, reading);
    pvr_ahead_start(ahead, snapshot, &asked.Request, &reading.Threads, nullptr);
}
