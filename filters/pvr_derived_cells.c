/* pvr_derived_cells.c - filling a block of cells with what formulas ask for, storing results. */
#include "pvr_derived_cells.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

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

/* Sizes of `count` cells of the cursor's run from its cell `from` on. */
static void fill_sizes(const struct pvr_cursor *cursor, uint64_t from, int count, double *size,
                       double *volume) {
    const struct pvr_octree *octree = cursor->octree;
    const struct pvr_run *run = &cursor->run;
    const uint8_t *refined = octree->level[run->level].refined;
    const double of[2] = {pvr_octree_cell_size(octree, run->level), (double)NAN};
    const double volume_of[2] = {pvr_octree_cell_volume(octree, run->level), (double)NAN};
    /* bit c of byte o: cell c of oct o; on the root level, eight trees share a byte */
    bool root = run->level == octree->root_level;
    int shift = root ? 3 : octree->ndim;
    uint64_t at = root ? run->oct : (run->oct << shift) + from, mask = ((uint64_t)1 << shift) - 1;
    for (int i = 0; i < count; i++) {
        unsigned bit = refined[(at + (uint64_t)i) >> shift] >> ((at + (uint64_t)i) & mask) & 1;
        size[i] = of[bit];
        volume[i] = volume_of[bit];
    }
}

static void fill_positions(struct pvr_cursor *cursor, uint64_t from, int count,
                           const double centre[3], double (*position)[PVR_BLOCK], int to) {
    const struct pvr_octree *octree = cursor->octree;
    const struct pvr_run *run = &cursor->run;
    double size = pvr_octree_cell_size(octree, run->level);
    bool root = run->level == octree->root_level;
    uint64_t noct = run->ncells >> octree->ndim; /* not on the root level */
    for (int i = 0; i < count; i++) {
        uint32_t at[3], cell = 0;
        if (root) {
            pvr_tree_coordinate(octree, run->tree, at);
        } else {
            uint64_t oct = (from + (uint64_t)i) >> octree->ndim;
            if (oct < cursor->first || oct >= cursor->first + cursor->known) {
                cursor->first = oct;
                cursor->known = noct - oct < PVR_CURSOR_OCTS ? noct - oct : PVR_CURSOR_OCTS;
                pvr_walk_octs(&cursor->walk, run->level, run->oct + oct, cursor->known, cursor->at);
            }
            cell = (uint32_t)(from + (uint64_t)i) & ((1u << octree->ndim) - 1);
            memcpy(at, cursor->at[oct - cursor->first], sizeof at);
        }
        for (int axis = 0; axis < 3; axis++) {
            double on_grid = (root ? 1.0 : 2.0) * at[axis] + (cell >> axis & 1) + 0.5;
            position[axis][to + i] = axis < octree->ndim ? on_grid * size - centre[axis] : 0;
        }
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
