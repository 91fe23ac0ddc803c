/* picture_scale.c - where values stand between the ends of the colours, and the numbers there. */
#include "picture_scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool logarithmic(const struct picture *picture) {
    return !picture->linear && picture->range[0] > 0;
}

double picture_place(const struct picture *picture, double value) {
    double low = picture->range[0], high = picture->range[1];
    if (logarithmic(picture)) {
        low = log(low);
        high = log(high);
        value = value > 0 ? log(value) : low;
    }
    /* (of halves: the whole may be more than a double holds) */
    return high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
}

static void write_tick(double value, bool by_powers, struct picture_tick *tick) {
    const double power = by_powers ? log10(value) : 0.5;
    *tick = (struct picture_tick){.value = value};
    if (fabs(power - rint(power)) < 1e-6 && fabs(power) > 2.5) {
        snprintf(tick->text, sizeof tick->text, "10");
        snprintf(tick->raised, sizeof tick->raised, "%.0f", rint(power));
        return;
    }
    snprintf(tick->text, sizeof tick->text, "%.4g", value);
    char *letter = strchr(tick->text, 'e');
    if (letter != NULL) { /* 1.5e+04: without what takes room */
        const size_t room = sizeof tick->text - (size_t)(letter - tick->text);
        snprintf(letter, room, "e%d", atoi(letter + 1));
    }
}

/* Powers of ten, with 2 and 5 where there are few. */
static int powers(double low, double high, double value[PICTURE_MOST_TICKS]) {
    static const double within[] = {1, 2, 5};
    const int decades = (int)floor(log10(high) - log10(low));
    const int each = decades < 3 ? 3 : 1, step = decades / 10 + 1;
    int count = 0;
    for (double power = floor(log10(low)); power <= log10(high); power += step) {
        for (int i = 0; i < each && count < PICTURE_MOST_TICKS; i++) {
            const double next = within[i] * pow(10, power);
            if (next >= low * (1 - 1e-9) && next / (1 + 1e-9) <= high) {
                value[count++] = next;
            }
        }
    }
    return count;
}

/* Steps of 1, 2 or 5. */
static int steps(double low, double high, double value[PICTURE_MOST_TICKS]) {
    const double quarter = high / 4 - low / 4;
    double step = quarter > 0 ? pow(10, floor(log10(quarter))) : 0;
    if (!(step > 0)) { /* nothing between them, or too little for a number */
        value[0] = low;
        return 1;
    }
    while (quarter / step > 2) {
        step *= quarter / step > 5 ? 5 : 2;
    }
    int count = 0;
    for (double n = ceil(low / step); n * step <= high && count < PICTURE_MOST_TICKS; n += 1) {
        value[count++] = n * step + 0.0; /* (0, not -0) */
    }
    return count;
}

int picture_ticks(const struct picture *picture, struct picture_tick tick[PICTURE_MOST_TICKS]) {
    const double low = picture->range[0], high = picture->range[1];
    double value[PICTURE_MOST_TICKS];
    const bool wide = logarithmic(picture) && high / low > 20;
    const int count = wide ? powers(low, high, value) : steps(low, high, value);
    for (int i = 0; i < count; i++) {
        write_tick(value[i], wide, &tick[i]);
    }
    return count;
}
