/* words.h - options' values: numbers, words of a list, names of components. */
#ifndef PVRAMSES_WORDS_H
#define PVRAMSES_WORDS_H

#include "pvr_fields.h"

#include <stdbool.h>

enum { WORDS_MOST_THREADS = 4096, WORDS_ALONG = -1 };

/* A whole number from `least` to `most`, and nothing after it. */
bool words_int(const char *text, int least, int most, int *value);
/* The place of `text` in `words` (ended by a null), or -1. */
int words_find(const char *text, const char *const *words);
/* Splits velocity_x or velocity_los into the name of the vector and the component (WORDS_ALONG: the
 * one along the line of sight). False if the name has no such ending. */
bool words_component(const char *name, char base[PVR_NAME_SIZE], int *component);

#endif
