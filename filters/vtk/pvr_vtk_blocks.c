/* pvr_vtk_blocks.c - the appended data of a VTK file: what tasks there are, and what one makes. */
#include "pvr_vtk_blocks.h"

#include "pvr_vtk_compress.h"
#include "pvr_vtk_make.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP_ARRAYS = 256 /* most in a task */, SAMPLES = 16 };

static uint64_t tuple_bytes(const struct pvr_vtk_array *array) {
    return pvr_vtk_type_bytes(array->type) * (uint64_t)array->ncomponents;
}

/* Bytes of `count` tuples. */
static uint64_t bytes_of(const struct pvr_vtk_array *array, uint64_t count) {
    return array->type == PVR_VTK_BIT ? (count + 7) / 8 : count * tuple_bytes(array);
}

/* Bytes of the header before an array's blocks. */
static uint64_t header_bytes(const struct pvr_vtk_blocks *blocks,
                             const struct pvr_vtk_stored *stored) {
    return blocks->options.compressor == PVR_VTK_NONE ? 8 : 8 * (3 + stored->nblocks);
}

/* Bytes that an array can take in the file at most. */
static uint64_t most_stored(const struct pvr_vtk_blocks *blocks,
                            const struct pvr_vtk_stored *stored) {
    return header_bytes(blocks, stored) +
           stored->nblocks *
               pvr_vtk_compress_bound(blocks->options.compressor, (size_t)stored->block_bytes);
}

static enum pvr_status plan_array(const struct pvr_vtk_blocks *blocks,
                                  struct pvr_vtk_stored *stored, struct pvr_error *error) {
    const struct pvr_vtk_array *array = &stored->array;
    const uint64_t tuple = tuple_bytes(array);
    if (array->ncomponents < 1 || (array->type == PVR_VTK_BIT && array->ncomponents != 1) ||
        tuple > blocks->options.block_bytes ||
        array->ntuples > (uint64_t)INT64_MAX / (tuple > 0 ? tuple : 1)) {
        return pvr_fail(error, PVR_ERROR_ARGUMENT,
                        "%s: array '%s' has a shape that cannot be written (%d components)",
                        blocks->path, array->name, array->ncomponents);
    }
    const uint64_t per_block = blocks->options.block_bytes / tuple;
    stored->block_tuples = array->type == PVR_VTK_BIT ? 8 * per_block : per_block;
    stored->block_bytes = per_block * tuple;
    stored->bytes = bytes_of(array, array->ntuples);
    stored->nblocks = (stored->bytes + stored->block_bytes - 1) / stored->block_bytes;
    if (stored->nblocks > 1) {
        stored->stored = calloc((size_t)stored->nblocks, sizeof *stored->stored);
        if (stored->stored == NULL) {
            return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path);
        }
    }
    return PVR_OK;
}

/* Goes through the tasks; fills them in if there is room for them. */
static void plan_tasks(struct pvr_vtk_blocks *blocks) {
    const enum pvr_vtk_compressor compressor = blocks->options.compressor;
    size_t ntasks = 0, in_group = 0, made = 0;
    uint64_t raw = 0;
    for (size_t a = 0; a < blocks->narrays; a++) {
        struct pvr_vtk_stored *stored = &blocks->arrays[a];
        const bool grouped = stored->nblocks <= 1;
        const bool joins = grouped && in_group > 0 && in_group < GROUP_ARRAYS &&
                           raw + stored->bytes <= blocks->options.block_bytes;
        const size_t most =
            (size_t)(stored->bytes < stored->block_bytes ? stored->bytes : stored->block_bytes);
        const size_t room = pvr_vtk_compress_bound(compressor, most) +
                            (grouped ? (size_t)header_bytes(blocks, stored) : 0);
        if (!joins) {
            in_group = 0;
            raw = 0;
            made = 0;
        }
        in_group += grouped;
        raw += stored->bytes;
        made += room;
        blocks->raw_bytes = most > blocks->raw_bytes ? most : blocks->raw_bytes;
        blocks->made_bytes = made > blocks->made_bytes ? made : blocks->made_bytes;
        const uint64_t more = joins ? 0 : grouped ? 1 : stored->nblocks;
        for (uint64_t block = 0; blocks->tasks != NULL && block < more; block++) {
            blocks->tasks[ntasks + block] = (struct pvr_vtk_task){.array = a, .block = block};
        }
        stored->task = joins ? ntasks - 1 : ntasks;
        ntasks += (size_t)more;
    }
    blocks->ntasks = ntasks;
}

