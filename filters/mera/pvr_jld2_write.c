/* pvr_jld2_write.c - Julia values as HDF5 datasets.
 *
 * Formats: HDF5 File Format Specification 3.0, IV.A.1.b (object header, version 2), IV.A.2
 * (messages). The order in which headers, types and data follow each other: src/datasets.jl of
 * JLD2 0.6.5.
 */
#include "pvr_jld2_write.h"

#include <stdlib.h>
#include <string.h>

enum { COMPACT_BELOW = 8192, INLINE_MOST = 1024, TEXT_BYTES = 16, REFERENCE_BYTES = 8 };

/* ---- sessions ---------------------------------------------------------------------------------
 */

struct pvr_jld2_seen {
    const struct pvr_jl_value *value;
    uint64_t address;
};

void pvr_jld2_session_free(struct pvr_jld2_session *session) {
    free(session->seen);
    *session = (struct pvr_jld2_session){0};
}

/* The same object to Julia: texts and types with the same content are. */
static bool same(const struct pvr_jl_value *a, const struct pvr_jl_value *b) {
    if (a == b) {
        return true;
    }
    if (a->type->kind != b->type->kind) {
        return false;
    }
    switch (a->type->kind) {
    case PVR_JL_STRING:
    case PVR_JL_SYMBOL:
        return a->as.text.length == b->as.text.length &&
               memcmp(a->as.text.bytes, b->as.text.bytes, a->as.text.length) == 0;
    case PVR_JL_DATATYPE:
        return pvr_jl_type_equal(a->as.type, b->as.type);
    default:
        return false;
    }
}

static bool seen(const struct pvr_jld2_session *session, const struct pvr_jl_value *value,
                 uint64_t *address) {
    for (size_t i = 0; i < session->count; i++) {
        if (same(session->seen[i].value, value)) {
            *address = session->seen[i].address;
            return true;
        }
    }
    return false;
}

static void see(struct pvr_jld2_writer *writer, struct pvr_jld2_session *session,
                const struct pvr_jl_value *value, uint64_t address) {
    if (session->count == session->room) {
        const size_t room = session->room == 0 ? 16 : 2 * session->room;
        struct pvr_jld2_seen *more = realloc(session->seen, room * sizeof *more);
        if (more == NULL) {
            writer->arena.failed = true;
            return;
        }
        session->seen = more;
        session->room = room;
    }
    session->seen[session->count++] = (struct pvr_jld2_seen){value, address};
}

/* ---- messages ---------------------------------------------------------------------------------
 */

void pvr_jld2_put_message(struct pvr_jld2_file *file, uint64_t *place, unsigned kind, size_t bytes,
                          unsigned flags) {
    pvr_jld2_put_number(file, place, kind, 1);
    pvr_jld2_put_number(file, place, bytes, 2);
    pvr_jld2_put_number(file, place, flags, 1);
}

void pvr_jld2_put_dataspace(struct pvr_jld2_file *file, uint64_t *place, int64_t count) {
    pvr_jld2_put_number(file, place, 2, 1); /* version */
    pvr_jld2_put_number(file, place, count >= 0 ? 1 : 0, 1);
    pvr_jld2_put_number(file, place, 0, 1);
    pvr_jld2_put_number(file, place, count >= 0 ? 1 : 0, 1); /* simple, scalar */
    if (count >= 0) {
        pvr_jld2_put_number(file, place, (uint64_t)count, 8);
    }
}

uint64_t pvr_jld2_header_begin(struct pvr_jld2_writer *writer, uint64_t messages, uint64_t *place) {
    const int width = messages <= UINT8_MAX ? 0 : messages <= UINT16_MAX ? 1 : 2;
    const uint64_t begin = pvr_jld2_reserve(&writer->file, 6 + (1u << width) + messages + 4);
    *place = begin;
    pvr_jld2_put(&writer->file, place, "OHDR", 4);
    pvr_jld2_put_number(&writer->file, place, 2, 1); /* version */
    pvr_jld2_put_number(&writer->file, place, (uint64_t)width, 1);
    pvr_jld2_put_number(&writer->file, place, messages, 1 << width);
    return begin;
}

