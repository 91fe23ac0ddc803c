/* json.c - a small writer of JSON. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/* Length of the UTF-8 sequence that begins at `s` and ends before `end`, or 0 if it is none. */
static size_t utf8_length(const unsigned char *s, const unsigned char *end) {
    size_t length;
    if (s[0] < 0x80) {
        return 1;
    } else if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        length = 2;
    } else if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        length = 3;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        length = 4;
    } else {
        return 0;
    }
    if ((size_t)(end - s) < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    /* forms that are longer than need be, surrogates, and what lies beyond U+10FFFF */
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) {
        return 0;
    }
    return length;
}

static void write_escaped(FILE *out, const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    const unsigned char *end = s + length;
    fputc('"', out);
    while (s < end) {
        size_t n = utf8_length(s, end);
        if (n == 0) {
            fputs("\\ufffd", out);
            n = 1;
        } else if (n > 1) {
            fwrite(s, 1, n, out);
        } else if (*s == '"' || *s == '\\') {
            fputc('\\', out);
            fputc(*s, out);
        } else if (*s == '\n') {
            fputs("\\n", out);
        } else if (*s == '\t') {
            fputs("\\t", out);
        } else if (*s < 0x20 || *s == 0x7F) {
            fprintf(out, "\\u%04x", *s);
        } else {
            fputc(*s, out);
        }
        s += n;
    }
    fputc('"', out);
}

/* What stands before a value: comma, line break, indentation, key. */
static void lead(struct json *json, const char *key) {
    if (json->depth > 0) {
        fputs(json->filled[json->depth] ? ",\n" : "\n", json->out);
        fprintf(json->out, "%*s", 2 * json->depth, "");
    }
    json->filled[json->depth] = true;
    if (key != NULL) {
        write_escaped(json->out, key, strlen(key));
        fputs(": ", json->out);
    }
}

static void open_container(struct json *json, const char *key, char bracket) {
    lead(json, key);
    assert(json->depth < JSON_MAX_DEPTH);
    json->depth++;
    json->filled[json->depth] = false;
    fputc(bracket, json->out);
}

static void close_container(struct json *json, char bracket) {
    assert(json->depth > 0);
    bool filled = json->filled[json->depth];
    json->depth--;
    if (filled) {
        fprintf(json->out, "\n%*s", 2 * json->depth, "");
    }
    fputc(bracket, json->out);
}

void json_begin(struct json *json, FILE *out) {
    json->out = out;
    json->depth = 0;
    json->filled[0] = false;
}

void json_end(struct json *json) {
    assert(json->depth == 0);
    fputc('\n', json->out);
}

void json_begin_object(struct json *json, const char *key) {
    open_container(json, key, '{');
}

void json_end_object(struct json *json) {
    close_container(json, '}');
}

void json_begin_array(struct json *json, const char *key) {
    open_container(json, key, '[');
}

void json_end_array(struct json *json) {
    close_container(json, ']');
}

void json_string(struct json *json, const char *key, const char *value) {
    lead(json, key);
    if (value != NULL) {
        write_escaped(json->out, value, strlen(value));
    } else {
        fputs("null", json->out);
    }
}

void json_null(struct json *json, const char *key) {
    lead(json, key);
    fputs("null", json->out);
}

void json_double(struct json *json, const char *key, double value) {
    lead(json, key);
    if (isfinite(value)) {
        fprintf(json->out, "%.17g", value);
    } else {
        fputs("null", json->out);
    }
}

void json_int(struct json *json, const char *key, int64_t value) {
    lead(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_uint(struct json *json, const char *key, uint64_t value) {
    lead(json, key);
    fprintf(json->out, "%" PRIu64, value);
}

void json_bool(struct json *json, const char *key, bool value) {
    lead(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_lines(struct json *json, const char *key, const char *text) {
    json_begin_array(json, key);
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 0) {
            lead(json, NULL);
            write_escaped(json->out, text, length);
        }
        text += length;
        text += *text == '\n';
    }
    json_end_array(json);
}
