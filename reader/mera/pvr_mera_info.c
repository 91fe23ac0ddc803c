/* pvr_mera_info.c - what a Mera file says of its output, and of itself. */
#include "pvr_mera.h"

#include "pvr_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 1 << 20, MOST_NAMES = 4096, MOST_FACTS = 32 };

/* An object that a member refers to, and its bytes: to be closed, also after a failure. */
struct followed {
    struct pvr_jld2_object object;
    uint8_t *data;
};

static bool follow(struct pvr_jld2 *file, struct pvr_jld2_value from, const char *member,
                   struct followed *to) {
    struct pvr_jld2_value value = from;
    memset(to, 0, sizeof *to);
    if (member != NULL && !pvr_jld2_member(from, member, &value)) {
        return false;
    }
    uint64_t address = pvr_jld2_reference(value);
    return address != 0 &&
           pvr_jld2_follow(file, address, "a reference", &to->object, NULL) == PVR_OK &&
           pvr_jld2_read(file, &to->object, SMALL, "a reference", &to->data, NULL) == PVR_OK &&
           to->data != NULL;
}

static void close_followed(struct followed *to) {
    pvr_jld2_object_free(&to->object);
    free(to->data);
    to->data = NULL;
}

static struct pvr_jld2_value value_of(const struct followed *to, uint64_t i) {
    return (struct pvr_jld2_value){to->object.type, to->data + i * to->object.type->size};
}

/* ---- of the output ----------------------------------------------------------------------------
 */

static bool real(struct pvr_jld2_value info, const char *name, double *number) {
    struct pvr_jld2_value value;
    return pvr_jld2_member(info, name, &value) && pvr_jld2_real(value, number);
}

static bool whole(struct pvr_jld2_value info, const char *name, int64_t least, int64_t most,
                  int64_t *number) {
    struct pvr_jld2_value value;
    return pvr_jld2_member(info, name, &value) && pvr_jld2_whole(value, number) &&
           *number >= least && *number <= most;
}

static void read_names(struct pvr_jld2 *file, struct pvr_jld2_value info, const char *member,
                       struct pvr_mera_names *names) {
    struct followed list;
    if (follow(file, info, member, &list) && list.object.count <= MOST_NAMES &&
        list.object.type->kind == PVR_JLD2_TEXT) {
        names->name = calloc(list.object.count + 1, sizeof *names->name);
        for (uint64_t i = 0; names->name != NULL && i < list.object.count; i++) {
            char *name = pvr_jld2_text(file, value_of(&list, i));
            if (name == NULL) {
                break;
            }
            names->name[names->count++] = name;
        }
    }
    close_followed(&list);
}

/* The pairs of a dictionary: an array of references to compounds of `first` and `second`. */
static void each_pair(struct pvr_jld2 *file, struct pvr_jld2_value dictionary,
                      void (*use)(void *context, const char *key, struct pvr_jld2_value second),
                      void *context) {
    struct followed list;
    if (follow(file, dictionary, dictionary.type->kind == PVR_JLD2_COMPOUND ? "kvvec" : NULL,
               &list)) {
        for (uint64_t i = 0; i < list.object.count && i < MOST_NAMES; i++) {
            struct followed pair, first, second;
            memset(&first, 0, sizeof first);
            memset(&second, 0, sizeof second);
            if (follow(file, value_of(&list, i), NULL, &pair) &&
                pair.object.type->kind == PVR_JLD2_COMPOUND &&
                follow(file, value_of(&pair, 0), "first", &first) &&
                follow(file, value_of(&pair, 0), "second", &second)) {
                char *key = pvr_jld2_text(file, value_of(&first, 0));
                if (key != NULL) {
                    use(context, key, value_of(&second, 0));
                }
                free(key);
            }
            close_followed(&pair);
            close_followed(&first);
            close_followed(&second);
        }
    }
    close_followed(&list);
}

static void take_radiation(void *context, const char *key, struct pvr_jld2_value second) {
    struct pvr_info *info = context;
    double number;
    if (pvr_jld2_real(second, &number) && isfinite(number) && number > 0) {
        info->unit_np = strcmp(key, "unit_np") == 0 ? number : info->unit_np;
        info->unit_pf = strcmp(key, "unit_pf") == 0 ? number : info->unit_pf;
    }
}

static void read_descriptor(struct pvr_jld2 *file, struct pvr_jld2_value info,
                            struct pvr_mera *mera) {
    struct followed descriptor, radiation;
    if (follow(file, info, "descriptor", &descriptor)) {
        struct pvr_jld2_value value = value_of(&descriptor, 0);
        read_names(file, value, "hydro", &mera->descriptor[PVR_MERA_HYDRO]);
        if (follow(file, value, "rt", &radiation)) {
            each_pair(file, value_of(&radiation, 0), take_radiation, &mera->info);
        }
        close_followed(&radiation);
    }
    close_followed(&descriptor);
}

