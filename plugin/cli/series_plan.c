/* series_plan.c - the cases of pvramses series (regions and deepest levels), what an output will
 * need for them, and the files that it will read. */
#include "series_plan.h"

#include "chosen.h"
#include "pvr_columns.h"
#include "pvr_particles.h"

#include <stdlib.h>
#include <sys/stat.h>

static int at_least_one(int count) {
    return count > 0 ? count : 1;
}

int series_cases(const struct options *options) {
    return at_least_one(options->nregions) * at_least_one(options->nmax_levels);
}

struct series_case series_case(const struct options *options, int number) {
    const int nlevels = at_least_one(options->nmax_levels);
    return (struct series_case){
        .region = options->nregions > 0 ? number / nlevels : -1,
        .max_level = options->nmax_levels > 0 ? options->max_levels[number % nlevels] : 0};
}

struct pvr_region series_region(const struct options *options, const struct series_case *one,
                                const struct pvr_snapshot *snapshot) {
    return one->region >= 0 ? region_in_code(&options->regions[one->region], snapshot)
                            : (struct pvr_region){.type = PVR_REGION_NONE};
}

static uint64_t bytes_of(const char *path) {
    struct stat status;
    return path != NULL && stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* Of the particles at most; those of a region are not known beforehand. */
static uint64_t particle_bytes(const struct pvr_snapshot *snapshot) {
    const uint64_t each = (3 + 1 + 3) * 8 + 4; /* position, mass, velocity, family */
    struct pvr_particle_table table;
    uint64_t bytes = 0;
    if (pvr_particles_describe(snapshot, &table, NULL) != PVR_OK) {
        return 0;
    }
    if (table.counted) {
        bytes = each * table.count;
    } else if (table.present) { /* a particle has at least as much in the files */
        for (int domain = 1; domain <= pvr_snapshot_info(snapshot)->ncpu; domain++) {
            char *path = pvr_snapshot_file(snapshot, "part", domain);
            bytes += bytes_of(path);
            free(path);
        }
    }
    pvr_particle_table_free(&table);
    return bytes;
}

void series_plan(const struct options *options, const struct quantities *quantities,
                 struct pvr_snapshot *snapshot, struct pvr_batch_item *item) {
    const uint64_t particles = quantities->particles ? particle_bytes(snapshot) : 0;
    item->need = particles; /* the mesh is gone by then */
    for (int c = 0; c < series_cases(options); c++) {
        const struct series_case one = series_case(options, c);
        const struct pvr_region region = series_region(options, &one, snapshot);
        const struct chosen_request wanted = {.list = quantities->fields,
                                              .max_level = one.max_level,
                                              .precision = PVR_FLOAT64,
                                              .region = &region};
        uint64_t mesh = 0;
        if (quantities->mesh && pvr_snapshot_has_mesh(snapshot) &&
            chosen_bytes(snapshot, &wanted, &mesh, NULL) != PVR_OK) {
            mesh = 0;
        }
        item->need = mesh > item->need ? mesh : item->need;
        item->cost += mesh + particles;
    }
}

/* Whether the quantities need a kind of file beside amr. */
static bool reads_kind(const struct quantities *quantities, const struct pvr_snapshot *snapshot,
                       enum pvr_file_kind kind) {
    const struct pvr_field_table *table = pvr_snapshot_fields(snapshot);
    bool reads = kind == PVR_HYDRO && (quantities->mass || quantities->velocity);
    for (int q = 0; q < quantities->count && !reads; q++) {
        const struct quantity *quantity = &quantities->quantity[q];
        if (quantity->kind == QUANTITY_FIELD) {
            const int variable = pvr_variable_find(table, quantity->field);
            reads = variable >= 0 ? table->variable[variable].kind == kind : kind == PVR_HYDRO;
        }
    }
    return reads;
}

void series_ahead(const struct options *options, const struct quantities *quantities,
                  const struct pvr_snapshot *snapshot, struct pvr_batch_ahead *ahead) {
    const char *kinds[PVR_FILE_KINDS + 2];
    int nkinds = 0;
    if (options->nregions > 0 || options->max_level > 0) {
        return;
    }
    if (pvr_snapshot_mera(snapshot) != NULL) {
        pvr_batch_ahead_file(ahead, pvr_snapshot_path(snapshot));
        return;
    }
    if (quantities->mesh) {
        kinds[nkinds++] = "amr";
    }
    for (int kind = 0; quantities->mesh && kind < PVR_FILE_KINDS; kind++) {
        if (reads_kind(quantities, snapshot, (enum pvr_file_kind)kind)) {
            kinds[nkinds++] = pvr_file_kind_name((enum pvr_file_kind)kind);
        }
    }
    if (quantities->particles) {
        kinds[nkinds++] = "part";
    }
    bool more = true;
    for (int domain = 1; more && domain <= pvr_snapshot_info(snapshot)->ncpu; domain++) {
        for (int k = 0; more && k < nkinds; k++) {
            char *path = pvr_snapshot_file(snapshot, kinds[k], domain);
            more = path != NULL && pvr_batch_ahead_file(ahead, path);
            free(path);
        }
    }
}
