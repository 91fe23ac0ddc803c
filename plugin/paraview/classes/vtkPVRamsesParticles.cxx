// vtkPVRamsesParticles.cxx - see vtkPVRamsesParticles.h.
#include "vtkPVRamsesParticles.h"

#include "vtkPVRamsesArrays.h"
#include "vtkPVRamsesPoints.h"

#include "pvr_particles.h"

#include "vtkDoubleArray.h"
#include "vtkFieldData.h"
#include "vtkIntArray.h"
#include "vtkNew.h"
#include "vtkPointData.h"
#include "vtkStringArray.h"
#include "vtkTypeInt64Array.h"

#include <cstdio>
#include <cstring>
#include <vector>

namespace {

struct Table {
    pvr_particle_table Fields = pvr_particle_table();

    Table() = default;
    Table(const Table &) = delete;
    Table &operator=(const Table &) = delete;
    ~Table() {
        pvr_particle_table_free(&this->Fields);
    }
};

struct Loaded {
    pvr_particles *Particles = nullptr;

    Loaded() = default;
    Loaded(const Loaded &) = delete;
    Loaded &operator=(const Loaded &) = delete;
    ~Loaded() {
        if (this->Particles)
            pvr_particles_free(this->Particles);
    }
};

// What the files hold is on, what follows from it is off; the family is always of use.
bool IsOn(const pvr_particle_field &field) {
    return !field.derived || std::strcmp(field.name, PVR_PARTICLE_FAMILY) == 0;
}

// The families that are wanted, as codes (a byte in the files). One that the selection does not
// list (it is not in the output that is listed, but another time may have it) is wanted. `all` is
// set if none is left out.
std::vector<int> ChosenFamilies(vtkDataArraySelection *selection, bool &all) {
    std::vector<int> codes;
    for (int code = -128; code <= 127; ++code) {
        if (vtkPVRamsesSelection::Wants(selection, pvr_family_name(code), true))
            codes.push_back(code);
    }
    all = codes.size() == 256;
    return codes;
}

// Families by code with name, number and mass (code units), as field data: rows of a table.
void AddFamilies(vtkFieldData *fieldData, const pvr_particles *particles,
                 const vtkPVRamsesRanks &ranks) {
    uint64_t count[PVR_FAMILIES + 1] = {0}; // by place; the last: all that match
    double mass[PVR_FAMILIES] = {0.0};
    for (int i = 0; i < particles->nfamilies; ++i) {
        const int place = pvr_family_place(particles->family[i].code);
        count[place] = particles->family[i].count;
        mass[place] = particles->family[i].mass;
    }
    count[PVR_FAMILIES] = particles->matching;
    ranks.AddUp(count, PVR_FAMILIES + 1);
    ranks.AddUp(mass, PVR_FAMILIES);
    vtkNew<vtkIntArray> codes;
    vtkNew<vtkStringArray> names;
    vtkNew<vtkTypeInt64Array> counts;
    vtkNew<vtkDoubleArray> masses;
    codes->SetName("family_code");
    names->SetName("family_name");
    counts->SetName("family_count");
    masses->SetName("family_mass");
    for (int place = 0; place < PVR_FAMILIES; ++place) {
        if (count[place] == 0)
            continue;
        codes->InsertNextValue(pvr_family_at(place));
        names->InsertNextValue(pvr_family_name(pvr_family_at(place)));
        counts->InsertNextValue(static_cast<vtkTypeInt64>(count[place]));
        masses->InsertNextValue(mass[place]);
    }
    vtkNew<vtkTypeInt64Array> total, matching;
    total->SetName("particles_in_files");
    total->InsertNextValue(static_cast<vtkTypeInt64>(particles->total));
    matching->SetName("particles_before_thinning");
    matching->InsertNextValue(static_cast<vtkTypeInt64>(count[PVR_FAMILIES]));
    for (vtkAbstractArray *array : {static_cast<vtkAbstractArray *>(codes.Get()),
                                    static_cast<vtkAbstractArray *>(names.Get()),
                                    static_cast<vtkAbstractArray *>(counts.Get()),
                                    static_cast<vtkAbstractArray *>(masses.Get()),
                                    static_cast<vtkAbstractArray *>(total.Get()),
                                    static_cast<vtkAbstractArray *>(matching.Get())})
        fieldData->AddArray(array);
}

} // namespace

