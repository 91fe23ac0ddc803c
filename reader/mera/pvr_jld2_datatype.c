/* pvr_jld2_datatype.c - types of values in JLD2 files (HDF5 File Format Specification 3.0,
 * IV.A.2.d).
 */
#include "pvr_jld2_header.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MEMBERS = 1 << 14, DEEPEST = 16, MOST_DIMENSIONS = 32 };

enum {
    CLASS_INTEGER,
    CLASS_FLOAT,
    CLASS_TIME,
    CLASS_STRING,
    CLASS_BITFIELD,
    CLASS_OPAQUE,
    CLASS_COMPOUND,
    CLASS_REFERENCE,
    CLASS_ENUM,
    CLASS_VLEN,
    CLASS_ARRAY
};

void pvr_jld2_type_free(struct pvr_jld2_type *type) {
    if (type == NULL) {
        return;
    }
    for (int i = 0; i < type->nmembers; i++) {
        free(type->member[i].name);
        pvr_jld2_type_free(type->member[i].type);
    }
    free(type->member);
    free(type);
}

/* What is left of a message; `wrong` once something does not fit. */
struct text {
    const uint8_t *at, *end;
    int members; /* of all compounds so far */
    bool wrong;
};

static const uint8_t *take(struct text *text, uint64_t bytes) {
    if (text->wrong || bytes > (uint64_t)(text->end - text->at)) {
        text->wrong = true;
        return NULL;
    }
    text->at += bytes;
    return text->at - bytes;
}

static uint64_t number(struct text *text, int bytes) {
    const uint8_t *at = take(text, (uint64_t)bytes);
    return at != NULL ? pvr_jld2_little(at, bytes) : 0;
}

/* A name that ends with a zero, and is filled up to whole words of 8 before version 3. */
static char *take_name(struct text *text, int version) {
    size_t room = (size_t)(text->end - text->at);
    size_t length = strnlen((const char *)text->at, room);
    size_t all = version < 3 ? (length / 8 + 1) * 8 : length + 1;
    const uint8_t *at = length < room ? take(text, all) : NULL;
    text->wrong = text->wrong || at == NULL;
    return at != NULL ? strdup((const char *)at) : NULL;
}

static struct pvr_jld2_type *parse(struct text *text, int depth);

static void skip_type(struct text *text, int depth) {
    pvr_jld2_type_free(parse(text, depth));
}

/* Bytes that hold numbers up to `size`. */
static int width_of(uint32_t size) {
    return size > 0xffffff ? 4 : size > 0xffff ? 3 : size > 0xff ? 2 : 1;
}

static void parse_members(struct text *text, int depth, int version, int count,
                          struct pvr_jld2_type *type) {
    text->members += count;
    type->member =
        text->members <= MOST_MEMBERS ? calloc((size_t)count + 1, sizeof *type->member) : NULL;
    text->wrong = text->wrong || type->member == NULL;
    for (int i = 0; !text->wrong && i < count; i++) {
        struct pvr_jld2_member *member = &type->member[type->nmembers++];
        member->name = take_name(text, version);
        member->offset = (uint32_t)number(text, version < 3 ? 4 : width_of(type->size));
        if (version == 1) { /* up to four dimensions; arrays have a class of their own since */
            const uint8_t *dimensions = take(text, 28);
            text->wrong = text->wrong || dimensions[0] != 0;
        }
        member->type = parse(text, depth + 1);
        text->wrong = text->wrong || member->name == NULL || member->type == NULL ||
                      member->offset > type->size ||
                      member->type->size > type->size - member->offset;
    }
}

