/* pvr_map.h - maps: what a projection adds up, and the images that follow from it.
 *
 * A map holds sums per pixel (of weights, of weighted values), not yet the means: maps of parts of
 * a run (ranks, files) are added by pvr_map_add_pixels before pvr_map_finish makes images of them.
 * Images are double, row after row from the lower edge: pixel (i, j) is number j * pixels[0] + i.
 *
 * With q a value, w its weight and dV the part of a cell that lies in a pixel and in the depth:
 *
 *     mean              sum(q w dV) / sum(w dV)
 *     sum               sum(q w dV)
 *     integral          sum(q dV) / area of the pixel: along the line of sight
 *     surface density   the same, of a density; q may also be a cell's total (mass): sum / area
 *     min, max          smallest, largest q of what lies in the pixel
 *     dispersion        sqrt(sum(w (q - mean)^2 dV) / sum(w dV)), by updates of mean and squares
 *                       (West 1979, Chan et al. 1983), so that a large mean costs no digits
 *     first moment      the mean, of a vector's component along the line of sight
 *
 * The weight is 1 (volume), an array (the density: mass), or none: each cell counts once, in its
 * pixels by its parts. A sum with no weight spreads the cells' values over the pixels.
 *
 * A pixel with nothing in it, or with no weight, is empty. Values and weights that are no finite
 * numbers are left out, and counted; a pixel with nothing else is empty. Negative weights are an
 * error.
 */
#ifndef PVR_MAP_H
#define PVR_MAP_H

#include "pvr_memory.h"
#include "pvr_threads.h"
#include "pvr_view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PVR_MAP_MAX_VALUES = 64 };

enum pvr_map_mode {
    PVR_MAP_MEAN = 0,
    PVR_MAP_SUM,
    PVR_MAP_INTEGRAL,
    PVR_MAP_SURFACE_DENSITY,
    PVR_MAP_MIN,
    PVR_MAP_MAX,
    PVR_MAP_DISPERSION,
    PVR_MAP_FIRST_MOMENT,
    PVR_MAP_MODES
};

enum pvr_map_weighting { PVR_WEIGHT_VOLUME = 0, PVR_WEIGHT_ARRAY, PVR_WEIGHT_NONE };

/* What to do with a cell that lies partly beyond the window or the depth. */
enum pvr_map_edge {
    PVR_EDGE_CLIP = 0, /* only what is inside counts */
    PVR_EDGE_FOLD      /* all of it counts, in the pixels that it covers (as Mera.jl does) */
};

struct pvr_map_request {
    struct pvr_view view;
    enum pvr_map_mode mode;
    enum pvr_map_weighting weighting;
    enum pvr_map_edge edge;
    int nvalues;      /* 1 .. PVR_MAP_MAX_VALUES images at once */
    bool own_weights; /* from the start: for maps to be added, and for those of streams */
};

struct pvr_map {
    struct pvr_map_request request;
    uint64_t npixels;
    int nplanes;   /* doubles per pixel; see pvr_map_state.h */
    double *plane; /* nplanes images of sums */
    uint64_t bytes;
    bool own_weights;                        /* every value has its own sum of weights */
    uint64_t cells;                          /* cells, or points, that lie in the map */
    uint64_t not_finite[PVR_MAP_MAX_VALUES]; /* of them, those whose value is no finite number */
    uint64_t weights_not_finite;
};

/* An empty map. Memory: nplanes doubles per pixel. */
enum pvr_status pvr_map_new(const struct pvr_map_request *request, struct pvr_map **map,
                            struct pvr_error *error);
void pvr_map_free(struct pvr_map *map);
/* Empties it. With `own_weights`, values that are no numbers in some cells do not disturb others.
 */
enum pvr_status pvr_map_clear(struct pvr_map *map, bool own_weights, struct pvr_error *error);

/* Adds pixels of a map of the same request and own_weights, from number `first` on: its sums, which
 * are nplanes runs of `count` doubles, `stride` apart. Numbers of cells are the caller's. */
void pvr_map_add_pixels(struct pvr_map *map, uint64_t first, uint64_t count, const double *sums,
                        uint64_t stride);

/* What an image comes to; empty pixels are left out. */
struct pvr_map_totals {
    uint64_t pixels; /* that are not empty */
    double min, max; /* NaN without any */
    double sum;      /* compensated */
    double integral; /* sum * area of a pixel, code length^2 */
};

/* Makes the images: image[v] (npixels doubles) of each value, times unit[v] (null: 1), where
 * nothing is `empty`. An integral comes in code length times the value's unit, a surface density of
 * a cell's total in its unit per code length^2. `totals` (nvalues of them) and `threads` may be
 * null. An image may be the map's own pvr_map_plane(map, v), which saves its memory: the sums are
 * then gone. The same bits for any number of threads. */
enum pvr_status pvr_map_finish(const struct pvr_map *map, const double *unit, double empty,
                               double *const *image, struct pvr_map_totals *totals,
                               const struct pvr_threads *threads, struct pvr_error *error);

/* Where the sums of a value stand, npixels doubles. */
double *pvr_map_plane(struct pvr_map *map, int value);

/* Names as on the command line: "mean", "sum", "integral", "surface-density", "min", "max",
 * "dispersion", "first-moment". The mode of a name, or PVR_MAP_MODES. */
const char *pvr_map_mode_name(enum pvr_map_mode mode);
enum pvr_map_mode pvr_map_mode_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
