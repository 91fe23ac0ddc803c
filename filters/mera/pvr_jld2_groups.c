/* pvr_jld2_groups.c - groups, written when all that they link is.
 *
 * A group is an object header with a message for each link and room for some more, as JLD2 leaves
 * it (src/groups.jl of JLD2 0.6.5).
 */
#include "pvr_jld2_write.h"

#include <stdlib.h>
#include <string.h>

/* Room is left for so many links with names of so many bytes. */
enum { LINKS_EXPECTED = 4, LINK_ROOM = 12 + 8 + 4, LINK_INFO_BYTES = 18, GROUP_INFO_BYTES = 2 };

void pvr_jld2_group_free(struct pvr_jld2_group *group) {
    for (size_t i = 0; i < group->nchildren; i++) {
        pvr_jld2_group_free(group->child[i]);
        free(group->child[i]);
    }
    free(group->child);
    free(group->link);
    free(group->old);
    memset(group, 0, sizeof *group);
}

void pvr_jld2_link_add(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group,
                       const char *name, uint64_t address) {
    struct pvr_jld2_link *link = realloc(group->link, (group->nlinks + 1) * sizeof *link);
    const char *copy = pvr_jl_arena_text(&writer->arena, name, strlen(name));
    if (link != NULL) {
        group->link = link;
    }
    if (link == NULL || copy == NULL) {
        writer->arena.failed = true;
        return;
    }
    link[group->nlinks++] = (struct pvr_jld2_link){copy, address};
}

static struct pvr_jld2_group *child_of(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group,
                                       const char *name, size_t length) {
    for (size_t i = 0; i < group->nchildren; i++) {
        if (strlen(group->child[i]->name) == length &&
            memcmp(group->child[i]->name, name, length) == 0) {
            return group->child[i];
        }
    }
    struct pvr_jld2_group **more = realloc(group->child, (group->nchildren + 1) * sizeof *more);
    struct pvr_jld2_group *child = calloc(1, sizeof *child);
    if (more != NULL) {
        group->child = more;
    }
    if (more == NULL || child == NULL) {
        free(child);
        writer->arena.failed = true;
        return NULL;
    }
    child->name = pvr_jl_arena_text(&writer->arena, name, length);
    more[group->nchildren++] = child;
    return child;
}

void pvr_jld2_link_path(struct pvr_jld2_writer *writer, const char *path, uint64_t address) {
    struct pvr_jld2_group *group = &writer->root;
    for (const char *slash; group != NULL && (slash = strchr(path, '/')) != NULL;
         path = slash + 1) {
        group = child_of(writer, group, path, (size_t)(slash - path));
    }
    if (group != NULL) {
        pvr_jld2_link_add(writer, group, path, address);
    }
}

static size_t link_bytes(const struct pvr_jld2_link *link) {
    return PVR_JLD2_MESSAGE_HEADER + 4 + strlen(link->name) + 8;
}

static void put_link(struct pvr_jld2_writer *writer, uint64_t *place,
                     const struct pvr_jld2_link *link) {
    struct pvr_jld2_file *file = &writer->file;
    const size_t length = strlen(link->name);
    pvr_jld2_put_message(file, place, PVR_JLD2_LINK, link_bytes(link) - PVR_JLD2_MESSAGE_HEADER, 0);
    pvr_jld2_put_number(file, place, 1 | 0x10 << 8 | 1 << 16, 3); /* version, flags, UTF-8 */
    pvr_jld2_put_number(file, place, length, 1);
    pvr_jld2_put(file, place, link->name, length);
    pvr_jld2_put_number(file, place, link->address, 8);
}

static void put_nil(struct pvr_jld2_writer *writer, uint64_t *place, size_t bytes) {
    pvr_jld2_put_message(&writer->file, place, PVR_JLD2_NIL, bytes - PVR_JLD2_MESSAGE_HEADER, 0);
    *place += bytes - PVR_JLD2_MESSAGE_HEADER;
}

