/* pvr_jld2_types.c - Julia types as HDF5 datatypes, committed to the group _types.
 *
 * Formats: HDF5 File Format Specification 3.0, IV.A.2.d (datatype message). Which type is
 * committed, and where a field stands in its struct or is a reference:
 * src/data/writing_datatypes.jl and specialcased_types.jl of JLD2 0.6.5.
 */
#include "pvr_jld2_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pvr_jld2_committed {
    const struct pvr_jl_type *type;
    struct pvr_jld2_datatype datatype;
};

enum { TEXT_BYTES = 16, REFERENCE_BYTES = 8 };

/* ---- datatypes --------------------------------------------------------------------------------
 */

#define REFERENCE 0x37, 0, 0, 0, 8, 0, 0, 0
#define UINT8_TYPE 0x30, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0
#define TEXT 0x39, 0x11, 1, 0, 16, 0, 0, 0, UINT8_TYPE

struct pvr_jld2_datatype pvr_jld2_reference_datatype(void) {
    static const unsigned char bytes[] = {REFERENCE};
    return (struct pvr_jld2_datatype){bytes, sizeof bytes, REFERENCE_BYTES, 0};
}

struct pvr_jld2_datatype pvr_jld2_text_datatype(void) {
    static const unsigned char bytes[] = {TEXT};
    return (struct pvr_jld2_datatype){bytes, sizeof bytes, TEXT_BYTES, 0};
}

/* A DataType: a name and references to the parameters. */
static struct pvr_jld2_datatype type_datatype(void) {
    static const unsigned char bytes[] = {0x36, 2,   0,   0,   32,  0,    0,   0,   'n',
                                          'a',  'm', 'e', 0,   0,   TEXT, 'p', 'a', 'r',
                                          'a',  'm', 'e', 't', 'e', 'r',  's', 0,   16,
                                          0x39, 0,   0,   0,   16,  0,    0,   0,   REFERENCE};
    return (struct pvr_jld2_datatype){bytes, sizeof bytes, 32, 0};
}

/* A singleton: a byte that is never written. */
static struct pvr_jld2_datatype opaque(void) {
    static const unsigned char bytes[] = {0x35, 0, 0, 0, 1, 0, 0, 0};
    return (struct pvr_jld2_datatype){bytes, sizeof bytes, 1, 0};
}

static struct pvr_jld2_datatype fixed_text(struct pvr_jld2_writer *writer, size_t length) {
    const unsigned char bytes[] = {0x33,
                                   0x11,
                                   0,
                                   0,
                                   (unsigned char)length,
                                   (unsigned char)(length >> 8),
                                   (unsigned char)(length >> 16),
                                   (unsigned char)(length >> 24)};
    const void *copy = pvr_jl_arena_text(&writer->arena, (const char *)bytes, sizeof bytes);
    return (struct pvr_jld2_datatype){copy, sizeof bytes, (uint32_t)length, 0};
}

static struct pvr_jld2_datatype number(const struct pvr_jl_type *type) {
#define WHOLE(class_, sign, n)                                                                     \
    { class_, sign, 0, 0, n, 0, 0, 0, 0, 0, 8 * n, 0 }
    static const unsigned char whole[3][4][12] = {
        {WHOLE(0x30, 8, 1), WHOLE(0x30, 8, 2), WHOLE(0x30, 8, 4), WHOLE(0x30, 8, 8)},
        {WHOLE(0x30, 0, 1), WHOLE(0x30, 0, 2), WHOLE(0x30, 0, 4), WHOLE(0x30, 0, 8)},
        {WHOLE(0x34, 0, 1), WHOLE(0x34, 0, 1), WHOLE(0x34, 0, 1), WHOLE(0x34, 0, 1)}};
    static const unsigned char single[] = {0x31, 0x20, 0x1f, 0, 4, 0,  0,   0, 0, 0,
                                           32,   0,    23,   8, 0, 23, 127, 0, 0, 0};
    static const unsigned char wide[] = {0x31, 0x20, 0x3f, 0,  8, 0,  0,    0,    0, 0,
                                         64,   0,    52,   11, 0, 52, 0xff, 0x03, 0, 0};
    const uint32_t size = (uint32_t)type->bytes;
    if (type->kind == PVR_JL_FLOAT) {
        return size == 4 ? (struct pvr_jld2_datatype){single, sizeof single, size, 0}
                         : (struct pvr_jld2_datatype){wide, sizeof wide, size, 0};
    }
    const int sort = type->kind == PVR_JL_SIGNED ? 0 : type->kind == PVR_JL_UNSIGNED ? 1 : 2;
    const int width = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
    return (struct pvr_jld2_datatype){whole[sort][width], 12, size, 0};
}

