/* pvr_mera_about_file.c - what a Mera file knows of its simulation.
 *
 * Values are found by the names of their members and brought into the types of Mera 1.9: what an
 * older one did not have is left undefined (numbers 0), scales and constants are made anew, as Mera
 * itself does when it loads a file.
 */
#include "pvr_mera_about_private.h"

#include "pvr_jld2.h"
#include "pvr_jld2_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No text or list of what is known is longer; deeper than dictionaries in dictionaries goes none.
 */
enum { VALUE_MOST = 64 << 20, DEPTH_MOST = 16 };

struct known {
    uint64_t address;
    const struct pvr_jl_value *value;
};

struct reading {
    struct pvr_jld2 *file;
    struct pvr_jl_arena *arena;
    struct known *known; /* objects that were read: one that comes again is the same */
    size_t nknown;
    int depth;
    struct pvr_error *error;
    enum pvr_status status;
};

static bool failed(const struct reading *reading) {
    return reading->status != PVR_OK;
}

static void fail(struct reading *reading, const char *what) {
    if (!failed(reading)) {
        reading->status = pvr_fail(reading->error, PVR_ERROR_FORMAT, "%s: %s",
                                   pvr_jld2_path(reading->file), what);
    }
}

static const struct pvr_jl_value *read_field(struct reading *reading, struct pvr_jld2_value value,
                                             const struct pvr_jl_type *type, const char *name);

/* All values of an object, expanded; to be freed. */
static uint8_t *object_bytes(struct reading *reading, const struct pvr_jld2_object *object,
                             const char *name) {
    uint8_t *data = NULL;
    if (object->layout != PVR_JLD2_CHUNKED) {
        reading->status =
            pvr_jld2_read(reading->file, object, VALUE_MOST, name, &data, reading->error);
        return data;
    }
    const uint64_t bytes = pvr_jld2_bytes(object);
    const char *path = pvr_jld2_path(reading->file);
    const struct pvr_jld2_identity identity = pvr_jld2_identity(reading->file);
    const struct pvr_threads alone = {.max = 1};
    struct pvr_jld2_source source;
    struct pvr_job job;
    data = bytes <= VALUE_MOST ? malloc(bytes + 1) : NULL;
    if (data == NULL) {
        fail(reading, "a list of what is known of the simulation is too long");
        return NULL;
    }
    reading->status = pvr_jld2_source_open(path, &identity, &source, reading->error);
    if (!failed(reading)) {
        reading->status = pvr_job_begin(&job, &alone, NULL, NULL, reading->error);
        if (!failed(reading)) {
            const struct pvr_jld2_column column = {object, name, data};
            reading->status = pvr_jld2_columns_read(&source, &column, 1, &job, reading->error);
            pvr_job_end(&job, NULL);
        }
        pvr_jld2_source_close(&source);
    }
    if (failed(reading)) {
        free(data);
        data = NULL;
    }
    return data;
}

static const struct pvr_jl_value *number_of(struct reading *reading, struct pvr_jld2_value value,
                                            const struct pvr_jl_type *type) {
    double real = 0;
    int64_t whole = 0;
    if (type->kind == PVR_JL_FLOAT) {
        pvr_jld2_real(value, &real);
        return pvr_jl_real(reading->arena, real);
    }
    pvr_jld2_whole(value, &whole);
    return pvr_jl_number(reading->arena, type, whole);
}

static const struct pvr_jl_value *text_of(struct reading *reading, struct pvr_jld2_value value,
                                          bool symbol) {
    char *text = pvr_jld2_text(reading->file, value);
    const struct pvr_jl_value *result = symbol
                                            ? pvr_jl_symbol_value(reading->arena, text ? text : "")
                                            : pvr_jl_text(reading->arena, text ? text : "");
    free(text);
    return result;
}

static const struct pvr_jl_value *vector_of(struct reading *reading,
                                            const struct pvr_jld2_object *object,
                                            const uint8_t *data, const struct pvr_jl_type *element,
                                            const char *name) {
    const uint64_t n = object->count;
    struct pvr_jl_arena *arena = reading->arena;
    if (element->bytes > 0) {
        if (n > 0 && object->type->size != element->bytes) {
            fail(reading, "a list of numbers is of another type than Mera's");
            return NULL;
        }
        return pvr_jl_vector_of_bits(arena, element, n, element->bytes, data);
    }
    const struct pvr_jl_value **list = calloc(n + 1, sizeof *list);
    for (uint64_t i = 0; list != NULL && i < n && !failed(reading); i++) {
        const struct pvr_jld2_value value = {object->type, data + i * object->type->size};
        list[i] = read_field(reading, value, element, name);
    }
    const struct pvr_jl_value *vector =
        list != NULL ? pvr_jl_vector(arena, element, n, list) : NULL;
    arena->failed = arena->failed || list == NULL;
    free(list);
    return vector;
}

