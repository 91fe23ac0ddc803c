/* pvr_derived_cells.c - filling a block of cells with what formulas ask for, storing results. */
#include "pvr_derived_cells.h"

#include "pvr_octree_rank.h"

#include <math.h>
#include <stddef.h>

unsigned pvr_derived_all_uses(unsigned uses) {
    static const struct {
        unsigned of, needs;
    } rule[] = {
        {PVR_USES_AXIS_VELOCITY, PVR_USES_VELOCITY | PVR_USES_AXIS},
        {PVR_USES_AXIS_ACCELERATION, PVR_USES_ACCELERATION | PVR_USES_AXIS},
        {PVR_USES_AXIS, PVR_USES_POSITION},
        {PVR_USES_SOUND, PVR_USES_DENSITY | PVR_USES_PRESSURE | PVR_USES_GAMMA},
        {PVR_USES_HEAT, PVR_USES_GAMMA},
    };
    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) { /* in the order of dependence */
        uses |= (uses & rule[i].of) != 0 ? rule[i].needs : 0;
    }
    return uses;
}

/* ---- gathering and storing --------------------------------------------------------------------
 */

#define DEFINE_GATHER(NAME, TYPE)                                                                  \
    static void NAME(double *restrict to, const TYPE *restrict from, int width, int count,         \
                     double scale, double minus) {                                                 \
        if (width == 1) {                                                                          \
            for (int i = 0; i < count; i++) {                                                      \
                to[i] = (double)from[i] * scale - minus;                                           \
            }                                                                                      \
        } else if (width == 3) {                                                                   \
            for (int i = 0; i < count; i++) {                                                      \
                to[i] = (double)from[3 * i] * scale - minus;                                       \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_GATHER(gather_floats, float)
DEFINE_GATHER(gather_doubles, double)

static void gather(double (*to)[PVR_BLOCK], const struct pvr_mesh_array *input, uint64_t first,
                   int count, const double minus[3]) {
    const struct pvr_array *array = input->array;
    int width = array->ncomponents;
    double scale = 1 / input->unit.factor;
    for (int c = 0; c < width; c++) {
        uint64_t at = first * (uint64_t)width + (uint64_t)c;
        if (array->type == PVR_FLOAT32) {
            gather_floats(to[c], (const float *)array->data + at, width, count, scale, minus[c]);
        } else {
            gather_doubles(to[c], (const double *)array->data + at, width, count, scale, minus[c]);
        }
    }
}

#define DEFINE_STORE(NAME, TYPE)                                                                   \
    static void NAME(TYPE *restrict to, const double(*restrict from)[PVR_BLOCK], int width,        \
                     int count, double factor) {                                                   \
        if (width == 1) {                                                                          \
            for (int i = 0; i < count; i++) {                                                      \
                to[i] = (TYPE)(from[0][i] * factor);                                               \
            }                                                                                      \
        } else {                                                                                   \
            for (int i = 0; i < count; i++) {                                                      \
                to[3 * i] = (TYPE)(from[0][i] * factor);                                           \
                to[3 * i + 1] = (TYPE)(from[1][i] * factor);                                       \
                to[3 * i + 2] = (TYPE)(from[2][i] * factor);                                       \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_STORE(store_floats, float)
DEFINE_STORE(store_doubles, double)

void pvr_cells_store(const struct pvr_cells *cells, struct pvr_array *array, double factor,
                     uint64_t first) {
    int width = array->ncomponents;
    uint64_t at = first * (uint64_t)width;
    if (array->type == PVR_FLOAT32) {
        store_floats((float *)array->data + at, cells->result, width, cells->count, factor);
    } else {
        store_doubles((double *)array->data + at, cells->result, width, cells->count, factor);
    }
}

/* ---- geometry ---------------------------------------------------------------------------------
 */

void pvr_cursor_begin(struct pvr_cursor *cursor, const struct pvr_octree *octree, uint64_t cell) {
    cursor->octree = octree;
    cursor->run = pvr_run_at(octree, cell);
    cursor->known = 0;
    pvr_walk_begin(&cursor->walk, octree);
}

/* Cells of one oct: `count` of them from `cell` on. The usual call has constants 0 and 8 and is
 * compiled without a loop. */
static inline void oct_sizes(unsigned refined, unsigned cell, unsigned count, const double of[2],
                             const double volume_of[2], double *size, double *volume) {
    for (unsigned c = 0; c < count; c++) {
        unsigned bit = refined >> (cell + c) & 1;
        size[c] = of[bit];
        volume[c] = volume_of[bit];
    }
}

static inline void oct_positions(unsigned cell, unsigned count, double edge[3][2],
                                 double (*position)[PVR_BLOCK], int to) {
    for (int axis = 0; axis < 3; axis++) {
        for (unsigned c = 0; c < count; c++) {
            position[axis][to + (int)c] = edge[axis][(cell + c) >> axis & 1];
        }
    }
}

/* Sizes of `count` cells of the cursor's run from its cell `from` on. */
static void fill_sizes(const struct pvr_cursor *cursor, uint64_t from, int count, double *size,
                       double *volume) {
    const struct pvr_octree *octree = cursor->octree;
    const struct pvr_run *run = &cursor->run;
    const struct pvr_octree_level *level = &octree->level[run->level];
    const double of[2] = {pvr_octree_cell_size(octree, run->level), (double)NAN};
    const double volume_of[2] = {pvr_octree_cell_volume(octree, run->level), (double)NAN};
    if (run->level == octree->root_level) { /* one cell */
        oct_sizes(pvr_no_leaves(level, run->tree >> 3), run->tree & 7, 1, of, volume_of, size,
                  volume);
        return;
    }
    for (int i = 0; i < count;) {
        uint64_t at = from + (uint64_t)i;
        unsigned bits = pvr_no_leaves(level, run->oct + (at >> octree->ndim));
        unsigned cell = (unsigned)at & (unsigned)(octree->cells_per_oct - 1);
        unsigned n = (unsigned)octree->cells_per_oct - cell;
        n = n < (unsigned)(count - i) ? n : (unsigned)(count - i);
        if (n == 8) {
            oct_sizes(bits, 0, 8, of, volume_of, size + i, volume + i);
        } else {
            oct_sizes(bits, cell, n, of, volume_of, size + i, volume + i);
        }
        i += (int)n;
    }
}

/* Coordinate of an oct of the cursor's run, counted from the run's first. */
static const uint32_t *oct_coordinate(struct pvr_cursor *cursor, uint64_t oct) {
    if (oct < cursor->first || oct >= cursor->first + cursor->known) {
        uint64_t left = (cursor->run.ncells >> cursor->octree->ndim) - oct;
        cursor->first = oct;
        cursor->known = left < PVR_CURSOR_OCTS ? left : PVR_CURSOR_OCTS;
        pvr_walk_octs(&cursor->walk, cursor->run.level, cursor->run.oct + oct, cursor->known,
                      cursor->at);
    }
    return cursor->at[oct - cursor->first];
}

/* Centres of cells, likewise, written from place `to` on. */
static void fill_positions(struct pvr_cursor *cursor, uint64_t from, int count,
                           const double centre[3], double (*position)[PVR_BLOCK], int to) {
    const struct pvr_octree *octree = cursor->octree;
    const struct pvr_run *run = &cursor->run;
    double size = pvr_octree_cell_size(octree, run->level), edge[3][2] = {{0}}, from_corner[3];
    for (int axis = 0; axis < 3; axis++) {
        from_corner[axis] = octree->origin[axis] - centre[axis];
    }
    if (run->level == octree->root_level) { /* one cell */
        uint32_t at[3];
        pvr_tree_coordinate(octree, run->tree, at);
        for (int axis = 0; axis < octree->ndim; axis++) {
            edge[axis][0] = (at[axis] + 0.5) * size + from_corner[axis];
        }
        oct_positions(0, 1, edge, position, to);
        return;
    }
    for (int i = 0; i < count;) {
        uint64_t place = from + (uint64_t)i;
        const uint32_t *at = oct_coordinate(cursor, place >> octree->ndim);
        for (int axis = 0; axis < octree->ndim; axis++) {
            edge[axis][0] = (2.0 * at[axis] + 0.5) * size + from_corner[axis];
            edge[axis][1] = (2.0 * at[axis] + 1.5) * size + from_corner[axis];
        }
        unsigned cell = (unsigned)place & (unsigned)(octree->cells_per_oct - 1);
        unsigned n = (unsigned)octree->cells_per_oct - cell;
        n = n < (unsigned)(count - i) ? n : (unsigned)(count - i);
        if (n == 8) {
            oct_positions(0, 8, edge, position, to + i);
        } else {
            oct_positions(cell, n, edge, position, to + i);
        }
        i += (int)n;
    }
}

static void fill_geometry(struct pvr_cells *cells, unsigned uses, struct pvr_cursor *cursor,
                          uint64_t first) {
    for (int done = 0; done < cells->count;) {
        const struct pvr_run *run = &cursor->run;
        uint64_t from = first + (uint64_t)done - run->cell;
        if (from >= run->ncells) {
            pvr_run_next(cursor->octree, &cursor->run);
            cursor->known = 0;
            continue;
        }
        uint64_t left = run->ncells - from, wanted = (uint64_t)(cells->count - done);
        int count = (int)(left < wanted ? left : wanted);
        if (uses & PVR_USES_SIZE) {
            fill_sizes(cursor, from, count, cells->size + done, cells->volume + done);
        }
        if (uses & PVR_USES_POSITION) {
            fill_positions(cursor, from, count, cells->constants.centre, cells->position, done);
        }
        done += count;
    }
}

/* ---- parts that several formulas share --------------------------------------------------------
 */

static void square(double (*restrict v)[PVR_BLOCK], double *restrict to, int count) {
    for (int i = 0; i < count; i++) {
        to[i] = v[0][i] * v[0][i] + v[1][i] * v[1][i] + v[2][i] * v[2][i];
    }
}

/* Components of `v` in the frame of the axis. */
static void turn(double (*frame)[3], double (*restrict v)[PVR_BLOCK],
                 double (*restrict to)[PVR_BLOCK], int count) {
    for (int c = 0; c < 3; c++) {
        double x = frame[c][0], y = frame[c][1], z = frame[c][2];
        for (int i = 0; i < count; i++) {
            to[c][i] = v[0][i] * x + v[1][i] * y + v[2][i] * z;
        }
    }
}

static void fill_field(struct pvr_cells *cells, bool faces) {
    for (int c = 0; faces && c < 3; c++) {
        const double *restrict left = cells->b_left[c], *restrict right = cells->b_right[c];
        double *restrict to = cells->b[c];
        for (int i = 0; i < cells->count; i++) {
            to[i] = 0.5 * (left[i] + right[i]);
        }
    }
    square(cells->b, cells->b2, cells->count);
}

static void fill_sound(struct pvr_cells *cells) {
    const double *restrict density = cells->density, *restrict pressure = cells->pressure;
    double *restrict to = cells->sound, gamma = cells->constants.gamma;
    for (int i = 0; i < cells->count; i++) {
        to[i] = sqrt(gamma * pressure[i] / density[i]);
    }
}

void pvr_cells_fill(struct pvr_cells *cells, unsigned uses,
                    const struct pvr_mesh_array *const input[PVR_INPUTS], struct pvr_cursor *cursor,
                    uint64_t first) {
    static const double zero[3] = {0, 0, 0};
    double(*const place[PVR_INPUTS])[PVR_BLOCK] = {
        [PVR_IN_DENSITY] = &cells->density,
        [PVR_IN_PRESSURE] = &cells->pressure,
        [PVR_IN_VELOCITY] = cells->velocity,
        [PVR_IN_METALLICITY] = &cells->metallicity,
        [PVR_IN_POTENTIAL] = &cells->potential,
        [PVR_IN_ACCELERATION] = cells->acceleration,
        [PVR_IN_B_LEFT] = cells->b_left,
        [PVR_IN_B_RIGHT] = cells->b_right,
        [PVR_IN_B_FIELD] = cells->b,
    };
    int count = cells->count;
    for (int i = 0; i < PVR_INPUTS; i++) {
        if (input[i] != NULL) {
            gather(place[i], input[i], first, count,
                   i == PVR_IN_VELOCITY ? cells->constants.bulk : zero);
        }
    }
    if (uses & (PVR_USES_SIZE | PVR_USES_POSITION)) {
        fill_geometry(cells, uses, cursor, first);
    }
    if (uses & PVR_USES_VELOCITY) {
        square(cells->velocity, cells->speed2, count);
    }
    if (uses & PVR_USES_FIELD) {
        fill_field(cells, input[PVR_IN_B_FIELD] == NULL);
    }
    if (uses & PVR_USES_SOUND) {
        fill_sound(cells);
    }
    if (uses & PVR_USES_POSITION) {
        square(cells->position, cells->radius, count);
        for (int i = 0; i < count; i++) {
            cells->radius[i] = sqrt(cells->radius[i]);
        }
    }
    if (uses & PVR_USES_AXIS) {
        turn(cells->constants.frame, cells->position, cells->along, count);
        for (int i = 0; i < count; i++) {
            double x = cells->along[0][i], y = cells->along[1][i];
            cells->across[i] = sqrt(x * x + y * y);
        }
    }
    if (uses & PVR_USES_AXIS_VELOCITY) {
        turn(cells->constants.frame, cells->velocity, cells->along_velocity, count);
    }
    if (uses & PVR_USES_AXIS_ACCELERATION) {
        turn(cells->constants.frame, cells->acceleration, cells->along_acceleration, count);
    }
}