/* ---- fields -----------------------------------------------------------------------------------
 */

bool pvr_jld2_is_inline(const struct pvr_jl_type *type, bool initialized) {
    return type->kind != PVR_JL_ABSTRACT &&
           (pvr_jl_is_bits(type) || (initialized && !type->is_mutable)) &&
           pvr_jl_size(type) <= INLINE_MOST;
}

static size_t struct_bytes(const struct pvr_jl_type *written) {
    size_t bytes = 0;
    for (size_t i = 0; i < written->nfields; i++) {
        bytes += pvr_jld2_field_bytes(written->field[i].type, i < written->initialized);
    }
    return bytes;
}

size_t pvr_jld2_field_bytes(const struct pvr_jl_type *type, bool initialized) {
    const struct pvr_jl_type *written = pvr_jl_written_as(type);
    switch (written->kind) {
    case PVR_JL_SIGNED:
    case PVR_JL_UNSIGNED:
    case PVR_JL_FLOAT:
    case PVR_JL_BOOL:
        return written->bytes;
    case PVR_JL_STRING:
    case PVR_JL_SYMBOL:
        return TEXT_BYTES;
    case PVR_JL_STRUCT:
    case PVR_JL_TUPLE:
        if (!pvr_jl_has_field_data(written)) {
            return 0;
        }
        return pvr_jld2_is_inline(written, initialized) ? struct_bytes(written) : REFERENCE_BYTES;
    default:
        return REFERENCE_BYTES;
    }
}

void pvr_jld2_put_text(struct pvr_jld2_writer *writer, uint64_t *place, const void *bytes,
                       size_t n) {
    uint64_t heap;
    uint32_t object;
    pvr_jld2_heap_add(&writer->file, bytes, n, &heap, &object);
    pvr_jld2_put_number(&writer->file, place, n, 4);
    pvr_jld2_put_number(&writer->file, place, heap, 8);
    pvr_jld2_put_number(&writer->file, place, object, 4);
}

static void put_number(struct pvr_jld2_writer *writer, uint64_t *place,
                       const struct pvr_jl_value *value) {
    const struct pvr_jl_type *type = value->type;
    uint64_t bits = (uint64_t)value->as.integer;
    if (type->kind == PVR_JL_FLOAT && type->bytes == 4) {
        const float single = (float)value->as.real;
        uint32_t pattern;
        memcpy(&pattern, &single, sizeof pattern);
        bits = pattern;
    } else if (type->kind == PVR_JL_FLOAT) {
        memcpy(&bits, &value->as.real, sizeof bits);
    }
    pvr_jld2_put_number(&writer->file, place, bits, (int)type->bytes);
}

static void put_fields(struct pvr_jld2_writer *writer, uint64_t *place,
                       const struct pvr_jl_type *written, const struct pvr_jl_value *value,
                       struct pvr_jld2_session *session);

/* A value where a field of type `type` stands; null: undefined, zeros. */
static void put_field(struct pvr_jld2_writer *writer, uint64_t *place,
                      const struct pvr_jl_type *type, bool initialized,
                      const struct pvr_jl_value *value, struct pvr_jld2_session *session) {
    const struct pvr_jl_type *written = pvr_jl_written_as(type);
    const size_t bytes = pvr_jld2_field_bytes(type, initialized);
    if (value == NULL || bytes == 0) {
        *place += bytes;
        return;
    }
    switch (written->kind) {
    case PVR_JL_SIGNED:
    case PVR_JL_UNSIGNED:
    case PVR_JL_FLOAT:
    case PVR_JL_BOOL:
        put_number(writer, place, value);
        return;
    case PVR_JL_STRING:
    case PVR_JL_SYMBOL:
        pvr_jld2_put_text(writer, place, value->as.text.bytes, value->as.text.length);
        return;
    case PVR_JL_STRUCT:
    case PVR_JL_TUPLE:
        if (pvr_jld2_is_inline(written, initialized)) {
            put_fields(writer, place, written, value, session);
            return;
        }
        break;
    case PVR_JL_ARRAY:
        if (type->kind != PVR_JL_ARRAY) { /* a tuple that is written as a vector */
            value = pvr_jl_vector(&writer->arena, written->element, type->nfields, value->as.field);
        }
        break;
    default:
        break;
    }
    if (value != NULL) {
        pvr_jld2_put_number(&writer->file, place, pvr_jld2_write_value(writer, value, session), 8);
    }
}