/* What other classes have behind their size; nothing of it is kept. */
static void skip_properties(struct text *text, int depth, int class, int version, uint32_t bits) {
    if (class == CLASS_TIME) {
        take(text, 2);
    } else if (class == CLASS_BITFIELD) {
        take(text, 4);
    } else if (class == CLASS_OPAQUE) {
        take(text, bits & 0xff);
    } else if (class == CLASS_VLEN) {
        skip_type(text, depth + 1);
    } else if (class == CLASS_ARRAY) {
        uint64_t rank = number(text, 1);
        text->wrong = text->wrong || rank > MOST_DIMENSIONS;
        take(text, text->wrong ? 0 : version < 3 ? 3 + 8 * rank : 4 * rank);
        skip_type(text, depth + 1);
    } else if (class == CLASS_ENUM) {
        struct pvr_jld2_type *base = parse(text, depth + 1);
        uint64_t count = bits & 0xffff, size = base != NULL ? base->size : 0;
        for (uint64_t i = 0; !text->wrong && i < count; i++) {
            free(take_name(text, version));
        }
        take(text, count * size);
        pvr_jld2_type_free(base);
    }
}

static bool is_ieee(const uint8_t *p, uint32_t size) {
    static const uint8_t single[12] = {0, 0, 32, 0, 23, 8, 0, 23, 127};
    static const uint8_t wide[12] = {0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3};
    return (size == 4 && memcmp(p, single, 12) == 0) || (size == 8 && memcmp(p, wide, 12) == 0);
}

static struct pvr_jld2_type *parse(struct text *text, int depth) {
    const uint8_t *head = take(text, 8);
    struct pvr_jld2_type *type = head != NULL && depth < DEEPEST ? calloc(1, sizeof *type) : NULL;
    if (type == NULL) {
        text->wrong = true;
        return NULL;
    }
    int class = head[0] & 15, version = head[0] >> 4;
    uint32_t bits = (uint32_t)pvr_jld2_little(head + 1, 3);
    type->size = (uint32_t)pvr_jld2_little(head + 4, 4);
    type->big_endian = bits & 1;
    type->kind = PVR_JLD2_OTHER;
    text->wrong = version < 1 || version > 4 || class > CLASS_ARRAY;
    switch (text->wrong ? -1 : class) {
    case CLASS_INTEGER: {
        const uint8_t *properties = take(text, 4);
        bool whole = properties != NULL && pvr_jld2_little(properties, 2) == 0 &&
                     pvr_jld2_little(properties + 2, 2) == 8 * (uint64_t)type->size;
        type->kind =
            whole && type->size >= 1 && type->size <= 8 ? PVR_JLD2_INTEGER : PVR_JLD2_OTHER;
        type->is_signed = bits & 8;
        break;
    }
    case CLASS_FLOAT: {
        const uint8_t *properties = take(text, 12);
        bool ieee = properties != NULL && is_ieee(properties, type->size) && !(bits & 0x40);
        type->kind = ieee ? PVR_JLD2_FLOAT : PVR_JLD2_OTHER;
        break;
    }
    case CLASS_STRING:
        type->kind = PVR_JLD2_STRING;
        break;
    case CLASS_COMPOUND:
        type->kind = PVR_JLD2_COMPOUND;
        parse_members(text, depth, version, (int)(bits & 0xffff), type);
        break;
    case CLASS_REFERENCE:
        type->kind = (bits & 15) == 0 && type->size == 8 ? PVR_JLD2_REFERENCE : PVR_JLD2_OTHER;
        break;
    case -1:
        break;
    default:
        skip_properties(text, depth, class, version, bits);
        if (class == CLASS_BITFIELD && type->size == 1) {
            type->kind = PVR_JLD2_BITFIELD;
        } else if (class == CLASS_VLEN && (bits & 15) == 1 && type->size == 16) {
            type->kind = PVR_JLD2_TEXT;
        }
    }
    if (text->wrong) {
        pvr_jld2_type_free(type);
        return NULL;
    }
    return type;
}

struct pvr_jld2_type *pvr_jld2_type_parse(const uint8_t *body, uint32_t bytes) {
    struct text text = {.at = body, .end = body + bytes};
    return parse(&text, 0);
}