/* A dictionary from its list of pairs. */
static const struct pvr_jl_value *dict_of(struct reading *reading,
                                          const struct pvr_jld2_object *object, const uint8_t *data,
                                          const char *name) {
    const uint64_t n = object->count;
    const struct pvr_jl_value **key = calloc(n + 1, sizeof *key),
                              **item = calloc(n + 1, sizeof *item);
    bool symbols = n > 0;
    for (uint64_t i = 0; key != NULL && item != NULL && i < n && !failed(reading); i++) {
        const struct pvr_jld2_value reference = {object->type, data + i * object->type->size};
        struct pvr_jld2_object pair = {0};
        struct pvr_jld2_value first, second;
        uint8_t *bytes = NULL;
        reading->status = pvr_jld2_follow(reading->file, pvr_jld2_reference(reference), name, &pair,
                                          reading->error);
        if (!failed(reading)) {
            bytes = object_bytes(reading, &pair, name);
        }
        if (bytes != NULL) {
            const struct pvr_jld2_value whole = {pair.type, bytes};
            if (pvr_jld2_member(whole, "first", &first) &&
                pvr_jld2_member(whole, "second", &second)) {
                symbols = symbols && first.type->kind == PVR_JLD2_TEXT;
                key[i] = read_field(reading, first, &pvr_jl_any, name);
                item[i] = read_field(reading, second, &pvr_jl_any, name);
            }
        }
        if (!failed(reading) && (key[i] == NULL || item[i] == NULL)) {
            fail(reading, "a dictionary has something else than pairs");
        }
        free(bytes);
        pvr_jld2_object_free(&pair);
    }
    reading->arena->failed = reading->arena->failed || key == NULL || item == NULL;
    const struct pvr_jl_value *dict = NULL;
    if (!failed(reading) && key != NULL && item != NULL) {
        dict = symbols ? pvr_jl_symbol_dict_value(reading->arena, n, key, item)
                       : pvr_jl_dict_value(reading->arena, n, key, item);
    }
    free(key);
    free(item);
    return dict;
}

/* A struct of Mera's; scale and constants are not looked at. */
static const struct pvr_jl_value *struct_of(struct reading *reading, struct pvr_jld2_value value,
                                            const struct pvr_jl_type *type) {
    const struct pvr_jl_value *field[64] = {0};
    for (size_t i = 0; i < type->nfields && !failed(reading); i++) {
        struct pvr_jld2_value member;
        const char *name = type->field[i].name;
        if (strcmp(name, "scale") != 0 && strcmp(name, "constants") != 0 &&
            pvr_jld2_member(value, name, &member)) {
            field[i] = read_field(reading, member, type->field[i].type, name);
        }
    }
    return pvr_jl_struct_value(reading->arena, type, field);
}

/* What a value of any type is, as far as Mera's dictionaries go. */
static const struct pvr_jl_value *anything_of(struct reading *reading,
                                              const struct pvr_jld2_object *object,
                                              const uint8_t *data, const char *name) {
    const struct pvr_jld2_value value = {object->type, data};
    const enum pvr_jld2_class class = object->type->kind;
    const struct pvr_jl_type *number = class == PVR_JLD2_FLOAT      ? &pvr_jl_float64
                                       : class == PVR_JLD2_BITFIELD ? &pvr_jl_bool
                                                                    : &pvr_jl_int64;
    struct pvr_jld2_value pairs;
    if (!object->scalar) {
        return class == PVR_JLD2_TEXT ? vector_of(reading, object, data, &pvr_jl_string, name)
               : class == PVR_JLD2_REFERENCE ? dict_of(reading, object, data, name)
                                             : vector_of(reading, object, data, number, name);
    }
    if (class == PVR_JLD2_STRING || class == PVR_JLD2_TEXT) {
        return text_of(reading, value, class == PVR_JLD2_TEXT);
    }
    if (class == PVR_JLD2_REFERENCE) { /* a dictionary of JLD2 0.4 */
        return read_field(reading, value, &pvr_jl_any, name);
    }
    if (class == PVR_JLD2_COMPOUND && pvr_jld2_member(value, "kvvec", &pairs)) {
        return read_field(reading, pairs, &pvr_jl_any, name);
    }
    return number_of(reading, value, number);
}

