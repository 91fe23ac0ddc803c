/* pvr_vtk_htg.c - an octree as a VTK hyper tree grid file (.htg). */
#include "pvr_vtk_mesh.h"

#include "pvr_vtk_part.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of the cells of a tree, breadth first: of which are refined, down to the last level but one,
 * or of which are outside, down to the last. */
struct tree_bits {
    const struct pvr_octree *octree;
    uint64_t tree;
    bool outside;
};

struct writer {
    const struct pvr_octree *octree;
    const struct pvr_vtk_mesh *mesh;
    bool masked;        /* cells of trees that are written are outside */
    bool started;       /* a tree was written */
    uint32_t points[3]; /* by axis of the world */
    double *coordinates[3];
    struct tree_bits *refined, *outside; /* by tree */
    struct pvr_vtk_part *parts;          /* by tree and field */
};

static uint64_t octs_of(const struct pvr_octree *octree, int level, uint64_t tree) {
    const struct pvr_octree_level *at = &octree->level[level];
    return at->tree_first[tree + 1] - at->tree_first[tree];
}

/* A tree of nothing but a root outside is no tree of the file. */
static bool is_absent(const struct pvr_octree *octree, uint64_t tree) {
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    return roots->outside != NULL && (roots->outside[tree >> 3] >> (tree & 7) & 1);
}

/* The deepest level of a tree that has cells. */
static int deepest_level(const struct pvr_octree *octree, uint64_t tree) {
    int level = octree->root_level;
    while (level < octree->max_level && octs_of(octree, level + 1, tree) > 0) {
        level++;
    }
    return level;
}

/* Puts bits into bytes, the first into the highest place. */
struct put {
    uint8_t *to;
    uint64_t left; /* bits that are still wanted */
    unsigned held, nheld;
};

static void put_bits(struct put *put, unsigned byte, int from, int end) {
    for (int bit = from; bit < end && put->left > 0; bit++) {
        put->held = put->held << 1 | (byte >> bit & 1);
        put->left--;
        if (++put->nheld == 8) {
            *put->to++ = (uint8_t)put->held;
            put->nheld = 0;
        }
    }
}

/* Eight bits of eight cells at a time, which is the case of three dimensions: what is held stays as
 * much. */
static uint64_t put_octs(struct put *put, const uint8_t *bytes, uint64_t count,
                         const uint8_t *mirrored) {
    const uint64_t whole = put->left / 8 < count ? put->left / 8 : count;
    for (uint64_t oct = 0; oct < whole; oct++) {
        put->held = put->held << 8 | mirrored[bytes[oct]];
        *put->to++ = (uint8_t)(put->held >> put->nheld);
    }
    put->left -= 8 * whole;
    return whole;
}

static enum pvr_status fill_bits(void *context, uint64_t first, uint64_t count, void *values,
                                 struct pvr_error *error) {
    (void)error;
    const struct tree_bits *bits = context;
    const struct pvr_octree *octree = bits->octree;
    const int cells = octree->cells_per_oct;
    uint8_t mirrored[256];
    for (unsigned byte = 0; byte < 256; byte++) {
        mirrored[byte] = 0;
        for (int bit = 0; bit < 8; bit++) {
            mirrored[byte] |= (uint8_t)((byte >> bit & 1) << (7 - bit));
        }
    }
    struct put put = {.to = values, .left = count};
    const struct pvr_octree_level *roots = &octree->level[octree->root_level];
    const uint8_t *root_bits = bits->outside ? roots->outside : roots->refined;
    uint64_t skip = first > 0 ? first - 1 : 0; /* cells below the root to leave out */
    if (first == 0) {
        put_bits(&put,
                 root_bits != NULL ? (unsigned)root_bits[bits->tree >> 3] >> (bits->tree & 7) : 0u,
                 0, 1);
    }
    for (int l = octree->root_level + 1; put.left > 0 && l <= octree->max_level; l++) {
        const struct pvr_octree_level *level = &octree->level[l];
        const uint64_t noct = octs_of(octree, l, bits->tree);
        const uint8_t *from = bits->outside ? level->outside : level->refined;
        if (skip >= noct * (uint64_t)cells) {
            skip -= noct * (uint64_t)cells;
            continue;
        }
        for (uint64_t oct = skip / (uint64_t)cells; oct < noct && put.left > 0; oct++) {
            const uint8_t *at = from != NULL ? from + level->tree_first[bits->tree] + oct : NULL;
            const int cell = (int)(skip % (uint64_t)cells);
            skip = 0;
            if (cells == 8 && cell == 0 && at != NULL && put.left >= 8) {
                oct += put_octs(&put, at, noct - oct, mirrored) - 1;
            } else {
                put_bits(&put, at != NULL ? (unsigned)*at : 0u, cell, cells);
            }
        }
        skip = 0;
    }
    if (put.nheld > 0) {
        *put.to = (uint8_t)(put.held << (8 - put.nheld));
    }
    return PVR_OK;
}

