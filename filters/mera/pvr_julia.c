/* pvr_julia.c - Julia types and values. */
#include "pvr_julia.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory -----------------------------------------------------------------------------------
 */

enum { PAGE_BYTES = 64 << 10, SCRATCH_BYTES = 4096 };

struct pvr_jl_arena_page {
    struct pvr_jl_arena_page *next;
    size_t used, bytes;
    _Alignas(16) unsigned char memory[];
};

void *pvr_jl_arena_take(struct pvr_jl_arena *arena, size_t bytes) {
    bytes = (bytes + 15) & ~(size_t)15;
    struct pvr_jl_arena_page *page = arena->page;
    if (page == NULL || page->bytes - page->used < bytes) {
        const size_t room = bytes > PAGE_BYTES ? bytes : PAGE_BYTES;
        page = calloc(1, sizeof *page + room);
        if (page == NULL) {
            arena->failed = true;
            return NULL;
        }
        page->bytes = room;
        page->next = arena->page;
        arena->page = page;
    }
    void *piece = page->memory + page->used;
    page->used += bytes;
    return piece;
}

const char *pvr_jl_arena_text(struct pvr_jl_arena *arena, const char *text, size_t length) {
    char *copy = pvr_jl_arena_take(arena, length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
    }
    return copy;
}

void pvr_jl_arena_free(struct pvr_jl_arena *arena) {
    while (arena->page != NULL) {
        struct pvr_jl_arena_page *next = arena->page->next;
        free(arena->page);
        arena->page = next;
    }
}

/* ---- types ------------------------------------------------------------------------------------
 */

#define NUMBER(kind_, name_, bytes_)                                                               \
    { .kind = kind_, .name = name_, .bytes = bytes_ }
const struct pvr_jl_type pvr_jl_any = {.kind = PVR_JL_ABSTRACT, .name = "Core.Any"};
const struct pvr_jl_type pvr_jl_int8 = NUMBER(PVR_JL_SIGNED, "Core.Int8", 1);
const struct pvr_jl_type pvr_jl_int32 = NUMBER(PVR_JL_SIGNED, "Core.Int32", 4);
const struct pvr_jl_type pvr_jl_int64 = NUMBER(PVR_JL_SIGNED, "Core.Int64", 8);
const struct pvr_jl_type pvr_jl_uint8 = NUMBER(PVR_JL_UNSIGNED, "Core.UInt8", 1);
const struct pvr_jl_type pvr_jl_uint32 = NUMBER(PVR_JL_UNSIGNED, "Core.UInt32", 4);
const struct pvr_jl_type pvr_jl_float32 = NUMBER(PVR_JL_FLOAT, "Core.Float32", 4);
const struct pvr_jl_type pvr_jl_float64 = NUMBER(PVR_JL_FLOAT, "Core.Float64", 8);
const struct pvr_jl_type pvr_jl_bool = NUMBER(PVR_JL_BOOL, "Core.Bool", 1);
const struct pvr_jl_type pvr_jl_string = {
    .kind = PVR_JL_STRING, .name = "Core.String", .is_mutable = true};
const struct pvr_jl_type pvr_jl_symbol = {
    .kind = PVR_JL_SYMBOL, .name = "Core.Symbol", .is_mutable = true};
const struct pvr_jl_type pvr_jl_datatype = {
    .kind = PVR_JL_DATATYPE, .name = "Core.DataType", .is_mutable = true};
const struct pvr_jl_type pvr_jl_nothing = {.kind = PVR_JL_STRUCT, .name = "Core.Nothing"};
const struct pvr_jl_type pvr_jl_missing = {.kind = PVR_JL_STRUCT, .name = "Base.Missing"};
const struct pvr_jl_type pvr_jl_empty_tuple = {.kind = PVR_JL_TUPLE, .name = "Core.Tuple"};
const struct pvr_jl_type pvr_jl_bottom = {.kind = PVR_JL_STRUCT, .name = "Core.TypeofBottom"};