static const struct pvr_jl_value *object_of(struct reading *reading, uint64_t address,
                                            const struct pvr_jl_type *type, const char *name) {
    for (size_t i = 0; i < reading->nknown; i++) {
        if (reading->known[i].address == address && reading->known[i].value != NULL) {
            return reading->known[i].value;
        }
    }
    struct pvr_jld2_object object = {0};
    const struct pvr_jl_value *value = NULL;
    if (reading->depth == DEPTH_MOST) {
        fail(reading, "references go round in a circle");
        return NULL;
    }
    reading->depth++;
    reading->status = pvr_jld2_follow(reading->file, address, name, &object, reading->error);
    uint8_t *data = failed(reading) ? NULL : object_bytes(reading, &object, name);
    static const uint8_t none[1];
    const uint8_t *bytes = data != NULL ? data : none;
    if (!failed(reading) && (data != NULL || object.count == 0)) {
        const struct pvr_jld2_value whole = {object.type, bytes};
        if (type->kind == PVR_JL_ARRAY) {
            value = vector_of(reading, &object, bytes, type->element, name);
        } else if (type->kind == PVR_JL_STRUCT && type->is_mutable && type != &pvr_jl_dict) {
            value = object.count == 1 ? struct_of(reading, whole, type) : NULL;
        } else {
            value = anything_of(reading, &object, bytes, name);
        }
    }
    free(data);
    pvr_jld2_object_free(&object);
    reading->depth--;
    struct known *more = realloc(reading->known, (reading->nknown + 1) * sizeof *more);
    if (more != NULL) {
        reading->known = more;
        more[reading->nknown++] = (struct known){address, value};
    }
    return value;
}