static void put_fields(struct pvr_jld2_writer *writer, uint64_t *place,
                       const struct pvr_jl_type *written, const struct pvr_jl_value *value,
                       struct pvr_jld2_session *session) {
    for (size_t i = 0; i < written->nfields; i++) {
        put_field(writer, place, written->field[i].type, i < written->initialized,
                  value->as.field[i], session);
    }
}

/* ---- datasets ---------------------------------------------------------------------------------
 */

static bool is_array(const struct pvr_jl_value *value) {
    return value->type->kind == PVR_JL_ARRAY;
}

/* An array whose elements are bits, which is what can be compressed. */
static bool is_column(const struct pvr_jl_value *value) {
    return is_array(value) && pvr_jl_is_bits(value->type->element);
}

static void put_elements(struct pvr_jld2_writer *writer, uint64_t *place,
                         const struct pvr_jl_value *array, struct pvr_jld2_session *session) {
    for (uint64_t i = 0; i < array->as.array.length; i++) {
        put_field(writer, place, array->type->element, false, array->as.array.element[i], session);
    }
}

static void put_data(struct pvr_jld2_writer *writer, uint64_t *place,
                     const struct pvr_jl_value *value, struct pvr_jld2_session *session) {
    const struct pvr_jl_type *type = value->type, *written = pvr_jl_written_as(type);
    if (is_array(value)) {
        put_elements(writer, place, value, session);
    } else if (type->kind == PVR_JL_STRING) {
        pvr_jld2_put(&writer->file, place, value->as.text.bytes, value->as.text.length);
    } else if (type->kind == PVR_JL_DATATYPE) {
        pvr_jld2_put_type(writer, place, value->as.type, session);
    } else if (written->kind == PVR_JL_STRUCT || written->kind == PVR_JL_TUPLE) {
        put_fields(writer, place, written, value, session);
    } else {
        put_field(writer, place, type, true, value, session);
    }
}

static uint64_t data_bytes(const struct pvr_jl_value *value) {
    const struct pvr_jl_type *type = value->type, *written = pvr_jl_written_as(type);
    if (is_array(value)) {
        return pvr_jld2_field_bytes(type->element, false) * value->as.array.length;
    }
    if (type->kind == PVR_JL_STRING) {
        return value->as.text.length;
    }
    if (type->kind == PVR_JL_DATATYPE) {
        return TEXT_BYTES + TEXT_BYTES;
    }
    if (written->kind == PVR_JL_STRUCT || written->kind == PVR_JL_TUPLE) {
        return struct_bytes(written);
    }
    return pvr_jld2_field_bytes(type, true);
}

enum { NULL_SPACE = 2, COMPACT = 0, CONTIGUOUS = 1, CHUNKED = 2 };

