/* picture_range.c - between which values the colours of a picture run, where nobody says. */
#include "picture.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_SAMPLES = 100000 };

static int compare(const void *a, const void *b) {
    const double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

/* The value that a hundredth of all values above 0 do not reach, of some of the pixels; 0 without
 * memory. */
static double faint(const struct picture *picture, uint64_t npixels) {
    const uint64_t step = npixels / MOST_SAMPLES + 1;
    double *sample = malloc((npixels / step + 1) * sizeof *sample);
    size_t count = 0;
    if (sample == NULL) {
        return 0;
    }
    for (uint64_t i = 0; i < npixels; i += step) {
        if (isfinite(picture->image[i]) && picture->image[i] > 0) {
            sample[count++] = picture->image[i];
        }
    }
    qsort(sample, count, sizeof *sample, compare);
    const double value = count > 0 ? sample[count / 100] : 0;
    free(sample);
    return value;
}

void picture_set_range(struct picture *picture) {
    const uint64_t npixels = (uint64_t)picture->pixels[0] * picture->pixels[1];
    double low = (double)INFINITY, high = -low, above = low; /* the lowest above 0 */
    for (uint64_t i = 0; i < npixels; i++) {
        const double value = picture->image[i];
        if (isfinite(value)) {
            low = fmin(low, value);
            high = fmax(high, value);
            above = value > 0 ? fmin(above, value) : above;
        }
    }
    if (!(low <= high)) {
        low = 0;
        high = 1;
    } else if (high - low <= 1e-12 * fmax(fabs(low), fabs(high))) { /* all the same but rounding */
        low = high = low + (high - low) / 2;
    } else if (!picture->linear && low >= 0) {
        const double most = faint(picture, npixels);
        low = most / 100 > above ? most : above;
    }
    picture->range[0] = low;
    picture->range[1] = high;
}
