/* pvr_jld2_links.c - what has a name in a JLD2 file. */
#include "pvr_jld2_header.h"

#include <stdlib.h>
#include <string.h>

/* ---- links ------------------------------------------------------------------------------------
 */

/* Of the headers of a fractal heap without filters and of a version 2 B-tree (III.G, III.A.2). */
enum { FRACTAL_HEAP_BYTES = 146, TREE_BYTES = 38 };

struct link {
    char *name;
    uint64_t address;
};

struct links {
    int count, room;
    struct link *link;
    bool is_group; /* it has a link info message */
    bool dense;    /* its links stand elsewhere: */
    uint64_t heap, tree;
    bool failed;
};

static void links_free(struct links *links) {
    for (int i = 0; i < links->count; i++) {
        free(links->link[i].name);
    }
    free(links->link);
}

static void add_link(struct links *links, const uint8_t *name, size_t length, uint64_t address) {
    if (links->count == links->room) {
        int more = links->room > 0 ? 2 * links->room : 16;
        struct link *larger = realloc(links->link, (size_t)more * sizeof *larger);
        if (larger == NULL) {
            links->failed = true;
            return;
        }
        links->link = larger;
        links->room = more;
    }
    char *copy = strndup((const char *)name, length);
    links->failed = links->failed || copy == NULL;
    if (copy != NULL) {
        links->link[links->count++] = (struct link){copy, address};
    }
}

/* A hard link; others are passed over (HDF5 File Format Specification 3.0, IV.A.2.g). */
static void read_link(struct links *links, const uint8_t *body, uint32_t bytes) {
    uint32_t flags = bytes >= 2 ? body[1] : 0, at = 2;
    bool hard = bytes >= 2 && body[0] == 1;
    if (hard && flags & 8) {
        hard = bytes > at && body[at] == 0;
        at++;
    }
    at += (flags & 4 ? 8 : 0) + (flags & 0x10 ? 1 : 0);
    uint32_t width = (uint32_t)1 << (flags & 3);
    if (!hard || bytes < at + width) {
        return;
    }
    uint64_t length = pvr_jld2_little(body + at, (int)width);
    at += width;
    if (length <= bytes - at && bytes - at - length >= 8) {
        add_link(links, body + at, (size_t)length, pvr_jld2_little(body + at + length, 8));
    }
}

static bool read_message(void *context, const struct pvr_jld2_message *message) {
    struct links *links = context;
    const uint8_t *body = message->body;
    if (message->type == PVR_MESSAGE_LINK) {
        read_link(links, body, message->bytes);
    } else if (message->type == PVR_MESSAGE_LINK_INFO && message->bytes >= 2) {
        uint32_t at = 2 + (body[1] & 1 ? 8 : 0);
        links->is_group = true;
        links->dense = message->bytes >= at + 16 && pvr_jld2_little(body + at, 8) != UINT64_MAX;
        links->heap = links->dense ? pvr_jld2_little(body + at, 8) : 0;
        links->tree = links->dense ? pvr_jld2_little(body + at + 8, 8) : 0;
    }
    return !links->failed;
}

static herr_t note_link(hid_t group, const char *name, const H5L_info_t *link, void *context) {
    (void)group;
    if (link->type == H5L_TYPE_HARD) {
        add_link(context, (const uint8_t *)name, strlen(name), link->u.address);
    }
    return 0;
}

static int by_name(const void *left, const void *right) {
    return strcmp(((const struct link *)left)->name, ((const struct link *)right)->name);
}

/* Is there a block of this kind, whole? libhdf5 reads beyond its memory where there is none. */
static bool is_block(const struct pvr_jld2 *file, uint64_t address, const char signature[4],
                     uint64_t bytes) {
    uint8_t block[FRACTAL_HEAP_BYTES];
    const uint64_t size = file->identity.size;
    return file->base <= size && address <= size - file->base &&
           bytes <= size - file->base - address &&
           pvr_jld2_pread(file, file->base + address, block, bytes) &&
           memcmp(block, signature, 4) == 0 &&
           pvr_jld2_little(block + bytes - 4, 4) == pvr_hdf5_checksum(block, bytes - 4);
}

/* All hard links of the group at an address, by name; false if it is none. To be freed always. */
static bool read_links(struct pvr_jld2 *file, uint64_t address, struct links *links) {
    memset(links, 0, sizeof *links);
    bool right = pvr_jld2_messages(file, address, read_message, links) && links->is_group;
    if (right && links->dense) { /* more than JLD2 itself keeps in one place */
        const bool whole = is_block(file, links->heap, "FRHP", FRACTAL_HEAP_BYTES) &&
                           is_block(file, links->tree, "BTHD", TREE_BYTES);
        hid_t group =
            whole && pvr_jld2_hdf5(file) >= 0 ? H5Oopen_by_addr(pvr_jld2_hdf5(file), address) : -1;
        right = group >= 0 && H5Iget_type(group) == H5I_GROUP &&
                H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, note_link, links) >= 0;
        if (group >= 0) {
            H5Oclose(group);
        }
    }
    if (links->count > 0) {
        qsort(links->link, (size_t)links->count, sizeof *links->link, by_name);
    }
    return right && !links->failed;
}

/* ---- paths ------------------------------------------------------------------------------------
 */

/* Address of the object at a path of hard links; false if there is none. */
static bool find_address(struct pvr_jld2 *file, const char *path, uint64_t *address) {
    *address = file->root;
    for (path += strspn(path, "/"); *path != '\0'; path += strspn(path, "/")) {
        size_t length = strcspn(path, "/");
        struct links links;
        bool found = false;
        read_links(file, *address, &links);
        for (int i = 0; i < links.count && !found; i++) {
            const struct link *link = &links.link[i];
            found = strlen(link->name) == length && memcmp(link->name, path, length) == 0;
            *address = found ? link->address : *address;
        }
        links_free(&links);
        if (!found) {
            return false;
        }
        path += length;
    }
    return pvr_jld2_is_header(file, *address);
}

bool pvr_jld2_exists(struct pvr_jld2 *file, const char *name) {
    uint64_t address;
    return find_address(file, name, &address);
}

enum pvr_status pvr_jld2_find(struct pvr_jld2 *file, const char *name,
                              struct pvr_jld2_object *object, struct pvr_error *error) {
    uint64_t address;
    memset(object, 0, sizeof *object);
    if (!find_address(file, name, &address)) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: has no %s", file->path, name);
    }
    return pvr_jld2_follow(file, address, name, object, error);
}

enum pvr_status pvr_jld2_list(struct pvr_jld2 *file, const char *group,
                              bool (*each)(void *context, const char *name), void *context,
                              struct pvr_error *error) {
    uint64_t address;
    struct links links = {.count = 0};
    bool right = find_address(file, group, &address) && read_links(file, address, &links);
    for (int i = 0; right && i < links.count && each(context, links.link[i].name); i++) {
    }
    links_free(&links);
    return right ? PVR_OK
                 : pvr_fail(error, PVR_ERROR_FORMAT, "%s: the group %s cannot be listed",
                            file->path, group);
}
