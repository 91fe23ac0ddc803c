/* projected.c - maps made in the plainest way, cell by cell and pixel by pixel, to compare with. */
#include "projected.h"

#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct pvr_array *array_of(const struct made_mesh *made, const char *field) {
    for (int i = 0; i < made->mesh.narrays; i++) {
        if (strcmp(made->mesh.arrays[i].name, field) == 0) {
            return made->mesh.arrays[i].array;
        }
    }
    fail_msg("no array %s", field);
    return NULL;
}

/* A cell's edges along an axis of the image (2: the depth), from the view's centre. */
static void cell_edges(const struct made_mesh *made, const struct pvr_view *view, uint64_t index,
                       int i, double edge[2]) {
    const struct pvr_octree *octree = made->mesh.octree;
    const struct made_place *place = &made->place[index];
    double size = ldexp(octree->size[0] / octree->root_dims[0], octree->root_level - place->level);
    int axis = view->axis[i];
    double low = octree->origin[axis] + place->at[axis] * size - view->centre[axis];
    if (axis >= octree->ndim) {
        low = 0;
        size = 1;
    }
    edge[0] = view->against[i] ? -(low + size) : low;
    edge[1] = view->against[i] ? -low : low + size;
}

/* Length of what two intervals share; less than rounding is nothing. */
static double shared(double a, double b, double c, double d) {
    double length = fmin(b, d) - fmax(a, c);
    return length > 1e-11 * fmax(b - a, d - c) ? length : 0;
}

/* Calls add(context, pixel, index, part of the cell's volume that lies in the pixel). */
static void each_part(const struct made_mesh *made, const struct pvr_map_request *request,
                      void (*add)(void *, uint64_t, uint64_t, double), void *context) {
    const struct pvr_view *view = &request->view;
    const struct pvr_octree *octree = made->mesh.octree;
    const double pixel = view->pixel;
    for (uint64_t index = 0; index < octree->ncells; index++) {
        if (made->place[index].level == 0 || made->place[index].refined) {
            continue;
        }
        double edge[3][2], depth = 1;
        for (int i = 0; i < 3; i++) {
            cell_edges(made, view, index, i, edge[i]);
        }
        if (octree->ndim == 3) {
            depth = shared(edge[2][0], edge[2][1], view->depth[0], view->depth[1]) /
                    (edge[2][1] - edge[2][0]);
        }
        double inside = 1;
        for (int i = 0; i < 2; i++) {
            inside *= shared(edge[i][0], edge[i][1], view->low[i],
                             view->low[i] + view->pixels[i] * pixel) /
                      (edge[i][1] - edge[i][0]);
        }
        if (!(depth > 0) || !(inside > 0)) {
            continue;
        }
        double by = request->edge == PVR_EDGE_FOLD ? 1 / inside : depth;
        for (uint32_t y = 0; y < view->pixels[1]; y++) {
            double part = shared(edge[1][0], edge[1][1], view->low[1] + y * pixel,
                                 view->low[1] + (y + 1) * pixel) /
                          (edge[1][1] - edge[1][0]);
            for (uint32_t x = 0; part > 0 && x < view->pixels[0]; x++) {
                double all = part *
                             shared(edge[0][0], edge[0][1], view->low[0] + x * pixel,
                                    view->low[0] + (x + 1) * pixel) /
                             (edge[0][1] - edge[0][0]);
                if (all > 0) {
                    add(context, (uint64_t)y * view->pixels[0] + x, index, all * by);
                }
            }
        }
    }
}

struct plain_sums {
    const struct made_mesh *made;
    const struct pvr_map_request *request;
    const struct pvr_array *value, *weight;
    int component;
    long double *weights, *sums, *squares;
    double *least, *most;
    bool second; /* time: the means are known */
};

static void add_part(void *context, uint64_t pixel, uint64_t index, double part) {
    struct plain_sums *sums = context;
    const struct pvr_octree *octree = sums->made->mesh.octree;
    double q = unit_value(sums->value, index, sums->component);
    double volume = part * pvr_octree_cell_volume(octree, sums->made->place[index].level);
    long double w = sums->weight != NULL ? unit_value(sums->weight, index, 0) * volume
                    : sums->request->weighting == PVR_WEIGHT_NONE ? part
                                                                  : volume;
    if (!isfinite(q) || !isfinite((double)w)) {
        return;
    }
    if (sums->second) {
        long double mean = sums->sums[pixel] / sums->weights[pixel];
        sums->squares[pixel] += w * (q - mean) * (q - mean);
        return;
    }
    sums->weights[pixel] += w;
    sums->sums[pixel] += w * q;
    sums->least[pixel] = fmin(sums->least[pixel], q);
    sums->most[pixel] = fmax(sums->most[pixel], q);
}