static const struct pvr_jl_value any_as_value = {.type = &pvr_jl_datatype, .as.type = &pvr_jl_any};
static const struct pvr_jl_value *const two_anys[] = {&any_as_value, &any_as_value};
static const struct pvr_jl_field pairs_field = {"kvvec", &pvr_jl_any};
static const struct pvr_jl_type serialized_dict = {.kind = PVR_JL_STRUCT,
                                                   .name = "JLD2.SerializedDict",
                                                   .is_mutable = true,
                                                   .nfields = 1,
                                                   .field = &pairs_field,
                                                   .initialized = 1};
const struct pvr_jl_type pvr_jl_dict = {.kind = PVR_JL_STRUCT,
                                        .name = "Base.Dict",
                                        .is_mutable = true,
                                        .nfields = 1,
                                        .field = &pairs_field,
                                        .initialized = 1,
                                        .nparameters = 2,
                                        .parameter = two_anys,
                                        .written_as = &serialized_dict};
static const struct pvr_jl_field pair_fields[] = {{"first", &pvr_jl_any}, {"second", &pvr_jl_any}};
static const struct pvr_jl_type pair = {.kind = PVR_JL_STRUCT,
                                        .name = "Core.Pair",
                                        .nfields = 2,
                                        .field = pair_fields,
                                        .initialized = 2,
                                        .nparameters = 2,
                                        .parameter = two_anys};

static const struct pvr_jl_value symbol_as_value = {.type = &pvr_jl_datatype,
                                                    .as.type = &pvr_jl_symbol};
static const struct pvr_jl_value *const symbol_and_any[] = {&symbol_as_value, &any_as_value};
static const struct pvr_jl_type symbol_dict = {.kind = PVR_JL_STRUCT,
                                               .name = "Base.Dict",
                                               .is_mutable = true,
                                               .nfields = 1,
                                               .field = &pairs_field,
                                               .initialized = 1,
                                               .nparameters = 2,
                                               .parameter = symbol_and_any,
                                               .written_as = &serialized_dict};
static const struct pvr_jl_field symbol_pair_fields[] = {{"first", &pvr_jl_symbol},
                                                         {"second", &pvr_jl_any}};
static const struct pvr_jl_type symbol_pair = {.kind = PVR_JL_STRUCT,
                                               .name = "Core.Pair",
                                               .nfields = 2,
                                               .field = symbol_pair_fields,
                                               .initialized = 2,
                                               .nparameters = 2,
                                               .parameter = symbol_and_any};

static bool value_equal(const struct pvr_jl_value *a, const struct pvr_jl_value *b) {
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || !pvr_jl_type_equal(a->type, b->type)) {
        return false;
    }
    switch (a->type->kind) {
    case PVR_JL_DATATYPE:
        return pvr_jl_type_equal(a->as.type, b->as.type);
    case PVR_JL_SIGNED:
        return a->as.integer == b->as.integer;
    case PVR_JL_SYMBOL:
        return a->as.text.length == b->as.text.length &&
               memcmp(a->as.text.bytes, b->as.text.bytes, a->as.text.length) == 0;
    case PVR_JL_TUPLE:
        for (size_t i = 0; i < a->type->nfields; i++) {
            if (!value_equal(a->as.field[i], b->as.field[i])) {
                return false;
            }
        }
        return true;
    default:
        return false;
    }
}

bool pvr_jl_type_equal(const struct pvr_jl_type *a, const struct pvr_jl_type *b) {
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || a->kind != b->kind || a->nparameters != b->nparameters ||
        strcmp(a->name, b->name) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->nparameters; i++) {
        if (!value_equal(a->parameter[i], b->parameter[i])) {
            return false;
        }
    }
    return true;
}

const struct pvr_jl_type *pvr_jl_written_as(const struct pvr_jl_type *type) {
    return type->written_as != NULL ? type->written_as : type;
}

