/* pvr_mera_about_text.c - lines, lists and dictionaries that what is known is made of. */
#include "pvr_mera_about_private.h"

#include "pvr_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 64 << 20 };

void pvr_mera_lines_read(struct pvr_mera_lines *lines, const char *path) {
    *lines = (struct pvr_mera_lines){0};
    if (path == NULL || pvr_text_read(path, TEXT_MOST, &lines->text, NULL) != PVR_OK) {
        lines->text = NULL;
        return;
    }
    size_t count = 0;
    for (const char *at = lines->text; *at != '\0'; at++) {
        count += *at == '\n' || at[1] == '\0';
    }
    lines->line = calloc(count + 1, sizeof *lines->line);
    if (lines->line == NULL) {
        return;
    }
    lines->found = true;
    for (char *at = lines->text; *at != '\0';) {
        lines->line[lines->count++] = at;
        char *end = strchr(at, '\n');
        if (end == NULL) {
            break;
        }
        *end = '\0';
        if (end > at && end[-1] == '\r') {
            end[-1] = '\0';
        }
        at = end + 1;
    }
}

void pvr_mera_lines_free(struct pvr_mera_lines *lines) {
    free(lines->line);
    free(lines->text);
    *lines = (struct pvr_mera_lines){0};
}

char *pvr_mera_part(const char *line, char separator, int n) {
    for (; n > 0; n--) {
        line = strchr(line, separator);
        if (line == NULL) {
            return NULL;
        }
        line++;
    }
    const char *end = strchr(line, separator);
    size_t length = end != NULL ? (size_t)(end - line) : strlen(line);
    while (length > 0 && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)line[length - 1])) {
        length--;
    }
    return strndup(line, length);
}

void pvr_mera_dict_set(struct pvr_mera_dict *dict, const struct pvr_jl_value *key,
                       const struct pvr_jl_value *value) {
    if (key == NULL || value == NULL) {
        return;
    }
    for (size_t i = 0; i < dict->count; i++) {
        const struct pvr_jl_value *known = dict->key[i];
        const bool text = known->type->kind == PVR_JL_STRING || known->type->kind == PVR_JL_SYMBOL;
        if (known->type == key->type &&
            (text ? strcmp(known->as.text.bytes, key->as.text.bytes) == 0
                  : known->as.integer == key->as.integer)) {
            dict->value[i] = value;
            return;
        }
    }
    if (dict->count == dict->room) {
        const size_t room = dict->room == 0 ? 16 : 2 * dict->room;
        const struct pvr_jl_value **keys = realloc(dict->key, room * sizeof *keys);
        dict->key = keys != NULL ? keys : dict->key;
        const struct pvr_jl_value **values = realloc(dict->value, room * sizeof *values);
        dict->value = values != NULL ? values : dict->value;
        if (keys == NULL || values == NULL) {
            return;
        }
        dict->room = room;
    }
    dict->key[dict->count] = key;
    dict->value[dict->count++] = value;
}

const struct pvr_jl_value *pvr_mera_dict_end(struct pvr_jl_arena *arena,
                                             struct pvr_mera_dict *dict) {
    const struct pvr_jl_value *value =
        pvr_jl_dict_value(arena, dict->count, dict->key, dict->value);
    free(dict->key);
    free(dict->value);
    *dict = (struct pvr_mera_dict){0};
    return value;
}

void pvr_mera_list_add(struct pvr_mera_list *names, const struct pvr_jl_value *name) {
    if (names->count == names->room) {
        const size_t room = names->room == 0 ? 16 : 2 * names->room;
        const struct pvr_jl_value **more = realloc(names->name, room * sizeof *more);
        if (more == NULL) {
            return;
        }
        names->name = more;
        names->room = room;
    }
    if (name != NULL) {
        names->name[names->count++] = name;
    }
}

bool pvr_mera_list_have(const struct pvr_mera_list *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i]->as.text.bytes, name) == 0) {
            return true;
        }
    }
    return false;
}

const struct pvr_jl_value *pvr_mera_list_end(struct pvr_jl_arena *arena,
                                             const struct pvr_jl_type *element,
                                             struct pvr_mera_list *names) {
    const struct pvr_jl_value *value = pvr_jl_vector(arena, element, names->count, names->name);
    free(names->name);
    *names = (struct pvr_mera_list){0};
    return value;
}