static uint64_t write_dataset(struct pvr_jld2_writer *writer, const struct pvr_jl_value *value,
                              struct pvr_jld2_session *session) {
    struct pvr_jld2_file *file = &writer->file;
    const bool array = is_array(value), column = is_column(value);
    /* An array of references tells the type of its elements in an attribute. */
    uint64_t element_type = 0;
    if (array && !column) {
        const enum pvr_jl_kind kind = pvr_jl_written_as(value->type->element)->kind;
        if (kind != PVR_JL_STRING && kind != PVR_JL_SYMBOL) {
            element_type = pvr_jld2_write_value(
                writer, pvr_jl_type_value(&writer->arena, value->type->element),
                &writer->datatypes);
        }
    }
    const struct pvr_jld2_datatype datatype = pvr_jld2_value_datatype(writer, value);
    const bool null = !array && data_bytes(value) == 0 && value->type->kind != PVR_JL_STRING;
    const uint64_t bytes = data_bytes(value);
    int layout = CONTIGUOUS;
    if (bytes == 0 || (!array && bytes < COMPACT_BELOW)) {
        layout = COMPACT;
    } else if (column && writer->compressor != PVR_JLD2_NONE) {
        layout = CHUNKED;
    }
    const struct pvr_jld2_datatype reference = pvr_jld2_reference_datatype();
    const size_t attribute = 8 + sizeof "julia_type" + reference.nbytes + 4 + REFERENCE_BYTES;
    const size_t space = array ? 12 : 4;
    const size_t layout_bytes = layout == COMPACT      ? 4 + (size_t)bytes
                                : layout == CONTIGUOUS ? 18
                                                       : 42;
    uint64_t messages = PVR_JLD2_MESSAGE_HEADER + 2 + PVR_JLD2_MESSAGE_HEADER + space +
                        PVR_JLD2_MESSAGE_HEADER + pvr_jld2_datatype_bytes(&datatype) +
                        PVR_JLD2_MESSAGE_HEADER + layout_bytes + PVR_JLD2_SPARE;
    if (element_type != 0) {
        messages += PVR_JLD2_MESSAGE_HEADER + attribute;
    }
    if (layout == CHUNKED) {
        messages += PVR_JLD2_MESSAGE_HEADER + pvr_jld2_filter_bytes(writer->compressor);
    }
    uint64_t place;
    const uint64_t begin = pvr_jld2_header_begin(writer, messages, &place);
    const uint64_t address = begin - PVR_JLD2_BASE;
    if (value->type->is_mutable) {
        see(writer, session, value, address);
    }
    pvr_jld2_put_message(file, &place, PVR_JLD2_FILL, 2, 0);
    pvr_jld2_put_number(file, &place, 3 | 9 << 8, 2);
    pvr_jld2_put_message(file, &place, PVR_JLD2_DATASPACE, space, 0);
    if (null) {
        pvr_jld2_put_number(file, &place, 2 | (uint64_t)NULL_SPACE << 24, 4);
    } else {
        pvr_jld2_put_dataspace(file, &place, array ? (int64_t)value->as.array.length : -1);
    }
    if (element_type != 0) {
        pvr_jld2_put_message(file, &place, PVR_JLD2_ATTRIBUTE, attribute, 0);
        pvr_jld2_put_number(file, &place, 2, 2); /* version, flags */
        pvr_jld2_put_number(file, &place, sizeof "julia_type", 2);
        pvr_jld2_put_number(file, &place, reference.nbytes, 2);
        pvr_jld2_put_number(file, &place, 4, 2);
        pvr_jld2_put(file, &place, "julia_type", sizeof "julia_type");
        pvr_jld2_put_datatype(writer, &place, &reference);
        pvr_jld2_put_dataspace(file, &place, -1);
        pvr_jld2_put_number(file, &place, element_type, 8);
    }
    pvr_jld2_put_message(file, &place, PVR_JLD2_DATATYPE, pvr_jld2_datatype_bytes(&datatype),
                         datatype.address != 0 ? 3 : 1);
    pvr_jld2_put_datatype(writer, &place, &datatype);
    uint64_t data = 0, stored = bytes;
    if (layout == CHUNKED) {
        pvr_jld2_put_filter(writer, &place);
        data = pvr_jld2_write_column(writer, value, &stored);
    } else if (layout == CONTIGUOUS) {
        pvr_jld2_align(file);
        data =
            column ? pvr_jld2_write_column(writer, value, &stored) : pvr_jld2_reserve(file, bytes);
    }
    pvr_jld2_put_message(file, &place, PVR_JLD2_LAYOUT, layout_bytes, 0);
    pvr_jld2_put_number(file, &place, 4 | (uint64_t)layout << 8, 2); /* version, class */
    if (layout == COMPACT) {
        pvr_jld2_put_number(file, &place, bytes, 2);
        if (bytes > 0) {
            put_data(writer, &place, value, session);
        }
    } else if (layout == CONTIGUOUS) {
        pvr_jld2_put_number(file, &place, data - PVR_JLD2_BASE, 8);
        pvr_jld2_put_number(file, &place, bytes, 8);
    } else {
        pvr_jld2_put_number(file, &place, 2, 1); /* a single chunk with filters */
        pvr_jld2_put_number(file, &place, 2,
                            1); /* dimensions: that of the array, the element's size */
        pvr_jld2_put_number(file, &place, 8, 1);
        pvr_jld2_put_number(file, &place, value->as.array.length, 8);
        pvr_jld2_put_number(file, &place, datatype.size, 8);
        pvr_jld2_put_number(file, &place, 1, 1); /* the index of a single chunk: */
        pvr_jld2_put_number(file, &place, stored, 8);
        pvr_jld2_put_number(file, &place, 0, 4); /* no filter was skipped */
        pvr_jld2_put_number(file, &place, data - PVR_JLD2_BASE, 8);
    }
    pvr_jld2_put_message(file, &place, PVR_JLD2_NIL, PVR_JLD2_SPARE - PVR_JLD2_MESSAGE_HEADER, 0);
    place += PVR_JLD2_SPARE - PVR_JLD2_MESSAGE_HEADER;
    pvr_jld2_put_checksum(file, begin, place - begin);
    if (layout == CONTIGUOUS && !column) {
        put_data(writer, &data, value, session);
    }
    return address;
}

