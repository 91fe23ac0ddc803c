/* pvr_julia.h - Julia types and values, as far as Mera files need them (internal).
 *
 * A writer of JLD2 files must know what Julia knows of a value's type: its full name, its
 * parameters, its fields, whether it is mutable and whether its bits are all there is to it. From
 * that follows how the value lies in the file (pvr_jld2_types.c). Types and values are trees in an
 * arena: built once, never changed, freed together.
 */
#ifndef PVR_JULIA_H
#define PVR_JULIA_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory -----------------------------------------------------------------------------------
 */

/* Small pieces that are freed together. All zero is an empty one. */
struct pvr_jl_arena {
    struct pvr_jl_arena_page *page;
    bool failed; /* memory was wanting at some time: what was built is not whole */
};

/* Zeroed memory; null, and `failed` set, where there is none. What builds types and values gives
 * null then too and takes null for its parts, so that one look at `failed` in the end is enough. */
void *pvr_jl_arena_take(struct pvr_jl_arena *arena, size_t bytes);
/* A copy with a zero behind it. */
const char *pvr_jl_arena_text(struct pvr_jl_arena *arena, const char *text, size_t length);
void pvr_jl_arena_free(struct pvr_jl_arena *arena);

/* ---- types ------------------------------------------------------------------------------------
 */

enum pvr_jl_kind {
    PVR_JL_ABSTRACT, /* Any and others: a value of any type may stand there */
    PVR_JL_SIGNED,
    PVR_JL_UNSIGNED,
    PVR_JL_FLOAT,
    PVR_JL_BOOL,
    PVR_JL_STRING,
    PVR_JL_SYMBOL,
    PVR_JL_DATATYPE, /* the type of types */
    PVR_JL_ARRAY,    /* one dimension */
    PVR_JL_STRUCT,   /* structs, named tuples, singletons */
    PVR_JL_TUPLE
};

struct pvr_jl_type;
struct pvr_jl_value;

struct pvr_jl_field {
    const char *name;
    const struct pvr_jl_type *type;
};

struct pvr_jl_type {
    enum pvr_jl_kind kind;
    const char *name; /* with its module, as JLD2 writes it: Core.Float64, Mera.InfoType */
    size_t bytes;     /* of a number */
    bool is_mutable;
    const struct pvr_jl_type *element; /* of an array */
    size_t nfields;
    const struct pvr_jl_field *field;
    size_t initialized; /* so many first fields can not be undefined */
    size_t nparameters;
    const struct pvr_jl_value *const *parameter; /* types, whole numbers, tuples of symbols */
    const struct pvr_jl_type *written_as;        /* another type that stands for it, or null */
    const struct pvr_jl_value *whole; /* of a type without its parameters (Perm, for Perm{X} where
                                     X): the UnionAll that it is as a value */
};

/* The same type to Julia: name and parameters agree. */
bool pvr_jl_type_equal(const struct pvr_jl_type *a, const struct pvr_jl_type *b);
/* The type that is written for `type`. */
const struct pvr_jl_type *pvr_jl_written_as(const struct pvr_jl_type *type);
/* All there is to a value are its bits: numbers, and immutable structs of such. */
bool pvr_jl_is_bits(const struct pvr_jl_type *type);
/* A field of this type stands in a file / a value of it has anything to write. */
bool pvr_jl_has_field_data(const struct pvr_jl_type *type);
bool pvr_jl_has_data(const struct pvr_jl_type *type);
/* Bytes of a field of this type in Julia's memory (with padding). */
size_t pvr_jl_size(const struct pvr_jl_type *type);

extern const struct pvr_jl_type pvr_jl_any, pvr_jl_int8, pvr_jl_int32, pvr_jl_int64, pvr_jl_uint8,
    pvr_jl_uint32, pvr_jl_float32, pvr_jl_float64, pvr_jl_bool, pvr_jl_string, pvr_jl_symbol,
    pvr_jl_datatype, pvr_jl_nothing, pvr_jl_missing, pvr_jl_empty_tuple, pvr_jl_bottom, pvr_jl_dict;

