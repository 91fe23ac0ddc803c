/* pvr_mera_verify_walk.c - every object of a Mera file, from its links on. */
#include "pvr_mera_verify_private.h"

#include "pvr_jld2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_MOST = 256 << 20, NAME_SIZE = 256, TYPES_MOST = 1 << 20 };

/* An object that is still to be looked at. */
struct waiting {
    uint64_t address;
    char name[NAME_SIZE]; /* how it was reached */
};

struct walk {
    struct pvr_jld2 *file;
    struct pvr_mera_verified *verified;
    struct pvr_error *error;
    enum pvr_status status;
    struct waiting *waiting;
    size_t nwaiting, room;
    uint64_t *seen; /* a table of addresses by their hash; 0: free */
    size_t nseen, places;
};

static void fail(struct walk *walk, enum pvr_status status, const char *name, const char *what) {
    if (walk->status == PVR_OK) {
        walk->status =
            pvr_fail(walk->error, status, "%s: %s: %s", pvr_jld2_path(walk->file), name, what);
    }
}

/* True if the address is new. */
static bool see(struct walk *walk, uint64_t address) {
    if (2 * (walk->nseen + 1) > walk->places) {
        const size_t places = walk->places == 0 ? 1024 : 2 * walk->places;
        uint64_t *table = calloc(places, sizeof *table);
        if (table == NULL) {
            fail(walk, PVR_ERROR_MEMORY, "its objects", "no memory");
            return false;
        }
        for (size_t i = 0; i < walk->places; i++) {
            size_t at = walk->seen[i] * 0x9e3779b97f4a7c15u >> 20 & (places - 1);
            while (walk->seen[i] != 0 && table[at] != 0) {
                at = (at + 1) & (places - 1);
            }
            table[at] = walk->seen[i] != 0 ? walk->seen[i] : table[at];
        }
        free(walk->seen);
        walk->seen = table;
        walk->places = places;
    }
    size_t at = address * 0x9e3779b97f4a7c15u >> 20 & (walk->places - 1);
    while (walk->seen[at] != 0) {
        if (walk->seen[at] == address) {
            return false;
        }
        at = (at + 1) & (walk->places - 1);
    }
    walk->seen[at] = address;
    walk->nseen++;
    return true;
}

static void refer(struct walk *walk, uint64_t address, const char *name) {
    walk->verified->references++;
    if (!see(walk, address) || walk->status != PVR_OK) {
        return;
    }
    if (walk->nwaiting == walk->room) {
        const size_t room = walk->room == 0 ? 256 : 2 * walk->room;
        struct waiting *more = realloc(walk->waiting, room * sizeof *more);
        if (more == NULL) {
            fail(walk, PVR_ERROR_MEMORY, name, "no memory");
            return;
        }
        walk->waiting = more;
        walk->room = room;
    }
    struct waiting *one = &walk->waiting[walk->nwaiting++];
    one->address = address;
    snprintf(one->name, sizeof one->name, "%s", name);
}

/* The name of a part of an object; of a long one the beginning. */
static void part_name(char part[NAME_SIZE], const char *name, const char *member) {
    const int length = snprintf(part, NAME_SIZE, "%s.%s", name, member);
    if (length >= NAME_SIZE) {
        memcpy(part + NAME_SIZE - 4, "...", 4);
    }
}

static bool has_more(const struct pvr_jld2_type *type) {
    bool more = type->kind == PVR_JLD2_REFERENCE || type->kind == PVR_JLD2_TEXT;
    for (int m = 0; m < type->nmembers && !more; m++) {
        more = has_more(type->member[m].type);
    }
    return more;
}

static void look_at_value(struct walk *walk, struct pvr_jld2_value value, const char *name) {
    if (value.type->kind == PVR_JLD2_REFERENCE) {
        const uint64_t address = pvr_jld2_reference(value);
        if (address != 0) {
            refer(walk, address, name);
        }
        return;
    }
    if (value.type->kind == PVR_JLD2_TEXT) {
        static const uint8_t none[16];
        if (memcmp(value.data, none, sizeof none) == 0) {
            return; /* undefined */
        }
        char *text = pvr_jld2_text(walk->file, value);
        if (text == NULL) {
            fail(walk, PVR_ERROR_FORMAT, name, "its text is not where it should be");
        }
        free(text);
        walk->verified->texts++;
        return;
    }
    for (int m = 0; m < value.type->nmembers; m++) {
        const struct pvr_jld2_member *member = &value.type->member[m];
        if (has_more(member->type)) {
            char part[NAME_SIZE];
            part_name(part, name, member->name);
            const struct pvr_jld2_value inner = {member->type, value.data + member->offset};
            look_at_value(walk, inner, part);
        }
    }
}

