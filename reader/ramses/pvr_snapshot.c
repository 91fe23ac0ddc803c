/* pvr_snapshot.c - one output of a run, opened. */
#include "pvr_snapshot_private.h"

#include "pvr_mera_output.h"
#include "pvr_octree.h"
#include "pvr_particle_columns.h"
#include "pvr_series.h"
#include "pvr_text.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads the first amr file's header and the physical box. */
static enum pvr_status open_first_amr(struct pvr_snapshot *snapshot, struct pvr_error *error) {
    struct pvr_layout *layout = &snapshot->layout;
    const struct pvr_info *info = &snapshot->info;
    char *path = pvr_layout_path(layout, "amr", 1);
    struct pvr_file file;
    if (path == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    enum pvr_status status = pvr_file_open(&file, path, error);
    if (status != PVR_OK) {
        free(path);
        return status;
    }
    status = pvr_amr_read_header(&file, NULL, &layout->amr, error);
    layout->encoding = file.encoding;
    const struct pvr_amr_header *amr = &layout->amr;
    double tolerance = amr->real_bytes == 4 ? 1e-6 : 1e-12; /* the info file has 15 digits */
    if (status == PVR_OK && (amr->ncpu != info->ncpu || amr->ndim != info->ndim)) {
        status = pvr_fail(error, PVR_ERROR_FORMAT,
                          "%s: records 1 and 2 have ncpu = %d, ndim = %d where the info file has "
                          "%d, %d: a file of another output",
                          path, (int)amr->ncpu, (int)amr->ndim, info->ncpu, info->ndim);
    }
    if (status == PVR_OK &&
        !(fabs(amr->time - info->time) <= tolerance * fmax(fabs(amr->time), fabs(info->time)))) {
        status = pvr_fail(error, PVR_ERROR_FORMAT,
                          "%s: record 12 (t) has the time %.15g where the info file has %.15g: a "
                          "file of another output",
                          path, amr->time, info->time);
    }
    if (status == PVR_OK) {
        struct pvr_place *place = calloc((size_t)amr->nlevelmax + 1, sizeof *place);
        uint64_t body;
        status = place != NULL
                     ? pvr_amr_read_places(&file, amr, 1, place, &body, &layout->box, error)
                     : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for the levels");
        free(place);
    }
    if (status == PVR_OK) {
        status = pvr_bounds_read(&file, amr, &layout->box, &layout->bounds, error);
    }
    pvr_file_close(&file);
    free(path);
    return status;
}

/* Reads the first header of a kind and its descriptor; an output may lack the kind. */
static enum pvr_status open_first_columns(struct pvr_snapshot *snapshot, enum pvr_file_kind kind,
                                          struct pvr_error *error) {
    const char *name = pvr_file_kind_name(kind);
    char *path = pvr_layout_path(&snapshot->layout, name, 1);
    char *descriptor =
        pvr_text_format("%s/%s_file_descriptor.txt", snapshot->layout.text_folder, name);
    enum pvr_status status = PVR_OK;
    if (path == NULL || descriptor == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    } else if (access(path, F_OK) == 0 || (kind == PVR_HYDRO && access(descriptor, F_OK) == 0)) {
        /* (a hydro descriptor without files: the first file is missing, not the kind) */
        int described = pvr_descriptor_count(descriptor);
        struct pvr_file file;
        struct pvr_columns_header header;
        status = pvr_file_open(&file, path, error);
        if (status == PVR_OK) {
            file.encoding = snapshot->layout.encoding;
            status = pvr_columns_read_header(&file, kind, &snapshot->layout.amr,
                                             described > 0 ? described : 1, &header, error);
            pvr_file_close(&file);
        }
        if (status == PVR_OK) {
            snapshot->nvar[kind] = header.nvar;
            snapshot->gamma = kind == PVR_HYDRO ? header.gamma : snapshot->gamma;
            status = pvr_field_table_add(&snapshot->fields, kind, descriptor, snapshot->info.ndim,
                                         header.nvar, error);
        }
    }
    free(path);
    free(descriptor);
    return status;
}

/* Where the files lie: in the info file's folder, or in it and its siblings group_GGGGG. */
static enum pvr_status find_files(struct pvr_snapshot *snapshot, struct pvr_error *error) {
    struct pvr_layout *layout = &snapshot->layout;
    const char *slash = strrchr(snapshot->path, '/');
    const char *name = slash != NULL ? slash + 1 : snapshot->path;
    layout->number = atoi(name + strlen("info_"));
    layout->text_folder =
        slash != NULL ? pvr_text_format("%.*s", (int)(slash - snapshot->path), snapshot->path)
                      : pvr_text_format(".");
    if (layout->text_folder == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    char real[PATH_MAX]; /* the folder may be called "." */
    const char *last = realpath(layout->text_folder, real) != NULL ? strrchr(real, '/') : NULL;
    bool grouped = last != NULL && strcmp(last, "/group_00001") == 0;
    layout->folder = grouped ? pvr_text_format("%s/..", layout->text_folder)
                             : pvr_text_format("%s", layout->text_folder);
    if (layout->folder == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    }
    if (grouped) { /* as many domains as the first group's folder has files of the mesh */
        layout->group_size = snapshot->info.ncpu;
        for (int domain = 1; domain <= snapshot->info.ncpu; domain++) {
            char *path = pvr_layout_path(layout, "amr", domain);
            bool there = path != NULL && access(path, F_OK) == 0;
            free(path);
            if (!there) {
                layout->group_size = domain > 1 ? domain - 1 : 1;
                break;
            }
        }
    }
    return PVR_OK;
}

static enum pvr_status open_mera(struct pvr_snapshot *snapshot, const char *path,
                                 struct pvr_snapshot **result, struct pvr_error *error) {
    snapshot->path = strdup(path);
    enum pvr_status status = snapshot->path != NULL
                                 ? pvr_mera_snapshot_open(snapshot, error)
                                 : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
    if (status != PVR_OK) {
        pvr_snapshot_release(snapshot);
        return status;
    }
    *result = snapshot;
    return PVR_OK;
}

enum pvr_status pvr_snapshot_open(const char *path, struct pvr_snapshot **result,
                                  struct pvr_error *error) {
    *result = NULL;
    struct pvr_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a snapshot");
    }
    snapshot->references = 1;
    pthread_mutex_init(&snapshot->lock, NULL);
    if (pvr_mera_named(path)) {
        return open_mera(snapshot, path, result, error);
    }
    enum pvr_status status = pvr_output_info_path(path, &snapshot->path, error);
    if (status == PVR_OK) {
        struct pvr_file file;
        status = pvr_file_open(&file, snapshot->path, error);
        if (status == PVR_OK) {
            snapshot->stamp = file.stamp;
            pvr_file_close(&file);
        }
    }
    if (status == PVR_OK) {
        status = pvr_info_read(snapshot->path, &snapshot->info, error);
    }
    if (status == PVR_OK) {
        status = find_files(snapshot, error);
    }
    if (status == PVR_OK) {
        char *path = pvr_text_format("%s/info_rt_%05d.txt", snapshot->layout.text_folder,
                                     snapshot->layout.number);
        status = path != NULL ? pvr_info_read_radiation(path, &snapshot->info, error)
                              : pvr_fail(error, PVR_ERROR_MEMORY, "no memory for a path");
        free(path);
    }
    if (status == PVR_OK) {
        status = open_first_amr(snapshot, error);
    }
    for (int kind = 0; status == PVR_OK && kind < PVR_FILE_KINDS; kind++) {
        struct pvr_error problem;
        status = open_first_columns(snapshot, (enum pvr_file_kind)kind, &problem);
        if (status != PVR_OK && status != PVR_ERROR_MEMORY && kind != PVR_HYDRO) {
            /* what is added to the gas may be spoilt: the gas can still be seen */
            pvr_text_add_line(&snapshot->warnings, problem.message);
            pvr_text_add_line(&snapshot->spoilt, problem.message);
            snapshot->nvar[kind] = 0;
            status = PVR_OK;
        } else if (status != PVR_OK && error != NULL) {
            *error = problem;
        }
    }
    if (status != PVR_OK) {
        pvr_snapshot_release(snapshot);
        return status;
    }
    if (snapshot->fields.warnings != NULL) {
        pvr_text_add_line(&snapshot->warnings, snapshot->fields.warnings);
    }
    *result = snapshot;
    return PVR_OK;
}

struct pvr_snapshot *pvr_snapshot_retain(struct pvr_snapshot *snapshot) {
    __atomic_fetch_add(&snapshot->references, 1, __ATOMIC_RELAXED);
    return snapshot;
}

void pvr_snapshot_release(struct pvr_snapshot *snapshot) {
    if (snapshot == NULL || __atomic_sub_fetch(&snapshot->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    for (int kind = 0; kind < PVR_FILE_KINDS; kind++) {
        pvr_domain_columns_free(snapshot->columns[kind]);
    }
    pvr_domains_free(snapshot->domains);
    pvr_bounds_free(&snapshot->layout.bounds);
    pvr_field_table_free(&snapshot->fields);
    pvr_mera_free(snapshot->mera);
    if (snapshot->particles != NULL) {
        pvr_particle_columns_free(snapshot->particles);
        free(snapshot->particles);
    }
    pthread_mutex_destroy(&snapshot->lock);
    free(snapshot->layout.folder);
    free(snapshot->layout.text_folder);
    free(snapshot->warnings);
    free(snapshot->spoilt);
    free(snapshot->path);
    free(snapshot);
}

const char *pvr_snapshot_path(const struct pvr_snapshot *snapshot) {
    return snapshot->path;
}

int pvr_snapshot_number(const struct pvr_snapshot *snapshot) {
    return snapshot->layout.number;
}

const struct pvr_info *pvr_snapshot_info(const struct pvr_snapshot *snapshot) {
    return &snapshot->info;
}

const struct pvr_field_table *pvr_snapshot_fields(const struct pvr_snapshot *snapshot) {
    return &snapshot->fields;
}

const char *pvr_snapshot_warnings(const struct pvr_snapshot *snapshot) {
    return snapshot->warnings;
}

const char *pvr_snapshot_spoilt(const struct pvr_snapshot *snapshot) {
    return snapshot->spoilt;
}

const struct pvr_mera *pvr_snapshot_mera(const struct pvr_snapshot *snapshot) {
    return snapshot->mera;
}

bool pvr_snapshot_has_mesh(const struct pvr_snapshot *snapshot) {
    return snapshot->mera == NULL || pvr_mera_mesh_kind(snapshot->mera) != PVR_MERA_KINDS;
}

bool pvr_snapshot_has_domains(const struct pvr_snapshot *snapshot) {
    if (snapshot->mera == NULL) {
        return true;
    }
    enum pvr_mera_kind kind = pvr_mera_mesh_kind(snapshot->mera);
    return kind != PVR_MERA_KINDS && pvr_mera_column_find(&snapshot->mera->table[kind], "cpu") >= 0;
}

double pvr_snapshot_gamma(const struct pvr_snapshot *snapshot) {
    return snapshot->gamma;
}

void pvr_snapshot_box(const struct pvr_snapshot *snapshot, double size[3], uint32_t ncoarse[3]) {
    for (int axis = 0; axis < 3; axis++) {
        ncoarse[axis] = axis < snapshot->info.ndim ? snapshot->layout.box.count[axis] : 1;
        /* RAMSES: boxlen is the size of a coarse cell times the coarse cells along x that are
         * not boundaries (scale = boxlen / (icoarse_max - icoarse_min + 1)) */
        size[axis] = snapshot->layout.amr.boxlen / snapshot->layout.box.count[0] * ncoarse[axis];
    }
}

int pvr_snapshot_nlevelmax(const struct pvr_snapshot *snapshot) {
    return snapshot->layout.amr.nlevelmax;
}

enum pvr_status pvr_snapshot_check_depth(const struct pvr_snapshot *snapshot, int deepest,
                                         struct pvr_error *error) {
    uint32_t largest = 1;
    for (int axis = 0; axis < snapshot->info.ndim; axis++) {
        largest =
            snapshot->layout.box.count[axis] > largest ? snapshot->layout.box.count[axis] : largest;
    }
    if (deepest > PVR_MAX_LEVELS - 1 || ldexp(largest, deepest) > 0x1p31) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "%s: %d levels below %u coarse cells: more than 2^31 cells along an axis",
                        snapshot->path, deepest, largest);
    }
    return PVR_OK;
}

enum pvr_status pvr_snapshot_some_domains(struct pvr_snapshot *snapshot, const uint64_t *levels,
                                          struct pvr_job *job, const struct pvr_domains **domains,
                                          struct pvr_error *error) {
    struct pvr_domains *known = __atomic_load_n(&snapshot->domains, __ATOMIC_ACQUIRE);
    *domains = known;
    if (known != NULL &&
        (__atomic_load_n(&known->complete, __ATOMIC_ACQUIRE) ||
         (levels != NULL && pvr_domains_are_known(known->known, known->ndomains, levels)))) {
        return PVR_OK;
    }
    if (snapshot->mera != NULL) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED,
                        "%s: is a Mera file: it can be read as a whole alone, not block by block",
                        snapshot->path);
    }
    enum pvr_status status = PVR_OK;
    pthread_mutex_lock(&snapshot->lock);
    if (snapshot->domains == NULL) {
        status = pvr_domains_new(&snapshot->layout, &known, error);
        __atomic_store_n(&snapshot->domains, known, __ATOMIC_RELEASE);
    }
    *domains = snapshot->domains;
    if (status == PVR_OK) {
        status = pvr_domains_read(&snapshot->layout, snapshot->domains, levels, job, error);
    }
    pthread_mutex_unlock(&snapshot->lock);
    return status;
}

