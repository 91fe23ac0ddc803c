/* json.c - numbers of an EXPECT.json: just enough of a reader of JSON. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " \t\r\n,:");
}

/* Behind the string that begins at `at`. */
static const char *skip_string(const char *at) {
    for (at++; *at != '"' && *at != '\0'; at++) {
        at += *at == '\\' && at[1] != '\0';
    }
    return *at != '\0' ? at + 1 : at;
}

/* Behind the value that begins at `at`. */
static const char *skip_value(const char *at) {
    int depth = 0;
    do {
        at = skip_blanks(at);
        if (*at == '\0') {
            break;
        }
        if (*at == '"') {
            at = skip_string(at);
        } else if (strchr("{[]}", *at) != NULL) {
            depth += *at == '{' || *at == '[' ? 1 : -1;
            at++;
        } else {
            at += strcspn(at, " \t\r\n,:]}");
        }
    } while (depth > 0);
    return at;
}

bool json_number(const char *text, const char *way, double *value) {
    const char *at = skip_blanks(text);
    while (*way != '\0') {
        size_t length = strcspn(way, "/");
        bool found = false;
        if (*at != '{') {
            return false;
        }
        at = skip_blanks(at + 1);
        while (*at == '"' && !found) {
            const char *end = skip_string(at);
            found = (size_t)(end - at) == length + 2 && strncmp(at + 1, way, length) == 0;
            at = skip_blanks(end);
            at = found ? at : skip_blanks(skip_value(at));
        }
        if (!found) {
            return false;
        }
        way += length + (way[length] == '/');
    }
    char *end;
    *value = strtod(at, &end);
    return end != at;
}