/* The numbers without which nothing can be shown. */
static const char *read_needed(struct pvr_jld2_value from, struct pvr_info *info) {
    int64_t ncpu, ndim, levelmin, levelmax;
    if (!whole(from, "ndim", 1, 3, &ndim)) {
        return "ndim";
    }
    if (!whole(from, "ncpu", 1, INT32_MAX, &ncpu)) {
        return "ncpu";
    }
    if (!whole(from, "levelmin", 1, 64, &levelmin)) {
        return "levelmin";
    }
    if (!whole(from, "levelmax", 1, 64, &levelmax)) {
        return "levelmax";
    }
    info->ncpu = (int)ncpu;
    info->ndim = (int)ndim;
    info->levelmin = (int)levelmin;
    info->levelmax = (int)levelmax;
    const struct {
        const char *name;
        double *number;
        bool positive;
    } needed[] = {{"boxlen", &info->boxlen, true},
                  {"time", &info->time, false},
                  {"unit_l", &info->unit_l, true},
                  {"unit_d", &info->unit_d, true},
                  {"unit_t", &info->unit_t, true}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!real(from, needed[i].name, needed[i].number) || !isfinite(*needed[i].number) ||
            (needed[i].positive && !(*needed[i].number > 0))) {
            return needed[i].name;
        }
    }
    return NULL;
}

enum pvr_status pvr_mera_info_read(struct pvr_jld2 *file, const struct pvr_jld2_object *object,
                                   struct pvr_mera *mera, struct pvr_error *error) {
    uint8_t *data;
    struct pvr_info *info = &mera->info;
    enum pvr_status status = pvr_jld2_read(file, object, SMALL, "info", &data, error);
    if (status != PVR_OK) {
        return status;
    }
    struct pvr_jld2_value from = {object->type, data}, value;
    const char *wrong = data != NULL ? read_needed(from, info) : "output";
    if (wrong != NULL) {
        free(data);
        return pvr_fail(error, PVR_ERROR_FORMAT,
                        "%s: its info has no %s, or one that makes no sense", mera->path, wrong);
    }
    info->aexp = 1;
    info->unit_np = info->unit_pf = 1;
    real(from, "aexp", &info->aexp);
    real(from, "H0", &info->H0);
    real(from, "omega_m", &info->omega_m);
    real(from, "omega_l", &info->omega_l);
    real(from, "omega_k", &info->omega_k);
    real(from, "omega_b", &info->omega_b);
    real(from, "gamma", &mera->gamma);
    /* as pvr_info_read has it */
    info->cosmological = info->H0 > 1 && (info->omega_l > 0 || info->aexp != 1);
    if (pvr_jld2_member(from, "path", &value)) {
        mera->simulation = pvr_jld2_text(file, value);
    }
    if (pvr_jld2_member(from, "simcode", &value)) {
        mera->code = pvr_jld2_text(file, value);
    }
    if (pvr_jld2_member(from, "mtime.instant.periods.value", &value)) {
        pvr_jld2_whole(value, &mera->written);
    }
    struct followed followed;
    int64_t number = 0;
    if (follow(file, from, "output", &followed) &&
        pvr_jld2_whole(value_of(&followed, 0), &number)) {
        mera->number = number >= 0 && number <= INT32_MAX ? (int)number : 0;
    } else if (whole(from, "output", 0, INT32_MAX, &number)) {
        mera->number = (int)number;
    }
    close_followed(&followed);
    if (follow(file, from, "grid_info", &followed)) {
        static const char *const sides[] = {"nx", "ny", "nz"};
        for (int axis = 0; axis < 3; axis++) {
            whole(value_of(&followed, 0), sides[axis], 1, INT32_MAX, &mera->ncoarse[axis]);
        }
        whole(value_of(&followed, 0), "ngridmax", 0, INT64_MAX, &info->ngridmax);
        whole(value_of(&followed, 0), "nstep_coarse", 0, INT64_MAX, &info->nstep_coarse);
    }
    close_followed(&followed);
    read_descriptor(file, from, mera);
    free(data);
    return PVR_OK;
}

/* ---- of the file ------------------------------------------------------------------------------
 */

