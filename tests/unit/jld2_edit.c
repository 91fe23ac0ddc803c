/* jld2_edit.c - see jld2_edit.h. */
#include "jld2_edit.h"

#include <stdlib.h>
#include <string.h>

enum { BASE = 512, SMALL = 1 << 16 };

struct edit edit_begin(const char *from, const char *path) {
    struct edit edit = {.path = strdup(path)};
    edit.bytes = (uint8_t *)unit_read_file(from, &edit.size);
    edit_write(&edit);
    return edit;
}

void edit_write(const struct edit *edit) {
    unit_write_file(edit->path, edit->bytes, edit->size);
}

void edit_end(struct edit *edit) {
    unit_remove(edit->path);
    free(edit->path);
    free(edit->bytes);
}

/* Follows members; the object that is reached, and where the reference to it stands. */
static struct pvr_jld2_object follow(const struct edit *edit, const char *name, const char *members,
                                     uint64_t *reference) {
    struct pvr_jld2 *file;
    struct pvr_error error;
    struct pvr_jld2_object object;
    unit_ok(pvr_jld2_open(edit->path, &file, &error), &error);
    unit_ok(pvr_jld2_find(file, name, &object, &error), &error);
    char *copy = strdup(members), *rest = copy;
    for (char *member; (member = strtok_r(rest, " ", &rest)) != NULL;) {
        uint8_t *data;
        unit_ok(pvr_jld2_read(file, &object, SMALL, member, &data, &error), &error);
        struct pvr_jld2_value value = {object.type, data};
        assert_true(pvr_jld2_member(value, member, &value));
        *reference = object.offset + (uint64_t)(value.data - data);
        uint64_t address = pvr_jld2_reference(value);
        pvr_jld2_object_free(&object);
        unit_ok(pvr_jld2_follow(file, address, member, &object, &error), &error);
        free(data);
    }
    free(copy);
    pvr_jld2_close(file);
    return object;
}

struct pvr_jld2_object edit_object(const struct edit *edit, const char *name, const char *members) {
    uint64_t reference;
    return follow(edit, name, members, &reference);
}

uint64_t edit_reference(const struct edit *edit, const char *name, const char *members) {
    uint64_t reference = 0;
    struct pvr_jld2_object object = follow(edit, name, members, &reference);
    pvr_jld2_object_free(&object);
    return reference;
}

void edit_put(struct edit *edit, uint64_t offset, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        edit->bytes[offset + (uint64_t)i] = (uint8_t)(value >> 8 * i);
    }
}

uint64_t edit_get(const struct edit *edit, uint64_t offset, int bytes) {
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | edit->bytes[offset + (uint64_t)i];
    }
    return value;
}

/* First byte and length of the messages of an object's first block. */
static uint64_t messages_of(const struct edit *edit, uint64_t header, uint64_t *bytes) {
    int flags = edit->bytes[header + 5], width = 1 << (flags & 3);
    uint64_t at = header + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    *bytes = edit_get(edit, at, width);
    return at + (uint64_t)width;
}

int edit_replace(struct edit *edit, const struct pvr_jld2_object *object, uint64_t from,
                 uint64_t to, int bytes) {
    uint64_t length, at = messages_of(edit, BASE + object->address, &length);
    int count = 0;
    for (uint64_t end = at + length; at + (uint64_t)bytes <= end; at++) {
        if (edit_get(edit, at, bytes) == from) {
            edit_put(edit, at, to, bytes);
            at += (uint64_t)bytes - 1;
            count++;
        }
    }
    return count;
}

static uint32_t rotate(uint32_t x, int by) {
    return x << by | x >> (32 - by);
}

/* Bob Jenkins' lookup3, which HDF5's metadata have. */
static uint32_t lookup3(const uint8_t *key, size_t length) {
    uint32_t a = 0xdeadbeef + (uint32_t)length, b = a, c = a;
    uint8_t last[12] = {0};
    while (length > 12) {
        uint32_t word[3];
        memcpy(word, key, 12);
        a += word[0];
        b += word[1];
        c += word[2];
        a = (a - c) ^ rotate(c, 4);
        c += b;
        b = (b - a) ^ rotate(a, 6);
        a += c;
        c = (c - b) ^ rotate(b, 8);
        b += a;
        a = (a - c) ^ rotate(c, 16);
        c += b;
        b = (b - a) ^ rotate(a, 19);
        a += c;
        c = (c - b) ^ rotate(b, 4);
        b += a;
        key += 12;
        length -= 12;
    }
    if (length == 0) {
        return c;
    }
    memcpy(last, key, length);
    uint32_t word[3];
    memcpy(word, last, 12);
    a += word[0];
    b += word[1];
    c += word[2];
    c = (c ^ b) - rotate(b, 14);
    a = (a ^ c) - rotate(c, 11);
    b = (b ^ a) - rotate(a, 25);
    c = (c ^ b) - rotate(b, 16);
    a = (a ^ c) - rotate(c, 4);
    b = (b ^ a) - rotate(a, 14);
    return (c ^ b) - rotate(b, 24);
}

void edit_seal(struct edit *edit, const struct pvr_jld2_object *object) {
    uint64_t header = BASE + object->address, length, at = messages_of(edit, header, &length);
    uint32_t sum = lookup3(edit->bytes + header, (size_t)(at + length - header));
    edit_put(edit, at + length, sum, 4);
}
