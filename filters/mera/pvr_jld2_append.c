/* pvr_jld2_append.c - adding to a JLD2 file.
 *
 * What is there stays where it is. New objects, and new types (those of before are not looked at:
 * JLD2 knows a type by its place), follow at the end; the root group and _types get more links, in
 * the room that JLD2 left for them or in a continuation of their headers, as JLD2 itself does it
 * (attach_message in src/explicit_datasets.jl of JLD2 0.6.5).
 */
#include "pvr_jld2_write.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_MOST = 1 << 20, /* of a group; it has 24 bytes for a link */
    PARTS_MOST = 4096,
    PREFIX = 6 /* signature, version, flags */
};

static enum pvr_status unfit(const struct pvr_jld2_file *file, const char *what,
                             struct pvr_error *error) {
    return pvr_fail(error, PVR_ERROR_FORMAT, "%s: cannot be added to: %s", file->path, what);
}

static uint64_t number_at(const unsigned char *at, int bytes) {
    uint64_t number = 0;
    for (int i = bytes; i-- > 0;) {
        number = number << 8 | at[i];
    }
    return number;
}

/* A part of a header in memory. */
struct part {
    uint64_t place, bytes; /* with signature, without the checksum */
    size_t first;          /* of the messages, from its begin */
    unsigned char *memory;
};

static enum pvr_status read_part(const struct pvr_jld2_file *file, uint64_t place, uint64_t bytes,
                                 const char *signature, struct part *part,
                                 struct pvr_error *error) {
    *part = (struct part){.place = place, .bytes = bytes};
    if (bytes < 32 || bytes > HEADER_MOST || place > file->end || file->end - place < bytes + 4) {
        return unfit(file, "a group's header does not lie in the file", error);
    }
    part->memory = malloc(bytes + 4);
    if (part->memory == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", file->path);
    }
    const enum pvr_status status = pvr_jld2_data_read(file, place, part->memory, bytes + 4, error);
    if (status != PVR_OK) {
        return status;
    }
    if (memcmp(part->memory, signature, 4) != 0 ||
        number_at(part->memory + bytes, 4) != pvr_jld2_checksum(part->memory, bytes)) {
        return unfit(file, "a group's header is damaged", error);
    }
    return PVR_OK;
}

/* The first part of an object's header. */
static enum pvr_status read_header(const struct pvr_jld2_file *file, uint64_t address,
                                   struct part *part, struct pvr_error *error) {
    unsigned char prefix[PREFIX + 8] = {0};
    const uint64_t place = address + PVR_JLD2_BASE;
    *part = (struct part){0};
    if (address > file->end || file->end - place < sizeof prefix) {
        return unfit(file, "a group lies beyond its end", error);
    }
    const enum pvr_status status = pvr_jld2_data_read(file, place, prefix, sizeof prefix, error);
    if (status != PVR_OK) {
        return status;
    }
    if (memcmp(prefix, "OHDR\2", 5) != 0 || prefix[5] > 3) {
        return unfit(file, "its groups are not as JLD2 writes them", error);
    }
    const int width = 1 << prefix[5];
    const enum pvr_status read =
        read_part(file, place, PREFIX + (uint64_t)width + number_at(prefix + PREFIX, width), "OHDR",
                  part, error);
    part->first = PREFIX + (size_t)width;
    return read;
}

/* A link: its name is kept for the check whether it is there already. */
static bool take_link(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group,
                      const unsigned char *message, size_t bytes) {
    if (bytes < 4 + 8 || message[0] != 1 || message[1] != 0x10 ||
        (size_t)message[3] + 4 + 8 != bytes) {
        return false;
    }
    struct pvr_jld2_link *more = realloc(group->old, (group->nold + 1) * sizeof *more);
    const char *name = pvr_jl_arena_text(&writer->arena, (const char *)message + 4, message[3]);
    group->old = more != NULL ? more : group->old;
    if (more == NULL || name == NULL) {
        writer->arena.failed = true;
        return true;
    }
    more[group->nold++] = (struct pvr_jld2_link){name, number_at(message + 4 + message[3], 8)};
    return true;
}