enum pvr_status pvr_snapshot_domains(struct pvr_snapshot *snapshot, struct pvr_job *job,
                                     const struct pvr_domains **domains, struct pvr_error *error) {
    enum pvr_status status = pvr_snapshot_some_domains(snapshot, NULL, job, domains, error);
    return status == PVR_OK ? pvr_snapshot_check_depth(snapshot, (*domains)->deepest, error)
                            : status;
}

enum pvr_status pvr_snapshot_some_columns(struct pvr_snapshot *snapshot, enum pvr_file_kind kind,
                                          const uint64_t *levels, struct pvr_job *job,
                                          const struct pvr_domain_columns **columns,
                                          struct pvr_error *error) {
    const struct pvr_domains *domains;
    enum pvr_status status = pvr_snapshot_some_domains(snapshot, levels, job, &domains, error);
    struct pvr_domain_columns *known = __atomic_load_n(&snapshot->columns[kind], __ATOMIC_ACQUIRE);
    *columns = known;
    if (status != PVR_OK ||
        (known != NULL && pvr_domains_are_known(known->known, domains->ndomains, levels))) {
        return status;
    }
    pthread_mutex_lock(&snapshot->lock);
    if (snapshot->columns[kind] == NULL) {
        status = pvr_domain_columns_new(&snapshot->layout, &known, error);
        __atomic_store_n(&snapshot->columns[kind], known, __ATOMIC_RELEASE);
    }
    *columns = snapshot->columns[kind];
    if (status == PVR_OK) {
        status = pvr_domain_columns_read(&snapshot->layout, domains, kind, snapshot->nvar[kind],
                                         snapshot->columns[kind], levels, job, error);
    }
    pthread_mutex_unlock(&snapshot->lock);
    return status;
}