bool pvr_jl_is_bits(const struct pvr_jl_type *type) {
    switch (type->kind) {
    case PVR_JL_SIGNED:
    case PVR_JL_UNSIGNED:
    case PVR_JL_FLOAT:
    case PVR_JL_BOOL:
        return true;
    case PVR_JL_STRUCT:
    case PVR_JL_TUPLE:
        for (size_t i = 0; i < type->nfields; i++) {
            if (!pvr_jl_is_bits(type->field[i].type)) {
                return false;
            }
        }
        return !type->is_mutable;
    default:
        return false;
    }
}

bool pvr_jl_has_data(const struct pvr_jl_type *type) {
    if (type->kind != PVR_JL_STRUCT && type->kind != PVR_JL_TUPLE) {
        return true;
    }
    for (size_t i = 0; i < type->nfields; i++) {
        if (pvr_jl_has_field_data(pvr_jl_written_as(type->field[i].type))) {
            return true;
        }
    }
    return false;
}

bool pvr_jl_has_field_data(const struct pvr_jl_type *type) {
    return type->kind == PVR_JL_ABSTRACT || type->is_mutable || pvr_jl_has_data(type);
}

static size_t alignment(const struct pvr_jl_type *type) {
    if (type->bytes > 0) {
        return type->bytes;
    }
    if ((type->kind == PVR_JL_STRUCT || type->kind == PVR_JL_TUPLE) && !type->is_mutable) {
        size_t most = 1;
        for (size_t i = 0; i < type->nfields; i++) {
            const size_t field = alignment(type->field[i].type);
            most = field > most ? field : most;
        }
        return most;
    }
    return sizeof(void *);
}

/* A value's own bytes; mutable fields in it are pointers. */
static size_t body_size(const struct pvr_jl_type *type) {
    size_t size = 0, most = 1;
    for (size_t i = 0; i < type->nfields; i++) {
        const size_t border = alignment(type->field[i].type);
        size = (size + border - 1) / border * border + pvr_jl_size(type->field[i].type);
        most = border > most ? border : most;
    }
    return (size + most - 1) / most * most;
}

size_t pvr_jl_size(const struct pvr_jl_type *type) {
    if (type->bytes > 0) {
        return type->bytes;
    }
    if ((type->kind == PVR_JL_STRUCT || type->kind == PVR_JL_TUPLE) && !type->is_mutable) {
        return body_size(type);
    }
    return sizeof(void *);
}

static void *copy(struct pvr_jl_arena *arena, const void *from, size_t bytes) {
    void *to = pvr_jl_arena_take(arena, bytes);
    if (to != NULL && bytes > 0) {
        memcpy(to, from, bytes);
    }
    return to;
}

const struct pvr_jl_type *pvr_jl_array_of(struct pvr_jl_arena *arena,
                                          const struct pvr_jl_type *element) {
    struct pvr_jl_type *type = pvr_jl_arena_take(arena, sizeof *type);
    if (type == NULL) {
        return NULL;
    }
    const struct pvr_jl_value *parameter[] = {pvr_jl_type_value(arena, element),
                                              pvr_jl_int(arena, 1)};
    type->kind = PVR_JL_ARRAY;
    type->name = "Core.Array";
    type->is_mutable = true;
    type->element = element;
    type->nparameters = 2;
    type->parameter = copy(arena, parameter, sizeof parameter);
    return type;
}

/* JLD2 does not inline tuples of many values of one type, it writes them as a vector. */
enum { TUPLE_INLINE_MOST = 10 };