const struct pvr_jl_type *pvr_jl_array_of(struct pvr_jl_arena *arena,
                                          const struct pvr_jl_type *element);
/* Core.Tuple{...}: members are called "1", "2", ...; the types are copied. */
const struct pvr_jl_type *pvr_jl_tuple_of(struct pvr_jl_arena *arena, size_t n,
                                          const struct pvr_jl_type *const *types);
/* Core.NamedTuple{(names...), Tuple{types...}}. */
const struct pvr_jl_type *pvr_jl_named_tuple_of(struct pvr_jl_arena *arena, size_t n,
                                                const char *const *names,
                                                const struct pvr_jl_type *const *types);

/* ---- values -----------------------------------------------------------------------------------
 * Mutable values are the same object to Julia where they are the same pointer here: they are
 * written once and referred to. */

/* Gives `rows` values of a column from row `first` on, as they stand in the file. Called by several
 * threads at once. */
typedef enum pvr_status (*pvr_jl_column_fn)(void *context, uint64_t first, uint64_t rows, void *out,
                                            struct pvr_error *error);

struct pvr_jl_value {
    const struct pvr_jl_type *type; /* of a type as a value: &pvr_jl_datatype */
    union {
        int64_t integer; /* numbers and Bool */
        double real;
        struct {
            const char *bytes;
            size_t length;
        } text;                                  /* String and Symbol */
        const struct pvr_jl_type *type;          /* DataType */
        const struct pvr_jl_value *const *field; /* of a struct; null: undefined */
        struct {
            uint64_t length;
            const void *bits; /* elements that are bits, packed as they stand in the file */
            const struct pvr_jl_value *const *element; /* all others */
            pvr_jl_column_fn column; /* elements that are bits, made when needed */
            void *context;
        } array;
    } as;
};

const struct pvr_jl_value *pvr_jl_int(struct pvr_jl_arena *arena, int64_t integer);
const struct pvr_jl_value *pvr_jl_number(struct pvr_jl_arena *arena, const struct pvr_jl_type *type,
                                         int64_t integer);
const struct pvr_jl_value *pvr_jl_real(struct pvr_jl_arena *arena, double real);
const struct pvr_jl_value *pvr_jl_truth(struct pvr_jl_arena *arena, bool truth);
/* The text is copied. */
const struct pvr_jl_value *pvr_jl_text(struct pvr_jl_arena *arena, const char *text);
const struct pvr_jl_value *pvr_jl_symbol_value(struct pvr_jl_arena *arena, const char *text);
const struct pvr_jl_value *pvr_jl_type_value(struct pvr_jl_arena *arena,
                                             const struct pvr_jl_type *type);
/* A struct or tuple; `field` has type->nfields entries and is copied. */
const struct pvr_jl_value *pvr_jl_struct_value(struct pvr_jl_arena *arena,
                                               const struct pvr_jl_type *type,
                                               const struct pvr_jl_value *const *field);
/* A vector; elements are copied. Of bits `size` are those of an element in the file. */
const struct pvr_jl_value *pvr_jl_vector(struct pvr_jl_arena *arena,
                                         const struct pvr_jl_type *element, uint64_t length,
                                         const struct pvr_jl_value *const *elements);
const struct pvr_jl_value *pvr_jl_vector_of_bits(struct pvr_jl_arena *arena,
                                                 const struct pvr_jl_type *element, uint64_t length,
                                                 size_t size, const void *bits);
/* A Dict{Any,Any}, or Dict{Symbol,Any}; pairs stand in the given order. */
const struct pvr_jl_value *pvr_jl_dict_value(struct pvr_jl_arena *arena, size_t n,
                                             const struct pvr_jl_value *const *keys,
                                             const struct pvr_jl_value *const *values);
const struct pvr_jl_value *pvr_jl_symbol_dict_value(struct pvr_jl_arena *arena, size_t n,
                                                    const struct pvr_jl_value *const *keys,
                                                    const struct pvr_jl_value *const *values);

#endif
