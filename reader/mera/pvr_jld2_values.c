/* pvr_jld2_values.c - the values of an object, from its bytes. */
#include "pvr_expand.h"
#include "pvr_jld2_private.h"

#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

enum { LONGEST_TEXT = 1 << 16 };

/* Expands all chunks, which are small. */
static enum pvr_status read_chunks(const struct pvr_jld2 *file,
                                   const struct pvr_jld2_object *object, const char *what,
                                   uint8_t *data, struct pvr_error *error) {
    uint64_t step = object->chunk_rows * object->type->size, bytes = pvr_jld2_bytes(object);
    enum pvr_status status = pvr_expand_check(object, file->path, what, error);
    for (uint64_t i = 0; status == PVR_OK && i < object->nchunks; i++) {
        const struct pvr_jld2_chunk *chunk = &object->chunk[i];
        uint8_t *in = malloc(chunk->bytes + 1), *scratch = malloc(step + 1);
        uint8_t *out = malloc(step + 1); /* the last chunk is whole too */
        const char *problem = in == NULL || scratch == NULL || out == NULL ? "no memory"
                              : !pvr_jld2_pread(file, chunk->offset, in, chunk->bytes)
                                  ? "cannot be read"
                                  : pvr_expand_chunk(object, chunk, in, out, step, scratch);
        if (problem != NULL) {
            status = pvr_fail(error, PVR_ERROR_FORMAT, "%s: %s: %s", file->path, what, problem);
        } else {
            memcpy(data + i * step, out, bytes - i * step < step ? bytes - i * step : step);
        }
        free(in);
        free(scratch);
        free(out);
    }
    return status;
}

enum pvr_status pvr_jld2_read(struct pvr_jld2 *file, const struct pvr_jld2_object *object,
                              uint64_t limit, const char *what, uint8_t **data,
                              struct pvr_error *error) {
    uint64_t bytes = pvr_jld2_bytes(object);
    *data = NULL;
    if (object->count == 0) {
        return PVR_OK;
    }
    bool chunked = object->layout == PVR_JLD2_CHUNKED;
    if (bytes > limit || (chunked && object->chunk_rows > limit / (object->type->size + 1u))) {
        return pvr_fail(error, PVR_ERROR_UNSUPPORTED, "%s: %s: %llu bytes are not looked at",
                        file->path, what, (ull)bytes);
    }
    *data = malloc(bytes + 1);
    enum pvr_status status = PVR_OK;
    if (*data == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "no memory for %llu bytes", (ull)bytes);
    } else if (chunked) {
        status = read_chunks(file, object, what, *data, error);
    } else if (!pvr_jld2_pread(file, object->offset, *data, bytes)) {
        status = pvr_fail(error, PVR_ERROR_IO, "%s: %s: cannot be read", file->path, what);
    }
    if (status != PVR_OK) {
        free(*data);
        *data = NULL;
    }
    return status;
}

bool pvr_jld2_member(struct pvr_jld2_value compound, const char *name,
                     struct pvr_jld2_value *member) {
    *member = compound;
    for (;;) {
        const struct pvr_jld2_type *type = member->type;
        size_t length = strcspn(name, ".");
        int i = 0;
        while (i < type->nmembers && (strncmp(type->member[i].name, name, length) != 0 ||
                                      type->member[i].name[length] != '\0')) {
            i++;
        }
        if (type->kind != PVR_JLD2_COMPOUND || i == type->nmembers) {
            return false;
        }
        member->data += type->member[i].offset;
        member->type = type->member[i].type;
        if (name[length] == '\0') {
            return true;
        }
        name += length + 1;
    }
}

static uint64_t bits_of(struct pvr_jld2_value value) {
    uint64_t bits = 0;
    for (uint32_t i = 0; i < value.type->size; i++) {
        uint32_t byte = value.type->big_endian ? i : value.type->size - 1 - i;
        bits = bits << 8 | value.data[byte];
    }
    return bits;
}