size_t pvr_jld2_datatype_bytes(const struct pvr_jld2_datatype *datatype) {
    return datatype->address != 0 ? 10 : datatype->nbytes;
}

void pvr_jld2_put_datatype(struct pvr_jld2_writer *writer, uint64_t *place,
                           const struct pvr_jld2_datatype *datatype) {
    if (datatype->address != 0) { /* shared, in another object's header */
        pvr_jld2_put_number(&writer->file, place, 3 | 2 << 8, 2);
        pvr_jld2_put_number(&writer->file, place, datatype->address, 8);
    } else {
        pvr_jld2_put(&writer->file, place, datatype->bytes, datatype->nbytes);
    }
}

/* ---- committing -------------------------------------------------------------------------------
 */

static const struct pvr_jld2_datatype *find_committed(const struct pvr_jld2_writer *writer,
                                                      const struct pvr_jl_type *type) {
    for (size_t i = 0; i < writer->ncommitted; i++) {
        if (pvr_jl_type_equal(writer->committed[i].type, type)) {
            return &writer->committed[i].datatype;
        }
    }
    return NULL;
}

/* Notes a type that is about to be written at the end of the file. */
static struct pvr_jld2_datatype note(struct pvr_jld2_writer *writer, const struct pvr_jl_type *type,
                                     struct pvr_jld2_datatype datatype) {
    struct pvr_jld2_committed *committed =
        realloc(writer->committed, (writer->ncommitted + 1) * sizeof *committed);
    if (committed == NULL) {
        writer->arena.failed = true;
        return datatype;
    }
    datatype.address = writer->file.end - PVR_JLD2_BASE;
    writer->committed = committed;
    committed[writer->ncommitted++] = (struct pvr_jld2_committed){type, datatype};
    char name[24];
    snprintf(name, sizeof name, "%08zu", writer->ntypes_before + writer->ncommitted);
    pvr_jld2_link_add(writer, &writer->types, name, datatype.address);
    return datatype;
}

/* What is told of the fields of a struct, beside its datatype. */
struct fields {
    size_t count;
    const struct pvr_jl_type *type; /* whose fields' names are told */
    uint64_t *address;              /* of each field's committed type, or 0 */
};

static size_t attribute_bytes(const char *name, const struct pvr_jld2_datatype *datatype,
                              int dimensions, size_t data) {
    return 8 + strlen(name) + 1 + pvr_jld2_datatype_bytes(datatype) + 4 + 8 * (size_t)dimensions +
           data;
}

/* The head of an attribute; its data follow. count < 0: a scalar. */
static void put_attribute(struct pvr_jld2_writer *writer, uint64_t *place, const char *name,
                          const struct pvr_jld2_datatype *datatype, int64_t count, size_t data) {
    struct pvr_jld2_file *file = &writer->file;
    const int dimensions = count >= 0 ? 1 : 0;
    pvr_jld2_put_message(file, place, PVR_JLD2_ATTRIBUTE,
                         attribute_bytes(name, datatype, dimensions, data), 0);
    pvr_jld2_put_number(file, place, 2, 1); /* version */
    pvr_jld2_put_number(file, place, datatype->address != 0, 1);
    pvr_jld2_put_number(file, place, strlen(name) + 1, 2);
    pvr_jld2_put_number(file, place, pvr_jld2_datatype_bytes(datatype), 2);
    pvr_jld2_put_number(file, place, 4 + 8 * (uint64_t)dimensions, 2);
    pvr_jld2_put(file, place, name, strlen(name) + 1);
    pvr_jld2_put_datatype(writer, place, datatype);
    pvr_jld2_put_dataspace(file, place, count);
}