static const struct pvr_jl_value *read_field(struct reading *reading, struct pvr_jld2_value value,
                                             const struct pvr_jl_type *type, const char *name) {
    const enum pvr_jld2_class class = value.type->kind;
    struct pvr_jld2_value member;
    int64_t milliseconds;
    if (class == PVR_JLD2_REFERENCE) {
        const uint64_t address = pvr_jld2_reference(value);
        return address != 0 ? object_of(reading, address, type, name) : NULL;
    }
    if (type->kind == PVR_JL_STRING || type->kind == PVR_JL_SYMBOL) {
        return text_of(reading, value, type->kind == PVR_JL_SYMBOL);
    }
    if (type->kind == PVR_JL_ABSTRACT && (class == PVR_JLD2_TEXT || class == PVR_JLD2_STRING)) {
        return text_of(reading, value, class == PVR_JLD2_TEXT);
    }
    if (type->bytes > 0) {
        return number_of(reading, value, type);
    }
    if (pvr_jld2_member(value, "instant.periods.value", &member) &&
        pvr_jld2_whole(member, &milliseconds)) {
        return pvr_mera_datetime_of(reading->arena, milliseconds);
    }
    return NULL;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static double real_of(const struct pvr_jl_value *const *field, int which) {
    return field[which] != NULL ? field[which]->as.real : 0;
}

/* The field of a struct by its name. */
static const struct pvr_jl_value *named_field(struct reading *reading,
                                              const struct pvr_jl_type *type,
                                              struct pvr_jld2_value value, const char *name) {
    struct pvr_jld2_value member;
    for (size_t i = 0; i < type->nfields; i++) {
        if (strcmp(type->field[i].name, name) == 0 && pvr_jld2_member(value, name, &member)) {
            return read_field(reading, member, type->field[i].type, name);
        }
    }
    return NULL;
}

/* What was chosen for the table in `/kind/data`. */
static void read_choice(struct reading *reading, enum pvr_mera_out_kind kind,
                        struct pvr_jld2_value value, struct pvr_mera_about *about) {
    const struct pvr_jl_type *type = &pvr_mera_data_type[kind];
    about->kind = kind;
    about->used_descriptors = named_field(reading, type, value, "used_descriptors");
    for (size_t i = 0; i < type->nfields; i++) {
        if (strncmp(type->field[i].name, "selected_", 9) == 0) {
            about->selected = named_field(reading, type, value, type->field[i].name);
        }
    }
}

/* The numbers that stand beside the table in `/kind/data`. */
static void read_facts(struct reading *reading, const struct pvr_jl_type *type,
                       struct pvr_jld2_value value, struct pvr_mera_out_table *facts) {
    int64_t whole;
    struct pvr_jld2_value member;
    if (pvr_jld2_member(value, "lmin", &member) && pvr_jld2_whole(member, &whole)) {
        facts->lmin = (int)whole;
    }
    if (pvr_jld2_member(value, "lmax", &member) && pvr_jld2_whole(member, &whole)) {
        facts->lmax = (int)whole;
    }
    if (pvr_jld2_member(value, "smallr", &member)) {
        pvr_jld2_real(member, &facts->smallr);
    }
    if (pvr_jld2_member(value, "smallc", &member)) {
        pvr_jld2_real(member, &facts->smallc);
    }
    const struct pvr_jl_value *ranges = named_field(reading, type, value, "ranges");
    for (int i = 0; ranges != NULL && ranges->as.array.length == 6 && i < 6; i++) {
        facts->ranges[i] = ((const double *)ranges->as.array.bits)[i];
    }
    /* The keys, of the table behind the reference `data`. */
    struct pvr_jld2_object table = {0}, keys = {0};
    uint8_t *data = NULL;
    if (!failed(reading) && pvr_jld2_member(value, "data", &member)) {
        reading->status = pvr_jld2_follow(reading->file, pvr_jld2_reference(member), "data", &table,
                                          reading->error);
        data = failed(reading) ? NULL : object_bytes(reading, &table, "data");
        const struct pvr_jld2_value whole_table = {table.type, data};
        if (data != NULL && pvr_jld2_member(whole_table, "pkey", &member) &&
            pvr_jld2_reference(member) != 0) {
            reading->status = pvr_jld2_follow(reading->file, pvr_jld2_reference(member), "pkey",
                                              &keys, reading->error);
            facts->nkeys = failed(reading) ? 0 : (size_t)keys.count;
        }
    }
    free(data);
    pvr_jld2_object_free(&table);
    pvr_jld2_object_free(&keys);
}

static void read_all(struct reading *reading, enum pvr_mera_out_kind kind,
                     struct pvr_mera_about *about, struct pvr_mera_out_table *facts,
                     char **comments) {
    const char *group = pvr_mera_out_kind_name(kind);
    char name[96];
    struct pvr_jld2_object object = {0};
    snprintf(name, sizeof name, "/%s/data", group);
    reading->status = pvr_jld2_find(reading->file, name, &object, reading->error);
    uint8_t *data = failed(reading) ? NULL : object_bytes(reading, &object, name);
    if (data != NULL) {
        const struct pvr_jld2_value whole = {object.type, data};
        struct pvr_jld2_value member;
        if (pvr_jld2_member(whole, "info", &member)) {
            about->value = read_field(reading, member, &pvr_mera_info_type, "info");
        }
        read_choice(reading, kind, whole, about);
        if (facts != NULL) {
            facts->kind = kind;
            read_facts(reading, &pvr_mera_data_type[kind], whole, facts);
        }
    }
    free(data);
    pvr_jld2_object_free(&object);
    snprintf(name, sizeof name, "/%s/information/comments", group);
    if (comments != NULL && !failed(reading) && pvr_jld2_exists(reading->file, name)) {
        struct pvr_jld2_object text = {0};
        reading->status = pvr_jld2_find(reading->file, name, &text, reading->error);
        if (!failed(reading) && text.count == 1 && text.type->kind == PVR_JLD2_STRING) {
            data = object_bytes(reading, &text, name);
            const struct pvr_jld2_value whole = {text.type, data};
            *comments = data != NULL ? pvr_jld2_text(reading->file, whole) : NULL;
            free(data);
        }
        pvr_jld2_object_free(&text);
    }
}

enum pvr_status pvr_mera_about_file(const char *path, enum pvr_mera_out_kind kind,
                                    struct pvr_mera_about **result,
                                    struct pvr_mera_out_table *facts, char **comments,
                                    struct pvr_error *error) {
    *result = NULL;
    if (facts != NULL) {
        *facts = (struct pvr_mera_out_table){0};
    }
    if (comments != NULL) {
        *comments = NULL;
    }
    struct pvr_mera_about *about = calloc(1, sizeof *about);
    struct reading reading = {.error = error};
    if (about == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory", path);
    }
    reading.arena = &about->arena;
    reading.status = pvr_jld2_open(path, &reading.file, error);
    if (!failed(&reading)) {
        read_all(&reading, kind, about, facts, comments);
        if (!failed(&reading) && about->value == NULL) {
            fail(&reading, "does not tell what is known of the simulation");
        }
        pvr_jld2_close(reading.file);
    }
    free(reading.known);
    if (!failed(&reading)) {
        const struct pvr_jl_value *field[PVR_MERA_INFO_FIELDS];
        memcpy(field, about->value->as.field, sizeof field);
        field[PVR_MERA_I_CONSTANTS] = pvr_mera_constants(&about->arena);
        field[PVR_MERA_I_SCALE] =
            pvr_mera_scales(&about->arena, real_of(field, PVR_MERA_I_UNIT_L),
                            real_of(field, PVR_MERA_I_UNIT_D), real_of(field, PVR_MERA_I_UNIT_T));
        about->boxlen = real_of(field, PVR_MERA_I_BOXLEN);
        about->value = pvr_jl_struct_value(&about->arena, &pvr_mera_info_type, field);
    }
    if (!failed(&reading) && about->arena.failed) {
        reading.status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for what is known", path);
    }
    if (failed(&reading)) {
        pvr_mera_about_free(about);
        if (comments != NULL) {
            free(*comments);
            *comments = NULL;
        }
        return reading.status;
    }
    *result = about;
    return PVR_OK;
}