bool pvr_jld2_whole(struct pvr_jld2_value value, int64_t *number) {
    bool integer = value.type->kind == PVR_JLD2_INTEGER;
    if ((!integer && value.type->kind != PVR_JLD2_BITFIELD) || value.type->size > 8 ||
        value.type->size == 0) {
        return false;
    }
    uint64_t bits = bits_of(value);
    unsigned width = 8 * value.type->size;
    if (integer && value.type->is_signed && width < 64 && bits >> (width - 1) != 0) {
        bits |= UINT64_MAX << width;
    }
    memcpy(number, &bits, sizeof *number);
    return true;
}

bool pvr_jld2_real(struct pvr_jld2_value value, double *number) {
    if (value.type->kind == PVR_JLD2_FLOAT) {
        uint64_t bits = bits_of(value);
        uint32_t half = (uint32_t)bits;
        float single;
        memcpy(&single, &half, sizeof single);
        memcpy(number, &bits, sizeof *number);
        *number = value.type->size == 4 ? (double)single : *number;
        return true;
    }
    int64_t whole;
    if (!pvr_jld2_whole(value, &whole)) {
        return false;
    }
    *number = (double)whole;
    return true;
}

uint64_t pvr_jld2_reference(struct pvr_jld2_value value) {
    return value.type->kind == PVR_JLD2_REFERENCE && value.type->size == 8
               ? pvr_jld2_little(value.data, 8)
               : 0;
}

/* What reads here and there in a part of the file, some bytes at a time. */
struct window {
    const struct pvr_jld2 *file;
    uint64_t end; /* of the part */
    uint64_t at, count;
    uint8_t data[4096]; /* JLD2's collections are not larger, but for long texts */
};

static const uint8_t *look(struct window *window, uint64_t at, uint64_t bytes) {
    if (at > window->end || bytes > window->end - at) {
        return NULL;
    }
    if (at < window->at || at + bytes > window->at + window->count) {
        uint64_t rest = window->end - at;
        window->at = at;
        window->count = rest < sizeof window->data ? rest : sizeof window->data;
        if (!pvr_jld2_pread(window->file, at, window->data, window->count)) {
            window->count = 0;
            return NULL;
        }
    }
    return window->data + (at - window->at);
}

/* A text's bytes in a global heap collection (HDF5 File Format Specification, III.E): objects of
 * index, references, size and bytes, padded to 8. */
static char *heap_text(const struct pvr_jld2 *file, const uint8_t *id) {
    uint64_t length = pvr_jld2_little(id, 4), address = pvr_jld2_little(id + 4, 8);
    uint64_t index = pvr_jld2_little(id + 12, 4), at = file->base + address;
    if (length > LONGEST_TEXT || address > file->identity.size) {
        return NULL;
    }
    if (length == 0) {
        return calloc(1, 1);
    }
    struct window window = {.file = file, .end = file->identity.size};
    const uint8_t *head = look(&window, at, 16);
    if (head == NULL || memcmp(head, "GCOL\1", 5) != 0) {
        return NULL;
    }
    uint64_t size = pvr_jld2_little(head + 8, 8);
    window.end = size < window.end - at ? at + size : window.end;
    for (at += 16; (head = look(&window, at, 16)) != NULL; at += 16) {
        uint64_t bytes = pvr_jld2_little(head + 8, 8), number = pvr_jld2_little(head, 2);
        if (bytes > window.end - at - 16 || number == 0) {
            return NULL;
        }
        if (number == index) {
            char *text = bytes >= length ? calloc(1, length + 1) : NULL;
            if (text != NULL && !pvr_jld2_pread(file, at + 16, text, length)) {
                free(text);
                text = NULL;
            }
            return text;
        }
        at += (bytes + 7) / 8 * 8;
    }
    return NULL;
}

char *pvr_jld2_text(struct pvr_jld2 *file, struct pvr_jld2_value value) {
    char *text = NULL;
    uint32_t size = value.type->size;
    if (value.type->kind == PVR_JLD2_TEXT) {
        text = heap_text(file, value.data);
    } else if (value.type->kind == PVR_JLD2_STRING && size <= LONGEST_TEXT) {
        text = calloc(1, (size_t)size + 1);
        if (text != NULL) {
            memcpy(text, value.data, size);
        }
    }
    for (char *at = text; at != NULL && *at != '\0'; at++) {
        bool control = (unsigned char)*at < ' ' && *at != '\n' && *at != '\t';
        *at = control || *at == 127 ? ' ' : *at;
    }
    return text;
}
