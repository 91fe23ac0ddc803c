/* json.h - a small writer of JSON: one value, indented, straight to a stream.
 *
 * Members of objects have a key; elements of arrays and the outermost value have a null key.
 * Numbers are written with %.17g (they read back as the same double); NaN and infinity, which JSON
 * does not have, as null. Bytes that are not UTF-8 become U+FFFD.
 */
#ifndef PVRAMSES_JSON_H
#define PVRAMSES_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_MAX_DEPTH = 16 };

struct json {
    FILE *out;
    int depth;
    bool filled[JSON_MAX_DEPTH + 1]; /* the container at this depth has a value already */
};

/* Begins the outermost value on `out`. */
void json_begin(struct json *json, FILE *out);
/* Ends it with a line break. */
void json_end(struct json *json);

void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);

void json_string(struct json *json, const char *key, const char *value); /* null: null */
void json_double(struct json *json, const char *key, double value);
void json_null(struct json *json, const char *key);
void json_int(struct json *json, const char *key, int64_t value);
void json_uint(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
/* An array with one string per line of `text` (null: an empty array). */
void json_lines(struct json *json, const char *key, const char *text);

#endif