static uint64_t write_group(struct pvr_jld2_writer *writer, const struct pvr_jld2_group *group) {
    struct pvr_jld2_file *file = &writer->file;
    size_t links = 0;
    for (size_t i = 0; i < group->nlinks; i++) {
        links += link_bytes(&group->link[i]);
    }
    const size_t spare =
        group->nlinks < LINKS_EXPECTED ? (LINKS_EXPECTED - group->nlinks) * LINK_ROOM : 0;
    uint64_t place;
    const uint64_t begin =
        pvr_jld2_header_begin(writer,
                              PVR_JLD2_MESSAGE_HEADER + LINK_INFO_BYTES + PVR_JLD2_MESSAGE_HEADER +
                                  GROUP_INFO_BYTES + links + spare + PVR_JLD2_SPARE,
                              &place);
    pvr_jld2_put_message(file, &place, PVR_JLD2_LINK_INFO, LINK_INFO_BYTES, 0);
    pvr_jld2_put_number(file, &place, 0, 2); /* version, flags */
    pvr_jld2_put_number(file, &place, PVR_JLD2_NO_ADDRESS, 8);
    pvr_jld2_put_number(file, &place, PVR_JLD2_NO_ADDRESS, 8);
    pvr_jld2_put_message(file, &place, PVR_JLD2_GROUP_INFO, GROUP_INFO_BYTES, 0);
    pvr_jld2_put_number(file, &place, 0, 2);
    for (size_t i = 0; i < group->nlinks; i++) {
        put_link(writer, &place, &group->link[i]);
    }
    if (spare > 0) {
        put_nil(writer, &place, spare);
    }
    put_nil(writer, &place, PVR_JLD2_SPARE);
    pvr_jld2_put_checksum(file, begin, place - begin);
    return begin - PVR_JLD2_BASE;
}

/* Adds links to a group that is in the file: in the room behind its last one as far as it goes,
 * the others in a continuation. */
static void add_links(struct pvr_jld2_writer *writer, const struct pvr_jld2_group *group) {
    struct pvr_jld2_file *file = &writer->file;
    const uint64_t spare = group->checksum - PVR_JLD2_SPARE;
    uint64_t place = group->next;
    size_t next = 0, more = 0;
    for (; next < group->nlinks; next++) {
        const uint64_t room = spare - place, bytes = link_bytes(&group->link[next]);
        if (room != bytes && room < bytes + PVR_JLD2_MESSAGE_HEADER) {
            break;
        }
        put_link(writer, &place, &group->link[next]);
    }
    if (place < spare) {
        put_nil(writer, &place, (size_t)(spare - place));
    }
    for (size_t i = next; i < group->nlinks; i++) {
        more += link_bytes(&group->link[i]);
    }
    if (more == 0) {
        put_nil(writer, &place, PVR_JLD2_SPARE);
        pvr_jld2_put_checksum(file, group->place, group->checksum - group->place);
        return;
    }
    const uint64_t begin = pvr_jld2_reserve(file, 4 + more + PVR_JLD2_SPARE + 4);
    pvr_jld2_put_message(file, &place, PVR_JLD2_CONTINUATION, 16, 0);
    pvr_jld2_put_number(file, &place, begin - PVR_JLD2_BASE, 8);
    pvr_jld2_put_number(file, &place, 4 + more + PVR_JLD2_SPARE + 4, 8);
    pvr_jld2_put_checksum(file, group->place, group->checksum - group->place);
    place = begin;
    pvr_jld2_put(file, &place, "OCHK", 4);
    for (; next < group->nlinks; next++) {
        put_link(writer, &place, &group->link[next]);
    }
    put_nil(writer, &place, PVR_JLD2_SPARE);
    pvr_jld2_put_checksum(file, begin, place - begin);
}

static uint64_t save(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group) {
    for (size_t i = 0; i < group->nchildren; i++) {
        const uint64_t address = save(writer, group->child[i]);
        pvr_jld2_link_add(writer, group, group->child[i]->name, address);
    }
    return write_group(writer, group);
}

void pvr_jld2_groups_save(struct pvr_jld2_writer *writer) {
    for (size_t i = 0; i < writer->root.nchildren; i++) {
        struct pvr_jld2_group *child = writer->root.child[i];
        pvr_jld2_link_add(writer, &writer->root, child->name, save(writer, child));
    }
    if (writer->root.place != 0) {
        add_links(writer, &writer->types);
        add_links(writer, &writer->root);
        return;
    }
    pvr_jld2_link_add(writer, &writer->root, "_types", save(writer, &writer->types));
    writer->root_address = write_group(writer, &writer->root);
}