const struct pvr_jl_type *pvr_jl_tuple_of(struct pvr_jl_arena *arena, size_t n,
                                          const struct pvr_jl_type *const *types) {
    if (n == 0) {
        return &pvr_jl_empty_tuple;
    }
    struct pvr_jl_type *type = pvr_jl_arena_take(arena, sizeof *type);
    struct pvr_jl_field *field = pvr_jl_arena_take(arena, n * sizeof *field);
    const struct pvr_jl_value **parameter = pvr_jl_arena_take(arena, n * sizeof *parameter);
    if (type == NULL || field == NULL || parameter == NULL) {
        return NULL;
    }
    bool alike = true;
    for (size_t i = 0; i < n; i++) {
        char name[24];
        const int length = snprintf(name, sizeof name, "%zu", i + 1);
        field[i].name = pvr_jl_arena_text(arena, name, (size_t)length);
        field[i].type = types[i];
        parameter[i] = pvr_jl_type_value(arena, types[i]);
        alike = alike && pvr_jl_type_equal(types[i], types[0]);
    }
    type->kind = PVR_JL_TUPLE;
    type->name = "Core.Tuple";
    type->nfields = type->initialized = type->nparameters = n;
    type->field = field;
    type->parameter = parameter;
    type->written_as = alike && n > TUPLE_INLINE_MOST ? pvr_jl_array_of(arena, types[0]) : NULL;
    return arena->failed ? NULL : type;
}

const struct pvr_jl_type *pvr_jl_named_tuple_of(struct pvr_jl_arena *arena, size_t n,
                                                const char *const *names,
                                                const struct pvr_jl_type *const *types) {
    struct pvr_jl_type *type = pvr_jl_arena_take(arena, sizeof *type);
    struct pvr_jl_field *field = pvr_jl_arena_take(arena, n * sizeof *field);
    const struct pvr_jl_type **symbol = pvr_jl_arena_take(arena, n * sizeof *symbol);
    const struct pvr_jl_value **name = pvr_jl_arena_take(arena, n * sizeof *name);
    if (type == NULL || field == NULL || symbol == NULL || name == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        symbol[i] = &pvr_jl_symbol;
        name[i] = pvr_jl_symbol_value(arena, names[i]);
        field[i].name = name[i] != NULL ? name[i]->as.text.bytes : NULL;
        field[i].type = types[i];
    }
    const struct pvr_jl_type *symbols = pvr_jl_tuple_of(arena, n, symbol);
    const struct pvr_jl_value *parameter[] = {
        symbols != NULL ? pvr_jl_struct_value(arena, symbols, name) : NULL,
        pvr_jl_type_value(arena, pvr_jl_tuple_of(arena, n, types))};
    type->kind = PVR_JL_STRUCT;
    type->name = "Core.NamedTuple";
    type->nfields = type->initialized = n;
    type->field = field;
    type->nparameters = 2;
    type->parameter = copy(arena, parameter, sizeof parameter);
    return arena->failed ? NULL : type;
}

/* ---- values -----------------------------------------------------------------------------------
 */

static struct pvr_jl_value *value_of(struct pvr_jl_arena *arena, const struct pvr_jl_type *type) {
    struct pvr_jl_value *value = pvr_jl_arena_take(arena, sizeof *value);
    if (value != NULL) {
        value->type = type;
    }
    return value;
}

const struct pvr_jl_value *pvr_jl_number(struct pvr_jl_arena *arena, const struct pvr_jl_type *type,
                                         int64_t integer) {
    struct pvr_jl_value *value = value_of(arena, type);
    if (value != NULL) {
        value->as.integer = integer;
    }
    return value;
}

const struct pvr_jl_value *pvr_jl_int(struct pvr_jl_arena *arena, int64_t integer) {
    return pvr_jl_number(arena, &pvr_jl_int64, integer);
}

const struct pvr_jl_value *pvr_jl_truth(struct pvr_jl_arena *arena, bool truth) {
    return pvr_jl_number(arena, &pvr_jl_bool, truth);
}

const struct pvr_jl_value *pvr_jl_real(struct pvr_jl_arena *arena, double real) {
    struct pvr_jl_value *value = value_of(arena, &pvr_jl_float64);
    if (value != NULL) {
        value->as.real = real;
    }
    return value;
}

