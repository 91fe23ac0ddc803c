/* picture_scale.h - where values stand between the ends of the colours, and the numbers there. */
#ifndef PVRAMSES_PICTURE_SCALE_H
#define PVRAMSES_PICTURE_SCALE_H

#include "picture.h"

enum { PICTURE_MOST_TICKS = 16 };

/* A number beside the colour bar. */
struct picture_tick {
    double value;
    char text[24];   /* 0.5, 2e-27; of powers of ten "10" */
    char raised[16]; /* the exponent of these; else "" */
};

/* Place of a value between the ends of the colours, 0 to 1 if it lies between them. */
double picture_place(const struct picture *picture, double value);
/* Round numbers in the range; returns how many. */
int picture_ticks(const struct picture *picture, struct picture_tick tick[PICTURE_MOST_TICKS]);

#endif