static void put_type_attribute(struct pvr_jld2_writer *writer, uint64_t *place, const char *name,
                               const struct pvr_jld2_datatype *types,
                               const struct pvr_jl_type *type) {
    struct pvr_jld2_session session = {0};
    put_attribute(writer, place, name, types, -1, types->size);
    pvr_jld2_put_type(writer, place, type, &session);
    pvr_jld2_session_free(&session);
}

static void put_field_attributes(struct pvr_jld2_writer *writer, uint64_t *place,
                                 const struct fields *fields) {
    const struct pvr_jld2_datatype text = pvr_jld2_text_datatype(),
                                   reference = pvr_jld2_reference_datatype();
    const int64_t count = (int64_t)fields->count;
    put_attribute(writer, place, "field_names", &text, count, fields->count * text.size);
    for (size_t i = 0; i < fields->count; i++) {
        const char *name = fields->type->field[i].name;
        pvr_jld2_put_text(writer, place, name, strlen(name));
    }
    put_attribute(writer, place, "field_types", &reference, count, fields->count * reference.size);
    for (size_t i = 0; i < fields->count; i++) {
        pvr_jld2_put_number(&writer->file, place, fields->address[i], 8);
    }
}

/* Writes a datatype as an object of its own. `empty`: of a singleton; `fields` may be null. */
static struct pvr_jld2_datatype commit(struct pvr_jld2_writer *writer,
                                       struct pvr_jld2_datatype datatype,
                                       const struct pvr_jl_type *written,
                                       const struct pvr_jl_type *type, bool empty,
                                       const struct fields *fields) {
    const bool bootstrap = type->kind == PVR_JL_DATATYPE;
    struct pvr_jld2_datatype types = {0};
    if (!bootstrap) {
        types = pvr_jld2_field_datatype(writer, &pvr_jl_datatype, true, NULL);
    }
    const struct pvr_jld2_datatype named = note(writer, type, datatype);
    if (bootstrap) {
        types = named;
    }
    const struct pvr_jld2_datatype byte = number(&pvr_jl_uint8), text = pvr_jld2_text_datatype(),
                                   reference = pvr_jld2_reference_datatype();
    const bool differs = !pvr_jl_type_equal(written, type);
    size_t bytes = PVR_JLD2_MESSAGE_HEADER + datatype.nbytes + PVR_JLD2_MESSAGE_HEADER +
                   attribute_bytes("julia_type", &types, 0, types.size);
    if (differs) {
        bytes += PVR_JLD2_MESSAGE_HEADER + attribute_bytes("written_type", &types, 0, types.size);
    }
    if (empty) {
        bytes += PVR_JLD2_MESSAGE_HEADER + attribute_bytes("empty", &byte, 0, 1);
    }
    if (fields != NULL) {
        bytes += PVR_JLD2_MESSAGE_HEADER +
                 attribute_bytes("field_names", &text, 1, fields->count * text.size) +
                 PVR_JLD2_MESSAGE_HEADER +
                 attribute_bytes("field_types", &reference, 1, fields->count * reference.size);
    }
    uint64_t place;
    const uint64_t begin = pvr_jld2_header_begin(writer, bytes, &place);
    pvr_jld2_put_message(&writer->file, &place, PVR_JLD2_DATATYPE, datatype.nbytes, 64);
    pvr_jld2_put(&writer->file, &place, datatype.bytes, datatype.nbytes);
    put_type_attribute(writer, &place, "julia_type", &types, type);
    if (differs) {
        put_type_attribute(writer, &place, "written_type", &types, written);
    }
    if (empty) {
        put_attribute(writer, &place, "empty", &byte, -1, 1);
        pvr_jld2_put_number(&writer->file, &place, 1, 1);
    }
    if (fields != NULL) {
        put_field_attributes(writer, &place, fields);
    }
    pvr_jld2_put_checksum(&writer->file, begin, place - begin);
    return named;
}

static struct pvr_jld2_datatype commit_singleton(struct pvr_jld2_writer *writer,
                                                 const struct pvr_jl_type *written,
                                                 const struct pvr_jl_type *type) {
    return commit(writer, opaque(), written, type, true, NULL);
}