/* "1.9.0" of a VersionNumber, "0.1.0 to 0.2.0" of two, or a number. */
static bool version_text(struct pvr_jld2_value value, char text[PVR_MERA_TEXT]) {
    int64_t part[3];
    double number;
    struct pvr_jld2_value lower, upper;
    char first[PVR_MERA_TEXT], last[PVR_MERA_TEXT];
    if (pvr_jld2_member(value, "lower", &lower) && pvr_jld2_member(value, "upper", &upper) &&
        lower.type->nmembers > 2 && upper.type->nmembers > 2 && version_text(lower, first) &&
        version_text(upper, last)) {
        snprintf(text, PVR_MERA_TEXT, "%.28s to %.28s", first, last);
        return true;
    }
    if (whole(value, "major", 0, INT64_MAX, &part[0]) &&
        whole(value, "minor", 0, INT64_MAX, &part[1]) &&
        whole(value, "patch", 0, INT64_MAX, &part[2])) {
        snprintf(text, PVR_MERA_TEXT, "%lld.%lld.%lld", (long long)part[0], (long long)part[1],
                 (long long)part[2]);
        return true;
    }
    if (pvr_jld2_real(value, &number)) {
        snprintf(text, PVR_MERA_TEXT, "%.10g", number);
        return true;
    }
    return false;
}

struct listing {
    struct pvr_mera_table *table;
    struct pvr_jld2 *file;
    const char *kind;
};

static bool add_version(void *context, const char *name) {
    struct listing *listing = context;
    struct pvr_mera_table *table = listing->table;
    char path[320], text[PVR_MERA_TEXT] = "";
    struct followed version, first = {.data = NULL};
    memset(&version, 0, sizeof version);
    snprintf(path, sizeof path, "/%s/information/versions/%.200s", listing->kind, name);
    bool told = false;
    if (pvr_jld2_find(listing->file, path, &version.object, NULL) == PVR_OK &&
        pvr_jld2_read(listing->file, &version.object, SMALL, path, &version.data, NULL) == PVR_OK &&
        version.data != NULL) {
        struct pvr_jld2_value value = value_of(&version, 0);
        if (value.type->kind == PVR_JLD2_REFERENCE && follow(listing->file, value, NULL, &first)) {
            value = value_of(&first, 0);
        }
        told = value.type->kind != PVR_JLD2_REFERENCE && version_text(value, text);
    }
    close_followed(&version);
    close_followed(&first);
    if (told && table->nfacts < MOST_FACTS) {
        struct pvr_mera_fact *fact = &table->fact[table->nfacts++];
        snprintf(fact->name, sizeof fact->name, "%.31s", name);
        memcpy(fact->text, text, sizeof text);
    }
    return true;
}

static void add_storage(void *context, const char *key, struct pvr_jld2_value second) {
    struct pvr_mera_table *table = context;
    double bytes;
    if (table->nstorage < MOST_FACTS && pvr_jld2_real(second, &bytes) && bytes >= 0 &&
        bytes < 1e30) {
        struct pvr_mera_storage *storage = &table->storage[table->nstorage++];
        snprintf(storage->name, sizeof storage->name, "%.31s", key);
        storage->bytes = bytes;
    }
}

void pvr_mera_information_read(struct pvr_jld2 *file, enum pvr_mera_kind kind,
                               struct pvr_mera_table *table) {
    struct listing listing = {table, file, pvr_mera_kind_name(kind)};
    struct pvr_jld2_value value;
    struct followed found;
    char path[64];
    memset(&found, 0, sizeof found);
    snprintf(path, sizeof path, "/%s/information/comments", listing.kind);
    if (pvr_jld2_find(file, path, &found.object, NULL) == PVR_OK &&
        pvr_jld2_read(file, &found.object, SMALL, path, &found.data, NULL) == PVR_OK &&
        found.data != NULL) {
        table->comments = pvr_jld2_text(file, value_of(&found, 0));
    }
    close_followed(&found);
    memset(&found, 0, sizeof found);
    snprintf(path, sizeof path, "/%s/information/memory", listing.kind);
    if (pvr_jld2_find(file, path, &found.object, NULL) == PVR_OK &&
        pvr_jld2_read(file, &found.object, SMALL, path, &found.data, NULL) == PVR_OK &&
        found.data != NULL) {
        real(value_of(&found, 0), "1", &table->memory);
        if (pvr_jld2_member(value_of(&found, 0), "2", &value)) {
            table->memory_unit = pvr_jld2_text(file, value);
        }
    }
    close_followed(&found);
    memset(&found, 0, sizeof found);
    snprintf(path, sizeof path, "/%s/information/storage", listing.kind);
    table->storage = calloc(MOST_FACTS, sizeof *table->storage);
    if (table->storage != NULL && pvr_jld2_find(file, path, &found.object, NULL) == PVR_OK &&
        pvr_jld2_read(file, &found.object, SMALL, path, &found.data, NULL) == PVR_OK &&
        found.data != NULL) {
        each_pair(file, value_of(&found, 0), add_storage, table);
    }
    close_followed(&found);
    table->fact = calloc(MOST_FACTS, sizeof *table->fact);
    snprintf(path, sizeof path, "/%s/information/versions", listing.kind);
    if (table->fact != NULL && pvr_jld2_exists(file, path)) {
        pvr_jld2_list(file, path, add_version, &listing, NULL);
    }
}