double *plain_map(const struct made_mesh *made, const struct pvr_map_request *request,
                  const char *field, int component, const char *weight) {
    const uint64_t n = (uint64_t)request->view.pixels[0] * request->view.pixels[1];
    const double area = request->view.pixel * request->view.pixel;
    struct plain_sums sums = {.made = made,
                              .request = request,
                              .value = array_of(made, field),
                              .weight = weight != NULL ? array_of(made, weight) : NULL,
                              .component = component,
                              .weights = calloc(n, sizeof *sums.weights),
                              .sums = calloc(n, sizeof *sums.sums),
                              .squares = calloc(n, sizeof *sums.squares),
                              .least = calloc(n, sizeof *sums.least),
                              .most = calloc(n, sizeof *sums.most)};
    double *map = calloc(n, sizeof *map);
    for (uint64_t i = 0; i < n; i++) {
        sums.least[i] = (double)INFINITY;
        sums.most[i] = -(double)INFINITY;
    }
    each_part(made, request, add_part, &sums);
    sums.second = true;
    if (request->mode == PVR_MAP_DISPERSION) {
        each_part(made, request, add_part, &sums);
    }
    for (uint64_t i = 0; i < n; i++) {
        switch (request->mode) {
        case PVR_MAP_SUM:
            map[i] = (double)sums.sums[i];
            break;
        case PVR_MAP_INTEGRAL:
        case PVR_MAP_SURFACE_DENSITY:
            map[i] = (double)(sums.sums[i] / area);
            break;
        case PVR_MAP_MIN:
            map[i] = sums.least[i];
            break;
        case PVR_MAP_MAX:
            map[i] = sums.most[i];
            break;
        case PVR_MAP_DISPERSION:
            map[i] = (double)sqrtl(sums.squares[i] / sums.weights[i]);
            break;
        default:
            map[i] = (double)(sums.sums[i] / sums.weights[i]);
        }
        map[i] = sums.weights[i] > 0 ? map[i] : (double)NAN;
    }
    free(sums.weights);
    free(sums.sums);
    free(sums.squares);
    free(sums.least);
    free(sums.most);
    return map;
}

struct pvr_map_request map_request(const struct pvr_octree *octree, enum pvr_direction direction,
                                   uint32_t pixels, enum pvr_map_mode mode) {
    struct pvr_map_request request = {.mode = mode, .nvalues = 1};
    const struct pvr_view_request view = {
        .direction = direction, .line_of_sight = {0.4, -0.3, 0.7}, .pixels = pixels};
    double high[3];
    for (int a = 0; a < 3; a++) {
        high[a] = octree->origin[a] + octree->size[a];
    }
    struct pvr_error error;
    unit_ok(pvr_view_make(&view, octree->origin, high, &request.view, &error), &error);
    return request;
}

struct pvr_map_value map_value(const struct made_mesh *made, const char *field, int component) {
    return (struct pvr_map_value){
        .nterms = 1,
        .term = {{.array = array_of(made, field), .component = component, .coefficient = 1}}};
}

double *make_map(const struct made_mesh *made, const struct pvr_map_request *request,
                 const struct pvr_map_value *values, const struct pvr_map_value *weight,
                 int threads) {
    const struct pvr_threads settings = {.max = threads};
    struct pvr_map *map;
    struct pvr_error error;
    unit_ok(pvr_map_new(request, &map, &error), &error);
    unit_ok(pvr_project_octree(map, made->mesh.octree, values, weight, &settings, NULL, NULL, NULL,
                               &error),
            &error);
    double *images = calloc(map->npixels * (uint64_t)request->nvalues, sizeof *images);
    double *image[PVR_MAP_MAX_VALUES];
    assert_non_null(images);
    for (int v = 0; v < request->nvalues; v++) {
        image[v] = images + (uint64_t)v * map->npixels;
    }
    unit_ok(pvr_map_finish(map, NULL, (double)NAN, image, NULL, &settings, &error), &error);
    pvr_map_free(map);
    return images;
}

void same_map(const double *a, const double *b, uint64_t npixels, double error, double scale) {
    for (uint64_t i = 0; i < npixels; i++) {
        if (isnan(a[i]) != isnan(b[i]) || fabs(a[i] - b[i]) > error * scale) {
            fail_msg("pixel %llu: %.17g is not %.17g", (unsigned long long)i, a[i], b[i]);
        }
    }
}

double map_sum(const double *map, uint64_t npixels) {
    long double sum = 0;
    for (uint64_t i = 0; i < npixels; i++) {
        sum += isnan(map[i]) ? 0 : map[i];
    }
    return (double)sum;
}

double map_largest(const double *map, uint64_t npixels) {
    double largest = 0;
    for (uint64_t i = 0; i < npixels; i++) {
        largest = fmax(largest, fabs(map[i]));
    }
    return largest;
}