enum pvr_status pvr_vtk_blocks_plan(struct pvr_vtk_blocks *blocks, struct pvr_error *error) {
    blocks->tasks = NULL;
    blocks->bytes = blocks->most_bytes = blocks->raw_bytes = blocks->made_bytes = 0;
    for (size_t a = 0; a < blocks->narrays; a++) {
        enum pvr_status status = plan_array(blocks, &blocks->arrays[a], error);
        if (status != PVR_OK) {
            return status;
        }
        blocks->bytes += blocks->arrays[a].bytes;
        blocks->most_bytes += most_stored(blocks, &blocks->arrays[a]);
    }
    plan_tasks(blocks); /* counts them */
    blocks->tasks = calloc(blocks->ntasks + 1, sizeof *blocks->tasks);
    if (blocks->tasks == NULL) {
        return pvr_fail(error, PVR_ERROR_MEMORY, "%s: out of memory", blocks->path);
    }
    plan_tasks(blocks);
    return PVR_OK;
}

void pvr_vtk_blocks_free(struct pvr_vtk_blocks *blocks) {
    for (size_t a = 0; a < blocks->narrays; a++) {
        free(blocks->arrays[a].stored);
        blocks->arrays[a].stored = NULL;
    }
    free(blocks->tasks);
    blocks->tasks = NULL;
}

/* The bytes of a block before compression: where they stand, or filled into `raw`. */
static enum pvr_status get_block(const struct pvr_vtk_blocks *blocks,
                                 const struct pvr_vtk_stored *stored, uint64_t block, void *raw,
                                 const void **data, uint64_t *bytes,
                                 struct pvr_vtk_statistics *statistics, struct pvr_error *error) {
    const struct pvr_vtk_array *array = &stored->array;
    const uint64_t first = block * stored->block_tuples;
    const uint64_t left = array->ntuples - first;
    const uint64_t count = left < stored->block_tuples ? left : stored->block_tuples;
    *bytes = bytes_of(array, count);
    if (array->fill == NULL) {
        *data = (const char *)array->data + block * stored->block_bytes;
        return PVR_OK;
    }
    *data = raw;
    struct pvr_error why;
    pvr_error_clear(&why);
    const double begin = pvr_seconds();
    const enum pvr_status status =
        count > 0 ? array->fill(array->context, first, count, raw, &why) : PVR_OK;
    pvr_vtk_count(&statistics->fill_ns, pvr_vtk_nanoseconds(begin));
    if (status != PVR_OK) {
        return pvr_fail(error, status, "%s: block %llu of array '%s': %s", blocks->path,
                        (unsigned long long)block + 1, array->name,
                        why.message[0] != '\0' ? why.message : "failed without saying why");
    }
    return PVR_OK;
}

/* A block as it stands in the file: in `out`, or, where it needs no change, where it is. */
static enum pvr_status make_block(const struct pvr_vtk_blocks *blocks,
                                  const struct pvr_vtk_stored *stored, uint64_t block, void *raw,
                                  void *out, const void **made, size_t *made_bytes,
                                  struct pvr_vtk_statistics *statistics, struct pvr_error *error) {
    const bool compress = blocks->options.compressor != PVR_VTK_NONE;
    const void *data;
    uint64_t bytes;
    enum pvr_status status =
        get_block(blocks, stored, block, compress ? raw : out, &data, &bytes, statistics, error);
    if (status != PVR_OK) {
        return status;
    }
    pvr_vtk_count(&statistics->operations, 1);
    pvr_vtk_count(&statistics->bytes_in, bytes);
    if (!compress) {
        *made = data;
        *made_bytes = (size_t)bytes;
        return PVR_OK;
    }
    const double begin = pvr_seconds();
    *made = out;
    status = pvr_vtk_compress(blocks->options.compressor, blocks->options.level,
                              stored->array.pattern, data, (size_t)bytes, out, made_bytes, error);
    pvr_vtk_count(&statistics->compress_ns, pvr_vtk_nanoseconds(begin));
    return status;
}