static void look_at_object(struct walk *walk, struct pvr_jld2_object *object, const char *name) {
    uint8_t *data = NULL;
    walk->verified->objects++;
    if (object->count == 0 || !has_more(object->type)) {
        return; /* columns are expanded later */
    }
    walk->status = pvr_jld2_read(walk->file, object, SMALL_MOST, name, &data, walk->error);
    for (uint64_t i = 0; data != NULL && i < object->count && walk->status == PVR_OK; i++) {
        const struct pvr_jld2_value value = {object->type, data + i * object->type->size};
        char part[NAME_SIZE], number[32];
        snprintf(number, sizeof number, "%llu", (unsigned long long)i + 1);
        if (object->scalar) {
            snprintf(part, sizeof part, "%s", name);
        } else {
            part_name(part, name, number);
        }
        look_at_value(walk, value, part);
    }
    free(data);
}

/* ---- links ------------------------------------------------------------------------------------
 */

struct names {
    char **name;
    size_t count;
    bool failed;
};

static bool add_name(void *context, const char *name) {
    struct names *names = context;
    char **more = realloc(names->name, (names->count + 1) * sizeof *more);
    names->name = more != NULL ? more : names->name;
    names->failed = more == NULL || names->count == TYPES_MOST;
    if (!names->failed) {
        more[names->count] = strdup(name);
        names->failed = more[names->count++] == NULL;
    }
    return !names->failed;
}

/* A group and all in it, or a dataset. Types are looked at where they are used. */
static void look_at_link(struct walk *walk, const char *path, int depth) {
    struct names names = {0};
    enum { DEPTH_MOST = 16 };
    if (walk->status != PVR_OK || strcmp(path, "/_types") == 0) {
        return;
    }
    if (depth == DEPTH_MOST) {
        fail(walk, PVR_ERROR_FORMAT, path, "groups in groups without an end");
        return;
    }
    if (pvr_jld2_list(walk->file, path, add_name, &names, NULL) == PVR_OK && !names.failed) {
        for (size_t i = 0; i < names.count; i++) {
            char inner[NAME_SIZE];
            const int length = snprintf(inner, sizeof inner, "%s/%s",
                                        strcmp(path, "/") == 0 ? "" : path, names.name[i]);
            if (length < NAME_SIZE) {
                look_at_link(walk, inner, depth + 1);
            }
        }
    } else if (names.failed) {
        fail(walk, PVR_ERROR_MEMORY, path, "no memory");
    } else {
        struct pvr_jld2_object object = {0};
        walk->status = pvr_jld2_find(walk->file, path, &object, walk->error);
        if (walk->status == PVR_OK && see(walk, object.address)) {
            look_at_object(walk, &object, path);
        }
        pvr_jld2_object_free(&object);
    }
    for (size_t i = 0; i < names.count; i++) {
        free(names.name[i]);
    }
    free(names.name);
}

enum pvr_status pvr_mera_verify_walk(const char *path, struct pvr_mera_verified *verified,
                                     struct pvr_error *error) {
    struct walk walk = {.verified = verified, .error = error};
    walk.status = pvr_jld2_open(path, &walk.file, error);
    if (walk.status == PVR_OK) {
        look_at_link(&walk, "/", 0);
        while (walk.nwaiting > 0 && walk.status == PVR_OK) {
            const struct waiting one = walk.waiting[--walk.nwaiting];
            struct pvr_jld2_object object = {0};
            walk.status = pvr_jld2_follow(walk.file, one.address, one.name, &object, error);
            if (walk.status == PVR_OK) {
                look_at_object(&walk, &object, one.name);
            }
            pvr_jld2_object_free(&object);
        }
        pvr_jld2_close(walk.file);
    }
    free(walk.waiting);
    free(walk.seen);
    return walk.status;
}
