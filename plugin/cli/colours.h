/* colours.h - perceptual colour maps. */
#ifndef PVRAMSES_COLOURS_H
#define PVRAMSES_COLOURS_H

#include <stdint.h>

struct colours {
    const char *name;
    int count; /* of colours, at least 2; between them, straight lines */
    const uint8_t (*rgb)[3];
};

/* "viridis", "inferno", "magma", "gray"; null for another name. */
const struct colours *colours_find(const char *name);
/* The colour at `place`, 0 to 1, as 0xRRGGBB. */
uint32_t colours_at(const struct colours *colours, double place);

#endif