size_t pvr_vtk_header(const struct pvr_vtk_blocks *blocks, const struct pvr_vtk_stored *stored,
                      const uint64_t *block_bytes, uint64_t *header) {
    if (blocks->options.compressor == PVR_VTK_NONE) {
        header[0] = stored->bytes;
        return 8;
    }
    header[0] = stored->nblocks;
    header[1] = stored->block_bytes;
    header[2] = stored->bytes % stored->block_bytes; /* of the last block, 0 if it is full */
    for (uint64_t block = 0; block < stored->nblocks; block++) {
        header[3 + block] = block_bytes[block];
    }
    return (size_t)(8 * (3 + stored->nblocks));
}

/* Arrays of one block each, with their headers, one after another. */
static enum pvr_status make_group(const struct pvr_vtk_blocks *blocks, size_t first, size_t end,
                                  void *raw, char *out, struct pvr_vtk_made *made,
                                  struct pvr_vtk_statistics *statistics, struct pvr_error *error) {
    made->data = out;
    for (size_t a = first; a < end; a++) {
        struct pvr_vtk_stored *stored = &blocks->arrays[a];
        const size_t head = (size_t)header_bytes(blocks, stored);
        uint64_t header[4], size = 0;
        if (stored->nblocks > 0) {
            const void *data;
            size_t bytes;
            enum pvr_status status = make_block(blocks, stored, 0, raw, out + made->bytes + head,
                                                &data, &bytes, statistics, error);
            if (status != PVR_OK) {
                return status;
            }
            if (data != out + made->bytes + head) {
                memcpy(out + made->bytes + head, data, bytes);
            }
            size = bytes;
        }
        pvr_vtk_header(blocks, stored, &size, header);
        memcpy(out + made->bytes, header, head);
        stored->offset = made->bytes; /* from the task's; its own is added when that is known */
        made->bytes += head + (size_t)size;
    }
    return PVR_OK;
}

enum pvr_status pvr_vtk_make(const struct pvr_vtk_blocks *blocks, size_t task, void *raw, void *out,
                             struct pvr_vtk_made *made, struct pvr_vtk_statistics *statistics,
                             struct pvr_error *error) {
    const struct pvr_vtk_task *at = &blocks->tasks[task];
    struct pvr_vtk_stored *stored = &blocks->arrays[at->array];
    *made = (struct pvr_vtk_made){.data = out};
    if (stored->nblocks <= 1) {
        const size_t end =
            task + 1 < blocks->ntasks ? blocks->tasks[task + 1].array : blocks->narrays;
        return make_group(blocks, at->array, end, raw, out, made, statistics, error);
    }
    made->gap = at->block == 0 ? header_bytes(blocks, stored) : 0;
    enum pvr_status status = make_block(blocks, stored, at->block, raw, out, &made->data,
                                        &made->bytes, statistics, error);
    stored->stored[at->block] = made->bytes;
    return status;
}

enum pvr_status pvr_vtk_blocks_estimate(const struct pvr_vtk_blocks *blocks, uint64_t *bytes,
                                        struct pvr_error *error) {
    struct pvr_vtk_statistics statistics = {.operations = 0};
    void *raw = malloc(blocks->raw_bytes + 1);
    void *out = malloc(blocks->made_bytes + 1);
    enum pvr_status status =
        raw != NULL && out != NULL ? PVR_OK : pvr_fail(error, PVR_ERROR_MEMORY, "out of memory");
    const size_t samples = blocks->ntasks < SAMPLES ? blocks->ntasks : SAMPLES;
    uint64_t stored = 0;
    for (size_t i = 0; i < samples && status == PVR_OK; i++) {
        struct pvr_vtk_made made;
        status = pvr_vtk_make(blocks, (2 * i + 1) * blocks->ntasks / (2 * samples), raw, out, &made,
                              &statistics, error);
        stored += made.bytes;
    }
    *bytes = statistics.bytes_in > 0
                 ? (uint64_t)((double)blocks->bytes * (double)stored / (double)statistics.bytes_in)
                 : 0;
    free(raw);
    free(out);
    return status;
}