/* The messages of a part: links, where the next part is, where there is room. */
static enum pvr_status read_messages(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group,
                                     const struct part *part, uint64_t *next, uint64_t *next_bytes,
                                     struct pvr_error *error) {
    const struct pvr_jld2_file *file = &writer->file;
    const size_t end = (size_t)part->bytes;
    size_t at = part->first;
    *next = 0;
    group->place = part->place;
    group->checksum = part->place + part->bytes;
    group->next = group->checksum - PVR_JLD2_SPARE;
    while (at + PVR_JLD2_MESSAGE_HEADER <= end) {
        const unsigned kind = part->memory[at];
        const size_t bytes = (size_t)number_at(part->memory + at + 1, 2);
        const unsigned char *message = part->memory + at + PVR_JLD2_MESSAGE_HEADER;
        const size_t behind = at + PVR_JLD2_MESSAGE_HEADER + bytes;
        if (behind > end) {
            return unfit(file, "a group's header is damaged", error);
        }
        if (kind == PVR_JLD2_LINK && !take_link(writer, group, message, bytes)) {
            return unfit(file, "a group has links that JLD2 does not write", error);
        }
        if (kind == PVR_JLD2_CONTINUATION && bytes == 16) {
            *next = number_at(message, 8) + PVR_JLD2_BASE;
            *next_bytes = number_at(message + 8, 8);
        }
        if (kind == PVR_JLD2_NIL && behind + PVR_JLD2_SPARE == end) {
            group->next = part->place + at;
        }
        at = behind;
    }
    /* The last one is the spare, or the continuation that took its place. */
    const unsigned char *last = part->memory + end - PVR_JLD2_SPARE;
    if (number_at(last + 1, 2) != 16 ||
        (last[0] != PVR_JLD2_NIL && last[0] != PVR_JLD2_CONTINUATION)) {
        return unfit(file, "a group has no room for a continuation", error);
    }
    return PVR_OK;
}

/* Reads a group's header with all its parts; the last one is what links are added to. */
static enum pvr_status read_group(struct pvr_jld2_writer *writer, struct pvr_jld2_group *group,
                                  uint64_t address, struct pvr_error *error) {
    struct part part;
    enum pvr_status status = read_header(&writer->file, address, &part, error);
    for (int n = 0; status == PVR_OK; n++) {
        uint64_t next = 0, bytes = 0;
        status = read_messages(writer, group, &part, &next, &bytes, error);
        if (status != PVR_OK || next == 0) {
            break;
        }
        free(part.memory);
        part.memory = NULL;
        if (n == PARTS_MOST) {
            return unfit(&writer->file, "a group's header goes on for ever", error);
        }
        status = read_part(&writer->file, next, bytes - 4, "OCHK", &part, error);
        part.first = 4;
    }
    if (status == PVR_OK) {
        pvr_jld2_file_overlay(&writer->file, part.place, part.memory, (size_t)part.bytes + 4);
    }
    free(part.memory);
    return status;
}

enum pvr_status pvr_jld2_writer_continue(struct pvr_jld2_writer *writer, int descriptor,
                                         const char *path, enum pvr_jld2_compressor compressor,
                                         struct pvr_job *job, struct pvr_error *error) {
    static const char title[] = "HDF5-based Julia Data Format, version 0.2.";
    unsigned char front[PVR_JLD2_BASE + 48];
    memset(writer, 0, sizeof *writer);
    pvr_jld2_file_continue(&writer->file, descriptor, path, sizeof front);
    writer->compressor = compressor;
    writer->job = job;
    enum pvr_status status = pvr_jld2_data_read(&writer->file, 0, front, sizeof front, error);
    if (status != PVR_OK) {
        return status;
    }
    const unsigned char *super = front + PVR_JLD2_BASE;
    if (memcmp(front, title, sizeof title - 1) != 0) {
        return unfit(&writer->file,
                     "it is not of JLD2 0.5 or later (`pvramses convert` brings it up to date)",
                     error);
    }
    if (memcmp(super, "\211HDF\r\n\032\n\2\10\10", 11) != 0 ||
        number_at(super + 12, 8) != PVR_JLD2_BASE ||
        number_at(super + 44, 4) != pvr_jld2_checksum(super, 44)) {
        return unfit(&writer->file, "its superblock is not as JLD2 writes it", error);
    }
    writer->file.end = number_at(super + 28, 8);
    writer->root_address = number_at(super + 36, 8);
    status = read_group(writer, &writer->root, writer->root_address, error);
    uint64_t types = 0;
    for (size_t i = 0; i < writer->root.nold; i++) {
        types =
            strcmp(writer->root.old[i].name, "_types") == 0 ? writer->root.old[i].address : types;
    }
    if (status == PVR_OK && types == 0) {
        status = unfit(&writer->file, "it has no types", error);
    }
    if (status == PVR_OK) {
        status = read_group(writer, &writer->types, types, error);
        writer->ntypes_before = writer->types.nold;
    }
    return status;
}

bool pvr_jld2_writer_has(const struct pvr_jld2_writer *writer, const char *name) {
    for (size_t i = 0; i < writer->root.nold; i++) {
        if (strcmp(writer->root.old[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}
