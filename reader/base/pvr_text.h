/* pvr_text.h - reading the small text files of an output (internal). */
#ifndef PVR_TEXT_H
#define PVR_TEXT_H

#include "pvr_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads at most `limit` bytes of a regular file into a new zero-ended string, to be freed. Zero
 * bytes in the file are an error: it is not text. */
enum pvr_status pvr_text_read(const char *path, size_t limit, char **text, struct pvr_error *error);

/* Reads a Fortran real or integer at `text` (leading blanks skipped, at most `length` characters
 * looked at): 1.5, 0.1D+01, 0.1-100, NaN, Infinity. False for anything else, stars included. The
 * locale plays no role. `end` (may be null) gets the first character behind the number. */
bool pvr_text_real(const char *text, size_t length, double *value, const char **end);

/* The value behind `key` and an equal sign in lines of the form `key = value`. False if there is
 * no such line or it holds no number. */
bool pvr_text_key_real(const char *text, const char *key, double *value);

/* A new string made printf-like, or null. */
char *pvr_text_format(const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* Adds a line to the list of lines in *text (null: empty). Silently leaves it as it is when memory
 * is out: used for warnings only. */
void pvr_text_add_line(char **text, const char *line);

#endif
