/* pvr_text.c - reading the small text files of an output. */
#include "pvr_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum pvr_status pvr_text_read(const char *path, size_t limit, char **text,
                              struct pvr_error *error) {
    *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: is not a regular file", path);
    }
    size_t size = (uint64_t)status.st_size < limit ? (size_t)status.st_size : limit;
    char *content = malloc(size + 1);
    if (content == NULL) {
        close(fd);
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: no memory for its %zu bytes", path, size);
    }
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, content + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            int reason = errno;
            free(content);
            close(fd);
            return pvr_fail(error, PVR_ERROR_IO, "%s: cannot be read: %s", path, strerror(reason));
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    close(fd);
    content[done] = '\0';
    if (memchr(content, '\0', done) != NULL) {
        free(content);
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: is not a text file", path);
    }
    *text = content;
    return PVR_OK;
}

/* Copies a number as Fortran writes it to `out` as C writes it; returns the characters used. */
static size_t copy_number(const char *text, size_t length, char *out, size_t out_size) {
    size_t used = 0, n = 0;
    bool exponent = false, digits = false;
    while (used < length && n + 2 < out_size) {
        char c = text[used];
        char before = used > 0 ? text[used - 1] : ' ';
        if (isdigit((unsigned char)c) || c == '.') {
            digits = digits || c != '.';
            out[n++] = c;
        } else if (strchr("dDeEqQ", c) != NULL && c != '\0' && digits && !exponent) {
            exponent = true;
            out[n++] = 'e';
        } else if (c == '+' || c == '-') {
            if (digits && !exponent) { /* 0.1-100: the exponent's letter was dropped */
                exponent = true;
                out[n++] = 'e';
            } else if (used > 0 && strchr("dDeEqQ", before) == NULL) {
                break;
            }
            out[n++] = c;
        } else {
            break;
        }
        used++;
    }
    out[n] = '\0';
    return digits ? used : 0;
}

bool pvr_text_real(const char *text, size_t length, double *value, const char **end) {
    size_t skip = 0;
    while (skip < length && (text[skip] == ' ' || text[skip] == '\t')) {
        skip++;
    }
    const char *start = text + skip;
    size_t left = length - skip;
    size_t sign = left > 0 && (*start == '+' || *start == '-') ? 1 : 0;
    if (left >= sign + 3 && strncasecmp(start + sign, "nan", 3) == 0) {
        *value = (double)NAN;
        if (end != NULL) {
            *end = start + sign + 3;
        }
        return true;
    }
    if (left >= sign + 3 && strncasecmp(start + sign, "inf", 3) == 0) {
        *value = sign == 1 && *start == '-' ? -(double)INFINITY : (double)INFINITY;
        size_t used = sign + 3;
        while (used < left && isalpha((unsigned char)start[used])) {
            used++;
        }
        if (end != NULL) {
            *end = start + used;
        }
        return true;
    }
    char number[64];
    size_t used = copy_number(start, left, number, sizeof number);
    if (used == 0) {
        return false;
    }
    locale_t neutral = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (neutral == (locale_t)0) {
        return false;
    }
    char *stop;
    *value = strtod_l(number, &stop, neutral);
    freelocale(neutral);
    if (stop == number || *stop != '\0') {
        return false;
    }
    if (end != NULL) {
        *end = start + used;
    }
    return true;
}

bool pvr_text_key_real(const char *text, const char *key, double *value) {
    size_t key_length = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *line_end = strchr(line, '\n');
        size_t length = line_end != NULL ? (size_t)(line_end - line) : strlen(line);
        const char *start = line;
        while (start < line + length && isspace((unsigned char)*start)) {
            start++;
        }
        size_t left = length - (size_t)(start - line);
        if (left > key_length && strncmp(start, key, key_length) == 0) {
            const char *at = start + key_length;
            while (at < line + length && *at == ' ') {
                at++;
            }
            if (at < line + length && *at == '=') {
                at++;
                return pvr_text_real(at, (size_t)(line + length - at), value, NULL);
            }
        }
        line = line_end != NULL ? line_end + 1 : NULL;
    }
    return false;
}

char *pvr_text_format(const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

void pvr_text_add_line(char **text, const char *line) {
    size_t before = *text != NULL ? strlen(*text) + 1 : 0;
    size_t length = strlen(line);
    char *grown = realloc(*text, before + length + 1);
    if (grown == NULL) {
        return;
    }
    if (before > 0) {
        grown[before - 1] = '\n';
    }
    memcpy(grown + before, line, length + 1);
    *text = grown;
}