uint64_t pvr_jld2_write_value(struct pvr_jld2_writer *writer, const struct pvr_jl_value *value,
                              struct pvr_jld2_session *session) {
    uint64_t address = 0;
    if (value == NULL || writer->arena.failed || pvr_jld2_failed(&writer->file)) {
        return 0;
    }
    if (value->type->kind == PVR_JL_DATATYPE && value->as.type->whole != NULL) {
        value = value->as.type->whole;
    }
    if (value->type->is_mutable && seen(session, value, &address)) {
        return address;
    }
    return write_dataset(writer, value, session);
}

/* ---- files ------------------------------------------------------------------------------------
 */

void pvr_jld2_writer_begin(struct pvr_jld2_writer *writer, int descriptor, const char *path,
                           enum pvr_jld2_compressor compressor, struct pvr_job *job) {
    memset(writer, 0, sizeof *writer);
    pvr_jld2_file_begin(&writer->file, descriptor, path);
    writer->compressor = compressor;
    writer->job = job;
}

void pvr_jld2_write(struct pvr_jld2_writer *writer, const char *path,
                    const struct pvr_jl_value *value) {
    struct pvr_jld2_session session = {0};
    const uint64_t address = pvr_jld2_write_value(writer, value, &session);
    pvr_jld2_session_free(&session);
    pvr_jld2_link_path(writer, path, address);
}

enum pvr_status pvr_jld2_writer_status(struct pvr_jld2_writer *writer, struct pvr_error *error) {
    if (writer->arena.failed && !pvr_jld2_failed(&writer->file)) {
        pvr_fail(&writer->file.error, PVR_ERROR_MEMORY, "%s: no memory to build the file's headers",
                 writer->file.path);
    }
    return pvr_jld2_failed(&writer->file)
               ? pvr_fail(error, writer->file.error.status, "%s", writer->file.error.message)
               : PVR_OK;
}

enum pvr_status pvr_jld2_writer_finish(struct pvr_jld2_writer *writer, struct pvr_error *error) {
    pvr_jld2_groups_save(writer);
    const enum pvr_status status = pvr_jld2_writer_status(writer, error);
    return status == PVR_OK ? pvr_jld2_file_finish(&writer->file, writer->root_address, error)
                            : status;
}

void pvr_jld2_writer_forget(struct pvr_jld2_writer *writer) {
    for (size_t i = 0; i < writer->nkept; i++) {
        free(writer->kept[i].block);
    }
    writer->nkept = 0;
}

void pvr_jld2_writer_free(struct pvr_jld2_writer *writer) {
    pvr_jld2_file_free(&writer->file);
    pvr_jld2_session_free(&writer->datatypes);
    pvr_jld2_group_free(&writer->root);
    pvr_jld2_group_free(&writer->types);
    pvr_jld2_writer_forget(writer);
    free(writer->kept);
    free(writer->committed);
    pvr_jl_arena_free(&writer->arena);
    memset(writer, 0, sizeof *writer);
}
