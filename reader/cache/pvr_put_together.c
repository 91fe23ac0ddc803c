/* pvr_put_together.c - arrays for one mesh from arrays for a deeper or less deep one.
 *
 * Cells are tree-major and breadth-first, so what two depths have in common is one run per tree.
 */
#include "pvr_put_together.h"

#include <string.h>

enum { CHUNK = 1 << 18 /* cells of a task */ };

struct copying {
    const struct pvr_part *part;
    const struct pvr_octree *to_octree;
};

bool pvr_octrees_begin_alike(const struct pvr_octree *a, const struct pvr_octree *b) {
    bool alike = a->ndim == b->ndim && a->root_level == b->root_level && a->ntrees == b->ntrees;
    for (int axis = 0; axis < 3; axis++) {
        alike = alike && a->root_dims[axis] == b->root_dims[axis] &&
                a->origin[axis] == b->origin[axis] && a->size[axis] == b->size[axis];
    }
    int last = a->max_level < b->max_level ? a->max_level : b->max_level;
    for (int l = a->root_level; alike && l <= last; l++) {
        alike = memcmp(a->level[l].tree_first, b->level[l].tree_first,
                       (size_t)(a->ntrees + 1) * sizeof *a->level[l].tree_first) == 0;
    }
    return alike;
}

static const struct pvr_octree *less_deep(const struct pvr_octree *a, const struct pvr_octree *b) {
    return a->max_level < b->max_level ? a : b;
}

#define DEFINE_CONVERT(NAME, FROM, TO)                                                             \
    static void NAME(TO *restrict to, const FROM *restrict from, uint64_t count, double factor) {  \
        for (uint64_t i = 0; i < count; i++) {                                                     \
            to[i] = (TO)((double)from[i] * factor);                                                \
        }                                                                                          \
    }

DEFINE_CONVERT(double_to_double, double, double)
DEFINE_CONVERT(double_to_float, double, float)
DEFINE_CONVERT(float_to_double, float, double)
DEFINE_CONVERT(float_to_float, float, float)

/* Copies `count` values that begin at value `from` of one array to value `to` of the other. */
static void copy_values(const struct pvr_part *part, uint64_t from, uint64_t to, uint64_t count) {
    const struct pvr_array *source = part->from;
    size_t from_bytes = pvr_type_bytes(source->type), to_bytes = pvr_type_bytes(part->to->type);
    const char *in = (const char *)source->data + from * from_bytes;
    char *out = (char *)part->to->data + to * to_bytes;
    bool real = source->type == PVR_FLOAT32 || source->type == PVR_FLOAT64;
    if (!real || (source->type == part->to->type && part->factor == 1.0)) {
        memcpy(out, in, (size_t)count * from_bytes);
    } else if (source->type == PVR_FLOAT64) {
        if (part->to->type == PVR_FLOAT64) {
            double_to_double((double *)(void *)out, (const double *)(const void *)in, count,
                             part->factor);
        } else {
            double_to_float((float *)(void *)out, (const double *)(const void *)in, count,
                            part->factor);
        }
    } else if (part->to->type == PVR_FLOAT64) {
        float_to_double((double *)(void *)out, (const float *)(const void *)in, count,
                        part->factor);
    } else {
        float_to_float((float *)(void *)out, (const float *)(const void *)in, count, part->factor);
    }
}

/* First cell of tree `tree`, which may be the end. */
static uint64_t tree_begin(const struct pvr_octree *octree, uint64_t tree) {
    return tree < octree->ntrees ? octree->level[octree->root_level].tree_cell[tree]
                                 : octree->ncells;
}

static size_t task_count(const struct pvr_octree *octree) {
    return (size_t)((octree->ncells + CHUNK - 1) / CHUNK);
}

/* Copies a chunk of the cells of the less deep octree, tree by tree. */
static enum pvr_status copy_task(void *context, size_t task, struct pvr_worker *worker,
                                 struct pvr_error *error) {
    (void)worker;
    (void)error;
    const struct copying *copying = context;
    const struct pvr_part *part = copying->part;
    const struct pvr_octree *shallow = less_deep(part->from_octree, copying->to_octree);
    while (task >= task_count(shallow)) {
        task -= task_count(shallow);
        part++;
        shallow = less_deep(part->from_octree, copying->to_octree);
    }
    uint64_t cell = (uint64_t)task * CHUNK;
    uint64_t end = cell + CHUNK < shallow->ncells ? cell + CHUNK : shallow->ncells;
    uint64_t low = 0, high = shallow->ntrees; /* begin of low <= cell < begin of high */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (tree_begin(shallow, middle) <= cell) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint64_t width = (uint64_t)part->to->ncomponents;
    for (uint64_t tree = low; cell < end; tree++) {
        uint64_t begin = tree_begin(shallow, tree), stop = tree_begin(shallow, tree + 1);
        stop = stop < end ? stop : end;
        copy_values(part, (tree_begin(part->from_octree, tree) + cell - begin) * width,
                    (tree_begin(copying->to_octree, tree) + cell - begin) * width,
                    (stop - cell) * width);
        cell = stop;
    }
    return PVR_OK;
}

enum pvr_status pvr_put_together(const struct pvr_part *part, int nparts,
                                 const struct pvr_octree *to_octree, struct pvr_job *job,
                                 struct pvr_error *error) {
    struct copying copying = {.part = part, .to_octree = to_octree};
    size_t ntasks = 0;
    for (int i = 0; i < nparts; i++) {
        ntasks += task_count(less_deep(part[i].from_octree, to_octree));
    }
    return ntasks > 0 ? pvr_job_run(job, ntasks, NULL, copy_task, NULL, &copying, error) : PVR_OK;
}