static size_t offset_bytes(size_t size) {
    return size <= UINT8_MAX ? 1 : size <= UINT16_MAX ? 2 : 4;
}

static struct pvr_jld2_datatype commit_compound(struct pvr_jld2_writer *writer,
                                                const struct pvr_jl_type *written,
                                                const struct pvr_jl_type *type) {
    const size_t n = written->nfields;
    struct pvr_jld2_datatype *member = pvr_jl_arena_take(&writer->arena, n * sizeof *member);
    bool *absent = pvr_jl_arena_take(&writer->arena, n);
    struct fields fields = {n, written, pvr_jl_arena_take(&writer->arena, n * sizeof(uint64_t))};
    struct pvr_jld2_datatype compound = {.nbytes = 8};
    if (writer->arena.failed) {
        return compound;
    }
    bool told = false;
    unsigned present = 0;
    for (size_t i = 0; i < n; i++) {
        const struct pvr_jl_type *field = written->field[i].type;
        member[i] = pvr_jld2_field_datatype(writer, field, i < written->initialized, &absent[i]);
        if (absent[i]) {
            const struct pvr_jld2_datatype *known = find_committed(writer, field);
            member[i] =
                known != NULL ? *known : commit_singleton(writer, pvr_jl_written_as(field), field);
        } else {
            compound.size += member[i].size;
            compound.nbytes += strlen(written->field[i].name) + 1 + member[i].nbytes;
            present++;
        }
        told = told || member[i].address != 0;
        fields.address[i] = member[i].address;
    }
    const size_t width = offset_bytes(compound.size);
    compound.nbytes += present * width;
    unsigned char *to = pvr_jl_arena_take(&writer->arena, compound.nbytes);
    if (to == NULL) {
        return compound;
    }
    if (compound.nbytes > UINT16_MAX) {
        pvr_fail(&writer->file.error, PVR_ERROR_UNSUPPORTED,
                 "%s: %s has so many fields that their names and types are longer than a header "
                 "message can be (64 KiB)",
                 writer->file.path, type->name);
        return compound;
    }
    compound.bytes = to;
    const unsigned char head[] = {0x36, (unsigned char)present, (unsigned char)(present >> 8), 0};
    memcpy(to, head, sizeof head);
    for (int i = 0; i < 4; i++) {
        to[4 + i] = (unsigned char)(compound.size >> (8 * i));
    }
    to += 8;
    uint32_t offset = 0;
    for (size_t i = 0; i < n; i++) {
        if (absent[i]) {
            continue;
        }
        const size_t length = strlen(written->field[i].name) + 1;
        memcpy(to, written->field[i].name, length);
        to += length;
        for (size_t b = 0; b < width; b++) {
            *to++ = (unsigned char)(offset >> (8 * b));
        }
        memcpy(to, member[i].bytes, member[i].nbytes);
        to += member[i].nbytes;
        offset += member[i].size;
    }
    return commit(writer, compound, written, type, false, told ? &fields : NULL);
}

struct pvr_jld2_datatype pvr_jld2_field_datatype(struct pvr_jld2_writer *writer,
                                                 const struct pvr_jl_type *type, bool initialized,
                                                 bool *nothing) {
    const struct pvr_jl_type *written = pvr_jl_written_as(type);
    const struct pvr_jld2_datatype *known;
    if (nothing != NULL) {
        *nothing = false;
    }
    switch (written->kind) {
    case PVR_JL_SIGNED:
    case PVR_JL_UNSIGNED:
    case PVR_JL_FLOAT:
    case PVR_JL_BOOL:
        return number(written);
    case PVR_JL_STRING:
        return pvr_jld2_text_datatype();
    case PVR_JL_SYMBOL:
        known = find_committed(writer, type);
        return known != NULL ? *known
                             : commit(writer, pvr_jld2_text_datatype(), written, type, false, NULL);
    case PVR_JL_DATATYPE:
        known = find_committed(writer, type);
        return known != NULL ? *known : commit(writer, type_datatype(), written, type, false, NULL);
    case PVR_JL_ARRAY:
        if (type->kind == PVR_JL_ARRAY) {
            return pvr_jld2_reference_datatype();
        }
        known = find_committed(writer, type);
        return known != NULL
                   ? *known
                   : commit(writer, pvr_jld2_reference_datatype(), written, type, false, NULL);
    default:
        break;
    }
    if (!pvr_jl_has_field_data(written)) {
        if (nothing != NULL) {
            *nothing = true;
        }
        return (struct pvr_jld2_datatype){0};
    }
    if (!pvr_jld2_is_inline(written, initialized)) {
        return pvr_jld2_reference_datatype();
    }
    known = find_committed(writer, written);
    return known != NULL ? *known : commit_compound(writer, written, type);
}

