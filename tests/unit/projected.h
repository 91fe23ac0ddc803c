/* projected.h - maps made in the plainest way, cell by cell and pixel by pixel, to compare with. */
#ifndef PVR_TEST_PROJECTED_H
#define PVR_TEST_PROJECTED_H

#include "derived_mesh.h"
#include "pvr_projection.h"

/* One value of a map of the leaves of `made`, along an axis of the box; `weight` is a field or
 * null. Empty pixels are NaN. To be freed. */
double *plain_map(const struct made_mesh *made, const struct pvr_map_request *request,
                  const char *field, int component, const char *weight);

/* The request for a mesh's whole box, with so many pixels across. */
struct pvr_map_request map_request(const struct pvr_octree *octree, enum pvr_direction direction,
                                   uint32_t pixels, enum pvr_map_mode mode);
struct pvr_map_value map_value(const struct made_mesh *made, const char *field, int component);
/* Projects and finishes: nvalues images one after another, to be freed. */
double *make_map(const struct made_mesh *made, const struct pvr_map_request *request,
                 const struct pvr_map_value *values, const struct pvr_map_value *weight,
                 int threads);
/* Fails unless both are NaN, or differ by less than `error` times `scale`. */
void same_map(const double *a, const double *b, uint64_t npixels, double error, double scale);
double map_sum(const double *map, uint64_t npixels);
/* Largest of the absolute values. */
double map_largest(const double *map, uint64_t npixels);

#endif