static void writer_free(struct writer *writer) {
    for (int axis = 0; axis < 3; axis++) {
        free(writer->coordinates[axis]);
    }
    free(writer->refined);
    free(writer->outside);
    free(writer->parts);
}

static bool writer_make(struct writer *writer, const struct pvr_vtk_mesh *mesh) {
    const struct pvr_octree *octree = mesh->octree;
    const size_t ntrees = (size_t)octree->ntrees;
    *writer = (struct writer){.octree = octree, .mesh = mesh};
    writer->refined = calloc(ntrees + 1, sizeof *writer->refined);
    writer->outside = calloc(ntrees + 1, sizeof *writer->outside);
    writer->parts = calloc(ntrees * (size_t)mesh->nfields + 1, sizeof *writer->parts);
    bool made = writer->refined != NULL && writer->outside != NULL && writer->parts != NULL;
    static const struct pvr_leaf_place as_it_is = {.axis = {0, 1, 2}, .factor = 1};
    const struct pvr_leaf_place *place = mesh->place != NULL ? mesh->place : &as_it_is;
    for (int axis = 0; axis < 3;
         axis++) { /* of the world: a single point where the octree is flat */
        writer->points[axis] = 1;
        writer->coordinates[axis] = NULL;
    }
    for (int axis = 0; axis < octree->ndim; axis++) {
        writer->points[place->axis[axis]] = octree->root_dims[axis] + 1;
    }
    for (int axis = 0; axis < 3 && made; axis++) {
        writer->coordinates[axis] = calloc(writer->points[axis], sizeof(double));
        made = writer->coordinates[axis] != NULL;
        if (made) {
            writer->coordinates[axis][0] = place->plane[axis];
        }
    }
    for (int axis = 0; axis < octree->ndim && made; axis++) {
        const uint32_t dims = octree->root_dims[axis];
        for (uint32_t i = 0; i <= dims; i++) {
            writer->coordinates[place->axis[axis]][i] =
                (octree->origin[axis] + octree->size[axis] * i / dims) * place->factor;
        }
    }
    return made;
}

static void add_grid(struct pvr_vtk_file *file, const struct writer *writer) {
    static const char *const names[3] = {"XCoordinates", "YCoordinates", "ZCoordinates"};
    pvr_vtk_open(file, "Grid");
    for (int axis = 0; axis < 3; axis++) {
        const struct pvr_vtk_array array = {.name = names[axis],
                                            .type = PVR_VTK_FLOAT64,
                                            .ntuples = writer->points[axis],
                                            .data = writer->coordinates[axis]};
        pvr_vtk_add_array(file, &array);
    }
    pvr_vtk_close(file);
}