struct pvr_jld2_datatype pvr_jld2_value_datatype(struct pvr_jld2_writer *writer,
                                                 const struct pvr_jl_value *value) {
    const struct pvr_jl_type *type = value->type, *written = pvr_jl_written_as(type);
    if (type->kind == PVR_JL_STRING) {
        return fixed_text(writer, value->as.text.length);
    }
    if (type->kind == PVR_JL_ARRAY) {
        return pvr_jld2_field_datatype(writer, type->element, false, NULL);
    }
    if (written->kind != PVR_JL_STRUCT && written->kind != PVR_JL_TUPLE) {
        return pvr_jld2_field_datatype(writer, type, true, NULL);
    }
    const struct pvr_jld2_datatype *known = find_committed(writer, type);
    if (known != NULL) {
        return *known;
    }
    return pvr_jl_has_data(written) ? commit_compound(writer, written, type)
                                    : commit_singleton(writer, written, type);
}

/* ---- types as values --------------------------------------------------------------------------
 */

static uint64_t reference_to(struct pvr_jld2_writer *writer, const struct pvr_jl_value *parameter,
                             struct pvr_jld2_session *session) {
    if (parameter->type->kind == PVR_JL_DATATYPE) {
        /* A type that is committed is meant by its datatype, others are written by name. */
        const struct pvr_jld2_datatype datatype =
            pvr_jld2_field_datatype(writer, parameter->as.type, true, NULL);
        if (datatype.address != 0) {
            return datatype.address;
        }
    }
    return pvr_jld2_write_value(writer, parameter, session);
}

void pvr_jld2_put_type(struct pvr_jld2_writer *writer, uint64_t *place,
                       const struct pvr_jl_type *type, struct pvr_jld2_session *session) {
    size_t n = type->nparameters;
    const struct pvr_jl_value *const *parameter = type->parameter;
    const struct pvr_jl_value *pair[2];
    const char *name = type->name;
    if (type->kind == PVR_JL_TUPLE) {
        bool alike = true;
        for (size_t i = 1; i < n; i++) {
            alike = alike && pvr_jl_type_equal(parameter[i]->as.type, parameter[0]->as.type);
        }
        /* JLD2 means to write NTuple{N,T} for any N, but its test holds for two alone. */
        if (alike && n == 2) {
            name = "NTuple";
            pair[0] = pvr_jl_int(&writer->arena, 2);
            pair[1] = parameter[0];
            parameter = pair;
        } else if (alike) {
            name = "Tuple";
        }
    }
    pvr_jld2_put_text(writer, place, name, strlen(name));
    if (n == 0) {
        *place += TEXT_BYTES; /* zeros */
        return;
    }
    unsigned char *address = pvr_jl_arena_take(&writer->arena, n * 8);
    for (size_t i = 0; i < n && address != NULL && parameter[i] != NULL; i++) {
        const uint64_t to = reference_to(writer, parameter[i], session);
        for (int b = 0; b < 8; b++) {
            address[8 * i + (size_t)b] = (unsigned char)(to >> (8 * b));
        }
    }
    uint64_t heap;
    uint32_t object;
    if (address != NULL) {
        pvr_jld2_heap_add(&writer->file, address, n * 8, &heap, &object);
        pvr_jld2_put_number(&writer->file, place, n, 4);
        pvr_jld2_put_number(&writer->file, place, heap, 8);
        pvr_jld2_put_number(&writer->file, place, object, 4);
    }
}