static const struct pvr_jl_value *text_of(struct pvr_jl_arena *arena,
                                          const struct pvr_jl_type *type, const char *text) {
    struct pvr_jl_value *value = value_of(arena, type);
    if (value != NULL) {
        value->as.text.length = strlen(text);
        value->as.text.bytes = pvr_jl_arena_text(arena, text, value->as.text.length);
    }
    return value;
}

const struct pvr_jl_value *pvr_jl_text(struct pvr_jl_arena *arena, const char *text) {
    return text_of(arena, &pvr_jl_string, text);
}

const struct pvr_jl_value *pvr_jl_symbol_value(struct pvr_jl_arena *arena, const char *text) {
    return text_of(arena, &pvr_jl_symbol, text);
}

const struct pvr_jl_value *pvr_jl_type_value(struct pvr_jl_arena *arena,
                                             const struct pvr_jl_type *type) {
    struct pvr_jl_value *value = value_of(arena, &pvr_jl_datatype);
    if (value != NULL) {
        value->as.type = type;
    }
    return value;
}

const struct pvr_jl_value *pvr_jl_struct_value(struct pvr_jl_arena *arena,
                                               const struct pvr_jl_type *type,
                                               const struct pvr_jl_value *const *field) {
    struct pvr_jl_value *value = value_of(arena, type);
    if (value != NULL) {
        value->as.field = copy(arena, field, type->nfields * sizeof(void *));
    }
    return value;
}

const struct pvr_jl_value *pvr_jl_vector(struct pvr_jl_arena *arena,
                                         const struct pvr_jl_type *element, uint64_t length,
                                         const struct pvr_jl_value *const *elements) {
    struct pvr_jl_value *value = value_of(arena, pvr_jl_array_of(arena, element));
    if (value != NULL) {
        value->as.array.length = length;
        value->as.array.element = copy(arena, elements, (size_t)length * sizeof(void *));
    }
    return value;
}

const struct pvr_jl_value *pvr_jl_vector_of_bits(struct pvr_jl_arena *arena,
                                                 const struct pvr_jl_type *element, uint64_t length,
                                                 size_t size, const void *bits) {
    struct pvr_jl_value *value = value_of(arena, pvr_jl_array_of(arena, element));
    if (value != NULL) {
        value->as.array.length = length;
        value->as.array.bits = copy(arena, bits, (size_t)length * size);
    }
    return value;
}

static const struct pvr_jl_value *dict_of(struct pvr_jl_arena *arena,
                                          const struct pvr_jl_type *dict,
                                          const struct pvr_jl_type *pair_type, size_t n,
                                          const struct pvr_jl_value *const *keys,
                                          const struct pvr_jl_value *const *values) {
    const struct pvr_jl_value **element = pvr_jl_arena_take(arena, n * sizeof *element);
    for (size_t i = 0; i < n && element != NULL; i++) {
        const struct pvr_jl_value *field[] = {keys[i], values[i]};
        element[i] = pvr_jl_struct_value(arena, pair_type, field);
    }
    const struct pvr_jl_value *pairs = pvr_jl_vector(arena, pair_type, n, element);
    return pvr_jl_struct_value(arena, dict, &pairs);
}

const struct pvr_jl_value *pvr_jl_dict_value(struct pvr_jl_arena *arena, size_t n,
                                             const struct pvr_jl_value *const *keys,
                                             const struct pvr_jl_value *const *values) {
    return dict_of(arena, &pvr_jl_dict, &pair, n, keys, values);
}

const struct pvr_jl_value *pvr_jl_symbol_dict_value(struct pvr_jl_arena *arena, size_t n,
                                                    const struct pvr_jl_value *const *keys,
                                                    const struct pvr_jl_value *const *values) {
    return dict_of(arena, &symbol_dict, &symbol_pair, n, keys, values);
}
