/* format.h - numbers as a person likes to read them. */
#ifndef PVRAMSES_FORMAT_H
#define PVRAMSES_FORMAT_H

#include "pvr_info.h"

#include <stdbool.h>
#include <stdint.h>

enum { FORMAT_SIZE = 64 };

/* All of these fill `text` and return it. */
char *format_bytes(char text[FORMAT_SIZE], double bytes);     /* 33.1 MB */
char *format_count(char text[FORMAT_SIZE], uint64_t count);   /* 347,544 */
char *format_seconds(char text[FORMAT_SIZE], double seconds); /* 0.087 s, 2 min 05 s */
char *format_mass(char text[FORMAT_SIZE], double gram);       /* 1.2e+12 Msol */

#endif