pvr_status vtkPVRamsesParticles::List(const pvr_snapshot *snapshot, vtkDataArraySelection *fields,
                                      vtkDataArraySelection *families, pvr_error &error) {
    Table table;
    const pvr_status status = pvr_particles_describe(snapshot, &table.Fields, &error);
    vtkNew<vtkDataArraySelection> listed, present;
    if (status == PVR_OK && table.Fields.present) {
        for (int i = 0; i < table.Fields.nfields; ++i)
            listed->AddArray(table.Fields.field[i].name, IsOn(table.Fields.field[i]));
        for (int place = 0; place < PVR_FAMILIES; ++place) {
            if (!table.Fields.counted || table.Fields.family_count[place] > 0)
                present->AddArray(pvr_family_name(pvr_family_at(place)), true);
        }
    }
    vtkPVRamsesSelection::Relist(fields, listed);
    vtkPVRamsesSelection::Relist(families, present);
    return status;
}

pvr_status vtkPVRamsesParticles::Read(vtkPolyData *output, pvr_snapshot *snapshot,
                                      const Choice &choice, vtkPVRamsesReading &reading,
                                      pvr_error &error) {
    Table table;
    pvr_status status =
        reading.Ranks.Agree(pvr_particles_describe(snapshot, &table.Fields, &error), error);
    if (status != PVR_OK || !reading.Ranks.Any(table.Fields.present))
        return status;
    std::vector<const char *> fields;
    for (int i = 0; i < table.Fields.nfields; ++i) {
        const pvr_particle_field &field = table.Fields.field[i];
        if (vtkPVRamsesSelection::Wants(choice.Fields, field.name, IsOn(field)))
            fields.push_back(field.name);
    }
    bool all = false;
    const std::vector<int> families = ChosenFamilies(choice.Families, all);
    if (families.empty())
        return PVR_OK;

    pvr_particle_request request = pvr_particle_request();
    request.fields = fields.data();
    request.nfields = static_cast<int>(fields.size());
    request.families = all ? nullptr : families.data();
    request.nfamilies = all ? 0 : static_cast<int>(families.size());
    request.precision = reading.Precision;
    request.position_precision = PVR_FLOAT64;
    request.units = reading.Units;
    request.length_factor = reading.Length.factor;
    request.keep_every = static_cast<uint64_t>(choice.Thinning);
    request.totals = true;
    request.region = &reading.Region;
    Loaded loaded;
    request.split = reading.Split;
    request.rank = reading.Piece;
    status = reading.Ranks.Agree(pvr_particles_load(snapshot, &request, &reading.Threads,
                                                    reading.Progress, reading.ProgressContext,
                                                    &loaded.Particles, &error),
                                 error);
    if (status != PVR_OK)
        return status;
    const pvr_particles *particles = loaded.Particles;
    pvr_particles_find_ranges(loaded.Particles, &reading.Threads, nullptr);
    status = reading.Ranks.Agree(
        vtkPVRamsesPoints::Set(output, particles->position.array, &reading.Threads, error), error);
    if (status != PVR_OK)
        return status;
    for (int i = 0; i < particles->narrays; ++i)
        output->GetPointData()->AddArray(vtkPVRamsesArrays::Wrap(particles->arrays[i]));
    AddFamilies(output->GetFieldData(), particles, reading.Ranks);

    if (particles->warnings)
        reading.Warnings = particles->warnings;
    char text[160];
    snprintf(text, sizeof text, "Output %d: %llu of %llu particles\n",
             pvr_snapshot_number(snapshot), static_cast<unsigned long long>(particles->count),
             static_cast<unsigned long long>(particles->total));
    reading.Report =
        text + vtkPVRamsesReportText(&particles->report, reading, particles->count, "particles");
    return PVR_OK;
}