enum pvr_status pvr_snapshot_columns(struct pvr_snapshot *snapshot, enum pvr_file_kind kind,
                                     struct pvr_job *job, const struct pvr_domain_columns **columns,
                                     struct pvr_error *error) {
    return pvr_snapshot_some_columns(snapshot, kind, NULL, job, columns, error);
}

enum pvr_status pvr_snapshot_levels(struct pvr_snapshot *snapshot,
                                    const struct pvr_threads *threads,
                                    struct pvr_level_count *levels, int *nlevels,
                                    struct pvr_error *error) {
    if (snapshot->mera != NULL) {
        return pvr_mera_snapshot_levels(snapshot, threads, levels, nlevels, error);
    }
    struct pvr_job job;
    *nlevels = 0;
    enum pvr_status status = pvr_job_begin(&job, threads, NULL, NULL, error);
    if (status != PVR_OK) {
        return status;
    }
    const struct pvr_domains *domains;
    status = pvr_snapshot_domains(snapshot, &job, &domains, error);
    pvr_job_end(&job, NULL);
    if (status != PVR_OK) {
        return status;
    }
    *nlevels = domains->deepest;
    for (int l = 0; l < domains->deepest; l++) {
        uint64_t below = l + 1 < domains->deepest ? domains->level_octs[l + 1] : 0;
        levels[l].octs = domains->level_octs[l];
        levels[l].cells = domains->level_octs[l] << snapshot->info.ndim;
        levels[l].leaf_cells = levels[l].cells > below ? levels[l].cells - below : 0;
    }
    return PVR_OK;
}

char *pvr_snapshot_file(const struct pvr_snapshot *snapshot, const char *kind, int domain) {
    return snapshot->mera == NULL ? pvr_layout_path(&snapshot->layout, kind, domain) : NULL;
}

uint64_t pvr_snapshot_disk_bytes(const struct pvr_snapshot *snapshot) {
    if (snapshot->mera != NULL) {
        return snapshot->mera->identity.size;
    }
    uint64_t bytes = 0;
    for (int kind = -1; kind < PVR_FILE_KINDS; kind++) {
        const char *name = kind < 0 ? "amr" : pvr_file_kind_name((enum pvr_file_kind)kind);
        for (int domain = 1; domain <= snapshot->info.ncpu; domain++) {
            char *path = pvr_layout_path(&snapshot->layout, name, domain);
            struct stat status;
            if (path != NULL && stat(path, &status) == 0) {
                bytes += (uint64_t)status.st_size;
            }
            free(path);
        }
    }
    return bytes;
}