static void add_tree(struct pvr_vtk_file *file, struct writer *writer, uint64_t tree) {
    const struct pvr_octree *octree = writer->octree;
    const struct pvr_vtk_mesh *mesh = writer->mesh;
    const int last = deepest_level(octree, tree);
    const uint64_t cells = (uint64_t)octree->cells_per_oct;
    int64_t by_level[PVR_MAX_LEVELS + 1] = {1};
    uint64_t all = 1;
    for (int l = octree->root_level + 1; l <= last; l++) {
        by_level[l - octree->root_level] = (int64_t)(octs_of(octree, l, tree) * cells);
        all += octs_of(octree, l, tree) * cells;
    }
    const int nlevels = last - octree->root_level + 1;
    const uint64_t described = all - (uint64_t)by_level[nlevels - 1];
    pvr_vtk_open_with(file, "Tree",
                      "Index=\"%" PRIu64 "\" NumberOfLevels=\"%d\" NumberOfVertices=\"%" PRIu64
                      "\"",
                      tree, nlevels, all);
    writer->refined[tree] = (struct tree_bits){octree, tree, false};
    const struct pvr_vtk_array refined = {.name = "Descriptor",
                                          .type = PVR_VTK_BIT,
                                          .ntuples = described,
                                          .fill = fill_bits,
                                          .context = &writer->refined[tree]};
    pvr_vtk_add_array(file, &refined);
    pvr_vtk_integers(file, "NbVerticesByLevel", by_level, nlevels);
    if (writer->masked) {
        writer->outside[tree] = (struct tree_bits){octree, tree, true};
        const struct pvr_vtk_array outside = {.name = "Mask",
                                              .type = PVR_VTK_BIT,
                                              .ntuples = all,
                                              .fill = fill_bits,
                                              .context = &writer->outside[tree]};
        pvr_vtk_add_array(file, &outside);
    }
    pvr_vtk_open(file, "CellData");
    for (int f = 0; f < mesh->nfields; f++) {
        /* VTK makes its arrays from the first tree's: units stand there alone. */
        pvr_vtk_add_part(file, &mesh->fields[f], octree->level[octree->root_level].tree_cell[tree],
                         all, !writer->started,
                         &writer->parts[tree * (uint64_t)mesh->nfields + (uint64_t)f]);
    }
    writer->started = true;
    pvr_vtk_close(file);
    pvr_vtk_close(file);
}

static void describe(struct pvr_vtk_file *file, struct writer *writer) {
    const struct pvr_octree *octree = writer->octree;
    uint64_t nabsent = 0;
    for (uint64_t tree = 0; tree < octree->ntrees; tree++) {
        nabsent += is_absent(octree, tree);
    }
    writer->masked = octree->noutside > nabsent;
    pvr_vtk_open_with(file, "HyperTreeGrid",
                      "BranchFactor=\"2\" TransposedRootIndexing=\"0\" Dimensions=\"%" PRIu32
                      " %" PRIu32 " %" PRIu32 "\" NumberOfVertices=\"%" PRIu64 "\"",
                      writer->points[0], writer->points[1], writer->points[2],
                      octree->ncells - nabsent);
    pvr_vtk_add_facts(file, writer->mesh->facts);
    add_grid(file, writer);
    pvr_vtk_open(file, "Trees");
    for (uint64_t tree = 0; tree < octree->ntrees; tree++) {
        if (!is_absent(octree, tree)) {
            add_tree(file, writer, tree);
        }
    }
}

enum pvr_status pvr_vtk_htg_write(const char *path, const struct pvr_vtk_mesh *mesh,
                                  const struct pvr_vtk_options *options,
                                  const struct pvr_threads *threads, pvr_progress_fn progress,
                                  void *progress_context, struct pvr_vtk_statistics *statistics,
                                  struct pvr_error *error) {
    const struct pvr_octree *octree = mesh->octree;
    enum pvr_status status =
        pvr_vtk_check_fields(path, mesh->fields, mesh->nfields, octree->ncells, error);
    if (status != PVR_OK) {
        return status;
    }
    struct writer writer;
    struct pvr_vtk_file *file = pvr_vtk_file_new("HyperTreeGrid", "1.0");
    if (!writer_make(&writer, mesh) || file == NULL) {
        status = pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", path);
    } else {
        describe(file, &writer);
        status = pvr_vtk_file_write(file, path, options, threads, progress, progress_context,
                                    statistics, error);
    }
    pvr_vtk_file_free(file);
    writer_free(&writer);
    return status;
}
