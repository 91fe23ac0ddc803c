/* picture.h - a map as a picture: colours, colour bar, length bar, labels. */
#ifndef PVRAMSES_PICTURE_H
#define PVRAMSES_PICTURE_H

#include "colours.h"
#include "pvr_error.h"

#include <stdbool.h>
#include <stdint.h>

struct picture {
    const double *image; /* row after row from the lower edge; NaN is left blank */
    uint32_t pixels[2];
    const struct colours *colours;
    bool linear;       /* else logarithmic where all of the range is above 0 */
    double range[2];   /* of the colours */
    const char *title; /* "surface density" */
    const char *unit;  /* may be "" */
    const char *note;  /* of the output and the time, above; may be "" */
    double pixel;      /* side of a pixel in `length_unit` */
    const char *length_unit;
};

/* Sets the range to that of the image. For logarithms without what is 0, and without the faintest
 * hundredth of the pixels where these are more than a hundred times fainter than the next (slivers
 * at the edges of a box that is seen from aside). What differs by rounding alone has one colour. */
void picture_set_range(struct picture *picture);
/* False where the program was built without a library that draws text. */
bool picture_possible(void);
/* Writes a .png file, which appears whole or not at all. Large maps keep their pixels: one of the
 * picture for each of the map; small ones are shown larger. */
enum pvr_status picture_write(const char *path, const struct picture *picture,
                              struct pvr_error *error);

#endif
